"""The frames that regions are cut out of: a box, copies of it, and the plane as a triangle."""

from fractions import Fraction

import numpy as np
import pytest
from engine_oracles import BOX, Trace, engine_regions, start_of
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_networks import default_network, forward

from activations.regions import frame, subdivision
from activations.regions.domain import PLANE, Box
from activations.regions.reference import exact_regions

seeds = st.integers(0, 2**32 - 1)
STARTS = {
    "box": frame.box((-1.0, -2.0), (3.0, 5.0)),
    "plane": frame.plane(),
    "boxes": frame.batch(frame.box((-1.0, -2.0), (3.0, 5.0)), 3),
    "planes": frame.batch(frame.plane(), 4),
}


def corners_of(state, face):
    half = state.loops[state.offsets[face] : state.offsets[face + 1]]
    vertices = np.where(half & 1, state.head[half >> 1], state.tail[half >> 1])
    stops = np.where(half & 1, state.tail[half >> 1], state.head[half >> 1])
    assert (np.roll(vertices, -1) == stops).all()
    return np.stack(state.coordinates, axis=1)[vertices], vertices


@pytest.mark.parametrize("name", STARTS)
def test_faces_are_convex_and_counter_clockwise(name):
    state = STARTS[name]
    used = np.bincount(state.loops, minlength=2 * len(state.tail))
    inner = state.neuron == frame.SPOKE
    assert (used[::2] + used[1::2] == 1 + inner).all()
    assert used.max() == 1
    for face in range(len(state.offsets) - 1):
        points, vertices = corners_of(state, face)
        way = np.roll(points[:, :2], -1, axis=0) - points[:, :2]
        after = np.roll(way, -1, axis=0)
        assert (way[:, 0] * after[:, 1] - way[:, 1] * after[:, 0] > 0).all()
        if state.net is not None:
            assert len(set(state.net[vertices])) == 1
    assert not state.error.any()


@pytest.mark.parametrize("name", ["box", "plane"])
def test_copies_are_copies(name):
    one, copies = STARTS[name], frame.batch(STARTS[name], 3)
    for k in range(3):
        part = copies.net == k
        shift = k * len(one.error)
        assert part.sum() == len(one.error)
        for column, single in zip(copies.coordinates, one.coordinates, strict=True):
            np.testing.assert_array_equal(column[part], single)
        edges = slice(k * len(one.tail), (k + 1) * len(one.tail))
        np.testing.assert_array_equal(copies.tail[edges], one.tail + shift)
        np.testing.assert_array_equal(copies.head[edges], one.head + shift)
        np.testing.assert_array_equal(copies.neuron[edges], one.neuron)
        loops = slice(k * len(one.loops), (k + 1) * len(one.loops))
        np.testing.assert_array_equal(copies.loops[loops], one.loops + 2 * k * len(one.tail))
        if one.far is not None:
            np.testing.assert_array_equal(copies.far[part], one.far)
            np.testing.assert_array_equal(copies.foot[part], one.foot + shift)
    assert copies.offsets[-1] == len(copies.loops)
    assert (np.diff(copies.offsets) == np.tile(np.diff(one.offsets), 3)).all()


def test_sectors_are_narrower_than_a_straight_angle_and_w_is_not_too_steep():
    state = frame.plane()
    angles = np.arctan2(state.coordinates[1][1:], state.coordinates[0][1:])
    gaps = np.diff([*angles, angles[0] + 2 * np.pi]) % (2 * np.pi)
    assert gaps.sum() == pytest.approx(2 * np.pi)
    assert gaps.max() < 0.8 * np.pi
    h, _ = frame.slopes_of_w(*state.coordinates[:2])
    assert np.hypot(*h).max() < subdivision._STEEPEST


@settings(deadline=None, max_examples=100)
@given(st.floats(0, 6.29), st.floats(0, 1))
def test_w_falls_from_the_centre_to_infinity(angle, share):
    x, y, w = frame.plane().coordinates
    way = np.array([np.cos(angle), np.sin(angle)])
    h, margin = frame.slopes_of_w(way[:1], way[1:])
    # The sector that holds the direction has both coefficients at least zero.
    best = None
    for i, j in ((1, 2), (2, 3), (3, 1)):
        p, q = np.linalg.solve(np.array([[x[i], x[j]], [y[i], y[j]]]), way)
        if best is None or min(p, q) > best[0]:
            best = min(p, q), p + q, (p * w[i] + q * w[j])
    assert (h[:, 0] @ way) == pytest.approx(best[1])
    assert margin[0] >= 0
    there = share / best[1] * way
    h, _ = frame.slopes_of_w(there[:1], there[1:])
    assert 1 - h[:, 0] @ there == pytest.approx(1 - share)


@settings(deadline=None, max_examples=60)
@given(seeds, st.integers(-30, 30))
def test_a_homogeneous_layer_is_the_layer_times_w(seed, power):
    rng = np.random.default_rng(seed)
    W, b, scale = rng.normal(size=(3, 2)), rng.normal(size=3), 2.0**power
    V, zero = frame.homogeneous(W, b, scale)
    assert not zero.any()
    x, y, w = rng.uniform(-1, 1), rng.uniform(-1, 1), rng.uniform(0.1, 1)
    point = scale * (np.array([x, y]) / w + frame._CENTRE)
    size = np.abs(W).max() * scale * 4 + np.abs(b).max()
    np.testing.assert_allclose(V @ [x, y, w], w * (W @ point + b), atol=1e-14 * size)


@settings(deadline=None, max_examples=60)
@given(seeds, st.integers(-40, 40))
def test_the_scale_is_a_power_of_two_and_grows_with_the_biases(seed, power):
    rng = np.random.default_rng(seed)
    W, b = rng.normal(size=(7, 2)), rng.normal(size=7)
    scale = frame.typical_distance(W, b)
    assert np.frexp(scale)[0] == 0.5
    distances = np.abs(b) / np.abs(W).max(axis=1)
    assert distances.min() / 2 < scale < 2 * distances.max()
    factor = 2.0**power
    assert frame.typical_distance(W, b * factor) == np.clip(scale * factor, 2.0**-60, 2.0**60)
    assert frame.typical_distance(W * factor, b * factor) == scale


def test_scales_of_layers_without_distances():
    assert frame.typical_distance(np.ones((3, 2)), np.zeros(3)) == 1
    assert frame.typical_distance(np.zeros((3, 2)), np.ones(3)) == 1
    assert frame.typical_distance(np.ones((1, 2)), np.array([1e300])) == 2.0**60
    assert frame.typical_distance(np.ones((1, 2)), np.array([1e-300])) == 2.0**-60


def test_marching_walks_around_each_face_from_its_start():
    # A triangle, a square and a pentagon, whose half-edges are mixed up.
    rng = np.random.default_rng(0)
    names = rng.permutation(12)
    faces = np.split(names, [3, 7])
    follow = np.empty(12, dtype=np.int64)
    for face in faces:
        follow[face] = np.roll(face, -1)
    starts = np.array([faces[2][3], faces[0][1], faces[1][0]])
    loops, offsets = frame.march(follow, starts)
    assert offsets.tolist() == [0, 5, 8, 12]
    expected = [np.roll(faces[2], -3), np.roll(faces[0], -1), faces[1]]
    assert loops.tolist() == np.concatenate(expected).tolist()


@settings(deadline=None, max_examples=60)
@given(st.floats(0, 6.28), st.integers(-45, 45), st.booleans())
def test_a_single_line_has_one_vertex_nearest_to_the_origin(angle, power, negative):
    w = np.array([[np.cos(angle), np.sin(angle)]])
    b = np.array([2.0**power * (-1) ** negative])
    found = engine_regions([(w, b), (np.ones((1, 1)), np.zeros(1))], PLANE)
    if found is None:
        return
    assert len(found) == 2
    assert found.edge_neuron.tolist() == [[0, 0]] * 2
    foot = -b[0] * w[0] / (w[0] @ w[0])
    np.testing.assert_allclose(found.vertices, [foot], rtol=1e-6, atol=1e-6 * 2.0**power)
    np.testing.assert_allclose(found.directions @ w[0], 0, atol=1e-15)
    np.testing.assert_allclose(found.directions.sum(axis=0), 0, atol=1e-15)


@settings(deadline=None, max_examples=40)
@given(seeds, st.sampled_from([(2, 2, 1), (2, 5, 1), (2, 3, 3, 1), (2, 1, 3, 1)]))
def test_taking_the_sectors_out_leaves_the_plane(seed, widths):
    layers = default_network(widths, seed)
    found, exact = engine_regions(layers, PLANE), exact_regions(layers, PLANE)
    if found is None:
        return
    assert len(found.vertices) - len(found.edges) + len(found) == 1
    assert (found.edge_neuron >= 0).all()
    assert len(found.directions) == len(exact.directions)
    angles = [np.sort(np.arctan2(*c.directions.T)) for c in (found, exact)]
    np.testing.assert_allclose(*angles, atol=1e-9)
    # Every unbounded region comes in from infinity first, and goes out last.
    for region in np.flatnonzero(~found.bounded):
        half = found.halfedges[found.offsets[region] : found.offsets[region + 1]]
        ends = found.edges.ravel()
        assert ends[half[0]] >= len(found.vertices)
        assert ends[half[-1] ^ 1] >= len(found.vertices)


def test_the_chart_holds_what_the_network_gives():
    # At each vertex, coordinates divided by w are a point at which its own neurons are zero.
    for seed in range(4):
        layers = default_network((2, 4, 3, 1), seed)
        state = Trace(layers, PLANE).state
        scale = frame.typical_distance(*layers[0])
        x, y, w = state.coordinates
        assert (w[state.far] == 0).all()
        assert (w[~state.far] > 0).all()
        assert (w <= 1).all()
        for v in np.flatnonzero(~state.far)[1:].tolist():
            point = [
                Fraction(scale)
                * (Fraction(float(c[v])) / Fraction(float(w[v])) + Fraction(float(k)))
                for c, k in zip((x, y), frame._CENTRE, strict=True)
            ]
            values = forward(layers, *point)[0]
            size = 1 + max(map(abs, point))
            for own in (pair[v] for pair in state.pair):
                assert own < 0 or abs(values[own]) < 1e-11 * size * size


@pytest.mark.parametrize("w", [0.0, -1e-18])
def test_a_vertex_that_is_moved_beyond_infinity_has_no_coordinates(w):
    state = Trace(default_network((2, 4, 1), 0), PLANE).state
    inner = np.flatnonzero(~state.far & (np.minimum(*state.pair) >= 0))
    state.coordinates[2][inner[0]] = w
    with np.errstate(all="ignore"):
        vertices = frame.finish(state, [4], 1.0)["vertices"]
    assert np.isnan(vertices).all(axis=1).sum() == 1
    assert np.isfinite(vertices).all(axis=1).sum() == len(vertices) - 1


def test_boxes_and_the_plane_start_undivided():
    layers = default_network((2, 3), 0)
    whole = engine_regions(layers, PLANE)
    assert (len(whole), len(whole.vertices), len(whole.edges)) == (1, 0, 0)
    box = engine_regions(layers, Box((-1, 2), (3, 5)))
    assert (len(box), len(box.vertices), len(box.edges)) == (1, 4, 4)
    np.testing.assert_array_equal(box.vertices, Box((-1, 2), (3, 5)).corners)
    assert start_of(BOX).far is None
    assert start_of(PLANE).far.tolist() == [False, True, True, True]
