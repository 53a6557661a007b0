"""Bounds on numbers of regions: against their definitions, exact counts and constructions."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from activations.lines import count_regions, max_regions, parabola_tangents
from activations.regions.bounds import (
    default_rates,
    expected_upper,
    hanin_rolnick_upper,
    montufar_lower,
    montufar_upper,
    raghu_upper,
    serra_lower,
    serra_upper,
)

UPPER = [raghu_upper, montufar_upper, serra_upper]
LOWER = [montufar_lower, serra_lower]
SHALLOW, DEEP = (2, 20, 1), (2, 5, 5, 5, 5, 1)
architectures = st.lists(st.integers(1, 6), min_size=2, max_size=6)
UNIT_SQUARE = [(0, 0), (1, 0), (1, 1), (0, 1)]


def cut(polygon, row):
    """Return the parts of a convex polygon where an affine function is positive and negative."""
    values = [row[0] * x + row[1] * y + row[2] for x, y in polygon]
    if max(values) <= 0 or min(values) >= 0:
        return [polygon] if max(values) > 0 else [], [polygon] if max(values) <= 0 else []
    parts = {1: [], -1: []}
    corners = list(zip(polygon, values, strict=True))
    for (p, u), (q, v) in itertools.pairwise([*corners, corners[0]]):
        for sign, part in parts.items():
            if sign * u >= 0:
                part.append(p)
            if u * v < 0:
                t = Fraction(u) / (u - v)
                part.append((p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])))
    return [parts[1]], [parts[-1]]


def affine(W, b, rows):
    """Apply a layer to affine functions, given as rows (x, y, 1)."""
    after = []
    for weights, bias in zip(W, b, strict=True):
        x, y, c = (sum(w * row[k] for w, row in zip(weights, rows, strict=True)) for k in range(3))
        after.append((x, y, c + bias))
    return after


def cells(network, polygon):
    """Return the affine map on every cell into which a network cuts a polygon, exactly."""
    found = [(polygon, [(1, 0, 0), (0, 1, 0)])]
    for W, b in network[:-1]:
        pieces = []
        for shape, rows in found:
            parts = [(shape, [])]
            for row in affine(W, b, rows):
                halves = [(cut(part, row), after) for part, after in parts]
                parts = [(p, [*after, row]) for (on, _), after in halves for p in on]
                parts += [(p, [*after, (0, 0, 0)]) for (_, off), after in halves for p in off]
            pieces += parts
        found = pieces
    return [tuple(affine(*network[-1], rows)) for _, rows in found]


def zigzag(p, turned):
    """Return p switches in (0, 1), their directions, and the sum of neurons that folds [0, 1]."""
    if turned:
        lengths = [1, 1, 2, 2] + [1] * (p - 3)
        faces = [-1 if k == 3 else 1 for k in range(1, p + 1)]
    else:
        lengths = [1] * p
        faces = [1] * p
    total = sum(lengths)
    ends = [Fraction(sum(lengths[:k]), total) for k in range(len(lengths) + 1)]
    slopes = [Fraction((-1) ** k * total, length) for k, length in enumerate(lengths)]
    if turned:
        switches = ends[1:-1]
        jumps = [right - left for left, right in itertools.pairwise(slopes)]
    else:
        switches = ends[:-1]
        jumps = [slopes[0]] + [right - left for left, right in itertools.pairwise(slopes)]
    # At 0 the fold starts at 0, which fixes its constant.
    constant = -sum(
        c * max(0, face * (0 - t)) for c, face, t in zip(jumps, faces, switches, strict=True)
    )
    return switches, faces, jumps, constant


def folding_network(widths, turned):
    """Return a network of Montufar's kind, or of Serra's with one neuron in p turned."""
    _, *hidden, _ = widths
    network = []
    mix, shift = [[1, 0], [0, 1]], [0, 0]
    for n in hidden[:-1]:
        p = n // 2
        switches, faces, jumps, constant = zigzag(p, turned)
        W, b = [], []
        for coordinate in (0, 1):
            for t, face in zip(switches, faces, strict=True):
                W.append([face * w for w in mix[coordinate]])
                b.append(face * (shift[coordinate] - t))
        W += [[0] * len(mix[0])] * (n - 2 * p)
        b += [0] * (n - 2 * p)
        network.append((W, b))
        rest = [0] * (n - 2 * p)
        mix = [[*jumps, *[0] * p, *rest], [*[0] * p, *jumps, *rest]]
        shift = [constant, constant]
    n = hidden[-1]
    # All crossings of these lines, tangents of a parabola, lie in the unit square.
    table = np.column_stack(parabola_tangents(n)).tolist()
    lines = [(u * n, v * (n**2 + 1), c) for u, v, c in table]
    # One of the patterns that do not occur becomes the one with all neurons off.
    grid = [Fraction(2 * k + 1, 8 * n**2) for k in range(4 * n**2)]
    seen = {
        tuple(a * x + b * y + c > 0 for a, b, c in lines) for x, y in itertools.product(grid, grid)
    }
    assert len(seen) == max_regions(n)
    missing = next(s for s in itertools.product((True, False), repeat=n) if s not in seen)
    signs = [-1 if side else 1 for side in missing]
    lines = [tuple(sign * value for value in line) for sign, line in zip(signs, lines, strict=True)]
    W = [[a * u + b * v for u, v in zip(*mix, strict=True)] for a, b, _ in lines]
    b = [a * shift[0] + b * shift[1] + c for a, b, c in lines]
    network.append((W, b))
    network.append(([[10**k + 7 * k for k in range(n)]], [0]))
    return network


# The largest number


def test_the_numbers_of_the_two_networks():
    assert [bound(SHALLOW) for bound in UPPER] == [211] * 3
    assert [bound(DEEP) for bound in UPPER] == [65536] * 3
    assert montufar_lower(SHALLOW) == max_regions(20) == serra_lower(SHALLOW)
    assert montufar_lower(DEEP) == 1024
    with pytest.raises(ValueError, match=r"widths\[1\] is 5, but must be at least 6"):
        serra_lower(DEEP)


@settings(deadline=None, max_examples=60)
@given(architectures)
@example([2, 1])
@example([3, 1, 5, 2])
@example([2, 3, 3, 3, 3, 1])
def test_upper_bounds_are_the_sums_that_define_them(widths):
    n_0, *hidden, _ = widths

    def sums(dimensions):
        return math.prod(
            sum(math.comb(n, j) for j in range(d + 1))
            for n, d in zip(hidden, dimensions, strict=True)
        )

    assert raghu_upper(widths) == sums([n_0] * len(hidden))
    assert montufar_upper(widths) == sums([min(widths[: k + 1]) for k in range(len(hidden))])
    total = 0
    for j in itertools.product(*(range(min(n_0, n) + 1) for n in hidden)):
        left = [n_0] + [n - i for n, i in zip(hidden, j, strict=True)]
        if all(i <= min(left[: k + 1]) for k, i in enumerate(j)):
            total += math.prod(map(math.comb, hidden, j))
    assert serra_upper(widths) == total


@settings(deadline=None, max_examples=100)
@given(st.lists(st.integers(1, 40), min_size=2, max_size=7))
@example(list(DEEP))
@example([1, 3, 3, 3, 1])
def test_bounds_keep_their_order(widths):
    n_0, *hidden, _ = widths
    assert 1 <= serra_upper(widths) <= montufar_upper(widths) <= raghu_upper(widths)
    assert raghu_upper(widths) <= 2 ** sum(hidden)
    if hidden and min(hidden) >= n_0:
        assert montufar_lower(widths) <= serra_upper(widths)
    if hidden and min(hidden) >= 3 * n_0:
        assert montufar_lower(widths) <= serra_lower(widths) <= serra_upper(widths)
    for bound in UPPER:
        assert bound([*widths[:-1], 100]) == bound(widths)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 8), min_size=3, max_size=6), st.data())
def test_upper_bounds_grow_with_the_widths(widths, data):
    index = data.draw(st.integers(0, len(widths) - 2))
    wider = [n + (k == index) for k, n in enumerate(widths)]
    for bound in UPPER:
        assert bound(widths) <= bound(wider)


@pytest.mark.parametrize("n", range(1, 8))
def test_one_hidden_layer_is_known(n):
    normals, offsets = parabola_tangents(n)
    for bound in UPPER:
        assert bound((2, n, 1)) == count_regions(normals, offsets) == max_regions(n)


@pytest.mark.parametrize("widths", [(1, 3, 1), (1, 3, 4, 1), (1, 5, 3, 4, 2)])
def test_one_input_is_known(widths):
    assert serra_upper(widths) == serra_lower(widths) == math.prod(n + 1 for n in widths[1:-1])


narrow = st.sampled_from([(2, 2, 2, 1), (2, 3, 2, 1), (2, 1, 3, 1), (2, 2, 2, 2, 1), (2, 2, 3, 1)])


@settings(deadline=None, max_examples=80)
@given(narrow, st.randoms(use_true_random=False))
def test_no_network_has_more_regions_than_the_upper_bounds(widths, random):
    network = [
        (
            [[random.randint(-5, 5) for _ in range(fan_in)] for _ in range(n)],
            [random.randint(-5, 5) for _ in range(n)],
        )
        for fan_in, n in itertools.pairwise(widths)
    ]
    square = [(100 * (2 * x - 1), 100 * (2 * y - 1)) for x, y in UNIT_SQUARE]
    assert len(cells(network, square)) <= serra_upper(widths)


@pytest.mark.parametrize(
    ("network", "count"),
    [
        ([([[1, 1], [-1, -2]], [1, -2]), ([[-1, -2], [2, 1]], [2, -2]), ([[1, 1]], [0])], 11),
        (
            [
                ([[3, 0], [3, 1]], [0, 1]),
                ([[2, 2], [3, 1], [1, 3]], [-3, -2, -2]),
                ([[1, 1, 1]], [0]),
            ],
            16,
        ),
    ],
)
def test_the_bound_of_serra_is_attained_where_the_others_are_not(network, count):
    widths = (2, *(len(b) for _, b in network))
    square = [(100 * (2 * x - 1), 100 * (2 * y - 1)) for x, y in UNIT_SQUARE]
    assert len(cells(network, square)) == count == serra_upper(widths) < montufar_upper(widths)


@pytest.mark.parametrize("widths", [(2, 2, 3, 1), (2, 4, 3, 1), (2, 7, 3, 1), (2, 4, 5, 4, 1)])
def test_folding_networks_have_as_many_linear_regions_as_the_lower_bound(widths):
    maps = cells(folding_network(widths, turned=False), UNIT_SQUARE)
    assert len(maps) == len(set(maps)) == montufar_lower(widths)


@pytest.mark.parametrize("widths", [(2, 6, 3, 1), (2, 9, 3, 1), (2, 10, 3, 1)])
def test_turning_a_neuron_folds_once_more(widths):
    maps = cells(folding_network(widths, turned=True), UNIT_SQUARE)
    copies = (widths[1] // 2 + 1) ** 2
    assert len(maps) == len(set(maps)) == copies * max_regions(3)
    assert serra_lower((*widths[:2], 6, 1)) == copies * max_regions(6)


# The expected number


def test_hanin_and_rolnick_in_the_plane_and_in_space():
    assert hanin_rolnick_upper(20, volume=400, rate=0.5) == 400 * 10**2 / 2
    assert hanin_rolnick_upper(6, volume=Fraction(1, 8), rate=1, d=3) == 27 / 6
    assert hanin_rolnick_upper(1, volume=2.0, rate=0.5, d=1) == 1.0


rate = st.floats(0, 10) | st.fractions(0, 10) | st.integers(0, 10)


@settings(deadline=None, max_examples=60)
@given(st.lists(rate, max_size=6), rate, rate)
def test_expected_number_is_the_sum_over_neurons_and_pairs(rates, area, perimeter):
    exact = [Fraction(r) for r in rates]
    pairs = sum((p * q for p, q in itertools.combinations(exact, 2)), Fraction(0))
    wanted = 1 + Fraction(perimeter) * sum(exact) / 2 + Fraction(area) * pairs
    assert expected_upper(rates, area, perimeter) == float(wanted)


def draw(widths, rng):
    """Draw one network as PyTorch does by default."""
    return [
        (rng.uniform(-1, 1, (n, k)) / math.sqrt(k), rng.uniform(-1, 1, n) / math.sqrt(k))
        for k, n in itertools.pairwise(widths)
    ]


def test_rates_are_density_times_root_mean_square_of_the_gradient():
    widths, draws = (2, 3, 4, 2, 1), 40_000
    rng = np.random.default_rng(0)
    # Many networks at one point, as arrays (draws, out, in).
    values, slope = np.full((draws, 2, 1), 0.7), np.broadcast_to(np.eye(2), (draws, 2, 2))
    rates = default_rates(widths)
    assert len(rates) == sum(widths[1:-1])
    for k, n in itertools.pairwise(widths[:-1]):
        W = rng.uniform(-1, 1, (draws, n, k)) / math.sqrt(k)
        b = rng.uniform(-1, 1, (draws, n, 1)) / math.sqrt(k)
        values, slope = W @ values + b, W @ slope
        square = (slope**2).sum(axis=2).mean()
        for measured in rates[:n]:
            assert measured == pytest.approx(math.sqrt(k) / 2 * math.sqrt(square), rel=0.02)
        rates = rates[n:]
        slope = slope * (values > 0)
        values = np.maximum(values, 0)


@pytest.mark.parametrize("widths", [(2, 1, 1), (2, 4, 1), (2, 2, 2, 1), (2, 3, 3, 2, 1)])
@pytest.mark.parametrize("side", [Fraction(1, 4), 1])
def test_networks_at_initialisation_keep_below_the_expected_number(widths, side):
    rng = np.random.default_rng(1)
    square = [(side * x - side / 2, side * y - side / 2) for x, y in UNIT_SQUARE]
    counts = []
    for _ in range(60):
        network = [
            ([[Fraction(w) for w in row] for row in W.tolist()], [Fraction(c) for c in b.tolist()])
            for W, b in draw(widths, rng)
        ]
        counts.append(len(cells(network, square)))
    bound = expected_upper(default_rates(widths), area=side**2, perimeter=4 * side)
    assert 1 < np.mean(counts) < bound
    assert np.mean(counts) - 1 > (bound - 1) / 4


# Arguments


@pytest.mark.parametrize("bound", [*UPPER, *LOWER, default_rates])
@pytest.mark.parametrize(
    ("widths", "kind", "message"),
    [
        (7, TypeError, "widths is 7, but must be a sequence of integers"),
        ((2, 3.0, 1), TypeError, r"widths\[1\] is 3.0, but must be an integer"),
        ((2, True, 1), TypeError, r"widths\[1\] is True"),
        ((2, 0, 1), ValueError, r"widths\[1\] is 0, but must be at least 1"),
        ((2,), ValueError, "widths has length 1"),
        ((), ValueError, "widths has length 0"),
    ],
)
def test_widths_that_are_none(bound, widths, kind, message):
    with pytest.raises(kind, match=message):
        bound(widths)


def test_bounds_without_a_hidden_layer():
    assert [bound((2, 1)) for bound in UPPER] == [1, 1, 1]
    assert default_rates((2, 1)) == []
    assert expected_upper([], 1, 4) == 1.0
    for bound in LOWER:
        with pytest.raises(ValueError, match="must have a hidden layer"):
            bound((2, 1))


def test_widths_narrower_than_the_construction():
    with pytest.raises(ValueError, match=r"widths\[2\] is 1, but must be at least 2"):
        montufar_lower((2, 2, 1, 1))


def test_integers_of_numpy_and_beyond_64_bits():
    assert serra_upper(np.array([2, 5, 5, 5, 5, 1])) == 65536
    assert raghu_upper([2, 10**30, 1]) == 1 + 10**30 + 10**30 * (10**30 - 1) // 2


@pytest.mark.parametrize("value", [math.nan, math.inf, -1, -0.5])
def test_numbers_that_are_no_sizes(value):
    for call in (
        lambda: hanin_rolnick_upper(20, value, 1.0),
        lambda: hanin_rolnick_upper(20, 1.0, value),
        lambda: expected_upper([1.0, value], 1, 4),
        lambda: expected_upper([1.0], value, 4),
        lambda: expected_upper([1.0], 1, value),
    ):
        with pytest.raises(ValueError, match="but must be finite and not negative"):
            call()


@pytest.mark.parametrize("value", ["1", None, True, 1j])
def test_things_that_are_no_numbers(value):
    with pytest.raises(TypeError, match=r"volume is .*, but must be a real number"):
        hanin_rolnick_upper(20, value, 1.0)
    with pytest.raises(TypeError, match=r"rates\[0\] is .*, but must be a real number"):
        expected_upper([value], 1, 4)


def test_expected_numbers_beyond_float64():
    with pytest.raises(OverflowError):
        hanin_rolnick_upper(10**200, 1.0, 1.0)
    with pytest.raises(OverflowError):
        expected_upper([1e200, 1e200], 1, 4)
    assert expected_upper([Fraction(1, 10**200)] * 2, 10**400, 4) == 2.0


def test_numbers_of_numpy_are_rates():
    assert expected_upper([np.float32(0.5), np.int64(2)], 1, 4) == 7.0


def test_hanin_and_rolnick_need_enough_neurons():
    with pytest.raises(ValueError, match="neurons is 1, but must be at least 2"):
        hanin_rolnick_upper(1, 1.0, 1.0)
    with pytest.raises(ValueError, match="d is 0, but must be at least 1"):
        hanin_rolnick_upper(1, 1.0, 1.0, d=0)
