"""Tasks on gradient checking: measure a gradient, compare, and find the entry that is wrong."""

import numpy as np

from bpkit.tasks.draw import Formula
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import changed_in_place


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
    one.flat[at], other.flat[at] = -2.5, -1.7
    pair = [one, other] if draw.rng.random() < 0.5 else [other, one]
    return dict(zip(("dX", "dX_numeric"), pair, strict=True))


def special_gradients(draw):
    zeros, small = np.zeros((2, 3)), draw.real(2, 3, low=0.5)
    large = small.copy()
    small[1, 2], large[1, 2] = 0.4, 3.0
    return {
        "a gradient with an entry that is too large": {"dX": large, "dX_numeric": small},
        "a gradient with an entry that is too small": {"dX": small, "dX_numeric": large},
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


def exact(x):
    """Numbers with few bits, so that X + h - 2 * h + h is X again, to the last bit."""
    return np.round(x * 2**20) / 2**20


def bowl(draw, least=1):
    """A function of an array whose slopes all differ and depend on each other; a place, a step."""
    N, D = draw.sizes("N D", least=least, most=5)
    a, b = round(draw.real(low=0.4), 2), round(draw.positive(low=0.4, high=1.2), 2)

    def f(X):
        return float(np.sum(X**3) + a * np.sin(b * np.sum(X * X)) + a * np.sum(X) ** 2)

    text = f"sum(x**3) + ({a}) sin({b} sum(x**2)) + ({a}) sum(x)**2"
    X, h = draw.real(N, D), draw.positive(low=0.1, high=0.4)
    if draw.small is None:
        X, h = exact(X), float(exact(h))
    return {"f": Formula(text, f), "X": X, "h": h}


def numeric_gradient(f, X, h):
    """The gradient of f at X by centered differences, entry by entry.

    f takes an array (N, D) and returns a number; X (N, D), which stays as it is; h, a number, the
    step. Returns dX (N, D).
    """
    dX = np.zeros(X.shape)
    for n, d in np.ndindex(X.shape):
        ahead, behind = X.copy(), X.copy()
        ahead[n, d] += h
        behind[n, d] -= h
        dX[n, d] = (f(ahead) - f(behind)) / (2 * h)
    return dX


def numeric_by_basis(f, X, h):
    steps = h * np.eye(X.size).reshape(-1, *X.shape)
    return np.array([(f(X + s) - f(X - s)) / (2 * h) for s in steps]).reshape(X.shape)


def numeric_with_one_copy(f, X, h):
    Z, dX = X.copy(), np.empty_like(X)
    for n in range(X.shape[0]):
        for d in range(X.shape[1]):
            Z[n, d] = X[n, d] + h
            up = f(Z)
            Z[n, d] = X[n, d] - h
            dX[n, d] = (up - f(Z)) / h / 2
            Z[n, d] = X[n, d]
    return dX


def numeric_in_place_and_back(f, X, h):
    dX = np.zeros_like(X)
    for i in range(X.size):
        X.flat[i] += h
        ahead = f(X)
        X.flat[i] -= 2 * h
        behind = f(X)
        X.flat[i] += h
        dX.flat[i] = 0.5 * (ahead / h - behind / h)
    return dX


task(
    numeric_gradient,
    chapter=5,
    title="A gradient, measured entry by entry",
    minutes=12,
    points=3,
    returns="dX",
    inputs=bowl,
    statement="""
        To check a gradient you need another one that nobody derived. Move one entry of the input
        a little, leave all others where they are, see how much the function moves, and go on to
        the next entry.

        Write `numeric_gradient(f, X, h)`. `f` takes an array `(N, D)` and returns a number, `X`
        is `(N, D)`, and `h` is the step, a number. It returns `dX` `(N, D)`: for each entry the
        centered difference of `f` with that step. When it is done, `X` holds what it held before.
        """,
    example="""
        >>> numeric_gradient(lambda X: (X**2).sum(), np.array([[3.0, -1.0]]), 0.5).tolist()
        [[6.0, -2.0]]
        """,
    variants=[
        {"ahead[n, d] += h": "ahead[n, d] = X[n, d] + h", "(2 * h)": "h / 2"},
        numeric_by_basis,
        numeric_with_one_copy,
        numeric_in_place_and_back,
    ],
    differences=numeric_by_basis,
    mistakes=[
        Mistake(
            "one_sided",
            "The differences are one-sided",
            "They start at X itself; a step to both sides cancels the error that grows with h.",
            {"behind[n, d] -= h\n": "pass\n", "(2 * h)": "h"},
        ),
        Mistake(
            "leftward",
            "The differences look only to the left",
            "They end at X itself; the point to the right is missing.",
            {"ahead[n, d] += h": "pass", "(2 * h)": "h"},
        ),
        Mistake(
            "half_width",
            "Divided by h instead of 2h",
            "The two points are 2h apart, one step to each side.",
            {"(2 * h)": "h"},
        ),
        Mistake(
            "brackets",
            "Divided by 2, then multiplied by h",
            "Without brackets `/ 2 * h` divides by 2 and multiplies by h: Python goes from left "
            "to right.",
            {"/ (2 * h)": "/ 2 * h"},
        ),
        Mistake(
            "all_at_once",
            "All entries are moved at once",
            "Each entry's slope is asked for by itself; when all move, every place gets the same "
            "sum.",
            {"ahead[n, d] += h": "ahead += h", "behind[n, d] -= h": "behind -= h"},
        ),
        Mistake(
            "whole_row",
            "A whole row is moved at once",
            "Each entry's slope is asked for by itself; here the row's slopes come out as one sum.",
            {"ahead[n, d] += h": "ahead[n] += h", "behind[n, d] -= h": "behind[n] -= h"},
        ),
        Mistake(
            "replaced",
            "The entry is replaced by the step",
            "The entry is set to h and to -h, wherever it was; it must be moved by h from where it "
            "is.",
            {"ahead[n, d] += h": "ahead[n, d] = h", "behind[n, d] -= h": "behind[n, d] = -h"},
        ),
        Mistake(
            "steps_pile_up",
            "Earlier entries are not put back",
            "When the next entry is tried, those before it still stand where they were moved to; "
            "each difference is taken around X.",
            {
                "    for n, d": "    ahead, behind = X.copy(), X.copy()\n    for n, d",
                "        ahead, behind = X.copy(), X.copy()\n": "",
            },
        ),
        Mistake(
            "not_put_back_low",
            "Each entry is left one step too low",
            "After an entry was tried it stays at its value minus h while the others are tried; it "
            "must be put back.",
            {
                "    for n, d": "    Z = X.copy()\n    for n, d",
                "ahead, behind = X.copy(), X.copy()": "Z[n, d] += h",
                "ahead[n, d] += h": "ahead = f(Z)",
                "behind[n, d] -= h": "Z[n, d] -= 2 * h",
                "f(ahead) - f(behind)": "ahead - f(Z)",
            },
        ),
        Mistake(
            "one_array",
            "Both values are taken at the same place",
            "Two names for one array move together: one step to the right and one to the left "
            "cancel, and the difference is 0. A copy is needed for each.",
            {"ahead, behind = X.copy(), X.copy()": "ahead = behind = X.copy()"},
        ),
        Mistake(
            "sign",
            "The sign is flipped",
            "Behind minus ahead measures the fall, not the rise.",
            {"f(ahead) - f(behind)": "f(behind) - f(ahead)"},
        ),
        Mistake(
            "own_step",
            "The step h is not used",
            "A step of its own stands in place of the argument h, so that h changes nothing.",
            {"dX = np": "h = 1e-5\n    dX = np"},
        ),
        Mistake(
            "relative_step",
            "The step depends on the entry",
            "Each entry is moved by h times its own value; asked for is the same step h for all.",
            {
                "ahead[n, d] += h": "ahead[n, d] += h * X[n, d]",
                "behind[n, d] -= h": "behind[n, d] -= h * X[n, d]",
                "(2 * h)": "(2 * h * X[n, d])",
            },
        ),
        Mistake(
            "summed",
            "The slopes are added up",
            "A gradient has one number for each entry of X; here they come out as one.",
            {"return dX": "return dX.sum()"},
        ),
        changed_in_place({"return dX": "X += h\n    return dX"}, "X"),
    ],
    nudge="While you move one entry, where do all the others stand, and those you tried before?",
    sketch="""
        Go through all places of the array. For each, make two copies of X, move this one entry a
        step up in the first and a step down in the second, and ask f for both values. Their
        difference over the distance between the two copies goes to the same place of the answer.
        X itself is never written to.
        """,
    skeleton="""
        def numeric_gradient(f, X, h):
            dX = np.zeros(X.shape)
            for n, d in np.ndindex(X.shape):
                ahead, behind = X.copy(), ...
                ahead[n, d] += ...
                ...
                dX[n, d] = ...
            return dX
        """,
    notice="Two calls of f for every entry: for a network with a million weights that is two "
    "million forward passes. Backpropagation needs one, and one sweep back.",
)


def directional_check(f, dX, X, V, h):
    """Two numbers that should agree: the slope of f along V, measured, and as the gradient claims.

    f takes an array (N, D) and returns a number; dX, X, V (N, D); h a number. Returns measured and
    claimed, two numbers.
    """
    measured = (f(X + h * V) - f(X - h * V)) / (2 * h)
    claimed = np.sum(dX * V)
    return measured, claimed


def a_claim(draw):
    f, X, h = bowl(draw, least=2).values()
    dX, V = draw.real(*X.shape), draw.real(*X.shape, high=1.5)
    return {"f": f, "dX": dX, "X": X, "V": V if draw.small is not None else exact(V), "h": h}


def direction_by_a_line(f, dX, X, V, h):
    line = lambda t: f(X + t * V)  # noqa: E731 - a learner would write it so
    return (line(h) - line(-h)) / h / 2, np.einsum("nd,nd->", dX, V)


def direction_by_loops(f, dX, X, V, h):
    claimed = 0.0
    ahead, behind = X.copy(), X.copy()
    for n, d in np.ndindex(X.shape):
        claimed += dX[n, d] * V[n, d]
        ahead[n, d] += h * V[n, d]
        behind[n, d] -= h * V[n, d]
    return 0.5 / h * (f(ahead) - f(behind)), claimed


task(
    directional_check,
    chapter=5,
    title="A check along one direction",
    minutes=8,
    points=2,
    returns="measured claimed",
    inputs=a_claim,
    statement="""
        Checking a gradient entry by entry is slow. Along one direction it takes two calls of the
        function, however many entries there are: move all of `X` along `V`, and compare how fast
        the function changes with what the gradient says it should.

        Write `directional_check(f, dX, X, V, h)`. `f` takes an array `(N, D)` and returns a
        number. `dX`, the gradient to be checked, `X` and the direction `V` are all `(N, D)`; `h`
        is a number. It returns two numbers: `measured`, the centered difference of `f` at `X` for
        steps of `h` times `V`, over `2 * h`; and `claimed`, the slope along `V` that follows from
        `dX`.
        """,
    example="""
        >>> X, V = np.array([[3.0, 1.0]]), np.array([[2.0, -1.0]])
        >>> measured, claimed = directional_check(lambda X: (X**2).sum(), 2 * X, X, V, 0.5)
        >>> float(measured), float(claimed)
        (10.0, 10.0)
        """,
    variants=[
        {"np.sum(dX * V)": "np.dot(dX.ravel(), V.ravel())"},
        {"np.sum(dX * V)": "np.trace(dX.T @ V)"},
        direction_by_a_line,
        direction_by_loops,
    ],
    differences=direction_by_loops,
    mistakes=[
        Mistake(
            "one_sided",
            "The measured slope is one-sided",
            "It starts at X itself; a step to both sides cancels the error that grows with h.",
            {"f(X - h * V)) / (2 * h)": "f(X)) / h"},
        ),
        Mistake(
            "half_width",
            "The measured slope is divided by h instead of 2h",
            "The two points are two steps apart, one to each side of X.",
            {"(2 * h)": "h"},
        ),
        Mistake(
            "brackets",
            "Divided by 2, then multiplied by h",
            "Without brackets `/ 2 * h` divides by 2 and multiplies by h: Python goes from left "
            "to right.",
            {"/ (2 * h)": "/ 2 * h"},
        ),
        Mistake(
            "per_length",
            "The measured slope is divided by the length of V as well",
            "That is the slope along a direction of length 1; the claimed slope is along V as it "
            "is, so the two would not agree.",
            {"/ (2 * h)": "/ (2 * h * np.linalg.norm(V))"},
        ),
        Mistake(
            "claimed_per_length",
            "The claimed slope is divided by the length of V",
            "The measured slope is along V as it is, so the claimed one must be too.",
            {"np.sum(dX * V)": "np.sum(dX * V) / np.linalg.norm(V)"},
        ),
        Mistake(
            "direction_normalized",
            "V is brought to length 1 first",
            "Both slopes are asked for along V as it is; the length of V belongs to both.",
            {"measured =": "V = V / np.linalg.norm(V)\n    measured ="},
        ),
        Mistake(
            "without_h",
            "The steps are V, not h times V",
            "The direction is only the direction; how far to go along it is h.",
            {"X + h * V": "X + V", "X - h * V": "X - V"},
        ),
        Mistake(
            "step_everywhere",
            "Every entry is moved by h, not along V",
            "That is the direction of all ones; each entry moves by h times its own entry of V.",
            {"X + h * V": "X + h", "X - h * V": "X - h"},
        ),
        Mistake(
            "gradient_summed",
            "The claimed slope leaves V out",
            "Adding up dX gives the slope along all ones; along V each entry counts as much as V "
            "moves it.",
            {"np.sum(dX * V)": "np.sum(dX)"},
        ),
        Mistake(
            "not_summed",
            "The claimed slope is not added up",
            "Each product is what one entry contributes; the slope along V is the sum of them all.",
            {"np.sum(dX * V)": "dX * V"},
        ),
        Mistake(
            "averaged",
            "The claimed slope is averaged",
            "All entries move at once, so their contributions add up; nothing is divided.",
            {"np.sum(dX * V)": "np.mean(dX * V)"},
        ),
        Mistake(
            "with_x",
            "The claimed slope uses X in place of V",
            "V is the direction of the step; X is where the step begins.",
            {"np.sum(dX * V)": "np.sum(dX * X)"},
        ),
        Mistake(
            "with_h",
            "The claimed slope is multiplied by h",
            "That is how far f should move in one step; the measured slope is already divided by "
            "the step.",
            {"np.sum(dX * V)": "np.sum(dX * V) * h"},
        ),
        Mistake(
            "along_gradient",
            "The steps go along dX, not along V",
            "The direction to be tried is V; the gradient dX enters only the claimed slope.",
            {"X + h * V": "X + h * dX", "X - h * V": "X - h * dX"},
        ),
        Mistake(
            "matrix_product",
            "The claimed slope is a matrix product",
            "Each entry of dX belongs to the same entry of V: multiply place by place, then add "
            "up all.",
            {"np.sum(dX * V)": "dX.T @ V"},
        ),
        changed_in_place(
            {
                "measured =": "X += h * V\n    ahead = f(X)\n    X -= 2 * h * V\n    measured =",
                "f(X + h * V) - f(X - h * V)": "ahead - f(X)",
            },
            "X",
        ),
    ],
    nudge="If entry (n, d) of X moves by as much as V says there, how much does the function move, "
    "and what if all entries move at once?",
    sketch="""
        For the measured slope, walk a step h along V from X to one side and to the other, ask f
        at both places, and divide the difference by the two steps. For the claimed slope, each
        entry contributes its slope, from dX, times how fast it moves, from V; all entries move
        together, so the contributions are added.
        """,
    skeleton="""
        def directional_check(f, dX, X, V, h):
            measured = (f(...) - f(...)) / ...
            claimed = ...           # one number
            return measured, claimed
        """,
    notice="A wrong entry shows along almost every random direction. So bpkit's gradcheck tries a "
    "few of them first, and goes entry by entry only when one disagrees.",
)


def find_wrong_entry(f, dX, X, h):
    """The entry of a claimed gradient that is farthest from the centered difference.

    f takes an array (N, D) and returns a number; dX, X (N, D); h a number. Returns row, column and
    gap: where it is, two whole numbers, and claimed minus measured there, a number.
    """
    gaps = np.zeros(X.shape)
    for n, d in np.ndindex(X.shape):
        ahead, behind = X.copy(), X.copy()
        ahead[n, d] += h
        behind[n, d] -= h
        gaps[n, d] = dX[n, d] - (f(ahead) - f(behind)) / (2 * h)
    row, column = np.unravel_index(np.argmax(np.abs(gaps)), gaps.shape)
    return row, column, gaps[row, column]


def drawn_wrong_entry(draw):
    return planted(draw, -1)


def wrong_the_other_way(draw):
    return {"a gradient with an entry that is too large": planted(draw, 1)}


def planted(draw, sign):
    """A gradient with small errors everywhere and a large one, which no other measure points at."""
    N, D = draw.sizes("N D", least=2, most=5)
    a = round(draw.real(low=0.4), 2)
    f = Formula(f"sum(x**3) + ({a}) sum(x)**2", lambda X: float(np.sum(X**3) + a * np.sum(X) ** 2))
    while True:
        X, h = exact(draw.real(N, D)), float(exact(draw.positive(low=0.1, high=0.3)))
        truth = numeric_by_basis(f, X, h)
        gaps = draw.real(N, D, low=0.3, high=1.1)
        row, column = draw.whole(1, N - 1), draw.whole(0, D - 1)
        gaps[row, column] = sign * 1.2
        dX, size = truth + gaps, np.abs(gaps)
        elsewhere = (np.abs(dX), np.abs(truth), size / np.abs(truth), gaps * -sign)
        at = row * D + column
        misread = [
            (column, row),
            (at % N, at // N),
            (size.sum(axis=1).argmax(), size.sum(axis=0).argmax()),
            (size[:, 0].argmax(), size[0].argmax()),
        ]
        apart = all(np.argmax(measure) != at for measure in elsewhere)
        if apart and truth.flat[at] < 0 and (row, column) not in misread:
            return {"f": f, "dX": dX, "X": X, "h": h}


def worst_by_list(f, dX, X, h):
    found = []
    for n in range(X.shape[0]):
        for d in range(X.shape[1]):
            step = np.zeros(X.shape)
            step[n, d] = h
            gap = dX[n, d] - (f(X + step) - f(X - step)) / (2 * h)
            found.append((abs(gap), n, d, gap))
    return max(found)[1:]


def worst_so_far(f, dX, X, h):
    worst = (0, 0, 0.0)
    for i, measured in enumerate(numeric_by_basis(f, X, h).ravel()):
        n, d = divmod(i, X.shape[1])
        if (dX[n, d] - measured) ** 2 > worst[2] ** 2:
            worst = (n, d, dX[n, d] - measured)
    return worst


def worst_by_where(f, dX, X, h):
    gaps = dX - numeric_with_one_copy(f, X, h)
    rows, columns = np.where(np.abs(gaps) == np.abs(gaps).max())
    return int(rows[0]), int(columns[0]), gaps[rows[0], columns[0]]


task(
    find_wrong_entry,
    chapter=5,
    title="Which entry is wrong",
    minutes=15,
    points=4,
    returns="row column gap",
    closed=True,
    inputs=drawn_wrong_entry,
    extremes=wrong_the_other_way,
    statement="""
        "The gradient is wrong" helps nobody; "entry (2, 0) is too small by 1.2" points at the
        bug. Somebody claims that `dX` is the gradient of `f` at `X`. Measure it, and find the
        entry where the claim is farthest off.

        Write `find_wrong_entry(f, dX, X, h)`. `f` takes an array `(N, D)` and returns a number;
        `dX` and `X` are `(N, D)`, and `h` is the step for centered differences, a number. It
        returns `row` and `column`, the place of the entry of `dX` that lies farthest from the
        measured one, above or below it, and `gap`, the claimed minus the measured entry there.
        `X` holds afterwards what it held before.
        """,
    example="""
        >>> X, dX = np.array([[3.0, 1.0], [2.0, 5.0]]), np.array([[6.1, 2.0], [3.0, 10.0]])
        >>> row, column, gap = find_wrong_entry(lambda X: (X**2).sum(), dX, X, 0.5)
        >>> int(row), int(column), float(gap)
        (1, 0, -1.0)
        """,
    variants=[
        {"np.argmax(np.abs(gaps))": "np.argsort(gaps.ravel() ** 2)[-1]"},
        worst_by_list,
        worst_so_far,
        worst_by_where,
    ],
    differences=worst_by_list,
    mistakes=[
        Mistake(
            "sign_kept",
            "Entries that are too small are not looked at",
            "With its sign kept, a gap far below 0 is never the largest; how far off it is, is the "
            "gap without its sign.",
            {"np.argmax(np.abs(gaps))": "np.argmax(gaps)"},
        ),
        Mistake(
            "sign_kept_other_way",
            "Entries that are too large are not looked at",
            "The most negative gap is taken; an entry far too large is as wrong as one far too "
            "small.",
            {"np.argmax(np.abs(gaps))": "np.argmin(gaps)"},
        ),
        Mistake(
            "best_entry",
            "The entry that agrees best is returned",
            "This entry has the smallest gap; the largest is asked for.",
            {"np.argmax(np.abs(gaps))": "np.argmin(np.abs(gaps))"},
        ),
        Mistake(
            "largest_claim",
            "The largest entry of dX is returned",
            "A large entry need not be wrong; what counts is how far it is from the measured one.",
            {"np.argmax(np.abs(gaps))": "np.argmax(np.abs(dX))"},
        ),
        Mistake(
            "relative",
            "Each gap is divided by its entry's size",
            "That points at entries near 0, where any small gap looks large; the gap itself is "
            "asked for.",
            {"np.argmax(np.abs(gaps))": "np.argmax(np.abs(gaps / (dX - gaps)))"},
        ),
        Mistake(
            "gap_sign",
            "The gap has the wrong sign",
            "Claimed minus measured is asked for: it is positive where dX is too large.",
            {"row, column, gaps[row, column]": "row, column, -gaps[row, column]"},
        ),
        Mistake(
            "gap_without_sign",
            "The gap has lost its sign",
            "The sign says whether the claimed entry is too large or too small, which helps to "
            "find the bug.",
            {"row, column, gaps[row, column]": "row, column, abs(gaps[row, column])"},
        ),
        Mistake(
            "claim_returned",
            "The claimed entry is returned in place of the gap",
            "The gap is the claimed entry minus the measured one.",
            {"row, column, gaps[row, column]": "row, column, dX[row, column]"},
        ),
        Mistake(
            "measured_returned",
            "The measured entry is returned in place of the gap",
            "The gap is the claimed entry minus the measured one.",
            {"row, column, gaps[row, column]": "row, column, dX[row, column] - gaps[row, column]"},
        ),
        Mistake(
            "exchanged",
            "Row and column are exchanged",
            "The row counts along the first axis, of length N, and comes first.",
            {"return row, column": "return column, row"},
        ),
        Mistake(
            "row_and_column_sums",
            "The row and the column with the largest sums are returned",
            "Several small gaps can add up to more than a large one; the entry is looked for, not "
            "the row and the column.",
            {
                "np.unravel_index(np.argmax(np.abs(gaps)), gaps.shape)": "np.abs(gaps).sum(axis=1)."
                "argmax(), np.abs(gaps).sum(axis=0).argmax()",
            },
        ),
        Mistake(
            "one_based",
            "Row and column are counted from 1",
            "In Python the first row is row 0, and so is the first column.",
            {"return row, column,": "return row + 1, column + 1,"},
        ),
        Mistake(
            "column_by_column",
            "The place is counted column by column",
            "NumPy counts row by row: when a row is full, the next one begins.",
            {
                "gaps.shape)": 'gaps.shape, order="F")',
                "column, gaps[row, column]": "column, gaps.flat[np.argmax(np.abs(gaps))]",
            },
        ),
        Mistake(
            "divided_by_rows",
            "The place is read with rows of length N",
            "Counted through, a row has D entries; so the row is the count divided by D, and the "
            "column is the rest.",
            {
                "np.unravel_index(np.argmax(np.abs(gaps)), gaps.shape)": "divmod(np.argmax(np.abs("
                "gaps)), len(gaps))",
                "column, gaps[row, column]": "column, gaps.flat[np.argmax(np.abs(gaps))]",
            },
        ),
        Mistake(
            "one_sided",
            "The differences are one-sided",
            "They start at X itself, and their own error, which grows with h, is mistaken for an "
            "error of dX.",
            {"behind[n, d] -= h\n": "pass\n", "(2 * h)": "h"},
        ),
        Mistake(
            "half_width",
            "The differences are divided by h instead of 2h",
            "The two points are 2h apart; twice the slope is compared with dX.",
            {"(2 * h)": "h"},
        ),
        Mistake(
            "not_put_back",
            "Entries that were tried are not put back",
            "When the next entry is tried, those before it still stand where they were moved to.",
            {
                "    for n, d": "    ahead, behind = X.copy(), X.copy()\n    for n, d",
                "        ahead, behind = X.copy(), X.copy()\n": "",
            },
        ),
        Mistake(
            "all_at_once",
            "All entries are moved at once",
            "Each entry's slope is measured by moving it alone.",
            {"ahead[n, d] += h": "ahead += h", "behind[n, d] -= h": "behind -= h"},
        ),
        Mistake(
            "own_step",
            "The step h is not used",
            "A step of its own stands in place of the argument h, so that h changes nothing.",
            {"gaps = np.zeros": "h = 1e-5\n    gaps = np.zeros"},
        ),
    ],
    nudge="Is an entry that is far too small as wrong as one that is far too large, and does your "
    "search see both?",
    sketch="""
        Measure the gradient entry by entry, as in the task before, and subtract it from the
        claimed one: that gives an array of gaps. Drop the signs to look for the largest, and turn
        its place into a row and a column. The gap that you return keeps its sign.
        """,
    skeleton="""
        def find_wrong_entry(f, dX, X, h):
            gaps = np.zeros(X.shape)
            for n, d in np.ndindex(X.shape):
                ...
                gaps[n, d] = dX[n, d] - ...
            row, column = np.unravel_index(..., gaps.shape)
            return row, column, gaps[row, column]
        """,
    notice="bp.gradcheck says it in the same words: the input, the worst entry, and both slopes. "
    "Where one entry is wrong, its row or column often tells which line to look at.",
)
