"""What a detector looks at, and what it answers: one output in one trial, and half a sentence."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class View:
    """One output in one trial: what came out, what was expected, and from what."""

    got: np.ndarray
    want: np.ndarray
    inputs: dict
    lengths: dict

    @property
    def numeric(self):
        """Whether both can be measured; a text or None can't."""
        return set(self.got.dtype.kind + self.want.dtype.kind) <= set("biuf")

    def arrays(self):
        """The inputs that hold decimals: arrays, and single numbers as arrays without axes."""
        for name, value in self.inputs.items():
            if isinstance(value, (float, np.ndarray)) and np.asarray(value).dtype.kind == "f":
                yield name, np.asarray(value)

    def array(self, name):
        return np.asarray(self.inputs[name])

    def scaled(self, factor):
        return replace(self, got=self.got * factor)


@dataclass(frozen=True)
class Clause:
    """Something established. kind: a word for machines. text: half a sentence."""

    kind: str
    text: str


def every(views, agrees):
    """Whether `agrees` holds in every view, and the output isn't all zeros in all of them."""
    return all(agrees(v) for v in views) and any(np.any(v.want) and np.any(v.got) for v in views)
