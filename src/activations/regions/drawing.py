"""Pictures of complexes with matplotlib, as a few large collections."""

import math
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection

from activations.regions.domain import Box
from activations.regions.network import FloatArray

if TYPE_CHECKING:
    from activations.regions.complex import PolyhedralComplex

__all__ = ["draw"]

# Beyond this many edges a vector drawing is slower to show than an image of it.
_RASTER = 5000


def draw(
    complex: "PolyhedralComplex",
    ax: Axes,
    box: Box | None = None,
    *,
    values: Any = None,
    colors: Any = None,
    linewidths: Any = None,
    **faces: Any,
) -> tuple[LineCollection, PolyCollection | None]:
    """Draw the folds of a complex and, if wanted, coloured regions.

    Parameters
    ----------
    complex : PolyhedralComplex
        What to draw.
    ax : matplotlib.axes.Axes
        Where to draw.
    box : Box, optional
        The part of the plane to draw.
    values, colors, linewidths : optional
        What `activations.regions.PolyhedralComplex.plot` says.
    **faces
        Passed on to `matplotlib.collections.PolyCollection`.

    Returns
    -------
    folds : matplotlib.collections.LineCollection
        The folds.
    regions : matplotlib.collections.PolyCollection or None
        The coloured regions.

    Raises
    ------
    ValueError
        If there is not one value for each region, or not one colour or width for each layer.
    TypeError
        If `box` is no box, or if there are `faces` but no `values`.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from activations.regions.domain import Box
    >>> from activations.regions.drawing import draw
    >>> from activations.regions.reference import exact_regions
    >>> layers = [(np.eye(2), np.zeros(2)), (np.ones((1, 2)), np.zeros(1))]
    >>> c = exact_regions(layers, Box(-1, 1))
    >>> folds, regions = draw(c, Figure().add_subplot(), values="pattern")
    >>> len(folds.get_segments()), len(regions.get_paths())
    (4, 4)
    """
    view = _view(complex, ax, box)
    raster = len(complex.edges) > _RASTER
    painted = None
    if values is not None:
        numbers = _numbers(complex, values)
        clipped = None if view == complex.domain else view
        points, offsets = complex._polygons(np.arange(len(complex)), clipped)
        shown = np.flatnonzero(np.diff(offsets))
        most = int(np.diff(offsets).max(initial=1))
        # Shorter polygons repeat their last corner, so that one array holds them all.
        last = offsets[shown + 1] - 1
        corners = np.minimum(offsets[shown, None] + np.arange(most), last[:, None])
        faces = {"linewidth": 0.3, "edgecolor": "face", "zorder": 0.5, **faces}
        painted = PolyCollection(points[corners], rasterized=raster, **faces)
        painted.set_array(numbers[shown])
        ax.add_collection(painted, autolim=False)
    elif faces:
        raise TypeError(f"{', '.join(faces)} must come with values, by which regions are coloured")
    segments, layers = _segments(complex, view)
    if colors is None:
        colors = mpl.rcParams["text.color"]
    elif not mpl.colors.is_color_like(colors):
        colors = _by_layer("colors", mpl.colors.to_rgba_array(colors), complex)[layers]
    if linewidths is None:
        linewidths = 0.8
    elif np.ndim(linewidths):
        linewidths = _by_layer("linewidths", np.asarray(linewidths), complex)[layers]
    folds = LineCollection(list(segments), colors=colors, linewidths=linewidths, rasterized=raster)
    ax.add_collection(folds, autolim=False)
    ax.set_xlim(view.low[0], view.high[0])
    ax.set_ylim(view.low[1], view.high[1])
    ax.set_aspect("equal")
    return folds, painted


def _view(complex: "PolyhedralComplex", ax: Axes, box: Box | None) -> Box:
    """Return what part of the plane to draw: the box given, the domain, or what is in view."""
    if box is not None:
        if not isinstance(box, Box):
            raise TypeError(f"box is {box!r}, but must be a Box")
        return box
    if isinstance(complex.domain, Box):
        return complex.domain
    if ax.has_data() or not (ax.get_autoscalex_on() and ax.get_autoscaley_on()):
        (x0, x1), (y0, y1) = sorted(ax.get_xlim()), sorted(ax.get_ylim())
        return Box((x0, y0), (x1, y1))
    if not len(complex.vertices):
        return Box(-1, 1)
    low, high = complex.vertices.min(axis=0), complex.vertices.max(axis=0)
    half = 0.6 * float((high - low).max()) or 1.0
    centre = (low + high) / 2
    return Box(centre - half, centre + half)


def _segments(complex: "PolyhedralComplex", view: Box) -> tuple[FloatArray, npt.NDArray[Any]]:
    """Return the parts of folds in a box, shape (k, 2, 2), and the layer of each."""
    folds = np.flatnonzero(complex.edge_neuron[:, 0] >= 0)
    rays = complex.edges[folds] >= len(complex.vertices)
    # Every edge has a finite end; seen from there, a ray has no end.
    base, way = complex._lines(2 * folds + rays[:, 0])
    start, stop = np.zeros(len(folds)), np.where(rays.any(axis=1), math.inf, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        for axis in (0, 1):
            enter = (view.low[axis] - base[:, axis]) / way[:, axis]
            leave = (view.high[axis] - base[:, axis]) / way[:, axis]
            # Parallel to a side, infinities tell inside from outside. Along it, 0 / 0 leaves the
            # fold out, as it is no edge of the regions in the box.
            start = np.maximum(start, np.minimum(enter, leave))
            stop = np.minimum(stop, np.maximum(enter, leave))
    seen = np.flatnonzero(start < stop)
    span = np.stack([start[seen], stop[seen]], axis=1)[:, :, None]
    return base[seen, None] + span * way[seen, None], complex.edge_neuron[folds[seen], 0]


def _by_layer(
    name: str, values: npt.NDArray[Any], complex: "PolyhedralComplex"
) -> npt.NDArray[Any]:
    """Return values of which there must be one for each hidden layer."""
    if len(values) != len(complex.layers) - 1:
        raise ValueError(
            f"{name} has {len(values)} entries, but must be one, "
            f"or one for each of {len(complex.layers) - 1} hidden layer(s)"
        )
    return values


def _numbers(complex: "PolyhedralComplex", values: npt.ArrayLike | str) -> npt.NDArray[Any]:
    """Return a number for each region to colour it by."""
    if isinstance(values, str):
        if values not in ("pattern", "linear"):
            raise ValueError(f'values is {values!r}, but must be numbers, "pattern" or "linear"')
        labels = complex.linear_labels if values == "linear" else np.arange(len(complex))
        # Multiples of the golden ratio keep away from each other.
        return np.asarray(labels * ((math.sqrt(5) - 1) / 2) % 1, dtype=np.float64)
    numbers = np.asarray(values)
    if numbers.shape != (len(complex),):
        raise ValueError(
            f"values has shape {numbers.shape}, but must have shape {(len(complex),)}, "
            "one number for each region"
        )
    return numbers
