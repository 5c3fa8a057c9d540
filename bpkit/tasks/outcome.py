"""Reading what a function returned, and comparing it with what was expected.

A result is read along the expected one and becomes a dictionary from the outputs' names to arrays.
What stands in the way (nothing returned, three things for two, a list for an array) is a fault, in
words. Nothing here trusts the result: only its exact type is asked, never its own methods.
"""

import contextlib
import decimal
import fractions
import math
import types
from dataclasses import dataclass

import numpy as np

MATCH = 1e-9  # of the largest entry: two codes that compute the same agree to this
FLOOR = 1e-3  # where all that is expected is 0: the size against which rounding is measured
NUMBERS = (bool, int, float, complex, np.number, np.bool_)
EXACT = (fractions.Fraction, decimal.Decimal)
MEASURED = {a + b for a in "biufc" for b in "biufc" if "f" in a + b}  # kinds that differ by a size


@dataclass(frozen=True)
class Fault:
    """One thing wrong with the form of a result. kind: a word for machines. where: the output."""

    kind: str
    where: str
    text: str


def leaves(value, names):
    """The expected result as a dictionary from names to arrays."""
    if isinstance(value, tuple) and len(names) > 1:
        parts = zip(names, value, strict=True)
    else:
        parts = [(names[0], value)]
    found = {}
    for name, part in parts:
        _lay_out(name, part, found)
    return found


def _lay_out(name, value, found):
    if isinstance(value, dict):
        for key, part in value.items():
            _lay_out(f"{name}[{key!r}]", part, found)
    elif isinstance(value, (list, tuple)):
        for i, part in enumerate(value):
            _lay_out(f"{name}[{i}]", part, found)
    else:
        found[name] = np.asarray(value)


def read(value, like, names):
    """What was returned, read along `like`: (name -> array, list of faults)."""
    found, faults = {}, []
    if isinstance(like, tuple) and len(names) > 1:
        parts = _sequence(value, like, listed(names), faults)
        for name, part, expected in zip(names, parts or (), like, strict=False):
            _read(name, part, expected, found, faults)
    else:
        _read(names[0], value, like, found, faults, alone=True)
    return found, faults


def _read(name, value, like, found, faults, alone=False):
    if isinstance(like, dict):
        _read_dict(name, value, like, found, faults)
    elif isinstance(like, (list, tuple)):
        parts = _sequence(value, like, f"`{name}`", faults)
        for i, (part, expected) in enumerate(zip(parts or (), like, strict=False)):
            _read(f"{name}[{i}]", part, expected, found, faults)
    else:
        _read_leaf(name, value, like, found, faults, alone)


def _read_dict(name, value, like, found, faults):
    if not issubclass(type(value), dict):
        faults.append(_unfit(name, value, "a dictionary"))
        return
    missing = [key for key in like if key not in value]
    extra = [key for key in value if key not in like]
    if missing or extra:
        what = [f"lacks {listed(map(repr, missing))}"] if missing else []
        what += [f"has {len(extra)} more than it should"] if extra else []
        faults.append(Fault("keys", name, f"The dictionary `{name}` {' and '.join(what)}."))
    for key in like:
        if key in value:
            _read(f"{name}[{key!r}]", value[key], like[key], found, faults)


def _sequence(value, like, what, faults):
    """The parts of a tuple or list of the right length; or None, and a fault."""
    kind = type(value)
    if issubclass(kind, np.ndarray) and value.ndim and value.dtype.kind != "O":
        shapes = {np.shape(part) for part in like}
        if len(value) == len(like) and shapes == {value.shape[1:]}:
            return list(value)
    if not issubclass(kind, (tuple, list)):
        wanted = (
            f"{len(like)} values, {what}," if "," in what or " and " in what else f"a list, {what},"
        )
        if value is None:
            faults.append(nothing())
        else:
            came = described(value)
            text = f"{came[0].upper()}{came[1:]} came out where {wanted} should."
            faults.append(Fault("count", "", text))
        return None
    parts = list(value)
    if len(parts) != len(like):
        faults.append(
            Fault(
                "count",
                "",
                f"{len(parts)} {'value' if len(parts) == 1 else 'values'} came out; "
                f"it should be {len(like)}: {what}.",
            )
        )
        return None
    return parts


def nothing():
    return Fault("none", "", "The function returned nothing (`None`). Is its `return` missing?")


def unreadable(name, value):
    if issubclass(type(value), (types.GeneratorType, types.CoroutineType)):
        return _unfit(name, value, "a list")
    return Fault("container", name, f"`{name}` can't be read: {described(value)} came out.")


def _read_leaf(name, value, like, found, faults, alone=False):
    kind = type(value)
    if kind in EXACT:
        value, kind = float(value), float
    if value is None and like is not None:
        faults.append(nothing() if alone else Fault("none", name, f"`{name}` is `None`."))
    elif isinstance(like, str) or like is None:
        if kind is type(like):
            found[name] = np.asarray(value)
        else:
            faults.append(_unfit(name, value, "a text" if like is not None else "`None`"))
    elif issubclass(kind, np.ndarray):
        _read_array(name, np.asarray(value), like, found, faults)
    elif issubclass(kind, NUMBERS):
        _read_number(name, np.asarray(value), like, found, faults)
    else:
        faults.append(_unfit(name, value, "one number" if np.ndim(like) == 0 else "an array", like))
        if issubclass(kind, (list, tuple)):
            _read_list(name, value, like, found)


def _read_array(name, array, like, found, faults):
    wanted = np.asarray(like).dtype.kind
    got = array.dtype.kind
    if got not in "biufc":
        faults.append(
            Fault("dtype", name, f"`{name}` has dtype {array.dtype}; it must hold plain numbers.")
        )
        return
    found[name] = array
    if wanted == "f" and got == "f" and array.dtype.itemsize < 8:
        faults.append(
            Fault(
                "dtype",
                name,
                f"`{name}` is {array.dtype}; the inputs are float64, so it should be.",
            )
        )
    elif wanted == "f" and got in "iub":
        faults.append(
            Fault(
                "dtype", name, f"`{name}` has dtype {array.dtype}; it must hold decimals (float64)."
            )
        )
    elif got == "c":
        faults.append(Fault("dtype", name, f"`{name}` holds complex numbers; it must be real."))
    elif wanted in "iu" and got in "fb":
        faults.append(
            Fault("dtype", name, f"`{name}` has dtype {array.dtype}; it must hold integers.")
        )
    elif wanted == "b" and got != "b":
        faults.append(
            Fault("dtype", name, f"`{name}` has dtype {array.dtype}; it must be True or False.")
        )


def _read_number(name, number, like, found, faults):
    """A Python or NumPy number: an int may stand for a float that is whole, 0 or 1 for a bool."""
    wanted, got = np.asarray(like).dtype.kind, number.dtype.kind
    found[name] = number
    if got == "c":
        faults.append(Fault("dtype", name, f"`{name}` is a complex number; it must be real."))
    elif wanted == "f" and got == "f" and number.dtype.itemsize < 8:
        faults.append(
            Fault(
                "dtype",
                name,
                f"`{name}` is {number.dtype}; the inputs are float64, so it should be.",
            )
        )
    elif wanted in "iu" and got == "f":
        faults.append(Fault("dtype", name, f"`{name}` is a decimal; it must be a whole number."))


def _read_list(name, value, like, found):
    """The numbers in a list, so that more can be said about them than that they are in a list."""
    within = _within(value, like)
    if within is not None or len(value) == 1:
        value = value[within or 0]
    with contextlib.suppress(ValueError):  # NumPy refuses lists of uneven lengths
        array = np.array(value)
        if array.dtype.kind in "biuf":
            found[name] = array


def _within(value, like):
    """At which place of a list the expected value stands."""
    for place, part in enumerate(value):
        if issubclass(type(part), (np.ndarray, *NUMBERS)):
            part, like = np.asarray(part), np.asarray(like)
            if part.dtype.kind in "biuf" and close(part, like, 1e-6):
                return place
    return None


def _unfit(name, value, wanted, like=None):
    kind = type(value)
    text = f"`{name}` is {described(value)}; it should be {wanted}."
    if issubclass(kind, tuple) and len(value) == 1:
        return Fault("container", name, f"{text} Is there a comma too many?")
    if issubclass(kind, (list, tuple)):
        within = _within(value, like)
        if within is not None:
            return Fault("container", name, f"{text} Its entry {within} alone is right.")
        hint = " `np.array(...)` makes one." if wanted == "an array" else ""
        return Fault("container", name, text + hint)
    if issubclass(kind, types.GeneratorType):
        return Fault("container", name, f"{text} Use `return`, not `yield`.")
    if issubclass(kind, types.CoroutineType):
        value.close()
        return Fault("container", name, f"{text} Write `def`, not `async def`.")
    if _name(kind) == "Tensor":
        return Fault("container", name, f"{text} Return its `.data`.")
    if issubclass(kind, (types.FunctionType, types.MethodType, types.BuiltinFunctionType)):
        return Fault("container", name, f"{text} Are its brackets missing, `name(...)`?")
    return Fault("container", name, text)


def described(value):
    """What kind of thing a value is, without asking the value."""
    kind = type(value)
    if issubclass(kind, np.ndarray):
        return f"an array of shape {np.asarray(value).shape}"
    if issubclass(kind, (tuple, list)) and type(value) in (tuple, list):
        return f"a {kind.__name__} of {len(value)}"
    known = {
        dict: "a dictionary",
        str: "a text",
        type(None): "nothing (`None`)",
        type: "a class",
    }
    if kind in known:
        return known[kind]
    if issubclass(kind, NUMBERS):
        return "a single number"
    name = _name(kind)
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _name(kind):
    """A class's name, past anything its metaclass may do."""
    return type.__dict__["__name__"].__get__(kind)


def listed(names):
    """Names in a sentence: `a`, `b` and `c`."""
    names = [f"`{n}`" for n in names]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def size_of(array):
    """The size that a gap is measured by; None where no number is that."""
    if array.dtype.kind not in "iuf" or not array.size:
        return None
    size = float(np.abs(array).max() if array.size > 1 else abs(array.item())) or FLOOR
    return size if math.isfinite(size) else None


def close(a, b, tolerance=MATCH, size=None):
    """Whether a agrees with b, to `tolerance` of b's largest entry; NaN agrees with NaN.

    size: b's, where it is known, so that what is far off is found so by its first entry.
    """
    if a.shape != b.shape:
        return False
    if a.dtype.kind + b.dtype.kind not in MEASURED:
        return bool(np.array_equal(a, b))
    if not b.size:
        return True
    if size is not None:
        if not abs(a.item(0) - b.item(0)) <= tolerance * size:
            return False
        if b.size == 1:
            return True
    if a.dtype == b.dtype and a.tobytes() == b.tobytes():
        return True
    gap = np.abs(a - b).max()
    if math.isfinite(gap):
        return bool(gap <= tolerance * (size or np.abs(b).max() or FLOOR))
    finite = np.isfinite(b)
    if not (np.isfinite(a) == finite).all():
        return False
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return False
    return close(a[finite], b[finite], tolerance)
