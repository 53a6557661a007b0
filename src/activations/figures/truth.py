"""Figures of chapter 2: statements in the plane, what probes make of them, and why."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import scipy.optimize
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from activations.figures import style
from activations.figures.style import BookFigure
from activations.figures.tables import Table, show_table
from activations.truth.separability import cover_probability

__all__ = [
    "auroc_by_model",
    "labelled_plane",
    "layer_sweeps",
    "onset_curves",
    "results_table",
    "score_distributions",
    "transfer_spread",
    "truth_plane",
]

#: How the numbers of the chapter's tables are written, by column.
_FORMATS = {
    **dict.fromkeys(["accuracy by subject", "naive accuracy"], ".4f"),
    **dict.fromkeys(["AUROC by subject", "naive AUROC"], ".4f"),
    # The z writes a difference that is rounded to 0 without a minus sign.
    **dict.fromkeys(["gain in accuracy", "gain in AUROC"], "+z.4f"),
    "share": ".6f",
    **dict.fromkeys(["accuracy", "after centring", "AUROC", "training accuracy"], ".3f"),
    **dict.fromkeys(["cities", "neg_cities", "sp_en_trans", "neg_sp_en_trans"], ".3f"),
    **dict.fromkeys(["$\\lVert \\mathbf{w} \\rVert$", "$\\log_{10}$ loss"], ".1f"),
    **dict.fromkeys(["$w_1$", "$w_2$", "$b$"], "z.4f"),
    **dict.fromkeys(["$\\lVert \\mathbf{t}_G \\rVert$", "$\\lVert \\mathbf{t}_P \\rVert$"], ".3f"),
    "cosine of the two": ".3f",
    "$\\mathbf{t}_G$ with that of all": ".3f",
    "$\\mathbf{t}_P$ with that of all": ".3f",
}

_TRUE: dict[str, Any] = {"color": style.BLUE, "marker": "o"}
_FALSE: dict[str, Any] = {"color": style.ORANGE, "marker": "x"}


def _two_classes(ax: Axes, points: np.ndarray, labels: np.ndarray, size: float = 9) -> None:
    """Scatter true statements as blue rings and false ones as orange crosses."""
    for label, name, look in ((0, "false", _FALSE), (1, "true", _TRUE)):
        x, y = points[labels == label].T
        ring = (
            {"facecolors": "none", "edgecolors": look["color"]}
            if label
            else {"color": look["color"]}
        )
        ax.scatter(
            x, y, s=size, marker=look["marker"], linewidths=0.7, label=name,
            rasterized=len(labels) > 1000, **ring,
        )  # fmt: skip


def results_table(frame: pd.DataFrame, *, caption: str, label: str) -> Table:
    """Show one of the chapter's tables, with the digits that suit its columns.

    Parameters
    ----------
    frame : pandas.DataFrame
        A table that a function of `activations.truth.experiments` made.
    caption, label : str
        As for `activations.figures.tables.show_table`.

    Returns
    -------
    Table
        What a cell shows.

    Examples
    --------
    >>> import pandas as pd
    >>> from activations.figures.truth import results_table
    >>> table = pd.DataFrame({"tested on": ["cities"], "gain in accuracy": [-1e-9]})
    >>> results_table(table, caption="None.", label="tab-none").frame.iloc[0].tolist()
    ['cities', '+0.0000']
    """
    numeric = [str(name) for name in frame if pd.api.types.is_float_dtype(frame[name])]
    formats = {name: _FORMATS[name] for name in numeric if name in _FORMATS}
    return show_table(frame, caption=caption, label=label, formats=formats)


@style.styled
def labelled_plane(
    panels: Mapping[str, tuple[ArrayLike, ArrayLike]],
    shares: Mapping[str, ArrayLike] | None = None,
) -> BookFigure:
    """Scatter each statement set on its first two principal components.

    Parameters
    ----------
    panels : mapping of str to (array_like, array_like)
        For each set its scores, of which the first two columns are drawn, and its labels 0, 1.
    shares : mapping of str to array_like, optional
        For each set the shares of the variance along the components, named at the axes.

    Returns
    -------
    BookFigure
        One panel a set, two abreast.

    Examples
    --------
    >>> from activations.figures.truth import labelled_plane
    >>> len(labelled_plane({"cities": ([[0, 1], [1, 0]], [0, 1])}).axes)
    1
    """
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    figure, axes = style.new_figure(rows, columns, height=2.5 * rows, width=5.6, squeeze=False)
    for ax, (name, (scores, labels)) in zip(axes.flat, panels.items(), strict=False):
        _two_classes(ax, np.asarray(scores)[:, :2], np.asarray(labels))
        ax.set_title(name, family="monospace")
        given = None if shares is None else np.asarray(shares[name])
        for axis, number in ((ax.xaxis, 0), (ax.yaxis, 1)):
            told = "" if given is None else f" ({given[number]:.0%})"
            axis.set_label_text(f"component {number + 1}{told}")
    for ax in list(axes.flat)[len(panels) :]:
        ax.remove()
    _legend_below(figure, axes.flat[0])
    return figure


def _legend_below(figure: BookFigure, ax: Axes) -> None:
    handles, names = ax.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), markerscale=1.8)


@style.styled
def onset_curves(
    real: Mapping[str, int], permuted: Mapping[str, Sequence[int]], n_points: Mapping[str, int]
) -> BookFigure:
    """Mark the numbers of components that separate, beside Cover's probability.

    Parameters
    ----------
    real : mapping of str to int
        For each set the smallest k that separates its true labels.
    permuted : mapping of str to sequence of int
        For each set the same for permuted labels.
    n_points : mapping of str to int
        For each set the number of distinct points.

    Returns
    -------
    BookFigure
        The probability that k components separate random labels, over k, one curve for each
        number of points, with the permuted labels on it and the true ones at its foot.

    Examples
    --------
    >>> from activations.figures.truth import onset_curves
    >>> len(onset_curves({"a": 1}, {"a": [4, 5]}, {"a": 10}).axes)
    1
    """
    figure, ax = style.new_figure(height=3.0, width=5.6)
    for n, colour, line in zip(
        sorted(set(n_points.values())), style.CYCLE, ("-", "--", "-.", ":"), strict=False
    ):
        k = np.unique(np.round(np.geomspace(1, n, 240)).astype(int))
        curve = [cover_probability(n, int(value)) for value in k]
        ax.plot(k, curve, line, color=colour, label=f"random labels, $n = {n}$")
        found = sorted(
            v for name, values in permuted.items() if n_points[name] == n for v in values
        )
        ax.plot(
            found, [cover_probability(n, v) for v in found], "o", color=colour, fillstyle="none",
            label=f"permuted labels, $n = {n}$",
        )  # fmt: skip
    names: dict[int, list[str]] = {}
    for name, value in real.items():
        names.setdefault(value, []).append(name)
    # From the right, each name above the one before, so that none runs into its neighbour.
    lift = 8
    for value, who in sorted(names.items(), reverse=True):
        ax.plot([value], [0.0], "D", color=style.RED, clip_on=False, zorder=3)
        ax.annotate(
            "\n".join(who), (value, 0.0), xytext=(0, lift), textcoords="offset points",
            family="monospace", fontsize=9, color=style.RED, va="bottom",
        )  # fmt: skip
        lift += 13 * len(who)
    ax.set_xscale("log")
    ax.set_ylim(0, 1)
    ax.set_xlabel("number $k$ of principal components")
    ax.set_ylabel("probability of separation")
    _legend_above(figure, ax)
    return figure


def _legend_above(figure: BookFigure, ax: Axes) -> None:
    handles, names = ax.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=2)


@style.styled
def score_distributions(panels: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> BookFigure:
    """Draw how one probe scores true and false statements of each set.

    Parameters
    ----------
    panels : mapping of str to (array_like, array_like)
        For each set the probe's scores and the labels 0, 1.

    Returns
    -------
    BookFigure
        One panel a set, two abreast, with common axes; the line at 0 is the probe's threshold.

    Examples
    --------
    >>> from activations.figures.truth import score_distributions
    >>> len(score_distributions({"cities": ([-1.0, 2.0], [0, 1])}).axes)
    1
    """
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    figure, axes = style.new_figure(
        rows, columns, height=1.7 * rows + 0.4, width=5.6, squeeze=False, sharex=True
    )
    every = np.concatenate([np.asarray(scores, dtype=float) for scores, _ in panels.values()])
    bins = np.linspace(every.min(), every.max(), 61)
    for ax, (name, (scores, labels)) in zip(axes.flat, panels.items(), strict=False):
        values, classes = np.asarray(scores, dtype=float), np.asarray(labels)
        for label, told, colour, line in (
            (0, "false", style.ORANGE, "--"),
            (1, "true", style.BLUE, "-"),
        ):
            chosen = values[classes == label]
            ax.hist(
                chosen, bins=bins, weights=np.full(len(chosen), 1 / len(chosen)), label=told,
                histtype="step", color=colour, linestyle=line, linewidth=1.5,
            )  # fmt: skip
        ax.axvline(0.0, color=style.INK, linewidth=0.8, linestyle=":")
        ax.set_title(name, family="monospace")
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
    for ax in axes[-1]:
        ax.set_xlabel(r"score $\mathbf{w}\cdot\mathbf{a} + b$")
    for ax in list(axes.flat)[len(panels) :]:
        ax.remove()
    _legend_below(figure, axes.flat[0])
    return figure


@style.styled
def transfer_spread(frame: pd.DataFrame, published: pd.DataFrame) -> BookFigure:
    """Draw accuracy and AUROC of probes over random splits, beside published accuracies.

    Parameters
    ----------
    frame : pandas.DataFrame
        Runs of one training, with columns ``test``, ``C``, ``accuracy`` and ``auroc``.
    published : pandas.DataFrame
        Accuracies to compare with, with columns ``test``, ``C`` and ``published``.

    Returns
    -------
    BookFigure
        Two panels, accuracy and AUROC, with a row for each test set and penalty: a ring for each
        split, a diamond for what was published.

    Examples
    --------
    >>> import pandas as pd
    >>> from activations.figures.truth import transfer_spread
    >>> frame = pd.DataFrame({"test": ["cities"], "C": [1.0], "accuracy": [0.5], "auroc": [0.6]})
    >>> known = pd.DataFrame({"test": ["cities"], "C": [1.0], "published": [0.4]})
    >>> [len(ax.collections) for ax in transfer_spread(frame, known).axes]
    [1, 1]
    """
    cells = list(dict.fromkeys(zip(frame["test"], frame["C"], strict=True)))
    cells.sort(key=lambda cell: list(frame["test"].unique()).index(cell[0]))
    figure, axes = style.new_figure(1, 2, height=0.42 * len(cells) + 1.0, width=5.6, sharey=True)
    for ax, column, name in zip(axes, ("accuracy", "auroc"), ("accuracy", "AUROC"), strict=True):
        for row, (test, C) in enumerate(cells):
            values = frame[(frame["test"] == test) & (frame["C"] == C)][column].to_numpy()
            colour = style.BLUE if np.isinf(C) else style.GREEN
            ax.scatter(
                values, np.full(len(values), row), s=42, marker="o", facecolors="none",
                edgecolors=colour, linewidths=1.0, clip_on=False,
            )  # fmt: skip
            known = published[(published["test"] == test) & (published["C"] == C)]
            if column == "accuracy" and len(known):
                ax.plot(known["published"], [row], "D", color=style.RED, clip_on=False)
        ax.axvline(0.5, color=style.GREY, linewidth=0.8, linestyle=":")
        ax.set_xlim(0, 1)
        ax.set_xlabel(name)
    axes[0].set_ylim(len(cells) - 0.5, -0.5)
    axes[0].set_yticks(
        range(len(cells)),
        [f"{test}\n{'no penalty' if np.isinf(C) else f'$C = {C:g}$'}" for test, C in cells],
        fontsize=9,
    )
    return figure


@style.styled
def truth_plane(
    panels: Mapping[str, Sequence[tuple[ArrayLike, ArrayLike, int]]],
    t_G: ArrayLike,
    t_P: ArrayLike,
    probe: ArrayLike,
) -> BookFigure:
    """Draw statements in the plane of the two directions of truth, and a probe's direction.

    Parameters
    ----------
    panels : mapping of str to sequence of (array_like, array_like, int)
        For each topic its sets: points of shape (n, 2), labels 0 and 1, and the polarity +-1.
    t_G, t_P : array_like of float, shape (2,)
        The directions of truth in the plane.
    probe : array_like of float, shape (2,)
        The direction of the probe's weights in the plane, of length 1.

    Returns
    -------
    BookFigure
        One panel a topic. Affirmative statements are rings and crosses, negated ones squares and
        pluses; the probe's arrow is drawn with the length of the longer of t_G and t_P.

    Examples
    --------
    >>> from activations.figures.truth import truth_plane
    >>> topic = [([[1.0, 1.0], [-1.0, -1.0]], [1, 0], 1)]
    >>> len(truth_plane({"cities": topic}, [1.0, 0.0], [0.0, 1.0], [0.6, 0.8]).axes)
    1
    """
    figure, axes = style.new_figure(
        1, len(panels), height=3.9, width=5.6, squeeze=False, sharey=True
    )
    looks = {
        (1, 1): ("o", style.BLUE, "affirmative, true"),
        (0, 1): ("x", style.ORANGE, "affirmative, false"),
        (1, -1): ("s", style.PURPLE, "negated, true"),
        (0, -1): ("+", style.RED, "negated, false"),
    }
    longest = max(np.linalg.norm(np.asarray(t_G)), np.linalg.norm(np.asarray(t_P)))
    arrows = {
        r"$\mathbf{t}_G$": np.asarray(t_G, dtype=float),
        r"$\mathbf{t}_P$": np.asarray(t_P, dtype=float),
        r"$\mathbf{w}$": np.asarray(probe, dtype=float) * longest,
    }
    for ax, (topic, members) in zip(axes.flat, panels.items(), strict=True):
        total = sum(len(np.asarray(labels)) for _, labels, _ in members)
        for points, labels, polarity in members:
            for label in (1, 0):
                marker, colour, name = looks[label, polarity]
                x, y = np.asarray(points)[np.asarray(labels) == label].T
                ring = {"facecolors": "none", "edgecolors": colour} if label else {"color": colour}
                ax.scatter(
                    x, y, s=9, marker=marker, linewidths=0.6, alpha=0.75, label=name,
                    rasterized=total > 1000, **ring,
                )  # fmt: skip
        for name, arrow in arrows.items():
            ax.annotate(
                "", arrow, (0.0, 0.0),
                arrowprops={"arrowstyle": "-|>", "color": style.INK, "linewidth": 1.6,
                            "shrinkA": 0, "shrinkB": 0,
                            "linestyle": ":" if "w" in name else "-"},
            )  # fmt: skip
            # The probe's arrow ends among the points, so its name stands beside its middle.
            place = 0.5 * arrow + 0.13 * arrow[::-1] * (1, -1) if "w" in name else 1.17 * arrow
            ax.text(*place, name, ha="center", va="center", fontsize=12)
        ax.set_aspect("equal")
        ax.set_title(topic, family="monospace")
        ax.set_xlabel(r"along $\mathbf{t}_G$")
    axes[0, 0].set_ylabel(r"across, towards $\mathbf{t}_P$")
    handles, names = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=2, markerscale=1.8)
    return figure


#: How each of the four sets is drawn where they share a panel.
_SET_LOOKS: dict[str, dict[str, Any]] = {
    "cities": {"color": style.BLUE, "linestyle": "-", "marker": "o"},
    "neg_cities": {"color": style.ORANGE, "linestyle": "--", "marker": "s"},
    "sp_en_trans": {"color": style.GREEN, "linestyle": "-.", "marker": "^"},
    "neg_sp_en_trans": {"color": style.PURPLE, "linestyle": ":", "marker": "D"},
}


def _spread_out(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move places apart until neighbours have a distance of `gap`, as little as is needed."""
    order = np.argsort(places, kind="stable")
    moved = np.array(places, dtype=float)[order]
    steps = gap * np.arange(len(moved))
    # Less the steps, places that are far enough apart are just places that do not fall.
    flat = scipy.optimize.isotonic_regression(moved - steps).x
    flat = np.clip(flat, low, max(low, high - gap * (len(moved) - 1)))
    result = np.empty(len(moved))
    result[order] = flat + steps
    return [float(value) for value in result]


@style.styled
def layer_sweeps(
    frame: pd.DataFrame, marked_layers: Sequence[int] = (), *, value: str = "auroc"
) -> BookFigure:
    """Draw how probes fare from layer to layer.

    Parameters
    ----------
    frame : pandas.DataFrame
        What `activations.truth.scale.layer_sweep` returned for one model.
    marked_layers : sequence of int
        Layers that are marked by vertical lines.
    value : {"auroc", "accuracy"}
        What to draw.

    Returns
    -------
    BookFigure
        One panel a training, one above the other: for each test set a line through the medians,
        on a band from the smallest to the largest value over the splits, with the set's name at
        its end. The dotted line is one half.

    Examples
    --------
    >>> import pandas as pd
    >>> from activations.figures.truth import layer_sweeps
    >>> row = {"train": "cities", "test": "cities", "auroc": 0.5, "auroc_min": 0.4,
    ...        "auroc_max": 0.6}
    >>> frame = pd.DataFrame([row | {"layer": 0}, row | {"layer": 1}])
    >>> len(layer_sweeps(frame).axes)
    1
    """
    trainings = list(dict.fromkeys(frame["train"]))
    figure, axes = style.new_figure(
        len(trainings), 1, height=2.6 * len(trainings), width=6.4, squeeze=False, sharex=True
    )
    name = {"auroc": "AUROC", "accuracy": "accuracy"}[value]
    for ax, train in zip(axes.flat, trainings, strict=True):
        chosen = frame[frame["train"] == train].sort_values("layer")
        ends: dict[str, float] = {}
        for layer in marked_layers:
            ax.axvline(layer, color=style.GREY, linewidth=0.8, alpha=0.6, zorder=0)
        ax.axhline(0.5, color=style.INK, linewidth=0.8, linestyle=":", zorder=0)
        for test, line in chosen.groupby("test", sort=False):
            look = _SET_LOOKS[str(test)]
            x = line["layer"].to_numpy()
            low, high = (line[f"{value}_{end}"].to_numpy() for end in ("min", "max"))
            ax.fill_between(x, low, high, color=look["color"], alpha=0.15, linewidth=0)
            ax.plot(
                x, line[value].to_numpy(), markersize=3.5, linewidth=1.4, clip_on=False,
                label=str(test), **look,
            )  # fmt: skip
            ends[str(test)] = float(line[value].to_numpy()[-1])
        ax.set_ylim(0, 1)
        ax.set_ylabel(name)
        ax.set_title(f"trained on {train}")
        last = float(chosen["layer"].max())
        for (test, end), place in zip(
            ends.items(), _spread_out(list(ends.values()), 0.1, 0.0, 1.0), strict=True
        ):
            ax.annotate(
                test, (last, end), xytext=(1.03, place),
                textcoords=ax.transAxes, family="monospace", fontsize=9,
                color=_SET_LOOKS[test]["color"], va="center", annotation_clip=False,
                arrowprops={"arrowstyle": "-", "color": _SET_LOOKS[test]["color"],
                            "linewidth": 0.6, "shrinkA": 0, "shrinkB": 2},
            )  # fmt: skip
    axes.flat[-1].set_xlabel("layer, counted from 0")
    axes.flat[-1].xaxis.get_major_locator().set_params(integer=True)
    return figure


@style.styled
def auroc_by_model(frame: pd.DataFrame) -> BookFigure:
    """Draw the AUROCs of several models side by side, with what is uncertain about them.

    Parameters
    ----------
    frame : pandas.DataFrame
        What `activations.truth.scale.transfer_by_model` returned.

    Returns
    -------
    BookFigure
        One panel a training, with a row for each test set and in it a mark for each model: the
        median AUROC, on a broad bar from the smallest to the largest value over the splits, and
        on a thin line with ends for the interval of one split. The dotted line is one half.

    Examples
    --------
    >>> import pandas as pd
    >>> from activations.figures.truth import auroc_by_model
    >>> row = {"model": "A", "train": "cities", "test": "cities", "auroc": 0.5,
    ...        "auroc_min": 0.4, "auroc_max": 0.6, "auroc_low": 0.3, "auroc_high": 0.7}
    >>> len(auroc_by_model(pd.DataFrame([row])).axes)
    1
    """
    trainings = list(dict.fromkeys(frame["train"]))
    tests = list(dict.fromkeys(frame["test"]))
    models = list(dict.fromkeys(frame["model"]))
    figure, axes = style.new_figure(
        1, len(trainings), height=0.32 * len(models) * len(tests) + 1.4, width=7.0,
        squeeze=False, sharey=True,
    )  # fmt: skip
    for ax, train in zip(axes.flat, trainings, strict=True):
        for number, model in enumerate(models):
            chosen = frame[(frame["train"] == train) & (frame["model"] == model)]
            rows = [tests.index(test) for test in chosen["test"]]
            y = np.array(rows) + 0.24 * (number - (len(models) - 1) / 2)
            colour, marker = style.CYCLE[number % 6], "osD^vP"[number % 6]
            ax.hlines(
                y, chosen["auroc_min"], chosen["auroc_max"], color=colour, alpha=0.3,
                linewidth=7, clip_on=False,
            )  # fmt: skip
            middle = chosen["auroc"].to_numpy()
            around = [middle - chosen["auroc_low"], chosen["auroc_high"] - middle]
            ax.errorbar(
                middle, y, xerr=np.maximum(around, 0.0), fmt=marker, color=colour, markersize=5.5,
                linewidth=1.2, capsize=3, clip_on=False, label=model,
            )  # fmt: skip
        ax.axvline(0.5, color=style.INK, linewidth=0.8, linestyle=":", zorder=0)
        ax.set_xlim(0, 1)
        ax.set_xlabel("AUROC")
        ax.set_title(f"trained on\n{train}")
    axes[0, 0].set_yticks(range(len(tests)), tests, family="monospace", fontsize=9)
    axes[0, 0].set_ylim(len(tests) - 0.5, -0.5)
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=2)
    return figure
