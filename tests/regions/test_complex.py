"""The complex: built by hand and by the exact reference, against fractions and autograd."""

import copy
import pickle
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sample_networks import (
    DEGENERATE,
    UNIT_BOX,
    boxes,
    default_network,
    folding_network,
    forward,
    integer_network,
    networks,
)

from activations.lines import cells
from activations.regions import complex as room
from activations.regions.complex import PolyhedralComplex
from activations.regions.domain import PLANE, Box
from activations.regions.reference import exact_regions, pattern_at

seeds = st.integers(0, 2**32 - 1)
hiddens = st.lists(st.integers(1, 5), min_size=0, max_size=3)


def from_rows(rows, weights=None):
    """Make a network with one hidden layer from rows (a, b, c) and output weights."""
    table = np.array(rows, dtype=float).reshape(-1, 3)
    weights = [[1.0] * len(table)] if weights is None else weights
    return [(table[:, :2].copy(), table[:, 2].copy()), (np.array(weights), np.zeros(len(weights)))]


def make(layers, domain, vertices, directions, edges, neurons, loops, **rest):
    """Make a complex from lists."""
    return PolyhedralComplex(
        layers,
        domain,
        vertices=np.array(vertices, dtype=float).reshape(-1, 2),
        directions=np.array(directions, dtype=float).reshape(-1, 2),
        edges=np.array(edges, dtype=np.int32).reshape(-1, 2),
        edge_neuron=np.array([(-1, -1) if n < 0 else (0, n) for n in neurons]).reshape(-1, 2),
        halfedges=np.array([half for loop in loops for half in loop], dtype=np.int32),
        offsets=np.cumsum([0, *map(len, loops)]),
        certified="float64",
        **rest,
    )


def stripped(c):
    """Return a complex without what may be left out."""
    return PolyhedralComplex(
        c.layers,
        c.domain,
        vertices=c.vertices,
        directions=c.directions,
        edges=c.edges,
        edge_neuron=c.edge_neuron,
        halfedges=c.halfedges,
        offsets=c.offsets,
        certified="float64",
    )


def quarters():
    """Cut [-1, 1]^2 by both axes: ReLU(x - 0) and ReLU(y - 0), counted 0 to 3 from lower left."""
    vertices = [(-1, -1), (0, -1), (1, -1), (-1, 0), (0, 0), (1, 0), (-1, 1), (0, 1), (1, 1)]
    edges = [(0, 1), (1, 2), (2, 5), (5, 8), (8, 7), (7, 6), (6, 3), (3, 0)]
    edges += [(1, 4), (4, 7), (3, 4), (4, 5)]
    loops = [[0, 16, 21, 14], [2, 4, 23, 17], [20, 18, 10, 12], [22, 6, 8, 19]]
    neurons = [-1] * 8 + [0, 0, 1, 1]
    layers = from_rows([(1, 0, 0), (0, 1, 0)], [[2.0, 3.0]])
    return make(layers, UNIT_BOX, vertices, [], edges, neurons, loops)


def wedges():
    """Cut the plane by both axes."""
    directions = [(1, 0), (0, 1), (-1, 0), (0, -1)]
    edges = [(0, 1), (0, 2), (0, 3), (0, 4)]
    # A region begins where its boundary arrives: along the next ray, counter-clockwise.
    loops = [[2 * ((k + 1) % 4) + 1, 2 * k] for k in range(4)]
    layers = from_rows([(1, 0, 0), (0, 1, 0)], [[2.0, 3.0]])
    return make(layers, PLANE, [(0, 0)], directions, edges, [1, 0, 1, 0], loops)


def strip():
    """Cut the plane by x = 0 and x = 2, with a vertex of degree two on each line."""
    vertices, directions = [(0, 0), (2, 0)], [(0, 1), (0, -1), (0, 1), (0, -1)]
    edges = [(0, 2), (0, 3), (1, 4), (1, 5)]
    loops = [[3, 0], [1, 2, 7, 4], [5, 6]]
    layers = from_rows([(1, 0, 0), (-1, 0, 2)], [[1.0, 1.0]])
    return make(layers, PLANE, vertices, directions, edges, [0, 0, 1, 1], loops)


def half_planes():
    """Cut the plane by one line, 3 x + 4 y = 5."""
    edges, loops = [(0, 1), (0, 2)], [[3, 0], [1, 2]]
    directions = [(0.8, -0.6), (-0.8, 0.6)]
    layers = from_rows([(3, 4, -5)])
    return make(layers, PLANE, [(0.6, 0.8)], directions, edges, [0, 0], loops)


def whole_plane():
    return make([(np.array([[3.0, 4.0]]), np.array([7.0]))], PLANE, [], [], [], [], [[]])


BY_HAND = [quarters, wedges, strip, half_planes, whole_plane]


# By hand


@pytest.mark.parametrize("build", BY_HAND)
def test_what_is_built_by_hand_passes_all_checks(build):
    assert max(build().check().values()) <= 1


@pytest.mark.parametrize("build", BY_HAND)
def test_what_is_built_by_hand_is_what_the_reference_finds(build):
    c = build()
    exact = exact_regions(c.layers, c.domain)
    assert len(c) == len(exact)
    assert (len(c.vertices), len(c.edges)) == (len(exact.vertices), len(exact.edges))
    mine = {tuple(row): k for k, row in enumerate(c.patterns.tolist())}
    order = [mine[tuple(row)] for row in exact.patterns.tolist()]
    for name in ("areas", "centroids", "gradients", "intercepts"):
        np.testing.assert_allclose(getattr(c, name)[order], getattr(exact, name), atol=1e-15)
    assert c.n_linear_regions == exact.n_linear_regions


def test_quarters():
    c = quarters()
    assert len(c) == 4
    assert c.patterns.tolist() == [[False, False], [True, False], [False, True], [True, True]]
    assert c.gradients.tolist() == [[0, 0], [2, 0], [0, 3], [2, 3]]
    assert c.intercepts.tolist() == [0, 0, 0, 0]
    assert c.areas.tolist() == [1, 1, 1, 1]
    assert c.centroids.tolist() == [[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]]
    assert c.adjacency[8:].tolist() == [[0, 1], [2, 3], [2, 0], [3, 1]]
    assert c.adjacency[:3].tolist() == [[0, -1], [1, -1], [1, -1]]
    assert [row.tolist() for row in c.regions] == [
        [0, 1, 4, 3],
        [1, 2, 5, 4],
        [3, 4, 7, 6],
        [4, 5, 8, 7],
    ]
    assert c.region(-1).tolist() == [[0, 0], [1, 0], [1, 1], [0, 1]]
    assert c.region(3, Box((0.25, -3), (9, 0.5))).tolist() == [
        [0.25, 0],
        [1, 0],
        [1, 0.5],
        [0.25, 0.5],
    ]
    assert c.bounded.all()
    assert c.linear_labels.tolist() == [0, 1, 2, 3]
    assert repr(c).startswith("PolyhedralComplex(4 regions, 9 vertices, 12 edges; certified: float")


def test_wedges():
    c = wedges()
    assert c.patterns.tolist() == [[True, True], [False, True], [False, False], [True, False]]
    assert c.areas.tolist() == [np.inf] * 4
    assert np.isnan(c.centroids).all()
    assert not c.bounded.any()
    assert [row.tolist() for row in c.regions] == [[2, 0, 1], [3, 0, 2], [4, 0, 3], [1, 0, 4]]
    np.testing.assert_allclose(
        c.interior_points, np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) / 2**0.5
    )
    assert c.region(0, Box(-1, (2, 3))).tolist() == [[0, 3], [0, 0], [2, 0], [2, 3]]
    assert c.region(2, Box(1, 2)).shape == (0, 2)
    with pytest.raises(ValueError, match="region 2 is unbounded: give a box"):
        c.region(2)
    assert c.locate([[3, 4], [-1e300, -1], [1e-300, -1e-300]]).tolist() == [0, 2, 3]


def test_strip():
    c = strip()
    assert [row.tolist() for row in c.regions] == [[3, 0, 2], [2, 0, 3, 5, 1, 4], [4, 1, 5]]
    corners = {(0, -1), (0, 0), (0, 3), (2, -1), (2, 0), (2, 3)}
    assert set(map(tuple, c.region(1, Box(-1, 3)).tolist())) == corners
    assert shoelace(c.region(1, Box(-1, 3))) == 8
    assert c.region(1, Box((0.5, 5), (1, 7))).shape == (4, 2)
    assert c.region(1, Box((3, 5), (4, 7))).shape == (0, 2)
    assert c.interior_points[1].tolist() == [1.0, 2.0]
    assert c.locate([[-1, 9], [1, -9], [3, 0], [1e9, 1e9]]).tolist() == [0, 1, 2, 2]


def test_whole_plane():
    c = whole_plane()
    assert c.region(0, Box(1, 2)).tolist() == [[1, 1], [2, 1], [2, 2], [1, 2]]
    with pytest.raises(ValueError, match="unbounded"):
        c.region(0)
    assert c.areas.tolist() == [np.inf]
    assert c.patterns.shape == (1, 0)
    assert c.locate([[3.0, 4.0]]).tolist() == [0]
    assert c([0.0, 0.0]) == 7
    assert (c.gradients.tolist(), c.intercepts.tolist()) == ([[3, 4]], [7])
    assert c.n_linear_regions == 1
    assert len(c.regions[0]) == 0


# Against the exact reference


def assert_rederived(c):
    """Compare what a complex derives with what the reference gave."""
    again = stripped(c)
    assert (again.patterns == c.patterns).all()
    assert (again.linear_labels == c.linear_labels).all()
    assert again.linear_labels.dtype == c.linear_labels.dtype == np.int32
    assert again.n_linear_regions == c.n_linear_regions


@settings(deadline=None, max_examples=40)
@given(seeds, hiddens, st.sampled_from([Box(-2, 3), UNIT_BOX, PLANE]), st.integers(1, 3))
def test_patterns_and_linear_regions_are_derived_as_the_reference_says(seed, hidden, domain, m):
    c = exact_regions(default_network([2, *hidden, m], seed), domain)
    assert_rederived(c)
    assert max(c.check(grid=20).values()) <= 1


@settings(deadline=None, max_examples=60)
@given(networks(), st.one_of(boxes(), st.just(PLANE)))
def test_degenerate_complexes_pass_all_checks(layers, domain):
    assert max(exact_regions(layers, domain).check(grid=20).values()) <= 1


@pytest.mark.parametrize("name", DEGENERATE)
@pytest.mark.parametrize("domain", [UNIT_BOX, PLANE])
def test_degenerate_cases_by_name(name, domain):
    layers, *counts = DEGENERATE[name]
    c = exact_regions(layers, domain)
    assert (len(c), c.n_linear_regions) == counts[domain is PLANE]
    assert max(c.check(grid=20).values()) <= 1


def test_patterns_are_decided_where_folds_meet_every_corner():
    """Each corner of the box lies on a fold that stays outside; then a point inside decides."""
    rows = [(1, 1, 2), (1, -1, 2), (-1, 1, 2), (1, 1, -2), (1, 2, 0.5)]
    assert_rederived(exact_regions(from_rows(rows, [[1.0, 2, 3, 4, 5]]), UNIT_BOX))


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("domain", [UNIT_BOX, PLANE])
def test_a_pattern_that_floats_cannot_decide_is_decided_by_integers(domain, sign, monkeypatch):
    """Everywhere 100 - 100 + 1e-20 is too close to zero for float64."""
    asked = []
    monkeypatch.setattr(
        "activations.regions.reference.pattern_at",
        lambda *arguments: asked.append(arguments) or pattern_at(*arguments),
    )
    first = from_rows([(0, 0, 100), (0, 0, 100), (1, 2, 0.5), (2, -1, 0.25)])[0]
    second = (np.array([[1.0, -1, 0, 0], [0, 0, 1, -1]]), np.array([sign * 1e-20, 0.1]))
    c = exact_regions([first, second, (np.ones((1, 2)), np.zeros(1))], domain)
    assert c.patterns[:, 4].tolist() == [sign > 0] * len(c)
    assert_rederived(c)
    assert len(asked) == 1


def as_torch(layers):
    modules = []
    for W, b in layers:
        linear = torch.nn.Linear(W.shape[1], W.shape[0], dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(W))
            linear.bias.copy_(torch.from_numpy(b))
        modules += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*modules[:-1])


@settings(deadline=None, max_examples=25)
@given(seeds, hiddens, st.sampled_from([Box(-3, 2), PLANE]), st.integers(1, 3))
def test_gradients_and_intercepts_agree_with_autograd(seed, hidden, domain, m):
    layers = default_network([2, *hidden, m], seed)
    c = stripped(exact_regions(layers, domain))
    points = torch.tensor(c.interior_points, requires_grad=True)
    outputs = as_torch(layers)(points)
    gradients = c.gradients.reshape(len(c), m, 2)
    for k in range(m):
        (expected,) = torch.autograd.grad(outputs[:, k].sum(), points, retain_graph=True)
        np.testing.assert_allclose(gradients[:, k], expected, rtol=1e-9, atol=1e-12)
    values = outputs.detach().numpy()
    assert c.gradients.shape == ((len(c), 2) if m == 1 else (len(c), m, 2))
    assert c.intercepts.shape == ((len(c),) if m == 1 else (len(c), m))
    affine = (gradients @ c.interior_points[:, :, None])[:, :, 0]
    scale = np.abs(c.interior_points).max(axis=1, keepdims=True)
    difference = affine + c.intercepts.reshape(values.shape) - values
    assert (np.abs(difference) <= 1e-12 * (1 + scale)).all()
    np.testing.assert_allclose(
        c(c.interior_points).reshape(values.shape), values, rtol=1e-12, atol=1e-13
    )


@settings(deadline=None, max_examples=25)
@given(seeds, st.integers(1, 6), boxes())
def test_polygons_are_the_cells_of_the_arrangement(seed, n, box):
    rng = np.random.default_rng(seed)
    W, b = rng.integers(-3, 4, (n, 2)).astype(float), rng.integers(-3, 4, n).astype(float)
    W[~W.any(axis=1)] = 1.0
    c = exact_regions([(W, b), (np.ones((1, n)), np.zeros(1))], box)
    expected = {}
    for cell in cells(W, b, (box.low, box.high)):
        expected[tuple(sign > 0 for sign in cell.signs)] = (cell, float(cell.area))
    assert len(expected) == len(c)
    for k, pattern in enumerate(c.patterns.tolist()):
        cell, area = expected[tuple(pattern)]
        assert c.areas[k] == pytest.approx(area, rel=1e-12)
        assert len(c.regions[k]) >= len(cell.corners)
        corners = {tuple(p) for p in cell.polygon.tolist()}
        assert corners <= {tuple(p) for p in c.region(k).tolist()}


def exact_centroid(polygon):
    """Return area and centroid of a polygon by integrals over triangles, in fractions."""
    (a, b), *rest = [(Fraction(x), Fraction(y)) for x, y in polygon]
    total, first = Fraction(0), [Fraction(0), Fraction(0)]
    for (p, q), (r, s) in pairwise(rest):
        double = (p - a) * (s - b) - (r - a) * (q - b)
        total += double
        first[0] += double * (a + p + r) / 3
        first[1] += double * (b + q + s) / 3
    return total / 2, [value / total for value in first]


@settings(deadline=None, max_examples=20)
@given(seeds, st.floats(-1e6, 1e6), st.integers(-20, 20))
def test_areas_and_centroids_of_moved_and_scaled_polygons(seed, shift, power):
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 9)))
    polygon = np.stack([np.cos(angles), np.sin(angles)], axis=1) * 2.0**power + shift
    n = len(polygon)
    ring = np.stack([np.arange(n), np.roll(np.arange(n), -1)], axis=1)
    c = make(from_rows([]), UNIT_BOX, polygon, [], ring, [-1] * n, [list(range(0, 2 * n, 2))])
    area, centroid = exact_centroid(polygon.tolist())
    size = 2.0**power
    if area > 1e-3 * size**2 and size > 1e-9 * abs(shift):
        assert c.areas[0] == pytest.approx(float(area), rel=1e-11)
        assert np.abs(
            c.centroids[0] - [float(v) for v in centroid]
        ).max() < 1e-11 * size + 1e-15 * abs(shift)


def test_a_region_below_float_resolution_has_a_centroid_on_its_corners():
    corners = [(1.0, 1.0)] * 3
    ring = [(0, 1), (1, 2), (2, 0)]
    c = make(from_rows([]), UNIT_BOX, corners, [], ring, [-1] * 3, [[0, 2, 4]])
    assert c.areas.tolist() == [0.0]
    assert c.centroids.tolist() == [[1.0, 1.0]]
    excess, _ = c._excess(np.array([[1.0, 1.0], [3.0, 0.0]]), np.array([0, 0]))
    assert excess.tolist() == [0.0, 2.0]


# Clipping


@settings(deadline=None, max_examples=40)
@given(seeds, st.lists(st.integers(1, 4), min_size=1, max_size=2), st.booleans())
def test_clipped_regions_of_the_plane_are_the_regions_of_the_box(seed, hidden, integers):
    network = integer_network if integers else default_network
    layers = network([2, *hidden, 1], seed)
    rng = np.random.default_rng(seed)
    low = rng.integers(-6, 4, 2).astype(float)
    box = Box(low, low + rng.integers(1, 5, 2))
    plane, inside = exact_regions(layers, PLANE), exact_regions(layers, box)
    areas = {tuple(p): a for p, a in zip(inside.patterns.tolist(), inside.areas, strict=True)}
    for k, pattern in enumerate(plane.patterns.tolist()):
        polygon = plane.region(k, box)
        if tuple(pattern) not in areas:
            assert len(polygon) == 0 or abs(shoelace(polygon)) < 1e-12
        else:
            assert shoelace(polygon) == pytest.approx(areas[tuple(pattern)], rel=1e-9, abs=1e-12)
            assert plane.locate(polygon.mean(axis=0)) == k
            assert (polygon >= box.low).all()
            assert (polygon <= box.high).all()


def shoelace(polygon):
    x, y = (polygon - polygon[0]).T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


@settings(deadline=None, max_examples=30)
@given(st.floats(0, 6.28), st.floats(0.01, 3.1), st.floats(-9, 9), st.floats(-9, 9))
@example(0.0, 3.14159, 5.0, 5.0)
def test_a_wedge_of_any_angle_is_clipped_right(start, sweep, x, y):
    """The share of a disc's square that two rays enclose does not depend on where rays are cut."""
    ways = [(np.cos(a), np.sin(a)) for a in (start, start + sweep)]
    # Only what is inside counts, so the other region need not be convex.
    c = make(
        from_rows([(1, 0, 0)]), PLANE, [(x, y)], ways, [(0, 1), (0, 2)], [0, 0], [[3, 0], [1, 2]]
    )
    box = Box(-1, 1)
    polygon = c.region(0, box)
    grid = np.linspace(-0.995, 0.995, 200)
    points = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2) - (x, y)
    (a, b), (p, q) = ways
    inside = (a * points[:, 1] - b * points[:, 0] > 0) & (points[:, 0] * q - points[:, 1] * p > 0)
    measured = 4 * inside.mean()
    assert (shoelace(polygon) if len(polygon) else 0.0) == pytest.approx(measured, abs=0.03)


# Locating


@settings(deadline=None, max_examples=40)
@given(networks(), st.one_of(boxes(), st.just(PLANE)), st.data())
def test_points_on_folds_are_located_in_a_closed_region(layers, domain, data):
    """Points with small coordinates lie on folds and crossings of integer networks."""
    c = exact_regions(layers, domain)
    low, high = (-3, -3), (3, 3)
    if isinstance(domain, Box):
        low, high = domain.low, domain.high
    coordinates = [
        st.integers(int(4 * a), int(4 * b)).map(lambda k: k / 4)
        for a, b in zip(low, high, strict=True)
    ]
    points = data.draw(st.lists(st.tuples(*coordinates), min_size=1, max_size=6))
    for point, region in zip(points, c.locate(points).tolist(), strict=True):
        polygon = c.region(region, Box(-99, 99))
        x, y = (np.array(point) - polygon).T
        u, v = (np.roll(polygon, -1, axis=0) - polygon).T
        assert (u * y - v * x >= -1e-9 * np.hypot(u, v)).all()


@settings(deadline=None, max_examples=20)
@given(
    seeds, st.lists(st.integers(1, 6), min_size=1, max_size=3), st.sampled_from([Box(-2, 1), PLANE])
)
def test_generic_points_are_located_by_their_exact_pattern(seed, hidden, domain):
    c = exact_regions(default_network([2, *hidden, 1], seed), domain)
    points = np.random.default_rng(seed).uniform((-2, -2), (1, 1), (30, 2))
    for point, region in zip(points.tolist(), c.locate(points).tolist(), strict=True):
        hidden_values, _ = forward(c.layers, *map(Fraction, point))
        assert c.patterns[region].tolist() == [value > 0 for value in hidden_values]


@pytest.mark.parametrize("domain", [Box(-2, 1), PLANE])
@pytest.mark.parametrize("seed", range(5))
def test_vertices_and_middles_of_edges_are_located_beside_them(seed, domain):
    c = stripped(exact_regions(default_network([2, 5, 4, 1], seed), domain))
    corners = [set() for _ in c.vertices]
    for region, row in enumerate(c.regions):
        for corner in row[row < len(c.vertices)]:
            corners[corner].add(region)
    for vertex, region in enumerate(c.locate(c.vertices).tolist()):
        assert region in corners[vertex]
    finite = (c.edges < len(c.vertices)).all(axis=1)
    middles = c.vertices[c.edges[finite]].mean(axis=1)
    found = c.locate(middles)
    assert (found[:, None] == c.adjacency[finite]).any(axis=1).all()


def test_every_point_is_found_where_lines_are_concurrent():
    rows = [(1, 0, 0), (0, 1, 0), (1, 1, 0), (1, -1, 0), (-1, -2, 0)]
    c = exact_regions(from_rows(rows), UNIT_BOX)
    t = np.linspace(-1, 1, 41)
    zero = np.zeros_like(t)
    points = np.concatenate([np.stack(pair, axis=1) for pair in [(t, zero), (zero, t), (t, -t)]])
    regions = c.locate(points)
    assert (regions >= 0).all()
    excess, slack = c._excess(points, regions)
    assert (excess <= slack).all()


def test_looking_at_all_regions_gives_the_same_answer(monkeypatch):
    c = exact_regions(default_network([2, 6, 5, 1], 1), Box(-2, 2))
    points = np.random.default_rng(0).uniform(-2, 2, (200, 2))
    fast = c.locate(points)
    monkeypatch.setattr(PolyhedralComplex, "_with_pattern", lambda self, p: np.full(len(p), -1))
    assert (c.locate(points) == fast).all()


def test_a_pattern_that_may_be_wrong_is_compared_with_the_polygon(monkeypatch):
    """If all patterns came out as that of region 3, without certainty, polygons would decide."""
    c = quarters()
    wrong = c.patterns[3]
    monkeypatch.setattr(
        room, "signs", lambda hidden, points: (np.tile(wrong, (len(points), 1)), points[:, 0] > 9)
    )
    assert c.locate(c.centroids).tolist() == [0, 1, 2, 3]


def test_a_point_beyond_an_acute_corner_does_not_belong_to_it():
    """Two almost parallel lines: near both, but far beyond the corner where they meet."""
    c = exact_regions(from_rows([(0, 1, 0), (2.0**-30, 1, 0)]), UNIT_BOX)
    sharp = int(np.argmin(c.areas))
    excess, slack = c._excess(np.array([[0.0, 0.0], [-0.5, -1e-17]]), np.array([sharp, sharp]))
    tip = c.region(sharp)
    assert tip[:, 0].min() >= 0 or tip[:, 0].max() <= 0
    beyond = -0.5 if tip[:, 0].min() >= 0 else 0.5
    excess, slack = c._excess(np.array([[beyond, 0.0]]), np.array([sharp]))
    assert excess[0] == pytest.approx(0.5)
    assert slack[0] < 1e-12


def test_points_in_any_shape_and_outside():
    c = quarters()
    points = np.array([[[-0.5, -0.5], [2, 0]], [[0.5, 0.5], [0, -1.0001]]])
    assert c.locate(points).tolist() == [[0, -1], [3, -1]]
    assert c.locate([0.5, -0.5]).shape == ()
    assert c.locate(np.zeros((0, 2))).shape == (0,)
    assert c.locate(np.zeros((3, 0, 2))).shape == (3, 0)
    # The box is closed, and so are its regions.
    assert c.locate([[1, 1], [-1, -1], [1, -1], [-1, 1]]).tolist() == [3, 0, 1, 2]
    assert c(points).tolist() == [[0, 4], [2.5, 0]]
    assert c([0.5, 0.5]).shape == ()
    two = exact_regions(from_rows([(1, 0, 0)], [[1.0], [-1.0]]), PLANE)
    assert two([[2.0, 0.0]]).tolist() == [[2.0, -2.0]]
    assert two([2.0, 0.0]).tolist() == [2.0, -2.0]
    assert two(np.zeros((3, 0, 2))).shape == (3, 0, 2)


@pytest.mark.parametrize("method", ["locate", "__call__"])
@pytest.mark.parametrize(
    ("points", "error", "message"),
    [
        ([1, 2, 3], ValueError, r"points has shape \(3,\)"),
        (1.0, ValueError, r"points has shape \(\)"),
        ([], ValueError, r"points has shape \(0,\)"),
        ([[np.nan, 0]], ValueError, "points must be finite"),
        ([[0, np.inf]], ValueError, "points must be finite"),
        ([[1j, 0]], TypeError, "points"),
        (np.array([[True, False]]), TypeError, "points has dtype bool"),
        (np.array([[2**53 + 1, 0]]), ValueError, "which no float64 is"),
        ("ab", TypeError, "points"),
        (np.ma.masked_array([[1.0, 2.0]], [[True, False]]), TypeError, "points"),
    ],
)
def test_points_that_are_none(method, points, error, message):
    with pytest.raises(error, match=message):
        getattr(quarters(), method)(points)


def test_arrays_of_every_make_are_points():
    c = quarters()
    plain = np.array([[0.5, 0.5], [-0.5, 0.25]])
    padded = np.zeros((2, 4))
    padded[:, ::2] = plain
    for points in (plain.astype(">f8"), plain.astype(np.float32), padded[:, ::2], plain.tolist()):
        assert c.locate(points).tolist() == [3, 2]
        assert c(points).tolist() == [2.5, 0.75]


@pytest.mark.parametrize("index", [4, -5, 10**30])
def test_regions_that_are_none(index):
    with pytest.raises(IndexError, match="there are 4 regions"):
        quarters().region(index)


def test_indices_and_boxes_that_are_none():
    with pytest.raises(TypeError):
        quarters().region(1.0)
    with pytest.raises(TypeError, match="but must be a Box"):
        quarters().region(1, ((0, 0), (1, 1)))
    assert (quarters().region(np.int64(2)) == quarters().region(2)).all()


# Large and small


def lattice(k):
    """Cut [0, k + 1]^2 by k vertical and k horizontal lines at the integers."""
    n = k + 1
    x, y = np.meshgrid(np.arange(n + 1), np.arange(n + 1))
    place = y * (n + 1) + x
    across = np.stack([place[:, :-1], place[:, 1:]], axis=-1).reshape(-1, 2)
    up = np.stack([place[:-1], place[1:]], axis=-1).reshape(-1, 2)
    row, column = y[:, :-1].ravel(), x[:-1].ravel()
    neuron = np.concatenate([
        np.where((row == 0) | (row == n), -1, k + row - 1),
        np.where((column == 0) | (column == n), -1, column - 1),
    ])  # fmt: skip
    i, j = x[:-1, :-1].ravel(), y[:-1, :-1].ravel()
    vertical = len(across) + j * (n + 1) + i
    loops = np.stack(
        [2 * (j * n + i), 2 * (vertical + 1), 2 * (j * n + n + i) + 1, 2 * vertical + 1], 1
    )
    steps = np.arange(1, n)
    rows = [(1, 0, -s) for s in steps] + [(0, 1, -s) for s in steps]
    weights = np.random.default_rng(0).normal(size=(1, 2 * k))
    return PolyhedralComplex(
        from_rows(rows, weights),
        Box(0, n),
        vertices=np.stack([x.ravel(), y.ravel()], axis=1).astype(float),
        directions=np.zeros((0, 2)),
        edges=np.concatenate([across, up]).astype(np.int32),
        edge_neuron=np.stack([np.where(neuron < 0, -1, 0), neuron], axis=1).astype(np.int32),
        halfedges=loops.ravel().astype(np.int32),
        offsets=np.arange(0, 4 * n * n + 1, 4),
        certified="float64",
    )


def test_a_lattice():
    c = lattice(70)
    assert len(c) == 71**2
    assert max(c.check().values()) <= 1
    assert (c.areas == 1).all()
    cells = np.floor(c.centroids).astype(int)
    steps = np.arange(1, 71)
    expected = np.concatenate([cells[:, :1] >= steps, cells[:, 1:] >= steps], axis=1)
    assert (c.patterns == expected).all()
    assert c.n_linear_regions == 71**2
    assert (c.locate(c.centroids) == np.arange(71**2)).all()
    corners = c.locate(c.vertices)
    assert (np.abs(c.vertices - c.centroids[corners]) == 0.5).all()


def everything(c):
    """Return all that is worked out in chunks."""
    rng = np.random.default_rng(0)
    points = rng.integers(-4, 5, (40, 2)) / 4
    return [
        c.areas, c.centroids, c.patterns, c.gradients, c.intercepts, c.linear_labels,
        c.locate(points), c(points), c.interior_points,
    ]  # fmt: skip


@pytest.mark.parametrize("domain", [UNIT_BOX, PLANE])
def test_small_chunks_change_nothing(domain, monkeypatch):
    c = exact_regions(default_network([2, 6, 6, 1], 2), domain)
    whole = everything(stripped(c))
    monkeypatch.setattr(room, "_CHUNK", 1)
    for expected, found in zip(whole, everything(stripped(c)), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-14)


def test_words_of_patterns_may_collide(monkeypatch):
    """If all patterns had the same word, points would still be located."""
    c = exact_regions(default_network([2, 6, 1], 2), UNIT_BOX)
    points = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    expected = c.locate(points)
    other = stripped(c)
    monkeypatch.setattr(
        PolyhedralComplex, "_hashes", lambda self, packed: np.zeros(len(packed), dtype=np.uint64)
    )
    assert (other.locate(points) == expected).all()


def test_a_complex_in_pieces_has_no_patterns():
    c = quarters()
    keep = np.ones(16, dtype=bool)
    keep[4:8] = False
    broken = PolyhedralComplex(
        c.layers, c.domain, vertices=c.vertices, directions=c.directions, edges=c.edges,
        edge_neuron=c.edge_neuron, halfedges=np.delete(c.halfedges, [5, 6, 7, 8, 13, 14, 15]),
        offsets=np.array([0, 4, 5, 8, 9]), certified="float64",
    )  # fmt: skip
    with pytest.raises(ValueError, match="cannot be reached"):
        _ = broken.patterns


def test_arrays_are_read_only_and_worked_out_once():
    c = exact_regions(folding_network((2, 2, 3, 1)), Box(0, 1))
    names = (
        "vertices directions edges edge_neuron halfedges offsets adjacency bounded areas centroids "
        "interior_points patterns gradients intercepts linear_labels"
    )
    for name in names.split():
        array = getattr(c, name)
        assert not array.flags.writeable, name
        assert np.shares_memory(array, getattr(c, name)) or not array.size, name
    assert not c.regions[0].flags.writeable
    assert not any(array.flags.writeable for layer in c.layers for array in layer)
    assert c.regions is c.regions


def test_a_complex_can_be_copied_and_sent():
    c = exact_regions(default_network([2, 4, 1], 0), PLANE)
    for other in (copy.deepcopy(c), pickle.loads(pickle.dumps(c))):
        assert repr(other) == repr(c)
        assert other.domain is PLANE
        assert (other.patterns == c.patterns).all()
        assert not other.vertices.flags.writeable


@settings(deadline=None, max_examples=10)
@given(seeds)
def test_the_order_of_linear_labels_is_that_of_the_regions(seed):
    layers = default_network([2, 4, 4, 1], seed)
    # Two neurons that nobody listens to.
    layers[1][0][:, 0] = 0
    layers[2][0][:, 1] = 0
    c = stripped(exact_regions(layers, UNIT_BOX))
    labels = c.linear_labels
    _, first = np.unique(labels, return_index=True)
    assert (np.diff(first) > 0).all()
    assert c.n_linear_regions == len(first) == labels.max() + 1
