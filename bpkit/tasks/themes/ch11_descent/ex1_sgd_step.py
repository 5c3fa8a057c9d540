"""One step of gradient descent. Against the gradient, times the rate, into a new array."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch11_descent.shared import moved, uphill
from bpkit.tasks.tools import changed_in_place


def sgd_step(w, g, lr):
    """One step of gradient descent.

    w, g (D,): parameters and their gradient. lr: a number. Returns the new w (D,).
    """
    return w - lr * g


def sgd_inputs(draw):
    D = draw.size("D", least=2)
    return {"w": draw.real(D), "g": draw.real(D), "lr": draw.positive(low=0.1, high=0.5)}


def sgd_entries(w, g, lr):
    new = np.empty(len(w))
    for d in range(len(w)):
        new[d] = w[d] - lr * g[d]
    return new


task(
    sgd_step,
    chapter=11,
    title="One step of gradient descent",
    minutes=5,
    points=1,
    returns="w",
    inputs=sgd_inputs,
    statement="""
        Gradient descent goes a small way in the direction in which the loss falls fastest. `w`
        `(D,)` holds the parameters, `g` `(D,)` the gradient of the loss there, and the learning
        rate `lr` is a number.

        Write `sgd_step(w, g, lr)`, which returns the new parameters `(D,)`. The array that is
        given as `w` stays as it is.
        """,
    example="""
        >>> sgd_step(np.array([5.0, 3.0]), np.array([10.0, -20.0]), 0.1).tolist()
        [4.0, 5.0]
        """,
    variants=[
        {"w - lr * g": "w + g * -lr"},
        {"w - lr * g": "np.stack([w, g], axis=1) @ np.array([1.0, -lr])"},
        {"return w - lr * g": "new = w.copy()\n    new -= lr * g\n    return new"},
        sgd_entries,
    ],
    oracle=lambda w, g, lr: moved(bp.GradientDescent(lr), w, g)[0],
    mistakes=[
        uphill({"w - lr": "w + lr"}),
        Mistake(
            "rate_missing",
            "The learning rate is left out",
            "The whole gradient is subtracted; lr says how much of it makes a step.",
            {"lr * g": "g"},
        ),
        Mistake(
            "step_alone",
            "Only the step is returned",
            "This is by how much w changes; the new w is the old one with that change.",
            {"w - lr * g": "-lr * g"},
        ),
        Mistake(
            "divided_by_rate",
            "Divided by the learning rate",
            "A small rate must make a small step, so lr multiplies the gradient.",
            {"lr * g": "g / lr"},
        ),
        Mistake(
            "unit_length",
            "The gradient is scaled to length 1",
            "The step is lr times the gradient as it is: where the slope is small, the step is "
            "small.",
            {"lr * g": "lr * g / np.sqrt((g * g).sum())"},
        ),
        Mistake(
            "sign_only",
            "Only the gradient's sign is used",
            "Each entry moves by lr times its own slope, not by the same amount as all the others.",
            {"lr * g": "lr * np.sign(g)"},
        ),
        Mistake(
            "averaged",
            "The gradient is averaged over its entries",
            "Each parameter moves by its own slope, not by the mean of all slopes.",
            {"lr * g": "lr * g.mean()"},
        ),
        Mistake(
            "divided_again",
            "The gradient is divided by its length D",
            "1/N is in the gradient already if the loss is a mean; the step divides by nothing.",
            {"lr * g": "lr * g / len(g)"},
        ),
        Mistake(
            "rate_on_both",
            "The learning rate multiplies w as well",
            "w itself stays whole; only the gradient is scaled by lr.",
            {"w - lr * g": "lr * (w - g)"},
        ),
        changed_in_place({"return w - lr * g": "w -= lr * g\n    return w"}, "w"),
    ],
    nudge="If the slope is positive, on which side does the loss fall, and how far do you go?",
    sketch="""
        The gradient says, for each parameter, how steeply the loss rises when that parameter
        grows. You want it to fall, so you go the other way, and you go lr times as far as the
        gradient is long. Make a new array: an operator that ends in an equals sign writes into
        the old one.
        """,
    skeleton="""
        def sgd_step(w, g, lr):
            step = ...              # (D,): lr decides how far
            return ...
        """,
    notice="The length of the step is lr times the gradient's length: near a minimum the steps "
    "become short by themselves.",
)
