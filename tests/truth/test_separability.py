import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from activations.truth.separability import (
    SeparabilityCertificate,
    cover_count,
    cover_probability,
    dyadic_scores,
    separability_certificate,
    smallest_separable_k,
    solve_exactly,
)


def proves(certificate, X, y):
    """Check a certificate with fractions alone, by none of the package's arithmetic."""
    X = [[Fraction(float(v)) for v in row] for row in np.asarray(X, dtype=float)]
    signs = [1 if label else -1 for label in y]
    if certificate.separable:
        w = [Fraction(float(v)) for v in certificate.weights]
        b = Fraction(certificate.bias)
        return all(
            s * (sum(u * v for u, v in zip(w, x, strict=True)) + b) > 0
            for s, x in zip(signs, X, strict=True)
        )
    m = certificate.multipliers
    columns = [*zip(*X, strict=True), [1] * len(X)]
    return (
        min(m) >= 0
        and max(m) > 0
        and all(
            sum(k * s * v for k, s, v in zip(m, signs, column, strict=True)) == 0
            for column in columns
        )
    )


def separable_by_linear_programming(X, y):
    X = np.asarray(X, dtype=float)
    M = np.hstack([X, np.ones((len(X), 1))]) * np.where(np.asarray(y) == 1, 1, -1)[:, None]
    solved = scipy.optimize.linprog(
        np.zeros(M.shape[1]), A_ub=-M, b_ub=-np.ones(len(M)), bounds=(None, None)
    )
    assert solved.status in (0, 2)
    return solved.status == 0


@st.composite
def labelled_grid_points(draw):
    # A coarse grid makes coincident, collinear and touching points common.
    n = draw(st.integers(1, 12))
    k = draw(st.integers(0, 4))
    X = draw(hnp.arrays(np.int64, (n, k), elements=st.integers(-3, 3)))
    y = draw(hnp.arrays(np.int64, n, elements=st.integers(0, 1)))
    return X, y


@settings(deadline=None, max_examples=300)
@given(labelled_grid_points())
def test_certificate_proves_what_linear_programming_finds(case):
    X, y = case
    certificate = separability_certificate(X, y)
    assert proves(certificate, X, y)
    assert certificate.verify(X, y)
    assert certificate.separable == separable_by_linear_programming(X, y)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(2, 30), st.integers(1, 8), st.booleans())
def test_certificate_of_floats_with_all_their_bits(seed, n, k, far):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, k)) * 10.0 ** rng.integers(-3, 4, size=k) + (1e4 if far else 0.0)
    y = rng.integers(0, 2, n)
    certificate = separability_certificate(X, y)
    assert proves(certificate, X, y)
    assert certificate.verify(X, y)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f4", np.int8])
def test_any_real_dtype_and_layout(dtype):
    X = np.array([[0, 9, 1], [2, 9, 0], [3, 9, 5], [1, 9, 2]]).astype(dtype)[:, ::2]
    X.setflags(write=False)
    certificate = separability_certificate(X, [0, 1, 1, 0])
    assert certificate.separable
    assert proves(certificate, X, [0, 1, 1, 0])


def test_one_class_is_separable():
    certificate = separability_certificate(np.ones((3, 2)), [1, 1, 1])
    assert certificate.separable
    assert proves(certificate, np.ones((3, 2)), [1, 1, 1])


def test_equal_points_of_both_classes_are_an_obstacle_in_any_dimension():
    X = np.random.default_rng(0).standard_normal((6, 40))
    X[3] = X[0]
    certificate = separability_certificate(X, [1, 1, 0, 0, 1, 0])
    assert certificate.multipliers == (1, 0, 0, 1, 0, 0)


def test_any_labelling_is_separable_with_more_dimensions_than_points():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((20, 60)).astype(np.float32)
    for _ in range(5):
        y = rng.integers(0, 2, 20)
        assert proves(separability_certificate(X, y), X, y)


def test_denormals_and_huge_numbers_are_taken_as_they_are():
    tiny = 5e-324
    X = np.array([[0.0], [tiny]])
    assert not SeparabilityCertificate(True, np.array([1.0]), 0.0).verify(X, [0, 1])
    assert SeparabilityCertificate(True, np.array([1.0]), -tiny).verify(2 * X, [0, 1])
    assert SeparabilityCertificate(True, np.array([1.0]), -1.0).verify([[-1e300], [1e300]], [0, 1])


def test_verify_rejects_what_proves_nothing():
    X, y = np.array([[0.0], [1.0], [2.0]]), [0, 1, 0]
    good = separability_certificate(X, y)
    assert good.verify(X, y)
    assert not good.verify(X, [0, 0, 1])
    assert not good.verify(X[:2], y[:2])
    assert not SeparabilityCertificate(False, multipliers=(0, 0, 0)).verify(X, y)
    assert not SeparabilityCertificate(False, multipliers=(-1, -2, -1)).verify(X, y)
    assert not SeparabilityCertificate(False, multipliers=(1, 2, 2)).verify(X, y)
    assert not SeparabilityCertificate(False).verify(X, y)
    assert not SeparabilityCertificate(True).verify(X, y)
    assert not SeparabilityCertificate(True, np.array([np.nan]), 0.0).verify(X, y)
    assert not SeparabilityCertificate(True, np.array([1.0, 0.0]), 0.0).verify(X, y)
    # A point on the hyperplane is not separated from the other class.
    assert not SeparabilityCertificate(True, np.array([1.0]), 0.0).verify([[0.0], [1.0]], [0, 1])


@pytest.mark.parametrize(
    ("X", "y", "error", "match"),
    [
        ([[1.0], [np.nan]], [0, 1], ValueError, "finite"),
        ([[1.0], [np.inf]], [0, 1], ValueError, "finite"),
        ([1.0, 2.0], [0, 1], ValueError, "shape"),
        ([[1.0], [2.0]], [0, 1, 1], ValueError, "y must have shape"),
        ([[1.0], [2.0]], [-1, 1], ValueError, "classes 0 and 1"),
        ([[1.0], [2.0]], ["a", "b"], ValueError, "classes 0 and 1"),
        (np.empty((0, 3)), [], ValueError, "at least one"),
        ([["a"], ["b"]], [0, 1], TypeError, "floats or integers"),
        ([[1j], [2j]], [0, 1], TypeError, "floats or integers"),
        ([[2**60 + 1], [0]], [0, 1], ValueError, "2\\*\\*53"),
    ],
)
def test_unusable_points_are_named(X, y, error, match):
    with pytest.raises(error, match=match):
        separability_certificate(X, y)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.sampled_from([3, 1000, 2**45]))
def test_solve_exactly_solves(seed, n, size):
    rng = np.random.default_rng(seed)
    A = rng.integers(-size, size + 1, (n, n))
    b = [int(v) * 10**30 for v in rng.integers(-9, 10, n)]
    if sympy.Matrix(A.tolist()).det(method="bareiss") == 0:
        with pytest.raises(ValueError, match="invertible"):
            solve_exactly(A, b)
        return
    numerators, denominator = solve_exactly(A, b)
    assert denominator > 0
    assert math.gcd(denominator, *numerators) == 1
    for row, value in zip(A.tolist(), b, strict=True):
        assert sum(a * x for a, x in zip(row, numerators, strict=True)) == value * denominator


def test_solve_exactly_reads_an_unlucky_leading_block():
    n = 60
    A = np.eye(n, dtype=np.int64)[::-1].copy()
    assert solve_exactly(A, list(range(n))) == (list(range(n))[::-1], 1)


@pytest.mark.parametrize(
    ("A", "b", "match"),
    [([[1, 2]], [1], "square"), ([[1.5]], [1], "integers"), ([[1, 2], [2, 4]], [1, 1], "invert")],
)
def test_solve_exactly_names_what_is_wrong(A, b, match):
    with pytest.raises(ValueError, match=match):
        solve_exactly(A, b)


def test_solve_exactly_of_nothing():
    assert solve_exactly(np.empty((0, 0), dtype=int), []) == ([], 1)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(2, 14), st.integers(0, 5))
def test_onset_is_the_first_separable_k(seed, n, columns):
    rng = np.random.default_rng(seed)
    Z = rng.integers(-3, 4, (n, columns))
    y = rng.integers(0, 2, n)
    onset = smallest_separable_k(Z, y)
    wanted = [k for k in range(columns + 1) if separable_by_linear_programming(Z[:, :k], y)]
    assert onset.k == (wanted[0] if wanted else None)
    if onset.k is not None:
        assert proves(onset.plane, Z[:, : onset.k], y)
    if onset.k != 0:
        below = columns if onset.k is None else onset.k - 1
        assert not onset.obstacle.separable
        assert proves(onset.obstacle, Z[:, :below], y)


@settings(deadline=None)
@given(hnp.arrays(np.float64, 5, elements=st.floats(-1e6, 1e6)), st.integers(0, 20))
def test_dyadic_scores_are_the_nearest_multiples(values, bits):
    rounded = dyadic_scores(values, bits=bits)
    for before, after in zip(values, rounded, strict=True):
        assert (Fraction(float(after)) * 2**bits).denominator == 1
        assert abs(Fraction(float(after)) - Fraction(float(before))) <= Fraction(1, 2 ** (bits + 1))


@pytest.mark.parametrize(
    ("scores", "bits"), [([np.nan], 4), ([1e300], 4), ([1.0], -1), ([1.0], 41), ([1.0], True)]
)
def test_dyadic_scores_refuses(scores, bits):
    with pytest.raises(ValueError, match="must be"):
        dyadic_scores(scores, bits=bits)


@pytest.mark.parametrize(("n", "k"), [(1, 0), (3, 1), (5, 1), (5, 2), (6, 3), (7, 2), (4, 5)])
def test_cover_counts_the_labellings_of_points_on_the_moment_curve(n, k):
    # Points (t, t**2, ..., t**k) are in general position: no k + 1 of them on a hyperplane.
    X = np.array([[t**i for i in range(1, k + 1)] for t in range(n)]).reshape(n, k)
    found = sum(
        separability_certificate(X, y).separable for y in itertools.product((0, 1), repeat=n)
    )
    assert found == cover_count(n, k)


@pytest.mark.parametrize(("n", "k"), [(1, 0), (10, 3), (351, 175), (1496, 700), (8, 20)])
def test_cover_probability_is_binomial(n, k):
    assert cover_probability(n, k) == pytest.approx(
        scipy.stats.binom.cdf(k, n - 1, 0.5) if n > 1 else 1.0, rel=1e-9
    )


@pytest.mark.parametrize(
    ("n", "k", "error"),
    [(0, 1, ValueError), (1, -1, ValueError), (1.0, 1, TypeError), (True, 1, TypeError)],
)
def test_cover_count_names_what_is_wrong(n, k, error):
    with pytest.raises(error, match="must be"):
        cover_count(n, k)


@pytest.mark.parametrize(
    ("X", "y", "separable"),
    [
        ([[1e308], [-1e308], [0.0]], [0, 1, 0], True),
        ([[1.7e308], [1.6e308], [1.5e308]], [0, 1, 0], False),
        ([[1.7e308, 1.0], [1.7e308, 2.0], [-1.7e308, 3.0]], [0, 1, 0], True),
        ([[5e-324], [1e-323]], [0, 1], True),
        ([[5e-324], [1e-323], [1.5e-323]], [0, 1, 0], False),
        ([[1e-300, 1e300], [1e300, 1e-300], [1.0, 1.0]], [0, 1, 0], True),
    ],
)
def test_points_of_any_size_are_decided(X, y, separable):
    certificate = separability_certificate(X, y)
    assert certificate.separable == separable
    assert proves(certificate, np.array(X), y)
    onset = smallest_separable_k(X, y)
    assert (onset.k is not None) == separable


def test_integers_are_not_rounded_on_the_way_in():
    # As floats the first two would be one and the same number.
    with pytest.raises(ValueError, match=r"beyond 2\*\*53"):
        separability_certificate([[2**53 + 1], [2**53], [0]], [1, 0, 0])


def test_masked_points_are_refused():
    hidden = np.ma.array([[0.0], [1.0]], mask=[[False], [True]])
    with pytest.raises(ValueError, match="X must have no masked"):
        separability_certificate(hidden, [0, 1])


@pytest.mark.parametrize(
    "certificate",
    [
        SeparabilityCertificate(False, multipliers=(0.5, 0.5)),
        SeparabilityCertificate(False, multipliers=(True, True)),
        SeparabilityCertificate(True, weights=np.array([2**60 + 1]), bias=0.0),
        SeparabilityCertificate(True, weights=np.array([1.0], dtype=np.longdouble), bias=0.0),
        SeparabilityCertificate(True, weights=np.array([np.nan]), bias=0.0),
    ],
)
def test_what_is_not_exact_proves_nothing(certificate):
    points = [[1.0], [1.0]] if certificate.multipliers else [[-1.0], [1.0]]
    assert not certificate.verify(points, [0, 1])


@pytest.mark.parametrize(("A", "b"), [([[2]], [1.5]), (np.array([[2.5]], object), [1])])
def test_systems_that_are_not_of_integers_are_refused(A, b):
    with pytest.raises(ValueError, match="integers only"):
        solve_exactly(A, b)
