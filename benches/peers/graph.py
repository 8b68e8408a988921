"""The graphs that all peers build: shapes, the one command of a node, and what its output has to be.

Knows no peer and runs nothing. Node `i` reads a source of its own, `s/…/i`, and the outputs of the nodes it needs; it writes the sum
of the numbers it has read to `o/…/i`, and its number to a list beside the project. So an output shows whether every change below it
has arrived, and the list shows which commands ran, how often.
"""

SHAPES = ("wide", "deep", "layered")
MODULUS = 1_000_003
LAYERS = 20


class Graph:
    """`needs[i]` are the nodes that node `i` needs; all have smaller numbers."""

    def __init__(self, shape, size):
        self.shape, self.size = shape, size
        if shape == "wide":
            self.needs = [()] * size
        elif shape == "deep":
            self.needs = [(i - 1,) if i else () for i in range(size)]
        elif shape == "layered":
            self.needs = layered(size)
        else:
            raise ValueError(f"no shape {shape!r}")

    @property
    def bottom(self):
        """The node that most nodes hang on."""
        return 0

    @property
    def top(self):
        """A node that none hangs on."""
        return self.size - 1

    def users_of(self, node):
        """`node` and all that hangs on it."""
        reached = {node}
        for i in range(node + 1, self.size):
            if any(need in reached for need in self.needs[i]):
                reached.add(i)
        return reached

    def outputs(self, sources):
        """What each output has to hold, given the number in each source."""
        values = []
        for i, needs in enumerate(self.needs):
            values.append((sources[i] + sum(values[need] for need in needs)) % MODULUS)
        return values

    def reads(self, node):
        return [source(node)] + [output(need) for need in self.needs[node]]

    def command(self, node):
        """For `sh -c`, from the project's folder: built-in words alone, so that it is one process."""
        names = "abcdefgh"
        reads = self.reads(node)
        text = "".join(f"read {name} <{path}; " for name, path in zip(names, reads))
        return f"{text}echo $((({'+'.join(names[:len(reads)])})%{MODULUS})) >{output(node)}; echo {node} >>../ran"

    def ends(self):
        """The nodes that none needs."""
        needed = {need for needs in self.needs for need in needs}
        return [i for i in range(self.size) if i not in needed]


def layered(size):
    """At most `LAYERS` layers of one width; a node needs three neighbours in the layer below, fewer where there are not as many."""
    width = max(1, -(-size // LAYERS)) if size > 2 * LAYERS else max(1, size // 3)
    needs = []
    for i in range(size):
        layer, place = divmod(i, width)
        below = {(layer - 1) * width + (place + step) % width for step in (-1, 0, 1)} if layer else ()
        needs.append(tuple(sorted(below)))
    return needs


def source(node):
    return f"s/{node // 1000}/{node}"


def output(node):
    return f"o/{node // 1000}/{node}"
