"""What is wrong with the axes of an array: transposed, backward, shifted, summed or not."""

import itertools

import numpy as np

from bpkit.tasks.outcome import close
from bpkit.tasks.views import Clause, every

FEW = 3  # different numbers that may come in another order by chance


def transposed(views):
    n = views[0].got.ndim
    for a, b in itertools.combinations(range(n), 2):
        if every(
            views, lambda v, a=a, b=b: v.got.ndim == n and close(v.got.swapaxes(a, b), v.want)
        ):
            text = "it is transposed" if n == 2 else f"its axes {a} and {b} are exchanged"
            return Clause("transpose", text)
    return None


def laid_out(views):
    """The right numbers, in an order that a reshape makes where a transpose belongs."""
    n = views[0].want.ndim
    for order in itertools.permutations(range(n)):
        if list(order) != sorted(order) and every(
            views,
            lambda v, order=order: (
                v.got.shape == v.want.shape
                and v.want.ndim == n
                and close(v.got.ravel(), v.want.transpose(order).ravel())
            ),
        ):
            text = "the numbers are right, but they stand in the order of a transposed array"
            return Clause("layout", f"{text}: does a `reshape` stand where a transpose belongs?")
    return None


def backward(views):
    for axis in range(views[0].want.ndim):
        if every(
            views,
            lambda v, axis=axis: (
                v.got.shape == v.want.shape and close(np.flip(v.got, axis), v.want)
            ),
        ):
            return Clause("order", f"it runs backward along axis {axis}")
    return None


def in_order(views):
    """The right numbers along an axis, from the smallest to the largest or the other way."""
    for axis in range(views[0].want.ndim):
        if any(v.got.shape != v.want.shape or v.want.ndim <= axis for v in views):
            continue
        for step, word in ((1, "smallest to largest"), (-1, "largest to smallest")):

            def agrees(v, axis=axis, step=step):
                lined = np.sort(v.want, axis)
                return close(v.got, lined if step > 0 else np.flip(lined, axis))

            if every(views, agrees):
                text = f"the numbers are right, but sorted along axis {axis}, from {word}"
                return Clause("order", text)
    return None


def shifted(views):
    for axis in range(views[0].want.ndim):
        if min(v.want.shape[axis] for v in views if v.want.ndim > axis) < 2:
            continue
        if max(v.want.shape[axis] for v in views) < 3:
            continue
        for by, word in ((1, "later"), (-1, "earlier")):

            def agrees(v, axis=axis, by=by):
                if v.got.shape != v.want.shape:
                    return False
                keep = v.want.shape[axis] - 1
                got = np.take(v.got, range(keep) if by < 0 else range(1, keep + 1), axis)
                want = np.take(v.want, range(keep) if by > 0 else range(1, keep + 1), axis)
                return close(got, want)

            if every(views, agrees):
                return Clause("shift", f"along axis {axis} every entry stands one place {word}")
    return None


def scattered(views):
    """The right numbers, in other places."""
    many = all(v.got.shape == v.want.shape and np.unique(v.want).size > FEW for v in views)
    if many and every(
        views,
        lambda v: (
            close(np.sort(v.got, axis=None), np.sort(v.want, axis=None))
            and not close(v.got, v.want)
        ),
    ):
        return Clause("layout", "the numbers are right, but they stand in other places")
    return None


def left_axis(views):
    if all(
        v.got.shape != v.want.shape and v.got.size == v.want.size and v.want.size for v in views
    ) and every(views, lambda v: close(v.got.reshape(v.want.shape), v.want)):
        if all(
            tuple(n for n in v.got.shape if n != 1) == tuple(n for n in v.want.shape if n != 1)
            for v in views
        ):
            got, want = views[0].got.shape, views[0].want.shape
            return Clause(
                "shape", f"the numbers are right, but its shape is {got} and should be {want}"
            )
        return Clause("shape", f"the numbers are right, but laid out as {views[0].got.shape}")
    return None


def _axes(n, least=1):
    return itertools.chain.from_iterable(
        itertools.combinations(range(n), k) for k in range(least, n + 1)
    )


def not_reduced(views):
    """Want is a sum or mean of got over some axes."""
    n = views[0].got.ndim
    if not all(v.got.ndim == n and v.got.size > v.want.size for v in views):
        return None
    for axes in _axes(n):
        for word, reduce in (("summed", np.sum), ("averaged", np.mean)):

            def agrees(v, axes=axes, reduce=reduce):
                out = reduce(v.got, axis=axes, keepdims=True)
                kept = np.squeeze(out, axes)
                return close(kept, v.want) or close(out, v.want)

            if every(views, agrees):
                repeated = all(_constant_along(v.got, axes) for v in views)
                if repeated and word == "averaged":
                    return Clause("broadcast", f"it is right, but repeated along {_along(axes)}")
                return Clause("axis", f"it is not yet {word} over {_along(axes)}")
    return None


def _constant_along(array, axes):
    return close(array, np.broadcast_to(array.mean(axis=axes, keepdims=True), array.shape))


def _along(axes):
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"


def reduced(views):
    """Got is a sum or mean of want over some axes."""
    n = views[0].want.ndim
    if not all(v.want.ndim == n and v.got.size < v.want.size for v in views):
        return None
    for axes in _axes(n):
        for word, reduce in (("summed", np.sum), ("averaged", np.mean)):

            def agrees(v, axes=axes, reduce=reduce):
                out = reduce(v.want, axis=axes, keepdims=True)
                return close(v.got, out) or close(v.got, np.squeeze(out, axes))

            if every(views, agrees):
                return Clause("axis", f"it is {word} over {_along(axes)}, and should not be")
    return None


def reduced_and_repeated(views):
    """Got is a sum or mean of want over some axes, repeated along them."""
    for axes in _axes(views[0].want.ndim):
        for word, reduce in (("summed", np.sum), ("averaged", np.mean)):

            def agrees(v, axes=axes, reduce=reduce):
                out = reduce(v.want, axis=axes, keepdims=True)
                return v.got.shape == v.want.shape and close(
                    v.got, np.broadcast_to(out, v.want.shape)
                )

            if every(views, agrees):
                text = f"it is {word} over {_along(axes)} and repeated, and should not be"
                return Clause("axis", text)
    return None


def wrong_axis(views):
    """Both are sums or means of one input, over different axes."""
    for name, right, word in reductions(views, "want"):
        for other, wrong, way in reductions(views, "got"):
            if other == name:
                text = f"it is `{name}` {way} over {_along(wrong)}, not {word} over {_along(right)}"
                return Clause("axis", text)
    return None


def reductions(views, side):
    """Yield (name, axes, word) for each input of which one side is a sum or a mean."""
    for name, array in views[0].arrays():
        for axes in _axes(array.ndim):
            for word, reduce in (("summed", np.sum), ("averaged", np.mean)):

                def agrees(v, name=name, axes=axes, reduce=reduce):
                    out, seen = reduce(v.array(name), axis=axes), getattr(v, side)
                    return close(seen, out) or close(seen.squeeze(), out)

                if every(views, agrees):
                    yield name, axes, word
