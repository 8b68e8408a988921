"""Runs one command and tells what it and everything below it cost. Knows nothing of builds. Linux only.

Wall is from the start of the program to the end of its process. CPU is user and system time of *every* process of its tree: this
process makes itself a subreaper, so that what loses its parent comes to it, and waits for all of them, one by one (`wait4`), also
those that outlive the command. A process is missed only if its parent has the kernel reap it (ignores SIGCHLD), which no peer does.
Memory is the peak resident size of the largest single process of the tree, commands included.

A new program inherits the peak of the process it was forked from. That would be this interpreter's; so each command is forked from
`sh`, which waits for a word, and that is the least that can be measured: about 1.5 MiB, and half a millisecond of CPU.
"""

import ctypes
import os
import select
import signal
import subprocess
import time
from dataclasses import dataclass

GATE = 'exec 3<&0; out=$1; shift; ( read _ <&3; exec 3<&- </dev/null >"$out" 2>&1; exec "$@" ) & echo $!'
GRACE = 5.0  # seconds that what is left may take to end by itself
PR_SET_CHILD_SUBREAPER = 36


@dataclass
class Cost:
    """Seconds and bytes. `code` is None when the time limit ended it; `left` counts processes that had to be killed."""

    cpu: float
    wall: float
    memory: int
    code: int | None
    left: int = 0


def become_subreaper():
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot become a subreaper")


def run(argv, cwd, env, limit, log):
    """Run `argv` for at most `limit` seconds; what it prints goes to the file `log`."""
    gate = subprocess.Popen(["sh", "-c", GATE, "gate", log, *argv], cwd=cwd, env=env, start_new_session=True,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    pid = int(gate.stdout.readline())
    gate.stdout.close()
    gate.wait()
    watch = os.pidfd_open(pid)
    ended = select.poll()
    ended.register(watch, select.POLLIN)
    begun = time.perf_counter()
    try:
        gate.stdin.write(b"go\n")
        gate.stdin.close()
        in_time = bool(ended.poll(limit * 1000))
    except KeyboardInterrupt:
        os.killpg(gate.pid, signal.SIGKILL)
        reap(Cost(0.0, 0.0, 0, None), pid, time.perf_counter() + 0.5)
        raise
    wall = time.perf_counter() - begun
    os.close(watch)
    if not in_time:
        os.killpg(gate.pid, signal.SIGTERM)
    cost = Cost(0.0, wall, 0, None)
    reap(cost, pid, time.perf_counter() + GRACE)
    if not in_time:
        cost.code = None
    return cost


def reap(cost, main, deadline):
    """Wait for every child of this process and add what it used; kill those that are left at the deadline."""
    while True:
        try:
            pid, status, used = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid:
            cost.cpu += used.ru_utime + used.ru_stime
            cost.memory = max(cost.memory, used.ru_maxrss * 1024)
            if pid == main:
                cost.code = os.waitstatus_to_exitcode(status)
        elif time.perf_counter() > deadline:
            for child in children():
                cost.left += 1
                os.kill(child, signal.SIGKILL)
            deadline = time.perf_counter() + 0.1
        else:
            time.sleep(0.001)


def children():
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        return [int(word) for word in file.read().split()]
