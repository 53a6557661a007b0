"""Figures of chapter 1: the sigmoid, separating lines, errors in ulp."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator
from numpy.typing import ArrayLike, NDArray

from activations.figures import style
from activations.figures.style import BookFigure
from activations.logistic import sigmoid, sigmoid_derivative, softplus

__all__ = [
    "loss_along_scaling",
    "separating_lines",
    "sigmoid_and_relatives",
    "solutions_in_the_plane",
    "tanh_and_sigmoid",
    "tanh_slips",
    "ulp_errors",
]

_MARKERS = ("o", "s")
_CLASS_COLOURS = (style.BLUE, style.ORANGE)


def _zero_lines(ax: Axes) -> None:
    ax.axhline(0.0, color=style.GREY, linewidth=0.6, zorder=0)
    ax.axvline(0.0, color=style.GREY, linewidth=0.6, zorder=0)


@style.styled
def sigmoid_and_relatives(x: ArrayLike) -> BookFigure:
    r"""Draw the sigmoid with its derivative, and the softplus with its asymptotes.

    Parameters
    ----------
    x : array_like of shape (n,)
        Arguments, in ascending order.

    Returns
    -------
    BookFigure
        Left :math:`\sigma` and :math:`\sigma'`, right the softplus and :math:`\max(0, x)`.

    Examples
    --------
    >>> import numpy as np
    >>> figure = sigmoid_and_relatives(np.linspace(-6, 6, 13))
    >>> len(figure.axes)
    2
    """
    t = np.asarray(x, dtype=np.float64)
    figure, (left, right) = style.new_figure(1, 2, height=2.8, width=6.4)
    _zero_lines(left)
    left.plot(t, sigmoid(t), color=style.BLUE)
    left.plot(t, sigmoid_derivative(t), color=style.ORANGE, linestyle="--")
    left.plot([0.0], [0.25], "o", color=style.ORANGE)
    left.axhline(1.0, color=style.GREY, linewidth=0.6, linestyle=":")
    end = float(t[-1])
    left.text(end, 0.93, r"$\sigma(x)$", color=style.BLUE, ha="right", va="top", fontsize=11)
    left.text(0.35 * end, 0.27, r"$\sigma'(x)$", color=style.ORANGE, va="bottom", fontsize=11)
    left.set(xlabel="$x$", ylim=(-0.06, 1.06))
    left.yaxis.set_major_locator(FixedLocator([0.0, 0.25, 0.5, 0.75, 1.0]))
    _zero_lines(right)
    right.plot(t, np.maximum(t, 0.0), color=style.GREY, linestyle="--")
    right.plot(t, softplus(t), color=style.GREEN)
    right.text(
        0.12 * end, 1.2, r"softplus$(x)$", color=style.GREEN, ha="right", va="bottom", fontsize=11
    )
    right.text(0.95 * end, 0.62 * end, r"$\max(0, x)$", color=style.GREY, ha="right", va="top")
    right.set(xlabel="$x$")
    return figure


@style.styled
def tanh_and_sigmoid(x: ArrayLike) -> BookFigure:
    r"""Draw tanh as the sigmoid, compressed, stretched and shifted.

    Parameters
    ----------
    x : array_like of shape (n,)
        Arguments, in ascending order.

    Returns
    -------
    BookFigure
        The curves :math:`\sigma(x)`, :math:`\sigma(2x)` and :math:`2\sigma(2x) - 1`, the last
        with marks of `numpy.tanh` on it.

    Examples
    --------
    >>> import numpy as np
    >>> figure = tanh_and_sigmoid(np.linspace(-3, 3, 61))
    >>> len(figure.axes[0].get_legend().get_texts())
    4
    """
    t = np.asarray(x, dtype=np.float64)
    figure, ax = style.new_figure(height=3.2, width=5.4)
    _zero_lines(ax)
    ax.plot(t, sigmoid(t), color=style.GREY, linestyle=":", label=r"$\sigma(x)$")
    ax.plot(t, sigmoid(2 * t), color=style.ORANGE, linestyle="--", label=r"$\sigma(2x)$")
    ax.plot(t, 2 * sigmoid(2 * t) - 1, color=style.BLUE, label=r"$2\,\sigma(2x) - 1$")
    some = t[:: max(1, len(t) // 20)]
    ax.plot(some, np.tanh(some), "o", color=style.INK, markerfacecolor="none", label=r"$\tanh(x)$")
    ax.set(xlabel="$x$", ylim=(-1.08, 1.08))
    ax.legend(loc="upper left")
    return figure


@style.styled
def tanh_slips(x: ArrayLike) -> BookFigure:
    r"""Draw tanh beside two expressions that are mistaken for it.

    Parameters
    ----------
    x : array_like of shape (n,)
        Arguments, in ascending order.

    Returns
    -------
    BookFigure
        The curves :math:`\tanh(x)`, :math:`(1 - \mathrm{e}^{-x}) / (1 + \mathrm{e}^{-x})` and
        :math:`\mathrm{e}^x \mathrm{e}^{-1} / (\mathrm{e}^x + \mathrm{e}^{-x})`.

    Examples
    --------
    >>> import numpy as np
    >>> figure = tanh_slips(np.linspace(-3, 3, 61))
    >>> len(figure.axes[0].get_legend().get_texts())
    3
    """
    t = np.asarray(x, dtype=np.float64)
    figure, ax = style.new_figure(height=3.2, width=5.4)
    _zero_lines(ax)
    ax.plot(t, np.tanh(t), color=style.BLUE, label=r"$\tanh(x)$")
    ax.plot(
        t,
        (1 - np.exp(-t)) / (1 + np.exp(-t)),
        color=style.RED,
        linestyle="--",
        label=r"$(1 - e^{-x})\,/\,(1 + e^{-x})$",
    )
    ax.plot(
        t,
        np.exp(t) * np.exp(-1) / (np.exp(t) + np.exp(-t)),
        color=style.PURPLE,
        linestyle=":",
        linewidth=2.4,
        label=r"$e^{x} e^{-1}\,/\,(e^{x} + e^{-x})$",
    )
    ax.set(xlabel="$x$", ylim=(-1.08, 1.08))
    ax.legend(loc="upper left")
    return figure


def _line(w1: float, w2: float, b: float, reach: float) -> tuple[list[float], list[float]]:
    """Return two points of the line w . x + b = 0, each `reach` away from the foot of 0."""
    squared = w1 * w1 + w2 * w2
    foot = (-b * w1 / squared, -b * w2 / squared)
    step = reach / np.sqrt(squared)
    return (
        [foot[0] + step * w2, foot[0] - step * w2],
        [foot[1] - step * w1, foot[1] + step * w1],
    )


@style.styled
def separating_lines(
    points: ArrayLike,
    labels: ArrayLike,
    *,
    best: Sequence[float],
    rays: ArrayLike,
    others: ArrayLike = (),
) -> BookFigure:
    """Draw labelled points with lines that separate them.

    Parameters
    ----------
    points : array_like of shape (n, 2)
        The points.
    labels : array_like of shape (n,)
        Their classes, +1 or -1.
    best : sequence of three floats
        The line of largest margin, ``(w1, w2, b)`` with scores +1 and -1 at the nearest points.
    rays : array_like of shape (r, 3)
        Lines at the edge of what separates, drawn dotted.
    others : array_like of shape (m, 3)
        Further separating lines, drawn thin.

    Returns
    -------
    BookFigure
        One panel, equal scales on both axes.

    Examples
    --------
    >>> from activations.logistic import SHEET_LABELS, SHEET_POINTS, cone_rays
    >>> rays = cone_rays(SHEET_POINTS, SHEET_LABELS)
    >>> figure = separating_lines(SHEET_POINTS, SHEET_LABELS, best=(2, -2, 1), rays=rays)
    >>> len(figure.axes[0].lines)
    9
    """
    X, y = np.asarray(points, dtype=np.float64), np.asarray(labels)
    low, high = X.min(axis=0) - 1.0, X.max(axis=0) + 1.0
    reach = float(np.linalg.norm(np.maximum(np.abs(low), np.abs(high)))) * 2
    figure, ax = style.new_figure(height=4.0, width=5.4)
    groups: list[tuple[str, ArrayLike, dict[str, Any]]] = [
        ("other solutions", others, {"color": style.GREY, "linewidth": 0.7}),
        ("extreme rays", rays, {"color": style.RED, "linewidth": 1.8, "linestyle": ":"}),
        ("largest margin", [best], {"color": style.GREEN, "linewidth": 2.4}),
        (
            "its margin",
            [(*best[:2], best[2] - score) for score in (1.0, -1.0)],
            {"color": style.GREEN, "linewidth": 1.0, "linestyle": "--"},
        ),
    ]
    for name, lines, look in groups:
        for w1, w2, b in np.asarray(lines, dtype=np.float64).reshape(-1, 3):
            ax.plot(*_line(w1, w2, b, reach), label=name, **look)
            # The legend names a group once.
            name = "_" + name
    for sign, marker, colour, name in zip(
        (1, -1), _MARKERS, _CLASS_COLOURS, ("class 1", "class 2"), strict=True
    ):
        ax.plot(*X[y == sign].T, marker, color=colour, markersize=10, linestyle="none", label=name)
    ax.set(
        xlabel="$x_1$",
        ylabel="$x_2$",
        xlim=(low[0], high[0]),
        ylim=(low[1], high[1]),
        aspect="equal",
    )
    ax.legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    return figure


@style.styled
def solutions_in_the_plane(
    slopes: ArrayLike,
    intercepts: ArrayLike,
    margins: ArrayLike,
    *,
    corners: ArrayLike,
    best: Sequence[float],
) -> BookFigure:
    """Draw all separating lines as the points of a plane, with their margins as contours.

    Parameters
    ----------
    slopes, intercepts, margins : array_like of shape (k, l)
        A grid of lines ``x2 = slope * x1 + intercept`` and the margin of each.
    corners : array_like of shape (r, 2)
        Corners (slope, intercept) of the set of lines that separate, in order around it.
    best : sequence of two floats
        Slope and intercept of the line with the largest margin.

    Returns
    -------
    BookFigure
        One panel: the polygon of the corners, contours of positive margins, the best line.

    Examples
    --------
    >>> import numpy as np
    >>> m, c = np.meshgrid([0.0, 1.0], [0.0, 1.0])
    >>> corners = [(0, 0), (1, 0), (1, 1), (0, 1)]
    >>> figure = solutions_in_the_plane(m, c, m + c - 1, corners=corners, best=(0.5, 0.5))
    >>> figure.axes[0].get_xlabel()
    'slope $m$'
    """
    grid: NDArray[np.float64] = np.asarray(margins, dtype=np.float64)
    figure, ax = style.new_figure(height=3.8, width=5.4)
    outline = np.asarray(corners, dtype=np.float64)
    around = np.vstack([outline, outline[:1]])
    ax.fill(*outline.T, color=style.BLUE, alpha=0.12, linewidth=0)
    ax.plot(*around.T, color=style.BLUE, marker="o", markerfacecolor="none")
    contours = ax.contour(
        slopes, intercepts, grid, levels=[0.1, 0.2, 0.3], colors=[style.INK], linewidths=0.9
    )
    ax.clabel(contours, fmt="%.1f", fontsize=9)
    for m, c in outline:
        inwards = outline.mean(axis=0) - (m, c)
        ax.annotate(
            _equation(m, c),
            (m, c),
            xytext=(-10 * float(np.sign(inwards[0])), -14 * float(np.sign(inwards[1]))),
            textcoords="offset points",
            # Straight above the middle the text goes to the right, straight below to the left.
            ha="right" if inwards[0] > 0 or (inwards[0] == 0 and inwards[1] > 0) else "left",
            va="center",
            color=style.BLUE,
        )
    ax.plot([best[0]], [best[1]], "*", color=style.GREEN, markersize=15)
    ax.set(xlabel="slope $m$", ylabel="intercept $c$")
    ax.margins(x=0.35, y=0.2)
    return figure


def _equation(slope: float, intercept: float) -> str:
    first = {0.0: "", 1.0: "x_1", -1.0: "-x_1"}.get(slope, f"{slope:g} x_1")
    if not first:
        return f"$x_2 = {intercept:g}$"
    return f"$x_2 = {first}{f' {intercept:+g}' if intercept else ''}$"


@style.styled
def loss_along_scaling(
    s: ArrayLike, losses: Mapping[str, ArrayLike], bounds: Mapping[str, ArrayLike]
) -> BookFigure:
    """Draw the logistic loss along rays of separating lines on a logarithmic scale.

    Parameters
    ----------
    s : array_like of shape (n,)
        Factors by which weights and bias are multiplied.
    losses : mapping of str to array_like of shape (n,)
        The loss at each factor, for up to three rays by their names.
    bounds : mapping of str to array_like of shape (n,)
        Curves to compare with, up to three, by their names; drawn thin and dotted.

    Returns
    -------
    BookFigure
        One panel with a logarithmic vertical axis.

    Examples
    --------
    >>> figure = loss_along_scaling([1, 2], {"ray": [0.5, 0.25]}, {"bound": [1.0, 0.5]})
    >>> figure.axes[0].get_yscale()
    'log'
    """
    figure, ax = style.new_figure(height=3.2, width=5.4)
    for (name, loss), colour, dashes in zip(
        losses.items(), (style.BLUE, style.ORANGE, style.PURPLE), ("-", "--", "-."), strict=False
    ):
        ax.plot(s, loss, color=colour, linestyle=dashes, label=name)
    for (name, bound), colour in zip(
        bounds.items(), (style.GREY, style.GREEN, style.RED), strict=False
    ):
        ax.plot(s, bound, color=colour, linestyle=":", linewidth=1.4, label=name)
    ax.set(xlabel="factor $s$", ylabel="loss [nat]", yscale="log")
    ax.legend()
    return figure


@style.styled
def ulp_errors(*panels: tuple[ArrayLike, Mapping[str, ArrayLike]]) -> BookFigure:
    """Draw errors in ulp of several formulas over their arguments.

    Parameters
    ----------
    *panels : tuple of (array_like of shape (n,), mapping of str to array_like of shape (n,))
        For each panel the arguments, and the errors of each formula by its name.

    Returns
    -------
    BookFigure
        One panel each, side by side; the vertical axis is linear up to 1 ulp, then logarithmic.

    Examples
    --------
    >>> figure = ulp_errors(([0.0, 1.0], {"stable": [0.2, 0.4]}))
    >>> figure.axes[0].get_yscale()
    'symlog'
    """
    figure, axes = style.new_figure(
        1, len(panels), height=3.6, width=6.4, sharey=True, squeeze=False
    )
    looks: list[dict[str, Any]] = [
        {"color": style.BLUE, "marker": "o", "markersize": 3},
        {"color": style.ORANGE, "marker": "x", "markersize": 4},
        {"color": style.GREEN, "marker": "+", "markersize": 5},
        {"color": style.PURPLE, "marker": "v", "markersize": 3},
    ]
    names: dict[str, dict[str, Any]] = {}
    for ax, (x, errors) in zip(axes[0], panels, strict=True):
        for name, values in errors.items():
            look = names.setdefault(name, looks[len(names) % len(looks)])
            ax.plot(x, values, linestyle="none", label=name, **look)
        ax.set_yscale("symlog", linthresh=1.0)
        ax.yaxis.set_major_locator(FixedLocator([0.0, 1.0, 1e4, 1e8, 1e12, 1e16]))
        ax.yaxis.set_minor_locator(NullLocator())
        ax.set(xlabel="$x$", ylim=(-0.3, 1e17))
        ax.axhline(1.0, color=style.GREY, linewidth=0.6, zorder=0)
    axes[0, 0].set_ylabel("error [ulp]")
    shown = [Line2D([], [], linestyle="none", **look) for look in names.values()]
    figure.legend(shown, list(names), loc="outside upper center", ncols=2)
    return figure
