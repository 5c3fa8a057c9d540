"""The line between grader and student: what is sent arrives; what is no message is refused."""

import os
import socket
import struct
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bpkit.grading import fuzz, remote, wire
from bpkit.tasks.run import same

KINDS = [np.dtype(c) for c in "?bhilBHILefdFD"]
NUMBERS = st.one_of(st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.complex_numbers())
LEAVES = st.one_of(
    st.none(),
    NUMBERS,
    st.text(st.characters(codec="utf-8"), max_size=9),
    st.sampled_from(KINDS).flatmap(
        lambda kind: hnp.arrays(kind, hnp.array_shapes(min_dims=0, min_side=0, max_side=4))
    ),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.one_of(st.text("abc"), st.integers()), inner, max_size=4),
    ),
    max_leaves=12,
)


def there_and_back(value):
    packer = wire.Packer()
    packed = packer.pack(value)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        message = wire.message({"value": packed}, packer.chunks)
        sender = threading.Thread(target=wire.Line(ours.fileno()).send, args=(message,))
        sender.start()
        header, payload = wire.Line(theirs.fileno()).receive()
        sender.join()
    return wire.Unpacker(payload).unpack(header["value"])


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_what_is_sent_arrives(value):
    assert repr(there_and_back(value)) == repr(value)
    assert same(there_and_back(value), value) or "nan" in repr(value)  # no NaN equals another


def test_what_is_shared_stays_shared():
    array = np.ones(3)
    a, (b, c), d = there_and_back([array, (array, array.copy()), [array]])
    assert a is b is d[0] and c is not a
    ring = []
    ring.append(ring)
    again = there_and_back(ring)
    assert again[0] is again


def test_subclasses_and_layouts_arrive_as_plain_arrays():
    class Mine(np.ndarray):
        pass

    X = np.arange(6.0).reshape(2, 3)
    for odd in (X.T, X[:, ::-1], X.view(Mine), X.astype(">f8"), np.asfortranarray(X)):
        found = there_and_back(odd)
        assert type(found) is np.ndarray and found.dtype == float and found.flags.writeable
        assert np.array_equal(found, odd)
    assert there_and_back(np.array(["ab"])).dtype == np.dtype("<U2")
    assert there_and_back(np.array([None])).dtype == object


@pytest.mark.parametrize(
    "value",
    [
        np.broadcast_to(0.0, 2**28),
        [0.0] * (wire.VALUES + 1),
        "x" * (wire.HEADER + 1),
        10**5000,
        object(),
    ],
    ids=["bytes", "values", "text", "number", "object"],
)
def test_what_is_too_much_is_not_sent(value):
    with pytest.raises(wire.WireError):
        wire.Packer().pack(value)


def test_what_is_nested_too_deep_is_not_sent():
    value = 0.0
    for _ in range(wire.DEPTH + 2):
        value = [value]
    with pytest.raises(wire.WireError, match="nested"):
        wire.Packer().pack(value)


BAD_VALUES = [
    ["array", 0, "<f8", [3]],
    ["array", 0, "<f8", [2**40]],
    ["array", 0, "<f8", [-1]],
    ["array", 0, "<f8", [0, 2**62, 2**62]],
    ["array", 0, "<f8", [True]],
    ["array", 0, "<f8", "2"],
    ["array", 0, "O", [1]],
    ["array", 0, "V8", [1]],
    ["array", 7, "<f8", [1]],
    ["odd", 0, "object", [2**62, 2**62]],
    ["list", -1],
    ["tuple", 0, ["again", 0.5]],
    ["again", 3],
    ["set", 0, ["list", 1]],
    ["dict", 0, [["list", 1], 1]],
    ["dict", 0, [1]],
    ["complex", "1", 2],
    ["scalar", "<f8", []],
    ["object", 0, ["int"]],
    ["pickle", 0, "cos\nsystem\n(S'true'\ntR."],
    [],
    {},
    [["list"]],
]


@pytest.mark.parametrize("value", BAD_VALUES, ids=repr)
def test_a_value_that_is_none_is_refused(value):
    with pytest.raises(wire.WireError):
        remote.Outputs(b"", remote.Inputs()).unpack(value)


BAD_MESSAGES = {
    "too long": struct.pack("<IQ", wire.HEADER + 1, 0),
    "too many bytes": struct.pack("<IQ", 2, 2**63) + b"{}",
    "no JSON": struct.pack("<IQ", 3, 0) + b"{{{",
    "not a dictionary": struct.pack("<IQ", 2, 0) + b"[]",
    "deep": struct.pack("<IQ", 200_000, 0) + b"[" * 200_000,
    "half a character": struct.pack("<IQ", 1, 0) + b"\xff",
}


@pytest.mark.parametrize("data", BAD_MESSAGES.values(), ids=BAD_MESSAGES)
def test_a_message_that_is_none_is_refused(data):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = threading.Thread(target=ours.sendall, args=(data,))
        sender.start()
        with pytest.raises(wire.WireError):
            wire.Line(theirs.fileno()).receive()
        sender.join()


def test_a_line_that_is_cut_off_ends():
    whole = wire.message({"a": 1}, [b"bytes"])
    for length in range(len(whole)):
        ours, theirs = os.pipe()
        os.write(theirs, whole[:length])
        os.close(theirs)
        assert wire.Line(ours).receive() is None
        os.close(ours)


def test_nothing_is_changed_but_what_was_sent():
    inputs = remote.Inputs()
    formula, array = len, np.zeros(2)
    inputs.pack([array, formula])
    outputs = remote.Outputs(np.array([1.0, 2.0, 3.0]).tobytes() * 2, inputs)
    number = next(n for n, thing in inputs.things.items() if thing is array)
    outputs.changed([number, "array", "<f8", [3]])
    assert array.tolist() == [1.0, 2.0, 3.0]
    for change in ((number, "list", 1), (99, "list"), (number, "array", "<f8", [9])):
        with pytest.raises(wire.WireError):
            outputs.changed(change)
    with pytest.raises(wire.WireError):
        outputs.changed([next(iter(inputs.formulas)), "object", ["text", "x"]])


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 2**66), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.tuples(st.sampled_from(fuzz.TAGS), st.integers(-1, 4), inner, inner).map(list),
        st.dictionaries(st.sampled_from(fuzz.FIELDS), inner, max_size=5),
    ),
    max_leaves=20,
)


@settings(max_examples=400, deadline=None)
@given(JSON, st.binary(max_size=64))
def test_whatever_is_said_is_a_value_or_refused(node, payload):
    fuzz.values(node, payload)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_whatever_comes_is_a_message_or_refused(data):
    fuzz.one(data)
