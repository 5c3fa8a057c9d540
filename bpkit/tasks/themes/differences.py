"""Tasks on differences: one side, a complex step, the best step, the second derivative."""

import numpy as np

from bpkit.tasks.draw import Formula
from bpkit.tasks.spec import Mistake, task


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


def bent_down(draw):
    """The same, with a second derivative below 0."""
    c = round(draw.positive(low=0.6, high=1.5), 2)
    f = Formula(f"-exp({c} x)", lambda x: -np.exp(c * x))
    return {"a curve that bends down": {**curve(draw), "f": f}}


def average_slope(f, start, end):
    """The mean of f' on the way from start to end, by quadrature over centered differences."""
    places, weights = np.polynomial.legendre.leggauss(12)
    points = (start + end) / 2 + (end - start) / 2 * places
    return np.sum(weights * [(f(z + 1e-5) - f(z - 1e-5)) / 2e-5 for z in points]) / 2


def one_sided_difference(f, x, h):
    """The slope of f at x, from its value at x and one to the right.

    f takes a number and returns one; x and h are numbers, h > 0. Returns the slope, a number.
    """
    return (f(x + h) - f(x)) / h


def one_sided_by_fit(f, x, h):
    return np.polyfit([0.0, h], [f(x), f(x + h)], 1)[0]


task(
    one_sided_difference,
    chapter=1,
    title="The one-sided difference",
    minutes=5,
    points=1,
    returns="slope",
    inputs=curve,
    extremes=falling,
    statement="""
        The slope of a curve is how steeply it rises. The oldest way to measure it takes two
        values: one at `x`, and one a step `h` to the right of it.

        Write `one_sided_difference(f, x, h)`, the rise between these two points over the distance
        between them. `f` takes a number and returns a number; `x` and `h` are numbers, and `h` is
        positive. It returns one number.
        """,
    example="""
        >>> one_sided_difference(lambda x: x**2, 3.0, 0.5)
        6.5
        """,
    variants=[
        {"(f(x + h) - f(x)) / h": "(f(x) - f(x + h)) / -h"},
        {"(f(x + h) - f(x)) / h": "np.diff([f(x), f(x + h)]).item() / h"},
        {"(f(x + h) - f(x)) / h": "f(x + h) / h - f(x) / h"},
        one_sided_by_fit,
    ],
    differences=lambda f, x, h: average_slope(f, x, x + h),
    mistakes=[
        Mistake(
            "centered",
            "The difference is centered",
            "It looks to both sides of x. That is the better measure, and a task of its own; here "
            "the two points are x and one step to the right.",
            {"f(x)) / h": "f(x - h)) / (2 * h)"},
        ),
        Mistake(
            "leftward",
            "The second point lies to the left",
            "One point is x and the other lies h to the left of it; the step goes to the right.",
            {"f(x + h) - f(x)": "f(x) - f(x - h)"},
        ),
        Mistake(
            "sign",
            "The sign is flipped",
            "Here minus there measures the fall; the rise is the value on the right minus the "
            "value at x.",
            {"f(x + h) - f(x)": "f(x) - f(x + h)"},
        ),
        Mistake(
            "not_divided",
            "The rise is not divided by the step",
            "This is how much f rose over the step; a slope is the rise over the run, and the run "
            "is h.",
            {" / h": ""},
        ),
        Mistake(
            "brackets",
            "Only the second value is divided by h",
            "Division comes before subtraction, so only f(x) is divided; the whole rise must be.",
            {"(f(x + h) - f(x)) / h": "f(x + h) - f(x) / h"},
        ),
        Mistake(
            "twice_the_step",
            "Divided by 2h instead of h",
            "From x to the other point is one step h; the 2h belongs to points on both sides of x.",
            {" / h": " / (2 * h)"},
        ),
        Mistake(
            "multiplied",
            "Multiplied by h instead of divided",
            "A slope is the rise for one unit of run: the smaller the step, the more it must be "
            "scaled up.",
            {" / h": " * h"},
        ),
        Mistake(
            "over_the_place",
            "The rise is divided by a place, not by a distance",
            "The rise was divided by x + h, which is where the second point lies; the run is how "
            "far it is from x.",
            {" / h": " / (x + h)"},
        ),
        Mistake(
            "f_of_h",
            "The second value is taken at h, not at x + h",
            "The second point lies one step h away from x; here it lies at h itself, wherever x "
            "is.",
            {"f(x + h)": "f(h)"},
        ),
        Mistake(
            "h_added_to_value",
            "h is added to the value, not to x",
            "f(x) + h - f(x) is h whatever the curve does, so this is always 1; the step is taken "
            "before f is asked.",
            {"f(x + h)": "f(x) + h"},
        ),
        Mistake(
            "added",
            "The values are added, not subtracted",
            "A rise is a difference: the value on the right minus the value at x.",
            {"- f(x)": "+ f(x)"},
        ),
        Mistake(
            "own_step",
            "The step h is not used",
            "A very small step of its own stands in place of the argument h, so that h changes "
            "nothing.",
            {"return (": "h = 1e-7\n    return ("},
        ),
    ],
    nudge="At which two places is f asked for its value, and how far apart are they?",
    sketch="""
        Mark x on the curve, and a second point one step h to its right. The slope of the line
        through both is rise over run. The rise is the value at the second point minus the value
        at x; the run is the distance from x to the second point.
        """,
    skeleton="""
        def one_sided_difference(f, x, h):
            rise = f(...) - f(x)
            run = ...
            return rise / run
        """,
    notice="On a parabola it is off by a multiple of h: halve the step and the error halves. The "
    "centered difference does better with the same number of values.",
)


def complex_step_derivative(f, x, h):
    """The slope of f at x, from one value of f beside the real line.

    f takes a number, real or complex, and returns one; x and h are numbers, h > 0. Returns the
    slope, a real number.
    """
    value = f(x + 1j * h)
    return value.imag / h


def complex_by_conjugates(f, x, h):
    above, below = f(complex(x, h)), f(complex(x, -h))
    return ((above - below) / 2j).real / h


task(
    complex_step_derivative,
    chapter=1,
    title="The complex step",
    minutes=8,
    points=2,
    returns="slope",
    inputs=curve,
    extremes=falling,
    statement="""
        A difference of two nearly equal numbers loses digits. The complex step subtracts nothing:
        it moves `x` by `h` in the *imaginary* direction, asks `f` for one value there, and reads
        the slope off its imaginary part, since `f(x + ih)` is nearly `f(x) + ih f'(x)`.

        Write `complex_step_derivative(f, x, h)`. `f` is made of sums, products, sines and the
        like, and takes complex numbers; `x` and `h` are real numbers. It returns one real number.
        In Python the imaginary unit is `1j`. One would take `h = 1e-20`; here `h` is large, so
        that your formula can be seen.
        """,
    example="""
        >>> float(complex_step_derivative(lambda x: x**2, 3.0, 0.5))
        6.0
        """,
    variants=[
        {"value.imag / h": "((value - f(x)) / (1j * h)).real"},
        {"f(x + 1j * h)": "f(complex(x, h))", "value.imag": "(value - value.conjugate()) / 2j"}
        | {"return ": "return np.real(", " / h": " / h)"},
        {"value.imag / h": "np.imag(value / h)"},
        complex_by_conjugates,
    ],
    differences=lambda f, x, h: average_slope(f, x - 1j * h, x + 1j * h).real,
    mistakes=[
        Mistake(
            "real_part",
            "The real part is taken",
            "The real part is nearly f(x) itself; the slope times h stands in the imaginary part.",
            {"value.imag": "value.real"},
        ),
        Mistake(
            "modulus",
            "The absolute value is taken",
            "The absolute value mixes the real part, nearly f(x), with the imaginary part, where "
            "the slope stands.",
            {"value.imag": "abs(value)"},
        ),
        Mistake(
            "not_divided",
            "The imaginary part is not divided by h",
            "The imaginary part is the slope times the step h, so the step must be divided out.",
            {" / h": ""},
        ),
        Mistake(
            "doubled",
            "Divided by 2h instead of h",
            "There is one step of length h; the 2h belongs to the centered difference, which takes "
            "two.",
            {" / h": " / (2 * h)"},
        ),
        Mistake(
            "step_is_real",
            "The step is real",
            "At a real number f has no imaginary part, so this is always 0; the step must be i "
            "times h.",
            {"1j * h": "h"},
        ),
        Mistake(
            "ordinary_one_sided",
            "This is an ordinary one-sided difference",
            "It steps along the real line and subtracts two values; the complex step goes sideways "
            "and subtracts nothing.",
            {"value = f(x + 1j * h)": "value = f(x + h) - f(x)", "value.imag": "value"},
        ),
        Mistake(
            "ordinary_centered",
            "This is an ordinary centered difference",
            "It steps along the real line and subtracts two values; the complex step goes sideways "
            "and subtracts nothing.",
            {
                "value = f(x + 1j * h)": "value = f(x + h) - f(x - h)",
                "value.imag / h": "value / (2 * h)",
            },
        ),
        Mistake(
            "real_part_of_difference",
            "The real part of the difference is taken",
            "A step in the imaginary direction moves the imaginary part of f; the real part hardly "
            "moves.",
            {"value.imag / h": "(value - f(x)).real / h"},
        ),
        Mistake(
            "x_left_out",
            "x is left out",
            "f is asked at ih, a step away from 0; the step must start at x.",
            {"f(x + 1j * h)": "f(1j * h)"},
        ),
        Mistake(
            "x_turned_too",
            "x is made imaginary too",
            "Only the step is multiplied by i; x stays on the real line.",
            {"x + 1j * h": "1j * (x + h)"},
        ),
        Mistake(
            "divided_by_ih",
            "Divided by ih, then the imaginary part taken",
            "Dividing by i already turns the imaginary part into the real one, so what is left in "
            "the imaginary part is minus f over h.",
            {"value.imag / h": "(value / (1j * h)).imag"},
        ),
        Mistake(
            "brackets",
            "The step is added to the value, not to x",
            "f(x) + ih has imaginary part h whatever f is, so this is always 1; the step is taken "
            "before f is asked.",
            {"f(x + 1j * h)": "f(x) + 1j * h"},
        ),
        Mistake(
            "minus_step",
            "The sign is flipped",
            "With a step to x - ih the imaginary part is minus h times the slope.",
            {"x + 1j": "x - 1j"},
        ),
        Mistake(
            "own_step",
            "The step h is not used",
            "A very small step of its own stands in place of the argument h, so that h changes "
            "nothing.",
            {"value = ": "h = 1e-20\n    value = "},
        ),
    ],
    nudge="If f moves by its slope times the step, and the step is imaginary, in which part of the "
    "value does the slope show?",
    sketch="""
        Take one step of length h from x, straight up from the real line, and ask f for its value
        there. To first order the value is f(x) plus the slope times ih. The first of these two is
        real, the second imaginary: so take the imaginary part, and undo the length of the step.
        """,
    skeleton="""
        def complex_step_derivative(f, x, h):
            value = f(...)          # a complex number
            return ... / h
        """,
    notice="Nothing is subtracted, so h may be as small as 1e-20 and no digit is lost. The price: "
    "f must take complex numbers, which abs, max and comparisons don't.",
)


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


def second_difference(f, x, h):
    """The second derivative of f at x, from three values of f.

    f takes a number and returns one; x and h are numbers, h > 0. Returns f'' at x, a number.
    """
    left, middle, right = f(x - h), f(x), f(x + h)
    return (left - 2 * middle + right) / h**2


def slope_of_slopes(f, x, h):
    slope = lambda z: (f(z + h / 2) - f(z - h / 2)) / h  # noqa: E731 - a learner would write it so
    return (slope(x + h / 2) - slope(x - h / 2)) / h


def second_by_fit(f, x, h):
    return 2 * np.polyfit([-1.0, 0.0, 1.0], [f(x - h), f(x), f(x + h)], 2)[0] / h**2


task(
    second_difference,
    chapter=1,
    title="The second derivative, from values",
    minutes=10,
    points=3,
    returns="bend",
    inputs=curve,
    extremes=bent_down,
    closed=True,
    statement="""
        The second derivative says how fast the slope itself changes: it is how a curve bends. It
        can be measured from three values of the function.

        Take the slope half a step to the right of `x` and the slope half a step to its left, each
        by a centered difference over the distance `h`, and then the slope of these slopes. Write
        `second_difference(f, x, h)`, which does this with the values of `f` at `x - h`, `x` and
        `x + h`. `f` takes a number and returns a number; `x` and `h` are numbers, and `h` is
        positive. It returns one number.
        """,
    example="""
        >>> second_difference(lambda x: x**3, 2.0, 0.5)
        12.0
        """,
    variants=[
        {"(left - 2 * middle + right) / h**2": "((right - middle) / h - (middle - left) / h) / h"},
        {"(left - 2 * middle + right)": "np.diff([left, middle, right], 2)[0]"},
        slope_of_slopes,
        second_by_fit,
    ],
    differences=lambda f, x, h: (average_slope(f, x, x + h) - average_slope(f, x - h, x)) / h,
    mistakes=[
        Mistake(
            "middle_once",
            "The middle value is taken once",
            "The value at x belongs to both slopes, the one to its right and the one to its left, "
            "so it is subtracted twice.",
            {"2 * middle": "middle"},
        ),
        Mistake(
            "middle_added",
            "The middle value is added",
            "The value at x ends the left slope and begins the right one; in the difference of the "
            "two it is subtracted twice.",
            {"- 2 * middle": "+ 2 * middle"},
        ),
        Mistake(
            "middle_left_out",
            "The middle value is left out",
            "Without the value at x there is nothing to bend away from: a straight line must give "
            "0.",
            {"- 2 * middle ": ""},
        ),
        Mistake(
            "divided_once",
            "Divided by h once",
            "Each slope is divided by h, and the slope of the slopes once more: by h squared in "
            "all.",
            {"h**2": "h"},
        ),
        Mistake(
            "divided_by_2h",
            "Divided by 2h instead of h squared",
            "That is the width of one centered difference; here two divisions by h follow each "
            "other.",
            {"h**2": "(2 * h)"},
        ),
        Mistake(
            "half",
            "Divided by 2h² instead of h²",
            "Both slopes, and the slope of the slopes, are measured over the distance h; no factor "
            "2 is left over.",
            {"h**2": "(2 * h**2)"},
        ),
        Mistake(
            "quarter",
            "Divided by (2h)² instead of h²",
            "The two half steps make one h, so each of the two differences has the width h.",
            {"h**2": "(2 * h) ** 2"},
        ),
        Mistake(
            "not_divided",
            "The difference is not divided by h squared",
            "Two divisions by the distance h are missing: one for the slopes, one for the slope of "
            "the slopes.",
            {" / h**2": ""},
        ),
        Mistake(
            "first_derivative",
            "This is the slope, not the slope of the slope",
            "The centered difference of f gives the first derivative; the second is the difference "
            "of two slopes.",
            {"(left - 2 * middle + right) / h**2": "(right - left) / (2 * h)"},
        ),
        Mistake(
            "slope_squared",
            "The slope is squared",
            "The second derivative is the slope of the slope; squaring the slope is something "
            "else.",
            {"(left - 2 * middle + right) / h**2": "((right - left) / (2 * h)) ** 2"},
        ),
        Mistake(
            "slope_over_h",
            "The slope is divided by h once more",
            "Dividing twice is right, but there must be two differences as well: of the values, "
            "then of the slopes.",
            {"(left - 2 * middle + right) / h**2": "(right - left) / (2 * h) / h"},
        ),
        Mistake(
            "brackets_left",
            "Only the value on the left is divided",
            "Division comes before addition; the whole of left, middle and right must be divided.",
            {"(left - 2 * middle + right) / h**2": "right - 2 * middle + left / h**2"},
        ),
        Mistake(
            "brackets_right",
            "Only the value on the right is divided",
            "Division comes before addition; the whole of left, middle and right must be divided.",
            {"(left - 2 * middle + right) / h**2": "left - 2 * middle + right / h**2"},
        ),
        Mistake(
            "left_subtracted",
            "The value on the left is subtracted",
            "The left slope is middle minus left, and it is subtracted: so the left value comes "
            "back with a plus.",
            {"left - 2 * middle + right": "right - 2 * middle - left"},
        ),
        Mistake(
            "half_points",
            "The points lie half a step away from x",
            "The slopes belong half a step to each side, so the values they are made from lie a "
            "whole step away.",
            {"f(x - h), f(x), f(x + h)": "f(x - h / 2), f(x), f(x + h / 2)"},
        ),
        Mistake(
            "nested",
            "The points lie 2h away from x",
            "A centered difference with the full step h, taken twice, reaches two steps to each "
            "side; with half steps the outer points are x - h and x + h.",
            {"f(x - h), f(x), f(x + h)": "f(x - 2 * h), f(x), f(x + 2 * h)"}
            | {"h**2": "(2 * h) ** 2"},
        ),
        Mistake(
            "rightward",
            "The three points do not lie around x",
            "They start at x and go to the right, so this is the bend one step h to the right of "
            "x.",
            {"f(x - h), f(x), f(x + h)": "f(x), f(x + h), f(x + 2 * h)"},
        ),
        Mistake(
            "sign",
            "The sign is flipped",
            "It is the right slope minus the left one: a valley has a positive second derivative.",
            {"left - 2 * middle + right": "2 * middle - left - right"},
        ),
        Mistake(
            "own_step",
            "The step h is not used",
            "A small step of its own stands in place of the argument h, so that h changes nothing.",
            {"left, middle": "h = 1e-4\n    left, middle"},
        ),
    ],
    nudge="Which two values make the slope to the right of x, which two the slope to its left, and "
    "which value do they share?",
    sketch="""
        The slope to the right goes from x to the point h ahead; the slope to the left goes from
        the point h behind to x. Write both as rise over run. Their midpoints are h apart, so the
        slope of the slopes is the right one minus the left one over that distance. Collect what
        stands before each of the three values.
        """,
    skeleton="""
        def second_difference(f, x, h):
            right = (... - f(x)) / h
            left = (f(x) - ...) / h
            return ... / ...
        """,
    notice="On a cubic it is exact at any h. Beware of small steps: rounding is divided by h "
    "squared, so the best step is "
    "larger than for the slope: near 1e-4 in float64.",
)
