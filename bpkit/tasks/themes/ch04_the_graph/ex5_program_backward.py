"""A straight-line program, differentiated; the closed task of the chapter.

The sweep of the tape, for instructions that write over their own registers.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import slopes as measured


def program_backward(x, program):
    """The gradient of the last number that a program computes, with respect to its inputs.

    x (N,): numbers 0 to N - 1. program: a list of steps (operation, i, j), each of which makes the
    next number from numbers i and j; the operation is "add", "sub", "mul" or "div". Returns dx
    (N,).
    """
    values = list(x)
    for op, i, j in program:
        a, b = values[i], values[j]
        values.append({"add": a + b, "sub": a - b, "mul": a * b, "div": a / b}[op])
    grads = np.zeros(len(values))
    grads[-1] = 1.0
    for k in reversed(range(len(program))):
        op, i, j = program[k]
        up = grads[len(x) + k]
        a, b = values[i], values[j]
        da, db = 1.0, 1.0
        if op == "sub":
            db = -1.0
        if op == "mul":
            da, db = b, a
        if op == "div":
            da, db = 1 / b, -a / b**2
        grads[i] += up * da
        grads[j] += up * db
    return grads[: len(x)]


def value_of(x, program):
    values = list(x)
    for op, i, j in program:
        a, b = values[i], values[j]
        if op == "add":
            values.append(a + b)
        elif op == "sub":
            values.append(a - b)
        elif op == "mul":
            values.append(a * b)
        else:
            values.append(a / b)
    return values


def drawn_program(draw):
    """Every operation at least once, one number multiplied by itself, every number used."""
    N = draw.size("N", least=2, most=5)
    while True:
        x = draw.real(N, low=0.4)
        operations = ["add", "sub", "mul", "div", *draw.rng.choice(["add", "mul", "sub"], N - 1)]
        others = [*draw.rng.permutation(N).tolist(), *draw.rng.integers(N + 1, size=3).tolist()]
        program = [("mul", others[0], others[0])]
        for op, other in zip(draw.rng.permutation(operations).tolist(), others, strict=True):
            pair = [N + len(program) - 1, other]
            program.append((op, *(pair if draw.rng.random() < 0.5 else pair[::-1])))
        values = np.abs(value_of(x, program))
        if values.min() > 0.3 and values.max() < 4:
            return {"x": x, "program": program}


def program_by_forward_mode(x, program):
    values, rates = list(x), list(np.eye(len(x)))
    for op, i, j in program:
        a, b, da, db = values[i], values[j], rates[i], rates[j]
        if op in ("add", "sub"):
            sign = 1 if op == "add" else -1
            values.append(a + sign * b)
            rates.append(da + sign * db)
        elif op == "mul":
            values.append(a * b)
            rates.append(da * b + a * db)
        else:
            values.append(a / b)
            rates.append((da * b - a * db) / b**2)
    return rates[-1]


def program_by_complex_step(x, program):
    tiny = 1e-25j * np.eye(len(x))
    return np.array([value_of(x + step, program)[-1].imag / 1e-25 for step in tiny])


def program_by_paths(x, program):
    values, dx = value_of(x, program), np.zeros(len(x))

    def push(place, grad):
        if place < len(x):
            dx[place] += grad
            return
        op, i, j = program[place - len(x)]
        a, b, y = values[i], values[j], values[place]
        left, right = {"add": (1, 1), "sub": (1, -1), "mul": (b, a), "div": (1 / b, -y / b)}[op]
        push(i, grad * left)
        push(j, grad * right)

    push(len(values) - 1, 1.0)
    return dx


def program_from_bpkit(x, program):
    tensors = [bp.Tensor(float(number)) for number in x]
    value_of(tensors, program)[-1].backward()
    return np.array([tensor.grad for tensor in tensors])


task(
    program_backward,
    chapter=4,
    title="A program, run backward",
    minutes=25,
    points=5,
    returns="dx",
    closed=True,
    inputs=drawn_program,
    statement="""
        A calculation can be written as a list of steps, each of which makes one new number. The
        input `x` `(N,)` gives the numbers 0 to N - 1. `program` is a list of steps `(op, i, j)`,
        where `op` is `"add"`, `"sub"`, `"mul"` or `"div"`: the first step makes number N from the
        numbers `i` and `j`, the next makes number N + 1, and so on. `("sub", 2, 0)` is number 2
        minus number 0, `("div", 2, 0)` is number 2 divided by number 0. A number may be used many
        times, or by both sides of one step.

        Write `program_backward(x, program)`, which returns `dx` `(N,)`, the derivatives of the
        last number with respect to `x`.
        """,
    example="""
        >>> x = np.array([3.0, 2.0])
        >>> program = [("mul", 0, 0), ("div", 2, 1)]        # number 2 is 9, number 3 is 4.5
        >>> program_backward(x, program).tolist()
        [3.0, -2.25]
        """,
    variants=[
        {"-a / b**2": "-values[len(x) + k] / b"},
        program_by_forward_mode,
        program_by_complex_step,
        program_by_paths,
    ],
    oracle=program_from_bpkit,
    differences=lambda x, program: measured(lambda x: value_of(x, program)[-1], x),
    mistakes=[
        Mistake(
            "assigned",
            "Each use replaces the one before",
            "A number that is used by several steps receives from each of them, and what arrives "
            "is "
            "added up.",
            {"grads[i] += ": "grads[i] = ", "grads[j] += ": "grads[j] = "},
        ),
        Mistake(
            "right_assigned",
            "What the right side receives replaces what was there",
            "The number on the right of a step may have received before, as the left one may; both "
            "add.",
            {"grads[j] += ": "grads[j] = "},
        ),
        Mistake(
            "left_assigned",
            "What the left side receives replaces what was there",
            "The number on the left of a step may have received before, as the right one may; both "
            "add.",
            {"grads[i] += ": "grads[i] = "},
        ),
        Mistake(
            "self_once",
            "A number multiplied by itself receives once",
            "Where one number stands on both sides of a step, it receives from both sides.",
            {"grads[j] += up * db": "grads[j] += up * db * (i != j)"},
        ),
        Mistake(
            "loop_forward",
            "The steps are walked from the first to the last",
            "A step can pass on only what has arrived from later steps, so the last step comes "
            "first.",
            {"reversed(range(len(program)))": "range(len(program))"},
        ),
        Mistake(
            "not_seeded",
            "Every gradient is 0",
            "The gradient of the last number is 1 from the beginning, and step k passes on what "
            "has arrived at the number it made, N + k.",
            {"    grads[-1] = 1.0\n": ""},
        ),
        Mistake(
            "seeded_with_value",
            "The sweep starts from the last number's value",
            "The derivative of the last number with respect to itself is 1, whatever its value.",
            {"grads[-1] = 1.0": "grads[-1] = values[-1]"},
        ),
        Mistake(
            "all_seeded",
            "Every number starts with the gradient 1",
            "Only the last number's derivative with respect to itself is known at the beginning; "
            "all others start at 0.",
            {"np.zeros": "np.ones"},
        ),
        Mistake(
            "upstream_missing",
            "The gradient from above is left out",
            "A step passes on its local slope times what has arrived at the number it made.",
            {"up = grads[len(x) + k]": "up = 1.0"},
        ),
        Mistake(
            "factors_exchanged",
            "In a product each factor receives itself",
            "The slope with respect to one factor is the other factor.",
            {"da, db = b, a": "da, db = a, b"},
        ),
        Mistake(
            "sub_sign",
            "In a difference the right side has the wrong sign",
            "When what is subtracted grows, the difference falls: its slope is -1.",
            {"db = -1.0": "db = 1.0"},
        ),
        Mistake(
            "sub_left",
            "In a difference the left side has the wrong sign",
            "When the left side grows, the difference grows: its slope is 1, and that of the right "
            "side is -1.",
            {"db = -1.0": "da, db = -1.0, 1.0"},
        ),
        Mistake(
            "div_inverse",
            "In a quotient the denominator's slope is 1 over the numerator",
            "As a function of its denominator b the quotient is a/b; its derivative is minus a "
            "over b squared.",
            {"-a / b**2": "1 / a"},
        ),
        Mistake(
            "div_sign",
            "In a quotient the denominator has the wrong sign",
            "When the denominator grows, the size of a quotient shrinks: the slope is minus the "
            "numerator over the denominator squared.",
            {"-a / b**2": "a / b**2"},
        ),
        Mistake(
            "div_not_squared",
            "In a quotient the denominator is not squared",
            "The derivative of 1/b is minus one over b squared.",
            {"-a / b**2": "-a / b"},
        ),
        Mistake(
            "div_without_numerator",
            "In a quotient the denominator's slope lacks the numerator",
            "The quotient is the numerator times 1/b, so its slope carries the numerator as well.",
            {"-a / b**2": "-1 / b**2"},
        ),
        Mistake(
            "div_numerator",
            "In a quotient the numerator receives as in a product",
            "Dividing by b stretches a change of the numerator by 1/b, not by b.",
            {"1 / b,": "b,"},
        ),
        Mistake(
            "first_step_left",
            "The first step is left out on the way back",
            "The sweep stops one step too early; the first step passes its gradient on as well.",
            {"range(len(program))": "range(1, len(program))"},
        ),
        Mistake(
            "all_returned",
            "The gradients of all numbers are returned",
            "Asked for are those of the inputs, the first N.",
            {"grads[: len(x)]": "grads"},
        ),
    ],
    nudge="In which order do the numbers' gradients become complete, and which numbers must be "
    "kept "
    "from the way forward?",
    sketch="""
        Run the program once and keep every number. Give every number a gradient of 0, and the
        last one 1. Then take the steps from the last to the first: look up what has arrived at
        the number that the step made, and add to each of its two sides that much times the local
        slope. The slopes need the kept values: in a product the other factor, in a quotient both.
        The first N gradients are the answer.
        """,
    skeleton="""
        def program_backward(x, program):
            values = list(x)
            for op, i, j in program:
                values.append(...)
            grads = np.zeros(len(values))
            grads[-1] = ...
            for k in ...:
                op, i, j = program[k]
                up = grads[...]
                da, db = ..., ...           # the two local slopes, by op
                grads[i] += ...
                grads[j] += ...
            return grads[: len(x)]
        """,
    notice="This list is called a Wengert list, after the man who wrote one down in 1964. No "
    "sorting "
    "is needed: the steps were written in an order that works, and its reverse works for the "
    "way back.",
)
