"""The slope from one value beside the real line.

Nothing is subtracted, so no digits are lost; the step must be imaginary and its part divided by
h.
"""

from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch01_slopes.shared import average_slope, curve, falling


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
            "distance",
            "The distance from f(x) in the complex plane is taken",
            "A step of i h moves the imaginary part up where f rises and down where it falls; a "
            "distance is never negative, and counts what the real part moves as well.",
            {"value = f(x + 1j * h)": "value = f(x + 1j * h) - f(x)", "value.imag": "abs(value)"},
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
