#!/usr/bin/env python3
"""What watching a command costs: whole builds of one node, plain, watched and strict, in turns; medians of wall and processor
milliseconds, and their ratios to plain. On a machine that is not idle the latter tell more.

    benches/trace/measure.py [ROUNDS] [PIPE]

ROUNDS: 15 unless given. PIPE: target/release/pipe unless given. Needs python3; cc and c++ for the compiles.
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 15
PIPE = sys.argv[2] if len(sys.argv) > 2 else os.path.join(HERE, "../../target/release/pipe")

SMALL = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\nint f(char *s) { return printf(\"%s\", s); }\n"
LARGE = "#include <regex>\n#include <string>\nbool f(std::string s) { return std::regex_match(s, std::regex(\"a+b\")); }\n"
TABLE = "import csv, json, statistics, urllib.request\nrows = [float(r[0]) for r in csv.reader(open('in.csv'))]\n" \
        "json.dump(statistics.mean(rows), open('build/python', 'w'))\n"

# name, inputs, command, what it needs
NODES = [
    ("true", [], "true > build/true", None),
    ("shell", ["in.csv"], "for i in $(seq 30); do sort -n in.csv | tail -1; done > build/shell", None),
    ("python", ["in.csv", "table.py"], "python3 table.py", "python3"),
    ("compile-c", ["small.c"], "cc -c small.c -o build/compile-c", "cc"),
    ("compile-cxx", ["large.cc"], "c++ -c large.cc -o build/compile-cxx", "c++"),
    ("files", ["many"], "cat many/* > build/files", None),
]


def manifest(strict):
    text = "/- kdl-version 2\n" + ("strict\n" if strict else "")
    for name, inputs, command, _ in NODES:
        text += f'node "{name}" {{\n'
        text += "".join(f'    in "{path}"\n' for path in inputs)
        text += f'    out "build/{name}"\n    run "{command}"\n}}\n'
    return text


def project(folder, strict):
    os.makedirs(os.path.join(folder, "many"))
    for name, text in [("small.c", SMALL), ("large.cc", LARGE), ("table.py", TABLE),
                       ("in.csv", "".join(f"{n * 7919 % 1000}\n" for n in range(2000))),
                       ("pipe.kdl", manifest(strict))]:
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)
    for number in range(5000):
        with open(os.path.join(folder, "many", str(number)), "w") as file:
            file.write("x\n")


def once(folder, node, *options):
    begun, spent = time.perf_counter(), processor()
    run = subprocess.run([PIPE, "build", "-f", "-q", *options, node], cwd=folder, capture_output=True, text=True)
    took = time.perf_counter() - begun
    if run.returncode or "warning" in run.stderr:
        sys.exit(f"{node} {options}: {run.stderr}")
    return 1000 * took, 1000 * (processor() - spent)


def processor():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main():
    # Not below /tmp: there a strict command would get a folder for temporary files of its own.
    with tempfile.TemporaryDirectory(dir="/var/tmp") as top:
        plain, strict = os.path.join(top, "plain"), os.path.join(top, "strict")
        project(plain, False)
        project(strict, True)
        ways = [("plain", plain, ()), ("watched", plain, ("--trace",)), ("strict", strict, ())]
        print(f"{'wall, CPU ms':12}" + "".join(f"{name:>30}" for name, _, _ in ways))
        for node, _, _, needs in NODES:
            if needs and not shutil.which(needs):
                print(f"{node:12}skipped: there is no {needs}")
                continue
            times = {name: [] for name, _, _ in ways}
            for round_number in range(ROUNDS + 1):
                for name, folder, options in ways:
                    took = once(folder, node, *options)
                    if round_number:
                        times[name].append(took)
            middle = [[statistics.median(some) for some in zip(*taken)] for taken in times.values()]
            line = f"{node:12}"
            for wall, cpu in middle:
                line += f"{wall:9.1f} ({wall / middle[0][0]:.2f}) {cpu:7.1f} ({cpu / middle[0][1]:.2f})"
            print(line, flush=True)


main()
