"""What authors of tasks use beside `task` and `Mistake`: other right answers, and shared mistakes.

`pullback` asks bpkit's engine for gradients and `slopes` asks centered differences; each gives one
gradient, or a tuple with one for each array. The shared mistakes carry name and reason; the
code is the task's own, {old: new}.
"""

import bpkit as bp
from bpkit.tasks.spec import Mistake


def pullback(f, up, *arrays):
    """The gradients of sum(up * f(*arrays)) from bpkit's engine; f takes tensors.

    >>> pullback(lambda x: x * x, np.array([1.0, 10.0]), np.array([3.0, 4.0])).tolist()
    [6.0, 80.0]
    """
    tensors = [bp.Tensor(a) for a in arrays]
    f(*tensors).backward(up)
    return _unwrapped([t.grad for t in tensors])


def slopes(f, *arrays):
    """The gradients of f, which takes arrays and gives one number, by centered differences.

    >>> slopes(lambda x: float((x * x).sum()), np.array([3.0, 4.0])).round(6).tolist()
    [6.0, 8.0]
    """

    def alone(place):
        return lambda x: f(*arrays[:place], x, *arrays[place + 1 :])

    return _unwrapped([bp.numeric_gradient(alone(i), a) for i, a in enumerate(arrays)])


def _unwrapped(gradients):
    return gradients[0] if len(gradients) == 1 else tuple(gradients)


def not_averaged(how, key="not_averaged", over="N"):
    """The mean's division is left out."""
    return Mistake(
        key,
        f"The division by {over} is missing",
        f"The loss is a mean, so each gradient carries a factor 1/{over}; yours is that of a sum.",
        how,
    )


def averaged_twice(how, key="averaged_twice", over="N"):
    """The mean's division is made twice."""
    return Mistake(
        key,
        f"Divided by {over} twice",
        f"The mean enters once; a second division by {over} makes every gradient {over} times "
        f"too small.",
        how,
    )


def upstream_ignored(how, key="upstream_ignored", up="dY"):
    """The local derivative alone is returned."""
    return Mistake(
        key,
        f"The upstream gradient {up} is left out",
        f"This is the local derivative; the chain rule multiplies it by what arrives from above, "
        f"{up}.",
        how,
    )


def changed_in_place(how, name, key="changed_in_place"):
    """An input array is written to."""
    return Mistake(
        key,
        f"The input {name} is changed in place",
        f"The numbers are right, but {name} is overwritten, so whoever called the function has "
        f"lost it.",
        how,
    )
