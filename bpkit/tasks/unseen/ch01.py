"""Answers to the tasks on slopes."""

import math

import numpy as np

from bpkit.tasks.unseen import right, wrong


@wrong("one_sided_difference", "it looks to both sides, over one step", "centered", "factor")
def both_sides(f, x, h):
    ahead = f(x + h)
    behind = f(x - h)
    return (ahead - behind) / h


@wrong("one_sided_difference", "the rise is not divided by the step", "not_divided")
def rise_alone(f, x, h):
    y0, y1 = f(x), f(x + h)
    return y1 - y0


@wrong("one_sided_difference", "the brackets round the rise are missing", "brackets")
def precedence(f, x, h):
    slope = f(x + h) - f(x) / h
    return slope


@wrong("one_sided_difference", "it takes a step of its own and ignores h", "own_step")
def tiny_step(f, x, h):
    dx = 1e-7
    return (f(x + dx) - f(x)) / dx


@right("one_sided_difference")
def by_line_through_points(f, x, h):
    xs = np.array([x, x + h])
    ys = np.array([f(t) for t in xs])
    return np.polyfit(xs - x, ys, 1)[0]


@right("one_sided_difference")
def with_a_helper(f, x, h):
    def rise(a, b):
        return f(b) - f(a)

    return np.float64(rise(x, x + h)).item() * (1 / h)


@wrong(
    "centered_difference",
    "the points are half a step away, the division is by two steps",
    "half_steps",
)
def half_steps(f, x, h):
    half = h / 2
    return (f(x + half) - f(x - half)) / (2 * h)


@wrong("centered_difference", "the two slopes are added, not averaged", "half_width")
def sum_of_slopes(f, x, h):
    right_slope = (f(x + h) - f(x)) / h
    left_slope = (f(x) - f(x - h)) / h
    return right_slope + left_slope


@wrong("centered_difference", "the left value is added", "sum")
def added(f, x, h):
    return (f(x + h) + f(x - h)) / (2 * h)


@wrong("centered_difference", "the slope is taken from right to left", "sign")
def turned_round(f, x, h):
    top = f(x - h) - f(x + h)
    bottom = 2 * h
    return top / bottom


@right("centered_difference")
def interpolated(f, x, h):
    points = [(-h, f(x - h)), (0.0, f(x)), (h, f(x + h))]
    coefficients = np.polyfit([p[0] for p in points], [p[1] for p in points], 2)
    return float(coefficients[1])


@right("centered_difference")
def gradient_of_three(f, x, h):
    return np.gradient(np.array([f(x - h), f(x), f(x + h)]), h)[1]


@wrong("complex_step_derivative", "the real part is read", "real_part")
def real_part(f, x, h):
    z = complex(x, h)
    return f(z).real / h


@wrong("complex_step_derivative", "it is not divided by h", "not_divided")
def undivided(f, x, h):
    return np.imag(f(x + h * 1j))


@wrong("complex_step_derivative", "a centered difference of real values", "ordinary_centered")
def real_difference(f, x, h):
    return (f(x + h) - f(x - h)).real / (2 * h)


@wrong(
    "complex_step_derivative",
    "the size of the complex value is taken, not its imaginary part",
    "modulus",
)
def modulus(f, x, h):
    return abs(f(x + 1j * h)) / h


@right("complex_step_derivative")
def by_complex(f, x, h):
    value = f(complex(x, h))
    imaginary = (value - value.conjugate()) / 2j
    return float(imaginary.real) / h


@wrong("best_step", "the errors keep their signs", "signs_returned")
def signed_errors(f, x, slope, steps):
    errors = []
    for h in steps:
        errors.append((f(x + h) - f(x - h)) / (2 * h) - slope)
    errors = np.array(errors)
    return errors, steps[np.argmin(np.abs(errors))]


@wrong("best_step", "the place of the best step is returned, not the step", "place_returned")
def place_of_best(f, x, slope, steps):
    errors = np.array([abs((f(x + h) - f(x - h)) / (2 * h) - slope) for h in steps])
    return errors, np.argmin(errors)


@wrong("best_step", "the smallest step is taken for the best", "smallest")
def smallest_step(f, x, slope, steps):
    errors = np.zeros(len(steps))
    for k, h in enumerate(steps):
        errors[k] = abs((f(x + h) - f(x - h)) / (2 * h) - slope)
    return errors, steps.min()


@wrong("best_step", "errors are relative to the slope", "relative")
def relative_errors(f, x, slope, steps):
    def error(h):
        return abs((f(x + h) - f(x - h)) / (2 * h) - slope) / abs(slope)

    errors = np.array([error(h) for h in steps])
    return errors, steps[errors.argmin()]


@right("best_step")
def sorted_by_error(f, x, slope, steps):
    table = [(abs((f(x + h) - f(x - h)) / h / 2 - slope), h) for h in steps.tolist()]
    return np.array([error for error, _ in table]), min(table)[1]


@wrong("second_difference", "divided by h once only", "divided_once")
def divided_once(f, x, h):
    return (f(x - h) - 2 * f(x) + f(x + h)) / h


@wrong("second_difference", "the middle value is counted once", "middle_once")
def middle_once(f, x, h):
    left, middle, top = f(x - h), f(x), f(x + h)
    return (left - middle + top) / h**2


@wrong("second_difference", "slopes half a step away are divided by two steps", "half")
def over_two_steps(f, x, h):
    slope_right = (f(x + h) - f(x)) / h
    slope_left = (f(x) - f(x - h)) / h
    return (slope_right - slope_left) / (2 * h)


@wrong("second_difference", "the sign is that of the other order of slopes", "sign")
def left_minus_right(f, x, h):
    slopes = [(f(x + h) - f(x)) / h, (f(x) - f(x - h)) / h]
    return (slopes[1] - slopes[0]) / h


@right("second_difference")
def of_a_parabola(f, x, h):
    a, _, _ = np.polyfit([-1.0, 0.0, 1.0], [f(x - h), f(x), f(x + h)], 2)
    return 2 * a / h / h


@right("second_difference")
def summed_with_weights(f, x, h):
    total = 0.0
    for k, weight in ((-1, 1), (0, -2), (1, 1)):
        total += weight * f(x + k * h)
    return math.exp(-2 * math.log(h)) * total
