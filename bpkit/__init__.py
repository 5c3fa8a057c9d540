"""bpkit: the small NumPy library that the book *Every Gradient, Checked* builds.

To read it through: errors, table, graph, derivatives, shapes, rules, reductions, fused, images,
losses, init, layers, sequence, store, schedules, optim, record, lookup, simplify, plan, write,
replay, workers, train, check, data.
"""

from bpkit import data, graph, schedules
from bpkit.check import Report, gradcheck, numeric_gradient, vjpcheck
from bpkit.derivatives import custom, grad, value_and_grad
from bpkit.errors import GradientError, GraphError, NonFiniteError, ShapeError
from bpkit.fused import affine, batch_norm, dropout, layer_norm, normalize, rms_norm
from bpkit.graph import RULES, Every, Rule, Tensor, finite_checks, no_grad, rule
from bpkit.images import avg_pool2d, conv2d, fold, max_pool2d, unfold
from bpkit.init import fans, he, orthogonal, xavier
from bpkit.layers import (
    GELU,
    Affine,
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Dropout,
    Embedding,
    Flatten,
    LayerNorm,
    LeakyReLU,
    MaxPool2d,
    Module,
    ReLU,
    RMSNorm,
    Sequential,
    Sigmoid,
    Softplus,
    Tanh,
)
from bpkit.losses import bce_with_logits, huber, mae, mse, one_hot, softmax_cross_entropy
from bpkit.optim import (
    SGD,
    Adam,
    AdamW,
    GradientDescent,
    Optimizer,
    RMSProp,
    clip_by_norm,
    grad_norm,
)
from bpkit.record import ReplayError
from bpkit.reductions import log_softmax, logsumexp, matmul, max, mean, softmax, sum
from bpkit.replay import Replay, replay
from bpkit.rules import (
    abs,
    add,
    cast,
    clip,
    cos,
    div,
    equal,
    exp,
    gelu,
    greater,
    greater_equal,
    leaky_relu,
    log,
    log1p,
    maximum,
    minimum,
    mul,
    neg,
    power,
    relu,
    sigmoid,
    sign,
    sin,
    softplus,
    sqrt,
    sub,
    tanh,
    where,
)
from bpkit.sequence import GRU, LSTM, RNN, MultiHeadAttention, TransformerBlock, attention
from bpkit.shapes import (
    broadcast,
    concatenate,
    index,
    pad,
    reshape,
    scatter_add,
    stack,
    sum_to,
    swap,
    take,
    transpose,
)
from bpkit.store import load, save
from bpkit.train import History, accuracy, batches, fit, predict

__version__ = "0.1.0"
