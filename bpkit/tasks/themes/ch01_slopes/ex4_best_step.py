"""Which step measures a slope best when values are rounded.

Too large a step feels the bend and too small a one the digits: the errors show both.
"""

import numpy as np

from bpkit.tasks.draw import Formula
from bpkit.tasks.spec import Mistake, task


def best_step(f, x, slope, steps):
    """How far each step's centered difference is from the true slope, and the best step.

    f takes a number and returns one; x and slope are numbers, steps (K,). Returns errors (K,), none
    below 0, and step, a number.
    """
    measured = np.array([(f(x + h) - f(x - h)) / (2 * h) for h in steps])
    errors = np.abs(measured - slope)
    step = steps[np.argmin(errors)]
    return errors, step


def instrument(draw):
    """A curve read to four decimals, and steps of which no extreme one is best."""
    K = draw.size("K", least=5, most=11)
    while True:
        c = round(draw.positive(low=0.8, high=1.6), 2)
        x = round(draw.positive(low=0.2, high=0.7), 2)
        slope = float(c * np.cos(c * x))
        f = Formula(f"sin({c} x), to 4 decimals", _four_decimals(c))
        steps = np.round(10 ** draw.rng.uniform(-3, -0.3, K), 4)
        signed = (f(x + steps) - f(x - steps)) / (2 * steps) - slope
        first, second = np.argsort(np.abs(signed))[:2]
        extremes = [find(array) for find in (np.argmin, np.argmax) for array in (steps, signed)]
        middle = np.argsort(steps)[K // 2]
        apart = abs(signed[second]) > 1.5 * abs(signed[first]) > 0
        if apart and len(set(steps)) == K and first not in (0, middle, K - 1, *extremes):
            return {"f": f, "x": x, "slope": slope, "steps": steps}


def _four_decimals(c):
    return lambda x: np.round(np.sin(c * x), 4)


def best_step_by_loop(f, x, slope, steps):
    errors, best = [], None
    for h in steps.tolist():
        errors.append(abs(0.5 * (f(x + h) - f(x - h)) / h - slope))
        if best is None or errors[-1] < best[0]:
            best = errors[-1], h
    return np.array(errors), best[1]


task(
    best_step,
    chapter=1,
    title="Neither too large nor too small",
    minutes=10,
    points=2,
    returns="errors step",
    inputs=instrument,
    statement="""
        An instrument shows the values of a function to four decimals. With a large step a
        centered difference feels the bend of the curve; with a very small one the digits run out.
        Somewhere between lies the best step.

        Write `best_step(f, x, slope, steps)`. `f` takes a number and returns a number, `x` is a
        number, `slope` is the true slope of `f` at `x`, and `steps` `(K,)` holds the steps to
        try, in any order. It returns `errors` `(K,)`, how far the centered difference with each
        step lies from `slope` (0 or more), and `step`, the one of the steps whose error is
        smallest.
        """,
    example="""
        >>> f = lambda x: round(x**3, 4)
        >>> errors, step = best_step(f, 2.0, 12.0, np.array([0.5, 0.1]))
        >>> errors.round(6).tolist(), float(step)
        ([0.25, 0.01], 0.1)
        """,
    variants=[
        {"np.abs(measured - slope)": "np.sqrt((measured - slope) ** 2)"},
        {
            "np.array([(f(x + h) - f(x - h)) / (2 * h) for h in steps])": "(f(x + steps) - f(x - "
            "steps)) / steps / 2"
        },
        {"steps[np.argmin(errors)]": "min(steps, key=dict(zip(steps, errors)).get)"},
        best_step_by_loop,
    ],
    differences=best_step_by_loop,
    mistakes=[
        Mistake(
            "place_returned",
            "The step's place is returned, not the step",
            "This counts from 0 where among the steps the best one stands; asked for is the step "
            "itself.",
            {"steps[np.argmin(errors)]": "np.argmin(errors)"},
        ),
        Mistake(
            "error_returned",
            "The smallest error is returned, not its step",
            "This is how far the best difference is from the slope; asked for is the step that "
            "gave it.",
            {"steps[np.argmin(errors)]": "np.min(errors)"},
        ),
        Mistake(
            "slope_returned",
            "The measured slope is returned, not its step",
            "This is the best difference itself; asked for is the step that gave it.",
            {"steps[np.argmin(errors)]": "measured[np.argmin(errors)]"},
        ),
        Mistake(
            "worst",
            "The worst step is returned",
            "This step's difference is the farthest from the slope; the nearest is asked for.",
            {"np.argmin(errors)": "np.argmax(errors)"},
        ),
        Mistake(
            "smallest",
            "The smallest step is returned",
            "The smallest step is not the best: f has four decimals, and the rounding is divided "
            "by "
            "the step.",
            {"steps[np.argmin(errors)]": "np.min(steps)"},
        ),
        Mistake(
            "largest",
            "The largest step is returned",
            "With the largest step the rounding matters least, but the bend of the curve most.",
            {"steps[np.argmin(errors)]": "np.max(steps)"},
        ),
        Mistake(
            "sign_kept",
            "The errors keep their signs",
            "A difference below the slope is as wrong as one above it; with signs, the most "
            "negative error counts as the smallest.",
            {"np.abs(measured - slope)": "measured - slope"},
        ),
        Mistake(
            "signs_returned",
            "The errors that are returned keep their signs",
            "The step is right, but a difference below the slope has a negative error here; an "
            "error is a distance, 0 or more.",
            {"np.abs(measured - slope)": "measured - slope", "(errors)]": "(np.abs(errors))]"},
        ),
        Mistake(
            "signs_returned_other_way",
            "The errors that are returned have signs",
            "The step is right, but a difference above the slope has a negative error here; an "
            "error is a distance, 0 or more.",
            {"np.abs(measured - slope)": "slope - measured", "(errors)]": "(np.abs(errors))]"},
        ),
        Mistake(
            "squared",
            "The errors are squared",
            "Squares find the same best step, but the errors asked for are distances from the "
            "slope.",
            {"np.abs(measured - slope)": "(measured - slope) ** 2"},
        ),
        Mistake(
            "relative",
            "The errors are divided by the slope",
            "This is the relative error; asked for is the distance from the slope itself.",
            {"np.abs(measured - slope)": "np.abs(measured / slope - 1)"},
        ),
        Mistake(
            "one_sided",
            "The differences are one-sided",
            "They start at x itself. The error of a one-sided difference grows with h, not with "
            "its square, so another step is best.",
            {"f(x - h)) / (2 * h)": "f(x)) / h"},
        ),
        Mistake(
            "half_width",
            "The differences are divided by h instead of 2h",
            "The two points are 2h apart, so each difference is twice too large, and its distance "
            "from the slope means nothing.",
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
            "not_compared",
            "The differences are not compared with the slope",
            "The smallest difference is not the best one; the best is nearest to the true slope.",
            {"np.abs(measured - slope)": "np.abs(measured)"},
        ),
        Mistake(
            "compared_with_value",
            "The differences are compared with the function's value",
            "A difference measures the slope of f at x, and f(x) is its height.",
            {"measured - slope": "measured - f(x)"},
        ),
    ],
    nudge="When is one difference better than another, and does it matter on which side of the "
    "truth it lies?",
    sketch="""
        Measure the slope once with every step in the list. For each, find how far it lies from
        the true slope, whether above or below: these are the errors. Look for the place of the
        smallest of them; the step that stands at that place is the best.
        """,
    skeleton="""
        def best_step(f, x, slope, steps):
            measured = np.array([... for h in steps])       # (K,)
            errors = ...                                    # (K,), none below 0
            step = steps[...]
            return errors, step
        """,
    notice="The best step is neither the largest nor the smallest. With four decimals it lies near "
    "0.05, the third root of the last digit; float64 has sixteen, and there it lies near 1e-5.",
)
