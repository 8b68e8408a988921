"""Results as text and as Markdown, and what they say about the aims. Measures nothing, touches no disk."""

from statistics import median

from project import CASES

COLUMNS = ("cpu", "wall", "memory")
# What reading and hashing one small file takes, in seconds of CPU: open, read, close.
HASHING = 5e-6
# What the one command of a `top` takes.
COMMAND = 0.002


def seconds(value):
    if value < 1:
        return f"{value * 1000:.{1 if value < 0.1 else 0}f} ms"
    return f"{value:.{2 if value < 10 else 1}f} s"


def amount(column, value):
    return f"{value / 1024 / 1024:.1f} MiB" if column == "memory" else seconds(value)


def both(cell, column):
    if not cell[column]:
        return cell["note"] or "-"
    return f"{amount(column, min(cell[column]))} / {amount(column, median(cell[column]))}"


def brief(cell):
    told = ", ".join(f"{column} {both(cell, column)}" for column in COLUMNS) if cell["cpu"] else ""
    return " ".join(word for word in (told, f"[{cell['note']}]" if cell["note"] else "") if word)


def ratio(value, cell, column):
    """Median against Ninja's in the same graph and case."""
    other = find(value, cell["shape"], cell["size"], cell["case"], "ninja")
    if cell["peer"] == "ninja" or not other or not other[column] or not cell[column]:
        return ""
    return f"{median(cell[column]) / median(other[column]):.2f}"


def find(value, shape, size, case, peer):
    for cell in value["cells"]:
        if (cell["shape"], cell["size"], cell["case"], cell["peer"]) == (shape, size, case, peer):
            return cell
    return None


def rows(value):
    """Graph by graph: a heading, and for each case and peer a row of words."""
    graphs = {}
    for cell in (cell for cell in value["cells"] if cell["cpu"] or cell["note"]):
        graphs.setdefault((cell["shape"], cell["size"]), []).append(cell)
    for (shape, size), cells in graphs.items():
        lines = []
        for cell in cells:
            ran = "/".join(sorted({str(count) for count in cell["ran"]})) or ""
            note = cell["note"] if cell["note"] and cell["cpu"] else ""
            measured = [both(cell, column) for column in COLUMNS] if cell["cpu"] else [cell["note"] or "-", "", ""]
            lines.append([cell["case"], cell["peer"], *measured, f"{ran} {note}".strip(), ratio(value, cell, "cpu"), ratio(value, cell, "wall")])
        yield ("Start: `--version`" if shape == "-" else f"{shape.capitalize()}, {size:,} nodes"), lines


HEAD = ["case", "peer", "CPU", "wall", "memory", "commands", "CPU : Ninja", "wall : Ninja"]


def about(value):
    told = value["about"]
    versions = ", ".join(f"{name} ({version})" for name, version in told["versions"].items())
    return [
        f"Machine: {told['machine']}; {told['jobs']} commands at once; load average (5 minutes) {min(told['load'])} to {max(told['load'])} meanwhile.",
        f"Measured on {told['begun']}, {told['rounds']} rounds, at most {told['limit']} s for a build. Programs, as they name themselves: {versions}.",
        "Each cell: minimum / median. CPU is of the whole tree of processes, memory is the peak of the largest single process.",
    ]


def text(value):
    lines = about(value)
    for heading, cells in rows(value):
        table = [HEAD, *cells]
        widths = [max(len(row[i]) for row in table) for i in range(len(HEAD))]
        lines += ["", heading.replace("`", "")] + ["  ".join(word.ljust(width) for word, width in zip(row, widths)).rstrip() for row in table]
    lines += ["", "Aims"] + [f"{'held  ' if held else 'MISSED'}  {what}" for what, held in aims(value)]
    lines += [f"WRONG   {line}" for line in value["wrong"]]
    return "\n".join(lines) + "\n"


def markdown(value):
    lines = []
    for line in about(value):
        lines += [line, ""]
    lines += ["## Aims", "", "| held | aim, and what was measured (minima of both) |", "|---|---|"]
    lines += [f"| {'yes' if held else '**no**'} | {what} |" for what, held in aims(value)]
    for heading, cells in rows(value):
        lines += ["", f"## {heading}", "", f"| {' | '.join(HEAD)} |", "|---|---|--:|--:|--:|--:|--:|--:|"]
        lines += [f"| {' | '.join(row)} |" for row in cells]
    if value["wrong"]:
        lines += ["", "## Not as asked", ""] + [f"- {line}" for line in value["wrong"]]
    return "\n".join(lines) + "\n"


def aims(value):
    """The aims that these results can tell about, each as words and whether it is held: by minima, which a busy machine spoils least."""
    start = find(value, "-", 0, "version", "pipe")
    if start and start["wall"]:
        least = min(start["wall"])
        yield f"`pipe --version` under 2 ms: {seconds(least)}", least < 0.002
    for cell in value["cells"]:
        if cell["peer"] != "pipe" or not cell["cpu"]:
            continue
        graph = f"{cell['shape']}, {cell['size']:,}"
        if cell["case"] == "noop" and cell["size"] == 10:
            least = min(cell["wall"])
            yield f"{graph}: no-op under 5 ms: {seconds(least)}", least < 0.005
        if cell["size"] >= 10_000:
            yield from against_ninja(value, cell, graph)


def against_ninja(value, cell, graph):
    case, size = cell["case"], cell["size"]
    other = find(value, cell["shape"], size, "noop" if case == "touch" else case, "ninja")
    if not other or not other["cpu"]:
        return
    # What each is, and what Ninja's figure is turned into for it.
    bounds = {
        "noop": ("no-op, {}, at most 0.5 of Ninja's", lambda theirs: 0.5 * theirs),
        "top": ("one change, {}, at most 0.5 of Ninja's plus the command", lambda theirs: 0.5 * theirs + COMMAND),
        "cold": ("cold build, {}, at most 1.1 of Ninja's", lambda theirs: 1.1 * theirs),
        "touch": ("everything touched, {}, at most Ninja's no-op plus 5 µs a file", lambda theirs: theirs + 2 * size * HASHING),
    }
    if case in bounds:
        words, bound = bounds[case]
        for column, name in (("cpu", "CPU"), ("wall", "wall")):
            mine, theirs = min(cell[column]), min(other[column])
            told = f"{seconds(mine)} : {seconds(theirs)} = {mine / theirs:.2f}, by medians {median(cell[column]) / median(other[column]):.2f}"
            yield f"{graph}: {words.format(name)}: {told}", mine <= bound(theirs)
    if case == "noop":
        mine, theirs = min(cell["memory"]), min(other["memory"])
        yield f"{graph}: no-op, memory below Ninja's: {amount('memory', mine)} : {amount('memory', theirs)}", mine < theirs


def joined(values):
    """Several results as one; of a cell that several have, the last one that says anything."""
    cells = {}
    for value in values:
        for cell in value["cells"]:
            place = cell["shape"], cell["size"], cell["case"], cell["peer"]
            if place not in cells or cell["cpu"] or not cells[place]["cpu"] and cell["note"]:
                cells[place] = cell
    about = dict(values[-1]["about"])
    about["load"] = [load for value in values for load in value["about"]["load"]]
    about["versions"] = {name: told for value in values for name, told in value["about"]["versions"].items()}
    for what in ("rounds", "limit"):
        told = sorted({value["about"][what] for value in values})
        about[what] = " or ".join(f"{number:g}" for number in told)
    order = ["version", *CASES]
    shapes = list(dict.fromkeys(shape for shape, _, _, _ in cells))
    peers = list(about["versions"])
    places = sorted(cells, key=lambda key: (key[1], shapes.index(key[0]), order.index(key[2]), peers.index(key[3])))
    return {"about": about, "cells": [cells[place] for place in places], "wrong": [line for value in values for line in value["wrong"]]}
