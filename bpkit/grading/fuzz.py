"""Noise for the line: `python -m bpkit.grading.fuzz` feeds it to the grader's side until stopped.

It needs atheris, which mutates bytes towards code that was not reached yet. Its own options follow
the command: `-max_total_time=60`. The tests use the same functions with hypothesis.
"""

import contextlib
import json
import os
import sys

from bpkit.grading import remote, wire

TAGS = ["list", "tuple", "set", "frozenset", "dict", "array", "odd", "scalar", "complex", "again"]
TAGS += ["object", "stranger", "formula"]
FIELDS = ["kind", "said", "file", "line", "arrays", "to", "ask", "inputs", "result", "left"]


def one(data):
    """Read bytes as what a student's process has sent, and as a header with bytes beside it."""
    ours, theirs = os.pipe()
    os.write(theirs, data[: 2**15])
    os.close(theirs)
    with contextlib.suppress(wire.WireError), open(ours, "rb", buffering=0) as end:
        message = wire.Line(end.fileno()).receive()
        if message is not None:
            values(*message)
    text, _, payload = data.partition(b"\n")
    with contextlib.suppress(ValueError, RecursionError):
        values(json.loads(text), payload)


def values(node, payload):
    """Read parsed JSON as each of the things that may come; only WireError may be raised."""
    inputs = remote.Inputs()
    inputs.pack([[1.0], {"a": 2}, len])
    header = node if type(node) is dict else {"ask": node, "inputs": node}
    for read in (
        lambda: remote.Outputs(payload, inputs).unpack(node),
        lambda: remote.Outputs(payload, inputs).changed(node),
        lambda: remote.Outputs(payload, inputs).changed([0, node, node]),
        lambda: inputs.answer(header, payload),
    ):
        with contextlib.suppress(wire.WireError):
            read()
    remote.signature(node)
    remote.raised(node, ["<cell>"])
    remote.named(node)


def main():
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
