"""Checks of the claims of chapter 4 on how regions are found, and on what can go wrong."""

import math
import struct
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import combinations, pairwise, product
from typing import Any
from unittest.mock import patch

import numpy as np
import sympy as sp
import torch
from catalogue import check, forall
from hypothesis import assume
from hypothesis import strategies as st
from scipy.optimize import linprog

from activations import mlp
from activations.experiments import regions_in_squares
from activations.regions import PLANE, Box, count_regions, decide, frame, reference, subdivision

Layers = list[tuple[Any, Any]]
Row = Sequence[Any]
Point = tuple[Any, Any]

as_fractions = np.vectorize(Fraction, otypes=[object])
SQUARE = Box(-2, 2)


def draw(rng: np.random.Generator, *widths: int, size: int = 3) -> Layers:
    """Draw a network of small integers, which is degenerate in many ways."""
    shapes = [((n, m), n) for m, n in pairwise(widths)]
    return [tuple(rng.integers(-size, size + 1, s).astype(float) for s in pair) for pair in shapes]


def forward(layers: Layers, point: Point) -> list[Any]:
    """Give the pre-activations of all hidden layers, and then the outputs, in fractions."""
    found, values = [], np.array(point, dtype=object)
    for W, b in layers:
        found.append(as_fractions(W) @ values + as_fractions(b))
        values = np.maximum(found[-1], 0)
    return found


def pattern(layers: Layers, point: Point) -> tuple[bool, ...]:
    """Say which hidden neurons are on."""
    return tuple(bool(z > 0) for hidden in forward(layers, point)[:-1] for z in hidden)


def rows_of(layers: Layers, on: Sequence[bool]) -> list[Row]:
    """Give the row (a, b, c) of every hidden neuron, if the neurons have this pattern."""
    rows, found, bits = as_fractions(np.eye(2, 3)), [], list(on)
    for W, b in layers[:-1]:
        rows = as_fractions(W) @ rows
        rows[:, 2] += as_fractions(b)
        found += [tuple(row) for row in rows]
        rows = rows * np.array(bits[: len(b)], dtype=object)[:, None]
        bits = bits[len(b) :]
    return found


def map_of(layers: Layers, on: Sequence[bool]) -> list[Row]:
    """Give the rows of the outputs, if the hidden neurons have this pattern."""
    outputs = len(layers[-1][1])
    return rows_of([*layers, layers[-1]], [*on, *[True] * outputs])[-outputs:]


def way_out(layers: Layers, layer: int, neuron: int, on: Sequence[bool]) -> Any:
    """Give what the outputs make of a neuron's activation, if the later ones have this pattern."""
    u, bits = as_fractions(layers[layer + 1][0][:, neuron]), list(on)
    bits = bits[sum(len(b) for _, b in layers[: layer + 1]) :]
    for W, _ in layers[layer + 2 :]:
        u, bits = as_fractions(W) @ (u * np.array(bits[: len(u)], dtype=object)), bits[len(u) :]
    return u


def at(row: Row, point: Point) -> Any:
    """Evaluate a row at a point."""
    return row[0] * point[0] + row[1] * point[1] + row[2]


def meet(first: Row, second: Row) -> Point | None:
    """Give the point in which two lines cross."""
    (a, b, c), (d, e, f) = first, second
    if a * e == b * d:
        return None
    determinant = Fraction(a * e - b * d)
    return (b * f - c * e) / determinant, (c * d - a * f) / determinant


def through(p: Point, q: Point) -> Row:
    """Give the line through two points, positive to the left of the way from p to q."""
    return (p[1] - q[1], q[0] - p[0], p[0] * q[1] - p[1] * q[0])


def area(polygon: Sequence[Point]) -> Any:
    """Give the area of a polygon, positive if it runs counter-clockwise."""
    return sum(p[0] * q[1] - p[1] * q[0] for p, q in pairwise([*polygon, *polygon[:1]])) / 2


def mean(points: Sequence[Point]) -> Point:
    """Give the mean of points."""
    return tuple(sum(column) / Fraction(len(points)) for column in zip(*points, strict=True))


def turns(polygon: Sequence[Point]) -> list[Any]:
    """Give twice the area of the triangle at each corner, positive where it turns left."""
    corners = [*polygon, *polygon[:2]]
    return [2 * area(three) for three in zip(corners, corners[1:], corners[2:], strict=False)]


def clip(polygon: Sequence[Point], row: Row) -> list[Point]:
    """Keep the part of a convex polygon where a row is not negative."""
    kept = []
    for p, q in pairwise([*polygon, *polygon[:1]]):
        u, v = at(row, p), at(row, q)
        if u >= 0:
            kept.append(p)
        if u * v < 0:
            kept.append(tuple((x * v - y * u) / (v - u) for x, y in zip(p, q, strict=True)))
    return kept


def circle(places: Sequence[int]) -> list[Point]:
    """Give points of the unit circle with fractions as coordinates, counter-clockwise."""
    return [(Fraction(1 - t * t, 1 + t * t), Fraction(2 * t, 1 + t * t)) for t in sorted(places)]


def packed(polygon: Sequence[Point]) -> reference.Polygon:
    """Give a polygon to the reference; its sides are numbered."""
    ends = enumerate(polygon)
    return [(reference._primitive(*homogeneous(p)), (-1, side)) for side, p in ends]


def homogeneous(point: Point) -> tuple[int, int, int]:
    """Give three integers for a point."""
    (p, q), (r, s) = (Fraction(value).as_integer_ratio() for value in point)
    return p * s, r * q, q * s


def unpacked(polygon: reference.Polygon) -> list[Point]:
    """Take a polygon from the reference."""
    return [(Fraction(x, z), Fraction(y, z)) for (x, y, z), _ in polygon]


def cut(polygon: Sequence[Point], row: Row) -> tuple[list[Point], list[Point]]:
    """Cut a polygon with the package."""
    corners = packed(polygon)
    row = reference._primitive(
        *(int(v * math.lcm(*(Fraction(u).denominator for u in row))) for v in row)
    )
    values = [sum(a * x for a, x in zip(row, vertex, strict=True)) for vertex, _ in corners]
    below, above = reference._cut(corners, values, (0, 0))
    return unpacked(below), unpacked(above)


def cells_of(layers: Layers, domain: Any = SQUARE) -> list[reference._Cell]:
    """Give the cells that the reference finds."""
    network, corners, _ = reference._read(reference.read_network(layers), domain)
    return list(reference._cells(network, corners))


def torn(_layers: Layers) -> list[reference._Cell]:
    """Cut a square in two and then one half only, as no continuous function would."""
    left, right = cut([(-1, -1), (1, -1), (1, 1), (-1, 1)], (1, 0, 0))
    parts = [*cut(left, (0, 1, 0)), right]
    return [reference._Cell([(v, (0, 0)) for v, _ in packed(p)], 0, []) for p in parts]


def lines_in(
    rng: np.random.Generator, polygon: Sequence[Point], count: int
) -> Iterator[tuple[list[Row], list[Point]]]:
    """Draw lines, with the points inside a polygon in which they cross in pairs."""
    sides = [through(p, q) for p, q in pairwise([*polygon, *polygon[:1]])]
    while True:
        rows = [tuple(row) for row in rng.integers(-6, 7, (count, 3)).tolist()]
        points = [point for pair in combinations(rows, 2) if (point := meet(*pair))]
        yield rows, [p for p in points if all(at(side, p) > 0 for side in sides)]


def ends_in(polygon: Sequence[Point], row: Row) -> list[tuple[int, Any, Point]]:
    """Give where a row changes its sign along sides: the side, how far along it, the point."""
    found = []
    for side, (p, q) in enumerate(pairwise([*polygon, *polygon[:1]])):
        u, v = at(row, p), at(row, q)
        if u * v < 0:
            t = Fraction(u) / (u - v)
            found.append((side, t, tuple(x + t * (y - x) for x, y in zip(p, q, strict=True))))
    return found


def general(polygon: Sequence[Point], rows: list[Row], crossings: list[Point]) -> bool:
    """Say whether a layer of these rows is in general position on a polygon."""
    ends = [end[2] for row in rows for end in ends_in(polygon, row)]
    clear = all(at(row, p) != 0 for row in rows for p in polygon)
    return clear and len({*ends}) == len(ends) and len({*crossings}) == len(crossings)


def layers_on(
    polygon: Sequence[Point], count: int, often: int, seed: int = 0
) -> Iterator[tuple[list[Row], list[Point]]]:
    """Draw layers in general position on a polygon."""
    drawn = lines_in(np.random.default_rng(seed), polygon, count)
    fit = (layer for layer in drawn if general(polygon, *layer))
    for _ in range(often):
        yield next(fit)


# Integers


@check(
    "exact",
    mutants={
        "the biases are not multiplied by the earlier factors": {"bias": lambda u, s: u},
        "the values are multiplied by the layer's own factor only": {"scale": lambda u, s: u},
    },
)
def integers_scale_all_values(
    scale: Callable[[int, int], int] = lambda u, s: u * s,
    bias: Callable[[int, int], int] = lambda u, s: u * s,
) -> None:
    """Networks of normal float64 numbers are made integer, and compared in fractions.

    The integer layers are those of the package, too.
    """
    rng = np.random.default_rng(0)
    for _ in range(5):
        layers = [(rng.normal(size=(n, m)), rng.normal(size=n)) for m, n in pairwise((2, 3, 3, 2))]
        whole, scales, s = [], [], 1
        for W, b in layers:
            u = max(v.as_integer_ratio()[1] for v in np.append(W, b).tolist())
            whole.append((u * as_fractions(W), bias(u, s) * as_fractions(b)))
            s = scale(u, s)
            scales.append(s)
        point = as_fractions(rng.integers(-9, 10, 2)) / 7
        values, integers = forward(layers, point), forward(whole, point)
        for found, true, factor in zip(integers, values, scales, strict=True):
            assert (found == factor * true).all()
        for (P, Q), layer in zip(whole, reference._integer_layers(layers), strict=True):
            assert P.T.tolist() == [list(column) for column in layer.columns]
            assert [(0, 0, q) for q in Q] == layer.constants


@check(
    "property",
    mutants={
        "a neuron at zero is on": {"on": lambda z: z >= 0},
        "a neuron is on where it is negative": {"on": lambda z: z < 0},
    },
)
def integers_have_the_same_patterns(on: Callable[[Any], bool] = lambda z: z > 0) -> None:
    """Hypothesis draws networks of floats, subnormal ones too, and points.

    The package's patterns, from integers, are those of the pre-activations in fractions.
    """
    numbers = st.floats(-4, 4) | st.integers(-2, 2).map(float)
    table = st.lists(numbers, min_size=6, max_size=6)

    @forall(first=table, last=table, point=st.tuples(numbers, numbers))
    def holds(first: list[float], last: list[float], point: Point) -> None:
        tables = [np.reshape(numbers, (2, 3)) for numbers in (first, last)]
        layers = [*((A[:, :2], A[:, 2]) for A in tables), (np.ones((1, 2)), np.zeros(1))]
        exact = forward(layers, as_fractions(point))
        expected = [on(z) for hidden in exact[:-1] for z in hidden]
        assert reference.pattern_at(layers, point).tolist() == expected

    holds()


@check(
    "property",
    mutants={
        "the exponent is never negative": {"most": 0},
        "the exponent is at least -1022": {"most": 1022},
    },
)
def a_float_is_a_dyadic_fraction(most: int = 1074) -> None:
    """Hypothesis draws finite floats; their 64 bits, read as IEEE 754 says, give m times 2^e.

    This is, exactly, the fraction p/q that Python gives for the float, with q = 2^k, k <= 1074.
    """
    finite = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([5e-324, 1e-310])

    @forall(x=finite)
    def holds(x: float) -> None:
        bits = int.from_bytes(struct.pack(">d", x), "big")
        exponent, m = bits >> 52 & 2047, bits % 2**52
        if exponent:
            m += 2**52
        value = (-1) ** (bits >> 63) * m * Fraction(2) ** (max(exponent, 1) - 1075)
        p, q = x.as_integer_ratio()
        assert Fraction(p, q) == value
        assert q in [2**k for k in range(most + 1)]

    holds()


# Cutting a cell


@check(
    "exact",
    mutants={
        "corners at which g is zero do not belong to the part": {"kept": lambda value: value < 0},
        "g changes its sign in the middle of a side": {"where": lambda u, v: Fraction(1, 2)},
    },
)
def cut_gives_the_two_parts(
    kept: Callable[[Any], bool] = lambda value: value <= 0,
    where: Callable[[Any, Any], Any] = lambda u, v: u / (u - v),
) -> None:
    """Polygons in the unit circle are cut by the package, often through corners.

    Both parts turn left at all corners, fill the whole, and have the corners that the lemma says.
    """
    rng = np.random.default_rng(0)
    for _ in range(60):
        polygon = circle(rng.choice(range(-5, 6), rng.integers(3, 7), replace=False).tolist())
        sides = [*pairwise(polygon), (polygon[-1], polygon[0])]
        middles = [mean(side) for side in sides]
        places = [*polygon, *middles, (Fraction(1, 3), Fraction(0))]
        g = through(*(places[k] for k in rng.choice(len(places), 2, replace=False)))
        values = [at(g, p) for p in polygon]
        if min(values) < 0 < max(values):
            below, above = cut(polygon, g)
            new = {
                tuple(x + where(at(g, p), at(g, q)) * (y - x) for x, y in zip(p, q, strict=True))
                for p, q in sides
                if at(g, p) * at(g, q) < 0
            }
            signs = [*zip(polygon, values, strict=True)]
            assert {*below} == new | {p for p, v in signs if kept(v)}
            assert {*above} == new | {p for p, v in signs if kept(-v)}
            assert min(turns(below) + turns(above)) > 0
            assert area(below) + area(above) == area(polygon)
            assert at(g, mean(below)) < 0 < at(g, mean(above))


@check(
    "property",
    mutants={
        "g may be zero at all corners": {"one_sided": lambda values: min(values) >= 0},
        "points of the boundary are inside": {"least": 0},
    },
)
def cut_is_not_needed_for_one_sign(
    one_sided: Callable[[list[Any]], bool] = lambda values: min(values) >= 0 < max(values),
    least: int = 1,
) -> None:
    """Hypothesis draws polygons, functions g that are zero at a corner, and weighted means of all.

    Inside, no weight is zero; there g is positive if it is at one corner and nowhere negative.
    """
    few, weight = st.integers(-2, 2), st.integers(least, 3)
    corner = st.tuples(st.integers(-5, 5), weight)

    @forall(
        corners=st.lists(corner, min_size=3, max_size=6, unique_by=lambda pair: pair[0]),
        a=few,
        b=few,
    )
    def holds(corners: list[tuple[int, int]], a: int, b: int) -> None:
        polygon, weights = circle([t for t, _ in corners]), [w for _, w in sorted(corners)]
        lowest = min(at((a, b, 0), p) for p in polygon)
        values = [at((a, b, -lowest), p) for p in polygon]
        total = sum(w * v for w, v in zip(weights, values, strict=True))
        assert total > 0 or not one_sided(values)
        assert -total <= 0

    holds()


@check(
    "exact",
    mutants={
        "sets without interior points count": {"counts": bool},
        "a neuron at zero is on": {"on": lambda z: z >= 0},
    },
)
def cells_are_the_patterns_with_area(
    counts: Callable[[list[Point]], bool] = lambda polygon: area(polygon) > 0,
    on: Callable[[Any], bool] = lambda z: z > 0,
) -> None:
    """All 32 patterns of small networks of integers are tried, by clipping a square in fractions.

    What is left of it has the pattern inside and an area for the patterns of the package's cells.
    """
    rng = np.random.default_rng(1)
    for _ in range(12):
        layers, found = draw(rng, 2, 3, 2, 1, size=2), set()
        for s in product((False, True), repeat=5):
            polygon = [(Fraction(x), Fraction(y)) for x, y in SQUARE.corners.tolist()]
            for row, positive in zip(rows_of(layers, s), s, strict=True):
                polygon = clip(polygon, row if positive else tuple(-value for value in row))
            if counts(polygon):
                values = forward(layers, mean(polygon))
                found |= {s} & {tuple(on(z) for hidden in values[:-1] for z in hidden)}
        cells = [cell.pattern for cell in cells_of(layers)]
        assert sorted(cells) == sorted(sum(bit << k for k, bit in enumerate(s)) for s in found)


@check(
    "property",
    mutants={
        "a cell has its pattern at its corners, too": {"inside": lambda polygon: polygon[0]},
        "the first three neurons tell all cells apart": {"name": lambda pattern: pattern & 7},
    },
)
def cells_fill_the_square(
    inside: Callable[[list[Point]], Point] = mean, name: Callable[[int], int] = int
) -> None:
    """Hypothesis draws networks of small integers; the areas of all cells add up to the square's.

    Each cell is convex, has its pattern inside, evaluated in fractions, and no other cell has it.
    """
    bits = 1 << np.arange(6)

    @forall(seed=st.integers(0, 2**32 - 1), widths=st.sampled_from([(2, 6), (2, 3, 3), (2, 2, 2)]))
    def holds(seed: int, widths: tuple[int, ...]) -> None:
        layers = draw(np.random.default_rng(seed), *widths, 1)
        cells = cells_of(layers)
        polygons = [unpacked(cell.polygon) for cell in cells]
        assert sum(map(area, polygons)) == 16
        assert len({name(cell.pattern) for cell in cells}) == len(cells)
        for cell, polygon in zip(cells, polygons, strict=True):
            assert min(turns(polygon)) > 0
            on = pattern(layers, inside(polygon))
            assert cell.pattern == sum(bits[: len(on)][list(on)])

    holds()


@check(
    "exact",
    mutants={
        "the functions need not be continuous": {"cells": torn},
        "cells that touch have a side in common": {"touch": lambda low, high: low <= high},
    },
)
def sides_agree_wherever_they_overlap(
    cells: Callable[[Layers], list[reference._Cell]] = cells_of,
    touch: Callable[[Any, Any], bool] = lambda low, high: low < high,
) -> None:
    """Cells of degenerate networks are listed by the lines of their sides, in integers.

    Wherever two sides on one line overlap, they have the same two ends.
    """
    rng = np.random.default_rng(2)
    for _ in range(10):
        lines = defaultdict(list)
        for cell in cells(draw(rng, 2, 3, 2, 1)):
            for p, q in pairwise([*unpacked(cell.polygon), unpacked(cell.polygon)[0]]):
                a, b, c = through(p, q)
                slope = (Fraction(b) / a, c / Fraction(a)) if a else (None, c / Fraction(b))
                lines[slope].append(sorted([p, q]))
        for sides in lines.values():
            for (p, q), (r, s) in combinations(sides, 2):
                if touch(max(p, r), min(q, s)):
                    assert (p, q) == (r, s)


@check(
    "property",
    mutants={
        "the functions need not be continuous": {"cells": torn},
        "the sides of the frame have partners, too": {"frame_fold": (-2, -2)},
    },
)
def sides_have_one_partner(
    cells: Callable[[Layers], list[reference._Cell]] = cells_of,
    frame_fold: tuple[int, int] = reference._FRAME,
) -> None:
    """Hypothesis draws networks; each side of a cell is a side of one other cell, run backwards."""

    @forall(seed=st.integers(0, 2**32 - 1))
    def holds(seed: int) -> None:
        layers = draw(np.random.default_rng(seed), 2, 4, 3, 1)
        polygons = [[*cell.polygon, cell.polygon[0]] for cell in cells(layers)]
        sides = Counter((p, q) for ends in polygons for (p, _), (q, _) in pairwise(ends))
        folds = {(p, q): fold for ends in polygons for (p, fold), (q, _) in pairwise(ends)}
        assert set(sides.values()) == {1}
        for (p, q), fold in folds.items():
            assert sides[q, p] == (fold != frame_fold)

    holds()


# The plane


@check(
    "exact",
    mutants={
        "the biases are left out": {"size": lambda w, q, m: sum(map(abs, w)) * m},
        "2^k is enough": {"half_width": lambda k: 2**k},
    },
)
def frame_holds_all_crossings(
    size: Callable[[Row, Any, Any], Any] = lambda w, q, m: sum(map(abs, w)) * m + abs(q),
    half_width: Callable[[int], int] = lambda k: 4 ** (k + 1),
) -> None:
    """The rows of all patterns of networks of integers are computed, with all their crossings.

    One of the networks has two lines that are nearly parallel, which cross far out.
    """
    rng = np.random.default_rng(3)
    steep = np.array([[20.0, 19], [19, 18]]), np.array([0.0, 20])
    last = np.ones((1, 2)), np.array([200.0])
    for layers in [[steep, last, last], *(draw(rng, 2, 2, 2, 1) for _ in range(10))]:
        sizes = [1]
        for P, Q in layers[:-1]:
            rows = zip(P.astype(int).tolist(), Q.astype(int).tolist(), strict=True)
            sizes.append(max(size(w, q, sizes[-1]) for w, q in rows))
        k = max(sizes).bit_length()
        neurons = sum(len(b) for _, b in layers[:-1])
        rows = {row for s in product((0, 1), repeat=neurons) for row in rows_of(layers, s)}
        assert all(abs(value) < 2**k for row in rows for value in row)
        crossings = [point for pair in combinations(rows, 2) if (point := meet(*pair))]
        reach = reference._reach(reference._integer_layers(layers))
        assert all(abs(x) < min(half_width(k), reach) for point in crossings for x in point)


@check(
    "property",
    mutants={
        "a fixed square is enough": {"half_width": lambda k: 2},
        "k is enough": {"half_width": lambda k: k},
    },
)
def frame_misses_nothing(half_width: Callable[[int], int] = lambda k: 4 ** (k + 1)) -> None:
    """Hypothesis draws networks; Q shows as many regions as the plane, and as a far larger square.

    In the larger square, all vertices lie in Q or on the larger one's boundary.
    """

    @forall(seed=st.integers(0, 2**32 - 1))
    def holds(seed: int) -> None:
        layers = draw(np.random.default_rng(seed), 2, 2, 2, 1)
        m, sizes = 1, [1]
        for P, Q in layers[:-1]:
            m = int(max(np.abs(P).sum(axis=1) * m + np.abs(Q)))
            sizes.append(m)
        R = half_width(max(sizes).bit_length())
        far = 4**30
        patterns = [{cell.pattern for cell in cells_of(layers, Box(-r, r))} for r in (R, far)]
        assert patterns[0] == patterns[1] == {cell.pattern for cell in cells_of(layers, PLANE)}
        for cell in cells_of(layers, Box(-far, far)):
            sizes = [max(map(abs, point)) for point in unpacked(cell.polygon)]
            assert all(size < R or size == far for size in sizes)

    holds()


# Chords


def dented(places: Sequence[int]) -> list[Point]:
    """Give a polygon with a corner that points inwards."""
    polygon = circle(places)
    return [*polygon, mean([*polygon, polygon[0], polygon[-1]])]


@check(
    "exact",
    mutants={
        "g may be zero at corners": {"allowed": lambda values: True},
        "the polygon need not be convex": {"shape": dented},
    },
)
def chord_has_two_ends(
    allowed: Callable[[list[Any]], bool] = lambda values: 0 not in values,
    shape: Callable[[Sequence[int]], list[Point]] = circle,
) -> None:
    """In drawn polygons, the sides along which g changes its sign are counted: none or two.

    The package cuts at the same two points, between which the line runs inside.
    """
    rng = np.random.default_rng(4)
    for _ in range(100):
        polygon = shape(rng.choice(range(-6, 7), rng.integers(3, 7), replace=False).tolist())
        g = rng.integers(-3, 4, 3).tolist()
        values, ends = [at(g, p) for p in polygon], [end[2] for end in ends_in(polygon, g)]
        if allowed(values):
            assert len(ends) == 2 * (min(values) < 0 < max(values))
            if ends:
                assert {*cut(polygon, g)[0]} & {*cut(polygon, g)[1]} == {*ends}
                sides = [through(p, q) for p, q in pairwise([*polygon, polygon[0]])]
                assert all(at(side, mean(ends)) > 0 for side in sides)


@check(
    "property",
    mutants={
        "the chord ends in the middle of the sides": {"where": lambda u, v: Fraction(1, 2)},
        "the zero divides a side as the values do": {"where": lambda u, v: v / (v - u)},
    },
)
def chord_holds_all_zeros(
    where: Callable[[Any, Any], Any] = lambda u, v: u / (u - v),
) -> None:
    """Hypothesis draws two points of a polygon; a zero of g between them lies on the chord."""
    some = st.lists(st.integers(0, 4), min_size=1, max_size=3)
    row = st.tuples(st.integers(-5, 5), st.integers(1, 5), st.integers(-2, 2))

    @forall(first=some, second=some, g=row)
    def holds(first: list[int], second: list[int], g: Row) -> None:
        polygon = circle([-4, -1, 0, 1, 3])
        below, above = ([p for p in polygon if sign * at(g, p) > 0] for sign in (-1, 1))
        assume(below and above and len(below + above) == 5)
        p = mean([below[k % len(below)] for k in first])
        q = mean([above[k % len(above)] for k in second])
        u, v = at(g, p), at(g, q)
        zero = [x + u / (u - v) * (y - x) for x, y in zip(p, q, strict=True)]
        a, b = (
            [x + where(at(g, r), at(g, s)) * (y - x) for x, y in zip(r, s, strict=True)]
            for r, s in pairwise([*polygon, polygon[0]])
            if at(g, r) * at(g, s) < 0
        )
        assert at(through(a, b), zero) == 0
        assert sum((x - z) * (y - z) for x, y, z in zip(a, b, zero, strict=True)) <= 0

    holds()


@check(
    "exact",
    mutants={
        "both ends of one lie between those of the other": {
            "alternate": lambda i, j, k, m: i < k < m < j
        },
        "one end at least lies between those of the other": {
            "alternate": lambda i, j, k, m: i < k < j or i < m < j
        },
    },
)
def chords_cross_if_they_alternate(
    alternate: Callable[[int, int, int, int], bool] = lambda i, j, k, m: (i < k < j) != (i < m < j),
) -> None:
    """All pairs of chords between ten points of a pentagon are tried.

    They cross if the solution of their two equations divides both of them from within.
    """
    polygon = circle([-4, -1, 0, 1, 3])
    sides = [*pairwise(polygon), (polygon[-1], polygon[0])]
    points = [mean([*side, side[half]]) for side in sides for half in (0, 1)]
    chords = [pair for pair in combinations(range(10), 2) if pair[0] // 2 != pair[1] // 2]
    for (i, j), (k, m) in combinations(chords, 2):
        if len({i, j, k, m}) == 4:
            p = meet(through(points[i], points[j]), through(points[k], points[m]))
            ends = [(points[i], points[j]), (points[k], points[m])]
            inner = p is not None and all(
                sum((x - z) * (y - z) for x, y, z in zip(*end, p, strict=True)) < 0 for end in ends
            )
            assert inner == alternate(i, j, k, m)


@check(
    "property",
    mutants={
        "chords cross if their ends do not alternate": {"crossing": ("aabb", "abba")},
        "chords cross if one ends where the other begins": {"crossing": ("abab", "abba")},
    },
)
def chords_that_alternate_make_four_cells(crossing: tuple[str, ...] = ("abab",)) -> None:
    """Hypothesis draws two lines in a polygon; the package finds four cells, or else three."""
    row = st.tuples(st.integers(-5, 5), st.integers(1, 5), st.integers(-2, 2))

    @forall(rows=st.tuples(row, row))
    def holds(rows: list[Row]) -> None:
        polygon = circle([-4, -1, 0, 1, 3])
        ends = [ends_in(polygon, row) for row in rows]
        assume(general(polygon, rows, []) and all(ends))
        word = "".join(name for *_, name in sorted((*end[:2], name) for end, name in pairs(ends)))
        word = word if word[0] == "a" else word.translate(str.maketrans("ab", "ba"))
        table = np.array(rows, dtype=float)
        network = reference._integer_layers([(table[:, :2], table[:, 2]), (np.ones((1, 2)), [0.0])])
        assert len([*reference._cells(network, packed(polygon))]) == 3 + (word in crossing)

    def pairs(ends: list[Any]) -> Iterator[tuple[Any, str]]:
        return ((end, name) for two, name in zip(ends, "ab", strict=True) for end in two)

    holds()


# Faces


def faces_of(polygon: Sequence[Point], rows: Sequence[Row]) -> list[reference.Polygon]:
    """Cut a polygon by a layer with the package."""
    table = np.array(rows, dtype=float)
    last = np.ones((1, len(rows))), np.zeros(1)
    network = reference._integer_layers([(table[:, :2], table[:, 2]), last])
    return [cell.polygon for cell in reference._cells(network, packed(polygon))]


@check(
    "exact",
    mutants={
        "each crossing makes two faces": {"faces": lambda k, c: 1 + k + 2 * c},
        "three lines may meet in a point": {"position": lambda polygon, rows, crossings: True},
    },
)
def faces_are_chords_and_crossings(
    faces: Callable[[int, int], int] = lambda k, c: 1 + k + c,
    position: Callable[..., bool] = general,
) -> None:
    """Lines are drawn in polygons, in general position; the package counts what they make of them.

    Crossings are solutions of two equations that lie to the left of all sides.
    """
    polygon = circle([-5, -2, 0, 1, 4])
    drawn = lines_in(np.random.default_rng(5), polygon, 4)
    for _, (rows, crossings) in zip(range(200), drawn, strict=False):
        if position(polygon, rows, crossings):
            k = sum(bool(ends_in(polygon, row)) for row in rows)
            assert len(faces_of(polygon, rows)) == faces(k, len(crossings))


@check(
    "numeric",
    mutants={
        "crossings make no faces": {"growth": lambda chords, crossings: chords},
        "each end of a chord makes a face": {"growth": lambda chords, crossings: 2 * chords},
    },
)
def faces_grow_layer_by_layer(
    growth: Callable[[int, int], int] = lambda chords, crossings: chords + crossings,
) -> None:
    """The second layer of PyTorch's networks is evaluated at the corners of the first one's faces.

    Its changes of sign around each face, in order, say how many faces the float64 engine must find.
    """
    for seed in range(5):
        model = mlp.mlp((2, 8, 8, 1), generator=torch.Generator().manual_seed(seed)).double()
        layers = mlp.layers(model)
        before, chords, crossings = decide.linear_regions(layers[:2], SQUARE), 0, 0
        for polygon in map(before.region, range(len(before))):
            z = np.maximum(polygon @ layers[0][0].T + layers[0][1], 0) @ layers[1][0].T
            z += layers[1][1]
            after = np.roll(z, -1, axis=0)
            sides, neurons = np.nonzero(z * after < 0)
            t = (z / (z - after))[sides, neurons]
            word = neurons[np.lexsort((t, sides))].tolist()
            chords += len({*word})
            for i, j in combinations(sorted({*word}), 2):
                two = [letter for letter in word if letter in (i, j)]
                crossings += two[0] == two[2]
        for count in (len(decide.linear_regions(layers, SQUARE)), count_regions(layers, SQUARE)):
            assert count == len(before) + growth(chords, crossings)


@check("exact", mutants={"six faces in any case": {"apart": 6}, "they are seven": {"in_one": 7}})
def three_chords_make_seven_faces(apart: int = 7, in_one: int = 6) -> None:
    """Three lines through the origin are moved by all small offsets, and the package counts.

    Where the lines x, y and x + y, moved by p, q and r, cross each other, r = p + q or not.
    """
    for p, q, r in product(range(-3, 4), repeat=3):
        rows = [(9, 0, p), (0, 9, q), (9, 9, r)]
        square = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
        assert len(faces_of(square, rows)) == (in_one if r == p + q else apart)


def turning(polygon: Sequence[Point], point: Point) -> tuple[Any, Any]:
    """Say when a ray about the first corner meets a point, and how far out."""
    v, first, last = polygon[0], polygon[1], polygon[-1]
    beta = at(through(v, first), point) / at(through(v, first), last)
    alpha = at(through(v, last), point) / at(through(v, last), first)
    return (beta / (alpha + beta), alpha + beta) if alpha + beta else (Fraction(-1), 0)


@check(
    "exact",
    mutants={
        "faces are born where chords end": {"born": max},
        "faces are born where they are left": {"extreme": max},
    },
)
def faces_are_born_once(born: Callable[..., Any] = min, extreme: Callable[..., Any] = min) -> None:
    """Faces of drawn layers are cut out by the package, and their first corners are found.

    Besides the corner of the ray, they are all beginnings of chords and all crossings, once each.
    """
    polygon = circle([-6, -2, 0, 1, 3])
    for rows, crossings in layers_on(polygon, 4, 25):
        ends = [end for row in rows if (end := ends_in(polygon, row))]
        events = [born(two)[2] for two in ends] + crossings
        faces = [unpacked(face) for face in faces_of(polygon, rows)]
        firsts = [
            extreme(turning(polygon, p) for p in face) for face in faces if polygon[0] not in face
        ]
        assert len(faces) == len(firsts) + 1
        assert sorted(firsts) == sorted(turning(polygon, p) for p in events)


@check(
    "numeric",
    mutants={
        "faces are born where chords end": {"born": -1},
        "faces are first met where they are farthest right": {"objective": (0.0, 1.0)},
    },
)
def births_by_linear_programs(born: int = 0, objective: tuple[float, float] = (1.0, 0.0)) -> None:
    """In the unit square seen from the corner 0, SciPy finds the first point of each face.

    With slope m = y/x and s = 1/x, a x + b y + c > 0 means a + b m + c s > 0, so it is a linear
    program to minimise m; on the lower side, where m = 0, the first point has the largest s.
    """
    square = [(0, 0), (1, 0), (1, 1), (0, 1)]
    for rows, crossings in layers_on(square, 4, 4, seed=1):
        table, found = np.array(rows, dtype=float), []
        layers = [(table[:, :2], table[:, 2]), (np.ones((1, 4)), np.zeros(1))]
        inside = decide.linear_regions(layers, Box(0, 1)).patterns
        for on in inside[(inside != (table[:, 2] > 0)).any(axis=1)]:
            A = np.where(on, -1.0, 1.0)[:, None] * table
            A, upper = np.vstack([A[:, 1:], [1, -1]]), np.append(-A[:, 0], 0.0)
            limits = [(0, None), (1, None)]
            slope, s = linprog(objective, A, upper, bounds=limits).x
            if slope < 1e-9:
                slope, s = linprog((0, -1), A, upper, bounds=[(0, 0), (1, None)]).x
            found.append((slope, s))
        ends = [sorted(end)[born][2] for row in rows if (end := ends_in(square, row))]
        events = [(float(y / x), float(1 / x)) for x, y in ends + crossings if x]
        assert len(events) == len(found)
        assert np.allclose(sorted(found), sorted(events), atol=1e-6)


# The certificate


def division(polygon: Sequence[Point], rows: Sequence[Row]) -> Any:
    """Give the faces that lines make of a polygon, each as the cycle of its sides."""
    faces = []
    for face in faces_of(polygon, rows):
        sides = [side for _, side in face]
        faces.append(min(tuple(sides[k:] + sides[:k]) for k in range(len(sides))))
    return tuple(sorted(faces))


@check(
    "exact",
    mutants={
        "the orders along chords are not needed": {"known": ("signs", "edges")},
        "the orders along edges are not needed": {"known": ("signs", "chords")},
    },
)
def data_determine_the_division(known: tuple[str, ...] = ("signs", "edges", "chords")) -> None:
    """Hundreds of layers in general position in a square are grouped by signs and orders.

    The layers of one group divide the square alike: the same cycles of sides around the faces.
    """
    square, seen = [(-2, -2), (2, -2), (2, 2), (-2, 2)], {}
    for rows, _ in layers_on(square, 3, 500):
        ends = sorted((*end[:2], j) for j, row in enumerate(rows) for end in ends_in(square, row))
        along = []
        for i, row in enumerate(rows):
            points = [(meet(row, other), j) for j, other in enumerate(rows) if j != i]
            inner = [(p, j) for p, j in points if p and max(map(abs, p)) < 2]
            begin = min(ends_in(square, row), default=None)
            along.append([j for p, j in sorted(inner, key=lambda pair: far(begin[2], pair[0]))])
        data = {
            "signs": [at(row, p) > 0 for row in rows for p in square],
            "edges": [(side, j) for side, _, j in ends],
            "chords": along,
        }
        key = str([data[name] for name in known])
        divided = division(square, rows)
        assert seen.setdefault(key, divided) == divided


def far(p: Point, q: Point) -> Any:
    """Give the square of a distance."""
    return sum((x - y) ** 2 for x, y in zip(p, q, strict=True))


def shape_of(c: Any) -> Any:
    """Give what of a complex does not depend on coordinates and numbers."""
    names = [bytes(row) for row in c.patterns]
    sides = [sorted(names[f] if f >= 0 else b"" for f in pair) for pair in c.adjacency]
    edges = Counter(map(str, zip(sides, c.edge_neuron.tolist(), strict=True)))
    return Counter(names), edges, len(c.vertices)


@check(
    "numeric",
    mutants={
        "numbers are certain without bounds of their errors": {"unit": 0.0},
        "their errors are a 2^20th of what they are": {"unit": 2.0**-73},
    },
)
def certified_complexes_are_right(unit: float = 2.0**-53) -> None:
    """A neuron of the second layer folds at a distance of 2^-58 from where two of the first cross.

    What float64 certifies, with its roundoff, agrees with the reference: regions, edges, vertices.
    """
    rng, certified = np.random.default_rng(6), 0
    for power in [58] * 8 + [30] * 4:
        first = rng.normal(size=(2, 2)), rng.uniform(-1, 1, 2)
        second = rng.normal(size=(1, 2)), rng.choice([-1, 1], 1) * 2.0**-power
        layers = [first, second, (np.ones((1, 1)), np.zeros(1))]
        try:
            with patch.object(subdivision, "_UNIT", unit):
                found = subdivision.subdivide(layers, frame.box((-3, -3), (3, 3)))
        except subdivision.UncertifiedError:
            continue
        certified += 1
        c = decide.PolyhedralComplex(layers, Box(-3, 3), certified="float64", **found)
        assert shape_of(c) == shape_of(reference.exact_regions(layers, Box(-3, 3)))
    assert certified


@check(
    "numeric",
    mutants={
        "the norm of the last matrix does not matter": {"skipped": 1},
        "errors are as large as the vertex's": {"skipped": 3},
    },
)
def errors_grow_by_the_norms(skipped: int = 0) -> None:
    """Networks are evaluated at points and at others nearby, in float64 with far smaller roundings.

    NumPy's singular values give the norms.
    """
    rng = np.random.default_rng(7)
    for _ in range(200):
        layers = [(rng.normal(size=(n, m)), rng.normal(size=n)) for m, n in pairwise((2, 3, 3, 3))]
        first, second = rng.normal(size=2), rng.normal(size=2)
        second = first + 1e-3 * (second - first)
        bound = np.linalg.norm(first - second)
        for W, _ in layers[: len(layers) - skipped]:
            bound *= np.linalg.svd(W)[1][0]
        for level, (W, b) in enumerate(layers):
            first, second = W @ first + b, W @ second + b
            if level < 2:
                first, second = np.maximum(first, 0), np.maximum(second, 0)
        assert np.abs(first - second).max() <= bound * (1 + 1e-9)


@check(
    "property",
    mutants={
        "the larger of the two bounds is enough": {"least": max},
        "neighbours may be equal up to their bounds": {"strict": False},
    },
)
def neighbours_decide_an_order(
    least: Callable[[int, int], int] = lambda p, q: p + q, strict: bool = True
) -> None:
    """Hypothesis draws integers, bounds and errors up to these; true orders are those computed."""
    entry = st.tuples(st.integers(-4, 4), st.integers(0, 2), st.sampled_from([-2, 2]))

    @forall(entries=st.lists(entry, min_size=2, max_size=3))
    def holds(entries: list[tuple[int, int, int]]) -> None:
        entries = sorted((x, bound, max(-bound, min(bound, e))) for x, bound, e in entries)
        gaps = [y - x - least(p, q) for (x, p, _), (y, q, _) in pairwise(entries)]
        if min(gaps) >= strict:
            true = [x + e for x, _, e in entries]
            assert all(p < q for p, q in combinations(true, 2))

    holds()


# The errors of vertices


@check(
    "symbolic",
    mutants={
        "the two errors change places": {"numerator": lambda p, q, a, b: a * p - b * q},
        "the errors add up": {"numerator": lambda p, q, a, b: a * q + b * p},
    },
)
def error_formulas_by_sympy(
    numerator: Callable[..., sp.Expr] = lambda p, q, a, b: a * q - b * p,
) -> None:
    """SymPy simplifies both identities of the proof to zero: of quotients, and of two normals."""
    p, q, a, b = sp.symbols("p q alpha beta")
    quotients = (p + a) / (p + a + q + b) - p / (p + q)
    assert sp.simplify(quotients - numerator(p, q, a, b) / ((p + q) * (p + a + q + b))) == 0
    n, m, y = (sp.Matrix(sp.symbols(f"{name}1:3")) for name in "nmy")
    turn = sp.Matrix([[0, -1], [1, 0]])
    left = sp.det(n.row_join(m)) * y
    assert sp.expand(left - (m.dot(y) * turn * n - n.dot(y) * turn * m)) == sp.zeros(2, 1)


@check(
    "property",
    mutants={
        "the denominator is not diminished": {"shrink": lambda d, e: 0},
        "the errors are weighted by their own values": {"weigh": lambda p, q, d, e: p * d + q * e},
    },
)
def error_of_a_zero_on_an_edge(
    shrink: Callable[[Any, Any], Any] = lambda d, e: d + e,
    weigh: Callable[..., Any] = lambda p, q, d, e: q * d + p * e,
) -> None:
    """Hypothesis draws values, bounds and errors within these, as integers; compared in fractions.

    The largest errors come first, for which the bound is attained.
    """
    size, share = st.integers(0, 9), st.sampled_from([(1, -1), (-1, 1), (1, 1), (0, -1), (1, 0)])

    @forall(p=size, q=size, delta=size, eps=size, signs=share)
    def holds(p: int, q: int, delta: int, eps: int, signs: tuple[int, int]) -> None:
        assume(delta + eps < p + q)
        true_p, true_q = p + signs[0] * delta, q + signs[1] * eps
        assume(true_p > 0 and true_q > 0)
        error = Fraction(true_p, true_p + true_q) - Fraction(p, p + q)
        bound = Fraction(weigh(p, q, delta, eps), (p + q) * (p + q - shrink(delta, eps)))
        assert abs(error) <= bound

    holds()


@check(
    "property",
    mutants={
        "the angle does not matter": {"sine": lambda sine: 1.0},
        "the error of the second chord does not matter": {"total": lambda d, e: d},
    },
)
def error_of_a_crossing(
    sine: Callable[[float], float] = lambda sine: sine,
    total: Callable[[float, float], float] = lambda d, e: d + e,
) -> None:
    """Hypothesis moves the ends of two chords; distances of crossings and parameters are bounded.

    What float64 adds is far below 1e-9.
    """
    near, out, angle = st.integers(-1, 1), st.integers(2, 5), st.floats(0, 6.3)

    @forall(
        along=st.tuples(out, near, out, near),
        across=st.tuples(near, out, near, out),
        ways=st.lists(angle, min_size=4, max_size=4),
        errors=st.tuples(st.floats(0, 0.5), st.floats(0, 0.5)),
    )
    def holds(along: Row, across: Row, ways: list[float], errors: tuple[float, float]) -> None:
        computed = np.reshape([*along, *across], (4, 2)) * [[1, 1], [-1, 1], [1, 1], [1, -1]]
        reach = np.repeat(errors, 2)[:, None]
        true = computed + reach * np.column_stack([np.cos(ways), np.sin(ways)])
        r, s, p, q = (
            pair[1] - pair[0] for ends in (computed, true) for pair in (ends[:2], ends[2:])
        )
        t, _ = np.linalg.solve(np.transpose([r, -s]), computed[2] - computed[0])
        v, w = np.linalg.solve(np.transpose([p, -q]), true[2] - true[0])
        assert 0 < v < 1
        assert 0 < w < 1
        h = np.hypot(*r)
        d = total(*errors) / sine(abs(np.linalg.det([r, s])) / (h * np.hypot(*s)))
        assert np.hypot(*(true[0] + v * p - computed[0] - t * r)) <= d + 1e-9
        assert abs(v - t) <= (d + errors[0]) / h + 1e-9

    holds()


# Creases


@check(
    "exact",
    mutants={
        "the patterns behind the neuron do not matter": {"behind": lambda on: np.ones_like(on)},
        "two neurons may switch at once": {"switching": 2},
    },
)
def creases_by_integers(behind: Callable[[Any], Any] = lambda on: on, switching: int = 1) -> None:
    """The affine maps of neighbouring cells are compared, in fractions, with the vector u.

    They are equal just where u = 0, which the package, with the layers behind, finds as well.
    """
    rng, seen = np.random.default_rng(8), Counter()
    pair = [(np.array([[1.0, 2], [-1, -2]]), np.zeros(2)), (np.array([[1.0, -1]]), np.zeros(1))]
    for layers in [pair, *(draw(rng, 2, 3, 2, 2, 1, size=1) for _ in range(40))]:
        cells = cells_of(layers)
        widths = [len(b) for _, b in layers[:-1]]
        places = [(layer, i) for layer, width in enumerate(widths) for i in range(width)]
        for two in reference._mesh(cells, None).borders:
            if len(two) == 2:
                first, second = (cells[k] for k in two)
                differ = [
                    k for k in range(sum(widths)) if (first.pattern ^ second.pattern) >> k & 1
                ]
                if len(differ) <= switching:
                    on, off = (
                        np.array([cell.pattern >> k & 1 for k in range(sum(widths))], dtype=bool)
                        for cell in (first, second)
                    )
                    u = way_out(layers, *places[differ[0]], behind(on))
                    zero = map_of(layers, on) == map_of(layers, off)
                    assert zero == (not u.any())
                    assert zero == reference.jump_is_zero(layers, *places[differ[0]], behind(on))
                    seen[zero] += 1
    assert min(seen[True], seen[False]) > 20


@check(
    "symbolic",
    mutants={
        "the patterns behind the neuron do not matter": {"diagonal": lambda D: sp.eye(2)},
        "the gradient of the neuron's pre-activation is not a factor": {"steep": False},
    },
)
def jump_has_rank_one_by_sympy(
    diagonal: Callable[[sp.Matrix], sp.Matrix] = lambda D: D, steep: bool = True
) -> None:
    """SymPy multiplies the matrices of three layers with all patterns of the other neurons.

    What one neuron of the first or of the second layer changes is u times its gradient.
    """
    W = [sp.Matrix(2, 2, sp.symbols(f"{name}:4")) for name in "abc"]
    unit = sp.Matrix([1, 0])
    for bits in product((0, 1), repeat=3):
        same, D = sp.diag(bits[0], bits[1]), sp.diag(1, bits[2])
        jump = W[2] * same * W[1] * (D - sp.diag(0, bits[2])) * W[0]
        gradient = unit.T * W[0] if steep else sp.ones(1, 2)
        assert sp.expand(jump - W[2] * diagonal(same) * W[1] * unit * gradient) == sp.zeros(2)
        jump = W[2] * (D - sp.diag(0, bits[2])) * W[1] * same * W[0]
        gradient = unit.T * W[1] * diagonal(same) * W[0] if steep else sp.ones(1, 2)
        assert sp.expand(jump - W[2] * unit * gradient) == sp.zeros(2)


# The chart


@check(
    "symbolic",
    mutants={
        "w grows with beta": {"w": lambda alpha, beta: 1 - alpha + beta},
        "the function is not multiplied by w": {"factor": lambda w: 1},
    },
)
def chart_by_sympy(
    w: Callable[..., sp.Expr] = lambda alpha, beta: 1 - alpha - beta,
    factor: Callable[[sp.Expr], sp.Expr] = lambda w: w,
) -> None:
    """SymPy inverts the chart, and cancels w z to a polynomial in alpha and beta of degree one."""
    alpha, beta, A, B, s = sp.symbols("alpha beta A B s", positive=True)
    c, u, v, g = (sp.Matrix(sp.symbols(f"{name}1:3")) for name in "cuvg")
    back = s / (s + A + B)
    inverse = {alpha: A * back / s, beta: B * back / s}
    assert sp.simplify(w(alpha, beta).subs(inverse) - back) == 0
    assert sp.simplify((s * alpha / w(alpha, beta)).subs(inverse) - A) == 0
    assert sp.simplify((s * beta / w(alpha, beta)).subs(inverse) - B) == 0
    point = c + s / w(alpha, beta) * (alpha * u + beta * v)
    z = factor(w(alpha, beta)) * (g.dot(point) + sp.Symbol("h"))
    assert sp.cancel(z).is_polynomial(alpha, beta)
    assert sp.Poly(sp.cancel(z), alpha, beta).total_degree() == 1


@check(
    "numeric",
    mutants={
        "only the biases of the first layer are multiplied by w": {"deeper": lambda w: 1.0},
        "w is 1 everywhere": {"height": lambda alpha, beta: 1.0},
    },
)
def chart_of_a_network(
    deeper: Callable[[float], float] = lambda w: w,
    height: Callable[[float, float], float] = lambda alpha, beta: 1 - alpha - beta,
) -> None:
    """Networks with the package's chart are evaluated in all three sectors.

    All values are w times those at the point, up to float64's roundings.
    """
    rng, corners = np.random.default_rng(9), frame._CORNERS
    for sector, (alpha, beta) in product(range(3), rng.dirichlet((1, 1, 1), 20)[:, :2]):
        layers = [(rng.normal(size=(n, m)), rng.normal(size=n)) for m, n in pairwise((2, 4, 4, 1))]
        w, s = height(alpha, beta), frame.typical_distance(*layers[0])
        xi = alpha * corners[sector] + beta * corners[(sector + 1) % 3]
        H, zero = frame.homogeneous(*layers[0], s)
        a, b = s * (frame._CENTRE + xi / (1 - alpha - beta)), np.append(xi, w)
        for level, (W, bias) in enumerate(layers):
            a = W @ a + bias
            b = W @ b + deeper(w) * bias if level else H @ b + zero
            assert np.allclose(b, (1 - alpha - beta) * a, rtol=1e-12, atol=1e-11)
            a, b = np.maximum(a, 0), np.maximum(b, 0)


@check(
    "exact",
    mutants={
        "w may be negative": {"factors": (Fraction(-2), Fraction(-1, 3))},
        "the biases stay as they are": {"biases": lambda w: 1},
    },
)
def biases_times_w(
    factors: tuple[Any, ...] = (0, Fraction(1, 3), 7), biases: Callable[[Any], Any] = lambda w: w
) -> None:
    """Networks are evaluated in fractions, with biases and inputs multiplied and without."""
    rng = np.random.default_rng(10)
    for w in factors:
        layers = draw(rng, 2, 4, 4, 4, 1)
        point = as_fractions(rng.integers(-5, 6, 2)) / 3
        scaled = [(W, biases(w) * as_fractions(b)) for W, b in layers]
        pairs = zip(forward(scaled, w * point), forward(layers, point), strict=True)
        assert all((found == w * true).all() for found, true in pairs)


@check(
    "exact",
    mutants={
        "the three faces at the centre are three regions": {"count": lambda F, S: F - S + 3},
        "each piece of a side parts two faces that would be two anyway": {
            "count": lambda F, S: F - S
        },
    },
)
def faces_and_pieces_count_the_plane(
    count: Callable[[int, int], int] = lambda F, S: F - S + 1,
) -> None:
    """Three sectors of a triangle as large as the plane's frame are cut into cells by the package.

    Crossings of their sides with drawn lines, in fractions, give the pieces.
    """
    rng = np.random.default_rng(11)
    centre, directions = (Fraction(1, 7), Fraction(1, 11)), [(5, 1), (-3, 4), (-1, -5)]
    for _ in range(40):
        rows = {tuple(row) for row in rng.integers(-4, 5, (5, 3)).tolist() if any(row[:2])}
        table = np.array([*rows], dtype=float)
        layers = [(table[:, :2], table[:, 2]), (np.ones((1, len(rows))), np.zeros(1))]
        far = 10**4
        ends = [tuple(c + far * d for c, d in zip(centre, way, strict=True)) for way in directions]
        sectors = [[centre, p, q] for p, q in pairwise([*ends, ends[0]])]
        faces = sum(len(faces_of(sector, [*rows])) for sector in sectors)
        cuts = [{e[2] for row in rows for e in ends_in([centre, end], row)} for end in ends]
        pieces = sum(1 + len(points) for points in cuts)
        assert (
            count(faces, pieces)
            == reference.count_exact(layers, PLANE)
            == count_regions(layers, PLANE)
        )


# A complex as a whole


@check(
    "exact",
    mutants={
        "the ends of rays are vertices, too": {"far": True},
        "the formula is that of a closed surface": {"characteristic": 2},
    },
)
def vertices_edges_and_faces(far: bool = False, characteristic: int = 1) -> None:
    """Networks of integers, degenerate in many ways, are divided by the reference and the engine.

    In boxes and in the plane, the numbers of vertices, edges and regions are added up.
    """
    rng = np.random.default_rng(12)
    for widths in [(2, 1), (2, 3, 1), (2, 3, 2, 1)] * 10:
        layers = draw(rng, *widths)
        for domain in (SQUARE, PLANE):
            for c in (
                reference.exact_regions(layers, domain),
                decide.linear_regions(layers, domain),
            ):
                vertices = len(c.vertices) + far * len(c.directions)
                assert vertices - len(c.edges) + len(c) == characteristic


@check(
    "exact",
    mutants={
        "neighbours have the same map": {"agree": lambda first, second, p: first == second},
        "their maps agree nowhere on the edge": {
            "agree": lambda first, second, p: at(first, p) != at(second, p)
        },
    },
)
def maps_agree_on_edges(
    agree: Callable[..., bool] = lambda first, second, p: at(first, p) == at(second, p),
) -> None:
    """The affine maps of two neighbours, in integers, are evaluated at both ends of their edge.

    The neuron that folds there has different states in the two, and no earlier one has.
    """
    rng = np.random.default_rng(13)
    for _ in range(20):
        layers = draw(rng, 2, 4, 2, 1)
        cells = cells_of(layers)
        mesh = reference._mesh(cells, None)
        for edge, fold, border in zip(mesh.edges, mesh.folds, mesh.borders, strict=True):
            if len(border) == 2:
                first, second = (cells[k] for k in border)
                for x, y, z in edge:
                    point = Fraction(x, z), Fraction(y, z)
                    assert agree(first.outputs[0], second.outputs[0], point)
                differ = first.pattern ^ second.pattern
                assert (differ & -differ).bit_length() - 1 == 4 * fold[0] + fold[1]


@check(
    "exact",
    mutants={
        "the maps are those of other regions": {"own": lambda maps: np.roll(maps, 1, axis=0)},
        "points on folds have patterns of regions, too": {"on_folds": True},
    },
)
def complexes_give_what_networks_give(
    own: Callable[[Any], Any] = lambda maps: maps, on_folds: bool = False
) -> None:
    """Networks of integers are evaluated in fractions, in each region of the engine and on a grid.

    The regions' maps and patterns are right, no pattern is missing, and the package's check passes.
    """
    rng = np.random.default_rng(14)
    grid = [(Fraction(x, 2), Fraction(y, 2)) for x, y in product(range(-3, 4), repeat=2)]
    both_off = [(np.array([[1.0, 0], [-1, 0]]), np.zeros(2)), (np.ones((1, 2)), np.zeros(1))]
    for layers in [both_off, *(draw(rng, 2, 3, 2, 1) for _ in range(12))]:
        c = decide.linear_regions(layers, SQUARE)
        c.check(grid=20)
        patterns = [tuple(on) for on in c.patterns.tolist()]
        maps = own(np.column_stack([c.gradients, c.intercepts])).astype(int).tolist()
        for row, on, point in zip(maps, patterns, c.interior_points.tolist(), strict=True):
            inside = Fraction(point[0]), Fraction(point[1])
            assert at(row, inside) == forward(layers, inside)[-1][0]
            assert on == pattern(layers, inside)
        for point in grid:
            clear = all(z for hidden in forward(layers, point)[:-1] for z in hidden)
            assert pattern(layers, point) in patterns or not (clear or on_folds)


@check(
    "exact",
    mutants={
        "a shift of 2^-60 is not seen": {"regions": lambda shift: 7 if shift > 2**-60 else 6},
        "the seventh region is there without a shift": {"regions": lambda shift: 7},
        "float64 can always tell": {"decided": lambda shift: "float64"},
    },
)
def seventh_region(
    regions: Callable[[float], int] = lambda shift: 7 if shift else 6,
    decided: Callable[[float], str] = lambda shift: "float64" if shift > 2**-55 else "exact",
) -> None:
    """The third line of the pencil is shifted by powers of two, down to the smallest float64.

    The regions are counted twice, and the engine says who has decided.
    """
    for shift in [*(2.0 ** -np.arange(0, 1075, 25)), 2.0**-60, 5e-324, 0.0]:
        for signed in (shift, -shift):
            hidden = [[1, 0], [0, 1], [1, 1]], [0, 0, signed]
            layers = [hidden, ([[1, 1, 1]], [0])]
            assert count_regions(layers, PLANE) == regions(shift)
            assert reference.count_exact(layers, PLANE) == regions(shift)
            assert decide.linear_regions(layers, PLANE).certified == decided(shift)


@check(
    "numeric",
    mutants={"the first chord ends first": {"letters": "abcdabcd"}, "nine faces": {"faces": 9}},
)
def letters_of_the_picture(letters: str = "abcdacbd", faces: int = 10) -> None:
    """The network of the picture is drawn again, and its second layer evaluated in NumPy.

    Along the boundary of the face with most parts, from its first corner on, its neurons change
    their signs in the order of the letters, named as they come.
    """
    seed = torch.Generator().manual_seed(43)
    layers = mlp.layers(mlp.mlp((2, 6, 6, 1), generator=seed).double())
    first, second = (decide.linear_regions(layers[:k], Box(-3, 3)) for k in (2, 3))
    parts = np.bincount(first.locate(second.interior_points))
    assert parts.max() == faces
    polygon = first.region(int(parts.argmax()))
    t, k = np.linspace(0, 1, 2000, endpoint=False), len(polygon)
    walk = polygon[:, None] + t[:, None] * (np.roll(polygon, -1, axis=0) - polygon)[:, None]
    z = np.maximum(walk.reshape(2000 * k, 2) @ layers[0][0].T + layers[0][1], 0)
    on = z @ layers[1][0].T + layers[1][1] > 0
    word = [j for step in on[1:] ^ on[:-1] for j in np.flatnonzero(step)]
    names = dict(zip(dict.fromkeys(word), "abcd", strict=True))
    assert "".join(names[j] for j in word) == letters
    pairs = {pair: [j for j in letters if j in pair] for pair in combinations("abcd", 2)}
    crossing = [pair for pair, two in pairs.items() if two[0] == two[2]]
    assert {*pairs} - {*crossing} == {("b", "c")}
    assert faces == 1 + len(names) + len(crossing) == 1 + 4 + 5


# What can go wrong


def shallow() -> torch.nn.Sequential:
    """Give the shallow network of the chapter."""
    return mlp.mlp((2, 20, 1), generator=torch.Generator().manual_seed(0)).double()


@check(
    "exact",
    mutants={
        "tied layers have parameters of their own": {"numbers": (111, 111)},
        "the biases are not counted": {"numbers": (51, 91)},
    },
)
def tied_layers_have_fewer_parameters(numbers: tuple[int, int] = (51, 111)) -> None:
    """The numbers in all tensors are counted, each tensor once; then one step of training is taken.

    After it the first and the last inner layer of the tied network are still equal.
    """
    seed = torch.Generator().manual_seed(0)
    tied, untied = mlp.tied_mlp(generator=seed), mlp.mlp((2, 5, 5, 5, 5, 1), generator=seed)
    for model, number in zip((tied, untied), numbers, strict=True):
        assert sum(p.numel() for p in {*model.parameters()}) == number
        assert mlp.count_parameters(model) == number
    tied(torch.ones(1, 2)).square().sum().backward()
    with torch.no_grad():
        for p in tied.parameters():
            p -= 0.1 * p.grad
    assert mlp.parameter_count((2, 5, 5, 5, 5, 1)) == numbers[1] == 15 + 3 * 30 + 6
    first, _, third = mlp.layers(tied)[1:4]
    assert np.array_equal(first[0], third[0])
    assert np.array_equal(first[1], third[1])


@check(
    "property",
    mutants={
        "both conventions show the same": {"seen": lambda image: image},
        "the image is upside down": {"seen": lambda image: image[::-1]},
    },
)
def mixed_grids_show_the_mirror_image(seen: Callable[[Any], Any] = lambda image: image.T) -> None:
    """Hypothesis draws a x + b y + c x y, which is put on both grids of numpy.meshgrid."""
    number, square = st.integers(-5, 5), mlp.grid(-2, 2, 5)
    axes = square.x, square.y

    @forall(a=number, b=number, c=number)
    def holds(a: int, b: int, c: int) -> None:
        image, right = (
            a * x + b * y + c * x * y
            for x, y in (np.meshgrid(*axes, indexing=order) for order in ("ij", "xy"))
        )
        assert np.array_equal(image, seen(right))
        x, y = np.moveaxis(square.points, -1, 0)
        assert np.array_equal(right, a * x + b * y + c * x * y)

    holds()


@check(
    "numeric",
    mutants={
        "the spacing is 20/600": {"factor": 20 / 600},
        "the first array is the derivative by x_1": {"component": 0},
    },
)
def differences_per_pixel(factor: float = 20 / 599, component: int = 1) -> None:
    """An affine function with known slopes is put on the grid, and numpy.gradient applied."""
    square, slopes = mlp.grid(-10, 10, 600), (3.0, -7.0)
    x, y = square.points[..., 0], square.points[..., 1]
    values = slopes[0] * x + slopes[1] * y + 1
    first, _ = np.gradient(values)
    assert np.allclose(first, factor * slopes[component], rtol=1e-10)
    by_y, by_x = np.gradient(values, square.y, square.x)
    assert np.allclose(by_y, slopes[component], rtol=1e-10)
    assert np.allclose(by_x, slopes[1 - component], rtol=1e-10)


@check(
    "symbolic",
    mutants={
        "a line misses the square with probability 1/60": {"misses": Fraction(1, 60)},
        "a line misses the square with probability 1/300": {"misses": Fraction(1, 300)},
    },
)
def one_line_in_600_is_not_seen(misses: Fraction = Fraction(1, 600)) -> None:
    """SymPy integrates over the weights, which are uniform in a square, and over the offset.

    By symmetry and scaling, u, v and b are uniform on [0, 1]; the line with normal (u, v) and
    offset b misses the square of half width 10 where b is at least 10 (u + v).
    """
    u, v, tenth = *sp.symbols("u v"), sp.Rational(1, 10)
    found = sp.integrate(1 - 10 * (u + v), (v, 0, tenth - u), (u, 0, tenth))
    assert found == sp.Rational(misses)


@check(
    "exact",
    mutants={
        "the jump is the normal, whatever the output weight": {"jump": lambda v, w: w},
        "the jump is counted twice": {"jump": lambda v, w: 2 * v * w},
    },
)
def gradients_jump_by_v_w(jump: Callable[[Any, Any], Any] = lambda v, w: v * w) -> None:
    """The chapter's shallow network is divided by the engine; gradients are sums in fractions."""
    layers = mlp.layers(shallow())
    (W, _), (V, _) = [[as_fractions(part) for part in layer] for layer in layers]
    c = decide.linear_regions(layers)
    for (first, second), (_, neuron) in zip(c.adjacency.tolist(), c.edge_neuron, strict=True):
        if min(first, second) >= 0:
            on, off = (c.patterns[k].astype(object) for k in (first, second))
            difference = (V[0] * on) @ W - (V[0] * off) @ W
            sign = 1 if c.patterns[first, neuron] else -1
            assert (difference == sign * jump(V[0, neuron], W[neuron])).all()


@check(
    "numeric",
    mutants={
        "the grid sees all regions": {"lost": lambda missed, small: missed == 0},
        "it misses as many as are smaller than a pixel": {
            "lost": lambda missed, small: missed == small
        },
    },
)
def grids_miss_small_regions(
    lost: Callable[[int, int], bool] = lambda missed, small: missed > 0 < small,
) -> None:
    """The shallow network's patterns are found on 600 x 600 points, and its regions in integers."""
    (W, b), _ = layers = mlp.layers(shallow())
    square = mlp.grid(-10, 10, 600)
    on = square.points.reshape(-1, 2) @ W.T + b > 0
    seen = len(np.unique(on @ 2.0 ** np.arange(20)))
    every = decide.linear_regions(layers, Box(-10, 10))
    assert len(every) == reference.count_exact(layers, Box(-10, 10))
    assert seen == mlp.count_patterns(shallow(), square)
    assert lost(len(every) - seen, int((every.areas < np.prod(square.spacing)).sum()))


@check(
    "exact",
    mutants={
        "a square that shows three of four regions shows all": {"remaining": 0},
        "a grid on a square that meets all regions sees them all": {"unseen": 0},
    },
)
def pictures_do_not_show_all(remaining: int = 1, unseen: int | None = None) -> None:
    """Two lines cross at (0, 2000), and the shallow network's lines all cross within 10000.

    The package counts what squares meet, crossings are found in fractions, and NumPy sees a grid.
    """
    normals, offsets = [[1, 0], [1, 2**-20]], [0, -2000 * 2**-20]
    few, many = regions_in_squares(normals, offsets, [1000, 2001])
    assert many - few == remaining
    (W, b), _ = mlp.layers(shallow())
    rows = [tuple(row) for row in as_fractions(np.column_stack([W, b]))]
    crossings = [meet(*pair) for pair in combinations(rows, 2)]
    assert max(abs(x) for point in crossings for x in point) < 10_000
    assert regions_in_squares(W, b, [10_000]) == 1 + 20 + len({*crossings})
    on = mlp.grid(-10_000, 10_000, 600).points.reshape(-1, 2) @ W.T + b > 0
    lost = 211 - len(np.unique(on @ 2.0 ** np.arange(20)))
    assert lost > 0 if unseen is None else lost == unseen
