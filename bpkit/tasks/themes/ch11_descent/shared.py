"""What steps of descent have in common: bpkit's own step, and mistakes made in any of them."""

import bpkit as bp
from bpkit.tasks.spec import Mistake


def moved(optimizer, w, g, *memory, t=1):
    """The new parameters and memories from one step of bpkit's optimizer."""
    p = bp.Tensor(w)
    p.grad, optimizer.t, optimizer.memory[p] = g, t - 1, [a.copy() for a in memory]
    optimizer.step([p])
    return p.data, *optimizer.memory[p]


def uphill(how):
    return Mistake(
        "uphill",
        "The step goes uphill",
        "The gradient points to where the loss grows, so the step is subtracted from w.",
        how,
    )
