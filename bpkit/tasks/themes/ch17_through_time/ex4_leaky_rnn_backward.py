"""A state that forgets slowly, through time; the closed task of the chapter.

Beside the way through tanh each state has a direct way to the next, and the gradient takes both.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import pullback, slopes


def leaky_rnn_backward(dH, X, H, C, h0, Wh, leak):
    """The gradients of a leaky recurrent network, back through all steps.

    dH, H, C (N, T, M), X (N, T, D), h0 (N, M), Wh (M, M), leak a number. Returns dWx (D, M),
    dWh (M, M), db (M,), dh0 (N, M).
    """
    dWx, dWh, db = np.zeros((X.shape[2], len(Wh))), np.zeros(Wh.shape), np.zeros(len(Wh))
    dh = np.zeros(h0.shape)
    for t in reversed(range(X.shape[1])):
        before = H[:, t - 1] if t > 0 else h0
        dh = dH[:, t] + dh
        dz = leak * dh * (1 - C[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += before.T @ dz
        db += dz.sum(axis=0)
        dh = (1 - leak) * dh + dz @ Wh.T
    return dWx, dWh, db, dh


def run(X, h, Wx, Wh, b, leak, tanh=np.tanh):
    """The states and the candidates of all steps."""
    states, candidates = [], []
    for t in range(X.shape[1]):
        candidates.append(tanh(X[:, t] @ Wx + h @ Wh + b))
        h = (1 - leak) * h + leak * candidates[-1]
        states.append(h)
    return states, candidates


def leaky_sequence(draw):
    T = draw.size("T", least=3)
    N, D, M = draw.sizes("N D M", least=2 if draw.small is None else 1)
    X, h0, leak = draw.real(N, T, D), draw.real(N, M), draw.positive(low=0.2, high=0.45)
    Wx, Wh = draw.real(D, M, low=0.1, high=0.5), draw.real(M, M, low=0.1, high=0.5)
    states, candidates = run(X, h0, Wx, Wh, draw.real(M, low=0.1, high=0.5), leak)
    H, C = np.stack(states, axis=1), np.stack(candidates, axis=1)
    return {"dH": draw.real(N, T, M), "X": X, "H": H, "C": C, "h0": h0, "Wh": Wh, "leak": leak}


def parameters(X, C, H, h0, Wh):
    """Some Wx and b with which the candidates come out as they are, found by least squares."""
    N, T, D = X.shape
    before = np.concatenate([h0[:, None], H[:, :-1]], axis=1)
    inputs = np.concatenate([X, np.ones((N, T, 1))], axis=2).reshape(N * T, D + 1)
    found = np.linalg.lstsq(inputs, (np.arctanh(C) - before @ Wh).reshape(N * T, -1))[0]
    return found[:-1], found[-1]


def all_at_once(dH, X, H, C, h0, Wh, leak):
    dZ, carried = np.empty(H.shape), 0
    for t in range(H.shape[1])[::-1]:
        arrives = dH[:, t] + carried
        dZ[:, t] = arrives * leak / np.cosh(np.arctanh(C[:, t])) ** 2
        carried = arrives - leak * arrives + np.einsum("nk,mk->nm", dZ[:, t], Wh)
    before = np.concatenate([h0[:, None], H[:, :-1]], axis=1)
    dWx, dWh = (np.einsum("nta,ntm->am", a, dZ) for a in (X, before))
    return dWx, dWh, dZ.sum((0, 1)), carried


def recursive(dH, X, H, C, h0, Wh, leak):
    if X.shape[1] == 0:
        return np.zeros((X.shape[2], len(Wh))), np.zeros(Wh.shape), np.zeros(len(Wh)), 0 * h0
    rest = [a[:, 1:] for a in (dH, X, H, C)]
    dWx, dWh, db, dh = recursive(*rest, H[:, 0], Wh, leak)
    dh = dh + dH[:, 0]
    dz = leak * dh * (1 - C[:, 0]) * (1 + C[:, 0])
    dWx, dWh = dWx + X[:, 0].T @ dz, dWh + h0.T @ dz
    return dWx, dWh, db + np.ones(len(dz)) @ dz, dh + dz @ Wh.T - leak * dh


def in_bpkit(dH, X, H, C, h0, Wh, leak):
    Wx, b = parameters(X, C, H, h0, Wh)
    up = dH.swapaxes(0, 1)
    return pullback(
        lambda Wx, Wh, b, h0: bp.stack(run(X, h0, Wx, Wh, b, leak, lambda z: bp.tanh(z))[0]),
        up,
        Wx,
        Wh,
        b,
        h0,
    )


def by_differences(dH, X, H, C, h0, Wh, leak):
    Wx, b = parameters(X, C, H, h0, Wh)
    return slopes(
        lambda Wx, Wh, b, h0: float((dH * np.stack(run(X, h0, Wx, Wh, b, leak)[0], axis=1)).sum()),
        Wx,
        Wh,
        b,
        h0,
    )


task(
    leaky_rnn_backward,
    chapter=17,
    title="A leaky state, back through time",
    minutes=25,
    points=4,
    returns="dWx dWh db dh0",
    inputs=leaky_sequence,
    statement="""
        A leaky network keeps a part of its old state as it is. At each step it makes a candidate,
        `C[:, t] = tanh(X[:, t] @ Wx + h @ Wh + b)`, and then the new state `H[:, t] = (1 - leak)
        * h + leak * C[:, t]`, where `h` is the state before, `H[:, t - 1]`, and `h0` for the
        first step. `X` is `(N, T, D)`, the states `H` and the candidates `C` are `(N, T, M)`,
        `h0` is `(N, M)`, `Wx` `(D, M)`, `Wh` `(M, M)`, `b` `(M,)`, and `leak` is a number. `dH`
        `(N, T, M)` is what arrives at each state from above, not counting what later states send
        back.

        Write `leaky_rnn_backward(dH, X, H, C, h0, Wh, leak)`, which returns the gradients `dWx`
        `(D, M)`, `dWh` `(M, M)`, `db` `(M,)` and `dh0` `(N, M)`.
        """,
    example="""
        >>> X, C, H = np.array([[[2.0]]]), np.array([[[0.6]]]), np.array([[[0.55]]])
        >>> h0, Wh, dH = np.array([[0.5]]), np.array([[3.0]]), np.array([[[10.0]]])
        >>> [g.round(3).tolist() for g in leaky_rnn_backward(dH, X, H, C, h0, Wh, 0.5)]
        [[[6.4]], [[1.6]], [3.2], [[14.6]]]
        """,
    variants=[
        {
            "(1 - C[:, t] ** 2)": "(1 - C[:, t]) * (1 + C[:, t])",
            "(1 - leak) * dh": "dh - leak * dh",
        },
        all_at_once,
        recursive,
    ],
    oracle=in_bpkit,
    differences=by_differences,
    mistakes=[
        Mistake(
            "direct_way_forgotten",
            "The direct way from state to state is left out",
            "A state reaches the next one twice: through its candidate, and as it is, times 1 - "
            "leak.",
            {"(1 - leak) * dh + dz @ Wh.T": "dz @ Wh.T"},
        ),
        Mistake(
            "through_tanh_forgotten",
            "What a state sends through the next candidate is left out",
            "A state reaches the next one twice: through its candidate, and as it is.",
            {"(1 - leak) * dh + dz @ Wh.T": "(1 - leak) * dh"},
        ),
        Mistake(
            "direct_way_whole",
            "The direct way carries the whole gradient",
            "The old state enters the new one times 1 - leak, so its gradient does too.",
            {"(1 - leak) * dh + dz": "dh + dz"},
        ),
        Mistake(
            "leak_forgotten",
            "The candidate's way lacks the factor leak",
            "The candidate enters the new state times leak.",
            {"leak * dh * (1 - C": "dh * (1 - C"},
        ),
        Mistake(
            "leak_exchanged",
            "leak and 1 - leak are exchanged",
            "The old state is kept times 1 - leak, and the candidate enters times leak.",
            {"dz = leak * dh": "dz = (1 - leak) * dh", "dh = (1 - leak) * dh": "dh = leak * dh"},
        ),
        Mistake(
            "slope_of_the_state",
            "The slope of tanh is taken from the state",
            "The state is a mixture; tanh gave the candidate, so the slope is made of C.",
            {"C[:, t] ** 2": "H[:, t] ** 2"},
        ),
        Mistake(
            "tangent_forgotten",
            "The slope of the hyperbolic tangent is left out",
            "What arrives at a candidate passes back through tanh, with 1 minus its square.",
            {" * (1 - C[:, t] ** 2)": ""},
        ),
        Mistake(
            "slope_not_squared",
            "The slope is 1 minus the candidate",
            "The slope of tanh is 1 minus the square of its value.",
            {"C[:, t] ** 2": "C[:, t]"},
        ),
        Mistake(
            "Wh_not_transposed",
            "On the way back Wh is not transposed",
            "Forward, rows of h meet Wh; back, rows meet its transpose.",
            {"dz @ Wh.T": "dz @ Wh"},
        ),
        Mistake(
            "no_carry",
            "Nothing is carried from a step to the one before",
            "What step t + 1 sends back is added to what arrives at step t itself.",
            {"dh = dH[:, t] + dh": "dh = dH[:, t]"},
        ),
        Mistake(
            "dWh_with_new_state",
            "dWh uses the state of its own step",
            "Wh multiplied the state before the step.",
            {"before.T @ dz": "H[:, t].T @ dz"},
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
            "forward_in_time",
            "The loop runs forward in time",
            "What a later step sends must be there before the earlier one passes it on.",
            {"reversed(range(X.shape[1]))": "range(X.shape[1])"},
        ),
        Mistake(
            "dh0_stops_short",
            "dh0 is what arrives at the first state",
            "From the first state to h0 is one more step, with both of its ways.",
            {
                "        dh = (1 - leak) * dh + dz @ Wh.T": "        dh = (1 - leak) * dh + dz @ "
                "Wh.T if t > 0 else dh"
            },
        ),
        Mistake(
            "own_part_not_passed",
            "The direct way carries only what later steps sent",
            "All that arrives at a state goes back the direct way: what comes from above "
            "at that step too.",
            {
                "        dh = dH[:, t] + dh\n        dz = leak * dh *": "        dz = "
                "leak * (dH[:, t] + dh) *"
            },
        ),
    ],
    nudge="By which two ways does a state act on the next one, and what does each of them do to a "
    "gradient that goes back?",
    sketch="""
        Walk from the last step to the first, carrying what the later steps send. At each step,
        add what arrives from above. From the new state two ways go back. One leads to the
        candidate, with the factor leak, then through the slope of tanh, which the candidate
        itself gives; there the parameters get their parts, added up over all steps, and from
        there it goes on through the transpose of Wh. The other leads to the old state
        directly. What both bring there is carried on.
        """,
    skeleton="""
        def leaky_rnn_backward(dH, X, H, C, h0, Wh, leak):
            dWx, dWh, db = np.zeros((X.shape[2], len(Wh))), np.zeros(Wh.shape), np.zeros(len(Wh))
            dh = np.zeros(h0.shape)             # what later steps send back
            for t in ...:
                before = ...                    # (N, M)
                dh = ...
                dz = ...                        # (N, M): before tanh
                dWx += ...
                dWh += ...
                db += ...
                dh = ... + ...                  # two ways to the state before
            return dWx, dWh, db, dh
        """,
    notice="Along the direct way the gradient shrinks by 1 - leak at each step, whatever the "
    "weights do: this is how an LSTM's cell remembers.",
    closed=True,
)
