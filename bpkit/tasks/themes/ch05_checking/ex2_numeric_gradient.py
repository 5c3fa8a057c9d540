"""A gradient by centered differences, one entry at a time.

Each entry is moved both ways and put back.
"""

import numpy as np

from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch05_checking.shared import bowl, numeric_by_basis, numeric_with_one_copy
from bpkit.tasks.tools import changed_in_place


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
