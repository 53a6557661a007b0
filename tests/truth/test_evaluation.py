import itertools
from fractions import Fraction

import numpy as np
import pytest
import scipy.stats
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import roc_auc_score

from activations.truth.evaluation import (
    auroc_interval,
    evaluate,
    permutation_test,
    wilson_interval,
)

scores_and_labels = st.integers(2, 30).flatmap(
    lambda n: st.tuples(
        hnp.arrays(np.float64, n, elements=st.integers(-4, 4).map(float)),
        hnp.arrays(np.int64, n, elements=st.integers(0, 1)).filter(lambda y: 0 < y.sum() < len(y)),
    )
)


@settings(deadline=None)
@given(scores_and_labels)
def test_evaluate_counts(case):
    scores, y = case
    told = evaluate(scores, y)
    pairs = [(s, f) for s in scores[y == 1] for f in scores[y == 0]]
    wins = sum(Fraction(1) if s > f else Fraction(1, 2) if s == f else 0 for s, f in pairs)
    assert told.auroc == pytest.approx(float(Fraction(wins, len(pairs))))
    assert told.correct == sum((s > 0) == bool(t) for s, t in zip(scores, y, strict=True))
    assert told.accuracy == told.correct / len(y)
    assert told.share_true == pytest.approx(sum(s > 0 for s in scores) / len(y))


@settings(deadline=None)
@given(scores_and_labels)
def test_what_the_threshold_can_change(case):
    scores, y = case
    told = evaluate(scores, y)
    assert evaluate(3.0 * scores - 7.0, y).auroc == told.auroc
    assert evaluate(-scores, y).auroc == pytest.approx(1.0 - told.auroc)
    shifted = evaluate(scores - 100.0, y)
    assert shifted.share_true == 0.0
    assert shifted.accuracy == (y == 0).mean()
    if told.auroc == 0.0:
        assert told.accuracy <= max(y.mean(), 1.0 - y.mean())


@pytest.mark.parametrize(
    ("scores", "y", "match"),
    [
        ([], [], "at least one"),
        ([np.nan, 1.0], [0, 1], "finite"),
        ([1.0, 2.0], [1, 1], "both labels"),
        ([1.0, 2.0], [0], "shape"),
        ([[1.0], [2.0]], [0, 1], "vector"),
    ],
)
def test_evaluate_names_what_is_wrong(scores, y, match):
    with pytest.raises(ValueError, match=match):
        evaluate(scores, y)


@settings(deadline=None)
@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_interval_solves_its_equation(case):
    correct, n = case
    low, high = wilson_interval(correct, n)
    p, z = correct / n, scipy.stats.norm.ppf(0.975)
    assert 0.0 <= low <= p <= high <= 1.0
    assert low < high
    for q in (low, high):
        if 1e-12 < q < 1.0 - 1e-12:
            assert (p - q) ** 2 == pytest.approx(z**2 * q * (1 - q) / n, rel=1e-6)
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert (low, high) == pytest.approx((max(middle - half, 0), min(middle + half, 1)), abs=1e-9)


@pytest.mark.parametrize(
    ("args", "confidence"), [((1, 0), 0.95), ((-1, 3), 0.95), ((4, 3), 0.95), ((1, 3), 1.0)]
)
def test_wilson_interval_refuses(args, confidence):
    with pytest.raises(ValueError, match="must be"):
        wilson_interval(*args, confidence=confidence)


def test_the_turning_theorem_on_simulated_scores():
    # Bounded, skewed noise, equal for true and false: only the sign of the gap may matter.
    rng = np.random.default_rng(6)
    for gap in (-0.7, -0.05, 0.05, 0.7):
        noise = rng.beta(0.5, 3.0, size=(2, 4000))
        scores = np.concatenate([noise[0], noise[1] + gap])
        auroc = evaluate(scores, np.repeat([0, 1], 4000)).auroc
        assert (auroc > 0.5) == (gap > 0)


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e308, -1e308, 5e-324, 0.0])
@pytest.mark.parametrize("n", [3, 7, 10, 49])
def test_no_score_exceeds_the_mean_of_equal_ones(value, n):
    labels = np.arange(n) % 2
    told = evaluate(np.full(n, value), labels)
    assert told.correct_recentred == (labels == 0).sum()
    assert told.auroc == 0.5


def test_scores_are_numbers_that_no_mask_hides():
    with pytest.raises(TypeError, match="scores must be real"):
        evaluate(["1", "2"], [0, 1])
    with pytest.raises(TypeError, match="scores must not have masked"):
        evaluate(np.ma.array([0.0, 1.0], mask=[False, True]), [0, 1])


@pytest.mark.parametrize("counts", [(1.5, 3), (True, 3), (1, 3.0), (1, np.inf), ("1", 3)])
def test_wilson_wants_integers(counts):
    with pytest.raises(TypeError, match="must be an integer"):
        wilson_interval(*counts)


def test_auroc_is_scikit_learn_s():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 500)
    scores = rng.integers(-20, 20, 500) + 5.0 * y
    told = evaluate(scores, y)
    assert told.auroc == pytest.approx(roc_auc_score(y, scores), abs=1e-14)
    assert told.n_true == y.sum()


# --- Newcombe's interval ----------------------------------------------------------------------


def variance(theta, m, n):
    """Write Newcombe's variance as he does."""
    N = (m + n) / 2
    inner = 1 + (N - 1) * ((1 - theta) / (2 - theta) + theta / (1 + theta))
    return theta * (1 - theta) * inner / (m * n)


def test_the_variance_is_that_of_exponential_scores():
    a, b, x, m, n = sympy.symbols("a b x m n", positive=True)
    theta = sympy.symbols("theta", positive=True)
    # True statements have rate a, false ones rate b: the chances that a true one scores above a
    # false one, that two do, and that one scores above two.
    one = sympy.integrate(b * sympy.exp(-b * x) * sympy.exp(-a * x), (x, 0, sympy.oo))
    two = sympy.integrate(b * sympy.exp(-b * x) * sympy.exp(-2 * a * x), (x, 0, sympy.oo))
    above = sympy.integrate(
        sympy.expand(a * sympy.exp(-a * x) * (1 - sympy.exp(-b * x)) ** 2), (x, 0, sympy.oo)
    )
    # The pairs in a sum of indicators that have a false statement in common, or a true one.
    whole = one - one**2 + (m - 1) * (two - one**2) + (n - 1) * (above - one**2)
    rates = {a: 1 - theta, b: theta}
    difference = (whole / (m * n) - variance(theta, m, n)).subs(rates)
    assert sympy.simplify(difference.subs(m, n)) == 0
    assert sympy.simplify(difference) != 0
    # Without any difference between the classes it holds for all sizes, as for all scores.
    null = (m + n + 1) / (12 * m * n)
    assert sympy.simplify(variance(sympy.Rational(1, 2), m, n) - null) == 0


counts_and_auroc = st.tuples(st.integers(1, 60), st.integers(1, 60)).flatmap(
    lambda sizes: st.tuples(
        st.integers(0, 2 * sizes[0] * sizes[1]).map(lambda k: k / (2 * sizes[0] * sizes[1])),
        st.just(sizes[0]),
        st.just(sizes[1]),
    )
)


@settings(deadline=None)
@given(counts_and_auroc, st.sampled_from([0.5, 0.9, 0.95, 0.999]))
def test_newcombe_s_interval_holds_what_is_compatible_and_nothing_else(case, confidence):
    auroc, m, n = case
    low, high = auroc_interval(auroc, m, n, confidence=confidence)
    z = scipy.stats.norm.ppf((1 + confidence) / 2)
    assert 0.0 <= low <= auroc <= high <= 1.0
    assert high - low > 1e-3
    theta = np.linspace(0.0, 1.0, 2001)
    compatible = np.abs(auroc - theta) <= z * np.sqrt(variance(theta, m, n))
    # At 0 and 1 the variance vanishes, so these are compatible with themselves only.
    inside = (low <= theta) & (theta <= high)
    edge = (np.abs(theta - low) < 1e-9) | (np.abs(theta - high) < 1e-9)
    np.testing.assert_array_equal(compatible[~edge], inside[~edge])
    mirrored = auroc_interval(1.0 - auroc, n, m, confidence=confidence)
    assert mirrored == pytest.approx((1.0 - high, 1.0 - low), abs=1e-12)


def test_newcombe_s_interval_of_one_statement_a_class_is_wilson_s_of_one_trial():
    for auroc, correct in ((0.0, 0), (1.0, 1)):
        assert auroc_interval(auroc, 1, 1) == pytest.approx(wilson_interval(correct, 1))


def test_more_statements_make_newcombe_s_interval_shorter():
    lengths = [np.diff(auroc_interval(0.9, n, n))[0] for n in (5, 20, 80, 320, 10**6)]
    assert all(a > b for a, b in itertools.pairwise(lengths))
    assert lengths[-1] < 1e-2


@pytest.mark.parametrize("auroc", [0.6, 0.95])
def test_newcombe_s_interval_covers(auroc):
    rng = np.random.default_rng(1)
    m, n, repeats = 36, 35, 600
    gap = np.sqrt(2.0) * scipy.stats.norm.ppf(auroc)
    y = np.repeat([1, 0], [m, n])
    held = 0
    for _ in range(repeats):
        low, high = auroc_interval(evaluate(rng.standard_normal(m + n) + gap * y, y).auroc, m, n)
        held += low <= auroc <= high
    assert 0.93 < held / repeats < 0.995


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ((1.1, 3, 3), ValueError, "auroc must be in"),
        ((np.nan, 3, 3), ValueError, "auroc must be in"),
        (("1", 3, 3), TypeError, "auroc must be a number"),
        ((True, 3, 3), TypeError, "auroc must be a number"),
        ((0.5, 0, 3), ValueError, "n_true is 0"),
        ((0.5, 3, 2.0), TypeError, "n_false is 2.0"),
    ],
)
def test_newcombe_s_interval_names_what_is_wrong(arguments, error, match):
    with pytest.raises(error, match=match):
        auroc_interval(*arguments)
    with pytest.raises(ValueError, match="confidence must be"):
        auroc_interval(0.5, 3, 3, confidence=0.0)


# --- The permutation test ---------------------------------------------------------------------


def exchanges(y, groups):
    """List the labels that exchanges lead to; all of them are equally probable."""
    members = [np.flatnonzero(groups == name) for name in np.unique(groups)]
    alike = {}
    for rows in members:
        if len(set(y[rows])) == 1:
            alike.setdefault(len(rows), []).append(rows)
    parts = [
        [dict(zip(rows, new, strict=True)) for new in set(itertools.permutations(y[rows]))]
        for rows in members
        if len(set(y[rows])) == 2
    ]
    for units in alike.values():
        labels = [y[rows[0]] for rows in units]
        parts.append(
            [
                {i: v for rows, v in zip(units, new, strict=True) for i in rows}
                for new in set(itertools.permutations(labels))
            ]
        )
    for choice in itertools.product(*parts):
        new = y.copy()
        for part in choice:
            for i, v in part.items():
                new[i] = v
        yield new


CASES = {
    "pairs": (np.tile([1, 0], 5), np.repeat(np.arange(5), 2)),
    "single words": (np.array([1, 0, 0, 1, 1, 0, 0]), np.arange(7)),
    "three of a kind": (np.array([1, 1, 0, 0, 0, 1, 1, 0]), np.array([4, 4, 4, 2, 2, 2, 9, 8])),
    "words that agree": (np.array([1, 1, 0, 0, 1, 1, 0, 1]), np.repeat(["a", "b", "c", "d"], 2)),
    "nothing to exchange": (np.array([1, 1, 0, 1, 1]), np.array([0, 0, 1, 2, 2])),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("ties", [False, True])
def test_permutation_test_agrees_with_all_exchanges(name, ties):
    y, groups = CASES[name]
    rng = np.random.default_rng(2)
    scores = rng.integers(0, 3, len(y)) if ties else rng.standard_normal(len(y))
    told = permutation_test(scores, y, groups, rng, n_permutations=19_999)
    every = np.array([roc_auc_score(new, scores) for new in exchanges(y, groups)])
    assert told.auroc == pytest.approx(roc_auc_score(y, scores))
    better = (every >= told.auroc - 1e-9).mean()
    worse = (every <= told.auroc + 1e-9).mean()
    # Four standard deviations of a share among so many, and what the 1 in the p-value adds.
    assert told.p_better == pytest.approx(better, abs=4 * 0.5 / np.sqrt(20_000) + 1e-4)
    assert told.p_worse == pytest.approx(worse, abs=4 * 0.5 / np.sqrt(20_000) + 1e-4)
    assert every.min() - 1e-9 <= told.null_low <= told.null_high <= every.max() + 1e-9


def test_exchanges_reach_every_labelling_equally_often():
    # The smallest case in which an exchange that is not uniform would show: 3 labels, 1 true.
    scores, y = np.array([1.0, 2.0, 3.0]), np.array([1, 0, 0])
    rng = np.random.default_rng(3)
    told = permutation_test(scores, y, [0, 0, 0], rng, n_permutations=30_000)
    assert told.auroc == 0.0
    assert told.p_worse == pytest.approx(1 / 3, abs=0.011)
    assert told.p_better == 1.0


def test_p_values_are_uniform_if_scores_know_nothing():
    rng = np.random.default_rng(4)
    y = np.concatenate([np.tile([1, 0], 15), rng.integers(0, 2, 12)])
    groups = np.concatenate([np.repeat(np.arange(15), 2), 100 + np.arange(12)])
    found = []
    for _ in range(400):
        # What a city has in common moves both its scores, without telling which is true.
        scores = rng.standard_normal(len(y)) + 3.0 * rng.standard_normal(200)[groups]
        told = permutation_test(scores, y, groups, rng, n_permutations=199)
        found.append((told.p_better, told.p_worse))
    for p in np.array(found).T:
        assert scipy.stats.kstest(p, "uniform").pvalue > 1e-3
        assert (p <= 0.05).mean() < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 400)


def test_subjects_matter_to_the_test():
    # Cities differ so much that the order of all scores tells nothing about the pairs.
    rng = np.random.default_rng(5)
    y, groups = np.tile([1, 0], 40), np.repeat(np.arange(40), 2)
    scores = 50.0 * rng.standard_normal(40)[groups] + 1.0 * y + 0.2 * rng.standard_normal(80)
    assert permutation_test(scores, y, groups, rng, n_permutations=999).p_better == 0.001
    assert permutation_test(scores, y, np.arange(80), rng, n_permutations=999).p_better > 0.05


@pytest.mark.parametrize("sign", [1, -1])
def test_perfect_order_is_the_rarest(sign):
    y, groups = np.tile([1, 0], 30), np.repeat(np.arange(30), 2)
    rng = np.random.default_rng(6)
    told = permutation_test(sign * (y - 0.5), y, groups, rng, n_permutations=499)
    assert told.auroc == (sign + 1) / 2
    small, large = (told.p_better, told.p_worse)[::sign]
    assert (small, large) == (1 / 500, 1.0)
    assert told.null_low < 0.5 < told.null_high


def test_equal_scores_are_neither_better_nor_worse():
    y, groups = np.tile([1, 0], 10), np.repeat(np.arange(10), 2)
    told = permutation_test(np.ones(20), y, groups, np.random.default_rng(7), n_permutations=99)
    assert (told.auroc, told.p_better, told.p_worse) == (0.5, 1.0, 1.0)
    assert told.null_low == told.null_high == 0.5


def test_the_test_is_that_of_its_generator_and_leaves_its_arguments_alone():
    y, groups = np.tile([1, 0], 700), np.repeat(np.arange(700), 2)
    scores = np.random.default_rng(8).standard_normal(1400)
    for array in (y, groups, scores):
        array.flags.writeable = False
    # More labels than are permuted at once.
    one, same = (
        permutation_test(scores, y, groups, np.random.default_rng(9), n_permutations=3999)
        for _ in range(2)
    )
    assert one == same
    assert 0.4 < one.null_low < 0.5 < one.null_high < 0.6


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"scores": [1.0, np.inf]}, ValueError, "finite"),
        ({"y": [1, 1]}, ValueError, "both labels"),
        ({"y": [1]}, ValueError, "y must have shape"),
        ({"groups": [1]}, ValueError, "groups must have shape"),
        ({"groups": [0.5, np.nan]}, TypeError, "groups must hold"),
        ({"rng": 0}, TypeError, "rng must be"),
        ({"n_permutations": 0}, ValueError, "n_permutations is 0"),
        ({"n_permutations": 9.0}, TypeError, "n_permutations is 9.0"),
    ],
)
def test_permutation_test_names_what_is_wrong(change, error, match):
    good = {"scores": [1.0, 2.0], "y": [0, 1], "groups": [0, 0], "n_permutations": 9}
    good["rng"] = np.random.default_rng(0)
    with pytest.raises(error, match=match):
        permutation_test(**(good | change))
