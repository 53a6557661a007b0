"""Linear probes, what they say about a statement, and the directions that truth takes.

A probe is a weight vector and a bias; it calls a statement true where its score is positive. The
fits run on one thread of the linear algebra library, so that they do not depend on the machine's
number of cores.
"""

import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from activations._arguments import labels_of, unmasked_array

__all__ = [
    "TOLERANCE",
    "LinearProbe",
    "PrincipalComponents",
    "TruthDirections",
    "fit_logistic",
    "principal_components",
    "truth_directions",
]

Floats = NDArray[np.float64]

#: The largest component of the mean loss's gradient at which the fits of the book stop.
TOLERANCE: Final = 1e-10

_MAX_ITER: Final = 100_000

# Sums of squares of numbers up to here stay far below the largest float64.
_LARGEST: Final = 1e100


def _matrix(X: ArrayLike) -> Floats:
    given = unmasked_array("X", X)
    if given.dtype.kind not in "fiu" or given.dtype.itemsize > 8:
        raise TypeError(f"X must hold real numbers of up to 64 bits, got dtype {given.dtype}")
    if given.ndim != 2 or 0 in given.shape:
        raise ValueError(f"X must have shape (n, d), neither of them 0, got {given.shape}")
    values = given.astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError("X must be finite, but holds NaN or infinity")
    if np.abs(values).max() > _LARGEST:
        raise ValueError(
            f"X must not exceed {_LARGEST:g} in absolute value, got {np.abs(values).max():g}"
        )
    return values


def _positive(value: float, name: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not value > 0:
        raise ValueError(f"{name} must be positive, got {value}")


@dataclass(frozen=True, eq=False)
class LinearProbe:
    """A hyperplane that calls a statement true on its positive side.

    Attributes
    ----------
    weights : numpy.ndarray of float64, shape (d,)
        The normal vector w.
    bias : float
        The offset b.
    n_iter : int
        Iterations that the fit took.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.truth.probes import LinearProbe
    >>> LinearProbe(np.array([1.0, -1.0]), 0.5, 0).scores([[1, 1], [1, 2]]).tolist()
    [0.5, -0.5]
    """

    weights: Floats
    bias: float
    n_iter: int

    def scores(self, X: ArrayLike) -> Floats:
        """Score statements.

        Parameters
        ----------
        X : array_like of float, shape (n, d)
            Their activations.

        Returns
        -------
        numpy.ndarray of float64, shape (n,)
            ``X @ weights + bias``.

        Raises
        ------
        TypeError, ValueError
            If `X` is not a finite matrix with d columns.

        Examples
        --------
        >>> import numpy as np
        >>> from activations.truth.probes import LinearProbe
        >>> LinearProbe(np.array([2.0]), 1.0, 0).scores([[3.0]]).tolist()
        [7.0]
        """
        values = _matrix(X)
        if values.shape[1] != len(self.weights):
            raise ValueError(
                f"X must have {len(self.weights)} columns as the probe, got {values.shape[1]}"
            )
        with threadpool_limits(limits=1):
            return np.asarray(values @ self.weights + self.bias)


def fit_logistic(
    X: ArrayLike, y: ArrayLike, *, C: float = np.inf, tol: float = TOLERANCE
) -> LinearProbe:
    """Fit a logistic regression.

    Parameters
    ----------
    X : array_like of float, shape (n, d)
        The activations; the fit runs in float64.
    y : array_like of int, shape (n,)
        1 for true, 0 for false; both must occur.
    C : float
        Weight of the loss against the penalty, half the square of the length of w; infinity
        means no penalty. The bias is never penalised.
    tol : float
        The solver (L-BFGS) stops when no component of the gradient of the penalised mean loss
        exceeds it.

    Returns
    -------
    LinearProbe
        The fit.

    Raises
    ------
    TypeError, ValueError
        If `X` is not a finite matrix with entries up to 1e100, `y` not a vector of both labels,
        or `C` or `tol` is not positive.
    ArithmeticError
        If the solver does not get there.

    Notes
    -----
    Without penalty and on separable classes there is no best fit: the loss tends to 0 as the
    weights grow, and what is returned is where the tolerance happened to stop the solver.

    Examples
    --------
    >>> from activations.truth.probes import fit_logistic
    >>> probe = fit_logistic([[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1])
    >>> (probe.scores([[-9.0], [9.0]]) > 0).tolist()
    [False, True]
    """
    values = _matrix(X)
    labels = labels_of("y", y, len(values))
    if len(np.unique(labels)) != 2:
        raise ValueError("y must hold both labels, got one only")
    _positive(C, "C")
    _positive(tol, "tol")
    if np.isinf(tol):
        raise ValueError("tol must be positive and finite, got infinity")
    # A solver that gives up only warns, and returns what it has.
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            model = LogisticRegression(C=C, tol=tol, max_iter=_MAX_ITER).fit(values, labels)
        except ConvergenceWarning as warning:
            told = str(warning).splitlines()[0]
            raise ArithmeticError(
                f"logistic regression did not reach tol={tol}: {told}"
            ) from warning
    return LinearProbe(
        np.asarray(model.coef_[0]), float(model.intercept_[0]), int(model.n_iter_[0])
    )


@dataclass(frozen=True, eq=False)
class PrincipalComponents:
    """The principal components of a cloud of points.

    Attributes
    ----------
    mean : numpy.ndarray of float64, shape (d,)
        The cloud's mean.
    axes : numpy.ndarray of float64, shape (k, d)
        Orthonormal rows, the directions of falling variance.
    scores : numpy.ndarray of float64, shape (n, k)
        Each point's coordinates, ``(X - mean) @ axes.T``.
    share : numpy.ndarray of float64, shape (k,)
        The share of the variance along each axis.
    """

    mean: Floats
    axes: Floats
    scores: Floats
    share: Floats


def principal_components(X: ArrayLike, k: int | None = None) -> PrincipalComponents:
    """Find the principal components of a cloud of points.

    Parameters
    ----------
    X : array_like of float, shape (n, d)
        The points.
    k : int, optional
        How many components; by default all that there are, min(n, d).

    Returns
    -------
    PrincipalComponents
        The components. The sign of each is such that its largest entry is positive.

    Raises
    ------
    TypeError, ValueError
        If `X` is not a finite matrix, or `k` not in 1, ..., min(n, d).

    Examples
    --------
    >>> import numpy as np
    >>> from activations.truth.probes import principal_components
    >>> principal_components([[0.0, 0.0], [0.0, 2.0]], 1).scores.tolist()
    [[-1.0], [1.0]]
    """
    values = _matrix(X)
    most = min(values.shape)
    if k is not None and (isinstance(k, bool) or not isinstance(k, int | np.integer)):
        raise TypeError(f"k must be an integer, got {k!r}")
    if k is not None and not 1 <= k <= most:
        raise ValueError(f"k must be in 1, ..., {most}, got {k}")
    mean = values.mean(axis=0)
    with threadpool_limits(limits=1):
        U, s, axes = np.linalg.svd(values - mean, full_matrices=False)
    signs = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])
    total = float((s**2).sum())
    share = s**2 / total if total > 0 else np.zeros_like(s)
    return PrincipalComponents(
        mean=mean,
        axes=(axes * signs[:, None])[:k],
        scores=(U * (s * signs))[:, :k],
        share=share[:k],
    )


@dataclass(frozen=True, eq=False)
class TruthDirections:
    """The general and the polarity-sensitive direction of truth.

    Attributes
    ----------
    t_G : numpy.ndarray of float64, shape (d,)
        What a true statement has more of than a false one, whether affirmative or negated,
        halved.
    t_P : numpy.ndarray of float64, shape (d,)
        What comes to it in affirmative statements and goes off it in negated ones.
    """

    t_G: Floats  # noqa: N815
    t_P: Floats  # noqa: N815

    @property
    def cosine(self) -> float:
        """The cosine of the angle between the two; a ValueError if one of them is 0."""
        lengths = np.linalg.norm(self.t_G), np.linalg.norm(self.t_P)
        if 0.0 in lengths:
            raise ValueError(f"t_G and t_P must not be 0, their lengths are {lengths}")
        return float((self.t_G / lengths[0]) @ (self.t_P / lengths[1]))


def truth_directions(
    X: ArrayLike, y: ArrayLike, polarity: ArrayLike, sets: ArrayLike
) -> TruthDirections:
    """Estimate the two directions of truth by least squares.

    Parameters
    ----------
    X : array_like of float, shape (n, d)
        Activations of statements of several sets.
    y : array_like of int, shape (n,)
        1 for true, 0 for false.
    polarity : array_like of int, shape (n,)
        +1 for affirmative, -1 for negated.
    sets : array_like, shape (n,)
        The set to which each statement belongs, by any names or numbers.

    Returns
    -------
    TruthDirections
        The least-squares estimates.

    Raises
    ------
    TypeError, ValueError
        If an argument does not have that form, or the two directions are not determined, as
        when all statements are affirmative, or no set holds both true and false ones.

    Notes
    -----
    The model is a = mu_i + tau t_G + tau p t_P, with tau = +-1 for true and false, p the polarity
    and a vector mu_i for each set, all of which the least squares leave free. They come out if
    activations and (tau, tau p) are both centred within each set. In balanced sets of one
    polarity the latter are centred already.

    References
    ----------
    .. [1] L. Buerger, F. A. Hamprecht and B. Nadler, "Truth is universal: robust detection of
       lies in LLMs", NeurIPS 2024, arXiv:2407.12831.

    Examples
    --------
    >>> from activations.truth.probes import truth_directions
    >>> X = [[3.0, 1.0], [-3.0, -1.0], [1.0, 1.0], [-1.0, -1.0]]
    >>> found = truth_directions(X, [1, 0, 1, 0], [1, 1, -1, -1], ["a", "a", "b", "b"])
    >>> found.t_G.round(9).tolist(), abs(found.t_P).round(9).tolist()
    ([2.0, 1.0], [1.0, 0.0])
    """
    values = _matrix(X)
    tau = 2.0 * labels_of("y", y, len(values)) - 1.0
    p = labels_of("polarity", polarity, len(values), (-1, 1))
    names = unmasked_array("sets", sets)
    if names.shape != (len(values),):
        raise ValueError(f"sets must have shape ({len(values)},), got {names.shape}")
    members = np.unique(names, return_inverse=True)[1]
    design = np.column_stack([tau, tau * p])
    for number in range(members.max() + 1):
        rows = members == number
        values[rows] -= values[rows].mean(axis=0)
        design[rows] -= design[rows].mean(axis=0)
    if np.linalg.matrix_rank(design) < 2:
        raise ValueError(
            "polarity must hold both +1 and -1, each in a set with both labels, else t_G and t_P "
            "are not determined"
        )
    with threadpool_limits(limits=1):
        t_G, t_P = np.linalg.lstsq(design, values)[0]
    return TruthDirections(np.asarray(t_G), np.asarray(t_P))
