"""Figures of chapter 4: a network's output, its gradients, its folds, and random networks."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from activations.experiments import (
    RegionCounts,
    expected_regions,
    independent_pairs_tail,
    survival,
    zoom_tail_bound,
)
from activations.figures import style
from activations.figures.style import BookFigure
from activations.mlp import Grid
from activations.regions import Box, PolyhedralComplex

__all__ = [
    "box_counts",
    "folds_and_regions",
    "gradient_errors",
    "gradients",
    "lines_over_output",
    "outputs",
    "patterns_seen",
    "radius_tail",
    "radius_tails",
    "region_counts",
    "zoom_series",
]

_LINE_STYLES = ("-", "--", ":", "-.")
_MARKERS = ("o", "s", "^", "D")

# Narrower than the column, so that letters stay readable when a phone shrinks the figure.
_WIDTH = 5.4

# Numbers of regions are counted together by so many.
_BIN = 6


def _image(ax: Axes, values: npt.ArrayLike, grid: Grid, **settings: Any) -> Any:
    """Show an image with its pixels centred on the points of its grid."""
    image = ax.imshow(
        np.asarray(values),
        extent=grid.extent,
        origin="lower",
        interpolation="none",
        aspect="equal",
        **settings,
    )
    low, high = float(grid.x[0]), float(grid.x[-1])
    ax.set_xticks([low, (low + high) / 2, high])
    low, high = float(grid.y[0]), float(grid.y[-1])
    ax.set_yticks([low, (low + high) / 2, high])
    ax.xaxis.set_major_formatter(FuncFormatter(_plain))
    ax.yaxis.set_major_formatter(FuncFormatter(_plain))
    ax.set_xlabel("$x_1$")
    ax.set_ylabel("$x_2$", rotation=0, va="center")
    return image


def _label_outer_axes(axes: npt.NDArray[Any]) -> None:
    """Keep the names of the coordinates at the left and at the bottom only."""
    for ax in axes[:, 1:].flat:
        ax.set_ylabel("")
    for ax in axes[:-1].flat:
        ax.set_xlabel("")


def _plain(value: float, _: object = None) -> str:
    """Write a tick as an integer where it is one, with a true minus."""
    return f"{value:,.10g}".replace("-", "−").replace(",", "\N{NARROW NO-BREAK SPACE}")


@style.styled
def outputs(images: Sequence[npt.ArrayLike], grids: Sequence[Grid]) -> BookFigure:
    """Draw the output of a network as images, two abreast.

    Parameters
    ----------
    images : sequence of array_like of shape (ny, nx)
        The outputs, each on its grid.
    grids : sequence of Grid
        The grids, as many as there are images.

    Returns
    -------
    BookFigure
        One panel with its colour bar above it for each image.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.mlp import grid
    >>> square = grid(-1, 1, 5)
    >>> figure = outputs([square.points[..., 0]], [square])
    >>> figure.axes[0].images[0].get_array().shape
    (5, 5)
    """
    rows = (len(images) + 1) // 2
    columns = min(len(images), 2)
    figure, axes = style.new_figure(rows, columns, height=2.9 * rows, width=_WIDTH, squeeze=False)
    for ax, image, grid in zip(axes.flat, images, grids, strict=False):
        shown = _image(ax, image, grid, cmap=style.SEQUENTIAL)
        bar = figure.colorbar(shown, ax=ax, location="top", shrink=0.9, pad=0.03, aspect=22)
        bar.ax.xaxis.set_major_locator(MaxNLocator(3))
    _label_outer_axes(axes)
    for ax in axes.flat[len(images) :]:
        ax.remove()
    return figure


def _draw_lines(ax: Axes, W: npt.NDArray[Any], b: npt.NDArray[Any], **settings: Any) -> None:
    """Draw the lines w . x + b = 0, as far as the axes reach."""
    for (u, v), offset in zip(W.tolist(), b.tolist(), strict=True):
        size = u * u + v * v
        foot = (-offset * u / size, -offset * v / size)
        ax.axline(foot, (foot[0] - v, foot[1] + u), **settings)


@style.styled
def lines_over_output(
    values: npt.ArrayLike, grid: Grid, W: npt.ArrayLike, b: npt.ArrayLike
) -> BookFigure:
    """Draw the output of a shallow network with the lines on which its neurons switch.

    Parameters
    ----------
    values : array_like of shape (ny, nx)
        The output on the grid.
    grid : Grid
        The grid.
    W : array_like of shape (n, 2)
        The hidden weights.
    b : array_like of shape (n,)
        The hidden biases.

    Returns
    -------
    BookFigure
        Left the output, right the output under the lines.

    Examples
    --------
    >>> from activations.mlp import grid
    >>> square = grid(-1, 1, 5)
    >>> figure = lines_over_output(square.points[..., 0], square, [[1.0, 0.5]], [0.2])
    >>> len(figure.axes[1].lines)
    1
    """
    figure, axes = style.new_figure(1, 2, height=2.9, width=_WIDTH)
    for ax in axes:
        _image(ax, values, grid, cmap=style.SEQUENTIAL)
    left, right, bottom, top = grid.extent
    _draw_lines(axes[1], np.asarray(W), np.asarray(b), color="white", linewidth=0.9)
    axes[1].set(xlim=(left, right), ylim=(bottom, top))
    axes[1].set_ylabel("")
    axes[0].set_title("output")
    axes[1].set_title("output and lines")
    return figure


def _layer_styles(complex: PolyhedralComplex) -> tuple[list[str], list[float]]:
    """Return a colour and a width of folds for each hidden layer, the first one the widest."""
    depth = len(complex.layers) - 1
    colours = [style.CYCLE[k % len(style.CYCLE)] for k in range(depth)]
    return colours, np.linspace(1.5, 0.8, depth).tolist()


@style.styled
def zoom_series(
    complex: PolyhedralComplex, half_widths: Sequence[float], counts: Sequence[int]
) -> BookFigure:
    """Draw the folds of a network and its vertices in squares of growing size.

    Parameters
    ----------
    complex : PolyhedralComplex
        The regions of the network in the plane.
    half_widths : sequence of float
        The squares are [-r, r]^2 for these r.
    counts : sequence of int
        The number of regions that each of the squares meets.

    Returns
    -------
    BookFigure
        One panel a square, with the folds in the colours of their layers.

    Examples
    --------
    >>> from activations.regions import PLANE, linear_regions
    >>> network = [([[1, 0], [0, 1]], [0, -2]), ([[1, 1]], [0])]
    >>> figure = zoom_series(linear_regions(network, PLANE), [1, 3], [2, 4])
    >>> [ax.get_title() for ax in figure.axes]
    ['2 regions', '4 regions']
    """
    figure, axes = style.new_figure(1, len(half_widths), height=2.4, width=_WIDTH, squeeze=False)
    colours, widths = _layer_styles(complex)
    for ax, r, count in zip(axes.flat, half_widths, counts, strict=True):
        complex.plot(ax, Box(-r, r), colors=colours, linewidths=[0.7 * width for width in widths])
        shown = complex.vertices[(np.abs(complex.vertices) <= r).all(axis=1)]
        ax.plot(
            shown[:, 0],
            shown[:, 1],
            linestyle="none",
            marker="o",
            markersize=2,
            color=style.INK,
            zorder=3,
        )
        ax.set_title(f"{count} regions")
        ax.set_xticks([-r, r], [_plain(round(t)) for t in (-r, r)])
        # The square is as high as it is wide, so the numbers need not be repeated.
        ax.set_yticks([-r, r], ["", ""])
        ax.spines[["top", "right"]].set_visible(True)
        ax.set_xlabel("$x_1$")
    axes[0, 0].set_ylabel("$x_2$", rotation=0, va="center")
    return figure


@style.styled
def folds_and_regions(complexes: Mapping[str, PolyhedralComplex]) -> BookFigure:
    """Draw the folds of networks, layer by layer, and their linear regions.

    Parameters
    ----------
    complexes : mapping of str to PolyhedralComplex
        For each column, under its title, the regions of a network in a box.

    Returns
    -------
    BookFigure
        Above the folds in the colours of their layers, below the linear regions in colours of
        their own, with the folds over them: a fold with the same colour on both sides separates
        two activation regions of one linear region.
        The colours only tell neighbours apart; they may repeat.

    Examples
    --------
    >>> from activations.regions import Box, linear_regions
    >>> network = [([[1, 0], [0, 1]], [0, -2]), ([[1, 1]], [0])]
    >>> figure = folds_and_regions({"two lines": linear_regions(network, Box(-3, 3))})
    >>> figure.axes[0].get_title()
    'two lines'
    """
    figure, axes = style.new_figure(2, len(complexes), height=5.9, width=_WIDTH, squeeze=False)
    deepest = max(complexes.values(), key=lambda complex: len(complex.layers))
    for (upper, lower), (title, complex) in zip(axes.T, complexes.items(), strict=True):
        colours, widths = _layer_styles(complex)
        complex.plot(upper, colors=colours, linewidths=widths)
        complex.plot(lower, values="linear", cmap=style.SEQUENTIAL, colors="white", linewidths=0.5)
        upper.set_title(title)
        for ax in (upper, lower):
            (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
            ax.set_xticks([left, (left + right) / 2, right])
            ax.set_yticks([bottom, (bottom + top) / 2, top])
            ax.xaxis.set_major_formatter(FuncFormatter(_plain))
            ax.yaxis.set_major_formatter(FuncFormatter(_plain))
            ax.spines[["top", "right"]].set_visible(True)
            ax.set_xlabel("$x_1$")
            ax.set_ylabel("$x_2$", rotation=0, va="center")
    _label_outer_axes(axes)
    names = [
        Line2D([], [], color=colour, linewidth=2 * width, label=f"layer {k}")
        for k, (colour, width) in enumerate(zip(*_layer_styles(deepest), strict=True), start=1)
    ]
    figure.legend(handles=names, loc="outside lower center", ncols=2)
    return figure


@style.styled
def gradients(numerical: npt.ArrayLike, exact: npt.ArrayLike, grid: Grid) -> BookFigure:
    """Draw both components of two gradient images in matplotlib's prism colours.

    Parameters
    ----------
    numerical : array_like of shape (ny, nx, 2)
        The gradient by differences.
    exact : array_like of shape (ny, nx, 2)
        The exact gradient.
    grid : Grid
        The grid.

    Returns
    -------
    BookFigure
        A row for each component, the differences on the left, the exact values on the right,
        with one scale of colours a row.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.mlp import grid
    >>> square = grid(-1, 1, 5)
    >>> figure = gradients(np.zeros((5, 5, 2)), np.ones((5, 5, 2)), square)
    >>> figure.axes[0].images[0].get_cmap().name
    'prism'
    """
    figure, axes = style.new_figure(2, 2, height=5.2, width=_WIDTH)
    columns = (("by numpy.gradient", np.asarray(numerical)), ("exact", np.asarray(exact)))
    for k, name in enumerate((r"$\partial f/\partial x_1$", r"$\partial f/\partial x_2$")):
        # The exact values set the scale: differences are means of slopes along a segment.
        low, high = float(columns[1][1][..., k].min()), float(columns[1][1][..., k].max())
        for ax, (how, values) in zip(axes[k], columns, strict=True):
            shown = _image(ax, values[..., k], grid, cmap="prism", vmin=low, vmax=high)
            ax.set_title(f"{name}, {how}")
        figure.colorbar(shown, ax=list(axes[k]), shrink=0.85)
    _label_outer_axes(axes)
    return figure


@style.styled
def gradient_errors(
    numerical: npt.ArrayLike, exact: npt.ArrayLike, grid: Grid, row: int, columns: slice
) -> BookFigure:
    """Draw where the difference quotient along x is wrong, and by how much along one row.

    Parameters
    ----------
    numerical : array_like of shape (ny, nx, 2)
        The gradient by differences.
    exact : array_like of shape (ny, nx, 2)
        The exact gradient.
    grid : Grid
        The grid.
    row : int
        The row of the image shown below.
    columns : slice
        The part of that row.

    Returns
    -------
    BookFigure
        Above an image of the absolute error, below both derivatives along a part of the row.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.mlp import grid
    >>> square = grid(-1, 1, 5)
    >>> figure = gradient_errors(np.zeros((5, 5, 2)), np.ones((5, 5, 2)), square, 2, slice(1, 4))
    >>> len(figure.axes[1].lines[0].get_xdata())
    3
    """
    difference, true = np.asarray(numerical)[..., 0], np.asarray(exact)[..., 0]
    figure, (upper, lower) = style.new_figure(
        2, 1, height=5.6, width=_WIDTH, gridspec_kw={"height_ratios": [1.5, 1]}
    )
    shown = _image(upper, np.abs(difference - true), grid, cmap="magma")
    figure.colorbar(shown, ax=upper, shrink=0.85)
    upper.axhline(float(grid.y[row]), color="white", linewidth=0.8, linestyle=":")
    upper.set_title(r"error of $\partial f/\partial x_1$")
    x = grid.x[columns]
    lower.plot(
        x, true[row, columns], color=style.BLUE, drawstyle="steps-mid", label="exact", zorder=1
    )
    lower.plot(
        x,
        difference[row, columns],
        color=style.ORANGE,
        linestyle="none",
        marker="o",
        markersize=4,
        label="numpy.gradient",
    )
    lower.set_xlabel("$x_1$")
    lower.set_title(rf"$\partial f/\partial x_1$ at $x_2 = {grid.y[row]:.2f}$")
    lower.legend(loc="upper left")
    return figure


@style.styled
def patterns_seen(
    half_widths: npt.ArrayLike,
    series: Mapping[str, npt.ArrayLike],
    *,
    radius: float | None = None,
) -> BookFigure:
    """Draw how many regions squares of growing size show.

    Parameters
    ----------
    half_widths : array_like of shape (k,)
        Half the sides of the squares, increasing.
    series : mapping of str to array_like of shape (k,)
        The numbers, under the names in the legend.
    radius : float, optional
        The zoom radius, drawn as a vertical line.

    Returns
    -------
    BookFigure
        One curve an entry over a logarithmic axis.

    Examples
    --------
    >>> figure = patterns_seen([1, 10, 100], {"exact": [3, 50, 60]}, radius=20)
    >>> figure.axes[0].get_xscale()
    'log'
    """
    figure, ax = style.new_figure(height=3.2, width=_WIDTH)
    sizes = np.asarray(half_widths, dtype=np.float64)
    for k, (name, counts) in enumerate(series.items()):
        ax.plot(
            sizes,
            np.asarray(counts),
            color=style.CYCLE[k],
            linestyle=_LINE_STYLES[k],
            marker=_MARKERS[k],
            markersize=4,
            label=name,
        )
    if radius is not None:
        ax.axvline(radius, color=style.GREY, linewidth=1.0)
        ax.annotate(
            " $R$",
            (radius, 0.0),
            xycoords=("data", "axes fraction"),
            xytext=(2, 6),
            textcoords="offset points",
            color=style.GREY,
        )
    ax.set_xscale("log")
    ax.set_ylim(bottom=0)
    ax.set_xlabel("half-width $r$ of the square $[-r, r]^2$")
    ax.set_ylabel("regions")
    ax.legend(loc="best")
    return figure


@style.styled
def radius_tail(radius: npt.ArrayLike, n: int) -> BookFigure:
    """Draw how often the zoom radius of a random shallow network exceeds a number.

    Parameters
    ----------
    radius : array_like of shape (m,)
        The zoom radii of m networks.
    n : int
        The number of hidden neurons of each.

    Returns
    -------
    BookFigure
        The empirical probability on doubly logarithmic axes, with the upper bound and with what
        independent pairs would give.

    Examples
    --------
    >>> figure = radius_tail([5.0, 20.0, 70.0], 3)
    >>> len(figure.axes[0].lines)
    4
    """
    values, fraction = survival(radius)
    figure, ax = style.new_figure(height=3.5, width=_WIDTH)
    ax.plot(
        values, fraction, color=style.BLUE, drawstyle="steps-pre", label=f"{len(values)} networks"
    )
    r = np.geomspace(max(1.0, float(values[0]) / 2), float(values[-1]) * 2, 200)
    bound = zoom_tail_bound(n, r)
    ax.plot(
        r[bound < 1],
        bound[bound < 1],
        color=style.ORANGE,
        linestyle="--",
        label=r"bound $\binom{n}{2}\,\frac{20}{27\,r}$",
    )
    ax.plot(
        r, independent_pairs_tail(n, r), color=style.GREEN, linestyle=":", label="independent pairs"
    )
    ax.axvline(10, color=style.GREY, linewidth=1.0)
    ax.annotate(
        "the sheet's range",
        (10, 0.0),
        xycoords=("data", "axes fraction"),
        xytext=(4, 6),
        textcoords="offset points",
        color=style.GREY,
    )
    ax.set(xscale="log", yscale="log", xlabel="$r$", ylabel="$P(R > r)$")
    ax.set_ylim(0.5 / len(values), 1.5)
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.xaxis.set_major_locator(LogLocator(numticks=10))
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 0.1))
    return figure


@style.styled
def box_counts(counts: npt.ArrayLike, n: int, half_width: float) -> BookFigure:
    """Draw how many regions random shallow networks show in a square.

    Parameters
    ----------
    counts : array_like of int, shape (m,)
        The number of regions of each network.
    n : int
        The number of hidden neurons of each.
    half_width : float
        The square is (-half_width, half_width)^2.

    Returns
    -------
    BookFigure
        A bar for each number, the expectation, and the largest possible number.

    Examples
    --------
    >>> figure = box_counts([5, 6, 6, 7], 3, 10)
    >>> [int(bar.get_height()) for bar in figure.axes[0].patches]
    [1, 2, 1]
    """
    table = np.asarray(counts)
    figure, ax = style.new_figure(height=3.0, width=_WIDTH)
    places = np.arange(table.min(), table.max() + 1)
    heights = np.bincount(table - table.min()).tolist()
    ax.bar(places, heights, width=0.8, color=style.BLUE, alpha=0.75, edgecolor="none")
    mean, most = float(expected_regions(n, half_width)), n * (n + 1) // 2 + 1
    ax.axvline(mean, color=style.ORANGE, linestyle="--")
    ax.axvline(most, color=style.GREY, linestyle=":")
    top = 1.04
    for place, text, colour, align in (
        (mean, f"expected {mean:.2f}", style.ORANGE, "right"),
        (most, f"plane {most}", style.GREY, "right"),
    ):
        ax.annotate(
            text,
            (place, top),
            xycoords=("data", "axes fraction"),
            color=colour,
            ha=align,
            va="bottom",
        )
    ax.set_xlabel("regions in the square")
    ax.set_ylabel("networks")
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    return figure


@style.styled
def region_counts(
    shallow: tuple[str, RegionCounts], deep: tuple[str, RegionCounts], *, half_width: float
) -> BookFigure:
    """Draw how many regions random networks of two shapes have, in a square and in the plane.

    Parameters
    ----------
    shallow : tuple of str and RegionCounts
        The name and the counts of networks with one hidden layer, which all have the same number
        in the plane.
    deep : tuple of str and RegionCounts
        The name and the counts of deeper networks.
    half_width : float
        The square is [-half_width, half_width]^2.

    Returns
    -------
    BookFigure
        Above the numbers in the square, below those in the plane: bars for the activation regions,
        with dashed outlines for the first kind of networks, and steps for the linear regions of
        the second kind.

    Raises
    ------
    ValueError
        If the networks with one hidden layer differ in their numbers in the plane.

    Examples
    --------
    >>> from activations.experiments import count_ensemble
    >>> from activations.mlp import sample_networks
    >>> one, two = (count_ensemble(sample_networks(w, range(3))) for w in [(2, 6, 1), (2, 3, 3, 1)])
    >>> figure = region_counts(("2-6-1", one), ("2-3-3-1", two), half_width=10)
    >>> [ax.get_xlabel() for ax in figure.axes]
    ['regions in $[-10, 10]^2$', 'regions in the plane']
    """
    (flat_name, flat), (deep_name, many) = shallow, deep
    in_plane = int(flat.activation_plane[0])
    if (flat.activation_plane != in_plane).any():
        raise ValueError("shallow differ in the plane, but must all have the same number there")
    figure, (upper, lower) = style.new_figure(2, 1, height=5.6, width=_WIDTH, sharex=True)
    most = max(int(many.activation_plane.max()), in_plane)
    edges = np.arange(0, most + 2 * _BIN, _BIN)
    panels = (
        (upper, many.activation_box, many.linear_box),
        (lower, many.activation_plane, many.linear_plane),
    )
    for ax, activation, linear in panels:
        ax.hist(activation, edges, color=style.ORANGE, alpha=0.45, edgecolor="none")
        heights, _ = np.histogram(linear, edges)
        ax.stairs(heights, edges, color=style.ORANGE, linewidth=1.4)
        ax.set_ylabel("networks")
        ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        ax.tick_params(labelbottom=True)
    upper.hist(flat.activation_box, edges, color=style.BLUE, alpha=0.3, edgecolor="none")
    heights, _ = np.histogram(flat.activation_box, edges)
    upper.stairs(heights, edges, color=style.BLUE, linewidth=1.4, linestyle="--")
    lower.axvline(in_plane, color=style.BLUE, linestyle="--")
    lower.annotate(
        f"{flat_name}: always {in_plane}",
        (in_plane, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(5, -2),
        textcoords="offset points",
        color=style.BLUE,
        va="top",
    )
    upper.set_xlabel(f"regions in $[-{_plain(half_width)}, {_plain(half_width)}]^2$")
    lower.set_xlabel("regions in the plane")
    handles = [
        Line2D([], [], color=style.BLUE, linewidth=1.4, linestyle="--", label=flat_name),
        Patch(
            facecolor=style.ORANGE, alpha=0.45, edgecolor="none", label=f"{deep_name}, activation"
        ),
        Line2D([], [], color=style.ORANGE, linewidth=1.4, label=f"{deep_name}, linear"),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=1)
    return figure


@style.styled
def radius_tails(radii: Mapping[str, npt.ArrayLike]) -> BookFigure:
    """Draw how often radii of several kinds exceed a number.

    Parameters
    ----------
    radii : mapping of str to array_like of shape (m,)
        The radii of many networks, under the names in the legend.

    Returns
    -------
    BookFigure
        The empirical probabilities on doubly logarithmic axes, and a line of slope -1.

    Examples
    --------
    >>> figure = radius_tails({"shallow": [5.0, 20.0, 70.0], "deep": [8.0, 300.0, 2000.0]})
    >>> len(figure.axes[0].lines)
    3
    """
    figure, ax = style.new_figure(height=3.7, width=_WIDTH)
    largest, count = 1.0, 1
    for k, (name, radius) in enumerate(radii.items()):
        values, fraction = survival(radius)
        largest, count = max(largest, float(values[-1])), max(count, len(values))
        ax.plot(
            values,
            fraction,
            color=style.CYCLE[k],
            linestyle=_LINE_STYLES[k],
            drawstyle="steps-pre",
            label=name,
        )
    ends = np.array([10.0, 10.0 * 2 * count])
    ax.plot(ends, ends[0] / ends, color=style.GREY, linewidth=1.0, label="slope $-1$")
    ax.set(xscale="log", yscale="log", xlabel="$r$", ylabel="share of networks beyond $r$")
    ax.set_ylim(0.5 / count, 1.5)
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.xaxis.set_major_locator(LogLocator(numticks=8))
    ax.legend(loc="upper right")
    return figure
