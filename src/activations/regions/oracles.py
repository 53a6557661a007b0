"""What must hold in every complex of linear regions, checked without knowing how it was made."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from activations._arguments import integer
from activations.regions.domain import Box
from activations.regions.frame import components
from activations.regions.network import FloatArray
from activations.regions.ragged import chunks, gather, reduce, successors
from activations.regions.signs import BoolArray, pack, signs, unpack, vanishing_jumps

if TYPE_CHECKING:
    from activations.regions.complex import PolyhedralComplex

__all__ = ["check"]

_CHUNK = 2**20


def check(complex: "PolyhedralComplex", grid: int = 100) -> dict[str, float]:
    """Check a complex against everything that must hold.

    Parameters
    ----------
    complex : PolyhedralComplex
        What to check.
    grid : int, optional
        How many points a side the grid has that looks for patterns that are missing; 100 by
        default.

    Returns
    -------
    dict of str to float
        For every check that involves rounding, the largest deviation as a share of what rounding
        explains; none exceeds one.

    Raises
    ------
    ValueError
        If something does not hold; the message names the first failure. Or if `grid` is less than
        2.
    TypeError
        If `grid` is no integer.

    Notes
    -----
    In this order:

    1. V - E + F = 1; every half-edge bounds one region, except those outside of a box; the ends of
       half-edges meet; every region can be reached from every other one through edges.
    2. Linear regions are numbered by their first region and connected through edges.
    3. Every region is convex and lies to the left of its boundary; the areas add up to the box's,
       or the angles at infinity to the full one.
    4. Neighbours differ in their patterns, first in the neuron that folds along their edge; the
       pre-activations of all neurons in which they differ vanish at both ends, and so does the
       difference of their affine maps; within a linear region the maps are equal, and neighbours
       that one neuron alone tells apart are in one linear region if it does not reach the outputs.
    5. No two regions have the same pattern, and the pattern inside of each is its own.
    6. Inside of every region, gradient and intercept give what the network gives.
    7. At the points of a grid, no pattern occurs that the complex lacks, and the regions with
       these patterns contain the points.

    What rounding explains is a relative error of eps times the sum of n + 4 over all layers with n
    inputs: of the coordinates of the vertices, relative to the largest one of the region; and of
    the network's values, relative to what it gives with all its numbers replaced by their
    magnitudes.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.regions.domain import Box
    >>> from activations.regions.oracles import check
    >>> from activations.regions.reference import exact_regions
    >>> layers = [(np.eye(2), np.zeros(2)), (np.ones((1, 2)), np.zeros(1))]
    >>> shares = check(exact_regions(layers, Box(-1, 1)))
    >>> max(shares.values()) <= 1
    True
    """
    points = integer("grid", grid, 2)
    _check_counts(complex)
    _check_loops(complex)
    _check_labels(complex)
    return {
        "convexity": _check_convexity(complex),
        "size": _check_size(complex),
        **_check_edges(complex),
        "affine maps": _check_patterns_and_maps(complex),
        "grid": _check_grid(complex, points),
    }


def _demand(holds: BoolArray | np.bool_ | bool, what: str) -> None:
    """Stop unless everything holds; say how often it does not."""
    if not np.all(holds):
        count = np.count_nonzero(~np.asarray(holds))
        raise ValueError(f"{what} ({count} times)" if np.ndim(holds) else what)


def _share(deviation: FloatArray, bound: npt.NDArray[Any], what: str) -> float:
    """Return the largest deviation in units of its bound, or stop if it exceeds one."""
    excess = deviation > 0
    with np.errstate(divide="ignore"):
        shares = np.where(excess, deviation, 0.0) / np.where(excess, bound, 1.0)
    _demand(shares <= 1, what)
    return float(shares.max(initial=0.0))


def _check_counts(c: "PolyhedralComplex") -> None:
    vertices, edges, regions = len(c.vertices), len(c.edges), len(c)
    _demand(vertices - edges + regions == 1, f"V - E + F is {vertices - edges + regions}, not 1")
    _demand(np.isfinite(c.vertices).all(axis=1), "a vertex is not finite")
    _demand(
        np.abs(np.hypot(*c.directions.T) - 1) < 4 * np.finfo(float).eps,
        "a direction is no unit vector",
    )
    ends = np.bincount(c.edges.ravel(), minlength=vertices + len(c.directions))
    _demand(len(ends) == vertices + len(c.directions), "an edge ends nowhere")
    _demand(ends[:vertices] >= 2, "a vertex has fewer than two edges")
    _demand(ends[vertices:] == 1, "a direction does not belong to exactly one ray")
    _demand((c.edges < vertices).any(axis=1), "an edge has no finite end")
    used = np.bincount(c.halfedges, minlength=2 * edges).reshape(-1, 2)
    side = c.edge_neuron[:, 0] < 0
    _demand(not side.any() or isinstance(c.domain, Box), "the plane has no sides")
    _demand(used <= 1, "a half-edge bounds two regions")
    _demand(used.sum(axis=1) == 2 - side, "an edge does not have a region on each side")


def _check_loops(c: "PolyhedralComplex") -> None:
    vertices = len(c.vertices)
    following = successors(c.offsets)
    starts, stops = c._ends[c.halfedges][following], c._ends[c.halfedges ^ 1]
    infinite = (starts >= vertices) & (stops >= vertices)
    _demand((starts == stops) | infinite, "a half-edge does not begin where the last one ends")
    lengths = np.diff(c.offsets)
    if not len(c.edges):
        _demand(len(c) == 1, "there are no edges but several regions")
        return
    _demand(lengths >= np.where(c.bounded, 3, 2), "a region has too few sides")
    first = c._ends[c.halfedges[c.offsets[:-1]]]
    _demand((first >= vertices) == ~c.bounded, "a boundary does not begin at infinity")
    reached = 1 + sum(len(regions) for regions, _ in c._levels(0))
    _demand(reached == len(c), "not every region can be reached through edges")


def _check_labels(c: "PolyhedralComplex") -> None:
    labels = c.linear_labels
    _demand(labels.shape == (len(c),), "there is not one label for each region")
    values, first = np.unique(labels, return_index=True)
    _demand(values == np.arange(len(values)), "the linear regions are not numbered from 0 on")
    _demand(np.diff(first) > 0, "the linear regions are not numbered by their first region")
    inner = c.adjacency[(c.adjacency >= 0).all(axis=1)]
    parts = components(len(c), inner[labels[inner[:, 0]] == labels[inner[:, 1]]])
    _demand(parts.max() + 1 == len(values), "a linear region is not connected through edges")


def _region_chunks(c: "PolyhedralComplex", width: int) -> Iterator[npt.NDArray[np.int64]]:
    for part in chunks(len(c), _CHUNK // width):
        yield np.arange(part.start, part.stop)


def _check_convexity(c: "PolyhedralComplex") -> float:
    largest = 0.0
    for regions in _region_chunks(c, 8):
        positions, offsets = gather(c.offsets, regions)
        half = c.halfedges[positions]
        _, way = c._lines(half)
        following = successors(offsets)
        after = way[following]
        cross = way[:, 0] * after[:, 1] - way[:, 1] * after[:, 0]
        # At infinity there is no corner.
        cross[c._ends[half ^ 1] >= len(c.vertices)] = 0.0
        error = c._unit * np.repeat(c._size[regions], np.diff(offsets))
        a, b = np.hypot(*way.T), np.hypot(*after.T)
        bound = 4 * error * (a + b) + 4 * c._unit * a * b
        largest = max(largest, _share(-cross, bound, "a region is not convex"))
    return largest


def _check_size(c: "PolyhedralComplex") -> float:
    """Compare the sum of all areas with the box's, or the angles at infinity with the full one."""
    if not isinstance(c.domain, Box):
        if not len(c.directions):
            return 0.0
        difference = abs(math.fsum(c._recession[1]) - 2 * math.pi)
        bound = 4 * c._unit * len(c.directions)
        return _share(np.array([difference]), np.array([bound]), "the angles do not add up")
    low, high = np.array(c.domain.low), np.array(c.domain.high)
    for corner in c.domain.corners:
        _demand(bool((c.vertices == corner).all(axis=1).any()), "a corner of the box is missing")
    error = c._unit * float(np.abs([low, high]).max())
    beyond = np.maximum(low - c.vertices, c.vertices - high).max(axis=1)
    largest = _share(beyond, np.full(len(beyond), error), "a vertex lies outside the box")
    total: list[float] = []
    bounds: list[float] = []
    for regions in _region_chunks(c, 8):
        points, offsets = c._polygons(regions, None)
        x, y = (points - np.repeat(points[offsets[:-1]], np.diff(offsets), axis=0)).T
        following = successors(offsets)
        areas = reduce(np.add, x * y[following] - y * x[following], offsets, 0.0) / 2
        length = np.hypot(x[following] - x, y[following] - y)
        slack = error * reduce(np.add, length, offsets, 0.0)
        largest = max(largest, _share(-areas, slack, "a region has its boundary to the right"))
        total += areas.tolist()
        bounds += slack.tolist()
    difference = abs(math.fsum(total) - math.prod(high - low))
    sums = _share(np.array([difference]), np.array([math.fsum(bounds)]), "areas do not add up")
    return max(largest, sums)


def _magnitudes(
    c: "PolyhedralComplex", sizes: FloatArray, on: BoolArray
) -> Iterator[npt.NDArray[Any]]:
    """Walk through what the layers give with all numbers replaced by their magnitudes."""
    first = np.cumsum([0, *(len(b) for _, b in c.layers)])
    values = np.repeat(sizes[:, None], 2, axis=1)
    for level, (W, b) in enumerate(c.layers):
        values = values @ np.abs(W).T + np.abs(b)
        yield values
        if level < len(c.layers) - 1:
            values = values * on[:, first[level] : first[level + 1]]


def _check_edges(c: "PolyhedralComplex") -> dict[str, float]:
    """Check patterns and maps on both sides of every inner edge."""
    folds = continuity = equality = 0.0
    inner = np.flatnonzero((c.adjacency >= 0).all(axis=1))
    gradients, intercepts = c._maps
    for part in chunks(len(inner), _CHUNK // (4 * c._widest)):
        edges = inner[part]
        left, right = c.adjacency[edges].T
        before, after = unpack(c._packed[left], c._neurons), unpack(c._packed[right], c._neurons)
        differ = before != after
        _demand(differ.any(axis=1), "neighbours have the same pattern")
        _demand(
            np.argmax(differ, axis=1) == c._flat[edges],
            "neighbours do not differ first in the neuron that folds along their edge",
        )
        same = c.linear_labels[left] == c.linear_labels[right]
        # What several neurons do to the map on one edge, their jumps by themselves do not tell.
        alone = np.flatnonzero((differ.sum(axis=1) == 1) & ~same)
        vanishing = vanishing_jumps(c.layers, c.edge_neuron[edges[alone]], before[alone])
        _demand(~vanishing, "two linear regions beside each other have the same map")
        rays = c.edges[edges] >= len(c.vertices)
        base, way = c._lines(2 * edges + rays[:, 0])
        size = np.maximum(c._size[left], c._size[right])
        ray = rays.any(axis=1)
        # A ray is looked at as far out as its region is from the origin.
        way[ray] *= np.where(size > 0, size, 1.0)[ray, None]
        ends = (base, base + way)
        size = np.maximum.reduce([size, *(np.abs(end).max(axis=1) for end in ends)])
        values = list(ends)
        first = 0
        walks = zip(
            c.layers, _magnitudes(c, size, before), _magnitudes(c, size, after), strict=True
        )
        for (W, b), here, there in walks:
            bound = c._unit * np.maximum(here, there)
            values = [value @ W.T + b for value in values]
            if first < c._neurons:
                switched = differ[:, first : first + len(b)]
                for value in values:
                    share = _share(
                        np.abs(value[switched]),
                        bound[switched],
                        "a neuron that switches across an edge is not zero along it",
                    )
                    folds = max(folds, share)
                values = [np.maximum(value, 0.0) for value in values]
            first += len(b)
        jump, shift = gradients[left] - gradients[right], intercepts[left] - intercepts[right]
        bound = c._unit * (here + there)
        for end in ends:
            deviation = np.abs((jump @ end[:, :, None])[:, :, 0] + shift)
            share = _share(deviation, bound, "the maps of neighbours differ on their edge")
            continuity = max(continuity, share)
        deviation = np.abs(jump[same]).max(axis=2) * size[same, None]
        share = _share(deviation, bound[same], "a linear region has two maps")
        equality = max(equality, share)
    return {"folds": folds, "continuity": continuity, "linear regions": equality}


def _check_patterns_and_maps(c: "PolyhedralComplex") -> float:
    words, order = c._directory
    twins = np.flatnonzero(words[1:] == words[:-1])
    distinct = (c._packed[order[twins]] != c._packed[order[twins + 1]]).any(axis=1)
    _demand(distinct, "two regions have the same pattern")
    gradients, intercepts = c._maps
    largest = 0.0
    for regions in _region_chunks(c, c._widest):
        points = c.interior_points[regions]
        on, certain = signs(c.layers[:-1], points)
        own = unpack(c._packed[regions], c._neurons)
        _demand(~certain | (on == own).all(axis=1), "a region does not have the pattern inside it")
        affine = (gradients[regions] @ points[:, :, None])[:, :, 0] + intercepts[regions]
        outputs = c(points).reshape(affine.shape)
        *_, sizes = _magnitudes(c, np.abs(points).max(axis=1), own)
        share = _share(
            np.abs(affine - outputs),
            2 * c._unit * sizes,
            "gradient and intercept do not give the network's output",
        )
        largest = max(largest, share)
    return largest


def _check_grid(c: "PolyhedralComplex", count: int) -> float:
    if isinstance(c.domain, Box):
        low, high = c.domain.low, c.domain.high
    elif len(c.vertices):
        reach = 1.5 * float(np.abs(c.vertices).max()) or 1.0
        low, high = (-reach, -reach), (reach, reach)
    else:
        low, high = (-1.0, -1.0), (1.0, 1.0)
    x, y = (np.linspace(low[axis], high[axis], count) for axis in (0, 1))
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    largest = 0.0
    for part in chunks(len(points), _CHUNK // c._widest):
        on, certain = signs(c.layers[:-1], points[part])
        regions = c._with_pattern(pack(on[certain]))
        _demand(regions >= 0, "a pattern occurs that no region has")
        excess, slack = c._excess(points[part][certain], regions)
        what = "a point lies outside the region that has its pattern"
        largest = max(largest, _share(excess, slack, what))
    return largest
