"""Log-sum-exp and soft(arg)max against mathematics, mpmath and SciPy."""

import warnings

import mpmath
import numpy as np
import pytest
import scipy.special
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from activations import lse, onehot_argmax, sigmoid, softargmax, softplus
from activations.softmax import (
    log_softargmax,
    lse_bounds,
    lse_error,
    lse_hessian,
    lse_reference,
    simplex_grid,
    softargmax_error,
    softargmax_jacobian,
    softargmax_reference,
)

TINY = 5e-324
HUGE = np.finfo(float).max
FUNCTIONS = [lse, softargmax, log_softargmax, lse_bounds, softargmax_jacobian, lse_hessian]

exactly = settings(deadline=None, max_examples=150, derandomize=True)
any_float = st.floats(allow_nan=False, allow_infinity=False)
any_lam = st.floats(min_value=TINY, max_value=HUGE)
ordinary = st.floats(-50.0, 50.0)
ordinary_lam = st.floats(0.01, 100.0)


def vectors(elements, smallest=1, largest=6):
    return st.integers(smallest, largest).flatmap(
        lambda K: hnp.arrays(np.float64, K, elements=elements)
    )


def same(a, b):
    """Equal in dtype, shape and every number, NaN included."""
    a, b = np.asarray(a), np.asarray(b)
    return a.dtype == b.dtype and a.shape == b.shape and np.array_equal(a, b, equal_nan=True)


# --- Accuracy ---------------------------------------------------------------------------------


@exactly
@given(vectors(any_float), any_lam)
def test_lse_is_accurate_for_all_floats(z, lam):
    exact = lse_reference(z, lam).item()
    computed = lse(z, lam)
    if np.isinf(computed):
        assert abs(exact) > HUGE
    else:
        assert lse_error(computed, z, lam) <= 3


@exactly
@given(vectors(any_float), any_lam)
def test_softargmax_is_accurate_for_all_floats(z, lam):
    assert softargmax_error(softargmax(z, lam), z, lam).max() <= 5


@exactly
@given(vectors(ordinary), st.floats(0.01, 10.0))
def test_log_softargmax_is_accurate(z, lam):
    computed = log_softargmax(z, lam)
    with mpmath.workdps(500):
        for value, p in zip(computed, softargmax_reference(z, lam, digits=500), strict=True):
            exact = mpmath.log(p)
            assert abs(value - exact) <= 4 * np.spacing(abs(float(exact)))


@pytest.mark.parametrize("decades", [1, 3, 8])
@pytest.mark.parametrize("K", [2, 3, 20])
def test_errors_stay_small_on_random_vectors(K, decades):
    rng = np.random.default_rng(K * decades)
    z = rng.normal(size=(150, K)) * 10.0 ** rng.uniform(-decades, decades, size=(150, 1))
    lam = 10.0 ** rng.uniform(-decades, decades, size=150)
    assert lse_error(lse(z, lam), z, lam).max() <= 2.5
    assert softargmax_error(softargmax(z, lam), z, lam).max() <= 5


@pytest.mark.parametrize("K", [2, 4, 8])
def test_errors_stay_small_from_the_smallest_to_the_largest_floats(K):
    rng = np.random.default_rng(K)
    size = rng.uniform(-1074, 1023, size=(200, 1))
    exponents = np.clip(size + rng.integers(-3, 2, size=(200, K)), -1074, 1023)
    z = np.ldexp(
        rng.choice([-1, 1], size=(200, K)) * rng.uniform(1, 2, size=(200, K)), exponents.astype(int)
    )
    # Inverse temperatures of the same size make the exponents neither 0 nor infinite.
    matching = np.clip(rng.uniform(-12, 11, size=200) - size[:, 0], -1074, 1023)
    lam = np.ldexp(rng.uniform(1, 2, size=200), matching.astype(int))
    value = lse(z, lam)
    in_range = np.isfinite(value)
    assert lse_error(value[in_range], z[in_range], lam[in_range]).max() <= 2.5
    assert all(abs(exact) > HUGE for exact in lse_reference(z[~in_range], lam[~in_range]))
    assert softargmax_error(softargmax(z, lam), z, lam).max() <= 5


def test_many_terms_add_up():
    rng = np.random.default_rng(0)
    z = rng.normal(size=20_000)
    assert lse_error(lse(z), z) <= 2.5
    assert lse_error(lse(z.reshape(-1, 1), axis=0)[0], z) <= 2.5


def test_rows_wider_and_narrower_than_a_block_agree():
    rng = np.random.default_rng(1)
    z = rng.normal(size=(3, 40_000)) * 30
    for lam in (1.0, 0.3):
        by_row = np.array([lse(row, lam) for row in z])
        assert same(lse(z, lam), by_row)
        assert same(softargmax(z.T, lam, axis=0)[:, 1], softargmax(z[1], lam))
    pairs = z.reshape(-1, 2)
    assert same(softargmax(pairs, 0.3)[-1], softargmax(pairs[-1], 0.3))


def test_float32_is_correctly_rounded_nearly_always():
    rng = np.random.default_rng(2)
    z = (rng.normal(size=(300, 4)) * 20).astype(np.float32)
    assert lse(z, 0.7).dtype == np.float32
    assert lse_error(lse(z, 0.7), z, 0.7).max() <= 0.5001
    assert softargmax_error(softargmax(z, 0.7), z, 0.7).max() <= 0.5001


@exactly
@given(vectors(ordinary), ordinary_lam)
def test_scipy_agrees(z, lam):
    np.testing.assert_allclose(
        lse(z, lam), scipy.special.logsumexp(lam * z) / lam, rtol=1e-13, atol=1e-13 / lam + 1e-13
    )
    np.testing.assert_allclose(
        softargmax(z, lam), scipy.special.softmax(lam * z), rtol=1e-11, atol=1e-300
    )
    np.testing.assert_allclose(
        log_softargmax(z, lam), scipy.special.log_softmax(lam * z), rtol=1e-12, atol=1e-12
    )


# --- The corners of the float64 range ---------------------------------------------------------


@pytest.mark.parametrize(
    ("z", "lam", "expected"),
    [
        ([1000.0, 1000.0], 1.0, 1000.6931471805599),
        ([-1000.0, -1000.0], 1.0, -999.3068528194401),
        ([1e308, 1e308], 1.0, 1e308),
        ([1e308, -1e308], 1.0, 1e308),
        # The difference overflows, its product with lam is -2.
        ([1e308, -1e308], 1e-308, 1.12692801104297e308),
        # log(K) / lam overflows, the sum does not.
        ([-1.5e308, -1.5e308], 3e-309, 8.10490601866484e307),
        ([0.0, 0.0], 1e-300, 6.931471805599453e299),
        ([0.0, 0.0], TINY, np.inf),
        ([-HUGE, HUGE], TINY, np.inf),
        ([0.0, 0.0], 1e308, 6.93147180559945e-309),
        ([0.0, 0.0], HUGE, np.log(2) / HUGE),
        ([1.0, 1.0 - 2.0**-53], 1e308, 1.0),
        ([0.0, TINY], 1e308, 6.93147180559945e-309),
        ([TINY], 1.0, TINY),
        ([HUGE], HUGE, HUGE),
        ([-HUGE], TINY, -HUGE),
        # Rounded at each step, this would give 0.
        ([0.0, -40.0], 1.0, 4.248354255291589e-18),
    ],
)
def test_lse_at_the_ends_of_the_range(z, lam, expected):
    assert lse(z, lam) == pytest.approx(expected, rel=1e-14)


def test_softargmax_at_the_ends_of_the_range():
    assert softargmax([1e308, -1e308], 1e-308)[1] == pytest.approx(1 / (1 + np.exp(2)), rel=1e-15)
    assert softargmax([1e308, -1e308], 1.0).tolist() == [1.0, 0.0]
    # The exponent is -2^-49, which a float next to 1/2 can show.
    assert softargmax([HUGE, -HUGE], TINY).tolist() == [0.5 + 2.0**-51, 0.5 - 2.0**-51]
    assert softargmax([0.0, TINY], TINY).tolist() == [0.5, 0.5]
    # A denormal score counts when lam is huge: 2^-1024 times 2^1023 is 1/2.
    assert log_softargmax([0.0, 2.0**-1024], 2.0**1023)[0] == pytest.approx(-lse([0.0, 0.5]))
    smallest = softargmax([0.0, -744.0])[1]
    assert 0 < smallest < np.finfo(float).tiny
    assert softargmax([0.0, -746.0])[1] == 0.0
    assert log_softargmax([0.0, -1e308], 1e308).tolist() == [0.0, -np.inf]
    assert log_softargmax([0.0, -1e300])[1] == -1e300
    assert log_softargmax([0.0, -1e300], 1.7)[1] == -1.7e300


def test_python_numbers_for_lam_may_lie_outside_float32():
    z = np.array([0.0, 1.0], np.float32)
    assert lse(z, 1e-300).dtype == np.float32
    assert lse(z, 1e-300) == np.inf
    assert same(softargmax(z, 1e-300), np.array([0.5, 0.5], np.float32))
    assert same(softargmax(z, 1e300), np.array([0.0, 1.0], np.float32))
    assert same(lse(z, 1e300), np.float32(1.0))
    assert lse(z, 10**30) == 1


# --- Infinities and NaN -----------------------------------------------------------------------

INF = np.inf


@pytest.mark.parametrize("lam", [TINY, 0.3, 1.0, HUGE, INF])
@pytest.mark.parametrize(
    ("z", "value", "soft"),
    [
        ([-INF, 0.0], None, [0, 1]),
        ([-INF, -INF], -INF, [np.nan, np.nan]),
        ([-INF], -INF, [1]),
        ([INF], INF, [1]),
        ([INF, 0.0, -INF], INF, [1, 0, 0]),
        ([INF, HUGE], INF, [1, 0]),
        ([INF, INF, 0.0], INF, [np.nan, np.nan, 0]),
        ([np.nan, 0.0], np.nan, [np.nan, np.nan]),
        ([np.nan, INF], np.nan, [np.nan, np.nan]),
        ([-INF, np.nan], np.nan, [np.nan, np.nan]),
    ],
)
def test_infinite_scores_give_the_limits(z, value, soft, lam):
    expected = lse([0.0], lam) if value is None else value
    assert same(lse(z, lam), np.float64(expected))
    assert same(softargmax(z, lam), np.array(soft, float))
    with np.errstate(divide="ignore"):
        assert same(log_softargmax(z, lam), np.log(np.array(soft, float)))
    lower, upper = lse_bounds(z, lam)
    if np.isnan(expected):
        assert np.isnan(lower)
        assert np.isnan(upper)
    else:
        assert lower <= expected <= upper


def test_the_limits_are_limits():
    # Far out in the direction of the infinite score, the finite formula is already there.
    np.testing.assert_array_equal(softargmax([1e9, 0.0, -1e9]), softargmax([INF, 0.0, -INF]))
    assert lse([-1e9, 0.3]) == lse([-INF, 0.3])


def test_infinite_lam_is_the_limit():
    z = np.array([[1.0, 3.0, 3.0], [2.0, 1.0, -INF], [-1e308, 1e308, 0.0]])
    assert same(lse(z, INF), z.max(axis=1))
    expected = np.array([[0, 0.5, 0.5], [1, 0, 0], [0, 1, 0]])
    assert same(softargmax(z, INF), expected)
    assert same(softargmax(z, [INF, INF, HUGE]), expected)
    assert same(softargmax(z, [1.0, INF, 2.0])[0], softargmax(z[0]))
    assert log_softargmax([0.0, 0.0, -1.0], INF)[:2] == pytest.approx([-np.log(2)] * 2)
    for function in (softargmax_jacobian, lse_hessian):
        with pytest.raises(ValueError, match="lam must be finite"):
            function(z, INF)


@exactly
@given(
    hnp.arrays(np.float64, (3, 4), elements=st.floats(width=64)),
    hnp.arrays(np.float64, 3, elements=st.floats(min_value=0, exclude_min=True)),
)
def test_no_warning_and_no_unfounded_nan(z, lam):
    before = z.copy()
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        value, p, logs = lse(z, lam), softargmax(z, lam), log_softargmax(z, lam)
        lse_bounds(z, lam)
        onehot_argmax(z)
        if np.isfinite(lam).all():
            softargmax_jacobian(z, lam)
    np.testing.assert_array_equal(z, before)
    np.testing.assert_array_equal(np.isnan(value), np.isnan(z).any(axis=1))
    finite = np.isfinite(z.max(axis=1))
    assert not np.isnan(p[finite]).any()
    assert not np.isnan(logs[finite]).any()
    assert ((p[finite] >= 0) & (p[finite] <= 1)).all()
    assert (logs[finite] <= 0).all()


def test_warning_state_of_the_caller_is_left_alone():
    with np.errstate(all="raise"):
        lse([0.0, -1e300], 1e300)
        assert set(np.geterr().values()) == {"raise"}


# --- Theorems as properties -------------------------------------------------------------------


@exactly
@given(vectors(any_float), any_lam)
def test_bounds_hold_in_floating_point(z, lam):
    lower, upper = lse_bounds(z, lam)
    assert lower == z.max()
    assert lower <= lse(z, lam) <= upper


@exactly
@given(any_float, st.integers(1, 9), any_lam)
def test_upper_bound_is_attained_where_all_scores_are_equal(score, K, lam):
    z = np.full(K, score)
    assert lse(z, lam) == lse_bounds(z, lam)[1]
    np.testing.assert_allclose(softargmax(z, lam), np.full(K, 1 / K), rtol=1e-15)


@exactly
@given(vectors(st.integers(-(2**20), 2**20)), st.integers(-(2**20), 2**20), ordinary_lam)
def test_offset(z, offset, lam):
    # Integers this small add without rounding, so the components must agree to the last bit.
    assert same(softargmax(z + offset, lam), softargmax(z, lam))
    scale = max(abs(z).max(), abs(z + offset).max(), np.log(6) / lam, 1)
    assert abs(lse(z + offset, lam) - (lse(z, lam) + offset)) <= 6 * np.spacing(scale)


@exactly
@given(vectors(ordinary), ordinary_lam, st.sampled_from([2.0**k for k in range(-30, 31)]))
def test_scaling(z, lam, c):
    # Powers of 2 multiply without rounding.
    assert same(softargmax(c * z, lam), softargmax(z, c * lam))
    assert lse(c * z, lam) == c * lse(z, c * lam)


def test_the_three_vectors_of_the_sheet():
    first, second, third = softargmax([[1, 2, 3], [11, 12, 13], [10, 20, 30]])
    assert same(first, second)
    assert abs(first - third).max() > 0.3
    np.testing.assert_allclose(first, [0.09003057, 0.24472847, 0.66524096], atol=5e-9)


@exactly
@given(vectors(st.floats(-20, 20), smallest=2), st.floats(0.1, 10))
def test_gradient_by_central_differences(z, lam):
    h = 1e-5 / lam
    steps = h * np.eye(len(z))
    slope = (lse(z + steps, lam) - lse(z - steps, lam)) / (2 * h)
    np.testing.assert_allclose(slope, softargmax(z, lam), atol=3e-7 * (1 + lam))
    curve = (softargmax(z + steps, lam) - softargmax(z - steps, lam)) / (2 * h)
    np.testing.assert_allclose(curve, softargmax_jacobian(z, lam), atol=1e-8 * lam)


# SymPy calls a function that the newer mpmath has renamed.
@pytest.mark.filterwarnings("ignore:bitcount function is deprecated:DeprecationWarning")
def test_gradient_and_hessian_symbolically():
    z = sympy.symbols("z1:4", real=True)
    lam = sympy.symbols("lam", positive=True)
    total = sum(sympy.exp(lam * x) for x in z)
    p = [sympy.exp(lam * x) / total for x in z]
    value = sympy.log(total) / lam
    for i in range(3):
        assert sympy.simplify(value.diff(z[i]) - p[i]) == 0
        for j in range(3):
            entry = lam * (p[i] * int(i == j) - p[i] * p[j])
            assert sympy.simplify(p[i].diff(z[j]) - entry) == 0
    # The derivative in lam is minus the entropy over lam squared.
    entropy = -sum(q * (lam * x - sympy.log(total)) for q, x in zip(p, z, strict=True))
    assert sympy.simplify(value.diff(lam) + entropy / lam**2) == 0


@exactly
@given(vectors(ordinary), ordinary_lam)
def test_jacobian(z, lam):
    J, p = softargmax_jacobian(z, lam), softargmax(z, lam)
    assert same(J, J.T)
    assert same(J, lse_hessian(z, lam))
    np.testing.assert_allclose(J, lam * (np.diag(p) - np.outer(p, p)), atol=1e-15 * lam)
    assert abs(J.sum(axis=0)).max() <= 1e-15 * lam
    eigenvalues = np.linalg.eigvalsh(J)
    assert eigenvalues.min() >= -1e-14 * lam
    assert eigenvalues.max() <= lam / 2 * (1 + 1e-14)


def test_jacobian_keeps_what_one_minus_p_loses():
    J = softargmax_jacobian([0.0, -40.0])
    assert J[0, 0] == J[1, 1] == -J[0, 1]
    assert J[0, 0] == pytest.approx(np.exp(-40.0), rel=1e-15)
    assert softargmax_jacobian([0.0, -1e-3], 1e308)[0, 0] == 0
    assert softargmax_jacobian([0.0, 0.0], 1e308)[0, 0] == pytest.approx(2.5e307, rel=1e-15)
    # The product of the probabilities underflows, that with lam does not.
    assert softargmax_jacobian([0.0, -700.0, -700.0], 1.0)[1, 2] == 0
    both = softargmax_jacobian([0.0, -700e-300, -700e-300], 1e300)
    assert both[1, 2] == pytest.approx(-1e300 * np.exp(-700.0) ** 2, abs=1e-300)
    assert both[0, 1] == pytest.approx(-1e300 * np.exp(-700.0), rel=1e-12)


def test_jacobian_has_no_negative_zeros_and_keeps_nan():
    J = softargmax_jacobian([0.0, -1e5, 3.0])
    assert not np.signbit(J[J == 0]).any()
    assert np.isnan(softargmax_jacobian([np.nan, 0.0])).all()
    assert softargmax_jacobian([INF, 0.0]).tolist() == [[0, 0], [0, 0]]
    assert softargmax_jacobian([4.0]).tolist() == [[0]]


def test_jacobian_norm_is_lam_over_2_only_for_two_equal_scores():
    top = np.linalg.norm(softargmax_jacobian([3.0, 3.0], 5.0), 2)
    assert top == pytest.approx(2.5, rel=1e-15)
    assert np.linalg.norm(softargmax_jacobian([3.0, 3.001], 5.0), 2) < top
    gaps = [2.0**-k for k in range(1, 10)]
    norms = [np.linalg.norm(softargmax_jacobian([0.0, 0.0, np.log(g)]), 2) for g in gaps]
    assert all(norm < 0.5 for norm in norms)
    assert norms == sorted(norms)
    np.testing.assert_allclose(norms, [1 / (2 + g) for g in gaps], rtol=1e-14)


@exactly
@given(vectors(ordinary, smallest=2, largest=2), vectors(ordinary, smallest=2, largest=2))
def test_lipschitz_quotient_of_pairs(y, z):
    distance = np.linalg.norm(y - z)
    change = np.linalg.norm(softargmax(y, 3.0) - softargmax(z, 3.0))
    assert change <= 1.5 * distance + 1e-15


@exactly
@given(st.integers(2, 6), st.randoms(use_true_random=False))
def test_lse_is_1_lipschitz_in_the_maximum_norm(K, random):
    rng = np.random.default_rng(random.randrange(2**32))
    y, z = rng.normal(size=(2, K)) * 10
    assert abs(lse(y) - lse(z)) <= abs(y - z).max() * (1 + 1e-14)


@exactly
@given(vectors(ordinary, smallest=2), ordinary_lam, st.floats(1.01, 10))
def test_lse_falls_in_lam(z, lam, factor):
    scale = max(abs(z).max(), np.log(len(z)) / lam)
    assert lse(z, factor * lam) <= lse(z, lam) + 4 * np.spacing(scale)


@exactly
@given(vectors(ordinary), ordinary_lam, st.randoms(use_true_random=False))
def test_variational_form(z, lam, random):
    rng = np.random.default_rng(random.randrange(2**32))
    q = rng.dirichlet(np.ones(len(z)))
    value = q @ z + scipy.special.entr(q).sum() / lam
    assert value <= lse(z, lam) + 1e-12 * (1 + abs(value))
    p = softargmax(z, lam)
    best = p @ z + scipy.special.entr(p).sum() / lam
    assert best == pytest.approx(lse(z, lam), rel=1e-12, abs=1e-12)


@exactly
@given(vectors(ordinary), st.floats(0.5, 1e6))
def test_rates_of_convergence(z, lam):
    top = z == z.max()
    c, others = np.count_nonzero(top), np.count_nonzero(~top)
    gap = (z.max() - z[~top]).min() if others else np.inf
    decay = others * np.exp(-lam * gap)
    p = softargmax(z, lam)
    assert (abs(p[top] - 1 / c) <= decay / c**2 + 1e-15).all()
    assert (p[~top] <= np.exp(-lam * gap) / c * (1 + 1e-12)).all()
    low = z.max() + np.log(c) / lam
    rounding = 4 * np.spacing(max(abs(z).max(), 1))
    assert low - rounding <= lse(z, lam) <= low + decay / (c * lam) + rounding


@exactly
@given(st.floats(-700, 700))
def test_two_components_are_the_sigmoid(x):
    assert softargmax([x, 0.0])[0] == pytest.approx(float(sigmoid(x)), rel=1e-15)
    assert lse([x, 0.0]) == pytest.approx(float(softplus(x)), rel=1e-15)
    assert log_softargmax([x, 0.0])[0] == pytest.approx(-float(softplus(-x)), rel=1e-15)


@exactly
@given(vectors(ordinary), ordinary_lam)
def test_order_and_permutation(z, lam):
    p = softargmax(z, lam)
    order = np.argsort(z, kind="stable")
    assert (np.diff(p[order]) >= 0).all()
    np.testing.assert_allclose(softargmax(z[::-1], lam), p[::-1], rtol=4e-16)
    assert p.sum() == pytest.approx(1, rel=1e-15)


# --- The hard version -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("z", "expected"),
    [
        ([2, 1], [1, 0]),
        ([1, 2], [0, 1]),
        ([1, 1], [0, 1]),
        ([3, 3, 1], [0, 1, 0]),
        ([0.0, -0.0], [0, 1]),
        ([-INF, -INF], [0, 1]),
        ([INF, 1, INF], [0, 0, 1]),
        ([5], [1]),
        ([np.nan, 1], [np.nan, np.nan]),
    ],
)
def test_onehot_argmax(z, expected):
    assert same(onehot_argmax(z), np.array(expected, float))


def test_onehot_argmax_axes_and_dtypes():
    z = np.array([[1, 5], [5, 2]])
    assert onehot_argmax(z, axis=0).tolist() == [[0, 1], [1, 0]]
    assert onehot_argmax(z, axis=None).tolist() == [[0, 0], [1, 0]]
    assert onehot_argmax(z, axis=(1, 0)).tolist() == [[0, 0], [1, 0]]
    assert onehot_argmax(z.astype(np.float32)).dtype == np.float32
    assert onehot_argmax(np.array([True, True])).tolist() == [0, 1]


@exactly
@given(hnp.arrays(np.int64, (4, 3), elements=st.integers(-3, 3)))
def test_onehot_is_the_limit_exactly_without_ties(z):
    soft, hard = softargmax(z, 1e6), onehot_argmax(z)
    unique = np.count_nonzero(z == z.max(axis=1, keepdims=True), axis=1) == 1
    assert (hard.sum(axis=1) == 1).all()
    np.testing.assert_array_equal((soft == hard).all(axis=1), unique)


# --- Axes, broadcasting, dtypes ---------------------------------------------------------------


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3, (0, 2), (2, 0), (-1,), (), None])
def test_axes(axis):
    z = np.random.default_rng(3).normal(size=(2, 3, 4))
    total = np.exp(2 * z).sum(axis=axis, keepdims=True)
    value = np.log(total) / 2
    np.testing.assert_allclose(lse(z, 2.0, axis), value.squeeze(axis), rtol=1e-13)
    np.testing.assert_allclose(softargmax(z, 2.0, axis), np.exp(2 * z) / total, rtol=1e-13)
    np.testing.assert_allclose(
        log_softargmax(z, 2.0, axis), 2 * (z - value), rtol=1e-13, atol=1e-14
    )
    lower, upper = lse_bounds(z, 2.0, axis)
    assert same(lower, z.max(axis=axis))
    assert np.shape(upper) == np.shape(lower)


def test_reducing_no_axis_or_a_number():
    z = np.array([1.0, 2.0])
    assert same(lse(z, 3.0, ()), z)
    assert same(softargmax(z, 3.0, ()), np.ones(2))
    assert same(lse(2.5, axis=None), np.float64(2.5))
    assert softargmax(2.5, axis=None) == 1
    for function in (lse, softargmax, onehot_argmax):
        with pytest.raises(ValueError, match="axis"):
            function(2.5)


@pytest.mark.parametrize("axis", [0, 1, 2, (0, 2), (1, 2), None])
@pytest.mark.parametrize("extra", [(), (5,)])
def test_array_lam_broadcasts_with_the_reduced_axis_removed(axis, extra):
    rng = np.random.default_rng(4)
    z = rng.normal(size=(2, 3, 4))
    rest = lse(z, axis=axis).shape
    lam = rng.uniform(0.5, 2.0, size=extra + rest)
    value, p = lse(z, lam, axis), softargmax(z, lam, axis)
    assert value.shape == lam.shape
    assert p.shape == extra + z.shape
    full = np.expand_dims(lam, _shift(axis))
    np.testing.assert_allclose(p, scipy.special.softmax(full * z, axis=_shift(axis)), rtol=1e-12)
    np.testing.assert_allclose(
        value, scipy.special.logsumexp(full * z, axis=_shift(axis)) / lam, rtol=1e-12
    )


def _shift(axis):
    """The same axes counted from the end."""
    return tuple(range(-3, 0)) if axis is None else tuple(int(a) - 3 for a in np.atleast_1d(axis))


def test_array_lam_of_one_per_row_and_of_many_for_one_vector():
    z = np.array([[0.0, 1.0, 2.0]] * 3)
    rows = softargmax(z, [1.0, 2.0, 3.0])
    for row, lam in zip(rows, (1.0, 2.0, 3.0), strict=True):
        assert same(row, softargmax(z[0], lam))
    assert same(softargmax(z[0], [1.0, 2.0, 3.0]), rows)
    assert lse(z, np.ones((4, 1))).shape == (4, 3)
    J = softargmax_jacobian(z, [1.0, 2.0, 3.0])
    assert J.shape == (3, 3, 3)
    assert same(J[1], softargmax_jacobian(z[0], 2.0))
    assert same(softargmax_jacobian(z.T, [1.0, 2.0, 3.0], axis=0), J)
    assert softargmax_jacobian(z[0], np.ones((4, 1))).shape == (4, 1, 3, 3)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_floats_keep_their_dtype(dtype):
    z = np.array([[0, 1, 2], [3, 4, 5]], dtype)
    for lam in (1.5, 2, np.float16(2)):
        for function in FUNCTIONS:
            results = function(z, lam)
            for result in results if isinstance(results, tuple) else (results,):
                assert result.dtype == dtype
    assert onehot_argmax(z).dtype == dtype


def test_dtype_follows_numpys_promotion():
    z = np.zeros(2, np.float32)
    assert lse(z, np.float64(2)).dtype == np.float64
    assert lse(z, np.array([2.0])).dtype == np.float64
    assert lse(z, [2.0]).dtype == np.float64
    assert lse(z, np.array([2], np.int8)).dtype == (z * np.array([2.0])).dtype
    assert lse(z, np.array([2.0], np.float16)).dtype == np.float32
    for integers in (np.int8, np.uint64, np.int64, np.bool_):
        assert lse(np.ones(2, integers)).dtype == np.float64
        assert softargmax(np.ones(2, integers), np.float32(2)).dtype == np.float64
    assert lse([1, 2]).dtype == np.float64


def test_longdouble_is_more_precise():
    if np.finfo(np.longdouble).nmant <= 52:
        pytest.skip("long double is float64 here")
    value = lse(np.array([0, -60], np.longdouble), np.longdouble("0.7"))
    with mpmath.workdps(40):
        numerator, denominator = np.longdouble("0.7").as_integer_ratio()
        lam = mpmath.mpf(numerator) / denominator
        exact = mpmath.log1p(mpmath.exp(-60 * lam)) / lam
        numerator, denominator = value.as_integer_ratio()
        assert abs(mpmath.mpf(numerator) / denominator / exact - 1) < 1e-18


@pytest.mark.parametrize(
    "change",
    [
        lambda z: z.tolist(),
        lambda z: z.astype(">f8"),
        lambda z: np.asfortranarray(z),
        lambda z: np.repeat(z, 2, axis=1)[:, ::2],
        lambda z: z[::-1][::-1],
        lambda z: np.broadcast_to(z, z.shape),
    ],
)
def test_layout_does_not_matter(change):
    z = np.random.default_rng(5).normal(size=(3, 4))
    z.flags.writeable = False
    for function in [*FUNCTIONS, onehot_argmax]:
        expected, result = function(z), function(change(z))
        if isinstance(expected, tuple):
            assert all(map(same, result, expected))
        else:
            assert same(result, expected)


def test_results_are_new_arrays():
    z = np.zeros((2, 1))
    for result in (lse(z), softargmax(z), lse_bounds(z)[0], onehot_argmax(z), lse(z, axis=())):
        assert not np.shares_memory(result, z)
        result[...] = 7
    assert (z == 0).all()


def test_scalar_results_are_scalars():
    assert isinstance(lse([1.0, 2.0]), np.float64)
    assert all(isinstance(bound, np.float64) for bound in lse_bounds([1.0, 2.0]))


# --- Errors -----------------------------------------------------------------------------------


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("z", "options", "error", "message"),
    [
        ([1.0, 2.0], {"lam": 0.0}, ValueError, "lam must be > 0, got 0.0"),
        ([1.0, 2.0], {"lam": -0.0}, ValueError, "lam must be > 0, got -0.0"),
        ([1.0, 2.0], {"lam": -2}, ValueError, "lam must be > 0, got -2"),
        ([1.0, 2.0], {"lam": -np.inf}, ValueError, "lam must be > 0, got -inf"),
        ([1.0, 2.0], {"lam": np.nan}, ValueError, "lam must be > 0, got nan"),
        ([1.0, 2.0], {"lam": [1.0, 0.0]}, ValueError, "lam must be > 0, got 0.0"),
        ([[1.0, 2.0]] * 3, {"lam": [1.0, 2.0]}, ValueError, r"shape \(3,\), got shape \(2,\)"),
        ([1.0, 2.0], {"lam": True}, TypeError, "lam must hold real numbers, got dtype bool"),
        ([1.0, 2.0], {"lam": 1j}, TypeError, "lam must hold real numbers, got dtype complex128"),
        ([1.0, 2.0], {"lam": "1"}, TypeError, "lam must hold real numbers"),
        ([1.0, 2.0], {"lam": None}, TypeError, "lam must hold real numbers, got dtype object"),
        ([1j, 2.0], {}, TypeError, "z must hold real numbers, got dtype complex128"),
        (["a"], {}, TypeError, "z must hold real numbers"),
        ([None], {}, TypeError, "z must hold real numbers, got dtype object"),
        ([], {}, ValueError, r"at least one entry along axis -1, got shape \(0,\)"),
        (np.zeros((0, 3)), {"axis": 0}, ValueError, r"along axis 0, got shape \(0, 3\)"),
        ([1.0, 2.0], {"axis": 1}, ValueError, "axis"),
        ([1.0, 2.0], {"axis": -2}, ValueError, "axis"),
        ([1.0, 2.0], {"axis": 0.5}, TypeError, "integer"),
        (3.0, {}, ValueError, "axis"),
    ],
)
def test_errors_name_the_argument(function, z, options, error, message):
    with pytest.raises(error, match=message):
        function(z, **options)


def test_more_errors():
    masked = np.ma.array([[1.0, 2.0]], mask=[[False, True]])
    for function in (*FUNCTIONS, onehot_argmax):
        with pytest.raises(TypeError, match="z must not have masked entries"):
            function(masked)
    with pytest.raises(TypeError, match="lam must not have masked entries"):
        lse([[1.0, 2.0]], np.ma.array([1.0], mask=True))
    with pytest.raises(ValueError, match="lam must not exceed the largest float"):
        lse([1.0, 2.0], lam=10**400)
    with pytest.raises(TypeError, match="axis must be an integer, a tuple of integers or None"):
        lse(np.zeros((2, 2)), axis=(0, "1"))
    with pytest.raises(ValueError, match="repeated axis"):
        lse(np.zeros((2, 2)), axis=(0, 0))
    with pytest.raises(TypeError, match="axis must be an integer, got None"):
        softargmax_jacobian([1.0], axis=None)
    with pytest.raises(ValueError, match="at least one entry"):
        onehot_argmax([])
    with pytest.raises(ValueError, match="at least one entry"):
        lse(np.zeros((2, 0)), axis=None)
    with pytest.raises(TypeError, match="z must hold real"):
        onehot_argmax([1j])


def test_empty_batches_are_fine():
    z = np.zeros((0, 3))
    assert lse(z).shape == (0,)
    assert softargmax(z).shape == log_softargmax(z).shape == onehot_argmax(z).shape == (0, 3)
    assert softargmax_jacobian(z).shape == (0, 3, 3)
    assert lse([1.0, 2.0], np.ones(0)).shape == (0,)
    assert softargmax([1.0, 2.0], np.ones((0, 2))).shape == (0, 2, 2)


# --- The references ---------------------------------------------------------------------------


def test_reference_against_the_plain_formula():
    z, lam = [0.25, -1.5, 3.0], 0.75
    with mpmath.workdps(50):
        terms = [mpmath.exp(mpmath.mpf(lam) * mpmath.mpf(x)) for x in z]
        total = mpmath.fsum(terms)
        assert abs(lse_reference(z, lam).item() - mpmath.log(total) / lam) < mpmath.mpf(10) ** -48
        for p, term in zip(softargmax_reference(z, lam), terms, strict=True):
            assert abs(p - term / total) < mpmath.mpf(10) ** -48


def test_reference_survives_cancellation():
    # lse of these two equal numbers is log(2) minus the float next to it.
    z = -np.log(2.0)
    with mpmath.workdps(80):
        exact = mpmath.log(2) + mpmath.mpf(float(z))
        assert abs(lse_reference([z, z]).item() / exact - 1) < mpmath.mpf(10) ** -30
    # The unit matters: the same error, in ulp of lse, is enormous.
    assert lse_error(lse([z, z]), [z, z]) < 1
    assert lse_error(lse([z, z]), [z, z], unit="value") > 1e10


def test_errors_in_ulp_are_counted_right():
    z = [0.0, -1e4]
    assert lse_error(0.0, [0.0]) == 0
    assert lse_error(0.0 + TINY, [0.0]) == 1
    assert lse_error(1.0 + 2**-52, [1.0]) == 1
    assert lse_error(1.0 - 2**-53, [1.0]) == 0.5
    assert lse_error(np.float32(1.0 + 2**-23), [1.0]) == 1
    assert lse_error(-8.0, [-9.0], unit="scale") == 2**49
    assert lse_error(np.inf, [1.0]) == np.inf
    assert softargmax_error([1.0, TINY], z).tolist() == [0, 1]
    assert softargmax_error([np.nan, 0.0], z)[0] != 0
    values = lse(np.zeros((2, 3)))
    assert lse_error(values, np.zeros((2, 3))).shape == (2,)


@pytest.mark.parametrize("reference", [lse_reference, softargmax_reference])
def test_references_refuse_what_they_cannot_take(reference):
    with pytest.raises(ValueError, match="finite"):
        reference([np.inf, 0.0])
    with pytest.raises(ValueError, match="finite"):
        reference([0.0], np.inf)
    with pytest.raises(ValueError, match="lam must be > 0"):
        reference([0.0], 0)
    with pytest.raises(ValueError, match="digits must be at least 20, got 0"):
        reference([0.0], digits=0)
    with pytest.raises(TypeError, match=r"digits must be an integer, got 30\.5"):
        reference([0.0], digits=30.5)
    if np.finfo(np.longdouble).nmant > 52:
        with pytest.raises(TypeError, match="precision"):
            reference(np.zeros(2, np.longdouble))
    assert reference([[1.0, 2.0]] * 4, [1.0] * 4).shape[0] == 4


@pytest.mark.parametrize("n", [1, 2, 7])
def test_simplex_grid(n):
    p = simplex_grid(n)
    whole = np.rint(p * n).astype(int)
    assert (whole.sum(axis=1) == n).all()
    assert (whole >= 0).all()
    np.testing.assert_allclose(p, whole / n)
    assert len(np.unique(whole, axis=0)) == len(p) == (n + 1) * (n + 2) // 2
    # On the edges too, the logarithm leads back.
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(softargmax(np.log(p)), p, rtol=1e-15)


def test_simplex_grid_needs_a_step():
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        simplex_grid(0)
    for wrong in (2.5, "3"):
        with pytest.raises(TypeError, match="n must be an integer"):
            simplex_grid(wrong)


def test_error_functions_check_their_arguments():
    with pytest.raises(ValueError, match=r"values must have shape \(2,\), got \(1,\)"):
        lse_error([1.0], np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"values must have shape \(3,\), got \(2,\)"):
        softargmax_error([0.5, 0.5], [0.0, 0.0, 0.0])
    with pytest.raises(ValueError, match="unit must be"):
        lse_error(1.0, [1.0], unit="ulp")
    with pytest.raises(TypeError, match="values must hold real numbers, got dtype int64"):
        lse_error([1], [[1.0]])
    if np.finfo(np.longdouble).nmant > 52:
        with pytest.raises(TypeError, match="values must not exceed"):
            lse_error(np.longdouble(1), [1.0])
