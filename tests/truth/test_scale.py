import dataclasses
import itertools
import shutil

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from activations.truth import (
    SETS,
    Activations,
    DataMissingError,
    DataUnusableError,
    available_models,
    load_activations,
    read_statements,
    scale,
)
from activations.truth.evaluation import auroc_interval, permutation_test, wilson_interval
from activations.truth.experiments import transfer_runs
from activations.truth.probes import TTPD, MassMean
from activations.truth.sources import data_folder
from activations.truth.store import (
    Datasheet,
    statement_digest,
    write_datasheet,
    write_layer,
    write_safely,
)


def toy_model(seed, *, t_P=1.5, shift=1.0, width=12, n=40, noise=0.6, name="toy"):
    """Draw activations from the model of t_G and t_P; each topic turns t_G by its `shift`."""
    rng = np.random.default_rng(seed)
    found = {}
    for number, (key, kind) in enumerate(SETS.items()):
        tau = np.tile([1.0, -1.0], n // 2) * kind.polarity
        groups = np.repeat(np.arange(n // 2), 2) + 1000 * (kind.topic != "cities")
        X = noise * rng.standard_normal((n, width)) + 3.0 * number
        X[:, 0] += tau * (shift if kind.topic != "cities" else 1.0)
        X[:, 1] += tau * kind.polarity * t_P
        y = (tau > 0).astype(np.int64)
        polarity = np.full(n, kind.polarity)
        texts = tuple(f"Thing {g} {kind.polarity} is {i % 7}." for i, g in enumerate(groups))
        found[key] = Activations(
            key, X.astype(np.float32), y, groups, polarity, texts, name, 3, "toy"
        )
    return found


@pytest.fixture(scope="module")
def models():
    return {"small": toy_model(0, noise=2.5), "large": toy_model(1)}


@pytest.fixture(scope="module")
def frame(models):
    return scale.transfer_by_model(models, np.random.default_rng(0), n_splits=5, n_permutations=199)


def test_every_model_has_a_row_for_every_training_and_test(frame, models):
    assert len(frame) == 2 * 2 * 4
    assert not frame.duplicated(["model", "train", "test"]).any()
    assert set(frame.model) == set(models)
    assert (frame.d == 12).all()
    assert (frame.layer == 3).all()
    for name in ("auroc", "accuracy"):
        assert (frame[f"{name}_min"] <= frame[name]).all()
        assert (frame[name] <= frame[f"{name}_max"]).all()
        assert (frame[f"{name}_low"] <= frame[name]).all()
        assert (frame[name] <= frame[f"{name}_high"]).all()


def test_a_row_is_that_of_its_runs(frame, models):
    # The common seed is the first number that the generator gives.
    seed = int(np.random.default_rng(0).integers(2**63))
    runs = transfer_runs(
        models["large"], scale.TRAININGS, np.random.default_rng(seed), Cs=(1.0,), n_splits=5
    )
    cell = runs.frame[(runs.frame.train == "cities") & (runs.frame.test == "neg_cities")]
    row = frame[(frame.model == "large") & (frame.train == "cities")].set_index("test")
    row = row.loc["neg_cities"]
    assert row.auroc == cell.auroc.median()
    assert (row.auroc_min, row.auroc_max) == (cell.auroc.min(), cell.auroc.max())
    assert row.accuracy == cell.accuracy.median()
    n = int(row.n_test)
    assert n == 8
    assert (row.auroc_low, row.auroc_high) == auroc_interval(row.auroc, n // 2, n // 2)
    share = wilson_interval(round(row.accuracy * n), n)
    assert (row.accuracy_low, row.accuracy_high) == share
    # The p-values are near those of any other permutations of the same split.
    middle = cell.sort_values("auroc", kind="stable").iloc[2]
    data, rows = models["large"]["neg_cities"], runs.splits[middle.split]["neg_cities"].test
    scores = runs.probes["cities", 1.0][middle.split].scores(data.X[rows])
    again = permutation_test(scores, data.y[rows], data.groups[rows], np.random.default_rng(5))
    assert again.auroc == row.auroc
    assert again.p_worse == pytest.approx(row.p_worse, abs=0.12)


def test_verdicts_follow_the_model_of_two_directions(frame):
    large = frame[frame.model == "large"].set_index(["train", "test"])
    assert large.verdict["cities", "neg_sp_en_trans"] == "inverts"
    assert large.p_worse["cities", "neg_sp_en_trans"] < 0.1
    assert large.p_better["cities", "neg_sp_en_trans"] > 0.9
    assert large.verdict["cities + neg_cities", "neg_sp_en_trans"] == "transfers"
    assert large.verdict["cities", "sp_en_trans"] == "transfers"


def test_models_with_the_same_statements_get_the_same_splits():
    one = toy_model(2)
    frame = scale.transfer_by_model(
        {"a": one, "b": one}, np.random.default_rng(1), n_splits=3, n_permutations=19
    )
    a, b = (frame[frame.model == m].drop(columns="model").reset_index(drop=True) for m in "ab")
    pd.testing.assert_frame_equal(a, b)
    alone = scale.transfer_by_model(
        {"b": one}, np.random.default_rng(1), n_splits=3, n_permutations=19
    )
    pd.testing.assert_frame_equal(alone.drop(columns="model"), b)


def test_runs_that_are_known_are_taken(models):
    runs = transfer_runs(
        models["large"], scale.TRAININGS, np.random.default_rng(9), Cs=(np.inf, 1.0), n_splits=3
    )
    frame = scale.transfer_by_model(
        {"large": models["large"]}, np.random.default_rng(0), n_permutations=19,
        known={"large": runs},
    )  # fmt: skip
    expected = runs.frame[runs.frame.C == 1.0].groupby(["train", "test"], sort=False).auroc.median()
    assert frame.auroc.tolist() == expected.tolist()


def test_transfer_table_shows_one_training(frame):
    table = scale.transfer_table(frame, train="cities", tests=["neg_cities", "cities"])
    assert table["tested on"].tolist() == ["neg_cities"] * 2 + ["cities"] * 2
    assert table["model"].tolist() == ["small", "large"] * 2
    row = frame[(frame.train == "cities") & (frame.test == "neg_cities")].iloc[0]
    shown = f"{row.auroc:.3f} [{row.auroc_min:.3f},\xa0{row.auroc_max:.3f}]"
    assert table["AUROC"][0] == shown.replace("0.", ".")
    assert len(scale.transfer_table(frame, train="cities + neg_cities")) == 8


def test_a_sentence_names_every_model(frame):
    told = scale.tell(frame, train="cities", test="neg_sp_en_trans")
    assert " on small; it " in told
    assert told.endswith("inverts on large")
    told = scale.tell(frame.assign(auroc=1.0), train="cities", test="cities")
    assert told == "transfers on small and large"
    with pytest.raises(KeyError, match="no probe trained on 'x'"):
        scale.tell(frame, train="x", test="cities")


def test_words_tell_countries_and_no_truth():
    # Each of twelve countries is right once and wrong once, for different cities.
    rng = np.random.default_rng(3)
    sets = {}
    for name, kind in itertools.islice(SETS.items(), 2):
        texts, y = [], []
        for city in range(60):
            for country, right in ((city % 12, 1), ((city + 5) % 12, 0)):
                verb = "is" if kind.polarity > 0 else "is not"
                texts.append(f"City{city} {verb} in Land{country}.")
                y.append(right if kind.polarity > 0 else 1 - right)
        n = len(y)
        sets[name] = Activations(
            name, rng.standard_normal((n, 2)).astype(np.float32), np.array(y), np.arange(n) // 2,
            np.full(n, kind.polarity), tuple(texts), "toy", 3, "toy",
        )  # fmt: skip
    control = scale.words_only(sets)
    X = control["neg_cities"].X
    # 60 cities, 12 countries, and the words is, in, not.
    assert X.shape == (120, 75)
    assert (X.sum(axis=1) == 5).all()
    assert control["cities"].model == "words only"
    frame = scale.layer_sweep({0: control}, np.random.default_rng(0), n_splits=5)
    at = frame.set_index(["train", "test"]).auroc
    assert at["cities", "cities"] < 0.5
    assert at["cities", "neg_cities"] > 0.5
    assert scale.words_only({}) == {}


def test_splits_are_compared_for_each_model(models):
    table = scale.compare_splits_by_model(models, np.random.default_rng(0), n_splits=3)
    assert table["model"].tolist() == ["small"] * 2 + ["large"] * 2
    assert table["tested on"].tolist() == ["cities", "neg_cities"] * 2
    apart, mixed = (
        table[name].str.split().str[0].astype(float)
        for name in ("accuracy by subject", "naive accuracy")
    )
    # Both are shown to three digits.
    np.testing.assert_allclose(table["gain in accuracy"], mixed - apart, atol=1.1e-3)


# --- One topic held out -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def held(models):
    return scale.leave_one_topic_out(models)


def test_every_estimator_is_tested_on_the_topic_it_has_not_seen(held):
    assert len(held) == 2 * 5 * 4
    assert (held.held_out == [SETS[name].topic for name in held.test]).all()
    assert (held.n_train == 80).all()
    assert (held.n_test == 40).all()
    np.testing.assert_allclose(held.accuracy, held.correct / 40)


def test_estimators_are_trained_on_both_polarities(held, models):
    sets = models["large"]
    known = [sets["cities"], sets["neg_cities"]]
    X, y, p = (np.concatenate([getattr(d, k) for d in known]) for k in ("X", "y", "polarity"))
    for name, rule in (("TTPD", TTPD().fit(X, y, p, p)), ("mass-mean", MassMean().fit(X, y))):
        row = held[(held.model == "large") & (held.estimator == name)].set_index("test")
        for test in ("sp_en_trans", "neg_sp_en_trans"):
            correct = (rule.predict(sets[test].X) == sets[test].y).sum()
            assert row.correct[test] == correct
            assert (row.accuracy_low[test], row.accuracy_high[test]) == wilson_interval(correct, 40)


def test_all_estimators_transfer_where_there_is_one_truth(held):
    large = held[held.model == "large"]
    # Nothing keeps a fit without penalty from using the noise, too.
    assert (large.auroc > 0.85).all()
    assert set(large[large.estimator != "logistic, no penalty"].verdict) == {"transfers"}
    assert (large.auroc_low <= large.auroc).all()
    assert (large.auroc <= large.auroc_high).all()


def test_estimators_of_one_s_own_are_left_as_they_were(models):
    own = {"mine": LogisticRegression()}
    table = scale.topics_table(scale.leave_one_topic_out(models, own), "accuracy")
    assert table.columns.tolist() == ["model", "estimator", *SETS]
    assert table["estimator"].tolist() == ["mine", "mine"]
    assert not hasattr(own["mine"], "coef_")
    assert table["cities"][1].count(".") == 3


def test_one_topic_cannot_be_held_out(models):
    few = {name: models["large"][name] for name in ("cities", "neg_cities")}
    with pytest.raises(ValueError, match="two topics"):
        scale.leave_one_topic_out({"large": few})
    with pytest.raises(ValueError, match="value must be"):
        scale.topics_table(pd.DataFrame(), "x")


# --- Layer by layer ---------------------------------------------------------------------------


def test_a_layer_does_not_depend_on_the_others():
    layers = {k: toy_model(k) for k in (0, 4, 7)}
    every = scale.layer_sweep(layers, np.random.default_rng(1), n_splits=3)
    assert every.columns.tolist()[:4] == ["layer", "train", "test", "n_splits"]
    assert every.groupby("layer").size().tolist() == [8, 8, 8]
    one = scale.layer_sweep({4: layers[4]}, np.random.default_rng(1), n_splits=3)
    pd.testing.assert_frame_equal(every[every.layer == 4].reset_index(drop=True), one)
    other = scale.layer_sweep({4: layers[4]}, np.random.default_rng(2), n_splits=3)
    assert not other.auroc_min.equals(one.auroc_min)


def test_differences_to_a_stored_sweep():
    frame = scale.layer_sweep({2: toy_model(0), 5: toy_model(1)}, np.random.default_rng(1))
    changed = frame.copy()
    changed.loc[9, "accuracy_min"] += 0.25
    found = scale.sweep_difference(frame, changed)
    assert found.to_numpy().tolist() == [[2, 0, 0], [5, 0, 0.25]]
    part = scale.sweep_difference(frame, changed[changed.layer == 2])
    assert part.layer.tolist() == [2]
    for lacking in (frame[frame.layer == 2], frame.assign(n_splits=9)):
        with pytest.raises(ValueError, match="stored must have"):
            scale.sweep_difference(lacking, changed)


def test_layers_of_a_verdict():
    frame = pd.DataFrame({"layer": [3, 1, 2, 5], "train": "a", "test": "b"})
    frame["auroc"] = [0.0, 0.05, 0.5, 0.1]
    assert scale.layers_where(frame, "inverts", train="a", test="b") == [1, 3, 5]
    assert scale.layers_where(frame, "inverts", train="a", test="c") == []


@pytest.mark.parametrize(
    ("layers", "text"),
    [
        ([], "none"),
        ([4], "4"),
        ([5, 4], "4 to 5"),
        ([1, 3], "1 and 3"),
        ([1, 1, 2, 9, 12, 11], "1 to 2, 9 and 11 to 12"),
    ],
)
def test_ranges_of_layers(layers, text):
    assert scale.layer_ranges(layers) == text


@pytest.fixture
def store(tmp_path):
    """A folder with all four layers of a tiny model, on the statements of the book."""
    folder = tmp_path / "data"
    shutil.copytree(data_folder() / "statements", folder / "statements")
    sheet = Datasheet(
        model="tiny", upstream=None, quantisation=None, package=None, weights_sha256="0f" * 32,
        parameters=1000, n_layers=4, width=12, layer=1, layers=(0, 1, 2, 3), token="last",
        dtype="float32", date="2026-01-31", command="none", licence=None, attribution=None,
        statements={name: statement_digest(folder, name) for name in SETS},
    )  # fmt: skip
    rng = np.random.default_rng(0)
    rows = {name: len(read_statements(folder / "statements", name)) for name in SETS}
    for layer in range(4):
        tensors = {
            name: rng.standard_normal((n, 12)).astype(np.float16) for name, n in rows.items()
        }
        write_layer(folder, "tiny", layer, tensors)
    write_datasheet(folder, sheet)
    return folder, sheet


def test_a_stored_sweep_is_that_of_its_layers(store, capsys):
    folder, _ = store
    assert scale.main([str(folder), "tiny"]) == 0
    assert capsys.readouterr().out.endswith("sweep.csv\n")
    stored = scale.read_sweep(folder, "tiny")
    assert stored.groupby("layer").size().tolist() == [8, 8, 8, 8]
    sets = {name: scale.load_activations(name, source=folder, layer=2) for name in SETS}
    again = scale.layer_sweep({2: sets}, np.random.default_rng(scale.SWEEP_SEED))
    found = scale.sweep_difference(stored, again)
    assert found[["auroc", "accuracy"]].to_numpy().max() < 1e-6


def test_a_sweep_wants_every_layer(store, capsys):
    folder, sheet = store
    write_datasheet(folder, dataclasses.replace(sheet, layers=(1,)))
    with pytest.raises(DataMissingError, match="layers 0 and 2 to 3 are not in"):
        scale.write_sweep(folder, "tiny")
    assert scale.main([str(folder), "huge"]) == 1
    assert "model must be one of tiny" in capsys.readouterr().err


@pytest.fixture(scope="module")
def sweep():
    """The text of a stored sweep."""
    frame = scale.layer_sweep({0: toy_model(0)}, np.random.default_rng(0), n_splits=1)
    return frame.to_csv(index=False, float_format="%.6f")


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text.replace("auroc_min", "auroc_least"),
        lambda text: text.splitlines()[0] + "\n",
        lambda text: text.replace(",1.000000", ",1.500000", 1),
        lambda text: "".join(text.splitlines(keepends=True)[:-1]),
        lambda text: text + text.splitlines(keepends=True)[-1],
        lambda text: text.replace("\n0,", "\n1,", 1),
        lambda text: text.replace("\n0,", "\n-1,"),
        lambda text: text.replace(",neg_cities,", ",capitals,"),
        lambda text: text.replace("\n0,", "\nzero,"),
        lambda text: text + "1,2,3,4,5,6,7,8,9,10,11,12\n",
        lambda text: text + "1,cities,cities,1,,,,,,\n",
    ],
)
def test_a_damaged_sweep_is_refused(sweep, store, tmp_path, damage):
    _, sheet = store
    write_datasheet(tmp_path, dataclasses.replace(sheet, n_layers=1, layers=(0,), layer=0))
    path = tmp_path / "activations" / "tiny" / scale.SWEEP_FILE
    with pytest.raises(DataMissingError, match="is missing"):
        scale.read_sweep(tmp_path, "tiny")
    write_safely(path, sweep.encode())
    assert len(scale.read_sweep(tmp_path, "tiny")) == 8
    write_safely(path, damage(sweep).encode())
    with pytest.raises(DataUnusableError, match=r"sweep\.csv"):
        scale.read_sweep(tmp_path, "tiny")


@pytest.mark.parametrize("make", [scale.transfer_by_model, scale.layer_sweep])
def test_chance_comes_from_a_generator(make):
    with pytest.raises(TypeError, match="rng must be"):
        make({}, 0)


def test_the_sheet_s_story_on_the_course_s_data(real_sets):
    held = scale.leave_one_topic_out({"model": real_sets}, {"TTPD": TTPD(), "mean": MassMean()})
    assert (held.auroc > 0.99).all()


def test_words_alone_say_nothing_where_a_split_keeps_exchanged_claims_together():
    own = {name: load_activations(name, source="embedded") for name in ("cities", "neg_cities")}
    city_by_city = {
        name: dataclasses.replace(data, groups=np.arange(len(data)) // 2)
        for name, data in own.items()
    }
    table = scale.words_table(
        {"together": own, "apart": city_by_city}, np.random.default_rng(0), n_splits=5
    )
    together, apart = table.cities.str.split().str[0].astype(float)
    assert together == pytest.approx(0.5, abs=1e-3)
    assert apart < 0.3
    assert float(table.neg_cities[1].split()[0]) > 0.7


@pytest.mark.parametrize("model", ["SmolLM2-135M-Instruct", "Qwen2.5-Coder-1.5B-Instruct"])
def test_the_stored_sweeps_are_what_the_kept_layers_give(model):
    stored = scale.read_sweep(data_folder(), model)
    assert sorted(set(stored.layer)) == list(range(available_models("embedded")[model].n_layers))
    apart = scale.sweep_difference(stored, scale.sweep_kept(model))
    assert apart.auroc.max() < 0.01
    assert apart.accuracy.max() < 0.05


def test_the_models_at_hand_go_from_small_to_large():
    found = scale.models_at_hand()
    assert list(found)[:2] == list(available_models("embedded"))
    assert all(list(sets) == list(SETS) for sets in found.values())
    table = scale.models_table(found)
    assert table["model"].tolist() == list(found)
    assert table["parameters"].tolist()[:2] == ["0.13 billion", "1.54 billion"]


def test_what_the_chapter_says_of_the_two_embedded_models_holds():
    small, large = (
        {name: load_activations(name, source="embedded", model=model) for name in SETS}
        for model in available_models("embedded")
    )
    frame = scale.transfer_by_model(
        {"small": small, "large": large}, np.random.default_rng(1), n_splits=7, n_permutations=999
    ).set_index(["model", "train", "test"])
    one, both = "cities", "cities + neg_cities"
    word = frame.verdict
    assert word["small", one, "cities"] == word["small", both, "neg_cities"] == "transfers"
    assert word["small", one, "neg_cities"] == "inverts"
    assert frame.p_worse["small", one, "neg_cities"] <= 0.01
    for test in ("sp_en_trans", "neg_sp_en_trans"):
        assert word["small", both, test] not in ("transfers", "inverts")
        assert word["large", both, test] == "transfers"
        assert frame.p_better["large", both, test] <= 0.01
    assert word["large", one, "sp_en_trans"] == "transfers"
    assert word["large", one, "neg_sp_en_trans"] == "inverts"
