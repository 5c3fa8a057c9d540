"""The system calls that may be made within the walls: a table, and the two filters made of it.

A call that isn't in the table fails with "Operation not permitted", which a student sees as a
PermissionError. The network, other processes, running programs and files' owners are not in it. The
long filter is set once, in the process that students' processes are forked from; the short one, set
in each of these, takes away what only forking and building walls needs. (To set a filter takes the
kernel the longer the more calls it lets through: so a student costs a fifth.)
"""

import errno
import platform
import struct

MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # and what the kernel calls them

# Each call with its number on x86_64 and on aarch64; some are missing on the latter.
FREE = """
read 0 63, write 1 64, readv 19 65, writev 20 66, pread64 17 67, pwrite64 18 68, lseek 8 62,
open 2 -, openat 257 56, creat 85 -, close 3 57, close_range 436 436, dup 32 23, dup2 33 -,
dup3 292 24, pipe 22 -, pipe2 293 59, eventfd2 290 19, sendfile 40 71, fsync 74 82,
fdatasync 75 83, flock 73 32, fadvise64 221 223, ftruncate 77 46,
stat 4 -, lstat 6 -, fstat 5 80, newfstatat 262 79, statx 332 291, access 21 -, faccessat 269 48,
faccessat2 439 439, getcwd 79 17, chdir 80 49, fchdir 81 50, umask 95 166, getdents64 217 61,
readlink 89 -, readlinkat 267 78, mkdir 83 -, mkdirat 258 34, rmdir 84 -, unlink 87 -,
unlinkat 263 35, rename 82 -, renameat 264 38, renameat2 316 276, link 86 -, linkat 265 37,
symlink 88 -, symlinkat 266 36,
poll 7 -, ppoll 271 73, select 23 -, pselect6 270 72, epoll_create1 291 20, epoll_ctl 233 21,
epoll_wait 232 -, epoll_pwait 281 22,
mmap 9 222, munmap 11 215, mprotect 10 226, mremap 25 216, madvise 28 233, brk 12 214,
mincore 27 232, membarrier 324 283, futex 202 98, set_robust_list 273 99, rseq 334 293,
set_tid_address 218 96, arch_prctl 158 -, sched_yield 24 124, sched_getaffinity 204 123,
getcpu 309 168,
rt_sigaction 13 134, rt_sigprocmask 14 135, rt_sigreturn 15 139, rt_sigpending 127 136,
rt_sigsuspend 130 133, rt_sigtimedwait 128 137, sigaltstack 131 132, pause 34 -,
restart_syscall 219 128, alarm 37 -, setitimer 38 103, getitimer 36 102,
nanosleep 35 101, clock_nanosleep 230 115, clock_gettime 228 113, clock_getres 229 114,
gettimeofday 96 169, time 201 -, times 100 153, getrusage 98 165, getrlimit 97 163,
getpid 39 172, getppid 110 173, gettid 186 178, getuid 102 174, geteuid 107 175, getgid 104 176,
getegid 108 177, uname 63 160, sysinfo 99 179, getrandom 318 278, wait4 61 260, waitid 247 95,
exit 60 93, exit_group 231 94
"""
# Let through if the argument at this place has one of these values.
ASKED = {
    "fcntl 72 25": (1, (0, 1, 2, 3, 4, 1030)),  # copies and flags; not whom to send signals
    "prlimit64 302 261": (0, (0,)),  # its own limits
}
REFUSED = {"clone3 435 435": errno.ENOSYS, "ioctl 16 29": errno.ENOTTY}  # so that libc goes on
# What forking and the walls need besides. Students lose it; of `clone` they keep the threads.
OWN = """
kill 62 129, recvmsg 47 212, chmod 90 -, fchmodat 268 53, prctl 157 167, capset 126 91,
mount 165 40, umount2 166 39, pivot_root 155 41, mount_setattr 442 442,
landlock_create_ruleset 444 444, landlock_add_rule 445 445, landlock_restrict_self 446 446
"""
CLONE, THREAD = "clone 56 220", 0x10000

LOAD, EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06  # the filter's instructions
ALLOW, FAIL, KILL = 0x7FFF0000, 0x00050000, 0x80000000
DENY = FAIL | errno.EPERM
NUMBER, MACHINE, ARGUMENTS = 0, 4, 16  # where in the kernel's description of a call


def numbered(entry):
    """(name, number on this machine or None) of an entry of the table."""
    name, *numbers = entry.split()
    number = numbers[platform.machine() == "aarch64"]
    return name, None if number == "-" else int(number)


NUMBERS = dict(map(numbered, OWN.split(",")))


def long_filter():
    """What may be called at all."""
    steps = [(LOAD, 0, 0, MACHINE), (EQUAL, 1, 0, MACHINES[platform.machine()])]
    steps += [(RETURN, 0, 0, KILL), (LOAD, 0, 0, NUMBER)]
    for entry in (*FREE.split(","), *OWN.split(","), CLONE):
        steps += _case(entry, [(RETURN, 0, 0, ALLOW)])
    for entry, code in REFUSED.items():
        steps += _case(entry, [(RETURN, 0, 0, FAIL | code)])
    for entry, (place, values) in ASKED.items():
        steps += _case(entry, _if_one(EQUAL, values, place))
    return _packed([*steps, (RETURN, 0, 0, DENY)])


def short_filter():
    """What students lose of it."""
    steps = [(LOAD, 0, 0, NUMBER)]
    for entry in OWN.split(","):
        steps += _case(entry, [(RETURN, 0, 0, DENY)])
    steps += _case(CLONE, _if_one(ANY_BIT, [THREAD], 0))
    return _packed([*steps, (RETURN, 0, 0, ALLOW)])


def _case(entry, steps):
    """These steps, which end the filter, for one call."""
    _, number = numbered(entry)
    return [] if number is None else [(EQUAL, 0, len(steps), number), *steps]


def _if_one(test, values, place):
    """Let a call through if its argument at this place passes the test with one of the values."""
    steps = [(LOAD, 0, 0, ARGUMENTS + 8 * place)]
    for value in values:
        steps += [(test, 0, 1, value), (RETURN, 0, 0, ALLOW)]
    return [*steps, (RETURN, 0, 0, DENY)]


def _packed(steps):
    """A filter as the kernel reads it: eight bytes a step."""
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
