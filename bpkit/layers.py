"""Layers: rules with parameters of their own, and `Sequential`, which puts them in a row.

A module's parameters are the tensors among its attributes and its children's; they are named by
where they stand, as in "0.W". Arrays among the attributes are state that isn't learned.
"""

import numpy as np

from bpkit import fused, images, rules
from bpkit.errors import ShapeError
from bpkit.graph import Tensor
from bpkit.init import he
from bpkit.shapes import reshape, take


class Module:
    """What all layers share. A subclass sets attributes and defines forward(x). Chapter 10.

    >>> class Double(bp.Module):
    ...     def forward(self, x):
    ...         return 2 * x
    >>> Double()(bp.Tensor(3.0)).item()
    6.0
    """

    training = True

    def __call__(self, x, *args, **kwargs):
        x = x if isinstance(x, Tensor) else Tensor(x, requires_grad=False)
        return self.forward(x, *args, **kwargs)

    def children(self):
        """(name, module) for each module directly inside this one."""
        for name, value in vars(self).items():
            for key, item in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(item, Module):
                    yield (name if key is None else f"{name}.{key}"), item

    def _named(self, kind):
        found = {name: value for name, value in vars(self).items() if isinstance(value, kind)}
        for name, child in self.children():
            found |= {f"{name}.{key}": value for key, value in child._named(kind).items()}
        return found

    def parameters(self):
        """The tensors to learn, by name."""
        return self._named(Tensor)

    def state(self):
        """Every array that `save` keeps, by name: parameters and running statistics."""
        return {name: p.data for name, p in self.parameters().items()} | self._named(np.ndarray)

    def train(self, training=True):
        """Switch this module and all inside it to training, and return it."""
        self.training = training
        for _, child in self.children():
            child.train(training)
        return self

    def eval(self):
        """Switch to evaluation: dropout passes all, batch norm uses its running statistics."""
        return self.train(False)

    def zero_grad(self):
        """Forget every parameter's gradient; backward adds, so each step starts from none."""
        for p in self.parameters().values():
            p.grad = None

    def __repr__(self):
        inside = ", ".join(f"{name}={value!r}" for name, value in self._described().items())
        return f"{type(self).__name__}({inside})"

    def _described(self):
        kinds = (int, float, str, Module)
        return {k: v for k, v in vars(self).items() if isinstance(v, kinds) and k != "training"}


class Sequential(Module):
    """Modules in a row: each takes what the one before gives. Chapter 10.

    >>> model = bp.Sequential(bp.Affine(2, 3, seed=0), bp.ReLU(), bp.Affine(3, 1, seed=1))
    >>> list(model.parameters())
    ['0.W', '0.b', '2.W', '2.b']
    """

    def __init__(self, *modules):
        for i, module in enumerate(modules):
            if not isinstance(module, Module):
                raise TypeError(f"Sequential: item {i} is a {type(module).__name__}, not a module")
        self.modules = modules

    def children(self):
        return ((str(i), module) for i, module in enumerate(self.modules))

    def forward(self, x):
        for module in self.modules:
            x = module(x)
        return x

    def __getitem__(self, i):
        return self.modules[i]

    def __len__(self):
        return len(self.modules)

    def __repr__(self):
        return "Sequential(" + ", ".join(map(repr, self.modules)) + ")"


def _weight(init, shape, seed, dtype):
    return Tensor(init(shape, np.random.default_rng(seed)).astype(dtype))


class Affine(Module):
    """x @ W + b, with W (n_in, n_out) drawn by `init` from `seed` and b zero. Chapter 7.

    >>> bp.Affine(3, 2, seed=0)(np.ones((5, 3))).shape
    (5, 2)
    """

    def __init__(self, n_in, n_out, seed=None, init=he, dtype=float):
        self.n_in, self.n_out, self.init = n_in, n_out, init.__name__
        self.W = _weight(init, (n_in, n_out), seed, dtype)
        self.b = Tensor(np.zeros(n_out, dtype))
        self.seed = seed

    def forward(self, x):
        return fused.affine(x, self.W, self.b)


class ReLU(Module):
    """max(x, 0). Chapter 8.

    >>> bp.ReLU()(np.array([-1.0, 2.0])).data.tolist()
    [0.0, 2.0]
    """

    def forward(self, x):
        return rules.relu(x)


class LeakyReLU(Module):
    """x, or slope * x where x is negative. Chapter 8.

    >>> bp.LeakyReLU(0.1)(np.array([-1.0, 2.0])).data.tolist()
    [-0.1, 2.0]
    """

    def __init__(self, slope=0.01):
        self.slope = slope

    def forward(self, x):
        return rules.leaky_relu(x, slope=self.slope)


class Sigmoid(Module):
    """1 / (1 + exp(-x)). Chapter 8.

    >>> bp.Sigmoid()(np.array([0.0])).data.tolist()
    [0.5]
    """

    def forward(self, x):
        return rules.sigmoid(x)


class Tanh(Module):
    """The hyperbolic tangent. Chapter 8.

    >>> bp.Tanh()(np.array([0.0])).data.tolist()
    [0.0]
    """

    def forward(self, x):
        return rules.tanh(x)


class GELU(Module):
    """x times an S, in the tanh form. Chapter 8.

    >>> bp.GELU()(np.array([0.0])).data.tolist()
    [0.0]
    """

    def forward(self, x):
        return rules.gelu(x)


class Softplus(Module):
    """log(1 + exp(x)). Chapter 8.

    >>> bp.Softplus()(np.array([1000.0])).data.tolist()
    [1000.0]
    """

    def forward(self, x):
        return rules.softplus(x)


class Flatten(Module):
    """(N, ...) to (N, everything else in one row). Chapter 16.

    >>> bp.Flatten()(np.zeros((2, 3, 5))).shape
    (2, 15)
    """

    def forward(self, x):
        return reshape(x, to=(x.shape[0], x.size // max(1, x.shape[0])))


class Embedding(Module):
    """A table of `count` rows of `width` numbers, drawn normal, looked up by integers. Chapter 19.

    >>> bp.Embedding(7, 3, seed=0)(np.array([[0, 6]])).shape
    (1, 2, 3)
    """

    def __init__(self, count, width, seed=None, dtype=float):
        self.count, self.width, self.seed = count, width, seed
        self.W = _weight(lambda shape, rng: rng.normal(size=shape), (count, width), seed, dtype)

    def forward(self, x):
        return take(self.W, x)


class Dropout(Module):
    """In training, drop each entry with probability `rate`; in evaluation pass all. Chapter 14.

    >>> bp.Dropout(0.5, seed=0).eval()(np.array([3.0])).data.tolist()
    [3.0]
    """

    def __init__(self, rate, seed=None):
        if not 0 <= rate < 1:
            raise ValueError(f"Dropout: rate is {rate}; it must be at least 0 and below 1")
        self.rate, self.seed, self.rng = rate, seed, np.random.default_rng(seed)

    def forward(self, x):
        return fused.dropout(x, self.rate, self.rng) if self.training and self.rate else x


class LayerNorm(Module):
    """Each row normalized over its features, with a learned gamma and beta. Chapter 15.

    >>> bp.LayerNorm(2)(np.array([[1.0, 3.0]])).data.round(3).tolist()
    [[-1.0, 1.0]]
    """

    def __init__(self, width, eps=1e-5, dtype=float):
        self.width, self.eps = width, eps
        self.gamma, self.beta = Tensor(np.ones(width, dtype)), Tensor(np.zeros(width, dtype))

    def forward(self, x):
        return fused.layer_norm(x, self.gamma, self.beta, self.eps)


class RMSNorm(Module):
    """Each row divided by its root mean square, with a learned gamma. Chapter 15.

    >>> bp.RMSNorm(2)(np.array([[3.0, 3.0]])).data.round(3).tolist()
    [[1.0, 1.0]]
    """

    def __init__(self, width, eps=1e-5, dtype=float):
        self.width, self.eps, self.gamma = width, eps, Tensor(np.ones(width, dtype))

    def forward(self, x):
        return fused.rms_norm(x, self.gamma, eps=self.eps)


class BatchNorm(Module):
    """Each feature, or channel, normalized over the batch. Chapter 15.

    In training it uses the batch's mean and variance, and keeps running ones:
    running = (1 - momentum) * running + momentum * batch, the variance with N - 1. In evaluation
    it uses those.

    >>> bp.BatchNorm(1)(np.array([[1.0], [3.0]])).data.round(3).tolist()
    [[-1.0], [1.0]]
    """

    def __init__(self, width, momentum=0.1, eps=1e-5, dtype=float):
        self.width, self.momentum, self.eps = width, momentum, eps
        self.gamma, self.beta = Tensor(np.ones(width, dtype)), Tensor(np.zeros(width, dtype))
        self.mean, self.variance = np.zeros(width, dtype), np.ones(width, dtype)

    def forward(self, x):
        if x.ndim not in (2, 4) or x.shape[1] != self.width:
            raise ShapeError(
                f"BatchNorm({self.width}): x is {x.shape}; axis 1 must be {self.width}"
            )
        if not self.training:
            shape = (-1, 1, 1) if x.ndim == 4 else (-1,)
            scale = self.gamma / np.sqrt(self.variance + self.eps)
            shift = self.beta - self.mean * scale
            return x * reshape(scale, to=shape) + reshape(shift, to=shape)
        if x.size // self.width < 2:
            raise ShapeError(f"BatchNorm: x is {x.shape}; training needs two values a feature")
        x = fused.follow(x, mean=self.mean, variance=self.variance, momentum=self.momentum)
        return fused.batch_norm(x, self.gamma, self.beta, self.eps)


class Conv2d(Module):
    """Convolution with `outputs` kernels over `inputs` channels. Chapter 16.

    >>> bp.Conv2d(1, 7, kernel=3, padding=1, seed=0)(np.zeros((2, 1, 5, 5))).shape
    (2, 7, 5, 5)
    """

    def __init__(
        self, inputs, outputs, kernel, stride=1, padding=0, seed=None, init=he, dtype=float
    ):
        self.inputs, self.outputs, self.init, self.seed = inputs, outputs, init.__name__, seed
        self.kernel, self.stride, self.padding = kernel, stride, padding
        size = (kernel, kernel) if isinstance(kernel, int) else tuple(kernel)
        self.W = _weight(init, (outputs, inputs, *size), seed, dtype)
        self.b = Tensor(np.zeros(outputs, dtype))

    def forward(self, x):
        return images.conv2d(x, self.W, self.b, self.stride, self.padding)


class MaxPool2d(Module):
    """The largest pixel of each window. Chapter 16.

    >>> bp.MaxPool2d(2)(np.zeros((2, 3, 6, 6))).shape
    (2, 3, 3, 3)
    """

    def __init__(self, kernel, stride=None):
        self.kernel, self.stride = kernel, stride

    def forward(self, x):
        return images.max_pool2d(x, self.kernel, self.stride)


class AvgPool2d(Module):
    """The mean pixel of each window. Chapter 16.

    >>> bp.AvgPool2d(2)(np.zeros((2, 3, 6, 6))).shape
    (2, 3, 3, 3)
    """

    def __init__(self, kernel, stride=None):
        self.kernel, self.stride = kernel, stride

    def forward(self, x):
        return images.avg_pool2d(x, self.kernel, self.stride)
