"""Submissions that take too much: time, memory, processes, threads, output; or that end at once."""

from grading_hostile.case import before, inside

TIME = r"It was stopped after"
CASES = [
    inside("endless loop", "wrong", TIME, "while True: pass"),
    inside(
        "endless loop that swallows everything",
        "wrong",
        TIME,
        """
        while True:
            try:
                while True: pass
            except BaseException:
                pass
        """,
    ),
    inside("sleeps", "wrong", TIME, "import time; time.sleep(10**6)"),
    inside("waits for a signal", "wrong", TIME, "import signal; signal.pause()"),
    inside(
        "resets the alarm and loops",
        "wrong",
        TIME,
        """
        import signal
        for number in range(1, 65):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        signal.setitimer(signal.ITIMER_REAL, 0)
        while True: pass
        """,
    ),
    inside("long arithmetic", "wrong", TIME, "return 7 ** 7 ** 9"),
    inside(
        "pattern that backtracks", "wrong", TIME, "import re; re.match('(a+)+$', 'a' * 60 + 'b')"
    ),
    before("endless loop in a cell", "no function", "it was stopped after", "while True: pass"),
    inside("ends its process", "wrong", "exit status 3", "import os; os._exit(3)"),
    before("ends its process in a cell", "no function", "exit status 0", "import os; os._exit(0)"),
    inside("sys.exit", "wrong", "SystemExit", "import sys; sys.exit(0)"),
    before("sys.exit in a cell", "no function", "SystemExit", "import sys; sys.exit('bye')"),
    inside("quit, as in a shell", "wrong", "SystemExit", "quit()"),
    inside("keyboard interrupt", "wrong", "KeyboardInterrupt", "raise KeyboardInterrupt"),
    inside(
        "segmentation fault",
        "wrong",
        "a segmentation fault ended its process",
        "import ctypes; ctypes.string_at(0)",
    ),
    inside("abort", "wrong", "ended its process|was aborted", "import os; os.abort()"),
    inside("calls itself", "wrong", "calls itself again and again", "return relu_backward(dY, X)"),
    inside(
        "stack overflow in C",
        "wrong",
        "a segmentation fault ended its process|calls itself again and again",
        """
        import sys
        sys.setrecursionlimit(10**9)
        def deeper(_):
            return max([1, 2], key=deeper)
        return deeper(0)
        """,
    ),
    inside("3 GB", "wrong", "MemoryError", "import numpy as np; np.ones(3 * 2**27)"),
    inside("30 GB", "wrong", "MemoryError", "import numpy as np; np.zeros(30 * 2**27)"),
    inside("30 GB, mapped", "wrong", "OSError", "import mmap; mmap.mmap(-1, 30 * 2**30)"),
    inside("doubling list", "wrong", "MemoryError", "x = [0]\nwhile True: x = x * 1000"),
    inside(
        "memory that is asked for again and again",
        "wrong",
        TIME,
        """
        kept = []
        while True:
            try:
                kept.append(bytearray(2**20))
            except MemoryError:
                pass
        """,
    ),
    inside(
        "memory that no limit counts",
        "wrong",
        "PermissionError|AttributeError",
        """
        import os
        file = os.memfd_create("more")
        while True:
            os.write(file, bytes(2**24))
        """,
    ),
    inside("process bomb", "wrong", "PermissionError", "import os\nwhile True: os.fork()"),
    inside(
        "process bomb that goes on",
        "wrong",
        TIME,
        """
        import os
        while True:
            try:
                os.fork()
            except OSError:
                pass
        """,
    ),
    inside(
        "program", "wrong", "PermissionError", "import os; os.execv('/bin/sleep', ['sleep', '9'])"
    ),
    inside(
        "subprocess", "wrong", "PermissionError", "import subprocess; subprocess.run(['/bin/true'])"
    ),
    inside("shell", "wrong", r"It was|not right|is not", "import os; return os.system('true')"),
    inside(
        "multiprocessing",
        "wrong",
        "PermissionError|OSError|FileNotFoundError",
        "import multiprocessing; multiprocessing.Pool(2).map(abs, [1])",
    ),
    inside(
        "daemon that outlives grading",
        "wrong",
        "PermissionError",
        """
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(3600)
        RIGHT
        """,
    ),
    inside(
        "threads without end",
        "wrong",
        "can't start new thread|MemoryError|It was stopped",
        """
        import threading, time
        while True:
            threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
        """,
    ),
    inside(
        "thread that stays",
        "right",
        "",
        """
        import threading, time
        threading.Thread(target=time.sleep, args=(3600,)).start()
        RIGHT
        """,
    ),
    inside("200 MB printed at once", "right", "", "print('x' * 200 * 2**20)\nRIGHT", seconds=2),
    inside(
        "200 MB printed in small pieces",
        "right",
        "",
        "text = 'x' * 2**14\nfor _ in range(12800): print(text, end='')\nRIGHT",
        seconds=2,
    ),
    inside(
        "printed past Python",
        "right",
        "",
        """
        import os
        os.write(1, b"x" * 2**20)
        os.write(2, b"x" * 2**20)
        RIGHT
        """,
    ),
    before(
        "atexit",
        "right",
        "",
        """
        import atexit, time
        atexit.register(time.sleep, 3600)
        atexit.register(print, "still here")
        """,
    ),
]
