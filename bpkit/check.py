"""Gradient checking: hold a backward pass against differences of the forward pass.

A gradient with many entries is first tried along a few random directions, two forward passes
each. Only if one disagrees is every entry tried, so that the worst can be named. At a kink, where
left and right slopes differ, any slope between the two is right; kinks are counted and reported.
"""

import inspect
from dataclasses import dataclass, field

import numpy as np

from bpkit.errors import GradientError, ShapeError
from bpkit.graph import RULES, Tensor, no_grad, order

STEP = np.finfo(float).eps ** (1 / 3)  # balances the difference's own error and rounding: chapter 1
ROOT = np.finfo(float).eps ** 0.5
# the rules that may be fed complex numbers, for the complex step
# fmt: off
HOLOMORPHIC = {
    "add", "sub", "mul", "div", "neg", "to_power", "exp", "log", "log1p", "sqrt", "sin", "cos",
    "tanh", "alias", "sum", "matmul", "affine", "normalize", "rms_norm", "reshape", "transpose",
    "broadcast", "sum_to", "index", "scatter_add", "concatenate", "stack", "assemble", "pad",
    "unfold", "fold", "slide", "conv2d", "conv2d_dx", "conv2d_dw",
}
# fmt: on


@dataclass
class Report:
    """What a passed check saw. Chapter 5.

    error: the largest relative error along a random direction. method: "centered difference" or
    "complex step". kinks: (input, entry) for each kink met, where any slope between the left and
    the right one was accepted.

    >>> bp.gradcheck(bp.relu, np.array([0.0, 2.0])).kinks
    [('x', (0,))]
    """

    error: float = 0.0
    method: str = "centered difference"
    kinks: list = field(default_factory=list)


def gradcheck(f, *arrays, tolerance=1e-6, directions=3, method="auto", seed=0):
    """Check bpkit's gradient of f at the arrays given; returns a Report. Chapter 5.

    f takes as many tensors and returns one, of any shape. The arrays are checked in float64.
    method: "complex" (exact to rounding; only for functions of complex numbers), "centered", or
    "auto", the first where f allows it. Raises GradientError, naming the input, the worst entry
    and both slopes, if a relative error exceeds the tolerance.

    >>> bp.gradcheck(lambda x, y: (x * y).sum(), np.array([1.5, 2.0]), np.array([3.0, 5.0])).kinks
    []
    """
    if method not in ("auto", "complex", "centered"):
        raise ValueError(f"gradcheck: method is {method!r}; it must be auto, complex or centered")
    arrays = _checked("gradcheck", arrays)
    inputs = [Tensor(a) for a in arrays]
    y = f(*inputs)
    if not isinstance(y, Tensor):
        raise TypeError(f"gradcheck: f must return a Tensor; it returned a {type(y).__name__}")
    rng = np.random.default_rng(seed)
    up = rng.normal(size=y.shape)
    rules = {t.rule for t in order(y) if t.rule}
    if y.requires_grad:
        y.backward(up)
    grads = [
        np.zeros(a.shape) if t.grad is None else t.grad for a, t in zip(arrays, inputs, strict=True)
    ]

    def forward(*values):
        with no_grad():
            return f(*map(Tensor, values)).data

    real = {r.name for r in rules if RULES.get(r.name) is not r or r.name not in HOLOMORPHIC}
    if method == "complex" and real:
        raise ValueError(
            f"gradcheck: the complex step can't pass through {', '.join(sorted(real))}"
        )
    use_complex = method == "complex" or (
        method == "auto" and not real and _holomorphic(forward, arrays, up)
    )
    return _compare(
        forward, arrays, grads, up, _names(f, arrays), tolerance, directions, use_complex, rng
    )


def vjpcheck(forward, backward, *arrays, tolerance=1e-6, directions=3, seed=0):
    """Check a NumPy pair of your own; returns a Report. Chapter 5.

    y = forward(*arrays). backward(dy, *arrays) returns the gradient of the one input, or a tuple
    with one for each, each of its input's shape. Raises GradientError if one is missing, has
    another shape, disagrees with the differences, or if backward changes an input in place.

    >>> bp.vjpcheck(np.sin, lambda dy, x: dy * np.cos(x), np.array([0.3, 0.7])).kinks
    []
    """
    arrays = _checked("vjpcheck", arrays)
    names = _names(forward, arrays)
    kept = [a.copy() for a in arrays]
    y = forward(*arrays)
    if y is None:
        raise GradientError("vjpcheck: forward gave nothing; is a return missing?")
    rng = np.random.default_rng(seed)
    up = rng.normal(size=np.shape(y))
    dy = np.array(up)
    grads = backward(dy, *arrays)
    for name, a, before in zip(["dy", *names], [dy, *arrays], [up, *kept], strict=True):
        if not np.array_equal(a, before):
            raise GradientError(f"vjpcheck: forward or backward changed its input {name} in place")
    grads = grads if isinstance(grads, tuple) else (grads,)
    if len(grads) != len(arrays):
        raise GradientError(
            f"vjpcheck: backward gave {len(grads)} gradients for {len(arrays)} inputs"
        )
    for name, a, g in zip(names, arrays, grads, strict=True):
        if g is None:
            raise GradientError(
                f"vjpcheck: backward gave no gradient for {name}; is a return missing?"
            )
        if np.shape(g) != a.shape:
            raise GradientError(f"vjpcheck: {name} is {a.shape} but its gradient is {np.shape(g)}")
    grads = [np.asarray(g, float) for g in grads]
    return _compare(forward, arrays, grads, up, names, tolerance, directions, False, rng)


def numeric_gradient(f, x, step=STEP):
    """The gradient of f, which takes an array and gives a number, entry by entry. Chapter 1.

    Centered differences in float64: two calls of f an entry. The answer has the shape of x.

    >>> numeric_gradient(lambda x: float((x**2).sum()), np.array([1.0, 3.0])).round(6).tolist()
    [2.0, 6.0]
    """
    x = np.array(x, float)
    gradient = np.zeros_like(x)
    for at in np.ndindex(x.shape):
        h = step * max(1.0, abs(x[at]))
        there, back = x.copy(), x.copy()
        there[at] += h
        back[at] -= h
        gradient[at] = (float(f(there)) - float(f(back))) / (there[at] - back[at])
    return gradient


def _holomorphic(forward, arrays, up):
    """Whether both kinds of step see one slope.

    f may also look at its values with code such as abs, which a step along i passes by unseen.
    """
    rng = np.random.default_rng(0)
    real, imaginary = (_Probe(forward, arrays, up, kind) for kind in (False, True))
    for place in (i for i, x in enumerate(arrays) if x.size):
        v = rng.normal(size=arrays[place].shape)
        rough, noise, _ = real.slope(place, v)
        try:
            exact, _, _ = imaginary.slope(place, v)
        except TypeError:
            return False
        if not abs(exact - rough) <= 1e-5 * max(abs(exact), abs(rough)) + noise:
            return False
    return True


def _compare(forward, arrays, grads, up, names, tolerance, directions, use_complex, rng):
    probe = _Probe(forward, arrays, up, use_complex)
    report = Report(method="complex step" if use_complex else "centered difference")
    for place, (name, x, g) in enumerate(zip(names, arrays, grads, strict=True)):
        if not np.isfinite(g).all():
            at = tuple(int(i) for i in np.argwhere(~np.isfinite(g))[0])
            raise GradientError(f"gradient of {name}, shape {x.shape}: entry {at} is {g[at]}")
        length = np.linalg.norm(g)
        worst, kink = 0.0, False
        for _ in range(directions if x.size else 0):
            v = rng.normal(size=x.shape)
            slope, noise, bent = probe.slope(place, v)
            size = max(length, abs(slope))
            # a length far below the noise is a gradient of 0, but for rounding
            if noise > 1e-4 * size and (size > noise or length > 1e-3 * noise):
                raise GradientError(
                    f"gradient of {name}, shape {x.shape}: the function's values are so large "
                    f"beside its slope, {slope:.2g}, that rounding hides an error; check elsewhere"
                )
            gap = max(0.0, abs(slope - np.vdot(g, v)) - noise)
            worst = max(worst, float(gap / max(size, noise, 1e-300)))
            kink = kink or bent
        if worst > tolerance or kink:
            _entry_by_entry(probe, place, name, x, g, tolerance, report, worst)
        else:
            report.error = max(report.error, worst)
    return report


def _entry_by_entry(probe, place, name, x, g, tolerance, report, along):
    """Name the worst entry, or find that every disagreement is a kink and allowed there."""
    scale = max(np.abs(g).max(), 1e-300)
    worst = (0.0, None, 0.0)
    kinked = False
    for at in np.ndindex(x.shape):
        v = np.zeros(x.shape)
        v[at] = 1
        slope, noise, bent = probe.slope(place, v)
        gap = max(0.0, abs(slope - g[at]) - noise)
        if bent:
            kinked = True
            report.kinks.append((name, at))
            if probe.between(place, v, g[at]):
                continue
        error = gap / max(abs(slope), abs(g[at]), 1e-3 * scale, noise)
        if error > worst[0]:
            worst = (error, at, slope)
    error, at, slope = worst
    if error > tolerance:
        raise GradientError(
            f"gradient of {name}, shape {x.shape}: the worst entry is {list(at)}: backward says "
            f"{g[at]:.8g}, the {report.method} {slope:.8g}, relative error {error:.1e}"
        )
    if along > tolerance and not kinked:
        raise GradientError(
            f"gradient of {name}, shape {x.shape}: no entry is off by more than {error:.1e}, "
            f"but along a random direction the relative error is {along:.1e}"
        )


class _Probe:
    """Slopes of u . forward(x) along directions: what backward should have said."""

    def __init__(self, forward, arrays, up, use_complex):
        self.forward, self.arrays, self.up, self.use_complex = forward, arrays, up, use_complex
        self.here = self.value(0, 0.0)
        if not np.isfinite(self.here):
            raise GradientError(f"the function gives {self.here} here; a check needs numbers")
        if self.here != self.value(0, 0.0):
            raise GradientError("the function gives two answers to one input; fix its seed first")

    def value(self, place, shift):
        arrays = [a + shift if i == place else a.copy() for i, a in enumerate(self.arrays)]
        return np.sum(self.up * self.forward(*arrays))

    def slope(self, place, v):
        """(slope, rounding noise in it, whether a kink was met)."""
        if self.use_complex:
            return self.value(place, 1e-30j * v).imag / 1e-30, 0.0, False
        h = STEP * max(1.0, np.abs(self.arrays[place]).max()) / max(1.0, np.abs(v).max())
        ahead, behind = self.value(place, h * v), self.value(place, -h * v)
        size = max(abs(ahead), abs(behind), abs(self.here))
        slope, noise = (ahead - behind) / (2 * h), 8 * np.finfo(float).eps * size / h
        bend = abs(ahead - 2 * self.here + behind) / h
        return slope, noise, bend > 1e-3 * abs(slope) + 4 * noise and self._stays(place, v, h, bend)

    def _stays(self, place, v, h, bend):
        """A curve's bend shrinks with the step; a kink's, once inside the step, doesn't."""
        h = h / 100
        ahead, behind = self.value(place, h * v), self.value(place, -h * v)
        return abs(ahead - 2 * self.here + behind) / h > bend / 10

    def between(self, place, v, slope):
        """Whether `slope` lies between the slopes to the left and to the right."""
        h = ROOT * max(1.0, np.abs(self.arrays[place]).max())
        ahead, behind = self.value(place, h * v), self.value(place, -h * v)
        left, right = sorted([(self.here - behind) / h, (ahead - self.here) / h])
        slack = 1e-5 * max(abs(left), abs(right)) + 8 * np.finfo(float).eps * abs(self.here) / h
        return left - slack <= slope <= right + slack


def _checked(who, arrays):
    if not arrays:
        raise TypeError(f"{who}: give at least one array to check at")
    out = []
    for i, a in enumerate(arrays):
        a = np.array(a.data if isinstance(a, Tensor) else a)
        if a.dtype.kind not in "biuf":
            raise TypeError(f"{who}: input {i} must hold real numbers; its dtype is {a.dtype}")
        if not np.isfinite(a).all():
            raise ShapeError(f"{who}: input {i}, shape {a.shape}, holds a NaN or an infinity")
        out.append(a.astype(float))
    return out


def _names(f, arrays):
    """The inputs' names as f spells them, or input 0, input 1 and so on."""
    try:
        spelled = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        spelled = []
    plain = [p.name for p in spelled if p.kind <= p.POSITIONAL_OR_KEYWORD]
    return [plain[i] if i < len(plain) else f"input {i}" for i in range(len(arrays))]
