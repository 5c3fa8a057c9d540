"""Whole sequences to walk back through, and mistakes that are made in any such walk."""

import numpy as np

from bpkit.tasks.spec import Mistake


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
