"""How far two gradients are apart, beside their size.

A difference of 0.001 is much for a gradient of 0.01 and nothing for one of 1000.
"""

import numpy as np

from bpkit.tasks.spec import Mistake, task


def relative_error(dX, dX_numeric):
    """How far a gradient is from the one that was measured, beside the size of both.

    dX, dX_numeric (N, D). Returns a number: 0 where both are all zeros.
    """
    gap = np.max(np.abs(dX - dX_numeric))
    size = max(np.max(np.abs(dX)), np.max(np.abs(dX_numeric)))
    return gap / size if size > 0 else 0.0


def two_gradients(draw):
    """The entry that is farthest off is the largest of all, and negative, in either of the two."""
    N, D = draw.sizes("N D", least=2)
    one = draw.real(N, D, high=1.2)
    other = one + draw.real(N, D, low=0.1, high=0.4)
    at = draw.rng.integers(one.size)
    one.flat[at], other.flat[at] = -draw.positive(low=2.5, high=2.9), -draw.positive(low=1.7)
    pair = [one, other] if draw.rng.random() < 0.5 else [other, one]
    return dict(zip(("dX", "dX_numeric"), pair, strict=True))


def special_gradients(draw):
    zeros, small = np.zeros((2, 3)), draw.real(2, 3, low=0.5)
    large = small.copy()
    small[1, 2], large[1, 2] = 0.4, 3.0
    return {
        "a gradient with an entry that is too large": {"dX": large, "dX_numeric": small},
        "a gradient with an entry that is too small": {"dX": small, "dX_numeric": large},
        "a gradient with the wrong sign": {"dX": -small, "dX_numeric": small.copy()},
        "very small gradients": {"dX": 1e-5 * small, "dX_numeric": 1e-5 * large},
        "two gradients that are all zeros": {"dX": zeros, "dX_numeric": zeros.copy()},
    }


def relative_by_sorting(dX, dX_numeric):
    gaps = sorted(abs(a - b) for a, b in zip(dX.flat, dX_numeric.flat, strict=True))
    sizes = sorted(abs(a) for a in [*dX.flat, *dX_numeric.flat])
    return gaps[-1] / sizes[-1] if gaps[-1] else 0.0


def relative_by_norms(dX, dX_numeric):
    both = np.array([dX, dX_numeric])
    size = np.linalg.norm(both.ravel(), np.inf)
    return np.linalg.norm((dX - dX_numeric).ravel(), np.inf) / (size or 1.0)


task(
    relative_error,
    chapter=5,
    title="How far off is far",
    minutes=8,
    points=2,
    returns="error",
    inputs=two_gradients,
    extremes=special_gradients,
    statement="""
        A gradient is off by 0.001. Is that much? It is if its entries are near 0.002, and nothing
        if they are near 500. So a check divides the error by the size of the gradient: one size
        for the whole array, since an entry that is nearly 0 would blow up any error of its own.

        Write `relative_error(dX, dX_numeric)`. Both are `(N, D)`: the gradient to be checked, and
        the one that was measured. It returns a number: the largest absolute difference between
        two entries in the same place, divided by the largest absolute entry found in either of
        the two. Where both are all zeros, as at a dead unit, it is 0.
        """,
    example="""
        >>> dX, dX_numeric = np.array([[3.0, -0.1]]), np.array([[4.0, -0.3]])
        >>> float(relative_error(dX, dX_numeric))
        0.25
        """,
    variants=[
        {"return gap / size if size > 0 else 0.0": "return gap / np.where(size == 0, 1.0, size)"},
        {"return gap / size if size > 0 else 0.0": "return gap / max(size, 1e-12)"},
        {
            "size = max(np.max(np.abs(dX)), np.max(np.abs(dX_numeric)))": "size = np.max(np.abs("
            "np.stack([dX, dX_numeric])))"
        },
        relative_by_sorting,
        relative_by_norms,
    ],
    oracle=relative_by_sorting,
    mistakes=[
        Mistake(
            "absolute",
            "The error is not divided by the size",
            "This is the largest difference itself; whether it is much depends on how large the "
            "gradient is.",
            {"return gap / size if size > 0 else 0.0": "return gap"},
        ),
        Mistake(
            "zero_over_zero",
            "Where both are all zeros, 0 is divided by 0",
            "At a dead unit both gradients are 0 and agree, so the error is 0; the quotient gives "
            "NaN.",
            {" if size > 0 else 0.0": ""},
        ),
        Mistake(
            "eps_added",
            "A small number is added to the size",
            "It avoids 0/0, but beside a very small gradient it is not small, and hides the error; "
            "ask whether the size is 0 instead.",
            {"gap / size if size > 0 else 0.0": "gap / (size + 1e-8)"},
        ),
        Mistake(
            "one_below",
            "The size is not let below 1",
            "A gradient with entries far below 1 is then held to an absolute error, which hides "
            "what is wrong with it.",
            {"gap / size if size > 0 else 0.0": "gap / max(size, 1.0)"},
        ),
        Mistake(
            "entry_by_entry",
            "Each difference is divided by its own entry's size",
            "An entry near 0 makes any rounding look huge; one size serves the whole array.",
            {
                "gap = np.max(np.abs(dX - dX_numeric))": "gap = np.abs(dX - dX_numeric)",
                "gap / size if size > 0 else 0.0": "np.max(gap / np.maximum(np.abs(dX), "
                "np.abs(dX_numeric)))",
            },
        ),
        Mistake(
            "entry_by_entry_sum",
            "Each difference is divided by the sum of its two entries",
            "An entry near 0 makes any rounding look huge; one size serves the whole array, and it "
            "is the larger of the two, not their sum.",
            {
                "gap = np.max(np.abs(dX - dX_numeric))": "gap = np.abs(dX - dX_numeric)",
                "gap / size if size > 0 else 0.0": "np.max(gap / np.maximum(1e-8, np.abs(dX) + "
                "np.abs(dX_numeric)))",
            },
        ),
        Mistake(
            "sum_of_sizes",
            "The sizes of both are added",
            "Then two gradients of the same size seem to differ by half as much; the larger of the "
            "two sizes is asked for.",
            {"max(np.max(np.abs(dX)), ": "(np.max(np.abs(dX)) + "},
        ),
        Mistake(
            "size_of_numeric",
            "Only the measured gradient's size is used",
            "If the measured gradient is the smaller one, the error is blown up; take the largest "
            "entry of either.",
            {"max(np.max(np.abs(dX)), np.max(np.abs(dX_numeric)))": "np.max(np.abs(dX_numeric))"},
        ),
        Mistake(
            "size_of_claimed",
            "Only the checked gradient's size is used",
            "If the checked gradient is the smaller one, the error is blown up; take the largest "
            "entry of either.",
            {"max(np.max(np.abs(dX)), np.max(np.abs(dX_numeric)))": "np.max(np.abs(dX))"},
        ),
        Mistake(
            "size_of_smaller",
            "The smaller of the two sizes is used",
            "Then a gradient that is far too small makes the error huge; the larger of the two is "
            "asked for.",
            {"max(np.max(np.abs(dX)), ": "min(np.max(np.abs(dX)), "},
        ),
        Mistake(
            "not_reduced",
            "There is an error for every entry",
            "One number is asked for: the largest difference, over the size.",
            {"gap = np.max(np.abs(dX - dX_numeric))": "gap = np.abs(dX - dX_numeric)"},
        ),
        Mistake(
            "size_of_sum",
            "The size is taken after adding the two",
            "Where entries have opposite signs their sum is small; take the sizes of each first.",
            {
                "max(np.max(np.abs(dX)), np.max(np.abs(dX_numeric)))": "np.max(np.abs(dX + "
                "dX_numeric))"
            },
        ),
        Mistake(
            "difference_signed",
            "The difference keeps its sign",
            "The largest signed difference misses entries that are far too small; the absolute "
            "value comes first.",
            {"gap = np.max(np.abs(dX - dX_numeric))": "gap = np.max(dX - dX_numeric)"},
        ),
        Mistake(
            "size_signed",
            "The size ignores negative entries",
            "An entry of -3 is as large as one of 3; the absolute value comes first.",
            {
                "max(np.max(np.abs(dX)), np.max(np.abs(dX_numeric)))": "max(np.max(dX), np.max("
                "dX_numeric))"
            },
        ),
        Mistake(
            "averaged",
            "The differences are averaged",
            "One wrong entry among a thousand right ones hardly moves an average; the largest "
            "difference is asked for.",
            {"gap = np.max(np.abs(dX - dX_numeric))": "gap = np.mean(np.abs(dX - dX_numeric))"},
        ),
        Mistake(
            "euclidean_sum",
            "Euclidean lengths, and the sum of both",
            "That is a good error as well, but another one: asked for are the largest entries, and "
            "the larger of the two sizes.",
            {
                "gap = np.max(np.abs(dX - dX_numeric))": "gap = np.linalg.norm(dX - dX_numeric)",
                "max(np.max(np.abs(dX)), np.max(np.abs(dX_numeric)))": "np.linalg.norm(dX) + "
                "np.linalg.norm(dX_numeric)",
            },
        ),
        Mistake(
            "euclidean",
            "Gap and size are Euclidean lengths",
            "That is a good error as well, but another one: asked for are the largest entries.",
            {
                "gap = np.max(np.abs(dX - dX_numeric))": "gap = np.linalg.norm(dX - dX_numeric)",
                "max(np.max(np.abs(dX)), np.max(np.abs(dX_numeric)))": "max(np.linalg.norm(dX), "
                "np.linalg.norm(dX_numeric))",
            },
        ),
    ],
    nudge="What happens to the error where one entry is nearly 0, and what where both arrays are "
    "all zeros?",
    sketch="""
        Two numbers are needed. The gap: subtract, drop the signs, take the largest. The size:
        drop the signs of both arrays and take the largest entry of all. The answer is the gap in
        units of the size. If the size is 0, both arrays are zeros, and so they agree.
        """,
    skeleton="""
        def relative_error(dX, dX_numeric):
            gap = ...               # one number, not below 0
            size = ...              # one number, from both arrays
            return ... if size > 0 else ...
        """,
    notice="With centered differences in float64 a right gradient is off by 1e-7 or less, a wrong "
    "one by 1e-2 or more. In float32 the differences themselves are off by 1e-2.",
)
