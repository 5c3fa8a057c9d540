"""The gradient of a number that is used twice.

Both uses send something back, and the two add up.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import slopes


def fork_gradient(a, b):
    """The gradients of y = (a + b) * sin(a).

    a, b numbers. Returns da, db: the derivatives of y with respect to each, two numbers.
    """
    left, right = a + b, np.sin(a)
    dleft, dright = right, left
    da = dleft + dright * np.cos(a)
    db = dleft
    return da, db


def from_bpkit(a, b):
    x, y = bp.Tensor(a), bp.Tensor(b)
    ((x + y) * bp.sin(x)).backward()
    return x.grad, y.grad


def accumulated(a, b):
    grads = {"a": 0.0, "b": 0.0}
    up = {"left": np.sin(a), "right": a + b}
    for name, amount in [("a", up["left"]), ("b", up["left"]), ("a", up["right"] * np.cos(a))]:
        grads[name] += amount
    return grads["a"], grads["b"]


def complex_step(a, b):
    tiny = 1e-30
    f = lambda a, b: (a + b) * np.sin(a)  # noqa: E731 - a learner would write it so
    return f(a + 1j * tiny, b).imag / tiny, f(a, b + 1j * tiny).imag / tiny


task(
    fork_gradient,
    chapter=3,
    title="The gradient at a fork",
    minutes=8,
    points=2,
    returns="da db",
    inputs=lambda draw: {"a": draw.real(low=0.3, high=1.4), "b": draw.real()},
    statement="""
        `y = (a + b) * sin(a)`. The number `a` is used twice: once in the sum, once in the sine.

        Write `fork_gradient(a, b)`, which returns `da` and `db`, the derivatives of `y` with
        respect to `a` and to `b`. All are numbers of shape `()`. At `a = 0`, `b = 3` they are 3
        and 0.
        """,
    example="""
        >>> da, db = fork_gradient(0.0, 3.0)
        >>> float(da), float(db)
        (3.0, 0.0)
        """,
    variants=[
        {"da = dleft + dright * np.cos(a)": "da = np.cos(a) * a + np.cos(a) * b + np.sin(a)"},
        accumulated,
        complex_step,
    ],
    oracle=from_bpkit,
    differences=lambda a, b: slopes(lambda a, b: (a + b) * np.sin(a), np.array(a), np.array(b)),
    mistakes=[
        Mistake(
            "assigned",
            "The second path replaces the first",
            "a reaches y by two paths, and the two contributions add up; here only the one "
            "through the "
            "sine is left.",
            {"da = dleft + dright": "da = dright"},
        ),
        Mistake(
            "first_path_only",
            "The path through the sine is missing",
            "a is used twice, and only the use in the sum has reported.",
            {"dleft + dright * np.cos(a)": "dleft"},
        ),
        Mistake(
            "multiplied",
            "The two paths are multiplied",
            "Along a path local slopes multiply; where paths meet, their contributions add.",
            {"dleft + dright": "dleft * dright"},
        ),
        Mistake(
            "sine_not_differentiated",
            "The derivative of the sine is missing",
            "The path through sin(a) passes the local slope cos(a).",
            {"dright * np.cos(a)": "dright"},
        ),
        Mistake(
            "factors_exchanged",
            "Each factor receives itself",
            "In a product each factor's slope is the other factor.",
            {"dleft, dright = right, left": "dleft, dright = left, right"},
        ),
        Mistake(
            "slopes_multiplied",
            "The slopes of the two factors are multiplied",
            "A product's slope is not the product of the slopes: each factor's slope is multiplied "
            "by the other factor, and the two are added.",
            {"da = dleft + dright * np.cos(a)": "da = 1.0 * np.cos(a)"},
        ),
        Mistake(
            "cosine_sign",
            "The derivative of the sine has the wrong sign",
            "The derivative of sin is cos; the minus belongs to the derivative of cos.",
            {"+ dright": "- dright"},
        ),
        Mistake(
            "db_both_paths",
            "db is given a's second path too",
            "b is used once, in the sum; only that path leads to it.",
            {"db = dleft": "db = da"},
        ),
    ],
    nudge="Along how many paths does a change of a reach y, and what happens to their "
    "contributions where they meet?",
    sketch="""
        Name the two factors: left is the sum of a and b, right is the sine of a. In a product,
        each factor's slope is the other factor. Then walk on: left passes its slope to a and to b
        as it is; right passes its slope to a, times the slope of the sine. What arrives at a from
        two sides is added.
        """,
    skeleton="""
        def fork_gradient(a, b):
            left, right = a + b, np.sin(a)
            dleft, dright = ..., ...
            da = ... + ...          # two paths
            db = ...                # one path
            return da, db
        """,
    notice="At a fork gradients add. This one plus is the whole reason for += in every engine.",
)
