"""Checks of the claims of chapter 3, on log-sum-exp and soft(arg)max."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import combinations_with_replacement, product
from typing import Any

import mpmath
import numpy as np
import sympy as sp
from catalogue import check, forall
from hypothesis import strategies as st
from scipy.special import expit, log_softmax, logsumexp

from activations import lse, onehot_argmax, sigmoid, softargmax, softplus
from activations.softmax import (
    log_softargmax,
    lse_bounds,
    lse_hessian,
    softargmax_jacobian,
)

mp = mpmath.mp.clone()
mp.dps = 50
TINY = mp.mpf(10) ** -40

# Multiples of 1/4, so that ties are frequent and floats are exact.
score = st.integers(-12, 12).map(lambda n: n / 4)
vectors = st.lists(score, min_size=1, max_size=5)
pairs = st.lists(st.tuples(score, score), min_size=1, max_size=5)
lams = st.sampled_from([0.25, 0.5, 1.0, 2.0, 5.0])

U = sp.symbols("u1:4", positive=True)
Z = sp.symbols("z1:4", real=True)
LAM = sp.symbols("lambda", positive=True)
HALF = sp.Rational(1, 2)


def exact_lse(z: Sequence[Any], lam: Any) -> Any:
    """Evaluate the definition with 50 digits."""
    return mp.log(mp.fsum(mp.exp(mp.mpf(lam) * s) for s in z)) / lam


def exact_softargmax(z: Sequence[Any], lam: Any) -> list[Any]:
    """Evaluate the definition with 50 digits."""
    terms = [mp.exp(mp.mpf(lam) * s) for s in z]
    return [term / mp.fsum(terms) for term in terms]


def entropy(q: Sequence[Any]) -> Any:
    """Return the entropy, where 0 log 0 is 0."""
    return -mp.fsum(x * mp.log(x) for x in q if x > 0)


def near(computed: Any, exact: Any, tolerance: float = 1e-14) -> bool:
    """Whether floats agree with numbers of 50 digits."""
    close = zip(np.ravel(computed), np.ravel(exact), strict=True)
    return all(abs(mp.mpf(float(a)) - b) <= tolerance * (1 + abs(b)) for a, b in close)


def symbolic_lse(z: Sequence[sp.Expr], lam: sp.Expr) -> sp.Expr:
    """Return the definition as an expression."""
    return sp.log(sum(sp.exp(lam * s) for s in z)) / lam


def symbolic_softargmax(z: Sequence[sp.Expr], lam: sp.Expr) -> list[sp.Expr]:
    """Return the definition as expressions."""
    return [sp.exp(lam * s) / sum(sp.exp(lam * t) for t in z) for s in z]


def vanishes(expression: sp.Expr) -> bool:
    """Whether SymPy shows that an expression is zero."""
    return bool(sp.simplify(sp.expand_log(sp.expand(expression), force=True)) == 0)


def nonnegative(expression: sp.Expr) -> bool:
    """Whether a fraction of polynomials in positive variables has no negative coefficient."""
    numerator, denominator = sp.fraction(sp.together(expression))
    both = [sp.Poly(part, *(expression.free_symbols | {LAM})) for part in (numerator, denominator)]
    return all(c >= 0 for part in both for c in part.coeffs())


# --- The definitions, and what ties them together -----------------------------------------------


@check(
    "property",
    mutants={
        "the components sum to lambda": {"total": lambda lam: lam},
        "no component exceeds 1/2": {"largest": 0.5},
    },
)
def distribution(total: Callable[[float], float] = lambda lam: 1, largest: float = 1) -> None:
    """Hypothesis draws scores; the definition is summed with 50 digits, the package is compared."""

    @forall(z=vectors, lam=lams)
    def holds(z: list[float], lam: float) -> None:
        p = exact_softargmax(z, lam)
        assert all(0 < x <= largest for x in p)
        assert abs(mp.fsum(p) - total(lam)) < TINY
        assert near(softargmax(z, lam), p)

    holds()


@check(
    "symbolic",
    mutants={
        "the factor lambda is missing": {"slope": 1},
        "the logarithm of the quotient has the wrong sign": {"sign": -1},
    },
)
def log_p_by_sympy(slope: sp.Expr = LAM, sign: int = 1) -> None:
    """SymPy expands the logarithms of the components, and of their quotients, for K = 3."""
    p = symbolic_softargmax(Z, LAM)
    for z, x in zip(Z, p, strict=True):
        assert vanishes(sp.log(x) - slope * (z - symbolic_lse(Z, LAM)))
    assert vanishes(sp.log(p[0] / p[1]) - sign * slope * (Z[0] - Z[1]))


@check("property", mutants={"without the factor lambda": {"slope": lambda lam: 1}})
def log_p_in_floats(slope: Callable[[float], float] = lambda lam: lam) -> None:
    """The package's and SciPy's logarithms of soft(arg)max are compared with the formula."""

    @forall(z=vectors, lam=lams)
    def holds(z: list[float], lam: float) -> None:
        claimed = [slope(lam) * (mp.mpf(s) - exact_lse(z, lam)) for s in z]
        assert near(log_softargmax(z, lam), claimed)
        assert near(log_softmax(np.multiply(lam, z)), claimed)

    holds()


@check(
    "symbolic",
    mutants={
        "the sum instead of the difference": {"argument": lambda x, y: x + y},
        "lambda is dropped": {"argument": lambda x, y: (x - y) / LAM},
    },
)
def two_scores(argument: Callable[[sp.Expr, sp.Expr], sp.Expr] = lambda x, y: x - y) -> None:
    """SymPy compares both formulas for K = 2; the package's functions agree on a grid."""
    x, y = Z[:2]
    first = symbolic_softargmax((x, y), LAM)[0]
    assert vanishes(1 / first - 1 - sp.exp(-LAM * argument(x, y)))
    assert vanishes(sp.exp(symbolic_lse((x, sp.Integer(0)), sp.Integer(1))) - (sp.exp(x) + 1))
    t = np.linspace(-30.0, 30.0, 61)
    rows = np.stack([t, np.zeros(61)], axis=-1)
    np.testing.assert_allclose(softargmax(rows, 2.0)[:, 0], expit(2 * t), rtol=1e-14)
    np.testing.assert_allclose(softargmax(rows)[:, 0], sigmoid(t), rtol=1e-14)
    np.testing.assert_allclose(lse(rows), softplus(t), rtol=1e-14)


# --- Offset and scale ---------------------------------------------------------------------------


@check(
    "symbolic",
    mutants={
        "the offset is multiplied by lambda": {"lifted": lambda value, a: value + LAM * a},
        "the factor divides lambda": {"moved": lambda c, lam: lam / c},
        "the factor in front is dropped": {"front": lambda c: 1},
    },
)
def offset_and_scale_by_sympy(
    lifted: Callable[[sp.Expr, sp.Expr], sp.Expr] = lambda value, a: value + a,
    moved: Callable[[sp.Expr, sp.Expr], sp.Expr] = lambda c, lam: c * lam,
    front: Callable[[sp.Expr], sp.Expr] = lambda c: c,
) -> None:
    """SymPy compares, for K = 3, the exponentials of both sides, and both soft(arg)max."""
    a, c = sp.symbols("a", real=True), sp.symbols("c", positive=True)
    shifted, stretched = [z + a for z in Z], [c * z for z in Z]
    for left, right in [
        (symbolic_lse(shifted, LAM), lifted(symbolic_lse(Z, LAM), a)),
        (symbolic_lse(stretched, LAM), front(c) * symbolic_lse(Z, moved(c, LAM))),
    ]:
        assert vanishes(sp.exp(sp.expand(LAM * left)) - sp.exp(sp.expand(LAM * right)))
    for one, other in [((shifted, LAM), (Z, LAM)), ((stretched, LAM), (Z, moved(c, LAM)))]:
        first, second = symbolic_softargmax(*one)[0], symbolic_softargmax(*other)[0]
        assert sp.simplify(first - second) == 0


@check(
    "property",
    mutants={
        "the offset changes sign": {"lifted": lambda value, a: value - a},
        "the factor in front is dropped": {"front": lambda c: 1},
    },
)
def offset_and_scale_in_floats(
    lifted: Callable[[Any, float], Any] = lambda value, a: value + a,
    front: Callable[[float], float] = lambda c: c,
) -> None:
    """The package's values at shifted and stretched scores are compared with 50 digits."""

    @forall(z=vectors, a=score, c=lams, lam=lams)
    def holds(z: list[float], a: float, c: float, lam: float) -> None:
        shifted, stretched = np.add(z, a), np.multiply(z, c)
        assert near(lse(shifted, lam), lifted(exact_lse(z, lam), a))
        assert near(softargmax(shifted, lam), exact_softargmax(z, lam))
        assert near(lse(stretched, lam), front(c) * exact_lse(z, c * lam), 1e-13)
        assert near(softargmax(stretched, lam), exact_softargmax(z, c * lam))

    holds()


@check(
    "exact",
    mutants={
        "one equal quotient is enough": {"alike": lambda quotients: len(quotients) < 3},
        "a factor is harmless only if it is 1": {"harmless": lambda c, u: c == 1},
        "the factor -1 is harmless, too": {
            "harmless": lambda c, u: abs(c) == 1 or len(set(u)) == 1
        },
    },
)
def only_offsets_are_forgotten(
    alike: Callable[[set[Fraction]], bool] = lambda quotients: len(quotients) == 1,
    harmless: Callable[[int, tuple[int, ...]], bool] = lambda c, u: c == 1 or len(set(u)) == 1,
) -> None:
    """Scores that are logarithms of integers u have soft(arg)max u / sum(u), exactly.

    All pairs of vectors with three entries up to 3, and all factors from -3 to 3, are tried.
    Two such score vectors differ by a multiple of the vector of ones if and only if all quotients
    of the integers are equal, and the factor c turns u into its power u^c.
    """

    def p(u: Sequence[Fraction]) -> list[Fraction]:
        return [x / sum(u) for x in u]

    weights = list(product(map(Fraction, (1, 2, 3)), repeat=3))
    for u, v in product(weights, repeat=2):
        assert (p(u) == p(v)) == alike({x / y for x, y in zip(u, v, strict=True)})
    for u, c in product(weights, range(-3, 4)):
        assert (p([x**c for x in u]) == p(u)) == harmless(c, u)


@check(
    "symbolic",
    mutants={
        "a plus in the logarithm": {"sign": 1},
        "the crossing without lambda": {"crossing": lambda lam: sp.log(2)},
    },
)
def contour_by_sympy(
    sign: int = -1, crossing: Callable[[sp.Expr], sp.Expr] = lambda lam: sp.log(2) / lam
) -> None:
    """SymPy inserts the curve, and the crossing, in the sum of two exponentials."""
    x, c = sp.symbols("x c", real=True)
    y = c + sp.log(1 + sign * sp.exp(-LAM * (c - x))) / LAM
    level = sp.exp(LAM * c)
    assert sp.simplify(sp.exp(LAM * x) + sp.exp(sp.expand(LAM * y)) - level) == 0
    assert sp.simplify(2 * sp.exp(sp.expand(LAM * (c - crossing(LAM)))) - level) == 0


@check(
    "numeric",
    mutants={
        "a plus in the logarithm": {"inside": lambda e: 1 + e},
        "lambda is dropped in front": {"front": lambda lam: 1.0},
    },
)
def contour(
    inside: Callable[[Any], Any] = lambda e: 1 - e,
    front: Callable[[float], float] = lambda lam: 1 / lam,
) -> None:
    """The package evaluates log-sum-exp along the curve, below and to the left of the corner.

    Along it the value is the level; the curve keeps below the level, approaches it on the far
    left, and crosses the diagonal log(2) / lambda before the corner.
    """
    for level, lam in product((-0.9, 0.0, 1.5), (1.0, 10.0, 100.0)):
        x = level - np.array([20.0, 2.0, 0.5, 0.1, 0.01]) / lam
        y = level + front(lam) * np.log(inside(np.exp(-lam * (level - x))))
        np.testing.assert_allclose(lse(np.stack([x, y], -1), lam), level, rtol=0, atol=1e-13)
        assert (y < level).all()
        assert level - y[0] < 1e-8 / lam
        corner = level - np.log(2) / lam
        np.testing.assert_allclose(lse([corner, corner], lam), level, rtol=0, atol=1e-14)


# --- Slopes -------------------------------------------------------------------------------------


@check(
    "symbolic",
    mutants={
        "lambda does not cancel": {"gradient": lambda p: LAM * p},
        "the second derivative's factor": {"gradient": lambda p: p * (1 - p)},
    },
)
def gradient_by_sympy(gradient: Callable[[sp.Expr], sp.Expr] = lambda p: p) -> None:
    """SymPy differentiates log-sum-exp of three scores and compares with soft(arg)max."""
    for z, p in zip(Z, symbolic_softargmax(Z, LAM), strict=True):
        assert sp.simplify(sp.diff(symbolic_lse(Z, LAM), z) - gradient(p)) == 0


@check("numeric", mutants={"lambda does not cancel": {"factor": lambda lam: lam}})
def gradient_by_mpmath(factor: Callable[[float], float] = lambda lam: 1.0) -> None:
    """Differences of the definition, formed with 50 digits, are compared with the package."""
    for z, lam in product([[0.5], [1.0, 3.0, 3.0], [0.25, -2.0, 1.5, 0.0]], [0.5, 1.0, 8.0]):
        slopes = [
            mp.diff(lambda t, k=k, z=z, lam=lam: exact_lse([*z[:k], t, *z[k + 1 :]], lam), z[k])
            for k in range(len(z))
        ]
        assert near(factor(lam) * softargmax(z, lam), slopes)


@check(
    "symbolic",
    mutants={
        "the mean of the differences": {"reach": lambda K: sp.Rational(1, K)},
        "half of the largest difference": {"reach": lambda K: sp.Rational(1, 2)},
    },
)
def nonexpansive_by_sympy(reach: Callable[[int], sp.Expr] = lambda K: sp.Integer(1)) -> None:
    """SymPy shows that e^(lambda D) S(z) - S(y) has no negative coefficient, for K = 3.

    D is the largest difference, S the sum of the exponentials and F stands for e^(lambda D / 6);
    each term of S(y) is that of S(z) times F^6 / (1 + s) with some s >= 0.
    """
    F, slack = sp.symbols("F", positive=True), sp.symbols("s1:4", positive=True)
    of_y = sum(u * F**6 / (1 + s) for u, s in zip(U, slack, strict=True))
    assert nonnegative(F ** (6 * reach(len(U))) * sum(U) - of_y)


@check(
    "property",
    mutants={
        "the mean difference": {"size": lambda d: sum(d) / len(d)},
        "the smallest difference": {"size": min},
    },
)
def nonexpansive(size: Callable[[list[float]], float] = max) -> None:
    """Hypothesis draws pairs of score vectors; both sides are compared with 50 digits."""

    @forall(both=pairs, lam=lams)
    def holds(both: list[tuple[float, float]], lam: float) -> None:
        y, z = zip(*both, strict=True)
        moved = abs(exact_lse(y, lam) - exact_lse(z, lam))
        assert moved <= size([abs(a - b) for a, b in both]) + TINY
        assert near(lse(y, lam) - lse(z, lam), exact_lse(y, lam) - exact_lse(z, lam))

    holds()


@check(
    "symbolic",
    mutants={
        "the product has the wrong sign": {"sign": 1},
        "the factor lambda is dropped": {"factor": sp.Integer(1)},
    },
)
def hessian_by_sympy(sign: int = -1, factor: sp.Expr = LAM) -> None:
    """SymPy differentiates log-sum-exp twice and soft(arg)max once, for K = 3.

    For u_k = e^(lambda z_k) the derivative by z_k is lambda u_k times that by u_k. Multiplied out,
    the quadratic form is lambda times the variance.
    """

    def slope(f: sp.Expr, k: int) -> sp.Expr:
        return LAM * U[k] * sp.diff(f, U[k])

    S, v = sum(U), sp.symbols("v1:4")
    p, value = [u / S for u in U], sp.log(S) / LAM
    claimed = factor * (sp.diag(*p) + sign * sp.Matrix(p) * sp.Matrix(p).T)
    for i, j in product(range(3), repeat=2):
        assert sp.cancel(slope(slope(value, i), j) - claimed[i, j]) == 0
        assert sp.cancel(slope(p[i], j) - claimed[i, j]) == 0
    form = sum(claimed[i, j] * v[i] * v[j] for i, j in product(range(3), repeat=2))
    mean = sum(x * y for x, y in zip(p, v, strict=True))
    spread = sum(x * (y - mean) ** 2 for x, y in zip(p, v, strict=True))
    assert sp.cancel(form - LAM * spread) == 0


@check(
    "numeric",
    mutants={
        "the product has the wrong sign": {"sign": 1},
        "the factor lambda is dropped": {"factor": lambda lam: 1.0},
    },
)
def hessian_by_mpmath(sign: int = -1, factor: Callable[[float], float] = lambda lam: lam) -> None:
    """The package's matrices are compared with differences formed with 50 digits."""
    for z, lam in product([[0.5], [1.0, 3.0, 3.0], [0.25, -2.0, 1.5, 0.0]], [0.5, 1.0, 8.0]):
        p = softargmax(z, lam)
        claimed = factor(lam) * (np.diag(p) + sign * np.outer(p, p))
        for i, j in product(range(len(z)), repeat=2):

            def component(t: Any, z: list[float] = z, lam: float = lam, i=i, j=j) -> Any:
                return exact_softargmax([*z[:j], t, *z[j + 1 :]], lam)[i]

            slope = mp.diff(component, z[j])
            assert near(claimed[i, j], slope, 1e-13)
            assert near(softargmax_jacobian(z, lam)[i, j], slope, 1e-13)
            assert near(lse_hessian(z, lam)[i, j], slope, 1e-13)


@check(
    "exact",
    mutants={
        "positive definite": {"kernel": 0},
        "without the product": {"factor": 0},
        "twice the product": {"factor": 2},
    },
)
def hessian_kernel(kernel: int = 1, factor: int = 1) -> None:
    """The kernel of diag p - p p^T is computed for all rational p with denominator 8 and K <= 4.

    It must be the line through the vector of ones; all other eigenvalues must be positive, which
    holds if adding the matrix of ones makes the form positive definite.
    """
    for K in (2, 3, 4):
        for cuts in combinations_with_replacement(range(1, 9), K - 1):
            parts = np.diff([0, *cuts, 8])
            if parts.min() < 1:
                continue
            p = sp.Matrix([sp.Rational(int(part), 8) for part in parts])
            J = sp.diag(*p) - factor * p * p.T
            assert len(J.nullspace()) == kernel
            assert (J * sp.ones(K, 1)).is_zero_matrix
            assert (J + sp.ones(K, K)).is_positive_definite


@check(
    "symbolic",
    mutants={
        "a plus in the differences": {"between": lambda x, y: (x + y) ** 2},
        "each pair counts twice": {"weight": 2},
    },
)
def convex_by_sympy(
    between: Callable[[sp.Expr, sp.Expr], sp.Expr] = lambda x, y: (x - y) ** 2, weight: int = 1
) -> None:
    """SymPy writes the second derivative along any line as a sum of squares, for K = 3.

    It is lambda / S^2 times the sum of u_i u_j (v_i - v_j)^2 over all pairs, so it is positive
    unless all v_i are equal, and then it is zero.
    """
    t, v = sp.symbols("t", real=True), sp.symbols("v1:4", real=True)
    line = symbolic_lse([z + t * x for z, x in zip(Z, v, strict=True)], LAM)
    bend = (
        sp.diff(line, t, 2).subs(t, 0).subs({sp.exp(LAM * z): u for z, u in zip(Z, U, strict=True)})
    )
    squares = sum(U[i] * U[j] * between(v[i], v[j]) for i, j in [(0, 1), (0, 2), (1, 2)])
    assert sp.cancel(sp.together(bend - weight * LAM * squares / sum(U) ** 2)) == 0


@check(
    "property",
    mutants={
        "strictly convex along every line": {"affine": lambda v: False},
        "affine where two directions agree": {"affine": lambda v: len(set(v)) < max(2, len(v))},
        "concave": {"sign": -1},
    },
)
def convex(
    affine: Callable[[list[float]], bool] = lambda v: len(set(v)) == 1, sign: int = 1
) -> None:
    """Hypothesis draws two points; their chord is compared at a quarter with 50 digits."""

    @forall(both=pairs, lam=lams)
    def holds(both: list[tuple[float, float]], lam: float) -> None:
        y, z = zip(*both, strict=True)
        inner = exact_lse([(a + 3 * b) / 4 for a, b in both], lam)
        chord = (exact_lse(y, lam) + 3 * exact_lse(z, lam)) / 4
        gap = sign * (chord - inner)
        v = [a - b for a, b in both]
        assert abs(gap) < TINY if affine(v) else gap > TINY
        middle = [(a + 3 * b) / 4 for a, b in both]
        assert near(lse(middle, lam), inner)

    holds()


# --- How fast soft(arg)max can move -------------------------------------------------------------


@check(
    "symbolic",
    mutants={
        "a quarter instead of a half": {"half": sp.Rational(1, 4)},
        "Popoviciu's inequality without the products": {"products": 0},
    },
)
def half_by_sympy(half: sp.Expr = HALF, products: int = 1) -> None:
    """SymPy multiplies out one identity with four scores that contains the proof of the bound.

    Half the squared length of v minus its variance under p is a sum of four terms, none of which
    is negative if a is the largest and b the smallest component of v.
    """
    a, b, c, d = v = sp.symbols("a b c d", real=True)
    p = sp.symbols("p1:4", positive=True)
    p = (*p, 1 - sum(p))
    mean = sum(x * y for x, y in zip(p, v, strict=True))
    variance = sum(x * (y - mean) ** 2 for x, y in zip(p, v, strict=True))
    parts = (
        (mean - (a + b) / 2) ** 2
        + products * sum(x * (a - y) * (y - b) for x, y in zip(p, v, strict=True))
        + (a + b) ** 2 / 4
        + half * (c**2 + d**2)
    )
    assert sp.expand(half * sum(x**2 for x in v) - variance - parts) == 0


@check(
    "exact",
    mutants={
        "a smaller constant": {"bound": sp.Rational(12, 25)},
        "never attained": {"attained": lambda p: False},
        "attained as soon as two are equal": {"attained": lambda p: p[0] == p[1]},
    },
)
def half_on_rationals(
    bound: sp.Expr = HALF,
    attained: Callable[[list[sp.Rational]], bool] = lambda p: len(p) == 2 and p[0] == p[1],
) -> None:
    """For all p with denominator 8 and K <= 4, bound I - (diag p - p p^T) is examined exactly.

    Its leading minors are positive, except that the determinant vanishes where the bound is
    attained.
    """
    for K in (2, 3, 4):
        for cuts in combinations_with_replacement(range(1, 9), K - 1):
            parts = np.diff([0, *cuts, 8])
            if parts.min() < 1:
                continue
            p = [sp.Rational(int(part), 8) for part in parts]
            slack = bound * sp.eye(K) - sp.diag(*p) + sp.Matrix(p) * sp.Matrix(p).T
            assert all(slack[:k, :k].det() > 0 for k in range(1, K))
            assert slack.det() == 0 if attained(p) else slack.det() > 0


@check(
    "numeric",
    mutants={
        "lambda / 4, as for the sigmoid": {"constant": 0.25},
        "one score less in the family": {"others": lambda K: K - 1},
    },
)
def half_is_approached(
    constant: float = 0.5, others: Callable[[int], int] = lambda K: K - 2
) -> None:
    """Singular values of the package's Jacobian matrices, at random scores and along the family.

    There the claimed lower bound is lambda times the mean of p_1 and p_2; the norm is no smaller,
    and tends to lambda / 2.
    """
    rng = np.random.default_rng(1)
    for K, lam in product((2, 3, 5), (0.5, 1.0, 4.0)):
        anywhere = softargmax_jacobian(rng.normal(size=(100, K)), lam)
        assert np.linalg.norm(anywhere, 2, axis=(-2, -1)).max() <= constant * lam + 1e-15
        s = np.array([0.0, 1.0, 3.0, 10.0, 100.0])
        z = np.concatenate([np.zeros((5, 2)), -np.repeat(s[:, None], K - 2, axis=1)], axis=1)
        norms = np.linalg.norm(softargmax_jacobian(z, lam), 2, axis=(-2, -1))
        claimed = lam / (2 + others(K) * np.exp(-lam * s))
        mean = softargmax(z, lam)[:, :2].mean(axis=-1)
        np.testing.assert_allclose(lam * mean, claimed, rtol=1e-14)
        assert (norms >= claimed - 1e-15).all()
        np.testing.assert_allclose(norms[-1], constant * lam, rtol=1e-14)


@check(
    "property",
    mutants={
        "a smaller constant": {"constant": 0.45},
        "in the norm of the largest component on the right": {"size": lambda d: max(map(abs, d))},
    },
)
def lipschitz(
    constant: float = 0.5, size: Callable[[list[Any]], Any] = lambda d: mp.norm(d)
) -> None:
    """Hypothesis draws pairs of distinct points, half of them near a tie, for 50 digits."""
    near_tie = st.lists(
        st.tuples(*[st.integers(-2, 2).map(lambda n: n / 8)] * 2), min_size=2, max_size=4
    )

    @forall(both=pairs.filter(lambda both: len(both) > 1) | near_tie, lam=lams)
    def holds(both: list[tuple[float, float]], lam: float) -> None:
        y, z = (
            exact_softargmax([a for a, _ in both], lam),
            exact_softargmax([b for _, b in both], lam),
        )
        if any(a != b for a, b in both):
            moved = mp.norm([a - b for a, b in zip(y, z, strict=True)])
            assert moved < constant * lam * size([a - b for a, b in both])

    holds()


@check(
    "symbolic",
    mutants={
        "a smaller constant": {"constant": sp.Rational(2, 5)},
        "without the entries off the diagonal": {"last": 1},
    },
)
def half_of_row_sums(constant: sp.Expr = HALF, last: int = 4) -> None:
    """SymPy adds up the absolute values in a row of diag p - p p^T, for K = 4.

    The largest such sum is the norm for p = 1 and for p = infinity; it falls short of the constant
    by a square. For the norms between, Riesz and Thorin bound it by the larger of these two.
    """
    others = sp.symbols("p2:5", positive=True)
    p = 1 - sum(others)
    row = [p - p**2, *(p * x for x in others)]
    assert sp.expand(constant - sum(row[:last]) - 2 * (p - HALF) ** 2) == 0


@check(
    "numeric",
    mutants={
        "a smaller constant": {"constant": 0.45},
        "from the largest component to the sum": {"target": lambda order: 1},
    },
)
def half_for_all_norms(
    constant: float = 0.5, target: Callable[[float], float] = lambda order: order
) -> None:
    """The package's Jacobian matrices are applied to many vectors and measured in six norms.

    For the sum and for the maximum the norm of a matrix is its largest column or row sum, which
    settles these two; for two equal scores the difference (1, -1) attains the constant.
    """
    rng = np.random.default_rng(2)
    for z in np.zeros((1, 2)), np.array([[0.0, 0.0, -30.0]]), rng.normal(size=(50, 4)):
        J, K = softargmax_jacobian(z), z.shape[1]
        steps = np.eye(K) - np.roll(np.eye(K), 1, axis=0)
        v = np.concatenate([np.eye(K), steps, rng.normal(size=(200, K))])
        assert np.abs(J).sum(axis=-1).max() <= constant + 1e-15
        for order in (1, 1.25, 2, 3, 10, np.inf):
            before = np.linalg.norm(v, order, axis=-1)
            after = np.linalg.norm(v @ J, target(order), axis=-1)
            assert (after <= constant * before + 1e-14).all()


# --- How close to the maximum -------------------------------------------------------------------


@check(
    "symbolic",
    mutants={
        "log(K - 1) in the upper bound": {"count": lambda K: K - 1},
        "twice the largest term below": {"lowest": 2},
    },
)
def bounds_by_sympy(count: Callable[[int], int] = lambda K: K, lowest: int = 1) -> None:
    """SymPy writes the gaps of e^(lambda m) <= S <= K e^(lambda m) with positive coefficients.

    The largest term is M and the others are M / (1 + s) with s >= 0, for K up to 4.
    """
    for K in (1, 2, 3, 4):
        M, slack = sp.symbols("M", positive=True), sp.symbols(f"s2:{K + 1}", positive=True)
        total = M + sum(M / (1 + s) for s in slack)
        assert nonnegative(count(K) * M - total)
        assert nonnegative(total - lowest * M)


@check(
    "exact",
    mutants={
        "the upper bound is attained at any tie": {"above": lambda u: len(set(u)) < max(2, len(u))},
        "the lower bound is attained for unique maxima": {"below": lambda u: len(set(u)) == len(u)},
        "strict for K = 1 too": {"below": lambda u: False},
    },
)
def bounds_are_attained(
    above: Callable[[tuple[int, ...]], bool] = lambda u: len(set(u)) == 1,
    below: Callable[[tuple[int, ...]], bool] = lambda u: len(u) == 1,
) -> None:
    """All lists of up to four terms e^(lambda z) from 1, 2, 3, 4 are summed and compared.

    Log-sum-exp is at a bound if and only if the sum is K times the largest term, or that term.
    """
    for K in (1, 2, 3, 4):
        for u in product((1, 2, 3, 4), repeat=K):
            assert max(u) <= sum(u) <= K * max(u)
            assert (sum(u) == K * max(u)) == above(u)
            assert (sum(u) == max(u)) == below(u)


@check(
    "property",
    mutants={
        "half the threshold": {"threshold": lambda K, eps: mp.log(K) / (2 * eps)},
        "log 2 instead of log K": {"threshold": lambda K, eps: mp.log(2) / eps},
    },
)
def bounds_and_limit(
    threshold: Callable[[int, float], Any] = lambda K, eps: mp.log(K) / eps,
) -> None:
    """From the threshold log K / epsilon on, log-sum-exp stays within epsilon of the maximum.

    The package's bounds and values are compared with 50 digits on the way.
    """

    @forall(z=vectors, eps=st.sampled_from([0.01, 0.25, 3.0]), lam=lams)
    def holds(z: list[float], eps: float, lam: float) -> None:
        for sharp in (1, 2, 10):
            strength = mp.mpf(sharp) * max(threshold(len(z), eps), mp.mpf(10) ** -3)
            assert -TINY <= exact_lse(z, strength) - max(z) <= eps + TINY
        lower, upper = lse_bounds(z, lam)
        assert lower <= lse(z, lam) <= upper
        assert lower == max(z)
        assert near(upper, max(z) + mp.log(len(z)) / lam)
        assert near(lse(z, lam), exact_lse(z, lam))

    holds()


@check(
    "symbolic",
    mutants={
        "r / (2 c^2) in the first line": {"first": lambda r, c: r / (2 * c**2)},
        "r / (2 c) in the third line": {"third": lambda x: x / 2},
    },
)
def rates_by_sympy(
    first: Callable[[sp.Expr, sp.Expr], sp.Expr] = lambda r, c: r / c**2,
    third: Callable[[sp.Expr], sp.Expr] = lambda x: x,
) -> None:
    """SymPy takes the largest of four terms, two of them equal, out of the sum and compares.

    For the rates it shows that no coefficient of the slack is negative; for the last one, of
    log(1 + x) <= x, that both sides vanish at 0 and that the right one grows faster.
    """
    M, a, b, r, c, x = sp.symbols("M a b r c x", positive=True)
    total = M + M + M * a + M * b
    assert vanishes(total - M * (2 + (a + b)))
    assert vanishes(sp.log(total) - (sp.log(M) + sp.log(2) + sp.log(1 + (a + b) / 2)))
    assert vanishes(M / total - 1 / (2 + (a + b)))
    assert vanishes(M * a / total - a / (2 + (a + b)))
    assert nonnegative(1 / c - 1 / (c + r))
    assert nonnegative(first(r, c) - (1 / c - 1 / (c + r)))
    assert nonnegative(a / c - a / (c + r))
    slack = third(x) - sp.log(1 + x)
    assert slack.subs(x, 0) == 0
    assert nonnegative(sp.diff(slack, x))


@check(
    "property",
    mutants={
        "c counts all scores": {"ties": len},
        "the gap is measured to the smallest score": {"gap": lambda m, rest: m - min(rest)},
        "log c / lambda is missing": {"lift": lambda c, lam: 0},
    },
)
def rates(
    ties: Callable[[list[float]], int] = lambda z: z.count(max(z)),
    gap: Callable[[float, list[float]], float] = lambda m, rest: m - max(rest),
    lift: Callable[[int, float], Any] = lambda c, lam: mp.log(c) / lam,
) -> None:
    """Hypothesis draws scores with many ties; every line is compared with 50 digits."""

    @forall(z=vectors, lam=lams)
    def holds(z: list[float], lam: float) -> None:
        m, c, value = max(z), ties(z), exact_lse(z, lam)
        rest = [s for s in z if s < m]
        r = mp.fsum(mp.exp(-lam * mp.mpf(m - s)) for s in rest)
        if rest:
            assert 0 < r <= len(rest) * mp.exp(-lam * mp.mpf(gap(m, rest)))
        assert abs(value - (m + lift(c, lam) + mp.log(1 + r / c) / lam)) < TINY
        assert -TINY <= value - m - lift(c, lam) <= r / (c * lam) + TINY
        for s, p in zip(z, exact_softargmax(z, lam), strict=True):
            assert abs(p - mp.exp(-lam * mp.mpf(m - s)) / (c + r)) < TINY
            if s == m:
                assert -TINY <= mp.mpf(1) / c - p <= r / mp.mpf(c) ** 2 + TINY
            else:
                assert 0 < p <= mp.exp(-lam * mp.mpf(m - s)) / c

    holds()


@check(
    "property",
    mutants={
        "the last maximiser takes all": {"limit": lambda z: onehot_argmax(z)},
        "the two largest share": {"limit": lambda z: np.isin(z, sorted(z)[-2:]) / min(2, len(z))},
    },
)
def uniform_on_maximisers(
    limit: Callable[[list[float]], Any] = lambda z: np.equal(z, max(z)) / z.count(max(z)),
) -> None:
    """The package's values for a huge and for an infinite lambda are compared with the limit."""

    @forall(z=vectors)
    def holds(z: list[float]) -> None:
        for lam in (1e4, 1e300, np.inf):
            np.testing.assert_array_equal(softargmax(z, lam), limit(z))
        assert near(limit(z), exact_softargmax(z, 1000))

    holds()


@check(
    "property",
    mutants={
        "always": {"one_hot": lambda z: True},
        "only if all scores differ": {"one_hot": lambda z: len(set(z)) == len(z)},
    },
)
def one_hot_if_unique(
    one_hot: Callable[[list[float]], bool] = lambda z: z.count(max(z)) == 1,
) -> None:
    """Hypothesis draws scores with many ties; the package's two vectors are compared."""

    @forall(z=vectors)
    def holds(z: list[float]) -> None:
        apart = np.abs(softargmax(z, [1e2, 1e4, 1e6]) - onehot_argmax(z)).max(axis=-1)
        assert (apart[-1] == 0) == one_hot(z)

    holds()


@check(
    "numeric",
    mutants={
        "uniform, with an error of 0.4": {"error": 0.4},
        "scores that differ by 3 / lambda": {"close": 3.0},
    },
)
def not_uniform(error: float = 0.5, close: float = 1e-3) -> None:
    """However large lambda, two scores that differ by 1e-3 / lambda share the probability.

    The limit gives all of it to the larger one, so that the error is nearly 1/2. There are up to
    three other scores, far below.
    """
    for K, lam in product((2, 3, 5), 10.0 ** np.arange(-2, 9)):
        z = np.append(np.full(K - 2, -1e6 / lam), [0.0, close / lam])
        apart = np.abs(softargmax(z, lam) - onehot_argmax(z)).max()
        assert abs(apart - error) < 1e-3


# --- From cold to hot ---------------------------------------------------------------------------


@check(
    "symbolic",
    mutants={
        "the entropy is subtracted": {"sign": -1},
        "lambda instead of 1 / lambda": {"price": LAM},
    },
)
def variational_by_sympy(sign: int = 1, price: sp.Expr = 1 / LAM) -> None:
    """SymPy shows, for K = 3, that what is maximised is lse minus 1 / lambda times a divergence.

    This sum of q log(q / p) is at least 0 because log x <= x - 1, where the slack x - 1 - log x
    has its only critical point, a minimum, at 1, with the value 0.
    """
    q = sp.symbols("q1:3", positive=True)
    q = (*q, 1 - sum(q))
    p = symbolic_softargmax(Z, LAM)
    mean = sum(x * z for x, z in zip(q, Z, strict=True))
    entropy = -sum(x * sp.log(x) for x in q)
    divergence = sum(x * (sp.log(x) - sp.log(y)) for x, y in zip(q, p, strict=True))
    claimed = symbolic_lse(Z, LAM) - divergence / LAM
    assert vanishes(mean + sign * price * entropy - claimed)
    x = sp.symbols("x", positive=True)
    slack = x - 1 - sp.log(x)
    assert sp.solve(sp.diff(slack, x), x) == [1]
    assert slack.subs(x, 1) == 0 < sp.diff(slack, x, 2).subs(x, 1)


@check(
    "property",
    mutants={
        "the entropy is subtracted": {"sign": -1},
        "lambda instead of 1 / lambda": {"price": lambda lam: lam},
        "the minimum": {"side": -1},
    },
)
def variational(
    sign: int = 1, price: Callable[[Any], Any] = lambda lam: 1 / lam, side: int = 1
) -> None:
    """Hypothesis draws scores and distributions, with zeros; 50 digits compare both sides.

    The value at soft(arg)max is log-sum-exp, and at any other distribution it is smaller.
    """
    weighted = st.lists(st.tuples(score, st.integers(0, 3)), min_size=1, max_size=5)

    @forall(both=weighted.filter(lambda both: any(w for _, w in both)), lam=lams)
    def holds(both: list[tuple[float, int]], lam: float) -> None:
        z, w = zip(*both, strict=True)
        p, q = exact_softargmax(z, lam), [mp.mpf(x) / sum(w) for x in w]

        def value(q: list[Any]) -> Any:
            return mp.fdot(q, z) + sign * price(mp.mpf(lam)) * entropy(q)

        assert abs(value(p) - exact_lse(z, lam)) < TINY
        if max(abs(x - y) for x, y in zip(p, q, strict=True)) > TINY:
            assert side * value(q) < side * exact_lse(z, lam)

    holds()


@check(
    "symbolic",
    mutants={
        "a wrong sign": {"derivative": lambda H: H / LAM**2},
        "a lambda too few": {"derivative": lambda H: -H / LAM},
    },
)
def lam_derivative_by_sympy(
    derivative: Callable[[sp.Expr], sp.Expr] = lambda H: -H / LAM**2,
) -> None:
    """SymPy differentiates log-sum-exp in lambda, for K = 3, and compares with the entropy.

    Before it compares, it replaces each exponential by a variable.
    """
    p = symbolic_softargmax(Z, LAM)
    H = -sum(x * sp.expand_log(sp.log(x), force=True) for x in p)
    gap = sp.diff(symbolic_lse(Z, LAM), LAM) - derivative(H)
    assert sp.cancel(gap.subs({sp.exp(LAM * z): u for z, u in zip(Z, U, strict=True)})) == 0


@check(
    "property",
    mutants={
        "for a single score, too": {"fewest": 1},
        "increasing": {"sign": -1},
        "a lambda too few": {"power": 1},
    },
)
def colder_is_lower(fewest: int = 2, sign: int = 1, power: int = 2) -> None:
    """Hypothesis draws scores and two values of lambda; slopes are formed with 50 digits.

    The factors c are 1/8 to 8; c lse(z) and lse(c z) must differ unless c = 1.
    """

    @forall(z=vectors, lam=lams, exponent=st.integers(-3, 3))
    def holds(z: list[float], lam: float, exponent: int) -> None:
        slope = mp.diff(lambda x: exact_lse(z, x), lam)
        H = entropy(exact_softargmax(z, lam))
        assert abs(slope + H / mp.mpf(lam) ** power) < 1e-20
        if len(z) >= fewest:
            assert sign * (exact_lse(z, lam) - exact_lse(z, 2 * lam)) > 0
            assert near(lse(z, lam) - lse(z, 2 * lam), exact_lse(z, lam) - exact_lse(z, 2 * lam))
            c = mp.mpf(2) ** exponent
            apart = exact_lse([c * s for s in z], lam) - c * exact_lse(z, lam)
            assert (abs(apart) < TINY) == (c == 1)

    holds()


@check(
    "symbolic",
    mutants={
        "the largest score in the place of the mean": {"centre": lambda z: z[0]},
        "half the sum of the scores": {"centre": lambda z: sum(z) / 2},
    },
)
def small_lambda_by_sympy(
    centre: Callable[[Sequence[sp.Expr]], sp.Expr] = lambda z: sum(z) / len(z),
) -> None:
    """SymPy takes log S(lambda) and its derivative, and soft(arg)max, at lambda = 0, for K = 3.

    As log S(0) = log 3, the derivative there is the limit that is claimed.  The inequality is
    that of the means, in powers; the slack is factored into squares with positive coefficients.
    """
    x = sp.symbols("x", real=True)
    L = sp.log(sum(sp.exp(x * z) for z in Z))
    assert L.subs(x, 0) == sp.log(3)
    assert vanishes(sp.diff(L, x).subs(x, 0) - centre(Z))
    assert all(p.subs(LAM, 0) == sp.Rational(1, 3) for p in symbolic_softargmax(Z, LAM))
    a, b, c = U  # the third roots of the terms
    weights = [sp.Poly(centre(Z), *Z).coeff_monomial(z) for z in Z]
    slack = (a**3 + b**3 + c**3) / 3 - sp.prod(
        u ** (3 * w) for u, w in zip(U, weights, strict=True)
    )
    squares = (a - b) ** 2 + (b - c) ** 2 + (c - a) ** 2
    assert sp.expand(slack - (a + b + c) * squares / 6) == 0


@check(
    "property",
    mutants={
        "the median in the place of the mean": {"centre": lambda z: float(np.median(z))},
        "without log K": {"lift": lambda K: 0},
    },
)
def mean_bound(
    centre: Callable[[list[float]], Any] = lambda z: mp.fsum(z) / len(z),
    lift: Callable[[int], Any] = lambda K: mp.log(K),
) -> None:
    """Hypothesis draws scores; the bound is checked for several lambda, the limits at 1e-20."""

    @forall(z=vectors, lam=lams)
    def holds(z: list[float], lam: float) -> None:
        assert centre(z) + lift(len(z)) / lam <= exact_lse(z, lam) + TINY
        assert near(lse(z, lam), exact_lse(z, lam))
        tiny = mp.mpf(10) ** -20
        assert abs(exact_lse(z, tiny) - lift(len(z)) / tiny - centre(z)) < 1e-17
        assert near(softargmax(z, 1e-20), [1 / mp.mpf(len(z))] * len(z))

    holds()


# --- In floating point --------------------------------------------------------------------------


@check(
    "numeric",
    mutants={
        "below -745 already": {"lowest": -745.0},
        "float64 overflows at 700": {"highest": (700.0, 88.72)},
        "float32 overflows at 709.78, too": {"highest": (709.78, 709.78)},
    },
)
def range_of_exp(lowest: float = -746.0, highest: tuple[float, float] = (709.78, 88.72)) -> None:
    """NumPy's exponentials on both sides of the thresholds; the definitions fail beyond them.

    The thresholds are rounded to the nearest hundredth.
    """
    with np.errstate(all="ignore"):
        for kind, threshold in zip((np.float64, np.float32), highest, strict=True):
            assert np.isfinite(np.exp(kind(threshold - 0.005)))
            assert np.isinf(np.exp(kind(threshold + 0.005)))
        terms = np.exp([np.nextafter(lowest, -np.inf)] * 2)
        assert terms.sum() == 0 < np.exp(-745.1)
        assert np.isinf(np.log(terms.sum()))
        assert np.isnan(terms / terms.sum()).all()
    largest = mp.mpf(2) ** 1024 - mp.mpf(2) ** 971
    assert abs(largest - mp.mpf("1.8e308")) < mp.mpf("0.05e308")
    assert np.finfo(float).max == float(largest)


@check(
    "symbolic",
    mutants={
        "the largest term stays in the rest": {"start": 0},
        "the maximum is multiplied by lambda": {"back": LAM},
    },
)
def shifted_by_sympy(start: int = 1, back: sp.Expr | int = 1) -> None:
    """SymPy inserts m = z_1, the largest of three scores, and compares with the definitions."""
    m = Z[0]
    rest = sum(sp.exp(LAM * (z - m)) for z in Z[start:])
    value = back * m + sp.log(1 + rest) / LAM
    claimed = sp.exp(sp.expand(LAM * value))
    assert sp.simplify(sp.expand(claimed) - sum(sp.exp(LAM * z) for z in Z)) == 0
    for z, p in zip(Z, symbolic_softargmax(Z, LAM), strict=True):
        assert sp.simplify(sp.exp(LAM * (z - m)) / (1 + rest) - p) == 0


@check(
    "property",
    mutants={
        "shifted by the smallest score": {"shift": min},
        "shifted by the mean": {"shift": lambda z: sum(z) / len(z)},
    },
)
def shifted(shift: Callable[[list[float]], float] = max) -> None:
    """Scores of up to 1e5 are inserted in the formulas in floating point, without any overflow.

    All exponents must be at most 0, and the results those of the package and of 50 digits.
    """
    large = st.lists(st.integers(-100_000, 100_000).map(float), min_size=1, max_size=5)

    @forall(z=large, lam=lams)
    def holds(z: list[float], lam: float) -> None:
        m = shift(z)
        exponents = lam * (np.array(z) - m)
        assert exponents.max() <= 0
        terms = np.exp(exponents)
        t = z.index(m)
        R = np.delete(terms, t).sum()
        assert near(m + np.log1p(R) / lam, exact_lse(z, lam))
        assert near(terms / (1 + R), exact_softargmax(z, lam))
        assert near(lse(z, lam), exact_lse(z, lam))
        assert near(softargmax(z, lam), exact_softargmax(z, lam))

    holds()


@check("numeric", mutants={"below 1e-15": {"small": 1e-15}})
def one_plus_rest(small: float = 1e-16) -> None:
    """1 + R is formed for many R up to the threshold, and log1p is compared with 50 digits."""
    R = small * np.logspace(-290, 0, 500)
    assert (1 + R == 1).all()
    assert all(
        abs(mp.mpf(float(y)) / mp.log1p(x) - 1) < 1e-15 for x, y in zip(R, np.log1p(R), strict=True)
    )


@check(
    "numeric",
    mutants={
        "two infinite scores share": {"shared": [0.5, 0.5, 0.0]},
        "all -inf is undefined for log-sum-exp, too": {"nothing": np.nan},
    },
)
def infinite_scores(
    shared: Sequence[float] = (np.nan, np.nan, 0), nothing: float = -np.inf
) -> None:
    """The package's values are compared with the claim, and with limits along two paths.

    Where the scores grow along (t, t) and along (t, t + 1), soft(arg)max has two different limits.
    """
    inf = np.inf
    np.testing.assert_array_equal(softargmax([-inf, 0.5, 2.0])[1:], softargmax([0.5, 2.0]))
    assert softargmax([-inf, 0.5, 2.0])[0] == 0
    assert lse([-inf, 0.5, 2.0]) == lse([0.5, 2.0])
    np.testing.assert_array_equal(softargmax([inf, 5.0, -inf]), [1, 0, 0])
    np.testing.assert_array_equal(softargmax([inf, inf, 0.0]), shared)
    np.testing.assert_array_equal(softargmax([-inf, -inf]), [np.nan, np.nan])
    assert softargmax([-inf]) == softargmax([inf]) == 1
    np.testing.assert_array_equal(lse([[-inf, -inf], [inf, inf]]), [nothing, inf])
    for t in (1e3, 1e9):
        np.testing.assert_allclose(softargmax([t, t, 0.0]), [0.5, 0.5, 0], rtol=0, atol=1e-15)
        assert softargmax([t, t + 1, 0.0])[0] < 0.27
        assert softargmax([-t, -t - 1])[0] > 0.73
        assert lse([-t, -t - 1]) < 1 - t


@check(
    "property",
    mutants={
        "the smallest score decides": {"size": min},
        "half of it": {"size": lambda sizes: max(sizes) / 2},
    },
)
def relative_errors(size: Callable[[list[float]], float] = max) -> None:
    """Hypothesis draws scores and relative errors of up to 1/8, and 50 digits compare.

    Equal scores that all err by 1/8 change log-sum-exp by the bound, exactly.
    """
    bent = st.lists(st.tuples(score, st.integers(-8, 8)), min_size=1, max_size=5)

    @forall(both=bent, lam=lams)
    def holds(both: list[tuple[float, int]], lam: float) -> None:
        z, wrong = [s for s, _ in both], [s * (1 + mp.mpf(e) / 64) for s, e in both]
        bound = size([abs(s) for s in z]) / mp.mpf(8)
        assert abs(exact_lse(wrong, lam) - exact_lse(z, lam)) <= bound + TINY
        equal = [z[0]] * len(z)
        moved = exact_lse([s * mp.mpf(9) / 8 for s in equal], lam) - exact_lse(equal, lam)
        assert abs(abs(moved) - size([abs(s) for s in equal]) / mp.mpf(8)) < TINY

    holds()


@check(
    "numeric",
    mutants={
        "the value is less than a tenth of the change": {"below": 0.1},
        "log-sum-exp vanishes at -log 2": {"root": lambda: -mp.log(2)},
    },
)
def crossing(below: float = 1.0, root: Callable[[], Any] = lambda: -mp.log1p(mp.exp(-1))) -> None:
    """The value at the float nearest to the root, with 50 digits, and that one bit beside it."""

    def along(x: float) -> Any:
        return exact_lse([mp.mpf(x), mp.mpf(x) - 1], 1)

    x = float(root())
    assert abs(along(root())) < TINY
    assert abs(along(0.25) - (mp.mpf(0.25) + mp.log1p(mp.exp(-1)))) < TINY
    for beside in (np.nextafter(x, 1.0), np.nextafter(x, -1.0)):
        assert abs(along(x)) < below * abs(along(beside) - along(x))


@check(
    "exact",
    mutants={
        "2^-45": {"half_ulp": Fraction(1, 2**45)},
        "ten bits": {"bits": 10},
    },
)
def nine_bits(half_ulp: Fraction = Fraction(1, 2**44), bits: int = 9) -> None:
    """The gap between neighbouring floats at -745 is halved, and compared with that at 1."""
    assert Fraction(float(np.spacing(745.0))) / 2 == half_ulp
    assert half_ulp / (Fraction(float(np.spacing(1.0))) / 2) == 2**bits
    relative = mp.exp(mp.mpf(half_ulp.numerator) / half_ulp.denominator) - 1
    assert abs(relative / mp.mpf(2) ** -44 - 1) < 1e-12
    assert np.exp(-745.0) > 0 == np.exp(-746.0)


@check(
    "property",
    mutants={
        "a quotient, too": {"exactly": [lambda a, b: a / b]},
        "a product of three": {"exactly": [lambda a, b: a * b * b]},
    },
)
def remainders_are_floats(
    exactly: Sequence[Callable[[Any, Any], Any]] = (lambda a, b: a - b, lambda a, b: a * b),
) -> None:
    """Hypothesis draws floats of ordinary size; fractions hold what the rounding left out.

    A number is a float if turning it into one does not change it.
    """
    ordinary = st.floats(2.0**-100, 2.0**100) | st.floats(-(2.0**100), -(2.0**-100))

    @forall(a=ordinary, b=ordinary)
    def holds(a: float, b: float) -> None:
        for operation in exactly:
            rest = operation(Fraction(a), Fraction(b)) - Fraction(operation(a, b))
            assert Fraction(float(rest)) == rest

    holds()


# --- What can go wrong --------------------------------------------------------------------------


@check(
    "numeric",
    mutants={
        "the largest term's share tends to 1": {"share": lambda K: 1.0},
        "the excess vanishes for growing K": {"excess": 0.0},
    },
)
def largest_term(share: Callable[[int], float] = lambda K: 1 / K, excess: float = 1.0) -> None:
    """The package's soft(arg)max holds the shares of the terms of K equal scores.

    Log-sum-exp exceeds their maximum by 1 for lambda = log K, but tends to it for fixed K.
    """
    for K in (2, 10, 1000, 100_000):
        z = np.full(K, 0.75)
        for lam in (1.0, 1e3, 1e6):
            assert abs(softargmax(z, lam).max() - share(K)) < 1e-12
        assert abs(lse(z, np.log(K)) - (0.75 + excess)) < 1e-12
        assert abs(lse(z, 1e12) - 0.75) < 1e-10


@check(
    "numeric",
    mutants={
        "the scores must not exceed 709, whatever lambda": {"argument": lambda z, lam: z},
        "the shifted form overflows there, too": {"ours": False},
    },
)
def typed_definition(
    argument: Callable[[float, float], float] = lambda z, lam: lam * z, ours: bool = True
) -> None:
    """The definition as typed is infinite if and only if lambda z exceeds the threshold of exp."""
    highest = np.log(np.finfo(float).max)
    for z, lam in product((0.01, 1.0, 7.0, 8.0, 800.0), (0.01, 1.0, 100.0, 1000.0)):
        scores = np.array([z, z - 1])
        with np.errstate(over="ignore", divide="ignore"):
            typed = np.log(np.sum(np.exp(lam * scores))) / lam
        assert np.isinf(typed) == (argument(z, lam) > highest)
        assert near(lse(scores, lam), exact_lse(scores, lam)) == ours


@check(
    "numeric",
    mutants={
        "the error does not grow": {"growth": lambda lam: 1.0},
        "it grows like the square": {"growth": lambda lam: lam**2},
    },
)
def exponential_to_a_power(growth: Callable[[float], float] = lambda lam: lam) -> None:
    """The relative error of (e^z)^lambda is compared, at 50 digits, with lambda times that of e^z.

    Beside it, e^800 and e^-800 leave the range of floats where e^8 and e^-8 do not.
    """
    for z, lam in product((1.0, 0.3, 2.5), (1.0, 10.0, 100.0)):
        base = mp.mpf(float(np.exp(z))) / mp.exp(z) - 1
        power = mp.mpf(float(np.exp(z) ** lam)) / mp.exp(lam * mp.mpf(z)) - 1
        assert abs(power - growth(lam) * base) < 4e-16
        assert abs(mp.mpf(float(np.exp(lam * z))) / mp.exp(mp.mpf(lam * z)) - 1) < 4e-16
    with np.errstate(over="ignore", under="ignore"):
        assert (np.exp([800.0, -800.0]) ** 0.01).tolist() == [np.inf, 0.0]
    assert np.isfinite(np.log(np.exp(0.01 * np.array([800.0, -800.0])))).all()


@check(
    "exact",
    mutants={
        "the components still sum to 1": {"added": 0},
        "an offset reaches the added term": {"moves": lambda factor: factor},
    },
)
def sum_from_zero(added: int = 1, moves: Callable[[int], int] = lambda factor: 1) -> None:
    """All triples of terms up to 4 are summed with a further term e^0 = 1, in fractions.

    The components then sum to less than 1, and a common factor of the three, which is an offset of
    their scores, changes them; without the further term neither is so.
    """

    def p(terms: Sequence[int], extra: int) -> list[Fraction]:
        return [Fraction(u, extra + sum(terms)) for u in terms]

    for u in product((1, 2, 3, 4), repeat=3):
        assert sum(p(u, added)) < 1
        assert p([5 * x for x in u], added * moves(5)) != p(u, added)
        assert sum(p(u, 0)) == 1
        assert p([5 * x for x in u], 0) == p(u, 0)


@check(
    "numeric",
    mutants={"the sign of the older sheet": {"first": lambda x, y: x < y}},
)
def comparison_sign(first: Callable[[float, float], bool] = lambda x, y: x > y) -> None:
    """The rule with this sign is compared with the package's vectors on a grid of two scores.

    Off the diagonal soft(arg)max with a large lambda must be near it.
    """
    for z in product(np.linspace(-1, 1, 9), repeat=2):
        rule = [1.0, 0.0] if first(*z) else [0.0, 1.0]
        np.testing.assert_array_equal(onehot_argmax(z), rule)
        if z[0] != z[1]:
            np.testing.assert_allclose(softargmax(z, 200.0), rule, rtol=0, atol=1e-12)


@check(
    "property",
    mutants={
        "harmless if the factor is positive": {"harmless": lambda c, z: c > 0},
        "never harmless": {"harmless": lambda c, z: False},
    },
)
def scaling(
    harmless: Callable[[float, list[float]], bool] = lambda c, z: c == 1 or len(set(z)) == 1,
) -> None:
    """Hypothesis draws scores and positive factors; the package's probabilities are compared.

    Their order and the one-hot arg max stay, they themselves only as claimed.
    """

    @forall(z=vectors, c=lams)
    def holds(z: list[float], c: float) -> None:
        before, after = softargmax(z), softargmax(np.multiply(c, z))
        np.testing.assert_array_equal(onehot_argmax(np.multiply(c, z)), onehot_argmax(z))
        assert (
            np.sign(np.subtract.outer(before, before)) == np.sign(np.subtract.outer(z, z))
        ).all()
        assert (np.sign(np.subtract.outer(after, after)) == np.sign(np.subtract.outer(z, z))).all()
        assert np.allclose(before, after, rtol=1e-12, atol=0) == harmless(c, z)

    holds()


@check(
    "numeric",
    mutants={
        "the last maximiser takes all": {"limit": [0.0, 0.0, 1.0]},
        "one lambda serves all scores near a tie": {"needed": lambda gap: 1e3},
    },
)
def ties(
    limit: Sequence[float] = (0.0, 0.5, 0.5), needed: Callable[[float], float] = lambda gap: 5 / gap
) -> None:
    """The package's values at a tie, for ever larger lambda, and close to one.

    To come within 1/100 of the one-hot vector for a gap in the scores, lambda times that gap must
    be log 99, which is less than 5 and more than 4.
    """
    for lam in (1e2, 1e12, 1e300, np.inf):
        np.testing.assert_allclose(softargmax([1.0, 3.0, 3.0], lam), limit, rtol=0, atol=1e-15)
    for gap in 10.0 ** -np.arange(1, 12):
        z = [0.0, gap]
        assert np.abs(softargmax(z, needed(gap)) - onehot_argmax(z)).max() < 0.01
        assert np.abs(softargmax(z, 4 / gap) - onehot_argmax(z)).max() > 0.01


@check(
    "numeric",
    mutants={
        "the other axis": {"axis": 0},
        "an array of temperatures belongs to the columns": {"row": lambda lam: lam},
    },
)
def axis_and_rows(
    axis: int = -1, row: Callable[[Any], Any] = lambda lam: np.asarray(lam)[:, None]
) -> None:
    """A square batch with one temperature for each row, evaluated row by row with 50 digits."""
    z, lam = np.array([[0.0, 1.0, 2.0], [3.0, 3.0, 3.0], [5.0, 0.0, 0.0]]), [1.0, 2.0, 10.0]
    wanted = np.array([exact_softargmax(*each) for each in zip(z, lam, strict=True)])
    np.testing.assert_allclose(softargmax(z, axis=axis).sum(axis=1), 1, rtol=1e-15)
    assert abs(softargmax(z, axis=0).sum(axis=1) - 1).max() > 0.5
    assert near(softargmax(row(lam) * z, axis=axis), wanted)
    assert near(softargmax(z, lam, axis=axis), wanted)


@check(
    "numeric",
    mutants={
        "one maximum for the batch": {"shift": lambda z: z.max()},
        "the maximum of each column": {"shift": lambda z: z.max(axis=0)},
    },
)
def shift_row_by_row(
    shift: Callable[[Any], Any] = lambda z: z.max(axis=-1, keepdims=True),
) -> None:
    """Rows that are offsets of each other must give the same result, and contain a term 1 each."""
    z = np.array([[0.0, 1.0], [1000.0, 1001.0], [-1e6, 1 - 1e6]])
    with np.errstate(over="ignore", invalid="ignore"):
        terms = np.exp(z - shift(z))
        p = terms / terms.sum(axis=-1, keepdims=True)
    assert (terms.max(axis=-1) == 1).all()
    assert near(p, np.array([exact_softargmax([0, 1], 1)] * 3))
    assert near(softargmax(z), np.array([exact_softargmax([0, 1], 1)] * 3))
    assert near(lse(z), [exact_lse([s, s + 1], 1) for s in z[:, 0]])
    assert near(logsumexp(z, axis=-1), [exact_lse([s, s + 1], 1) for s in z[:, 0]])
