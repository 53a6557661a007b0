"""Figures of chapter 5: arrangements of lines, their regions, and four ways to count them."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.patches import Circle
from matplotlib.ticker import MaxNLocator
from scipy.optimize import linprog

from activations.figures import style
from activations.figures.style import BookFigure
from activations.lines import (
    Cell,
    cells,
    max_regions,
    parabola_tangents,
    region_gradients,
    vertices,
)

__all__ = [
    "fold_gradients",
    "growth",
    "induction_step",
    "lowest_points",
    "numbered_regions",
    "planar_graph",
    "tangent_intervals",
]

Arrangement = tuple[npt.ArrayLike, npt.ArrayLike]
Corners = tuple[tuple[float, float], tuple[float, float]]
_FILLS = (style.BLUE, style.ORANGE, style.GREEN, style.PURPLE)


def _label_place(cell: Cell, box: Corners) -> tuple[float, float]:
    """Return the centre of the largest ellipse, as wide as the box is, that fits into a cell."""
    scale = np.array([box[1][0] - box[0][0], box[1][1] - box[0][1]])
    polygon = cell.polygon / scale
    edges = np.roll(polygon, -1, axis=0) - polygon
    lengths = np.linalg.norm(edges, axis=1)
    # Corners that differ may be equal once they are rounded.
    sides = lengths > 0
    inward = np.column_stack([-edges[:, 1], edges[:, 0]])[sides] / lengths[sides, None]
    reach = (inward * polygon[sides]).sum(axis=1)
    best = linprog(
        [0.0, 0.0, -1.0],
        A_ub=np.column_stack([-inward, np.ones(len(inward))]),
        b_ub=-reach,
        bounds=[(None, None), (None, None), (0.0, None)],
    )
    x, y = np.asarray(best.x)[:2] * scale
    return float(x), float(y)


def _fill(ax: Axes, found: Sequence[Cell], colours: Sequence[str], alpha: float = 0.22) -> None:
    ax.add_collection(
        PolyCollection(
            [cell.polygon for cell in found],
            facecolors=list(colours),
            edgecolors="none",
            alpha=alpha,
            antialiased=True,
        )
    )


def _chord(row: npt.NDArray[np.float64], box: Corners) -> npt.NDArray[np.float64]:
    """Return the two ends, shape (2, 2), of a line within a box that it meets."""
    (x0, y0), (x1, y1) = box
    a, b, c = row
    span = max(x1 - x0, y1 - y0)
    middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    foot = middle - (a * middle[0] + b * middle[1] + c) / (a * a + b * b) * np.array([a, b])
    along = np.array([-b, a]) / np.hypot(a, b)
    low, high = -2.0 * span, 2.0 * span
    for k, (lower, upper) in enumerate(((x0, x1), (y0, y1))):
        if along[k] != 0:
            ends = sorted(((lower - foot[k]) / along[k], (upper - foot[k]) / along[k]))
            low, high = max(low, ends[0]), min(high, ends[1])
    return np.array([foot + low * along, foot + high * along])


def _rows(normals: npt.ArrayLike, offsets: npt.ArrayLike) -> npt.NDArray[np.float64]:
    return np.column_stack(
        [np.asarray(normals, dtype=np.float64), np.asarray(offsets, dtype=np.float64)]
    )


def _clearance(rows: npt.NDArray[np.float64], points: npt.NDArray[np.float64]) -> float:
    """Return the smallest distance of a point from a line."""
    distances = np.abs(points @ rows[:, :2].T + rows[:, 2]) / np.hypot(rows[:, 0], rows[:, 1])
    return float(distances.min(initial=np.inf))


def _draw_lines(ax: Axes, rows: npt.NDArray[np.float64], box: Corners, **kwargs: Any) -> None:
    for row in rows:
        ends = _chord(row, box)
        ax.plot(ends[:, 0], ends[:, 1], **{"color": style.INK, "linewidth": 1.4, **kwargs})


def _frame(ax: Axes, box: Corners, *, equal: bool = True) -> None:
    (x0, y0), (x1, y1) = box
    ax.set(xlim=(x0, x1), ylim=(y0, y1))
    if equal:
        ax.set_aspect("equal")
    ax.set_axis_off()


@style.styled
def numbered_regions(
    arrangements: Sequence[Arrangement], box: Corners, *, captions: Sequence[str] | None = None
) -> BookFigure:
    """Draw arrangements of lines with their regions coloured and numbered.

    Parameters
    ----------
    arrangements : sequence of (normals, offsets)
        One panel each; at most three.
    box : ((x0, y0), (x1, y1))
        The part of the plane that is drawn.
    captions : sequence of str, optional
        What stands below each panel; by default the number of lines and of regions.

    Returns
    -------
    BookFigure
        Regions on two sides of a line have different colours.

    Examples
    --------
    >>> figure = numbered_regions([([[1, 0], [0, 1]], [0, 0])], ((-1, -1), (1, 1)))
    >>> sorted(text.get_text() for text in figure.axes[0].texts)
    ['1', '2', '3', '4']
    """
    height = 2.7 if len(arrangements) > 2 else 3.6
    figure, axes = style.new_figure(1, len(arrangements), height=height, squeeze=False)
    for index, (ax, (normals, offsets)) in enumerate(zip(axes[0], arrangements, strict=True)):
        found = cells(normals, offsets, box)
        # Crossing one line changes the number of positive signs by one, hence the colour.
        _fill(ax, found, [_FILLS[len(cell.negative) % len(_FILLS)] for cell in found])
        rows = _rows(normals, offsets)
        _draw_lines(ax, rows, box)
        places = sorted((_label_place(cell, box) for cell in found), key=lambda p: (-p[1], p[0]))
        for number, (x, y) in enumerate(places, start=1):
            ax.text(x, y, str(number), ha="center", va="center", fontsize=13)
        _frame(ax, box)
        text = captions[index] if captions else f"{len(rows)} lines, {len(found)} regions"
        ax.set_title(text, y=-0.05, va="top", fontsize=13)
    return figure


@style.styled
def induction_step(normals: npt.ArrayLike, offsets: npt.ArrayLike, box: Corners) -> BookFigure:
    """Draw what the last line adds to the arrangement of the others.

    Parameters
    ----------
    normals : array_like of shape (n, 2)
        The normals of the lines; the last line is the new one.
    offsets : array_like of shape (n,)
        The offsets.
    box : ((x0, y0), (x1, y1))
        The part of the plane that is drawn.

    Returns
    -------
    BookFigure
        The new line with its pieces numbered, and the regions that it cuts in two.

    Examples
    --------
    >>> figure = induction_step([[1, 0], [0, 1], [1, 1]], [0, 0, -1], ((-3, -3), (3, 3)))
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['1', '2', '3']
    """
    rows = _rows(normals, offsets)
    figure, ax = style.new_figure(height=4.0)
    found = cells(normals, offsets, box)
    both = {cell.signs[:-1] for cell in found if cell.signs[-1] > 0}
    both &= {cell.signs[:-1] for cell in found if cell.signs[-1] < 0}
    cut = [cell for cell in found if cell.signs[:-1] in both]
    _fill(ax, cut, [style.ORANGE if cell.signs[-1] > 0 else style.BLUE for cell in cut])
    _draw_lines(ax, rows[:-1], box)
    _draw_lines(ax, rows[-1:], box, color=style.RED, linewidth=2.8)
    ends = _chord(rows[-1], box)
    along = ends[1] - ends[0]
    every = vertices(normals, offsets)
    on_line = [p for p, k in zip(every.coordinates, every.lines, strict=True) if len(rows) - 1 in k]
    stops = sorted([0.0, 1.0, *(float((p - ends[0]) @ along / (along @ along)) for p in on_line)])
    if on_line:
        ax.plot(*np.array(on_line).T, "o", color=style.RED, markersize=7)
    middles = [ends[0] + (start + stop) / 2 * along for start, stop in pairwise(stops)]
    normal = np.array([-along[1], along[0]]) / np.hypot(*along)
    # The numbers stand on the side of the new line on which they keep away from the others.
    aside = 0.04 * (box[1][0] - box[0][0]) * normal
    room = [_clearance(rows[:-1], np.array(middles) + side) for side in (aside, -aside)]
    normal = normal if room[0] >= room[1] else -normal
    for number, (x, y) in enumerate(middles, start=1):
        offset = 13 * normal
        ax.annotate(
            str(number),
            (x, y),
            xytext=(offset[0], offset[1]),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=14,
            color=style.RED,
        )
    _frame(ax, box)
    return figure


@style.styled
def tangent_intervals(places: Sequence[int], box: Corners) -> BookFigure:
    r"""Draw tangents of the parabola with each region named by its interval.

    Parameters
    ----------
    places : sequence of int
        Where the tangents touch the parabola, in ascending order; tangent k is called k.
    box : ((x0, y0), (x1, y1))
        The part of the plane that is drawn.

    Returns
    -------
    BookFigure
        Every region bears the numbers of the tangents that it lies below; the colour tells how
        many they are.

    Examples
    --------
    >>> figure = tangent_intervals([-1, 1], ((-3, -4), (3, 5)))
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['$f_{1}$', '$f_{2}$', '$\\varnothing$', '2', '1', '1–2']
    """
    normals, offsets = parabola_tangents(places)
    figure, ax = style.new_figure(height=6.2)
    found = cells(normals, offsets, box)
    colours = (style.GREY, style.BLUE, style.GREEN, style.ORANGE, style.RED, style.PURPLE)
    _fill(ax, found, [colours[len(cell.negative) % len(colours)] for cell in found], alpha=0.26)
    _draw_lines(ax, _rows(normals, offsets), box, linewidth=1.3)
    x = np.linspace(box[0][0], box[1][0], 400)
    ax.plot(x, x**2, color=style.INK, linewidth=2.6)
    for number, place in enumerate(places, start=1):
        ax.plot([place], [place**2], "o", color=style.INK, markersize=6)
        ax.annotate(
            f"$f_{{{number}}}$",
            (place, place**2),
            xytext=(-15 * float(np.sign(place)), 13),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=14,
        )
    for cell in found:
        named = cell.negative
        text = f"{named[0]}–{named[-1]}" if len(named) > 1 else "".join(map(str, named))
        u, v = _label_place(cell, box) if named else (0.0, 0.72 * box[1][1])
        ax.text(
            u,
            v,
            text or r"$\varnothing$",
            ha="center",
            va="center",
            fontsize=14.5 if named else 20,
        )
    _frame(ax, box, equal=False)
    return figure


@style.styled
def growth(n_max: int) -> BookFigure:
    r"""Draw the number of regions of n lines beside the number of sign vectors.

    Parameters
    ----------
    n_max : int
        The largest number of lines.

    Returns
    -------
    BookFigure
        The polynomial n (n + 1) / 2 + 1 and the exponential 2^n on a logarithmic scale.

    Examples
    --------
    >>> figure = growth(4)
    >>> figure.axes[0].lines[1].get_ydata().tolist()
    [1, 2, 4, 7, 11]
    """
    n = np.arange(n_max + 1)
    figure, ax = style.new_figure(height=3.2)
    ax.semilogy(n, 2.0**n, "s--", color=style.ORANGE, markersize=4.5)
    regions = np.array([max_regions(int(k)) for k in n])
    ax.semilogy(n, regions, "o-", color=style.BLUE, markersize=5)
    at = int(0.62 * n_max)
    ax.annotate(
        "sign vectors: $2^n$",
        (at, 2.0**at),
        xytext=(-10, 4),
        textcoords="offset points",
        ha="right",
        color=style.ORANGE,
        fontsize=11,
    )
    ax.annotate(
        r"regions: $\frac{1}{2}n(n+1) + 1$",
        (0.72 * n_max, float(regions[int(0.72 * n_max)])),
        xytext=(0, -20),
        textcoords="offset points",
        ha="center",
        color=style.BLUE,
        fontsize=12,
    )
    ax.set(xlabel="number of lines $n$", ylabel="how many")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10], nbins=6))
    return figure


@style.styled
def planar_graph(normals: npt.ArrayLike, offsets: npt.ArrayLike, radius: float) -> BookFigure:
    """Draw the planar graph of an arrangement that a circle closes.

    Parameters
    ----------
    normals : array_like of shape (n, 2)
        The normals of the lines.
    offsets : array_like of shape (n,)
        The offsets.
    radius : float
        The radius of the circle about the origin; all crossings and a point of every line must
        lie inside.

    Returns
    -------
    BookFigure
        Crossings as discs, the 2n new vertices on the circle as squares.

    Examples
    --------
    >>> figure = planar_graph([[1, 0], [0, 1]], [0, 0], 2.0)
    >>> len(figure.axes[0].lines[-1].get_xdata())
    4
    """
    rows = _rows(normals, offsets)
    found = vertices(normals, offsets).coordinates
    if found.size and np.hypot(*found.T).max() >= radius:
        raise ValueError(f"radius is {radius}, but all crossings must lie inside the circle")
    if (np.abs(rows[:, 2]) >= radius * np.hypot(rows[:, 0], rows[:, 1])).any():
        raise ValueError(f"radius is {radius}, but every line must meet the inside of the circle")
    figure, ax = style.new_figure(height=3.8)
    ends = []
    for a, b, c in rows:
        length = np.hypot(a, b)
        foot = np.array([-a * c, -b * c]) / length**2
        half = np.sqrt(radius**2 - foot @ foot)
        along = np.array([-b, a]) / length
        ends += [foot - half * along, foot + half * along]
    chords = np.array(ends).reshape(-1, 2, 2)
    for start, stop in chords:
        away = 0.18 * (stop - start) / np.hypot(*(stop - start)) * radius
        for end in ((start - away, start), (stop, stop + away)):
            ax.plot(*np.array(end).T, color=style.GREY, linestyle=":")
        ax.plot(*np.array([start, stop]).T, color=style.INK, linewidth=1.6)
    ax.add_patch(Circle((0, 0), radius, fill=False, edgecolor=style.BLUE, linewidth=2.2))
    ax.plot(*found.T, "o", color=style.RED, markersize=8)
    ax.plot(*chords.reshape(-1, 2).T, "s", color=style.BLUE, markersize=8)
    _frame(ax, ((-1.2 * radius, -1.2 * radius), (1.2 * radius, 1.2 * radius)))
    return figure


@style.styled
def lowest_points(normals: npt.ArrayLike, offsets: npt.ArrayLike, box: Corners) -> BookFigure:
    """Draw each region with the crossing that is its lowest point.

    Parameters
    ----------
    normals : array_like of shape (n, 2)
        The normals of the lines, none of which is horizontal.
    offsets : array_like of shape (n,)
        The offsets.
    box : ((x0, y0), (x1, y1))
        The part of the plane that is drawn, with all crossings; its lower side is the line below
        all of them.

    Returns
    -------
    BookFigure
        Regions that have a lowest point are filled and joined to it by an arrow; those that reach
        below all crossings are left empty and numbered along the lower side.

    Examples
    --------
    >>> figure = lowest_points([[1, 1], [-1, 1], [3, 1]], [0, 0, -2], ((-7, -5), (7, 5)))
    >>> [text.get_text() for text in figure.axes[0].texts if text.get_text()]
    ['1', '2', '3', '4']
    """
    rows = _rows(normals, offsets)
    found = cells(normals, offsets, box)
    floor = box[0][1]
    hanging = [cell for cell in found if cell.polygon[:, 1].min() > floor]
    figure, ax = style.new_figure(height=4.2)
    _fill(ax, hanging, [_FILLS[len(cell.negative) % len(_FILLS)] for cell in hanging])
    _draw_lines(ax, rows, box)
    for cell in hanging:
        lowest = cell.polygon[np.argmin(cell.polygon[:, 1])]
        ax.annotate(
            "",
            xy=(float(lowest[0]), float(lowest[1])),
            xytext=_label_place(cell, box),
            arrowprops={"arrowstyle": "->", "color": style.INK, "linewidth": 1.6, "shrinkB": 5},
        )
    ax.plot(*vertices(normals, offsets).coordinates.T, "o", color=style.RED, markersize=8)
    ax.plot([box[0][0], box[1][0]], [floor, floor], color=style.BLUE, linestyle="--", linewidth=2)
    middles = sorted(
        float(cell.polygon[cell.polygon[:, 1] == floor, 0].mean())
        for cell in found
        if cell.polygon[:, 1].min() == floor
    )
    for number, x in enumerate(middles, start=1):
        ax.annotate(
            str(number),
            (x, floor),
            xytext=(0, 11),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=14,
            color=style.BLUE,
        )
    _frame(ax, box)
    return figure


@style.styled
def fold_gradients(
    W: npt.ArrayLike, b: npt.ArrayLike, v: npt.ArrayLike, box: Corners
) -> BookFigure:
    """Draw the regions of a network with one hidden layer and the gradient on each.

    Parameters
    ----------
    W : array_like of shape (n, 2)
        The weights of the hidden neurons, none of them zero.
    b : array_like of shape (n,)
        Their biases.
    v : array_like of shape (n,)
        The output weights.
    box : ((x0, y0), (x1, y1))
        The part of the plane that is drawn.

    Returns
    -------
    BookFigure
        An arrow in each region; a ring where the gradient is zero.

    Examples
    --------
    >>> figure = fold_gradients([[1, 0], [0, 1]], [0, 0], [1, 1], ((-2, -2), (2, 2)))
    >>> len(figure.axes[0].lines)
    3
    """
    found = cells(W, b, box)
    gradients = region_gradients([cell.signs for cell in found], W, v)
    figure, ax = style.new_figure(height=3.8)
    _fill(ax, found, [_FILLS[len(cell.negative) % len(_FILLS)] for cell in found])
    _draw_lines(ax, _rows(W, b), box)
    places = np.array([_label_place(cell, box) for cell in found])
    still = ~gradients.any(axis=1)
    if still.any():
        ax.plot(*places[still].T, "o", color=style.INK, fillstyle="none", markersize=8)
    if not still.all():
        ax.quiver(
            *places[~still].T,
            *gradients[~still].T,
            color=style.INK,
            pivot="mid",
            angles="xy",
            scale_units="width",
            scale=8 * float(np.hypot(*gradients.T).max()),
            width=0.007,
        )
    _frame(ax, box)
    return figure
