"""The errors that bpkit raises on purpose.

Each is also one of Python's own kinds, so that code which knows nothing of bpkit can catch it.
Their words give names and shapes; the library never asks a reader to guess from a traceback.
"""


class ShapeError(ValueError):
    """Two shapes don't fit together. Chapter 6."""


class NonFiniteError(ArithmeticError):
    """A NaN or an infinity appeared; the message names the operation that gave it. Chapter 4."""


class GraphError(RuntimeError):
    """The graph can't be swept: it was released, or nobody asks for a gradient. Chapter 4."""


class GradientError(AssertionError):
    """A gradient disagrees with its numerical check; the worst entry is named. Chapter 5."""
