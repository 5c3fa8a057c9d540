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
    """(the answer as a function of positional arguments, None), or (None, why it can't be tried).

    Why: a status, a word for machines, and a sentence.
    """
    if not callable(function):
        text = (
            f"`check` was given {described(function)}, not a function. "
            f"Pass the function itself, without brackets: `check({task.key})`."
        )
        return None, ("no function", "no function", text)
    if _empty(function):
        return None, ("not attempted", "empty", EMPTY)
    if _is_as_asked(task, function):
        return function, None
    try:
        signature = inspect.signature(function)
    except Exception:  # many functions written in C have none: a call will tell
        return function, None
    parameters = list(signature.parameters.values())
    if _takes(signature, *task.parameters):
        names = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        if names != list(task.parameters) and sorted(names) == sorted(task.parameters):
            text = (
                f"Its arguments are in another order, ({', '.join(names)}); "
                f"the task calls `{task.signature}`."
            )
            return None, ("wrong", "signature", text)
        return function, None
    if _takes(signature, **dict.fromkeys(task.parameters)):
        return _by_name(task, function), None
    text = f"It can't be called as `{task.signature}`: it takes {_described(parameters)}."
    return None, ("wrong", "signature", text)


def _is_as_asked(task, function):
    """Whether it takes the task's arguments, no more, by their names; seen without a long look."""
    if type(function) is not types.FunctionType:
        return False
    code, count = function.__code__, len(task.parameters)
    further = code.co_kwonlyargcount or code.co_flags & (
        inspect.CO_VARARGS | inspect.CO_VARKEYWORDS
    )
    return code.co_argcount == count and not further and code.co_varnames[:count] == task.parameters


def _takes(signature, *args, **named):
    try:
        signature.bind(*args, **named)
    except TypeError:
        return False
    return True


def _by_name(task, function):
    """A function that takes its arguments by name alone, to be called by position."""

    def answer(*args, **named):
        return function(**dict(zip(task.parameters, args, strict=False)), **named)

    return answer


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
