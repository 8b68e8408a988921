#!/usr/bin/env python3
"""Counts the instructions of the smallest builds and compares them with the figures that are committed.

Unlike times, instruction counts are nearly the same on a busy machine and on a quiet one. Needs valgrind; says so and
ends well where it is not there. Does not know why a figure has grown: callgrind's own output, kept with --keep, tells.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
FIGURES = HERE / "figures.json"
NODES = 10_000
CHAIN = 10
TOLD, FAILED = 1.05, 1.20


def project(folder):
    """Chains of ten nodes that copy a file, in one manifest without globs."""
    for name in ("src", "out"):
        (folder / name).mkdir()
    lines = []
    for node in range(NODES):
        read = f"out/{node - 1}"
        if node % CHAIN == 0:
            read = f"src/{node}"
            (folder / read).write_text(f"source {node}\n")
        lines.append(f'node "n{node}" {{ in "{read}"; out "out/{node}"; exec "cp" "{{in}}" "{{out}}" }}')
    (folder / "pipe.kdl").write_text("\n".join(lines) + "\n")


def environment():
    # One thread, so that idle ones do not count.
    return {**os.environ, "RAYON_NUM_THREADS": "1", "NO_COLOR": "1"}


def plain(pipe, folder, *arguments):
    subprocess.run([pipe, *arguments], cwd=folder, env=environment(), check=True, capture_output=True)


def counted(pipe, folder, keep, name, *arguments):
    """The instructions that `pipe` itself took; those of its commands do not count."""
    out = pathlib.Path(keep or folder.parent) / f"{name}.callgrind"
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", pipe, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not found:
        sys.exit(f"{name}: exit code {done.returncode}\n{done.stderr}")
    return int(found.group(1)), done.stderr


def settle(pipe, folder):
    """Builds until a build leaves the list of fresh nodes as it was: no stamp is too young to be trusted."""
    fresh = folder / ".pipe" / "fresh"
    while True:
        plain(pipe, folder, "build", "-q")
        if fresh.read_bytes().endswith(b"\1" * NODES):
            return


def measure(pipe, keep):
    figures = {}
    with tempfile.TemporaryDirectory(prefix="pipe-guard-") as top:
        folder = pathlib.Path(top) / "project"
        folder.mkdir()
        project(folder)
        figures["load"], _ = counted(pipe, folder, keep, "load", "list")
        plain(pipe, folder, "build", "-q", "-j", "2")
        settle(pipe, folder)
        figures["no-op"], said = counted(pipe, folder, keep, "no-op", "build")
        assert "nothing to do" in said, said
        (folder / f"src/{NODES - CHAIN}").write_text("changed\n")
        figures["one-change"], said = counted(pipe, folder, keep, "one-change", "build", f"n{NODES - CHAIN}", "-j", "1")
        assert "1 ran" in said, said
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pipe", default=HERE.parent.parent / "target/release/pipe", type=pathlib.Path)
    parser.add_argument("--bless", action="store_true", help="write the figures down as the new ones")
    parser.add_argument("--keep", help="a folder in which callgrind's output stays")
    asked = parser.parse_args()
    if not shutil.which("valgrind"):
        print("guard: valgrind is not there, so nothing was counted")
        return 0
    figures = measure(asked.pipe.resolve(), asked.keep and str(pathlib.Path(asked.keep).resolve()))
    if asked.bless:
        FIGURES.write_text(json.dumps(figures, indent=4) + "\n")
    committed = json.loads(FIGURES.read_text())
    code = 0
    for name, count in figures.items():
        ratio = count / committed[name]
        word = "FAILED" if ratio > FAILED else "has grown" if ratio > TOLD else "well"
        code |= ratio > FAILED
        print(f"guard: {name:11} {count / 1e6:8.1f} million instructions, {ratio:.3f} of what is committed ({word})")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
