"""Figures of chapter 2: statements in the plane, what probes make of them, and why."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import scipy.optimize
from matplotlib.axes import Axes
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import ArrayLike

from activations.figures import style
from activations.figures.style import BookFigure
from activations.figures.tables import Table, show_table
from activations.truth.evaluation import evaluate
from activations.truth.scale import layer_ranges
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
    # The z writes a difference that is rounded to 0 without a minus sign.
    **dict.fromkeys(["gain in accuracy", "gain in AUROC"], "+z.4f"),
    "share": ".6f",
    **dict.fromkeys(["accuracy", "AUROC", "training accuracy"], ".3f"),
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


# --- Descriptions: what a drawing shows, for somebody who listens to the page ------------------


def _listed(parts: Iterable[str]) -> str:
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last


def _number(value: float) -> str:
    """Write a number from 0 to 1; 0 and 1 stand only for themselves, not for what is near."""
    if not np.isfinite(value):
        return "unknown"
    if value in (0, 1):
        return f"{value:.0f}"
    if value < 0.005:
        return "under 0.01"
    return "over 0.99" if value >= 0.995 else f"{value:.2f}"


def _per_cent(share: float) -> str:
    """Write a share as a number of per cent, with 0 and 100 as in `_number`."""
    if not np.isfinite(share):
        return "unknown"
    if 0 < share < 0.005:
        return "under 1"
    return "over 99" if 0.995 <= share < 1 else f"{100 * share:.0f}"


def _missing(labels: np.ndarray) -> str:
    """Name the classes that do not occur."""
    absent = [name for label, name in ((1, "true"), (0, "false")) if label not in labels]
    return f"no {' and no '.join(absent)} sentences" if absent else ""


def _cosine(a: ArrayLike, b: ArrayLike) -> float:
    """Return the cosine between two vectors, NaN if one of them has no direction."""
    one, other = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(np.clip(one @ other / lengths, -1.0, 1.0)) if lengths else np.nan


def _degrees(a: ArrayLike, b: ArrayLike) -> str:
    """Write the angle between two vectors."""
    cosine = _cosine(a, b)
    if np.isnan(cosine):
        return "an unknown angle"
    told = f"{np.degrees(np.arccos(cosine)):.0f}"
    return f"{told} degree{'' if told == '1' else 's'}"


# --- Drawings -----------------------------------------------------------------------------------


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
    _apart(figure)
    _legend_below(figure, axes.flat[0])
    figure.description = _planes_described(panels, shares)
    return figure


def _planes_described(
    panels: Mapping[str, tuple[ArrayLike, ArrayLike]], shares: Mapping[str, ArrayLike] | None
) -> str:
    told, absent = [], []
    for name, (scores, labels) in panels.items():
        classes = np.asarray(labels)
        if missing := _missing(classes):
            absent.append(f"{missing} on {name}")
            continue
        auroc = evaluate(np.asarray(scores)[:, 0], classes).auroc
        told.append(f"{_number(max(auroc, 1 - auroc))} on {name}")
    sentences = []
    if told:
        sentences.append(
            "Along the first component alone the AUROC, turned round where it is below one half, "
            f"is {_listed(told)}; 1 means that the classes do not overlap."
        )
    if absent:
        sentences.append(f"There are {_listed(absent)}.")
    if shares is not None:
        held = []
        for number, name in enumerate(panels):
            first, second = (_per_cent(share) for share in np.asarray(shares[name])[:2])
            unit = "" if number else " per cent of the variance"
            held.append(f"{first} and {second}{unit} on {name}")
        sentences.append(f"The two components hold {'; '.join(held)}.")
    return " ".join(sentences)


def _apart(figure: BookFigure) -> None:
    """Keep panels apart: titles off the axis above them, and ends of axes off one another."""
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(h_pad=0.08, w_pad=0.1)


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
    # From the right, each name above the one before, so that none runs into its neighbour, and
    # like a flag at a pole, so that it is plain to which mark it belongs.
    lift = 8
    for value, who in sorted(names.items(), reverse=True):
        ax.plot([value], [0.0], "D", color=style.RED, clip_on=False, zorder=3)
        ax.annotate(
            "\n".join(who), (value, 0.0), xytext=(4, lift), textcoords="offset points",
            family="monospace", fontsize=9, color=style.RED, va="bottom",
        )  # fmt: skip
        ax.annotate(
            "", (value, 0.0), xytext=(0, lift + 10.5 * len(who)), textcoords="offset points",
            arrowprops={"arrowstyle": "-", "color": style.RED, "linewidth": 0.8,
                        "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
        lift += 13 * len(who)
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter("{x:g}")
    ax.set_ylim(0, 1)
    ax.set_xlabel("number $k$ of principal components")
    ax.set_ylabel("probability of separation")
    _legend_above(figure, ax)
    figure.description = _onset_described(names, permuted, n_points)
    return figure


def _onset_described(
    names: Mapping[int, Sequence[str]],
    permuted: Mapping[str, Sequence[int]],
    n_points: Mapping[str, int],
) -> str:
    own = [f"{k} for {_listed(who)}" for k, who in sorted(names.items())]
    sentences = [
        f"The smallest numbers of components that separate true from false are {'; '.join(own)}."
    ]
    found = [
        f"{min(ks)} to {max(ks)} on {name}" if min(ks) < max(ks) else f"{min(ks)} on {name}"
        for name, ks in permuted.items()
        if len(ks)
    ]
    if found:
        sentences.append(f"Permuted labels need {_listed(found)}.")
    halves = [
        f"{bisect_left(range(1, n), 0.5, key=partial(cover_probability, n)) + 1} of {n}"
        for n in sorted(set(n_points.values()))
    ]
    if halves:
        sentences.append(f"The curves reach one half at {_listed(halves)}.")
    return " ".join(sentences)


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
        One panel a set, two abreast, on one scale of scores; the heights are shares of a class,
        and the line at 0 is the probe's threshold.

    Examples
    --------
    >>> from activations.figures.truth import score_distributions
    >>> len(score_distributions({"cities": ([-1.0, 2.0], [0, 1])}).axes)
    1
    """
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    figure, axes = style.new_figure(
        rows, columns, height=1.75 * rows + 0.4, width=5.6, squeeze=False, sharex=True
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
                chosen, bins=bins, weights=np.ones(len(chosen)) / max(len(chosen), 1), label=told,
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
    _apart(figure)
    _legend_below(figure, axes.flat[0])
    figure.description = _scores_described(panels)
    return figure


def _scores_described(panels: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> str:
    sentences = []
    what = "true sentences score higher than false ones"
    for name, (given, labels) in panels.items():
        scores, classes = np.asarray(given, dtype=float), np.asarray(labels)
        if missing := _missing(classes):
            sentences.append(f"On {name} there are {missing}.")
            continue
        auroc = evaluate(scores, classes).auroc
        often = {0.0: "no pair", 1.0: "all pairs"}.get(
            auroc, f"{_per_cent(auroc)} per cent of pairs"
        )
        places = ("on", "above", "below")
        true, false = (places[int(np.sign(np.median(scores[classes == c])))] for c in (1, 0))
        medians = (
            f"both medians are {true} the threshold"
            if true == false
            else f"the median of true ones is {true} the threshold, that of false ones {false} it"
        )
        sentences.append(f"On {name} {what} in {often}; {medians}.")
        what = "they do"
    return " ".join(sentences)


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
        ax.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        ax.set_xticks([0.25, 0.75], minor=True)
        ax.set_xlabel(name)
    axes[0].set_ylim(len(cells) - 0.5, -0.5)
    axes[0].set_yticks(
        range(len(cells)),
        [f"{test}\n{'no penalty' if np.isinf(C) else f'$C = {C:g}$'}" for test, C in cells],
        fontsize=9,
    )
    _apart(figure)
    figure.description = _spread_described(frame, published, cells)
    return figure


def _spread_described(
    frame: pd.DataFrame, published: pd.DataFrame, cells: Sequence[tuple[str, float]]
) -> str:
    by_test: dict[str, list[str]] = {}
    for test, C in cells:
        chosen = frame[(frame["test"] == test) & (frame["C"] == C)]
        middle = [_number(float(chosen[name].median())) for name in ("accuracy", "auroc")]
        told = f"{_listed(middle)} {'without penalty' if np.isinf(C) else f'with C = {C:g}'}"
        known = published[(published["test"] == test) & (published["C"] == C)]["published"]
        if len(known.dropna()):
            # As it was published, with its own digits.
            told += f" (published accuracy {_listed(f'{value:.3g}' for value in known.dropna())})"
        by_test.setdefault(test, []).append(told)
    sentences = [f"On {test} {'; '.join(told)}." for test, told in by_test.items()]
    return " ".join(["The numbers are median accuracy and median AUROC.", *sentences])


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
    w = arrows[r"$\mathbf{w}$"]
    every = [np.asarray(points) for members in panels.values() for points, _, _ in members]
    limits, ratio = _limits(np.vstack([*every, *arrows.values(), np.zeros(2)]))
    # The boxes are as wide as there is space and the figure as high as they need, or else the
    # layout would leave no space for the titles.
    across = (4.85 - 0.25 * len(panels)) / len(panels)
    figure, axes = style.new_figure(
        1, len(panels), height=across * ratio + 1.6, width=5.6, squeeze=False, sharex=True,
        sharey=True, subplot_kw={"xlim": limits[0], "ylim": limits[1]},
    )  # fmt: skip
    # The probe's arrow ends among the points, so its name stands beside its middle, and away from
    # the arrow that is nearer.
    nearer = t_P if np.nan_to_num(_cosine(w, t_P)) > np.nan_to_num(_cosine(w, t_G)) else t_G
    beside = 0.24 * np.array([-w[1], w[0]]) * (-1 if np.linalg.det([w, nearer]) >= 0 else 1)
    for ax, (topic, members) in zip(axes.flat, panels.items(), strict=True):
        total = sum(len(np.asarray(labels)) for _, labels, _ in members)
        for points, labels, polarity in members:
            for label in (1, 0):
                marker, colour, name = looks[label, polarity]
                x, y = np.asarray(points)[np.asarray(labels) == label].T
                ring = {"facecolors": "none", "edgecolors": colour} if label else {"color": colour}
                ax.scatter(
                    x, y, s=9, marker=marker, linewidths=0.6, label=name,
                    rasterized=total > 1000, **ring,
                )  # fmt: skip
        for name, arrow in arrows.items():
            ax.annotate(
                "", arrow, (0.0, 0.0),
                arrowprops={"arrowstyle": "-|>", "color": style.INK, "linewidth": 1.6,
                            "shrinkA": 0, "shrinkB": 0,
                            "linestyle": ":" if "w" in name else "-"},
            )  # fmt: skip
            place = 0.6 * arrow + beside if "w" in name else 1.2 * arrow
            ax.text(*place, name, ha="center", va="center", fontsize=12)
        ax.set_aspect("equal")
        ax.set_title(topic, family="monospace")
        ax.set_xlabel(r"along $\mathbf{t}_G$")
    axes[0, 0].set_ylabel(r"across, towards $\mathbf{t}_P$")
    handles, names = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=2, markerscale=1.8)
    _apart(figure)
    figure.description = _truth_plane_described(panels, t_G, t_P, probe)
    return figure


def _limits(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Return limits around points that are neither flat nor slender, and height over width."""
    low, high = points.min(axis=0), points.max(axis=0)
    spans = 1.1 * np.maximum(high - low, 1e-9)
    spans = np.maximum(spans, [spans[1] / 1.4, 0.7 * spans[0]])
    middle = (low + high) / 2
    return np.column_stack([middle - spans / 2, middle + spans / 2]), float(spans[1] / spans[0])


def _truth_plane_described(
    panels: Mapping[str, Sequence[tuple[ArrayLike, ArrayLike, int]]],
    t_G: ArrayLike,
    t_P: ArrayLike,
    probe: ArrayLike,
) -> str:
    apart, general, polar = _degrees(t_G, t_P), _degrees(probe, t_G), _degrees(probe, t_P)
    told = []
    for topic, members in panels.items():
        for points, labels, polarity in members:
            at, classes = np.asarray(points, dtype=float), np.asarray(labels)
            angle = _missing(classes)
            if not angle:
                step = at[classes == 1].mean(axis=0) - at[classes == 0].mean(axis=0)
                angle = _degrees(step, probe)
            told.append(f"{angle} on {'affirmative' if polarity > 0 else 'negated'} {topic}")
    return (
        f"The general and the polarity-sensitive direction are {apart} apart; the probe's arrow is "
        f"{general} from the first and {polar} from the second. The step from the mean of the "
        "false sentences to that of the true ones turns away from the probe's arrow by "
        f"{_listed(told)}. Beyond 90 degrees it leads backwards."
    )


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
        len(trainings), 1, height=2.5 * len(trainings), width=5.6, squeeze=False, sharex=True
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
        ax.set_title(f"trained on {train}", pad=9)
        last = float(chosen["layer"].max())
        for (test, end), place in zip(
            ends.items(), _spread_out(list(ends.values()), 0.1, 0.0, 1.0), strict=True
        ):
            ax.annotate(
                test, (last, end), xytext=(1.03, place),
                textcoords=ax.transAxes, family="monospace", fontsize=9,
                color=_SET_LOOKS[test]["color"], va="center", annotation_clip=False,
                arrowprops={"arrowstyle": "-", "color": _SET_LOOKS[test]["color"],
                            "linewidth": 0.6, "relpos": (0.0, 0.5), "shrinkA": 1, "shrinkB": 2},
            )  # fmt: skip
    axes.flat[-1].set_xlabel("layer, counted from 0")
    axes.flat[-1].xaxis.get_major_locator().set_params(integer=True)
    _apart(figure)
    figure.description = _sweeps_described(frame, value, name)
    return figure


def _sweeps_described(frame: pd.DataFrame, value: str, name: str) -> str:
    sentences = [f"The numbers are medians of the {name}."]
    for train, panel in frame.groupby("train", sort=False):
        told = [
            f"{test} is {_line_described(line.set_index('layer')[value].dropna())}"
            for test, line in panel.groupby("test", sort=False)
        ]
        sentences.append(f"For training on {train}, {'; '.join(told)}.")
    return " ".join(sentences)


def _line_described(line: "pd.Series[float]") -> str:
    def where(chosen: "pd.Series[bool]") -> str:
        layers = [int(str(layer)) for layer in line.index[chosen]]
        return f"on {'layer' if len(layers) == 1 else 'layers'} {layer_ranges(layers)}"

    if line.empty:
        return "unknown"
    low, high = float(line.min()), float(line.max())
    if low == high:
        return f"{_number(low)} {where(line == low)}"
    # Where a line stays near an end, which of the layers is nearest says little.
    return " and ".join(
        [
            f"at most 0.1 {where(line <= 0.1)}"
            if low <= 0.1
            else f"lowest {where(line == low)} ({_number(low)})",
            f"at least 0.9 {where(line >= 0.9)}"
            if high >= 0.9
            else f"highest {where(line == high)} ({_number(high)})",
        ]
    )


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
        1, len(trainings), height=(0.18 * len(models) + 0.28) * len(tests) + 1.4, width=5.6,
        squeeze=False, sharey=True,
    )  # fmt: skip
    step = min(0.24, 0.8 / len(models))
    for ax, train in zip(axes.flat, trainings, strict=True):
        for number, model in enumerate(models):
            chosen = frame[(frame["train"] == train) & (frame["model"] == model)]
            rows = [tests.index(test) for test in chosen["test"]]
            y = np.array(rows) + step * (number - (len(models) - 1) / 2)
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
        ax.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        ax.set_xticks([0.25, 0.75], minor=True)
        ax.set_xlabel("AUROC")
        ax.set_title(f"trained on\n{train}")
    axes[0, 0].set_yticks(range(len(tests)), tests, family="monospace", fontsize=9)
    axes[0, 0].set_ylim(len(tests) - 0.5, -0.5)
    handles, names = axes[0, 0].get_legend_handles_labels()
    # Two long names fill the width.
    columns = 2 if len(models) <= 2 else 1
    figure.legend(handles, names, loc="outside lower center", ncols=columns)
    _apart(figure)
    figure.description = _models_described(frame)
    return figure


def _models_described(frame: pd.DataFrame) -> str:
    models = list(dict.fromkeys(frame["model"]))
    order = ", in this order" if len(models) > 1 else ""
    sentences = [f"The numbers are median AUROCs of {_listed(models)}{order}."]
    for train, panel in frame.groupby("train", sort=False):
        told = []
        for test, row in panel.groupby("test", sort=False):
            found = dict(zip(row["model"], row["auroc"], strict=True))
            numbers = [_number(found.get(model, np.nan)) for model in models]
            told.append(f"{_listed(numbers)} on {test}")
        sentences.append(f"For training on {train} they are {'; '.join(told)}.")
    return " ".join(sentences)
