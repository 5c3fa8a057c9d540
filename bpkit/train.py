"""Training: minibatches, epochs, validation, early stopping, and the history of it all.

`fit` repeats four lines: forward, loss, backward, step. Everything else here decides which rows
come next, when to stop, and what to remember.
"""

import math
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from bpkit.errors import NonFiniteError, ShapeError
from bpkit.graph import Tensor, array_of, finite_checks, no_grad
from bpkit.record import ReplayError
from bpkit.replay import replay


@dataclass
class History:
    """What happened, one entry an epoch. Chapter 11.

    loss: the mean over the epoch's batches, while learning. val_loss, metric, val_metric: after the
    epoch, or empty if not asked for. grad_norm: the mean joint length of the gradients. lr: the
    rate of the epoch's last update. best_epoch: the place of the lowest val_loss (without
    validation, of the lowest loss). stopped: why it ended.

    >>> bp.History().loss
    []
    """

    loss: list = field(default_factory=list)
    val_loss: list = field(default_factory=list)
    metric: list = field(default_factory=list)
    val_metric: list = field(default_factory=list)
    grad_norm: list = field(default_factory=list)
    lr: list = field(default_factory=list)
    stopped: str = "not started"

    @property
    def best_epoch(self):
        """The place, from 0, of the lowest validation loss; None before the first epoch."""
        losses = self.val_loss or self.loss
        return int(np.argmin(losses)) if losses else None


def accuracy(outputs, labels):
    """The share of rows whose largest output is at the label. Chapter 10.

    outputs (..., K) and labels (...): integers.

    >>> accuracy(np.array([[1.0, 3.0], [2.0, 0.0]]), np.array([1, 1]))
    0.5
    """
    outputs, labels = np.asarray(array_of(outputs)), np.asarray(array_of(labels))
    if outputs.shape[:-1] != labels.shape:
        raise ShapeError(f"accuracy: outputs are {outputs.shape} but labels are {labels.shape}")
    if outputs.size == 0:
        raise ShapeError(f"accuracy: outputs are {outputs.shape}: there are no rows")
    return float(np.mean(outputs.argmax(axis=-1) == labels))


def batches(count, size, rng):
    """The numbers 0 to count - 1 in a random order, in pieces of `size`; the last may be smaller.

    Chapter 10.

    >>> [len(rows) for rows in batches(10, 4, np.random.default_rng(0))]
    [4, 4, 2]
    """
    shuffled = rng.permutation(count)
    return [shuffled[i : i + size] for i in range(0, count, size)]


def predict(model, X, batch_size=1024):
    """The model's outputs for all rows of X as one array, in evaluation, unrecorded. Chapter 10.

    >>> predict(bp.Affine(3, 2, seed=0), np.zeros((5, 3))).shape
    (5, 2)
    """
    training = model.training
    model.eval()
    try:
        with no_grad():
            parts = [model(X[i : i + batch_size]).data for i in range(0, len(X), batch_size)]
    finally:
        model.train(training)
    if not parts:
        raise ShapeError(f"predict: X is {np.shape(X)}: there are no rows")
    return np.concatenate(parts)


def fit(
    model,
    loss,
    X,
    y,
    *,
    optimizer,
    epochs=10,
    batch_size=32,
    validation=None,
    patience=None,
    metric=None,
    seed=0,
    progress=True,
    workers=1,
):
    """Train a model and return its History. Chapter 10.

    X (N, ...) and y (N, ...). loss(outputs, targets) gives one number, a mean over the batch.
    batch_size None takes all rows at once. validation: a pair (Xv, yv), looked at after each epoch.
    patience: stop after so many epochs without a lower validation loss; the best weights are then
    put back. metric(outputs, targets): a number to follow, as `accuracy`. seed orders the batches:
    the same seed gives the same bits. progress: a bar, if tqdm is installed. workers: processes
    that share each batch's rows, on Linux; the loss must be a mean over rows.
    Ctrl-C ends training and returns the history so far; what was learned stays.
    Raises ShapeError or ValueError before any step if the arguments don't fit, and NonFiniteError,
    with the operation's name, at the first NaN or infinity; the model is then as before that step.

    >>> X, y = np.arange(8.0)[:, None], 3 * np.arange(8.0)[:, None]
    >>> model = bp.Affine(1, 1, seed=0)
    >>> history = bp.fit(model, bp.mse, X, y, optimizer=bp.SGD(lr=0.03), epochs=60, progress=False)
    >>> model.W.data.round(1).tolist(), history.stopped
    ([[3.0]], 'all 60 epochs done')
    """
    if not hasattr(model, "parameters"):
        raise TypeError(f"fit: model is a {type(model).__name__}; it must be a Module")
    _refuse_unless_whole("epochs", epochs)
    _refuse_unless_whole("batch_size", 1 if batch_size is None else batch_size)
    _refuse_unless_whole("patience", 1 if patience is None else patience)
    _refuse_unless_whole("workers", workers)
    X, y = _rows("X", X, model), _rows("y", y, model)
    _refuse(model, loss, X, y, "training data")
    if validation is not None:
        if not isinstance(validation, (tuple, list)) or len(validation) != 2:
            raise ValueError("fit: validation must be a pair, (Xv, yv)")
        validation = [_rows(*pair, model) for pair in zip(("Xv", "yv"), validation, strict=True)]
        _refuse(model, loss, *validation, "validation data")
    elif patience is not None:
        raise ValueError("fit: patience needs validation=(Xv, yv)")
    parameters = model.parameters()
    statistics = [a for name, a in model.state().items() if name not in parameters]
    history, rng, best = History(), np.random.default_rng(seed), None
    bar = _bar(range(epochs)) if progress else range(epochs)
    model.train()
    step = _Step(model, loss, optimizer, X, y, workers)
    try:
        for epoch in bar:
            losses, norms = [], []
            for rows in batches(len(X), batch_size or len(X), rng):
                with _guard(f"fit, epoch {epoch}", statistics):
                    value = step(rows)
                losses.append(value[0] * len(rows))
                norms.append(value[1])
            seen = {
                "loss": math.fsum(losses) / len(X),
                "grad_norm": math.fsum(norms) / len(norms),
                "lr": optimizer.lr(optimizer.t - 1),
            }
            if metric:
                seen["metric"] = float(metric(predict(model, X), y))
            if validation is not None:
                outputs = predict(model, validation[0])
                with _guard(f"fit, epoch {epoch}, validation"):
                    seen["val_loss"] = _value(model, loss, outputs, *validation)
                if metric:
                    seen["val_metric"] = float(metric(outputs, validation[1]))
            for name, number in seen.items():
                getattr(history, name).append(number)
            if patience and history.best_epoch == epoch:
                best = {name: array.copy() for name, array in model.state().items()}
            if patience and epoch - history.best_epoch >= patience:
                history.stopped = f"no lower validation loss for {patience} epochs"
                break
        else:
            history.stopped = f"all {epochs} epochs done"
    except KeyboardInterrupt:
        history.stopped = f"interrupted in epoch {len(history.loss)}"
    finally:
        step.close()
    if best is not None:
        for name, array in model.state().items():
            array[...] = best[name]
    return history


class _Step:
    """Forward, loss, backward, step: replayed where it can be, on the tape where it can't."""

    def __init__(self, model, loss, optimizer, X, y, workers):
        self.model, self.loss, self.optimizer, self.X, self.y = model, loss, optimizer, X, y
        self.fast, self.workers, self.team = replay(self._loss, optimizer), workers, None

    def _loss(self, X, y):
        return self.loss(self.model(X), y)

    def close(self):
        if self.team:
            self.team.close()

    def __call__(self, rows):
        """One step on a batch. Returns the loss and the gradients' joint length."""
        X, y = self.X[rows], self.y[rows]
        with np.errstate(all="ignore"):
            try:
                return self._fast(rows, X, y) or self._on_tape(X, y)
            except NonFiniteError:
                with finite_checks():  # again, slowly, so that the operation is named
                    self._loss(X, y).backward()
                raise

    def _fast(self, rows, X, y):
        count, self.workers = self.workers, 1
        try:
            if count > 1:
                from bpkit.workers import gather  # most fits have one process and need none of it

                self.team = gather(self._loss, self.optimizer, self.X, self.y, count, rows)
            if self.team:
                return self.team(rows)
            return self.fast and (self.fast(X, y), self.fast.norm)
        except ReplayError as error:
            self.fast = None
            warnings.warn(f"fit runs on the tape, not replayed: {error}", stacklevel=4)

    def _on_tape(self, X, y):
        self.model.zero_grad()
        value = self._loss(X, y)
        value.backward()
        return value.item(), self.optimizer.step(self.model.parameters().values())


def _value(model, loss, outputs, X, y):
    """The loss of outputs that were made from X."""
    with no_grad(), np.errstate(all="ignore"):
        value = loss(Tensor(outputs), y).item()
        if not math.isfinite(value):
            with finite_checks():
                loss(Tensor(predict(model, X)), y)
            raise NonFiniteError(f"the loss is {value}")
    return value


@contextmanager
def _guard(where, arrays=()):
    """A context whose NonFiniteError says where it was, and leaves arrays as they were before."""
    before = [a.copy() for a in arrays]
    try:
        yield
    except NonFiniteError as error:
        for a, kept in zip(arrays, before, strict=True):
            a[...] = kept
        raise NonFiniteError(f"{where}: {error}") from None


def _rows(name, values, model):
    """An array of examples; decimals take the dtype of the model's parameters."""
    array = values.data if isinstance(values, Tensor) else np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"fit: {name} must hold real numbers; its dtype is {array.dtype}")
    if array.ndim == 0:
        raise ShapeError(f"fit: {name} is a single number; its first axis must count the examples")
    first = next(iter(model.parameters().values()), None)
    if array.dtype.kind == "f" and first is not None:
        return array.astype(first.dtype, copy=False)
    return array


def _refuse_unless_whole(name, value):
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"fit: {name} is {value!r}; it must be a whole number, 1 or more")


def _refuse(model, loss, X, y, what):
    if len(X) != len(y):
        raise ShapeError(
            f"fit: the {what} have {len(X)} rows of X, {X.shape}, but {len(y)} of y, {y.shape}"
        )
    if len(X) == 0:
        raise ShapeError(f"fit: the {what} are empty: X is {X.shape}")
    output = predict(model, X[:1])
    # every target is shown to the loss, so that a bad one deep in the data is refused here
    for targets in (y[i : i + 1024] for i in range(0, len(y), 1024)):
        outputs = np.broadcast_to(output, (len(targets), *output.shape[1:]))
        with no_grad(), np.errstate(all="ignore"):
            value = loss(Tensor(outputs), targets)
        if not isinstance(value, Tensor) or value.size != 1:
            raise ShapeError("fit: loss(outputs, targets) must return a tensor of one number")


def _bar(epochs):
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return epochs
    return tqdm(epochs, unit="epoch", leave=False)
