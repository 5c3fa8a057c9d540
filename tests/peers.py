"""What the comparisons with other libraries share: one probe, and how near is near.

A function is probed by one number made of its result, u . sin(y), so that its second derivatives
don't vanish even where it is linear. Value, gradients and the gradients of v . gradient follow.
"""

import numpy as np

import bpkit as bp


def probes(*shapes):
    """Fixed numbers of these shapes, to weigh results and gradients with."""
    rng = np.random.default_rng(7)
    return [np.asarray(rng.normal(size=shape)) for shape in shapes]


def ours(f, arrays):
    """Value, gradients, and gradients of the weighed gradients of f at the arrays, by bpkit."""
    y = f(*map(bp.Tensor, arrays))
    up, *vs = probes(y.shape, *(a.shape for a in arrays))

    def number(*xs):
        return (up * bp.sin(f(*xs))).sum()

    def turned(*xs):
        slopes = (bp.grad(number, i)(*xs) for i in range(len(xs)))
        return sum(((v * g).sum() for v, g in zip(vs, slopes, strict=True)), bp.Tensor(0.0))

    places = range(len(arrays))
    first = [bp.grad(number, i)(*arrays).data for i in places]
    second = [bp.grad(turned, i)(*arrays).data for i in places]
    return [y.data, *first, *second]


def near(mine, theirs, tolerance=1e-12):
    """Both of one shape, and nowhere further apart than the tolerance times the largest entry."""
    assert len(mine) == len(theirs)
    for a, b in zip(mine, theirs, strict=True):
        a, b = np.asarray(a), np.asarray(b)
        assert a.shape == b.shape
        size = np.max(np.abs(b), initial=0)
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * size + 1e-300)
