"""The sigmoid for numbers of any size.

Two formulas that agree, each for the side on which it doesn't overflow.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import changed_in_place


def sigmoid(X):
    """Numbers between 0 and 1, one for each entry of X.

    X (N, D). Returns Y (N, D).
    """
    e = np.exp(-np.abs(X))
    return np.where(X >= 0, 1, e) / (1 + e)


def values(draw):
    N, D = draw.sizes("N D")
    return {"X": draw.real(N, D)}


def far_and_zero(draw):
    return {
        "X near 1000": {"X": np.array([[1000.0, -0.3], [1.2, -1000.0]])},
        "an X that is exactly 0": {"X": np.array([[0.0, -0.3], [1.2, 0.0]])},
    }


def with_two_masks(X):
    Y = np.empty_like(X)
    up, down = X >= 0, X < 0
    Y[up] = 1 / (1 + np.exp(-X[up]))
    Y[down] = np.exp(X[down]) / (1 + np.exp(X[down]))
    return Y


task(
    sigmoid,
    chapter=8,
    title="The sigmoid, for inputs of any size",
    minutes=10,
    points=2,
    returns="Y",
    inputs=values,
    extremes=far_and_zero,
    statement=r"""
        The sigmoid turns any number into one between 0 and 1, to be read as a probability:
        $\sigma(x) = e^x / (1 + e^x)$, which is the same as $1 / (1 + e^{-x})$.

        Write `sigmoid(X)`, which returns `Y`, the sigmoid of each entry; both are `(N, D)`. It
        must be right for inputs of any size: an exponential of 1000 is infinity, and infinity
        divided by infinity is NaN.
        """,
    example="""
        >>> sigmoid(np.array([[0.0, 1000.0, -1000.0]])).tolist()
        [[0.5, 1.0, 0.0]]
        """,
    variants=[
        lambda X: 1 / (1 + np.exp(-X)),
        lambda X: 0.5 * (1 + np.tanh(X / 2)),
        lambda X: np.exp(-np.logaddexp(0, -X)),
        with_two_masks,
    ],
    oracle=lambda X: bp.sigmoid(bp.Tensor(X)).data,
    mistakes=[
        Mistake(
            "overflow",
            "A large exponential is divided by itself",
            "For X near 1000, exp(X) is infinity, and infinity over infinity is NaN; an "
            "exponential that stands below the line only does no harm.",
            {"np.where(X >= 0, 1, e) / (1 + e)": "np.exp(X) / (1 + np.exp(X))"},
        ),
        Mistake(
            "mirrored",
            "The curve falls instead of rising",
            "This is the sigmoid of minus X: it should come near 1 for large X, and near 0 for "
            "very negative X.",
            {"np.where(X >= 0, 1, e)": "np.where(X >= 0, e, 1)"},
        ),
        Mistake(
            "brackets",
            "The brackets round the denominator are missing",
            "Division comes before addition, so this is 1/1 plus the exponential; the whole sum "
            "belongs below the line.",
            {"np.where(X >= 0, 1, e) / (1 + e)": "1 / 1 + np.exp(-X)"},
        ),
        Mistake(
            "sign_of_X_lost",
            "A negative X gets the value of a positive one",
            "With the exponential of -|X|, the numerator is 1 for positive X, and the "
            "exponential for negative X.",
            {"np.where(X >= 0, 1, e)": "1"},
        ),
        Mistake(
            "formula_for_positive",
            "Where X is negative, the value is that of minus X",
            "The two forms of the sigmoid have different signs in the exponent; for negative X "
            "the one with exp(X) is safe, not the one with exp(-X).",
            {"-np.abs(X)": "-X"},
        ),
        Mistake(
            "tanh",
            "It is tanh, not the sigmoid",
            "tanh runs from -1 to 1 and is 0 at 0; the sigmoid runs from 0 to 1 and is 1/2 there.",
            {"np.where(X >= 0, 1, e) / (1 + e)": "np.tanh(X)"},
        ),
        Mistake(
            "slope",
            "It is the slope of the sigmoid",
            "Y (1 - Y) is the derivative, which the way back needs; asked for is the value.",
            {"np.where(X >= 0, 1, e) / (1 + e)": "e / (1 + e) ** 2"},
        ),
        Mistake(
            "softmax",
            "Each row is made to sum to 1",
            "That is softmax, where the entries of a row compete; the sigmoid looks at each "
            "entry alone.",
            {
                "e = np.exp(-np.abs(X))": "e = np.exp(X - X.max(axis=1, keepdims=True))",
                "np.where(X >= 0, 1, e) / (1 + e)": "e / e.sum(axis=1, keepdims=True)",
            },
        ),
        changed_in_place(
            {
                "e = np.exp(-np.abs(X))": "X *= -1",
                "np.where(X >= 0, 1, e) / (1 + e)": "1 / (1 + np.exp(X))",
            },
            "X",
        ),
        Mistake(
            "minus_below",
            "Below the line there is a minus",
            "The exponential is added to 1; with a minus the curve has a gap at 0, where it "
            "divides by 0.",
            {"np.where(X >= 0, 1, e) / (1 + e)": "1 / (1 - np.exp(-X))"},
        ),
    ],
    nudge="Which of the two forms of the sigmoid has a large exponential above the line when the "
    "input is large, and what happens to the other form then?",
    sketch="""
        Both forms are the same function, but they meet large numbers differently. Take the
        exponential of minus the absolute value of X: it lies between 0 and 1 and cannot overflow.
        Below the line stands 1 plus it, for every X. Above the line stands 1 where X is positive
        and the exponential where it is negative. The form with the exponential below the line
        only is right as well: 1 over infinity is 0.
        """,
    skeleton="""
        def sigmoid(X):
            e = np.exp(...)         # never more than 1
            return np.where(X >= 0, ..., ...) / (...)
        """,
    notice="1 / (1 + np.exp(-X)) is right everywhere too: for X = -1000 it divides 1 by infinity "
    "and gives 0, with a warning. The form that never overflows gives the same without one.",
)
