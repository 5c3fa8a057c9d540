"""Tasks on keeping a network in bounds: clipping, the size of first weights, dropout, decay."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import changed_in_place, pullback, slopes, upstream_ignored


def clip_by_norm(grads, limit):
    """Gradients whose joint length is at most limit.

    grads: a list of arrays of any shapes. limit: a number. Returns a list of as many arrays of the
    same shapes.
    """
    total = sum(np.sum(g * g) for g in grads)
    norm = np.sqrt(total)
    scale = min(1.0, limit / norm) if norm > 0 else 1.0
    return [scale * g for g in grads]


def long_gradients(draw):
    D, M = draw.sizes("D M", least=2)
    entries = draw.real(D * M + M)
    grads = [entries[M:].reshape(D, M), entries[:M]]
    least = min(np.sqrt(np.mean(entries**2)), *map(np.linalg.norm, grads))
    return {"grads": grads, "limit": float(least) * draw.positive(low=0.3, high=0.9)}


def short_gradients(draw):
    short = [np.array([0.3, -0.2]), np.array([0.4, -0.6])]
    zero = [np.zeros(2), np.zeros(2)]
    return {
        "gradients shorter than the limit": {"grads": short, "limit": 3.0},
        "gradients that are all 0": {"grads": zero, "limit": 3.0},
    }


def clip_flat(grads, limit):
    flat = np.concatenate([g.ravel() for g in grads])
    norm = np.linalg.norm(flat)
    if norm <= limit:
        return list(grads)
    flat = flat * limit / norm
    cuts = np.cumsum([g.size for g in grads])[:-1]
    return [part.reshape(g.shape) for part, g in zip(np.split(flat, cuts), grads, strict=True)]


def clip_by_loops(grads, limit):
    total = 0.0
    for g in grads:
        for value in g.flat:
            total += float(value) ** 2
    factor = limit / max(total**0.5, limit)
    return [np.array(g) * factor for g in grads]


def clip_from_norms(grads, limit):
    norm = np.hypot.reduce([np.linalg.norm(g) for g in grads])
    return [g / np.maximum(norm / limit, 1.0) for g in grads]


def clip_from_bpkit(grads, limit):
    tensors = [bp.Tensor(g) for g in grads]
    for tensor, g in zip(tensors, grads, strict=True):
        tensor.grad = g
    bp.clip_by_norm(tensors, limit)
    return [tensor.grad for tensor in tensors]


def each_by_itself(grads, limit):
    return [g * min(1.0, limit / max(np.linalg.norm(g), 1e-300)) for g in grads]


task(
    clip_by_norm,
    chapter=13,
    title="Clipping by norm",
    minutes=10,
    points=2,
    returns="clipped",
    inputs=long_gradients,
    extremes=short_gradients,
    statement="""
        One step with a huge gradient can undo an hour of training. Clipping shortens the gradient
        and keeps its direction. `grads` is a list of arrays, one for each parameter, for instance
        of shapes `(D, M)` and `(M,)`. Their joint length is the root of the sum of the squares of
        all entries of all arrays. If it exceeds `limit`, all arrays are scaled by one factor,
        such that the joint length becomes `limit`; otherwise they stay as they are.

        Write `clip_by_norm(grads, limit)`, which returns a list of arrays of the same shapes. No
        input is changed. Gradients that are all 0 stay 0.
        """,
    example="""
        >>> W, b = clip_by_norm([np.array([[3.0, 0.0]]), np.array([4.0])], 1.0)
        >>> W.round(6).tolist(), b.round(6).tolist()
        ([[0.6, 0.0]], [0.8])
        """,
    variants=[clip_flat, clip_by_loops, clip_from_norms],
    oracle=clip_from_bpkit,
    mistakes=[
        Mistake(
            "each_by_itself",
            "Each array is clipped by itself",
            "The arrays are one gradient: scaled by different factors, it points elsewhere.",
            each_by_itself,
        ),
        Mistake(
            "clipped_entries",
            "Each entry is cut off at the limit",
            "That bends the direction; clipping by norm scales all entries by one factor.",
            {"[scale * g for g in grads]": "[np.clip(g, -limit, limit) for g in grads]"},
        ),
        Mistake(
            "always_scaled",
            "Short gradients are made longer",
            "Only a length above the limit is changed; a shorter gradient stays as it is.",
            {"min(1.0, limit / norm)": "limit / norm"},
        ),
        Mistake(
            "no_root",
            "The squared length is taken for the length",
            "The length is the root of the sum of squares.",
            {"np.sqrt(total)": "total"},
        ),
        Mistake(
            "unit_length",
            "The length becomes 1, not limit",
            "The factor is limit over the length, so that limit is the length that is left.",
            {"min(1.0, limit / norm)": "min(1.0, 1.0 / norm) if norm > limit else 1.0"},
        ),
        Mistake(
            "largest_entry",
            "The largest entry is taken for the length",
            "The length is made of all entries: the root of the sum of their squares.",
            {"norm = np.sqrt(total)": "norm = max(np.abs(g).max() for g in grads)"},
        ),
        Mistake(
            "absolute_values",
            "The length adds absolute values",
            "Squares are added, and the root of the sum is taken.",
            {"np.sum(g * g)": "np.sum(np.abs(g))", "np.sqrt(total)": "total"},
        ),
        Mistake(
            "lengths_added",
            "The lengths of the arrays are added",
            "Squares add up, lengths don't: the joint length is the root of one sum over all.",
            {"np.sum(g * g)": "np.sqrt(np.sum(g * g))", "np.sqrt(total)": "total"},
        ),
        Mistake(
            "mean_square",
            "The squares are averaged, not added",
            "A root mean square doesn't grow with the number of entries; a length does.",
            {"np.sqrt(total)": "np.sqrt(total / sum(g.size for g in grads))"},
        ),
        Mistake(
            "one_array",
            "Only the first array's length is looked at",
            "The joint length takes the entries of every array in the list.",
            {"for g in grads)": "for g in grads[:1])"},
        ),
        Mistake(
            "last_array",
            "Only the last array's length is looked at",
            "The joint length adds up the squares of every array; set anew in a loop, the sum "
            "holds the last one's alone.",
            {"for g in grads)": "for g in grads[-1:])"},
        ),
        Mistake(
            "upside_down",
            "The factor is upside down",
            "The longer the gradient, the smaller the factor: limit over the length.",
            {"min(1.0, limit / norm)": "max(1.0, norm / limit)"},
        ),
        Mistake(
            "never_clipped",
            "Long gradients are not shortened",
            "They come out as they went in; a length above the limit is scaled down to it.",
            {"min(1.0, limit / norm)": "max(1.0, limit / norm) if norm > limit else 1.0"},
        ),
        Mistake(
            "zero_divided",
            "Gradients of 0 are divided by their length",
            "0 over 0 is NaN; a gradient of length 0 is short enough.",
            {
                "min(1.0, limit / norm) if norm > 0 else 1.0": "np.minimum(1.0, limit / norm)",
                "scale * g": "g / norm * (scale * norm)",
            },
        ),
        changed_in_place(
            {"return [": "for g in grads:\n        g *= scale\n    return list(grads)\n    ["},
            "grads",
        ),
    ],
    nudge="If one array is shortened and another isn't, does their joint gradient still point "
    "the same way?",
    sketch="""
        First one number for the whole list: square every entry of every array, add all that up,
        take the root. Then one factor: the limit over that number, but never more than 1, and
        without a division where the number is 0. Last, a new list: each array times this factor.
        """,
    skeleton="""
        def clip_by_norm(grads, limit):
            norm = ...              # one number, from all entries of all arrays
            scale = ...             # at most 1
            return [... for g in grads]
        """,
    notice="The direction is kept, so the step still goes downhill; what clipping limits is how "
    "far one batch can throw the weights.",
)


def he_scales(shapes):
    """He's standard deviation for each weight of a network with ReLU.

    shapes: a list of tuples, (D, M) for an affine layer, (O, C, kh, kw) for a convolution. Returns
    a list of as many numbers.
    """
    scales = []
    for shape in shapes:
        fan_in = shape[0]
        if len(shape) == 4:
            fan_in = shape[1] * shape[2] * shape[3]
        scales.append(np.sqrt(2 / fan_in))
    return scales


def network_shapes(draw):
    C, outputs, kh, kw, D, M = draw.sizes("C O kh kw D M", least=2, most=13)
    return {"shapes": [(outputs, C, kh, kw), (D, M), (M, D)]}


def he_by_counting(shapes):
    found = []
    for shape in shapes:
        outputs = shape[0] if len(shape) == 4 else shape[1]
        found.append((2 * outputs / np.prod(shape)) ** 0.5)
    return found


def he_from_weights(shapes):
    out = []
    for shape in shapes:
        W = np.zeros(shape)
        feeding = W[0].size if W.ndim == 4 else W[:, 0].size
        out.append(float(np.sqrt(2.0) / np.sqrt(feeding)))
    return out


def he_from_bpkit(shapes):
    return [(2 / bp.fans(shape)[0]) ** 0.5 for shape in shapes]


task(
    he_scales,
    chapter=13,
    title="How large the first weights are",
    minutes=8,
    points=1,
    returns="scales",
    inputs=network_shapes,
    statement="""
        If first weights are too small, signals die on their way through a deep network; too
        large, they explode. For ReLU, He's rule keeps their size: the standard deviation of a
        weight is the root of 2 over the number of inputs that feed one output. A matrix `(D, M)`
        takes `D` inputs to `M` outputs. A convolution's kernels `(O, C, kh, kw)` have `O` output
        channels, and each output pixel sees a window of `kh` times `kw` pixels in all `C` input
        channels.

        Write `he_scales(shapes)`. `shapes` is a list of such tuples; it returns a list with the
        standard deviation for each, a number.
        """,
    example="""
        >>> [float(s) for s in he_scales([(8, 3), (7, 2, 2, 2)])]
        [0.5, 0.5]
        """,
    variants=[
        he_by_counting,
        he_from_weights,
        {"np.sqrt(2 / fan_in)": "(fan_in / 2) ** -0.5"},
        {"shape[1] * shape[2] * shape[3]": "np.prod(shape[1:])"},
    ],
    oracle=he_from_bpkit,
    mistakes=[
        Mistake(
            "outputs_counted",
            "The outputs are counted, not the inputs",
            "An output is a sum over its inputs: their number is what makes it large.",
            {
                "fan_in = shape[0]": "fan_in = shape[1]",
                "shape[1] * shape[2] * shape[3]": "shape[0] * shape[2] * shape[3]",
            },
        ),
        Mistake(
            "matrix_outputs",
            "For matrices, the outputs are counted",
            "A matrix (D, M) takes D inputs to each output: the rows are counted.",
            {"fan_in = shape[0]": "fan_in = shape[1]"},
        ),
        Mistake(
            "kernel_outputs",
            "For kernels, the output channels are counted",
            "Kernels are (O, C, kh, kw): an output pixel is a sum over C channels, not over O.",
            {"shape[1] * shape[2] * shape[3]": "shape[0] * shape[2] * shape[3]"},
        ),
        Mistake(
            "window_forgotten",
            "The window of the kernel is not counted",
            "Each output pixel adds up kh times kw pixels in each of the C channels.",
            {"shape[1] * shape[2] * shape[3]": "shape[1]"},
        ),
        Mistake(
            "channels_forgotten",
            "The input channels of the kernel are not counted",
            "The window is seen in all C input channels, and all of them are added.",
            {"shape[1] * shape[2] * shape[3]": "shape[2] * shape[3]"},
        ),
        Mistake(
            "whole_kernel",
            "All numbers of the kernels are counted",
            "The O output channels are sums of their own; one output has C kh kw inputs.",
            {"shape[1] * shape[2] * shape[3]": "shape[0] * shape[1] * shape[2] * shape[3]"},
        ),
        Mistake(
            "kernel_as_matrix",
            "Kernels are treated like matrices",
            "A matrix has its inputs first; kernels are (O, C, kh, kw), with the outputs first.",
            {"len(shape) == 4": "False"},
        ),
        Mistake(
            "variance",
            "This is the variance, not the standard deviation",
            "The variance is 2 over the inputs; its root is the standard deviation.",
            {"np.sqrt(2 / fan_in)": "2 / fan_in"},
        ),
        Mistake(
            "one_for_two",
            "The 2 is missing",
            "ReLU drops half of what comes in; the 2 makes up for it.",
            {"2 / fan_in": "1 / fan_in"},
        ),
        Mistake(
            "root_of_two_alone",
            "The root is taken of the 2 alone",
            "It is taken of the whole variance, 2 over the inputs.",
            {"np.sqrt(2 / fan_in)": "np.sqrt(2) / fan_in"},
        ),
        Mistake(
            "upside_down",
            "The fraction is upside down",
            "The more products are added, the smaller each must be: the inputs stand below.",
            {"2 / fan_in": "fan_in / 2"},
        ),
        Mistake(
            "both_ways",
            "Inputs and outputs are counted together",
            "That is Xavier's rule; He's counts the inputs alone.",
            {
                "scales.append": "outputs = np.prod(shape) / fan_in * np.prod(shape[2:])\n"
                "        scales.append",
                "2 / fan_in": "2 / (fan_in + outputs)",
            },
        ),
        Mistake(
            "two_outside",
            "The 2 stands outside the root",
            "The variance is 2 over the inputs, so the root is taken of the 2 as well.",
            {"np.sqrt(2 / fan_in)": "2 / np.sqrt(fan_in)"},
        ),
        Mistake(
            "uniform_limit",
            "This is the limit of a uniform draw",
            "The root of 6 over the inputs is how far a uniform draw reaches; its standard "
            "deviation is smaller by the root of 3.",
            {"2 / fan_in": "6 / fan_in"},
        ),
    ],
    nudge="How many products are added up to make one number of the output?",
    sketch="""
        Go through the shapes. For a matrix, one output adds up as many products as there are
        rows. For kernels, the first axis counts the output channels; all the other axes together
        say how many products one output pixel adds up. Two over that number, and the root of it,
        is the standard deviation.
        """,
    skeleton="""
        def he_scales(shapes):
            scales = []
            for shape in shapes:
                fan_in = ...        # the products in one output
                scales.append(...)
            return scales
        """,
    notice="Variances add: a sum of n products with variance 2/n each has variance 2, and ReLU "
    "halves the mean square again.",
)


def dropout_forward(X, keep, rate):
    """Dropout while training, with the mask given.

    X (N, D). keep (N, D): True where an entry is kept. rate: the probability with which an entry
    is dropped. Returns Y (N, D).
    """
    return X * keep / (1 - rate)


def dropout_inputs(draw):
    N, D = draw.sizes("N D", least=2)
    X, keep = draw.real(N, D), draw.mask(N, D)
    return {"X": X, "keep": keep, "rate": _rate(draw, keep)}


def _rate(draw, keep):
    """A probability that is neither one half nor the share that the mask drops."""
    rates = [r for r in np.arange(0.15, 0.45, 0.01).round(2) if abs(r - (1 - keep.mean())) > 0.02]
    return float(draw.choice(rates))


def dropout_by_loops(X, keep, rate):
    Y = np.zeros(X.shape)
    for n, d in zip(*np.nonzero(keep), strict=True):
        Y[n, d] = X[n, d] / (1 - rate)
    return Y


def dropout_zeroed(X, keep, rate):
    Y = X + X * rate / (1 - rate)
    Y[~keep] = 0
    return Y


task(
    dropout_forward,
    chapter=14,
    title="Dropout, forward",
    minutes=6,
    points=1,
    returns="Y",
    inputs=dropout_inputs,
    statement="""
        Dropout makes a network rely on no single unit: in training each entry is set to 0 with
        probability `rate`. The entries that are kept are scaled up so that, on average over all
        masks, each entry comes out as large as it went in; then nothing needs to change in
        evaluation. `X` is `(N, D)`. The mask has been drawn for you: `keep` `(N, D)` is True
        where an entry is kept. `rate` is a number between 0 and 1.

        Write `dropout_forward(X, keep, rate)`, which returns `Y` `(N, D)` and leaves `X` as it
        is.
        """,
    example="""
        >>> dropout_forward(np.array([[3.0, 5.0]]), np.array([[True, False]]), 0.25).tolist()
        [[4.0, 0.0]]
        """,
    variants=[
        {"X * keep / (1 - rate)": "np.where(keep, X / (1 - rate), 0.0)"},
        {"X * keep / (1 - rate)": "np.einsum('nd,nd->nd', X, keep.astype(float)) / (1 - rate)"},
        dropout_by_loops,
        dropout_zeroed,
    ],
    differences=lambda X, keep, rate: slopes(
        lambda Z: float((Z * X * keep).sum() / (1 - rate)), np.zeros(X.shape)
    ),
    mistakes=[
        Mistake(
            "not_scaled",
            "What is kept is not scaled up",
            "With a share of the entries gone the sums of the next layer shrink; dividing by "
            "1 - rate makes up for it.",
            {" / (1 - rate)": ""},
        ),
        Mistake(
            "scaled_down",
            "What is kept is scaled down",
            "Multiplying by 1 - rate shrinks twice; the kept entries are divided by it.",
            {"/ (1 - rate)": "* (1 - rate)"},
        ),
        Mistake(
            "divided_by_rate",
            "Divided by the rate itself",
            "rate is the share that is dropped; what is kept is divided by the share that is "
            "kept, 1 - rate.",
            {"/ (1 - rate)": "/ rate"},
        ),
        Mistake(
            "multiplied_by_rate",
            "Multiplied by the rate",
            "The kept entries must grow, to stand in for those that are gone.",
            {"/ (1 - rate)": "* rate"},
        ),
        Mistake(
            "mask_inverted",
            "The mask is the wrong way round",
            "keep is True where an entry stays; here those are the ones set to 0.",
            {"* keep": "* ~keep"},
        ),
        Mistake(
            "mask_unused",
            "Nothing is dropped",
            "All entries are scaled, but those where keep is False must become 0.",
            {"X * keep": "X"},
        ),
        Mistake(
            "share_counted",
            "Divided by the share that this mask keeps",
            "The average runs over all masks, so the divisor is the probability, 1 - rate, not "
            "what one draw happened to keep.",
            {"(1 - rate)": "keep.mean()"},
        ),
        Mistake(
            "dropped_left",
            "Dropped entries stay as they were",
            "Where keep is False the output is 0; only the kept ones are scaled here.",
            {"X * keep / (1 - rate)": "np.where(keep, X / (1 - rate), X)"},
        ),
        changed_in_place(
            {"return X * keep / (1 - rate)": "X[~keep] = 0\n    return X / (1 - rate)"}, "X"
        ),
    ],
    nudge="If a quarter of all entries is set to 0, by what must the others grow so that their "
    "sum stays the same on average?",
    sketch="""
        An entry is kept with probability 1 - rate. So over many masks it comes out as this
        probability times the value that a kept entry is given. Choose that value such that the
        average is the entry itself; where the mask is False, the output is 0.
        """,
    skeleton="""
        def dropout_forward(X, keep, rate):
            kept = ...              # (N, D): X where it is kept, else 0
            return ...
        """,
    notice="Dividing in training instead of multiplying in evaluation is called inverted dropout: "
    "the network that is used in the end has no dropout left in it.",
)


def dropout_backward(dY, keep, rate):
    """The gradient of dropout, Y = X * keep / (1 - rate).

    dY (N, D). keep (N, D): the mask of the forward pass, True where an entry was kept. rate: a
    number. Returns dX (N, D).
    """
    return dY * keep / (1 - rate)


def dropout_upstream(draw):
    N, D = draw.sizes("N D", least=2)
    dY, keep = draw.real(N, D), draw.mask(N, D)
    return {"dY": dY, "keep": keep, "rate": _rate(draw, keep)}


def dropout_back_by_loops(dY, keep, rate):
    dX = np.zeros(dY.shape)
    for n, d in np.ndindex(dY.shape):
        if keep[n, d]:
            dX[n, d] = dY[n, d] / (1 - rate)
    return dX


def dropout_back_zeroed(dY, keep, rate):
    dX = np.array(dY) / (1 - rate)
    dX[np.logical_not(keep)] = 0.0
    return dX


task(
    dropout_backward,
    chapter=14,
    title="Dropout, backward",
    minutes=6,
    points=1,
    returns="dX",
    inputs=dropout_upstream,
    statement="""
        In the forward pass dropout computed `Y = X * keep / (1 - rate)`: the mask `keep` `(N, D)`
        is True where an entry was kept, and `rate` is the probability of dropping one. The
        gradient goes back through the same mask. `dY` `(N, D)` arrives from above.

        Write `dropout_backward(dY, keep, rate)`, which returns `dX` `(N, D)` and changes no
        input.
        """,
    example="""
        >>> dropout_backward(np.array([[3.0, 5.0]]), np.array([[True, False]]), 0.25).tolist()
        [[4.0, 0.0]]
        """,
    variants=[
        {"dY * keep / (1 - rate)": "np.where(keep, dY / (1 - rate), 0.0)"},
        {"dY * keep / (1 - rate)": "dY * (keep.astype(float) * (1.0 / (1.0 - rate)))"},
        dropout_back_by_loops,
        dropout_back_zeroed,
    ],
    oracle=lambda dY, keep, rate: pullback(
        lambda X: X * (keep / (1 - rate)), dY, np.full(dY.shape, 0.7)
    ),
    differences=lambda dY, keep, rate: slopes(
        lambda X: float((dY * X * keep / (1 - rate)).sum()), np.full(dY.shape, 0.7)
    ),
    mistakes=[
        upstream_ignored({"dY * keep": "keep"}),
        Mistake(
            "not_scaled",
            "The scale of the forward pass is forgotten",
            "Y holds what is kept divided by 1 - rate, so a step of X moves Y by as much more.",
            {" / (1 - rate)": ""},
        ),
        Mistake(
            "scaled_down",
            "The scale is turned upside down",
            "The derivative of X / (1 - rate) is 1 / (1 - rate): backward divides as forward did.",
            {"/ (1 - rate)": "* (1 - rate)"},
        ),
        Mistake(
            "divided_by_rate",
            "Divided by the rate itself",
            "The forward pass divided by the share that is kept, 1 - rate.",
            {"/ (1 - rate)": "/ rate"},
        ),
        Mistake(
            "multiplied_by_rate",
            "Multiplied by the rate",
            "The forward pass divided by the share that is kept, 1 - rate.",
            {"/ (1 - rate)": "* rate"},
        ),
        Mistake(
            "scaled_twice",
            "The scale enters twice",
            "The derivative carries 1 / (1 - rate) once, as the forward pass did.",
            {"(1 - rate)": "(1 - rate) ** 2"},
        ),
        Mistake(
            "mask_inverted",
            "The mask is the wrong way round",
            "An entry that was kept passes its gradient; one that was dropped had no part in Y.",
            {"* keep": "* ~keep"},
        ),
        Mistake(
            "mask_unused",
            "The gradient passes where entries were dropped",
            "A dropped entry had no part in Y, so nothing comes back to it.",
            {"dY * keep": "dY"},
        ),
        Mistake(
            "passes_as_it_is",
            "dY is passed on as it is",
            "That is right in evaluation; in training the mask and the scale act on the way back "
            "too.",
            {"dY * keep / (1 - rate)": "dY.copy()"},
        ),
        Mistake(
            "share_counted",
            "Divided by the share that this mask keeps",
            "The forward pass divided by the probability, 1 - rate, whatever the mask kept.",
            {"(1 - rate)": "keep.mean()"},
        ),
        changed_in_place(
            {"return dY * keep / (1 - rate)": "dY[~keep] = 0\n    return dY / (1 - rate)"}, "dY"
        ),
    ],
    nudge="If an entry of X that was dropped moves a little, does Y move? And one that was kept: "
    "by how much?",
    sketch="""
        Once the mask is drawn, dropout is a product of each entry with a constant: 0 where it was
        dropped, one over the share that is kept elsewhere. The way back multiplies by the same
        constants.
        """,
    skeleton="""
        def dropout_backward(dY, keep, rate):
            slope = ...             # (N, D): by how much Y moves when X does
            return ... * slope
        """,
    notice="The mask must be the one of the forward pass. A fresh one would give the gradient of "
    "another network.",
)


def weight_decay_gradient(dW, db, W, b, decay):
    """The gradients of the loss plus decay / 2 times the sum of the squares of W.

    dW, W (D, M), db, b (M,): the gradients of the loss alone, and the parameters. decay: a number.
    Returns dW (D, M), db (M,).
    """
    dW = dW + decay * W
    return dW, db


def decay_inputs(draw):
    D, M = draw.sizes("D M", least=2)
    return {
        "dW": draw.real(D, M),
        "db": draw.real(M),
        "W": draw.real(D, M),
        "b": draw.real(M),
        "decay": draw.positive(low=0.1, high=0.5),
    }


def decay_by_loops(dW, db, W, b, decay):
    total = np.empty(W.shape)
    for place in np.ndindex(W.shape):
        total[place] = dW[place] + decay / 2 * 2 * W[place]
    return total, np.array(db)


def penalized(dW, db, W, b, decay):
    """The loss is stood for by its linear part, with slopes dW and db."""
    return pullback(
        lambda W, b: (W * dW).sum() + (b * db).sum() + (W * W).sum() * (decay / 2), 1.0, W, b
    )


def penalized_by_differences(dW, db, W, b, decay):
    return slopes(
        lambda W, b: float((W * dW).sum() + (b * db).sum() + decay / 2 * (W**2).sum()), W, b
    )


task(
    weight_decay_gradient,
    chapter=14,
    title="The gradient of weight decay",
    minutes=6,
    points=1,
    returns="dW db",
    inputs=decay_inputs,
    statement="""
        Large weights make a curve that bends too much, so a penalty is added to the loss: `decay
        / 2` times the sum of the squares of all entries of `W`. The bias `b` is not penalized,
        since it only shifts. `W` is `(D, M)` and `b` is `(M,)`; `dW` `(D, M)` and `db` `(M,)` are
        the gradients of the loss without the penalty, and `decay` is a number.

        Write `weight_decay_gradient(dW, db, W, b, decay)`, which returns the gradients of loss
        and penalty together, `dW` `(D, M)` and `db` `(M,)`. No input is changed.
        """,
    example="""
        >>> dW, db, W, b = np.array([[1.0]]), np.array([2.0]), np.array([[10.0]]), np.array([20.0])
        >>> dW, db = weight_decay_gradient(dW, db, W, b, 0.5)
        >>> dW.tolist(), db.tolist()
        ([[6.0]], [2.0])
        """,
    variants=[
        {"dW + decay * W": "np.add(dW, np.einsum('dm->dm', W) * decay)"},
        {"dW = dW + decay * W": "dW = decay * (dW / decay + W)"},
        {"return dW, db": "return dW, db.copy()"},
        decay_by_loops,
    ],
    oracle=penalized,
    differences=penalized_by_differences,
    mistakes=[
        Mistake(
            "factor_two",
            "The penalty's gradient is twice too large",
            "The derivative of W squared is 2 W, and the 2 cancels against the half in decay / 2.",
            {"decay * W": "2 * decay * W"},
        ),
        Mistake(
            "half_kept",
            "The penalty's gradient is half too small",
            "The derivative of W squared is 2 W, and the 2 cancels against the half in decay / 2.",
            {"decay * W": "decay / 2 * W"},
        ),
        Mistake(
            "bias_decays",
            "The bias is penalized as well",
            "The penalty holds the squares of W alone, so db stays as it came.",
            {"return dW, db": "return dW, db + decay * b"},
        ),
        Mistake(
            "sign",
            "The penalty's gradient is subtracted",
            "Both are gradients of one sum, so they are added; the step subtracts them later.",
            {"dW + decay": "dW - decay"},
        ),
        Mistake(
            "loss_lost",
            "The loss's own gradient is lost",
            "The penalty's gradient is added to dW, not put in its place.",
            {"dW + decay * W": "decay * W"},
        ),
        Mistake(
            "penalty_missing",
            "The penalty is left out",
            "dW comes out as it went in; the penalty adds decay times W to it.",
            {"dW + decay * W": "dW.copy()"},
        ),
        Mistake(
            "penalty_added",
            "The penalty itself is added, not its gradient",
            "Each entry gets the slope of the penalty with respect to that entry, which is in "
            "proportion to it.",
            {"decay * W": "decay / 2 * (W * W).sum()"},
        ),
        Mistake(
            "squares_added",
            "The squares are added, not their derivatives",
            "The derivative of a square is in proportion to W itself, and has its sign.",
            {"decay * W": "decay * W * W"},
        ),
        Mistake(
            "absolute_values",
            "This is the gradient of an L1 penalty",
            "It pulls every weight by the same amount; the squares pull in proportion to W.",
            {"decay * W": "decay * np.sign(W)"},
        ),
        Mistake(
            "length_added",
            "The length of W is added, one number for all entries",
            "Each entry is pulled in proportion to itself.",
            {"decay * W": "decay * np.sqrt((W * W).sum())"},
        ),
        Mistake(
            "length_penalized",
            "The length of W is penalized, not its square",
            "The gradient of a length has the same size whatever the weights; that of the "
            "squares grows with them.",
            {"decay * W": "decay * W / np.sqrt((W * W).sum())"},
        ),
        Mistake(
            "two_shares",
            "The loss is given the share 1 - decay",
            "The penalty is added to the loss; nothing is taken from the loss for it.",
            {"dW + decay * W": "(1 - decay) * dW + decay * W"},
        ),
        Mistake(
            "gradient_scaled",
            "The gradient decays, not the weights",
            "What is added is decay times W; decay times dW has nothing to do with the weights' "
            "size.",
            {"decay * W": "decay * dW"},
        ),
        Mistake(
            "not_scaled",
            "decay is left out",
            "W is added whole; decay says how heavy the penalty is.",
            {"decay * W": "W"},
        ),
        Mistake(
            "averaged",
            "The penalty is averaged over the entries",
            "It is a sum of squares, so each entry's gradient is decay times that entry.",
            {"decay * W": "decay * W / W.size"},
        ),
        changed_in_place({"dW = dW + decay * W": "dW += decay * W"}, "dW"),
    ],
    nudge="By how much does half the square of a number grow when the number grows a little?",
    sketch="""
        The gradient of a sum of two things is the sum of their gradients. The first is given. For
        the second, look at one entry of the weights: it stands in one square only, whose
        derivative is twice the entry, and the half in front takes the two away. The bias is in no
        square at all.
        """,
    skeleton="""
        def weight_decay_gradient(dW, db, W, b, decay):
            penalty = ...           # (D, M): the gradient of the penalty alone
            return ..., ...
        """,
    notice="For plain gradient descent this shrinks every weight by the factor 1 - lr * decay at "
    "each step: hence the name.",
)
