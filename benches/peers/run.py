#!/usr/bin/env python3
"""Compares `pipe` with its peers on the same graphs: see README.md beside this file.

Here: options, and the order in which things are measured. Python 3.11, standard library, Linux.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

import measure
import plot
import selftest
import table
from graph import SHAPES, Graph
from peers import PEERS
from project import CASES, Project, Wrong

GROWTH = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)


def options():
    parser = argparse.ArgumentParser(description="Compare pipe with its peers on the same graphs.")
    words = lambda text: text.split(",")
    numbers = lambda text: [int(word.replace("_", "")) for word in text.split(",")]
    parser.add_argument("--peers", type=words, default=list(PEERS), help=f"of {','.join(PEERS)}")
    parser.add_argument("--sizes", type=numbers, default=[10, 1_000, 10_000, 100_000], help="nodes, such as 10,1000")
    parser.add_argument("--shapes", type=words, default=list(SHAPES), help=f"of {','.join(SHAPES)}")
    parser.add_argument("--cases", type=words, default=list(CASES), help=f"of {','.join(CASES)}")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (default: 5)")
    parser.add_argument("--limit", type=float, default=60, help="seconds for one build that is measured (default: 60)")
    parser.add_argument("--setup-limit", type=float, default=600,
                        help="seconds for the first build, where the cold build is not measured (default: 600)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="commands at once (default: the processors)")
    parser.add_argument("--growth", type=int, metavar="N", nargs="?", const=GROWTH[-1],
                        help="pipe alone, sizes 1, 10, 100 … up to N (default: 1,000,000), cases noop and top unless given")
    parser.add_argument("--pipe", metavar="FILE", help="the program to measure (default: built by cargo --release)")
    parser.add_argument("--tools", metavar="DIR", help="where peers are installed (default: ~/.cache/pipe-peers)",
                        default=os.path.expanduser("~/.cache/pipe-peers"))
    parser.add_argument("--work", metavar="DIR", help="where graphs are built (default: a temporary folder)")
    parser.add_argument("--out", metavar="DIR", help="where the tables go (default: DIR of --tools, results)")
    parser.add_argument("--from", dest="earlier", metavar="FILE", nargs="+", help="measure nothing; tell results.json again, several as one")
    parser.add_argument("--self-test", action="store_true",
                        help="check the instrument, then ten nodes, all shapes and cases, pipe, ninja and make, one round")
    chosen = parser.parse_args()
    if chosen.self_test:
        chosen.peers, chosen.sizes, chosen.rounds = ["pipe", "ninja", "make"], [10], 1
    if chosen.growth:
        chosen.peers, chosen.sizes = ["pipe"], [size for size in GROWTH if size <= chosen.growth]
        chosen.setup_limit = max(chosen.setup_limit, 36_000)
        if chosen.cases == list(CASES):
            chosen.cases = ["noop", "top"]
    for given, known in ((chosen.peers, PEERS), (chosen.shapes, SHAPES), (chosen.cases, CASES)):
        for word in given:
            if word not in known:
                parser.error(f"unknown: {word}; there are {', '.join(known)}")
    chosen.cases = [case for case in CASES if case in chosen.cases]
    return chosen


def say(text):
    print(text, file=sys.stderr, flush=True)


def installed(chosen):
    peers = []
    for name in chosen.peers:
        peer = PEERS[name](os.path.abspath(chosen.tools), chosen)
        try:
            peer.install()
            peer.told = peer.version()
        except (OSError, subprocess.CalledProcessError) as error:
            say(f"{name} is left out: {error}")
            continue
        say(f"{name}: {peer.told}")
        peers.append(peer)
    return peers


class Results:
    """What was measured: per shape, size, case and peer either costs or a word that says why there are none."""

    def __init__(self, chosen, peers):
        self.about = {
            "machine": machine(), "jobs": chosen.jobs, "rounds": chosen.rounds, "limit": chosen.limit,
            "begun": time.strftime("%Y-%m-%d"), "load": [round(os.getloadavg()[1], 1)],
            "versions": {peer.name: peer.told for peer in peers},
        }
        self.cells = {}
        self.wrong = []

    def cell(self, shape, size, case, peer):
        key = f"{shape} {size} {case} {peer.name}"
        return self.cells.setdefault(key, {"shape": shape, "size": size, "case": case, "peer": peer.name, "note": None,
                                           "cpu": [], "wall": [], "memory": [], "ran": []})

    def value(self):
        return {"about": self.about, "cells": list(self.cells.values()), "wrong": self.wrong}


def machine():
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown processor")
    with open("/proc/meminfo") as file:
        total = int(file.readline().split()[1]) / 1024 / 1024
    system = os.uname()
    return f"{os.cpu_count()} processors ({model}), {total:.0f} GiB, {system.sysname} {system.release.split('-')[0]} {system.machine}"


def attempt(project, case, limit, cell, results):
    """One build; False when the peer is to be measured in this case no more."""
    try:
        cost, ran = project.run(case, limit)
    except Wrong as error:
        say(f"  WRONG {cell['peer']} {cell['shape']} {cell['size']} {case}: {error}")
        results.wrong.append(f"{cell['peer']}, {cell['shape']}, {cell['size']}, {case}: {error}")
        cell["note"] = "wrong"
        return False
    if cost.code is None:
        cell["note"] = f"> {limit:.0f} s"
        return False
    if cost.left:
        cell["left"] = cost.left
    cell["cpu"].append(cost.cpu)
    cell["wall"].append(cost.wall)
    cell["memory"].append(cost.memory)
    cell["ran"].append(ran)
    return True


def started(peers, chosen, results):
    """What it takes to say a version: the least that any start costs."""
    for turn in range(2 * chosen.rounds):
        for peer in peers:
            cost = measure.run([peer.program, "--version"], "/", peer.environment(), chosen.limit, "/dev/null")
            cell = results.cell("-", 0, "version", peer)
            cell["cpu"].append(cost.cpu)
            cell["wall"].append(cost.wall)
            cell["memory"].append(cost.memory)


def stand_built(project, chosen, scratch, results):
    """An unmeasured build, if the last one did not come to its end."""
    limit = chosen.limit if "cold" in chosen.cases else chosen.setup_limit
    return project.built or attempt(project, "cold", limit, scratch, results)


def measured(shape, size, peers, chosen, work, results, hopeless):
    """All cases of one graph: in each round every peer once, the order turning with the round. A peer whose cold build does not end
    in time is out for this graph and for larger ones of the shape."""
    say(f"{shape}, {size} nodes")
    graph = Graph(shape, size)
    projects = {}
    for peer in peers:
        if (shape, peer.name) in hopeless:
            for case in chosen.cases:
                results.cell(shape, size, case, peer)["note"] = "not tried"
        else:
            projects[peer.name] = Project(peer, graph, os.path.join(work, peer.name))
    for case in chosen.cases:
        running = []
        for peer in peers:
            if peer.name not in projects:
                continue
            cell, project = results.cell(shape, size, case, peer), projects[peer.name]
            scratch = {"peer": peer.name, "shape": shape, "size": size, "note": None, "cpu": [], "wall": [], "memory": [], "ran": []}
            if case in ("cached", "clone") and not peer.cached:
                cell["note"] = "no cache"
            elif case == "cold" or (stand_built(project, chosen, scratch, results) and attempt(project, "noop", chosen.limit, scratch, results)):
                running.append((peer, cell))
            else:
                cell["note"] = scratch["note"]
        for turn in range(chosen.rounds):
            for peer, cell in running[turn % len(running):] + running[:turn % len(running)] if running else []:
                project = projects.get(peer.name)
                if project and not cell["note"] and (case == "cold" or project.built):
                    attempt(project, case, chosen.limit, cell, results)
                    # Stamps of files written just now are not to be trusted yet; so each case starts from a build at rest.
                    if case not in ("cold", "noop") and project.built:
                        attempt(project, "noop", chosen.limit, {**cell, "cpu": [], "wall": [], "memory": [], "ran": [], "note": None}, results)
        for peer, cell in running:
            say(f"  {case:7} {peer.name:10} {table.brief(cell)}")
            if case == "cold" and cell["note"]:
                hopeless.add((shape, peer.name))
                for later in chosen.cases[1:]:
                    results.cell(shape, size, later, peer)["note"] = cell["note"]
                projects.pop(peer.name)
        results.about["load"].append(round(os.getloadavg()[1], 1))
    for project in projects.values():
        project.removed()
    # What was deleted just now makes new files dearer for five seconds, if it is on the disk.
    os.sync()
    time.sleep(6 if size > 100 else 0)


def tell(value, chosen):
    folder = chosen.out or os.path.join(chosen.tools, "results")
    os.makedirs(folder, exist_ok=True)
    texts = {"results.json": json.dumps(value), "table.txt": table.text(value), "table.md": table.markdown(value)}
    texts |= {f"plot-{kind}.svg": plot.svg(value, kind) for kind in table.COLUMNS}
    for name, text in texts.items():
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)
    print(texts["table.txt"])
    say(f"written to {folder}: {', '.join(texts)}")


def main():
    chosen = options()
    if chosen.earlier:
        return tell(table.joined([json.load(open(path)) for path in chosen.earlier]), chosen)
    measure.become_subreaper()
    if chosen.self_test:
        selftest.run()
    peers = installed(chosen)
    if chosen.self_test and len(peers) < 3:
        sys.exit("the self-test needs pipe, ninja and make")
    results, hopeless = Results(chosen, peers), set()
    started(peers, chosen, results)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(dir=chosen.work, prefix="peers-") as work:
        try:
            for shape in chosen.shapes:
                for size in sorted(chosen.sizes):
                    measured(shape, size, peers, chosen, work, results, hopeless)
        except KeyboardInterrupt:
            say("interrupted; what was measured until now is told")
        tell(results.value(), chosen)
    if results.wrong or chosen.self_test and any(cell["note"] not in (None, "no cache") for cell in results.cells.values()):
        sys.exit("not everything was as asked")


if __name__ == "__main__":
    main()
