"""Who takes part: a name for each implementation, what it needs, and how it is made.

Modules are imported when a contender is made, so that a process pays for the one that it measures.
"""

import importlib
import importlib.util

CONTENDERS = {  # name: (package needed, module, class)
    "bpkit replay": ("bpkit", "bpkit_form", "Replay"),
    "bpkit, 2 workers": ("bpkit", "bpkit_form", "Workers"),
    "bpkit tape": ("bpkit", "bpkit_form", "Tape"),
    "PyTorch modules": ("torch", "torch_form", "Modules"),
    "PyTorch functions": ("torch", "torch_form", "Functions"),
    "PyTorch modules, 2 threads": ("torch", "torch_form", "Modules2"),
    "PyTorch functions, 2 threads": ("torch", "torch_form", "Functions2"),
    "JAX jit": ("jax", "functional", "Jax"),
    "autograd": ("autograd", "functional", "Autograd"),
    "naive NumPy": ("numpy", "naive", "Naive"),
}
SCALAR = {
    "bpkit replay": ("bpkit", "micrograd_form", "Replay"),
    "bpkit tape": ("bpkit", "micrograd_form", "Tape"),
    "micrograd's form": ("numpy", "micrograd_form", "Micrograd"),
}


def missing():
    """The packages that some contender needs and that aren't installed."""
    needed = {package for package, _, _ in CONTENDERS.values()}
    return sorted(p for p in needed if importlib.util.find_spec(p) is None)


def make(name, work=None):
    """A contender on a workload; without one, on the scalar graph."""
    _, module, kind = (CONTENDERS if work else SCALAR)[name]
    kind = getattr(importlib.import_module(f"benchmarks.{module}"), kind)
    return kind(work) if work else kind()


def make_all(work=None, without=()):
    """Every contender whose package isn't in `without`, by name."""
    table = CONTENDERS if work else SCALAR
    return {
        name: make(name, work) for name, (package, *_) in table.items() if package not in without
    }
