"""How the command says no: one exception with words for the reader and an exit status."""

import sys
from importlib.util import find_spec


class Refusal(Exception):
    """The command says no; `status` is 2 for wrong usage, 1 if something is missing."""

    def __init__(self, words: str, status: int = 2):
        super().__init__(words)
        self.status = status


def require(module: str, extra: str) -> None:
    """Refuse, naming the extra that brings it, if `module` isn't installed."""
    if find_spec(module) is None:
        raise Refusal(
            f"this needs {module}, which comes with the extra {extra!r}. To install it:\n"
            f'  {sys.executable} -m pip install "bpkit[{extra}]"',
            status=1,
        )
