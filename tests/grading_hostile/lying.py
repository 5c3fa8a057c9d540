"""Submissions that lie: about results, to the line, to Python itself."""

from grading_hostile.case import before, inside

LINE = "what came over its line to the grader is no answer"
GONE = "its process|It was stopped|is no answer"
CASES = [
    before(
        "patched NumPy",
        "right",
        "",
        """
        import numpy as np
        for name in ("array_equal", "allclose", "isclose", "abs", "max", "all", "any", "isfinite"):
            setattr(np, name, lambda *args, **named: True)
            setattr(np.core if hasattr(np, "core") else np, name, None)
        """,
    ),
    inside(
        "patched comparison",
        "wrong",
        "not right yet",
        """
        import builtins, math, operator
        import numpy as np
        builtins.all = builtins.any = builtins.isinstance = lambda *args: True
        math.isclose = operator.eq = np.array_equal = np.allclose = lambda *args, **named: True
        return dY * 3.0
        """,
    ),
    inside(
        "equal to everything",
        "wrong",
        "is a Same; it should be an array",
        """
        class Same:
            __eq__ = __le__ = __ge__ = lambda self, other: True
            __hash__ = None
        return Same()
        """,
    ),
    inside(
        "an __array__ of its own",
        "wrong",
        "is a Cheat; it should be an array",
        """
        class Cheat:
            shape, dtype = X.shape, X.dtype
            def __array__(self, *args, **named):
                return dY * (X > 0)
        return Cheat()
        """,
    ),
    inside(
        "a subclass that lies about its shape",
        "wrong",
        r"shape \(2,\)",
        """
        import numpy as np
        class Liar(np.ndarray):
            shape = property(lambda self: X.shape)
            __array_ufunc__ = None
            def __array_finalize__(self, other): pass
            def __eq__(self, other): return True
        return np.zeros(2).view(Liar)
        """,
    ),
    inside(
        "a subclass that tells the truth",
        "right",
        "",
        """
        import numpy as np
        class Mine(np.ndarray): pass
        return (dY * (X > 0)).view(Mine)
        """,
    ),
    inside(
        "explodes when looked at",
        "wrong",
        "is a Bomb; it should be an array",
        """
        def explode(*args): raise SystemExit("bang")
        names = ("eq", "repr", "str", "hash", "bool", "len", "iter", "float", "array", "del", "dir")
        return type("Bomb", (), {f"__{n}__": explode for n in (*names, "getattribute", "reduce")})()
        """,
    ),
    inside(
        "calls itself when printed",
        "wrong",
        "is a Loop; it should be an array",
        """
        class Loop:
            def __repr__(self): return repr(self)
        return Loop()
        """,
    ),
    inside(
        "a class with a false name",
        "wrong",
        "it should be an array",
        """
        class Meta(type):
            __name__ = property(lambda cls: 1 / 0)
            def __instancecheck__(cls, other): return True
            def __subclasscheck__(cls, other): return True
        return Meta("x" * 10**6, (), {})()
        """,
    ),
    inside(
        "a result of 2 GB",
        "wrong",
        "TooMuch",
        "import numpy as np; return np.broadcast_to(0.0, 2**28)",
    ),
    inside(
        "a result of 200 MB", "wrong", "TooMuch", "import numpy as np; return np.zeros(25 * 2**20)"
    ),
    inside("a list of millions", "wrong", "TooMuch", "return [0.0] * 10**7"),
    inside("a text of 100 MB", "wrong", "TooMuch|a text", "return 'x' * 100 * 2**20"),
    inside("a number of a million digits", "wrong", "TooMuch|not right", "return 10**1000000"),
    inside(
        "nested without end",
        "wrong",
        "TooMuch",
        "x = 0.0\nfor _ in range(10**5): x = [x]\nreturn x",
    ),
    inside("a list of itself", "wrong", "is a list of 1", "x = []\nx.append(x)\nreturn x"),
    inside("objects in an array", "wrong", "dtype object", "return (dY * (X > 0)).astype(object)"),
    inside("a generator", "wrong", "Use `return`, not `yield`", "yield dY * (X > 0)"),
    before("a coroutine", "wrong", "not `async def`", "async def other(dY, X): return dY")._replace(
        code="async def relu_backward(dY, X):\n    return dY * (X > 0)\n"
    ),
    inside("itself", "wrong", "Are its brackets missing", "return relu_backward"),
    inside(
        "another answer each time",
        "wrong",
        "Called a second time",
        """
        relu_backward.calls = getattr(relu_backward, "calls", 0) + 1
        return dY * (X > 0) + (relu_backward.calls > 3)
        """,
    ),
    inside(
        "a forged reply",
        "wrong",
        LINE,
        """
        import os, json, struct
        reply = {"to": 1, "printed": "", "used": 0.0, "trouble": None, "left": [], "result": 1}
        text = json.dumps(reply).encode()
        os.write(3, struct.pack("<IQ", len(text), 0) + text)
        RIGHT
        """,
    ),
    inside(
        "a forged question",
        "wrong",
        LINE,
        """
        import os, json, struct
        for number in range(50):
            text = json.dumps({"to": number, "ask": 0, "inputs": [[], {}]}).encode()
            os.write(3, struct.pack("<IQ", len(text), 0) + text)
        RIGHT
        """,
    ),
    before(
        "replies to all that is asked, forged in its cell",
        "no function",
        "there is no function",
        """
        import os, json, struct
        for number in range(1, 9):
            reply = {"to": number, "printed": "", "used": 0.0, "trouble": None, "left": []}
            text = json.dumps(reply | {"functions": {}, "result": 0.0}).encode()
            os.write(3, struct.pack("<IQ", len(text), 0) + text)
        """,
    ),
    before(
        "reads in its cell what it will be asked",
        "no function",
        "it was stopped after",
        """
        import os
        while os.read(3, 10**6): pass
        """,
    ),
    inside("noise on the line", "wrong", LINE, "import os; os.write(3, os.urandom(10**5))\nRIGHT"),
    inside(
        "a message of 16 exabytes",
        "wrong",
        LINE,
        "import os, struct; os.write(3, struct.pack('<IQ', 2**32 - 1, 2**64 - 1))\nRIGHT",
    ),
    inside(
        "a message that never ends",
        "wrong",
        GONE,
        """
        import os, struct, time
        os.write(3, struct.pack("<IQ", 2**20, 0))
        while True:
            os.write(3, b" ")
            time.sleep(0.01)
        """,
    ),
    inside(
        "JSON a hundred thousand deep",
        "wrong",
        LINE,
        """
        import os, struct
        text = b"[" * 10**5 + b"]" * 10**5
        os.write(3, struct.pack("<IQ", len(text), 0) + text)
        RIGHT
        """,
    ),
    inside("cuts the line", "wrong", GONE, "import os; os.closerange(0, 100)\nRIGHT"),
    inside("reads the line", "wrong", GONE, "import os\nwhile True: os.read(3, 10**6)"),
    before(
        "broken builtins",
        "wrong|no function",
        "",
        """
        import builtins
        for name in ("len", "isinstance", "type", "getattr", "dict", "list", "str", "__import__"):
            setattr(builtins, name, None)
        """,
    ),
    before(
        "broken modules",
        "right|wrong|no function",
        "",
        """
        import sys
        for name in ("json", "numpy", "os", "struct", "inspect", "bpkit", "__main__"):
            sys.modules[name] = None
        """,
    ),
    before(
        "a tracer that loops",
        "right|wrong|no function",
        "",
        """
        import sys
        def tracer(*args):
            while True: pass
        sys.settrace(tracer)
        sys.setprofile(tracer)
        """,
    ),
    inside(
        "hooks for errors",
        "wrong",
        "ValueError: mine",
        """
        import sys, threading
        def hook(*args):
            while True: pass
        sys.excepthook = sys.unraisablehook = threading.excepthook = hook
        raise ValueError("mine")
        """,
    ),
    inside(
        "an error that explodes",
        "wrong",
        "Bang",
        """
        class Bang(Exception):
            def __str__(self): raise SystemExit
            __traceback__ = property(lambda self: 1 / 0)
        raise Bang
        """,
    ),
    inside("an error of 100 MB", "wrong", "ValueError: xxx", "raise ValueError('x' * 100 * 2**20)"),
    inside(
        "an error with a false name",
        "wrong",
        "not right yet",
        "raise type('<script>alert(1)</script>', (Exception,), {})('\\ud800')",
    ),
    inside("standard output thrown away", "right", "", "import sys; sys.stdout = None\nRIGHT"),
    inside(
        "undone by its own end",
        "right",
        "",
        """
        class Late:
            def __del__(self):
                while True: pass
        if not hasattr(relu_backward, "late"):
            relu_backward.late = Late()
        RIGHT
        """,
    ),
]
