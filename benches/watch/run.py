#!/usr/bin/env python3
"""Takes the time from a write to the start of the command that follows from it, under `pipe watch` and its peers.

A project is chains of ten nodes. The first of a chain reads a source and notes the time as its whole work; the others
copy. A round writes a source as editors do, beside and then renamed, takes the time right before the rename, and waits
for rest after the command. Every tool keeps the debounce that it comes with. What the command itself takes, from its
start until it has noted the time, is taken by the side and told as `command alone`. watchexec knows no nodes: it watches
the folder of the same sources and has the one command.

Does not know where the time goes within a tool; `strace -r -f` tells.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
CHAIN = 10
NOTE = "date +%s%N > "
IDLE = 10


class Late(Exception):
    """Something that was waited for did not come."""


def until(what, limit, true):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(0.002)
    raise Late(f"{what} did not come in {limit} s")


def noted(path):
    """The time in a file, once it is whole."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        return 0
    return int(text) if text.endswith("\n") else 0


class Tool:
    """One watcher in one project."""

    name = ""
    # Seconds without a word that are taken for rest.
    quiet = 0.5

    def __init__(self, program, folder, nodes, limit):
        self.program, self.folder, self.nodes, self.limit = program, folder, nodes, limit
        self.log = folder.parent / "log"
        for part in ("src", "out"):
            (folder / part).mkdir(parents=True)
        for node in range(0, nodes, CHAIN):
            (folder / f"src/{node}").write_text("0\n")

    def environment(self):
        return {**os.environ, "NO_COLOR": "1"}

    def note_of(self, node):
        return self.folder / f"out/{node}"

    def prepare(self):
        """Writes what describes the project and builds it."""

    def said(self):
        return self.log.read_bytes()

    def rest(self):
        """Waits until nothing more is done."""
        size, since, end = -1, time.monotonic(), time.monotonic() + self.limit
        while time.monotonic() - since < self.quiet:
            if len(self.said()) != size:
                size, since = len(self.said()), time.monotonic()
            if time.monotonic() > end:
                raise Late(f"rest did not come in {self.limit} s")
            time.sleep(0.01)

    def start(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(self.command(), cwd=self.folder, env=self.environment(), stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, start_new_session=True)
        self.rest()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def round(self, turn, turns):
        """Nanoseconds from a write to the start of the command."""
        chains = self.nodes // CHAIN
        node = turn * max(1, chains // turns) % chains * CHAIN
        source, beside = self.folder / f"src/{node}", self.folder / f"src/.{node}.swp"
        beside.write_text(f"{turn + 1} {time.time_ns()}\n")
        note = self.note_of(node)
        self.before_write()
        written = time.time_ns()
        os.rename(beside, source)
        started = until(f"the command of node {node}", self.limit, lambda: (at := noted(note)) > written and at)
        self.rest()
        return started - written

    def before_write(self):
        pass


class Pipe(Tool):
    name = "pipe watch"
    rests = 0

    def prepare(self):
        lines = []
        for node in range(self.nodes):
            read, words = f"out/{node - 1}", '"cp" "{in}" "{out}"'
            if node % CHAIN == 0:
                read, words = f"src/{node}", f'"sh" "-c" "{NOTE}{{out}}"'
            lines.append(f'node "n{node}" {{ in "{read}"; out "out/{node}"; exec {words} }}')
        (self.folder / "pipe.kdl").write_text("\n".join(lines) + "\n")
        fresh = self.folder / ".pipe/fresh"
        # Until no stamp is too young to be trusted.
        while not fresh.exists() or not fresh.read_bytes().endswith(b"\1" * self.nodes):
            subprocess.run([self.program, "build", "-q", "-j", "2"], cwd=self.folder, env=self.environment(), check=True,
                           capture_output=True)

    def command(self):
        return [self.program, "watch", "-j", "2"]

    def rest(self):
        until("rest", self.limit, lambda: self.said().count(b"\nwatching:") + self.said().startswith(b"watching:") > self.rests)
        self.rests += 1

    def idle(self):
        """Seconds of CPU while nothing happens, and memory in MiB: now and at most."""
        ticks = lambda: sum(map(int, pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]))
        before = ticks()
        time.sleep(IDLE)
        spent = (ticks() - before) / os.sysconf("SC_CLK_TCK")
        lines = pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        size = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.startswith(("VmRSS", "VmHWM"))}
        return spent, size["VmRSS"], size["VmHWM"]


class Watchexec(Tool):
    name = "watchexec"

    def note_of(self, node):
        return self.folder / "out/noted"

    def command(self):
        return [self.program, "--watch", "src", "--postpone", "--shell=none", "--", "sh", "-c", f"{NOTE}out/noted"]

    def start(self):
        super().start()
        # It does not say when it is ready.
        time.sleep(2)


class Turbo(Tool):
    name = "turbo watch"
    quiet = 1.5

    def environment(self):
        return super().environment() | {"TURBO_TELEMETRY_DISABLED": "1", "DO_NOT_TRACK": "1"}

    def prepare(self):
        scripts, tasks = {}, {}
        for node in range(self.nodes):
            head = node % CHAIN == 0
            scripts[f"n{node}"] = f"{NOTE}out/{node}" if head else f"cp out/{node - 1} out/{node}"
            tasks[f"n{node}"] = {"inputs": [f"src/{node}"] if head else ["package.json"], "outputs": [f"out/{node}"],
                                 "dependsOn": [] if head else [f"n{node - 1}"]}
        ends = [f"n{node}" for node in range(CHAIN - 1, self.nodes, CHAIN)]
        tasks["all"] = {"inputs": ["package.json"], "outputs": [], "dependsOn": ends}
        files = {
            "package.json": {"name": "graph", "private": True, "packageManager": "npm@10.0.0", "workspaces": [],
                             "scripts": scripts | {"all": "true"}},
            "package-lock.json": {"name": "graph", "lockfileVersion": 3, "requires": True, "packages": {"": {"name": "graph"}}},
            "turbo.json": {"tasks": tasks, "noUpdateNotifier": True},
        }
        for name, value in files.items():
            (self.folder / name).write_text(json.dumps(value))
        (self.folder / ".gitignore").write_text("out/\n.turbo/\nnode_modules/\n*.swp\n")
        own = ["-c", "user.name=watch", "-c", "user.email=watch@localhost", "-c", "commit.gpgsign=false"]
        for words in (["init", "-q"], ["add", "-A"], [*own, "commit", "-q", "-m", "graph"]):
            subprocess.run(["git", *words], cwd=self.folder, check=True)
        try:
            subprocess.run([self.program, "run", "all", "--concurrency=2"], cwd=self.folder, env=self.environment(), check=True,
                           capture_output=True, timeout=self.limit)
        except subprocess.TimeoutExpired:
            raise Late(f"the first build did not end in {self.limit} s") from None

    def command(self):
        return [self.program, "watch", "all", "--concurrency=2", "--ui=stream"]


def alone(folder, turns):
    """Nanoseconds from asking for the command to the time it notes."""
    took = []
    for turn in range(turns):
        note = folder / f"alone-{turn}"
        begun = time.time_ns()
        subprocess.run(["sh", "-c", f"{NOTE}{note}"], check=True)
        took.append(noted(note) - begun)
    return took


def told(took):
    return f"{min(took) / 1e6:8.1f} / {statistics.median(took) / 1e6:8.1f} ms"


def measure(tool, turns):
    tool.prepare()
    tool.start()
    try:
        took = [tool.round(turn, turns) for turn in range(turns)]
        print(f"{tool.name:13} {tool.nodes:6} nodes  {told(took)}  of {len(took)}", flush=True)
        if isinstance(tool, Pipe):
            spent, now, most = tool.idle()
            print(f"{'':13} idle {IDLE} s: {spent:.2f} s of CPU; memory {now:.1f} MiB, at most {most:.1f} MiB", flush=True)
    finally:
        tool.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pipe", default=HERE.parent.parent / "target/release/pipe")
    parser.add_argument("--watchexec", default=shutil.which("watchexec"))
    parser.add_argument("--turbo", default=shutil.which("turbo"), help="the native program, not the script that starts it")
    parser.add_argument("--nodes", type=int, nargs="+", default=[10, 1000, 10_000])
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--limit", type=float, default=60, help="seconds to wait for anything, a first build included")
    asked = parser.parse_args()
    code = 0
    with tempfile.TemporaryDirectory(prefix="pipe-watch-") as top:
        top = pathlib.Path(top)
        print(f"{'command alone':26}  {told(alone(top, asked.turns))}")
        for nodes in asked.nodes:
            for tool, program in ((Pipe, asked.pipe), (Watchexec, asked.watchexec), (Turbo, asked.turbo)):
                if not program:
                    continue
                folder = top / f"{tool.__name__}-{nodes}"
                print(f"# load average {os.getloadavg()[0]:.1f}", flush=True)
                try:
                    measure(tool(pathlib.Path(program).resolve(), folder / "project", nodes, asked.limit), asked.turns)
                except Late as late:
                    print(f"{tool.name:13} {nodes:6} nodes  {late}", flush=True)
                    code = 1
                shutil.rmtree(folder)
    return code


if __name__ == "__main__":
    sys.exit(main())
