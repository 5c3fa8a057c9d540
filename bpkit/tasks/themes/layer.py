"""Tasks round the affine layer: its output, undoing a broadcast, single examples, PyTorch's layout.

The layer's own backward pass stands in affine.py.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import averaged_twice, pullback, slopes, upstream_ignored


def affine_forward(X, W, b):
    """The output of an affine layer for a batch.

    X (N, D), W (D, M), b (M,). Returns Y (N, M).
    """
    return X @ W + b


def layer(draw):
    N, D, M = draw.sizes("N D M")
    return {"X": draw.real(N, D), "W": draw.real(D, M), "b": draw.real(M)}


def affine_by_loops(X, W, b):
    Y = np.zeros((len(X), len(b)))
    for n, m in np.ndindex(Y.shape):
        Y[n, m] = b[m]
        for d in range(len(W)):
            Y[n, m] += X[n, d] * W[d, m]
    return Y


def with_a_column_of_ones(X, W, b):
    return np.column_stack([X, np.ones(len(X))]) @ np.vstack([W, b])


task(
    affine_forward,
    chapter=7,
    title="The affine layer, forward",
    minutes=5,
    points=1,
    returns="Y",
    inputs=layer,
    statement="""
        An affine layer turns `D` numbers into `M`: each output is a weighted sum of the inputs,
        plus a bias. `X` is `(N, D)`, one example a row. `W` is `(D, M)`: its column m holds the
        weights of output m. `b` is `(M,)`.

        Write `affine_forward(X, W, b)`, which returns the outputs of the whole batch, `Y` `(N,
        M)`.
        """,
    example="""
        >>> X, W, b = np.array([[2.0, 3.0]]), np.array([[10.0], [100.0]]), np.array([7.0])
        >>> affine_forward(X, W, b).tolist()
        [[327.0]]
        """,
    variants=[
        {"X @ W + b": 'np.einsum("nd,dm->nm", X, W) + b[None, :]'},
        {"X @ W + b": "(W.T @ X.T).T + np.tile(b, (len(X), 1))"},
        affine_by_loops,
        with_a_column_of_ones,
    ],
    oracle=lambda X, W, b: bp.affine(bp.Tensor(X), bp.Tensor(W), bp.Tensor(b)).data,
    mistakes=[
        Mistake(
            "bias_missing",
            "The bias is left out",
            "Every output is a weighted sum plus its own bias; without b, an input of zeros could "
            "give only zeros.",
            {" + b": ""},
        ),
        Mistake(
            "bias_subtracted",
            "The bias is subtracted",
            "b is added to the weighted sum; here its sign is turned.",
            {"+ b": "- b"},
        ),
        Mistake(
            "bias_in_every_term",
            "The bias is added once for each input",
            "An output is a sum over D inputs plus one bias; added inside that sum, the bias "
            "comes in D times.",
            {"+ b": "+ b * len(W)"},
        ),
        Mistake(
            "bias_on_inputs",
            "The bias is added to the inputs",
            "b has one number for each output, and is added after the weighting; added to X "
            "before it, W weights the bias too.",
            {"X @ W + b": "(X + b) @ W"},
        ),
        Mistake(
            "bias_on_weights",
            "The bias is added to the weights",
            "b is added once to each output; added to W, it is multiplied by the inputs.",
            {"X @ W + b": "X @ (W + b)"},
        ),
        Mistake(
            "bias_along_the_batch",
            "The bias runs along the batch",
            "b belongs to the M columns of Y, and every row receives all of it; here each row "
            "receives one entry of b.",
            {"+ b": "+ b[:, None]"},
        ),
        Mistake(
            "W_transposed",
            "W is transposed",
            "W is (D, M), so its D rows meet the D columns of X as they are.",
            {"X @ W": "X @ W.T"},
        ),
        Mistake(
            "factors_exchanged",
            "The factors of the product are exchanged",
            "X stands on the left: its rows are the examples, and each row meets the columns of W.",
            {"X @ W": "W @ X"},
        ),
        Mistake(
            "entry_by_entry",
            "X and W are multiplied entry by entry",
            "Each output sums over all D inputs; that is a matrix product, not a product of "
            "entries.",
            {"X @ W": "X * W"},
        ),
        Mistake(
            "relu_applied",
            "Negative outputs are cut off",
            "An affine layer has no activation; where one is wanted, it is a step of its own.",
            {"X @ W + b": "np.maximum(X @ W + b, 0)"},
        ),
        Mistake(
            "bias_multiplied",
            "The bias is multiplied",
            "b is added to the weighted sums; as a factor it would only scale them.",
            {"+ b": "* b"},
        ),
    ],
    nudge="Which numbers of X does the output in row n and column m need, and which of W?",
    sketch="""
        The output of example n in column m sums, over the D inputs, the input times its weight. A
        sum over a shared axis is a matrix product: the D columns of X meet the D rows of W. The
        bias has one number for each column, and broadcasting gives it to every row.
        """,
    skeleton="""
        def affine_forward(X, W, b):
            weighted = ...          # (N, M): sums over the D inputs
            return weighted + ...
        """,
    notice="One line serves the whole batch: b, which is (M,), is repeated for all N rows. What is "
    "repeated going forward is added up going back.",
)


def unbroadcast(up, shape):
    """The gradient of an array that was broadcast from `shape` to the shape of `up`.

    up: the upstream gradient. shape: a tuple. Returns an array of that shape.
    """
    while up.ndim > len(shape):
        up = up.sum(axis=0)
    for axis, length in enumerate(shape):
        if length == 1:
            up = up.sum(axis=axis, keepdims=True)
    return up


def broadcast_up(draw):
    A, N, T, D = draw.sizes("A N T D")
    return {"up": draw.real(A, N, T, D), "shape": draw.choice([(1, D), (T, 1)])}


def other_broadcasts(draw):
    return {
        "a shape with two ones": {"up": draw.real(2, 3, 5), "shape": (1, 3, 1)},
        "a shape that equals up's": {"up": draw.real(3, 5), "shape": (3, 5)},
        "the shape ()": {"up": draw.real(3, 5), "shape": ()},
    }


def by_axes(up, shape):
    padded = (1,) * (up.ndim - len(shape)) + tuple(shape)
    axes = tuple(axis for axis, length in enumerate(padded) if length == 1)
    return up.sum(axis=axes).reshape(shape)


def entry_to_entry(up, shape):
    out = np.zeros(shape)
    for place in np.ndindex(up.shape):
        last = place[len(place) - len(shape) :]
        out[tuple(0 if n == 1 else i for i, n in zip(last, shape, strict=True))] += up[place]
    return out


def ones_in_front(up, shape):
    missing = up.ndim - len(shape)
    for axis in reversed(range(up.ndim)):
        if axis < missing:
            up = np.add.reduce(up, axis)
        elif shape[axis - missing] == 1:
            up = np.expand_dims(np.add.reduce(up, axis), axis)
    return up


def leading_axes_left(up, shape):
    for axis in range(-len(shape), 0):
        if shape[axis] == 1:
            up = up.sum(axis=axis, keepdims=True)
    return up


task(
    unbroadcast,
    chapter=7,
    title="Undoing a broadcast",
    minutes=15,
    points=3,
    returns="gradient",
    inputs=broadcast_up,
    extremes=other_broadcasts,
    statement="""
        NumPy repeats a small array to fit a large one: `(T, 1)` beside `(A, N, T, D)` is repeated
        along the last axis and along two new axes in front. On the way back, an entry that was
        used many times adds up what all its copies receive.

        `up` is the gradient at the large shape; `shape` is the tuple of the small one, to which
        nothing but such repeating was done.

        Write `unbroadcast(up, shape)`, which returns the gradient of the small array: an array of
        shape `shape`. Both may have any number of axes, also the same; `shape` may be `()`.
        """,
    example="""
        >>> unbroadcast(np.array([[1.0, 2.0], [30.0, 40.0]]), (2,)).tolist()
        [31.0, 42.0]
        >>> unbroadcast(np.array([[1.0, 2.0], [30.0, 40.0]]), (2, 1)).tolist()
        [[3.0], [70.0]]
        """,
    variants=[by_axes, entry_to_entry, ones_in_front],
    oracle=lambda up, shape: pullback(lambda x: x * np.ones(up.shape), up, np.zeros(shape)),
    differences=lambda up, shape: slopes(lambda x: np.sum(up * x), np.zeros(shape)),
    mistakes=[
        Mistake(
            "ones_not_summed",
            "The axes of length 1 are not summed",
            "An axis of length 1 was repeated too, so its gradient adds up along it; only the "
            "new axes in front were summed.",
            {"            up = up.sum(axis=axis, keepdims=True)": "            pass"},
        ),
        Mistake(
            "leading_not_summed",
            "The new axes in front are not summed",
            "Broadcasting put new axes in front of the shape; the sum over them removes them.",
            leading_axes_left,
        ),
        Mistake(
            "one_leading_axis",
            "Only one of the new axes in front is summed",
            "Broadcasting can put several axes in front, and each of them is summed away.",
            {"while up.ndim": "if up.ndim"},
        ),
        Mistake(
            "aligned_at_the_front",
            "The lengths are matched from the front",
            "Shapes are lined up at their last axes, so the first length of the shape belongs to "
            "a later axis of up once there are new ones.",
            {"while up.ndim > len(shape):\n        up = up.sum(axis=0)\n    ": ""},
        ),
        Mistake(
            "wrong_end",
            "The surplus axes are summed from the end",
            "Shapes are lined up at their last axes, so the axes that broadcasting adds stand in "
            "front.",
            {"axis=0": "axis=-1"},
        ),
        Mistake(
            "keepdims_missing",
            "The axes of length 1 are gone",
            "The gradient has the shape of what it belongs to, and that keeps its axes of length "
            "1; a plain sum removes them.",
            {"return up": "return up.reshape([n for n in shape if n != 1])"},
        ),
        Mistake(
            "averaged",
            "The copies are averaged",
            "Each copy acts on the loss by itself, so what the copies receive is added; nothing "
            "is divided.",
            {"up.sum(axis=0)": "up.mean(axis=0)", "up.sum(axis=axis": "up.mean(axis=axis"},
        ),
        Mistake(
            "first_copy",
            "Only the first copy's gradient is kept",
            "All copies come from one entry, so all that they receive counts, not the first alone.",
            {"up.sum(axis=0)": "up[0]", "up.sum(axis=axis, keepdims=True)": "up.take([0], axis)"},
        ),
        Mistake(
            "kept_axes_summed",
            "The axes that were not repeated are summed",
            "An axis whose length is the same on both sides was not repeated and stays; the ones "
            "of length 1 are to be summed.",
            {"length == 1": "length != 1"},
        ),
        Mistake(
            "everything_summed",
            "Everything is summed into every entry",
            "Each entry adds up its own copies; the copies of other entries don't belong to it.",
            {"return up": "return np.full(shape, up.sum())"},
        ),
    ],
    nudge="If one number is written into six places, and each place sends back a gradient, what "
    "does the number receive?",
    sketch="""
        Two things may have happened, and each is undone by a sum. Axes may have been added: they
        stand in front, and are summed away one by one until up has as many axes as the shape.
        Then axes of length 1 may have been stretched: wherever the shape says 1, sum along that
        axis and keep it, with length 1.
        """,
    skeleton="""
        def unbroadcast(up, shape):
            while ...:              # more axes than the shape has
                up = ...
            for axis, length in enumerate(shape):
                if ...:
                    up = ...        # summed, and the axis kept
            return up
        """,
    notice="This is how every engine gives a bias its gradient: db is the case of a (M,) that was "
    "broadcast to (N, M). Copying forward is adding backward.",
)


def per_example_gradients(dY, X):
    """Each example's own gradient of W in Y = X @ W + b, and their sum.

    dY (N, M), X (N, D). Returns each (N, D, M) and dW (D, M).
    """
    each = X[:, :, None] * dY[:, None, :]
    dW = each.sum(axis=0)
    return each, dW


def upstream_and_inputs(draw):
    N, D, M = draw.sizes("N D M")
    return {"dY": draw.real(N, M), "X": draw.real(N, D)}


def example_by_example(dY, X):
    each, dW = [], 0
    for x, dy in zip(X, dY, strict=True):
        each.append(np.outer(x, dy))
        dW = dW + each[-1]
    return np.array(each), dW


def one_row_at_a_time(dY, X):
    D = X.shape[1]
    rows = [pullback(bp.matmul, dY[[n]], X[[n]], np.zeros((D, dY.shape[1]))) for n in range(len(X))]
    each = np.array([dW for _, dW in rows])
    return each, pullback(bp.matmul, dY, X, np.zeros((D, dY.shape[1])))[1]


task(
    per_example_gradients,
    chapter=7,
    title="The weight gradient, example by example",
    minutes=10,
    points=2,
    returns="each dW",
    inputs=upstream_and_inputs,
    statement="""
        A layer computes `Y = X @ W + b` for a batch: `X` is `(N, D)`, `W` is `(D, M)`, and `dY`
        `(N, M)` arrives from above. The gradient of `W` is a sum of N parts, one from each
        example. To see which example pulls the hardest, or to clip each by itself, the parts are
        needed before they are added.

        Write `per_example_gradients(dY, X)`, which returns two arrays: `each` `(N, D, M)`, where
        `each[n]` is what example n alone gives to the gradient of `W`, and their sum `dW` `(D,
        M)`.
        """,
    example="""
        >>> dY, X = np.array([[10.0], [2.0]]), np.array([[3.0], [5.0]])
        >>> each, dW = per_example_gradients(dY, X)
        >>> each.tolist(), dW.tolist()
        ([[[30.0]], [[10.0]]], [[40.0]])
        """,
    variants=[
        {"X[:, :, None] * dY[:, None, :]": 'np.einsum("nd,nm->ndm", X, dY)'},
        {"each.sum(axis=0)": "X.T @ dY", "X[:, :, None] *": "X[..., None] @"},
        example_by_example,
    ],
    oracle=one_row_at_a_time,
    mistakes=[
        Mistake(
            "transposed",
            "Each gradient is transposed",
            "each[n] has the shape of W, (D, M): entry (d, m) pairs input d with output m.",
            {"X[:, :, None] * dY[:, None, :]": "dY[:, :, None] * X[:, None, :]"},
        ),
        Mistake(
            "running_sum",
            "Each entry holds the examples before it too",
            "each[n] is what example n gives alone; here it is the running sum up to it.",
            {"return each, dW": "return each.cumsum(axis=0), dW"},
        ),
        Mistake(
            "one_array_for_all",
            "Every entry is the sum over the batch",
            "each[n] is what example n gives alone. An array that is added to in place, and put "
            "in a list N times, shows the sum N times.",
            {"return each, dW": "return np.array([dW] * len(X)), dW"},
        ),
        Mistake(
            "sums_multiplied",
            "The sums are multiplied instead of the products summed",
            "dW adds X times dY example by example; multiplied after summing, every input is "
            "paired with the upstream of other examples.",
            {"each.sum(axis=0)": "np.outer(X.sum(axis=0), dY.sum(axis=0))"},
        ),
        Mistake(
            "last_example_only",
            "dW holds the last example only",
            "The examples' gradients are added; assigned, each replaces the one before.",
            {"each.sum(axis=0)": "each[-1]"},
        ),
        Mistake(
            "dW_averaged",
            "dW is averaged over the batch",
            "1/N is in the loss already, and so in dY; the parts are added, not averaged.",
            {"each.sum(axis=0)": "each.mean(axis=0)"},
        ),
        Mistake(
            "summed_over_inputs",
            "dW is summed over the wrong axis",
            "The batch is axis 0 of each; here another axis was summed, and the examples are "
            "still apart.",
            {"axis=0": "axis=1"},
        ),
        averaged_twice(
            {"X[:, :, None] * dY[:, None, :]": "X[:, :, None] * dY[:, None, :] / len(X)"}
        ),
        Mistake(
            "X_left_out",
            "The inputs X are left out",
            "A weight acts through the input that it multiplies, so its gradient is that input "
            "times the upstream gradient.",
            {"X[:, :, None] *": "np.ones_like(X)[:, :, None] *"},
        ),
        upstream_ignored({"* dY[:, None, :]": "* np.ones_like(dY)[:, None, :]"}),
    ],
    nudge="For a single example, which entry of X and which entry of its upstream gradient does "
    "the weight from input d to output m meet?",
    sketch="""
        For one example, the gradient of W is a table: input d down, output m across, and in each
        place the product of the two. That is an outer product. For all examples at once, give X a
        new last axis and dY a new middle axis, and let broadcasting make the table for each n.
        Then add along the batch.
        """,
    skeleton="""
        def per_example_gradients(dY, X):
            each = ... * ...        # (N, D, 1) times (N, 1, M)
            dW = each.sum(...)
            return each, dW
        """,
    notice="X.T @ dY gives the same sum without ever building the N tables: a matrix product is "
    "the cheap way to add up outer products.",
)


def linear_backward(dY, X, W):
    """The gradients of a linear layer that serves every place of every sequence.

    dY (N, T, M), X (N, T, D), W (M, D). Returns dX (N, T, D), dW (M, D), db (M,).
    """
    dX = dY @ W
    dW = np.einsum("ntm,ntd->md", dY, X)
    db = dY.sum(axis=(0, 1))
    return dX, dW, db


def sequences(draw):
    N, T, D, M = draw.sizes("N T D M")
    return {"dY": draw.real(N, T, M), "X": draw.real(N, T, D), "W": draw.real(M, D)}


def flattened(dY, X, W):
    up, rows = dY.reshape(-1, dY.shape[-1]), X.reshape(-1, X.shape[-1])
    return (up @ W).reshape(X.shape), up.T @ rows, np.ones(len(up)) @ up


def place_by_place(dY, X, W):
    dX, dW, db = np.zeros(X.shape), np.zeros(W.shape), np.zeros(len(W))
    for n, t in np.ndindex(X.shape[:2]):
        dX[n, t] = W.T @ dY[n, t]
        dW += np.outer(dY[n, t], X[n, t])
        db += dY[n, t]
    return dX, dW, db


task(
    linear_backward,
    chapter=7,
    title="A linear layer on sequences, as PyTorch stores it",
    minutes=20,
    points=4,
    closed=True,
    returns="dX dW db",
    inputs=sequences,
    statement="""
        PyTorch stores a layer's weights with the outputs first: `W` is `(M, D)`, `b` is `(M,)`.
        The layer is used on sequences: `X` is `(N, T, D)`, N sequences of T places with D numbers
        each, and at every place of every sequence `y = W @ x + b`, with the same `W` and `b`.
        From above arrives `dY` `(N, T, M)`.

        Write `linear_backward(dY, X, W)`, which returns `dX` `(N, T, D)`, `dW` `(M, D)` and `db`
        `(M,)`. What has to be averaged is averaged in the loss: divide by nothing here.
        """,
    example="""
        >>> dY, X, W = np.array([[[10.0], [2.0]]]), np.array([[[3.0], [5.0]]]), np.array([[7.0]])
        >>> dX, dW, db = linear_backward(dY, X, W)
        >>> dX.tolist(), dW.tolist(), db.tolist()
        ([[[70.0], [14.0]]], [[40.0]], [12.0])
        """,
    variants=[
        flattened,
        place_by_place,
        {
            "dY @ W": 'np.einsum("ntm,md->ntd", dY, W)',
            'np.einsum("ntm,ntd->md", dY, X)': "np.tensordot(dY, X, axes=([0, 1], [0, 1]))",
            "axis=(0, 1)": "axis=0).sum(axis=0",
        },
        {'np.einsum("ntm,ntd->md", dY, X)': "(dY.swapaxes(1, 2) @ X).sum(axis=0)"},
    ],
    oracle=lambda dY, X, W: pullback(
        lambda X, W, b: X @ bp.swap(W) + b, dY, X, W, np.zeros(len(W))
    ),
    differences=lambda dY, X, W: slopes(
        lambda X, W, b: np.sum(dY * (X @ W.T + b)), X, W, np.zeros(len(W))
    ),
    mistakes=[
        Mistake(
            "dW_transposed",
            "dW is transposed",
            "W is stored as (M, D), outputs first, and its gradient has the same shape.",
            {"->md": "->dm"},
        ),
        Mistake(
            "W_transposed",
            "W is transposed on the way back",
            "W is (M, D) and so takes M numbers to D when it stands on the right, as it is.",
            {"dY @ W": "dY @ W.T"},
        ),
        Mistake(
            "dW_for_each_sequence",
            "dW is not summed over the sequences",
            "One W serves all N sequences, so what they send is added.",
            {"->md": "->nmd"},
        ),
        Mistake(
            "dW_for_each_place",
            "dW is not summed over the places",
            "One W serves all T places of a sequence, so what they send is added.",
            {"->md": "->tmd"},
        ),
        Mistake(
            "db_over_sequences_only",
            "db is summed over the sequences only",
            "The bias serves every place too, so the sum runs over both N and T.",
            {"axis=(0, 1)": "axis=0"},
        ),
        Mistake(
            "db_over_places_only",
            "db is summed over the places only",
            "The bias serves every sequence too, so the sum runs over both N and T.",
            {"axis=(0, 1)": "axis=1"},
        ),
        Mistake(
            "db_over_everything",
            "db is summed over the outputs too",
            "Each of the M outputs has a bias of its own; the sum runs over N and T and leaves M "
            "numbers.",
            {"axis=(0, 1)": ""},
        ),
        Mistake(
            "places_mixed",
            "Every place is paired with every other place",
            "An output at place t saw only the input at place t; summed apart and then "
            "multiplied, inputs meet gradients of other places.",
            {"ntm,ntd->md": "ntm,nsd->md"},
        ),
        Mistake(
            "last_place_only",
            "dW and db come from the last place only",
            "W and b are used at all T places, and every use adds to their gradients.",
            {"dY, X)": "dY[:, -1:], X[:, -1:])", "dY.sum(axis=(0, 1))": "dY[:, -1].sum(axis=0)"},
        ),
        Mistake(
            "last_sequence_only",
            "dW and db come from the last sequence only",
            "Assigned in a loop, each sequence's gradient replaces the one before; they are to "
            "be added.",
            {"dY, X)": "dY[-1:], X[-1:])", "dY.sum(axis=(0, 1))": "dY[-1].sum(axis=0)"},
        ),
        Mistake(
            "averaged_over_places",
            "dW and db are averaged over the places",
            "Every place adds its part to the gradients; a division by T is not in the layer.",
            {"dY, X)": "dY, X) / X.shape[1]", "axis=(0, 1))": "axis=(0, 1)) / X.shape[1]"},
        ),
        averaged_twice({"dY, X)": "dY, X) / len(X)", "axis=(0, 1))": "axis=(0, 1)) / len(X)"}),
    ],
    nudge="How often is one weight used in the whole batch, and what happens to the gradients of "
    "all these uses?",
    sketch="""
        Nothing new happens at a place: it is an affine layer whose weights lie the other way
        round, so each transpose of the usual equations is turned. The two first axes, N and T,
        are both only many uses of one layer. You may lay them out as one long axis of N T rows,
        solve that, and give dX its shape back.
        """,
    skeleton="""
        def linear_backward(dY, X, W):
            dX = ...                # (N, T, M) with (M, D)
            dW = ...                # (M, D): summed over N and T
            db = ...                # (M,): summed over N and T
            return dX, dW, db
        """,
    notice="A batch axis is an axis along which the same weights are used again. However many "
    "there are, the gradients of the weights are summed over all of them.",
)
