"""Before an answer is run: is it a function, is anything written in it, does it fit the call?"""

import dis
import functools
import inspect
import types

from bpkit.tasks.outcome import described

EMPTY = "Nothing is written in it yet."


def name_of(function):
    """A callable's name, that of what a partial wraps, or None; whatever it does when asked."""
    try:
        while isinstance(function, functools.partial):
            function = function.func
        name = function.__name__
    except Exception:
        return None
    return name if type(name) is str and name != "<lambda>" else None


def look(task, function):
    """Why an answer can't be tried: (status, kind, text), or None where it can."""
    if not callable(function):
        return (
            "no function",
            "no function",
            (
                f"`check` was given {described(function)}, not a function. "
                f"Pass the function itself, without brackets: `check({task.key})`."
            ),
        )
    if _empty(function):
        return "not attempted", "empty", EMPTY
    parameters = _parameters(function)
    if parameters is None or _takes(function, task.parameters):
        names = [p.name for p in parameters or () if p.kind is p.POSITIONAL_OR_KEYWORD]
        if sorted(names) == sorted(task.parameters) and names != list(task.parameters):
            return (
                "wrong",
                "signature",
                f"Its arguments are in another order, ({', '.join(names)}); "
                f"the task calls `{task.signature}`.",
            )
        return None
    if _takes_by_name(function, task.parameters):
        return None
    return (
        "wrong",
        "signature",
        (f"It can't be called as `{task.signature}`: it takes {_described(parameters)}."),
    )


def adapt(task, function):
    """The answer as a function of positional arguments, also where it takes them by name alone."""
    if _parameters(function) is None or _takes(function, task.parameters):
        return function

    def by_name(*args, **named):
        return function(**dict(zip(task.parameters, args, strict=False)), **named)

    return by_name


def _parameters(function):
    try:
        return list(inspect.signature(function).parameters.values())
    except Exception:
        return None


def _takes(function, names):
    try:
        inspect.signature(function).bind(*names)
    except Exception:
        return False
    return True


def _takes_by_name(function, names):
    try:
        inspect.signature(function).bind(**dict.fromkeys(names))
    except Exception:
        return False
    return True


def _described(parameters):
    if not parameters:
        return "no arguments"
    return f"({', '.join(str(p).split(':')[0].split('=')[0] for p in parameters)})"


def _empty(function):
    """Whether a function's code is a docstring, `...` or `pass`, and no more."""
    if type(function) is not types.FunctionType:
        return False
    code = function.__code__
    if code.co_names or code.co_flags & inspect.CO_GENERATOR:
        return False
    steps = list(dis.get_instructions(code))
    plain = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"}
    loaded = [s.argval for s in steps if s.opname in ("LOAD_CONST", "RETURN_CONST")]
    return {s.opname for s in steps} <= plain and loaded == [None]
