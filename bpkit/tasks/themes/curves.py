"""Tasks on the smooth activations, their slopes, softmax's backward step, and dead units.

ReLU, the first of them, stands in activations.py.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import changed_in_place, pullback, slopes, upstream_ignored


def upstream_and_x(draw):
    N, D = draw.sizes("N D")
    return {"dY": draw.real(N, D), "X": draw.real(N, D)}


def large_x(draw):
    dY = np.array([[0.7, -1.3], [0.4, 1.6]])
    return {"X near 1000": {"dY": dY, "X": np.array([[1000.0, -0.3], [1.2, -1000.0]])}}


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


def sigmoid_backward(dY, Y):
    """The gradient of the sigmoid, from its output.

    dY (N, D). Y (N, D): what the sigmoid gave going forward. Returns dX (N, D).
    """
    return dY * Y * (1 - Y)


def upstream_and_y(draw):
    N, D = draw.sizes("N D")
    return {"dY": draw.real(N, D), "Y": draw.positive(N, D, low=0.1, high=0.9)}


def sigmoid_loops(dY, Y):
    dX = np.zeros_like(Y)
    for place in np.ndindex(Y.shape):
        dX[place] = dY[place] * (Y[place] - Y[place] ** 2)
    return dX


def back_to_x(dY, Y):
    e = (1 - Y) / Y  # exp(-X)
    return dY * e / (1 + e) ** 2


def logit(Y):
    return np.log(Y) - np.log(1 - Y)


task(
    sigmoid_backward,
    chapter=8,
    title="The sigmoid, backward",
    minutes=6,
    points=1,
    returns="dX",
    inputs=upstream_and_y,
    statement="""
        Going forward, a layer computed `Y`, the sigmoid of each entry of `X`, and kept `Y` alone:
        its slope can be told from the output. `Y` is `(N, D)`, and so is the upstream gradient
        `dY`.

        Write `sigmoid_backward(dY, Y)`, which returns the gradient with respect to `X`, `dX` `(N,
        D)`. `Y` is the output, between 0 and 1: the sigmoid has been applied already.
        """,
    example="""
        >>> sigmoid_backward(np.array([[100.0, 100.0]]), np.array([[0.5, 0.9]])).round(6).tolist()
        [[25.0, 9.0]]
        """,
    variants=[
        {"Y * (1 - Y)": "(Y - Y**2)"},
        {"Y * (1 - Y)": "(0.25 - (Y - 0.5) ** 2)"},
        sigmoid_loops,
        back_to_x,
    ],
    oracle=lambda dY, Y: pullback(bp.sigmoid, dY, logit(Y)),
    differences=lambda dY, Y: slopes(lambda X: np.sum(dY / (1 + np.exp(-X))), logit(Y)),
    mistakes=[
        upstream_ignored({"dY * ": ""}),
        Mistake(
            "sigmoid_again",
            "The sigmoid is applied a second time",
            "Y is the sigmoid's output already; the slope is made of Y as it is.",
            {"return dY": "Y = 1 / (1 + np.exp(-Y))\n    return dY"},
        ),
        Mistake(
            "Y_alone",
            "The factor 1 - Y is missing",
            "The slope is Y times 1 - Y, and so goes to 0 at both ends; Y alone is largest where "
            "the curve is flat.",
            {" * (1 - Y)": ""},
        ),
        Mistake(
            "one_minus_alone",
            "The factor Y is missing",
            "The slope is Y times 1 - Y, and so goes to 0 at both ends; 1 - Y alone stays near 1 "
            "for very negative X.",
            {"Y * (1 - Y)": "(1 - Y)"},
        ),
        Mistake(
            "brackets",
            "The brackets round 1 - Y are missing",
            "A product comes before a difference: without brackets, Y is subtracted from the "
            "whole.",
            {"(1 - Y)": "1 - Y"},
        ),
        Mistake(
            "slope_of_tanh",
            "It is the slope of tanh",
            "1 minus the square belongs to tanh; the sigmoid's slope is Y times 1 - Y.",
            {"Y * (1 - Y)": "(1 - Y**2)"},
        ),
        Mistake(
            "slope_at_dY",
            "The slope is taken at dY",
            "Where on its curve the sigmoid stands is told by Y, not by the gradient that arrives.",
            {"dY * Y * (1 - Y)": "dY * dY * (1 - dY)"},
        ),
        Mistake(
            "divided",
            "Divided by the slope",
            "Going back, the upstream gradient is multiplied by the local slope; division would "
            "make it explode where the curve is flat.",
            {"dY * Y * (1 - Y)": "dY / (Y * (1 - Y))"},
        ),
        Mistake(
            "sign",
            "The sign is flipped",
            "The sigmoid rises everywhere, so its slope is positive: Y times 1 - Y, not Y - 1.",
            {"1 - Y": "Y - 1"},
        ),
        Mistake(
            "forward_of_dY",
            "The sigmoid is applied to dY",
            "Going back there is a multiplication by the slope; the curve itself is not used "
            "again.",
            {"dY * Y * (1 - Y)": "1 / (1 + np.exp(-dY))"},
        ),
        changed_in_place({"return dY * Y * (1 - Y)": "dY *= Y * (1 - Y)\n    return dY"}, "dY"),
        Mistake(
            "added",
            "The slope is added to the gradient",
            "Going back multiplies by the local slope; it is not added.",
            {"dY * Y * (1 - Y)": "dY + Y * (1 - Y)"},
        ),
    ],
    nudge="Where on its curve is the sigmoid steepest, where is it flat, and what is its output "
    "in these places?",
    sketch="""
        The derivative of the sigmoid can be written with its own value: the value times one minus
        the value. It is largest in the middle, where the output is one half, and goes to 0 at
        both ends. Multiply it, entry by entry, by what arrives from above.
        """,
    skeleton="""
        def sigmoid_backward(dY, Y):
            slope = ...             # (N, D): from the output alone
            return ...
        """,
    notice="The slope is never more than 1/4. A gradient that passes ten sigmoids is made at "
    "least a million times smaller by them: that is one way to vanish.",
)


def tanh_backward(dY, X):
    """The gradient of Y = tanh(X).

    dY, X (N, D). Returns dX (N, D).
    """
    return dY * (1 - np.tanh(X) ** 2)


def tanh_by_cosh(dY, X):
    small = np.exp(-2 * np.abs(X))
    return 4 * dY * small / (1 + small) ** 2


def tanh_loops(dY, X):
    rows = []
    for up, x in zip(dY, X, strict=True):
        rows.append([u * (1 - np.tanh(v)) * (1 + np.tanh(v)) for u, v in zip(up, x, strict=True)])
    return np.array(rows)


task(
    tanh_backward,
    chapter=8,
    title="Tanh, backward",
    minutes=6,
    points=1,
    returns="dX",
    inputs=upstream_and_x,
    extremes=large_x,
    statement="""
        Going forward, `Y = tanh(X)`, entry by entry. `X` is `(N, D)`, and so are `Y` and the
        upstream gradient `dY`. This time the input was kept: `X` is what went into tanh.

        Write `tanh_backward(dY, X)`, which returns `dX` `(N, D)`. It must be right for inputs of
        any size; `np.tanh` is.
        """,
    example="""
        >>> tanh_backward(np.array([[10.0, 10.0]]), np.array([[0.0, np.log(2)]])).round(6).tolist()
        [[10.0, 6.4]]
        """,
    variants=[
        {"(1 - np.tanh(X) ** 2)": "(1 - np.tanh(X)) * (1 + np.tanh(X))"},
        {"dY * (1 - np.tanh(X) ** 2)": "dY / np.cosh(X) ** 2"},
        tanh_by_cosh,
        tanh_loops,
    ],
    oracle=lambda dY, X: pullback(bp.tanh, dY, X),
    differences=lambda dY, X: slopes(lambda X: np.sum(dY * np.tanh(X)), X),
    mistakes=[
        upstream_ignored({"dY * (1 - np.tanh(X) ** 2)": "1 - np.tanh(X) ** 2"}),
        Mistake(
            "X_as_output",
            "X is taken for the output of tanh",
            "The slope is 1 minus the square of the output; here X went in, so its tanh must be "
            "taken first.",
            {"np.tanh(X)": "X"},
        ),
        Mistake(
            "tanh_twice",
            "Tanh is applied twice",
            "The slope uses the output of one tanh of X; a tanh of the output is one too many.",
            {"np.tanh(X)": "np.tanh(np.tanh(X))"},
        ),
        Mistake(
            "not_squared",
            "The square is missing",
            "The slope is 1 minus the square of the output: it is the same at X and at -X.",
            {" ** 2": ""},
        ),
        Mistake(
            "whole_squared",
            "The square stands on the whole bracket",
            "Only the output is squared, and then taken from 1; here the difference is squared.",
            {"(1 - np.tanh(X) ** 2)": "(1 - np.tanh(X)) ** 2"},
        ),
        Mistake(
            "plus",
            "The square is added",
            "The square of the output is taken from 1, so that the slope goes to 0 where tanh is "
            "flat.",
            {"1 - np.tanh": "1 + np.tanh"},
        ),
        Mistake(
            "slope_of_sigmoid",
            "It is the slope of the sigmoid",
            "The output times 1 minus the output belongs to the sigmoid; at X = 0, where tanh is "
            "steepest, it would be 0.",
            {"(1 - np.tanh(X) ** 2)": "np.tanh(X) * (1 - np.tanh(X))"},
        ),
        Mistake(
            "value_for_slope",
            "Multiplied by the value instead of the slope",
            "tanh(X) is the value; what multiplies the upstream gradient is the slope of the "
            "curve.",
            {"(1 - np.tanh(X) ** 2)": "np.tanh(X)"},
        ),
        Mistake(
            "cosh_not_squared",
            "cosh is not squared",
            "The slope of tanh is 1 over the square of cosh, or 1 minus the square of tanh.",
            {"dY * (1 - np.tanh(X) ** 2)": "dY / np.cosh(X)"},
        ),
        Mistake(
            "overflow",
            "Exponentials of X are divided by each other",
            "For X near 1000, exp(X) is infinity, and infinity over infinity is NaN; np.tanh "
            "takes care of that.",
            {"np.tanh(X)": "((np.exp(X) - np.exp(-X)) / (np.exp(X) + np.exp(-X)))"},
        ),
        changed_in_place(
            {"return dY * (1 - np.tanh(X) ** 2)": "dY *= 1 - np.tanh(X) ** 2\n    return dY"}, "dY"
        ),
    ],
    nudge="The slope of tanh is written with its output; is that what you were given?",
    sketch="""
        First compute the output again, the tanh of X. Its square, taken from 1, is the slope: 1
        in the middle and 0 at both ends. Each entry of the upstream gradient is multiplied by the
        slope in its place.
        """,
    skeleton="""
        def tanh_backward(dY, X):
            Y = ...                 # (N, D): the output
            slope = ...
            return ...
        """,
    notice="Most code keeps the output going forward, so that the way back costs one "
    "multiplication and no tanh.",
)


def leaky_relu_backward(dY, X, slope):
    """The gradient of leaky ReLU.

    dY, X (N, D). slope: a number, for negative X. Returns dX (N, D).
    """
    return dY * np.where(X > 0, 1.0, slope)


def leaky_inputs(draw):
    """One entry of X lies between 0 and the slope, which is no place to compare it with."""
    inputs, slope = upstream_and_x(draw), draw.positive(low=0.2, high=0.5)
    inputs["X"].flat[-1] = slope / 2
    return {**inputs, "slope": slope}


def leaky_masked(dY, X, slope):
    dX = dY.copy()
    dX[X < 0] *= slope
    return dX


def leaky_loops(dY, X, slope):
    dX = np.zeros_like(X)
    for n, d in np.ndindex(X.shape):
        dX[n, d] = dY[n, d] if X[n, d] > 0 else slope * dY[n, d]
    return dX


task(
    leaky_relu_backward,
    chapter=8,
    title="Leaky ReLU, backward",
    minutes=6,
    points=1,
    returns="dX",
    inputs=leaky_inputs,
    statement="""
        Leaky ReLU lets a little of what is negative through, so that no unit is ever dead: an
        entry of `X` stays as it is where it is positive, and is multiplied by the number `slope`
        where it is negative. `X` is `(N, D)`, and so is the upstream gradient `dY`.

        Write `leaky_relu_backward(dY, X, slope)`, which returns `dX` `(N, D)`.
        """,
    example="""
        >>> leaky_relu_backward(np.array([[10.0, 20.0]]), np.array([[-3.0, 0.5]]), 0.1).tolist()
        [[1.0, 20.0]]
        """,
    variants=[
        {"np.where(X > 0, 1.0, slope)": "(slope + (1 - slope) * (X > 0))"},
        {"dY * np.where(X > 0, 1.0, slope)": "np.where(X > 0, dY, slope * dY)"},
        leaky_masked,
        leaky_loops,
    ],
    oracle=lambda dY, X, slope: pullback(lambda x: bp.leaky_relu(x, slope=slope), dY, X),
    differences=lambda dY, X, slope: slopes(
        lambda X: np.sum(dY * np.where(X > 0, X, slope * X)), X
    ),
    mistakes=[
        upstream_ignored({"dY * ": ""}),
        Mistake(
            "as_relu",
            "Nothing passes where X is negative",
            "That is plain ReLU; leaky ReLU has a slope for negative X, and the gradient passes "
            "times that slope.",
            {"1.0, slope": "1.0, 0.0"},
        ),
        Mistake(
            "wrong_side",
            "The slope is used where X is positive",
            "For positive X the slope is 1; `slope` belongs to negative X.",
            {"X > 0": "X < 0"},
        ),
        Mistake(
            "forward_again",
            "The forward pass is applied to dY",
            "Which of the two slopes holds is decided by the sign of X, which went in, not by "
            "the sign of the gradient.",
            {"X > 0": "dY > 0"},
        ),
        Mistake(
            "times_value",
            "Multiplied by the value instead of the slope",
            "The derivative is 1 or `slope`; the value of the function, which holds X itself, "
            "does not come in.",
            {"1.0, slope": "X, slope * X"},
        ),
        Mistake(
            "slope_everywhere",
            "Everything is multiplied by the slope",
            "Where X is positive the function passes it as it is, and so passes the gradient.",
            {"1.0, slope": "slope, slope"},
        ),
        Mistake(
            "slope_not_used",
            "The slope given is not used",
            "The usual 0.01 stands where the argument `slope` belongs.",
            {"1.0, slope": "1.0, 0.01"},
        ),
        Mistake(
            "slope_negated",
            "The slope for negative X has the wrong sign",
            "The function rises for negative X too, so its slope there is positive.",
            {"1.0, slope": "1.0, -slope"},
        ),
        Mistake(
            "slope_added",
            "The slope is added to the gradient",
            "Going back multiplies by the local slope; it is not added.",
            {"dY * np.where(X > 0, 1.0, slope)": "np.where(X > 0, dY, dY + slope)"},
        ),
        Mistake(
            "both_slopes",
            "For positive X, the slope is added to 1",
            "Only one of the two pieces holds at each entry: for positive X the derivative is 1, "
            "not 1 + slope.",
            {"1.0, slope": "1.0 + slope, slope"},
        ),
        changed_in_place(
            {"return dY * np.where(X > 0, 1.0, slope)": "dY[X < 0] *= slope\n    return dY"}, "dY"
        ),
        Mistake(
            "value_for_negative",
            "Where X is negative, the value stands instead of the gradient",
            "There the upstream gradient passes, times the slope; slope times X is what went "
            "forward.",
            {"dY * np.where(X > 0, 1.0, slope)": "np.where(X > 0, dY, slope * X)"},
        ),
    ],
    nudge="If an entry of X is -3 and grows by a little, by how much does the output grow?",
    sketch="""
        The function is made of two straight pieces. Each has one slope: 1 on the right of 0, and
        the number given on its left. The sign of X says on which piece an entry stands; each
        entry of the upstream gradient is multiplied by the slope of its piece.
        """,
    skeleton="""
        def leaky_relu_backward(dY, X, slope):
            local = np.where(..., ..., ...)     # (N, D): the derivative at X
            return ...
        """,
    notice="With a slope of 0 this is ReLU. With any other, a unit that is negative on every "
    "example still receives a gradient, and so can come back to life.",
)


def softplus_backward(dY, X):
    """The gradient of Y = log(1 + exp(X)).

    dY, X (N, D). Returns dX (N, D).
    """
    return dY / (1 + np.exp(-X))


task(
    softplus_backward,
    chapter=8,
    title="Softplus, backward",
    minutes=8,
    points=2,
    returns="dX",
    inputs=upstream_and_x,
    extremes=large_x,
    statement="""
        Softplus is ReLU with its corner rounded off: `Y = log(1 + exp(X))`, entry by entry. `X`
        is `(N, D)`, and so are `Y` and the upstream gradient `dY`.

        Write `softplus_backward(dY, X)`, which returns `dX` `(N, D)`. It must be finite for
        inputs of any size.
        """,
    example="""
        >>> softplus_backward(np.array([[10.0, 10.0]]), np.array([[0.0, 1000.0]])).tolist()
        [[5.0, 10.0]]
        """,
    variants=[
        {"dY / (1 + np.exp(-X))": "dY * 0.5 * (1 + np.tanh(X / 2))"},
        {"dY / (1 + np.exp(-X))": "dY * np.exp(X - np.logaddexp(0, X))"},
        lambda dY, X: np.vectorize(lambda u, x: u / (1 + np.exp(-x)))(dY, X),
    ],
    oracle=lambda dY, X: pullback(bp.softplus, dY, X),
    differences=lambda dY, X: slopes(lambda X: np.sum(dY * np.log(1 + np.exp(X))), X),
    mistakes=[
        upstream_ignored({"dY / ": "1 / "}),
        Mistake(
            "overflow",
            "A large exponential is divided by itself",
            "For X near 1000, exp(X) is infinity, and infinity over infinity is NaN; divide above "
            "and below by exp(X) first.",
            {"dY / (1 + np.exp(-X))": "dY * np.exp(X) / (1 + np.exp(X))"},
        ),
        Mistake(
            "inner_derivative_missing",
            "It is the sigmoid of minus X",
            "The logarithm's slope, 1 over its argument, is multiplied by the slope of what "
            "stands inside, exp(X); the two make the sigmoid of X, which rises.",
            {"-X": "X"},
        ),
        Mistake(
            "logarithm_missing",
            "The logarithm is not differentiated",
            "exp(X) is the inner slope alone; the logarithm's own slope divides it by 1 + exp(X).",
            {"dY / (1 + np.exp(-X))": "dY * np.exp(X)"},
        ),
        Mistake(
            "value_for_slope",
            "Multiplied by the value instead of the slope",
            "This is dY times softplus itself; going back multiplies by its derivative.",
            {"dY / (1 + np.exp(-X))": "dY * np.logaddexp(0, X)"},
        ),
        Mistake(
            "slope_of_relu",
            "It is the slope of ReLU",
            "Softplus has no corner: its slope rises smoothly from 0 to 1, and is 1/2 at 0.",
            {"dY / (1 + np.exp(-X))": "dY * (X > 0)"},
        ),
        Mistake(
            "second_derivative",
            "It is the slope of the sigmoid",
            "The slope of softplus is the sigmoid itself; times one minus the sigmoid, it is the "
            "slope of the slope.",
            {"dY / (1 + np.exp(-X))": "dY / (1 + np.exp(-X)) / (1 + np.exp(X))"},
        ),
        Mistake(
            "brackets",
            "The brackets round the denominator are missing",
            "Division comes before addition: the whole of 1 plus the exponential belongs below "
            "the line.",
            {"(1 + np.exp(-X))": "1 + np.exp(-X)"},
        ),
        Mistake(
            "slope_at_dY",
            "The slope is taken at dY",
            "Where on its curve softplus stands is told by X, not by the gradient that arrives.",
            {"-X": "-dY"},
        ),
        Mistake(
            "passes_all",
            "The upstream gradient passes unchanged",
            "Softplus has slope 1 only far on the right. Without the 1 in it, the logarithm of "
            "exp(X) would be X, with slope 1 everywhere; the 1 bends it.",
            {"dY / (1 + np.exp(-X))": "dY.copy()"},
        ),
        changed_in_place(
            {"return dY / (1 + np.exp(-X))": "dY /= 1 + np.exp(-X)\n    return dY"}, "dY"
        ),
    ],
    nudge="The logarithm's slope is 1 over its argument; by what does the inner function multiply "
    "it, and which well-known curve comes out?",
    sketch="""
        Differentiate from outside in: the logarithm gives 1 over its argument, and its argument
        has the derivative exp of X. Together that is an S-shaped curve from 0 to 1, which you
        have met as an activation of its own. Write it in the form whose exponential stands below
        the line only, so that large inputs do no harm.
        """,
    skeleton="""
        def softplus_backward(dY, X):
            slope = 1 / (...)       # (N, D): between 0 and 1
            return ...
        """,
    notice="The slope of softplus is the sigmoid, as the slope of ReLU is a step: the sigmoid is "
    "a rounded step.",
)


def gelu_backward(dY, X):
    """The gradient of GELU in its tanh form.

    dY, X (N, D). Returns dX (N, D).
    """
    c = np.sqrt(2 / np.pi)
    t = np.tanh(c * (X + 0.044715 * X**3))
    inner = c * (1 + 3 * 0.044715 * X**2)
    return dY * (0.5 * (1 + t) + 0.5 * X * (1 - t**2) * inner)


def gelu_by_gates(dY, X):
    c, k = np.sqrt(2 / np.pi), 0.044715
    u = c * X * (1 + k * X * X)
    gate = 1 / (1 + np.exp(-2 * u))
    return dY * gate + dY * X * gate * (1 - gate) * 2 * c * (1 + 3 * k * X * X)


def gelu_complex_step(dY, X):
    x = X + 1e-30j
    y = 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    return dY * y.imag / 1e-30


def gelu_loops(dY, X):
    c, dX = (2 / np.pi) ** 0.5, np.zeros_like(X)
    for place in np.ndindex(X.shape):
        x = X[place]
        t = np.tanh(c * (x + 0.044715 * x**3))
        dX[place] = dY[place] * ((1 + t) / 2 + x / 2 * (1 - t * t) * c * (1 + 0.134145 * x * x))
    return dX


def exact_gelu_slope(dY, X):
    from math import erf

    normal = 0.5 * (1 + np.vectorize(erf)(X / np.sqrt(2)))
    return dY * (normal + X * np.exp(-(X**2) / 2) / np.sqrt(2 * np.pi))


def gelu_sum(dY, X):
    t = np.tanh(np.sqrt(2 / np.pi) * (X + 0.044715 * X**3))
    return np.sum(dY * 0.5 * X * (1 + t))


task(
    gelu_backward,
    chapter=8,
    title="GELU, backward",
    minutes=15,
    points=3,
    returns="dX",
    inputs=upstream_and_x,
    statement=r"""
        GELU, the activation of many transformers, is x times a rounded step. In its tanh form,
        $y = 0.5\, x\, (1 + \tanh(u))$ with $u = \sqrt{2/\pi}\, (x + 0.044715\, x^3)$, entry by
        entry. `X` is `(N, D)`, and so are `Y` and the upstream gradient `dY`.

        Write `gelu_backward(dY, X)`, which returns `dX` `(N, D)`, for this form exactly.
        """,
    example="""
        >>> gelu_backward(np.array([[10.0, 10.0]]), np.array([[0.0, 1.0]])).round(4).tolist()
        [[5.0, 10.8296]]
        """,
    variants=[gelu_by_gates, gelu_complex_step, gelu_loops],
    oracle=lambda dY, X: pullback(bp.gelu, dY, X),
    differences=lambda dY, X: slopes(lambda X: gelu_sum(dY, X), X),
    mistakes=[
        upstream_ignored({"dY * (0.5 * (1 + t)": "(0.5 * (1 + t)"}),
        Mistake(
            "first_term_only",
            "Only the factor x is differentiated",
            "GELU is a product, x times a gate that depends on x too; the term with the gate's "
            "own slope is missing.",
            {" + 0.5 * X * (1 - t**2) * inner": ""},
        ),
        Mistake(
            "second_term_only",
            "Only the gate is differentiated",
            "GELU is a product, x times a gate; the term in which x is differentiated, and the "
            "gate stays, is missing.",
            {"0.5 * (1 + t) + ": ""},
        ),
        Mistake(
            "inner_missing",
            "The derivative of u is missing",
            "tanh is taken of u, not of x; the chain goes on, and u has a slope of its own.",
            {" * inner": ""},
        ),
        Mistake(
            "cube_not_differentiated",
            "The 3 of the cube is missing",
            "The derivative of the cube of x is 3 times the square of x.",
            {"3 * 0.044715": "0.044715"},
        ),
        Mistake(
            "root_missing",
            "The constant in front is missing from the slope of u",
            "u is the root of 2/pi times a bracket; the factor stays when the bracket is "
            "differentiated.",
            {"inner = c * (": "inner = ("},
        ),
        Mistake(
            "cube_dropped",
            "The cubic term of u is not differentiated",
            "u contains the cube of x too, and so its slope depends on x.",
            {"inner = c * (1 + 3 * 0.044715 * X**2)": "inner = c"},
        ),
        Mistake(
            "tanh_not_squared",
            "The square in the slope of tanh is missing",
            "The slope of tanh is 1 minus the square of its output.",
            {"t**2": "t"},
        ),
        Mistake(
            "half_missing",
            "The factor 0.5 is missing from the second term",
            "The 0.5 stands before the whole product, so it comes in both terms of its derivative.",
            {"0.5 * X * (1 - t**2)": "X * (1 - t**2)"},
        ),
        Mistake(
            "x_missing",
            "The factor x is missing from the second term",
            "In the derivative of a product, the gate's slope is multiplied by the other factor, "
            "which is x.",
            {"0.5 * X * (1 - t**2)": "0.5 * (1 - t**2)"},
        ),
        Mistake(
            "exact_form",
            "It is the slope of the exact GELU",
            "The exact GELU uses the normal distribution; the tanh form differs from it in the "
            "third decimal, and has its own derivative.",
            exact_gelu_slope,
        ),
        Mistake(
            "sigmoid_form",
            "It is the slope of the sigmoid form",
            "x times the sigmoid of 1.702 x is another approximation of GELU; asked for is the "
            "one with tanh.",
            lambda dY, X: (
                dY
                * (1 / (1 + np.exp(-1.702 * X)))
                * (1 + 1.702 * X * (1 - 1 / (1 + np.exp(-1.702 * X))))
            ),
        ),
        changed_in_place(
            {"    return dY * (": "    X *= 0.5\n    return dY * (", "0.5 * X * (1": "X * (1"}, "X"
        ),
        Mistake(
            "value_for_slope",
            "Multiplied by the value instead of the slope",
            "This is dY times GELU itself; going back multiplies by its derivative.",
            {"(0.5 * (1 + t) + 0.5 * X * (1 - t**2) * inner)": "(0.5 * X * (1 + t))"},
        ),
        Mistake(
            "minus",
            "The two terms are subtracted",
            "The derivative of a product is a sum: one term for each factor.",
            {"+ 0.5 * X": "- 0.5 * X"},
        ),
    ],
    nudge="GELU is a product of two things that both depend on x; how many terms has its "
    "derivative, and where does the chain rule come in?",
    sketch="""
        Name the parts: u, its tanh t, and the gate, half of 1 plus t. GELU is x times the gate,
        so its slope has two terms: the gate, and x times the slope of the gate. The gate's slope
        is half the slope of tanh, which you know from the output, times the slope of u, which is
        a polynomial. Compute u and t first, then the slope of u, then put the two terms together.
        """,
    skeleton="""
        def gelu_backward(dY, X):
            c = np.sqrt(2 / np.pi)
            t = np.tanh(...)
            inner = ...             # the derivative of u
            return dY * (... + ...)
        """,
    notice="The slope is a little more than 1 around x = 1 and a little less than 0 around "
    "x = -1: unlike ReLU, GELU falls before it rises.",
)


def softmax_backward(dP, P):
    """The gradient of softmax, row by row, from its output.

    dP (N, K). P (N, K): what softmax gave going forward; each row sums to 1. Returns dlogits
    (N, K).
    """
    pull = (dP * P).sum(axis=1, keepdims=True)
    return P * (dP - pull)


def upstream_and_p(draw):
    N, K = draw.sizes("N K", least=2)
    return {"dP": draw.real(N, K), "P": draw.probabilities(N, K)}


def softmax_jacobian(dP, P):
    rows = [(np.diag(p) - np.outer(p, p)) @ up for up, p in zip(dP, P, strict=True)]
    return np.array(rows)


def softmax_loops(dP, P):
    out = np.zeros_like(P)
    N, K = P.shape
    for n in range(N):
        for k in range(K):
            for j in range(K):
                out[n, k] += dP[n, j] * P[n, j] * ((j == k) - P[n, k])
    return out


def softmax_sum(dP, logits):
    e = np.exp(logits)
    return np.sum(dP * e / e.sum(axis=1, keepdims=True))


task(
    softmax_backward,
    chapter=8,
    title="Softmax, backward, without a Jacobian",
    minutes=15,
    points=3,
    returns="dlogits",
    inputs=upstream_and_p,
    statement="""
        Softmax turns a row of K scores into K probabilities. Each probability depends on every
        score of its row, so the derivative of one row is a K by K matrix. The way back doesn't
        need that matrix, only its product with the upstream row.

        Going forward gave `P` `(N, K)`, whose rows sum to 1; from above arrives `dP` `(N, K)`.

        Write `softmax_backward(dP, P)`, which returns the gradient with respect to the scores,
        `dlogits` `(N, K)`. `P` is the output: softmax has been applied already.
        """,
    example="""
        >>> softmax_backward(np.array([[8.0, 0.0]]), np.array([[0.25, 0.75]])).tolist()
        [[1.5, -1.5]]
        """,
    variants=[
        {"P * (dP - pull)": "P * dP - P * pull"},
        {"(dP * P).sum(axis=1, keepdims=True)": 'np.einsum("nk,nk->n", dP, P)[:, None]'},
        softmax_jacobian,
        softmax_loops,
    ],
    oracle=lambda dP, P: pullback(bp.softmax, dP, np.log(P)),
    differences=lambda dP, P: slopes(lambda z: softmax_sum(dP, z), np.log(P)),
    mistakes=[
        Mistake(
            "diagonal_only",
            "Each probability is taken to depend on its own score alone",
            "P (1 - P) is the diagonal of the derivative. A score also lowers the other "
            "probabilities of its row, and what they send back counts too.",
            {"(dP * P).sum(axis=1, keepdims=True)": "dP * P"},
        ),
        Mistake(
            "wrong_axis",
            "The sum runs over the examples",
            "The K scores of one example compete with each other; examples don't. The sum runs "
            "along each row.",
            {"axis=1": "axis=0"},
        ),
        Mistake(
            "summed_over_all",
            "The sum runs over the whole batch",
            "Each row has a sum of its own; here one number is subtracted from all rows.",
            {"(dP * P).sum(axis=1, keepdims=True)": "(dP * P).sum()"},
        ),
        Mistake(
            "not_weighted",
            "The upstream gradient is summed without its weights",
            "What is subtracted is the mean of dP weighted by P; the plain sum leaves P out.",
            {"(dP * P).sum": "dP.sum"},
        ),
        Mistake(
            "plain_mean",
            "The mean that is subtracted is not weighted by P",
            "What is subtracted is the mean of dP weighted by the probabilities, not the plain "
            "mean of the row.",
            {"(dP * P).sum": "dP.mean"},
        ),
        Mistake(
            "divided_by_K",
            "The weighted sum is divided by K",
            "The weights P sum to 1, so the weighted sum is a mean already.",
            {"(dP * P).sum": "(dP * P).mean"},
        ),
        Mistake(
            "P_missing",
            "The factor P in front is missing",
            "A score moves its probabilities in proportion to P; here the weighted mean is "
            "subtracted, and that is all.",
            {"P * (dP - pull)": "dP - pull"},
        ),
        Mistake(
            "first_term_only",
            "Only the first term is there",
            "The rows of P sum to 1 whatever the scores are: raising one score takes from all "
            "others, and that term is missing.",
            {"P * (dP - pull)": "P * dP"},
        ),
        Mistake(
            "plus",
            "The weighted mean is added",
            "It is subtracted: adding the same number to every upstream entry must change "
            "nothing, since the probabilities always sum to 1.",
            {"dP - pull": "dP + pull"},
        ),
        Mistake(
            "softmax_again",
            "Softmax is applied a second time",
            "P is softmax's output already; taken again, it flattens the probabilities.",
            {"pull =": "P = np.exp(P) / np.exp(P).sum(axis=1, keepdims=True)\n    pull ="},
        ),
        Mistake(
            "keepdims_missing",
            "The sums of the rows are laid along the columns",
            "A sum over a row is one number a row, (N, 1); without its last axis it is broadcast "
            "across the columns.",
            {", keepdims=True": ""},
        ),
        Mistake(
            "cross_entropy",
            "dP is treated as the target of a cross-entropy",
            "P minus the target is the gradient of cross-entropy; here dP is an upstream "
            "gradient and is passed through softmax.",
            {"P * (dP - pull)": "P - dP"},
        ),
        changed_in_place({"return P * (dP - pull)": "dP -= pull\n    return P * dP"}, "dP"),
    ],
    nudge="If every entry of the upstream row were raised by the same amount, would the gradient "
    "of the scores change, given that the probabilities always sum to 1?",
    sketch="""
        Take one row. A small change of score k changes probability j by p at j times (1 if j is
        k, else 0, minus p at k). Multiply by the upstream entry of j and sum over j: the part
        with 1 leaves one term, and the rest is p at k times a sum that is the same for all k.
        That sum is the mean of the upstream row, weighted by the probabilities. It is one number
        a row, so keep its axis.
        """,
    skeleton="""
        def softmax_backward(dP, P):
            pull = ...              # (N, 1): one number a row
            return ... * (dP - ...)
        """,
    notice="Each row of the gradient sums to 0: to raise one probability is to lower the others. "
    "And a matrix of K times K was never built.",
)


def dead_units(Z):
    """How many units are active on no example of the batch.

    Z (N, M): what goes into the ReLU. Returns an integer.
    """
    active = Z > 0
    return int((~active.any(axis=0)).sum())


def some_dead(draw):
    N, M = draw.sizes("N M", least=2, most=13)
    Z = draw.real(N, M)
    dead = draw.rng.permutation(M)[: draw.whole(1, max(1, M // 2))]
    Z[0] = np.abs(Z[0])
    Z[1, 0] = np.abs(Z[1, 0])
    Z[:, dead] = -np.abs(Z[:, dead])
    return {"Z": Z}


def at_zero(draw):
    Z = np.array([[0.0, 0.6, -1.4, -0.7], [-0.5, 0.0, 0.0, -0.9], [-1.1, -0.2, 0.3, -1.2]])
    return {
        "a unit whose largest input is exactly 0": {"Z": Z},
        "a batch without dead units": {"Z": Z[:, 1:3]},
    }


def dead_by_loops(Z):
    count = 0
    for unit in Z.T:
        for z in unit:
            if z > 0:
                break
        else:
            count += 1
    return count


task(
    dead_units,
    chapter=8,
    title="Counting dead units",
    minutes=8,
    points=2,
    returns="count",
    inputs=some_dead,
    extremes=at_zero,
    statement="""
        A unit with ReLU is active on an example if what goes into the ReLU is positive. A unit
        that is active on no example of a batch is dead there: it gives 0 every time, and receives
        no gradient. `Z` is `(N, M)`: what goes into the ReLU, for N examples (rows) and M units
        (columns). An input of exactly 0 is not active.

        Write `dead_units(Z)`, which returns how many of the M units are dead, a whole number.
        """,
    example="""
        >>> dead_units(np.array([[-3.0, 0.5, -0.1], [-2.0, -4.0, 7.0]]))
        1
        """,
    variants=[
        lambda Z: np.sum(Z.max(axis=0) <= 0),
        lambda Z: Z.shape[1] - len(np.unique(np.nonzero(Z > 0)[1])),
        lambda Z: np.count_nonzero(np.maximum(Z, 0).sum(axis=0) == 0),
        dead_by_loops,
    ],
    oracle=lambda Z: np.count_nonzero(~pullback(bp.relu, np.ones(Z.shape), Z).any(axis=0)),
    mistakes=[
        Mistake(
            "examples_counted",
            "Examples are counted, not units",
            "This counts the rows in which no unit is active; a unit is a column, and is looked "
            "at along the batch.",
            {"axis=0": "axis=1"},
        ),
        Mistake(
            "inactive_once",
            "A unit counts as soon as it is inactive once",
            "A unit is dead when it is inactive on every example; most units are inactive on some.",
            {"active.any": "active.all"},
        ),
        Mistake(
            "alive_counted",
            "The living units are counted",
            "This counts the units that are active on some example; asked for are the others.",
            {"(~active.any(axis=0))": "active.any(axis=0)"},
        ),
        Mistake(
            "entries_counted",
            "All inactive entries are counted",
            "A unit counts once, and only if all its entries are inactive; here each entry counts.",
            {"(~active.any(axis=0))": "(~active)"},
        ),
        Mistake(
            "first_example_only",
            "Only the first example is looked at",
            "A unit that is inactive on one example may be active on another; all N rows decide.",
            {"active.any(axis=0)": "active[0]"},
        ),
        Mistake(
            "last_example_only",
            "Only the last example is looked at",
            "A unit that is inactive on one example may be active on another; all N rows decide.",
            {"active.any(axis=0)": "active[-1]"},
        ),
        Mistake(
            "zero_looked_for",
            "Inputs of exactly 0 are looked for",
            "Z is what goes into the ReLU; an inactive unit's input is negative, and only its "
            "output is 0.",
            {"active = Z > 0": "active = Z != 0"},
        ),
        Mistake(
            "mean_negative",
            "Units whose mean is negative are counted",
            "A unit with a negative mean can still be active on some example; what counts is "
            "whether any of its inputs is positive.",
            {"active.any(axis=0)": "(Z.mean(axis=0) > 0)"},
        ),
        Mistake(
            "zero_is_active",
            "An input of exactly 0 counts as active",
            "At 0 the output is 0 and no gradient passes, so 0 is not active.",
            {"Z > 0": "Z >= 0"},
        ),
        Mistake(
            "always_active",
            "Units that are always active are counted",
            "This counts the units whose inputs are all positive; a dead unit has none that is.",
            {"(~active.any(axis=0))": "active.all(axis=0)"},
        ),
        Mistake(
            "share",
            "The share of dead units is returned",
            "Asked for is how many of the M units are dead, a whole number, not which part.",
            {"int((~active.any(axis=0)).sum())": "float((~active.any(axis=0)).mean())"},
        ),
        Mistake(
            "not_counted",
            "The units are marked, not counted",
            "There is a True or False for each unit; asked for is how many are True.",
            {"int((~active.any(axis=0)).sum())": "~active.any(axis=0)"},
        ),
    ],
    nudge="Which axis do you walk along to follow one unit through the batch, and what must hold "
    "on all of it?",
    sketch="""
        Mark where the input is positive. A unit is a column, so for each column ask whether there
        is any mark in it, which means looking along the batch. The units without one are dead;
        count them.
        """,
    skeleton="""
        def dead_units(Z):
            active = ...            # (N, M): True where the unit is active
            alive = ...             # (M,): active on some example
            return ...
        """,
    notice="Dead on a batch is not yet dead for good: another example may wake the unit. A unit "
    "that is dead on all the data can never learn again.",
)


def swiglu_backward(dY, A, B):
    """The gradients of Y = A * sigmoid(A) * B, entry by entry.

    dY, A, B (N, D). Returns dA (N, D), dB (N, D).
    """
    s = 1 / (1 + np.exp(-A))
    dA = dY * B * (s + A * s * (1 - s))
    dB = dY * A * s
    return dA, dB


def gate_and_value(draw):
    N, D = draw.sizes("N D")
    return {"dY": draw.real(N, D), "A": draw.real(N, D), "B": draw.real(N, D)}


def large_gate(draw):
    dY = np.array([[0.7, -1.3], [0.4, 1.6]])
    A = np.array([[1000.0, -0.3], [1.2, -1000.0]])
    return {"A near 1000": {"dY": dY, "A": A, "B": np.array([[0.3, 1.9], [-0.6, 1.4]])}}


def swiglu_by_tanh(dY, A, B):
    t = np.tanh(A / 2)
    silu = A * (1 + t) / 2
    return dY * B * (1 + t + A * (1 - t * t) / 2) / 2, dY * silu


def swiglu_loops(dY, A, B):
    dA, dB = np.zeros_like(A), np.zeros_like(B)
    for i in np.ndindex(A.shape):
        s = 1 / (1 + np.exp(-A[i]))
        dsilu, dB[i] = dY[i] * B[i], dY[i] * A[i] * s
        dA[i] += dsilu * s
        dA[i] += dsilu * A[i] * s * (1 - s)
    return dA, dB


task(
    swiglu_backward,
    chapter=8,
    title="A gated activation, backward",
    minutes=20,
    points=4,
    closed=True,
    returns="dA dB",
    inputs=gate_and_value,
    extremes=large_gate,
    statement="""
        Many language models use a gated activation, SwiGLU: `Y = A * sigmoid(A) * B`, entry by
        entry. Two affine layers give `A` and `B`; A says how much of B is let through. `A`, `B`,
        `Y` and the upstream gradient `dY` are all `(N, D)`.

        Write `swiglu_backward(dY, A, B)`, which returns `dA` and `dB`, both `(N, D)`. Both must
        be finite for inputs of any size.
        """,
    example="""
        >>> dY, A, B = np.array([[10.0]]), np.array([[0.0]]), np.array([[3.0]])
        >>> dA, dB = swiglu_backward(dY, A, B)
        >>> dA.tolist(), dB.tolist()
        ([[15.0]], [[0.0]])
        """,
    variants=[
        swiglu_by_tanh,
        swiglu_loops,
        {"s + A * s * (1 - s)": "s * (1 + A * (1 - s))"},
    ],
    oracle=lambda dY, A, B: pullback(lambda a, b: a * bp.sigmoid(a) * b, dY, A, B),
    differences=lambda dY, A, B: slopes(lambda A, B: np.sum(dY * A / (1 + np.exp(-A)) * B), A, B),
    mistakes=[
        upstream_ignored({"dY * B * (": "B * (", "dY * A * s": "A * s"}),
        Mistake(
            "sigmoid_constant",
            "In dA, the sigmoid is taken for a constant",
            "A comes in twice: as a factor, and inside the sigmoid. The path through the sigmoid "
            "is missing.",
            {"s + A * s * (1 - s)": "s"},
        ),
        Mistake(
            "factor_constant",
            "In dA, the factor A is taken for a constant",
            "A comes in twice: as a factor, and inside the sigmoid. The path through the factor "
            "is missing.",
            {"s + A * s * (1 - s)": "A * s * (1 - s)"},
        ),
        Mistake(
            "plain_gate",
            "dA is that of a plain sigmoid gate",
            "Here the gate is A times the sigmoid of A, so its slope has two terms and a factor A.",
            {"s + A * s * (1 - s)": "s * (1 - s)"},
        ),
        Mistake(
            "A_missing_in_slope",
            "In dA, the factor A is missing from the second term",
            "In a product's derivative, the slope of the sigmoid is multiplied by the other "
            "factor, which is A.",
            {"A * s * (1 - s)": "s * (1 - s)"},
        ),
        Mistake(
            "half_of_the_slope",
            "In dA, the slope of the sigmoid lacks 1 - s",
            "The slope of the sigmoid is s times 1 - s; s alone is its value.",
            {" * (1 - s)": ""},
        ),
        Mistake(
            "minus",
            "In dA, the two terms are subtracted",
            "The contributions of the two paths from A to Y are added.",
            {"s + A": "s - A"},
        ),
        Mistake(
            "B_missing",
            "In dA, the factor B is missing",
            "A acts on Y times B, so what comes back to A is multiplied by B.",
            {"dY * B *": "dY *"},
        ),
        Mistake(
            "dB_sigmoid_only",
            "In dB, the factor A is missing",
            "B is multiplied by A times the sigmoid of A; that whole product is its slope.",
            {"dY * A * s": "dY * s"},
        ),
        Mistake(
            "dB_linear",
            "In dB, the sigmoid is missing",
            "B is multiplied by A times the sigmoid of A; that whole product is its slope.",
            {"dY * A * s": "dY * A"},
        ),
        Mistake(
            "dB_times_B",
            "dB is multiplied by B",
            "In a product each factor's slope is what it is multiplied by, without the factor "
            "itself.",
            {"dY * A * s": "dY * A * s * B"},
        ),
        Mistake(
            "overflow",
            "A large exponential is divided by itself",
            "For A near 1000, exp(A) is infinity, and infinity over infinity is NaN; write the "
            "sigmoid with exp(-A) below the line.",
            {"1 / (1 + np.exp(-A))": "np.exp(A) / (1 + np.exp(A))"},
        ),
        changed_in_place({"dB = dY * A * s": "A *= s\n    dB = dY * A"}, "A"),
    ],
    nudge="Along how many paths does A reach Y, and what is B multiplied by?",
    sketch="""
        Y is a product of three factors, and two of them depend on A. For B, all that multiplies
        it is its slope. For A there are two paths: through the bare factor, where the sigmoid
        stays; and through the sigmoid, whose slope you know from its value, where the factor
        stays. The two are added, and both carry B and the upstream gradient.
        """,
    skeleton="""
        def swiglu_backward(dY, A, B):
            s = ...                 # the sigmoid of A
            dA = dY * B * (... + ...)
            dB = dY * ...
            return dA, dB
        """,
    notice="With B = 1 this is SiLU, or swish. A gate multiplies, so on the way back each side "
    "is multiplied by the other.",
)
