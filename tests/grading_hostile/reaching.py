"""Submissions that reach out: for files, answers, the network, other processes, the system."""

from grading_hostile.case import before, inside

NO = "PermissionError|FileNotFoundError|Read-only"
CASES = [
    inside(
        "files written everywhere",
        "right",
        "",
        """
        import os, sys
        import numpy
        places = ["/", "/tmp", "/var/tmp", "/etc", "/dev/shm", "/root", os.path.expanduser("~root")]
        places += [os.path.dirname(numpy.__file__), os.path.dirname(os.__file__), "..", "../.."]
        places += sys.path
        wrote = []
        for place in places:
            try:
                with open(os.path.join(place, "bpkit-was-here"), "w") as file:
                    file.write("x")
                wrote.append(place)
            except OSError:
                pass
        if wrote:
            raise RuntimeError(str(wrote))
        RIGHT
        """,
    ),
    inside(
        "its own folder is full",
        "wrong",
        "OSError|It was stopped",
        """
        for number in range(1000):
            with open(f"large {number}", "wb") as file:
                file.write(bytes(2**24))
        """,
    ),
    inside(
        "folders without end",
        "right",
        "",
        """
        import os
        for number in range(400):
            os.mkdir("d")
            os.chdir("d")
        RIGHT
        """,
    ),
    inside(
        "an empty folder, which can be used",
        "right",
        "",
        """
        import os, tempfile
        import numpy as np
        home = tempfile.gettempdir()
        if set(os.listdir(home)) - {"mine.npy"}:
            raise RuntimeError(str(os.listdir(home)))
        np.save(f"{home}/mine.npy", X)
        X = np.load(f"{home}/mine.npy")
        RIGHT
        """,
    ),
    inside(
        "symlink out of its folder",
        "wrong",
        NO,
        """
        import os
        os.symlink("/etc/passwd", "link")
        open("link").read()
        """,
    ),
    inside("hard link", "wrong", f"{NO}|OSError", "import os; os.link('/etc/passwd', 'link')"),
    inside("password file", "wrong", NO, "open('/etc/passwd').read()"),
    inside("home folders", "wrong", NO, "import os; os.listdir('/home') and os.listdir('/root')"),
    inside("a file that all may read", "wrong", NO, "open('SECRET').read()"),
    inside("processes", "wrong", NO, "import os; os.listdir('/proc')"),
    inside(
        "the grader's memory",
        "wrong",
        NO,
        "open(f'/proc/{__import__(\"os\").getppid()}/mem', 'rb')",
    ),
    inside(
        "the answers' source",
        "wrong",
        NO,
        """
        import bpkit, os
        folder = os.path.join(os.path.dirname(bpkit.__file__), "tasks", "themes")
        open(os.path.join(folder, "activations.py")).read()
        """,
    ),
    inside(
        "the answers, imported",
        "wrong",
        "ModuleNotFoundError|ImportError",
        "from bpkit.tasks.themes import activations",
    ),
    inside(
        "the answers, imported afresh",
        "wrong",
        "ModuleNotFoundError|ImportError|PermissionError",
        """
        import sys, importlib
        del sys.modules["bpkit.tasks"]
        importlib.invalidate_caches()
        import bpkit.tasks.spec
        """,
    ),
    inside("the grader, imported", "wrong", "Error", "from bpkit.grading import judge"),
    inside(
        "the answers in memory",
        "wrong",
        "LookupError: nothing found",
        """
        import gc, sys
        for thing in gc.get_objects():
            if type(thing).__name__ in ("Task", "Mistake", "Case", "Verdict"):
                RIGHT
            if "reference" in getattr(thing, "__dict__", ()):
                RIGHT
        if any("tasks." in name for name in sys.modules):
            RIGHT
        raise LookupError("nothing found")
        """,
    ),
    inside(
        "the answers in the frames",
        "wrong",
        "LookupError: nothing found",
        """
        import sys
        frame = sys._getframe()
        while frame is not None:
            known = {**frame.f_globals, **frame.f_locals}
            if {"expected", "reference", "seed", "evidence", "task"} & set(known):
                RIGHT
            frame = frame.f_back
        raise LookupError("nothing found")
        """,
    ),
    inside(
        "the seed in the environment",
        "wrong",
        "KeyError",
        "import os; return os.environ['BPKIT_TEACHER_KEY']",
    ),
    inside(
        "network",
        "wrong",
        "PermissionError",
        "import os, socket; socket.create_connection(('127.0.0.1', PORT), 1)",
    ),
    inside(
        "network, UDP",
        "wrong",
        "PermissionError",
        """
        import socket
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", PORT))
        """,
    ),
    inside(
        "network, Unix",
        "wrong",
        "PermissionError",
        "import socket; socket.socket(socket.AF_UNIX).connect('\\0bpkit')",
    ),
    inside(
        "network, by name",
        "wrong",
        "Error",
        "import urllib.request as u; u.urlopen('http://localhost')",
    ),
    inside(
        "signals to the grader",
        "wrong",
        "PermissionError",
        """
        import os, signal
        for number in (os.getppid(), 1, -1, 0):
            try:
                os.kill(number, signal.SIGTERM)
            except PermissionError:
                pass
        os.killpg(0, signal.SIGTERM)
        """,
    ),
    inside(
        "a signal by way of a file",
        "wrong",
        "PermissionError",
        """
        import fcntl, os
        ends = os.pipe()
        fcntl.fcntl(ends[0], 8, os.getppid())
        """,
    ),
    inside(
        "limits of the grader",
        "wrong",
        "PermissionError",
        "import os, resource; resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))",
    ),
    inside(
        "its own limits",
        "wrong",
        "ValueError|PermissionError",
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**40, 2**40))",
    ),
    inside(
        "system calls by number",
        "right",
        "",
        """
        import ctypes, errno, platform
        libc = ctypes.CDLL(None, use_errno=True)
        # ptrace, process_vm_readv, io_uring_setup, unshare, mount, bpf, userfaultfd, seccomp
        x86 = (101, 310, 425, 272, 165, 321, 323, 317, 105, 41, 53, 57, 58, 59, 62, 322, 434, 435)
        arm = (117, 270, 425, 97, 40, 280, 282, 277, 146, 198, 199, 129, 221, 281, 434, 435)
        for number in x86 if platform.machine() == "x86_64" else arm:
            ctypes.set_errno(0)
            got = libc.syscall(number, 0, 0, 0, 0, 0, 0)
            if got != -1 or ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):
                raise RuntimeError(f"{number} gives {got}, {ctypes.get_errno()}")
        RIGHT
        """,
    ),
    inside("privileges", "wrong", "PermissionError", "import os; os.setuid(0)"),
    inside("another root", "wrong", "PermissionError", "import os; os.chroot('.')"),
    inside(
        "shared memory",
        "wrong",
        "Error",
        "from multiprocessing import shared_memory as s; s.SharedMemory('x', True, 9)",
    ),
    inside("terminal", "wrong", f"{NO}|OSError", "open('/dev/tty', 'w').write('x')"),
    inside("asks the person", "wrong", "EOFError|OSError|RuntimeError", "return input('answer? ')"),
    inside(
        "what others may read, it may",
        "right",
        "",
        "import json.tool, os; open(os.__file__).read()\nRIGHT",
    ),
    before(
        "the checker, called",
        "right",
        "",
        """
        from bpkit.tasks import check, hint, progress, solution
        check(print)
        solution("relu_backward")
        """,
    ),
]
