"""The upstream gradient times a Jacobian, for a batch.

Rows multiply from the left, so outputs are summed over.
"""

import numpy as np

from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import averaged_twice, slopes, upstream_ignored


def vjp_from_jacobian(dY, J):
    """Each example's upstream gradient, taken back through the example's own Jacobian.

    dY (N, M); J (N, M, D): J[n, i, j] is the derivative of output i with respect to input j, for
    example n. Returns dX (N, D).
    """
    return np.einsum("nm,nmd->nd", dY, J)


def vjp_by_loops(dY, J):
    dX = np.zeros((J.shape[0], J.shape[2]))
    for n, m, d in np.ndindex(J.shape):
        dX[n, d] += dY[n, m] * J[n, m, d]
    return dX


def vjp_row_by_row(dY, J):
    return np.array([Jn.T @ up for up, Jn in zip(dY, J, strict=True)])


def jacobians(draw):
    N, M, D = draw.sizes("N M D")
    return {"dY": draw.real(N, M), "J": draw.real(N, M, D)}


task(
    vjp_from_jacobian,
    chapter=6,
    title="Back through a Jacobian",
    minutes=8,
    points=2,
    returns="dX",
    inputs=jacobians,
    statement="""
        A step takes an example with `D` numbers to one with `M`. For each of the `N` examples its
        Jacobian is known: `J` is `(N, M, D)`, and `J[n, i, j]` is the derivative of output i with
        respect to input j. From above comes `dY` `(N, M)`, the gradient with respect to the
        outputs.

        Write `vjp_from_jacobian(dY, J)`, which returns `dX` `(N, D)`, the gradient with respect
        to the inputs. This is the vector-Jacobian product: an input feels every output it
        reaches.
        """,
    example="""
        >>> dY, J = np.array([[10.0, 1.0]]), np.array([[[2.0, 3.0, 4.0], [5.0, 6.0, 7.0]]])
        >>> vjp_from_jacobian(dY, J).tolist()
        [[25.0, 36.0, 47.0]]
        """,
    variants=[
        {'np.einsum("nm,nmd->nd", dY, J)': "(dY[:, None, :] @ J)[:, 0]"},
        {'np.einsum("nm,nmd->nd", dY, J)': "(dY[:, :, None] * J).sum(axis=1)"},
        vjp_by_loops,
        vjp_row_by_row,
    ],
    differences=lambda dY, J: slopes(
        lambda X: np.sum(dY * np.einsum("nmd,nd->nm", J, X)), np.zeros((len(J), J.shape[2]))
    ),
    mistakes=[
        upstream_ignored({'"nm,nmd->nd", dY, J': '"nmd->nd", J'}),
        Mistake(
            "not_transposed",
            "The Jacobian is used as for going forward",
            "Forward, J takes D numbers to M; back, dY has M numbers, so the sum runs over the "
            "outputs, the rows of J.",
            {"nm,nmd->nd": "nm,ndm->nd"},
        ),
        Mistake(
            "inputs_summed",
            "The sum runs over the inputs",
            "Each input has a gradient of its own; what is added up are the outputs that it "
            "reaches.",
            {"nm,nmd->nd": "nm,nmd->nm"},
        ),
        Mistake(
            "not_summed",
            "The outputs are not summed",
            "An input reaches all M outputs, and their contributions to its gradient add up.",
            {"nm,nmd->nd": "nm,nmd->nmd"},
        ),
        Mistake(
            "outputs_averaged",
            "The outputs are averaged",
            "An input feels all the outputs it reaches, so contributions are added, and divided by "
            "nothing.",
            {'np.einsum("nm,nmd->nd", dY, J)': "(dY[:, :, None] * J).mean(axis=1)"},
        ),
        Mistake(
            "batch_summed",
            "The examples are summed",
            "Each example has its own inputs, so each row of dX stands for one example.",
            {"nm,nmd->nd": "nm,nmd->d"},
        ),
        averaged_twice({'nd", dY, J)': 'nd", dY, J) / len(J)'}),
        Mistake(
            "first_jacobian",
            "All examples use the first one's Jacobian",
            "Where an example lies decides its derivatives, so each has a Jacobian of its own.",
            {'np.einsum("nm,nmd->nd", dY, J)': "dY @ J[0]"},
        ),
        Mistake(
            "examples_mixed",
            "Each example meets the Jacobians of all",
            "Examples do not touch each other: row n of dY goes with the Jacobian of example n "
            "alone.",
            {"nm,nmd->nd": "nm,kmd->nd"},
        ),
        Mistake(
            "first_output",
            "Only the first output reports back",
            "Every output that an input reaches sends back a share; there are M of them.",
            {'nd", dY, J)': 'nd", dY[:, :1], J[:, :1])'},
        ),
        Mistake(
            "upstream_summed",
            "The upstream gradient is summed before it is used",
            "Each output has its own upstream gradient, and its own row of the Jacobian; they are "
            "paired first, then added.",
            {'np.einsum("nm,nmd->nd", dY, J)': "dY.sum(axis=1)[:, None] * J.sum(axis=1)"},
        ),
    ],
    nudge="Which outputs does input j of one example reach, and with what weight does each of them "
    "count?",
    sketch="""
        Stay with one example and one input. It reaches all M outputs; the derivative of each
        stands in the column of this input. The loss cares about each output as much as the
        upstream gradient says. So multiply, output by output, and add up over the outputs. Every
        example does the same with its own row and its own Jacobian.
        """,
    skeleton="""
        def vjp_from_jacobian(dY, J):
            weighted = ... * J          # (N, M, D): each output by its upstream gradient
            return weighted.sum(axis=...)
        """,
    notice="Row vector times matrix: dY goes in front of J, or the transpose of J in front of dY "
    "as "
    "a column. A backward step computes this product without ever making J.",
)
