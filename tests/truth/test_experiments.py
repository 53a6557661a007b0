import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activations.truth import SETS
from activations.truth import experiments as ex
from activations.truth.evaluation import wilson_interval
from activations.truth.probes import LinearProbe, TruthDirections


@pytest.fixture(scope="module")
def runs(toy_sets):
    return ex.transfer_runs(
        toy_sets, [("cities",), ("cities", "neg_cities")], np.random.default_rng(0), n_splits=3
    )


@pytest.mark.parametrize("seed", range(5))
def test_splits_by_group_share_no_subject_even_across_polarities(toy_sets, seed):
    splits = ex.draw_splits(toy_sets, np.random.default_rng(seed))
    for name, data in toy_sets.items():
        split = splits[name]
        rows = np.concatenate([split.train, split.test])
        assert sorted(rows) == list(range(len(data)))
        for other, there in toy_sets.items():
            assert not set(data.groups[split.test]) & set(there.groups[splits[other].train])
        held_out = len(np.unique(data.groups[split.test])) / len(np.unique(data.groups))
        assert held_out == pytest.approx(ex.TEST_SHARE)


@pytest.mark.parametrize("seed", range(5))
def test_naive_splits_partition_the_statements(toy_sets, seed):
    splits = ex.draw_splits(toy_sets, np.random.default_rng(seed), by_group=False)
    for name, data in toy_sets.items():
        rows = np.concatenate([splits[name].train, splits[name].test])
        assert sorted(rows) == list(range(len(data)))
        assert len(splits[name].test) == int(np.ceil(ex.TEST_SHARE * len(data)))


def test_splits_are_those_of_the_generator(toy_sets):
    for by_group in (True, False):
        one, same, other = (
            ex.draw_splits(toy_sets, np.random.default_rng(seed), by_group=by_group)["cities"].test
            for seed in (1, 1, 2)
        )
        np.testing.assert_array_equal(one, same)
        assert not np.array_equal(one, other)


def test_runs_have_a_row_for_every_cell(runs, toy_sets):
    frame = runs.frame
    assert len(frame) == 3 * 2 * 2 * 4
    assert not frame.duplicated(["split", "train", "C", "test"]).any()
    assert set(runs.probes) == {(t, C) for t in frame.train.unique() for C in (np.inf, 1.0)}
    assert {len(probes) for probes in runs.probes.values()} == {3}
    np.testing.assert_allclose(frame.accuracy, frame.correct / frame.n_test)
    assert (frame[frame.train == "cities"].n_train == 64).all()
    assert (frame[frame.train == "cities + neg_cities"].n_train == 128).all()


def test_runs_find_the_inversion_that_the_toy_data_holds(runs):
    # There t_P is longer than t_G, so a probe for affirmative statements turns over.
    median = runs.frame[runs.frame.C == 1.0].groupby(["train", "test"]).auroc.median()
    assert median["cities", "sp_en_trans"] == 1.0
    assert median["cities", "neg_sp_en_trans"] == 0.0
    assert median["cities + neg_cities", "neg_sp_en_trans"] == 1.0


def test_only_within_tests_where_it_trained(toy_sets):
    runs = ex.transfer_runs(
        toy_sets, [("cities",)], np.random.default_rng(0), n_splits=1, Cs=(1.0,), only_within=True
    )
    assert runs.frame.test.tolist() == ["cities"]


def test_summary_of_one_cell(runs):
    table = ex.summarise(runs.frame, train="cities", tests=["neg_sp_en_trans"])
    assert table["tested on"].tolist() == ["neg_sp_en_trans"] * 2
    assert table["penalty"].tolist() == ["none", "$C = 1$"]
    assert table["published"].tolist() == [".028", ".423"]
    at = (runs.frame.train == "cities") & (runs.frame.C == 1.0)
    cell = runs.frame[at & (runs.frame.test == "neg_sp_en_trans")].sort_values("accuracy")
    low, high = wilson_interval(int(cell.correct.iloc[1]), int(cell.n_test.iloc[1]))
    shown = table["Wilson 95 %"][1].strip("[]").split(",")
    assert [float(end) for end in shown] == pytest.approx([low, high], abs=5e-4)
    middle, low, high = table["accuracy"][1].replace("[", "").replace("]", "").split()
    assert float(middle) == pytest.approx(cell.accuracy.median(), abs=5e-4)
    assert float(low.strip(",")) == pytest.approx(cell.accuracy.min(), abs=5e-4)
    assert float(high) == pytest.approx(cell.accuracy.max(), abs=5e-4)


def test_summary_of_own_sets(runs):
    table = ex.summarise(runs.frame)
    assert table["tested on"].tolist() == ["cities"] * 2
    assert table["published"][0] == ".99"
    assert pd.isna(table["published"][1])


def test_published_figures_are_counts():
    for known in ex.PUBLISHED.itertuples():
        digits = 2 if known.part == "2(a)" else 3
        count = round(known.published * known.n_published)
        assert round(count / known.n_published, digits) == known.published
    counts = {
        (k.test, k.C): (round(k.published * k.n_published), k.n_published)
        for k in ex.PUBLISHED[ex.PUBLISHED.part == "2(b)"].itertuples()
    }
    assert counts["neg_sp_en_trans", np.inf] == (2, 71)
    assert counts["neg_sp_en_trans", 1.0] == (30, 71)
    assert counts["neg_cities", 1.0] == (158, 300)


def test_comparison_of_splits(runs):
    other = runs.frame.assign(accuracy=runs.frame.accuracy - 0.25, auroc=0.5)
    table = ex.compare_splits(runs.frame, other, train="cities", tests=["neg_cities"])
    assert table["gain in accuracy"].tolist() == pytest.approx([-0.25])
    at = (runs.frame.test == "neg_cities") & (runs.frame.train == "cities")
    expected = runs.frame[at & np.isinf(runs.frame.C)]
    shown = ex.format_spread(expected.accuracy, middle=expected.accuracy.mean())
    assert table["accuracy by subject"].tolist() == [shown]
    assert table["naive AUROC"].tolist() == [".500 [.500,\xa0.500]"]
    assert ex.compare_splits(runs.frame, other)["tested on"].tolist() == ["cities"]


def test_runs_within_are_those_of_each_set_alone(toy_sets):
    runs = ex.within_runs(toy_sets, np.random.default_rng(0), n_splits=2)
    assert (runs.frame.train == runs.frame.test).all()
    assert len(runs.frame) == 2 * len(toy_sets)
    assert np.isinf(runs.frame.C).all()


def test_centring_changes_the_accuracy_only(runs):
    table = ex.centring_table(runs.frame, C=1.0)
    at = (runs.frame.train == "cities") & (runs.frame.C == 1.0)
    for row in table.to_dict("records"):
        cell = runs.frame[at & (runs.frame.test == row["tested on"])]
        assert row["accuracy"] == ex.format_spread(cell.accuracy)
        assert row["after centring"] == ex.format_spread(cell.accuracy_recentred)
        assert row["AUROC"] == ex.format_spread(cell.auroc)


@pytest.mark.parametrize("rng", [None, 3, np.random.RandomState(0)])
def test_splits_want_a_generator(toy_sets, rng):
    with pytest.raises(TypeError, match="rng must be"):
        ex.draw_splits(toy_sets, rng)


@settings(deadline=None)
@given(st.floats(0, 1))
def test_verdicts_are_monotone(auroc):
    order = ["inverts", "ranks weakly, the wrong way", "does not rank", "ranks weakly", "transfers"]
    higher = min(1.0, auroc + 0.1)
    assert order.index(ex.verdict(auroc)) <= order.index(ex.verdict(higher))
    assert order.index(ex.verdict(1.0)) == 4
    assert order.index(ex.verdict(0.0)) == 0


@pytest.mark.parametrize("auroc", [-0.1, 1.1, np.nan])
def test_verdict_refuses(auroc):
    with pytest.raises(ValueError, match="auroc must be"):
        ex.verdict(auroc)


def test_a_probe_that_calls_all_false_is_right_on_a_random_share():
    low, high = ex.all_false_accuracy(354, 177, 71)
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 177)
    seen = [(rng.permutation(labels)[:71] == 0).mean() for _ in range(2000)]
    assert 0.94 < np.mean([low <= share <= high for share in seen]) < 0.99
    assert low < 30 / 71 < high
    assert not low < 2 / 71 < high
    with pytest.raises(ValueError, match="counts must fit"):
        ex.all_false_accuracy(10, 11, 5)
    with pytest.raises(ValueError, match="confidence must be"):
        ex.all_false_accuracy(10, 5, 5, confidence=2.0)


def test_published_counts_are_looked_up():
    assert ex.published_count("neg_cities", C=1.0) == (".527", 158, 300)
    assert ex.published_count("cities") == (".99", 297, 300)
    with pytest.raises(KeyError, match="no figure was published"):
        ex.published_count("neg_cities", C=2.0)


def test_published_figures_are_read():
    row = {"train": "cities", "test": "neg_sp_en_trans", "accuracy": 0.5}
    frame = pd.DataFrame(
        [
            row | {"C": np.inf, "accuracy_recentred": 0.01},
            row | {"C": np.inf, "accuracy_recentred": 0.05},
            row | {"C": 1.0, "accuracy_recentred": 0.0},
            row | {"test": "neg_cities", "C": np.inf, "accuracy_recentred": 0.6},
            row | {"test": "neg_cities", "C": 1.0, "accuracy_recentred": 0.6},
        ]
    )
    table = ex.read_published(frame)
    assert table["count"].tolist() == ["153/300", "2/71", "158/300", "30/71"]
    held = table[["our splits", "recentred", "all false"]].map(lambda cell: cell.startswith("**"))
    assert held.to_numpy().tolist() == [
        [False, False, True],
        [False, True, False],
        [False, False, True],
        [False, False, True],
    ]


def test_separability_of_the_toy_sets(toy_sets):
    study = ex.study_separability(toy_sets["sp_en_trans"], np.random.default_rng(0), permutations=3)
    data = toy_sets["sp_en_trans"]
    assert study.onset.k == 1
    assert study.whole.verify(data.X, data.y)
    assert study.onset.plane.verify(study.scores[:, :1], data.y)
    assert study.onset.obstacle.verify(study.scores[:, :0], data.y)
    assert all(1 < k < len(data) for k in study.permuted)
    table = ex.separability_table([study])
    assert table["separable"].tolist() == ["proved"]
    assert table["multipliers at $k-1$"].tolist() == [2]
    shown = ex.obstacle_statements(study, data)
    assert set(shown.statement) <= set(data.statements)
    assert shown.groupby("label").share.sum().tolist() == pytest.approx([1.0, 1.0])


def test_a_set_that_no_number_of_components_separates(toy_sets):
    data = toy_sets["sp_en_trans"]
    apart = ex.study_separability(data, np.random.default_rng(0), permutations=0)
    assert apart.k_below == 0
    # The same vector with either label.
    X = np.concatenate([data.X[:, :3], data.X[:1, :3]])
    mixed = dataclasses.replace(data, X=X, y=np.append(data.y, 1 - data.y[0]))
    together = ex.study_separability(mixed, np.random.default_rng(0), permutations=0)
    assert together.onset.k is None
    assert not together.whole.separable
    assert together.k_below == 3
    assert together.verify(X) == {"all dimensions": True, "one component fewer": True}
    assert ex.hardest_study({"one": apart, "other": together}) is together


def test_no_obstacle_no_table(toy_sets):
    study = ex.study_separability(toy_sets["cities"], np.random.default_rng(0), permutations=0)
    bare = dataclasses.replace(study, onset=dataclasses.replace(study.onset, obstacle=None))
    with pytest.raises(ValueError, match="no obstacle"):
        ex.obstacle_statements(bare, toy_sets["cities"])


def test_distinct_rows_keep_the_first_of_each():
    X = np.array([[2.0, 1.0], [0.0, 0.0], [2.0, 1.0], [0.0, 0.0], [-1.0, 5.0]])
    assert ex.distinct_rows(X).tolist() == [0, 1, 4]


def test_random_labels_can_be_separated_and_mean_nothing(toy_sets):
    accuracies = []
    for seed in range(12):
        certificate, accuracy = ex.random_label_fit(
            toy_sets["cities"], np.random.default_rng(seed), test_share=0.15
        )
        assert certificate.separable
        accuracies.append(accuracy)
    assert 0.3 < np.mean(accuracies) < 0.7


def test_looser_tolerances_stop_earlier(toy_sets):
    table = ex.tolerance_table(toy_sets, "cities", np.random.default_rng(0), tols=(1e-3, 1e-9))
    assert table.iloc[0, 2] < table.iloc[1, 2]
    assert table["$\\log_{10}$ loss"][0] > table["$\\log_{10}$ loss"][1]
    assert list(table.columns[-3:]) == ["neg_cities", "sp_en_trans", "neg_sp_en_trans"]


def test_liblinear_penalises_the_bias_and_lbfgs_does_not():
    X, y = np.array([[0.0, 5.0], [2.0, 5.0]]), [0, 1]
    fits = [("lbfgs", 1.0, 1e-10), ("liblinear", 1.0, 1e-10)]
    table = ex.solver_table(X, y, fits)
    assert abs(table["$w_2$"][0]) < 1e-6
    # With the bias as the weight of a third coordinate, weights are shared in proportion 5 : 1.
    assert table["$w_2$"][1] == pytest.approx(5.0 * table["$b$"][1], rel=1e-3)
    assert table["$b$"][0] == pytest.approx(-table["$w_1$"][0], rel=1e-6)
    loose, tight = (ex.solver_table(X, y, [("liblinear", 1e12, t)]) for t in (1e-2, 1e-8))
    assert tight["$w_1$"][0] > 2 * loose["$w_1$"][0]


def test_a_table_of_solvers_never_rounds_a_penalty():
    table = ex.solver_table([[0.0], [1.0]], [0, 1], [("lbfgs", C, 1e-6) for C in (1.0, 0.5, 10.0)])
    assert table["$C$"].tolist() == ["1", "0.5", "$10^{1}$"]


def test_topics_are_compared_by_cosines():
    a = TruthDirections(np.array([3.0, 0.0]), np.array([0.0, 4.0]))
    b = TruthDirections(np.array([1.0, 1.0]), np.array([0.0, -1.0]))
    assert ex.topic_cosines({"a": a, "b": b}, "a", "b") == pytest.approx((0.5**0.5, -1.0))


def test_directions_by_topic(toy_sets):
    found = ex.topic_directions(toy_sets)
    assert list(found) == ["cities", "sp_en_trans", "all"]
    for one in found.values():
        assert one.t_G[0] == pytest.approx(1.0, abs=0.02)
        assert one.t_P[1] == pytest.approx(1.5, abs=0.02)
    table = ex.directions_table(found)
    assert table.iloc[2, -2:].tolist() == pytest.approx([1.0, 1.0])


def test_terms_tell_which_way_a_probe_turns(toy_sets, runs):
    terms = ex.direction_terms(runs, toy_sets, ex.topic_directions(toy_sets))
    assert len(terms) == 2 * 2 * 3
    np.testing.assert_allclose(terms.affirmative, terms.general + terms.polar)
    np.testing.assert_allclose(terms.negated, terms.general - terms.polar)
    assert (terms.affirmative > 0).all()
    assert (terms.negated < 0).all()
    assert (terms.auroc_negated == 0).all()
    assert (ex.terms_table(terms)["negated statements"] == "inverts").all()
    # The sum of the two terms is half the gap between the mean scores, in the same unit.
    data, probe = toy_sets["cities"], runs.probes["cities", 1.0][0]
    row = terms[(terms.C == 1.0) & (terms.topic == "cities") & (terms.split == 0)].iloc[0]
    scores = probe.scores(data.X)
    gap = scores[data.y == 1].mean() - scores[data.y == 0].mean()
    directions = ex.topic_directions(toy_sets)["cities"]
    unit = float(probe.weights @ directions.t_G) / row.general
    assert row.affirmative == pytest.approx(gap / 2 / unit)


def test_the_plane_keeps_lengths_and_angles(toy_sets):
    rng = np.random.default_rng(1)
    t_G, t_P, w = rng.standard_normal((3, 4096))
    plane = ex.truth_plane(toy_sets, TruthDirections(t_G, t_P), LinearProbe(w, 0.0, 0))
    assert np.linalg.norm(plane.t_G) == pytest.approx(np.linalg.norm(t_G))
    assert plane.t_G[1] == pytest.approx(0.0, abs=1e-9)
    assert plane.t_G @ plane.t_P == pytest.approx(t_G @ t_P)
    assert np.linalg.norm(plane.probe) == pytest.approx(1.0)
    assert set(plane.points) == set(SETS)
    assert plane.points["cities"].mean(axis=0) == pytest.approx([0.0, 0.0], abs=1e-9)


def test_two_splits_leak_four_fifths():
    shares = ex.split_overlap(1496, np.random.default_rng(0), repeats=40)
    assert np.mean(shares) == pytest.approx(0.8, abs=0.02)


def test_only_the_trusting_reader_runs_the_code():
    table = ex.unsafe_pickle()
    assert table["code ran"].tolist() == ["yes", "no", "no"]
    assert table["outcome"].tolist()[1:] == [
        "refused with `UnpicklingError`",
        "refused with `DataUnusableError`",
    ]


def test_the_story_of_the_sheet_on_the_course_s_data(real_sets):
    runs = ex.transfer_runs(
        real_sets, [("cities",), ("cities", "neg_cities")], np.random.default_rng(0),
        n_splits=1, Cs=(1.0,),
    )  # fmt: skip
    cell = runs.frame.set_index(["train", "test"])
    assert cell.auroc["cities", "cities"] > 0.999
    assert cell.auroc["cities", "sp_en_trans"] > 0.999
    assert cell.auroc["cities", "neg_sp_en_trans"] < 0.02
    assert 0.4 < cell.auroc["cities", "neg_cities"] < 0.8
    assert cell.share_true["cities", "neg_cities"] < 0.05
    assert cell.auroc["cities + neg_cities", "neg_sp_en_trans"] > 0.97
    directions = ex.topic_directions(real_sets)
    assert directions["all"].cosine == pytest.approx(-0.18, abs=0.01)
    assert np.linalg.norm(directions["all"].t_G) == pytest.approx(0.98, abs=0.01)
    terms = ex.direction_terms(runs, real_sets, directions).set_index("topic")
    assert terms.negated["sp_en_trans"] < -1.0
    assert abs(terms.negated["cities"]) < 0.3


def test_the_course_s_sets_are_separable_with_proof(real_sets):
    onsets = {}
    for name, data in real_sets.items():
        study = ex.study_separability(data, np.random.default_rng(0), permutations=0)
        assert study.whole.separable
        assert study.whole.verify(data.X, data.y)
        onsets[name] = study.onset.k
    assert onsets == {"cities": 5, "neg_cities": 1, "sp_en_trans": 1, "neg_sp_en_trans": 1}


def test_an_empty_frame_of_terms():
    assert ex.direction_terms(ex.Runs(pd.DataFrame(), {}), {}, {}).empty


def test_a_study_finds_its_own_proofs_broken_by_other_data(toy_sets):
    study = ex.separability_studies(toy_sets, np.random.default_rng(0))["cities"]
    X = toy_sets["cities"].X
    assert len(study.permuted) == 5
    assert set(study.verify(X).values()) == {True}
    assert not study.verify(-X)["all dimensions"]
    broken = dataclasses.replace(study, y=1 - study.y)
    assert not broken.verify(X)["k components"]


def test_first_statements_of_an_archive(archive, monkeypatch):
    monkeypatch.setenv("ACTIVATIONS_DATA", str(archive))
    table = ex.first_statements(SETS, 3)
    assert list(table) == ["statement", "label", "subject", "polarity"]
    assert table.polarity.tolist() == [1, 1, 1, -1, -1, -1] * 2
