"""Answers that misbehave: whatever it does, the learner reads a sentence and no traceback."""

import contextlib
import functools
import signal
import sys
import threading
import time
import warnings

import numpy as np
import pytest

import bpkit as bp
from bpkit.tasks import check, diagnose, diagnosis, spec

RELU = spec.find("relu_backward").reference
AFFINE = spec.find("affine_backward").reference
CENTERED = spec.find("centered_difference").reference
ORDER = spec.find("topological_order").reference


def told(function, task="relu_backward"):
    """What a learner is told about a wrong answer."""
    verdict = diagnose(task, function)
    assert not verdict.passed
    assert "Traceback" not in verdict.message
    return verdict.message


def passes(function, task="relu_backward"):
    verdict = diagnose(task, function)
    assert verdict.passed, verdict.message
    return verdict


class Evil:
    """Raises at whatever is done with it."""

    def refuse(self, *args, **named):
        raise RuntimeError("touched")

    __eq__ = __array__ = __repr__ = __str__ = __len__ = __iter__ = __bool__ = __getattr__ = refuse
    __hash__ = None
    __class__ = property(refuse)


class EvilMeta(type):
    """A class whose very name raises."""

    @property
    def __name__(cls):
        raise RuntimeError("name")


class Nameless(metaclass=EvilMeta):
    pass


def yields(dY, X):
    yield RELU(dY, X)


async def waits(dY, X):
    return RELU(dY, X)


def endless_list():
    inside = []
    inside.append(inside)
    return inside


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (lambda dY, X: print("no"), "returned nothing (`None`)"),
        (lambda dY, X: RELU(dY, X).tolist(), "is a list"),
        (lambda dY, X: (RELU(dY, X),), "comma too many"),
        (lambda dY, X: (1.0, RELU(dY, X)), "entry 1 alone is right"),
        (lambda dY, X: {"dX": RELU(dY, X)}, "is a dictionary"),
        (lambda dY, X: "text", "is a text"),
        (lambda dY, X: 3.0, "shape is ()"),
        (lambda dY, X: (x for x in dY), "`return`, not `yield`"),
        (yields, "`return`, not `yield`"),
        (waits, "not `async def`"),
        (lambda dY, X: RELU, "brackets missing"),
        (lambda dY, X: bp.Tensor(RELU(dY, X)), "Return its `.data`"),
        (lambda dY, X: Evil(), "is an Evil"),
        (lambda dY, X: [Evil()], "can't be read"),
        (lambda dY, X: Nameless(), "is a Nameless"),
        (lambda dY, X: endless_list(), "`dX`"),
        (lambda dY, X: np.array([[None]], dtype=object), "dtype object"),
        (lambda dY, X: np.array("text"), "must hold plain numbers"),
        (lambda dY, X: RELU(dY, X).astype(np.float32), "float32"),
        (lambda dY, X: RELU(dY, X).astype(int), "fractions are cut off"),
        (lambda dY, X: RELU(dY, X) + 0j, "complex"),
        (lambda dY, X: X > 0, "dtype bool"),
        (lambda dY, X: RELU(dY, X) * np.nan, "NaN"),
        (lambda dY, X: RELU(dY, X)[None], "(1, "),
        (lambda dY, X: RELU(dY, X).T, "transposed"),
    ],
)
def test_what_it_returns(result, words):
    assert words in told(result)


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (lambda *a: print("no"), "returned nothing"),
        (lambda *a: AFFINE(*a)[:2], "2 values came out; it should be 3"),
        (lambda *a: (*AFFINE(*a), 1), "4 values came out; it should be 3"),
        (lambda *a: AFFINE(*a)[0], "An array of shape"),
        (lambda *a: AFFINE(*a)[::-1], "in another order: (db, dW, dX) came, (dX, dW, db) should"),
        (lambda *a: dict(zip("abc", AFFINE(*a), strict=True)), "A dictionary came out"),
        (lambda *a: tuple(x.tolist() for x in AFFINE(*a)), "So it is with `dW` and `db`"),
        (lambda *a: (Evil(), Evil(), Evil()), "is an Evil"),
        (lambda *a: (None, None, None), "`dX` is `None`"),
        (lambda *a: map(np.copy, AFFINE(*a)), "A map came out"),
    ],
)
def test_how_many_things_it_returns(result, words):
    assert words in told(result, "affine_backward")


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (lambda f, x, h: np.array([CENTERED(f, x, h)]), "shape is (1,)"),
        (lambda f, x, h: [CENTERED(f, x, h)], "is a list"),
        (lambda f, x, h: str(CENTERED(f, x, h)), "is a text"),
        (lambda f, x, h: np.float32(CENTERED(f, x, h)), "float32"),
        (lambda f, x, h: complex(CENTERED(f, x, h)), "complex"),
    ],
)
def test_a_number_in_another_form(result, words):
    assert words in told(result, "centered_difference")


def test_an_answer_that_is_no_array():
    for result in (3, "abc", None, [[1], [2]], Evil()):
        assert "order" in told(lambda graph, result=result: result, "topological_order") or (
            result is None
        )
    assert "`return`, not `yield`" in told(lambda g: (n for n in ORDER(g)), "topological_order")


def test_the_right_answer_in_odd_forms():
    for function in (
        lambda dY, X: np.asfortranarray(RELU(dY, X)),
        lambda dY, X: np.asmatrix(RELU(dY, X)),
        lambda dY, X: np.ma.array(RELU(dY, X)),
        lambda dY, X: RELU(dY, X).astype(np.longdouble),
        lambda dY, X: RELU(dY, X)[::-1][::-1],
        lambda dY, X: RELU(dY, X) * (1 + 1e-9),
        lambda *args: RELU(*args),
        lambda a, b: RELU(a, b),
        lambda dY, X, /: RELU(dY, X),
        lambda *, dY, X: RELU(dY, X),
        lambda dY, X, *rest, scale=1, **more: RELU(dY, X),
        functools.partial(RELU),
        functools.partial(lambda scale, dY, X: scale * RELU(dY, X), 1),
        np.vectorize(lambda dy, x: dy if x > 0 else 0.0),
    ):
        passes(function)
    for function in (list, np.array, lambda outputs: [float(x) for x in outputs]):
        passes(
            lambda a, b, f=function: f(spec.find("fork_gradient").reference(a, b)), "fork_gradient"
        )
    passes(lambda *a: list(AFFINE(*a)), "affine_backward")
    for number in (np.array, np.float64, np.longdouble, float):
        passes(lambda f, x, h, kind=number: kind(CENTERED(f, x, h)), "centered_difference")
    for order in (tuple, np.array, dict.fromkeys):
        passes(lambda graph, kind=order: kind(ORDER(graph)), "topological_order")


def test_callables_that_are_no_functions():
    class Callable:
        def __call__(self, dY, X):
            return RELU(dY, X)

        def method(self, dY, X):
            return RELU(dY, X)

    class Unhashable(Callable):
        __hash__ = None

    class Wrong(Unhashable):
        def __call__(self, dY, X):
            return dY + X

    passes(Callable())
    passes(Callable().method)
    passes(Unhashable())
    assert "not right yet" in told(Wrong())
    assert "It can't be called" in told(Callable)
    assert "`dY * X`" in told(np.multiply)
    assert "in place" in told(np.sin)
    assert "can't be called" in told(len)
    assert "stands where one True or False is needed" in told(max)


def test_what_is_no_function():
    for thing in (None, 3, 2.5, "relu_backward", np.ones(3), (1, 2), Evil()):
        verdict = diagnose("relu_backward", thing)
        assert verdict.status == "no function"
        assert "Pass the function itself, without brackets" in verdict.message


def test_signatures():
    assert "it takes (dY)" in told(lambda dY: dY)
    assert "it takes (a, b, c)" in told(lambda a, b, c: a)
    assert "another order, (X, dY)" in told(lambda X, dY: RELU(dY, X))


def test_nothing_written():
    def relu_backward(dY, X):
        """The gradient."""
        ...  # noqa: PIE790 - as a stub is

    def not_implemented(dY, X):
        # YOUR CODE HERE
        raise NotImplementedError()

    def passing(dY, X):
        pass

    for stub in (relu_backward, not_implemented, passing):
        verdict = diagnose("relu_backward", stub)
        assert verdict.status == "not attempted"
        assert "Nothing is written in it yet." in verdict.message


def test_its_own_error_is_told_at_its_line():
    def relu_backward(dY, X):
        Z = X @ dY
        return Z

    message = told(relu_backward)
    assert "`X @ dY` can't be formed: `X` is (" in message
    assert ": Z = X @ dY" in message
    assert "there, dY is (" in message


def test_the_line_is_the_learners_even_where_numpy_raised():
    def relu_backward(dY, X):
        helper = functools.partial(np.linalg.inv)
        return helper(X)

    assert ": return helper(X)" in told(relu_backward)


class Speechless(Exception):
    def __str__(self):
        raise RuntimeError("no words")


def raises(error):
    def relu_backward(dY, X):
        raise error

    return relu_backward


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("own words"), "ValueError: own words"),
        (Speechless(), "Speechless"),
        (SystemExit(3), "SystemExit: 3"),
        (GeneratorExit(), "GeneratorExit"),
        (StopIteration(), "StopIteration"),
        (MemoryError(), "MemoryError"),
        (BaseException("base"), "BaseException: base"),
        (ExceptionGroup("several", [ValueError()]), "ExceptionGroup"),
    ],
)
def test_what_it_raises(error, words):
    assert words in told(raises(error))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("dY + X.T", "can't be combined entry by entry"),
        ("np.dot(dY, X)", "A product `A @ B` can't be formed"),
        ("dY.sum(axis=3)", "Axis 3 is asked for, but the array has 2 axes"),
        ("X[99]", "its last index is"),
        ("X.reshape(99, 2)", "can't be laid out in shape (99, 2)"),
        ("max(dY, 0)", "where one True or False is needed"),
        ("math.exp(X)", "where one number is needed"),
        ("np.array([X, X[0]])", "of different shapes can't become one array"),
        ("np.put(np.zeros(3), 0, X) or np.zeros(1).__setitem__(0, X)", "can't hold an array"),
        ("X.sum() @ dY", "left side of `@` is a single number"),
        ("RELU(dY)", "A call lacks an argument: 'X'"),
        ("relu_backward(dY, X)", "calls itself again and again"),
        ("nobody", "NameError: name 'nobody' is not defined"),
    ],
)
def test_numpys_words_are_worded_well(code, words):
    import math

    space = {"np": np, "math": math, "RELU": RELU}
    exec(f"def relu_backward(dY, X):\n    return {code}", space)
    assert words in told(space["relu_backward"])


def test_in_place_growth_is_worded_well():
    def affine_backward(dY, X, W):
        db = np.zeros(W.shape[1])
        db += dY
        return db

    assert "it can't grow" in told(affine_backward, "affine_backward")


def test_a_loop_that_never_ends(monkeypatch):
    monkeypatch.setattr("bpkit.tasks.run.LIMIT", 0.2)

    def stubborn(dY, X):
        while True:
            with contextlib.suppress(Exception):
                while True:
                    pass

    def sleeps(dY, X):
        time.sleep(60)

    before = signal.getsignal(signal.SIGALRM)
    for function in (stubborn, sleeps):
        start = time.monotonic()
        message = diagnosis.examine(spec.find("relu_backward"), function).message
        assert time.monotonic() - start < 5
        assert "stopped after" in message and "a loop that never ends" in message
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_slow_right_answer_passes():
    def slow(dY, X):
        time.sleep(0.15)
        return RELU(dY, X)

    passes(slow)


def test_off_the_main_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(diagnose("relu_backward", RELU)))
    thread.start()
    thread.join()
    assert found[0].passed


def test_ctrl_c_passes():
    def interrupted(dY, X):
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        diagnose("relu_backward", interrupted)
    passes(RELU)


def test_what_it_prints_is_kept_and_told(capsys):
    def prints(dY, X):
        print("shape", X.shape)
        print("noise", file=sys.stderr)
        warnings.warn("loud", stacklevel=1)
        return RELU(dY, X)

    verdict = passes(prints)
    assert "It also prints. The first line:\n\n    shape (" in verdict.message
    assert capsys.readouterr() == ("", "")

    def floods(dY, X):
        for _ in range(100_000):
            print("x" * 100)
        return RELU(dY, X)

    assert len(passes(floods).printed) <= 400


def test_inputs_changed():
    def through_a_view(dY, X):
        flat = dY.reshape(-1)
        flat[X.reshape(-1) <= 0] = 0
        return flat.reshape(dY.shape)

    def shape_alone(dY, X):
        out = RELU(dY, X)
        X.shape = X.shape[::-1]
        return out

    def keys(graph):
        order = ORDER(graph)
        graph["another"] = []
        return order

    assert diagnose("relu_backward", through_a_view).mistake == "changed_in_place"
    assert "changes its input `X` in place" in told(shape_alone)
    assert "changes its input `graph` in place" in told(keys, "topological_order")


def test_what_is_kept_from_call_to_call():
    calls = []

    def grows(dY, X):
        calls.append(1)
        return len(calls) * RELU(dY, X)

    def turns_later(dY, X, seen=[]):  # noqa: B006 - the learner's mistake
        seen.append(1)
        return RELU(dY, X) if len(seen) < 4 else dY

    assert "kept from call to call" in told(grows)
    assert "kept from call to call" in told(turns_later)


def test_numpy_settings_are_put_back():
    def meddles(dY, X):
        np.seterr(all="raise")
        warnings.simplefilter("error")
        sys.setrecursionlimit(sys.getrecursionlimit())
        return RELU(dY, X)

    before = np.geterr(), warnings.filters[:]
    passes(meddles)
    assert (np.geterr(), warnings.filters[:]) == before


def test_check_never_raises(capsys):
    for thing in (None, 3, Evil(), lambda dY, X: dY, functools.partial(print), len, Nameless):
        check(thing)
        check(thing, task="relu_backward")
        check(thing, task="no such task")
    out = capsys.readouterr().out
    assert "Traceback" not in out
    assert "Say which task it is for" in out
    assert "no task called 'no such task'" in out
