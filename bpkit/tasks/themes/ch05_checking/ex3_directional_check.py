"""A gradient compared with one difference along a direction.

Two evaluations see most mistakes in all entries at once.
"""

import numpy as np

from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch05_checking.shared import bowl, exact
from bpkit.tasks.tools import changed_in_place


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
