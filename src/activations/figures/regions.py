"""Figures of regions of deep networks, drawn from polyhedral complexes."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection

from activations.figures import style
from activations.figures.style import BookFigure
from activations.regions import Box, PolyhedralComplex

__all__ = ["one_layer", "two_kinds"]

FloatArray = npt.NDArray[np.float64]
_DASHES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (4, 1.5, 1, 1.5)), (0, (2, 1.2)), (0, (9, 3)))


class _Layer(NamedTuple):
    """What one layer makes of a face."""

    face: FloatArray
    # For each chord, in the order in which they begin: its pieces, (k, 2, 2), and its two ends.
    pieces: list[FloatArray]
    ends: FloatArray
    crossings: FloatArray
    # The new faces in the order of their birth, with the points where a ray first meets them.
    faces: list[FloatArray]
    births: FloatArray


def _turn(points: FloatArray, pivot: FloatArray, way: FloatArray) -> FloatArray:
    """Return the angles, counter-clockwise from `way`, at which points are seen from a pivot."""
    x, y = (points - pivot).T
    angles: FloatArray = np.arctan2(way[0] * y - way[1] * x, way[0] * x + way[1] * y)
    return angles


def _divided(before: PolyhedralComplex, after: PolyhedralComplex, face: int) -> _Layer:
    """Find what divides a face of one complex in the next one."""
    outline = before.region(face)
    known = before.patterns.shape[1]
    inside = (after.patterns[:, :known] == before.patterns[face]).all(axis=1)
    cuts = np.flatnonzero((after.adjacency >= 0).all(axis=1) & inside[after.adjacency].all(axis=1))
    neurons = after.edge_neuron[cuts, 1]
    chords = [after.edges[cuts[neurons == j]] for j in np.unique(neurons)]
    # An end of a chord belongs to one of its pieces, any other vertex to two.
    corners = [np.unique(chord, return_counts=True) for chord in chords]
    ends = np.array([vertices[times == 1] for vertices, times in corners]).reshape(-1, 2)
    met, times = np.unique(np.concatenate([v for v, _ in corners]), return_counts=True)
    # Around an inner point, the boundary of a convex face is in the order of the angles.
    centre = outline.mean(axis=0)
    around = _turn(after.vertices[ends].reshape(-1, 2), centre, outline[0] - centre)
    around = (around % (2 * np.pi)).reshape(-1, 2)
    ends = np.take_along_axis(ends, np.argsort(around, axis=1), axis=1)
    order = np.argsort(around.min(axis=1))

    pivot, way = outline[0], outline[1] - outline[0]
    faces = [after.region(int(k)) for k in np.flatnonzero(inside)]
    keys = []
    for polygon in faces:
        distance = np.hypot(*(polygon - pivot).T)
        angle = np.where(distance > 0, _turn(polygon, pivot, way), 0.0).round(9)
        first = np.lexsort((distance, angle))[0]
        keys.append((angle[first], distance[first], *polygon[first]))
    born = sorted(range(len(faces)), key=lambda k: keys[k])
    return _Layer(
        outline,
        [after.vertices[chords[k]] for k in order],
        after.vertices[ends[order]],
        after.vertices[met[times == 2]],
        [faces[k] for k in born],
        np.array([keys[k][2:] for k in born]),
    )


def _width(polygon: FloatArray) -> float:
    """Return the area of a polygon over half of its perimeter."""
    (x, y), (u, v) = polygon.T, np.roll(polygon, -1, axis=0).T
    return float(abs((x * v - y * u).sum()) / np.hypot(u - x, v - y).sum())


def _outline(ax: Axes, face: FloatArray) -> None:
    """Draw the boundary of a face, and the corner where it begins."""
    closed = np.concatenate([face, face[:1]])
    ax.plot(*closed.T, color=style.INK, linewidth=1.6, solid_joinstyle="round")
    ax.plot(*face[0], "D", color=style.INK, markersize=7, gid="start")
    ax.set_aspect("equal")
    ax.set_axis_off()
    ax.margins(0.09)


@style.styled
def one_layer(before: PolyhedralComplex, after: PolyhedralComplex, face: int) -> BookFigure:
    """Draw how the folds of one layer divide a face.

    Parameters
    ----------
    before, after : PolyhedralComplex
        The regions of a network without and with the layer, in a box.
    face : int
        A bounded region of `before`.

    Returns
    -------
    BookFigure
        Above the face with the ends of the chords, which are lettered in the order in which they
        begin when one walks counter-clockwise from the corner with the diamond; below the chords,
        their crossings, and the new faces, each with an arrow to the point where a ray that turns
        about that corner meets it first.

    Examples
    --------
    Two lines cross in a square that a first layer leaves whole:

    >>> import numpy as np
    >>> from activations.regions import Box, linear_regions
    >>> first = (np.eye(2), np.full(2, 2.0))
    >>> second = (np.array([[1.0, 0.5], [-0.5, 1.0]]), np.array([-3.0, -1.0]))
    >>> last = (np.ones((1, 2)), np.zeros(1))
    >>> before = linear_regions([first, second], Box(-1, 1))
    >>> after = linear_regions([first, second, last], Box(-1, 1))
    >>> figure = one_layer(before, after, 0)
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['a', 'a', 'b', 'b']
    >>> [text.get_text() for text in figure.axes[1].texts if text.get_text().isdigit()]
    ['1', '2', '3', '4']
    """
    layer = _divided(before, after, face)
    figure, (above, below) = style.new_figure(2, 1, height=8.4, width=5.4)
    centre = layer.face.mean(axis=0)
    for ax in (above, below):
        _outline(ax, layer.face)
    for k, (pieces, ends) in enumerate(zip(layer.pieces, layer.ends, strict=True)):
        colour = style.CYCLE[k % len(style.CYCLE)]
        for end in ends:
            above.plot(*end, "o", color=colour, markersize=7)
            outward = (end - centre) / np.hypot(*(end - centre))
            above.annotate(
                chr(ord("a") + k),
                end,
                xytext=14 * outward,
                textcoords="offset points",
                ha="center",
                va="center",
                fontsize=15,
                color=colour,
            )
        lines = LineCollection(
            list(pieces), colors=colour, linewidths=2, linestyles=[_DASHES[k % len(_DASHES)]]
        )
        below.add_collection(lines)
        below.plot(*ends[0], "o", color=colour, markersize=8)
    below.plot(*layer.crossings.T, "s", color=style.INK, markersize=7, gid="crossings")
    fills = [style.CYCLE[k % len(style.CYCLE)] for k in range(len(layer.faces))]
    below.add_collection(
        PolyCollection(layer.faces, facecolors=fills, edgecolors="none", alpha=0.15, zorder=0)
    )
    extent = np.ptp(layer.face, axis=0).max()
    for number, (polygon, birth) in enumerate(zip(layer.faces, layer.births, strict=True), 1):
        place = polygon.mean(axis=0)
        if _width(polygon) < 0.02 * extent:
            place = birth + 0.1 * extent * (birth - centre) / np.hypot(*(birth - centre))
        below.text(*place, str(number), ha="center", va="center", fontsize=13)
        # In a small face the number itself is at that point.
        if np.hypot(*(place - birth)) > 0.09 * extent:
            arrow = {"arrowstyle": "->", "color": style.GREY, "shrinkA": 9, "shrinkB": 5}
            below.annotate("", birth, xytext=place, arrowprops=arrow)
    return figure


def _colouring(labels: npt.NDArray[Any], pairs: npt.NDArray[Any]) -> list[int]:
    """Return a small number for each label such that labels of neighbours differ in it."""
    chosen: list[int] = []
    sides = labels[pairs]
    for label in range(int(labels.max()) + 1):
        around = sides[(sides == label).any(axis=1)]
        taken = {chosen[k] for k in around.ravel() if k < label}
        chosen.append(min(set(range(len(taken) + 1)) - taken))
    return chosen


@style.styled
def two_kinds(complex: PolyhedralComplex) -> BookFigure:
    """Draw the activation regions of a network, and below them its linear regions.

    Parameters
    ----------
    complex : PolyhedralComplex
        The regions, in a box.

    Returns
    -------
    BookFigure
        Regions that have an edge in common are coloured differently; in the lower panel, edges
        within a linear region are dashed.

    Raises
    ------
    ValueError
        If the regions are those of the plane.

    Examples
    --------
    >>> from activations.regions import Box, linear_regions
    >>> identity = [([[1, 0], [-1, 0]], [0, 0]), ([[1, -1]], [0])]
    >>> figure = two_kinds(linear_regions(identity, Box(-1, 1)))
    >>> [ax.get_title() for ax in figure.axes]
    ['2 activation regions', '1 linear region']
    """
    if not isinstance(complex.domain, Box):
        raise ValueError(f"complex has the domain {complex.domain!r}, but must have a Box")
    figure, axes = style.new_figure(2, 1, height=8.0, width=5.0)
    figure.set_layout_engine("constrained", h_pad=0.1)
    polygons = [complex.region(k) for k in range(len(complex))]
    folds = np.flatnonzero(complex.edge_neuron[:, 0] >= 0)
    pairs, segments = complex.adjacency[folds], complex.vertices[complex.edges[folds]]
    kinds: dict[str, npt.NDArray[Any]] = {
        "activation": np.arange(len(complex)),
        "linear": complex.linear_labels,
    }
    for ax, (kind, labels) in zip(axes, kinds.items(), strict=True):
        numbers = _colouring(labels, pairs)
        fills = [style.CYCLE[numbers[label] % len(style.CYCLE)] for label in labels]
        ax.add_collection(PolyCollection(polygons, facecolors=fills, edgecolors="none", alpha=0.3))
        crease = labels[pairs[:, 0]] != labels[pairs[:, 1]]
        ax.add_collection(LineCollection(list(segments[crease]), colors=style.INK, linewidths=1.8))
        ax.add_collection(
            LineCollection(
                list(segments[~crease]), colors=style.GREY, linewidths=1.2, linestyles="dashed"
            )
        )
        count = len(numbers)
        ax.set_title(f"{count} {kind} region" + "s" * (count != 1))
        (x0, y0), (x1, y1) = complex.domain.low, complex.domain.high
        ax.set(xlim=(x0, x1), ylim=(y0, y1), aspect="equal")
        ax.set_axis_off()
    return figure
