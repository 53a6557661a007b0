"""The exact reference against oracles in fractions, against lines, and against counts by hand."""

import math
from collections import Counter
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sample_networks import (
    DEGENERATE,
    UNIT_BOX,
    affine_maps,
    area,
    boxes,
    default_network,
    folding_count,
    folding_network,
    forward,
    integer_network,
    networks,
    patterns_by_clipping,
)

from activations.lines import count_linear_regions, count_regions, network_lines
from activations.regions import reference as room
from activations.regions.domain import PLANE, Box
from activations.regions.reference import count_exact, exact_regions, jump_is_zero, pattern_at

dyadic = st.integers(-40, 40).map(lambda n: n / 8)
GENERIC = [((2, 7, 1), 0), ((2, 4, 3, 2), 1), ((2, 3, 3, 3, 1), 2), ((2, 5, 1, 4, 1), 3)]


def cells_of(layers, domain):
    """Return the exact cells: polygon of fractions, pattern, output rows; and the folds."""
    network, frame, reach = room._read(layers, domain)
    neurons = sum(len(b) for _, b in layers[:-1])
    found = []
    for polygon, pattern, outputs in room._cells(network, frame):
        points = [(Fraction(x, z), Fraction(y, z)) for (x, y, z), _ in polygon]
        bits = tuple(bool(pattern >> n & 1) for n in range(neurons))
        found.append((points, bits, outputs, [fold for _, fold in polygon]))
    return found, reach


def arrays_of(layers, domain):
    """Return the arrays that make the complex."""
    network, frame, reach = room._read(layers, domain)
    neurons = sum(len(b) for _, b in layers[:-1])
    return room._arrays(list(room._cells(network, frame)), neurons, reach)


def centroid(points):
    """Return the mean of a polygon's vertices, which lies inside."""
    n = len(points)
    return sum(x for x, _ in points) / n, sum(y for _, y in points) / n


def flat(layers, fold):
    """Return the number of a neuron through all layers."""
    return sum(len(b) for _, b in layers[: fold[0]]) + fold[1]


def check_cells(layers, domain):
    """Check every cell by itself, and how it meets its neighbours, in exact arithmetic."""
    cells, reach = cells_of(layers, domain)
    if reach is None:
        corners = domain.corners.tolist()
    else:
        corners = [(-reach, -reach), (reach, -reach), (reach, reach), (-reach, reach)]
    assert sum(area(points) for points, *_ in cells) == area(
        [tuple(map(Fraction, c)) for c in corners]
    )
    assert len({bits for _, bits, *_ in cells}) == len(cells)
    scales, sides = set(), {}
    for index, (points, bits, outputs, folds) in enumerate(cells):
        closed = [*points, *points[:2]]
        for p, q, r in zip(closed, closed[1:], closed[2:], strict=False):
            assert area([p, q, r]) > 0
        hidden, values = forward(layers, *centroid(points))
        assert bits == tuple(value > 0 for value in hidden)
        rows, maps = affine_maps(layers, bits)
        x, y = centroid(points)
        assert [a * x + b * y + c for a, b, c in rows] == hidden
        assert [a * x + b * y + c for a, b, c in maps] == values
        for row, exact in zip(outputs, maps, strict=True):
            scales |= {p / q for p, q in zip(row, exact, strict=True) if q}
            assert [bool(value) for value in row] == [bool(value) for value in exact]
        for p, q, fold in zip(closed, closed[1:], folds, strict=False):
            assert (p, q) not in sides
            sides[p, q] = index, fold
    assert len(scales) <= 1
    for (p, q), (index, fold) in sides.items():
        assert ((q, p) in sides) == (fold != room._FRAME)
        if fold == room._FRAME:
            assert any(
                all(point[axis] == corner[axis] for point in (p, q))
                for corner in corners
                for axis in (0, 1)
            )
            continue
        other, back = sides[q, p]
        assert fold == back
        here, there = affine_maps(layers, cells[index][1]), affine_maps(layers, cells[other][1])
        for x, y in (p, q):
            for mine, yours in zip(here[1], there[1], strict=True):
                assert sum(m * v for m, v in zip(mine, (x, y, 1), strict=True)) == sum(
                    m * v for m, v in zip(yours, (x, y, 1), strict=True)
                )
        flips = [
            n
            for n, (s, t) in enumerate(zip(cells[index][1], cells[other][1], strict=True))
            if s != t
        ]
        assert flips[0] == flat(layers, fold)
        for n in flips:
            assert all(
                here[0][n][0] * x + here[0][n][1] * y + here[0][n][2] == 0 for x, y in (p, q)
            )
    return cells


def check_arrays(layers, domain):
    """Check the arrays against the conventions of the complex."""
    arrays = arrays_of(layers, domain)
    edges, halfedges, offsets = arrays["edges"], arrays["halfedges"], arrays["offsets"]
    V, R, E, F = len(arrays["vertices"]), len(arrays["directions"]), len(edges), len(offsets) - 1
    assert V - E + F == 1
    assert arrays["certified"] == "exact"
    assert arrays["patterns"].shape == (F, sum(len(b) for _, b in layers[:-1]))
    for name in ("edges", "edge_neuron", "halfedges", "offsets", "linear_labels"):
        assert arrays[name].dtype == np.int32, name
    inner = arrays["edge_neuron"][:, 0] >= 0
    used = Counter(halfedges.tolist())
    assert set(used.values()) <= {1}
    assert set(used) == {2 * e for e in range(E)} | {2 * e + 1 for e in range(E) if inner[e]}
    assert (edges >= 0).all()
    assert (edges < V + R).all()
    assert ((edges < V).any(axis=1)).all()
    assert sorted(set(edges.ravel().tolist())) == list(range(V + R))
    assert Counter(edges[edges >= V].tolist()) == Counter(range(V, V + R))
    if R:
        assert np.hypot(*arrays["directions"].T) == pytest.approx(np.ones(R), abs=1e-15)
    for region in range(F):
        loop = halfedges[offsets[region] : offsets[region + 1]].tolist()
        ends = [(edges[h // 2, h % 2], edges[h // 2, 1 - h % 2]) for h in loop]
        breaks = 0
        for (_, q), (p, _) in pairwise([*ends, *ends[:1]]):
            breaks += q >= V
            assert p == q or (p >= V and q >= V)
        assert breaks <= 2
        if breaks:
            assert ends[0][0] >= V
            assert ends[-1][1] >= V
    if domain is PLANE:
        assert inner.all()
        assert len(cells_of(layers, domain)[0]) == F
    else:
        assert R == 0
    # The labels are those of connected components of equal maps, numbered by their first cells.
    labels = arrays["linear_labels"].tolist()
    assert list(dict.fromkeys(labels)) == list(range(max(labels) + 1))
    owner = {h: f for f in range(F) for h in halfedges[offsets[f] : offsets[f + 1]].tolist()}
    maps = [affine_maps(layers, bits)[1] for bits in arrays["patterns"].tolist()]
    for e in np.flatnonzero(inner).tolist():
        left, right = owner[2 * e], owner[2 * e + 1]
        assert maps[left] != maps[right] or labels[left] == labels[right]
    for label in range(max(labels) + 1):
        assert len({tuple(maps[f]) for f in range(F) if labels[f] == label}) == 1
    return arrays


# Cells and complexes


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_networks_have_the_counts_found_by_hand(name):
    layers, in_box, in_plane = DEGENERATE[name]
    for domain, expected in ((UNIT_BOX, in_box), (PLANE, in_plane)):
        counts = count_exact(layers, domain), count_exact(layers, domain, kind="linear")
        assert counts == expected
        check_cells(layers, domain)
        arrays = check_arrays(layers, domain)
        assert len(arrays["offsets"]) - 1 == expected[0]
        assert arrays["linear_labels"].max() + 1 == expected[1]


@settings(deadline=None, max_examples=60)
@given(networks(), boxes())
def test_small_integer_networks_in_a_box(layers, box):
    cells = check_cells(layers, box)
    check_arrays(layers, box)
    assert count_exact(layers, box) == len(cells)
    if sum(len(b) for _, b in layers[:-1]) <= 5:
        assert {bits for _, bits, *_ in cells} == patterns_by_clipping(layers, box)


@settings(deadline=None, max_examples=40)
@given(networks())
def test_small_integer_networks_in_the_plane(layers):
    cells = check_cells(layers, PLANE)
    arrays = check_arrays(layers, PLANE)
    # A box beyond all vertices, here of at most three layers of small integers, sees all.
    far = float(2 ** math.ceil(math.log2(4 * np.abs(arrays["vertices"]).max(initial=1) + 1000)))
    assert count_exact(layers, PLANE) == len(cells) == count_exact(layers, Box(-far, far))
    for kind in ("activation", "linear"):
        assert count_exact(layers, PLANE, kind) == count_exact(layers, Box(-far, far), kind)


@pytest.mark.parametrize(("widths", "seed"), GENERIC)
@pytest.mark.parametrize("domain", [Box(-3, 3), Box((0, -2), (0.5, 1)), PLANE], ids=str)
def test_generic_networks(widths, seed, domain):
    layers = default_network(widths, seed)
    cells = check_cells(layers, domain)
    check_arrays(layers, domain)
    assert all(len(set(folds)) > 1 for _, _, _, folds in cells)


@pytest.mark.parametrize("seed", range(4))
def test_a_grid_never_sees_a_pattern_that_the_cells_lack(seed):
    layers = (
        integer_network((2, 4, 4, 1), seed) if seed % 2 else default_network((2, 6, 4, 1), seed)
    )
    cells = check_cells(layers, Box(-2, 2))
    by_pattern = {bits: points for points, bits, *_ in cells}
    for i in range(-15, 15):
        for j in range(-15, 15):
            # No fold of these networks passes through points with such denominators.
            x, y = Fraction(4 * i + 2, 31), Fraction(4 * j + 2, 37)
            points = by_pattern[tuple(value > 0 for value in forward(layers, x, y)[0])]
            assert all(area([(x, y), p, q]) >= 0 for p, q in pairwise([*points, points[0]]))


@settings(deadline=None, max_examples=30)
@given(networks(max_hidden=2), boxes(), st.integers(-3, 3), st.randoms(use_true_random=False))
def test_counts_do_not_depend_on_the_order_of_neurons_or_their_scale(layers, box, power, random):
    for kind in ("activation", "linear"):
        before = count_exact(layers, box, kind)
        changed = [(W.copy(), b.copy()) for W, b in layers]
        for k in range(len(layers) - 1):
            (W, b), (V, c), scale = changed[k], changed[k + 1], 2.0**power
            order = list(range(len(b)))
            random.shuffle(order)
            changed[k : k + 2] = (W[order] * scale, b[order] * scale), (V[:, order] / scale, c)
        assert count_exact(changed, box, kind) == before


def test_vertices_are_rounded_correctly():
    layers = default_network((2, 4, 3, 1), 5)
    for domain in (Box(-1, 3), PLANE):
        cells, reach = cells_of(layers, domain)
        exact = {p for points, *_ in cells for p in points}
        exact = {p for p in exact if reach is None or max(map(abs, p)) < reach}
        found = {tuple(row) for row in arrays_of(layers, domain)["vertices"].tolist()}
        assert found == {(float(x), float(y)) for x, y in exact}


# One hidden layer


def lines_box(box):
    return None if box is PLANE else (box.low, box.high)


@settings(deadline=None, max_examples=60)
@given(networks(max_hidden=1, max_width=7), st.one_of(boxes(), st.just(PLANE)))
@example(
    [(np.array([[1.0, 1], [1, -1], [1, 0]]), np.zeros(3)), (np.ones((1, 3)), np.zeros(1))], PLANE
)
def test_one_hidden_layer_is_an_arrangement_of_lines(layers, domain):
    if len(layers) == 1:
        assert count_exact(layers, domain) == count_exact(layers, domain, "linear") == 1
        return
    (W, b), (V, _) = layers
    found = network_lines(W, b)
    expected = count_regions(found.normals, found.offsets, lines_box(domain))
    assert count_exact(layers, domain) == expected
    assert count_exact(layers, domain, "linear") == count_linear_regions(W, b, V, lines_box(domain))


@pytest.mark.parametrize("n", [1, 2, 3, 10, 40])
def test_lines_in_general_position_attain_the_maximum_in_the_plane(n):
    layers = default_network((2, n, 1), n)
    arrays = arrays_of(layers, PLANE)
    assert len(arrays["offsets"]) - 1 == n * (n + 1) // 2 + 1
    assert len(arrays["vertices"]) == (math.comb(n, 2) if n > 1 else 1)
    assert len(arrays["directions"]) == 2 * n
    assert arrays["linear_labels"].max() + 1 == n * (n + 1) // 2 + 1


def test_the_only_line_is_met_at_its_point_nearest_to_the_origin():
    arrays = arrays_of(
        [(np.array([[3.0, 4.0]]), np.array([-5.0])), (np.ones((1, 1)), np.zeros(1))], PLANE
    )
    assert arrays["vertices"].tolist() == [[0.6, 0.8]]
    assert sorted(map(tuple, arrays["directions"].tolist())) == [(-0.8, 0.6), (0.8, -0.6)]
    assert arrays["edges"].shape == (2, 2)


def test_directions_of_rays_are_those_of_the_folds():
    layers = default_network((2, 6, 1), 1)
    arrays = arrays_of(layers, PLANE)
    rays = np.flatnonzero((arrays["edges"] >= len(arrays["vertices"])).any(axis=1))
    W = layers[0][0]
    for e in rays:
        normal = W[arrays["edge_neuron"][e, 1]]
        direction = arrays["directions"][arrays["edges"][e].max() - len(arrays["vertices"])]
        assert abs(normal @ direction) <= 4 * 2**-53 * np.abs(normal).sum()


# Deep networks


@pytest.mark.parametrize(
    "widths",
    [
        (2, 2, 1),
        (2, 3, 1),
        (2, 2, 2, 1),
        (2, 4, 3, 1),
        (2, 5, 4, 2),
        (2, 3, 2, 5, 1),
        (2, 4, 5, 2, 1),
        (2, 6, 4, 3, 1),
        (2, 2, 3, 2, 3, 4, 1),
        (2, 7, 6, 1),
    ],
    ids=str,
)
def test_folding_networks_have_as_many_regions_as_montufar_says(widths):
    layers = folding_network(widths)
    assert [len(b) for _, b in layers] == list(widths[1:])
    assert count_exact(layers, Box(0, 1)) == folding_count(widths)
    if folding_count(widths) < 100:
        check_cells(layers, Box(0, 1))
        check_arrays(layers, Box(0, 1))


def test_the_networks_of_the_exercise_and_larger_ones():
    torch = pytest.importorskip("torch")
    from activations.mlp import mlp

    for widths, expected, linear in (
        ((2, 20, 1), 197, 197),
        ((2, 5, 5, 5, 5, 1), 81, 77),
        ((2, 50, 50, 1), 4638, None),
    ):
        network = mlp(widths, generator=torch.Generator().manual_seed(0))
        assert count_exact(network, Box(-10, 10)) == expected
        if linear is not None:
            assert count_exact(network, Box(-10, 10), kind="linear") == linear


# Numbers that are hard to compute with


def test_the_largest_and_the_smallest_numbers():
    tiny, huge = 5e-324, float(np.finfo(float).max)
    crossing = [
        (np.array([[tiny, 0], [0, huge]]), np.array([-tiny, huge])),
        (np.ones((1, 2)), np.zeros(1)),
    ]
    arrays = check_arrays(crossing, PLANE)
    assert arrays["vertices"].tolist() == [[1.0, -1.0]]
    assert count_exact(crossing, Box(-huge, huge)) == 4
    far = [(np.array([[tiny, 0.0]]), np.array([huge])), (np.ones((1, 1)), np.zeros(1))]
    assert count_exact(far, PLANE) == count_exact(far, PLANE, "linear") == 2
    assert count_exact(far, Box(-huge, huge)) == 1
    with pytest.raises(OverflowError, match="beyond the largest float64"):
        exact_regions(far, PLANE)
    # The slope of this ray is less than any float.
    flat = [(np.array([[tiny, huge]]), np.array([0.0])), (np.ones((1, 1)), np.zeros(1))]
    assert sorted(arrays_of(flat, PLANE)["directions"][:, 0].tolist()) == [-1.0, 1.0]


def test_lines_that_floats_cannot_tell_apart():
    one = np.nextafter(1.0, 2.0)
    bundle = [
        (np.array([[1.0, 1.0], [1.0, one], [1.0, -1.0]]), np.zeros(3)),
        (np.ones((1, 3)), [0.0]),
    ]
    assert count_exact(bundle, PLANE) == 6
    shifted = [(bundle[0][0], np.array([0.0, 5e-324, 0.0])), bundle[1]]
    assert count_exact(shifted, PLANE) == 7
    doubled = [
        (np.array([[0.1, 0.3], [0.2, 0.6]]), np.array([0.7, 1.4])),
        (np.ones((1, 2)), np.zeros(1)),
    ]
    assert count_exact(doubled, PLANE) == 2


# Questions about a point and about a neuron


@settings(deadline=None, max_examples=60)
@given(networks(), st.tuples(dyadic, dyadic))
def test_the_pattern_at_a_point(layers, point):
    found = pattern_at(layers, point)
    assert found.dtype == np.bool_
    assert found.tolist() == [value > 0 for value in forward(layers, *point)[0]]


def test_the_pattern_at_a_point_whose_sum_rounds_to_zero():
    W = np.array([[1.0, 2.0**-60], [-1.0, -(2.0**-60)], [1.0, 0.0]])
    layers = [(W, np.array([-1.0, 1.0, -1.0])), (np.ones((1, 3)), np.zeros(1))]
    assert (W @ [1.0, 1.0] + layers[0][1]).tolist() == [0, 0, 0]
    assert pattern_at(layers, (1, 1)).tolist() == [True, False, False]


@settings(deadline=None, max_examples=60)
@given(networks(max_hidden=4, max_width=3), st.data())
def test_a_jump_is_zero_where_the_map_to_the_outputs_is(layers, data):
    widths = [len(b) for _, b in layers[:-1]]
    if not widths:
        return
    pattern = data.draw(st.lists(st.booleans(), min_size=sum(widths), max_size=sum(widths)))
    layer = data.draw(st.integers(0, len(widths) - 1))
    index = data.draw(st.integers(0, widths[layer] - 1))
    # The outputs change by the jump times the activation when that neuron's bias grows by one.
    start = flat(layers, (layer, index))
    on = [*pattern[:start], True, *pattern[start + 1 :]]
    moved = [(W.copy(), b.copy()) for W, b in layers]
    moved[layer][1][index] += 1
    same = affine_maps(layers, on)[1] == affine_maps(moved, on)[1]
    assert jump_is_zero(layers, layer, index, pattern) == same


@settings(deadline=None, max_examples=25)
@given(networks(), boxes())
def test_an_edge_joins_its_regions_exactly_where_one_jump_vanishes(layers, box):
    arrays = arrays_of(layers, box)
    owner = np.full((len(arrays["edges"]), 2), -1)
    regions = np.repeat(np.arange(len(arrays["patterns"])), np.diff(arrays["offsets"]))
    owner[arrays["halfedges"] // 2, arrays["halfedges"] % 2] = regions
    for (left, right), fold in zip(owner.tolist(), arrays["edge_neuron"].tolist(), strict=True):
        if fold == [-1, -1]:
            continue
        one, other = arrays["patterns"][left], arrays["patterns"][right]
        if np.count_nonzero(one != other) == 1:
            same = affine_maps(layers, one)[1] == affine_maps(layers, other)[1]
            assert jump_is_zero(layers, *fold, one) == same


# What is refused


def test_arguments_are_checked():
    layers = default_network((2, 3, 2, 1), 0)
    bits = np.ones(5, dtype=bool)
    for call, error, message in [
        (lambda: count_exact(layers, (0, 1)), TypeError, "domain is"),
        (lambda: count_exact(layers, None), TypeError, "domain is None"),
        (lambda: count_exact(layers, PLANE, "both"), ValueError, "kind is 'both'"),
        (lambda: count_exact([], PLANE), ValueError, "network has no layers"),
        (lambda: exact_regions(layers[1:], PLANE), ValueError, r"network\[0\]"),
        (lambda: pattern_at(layers, (1, np.nan)), ValueError, "point must be finite"),
        (lambda: pattern_at(layers, (1, 2, 3)), ValueError, r"point has shape \(3,\)"),
        (lambda: pattern_at(layers, "ab"), TypeError, "point"),
        (lambda: pattern_at(layers, (Fraction(1, 3), 0)), ValueError, "no float64 is"),
        (lambda: jump_is_zero(layers, 2, 0, bits), ValueError, "layer is 2, but .* 2 hidden"),
        (lambda: jump_is_zero(layers, -1, 0, bits), ValueError, "layer is -1"),
        (lambda: jump_is_zero(layers, 1, 2, bits), ValueError, "index is 2, but .* width 2"),
        (lambda: jump_is_zero(layers, 0.0, 0, bits), TypeError, "layer is 0.0"),
        (lambda: jump_is_zero(layers, 0, True, bits), TypeError, "index is True"),
        (lambda: jump_is_zero(layers, 0, 0, bits[1:]), ValueError, r"pattern has shape \(4,\)"),
        (lambda: jump_is_zero(layers, 0, 0, bits * 1), TypeError, "pattern has dtype int"),
        (lambda: jump_is_zero(layers[:1], 0, 0, []), ValueError, "network has 0 hidden layers|2 c"),
    ]:
        with pytest.raises(error, match=message):
            call()


# The complex


@pytest.mark.parametrize("domain", [UNIT_BOX, PLANE], ids=str)
@pytest.mark.parametrize("name", DEGENERATE)
def test_the_complex_of_a_degenerate_network_passes_its_own_checks(name, domain):
    layers, in_box, in_plane = DEGENERATE[name]
    expected = in_plane if domain is PLANE else in_box
    found = exact_regions(layers, domain)
    assert (len(found), found.n_linear_regions) == expected
    assert found.certified == "exact"
    found.check(grid=20)


@pytest.mark.parametrize(("widths", "seed"), GENERIC)
def test_the_complex_of_a_generic_network_passes_its_own_checks(widths, seed):
    for domain in (Box(-3, 3), PLANE):
        exact_regions(default_network(widths, seed), domain).check(grid=20)
