"""Checks of the claims of chapter 5, on lines, regions and shallow networks."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import cache
from itertools import chain, combinations, combinations_with_replacement, product
from math import comb, gcd, prod
from typing import Any

import numpy as np
import sympy as sp
from catalogue import check, forall
from hypothesis import strategies as st
from scipy import ndimage

from activations import lines
from activations.regions import PLANE, linear_regions

#: The affine function w . x + b as the integers (w, b), in any dimension.
Row = tuple[int, ...]
Rows = tuple[Row, ...]

#: The twelve lines with coefficients -1, 0 and 1, each once.
LINES: Rows = tuple((*w, b) for w in ((1, 0), (0, 1), (1, 1), (1, -1)) for b in (-1, 0, 1))
#: Neurons (w, b) of which some have the same line and one has none.
NEURONS: Rows = ((1, 0, 0), (-2, 0, 0), (0, 1, 0), (1, 1, 0), (1, 1, -1), (3, 0, 3), (0, 0, 1))
HALF = sp.Rational(1, 2)
#: The sides of the open box from (-1, -1/2) to (3/2, 2), positive inside.
BOX: Rows = ((1, 0, 1), (-2, 0, 3), (0, 2, 1), (0, -1, 2))
CORNERS = ((-1, Fraction(-1, 2)), (Fraction(3, 2), 2))


# What the checks share: it knows nothing of the package


def feasible(rows: Iterable[Row]) -> bool:
    """Say whether all these affine functions are positive at one point (Fourier and Motzkin)."""
    left = set(rows)
    while left and len(next(iter(left))) > 1:
        up, down = ([row for row in left if sign * row[0] > 0] for sign in (1, -1))
        flat = {row[1:] for row in left if row[0] == 0}
        left = flat | {
            tuple(p[0] * b - q[0] * a for a, b in zip(p[1:], q[1:], strict=True))
            for p in up
            for q in down
        }
    return all(constant > 0 for (constant,) in left)


@cache
def realised(rows: Rows, inside: Rows = ()) -> tuple[tuple[int, ...], ...]:
    """Give the sign vectors that occur where the functions of `inside` are positive."""
    if not rows:
        return ((),) if feasible(inside) else ()
    return tuple(
        (*signs, sign)
        for signs in realised(rows[:-1], inside)
        for sign in (-1, 1)
        if feasible([*inside, *turned(rows, (*signs, sign))])
    )


def turned(rows: Rows, signs: Sequence[int]) -> list[Row]:
    """Multiply each function by its sign."""
    return [tuple(s * value for value in row) for s, row in zip(signs, rows, strict=True)]


def subsets(rows: Sequence[Row], most: int) -> Iterable[Rows]:
    """Give all sets of at most so many rows."""
    return chain.from_iterable(combinations(rows, size) for size in range(most + 1))


def split(rows: Iterable[Row]) -> tuple[list[list[int]], list[int]]:
    """Return normals and offsets, as the package takes them."""
    rows = list(rows)
    return [list(row[:-1]) for row in rows], [row[-1] for row in rows]


def at(row: Row, point: Sequence[Any]) -> Any:
    """Evaluate an affine function."""
    return sum(w * x for w, x in zip(row[:-1], point, strict=True)) + row[-1]


def determinant(rows: Sequence[Sequence[Any]]) -> Any:
    """Expand a determinant along its first row."""
    if not rows:
        return 1
    minors = [[[*row[:k], *row[k + 1 :]] for row in rows[1:]] for k in range(len(rows))]
    return sum((-1) ** k * rows[0][k] * determinant(minor) for k, minor in enumerate(minors))


def rank(rows: Sequence[Row]) -> int:
    """Return the rank of an integer matrix, by elimination."""
    first = next((row for row in rows if any(row)), None)
    if first is None:
        return 0
    k = next(k for k, value in enumerate(first) if value)
    return 1 + rank(
        [tuple(first[k] * a - row[k] * b for a, b in zip(row, first, strict=True)) for row in rows]
    )


def crossings(rows: Rows) -> dict[tuple[Fraction, Fraction], int]:
    """Give each point in which lines cross with the number of lines through it."""
    through: dict[tuple[Fraction, Fraction], set[Row]] = {}
    for p, q in combinations(rows, 2):
        if z := determinant([p[:2], q[:2]]):
            x, y = p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2]
            through.setdefault((Fraction(x, z), Fraction(y, z)), set()).update((p, q))
    return {point: len(members) for point, members in through.items()}


def parallel_pairs(rows: Rows) -> bool:
    """Say whether two lines are parallel or equal."""
    return any(determinant([p[:2], q[:2]]) == 0 for p, q in combinations(rows, 2))


def general_position(rows: Rows) -> bool:
    """Say whether no two lines are parallel or equal and no three have a common point."""
    return not parallel_pairs(rows) and all(map(determinant, combinations(rows, 3)))


def line_and_factor(neuron: Row) -> tuple[Row, int]:
    """Write a neuron as t times the coprime function g of its line."""
    divisor = gcd(*neuron)
    factor = divisor if next(filter(None, neuron)) > 0 else -divisor
    return tuple(value // factor for value in neuron), factor


def lines_of(neurons: Iterable[Row]) -> Rows:
    """Give the distinct lines of the neurons that have one."""
    return tuple(dict.fromkeys(line_and_factor(row)[0] for row in neurons if any(row[:-1])))


def affine_map(neurons: Sequence[Row], outputs: Sequence[int], signs: dict[Row, int]) -> Row:
    """Return the affine function that a network is where its lines have these signs."""
    total = [0] * len(neurons[0]) if neurons else [0]
    for neuron, v in zip(neurons, outputs, strict=True):
        line, factor = line_and_factor(neuron)
        if (signs[line] * factor > 0) if any(neuron[:-1]) else neuron[-1] > 0:
            total = [a + v * b for a, b in zip(total, neuron, strict=True)]
    return tuple(total)


@cache
def brute_linear_regions(neurons: Rows, outputs: tuple[tuple[int, ...], ...]) -> int:
    """Count linear regions by their definition: flood the graph of equal neighbours."""
    own = lines_of(neurons)
    left = {
        signs: [affine_map(neurons, v, dict(zip(own, signs, strict=True))) for v in outputs]
        for signs in realised(own)
    }
    found = 0
    while left:
        found, reached = found + 1, [left.popitem()]
        while reached:
            here, map_here = reached.pop()
            # Two regions share a segment exactly if one line separates them.
            apart = {there: sum(s != t for s, t in zip(here, there, strict=True)) for there in left}
            joined = [s for s, lines_between in apart.items() if lines_between == 1]
            reached += [(s, left.pop(s)) for s in joined if left[s] == map_here]
    return found


def largest_number(n: Any) -> Any:
    """Return n (n + 1) / 2 + 1."""
    return n * (n + 1) / 2 + 1


WRONG_NUMBERS = {
    "one region fewer": {"largest": lambda n: n * (n + 1) / 2},
    "n - 1 in place of n + 1": {"largest": lambda n: n * (n - 1) / 2 + 1},
}


# Regions and sign vectors


@check(
    "numeric",
    mutants={
        "a domain that is not convex": {"domain": lambda x, y: abs(x**2 + y**2 - 5) < 4},
        "curves in place of lines": {"value": lambda row, x, y: row[0] * x**2 + row[1] * y - 1 / 2},
    },
)
def components_by_flooding(
    domain: Callable[..., Any] = lambda x, y: x**2 + y**2 < 9,
    value: Callable[..., Any] = lambda row, x, y: row[0] * x + row[1] * y + row[2],
) -> None:
    """On a fine grid in a disc, SciPy floods the points of each sign vector for all sets of at
    most three small lines: it finds each of them connected, and as many components as regions.
    """
    x, y = np.meshgrid(*2 * [np.arange(-3.5, 3.5, 1 / 12) + 1 / 50])
    for rows in subsets(LINES, 3):
        code = sum((2**k * (value(row, x, y) > 0) for k, row in enumerate(rows)), 0 * x)
        found = [ndimage.label(domain(x, y) & (code == s), np.ones((3, 3)))[1] for s in range(8)]
        assert max(found) == 1
        assert sum(found) == lines.count_regions(*split(rows))


@check(
    "exact",
    mutants={
        "a sign vector and its opposite count once": {
            "count": lambda signs: len({max(s, tuple(-t for t in s)) for s in signs})
        },
        "every sign vector occurs": {"count": lambda signs: 2 ** len(signs[0])},
    },
)
def regions_are_sign_vectors(count: Callable[..., int] = len) -> None:
    """For all sets of at most four small lines, in the plane and in a box, Fourier-Motzkin
    elimination says which sign vectors occur, and the package counts as many regions.
    """
    for rows in subsets(LINES, 4):
        assert count(realised(rows)) == lines.count_regions(*split(rows))
        assert count(realised(rows, BOX)) == lines.count_regions(*split(rows), CORNERS)
    assert set(realised(LINES[:9])) == set(
        map(tuple, lines.sign_vectors(*split(LINES[:9])).tolist())
    )


@check(
    "property",
    mutants={
        "functions that are not affine": {"value": lambda row, p: at(row, [x**2 for x in p])},
        "any sign of the product": {"same": lambda s, t: prod(s) == prod(t)},
    },
)
def sign_classes_are_convex(
    value: Callable[..., int] = at, same: Callable[..., bool] = lambda s, t: s == t
) -> None:
    """Hypothesis draws lines and two points; where both have one sign vector, so has each of nine
    points between them.
    """
    small = st.integers(-5, 5)
    points = st.tuples(small, small)

    @forall(rows=st.lists(st.tuples(small, small, small), max_size=3), p=points, q=points)
    def between(rows: list[Row], p: Row, q: Row) -> None:
        way = [
            tuple(Fraction((10 - k) * a + k * b, 10) for a, b in zip(p, q, strict=True))
            for k in range(11)
        ]
        signs = [[np.sign(value(row, point)) for row in rows] for point in way]
        if 0 not in signs[0] + signs[-1] and same(signs[0], signs[-1]):
            assert all(same(signs[0], on_the_way) for on_the_way in signs)

    between()


# The largest number of regions


@check(
    "exact",
    mutants={
        **WRONG_NUMBERS,
        "that no two lines are parallel suffices": {
            "general": lambda rows: not parallel_pairs(rows)
        },
        "that no three lines meet suffices": {
            "general": lambda rows: max(crossings(rows).values(), default=2) == 2
        },
    },
)
def steiner_by_enumeration(
    largest: Callable[[int], float] = largest_number,
    general: Callable[[Rows], bool] = general_position,
) -> None:
    """For all sets of at most four small lines the sign vectors that occur are counted; they are
    as many as the bound says exactly where determinants say that the lines are in general position.
    """
    for rows in subsets(LINES, 4):
        assert len(realised(rows)) <= largest(len(rows))
        assert (len(realised(rows)) == largest(len(rows))) == general(rows)


@check("exact", mutants=WRONG_NUMBERS)
def steiner_is_attained(largest: Callable[[int], float] = largest_number) -> None:
    """The tangents of a parabola are in general position and have the largest number of regions,
    for up to five lines by their sign vectors and for up to thirty by the package.
    """
    for n in range(31):
        tangents = lines.parabola_tangents(n)
        assert lines.in_general_position(*tangents)
        assert lines.count_regions(*tangents) == largest(n)
    rows = tuple((-2 * i, 1, i**2) for i in range(1, 6))
    assert general_position(rows)
    assert [len(realised(rows[:n])) for n in range(6)] == [largest(n) for n in range(6)]


@check(
    "symbolic",
    mutants={
        **WRONG_NUMBERS,
        "the pairs are left out": {"binomials": (0, 1)},
    },
)
def steiner_by_sympy(
    largest: Callable[[sp.Expr], sp.Expr] = largest_number, binomials: tuple[int, ...] = (0, 1, 2)
) -> None:
    """SymPy adds up the pieces of one line after the other, expands the binomials, and finds both
    equal to the closed form.
    """
    n, k = sp.symbols("n k", integer=True, nonnegative=True)
    assert sp.expand(1 + sp.summation(k, (k, 1, n)) - largest(n)) == 0
    total = sum(sp.expand_func(sp.binomial(n, i)) for i in binomials)
    assert sp.expand(total - largest(n)) == 0


@check(
    "symbolic",
    mutants={
        "a wrong sign of the product": {"crossing": lambda i, j: ((i + j) / 2, -i * j)},
        "not halved": {"crossing": lambda i, j: (i + j, i * j)},
        "a wrong value on the third tangent": {"value": lambda i, j, k: (k - i) * (k + j)},
    },
)
def tangents_cross_in_pairs(
    crossing: Callable[..., tuple[sp.Expr, sp.Expr]] = lambda i, j: ((i + j) / 2, i * j),
    value: Callable[..., sp.Expr] = lambda i, j, k: (k - i) * (k - j),
) -> None:
    """SymPy puts the crossing of the tangents i and j into the equations of both and of a third."""
    i, j, k = sp.symbols("i j k")
    x, y = crossing(i, j)
    on_tangent = [sp.expand(y - 2 * t * x + t**2) for t in (i, j, k)]
    assert on_tangent[:2] == [0, 0]
    assert sp.expand(on_tangent[2] - value(i, j, k)) == 0


# Folds


@check(
    "symbolic",
    mutants={
        "the factor keeps its sign": {"share": lambda v, t: v * t},
        "the factor is dropped": {"share": lambda v, t: v},
        "not halved": {"half": 1},
    },
)
def folds_by_sympy(
    share: Callable[..., sp.Expr] = lambda v, t: v * sp.Abs(t), half: sp.Expr = HALF
) -> None:
    """SymPy writes two neurons on one line as an affine function of g and half of kappa |g|."""
    g, s, t, v, u = sp.symbols("g s t v u", real=True)
    neurons = v * sp.Max(0, s * g) + u * sp.Max(0, t * g)
    affine = (v * s + u * t) * g / 2
    kappa = share(v, s) + share(u, t)
    folded = affine + half * kappa * sp.Abs(g)
    assert sp.simplify(sp.expand(neurons.rewrite(sp.Abs) - folded)) == 0


@check(
    "exact",
    mutants={
        "the factor keeps its sign": {"share": lambda v, t: v * t},
        "the factor is dropped": {"share": lambda v, t: v},
        "each line of a neuron is a fold": {"survives": lambda kappa: True},
    },
)
def folds_by_enumeration(
    share: Callable[..., int] = lambda v, t: v * abs(t),
    survives: Callable[[int], bool] = lambda kappa: kappa != 0,
) -> None:
    """For all networks with three neurons from a list, the affine function of each activation
    region is summed up from its active neurons: across each line it grows by kappa g, and flooding
    the regions with equal functions leaves the regions of the lines with kappa other than zero.
    """
    for neurons in combinations_with_replacement(NEURONS, 3):
        own = lines_of(neurons)
        for v in product((-1, 2), repeat=3):
            kappa = dict.fromkeys(own, 0)
            for neuron, weight in zip(neurons, v, strict=True):
                line, factor = line_and_factor(neuron)
                if line in kappa:
                    kappa[line] += share(weight, factor)
            maps = {
                s: affine_map(neurons, v, dict(zip(own, s, strict=True))) for s in realised(own)
            }
            for signs, k in product(maps, range(len(own))):
                across = (*signs[:k], -1, *signs[k + 1 :])
                if signs[k] > 0 and across in maps:
                    jump = [a - b for a, b in zip(maps[signs], maps[across], strict=True)]
                    assert jump == [kappa[own[k]] * value for value in own[k]]
            folds = tuple(line for line in own if survives(kappa[line]))
            assert brute_linear_regions(neurons, (v,)) == len(realised(folds))


@check(
    "property",
    mutants={
        "not halved": {"half": 1},
        "a wrong sign": {"half": Fraction(-1, 2)},
    },
)
def folds_leave_an_affine_rest(half: Fraction = Fraction(1, 2)) -> None:
    """Hypothesis draws networks and points; without the package's folds a network's value in the
    middle of two points is the mean of its values there, in fractions.
    """
    small = st.integers(-3, 3)
    rows = st.lists(st.tuples(small, small, small, small), min_size=1, max_size=5)

    @forall(rows=rows, points=st.tuples(*4 * [st.integers(-9, 9)]))
    def rest_is_affine(rows: list[Row], points: Row) -> None:
        (W, b), v = split(row[:3] for row in rows), [row[3] for row in rows]
        found = lines.network_lines(W, b, v)

        def rest(p: tuple[Fraction, Fraction]) -> Fraction:
            network = sum(
                weight * max(at(row[:3], p), 0) for row, weight in zip(rows, v, strict=True)
            )
            folds = zip(found.lines, found.jumps, strict=True)
            return network - half * sum(kappa * abs(at(line, p)) for line, (kappa,) in folds)

        x, y, s, t = points
        middle = rest((Fraction(x + s, 2), Fraction(y + t, 2)))
        assert 2 * middle == rest((x, y)) + rest((s, t))

    rest_is_affine()


@check(
    "exact",
    mutants={
        "a line disappears if it does in one output": {"survives": all},
        "a line is a fold of every output": {"survives": lambda jump: True},
    },
)
def folds_of_two_outputs(survives: Callable[..., bool] = any) -> None:
    """For small networks with two outputs, flooding the regions with equal affine maps leaves the
    regions of the lines that are a fold of at least one output.
    """
    for neurons in combinations_with_replacement(NEURONS[:5], 3):
        own = lines_of(neurons)
        for v, u in [((1, 2, -1), (2, 1, 1)), ((0, 1, -1), (0, 2, -3)), ((2, 1, 0), (0, 0, 1))]:
            kappa = {line: [0, 0] for line in own}
            for neuron, weights in zip(neurons, zip(v, u, strict=True), strict=True):
                line, factor = line_and_factor(neuron)
                kappa[line] = [
                    k + w * abs(factor) for k, w in zip(kappa[line], weights, strict=True)
                ]
            folds = tuple(line for line in own if survives(kappa[line]))
            regions = brute_linear_regions(neurons, (v, u))
            assert regions == len(realised(folds))
            assert regions == lines.count_linear_regions(*split(neurons), [v, u])


# The answer


def best_possible(rows: Rows, outputs: Sequence[int]) -> bool:
    """Say whether a network meets the conditions of the theorem."""
    return all(outputs) and all(any(row[:-1]) for row in rows) and general_position(rows)


@check(
    "exact",
    mutants={
        **WRONG_NUMBERS,
        "an output weight may be zero": {
            "conditions": lambda rows, v: best_possible(rows, [1] * len(v))
        },
        "a normal may be zero": {"conditions": lambda rows, v: all(v) and general_position(rows)},
        "three lines may meet": {"conditions": lambda rows, v: all(v) and not parallel_pairs(rows)},
    },
)
def maximum_by_enumeration(
    largest: Callable[[int], float] = largest_number,
    conditions: Callable[..., bool] = best_possible,
) -> None:
    """For all networks with at most three neurons from a list, linear regions are counted by
    flooding equal neighbours, and compared with the bound, its conditions, and the package.
    """
    for n in range(4):
        for rows in combinations_with_replacement(NEURONS, n):
            for v in product((-1, 0, 2), repeat=n):
                regions = brute_linear_regions(rows, (v,))
                assert regions <= largest(n)
                assert (regions == largest(n)) == conditions(rows, v)
                assert n == 0 or regions == lines.count_linear_regions(*split(rows), v)


@check("numeric", mutants=WRONG_NUMBERS)
def maximum_by_subdivision(largest: Callable[[int], float] = largest_number) -> None:
    """The package's program for networks of any depth, which knows no arrangements, finds the
    regions of the tangents of a parabola one by one.
    """
    for n in range(1, 13):
        network = [lines.parabola_tangents(n), (np.ones((1, n)), [0])]
        assert linear_regions(network, PLANE).n_linear_regions == largest(n)


@check(
    "symbolic",
    mutants={"n - 1 in place of n + 1": {"largest": lambda m: m * (m - 1) / 2 + 1}},
)
def maximum_grows_strictly(largest: Callable[[sp.Expr], sp.Expr] = largest_number) -> None:
    """SymPy finds that the bound for m + 1 lines exceeds that for m lines by a positive number."""
    m = sp.symbols("m", integer=True, nonnegative=True)
    assert sp.expand(largest(m + 1) - largest(m)).is_positive


# With probability one


def zero_shares(size: int, variables: int) -> tuple[np.ndarray, np.ndarray]:
    """Count the zeros on a grid of all small polynomials that are linear in each variable."""
    exponents = np.array(list(product((0, 1), repeat=variables)))
    grid = np.array(list(product(range(size), repeat=variables)))
    monomials = np.prod(grid[:, None, :] ** exponents, axis=2)
    coefficients = np.array(list(product((-1, 0, 1), repeat=len(exponents))))
    return coefficients, (coefficients @ monomials.T == 0).sum(axis=1)


@check(
    "exact",
    mutants={
        "all coefficients may be zero": {"excluded": lambda coefficients: coefficients[:, 0] > 9},
        "finitely many zeros": {"bound": lambda m, N: N},
    },
)
def zeros_are_few_on_grids(
    excluded: Callable[..., Any] = lambda coefficients: ~coefficients.any(axis=1),
    bound: Callable[[int, int], int] = lambda m, N: m**N - (m - 1) ** N,
) -> None:
    """All polynomials with coefficients -1, 0 and 1 that are linear in each of up to three
    variables have at most m^N - (m-1)^N zeros among the m^N points of a grid, a share that tends
    to zero.
    """
    for variables, m in product((1, 2, 3), (2, 3, 5)):
        coefficients, zeros = zero_shares(m, variables)
        assert max(zeros[~excluded(coefficients)]) <= bound(m, variables)


@check(
    "property",
    mutants={
        "all coefficients may be zero": {"drawn": lambda values: True},
        "no more zeros than the degree says": {"bound": lambda degree, m, N: degree},
    },
)
def zeros_are_few_on_grids_of_any_polynomial(
    drawn: Callable[..., bool] = any,
    bound: Callable[..., int] = lambda degree, m, N: degree * m ** (N - 1),
) -> None:
    """Hypothesis draws polynomials in two variables and a shift of the grid; of its m^2 points at
    most (degree) m are zeros, so the zero set has at most the share degree / m of any square.
    """
    coefficients = st.lists(st.integers(-2, 2), min_size=9, max_size=9)

    @forall(values=coefficients, shift=st.tuples(st.integers(-6, 6), st.integers(-6, 6)))
    def few(values: list[int], shift: tuple[int, int]) -> None:
        if not drawn(values):
            return
        table = np.array(values).reshape(3, 3)
        degree = max((i + j for i, j in np.argwhere(table)), default=0)
        grid = np.meshgrid(*(place + np.arange(12) for place in shift))
        found = np.polynomial.polynomial.polyval2d(*grid, table)
        assert (found == 0).sum() <= bound(degree, 12, 2)

    few()


@check(
    "numeric",
    mutants={
        "a piecewise polynomial": {"function": lambda p: np.maximum(p, 0)},
        "the zero polynomial": {"function": lambda p: p - p},
    },
)
def random_points_are_no_zeros(function: Callable[..., Any] = lambda p: p) -> None:
    """Of a hundred thousand random points of a lattice with two million steps a side, none is a
    zero of the determinant of three lines, in integers.
    """
    rows = np.random.default_rng(5).integers(-(2**20), 2**20, size=(100_000, 3, 3))
    a, b, c = rows.transpose(1, 0, 2)
    assert (function((a * np.cross(b, c)).sum(axis=1)) != 0).all()


def degenerate(neurons: Rows, outputs: Sequence[int], kinds: str) -> int:
    """Multiply the polynomials of the theorem on random networks: v, w, pairs, triples."""
    factors = {
        "v": outputs,
        "w": [row[0] for row in neurons],
        "pairs": [determinant([p[:2], q[:2]]) for p, q in combinations(neurons, 2)],
        "triples": [determinant(triple) for triple in combinations(neurons, 3)],
    }
    return prod(chain.from_iterable(factors[kind] for kind in kinds.split()))


@check(
    "exact",
    mutants={
        "the triples are left out": {"kinds": "v w pairs"},
        "the pairs are left out": {"kinds": "v w triples"},
        "the output weights are left out": {"kinds": "w pairs triples"},
    },
)
def generic_networks_attain_the_bound(kinds: str = "v w pairs triples") -> None:
    """For all networks of up to three neurons from a small list, the regions are counted by
    flooding wherever the polynomials of the proof have a product other than zero.
    """
    pool = [(1, 0, 0), (1, 0, 1), (2, 1, 0), (1, -1, 0), (1, 1, -1), (0, 1, 1)]
    for n in (1, 2, 3):
        for neurons, v in product(combinations(pool, n), product((0, 1, -2), repeat=n)):
            if degenerate(neurons, v, kinds):
                assert brute_linear_regions(neurons, (v,)) == largest_number(n)


@check(
    "symbolic",
    mutants={
        "two neurons share their weights": {
            "tied": ("w21", "w22", "b2"),
            "to": ("w11", "w12", "b1"),
        },
        "all lines pass through the origin": {"tied": ("b1", "b2", "b3"), "to": (0, 0, 0)},
    },
)
def generic_polynomials_by_sympy(tied: tuple[str, ...] = (), to: tuple[Any, ...] = ()) -> None:
    """SymPy expands the polynomials of the proof for three neurons and finds in each a monomial
    with coefficient one.
    """
    rows = sp.Matrix(3, 3, sp.symbols("w11 w12 b1 w21 w22 b2 w31 w32 b3"))
    rows = rows.subs(dict(zip(map(sp.Symbol, tied), map(sp.sympify, to), strict=True)))
    pairs = [rows[[i, j], :2].det() for i, j in combinations(range(3), 2)]
    for polynomial in [*sp.symbols("v1:4"), *rows[:, 0], *pairs, rows.det()]:
        assert 1 in sp.expand(polynomial).as_coefficients_dict().values()


@check(
    "numeric",
    mutants={
        "integers, which have no density": {"draw": lambda rng, n: rng.integers(1, 9, (n, 4))},
        "one region fewer": {"largest": lambda n: n * (n + 1) / 2},
        "all neurons alike, which has no joint density": {
            "draw": lambda rng, n: np.tile(rng.normal(size=(1, 4)), (n, 1))
        },
    },
)
def random_networks_attain_the_bound(
    draw: Callable[..., Any] = lambda rng, n: rng.normal(size=(n, 4)) @ np.triu(np.ones((4, 4))),
    largest: Callable[[int], float] = largest_number,
) -> None:
    """Networks whose four numbers of each neuron are drawn from a normal distribution, dependent on
    one another, are counted by the package in exact arithmetic.
    """
    rng = np.random.default_rng(5)
    for n in range(2, 12):
        for _ in range(5):
            rows = draw(rng, n)
            assert lines.count_linear_regions(rows[:, :2], rows[:, 2], rows[:, 3]) == largest(n)


# Tangents of a parabola


def intervals(n: int) -> set[tuple[int, ...]]:
    """Return the sets of consecutive numbers from 1 to n, and the empty set."""
    return {()} | {tuple(range(a, b + 1)) for b in range(n + 1) for a in range(1, b + 1)}


@check(
    "symbolic",
    mutants={
        "the product of the roots has the wrong sign": {
            "form": lambda x, y, i: (x - i) ** 2 - x**2 - y
        },
        "2 is dropped": {"tangent": lambda x, y, i: y - i * x + i**2},
    },
)
def tangent_is_a_difference(
    tangent: Callable[..., sp.Expr] = lambda x, y, i: y - 2 * i * x + i**2,
    form: Callable[..., sp.Expr] = lambda x, y, i: (x - i) ** 2 - (x**2 - y),
) -> None:
    """SymPy expands both forms, and finds that the line touches the parabola at i."""
    x, y, i = sp.symbols("x y i")
    assert sp.expand(tangent(x, y, i) - form(x, y, i)) == 0
    assert sp.roots(tangent(x, x**2, i), x) == {i: 2}


@check(
    "exact",
    mutants={
        "without the empty set": {"expected": lambda n: intervals(n) - {()}},
        "all sets": {
            "expected": lambda n: {
                s for k in range(n + 1) for s in combinations(range(1, n + 1), k)
            }
        },
        "tangents of a cubic": {"tangent": lambda i: (-3 * (i - 2) ** 2, 1, 2 * (i - 2) ** 3)},
    },
)
def regions_are_intervals(
    expected: Callable[[int], set[tuple[int, ...]]] = intervals,
    tangent: Callable[[int], Row] = lambda i: (-2 * i, 1, i**2),
) -> None:
    """For up to six tangents, the negative positions of all sign vectors that occur are listed and
    compared with all intervals, and so are the cells that the package finds in a large box.
    """
    for n in range(7):
        rows = tuple(map(tangent, range(1, n + 1)))
        negative = [tuple(i for i, s in enumerate(signs, 1) if s < 0) for signs in realised(rows)]
        assert len(negative) == len(set(negative)) == largest_number(n)
        assert set(negative) == expected(n)
        found = lines.cells(*lines.parabola_tangents(n), box=((-60, -60), (60, 60)))
        assert sorted(cell.negative for cell in found) == sorted(expected(n))


@check(
    "symbolic",
    mutants={
        "the radius ends at the interval's ends": {"radius": lambda a, b: (b - a) / 2},
        "n in place of n + 1": {"number": lambda n: n * n / 2 + 1},
    },
)
def intervals_by_sympy(
    radius: Callable[..., sp.Expr] = lambda a, b: (b - a + 1) / 2,
    number: Callable[[sp.Expr], sp.Expr] = largest_number,
) -> None:
    """SymPy factors the tangent i at the proof's point for a, ..., b: its zeros in i are a - 1/2
    and b + 1/2, so it is negative exactly at the integers from a to b; and it counts the pairs.
    """
    a, b, i, n = sp.symbols("a b i n", positive=True, integer=True)
    x = (a + b) / 2
    y = x**2 - radius(a, b) ** 2
    assert sp.expand(y - 2 * i * x + i**2 - (i - (a - HALF)) * (i - (b + HALF))) == 0
    pairs = sp.summation(sp.summation(1, (b, a, n)), (a, 1, n))
    assert sp.expand(1 + pairs - number(n)) == 0


@check(
    "property",
    mutants={
        "the roots are x + y and x - y": {"roots": lambda x, y: (x - y, x + y)},
        "negative outside of the roots": {"sign": -1},
    },
)
def tangents_lie_between_the_roots(
    roots: Callable[..., tuple[float, float]] = lambda x, y: (
        x - (x * x - y) ** 0.5,
        x + (x * x - y) ** 0.5,
    ),
    sign: int = 1,
) -> None:
    """Hypothesis draws points below the parabola whose polynomial has rational roots; their mean
    is x, their product y, and it is negative at exactly those numbers that lie between them.
    """
    quarters = st.integers(-40, 40)

    @forall(x=quarters, r=st.integers(1, 40), t=quarters)
    def between(x: int, r: int, t: int) -> None:
        x, r, t = (value / 4 for value in (x, r, t))
        y = x * x - r * r
        low, high = roots(x, y)
        assert (low + high, low * high) == (2 * x, y)
        assert (sign * (t * t - 2 * x * t + y) < 0) == (low < t < high)

    between()


# Shattering


@check(
    "exact",
    mutants={
        "two lines are never shattered": {"number": 2},
        "the same for functions on space": {"dimension": 3},
    },
)
def three_lines_by_enumeration(number: int = 3, dimension: int = 2) -> None:
    """For all triples of affine functions with coefficients -1, 0 and 1, constants among them,
    elimination finds a sign vector that does not occur.
    """
    functions = tuple(product((-1, 0, 1), repeat=dimension + 1))
    for rows in combinations_with_replacement(functions, number):
        assert len(realised(rows)) < 2**number


@check(
    "symbolic",
    mutants={
        "a minor has the wrong sign": {"signs": (1, -1, 1)},
        "the gradients have three components": {"dimension": 3},
    },
)
def three_lines_by_sympy(signs: tuple[int, int, int] = (1, 1, 1), dimension: int = 2) -> None:
    """SymPy takes the minors of the gradients as coefficients, which are not all zero unless the
    lines are parallel; the combination is constant, so it cannot be positive and negative.
    """
    w = sp.Matrix(3, dimension, lambda i, k: sp.Symbol(f"w{i}{k}"))
    x, b = sp.Matrix(sp.symbols(f"x:{dimension}")), sp.Matrix(sp.symbols("b:3"))
    minors = [w[[1, 2], :2].det(), w[[2, 0], :2].det(), w[[0, 1], :2].det()]
    coefficients = sp.Matrix([s * minor for s, minor in zip(signs, minors, strict=True)])
    constant = sp.expand(coefficients.dot(w * x + b))
    assert not constant.free_symbols & x.free_symbols


@check(
    "exact",
    mutants={
        "more sets than members": {"fewest": lambda members: members + 1},
        "one binomial fewer": {"most": lambda n, d: sum(comb(n, i) for i in range(d))},
    },
)
def sauer_shelah_for_all_families(
    fewest: Callable[[Any], Any] = lambda members: members,
    most: Callable[[int, int], int] = lambda n, d: sum(comb(n, i) for i in range(d + 1)),
) -> None:
    """All 65 536 families of sign vectors of length four, and all of shorter ones, are tested at
    once: a family is the set of ones of a binary number.
    """
    for n in range(5):
        vectors = list(product((-1, 1), repeat=n))
        families = np.arange(2 ** len(vectors))
        members = sum(((families >> k) & 1 for k in range(len(vectors))), 0 * families)
        shattered, largest = 0 * families, 0 * families - 1
        for size in range(n + 1):
            for positions in combinations(range(n), size):
                hits = np.ones_like(families, dtype=bool)
                for pattern in product((-1, 1), repeat=size):
                    agree = [tuple(v[i] for i in positions) == pattern for v in vectors]
                    hits &= (families & sum(2**k for k, a in enumerate(agree) if a)) > 0
                shattered += hits
                largest = np.where(hits, size, largest)
        assert (shattered >= fewest(members)).all()
        for d in range(-1, n + 1):
            assert members[largest <= d].max() <= most(n, d)


@check(
    "property",
    mutants={
        "more sets than members": {"fewest": lambda members: members + 1},
        "one binomial fewer": {"most": lambda n, d: sum(comb(n, i) for i in range(d))},
    },
)
def sauer_shelah_for_random_families(
    fewest: Callable[[int], int] = lambda members: members,
    most: Callable[[int, int], int] = lambda n, d: sum(comb(n, i) for i in range(d + 1)),
) -> None:
    """Hypothesis draws families of vectors of length six; the package lists what they shatter."""
    vectors = st.tuples(*6 * [st.sampled_from((-1, 1))])

    @forall(family=st.sets(vectors, min_size=1, max_size=40))
    def shatters(family: set[tuple[int, ...]]) -> None:
        found = lines.shattered_sets(sorted(family))
        assert len(found) >= fewest(len(family))
        assert len(family) <= most(6, max(map(len, found)))

    shatters()


@check(
    "exact",
    mutants={
        "parallel lines too": {"general": lambda rows: True},
        "only single lines": {"largest": 1},
    },
)
def pairs_are_shattered(
    general: Callable[[Rows], bool] = general_position, largest: int = 2
) -> None:
    """For all sets of at most four small lines in general position the package lists the sets that
    the sign vectors shatter: those of at most two lines.
    """
    for rows in subsets(LINES, 4):
        if rows and general(rows):
            expected = [s for k in range(largest + 1) for s in combinations(range(len(rows)), k)]
            assert sorted(lines.shattered_sets(realised(rows))) == sorted(expected)


# Any arrangement


@check(
    "exact",
    mutants={
        "pairs in place of m - 1": {"weight": lambda m: m * (m - 1) // 2},
        "each crossing counts once": {"weight": lambda m: 1},
        "m in place of m - 1": {"weight": lambda m: m},
    },
)
def any_arrangement_by_enumeration(weight: Callable[[int], int] = lambda m: m - 1) -> None:
    """For all sets of at most four small lines, and for all twelve, the sign vectors that occur are
    counted and compared with the sum over the crossings.
    """
    for rows in (*subsets(LINES, 4), LINES):
        counted = 1 + len(rows) + sum(weight(m) for m in crossings(rows).values())
        assert len(realised(rows)) == counted


@check(
    "symbolic",
    mutants={
        "the arcs of the circle are forgotten": {"arcs": 0},
        "a line has as many pieces as crossings": {"more_pieces": 0},
        "Euler's formula for the torus": {"euler": 0},
    },
)
def any_arrangement_by_euler(arcs: int = 2, more_pieces: int = 1, euler: int = 2) -> None:
    """SymPy solves Euler's formula of the closed graph for the number of regions, with n lines and
    four crossings of any multiplicities.
    """
    n, r, *m = sp.symbols("n r m1:5")
    vertices = len(m) + 2 * n
    edges = arcs * n + sum(m) + more_pieces * n
    (regions,) = sp.solve(vertices - edges + (r + 1) - euler, r)
    assert sp.expand(regions - (1 + n + sum(p - 1 for p in m))) == 0


@check(
    "symbolic",
    mutants={
        "pairs in place of m - 1": {"weight": lambda m: m * (m - 1) / 2},
        "m in place of m - 1": {"weight": lambda m: m},
    },
)
def any_arrangement_in_families(weight: Callable[[Any], Any] = lambda m: m - 1) -> None:
    """SymPy compares the formula with families whose regions can be seen: grids, pencils, pencils
    with one more line across, and parallel lines.
    """
    a, b, m = sp.symbols("a b m", positive=True, integer=True)

    def formula(n: Any, points: list[tuple[Any, Any]]) -> Any:
        return sp.expand(1 + n + sum(many * weight(k) for k, many in points))

    assert formula(a + b, [(2, a * b)]) == sp.expand((a + 1) * (b + 1))
    assert formula(m, [(m, 1)]) == 2 * m
    assert formula(m + 1, [(m, 1), (2, m)]) == 2 * m + (m + 1)
    assert formula(a, []) == a + 1


@check(
    "property",
    mutants={
        "each crossing counts once": {"weight": lambda m: 1},
        "pairs in place of m - 1": {"weight": lambda m: m * (m - 1) // 2},
    },
)
def any_arrangement_of_random_lines(weight: Callable[[Any], Any] = lambda m: m - 1) -> None:
    """Hypothesis draws lines, many of them parallel, equal or concurrent; the package counts the
    regions by induction and finds the crossings.
    """
    small = st.integers(-2, 2)
    line = st.tuples(small, small, small).filter(lambda row: any(row[:2]))

    @forall(rows=st.lists(line, max_size=9))
    def adds_up(rows: list[Row]) -> None:
        distinct = lines.distinct_lines(*split(rows))[0] if rows else []
        points = lines.vertices(*split(rows)).multiplicities.tolist()
        counted = 1 + len(distinct) + sum(map(weight, points))
        assert lines.count_regions(*split(rows)) == counted

    adds_up()


@check(
    "symbolic",
    mutants={
        "m in place of m - 1": {"weight": lambda m: m},
        "the wrong binomial": {"rest": lambda m: sp.binomial(m, 2)},
    },
)
def crossings_and_pairs(
    weight: Callable[[sp.Expr], sp.Expr] = lambda m: m - 1,
    rest: Callable[[sp.Expr], sp.Expr] = lambda m: sp.binomial(m - 1, 2),
) -> None:
    """SymPy expands the binomials and puts m = 2 + k: their difference is zero for k = 0 and
    positive for k >= 1.
    """
    k = sp.symbols("k", positive=True, integer=True)
    m = sp.symbols("m")
    difference = sp.expand_func(sp.binomial(m, 2)) - weight(m)
    assert sp.expand(difference - sp.expand_func(rest(m))) == 0
    assert difference.subs(m, 2) == 0
    assert sp.expand(difference.subs(m, k + 2)).is_positive


@check(
    "exact",
    mutants={
        "equalities wherever no two lines are parallel": {
            "general": lambda rows: not parallel_pairs(rows)
        },
        "strictly fewer crossings than pairs": {"slack": 1},
        "m in place of m - 1": {"weight": lambda m: m},
    },
)
def crossings_and_pairs_by_enumeration(
    weight: Callable[[int], int] = lambda m: m - 1,
    general: Callable[[Rows], bool] = general_position,
    slack: int = 0,
) -> None:
    """For all sets of at most four small lines the three numbers are computed; they are equal
    exactly where determinants say that the lines are in general position.
    """
    for rows in subsets(LINES, 4):
        through = crossings(rows).values()
        first, second = sum(map(weight, through)), sum(comb(m, 2) for m in through)
        third = comb(len(rows), 2)
        assert first <= second <= third - slack
        assert (first == second == third) == general(rows)


@check(
    "exact",
    mutants={
        "the number 2 of a closed graph": {"euler": 2},
        "without the unbounded pieces": {"pieces": lambda k: k - 1},
    },
)
def euler_in_the_plane(euler: int = 1, pieces: Callable[[int], int] = lambda k: k + 1) -> None:
    """For all sets of at most four small lines, vertices and pieces are counted along each line and
    regions as sign vectors, and the package counts all three.
    """
    for rows in subsets(LINES, 4):
        points = crossings(rows)
        edges = sum(pieces(sum(at(row, p) == 0 for p in points)) for row in rows)
        assert len(points) - edges + len(realised(rows)) == euler
        assert lines.planar_counts(*split(rows)) == (len(points), edges, len(realised(rows)))


# Any dimension


@cache
def arrangements() -> tuple[tuple[int, Rows], ...]:
    """Draw arrangements of small hyperplanes in one, two and three dimensions."""
    rng, found = np.random.default_rng(5), list[tuple[int, Rows]]()
    for dimension, number in product((1, 2, 3), (0, 1, 2, 3, 4, *20 * [5])):
        drawn = [tuple(row) for row in rng.integers(-1, 2, (9, dimension + 1)).tolist()]
        found.append((dimension, lines_of(row for row in drawn if any(row))[:number]))
    return tuple(found)


def restrict(rows: Iterable[Row], plane: Row) -> Rows:
    """Restrict affine functions to a hyperplane, in all its coordinates but one."""
    k = next(k for k, value in enumerate(plane) if value)
    size, sign = abs(plane[k]), 1 if plane[k] > 0 else -1
    mixed = (
        [size * a - sign * row[k] * b for a, b in zip(row, plane, strict=True)] for row in rows
    )
    return tuple((*row[:k], *row[k + 1 :]) for row in mixed)


@check(
    "exact",
    mutants={
        "the restriction is counted in all of H": {"domain": lambda inside, plane: ()},
        "H cuts every region": {"grown": lambda before, met: 2 * before},
        "H cuts one region fewer": {"grown": lambda before, met: before + met - 1},
    },
)
def deletion_and_restriction(
    domain: Callable[..., Rows] = restrict,
    grown: Callable[[int, int], int] = lambda before, met: before + met,
) -> None:
    """For arrangements in one, two and three dimensions, the sign vectors that occur are counted
    for A, for its deletion and on the hyperplane, in the whole space and in a simplex.
    """
    for dimension, rows in arrangements():
        axes = np.eye(dimension, dimension + 1, dtype=int).tolist()
        simplex = (*map(tuple, axes), (*[-2] * dimension, 1))
        for plane, inside in product(rows, ((), simplex)):
            rest = tuple(row for row in rows if row != plane)
            met = realised(restrict(rest, plane), domain(inside, plane))
            before = realised(rest, inside)
            assert len(realised(rows, inside)) == grown(len(before), len(met))


@check(
    "symbolic",
    mutants={
        "the weights are exchanged": {"weights": lambda p, q: (p, q)},
        "both points on one side": {"second": -1},
    },
)
def crossing_keeps_the_signs(
    weights: Callable[..., tuple[sp.Expr, sp.Expr]] = lambda p, q: (q, p), second: int = 1
) -> None:
    """SymPy finds the point of H between two points of a region on either side of H: there any
    affine function is a mean of its two values with positive weights, hence has their sign.
    """
    p, q = sp.symbols("p q", positive=True)
    at_p, at_q = sp.symbols("z_p z_q", positive=True)
    # H has the value p at the one point and -q at the other.
    here, there = weights(p, q)
    assert sp.expand(here * p - there * second * q) == 0
    assert ((here * at_p + there * at_q) / (here + there)).is_positive


@check(
    "exact",
    mutants={
        "all lines count, also those that miss the box": {"meeting": lambda row: True},
        "all crossings count": {"inside": lambda point: True},
        "crossings on the sides count": {"inside": lambda p: all(at(row, p) >= 0 for row in BOX)},
    },
)
def box_by_enumeration(
    meeting: Callable[[Row], bool] = lambda row: len(realised((row,), BOX)) == 2,
    inside: Callable[..., bool] = lambda p: all(at(row, p) > 0 for row in BOX),
) -> None:
    """For all sets of at most four small lines, the sign vectors that occur in a box are counted,
    and compared with the formula and with the package.
    """
    for rows in subsets(LINES, 4):
        weights = sum(m - 1 for point, m in crossings(rows).items() if inside(point))
        regions = len(realised(rows, BOX))
        assert regions == 1 + sum(map(meeting, rows)) + weights
        assert regions == lines.count_regions(*split(rows), CORNERS)


@check(
    "symbolic",
    mutants={
        "a crossing counts for all its lines": {"first": 1},
        "a line in k crossings has k pieces": {"pieces": lambda k: k},
    },
)
def box_by_sympy(first: int = 2, pieces: Callable[[Any], Any] = lambda k: k + 1) -> None:
    """SymPy adds up the pieces of n lines, where a crossing of m lines counts for all but the first
    of them, for three crossings of any multiplicities.
    """
    n, k, *m = sp.symbols("n k m1:4", positive=True, integer=True)
    counted = sum(sp.summation(1, (k, first, p)) for p in m)
    grown = n * pieces(0) + (pieces(1) - pieces(0)) * counted
    assert sp.expand(1 + grown - (1 + n + sum(p - 1 for p in m))) == 0


def polynomial_by_definition(dimension: int, rows: Rows, sign: int = -1) -> list[int]:
    """Sum over all subsets with a common point: the coefficients from t^0 on."""
    total = [0] * (dimension + 1)
    for members in subsets(rows, len(rows)):
        normals = rank([row[:-1] for row in members])
        if normals == rank(members):
            total[dimension - normals] += sign ** len(members)
    return total


@check(
    "exact",
    mutants={
        "without the sign of the subset": {"sign": 1},
        "taken at 1": {"t": 1},
        "the restriction is added": {"restriction": 1},
    },
)
def zaslavsky_by_enumeration(sign: int = -1, t: int = -1, restriction: int = -1) -> None:
    """For arrangements in one, two and three dimensions the polynomial is summed up over all
    subsets, compared with its recursion, with the package, and with the sign vectors that occur.
    """
    for dimension, rows in arrangements():
        own = polynomial_by_definition(dimension, rows, sign)
        values = sum(c * t**power for power, c in enumerate(own))
        assert len(realised(rows)) == (-1) ** dimension * values
        assert own == lines.characteristic_polynomial(
            np.reshape(split(rows)[0], (-1, dimension)), split(rows)[1]
        )
        for plane in rows:
            rest = tuple(row for row in rows if row != plane)
            on_h = lines_of(restrict(rest, plane))
            smaller = [*polynomial_by_definition(dimension - 1, on_h), 0]
            deleted = polynomial_by_definition(dimension, rest)
            assert own == [a + restriction * b for a, b in zip(deleted, smaller, strict=True)]


@check(
    "symbolic",
    mutants={
        "without the signs": {"sign": 1},
        "taken at 1": {"at": 1},
        "one binomial fewer": {"regions": lambda n, d: sum(sp.binomial(n, i) for i in range(d))},
    },
)
def zaslavsky_by_sympy(
    sign: int = -1,
    at: int = -1,
    regions: Callable[..., sp.Expr] = lambda n, d: sum(sp.binomial(n, i) for i in range(d + 1)),
) -> None:
    """In general position any i <= d hyperplanes have a common point and more have none; SymPy
    evaluates the polynomial that this makes, for n of them and up to five dimensions.
    """
    n, t = sp.symbols("n t")
    for d in range(1, 6):
        polynomial = sum(sign**i * sp.binomial(n, i) * t ** (d - i) for i in range(d + 1))
        count = (-1) ** d * polynomial.subs(t, at)
        assert sp.expand(sp.expand_func(count - regions(n, d))) == 0


@check(
    "symbolic",
    mutants={
        "the sum from k = 1": {"first": 1},
        "without the signs": {"sign": 1},
    },
)
def plane_polynomial_by_sympy(first: int = 2, sign: int = -1) -> None:
    """SymPy sums the binomials with their signs, for up to a dozen lines through a point, and puts
    t = -1 into the polynomial.
    """
    for m in range(2, 13):
        assert sum(sign**k * sp.binomial(m, k) for k in range(first, m + 1)) == m - 1
    n, t, weights = sp.symbols("n t s")
    assert (t**2 - n * t + weights).subs(t, sign) == 1 + n + weights


@check(
    "exact",
    mutants={
        "the linear coefficient is 1 - n": {"linear": lambda n: 1 - n},
        "each crossing counts once": {"weight": lambda m: 1},
    },
)
def plane_polynomial_by_enumeration(
    linear: Callable[[int], int] = lambda n: -n, weight: Callable[[int], int] = lambda m: m - 1
) -> None:
    """For all sets of at most four small lines the package's polynomial, made by deletion and
    restriction, has the coefficients that the crossings say.
    """
    for rows in subsets(LINES, 4):
        expected = [sum(map(weight, crossings(rows).values())), linear(len(rows)), 1]
        assert lines.characteristic_polynomial(*split(rows)) == expected


@check(
    "exact",
    mutants={
        "also where the normals do not span": {"spanning": lambda rows, dimension: True},
        "taken at -1": {"t": -1},
    },
)
def bounded_regions_by_enumeration(
    spanning: Callable[[Rows, int], bool] = lambda rows, d: rank([r[:-1] for r in rows]) == d,
    t: int = 1,
) -> None:
    """A region of these small hyperplanes is bounded if its sign vector occurs nowhere beyond 1000
    in any coordinate; the others are counted, and in the plane the package counts them too.
    """
    for dimension, rows in arrangements():
        axes = [tuple(axis) for axis in np.eye(dimension, dtype=int).tolist()]
        beyond = [(*(sign * w for w in axis), -1000) for axis in axes for sign in (-1, 1)]
        unbounded = set(chain.from_iterable(realised(rows, (side,)) for side in beyond))
        polynomial = polynomial_by_definition(dimension, rows)
        value = (-1) ** dimension * sum(c * t**power for power, c in enumerate(polynomial))
        if spanning(rows, dimension):
            assert len(realised(rows)) - len(unbounded) == value
            if dimension == 2:
                assert lines.count_bounded_regions(*split(rows)) == value


@check(
    "exact",
    mutants={
        "one binomial fewer": {"most": lambda n, d: sum(comb(n, i) for i in range(d))},
        "one binomial more": {"most": lambda n, d: sum(comb(n, i) for i in range(d + 2))},
    },
)
def hyperplanes_by_enumeration(
    most: Callable[[int, int], int] = lambda n, d: sum(comb(n, i) for i in range(d + 1)),
) -> None:
    """Sign vectors that occur are counted for small arrangements in up to three dimensions, and for
    the hyperplanes of the proof; up to five dimensions these go through the package.
    """
    for dimension, rows in arrangements():
        assert len(realised(rows)) <= most(len(rows), dimension)
    for d, n in product((1, 2, 3), range(6)):
        rows = tuple((*(i**k for k in range(d)), i**d) for i in range(1, n + 1))
        assert len(realised(rows)) == most(n, d)
    for d, n in product((1, 2, 3, 4, 5), range(8)):
        assert lines.zaslavsky_regions(*lines.moment_hyperplanes(n, d)) == most(n, d)
        assert lines.max_regions(n, d) == most(n, d)


@check(
    "symbolic",
    mutants={
        "one more dimension on the right": {"below": lambda d: d},
        "one binomial fewer": {"number": lambda n, d: sum(sp.binomial(n, i) for i in range(d))},
    },
)
def hyperplanes_by_sympy(
    number: Callable[..., sp.Expr] = lambda n, d: sum(sp.binomial(n, i) for i in range(d + 1)),
    below: Callable[[int], int] = lambda d: d - 1,
) -> None:
    """SymPy expands the binomials: for up to six dimensions the numbers obey the recursion of
    deletion and restriction, for any n, and both begin with one.
    """
    n = sp.symbols("n")
    for d in range(1, 7):
        growth = number(n, d) - number(n - 1, d) - number(n - 1, below(d))
        assert sp.expand(sp.expand_func(growth)) == 0
        assert number(sp.Integer(0), d) == 1
        assert number(n, 0) == 1


@check(
    "property",
    mutants={
        "zeros at the numbers themselves": {"shift": 0},
        "the other sign at the end": {"last": -1},
        "a degree too low": {"degree": lambda d, k: d - k - 1},
    },
)
def polynomials_change_sign_at_will(
    shift: Fraction = Fraction(1, 2),
    last: int = 1,
    degree: Callable[[int, int], int] = lambda d, k: d - k,
) -> None:
    """Hypothesis draws signs; in fractions, the polynomial of the proof has them at 1, ..., n, its
    degree is d and its leading coefficient one.
    """

    @forall(signs=st.lists(st.sampled_from((-1, 1)), max_size=9), spare=st.integers(0, 3))
    def occurs(signs: list[int], spare: int) -> None:
        extended = [*signs, last]
        changes = [g for g in range(1, len(extended)) if extended[g - 1] != extended[g]]
        d = len(changes) + spare
        power = degree(d, len(changes))
        for i, sign in enumerate(signs, start=1):
            value = Fraction(i) ** power * prod((i - g - shift for g in changes), start=Fraction(1))
            assert np.sign(value) == sign
        assert power + len(changes) == d

    occurs()


@check(
    "exact",
    mutants={
        "one region fewer": {"most": lambda n, d: sum(comb(n, i) for i in range(d + 1)) - 1},
        "all patterns occur": {"most": lambda n, d: 2**n},
        "the neurons may be switched off": {"outputs": 0},
    },
)
def networks_with_any_inputs(
    most: Callable[[int, int], int] = lambda n, d: sum(comb(n, i) for i in range(d + 1)),
    outputs: int = 1,
) -> None:
    """Flooding the regions with equal affine functions counts the linear regions of the networks
    that attain the bound, for one, two and three inputs; without spare neurons it is 2^n.
    """
    for d, n in product((1, 2, 3), range(1, 5)):
        rows = tuple((*(i**k for k in range(d)), i**d) for i in range(1, n + 1))
        assert brute_linear_regions(rows, ((outputs,) * n,)) == most(n, d)
        assert n > d or most(n, d) == 2**n
    for dimension, rows in arrangements():
        if 0 < len(rows) <= 4:
            assert brute_linear_regions(rows, ((1,) * len(rows),)) <= most(len(rows), dimension)


# What can go wrong


@check(
    "exact",
    mutants={
        "as many as in general position": {"concurrent": 7},
        "a triple costs nothing": {"cost": 0},
    },
)
def three_lines_through_a_point(concurrent: int = 6, cost: int = 1) -> None:
    """The sign vectors of the slip's lines are listed; and wherever, among all sets of four small
    lines, just one triple meets and no two are parallel, one region is missing.
    """
    rows = ((1, 0, 0), (1, 2, 0), (1, -2, 0))
    assert len(realised(rows)) == lines.count_regions(*split(rows)) == concurrent
    assert len(realised(((1, 0, -1), *rows[1:]))) == 7
    for four in combinations(LINES, 4):
        if not parallel_pairs(four) and sorted(crossings(four).values()) == [2, 2, 2, 3]:
            assert len(realised(four)) == largest_number(4) - cost


@check(
    "exact",
    mutants={
        "2^n regions": {"occurring": lambda n: 2**n},
        "they part after the third line": {"together": 3},
    },
)
def patterns_that_do_not_occur(
    occurring: Callable[[int], float] = largest_number, together: int = 2
) -> None:
    """The tangents of a parabola are counted by the package and compared with 2^n: as many up to
    two lines, fewer from three lines on, and less than a tenth from nine lines on.
    """
    for n in range(21):
        regions = lines.count_regions(*lines.parabola_tangents(n))
        assert regions == occurring(n)
        assert (regions == 2**n) == (n <= together)
        assert n < 9 or 10 * regions < 2**n


SILENT: Rows = ((0, -1, 1), (3, 4, 5), (-3, 4, 5), (-3, -1, 3), (3, -1, 3), (-3, -4, -5))


@check(
    "exact",
    mutants={
        "every line is a fold": {"folding": (0, 1, 2, 3, 4)},
        "neurons on one line never cancel": {"folding": (1, 2, 3, 4)},
    },
)
def silent_neurons(folding: tuple[int, ...] = (2, 3, 4)) -> None:
    """Flooding counts the linear regions of the slip's network, its last neuron doubled and that
    one's output weight halved; they are those of the lines of the neurons that fold.
    """
    outputs = (0, 1, 1, 1, 1, -1)
    regions = brute_linear_regions(SILENT, (outputs,))
    assert regions == len(realised(tuple(SILENT[j] for j in folding)))
    W, b = split(SILENT)
    W[5], b[5] = [-1.5, -2], -2.5
    found = lines.network_lines(W, b, [0, 1, 1, 1, 1, -2])
    assert found.neurons == tuple((j,) for j in folding)


@check(
    "exact",
    mutants={
        "the stored numbers meet in a point": {"stored": 6},
        "the decimal numbers do not": {"decimal": 7},
        "a small determinant is zero": {"far": 3},
        "a large determinant is not zero": {"large": 7},
    },
)
def tolerance_is_wrong_both_ways(
    stored: int = 7, decimal: int = 6, far: int = 4, large: int = 6
) -> None:
    """Sign vectors are found in fractions: of three lines with decimal offsets, stored and meant,
    of two that cross far away, and of three whose determinant is zero although float64 is not.
    """
    normals = ((1, 0), (0, 1), (1, 1))
    floats = tuple((*w, -Fraction(c)) for w, c in zip(normals, (0.1, 0.2, 0.3), strict=True))
    tenths = tuple((*w, -Fraction(c, 10)) for w, c in zip(normals, (1, 2, 3), strict=True))
    assert (len(realised(floats)), len(realised(tenths))) == (stored, decimal)
    assert lines.count_regions(normals, [-0.1, -0.2, -0.3]) == stored
    assert 0 < abs(determinant(floats)) < Fraction(1, 10**9)
    nearly = ((1, 1, 0), (1, Fraction(1 + 1e-10), 1))
    assert len(realised(nearly)) == lines.count_regions(*split(nearly)) == far
    W = ((123457, 765431), (-924683, 318289), (541061, -683567))
    rows = tuple((p, q, -(p * 1009 + q * 2003)) for p, q in W)
    assert len(realised(rows)) == lines.count_regions(*split(rows)) == large
    assert abs(np.linalg.det(np.array(rows, dtype=float))) > 1e-9


@check(
    "exact",
    mutants={
        "as many gradients as regions": {"gradients": 6},
        "as many regions as gradients": {"regions": 5},
    },
)
def equal_gradients_far_apart(regions: int = 6, gradients: int = 5) -> None:
    """Flooding counts the linear regions of |x| + |y| - |x + y|; their gradients are collected."""
    rows: Rows = ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (1, 1, 0), (-1, -1, 0))
    outputs = (1, 1, 1, 1, -1, -1)
    own = lines_of(rows)
    maps = [affine_map(rows, outputs, dict(zip(own, s, strict=True))) for s in realised(own)]
    assert (brute_linear_regions(rows, (outputs,)), len(set(maps))) == (regions, gradients)
    assert lines.count_linear_regions(*split(rows), outputs) == regions
    opposite = [affine_map(rows, outputs, dict.fromkeys(own, sign)) for sign in (-1, 1)]
    assert opposite == [(0, 0, 0), (0, 0, 0)]
