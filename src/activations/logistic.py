"""The logistic sigmoid, its relatives, and separating lines for labelled points.

This is the room behind chapter 1 of the book.
The first half evaluates the sigmoid and its relatives without overflow and without cancellation,
and measures what is left of the error against a reference in high precision.
The second half treats the lines that separate two classes of points: the cone of all of them,
the one with the largest margin, and the logistic loss, which on separable points has no minimum.
"""

import decimal
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from activations._arguments import unmasked_array

__all__ = [
    "SHEET_LABELS",
    "SHEET_POINTS",
    "MaxMarginLine",
    "cone_rays",
    "formula_errors",
    "is_separating",
    "log_sigmoid",
    "logistic_loss",
    "margin",
    "max_margin_line",
    "naive_overflow_point",
    "reference_values",
    "separation_constraints",
    "sigmoid",
    "sigmoid_derivative",
    "sigmoid_naive",
    "softplus",
    "tanh_from_sigmoid",
    "ulp_error",
    "worst_ulp_errors",
]

FloatArray: TypeAlias = NDArray[np.floating[Any]]
ExactPoint: TypeAlias = tuple[Fraction, ...]

#: The four points of exercise 1(c): the first two are of class 1, the others of class 2.
SHEET_POINTS: Final = ((1, 1), (2, 2), (1, 2), (2, 3))
#: Their labels: +1 for class 1, -1 for class 2.
SHEET_LABELS: Final = (1, 1, -1, -1)


# --- The sigmoid and its relatives ------------------------------------------------------------


def _floating(x: ArrayLike) -> FloatArray:
    """Return `x` as an array of native floats; integers become float64."""
    array = unmasked_array("x", x)
    if array.dtype.kind in "biu":
        return array.astype(np.float64)
    if array.dtype.kind == "f":
        return array.astype(array.dtype.newbyteorder("="), copy=False)
    raise TypeError(f"x must hold real numbers (integers or floats), got dtype {array.dtype}")


def _working(x: ArrayLike) -> tuple[FloatArray, np.dtype[np.floating[Any]]]:
    """Return `x` in the precision to compute in, and the dtype of the result."""
    array = _floating(x)
    if array.dtype == np.float16:
        # Each step would round to 11 bits; in float32 only the last rounding is left.
        return array.astype(np.float32), array.dtype
    return array, array.dtype


def _finished(values: FloatArray, dtype: np.dtype[np.floating[Any]]) -> FloatArray:
    """Round to the result's dtype; the empty index turns 0-d arrays into scalars."""
    finished: FloatArray = values.astype(dtype, copy=False)[()]
    return finished


def sigmoid(x: ArrayLike) -> FloatArray:
    r"""Evaluate the logistic sigmoid.

    Parameters
    ----------
    x : array_like of real numbers
        Arguments, of any shape.

    Returns
    -------
    numpy.ndarray or NumPy scalar
        :math:`\sigma(x)` in [0, 1], in the shape of `x`.
        Floats keep their dtype, integers and booleans give float64.
        Infinities give the limits 0 and 1, NaN stays NaN.

    Raises
    ------
    TypeError
        If `x` is complex, not numeric or has masked entries.

    See Also
    --------
    sigmoid_naive : The textbook formula, which overflows.
    log_sigmoid : The logarithm, also where the sigmoid itself underflows.

    Notes
    -----
    With :math:`e = \mathrm{e}^{-|x|} \in [0, 1]`,

    .. math:: \sigma(x) = \frac{1}{1 + e} \quad (x \ge 0), \qquad
              \sigma(x) = \frac{e}{1 + e} \quad (x < 0).

    Nothing overflows and nothing cancels, so the relative error stays at a few units of
    roundoff as long as the result is a normal number.  Section "The sigmoid in floating point"
    of chapter 1 proves the bound.

    Examples
    --------
    >>> float(sigmoid(0))
    0.5
    >>> sigmoid([-800.0, 0.0, 800.0])
    array([0. , 0.5, 1. ])
    """
    t, dtype = _working(x)
    with np.errstate(under="ignore"):
        e = np.exp(-np.abs(t))
        return _finished(np.where(t >= 0, 1.0, e) / (1.0 + e), dtype)


def sigmoid_derivative(x: ArrayLike) -> FloatArray:
    r"""Evaluate the derivative of the logistic sigmoid.

    Parameters
    ----------
    x : array_like of real numbers
        Arguments, of any shape.

    Returns
    -------
    numpy.ndarray or NumPy scalar
        :math:`\sigma'(x)` in [0, 1/4], in the shape of `x`; dtypes as in `sigmoid`.

    Raises
    ------
    TypeError
        If `x` is complex, not numeric or has masked entries.

    See Also
    --------
    sigmoid : The function itself.

    Notes
    -----
    :math:`\sigma' = \sigma (1 - \sigma)`, but the subtraction loses all digits where
    :math:`\sigma` rounds to 1.
    With :math:`e = \mathrm{e}^{-|x|}` the same number is :math:`e / (1 + e)^2`.

    Examples
    --------
    >>> float(sigmoid_derivative(0))
    0.25
    >>> float(sigmoid_derivative(50.0)) == float(sigmoid_derivative(-50.0)) > 0.0
    True
    """
    t, dtype = _working(x)
    with np.errstate(under="ignore"):
        e = np.exp(-np.abs(t))
        # Three roundings may lift the quotient above the bound 1/4, which is a number of its own.
        return _finished(np.minimum(e / ((1.0 + e) * (1.0 + e)), 0.25), dtype)


def softplus(x: ArrayLike) -> FloatArray:
    r"""Evaluate the softplus, the antiderivative of the sigmoid that vanishes at minus infinity.

    Parameters
    ----------
    x : array_like of real numbers
        Arguments, of any shape.

    Returns
    -------
    numpy.ndarray or NumPy scalar
        :math:`\log(1 + \mathrm{e}^x)`, in the shape of `x`; dtypes as in `sigmoid`.
        Infinities give the limits 0 and infinity, NaN stays NaN.

    Raises
    ------
    TypeError
        If `x` is complex, not numeric or has masked entries.

    See Also
    --------
    log_sigmoid : Its mirror image, ``-softplus(-x)``.

    Notes
    -----
    Evaluated as :math:`\max(x, 0) + \log(1 + \mathrm{e}^{-|x|})`, a sum of two terms of the
    same sign.

    Examples
    --------
    >>> float(softplus(0)) == float(np.log(2))
    True
    >>> softplus([-1000.0, 1000.0])
    array([   0., 1000.])
    """
    t, dtype = _working(x)
    with np.errstate(under="ignore"):
        return _finished(np.maximum(t, 0.0) + np.log1p(np.exp(-np.abs(t))), dtype)


def log_sigmoid(x: ArrayLike) -> FloatArray:
    r"""Evaluate the logarithm of the logistic sigmoid.

    Parameters
    ----------
    x : array_like of real numbers
        Arguments, of any shape.

    Returns
    -------
    numpy.ndarray or NumPy scalar
        :math:`\log \sigma(x) \le 0`, in the shape of `x`; dtypes as in `sigmoid`.
        Infinities give the limits minus infinity and 0, NaN stays NaN.

    Raises
    ------
    TypeError
        If `x` is complex, not numeric or has masked entries.

    See Also
    --------
    softplus : ``log_sigmoid(x) == -softplus(-x)``.

    Notes
    -----
    Evaluated as :math:`\min(x, 0) - \log(1 + \mathrm{e}^{-|x|})`.
    It is right where :math:`\sigma(x)` underflows to 0 or rounds to 1.

    Examples
    --------
    >>> float(log_sigmoid(-1000.0))
    -1000.0
    >>> float(log_sigmoid(100.0)) < 0.0
    True
    """
    t, dtype = _working(x)
    with np.errstate(under="ignore"):
        return _finished(np.minimum(t, 0.0) - np.log1p(np.exp(-np.abs(t))), dtype)


def tanh_from_sigmoid(x: ArrayLike) -> FloatArray:
    r"""Evaluate the hyperbolic tangent through the sigmoid.

    Parameters
    ----------
    x : array_like of real numbers
        Arguments, of any shape.

    Returns
    -------
    numpy.ndarray or NumPy scalar
        :math:`\tanh(x) = 2\sigma(2x) - 1`, in the shape of `x`; dtypes as in `sigmoid`.

    Raises
    ------
    TypeError
        If `x` is complex, not numeric or has masked entries.

    See Also
    --------
    sigmoid : The function it is made of.

    Notes
    -----
    Near 0 the two terms of :math:`2\sigma(2x) - 1` cancel.
    Since :math:`2\sigma(t) - 1 = \sigma(t)\,(1 - \mathrm{e}^{-t})`, the product is taken
    instead, for :math:`t = 2|x|`, and the sign is put back: tanh is odd.

    Examples
    --------
    >>> float(tanh_from_sigmoid(1e-20))
    1e-20
    >>> bool(np.isclose(tanh_from_sigmoid(0.5), np.tanh(0.5), rtol=1e-15))
    True
    """
    t, dtype = _working(x)
    with np.errstate(under="ignore", over="ignore"):
        doubled = 2.0 * np.abs(t)
        return _finished(np.copysign(-np.expm1(-doubled) * sigmoid(doubled), t), dtype)


def sigmoid_naive(x: ArrayLike) -> FloatArray:
    r"""Evaluate the textbook formula of the sigmoid, overflow included.

    Parameters
    ----------
    x : array_like of real numbers
        Arguments, of any shape.

    Returns
    -------
    numpy.ndarray or NumPy scalar
        ``1 / (1 + exp(-x))``, in the shape of `x`; dtypes as in `sigmoid`.

    Raises
    ------
    TypeError
        If `x` is complex, not numeric or has masked entries.

    Warns
    -----
    RuntimeWarning
        If ``exp(-x)`` overflows, which it does for `x` up to ``naive_overflow_point``.

    See Also
    --------
    sigmoid : The stable form, for use.
    naive_overflow_point : The largest argument at which this formula overflows.

    Notes
    -----
    A counter-example, not a tool.  Where ``exp(-x)`` overflows the formula returns 0, although
    in float64 the true value remains representable down to about -745.

    Examples
    --------
    >>> float(sigmoid_naive(0.0))
    0.5
    >>> with np.errstate(over="ignore"):
    ...     float(sigmoid_naive(-720.0)), float(sigmoid(-720.0)) > 0.0
    (0.0, True)
    """
    t = _floating(x)
    value: FloatArray = 1.0 / (1.0 + np.exp(-t))
    return value


def naive_overflow_point(dtype: DTypeLike = np.float64) -> float:
    """Find the largest argument at which the textbook formula overflows.

    Parameters
    ----------
    dtype : dtype_like, default: numpy.float64
        The floating-point format: float16, float32 or float64.

    Returns
    -------
    float
        The largest `x` of that format for which ``exp(-x)`` is not finite.

    Raises
    ------
    TypeError
        If `dtype` is not one of the three formats.

    See Also
    --------
    sigmoid_naive : The formula in question.

    Notes
    -----
    The search starts at minus the logarithm of the largest finite number and walks to the
    neighbouring floats until it stands on the last one that overflows.

    Examples
    --------
    >>> round(naive_overflow_point(), 2)
    -709.78
    >>> round(naive_overflow_point(np.float32), 2)
    -88.72
    """
    kind: np.dtype[Any] = np.dtype(dtype).newbyteorder("=")
    if kind not in (np.float16, np.float32, np.float64):
        raise TypeError(f"dtype must be float16, float32 or float64, got {kind}")
    up, down = kind.type(np.inf), kind.type(-np.inf)
    with np.errstate(over="ignore"):
        x = -np.log(np.finfo(kind).max)
        while np.isfinite(np.exp(-x)):
            x = np.nextafter(x, down)
        while not np.isfinite(np.exp(-np.nextafter(x, up))):
            x = np.nextafter(x, up)
    return float(x)


# --- The error, in units in the last place ----------------------------------------------------


def _reference_sigmoid(x: decimal.Decimal) -> decimal.Decimal:
    e = (-abs(x)).exp()
    return (1 if x >= 0 else e) / (1 + e)


def _reference_derivative(x: decimal.Decimal) -> decimal.Decimal:
    e = (-abs(x)).exp()
    return e / (1 + e) ** 2


def _reference_softplus(x: decimal.Decimal) -> decimal.Decimal:
    return max(x, decimal.Decimal(0)) + _log1p((-abs(x)).exp())


def _reference_log_sigmoid(x: decimal.Decimal) -> decimal.Decimal:
    return min(x, decimal.Decimal(0)) - _log1p((-abs(x)).exp())


def _log1p(e: decimal.Decimal) -> decimal.Decimal:
    """Return log(1 + e) for 0 <= e <= 1 to the precision of the current context."""
    context = decimal.getcontext()
    if e < decimal.Decimal(10) ** -(context.prec + 1):
        # e - e**2/2 < log(1 + e) < e: the relative error of e is below e/2.
        return e
    with decimal.localcontext(context) as wide:
        # 1 + e drops at most prec + 1 digits of e.
        wide.prec = 2 * context.prec + 3
        return (1 + e).ln()


_REFERENCES: Final[dict[str, Callable[[decimal.Decimal], decimal.Decimal]]] = {
    "sigmoid": _reference_sigmoid,
    "sigmoid_derivative": _reference_derivative,
    "softplus": _reference_softplus,
    "log_sigmoid": _reference_log_sigmoid,
}


def reference_values(
    x: ArrayLike, function: str = "sigmoid", *, digits: int = 50
) -> NDArray[np.object_]:
    """Evaluate the sigmoid or a relative of it in high precision.

    Parameters
    ----------
    x : array_like of float16, float32, float64 or integers
        Arguments, of any shape; each is taken as the exact number it stores, integers after
        rounding to float64.
    function : str, default: "sigmoid"
        Which one: ``"sigmoid"``, ``"sigmoid_derivative"``, ``"softplus"`` or
        ``"log_sigmoid"``.
    digits : int, default: 50
        Decimal digits to compute with, at least 20.

    Returns
    -------
    numpy.ndarray of decimal.Decimal, or decimal.Decimal
        The values, in the shape of `x`, right to about `digits` decimal digits.

    Raises
    ------
    TypeError
        If `x` is of any other type or `digits` is not an integer.
    ValueError
        If `function` is unknown or `digits` is below 20.

    See Also
    --------
    ulp_error : Compare floating-point results with these values.

    Notes
    -----
    Python's own `decimal` does the work: correctly rounded exponentials and logarithms, and an
    exponent range in which nothing that matters here can overflow.

    Examples
    --------
    >>> reference_values(1.0, digits=20)
    Decimal('0.73105857863000487925')
    """
    if function not in _REFERENCES:
        raise ValueError(f"function must be one of {sorted(_REFERENCES)}, got {function!r}")
    if not isinstance(digits, int | np.integer):
        raise TypeError(f"digits must be an integer, got {digits!r}")
    if digits < 20:
        raise ValueError(f"digits must be at least 20, got {digits}")
    arguments = _standard(_floating(x), "x")
    values = np.empty(arguments.shape, dtype=object)
    context = decimal.Context(
        prec=int(digits),
        Emin=decimal.MIN_EMIN,
        Emax=decimal.MAX_EMAX,
        traps=[decimal.InvalidOperation],
    )
    with decimal.localcontext(context):
        for index, argument in np.ndenumerate(arguments):
            exact = decimal.Decimal(argument.item())
            values[index] = exact if exact.is_nan() else _REFERENCES[function](exact)
    result: NDArray[np.object_] = values[()]
    return result


def _standard(array: NDArray[Any], name: str) -> FloatArray:
    """Return an array of float16, float32 or float64, the formats whose ulp is known here."""
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    if native.dtype not in (np.float16, np.float32, np.float64):
        raise TypeError(f"{name} must be float16, float32 or float64, got dtype {array.dtype}")
    return native


def ulp_error(value: ArrayLike, reference: ArrayLike) -> NDArray[np.float64]:
    r"""Measure the error of floating-point results in units in the last place.

    Parameters
    ----------
    value : array_like of float16, float32 or float64
        Computed results, of any shape.
    reference : array_like of numbers
        The true values, in the same shape: `decimal.Decimal`, `fractions.Fraction`, floats,
        integers or strings that hold a number.

    Returns
    -------
    numpy.ndarray of float64, or NumPy scalar
        :math:`|v - r| / \mathrm{ulp}(r)`, in the shape of `value`.
        NaN where either number is NaN, 0 where both are the same infinity,
        infinity where only one of them is infinite or they are opposite.

    Raises
    ------
    TypeError
        If `value` is not of one of the three float formats, or an entry of `reference` is no
        real number.
    ValueError
        If the shapes differ, or a string holds no number.

    See Also
    --------
    reference_values : High-precision values of the functions of this module.

    Notes
    -----
    The unit is the spacing of the floats of `value`'s format around the true value,
    :math:`\mathrm{ulp}(r) = 2^{\max(\lfloor \log_2 |r| \rfloor, e_{\min}) - (p - 1)}` with
    precision :math:`p` (53 bits for float64) and smallest exponent :math:`e_{\min}` (-1022).
    A correctly rounded result has an error of at most 1/2.
    The difference is formed in rational arithmetic and rounded once, at the end.

    Examples
    --------
    >>> float(ulp_error(1.0 + 2.0**-52, 1))
    1.0
    >>> float(ulp_error(0.1, "0.1")) < 0.5
    True
    """
    values = _standard(unmasked_array("value", value), "value")
    references = np.asarray(reference, dtype=object)
    if references.shape != values.shape:
        raise ValueError(
            f"reference must have the shape of value, {values.shape}, got {references.shape}"
        )
    form = np.finfo(values.dtype)
    errors = np.empty(values.shape, dtype=np.float64)
    for index, computed in np.ndenumerate(values):
        errors[index] = _one_ulp_error(computed.item(), references[index], form)
    result: NDArray[np.float64] = errors[()]
    return result


def _one_ulp_error(computed: float, reference: Any, form: np.finfo[Any]) -> float:
    true = _rational(reference)
    if isinstance(true, float) or not math.isfinite(computed):
        if math.isnan(computed) or (isinstance(true, float) and math.isnan(true)):
            return math.nan
        return 0.0 if computed == true else math.inf
    unit = Fraction(2) ** (max(_exponent(true), form.minexp) - form.nmant)
    return float(abs(Fraction(computed) - true) / unit)


def _rational(number: Any) -> Fraction | float:
    """Return the number as a fraction, or as a float if it is infinite or NaN."""
    exact = number
    if isinstance(number, str):
        try:
            exact = decimal.Decimal(number)
        except decimal.InvalidOperation:
            raise ValueError(f"reference must hold numbers, got {number!r}") from None
    if not hasattr(exact, "as_integer_ratio"):
        raise TypeError(f"reference must hold real numbers, got {number!r}")
    try:
        return Fraction(*exact.as_integer_ratio())
    except (OverflowError, ValueError):
        return float(exact)


def _exponent(number: Fraction) -> int:
    """Return the floor of log2 |number|, and a very small integer for 0."""
    numerator, denominator = abs(number.numerator), number.denominator
    if numerator == 0:
        return -(2**31)
    exponent = numerator.bit_length() - denominator.bit_length()
    return exponent - (Fraction(numerator, denominator) < Fraction(2) ** exponent)


def worst_ulp_errors(x: ArrayLike, *, digits: int = 50) -> dict[str, float]:
    """Compare the stable functions of this module with high-precision values.

    Parameters
    ----------
    x : array_like of float16, float32 or float64
        Arguments, of any shape but not empty.
    digits : int, default: 50
        Decimal digits of the reference.

    Returns
    -------
    dict of str to float
        The largest error in ulp over all arguments, for each function by its name.

    Raises
    ------
    ValueError
        If `x` is empty.

    See Also
    --------
    ulp_error : The errors one by one.

    Examples
    --------
    >>> errors = worst_ulp_errors([-30.0, -1.0, 0.0, 1.0, 30.0])
    >>> max(errors.values()) < 4.0
    True
    """
    arguments = _floating(x)
    if arguments.size == 0:
        raise ValueError("x must not be empty")
    functions = {
        "sigmoid": sigmoid,
        "sigmoid_derivative": sigmoid_derivative,
        "softplus": softplus,
        "log_sigmoid": log_sigmoid,
    }
    return {
        name: float(
            np.max(ulp_error(function(arguments), reference_values(arguments, name, digits=digits)))
        )
        for name, function in functions.items()
    }


_FORMULAS: Final[dict[str, Callable[[FloatArray], FloatArray]]] = {
    "stable form": sigmoid,
    "textbook": sigmoid_naive,
    "difference": lambda x: 1 - sigmoid(-x),
    "by tanh": lambda x: (1 + np.tanh(x / 2)) / 2,
}


def formula_errors(
    x: ArrayLike, *formulas: str, digits: int = 50
) -> dict[str, NDArray[np.float64]]:
    r"""Compare formulas that agree on paper with the true sigmoid.

    Parameters
    ----------
    x : array_like of float16, float32 or float64
        Arguments, of any shape.
    *formulas : str
        Which formulas: ``"stable form"`` (`sigmoid`), ``"textbook"`` (`sigmoid_naive`),
        ``"difference"`` for :math:`1 - \sigma(-x)`, ``"by tanh"`` for
        :math:`\frac12 (1 + \tanh\frac x2)`.  None given means all four.
    digits : int, default: 50
        Decimal digits of the reference.

    Returns
    -------
    dict of str to numpy.ndarray of float64
        The errors in ulp of each formula, in the shape of `x`.

    Raises
    ------
    ValueError
        If a formula has another name.

    See Also
    --------
    ulp_error : The measure.

    Examples
    --------
    >>> errors = formula_errors(-30.0)
    >>> [name for name, error in errors.items() if error > 1000]
    ['difference', 'by tanh']
    """
    unknown = set(formulas) - set(_FORMULAS)
    if unknown:
        raise ValueError(f"formulas must be among {list(_FORMULAS)}, got {sorted(unknown)}")
    arguments = _floating(x)
    true = reference_values(arguments, digits=digits)
    # The textbook formula is here because it overflows.
    with np.errstate(over="ignore"):
        return {name: ulp_error(_FORMULAS[name](arguments), true) for name in formulas or _FORMULAS}


# --- Separating lines -------------------------------------------------------------------------


def _labels(labels: ArrayLike, n: int) -> NDArray[np.int64]:
    array = unmasked_array("labels", labels)
    if array.shape != (n,):
        raise ValueError(f"labels must have shape ({n},), one for each point, got {array.shape}")
    if array.dtype.kind not in "iuf" or not np.all((array == 1) | (array == -1)):
        raise ValueError(f"labels must all be +1 or -1, got {array.tolist()}")
    return array.astype(np.int64)


def _labelled(
    points: ArrayLike, labels: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return validated points (n, d) in float64 and labels (n,)."""
    array = unmasked_array("points", points)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"points must hold real numbers, got dtype {array.dtype}")
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"points must have shape (n, d) with n, d >= 1, got {array.shape}")
    if not np.all(np.isfinite(array)):
        raise ValueError("points must be finite, got an infinity or NaN")
    return array.astype(np.float64), _labels(labels, len(array))


def _exact(number: Any, name: str) -> Fraction:
    """Return the rational number that `number` stores."""
    if isinstance(number, np.integer):
        return Fraction(int(number))
    if isinstance(number, bool | np.bool) or not hasattr(number, "as_integer_ratio"):
        raise TypeError(f"{name} must hold real numbers, got {number!r}")
    try:
        return Fraction(*number.as_integer_ratio())
    except (OverflowError, ValueError):
        raise ValueError(f"{name} must be finite, got {number!r}") from None


def _exact_vector(vector: Any, name: str) -> ExactPoint:
    if np.ndim(vector) != 1:
        raise ValueError(f"{name} must be one-dimensional, got shape {np.shape(vector)}")
    return tuple(_exact(entry, name) for entry in vector)


def _exact_labelled(
    points: ArrayLike, labels: ArrayLike, *, dimension: int | None = None
) -> tuple[list[ExactPoint], list[int]]:
    """Return the points as rational numbers, without any rounding, and the labels."""
    shape = np.shape(points)
    if len(shape) != 2 or 0 in shape:
        raise ValueError(f"points must have shape (n, d) with n, d >= 1, got {shape}")
    if dimension is not None and shape[1] != dimension:
        raise ValueError(f"points must have shape (n, {dimension}), got {shape}")
    unmasked_array("points", points)
    # Rows of an object array hold what was given; iterating over a data frame would not.
    exact = [_exact_vector(row, "points") for row in np.asarray(points, dtype=object)]
    return exact, [int(label) for label in _labels(labels, len(exact))]


def _inner(a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    return sum((s * t for s, t in zip(a, b, strict=True)), start=Fraction(0))


def separation_constraints(points: ArrayLike, labels: ArrayLike) -> NDArray[np.float64]:
    r"""Write separation as strict linear inequalities in weights and bias.

    Parameters
    ----------
    points : array_like of shape (n, d)
        The points.
    labels : array_like of shape (n,)
        Their classes, +1 or -1.

    Returns
    -------
    numpy.ndarray of float64, shape (n, d + 1)
        The matrix :math:`A` with rows :math:`y_i (\mathbf{x}_i, 1)`.
        The pair :math:`(\mathbf{w}, b)` separates the classes exactly when all entries of
        :math:`A (\mathbf{w}, b)` are positive.

    Raises
    ------
    TypeError
        If the points are not real numbers.
    ValueError
        If a shape does not fit, a point is not finite or a label is neither +1 nor -1.

    See Also
    --------
    is_separating : Decide whether all inequalities hold.
    cone_rays : The extreme rays of the cone that they describe.

    Examples
    --------
    >>> separation_constraints(SHEET_POINTS, SHEET_LABELS)
    array([[ 1.,  1.,  1.],
           [ 2.,  2.,  1.],
           [-1., -2., -1.],
           [-2., -3., -1.]])
    """
    X, y = _labelled(points, labels)
    return np.column_stack([y[:, None] * X, y.astype(np.float64)])


def is_separating(w: ArrayLike, b: float | Fraction, points: ArrayLike, labels: ArrayLike) -> bool:
    """Decide whether weights and bias separate two classes strictly.

    Parameters
    ----------
    w : array_like of shape (d,)
        The weights.
    b : float or fractions.Fraction
        The bias.
    points : array_like of shape (n, d)
        The points.
    labels : array_like of shape (n,)
        Their classes, +1 or -1.

    Returns
    -------
    bool
        True exactly when every score ``w @ x + b`` has the sign of its label and none is 0.

    Raises
    ------
    TypeError
        If `w`, `b` or the points are not real numbers.
    ValueError
        If a shape does not fit, a number is not finite or a label is neither +1 nor -1.

    See Also
    --------
    separation_constraints : The inequalities, as a matrix.

    Notes
    -----
    The scores are computed in rational arithmetic, so the answer is that of mathematics for the
    numbers given, not that of rounding.

    Examples
    --------
    >>> is_separating([1, -1], 0.5, SHEET_POINTS, SHEET_LABELS)
    True
    >>> is_separating([1, -1], 0.0, SHEET_POINTS, SHEET_LABELS)
    False
    """
    exact, y = _exact_labelled(points, labels)
    weights, bias = _exact_vector(w, "w"), _exact(b, "b")
    if len(weights) != len(exact[0]):
        raise ValueError(f"w must have shape ({len(exact[0])},), got ({len(weights)},)")
    return all(label * (_inner(weights, x) + bias) > 0 for x, label in zip(exact, y, strict=True))


def _signed_scores(
    w: ArrayLike, b: ArrayLike, points: ArrayLike, labels: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return w, broadcast against b, and y_i (w . x_i + b) with the points on the last axis."""
    X, y = _labelled(points, labels)
    weights, bias = unmasked_array("w", w), unmasked_array("b", b)
    for name, array in (("w", weights), ("b", bias)):
        if array.dtype.kind not in "iuf":
            raise TypeError(f"{name} must hold real numbers, got dtype {array.dtype}")
        if not np.all(np.isfinite(array)):
            raise ValueError(f"{name} must be finite, got an infinity or NaN")
    if weights.ndim == 0 or weights.shape[-1] != X.shape[1]:
        raise ValueError(f"w must have shape (..., {X.shape[1]}), got {weights.shape}")
    try:
        np.broadcast_shapes(weights.shape[:-1], bias.shape)
    except ValueError:
        raise ValueError(
            f"b must broadcast against the leading axes of w, shape {weights.shape[:-1]}, "
            f"got shape {bias.shape}"
        ) from None
    weights = weights.astype(np.float64)
    return weights, y * (weights @ X.T + bias.astype(np.float64)[..., None])


def margin(w: ArrayLike, b: ArrayLike, points: ArrayLike, labels: ArrayLike) -> NDArray[np.float64]:
    r"""Measure by how much a line keeps clear of the points.

    Parameters
    ----------
    w : array_like of shape (..., d)
        Weights, none of them the zero vector.
    b : array_like of shape (...)
        Biases; broadcast against the leading axes of `w`.
    points : array_like of shape (n, d)
        The points.
    labels : array_like of shape (n,)
        Their classes, +1 or -1.

    Returns
    -------
    numpy.ndarray of float64, or NumPy scalar
        :math:`\min_i y_i (\mathbf{w}^\top \mathbf{x}_i + b) / \lVert \mathbf{w} \rVert`:
        if positive, the distance from the line to the nearest point; if negative, the line does
        not separate and the worst point lies that far on the wrong side.

    Raises
    ------
    TypeError
        If an argument is not numeric.
    ValueError
        If a shape does not fit, a number is not finite, a weight vector is zero or a label is
        neither +1 nor -1.

    See Also
    --------
    max_margin_line : The line for which this is largest.

    Examples
    --------
    >>> round(float(margin([1, -1], 0.5, SHEET_POINTS, SHEET_LABELS)), 6)
    0.353553
    """
    weights, scores = _signed_scores(w, b, points, labels)
    largest = np.abs(weights).max(axis=-1)
    if not np.all(largest > 0):
        raise ValueError("w must not be the zero vector")
    # The squares of weights beyond 1e154 overflow, those below 1e-162 vanish.
    norms = np.linalg.norm(weights / largest[..., None], axis=-1)
    result: NDArray[np.float64] = scores.min(axis=-1) / largest / norms
    return result


def logistic_loss(
    w: ArrayLike, b: ArrayLike, points: ArrayLike, labels: ArrayLike
) -> NDArray[np.float64]:
    r"""Evaluate the logistic loss, the negative log-likelihood of the labels.

    Parameters
    ----------
    w : array_like of shape (..., d)
        Weights.
    b : array_like of shape (...)
        Biases; broadcast against the leading axes of `w`.
    points : array_like of shape (n, d)
        The points.
    labels : array_like of shape (n,)
        Their classes, +1 or -1.

    Returns
    -------
    numpy.ndarray of float64, or NumPy scalar
        :math:`\sum_i \log\bigl(1 + \mathrm{e}^{-y_i (\mathbf{w}^\top \mathbf{x}_i + b)}\bigr)`
        in nats: the sum over the points, not the mean.

    Raises
    ------
    TypeError
        If an argument is not numeric.
    ValueError
        If a shape does not fit, a number is not finite or a label is neither +1 nor -1.

    See Also
    --------
    softplus : The loss of one point is ``softplus`` of minus its signed score.

    Notes
    -----
    On separable points the infimum over all weights and biases is 0 and is not attained.
    The float returned is 0 once every term is below the smallest float.

    Examples
    --------
    >>> float(logistic_loss([0, 0], 0, SHEET_POINTS, SHEET_LABELS)) == 4 * float(np.log(2))
    True
    """
    _, scores = _signed_scores(w, b, points, labels)
    result: NDArray[np.float64] = softplus(-scores).sum(axis=-1)
    return result


def cone_rays(points: ArrayLike, labels: ArrayLike) -> list[tuple[int, int, int]]:
    r"""List the extreme rays of the cone of separating lines in the plane.

    Parameters
    ----------
    points : array_like of shape (n, 2)
        The points, not all on one line.
    labels : array_like of shape (n,)
        Their classes, +1 or -1.

    Returns
    -------
    list of (int, int, int)
        One vector :math:`(w_1, w_2, b)` for each extreme ray of the closed cone
        :math:`\{(\mathbf{w}, b) : y_i (\mathbf{w}^\top \mathbf{x}_i + b) \ge 0\}`, scaled to
        coprime integers, in ascending order.  The cone consists of their non-negative
        combinations.

    Raises
    ------
    TypeError
        If the points are not real numbers.
    ValueError
        If a shape does not fit, a number is not finite, a label is neither +1 nor -1, or all
        points lie on one line (then the cone contains a line and has no extreme rays).

    See Also
    --------
    separation_constraints : The inequalities of the cone.

    Notes
    -----
    When the rows of the constraint matrix span the space, a vector of the cone spans an extreme
    ray exactly when two linearly independent inequalities hold with equality, so the cross
    products of all pairs of rows are tried, in rational arithmetic.  The effort grows with
    the third power of the number of points: the function is meant for small sets.

    Examples
    --------
    >>> cone_rays(SHEET_POINTS, SHEET_LABELS)
    [(0, -1, 2), (1, -1, 0), (1, -1, 1), (2, -1, -1)]
    """
    exact, y = _exact_labelled(points, labels, dimension=2)
    rows = [(label * p, label * q, Fraction(label)) for (p, q), label in zip(exact, y, strict=True)]
    pairs = list(itertools.combinations(rows, 2))
    normals = [_cross(a, c) for a, c in pairs]
    if not any(_inner(normal, row) for normal in normals for row in rows):
        raise ValueError("points must not all lie on one line")
    rays = {
        _primitive(ray)
        for normal in normals
        if any(normal)
        for ray in (normal, (-normal[0], -normal[1], -normal[2]))
        if all(_inner(ray, row) >= 0 for row in rows)
    }
    return sorted(rays)


def _cross(
    a: tuple[Fraction, Fraction, Fraction], c: tuple[Fraction, Fraction, Fraction]
) -> tuple[Fraction, Fraction, Fraction]:
    return (
        a[1] * c[2] - a[2] * c[1],
        a[2] * c[0] - a[0] * c[2],
        a[0] * c[1] - a[1] * c[0],
    )


def _primitive(vector: tuple[Fraction, Fraction, Fraction]) -> tuple[int, int, int]:
    """Return the coprime integer vector in the same direction."""
    scale = math.lcm(*(entry.denominator for entry in vector))
    whole = [int(entry * scale) for entry in vector]
    divisor = math.gcd(*whole)
    return whole[0] // divisor, whole[1] // divisor, whole[2] // divisor


@dataclass(frozen=True)
class MaxMarginLine:
    r"""The separating line with the largest margin, in canonical scaling and exact.

    Attributes
    ----------
    w : tuple of two fractions.Fraction
        The weights, scaled so that the nearest points have scores +1 and -1.
    b : fractions.Fraction
        The bias.
    support : tuple of int
        The indices of all points with score +1 or -1, the support vectors.
    multipliers : tuple of fractions.Fraction
        One :math:`\alpha_i \ge 0` for each point with
        :math:`\sum_i \alpha_i y_i \mathbf{x}_i = \mathbf{w}` and
        :math:`\sum_i \alpha_i y_i = 0`, zero off the support: a certificate that no line has a
        larger margin.  Where several certificates exist, this is one of them.
    """

    w: tuple[Fraction, Fraction]
    b: Fraction
    support: tuple[int, ...]
    multipliers: tuple[Fraction, ...]

    def __str__(self) -> str:
        """Name the four parts, one on each line."""
        multipliers = ", ".join(map(str, self.multipliers))
        return (
            f"w = ({self.w[0]}, {self.w[1]}), b = {self.b}\n"
            f"margin {self.margin:.6g} = sqrt({self.margin_squared})\n"
            f"support vectors {', '.join(map(str, self.support))}\n"
            f"multipliers {multipliers}"
        )

    @property
    def margin_squared(self) -> Fraction:
        """The square of the margin, an exact rational number."""
        return 1 / _inner(self.w, self.w)

    @property
    def margin(self) -> float:
        """The distance from the line to the nearest points of either class."""
        n, d = self.margin_squared.as_integer_ratio()
        # The square may leave the range of floats although its root does not.
        shift = 64 - (n.bit_length() - d.bit_length()) // 2
        root = math.isqrt((n << 2 * shift) // d if shift >= 0 else n // (d << -2 * shift))
        try:
            return math.ldexp(root, -shift)
        except OverflowError:
            return math.inf


def max_margin_line(points: ArrayLike, labels: ArrayLike) -> MaxMarginLine:
    r"""Find the line with the largest margin between two classes in the plane, exactly.

    Parameters
    ----------
    points : array_like of shape (n, 2)
        The points: integers, floats or fractions, each taken as the exact number it stores.
    labels : array_like of shape (n,)
        Their classes, +1 or -1, both of them present.

    Returns
    -------
    MaxMarginLine
        Weights and bias in canonical scaling, support vectors and multipliers, all exact.

    Raises
    ------
    TypeError
        If the points are not real numbers.
    ValueError
        If a shape does not fit, a number is not finite, a label is neither +1 nor -1, one class
        is missing, or the classes cannot be separated strictly.

    See Also
    --------
    margin : The margin of any given line.

    Notes
    -----
    The margin is half the distance between the convex hulls of the two classes.  If
    :math:`\mathbf{u}` and :math:`\mathbf{v}` are nearest points of the hulls and
    :math:`\mathbf{d} = \mathbf{u} - \mathbf{v} \ne 0`, then
    :math:`\mathbf{w} = 2\mathbf{d} / \lVert\mathbf{d}\rVert^2` and
    :math:`b = -\mathbf{w}^\top (\mathbf{u} + \mathbf{v}) / 2`, the only solution.
    Chapter 1 proves it.
    In the plane a nearest pair can be found among the pairs of a corner of one hull and a side
    of the other, and these are few enough to try them all in rational arithmetic.

    Examples
    --------
    >>> line = max_margin_line(SHEET_POINTS, SHEET_LABELS)
    >>> [str(number) for number in (*line.w, line.b, line.margin_squared)]
    ['2', '-2', '1', '1/8']
    >>> print(line)
    w = (2, -2), b = 1
    margin 0.353553 = sqrt(1/8)
    support vectors 0, 1, 2, 3
    multipliers 0, 4, 2, 2
    """
    exact, y = _exact_labelled(points, labels, dimension=2)
    hulls = {sign: _hull([i for i in range(len(y)) if y[i] == sign], exact) for sign in (1, -1)}
    for sign, hull in hulls.items():
        if not hull:
            raise ValueError(f"labels must contain both classes, got none of class {sign:+d}")
    candidates = (
        _nearest(corner, side, exact)
        for sign in (1, -1)
        for corner in hulls[sign]
        for side in _sides(hulls[-sign])
    )
    share = min(candidates, key=lambda candidate: candidate[0])[1]
    u, v = (
        tuple(
            sum((share[i] * exact[i][k] for i in share if y[i] == sign), Fraction(0))
            for k in (0, 1)
        )
        for sign in (1, -1)
    )
    d = (u[0] - v[0], u[1] - v[1])
    if not any(d):
        raise ValueError(_INSEPARABLE)
    scale = 2 / _inner(d, d)
    w = (scale * d[0], scale * d[1])
    b = -(_inner(w, u) + _inner(w, v)) / 2
    scores = [label * (_inner(w, x) + b) for x, label in zip(exact, y, strict=True)]
    # If the hulls meet, no line passes this test; if not, the nearest pair's line does.
    if min(scores) < 1:
        raise ValueError(_INSEPARABLE)
    return MaxMarginLine(
        w=w,
        b=b,
        support=tuple(i for i, score in enumerate(scores) if score == 1),
        multipliers=tuple(scale * share.get(i, Fraction(0)) for i in range(len(y))),
    )


_INSEPARABLE: Final = "points must be separable, but the convex hulls of the two classes meet"


def _hull(indices: list[int], points: list[ExactPoint]) -> list[int]:
    """Return the corners of the convex hull in counter-clockwise order (monotone chain)."""
    first = {points[i]: i for i in reversed(indices)}
    ordered = [first[x] for x in sorted(first)]
    if len(ordered) < 3:
        return ordered

    def chain(order: Iterable[int]) -> list[int]:
        kept: list[int] = []
        for i in order:
            while len(kept) > 1 and _turn(points[kept[-2]], points[kept[-1]], points[i]) <= 0:
                kept.pop()
            kept.append(i)
        return kept[:-1]

    return chain(ordered) + chain(reversed(ordered))


def _turn(a: ExactPoint, b: ExactPoint, c: ExactPoint) -> Fraction:
    """Return twice the signed area of a triangle, positive if counter-clockwise."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _sides(hull: list[int]) -> list[tuple[int, int]]:
    """Return the sides of a hull as pairs of corners; a single corner is its own side."""
    return list(zip(hull, hull[1:] + hull[:1], strict=True))


def _nearest(
    corner: int, side: tuple[int, int], points: list[ExactPoint]
) -> tuple[Fraction, dict[int, Fraction]]:
    """Return the squared distance of a corner from a side, and the shares of the three points."""
    p, a, c = points[corner], points[side[0]], points[side[1]]
    along, to_p = (c[0] - a[0], c[1] - a[1]), (p[0] - a[0], p[1] - a[1])
    squared_length = _inner(along, along)
    t = _inner(to_p, along) / squared_length if squared_length else Fraction(0)
    t = min(max(t, Fraction(0)), Fraction(1))
    gap = (to_p[0] - t * along[0], to_p[1] - t * along[1])
    shares = {corner: Fraction(1), side[1]: t}
    shares[side[0]] = 1 - t
    return _inner(gap, gap), shares
