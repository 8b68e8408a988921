"""What is particular to each peer: how it is installed, how it writes the graph down, how it is started, what it keeps where.

A peer is given every flag that makes it faster at this without changing what it does. Knows nothing of cases, time or tables.
"""

import glob
import json
import os
import shutil
import subprocess
import sys

from graph import output, source


class Peer:
    """`touched`: whether a new time stamp alone makes it run again; None where both would be right.
    `cached`: whether it brings outputs back from a cache.
    """

    name = ""
    touched = True
    cached = False
    state = ()  # what it leaves in the project's folder, removed before a cold build
    shipped = ()  # of that, what a fresh clone has: what its users commit or carry along

    def __init__(self, tools, options):
        self.home = os.path.join(tools, self.name)
        self.jobs = options.jobs

    def install(self):
        """Make `self.program` stand. Raises OSError or CalledProcessError."""

    def version(self):
        return first_line([self.program, "--version"], self.environment())

    def environment(self):
        keep = ("PATH", "HOME", "LANG", "TMPDIR")
        return {name: os.environ[name] for name in keep if name in os.environ}

    def write(self, graph, folder):
        """Write the graph in this peer's words into `folder`."""
        raise NotImplementedError

    def build(self, graph):
        """The arguments of a build, started in the project's folder."""
        raise NotImplementedError


class Pipe(Peer):
    name, touched, cached, state = "pipe", False, True, (".pipe",)

    def __init__(self, tools, options):
        super().__init__(tools, options)
        self.program = os.path.abspath(options.pipe) if options.pipe else None

    def install(self):
        if not self.program:
            root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
            subprocess.run(["cargo", "build", "--release", "--locked", "--quiet"], cwd=root, check=True)
            target = os.environ.get("CARGO_TARGET_DIR", os.path.join(root, "target"))
            self.program = os.path.abspath(os.path.join(target, "release", "pipe"))

    def write(self, graph, folder):
        with open(os.path.join(folder, "pipe.kdl"), "w") as file:
            file.write('/- kdl-version 2\ndefaults { shell "sh" "-c" }\n')
            for i in range(graph.size):
                reads = " ".join(f'"{path}"' for path in graph.reads(i))
                file.write(f'node "n{i}" {{\n    in {reads}\n    out "{output(i)}"\n    run "{graph.command(i)}"\n}}\n')

    def build(self, graph):
        return [self.program, "build", "-j", str(self.jobs), "--cache-dir", "../cache"]


class Ninja(Peer):
    name, state = "ninja", (".ninja_log", ".ninja_deps")

    def install(self):
        self.program = pip(self.home, "ninja", "ninja>=1.13,<1.14")

    def write(self, graph, folder):
        with open(os.path.join(folder, "build.ninja"), "w") as file:
            file.write("rule r\n  command = $c\n")
            for i in range(graph.size):
                text = graph.command(i).replace("$", "$$")
                file.write(f"build {output(i)}: r {' '.join(graph.reads(i))}\n  c = {text}\n")

    def build(self, graph):
        return [self.program, "-j", str(self.jobs)]


class Make(Peer):
    name = "make"

    def install(self):
        self.program = shutil.which("make")
        if not self.program:
            raise OSError("GNU make is not installed")

    def write(self, graph, folder):
        with open(os.path.join(folder, "Makefile"), "w") as file:
            file.write(f"all: {' '.join(output(i) for i in graph.ends())}\n")
            for i in range(graph.size):
                text = graph.command(i).replace("$", "$$")
                file.write(f"{output(i)}: {' '.join(graph.reads(i))}\n\t{text}\n")

    def build(self, graph):
        return [self.program, "-rR", "-j", str(self.jobs)]


class Doit(Peer):
    name, touched, state = "doit", False, (".doit.db", ".doit.db.dat", ".doit.db.dir", ".doit.db.bak", ".doit.db.db")

    def install(self):
        self.program = pip(self.home, "doit", "doit")

    def write(self, graph, folder):
        tasks = [{"name": str(i), "file_dep": graph.reads(i), "targets": [output(i)], "actions": [graph.command(i)]}
                 for i in range(graph.size)]
        with open(os.path.join(folder, "tasks.json"), "w") as file:
            json.dump(tasks, file)
        with open(os.path.join(folder, "dodo.py"), "w") as file:
            file.write("import json\nDOIT_CONFIG = {'action_string_formatting': 'new'}\n"
                       "def task_n():\n    yield from json.load(open('tasks.json'))\n")

    def build(self, graph):
        return [self.program, "-n", str(self.jobs)]


class Snakemake(Peer):
    name, touched, state = "snakemake", None, (".snakemake",)

    def install(self):
        self.program = pip(self.home, "snakemake", "snakemake")

    def write(self, graph, folder):
        with open(os.path.join(folder, "Snakefile"), "w") as file:
            file.write(f"rule all:\n    input: {[output(i) for i in graph.ends()]}\n")
            for i in range(graph.size):
                file.write(f"rule n{i}:\n    input: {graph.reads(i)}\n    output: {output(i)!r}\n    shell: {graph.command(i)!r}\n")

    def build(self, graph):
        return [self.program, "--cores", str(self.jobs), "--quiet", "all"]


class Dvc(Peer):
    name, touched, cached = "dvc", False, True
    state, shipped = (".dvc", "dvc.lock"), ("dvc.lock",)

    def install(self):
        self.program = pip(self.home, "dvc", "dvc")

    def environment(self):
        return super().environment() | {"DVC_NO_ANALYTICS": "1"}

    def write(self, graph, folder):
        os.makedirs(os.path.join(folder, ".dvc"), exist_ok=True)
        with open(os.path.join(folder, ".dvc", "config"), "w") as file:
            file.write("[core]\n    no_scm = True\n    analytics = false\n    check_update = false\n[cache]\n    dir = ../../cache\n")
        stages = {f"n{i}": {"cmd": graph.command(i), "deps": graph.reads(i), "outs": [output(i)]} for i in range(graph.size)}
        with open(os.path.join(folder, "dvc.yaml"), "w") as file:
            json.dump({"stages": stages}, file)  # JSON is YAML

    def build(self, graph):
        return [self.program, "repro", "--quiet"]


class Turbo(Peer):
    name, touched, cached = "turbo", False, True
    state = (".turbo", "node_modules")

    def install(self):
        self.program = npm(self.home, "turbo", "@turbo/*/bin/turbo")

    def environment(self):
        return super().environment() | {"TURBO_TELEMETRY_DISABLED": "1", "DO_NOT_TRACK": "1"}

    def write(self, graph, folder):
        scripts = {f"n{i}": graph.command(i) for i in range(graph.size)}
        tasks = {f"n{i}": {"inputs": [source(i)], "outputs": [output(i)], "dependsOn": [f"n{need}" for need in needs]}
                 for i, needs in enumerate(graph.needs)}
        ends = [f"n{i}" for i in graph.ends()]
        tasks["all"] = {"inputs": ["package.json"], "outputs": [], "dependsOn": ends}
        dump(folder, "package.json", {"name": "graph", "private": True, "packageManager": "npm@10.0.0", "workspaces": [],
                                      "scripts": scripts | {"all": "true"}})
        dump(folder, "package-lock.json", {"name": "graph", "lockfileVersion": 3, "requires": True, "packages": {"": {"name": "graph"}}})
        dump(folder, "turbo.json", {"tasks": tasks, "noUpdateNotifier": True})
        under_git(folder, "o/\n.turbo/\nnode_modules/\n")

    def build(self, graph):
        return [self.program, "run", "all", "--cache-dir=../cache", f"--concurrency={self.jobs}", "--output-logs=none"]


class Moon(Peer):
    name, touched, cached = "moon", False, True
    state, shipped = (".moon/cache",), (".moon/cache/hashes", ".moon/cache/outputs")

    def install(self):
        self.program = npm(self.home, "@moonrepo/cli", "@moonrepo/core-*/moon")

    def environment(self):
        return super().environment() | {"MOON_TELEMETRY": "false"}

    def write(self, graph, folder):
        os.makedirs(os.path.join(folder, ".moon"), exist_ok=True)
        dump(folder, ".moon/workspace.yml", {"projects": {"graph": "."}, "telemetry": False, "notifier": {}})
        tasks = {f"n{i}": {"script": graph.command(i), "inputs": [source(i)], "outputs": [output(i)],
                           "deps": [f"n{need}" for need in needs], "toolchains": "system"}
                 for i, needs in enumerate(graph.needs)}
        tasks["all"] = {"command": "noop", "inputs": [], "deps": [f"n{i}" for i in graph.ends()]}
        dump(folder, "moon.yml", {"tasks": tasks})
        under_git(folder, "o/\n.moon/cache/\n")

    def build(self, graph):
        return [self.program, "run", "graph:all", "--concurrency", str(self.jobs), "--summary", "none"]


PEERS = {peer.name: peer for peer in (Pipe, Ninja, Make, Doit, Snakemake, Dvc, Turbo, Moon)}


def dump(folder, name, value):
    with open(os.path.join(folder, name), "w") as file:
        json.dump(value, file)


def under_git(folder, ignored):
    """Both of npm's peers ask git for the files and their digests."""
    with open(os.path.join(folder, ".gitignore"), "w") as file:
        file.write(ignored)
    settings = ["-c", "user.name=peers", "-c", "user.email=peers@localhost", "-c", "commit.gpgsign=false"]
    for words in (["init", "--quiet"], ["add", "--all"], [*settings, "commit", "--quiet", "--allow-empty", "--message", "graph"]):
        subprocess.run(["git", *words], cwd=folder, check=True)


def pip(home, program, package):
    path = os.path.join(home, "bin", program)
    if not os.path.exists(path):
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run([os.path.join(home, "bin", "pip"), "install", "--quiet", package], check=True)
    return path


def npm(home, package, program):
    """The native program itself, not the script that starts Node.js to start it."""
    found = lambda: glob.glob(os.path.join(home, "node_modules", program))
    if not found():
        os.makedirs(home, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--prefix", home, package], check=True)
    if not found():
        raise OSError(f"no {program} in what npm installed")
    return found()[0]


def first_line(argv, env):
    text = subprocess.run(argv, capture_output=True, text=True, env=env, check=True).stdout.strip()
    return text.splitlines()[0] if text else "?"
