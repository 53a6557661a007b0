"""Boxes and the plane."""

import copy
import pickle
from dataclasses import FrozenInstanceError
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activations.regions.domain import PLANE, Box, Plane, read_domain

real = st.floats(allow_nan=False, allow_infinity=False)
interval = st.tuples(real, real).filter(lambda pair: pair[0] != pair[1]).map(sorted)


@settings(deadline=None)
@given(interval, interval)
def test_a_box_keeps_its_corners_exactly(across, up):
    (x0, x1), (y0, y1) = across, up
    box = Box((x0, y0), [x1, y1])
    assert (box.low, box.high) == ((x0, y0), (x1, y1))
    assert all(type(value) is float for value in (*box.low, *box.high))
    corners = box.corners
    assert corners.tolist() == [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
    corners[:] = 0
    assert box.corners.any()
    with pytest.raises(ValueError, match="low must be below high"):
        Box((x1, y0), (x0, y1))
    with pytest.raises(ValueError, match="low must be below high"):
        Box((x0, y1), (x1, y0))


def test_a_scalar_stands_for_both_coordinates():
    assert Box(-10, 10) == Box((-10, -10), (10, 10)) == Box(np.float32(-10), np.array([10, 10]))
    assert hash(Box(-10, 10)) == hash(Box(-10.0, (10, 10)))
    assert Box(0, (1, 2)).high == (1.0, 2.0)
    assert Box(Fraction(1, 4), Decimal("0.5")) == Box(0.25, 0.5)
    assert repr(Box(-1, 1)) == "Box(low=(-1.0, -1.0), high=(1.0, 1.0))"


def test_a_box_is_a_value():
    box = Box(0, 1)
    with pytest.raises(FrozenInstanceError):
        box.low = (-1.0, -1.0)
    assert pickle.loads(pickle.dumps(box)) == copy.deepcopy(box) == box


@pytest.mark.parametrize(
    ("low", "high", "error", "message"),
    [
        (0, 0, ValueError, "below high"),
        ((0, 0), (1, 0), ValueError, "below high"),
        (0.0, -0.0, ValueError, "below high"),
        (np.nan, 1, ValueError, "low must be finite"),
        (0, np.inf, ValueError, "high must be finite"),
        (0, (1, np.nan), ValueError, "high must be finite"),
        (0, 2**53 + 1, ValueError, "high holds 9007199254740993, which no float64 is"),
        (0, 10**400, ValueError, "which no float64 is"),
        (Fraction(1, 3), 1, ValueError, "low holds Fraction"),
        ((1, 2, 3), 4, ValueError, r"low has shape \(3,\)"),
        ([[0, 0]], 1, ValueError, r"low has shape \(1, 2\)"),
        ((), 1, ValueError, r"low has shape \(0,\)"),
        (False, True, TypeError, "low holds False"),
        (np.array(False), 1, TypeError, "low has dtype bool"),
        (1j, 2, TypeError, "low holds 1j"),
        ("0", 1, TypeError, "low holds '0'"),
        (None, 1, TypeError, "low holds None"),
        (np.ma.array([0, 0], mask=[0, 1]), 1, TypeError, "low must not have masked"),
    ],
)
def test_what_is_no_box_is_refused(low, high, error, message):
    with pytest.raises(error, match=message):
        Box(low, high)


def test_there_is_one_plane():
    assert repr(PLANE) == "PLANE"
    assert Plane() is PLANE
    assert pickle.loads(pickle.dumps(PLANE)) is copy.copy(PLANE) is copy.deepcopy(PLANE) is PLANE
    assert Box(0, 1) != PLANE


def test_a_domain_is_a_box_or_the_plane():
    assert read_domain(PLANE) is PLANE
    box = Box(0, 1)
    assert read_domain(box) is box
    for other in (None, (0, 1), Box, "PLANE"):
        with pytest.raises(TypeError, match=r"domain is .* must be a Box or PLANE"):
            read_domain(other)
