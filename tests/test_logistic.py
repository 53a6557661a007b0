"""The sigmoid and its relatives, their errors, and separating lines."""

import decimal
import math
import warnings
from decimal import Decimal
from fractions import Fraction

import mpmath
import numpy as np
import pandas as pd
import pytest
import sympy
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from scipy import optimize, special

from activations import logistic
from activations.logistic import (
    SHEET_LABELS,
    SHEET_POINTS,
    cone_rays,
    formula_errors,
    is_separating,
    log_sigmoid,
    logistic_loss,
    margin,
    max_margin_line,
    naive_overflow_point,
    reference_values,
    separation_constraints,
    sigmoid,
    sigmoid_derivative,
    sigmoid_naive,
    softplus,
    tanh_from_sigmoid,
    ulp_error,
    worst_ulp_errors,
)

FUNCTIONS = {
    "sigmoid": sigmoid,
    "sigmoid_derivative": sigmoid_derivative,
    "softplus": softplus,
    "log_sigmoid": log_sigmoid,
    "tanh_from_sigmoid": tanh_from_sigmoid,
}
each_function = pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS.keys())

#: With so many bits, 1 + exp(-x) keeps 50 digits of exp(-x) wherever float64 does not underflow.
MP = mpmath.mp.clone()
MP.prec = 1400

MP_FUNCTIONS = {
    "sigmoid": lambda x: 1 / (1 + MP.exp(-x)),
    "sigmoid_derivative": lambda x: MP.exp(-x) / (1 + MP.exp(-x)) ** 2,
    "softplus": lambda x: MP.log1p(MP.exp(x)),
    "log_sigmoid": lambda x: -MP.log1p(MP.exp(-x)),
    "tanh_from_sigmoid": MP.tanh,
}

EDGES = [
    0.0,
    -0.0,
    5e-324,
    -5e-324,
    2.0**-1022,
    1e-17,
    -1e-17,
    1.0,
    -1.0,
    36.7,
    37.0,
    -37.0,
    708.5,
    -708.5,
    709.78,
    -709.78,
    -709.7827128933841,
    -709.7827128933840,
    744.0,
    -744.44,
    745.13,
    -745.13,
    -745.14,
    800.0,
    -800.0,
]

finite = st.floats(allow_nan=False, allow_infinity=False)
moderate = st.floats(-60, 60)


def exact_fraction(number: "mpmath.mpf") -> Fraction:
    sign, mantissa, exponent, _ = number._mpf_
    return (-1) ** sign * Fraction(int(mantissa)) * Fraction(2) ** exponent


# --- values -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FUNCTIONS)
def test_error_against_mpmath_stays_below_four_ulp(name: str) -> None:
    rng = np.random.default_rng(7)
    x = np.concatenate(
        [
            EDGES,
            rng.uniform(-760, 760, 150),
            rng.uniform(-40, 40, 250),
            rng.choice([-1, 1], 100) * 10.0 ** rng.uniform(-300, 2, 100),
        ]
    )
    true = [exact_fraction(MP_FUNCTIONS[name](MP.mpf(float(t)))) for t in x]
    errors = ulp_error(FUNCTIONS[name](x), true)
    assert errors.max() < 4.0


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_error_in_narrow_formats(name: str, dtype: type) -> None:
    rng = np.random.default_rng(8)
    x = np.concatenate([rng.uniform(-110, 110, 200), rng.uniform(-5, 5, 100)]).astype(dtype)
    true = [exact_fraction(MP_FUNCTIONS[name](MP.mpf(float(t)))) for t in x]
    errors = ulp_error(FUNCTIONS[name](x), true)
    assert errors.max() < (4.0 if dtype is np.float32 else 0.51)


@given(hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=4), elements=finite))
@settings(deadline=None)
def test_agrees_with_scipy(x: np.ndarray) -> None:
    # SciPy's own values are good to a few ulp; both may be off in opposite directions.
    # Its expit gives 0 where the result would not be a normal number.
    assert_allclose(sigmoid(x), special.expit(x), rtol=1e-15, atol=np.finfo(float).tiny)
    assert_allclose(log_sigmoid(x), special.log_expit(x), rtol=1e-15, atol=5e-324)
    assert_allclose(softplus(x), np.logaddexp(x, 0), rtol=1e-15, atol=5e-324)
    assert_allclose(tanh_from_sigmoid(x), np.tanh(x), rtol=1e-15, atol=5e-324)


@given(finite)
@settings(deadline=None)
def test_symmetries_hold_bit_for_bit(x: float) -> None:
    assert sigmoid_derivative(x) == sigmoid_derivative(-x)
    assert tanh_from_sigmoid(-x) == -tanh_from_sigmoid(x)
    assert log_sigmoid(x) == -softplus(-x)
    assert abs(sigmoid(x) + sigmoid(-x) - 1.0) <= 2.0**-52


@given(finite, finite)
@example(1e-12, 1.0)
@settings(deadline=None)
def test_ranges_and_monotonicity(x: float, y: float) -> None:
    low, high = min(x, y), max(x, y)
    assert 0.0 <= sigmoid(low) <= 1.0
    assert 0.0 <= sigmoid_derivative(low) <= 0.25
    assert softplus(low) >= max(low, 0.0)
    assert log_sigmoid(low) <= min(low, 0.0)
    # Rounding may reverse the order of neighbours, by no more than a few units.
    for function in (sigmoid, softplus):
        assert function(low) * (1 - 2.0**-50) <= function(high) + 5e-324


@given(st.floats(-700, 700))
@settings(deadline=None)
def test_derivative_is_the_product_of_both_tails(x: float) -> None:
    assert_allclose(sigmoid_derivative(x), sigmoid(x) * sigmoid(-x), rtol=2e-15)


@given(moderate)
@settings(deadline=None)
def test_derivative_and_antiderivative_by_differences(x: float) -> None:
    h = 1e-5
    slope = (sigmoid(x + h) - sigmoid(x - h)) / (2 * h)
    assert slope == pytest.approx(sigmoid_derivative(x), abs=1e-9)
    slope = (softplus(x + h) - softplus(x - h)) / (2 * h)
    assert slope == pytest.approx(sigmoid(x), abs=1e-8)


def test_the_largest_slope_is_one_quarter_at_zero_only() -> None:
    x = np.linspace(-3, 3, 601)
    slope = sigmoid_derivative(x)
    assert slope.argmax() == 300
    assert slope[300] == 0.25
    assert np.all(np.delete(slope, 300) < 0.25)


def test_identities_symbolically() -> None:
    # With u = exp(x) and v = e every expression is a rational function, and d/dx is u d/du.
    u, v = sympy.symbols("u v", positive=True)

    def vanishes(expression: sympy.Expr) -> bool:
        return sympy.cancel(expression) == 0

    s = u / (1 + u)
    doubled = s.subs(u, u**2)
    tanh = (u - 1 / u) / (u + 1 / u)
    assert vanishes(s - 1 / (1 + 1 / u))
    assert vanishes(u * sympy.diff(s, u) - s * (1 - s))
    assert vanishes(s.subs(u, 1 / u) - (1 - s))
    assert vanishes(u * sympy.diff(sympy.log(1 + u), u) - s)
    assert vanishes(sympy.Rational(1, 4) - s * (1 - s) - (s - sympy.Rational(1, 2)) ** 2)
    assert vanishes(tanh - (2 * doubled - 1))
    assert vanishes(tanh - doubled * (1 - u**-2))
    # The two slips of the chapter: tanh(x / 2), and the misprint.
    assert vanishes((1 - 1 / u) / (1 + 1 / u) - tanh.subs(u, sympy.sqrt(u)))
    assert vanishes((u / v) / (u + 1 / u) - doubled / v)
    assert not vanishes((1 - 1 / u) / (1 + 1 / u) - tanh)


def test_limits() -> None:
    ends = np.array([-np.inf, np.inf])
    assert_array_equal(sigmoid(ends), [0.0, 1.0])
    assert_array_equal(sigmoid_derivative(ends), [0.0, 0.0])
    assert_array_equal(softplus(ends), [0.0, np.inf])
    assert_array_equal(log_sigmoid(ends), [-np.inf, 0.0])
    assert_array_equal(tanh_from_sigmoid(ends), [-1.0, 1.0])
    assert math.copysign(1.0, tanh_from_sigmoid(-0.0)) == -1.0


def test_the_lower_tail_is_not_cut_off() -> None:
    assert sigmoid(-745.0) == 5e-324
    assert sigmoid(-746.0) == 0.0
    assert sigmoid_derivative(745.0) == 5e-324
    assert softplus(-745.0) == 5e-324
    assert log_sigmoid(745.0) == -5e-324


@each_function
def test_nothing_warns_even_if_the_caller_is_strict(function) -> None:
    x = np.array([*EDGES, 1.7e308, -1.7e308, np.inf, -np.inf, np.nan])
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        for dtype in (np.float64, np.float32, np.float16):
            with np.errstate(all="ignore"):
                narrow = x.astype(dtype)
            value = function(narrow)
            assert np.isnan(value[-1])
            assert not np.any(np.isnan(value[:-1]))


# --- types and shapes -------------------------------------------------------------------------


@each_function
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "g"])
def test_floats_keep_their_dtype(function, dtype: str) -> None:
    value = function(np.array([-1.0, 0.5], dtype=dtype))
    assert value.dtype == np.dtype(dtype)
    assert function(np.dtype(dtype).type(0.5)).dtype == np.dtype(dtype)


@each_function
@pytest.mark.parametrize("dtype", ["?", "i1", "i8", "u1", "u8"])
def test_integers_give_float64(function, dtype: str) -> None:
    x = np.array([0, 1], dtype=dtype)
    value = function(x)
    assert value.dtype == np.float64
    assert_array_equal(value, function(x.astype(np.float64)))


@each_function
def test_unsigned_integers_are_not_negated_before_the_cast(function) -> None:
    assert function(np.uint8(200)) == function(200.0)


@each_function
def test_shapes_and_layouts(function) -> None:
    x = np.linspace(-3, 3, 24).reshape(2, 3, 4)
    value = function(x)
    assert value.shape == x.shape
    assert_array_equal(function(x.T), value.T)
    assert_array_equal(function(x[:, ::-2]), value[:, ::-2])
    assert_array_equal(function(x.tolist()), value)
    assert_array_equal(function(x.astype(">f8")), value)
    assert function(x.astype(">f8")).dtype.isnative
    assert function([]).shape == (0,)
    assert function(np.empty((0, 3))).shape == (0, 3)
    assert isinstance(function(0.5), np.float64)
    assert isinstance(function(np.array(0.5)), np.float64)


@each_function
def test_arguments_are_left_alone(function) -> None:
    x = np.array([-2.0, 3.0])
    x.flags.writeable = False
    value = function(x)
    assert_array_equal(x, [-2.0, 3.0])
    assert not np.shares_memory(value, x)


@each_function
def test_masked_entries_are_not_uncovered(function) -> None:
    x = np.ma.array([1.0, 2.0], mask=[False, True])
    with pytest.raises(TypeError, match="x must not have masked entries"):
        function(x)
    assert_array_equal(function(np.ma.array([1.0, 2.0])), function([1.0, 2.0]))


@each_function
@pytest.mark.parametrize(
    "wrong",
    [1j, "1.0", None, [1.0, None], 10**400, np.datetime64("2024-01-01"), Fraction(1, 2), {}],
    ids=str,
)
def test_what_is_not_real_is_refused(function, wrong: object) -> None:
    with pytest.raises(TypeError, match="x must hold real numbers"):
        function(wrong)
    with pytest.raises(TypeError, match="x must hold real numbers"):
        sigmoid_naive(wrong)


# --- the textbook formula ---------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_overflow_point_is_the_last_float_that_overflows(dtype: type) -> None:
    point = dtype(naive_overflow_point(dtype))
    beyond = np.nextafter(point, dtype(0))
    assert point == naive_overflow_point(np.dtype(dtype).newbyteorder())
    with pytest.warns(RuntimeWarning, match="overflow"):
        assert sigmoid_naive(point) == 0.0
    assert sigmoid_naive(beyond) >= 0.0
    # mpmath on the threshold: exp(-x) reaches the number halfway beyond the largest float.
    form = np.finfo(dtype)
    halfway = MP.mpf(2) ** (form.maxexp) - MP.mpf(2) ** (form.maxexp - form.nmant - 2)
    assert MP.exp(-MP.mpf(float(point))) > halfway * (1 - MP.mpf(2) ** -(form.nmant))
    assert MP.exp(-MP.mpf(float(beyond))) < halfway * (1 + MP.mpf(2) ** -(form.nmant))


def test_textbook_formula_is_right_where_it_does_not_overflow() -> None:
    x = np.linspace(-700, 700, 501)
    assert_allclose(sigmoid_naive(x), sigmoid(x), rtol=1e-15)
    assert_array_equal(sigmoid_naive(3), sigmoid_naive(3.0))


@pytest.mark.parametrize("dtype", [np.int64, np.longdouble, np.complex128])
def test_overflow_point_knows_three_formats(dtype: type) -> None:
    with pytest.raises(TypeError, match="dtype must be float16, float32 or float64"):
        naive_overflow_point(dtype)


# --- ulp and references -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sigmoid", "sigmoid_derivative", "softplus", "log_sigmoid"])
def test_references_agree_with_mpmath_to_48_digits(name: str) -> None:
    rng = np.random.default_rng(9)
    x = [*EDGES, *rng.uniform(-760, 760, 20), *rng.uniform(-120, 120, 20), 1e-300, 130.0]
    for t, value in zip(x, reference_values(x, name), strict=True):
        with MP.workprec(6000 if abs(t) > 500 else 1400):
            true = exact_fraction(MP_FUNCTIONS[name](MP.mpf(float(t))))
        assert abs(Fraction(value) - true) <= abs(true) * Fraction(1, 10**48)


def test_references_at_the_ends() -> None:
    values = reference_values([-np.inf, np.inf, np.nan])
    assert values[0] == 0
    assert values[1] == 1
    assert values[2].is_nan()
    assert reference_values(np.inf, "softplus") == Decimal("Infinity")
    assert reference_values(np.zeros((2, 3))).shape == (2, 3)
    assert reference_values([]).shape == (0,)
    assert reference_values(0) == Decimal("0.5")
    assert reference_values(np.float32(0.1)) == reference_values(float(np.float32(0.1)))


def test_references_leave_the_callers_context_alone() -> None:
    before = decimal.getcontext().copy()
    reference_values([1.0, -1000.0], "softplus", digits=80)
    after = decimal.getcontext()
    assert (before.prec, before.Emin, before.traps) == (after.prec, after.Emin, after.traps)


def test_references_refuse() -> None:
    with pytest.raises(ValueError, match="function must be one of"):
        reference_values(0.0, "tanh")
    with pytest.raises(ValueError, match="digits must be at least 20"):
        reference_values(0.0, digits=19)
    for digits in (20.5, "30"):
        with pytest.raises(TypeError, match="digits must be an integer"):
            reference_values(0.0, digits=digits)
    with pytest.raises(TypeError, match="x must be float16, float32 or float64"):
        reference_values(np.longdouble(1))


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(0.0)
@example(5e-324)
@example(-(2.0**-1022))
@example(1.7976931348623157e308)
@settings(deadline=None)
def test_the_unit_is_the_spacing_of_floats(x: float) -> None:
    assert ulp_error(x, Fraction(x)) == 0.0
    away = math.nextafter(x, math.copysign(math.inf, x))
    if math.isfinite(away):
        assert ulp_error(away, Fraction(x)) == 1.0
        assert ulp_error(x, (Fraction(x) + Fraction(away)) / 2) == 0.5


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_unit_follows_the_format(dtype: type) -> None:
    one = dtype(1)
    assert ulp_error(np.nextafter(one, dtype(2)), 1) == 1.0
    # Below a power of two the floats are twice as dense.
    assert ulp_error(np.nextafter(one, dtype(0)), 1) == 0.5
    assert ulp_error(np.finfo(dtype).smallest_subnormal, 0) == 1.0
    swapped = np.array([1.0, 3.0], dtype=np.dtype(dtype).newbyteorder())
    assert_array_equal(ulp_error(swapped, [1, 3]), [0.0, 0.0])


@given(st.fractions(min_value=-1000, max_value=1000))
@settings(deadline=None)
def test_correct_rounding_means_half_an_ulp(exact: Fraction) -> None:
    rounded = exact.numerator / exact.denominator
    assert ulp_error(rounded, exact) <= 0.5


def test_kinds_of_references() -> None:
    value = np.array([0.1, 0.1, 0.1, 0.1])
    errors = ulp_error(value, [Decimal("0.1"), "0.1", Fraction(1, 10), 0.1])
    assert errors[0] == errors[1] == errors[2] > 0.0
    assert errors[3] == 0.0
    assert isinstance(ulp_error(0.1, "0.1"), np.float64)
    assert ulp_error(np.empty((0, 2)), np.empty((0, 2))).shape == (0, 2)


def test_errors_that_are_not_finite() -> None:
    inf, nan = np.inf, np.nan
    value = [nan, 1.0, inf, inf, -inf, 1.0, inf, inf]
    true = [1, nan, inf, Decimal("Infinity"), inf, "-Infinity", 1, Decimal("1e400")]
    assert_array_equal(ulp_error(value, true), [nan, nan, 0.0, 0.0, inf, inf, inf, inf])


def test_ulp_error_refuses() -> None:
    with pytest.raises(ValueError, match="reference must hold numbers, got 'abc'"):
        ulp_error(1.0, "abc")
    for wrong in (None, 1j):
        with pytest.raises(TypeError, match="reference must hold real numbers"):
            ulp_error(1.0, wrong)
    with pytest.raises(ValueError, match="reference must have the shape"):
        ulp_error([1.0, 2.0], [1])
    with pytest.raises(TypeError, match="value must be float16"):
        ulp_error([1, 2], [1, 2])


def test_worst_errors_are_the_maxima() -> None:
    x = np.linspace(-5, 5, 11)
    errors = worst_ulp_errors(x)
    assert set(errors) == {"sigmoid", "sigmoid_derivative", "softplus", "log_sigmoid"}
    expected = ulp_error(softplus(x), reference_values(x, "softplus")).max()
    assert errors["softplus"] == expected
    assert all(0.0 < error < 4.0 for error in errors.values())
    with pytest.raises(ValueError, match="x must not be empty"):
        worst_ulp_errors([])


def test_formulas_fail_where_they_must() -> None:
    x = np.array([-744.0, -710.0, -700.0, -38.0, 5.0])
    errors = formula_errors(x)
    assert list(errors) == ["stable form", "textbook", "difference", "by tanh"]
    assert errors["stable form"].max() < 4.0
    # Where the textbook formula gives 0, its error is the true value, in steps of 2**-1074.
    assert errors["textbook"][:2] == pytest.approx(
        [float(MP.exp(MP.mpf(t)) * MP.mpf(2) ** 1074) for t in x[:2]], rel=1e-12
    )
    assert errors["textbook"][2:].max() < 4.0
    for name in ("difference", "by tanh"):
        assert np.all(errors[name][[1, 2, 3]] > 1e14)
        assert errors[name][4] < 4.0
    some = formula_errors(x, "by tanh", "stable form")
    assert list(some) == ["by tanh", "stable form"]
    assert_array_equal(some["by tanh"], errors["by tanh"])
    with pytest.raises(ValueError, match="formulas must be among"):
        formula_errors(x, "naive")


# --- separating lines -------------------------------------------------------------------------

coordinate = st.integers(-6, 6)
point = st.tuples(coordinate, coordinate)
signs = st.sampled_from([1, -1])


@st.composite
def labelled_points(draw, *, min_size: int = 1, max_size: int = 8):
    points = draw(st.lists(point, min_size=min_size, max_size=max_size))
    labels = draw(st.lists(signs, min_size=len(points), max_size=len(points)))
    return points, labels


@st.composite
def separable_points(draw):
    """Points labelled by a line through none of them, both classes present."""
    points, _ = draw(labelled_points(min_size=2))
    w = draw(point)
    b = draw(st.integers(-20, 20)) + Fraction(1, 2)
    scores = [w[0] * p + w[1] * q + b for p, q in points]
    labels = [1 if score > 0 else -1 for score in scores]
    assume(len(set(labels)) == 2)
    return points, labels, w, b


def lp_separable(points, labels) -> bool:
    """Ask SciPy's linear programming whether A theta >= 1 has a solution."""
    rows = separation_constraints(points, labels)
    result = optimize.linprog(
        np.zeros(3), A_ub=-rows, b_ub=-np.ones(len(rows)), bounds=[(None, None)] * 3
    )
    return bool(result.status == 0)


def test_constraints_of_the_sheet() -> None:
    rows = separation_constraints(SHEET_POINTS, SHEET_LABELS)
    assert_array_equal(rows, [[1, 1, 1], [2, 2, 1], [-1, -2, -1], [-2, -3, -1]])
    assert rows.dtype == np.float64
    # The one linear relation between the rows, used in the chapter.
    assert_array_equal(rows[0] - rows[1] + rows[2] - rows[3], 0)
    assert np.linalg.matrix_rank(rows) == 3


@given(labelled_points(), point, coordinate)
@settings(deadline=None)
def test_separating_means_all_constraints_positive(labelled, w, b) -> None:
    points, labels = labelled
    positive = bool(np.all(separation_constraints(points, labels) @ [*w, b] > 0))
    assert is_separating(w, b, points, labels) == positive


def test_the_sheets_solution() -> None:
    assert is_separating((1, -1), 0.5, SHEET_POINTS, SHEET_LABELS)
    assert not is_separating((-1, 1), -0.5, SHEET_POINTS, SHEET_LABELS)
    assert is_separating((-1, 1), -0.5, SHEET_POINTS, [-label for label in SHEET_LABELS])


def test_separation_is_decided_without_rounding() -> None:
    third = Fraction(1, 3)
    assert not is_separating([third], Fraction(-1), [[3]], [1])
    assert is_separating([third], Fraction(-1) + Fraction(1, 10**40), [[3]], [1])
    # The score is 2**-60, which 1 + 2**-60 - 1 in floats rounds away.
    assert is_separating([1.0, 1.0], -1.0, [[1.0, 2.0**-60]], [1])
    assert margin([1.0, 1.0], -1.0, [[1.0, 2.0**-60]], [1]) == 0.0


def test_any_dimension() -> None:
    eye = np.eye(5)
    labels = [1, -1, 1, -1, 1]
    assert is_separating(labels, 0.0, eye, labels)
    assert separation_constraints(eye, labels).shape == (5, 6)
    assert margin(labels, 0, eye, labels) == pytest.approx(1 / math.sqrt(5))


@given(separable_points())
@settings(deadline=None)
def test_max_margin_is_certified_optimal(drawn) -> None:
    points, labels, w, b = drawn
    line = max_margin_line(points, labels)
    exact = [tuple(map(Fraction, x)) for x in points]
    scores = [
        y * (line.w[0] * p + line.w[1] * q + line.b)
        for (p, q), y in zip(exact, labels, strict=True)
    ]
    # Feasible and complementary ...
    assert min(scores) == 1
    assert line.support == tuple(i for i, score in enumerate(scores) if score == 1)
    assert all(alpha >= 0 for alpha in line.multipliers)
    assert all(line.multipliers[i] == 0 for i, score in enumerate(scores) if score > 1)
    # ... and stationary: the Karush-Kuhn-Tucker conditions, exactly.
    triples = list(zip(line.multipliers, labels, exact, strict=True))
    assert tuple(sum(a * y * x[k] for a, y, x in triples) for k in (0, 1)) == line.w
    assert sum(a * y for a, y, _ in triples) == 0
    assert sum(line.multipliers) == 1 / line.margin_squared
    # The line that made the labels does no better.
    assert line.margin >= margin(w, float(b), points, labels) * (1 - 1e-12)
    assert line.margin == pytest.approx(
        margin([float(c) for c in line.w], float(line.b), points, labels)
    )


@given(labelled_points(min_size=2))
@settings(deadline=None, max_examples=60)
def test_refusal_agrees_with_linear_programming(labelled) -> None:
    points, labels = labelled
    assume(len(set(labels)) == 2)
    if lp_separable(points, labels):
        line = max_margin_line(points, labels)
        assert is_separating(line.w, line.b, points, labels)
    else:
        with pytest.raises(ValueError, match="points must be separable"):
            max_margin_line(points, labels)


def test_max_margin_of_the_sheet() -> None:
    line = max_margin_line(SHEET_POINTS, SHEET_LABELS)
    assert line.w == (2, -2)
    assert line.b == 1
    assert line.margin_squared == Fraction(1, 8)
    assert line.margin == pytest.approx(1 / (2 * math.sqrt(2)), rel=1e-15)
    assert line.support == (0, 1, 2, 3)
    assert str(line).splitlines()[:2] == ["w = (2, -2), b = 1", "margin 0.353553 = sqrt(1/8)"]
    assert str(line).splitlines()[2] == "support vectors 0, 1, 2, 3"
    # The certificate that the chapter prints.
    alpha = np.array([1, 3, 3, 1])
    rows = separation_constraints(SHEET_POINTS, SHEET_LABELS)
    assert_array_equal(alpha @ rows, [2, -2, 0])


def test_max_margin_against_scikit_learn() -> None:
    svm = pytest.importorskip("sklearn.svm")
    rng = np.random.default_rng(11)
    for _ in range(5):
        X = rng.normal(size=(30, 2))
        y = np.where(X @ [1.0, 2.0] > 0.3, 1, -1)
        line = max_margin_line(X, y)
        fitted = svm.SVC(kernel="linear", C=1e12, tol=1e-10).fit(X, y)
        assert_allclose([float(c) for c in line.w], fitted.coef_[0], rtol=1e-5)
        assert_allclose(float(line.b), fitted.intercept_[0], rtol=1e-5)


@pytest.mark.parametrize(
    ("points", "labels", "w", "b"),
    [
        ([(1, 0), (-1, 0)], [1, -1], (1, 0), 0),
        ([(0, 1), (0, 3)], [-1, 1], (0, 1), -2),
        # A corner against the inside of a side, the side's corners unequally far.
        ([(0, 0), (2, -1), (2, 5)], [-1, 1, 1], (1, 0), -1),
        # Repeated points, and points inside a hull.
        ([(1, 0), (1, 0), (3, 0), (-1, 0)], [1, 1, 1, -1], (1, 0), 0),
        # Floats are taken for the binary fractions that they are.
        ([(0.5, 0.0), (-0.5, 0.0)], [1.0, -1.0], (2, 0), 0),
        ([(Fraction(1, 3), Fraction(0)), (Fraction(-1, 3), Fraction(0))], [1, -1], (3, 0), 0),
    ],
)
def test_max_margin_by_hand(points, labels, w, b) -> None:
    line = max_margin_line(points, labels)
    assert line.w == w
    assert line.b == b


@pytest.mark.parametrize(
    ("points", "labels"),
    [
        # One class inside the hull of the other, which no two sides betray.
        ([(-9, -9), (9, -9), (0, 9), (0, 0), (1, 0), (0, 1)], [1, 1, 1, -1, -1, -1]),
        # Crossing segments.
        ([(-1, 0), (1, 0), (0, -1), (0, 1)], [1, 1, -1, -1]),
        # A common point, and a touching corner.
        ([(0, 0), (0, 0)], [1, -1]),
        ([(0, 0), (0, 2), (0, 1)], [1, 1, -1]),
    ],
)
def test_inseparable_points_are_refused(points, labels) -> None:
    with pytest.raises(ValueError, match="points must be separable"):
        max_margin_line(points, labels)


def test_rays_of_the_sheet() -> None:
    rays = cone_rays(SHEET_POINTS, SHEET_LABELS)
    assert rays == [(0, -1, 2), (1, -1, 0), (1, -1, 1), (2, -1, -1)]
    scores = separation_constraints(SHEET_POINTS, SHEET_LABELS) @ np.array(rays).T
    assert np.all(scores >= 0)
    # Each ray lies on exactly two of the four facets, its line runs through two points.
    assert_array_equal((scores == 0).sum(axis=0), [2, 2, 2, 2])
    assert_array_equal((scores == 0).sum(axis=1), [2, 2, 2, 2])


@given(labelled_points(min_size=3, max_size=6), st.data())
@settings(deadline=None, max_examples=60)
def test_rays_generate_the_cone(labelled, data) -> None:
    points, labels = labelled
    homogeneous = np.column_stack([points, np.ones(len(points))])
    assume(np.linalg.matrix_rank(homogeneous) == 3)
    rays = cone_rays(points, labels)
    rows = separation_constraints(points, labels)
    for ray in rays:
        assert math.gcd(*ray) == 1
        assert np.all(rows @ ray >= 0)
        tight = rows[rows @ ray == 0]
        assert np.linalg.matrix_rank(tight) == 2
    # The sum of the rays lies inside exactly if the points are separable.
    middle = np.sum(rays, axis=0) if rays else np.zeros(3)
    assert is_separating(middle[:2], float(middle[2]), points, labels) == lp_separable(
        points, labels
    )
    # Any vector of the cone is a non-negative combination.
    theta = np.array([*data.draw(point), data.draw(st.integers(-30, 30))], dtype=float)
    if np.all(rows @ theta >= 0) and np.any(theta):
        residual = optimize.nnls(np.array(rays, dtype=float).T, theta)[1]
        assert residual < 1e-9


def test_rays_need_points_off_a_line() -> None:
    for points in ([(0, 0)], [(0, 0), (1, 1)], [(0, 0), (1, 1), (3, 3)]):
        with pytest.raises(ValueError, match="points must not all lie on one line"):
            cone_rays(points, [1] * len(points))


def test_margin_broadcasts_and_signs() -> None:
    w = np.array([[[1, -1], [-1, 1]], [[2, -2], [0, -1]]])
    b = np.array([[0.5, 0.5], [1.0, 2.5]])
    values = margin(w, b, SHEET_POINTS, SHEET_LABELS)
    quarter = 1 / (2 * math.sqrt(2))
    assert_allclose(values, [[quarter, -3 * quarter], [quarter, -0.5]], rtol=1e-15)
    assert margin([1, -1], [0.5, 0.0], SHEET_POINTS, SHEET_LABELS).shape == (2,)
    assert isinstance(margin([1, -1], 0.5, SHEET_POINTS, SHEET_LABELS), np.float64)


@pytest.mark.parametrize("size", [1e300, 1e-300, 1e-320])
def test_margin_of_huge_and_tiny_weights(size: float) -> None:
    value = margin([size, -size], size / 2, SHEET_POINTS, SHEET_LABELS)
    assert value == pytest.approx(1 / math.sqrt(8), rel=1e-3)
    if size > 1e-308:
        assert value == pytest.approx(1 / math.sqrt(8), rel=1e-15)


@pytest.mark.parametrize("distance", [5e-324, 1e-200, 3.0, 1e200, np.finfo(float).max])
def test_the_margin_is_a_float_where_its_square_is_not(distance: float) -> None:
    line = max_margin_line([(distance, 0), (0, 0)], [1, -1])
    assert line.margin == distance / 2
    assert f"margin {line.margin:.6g} " in str(line)


def test_the_margin_is_rounded_like_a_square_root() -> None:
    for k in range(1, 200):
        line = max_margin_line([(k, k + 1), (0, 0)], [1, -1])
        true = MP.sqrt(MP.mpf(k * k + (k + 1) ** 2)) / 2
        assert abs(line.margin - true) <= math.ulp(line.margin) * 0.5001
    assert max_margin_line([(10**400, 0), (0, 0)], [1, -1]).margin == math.inf


def test_biases_must_fit_the_weights() -> None:
    for function in (margin, logistic_loss):
        with pytest.raises(ValueError, match=r"b must broadcast .*\(5,\), got shape \(3,\)"):
            function(np.ones((5, 2)), np.ones(3), SHEET_POINTS, SHEET_LABELS)


@given(st.floats(0.01, 100), point, coordinate)
@settings(deadline=None)
def test_margin_does_not_depend_on_the_scale(s: float, w, b) -> None:
    assume(any(w))
    scaled = margin(np.multiply(s, w), s * b, SHEET_POINTS, SHEET_LABELS)
    assert scaled == pytest.approx(margin(w, b, SHEET_POINTS, SHEET_LABELS), abs=1e-12)


@given(labelled_points(), st.tuples(moderate, moderate), moderate)
@settings(deadline=None)
def test_loss_is_the_negative_log_likelihood(labelled, w, b) -> None:
    points, labels = labelled
    scores = np.array(points) @ w + b
    likelihood = special.log_expit(np.array(labels) * scores).sum()
    assert logistic_loss(w, b, points, labels) == pytest.approx(-likelihood, rel=1e-12)


@given(separable_points(), st.floats(0.1, 10), st.floats(1.01, 3))
@settings(deadline=None)
def test_scaling_a_separating_line_lowers_the_loss(drawn, s: float, factor: float) -> None:
    points, labels, w, b = drawn
    w, b = np.array(w, dtype=float) / 5, float(b) / 5
    losses = logistic_loss(
        np.outer([s, factor * s], w), np.multiply([s, factor * s], b), points, labels
    )
    assume(losses[0] > 0)
    assert losses[1] < losses[0]


def test_loss_far_out_is_stable() -> None:
    s = np.array([1.0, 700.0, 1400.0, 1e6, -1e6])
    losses = logistic_loss(np.outer(s, [1, -1]), s / 2, SHEET_POINTS, SHEET_LABELS)
    assert losses[1] == pytest.approx(4 * math.exp(-350), rel=1e-13)
    assert losses[2] == pytest.approx(4 * math.exp(-700), rel=1e-13)
    assert losses[3] == 0.0
    assert losses[4] == 2e6
    assert isinstance(logistic_loss([1, -1], 0.5, SHEET_POINTS, SHEET_LABELS), np.float64)


def test_gradient_of_the_loss_never_vanishes_on_the_sheet() -> None:
    rng = np.random.default_rng(12)
    rows = separation_constraints(SHEET_POINTS, SHEET_LABELS)
    best = np.array([1, -1, 0.5])
    for theta in rng.normal(size=(50, 3)) * 5:
        slope = -(sigmoid(-rows @ theta) * (rows @ best)).sum()
        assert slope < 0
        h = 1e-6
        ahead, behind = (
            logistic_loss(t[:2], t[2], SHEET_POINTS, SHEET_LABELS)
            for t in (theta + h * best, theta - h * best)
        )
        assert (ahead - behind) / (2 * h) == pytest.approx(slope, rel=1e-5, abs=1e-8)


TAKES_POINTS = {
    "separation_constraints": separation_constraints,
    "is_separating": lambda points, labels: is_separating([1, -1], 0.5, points, labels),
    "margin": lambda points, labels: margin([1, -1], 0.5, points, labels),
    "logistic_loss": lambda points, labels: logistic_loss([1, -1], 0.5, points, labels),
    "cone_rays": cone_rays,
    "max_margin_line": max_margin_line,
}


@pytest.mark.parametrize("function", TAKES_POINTS.values(), ids=TAKES_POINTS.keys())
def test_wrong_points_and_labels(function) -> None:
    with pytest.raises(ValueError, match="points must have shape"):
        function([1, 2], [1])
    with pytest.raises(ValueError, match="points must have shape"):
        function(np.empty((0, 2)), [])
    with pytest.raises(ValueError, match="points must be finite"):
        function([(1.0, np.nan), (0.0, 1.0)], [1, -1])
    with pytest.raises(ValueError, match="points must be finite"):
        function([(1.0, np.inf), (0.0, 1.0)], [1, -1])
    with pytest.raises(TypeError, match="points must hold real numbers"):
        function([(1j, 0), (0, 0)], [1, -1])
    with pytest.raises(TypeError, match="points must hold real numbers"):
        function(np.array([(True, False), (False, True)]), [1, -1])
    with pytest.raises(ValueError, match="labels must have shape"):
        function(SHEET_POINTS, [1, -1])
    for labels in ([1, 1, 0, 0], [1, 1, 2, 2], ["a", "b", "c", "d"], [1, 1, np.nan, -1]):
        with pytest.raises(ValueError, match="labels must all be"):
            function(SHEET_POINTS, labels)


@pytest.mark.parametrize("function", TAKES_POINTS.values(), ids=TAKES_POINTS.keys())
def test_data_frames_are_read_by_rows_and_masks_are_respected(function) -> None:
    frame = pd.DataFrame(SHEET_POINTS, columns=["x", "y"])
    labels = pd.Series(SHEET_LABELS, index=[7, 5, 6, 8])
    assert_array_equal(function(frame, labels), function(SHEET_POINTS, SHEET_LABELS))
    masked = np.ma.array(SHEET_POINTS, mask=np.eye(4, 2, dtype=bool))
    with pytest.raises(TypeError, match="points must not have masked entries"):
        function(masked, SHEET_LABELS)
    with pytest.raises(TypeError, match="labels must not have masked entries"):
        function(SHEET_POINTS, np.ma.array(SHEET_LABELS, mask=[True, False, False, False]))


def test_points_of_the_wrong_dimension() -> None:
    for function in (cone_rays, max_margin_line):
        with pytest.raises(ValueError, match=r"points must have shape \(n, 2\)"):
            function([(1, 2, 3), (0, 0, 0)], [1, -1])


def test_one_class_has_no_margin() -> None:
    with pytest.raises(ValueError, match="both classes, got none of class -1"):
        max_margin_line([(0, 0)], [1])


@pytest.mark.parametrize("function", [is_separating, margin, logistic_loss])
def test_wrong_weights(function) -> None:
    with pytest.raises(ValueError, match="w must have shape"):
        function([1, 2, 3], 0.5, SHEET_POINTS, SHEET_LABELS)
    with pytest.raises(ValueError, match=r"w must (have shape|be one-dimensional)"):
        function(1.0, 0.5, SHEET_POINTS, SHEET_LABELS)
    with pytest.raises(ValueError, match="w must be finite"):
        function([np.inf, 0.0], 0.5, SHEET_POINTS, SHEET_LABELS)
    with pytest.raises(ValueError, match="b must be finite"):
        function([1.0, 0.0], np.nan, SHEET_POINTS, SHEET_LABELS)
    with pytest.raises(TypeError, match="w must hold real numbers"):
        function([1j, 0], 0.5, SHEET_POINTS, SHEET_LABELS)
    with pytest.raises(TypeError, match="b must hold real numbers"):
        function([1, 0], "0.5", SHEET_POINTS, SHEET_LABELS)


def test_margin_of_no_line() -> None:
    with pytest.raises(ValueError, match="w must not be the zero vector"):
        margin([[1, 0], [0, 0]], 0, SHEET_POINTS, SHEET_LABELS)


def test_everything_public_is_listed() -> None:
    assert len(logistic.__all__) == len(set(logistic.__all__))
    for name in logistic.__all__:
        assert hasattr(logistic, name)
