"""Checks of the claims of chapter 4, up to its section on how the program works."""

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import combinations, combinations_with_replacement, pairwise, product
from typing import Any

import mpmath as mp
import numpy as np
import sympy as sp
import torch
from catalogue import check, forall
from hypothesis import assume
from hypothesis import strategies as st
from scipy.stats import kstest

from activations import experiments, lines, mlp
from activations.regions import PLANE, Box, bounds, linear_regions
from activations.regions import count_regions as count_by_engine
from activations.regions.reference import count_exact

Map = Callable[..., Any]
Line = tuple[Any, Any, Any]  # (a, b, c) is the line a x + b y + c = 0
Point = tuple[Any, Any]
Polygon = list[Point]  # convex, counter-clockwise

FAR = 10**6
#: All lines a x + b y + c = 0 with coefficients -1, 0 and 1.
SMALL_LINES = [(1, b, c) for b in (-1, 0, 1) for c in (-1, 0, 1)] + [(0, 1, c) for c in (-1, 0, 1)]


# Plane geometry in fractions, by cutting polygons; it shares no code with the package.


def _at(line: Line, point: Point) -> Any:
    """Return a x + b y + c."""
    return line[0] * point[0] + line[1] * point[1] + line[2]


def _square(r: Any) -> Polygon:
    """Return the square [-r, r]^2."""
    r = Fraction(r)
    return [(-r, -r), (r, -r), (r, r), (-r, r)]


def _clip(polygon: Polygon, line: Line) -> Polygon:
    """Return the part of a polygon on which a x + b y + c >= 0."""
    part = []
    for p, q in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        u, v = _at(line, p), _at(line, q)
        if u >= 0:
            part.append(p)
        if u * v < 0:
            part.append(tuple((u * t - v * s) / (u - v) for s, t in zip(p, q, strict=True)))
    return part


def _pieces(polygon: Polygon, cuts: list[Line]) -> list[Polygon]:
    """Cut a polygon by lines, one after the other."""
    pieces = [polygon]
    for line in cuts:
        back = tuple(-t for t in line)
        pieces = [
            part
            for p in pieces
            for part in ([_clip(p, line), _clip(p, back)] if _meets(line, p) else [p])
        ]
    return pieces


def _meets(line: Line, polygon: Polygon) -> bool:
    """Tell whether a line meets the inside of a polygon."""
    values = [_at(line, p) for p in polygon]
    return min(values) < 0 < max(values)


def _middle(polygon: Polygon) -> Point:
    """Return the mean of the corners."""
    x, y = zip(*polygon, strict=True)
    return sum(x) / len(x), sum(y) / len(y)


def _area(polygon: Polygon) -> Any:
    """Return the area of a polygon."""
    sides = zip(polygon, polygon[1:] + polygon[:1], strict=True)
    return sum(p[0] * q[1] - p[1] * q[0] for p, q in sides) / 2


def _norm(point: Point) -> Any:
    """Return max(|x|, |y|)."""
    return max(abs(point[0]), abs(point[1]))


def _crossings(cuts: list[Line]) -> dict[Point, int]:
    """Return the points in which lines cross, each with the number of lines through it."""
    points = set()
    for (a, b, c), (d, e, f) in combinations(cuts, 2):
        if det := a * e - b * d:
            points.add((Fraction(b * f - c * e, det), Fraction(c * d - a * f, det)))
    return {p: sum(_at(line, p) == 0 for line in cuts) for p in points}


def _cells(network: Any, polygon: Polygon, inputs: Any = None, pattern: Any = ()) -> Iterator[Any]:
    """Cut a polygon into activation regions, layer by layer; give each, its pattern, its map."""
    (W, b), *rest = network
    inputs = inputs or [(1, 0, 0), (0, 1, 0)]
    rows = [
        tuple(sum(t * row[k] for t, row in zip(w, inputs, strict=True)) for k in range(3))
        for w in W
    ]
    rows = [(x, y, z + c) for (x, y, z), c in zip(rows, b, strict=True)]
    if not rest:
        yield polygon, pattern, rows
        return
    for piece in _pieces(polygon, rows):
        on = tuple(_at(row, _middle(piece)) > 0 for row in rows)
        outputs = [row if is_on else (0, 0, 0) for row, is_on in zip(rows, on, strict=True)]
        yield from _cells(rest, piece, outputs, pattern + on)


def _joined(cells: list[Any], common: int = 2) -> int:
    """Return how many linear regions there are: cells with a common side and one map are joined."""
    label = list(range(len(cells)))
    for (i, (p, _, f)), (j, (q, _, g)) in combinations(enumerate(cells), 2):
        if f == g and len({*p} & {*q}) >= common:
            label = [label[i] if k == label[j] else k for k in label]
    return len(set(label))


# Networks of integers


def _integers(n: int, largest: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(-largest, largest), min_size=n, max_size=n)


def _networks(*widths: int, largest: int = 2) -> st.SearchStrategy[Any]:
    """Draw networks of small integers as lists of (W, b)."""
    layers = [
        st.tuples(st.lists(_integers(m, largest), min_size=n, max_size=n), _integers(n, largest))
        for m, n in pairwise(widths)
    ]
    return st.tuples(*layers).map(list)


def _some_lines(n: int, largest: int = 3) -> st.SearchStrategy[list[Line]]:
    """Draw up to n distinct lines, none of which is the multiple of another."""
    line = st.tuples(*[st.integers(-largest, largest)] * 3).filter(lambda line: any(line[:2]))
    return st.lists(line, min_size=1, max_size=n, unique_by=_direction)


def _direction(line: Line) -> Line:
    """Return a line's coefficients in lowest terms, the first one that is not 0 positive."""
    divisor = math.gcd(*line) * (1 if line > (0, 0, 0) else -1)
    return line[0] // divisor, line[1] // divisor, line[2] // divisor


def _rows(cuts: list[Line]) -> tuple[list[Any], list[Any]]:
    """Return normals and offsets, as the package takes them."""
    return [line[:2] for line in cuts], [line[2] for line in cuts]


def _random_integers(*widths: int, seed: int) -> list[Any]:
    """Draw a network of integers from -3 to 3 as arrays."""
    rng = np.random.default_rng(seed)
    return [(rng.integers(-3, 4, (n, m)), rng.integers(-3, 4, n)) for m, n in pairwise(widths)]


# Two small networks


@check(
    "exact",
    mutants={
        "the biases are forgotten": {"count": lambda m, n: n * m},
        "a bias for each input": {"count": lambda m, n: (n + 1) * m},
    },
)
def parameters(count: Map = lambda m, n: n * (m + 1)) -> None:
    """PyTorch makes the layers for all choices of up to four widths from 1 to 3, to be counted."""
    for widths in (w for length in (2, 3, 4) for w in product((1, 2, 3), repeat=length)):
        shapes = list(pairwise(widths))
        made = [torch.nn.Linear(m, n, device="meta") for m, n in shapes]
        entries = sum(p.numel() for layer in made for p in layer.parameters())
        assert entries == mlp.parameter_count(widths) == sum(count(m, n) for m, n in shapes)


@check(
    "numeric",
    mutants={
        "the bound that ReLU asks for": {"bound": lambda n: math.sqrt(6 / n)},
        "one over the number of inputs": {"bound": lambda n: 1 / n},
    },
)
def initialisation(bound: Map = lambda n: 1 / math.sqrt(n)) -> None:
    """`mlp` and torch.nn.Linear draw the same bits; SciPy tests 31,600 numbers for uniformity.

    Numbers that follow one another are uncorrelated, up to four standard errors.
    """
    drawn = mlp.layers(mlp.mlp((4, 300, 100), generator=torch.Generator().manual_seed(7)))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        made = [torch.nn.Linear(4, 300), torch.nn.Linear(300, 100)]
    for (W, b), layer in zip(drawn, made, strict=True):
        assert np.array_equal(W, layer.weight.detach().numpy())
        assert np.array_equal(b, layer.bias.detach().numpy())
        numbers = np.concatenate([W.ravel(), b]) / bound(W.shape[1])
        assert np.abs(numbers).max() < 1 + 1e-6
        assert kstest(numbers, "uniform", args=(-1, 2)).pvalue > 0.001
        correlation = np.corrcoef(numbers[1:], numbers[:-1])[0, 1]
        assert abs(correlation) < 4 / math.sqrt(len(numbers))


# Regions


@check(
    "property",
    mutants={
        "neurons that are off let signals through": {"mask": lambda on: np.ones_like(on)},
        "the pattern of the first layer is enough": {"shown": 3},
    },
)
def affine_on_patterns(mask: Map = lambda on: on, shown: int = 6) -> None:
    """Pairs of integer points with one pattern have it at their midpoint; f rises by the formula.

    So do the pre-activations of the second layer. f is a network 2-3-3-1 of integers, so that all
    arithmetic is exact.
    """
    points = 2 * np.array(list(product(range(-4, 5), repeat=2)))

    @forall(seed=st.integers(0, 10**6))
    def holds(seed: int) -> None:
        (A, a), (B, b), (C, c) = _random_integers(2, 3, 3, 1, seed=seed)

        def run(x: Any) -> tuple[Any, Any, Any]:
            first = x @ A.T + a
            second = np.maximum(first, 0) @ B.T + b
            return np.hstack([first, second]) > 0, second, np.maximum(second, 0) @ C.T + c

        patterns, second, values = run(points)
        x, y = np.random.default_rng(seed).integers(len(points), size=(2, 200))
        same = (patterns[x, :shown] == patterns[y, :shown]).all(axis=1)
        x, y = x[same], y[same]
        between, *_ = run((points[x] + points[y]) // 2)
        assert (between[:, :shown] == patterns[x, :shown]).all()
        for p, q in zip(x, y, strict=True):
            D = [np.diag(mask(on)) for on in patterns[p].reshape(2, 3).astype(int)]
            inner, way = B @ D[0] @ A, points[q] - points[p]
            assert np.array_equal(second[q] - second[p], inner @ way)
            assert values[q] - values[p] == C @ D[1] @ inner @ way

    holds()


@check(
    "exact",
    mutants={
        "the last neuron is not part of the pattern": {"pattern": lambda on: on[:-1]},
        "at most as many regions as neurons": {"most": lambda n: n},
    },
)
def finitely_many_regions(pattern: Map = lambda on: on, most: Map = lambda n: 2**n) -> None:
    """Polygons are cut in fractions: the pieces are convex and fill the square, patterns differ.

    Their number is that of the package's exact reference.
    """
    for seed in range(12):
        network = [(W.tolist(), b.tolist()) for W, b in _random_integers(2, 3, 2, 1, seed=seed)]
        cells = list(_cells(network, _square(4)))
        assert sum(_area(cell) for cell, _, _ in cells) == 64
        assert len({pattern(on) for _, on, _ in cells}) == len(cells) <= most(5)
        assert len(cells) == count_exact(network, Box(-4, 4))
        for cell, _, _ in cells:
            corners = zip(cell, cell[1:] + cell[:1], cell[2:] + cell[:2], strict=True)
            assert all(_area([p, q, r]) >= 0 for p, q, r in corners)


@check(
    "numeric",
    mutants={
        "the matrices in the opposite order": {"chain": lambda *factors: factors[::-1]},
        "neurons that are off let signals through": {"off": 1.0},
    },
)
def gradient_by_autograd(chain: Map = lambda *factors: factors, off: float = 0.0) -> None:
    """PyTorch differentiates default networks 2-2-2-1 within each of their regions in a box."""
    for seed in range(5):
        model = mlp.mlp((2, 2, 2, 1), generator=torch.Generator().manual_seed(seed)).double()
        (A, _), (B, _), (C, _) = mlp.layers(model)
        found = linear_regions(model, Box(-10, 10))
        assert math.isclose(found.areas.sum(), 400, rel_tol=1e-12)
        exact = mlp.exact_gradient(model, found.interior_points)
        for on, gradient in zip(found.patterns, exact, strict=True):
            D = [np.diag(np.where(part, 1.0, off)) for part in on.reshape(2, 2)]
            product_ = C @ np.linalg.multi_dot(chain(D[1], B, D[0], A))
            np.testing.assert_allclose(product_[0], gradient, rtol=0, atol=1e-14)


@check(
    "property",
    mutants={
        "there are always fewer of them": {"most": lambda n: n - 1},
        "regions need not be neighbours to be joined": {"common": 0},
    },
)
def linear_regions_are_no_more(most: Map = lambda n: n, common: int = 2) -> None:
    """Hypothesis draws networks 2-2-2-1 of integers; cells with one map and a side are joined.

    The package counts as many. There are fewer than activation regions where a neuron is not
    connected to the output, and where two neurons cancel. A tent has two flat parts that count
    separately.
    """
    blocked = [([[1, 0], [0, 1]], [1, -2]), ([[1, 0]], [0])]
    cancelling = [([[1, 0], [-1, 0]], [0, 0]), ([[1, -1]], [0])]
    for network in (blocked, cancelling):
        cells = list(_cells(network, _square(FAR)))
        assert _joined(cells) == count_exact(network, PLANE, kind="linear") < len(cells)
    tent = [([[1, 0], [-1, 0]], [0, 0]), ([[-1, -1]], [1]), ([[1]], [0])]
    parts = _joined(list(_cells(tent, _square(FAR))), common)
    assert parts == count_exact(tent, PLANE, kind="linear")

    @forall(network=_networks(2, 2, 2, 1))
    def holds(network: Any) -> None:
        cells = list(_cells(network, _square(FAR)))
        assert _joined(cells) <= most(len(cells))
        assert _joined(cells) == count_exact(network, PLANE, kind="linear")

    holds()


@check(
    "exact",
    mutants={
        "a wrong sign": {"line": lambda w, b: (*w, -b)},
        "the bias is forgotten": {"line": lambda w, b: (*w, 0)},
    },
)
def switching_lines(line: Map = lambda w, b: (*w, b)) -> None:
    """A square is cut by the lines in fractions: no neuron switches within a piece.

    Any two pieces differ in their patterns.
    """
    for seed in range(20):
        (W, b), _ = _random_integers(2, 4, 1, seed=seed)
        neurons = [(w, c) for w, c in zip(W.tolist(), b.tolist(), strict=True) if any(w)]
        pieces = _pieces(_square(3), [line(w, c) for w, c in neurons])
        for w, c in neurons:
            for values in ([_at((*w, c), p) for p in piece] for piece in pieces):
                assert min(values) >= 0 or max(values) <= 0
        patterns = {tuple(_at((*w, c), _middle(p)) > 0 for w, c in neurons) for p in pieces}
        assert len(patterns) == len(pieces)


@check(
    "property",
    mutants={
        "an output weight may be 0": {"dead": True},
        "two lines may coincide": {"twins": True},
        "the gradient jumps by the normal": {"jump": lambda v, w: w},
    },
)
def creases(dead: bool = False, twins: bool = False, jump: Map = lambda v, w: v * w) -> None:
    """Gradients on both sides of each line are compared, and regions of both kinds are counted.

    Cells are cut in fractions and joined where they have one map; the package counts as many.
    """

    @forall(network=_networks(2, 2, 1, largest=1))
    def holds(network: Any) -> None:
        (W, b), ([v], _) = network
        assume(all(any(w) for w in W) and (dead or all(v)))
        cuts = {_direction((*w, c)) for w, c in zip(W, b, strict=True)}
        assume(twins or len(cuts) == 2)
        cells = list(_cells(network, _square(9)))
        assert _joined(cells) == len(cells)
        assert lines.count_linear_regions(W, b, v) == len(cells)
        assert lines.count_activation_regions(W, b) == len(cells)
        maps = {on: rows[0] for _, on, rows in cells}
        for i, (on, there) in product(range(2), maps.items()):
            here = maps.get((*on[:i], False, *on[i + 1 :]))
            if on[i] and here:
                assert all(there[k] - here[k] == jump(v[i], W[i][k]) for k in (0, 1))

    holds()


# The output on a grid, and how far to zoom out


@check(
    "exact",
    mutants={
        "the first index belongs to the first coordinate": {"at": lambda x, y, i, j: (x[i], y[j])}
    },
)
def grid_order(at: Map = lambda x, y, i, j: (x[j], y[i])) -> None:
    """All points of a grid are looked at, and a network of integers is evaluated at each."""
    square = mlp.grid(-2, 3, 6)
    model = mlp.mlp((2, 2, 1), generator=torch.Generator().manual_seed(0)).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.arange(1, parameter.numel() + 1).reshape(parameter.shape))
    values = mlp.evaluate(model, square)
    for i, j in product(range(6), repeat=2):
        x, y = at(square.x, square.y, i, j)
        assert tuple(square.points[i, j]) == (x, y)
        assert values[i, j] == max(x + 2 * y + 1, 0) + 2 * max(3 * x + 4 * y + 2, 0) + 1


def _count(cuts: list[Line], polygon: Polygon, weight: Map, closed: bool) -> int:
    """Return the number of pieces that the lemma gives for the inside of a polygon."""
    meeting = sum(_meets(line, polygon) for line in cuts)
    sides = list(zip(polygon, polygon[1:] + polygon[:1], strict=True))
    inside = (
        through
        for p, through in _crossings(cuts).items()
        if all(area > 0 or (closed and area == 0) for area in (_area([*s, p]) for s in sides))
    )
    return 1 + meeting + sum(map(weight, inside))


@check(
    "exact",
    mutants={
        "a crossing counts once for each line": {"weight": lambda m: m},
        "a crossing counts once for each pair of lines": {"weight": lambda m: math.comb(m, 2)},
        "crossings on the boundary count as well": {"closed": True},
    },
)
def pieces_of_convex_sets(weight: Map = lambda m: m - 1, closed: bool = False) -> None:
    """Up to three of the twelve lines with coefficients -1, 0, 1 cut a square and a triangle.

    All choices are cut in fractions.
    """
    triangle = [
        (Fraction(-1), Fraction(-1)),
        (Fraction(1), Fraction(-1)),
        (Fraction(0), Fraction(1)),
    ]
    for size in range(4):
        for cuts in combinations(SMALL_LINES, size):
            for polygon in (_square(1), triangle):
                pieces = _pieces(polygon, cuts)
                assert len(pieces) == _count(cuts, polygon, weight, closed)


@check(
    "property",
    mutants={
        "a crossing counts once for each line": {"weight": lambda m: m},
        "a crossing counts once for each pair of lines": {"weight": lambda m: math.comb(m, 2)},
    },
)
def pieces_counted_by_the_package(weight: Map = lambda m: m - 1) -> None:
    """Hypothesis draws up to five lines through few points; the package counts twice.

    It counts in a box and in the plane; the box, and a larger one, are also cut in fractions.
    """

    @forall(cuts=_some_lines(5, largest=2), r=st.integers(1, 2))
    def holds(cuts: list[Line], r: int) -> None:
        pieces = len(_pieces(_square(r), cuts))
        assert pieces == lines.count_regions(*_rows(cuts), ((-r, -r), (r, r)))
        assert pieces == _count(cuts, _square(r), weight, closed=False)
        pieces = len(_pieces(_square(FAR), cuts))
        assert pieces == lines.count_regions(*_rows(cuts))
        assert pieces == 1 + len(cuts) + sum(map(weight, _crossings(cuts).values()))

    holds()


@check("exact", mutants={"the part may be two squares": {"parts": ((0, 1), (3, 1))}})
def regions_that_meet(parts: Any = ((0, 1),)) -> None:
    """A square is cut in fractions by up to three small lines, and sides of lines are compared.

    No two pieces lie on the same side of every line, so each is of another region of the plane.
    """
    for cuts in (cuts for size in range(4) for cuts in combinations(SMALL_LINES, size)):
        pieces = [
            piece
            for shift, r in parts
            for piece in _pieces([(x + shift, y) for x, y in _square(r)], cuts)
        ]
        sides = {tuple(_at(line, _middle(piece)) > 0 for line in cuts) for piece in pieces}
        assert len(sides) == len(pieces)


def _radius(cuts: list[Line], pick: Map, width: Map) -> Fraction:
    """Return R as the theorem says."""
    if crossings := _crossings(cuts):
        return Fraction(pick(map(_norm, crossings)))
    return Fraction(pick(Fraction(abs(c)) / width(abs(a), abs(b)) for a, b, c in cuts))


ZOOM_MUTANTS = {
    "the square of half-width R itself": {"enough": lambda r, R: r >= R},
    "as far as the innermost crossing": {"pick": min},
    "parallels are measured by their larger weight": {"width": max},
}


@check("exact", mutants=ZOOM_MUTANTS)
def zoom_radius_of_small_lines(
    enough: Map = lambda r, R: r > R, pick: Map = max, width: Map = lambda a, b: a + b
) -> None:
    """All choices of up to three of the lines with coefficients -1, 0, 1 cut squares in fractions.

    The half-widths of the squares are R, a little more, and 100.
    """
    for cuts in (cuts for size in (1, 2, 3) for cuts in combinations(SMALL_LINES, size)):
        R = _radius(cuts, pick, width)
        regions = len(_pieces(_square(100), cuts))
        for r in (R, R + Fraction(1, 100)):
            assert r <= 0 or (len(_pieces(_square(r), cuts)) == regions) == enough(r, R)


@check("property", mutants=ZOOM_MUTANTS)
def zoom_radius_by_the_package(
    enough: Map = lambda r, R: r > R, pick: Map = max, width: Map = lambda a, b: a + b
) -> None:
    """Hypothesis draws lines, some of them parallel, and the package counts in squares."""
    parallels = st.lists(st.integers(-9, 9), min_size=1, max_size=4, unique=True)
    bundles = parallels.map(lambda offsets: [(1, -2, c) for c in offsets])

    @forall(cuts=st.one_of(_some_lines(6), bundles), r=st.fractions(0, 20, max_denominator=9))
    def holds(cuts: list[Line], r: Fraction) -> None:
        R = _radius(cuts, pick, width)
        regions = lines.count_regions(*_rows(cuts))
        for half in {r, R} - {0}:
            met = lines.count_regions(*_rows(cuts), ((-half, -half), (half, half)))
            assert (met == regions) == enough(half, R)
        assert lines.zoom_radius(*_rows(cuts)) == R

    holds()


# Random lines


@check(
    "symbolic",
    mutants={
        "a line may be the sum of two others": {"third": lambda p, q, r: p + q},
        "the normals may be parallel": {"second": lambda p, q: 2 * p},
    },
)
def general_position(second: Map = lambda p, q: q, third: Map = lambda p, q, r: r) -> None:
    """SymPy expands the determinants that vanish for parallels and for three lines in a point."""
    p, q, r = (sp.Matrix([sp.symbols(f"{name}_1:4")]) for name in "pqr")
    q = second(p, q)
    assert sp.expand(sp.Matrix([p[:2], q[:2]]).det()) != 0
    assert sp.expand(sp.Matrix.vstack(p, q, third(p, q, r)).det()) != 0


def _density(x: Any, y: Any, least: Any, mixed: Any = 3, power: int = 3) -> Any:
    """Return the density of the crossing as the theorem says; `least` is 5/54."""
    s, t = abs(x), abs(y)
    if s + t <= 1:
        return least
    if abs(s - t) >= 1:
        return least / max(s, t) ** power
    return _hexagon(s, t, mixed)


def _hexagon(s: Any, t: Any, mixed: Any = 3) -> Any:
    """Return the density in the third case of the theorem."""
    a, b, c = (s + t - 1) / (s * t), (1 + s - t) / s, (1 + t - s) / t
    return (2 * (a**3 + b**3 + c**3) + mixed * (a + b + c) * (a * b + b * c + c * a)) / 864


DENSITY_MUTANTS = {
    "one twelfth instead of 5/54": {"least": Fraction(1, 12)},
    "a factor 2 instead of 3": {"mixed": 2},
    "the density falls like the square": {"power": 2},
}


@check("symbolic", mutants=DENSITY_MUTANTS)
def density_by_sympy(least: Fraction = Fraction(5, 54), mixed: int = 3, power: int = 3) -> None:
    """SymPy integrates the determinant over pairs of triangles, given the corners of half of K.

    The vectors are w = a ((1 - u) P + u Q), and the integral over a is 1/3.
    """
    s, t, u, v = sp.symbols("s t u v", positive=True)
    height, width = (1 - s) / t, (1 - t) / s
    cases = [
        (sp.Rational(least), [(1, -1), (1, 1), (-1, 1)]),
        (sp.Rational(least) / s**power, [((1 + t) / s, -1), (width, 1), (-(1 + t) / s, 1)]),
        (_hexagon(s, t, mixed), [(1, height), (width, 1), (-1, 1), (-1, -height)]),
    ]
    for claim, corners in cases:
        edges = list(pairwise(sp.Matrix([corner]) for corner in corners))
        whole = 0
        for i, j in combinations_with_replacement(range(len(edges)), 2):
            (p, q), (p1, q1) = edges[i], edges[j]
            areas = sp.Matrix.vstack(p, q).det() * sp.Matrix.vstack(p1, q1).det()
            det = sp.Matrix.vstack(p + u * (q - p), p1 + v * (q1 - p1)).det()
            # In one and the same triangle the determinant is positive where u < v.
            inner = sp.integrate(sp.expand(det), (u, 0, v if i == j else 1))
            whole += 2 * areas / 9 * sp.integrate(inner, (v, 0, 1))
        assert sp.cancel(whole / 16 - claim) == 0


@check("numeric", mutants=DENSITY_MUTANTS)
def density_by_trapezoids(
    least: Fraction = Fraction(5, 54), mixed: int = 3, power: int = 3
) -> None:
    """The double integral over K is a cyclic convolution over directions, done with 65,536 of them.

    In direction e, K reaches to 1 / max(|e_1|, |e_2|, |e . x|).
    """
    angle = math.pi / 2**16
    e = np.stack([np.cos(np.arange(2**16) * angle), np.sin(np.arange(2**16) * angle)])
    for point in [(0.0, 0.0), (0.3, 0.7), (-0.4, 0.5), (0.9, -0.8), (1.3, 1.2), (3.0, 1.5), (1, 9)]:
        reach = 1 / np.maximum(np.abs(e).max(axis=0), np.abs(point @ e))
        cubes = reach**3 / 3
        convolved = np.fft.irfft(np.fft.rfft(cubes) * np.fft.rfft(np.abs(e[1])))
        integral = 4 * angle**2 * cubes @ convolved
        claim = _density(*point, float(least), mixed, power)
        assert math.isclose(integral / 64, claim, rel_tol=1e-7)
        assert math.isclose(experiments.crossing_density(*point), claim, rel_tol=1e-12)


@check(
    "property",
    mutants={
        "a smaller constant": {"bound": lambda m: Fraction(1, 11) / max(1, m) ** 3},
        "a fourth power": {"bound": lambda m: Fraction(5, 54) / max(1, m) ** 4},
    },
)
def density_bound(bound: Map = lambda m: Fraction(5, 54) / max(1, m) ** 3) -> None:
    """Hypothesis draws fractions, and the density is compared with its bound exactly."""
    coordinate = st.fractions(-4, 4, max_denominator=60)

    @forall(x=coordinate, y=coordinate)
    def holds(x: Fraction, y: Fraction) -> None:
        assert 0 < _density(x, y, Fraction(5, 54)) <= bound(_norm((x, y)))

    holds()


def _crossings_drawn(draw: Map, count: int, seed: int) -> Any:
    """Draw pairs of lines; return where they cross, as an array with two rows."""
    (a, b, c), (d, e, f) = draw(np.random.default_rng(seed), (2, 3, count))
    return np.stack([b * f - c * e, c * d - a * f]) / (a * e - b * d)


def _uniform(rng: np.random.Generator, shape: Any) -> Any:
    return rng.uniform(-1, 1, shape)


def _normal(rng: np.random.Generator, shape: Any) -> Any:
    return rng.standard_normal(shape)


@check(
    "numeric",
    mutants={
        "normal instead of uniform weights": {"draw": _normal},
        "a factor 2 instead of 3": {"mixed": 2},
    },
)
def density_by_drawing(draw: Map = _uniform, mixed: int = 3) -> None:
    """200,000 pairs of lines are drawn: the share of crossings in six squares is the density's.

    A share may deviate by five standard errors; the density is integrated by Gauss's rule.
    """
    x, y = _crossings_drawn(draw, 200_000, seed=1)
    nodes, weights = np.polynomial.legendre.leggauss(40)
    for left, low in [(-0.5, -0.5), (0, 0), (-1, 0), (0.5, -1.5), (1, 1), (2, 0)]:
        share = np.mean((left < x) & (x < left + 1) & (low < y) & (y < low + 1))
        across, up = left + (1 + nodes) / 2, low + (1 + nodes) / 2
        values = [[_density(p, q, 5 / 54, mixed) for p in across] for q in up]
        exact = weights @ np.array(values) @ weights / 4
        assert abs(share - exact) < 5 * math.sqrt(exact / 200_000)


def _far(r: Any, log: Any, inverse: Any = 344, power: int = 3) -> Any:
    """Return the probability that two lines cross outside [-r, r]^2, given log(1 - 1/r).

    432 times the coefficients of the theorem are integers.
    """
    powers = (54 - 36 * r + inverse / r - 57 / r**2 - 18 / r**3 + 1 / r**4) / 432
    return powers - (r - 1) ** power * (r + 1) / (12 * r**2) * log


FAR_MUTANTS = {
    "a wrong coefficient of 1/r": {"inverse": 342},
    "a square instead of the third power": {"power": 2},
}


@check("symbolic", mutants=FAR_MUTANTS)
def far_by_sympy(inverse: int = 344, power: int = 3) -> None:
    """SymPy integrates the density along the rim of the square, power by power; it is -dp/dr.

    The constant follows from p = 2/3 at r = 1, since each of three columns is as likely as the
    others to have the largest minor opposite to it.
    """
    r, t, L, M = sp.symbols("r t L M", positive=True)
    powers = sp.collect(sp.expand(_hexagon(r, t)), t, evaluate=False)
    F = sum(c * sp.integrate(monomial, t) for monomial, c in powers.items())
    rim = 8 * (sp.Rational(5, 54) * (r - 1) / r**3 + F.subs(t, r) - F.subs(t, r - 1))
    p = _far(r, sp.log(r - 1) - sp.log(r), inverse, power)
    difference = sp.expand(sp.diff(p, r) + rim).subs({sp.log(r): L, sp.log(r - 1): M})
    assert sp.cancel(difference) == 0
    assert _far(sp.Integer(1), L, inverse, power) == sp.Rational(2, 3)


@check("numeric", mutants=FAR_MUTANTS)
def far_by_quadrature(inverse: int = 344, power: int = 3) -> None:
    """Gauss's rule integrates the package's density outside the square, on rims m = r / u."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    u, du = (1 + nodes) / 2, weights / 2
    for r in (1.0, 1.5, 3.0, 40.0):
        m = r / u
        curved = experiments.crossing_density(m[:, None], m[:, None] - 1 + u) @ du
        straight = 5 / 54 * (m - 1) / m**3
        integral = 8 * (straight + curved) @ (r / u**2 * du)
        claim = float(_far(mp.mpf(r), mp.log1p(-1 / mp.mpf(r)) if r > 1 else 0, inverse, power))
        assert math.isclose(integral, claim, rel_tol=1e-7)
        assert math.isclose(experiments.far_crossing_probability(r), claim, rel_tol=1e-12)


@check(
    "property",
    mutants={
        "a lower bound without its second term": {"low": lambda r: 20 / (27 * r)},
        "a tenth of its second term": {"low": lambda r: 20 / (27 * r) - 1 / (27 * r**2)},
        "a smaller constant above": {"high": lambda r: 19 / (27 * r)},
    },
)
def far_bounds(
    low: Map = lambda r: 20 / (27 * r) - 10 / (27 * r**2), high: Map = lambda r: 20 / (27 * r)
) -> None:
    """Hypothesis draws r from 1 on, and mpmath evaluates the closed form at 50 digits."""

    @forall(r=st.one_of(st.just(1.0), st.floats(1, 3), st.floats(1, 1e9)))
    def holds(r: float) -> None:
        with mp.workdps(50):
            x = mp.mpf(r)
            p = _far(x, mp.log(1 - 1 / x) if x > 1 else 0)
            assert low(x) <= p <= high(x)

    holds()


@check(
    "numeric",
    mutants={
        "normal instead of uniform weights": {"draw": _normal},
        "a wrong coefficient of 1/r": {"inverse": 342},
    },
)
def far_by_drawing(draw: Map = _uniform, inverse: int = 344) -> None:
    """400,000 pairs of lines are drawn; shares may deviate by four standard errors."""
    far = np.abs(_crossings_drawn(draw, 400_000, seed=0)).max(axis=0)
    for r in (1.0, 1.2, 2.0, 10.0, 100.0):
        p = _far(r, math.log1p(-1 / r) if r > 1 else 0, inverse)
        assert abs(np.mean(far > r) - p) < 4 * math.sqrt(p * (1 - p) / 400_000)


@check(
    "symbolic",
    mutants={
        "a wrong second term": {"series": lambda e: 20 * e / 27 - e**3 / 12},
        "another value at 1": {"at_one": Fraction(3, 4)},
    },
)
def far_series(
    series: Map = lambda e: 20 * e / 27 - e**3 / 15, at_one: Fraction = Fraction(2, 3)
) -> None:
    """SymPy expands the closed form in e = 1/r, and evaluates it at r = 1."""
    e = sp.symbols("e", positive=True)
    p = _far(1 / e, sp.series(sp.log(1 - e), e, 0, 8).removeO())
    assert sp.expand(sp.series(sp.expand(p), e, 0, 4).removeO() - series(e)) == 0
    assert _far(sp.Integer(1), 0) == sp.Rational(at_one)


@check(
    "symbolic",
    mutants={
        "twice as many miss": {"missing": lambda r: 1 / (3 * r**2)},
        "the first power of r": {"missing": lambda r: 1 / (6 * r)},
    },
)
def lines_that_miss(missing: Map = lambda r: 1 / (6 * r**2)) -> None:
    """SymPy integrates the probability 1 - r S of |b| >= r S, S = w_1 + w_2, over a triangle."""
    r, x, y = sp.symbols("r x y", positive=True)
    inner = sp.integrate(1 - r * (x + y), (y, 0, 1 / r - x))
    assert sp.simplify(sp.integrate(inner, (x, 0, 1 / r)) - missing(r)) == 0


EXPECTED_MUTANTS = {
    "every line meets the square": {"missing": lambda r: 0},
    "twice as many pairs": {"pairs": lambda n: n * (n - 1)},
}


@check("numeric", mutants=EXPECTED_MUTANTS)
def expected_by_drawing(
    missing: Map = lambda r: 1 / (6 * r**2), pairs: Map = lambda n: n * (n - 1) / 2
) -> None:
    """4000 networks with eight neurons are drawn and counted; means may be four errors off."""
    W, b = experiments.sample_hidden_layers(4000, 8, rng=np.random.default_rng(2))
    for r in (1.0, 2.0, 10.0):
        counts = lines.count_regions_many(W, b, ((-r, -r), (r, r)))
        far = _far(r, math.log1p(-1 / r) if r > 1 else 0)
        claim = 1 + 8 * (1 - missing(r)) + pairs(8) * (1 - far)
        assert abs(counts.mean() - claim) < 4 * counts.std() / math.sqrt(4000)
        assert math.isclose(claim, experiments.expected_regions(8, r), rel_tol=1e-12)


@check(
    "symbolic",
    mutants={
        "half the constant": {"constant": Fraction(10, 27)},
        "events that share a line are taken for one": {"events": 1},
        "only lines are counted, not pairs": {"pairs": lambda n: n},
    },
)
def tail_by_sympy(
    constant: Fraction = Fraction(20, 27),
    events: int = 2,
    pairs: Map = lambda n: n * (n - 1) / 2,
) -> None:
    """SymPy integrates the bound for two events that share a line, and takes the limits.

    Bonferroni's inequalities squeeze r P(R > r) between two functions with one limit.
    """
    r, u = sp.symbols("r u", positive=True)
    n = sp.symbols("n", integer=True, positive=True)
    above = sp.Rational(20, 27) / r
    below = above - sp.Rational(10, 27) / r**2
    shared = sp.integrate(2 * u, (u, 0, 2 / r))
    shared += sp.integrate((2 / (r * u)) ** events * 2 * u, (u, 2 / r, 1))
    assert sp.limit(r * shared, r, sp.oo) == sp.limit(r * above**2, r, sp.oo) == 0
    couples = n * (n - 1) / 2
    for tail in (couples * above, couples * below - n**4 * (shared + above**2)):
        limit = sp.limit(sp.expand(r * tail), r, sp.oo)
        assert sp.simplify(limit - sp.Rational(constant) * pairs(n)) == 0
    assert sp.integrate(below, (r, 1, sp.oo)) == sp.oo


@check(
    "numeric",
    mutants={
        "half the constant": {"constant": 10 / 27},
        "only lines are counted, not pairs": {"pairs": lambda n: n},
    },
)
def tail_by_drawing(constant: float = 20 / 27, pairs: Map = lambda n: n * (n - 1) / 2) -> None:
    """200,000 sets of four lines are drawn; the share of R > r lies between Bonferroni's bounds.

    It may exceed them by four standard errors, by which the mean number of pairs that cross beyond
    r may differ from the upper one, too. The package finds the first 500 radii as well.
    """
    W, b = experiments.sample_hidden_layers(200_000, 4, rng=np.random.default_rng(3))
    couples = [[i, j] for i, j in combinations(range(4), 2)]
    crossings = [np.linalg.solve(W[:, two], -b[:, two, None]) for two in couples]
    norms = np.stack([np.abs(crossing).max(axis=(1, 2)) for crossing in crossings])
    radius = norms.max(axis=0)
    np.testing.assert_allclose(radius[:500], lines.zoom_radii(W[:500], b[:500]), rtol=1e-9)
    for r in (100, 1000):
        share, above = np.mean(radius > r), pairs(4) * constant / r
        overlap = 12 * (4 + 8 * math.log(r / 2)) / r**2 + 3 * (constant / r) ** 2
        below = pairs(4) * (constant / r - 10 / 27 / r**2) - overlap
        error = 4 * math.sqrt(above / 200_000)
        assert below - error < share < above + error
        assert abs((norms > r).sum(axis=0).mean() - above) < error
        assert math.isclose(experiments.zoom_tail_bound(4, r), above, rel_tol=1e-12)


@check(
    "symbolic",
    mutants={"one neuron is enough": {"tail": lambda r: 1 / (6 * r**2)}},
)
def infinite_mean(
    tail: Map = lambda r: sp.Rational(20, 27) / r - sp.Rational(10, 27) / r**2,
) -> None:
    """SymPy integrates the lower bound for P(R_1 > r) of two neurons.

    With one neuron the tail is that of a single line, 1 / (6 r^2), and the mean is finite.
    """
    r, T = sp.symbols("r T", positive=True)
    assert sp.limit(sp.integrate(tail(r), (r, 1, T)), T, sp.oo) == sp.oo


# The gradient by differences


@check(
    "exact",
    mutants={
        "the difference is divided by h": {"quotient": lambda right, left, h: (right - left) / h},
        "the difference to one neighbour": {"reach": 0},
    },
)
def numpy_gradient(
    quotient: Map = lambda right, left, h: (right - left) / (2 * h), reach: int = 1
) -> None:
    """Integers are put on a grid of distance 1/4, and all quotients compared, also on the rim."""
    rng = np.random.default_rng(0)
    f = rng.integers(-99, 100, (6, 9)).astype(float)
    x, y = np.arange(9) / 4, 3 + np.arange(6) / 4
    gradient = mlp.numerical_gradient(f, x, y)
    assert np.array_equal(gradient[..., 0], np.gradient(f, x, axis=1))
    assert np.array_equal(gradient[..., 1], np.gradient(f, y, axis=0))
    for values, found in ((f, gradient[..., 0]), (f.T, gradient[..., 1].T)):
        for k in range(1, values.shape[1] - 1):
            claim = quotient(values[:, k + 1], values[:, k - reach], 1 / 4)
            assert np.array_equal(found[:, k], claim)
        assert np.array_equal(found[:, 0], (values[:, 1] - values[:, 0]) * 4)
        assert np.array_equal(found[:, -1], (values[:, -1] - values[:, -2]) * 4)


def _output(network: Any, x: Point) -> Any:
    """Return the output of a network at a point, and which neurons are on, exactly."""
    a, pattern = list(x), []
    for W, b in network[:-1]:
        z = [sum(s * t for s, t in zip(w, a, strict=True)) + c for w, c in zip(W, b, strict=True)]
        pattern += [t > 0 for t in z]
        a = [max(t, 0) for t in z]
    ((w,), (c,)) = network[-1]
    return sum(s * t for s, t in zip(w, a, strict=True)) + c, tuple(pattern)


@check(
    "exact",
    mutants={
        "the mean over the right half of the segment": {"start": 0},
        "the other partial derivative": {"component": 1},
    },
)
def difference_is_a_mean(start: int = -1, component: int = 0) -> None:
    """Networks 2-3-2-1 of integers are cut into regions in fractions, and each adds its share."""
    x, y, h = Fraction(1, 7), Fraction(-2, 3), Fraction(5, 2)
    for seed in range(12):
        network = [(W.tolist(), b.tolist()) for W, b in _random_integers(2, 3, 2, 1, seed=seed)]
        integral = 0
        for cell, _, (row,) in _cells(network, _square(9)):
            part = [(x + start * h, y), (x + h, y)]
            for (a, b), (c, d) in zip(cell, cell[1:] + cell[:1], strict=True):
                part = _clip(part, (b - d, c - a, a * d - b * c))
            ends = [end for end, _ in part] or [0]
            integral += row[component] * (max(ends) - min(ends))
        mean = integral / ((1 - start) * h)
        difference = _output(network, (x + h, y))[0] - _output(network, (x - h, y))[0]
        assert difference / (2 * h) == mean


@check("property", mutants={"the ends may have different patterns": {"alike": False}})
def difference_within_a_pattern(alike: bool = True) -> None:
    """Hypothesis draws networks 2-2-2-1 of integers, points and steps; all is exact in fractions.

    The slope at the point is the difference quotient with the step 10^-9.
    """
    near = Fraction(1, 10**9)

    @forall(
        network=_networks(2, 2, 2, 1),
        x=st.fractions(-3, 3, max_denominator=5),
        y=st.fractions(-3, 3, max_denominator=5),
        h=st.fractions(Fraction(1, 5), 3, max_denominator=5),
    )
    def holds(network: Any, x: Fraction, y: Fraction, h: Fraction) -> None:
        (left, first), (right, last) = _output(network, (x - h, y)), _output(network, (x + h, y))
        assume(first == last or not alike)
        rise = _output(network, (x + near, y))[0] - _output(network, (x - near, y))[0]
        assert (right - left) / (2 * h) == rise / (2 * near)

    holds()


@check(
    "symbolic",
    mutants={
        "the share of the wrong part": {"error": lambda J, d, h: J * (1 + d / h) / 2},
        "the whole jump": {"error": lambda J, d, h: J * (1 - d / h)},
    },
)
def difference_at_a_crease(error: Map = lambda J, d, h: J * (1 - d / h) / 2) -> None:
    """SymPy takes the difference of a t + J relu(t - d), and of its mirror image."""
    a = sp.symbols("a", real=True)
    d, more, J = sp.symbols("d more J", positive=True)
    h = d + more
    for f in (lambda t: a * t + J * sp.Max(t - d, 0), lambda t: a * t + J * sp.Max(-t - d, 0)):
        off = (f(h) - f(-h)) / (2 * h) - a
        assert sp.simplify(sp.Abs(sp.expand(off)) - error(J, d, h)) == 0
    assert sp.simplify(J / 2 - error(J, d, h)).is_positive


@check(
    "exact",
    mutants={
        "always two": {"spoiled": lambda gap: 2},
        "one beside the crease": {"spoiled": lambda gap: 1},
    },
)
def pixels_at_a_crease(spoiled: Map = lambda gap: 2 if gap else 1) -> None:
    """numpy.gradient is applied to relu(x - c) at 20 integers, with c in steps of 1/8."""
    x = np.arange(20.0)
    for eighths in range(80, 100):
        c = eighths / 8
        found = np.gradient(np.maximum(x - c, 0))
        wrong = (found != (x > c)) | (x == c)
        assert wrong.sum() == spoiled(eighths % 8)
        assert np.array_equal(wrong, np.abs(x - c) < 1)


# The deep network


@check(
    "exact",
    mutants={
        "points on a fold count as well": {"on_folds": True},
        "more regions than patterns": {"least": lambda k: k + 1},
    },
)
def patterns_on_a_grid(on_folds: bool = False, least: Map = lambda k: k) -> None:
    """All pairs of small neurons are looked at on a grid of 625 points, and their regions counted.

    The second layer is one neuron, which adds the first two and subtracts one.
    """
    thirds = list(product(range(-12, 13), repeat=2))
    for first, second in combinations([*SMALL_LINES, (-1, 0, 0), (0, 0, 1)], 2):
        network = [(*_rows([first, second]),), ([[1, 1]], [-1]), ([[1]], [0])]
        seen = set()
        for i, j in thirds:
            z = [a * i + b * j + 3 * c for a, b, c in (first, second)]
            z.append(max(z[0], 0) + max(z[1], 0) - 3)
            if on_folds or all(z):
                seen.add(tuple(t > 0 for t in z))
        assert count_exact(network, PLANE) >= least(len(seen))


@check("property", mutants={"more regions than patterns": {"least": lambda k: k + 1}})
def patterns_counted_by_the_package(least: Map = lambda k: k) -> None:
    """Hypothesis draws seeds of networks 2-2-2-1, whose patterns on 1600 points are counted."""

    @forall(seed=st.integers(0, 10**6), r=st.sampled_from([3.0, 10.0]))
    def holds(seed: int, r: float) -> None:
        model = mlp.mlp((2, 2, 2, 1), generator=torch.Generator().manual_seed(seed)).double()
        k = mlp.count_patterns(model, mlp.grid(-r, r, 40))
        assert count_by_engine(model, PLANE) >= least(k)

    holds()


def _folding(widths: tuple[int, ...]) -> Any:
    """Return a network of integers that folds the unit square floor(n / 2) times each way.

    The last hidden layer has tangents of a parabola that all cross within the square.
    """
    *folds, last = widths
    network, decode = [], np.eye(2, dtype=int)
    for p in (n // 2 for n in folds):
        steps = np.array([2 * p * np.sign(k) + p * (k == 0) for k in range(p)])
        W = np.kron(np.eye(2, dtype=int), steps[:, None])
        b = np.tile([-2 * k for k in range(p)], 2)
        network.append((W @ decode, b))
        decode = np.kron(np.eye(2, dtype=int), [(-1) ** k for k in range(p)])
    k = np.arange(1, last + 1)
    tangents = np.stack([-2 * (last + 1) * k, np.full(last, (last + 1) ** 2)], axis=1)
    return [*network, (tangents @ decode, k**2), (np.ones((1, last), dtype=int), [0])]


PRODUCT_MUTANTS = {
    "without crossings": {"factor": lambda n: 1 + n},
    "layers add up": {"combine": sum},
    "one region less in each layer": {"factor": lambda n: n + math.comb(n, 2)},
}


@check("exact", mutants=PRODUCT_MUTANTS)
def product_bound(
    factor: Map = lambda n: 1 + n + math.comb(n, 2), combine: Map = math.prod
) -> None:
    """Regions are counted of networks of integers that fold the square, and of 60 others.

    One hidden layer of tangents of a parabola attains the bound.
    """
    for n in range(1, 8):
        assert count_by_engine(_folding((n,)), PLANE) == factor(n)
    for widths in ((4, 4), (4, 2, 3), (6, 5)):
        assert count_exact(_folding(widths), PLANE) <= combine(map(factor, widths))
    for seed in range(60):
        network = _random_integers(2, 3, 2, 1, seed=seed)
        assert count_exact(network, PLANE) <= combine([factor(3), factor(2)])


@check(
    "property",
    mutants={
        "without crossings": {"factor": lambda n: 1 + n},
        "layers add up": {"combine": sum},
    },
)
def product_bound_on_drawn_networks(
    factor: Map = lambda n: 1 + n + math.comb(n, 2), combine: Map = math.prod
) -> None:
    """Hypothesis draws networks 2-3-2-1 of integers, whose regions in a square are cut out."""

    @forall(network=_networks(2, 3, 2, 1, largest=3))
    def holds(network: Any) -> None:
        assert len(list(_cells(network, _square(FAR)))) <= combine([factor(3), factor(2)])

    holds()
    for widths in ((2, 3, 2, 1), (2, 5, 5, 5, 5, 1)):
        assert bounds.raghu_upper(widths) == combine(map(factor, widths[1:-1]))


@check(
    "exact",
    mutants={
        "a layer as narrow as 3": {"deep": (2, 3, 3, 3, 3, 1)},
        "at most one neuron is off": {"off": 1},
    },
)
def three_upper_bounds(deep: Any = (2, 5, 5, 5, 5, 1), off: int = 2) -> None:
    """The sum over all (j_1, ..., j_H) is formed as it stands, by listing them."""
    for widths in ((2, 20, 1), deep):
        hidden = widths[1:-1]
        terms = [
            math.prod(map(math.comb, hidden, js))
            for js in product(range(off + 1), repeat=len(hidden))
            if all(
                j <= min([widths[0], n, *(m - i for m, i in zip(hidden[:k], js[:k], strict=True))])
                for k, (n, j) in enumerate(zip(hidden, js, strict=True))
            )
        ]
        assert bounds.serra_upper(widths) == sum(terms)
        assert bounds.montufar_upper(widths) == bounds.raghu_upper(widths) == sum(terms)


@check(
    "exact",
    mutants={
        "the last layer folds, too": {"count": lambda *n: math.prod((m // 2) ** 2 for m in n) * 16},
        "five neurons fold five times": {"count": lambda *n: 5**3 * 16},
    },
)
def folding(
    count: Map = lambda *n: (
        math.prod((m // 2) ** 2 for m in n[:-1]) * (1 + n[-1] + math.comb(n[-1], 2))
    ),
) -> None:
    """A network of integers is built that folds the square, and its regions there are counted.

    It needs four neurons of each folding layer; a fifth one that is always off changes nothing.
    """
    network = _folding((5, 5, 5, 5))
    assert [len(b) for _, b in network] == [4, 4, 4, 5, 1]
    regions = count_by_engine(network, Box(0, 1))
    assert regions == count(5, 5, 5, 5) == bounds.montufar_lower((2, 5, 5, 5, 5, 1))
    assert count_by_engine(network, PLANE) >= regions


@check(
    "property",
    mutants={
        "a cube of any size": {"side": lambda r: 0.01 / max(r)},
        "a sixth of the volume instead of a half": {"share": lambda d: math.factorial(d + 1)},
    },
)
def hanin_rolnick(side: Map = lambda r: 99 / min(r), share: Map = math.factorial) -> None:
    """Our own bound for two inputs is below the cited one, if the cube is large.

    Hypothesis draws the rates, and T is 5 per cent more than the largest.
    """

    @forall(rates=st.lists(st.floats(0.5, 1), min_size=2, max_size=9))
    def holds(rates: list[float]) -> None:
        n, a, T = len(rates), side(rates), 1.05 * max(rates)
        cited = a**2 * (T * n) ** 2 / share(2)
        ours = 1 + 2 * a * sum(rates) + a**2 * sum(r * s for r, s in combinations(rates, 2))
        assert ours <= cited
        assert math.isclose(bounds.hanin_rolnick_upper(n, a**2, T), cited, rel_tol=1e-12)

    holds()


# How many regions on average


@check(
    "exact",
    mutants={
        "half the term of the perimeter": {"rim": Fraction(1, 4)},
        "half the term of the area": {"inside": Fraction(1, 2)},
        "without the one": {"least": 0},
    },
)
def expected_upper_bound(
    rim: Fraction = Fraction(1, 2), inside: Fraction = Fraction(1), least: int = 1
) -> None:
    """For fixed unit normals and uniform biases the expectation is known as a fraction.

    A line meets a polygon with the probability c times its breadth, two cross in it with
    c^2 |det| times its area. All breadths are below 1/c, and the normals have rational slopes.
    """
    claims, package = [], []
    turns = [Fraction(k, 60) for k in range(-60, 60)]
    fan = [((1 - k**2) / (1 + k**2), 2 * k / (1 + k**2)) for k in turns]
    thin = [(Fraction(0), Fraction(0)), (Fraction(1), Fraction(0)), (Fraction(1), Fraction(1, 50))]
    for normals, polygon in ((fan[59:61], thin), (fan, _square(Fraction(1, 2))), ([], thin)):
        c = Fraction(1, 2)
        sides = list(zip(polygon, polygon[1:] + polygon[:1], strict=True))
        perimeter = Fraction(sum(math.dist(p, q) for p, q in sides))
        spans = [[w[0] * p[0] + w[1] * p[1] for p in polygon] for w in normals]
        meeting = sum(c * (max(span) - min(span)) for span in spans)
        dets = (abs(v[0] * w[1] - v[1] * w[0]) for v, w in combinations(normals, 2))
        expected = 1 + meeting + c**2 * _area(polygon) * sum(dets)
        pairs = math.comb(len(normals), 2) * c**2
        claim = least + rim * perimeter * len(normals) * c + inside * _area(polygon) * pairs
        assert expected <= claim
        claims.append(float(claim))
        package.append(bounds.expected_upper([0.5] * len(normals), _area(polygon), perimeter))
    assert np.allclose(package, claims, rtol=1e-12)


def _default_networks(widths: tuple[int, ...], count: int, seed: int) -> list[Any]:
    """Draw many networks at once from the distribution of PyTorch's default initialisation."""
    rng, layers = np.random.default_rng(seed), []
    for m, n in pairwise(widths):
        drawn = rng.uniform(-1, 1, (count, n, m + 1)) / math.sqrt(m)
        layers.append((drawn[..., :m].copy(), drawn[..., m]))
    return layers


@check("numeric", mutants={"half of the rates": {"rate": 0.5}})
def folds_on_a_line(rate: float = 1.0) -> None:
    """2000 networks 2-20-3-1 are drawn, and changes of patterns counted on a segment.

    With T as the mean of the rates, their mean number is at most the length times T N.
    """
    a = np.stack([np.linspace(0.9, 1.0, 101), np.zeros(101)])
    folds = np.zeros(2000)
    for W, b in _default_networks((2, 20, 3, 1), 2000, seed=7)[:-1]:
        z = W @ a + b[..., None]
        folds += np.diff(z > 0, axis=-1).sum(axis=(1, 2))
        a = np.maximum(z, 0)
    assert folds.mean() <= 0.1 * rate * sum(bounds.default_rates((2, 20, 3, 1)))


@check(
    "numeric",
    mutants={
        "half of the rates": {"rate": 0.5},
        "the weights may depend on the biases": {"aimed": True},
    },
)
def expected_upper_by_drawing(rate: float = 1.0, aimed: bool = False) -> None:
    """2000 networks 2-20-3-1 are drawn, and regions counted in a square about (1, 0).

    In the mutant one neuron is aimed at the centre: w = (-b, 0), with a gradient no longer.
    """
    layers = _default_networks((2, 20, 3, 1), 2000, seed=6)
    if aimed:
        layers[0][0][:, 0, 0], layers[0][0][:, 0, 1] = -layers[0][1][:, 0], 0
    rates = [rate * r for r in bounds.default_rates((2, 20, 3, 1))]
    counts = count_by_engine(layers, Box((0.98, -0.02), (1.02, 0.02)))
    assert counts.mean() <= bounds.expected_upper(rates, area=0.04**2, perimeter=4 * 0.04)


@check(
    "property",
    mutants={
        "a meeting with the boundary counts once": {"rim": 1},
        "a crossing counts twice": {"inside": 2},
    },
)
def cells_by_crossings(rim: float = 0.5, inside: float = 1) -> None:
    """Hypothesis draws default networks 2-4-3-1: a square has 1 + V + B / 2 of their regions."""

    @forall(seed=st.integers(0, 10**6), r=st.floats(0.5, 9))
    def holds(seed: int, r: float) -> None:
        model = mlp.mlp((2, 4, 3, 1), generator=torch.Generator().manual_seed(seed))
        found = linear_regions(model, Box(-r, r))
        on_rim = (np.abs(found.vertices) == r).any(axis=1).sum() - 4
        assert len(found) == 1 + inside * (len(found.vertices) - 4 - on_rim) + rim * on_rim

    holds()


@check(
    "symbolic",
    mutants={
        "ReLU lets the whole gradient through": {"passed": 1},
        "the rate falls like 1/3": {"base": 3},
    },
)
def default_rates_by_sympy(passed: Any = Fraction(1, 2), base: int = 6) -> None:
    """SymPy integrates the variance of a weight and adds up mean squares, for any widths."""
    w, *n = sp.symbols("w n_0:6", positive=True)
    bias = [1 / (2 / sp.sqrt(m)) for m in n]
    variance = [
        2 * sp.integrate(w**2 * c, (w, 0, 1 / sp.sqrt(m))) for m, c in zip(n, bias, strict=True)
    ]
    square = n[0] * variance[0]
    for layer in range(1, 6):
        claim = sp.sqrt(n[layer - 1]) / 2 / (sp.sqrt(3) * sp.sqrt(base) ** (layer - 1))
        assert sp.simplify(bias[layer - 1] ** 2 * square - claim**2) == 0
        square = n[layer] * variance[layer] * sp.Rational(passed) * square


@check(
    "numeric",
    mutants={
        "the rate falls like 1/3": {"base": 3},
        "the density of a bias is the square root": {"density": math.sqrt},
    },
)
def default_rates_by_drawing(base: int = 6, density: Map = lambda n: math.sqrt(n) / 2) -> None:
    """Gradients are formed in 40,000 networks 2-5-4-3 at a point, by the chain rule.

    Mean squares, and the share of biases in an interval, may be four per cent off; without one of
    the first five neurons mean squares are smaller.
    """
    rng = np.random.default_rng(4)
    n = (2, 5, 4, 3)
    for removed in (False, True):
        a, slope = np.array([[0.7], [-1.3]]), np.eye(2)
        for layer, (m, k) in enumerate(pairwise(n), start=1):
            W = rng.uniform(-(m**-0.5), m**-0.5, (40_000, k, m))
            b = rng.uniform(-(m**-0.5), m**-0.5, (40_000, k, 1))
            assert math.isclose(np.mean(abs(b) < 0.05) / 0.1, density(m), rel_tol=0.04)
            z, slope = W @ a + b, W @ slope
            square = (slope**2).sum(axis=2).mean()
            claim = 1 / (3 * base ** (layer - 1))
            assert square < 1.04 * claim
            assert removed or square > 0.96 * claim
            a, slope = np.maximum(z, 0), (z > 0) * slope
            if removed and layer == 1:
                a[:, 0], slope[:, 0] = 0, 0
    rates = [density(m) * (3 * base**layer) ** -0.5 for layer, m in enumerate(n[:3])]
    found = bounds.default_rates((*n, 1))
    assert np.allclose(found, np.repeat(rates, n[1:]), rtol=1e-12, atol=0)


@check(
    "symbolic",
    mutants={"the widths exchanged": {"ratio": lambda m, n: sp.sqrt(m / (6 * n))}},
)
def rate_ratio(ratio: Map = lambda m, n: sp.sqrt(n / (6 * m))) -> None:
    """SymPy divides the rates of two successive layers; the package's rates have this quotient.

    The inputs of the first of the two layers are m, those of the second n.
    """
    m, n, layer = sp.symbols("m n l", positive=True)
    later = sp.sqrt(n) / 2 / (sp.sqrt(3) * 6 ** (layer / 2))
    quotient = later / (sp.sqrt(m) / 2 / (sp.sqrt(3) * 6 ** ((layer - 1) / 2)))
    assert sp.simplify(quotient - ratio(m, n)) == 0
    found = bounds.default_rates((2, 5, 3, 1))
    assert math.isclose(found[5] / found[0], ratio(2, 5), rel_tol=1e-12)
    assert sp.simplify(quotient.subs(m, n) - 1 / sp.sqrt(6)) == 0


# How far to zoom out, at any depth

TIP = [
    ([[1, 0], [-1, 0], [0, 1], [0, -1]], [0, 0, 0, 0]),
    ([[1, -1, 2, 2]], [-1]),
    ([[1]], [0]),
]


def _nearest(cell: Polygon) -> Any:
    """Return the least max(|x|, |y|) on a polygon: the norm is linear where |x| > |y| or less."""
    quarters = (_clip(_clip(cell, (s, s, 0)), (t, -t, 0)) for s, t in product((1, -1), repeat=2))
    return min(_norm(p) for quarter in quarters for p in quarter)


def _radii(network: Any) -> tuple[Any, Any, Any]:
    """Return R_1, R_* and R, by cutting a very large square."""
    cells = [cell for cell, _, _ in _cells(network, _square(FAR))]
    W, b = network[0]
    first = {_direction((*w, c)) for w, c in zip(W, b, strict=True) if any(w)}
    corners = [p for cell in cells for p in cell if _norm(p) < FAR]
    return (
        max(map(_norm, _crossings(list(first)))),
        max(map(_nearest, cells)),
        max(map(_norm, corners)),
    )


@check(
    "exact",
    mutants={
        "as far as the outermost corner": {"enough": lambda r, nearest, corner: r > corner},
        "the square of half-width R_* itself": {"enough": lambda r, nearest, corner: r >= nearest},
        "the radii are equal at any depth": {"equal": 2},
        "nothing but rays outside of R_1": {"outside": lambda first, corner: first},
        "the first layer's lines may be parallel": {"parallels": True},
    },
)
def deep_radii(
    enough: Map = lambda r, nearest, corner: r > nearest,
    equal: int = 1,
    outside: Map = lambda first, corner: corner,
    parallels: bool = False,
) -> None:
    """Networks of integers with one and two hidden layers are cut into regions in fractions.

    Outside of R there are only rays if the same regions touch the rim of every larger square.
    """
    drawn = [_random_integers(*n, 1, seed=seed) for n in ((2, 3), (2, 2, 2)) for seed in range(25)]
    networks = [TIP, *([(W.tolist(), b.tolist()) for W, b in network] for network in drawn)]
    networks += [[([[1, 1], [2, 2]], [0, 1]), ([[1, 1]], [0])]] * parallels
    for network in networks:
        cells = list(_cells(network, _square(FAR)))
        if parallels or len(_crossings([(*w, c) for w, c in zip(*network[0], strict=True)])):
            assert all(min(map(_norm, cell)) < FAR for cell, _, _ in cells)
            first, nearest, corner = _radii(network)
            assert first <= nearest <= corner
            assert len(network) > equal + 1 or first == corner
            for r in {nearest, nearest + Fraction(1, 10**6), corner} - {0}:
                met = len(list(_cells(network, _square(r))))
                assert (met == len(cells)) == enough(r, nearest, corner)
            rim = outside(first, corner) + Fraction(1, 10**6)
            near = {on for cell, on, _ in _cells(network, _square(rim)) if rim in map(_norm, cell)}
            assert near == {on for cell, on, _ in cells if FAR in map(_norm, cell)}


@check(
    "property",
    mutants={
        "as far as the outermost corner": {"enough": lambda r, nearest, corner: r > corner},
        "as far as the first layer says": {"least": math.isclose},
    },
)
def deep_radii_by_the_package(
    enough: Map = lambda r, nearest, corner: r > nearest,
    least: Map = lambda first, nearest: first <= nearest * (1 + 1e-9),
) -> None:
    """Hypothesis draws networks 2-2-2-1 of integers, and regions are counted exactly in squares."""

    @forall(network=_networks(2, 2, 2, 1, largest=3), share=st.floats(0.5, 1.5))
    def holds(network: Any, share: float) -> None:
        W, b = network[0]
        assume(np.linalg.det(W).round())
        found, regions = linear_regions(network, PLANE), count_exact(network, PLANE)
        nearest = experiments.meeting_radius(found)
        corner = experiments.outermost_vertex(found)
        assert least(float(lines.zoom_radius(W, b)), nearest)
        assert nearest <= corner * (1 + 1e-9)
        for r in (share * nearest, share * corner):
            if r > 0 and abs(r - nearest) > 1e-9 * r:
                met = count_exact(network, Box(-r, r)) == regions
                assert met == enough(r, nearest, corner)

    holds()


@check(
    "exact",
    mutants={
        "the larger weight instead of the sum": {"width": max},
        "the innermost line": {"pick": min},
    },
)
def parallel_folds(width: Map = lambda a, b: a + b, pick: Map = max) -> None:
    """Networks of integers whose first normals are multiples of (1, 2) are cut in fractions.

    The folds are read from the corners of the regions that lie on the rim of a large square.
    """
    for seed in range(20):
        network = [(W.tolist(), b.tolist()) for W, b in _random_integers(1, 3, 2, 1, seed=seed)]
        network[0] = ([[w, 2 * w] for [w] in network[0][0]], network[0][1])
        cells = list(_cells(network, _square(FAR)))
        rim = {(1, 2, -x - 2 * y) for cell, _, _ in cells for x, y in cell if abs(x) != abs(y)}
        if rim:
            R = pick(Fraction(abs(c)) / width(1, 2) for _, _, c in rim)
            assert len(cells) == 1 + len(rim)
            for r in {R, R + Fraction(1, 1000)} - {0}:
                assert (len(list(_cells(network, _square(r)))) == len(cells)) == (r > R)


@check(
    "exact",
    mutants={
        "the tip counts": {"radii": (0, 1, 1)},
        "nine regions": {"regions": 9},
        "a smaller square does": {"enough": Fraction(1, 2)},
    },
)
def tip(
    radii: Any = (0, Fraction(1, 2), 1), regions: int = 8, enough: Any = Fraction(6, 10)
) -> None:
    """The example is cut in fractions; the package finds the same, rounded to ten digits."""
    for x, y in product(range(-3, 4), repeat=2):
        z = max(x, 0) - max(-x, 0) + 2 * max(y, 0) + 2 * max(-y, 0) - 1
        assert z == x + 2 * abs(y) - 1
    assert _radii(TIP) == radii
    cells = list(_cells(TIP, _square(FAR)))
    assert len(cells) == regions == len(list(_cells(TIP, _square(enough))))
    assert {(1, 0), (0, Fraction(1, 2)), (0, Fraction(-1, 2))} <= {
        p for c, _, _ in cells for p in c
    }
    found = linear_regions(TIP, PLANE)
    measured = experiments.meeting_radius(found), experiments.outermost_vertex(found)
    assert np.allclose(measured, [float(radii[1]), float(radii[2])], rtol=1e-10)


@check(
    "numeric",
    mutants={
        "no farther than the first layer": {"farther": lambda deep, first: deep <= first},
        "a tail that falls like the square": {"tail": lambda share, r: share * r**2 < 30},
    },
)
def deep_tail(
    farther: Map = lambda deep, first: deep >= first,
    tail: Map = lambda share, r: share * r > 10 / 27,
) -> None:
    """R_1, R_* and R are found for 15 default networks 2-2-2-1, and R_1 for 10,000 layers.

    The share of these in which R_1 exceeds r = 2, 20 and 100 is above 10 / (27 r).
    """
    for seed in range(15):
        model = mlp.mlp((2, 2, 2, 1), generator=torch.Generator().manual_seed(seed))
        found, (W, b) = linear_regions(model, PLANE), mlp.layers(model)[0]
        nearest, corner = experiments.meeting_radius(found), experiments.outermost_vertex(found)
        assert farther(nearest * (1 + 1e-9), float(lines.zoom_radius(W, b)))
        assert corner >= nearest * (1 - 1e-9)
    W, b = experiments.sample_hidden_layers(10_000, 2, rng=np.random.default_rng(5))
    radius = lines.zoom_radii(W, b)
    assert all(tail(np.mean(radius > r), r) for r in (2, 20, 100))
