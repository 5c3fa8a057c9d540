"""The Jacobian of a map from three numbers to two.

A row for each output, a column for each input.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import slopes


def jacobian_of_map(x):
    """The Jacobian of y0 = x0 x1 + x2, y1 = sin(x0) x2**2.

    x (3,). Returns J (2, 3): J[i, j] is the derivative of output i with respect to input j.
    """
    a, b, c = x
    J = np.zeros((2, 3))
    J[0] = b, a, 1.0
    J[1] = np.cos(a) * c**2, 0.0, np.sin(a) * 2 * c
    return J


def the_map(x):
    return np.array([x[0] * x[1] + x[2], np.sin(x[0]) * x[2] ** 2])


def jacobian_by_columns(x):
    columns = [the_map(x + 1e-25j * step).imag / 1e-25 for step in np.eye(3)]
    return np.stack(columns, axis=1)


def jacobian_by_rows(x):
    first = np.array([x[1], x[0], 1.0])
    inner, outer = np.array([np.cos(x[0]), 0, 0]), np.array([0, 0, 2 * x[2]])
    return np.vstack([first, inner * x[2] ** 2 + np.sin(x[0]) * outer])


def jacobian_from_bpkit(x):
    rows = []
    for i in range(2):
        t = bp.Tensor(x)
        y = (t[0] * t[1] + t[2], bp.sin(t[0]) * t[2] ** 2)[i]
        y.backward()
        rows.append(t.grad)
    return np.array(rows)


def jacobian_by_differences(x):
    return np.array([slopes(lambda x, i=i: the_map(x)[i], x) for i in range(2)])


task(
    jacobian_of_map,
    chapter=6,
    title="A Jacobian, written out",
    minutes=8,
    points=2,
    returns="J",
    inputs=lambda draw: {"x": draw.real(3, low=0.3, high=1.4)},
    statement="""
        A function that takes three numbers and gives two has six derivatives, and the Jacobian is
        the table of them: one row for each output, one column for each input. This one takes `x`
        `(3,)`, and its outputs are `y0 = x0 * x1 + x2` and `y1 = sin(x0) * x2**2`.

        Write `jacobian_of_map(x)`, which returns `J` `(2, 3)`: `J[i, j]` is the derivative of
        output i with respect to input j.
        """,
    example="""
        >>> jacobian_of_map(np.array([0.0, 5.0, 3.0])).tolist()
        [[5.0, 0.0, 1.0], [9.0, 0.0, 0.0]]
        """,
    variants=[
        jacobian_by_columns,
        jacobian_by_rows,
        jacobian_by_differences,
    ],
    oracle=jacobian_from_bpkit,
    differences=jacobian_by_differences,
    mistakes=[
        Mistake(
            "transposed",
            "The Jacobian is transposed",
            "Rows belong to outputs and columns to inputs: two outputs and three inputs make "
            "(2, 3).",
            {"return J": "return J.T"},
        ),
        Mistake(
            "rows_exchanged",
            "The rows are exchanged",
            "Row 0 belongs to the first output, y0.",
            {"return J": "return J[::-1]"},
        ),
        Mistake(
            "factors_exchanged",
            "In the product each factor receives itself",
            "The derivative of x0 x1 with respect to x0 is the other factor, x1.",
            {"b, a, 1.0": "a, b, 1.0"},
        ),
        Mistake(
            "term_for_slope",
            "A term stands in place of its derivative",
            "x2 is added in y0, so the derivative with respect to it is 1, not x2.",
            {"b, a, 1.0": "b, a, c"},
        ),
        Mistake(
            "term_forgotten",
            "The derivative of the added x2 is missing",
            "x2 is part of y0 too: when it moves by a little, y0 moves as much.",
            {"b, a, 1.0": "b, a, 0.0"},
        ),
        Mistake(
            "sine_kept",
            "The sine is not differentiated",
            "With respect to x0, the derivative of sin(x0) is cos(x0).",
            {"np.cos(a) * c**2": "np.sin(a) * c**2"},
        ),
        Mistake(
            "cosine_sign",
            "The derivative of the sine has the wrong sign",
            "The derivative of sin is cos; the minus belongs to the derivative of cos.",
            {"np.cos(a)": "-np.cos(a)"},
        ),
        Mistake(
            "factor_dropped_0",
            "With respect to x0 the factor x2 squared is missing",
            "While x0 moves, x2 squared stands still, but it still multiplies.",
            {"np.cos(a) * c**2": "np.cos(a)"},
        ),
        Mistake(
            "factor_dropped_2",
            "With respect to x2 the factor sin(x0) is missing",
            "While x2 moves, sin(x0) stands still, but it still multiplies.",
            {"np.sin(a) * 2 * c": "2 * c"},
        ),
        Mistake(
            "both_at_once",
            "Both factors are differentiated at once",
            "In column 2 only x2 moves, so the sine stays as it is; in each column one input "
            "moves.",
            {"np.sin(a) * 2 * c": "np.cos(a) * 2 * c"},
        ),
        Mistake(
            "two_missing",
            "The derivative of the square lacks its 2",
            "The derivative of x2 squared is 2 x2.",
            {"np.sin(a) * 2 * c": "np.sin(a) * c"},
        ),
        Mistake(
            "power_kept",
            "The square is not differentiated",
            "With respect to x2, the derivative of x2 squared is 2 x2.",
            {"np.sin(a) * 2 * c": "np.sin(a) * c**2"},
        ),
        Mistake(
            "wrong_column",
            "The derivative with respect to x2 stands under x1",
            "The columns follow the inputs; the middle one belongs to x1, which is no part of y1.",
            {"0.0, np.sin(a) * 2 * c": "np.sin(a) * 2 * c, 0.0"},
        ),
        Mistake(
            "both_at_once_0",
            "With respect to x0 the square is differentiated too",
            "In column 0 only x0 moves, so x2 squared stays as it is.",
            {"np.cos(a) * c**2": "np.cos(a) * 2 * c"},
        ),
        Mistake(
            "not_zero",
            "An input that does not occur has a derivative",
            "x1 is no part of y1, so y1 stands still while x1 moves: that derivative is 0.",
            {"c**2, 0.0,": "c**2, 1.0,"},
        ),
        Mistake(
            "rows_added",
            "The two outputs' derivatives are added",
            "That is the gradient of y0 + y1; the Jacobian keeps a row for each output.",
            {"return J": "return J.sum(axis=0)"},
        ),
    ],
    nudge="Which of the inputs does each output contain, and which entries are the same wherever "
    "you are?",
    sketch="""
        Take the outputs one after the other; each is a row. For the row, take the inputs one
        after the other, move only that one, and treat the others as fixed numbers. The first
        output is a product plus a term. The second is a product as well, and one of the inputs is
        no part of it.
        """,
    skeleton="""
        def jacobian_of_map(x):
            a, b, c = x
            J = np.zeros((2, 3))
            J[0] = ..., ..., ...
            J[1] = ..., ..., ...
            return J
        """,
    notice="A layer with a thousand inputs and a thousand outputs has a million such entries for "
    "every example. That is why no engine ever writes a Jacobian down.",
)
