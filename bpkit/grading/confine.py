"""The walls around a student's process, built with Linux's own means: no library, no root.

Namespaces give it a world without other processes, without a network, with a few read-only folders.
Landlock forbids all files but those. A filter lets through the system calls that Python and NumPy
need and no others. Each function raises OSError where the system lacks the means.
"""

import ctypes
import errno
import os
import platform
import struct
from pathlib import Path

from bpkit.grading import calls

LIBC = ctypes.CDLL(None, use_errno=True)
NOBODY = 65534

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 4096, 16384, 1 << 18
MNT_DETACH, AT_FDCWD, AT_RECURSIVE = 2, -100, 0x8000
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 22, 36, 38
FILTER = 2

WRITE_FILE, READ_FILE, READ_DIR = 1 << 1, 1 << 2, 1 << 3
FILE_RIGHTS = 0b1100000000000111  # execute, write, read, truncate, ioctl: what a file can be given


def libc(name, *args):
    """Call the C library; OSError where it says so. Addresses are bytes, all else whole numbers."""
    got = getattr(LIBC, name)(*(ctypes.c_long(a) if isinstance(a, int) else a for a in args))
    if got < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return got


def syscall(name, *args):
    return libc("syscall", calls.NUMBERS[name], *args)


def enter_namespaces():
    """Leave the user, network, IPC and host name namespaces; children leave that of PIDs too."""
    user, group = os.geteuid(), os.getegid()
    kinds = CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWPID
    libc("unshare", kinds)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {group} 1")


def mount(source, target, kind=None, flags=0, options=""):
    source, kind = (None if text is None else os.fsencode(text) for text in (source, kind))
    libc("mount", source, os.fsencode(target), kind, flags, options.encode())


def enter_tree(readable, hidden, base, home):
    """Move into a file tree of the readable paths, read-only, and without the hidden ones.

    base: an empty folder, which exists; home: the path in it where the student's folder will be.
    """
    libc("unshare", CLONE_NEWNS)
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    mount("tmpfs", base, "tmpfs", MS_NOSUID, "size=1m,mode=755")
    for path in sorted(readable, key=len):
        place = Path(f"{base}{path}")
        if place.exists():
            continue  # it lies in a folder that was mounted
        if os.path.isdir(path):
            place.mkdir(parents=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
        mount(path, place, None, MS_BIND | MS_REC)
    for path in hidden:
        if os.path.exists(f"{base}{path}"):
            mount("tmpfs", f"{base}{path}", "tmpfs", MS_NOSUID, "size=4k,mode=0")
    os.makedirs(f"{base}{home}")
    os.chdir(base)
    syscall("pivot_root", b".", b".")
    libc("umount2", b".", MNT_DETACH)
    os.chdir("/")
    attributes = struct.pack("QQQQ", MS_RDONLY | MS_NOSUID, 0, 0, 0)
    syscall("mount_setattr", AT_FDCWD, b"/", AT_RECURSIVE, attributes, len(attributes))


def fresh_folder(home, size):
    """Put an empty folder, kept in memory, in the place of the one that was there."""
    try:
        libc("umount2", os.fsencode(home), MNT_DETACH)
    except OSError as error:
        if error.errno != errno.EINVAL:  # the first time there is none
            raise
    mount("tmpfs", home, "tmpfs", MS_NOSUID | MS_NODEV, f"size={size},mode=700")


def landlock_version():
    """The version of Landlock's interface; OSError where there is none."""
    return syscall("landlock_create_ruleset", None, 0, 1)


def rules(readable, hidden, writable):
    """A Landlock ruleset, as a file descriptor: read these paths, write below that one."""
    version = landlock_version()
    fs = (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)) - 1
    attributes = struct.pack("QQQ", fs, 0b11, 0b11)  # files; TCP; signals and abstract sockets
    size = 8 if version < 4 else 16 if version < 6 else 24
    fd = syscall("landlock_create_ruleset", attributes, size, 0)
    for path, rights in _reading(readable, hidden):
        _allow(fd, path, rights)
    _allow(fd, writable, fs & ~1)
    return fd


def _reading(paths, hidden):
    """(path, rights): a folder with a hidden one in it is listed; its other entries are read."""
    for path in paths:
        if path in hidden:
            continue
        if any(other.startswith(f"{path}/") for other in hidden):
            yield path, READ_DIR
            yield from _reading([f"{path}/{name}" for name in os.listdir(path)], hidden)
        else:
            yield path, READ_FILE | READ_DIR | (WRITE_FILE if path == os.devnull else 0)


def _allow(ruleset, path, rights):
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    if not os.path.isdir(path):
        rights &= FILE_RIGHTS
    try:
        if rights:
            syscall("landlock_add_rule", ruleset, 1, struct.pack("<Qi", rights, fd), 0)
    finally:
        os.close(fd)


def adopt_orphans():
    """Become the parent of what children leave behind when they end."""
    libc("prctl", PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent():
    """Be killed when the process that forked this one ends."""
    libc("prctl", PR_SET_PDEATHSIG, 9, 0, 0, 0)


def give_up_privileges():
    """Let go of all capabilities."""
    syscall("capset", struct.pack("Ii", 0x20080522, 0), bytes(24))


def never_more():
    """From here on nothing gives more rights than there are; the filters ask for that."""
    libc("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def obey(ruleset):
    """Stay within a Landlock ruleset."""
    syscall("landlock_restrict_self", ruleset, 0)


class Filter:
    """Lets only those system calls through that a program lets through, as bpkit.grading.calls."""

    def __init__(self, program):
        self.code = ctypes.create_string_buffer(program, len(program))
        self.head = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(self.code))

    def set(self):
        libc("prctl", PR_SET_SECCOMP, FILTER, self.head, 0, 0)


def filter_is_known():
    """OSError where the kernel has no filters: with one it complains of the address."""
    if platform.machine() not in calls.MACHINES:
        raise OSError(errno.ENOSYS, f"no list of system calls for {platform.machine()}")
    try:
        libc("prctl", PR_SET_SECCOMP, FILTER, None, 0, 0)
    except OSError as error:
        if error.errno != errno.EFAULT:
            raise
