"""Results as one SVG: a panel for each case and shape, sizes to the right, the measure upwards, both logarithmic. Light and dark."""

from html import escape
from math import ceil, floor, log10
from statistics import median



# Light, dark: apart also for eyes that do not tell red from green; `pipe` is the heavy line.
COLOURS = {
    "pipe": ("#c2255c", "#ff6b9d"), "ninja": ("#1864ab", "#74c0fc"), "make": ("#2b8a3e", "#8ce99a"), "doit": ("#e67700", "#ffd43b"),
    "snakemake": ("#5f3dc4", "#b197fc"), "dvc": ("#087f5b", "#63e6be"), "turbo": ("#495057", "#ced4da"), "moon": ("#7a4a1e", "#e0b48a"),
}
DASHES = {"make": "6 3", "doit": "2 3", "snakemake": "8 3 2 3", "dvc": "4 2", "turbo": "1 2", "moon": "10 3"}
WIDE, HIGH, LEFT, TOP, GAP_X, GAP_Y = 230, 120, 70, 84, 62, 46
NAMES = {"cpu": "CPU", "wall": "wall time", "memory": "peak memory"}


def svg(value, kind):
    cells = [cell for cell in value["cells"] if cell[kind] and cell["size"]]
    peers = [name for name in COLOURS if any(cell["peer"] == name for cell in cells)]
    cases = list(dict.fromkeys(cell["case"] for cell in cells))
    shapes = list(dict.fromkeys(cell["shape"] for cell in cells))
    width = max(LEFT + len(shapes) * (WIDE + GAP_X), 640)
    height = TOP + len(cases) * (HIGH + GAP_Y) + 10
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">',
             f"<title>{NAMES[kind]} by case, shape and size; median</title>", style(peers), f'<rect class="ground" width="{width}" height="{height}"/>',
             f'<text class="head" x="{LEFT}" y="24">{NAMES[kind].capitalize().replace("Cpu", "CPU")}, median, by number of nodes</text>']
    for place, name in enumerate(peers):
        x, y = LEFT + place % 8 * 100, 46
        parts.append(f'<path class="line {name}" d="M{x} {y}h24"/><circle class="dot {name}" cx="{x + 12}" cy="{y}" r="3"/>'
                     f'<text x="{x + 30}" y="{y + 4}">{escape(name)}</text>')
    if cells:
        sizes = sorted({cell["size"] for cell in cells})
        for row, case in enumerate(cases):
            for column, shape in enumerate(shapes):
                chosen = [cell for cell in cells if (cell["case"], cell["shape"]) == (case, shape)]
                x, y = LEFT + column * (WIDE + GAP_X), TOP + row * (HIGH + GAP_Y)
                parts += panel(f"{case}, {shape}", chosen, kind, sizes, x, y)
    return "\n".join([*parts, "</svg>"]) + "\n"


def style(peers):
    def colours(which):
        return "".join(f".line.{name}{{stroke:{COLOURS[name][which]}}}.dot.{name}{{fill:{COLOURS[name][which]}}}" for name in peers)

    dashes = "".join(f".line.{name}{{stroke-dasharray:{DASHES[name]}}}" for name in peers if name in DASHES)
    light, dark = colours(0) + dashes, colours(1)
    return ("<style>text{font:11px sans-serif;fill:#212529}.head{font-size:15px;font-weight:bold}.name{font-weight:bold}.ground{fill:#fff}"
            ".grid{stroke:#dee2e6;fill:none}.line{fill:none;stroke-width:1.5}.line.pipe{stroke-width:3}.end{text-anchor:end}.mid{text-anchor:middle}"
            f"{light}@media(prefers-color-scheme:dark){{text{{fill:#e9ecef}}.ground{{fill:#16181c}}.grid{{stroke:#3b4047}}{dark}}}</style>")


def panel(title, cells, kind, sizes, left, top):
    if not cells:
        return []
    values = [median(cell[kind]) for cell in cells]
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    high += high == low
    first, last = log10(sizes[0]), log10(sizes[-1])
    across = lambda size: left + (WIDE * (log10(size) - first) / (last - first) if last > first else WIDE / 2)
    up = lambda amount: top + HIGH - HIGH * (log10(amount) - low) / (high - low)
    parts = [f'<text class="name" x="{left}" y="{top - 8}">{escape(title)}</text>']
    for power in range(low, high + 1):
        parts.append(f'<path class="grid" d="M{left} {up(10 ** power):.1f}h{WIDE}"/>'
                     f'<text class="end" x="{left - 5}" y="{up(10 ** power) + 4:.1f}">{label(kind, 10.0 ** power)}</text>')
    for size in sizes:
        parts.append(f'<path class="grid" d="M{across(size):.1f} {top}v{HIGH}"/>'
                     f'<text class="mid" x="{across(size):.1f}" y="{top + HIGH + 14}">{short(size)}</text>')
    for name in COLOURS:
        points = [(across(cell["size"]), up(median(cell[kind]))) for cell in sorted(cells, key=lambda cell: cell["size"]) if cell["peer"] == name]
        if len(points) > 1:
            parts.append(f'<path class="line {name}" d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in points)}"/>')
        parts += [f'<circle class="dot {name}" cx="{x:.1f}" cy="{y:.1f}" r="3"><title>{escape(name)}</title></circle>' for x, y in points]
    return parts


def short(size):
    for unit, word in ((1_000_000, "M"), (1_000, "k")):
        if size >= unit and not size % unit:
            return f"{size // unit}{word}"
    return str(size)


def label(kind, value):
    if kind == "memory":
        return f"{value / 1e6:g} MB"
    return f"{value * 1000:g} ms" if value < 1 else f"{value:g} s"
