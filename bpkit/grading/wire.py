"""What goes over the line between the grader and a student's process: JSON and raw bytes.

A message is two lengths, a header in JSON, and the bytes of its arrays. Nothing in it can be
executed, and nothing is taken on trust: lengths, depth, dtypes and shapes are checked before memory
is spent on them. Whatever can be shared or changed has a number, so that it stays one thing.
"""

import contextlib
import json
import math
import os
import re
import struct

import numpy as np

LENGTHS = struct.Struct("<IQ")  # of the header, of the bytes
HEADER = 4 * 2**20  # bytes that a header may have
PAYLOAD = 64 * 2**20  # bytes that the arrays of a message may have
DEPTH = 60  # containers in containers
VALUES = 300_000  # in one message
LONGEST = 10_000  # bits of a whole number
SAID = 4000  # characters of an error's message; how they are told, `check` decides
CHUNK = 2**16
DTYPES = {np.dtype(c).str: np.dtype(c) for c in "?bhiqlBHIQLefdgFDG"}
ODD = re.compile(r"object|[<>|]?[USV]\d{1,4}|(datetime|timedelta)64(\[\w{1,2}\])?")
UNFIT = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
KNOWN = set(DTYPES.values())
ENCODER = json.JSONEncoder(separators=(",", ":"))
DECODER = json.JSONDecoder()
SEQUENCES = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


class WireError(Exception):
    """What came is no message; or what should be sent can't be one."""


class Line:
    """One end of a line: a file descriptor, and what was read from it beyond the last message.

    wait(writing): where reading or writing would block, it returns when it is possible, or raises.
    """

    def __init__(self, fd, wait=None):
        self.fd, self.wait, self.buffer = fd, wait, bytearray()

    def send(self, message):
        """Write a message."""
        left = memoryview(message)
        while left:
            try:
                left = left[os.write(self.fd, left) :]
            except BlockingIOError:
                self.wait(True)

    def receive(self):
        """Read a message: (header, bytes); None where the line is closed."""
        lengths = self._take(LENGTHS.size)
        if lengths is None:
            return None
        length, size = LENGTHS.unpack(lengths)
        if length > HEADER or size > PAYLOAD:
            raise WireError(f"a message of {_megabytes(length + size)} is announced")
        text, payload = self._take(length), self._take(size)
        if text is None or payload is None:
            return None
        try:
            header, end = DECODER.raw_decode(text.decode())
        except (ValueError, RecursionError) as error:
            raise WireError("a header is not JSON") from error
        if type(header) is not dict or end != len(text):
            raise WireError("a header is not a dictionary")
        return header, payload

    def _take(self, size):
        """So many bytes; None where the line is closed before."""
        while len(self.buffer) < size:
            try:
                part = os.read(self.fd, CHUNK)
            except BlockingIOError:
                self.wait(False)
                continue
            except ConnectionResetError:
                return None
            if not part:
                return None
            self.buffer += part
        taken = bytes(self.buffer[:size])
        del self.buffer[:size]
        return taken


def message(header, chunks=()):
    """A message: a dictionary and the bytes that belong to it, as bytes."""
    text = ENCODER.encode(header).encode()
    size = sum(map(len, chunks))
    if len(text) > HEADER or size > PAYLOAD:
        raise WireError(f"{_megabytes(len(text) + size)} is more than can be sent")
    return b"".join([LENGTHS.pack(len(text), size), text, *chunks])


def _megabytes(size):
    return f"{size / 2**20:,.0f} MB"


def _native(dtype):
    """A dtype in this machine's order of bytes."""
    return dtype if dtype.isnative else dtype.newbyteorder("=")


def clean(text):
    """Text that can be written anywhere: half characters are replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")


def tag_of(value):
    """What an array or a container is called on the line; None for other things."""
    kind = type(value)
    if issubclass(kind, np.ndarray):
        return "array" if _native(value.dtype) in KNOWN else "odd"
    if issubclass(kind, dict):
        return "dict"
    return next((tag for tag, base in SEQUENCES.items() if issubclass(kind, base)), None)


@contextlib.contextmanager
def strictly():
    """Whatever is wrong with what the other side says, it is a WireError."""
    try:
        yield
    except UNFIT as error:
        raise WireError(f"a value can't be read: {error}") from error


class Packer:
    """Values as JSON, and the bytes beside it. known: number -> thing that the other side has.

    >>> packer = Packer()
    >>> packer.pack({"x": np.array([1.0, 2.0]), "n": 3})
    ['dict', 0, ['x', ['array', 1, '<f8', [2]]], ['n', 3]]
    >>> Unpacker(packer.chunks[0]).unpack(["array", 0, "<f8", [2]])
    array([1., 2.])
    """

    def __init__(self, known=None):
        self.things = dict(known or {})
        self.numbers = {id(thing): number for number, thing in self.things.items()}
        self.chunks, self.size, self.count = [], 0, 0

    def pack(self, value, depth=0):
        """A value as JSON. Raises WireError for what is too deep, too much or too large."""
        self.count += 1
        if depth > DEPTH:
            raise WireError(f"it is nested more than {DEPTH} deep")
        if self.count > VALUES:
            raise WireError(f"it holds more than {VALUES:,} values")
        kind = type(value)
        if value is None or kind in (bool, float):
            return value
        if (kind is str and len(value) > HEADER) or (kind is int and value.bit_length() > LONGEST):
            raise WireError(f"a {'text' if kind is str else 'number'} in it is too long")
        if kind in (int, str):
            return value
        if id(value) in self.numbers:
            return ["again", self.numbers[id(value)]]
        if (tag := tag_of(value)) is not None:
            return [tag, self.enter(value), *self.contents(value, tag, depth)]
        if issubclass(kind, np.generic) and tag_of(np.asarray(value)) == "array":
            return ["scalar", *self.contents(np.asarray(value), "array")]
        for base, plain in ((int, int.__int__), (float, float.__float__), (str, str.__str__)):
            if issubclass(kind, base):
                return self.pack(plain(value))
        if issubclass(kind, complex):
            return ["complex", value.real, value.imag]
        return self.other(value, depth)

    def enter(self, thing):
        """Give a thing its number."""
        number = len(self.things)
        self.things[number], self.numbers[id(thing)] = thing, number
        return number

    def contents(self, value, tag, depth=0):
        """What is in an array, a container or an object, as a list."""
        if tag == "odd":
            return [str(value.dtype)[:40], list(value.shape)]
        if tag == "array":
            return self._entries(np.asarray(value))
        if tag in SEQUENCES:
            return [self.pack(part, depth + 1) for part in SEQUENCES[tag].__iter__(value)]
        items = dict.items(value if tag == "dict" else vars(value))
        return [[self.pack(k, depth + 1), self.pack(v, depth + 1)] for k, v in items]

    def _entries(self, array):
        self.size += array.nbytes
        if self.size > PAYLOAD:
            raise WireError(f"an array of {_megabytes(array.nbytes)} is more than can be sent")
        array = array.astype(_native(array.dtype), order="C", copy=False)
        self.chunks.append(array.tobytes())
        return [array.dtype.str, list(array.shape)]

    def other(self, value, depth):
        """A value of no plain kind."""
        raise WireError(f"{type(value).__name__} is no kind of value that can be sent")


class Unpacker:
    """Values from JSON and bytes. known: number -> thing that this side has already.

    Whatever the other side says, unpack gives plain values or raises WireError.
    """

    def __init__(self, payload, known=None):
        self.payload, self.place = memoryview(payload), 0
        self.things = dict(known or {})

    def unpack(self, node):
        with strictly():
            return self.read(node, 0)

    def read(self, node, depth):
        if node is None or type(node) in (bool, int, float):
            return node
        if type(node) is str:
            return clean(node)
        if type(node) is not list or depth > DEPTH:
            raise WireError("a value is no value")
        tag, *rest = node
        if tag == "again":
            return self.things[rest[0]]
        if tag == "complex":
            real, imag = rest
            return complex(real, imag)
        if tag == "scalar":
            return self._entries(*rest)[()]
        number, *rest = rest
        if type(number) is not int or number != len(self.things):
            raise WireError("a thing has another's number")
        return self.make(tag, number, rest, depth)

    def make(self, tag, number, rest, depth):
        """A new thing, entered under its number before what is in it can ask for it."""
        if tag == "array":
            thing = self._entries(*rest)
        elif tag == "odd":
            dtype, shape = rest
            dtype = np.dtype(dtype) if ODD.fullmatch(dtype) else np.dtype(object)
            thing = np.broadcast_to(np.empty((), dtype), shape)
        elif tag in ("tuple", "frozenset"):
            self.things[number] = None
            thing = SEQUENCES[tag](self.read(part, depth + 1) for part in rest)
        elif tag in ("list", "set", "dict"):
            thing = self.things[number] = {"list": list, "set": set, "dict": dict}[tag]()
            self.fill(thing, tag, rest, depth)
        else:
            return self.other(tag, number, rest, depth)
        self.things[number] = thing
        return thing

    def fill(self, thing, tag, rest, depth=0):
        """Put contents into a list, a set, a dictionary, or an object's fields."""
        if tag == "list":
            thing[:] = [self.read(part, depth + 1) for part in rest]
            return
        if tag == "set":
            parts = {self.read(part, depth + 1) for part in rest}
        else:
            parts = {self.read(k, depth + 1): self.read(v, depth + 1) for k, v in rest}
            thing = thing if tag == "dict" else vars(thing)
        thing.clear()
        thing.update(parts)

    def changed(self, entry):
        """Make a thing of this side what the other side has made of it: [number, tag, ...]."""
        with strictly():
            number, tag, *rest = entry
            self.change(number, tag, rest)

    def change(self, number, tag, rest):
        thing = self.things[number]
        if tag != tag_of(thing):
            raise WireError("a thing can't become another")
        if tag != "array":
            self.fill(thing, tag, rest)
            return
        entries = self._entries(*rest)
        if entries.shape != thing.shape:
            thing.resize(entries.shape, refcheck=False)
        thing[...] = entries.astype(thing.dtype, casting="safe")

    def _entries(self, dtype, shape):
        """An array, its bytes taken from where the last one's ended."""
        dtype = DTYPES[dtype]
        if not all(type(n) is int and n >= 0 for n in shape):
            raise WireError("a shape is no shape")
        end = self.place + math.prod(shape) * dtype.itemsize
        if end > len(self.payload):
            raise WireError("there are fewer bytes than the shapes say")
        data = self.payload[self.place : end]
        self.place = end
        if dtype.kind == "b":
            return (np.frombuffer(data, np.uint8) != 0).reshape(shape)
        return np.frombuffer(data, dtype).reshape(shape).copy()

    def other(self, tag, number, rest, depth):
        """A thing of no plain kind."""
        raise WireError("a thing is of no known kind")
