r"""Log-sum-exp and soft(arg)max, stable over the whole range of floating-point numbers.

This is the room behind chapter 3 of the book.
All functions reduce one or several axes of an array of scores and take the inverse temperature
:math:`\lambda` as a number or as an array, one value for each vector of scores.

They compute in float64 (in long double where an argument has that format) and round once, at the
end, so float16 and float32 results are as good as their formats allow.
The exponents :math:`\lambda (z_k - \max z)` are formed with their rounding errors, which enter
as corrections; this keeps even the tiniest components of soft(arg)max accurate to a few units in
the last place.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from activations._arguments import unmasked_array

__all__ = [
    "log_softargmax",
    "lse",
    "lse_bounds",
    "lse_error",
    "lse_hessian",
    "lse_reference",
    "onehot_argmax",
    "simplex_grid",
    "softargmax",
    "softargmax_error",
    "softargmax_jacobian",
    "softargmax_reference",
]

FloatArray: TypeAlias = NDArray[np.floating[Any]]
FloatDType: TypeAlias = np.dtype[np.floating[Any]]
Axis: TypeAlias = int | tuple[int, ...] | None

# The exponential of anything below is 0 in every floating-point format of NumPy.
_LOWEST_EXPONENT = -(2.0**15)
# Numbers to work on at a time.
_BLOCK = 2**14


class _Rows(NamedTuple):
    """All vectors of scores as the rows of a matrix, and what undoes that."""

    z: FloatArray  # (N, K), in working precision
    lam: FloatArray  # (N, 1)
    shape: tuple[int, ...]  # of the result of a reduction, N entries in all
    kept: tuple[int, ...]  # lengths of the reduced axes, K entries in all
    axes: tuple[int, ...]  # their places, counted from the end
    dtype: FloatDType  # of the result

    def reduced(self, values: FloatArray) -> FloatArray:
        """Give a column its final shape and dtype; 0-d results become scalars."""
        result: FloatArray = values.reshape(self.shape).astype(self.dtype, copy=False)[()]
        return result

    def restored(self, values: FloatArray) -> FloatArray:
        """Put the columns of a matrix back in the place of the axes that were reduced."""
        whole = values.astype(self.dtype, copy=False).reshape(self.shape + self.kept)
        return np.moveaxis(whole, tuple(range(-len(self.kept), 0)), self.axes)


def _real(name: str, value: ArrayLike, kinds: str) -> FloatArray:
    array = unmasked_array(name, value)
    if array.dtype.kind not in kinds:
        raise TypeError(f"{name} must hold real numbers, got dtype {array.dtype}")
    dtype = np.float64 if array.dtype.kind in "biu" else array.dtype.newbyteorder("=")
    return array.astype(dtype, copy=False)


def _rows(z: ArrayLike, lam: ArrayLike, axis: Axis) -> _Rows:
    """Check the arguments of a public function and bring the scores into rows."""
    scores = _real("z", z, "biuf")
    # A Python number adapts to the dtype of z, as it does in NumPy's own arithmetic.
    weak = isinstance(lam, int | float) and not isinstance(lam, bool | np.generic)
    try:
        strengths = _real("lam", float(lam) if weak else lam, "iuf")  # type: ignore[arg-type]
    except OverflowError:
        raise ValueError("lam must not exceed the largest float, got a larger integer") from None
    positive = strengths > 0
    if not positive.all():
        raise ValueError(f"lam must be > 0, got {strengths[~positive][0]}")
    places = axis if isinstance(axis, tuple) else () if axis is None else (axis,)
    if not all(hasattr(place, "__index__") for place in places):
        raise TypeError(f"axis must be an integer, a tuple of integers or None, got {axis!r}")
    every = tuple(range(scores.ndim)) if axis is None else axis
    normal = np.lib.array_utils.normalize_axis_tuple(every, scores.ndim, "axis")
    axes = tuple(sorted(a - scores.ndim for a in normal))
    kept = tuple(scores.shape[a] for a in axes)
    if 0 in kept:
        raise ValueError(
            f"z must have at least one entry along axis {axis}, got shape {scores.shape}"
        )
    others = tuple(scores.shape[a] for a in range(-scores.ndim, 0) if a not in axes)
    try:
        shape = np.broadcast_shapes(others, strengths.shape)
    except ValueError:
        raise ValueError(
            f"lam must broadcast against z with the reduced axis removed, shape {others}, "
            f"got shape {strengths.shape}"
        ) from None
    dtype = scores.dtype if weak else np.result_type(scores, strengths)
    working = np.result_type(dtype, np.float64)
    length = math.prod(kept)
    moved = np.moveaxis(scores, axes, tuple(range(-len(axes), 0)))
    vectors = np.ascontiguousarray(moved, dtype=working).reshape((*others, length))
    return _Rows(
        np.broadcast_to(vectors, (*shape, length)).reshape(-1, length),
        np.broadcast_to(strengths.astype(working), shape).reshape(-1, 1),
        shape,
        kept,
        axes,
        dtype,
    )


class _Terms(NamedTuple):
    """What is left of every score when its row is shifted by its maximum."""

    top: NDArray[np.intp]  # (N, 1), where the maximum stands
    maximum: FloatArray  # (N, 1)
    exponents: FloatArray  # (N, K), lam (z - maximum)
    exponentials: FloatArray  # (N, K), each accurate to about one unit in the last place

    def rest(self) -> FloatArray:
        """Return the sum of all exponentials but the largest, which is 1, and drop that one."""
        np.put_along_axis(self.exponentials, self.top, 0, axis=-1)
        rest: FloatArray = self.exponentials.sum(axis=-1, keepdims=True)
        return rest


def _terms(rows: _Rows, *, with_exponents: bool = False) -> _Terms:
    z, lam = rows.z, rows.lam
    top = np.argmax(z, axis=-1, keepdims=True)
    maximum = np.take_along_axis(z, top, axis=-1)
    exponentials = np.empty_like(z)
    exponents = np.empty_like(z) if with_exponents else exponentials
    # Blocks that fit into the cache: half the time for large arrays, and little memory on top.
    width = min(z.shape[1], _BLOCK)
    height = _BLOCK // width
    for i in range(0, z.shape[0], height):
        r = slice(i, i + height)
        for j in range(0, z.shape[1], width):
            c = slice(j, j + width)
            factor, gap, tail = _gaps(z[r, c], maximum[r], lam[r])
            if with_exponents:
                np.multiply(factor, gap, out=exponents[r, c])
            exponentials[r, c] = _exponential(factor, gap, tail)
    return _Terms(top, maximum, exponents, exponentials)


def _two_sum(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return a + b rounded, and what the rounding left out (Knuth)."""
    s = a + b
    back = s - a
    return s, (a - (s - back)) + (b - back)


def _gaps(
    z: FloatArray, maximum: FloatArray, lam: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return factor, gap and tail such that lam (z - maximum) is factor * (gap + tail).

    The factor is lam divided by a power of 2 and lies in [1, 2).  The tail is what the rounding
    of the gap left out, and 0 where the exponential vanishes.
    """
    mantissa, exponent = np.frexp(lam)
    factor, scale = 2 * mantissa, np.ldexp(np.ones_like(lam), exponent - 1)
    limit = np.isinf(lam)
    some_limit = bool(limit.any())
    if some_limit:
        factor, scale = np.where(limit, 1, factor), np.where(limit, np.inf, scale)
    difference, rest = _two_sum(z, -maximum)
    gap, tail = difference * scale, rest * scale
    if not np.isfinite(difference).all():
        # Scores further apart than the largest float: their halves are not, and lam may be tiny.
        lost = np.isinf(difference) & np.isfinite(z) & np.isfinite(maximum)
        half, rest = _two_sum(z / 2, -maximum / 2)
        gap = np.where(lost, 2 * (half * scale), gap)
        tail = np.where(lost, 2 * (rest * scale), tail)
    if some_limit:
        gap = np.where(limit & (difference == 0), 0, gap)
    vanishing = (gap < _LOWEST_EXPONENT) | limit
    if vanishing.any():
        tail = np.where(vanishing, 0, tail)
    return factor, gap, tail


def _exponential(factor: FloatArray, gap: FloatArray, tail: FloatArray) -> FloatArray:
    """Return exp(factor * (gap + tail)) with one rounding more than that of exp."""
    if (factor == 1).all():
        exponent, correction = gap, tail
    else:
        gap = np.maximum(gap, _LOWEST_EXPONENT)
        exponent = factor * gap
        # Dekker's product: halves of the mantissas multiply without rounding.
        split = 2.0 ** ((np.finfo(gap.dtype).nmant + 2) // 2) + 1
        f_high = factor * split - (factor * split - factor)
        f_low = factor - f_high
        g_high = gap * split
        g_high = g_high - (g_high - gap)
        g_low = gap - g_high
        correction = ((f_high * g_high - exponent) + f_high * g_low + f_low * g_high) + (
            f_low * g_low + factor * tail
        )
    e: FloatArray = np.exp(exponent)
    e += e * correction
    return e


def _raised(maximum: FloatArray, log: FloatArray, lam: FloatArray) -> FloatArray:
    """Return maximum + log / lam, or the maximum itself where that is not finite."""
    above = log / lam
    result = maximum + above
    overflow = np.isinf(above)
    if overflow.any():
        # A very negative maximum may bring the sum back into range.
        result = np.where(overflow, 2 * (maximum / 2 + log / 2 / lam), result)
    return np.where(np.isfinite(maximum), result, maximum)


def _limit(rows: _Rows, maximum: FloatArray) -> FloatArray:
    """Return the limits of soft(arg)max where the maximum is infinite or NaN."""
    same = rows.z == maximum
    alone = np.count_nonzero(same, axis=-1, keepdims=True) == 1
    limits = np.where(same, np.where(alone, 1.0, np.nan), 0.0)
    return np.where(np.isnan(maximum), np.nan, limits)


@contextmanager
def _quiet() -> Iterator[None]:
    # Overflow to infinity and underflow to 0 are the right results here, and NaN says itself.
    with np.errstate(all="ignore"):
        yield


def lse(z: ArrayLike, lam: ArrayLike = 1.0, axis: Axis = -1) -> FloatArray:
    r"""Evaluate log-sum-exp, the smooth maximum.

    Parameters
    ----------
    z : array_like of real numbers
        Scores, of any shape.
    lam : array_like of positive numbers, default: 1.0
        The inverse temperature :math:`\lambda > 0`.
        An array broadcasts against `z` with the reduced axis removed: for `z` of shape
        (n, K) and ``axis=-1``, an array of shape (n,) holds one value for each row.
        Infinity gives the limit, the maximum.
    axis : int, tuple of int or None, default: -1
        The axis or axes along which to sum; None means all of them.

    Returns
    -------
    numpy.ndarray or NumPy scalar
        :math:`\operatorname{lse}(\mathbf{z}; \lambda)`, of the shape of `z` without the reduced
        axis, broadcast against that of `lam`.
        The dtype is that of `z` (float64 for integers and booleans) if `lam` is a Python number,
        else what NumPy's promotion gives for `z` and `lam`.

    Raises
    ------
    TypeError
        If `z` or `lam` is not real or has masked entries.
    ValueError
        If `lam` is not positive or is NaN, if `lam` does not broadcast, if `z` has no such axis,
        or none of its entries along it.

    See Also
    --------
    lse_bounds : The maximum below it and a bound above.
    softargmax : The gradient.

    Notes
    -----
    With :math:`m = \max_k z_k = z_t` for one index :math:`t`,

    .. math:: \operatorname{lse}(\mathbf{z}; \lambda)
              = \frac{1}{\lambda} \log \sum_{k=1}^{K} \mathrm{e}^{\lambda z_k}
              = m + \frac{1}{\lambda}
              \operatorname{log1p} \sum_{k \ne t} \mathrm{e}^{\lambda (z_k - m)}.

    No term exceeds 1, so nothing overflows on the way; the result is infinite only where
    the true value is out of range.  The splitting-off of the maximum is analysed in [1]_.

    Infinite scores give the limits: a component :math:`-\infty` drops out, one of
    :math:`+\infty` makes the result :math:`+\infty`, and if all are :math:`-\infty` so is the
    result.  A NaN among the scores gives NaN.

    References
    ----------
    .. [1] P. Blanchard, D. J. Higham and N. J. Higham, "Accurately computing the log-sum-exp
       and softmax functions", IMA Journal of Numerical Analysis 41 (2021) 2311-2330.

    Examples
    --------
    >>> round(float(lse([1000.0, 1000.0])), 6)
    1000.693147
    >>> lse([[0.0, 0.0], [3.0, -np.inf]], lam=[1.0, 2.0])
    array([0.69314718, 3.        ])
    """
    with _quiet():
        rows = _rows(z, lam, axis)
        terms = _terms(rows)
        return rows.reduced(_raised(terms.maximum, np.log1p(terms.rest()), rows.lam))


def softargmax(z: ArrayLike, lam: ArrayLike = 1.0, axis: Axis = -1) -> FloatArray:
    r"""Evaluate soft(arg)max, in most of the literature "softmax".

    Parameters
    ----------
    z : array_like of real numbers
        Scores, of any shape.
    lam : array_like of positive numbers, default: 1.0
        The inverse temperature :math:`\lambda > 0`; arrays broadcast as in `lse`.
        Infinity gives the limit, the uniform distribution over the maximisers.
    axis : int, tuple of int or None, default: -1
        The axis or axes along which the components sum to 1; None means all of them.

    Returns
    -------
    numpy.ndarray
        Probabilities, of the shape of `z`, broadcast against `lam` on the axes that are not
        reduced; the dtype follows the rule of `lse`.

    Raises
    ------
    TypeError
        If `z` or `lam` is not real or has masked entries.
    ValueError
        If `lam` is not positive or is NaN, if `lam` does not broadcast, if `z` has no such axis,
        or none of its entries along it.

    See Also
    --------
    log_softargmax : Its logarithm, also where the component itself underflows.
    onehot_argmax : The hard version.
    softargmax_jacobian : The derivative.

    Notes
    -----
    .. math:: p_k = \frac{\mathrm{e}^{\lambda z_k}}{\sum_{j=1}^{K} \mathrm{e}^{\lambda z_j}}

    is evaluated with all scores shifted by their maximum, which changes nothing.

    Infinite scores give the limits where these exist.  A component :math:`-\infty` gives 0
    if another one is larger; a single :math:`+\infty` gives a one-hot vector.  Where several
    components share a maximum of :math:`+\infty`, or all of :math:`-\infty`, the result depends
    on how they get there: these components are NaN and the others 0.  A NaN among the scores
    makes all components NaN.

    Examples
    --------
    >>> softargmax([0.0, np.log(3.0)])
    array([0.25, 0.75])
    >>> softargmax([0.0, 1.0, 1.0], lam=1e6)
    array([0. , 0.5, 0.5])
    >>> softargmax([[0.0, 1.0], [0.0, 1.0]], lam=[1.0, np.inf]).round(3)
    array([[0.269, 0.731],
           [0.   , 1.   ]])
    """
    with _quiet():
        rows = _rows(z, lam, axis)
        return rows.restored(_probabilities(rows))


def _probabilities(rows: _Rows) -> FloatArray:
    terms = _terms(rows)
    p = terms.exponentials
    p /= p.sum(axis=-1, keepdims=True)
    infinite = ~np.isfinite(terms.maximum)
    return np.where(infinite, _limit(rows, terms.maximum), p) if infinite.any() else p


def log_softargmax(z: ArrayLike, lam: ArrayLike = 1.0, axis: Axis = -1) -> FloatArray:
    r"""Evaluate the logarithm of soft(arg)max.

    Parameters
    ----------
    z : array_like of real numbers
        Scores, of any shape.
    lam : array_like of positive numbers, default: 1.0
        The inverse temperature :math:`\lambda > 0`; arrays broadcast as in `lse`.
    axis : int, tuple of int or None, default: -1
        The axis or axes along which the probabilities sum to 1; None means all of them.

    Returns
    -------
    numpy.ndarray
        :math:`\log p_k = \lambda (z_k - \operatorname{lse}(\mathbf{z}; \lambda)) \le 0`, of the
        shape and dtype that `softargmax` has.

    Raises
    ------
    TypeError
        If `z` or `lam` is not real or has masked entries.
    ValueError
        If `lam` is not positive or is NaN, if `lam` does not broadcast, if `z` has no such axis,
        or none of its entries along it.

    See Also
    --------
    softargmax : The probabilities themselves.

    Notes
    -----
    The logarithm is the sum of :math:`\lambda (z_k - m)` and of minus a logarithm of something
    that is at least 1.  Neither is positive, so nothing cancels, also where :math:`p_k` is too
    small for a float or too close to 1.  Where `softargmax` is NaN for infinite scores, so is
    this.

    Examples
    --------
    >>> log_softargmax([0.0, -2000.0])
    array([    0., -2000.])
    """
    with _quiet():
        rows = _rows(z, lam, axis)
        terms = _terms(rows, with_exponents=True)
        result = terms.exponents - np.log1p(terms.rest())
        infinite = ~np.isfinite(terms.maximum)
        if infinite.any():
            result = np.where(infinite, np.log(_limit(rows, terms.maximum)), result)
        return rows.restored(result)


def onehot_argmax(z: ArrayLike, axis: Axis = -1) -> FloatArray:
    r"""Mark the last maximiser by 1 and all other places by 0.

    Parameters
    ----------
    z : array_like of real numbers
        Scores, of any shape.
    axis : int, tuple of int or None, default: -1
        The axis or axes along which to look for the maximum; None means all of them.

    Returns
    -------
    numpy.ndarray
        Zeros and ones, of the shape of `z` and with its dtype (float64 for integers and
        booleans), NaN along an axis that holds a NaN.

    Raises
    ------
    TypeError
        If `z` is not real or has masked entries.
    ValueError
        If `z` has no such axis, or none of its entries along it.

    See Also
    --------
    softargmax : The soft version, which shares the 1 equally among several maximisers.

    Notes
    -----
    Of several maximisers the last one counts, so that for two components a tie gives (0, 1).
    Over several axes "last" is meant in the order in which their indices count up, the later
    axis faster.

    Examples
    --------
    >>> onehot_argmax([[2.0, 1.0], [1.0, 1.0]])
    array([[1., 0.],
           [0., 1.]])
    """
    rows = _rows(z, 1.0, axis)
    last = rows.z.shape[1] - 1 - np.argmax(rows.z[:, ::-1], axis=-1, keepdims=True)
    marked = np.zeros_like(rows.z)
    np.put_along_axis(marked, last, 1.0, axis=-1)
    marked[np.isnan(rows.z).any(axis=-1)] = np.nan
    return rows.restored(marked)


def softargmax_jacobian(z: ArrayLike, lam: ArrayLike = 1.0, axis: int = -1) -> FloatArray:
    r"""Evaluate the matrix of partial derivatives of soft(arg)max.

    Parameters
    ----------
    z : array_like of real numbers
        Scores, of any shape.
    lam : array_like of positive finite numbers, default: 1.0
        The inverse temperature :math:`\lambda > 0`; arrays broadcast as in `lse`.
    axis : int, default: -1
        The axis that holds the K components.

    Returns
    -------
    numpy.ndarray
        Symmetric matrices
        :math:`J_{ij} = \partial p_i / \partial z_j = \lambda (p_i \delta_{ij} - p_i p_j)` on the
        last two axes, shape (..., K, K); the axes before them are those of ``lse(z, lam, axis)``,
        and so is the dtype.

    Raises
    ------
    TypeError
        If `z` or `lam` is not real or has masked entries, or `axis` is not an integer.
    ValueError
        If `lam` is not positive, is infinite or NaN, if `lam` does not broadcast, if `z` has no
        such axis, or none of its entries along it.

    See Also
    --------
    lse_hessian : The same matrix under its other name.

    Notes
    -----
    Rows and columns sum to 0.  The diagonal is computed as minus the sum of the rest of its row,
    :math:`\lambda p_i \sum_{j \ne i} p_j`, which does not cancel as :math:`1 - p_i` would.
    An infinite :math:`\lambda` is refused: at a tie the entries have no finite limit.

    Examples
    --------
    >>> softargmax_jacobian([0.0, 0.0], lam=2.0)
    array([[ 0.5, -0.5],
           [-0.5,  0.5]])
    """
    if not hasattr(axis, "__index__"):
        raise TypeError(f"axis must be an integer, got {axis!r}")
    with _quiet():
        rows = _rows(z, lam, axis)
        if np.isinf(rows.lam).any():
            raise ValueError("lam must be finite, got inf")
        p = _probabilities(rows)
        larger = np.maximum(p[:, :, None], p[:, None, :])
        smaller = np.minimum(p[:, :, None], p[:, None, :])
        # With the larger factor first, neither a huge nor a tiny lam loses digits on the way.
        products = rows.lam[..., None] * larger * smaller
        diagonal = np.einsum("nii->ni", products)
        diagonal[...] = np.where(np.isnan(p), np.nan, 0.0)
        sums = products.sum(axis=-1)
        # Not -products, which would turn 0 into -0.0.
        result = 0.0 - products
        np.einsum("nii->ni", result)[...] = sums
        K = p.shape[1]
        return result.astype(rows.dtype, copy=False).reshape((*rows.shape, K, K))


def lse_hessian(z: ArrayLike, lam: ArrayLike = 1.0, axis: int = -1) -> FloatArray:
    r"""Evaluate the matrix of second derivatives of log-sum-exp.

    Parameters
    ----------
    z : array_like of real numbers
        Scores, of any shape.
    lam : array_like of positive finite numbers, default: 1.0
        The inverse temperature :math:`\lambda > 0`; arrays broadcast as in `lse`.
    axis : int, default: -1
        The axis that holds the K components.

    Returns
    -------
    numpy.ndarray
        :math:`\lambda (\operatorname{diag} \mathbf{p} - \mathbf{p} \mathbf{p}^\top)` on the last
        two axes, shape (..., K, K), with the dtype of ``lse(z, lam, axis)``.

    Raises
    ------
    TypeError
        If `z` or `lam` is not real or has masked entries, or `axis` is not an integer.
    ValueError
        If `lam` is not positive, is infinite or NaN, if `lam` does not broadcast, if `z` has no
        such axis, or none of its entries along it.

    See Also
    --------
    softargmax_jacobian : The same matrix, since the gradient of lse is soft(arg)max.

    Examples
    --------
    >>> import numpy as np
    >>> float(np.linalg.eigvalsh(lse_hessian([1.0, 2.0, 3.0])).min()) > -1e-15
    True
    """
    return softargmax_jacobian(z, lam, axis)


def lse_bounds(
    z: ArrayLike, lam: ArrayLike = 1.0, axis: Axis = -1
) -> tuple[FloatArray, FloatArray]:
    r"""Bound log-sum-exp from both sides.

    Parameters
    ----------
    z : array_like of real numbers
        Scores, of any shape.
    lam : array_like of positive numbers, default: 1.0
        The inverse temperature :math:`\lambda > 0`; arrays broadcast as in `lse`.
    axis : int, tuple of int or None, default: -1
        The axis or axes that are reduced; None means all of them.

    Returns
    -------
    lower, upper : numpy.ndarray or NumPy scalar
        :math:`\max_k z_k` and :math:`\max_k z_k + \log(K) / \lambda`, both of the shape and
        dtype of ``lse(z, lam, axis)``.

    Raises
    ------
    TypeError
        If `z` or `lam` is not real or has masked entries.
    ValueError
        If `lam` is not positive or is NaN, if `lam` does not broadcast, if `z` has no such axis,
        or none of its entries along it.

    See Also
    --------
    lse : The function between these bounds.

    Examples
    --------
    >>> lower, upper = lse_bounds([1.0, 3.0, 3.0], lam=2.0)
    >>> float(lower), round(float(upper), 6)
    (3.0, 3.549306)
    """
    with _quiet():
        rows = _rows(z, lam, axis)
        maximum = rows.z.max(axis=-1, keepdims=True)
        log = np.log1p(np.full_like(maximum, rows.z.shape[1] - 1))
        return rows.reduced(maximum), rows.reduced(_raised(maximum, log, rows.lam))


def simplex_grid(n: int) -> NDArray[np.float64]:
    r"""Return a regular grid of probability vectors with three components.

    Parameters
    ----------
    n : int
        The number of steps along an edge of the triangle, at least 1.

    Returns
    -------
    numpy.ndarray of float64, shape ((n + 1) (n + 2) / 2, 3)
        All :math:`(i, j, k) / n` with non-negative integers :math:`i + j + k = n`.

    Raises
    ------
    TypeError
        If `n` is not an integer.
    ValueError
        If `n` is less than 1.

    Examples
    --------
    >>> simplex_grid(2)
    array([[1. , 0. , 0. ],
           [0.5, 0.5, 0. ],
           [0.5, 0. , 0.5],
           [0. , 1. , 0. ],
           [0. , 0.5, 0.5],
           [0. , 0. , 1. ]])
    """
    if not hasattr(n, "__index__"):
        raise TypeError(f"n must be an integer, got {n!r}")
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    whole = [(i, j, n - i - j) for i in range(n, -1, -1) for j in range(n - i, -1, -1)]
    return np.array(whole) / n


def _finite_rows(z: ArrayLike, lam: ArrayLike) -> _Rows:
    rows = _rows(z, lam, -1)
    if np.finfo(rows.z.dtype).nmant > 52:
        raise TypeError("z and lam must not exceed the precision of float64")
    if not np.isfinite(rows.z).all() or not np.isfinite(rows.lam).all():
        raise ValueError("z and lam must be finite to be compared with a reference")
    return rows


def _digits(digits: int) -> int:
    if not hasattr(digits, "__index__"):
        raise TypeError(f"digits must be an integer, got {digits!r}")
    if digits < 20:
        raise ValueError(f"digits must be at least 20, got {digits}")
    return int(digits)


def _reference(scores: list[float], lam: float, digits: int) -> tuple[Any, list[Any]]:
    """Return lse and soft(arg)max of one row as mpmath numbers."""
    import mpmath  # needed for references only

    with mpmath.workdps(digits):
        largest = max(scores)
        top = scores.index(largest)
        strength = mpmath.mpf(lam)
        # 660 digits hold any difference of two floats and its product with a third exactly
        # enough; what follows needs no more than `digits`.
        with mpmath.workdps(digits + 660):
            exponents = [strength * (mpmath.mpf(score) - largest) for score in scores]
        terms = [mpmath.exp(x) for x in exponents]
        rest = mpmath.fsum(term for k, term in enumerate(terms) if k != top)
        log = mpmath.log1p(rest)
        with mpmath.workdps(digits + 660):
            value = largest + log / strength
        return value, [term / (1 + rest) for term in terms]


def lse_reference(z: ArrayLike, lam: ArrayLike = 1.0, *, digits: int = 50) -> NDArray[np.object_]:
    r"""Evaluate log-sum-exp in high precision, along the last axis.

    Parameters
    ----------
    z : array_like of real numbers
        Finite scores, shape (..., K), each taken as the exact number that it stores.
    lam : array_like of positive numbers, default: 1.0
        The inverse temperature :math:`\lambda > 0`, finite; arrays broadcast as in `lse`.
    digits : int, default: 50
        Decimal digits of the exponentials and of the logarithm, at least 20.

    Returns
    -------
    numpy.ndarray of objects
        Numbers of the type ``mpmath.mpf``, of the shape of ``lse(z, lam)``.

    Raises
    ------
    TypeError
        If `z` or `lam` is not real or more precise than float64, or `digits` is no integer.
    ValueError
        If `lam` is not positive, anything is infinite or NaN, the last axis is empty, or
        `digits` is below 20.

    See Also
    --------
    lse_error : The distance of computed values from this reference.

    Notes
    -----
    The maximum and the logarithm are added with many more digits, so that the result has
    about `digits` correct ones after the part that cancels as well.  Needs the package mpmath.

    Examples
    --------
    >>> import mpmath
    >>> mpmath.nstr(lse_reference([0.0, 0.0]).item(), 30)
    '0.693147180559945309417232121458'
    """
    digits = _digits(digits)
    rows = _finite_rows(z, lam)
    result = np.empty(rows.shape, dtype=object)
    for k, (scores, strength) in enumerate(zip(rows.z.tolist(), rows.lam.flat, strict=True)):
        result.flat[k] = _reference(scores, float(strength), digits)[0]
    return result


def softargmax_reference(
    z: ArrayLike, lam: ArrayLike = 1.0, *, digits: int = 50
) -> NDArray[np.object_]:
    r"""Evaluate soft(arg)max in high precision, along the last axis.

    Parameters
    ----------
    z : array_like of real numbers
        Finite scores, shape (..., K), each taken as the exact number that it stores.
    lam : array_like of positive numbers, default: 1.0
        The inverse temperature :math:`\lambda > 0`, finite; arrays broadcast as in `lse`.
    digits : int, default: 50
        Decimal digits of the reference, at least 20.

    Returns
    -------
    numpy.ndarray of objects
        Numbers of the type ``mpmath.mpf``, of the shape of ``softargmax(z, lam)``.

    Raises
    ------
    TypeError
        If `z` or `lam` is not real or more precise than float64, or `digits` is no integer.
    ValueError
        If `lam` is not positive, anything is infinite or NaN, the last axis is empty, or
        `digits` is below 20.

    See Also
    --------
    softargmax_error : The distance of computed values from this reference.

    Examples
    --------
    >>> print(softargmax_reference([0.0, 0.0], digits=25)[0])
    0.5
    """
    digits = _digits(digits)
    rows = _finite_rows(z, lam)
    result = np.empty(rows.z.shape, dtype=object)
    for k, (scores, strength) in enumerate(zip(rows.z.tolist(), rows.lam.flat, strict=True)):
        result[k] = _reference(scores, float(strength), digits)[1]
    return result.reshape((*rows.shape, rows.z.shape[1]))


def lse_error(
    values: ArrayLike, z: ArrayLike, lam: ArrayLike = 1.0, *, unit: str = "scale", digits: int = 50
) -> NDArray[np.float64]:
    r"""Measure the error of computed values of log-sum-exp in units in the last place.

    Parameters
    ----------
    values : array_like of float16, float32 or float64
        What some method computed for ``lse(z, lam)``, in that shape.
    z : array_like of real numbers
        Finite scores, shape (..., K).
    lam : array_like of positive numbers, default: 1.0
        The inverse temperature :math:`\lambda > 0`, finite; arrays broadcast as in `lse`.
    unit : {"scale", "value"}, default: "scale"
        The number whose unit in the last place is the unit of the error:
        :math:`\max(|\operatorname{lse}|, \max_k |z_k|)`, or the value of lse itself.
    digits : int, default: 50
        Decimal digits of the reference, at least 20.

    Returns
    -------
    numpy.ndarray of float64, or NumPy scalar
        The errors, in the shape of `values`; infinity where a value is not finite but the true
        one is.

    Raises
    ------
    TypeError
        If `values`, `z` or `lam` is not real or more precise than float64.
    ValueError
        If `values` does not have the shape of ``lse(z, lam)``, `unit` is neither of the two, or
        `z` or `lam` is refused by `lse_reference`.

    See Also
    --------
    lse_reference : What the values are compared with.
    softargmax_error : The same for soft(arg)max.

    Examples
    --------
    >>> z = [[1.0, 2.0, 3.0], [0.0, -40.0, 7.5]]
    >>> bool(lse_error(lse(z), z).max() < 2)
    True
    """
    if unit not in ("scale", "value"):
        raise ValueError(f'unit must be "scale" or "value", got {unit!r}')
    computed = _comparable(values)
    reference = lse_reference(z, lam, digits=digits)
    if computed.shape != reference.shape:
        raise ValueError(f"values must have shape {reference.shape}, got {computed.shape}")
    largest = np.abs(_rows(z, lam, -1).z).max(axis=-1).reshape(computed.shape)
    errors = np.empty(computed.shape)
    for index, exact in np.ndenumerate(reference):
        size = abs(exact) if unit == "value" else max(abs(exact), float(largest[index]))
        errors[index] = _in_ulp(computed[index], exact, size, computed.dtype)
    result: NDArray[np.float64] = errors[()]
    return result


def softargmax_error(
    values: ArrayLike, z: ArrayLike, lam: ArrayLike = 1.0, *, digits: int = 50
) -> NDArray[np.float64]:
    r"""Measure the error of computed values of soft(arg)max in units in the last place.

    Parameters
    ----------
    values : array_like of float16, float32 or float64
        What some method computed for ``softargmax(z, lam)``, in that shape.
    z : array_like of real numbers
        Finite scores, shape (..., K).
    lam : array_like of positive numbers, default: 1.0
        The inverse temperature :math:`\lambda > 0`, finite; arrays broadcast as in `lse`.
    digits : int, default: 50
        Decimal digits of the reference, at least 20.

    Returns
    -------
    numpy.ndarray of float64, or NumPy scalar
        The error of each component, in ulp of that component; below the smallest normal number
        in units of the smallest positive one.

    Raises
    ------
    TypeError
        If `values`, `z` or `lam` is not real or more precise than float64.
    ValueError
        If `values` does not have the shape of ``softargmax(z, lam)``, or `z` or `lam` is refused
        by `softargmax_reference`.

    See Also
    --------
    softargmax_reference : What the values are compared with.
    lse_error : The same for log-sum-exp.

    Examples
    --------
    >>> z = [0.1, -700.3, 12.0]
    >>> bool(softargmax_error(softargmax(z), z).max() < 4)
    True
    """
    computed = _comparable(values)
    reference = softargmax_reference(z, lam, digits=digits)
    if computed.shape != reference.shape:
        raise ValueError(f"values must have shape {reference.shape}, got {computed.shape}")
    errors = np.empty(computed.shape)
    for index, exact in np.ndenumerate(reference):
        errors[index] = _in_ulp(computed[index], exact, exact, computed.dtype)
    return errors


def _comparable(values: ArrayLike) -> FloatArray:
    computed = _real("values", values, "f")
    if np.finfo(computed.dtype).nmant > 52:
        raise TypeError(f"values must not exceed the precision of float64, got {computed.dtype}")
    return computed


def _in_ulp(computed: Any, exact: Any, size: Any, dtype: FloatDType) -> float:
    """Return |computed - exact| in units in the last place of `size` in the given format."""
    import mpmath

    form = np.finfo(dtype)
    exponent = max(int(mpmath.frexp(size)[1]) - 1, int(form.minexp)) if size else int(form.minexp)
    with mpmath.workdps(800):
        difference = abs(mpmath.mpf(float(computed)) - exact)
        return float(mpmath.ldexp(difference, int(form.nmant) - exponent))
