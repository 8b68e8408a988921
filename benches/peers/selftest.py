"""Checks of the instrument itself: that it counts what hides, and that it does not take a wrong build for a right one."""

import os
import sys
import tempfile

import measure
from graph import SHAPES, Graph
from project import Project, Wrong

BURN = "import time\nwhile time.process_time() < 0.3: pass"


class Idle:
    """A peer that writes and runs what a test tells it to."""

    name, touched, cached, state, shipped = "idle", False, False, (), ()

    def __init__(self, script):
        self.script = script

    def environment(self):
        return dict(os.environ)

    def write(self, graph, folder):
        pass

    def build(self, graph):
        return ["sh", "-c", self.script(graph)]


def everything(graph):
    return "; ".join(graph.command(i) for i in range(graph.size))


def check(what, holds):
    if not holds:
        sys.exit(f"self-test: {what}: not so")


def refused(project, case):
    try:
        project.run(case, 60)
    except Wrong:
        return True
    return False


def run():
    """Exits with a word when something is wrong."""
    check("outputs are sums", Graph("layered", 10).outputs([1] * 10)[3] == 4)
    for shape in SHAPES:
        graph = Graph(shape, 100)
        check(f"{shape} goes upwards", all(need < i for i, needs in enumerate(graph.needs) for need in needs))
        check(f"nothing hangs on the top of {shape}", graph.users_of(graph.top) == {graph.top})
    costs = measure.run(["sh", "-c", '( "$0" -c "$1" & ) ; exit 0', sys.executable, BURN], "/", dict(os.environ), 60, "/dev/null")
    check("the CPU of a process that lost its parent is counted", costs.cpu >= 0.3 and not costs.left)
    check("a time limit ends a command", measure.run(["sleep", "60"], "/", dict(os.environ), 0.2, "/dev/null").code is None)
    small = measure.run(["true"], "/", dict(os.environ), 60, "/dev/null").memory
    check("a small program is not charged with the interpreter's memory", small < 6 * 2**20)
    with tempfile.TemporaryDirectory() as home:
        def project(script):
            return Project(Idle(script), Graph("layered", 10), os.path.join(home, "idle"))

        check("a right build is taken", not refused(project(everything), "cold"))
        check("a build that does nothing is refused", refused(project(lambda graph: "true"), "cold"))
        check("a command that runs twice is refused", refused(project(lambda graph: everything(graph) + "; " + graph.command(9)), "cold"))
        check("a wrong output is refused", refused(project(lambda graph: everything(graph) + "; echo 1 >o/0/5"), "cold"))
        check("a missing output is refused", refused(project(lambda graph: everything(graph) + "; rm o/0/5"), "cold"))
        check("a failure is refused", refused(project(lambda graph: everything(graph) + "; false"), "cold"))
        check("a run that nothing asked for is refused", refused(project(everything), "noop"))
