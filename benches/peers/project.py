"""One graph in the words of one peer, on the disk: brought into the state that a case starts from, built, and looked at afterwards.

Knows what a case means, not how often it is measured or how it is told.
"""

import os
import shutil
import time

import measure

CASES = {
    "cold": "nothing is built, nothing is cached: every command runs",
    "noop": "everything is built: nothing runs",
    "top": "the source of a node that none hangs on has changed: one command runs",
    "bottom": "the source of the node that most hang on has changed: all of those run",
    "touch": "every source and output has a new time stamp and its old content",
    "cached": "all outputs are gone, the cache has them",
    "clone": "a new folder with sources, manifest and cache, nothing else",
}


class Wrong(Exception):
    """The peer did not do what was asked."""


class Project:
    def __init__(self, peer, graph, home):
        self.peer, self.graph, self.home = peer, graph, home
        self.moves = self.away = 0
        self.sources = [i * 7919 % 1009 for i in range(graph.size)]
        self.folder = os.path.join(home, "project")
        self.log = os.path.join(home, "log")
        self.built = False
        shutil.rmtree(home, ignore_errors=True)
        self.lay_out()

    def lay_out(self):
        """Folders, sources and manifest, in a folder that is not there yet. Sources stand a minute old, like those of a checkout."""
        self.make_folders("s")
        self.make_folders("o")
        for i in range(self.graph.size):
            self.write_source(i)
        old = time.time() - 60
        for path in self.paths("s"):
            os.utime(path, (old, old))
        self.peer.write(self.graph, self.folder)

    def make_folders(self, kind):
        for part in range(-(-self.graph.size // 1000)):
            os.makedirs(os.path.join(self.folder, kind, str(part)))

    def write_source(self, node):
        with open(f"{self.folder}/s/{node // 1000}/{node}", "w") as file:
            file.write(f"{self.sources[node]}\n")

    def paths(self, kind):
        return [f"{self.folder}/{kind}/{i // 1000}/{i}" for i in range(self.graph.size)]

    def prepare(self, case):
        """Bring about the state that `case` starts from; returns the nodes that have to run, or None where it is the peer's choice."""
        every = set(range(self.graph.size))
        if case == "cold":
            self.forget_outputs()
            self.remove(self.peer.state)
            self.put_away(os.path.join(self.home, "cache"))
            self.peer.write(self.graph, self.folder)
            return every
        if case in ("top", "bottom"):
            node = getattr(self.graph, case)
            self.sources[node] += 1
            self.write_source(node)
            return self.graph.users_of(node)
        if case == "touch":
            now = time.time_ns()
            for path in self.paths("o"):
                os.utime(path, ns=(now - 2_000_000, now - 2_000_000))
            for path in self.paths("s"):
                os.utime(path, ns=(now, now))
            return {True: every, False: set(), None: None}[self.peer.touched]
        if case == "cached":
            self.forget_outputs()
        elif case == "clone":
            self.clone()
        return set()

    def forget_outputs(self):
        self.put_away(os.path.join(self.folder, "o"))
        self.make_folders("o")

    def remove(self, names):
        for name in names:
            self.put_away(os.path.join(self.folder, name))

    def put_away(self, path):
        """Out of the way, not deleted: for seconds after that, ext4 would make every new file dearer, for one peer more than for another."""
        if os.path.lexists(path):
            self.away += 1
            os.makedirs(os.path.join(self.home, "away"), exist_ok=True)
            os.rename(path, os.path.join(self.home, "away", str(self.away)))

    def clone(self):
        old, self.moves = self.folder, self.moves + 1
        self.folder = os.path.join(self.home, f"clone-{self.moves}")
        self.lay_out()
        for name in self.peer.shipped:
            if os.path.exists(os.path.join(old, name)):
                os.makedirs(os.path.dirname(os.path.join(self.folder, name)), exist_ok=True)
                os.rename(os.path.join(old, name), os.path.join(self.folder, name))
        self.put_away(old)

    def run(self, case, limit):
        """One build after `prepare`d `case`. Returns its cost and the number of commands run; raises `Wrong`."""
        ran = os.path.join(self.home, "ran")
        wanted = self.prepare(case)
        open(ran, "w").close()
        self.built = False
        cost = measure.run(self.peer.build(self.graph), self.folder, self.peer.environment(), limit, self.log)
        if cost.code is None:
            return cost, None
        if cost.code:
            raise Wrong(f"exit code {cost.code}: {self.tail()}")
        with open(ran) as file:
            lines = [int(line) for line in file]
        self.check(lines, wanted)
        self.built = True
        return cost, len(lines)

    def check(self, lines, wanted):
        if len(set(lines)) != len(lines):
            raise Wrong(f"{len(lines) - len(set(lines))} commands ran twice")
        if wanted is not None and set(lines) != wanted:
            raise Wrong(f"{len(lines)} commands ran, not {len(wanted)}: {self.tail()}")
        for path, value in zip(self.paths("o"), self.graph.outputs(self.sources)):
            try:
                with open(path) as file:
                    found = file.read()
            except OSError as error:
                raise Wrong(f"{error}: {self.tail()}") from error
            if found != f"{value}\n":
                raise Wrong(f"{path} holds {found!r}, not {value}")

    def tail(self):
        with open(self.log, errors="replace") as file:
            return " / ".join(file.read().split("\n")[-8:])[-700:]

    def removed(self):
        shutil.rmtree(self.home, ignore_errors=True)
