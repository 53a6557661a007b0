r"""Arrangements of lines, counted exactly.

A line is given by its normal ``w`` and its offset ``b``: the points with ``w . x + b = 0``, which
is where a ReLU neuron with weights ``w`` and bias ``b`` switches.
Every number is read as the rational number it is (a float is a dyadic rational), and every
decision is made in integers, so parallel, concurrent and coincident lines are normal cases.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from numbers import Integral, Rational
from typing import Any

import numpy as np
import numpy.typing as npt

from activations._arguments import integer

__all__ = [
    "Cell",
    "NetworkLines",
    "Vertices",
    "cells",
    "characteristic_polynomial",
    "count_activation_regions",
    "count_bounded_regions",
    "count_linear_regions",
    "count_regions",
    "count_regions_many",
    "distinct_lines",
    "in_general_position",
    "line_pieces",
    "max_bounded_regions",
    "max_regions",
    "moment_hyperplanes",
    "network_lines",
    "parabola_tangents",
    "planar_counts",
    "region_gradients",
    "shattered_sets",
    "sign_vectors",
    "vertices",
    "zaslavsky_regions",
    "zoom_radii",
    "zoom_radius",
]

Line = tuple[int, int, int]
Point = tuple[int, int, int]
Box = tuple[tuple[Any, Any], tuple[Any, Any]]

# Beyond these magnitudes a product or a quotient of products might leave the normal range of
# float64, where the relative error bounds of the filters below no longer hold.
_FILTER_LOW, _FILTER_HIGH = 2.0**-100, 2.0**100
_UNIT = 2.0**-53
_CHUNK = 2**19


# Reading numbers exactly


def _as_array(name: str, values: npt.ArrayLike, ndim: int) -> npt.NDArray[Any]:
    """Return `values` as an array whose entries have not been rounded."""
    # A list may mix integers beyond 2**53 with floats, which NumPy would round to float64.
    array = np.asarray(values) if hasattr(values, "__array__") else np.asarray(values, dtype=object)
    if array.dtype.kind not in "fiuO":
        raise TypeError(f"{name} has dtype {array.dtype}, but must hold real numbers")
    if array.shape == (0,) and ndim == 2 and isinstance(values, list | tuple):
        # An empty list holds no lines; where the dimension is not said, it is the plane's.
        return array.reshape(0, 2)
    if array.ndim != ndim:
        raise ValueError(f"{name} has shape {array.shape}, but must have {ndim} dimension(s)")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, but holds a NaN or an infinity")
    return array


def _ratio(name: str, value: Any) -> tuple[int, int]:
    """Return the numerator and the denominator of one number, exactly."""
    if isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} holds {value!r}, but must hold real numbers")
    if isinstance(value, Rational):
        return int(value.numerator), int(value.denominator)
    try:
        numerator, denominator = value.as_integer_ratio()
    except (ValueError, OverflowError):
        raise ValueError(f"{name} must be finite, but holds {value!r}") from None
    except AttributeError:
        raise TypeError(f"{name} holds {value!r}, but must hold real numbers") from None
    return int(numerator), int(denominator)


def _integers(name: str, row: Sequence[Any]) -> tuple[tuple[int, ...], int]:
    """Return `row` as integers over one common positive denominator."""
    ratios = [_ratio(name, value) for value in row]
    common = math.lcm(*(denominator for _, denominator in ratios))
    return tuple(p * (common // q) for p, q in ratios), common


def _nearest(value: Fraction) -> float:
    """Round to float64; what lies beyond its largest number becomes infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _floats(name: str, values: npt.ArrayLike, ndim: int) -> npt.NDArray[np.float64]:
    """Return `values`, checked as everywhere in this module, rounded to float64."""
    array = _as_array(name, values, ndim)
    if array.dtype.kind != "O":
        return array.astype(np.float64)
    rounded = [_nearest(Fraction(*_ratio(name, value))) for value in array.ravel()]
    return np.array(rounded, dtype=np.float64).reshape(array.shape)


def _primitive(row: tuple[int, ...]) -> tuple[int, ...]:
    """Divide by the greatest common divisor; the direction of the normal stays."""
    divisor = math.gcd(*row)
    return row if divisor == 1 else tuple(value // divisor for value in row)


def _unoriented(row: tuple[int, ...]) -> tuple[int, ...]:
    """Turn a primitive row so that its first entry other than zero is positive."""
    leading = next(value for value in row if value)
    return row if leading > 0 else tuple(-value for value in row)


def _hyperplanes(
    normals: npt.ArrayLike, offsets: npt.ArrayLike, dimension: int | None = 2
) -> list[tuple[int, ...]]:
    """Return a primitive integer row (w, b) a hyperplane: a positive multiple of the input."""
    w, b = _as_array("normals", normals, 2), _as_array("offsets", offsets, 1)
    if w.shape[1] != (dimension or w.shape[1] or 1):
        wanted = dimension or "d >= 1"
        raise ValueError(f"normals has shape {w.shape}, but must have shape (n, {wanted})")
    if b.shape != w.shape[:1]:
        raise ValueError(
            f"offsets has shape {b.shape}, but must have shape {w.shape[:1]}, one per normal"
        )
    rows = []
    for index, (normal, offset) in enumerate(zip(w.tolist(), b.tolist(), strict=True)):
        row = _primitive_row("normals", normal, "offsets", offset)
        if row is None:
            raise ValueError(
                f"normals[{index}] is zero, but must not be: 0 . x + b = 0 is no line "
                "(network_lines leaves such neurons out)"
            )
        rows.append(row)
    return rows


def _primitive_row(
    normal_name: str, normal: Sequence[Any], offset_name: str, offset: Any
) -> tuple[int, ...] | None:
    """Return (w, b) as a primitive integer row, or None where w is zero."""
    weights, common = _integers(normal_name, normal)
    p, q = _ratio(offset_name, offset)
    if not any(weights):
        return None
    scale = math.lcm(common, q)
    return _primitive((*(value * (scale // common) for value in weights), p * (scale // q)))


def _lines(normals: npt.ArrayLike, offsets: npt.ArrayLike) -> list[Line]:
    return [(row[0], row[1], row[2]) for row in _hyperplanes(normals, offsets)]


def _distinct(lines: Sequence[tuple[int, ...]]) -> list[Any]:
    """Return each line once, in the order of first appearance."""
    return list(dict.fromkeys(_unoriented(line) for line in lines))


@dataclass(frozen=True)
class _ExactBox:
    """An open axis-parallel box with rational sides: numerators over one denominator."""

    low: tuple[int, int]
    high: tuple[int, int]
    unit: int

    @classmethod
    def read(cls, box: Box) -> "_ExactBox":
        try:
            (x0, y0), (x1, y1) = box
        except (TypeError, ValueError):
            raise ValueError(f"box is {box!r}, but must be ((x0, y0), (x1, y1))") from None
        (a, b, c, d), unit = _integers("box", (x0, y0, x1, y1))
        if a >= c or b >= d:
            raise ValueError(f"box is {box!r}, but must have x0 < x1 and y0 < y1")
        return cls((a, b), (c, d), unit)

    @property
    def corners(self) -> list[Point]:
        """Return the corners, counter-clockwise from the lower left one."""
        (x0, y0), (x1, y1) = self.low, self.high
        return [(x, y, self.unit) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]

    @property
    def sides(self) -> list[Line]:
        """Return the lines of the sides, counter-clockwise from the lower one."""
        (x0, y0), (x1, y1), u = self.low, self.high, self.unit
        return [(0, u, -y0), (u, 0, -x1), (0, u, -y1), (u, 0, -x0)]

    def meets(self, line: Line) -> bool:
        """Say whether a line has a point in the open box."""
        values = [_at(line, corner) for corner in self.corners]
        return min(values) < 0 < max(values)

    def contains(self, point: Point) -> bool:
        """Say whether the open box contains a point."""
        x, y, z = point
        (x0, y0), (x1, y1), u = self.low, self.high, self.unit
        return x0 * z < x * u < x1 * z and y0 * z < y * u < y1 * z


def _at(line: Line, point: Point) -> int:
    """Return the value of a line at a point (X, Y, Z) = (X/Z, Y/Z), times a positive number."""
    return line[0] * point[0] + line[1] * point[1] + line[2] * point[2]


def _cross(p: Line, q: Line) -> Point | None:
    """Return where two lines cross as (X, Y, Z) with Z > 0, or None if they are parallel."""
    z = p[0] * q[1] - p[1] * q[0]
    if z == 0:
        return None
    x, y = p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2]
    return (x, y, z) if z > 0 else (-x, -y, -z)


# Counting


def _pieces(lines: Sequence[Line], box: _ExactBox | None) -> Iterator[int]:
    """Yield into how many pieces the earlier lines cut each line within the box."""
    if box is not None:
        lines = [line for line in lines if box.meets(line)]
    for index, line in enumerate(lines):
        # Along one line, a point is known by one coordinate.
        axis = 0 if line[1] else 1
        points = set()
        for earlier in lines[:index]:
            point = _cross(line, earlier)
            if point is not None and (box is None or box.contains(point)):
                divisor = math.gcd(point[axis], point[2])
                points.add((point[axis] // divisor, point[2] // divisor))
        yield 1 + len(points)


def count_regions(normals: npt.ArrayLike, offsets: npt.ArrayLike, box: Box | None = None) -> int:
    r"""Count the regions into which lines cut the plane or the inside of a box, exactly.

    Parameters
    ----------
    normals : array_like of shape (n, 2)
        The normals w of the lines w . x + b = 0: floats, integers or fractions, read exactly.
        None may be zero.
    offsets : array_like of shape (n,)
        The offsets b.
    box : ((x0, y0), (x1, y1)), optional
        The lower left and the upper right corner of a box, whose *open* inside is cut.
        By default the whole plane is cut.

    Returns
    -------
    int
        The number of connected pieces of the plane, or of the open box, without the lines.

    Raises
    ------
    ValueError
        If a shape does not fit, a number is not finite, a normal is zero, or the box is empty.
    TypeError
        If an entry is not a real number.

    See Also
    --------
    count_regions_many : The same for many arrangements of equally many lines.
    zaslavsky_regions : The same for hyperplanes in any dimension.

    Notes
    -----
    Lines that appear twice count once.
    Each line adds as many regions as the earlier lines cut it into pieces, which is the induction
    step of the chapter on counting regions; the sum is
    :math:`1 + n' + \sum_p (m_p - 1)` with n' distinct lines that meet the domain and
    :math:`m_p` of them through the point p of the domain.
    The cost is :math:`O(n^2)` exact crossings, about a millisecond for twenty lines.

    Examples
    --------
    Three lines in general position, and three lines through one point:

    >>> count_regions([[1, 0], [0, 1], [1, 1]], [0, 0, -1])
    7
    >>> count_regions([[1, 0], [0, 1], [1, 1]], [0, 0, 0])
    6

    The crossing of the first two lies on the side of this box, hence not inside:

    >>> count_regions([[1, 0], [0, 1]], [0, 0], box=((-1, 0), (1, 1)))
    2
    """
    return 1 + sum(line_pieces(normals, offsets, box))


def line_pieces(
    normals: npt.ArrayLike, offsets: npt.ArrayLike, box: Box | None = None
) -> list[int]:
    """Count the pieces into which the earlier lines cut each line.

    Parameters
    ----------
    normals : array_like of shape (n, 2)
        The normals of the lines, as in `count_regions`.
    offsets : array_like of shape (n,)
        The offsets of the lines.
    box : ((x0, y0), (x1, y1)), optional
        Only what lies inside the open box counts; by default the whole plane.

    Returns
    -------
    list of int
        One entry for every distinct line that meets the domain, in the order given:
        one more than the number of points at which earlier lines cross it.

    See Also
    --------
    count_regions : One more than the sum of these numbers.

    Examples
    --------
    In general position, line k is cut into k pieces:

    >>> line_pieces(*parabola_tangents(5))
    [1, 2, 3, 4, 5]
    """
    lines = _distinct(_lines(normals, offsets))
    return list(_pieces(lines, None if box is None else _ExactBox.read(box)))


def count_bounded_regions(normals: npt.ArrayLike, offsets: npt.ArrayLike) -> int:
    """Count the bounded ones among the regions into which lines cut the plane, exactly.

    Parameters
    ----------
    normals : array_like of shape (n, 2)
        The normals of the lines, as in `count_regions`.
    offsets : array_like of shape (n,)
        The offsets of the lines.

    Returns
    -------
    int
        The number of bounded regions.

    Notes
    -----
    Of n distinct lines that are not all parallel, each has two ends, and the 2n ends separate 2n
    unbounded regions from one another; parallel lines bound no region.

    Examples
    --------
    >>> count_bounded_regions([[1, 0], [0, 1], [1, 1]], [0, 0, -1])
    1
    """
    lines = _distinct(_lines(normals, offsets))
    if not any(_cross(lines[0], line) for line in lines[1:]):
        return 0
    return 1 + sum(_pieces(lines, None)) - 2 * len(lines)


def distinct_lines(
    normals: npt.ArrayLike, offsets: npt.ArrayLike
) -> tuple[list[Line], list[tuple[int, ...]]]:
    """Group lines that coincide.

    Parameters
    ----------
    normals : array_like of shape (n, 2)
        The normals of the lines, as in `count_regions`.
    offsets : array_like of shape (n,)
        The offsets of the lines.

    Returns
    -------
    lines : list of (a, b, c)
        The distinct lines a x + b y + c = 0 with coprime integers of which the first other than
        zero is positive, in the order of first appearance.
    rows : list of tuple of int
        For each of them the rows of the input that describe it.

    Examples
    --------
    >>> distinct_lines([[0.5, 0.0], [0.0, 1.0], [-2.0, 0.0]], [1.0, 0.0, -4.0])
    ([(1, 0, 2), (0, 1, 0)], [(0, 2), (1,)])
    """
    groups: dict[Any, list[int]] = {}
    for row, line in enumerate(_lines(normals, offsets)):
        groups.setdefault(_unoriented(line), []).append(row)
    return list(groups), [tuple(rows) for rows in groups.values()]


def in_general_position(normals: npt.ArrayLike, offsets: npt.ArrayLike) -> bool:
    """Decide exactly whether lines are in general position.

    Parameters
    ----------
    normals : array_like of shape (n, 2)
        The normals of the lines, as in `count_regions`.
    offsets : array_like of shape (n,)
        The offsets of the lines.

    Returns
    -------
    bool
        Whether no two lines coincide or are parallel and no three pass through one point.

    Examples
    --------
    >>> in_general_position([[1, 0], [0, 1], [1, 1]], [0, 0, -1])
    True
    >>> in_general_position([[1, 0], [0, 1], [1, 1]], [0, 0, 0])
    False
    """
    lines = _lines(normals, offsets)
    distinct = _distinct(lines)
    return len(distinct) == len(lines) and all(
        pieces == 1 + earlier for earlier, pieces in enumerate(_pieces(distinct, None))
    )


@dataclass(frozen=True)
class Vertices:
    """The points in which lines cross.

    Parameters
    ----------
    points : tuple of (Fraction, Fraction)
        The points, sorted by x and then by y.
    lines : tuple of tuple of int
        For each point the distinct lines through it, each by the first row that describes it.
    """

    points: tuple[tuple[Fraction, Fraction], ...]
    lines: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return len(self.points)

    @property
    def multiplicities(self) -> npt.NDArray[np.int64]:
        """Return the number of distinct lines through each point, at least two."""
        return np.array([len(lines) for lines in self.lines], dtype=np.int64)

    @property
    def coordinates(self) -> npt.NDArray[np.float64]:
        """Return the points rounded to float64 (infinite beyond its range), shape (V, 2)."""
        return np.array([[_nearest(x), _nearest(y)] for x, y in self.points]).reshape(-1, 2)


def vertices(normals: npt.ArrayLike, offsets: npt.ArrayLike) -> Vertices:
    """Find all points in which lines cross, exactly.

    Parameters
    ----------
    normals : array_like of shape (n, 2)
        The normals of the lines, as in `count_regions`.
    offsets : array_like of shape (n,)
        The offsets of the lines.

    Returns
    -------
    Vertices
        The points as fractions, each with the lines that pass through it.

    Examples
    --------
    >>> found = vertices([[1, 0], [0, 2], [1, 2]], [0, 1, 0])
    >>> found.points
    ((Fraction(0, 1), Fraction(-1, 2)), (Fraction(0, 1), Fraction(0, 1)),
     (Fraction(1, 1), Fraction(-1, 2)))
    >>> found.multiplicities
    array([2, 2, 2])
    """
    lines, rows = distinct_lines(normals, offsets)
    through: dict[Any, set[int]] = {}
    for i, j in combinations(range(len(lines)), 2):
        point = _cross(lines[i], lines[j])
        if point is not None:
            through.setdefault(_primitive(point), set()).update((rows[i][0], rows[j][0]))
    found = sorted(
        ((Fraction(x, z), Fraction(y, z)), tuple(sorted(members)))
        for (x, y, z), members in through.items()
    )
    return Vertices(tuple(point for point, _ in found), tuple(members for _, members in found))


def planar_counts(normals: npt.ArrayLike, offsets: npt.ArrayLike) -> tuple[int, int, int]:
    """Count the vertices, edges and regions that lines make in the plane.

    Parameters
    ----------
    normals : array_like of shape (n, 2)
        The normals of the lines, as in `count_regions`.
    offsets : array_like of shape (n,)
        The offsets of the lines.

    Returns
    -------
    n_vertices, n_edges, n_regions : int
        Edges are the pieces, bounded or not, into which the vertices cut the lines.

    Notes
    -----
    Euler's formula says V - E + F = 1; the regions are counted here without it.

    Examples
    --------
    >>> planar_counts([[1, 0], [0, 1], [1, 1]], [0, 0, -1])
    (3, 9, 7)
    """
    found = vertices(normals, offsets)
    n_lines = len(distinct_lines(normals, offsets)[0])
    n_edges = n_lines + int(found.multiplicities.sum())
    return len(found), n_edges, count_regions(normals, offsets)


# How far the structure reaches


def _reach(lines: Sequence[Line]) -> Fraction:
    """Return the smallest R such that [-R, R]^2 holds all crossings and meets all lines."""
    best, unit = 0, 1
    crossing = False
    for first, second in combinations(lines, 2):
        point = _cross(first, second)
        if point is not None:
            crossing = True
            reach = max(abs(point[0]), abs(point[1]))
            if reach * unit > best * point[2]:
                best, unit = reach, point[2]
    if crossing or not lines:
        return Fraction(best, unit)
    return max(Fraction(abs(c), abs(a) + abs(b)) for a, b, c in lines)


def zoom_radius(normals: npt.ArrayLike, offsets: npt.ArrayLike) -> Fraction:
    r"""Say how far one has to zoom out to see everything, exactly.

    Parameters
    ----------
    normals : array_like of shape (n, 2)
        The normals of the lines, as in `count_regions`.
    offsets : array_like of shape (n,)
        The offsets of the lines.

    Returns
    -------
    Fraction
        The smallest R such that the square :math:`[-R, R]^2` contains every point in which lines
        cross and meets every line; 0 if there is no line.

    See Also
    --------
    zoom_radii : The same for many arrangements, rounded to float64.

    Notes
    -----
    As soon as two lines cross, every line carries a crossing, and the second condition follows
    from the first: R is the largest coordinate of a crossing in absolute value.
    Where all lines are parallel there is no crossing, and R is the largest of the numbers
    :math:`|b| / (|w_1| + |w_2|)`.
    In both cases the open square :math:`(-r, r)^2` is cut into as many regions as the plane if
    and only if r > R.

    Examples
    --------
    >>> zoom_radius([[1, 0], [0, 1], [1, 3]], [-2, 0, 1])
    Fraction(2, 1)
    """
    return _reach(_distinct(_lines(normals, offsets)))


# Many arrangements at once: float64 where it is certain, integers elsewhere


def _stack(
    normals: npt.ArrayLike, offsets: npt.ArrayLike
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Check the shapes of a stack of arrangements."""
    w, b = _as_array("normals", normals, 3), _as_array("offsets", offsets, 2)
    if w.shape[2] != 2:
        raise ValueError(f"normals has shape {w.shape}, but must have shape (m, n, 2)")
    if b.shape != w.shape[:2]:
        raise ValueError(f"offsets has shape {b.shape}, but must have shape {w.shape[:2]}")
    zero = np.argwhere(~(w != 0).any(axis=2))
    if zero.size:
        raise ValueError(
            f"normals[{zero[0, 0]}, {zero[0, 1]}] is zero, but must not be: "
            "0 . x + b = 0 is no line"
        )
    return w, b


def _filterable(*arrays: npt.NDArray[Any]) -> bool:
    """Say whether float64 holds the numbers exactly and their products stay in range."""
    for array in arrays:
        if array.dtype.kind != "f" or array.dtype.itemsize > 8:
            return False
        size = np.abs(array[array != 0]).astype(np.float64)
        if size.size and not (size.min() > _FILTER_LOW and size.max() < _FILTER_HIGH):
            return False
    return True


@dataclass(frozen=True)
class _FloatCrossings:
    """Crossings (m, n, n) of the lines of m arrangements in float64, with proven error bounds."""

    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    x_error: npt.NDArray[np.float64]
    y_error: npt.NDArray[np.float64]
    certain: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, w: npt.NDArray[Any], b: npt.NDArray[Any]) -> "_FloatCrossings":
        p, q, r = (values.astype(np.float64) for values in (w[..., 0], w[..., 1], b))
        z, z_error = _minor(p, q)
        crosses = np.abs(z) > 8 * z_error
        z = np.where(crosses, z, 1.0)
        coordinates = []
        for numerator, error in (_minor(q, r), _minor(r, p)):
            value = numerator / z
            # |X/Z - X'/Z'| <= 2 (dX + |X'/Z'| dZ) / |Z'| for dZ < |Z'| / 8; twice that covers
            # the rounding of the quotient and of this line.
            bound = 4 * (error + np.abs(value) * z_error) / np.abs(z) + 4 * _UNIT * np.abs(value)
            coordinates += [value, bound]
        diagonal = np.eye(p.shape[1], dtype=bool)
        x, x_error, y, y_error = coordinates
        return cls(x, y, x_error, y_error, crosses | diagonal)


def _minor(
    u: npt.NDArray[np.float64], v: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return u_i v_j - v_i u_j for all pairs and a bound of its rounding error."""
    first, second = u[:, :, None] * v[:, None, :], v[:, :, None] * u[:, None, :]
    # Two roundings a term make at most 2.01 units of |first| + |second|.
    return first - second, 4 * _UNIT * (np.abs(first) + np.abs(second))


def _certified_counts(
    w: npt.NDArray[Any], b: npt.NDArray[Any], box: _ExactBox | None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Count in float64; the second array says where the count is proven to be right."""
    n = w.shape[1]
    crossings = _FloatCrossings.of(w, b)
    certain = np.asarray(crossings.certain.all(axis=(1, 2)))
    # Along each line, the intervals that hold the crossings must be disjoint: then no three lines
    # meet. A line that is nearer to the x-axis than to the y-axis is measured in x.
    flat = (np.abs(w[..., 1]) >= np.abs(w[..., 0]))[:, :, None]
    place = np.where(flat, crossings.x, crossings.y)
    error = np.where(flat, crossings.x_error, crossings.y_error)
    diagonal = np.broadcast_to(np.eye(n, dtype=bool), place.shape)
    place, error = np.where(diagonal, np.inf, place), np.where(diagonal, 0.0, error)
    order = np.argsort(place, axis=2)[:, :, : max(n - 1, 0)]
    place, error = (np.take_along_axis(array, order, axis=2) for array in (place, error))
    gaps = place[:, :, 1:] - place[:, :, :-1]
    certain &= (gaps > 2 * (error[:, :, 1:] + error[:, :, :-1])).all(axis=(1, 2))
    if box is None:
        return np.full(len(w), max_regions(n), dtype=np.int64), certain

    low, high = ([float(Fraction(side, box.unit)) for side in end] for end in (box.low, box.high))
    corners = np.array([(x, y) for x in (low[0], high[0]) for y in (low[1], high[1])])
    products = w[:, :, None, :].astype(np.float64) * corners
    values = products.sum(axis=3) + b[:, :, None]
    size = np.abs(products).sum(axis=3) + np.abs(b)[:, :, None].astype(np.float64)
    certain &= (np.abs(values) > 8 * _UNIT * size).all(axis=(1, 2))
    meets = (values.min(axis=2) < 0) & (values.max(axis=2) > 0)
    inside = np.ones(crossings.x.shape, dtype=bool)
    pair = np.triu(np.ones((n, n), dtype=bool), 1)
    for axis, (place, error) in enumerate(
        ((crossings.x, crossings.x_error), (crossings.y, crossings.y_error))
    ):
        for side in (low[axis], high[axis]):
            certain &= ((np.abs(place - side) > 2 * error) | ~pair).all(axis=(1, 2))
        inside &= (place > low[axis]) & (place < high[axis]) & pair
    return 1 + meets.sum(axis=1) + inside.sum(axis=(1, 2)), certain


def count_regions_many(
    normals: npt.ArrayLike, offsets: npt.ArrayLike, box: Box | None = None
) -> npt.NDArray[np.int64]:
    """Count the regions of many arrangements of equally many lines, exactly and quickly.

    Parameters
    ----------
    normals : array_like of shape (m, n, 2)
        The normals of m arrangements of n lines; none may be zero.
    offsets : array_like of shape (m, n)
        The offsets of the lines.
    box : ((x0, y0), (x1, y1)), optional
        Cut the open inside of this box instead of the plane.

    Returns
    -------
    ndarray of int64, shape (m,)
        What `count_regions` says for each arrangement.

    See Also
    --------
    count_regions : One arrangement, in integers throughout.

    Notes
    -----
    Floats go through a vectorised float64 computation with proven error bounds.
    An arrangement for which these do not decide every question (the determinant of each pair, the
    order of the crossings along each line, the side of each corner and crossing of the box) is
    counted again in integers, so that the answer is always exact.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> lines = rng.uniform(-1, 1, size=(3, 20, 3))
    >>> count_regions_many(lines[..., :2], lines[..., 2])
    array([211, 211, 211])
    """
    w, b = _stack(normals, offsets)
    exact_box = None if box is None else _ExactBox.read(box)
    m, n = b.shape
    counts = np.zeros(m, dtype=np.int64)
    certain = np.zeros(m, dtype=bool)
    if _filterable(w, b, _box_floats(exact_box)):
        step = max(1, _CHUNK // max(n * n, 1))
        for start in range(0, m, step):
            part = slice(start, start + step)
            counts[part], certain[part] = _certified_counts(w[part], b[part], exact_box)
    for index in np.flatnonzero(~certain):
        lines = _distinct(_lines(w[index], b[index]))
        counts[index] = 1 + sum(_pieces(lines, exact_box))
    return counts


def _box_floats(box: _ExactBox | None) -> npt.NDArray[Any]:
    """Return the sides of a box as float64, or as objects where float64 does not hold them."""
    if box is None:
        return np.zeros(0)
    sides = [Fraction(side, box.unit) for side in (*box.low, *box.high)]
    if any(abs(side) >= _FILTER_HIGH or Fraction(float(side)) != side for side in sides):
        return np.array(sides, dtype=object)
    return np.array([float(side) for side in sides])


def zoom_radii(normals: npt.ArrayLike, offsets: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the zoom radius of many arrangements of equally many lines.

    Parameters
    ----------
    normals : array_like of shape (m, n, 2)
        The normals of m arrangements of n lines; none may be zero.
    offsets : array_like of shape (m, n)
        The offsets of the lines.

    Returns
    -------
    ndarray of float64, shape (m,)
        What `zoom_radius` says for each arrangement, rounded once to float64; infinite where it
        is larger than every float64.

    Notes
    -----
    Float64 with error bounds finds the few crossings that may be the outermost one; these are
    compared as fractions.

    Examples
    --------
    >>> zoom_radii([[[1, 0], [0, 1], [1, 3]]], [[-2, 0, 1]])
    array([2.])
    """
    w, b = _stack(normals, offsets)
    m, n = b.shape
    radii = np.zeros(m)
    open_question = np.ones(m, dtype=bool)
    if n >= 2 and _filterable(w, b):
        first, second = np.triu_indices(n, 1)
        step = max(1, _CHUNK // (n * n))
        for start in range(0, m, step):
            part = slice(start, start + step)
            crossings = _FloatCrossings.of(w[part], b[part])
            reach = [
                (np.abs(place) - 2 * error, np.abs(place) + 2 * error)
                for place, error in (
                    (crossings.x[:, first, second], crossings.x_error[:, first, second]),
                    (crossings.y[:, first, second], crossings.y_error[:, first, second]),
                )
            ]
            lower = np.maximum(reach[0][0], reach[1][0]).max(axis=1)
            upper = np.maximum(reach[0][1], reach[1][1])
            for local in np.flatnonzero(crossings.certain.all(axis=(1, 2))):
                index = start + local
                lines = _lines(w[index], b[index])
                pairs = np.flatnonzero(upper[local] >= lower[local])
                radii[index] = _nearest(
                    max(_reach([lines[first[pair]], lines[second[pair]]]) for pair in pairs)
                )
                open_question[index] = False
    for index in np.flatnonzero(open_question):
        radii[index] = _nearest(zoom_radius(w[index], b[index]))
    return radii


# Cells


@dataclass(frozen=True)
class Cell:
    """One region of an arrangement, clipped to a box.

    Parameters
    ----------
    corners : tuple of (Fraction, Fraction)
        The corners of the convex polygon, counter-clockwise, exact.
    signs : tuple of int
        The sign, +1 or -1, of w . x + b inside the cell for every line of the input.
    """

    corners: tuple[tuple[Fraction, Fraction], ...]
    signs: tuple[int, ...]

    @property
    def polygon(self) -> npt.NDArray[np.float64]:
        """Return the corners rounded to float64 (infinite beyond its range), shape (k, 2)."""
        return np.array([[_nearest(x), _nearest(y)] for x, y in self.corners])

    @property
    def area(self) -> Fraction:
        """Return the exact area."""
        following = self.corners[1:] + self.corners[:1]
        twice = sum(
            (x * v - y * u for (x, y), (u, v) in zip(self.corners, following, strict=True)),
            Fraction(0),
        )
        return twice / 2

    @property
    def centre(self) -> tuple[Fraction, Fraction]:
        """Return the mean of the corners, a point inside the cell."""
        x, y = zip(*self.corners, strict=True)
        return sum(x, Fraction(0)) / len(x), sum(y, Fraction(0)) / len(y)

    @property
    def negative(self) -> tuple[int, ...]:
        """Return the lines, counted from 1, that are negative in the cell."""
        return tuple(index for index, sign in enumerate(self.signs, start=1) if sign < 0)


# A corner and the line of the side that leaves it, counter-clockwise.
_Side = tuple[Point, Line]


def _half(polygon: list[_Side], signs: list[int], cut: Line) -> list[_Side]:
    """Keep the part of a convex polygon on the positive side of a line that cuts it in two."""
    kept: list[_Side] = []
    for index, (corner, side) in enumerate(polygon):
        here, there = signs[index], signs[(index + 1) % len(signs)]
        if here > 0 or (here == 0 and there > 0):
            kept.append((corner, side))
        elif here == 0:
            kept.append((corner, cut))
        if here * there < 0:
            point = _cross(cut, side)
            assert point is not None
            kept.append((point, cut if here > 0 else side))
    return kept


def _split(lines: Sequence[Line], box: _ExactBox) -> list[tuple[list[_Side], tuple[int, ...]]]:
    """Cut a box by one line after the other."""
    found: list[tuple[list[_Side], tuple[int, ...]]] = [
        (list(zip(box.corners, box.sides, strict=True)), ())
    ]
    for line in lines:
        parts = []
        for polygon, history in found:
            values = [_at(line, corner) for corner, _ in polygon]
            signs = [(value > 0) - (value < 0) for value in values]
            if min(signs) < 0 < max(signs):
                opposite = [-sign for sign in signs]
                parts.append((_half(polygon, signs, line), (*history, 1)))
                parts.append((_half(polygon, opposite, line), (*history, -1)))
            else:
                parts.append((polygon, (*history, 1 if max(signs) > 0 else -1)))
        found = parts
    return found


def cells(normals: npt.ArrayLike, offsets: npt.ArrayLike, box: Box) -> list[Cell]:
    """Cut a box by lines into its regions, exactly.

    Parameters
    ----------
    normals : array_like of shape (n, 2)
        The normals of the lines, as in `count_regions`.
    offsets : array_like of shape (n,)
        The offsets of the lines.
    box : ((x0, y0), (x1, y1))
        The lower left and the upper right corner of the box.

    Returns
    -------
    list of Cell
        One cell a region of the open box, each with its corners and its sign vector.

    See Also
    --------
    count_regions : Their number, without the geometry.

    Notes
    -----
    Each line cuts the convex polygons that it meets in two.
    Every corner is the crossing of two of the given lines or sides, so the integers do not grow.

    Examples
    --------
    >>> for cell in cells([[1, 1]], [-1], box=((0, 0), (1, 1))):
    ...     print(cell.signs, cell.area, [(str(x), str(y)) for x, y in cell.corners])
    (1,) 1/2 [('1', '0'), ('1', '1'), ('0', '1')]
    (-1,) 1/2 [('0', '0'), ('1', '0'), ('0', '1')]
    """
    return [
        Cell(tuple((Fraction(x, z), Fraction(y, z)) for (x, y, z), _ in polygon), signs)
        for polygon, signs in _split(_lines(normals, offsets), _ExactBox.read(box))
    ]


def sign_vectors(normals: npt.ArrayLike, offsets: npt.ArrayLike) -> npt.NDArray[np.int8]:
    """Find all sign vectors that lines realise in the plane, exactly.

    Parameters
    ----------
    normals : array_like of shape (n, 2)
        The normals of the lines, as in `count_regions`.
    offsets : array_like of shape (n,)
        The offsets of the lines.

    Returns
    -------
    ndarray of int8, shape (regions, n)
        One row a region, in lexicographic order: the sign, +1 or -1, of each w . x + b there.

    Notes
    -----
    A square somewhat larger than the zoom radius meets every region of the plane.

    Examples
    --------
    Three lines in general position leave out one of the eight sign vectors:

    >>> sign_vectors([[1, 0], [0, 1], [-1, -1]], [0, 0, 1]).tolist()
    [[-1, -1, 1], [-1, 1, -1], [-1, 1, 1], [1, -1, -1], [1, -1, 1], [1, 1, -1], [1, 1, 1]]
    """
    lines = _lines(normals, offsets)
    radius = math.floor(_reach(_distinct(lines))) + 1
    found = _split(lines, _ExactBox((-radius, -radius), (radius, radius), 1))
    signs = sorted(signs for _, signs in found)
    return np.array(signs, dtype=np.int8).reshape(len(found), len(lines))


def _sign_table(signs: npt.ArrayLike) -> npt.NDArray[Any]:
    table = np.asarray(signs)
    if table.ndim != 2:
        raise ValueError(f"signs has shape {table.shape}, but must have shape (r, n)")
    if not ((table == 1) | (table == -1)).all():
        raise ValueError("signs must hold only the numbers -1 and +1")
    return table


def shattered_sets(signs: npt.ArrayLike, size: int | None = None) -> list[tuple[int, ...]]:
    """List the sets of columns that sign vectors shatter.

    Parameters
    ----------
    signs : array_like of shape (r, n)
        Sign vectors as rows, such as `sign_vectors` returns.
    size : int, optional
        List only the sets of this size; by default all sets, which takes 2**n steps.

    Returns
    -------
    list of tuple of int
        Every set of columns, counted from 0, on which the rows show all 2**k patterns, by size.

    Notes
    -----
    The empty set is shattered as soon as there is one row.

    Examples
    --------
    >>> signs = sign_vectors([[1, 0], [0, 1], [1, 1]], [0, 0, -1])
    >>> shattered_sets(signs)
    [(), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2)]
    """
    table = _sign_table(signs)
    n = table.shape[1]
    if size is not None and integer("size", size, 0) > n:
        raise ValueError(f"size is {size}, but must lie between 0 and the {n} columns")
    found = []
    for k in range(n + 1) if size is None else (size,):
        for columns in combinations(range(n), k):
            if len({tuple(row) for row in table[:, list(columns)].tolist()}) == 2**k:
                found.append(columns)
    return found


# Bounds and families that attain them


def max_regions(n: int, d: int = 2) -> int:
    r"""Return the largest number of regions that n hyperplanes can cut d-space into.

    Parameters
    ----------
    n : int
        The number of hyperplanes, or of hidden neurons, at least 0.
    d : int, optional
        The dimension of the space, at least 0; 2, lines in the plane, by default.

    Returns
    -------
    int
        :math:`\sum_{i=0}^{d} \binom{n}{i}`; for d = 2 this is n (n + 1) / 2 + 1.

    Notes
    -----
    The same number bounds a family of sign vectors of length n that shatters no d + 1 columns
    (Sauer and Shelah).

    References
    ----------
    R. C. Buck, Partition of space, Amer. Math. Monthly 50 (1943) 541-544.

    Examples
    --------
    >>> [max_regions(n) for n in range(6)]
    [1, 2, 4, 7, 11, 16]
    >>> max_regions(20)
    211
    """
    n, d = integer("n", n, 0), integer("d", d, 0)
    return sum(math.comb(n, i) for i in range(d + 1))


def max_bounded_regions(n: int, d: int = 2) -> int:
    r"""Return the number of bounded regions of n hyperplanes in general position in d-space.

    Parameters
    ----------
    n : int
        The number of hyperplanes, at least 0.
    d : int, optional
        The dimension of the space, at least 1; 2, lines in the plane, by default.

    Returns
    -------
    int
        :math:`\binom{n-1}{d}`, and 0 for n = 0.

    Examples
    --------
    >>> max_bounded_regions(20)
    171
    """
    n, d = integer("n", n, 0), integer("d", d, 0)
    if d == 0:
        raise ValueError("d is 0, but must be at least 1")
    return math.comb(n - 1, d) if n else 0


def parabola_tangents(
    n: int | Sequence[int],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    r"""Return n tangents of the parabola y = x^2, which attain the largest number of regions.

    Parameters
    ----------
    n : int or sequence of int
        The number of tangents, which then touch at x = 1, ..., n; or the places where they touch,
        all different.

    Returns
    -------
    normals : ndarray of int64, shape (n, 2)
        The normals (-2 t, 1) of the lines :math:`f_t(x, y) = y - 2 t x + t^2 = 0`.
    offsets : ndarray of int64, shape (n,)
        The offsets t^2.

    Notes
    -----
    :math:`f_t = (x - t)^2 - (x^2 - y)` is negative exactly where
    :math:`|x - t| < \sqrt{x^2 - y}`, so a region is a set of consecutive tangents.

    Examples
    --------
    >>> normals, offsets = parabola_tangents(3)
    >>> normals.tolist(), offsets.tolist()
    ([[-2, 1], [-4, 1], [-6, 1]], [1, 4, 9])
    >>> count_regions(normals, offsets)
    7
    """
    if isinstance(n, Sequence | np.ndarray):
        if np.ndim(n) != 1:
            raise ValueError(f"n has shape {np.shape(n)}, but must be an integer or a sequence")
        touch = list(n)
    else:
        touch = list(range(1, integer("n", n, 0) + 1))
    for place in touch:
        if isinstance(place, bool | np.bool_) or not isinstance(place, Integral):
            raise TypeError(f"n holds {place!r}, but must be an integer or hold integers")
        if abs(int(place)) >= 2**31:
            raise ValueError(f"n holds {place}, but its square must fit into 64 bits")
        if touch.count(place) > 1:
            raise ValueError(f"n holds {place} more than once, but the tangents must be different")
    t = np.array(touch, dtype=np.int64)
    return np.stack([-2 * t, np.ones_like(t)], axis=1), t**2


def moment_hyperplanes(n: int, d: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    r"""Return n hyperplanes that cut d-space into the largest number of regions.

    Parameters
    ----------
    n : int
        The number of hyperplanes.
    d : int
        The dimension of the space, at least 1.

    Returns
    -------
    normals : ndarray of object (Python integers), shape (n, d)
        The normals (1, t, ..., t^(d-1)) for t = 1, ..., n.
    offsets : ndarray of object (Python integers), shape (n,)
        The offsets t^d.

    Notes
    -----
    A point x stands for the polynomial
    :math:`t^d + x_d t^{d-1} + \dots + x_2 t + x_1`, and hyperplane t for those with a zero at t.
    A monic polynomial of degree d changes its sign at most d times, and every such pattern occurs.
    For d = 2 these are the parabola's tangents in other coordinates.

    Examples
    --------
    >>> zaslavsky_regions(*moment_hyperplanes(7, 3)), max_regions(7, 3)
    (64, 64)
    """
    n, d = integer("n", n, 0), integer("d", d, 0)
    if d == 0:
        raise ValueError("d is 0, but must be at least 1")
    normals = np.array([[t**k for k in range(d)] for t in range(1, n + 1)], dtype=object)
    return normals.reshape(n, d), np.array([t**d for t in range(1, n + 1)], dtype=object)


# Any dimension: Zaslavsky


def _restrict(rows: Sequence[tuple[int, ...]], plane: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Intersect hyperplanes with another one, in coordinates of that one."""
    pivot = next(index for index, value in enumerate(plane) if value)
    restricted = []
    for row in rows:
        mixed = [
            plane[pivot] * value - row[pivot] * other
            for index, (value, other) in enumerate(zip(row, plane, strict=True))
            if index != pivot
        ]
        if any(mixed[:-1]):
            restricted.append(_primitive(tuple(mixed)))
    return _distinct(restricted)


def _characteristic(rows: Sequence[tuple[int, ...]], d: int) -> list[int]:
    """Return the coefficients, from t^0 to t^d, of distinct hyperplanes in d-space."""
    total = [0] * d + [1]
    for index, plane in enumerate(rows):
        for power, value in enumerate(_characteristic(_restrict(rows[:index], plane), d - 1)):
            total[power] -= value
    return total


def characteristic_polynomial(normals: npt.ArrayLike, offsets: npt.ArrayLike) -> list[int]:
    r"""Return the characteristic polynomial of an arrangement of hyperplanes, exactly.

    Parameters
    ----------
    normals : array_like of shape (n, d)
        The normals w of the hyperplanes w . x + b = 0 in d >= 1 dimensions; none may be zero.
    offsets : array_like of shape (n,)
        The offsets b.

    Returns
    -------
    list of int
        The coefficients of t^0, ..., t^d.

    Notes
    -----
    Computed by deletion and restriction, :math:`\chi_A = \chi_{A'} - \chi_{A''}`, hyperplane by
    hyperplane, in :math:`O(n^d)` steps.

    References
    ----------
    R. P. Stanley, An introduction to hyperplane arrangements, in: Geometric Combinatorics, AMS
    (2007), lecture 2.

    Examples
    --------
    Three lines in general position have t^2 - 3 t + 3, three through a point t^2 - 3 t + 2:

    >>> characteristic_polynomial([[1, 0], [0, 1], [1, 1]], [0, 0, -1])
    [3, -3, 1]
    >>> characteristic_polynomial([[1, 0], [0, 1], [1, 1]], [0, 0, 0])
    [2, -3, 1]
    """
    rows = _hyperplanes(normals, offsets, dimension=None)
    d = _as_array("normals", normals, 2).shape[1]
    return _characteristic(_distinct(rows), d)


def zaslavsky_regions(
    normals: npt.ArrayLike, offsets: npt.ArrayLike, *, bounded: bool = False
) -> int:
    r"""Count the regions of hyperplanes in any dimension by Zaslavsky's theorem, exactly.

    Parameters
    ----------
    normals : array_like of shape (n, d)
        The normals w of the hyperplanes w . x + b = 0 in d >= 1 dimensions; none may be zero.
    offsets : array_like of shape (n,)
        The offsets b.
    bounded : bool, optional
        Count only the bounded regions.

    Returns
    -------
    int
        :math:`(-1)^d \chi(-1)`, or :math:`(-1)^d \chi(1)` for the bounded ones
        (none where the normals do not span the space, that is, where :math:`\chi(0) = 0`).

    References
    ----------
    T. Zaslavsky, Facing up to arrangements, Memoirs of the AMS 154 (1975).

    Examples
    --------
    The three coordinate planes, and the same with x + y + z = 1:

    >>> zaslavsky_regions([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [0, 0, 0])
    8
    >>> planes = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]
    >>> zaslavsky_regions(planes, [0, 0, 0, -1])
    15
    >>> zaslavsky_regions(planes, [0, 0, 0, -1], bounded=True)
    1
    """
    polynomial = characteristic_polynomial(normals, offsets)
    if bounded:
        return abs(sum(polynomial)) if polynomial[0] else 0
    return sum(abs(value) for value in polynomial)


# Networks with one hidden layer


@dataclass(frozen=True)
class NetworkLines:
    """The lines along which a network with one hidden layer folds.

    Parameters
    ----------
    lines : tuple of (int, int, int)
        The lines a x + b y + c = 0 in coprime integers.
    neurons : tuple of tuple of int
        For each line the hidden neurons that switch on it.
    jumps : tuple of tuple of Fraction
        For each line and each output the factor k by which the gradient grows: it changes by
        k (a, b) on the way from the negative to the positive side.
        Empty tuples where the output weights were not given.
    """

    lines: tuple[Line, ...]
    neurons: tuple[tuple[int, ...], ...]
    jumps: tuple[tuple[Fraction, ...], ...]

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def normals(self) -> npt.NDArray[Any]:
        """Return the normals (a, b) as Python integers, shape (k, 2)."""
        return np.array([line[:2] for line in self.lines], dtype=object).reshape(-1, 2)

    @property
    def offsets(self) -> npt.NDArray[Any]:
        """Return the offsets c as Python integers, shape (k,)."""
        return np.array([line[2] for line in self.lines], dtype=object)


def network_lines(
    W: npt.ArrayLike, b: npt.ArrayLike, v: npt.ArrayLike | None = None
) -> NetworkLines:
    r"""Find the lines on which a network 2 -> n -> m with ReLU folds, exactly.

    Parameters
    ----------
    W : array_like of shape (n, 2)
        The weights of the hidden neurons.
    b : array_like of shape (n,)
        Their biases.
    v : array_like of shape (n,) or (m, n), optional
        The weights of the linear output layer.
        Without them, every line on which a neuron switches is returned.

    Returns
    -------
    NetworkLines
        Distinct lines, each with its neurons; with `v` only those across which the gradient of
        the output jumps.

    Notes
    -----
    A neuron with w = 0 is constant and has no line.
    Write :math:`w_j = t_j (a, c)` for the neurons j on one line with normal (a, c): across it the
    gradient jumps by :math:`\sum_j v_j |t_j| (a, c)`, so the fold vanishes if and only if
    :math:`\sum_j v_j |t_j| = 0`.

    Examples
    --------
    ReLU(x) - ReLU(-x) = x has no fold, and the absolute value ReLU(x) + ReLU(-x) has one:

    >>> len(network_lines([[1, 0], [-1, 0]], [0, 0], [1, -1]))
    0
    >>> network_lines([[1, 0], [-1, 0]], [0, 0], [1, 1])
    NetworkLines(lines=((1, 0, 0),), neurons=((0, 1),), jumps=((Fraction(2, 1),),))
    """
    weights, biases = _as_array("W", W, 2), _as_array("b", b, 1)
    if weights.shape[1] != 2:
        raise ValueError(f"W has shape {weights.shape}, but must have shape (n, 2)")
    if biases.shape != weights.shape[:1]:
        raise ValueError(f"b has shape {biases.shape}, but must have shape {weights.shape[:1]}")
    groups: dict[Any, list[int]] = {}
    for neuron, (normal, offset) in enumerate(zip(weights.tolist(), biases.tolist(), strict=True)):
        row = _primitive_row("W", normal, "b", offset)
        if row is not None:
            groups.setdefault(_unoriented(row), []).append(neuron)
    if v is None:
        return NetworkLines(
            tuple(groups), tuple(map(tuple, groups.values())), tuple(() for _ in groups)
        )
    outputs = _output_weights(v, len(biases))
    folds = []
    for line, neurons in groups.items():
        axis = 0 if line[0] else 1
        sizes = {j: abs(Fraction(*_ratio("W", weights[j, axis])) / line[axis]) for j in neurons}
        jump = tuple(sum((row[j] * sizes[j] for j in neurons), Fraction(0)) for row in outputs)
        if any(jump):
            folds.append((line, tuple(neurons), jump))
    lines, members, jumps = zip(*folds, strict=True) if folds else ((), (), ())
    return NetworkLines(lines, members, jumps)


def _output_weights(v: npt.ArrayLike, n: int) -> list[list[Fraction]]:
    """Read the output layer as fractions, one row an output."""
    array = np.asarray(v) if hasattr(v, "__array__") else np.asarray(v, dtype=object)
    if array.ndim not in (1, 2) or array.shape[-1] != n:
        raise ValueError(f"v has shape {array.shape}, but must have shape ({n},) or (m, {n})")
    table = _as_array("v", np.atleast_2d(array), 2)
    return [[Fraction(*_ratio("v", value)) for value in row] for row in table.tolist()]


def count_activation_regions(W: npt.ArrayLike, b: npt.ArrayLike, box: Box | None = None) -> int:
    """Count the activation regions of a hidden layer with two inputs, exactly.

    Parameters
    ----------
    W : array_like of shape (n, 2)
        The weights of the hidden neurons.
    b : array_like of shape (n,)
        Their biases.
    box : ((x0, y0), (x1, y1)), optional
        Count inside this open box instead of in the plane.

    Returns
    -------
    int
        The number of regions on which the pattern of active neurons is constant.

    Examples
    --------
    >>> count_activation_regions([[1, 0], [-1, 0], [0, 0]], [0, 0, 1])
    2
    """
    found = network_lines(W, b)
    return count_regions(found.normals, found.offsets, box)


def count_linear_regions(
    W: npt.ArrayLike, b: npt.ArrayLike, v: npt.ArrayLike, box: Box | None = None
) -> int:
    """Count the linear regions of a network 2 -> n -> m with ReLU, exactly.

    Parameters
    ----------
    W : array_like of shape (n, 2)
        The weights of the hidden neurons.
    b : array_like of shape (n,)
        Their biases.
    v : array_like of shape (n,) or (m, n)
        The weights of the linear output layer; its biases do not matter.
    box : ((x0, y0), (x1, y1)), optional
        Count inside this open box instead of in the plane.

    Returns
    -------
    int
        The number of linear regions: maximal sets, connected through edges, of activation regions
        with the same affine map.

    See Also
    --------
    network_lines : The lines that survive in the output.

    Examples
    --------
    ReLU(x) - ReLU(-x) = x is linear, although its neurons have two activation regions:

    >>> count_linear_regions([[1, 0], [-1, 0]], [0, 0], [1, -1])
    1
    """
    found = network_lines(W, b, v)
    return count_regions(found.normals, found.offsets, box)


def region_gradients(
    signs: npt.ArrayLike, W: npt.ArrayLike, v: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    r"""Return the gradient of a network 2 -> n -> 1 with ReLU on each of its activation regions.

    Parameters
    ----------
    signs : array_like of shape (r, n)
        For each region the signs of the hidden neurons: `sign_vectors`, or the signs of `cells`.
    W : array_like of shape (n, 2)
        The weights of the hidden neurons.
    v : array_like of shape (n,)
        The output weights.

    Returns
    -------
    ndarray of float64, shape (r, 2)
        The sums of v_j w_j over the neurons that are active, in float64 arithmetic.

    Examples
    --------
    >>> W, v = [[1, 0], [0, 2]], [1, -1]
    >>> region_gradients([[1, 1], [1, -1], [-1, -1]], W, v).tolist()
    [[1.0, -2.0], [1.0, 0.0], [0.0, 0.0]]
    """
    table, weights, outputs = _sign_table(signs), _floats("W", W, 2), _floats("v", v, 1)
    if weights.shape[1] != 2:
        raise ValueError(f"W has shape {weights.shape}, but must have shape (n, 2)")
    if outputs.shape != weights.shape[:1]:
        raise ValueError(f"v has shape {outputs.shape}, but must have shape {weights.shape[:1]}")
    if table.shape[1] != len(weights):
        raise ValueError(f"signs has shape {table.shape}, but must have shape (r, {len(weights)})")
    gradients: npt.NDArray[np.float64] = (table > 0).astype(np.float64) @ (
        outputs[:, None] * weights
    )
    return gradients
