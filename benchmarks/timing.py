"""Timing: contenders take turns, block by block, so that a noisy moment hits all of them alike."""

import gc
import time

import numpy as np


def seconds(step, count, clock=time.perf_counter):
    """The median time of one step among `count`, after one that isn't counted."""
    step()
    times = []
    for _ in range(count):
        start = clock()
        step()
        times.append(clock() - start)
    return float(np.median(times))


def interleaved(contenders, rounds, clock=time.perf_counter, block=0.03):
    """name -> a list of seconds a step, one for each round.

    In a round each contender in turn runs for about `block` seconds and gives its median.
    """
    counts = {}
    for name, contender in contenders.items():
        _threads(contender)
        for _ in range(3):
            contender.step()
        once = seconds(contender.step, 3, clock)
        counts[name] = int(np.clip(block / once, 2, 200))
    times = {name: [] for name in contenders}
    for turn in range(rounds):
        names = list(contenders)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            _threads(contenders[name])
            gc.collect()  # nobody sweeps up after another
            times[name].append(seconds(contenders[name].step, counts[name], clock))
    return times


def _threads(contender):
    if hasattr(contender, "threads"):
        import torch

        torch.set_num_threads(contender.threads)


class Products:
    """The machine's own limit for a workload: its step's matrix products and nothing else."""

    def __init__(self, products):
        self.calls = []
        for a, b, dtype in products:
            if len(a) > 2 and len(b) == 2:
                a = (int(np.prod(a[:-1])), a[-1])
            left, right = np.ones(a, dtype), np.ones(b, dtype)
            self.calls.append((left, right, left @ right))
        self.flops = sum(2 * out.size * left.shape[-1] for left, _, out in self.calls)

    def step(self):
        for left, right, out in self.calls:
            np.matmul(left, right, out=out)


def compare(name, reference, answers, tolerance, size=lambda a: np.abs(a).max()):
    """Hold every contender's arrays against the reference's; raises ValueError on a mismatch.

    What is apart is measured by `size`, in units of the reference's own.
    """
    for who, arrays in answers.items():
        if arrays.keys() != reference.keys():
            odd = sorted(arrays.keys() ^ reference.keys())
            raise ValueError(f"{name}: {who} has other arrays than the reference: {odd}")
        for key, true in reference.items():
            got = np.asarray(arrays[key])
            if got.shape != true.shape:
                raise ValueError(f"{name}: {who}'s {key} is {got.shape}, not {true.shape}")
            far = size(got - true) / (size(true) + 1e-30)
            if not far <= tolerance:
                raise ValueError(f"{name}: {who} gives another {key}, {far:.1e} of its size apart")
