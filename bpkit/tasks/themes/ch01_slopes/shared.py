"""What several tasks of this chapter draw and compare with: curves, and slopes by bpkit."""

import numpy as np

from bpkit.tasks.draw import Formula


def curve(draw):
    """A curve with a second, a third and a fourth derivative; a place, and a step to be seen."""
    a, c = round(draw.real(), 2), round(draw.positive(low=0.4), 2)
    f = draw.choice(
        [
            Formula(f"{c} x**4 + ({a}) x**2", lambda x: c * x**4 + a * x**2),
            Formula(f"sin({c} x) + ({a}) x**3", lambda x: np.sin(c * x) + a * x**3),
        ]
    )
    return {"f": f, "x": draw.real(), "h": draw.positive(low=0.1, high=0.5)}


def falling(draw):
    """The same, with a slope below 0."""
    c = round(draw.positive(low=0.6, high=1.5), 2)
    f = Formula(f"exp(-{c} x)", lambda x: np.exp(-c * x))
    return {"a falling curve": {**curve(draw), "f": f}}


def average_slope(f, start, end):
    """The mean of f' on the way from start to end, by quadrature over centered differences."""
    places, weights = np.polynomial.legendre.leggauss(12)
    points = (start + end) / 2 + (end - start) / 2 * places
    return np.sum(weights * [(f(z + 1e-5) - f(z - 1e-5)) / 2e-5 for z in points]) / 2
