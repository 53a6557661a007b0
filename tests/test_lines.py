"""Arrangements of lines: every count against an oracle that works another way."""

import math
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
import sympy
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from activations import lines as room
from activations.lines import (
    Cell,
    cells,
    characteristic_polynomial,
    count_activation_regions,
    count_bounded_regions,
    count_linear_regions,
    count_regions,
    count_regions_many,
    distinct_lines,
    in_general_position,
    line_pieces,
    max_bounded_regions,
    max_regions,
    moment_hyperplanes,
    network_lines,
    parabola_tangents,
    planar_counts,
    region_gradients,
    shattered_sets,
    sign_vectors,
    vertices,
    zaslavsky_regions,
    zoom_radii,
    zoom_radius,
)

small = st.integers(-2, 2)
line = st.tuples(small, small, small).filter(lambda row: row[0] or row[1])
arrangement = st.lists(line, max_size=6)
CONCURRENT = [(1, 0, 0), (0, 1, 0), (1, 1, 0)]
PARALLEL = [(1, 0, 0), (1, 0, 1), (2, 0, 1)]
DOUBLED = [(1, 0, 0), (-2, 0, 0), (0, 1, 1)]


def split(rows):
    """Turn rows (a, b, c) into normals and offsets."""
    table = np.array(rows, dtype=object).reshape(-1, 3)
    return table[:, :2], table[:, 2]


def crossing(p, q):
    """Return the crossing of two lines by Cramer's rule in fractions, or None."""
    (a, b, c), (d, e, f) = p, q
    determinant = Fraction(a * e - b * d)
    if not determinant:
        return None
    return (b * f - e * c) / determinant, (c * d - f * a) / determinant


def unique(rows):
    """Keep one of several rows that are proportional."""
    kept = []
    for row in rows:
        if all(any(np.cross(row, other)) for other in kept):
            kept.append(row)
    return kept


def count_by_formula(rows, box=None):
    """Apply 1 + n' + sum (m_p - 1) to points grouped as fractions."""
    rows = unique(rows)
    if box is not None:
        (x0, y0), (x1, y1) = box
        corners = list(product((x0, x1), (y0, y1)))
        rows = [
            (a, b, c)
            for a, b, c in rows
            if len({(a * x + b * y + c > 0) - (a * x + b * y + c < 0) for x, y in corners} - {0})
            == 2
        ]
    through = {}
    for i, j in combinations(range(len(rows)), 2):
        point = crossing(rows[i], rows[j])
        if point is None or (box is not None and not (x0 < point[0] < x1 and y0 < point[1] < y1)):
            continue
        through.setdefault(point, set()).update((i, j))
    return 1 + len(rows) + sum(len(members) - 1 for members in through.values())


# Counting


@settings(deadline=None, max_examples=60)
@given(arrangement)
@example(CONCURRENT)
@example(PARALLEL)
@example(DOUBLED)
@example([])
def test_plane_count_agrees_with_the_formula_and_with_zaslavsky(rows):
    normals, offsets = split(rows)
    count = count_regions(normals, offsets)
    assert count == count_by_formula(rows) == zaslavsky_regions(normals, offsets)
    assert count <= max_regions(len(rows))
    assert (count == max_regions(len(rows))) == in_general_position(normals, offsets)


@settings(deadline=None, max_examples=60)
@given(arrangement, st.tuples(small, small), st.tuples(st.integers(1, 4), st.integers(1, 4)))
@example(CONCURRENT, (0, 0), (1, 1))
@example([(1, 1, 0), (1, -1, 0), (1, 0, 0), (0, 1, -1)], (0, 0), (1, 1))
@example([(1, 1, -1), (1, 0, 0)], (-1, 0), (2, 1))
def test_box_count_agrees_with_the_formula(rows, low, size):
    box = (low, (low[0] + size[0], low[1] + size[1]))
    assert count_regions(*split(rows), box) == count_by_formula(rows, box)


def test_lines_along_a_side_or_through_a_corner_do_not_cut_the_open_box():
    box = ((0, 0), (1, 1))
    assert count_regions([[1, 0]], [0], box) == 1
    assert count_regions([[0, 1]], [-1], box) == 1
    assert count_regions([[1, 1]], [0], box) == 1
    assert count_regions([[1, -1]], [0], box) == 2


def test_whitney_s_theorem_gives_the_characteristic_polynomial():
    rng = np.random.default_rng(1)
    for d in (1, 2, 3):
        for _ in range(4):
            table = rng.integers(-1, 2, size=(5, d + 1))
            table = table[table[:, :d].any(axis=1)]
            rows = unique_hyperplanes(table)
            expected = [0] * (d + 1)
            for k in range(len(rows) + 1):
                for subset in combinations(rows, k):
                    normals = sympy.Matrix(k, d, [value for row in subset for value in row[:d]])
                    full = sympy.Matrix(k, d + 1, [value for row in subset for value in row])
                    rank = normals.rank() if k else 0
                    if k == 0 or full.rank() == rank:
                        expected[d - rank] += (-1) ** k
            assert characteristic_polynomial(table[:, :d], table[:, d]) == expected


def unique_hyperplanes(table):
    rows = []
    for row in table.tolist():
        if all(sympy.Matrix([row, other]).rank() == 2 for other in rows):
            rows.append(row)
    return rows


@settings(deadline=None, max_examples=60)
@given(arrangement)
@example(CONCURRENT)
@example(PARALLEL)
@example([])
def test_bounded_count_agrees_with_zaslavsky(rows):
    normals, offsets = split(rows)
    expected = zaslavsky_regions(normals, offsets, bounded=True)
    assert count_bounded_regions(normals, offsets) == expected


@settings(deadline=None, max_examples=60)
@given(arrangement)
def test_pieces_add_up_and_euler_holds(rows):
    normals, offsets = split(rows)
    n_vertices, n_edges, n_regions = planar_counts(normals, offsets)
    assert n_vertices - n_edges + n_regions == 1
    assert n_regions == 1 + sum(line_pieces(normals, offsets))


@settings(deadline=None, max_examples=60)
@given(arrangement, st.permutations(range(6)), st.integers(1, 5), st.booleans())
def test_order_scale_and_orientation_do_not_matter(rows, order, scale, turn):
    factor = Fraction(-scale if turn else scale, 3)
    shuffled = [rows[i] for i in order if i < len(rows)]
    scaled = [tuple(factor * value for value in row) for row in shuffled]
    assert count_regions(*split(scaled)) == count_regions(*split(rows))
    assert zoom_radius(*split(scaled)) == zoom_radius(*split(rows))


# What numbers are read as


def test_a_float_is_the_fraction_it_is():
    # In the rational numbers these three lines meet; as floats, 0.1 + 0.2 is not 0.3.
    normals = [[1, 0], [0, 1], [1, 1]]
    assert count_regions(normals, [-0.1, -0.2, -0.3]) == 7
    assert count_regions(normals, [Fraction(-1, 10), Fraction(-1, 5), Fraction(-3, 10)]) == 6


def test_nearly_parallel_and_huge_and_tiny_numbers_are_decided_exactly():
    step = np.nextafter(1.0, 2.0)
    assert count_regions([[1.0, 1.0], [1.0, step]], [0.0, 1.0]) == 4
    assert count_regions([[1.0, 1.0], [1.0, 1.0]], [0.0, 5e-324]) == 3
    assert count_regions([[1e308, 5e-324], [5e-324, 1e-308]], [1.0, 1e300]) == 4
    assert count_regions([[2**70, 2**70 + 1], [1, 1]], [0, 1]) == 4
    # A list that mixes large integers and floats is not rounded either.
    assert count_regions([[2**70 + 1, 0.5], [2**70, 0.5]], [0, 0]) == 4


@pytest.mark.parametrize(
    "dtype", ["f2", "f4", "f8", ">f4", ">f8", "i1", "i8", "u2", "O", np.longdouble]
)
def test_every_real_dtype_is_read(dtype):
    normals = np.array([[1, 0], [0, 1], [1, 1]]).astype(dtype)
    offsets = np.array([3, 2, 1]).astype(dtype)
    normals.setflags(write=False)
    assert count_regions(normals, offsets) == 7
    assert count_regions(normals[::-1], offsets[::-1]) == 7
    assert count_regions_many(normals[None], offsets[None]).tolist() == [7]


def test_rational_numbers_of_other_libraries_are_read_exactly():
    third = sympy.Rational(1, 3)
    assert count_regions([[third, 1], [1, sympy.Integer(3)]], [0, 0]) == 2
    assert count_regions([[third, 1], [1, 3]], [0, Fraction(1, 3)]) == 3


def test_coefficients_of_wildly_different_size_are_no_trouble():
    normals = [[1e300, 1e-300], [1e-300, 1e300], [1, 1]]
    offsets = [5e-324, 1e308, -1]
    box = ((-1e300, -5e-324), (1e-300, 1e308))
    rows = [[Fraction(value) for value in (*w, b)] for w, b in zip(normals, offsets, strict=True)]
    exact_box = tuple(tuple(map(Fraction, corner)) for corner in box)
    assert count_regions(normals, offsets) == count_by_formula(rows) == 7
    assert count_regions(normals, offsets, box) == count_by_formula(rows, exact_box)
    assert count_regions_many([normals], [offsets], box) == count_by_formula(rows, exact_box)
    assert len(sign_vectors(normals, offsets)) == 7


@pytest.mark.parametrize("function", [count_regions, vertices, zoom_radius, sign_vectors])
def test_what_is_no_line_is_refused(function):
    with pytest.raises(ValueError, match=r"normals\[1\] is zero"):
        function([[1, 0], [0, 0]], [0, 1])
    with pytest.raises(ValueError, match="normals must be finite"):
        function(np.array([[np.inf, 0]]), [0])
    with pytest.raises(ValueError, match="offsets must be finite"):
        function([[1, 0]], [math.nan])
    with pytest.raises(ValueError, match=r"shape \(1, 3\), but must have shape \(n, 2\)"):
        function([[1, 0, 0]], [0])
    with pytest.raises(ValueError, match="offsets has shape"):
        function([[1, 0]], [0, 1])
    with pytest.raises(ValueError, match="normals has shape"):
        function([1, 0], [0])
    with pytest.raises(TypeError, match="normals"):
        function([[True, False]], [0])
    with pytest.raises(TypeError, match="normals"):
        function(np.array([[1j, 0]]), [0])
    with pytest.raises(TypeError, match="offsets"):
        function([[1, 0]], ["zero"])
    with pytest.raises(TypeError, match="offsets"):
        function([[1, 0]], [None])


@pytest.mark.parametrize(
    "box", [((0, 0), (0, 1)), ((1, 0), (0, 1)), (0, 1), ((0, 0), (1, math.inf)), "box", None]
)
def test_what_is_no_box_is_refused(box):
    with pytest.raises(ValueError, match="box"):
        cells([[1, 0]], [0], box)


def test_an_empty_list_holds_no_lines():
    assert count_regions([], []) == count_linear_regions([], [], []) == 1
    assert zaslavsky_regions([], []) == 1
    assert sign_vectors([], []).shape == (1, 0)
    with pytest.raises(ValueError, match="normals has shape"):
        count_regions(np.zeros(0), np.zeros(0))


def test_coincident_lines_are_grouped():
    found, rows = distinct_lines([[0.5, 0], [0, 3], [-1, 0]], [1, 0, -2])
    assert found == [(1, 0, 2), (0, 1, 0)]
    assert rows == [(0, 2), (1,)]


# Vertices and how far they reach


@settings(deadline=None, max_examples=60)
@given(arrangement)
def test_vertices_lie_on_their_lines_and_on_no_other(rows):
    normals, offsets = split(rows)
    found = vertices(normals, offsets)
    distinct, members = distinct_lines(normals, offsets)
    first = [group[0] for group in members]
    for (x, y), through in zip(found.points, found.lines, strict=True):
        on = [row for row, (a, b, c) in zip(first, distinct, strict=True) if a * x + b * y + c == 0]
        assert list(through) == sorted(on)
    assert len(set(found.points)) == len(found) == len(found.coordinates)
    crossings = [crossing(p, q) for p, q in combinations(distinct, 2)]
    assert set(found.points) == {point for point in crossings if point is not None}
    assert found.multiplicities.tolist() == [len(through) for through in found.lines]


@settings(deadline=None, max_examples=60)
@given(arrangement)
@example(PARALLEL)
@example([(1, 2, 5)])
def test_a_square_sees_all_regions_exactly_beyond_the_zoom_radius(rows):
    normals, offsets = split(rows)
    radius = zoom_radius(normals, offsets)
    plane = count_regions(normals, offsets)
    beyond = radius + Fraction(1, 10**9)
    assert count_regions(normals, offsets, ((-beyond, -beyond), (beyond, beyond))) == plane
    if radius > 0:
        square = ((-radius, -radius), (radius, radius))
        assert count_regions(normals, offsets, square) < plane


def test_zoom_radius_of_no_line_is_zero():
    assert zoom_radius(np.zeros((0, 2)), np.zeros(0)) == 0


def test_crossings_beyond_the_range_of_floats_are_infinitely_far():
    normals, offsets = [[-1e-300, 0], [0, 1e-300]], [1e300, 1e300]
    found = vertices(normals, offsets)
    far = Fraction(1e300) / Fraction(1e-300)
    assert found.points == ((far, -far),)
    assert found.coordinates.tolist() == [[math.inf, -math.inf]]
    assert zoom_radii([normals], [offsets]).tolist() == [math.inf]
    assert zoom_radius(normals, offsets) == far
    (cell,) = cells([], [], ((-(10**400), 0), (10**400, 1)))
    assert cell.polygon[:, 0].tolist() == [-math.inf, math.inf, math.inf, -math.inf]
    assert cell.area == 2 * 10**400


# Many at once


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.lists(line, min_size=4, max_size=4), min_size=1, max_size=5),
    st.sampled_from([None, ((-1, -1), (1, 1)), ((0, -3), (2, 0)), ((-0.1, -0.3), (0.7, 1e6))]),
    st.sampled_from(["f4", "f8", "i8"]),
    st.sampled_from([1.0, 2.0**-300]),
)
def test_many_counts_agree_with_single_ones_on_degenerate_lines(stack, box, dtype, scale):
    table = np.array(stack).astype(dtype)
    if dtype == "f8":
        table = table * scale
    normals, offsets = table[..., :2], table[..., 2]
    expected = [count_regions(w, b, box) for w, b in zip(normals, offsets, strict=True)]
    assert count_regions_many(normals, offsets, box).tolist() == expected
    radii = [float(zoom_radius(w, b)) for w, b in zip(normals, offsets, strict=True)]
    assert zoom_radii(normals, offsets).tolist() == radii


def test_the_filter_never_certifies_a_wrong_count():
    rng = np.random.default_rng(7)
    base = rng.integers(-3, 4, size=(600, 3, 3)).astype(float)
    base[~base[..., :2].any(axis=2)] = 1.0
    # One unit in the last place away from degenerate: hard for float64, decided by the fallback.
    table = base * (1 + rng.integers(-1, 2, size=base.shape) * 2.0**-52)
    normals, offsets = table[..., :2], table[..., 2]
    box = ((-1.0, -1.0), (1.0, 1.0))
    for chosen in (None, box):
        exact_box = None if chosen is None else room._ExactBox.read(chosen)
        counts, certain = room._certified_counts(normals, offsets, exact_box)
        expected = [count_regions(w, b, chosen) for w, b in zip(normals, offsets, strict=True)]
        assert (counts == expected)[certain].all()
        assert 0 < certain.sum() < len(certain)
        assert count_regions_many(normals, offsets, chosen).tolist() == expected


def test_random_networks_are_certified_without_integers():
    rng = np.random.default_rng(0)
    table = rng.uniform(-1, 1, size=(200, 20, 3)).astype(np.float32)
    normals, offsets = table[..., :2], table[..., 2]
    box = ((-10, -10), (10, 10))
    counts, certain = room._certified_counts(normals, offsets, room._ExactBox.read(box))
    assert certain.all()
    assert counts[:20].tolist() == [
        count_regions(w, b, box) for w, b in zip(normals[:20], offsets[:20], strict=True)
    ]
    assert set(count_regions_many(normals, offsets).tolist()) == {211}


def test_empty_stacks():
    assert count_regions_many(np.zeros((0, 3, 2)), np.zeros((0, 3))).tolist() == []
    empty = np.zeros((2, 0, 2)), np.zeros((2, 0))
    assert count_regions_many(*empty).tolist() == [1, 1]
    assert count_regions_many(*empty, ((0, 0), (1, 1))).tolist() == [1, 1]
    assert zoom_radii(*empty).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("function", [count_regions_many, zoom_radii])
def test_bad_stacks_are_refused(function):
    with pytest.raises(ValueError, match=r"normals\[0, 1\] is zero"):
        function([[[1, 0], [0, 0]]], [[0, 0]])
    with pytest.raises(ValueError, match=r"must have shape \(m, n, 2\)"):
        function([[[1, 0, 0]]], [[0]])
    with pytest.raises(ValueError, match="offsets has shape"):
        function([[[1, 0]]], [[0, 1]])
    with pytest.raises(ValueError, match="normals must be finite"):
        function(np.array([[[np.nan, 1.0]]]), [[0]])


# Cells and sign vectors


@settings(deadline=None, max_examples=60)
@given(arrangement)
@example(CONCURRENT)
@example([(1, 1, -2), (1, 1, 2), (1, 0, 2), (1, -1, 0)])
def test_cells_tile_the_box(rows):
    box = ((-2, -2), (2, 2))
    normals, offsets = split(rows)
    found = cells(normals, offsets, box)
    assert len(found) == count_regions(normals, offsets, box)
    assert len({cell.signs for cell in found}) == len(found)
    assert sum(cell.area for cell in found) == 16
    for cell in found:
        x, y = cell.centre
        values = [a * x + b * y + c for a, b, c in rows]
        assert tuple((value > 0) - (value < 0) for value in values) == cell.signs
        assert cell.negative == tuple(k for k, value in enumerate(values, 1) if value < 0)
        corners = cell.corners
        for p, q, r in zip(
            corners, corners[1:] + corners[:1], corners[2:] + corners[:2], strict=True
        ):
            assert (q[0] - p[0]) * (r[1] - q[1]) > (q[1] - p[1]) * (r[0] - q[0])


def test_polygon_is_the_corners_as_floats():
    cell = Cell(
        ((Fraction(0), Fraction(0)), (Fraction(1), Fraction(0)), (Fraction(1, 2), Fraction(1))),
        (1,),
    )
    assert cell.polygon.tolist() == [[0.0, 0.0], [1.0, 0.0], [0.5, 1.0]]
    assert cell.area == Fraction(1, 2)


@settings(deadline=None, max_examples=60)
@given(arrangement)
@example(PARALLEL)
@example([])
def test_there_is_one_sign_vector_a_region(rows):
    normals, offsets = split(rows)
    signs = sign_vectors(normals, offsets)
    assert signs.shape == (count_regions(normals, offsets), len(rows))
    assert len({tuple(row) for row in signs.tolist()}) == len(signs)


@pytest.mark.parametrize("rows", [CONCURRENT, PARALLEL, DOUBLED, [*CONCURRENT, (1, -1, 1)]])
def test_linear_programming_finds_the_same_sign_vectors(rows):
    normals, offsets = split(rows)
    realised = {tuple(row) for row in sign_vectors(normals, offsets).tolist()}
    for signs in product((-1, 1), repeat=len(rows)):
        # Largest t <= 1 with s (w . x + b) >= t for every line.
        scaled = np.array(
            [[s * value for value in row] for s, row in zip(signs, rows, strict=True)]
        )
        result = linprog(
            [0, 0, -1],
            A_ub=np.column_stack([-scaled[:, :2], np.ones(len(rows))]),
            b_ub=scaled[:, 2],
            bounds=[(None, None), (None, None), (None, 1)],
        )
        assert result.status == 0
        assert (signs in realised) == (-result.fun > 1e-6)


@settings(deadline=None, max_examples=60)
@given(arrangement)
def test_sauer_shelah_and_pajor(rows):
    signs = sign_vectors(*split(rows))
    shattered = shattered_sets(signs)
    assert len(signs) <= len(shattered)
    assert max(len(columns) for columns in shattered) <= 2
    for columns in shattered:
        for k in range(len(columns)):
            assert set(combinations(columns, k)) <= set(shattered)


def test_shattered_sets_of_families_that_are_not_lines():
    cube = list(product((-1, 1), repeat=3))
    assert len(shattered_sets(cube)) == 8
    assert shattered_sets(cube, 3) == [(0, 1, 2)]
    assert shattered_sets(cube[1:], 3) == []
    assert shattered_sets(np.zeros((1, 0))) == [()]
    with pytest.raises(ValueError, match="size is 4"):
        shattered_sets(cube, 4)
    with pytest.raises(TypeError, match=r"size is 1\.5"):
        shattered_sets(cube, 1.5)
    with pytest.raises(ValueError, match="only the numbers -1 and"):
        shattered_sets([[0, 1]])
    with pytest.raises(ValueError, match="signs has shape"):
        shattered_sets([1, -1])


# Bounds and families


def test_max_regions_obeys_the_recursion_and_the_closed_form():
    for n in range(12):
        assert max_regions(n) == n * (n + 1) // 2 + 1
        for d in range(n, n + 3):
            assert max_regions(n, d) == 2**n
        for d in range(1, 6):
            assert max_regions(n + 1, d) == max_regions(n, d) + max_regions(n, d - 1)


@pytest.mark.parametrize("function", [max_regions, max_bounded_regions, moment_hyperplanes])
def test_bad_counts_are_refused(function):
    with pytest.raises(ValueError, match="n is -1"):
        function(-1, 2)
    with pytest.raises(TypeError, match=r"n is 2\.0"):
        function(2.0, 2)
    with pytest.raises(TypeError, match="d is True"):
        function(2, True)


@pytest.mark.parametrize("function", [max_bounded_regions, moment_hyperplanes])
def test_dimension_zero_has_no_hyperplanes(function):
    with pytest.raises(ValueError, match="d is 0"):
        function(3, 0)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, 20])
def test_parabola_tangents_realise_exactly_the_intervals(n):
    normals, offsets = parabola_tangents(n)
    signs = sign_vectors(normals, offsets)
    negative = {tuple(np.flatnonzero(row < 0) + 1) for row in signs}
    intervals = {tuple(range(i, j + 1)) for i in range(1, n + 1) for j in range(i, n + 1)}
    assert negative == intervals | {()}
    assert in_general_position(normals, offsets)
    assert count_bounded_regions(normals, offsets) == max_bounded_regions(n)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(-50, 50), unique=True, max_size=8),
    st.integers(-60, 60),
    st.integers(-60, 60),
)
def test_tangents_at_chosen_places(places, x, y):
    normals, offsets = parabola_tangents(places)
    values = normals @ np.array([x, y]) + offsets
    assert values.tolist() == [(x - t) ** 2 - (x * x - y) for t in places]
    assert in_general_position(normals, offsets)


def test_bad_places_are_refused():
    with pytest.raises(TypeError, match=r"0\.5"):
        parabola_tangents([0.5])
    with pytest.raises(TypeError, match="True"):
        parabola_tangents([True])
    with pytest.raises(ValueError, match="64 bits"):
        parabola_tangents([2**31])
    with pytest.raises(TypeError, match=r"n is 2\.5"):
        parabola_tangents(2.5)
    with pytest.raises(ValueError, match="n holds 3 more than once"):
        parabola_tangents([3, 1, 3])
    with pytest.raises(ValueError, match=r"n has shape \(\)"):
        parabola_tangents(np.array(3))
    with pytest.raises(ValueError, match=r"n has shape \(1, 2\)"):
        parabola_tangents(np.array([[1, 2]]))


@pytest.mark.parametrize(("n", "d"), [(0, 3), (4, 1), (6, 2), (6, 3), (6, 4), (3, 5)])
def test_moment_hyperplanes_attain_the_maximum(n, d):
    normals, offsets = moment_hyperplanes(n, d)
    assert normals.shape == (n, d)
    assert zaslavsky_regions(normals, offsets) == max_regions(n, d)
    assert zaslavsky_regions(normals, offsets, bounded=True) == max_bounded_regions(n, d)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 3), st.data())
def test_no_hyperplanes_beat_the_bound(d, data):
    row = st.lists(small, min_size=d + 1, max_size=d + 1).filter(lambda r: any(r[:d]))
    table = np.array(data.draw(st.lists(row, min_size=1, max_size=5)))
    assert zaslavsky_regions(table[:, :d], table[:, d]) <= max_regions(len(table), d)


def test_hyperplanes_without_columns_are_refused():
    with pytest.raises(ValueError, match="d >= 1"):
        characteristic_polynomial(np.zeros((2, 0)), [0, 1])


# Networks


neuron = st.tuples(small, small, small, small)


def regions_by_merging(W, b, v, box=None):
    """Merge adjacent activation regions with the same affine map; return both counts."""
    kept = [j for j in range(len(b)) if any(W[j])]
    rows = [(*W[j], b[j]) for j in kept]
    if box is None:
        radius = math.floor(zoom_radius(*split(rows))) + 1
        box = ((-radius, -radius), (radius, radius))
    distinct = unique(rows)
    faces = cells(*split(distinct), box)
    maps = []
    for face in faces:
        x, y = face.centre
        on = [j for j in range(len(b)) if W[j][0] * x + W[j][1] * y + b[j] > 0]
        maps.append(
            tuple(
                sum(v[j] * value for j, value in ((j, (*W[j], b[j])[k]) for j in on))
                for k in range(3)
            )
        )
    parent = list(range(len(faces)))

    def find(i):
        while parent[i] != i:
            i = parent[i]
        return i

    for i, j in combinations(range(len(faces)), 2):
        apart = sum(s != t for s, t in zip(faces[i].signs, faces[j].signs, strict=True))
        if apart == 1 and maps[i] == maps[j]:
            parent[find(i)] = find(j)
    return len(faces), sum(find(i) == i for i in range(len(faces)))


@settings(deadline=None, max_examples=60)
@given(st.lists(neuron, min_size=1, max_size=6), st.sampled_from([None, ((-1, -1), (2, 1))]))
@example([(1, 0, 0, 1), (-1, 0, 0, -1)], None)
@example([(1, 0, 0, 1), (-1, 0, 0, 1)], None)
@example([(1, 0, 0, 1), (-2, 0, 0, -1), (2, 0, 0, 1), (0, 1, 0, 1)], None)
@example(
    [(1, 0, 0, 1), (-1, 0, 0, 1), (0, 1, 0, 1), (0, -1, 0, 1), (1, 1, 0, -1), (-1, -1, 0, -1)], None
)
@example([(0, 0, 1, 1), (1, 1, 0, 0)], None)
def test_linear_regions_agree_with_merging_cells(neurons, box):
    W, b, v = [n[:2] for n in neurons], [n[2] for n in neurons], [n[3] for n in neurons]
    activation, linear = regions_by_merging(W, b, v, box)
    assert count_activation_regions(W, b, box) == activation
    assert count_linear_regions(W, b, v, box) == linear


@settings(deadline=None, max_examples=60)
@given(st.lists(neuron, min_size=1, max_size=6))
def test_the_gradient_jumps_by_what_is_said(neurons):
    W, b, v = [n[:2] for n in neurons], [n[2] for n in neurons], [n[3] for n in neurons]
    every, kept = network_lines(W, b), network_lines(W, b, v)
    assert set(kept.lines) <= set(every.lines)
    for (a, c, d), members in zip(every.lines, every.neurons, strict=True):
        # A point on this line and on no other, and steps off it to either side.
        other = [row for row in every.lines if row != (a, c, d)]
        base = (Fraction(-d * a, a * a + c * c), Fraction(-d * c, a * a + c * c))
        points = ((base[0] - c * Fraction(k, 7), base[1] + a * Fraction(k, 7)) for k in range(99))
        point = next((x, y) for x, y in points if all(p * x + q * y + r != 0 for p, q, r in other))
        jump = [0, 0]
        for j in range(len(b)):
            value = W[j][0] * point[0] + W[j][1] * point[1] + b[j]
            along = W[j][0] * a + W[j][1] * c
            if value == 0 and along:
                assert j in members
                jump = [
                    total + (1 if along > 0 else -1) * v[j] * w
                    for total, w in zip(jump, W[j], strict=True)
                ]
        if any(jump):
            (factor,) = kept.jumps[kept.lines.index((a, c, d))]
            assert [factor * a, factor * c] == jump
        else:
            assert (a, c, d) not in kept.lines


def test_several_outputs_fold_where_one_of_them_does():
    W, b = [[1, 0], [-1, 0], [0, 1]], [0, 0, 0]
    assert len(network_lines(W, b, [[1, -1, 0], [2, -2, 0]])) == 0
    found = network_lines(W, b, [[1, -1, 0], [1, 1, 1]])
    assert found.lines == ((1, 0, 0), (0, 1, 0))
    assert found.jumps == ((0, 2), (0, 1))


def test_a_network_without_folds_has_one_region():
    assert count_linear_regions([[0, 0]], [1], [1]) == 1
    assert count_activation_regions([[0, 0]], [1]) == 1
    assert len(network_lines(np.zeros((0, 2)), np.zeros(0), np.zeros(0))) == 0
    assert network_lines([[0, 0]], [1]).normals.shape == (0, 2)


def test_bad_networks_are_refused():
    with pytest.raises(ValueError, match=r"W has shape \(1, 3\)"):
        network_lines([[1, 2, 3]], [0])
    with pytest.raises(ValueError, match="b has shape"):
        network_lines([[1, 2]], [0, 0])
    with pytest.raises(ValueError, match="v has shape"):
        network_lines([[1, 2]], [0], [1, 1])
    with pytest.raises(ValueError, match="v must be finite"):
        network_lines([[1, 2]], [0], [math.inf])
    with pytest.raises(TypeError, match="v has dtype"):
        network_lines([[1, 2]], [0], np.array([True]))
    # The message names the argument, and a neuron without a line is read like any other.
    with pytest.raises(TypeError, match="W holds None"):
        network_lines([[1, None]], [0])
    with pytest.raises(ValueError, match="b must be finite"):
        network_lines([[0, 0]], [math.nan])
    with pytest.raises(TypeError, match="b holds 'x'"):
        count_activation_regions([[1, 0]], ["x"])


@settings(deadline=None, max_examples=60)
@given(st.lists(neuron.filter(lambda n: n[0] or n[1]), min_size=1, max_size=5))
def test_gradients_agree_with_differences_of_the_network(neurons):
    table = np.array(neurons)
    W, b, v = table[:, :2], table[:, 2], table[:, 3]
    found = cells(W, b, ((-3, -3), (3, 3)))
    gradients = region_gradients([cell.signs for cell in found], W, v)

    def network(x, y):
        return sum(s * max(p * x + q * y + r, 0) for p, q, r, s in neurons)

    for cell, gradient in zip(found, gradients, strict=True):
        x, y = cell.centre
        # The middle between centre and corner lies inside the same cell.
        u, w = ((p + q) / 2 for p, q in zip(cell.corners[0], (x, y), strict=True))
        expected = network(u, w) - network(x, y)
        assert float(expected) == pytest.approx(gradient @ [float(u - x), float(w - y)], abs=1e-9)


def test_bad_gradient_arguments_are_refused():
    with pytest.raises(ValueError, match="W has shape"):
        region_gradients([[1]], [[1, 2, 3]], [1])
    with pytest.raises(ValueError, match="v has shape"):
        region_gradients([[1]], [[1, 2]], [1, 2])
    with pytest.raises(ValueError, match="signs has shape"):
        region_gradients([[1, 1]], [[1, 2]], [1])
    for signs in ([[0]], [[math.nan]], [["a"]]):
        with pytest.raises(ValueError, match="only the numbers -1 and"):
            region_gradients(signs, [[1, 2]], [1])
    with pytest.raises(ValueError, match="W must be finite"):
        region_gradients([[1]], [[math.nan, 2]], [1])
    with pytest.raises(TypeError, match="v holds 1j"):
        region_gradients([[1]], [[1, 2]], [1j])


def test_gradients_of_fractions_and_of_no_neurons():
    W, v = [[Fraction(1, 2), 2**70]], [Fraction(1, 4)]
    assert region_gradients([[1], [-1]], W, v).tolist() == [[0.125, 2.0**68], [0.0, 0.0]]
    assert region_gradients(sign_vectors([], []), [], []).tolist() == [[0.0, 0.0]]


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_a_drawn_network_has_as_many_regions_as_theory_allows(n, seed):
    rng = np.random.default_rng(seed)
    W = rng.uniform(-1, 1, size=(n, 2)).astype(np.float32)
    b = rng.uniform(-1, 1, size=n).astype(np.float32)
    v = rng.uniform(-1, 1, size=n).astype(np.float32)
    assume(in_general_position(W, b) and v.all())
    assert count_linear_regions(W, b, v) == count_activation_regions(W, b) == max_regions(n)
