"""The chains that tasks of this chapter and of the next are tried on."""

import numpy as np

from bpkit.tasks.draw import Formula


def chain(draw, count):
    """A number, and links to send it through: (function, derivative), steep and bent where met."""
    while True:
        x = start = draw.real(high=1.5)
        links, tame = [], True
        for _ in range(count):
            f, df = draw.choice(kinds(round(draw.positive(low=0.4, high=1.6), 2)))
            tame &= 0.25 < abs(df(x)) < 2.5 and abs(df(x) - 1) > 0.1 and 0.2 < abs(f(x)) < 2
            links.append((f, df))
            x = f(x)
        if tame:
            return start, links


def kinds(a):
    """Four functions with their derivatives, which can be shown."""
    return [
        (
            Formula(f"{a} x**2 - 0.7", lambda x: a * x**2 - 0.7),
            Formula(f"{2 * a:g} x", lambda x: 2 * a * x),
        ),
        (
            Formula(f"sin({a} x) + 0.4", lambda x: np.sin(a * x) + 0.4),
            Formula(f"{a} cos({a} x)", lambda x: a * np.cos(a * x)),
        ),
        (
            Formula(f"exp(-{a} x)", lambda x: np.exp(-a * x)),
            Formula(f"-{a} exp(-{a} x)", lambda x: -a * np.exp(-a * x)),
        ),
        (
            Formula(f"{a} / (1 + x**2)", lambda x: a / (1 + x**2)),
            Formula(f"-{2 * a:g} x / (1 + x**2)**2", lambda x: -2 * a * x / (1 + x**2) ** 2),
        ),
    ]
