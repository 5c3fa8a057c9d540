"""The entry in which a gradient is wrong; the closed task of the chapter.

Differences along halves, or entry by entry, lead to the one that is off.
"""

import numpy as np

from bpkit.tasks.draw import Formula
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch05_checking.shared import exact, numeric_by_basis, numeric_with_one_copy


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
    text = f"sum(x**3) + ({a}) sum(x)**2"
    f = Formula(text, lambda X: float(np.sum(X * X * X) + a * np.sum(X) ** 2))
    while True:
        X, h = exact(draw.real(N, D)), float(exact(draw.positive(low=0.1, high=0.3)))
        X *= -np.sign(a * X.sum())  # so that some slopes are below 0
        truth = 3 * X**2 + h**2 + 2 * a * X.sum()  # what centered differences of f come to
        gaps = draw.real(N, D, low=0.3, high=1.1)
        below = [(n, d) for n, d in np.argwhere(truth < 0).tolist() if n]
        if not below:
            continue
        row, column = draw.choice(below)
        gaps[row, column] = sign * exact(draw.positive(low=1.2, high=1.6))
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
        if draw.small is not None or (apart and (row, column) not in misread):
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
