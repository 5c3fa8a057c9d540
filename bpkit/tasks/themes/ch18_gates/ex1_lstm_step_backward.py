"""One step of an LSTM, backward. The cell receives from above and through the state."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch18_gates.shared import sigmoid
from bpkit.tasks.tools import pullback, slopes


def lstm_step_backward(dh, dc, z, c):
    """Back through one step of an LSTM, as far as its four gates.

    dh, dc (N, M): what arrives at the new h and at the new c. z (N, 4 M): the gates before their
    squashing, in the order input, forget, output, candidate. c (N, M): the cell before the step.
    Returns dz (N, 4 M), dc_before (N, M).
    """
    i, f, o, g = np.split(z, 4, axis=1)
    i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
    new_c = f * c + i * g
    s = np.tanh(new_c)
    do = dh * s
    dc = dc + dh * o * (1 - s**2)
    di, df, dg = dc * g, dc * c, dc * i
    dz = [di * i * (1 - i), df * f * (1 - f), do * o * (1 - o), dg * (1 - g**2)]
    return np.concatenate(dz, axis=1), dc * f


def lstm_inputs(draw):
    N, M = draw.sizes("N M", least=2 if draw.small is None else 1)
    return {
        "dh": draw.real(N, M),
        "dc": draw.real(N, M),
        "z": draw.real(N, 4 * M),
        "c": draw.real(N, M),
    }


def lstm_by_entries(dh, dc, z, c):
    M = c.shape[1]
    dz, before = np.zeros(z.shape), np.zeros(c.shape)
    for n, m in np.ndindex(c.shape):
        i, f, o = (1 / (1 + np.exp(-z[n, m + k * M])) for k in range(3))
        g = np.tanh(z[n, m + 3 * M])
        s = np.tanh(f * c[n, m] + i * g)
        total = dc[n, m] + dh[n, m] * o / np.cosh(f * c[n, m] + i * g) ** 2
        dz[n, m] = total * g * i * (1 - i)
        dz[n, m + M] = total * c[n, m] * f * (1 - f)
        dz[n, m + 2 * M] = dh[n, m] * s * o * (1 - o)
        dz[n, m + 3 * M] = total * i * (1 - g * g)
        before[n, m] = total * f
    return dz, before


def lstm_stacked(dh, dc, z, c):
    """Gates as one array (N, 4, M)."""
    N, M = c.shape
    gates = z.reshape(N, 4, M)
    half = np.tanh(gates[:, :3] / 2)
    values = np.concatenate([(1 + half) / 2, np.tanh(gates[:, 3:])], axis=1)
    slopes_ = np.concatenate([(1 - half**2) / 4, 1 - values[:, 3:] ** 2], axis=1)
    i, f, o, g = values.swapaxes(0, 1)
    s = np.tanh(f * c + i * g)
    total = dc + dh * (o - o * s * s)
    factors = np.stack([total * g, total * c, dh * s, total * i], axis=1)
    return (factors * slopes_).reshape(N, 4 * M), total * f


def lstm_in_bpkit(dh, dc, z, c):
    M = c.shape[1]

    def forward(z, c):
        i, f, o = (bp.sigmoid(z[:, k * M : (k + 1) * M]) for k in range(3))
        new_c = f * c + i * bp.tanh(z[:, 3 * M :])
        return bp.stack([o * bp.tanh(new_c), new_c])

    return pullback(forward, np.stack([dh, dc]), z, c)


def lstm_by_differences(dh, dc, z, c):
    def loss(z, c):
        i, f, o, g = np.split(z, 4, axis=1)
        new_c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return float((dh * sigmoid(o) * np.tanh(new_c) + dc * new_c).sum())

    return slopes(loss, z, c)


task(
    lstm_step_backward,
    chapter=18,
    title="One step of an LSTM, backward",
    minutes=25,
    points=4,
    given=(sigmoid,),
    returns="dz dc_before",
    inputs=lstm_inputs,
    statement="""
        An LSTM keeps a cell beside its state, and gates decide what is written, kept and shown.
        At one step `z` `(N, 4 M)` holds four blocks of `M` columns: the input gate `i`, the
        forget gate `f`, the output gate `o` and the candidate `g`, in this order, before their
        squashing. The gates `i`, `f`, `o` go through the sigmoid, which is given, and `g` through
        tanh. Then the new cell is `f * c + i * g`, with `c` `(N, M)` the cell before, and the new
        state is `o` times the tanh of the new cell.

        From above arrive `dh` `(N, M)` at the new state and `dc` `(N, M)` at the new cell; `dc`
        does not hold yet what comes through the state. Write `lstm_step_backward(dh, dc, z, c)`,
        which returns `dz` `(N, 4 M)` and `dc_before` `(N, M)`, the gradient for `c`. No input is
        changed.
        """,
    example="""
        >>> dh, dc, c = np.array([[8.0]]), np.array([[2.0]]), np.array([[0.0]])
        >>> dz, dc_before = lstm_step_backward(dh, dc, np.zeros((1, 4)), c)
        >>> dz.tolist(), dc_before.tolist()
        ([[0.0, 0.0, 0.0, 3.0]], [[3.0]])
        """,
    variants=[
        lstm_by_entries,
        lstm_stacked,
        {
            "dc = dc + dh * o * (1 - s**2)": "dc = dh * o + dc - dh * o * s * s",
            "df * f * (1 - f)": "df * (f - f * f)",
        },
    ],
    oracle=lstm_in_bpkit,
    differences=lstm_by_differences,
    mistakes=[
        Mistake(
            "dc_overwritten",
            "What arrives at the cell is lost",
            "The new cell is used twice: by the next step, which sends dc, and by the state. "
            "Both are added.",
            {"dc = dc + dh": "dc = dh"},
        ),
        Mistake(
            "not_through_the_state",
            "Nothing reaches the cell through the state",
            "The state is o times tanh of the new cell, so dh goes on to the cell, and is added "
            "to dc.",
            {"dc = dc + dh * o * (1 - s**2)": "dc = dc"},
        ),
        Mistake(
            "cell_tanh_forgotten",
            "On the way to the cell the slope of tanh is left out",
            "The state shows tanh of the cell: its slope is 1 minus the square of that tanh.",
            {"dh * o * (1 - s**2)": "dh * o"},
        ),
        Mistake(
            "slope_from_the_cell",
            "The slope of tanh is made from the cell itself",
            "It is 1 minus the square of tanh of the cell, not of the cell.",
            {"(1 - s**2)": "(1 - new_c**2)"},
        ),
        Mistake(
            "slope_from_the_old_cell",
            "The old cell stands where the new one belongs",
            "The state shows tanh of the new cell, f c + i g.",
            {"s = np.tanh(new_c)": "s = np.tanh(c)"},
        ),
        Mistake(
            "output_gate_missing",
            "The output gate is left out on the way to the cell",
            "The state is o times tanh of the cell, so what comes through it is multiplied by o.",
            {"dh * o * (1 - s**2)": "dh * (1 - s**2)"},
        ),
        Mistake(
            "output_gate_without_tanh",
            "The output gate is multiplied by the cell, not by its tanh",
            "o multiplies tanh of the new cell, so that is its slope.",
            {"do = dh * s": "do = dh * new_c"},
        ),
        Mistake(
            "output_gate_from_the_cell",
            "The output gate gets what arrives at the cell",
            "o acts on the state alone: its gradient comes from dh, not from dc.",
            {"do = dh * s\n    ": "", "di, df, dg =": "do = dc * s\n    di, df, dg ="},
        ),
        Mistake(
            "gates_before_the_state",
            "The gates see dc before dh is added",
            "i, f and g act through the new cell, and all that arrives there counts: also what "
            "comes through the state.",
            {
                "di, df, dg = dc * g, dc * c, dc * i": "",
                "dc = dc + dh": "di, df, dg = dc * g, dc * c, dc * i\n    dc = dc + dh",
            },
        ),
        Mistake(
            "cell_shown_twice",
            "What arrives at the cell goes through the output gate too",
            "Only the state is shown through o and tanh; dc arrives at the cell itself, and is "
            "added as it is.",
            {"dc = dc + dh * o": "dc = (dc + dh) * o"},
        ),
        Mistake(
            "output_gate_with_slope",
            "The output gate has a slope of tanh too many",
            "o multiplies tanh of the cell: its gradient takes that value, without a slope.",
            {"do = dh * s": "do = dh * s * (1 - s**2)"},
        ),
        Mistake(
            "gate_slopes_forgotten",
            "The slopes of the sigmoid and of tanh are left out",
            "z stands before the squashing: a gate's gradient is multiplied by its slope.",
            {
                "di * i * (1 - i)": "di",
                "df * f * (1 - f)": "df",
                "do * o * (1 - o)": "do",
                "dg * (1 - g**2)": "dg",
            },
        ),
        Mistake(
            "candidate_as_gate",
            "The candidate has the slope of a sigmoid",
            "The candidate goes through tanh, whose slope is 1 minus its square.",
            {"dg * (1 - g**2)": "dg * g * (1 - g)"},
        ),
        Mistake(
            "gates_as_candidate",
            "The gates have the slope of tanh",
            "A sigmoid's slope is its value times 1 minus its value.",
            {
                "di * i * (1 - i)": "di * (1 - i**2)",
                "df * f * (1 - f)": "df * (1 - f**2)",
                "do * o * (1 - o)": "do * (1 - o**2)",
            },
        ),
        Mistake(
            "candidate_squashed_wrongly",
            "The candidate goes through the sigmoid",
            "It is what may be written, of either sign: it goes through tanh.",
            {"np.tanh(g)": "sigmoid(g)", "(1 - g**2)": "g * (1 - g)"},
        ),
        Mistake(
            "candidate_third",
            "The blocks are in the order of another library",
            "Here the output gate is the third block and the candidate the fourth.",
            {
                "i, f, o, g = np.split": "i, f, g, o = np.split",
                "do * o * (1 - o), dg * (1 - g**2)]": "dg * (1 - g**2), do * o * (1 - o)]",
            },
        ),
        Mistake(
            "blocks_returned_otherwise",
            "dz has its last two blocks exchanged",
            "dz is laid out like z: input, forget, output, candidate.",
            {"do * o * (1 - o), dg * (1 - g**2)]": "dg * (1 - g**2), do * o * (1 - o)]"},
        ),
        Mistake(
            "input_and_forget_exchanged",
            "The input and the forget gate are exchanged",
            "The first block is the input gate, which writes; the second the forget gate, which "
            "keeps.",
            {
                "i, f, o, g = np.split": "f, i, o, g = np.split",
                "[di * i * (1 - i), df * f * (1 - f)": "[df * f * (1 - f), di * i * (1 - i)",
            },
        ),
        Mistake(
            "forget_with_new_cell",
            "The forget gate is multiplied by the new cell",
            "f multiplies the cell before the step, c, so that is its slope.",
            {"dc * c,": "dc * new_c,"},
        ),
        Mistake(
            "factors_exchanged",
            "The input gate and the candidate have their factors exchanged",
            "In the product i g, the slope with respect to each is the other one.",
            {"dc * g, dc * c, dc * i": "dc * i, dc * c, dc * g"},
        ),
        Mistake(
            "cell_not_gated",
            "The cell before receives everything",
            "Only what the forget gate keeps of it is in the new cell: it receives f times as "
            "much.",
            {", dc * f": ", dc"},
        ),
        Mistake(
            "cell_through_input_gate",
            "The cell before receives through the input gate",
            "The forget gate multiplies the old cell; the input gate multiplies the candidate.",
            {", dc * f": ", dc * i"},
        ),
    ],
    nudge="In how many ways does the new cell reach the loss, and which of them has dc counted "
    "already?",
    sketch="""
        Compute the gates, the candidate, the new cell and its tanh again. The output gate gets
        its part from the state: what arrives there times tanh of the cell. The new cell gets two
        parts, which are added: what arrived at it, and what comes through the state, by way of
        the output gate and the slope of tanh. Only with this sum go on: to the input gate, the
        forget gate, the candidate and the old cell, each times what it was multiplied by. Last,
        each of the four goes back through its own squashing.
        """,
    skeleton="""
        def lstm_step_backward(dh, dc, z, c):
            i, f, o, g = np.split(z, 4, axis=1)
            i, f, o, g = ..., ..., ..., ...
            new_c = ...
            s = np.tanh(new_c)
            do = dh * ...
            dc = dc + ...                       # all that arrives at the new cell
            di, df, dg = ..., ..., ...
            dz = [di * ..., df * ..., do * ..., dg * ...]
            return np.concatenate(dz, axis=1), ...
        """,
    notice="From cell to cell the gradient meets the forget gate and nothing else, no matrix and "
    "no squashing. Where the gate is near 1, it neither vanishes nor explodes.",
)
