"""Linear probes, what they say about a statement, and the directions that truth takes.

A probe is a weight vector and a bias; it calls a statement true where its score is positive. The
fits run on one thread of the linear algebra library, so that they do not depend on the machine's
number of cores.
"""

import warnings
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import scipy.linalg
import scipy.special
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

from activations._arguments import labels_of, unmasked_array

__all__ = [
    "TOLERANCE",
    "TTPD",
    "LinearProbe",
    "MassMean",
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
        exceeds it, or already when a step changes the loss in its last digits only.

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

    A shift of all points changes nothing but the bias. With a penalty, when the fit is unique, the
    solver is given centred points, of which it needs far fewer steps: activations of language
    models have means that are many times longer than their deviations. Without one it gets the
    points as they are, since the steps may be part of the result.

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
    shift = values.mean(axis=0) if np.isfinite(C) else np.zeros(values.shape[1])
    values -= shift
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
    weights = np.asarray(model.coef_[0])
    return LinearProbe(weights, float(model.intercept_[0] - weights @ shift), int(model.n_iter_[0]))


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
    design = np.column_stack([tau, tau * p])
    names = unmasked_array("sets", sets)
    if names.shape != (len(values),):
        raise ValueError(f"sets must have shape ({len(values)},), got {names.shape}")
    _centre_within(names, values, design)
    if np.linalg.matrix_rank(design) < 2:
        raise ValueError(
            "polarity must hold both +1 and -1, each in a set with both labels, else t_G and t_P "
            "are not determined"
        )
    with threadpool_limits(limits=1):
        t_G, t_P = np.linalg.lstsq(design, values)[0]
    return TruthDirections(np.asarray(t_G), np.asarray(t_P))


def _centre_within(names: NDArray[Any], *matrices: Floats) -> None:
    """Take from each row the mean over its set, in place."""
    members = np.unique(names, return_inverse=True)[1]
    for number in range(members.max() + 1):
        rows = members == number
        for values in matrices:
            values[rows] -= values[rows].mean(axis=0)


# --- Estimators -------------------------------------------------------------------------------


class _LinearRule(ClassifierMixin, BaseEstimator):  # type: ignore[misc] # they have no types
    """A classifier of two classes by the sign of a linear function."""

    classes_: NDArray[Any]
    coef_: Floats
    intercept_: Floats

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def _start(self, X: ArrayLike, y: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
        """Check the training data; return the activations, and which statements are true."""
        for name, given in (("X", X), ("y", y)):
            if np.ma.is_masked(given):
                raise TypeError(f"{name} must not have masked entries: fill them or drop them")
        values, labels = validate_data(self, X, y, dtype=np.float64)
        kind = type_of_target(labels, input_name="y", raise_unknown=True)
        if kind != "binary":
            raise ValueError(
                f"Only binary classification is supported. The type of the target is {kind}."
            )
        self.classes_ = np.unique(labels)
        if len(self.classes_) != 2:
            raise ValueError(f"y must hold two classes, got one class, {self.classes_[0]!r}")
        return _matrix(values), np.asarray(labels == self.classes_[1])

    def decision_function(self, X: ArrayLike) -> Floats:
        """Score statements.

        Parameters
        ----------
        X : array_like of float, shape (n, d)
            Their activations.

        Returns
        -------
        numpy.ndarray of float64, shape (n,)
            ``X @ coef_[0] + intercept_[0]``; positive for the class ``classes_[1]``.
        """
        check_is_fitted(self)
        values = validate_data(self, X, dtype=np.float64, reset=False)
        with threadpool_limits(limits=1):
            return np.asarray(values @ self.coef_[0] + self.intercept_[0])

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Tell the class of each statement.

        Parameters
        ----------
        X : array_like of float, shape (n, d)
            Their activations.

        Returns
        -------
        numpy.ndarray, shape (n,)
            Entries of ``classes_``, the second where the score is positive.
        """
        positive = self.decision_function(X) > 0
        return np.asarray(self.classes_[positive.astype(int)])

    def _probabilities(self, X: ArrayLike) -> Floats:
        scores = self.decision_function(X)
        return np.column_stack([scipy.special.expit(-scores), scipy.special.expit(scores)])


class TTPD(_LinearRule):
    """Training of truth and polarity direction.

    Parameters
    ----------
    C : float
        Weight of the loss against the penalty in both logistic regressions, as for
        `fit_logistic`. Infinity, no penalty, is the paper's choice.
    tol : float
        Where their solver stops, as for `fit_logistic`.

    Attributes
    ----------
    classes_ : numpy.ndarray, shape (2,)
        The labels; the second is that of true statements.
    n_features_in_ : int
        The dimension d of the activations.
    t_G_ : numpy.ndarray of float64, shape (d,)
        The general direction of truth.
    t_P_ : numpy.ndarray of float64, shape (d,), or None
        The polarity-sensitive direction of truth; None if only one polarity was trained on.
    polarity_direction_ : numpy.ndarray of float64, shape (d,), or None
        The weights of a logistic regression of the polarity on the activations; None likewise.
    coef_ : numpy.ndarray of float64, shape (1, d)
        The weights w of the linear rule.
    intercept_ : numpy.ndarray of float64, shape (1,)
        Its bias.

    Notes
    -----
    The method has three steps. The directions t_G and t_P are estimated by least squares from
    activations that are centred within each set, as by `truth_directions`. A logistic regression
    of the polarity on the activations gives the polarity direction q. And a logistic regression
    of the label on two numbers, a.t_G and a.q, gives the rule. It is linear in a, with weights in
    the plane of t_G and q. The two numbers are taken along orthonormal vectors of this plane,
    which changes nothing without penalty; with one, half the square of the length of w is
    penalised, as in any logistic regression on activations.

    Without penalty neither regression has a best fit where its classes are separable, as they
    usually are in so many dimensions; then the tolerance is part of the result. So there is a
    penalty unless `C` says otherwise.

    If all statements have one polarity, t_P and q are not determined. Then t_G is what both
    directions make together in this polarity, half the difference of the means of true and of
    false activations if there is one set, and the rule is a logistic regression on a.t_G alone.

    References
    ----------
    .. [1] L. Buerger, F. A. Hamprecht and B. Nadler, "Truth is universal: robust detection of
       lies in LLMs", NeurIPS 2024, arXiv:2407.12831.

    Examples
    --------
    >>> from activations.truth.probes import TTPD
    >>> X = [[3.0, 1.0, 9.0], [-3.0, -1.0, 9.0], [1.0, 1.0, 5.0], [-1.0, -1.0, 5.0]]
    >>> probe = TTPD().fit(X, [1, 0, 1, 0], polarity=[1, 1, -1, -1])
    >>> probe.predict([[4.0, 4.0, 8.0], [-1.0, -5.0, 4.0]]).tolist()
    [1, 0]
    """

    t_G_: Floats  # noqa: N815 - the paper's names
    t_P_: Floats | None  # noqa: N815
    polarity_direction_: Floats | None

    def __init__(self, C: float = 1.0, *, tol: float = TOLERANCE) -> None:
        self.C = C
        self.tol = tol

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        polarity: ArrayLike | None = None,
        sets: ArrayLike | None = None,
    ) -> Self:
        """Estimate the directions and the rule.

        Parameters
        ----------
        X : array_like of float, shape (n, d)
            The activations.
        y : array_like, shape (n,)
            Labels of two kinds; the larger one, as 1 of 0 and 1, is that of true statements.
        polarity : array_like of int, shape (n,), optional
            +1 for affirmative statements, -1 for negated ones. By default all are affirmative.
        sets : array_like, shape (n,), optional
            The set to which each statement belongs, by any names or numbers. By default the
            statements of each polarity are one set.

        Returns
        -------
        TTPD
            The estimator itself.

        Raises
        ------
        TypeError, ValueError
            If an argument does not have that form, or no set of some polarity holds both labels.
        ArithmeticError
            If a logistic regression does not get to its tolerance.
        """
        values, true = self._start(X, y)
        n = len(values)
        p = np.ones(n) if polarity is None else labels_of("polarity", polarity, n, (-1, 1))
        names = p if sets is None else unmasked_array("sets", sets)
        if len(np.unique(p)) == 2:
            found = truth_directions(values, true, p, names)
            self.t_G_, self.t_P_ = found.t_G, found.t_P
            # A shift changes the bias of a logistic regression only, and centred it converges
            # sooner.
            centred = values - values.mean(axis=0)
            self.polarity_direction_ = fit_logistic(centred, p == 1, C=self.C, tol=self.tol).weights
            plane = [self.t_G_, self.polarity_direction_]
        else:
            self.t_G_ = _half_gap(values, true, names)
            self.t_P_ = self.polarity_direction_ = None
            plane = [self.t_G_]
        with threadpool_limits(limits=1):
            basis = _orthonormal(plane)
            rule = fit_logistic(values @ basis, true, C=self.C, tol=self.tol)
            self.coef_ = (basis @ rule.weights)[None]
        self.intercept_ = np.array([rule.bias])
        return self

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Give the probabilities of both classes in the logistic regression's model.

        Parameters
        ----------
        X : array_like of float, shape (n, d)
            Activations of statements.

        Returns
        -------
        numpy.ndarray of float64, shape (n, 2)
            One column a class, in the order of ``classes_``.
        """
        return self._probabilities(X)


def _half_gap(values: Floats, true: NDArray[np.bool_], names: NDArray[Any]) -> Floats:
    """Estimate by least squares what truth adds to a statement, with a mean free for each set."""
    if names.shape != (len(values),):
        raise ValueError(f"sets must have shape ({len(values)},), got {names.shape}")
    tau = np.where(true, 1.0, -1.0)[:, None]
    values = values.copy()
    _centre_within(names, values, tau)
    weight = float((tau**2).sum())
    # Rounding leaves a set with one label not exactly 0.
    if weight < 1e-9:
        raise ValueError("sets must hold both labels in at least one set, none does")
    with threadpool_limits(limits=1):
        return np.asarray((tau[:, 0] @ values) / weight)


def _orthonormal(vectors: list[Floats]) -> Floats:
    """Give columns that span what the vectors span, one a vector, 0 where it adds nothing."""
    columns: list[Floats] = []
    for vector in vectors:
        length = float(np.linalg.norm(vector))
        rest = vector / length if length > 0 else vector
        # Twice, since the first time leaves what rounding has brought in.
        for _ in range(2):
            for column in columns:
                rest = rest - (column @ rest) * column
        left = float(np.linalg.norm(rest))
        columns.append(rest / left if left > 1e-10 else np.zeros_like(rest))
    return np.column_stack(columns)


class MassMean(_LinearRule):
    r"""The difference of the means of true and of false activations as a probe.

    Parameters
    ----------
    covariance : bool
        If true, the difference is multiplied by the inverse of the covariance within the
        classes.

    Attributes
    ----------
    classes_ : numpy.ndarray, shape (2,)
        The labels; the second is that of true statements.
    n_features_in_ : int
        The dimension d of the activations.
    coef_ : numpy.ndarray of float64, shape (1, d)
        The weights w.
    intercept_ : numpy.ndarray of float64, shape (1,)
        The bias, with which the midpoint between the two means has score 0.
    shrinkage_ : float or None
        How far the covariance was shrunk, 0 to 1; None without covariance.

    Notes
    -----
    Without covariance the rule says which of the two class means is nearer. With it, it is
    Fisher's linear discriminant: the Bayes rule for two equally frequent normal distributions
    with a common covariance, and ``predict_proba``, which there is only in this case, gives the
    probabilities of this model.

    In more dimensions than there are statements the empirical covariance S has no inverse. Its
    pseudo-inverse would give the weight 0 to just those directions in which the training
    statements of each class do not differ at all, and enormous weights to those in which they
    hardly do. So S is replaced by :math:`(1 - s) S + s \mu I` with the mean :math:`\mu` of its
    eigenvalues. The shrinkage s is that of Ledoit and Wolf, which estimates where the expected
    squared distance to the true covariance is least, and at least 1e-8; it needs no choice and
    tends to 0 as the number of statements grows, unless the true covariance is itself a multiple
    of the identity, which is then what S is shrunk to.

    References
    ----------
    .. [1] S. Marks and M. Tegmark, "The geometry of truth: emergent linear structure in large
       language model representations of true/false datasets", COLM 2024, arXiv:2310.06824.
    .. [2] O. Ledoit and M. Wolf, "A well-conditioned estimator for large-dimensional covariance
       matrices", Journal of Multivariate Analysis 88, 2004, pp. 365-411.

    Examples
    --------
    >>> from activations.truth.probes import MassMean
    >>> probe = MassMean().fit([[0.0, 0.0], [2.0, 2.0], [2.0, 0.0], [4.0, 2.0]], [0, 0, 1, 1])
    >>> probe.coef_.tolist(), probe.intercept_.tolist()
    ([[2.0, 0.0]], [-4.0])
    >>> tilted = MassMean(covariance=True).fit([[0.0, 0], [2, 2], [2, 0], [4, 2]], [0, 0, 1, 1])
    >>> bool(tilted.coef_[0, 1] < 0)
    True
    """

    shrinkage_: float | None

    def __init__(self, covariance: bool = False) -> None:
        self.covariance = covariance

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Find the two means, and the covariance if it is wanted.

        Parameters
        ----------
        X : array_like of float, shape (n, d)
            The activations.
        y : array_like, shape (n,)
            Labels of two kinds; the larger one, as 1 of 0 and 1, is that of true statements.

        Returns
        -------
        MassMean
            The estimator itself.

        Raises
        ------
        TypeError, ValueError
            If an argument does not have that form.
        """
        values, true = self._start(X, y)
        means = values[~true].mean(axis=0), values[true].mean(axis=0)
        gap = means[1] - means[0]
        self.shrinkage_ = None
        with threadpool_limits(limits=1):
            if self.covariance:
                inside = values - np.where(true[:, None], means[1], means[0])
                gap, self.shrinkage_ = _whitened(inside, gap)
            self.coef_ = gap[None]
            self.intercept_ = np.array([-float(gap @ (means[0] / 2 + means[1] / 2))])
        return self

    @available_if(lambda self: bool(self.covariance))  # type: ignore[untyped-decorator] # nor has this
    def predict_proba(self, X: ArrayLike) -> Floats:
        """Give the probabilities of both classes in the model of two normal distributions.

        Parameters
        ----------
        X : array_like of float, shape (n, d)
            Activations of statements.

        Returns
        -------
        numpy.ndarray of float64, shape (n, 2)
            One column a class, in the order of ``classes_``.
        """
        return self._probabilities(X)


def _whitened(inside: Floats, gap: Floats) -> tuple[Floats, float]:
    """Multiply `gap` by the inverse of the shrunk covariance of centred rows.

    scikit-learn has this shrinkage too, but forms d by d matrices where n by n ones tell the same.
    """
    n, d = inside.shape
    scale = float(np.sqrt((inside**2).sum() / inside.size))
    if scale == 0.0:
        return gap, 1.0
    # In units of the typical deviation, squares of squares neither overflow nor vanish.
    rows = inside / scale
    tall = d <= n
    gram = rows.T @ rows if tall else rows @ rows.T
    square = float((gram**2).sum()) / n**2
    fourth = float(((rows**2).sum(axis=1) ** 2).sum()) / n
    # The mean eigenvalue is 1 in these units, their sum is d.
    distance = square - d
    wanted = (fourth - square) / n
    share = min(max(wanted, 0.0) / distance, 1.0) if distance > 0 else 0.0
    # Where even this leaves the matrix singular, a trace of the identity makes it invertible.
    share = max(share, 1e-8)
    if tall:
        matrix = (1.0 - share) / n * gram + share * np.eye(d)
        solved = scipy.linalg.solve(matrix, gap, assume_a="pos")
    elif share == 1.0:
        solved = gap
    else:
        # The inverse of a I + b Z'Z by way of Z Z', after Woodbury.
        ratio = n * share / (1.0 - share)
        inner = scipy.linalg.solve(gram + ratio * np.eye(n), rows @ gap, assume_a="pos")
        solved = (gap - rows.T @ inner) / share
    return np.asarray(solved / scale**2), share
