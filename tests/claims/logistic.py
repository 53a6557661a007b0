"""Checks of the claims of chapter 1, on the logistic sigmoid and on separating lines."""

import itertools
import math
import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import sympy as sp
from catalogue import check, forall
from hypothesis import strategies as st
from scipy import linalg, optimize

from activations import logistic, lse, sigmoid, softargmax, softplus
from activations.logistic import tanh_from_sigmoid

Formula = Callable[..., Any]
Vector = tuple[Any, ...]

HALF, QUARTER = sp.S.One / 2, sp.S.One / 4
X = sp.symbols("x", real=True)
#: Any positive number, e^x for example.
U = sp.symbols("u", positive=True)

mp = mpmath.mp.clone()
mp.dps = 50
#: Numbers that are 0 or not too small, with 50 digits.
THOUSANDTHS = st.integers(-5000, 5000).map(lambda k: mp.mpf(k) / 1000)

POINTS, LABELS = logistic.SHEET_POINTS, logistic.SHEET_LABELS
ROWS = ((1, 1, 1), (2, 2, 1), (-1, -2, -1), (-2, -3, -1))


def _sigmoid(x: sp.Expr) -> sp.Expr:
    return 1 / (1 + sp.exp(-x))


def _tanh(x: sp.Expr) -> sp.Expr:
    return (sp.exp(x) - sp.exp(-x)) / (sp.exp(x) + sp.exp(-x))


def _true_sigmoid(x: Any) -> Any:
    """Evaluate the sigmoid with 50 digits."""
    return 1 / (1 + mp.exp(-mp.mpf(x)))


def _equal(one: sp.Expr, other: sp.Expr) -> bool:
    return bool(sp.simplify(one - other) == 0)


def _near(value: Any, true: Any, tolerance: float = 1e-15) -> bool:
    """Whether the relative error is within the tolerance, by default some roundings."""
    return bool(abs(mp.mpf(float(value)) - true) <= tolerance * abs(true))


def _dot(a: Sequence[Any], b: Sequence[Any]) -> Any:
    return sum(s * t for s, t in zip(a, b, strict=True))


# --- The sigmoid, its derivative and its antiderivative ----------------------------------------


@check(
    "symbolic",
    mutants={
        "the second form upside down": {"second": lambda u: (1 + u) / u},
        "a wrong sign": {"second": lambda u: u / (1 - u)},
    },
)
def two_forms_by_sympy(second: Formula = lambda u: u / (1 + u)) -> None:
    """SymPy simplifies the difference of the two fractions to zero."""
    assert _equal(_sigmoid(X), second(sp.exp(X)))


@check(
    "symbolic",
    mutants={
        "an odd function": {"mirrored": lambda s: -s},
        "an even function": {"mirrored": lambda s: s},
        "the value 0 at 0": {"middle": 0},
    },
)
def symmetry_by_sympy(mirrored: Formula = lambda s: 1 - s, middle: sp.Expr = HALF) -> None:
    """SymPy evaluates the sigmoid at 0 and simplifies the difference from its mirror image."""
    assert _sigmoid(sp.S.Zero) == middle
    assert _equal(_sigmoid(-X), mirrored(_sigmoid(X)))


@check(
    "symbolic",
    mutants={
        "the odds upside down": {"inverse": lambda p: sp.log((1 - p) / p)},
        "the probability for the odds": {"inverse": sp.log},
    },
)
def logit_by_sympy(inverse: Formula = lambda p: sp.log(p / (1 - p))) -> None:
    """SymPy puts the logit into the sigmoid and the sigmoid into the logit: they cancel."""
    p = sp.symbols("p", positive=True)
    assert _equal(_sigmoid(inverse(p)), p)
    assert _equal(sp.exp(inverse(_sigmoid(X))), sp.exp(X))


@check(
    "property",
    mutants={
        "it stays above 1/10": {"lower": 0.1},
        "it stays below 9/10": {"upper": 0.9},
        "it decreases": {"order": operator.gt},
    },
)
def shape_by_hypothesis(
    lower: float = 0.0, upper: float = 1.0, order: Formula = operator.lt
) -> None:
    """Hypothesis draws arguments for the package: it finds the range, the order and the inverse.

    The steps and the range are such that rounding hides neither.
    """

    @forall(x=st.floats(-700, 20), step=st.floats(1e-3, 10), p=st.floats(0.001, 0.999))
    def holds(x: float, step: float, p: float) -> None:
        assert lower < sigmoid(x) < upper
        assert order(sigmoid(x), sigmoid(x + step))
        assert math.isclose(sigmoid(np.log(p / (1 - p))), p, rel_tol=1e-13)
        assert math.isclose(sigmoid(x) + sigmoid(-x), 1, rel_tol=1e-15)

    holds()


@check(
    "symbolic",
    mutants={
        "e is not the factor": {"factor": sp.Integer(2)},
        "2 is added to the score": {"step": 2},
    },
)
def odds_by_sympy(factor: sp.Expr = sp.E, step: int = 1) -> None:
    """SymPy simplifies the odds to e^x and divides the odds at x + 1 by the odds at x."""
    odds = _sigmoid(X) / (1 - _sigmoid(X))
    assert _equal(odds, sp.exp(X))
    assert _equal(odds.subs(X, X + step) / odds, factor)


@check(
    "symbolic",
    mutants={
        "the second factor is dropped": {"by_difference": lambda s: s},
        "a wrong sign": {"by_difference": lambda s: s * (1 + s)},
        "the mirror image is dropped": {"by_mirror": lambda s, mirrored: s * s},
    },
)
def derivative_by_sympy(
    by_difference: Formula = lambda s: s * (1 - s),
    by_mirror: Formula = lambda s, mirrored: s * mirrored,
) -> None:
    """SymPy differentiates 1/(1 + e^-x) and simplifies the differences from both forms to zero."""
    slope = sp.diff(_sigmoid(X), X)
    assert _equal(slope, by_difference(_sigmoid(X)))
    assert _equal(slope, by_mirror(_sigmoid(X), _sigmoid(-X)))


@check(
    "numeric",
    mutants={
        "the first factor is dropped": {"product": lambda s, mirrored: mirrored},
        "a factor 2 too many": {"product": lambda s, mirrored: 2 * s * mirrored},
    },
)
def derivative_by_mpmath(product: Formula = lambda s, mirrored: s * mirrored) -> None:
    """Mpmath differentiates the sigmoid numerically with 50 digits; the package has to agree."""
    for x in np.linspace(-40, 40, 17):
        slope = mp.diff(_true_sigmoid, x)
        claimed = product(_true_sigmoid(x), _true_sigmoid(-x))
        assert mp.almosteq(slope, claimed, rel_eps=1e-25)
        assert _near(logistic.sigmoid_derivative(x), slope)


@check(
    "symbolic",
    mutants={
        "1/3 for 1/4": {"bound": sp.Rational(1, 3)},
        "1/5 for 1/4": {"bound": sp.Rational(1, 5)},
        "equality at 1": {"where": 1},
    },
)
def slope_bound_by_sympy(bound: sp.Expr = QUARTER, where: int = 0) -> None:
    """SymPy completes the square: the bound less the slope is (sigma - 1/2)^2, with one zero."""
    s = sp.symbols("s")
    assert _equal(bound - s * (1 - s), (s - HALF) ** 2)
    assert sp.solveset(_sigmoid(X) - HALF, X, sp.S.Reals) == {where}
    slope = sp.simplify(sp.diff(_sigmoid(X), X).subs(X, sp.log(U)))
    assert slope.is_positive
    assert _equal(slope, slope.subs(U, 1 / U))


@check(
    "property",
    mutants={
        "1/5 for 1/4": {"bound": 0.2},
        "equality also elsewhere": {"equal": lambda x: abs(x) <= 1},
    },
)
def slope_bound_by_hypothesis(bound: float = 0.25, equal: Formula = lambda x: x == 0) -> None:
    """Hypothesis draws arguments in thousandths; differences and slopes have 50 digits.

    The derivative of the package keeps within the same bound.
    """

    @forall(x=THOUSANDTHS, y=THOUSANDTHS)
    def holds(x: Any, y: Any) -> None:
        s = _true_sigmoid(x)
        assert 0 < s * (1 - s) <= bound
        assert (s * (1 - s) == bound) == equal(x)
        assert abs(s - _true_sigmoid(y)) <= bound * abs(x - y)
        assert 0 < logistic.sigmoid_derivative(float(x)) <= bound

    holds()


@check(
    "symbolic",
    mutants={
        "the mirrored sigmoid": {"derivative": lambda x: _sigmoid(-x)},
        "another constant": {"limit": sp.log(2)},
        "a wrong sign under the logarithm": {"remainder": lambda e: sp.log(1 - e)},
    },
)
def softplus_by_sympy(
    derivative: Formula = _sigmoid,
    limit: sp.Expr = sp.S.Zero,
    remainder: Formula = lambda e: sp.log(1 + e),
) -> None:
    """SymPy differentiates log(1 + e^x), takes the limit and compares either case of the maximum.

    With u = e^x, both cases are compared under the exponential function.
    """
    function = sp.log(1 + sp.exp(X))
    assert _equal(sp.diff(function, X), derivative(X))
    assert sp.limit(function, X, -sp.oo) == limit
    assert _equal(U * sp.exp(remainder(1 / U)), 1 + U)
    assert _equal(sp.exp(remainder(U)), 1 + U)


@check(
    "numeric",
    mutants={
        "the integral begins at 0": {"start": 0},
        "the integral begins at -10": {"start": -10},
    },
)
def softplus_by_quadrature(start: Any = -mp.inf) -> None:
    """Mpmath integrates the sigmoid from minus infinity; the package's softplus has to agree."""
    for x in (-5, -1.5, 0, 0.5, 4):
        assert _near(softplus(x), mp.quad(_true_sigmoid, [start, x]))


@check(
    "property",
    mutants={
        "1/2 for log 2": {"most": mp.mpf(0.5)},
        "the largest excess is at 1": {"where": 1},
        "the excess is e^-|x|": {"excess": lambda e: e},
    },
)
def softplus_bounds_by_hypothesis(
    most: Any = mp.ln2, where: int = 0, excess: Formula = mp.log1p
) -> None:
    """Hypothesis draws arguments at which the excess over max(x, 0) is computed with 50 digits."""

    @forall(x=THOUSANDTHS)
    def holds(x: Any) -> None:
        gap = mp.log(1 + mp.exp(x)) - max(x, 0)
        assert 0 < gap < most or (x == where and gap == most)
        assert mp.almosteq(gap, excess(mp.exp(-abs(x))), rel_eps=1e-25)
        assert _near(softplus(float(x)), max(x, 0) + gap)

    holds()


@check(
    "symbolic",
    mutants={
        "6 becomes 4": {"factor": 4},
        "the lower bound -1/12": {"least": -sp.Rational(1, 12)},
        "the upper bound 1/48": {"most": sp.Rational(1, 48)},
    },
)
def third_derivative_by_sympy(
    factor: int = 6, least: sp.Expr = -sp.S.One / 8, most: sp.Expr = sp.S.One / 24
) -> None:
    """SymPy differentiates three times and finds the extremes of p (1 - 6 p) on [0, 1/4].

    The extremes bound the error of a central difference with step h by h^2 / 48.
    """
    slope = sp.diff(_sigmoid(X), X)
    assert _equal(sp.diff(slope, X, 2), slope * (1 - factor * slope))
    p, interval = sp.symbols("p"), sp.Interval(0, QUARTER)
    assert sp.minimum(p * (1 - factor * p), p, interval) == least
    assert sp.maximum(p * (1 - factor * p), p, interval) == most
    assert max(-least, most) / 6 == sp.Rational(1, 48)


@check(
    "property",
    mutants={
        "1/60 for 1/48": {"parts": 60},
        "the order h^3": {"power": 3},
    },
)
def central_error_by_hypothesis(parts: int = 48, power: int = 2) -> None:
    """Hypothesis draws arguments and steps for central differences with 50 digits."""

    @forall(x=THOUSANDTHS | st.just(mp.mpf(0)), k=st.integers(1, 100))
    def holds(x: Any, k: int) -> None:
        h = mp.mpf(k) / 1000
        slope = _true_sigmoid(x) * _true_sigmoid(-x)
        difference = (_true_sigmoid(x + h) - _true_sigmoid(x - h)) / (2 * h)
        assert abs(difference - slope) <= h**power / parts

    holds()


@check(
    "symbolic",
    mutants={
        "the floor at the bottom is forgotten": {"floors": slice(1, None)},
        "the floor at the top is forgotten": {"floors": slice(None, -1)},
    },
)
def tower_by_sympy(floors: slice = slice(None)) -> None:
    """SymPy differentiates towers: the slope is the product of 1/4 - (f - 1/2)^2 over the floors.

    Each factor is positive and at most 1/4, and at a floor above another it is less, as there f is
    the sigmoid of a positive number.
    """
    tower = [_sigmoid(X)]
    for _ in range(3):
        slope = sp.prod([QUARTER - (f - HALF) ** 2 for f in tower[floors]])
        assert _equal(sp.diff(tower[-1], X), slope)
        tower.append(_sigmoid(tower[-1]))
    assert sp.simplify(_sigmoid(U) - HALF).is_positive


@check(
    "property",
    mutants={
        "1/5 for 1/4 on each floor": {"share": 0.2},
        "the bound is reached": {"below": operator.eq},
    },
)
def tower_by_hypothesis(share: float = 0.25, below: Formula = operator.lt) -> None:
    """Hypothesis draws an argument and a height; automatic differentiation gives the slope.

    It carries the value and the slope of each floor upwards, with 50 digits.
    """

    @forall(x=st.floats(-30, 30) | st.just(0.0), height=st.integers(1, 6))
    def holds(x: float, height: int) -> None:
        value, slope = mp.mpf(x), mp.mpf(1)
        for _ in range(height):
            value = _true_sigmoid(value)
            slope *= value * (1 - value)
        assert slope > 0
        assert slope <= share if height == 1 else below(slope, mp.mpf(share) ** height)

    holds()


# --- The hyperbolic tangent ---------------------------------------------------------------------


@check(
    "symbolic",
    mutants={
        "the 2 in the argument is dropped": {"inner": 1},
        "the 2 in front is dropped": {"outer": 1},
        "1 is added": {"shift": 1},
    },
)
def tanh_by_sympy(inner: int = 2, outer: int = 2, shift: int = -1) -> None:
    """SymPy simplifies the difference of the two sides to zero, from the exponentials up."""
    assert _equal(_tanh(X), outer * _sigmoid(inner * X) + shift)


@check(
    "numeric",
    mutants={
        "the 2 in the argument is dropped": {"inner": 1},
        "the 2 in front is dropped": {"outer": 1},
    },
)
def tanh_by_mpmath(inner: int = 2, outer: int = 2) -> None:
    """Mpmath's own tanh, with 50 digits, is compared with the formula and with the package."""
    for x in np.linspace(-20, 20, 41):
        assert mp.almosteq(mp.tanh(x), outer * _true_sigmoid(inner * x) - 1, abs_eps=1e-40)
        assert _near(tanh_from_sigmoid(x), mp.tanh(x))


@check(
    "symbolic",
    mutants={
        "a wrong sign": {"derivative": lambda t: 1 + t**2},
        "the derivative of the sigmoid": {"derivative": lambda t: t * (1 - t)},
    },
)
def tanh_derivative_by_sympy(derivative: Formula = lambda t: 1 - t**2) -> None:
    """SymPy differentiates the quotient of exponentials."""
    assert _equal(sp.diff(_tanh(X), X), derivative(_tanh(X)))


@check(
    "numeric",
    mutants={
        "the square is dropped": {"derivative": lambda t: 1 - t},
        "a quarter of it": {"derivative": lambda t: (1 - t**2) / 4},
    },
)
def tanh_derivative_by_mpmath(derivative: Formula = lambda t: 1 - t**2) -> None:
    """Mpmath differentiates its own tanh; the package's tanh goes into the formula."""
    for x in np.linspace(-4, 4, 17):
        claimed = derivative(tanh_from_sigmoid(x))
        assert abs(mp.diff(mp.tanh, x) - float(claimed)) < 1e-15


@check(
    "property",
    mutants={
        "the bias is not doubled": {"bias": 1},
        "the constant has the other sign": {"constant": 1},
    },
)
def tanh_unit_by_hypothesis(bias: int = 2, constant: int = -1) -> None:
    """Hypothesis draws weights, a bias and inputs, and NumPy's tanh gives the unit's output."""
    number = st.floats(-3, 3)

    @forall(v=number, w=st.tuples(number, number), b=number, x=st.tuples(number, number))
    def holds(v: float, w: Vector, b: float, x: Vector) -> None:
        unit = 2 * v * sigmoid(2 * _dot(w, x) + bias * b) + constant * v
        assert math.isclose(v * np.tanh(_dot(w, x) + b), unit, abs_tol=1e-14)

    holds()


# --- Two classes out of many --------------------------------------------------------------------


def _softargmax(*z: sp.Expr) -> list[sp.Expr]:
    return [sp.exp(entry) / sum(map(sp.exp, z)) for entry in z]


@check(
    "symbolic",
    mutants={
        "the second component": {"component": 1},
        "the second score is -x": {"second": lambda x: -x},
        "the difference the other way round": {"difference": lambda a, b: b - a},
    },
)
def two_classes_by_sympy(
    component: int = 0,
    second: Formula = lambda x: 0 * x,
    difference: Formula = operator.sub,
) -> None:
    """SymPy simplifies the differences of all three pairs of sides to zero."""
    a, b = sp.symbols("z_1 z_2", real=True)
    log_sum_exp = sp.log(sp.exp(X) + sp.exp(second(X)))
    assert _equal(_sigmoid(X), _softargmax(X, second(X))[component])
    assert _equal(sp.log(1 + sp.exp(X)), log_sum_exp)
    assert _equal(_sigmoid(difference(a, b)), _softargmax(a, b)[component])


@check(
    "property",
    mutants={
        "the second component": {"component": 1},
        "the second score is 1": {"second": 1.0},
        "the sum for the difference": {"difference": operator.add},
    },
)
def two_classes_by_hypothesis(
    component: int = 0, second: float = 0.0, difference: Formula = operator.sub
) -> None:
    """Hypothesis draws scores for the package's sigmoid and for its functions of chapter 3."""
    score = st.floats(-30, 30)

    @forall(a=score, b=score)
    def holds(a: float, b: float) -> None:
        assert math.isclose(sigmoid(a), softargmax([a, second])[component], rel_tol=1e-13)
        assert math.isclose(softplus(a), lse([a, second]), rel_tol=1e-13, abs_tol=1e-15)
        assert math.isclose(sigmoid(difference(a, b)), softargmax([a, b])[component], rel_tol=1e-13)

    holds()


# --- Separating two classes ---------------------------------------------------------------------


@st.composite
def _separated(draw: st.DrawFn) -> tuple[Any, list[int], Any, int]:
    """Draw points of the plane and a line that misses them all, which gives them their labels."""
    integer = st.integers(-6, 6)
    w = np.array(draw(st.tuples(integer, integer).filter(any)))
    b = draw(integer)
    points = st.tuples(integer, integer).filter(lambda x: _dot(w, x) + b != 0)
    x = np.array(draw(st.lists(points, min_size=1, max_size=6)))
    return x, [int(label) for label in np.sign(x @ w + b)], w, b


@check(
    "property",
    mutants={
        "the threshold is 3/5": {"threshold": 0.6},
        "the negative scores are meant": {"decision": lambda score: mp.sign(-score)},
        "the score 0 is positive enough": {"decision": lambda score: 1 if score >= 0 else -1},
    },
)
def decision_by_hypothesis(threshold: float = 0.5, decision: Formula = mp.sign) -> None:
    """Hypothesis draws scores in thousandths, at which no rounding can hide the order.

    The activation is above, at or below the threshold where the score is positive, 0 or negative.
    """

    @forall(score=THOUSANDTHS)
    def holds(score: Any) -> None:
        assert np.sign(sigmoid(float(score)) - threshold) == decision(score)

    holds()


@check(
    "exact",
    mutants={
        "a sign is lost": {"rows": ((1, 1, 1), (2, 2, 1), (-1, -2, -1), (-2, -3, 1))},
        "a point is another": {"rows": ((1, 1, 1), (2, 2, 1), (-1, -2, -1), (-1, -3, -1))},
        "not strict": {"positive": lambda number: number >= 0},
    },
)
def four_inequalities(rows: Any = ROWS, positive: Formula = lambda number: number > 0) -> None:
    """All integer weights and biases up to 4 are tried, against the signs of the four scores."""
    for w1, w2, b in itertools.product(range(-4, 5), repeat=3):
        scores = [w1 * p + w2 * q + b for p, q in POINTS]
        separates = all((s > 0) - (s < 0) == y for s, y in zip(scores, LABELS, strict=True))
        assert all(positive(_dot(row, (w1, w2, b))) for row in rows) == separates
    assert np.array_equal(logistic.separation_constraints(POINTS, LABELS), rows)


@check(
    "symbolic",
    mutants={
        "the bias with the other sign": {
            "vector": lambda t, g, h: (t * (h - g), -t, t * (h - 2 * g))
        },
        "the heights trade places": {"vector": lambda t, g, h: (t * (g - h), -t, t * (2 * h - g))},
    },
)
def cone_by_sympy(
    vector: Formula = lambda t, g, h: (t * (h - g), -t, t * (2 * g - h)),
) -> None:
    """SymPy turns the four inequalities into 1 < h_1 < 2 < h_2 < 3, times t, and solves for t, h.

    There is one solution, whatever the weights and the bias.
    """
    t, g, h, w1, w2, b = sp.symbols("t h_1 h_2 w_1 w_2 b")
    bounds = (g - 1, h - 2, 2 - g, 3 - h)
    for row, bound in zip(ROWS, bounds, strict=True):
        assert sp.expand(_dot(row, vector(t, g, h)) - t * bound) == 0
    equations = [sp.Eq(a, c) for a, c in zip(vector(t, g, h), (w1, w2, b), strict=True)]
    [solution] = sp.solve(equations, [t, g, h], dict=True)
    assert solution[t] == -w2
    assert _equal(solution[g], -(w1 + b) / w2)
    assert _equal(solution[h], -(2 * w1 + b) / w2)


@check(
    "exact",
    mutants={
        "the second interval is longer": {"second": (2, 4)},
        "the first interval is shorter": {"first": (1, Fraction(3, 2))},
        "closed intervals": {"order": operator.le},
    },
)
def cone_by_enumeration(
    first: Vector = (1, 2), second: Vector = (2, 3), order: Formula = operator.lt
) -> None:
    """All integer weights and biases up to 6 are tried: they separate if their heights say so."""
    for w1, w2, b in itertools.product(range(-6, 7), repeat=3):
        form = w2 < 0 and all(
            order(lower, Fraction(w1 * at + b, -w2)) and order(Fraction(w1 * at + b, -w2), upper)
            for at, (lower, upper) in ((1, first), (2, second))
        )
        assert form == all(_dot(row, (w1, w2, b)) > 0 for row in ROWS)


@check(
    "property",
    mutants={
        "coefficients may be negative": {"least": -9},
        "heights may lie beyond the square": {"ends": (1, 30)},
    },
)
def cone_is_convex(least: int = 1, ends: tuple[int, int] = (1, 19)) -> None:
    """Hypothesis draws two solutions and two coefficients; rational arithmetic decides.

    As the cone is open, the combination may also be moved a little in any direction.
    """
    share = st.integers(*ends).map(lambda k: Fraction(k, 20))
    solution = st.tuples(share, share).map(lambda r: (1 + r[1] - r[0], -1, 2 * r[0] - r[1]))
    factor, moves = st.integers(least, 9), st.tuples(*[st.sampled_from((-1, 0, 1))] * 3)

    @forall(one=solution, other=solution, s=factor, t=factor, move=moves)
    def holds(one: Vector, other: Vector, s: int, t: int, move: Vector) -> None:
        sums = [s * a + t * c for a, c in zip(one, other, strict=True)]
        *w, b = (a + Fraction(s + t, 200) * c for a, c in zip(sums, move, strict=True))
        assert logistic.is_separating(w, b, POINTS, LABELS)

    holds()


@check(
    "exact",
    mutants={
        "a ray that is none": {"rays": ((1, -1, 0), (1, -1, 1), (0, -1, 2), (3, -2, -1))},
        "a sign is lost": {"rays": ((1, -1, 0), (1, -1, 1), (0, -1, 2), (2, -1, 1))},
    },
)
def extreme_rays(rays: Any = ((1, -1, 0), (1, -1, 1), (0, -1, 2), (2, -1, -1))) -> None:
    """Each ray makes two independent inequalities equalities; SymPy mixes all vectors from them.

    The products that weight the rays are not negative for 1 <= h_1 <= 2 <= h_2 <= 3.
    """
    for ray in rays:
        scores = [_dot(row, ray) for row in ROWS]
        touched = sp.Matrix([row for row, s in zip(ROWS, scores, strict=True) if s == 0])
        assert min(scores) == 0
        assert touched.rank() == len(touched.col(0)) == 2
    g, h = sp.symbols("h_1 h_2")
    weights = ((2 - g) * (3 - h), (g - 1) * (h - 2), (g - 1) * (3 - h), (2 - g) * (h - 2))
    mixed = [sp.expand(_dot(weights, column)) for column in zip(*rays, strict=True)]
    assert mixed == [h - g, -1, 2 * g - h]
    assert logistic.cone_rays(POINTS, LABELS) == sorted(rays)


@check(
    "property",
    mutants={
        "weights may be negative": {"least": -9},
        "each ray touches one point": {"touched": 1},
    },
)
def rays_just_fail(least: int = 1, touched: int = 2) -> None:
    """Hypothesis draws positive weights for the package's rays; rational arithmetic decides."""
    rays = logistic.cone_rays(POINTS, LABELS)
    for *w, b in rays:
        assert sum(_dot(w, point) + b == 0 for point in POINTS) == touched
        assert not logistic.is_separating(w, b, POINTS, LABELS)

    @forall(weights=st.tuples(*[st.integers(least, 99)] * 4))
    def holds(weights: Vector) -> None:
        *w, b = (_dot(weights, column) for column in zip(*rays, strict=True))
        assert logistic.is_separating(w, b, POINTS, LABELS)

    holds()


# --- The largest margin -------------------------------------------------------------------------


@check(
    "symbolic",
    mutants={
        "the mirror image for the foot": {"factor": 2},
        "the length is not divided by": {"distance": lambda score, length: score},
        "divided by the square": {"distance": lambda score, length: score / length**2},
    },
)
def distance_by_sympy(
    factor: int = 1, distance: Formula = lambda score, length: score / length
) -> None:
    """SymPy finds the foot in the plane, at the distance claimed, and at a right angle to q - foot.

    All vectors are general ones of three dimensions, and q is any point of the plane; so the foot
    is the nearest one, by Pythagoras.
    """
    w, x, q = (sp.Matrix(sp.symbols(f"{name}_1:4", real=True)) for name in "wxq")
    b = -w.dot(q)
    score = w.dot(x) + b
    foot = x - factor * score / w.dot(w) * w
    assert sp.cancel(w.dot(foot) + b) == 0
    assert sp.cancel((x - foot).dot(x - foot) - distance(score, w.norm()) ** 2) == 0
    assert sp.cancel((x - foot).dot(foot - q)) == 0


@check(
    "numeric",
    mutants={
        "the length is not divided by": {"power": 0},
        "divided by the square": {"power": 2},
        "the bias is dropped": {"bias": 0},
    },
)
def distance_by_least_squares(power: int = 1, bias: int = 1) -> None:
    """SciPy spans random hyperplanes in up to five dimensions and finds the nearest points.

    The margin of the one point is the distance that the package gives.
    """
    rng = np.random.default_rng(1)
    for d in range(1, 6):
        w, x, b = rng.normal(size=d), rng.normal(size=d), rng.normal()
        across, start = linalg.null_space(w[None]), -b * w / (w @ w)
        nearest = start + across @ linalg.lstsq(across, x - start)[0] if d > 1 else start
        true = np.linalg.norm(x - nearest)
        assert np.isclose(abs(w @ x + bias * b) / np.linalg.norm(w) ** power, true, rtol=1e-12)
        assert np.isclose(logistic.margin(w, b, x[None], [np.sign(w @ x + b)]), true, rtol=1e-12)


@check(
    "symbolic",
    mutants={
        "the score is not divided by the length": {"power": 0},
        "the bias is not scaled": {"bias": 0},
    },
)
def canonical_scaling_by_sympy(power: int = 1, bias: int = 1) -> None:
    """SymPy scales general weights and a bias in three dimensions by any u > 0, then by 1/score."""
    w, x = (sp.Matrix(sp.symbols(f"{name}_1:4", real=True)) for name in "wx")
    b, smallest = sp.symbols("b", real=True), sp.symbols("m", positive=True)

    def share(u: sp.Expr) -> sp.Expr:
        return (u * w.dot(x) + u**bias * b) / sp.sqrt((u * w).dot(u * w)) ** power

    assert _equal(share(U), share(sp.S.One))
    assert _equal(share(1 / smallest).subs(b, smallest - w.dot(x)), 1 / (w / smallest).norm())


@check(
    "property",
    mutants={
        "the square of the length": {"power": 2},
        "a negative factor": {"factor": -1},
    },
)
def canonical_scaling_by_hypothesis(power: int = 1, factor: int = 1) -> None:
    """Hypothesis draws separated points and a factor, for the margin that the package measures."""

    @forall(drawn=_separated(), s=st.floats(0.01, 100))
    def holds(drawn: Any, s: float) -> None:
        points, labels, w, b = drawn
        margin = logistic.margin(w, b, points, labels)
        scaled = logistic.margin(factor * s * w, factor * s * b, points, labels)
        assert math.isclose(scaled, margin, rel_tol=1e-12)
        smallest = (labels * (points @ w + b)).min()
        assert math.isclose(margin, 1 / np.linalg.norm(w / smallest) ** power, rel_tol=1e-12)

    holds()


@check(
    "exact",
    mutants={
        "other weights": {"w": (2, -1)},
        "another bias": {"b": 2},
        "other multipliers": {"multipliers": (1, 1, 1, 1)},
        "the square of another margin": {"square": Fraction(1, 4)},
    },
)
def best_line_certified(
    w: Vector = (2, -2),
    b: int = 1,
    multipliers: Vector = (1, 3, 3, 1),
    square: Fraction = Fraction(1, 8),
) -> None:
    """Integers certify it: the multiplied inequalities add up to w . w* >= 8 = w* . w*.

    The package, which knows nothing of this, finds the same line.
    """
    signed = [m * y for m, y in zip(multipliers, LABELS, strict=True)]
    assert [_dot(w, point) + b for point in POINTS] == list(LABELS)
    assert min(multipliers) > 0 == sum(signed)
    assert tuple(_dot(signed, column) for column in zip(*POINTS, strict=True)) == w
    assert sum(multipliers) == _dot(w, w) == 1 / square
    line = logistic.max_margin_line(POINTS, LABELS)
    assert (line.w, line.b, line.margin_squared) == (w, b, square)


@check(
    "exact",
    mutants={
        "a smaller margin": {"square": Fraction(1, 9)},
        "the margin is not reached": {"square": Fraction(1, 7)},
        "another line": {"best": (2, -2, 0)},
    },
)
def best_line_by_enumeration(square: Fraction = Fraction(1, 8), best: Vector = (2, -2, 1)) -> None:
    """The squares of the margins of all separating lines with integers up to 8 are compared."""
    with_largest = set()
    for w1, w2, b in itertools.product(range(-8, 9), repeat=3):
        smallest = min(_dot(row, (w1, w2, b)) for row in ROWS)
        if smallest > 0:
            assert Fraction(smallest**2, w1**2 + w2**2) <= square
            if Fraction(smallest**2, w1**2 + w2**2) == square:
                with_largest.add((w1, w2, b))
    assert with_largest == {tuple(k * entry for entry in best) for k in (1, 2, 3, 4)}


@check(
    "symbolic",
    mutants={
        "1 for 2 in the weights": {"factor": 1},
        "the line runs through u": {"middle": lambda u, v: u},
        "the whole distance is the margin": {"share": sp.S.One},
    },
)
def best_pair_by_sympy(
    factor: int = 2, middle: Formula = lambda u, v: (u + v) / 2, share: sp.Expr = HALF
) -> None:
    """SymPy computes the scores of u, v and any other point, and the length of the weights.

    A point p with d . (p - u) >= 0 has the score 1 + 2 d . (p - u) / |d|^2, which is at least 1.
    """
    u, v, p = (sp.Matrix(sp.symbols(f"{name}_1:4", real=True)) for name in "uvp")
    d = u - v
    w = factor * d / d.dot(d)
    b = -w.dot(middle(u, v))
    assert sp.cancel(w.dot(p) + b - 1 - 2 * d.dot(p - u) / d.dot(d)) == 0
    assert sp.cancel(w.dot(p) + b + 1 - 2 * d.dot(p - v) / d.dot(d)) == 0
    assert sp.cancel(1 / w.dot(w) - share**2 * d.dot(d)) == 0


def _clamped(p: Any, a: Any, c: Any) -> Any:
    """Find the point of the segment from a to c that is nearest to p, in rational arithmetic."""
    d = c - a
    share = Fraction(_dot(p - a, d), _dot(d, d)) if any(d) else Fraction(0)
    return a + max(Fraction(0), min(Fraction(1), share)) * d


@check(
    "exact",
    mutants={
        "1 for 2 in the weights": {"factor": 1},
        "the line runs through u": {"middle": lambda u, v: u},
    },
)
def best_line_of_hulls(
    factor: int = 2, middle: Formula = lambda u, v: (u + v) * Fraction(1, 2)
) -> None:
    """Nearest points of the hulls are found by going through all corners and sides, in fractions.

    The package's line is the same, and no line with integers up to 5 has a larger margin.
    """
    rng = np.random.default_rng(2)
    lines = np.array(list(itertools.product(range(-5, 6), repeat=3)))
    for _ in range(20):
        points = rng.integers(-4, 5, size=(7, 2)).astype(object)
        labels = np.where(points @ rng.integers(1, 4, size=2) > rng.integers(-2, 3), 1, -1)
        if abs(sum(labels)) == 7:
            continue
        plus, minus = (points[labels == y] for y in (1, -1))
        ends = [(p, _clamped(p, a, c)) for p in plus for a in minus for c in minus]
        ends += [(_clamped(p, a, c), p) for p in minus for a in plus for c in plus]
        u, v = min(ends, key=lambda ends: _dot(ends[0] - ends[1], ends[0] - ends[1]))
        w = factor * (u - v) * Fraction(1, _dot(u - v, u - v))
        b = -_dot(w, middle(u, v))
        assert min(labels * (points @ w + b)) == 1
        line = logistic.max_margin_line(points, labels)
        assert (line.w, line.b, 4 * line.margin_squared) == (tuple(w), b, _dot(u - v, u - v))
        smallest = ((lines[:, :2] @ points.T + lines[:, 2:]) * labels).min(axis=1)
        norms = (lines[:, :2] ** 2).sum(axis=1)
        assert all(s <= 0 or s**2 * _dot(w, w) <= n for s, n in zip(smallest, norms, strict=True))


@check(
    "numeric",
    mutants={
        "the margin is the whole distance": {"share": 1.0},
        "1 for 2 in the weights": {"factor": 1.0},
    },
)
def best_plane_by_scipy(share: float = 0.5, factor: float = 2.0) -> None:
    """SciPy finds the largest margin and the nearest points separately, for points in space."""
    rng = np.random.default_rng(3)
    y = np.array([1, 1, 1, 1, -1, -1, -1])
    points = rng.normal(size=(7, 3)) + 2.5 * np.outer(y, [1, 0, 0])
    rows = y[:, None] * np.column_stack([points, np.ones(7)])
    narrow = {"type": "ineq", "fun": lambda v: rows @ v - 1}
    options = {"method": "SLSQP", "options": {"ftol": 1e-14, "maxiter": 500}}
    *w, _ = optimize.minimize(
        lambda v: v[:3] @ v[:3], [5, 0, 0, 0], constraints=narrow, **options
    ).x
    convex = {"type": "eq", "fun": lambda a: [a[y == 1].sum() - 1, a[y == -1].sum() - 1]}
    mixture = optimize.minimize(
        lambda a: ((y * a) @ points) @ ((y * a) @ points),
        np.where(y == 1, 1 / 4, 1 / 3),
        bounds=[(0, 1)] * 7,
        constraints=convex,
        **options,
    ).x
    d = (y * mixture) @ points
    assert np.isclose(1 / np.linalg.norm(w), share * np.linalg.norm(d), rtol=1e-6)
    assert np.allclose(w, factor * d / (d @ d), atol=1e-5)


@check(
    "symbolic",
    mutants={
        "one multiplier is another": {
            "multipliers": lambda s: (8 - 4 * s, 4 * s - 4, 10 - 4 * s, 4 * s - 5)
        },
        "s begins at 1": {"interval": (1, 2)},
    },
)
def many_certificates(
    multipliers: Formula = lambda s: (8 - 4 * s, 4 * s - 4, 10 - 4 * s, 4 * s - 6),
    interval: Vector = (3 * HALF, 2),
) -> None:
    """SymPy mixes u and v from the points and finds for which s no multiplier is negative."""
    s = sp.symbols("s", real=True)
    signed = [m * y for m, y in zip(multipliers(s), LABELS, strict=True)]
    nearest = [
        [sp.expand(_dot(part, column) / 4) for column in zip(*ends, strict=True)]
        for part, ends in ((signed[:2], POINTS[:2]), ([-m for m in signed[2:]], POINTS[2:]))
    ]
    assert nearest == [[s, s], [s - HALF, s + HALF]]
    assert sp.expand(sum(signed)) == 0
    assert 2 / (HALF**2 + HALF**2) == 4
    assert multipliers(sp.Rational(7, 4)) == (1, 3, 3, 1)
    allowed = sp.Intersection(*[sp.solveset(m >= 0, s, sp.S.Reals) for m in multipliers(s)])
    assert allowed == sp.Interval(*interval)
    for end in interval:
        assert multipliers(end).count(0) == 1


@check(
    "symbolic",
    mutants={
        "the slope with the other sign": {"line": lambda g, h: (g - h, 2 * g - h)},
        "the heights at 0 and 1": {"line": lambda g, h: (h - g, g)},
    },
)
def parallelogram(line: Formula = lambda g, h: (h - g, 2 * g - h)) -> None:
    """SymPy evaluates the line at 1 and 2, inverts the map and maps the corners of the square."""
    g, h = sp.symbols("h_1 h_2")
    m, c = line(g, h)
    assert (sp.expand(m + c), sp.expand(2 * m + c)) == (g, h)
    assert sp.Matrix([m, c]).jacobian([g, h]).det() != 0
    rays = {
        (line(*corner)[0], -1, line(*corner)[1]) for corner in itertools.product((1, 2), (2, 3))
    }
    assert rays == set(logistic.cone_rays(POINTS, LABELS))


# --- The logistic loss --------------------------------------------------------------------------


@check(
    "symbolic",
    mutants={
        "half of r is above log(1 + r)": {"tangent": HALF},
        "a margin of 0 is enough": {"margin": sp.S.Zero},
    },
)
def loss_bounds_by_sympy(tangent: sp.Expr = sp.S.One, margin: sp.Expr = U) -> None:
    """SymPy sees that a term of the loss decreases, that log(1 + r) <= r, and takes the limit.

    The function r - log(1 + r) is 0 at 0, and its derivative is not negative from there on.
    """
    s, (n, r) = sp.symbols("s", real=True), sp.symbols("n r", positive=True)
    assert sp.simplify(sp.diff(sp.log(1 + sp.exp(-s * margin)), s)).is_negative
    gap = tangent * r - sp.log(1 + r)
    assert gap.subs(r, 0) == 0
    assert sp.factor(sp.diff(gap, r)).is_positive
    assert sp.limit(n * sp.exp(-s * margin), s, sp.oo) == 0


@check(
    "property",
    mutants={
        "n is dropped from the upper bound": {"upper": lambda n, e: e},
        "n enters the lower bound": {"lower": lambda n, e: n * np.log1p(e)},
        "the largest number for the smallest": {"choose": max},
        "the loss increases": {"order": operator.lt},
    },
)
def loss_bounds_by_hypothesis(
    lower: Formula = lambda n, e: np.log1p(e),
    upper: Formula = lambda n, e: n * e,
    choose: Formula = min,
    order: Formula = operator.gt,
) -> None:
    """Hypothesis draws separated points and two scales for the loss that the package computes."""

    @forall(drawn=_separated(), s=st.floats(-3, 3), step=st.floats(0.01, 1))
    def holds(drawn: Any, s: float, step: float) -> None:
        points, labels, w, b = drawn
        loss, further, outside = (
            logistic.logistic_loss(t * w, t * b, points, labels) for t in (s, s + step, abs(s))
        )
        e = np.exp(-abs(s) * choose(labels * (points @ w + b)))
        assert order(loss, further)
        assert 0 < lower(len(points), e) <= outside * (1 + 1e-12)
        assert outside <= upper(len(points), e) * (1 + 1e-12)

    holds()


@check(
    "symbolic",
    mutants={
        "all mu are 1": {"mu": 1},
        "three points": {"n": 3},
    },
)
def loss_of_four_points(mu: sp.Expr = HALF, n: int = 4) -> None:
    """SymPy adds up the four terms of the loss for the multiples of x_1 - x_2 + 1/2."""
    s = sp.symbols("s", positive=True)
    numbers = [y * (p - q + HALF) for (p, q), y in zip(POINTS, LABELS, strict=True)]
    loss = sum(sp.log(1 + sp.exp(-s * number)) for number in numbers)
    assert _equal(loss, n * sp.log(1 + sp.exp(-s * mu)))


@check(
    "exact",
    mutants={
        "strict separation for the condition": {"escapes": lambda scores: min(scores) > 0},
        "all zeros are allowed": {"escapes": lambda scores: min(scores) >= 0},
    },
)
def estimate_at_two_places(
    escapes: Formula = lambda scores: min(scores) >= 0 and any(scores),
) -> None:
    """All sets of up to two points of either class at 0 and at 1 are enumerated.

    Weight and bias give any two scores s, t at the places 0 and 1, and of these only the signs
    matter to the condition. The loss is a sum of a function of s and one of t, and such a function,
    m log(1 + e^-s) + n log(1 + e^s), has a minimum if both classes are there, or none is.
    """
    for a, b, c, d in itertools.product(range(3), repeat=4):
        if a + b + c + d == 0:
            continue
        found = any(
            escapes(a * [s] + b * [-s] + c * [t] + d * [-t])
            for s, t in itertools.product((-1, 0, 1), repeat=2)
        )
        has_minimum = (a > 0) == (b > 0) and (c > 0) == (d > 0)
        assert has_minimum == (not found)


@check(
    "numeric",
    mutants={
        "strict separation for the condition": {"some": 0.0, "each": 1.0},
        "no point need be off the line": {"some": 0.0, "each": 0.0},
    },
)
def estimate_by_scipy(some: float = 1.0, each: float = 0.0) -> None:
    """SciPy decides about the condition by linear programming, for eight labellings of five points.

    It also minimises the package's loss in a box and in one ten times as large; the minimum is
    lower in the larger one exactly if there is none at all.
    """
    points = np.array([(0, 0), (1, 1), (1, 0), (0, 1), (1, 1)])
    for labels in itertools.product((1,), (1,), *[(1, -1)] * 3):
        rows = logistic.separation_constraints(points, labels)
        least = -np.array([*[each] * 5, some])
        condition = -np.vstack([rows, rows.sum(axis=0)])
        program = optimize.linprog(np.zeros(3), condition, least, bounds=(None, None))

        def loss(v: Any, y: Any = labels, a: Any = rows) -> tuple[Any, Any]:
            return logistic.logistic_loss(v[:2], v[2], points, y), -sigmoid(-a @ v) @ a

        boxes = [[(-size, size)] * 3 for size in (8, 80)]
        small, large = (
            optimize.minimize(loss, np.zeros(3), jac=True, bounds=b, method="TNC").fun
            for b in boxes
        )
        assert (small - large > 1e-6) == program.success


@check(
    "numeric",
    mutants={
        "the direction from mean to mean": {"direction": lambda line, means: means},
        "at once": {"rate": 0.0},
    },
)
def bounded_weights_by_scipy(
    direction: Formula = lambda line, means: line, rate: float = 1.0
) -> None:
    """SciPy minimises the package's loss for weights on circles of growing radius R.

    No shorter weights do better, for the loss is convex and has no minimum. The square of the
    distance of the directions keeps below 4 log(2 n) / (R |d|).
    """
    points, labels = np.array([(0, 0), (1, 3), (2, 1), (4, 0), (3, 5)]), (-1, -1, 1, 1, 1)
    line = logistic.max_margin_line(points, labels)
    means = points[2:].mean(axis=0) - points[:2].mean(axis=0)
    target = direction(np.array(line.w, dtype=float), means)
    for radius in (3.0, 30.0, 300.0):

        def loss(v: Any, r: float = radius) -> Any:
            w = r * np.array([math.cos(v[0]), math.sin(v[0])])
            return np.log(logistic.logistic_loss(w, r * v[1], points, labels))

        angle, _ = optimize.minimize(loss, [0.0, -1.0], method="Nelder-Mead", tol=1e-9).x
        away = np.array([math.cos(angle), math.sin(angle)]) - target / np.linalg.norm(target)
        assert away @ away <= rate * 4 * math.log(10) / (radius * 2 * line.margin)


# --- The sigmoid in floating point --------------------------------------------------------------


@check(
    "symbolic",
    mutants={
        "the cases trade places": {"right": lambda e: e / (1 + e), "left": lambda e: 1 / (1 + e)},
        "a wrong sign": {"right": lambda e: 1 / (1 - e)},
    },
)
def stable_form_by_sympy(
    right: Formula = lambda e: 1 / (1 + e), left: Formula = lambda e: e / (1 + e)
) -> None:
    """SymPy simplifies the difference from the sigmoid to zero, for either sign of x."""
    positive = sp.symbols("x", positive=True)
    for x, form in ((positive, right), (sp.S.Zero, right), (-positive, left)):
        assert _equal(form(sp.exp(-sp.Abs(x))), _sigmoid(x))


@check(
    "symbolic",
    mutants={
        "u for 2 u": {"rounding": lambda u: u / (1 - u)},
        "the denominator is 1": {"rounding": lambda u: 2 * u},
        "p may exceed 1/2": {"most": sp.S.One},
    },
)
def rounding_bound_by_sympy(
    rounding: Formula = lambda u: 2 * u / (1 - u), most: sp.Expr = HALF
) -> None:
    """SymPy compares both factors of the computed value with their bounds.

    With a and c positive, epsilon = 1 / (1 + a) is any number below 1 and p = most / (1 + c) any
    below the most that it can be; then signs can be read off.
    """
    a, c = sp.symbols("a c", positive=True)
    epsilon, p, u = 1 / (1 + a), most / (1 + c), sp.symbols("u")
    assert _equal((1 + u) / (1 - u) - 1, rounding(u))
    assert _equal(1 - (1 - u) / (1 + u), 2 * u / (1 + u))
    for off in ((1 - p) * epsilon / (1 - p * epsilon), p * epsilon / (1 - p * epsilon)):
        assert sp.factor(sp.together(epsilon - off)).is_positive


@check(
    "exact",
    mutants={
        "u for 2 u": {"bound": lambda eps, u: (1 + eps) * (1 + u / (1 - u)) - 1},
        "the product is left out": {"bound": lambda eps, u: eps + 2 * u / (1 - u)},
        "the exponential is exact": {"bound": lambda eps, u: 2 * u / (1 - u)},
    },
)
def rounding_by_enumeration(
    bound: Formula = lambda eps, u: (1 + eps) * (1 + 2 * u / (1 - u)) - 1,
) -> None:
    """In rational arithmetic all extreme roundings are tried, with few and with many bits.

    The value is monotone in each of the three errors, so the extremes are the worst.
    """
    for u, eps in itertools.product(
        (Fraction(1, 8), Fraction(1, 2**53)), (Fraction(1, 3), Fraction(1, 2**52))
    ):
        for e in (Fraction(1, 10**40), Fraction(1, 3), Fraction(1)):
            for eta, first, second in itertools.product((-1, 0, 1), repeat=3):
                computed = e * (1 + eta * eps)
                below = (1 + computed) * (1 + first * u)
                for top, true in ((1, 1 / (1 + e)), (computed, e / (1 + e))):
                    value = top / below * (1 + second * u)
                    assert abs(value / true - 1) <= bound(eps, u)


@check(
    "numeric",
    mutants={
        "half a rounding in all": {"roundings": 0.5},
        "the textbook formula": {"formula": logistic.sigmoid_naive},
        "the difference 1 - sigma(-x)": {"formula": lambda x: 1 - sigmoid(-x)},
    },
)
def stable_form_by_mpmath(roundings: float = 4.001, formula: Formula = sigmoid) -> None:
    """Mpmath evaluates the sigmoid with 50 digits; the package is within the bound of about 4 u.

    Far on the left the values are no normal numbers any more; the smallest one is met at -745.
    """
    with np.errstate(over="ignore"):
        assert all(
            _near(formula(x), _true_sigmoid(x), roundings * 2.0**-53)
            for x in np.linspace(-708, 40, 401)
        )
        assert formula(-745.0) == 5e-324


@check(
    "symbolic",
    mutants={
        "3 u": {"roundings": 3},
        "the exponential is right to 2 ulp": {"epsilon": lambda u: 4 * u},
    },
)
def about_four_roundings(roundings: int = 4, epsilon: Formula = lambda u: 2 * u) -> None:
    """SymPy expands the bound of the proposition in powers of u."""
    u = sp.symbols("u")
    bound = (1 + epsilon(u)) * (1 + 2 * u / (1 - u)) - 1
    assert sp.series(bound, u, 0, 2).removeO() == roundings * u


@check(
    "property",
    mutants={
        "two units": {"units": 2.0},
        "just below a power of 2 as well": {"toward": -math.inf},
    },
)
def ulp_is_spacing(units: float = 1.0, toward: float = math.inf) -> None:
    """Hypothesis draws numbers of double and half precision; NumPy gives their neighbours."""
    double = st.floats(0, 1e308).map(np.float64) | st.just(np.float64(1))
    half = st.floats(0, 60000, width=16).map(np.float16)

    @forall(r=double | half)
    def holds(r: Any) -> None:
        neighbour = np.nextafter(r, r.dtype.type(toward))
        assert logistic.ulp_error(neighbour, Fraction(float(r))) == units

    holds()


@check(
    "property",
    mutants={
        "a third of an ulp": {"most": 1 / 3},
        "rho / (2 u)": {"unit": 2.0**-52},
    },
)
def half_an_ulp(most: float = 0.5, unit: float = 2.0**-53) -> None:
    """Hypothesis draws fractions, which Python rounds correctly; the package measures the errors.

    The second value is just below 2 and off by the relative error rho.
    """

    @forall(r=st.fractions(1, 8), rho=st.fractions(0, 1, max_denominator=1000))
    def holds(r: Fraction, rho: Fraction) -> None:
        assert logistic.ulp_error(float(r), r) <= most
        value = 2.0 - 2.0**-52
        assert logistic.ulp_error(value, Fraction(value) / (1 + rho)) <= rho / Fraction(unit)

    holds()


@check(
    "numeric",
    mutants={
        "the next one below is the largest": {"toward": -math.inf},
        "smaller than any number at hand": {"below": 2.0**-1074},
    },
)
def overflow_point(toward: float = math.inf, below: float = 2.0**-1022) -> None:
    """Mpmath places the largest number between e^-x at the package's point and at its neighbour."""
    for kind in (np.float16, np.float32, np.float64):
        point = kind(logistic.naive_overflow_point(kind))
        beside = np.nextafter(point, kind(toward))
        assert mp.exp(-float(beside)) < float(np.finfo(kind).max) < mp.exp(-float(point))
        with np.errstate(over="ignore"):
            assert logistic.sigmoid_naive(point) == 0 < logistic.sigmoid_naive(beside)
    assert int(np.finfo(float).max) == 2**1024 - 2**971
    assert 2.0**-1074 < _true_sigmoid(point) < below
    assert 0 < sigmoid(-745.0) < sigmoid(point)


@check(
    "symbolic",
    mutants={
        "the square is dropped": {"slope": lambda e: e / (1 + e)},
        "the maximum for the minimum": {"least": sp.Max},
    },
)
def stable_relatives_by_sympy(
    slope: Formula = lambda e: e / (1 + e) ** 2, least: Formula = sp.Min
) -> None:
    """SymPy compares both formulas with the derivative and the logarithm, for either sign of x."""
    positive = sp.symbols("x", positive=True)
    for x in (positive, -positive):
        e = sp.exp(-sp.Abs(x))
        assert _equal(slope(e), sp.diff(_sigmoid(X), X).subs(X, x))
        assert _equal(sp.exp(least(x, 0)) / (1 + e), _sigmoid(x))


@check(
    "numeric",
    mutants={
        "as soon as e falls below 2^-52": {"threshold": 2.0**-52},
        "the library function fails as well": {"logarithm": lambda e: np.log(1 + e)},
    },
)
def log1p_needed(threshold: float = 2.0**-53, logarithm: Formula = np.log1p) -> None:
    """NumPy adds 1 to numbers below the threshold; mpmath tells the true logarithm."""
    for share in (0.999, 0.6, 0.1, 1e-100):
        e = share * threshold
        assert np.log(1 + e) == 0
        assert _near(logarithm(e), mp.log1p(mp.mpf(e)))


@check(
    "numeric",
    mutants={
        "already at -30": {"x": -30.0},
        "the stable form as well": {"formulas": ("stable form", "by tanh")},
    },
)
def cancellation(x: float = -38.0, formulas: Vector = ("difference", "by tanh")) -> None:
    """The package measures the errors in ulp: they are as large as the true value itself."""
    units = float(_true_sigmoid(x)) / math.ulp(float(_true_sigmoid(x)))
    for error in logistic.formula_errors(x, *formulas).values():
        assert math.isclose(error, units, rel_tol=1e-9)


@check(
    "property",
    mutants={
        "for the opposite label": {"sign": -1},
        "the mean for the sum": {"add": np.mean},
    },
)
def loss_is_likelihood(sign: int = 1, add: Formula = np.sum) -> None:
    """Hypothesis draws points; the probabilities of their labels are multiplied, with 50 digits."""

    @forall(drawn=_separated(), scale=st.floats(-1, 1))
    def holds(drawn: Any, scale: float) -> None:
        points, labels, w, b = drawn
        ones = [_true_sigmoid(score) for score in scale * points @ w + scale * b]
        seen = [p if y == sign else 1 - p for p, y in zip(ones, labels, strict=True)]
        loss = logistic.logistic_loss(scale * w, scale * b, points, labels)
        assert math.isclose(loss, add([-float(mp.log(p)) for p in seen]), rel_tol=1e-13)

    holds()


# --- What can go wrong --------------------------------------------------------------------------


@check(
    "symbolic",
    mutants={
        "the slip itself": {"inner": sp.S.One},
        "a quarter of the argument": {"inner": QUARTER},
    },
)
def slip_tanh_half(inner: sp.Expr = HALF) -> None:
    """SymPy simplifies the fraction to tanh at half the argument, which is another number at 1."""
    fraction = (1 - sp.exp(-X)) / (1 + sp.exp(-X))
    assert _equal(2 * _sigmoid(X) - 1, fraction)
    assert _equal(fraction, _tanh(inner * X))
    assert math.floor(10 * sp.tanh(HALF)) != math.floor(10 * sp.tanh(1))


@check(
    "symbolic",
    mutants={
        "the sigmoid of x": {"inner": 1},
        "the limit of tanh": {"limit": sp.S.One},
        "the minus sign alone is enough": {"zero": 0},
    },
)
def slip_tanh_misprint(inner: int = 2, limit: sp.Expr = 1 / sp.E, zero: int = -1) -> None:
    """SymPy simplifies the printed expression, and finds its limit and the zeros of the other."""
    printed = sp.exp(X) * sp.exp(-1) / (sp.exp(X) + sp.exp(-X))
    assert _equal(printed, sp.exp(-1) * _sigmoid(inner * X))
    assert printed.is_positive
    assert sp.limit(printed, X, sp.oo) == limit
    assert sp.solveset(sp.exp(X) - sp.exp(-1), X, sp.S.Reals) == {zero}


@check(
    "numeric",
    mutants={
        "a tenth of the error": {"within": 5.6e-310},
        "the logarithm of the stable form": {"logarithm": lambda x: np.log(sigmoid(x))},
        "the logarithm of the textbook formula": {
            "logarithm": lambda x: np.log(logistic.sigmoid_naive(x))
        },
    },
)
def slip_sigmoid_overflow(
    within: float = 5.6e-309, logarithm: Formula = lambda x: -softplus(-x)
) -> None:
    """Mpmath gives the true values; NumPy overflows as the text says, with its warnings off."""
    assert _true_sigmoid(logistic.naive_overflow_point()) < within
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        textbook = logistic.sigmoid_naive(-720.0)
        assert np.log(textbook) == -math.inf
        assert np.isnan(textbook * (1 - textbook) / textbook)
        assert np.isnan(np.exp(710.0) / (1 + np.exp(710.0)))
        for x in (-1e300, -1e4, -720.0, -3.0, 0.0, 3.0, 700.0):
            assert _near(logarithm(x), -mp.log1p(mp.exp(-x)))


@check(
    "symbolic",
    mutants={
        "the factor e^2x": {"factor": lambda x: sp.exp(2 * x)},
        "at 36": {"lost": 36},
    },
)
def slip_one_minus_sigmoid(factor: Formula = sp.exp, lost: int = 37) -> None:
    """SymPy finds the factor and compares it with 2^53; the package's values at 40 follow suit."""
    a = _sigmoid(X)
    assert _equal(a / (1 - a), factor(X))
    assert sp.exp(lost) > 2**53
    one = sigmoid(40.0)
    assert 1 - one == one * (1 - one) == 0
    assert sigmoid(-40.0) > 0
    assert logistic.sigmoid_derivative(40.0) > 0


@check(
    "numeric",
    mutants={
        "a tenth for ten times": {"factor": 0.1},
        "labels that no line separates": {"labels": (1, -1, -1, 1)},
    },
)
def slip_converged_fit(factor: float = 10.0, labels: Any = LABELS) -> None:
    """scikit-learn fits the four points with two tolerances; the package computes the losses."""
    from sklearn.linear_model import LogisticRegression

    fits = [LogisticRegression(C=np.inf, tol=tol).fit(POINTS, labels) for tol in (1e-2, 1e-6)]
    lengths = [np.linalg.norm(fit.coef_) for fit in fits]
    assert lengths[1] > 1.1 * lengths[0]
    for fit in fits:
        losses = [
            logistic.logistic_loss(c * fit.coef_[0], c * fit.intercept_[0], POINTS, labels)
            for c in (1.0, factor)
        ]
        assert losses[1] < losses[0]
