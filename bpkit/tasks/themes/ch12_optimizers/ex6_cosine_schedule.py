"""A rate that climbs and then falls along half a cosine.

Where each part begins and ends is where it goes wrong.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task


def cosine_schedule(lr, floor, warmup, total):
    """The learning rate at each update: a climb, then half a cosine.

    lr, floor: numbers. warmup, total: integers. Returns rates (total,).
    """
    rates = np.zeros(total)
    for t in range(warmup):
        rates[t] = lr * (t + 1) / warmup
    fall = total - warmup
    for t in range(fall):
        wave = (1 + np.cos(np.pi * t / fall)) / 2
        rates[warmup + t] = floor + (lr - floor) * wave
    return rates


def schedule_inputs(draw):
    total = draw.size("total", least=7, most=13)
    return {
        "lr": draw.positive(low=0.6, high=2.0),
        "floor": draw.positive(low=0.1, high=0.4),
        "warmup": draw.whole(2, 4),
        "total": total,
    }


def schedule_by_arrays(lr, floor, warmup, total):
    t = np.arange(total)
    climb = lr * (t + 1) / warmup
    angle = np.pi * (t - warmup) / (total - warmup)
    return np.where(t < warmup, climb, (lr + floor) / 2 + (lr - floor) / 2 * np.cos(angle))


def schedule_in_two_parts(lr, floor, warmup, total):
    climb = np.linspace(lr / warmup, lr, warmup)
    half = np.linspace(0, np.pi / 2, total - warmup, endpoint=False)
    return np.concatenate([climb, floor + (lr - floor) * np.cos(half) ** 2])


def schedule_from_bpkit(lr, floor, warmup, total):
    fall = bp.schedules.cosine(lr, total - warmup, floor)
    rate = bp.schedules.warm_up(fall, warmup)
    return np.array([rate(t) for t in range(total)])


task(
    cosine_schedule,
    chapter=12,
    title="Warm-up and cosine decay",
    minutes=12,
    points=2,
    returns="rates",
    inputs=schedule_inputs,
    statement="""
        Large steps are dangerous at the start, when the weights are random, and at the end, when
        the minimum is near. So the rate first climbs and then falls. Updates are counted from 0
        to `total - 1`. During the first `warmup` of them the rate climbs in equal steps: the
        first is `lr / warmup`, the last `lr`. From update `warmup` on it falls from `lr` toward
        `floor` along half a cosine, which begins at update `warmup` and would reach `floor` at
        update `total`, the one after the last.

        Write `cosine_schedule(lr, floor, warmup, total)`. `lr` and `floor` are numbers, `warmup`
        and `total` whole numbers, `total` the larger. It returns the rate of each update, an
        array `(total,)`.
        """,
    example="""
        >>> cosine_schedule(1.0, 0.2, 2, 6).round(3).tolist()
        [0.5, 1.0, 1.0, 0.883, 0.6, 0.317]
        """,
    variants=[
        schedule_by_arrays,
        schedule_in_two_parts,
        {"(1 + np.cos(np.pi * t / fall)) / 2": "np.cos(np.pi * t / fall / 2) ** 2"},
    ],
    oracle=schedule_from_bpkit,
    mistakes=[
        Mistake(
            "warmup_from_zero",
            "The warm-up starts at 0",
            "The first update would not move at all; its rate is lr / warmup, and the last of the "
            "warm-up has lr.",
            {"(t + 1) / warmup": "t / warmup"},
        ),
        Mistake(
            "warmup_from_zero_to_lr",
            "The warm-up climbs from 0 to lr",
            "Its first update would not move at all: the equal steps lead from lr / warmup to lr.",
            {"(t + 1) / warmup": "t / (warmup - 1)"},
        ),
        Mistake(
            "warmup_too_slow",
            "The warm-up ends below lr",
            "Its last update has lr: the climb has as many equal steps as it has updates.",
            {"(t + 1) / warmup": "(t + 1) / (warmup + 1)"},
        ),
        Mistake(
            "no_warmup",
            "There is no warm-up",
            "Here the cosine runs from the first update on; the first ones should climb to lr.",
            {"for t in range(warmup)": "warmup = 0\n    for t in range(warmup)"},
        ),
        Mistake(
            "warmup_flat",
            "The rate does not climb during the warm-up",
            "It climbs in equal steps, from lr / warmup to lr.",
            {"lr * (t + 1) / warmup": "lr"},
        ),
        Mistake(
            "warmup_from_floor",
            "The warm-up climbs from floor",
            "The climb is lr times the share of the warm-up that is done; floor is for the end.",
            {"lr * (t + 1)": "floor + (lr - floor) * (t + 1)"},
        ),
        Mistake(
            "cosine_counts_warmup",
            "The cosine has run since update 0",
            "It begins where the warm-up ends: there the rate is lr, and there is no jump.",
            {"t / fall": "(warmup + t) / total"},
        ),
        Mistake(
            "fall_too_slow",
            "The fall is stretched over all updates",
            "It has only what the warm-up leaves of them, total minus warmup, to reach floor.",
            {"t / fall": "t / total"},
        ),
        Mistake(
            "fall_starts_late",
            "The fall does not start at lr",
            "The share of the fall that is gone is counted from the end of the warm-up, where "
            "it is 0.",
            {"t / fall": "(warmup + t) / fall"},
        ),
        Mistake(
            "floor_at_the_last",
            "floor is reached one update too early",
            "The cosine would reach floor at update total, one after the last.",
            {"t / fall": "t / (fall - 1)"},
        ),
        Mistake(
            "fall_starts_early",
            "The fall starts one update too early",
            "The first update after the warm-up still has lr: none of the fall is gone there.",
            {"t / fall": "(t + 1) / fall"},
        ),
        Mistake(
            "whole_wave",
            "It is a whole wave",
            "Half a wave, pi radians, leads down; the other half would lead up again.",
            {"np.pi * t": "2 * np.pi * t"},
        ),
        Mistake(
            "no_floor",
            "The rate falls to 0, not to floor",
            "The cosine runs between lr and floor.",
            {"floor + (lr - floor)": "lr"},
        ),
        Mistake(
            "floor_added",
            "floor is added on top",
            "The fall starts at lr, so what the cosine scales is lr minus floor.",
            {"(lr - floor)": "lr"},
        ),
        Mistake(
            "floor_cuts",
            "The rate is cut off at floor",
            "The curve bends toward floor and meets it at the end; it doesn't fall to 0 and stop.",
            {"floor + (lr - floor) * wave": "max(floor, lr * wave)"},
        ),
        Mistake(
            "not_halved",
            "The cosine part is not halved",
            "1 plus a cosine goes from 2 to 0; half of it goes from 1 to 0.",
            {" / 2": ""},
        ),
        Mistake(
            "no_pi",
            "The angle runs to 1, not to pi",
            "Half a wave is pi radians long; at an angle of 1 the cosine has fallen to 0.54 only.",
            {"np.pi * ": ""},
        ),
        Mistake(
            "rises",
            "The rate rises after the warm-up",
            "1 minus the cosine starts at 0 and grows; 1 plus the cosine falls.",
            {"1 + np.cos": "1 - np.cos"},
        ),
        Mistake(
            "linear",
            "The fall is a straight line",
            "Half a cosine is flat at both ends and steep in the middle.",
            {"(1 + np.cos(np.pi * t / fall)) / 2": "1 - t / fall"},
        ),
        Mistake(
            "quarter_wave",
            "It is a quarter of a wave",
            "Half a cosine goes from 1 to -1, and is shifted and halved to go from 1 to 0; a "
            "quarter is steep at the end.",
            {"(1 + np.cos(np.pi * t / fall)) / 2": "np.cos(np.pi * t / fall / 2)"},
        ),
    ],
    nudge="What share of the fall is gone at the first update after the warm-up, and what share "
    "would be gone at the update after the last?",
    sketch="""
        Two stretches. In the warm-up the rate is lr times the number of updates so far, this one
        included, over the length of the warm-up. After it, find the share of the fall that is
        gone: 0 at its first update, 1 one update after the last. Half a wave of a cosine over
        that share, shifted up by 1 and halved, goes from 1 to 0; stretch it so that it goes from
        lr to floor.
        """,
    skeleton="""
        def cosine_schedule(lr, floor, warmup, total):
            rates = np.zeros(total)
            for t in range(warmup):
                rates[t] = ...
            fall = ...                      # how many updates are left
            for t in range(fall):
                wave = ...                  # from 1 down to 0
                rates[warmup + t] = ...
            return rates
        """,
    notice="The last update of the warm-up and the first of the fall have the same rate, lr: two "
    "stretches that meet without a jump.",
)
