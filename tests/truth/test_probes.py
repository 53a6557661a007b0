import itertools
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.covariance import ledoit_wolf
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from activations.truth.probes import (
    TTPD,
    LinearProbe,
    MassMean,
    TruthDirections,
    fit_logistic,
    principal_components,
    truth_directions,
)


def noisy(seed=0, n=80, d=4):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)) + 3.0
    y = (X @ np.arange(1, d + 1) + 4.0 * rng.standard_normal(n) > 3.0 * d * (d + 1) / 2).astype(int)
    return X, y


@pytest.mark.parametrize("C", [0.01, 1.0, np.inf])
def test_fit_minimises_the_penalised_loss(C):
    X, y = noisy()
    probe = fit_logistic(X, y, C=C)
    signs = 2 * y - 1

    def loss(theta):
        value = np.logaddexp(0.0, -signs * (X @ theta[:-1] + theta[-1])).sum()
        return value if np.isinf(C) else C * value + theta[:-1] @ theta[:-1] / 2

    found = np.append(probe.weights, probe.bias)
    best = scipy.optimize.minimize(loss, np.zeros(5), method="BFGS", options={"gtol": 1e-7})
    np.testing.assert_allclose(found, best.x, rtol=1e-4, atol=1e-5)
    assert loss(found) <= best.fun + 1e-9


def test_residuals_of_an_unpenalised_fit_are_multipliers():
    X, y = noisy(1)
    probe = fit_logistic(X, y)
    signs = 2 * y - 1
    residuals = 1.0 / (1.0 + np.exp(signs * probe.scores(X)))
    np.testing.assert_allclose((residuals * signs) @ X, 0.0, atol=1e-6)
    assert (residuals * signs).sum() == pytest.approx(0.0, abs=1e-6)


def test_the_bias_is_not_penalised():
    X, y = noisy(2)
    here, there = fit_logistic(X, y, C=0.1), fit_logistic(X + 50.0, y, C=0.1)
    np.testing.assert_allclose(here.weights, there.weights, rtol=1e-4)
    np.testing.assert_allclose(here.scores(X), there.scores(X + 50.0), atol=1e-4)


def test_a_mean_far_away_costs_a_penalised_fit_no_steps():
    X, y = noisy(4, n=200, d=20)
    here, there = fit_logistic(X, y, C=1.0), fit_logistic(X + 2.0**20, y, C=1.0)
    np.testing.assert_allclose(here.weights, there.weights, rtol=1e-6, atol=1e-9)
    assert there.n_iter <= 2 * here.n_iter


def test_on_separable_points_the_weights_grow_with_the_patience():
    X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), [0, 0, 1, 1]
    lengths = [abs(fit_logistic(X, y, tol=10.0**-t).weights[0]) for t in (2, 5, 8, 11)]
    assert all(a < b for a, b in itertools.pairwise(lengths))


def test_single_precision_is_fitted_in_double():
    X, y = noisy(3)
    X = X.astype(np.float32)
    np.testing.assert_array_equal(
        fit_logistic(X, y).weights, fit_logistic(X.astype(np.float64), y).weights
    )


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"X": np.ones(4)}, ValueError, "shape"),
        ({"X": np.full((4, 1), np.nan)}, ValueError, "finite"),
        ({"X": np.full((4, 1), np.inf)}, ValueError, "finite"),
        ({"X": np.empty((4, 0))}, ValueError, "shape"),
        ({"X": np.full((4, 1), "a")}, TypeError, "real numbers"),
        ({"X": np.ones((4, 1), complex)}, TypeError, "real numbers"),
        ({"y": [0, 1, 0]}, ValueError, "y must have shape"),
        ({"y": [-1, 1, 1, 1]}, ValueError, "y must hold 0 and 1"),
        ({"y": [1, 1, 1, 1]}, ValueError, "both labels"),
        ({"C": 0.0}, ValueError, "C must be positive"),
        ({"C": np.nan}, ValueError, "C must be positive"),
        ({"tol": 0.0}, ValueError, "tol must be positive"),
        ({"tol": np.inf}, ValueError, "tol must be positive"),
    ],
)
def test_fit_names_what_is_wrong(change, error, match):
    given_ = {"X": np.arange(4.0)[:, None], "y": [0, 1, 0, 1]} | change
    with pytest.raises(error, match=match):
        fit_logistic(given_.pop("X"), given_.pop("y"), **given_)


def test_scores_want_the_probe_s_columns():
    with pytest.raises(ValueError, match="2 columns"):
        LinearProbe(np.ones(2), 0.0, 0).scores(np.ones((3, 4)))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(2, 20), st.integers(1, 8))
def test_principal_components_are_those_of_scikit_learn(seed, n, d):
    X = np.random.default_rng(seed).standard_normal((n, d)) * np.arange(1, d + 1) ** 2
    parts = principal_components(X)
    reference = PCA().fit(X)
    np.testing.assert_allclose(parts.scores @ parts.axes + parts.mean, X, atol=1e-9)
    np.testing.assert_allclose(parts.axes @ parts.axes.T, np.eye(min(n, d)), atol=1e-9)
    np.testing.assert_allclose(parts.share, reference.explained_variance_ratio_, atol=1e-9)
    assert (parts.axes[np.arange(len(parts.axes)), np.abs(parts.axes).argmax(axis=1)] > 0).all()


def test_principal_components_of_equal_points():
    parts = principal_components(np.ones((3, 2)), 1)
    np.testing.assert_array_equal(parts.scores, np.zeros((3, 1)))
    np.testing.assert_array_equal(parts.share, [0.0])


@pytest.mark.parametrize(
    ("k", "error"), [(0, ValueError), (3, ValueError), (1.0, TypeError), (True, TypeError)]
)
def test_principal_components_refuse(k, error):
    with pytest.raises(error, match="k must be"):
        principal_components(np.arange(6.0).reshape(3, 2), k)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 3), st.integers(1, 5))
def test_truth_directions_are_recovered_where_the_model_holds(seed, m, topics, d):
    rng = np.random.default_rng(seed)
    t_G, t_P = rng.standard_normal((2, d))
    rows = []
    for topic in range(topics):
        for p in (1, -1):
            mean = 10.0 * rng.standard_normal(d)
            for tau in (1, -1):
                rows += [(mean + tau * t_G + tau * p * t_P, tau > 0, p, 2 * topic + (p > 0))] * m
    X, y, polarity, sets = (np.array(column) for column in zip(*rows, strict=True))
    found = truth_directions(X, y, polarity, sets)
    np.testing.assert_allclose(found.t_G, t_G, atol=1e-9)
    np.testing.assert_allclose(found.t_P, t_P, atol=1e-9)


def test_truth_directions_are_half_the_gaps_of_balanced_sets():
    rng = np.random.default_rng(5)
    X = rng.standard_normal((40, 3))
    y, polarity = np.tile([0, 1], 20), np.repeat([1, -1], [28, 12])
    found = truth_directions(X, y, polarity, polarity)
    for p, c in ((1, found.t_G + found.t_P), (-1, found.t_G - found.t_P)):
        own, labels = X[polarity == p], y[polarity == p]
        gap = own[labels == 1].mean(axis=0) - own[labels == 0].mean(axis=0)
        np.testing.assert_allclose(2.0 * c, gap, atol=1e-12)


def test_cosine_of_the_directions():
    found = truth_directions(
        [[3.0], [-3.0], [1.0], [-1.0]], [1, 0, 1, 0], [1, 1, -1, -1], [0, 0, 1, 1]
    )
    assert found.cosine == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"polarity": [1, 1, 1, 1]}, "both"),
        ({"polarity": [0, 1, 1, -1]}, "polarity must hold -1 and 1"),
        ({"sets": [0, 1]}, "sets must have shape"),
        ({"y": [2, 1, 0, 1]}, "y must hold"),
    ],
)
def test_truth_directions_name_what_is_wrong(change, match):
    good = {"X": np.eye(4), "y": [1, 0, 1, 0], "polarity": [1, 1, -1, -1], "sets": [0, 0, 1, 1]}
    with pytest.raises(ValueError, match=match):
        truth_directions(**(good | change))


SCRIPT = """
import numpy as np
from activations.truth.probes import TTPD, MassMean, fit_logistic, principal_components
rng = np.random.default_rng(0)
X = rng.standard_normal((300, 500)) + 3.0 * (np.arange(500) == 7)
y = rng.integers(0, 2, 300)
probe = fit_logistic(X, y)
print(probe.weights.sum().hex(), probe.bias.hex(), principal_components(X).scores.sum().hex())
p = rng.choice([-1, 1], 300)
for rule in (TTPD().fit(X, y, p), MassMean(covariance=True).fit(X, y)):
    print(rule.decision_function(X).sum().hex())
"""


def test_nothing_depends_on_the_number_of_threads():
    told = set()
    for threads in ("1", "2"):
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env=os.environ | dict.fromkeys(names, threads),
            capture_output=True,
            text=True,
            check=True,
        )
        told.add(done.stdout)
    assert len(told) == 1


HIDDEN = np.ma.array([[0.0], [1.0]], mask=[[False], [True]])


@pytest.mark.parametrize(
    ("X", "error"),
    [
        (HIDDEN, TypeError),
        (np.array([[0.0], [1.0]], dtype=np.longdouble), TypeError),
        ([[0.0], [1e300]], ValueError),
    ],
)
def test_matrices_that_float64_cannot_take_are_refused(X, error):
    for use in (
        lambda: fit_logistic(X, [0, 1]),
        lambda: principal_components(X),
        lambda: LinearProbe(np.ones(1), 0.0, 0).scores(X),
    ):
        with pytest.raises(error, match="X must"):
            use()


@pytest.mark.parametrize("name", ["C", "tol"])
@pytest.mark.parametrize("value", ["1", True, None])
def test_a_penalty_and_a_tolerance_are_numbers(name, value):
    with pytest.raises(TypeError, match=f"{name} must be a number"):
        fit_logistic([[0.0], [1.0]], [0, 1], **{name: value})


def test_a_solver_that_gives_up_is_an_error_and_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ArithmeticError, match="did not reach"):
            fit_logistic([[1e99], [2.0]], [0, 1])


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32 - 1))
def test_truth_directions_of_unbalanced_sets_are_those_of_the_whole_model(seed):
    rng = np.random.default_rng(seed)
    sets = np.repeat([0, 1, 2], [9, 7, 8])
    p = np.where(sets == 1, -1, 1)
    y = np.where(rng.random(24) < 0.3, 1, 0)
    y[[0, 9, 16]], y[[1, 10, 17]] = 0, 1
    tau, t_G, t_P = 2 * y - 1, rng.standard_normal(4), rng.standard_normal(4)
    X = 5.0 * rng.standard_normal((3, 4))[sets] + np.outer(tau, t_G) + np.outer(tau * p, t_P)
    found = truth_directions(X, y, p, sets)
    np.testing.assert_allclose(found.t_G, t_G, atol=1e-11)
    np.testing.assert_allclose(found.t_P, t_P, atol=1e-11)


def test_sets_of_one_label_determine_no_direction():
    with pytest.raises(ValueError, match="with both labels"):
        truth_directions(np.eye(4), [1, 1, 0, 0], [1, 1, -1, -1], [0, 0, 1, 1])


def test_a_direction_of_length_0_has_no_cosine():
    with pytest.raises(ValueError, match="must not be 0"):
        _ = TruthDirections(np.zeros(2), np.ones(2)).cosine


# --- Estimators -------------------------------------------------------------------------------


@parametrize_with_checks([TTPD(), TTPD(C=np.inf), MassMean(), MassMean(covariance=True)])
def test_the_estimators_keep_scikit_learn_s_contract(estimator, check):
    check(estimator)


def statements_of_two_topics(seed=0, n=60, d=6, noise=0.3):
    """Draw activations from the model of t_G and t_P, with a mean of its own for each set."""
    rng = np.random.default_rng(seed)
    sets = np.repeat(np.arange(4), n)
    p = np.where(sets % 2 == 0, 1, -1)
    y = rng.permuted(np.tile([0, 1], (4, n // 2)), axis=1).ravel()
    t_G, t_P, way = rng.standard_normal((3, d))
    means = 5.0 * rng.standard_normal((2, d))[sets // 2] + 3.0 * np.outer(p, way)
    tau = 2.0 * y - 1.0
    X = (
        means
        + np.outer(tau, t_G)
        + np.outer(tau * p, t_P)
        + noise * rng.standard_normal((4 * n, d))
    )
    return X, y, p, sets


@pytest.mark.parametrize("C", [0.1, 1.0, np.inf])
def test_ttpd_is_what_it_says(C):
    X, y, p, sets = statements_of_two_topics(noise=1.5)
    rule = TTPD(C=C).fit(X, y, p, sets)
    directions = truth_directions(X, y, p, sets)
    np.testing.assert_array_equal(rule.t_G_, directions.t_G)
    np.testing.assert_array_equal(rule.t_P_, directions.t_P)
    # The polarity may be separable, so that only a penalised fit is one that others find too.
    if np.isfinite(C):
        polar = LogisticRegression(C=C, tol=1e-10, max_iter=10_000).fit(X, p)
        np.testing.assert_allclose(rule.polarity_direction_, polar.coef_[0], rtol=1e-5, atol=1e-7)
    plane = np.column_stack([rule.t_G_, rule.polarity_direction_])
    # A penalty on the length of w is one on weights in orthonormal coordinates.
    basis = np.linalg.qr(plane)[0]
    second = LogisticRegression(C=C, tol=1e-12, max_iter=10_000).fit(X @ basis, y)
    np.testing.assert_allclose(rule.coef_[0], basis @ second.coef_[0], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(rule.intercept_, second.intercept_, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        rule.predict_proba(X), second.predict_proba(X @ basis), rtol=1e-3, atol=1e-6
    )


def test_ttpd_finds_a_truth_that_holds_for_both_polarities_and_other_topics():
    X, y, p, sets = statements_of_two_topics(d=200)
    known = sets < 2
    rule = TTPD().fit(X[known], y[known], p[known], sets[known])
    scores = rule.decision_function(X[~known])
    for polarity in (1, -1):
        own = p[~known] == polarity
        assert scores[own & (y[~known] == 1)].min() > scores[own & (y[~known] == 0)].max()


def test_ttpd_of_one_polarity_takes_half_the_gap():
    X, y, _, _ = statements_of_two_topics(1)
    X, y = X[:50], np.tile([0, 1, 1, 0, 1], 10)
    half = (X[y == 1].mean(axis=0) - X[y == 0].mean(axis=0)) / 2
    one, same, negated = (
        TTPD().fit(X, y, *more) for more in ((), (np.ones(50), np.zeros(50)), (-np.ones(50),))
    )
    assert one.t_P_ is None
    assert one.polarity_direction_ is None
    np.testing.assert_allclose(one.t_G_, half, atol=1e-12)
    for other in (same, negated):
        np.testing.assert_array_equal(other.coef_, one.coef_)
    # The weights point along t_G.
    np.testing.assert_allclose(
        one.coef_[0] / np.linalg.norm(one.coef_), half / np.linalg.norm(half), atol=1e-12
    )


def test_ttpd_of_one_polarity_centres_each_set():
    X, y, _, _ = statements_of_two_topics(2)
    sets = np.repeat([0, 1], 120)
    X[sets == 1] += 1000.0
    assert np.linalg.norm(TTPD().fit(X, y, sets=sets).t_G_) < 10.0
    uneven = np.r_[0:120, 120 + np.flatnonzero(y[120:] == 1)]
    assert np.linalg.norm(TTPD().fit(X[uneven], y[uneven]).t_G_) > 100.0
    assert np.linalg.norm(TTPD().fit(X[uneven], y[uneven], sets=sets[uneven]).t_G_) < 10.0


def test_ttpd_needs_no_second_direction():
    # The polarity direction is the truth direction: the plane is a line.
    X = np.array([[1.0], [3.0], [0.0], [2.0]])
    rule = TTPD().fit(X, [0, 1, 0, 1], [1, 1, -1, -1])
    assert rule.coef_.shape == (1, 1)
    assert rule.coef_[0, 0] > 0
    flat = TTPD().fit(np.ones((4, 2)), [0, 1, 0, 1], [1, 1, -1, -1])
    np.testing.assert_array_equal(flat.coef_, [[0.0, 0.0]])


def test_estimators_take_any_two_labels():
    X, y, p, _ = statements_of_two_topics(3)
    names = np.array(["false", "true"])[y]
    for estimator, more in ((TTPD(), (p,)), (MassMean(), ()), (MassMean(covariance=True), ())):
        number, name = clone(estimator).fit(X, y, *more), clone(estimator).fit(X, names, *more)
        assert name.classes_.tolist() == ["false", "true"]
        np.testing.assert_array_equal(name.predict(X) == "true", number.predict(X) == 1)
        np.testing.assert_array_equal(number.predict(X), number.decision_function(X) > 0)
        np.testing.assert_allclose(
            number.decision_function(X), X @ number.coef_[0] + number.intercept_[0]
        )


def test_mass_mean_says_which_mean_is_nearer():
    X, y, _, _ = statements_of_two_topics(4)
    rule = MassMean().fit(X, y)
    means = X[y == 0].mean(axis=0), X[y == 1].mean(axis=0)
    np.testing.assert_allclose(rule.coef_[0], means[1] - means[0])
    away = [np.linalg.norm(X - mean, axis=1) for mean in means]
    np.testing.assert_array_equal(rule.predict(X) == 1, away[1] < away[0])
    assert not hasattr(rule, "predict_proba")
    assert rule.shrinkage_ is None


@pytest.mark.parametrize(("n", "d"), [(40, 6), (40, 40), (30, 120), (2, 7)])
def test_tilted_mass_mean_is_the_discriminant_of_the_shrunk_covariance(n, d):
    rng = np.random.default_rng(5)
    X, y = rng.standard_normal((n, d)) * np.linspace(1.0, 50.0, d), np.arange(n) % 2
    rule = MassMean(covariance=True).fit(X, y)
    gap = X[y == 1].mean(axis=0) - X[y == 0].mean(axis=0)
    inside = X - np.array([X[y == c].mean(axis=0) for c in (0, 1)])[y]
    if n == 2:
        # Each class is one point: nothing is known about the covariance.
        np.testing.assert_allclose(rule.coef_[0], gap)
        return
    matrix, share = ledoit_wolf(inside, assume_centered=True)
    assert rule.shrinkage_ == pytest.approx(share, rel=1e-9)
    np.testing.assert_allclose(rule.coef_[0], np.linalg.solve(matrix, gap), rtol=1e-6)


def test_tilted_mass_mean_of_many_statements_is_fisher_s_discriminant():
    rng = np.random.default_rng(5)
    X, y = rng.standard_normal((40, 6)) * np.linspace(1.0, 2.0, 6), np.arange(40) % 2
    fisher = LinearDiscriminantAnalysis(solver="lsqr", priors=[0.5, 0.5]).fit(X, y)
    rule = MassMean(covariance=True).fit(np.repeat(X, 10_000, axis=0), np.repeat(y, 10_000))
    assert rule.shrinkage_ < 1e-3
    np.testing.assert_allclose(rule.predict_proba(X), fisher.predict_proba(X), atol=1e-3)


def test_tilting_helps_where_one_coordinate_is_loud():
    rng = np.random.default_rng(6)
    y = np.arange(400) % 2
    X = rng.standard_normal((400, 50))
    X[:, 1] += 3.0 * y
    X[:, 0] = 30.0 * rng.standard_normal(400)
    X[:, 1] += 0.1 * X[:, 0]
    plain, tilted = (
        MassMean().fit(X[:200], y[:200]),
        MassMean(covariance=True).fit(X[:200], y[:200]),
    )
    assert plain.score(X[200:], y[200:]) < 0.7
    assert tilted.score(X[200:], y[200:]) > 0.9


def test_a_covariance_that_vanishes_in_a_direction_is_no_obstacle():
    # All deviations lie on one line and are equally long, so that Ledoit and Wolf shrink by 0.
    X = np.array([[1.0, 0.0], [-1.0, 0.0], [1.0, 1.0], [-1.0, 1.0]])
    rule = MassMean(covariance=True).fit(X, [0, 0, 1, 1])
    assert np.isfinite(rule.coef_).all()
    np.testing.assert_array_equal(rule.predict(X), [0, 0, 1, 1])
    np.testing.assert_array_equal(
        MassMean(covariance=True).fit(1e90 * X, [0, 0, 1, 1]).predict(1e90 * X), [0, 0, 1, 1]
    )


@pytest.mark.parametrize("estimator", [TTPD(), MassMean(), MassMean(covariance=True)])
@pytest.mark.parametrize(
    ("X", "y", "error", "match"),
    [
        (HIDDEN, [0, 1], TypeError, "X must not have masked"),
        ([[0.0], [1.0]], np.ma.array([0, 1], mask=[0, 1]), TypeError, "y must not have masked"),
        ([[0.0], [1e300]], [0, 1], ValueError, "X must not exceed"),
        ([[0.0], [1.0]], [1, 1], ValueError, "one class"),
        ([[0.0], [1.0], [2.0]], [0, 1, 2], ValueError, "Only binary"),
    ],
)
def test_estimators_name_what_is_wrong(estimator, X, y, error, match):
    with pytest.raises(error, match=match):
        clone(estimator).fit(X, y)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"polarity": [1, 1, 0, 0]}, "polarity must hold -1 and 1"),
        ({"polarity": [1, -1, 1]}, "polarity must have shape"),
        ({"sets": [0, 0]}, "sets must have shape"),
        ({"sets": [0, 0], "polarity": [1, 1, -1, -1]}, "sets must have shape"),
        ({"sets": [0, 1, 2, 3]}, "sets must hold both labels"),
        ({"polarity": [1, -1, -1, 1], "y": [0, 1, 1, 0]}, "both"),
        ({"C": 0.0}, "C must be positive"),
    ],
)
def test_ttpd_names_what_is_wrong(change, match):
    given_ = {"X": np.eye(4), "y": [0, 1, 0, 1]} | change
    rule = TTPD(C=given_.pop("C", 1.0))
    with pytest.raises(ValueError, match=match):
        rule.fit(**given_)
