"""Checks of the claims of chapter 2, on probes and on what their scores are worth."""

import io
import pickle
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import combinations, product
from math import comb
from typing import Any

import numpy as np
import sympy as sp
import torch
from catalogue import check, forall
from hypothesis import strategies as st
from scipy.optimize import least_squares, linprog
from scipy.special import expit
from scipy.stats import binom, norm
from sklearn.linear_model import LogisticRegression

from activations.truth import MassMean
from activations.truth.evaluation import (
    auroc_interval,
    evaluate,
    permutation_test,
    wilson_interval,
)
from activations.truth.experiments import split_overlap
from activations.truth.probes import fit_logistic, truth_directions
from activations.truth.separability import (
    cover_count,
    cover_probability,
    separability_certificate,
    smallest_separable_k,
)

HALF = Fraction(1, 2)


def exact_auroc(true: Sequence[Any], false: Sequence[Any], tie: Fraction = HALF) -> Fraction:
    """Count pairs of a true and a false sentence that are ranked rightly."""
    wins = sum(1 if t > f else tie if t == f else Fraction(0) for t, f in product(true, false))
    return Fraction(wins) / (len(true) * len(false))


def split_by(labels: Sequence[int], scores: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Return the scores of the true and of the false sentences."""
    pairs = list(zip(labels, scores, strict=True))
    return [s for y, s in pairs if y], [s for y, s in pairs if not y]


# --- What to report about a probe ---------------------------------------------------------------


@check(
    "exact",
    mutants={
        "ties count as wins": {"tie": Fraction(1)},
        "a negative factor is harmless, too": {"factors": (2, -2)},
        "an AUROC of 0 leaves no right answer": {"most": lambda true, n: 0},
        "the smaller class bounds the accuracy": {"most": lambda true, n: min(true, n - true)},
    },
)
def threshold_by_enumeration(
    tie: Fraction = HALF,
    factors: Sequence[int] = (1, 2),
    most: Callable[[int, int], int] = lambda true, n: max(true, n - true),
) -> None:
    """All labelled lists of up to four scores from 0, 1, 2 are examined, with all thresholds."""
    for n in (2, 3, 4):
        for y, scores in product(product((0, 1), repeat=n), product((0, 1, 2), repeat=n)):
            true, false = split_by(y, scores)
            if not true or not false:
                continue
            auroc = exact_auroc(true, false, tie)
            for c, b in product(factors, (-5, 3)):
                moved = [c * s + b for s in true], [c * s + b for s in false]
                assert exact_auroc(*moved, tie) == auroc
            assert exact_auroc([-s for s in true], [-s for s in false], tie) == 1 - auroc
            for b in (-3, -2.5, -1.5, -0.5, 1):
                right = sum(s + b > 0 for s in true) + sum(s + b <= 0 for s in false)
                assert auroc > 0 or right <= most(len(true), n)


@check(
    "property",
    mutants={
        "the AUROC keeps its value if the probe is reversed": {"reversed_to": lambda A: A},
        "a new bias shifts the AUROC": {"shifted_to": lambda A, b: A + b / 10},
    },
)
def threshold(
    reversed_to: Callable[[float], float] = lambda A: 1 - A,
    shifted_to: Callable[[float, float], float] = lambda A, b: A,
) -> None:
    """Hypothesis draws scores and labels; the package's AUROC is compared with a count of pairs."""
    labelled = st.lists(st.tuples(st.booleans(), st.integers(-8, 8)), min_size=2, max_size=12)

    @forall(both=labelled.filter(lambda x: len({y for y, _ in x}) == 2), b=st.integers(-9, 9))
    def holds(both: list[tuple[bool, int]], b: int) -> None:
        y, s = map(np.array, zip(*both, strict=True))
        found = evaluate(s, y.astype(int))
        assert abs(found.auroc - float(exact_auroc(s[y], s[~y]))) < 1e-12
        for moved in (evaluate(s + b, y.astype(int)), evaluate(3 * s + b, y.astype(int))):
            assert abs(moved.auroc - shifted_to(found.auroc, b)) < 1e-12
            if found.auroc == 0:
                assert moved.correct <= max(y.sum(), len(y) - y.sum())
        assert abs(evaluate(-s, y.astype(int)).auroc - reversed_to(found.auroc)) < 1e-12

    holds()


@check(
    "symbolic",
    mutants={
        "the variance at the observed share": {"variance": lambda p, q: p * (1 - p)},
        "half of the last term under the root": {"last": sp.Rational(1, 8)},
    },
)
def wilson_by_sympy(
    variance: Callable[[sp.Expr, sp.Expr], sp.Expr] = lambda p, q: q * (1 - q),
    last: sp.Expr | float = 0.25,
) -> None:
    """SymPy compares sum and product of the ends with those of the solutions, by Vieta's rule.

    They solve (p - q)^2 = z^2 q (1 - q) / n; at q = p between them the left-hand side is smaller.
    """
    p, q, z, n = sp.symbols("p q z n", positive=True)
    equation = sp.expand((p - q) ** 2 - z**2 * variance(p, q) / n)
    a, b, c = (equation.coeff(q, power) for power in (2, 1, 0))
    root = z * sp.sqrt(p * (1 - p) / n + sp.nsimplify(last) * z**2 / n**2)
    low, high = ((p + z**2 / (2 * n) + sign * root) / (1 + z**2 / n) for sign in (-1, 1))
    assert sp.cancel(sp.expand(low + high) + b / a) == 0
    assert sp.cancel(sp.expand(low * high) - c / a) == 0
    assert sp.expand(equation.subs(q, p) + z**2 * p * (1 - p) / n) == 0


@check(
    "numeric",
    mutants={
        "the length vanishes if all are right": {"shortest": lambda z, n: 0.0},
        "z is that of 90 per cent": {"level": 0.9},
    },
)
def wilson(
    shortest: Callable[[float, int], float] = lambda z, n: z**2 / (n + z**2), level: float = 0.95
) -> None:
    """The package's interval is compared with the shares on a grid that fulfil its condition."""
    z, q = norm.isf((1 - level) / 2), np.linspace(0, 1, 20_001)
    for m, n in [(0, 1), (1, 1), (35, 71), (70, 71), (71, 71), (3, 300)]:
        inside = q[np.abs(m / n - q) <= z * np.sqrt(q * (1 - q) / n) + 1e-12]
        low, high = wilson_interval(m, n)
        assert max(abs(low - inside[0]), abs(high - inside[-1])) <= 1e-4
        assert len(inside) - 1 == round((inside[-1] - inside[0]) * 20_000)
        if m in (0, n):
            assert abs(high - low - shortest(z, n)) < 1e-9


@check(
    "symbolic",
    mutants={
        "the classes exchange their roles": {"swap": True},
        "without the single terms": {"single": 0},
    },
)
def auroc_variance_by_sympy(swap: bool = False, single: int = 1) -> None:
    """SymPy integrates the expectations of h and of both products, and adds up the covariances."""
    c, x, a, m, n = sp.symbols("c x a m n", positive=True)
    theta = c / (1 + c)
    area = sp.Lambda(a, sp.integrate(sp.exp(-a * x), (x, 0, sp.oo)))
    assert sp.cancel(area(1 / c + 1) - theta) == 0
    shared_false = area(2 / c + 1)
    # The square of 1 - e^(-x), under the density e^(-x/c) / c.
    shared_true = (area(1 / c) - 2 * area(1 / c + 1) + area(1 / c + 2)) / c
    total = theta - theta**2
    total += (m - 1) * (shared_false - theta**2) + (n - 1) * (shared_true - theta**2)
    first, second = (n, m) if swap else (m, n)
    false, true = (1 - theta) / (2 - theta), theta / (1 + theta)
    bracket = single + (first - 1) * false + (second - 1) * true
    assert sp.cancel(total - theta * (1 - theta) * bracket) == 0


@check(
    "exact",
    mutants={
        "the classes exchange their roles": {"swap": True},
        "the expectation of a fair coin": {"theta": lambda c: HALF},
    },
)
def auroc_variance_exactly(
    swap: bool = False, theta: Callable[[Fraction], Fraction] = lambda c: c / (1 + c)
) -> None:
    """The distribution of the AUROC is computed in fractions, by letting the scores appear in turn.

    Of exponential clocks the next to ring is a true one with probability a r / (a r + b), where a
    true and b false ones are left and r = 1/c is the rate of a true one against a false one.
    """

    def distribution(a: int, b: int, r: Fraction) -> Counter[int]:
        """Give the probabilities of the numbers of pairs in which the true score is larger."""
        if a == 0 or b == 0:
            return Counter({0: Fraction(1)})
        ahead = a * r / (a * r + b)
        found: Counter[int] = Counter()
        for wins, p in distribution(a - 1, b, r).items():
            found[wins] += ahead * p
        for wins, p in distribution(a, b - 1, r).items():
            found[wins + a] += (1 - ahead) * p
        return found

    for c, (m, n) in product(map(Fraction, ("1/2", "1", "3")), [(1, 1), (2, 1), (2, 4), (3, 3)]):
        law, t = distribution(m, n, 1 / c), theta(c)
        mean = sum(p * Fraction(w, m * n) for w, p in law.items())
        variance = sum(p * (Fraction(w, m * n) - mean) ** 2 for w, p in law.items())
        first, second = (n, m) if swap else (m, n)
        bracket = 1 + (first - 1) * (1 - t) / (2 - t) + (second - 1) * t / (1 + t)
        assert mean == t
        assert variance == t * (1 - t) / (m * n) * bracket


@check(
    "symbolic",
    mutants={
        "V itself in the place of its root": {"power": 1},
        "a wrong sign in the bracket": {"sign": -1},
    },
)
def newcombe_is_concave(power: sp.Rational | int = sp.S.Half, sign: int = 1) -> None:
    """SymPy writes f = m n V as a function of u = t (1 - t) and finds its root concave in u.

    M is the mean of m and n less 1. The derivative of f and -(f f'' + (power - 1) f'^2), which
    has the sign of minus the second derivative of f^power, have no coefficient below 0. As u is
    concave in t and the root increases with u, the root is concave in t.
    """
    t, u, M = sp.symbols("t u M", positive=True)
    bracket = 1 + M * ((1 - t) / (2 - t) + sign * t / (1 + t))
    f = u * (1 + M * (1 + 2 * u) / (2 + u))
    assert sp.cancel(t * (1 - t) * bracket - f.subs(u, t * (1 - t))) == 0
    slope, bend = sp.diff(f, u), sp.diff(f, u, 2)
    for claimed in (slope, -(f * bend + (power - 1) * slope**2)):
        parts = [sp.Poly(part, u, M) for part in sp.fraction(sp.cancel(claimed))]
        assert all(c >= 0 for part in parts for c in part.coeffs())


@check(
    "numeric",
    mutants={
        "m and n stay as they are": {"mean": lambda m, n: (m, n)},
        "the interval shrinks to a point at 0 and 1": {"least": lambda length: length == 0},
    },
)
def newcombe(
    mean: Callable[[int, int], tuple[float, float]] = lambda m, n: ((m + n) / 2, (m + n) / 2),
    least: Callable[[float], bool] = lambda length: length > 0,
) -> None:
    """The package's interval is compared with the values on a grid that fulfil its condition.

    It must be one interval, be reversed with the scores, and have a length at both ends.
    """
    t, z = np.linspace(0, 1, 20_001), norm.isf(0.025)
    for A, (m, n) in product((0.0, 0.3, 0.5, 0.97, 1.0), [(1, 1), (36, 35), (5, 200)]):
        M, N = mean(m, n)
        bracket = 1 + (M - 1) * (1 - t) / (2 - t) + (N - 1) * t / (1 + t)
        inside = t[np.abs(A - t) <= z * np.sqrt(t * (1 - t) / (m * n) * bracket) + 1e-12]
        low, high = auroc_interval(A, m, n)
        assert max(abs(low - inside[0]), abs(high - inside[-1])) <= 1e-4
        assert len(inside) - 1 == round((inside[-1] - inside[0]) * 20_000)
        mirrored = auroc_interval(1 - A, m, n)
        assert max(abs(low + mirrored[1] - 1), abs(high + mirrored[0] - 1)) < 1e-9
        if A in (0, 1):
            assert least(high - low)


@check(
    "property",
    mutants={
        "the variance of independent terms": {"factor": lambda k: 1},
        "for pairs 90 per cent": {"coverage": 0.9},
    },
)
def dependent_terms(factor: Callable[[int], float] = lambda k: k, coverage: float = 0.83) -> None:
    """Hypothesis draws the values of k random terms in equally likely cases.

    The variance of their sum is compared with that of the terms, and for terms that are all equal
    it must be k times the sum; for pairs the normal distribution gives the coverage.
    """
    term = st.lists(st.integers(-5, 5), min_size=3, max_size=3)

    @forall(terms=st.lists(term, min_size=1, max_size=4))
    def holds(terms: list[list[int]]) -> None:
        values, k = np.array(terms), len(terms)
        assert values.sum(axis=0).var() <= factor(k) * values.var(axis=1).sum() + 1e-9
        equal = np.repeat(values[:1], k, axis=0)
        assert abs(equal.sum(axis=0).var() - factor(k) * equal.var(axis=1).sum()) < 1e-9

    holds()
    assert round(2 * norm.cdf(1.96 / np.sqrt(2)) - 1, 2) == coverage


@check(
    "exact",
    mutants={
        "the labels as they are do not count": {"own": 0},
        "more instead of at least": {"counts": lambda a, b: a > b},
        "rotated labels need not be equally probable": {"law": (4, 1, 1)},
    },
)
def permutation_by_enumeration(
    own: int = 1,
    counts: Callable[[int, int], bool] = lambda a, b: a >= b,
    law: Sequence[int] = (1, 1, 1),
) -> None:
    """The probability is added up exactly for the rotations of three labels and up to 3 draws.

    Y is one of the rotations of a vector of labels, with the given weights, and T takes each list
    of values from 0, 1, 2 on the three of them.
    """
    for B, T in product((1, 2, 3), product((0, 1, 2), repeat=3)):
        chance: Counter[Fraction] = Counter()
        for y, *g in product(range(3), repeat=B + 1):
            above = sum(counts(T[(y + turn) % 3], T[y]) for turn in g)
            value = Fraction(own + above, B + 1)
            chance[value] += Fraction(law[y], sum(law)) / 3**B
        for a in range(B + 2):
            level = Fraction(a, B + 1)
            assert sum(p for value, p in chance.items() if value <= level) <= level


@check(
    "numeric",
    mutants={
        "labels may be exchanged between all subjects": {"groups": lambda city: 0 * city},
        "the level is halved": {"bound": 0.5},
    },
)
def permutation_on_null_data(
    groups: Callable[[Any], Any] = lambda city: city, bound: float = 1.0
) -> None:
    """The package tests scores that say nothing on which of a city's two sentences is true.

    In 300 repetitions both p-values must be as rare as they say, up to three standard errors.  The
    scores of a city are opposite, so that labels exchanged between cities do not vary enough.
    """
    rng = np.random.default_rng(5)
    city, found = np.repeat(np.arange(12), 2), []
    for _ in range(300):
        y = rng.permuted(np.tile([0, 1], (12, 1)), axis=1).ravel()
        scores = np.tile([1, -1], 12) * np.repeat(rng.normal(size=12), 2)
        told = permutation_test(scores, y, groups(city), rng, n_permutations=19)
        found.append((told.p_better, told.p_worse))
    for level in (0.05, 0.1, 0.25, 0.5):
        share = (np.array(found) <= level + 1e-12).mean(axis=0)
        assert (share <= bound * level + 3 * np.sqrt(level * (1 - level) / 300)).all()


@check(
    "exact",
    mutants={
        "a median p-value deserves the whole level": {"factor": 1},
        "both sides together deserve half of it": {"sides": Fraction(1, 2)},
    },
)
def median_of_p_values(factor: int = 2, sides: int | Fraction = 1) -> None:
    """Laws of which of four splits have small p-values are tried, with weights that are integers.

    The share of such splits has the expectation alpha; it is one half or more with probability
    factor * alpha at most, and for two sides with twice that.
    """
    patterns = [p for p in product((0, 1), repeat=4) if list(p) == sorted(p)]
    for weights in product(range(4), repeat=len(patterns)):
        if not any(weights):
            continue
        law = [
            (Fraction(w, sum(weights)), Fraction(sum(p), 4))
            for w, p in zip(weights, patterns, strict=True)
        ]
        alpha = sum(w * share for w, share in law)
        often = sum(w for w, share in law if 2 * share >= 1)
        assert often <= factor * alpha
        # The other side may be small exactly where this one is not.
        assert min(1, 2 * often) <= 2 * sides * factor * alpha


# --- Can the classes be separated? --------------------------------------------------------------


def signed(X: Any, y: Any) -> np.ndarray:
    """Return the vectors s (x, 1)."""
    X, s = np.asarray(X), 2 * np.asarray(y) - 1
    return s[:, None] * np.column_stack([X, np.ones(len(X), dtype=X.dtype)])


@check(
    "exact",
    mutants={
        "k + 1 positive multipliers suffice": {"fewest": lambda k: k + 1},
        "a separating plane may touch": {"apart": lambda m: m >= 0},
    },
)
def gordan_in_integers(
    fewest: Callable[[int], int] = lambda k: k + 2,
    apart: Callable[[Any], Any] = lambda m: m > 0,
) -> None:
    """The package's certificates for 150 random small sets are verified in whole numbers.

    A plane must have rational weights and pass in fractions; multipliers must be integers, few of
    them positive, and cancel. No plane with weights up to 3 may do what they exclude.
    """
    rng = np.random.default_rng(6)
    planes = np.array([u for u in product(range(-3, 4), repeat=3) if any(u)])
    for _ in range(150):
        k, n = int(rng.integers(1, 3)), int(rng.integers(1, 7))
        X, y = rng.integers(0, 3, (n, k)), rng.integers(0, 2, n)
        M, found = signed(X, y), separability_certificate(X, y)
        if found.separable:
            u = [Fraction(float(w)) for w in (*found.weights, found.bias)]
            assert all(sum(a * int(b) for a, b in zip(u, row, strict=True)) > 0 for row in M)
        else:
            rho = np.array(found.multipliers)
            assert (rho >= 0).all()
            assert 0 < np.count_nonzero(rho) <= fewest(k)
            assert not (rho @ M).any()
            assert not apart(M @ planes[:, 2 - k :].T).all(axis=0).any()


@check(
    "numeric",
    mutants={
        "the multipliers need not balance": {"balanced": False},
        "a separating plane may touch": {"margin": 0.0},
    },
)
def gordan_by_linear_programming(balanced: bool = True, margin: float = 1.0) -> None:
    """SciPy's linear programming decides on both statements, each for itself.

    Exactly one of them must be feasible; strict inequalities can be scaled to a margin of 1, and
    multipliers to a sum of 1. The margins sum to 1 at least, which excludes the plane of weights 0.
    """
    rng = np.random.default_rng(7)
    for _ in range(30):
        k, n = int(rng.integers(1, 4)), int(rng.integers(1, 9))
        X, y = rng.integers(-2, 3, (n, k)), rng.integers(0, 2, n)
        M = signed(X, y).astype(float)
        limits = np.append(np.full(n, -margin), -1)
        sides = -np.vstack([M, M.sum(axis=0)])
        plane = linprog(np.zeros(k + 1), sides, limits, bounds=(None, None))
        conditions = M if balanced else M[:, :-1]
        equations = np.vstack([conditions.T, np.ones(n)])
        mixture = linprog(np.zeros(n), A_eq=equations, b_eq=np.eye(len(equations))[-1])
        assert (plane.status == 0) != (mixture.status == 0)
        assert (plane.status == 0) == separability_certificate(X, y).separable


@check(
    "property",
    mutants={
        "divided by the sum over all points": {"total": lambda own, other: own + other},
        "the mixtures are reflections of each other": {"sign": -1},
    },
)
def hulls_meet(total: Callable[[int, int], int] = lambda own, other: own, sign: int = 1) -> None:
    """Hypothesis draws sets of points; the package's multipliers are turned into two mixtures.

    The shares of each class must be at least 0, sum to 1, and mix to the same point.
    """
    labelled = st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans())

    @forall(rows=st.lists(labelled, min_size=4, max_size=9))
    def holds(rows: list[tuple[int, int, bool]]) -> None:
        found = separability_certificate([r[:2] for r in rows], [int(r[2]) for r in rows])
        if found.separable:
            return
        both = []
        for label in (True, False):
            own = [(m, r) for m, r in zip(found.multipliers, rows, strict=True) if r[2] == label]
            size = sum(m for m, _ in own)
            whole = total(size, sum(found.multipliers) - size)
            shares = [Fraction(m, whole) for m, _ in own]
            assert min(shares) >= 0
            assert sum(shares) == 1
            both.append(
                [sum(a * r[i] for a, (_, r) in zip(shares, own, strict=True)) for i in (0, 1)]
            )
        assert both[0] == [sign * x for x in both[1]]

    holds()


@check(
    "symbolic",
    mutants={
        "residuals of the right sign of the score": {"residual": lambda r: 1 / (1 + sp.exp(-r))},
        "without the points' signs": {"signs": False},
    },
)
def residuals_by_sympy(
    residual: Callable[[sp.Expr], sp.Expr] = lambda r: 1 / (1 + sp.exp(r)), signs: bool = True
) -> None:
    """SymPy differentiates the term of one point in the plane; the loss is a sum of such terms.

    Each derivative is minus the term of the claimed sum, so both sums vanish together. Along a
    direction in which all scores grow every term falls, so separable points have no minimum.
    """
    w, v, b, x, y, s = sp.symbols("w v b x y s", real=True)
    r = s * (w * x + v * y + b)
    term = sp.log(1 + sp.exp(-r))
    for parameter, coordinate in ((w, x), (v, y), (b, 1)):
        claimed = residual(r) * (s if signs else 1) * coordinate
        assert sp.simplify(sp.diff(term, parameter) + claimed) == 0
    t, start, gain = (*sp.symbols("t r", real=True), sp.symbols("g", positive=True))
    assert sp.diff(sp.log(1 + sp.exp(-start - t * gain)), t).simplify().is_negative


@check(
    "numeric",
    mutants={
        "scores in the place of residuals": {"residual": lambda r: r},
        "the residuals are those of the right answer": {"residual": expit},
    },
)
def residuals_of_a_fit(residual: Callable[[Any], Any] = lambda r: expit(-r)) -> None:
    """The package fits sets that no line separates without penalty, and the sums are formed.

    For the points 0, 1, 2 the residuals must be proportional to (1, 2, 1). For two points that a
    plane separates the loss falls along its direction, without an end.
    """
    rng = np.random.default_rng(8)
    for _ in range(20):
        X, y = rng.normal(size=(30, 2)), rng.integers(0, 2, 30)
        M, found = signed(X, y), separability_certificate(X, y)
        if found.separable:
            continue
        probe = fit_logistic(X, y)
        rho = residual(M @ np.append(probe.weights, probe.bias))
        assert (rho > 0).all()
        assert np.abs(rho @ M).max() < 1e-6
    probe = fit_logistic([[0.0], [1.0], [2.0]], [0, 1, 0])
    rho = residual(np.array([-1, 1, -1]) * probe.scores([[0.0], [1.0], [2.0]]))
    np.testing.assert_allclose(rho / rho[0], [1, 2, 1], rtol=1e-7)
    plane = separability_certificate([[0.0], [1.0]], [0, 1])
    r = signed([[0.0], [1.0]], [0, 1]) @ np.append(plane.weights, plane.bias)
    losses = [np.logaddexp(0, -t * r + np.array([3.0, -2.0])).sum() for t in range(0, 90, 10)]
    assert (np.diff(losses) < 0).all()


@check(
    "numeric",
    mutants={
        "a loss without a margin": {"hinge": lambda r: np.maximum(0, -r)},
        "residuals that are not cut off": {"residual": lambda r: 1 - r},
    },
)
def squared_hinge(
    hinge: Callable[[Any], Any] = lambda r: np.maximum(0, 1 - r),
    residual: Callable[[Any], Any] = lambda r: np.maximum(0, 1 - r),
) -> None:
    """SciPy finds least squares of the hinges, for separable sets, for others, and on the border.

    There the residuals must cancel, and be all zero if and only if the set is separable.
    """
    rng = np.random.default_rng(9)
    line = np.array([[-1.0], [0.0], [0.0], [1.0]])
    sets = [(line, [0, 0, 1, 1]), (line, [0, 1, 0, 0]), (line[[0, 1, 3]], [0, 1, 1])]
    sets += [(rng.normal(size=(8, 2)), rng.integers(0, 2, 8)) for _ in range(10)]
    for X, y in sets:
        M = signed(X, y)
        start = np.zeros(M.shape[1])
        u = least_squares(lambda u, M=M: hinge(M @ u), start, xtol=1e-14, ftol=1e-14, gtol=1e-12).x
        rho = residual(M @ u)
        assert (rho >= 0).all()
        assert np.abs(rho @ M).max() < 1e-6
        assert (rho.max() < 1e-6) == separability_certificate(X, y).separable


@check(
    "exact",
    mutants={
        "the sum ends at k - 1": {"count": lambda n, k: 2 * sum(comb(n - 1, i) for i in range(k))},
        "n in the place of n - 1": {
            "count": lambda n, k: 2 * sum(comb(n, i) for i in range(k + 1))
        },
        "any points will do": {"points": lambda t: [(x, x, x) for x in t]},
    },
)
def cover_by_enumeration(
    count: Callable[[int, int], int] = lambda n, k: 2 * sum(comb(n - 1, i) for i in range(k + 1)),
    points: Callable[[Sequence[int]], Any] = lambda t: [(x, x**2, x**3) for x in t],
) -> None:
    """All labellings of up to five points on the moment curve are decided, with exact certificates.

    Any k + 1 of the points (t, ..., t^k) are in general position, by Vandermonde's determinant.
    """
    for n, k in product(range(1, 6), range(4)):
        X = np.array(points([-2, -1, 0, 1, 2][:n])).reshape(n, 3)[:, :k]
        labellings = list(product((0, 1), repeat=n))
        found = sum(separability_certificate(X, y).separable for y in labellings)
        assert found == count(n, k) == cover_count(n, k)
        assert found == 2**n or n > k + 1


@check(
    "numeric",
    mutants={
        "without the factor 2": {"factor": 1},
        "through the origin": {"bias": 0.0},
    },
)
def cover_by_directions(factor: int = 2, bias: float = 1.0) -> None:
    """Many hyperplanes are drawn, and the labellings that they make of random points counted."""
    rng = np.random.default_rng(45)
    for n, k in [(3, 1), (4, 2), (5, 2), (6, 2), (5, 3), (3, 4)]:
        points = np.column_stack([rng.normal(size=(n, k)), np.full(n, bias)])
        signs = points @ rng.normal(size=(k + 1, 50_000)) > 0
        found = len(np.unique(signs.T @ (2 ** np.arange(n))))
        assert found == factor * sum(comb(n - 1, i) for i in range(k + 1))


@check(
    "exact",
    mutants={
        "n fair coins": {"coins": lambda n: n},
        "the number of coordinates without the bias": {"shift": 1},
    },
)
def random_labels_by_enumeration(
    coins: Callable[[int], int] = lambda n: n - 1, shift: int = 0
) -> None:
    """The package finds the smallest k for all labellings of up to five points, with certificates.

    The points lie on the moment curve, and the numbers of labellings must be binomial coefficients.
    """
    for n in range(1, 6):
        X = [[t**j for j in range(1, n + 1)] for t in (-1, 0, 1, 2, 3)[:n]]
        found = Counter(smallest_separable_k(X, y).k for y in product((0, 1), repeat=n))
        c = coins(n)
        claimed = {k + shift: Fraction(comb(c, k), 2**c) for k in range(c + 1)}
        assert {k: Fraction(f, 2**n) for k, f in found.items()} == claimed


@check(
    "numeric",
    mutants={
        "n fair coins": {"coins": lambda n: n},
        "the variance in the place of the deviation": {"deviation": lambda n: (n - 1) / 4},
    },
)
def random_labels(
    coins: Callable[[int], int] = lambda n: n - 1,
    deviation: Callable[[int], float] = lambda n: np.sqrt(n - 1) / 2,
) -> None:
    """The package's probabilities are compared with SciPy's binomial distribution."""
    for n in (2, 7, 100, 356):
        law = binom(coins(n), 0.5)
        cumulated = [cover_probability(n, k) for k in range(n)]
        np.testing.assert_allclose(cumulated, law.cdf(np.arange(n)), rtol=1e-9)
        masses, k = np.diff([0.0, *cumulated]), np.arange(n)
        mean = masses @ k
        assert abs(mean - (n - 1) / 2) < 1e-9
        assert abs(np.sqrt(masses @ (k - mean) ** 2) - deviation(n)) < 1e-9


# --- Why a probe turns over ---------------------------------------------------------------------


@check(
    "symbolic",
    mutants={
        "the gap is not doubled": {"gap": lambda G, P, p: G + p * P},
        "the polarity enters with the other sign": {"gap": lambda G, P, p: 2 * (G - p * P)},
    },
)
def gap_by_sympy(
    gap: Callable[[sp.Expr, sp.Expr, int], sp.Expr] = lambda G, P, p: 2 * (G + p * P),
) -> None:
    """SymPy inserts the model in two dimensions: all but gap and noise cancels in a difference.

    It also compares the inequalities of the theorem with the signs of the two gaps.
    """
    names = ("w", "G", "P", "mu", "e", "f")
    w, G, P, mu, e, f = (sp.Matrix(sp.symbols(f"{name}1:3")) for name in names)
    b = sp.Symbol("b")
    for p in (1, -1):
        true, false = (
            w.dot(mu + tau * G + tau * p * P + noise) + b for tau, noise in ((1, e), (-1, f))
        )
        assert sp.expand(true - false - gap(w.dot(G), w.dot(P), p) - w.dot(e - f)) == 0
    for g, h in product(range(-3, 4), repeat=2):
        assert (gap(g, h, 1) > 0 > gap(g, h, -1)) == (h > g > -h)


@check(
    "property",
    mutants={
        "the noise may depend on truth": {"shift": 3},
        "negated sentences are ranked alike": {"turned": lambda G, P: G + P > 0},
        "a gap of 0 is ranked rightly": {"side": lambda g: 1 if g >= 0 else -1},
    },
)
def turning(
    shift: int = 0,
    turned: Callable[[int, int], bool] = lambda G, P: P > G > -P,
    side: Callable[[int], int] = lambda g: (g > 0) - (g < 0),
) -> None:
    """Hypothesis draws w^T t_G, w^T t_P and scores of noise, each of which is equally likely.

    The AUROC of true and false scores is counted in fractions, and by the package.
    """

    @forall(
        G=st.integers(-4, 4), P=st.integers(-4, 4), noise=st.lists(st.integers(-9, 9), min_size=1)
    )
    def holds(G: int, P: int, noise: list[int]) -> None:
        found = {}
        for p in (1, -1):
            true, false = [G + p * P + e for e in noise], [-G - p * P + e + shift for e in noise]
            A = found[p] = exact_auroc(true, false)
            assert (A > HALF) - (A < HALF) == side(2 * (G + p * P))
            labels = np.repeat([1, 0], len(noise))
            assert abs(evaluate(true + false, labels).auroc - float(A)) < 1e-12
            if len(set(noise)) == 1:
                assert 1 + side(2 * (G + p * P)) == 2 * A
        assert (found[1] > HALF > found[-1]) == turned(G, P)

    holds()


@check(
    "exact",
    mutants={
        "the directions need not be equally long": {"stretch": 2},
        "the directions need not be orthogonal": {"tilt": 1},
    },
)
def blind(stretch: int = 1, tilt: int = 0) -> None:
    """Orthogonal integer vectors of equal length are added, and both products are formed."""
    for x, y in product(range(-4, 5), repeat=2):
        if (x, y) == (0, 0):
            continue
        t_G = np.array([x, y])
        t_P = stretch * np.array([-y, x]) + tilt * t_G
        w = t_G + t_P
        assert w @ t_P == w @ t_G > 0
        assert 2 * w @ (t_G - t_P) == 0 < 2 * w @ (t_G + t_P)


def statements(
    rng: np.random.Generator, sizes: Sequence[tuple[int, int]], extra: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return random integer activations, labels, polarities and numbers of balanced sets.

    Each set is given by its polarity and half its size; the first gets some more true sentences.
    """
    y, p, sets = [], [], []
    for i, (polarity, half) in enumerate(sizes):
        y += [1] * (half + extra * (i == 0)) + [0] * half
        p += [polarity] * (2 * half + extra * (i == 0))
        sets += [i] * (2 * half + extra * (i == 0))
    X = rng.integers(-9, 10, (len(y), 2)) + 20 * np.array(sets)[:, None]
    return X, np.array(y), np.array(p), np.array(sets)


def centred(X: np.ndarray, sets: np.ndarray) -> sp.Matrix:
    """Take from each row the mean over its set, in fractions."""
    rows = []
    for row, name in zip(X, sets, strict=True):
        own = X[sets == name]
        rows.append(
            [
                sp.Integer(int(v)) - sp.Rational(int(c), len(own))
                for v, c in zip(row, own.sum(0), strict=True)
            ]
        )
    return sp.Matrix(rows)


@check(
    "exact",
    mutants={
        "the whole difference of the means": {"share": 1},
        "negated sentences give the sum, too": {"sign": 1},
        "the sets need not be balanced": {"extra": 2},
    },
)
def half_gaps_exactly(share: Fraction | int = HALF, sign: int = -1, extra: int = 0) -> None:
    """The normal equations are solved in fractions, for random sets of two topics."""
    rng = np.random.default_rng(11)
    for sizes in [[(1, 2), (-1, 3)], [(1, 1), (1, 3), (-1, 2), (-1, 1)]]:
        X, y, p, sets = statements(rng, sizes, extra)
        A, tau = centred(X, sets), 2 * y - 1
        D = sp.Matrix([[int(t), int(t * q)] for t, q in zip(tau, p, strict=True)])
        t_G, t_P = ((D.T * D).inv() * D.T * A).tolist()
        for polarity, side in ((1, 1), (-1, sign)):
            means = []
            for label in (1, 0):
                rows = np.flatnonzero((y == label) & (p == polarity)).tolist()
                means.append([sum(A[r, j] for r in rows) / len(rows) for j in (0, 1)])
            for j in (0, 1):
                half = sp.nsimplify(share) * (means[0][j] - means[1][j])
                assert t_G[j] + side * t_P[j] == half


@check(
    "numeric",
    mutants={
        "half of the difference of the mean scores": {"share": 0.5},
        "the polarity is left out": {"sign": 0},
    },
)
def half_gaps(share: float = 1.0, sign: int = 1) -> None:
    """The package's directions and random probes: gaps are compared with differences of means.

    Scores are those of the activations as they are, of one affirmative and one negated set.
    """
    rng = np.random.default_rng(12)
    for _ in range(20):
        X, y, p, sets = statements(rng, [(1, 5), (-1, 8)])
        found, w = truth_directions(X, y, p, sets), rng.normal(size=2)
        for polarity in (1, -1):
            scores = X @ w + 0.7
            true = scores[(y == 1) & (p == polarity)].mean()
            false = scores[(y == 0) & (p == polarity)].mean()
            g = 2 * w @ (found.t_G + sign * polarity * found.t_P)
            assert abs(g - (true - false) / share) < 1e-9


@check(
    "numeric",
    mutants={
        "without the factor 2": {"factor": 1},
        "the sum of the squares": {"sign": 1},
        "sets of any size": {"sizes": ((1, 3), (-1, 9))},
    },
)
def mass_mean(
    factor: int = 2, sign: int = -1, sizes: Sequence[tuple[int, int]] = ((1, 5), (-1, 5))
) -> None:
    """The package's mass-mean probes are compared with its directions, on random balanced sets.

    The gap is that of the model; the rule must choose the nearer of the two means.
    """
    rng = np.random.default_rng(13)
    for _ in range(10):
        X, y, p, sets = statements(rng, sizes)
        found = truth_directions(X, y, p, sets)
        both = MassMean().fit(X, y)
        np.testing.assert_allclose(both.coef_[0], factor * found.t_G, atol=1e-9)
        X, y, p, sets = statements(rng, [(1, 4), (1, 7), (-1, 3)])
        found, told = truth_directions(X, y, p, sets), p == 1
        one = MassMean().fit(X[told], y[told])
        np.testing.assert_allclose(one.coef_[0], factor * (found.t_G + found.t_P), atol=1e-9)
        gap = 2 * one.coef_[0] @ (found.t_G - found.t_P)
        assert abs(gap - 4 * (found.t_G @ found.t_G + sign * found.t_P @ found.t_P)) < 1e-6
        means = [X[told & (y == label)].mean(axis=0) for label in (1, 0)]
        nearer = np.subtract(*[np.linalg.norm(X - m, axis=1) for m in means]) < 0
        np.testing.assert_array_equal(one.predict(X), nearer)


@check(
    "exact",
    mutants={
        "without the factor 2": {"factor": 1},
        "the sum of the squares": {"sign": 1},
        "sets of any size": {"sizes": ((1, 1), (-1, 3))},
    },
)
def mass_mean_exactly(
    factor: int = 2, sign: int = -1, sizes: Sequence[tuple[int, int]] = ((1, 2), (-1, 2))
) -> None:
    """Means and least squares of random integer activations are computed in fractions."""

    def gap(X: np.ndarray, y: np.ndarray) -> sp.Matrix:
        A = sp.Matrix(X.tolist())
        rows = [np.flatnonzero(y == label).tolist() for label in (1, 0)]
        means = [sum((A[r, :] for r in own), sp.zeros(1, 2)) / len(own) for own in rows]
        return means[0] - means[1]

    rng = np.random.default_rng(14)
    for _ in range(5):
        X, y, p, sets = statements(rng, sizes)
        D = sp.Matrix([[int(t), int(t * q)] for t, q in zip(2 * y - 1, p, strict=True)])
        t = (D.T * D).inv() * D.T * centred(X, sets)
        t_G, t_P = t[0, :], t[1, :]
        assert gap(X, y) == factor * t_G
        w = gap(X[p == 1], y[p == 1])
        assert w == factor * (t_G + t_P)
        assert 2 * w.dot(t_G - t_P) == 4 * (t_G.dot(t_G) + sign * t_P.dot(t_P))


@check(
    "property",
    mutants={
        "whenever the general direction is longer": {"both": lambda G, P, GP: P < G},
        "always": {"both": lambda G, P, GP: G > 0},
        "turns over already at equal lengths": {"turns": lambda G, P: P >= G},
    },
)
def mass_mean_on_both(
    both: Callable[[int, int, int], bool] = lambda G, P, GP: abs(GP) < G,
    turns: Callable[[int, int], bool] = lambda G, P: P > G,
) -> None:
    """Hypothesis draws the two directions; the gaps of both mass-mean probes are formed.

    The arguments of the conditions are the squared lengths and the product of the directions.
    """
    vector = st.lists(st.integers(-5, 5), min_size=2, max_size=2).map(np.array)

    @forall(t_G=vector, t_P=vector)
    def holds(t_G: np.ndarray, t_P: np.ndarray) -> None:
        G, P, GP = int(t_G @ t_G), int(t_P @ t_P), int(t_G @ t_P)
        gaps = [2 * (2 * t_G) @ (t_G + p * t_P) for p in (1, -1)]
        assert (min(gaps) > 0) == both(G, P, GP)
        if GP == 0 < G:
            assert min(gaps) > 0
        gaps = [2 * (2 * (t_G + t_P)) @ (t_G + p * t_P) for p in (1, -1)]
        assert (gaps[0] > 0 > gaps[1]) == turns(G, P)

    holds()


# --- What can go wrong --------------------------------------------------------------------------


@check(
    "numeric",
    mutants={
        "right answers in the test prove a separating plane": {"separable": True},
        "a separating plane is right on new points": {"least": 0.9},
    },
)
def separability_from_accuracy(separable: bool = False, least: float = 0.0) -> None:
    """Both examples are computed: a set that touches itself, and coin tosses in high dimension."""
    points, labels = [[-2.0], [-1.0], [0.0], [0.0], [1.0], [2.0]], [0, 0, 0, 1, 1, 1]
    probe = fit_logistic(points, labels)
    assert evaluate(probe.scores([[-3.0], [3.0]]), [0, 1]).accuracy == 1
    assert separability_certificate(points, labels).separable == separable
    rng = np.random.default_rng(15)
    cloud, coins = rng.standard_normal((160, 120)), rng.integers(0, 2, 160)
    half = separability_certificate(cloud[:80], coins[:80])
    assert half.separable
    assert separability_certificate(cloud, coins).separable
    accuracy = evaluate(cloud[80:] @ half.weights + half.bias, coins[80:]).accuracy
    assert least <= accuracy < 0.7


def words(pairs: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which words occur, labels and cities, where every two cities exchange countries."""
    n = 2 * pairs
    X, y = np.zeros((2 * n, 2 * n)), np.tile([1, 0], n)
    for row in range(2 * n):
        city = row // 2
        country = city if y[row] else city ^ 1
        X[row, city] = X[row, n + country] = 1
    return X, y, np.arange(2 * n) // 2


@check(
    "numeric",
    mutants={
        "balance of the whole balances the parts": {"below": 0.6, "above": 0.4},
        "there is something to learn by twos": {"learnt": True},
        "the word not changes nothing": {"mirrored": lambda A: A},
    },
)
def balanced_whole(
    below: float = 0.0,
    above: float = -0.1,
    learnt: bool = False,
    mirrored: Callable[[float], float] = lambda A: 1 - A,
) -> None:
    """Probes that see words only are trained on twelve invented cities, split in both ways.

    By city one of every two cities is held out, and the AUROC on it is 0; by twos all weights are
    0. For negated sentences the labels are turned round and one word is added.
    """
    X, y, city = words(6)
    parts = {"city": city % 2 == 0, "twos": city < 8}
    by_city, by_twos = (fit_logistic(X[part], y[part], C=1.0) for part in parts.values())
    held = ~parts["city"]
    A = evaluate(by_city.scores(X[held]), y[held]).auroc
    assert above < A <= below
    assert (max(abs(by_twos.weights)) > 1e-9) == learnt
    negated = evaluate(by_city.scores(X[held]) + 0.3, 1 - y[held]).auroc
    assert negated == mirrored(A)


@check(
    "exact",
    mutants={
        "a fifth, as many as are tested": {"share": Fraction(1, 5)},
        "none, as in one split": {"share": Fraction(0)},
    },
)
def two_seeds(share: Fraction = Fraction(4, 5)) -> None:
    """All pairs of splits of 5 and of 10 rows, a fifth of them for testing, are counted.

    For many rows the package's shares must be near it.
    """
    for n in (5, 10):
        tests = [set(test) for test in combinations(range(n), n // 5)]
        seen = sum(len(second - first) for first, second in product(tests, repeat=2))
        assert Fraction(seen, len(tests) ** 2 * (n // 5)) == share
    drawn = split_overlap(1000, np.random.default_rng(16), repeats=20)
    assert abs(np.mean(drawn) - float(share)) < 0.03


@check(
    "numeric",
    mutants={
        "liblinear leaves the bias alone": {"penalised": False},
        "the first weight grows by more than ten": {"growth": 10.0},
    },
)
def liblinear(penalised: bool = True, growth: float = 0.5) -> None:
    """scikit-learn's liblinear fits the two points of the book, and so does the package.

    A penalty on the bias ties it to the weight of the constant coordinate, w_2 = 5 b; without one
    that weight is 0. For larger C the weights grow on.
    """
    X, y, first = np.array([[0.0, 5.0], [2.0, 5.0]]), [0, 1], []
    for C in (1.0, 100.0, 10_000.0):
        assert abs(fit_logistic(X, y, C=C).weights[1]) < 1e-6
        model = LogisticRegression(
            C=C, solver="liblinear", tol=1e-6, max_iter=10_000, random_state=0
        ).fit(X, y)
        (w_1, w_2), b = model.coef_[0], model.intercept_[0]
        assert abs(w_2 - (5 * b if penalised else 0)) < 0.01 * abs(b)
        first.append(w_1)
    assert np.diff(first).min() > growth


@check(
    "numeric",
    mutants={
        "centring turns a probe round": {"mirrored": 1.0},
        "centring changes the AUROC": {"change": 0.1},
    },
)
def centring(mirrored: float = 0.0, change: float = 0.0) -> None:
    """A shifted copy and a shifted mirror image of a training set are scored, before and after."""
    rng = np.random.default_rng(17)
    labels = np.repeat([0, 1], 50)
    train = rng.standard_normal((100, 3)) + 5.0 * labels[:, None]
    probe = fit_logistic(train, labels, C=1.0)
    for X, wanted in [(train - 20, 1.0), (-train - 20, mirrored)]:
        before = evaluate(probe.scores(X), labels)
        after = evaluate(probe.scores(X - X.mean(axis=0) + train.mean(axis=0)), labels)
        assert before.accuracy == 0.5
        assert abs(before.accuracy_recentred - wanted) < 0.05
        assert abs(after.accuracy - wanted) < 0.05
        assert abs(after.auroc - before.auroc) == change


class Payload:
    """An object whose unpickling calls a function."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return eval, ("6 * 7",)


@check(
    "numeric",
    mutants={
        "a pickle is data only": {"found": "6 * 7"},
        "weights_only runs it as well": {"refused": False},
    },
)
def pickled_code(found: Any = 42, refused: bool = True) -> None:
    """An object with the instruction to work out 6 * 7 is saved in memory, and opened by torch."""
    stream = io.BytesIO()
    torch.save(Payload(), stream)
    stream.seek(0)
    assert torch.load(stream, weights_only=False) == found
    stream.seek(0)
    try:
        opened = torch.load(stream, weights_only=True) == found
    except pickle.UnpicklingError:
        opened = False
    assert opened != refused
