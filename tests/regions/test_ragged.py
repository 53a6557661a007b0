"""Ragged arrays and clipping, each against a loop in plain Python."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activations.regions.ragged import (
    Ragged,
    chunks,
    clip,
    gather,
    lengths_to_offsets,
    reduce,
    successors,
)

lengths = st.lists(st.integers(0, 4), max_size=8)


def rows_of(values, offsets):
    return [values[a:b].tolist() for a, b in pairwise(offsets)]


@settings(deadline=None)
@given(lengths, st.data())
def test_rows_are_found_reduced_and_followed(sizes, data):
    offsets = lengths_to_offsets(np.array(sizes, dtype=int))
    values = np.arange(10, 10 + offsets[-1])
    rows = rows_of(values, offsets)
    assert [len(row) for row in rows] == sizes
    assert [row.tolist() for row in Ragged(values, offsets)] == rows
    assert reduce(np.add, values, offsets, -5).tolist() == [sum(r) if r else -5 for r in rows]
    turned = [row[1:] + row[:1] for row in rows]
    assert rows_of(values[successors(offsets)], offsets) == turned
    if sizes:
        wanted = data.draw(st.lists(st.integers(0, len(sizes) - 1), max_size=6))
        positions, found = gather(offsets, np.array(wanted, dtype=int))
        assert rows_of(values[positions], found) == [rows[row] for row in wanted]


@given(st.integers(0, 50), st.integers(-2, 60))
def test_chunks_cover_a_range_in_order(length, size):
    parts = list(chunks(length, size))
    assert [k for part in parts for k in range(part.start, part.stop)] == list(range(length))
    assert all(0 < part.stop - part.start <= max(1, size) for part in parts)


def test_a_ragged_sequence_is_read_like_a_list():
    rows = Ragged(np.arange(5), np.array([0, 3, 3, 5]))
    assert len(rows) == 3
    assert [row.tolist() for row in rows[::-2]] == [[3, 4], [0, 1, 2]]
    assert rows[-3].tolist() == [0, 1, 2]
    assert repr(rows) == "Ragged(3 rows, 5 entries)"
    with pytest.raises(IndexError):
        rows[3]
    with pytest.raises(TypeError):
        rows["0"]


def exact_clip(polygon, low, high):
    """Clip one polygon of fractions; return its area, exactly."""
    for axis in (0, 1):
        for sign, bound in ((1, low[axis]), (-1, high[axis])):
            kept = []
            for p, q in zip(polygon, polygon[1:] + polygon[:1], strict=True):
                u, v = sign * (p[axis] - bound), sign * (q[axis] - bound)
                if u >= 0:
                    kept.append(p)
                if u * v < 0:
                    kept.append(tuple(a + (b - a) * u / (u - v) for a, b in zip(p, q, strict=True)))
            polygon = kept
    return area(polygon)


def area(polygon):
    following = polygon[1:] + polygon[:1]
    return sum(a * d - b * c for (a, b), (c, d) in zip(polygon, following, strict=True)) / 2


triangle = st.lists(
    st.tuples(st.integers(-6, 6), st.integers(-6, 6)), min_size=3, max_size=3
).filter(lambda p: area(p) != 0)


@settings(deadline=None, max_examples=200)
@given(st.lists(triangle, max_size=5), st.integers(1, 4), st.integers(1, 4))
def test_clipping_keeps_exactly_what_lies_inside(triangles, width, height):
    triangles = [p if area(p) > 0 else p[::-1] for p in triangles]
    low, high = (0.0, -1.0), (float(width), -1.0 + height)
    points = np.array(triangles, dtype=float).reshape(-1, 2)
    clipped, offsets = clip(points, np.arange(0, len(points) + 1, 3), low, high)
    assert len(offsets) == len(triangles) + 1
    assert (clipped >= np.array(low)).all()
    assert (clipped <= np.array(high)).all()
    for k, polygon in enumerate(triangles):
        part = clipped[offsets[k] : offsets[k + 1]].tolist()
        exact = exact_clip([tuple(map(Fraction, p)) for p in polygon], low, high)
        assert area(part) == pytest.approx(float(exact), abs=1e-12)
        assert (len(part) == 0) == (exact == 0)
        assert len({tuple(p) for p in part}) == len(part)
