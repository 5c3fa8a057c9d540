"""Schedules: the learning rate as a function of how many updates have been made, from 0.

Pass one to an optimizer in place of a number: SGD(lr=schedules.cosine(0.1, updates=1000)).
"""

import math


def constant(lr):
    """The same rate always. Chapter 12.

    >>> constant(0.1)(1000)
    0.1
    """
    return lambda t: lr


def step_decay(lr, every, factor=0.1):
    """Multiply the rate by `factor` after each `every` updates. Chapter 12.

    >>> rate = step_decay(0.5, every=10, factor=0.5)
    >>> rate(9), rate(10)
    (0.5, 0.25)
    """
    return lambda t: lr * factor ** (t // every)


def exponential(lr, factor):
    """Multiply the rate by `factor` after each update. Chapter 12.

    >>> exponential(1.0, 0.5)(2)
    0.25
    """
    return lambda t: lr * factor**t


def cosine(lr, updates, floor=0.0):
    """From lr to `floor` along half a cosine (Loshchilov and Hutter, 2017). Chapter 12.

    >>> round(cosine(1.0, updates=10)(5), 3)
    0.5
    """
    return lambda t: floor + (lr - floor) * (1 + math.cos(math.pi * min(t / updates, 1))) / 2


def warm_up(schedule, updates):
    """Climb in equal steps to `schedule`, a number or a function, then follow it. Chapter 12.

    >>> rate = warm_up(0.4, updates=4)
    >>> rate(0), rate(3), rate(100)
    (0.1, 0.4, 0.4)
    """
    after = schedule if callable(schedule) else constant(schedule)
    return lambda t: after(0) * (t + 1) / updates if t < updates else after(t - updates)
