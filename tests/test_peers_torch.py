"""Against PyTorch on the processor, in float64: values, first and second derivatives, training."""

import numpy as np
import pytest
from cases import CASES, by_name, shares, some
from peers import near, ours, probes

import bpkit as bp

torch = pytest.importorskip("torch")
F = torch.nn.functional
torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def plain_attention():
    """Its faster kernels for attention have no second derivative."""
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        yield


def theirs(f, arrays):
    """What `peers.ours` gives, by PyTorch."""
    xs = [torch.tensor(a, requires_grad=True) for a in arrays]
    y = f(*xs)
    up, *vs = map(torch.tensor, probes(tuple(y.shape), *(a.shape for a in arrays)))
    number = (up * torch.sin(y)).sum()

    def slopes(z, **options):
        if not z.requires_grad:
            return [torch.zeros_like(x) for x in xs]
        return torch.autograd.grad(z, xs, materialize_grads=True, **options)

    first = slopes(number, create_graph=True)
    second = slopes(sum((v * g).sum() for v, g in zip(vs, first, strict=True)))
    return [t.detach().numpy() for t in (y, *first, *second)]


def _axes(f):
    """A reduction of theirs, for whom no axes means all axes."""

    def reduction(x, axis=None, keepdims=False):
        if axis == ():
            return x * 1
        return f(x, tuple(range(x.ndim)) if axis is None else axis, keepdims)

    return reduction


def _places(key, shape):
    """Where in the flat array a key points."""
    return torch.tensor(np.array(np.arange(np.prod(shape)).reshape(shape)[key], order="C"))


def _added(x, places, shape):
    flat = torch.zeros(int(np.prod(shape)), dtype=x.dtype)
    return flat.index_add(0, places.reshape(-1), x.expand(places.shape).reshape(-1)).reshape(shape)


def _assembled(*pieces, keys, to):
    return sum(_added(x, _places(key, to), to) for x, key in zip(pieces, keys, strict=True))


def _normalized(x, gamma, beta, axis, eps):
    variance, mean = torch.var_mean(x, axis, correction=0, keepdim=True)
    return gamma * (x - mean) / torch.sqrt(variance + eps) + beta


def _folded(x, to, kernel, stride):
    columns = x.permute(0, 1, 4, 5, 2, 3).reshape(x.shape[0], -1, x.shape[2] * x.shape[3])
    return F.fold(columns, to[2:], kernel, stride=stride)


def _upward(dY, W, size, stride, padding):
    rest = [
        n - (m - 1) * s + 2 * p - k
        for n, m, s, p, k in zip(size, dY.shape[2:], stride, padding, W.shape[2:], strict=True)
    ]
    return F.conv_transpose2d(dY, W, stride=stride, padding=padding, output_padding=rest)


def _kernels(X, dY, kernel, stride, padding):
    dw = F.conv2d(X.transpose(0, 1), dY.transpose(0, 1), dilation=stride, padding=padding)
    return dw[:, :, : kernel[0], : kernel[1]].transpose(0, 1)


def _entropy(z, q, **options):
    options.pop("sums_to_1", None)
    return F.cross_entropy(z.movedim(-1, min(1, z.ndim - 1)), q.movedim(-1, min(1, z.ndim - 1)))


RULES = {
    "alias": lambda x: x * 1,
    "reshape": lambda x, to: x.reshape(to),
    "transpose": lambda x, axes=None: x.permute(axes or tuple(range(x.ndim))[::-1]),
    "broadcast": lambda x, to: torch.broadcast_to(x, to),
    "sum_to": lambda x, to: x.sum_to_size(to),
    "index": lambda x, key: x.reshape(-1)[_places(key, x.shape)],
    "scatter_add": lambda x, key, to: _added(x, _places(key, to), to),
    "take": lambda table, rows: F.embedding(torch.as_tensor(rows), table.flatten(1)).unflatten(
        -1, table.shape[1:]
    ),
    "add_rows": lambda x, rows, count: torch.zeros(
        count, *x.shape[rows.ndim :], dtype=x.dtype
    ).index_add(0, torch.tensor(rows).reshape(-1), x.reshape(-1, *x.shape[rows.ndim :])),
    "assemble": _assembled,
    "concatenate": lambda *xs, axis=0: torch.cat(xs, axis),
    "stack": lambda *xs, axis: torch.stack(xs, axis),
    "pad": lambda x, width: F.pad(x, [n for pair in width[::-1] for n in pair]),
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "div": torch.div,
    "power": torch.pow,
    "to_power": lambda x, to: x**to,
    "neg": torch.neg,
    "exp": torch.exp,
    "log": torch.log,
    "log1p": torch.log1p,
    "sqrt": torch.sqrt,
    "sin": torch.sin,
    "cos": torch.cos,
    "abs": torch.abs,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": F.softplus,
    "relu": F.relu,
    "leaky_relu": lambda x, slope=0.01: F.leaky_relu(x, slope),
    "gelu": lambda x: F.gelu(x, approximate="tanh"),
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "where": torch.where,
    "clip": lambda x, low, high: torch.clamp(x, low, high),
    "cast": lambda x, dtype: x.to(torch.float64) * 1,
    "sum": _axes(torch.sum),
    "max": _axes(torch.amax),
    "logsumexp": _axes(torch.logsumexp),
    "softmax": lambda x, axis=-1: torch.softmax(x, axis),
    "log_softmax": lambda x, axis=-1: torch.log_softmax(x, axis),
    "matmul": torch.matmul,
    "affine": lambda X, W, b: F.linear(X, W.T, b),
    "normalize": _normalized,
    "rms_norm": lambda x, gamma, eps=1e-5: F.rms_norm(x, gamma.shape, gamma, eps),
    "follow": lambda x, **_: x * 1,
    "slide": lambda x, size, stride=1: x.unfold(0, size, stride).movedim(-1, 1),
    "unfold": lambda x, kernel, stride: x.unfold(2, kernel[0], stride[0]).unfold(
        3, kernel[1], stride[1]
    ),
    "fold": _folded,
    "conv2d": F.conv2d,
    "conv2d_dx": _upward,
    "conv2d_dw": _kernels,
    "max_pool2d": lambda x, kernel, stride: F.max_pool2d(x, kernel, stride),
    "mse": F.mse_loss,
    "bce_with_logits": F.binary_cross_entropy_with_logits,
    "softmax_cross_entropy": _entropy,
}


def test_every_rule_with_a_derivative_has_its_peer():
    assert set(RULES) == {name for name, rule in bp.RULES.items() if rule.vjps}


def askable(case):
    """Whether PyTorch takes this case: not all of its functions take an array of nothing."""
    empty = any(np.size(x) == 0 for x in case.inputs if isinstance(x, np.ndarray))
    return case.differentiable and not (empty and case.rule not in {"add", "mul", "sum", "matmul"})


@pytest.mark.parametrize("case", **by_name([case for case in CASES if askable(case)]))
def test_rules(case):
    def peer(*variables):
        inputs = [
            torch.from_numpy(np.asarray(x)) if np.asarray(x).dtype.kind in "fb" else x
            for x in case.filled([None] * len(variables))
        ]
        for place, x in zip(case.places, variables, strict=True):
            inputs[place] = x
        return RULES[case.rule](*inputs, **case.params)

    near(ours(case, case.arrays), theirs(peer, case.arrays))


LABELS = np.array([2, 0, 1, 2, 2])
MASK = np.tri(5, 7, dtype=bool)
FUNCTIONS = {  # bpkit's, PyTorch's, at these arrays
    "layer_norm": (
        bp.layer_norm,
        lambda x, g, b: F.layer_norm(x, g.shape, g, b),
        [some(2, 5, 3), some(3), some(3)],
    ),
    "batch_norm": (
        bp.batch_norm,
        lambda x, g, b: F.batch_norm(x, None, None, g, b, training=True),
        [some(5, 3), some(3), some(3)],
    ),
    "batch_norm of images": (
        bp.batch_norm,
        lambda x, g, b: F.batch_norm(x, None, None, g, b, training=True),
        [some(2, 3, 5, 7), some(3), some(3)],
    ),
    "conv2d": (
        lambda X, W, b: bp.conv2d(X, W, b, stride=(2, 1), padding=1),
        lambda X, W, b: F.conv2d(X, W, b, stride=(2, 1), padding=1),
        [some(2, 3, 5, 7), some(11, 3, 3, 2), some(11)],
    ),
    "avg_pool2d": (
        lambda x: bp.avg_pool2d(x, (2, 3), 2),
        lambda x: F.avg_pool2d(x, (2, 3), 2),
        [some(2, 3, 5, 7)],
    ),
    "max_pool2d": (
        lambda x: bp.max_pool2d(x, 2),
        lambda x: F.max_pool2d(x, 2),
        [some(2, 3, 5, 7)],
    ),
    "mean": (lambda x: x.mean((0, -1)), lambda x: x.mean((0, -1)), [some(2, 5, 3)]),
    "mae": (bp.mae, F.l1_loss, [some(5, 3), some(5, 3)]),
    **{
        f"huber {delta}": (
            lambda z, t, delta=delta: bp.huber(z, t, delta),
            lambda z, t, delta=delta: F.huber_loss(z, t, delta=delta),
            [some(5, 3), some(5, 3)],
        )
        for delta in [0.5, 1.0, 2.3]
    },
    **{
        f"cross-entropy of labels, smoothing {s}": (
            lambda z, s=s: bp.softmax_cross_entropy(z, LABELS, s),
            lambda z, s=s: F.cross_entropy(z, torch.tensor(LABELS), label_smoothing=s),
            [some(5, 3)],
        )
        for s in [0.0, 0.1]
    },
    "cross-entropy of probabilities, smoothed": (
        lambda z, q: bp.softmax_cross_entropy(z, q, 0.1),
        lambda z, q: F.cross_entropy(z, q, label_smoothing=0.1),
        [some(5, 3), shares(5, 3)],
    ),
    "cross-entropy of sequences": (
        lambda z: bp.softmax_cross_entropy(z, np.array([LABELS, LABELS[::-1]])),
        lambda z: F.cross_entropy(z.mT, torch.tensor(np.array([LABELS, LABELS[::-1]]))),
        [some(2, 5, 3)],
    ),
    "attention": (
        bp.attention,
        F.scaled_dot_product_attention,
        [some(2, 5, 3), some(2, 7, 3), some(2, 7, 11)],
    ),
    "attention, masked": (
        lambda q, k, v: bp.attention(q, k, v, MASK),
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, torch.tensor(MASK)),
        [some(2, 5, 3), some(2, 7, 3), some(2, 7, 11)],
    ),
    "vector @ matrix": (lambda a, b: a @ b, lambda a, b: a @ b, [some(5), some(2, 5, 3)]),
    "matrix @ vector": (lambda a, b: a @ b, lambda a, b: a @ b, [some(2, 5, 3), some(3)]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name):
    f, peer, arrays = FUNCTIONS[name]
    near(ours(f, arrays), theirs(peer, arrays))


# --- layers: the same weights, in the other library's places ---


def _blocks(W, order):
    """Columns of gates, in another order, as rows."""
    parts = np.split(W, len(order), axis=-1)
    return np.concatenate([parts[i] for i in order], axis=-1).T


def recurrent(kind, order, hidden_bias=lambda layer: np.zeros_like(layer.b.data)):
    layer = getattr(bp, kind)(3, 5, seed=1)
    layer.b.data += some(*layer.b.shape)
    if kind == "GRU":
        layer.c.data += some(5)
    peer = getattr(torch.nn, kind)(3, 5, batch_first=True, dtype=torch.float64)

    def copy(read=lambda p: p.data):
        return {
            "weight_ih_l0": _blocks(read(layer.Wx), order),
            "weight_hh_l0": _blocks(read(layer.Wh), order),
            "bias_ih_l0": _blocks(read(layer.b), order),
        }

    hidden = np.zeros_like(layer.b.data)
    if kind == "GRU":
        hidden[10:] = layer.c.data
    peer.load_state_dict({k: torch.tensor(v) for k, v in (copy() | {"bias_hh_l0": hidden}).items()})
    return layer, peer, copy


RECURRENT = {"RNN": [0], "LSTM": [0, 1, 3, 2], "GRU": [0, 1, 2]}


@pytest.mark.parametrize("kind", RECURRENT)
def test_recurrent_layers(kind):
    layer, peer, copy = recurrent(kind, RECURRENT[kind])
    x = some(2, 7, 3)
    near(ours(layer, [x]), theirs(lambda x: peer(x)[0], [x]))
    up = some(2, 7, 5)
    layer(x).backward(up)
    peer(torch.tensor(x))[0].backward(torch.tensor(up))
    for name, gradient in copy(lambda p: p.grad).items():
        near([gradient], [getattr(peer, name).grad])
    if kind == "GRU":
        near([layer.c.grad], [peer.bias_hh_l0.grad[10:]])


@pytest.mark.parametrize("kind", RECURRENT)
def test_recurrent_states_go_on(kind):
    layer, peer, _ = recurrent(kind, RECURRENT[kind])
    x = bp.Tensor(some(2, 7, 3))
    hidden, state = layer.unroll(x)
    whole, last = peer(torch.tensor(x.data))
    near([hidden.data], [whole.detach()])
    last = last if kind == "LSTM" else (last,)
    near([s.data for s in state], [s[0].detach() for s in last])
    first, state = layer.unroll(x[:, :3])
    rest, _ = layer.unroll(x[:, 3:], state)
    near([bp.concatenate([first, rest], axis=1).data], [hidden.data])


def _attention(layer, peer):
    peer.load_state_dict(
        {
            "in_proj_weight": torch.tensor(layer.qkv.W.data.T),
            "in_proj_bias": torch.tensor(layer.qkv.b.data),
            "out_proj.weight": torch.tensor(layer.out.W.data.T),
            "out_proj.bias": torch.tensor(layer.out.b.data),
        }
    )


@pytest.mark.parametrize("causal", [False, True])
def test_multi_head_attention(causal):
    layer = bp.MultiHeadAttention(6, heads=2, causal=causal, seed=1)
    for p in (layer.qkv.b, layer.out.b):
        p.data += some(*p.shape)
    peer = torch.nn.MultiheadAttention(6, 2, batch_first=True, dtype=torch.float64)
    _attention(layer, peer)
    hidden = ~torch.tril(torch.ones(5, 5, dtype=torch.bool)) if causal else None
    x, up = some(3, 5, 6), some(3, 5, 6)

    def attend(x):
        return peer(x, x, x, attn_mask=hidden, need_weights=False)[0]

    near(ours(layer, [x]), theirs(attend, [x]))
    layer(x).backward(up)
    attend(torch.tensor(x)).backward(torch.tensor(up))
    near(
        [p.grad.T for p in layer.parameters().values()],
        [p.grad for p in peer.parameters()],
    )


def test_transformer_block():
    block = bp.TransformerBlock(6, heads=2, hidden=11, seed=1)
    peer = torch.nn.TransformerEncoderLayer(
        6,
        2,
        dim_feedforward=11,
        dropout=0.0,
        activation=lambda x: F.gelu(x, approximate="tanh"),
        batch_first=True,
        norm_first=True,
        dtype=torch.float64,
    )
    _attention(block.attention, peer.self_attn)
    pairs = [
        (peer.linear1.weight, block.network[0].W.data.T),
        (peer.linear1.bias, block.network[0].b.data),
        (peer.linear2.weight, block.network[2].W.data.T),
        (peer.linear2.bias, block.network[2].b.data),
    ]
    for p, data in pairs:
        p.data = torch.tensor(data)
    x = some(2, 5, 6)
    near(ours(block, [x]), theirs(peer, [x]))


@pytest.mark.parametrize(
    ("peer", "shape"), [(torch.nn.BatchNorm1d, (5, 3)), (torch.nn.BatchNorm2d, (2, 3, 5, 7))]
)
def test_batch_norm_follows_the_same_running_statistics(peer, shape):
    layer, peer = bp.BatchNorm(3, momentum=0.3), peer(3, momentum=0.3, dtype=torch.float64)
    layer.gamma.data[:], layer.beta.data[:] = some(3), some(3)
    peer.weight.data, peer.bias.data = torch.tensor(layer.gamma.data), torch.tensor(layer.beta.data)
    for _ in range(5):
        x = some(*shape)
        near([layer(x).data], [peer(torch.tensor(x)).detach()])
        near([layer.mean, layer.variance], [peer.running_mean, peer.running_var])
    layer.eval()
    peer.eval()
    x = some(*shape)
    near(ours(layer, [x]), theirs(peer, [x]))
    near([layer.mean, layer.variance], [peer.running_mean, peer.running_var])


def test_embedding():
    layer, rows = bp.Embedding(7, 3, seed=1), np.array([[6, 0], [6, 6]])
    peer = torch.nn.Embedding.from_pretrained(torch.tensor(layer.W.data), freeze=False)
    up = some(2, 2, 3)
    y = layer(rows)
    y.backward(up)
    peer(torch.tensor(rows)).backward(torch.tensor(up))
    near([y.data, layer.W.grad], [layer.W.data[rows], peer.weight.grad])


# --- training ---


def network():
    """One small network in both libraries, with a batch and its loss."""
    mine = bp.Sequential(bp.Affine(5, 7, seed=1), bp.Tanh(), bp.Affine(7, 3, seed=2))
    other = torch.nn.Sequential(
        torch.nn.Linear(5, 7), torch.nn.Tanh(), torch.nn.Linear(7, 3)
    ).double()
    for p, q in zip(other.parameters(), mine.parameters().values(), strict=True):
        p.data = torch.tensor(q.data.T.copy())
    return mine, other


def gap(mine, other):
    near(
        [p.data.T for p in mine.parameters().values()],
        [p.detach() for p in other.parameters()],
        tolerance=1e-11,
    )


OPTIMIZERS = {
    "descent": (lambda: bp.GradientDescent(0.1), lambda p: torch.optim.SGD(p, 0.1)),
    "sgd": (lambda: bp.SGD(0.1), lambda p: torch.optim.SGD(p, 0.1)),
    "momentum": (
        lambda: bp.SGD(0.1, momentum=0.9),
        lambda p: torch.optim.SGD(p, 0.1, momentum=0.9),
    ),
    "nesterov": (
        lambda: bp.SGD(0.1, momentum=0.9, nesterov=True),
        lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True),
    ),
    "decay": (
        lambda: bp.SGD(0.1, momentum=0.9, weight_decay=0.03),
        lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, weight_decay=0.03),
    ),
    "nesterov and decay": (
        lambda: bp.SGD(0.1, momentum=0.7, nesterov=True, weight_decay=0.03),
        lambda p: torch.optim.SGD(p, 0.1, momentum=0.7, nesterov=True, weight_decay=0.03),
    ),
    "rmsprop": (lambda: bp.RMSProp(0.01), lambda p: torch.optim.RMSprop(p, 0.01)),
    "rmsprop, its own": (
        lambda: bp.RMSProp(0.02, decay=0.9, eps=1e-3, weight_decay=0.03),
        lambda p: torch.optim.RMSprop(p, 0.02, alpha=0.9, eps=1e-3, weight_decay=0.03),
    ),
    "adam": (lambda: bp.Adam(0.01), lambda p: torch.optim.Adam(p, 0.01)),
    "adam, its own": (
        lambda: bp.Adam(0.02, beta1=0.8, beta2=0.97, eps=1e-3, weight_decay=0.03),
        lambda p: torch.optim.Adam(p, 0.02, betas=(0.8, 0.97), eps=1e-3, weight_decay=0.03),
    ),
    "adamw": (lambda: bp.AdamW(0.01), lambda p: torch.optim.AdamW(p, 0.01)),
    "adamw, its own": (
        lambda: bp.AdamW(0.02, weight_decay=0.3, beta1=0.8),
        lambda p: torch.optim.AdamW(p, 0.02, weight_decay=0.3, betas=(0.8, 0.999)),
    ),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(name):
    mine, other = network()
    optimizer, peer = OPTIMIZERS[name][0](), OPTIMIZERS[name][1](other.parameters())
    X, y = some(11, 5), np.arange(11) % 3
    for _ in range(20):
        mine.zero_grad()
        bp.softmax_cross_entropy(mine(X), y).backward()
        optimizer.step(mine.parameters().values())
        peer.zero_grad()
        F.cross_entropy(other(torch.tensor(X)), torch.tensor(y)).backward()
        peer.step()
        gap(mine, other)


@pytest.mark.parametrize("limit", [0.05, 100.0])
def test_clipping_by_norm(limit):
    mine, other = network()
    X, y = some(11, 5), np.arange(11) % 3
    bp.softmax_cross_entropy(mine(X), y).backward()
    F.cross_entropy(other(torch.tensor(X)), torch.tensor(y)).backward()
    norm = bp.clip_by_norm(mine.parameters().values(), limit)
    peer = torch.nn.utils.clip_grad_norm_(other.parameters(), limit).item()
    assert norm == pytest.approx(peer, rel=1e-12)
    factor = (norm + 1e-6) / norm if norm > limit else 1.0  # theirs adds 1e-6 to the norm
    near(
        [p.grad.T for p in mine.parameters().values()],
        [p.grad * factor for p in other.parameters()],
    )


SCHEDULES = {
    "step": (
        bp.schedules.step_decay(0.1, every=3, factor=0.5),
        lambda o: torch.optim.lr_scheduler.StepLR(o, 3, 0.5),
    ),
    "exponential": (
        bp.schedules.exponential(0.1, 0.9),
        lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.9),
    ),
    "cosine": (
        bp.schedules.cosine(0.1, updates=20, floor=0.01),
        lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 20, 0.01),
    ),
    "warm-up": (
        bp.schedules.warm_up(0.1, updates=5),
        lambda o: torch.optim.lr_scheduler.LinearLR(o, 1 / 5, 1.0, 4),
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules(name):
    rate, make = SCHEDULES[name]
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    peer = make(optimizer)
    for t in range(15):
        assert rate(t) == pytest.approx(peer.get_last_lr()[0], rel=1e-12)
        optimizer.step()
        peer.step()


@pytest.mark.parametrize("optimizer", ["momentum", "adamw"])
def test_fit(optimizer):
    """Three epochs of the same batches end at the same weights."""
    mine, other = network()
    X, y = some(23, 5), np.arange(23) % 3
    make, make_peer = OPTIMIZERS[optimizer]
    history = bp.fit(
        mine,
        bp.softmax_cross_entropy,
        X,
        y,
        optimizer=make(),
        epochs=3,
        batch_size=7,
        seed=5,
        progress=False,
    )
    peer, rng = make_peer(other.parameters()), np.random.default_rng(5)
    for epoch in range(3):
        total = 0.0
        for rows in bp.batches(23, 7, rng):
            peer.zero_grad()
            loss = F.cross_entropy(other(torch.tensor(X[rows])), torch.tensor(y[rows]))
            loss.backward()
            peer.step()
            total += loss.item() * len(rows)
        assert history.loss[epoch] == pytest.approx(total / 23, rel=1e-11)
    gap(mine, other)
