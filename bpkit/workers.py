"""Several processes at one batch: each takes a share of the rows, and all take the same step.

Parameters and gradients lie in memory that the processes share. A mean over rows is the sum of the
shares' means, each weighted by its rows, and so is its gradient. Each process adds up and moves one
piece of the parameters, so that the optimizer's work is shared too.
"""

import itertools
import math
import mmap
import os
import signal
import sys
import warnings

import numpy as np

from bpkit import fused
from bpkit.errors import NonFiniteError
from bpkit.graph import Tensor
from bpkit.record import EFFECTS, Recording, on_tape
from bpkit.replay import Replay
from bpkit.write import Flat

STOP, STEP = 0, 1
LINE = 16  # entries: where a piece begins, a line of the processor's cache does
SPINS = 2000  # looks at a semaphore before a process goes to sleep over it


def _shared(size, dtype):
    """Zeros in memory that forked processes share."""
    return np.frombuffer(mmap.mmap(-1, max(1, size) * np.dtype(dtype).itemsize), dtype, size)


def _cut(total, count, step=1):
    """range(total) in `count` pieces of about one length, each from a multiple of `step` on."""
    ends = [total * k // count // step * step for k in range(count)]
    return [slice(a, b) for a, b in itertools.pairwise([*ends, total])]


def gather(f, optimizer, X, y, count, first):
    """A team of `count` processes; None, and a warning, where processes can't be forked."""
    if sys.platform == "linux":
        return Team(f, optimizer, X, y, count, first)
    warnings.warn(f"fit: {count} workers need Linux; it runs with one process", stacklevel=5)


class Team:
    """The processes of one `fit`: this one and count - 1 forked from it. Chapter 22.

    f(X, y) gives the loss of some rows as a mean over them. Call the team with the rows of a batch;
    it returns the loss and the gradients' joint length. Raises ValueError if the whole batch
    gives another gradient than its shares, and RuntimeError if a process has died.
    """

    def __init__(self, f, optimizer, X, y, count, first):
        """first: the rows of the first batch, on which the shares are held against the whole."""
        import multiprocessing

        context = multiprocessing.get_context("fork")
        batch = [X[first], y[first]]
        recorded = Recording(f, batch)
        if any(op.rule.name in EFFECTS for op in recorded.operations):
            raise ValueError(
                f"fit: batch normalization needs the whole batch, so {count} workers can't share "
                "it; use workers=1, or LayerNorm"
            )
        self.tensors, self.count, self.whole = recorded.parameters, count, on_tape(f, batch)
        self.f, self.optimizer, self.X, self.y = f, optimizer, X, y
        dtype, size = self.tensors[0].dtype, sum(t.size for t in self.tensors)
        self.data, self.grads = _shared(size, dtype), [_shared(size, dtype) for _ in range(count)]
        self.job, self.rows = _shared(2, np.int64), _shared(len(X), np.int64)
        self.losses, self.squares = _shared(count, float), _shared(count, float)
        self.pieces = _cut(size, count, LINE)
        # told[i][j]: i has come to a meeting, and j hasn't seen it yet
        self.told = [[context.Semaphore(0) for _ in range(count)] for _ in range(count)]
        self.parent, self.fault = os.getpid(), None
        whole = self._flat(0)
        whole.remember(optimizer, make=_shared)
        self.memory = optimizer.memory[whole.all]
        self._settle(0)  # the parameters lie in shared memory before anyone is forked
        self.others = [
            context.Process(target=self._follow, args=(k,), daemon=True) for k in range(1, count)
        ]
        with warnings.catch_warnings():
            # warnings of threads that a fork leaves behind; the others only run NumPy
            warnings.simplefilter("ignore")
            for process in self.others:
                process.start()

    def __call__(self, rows):
        self.rows[: len(rows)] = rows
        self.job[:] = STEP, len(rows)
        self._meet()
        loss, norm = self._step()
        if self.fault:
            raise ValueError(f"fit: {self.fault}")
        if not math.isfinite(loss + norm):
            raise NonFiniteError(f"the loss is {loss}, the gradients' length {norm}; no step made")
        return loss, norm

    def close(self):
        """Send the others home; what doesn't go is ended."""
        self.job[0] = STOP
        for k, process in enumerate(self.others, start=1):
            self.told[0][k].release()
            process.join(timeout=1)
            if process.is_alive():
                process.kill()
                process.join()

    def _settle(self, k):
        """Take a place: what process k replays, and the piece of the parameters that it moves."""
        self.me, self.flat, self.shares = k, self._flat(k), {}
        piece = self.pieces[k]
        self.piece = Tensor(self.data[piece])
        self.piece.data, self.piece.grad = self.data[piece], self.grads[0][piece]
        self.optimizer.memory[self.piece] = [array[piece] for array in self.memory]

    def _flat(self, k):
        """The parameters where all processes see them, and the gradients of process k."""
        arrays = iter((self.data, self.grads[k]))
        flat = Flat(self.tensors, make=lambda size, dtype: next(arrays))
        flat.claim()
        return flat

    def _follow(self, k):
        """What a forked process does: steps, until it is told to stop."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the first process
        self._settle(k)
        while True:
            self._meet()
            with np.errstate(all="ignore"):
                self._step()

    def _share(self, total):
        """This process's rows of a batch of `total`, and their part of its loss, replayed."""
        shares = _cut(total, self.count)
        if total < self.count:  # too few to share: all do the same
            shares = [slice(0, total)] * self.count
        lengths = [share.stop - share.start for share in shares]
        weight = lengths[self.me] / sum(lengths)
        replay = Replay(lambda X, y: self.f(X, y) * weight)
        replay.flat = self.flat
        return shares[self.me], replay

    def _step(self):
        total = int(self.job[1])
        if total not in self.shares:
            self.shares[total] = self._share(total)
        share, replay = self.shares[total]
        mine = self.rows[share]
        fused.SHARE = share.start, len(mine), total
        try:
            self.losses[self.me] = replay(self.X[mine], self.y[mine])
        finally:
            fused.SHARE = None
        self._meet()
        piece, g = self.pieces[self.me], self.piece.grad
        for grads in self.grads[1:]:
            g += grads[piece]
        self.squares[self.me] = np.vdot(g, g)
        self._meet()
        loss, norm = math.fsum(self.losses), math.sqrt(math.fsum(self.squares))
        if self.whole is not None:
            self._compare(loss)
            self._meet()
        if self.fault or not math.isfinite(loss + norm):
            return loss, norm
        if self.optimizer.clip is not None and norm > self.optimizer.clip:
            g *= g.dtype.type(self.optimizer.clip / norm)
        self.optimizer.move([self.piece])
        self._meet()
        return loss, norm

    def _compare(self, loss):
        """Hold the first step's gradient, put together, against the whole batch's."""
        (whole, gradients), self.whole = self.whole, None
        true = np.concatenate([gradients[t].ravel() for t in self.tensors])
        far, size = np.max(np.abs(self.grads[0] - true)), np.max(np.abs(true))
        if np.isfinite(size) and not far <= (1e-3 if true.dtype.itemsize < 8 else 1e-6) * size:
            self.fault = (
                f"the gradient of a batch isn't the mean of its {self.count} shares' gradients, so "
                "workers can't share it: the loss must be a mean over rows, and no row may look at "
                f"another (the loss is {whole.item():g}, from shares {loss:g})"
            )

    def _meet(self):
        """Wait until all have come this far."""
        others = [k for k in range(self.count) if k != self.me]
        for k in others:
            self.told[self.me][k].release()
        for k in others:
            semaphore = self.told[k][self.me]
            if not any(semaphore.acquire(False) for _ in range(SPINS)):
                while not semaphore.acquire(timeout=0.2):
                    self._look_around()
        if self.me and self.job[0] == STOP:
            raise SystemExit

    def _look_around(self):
        """Raise if another process is gone."""
        if self.me and os.getppid() != self.parent:
            raise SystemExit
        for k, process in enumerate(self.others if self.me == 0 else [], start=1):
            if not process.is_alive():
                raise RuntimeError(
                    f"fit: worker {k + 1} of {self.count} died (exit status {process.exitcode}); "
                    "training stopped there"
                )
