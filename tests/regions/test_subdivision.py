"""The float64 engine: what it certifies is exact, and every bound that it relies on holds."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from engine_oracles import (
    ALMOST,
    BOX,
    Trace,
    assert_exact,
    combinatorics,
    engine_count,
    engine_regions,
    nearly_degenerate,
    start_of,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sample_networks import (
    DEGENERATE,
    UNIT_BOX,
    boxes,
    default_network,
    folding_count,
    folding_network,
    integer_network,
    networks,
)

from activations.regions import frame, subdivision
from activations.regions.domain import PLANE, Box
from activations.regions.reference import count_exact
from activations.regions.subdivision import UncertifiedError, count, subdivide

DOMAINS = [pytest.param(BOX, id="box"), pytest.param(PLANE, id="plane")]
WIDTHS = [(2, 1, 1), (2, 7, 1), (2, 4, 4, 2), (2, 3, 3, 3, 1), (2, 5, 1, 4, 1), (2, 2, 2, 2, 2, 1)]
LOCAL = [pytest.param(False, id="global"), pytest.param(True, id="local")]

domains = st.sampled_from([BOX, PLANE])
seeds = st.integers(0, 2**32 - 1)


def normal(widths, seed):
    rng = np.random.default_rng(seed)
    return [(rng.normal(size=(n, m)), rng.normal(size=n)) for m, n in pairwise(widths)]


def thinned(widths, seed):
    """Leave out a third of the weights between hidden layers."""
    rng = np.random.default_rng(seed)
    first, *others = default_network(widths, seed)
    return [first, *((W * (rng.random(W.shape) < 2 / 3), b) for W, b in others)]


def single(widths, seed):
    return [(np.float32(W), np.float32(b)) for W, b in default_network(widths, seed)]


def scaled(layers, power):
    """Multiply the first layer by 2^power, and all later biases accordingly."""
    (W, b), *others = layers
    factor = 2.0**power
    return [(W * factor, b * factor), *((W, b * factor) for W, b in others)]


# What is certified is exact


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("local", LOCAL)
@pytest.mark.parametrize("make", [default_network, normal, single])
@pytest.mark.parametrize("widths", WIDTHS)
def test_generic_networks_are_certified_and_exact(widths, make, local, domain, monkeypatch):
    monkeypatch.setattr(subdivision, "_PIECE", 8)
    for seed in range(3):
        assert assert_exact(make(widths, seed), domain, local=local, tolerance=1e-7)


@pytest.mark.parametrize("local", LOCAL)
@settings(deadline=None, max_examples=60)
@given(networks(), st.one_of(boxes(), st.just(PLANE)))
def test_small_integers_are_never_certified_wrongly(local, layers, domain):
    assert_exact(layers, domain, local=local, tolerance=1e-9)


@settings(deadline=None, max_examples=40)
@given(seeds, st.sampled_from([(2, 4, 1), (2, 3, 3, 1), (2, 2, 2, 2, 1)]), domains, st.booleans())
def test_larger_integers_and_sparse_layers_are_never_certified_wrongly(seed, widths, domain, local):
    assert_exact(integer_network(widths, seed, largest=9), domain, local=local, tolerance=1e-8)
    assert_exact(thinned(widths, seed), domain, local=local)


@settings(deadline=None, max_examples=120)
@given(
    st.sampled_from(ALMOST),
    st.sampled_from([(2, 4, 1), (2, 3, 3, 1), (2, 3, 2, 2, 1)]),
    seeds,
    st.integers(5, 60),
    domains,
    st.booleans(),
)
# The only vertex of the widest region is the origin, but for rounding.
@example("integer", (2, 3, 2, 2, 1), 3, 54, PLANE, True)
def test_nearly_degenerate_networks_are_never_certified_wrongly(
    kind, widths, seed, power, domain, local
):
    assert_exact(nearly_degenerate(kind, widths, seed, power), domain, local=local)


@pytest.mark.parametrize(
    ("kind", "domain"),
    [
        ("parallel", PLANE),
        ("coincident", BOX),
        ("coincident", PLANE),
        ("concurrent", BOX),
        ("concurrent", PLANE),
        ("corner", BOX),
    ],
)
def test_far_from_degenerate_is_certified_and_next_to_it_is_not(kind, domain):
    for seed in range(5):
        layers = nearly_degenerate(kind, (2, 4, 1), seed, 12)
        layers[0][1][:] /= 4.0 if kind == "coincident" else 1.0
        assert engine_regions(layers, domain) is not None
        layers = nearly_degenerate(kind, (2, 4, 1), seed, 60)
        layers[0][1][:] /= 4.0 if kind == "coincident" else 1.0
        assert engine_regions(layers, domain) is None
        assert engine_regions(layers, domain, local=True) is None


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("local", LOCAL)
def test_folds_through_earlier_vertices_are_doubted(local, domain):
    # Two folds cross at (1/3, 2/7), which no float is; the third neuron is 118/21 there, so the
    # next layer's first fold passes there, too, but rounding gives some small value, not zero.
    rng = np.random.default_rng(0)
    for _ in range(20):
        (a, b), (c, d) = rng.permutation([[1, 2], [2, -1], [1, -3], [3, 1]])[:2]
        hidden = [[3 * a, 7 * b], [3 * c, 7 * d], [1, 1]], [-(a + 2 * b), -(c + 2 * d), 5]
        through = [*rng.integers(-9, 10, 2), 21]
        beside = [*rng.integers(-9, 10, 2), 21]
        layers = [
            tuple(np.array(part, dtype=float) for part in layer)
            for layer in (hidden, ([through, beside], [-118, -131]), ([[1, 1]], [0]))
        ]
        assert engine_regions(layers, domain, local=local) is None
        assert engine_count(layers, domain, local=local) is None


def test_a_fold_through_the_centre_of_the_chart_is_doubted():
    # With two folds in nearly the same distance, the scale does not depend on what is added.
    for angle in (0.5, 1.7, 2.9):
        W = np.array([[np.cos(angle), np.sin(angle)], [1.0, 0.5], [0.5, -1.0], [1.0, 1.0]])
        b = np.array([-(W[0] @ frame._CENTRE), 1.0, 1.0, 1.0])
        assert frame.typical_distance(W, b) == 1
        last = np.ones((1, 4)), np.zeros(1)
        assert engine_regions([(W, b), last], PLANE) is None
        assert engine_regions([(W, b + 1e-9 * np.eye(4)[0]), last], PLANE) is not None


def test_tangents_of_a_folded_square_are_counted_as_the_formula_says():
    widths = (2, 4, 6, 5, 1)
    assert engine_count(folding_network(widths), Box(0, 1)) in (None, folding_count(widths))
    rng = np.random.default_rng(0)
    moved = [
        (W, b + (rng.uniform(-1, 1, b.shape) * 2.0**-12 if k else 0))
        for k, (W, b) in enumerate(folding_network((2, 2, 5, 1)))
    ]
    assert assert_exact(moved, Box(0.01, 0.99))


@settings(deadline=None, max_examples=25)
@given(seeds, st.integers(1, 25))
def test_one_layer_in_the_plane_has_zaslavskys_number(seed, n):
    layers = default_network((2, n, 1), seed)
    assert engine_count(layers, PLANE) == 1 + n + n * (n - 1) // 2
    assert len(engine_regions(layers, PLANE)) == 1 + n + n * (n - 1) // 2


@pytest.mark.parametrize("name", DEGENERATE)
@pytest.mark.parametrize("local", LOCAL)
def test_degenerate_cases_by_name(name, local):
    layers, box, plane = DEGENERATE[name]
    for domain, (activation, linear) in ((UNIT_BOX, box), (PLANE, plane)):
        found = engine_regions(layers, domain, local=local)
        number = engine_count(layers, domain, local=local)
        assert number in (None, activation)
        assert found is None or (len(found), found.n_linear_regions) == (activation, linear)


COINCIDENCES = [
    ("concurrent", UNIT_BOX),
    ("concurrent", PLANE),
    ("coincident", UNIT_BOX),
    ("coincident", PLANE),
    ("opposite", UNIT_BOX),
    ("parallel", PLANE),
    ("along a side of the box", UNIT_BOX),
    ("through a corner, outside", UNIT_BOX),
    ("through two corners", UNIT_BOX),
    ("always zero", UNIT_BOX),
    ("zero biases", PLANE),
    ("collapse to a line", UNIT_BOX),
    ("the same fold in two layers", UNIT_BOX),
    ("strips", PLANE),
]


@pytest.mark.parametrize(("name", "domain"), COINCIDENCES)
@pytest.mark.parametrize("power", [-300, -40, 0, 40, 300])
@pytest.mark.parametrize("local", LOCAL)
def test_coincidences_are_uncertain_at_every_scale(name, domain, power, local):
    layers = scaled(DEGENERATE[name][0], power)
    with pytest.raises(UncertifiedError):
        subdivide(layers, start_of(domain), local=local)
    with pytest.raises(UncertifiedError):
        count(layers, start_of(domain), local=local)


@settings(deadline=None, max_examples=40)
@given(seeds, st.integers(-1000, 900), st.integers(0, 1), domains, st.booleans())
@example(0, -160, 1, BOX, False)
@example(0, -540, 0, BOX, True)
@example(0, 600, 1, BOX, True)
def test_huge_and_tiny_layers(seed, power, which, domain, local):
    layers = default_network((2, 3, 3, 1), seed)
    W, b = layers[which]
    layers[which] = W * 2.0**power, b * 2.0**power
    certain = assert_exact(layers, domain, local=local)
    assert certain or abs(power) > 12


@settings(deadline=None, max_examples=25)
@given(seeds, st.integers(-50, 30), st.booleans())
def test_small_and_far_boxes(seed, power, local):
    layers = default_network((2, 4, 3, 1), seed)
    x, y = np.random.default_rng(seed).uniform(-2, 2, 2)
    assert_exact(layers, Box((x, y), (x + 2.0**power, y + 2.0**power)), local=local)
    W, b = layers[0]
    x, y = np.array([x, y]) * 2.0**power
    moved = [(W, b - W @ [x, y]), *layers[1:]]
    assert_exact(moved, Box((x - 1, y - 1), (x + 1, y + 1)), local=local)


def test_overflow_is_doubted_and_not_taken_for_off():
    layers = default_network((2, 3, 3, 3, 1), 0)
    for power in (100, 500, 600, 1000):
        huge = [(W * 2.0 ** (power if k in (0, 1) else 0), b) for k, (W, b) in enumerate(layers)]
        for domain in (BOX, PLANE):
            for local in (False, True):
                assert_exact(huge, domain, local=local)


@settings(deadline=None, max_examples=30)
@given(seeds, st.sampled_from(WIDTHS[1:]), domains, st.booleans())
def test_what_is_certified_passes_all_checks(seed, widths, domain, local):
    found = engine_regions(default_network(widths, seed), domain, local=local)
    if found is not None:
        assert max(found.check(grid=20).values()) <= 1


# How it works


def test_an_engine_for_small_pieces_finds_the_same(monkeypatch):
    layers = default_network((2, 12, 12, 12, 1), 5)
    whole = [combinatorics(engine_regions(layers, domain)) for domain in (BOX, PLANE)]
    for piece in (1, 2, 7, 64):
        monkeypatch.setattr(subdivision, "_PIECE", piece)
        for domain, found in zip((BOX, PLANE), whole, strict=True):
            assert combinatorics(engine_regions(layers, domain, local=True)) == found
    monkeypatch.setattr(subdivision, "_LOCAL_FROM", 100)
    monkeypatch.setattr(subdivision, "_BLOCK", 50)
    for domain, found in zip((BOX, PLANE), whole, strict=True):
        assert combinatorics(engine_regions(layers, domain)) == found


def test_crossings_are_ranked_alike_with_and_without_a_table():
    rng = np.random.default_rng(0)
    chords = 9
    pairs = np.array([(i, j) for i in range(chords) for j in range(i + 1, chords)])
    for share in (0.02, 0.3, 1.0):
        left, right = pairs[rng.random(len(pairs)) < share].T
        s, t = rng.random((2, len(left)))
        met = np.bincount(left, minlength=chords) + np.bincount(right, minlength=chords)
        base = np.cumsum(met) - met
        # Chords that are numbered far from their face's first one make the table too wide.
        for local in (np.arange(chords), np.arange(chords) * 1000):
            found = subdivision._ranks(left, right, s, t, local, base)
            along = np.full(2 * len(left), np.nan)
            along[found[0]], along[found[1]] = s, t
            owner = np.repeat(np.arange(chords), met)
            assert (owner[found[0]] == left).all()
            assert (owner[found[1]] == right).all()
            assert not np.isnan(along).any()
            assert (np.diff(along)[owner[1:] == owner[:-1]] > 0).all()


@pytest.mark.parametrize(
    ("group", "rank"),
    [
        ([3, 1, 3, 1, 1, 7, 3], [0.5, 0.9, 0.25, 0.1, 0.95, 0.0, 0.125]),
        # Too close to be told from one another behind the number of a group.
        ([2**40, 2**40, 2**40 + 1, 2**40], [0.5 + 1e-9, 0.5, 1e-9, 1 - 1e-9]),
        # In the plane, ranks may be distances.
        ([0, 0, 1, 1, 2], [5.0, -7.0, -3.0, -4.0, 0.0]),
        ([], []),
    ],
)
def test_ranks_are_sorted_within_groups(group, rank, monkeypatch):
    monkeypatch.setattr(subdivision, "_FEW", 0)
    group, rank = np.array(group, dtype=np.int64), np.array(rank, dtype=float)
    order = subdivision._by_group(group, rank)
    assert order.tolist() == np.lexsort((rank, group)).tolist()


def test_neighbourhoods_are_a_partition(monkeypatch):
    monkeypatch.setattr(subdivision, "_PIECE", 16)
    state = Trace(default_network((2, 20, 1), 0), BOX).state
    edges = np.arange(0, len(state.tail), 2)
    pieces = subdivision._neighbourhoods(state, edges)
    assert sorted(np.concatenate(pieces).tolist()) == edges.tolist()
    assert max(map(len, pieces)) <= 40
    assert len(pieces) > 5


def test_folds_that_run_to_the_same_point_at_infinity():
    # Where one neuron alone is on, all folds behind it are parallel to its own.
    seen = 0
    for seed in range(12):
        layers = default_network((2, 2, 4, 4, 1), seed)
        assert_exact(layers, PLANE)
        try:
            state = Trace(layers, PLANE).state
        except UncertifiedError:
            continue
        far = np.flatnonzero(state.far & (state.origin >= 0))
        own = np.maximum(*(pair[far] for pair in state.pair))
        seen += np.count_nonzero(own != state.origin[far])
    assert seen > 20


def test_networks_are_left_alone():
    layers = default_network((2, 5, 5, 1), 0)
    copies = [(W.copy(), b.copy()) for W, b in layers]
    for domain in (BOX, PLANE):
        for local in (False, True):
            first, second = (subdivide(layers, start_of(domain), local=local) for _ in range(2))
            for name in ("vertices", "directions", "edges", "halfedges", "offsets"):
                np.testing.assert_array_equal(first[name], second[name])
    for (W, b), (V, c) in zip(layers, copies, strict=True):
        np.testing.assert_array_equal(W, V)
        np.testing.assert_array_equal(b, c)


def test_without_hidden_layers_there_is_one_region():
    for domain in (BOX, PLANE):
        assert engine_count(default_network((2, 1), 0), domain) == 1
        assert len(engine_regions(default_network((2, 1), 0), domain)) == 1


# The bounds


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("local", LOCAL)
@pytest.mark.parametrize("widths", [(2, 6, 1), (2, 4, 4, 1), (2, 3, 3, 3, 1), (2, 2, 2, 2, 2, 1)])
def test_generic_errors_are_within_their_bounds(widths, local, domain, monkeypatch):
    monkeypatch.setattr(subdivision, "_PIECE", 8)
    for seed in range(2):
        vertices, values = Trace(default_network(widths, seed), domain, local=local).shares()
        # Not attained, but no more than a hundred times as large as necessary.
        assert 0.001 < vertices < 1
        assert 0.01 < values < 1


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(ALMOST),
    st.sampled_from([(2, 4, 1), (2, 3, 3, 1), (2, 3, 2, 2, 1)]),
    seeds,
    st.integers(5, 50),
    domains,
    st.booleans(),
)
def test_errors_next_to_degeneracy_are_within_their_bounds(
    kind, widths, seed, power, domain, local
):
    layers = nearly_degenerate(kind, widths, seed, power)
    try:
        trace = Trace(layers, domain, local=local)
    except UncertifiedError:
        return
    vertices, values = trace.shares()
    assert vertices < 1
    assert values < 1


@pytest.mark.parametrize("domain", DOMAINS)
def test_vertices_are_accurate(domain):
    for widths in ((2, 12, 1), (2, 8, 8, 1), (2, 5, 5, 5, 5, 1)):
        for seed in range(2):
            assert assert_exact(default_network(widths, seed), domain, tolerance=1e-9)


@pytest.mark.parametrize("dimension", [2, 3])
def test_where_chords_cross_is_known_to_within_the_bound(dimension):
    # Move the ends of chords by what their bounds allow, and look how far the crossings move.
    rng = np.random.default_rng(0)
    pairs = 4000
    angle, turn = np.arcsin(10.0 ** rng.uniform(-3, 0, pairs)), rng.uniform(0, 6.28, pairs)
    ways = np.stack([np.cos([turn, turn + angle]), np.sin([turn, turn + angle])])
    middle = rng.uniform(-0.5, 0.5, (2, pairs))
    before, after = 10.0 ** rng.uniform(-2, 0, (2, 2, pairs))
    ends = [middle[:, None] - before * ways, middle[:, None] + after * ways]
    if dimension == 3:
        # A third coordinate that falls with the other two as steeply as in the chart.
        slope = 2.19 * np.stack([np.cos(turn), np.sin(turn)])
        ends = [np.concatenate([e, 0.5 + (slope[:, None] * e).sum(axis=0)[None]]) for e in ends]
        middle = np.concatenate([middle, 0.5 + (slope * middle).sum(axis=0)[None]])
    error = 1e-7
    across = np.stack([-ways[1], ways[0], 0 * ways[0]])[:dimension]
    signs = rng.choice([-1, 1], (2, 2, pairs))
    moved = [e + error * sign * across for e, sign in zip(ends, signs, strict=True)]
    columns = [np.concatenate([e[k].T.ravel() for e in moved]) for k in range(dimension)]
    points = subdivision._Points(columns, np.full(4 * pairs, error))
    number = np.arange(2 * pairs)
    chords = subdivision._Chords(
        begin=number,
        end=number,
        source=number,
        target=number + 2 * pairs,
        owner=0 * number,
        local=number % 2,
        left=number[::2],
        right=number[1::2],
    )
    domain = BOX if dimension == 2 else PLANE
    engine = subdivision._Engine(default_network((2, 1, 1), 0), start_of(domain), local=False)
    found = engine.meetings(chords, points).points
    off = np.sqrt(sum((c - m) ** 2 for c, m in zip(found.columns, middle, strict=True)))
    assert (off <= found.error).all()
    assert (off / found.error).max() > 0.4


def polished(gradients, off, *, before, rounding=0.0, tilt=0.0, other=None):
    """Return the better bounds for vertices that are `off`, with two neurons for each of them."""
    size = len(off)
    engine = subdivision._Engine(
        default_network((2, 2 * size + 1, 1), 0), start_of(BOX), local=True
    )
    state = engine.state
    state.error = np.full(size, before)
    state.pair = [np.arange(size), np.arange(size) + size]
    polish = subdivision._Polish(engine, np.arange(size))
    values = np.full((2 * size + 1, size), 9e9)
    for k in range(size):
        values[[k, k + size], k] = gradients[:, k] @ off[k]
    if other is not None:
        values[-1] = other
    part = np.zeros((2 * size + 1, 3))
    part[:-1, :2] = gradients.reshape(-1, 2)
    bounds = [np.full(2 * size + 1, bound) for bound in (rounding, 1.0, tilt)]
    polish.see(0, np.arange(2 * size + 1), part, values, *bounds)
    return polish.errors()


def test_vertices_are_polished_by_the_values_of_their_own_neurons():
    rng = np.random.default_rng(0)
    size = 200
    turn, angle = rng.uniform(0, 6.28, size), np.arcsin(10.0 ** rng.uniform(-2, 0, size))
    angles = np.stack([turn, turn + angle])
    gradients = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    gradients *= 10.0 ** rng.uniform(-3, 3, (2, size, 1))
    way = rng.uniform(0, 6.28, size)
    off = 1e-9 * np.stack([np.cos(way), np.sin(way)], axis=-1)
    found = polished(gradients, off, before=1.0)
    assert (found >= 1e-9).all()
    assert (found <= 2.01e-9 / np.sin(angle)).all()
    assert found.min() < 1.5e-9
    np.testing.assert_array_equal(polished(gradients, off, before=5e-10), 5e-10)
    # What is off is not seen in the values, but allowed for.
    lengths = np.linalg.norm(gradients, axis=-1)
    blurred = polished(gradients, 0 * off, before=1.0, rounding=1e-6)
    assert (blurred >= np.minimum(1.0, 1e-6 / lengths.min(axis=0))).all()
    # Gradients that are not known at all, and a third fold that may be nearer than the vertex.
    np.testing.assert_array_equal(polished(gradients, off, before=1.0, tilt=1e4), 1.0)
    np.testing.assert_array_equal(polished(gradients, off, before=1.0, other=0.99), 1.0)
    assert (polished(gradients, off, before=0.9, other=0.99) < 0.9).all()


@pytest.mark.parametrize("seed", [0, 1, 3])
def test_polished_vertices_decide_what_is_uncertain_otherwise(seed):
    layers = default_network((2, 10, 10, 10, 10, 10, 1), seed)
    assert engine_count(layers, PLANE) is None
    assert engine_count(layers, PLANE, local=True) == count_exact(layers, PLANE)


def test_less_accurate_coordinates_than_asked_for_are_doubted():
    layers = nearly_degenerate("parallel", (2, 4, 1), 3, 36)
    assert engine_regions(layers, PLANE) is not None
    subdivide(layers, start_of(PLANE), accuracy=1.0)
    with pytest.raises(UncertifiedError):
        subdivide(layers, start_of(PLANE), accuracy=1e-9)
    with pytest.raises(UncertifiedError):
        subdivide(default_network((2, 9, 9, 1), 0), start_of(BOX), accuracy=1e-17)
    subdivide(default_network((2, 9, 9, 1), 0), start_of(BOX), accuracy=1e-9)


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("power", [-90, 90])
def test_numbers_whose_products_may_leave_float64_are_doubted(power, domain):
    generic = default_network((2, 3, 3, 1), 0)
    for layer in (0, 1):
        for part in (0, 1):
            layers = [(W.copy(), b.copy()) for W, b in generic]
            layers[layer][part].flat[0] *= 2.0**power
            with pytest.raises(UncertifiedError):
                subdivide(layers, start_of(domain))
            many = [
                tuple(np.stack([x, y, x]) for x, y in zip(good, wild, strict=True))
                for good, wild in zip(generic, layers, strict=True)
            ]
            counts, uncertain = count(many, frame.batch(start_of(domain), 3))
            assert uncertain[1]
            assert set(counts[~uncertain].tolist()) <= {count_exact(generic, domain)}
    # The output layer folds nothing, whatever its size, and zeros are no small numbers.
    W, b = generic[-1]
    assert engine_regions([*generic[:-1], (W * 2.0**power, b)], domain) is not None
    generic[1][0][0, 0] = 0.0
    assert engine_regions(generic, BOX) is not None


def test_vertices_without_coordinates_are_doubted(monkeypatch):
    def lost(*arguments):
        found = frame.finish(*arguments)
        found["vertices"][0] = np.nan
        return found

    monkeypatch.setattr(subdivision, "finish", lost)
    with pytest.raises(UncertifiedError):
        subdivide(default_network((2, 3, 1), 0), start_of(PLANE))


@settings(deadline=None, max_examples=30)
@given(seeds)
def test_the_first_layer_in_the_chart_is_off_by_no_more_than_allowed(seed):
    rng = np.random.default_rng(seed)
    W = rng.uniform(-1, 1, (4, 2))
    b = np.where(rng.random(4) < 0.5, rng.uniform(-1, 1, 4), -(W @ frame._CENTRE))
    engine = subdivision._Engine([(W, b), (np.ones((1, 4)), [0])], start_of(PLANE), local=False)
    scale = Fraction(engine.scale)
    for row, offset, (*_, last), bound in zip(W, b, engine.hidden[0][0], engine.given, strict=True):
        products = [Fraction(w) * Fraction(c) for w, c in zip(row, frame._CENTRE, strict=True)]
        error = abs(scale * sum(products) + Fraction(offset) - Fraction(last))
        assert error <= bound < 1e-14 * (engine.scale + 1)


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_small_angle_alone_is_doubted(domain):
    last = np.ones((1, 2)), np.zeros(1)
    for power, certain in ((20, True), (34, True), (44, False), (50, False)):
        layers = [(np.array([[1.0, 0.5], [1.0 + 2.0**-power, 0.5]]), np.array([0.25, 0.25])), last]
        assert (engine_regions(layers, domain) is not None) == certain


def test_a_fold_that_meets_a_convex_face_four_times_is_doubted():
    engine = subdivision._Engine(default_network((2, 3, 1), 0), start_of(BOX), local=False)
    folds = subdivision._Folds(*[np.arange(4)] * 4, np.full(4, 0.5), np.zeros(4))
    many = np.arange(4)
    sides = subdivision._Sides(many, many, many, 0 * many, many[:1], many, many, many, many)
    folds.neuron = np.array([1, 2, 1, 2])
    assert len(engine.chords(0, folds, sides).left) == 1
    folds.neuron = np.array([1, 1, 1, 1])
    with pytest.raises(UncertifiedError):
        engine.chords(0, folds, sides)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 6), seeds)
def test_norms_of_layers_are_upper_bounds(n, seed):
    rng = np.random.default_rng(seed)
    W, b = rng.normal(size=(n, 5)) * 2.0 ** rng.integers(-9, 9, (n, 1)), rng.normal(size=n)
    frobenius, spectral, biases = subdivision._norms(W, b)
    row, bias = subdivision._row_bounds(W, b)
    true = np.linalg.norm(W), np.linalg.norm(W, 2), np.linalg.norm(b)
    for bound, norm in zip((frobenius, spectral, biases), true, strict=True):
        assert norm <= bound
    assert max(frobenius / true[0], biases / true[2]) < 1.01
    assert spectral <= 5**0.125 * 1.01 * true[1]
    assert np.linalg.norm(W, axis=1).max() <= row <= 1.01 * np.linalg.norm(W, axis=1).max()
    assert bias == np.abs(b).max()
