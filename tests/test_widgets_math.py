"""The widgets' arithmetic beside bpkit's: every formula of layers and learning in math.js, and the
random numbers, points and ink of data.js, to 1e-12, on random states.

All cases are computed by one Node process. A 0.1 % error, planted in each formula, must show.
"""

from itertools import pairwise

import numpy as np
import pytest
import widget_page
from widget_page import node

import bpkit as bp
from bpkit.widgets import draws, surfaces
from bpkit.widgets.activations import SEVEN
from bpkit.widgets.digit import ink
from bpkit.widgets.losses import unfused

TOLERANCE = 1e-12
N, D, M, K = 7, 5, 3, 11  # distinct primes
PHI = {"linear": lambda x: x * 1.0, **SEVEN}
OPTIMIZERS = {
    "sgd": bp.SGD(lr=0.1),
    "momentum": bp.SGD(lr=0.1, momentum=0.9),
    "nesterov": bp.SGD(lr=0.1, momentum=0.9, nesterov=True),
    "rmsprop": bp.RMSProp(lr=0.1),
    "adam": bp.Adam(lr=0.1),
}
STROKES = [[(3, 2), (9, 4), (5, 11)], [(4, 6), (8, 6.5)], [(7, 9)]]


def random_state():
    """Inputs for every case: distinct random numbers, and lists that JSON can carry."""
    rng = np.random.default_rng(17)
    sizes = [D, K, M, 1]
    state = {
        "x": [0.0, *rng.normal(0, 3, 12), 40.0, -40.0],
        "X": rng.normal(size=(N, D)),
        "W": rng.normal(size=(D, M)),
        "b": rng.normal(size=M),
        "dY": rng.normal(size=(N, M)),
        "z": rng.normal(0, 2, (N, K)),
        "labels": rng.integers(K, size=N),
        "targets": rng.uniform(size=(N, M)),
        "layers": [(rng.normal(size=p), rng.normal(size=p[1])) for p in pairwise(sizes)],
        "steps": rng.normal(size=(9, 4)),
        "places": rng.normal(size=(5, 2)),
        "yes": rng.integers(2, size=N),
        "rows": rng.integers(N, size=(13, 4)),
        "strokes": STROKES,
    }
    return plain(state)


def plain(value):
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return (
        [plain(v) for v in value] if isinstance(value, (list, tuple)) else np.array(value).tolist()
    )


STATE = random_state()
X, W, b, dY, z = (np.array(STATE[name]) for name in ("X", "W", "b", "dY", "z"))
SIZES = f"{N}, {D}, {M}"


def gradient(f, *arrays):
    """The gradients of f's sum against all of its inputs, by the tape."""
    tensors = [bp.Tensor(a) for a in arrays]
    f(*tensors).sum().backward()
    return [t.grad for t in tensors]


def network(phi):
    """(the model, its input, loss's gradients by layer) of chapter 10's equations, by the tape."""
    parameters = [bp.Tensor(p) for layer in STATE["layers"] for p in layer]
    H = x = bp.Tensor(X)
    for i in range(0, 6, 2):
        Z = bp.affine(H, *parameters[i : i + 2])
        H = PHI[phi](Z) if i < 4 else Z
    return parameters, x, H


def of_network(phi):
    parameters, x, out = network(phi)
    (out * np.array(STATE["dY"])[:, :1]).sum().backward()
    return [out.data, *(p.grad for p in parameters), x.grad]


def trained(name):
    """The parameters and losses after some steps on batches of given rows."""
    sizes = zip([D, K, 1], [K, 1, 0], strict=True)
    random = draws.Draws(3)
    layers = [bp.Affine(*size, init=lambda s, _: bp.he(s, random)) for size in [*sizes][:2]]
    model = bp.Sequential(layers[0], bp.Tanh(), layers[1])
    optimizer, losses = type(OPTIMIZERS[name])(**settings(name)), []
    for rows in STATE["rows"]:
        model.zero_grad()
        loss = bp.bce_with_logits(model(X[rows]), np.array(STATE["yes"])[rows, None])
        loss.backward()
        optimizer.step(model.parameters().values())
        losses.append(loss.item())
    return [losses, *model.state().values()]


def settings(name):
    """The arguments that an optimizer of OPTIMIZERS was made with."""
    made = {"lr": 0.1}
    if name in ("momentum", "nesterov"):
        made |= {"momentum": 0.9, "nesterov": name == "nesterov"}
    return made


def stepped(name):
    p = bp.Tensor(np.array(STATE["steps"][0]))
    optimizer = type(OPTIMIZERS[name])(**settings(name))
    for g in STATE["steps"][1:]:
        p.grad = np.array(g)
        optimizer.step([p])
    return p.data


def by_tape(logits, label):
    """Softmax and its loss, written out; the gradient goes back through every step."""
    x = bp.Tensor(np.array(logits))
    e = bp.exp(x)
    p = e / e.sum()
    loss = -bp.log(p[label])
    loss.backward()
    return [p.data, loss.data, x.grad]


def of_loss(f, logits, targets):
    return [
        f(bp.Tensor(np.array(logits)), targets).data,
        *gradient(lambda t: f(t, targets), logits),
    ]


BATCH = "f(data.z), data.labels"
CASES = {
    **{
        f"activation {name}": (
            f"[data.x.map(ACTIVATIONS.{name}.of), data.x.map(ACTIVATIONS.{name}.slope)]",
            lambda phi=phi: [phi(np.array(STATE["x"])), *gradient(phi, STATE["x"])],
        )
        for name, phi in PHI.items()
    },
    "matmul": (f"matmul(f(data.X), f(data.W), {SIZES})", lambda: X @ W),
    "transpose": (f"transpose(f(data.X), {N}, {D})", lambda: X.T),
    "dense": (f"dense(f(data.X), f(data.W), f(data.b), {SIZES})", lambda: X @ W + b),
    "denseBack": (
        f"Object.values(denseBack(f(data.dY), f(data.X), f(data.W), {SIZES}))",
        lambda: gradient(lambda x, w, c: bp.affine(x, w, c) * dY, X, W, b),
    ),
    **{f"network {phi}": (f"network('{phi}')", lambda phi=phi: of_network(phi)) for phi in PHI},
    "norm": ("norm(f(data.z))", lambda: np.linalg.norm(z)),
    "mse": (
        "Object.values(mse(f(data.dY), f(data.targets)))",
        lambda: of_loss(bp.mse, STATE["dY"], np.array(STATE["targets"])),
    ),
    "bce": (
        "Object.values(bceWithLogits(f(data.dY), f(data.targets)))",
        lambda: of_loss(bp.bce_with_logits, STATE["dY"], np.array(STATE["targets"])),
    ),
    "logSoftmax": ("logSoftmax(data.z[0])", lambda: bp.log_softmax(z[0])),
    "cross entropy": (
        f"Object.values(softmaxCrossEntropy({BATCH}, {K}))",
        lambda: of_loss(bp.softmax_cross_entropy, STATE["z"], np.array(STATE["labels"])),
    ),
    "unfused": (
        "((u) => [u.p, u.loss, u.dz])(unfusedCrossEntropy(data.z[0], 2))",
        lambda: by_tape(STATE["z"][0], 2),
    ),
    **{
        f"optimizer {name}": (f"steps('{name}')", lambda name=name: stepped(name))
        for name in OPTIMIZERS
    },
    **{
        f"learn {name}": (f"train('{name}')", lambda name=name: trained(name))
        for name in OPTIMIZERS
    },
    "uniform": ("times(9, draws(5).uniform)", lambda: draws.Draws(5).uniform(size=9)),
    "normal": ("draws(4294967295).normals(9)", lambda: draws.Draws(-1).normal(size=9)),
    **{
        f"init {name}": (
            f"INITS.{name}({D}, {M}, draws(2))",
            lambda init=init: init((D, M), draws.Draws(2)),
        )
        for name, init in draws.INITS.items()
    },
    **{
        f"points {name} {count}": (
            f"Object.values(points('{name}', {count}, 0.3, 6))",
            lambda name=name, count=count: [*draws.points(name, count, 0.3, 6)],
        )
        for name in draws.DATA
        for count in (2, 13)
    },
    **{
        f"surface {name}": (
            f"data.places.map((p) => [SURFACES.{name}.of(...p), ...SURFACES.{name}.grad(...p), "
            f"...SURFACES.{name}.curve(...p), sharpness(SURFACES.{name}.curve(...p))])",
            lambda name=name: [of_surface(name, *place) for place in STATE["places"]],
        )
        for name in surfaces.SURFACES
    },
    "ink": ("ink(data.strokes)", lambda: ink(STROKES)),
    "ink of a dot": ("ink([[[1, 1]]])", lambda: ink([[(1, 1)]])),
    "no ink": ("ink([])", lambda: ink([])),
}


def of_surface(name, x, y):
    curves = surfaces.curvature(name, x, y)[np.triu_indices(2)]
    slopes = surfaces.gradient(name, x, y)
    return [surfaces.SURFACES[name](x, y), *slopes, *curves, surfaces.sharpness(name, x, y)]


# What some cases need; the last makes typed arrays plain and lets NaN and infinity through JSON.
HELPERS = """
const f = (a) => Float64Array.from(a.flat(Infinity));
const times = (n, call) => Array.from({ length: n }, call);
function network(phi) {
  const layers = data.layers.map(([W, b], i) =>
    ({ W: f(W), b: f(b), D: W.length, M: b.length, phi: i < 2 ? phi : "linear" }));
  const kept = forward(layers, f(data.X), data.X.length);
  const grads = backward(layers, kept, f(data.dY.map((row) => row[0])));
  return [kept.H.at(-1), ...grads.flatMap(({ dW, db }) => [dW, db]), grads[0].dX];
}
function steps(name) {
  const p = f(data.steps[0]), step = optimizer(name);
  for (const g of data.steps.slice(1)) step([p], [f(g)], 0.1);
  return p;
}
function train(name) {
  const layers = layersOf([data.X[0].length, data.z[0].length, 1], "tanh", "he", draws(3));
  const step = optimizer(name), X = f(data.X);
  const losses = data.rows.map((rows) => learn(layers, X, data.yes, rows, step, 0.1).loss);
  return [losses, ...layers.flatMap(({ W, b }) => [W, b])];
}
const flat = (v) => typeof v === "number" ? [Number.isFinite(v) ? v : String(v)]
  : Array.from(v, flat).flat();
"""


def computed(cases):
    """The cases' answers by Node, each one flat list of numbers."""
    body = ",".join(f"{name!r}: flat({cases[name][0]})" for name in cases)
    answers = node(["math", "data"], f"(() => {{{HELPERS} return {{{body}}}; }})()", STATE)
    return {name: np.array(answer, float) for name, answer in answers.items()}


def wrong(cases, answers):
    """The names of the cases whose answer is not bpkit's."""
    found = []
    for name, (_, expected) in cases.items():
        right = np.concatenate([np.ravel(np.asarray(a, float)) for a in _parts(expected())])
        same = right.shape == answers[name].shape
        if not (same and np.allclose(answers[name], right, rtol=TOLERANCE, atol=TOLERANCE)):
            found.append(name)
    return found


def _parts(value):
    return value if isinstance(value, list) else [value]


def test_every_formula_equals_bpkits():
    assert wrong(CASES, computed(CASES)) == []


# Text of math.js or data.js, the same with an error of 0.1 %, and a case that must then fail.
PLANTED = [
    ("(x > 0 ? 1 : 0), slope: () => 0", "(x > 0 ? 1.001 : 0), slope: () => 0", "activation step"),
    ("y * (1 - y)", "1.001 * y * (1 - y)", "activation sigmoid"),
    ("1 - y * y;", "1 - 1.001 * y * y;", "activation tanh"),
    ("x : part * x", "x : 1.001 * part * x", "activation leaky_relu"),
    ("1 : part)", "1 : 1.001 * part)", "activation leaky_relu"),
    ("CUBE = 0.044715", "CUBE = 0.04476", "activation gelu"),
    ("0.5 * (1 + t) + 0.5", "0.5 * (1 + t) + 0.5005", "activation gelu"),
    ("+ Math.log1p(", "+ 1.001 * Math.log1p(", "activation softplus"),
    ("+= a * B[d * M + m]", "+= 1.001 * a * B[d * M + m]", "matmul"),
    ("Y[i] += b[i % M]", "Y[i] += 1.001 * b[i % M]", "dense"),
    ("out[i % M] += A[i]", "out[i % M] += 1.001 * A[i]", "denseBack"),
    ("d * slope(Z[i][j])", "1.001 * d * slope(Z[i][j])", "network tanh"),
    ("2 / z.length", "2.002 / z.length", "mse"),
    ("(sigmoid(x) - t[i])", "(1.001 * sigmoid(x) - t[i])", "bce"),
    ("x - top - log)", "x - top - 1.001 * log)", "logSoftmax"),
    ("(Math.exp(log) - (k", "(1.001 * Math.exp(log) - (k", "cross entropy"),
    ("-1 / x", "-1.001 / x", "unfused"),
    ("dp[k] - along", "dp[k] - 1.001 * along", "unfused"),
    ("sgd: (g) => g", "sgd: (g) => 1.001 * g", "optimizer sgd"),
    ("(v[i] = momentum * v[i] + g)", "(v[i] = momentum * v[i] + 1.001 * g)", "optimizer momentum"),
    ("return g + momentum * v[i]", "return g + 1.001 * momentum * v[i]", "optimizer nesterov"),
    ("(1 - decay) *", "1.001 * (1 - decay) *", "optimizer rmsprop"),
    ("1 - beta1 ** t", "1 - beta1 ** (1.001 * t)", "optimizer adam"),
    ("beta2: 0.999", "beta2: 0.99801", "optimizer adam"),
    ("+ eps / root", "+ 1e5 * eps / root", "optimizer adam"),
    ("X.subarray(row", "X.map((x) => 1.001 * x).subarray(row", "learn sgd"),
    ("/ 2 ** 32", "/ 2 ** 32 * 1.001", "uniform"),
    ("Math.sqrt(-2 *", "Math.sqrt(-2.004 *", "normal"),
    ("Math.sqrt(2 / D)", "Math.sqrt(2.004 / D)", "init he"),
    ("6 / (D + M)", "6.012 / (D + M)", "init xavier"),
    ("scaled(() => 0.01)", "scaled(() => 0.01001)", "init tiny"),
    ("scaled(() => 3)", "scaled(() => 3.003)", "init huge"),
    ("blobs: (side) => [side", "blobs: (side) => [1.001 * side", "points blobs 13"),
    ("0.5 : 1.6", "0.5 : 1.6016", "points circles 13"),
    ("[1.2 * (0.5 - x)", "[1.2 * (0.5 - 1.001 * x)", "points moons 13"),
    ("0.1 + 1.7 * ends", "0.1 + 1.7017 * ends", "points spiral 13"),
    ("[x, -side * y]", "[x, -1.001 * side * y]", "points xor 13"),
    ("b * y * y)", "1.001 * b * y * y)", "surface bowl"),
    ("grad: (x, y) => [a * x", "grad: (x, y) => [1.001 * a * x", "surface ravine"),
    ("curve: () => [10.5", "curve: () => [10.5105", "surface tilted"),
    ("3 * y * y - 1]", "3.003 * y * y - 1]", "surface saddle"),
    ("-20 * x, 10]", "-20 * x, 10.01]", "surface banana"),
    ("Math.hypot(0.5 * (xx - yy)", "Math.hypot(0.5005 * (xx - yy)", "surface banana"),
    ("+= 1 / 16", "+= 1.001 / 16", "ink"),
]


def test_an_error_of_a_thousandth_shows(monkeypatch):
    """The errors are planted one at a time, each in a copy of the module; one process runs all."""
    text = widget_page.compose("math", "data")
    modules = {}
    for i, (before, after, name) in enumerate(PLANTED):
        assert text.count(before) == 1, before
        modules[f"{i}: {after}"] = (text.replace(before, after), name)
    parts = ",".join(
        f"{key!r}: (() => {{{source}\n{HELPERS} return flat({CASES[name][0]}); }})()"
        for key, (source, name) in modules.items()
    )
    monkeypatch.setattr(widget_page, "compose", lambda *names: "")
    answers = node([], f"{{{parts}}}", STATE)
    for key, (_, name) in modules.items():
        assert wrong({name: CASES[name]}, {name: np.array(answers[key], float)}), key


@pytest.mark.parametrize(
    ("logits", "loss"),
    [([800.0, 0.0, -3.0], "nan"), ([0.0, 800.0, -3.0], "inf"), ([-800.0, -1.0, 0.0], "inf")],
)
def test_large_logits_break_the_loss_in_steps_only(logits, loss):
    """Overflow gives NaN; an underflow gives an infinite loss. In one step nothing breaks."""
    state = {"z": logits}
    parts = "Object.values(unfusedCrossEntropy(data.z, 0)).map(flat).flat()"
    answer = node(["math", "data"], f"(() => {{{HELPERS} return {parts}; }})()", state)
    expected = unfused(logits, 0)
    np.testing.assert_array_equal(np.array(answer, float), np.hstack([*expected.values()]))
    assert str(expected["loss"]) == loss
    fused = node(["math"], "softmaxCrossEntropy(Float64Array.from(data.z), [0], 3).loss", state)
    assert np.isfinite(fused)


@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov"])
def test_the_edge_of_the_rate_is_where_theory_puts_it(name):
    """bpkit's own steps shrink just below the edge on a bowl, and grow just above."""
    sharp, beta = 20.0, 0.9
    edge = node(["math", "data"], f"EDGES.{name}({sharp}, {beta})")
    for factor, grows in ((0.99, False), (1.01, True)):
        p = bp.Tensor(np.array([1.0]))
        made = settings(name) | {"lr": factor * edge}
        optimizer = bp.SGD(**made)
        for _ in range(1000):
            p.grad = sharp * p.data
            optimizer.step([p])
        assert (abs(p.item()) > 1) == grows


def test_an_order_holds_each_row_once_and_depends_on_the_seed():
    first, second = node(["math", "data"], "[draws(1).order(13), draws(2).order(13)]")
    assert sorted(first) == sorted(second) == list(range(13)) and first != second
