"""Rows of unequal length in one flat array: row f is ``values[offsets[f]:offsets[f + 1]]``.

The polygons of a complex are such rows, and what is asked of all of them is asked of the flat
array at once.
"""

import operator
from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt

__all__ = ["Ragged", "chunks", "clip", "gather", "lengths_to_offsets", "reduce", "successors"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Ragged(Sequence[npt.NDArray[Any]]):
    """Rows of unequal length, read as a sequence of arrays.

    Parameters
    ----------
    values : ndarray
        All rows, one after the other.
    offsets : ndarray of int, shape (rows + 1,)
        Where each row begins.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.regions.ragged import Ragged
    >>> rows = Ragged(np.arange(5), np.array([0, 3, 5]))
    >>> len(rows), rows[-1]
    (2, array([3, 4]))
    """

    def __init__(self, values: npt.NDArray[Any], offsets: npt.NDArray[Any]) -> None:
        self.values = values
        self.offsets = offsets

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, index: int) -> npt.NDArray[Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[npt.NDArray[Any]]: ...
    def __getitem__(self, index: int | slice) -> npt.NDArray[Any] | list[npt.NDArray[Any]]:
        if isinstance(index, slice):
            return [self[row] for row in range(*index.indices(len(self)))]
        # A range knows how a sequence is indexed: from its end, too, and not beyond it.
        row = range(len(self))[operator.index(index)]
        return self.values[self.offsets[row] : self.offsets[row + 1]]

    def __repr__(self) -> str:
        return f"Ragged({len(self)} rows, {len(self.values)} entries)"


def chunks(length: int, size: int) -> Iterator[slice]:
    """Cut a range into slices, so that what is computed from each stays small.

    Parameters
    ----------
    length : int
        The length of the range.
    size : int
        The length of a slice; at least one is taken.

    Yields
    ------
    slice
        The slices in order; the last one may be shorter.

    Examples
    --------
    >>> from activations.regions.ragged import chunks
    >>> list(chunks(5, 3))
    [slice(0, 3, None), slice(3, 5, None)]
    """
    size = max(1, size)
    for start in range(0, length, size):
        yield slice(start, min(start + size, length))


def lengths_to_offsets(lengths: npt.NDArray[Any]) -> IntArray:
    """Return where rows begin whose lengths are known.

    Parameters
    ----------
    lengths : ndarray of int, shape (rows,)
        The lengths.

    Returns
    -------
    ndarray of int64, shape (rows + 1,)
        Their sums, from zero on.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.regions.ragged import lengths_to_offsets
    >>> lengths_to_offsets(np.array([3, 0, 2]))
    array([0, 3, 3, 5])
    """
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def gather(offsets: npt.NDArray[Any], rows: npt.NDArray[Any]) -> tuple[IntArray, IntArray]:
    """Find the entries of some rows.

    Parameters
    ----------
    offsets : ndarray of int
        Where each row begins.
    rows : ndarray of int, shape (k,)
        The rows wanted, in any order, also more than once.

    Returns
    -------
    positions : ndarray of int64
        Where their entries stand in the flat array, row after row.
    new_offsets : ndarray of int64, shape (k + 1,)
        Where each wanted row begins in `positions`.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.regions.ragged import gather
    >>> gather(np.array([0, 3, 5]), np.array([1, 0]))
    (array([3, 4, 0, 1, 2]), array([0, 2, 5]))
    """
    starts = offsets[rows]
    found = lengths_to_offsets(offsets[rows + 1] - starts)
    positions = np.repeat(starts - found[:-1], np.diff(found))
    positions += np.arange(found[-1])
    return positions, found


def reduce(
    ufunc: np.ufunc, values: npt.NDArray[Any], offsets: npt.NDArray[Any], empty: float
) -> npt.NDArray[Any]:
    """Reduce every row to one value.

    Parameters
    ----------
    ufunc : numpy.ufunc
        How two values become one: `numpy.add`, `numpy.maximum`.
    values : ndarray
        All rows, one after the other, along the first axis.
    offsets : ndarray of int, shape (rows + 1,)
        Where each row begins.
    empty : float
        What an empty row becomes.

    Returns
    -------
    ndarray, shape (rows, ...)
        One value a row.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.regions.ragged import reduce
    >>> reduce(np.add, np.arange(5), np.array([0, 3, 3, 5]), 0)
    array([3, 0, 7])
    """
    # Where a row is empty, reduceat would return the value that follows.
    filled = offsets[1:] > offsets[:-1]
    if filled.all() and len(filled):
        result: npt.NDArray[Any] = ufunc.reduceat(values, offsets[:-1])
        return result
    result = np.full((len(filled), *values.shape[1:]), empty, dtype=values.dtype)
    if filled.any():
        result[filled] = ufunc.reduceat(values, offsets[:-1][filled])
    return result


def successors(offsets: npt.NDArray[Any]) -> IntArray:
    """Return for every entry the position of the next one, at the end of a row of its first one.

    Parameters
    ----------
    offsets : ndarray of int, shape (rows + 1,)
        Where each row begins.

    Returns
    -------
    ndarray of int64
        The positions.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.regions.ragged import successors
    >>> successors(np.array([0, 3, 5]))
    array([1, 2, 0, 4, 3])
    """
    following = np.arange(1, offsets[-1] + 1)
    filled = offsets[1:] > offsets[:-1]
    following[offsets[1:][filled] - 1] = offsets[:-1][filled]
    return following


def clip(
    points: FloatArray,
    offsets: npt.NDArray[Any],
    low: tuple[float, float],
    high: tuple[float, float],
) -> tuple[FloatArray, IntArray]:
    """Clip convex polygons to a rectangle.

    Parameters
    ----------
    points : ndarray of float64, shape (P, 2)
        The corners of the polygons, each counter-clockwise, one after the other.
    offsets : ndarray of int, shape (k + 1,)
        Where each polygon begins.
    low, high : pair of float
        The lower left and the upper right corner of the rectangle.

    Returns
    -------
    points : ndarray of float64
        The corners of what is left.
    offsets : ndarray of int64, shape (k + 1,)
        Where each polygon begins; one that has no inner point in the rectangle is empty.

    Notes
    -----
    The algorithm of Sutherland and Hodgman, for all polygons at once: each side of the rectangle
    keeps the corners on its inner side, and adds a point where a polygon crosses it.

    References
    ----------
    I. E. Sutherland, G. W. Hodgman, Reentrant polygon clipping, Comm. ACM 17 (1974).

    Examples
    --------
    >>> import numpy as np
    >>> from activations.regions.ragged import clip
    >>> triangle = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
    >>> clip(triangle, np.array([0, 3]), (0.0, 0.0), (2.0, 9.0))
    (array([[0., 0.],
           [2., 0.],
           [2., 2.],
           [0., 4.]]), array([0, 4]))
    """
    offsets = np.asarray(offsets, dtype=np.int64)
    for axis in (0, 1):
        for sign, bound in ((1.0, low[axis]), (-1.0, high[axis])):
            depth = sign * (points[:, axis] - bound)
            following = successors(offsets)
            beyond = depth[following]
            # What only touches the side from outside would be left as a point or a segment.
            inner = np.repeat(reduce(np.maximum, depth, offsets, 0.0) > 0, np.diff(offsets))
            kept = (depth >= 0) & inner
            crossed = np.flatnonzero((depth > 0) & (beyond < 0) | (depth < 0) & (beyond > 0))
            counts = kept.astype(np.int64)
            counts[crossed] += 1
            place = lengths_to_offsets(counts)
            clipped = np.empty((place[-1], 2))
            clipped[place[:-1][kept]] = points[kept]
            start, stop = points[crossed], points[following[crossed]]
            u, v = depth[crossed], beyond[crossed]
            added = start + (u / (u - v))[:, None] * (stop - start)
            added[:, axis] = bound
            clipped[place[crossed] + kept[crossed]] = added
            points, offsets = clipped, place[offsets]
    return points, offsets
