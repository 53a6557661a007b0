"""The chapter's experiments, each of them a data frame.

A run trains one probe on one split and tests it; a table sums up the runs. All chance comes from
the generator that is passed in.
"""

import pickle
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
import scipy.stats
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit
from threadpoolctl import threadpool_limits

from activations._arguments import generator
from activations.truth.archive import read_chunk
from activations.truth.evaluation import auroc_interval, evaluate, wilson_interval
from activations.truth.probes import (
    TOLERANCE,
    LinearProbe,
    TruthDirections,
    fit_logistic,
    principal_components,
    truth_directions,
)
from activations.truth.separability import (
    SeparabilityCertificate,
    SeparabilityOnset,
    dyadic_scores,
    separability_certificate,
    smallest_separable_k,
)
from activations.truth.sources import Activations, statements
from activations.truth.statement_sets import SETS

__all__ = [
    "N_SPLITS",
    "PUBLISHED",
    "TEST_SHARE",
    "PublishedCount",
    "Runs",
    "SeparabilityStudy",
    "Split",
    "TruthPlane",
    "all_false_accuracy",
    "auroc_ends",
    "centring_table",
    "compare_splits",
    "direction_terms",
    "directions_table",
    "distinct_rows",
    "draw_splits",
    "first_statements",
    "format_range",
    "format_share",
    "format_spread",
    "hardest_study",
    "median_run",
    "obstacle_statements",
    "published_count",
    "random_label_fit",
    "read_published",
    "separability_studies",
    "separability_table",
    "solver_table",
    "split_overlap",
    "study_separability",
    "summarise",
    "terms_table",
    "tolerance_table",
    "topic_cosines",
    "topic_directions",
    "transfer_runs",
    "truth_plane",
    "unsafe_pickle",
    "verdict",
    "within_runs",
]

#: Random splits behind each figure of the chapter: odd, so that the median is one of them.
N_SPLITS: Final = 21

#: The share of the statements, or of their groups, that is kept for testing.
TEST_SHARE: Final = 0.2

#: Accuracies of a published solution to the sheet, each from one random split of a set of the
#: course's archive, of which half the statements are false.
PUBLISHED: Final = pd.DataFrame(
    [
        ("2(a)", "cities", "cities", np.inf, 0.99, 300, 1496),
        ("2(a)", "neg_cities", "neg_cities", np.inf, 1.00, 300, 1496),
        ("2(a)", "sp_en_trans", "sp_en_trans", np.inf, 1.00, 71, 354),
        ("2(a)", "neg_sp_en_trans", "neg_sp_en_trans", np.inf, 1.00, 71, 354),
        ("2(b)", "cities", "neg_cities", np.inf, 0.510, 300, 1496),
        ("2(b)", "cities", "sp_en_trans", np.inf, 1.000, 71, 354),
        ("2(b)", "cities", "neg_sp_en_trans", np.inf, 0.028, 71, 354),
        ("2(b)", "cities", "neg_cities", 1.0, 0.527, 300, 1496),
        ("2(b)", "cities", "sp_en_trans", 1.0, 0.972, 71, 354),
        ("2(b)", "cities", "neg_sp_en_trans", 1.0, 0.423, 71, 354),
        ("2(c)", "cities + neg_cities", "sp_en_trans", np.inf, 1.000, 71, 354),
        ("2(c)", "cities + neg_cities", "neg_sp_en_trans", np.inf, 0.972, 71, 354),
        ("2(c)", "cities + neg_cities", "sp_en_trans", 1.0, 1.000, 71, 354),
        ("2(c)", "cities + neg_cities", "neg_sp_en_trans", 1.0, 0.972, 71, 354),
    ],
    columns=["part", "train", "test", "C", "published", "n_published", "n_set"],
)


def first_statements(sets: Iterable[str], n: int = 2) -> pd.DataFrame:
    """Show how each set begins.

    Parameters
    ----------
    sets : iterable of str
        Names of statement sets.
    n : int
        How many statements of each.

    Returns
    -------
    pandas.DataFrame
        Columns ``statement``, ``label``, ``subject`` and ``polarity``, as from `statements`.

    Raises
    ------
    ValueError, OSError
        As `statements` raises them.

    Examples
    --------
    >>> from activations.truth.experiments import first_statements
    >>> len(first_statements([]))
    0
    """
    columns = ["statement", "label", "subject", "polarity"]
    heads = [statements(name).head(n)[columns] for name in sets]
    return pd.concat(heads, ignore_index=True) if heads else pd.DataFrame(columns=columns)


# --- Splits -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Split:
    """Rows of one statement set to train on and to test on.

    Attributes
    ----------
    train, test : numpy.ndarray of int64
        Row numbers, without overlap.
    """

    train: NDArray[np.int64]
    test: NDArray[np.int64]


def _seed(rng: np.random.Generator) -> int:
    return int(generator("rng", rng).integers(2**31))


def draw_splits(
    sets: Mapping[str, Activations], rng: np.random.Generator, *, by_group: bool = True
) -> dict[str, Split]:
    """Split each statement set at random into four fifths to train on and one fifth to test on.

    Parameters
    ----------
    sets : mapping of str to Activations
        The statement sets by name.
    rng : numpy.random.Generator
        The source of chance.
    by_group : bool
        If true, cities and words are drawn instead of statements, once for each topic: all
        statements about a subject are on one side, affirmative and negated ones. If false, each
        set is split on its own, statement by statement, as the sheet's code does.

    Returns
    -------
    dict of str to Split
        One split for each set.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.truth.experiments import draw_splits
    >>> draw_splits({}, np.random.default_rng(0))
    {}
    """
    if not by_group:
        return {name: Split(*next(_shuffle(rng).split(data.X))) for name, data in sets.items()}
    held_out: dict[str, NDArray[np.int64]] = {}
    splits = {}
    for name, data in sets.items():
        topic = SETS[name].topic
        if topic not in held_out:
            cut = GroupShuffleSplit(n_splits=1, test_size=TEST_SHARE, random_state=_seed(rng))
            _, test = next(cut.split(data.X, groups=data.groups))
            held_out[topic] = np.unique(data.groups[test])
        away = np.isin(data.groups, held_out[topic])
        splits[name] = Split(np.flatnonzero(~away), np.flatnonzero(away))
    return splits


def _shuffle(rng: np.random.Generator) -> ShuffleSplit:
    return ShuffleSplit(n_splits=1, test_size=TEST_SHARE, random_state=_seed(rng))


# --- Runs and tables --------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Runs:
    """Probes trained on random splits, and how each of them fared.

    Attributes
    ----------
    frame : pandas.DataFrame
        One row for each split, training, C and test set: ``split``, ``train``, ``C``, ``test``,
        ``n_train``, ``n_test``, ``n_true``, ``correct``, ``accuracy``, ``auroc``, ``share_true``
        and ``accuracy_recentred``.
    probes : dict
        The probes by (train, C), one for each split.
    splits : list of dict
        The splits, each by the sets' names.
    """

    frame: pd.DataFrame
    probes: dict[tuple[str, float], list[LinearProbe]]
    splits: list[dict[str, Split]] = field(default_factory=list)


def transfer_runs(
    sets: Mapping[str, Activations],
    trainings: Iterable[Sequence[str]],
    rng: np.random.Generator,
    *,
    Cs: Sequence[float] = (np.inf, 1.0),
    n_splits: int = N_SPLITS,
    by_group: bool = True,
    only_within: bool = False,
    tol: float = TOLERANCE,
) -> Runs:
    """Train probes on some sets and test them on every set, over random splits.

    Parameters
    ----------
    sets : mapping of str to Activations
        The statement sets by name.
    trainings : iterable of sequences of str
        For each training, the sets whose training rows it uses.
    rng : numpy.random.Generator
        The source of chance.
    Cs : sequence of float
        The penalties, as for `fit_logistic`.
    n_splits : int
        The number of random splits.
    by_group : bool
        As for `draw_splits`.
    only_within : bool
        If true, a probe is tested only on the sets that it was trained on.
    tol : float
        As for `fit_logistic`.

    Returns
    -------
    Runs
        Tests use the test rows of a set only, so that by group no subject is met again.

    Raises
    ------
    KeyError
        If a training names a set that is not there.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.truth.experiments import transfer_runs
    >>> transfer_runs({}, [], np.random.default_rng(0)).probes
    {}
    """
    wide = {name: data.X.astype(np.float64) for name, data in sets.items()}
    rows = []
    probes: dict[tuple[str, float], list[LinearProbe]] = {}
    trainings = [tuple(names) for names in trainings]
    every = [draw_splits(sets, rng, by_group=by_group) for _ in range(n_splits)]
    for number, splits in enumerate(every):
        for names in trainings:
            X = np.concatenate([wide[name][splits[name].train] for name in names])
            y = np.concatenate([sets[name].y[splits[name].train] for name in names])
            for C in Cs:
                probe = fit_logistic(X, y, C=C, tol=tol)
                label = " + ".join(names)
                probes.setdefault((label, C), []).append(probe)
                for target in names if only_within else sets:
                    test = splits[target].test
                    told = evaluate(probe.scores(wide[target][test]), sets[target].y[test])
                    rows.append(
                        {
                            "split": number,
                            "train": label,
                            "C": C,
                            "test": target,
                            "n_train": len(y),
                            "n_test": told.n,
                            "n_true": told.n_true,
                            "correct": told.correct,
                            "accuracy": told.accuracy,
                            "auroc": told.auroc,
                            "share_true": told.share_true,
                            "accuracy_recentred": told.accuracy_recentred,
                        }
                    )
    return Runs(pd.DataFrame(rows), probes, every)


def within_runs(
    sets: Mapping[str, Activations],
    rng: np.random.Generator,
    *,
    by_group: bool = True,
    n_splits: int = N_SPLITS,
) -> Runs:
    """Train a probe without penalty on each set alone, and test it on the same set's test rows.

    Parameters
    ----------
    sets : mapping of str to Activations
        The statement sets by name.
    rng : numpy.random.Generator
        The source of chance.
    by_group : bool
        As for `draw_splits`.
    n_splits : int
        The number of random splits.

    Returns
    -------
    Runs
        As from `transfer_runs`.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.truth.experiments import within_runs
    >>> len(within_runs({}, np.random.default_rng(0)).frame)
    0
    """
    alone = [(name,) for name in sets]
    return transfer_runs(
        sets, alone, rng, Cs=(np.inf,), n_splits=n_splits, by_group=by_group, only_within=True
    )


def format_share(value: float, digits: int = 3) -> str:
    """Write a share as the sheets do, without the zero in front of the point.

    Parameters
    ----------
    value : float
        A number from 0 to 1.
    digits : int
        The digits after the point.

    Returns
    -------
    str
        Such as ``".028"`` and ``"1.000"``.

    Examples
    --------
    >>> from activations.truth.experiments import format_share
    >>> format_share(2 / 71), format_share(1.0)
    ('.028', '1.000')
    """
    return f"{value:.{digits}f}".removeprefix("0")


def _published(known: pd.DataFrame) -> str | None:
    """Write a published accuracy with the digits that it was published with."""
    if not len(known):
        return None
    value = known.iloc[0]
    return f"{value.published:.{2 if value.part == '2(a)' else 3}f}".removeprefix("0")


def format_range(low: str, high: str) -> str:
    r"""Write a range so that it stays on one line of a narrow column.

    Parameters
    ----------
    low, high : str
        The ends, as they are to be shown.

    Returns
    -------
    str
        In brackets, with a space that does not break.

    Examples
    --------
    >>> from activations.truth.experiments import format_range
    >>> format_range(".008", ".097")
    '[.008,\xa0.097]'
    """
    return f"[{low},\N{NO-BREAK SPACE}{high}]"


def format_spread(values: "pd.Series[float]", *, middle: float | None = None) -> str:
    r"""Write how shares or AUROCs spread over splits.

    Parameters
    ----------
    values : pandas.Series of float
        One value a split.
    middle : float, optional
        What stands for all of them; by default their median.

    Returns
    -------
    str
        As ``middle [smallest, largest]``.

    Examples
    --------
    >>> import pandas as pd
    >>> from activations.truth.experiments import format_spread
    >>> format_spread(pd.Series([0.5, 1.0, 0.75]))
    '.750 [.500,\xa01.000]'
    """
    ends = format_range(format_share(values.min()), format_share(values.max()))
    return f"{format_share(values.median() if middle is None else middle)} {ends}"


def _penalty(C: float) -> str:
    return "none" if np.isinf(C) else f"$C = {C:g}$"


def median_run(cell: pd.DataFrame, column: str) -> "pd.Series[Any]":
    """Pick the run with the median, of an even number the lower one of the middle two.

    Parameters
    ----------
    cell : pandas.DataFrame
        Rows of the frame of `Runs`.
    column : str
        Of which column to take the median.

    Returns
    -------
    pandas.Series
        The row; the first one of several alike that could be it.

    Examples
    --------
    >>> import pandas as pd
    >>> from activations.truth.experiments import median_run
    >>> median_run(pd.DataFrame({"split": [0, 1, 2], "auroc": [0.5, 1.0, 0.75]}), "auroc").split
    np.float64(2.0)
    """
    return cell.sort_values(column, kind="stable").iloc[(len(cell) - 1) // 2]


def auroc_ends(run: "pd.Series[Any]") -> tuple[float, float]:
    """Give Newcombe's interval for the AUROC of a run.

    Parameters
    ----------
    run : pandas.Series
        A row of the frame of `Runs`.

    Returns
    -------
    low, high : float
        As from `auroc_interval`.

    Examples
    --------
    >>> import pandas as pd
    >>> from activations.truth.experiments import auroc_ends
    >>> run = pd.Series({"auroc": 0.5, "n_test": 300, "n_true": 150})
    >>> [round(end, 3) for end in auroc_ends(run)]
    [0.435, 0.565]
    """
    n_true = int(run.n_true)
    return auroc_interval(float(run.auroc), n_true, int(run.n_test) - n_true)


def summarise(
    runs: pd.DataFrame, *, train: str | None = None, tests: Sequence[str] | None = None
) -> pd.DataFrame:
    r"""Sum runs up over their splits, as the book's tables show them.

    Parameters
    ----------
    runs : pandas.DataFrame
        The frame of `Runs`.
    train : str, optional
        Only this training, as ``"cities + neg_cities"``. By default all that were tested on
        their own set.
    tests : sequence of str, optional
        Only these test sets; for the default training each is its own.

    Returns
    -------
    pandas.DataFrame
        One row for each C and test set; the penalty is left out if it is the same everywhere.
        Accuracy, AUROC and the share predicted true are given as ``median [smallest, largest]``;
        n and the Wilson interval are those of a split with the median accuracy, Newcombe's
        interval is that of a split with the median AUROC; the published accuracy stands beside
        them where there is one.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from activations.truth.experiments import summarise
    >>> row = {"train": "cities", "test": "cities", "C": np.inf, "n_test": 300,
    ...        "n_true": 150, "correct": 297, "accuracy": 0.99, "auroc": 1.0, "share_true": 0.5}
    >>> frame = pd.DataFrame([row])
    >>> summarise(frame)[["accuracy", "Wilson 95 %", "published"]].to_numpy().tolist()
    [['.990 [.990,\xa0.990]', '[.971,\xa0.997]', '.99']]
    """
    chosen = runs[runs.train == train] if train else runs[runs.train == runs.test]
    if tests is not None:
        chosen = chosen[chosen.test.isin(tests)]
    rows = []
    for (trained, C, test), cell in chosen.groupby(["train", "C", "test"], sort=False):
        middle = median_run(cell, "accuracy")
        low, high = wilson_interval(int(middle.correct), int(middle.n_test))
        known = PUBLISHED[
            (PUBLISHED.train == trained) & (PUBLISHED.C == C) & (PUBLISHED.test == test)
        ]
        rows.append(
            {
                "tested on": str(test),
                "penalty": _penalty(float(str(C))),
                "n": int(middle.n_test),
                "accuracy": format_spread(cell.accuracy),
                "Wilson 95 %": format_range(format_share(low), format_share(high)),
                "AUROC": format_spread(cell.auroc),
                "Newcombe 95 %": format_range(
                    *map(format_share, auroc_ends(median_run(cell, "auroc")))
                ),
                "predicted true": format_spread(cell.share_true),
                "published": _published(known),
            }
        )
    table = pd.DataFrame(rows)
    return table if chosen.C.nunique() > 1 else table.drop(columns="penalty")


def compare_splits(
    by_group: pd.DataFrame,
    naive: pd.DataFrame,
    *,
    train: str | None = None,
    tests: Sequence[str] | None = None,
    C: float = np.inf,
) -> pd.DataFrame:
    """Set splits by group beside naive ones.

    Parameters
    ----------
    by_group, naive : pandas.DataFrame
        The frames of two `Runs`.
    train : str, optional
        Only this training, as for `summarise`.
    tests : sequence of str, optional
        Only these test sets.
    C : float
        The penalty.

    Returns
    -------
    pandas.DataFrame
        Accuracy and AUROC of both as ``mean [smallest, largest]`` over the splits, and what naive
        splits gain in the mean: naive minus by group.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from activations.truth.experiments import compare_splits
    >>> frame = pd.DataFrame({"train": ["cities"], "test": ["cities"], "C": [np.inf],
    ...                       "accuracy": [0.75], "auroc": [0.5]})
    >>> compare_splits(frame, frame)["gain in accuracy"].tolist()
    [0.0]
    """
    chosen = (
        by_group[by_group.train == train] if train else by_group[by_group.train == by_group.test]
    )
    if tests is not None:
        chosen = chosen[chosen.test.isin(tests)]
    cells = dict.fromkeys(zip(chosen.train, chosen.test, strict=True))
    rows = []
    for train, test in cells:
        row: dict[str, str | float] = {"tested on": test}
        for column, name in (("accuracy", "accuracy"), ("auroc", "AUROC")):
            apart, mixed = (
                frame.loc[(frame.train == train) & (frame.test == test) & (frame.C == C), column]
                for frame in (by_group, naive)
            )
            row[f"{name} by subject"] = format_spread(apart, middle=float(apart.mean()))
            row[f"naive {name}"] = format_spread(mixed, middle=float(mixed.mean()))
            row[f"gain in {name}"] = float(mixed.mean() - apart.mean())
        rows.append(row)
    return pd.DataFrame(rows)


def verdict(auroc: float) -> str:
    """Put an AUROC into a word.

    Parameters
    ----------
    auroc : float
        An area under the ROC curve, 0 to 1.

    Returns
    -------
    str
        ``"transfers"`` from .9 on, ``"inverts"`` up to .1, ``"does not rank"`` from .45 to .55,
        ``"ranks weakly"`` and ``"ranks weakly, the wrong way"`` in between.

    Raises
    ------
    ValueError
        If `auroc` is not in [0, 1].

    Examples
    --------
    >>> from activations.truth.experiments import verdict
    >>> verdict(0.99), verdict(0.5), verdict(0.02)
    ('transfers', 'does not rank', 'inverts')
    """
    if not 0 <= auroc <= 1:
        raise ValueError(f"auroc must be in [0, 1], got {auroc}")
    if auroc >= 0.9:
        return "transfers"
    if auroc <= 0.1:
        return "inverts"
    if 0.45 <= auroc <= 0.55:
        return "does not rank"
    return "ranks weakly" if auroc > 0.5 else "ranks weakly, the wrong way"


class PublishedCount(NamedTuple):
    """A published accuracy, and the count of correct answers that it stands for.

    Attributes
    ----------
    shown : str
        The accuracy as it was published.
    correct, n : int
        The count and the size of the test set.
    """

    shown: str
    correct: int
    n: int


def published_count(test: str, *, train: str = "cities", C: float = np.inf) -> PublishedCount:
    """Look up a published accuracy and the count behind it.

    Parameters
    ----------
    test, train : str
        The set that was tested on, and the training.
    C : float
        The penalty.

    Returns
    -------
    PublishedCount
        From `PUBLISHED`.

    Raises
    ------
    KeyError
        If there is no such figure.

    Examples
    --------
    >>> from activations.truth.experiments import published_count
    >>> published_count("neg_sp_en_trans")
    PublishedCount(shown='.028', correct=2, n=71)
    """
    at = (PUBLISHED.train == train) & (PUBLISHED.test == test) & (PUBLISHED.C == C)
    known = PUBLISHED[at]
    shown = _published(known)
    if shown is None:
        raise KeyError(f"no figure was published for {train} -> {test} at C={C}")
    value, n = float(known.published.iloc[0]), int(known.n_published.iloc[0])
    return PublishedCount(shown, round(value * n), n)


def all_false_accuracy(
    n: int, n_false: int, n_test: int, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Give the range of accuracies of a probe that calls every statement false.

    Parameters
    ----------
    n : int
        Statements in the set.
    n_false : int
        How many of them are false.
    n_test : int
        The size of a random test split.
    confidence : float
        The probability that the accuracy lies in the range, at least.

    Returns
    -------
    low, high : float
        The central range of the share of false statements in the split, from the hypergeometric
        distribution.

    Raises
    ------
    ValueError
        If the counts do not fit.

    Examples
    --------
    >>> from activations.truth.experiments import all_false_accuracy
    >>> all_false_accuracy(10, 5, 10)
    (0.5, 0.5)
    """
    if not 0 <= n_false <= n or not 0 < n_test <= n:
        raise ValueError(f"counts must fit: n={n}, n_false={n_false}, n_test={n_test}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1, got {confidence}")
    low, high = scipy.stats.hypergeom(n, n_false, n_test).interval(confidence)
    return float(low) / n_test, float(high) / n_test


def read_published(naive: pd.DataFrame) -> pd.DataFrame:
    r"""Ask of each published accuracy of 2(b) which kind of probe would give it.

    Parameters
    ----------
    naive : pandas.DataFrame
        The frame of `Runs` trained on cities, with naive splits as the published ones.

    Returns
    -------
    pandas.DataFrame
        One row for each published figure with runs of its kind: the figure, the count that it
        stands for, the range of the runs, that with the threshold moved to the mean score, and
        the 95 % range of a probe that calls every statement of the published split false.
        Ranges that hold the figure are in bold.

    Examples
    --------
    >>> import pandas as pd
    >>> from activations.truth.experiments import read_published
    >>> run = {"train": "cities", "test": "neg_sp_en_trans", "C": 1.0, "accuracy": 0.5,
    ...        "accuracy_recentred": 0.0}
    >>> read_published(pd.DataFrame([run]))[["count", "our splits", "all false"]].T[0].tolist()
    ['30/71', '[.500,\xa0.500]', '**[.394,\xa0.606]**']
    """
    rows = []
    for known in PUBLISHED[PUBLISHED.part == "2(b)"].itertuples():
        cell = naive[
            (naive.train == known.train) & (naive.test == known.test) & (naive.C == known.C)
        ]
        if cell.empty:
            continue
        n, n_set = int(str(known.n_published)), int(str(known.n_set))
        ranges = {
            "our splits": (cell.accuracy.min(), cell.accuracy.max()),
            "recentred": (cell.accuracy_recentred.min(), cell.accuracy_recentred.max()),
            "all false": all_false_accuracy(n_set, n_set // 2, n),
        }
        value = float(str(known.published))
        # Half a unit of the last printed digit.
        cells = {
            kind: f"**{format_range(format_share(low), format_share(high))}**"
            if low - 5e-4 <= value <= high + 5e-4
            else format_range(format_share(low), format_share(high))
            for kind, (low, high) in ranges.items()
        }
        rows.append(
            {
                "tested on": str(known.test),
                "penalty": _penalty(float(str(known.C))),
                "published": format_share(value),
                "count": f"{round(value * n)}/{n}",
                **cells,
            }
        )
    return pd.DataFrame(rows)


# --- Separability -----------------------------------------------------------------------------


def distinct_rows(X: NDArray[np.floating]) -> NDArray[np.int64]:
    """List the rows that repeat no earlier one.

    Parameters
    ----------
    X : numpy.ndarray, shape (n, d)
        The rows.

    Returns
    -------
    numpy.ndarray of int64
        Row numbers, in order.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.truth.experiments import distinct_rows
    >>> distinct_rows(np.array([[1.0], [2.0], [1.0]])).tolist()
    [0, 1]
    """
    return np.sort(np.unique(X, axis=0, return_index=True)[1])


@dataclass(frozen=True, eq=False)
class SeparabilityStudy:
    """What is proved about the separability of one statement set.

    Attributes
    ----------
    name : str
        The set's name.
    n : int
        The number of statements.
    scores : numpy.ndarray of float64, shape (n, min(n, d))
        Their scores on all principal components, rounded; see `dyadic_scores`.
    share : numpy.ndarray of float64
        The share of the variance along each component.
    y : numpy.ndarray of int64, shape (n,)
        The labels.
    whole : SeparabilityCertificate
        The proof for the activations themselves, in all d dimensions and unrounded.
    onset : SeparabilityOnset
        The smallest number of components that separates the rounded scores, with proofs.
    distinct : numpy.ndarray of int64
        The rows that repeat no earlier one.
    permuted : list of int
        The smallest number of components for random permutations of the distinct rows' labels.
    """

    name: str
    n: int
    scores: NDArray[np.float64]
    share: NDArray[np.float64]
    y: NDArray[np.int64]
    whole: SeparabilityCertificate
    onset: SeparabilityOnset
    distinct: NDArray[np.int64]
    permuted: list[int]

    @property
    def k_below(self) -> int:
        """The largest number of components that does not separate the set."""
        return self.scores.shape[1] if self.onset.k is None else self.onset.k - 1

    def verify(self, X: ArrayLike) -> dict[str, bool]:
        """Check all proofs once more, in integer arithmetic.

        Parameters
        ----------
        X : array_like of float, shape (n, d)
            The activations.

        Returns
        -------
        dict of str to bool
            Which proofs hold: ``"all dimensions"``, ``"k components"`` if some number k of
            components separates, and ``"one component fewer"``, or all of them if none does.

        Examples
        --------
        >>> import numpy as np
        >>> from activations.truth import Activations
        >>> from activations.truth.experiments import study_separability
        >>> X = np.array([[0, 0], [4, 0], [1, 9], [5, 9]], dtype=np.float32)
        >>> y, ones = np.array([0, 1, 0, 1]), np.ones(4, dtype=np.int64)
        >>> data = Activations("cities", X, y, y, ones, ("",) * 4, "toy", 0, "toy")
        >>> study = study_separability(data, np.random.default_rng(0), permutations=0)
        >>> study.verify(X)
        {'all dimensions': True, 'k components': True, 'one component fewer': True}
        """
        checks = {"all dimensions": self.whole.verify(X, self.y)}
        k, onset = self.onset.k, self.onset
        if k is not None and onset.plane is not None:
            checks["k components"] = onset.plane.verify(self.scores[:, :k], self.y)
        if onset.obstacle is not None:
            below = self.scores[:, : self.k_below]
            checks["one component fewer"] = onset.obstacle.verify(below, self.y)
        return checks


def study_separability(
    data: Activations, rng: np.random.Generator, *, permutations: int = 1, bits: int = 16
) -> SeparabilityStudy:
    """Find the smallest number of principal components that separates a set, with proofs.

    Parameters
    ----------
    data : Activations
        The statement set.
    rng : numpy.random.Generator
        The source of the permutations.
    permutations : int
        How many random permutations of the labels to treat in the same way.
    bits : int
        Scores are rounded to multiples of ``2**-bits``.

    Returns
    -------
    SeparabilityStudy
        Numbers, and the proofs of them.

    Raises
    ------
    ArithmeticError
        If a proof fails.

    Notes
    -----
    A hyperplane on the scores is carried over to the activations as they are and checked there.
    Labels are permuted among the distinct rows: a statement that occurs twice, once with either
    label, could not be separated in any dimension.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.truth import Activations
    >>> from activations.truth.experiments import study_separability
    >>> X = np.array([[0, 0], [4, 0], [1, 9], [5, 9]], dtype=np.float32)
    >>> y, ones = np.array([0, 1, 0, 1]), np.ones(4, dtype=np.int64)
    >>> data = Activations("cities", X, y, y, ones, ("",) * 4, "toy", 0, "toy")
    >>> study_separability(data, np.random.default_rng(0), permutations=0).onset.k
    2
    """
    parts = principal_components(data.X)
    scores = dyadic_scores(parts.scores, bits=bits)
    onset = smallest_separable_k(scores, data.y)
    if onset.plane is None or onset.plane.weights is None or onset.plane.bias is None:
        whole = separability_certificate(data.X, data.y)
    else:
        weights = onset.plane.weights @ parts.axes[: len(onset.plane.weights)]
        whole = SeparabilityCertificate(
            True, weights, onset.plane.bias - float(weights @ parts.mean)
        )
        if not whole.verify(data.X, data.y):
            whole = separability_certificate(data.X, data.y)
    distinct = distinct_rows(data.X)
    permuted = []
    for _ in range(permutations):
        found = smallest_separable_k(scores[distinct], rng.permutation(data.y[distinct])).k
        if found is None:
            raise ArithmeticError(f"permuted labels of {data.name} are separable in no dimension")
        permuted.append(found)
    return SeparabilityStudy(
        data.name, len(data), scores, parts.share, data.y, whole, onset, distinct, permuted
    )


def separability_studies(
    sets: Mapping[str, Activations], rng: np.random.Generator
) -> dict[str, SeparabilityStudy]:
    """Study the separability of each set.

    Parameters
    ----------
    sets : mapping of str to Activations
        The statement sets by name.
    rng : numpy.random.Generator
        The source of the permutations.

    Returns
    -------
    dict of str to SeparabilityStudy
        With five permutations of the labels for each set, and one for sets of more than 1000
        statements, whose proofs take longer.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.truth.experiments import separability_studies
    >>> separability_studies({}, np.random.default_rng(0))
    {}
    """
    return {
        name: study_separability(data, rng, permutations=1 if len(data) > 1000 else 5)
        for name, data in sets.items()
    }


def hardest_study(studies: Mapping[str, SeparabilityStudy]) -> SeparabilityStudy:
    """Pick the set that needs most principal components.

    Parameters
    ----------
    studies : mapping of str to SeparabilityStudy
        The studies by name, at least one.

    Returns
    -------
    SeparabilityStudy
        The first with the largest k; a set that no number of components separates beats all.

    Raises
    ------
    ValueError
        If there is none.

    Examples
    --------
    >>> from activations.truth.experiments import hardest_study
    >>> hardest_study({})
    Traceback (most recent call last):
    ...
    ValueError: studies must hold at least one study
    """
    if not studies:
        raise ValueError("studies must hold at least one study")
    return max(studies.values(), key=lambda study: study.k_below)


def _from_to(values: Sequence[int]) -> str | None:
    if not values:
        return None
    low, high = min(values), max(values)
    return str(low) if low == high else f"{low} to {high}"


def separability_table(studies: Iterable[SeparabilityStudy]) -> pd.DataFrame:
    """Put what is proved about separability side by side.

    Parameters
    ----------
    studies : iterable of SeparabilityStudy
        One for each set.

    Returns
    -------
    pandas.DataFrame
        One row a set, with the range of k for permuted labels. The expected k for random labels
        is (n - 1) / 2 with n the number of distinct rows, its standard deviation sqrt(n - 1) / 2.

    Examples
    --------
    >>> from activations.truth.experiments import separability_table
    >>> len(separability_table([]))
    0
    """
    rows = []
    for study in studies:
        n = len(study.distinct)
        if study.onset.obstacle is None or study.onset.obstacle.multipliers is None:
            obstacle = None
        else:
            obstacle = sum(m > 0 for m in study.onset.obstacle.multipliers)
        rows.append(
            {
                "set": study.name,
                "statements": study.n,
                "distinct": n,
                "separable": "proved" if study.whole.separable else "refuted",
                "smallest $k$": study.onset.k,
                "multipliers at $k-1$": obstacle,
                "$k$, permuted labels": _from_to(study.permuted),
                "expected": f"{(n - 1) / 2:.0f}\xa0±\xa0{np.sqrt(n - 1) / 2:.0f}",
            }
        )
    return pd.DataFrame(rows)


def obstacle_statements(study: SeparabilityStudy, data: Activations) -> pd.DataFrame:
    """Show the statements whose mixtures coincide one component below the onset.

    Parameters
    ----------
    study : SeparabilityStudy
        The study of a set that one component fewer than its k does not separate.
    data : Activations
        The set.

    Returns
    -------
    pandas.DataFrame
        The statements with a positive multiplier, their labels, and their share in the mixture
        of their class. The mixture of true statements and that of false ones are the same point.

    Raises
    ------
    ValueError
        If the study has no obstacle.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.truth import Activations
    >>> from activations.truth.experiments import obstacle_statements, study_separability
    >>> X = np.array([[0, 0], [4, 0], [1, 9], [5, 9]], dtype=np.float32)
    >>> y, ones = np.array([0, 1, 0, 1]), np.ones(4, dtype=np.int64)
    >>> data = Activations("cities", X, y, y, ones, ("a", "b", "c", "d"), "toy", 0, "toy")
    >>> study = study_separability(data, np.random.default_rng(0), permutations=0)
    >>> obstacle_statements(study, data)["share"].tolist()[0]
    1.0
    """
    certificate = study.onset.obstacle
    if certificate is None or certificate.multipliers is None:
        raise ValueError(f"study of {study.name} has no obstacle: k is {study.onset.k}")
    total = sum(m for m, label in zip(certificate.multipliers, study.y, strict=True) if label)
    rows = [
        {
            "statement": data.statements[i],
            "label": "true" if study.y[i] else "false",
            "share": m / total,
        }
        for i, m in enumerate(certificate.multipliers)
        if m
    ]
    return pd.DataFrame(rows).sort_values(["label", "share"], ascending=False, ignore_index=True)


def random_label_fit(
    data: Activations, rng: np.random.Generator, *, test_share: float = TEST_SHARE
) -> tuple[SeparabilityCertificate, float]:
    """Separate statements by labels that mean nothing, and test the probe on the rest.

    Parameters
    ----------
    data : Activations
        A statement set with more dimensions than rows.
    rng : numpy.random.Generator
        The source of the labels and of the split.
    test_share : float
        The share of the statements to test on, between 0 and 1.

    Returns
    -------
    certificate : SeparabilityCertificate
        The proof that the training rows are separable by the random labels.
    accuracy : float
        Of that hyperplane on the other rows.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.truth import Activations
    >>> from activations.truth.experiments import random_label_fit
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((12, 30)).astype(np.float32)
    >>> data = Activations("cities", X, X[:, 0] > 0, X[:, 0], X[:, 0], ("",) * 12, "toy", 0, "")
    >>> random_label_fit(data, rng, test_share=0.3)[0].separable
    True
    """
    rows = rng.permutation(distinct_rows(data.X))
    n_test = round(test_share * len(rows))
    train, test = rows[n_test:], rows[:n_test]
    labels = rng.integers(0, 2, len(rows))
    certificate = separability_certificate(data.X[train], labels[n_test:])
    if certificate.weights is None or certificate.bias is None:
        return certificate, float("nan")
    scores = data.X[test].astype(np.float64) @ certificate.weights + certificate.bias
    return certificate, float(((scores > 0) == (labels[:n_test] == 1)).mean())


# --- The solver -------------------------------------------------------------------------------


def tolerance_table(
    sets: Mapping[str, Activations],
    train: str,
    rng: np.random.Generator,
    *,
    tols: Sequence[float] = (1e-4, 1e-6, 1e-8, 1e-10, 1e-12),
) -> pd.DataFrame:
    """Fit without penalty and let only the stopping tolerance vary.

    Parameters
    ----------
    sets : mapping of str to Activations
        The statement sets by name.
    train : str
        The set to train on.
    rng : numpy.random.Generator
        The source of the split.
    tols : sequence of float
        The tolerances.

    Returns
    -------
    pandas.DataFrame
        One row a tolerance: iterations, the length of w, the decimal logarithm of the mean loss
        and the accuracy on the training rows, and for every other set the accuracy on all of its
        statements.

    Examples
    --------
    >>> from activations.truth.experiments import tolerance_table
    >>> tolerance_table({}, "cities", None, tols=())
    Empty DataFrame
    Columns: []
    Index: []
    """
    rows = []
    if tols:
        own = sets[train]
        rest = draw_splits(sets, rng)[train].train
        X, y = own.X[rest].astype(np.float64), own.y[rest]
    for tol in tols:
        probe = fit_logistic(X, y, tol=tol)
        scores = probe.scores(X)
        rows.append(
            {
                "tolerance": _power(tol),
                "iterations": probe.n_iter,
                "$\\lVert \\mathbf{w} \\rVert$": float(np.linalg.norm(probe.weights)),
                "$\\log_{10}$ loss": float(
                    np.log10(np.logaddexp(0.0, -np.where(y == 1, scores, -scores)).mean())
                ),
                "training accuracy": evaluate(scores, y).accuracy,
                **{
                    name: evaluate(probe.scores(data.X), data.y).accuracy
                    for name, data in sets.items()
                    if name != train
                },
            }
        )
    return pd.DataFrame(rows)


def solver_table(
    X: ArrayLike,
    y: ArrayLike,
    fits: Sequence[tuple[str, float, float]] = (
        ("lbfgs", 1.0, 1e-8),
        ("liblinear", 1.0, 1e-8),
        ("liblinear", 1e12, 1e-2),
        ("liblinear", 1e12, 1e-4),
        ("liblinear", 1e12, 1e-8),
    ),
) -> pd.DataFrame:
    """Fit the same points with different solvers, penalties and tolerances.

    Parameters
    ----------
    X : array_like, shape (n, d)
        The training points.
    y : array_like of int, shape (n,)
        Their labels, 0 and 1.
    fits : sequence of (str, float, float)
        For each fit the solver, ``"lbfgs"`` or ``"liblinear"``, C and the tolerance.

    Returns
    -------
    pandas.DataFrame
        One row a fit: solver, C, tolerance, the weights and the bias.

    Notes
    -----
    liblinear appends a 1 to every point and penalises its weight, the bias, like all others.

    Examples
    --------
    >>> from activations.truth.experiments import solver_table
    >>> fits = [("lbfgs", 1.0, 1e-8), ("liblinear", 1.0, 1e-8)]
    >>> table = solver_table([[0.0, 5.0], [2.0, 5.0]], [0, 1], fits)
    >>> [abs(weight) < 1e-6 for weight in table["$w_2$"]]
    [True, False]
    """
    rows = []
    for solver, C, tol in fits:
        with threadpool_limits(limits=1):
            model = LogisticRegression(
                C=C, solver=solver, tol=tol, max_iter=100_000, random_state=0
            ).fit(np.asarray(X, dtype=np.float64), np.asarray(y))
        rows.append(
            {
                "solver": solver,
                "$C$": "∞" if np.isinf(C) else _power(C),
                "tolerance": _power(tol),
                **{f"$w_{j}$": float(w) for j, w in enumerate(model.coef_[0], start=1)},
                "$b$": float(model.intercept_[0]),
            }
        )
    return pd.DataFrame(rows)


def _power(value: float) -> str:
    exponent = round(np.log10(value))
    if exponent == 0 or not np.isclose(value, 10.0**exponent, rtol=1e-12):
        return f"{value:g}"
    return f"$10^{{{exponent}}}$"


# --- Directions -------------------------------------------------------------------------------


def _stacked(sets: Iterable[Activations]) -> TruthDirections:
    chosen = list(sets)
    return truth_directions(
        np.concatenate([data.X for data in chosen]),
        np.concatenate([data.y for data in chosen]),
        np.concatenate([data.polarity for data in chosen]),
        np.repeat([data.name for data in chosen], [len(data) for data in chosen]),
    )


def topic_directions(sets: Mapping[str, Activations]) -> dict[str, TruthDirections]:
    """Estimate the directions of truth on each topic, and on all of them together.

    Parameters
    ----------
    sets : mapping of str to Activations
        The statement sets by name, each topic in both polarities.

    Returns
    -------
    dict of str to TruthDirections
        By topic, in the order of the sets, then ``"all"``.

    Raises
    ------
    ValueError
        If a topic has statements of one polarity only.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.truth import Activations
    >>> from activations.truth.experiments import topic_directions
    >>> y, one = np.array([1, 0]), np.ones(2, dtype=np.int64)
    >>> def toy(name, x, p):
    ...     X = np.array([[x], [-x]], dtype=np.float32)
    ...     return Activations(name, X, y, y, p * one, ("", ""), "toy", 0, "toy")
    >>> sets = {"cities": toy("cities", 3.0, 1), "neg_cities": toy("neg_cities", 1.0, -1)}
    >>> found = topic_directions(sets)["cities"]
    >>> round(float(found.t_G[0]), 9), round(float(found.t_P[0]), 9)
    (2.0, 1.0)
    """
    topics: dict[str, list[Activations]] = {}
    for name, data in sets.items():
        topics.setdefault(SETS[name].topic, []).append(data)
    found = {topic: _stacked(members) for topic, members in topics.items()}
    return {**found, "all": _stacked(sets.values())}


def _cosine(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def directions_table(found: Mapping[str, TruthDirections]) -> pd.DataFrame:
    """Compare the directions of truth between topics.

    Parameters
    ----------
    found : mapping of str to TruthDirections
        What `topic_directions` returned.

    Returns
    -------
    pandas.DataFrame
        One row a topic: the lengths of both directions, the cosine between them, and the
        cosines with those of all topics together.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.truth.experiments import directions_table
    >>> from activations.truth.probes import TruthDirections
    >>> both = TruthDirections(np.array([3.0, 0.0]), np.array([0.0, 4.0]))
    >>> directions_table({"all": both}).to_numpy().tolist()
    [['all', 3.0, 4.0, 0.0, 1.0, 1.0]]
    """
    whole = found["all"]
    return pd.DataFrame(
        [
            {
                "topic": topic,
                "$\\lVert \\mathbf{t}_G \\rVert$": float(np.linalg.norm(one.t_G)),
                "$\\lVert \\mathbf{t}_P \\rVert$": float(np.linalg.norm(one.t_P)),
                "cosine of the two": one.cosine,
                "$\\mathbf{t}_G$ with that of all": _cosine(one.t_G, whole.t_G),
                "$\\mathbf{t}_P$ with that of all": _cosine(one.t_P, whole.t_P),
            }
            for topic, one in found.items()
        ]
    )


def topic_cosines(
    found: Mapping[str, TruthDirections], one: str, other: str
) -> tuple[float, float]:
    """Compare the directions of truth of two topics.

    Parameters
    ----------
    found : mapping of str to TruthDirections
        What `topic_directions` returned.
    one, other : str
        The topics.

    Returns
    -------
    general, polar : float
        The cosines between the two estimates of t_G, and between those of t_P.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.truth.experiments import topic_cosines
    >>> from activations.truth.probes import TruthDirections
    >>> a = TruthDirections(np.array([3.0, 0.0]), np.array([0.0, 4.0]))
    >>> b = TruthDirections(np.array([1.0, 0.0]), np.array([0.0, -1.0]))
    >>> topic_cosines({"a": a, "b": b}, "a", "b")
    (1.0, -1.0)
    """
    a, b = found[one], found[other]
    return _cosine(a.t_G, b.t_G), _cosine(a.t_P, b.t_P)


def direction_terms(
    runs: Runs,
    sets: Mapping[str, Activations],
    found: Mapping[str, TruthDirections],
    *,
    train: str = "cities",
) -> pd.DataFrame:
    """Compute for each topic the two terms that decide what a probe does there.

    Parameters
    ----------
    runs : Runs
        Probes, and their AUROC on held-out statements.
    sets : mapping of str to Activations
        The statement sets by name.
    found : mapping of str to TruthDirections
        What `topic_directions` returned.
    train : str
        The training whose probes to look at.

    Returns
    -------
    pandas.DataFrame
        One row for each C, topic and split: ``general`` = w.t_G and ``polar`` = w.t_P, both in
        units of the standard deviation of the scores within a class, their sum ``affirmative``
        and difference ``negated``, and the AUROC on both test sets, ``auroc_affirmative`` and
        ``auroc_negated``.

    Notes
    -----
    The mean score of true statements minus that of false ones is 2 w.(t_G + t_P) if they are
    affirmative, 2 w.(t_G - t_P) if negated. Directions and standard deviations are those of all
    statements of a topic, those that the probe was trained on included; the AUROC is not.

    Examples
    --------
    >>> import pandas as pd
    >>> from activations.truth.experiments import Runs, direction_terms
    >>> direction_terms(Runs(pd.DataFrame(), {}), {}, {}).empty
    True
    """
    rows = []
    topics = [topic for topic in found if topic != "all"]
    for (label, C), probes in runs.probes.items():
        if label != train:
            continue
        at = runs.frame[(runs.frame.train == label) & (runs.frame.C == C)]
        auroc = at.set_index(["split", "test"]).auroc
        for topic in topics:
            pair = (topic, SETS[topic].partner)
            members = [sets[name] for name in pair]
            for split, probe in enumerate(probes):
                inside = []
                for data in members:
                    scores = probe.scores(data.X)
                    inside += [scores[data.y == c] - scores[data.y == c].mean() for c in (0, 1)]
                unit = float(np.concatenate(inside).std())
                general = float(probe.weights @ found[topic].t_G) / unit
                polar = float(probe.weights @ found[topic].t_P) / unit
                rows.append(
                    {
                        "C": C,
                        "topic": topic,
                        "split": split,
                        "general": general,
                        "polar": polar,
                        "affirmative": general + polar,
                        "negated": general - polar,
                        "auroc_affirmative": float(auroc[split, pair[0]]),
                        "auroc_negated": float(auroc[split, pair[1]]),
                    }
                )
    return pd.DataFrame(rows)


def terms_table(terms: pd.DataFrame) -> pd.DataFrame:
    """Sum up the terms of `direction_terms` over the splits.

    Parameters
    ----------
    terms : pandas.DataFrame
        What `direction_terms` returned.

    Returns
    -------
    pandas.DataFrame
        One row for each C and topic, with ``median [smallest, largest]`` and, in words, what
        becomes of negated statements.

    Examples
    --------
    >>> import pandas as pd
    >>> from activations.truth.experiments import terms_table
    >>> row = {"C": 1.0, "topic": "cities", "split": 0, "general": 1.0, "polar": 3.0,
    ...        "affirmative": 4.0, "negated": -2.0, "auroc_affirmative": 1.0, "auroc_negated": 0.01}
    >>> terms_table(pd.DataFrame([row]))["negated statements"].tolist()
    ['inverts']
    """

    def short(values: "pd.Series[float]") -> str:
        spread = format_range(f"{values.min():.2f}", f"{values.max():.2f}")
        return f"{values.median():.2f} {spread}"

    return pd.DataFrame(
        [
            {
                "topic": str(topic),
                "penalty": _penalty(float(str(C))),
                "$\\mathbf{w}\\cdot\\mathbf{t}_G$": short(cell.general),
                "$\\mathbf{w}\\cdot\\mathbf{t}_P$": short(cell.polar),
                "sum": short(cell.affirmative),
                "difference": short(cell.negated),
                "AUROC, negated": short(cell.auroc_negated),
                "negated statements": verdict(float(cell.auroc_negated.median())),
            }
            for (topic, C), cell in terms.groupby(["topic", "C"], sort=False)
        ]
    )


@dataclass(frozen=True, eq=False)
class TruthPlane:
    """Statements and a probe, seen in the plane that t_G and t_P span.

    Attributes
    ----------
    points : dict of str to numpy.ndarray of shape (n, 2)
        Each set's centred activations, projected on the plane in orthonormal coordinates whose
        first axis is t_G.
    y : dict of str to numpy.ndarray of shape (n,)
        Labels.
    t_G, t_P, probe : numpy.ndarray of shape (2,)
        The two directions, and the probe's weights projected on the plane and scaled to length 1.
    """

    points: dict[str, NDArray[np.float64]]
    y: dict[str, NDArray[np.int64]]
    t_G: NDArray[np.float64]  # noqa: N815
    t_P: NDArray[np.float64]  # noqa: N815
    probe: NDArray[np.float64]

    def panels(
        self,
    ) -> dict[str, list[tuple[NDArray[np.float64], NDArray[np.int64], int]]]:
        """Gather the sets of each topic.

        Returns
        -------
        dict of str to list of (numpy.ndarray, numpy.ndarray, int)
            For each topic its sets' points, labels and polarity.

        Examples
        --------
        >>> import numpy as np
        >>> from activations.truth.experiments import TruthPlane
        >>> point, label = np.zeros((1, 2)), np.ones(1, dtype=np.int64)
        >>> plane = TruthPlane({"neg_cities": point}, {"neg_cities": label}, *np.eye(3, 2))
        >>> plane.panels()["cities"][0][2]
        -1
        """
        found: dict[str, list[tuple[NDArray[np.float64], NDArray[np.int64], int]]] = {}
        for name, points in self.points.items():
            kind = SETS[name]
            found.setdefault(kind.topic, []).append((points, self.y[name], kind.polarity))
        return found


def truth_plane(
    sets: Mapping[str, Activations], directions: TruthDirections, probe: LinearProbe
) -> TruthPlane:
    """Project statements and a probe on the plane of the two directions of truth.

    Parameters
    ----------
    sets : mapping of str to Activations
        The statement sets by name.
    directions : TruthDirections
        The directions that span the plane.
    probe : LinearProbe
        A probe.

    Returns
    -------
    TruthPlane
        What the figure draws.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.truth.experiments import truth_plane
    >>> from activations.truth.probes import LinearProbe, TruthDirections
    >>> both = TruthDirections(np.array([2.0, 0.0, 0.0]), np.array([1.0, 1.0, 0.0]))
    >>> plane = truth_plane({}, both, LinearProbe(np.array([0.0, 3.0, 4.0]), 0.0, 0))
    >>> plane.t_P.tolist(), plane.probe.tolist()
    ([1.0, 1.0], [0.0, 1.0])
    """
    first = directions.t_G / np.linalg.norm(directions.t_G)
    second = directions.t_P - (directions.t_P @ first) * first
    basis = np.column_stack([first, second / np.linalg.norm(second)])
    seen = probe.weights @ basis
    points = {}
    for name, data in sets.items():
        values = data.X.astype(np.float64)
        points[name] = (values - values.mean(axis=0)) @ basis
    return TruthPlane(
        points=points,
        y={name: data.y for name, data in sets.items()},
        t_G=directions.t_G @ basis,
        t_P=directions.t_P @ basis,
        probe=seen / np.linalg.norm(seen),
    )


# --- What can go wrong ------------------------------------------------------------------------


def centring_table(runs: pd.DataFrame, *, train: str = "cities", C: float = np.inf) -> pd.DataFrame:
    r"""Set the accuracy before and after centring beside the AUROC.

    Parameters
    ----------
    runs : pandas.DataFrame
        The frame of `Runs`.
    train : str
        The training.
    C : float
        The penalty.

    Returns
    -------
    pandas.DataFrame
        One row a test set: accuracy, accuracy with the threshold at the mean score and AUROC, as
        ``median [smallest, largest]`` over the splits.

    Examples
    --------
    >>> import pandas as pd
    >>> from activations.truth.experiments import centring_table
    >>> row = {"train": "cities", "C": 1.0, "test": "cities", "accuracy": 0.5,
    ...        "accuracy_recentred": 0.75, "auroc": 0.875}
    >>> centring_table(pd.DataFrame([row]), C=1.0)["after centring"].tolist()
    ['.750 [.750,\xa0.750]']
    """
    columns = {"accuracy": "accuracy", "accuracy_recentred": "after centring", "auroc": "AUROC"}
    at = runs[(runs.train == train) & (runs.C == C)]
    spread = at.groupby("test", sort=False)[list(columns)].agg(format_spread)
    return spread.rename(columns=columns).rename_axis("tested on").reset_index()


def split_overlap(n: int, rng: np.random.Generator, *, repeats: int = N_SPLITS) -> list[float]:
    """Draw training and test rows from two splits, and see how many test rows were trained on.

    Parameters
    ----------
    n : int
        The number of rows.
    rng : numpy.random.Generator
        The source of the splits.
    repeats : int
        How often.

    Returns
    -------
    list of float
        For each repeat, the share of the second split's test rows that are training rows of the
        first.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.truth.experiments import split_overlap
    >>> [0.5 < share < 1 for share in split_overlap(100, np.random.default_rng(0), repeats=2)]
    [True, True]
    """
    empty = np.empty((n, 0))
    shares = []
    for _ in range(repeats):
        train, _ = next(_shuffle(rng).split(empty))
        _, test = next(_shuffle(rng).split(empty))
        shares.append(float(np.isin(test, train).mean()))
    return shares


class _Payload:
    """An object whose unpickling makes a file: a stand-in for code that does worse."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.marker,)


def unsafe_pickle() -> pd.DataFrame:
    """Open a file that carries code, with three readers.

    Returns
    -------
    pandas.DataFrame
        One row a reader: what came of it, and whether the code ran. The code makes an empty file
        in a temporary folder, which is removed again.

    Examples
    --------
    >>> from activations.truth.experiments import unsafe_pickle
    >>> unsafe_pickle()["code ran"].tolist()
    ['yes', 'no', 'no']
    """
    import torch

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        marker = Path(folder) / "ran"
        file = Path(folder) / "layer_12_0.pt"
        torch.save(_Payload(marker), file)
        readers: dict[str, Callable[[], object]] = {
            "`torch.load(file, weights_only=False)`": lambda: torch.load(file, weights_only=False),
            "`torch.load(file, weights_only=True)`": lambda: torch.load(file, weights_only=True),
            "`read_chunk(file, (25, 4096))`": lambda: read_chunk(file, (25, 4096)),
        }
        for name, read in readers.items():
            try:
                read()
                outcome = "loaded without a word"
            except (OSError, ValueError, pickle.UnpicklingError) as error:
                outcome = f"refused with `{type(error).__name__}`"
            rows.append(
                {"reader": name, "outcome": outcome, "code ran": "yes" if marker.exists() else "no"}
            )
            marker.unlink(missing_ok=True)
    return pd.DataFrame(rows)
