"""How fast regions are found and counted: `nox -s bench`, or this file by itself.

Times are CPU times of one thread, the best of several runs in one process.
Memory is what NumPy and Python allocate at most while regions are found, beyond the arrays of the
result, in a run of its own, as keeping count takes time.
Nothing here passes or fails: what a time means depends on the machine.
"""

import argparse
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.ticker import LogLocator, NullFormatter
from threadpoolctl import threadpool_limits

from activations.figures import style
from activations.figures.style import BookFigure
from activations.mlp import mlp, sample_networks
from activations.regions import PLANE, Box, PolyhedralComplex, count_regions, linear_regions
from activations.regions.network import read_network
from activations.regions.reference import exact_regions

BOX = Box(-10, 10)
DOMAINS = {"box": BOX, "plane": PLANE}
PLOT = Path(__file__).parents[2] / "build" / "bench" / "regions.svg"
# A measurement is repeated until it has taken this many seconds, so and so often at least and most.
_ENOUGH, _LEAST, _MOST = 1.0, 10, 50


@dataclass(frozen=True)
class Case:
    """A network in torch's default initialisation, and what finding its regions shall cost."""

    name: str
    hidden: tuple[int, ...]
    goal: str

    def network(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return its layers; the seed is 0."""
        generator = torch.Generator().manual_seed(0)
        return read_network(mlp((2, *self.hidden, 1), generator=generator))


CASES = [
    Case("2-20-1", (20,), "2.5"),
    Case("2-5x4-1", (5,) * 4, "20"),
    Case("2-50-50-1", (50, 50), "0.9"),
    Case("2-100x3-1", (100,) * 3, "1.3"),
    Case("2-1000-1", (1000,), "0.5"),
    Case("2-200x4-1", (200,) * 4, "3 (1.5)"),
    Case("2-500x2-1", (500,) * 2, "3 (0.7)"),
]


@dataclass(frozen=True)
class Row:
    """What one network took on one domain: seconds, and bytes beyond the result."""

    regions: int
    finding: float
    counting: float
    memory: int
    certified: str


def seconds(work: Callable[[], object]) -> float:
    """Return the least CPU time of several runs."""
    times: list[float] = []
    while len(times) < _LEAST or (sum(times) < _ENOUGH and len(times) < _MOST):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def result_size(c: PolyhedralComplex) -> int:
    """Return the number of bytes in the arrays of a complex."""
    arrays = (c.vertices, c.directions, c.edges, c.edge_neuron, c.halfedges, c.offsets)
    return sum(array.nbytes for array in arrays)


def measure(network: Any, domain: Any) -> Row:
    """Measure how regions are found and counted."""
    tracemalloc.start()
    c = linear_regions(network, domain)
    memory = tracemalloc.get_traced_memory()[1] - result_size(c)
    tracemalloc.stop()
    finding = seconds(partial(linear_regions, network, domain))
    counting = seconds(partial(count_regions, network, domain))
    return Row(len(c), finding, counting, memory, c.certified)


def table(cases: list[Case]) -> Iterator[str]:
    """Measure networks and yield the lines of a table."""
    yield "us and bytes a region; the goal is for finding all regions in the box"
    head = f"{'network':10} {'domain':6} {'regions':>8} {'goal':>8} {'finding':>8} {'counting':>8}"
    yield f"{head} {'memory':>7}  decided in"
    for case in cases:
        network = case.network()
        for name, domain in DOMAINS.items():
            row = measure(network, domain)
            finding, counting = 1e6 * row.finding / row.regions, 1e6 * row.counting / row.regions
            goal = case.goal if domain is BOX else ""
            yield (
                f"{case.name:10} {name:6} {row.regions:8} {goal:>8} {finding:8.2f} {counting:8.2f} "
                f"{row.memory / row.regions:7.0f}  {row.certified}"
            )


def exact_path(cases: list[Case]) -> Iterator[str]:
    """Compare float64 with integers."""
    yield "all regions in the box by integers, in us a region (goal: 1000)"
    for case in cases:
        network = case.network()
        start = time.process_time()
        c = exact_regions(network, BOX)
        exact = time.process_time() - start
        ratio = exact / seconds(partial(linear_regions, network, BOX))
        each = 1e6 * exact / len(c)
        yield f"{case.name:10} {len(c):8} regions {each:8.0f}, {ratio:.0f} times as long as float64"


def ensembles(size: int) -> Iterator[str]:
    """Count the regions of many networks at once, or one after the other."""
    yield f"regions of {size} initialisations counted, in seconds (goal: 2 for the four together)"
    together, single = 0.0, 0.0
    for widths in ((2, 20, 1), (2, 5, 5, 5, 5, 1)):
        networks = sample_networks(widths, range(size))
        for name, domain in DOMAINS.items():
            took = seconds(partial(count_regions, networks, domain))
            start = time.process_time()
            for k in range(size):
                count_regions([(W[k], b[k]) for W, b in networks], domain)
            single += time.process_time() - start
            together += took
            yield f"{'-'.join(map(str, widths)):14} {name:6} {took:6.2f}"
    yield f"together {together:.2f}; one after the other {single:.2f}"


def drawing() -> Iterator[str]:
    """Draw a network with about 50 000 regions."""
    c = linear_regions(CASES[3].network(), BOX)
    for name, values in (("folds", None), ("folds and coloured regions", "linear")):
        start = time.process_time()
        figure, ax = style.new_figure(height=7)
        c.plot(ax, values=values)
        figure.svg()
        took = time.process_time() - start
        yield f"{name} of {len(c)} regions drawn in {took:.2f} s (goal: 2)"


def scaling(widest: int) -> dict[str, list[tuple[int, int, float]]]:
    """Return width, number of regions and seconds for growing networks of one and two layers."""
    widths = [n for n in (10, 20, 40, 80, 160, 320, 640, 1280) if n <= widest]
    kinds = {"2-n-1": (1, widths), "2-n-n-1": (2, [n for n in widths if 2 * n <= widest])}
    found: dict[str, list[tuple[int, int, float]]] = {}
    for kind, (depth, sizes) in kinds.items():
        found[kind] = []
        for n in sizes:
            network = Case(kind, (n,) * depth, "").network()
            took = seconds(partial(linear_regions, network, BOX))
            found[kind].append((n, len(linear_regions(network, BOX)), took))
    return found


@style.styled
def draw_scaling(found: dict[str, list[tuple[int, int, float]]]) -> BookFigure:
    """Draw time and time a region over the width, both axes logarithmic."""
    figure, (left, right) = style.new_figure(ncols=2, height=3.2)
    marks = ("o", "s")
    widths = sorted({n for points in found.values() for n, _, _ in points})
    for (kind, points), mark in zip(found.items(), marks, strict=True):
        n, regions, took = np.array(points).T
        left.loglog(n, took, marker=mark, label=kind)
        right.loglog(n, 1e6 * took / regions, marker=mark, label=kind)
    left.set(xlabel="width n", ylabel="CPU time in s")
    right.set(xlabel="width n", ylabel="µs a region")
    # It spans a decade or two: name numbers between the powers of ten, too.
    right.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    right.yaxis.set_major_formatter("{x:g}")
    right.yaxis.set_minor_formatter(NullFormatter())
    for ax in (left, right):
        ax.set_xticks(widths, [str(n) for n in widths])
        ax.set_xticks([], minor=True)
    left.legend()
    return figure


def main(arguments: list[str] | None = None) -> None:
    """Measure and print everything, and draw the scaling."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="leave out what takes longest")
    quick = parser.parse_args(arguments).quick
    with threadpool_limits(1):
        parts = [
            table(CASES[:-2] if quick else CASES),
            exact_path(CASES[:2] if quick else CASES[:3]),
            ensembles(100 if quick else 1000),
            drawing(),
        ]
        for part in parts:
            for line in part:
                print(line, flush=True)
            print()
        figure = draw_scaling(scaling(320 if quick else 1280))
        PLOT.parent.mkdir(parents=True, exist_ok=True)
        PLOT.write_text(figure.svg(), encoding="utf-8")
        print(f"Scaling: {PLOT.as_uri()}")


if __name__ == "__main__":
    main()
