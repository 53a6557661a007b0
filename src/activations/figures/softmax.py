"""Figures of chapter 3: log-sum-exp and soft(arg)max."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator
from numpy.typing import ArrayLike, NDArray

from activations.figures import style
from activations.figures.style import BookFigure
from activations.softmax import lse, lse_bounds, onehot_argmax, softargmax

__all__ = [
    "component_images",
    "gap_to_maximum",
    "jacobian_norms",
    "lse_along_line",
    "lse_contours",
    "lse_errors",
    "lse_over_lam",
    "softargmax_errors",
]

_STYLES = ("-", "--", "-.", ":")
_MARKERS = ("o", "^", "s", "x")
# Errors below this many ulp are as good as none, and not shown.
_SMALLEST_ERROR = 1e-3


def _plane(x: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the grid values and all pairs (z1, z2), z1 along the rows' columns."""
    t = np.asarray(x, dtype=np.float64)
    return t, np.stack(np.meshgrid(t, t, indexing="xy"), axis=-1)


def _square(ax: Axes, *, left: bool, bottom: bool) -> None:
    ax.set_aspect("equal")
    ax.xaxis.set_major_locator(FixedLocator([-1, 0, 1]))
    ax.yaxis.set_major_locator(FixedLocator([-1, 0, 1]))
    ax.set_xlabel("$z_1$" if bottom else "")
    ax.set_ylabel("$z_2$" if left else "")
    ax.tick_params(labelbottom=bottom, labelleft=left)


def _label_places(
    levels: NDArray[np.float64], lam: float, low: float, high: float
) -> list[tuple[float, float]]:
    """Return for each contour inside the square a point on its flat part."""
    width = high - low
    places = []
    for level in levels:
        x = low + 0.2 * width
        if level < x + 0.1 * width:
            x = low + 0.1 * width
        if level <= x:
            continue
        y = level + np.log1p(-np.exp(-lam * (level - x))) / lam
        if y > high - 0.04 * width:
            x = y = level - np.log(2) / lam
        if low + 0.04 * width < y < high - 0.04 * width:
            places.append((float(x), float(y)))
    return places


@style.styled
def lse_contours(x: ArrayLike, lams: Sequence[float], levels: ArrayLike) -> BookFigure:
    r"""Draw contours of log-sum-exp of two scores beside those of their maximum.

    Parameters
    ----------
    x : array_like of shape (n,)
        Values of both scores, in ascending order.
    lams : sequence of three floats
        One panel for each :math:`\lambda`; the fourth panel shows the maximum.
    levels : array_like of shape (m,)
        The contours to draw, in ascending order.

    Returns
    -------
    BookFigure
        Four panels; behind the contours of log-sum-exp those of the maximum in grey.

    Examples
    --------
    >>> import numpy as np
    >>> figure = lse_contours(np.linspace(-1, 1, 21), [1, 10, 100], [-0.5, 0, 0.5])
    >>> len(figure.axes)
    4
    """
    t, z = _plane(x)
    heights = np.asarray(levels, dtype=np.float64)
    maximum = z.max(axis=-1)
    figure, axes = style.new_figure(2, 2, height=6.6, width=6.6)
    titles = [rf"lse, $\lambda = {lam:g}$" for lam in lams] + ["max"]
    surfaces = [lse(z, lam) for lam in lams] + [maximum]
    for k, (ax, title, surface) in enumerate(zip(axes.flat, titles, surfaces, strict=True)):
        last = k == len(lams)
        if not last:
            ax.contour(
                t, t, maximum, heights, colors=style.GREY, linewidths=1.1, linestyles="dotted"
            )
        colour = style.ORANGE if last else style.BLUE
        drawn = ax.contour(t, t, surface, heights, colors=colour, linewidths=1.6, linestyles="-")
        places = _label_places(heights, np.inf if last else lams[k], float(t[0]), float(t[-1]))
        ax.clabel(drawn, fmt="%.1f", fontsize=9, colors=style.INK, manual=places)
        ax.set_title(title)
        _square(ax, left=k % 2 == 0, bottom=k >= 2)
    return figure


@style.styled
def component_images(x: ArrayLike, lams: Sequence[float]) -> BookFigure:
    r"""Draw both components of soft(arg)max as images, above those of the one-hot arg max.

    Parameters
    ----------
    x : array_like of shape (n,)
        Values of both scores, equally spaced and ascending.
    lams : sequence of floats
        One row of images for each :math:`\lambda`; the last row shows the one-hot arg max.

    Returns
    -------
    BookFigure
        One row for each :math:`\lambda` and one more, two columns, one shared colour bar.

    Examples
    --------
    >>> import numpy as np
    >>> figure = component_images(np.linspace(-1, 1, 21), [1, 10, 100])
    >>> len(figure.axes)
    9
    """
    t, z = _plane(x)
    half = (t[-1] - t[0]) / (len(t) - 1) / 2
    edges = (t[0] - half, t[-1] + half, t[0] - half, t[-1] + half)
    rows = [(rf"$\lambda = {lam:g}$", softargmax(z, lam)) for lam in lams]
    rows.append(("one-hot", onehot_argmax(z)))
    figure, axes = style.new_figure(len(rows), 2, height=1.95 * len(rows) + 0.5, width=5.0)
    for row, (title, values) in enumerate(rows):
        for k in (0, 1):
            ax = axes[row, k]
            shown = ax.imshow(
                values[..., k],
                extent=edges,
                vmin=0,
                vmax=1,
                cmap=style.SEQUENTIAL,
                origin="lower",
                interpolation="none",
            )
            _square(ax, left=k == 0, bottom=row == len(rows) - 1)
            ax.set_title(f"component {k + 1}, {title}")
    bar = figure.colorbar(shown, ax=axes, location="bottom", shrink=0.8, aspect=30, pad=0.01)
    bar.set_ticks([0, 0.25, 0.5, 0.75, 1])
    bar.outline.set_visible(False)
    return figure


@style.styled
def lse_along_line(x: ArrayLike, lams: Sequence[float]) -> BookFigure:
    r"""Draw log-sum-exp of (x, 0) and the maximum below it.

    Parameters
    ----------
    x : array_like of shape (n,)
        Values of the first score, in ascending order.
    lams : sequence of at most four floats
        One curve for each :math:`\lambda`.

    Returns
    -------
    BookFigure
        One panel; the vertical bars at 0 have the length of the bound :math:`\log(2)/\lambda`.

    Examples
    --------
    >>> import numpy as np
    >>> figure = lse_along_line(np.linspace(-2, 2, 41), [1, 2, 5])
    >>> len(figure.axes[0].lines)
    7
    """
    t = np.asarray(x, dtype=np.float64)
    z = np.stack([t, np.zeros_like(t)], axis=-1)
    figure, ax = style.new_figure(height=3.4)
    ax.plot(t, z.max(axis=-1), color=style.GREY, linewidth=1.2, label=r"$\max(x, 0)$")
    for lam, colour, line in zip(lams, style.CYCLE, _STYLES, strict=False):
        ax.plot(t, lse(z, lam), color=colour, linestyle=line, label=rf"$\lambda = {lam:g}$")
    for lam, colour in zip(lams, style.CYCLE, strict=False):
        low, high = lse_bounds([0.0, 0.0], lam)
        ax.plot([0, 0], [low, high], color=colour, linewidth=1.0, marker="_", zorder=1)
    ax.set(xlabel="$x$", ylabel=r"lse$((x, 0); \lambda)$")
    ax.legend(loc="upper left")
    return figure


@style.styled
def lse_over_lam(z: ArrayLike, lam: ArrayLike) -> BookFigure:
    r"""Draw log-sum-exp of one vector as a function of the inverse temperature.

    Parameters
    ----------
    z : array_like of shape (K,)
        The scores.
    lam : array_like of shape (n,)
        Inverse temperatures, in ascending order; the axis is logarithmic.

    Returns
    -------
    BookFigure
        One panel with log-sum-exp, its two bounds by the maximum and its lower bound by the mean.

    Examples
    --------
    >>> import numpy as np
    >>> figure = lse_over_lam([0, 1, 2], np.logspace(-1, 1, 20))
    >>> [line.get_label() for line in figure.axes[0].lines][0]
    '$\\mathrm{lse}$'
    """
    scores, strengths = np.asarray(z, dtype=np.float64), np.asarray(lam, dtype=np.float64)
    lower, upper = lse_bounds(scores, strengths)
    mean = scores.mean() + (upper - lower)
    curves = [
        (lse(scores, strengths), r"$\mathrm{lse}$", style.BLUE, "-"),
        (upper, r"$\max + \log(K)/\lambda$", style.ORANGE, "--"),
        (lower, r"$\max$", style.GREY, "-"),
        (mean, r"$\mathrm{mean} + \log(K)/\lambda$", style.GREEN, "-."),
    ]
    figure, ax = style.new_figure(height=3.2)
    for values, label, colour, line in curves:
        ax.semilogx(strengths, values, color=colour, linestyle=line, label=label)
    ax.set(xlabel=r"$\lambda$", ylim=(scores.min(), float(upper[0])))
    ax.legend(loc="upper right")
    return figure


@style.styled
def gap_to_maximum(vectors: Mapping[str, ArrayLike], lam: ArrayLike) -> BookFigure:
    r"""Draw how fast log-sum-exp falls to the maximum, on logarithmic axes.

    Parameters
    ----------
    vectors : mapping of str to array_like of shape (K,)
        Score vectors by their labels, at most four, all of the same length.
    lam : array_like of shape (n,)
        Inverse temperatures, in ascending order.

    Returns
    -------
    BookFigure
        One panel with a curve for each vector and the bound :math:`\log(K) / \lambda`.

    Examples
    --------
    >>> import numpy as np
    >>> figure = gap_to_maximum({"tie": [0, 0]}, np.logspace(0, 2, 9))
    >>> len(figure.axes[0].lines)
    2
    """
    strengths = np.asarray(lam, dtype=np.float64)
    figure, ax = style.new_figure(height=3.6)
    for (label, vector), colour, line in zip(vectors.items(), style.CYCLE, _STYLES, strict=False):
        scores = np.asarray(vector, dtype=np.float64)
        # Shifted first, so that the difference is not lost in the maximum's last digit.
        gap = lse(scores - scores.max(), strengths)
        ax.loglog(strengths, gap, color=colour, linestyle=line, label=label)
    bound = lse_bounds(np.zeros(len(scores)), strengths)[1]
    ax.loglog(strengths, bound, color=style.GREY, linewidth=5, alpha=0.35, zorder=0)
    ax.lines[-1].set_label(rf"$\log({len(scores)})/\lambda$")
    ax.set(xlabel=r"$\lambda$", ylabel=r"lse $-$ max", ylim=(1e-8, 2 * float(bound[0])))
    ax.legend(loc="lower left")
    return figure


@style.styled
def jacobian_norms(p: ArrayLike, norms: ArrayLike) -> BookFigure:
    r"""Draw a quantity over the triangle of probability vectors with three components.

    Parameters
    ----------
    p : array_like of shape (n, 3)
        Probability vectors that cover the triangle.
    norms : array_like of shape (n,)
        The norm of the Jacobian at each of them, in units of :math:`\lambda`.

    Returns
    -------
    BookFigure
        The triangle with the corners (1, 0, 0), (0, 1, 0) and (0, 0, 1), coloured, with contours.

    Examples
    --------
    >>> from activations.softmax import simplex_grid
    >>> p = simplex_grid(12)
    >>> len(jacobian_norms(p, p.max(axis=1)).axes)
    2
    """
    points, values = np.asarray(p, dtype=np.float64), np.asarray(norms, dtype=np.float64)
    corners = np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, np.sqrt(3.0)]])
    x, y = (points @ corners).T
    figure, ax = style.new_figure(height=3.9, width=5.4)
    shown = ax.tripcolor(
        x, y, values, shading="gouraud", cmap=style.SEQUENTIAL, vmin=0, vmax=0.5, rasterized=True
    )
    lines = ax.tricontour(
        x,
        y,
        values,
        [0.1, 0.2, 0.3, 0.4],
        # On the colour map, whatever the page: light on dark, dark on light.
        colors=["#f6f8fa", "#f6f8fa", "#101418", "#101418"],
        linewidths=0.9,
    )
    ax.clabel(lines, fmt="%g", fontsize=9)
    for corner, label, shift in zip(corners, "123", ((-1, -1), (1, -1), (0, 1)), strict=True):
        ax.annotate(
            f"$p_{label} = 1$",
            corner,
            xytext=(10 * shift[0], 9 * shift[1]),
            textcoords="offset points",
            ha="center",
            va="center",
        )
    middles = (corners + np.roll(corners, 1, axis=0)) / 2
    ax.plot(*middles.T, "o", color=style.RED, clip_on=False)
    ax.set_aspect("equal")
    ax.set_axis_off()
    bar = figure.colorbar(shown, ax=ax, shrink=0.75, label=r"$\|\mathbf{J}\|\,/\,\lambda$")
    bar.outline.set_visible(False)
    return figure


@style.styled
def lse_errors(x: ArrayLike, errors: Mapping[str, ArrayLike], crossing: float) -> BookFigure:
    r"""Draw errors of log-sum-exp in ulp along a path on which it changes its sign.

    Parameters
    ----------
    x : array_like of shape (n,)
        Where on the path.
    errors : mapping of str to array_like of shape (n,)
        Errors by the label of their unit, at most four; those below 1/1000 are not shown.
    crossing : float
        Where log-sum-exp is 0.

    Returns
    -------
    BookFigure
        One panel with a logarithmic vertical axis.

    Examples
    --------
    >>> figure = lse_errors([0, 1], {"ulp": [0.5, 0.7]}, 0.3)
    >>> figure.axes[0].get_yscale()
    'log'
    """
    figure, ax = style.new_figure(height=3.2)
    _errors(ax, np.asarray(x, dtype=np.float64), errors)
    ax.axvline(crossing, color=style.GREY, linewidth=0.8, linestyle=":", zorder=0)
    ax.set(xlabel="$x$", ylabel="error")
    return figure


@style.styled
def softargmax_errors(p: ArrayLike, errors: Mapping[str, ArrayLike]) -> BookFigure:
    r"""Draw errors of components of soft(arg)max in ulp against the components.

    Parameters
    ----------
    p : array_like of shape (n,)
        The components, positive.
    errors : mapping of str to array_like of shape (n,)
        Errors in ulp by the name of the method, at most four; those below 1/1000 are not shown.

    Returns
    -------
    BookFigure
        One panel with logarithmic axes.

    Examples
    --------
    >>> figure = softargmax_errors([1e-3, 1], {"stable": [0.5, 0.7]})
    >>> figure.axes[0].get_xscale()
    'log'
    """
    figure, ax = style.new_figure(height=3.2)
    _errors(ax, np.asarray(p, dtype=np.float64), errors)
    ax.set_xscale("log")
    ax.set(xlabel="component", ylabel="error in ulp")
    ax.xaxis.set_minor_locator(NullLocator())
    return figure


def _errors(ax: Axes, x: NDArray[np.float64], errors: Mapping[str, ArrayLike]) -> None:
    drawn = zip(errors.items(), style.CYCLE, _MARKERS, strict=False)
    for k, ((label, values), colour, marker) in enumerate(drawn):
        shown = np.asarray(values, dtype=np.float64)
        visible = shown >= _SMALLEST_ERROR
        ax.plot(
            x[visible],
            shown[visible],
            linestyle="none",
            marker=marker,
            markersize=2.8,
            color=colour,
            label=label,
            # The first method named is the one to see.
            zorder=3 - 0.1 * k,
        )
    ax.set_yscale("log")
    ax.set_ylim(_SMALLEST_ERROR / 2)
    ax.yaxis.set_minor_locator(NullLocator())
    ax.axhline(0.5, color=style.GREY, linewidth=0.8, zorder=0)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, markerscale=2, borderaxespad=0)
