"""Truth comes with scale: the same experiments on several language models, and layer by layer.

Every model, and every layer, gets the same random splits, drawn from a generator of its own with
a common seed. So models that read the same statements are compared on the same subjects, and what
is found for a layer does not depend on which other layers are looked at.

``python -m activations.truth.scale FOLDER MODEL`` goes through all layers of a model once and
stores what it finds.
"""

import argparse
import io
import itertools
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from activations._arguments import generator
from activations.truth.evaluation import (
    auroc_interval,
    evaluate,
    permutation_test,
    wilson_interval,
)
from activations.truth.experiments import (
    N_SPLITS,
    Runs,
    auroc_ends,
    compare_splits,
    format_range,
    format_share,
    format_spread,
    median_run,
    transfer_runs,
    verdict,
)
from activations.truth.probes import TOLERANCE, TTPD, MassMean
from activations.truth.sources import (
    Activations,
    LanguageModel,
    available_models,
    available_source,
    load_activations,
)
from activations.truth.statement_sets import SETS, DataMissingError, DataUnusableError
from activations.truth.store import model_folder, read_datasheet, write_safely

__all__ = [
    "SWEEP_FILE",
    "SWEEP_SEED",
    "SWEEP_SPLITS",
    "TRAININGS",
    "compare_splits_by_model",
    "layer_ranges",
    "layer_sweep",
    "layers_where",
    "leave_one_topic_out",
    "main",
    "models_at_hand",
    "models_table",
    "probe_estimators",
    "read_sweep",
    "short_name",
    "sweep_difference",
    "sweep_kept",
    "tell",
    "tell_topics",
    "topics_table",
    "transfer_by_model",
    "transfer_table",
    "words_only",
    "words_table",
    "write_sweep",
]

Sets = Mapping[str, Activations]

#: What the probes are trained on, here as on the sheet.
TRAININGS: Final = (("cities",), ("cities", "neg_cities"))

#: The name of the file, beside a model's activations, with what was found layer by layer.
SWEEP_FILE: Final = "sweep.csv"

#: The seed of the stored sweeps' splits.
SWEEP_SEED: Final = (2, 20)

#: Random splits for each layer: odd, so that the median is one of them.
SWEEP_SPLITS: Final = 7

_SWEEP_COLUMNS: Final = [
    "layer", "train", "test", "n_splits",
    "auroc", "auroc_min", "auroc_max", "accuracy", "accuracy_min", "accuracy_max",
]  # fmt: skip


def _common_seed(rng: np.random.Generator) -> int:
    return int(generator("rng", rng).integers(2**63))


def _listed(words: Sequence[str]) -> str:
    """Write words as a sentence lists them."""
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def _spread(cell: pd.DataFrame, column: str) -> dict[str, float]:
    values = cell[column]
    return {
        column: float(median_run(cell, column)[column]),
        f"{column}_min": float(values.min()),
        f"{column}_max": float(values.max()),
    }


# --- Models side by side ----------------------------------------------------------------------


def _known_models() -> dict[str, tuple[LanguageModel, str]]:
    """Tell the models at hand, the smallest first, each with the source that holds it."""
    found = {
        model.name: (model, source)
        for source in dict.fromkeys(("embedded", available_source()))
        for model in available_models(source).values()
    }
    return dict(sorted(found.items(), key=lambda item: (item[1][0].parameters, item[0])))


def models_at_hand() -> dict[str, dict[str, Activations]]:
    """Load all statement sets of every model that is at hand, each at its own layer.

    Returns
    -------
    dict of str to dict of str to Activations
        For each model, the smallest first, the sets by name: the embedded models and those of the
        source that `available_source` names.

    Raises
    ------
    ValueError, OSError
        As `load_activations` raises them.

    Examples
    --------
    >>> from activations.truth.scale import models_at_hand
    >>> list(models_at_hand())[0]
    'SmolLM2-135M-Instruct'
    """
    return {
        model.name: {name: load_activations(name, source=source, model=model.name) for name in SETS}
        for model, source in _known_models().values()
    }


def models_table(sets_of: Iterable[str]) -> pd.DataFrame:
    """Describe models that are at hand.

    Parameters
    ----------
    sets_of : iterable of str
        Their names.

    Returns
    -------
    pandas.DataFrame
        One row a model: parameters in billions, decoder layers, the dimension of the residual
        stream, the layer that is read unless another is asked for, and the source.

    Raises
    ------
    KeyError
        If a model is not at hand.

    Examples
    --------
    >>> from activations.truth.scale import models_table
    >>> models_table(["SmolLM2-135M-Instruct"])["parameters"].tolist()
    ['0.13 billion']
    """
    known = _known_models()
    return pd.DataFrame(
        [
            {
                "model": model.name,
                "parameters": f"{model.parameters / 1e9:.2f} billion",
                "layers": model.n_layers,
                "$d$": model.width,
                "layer read": model.layer,
                "statements": "the book's" if source == "embedded" else "of the source",
            }
            for model, source in (known[name] for name in sets_of)
        ]
    )


def transfer_by_model(
    sets_of: Mapping[str, Sets],
    rng: np.random.Generator,
    *,
    C: float = 1.0,
    n_splits: int = N_SPLITS,
    n_permutations: int = 9999,
    known: Mapping[str, Runs] | None = None,
) -> pd.DataFrame:
    """Train probes on cities, affirmative only and in both polarities, and test them on every set.

    Parameters
    ----------
    sets_of : mapping of str to mapping of str to Activations
        For each model the statement sets by name.
    rng : numpy.random.Generator
        The source of chance.
    C : float
        The penalty, as for `fit_logistic`. The default is scikit-learn's: without penalty the
        result would depend on where the solver stops, model by model.
    n_splits : int
        The number of random splits by subject, the same ones for models with the same statements.
    n_permutations : int
        As for `permutation_test`.
    known : mapping of str to Runs, optional
        Runs on the same sets that there are already, by model, with these trainings and this
        penalty; they are taken instead of new ones.

    Returns
    -------
    pandas.DataFrame
        One row for each ``model``, ``train`` and ``test``, with the model's ``layer`` and width
        ``d``; ``auroc`` and ``accuracy``, medians over the splits, with ``_min`` and ``_max``;
        the ends ``_low`` and ``_high`` of 95 % intervals for the split with that median,
        Newcombe's and Wilson's; for the split with the median AUROC its size ``n_test``, the
        p-values ``p_better`` and ``p_worse`` of its permutation test; and the ``verdict`` on the
        median AUROC.

    Notes
    -----
    The p-values are those of one split, chosen by its AUROC. Were the null hypothesis true in all
    splits and the p-value a decreasing function of the AUROC alone, as it nearly is for tests of
    one size, this would be the median of the p-values; then at least half of them are at most as
    large, so that it falls below a level alpha with a probability of at most 2 alpha, however the
    splits depend on one another.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.truth.scale import transfer_by_model
    >>> transfer_by_model({}, np.random.default_rng(0)).empty
    True
    """
    seed = _common_seed(rng)
    rows = []
    for model, sets in sets_of.items():
        own = np.random.default_rng(seed)
        runs = None if known is None else known.get(model)
        if runs is None:
            runs = transfer_runs(sets, TRAININGS, own, Cs=(C,), n_splits=n_splits)
        chosen_runs = runs.frame[runs.frame.C == C]
        for (train, test), cell in chosen_runs.groupby(["train", "test"], sort=False):
            middle = median_run(cell, "auroc")
            usual = median_run(cell, "accuracy")
            number, data = int(middle.split), sets[str(test)]
            chosen = runs.splits[number][str(test)].test
            scores = runs.probes[str(train), C][number].scores(data.X[chosen])
            chance = permutation_test(
                scores, data.y[chosen], data.groups[chosen], own, n_permutations=n_permutations
            )
            ends = auroc_ends(middle)
            share = wilson_interval(int(usual.correct), int(usual.n_test))
            rows.append(
                {
                    "model": model,
                    "layer": data.layer,
                    "d": data.X.shape[1],
                    "train": train,
                    "test": test,
                    "n_test": int(middle.n_test),
                    **_spread(cell, "auroc"),
                    "auroc_low": ends[0],
                    "auroc_high": ends[1],
                    "p_better": chance.p_better,
                    "p_worse": chance.p_worse,
                    **_spread(cell, "accuracy"),
                    "accuracy_low": share[0],
                    "accuracy_high": share[1],
                    "verdict": verdict(float(middle.auroc)),
                }
            )
    return pd.DataFrame(rows)


def words_only(sets: Sets) -> dict[str, Activations]:
    """Make a control that knows nothing but which words a statement holds.

    Parameters
    ----------
    sets : mapping of str to Activations
        The statement sets by name.

    Returns
    -------
    dict of str to Activations
        The same statements; in the place of the activations, for every word of all sets a 1 if
        the statement holds it and a 0 if not. The model is called ``"words only"``.

    Notes
    -----
    Truth cannot be read from single words, yet a probe on them need not be at chance. Where every
    country stands in as many true as false statements, a country that was mostly right among the
    cities of the training is mostly wrong among those held out, and a probe that has learned the
    countries gets an AUROC below one half on the very set that it was trained on. A language
    model's first layers, which know the words and little more, can do the same. Such an AUROC is
    no inversion of truth. It does not come about where the groups of a split hold every claim as
    often rightly as wrongly, as those of the book's own statements do.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.truth import Activations
    >>> from activations.truth.scale import words_only
    >>> y = np.array([1, 0])
    >>> both = ("Oslo is in Norway.", "Oslo is in Peru.")
    >>> data = Activations("cities", np.ones((2, 9)), y, y, y, both, "toy", 0, "toy")
    >>> words_only({"cities": data})["cities"].X.tolist()
    [[1.0, 1.0, 1.0, 1.0, 0.0], [1.0, 1.0, 0.0, 1.0, 1.0]]
    """
    if not sets:
        return {}
    counter = CountVectorizer(binary=True, token_pattern=r"\w+", dtype=np.float32)
    counter.fit([statement for data in sets.values() for statement in data.statements])
    found = {}
    for name, data in sets.items():
        X = counter.transform(data.statements).toarray()
        X.flags.writeable = False
        found[name] = replace(data, X=X, model="words only", layer=0)
    return found


def words_table(
    sets_of: Mapping[str, Sets],
    rng: np.random.Generator,
    *,
    train: str = "cities",
    C: float = 1.0,
    n_splits: int = N_SPLITS,
) -> pd.DataFrame:
    """Train the control that sees words only, and test it on both polarities of its topic.

    Parameters
    ----------
    sets_of : mapping of str to mapping of str to Activations
        Statement sets by name, under what the table is to call them.
    rng : numpy.random.Generator
        The source of chance.
    train : str
        The set to train on.
    C : float
        The penalty.
    n_splits : int
        The number of random splits.

    Returns
    -------
    pandas.DataFrame
        One row for each statement sets: AUROC on the training set's held-out statements and on
        those of its partner, as ``median [smallest, largest]``.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.truth.scale import words_table
    >>> words_table({}, np.random.default_rng(0)).empty
    True
    """
    seed = _common_seed(rng)
    tests = (train, SETS[train].partner)
    rows = []
    for label, sets in sets_of.items():
        control = words_only({name: sets[name] for name in tests})
        own = np.random.default_rng(seed)
        frame = transfer_runs(control, [(train,)], own, Cs=(C,), n_splits=n_splits).frame
        rows.append(
            {
                "statements": label,
                **{name: format_spread(frame[frame.test == name].auroc) for name in tests},
            }
        )
    return pd.DataFrame(rows)


def short_name(model: str) -> str:
    """Shorten a model's name for a narrow column.

    Parameters
    ----------
    model : str
        The name.

    Returns
    -------
    str
        The name without the last word that says that the model follows instructions.

    Examples
    --------
    >>> from activations.truth.scale import short_name
    >>> short_name("SmolLM2-135M-Instruct")
    'SmolLM2-135M'
    """
    return model.removesuffix("-Instruct")


def transfer_table(
    frame: pd.DataFrame, *, train: str, tests: Sequence[str] | None = None
) -> pd.DataFrame:
    """Put the models' results for one training side by side, as the book shows them.

    Parameters
    ----------
    frame : pandas.DataFrame
        What `transfer_by_model` returned.
    train : str
        The training, ``"cities"`` or ``"cities + neg_cities"``.
    tests : sequence of str, optional
        Only these test sets.

    Returns
    -------
    pandas.DataFrame
        One row for each test set and model: AUROC and accuracy as ``median [smallest, largest]``
        over the splits, an interval for one split each, and the p-values.

    Examples
    --------
    >>> import pandas as pd
    >>> from activations.truth.scale import transfer_table
    >>> row = {"model": "A", "train": "cities", "test": "cities", "verdict": "transfers",
    ...        "p_better": 0.0001, "p_worse": 1.0}
    >>> for name in ("auroc", "accuracy"):
    ...     row |= {name: 1.0, f"{name}_min": 0.9, f"{name}_max": 1.0}
    ...     row |= {f"{name}_low": 0.95, f"{name}_high": 1.0}
    >>> transfer_table(pd.DataFrame([row]), train="cities")["p-value, better"].tolist()
    ['.0001']
    """
    chosen = frame[frame.train == train]
    tested = list(dict.fromkeys(chosen.test)) if tests is None else list(tests)

    def spread(row: Any, name: str) -> str:
        ends = (getattr(row, f"{name}_{end}") for end in ("min", "max"))
        return f"{format_share(getattr(row, name))} {format_range(*map(format_share, ends))}"

    def interval(row: Any, name: str) -> str:
        ends = (getattr(row, f"{name}_{end}") for end in ("low", "high"))
        return format_range(*map(format_share, ends))

    return pd.DataFrame(
        [
            {
                "tested on": test,
                "model": short_name(str(row.model)),
                "AUROC": spread(row, "auroc"),
                "Newcombe 95 %": interval(row, "auroc"),
                "p-value, better": format_share(float(str(row.p_better)), 4),
                "p-value, worse": format_share(float(str(row.p_worse)), 4),
                "accuracy": spread(row, "accuracy"),
                "Wilson 95 %": interval(row, "accuracy"),
            }
            for test in tested
            for row in chosen[chosen.test == test].itertuples()
        ]
    )


def tell(frame: pd.DataFrame, *, train: str, test: str) -> str:
    """Say in a sentence what becomes of one probe, model by model.

    Parameters
    ----------
    frame : pandas.DataFrame
        What `transfer_by_model` returned.
    train, test : str
        The training and the test set.

    Returns
    -------
    str
        Such as ``"inverts on A; it transfers on B and C"``.

    Raises
    ------
    KeyError
        If there is no such row.

    Examples
    --------
    >>> import pandas as pd
    >>> from activations.truth.scale import tell
    >>> rows = [("A", "cities", "neg_cities", 0.0), ("B", "cities", "neg_cities", 0.95)]
    >>> frame = pd.DataFrame(rows, columns=["model", "train", "test", "auroc"])
    >>> tell(frame, train="cities", test="neg_cities")
    'inverts on A; it transfers on B'
    """
    chosen = frame[(frame.train == train) & (frame.test == test)]
    if chosen.empty:
        raise KeyError(f"no probe trained on {train!r} was tested on {test!r}")
    told: dict[str, list[str]] = {}
    for model, auroc in zip(chosen.model, chosen.auroc, strict=True):
        told.setdefault(verdict(float(auroc)), []).append(str(model))
    return "; it ".join(f"{word} on {_listed(names)}" for word, names in told.items())


def compare_splits_by_model(
    sets_of: Mapping[str, Sets],
    rng: np.random.Generator,
    *,
    train: Sequence[str] = ("cities",),
    tests: Sequence[str] = ("cities", "neg_cities"),
    C: float = 1.0,
    n_splits: int = N_SPLITS,
) -> pd.DataFrame:
    """Set splits by subject beside naive ones, for each model.

    Parameters
    ----------
    sets_of : mapping of str to mapping of str to Activations
        For each model the statement sets by name.
    rng : numpy.random.Generator
        The source of chance.
    train : sequence of str
        The sets to train on.
    tests : sequence of str
        The sets to test on.
    C : float
        The penalty.
    n_splits : int
        The number of random splits of either kind.

    Returns
    -------
    pandas.DataFrame
        As from `compare_splits`, with a column ``model``.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.truth.scale import compare_splits_by_model
    >>> compare_splits_by_model({}, np.random.default_rng(0)).empty
    True
    """
    seed = _common_seed(rng)
    tables = []
    for model, sets in sets_of.items():
        own = np.random.default_rng(seed)
        honest, naive = (
            transfer_runs(sets, [train], own, Cs=(C,), n_splits=n_splits, by_group=by_group).frame
            for by_group in (True, False)
        )
        table = compare_splits(honest, naive, train=" + ".join(train), tests=tests, C=C)
        table.insert(0, "model", short_name(model))
        tables.append(table)
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


# --- One topic held out -----------------------------------------------------------------------


def probe_estimators() -> dict[str, Any]:
    """List the estimators that the chapter compares.

    Returns
    -------
    dict of str to estimator
        Not fitted, by the names of the tables.

    Examples
    --------
    >>> from activations.truth.scale import probe_estimators
    >>> list(probe_estimators())
    ['logistic, no penalty', 'logistic, $C = 1$', 'mass-mean', 'mass-mean, tilted', 'TTPD']
    """
    return {
        "logistic, no penalty": LogisticRegression(C=np.inf, tol=TOLERANCE, max_iter=100_000),
        "logistic, $C = 1$": LogisticRegression(C=1.0, tol=TOLERANCE, max_iter=100_000),
        "mass-mean": MassMean(),
        "mass-mean, tilted": MassMean(covariance=True),
        "TTPD": TTPD(),
    }


def leave_one_topic_out(
    sets_of: Mapping[str, Sets], estimators: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """Train on all topics but one, in both polarities, and test on the one held out.

    Parameters
    ----------
    sets_of : mapping of str to mapping of str to Activations
        For each model the statement sets by name, on two topics at least.
    estimators : mapping of str to estimator, optional
        Classifiers of scikit-learn's form, by any names; they are copied before they are fitted.
        By default those of `probe_estimators`.

    Returns
    -------
    pandas.DataFrame
        One row for each ``model``, ``estimator``, topic ``held_out`` and set ``test`` of it, all
        of whose statements are tested: ``n_train``, ``n_test``, ``correct``, ``accuracy`` with
        Wilson's interval ``accuracy_low``, ``accuracy_high``, ``auroc`` with Newcombe's,
        ``auroc_low``, ``auroc_high``, the ``accuracy_recentred`` with the threshold at the mean
        score, and the ``verdict`` on the AUROC. Nothing here is left to chance.

    Raises
    ------
    ValueError
        If there is only one topic.

    Examples
    --------
    >>> from activations.truth.scale import leave_one_topic_out
    >>> leave_one_topic_out({}).empty
    True
    """
    estimators = probe_estimators() if estimators is None else estimators
    rows = []
    for model, sets in sets_of.items():
        topics = list(dict.fromkeys(SETS[name].topic for name in sets))
        if len(topics) < 2:
            raise ValueError(f"sets_of must hold two topics of {model} at least, got {topics}")
        for held_out in topics:
            known = [data for name, data in sets.items() if SETS[name].topic != held_out]
            X = np.concatenate([data.X.astype(np.float64) for data in known])
            y = np.concatenate([data.y for data in known])
            polarity = np.concatenate([data.polarity for data in known])
            names = np.repeat([data.name for data in known], [len(data) for data in known])
            for label, estimator in estimators.items():
                rule = clone(estimator)
                more = {"polarity": polarity, "sets": names} if isinstance(rule, TTPD) else {}
                with threadpool_limits(limits=1):
                    rule.fit(X, y, **more)
                for name, data in sets.items():
                    if SETS[name].topic != held_out:
                        continue
                    with threadpool_limits(limits=1):
                        scores = rule.decision_function(data.X.astype(np.float64))
                    told = evaluate(scores, data.y)
                    share = wilson_interval(told.correct, told.n)
                    ends = auroc_interval(told.auroc, told.n_true, told.n - told.n_true)
                    rows.append(
                        {
                            "model": model,
                            "estimator": label,
                            "held_out": held_out,
                            "test": name,
                            "n_train": len(y),
                            "n_test": told.n,
                            "correct": told.correct,
                            "accuracy": told.accuracy,
                            "accuracy_low": share[0],
                            "accuracy_high": share[1],
                            "auroc": told.auroc,
                            "auroc_low": ends[0],
                            "auroc_high": ends[1],
                            "accuracy_recentred": told.accuracy_recentred,
                            "verdict": verdict(told.auroc),
                        }
                    )
    return pd.DataFrame(rows)


def topics_table(frame: pd.DataFrame, value: str = "auroc") -> pd.DataFrame:
    r"""Put estimators and models side by side, as the book shows them.

    Parameters
    ----------
    frame : pandas.DataFrame
        What `leave_one_topic_out` returned.
    value : {"auroc", "accuracy"}
        What to show.

    Returns
    -------
    pandas.DataFrame
        One row for each model and estimator, one column for each set, of the topic that was held
        out, with ``value [low, high]``.

    Raises
    ------
    ValueError
        If `value` is neither of the two.

    Examples
    --------
    >>> import pandas as pd
    >>> from activations.truth.scale import topics_table
    >>> row = {"model": "A", "estimator": "TTPD", "test": "cities", "auroc": 0.5,
    ...        "auroc_low": 0.25, "auroc_high": 0.75}
    >>> topics_table(pd.DataFrame([row])).iloc[0].tolist()
    ['A', 'TTPD', '.500 [.250,\xa0.750]']
    """
    if value not in ("auroc", "accuracy"):
        raise ValueError(f"value must be 'auroc' or 'accuracy', got {value!r}")
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for row in frame.itertuples():
        key = str(row.model), str(row.estimator)
        shown = [format_share(float(getattr(row, value + end))) for end in ("", "_low", "_high")]
        start = {"model": short_name(key[0]), "estimator": key[1]}
        rows.setdefault(key, start)[str(row.test)] = f"{shown[0]} {format_range(*shown[1:])}"
    return pd.DataFrame(list(rows.values()))


def tell_topics(frame: pd.DataFrame) -> str:
    """Say in a sentence which method carries over best and worst, model by model.

    Parameters
    ----------
    frame : pandas.DataFrame
        What `leave_one_topic_out` returned.

    Returns
    -------
    str
        Such as ``"on A from .600 (TTPD) to .900 (mass-mean)"``. A method counts by its smallest
        AUROC on the sets of a topic held out, in the mean over the topics.

    Examples
    --------
    >>> import pandas as pd
    >>> from activations.truth.scale import tell_topics
    >>> rows = [("A", "TTPD", "cities", 0.6), ("A", "TTPD", "cities", 0.9),
    ...         ("A", "mass-mean", "cities", 1.0)]
    >>> tell_topics(pd.DataFrame(rows, columns=["model", "estimator", "held_out", "auroc"]))
    'on A from .600 (TTPD) to 1.000 (mass-mean)'
    """
    told = []
    for model, part in frame.groupby("model", sort=False):
        weakest = part.groupby(["estimator", "held_out"], sort=False).auroc.min()
        mean = weakest.groupby("estimator", sort=False).mean().sort_values(kind="stable")
        # In a sentence, the dollars around a formula would be shown.
        ends = [
            f"{format_share(float(mean.iloc[at]))} ({str(mean.index[at]).replace('$', '')})"
            for at in (0, -1)
        ]
        told.append(f"on {model} from {' to '.join(ends)}")
    return "; ".join(told)


# --- Layer by layer ---------------------------------------------------------------------------


def layer_sweep(
    sets_by_layer: Mapping[int, Sets],
    rng: np.random.Generator,
    *,
    C: float = 1.0,
    n_splits: int = SWEEP_SPLITS,
) -> pd.DataFrame:
    """Train and test probes as in `transfer_by_model`, on each layer of one model.

    Parameters
    ----------
    sets_by_layer : mapping of int to mapping of str to Activations
        For each layer the statement sets by name.
    rng : numpy.random.Generator
        The source of chance.
    C : float
        The penalty, as for `fit_logistic`.
    n_splits : int
        The number of random splits by subject, the same ones in each layer.

    Returns
    -------
    pandas.DataFrame
        One row for each ``layer``, ``train`` and ``test``: ``n_splits``, and the medians over the
        splits ``auroc`` and ``accuracy`` with ``_min`` and ``_max``. The rows of a layer depend on
        the generator's state alone, and not on which other layers there are.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.truth.scale import layer_sweep
    >>> layer_sweep({}, np.random.default_rng(0)).columns[:3].tolist()
    ['layer', 'train', 'test']
    """
    seed = _common_seed(rng)
    rows = []
    for layer, sets in sets_by_layer.items():
        own = np.random.default_rng(seed)
        frame = transfer_runs(sets, TRAININGS, own, Cs=(C,), n_splits=n_splits).frame
        for (train, test), cell in frame.groupby(["train", "test"], sort=False):
            spread = {**_spread(cell, "auroc"), **_spread(cell, "accuracy")}
            rows.append(
                {"layer": layer, "train": train, "test": test, "n_splits": n_splits, **spread}
            )
    return pd.DataFrame(rows, columns=_SWEEP_COLUMNS)


def sweep_kept(model: str) -> pd.DataFrame:
    """Sweep the layers of an embedded model that are kept, as the stored sweep did all of them.

    Parameters
    ----------
    model : str
        The model's name.

    Returns
    -------
    pandas.DataFrame
        As from `layer_sweep`; `sweep_difference` compares it with what `read_sweep` returns.

    Raises
    ------
    KeyError
        If there is no such model.

    Examples
    --------
    >>> from activations.truth.scale import sweep_kept
    >>> sorted(set(sweep_kept("SmolLM2-135M-Instruct").layer))
    [8, 14, 20]
    """
    sets_by_layer = {
        layer: {
            name: load_activations(name, source="embedded", model=model, layer=layer)
            for name in SETS
        }
        for layer in available_models("embedded")[model].layers
    }
    return layer_sweep(sets_by_layer, np.random.default_rng(SWEEP_SEED))


def write_sweep(folder: str | Path, model: str, *, progress: bool = False) -> Path:
    """Sweep all layers of a model, and store the result beside its activations.

    Parameters
    ----------
    folder : str or Path
        A folder with ``statements/`` and, for every layer of the model, ``activations/``.
    model : str
        The model's name.
    progress : bool
        Whether to show how far it has come.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    DataMissingError
        If a layer is not there; an OSError.
    ValueError, OSError
        As `load_activations` raises them.

    Examples
    --------
    >>> from activations.truth.scale import write_sweep
    >>> write_sweep("no/such/folder", "SmolLM2-135M-Instruct")
    Traceback (most recent call last):
    ...
    activations.truth.statement_sets.DataMissingError: no activations found: ...
    """
    known = available_models(folder)
    if model not in known:
        raise ValueError(f"model must be one of {', '.join(known)}, got {model!r}")
    missing = sorted(set(range(known[model].n_layers)) - set(known[model].layers))
    if missing:
        raise DataMissingError(
            f"a sweep takes all {known[model].n_layers} layers of {model}, but layers "
            f"{layer_ranges(missing)} are not in {str(folder)!r}"
        )
    tables = []
    for layer in range(known[model].n_layers):
        sets = {
            name: load_activations(name, source=folder, model=model, layer=layer) for name in SETS
        }
        tables.append(layer_sweep({layer: sets}, np.random.default_rng(SWEEP_SEED)))
        if progress:
            print(f"\r{model}: layer {layer + 1} of {known[model].n_layers}", end="", flush=True)
    if progress:
        print()
    # Shares of at most a few hundred statements: six digits tell any two of them apart.
    text = pd.concat(tables).to_csv(index=False, float_format="%.6f", lineterminator="\n")
    path = model_folder(folder, model) / SWEEP_FILE
    write_safely(path, text.encode())
    return path


def read_sweep(folder: str | Path, model: str) -> pd.DataFrame:
    """Read what `write_sweep` stored.

    Parameters
    ----------
    folder : str or Path
        The folder with ``activations/``.
    model : str
        The model's name.

    Returns
    -------
    pandas.DataFrame
        As from `layer_sweep`, rounded to six digits.

    Raises
    ------
    DataMissingError
        If there is no such file; an OSError.
    DataUnusableError
        If it is not such a table; a ValueError.

    Examples
    --------
    >>> from activations.truth.scale import read_sweep
    >>> read_sweep("no/such/folder", "SmolLM2-135M-Instruct")
    Traceback (most recent call last):
    ...
    activations.truth.statement_sets.DataMissingError: sweep.csv of SmolLM2-135M-Instruct is ...
    """
    path = model_folder(folder, model) / SWEEP_FILE
    again = f"make it with `python -m activations.truth.scale {path.parents[2]} {model}`"
    try:
        text = path.read_text(encoding="utf-8")
        frame = pd.read_csv(io.StringIO(text))
    except FileNotFoundError as error:
        raise DataMissingError(
            f"{SWEEP_FILE} of {model} is missing from {path.parent}; {again}"
        ) from error
    except ValueError as error:
        raise DataUnusableError(f"{path}: not a table ({error}); {again}") from error
    shares = _SWEEP_COLUMNS[4:]
    sound = list(frame.columns) == _SWEEP_COLUMNS and not frame.empty
    if sound:
        kinds = [frame[name].dtype.kind for name in ("layer", "n_splits")]
        sound = kinds == ["i", "i"] and all(frame[name].dtype.kind == "f" for name in shares)
    if not sound or not ((frame[shares] >= 0) & (frame[shares] <= 1)).to_numpy().all():
        raise DataUnusableError(
            f"{path}: the columns must be {', '.join(_SWEEP_COLUMNS)}, the last six of them shares "
            f"from 0 to 1; {again}"
        )
    layers = range(read_datasheet(folder, model).n_layers)
    trainings = [" + ".join(names) for names in TRAININGS]
    wanted = sorted(itertools.product(layers, trainings, SETS))
    if sorted(zip(frame.layer, frame.train, frame.test, strict=True)) != wanted:
        raise DataUnusableError(
            f"{path}: must have one row for each of {len(layers)} layers, of {len(trainings)} "
            f"trainings and of {len(SETS)} test sets, found {len(frame)} rows that are others; "
            f"{again}"
        )
    return frame


def sweep_difference(stored: pd.DataFrame, again: pd.DataFrame) -> pd.DataFrame:
    """Compare a stored sweep with layers that were computed again.

    Parameters
    ----------
    stored, again : pandas.DataFrame
        What `read_sweep` and `layer_sweep` returned; the second may have fewer layers.

    Returns
    -------
    pandas.DataFrame
        One row for each ``layer`` of the second: the largest absolute differences of all medians,
        minima and maxima, ``auroc`` and ``accuracy``.

    Raises
    ------
    ValueError
        If a row of the second is missing from the first, or made from another number of splits.

    Examples
    --------
    >>> import pandas as pd
    >>> from activations.truth.scale import sweep_difference
    >>> row = {"layer": 3, "train": "cities", "test": "cities", "n_splits": 1}
    >>> for name in ("auroc", "accuracy"):
    ...     row |= {name: 0.5, f"{name}_min": 0.5, f"{name}_max": 0.5}
    >>> frame = pd.DataFrame([row])
    >>> sweep_difference(frame, frame.assign(auroc=0.75)).to_numpy().tolist()
    [[3.0, 0.25, 0.0]]
    """
    keys = ["layer", "train", "test", "n_splits"]
    both = again.merge(stored, on=keys, how="left", suffixes=("", "_stored"))
    if both["auroc_stored"].isna().any():
        raise ValueError(
            "stored must have a row for each layer, training, test and number of splits of again"
        )
    found = pd.DataFrame({"layer": both.layer})
    for value in ("auroc", "accuracy"):
        names = [value, f"{value}_min", f"{value}_max"]
        apart = [(both[name] - both[f"{name}_stored"]).abs() for name in names]
        found[value] = pd.concat(apart, axis=1).max(axis=1)
    return found.groupby("layer", sort=False).max().reset_index()


def layers_where(frame: pd.DataFrame, word: str, *, train: str, test: str) -> list[int]:
    """List the layers on which a probe has earned a verdict.

    Parameters
    ----------
    frame : pandas.DataFrame
        What `layer_sweep` or `read_sweep` returned.
    word : str
        One of the words of `verdict`.
    train, test : str
        The training and the test set.

    Returns
    -------
    list of int
        In ascending order.

    Examples
    --------
    >>> import pandas as pd
    >>> from activations.truth.scale import layers_where
    >>> frame = pd.DataFrame({"layer": [0, 1, 2], "train": "a", "test": "b",
    ...                       "auroc": [0.5, 0.9, 1.0]})
    >>> layers_where(frame, "transfers", train="a", test="b")
    [1, 2]
    """
    chosen = frame[(frame.train == train) & (frame.test == test)]
    pairs = zip(chosen.layer, chosen.auroc, strict=True)
    return sorted(int(layer) for layer, auroc in pairs if verdict(float(auroc)) == word)


def layer_ranges(layers: Iterable[int]) -> str:
    """Write a list of layers as ranges.

    Parameters
    ----------
    layers : iterable of int
        Layers, in any order.

    Returns
    -------
    str
        Such as ``"0, 3 to 6 and 9"``; ``"none"`` if there is no layer.

    Examples
    --------
    >>> from activations.truth.scale import layer_ranges
    >>> layer_ranges([9, 3, 4, 5, 6, 0])
    '0, 3 to 6 and 9'
    """
    runs: list[list[int]] = []
    for layer in sorted(set(layers)):
        if runs and layer == runs[-1][-1] + 1:
            runs[-1].append(layer)
        else:
            runs.append([layer])
    if not runs:
        return "none"
    parts = [f"{run[0]} to {run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs]
    return _listed(parts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that stores a sweep.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line; by default the program's own.

    Returns
    -------
    int
        0 if all went well, 1 after an error.

    Examples
    --------
    >>> from activations.truth.scale import main
    >>> main(["no/such/folder", "SmolLM2-135M-Instruct"])
    1
    """
    parser = argparse.ArgumentParser(
        prog="python -m activations.truth.scale",
        description="Train and test probes on every layer of a model, and store what comes out.",
    )
    parser.add_argument("folder", help="a folder with statements/ and activations/ of all layers")
    parser.add_argument("model", help="the model's name")
    options = parser.parse_args(arguments)
    try:
        path = write_sweep(options.folder, options.model, progress=True)
    except (OSError, ValueError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
