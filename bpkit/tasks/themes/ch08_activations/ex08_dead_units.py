"""Which units never pass a gradient on. A unit is dead if it is off for every example."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import pullback


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
