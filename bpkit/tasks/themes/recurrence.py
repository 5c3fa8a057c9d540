"""Tasks on networks that step through time: a step, all steps back, truncation, gates."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import pullback, slopes


def sigmoid(x):
    """1 / (1 + exp(-x)), entry by entry."""
    return 1 / (1 + np.exp(-x))


def rnn_step(x, h, Wx, Wh, b):
    """One step of a recurrent network.

    x (N, D), h (N, M): this step's input and the state before it. Wx (D, M), Wh (M, M), b (M,).
    Returns the new state (N, M).
    """
    return np.tanh(x @ Wx + h @ Wh + b)


def step_inputs(draw):
    N, D, M = draw.sizes("N D M", least=2 if draw.small is None else 1)
    return {
        "x": draw.real(N, D),
        "h": draw.real(N, M),
        "Wx": draw.real(D, M),
        "Wh": draw.real(M, M),
        "b": draw.real(M),
    }


def rnn_step_side_by_side(x, h, Wx, Wh, b):
    return np.tanh(np.concatenate([x, h], axis=1) @ np.concatenate([Wx, Wh]) + b)


def rnn_step_loops(x, h, Wx, Wh, b):
    new = np.zeros(h.shape)
    for n, m in np.ndindex(h.shape):
        total = b[m]
        for d in range(x.shape[1]):
            total = total + x[n, d] * Wx[d, m]
        for k in range(h.shape[1]):
            total = total + h[n, k] * Wh[k, m]
        new[n, m] = np.tanh(total)
    return new


task(
    rnn_step,
    chapter=17,
    title="One step of a recurrent network",
    minutes=6,
    points=1,
    returns="h",
    inputs=step_inputs,
    statement="""
        A recurrent network reads a sequence step by step and keeps what it has read in a state.
        At each step the new state is the hyperbolic tangent of the input times `Wx` plus the old
        state times `Wh` plus `b`. `x` is `(N, D)`, one example a row, the state `h` is `(N, M)`,
        `Wx` is `(D, M)`, `Wh` is `(M, M)` and `b` is `(M,)`.

        Write `rnn_step(x, h, Wx, Wh, b)`, which returns the new state `(N, M)`.
        """,
    example="""
        >>> x, h = np.array([[2.0]]), np.array([[3.0]])
        >>> rnn_step(x, h, np.array([[0.5]]), np.array([[-0.5]]), np.array([0.5])).tolist()
        [[0.0]]
        """,
    variants=[
        rnn_step_side_by_side,
        rnn_step_loops,
        {
            "np.tanh(x @ Wx + h @ Wh + b)": (
                "1 - 2 / (1 + np.exp(2 * (np.einsum('nd,dm->nm', x, Wx) + h.dot(Wh) + b)))"
            )
        },
    ],
    oracle=lambda x, h, Wx, Wh, b: bp.tanh(bp.affine(bp.Tensor(x), Wx, b) + bp.Tensor(h) @ Wh).data,
    mistakes=[
        Mistake(
            "Wh_transposed",
            "Wh is transposed",
            "Rows of h meet Wh as it is. It is square, so the shapes don't tell.",
            {"h @ Wh": "h @ Wh.T"},
        ),
        Mistake(
            "state_ignored",
            "The old state is left out",
            "Without it the network has no memory: each step sees its own input alone.",
            {" + h @ Wh": ""},
        ),
        Mistake(
            "input_ignored",
            "The input is left out",
            "Each step adds what it reads, x times Wx, to what the state brings.",
            {"x @ Wx + ": ""},
        ),
        Mistake(
            "bias_missing",
            "The bias is left out",
            "b is added once at every step, before tanh is applied.",
            {" + b": ""},
        ),
        Mistake(
            "bias_outside",
            "The bias is added after tanh",
            "It belongs inside, with the two products, so that the state stays between -1 and 1.",
            {" + b)": ") + b"},
        ),
        Mistake(
            "bias_twice",
            "The bias is added twice",
            "One bias serves both products together.",
            {" + b": " + 2 * b"},
        ),
        Mistake(
            "no_tangent",
            "The hyperbolic tangent is missing",
            "It keeps the state between -1 and 1, however long the sequence.",
            {"np.tanh": ""},
        ),
        Mistake(
            "sigmoid",
            "A sigmoid stands in place of the hyperbolic tangent",
            "tanh runs from -1 to 1, a sigmoid from 0 to 1.",
            {"np.tanh": "sigmoid"},
        ),
        Mistake(
            "relu",
            "ReLU stands in place of the hyperbolic tangent",
            "tanh keeps the state between -1 and 1; ReLU lets it grow from step to step.",
            {"np.tanh(x @ Wx + h @ Wh + b)": "np.maximum(x @ Wx + h @ Wh + b, 0)"},
        ),
        Mistake(
            "input_alone_squashed",
            "The state is added after tanh",
            "Both products and b are added first, and tanh is applied to their sum.",
            {"np.tanh(x @ Wx + h @ Wh + b)": "np.tanh(x @ Wx + b) + h @ Wh"},
        ),
        Mistake(
            "state_added",
            "The old state is added to the new one",
            "The old state enters through Wh only; it isn't carried along besides.",
            {"return np": "return h + np"},
        ),
        Mistake(
            "state_squashed",
            "The old state is squashed once more",
            "h has been through tanh when it was made; it meets Wh as it is.",
            {"h @ Wh": "np.tanh(h) @ Wh"},
        ),
    ],
    nudge="Which of the things that are added here knows what came earlier in the sequence?",
    sketch="""
        It is an affine layer with two inputs: what is read now, through its own matrix, and what
        is remembered, through another. Their sum and the bias go through the hyperbolic tangent
        together, and that is the new state.
        """,
    skeleton="""
        def rnn_step(x, h, Wx, Wh, b):
            total = ... + ... + b       # (N, M)
            return ...
        """,
    notice="The same three parameters are used at every step: they are shared along time, so "
    "their gradients will add up along time.",
)


def rnn_backward(dH, X, H, h0, Wx, Wh):
    """The gradients of a recurrent network, back through all steps.

    dH, H (N, T, M), X (N, T, D), h0 (N, M), Wx (D, M), Wh (M, M). Returns dWx (D, M), dWh (M, M),
    db (M,), dh0 (N, M).
    """
    T = H.shape[1]
    dWx, dWh, db = np.zeros(Wx.shape), np.zeros(Wh.shape), np.zeros(len(Wh))
    dh = np.zeros(h0.shape)
    for t in reversed(range(T)):
        before = H[:, t - 1] if t > 0 else h0
        dh = dH[:, t] + dh
        dz = dh * (1 - H[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += before.T @ dz
        db += dz.sum(axis=0)
        dh = dz @ Wh.T
    return dWx, dWh, db, dh


def unrolled(X, h0, Wx, Wh, b):
    states, h = [], h0
    for t in range(X.shape[1]):
        h = np.tanh(X[:, t] @ Wx + h @ Wh + b)
        states.append(h)
    return np.stack(states, axis=1)


def whole_sequence(draw, least=3, most=7):
    """Inputs of a pass back in time; the states are those of a pass forward."""
    T = draw.size("T", least=least, most=most)
    N, D, M = draw.sizes("N D M", least=2 if draw.small is None else 1)
    X, h0 = draw.real(N, T, D), draw.real(N, M, low=0.2, high=0.9)
    Wx, Wh = draw.real(D, M, low=0.1, high=0.5), draw.real(M, M, low=0.1, high=0.5)
    H = unrolled(X, h0, Wx, Wh, draw.real(M, low=0.1, high=0.5))
    return {"dH": draw.real(N, T, M), "X": X, "H": H, "h0": h0, "Wx": Wx, "Wh": Wh}


def bias_of(X, H, h0, Wx, Wh):
    """The bias that the states were made with."""
    return np.arctanh(H[0, 0]) - X[0, 0] @ Wx - h0[0] @ Wh


def bptt_all_at_once(dH, X, H, h0, Wx, Wh):
    """First what arrives at every step, then the parameters by one product each."""
    N, T, M = H.shape
    slope = 1 - H * H
    dZ = np.empty((N, T, M))
    carried = np.zeros((N, M))
    for t in range(T - 1, -1, -1):
        dZ[:, t] = (dH[:, t] + carried) * slope[:, t]
        carried = np.einsum("nk,mk->nm", dZ[:, t], Wh)
    before = np.concatenate([h0[:, None], H[:, :-1]], axis=1)
    dWx = np.einsum("ntd,ntm->dm", X, dZ)
    dWh = before.reshape(-1, M).T @ dZ.reshape(-1, M)
    return dWx, dWh, dZ.sum(axis=(0, 1)), carried


def bptt_recursive(dH, X, H, h0, Wx, Wh):
    def back(t, dh):
        if t < 0:
            return np.zeros(Wx.shape), np.zeros(Wh.shape), np.zeros(len(Wh)), dh
        dz = (dH[:, t] + dh) / np.cosh(np.arctanh(H[:, t])) ** 2
        before = h0 if t == 0 else H[:, t - 1]
        dWx, dWh, db, dh0 = back(t - 1, (Wh @ dz.T).T)
        return dWx + X[:, t].T @ dz, dWh + before.T @ dz, db + dz.sum(0), dh0

    return back(H.shape[1] - 1, 0)


def bptt_each_output_alone(dH, X, H, h0, Wx, Wh):
    """For each step's gradient its own way back; then all are added."""
    out = [np.zeros(Wx.shape), np.zeros(Wh.shape), np.zeros(len(Wh)), np.zeros(h0.shape)]
    for last in range(H.shape[1]):
        dh = dH[:, last]
        for t in range(last, -1, -1):
            dz = dh - dh * H[:, t] ** 2
            out[0] += X[:, t].T @ dz
            out[1] += (H[:, t - 1] if t else h0).T @ dz
            out[2] += np.ones(len(dz)) @ dz
            dh = dz @ Wh.T
        out[3] += dh
    return out


def bptt_in_bpkit(dH, X, H, h0, Wx, Wh):
    def forward(Wx, Wh, b, h):
        states = []
        for t in range(X.shape[1]):
            h = bp.tanh(bp.affine(X[:, t], Wx, b) + h @ Wh)
            states.append(h)
        return bp.stack(states)

    b = bias_of(X, H, h0, Wx, Wh)
    return pullback(forward, dH.swapaxes(0, 1), Wx, Wh, b, h0)


def bptt_by_differences(dH, X, H, h0, Wx, Wh):
    b = bias_of(X, H, h0, Wx, Wh)
    return slopes(
        lambda Wx, Wh, b, h0: float((dH * unrolled(X, h0, Wx, Wh, b)).sum()), Wx, Wh, b, h0
    )


def in_time_mistakes():
    """What goes wrong on any way back through time; the references' lines are cut alike."""
    return [
        Mistake(
            "no_carry",
            "Nothing is carried from a step to the one before",
            "A state acts through all later states too: what step t + 1 sends back is added to "
            "what arrives at step t itself.",
            {"dh = dH[:, t] + dh": "dh = dH[:, t]"},
        ),
        Mistake(
            "last_step_only",
            "Only the last step's dH is used",
            "Each step's state has a gradient of its own, dH at t, which joins what is carried "
            "back.",
            {"dh = dH[:, t] + dh": "dh = dh + (dH[:, t] if t == T - 1 else 0)"},
        ),
        Mistake(
            "tangent_forgotten",
            "The slope of the hyperbolic tangent is left out",
            "What arrives at a state passes back through tanh, whose slope is 1 minus the "
            "square of the state.",
            {"dh * (1 - H[:, t] ** 2)": "dh"},
        ),
        Mistake(
            "slope_not_squared",
            "The slope is 1 minus the state",
            "The slope of tanh is 1 minus the square of its value.",
            {"H[:, t] ** 2)": "H[:, t])"},
        ),
        Mistake(
            "slope_of_sigmoid",
            "The slope is that of a sigmoid",
            "h (1 - h) belongs to the sigmoid; tanh has 1 minus the square of its value.",
            {"(1 - H[:, t] ** 2)": "H[:, t] * (1 - H[:, t])"},
        ),
        Mistake(
            "tanh_again",
            "The slope takes the tanh of a state",
            "H has been through tanh already: the slope is 1 minus its square.",
            {"H[:, t] ** 2)": "np.tanh(H[:, t]) ** 2)"},
        ),
        Mistake(
            "slope_of_the_step_before",
            "The slope is that of the step before",
            "The slope belongs to the state that this step made, H at t.",
            {"(1 - H[:, t] ** 2)": "(1 - before**2)"},
        ),
        Mistake(
            "Wh_not_transposed",
            "On the way back Wh is not transposed",
            "Forward, rows of h meet Wh; back, rows meet its transpose. It is square, so the "
            "shapes don't tell.",
            {"dz @ Wh.T": "dz @ Wh"},
        ),
        Mistake(
            "carried_without_Wh",
            "The gradient is carried back without Wh",
            "A state reaches the next one through Wh, so its transpose is on the way back.",
            {"dh = dz @ Wh.T": "dh = dz"},
        ),
        Mistake(
            "carried_before_slope",
            "What is carried back skips tanh",
            "A state reaches the next one through Wh and then tanh: both are on the way back.",
            {"dh = dz @ Wh.T": "dh = dh @ Wh.T"},
        ),
        Mistake(
            "parameters_before_slope",
            "The parameters' gradients skip tanh",
            "The parameters act inside tanh, so its slope multiplies what reaches them.",
            {
                "X[:, t].T @ dz": "X[:, t].T @ dh",
                "before.T @ dz": "before.T @ dh",
                "db += dz": "db += dh",
            },
        ),
        Mistake(
            "input_of_the_step_before",
            "dWx uses the input of the step before",
            "Wx multiplied the input of its own step, X at t.",
            {"X[:, t].T @ dz": "X[:, t - 1].T @ dz"},
        ),
        Mistake(
            "first_step_left_out",
            "The first step is left out",
            "The walk back ends with step 0, which has a part in all gradients.",
            {"range(T)": "range(1, T)"},
        ),
        Mistake(
            "dWh_with_new_state",
            "dWh uses the state of its own step",
            "Wh multiplied the state before the step, so that one is the slope.",
            {"before.T @ dz": "H[:, t].T @ dz"},
        ),
        Mistake(
            "dWh_transposed",
            "dWh is transposed",
            "Entry (k, m) pairs the state before with what arrives at the new one, in this order.",
            {"before.T @ dz": "dz.T @ before"},
        ),
        Mistake(
            "h0_taken_as_zero",
            "At the first step the state before is taken as 0",
            "The state before the first step is h0, and Wh multiplies it like any other.",
            {"if t > 0 else h0": "if t > 0 else np.zeros(h0.shape)"},
        ),
        Mistake(
            "wraps_around",
            "At the first step the state before is the last state",
            "Index -1 is the end of the sequence; before the first step comes h0.",
            {"H[:, t - 1] if t > 0 else h0": "H[:, t - 1]"},
        ),
        Mistake(
            "parameters_assigned",
            "The parameters' gradients hold one step alone",
            "The same parameters are used at every step, so what the steps send is added up.",
            {"dWx +=": "dWx =", "dWh +=": "dWh =", "db +=": "db ="},
        ),
        Mistake(
            "averaged_over_time",
            "The parameters' gradients are averaged over the steps",
            "What arrives is the gradient of one loss; the steps' parts are added up.",
            {"return dWx, dWh, db": "return dWx / T, dWh / T, db / T"},
        ),
        Mistake(
            "db_averaged",
            "db is averaged over the batch",
            "1/N is in the loss already, and so in dH; averaging here divides db by N once more.",
            {"dz.sum(axis=0)": "dz.mean(axis=0)"},
        ),
        Mistake(
            "forward_in_time",
            "The loop runs forward in time",
            "What a later step sends must be there before the earlier one passes it on, so the "
            "last step comes first.",
            {"reversed(range(T))": "range(T)"},
        ),
    ]


task(
    rnn_backward,
    chapter=17,
    title="Backpropagation through time",
    minutes=30,
    points=5,
    returns="dWx dWh db dh0",
    inputs=whole_sequence,
    statement="""
        A recurrent network made its states one after the other: `H[:, t] = tanh(X[:, t] @ Wx + h
        @ Wh + b)`, where `h` is the state before, `H[:, t - 1]`, and `h0` for the first step. `X`
        is `(N, T, D)`, the states `H` are `(N, T, M)`, `h0` is `(N, M)`, `Wx` `(D, M)`, `Wh` `(M,
        M)` and `b` `(M,)`. The loss looks at every state: `dH` `(N, T, M)` is what arrives at
        each of them from above, not counting what later states send back.

        Write `rnn_backward(dH, X, H, h0, Wx, Wh)`, which returns the gradients `dWx` `(D, M)`,
        `dWh` `(M, M)`, `db` `(M,)` and `dh0` `(N, M)`.
        """,
    example="""
        >>> X, H, dH = np.array([[[2.0], [0.0]]]), np.array([[[0.6], [0.0]]]), np.ones((1, 2, 1))
        >>> h0, Wx, Wh = np.array([[0.5]]), np.array([[1.0]]), np.array([[3.0]])
        >>> [g.round(3).tolist() for g in rnn_backward(dH, X, H, h0, Wx, Wh)]
        [[[5.12]], [[1.88]], [3.56], [[7.68]]]
        """,
    variants=[bptt_all_at_once, bptt_recursive, bptt_each_output_alone],
    oracle=bptt_in_bpkit,
    differences=bptt_by_differences,
    mistakes=[
        *in_time_mistakes(),
        Mistake(
            "dh0_stops_short",
            "dh0 lacks the last step back",
            "From the first step to h0 the gradient passes through Wh once more.",
            {"        dh = dz @ Wh.T": "        dh = dz @ Wh.T if t > 0 else dz"},
        ),
        Mistake(
            "dh0_before_the_slope",
            "dh0 is what arrives at the first state",
            "It is one step further back: through the slope of tanh, and through Wh.",
            {"        dh = dz @ Wh.T": "        dh = dz @ Wh.T if t > 0 else dh"},
        ),
    ],
    nudge="Through how many paths does the first state reach the loss, and which of them does a "
    "single step back gather up?",
    sketch="""
        Walk from the last step to the first, carrying one array: what the later steps send to the
        state you are at, which is 0 at the end. At each step, add what arrives there from above;
        go back through tanh with the slope that its own value gives; now you stand before the
        sum. From there the three parameters get their parts, added to what other steps have given
        them, and what goes on to the state before passes through the transpose of Wh. What is
        carried when the walk is over belongs to h0.
        """,
    skeleton="""
        def rnn_backward(dH, X, H, h0, Wx, Wh):
            T = H.shape[1]
            dWx, dWh, db = np.zeros(Wx.shape), np.zeros(Wh.shape), np.zeros(len(Wh))
            dh = np.zeros(h0.shape)             # what later steps send back
            for t in ...:
                before = ...                    # (N, M): the state before this step
                dh = ... + dh
                dz = ...                        # (N, M): before tanh
                dWx += ...
                dWh += ...
                db += ...
                dh = ...                        # on to the step before
            return dWx, dWh, db, dh
        """,
    notice="On its way from step T to the start the gradient meets the transpose of Wh T times: "
    "that product is what vanishes or explodes.",
)


def truncated_rnn_backward(dH, X, H, h0, Wx, Wh, k):
    """The gradients of a recurrent network, back through time but not across chunks.

    dH, H (N, T, M), X (N, T, D), h0 (N, M), Wx (D, M), Wh (M, M), k an integer: steps 0 to k - 1
    are the first chunk, and so on. Returns dWx (D, M), dWh (M, M), db (M,).
    """
    T = H.shape[1]
    dWx, dWh, db = np.zeros(Wx.shape), np.zeros(Wh.shape), np.zeros(len(Wh))
    dh = np.zeros(h0.shape)
    for t in reversed(range(T)):
        before = H[:, t - 1] if t > 0 else h0
        dh = dH[:, t] + dh
        dz = dh * (1 - H[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += before.T @ dz
        db += dz.sum(axis=0)
        dh = dz @ Wh.T
        if t % k == 0:
            dh = np.zeros(h0.shape)
    return dWx, dWh, db


def sequence_in_chunks(draw):
    inputs = whole_sequence(draw, least=7, most=11)
    T = inputs["H"].shape[1]
    return inputs | {"k": draw.choice([k for k in range(3, (T + 1) // 2) if T % k])}


def chunk_by_chunk(dH, X, H, h0, Wx, Wh, k):
    total, h = None, h0
    for first in range(0, H.shape[1], k):
        chunk = np.s_[:, first : first + k]
        part = rnn_backward(dH[chunk], X[chunk], H[chunk], h, Wx, Wh)[:3]
        total = part if total is None else tuple(a + b for a, b in zip(total, part, strict=True))
        h = H[chunk][:, -1]
    return total


def chunks_by_recursion(dH, X, H, h0, Wx, Wh, k):
    if H.shape[1] == 0:
        return np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(Wh.shape[0])
    first = bptt_all_at_once(dH[:, :k], X[:, :k], H[:, :k], h0, Wx, Wh)[:3]
    rest = chunks_by_recursion(dH[:, k:], X[:, k:], H[:, k:], H[:, :k][:, -1], Wx, Wh, k)
    return [a + b for a, b in zip(first, rest, strict=True)]


def chunks_masked(dH, X, H, h0, Wx, Wh, k):
    """Every dz at once; what is carried is multiplied by 0 at the borders."""
    N, T, M = H.shape
    dZ = np.zeros((N, T + 1, M))
    for t in range(T - 1, -1, -1):
        carried = dZ[:, t + 1] @ Wh.T * ((t + 1) % k != 0)
        dZ[:, t] = (dH[:, t] + carried) * (1 - H[:, t] ** 2)
    dZ = dZ[:, :T]
    before = np.concatenate([h0[:, None], H[:, :-1]], axis=1)
    return (
        np.einsum("ntd,ntm->dm", X, dZ),
        np.einsum("ntk,ntm->km", before, dZ),
        dZ.sum((0, 1)),
    )


def chunks_in_bpkit(dH, X, H, h0, Wx, Wh, k):
    def forward(Wx, Wh, b):
        states, h = [], h0
        for t in range(X.shape[1]):
            if t % k == 0 and t:
                h = H[:, t - 1]
            h = bp.tanh(bp.affine(X[:, t], Wx, b) + bp.matmul(h, Wh))
            states.append(h)
        return bp.stack(states)

    return pullback(forward, dH.swapaxes(0, 1), Wx, Wh, bias_of(X, H, h0, Wx, Wh))


task(
    truncated_rnn_backward,
    chapter=17,
    title="Truncated backpropagation through time",
    minutes=15,
    points=3,
    returns="dWx dWh db",
    inputs=sequence_in_chunks,
    statement="""
        A sequence of a million steps can't be kept in memory, so it is cut into chunks of `k`
        steps: steps `0` to `k - 1` are the first chunk, the next `k` the second, and the last may
        be shorter. States are carried from chunk to chunk as ever, but no gradient goes back
        across a border: what a chunk's first step would send to the step before it is dropped.
        All else is as in full backpropagation through time: `H[:, t] = tanh(X[:, t] @ Wx + h @ Wh
        + b)` with `h` the state before, `h0` for the first step. `X` is `(N, T, D)`, `H` `(N, T,
        M)`, `h0` `(N, M)`, `Wx` `(D, M)`, `Wh` `(M, M)`, and `dH` `(N, T, M)` is what arrives at
        each state from above.

        Write `truncated_rnn_backward(dH, X, H, h0, Wx, Wh, k)`, which returns `dWx` `(D, M)`,
        `dWh` `(M, M)` and `db` `(M,)`, added up over all chunks.
        """,
    example="""
        >>> X, H, dH = np.array([[[2.0], [0.0]]]), np.array([[[0.6], [0.0]]]), np.ones((1, 2, 1))
        >>> h0, Wx, Wh = np.array([[0.5]]), np.array([[1.0]]), np.array([[3.0]])
        >>> [g.round(3).tolist() for g in truncated_rnn_backward(dH, X, H, h0, Wx, Wh, 1)]
        [[[1.28]], [[0.92]], [1.64]]
        """,
    variants=[chunk_by_chunk, chunks_by_recursion, chunks_masked],
    oracle=chunks_in_bpkit,
    mistakes=[
        *in_time_mistakes(),
        Mistake(
            "not_cut",
            "The gradient goes back across the borders",
            "This is full backpropagation through time; what a chunk's first step would send back "
            "is dropped.",
            {"t % k == 0": "False"},
        ),
        Mistake(
            "cut_one_late",
            "The cut is one step off",
            "The first step of a chunk is a multiple of k; what goes back from there is dropped, "
            "not what arrives there or what goes back from its neighbor.",
            {"t % k == 0": "(t + 1) % k == 0"},
        ),
        Mistake(
            "cut_one_step_into_the_chunk",
            "The cut is one step after the border",
            "What is dropped is sent by the first step of a chunk, not by its second.",
            {"t % k == 0": "t % k == 1"},
        ),
        Mistake(
            "counted_from_the_end",
            "The chunks are counted from the end",
            "The first chunk holds the first k steps; the short one, if any, is the last.",
            {"t % k == 0": "(T - t) % k == 0"},
        ),
        Mistake(
            "cut_once",
            "Only one border is cut",
            "Every chunk begins with a border: the gradient is dropped at each multiple of k.",
            {"t % k == 0": "t == k"},
        ),
        Mistake(
            "states_cut_too",
            "The state is set to 0 at the border",
            "States go from chunk to chunk; only the gradient is cut.",
            {"if t > 0 else h0": "if t % k else (h0 if t == 0 else np.zeros(h0.shape))"},
        ),
        Mistake(
            "h0_at_each_chunk",
            "Each chunk starts from h0",
            "A chunk starts from the last state of the chunk before; h0 is for the first alone.",
            {"if t > 0 else h0": "if t % k else h0"},
        ),
        Mistake(
            "last_chunk_only",
            "Only the last chunk counts",
            "Each chunk has a gradient of its own, and all of them are added up.",
            {
                "            dh = np.zeros(h0.shape)": "            break",
            },
        ),
        Mistake(
            "window",
            "Only the last k steps count",
            "All T steps add to the gradients; what is cut is the way from one chunk to another.",
            {"reversed(range(T))": "reversed(range(T - k, T))"},
        ),
    ],
    nudge="In chunks of three steps, which steps still hear what the loss says at step 4, and "
    "which don't?",
    sketch="""
        Take the full walk back through time and change one thing. After a step has computed what
        it would send to the step before, ask whether it is the first of its chunk, that is,
        whether its number is a multiple of k. If so, nothing is sent. The states stay as they
        are, also the one that Wh met at the border.
        """,
    skeleton="""
        def truncated_rnn_backward(dH, X, H, h0, Wx, Wh, k):
            T = H.shape[1]
            dWx, dWh, db = np.zeros(Wx.shape), np.zeros(Wh.shape), np.zeros(len(Wh))
            dh = np.zeros(h0.shape)
            for t in reversed(range(T)):
                ...                             # as in full backpropagation through time
                if ...:
                    dh = np.zeros(h0.shape)
            return dWx, dWh, db
        """,
    notice="The result is not the gradient of the loss: it lacks all influence that crosses a "
    "border. It is biased toward what can be learned within k steps.",
)


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


def gru_step(zx, zh, h):
    """One step of a gated recurrent unit, from its two products.

    zx (N, 3 M): the input times its weights, plus bias. zh (N, 3 M): the state times its weights.
    h (N, M): the state before. Columns: reset gate, update gate, candidate. Returns the new state
    (N, M).
    """
    rx, ux, nx = np.split(zx, 3, axis=1)
    rh, uh, nh = np.split(zh, 3, axis=1)
    r = sigmoid(rx + rh)
    u = sigmoid(ux + uh)
    n = np.tanh(nx + r * nh)
    return u * h + (1 - u) * n


def gru_inputs(draw):
    N, M = draw.sizes("N M", least=2 if draw.small is None else 1)
    return {
        "zx": draw.real(N, 3 * M),
        "zh": draw.real(N, 3 * M),
        "h": draw.real(N, M, low=0.2, high=0.9),
    }


def gru_toward_candidate(zx, zh, h):
    M = h.shape[1]
    gates = 0.5 * (1 + np.tanh((zx[:, : 2 * M] + zh[:, : 2 * M]) / 2))
    candidate = np.tanh(zx[:, 2 * M :] + gates[:, :M] * zh[:, 2 * M :])
    return candidate + gates[:, M:] * (h - candidate)


def gru_entries(zx, zh, h):
    out, M = np.empty_like(h), h.shape[1]
    for row, m in np.ndindex(h.shape):
        a, b = zx[row].reshape(3, M)[:, m], zh[row].reshape(3, M)[:, m]
        r, u = 1 / (1 + np.exp(-(a[:2] + b[:2])))
        out[row, m] = (1 - u) * np.tanh(a[2] + r * b[2]) + u * h[row, m]
    return out


def gru_in_bpkit(zx, zh, h):
    N, M = h.shape
    layer = bp.GRU(1, M, seed=0)
    # weights of the state such that h @ Wh is zh, one example at a time
    rows = []
    for n in range(N):
        layer.Wh.data[...] = np.linalg.pinv(h[n : n + 1]) @ zh[n : n + 1]
        rows.append(layer.step(bp.Tensor(zx[n : n + 1]), bp.Tensor(h[n : n + 1]))[0].data)
    return np.concatenate(rows)


task(
    gru_step,
    chapter=18,
    title="One step of a GRU",
    minutes=10,
    points=2,
    given=(sigmoid,),
    returns="h",
    inputs=gru_inputs,
    statement="""
        A gated recurrent unit has two gates and no cell. Two products have been made for you:
        `zx` `(N, 3 M)` from this step's input, bias included, and `zh` `(N, 3 M)` from the state
        before, `h` `(N, M)`. Both hold three blocks of `M` columns: for the reset gate, the
        update gate and the candidate, in this order. A gate is the sigmoid, which is given, of
        its two blocks added. The candidate is the tanh of its block of `zx` plus the reset gate
        times its block of `zh`. The new state is the update gate times the old state plus one
        minus the update gate times the candidate.

        Write `gru_step(zx, zh, h)`, which returns the new state `(N, M)`.
        """,
    example="""
        >>> gru_step(np.array([[5.0, 0.0, 0.0]]), np.zeros((1, 3)), np.array([[0.5]])).tolist()
        [[0.25]]
        """,
    variants=[
        gru_toward_candidate,
        gru_entries,
        {"u * h + (1 - u) * n": "h + (1 - u) * (n - h)"},
    ],
    oracle=gru_in_bpkit,
    mistakes=[
        Mistake(
            "update_exchanged",
            "The update gate is the wrong way round",
            "Here the update gate says how much of the old state is kept; some papers have it the "
            "other way.",
            {"u * h + (1 - u) * n": "(1 - u) * h + u * n"},
        ),
        Mistake(
            "gates_exchanged",
            "The reset and the update gate are exchanged",
            "The first block is the reset gate's, the second the update gate's.",
            {"rx, ux, nx =": "ux, rx, nx =", "rh, uh, nh =": "uh, rh, nh ="},
        ),
        Mistake(
            "no_reset",
            "The reset gate is not used",
            "It multiplies what the state brings to the candidate, so that the past can be "
            "dropped.",
            {"r * nh": "nh"},
        ),
        Mistake(
            "reset_inverted",
            "The reset gate is the wrong way round",
            "Where it is 1 the state is let through, where it is 0 the past is dropped.",
            {"r * nh": "(1 - r) * nh"},
        ),
        Mistake(
            "reset_on_h",
            "The reset gate multiplies h, not its block of zh",
            "The state has met its weights already: the candidate takes the third block of zh.",
            {"r * nh": "r * h"},
        ),
        Mistake(
            "reset_on_input",
            "The reset gate acts on the input",
            "It resets what is remembered: it multiplies the candidate's block of zh, not of zx.",
            {"nx + r * nh": "r * nx + nh"},
        ),
        Mistake(
            "reset_on_both",
            "The reset gate acts on input and state",
            "What is read now counts in full; only the block of zh is multiplied by it.",
            {"nx + r * nh": "r * (nx + nh)"},
        ),
        Mistake(
            "reset_outside",
            "The reset gate acts after the tanh",
            "It multiplies the block of zh before the sum is squashed.",
            {"np.tanh(nx + r * nh)": "r * np.tanh(nx + nh)"},
        ),
        Mistake(
            "candidate_without_state",
            "The candidate does not see the state",
            "Its block of zh is added, times the reset gate.",
            {"nx + r * nh": "nx"},
        ),
        Mistake(
            "candidate_sigmoid",
            "The candidate goes through the sigmoid",
            "It is a state, of either sign: it goes through tanh.",
            {"np.tanh": "sigmoid"},
        ),
        Mistake(
            "gates_tanh",
            "The gates go through tanh",
            "A gate is a share between 0 and 1: it goes through the sigmoid.",
            {"r = sigmoid": "r = np.tanh", "u = sigmoid": "u = np.tanh"},
        ),
        Mistake(
            "gates_without_state",
            "The gates do not see the state",
            "Each gate adds its block of zx and its block of zh.",
            {"rx + rh": "rx", "ux + uh": "ux"},
        ),
        Mistake(
            "candidate_first",
            "The candidate is read from the first block",
            "The order of the columns is reset gate, update gate, candidate.",
            {"rx, ux, nx =": "nx, rx, ux =", "rh, uh, nh =": "nh, rh, uh ="},
        ),
        Mistake(
            "not_mixed",
            "The candidate is added whole",
            "The two shares add up to 1: what is not kept of the old state is left to the "
            "candidate.",
            {"(1 - u) * n": "n"},
        ),
        Mistake(
            "old_state_whole",
            "The old state is kept whole",
            "The two shares add up to 1: the old state is multiplied by the update gate.",
            {"u * h": "h"},
        ),
        Mistake(
            "old_state_lost",
            "The old state is not kept at all",
            "Its share, the update gate times h, is added to the candidate's.",
            {"u * h + ": ""},
        ),
    ],
    nudge="If the update gate is 1, what should be left of the old state, and what of the "
    "candidate?",
    sketch="""
        Cut both products into their three blocks. Add the blocks of each gate and squash them to
        between 0 and 1. For the candidate, scale the state's block by the reset gate, add the
        input's block, and squash to between -1 and 1. Then mix the old state and the candidate
        with shares that add up to 1, the update gate being the old state's share.
        """,
    skeleton="""
        def gru_step(zx, zh, h):
            rx, ux, nx = np.split(zx, 3, axis=1)
            rh, uh, nh = np.split(zh, 3, axis=1)
            r = ...
            u = ...
            n = ...
            return ... * h + ... * n
        """,
    notice="Where the update gate is near 1 the state passes through unchanged, and so does the "
    "gradient: it plays the forget gate's part.",
)


def gru_step_backward(dh, zx, zh, h):
    """Back through one step of a gated recurrent unit, as far as its two products.

    dh (N, M): what arrives at the new state. zx, zh (N, 3 M), h (N, M): as in the step. Returns
    dzx (N, 3 M), dzh (N, 3 M), dh_before (N, M), the last without what goes through zh.
    """
    rx, ux, nx = np.split(zx, 3, axis=1)
    rh, uh, nh = np.split(zh, 3, axis=1)
    r, u = sigmoid(rx + rh), sigmoid(ux + uh)
    n = np.tanh(nx + r * nh)
    du = dh * (h - n)
    dn = dh * (1 - u)
    dan = dn * (1 - n**2)
    dr = dan * nh
    dar = dr * r * (1 - r)
    dau = du * u * (1 - u)
    dzx = np.concatenate([dar, dau, dan], axis=1)
    dzh = np.concatenate([dar, dau, dan * r], axis=1)
    return dzx, dzh, dh * u


def gru_back_inputs(draw):
    inputs = gru_inputs(draw)
    return {"dh": draw.real(*inputs["h"].shape)} | inputs


def gru_back_entries(dh, zx, zh, h):
    M = h.shape[1]
    dzx, dzh, before = np.empty_like(zx), np.empty_like(zh), np.empty_like(h)
    for row, m in np.ndindex(h.shape):
        a, b, c = (zx[row, m + k * M] for k in range(3))
        p, q, s = (zh[row, m + k * M] for k in range(3))
        r, u = 1 / (1 + np.exp(-a - p)), 1 / (1 + np.exp(-b - q))
        n = np.tanh(c + r * s)
        to_n = dh[row, m] * (1 - u) / np.cosh(c + r * s) ** 2
        parts = (to_n * s * r * (1 - r), dh[row, m] * (h[row, m] - n) * u * (1 - u))
        dzx[row, [m, m + M, m + 2 * M]] = (*parts, to_n)
        dzh[row, [m, m + M, m + 2 * M]] = (*parts, to_n * r)
        before[row, m] = dh[row, m] * u
    return dzx, dzh, before


def gru_back_stacked(dh, zx, zh, h):
    N, M = h.shape
    x, y = zx.reshape(N, 3, M), zh.reshape(N, 3, M)
    gates = 1 / (1 + np.exp(-(x + y)[:, :2]))
    n = np.tanh(x[:, 2] + gates[:, 0] * y[:, 2])
    inner = dh * (1 - gates[:, 1]) * (1 + n) * (1 - n)
    d = np.stack([inner * y[:, 2], dh * (h - n)], axis=1) * (gates - gates**2)
    dzx = np.concatenate([d, inner[:, None]], axis=1)
    dzh = np.concatenate([d, (inner * gates[:, 0])[:, None]], axis=1)
    return dzx.reshape(N, -1), dzh.reshape(N, -1), gates[:, 1] * dh


def gru_back_in_bpkit(dh, zx, zh, h):
    M = h.shape[1]

    def forward(zx, zh, h):
        gates = bp.sigmoid(zx[:, : 2 * M] + zh[:, : 2 * M])
        n = bp.tanh(zx[:, 2 * M :] + gates[:, :M] * zh[:, 2 * M :])
        return n + gates[:, M:] * (h - n)

    return pullback(forward, dh, zx, zh, h)


task(
    gru_step_backward,
    chapter=18,
    title="One step of a GRU, backward",
    minutes=25,
    points=4,
    closed=True,
    given=(sigmoid,),
    returns="dzx dzh dh_before",
    inputs=gru_back_inputs,
    statement="""
        A gated recurrent unit made its new state from two products, `zx` `(N, 3 M)` and `zh` `(N,
        3 M)`, and the state before, `h` `(N, M)`. Each product holds three blocks of `M` columns:
        for the reset gate `r`, the update gate `u` and the candidate `n`, in this order. `r` and
        `u` are the sigmoid, which is given, of their two blocks added; `n` is the tanh of its
        block of `zx` plus `r` times its block of `zh`; the new state is `u * h + (1 - u) * n`.
        `dh` `(N, M)` arrives at the new state.

        Write `gru_step_backward(dh, zx, zh, h)`, which returns the gradients `dzx` `(N, 3 M)`,
        `dzh` `(N, 3 M)` and `dh_before` `(N, M)`, where `zx`, `zh` and `h` are taken as three
        separate inputs: what reaches the old state through `zh` is not in `dh_before`.
        """,
    example="""
        >>> dh, zx, zh, h = np.array([[8.0]]), np.zeros((1, 3)), np.zeros((1, 3)), np.array([[2.0]])
        >>> [d.tolist() for d in gru_step_backward(dh, zx, zh, h)]
        [[[0.0, 4.0, 4.0]], [[0.0, 4.0, 2.0]], [[4.0]]]
        """,
    variants=[
        gru_back_entries,
        gru_back_stacked,
        {"dan = dn * (1 - n**2)": "dan = dn - dn * n * n", "dh * (h - n)": "h * dh - dh * n"},
    ],
    oracle=gru_back_in_bpkit,
    differences=lambda dh, zx, zh, h: slopes(
        lambda zx, zh, h: float((dh * gru_step(zx, zh, h)).sum()), zx, zh, h
    ),
    mistakes=[
        Mistake(
            "update_exchanged",
            "The update gate is the wrong way round",
            "The old state's share is u and the candidate's 1 - u, here and on the way back.",
            {
                "dh * (h - n)": "dh * (n - h)",
                "dh * (1 - u)": "dh * u",
                ", dh * u": ", dh * (1 - u)",
            },
        ),
        Mistake(
            "update_sees_h_alone",
            "The update gate lacks the candidate's part",
            "u multiplies h and, as 1 - u, also n: its slope is h minus n.",
            {"(h - n)": "h"},
        ),
        Mistake(
            "update_sign",
            "The update gate's gradient has the wrong sign",
            "A larger u brings more of h and less of n: its slope is h minus n.",
            {"(h - n)": "(n - h)"},
        ),
        Mistake(
            "candidate_share_missing",
            "The candidate receives everything",
            "Only the share 1 - u of the candidate is in the new state.",
            {"dh * (1 - u)": "dh"},
        ),
        Mistake(
            "candidate_through_u",
            "The candidate receives the old state's share",
            "The old state's share is u; the candidate's is 1 - u.",
            {"dh * (1 - u)": "dh * u"},
        ),
        Mistake(
            "tanh_forgotten",
            "The slope of tanh is left out",
            "The candidate went through tanh: what arrives is multiplied by 1 minus its square.",
            {"dn * (1 - n**2)": "dn"},
        ),
        Mistake(
            "gate_slopes_forgotten",
            "The slopes of the gates are left out",
            "A gate went through the sigmoid: its gradient is multiplied by gate times 1 - gate.",
            {"dr * r * (1 - r)": "dr", "du * u * (1 - u)": "du"},
        ),
        Mistake(
            "candidate_as_gate",
            "The candidate has the slope of a sigmoid",
            "The candidate went through tanh, whose slope is 1 minus its square.",
            {"(1 - n**2)": "n * (1 - n)"},
        ),
        Mistake(
            "reset_before_tanh",
            "The reset gate's gradient skips the tanh",
            "The reset gate acts inside the tanh, so its slope comes first.",
            {"dr = dan * nh": "dr = dn * nh"},
        ),
        Mistake(
            "reset_sees_h",
            "The reset gate is multiplied by the state",
            "r multiplies the candidate's block of zh: that block is its slope.",
            {"dr = dan * nh": "dr = dan * h"},
        ),
        Mistake(
            "reset_missing_in_dzh",
            "dzh lacks the reset gate",
            "The candidate's block of zh is multiplied by r going forward, and so is its gradient.",
            {"dan * r]": "dan]"},
        ),
        Mistake(
            "reset_in_dzx",
            "dzx has the reset gate in its candidate",
            "The block of zx enters the tanh as it is; only that of zh is multiplied by r.",
            {"[dar, dau, dan], axis": "[dar, dau, dan * r], axis"},
        ),
        Mistake(
            "gates_exchanged",
            "The blocks of the two gates are exchanged",
            "The order of the columns is reset gate, update gate, candidate.",
            {
                "[dar, dau, dan], axis": "[dau, dar, dan], axis",
                "[dar, dau, dan * r]": ("[dau, dar, dan * r]"),
            },
        ),
        Mistake(
            "old_state_whole",
            "The old state receives everything",
            "Only the share u of it is in the new state.",
            {", dh * u": ", dh + 0 * u"},
        ),
        Mistake(
            "old_state_nothing",
            "The old state receives the candidate's share",
            "The old state's share is u; 1 - u is the candidate's.",
            {", dh * u": ", dh * (1 - u)"},
        ),
    ],
    nudge="Where does the update gate stand in the formula of the new state, and how often?",
    sketch="""
        Compute the gates and the candidate again. From the new state three ways lead back: to the
        old state, by its share; to the candidate, by the other share; to the update gate, by the
        difference of the two that it mixes. Through the tanh the candidate's way leads to both of
        its blocks and to the reset gate. Each gate goes back through its sigmoid, and its two
        blocks, being added, receive the same.
        """,
    skeleton="""
        def gru_step_backward(dh, zx, zh, h):
            rx, ux, nx = np.split(zx, 3, axis=1)
            rh, uh, nh = np.split(zh, 3, axis=1)
            r, u = ..., ...
            n = ...
            du = ...
            dn = ...
            dan = ...           # before the tanh
            dr = ...
            dar, dau = ..., ...     # before the sigmoids
            dzx = np.concatenate([dar, dau, ...], axis=1)
            dzh = np.concatenate([dar, dau, ...], axis=1)
            return dzx, dzh, ...
        """,
    notice="The two products receive the same in their gates' blocks, and differ only where the "
    "reset gate stands between.",
)
