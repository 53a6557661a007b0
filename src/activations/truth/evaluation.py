"""What scores are worth on labelled statements, with the chance in it.

An interval says how far a share or an AUROC may be from what more statements of the same kind
would give; a permutation test says whether scores that know nothing could have done as well, or
as badly.
"""

from dataclasses import dataclass
from numbers import Real
from typing import Final

import numpy as np
import scipy.optimize
import scipy.stats
from numpy.typing import ArrayLike, NDArray

from activations._arguments import generator, integer, labels_of, unmasked_array

__all__ = [
    "Evaluation",
    "PermutationTest",
    "auroc_interval",
    "evaluate",
    "permutation_test",
    "wilson_interval",
]

Floats = NDArray[np.float64]

# So many labels are permuted at once, which keeps the memory for them at a few ten megabytes.
_LABELS_AT_ONCE: Final = 2**21


def _scores_and_labels(scores: ArrayLike, y: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    given = unmasked_array("scores", scores)
    if given.size and given.dtype.kind not in "fiu":
        raise TypeError(f"scores must be real numbers, got dtype {given.dtype}")
    values = given.astype(np.float64)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise ValueError("scores must be a vector of finite numbers, at least one")
    labels = labels_of("y", y, len(values)) == 1
    if labels.all() or not labels.any():
        raise ValueError("y must hold both labels, got one only")
    return values, labels


def _doubled_ranks(values: Floats) -> Floats:
    # Of ties each gets the mean of their ranks; its double is an integer, so that sums are exact.
    return np.asarray(2.0 * scipy.stats.rankdata(values))


def _auroc(doubled_sum: float, n_true: int, n_false: int) -> float:
    """Turn twice the sum of the true statements' ranks into the AUROC, rounded once."""
    return (doubled_sum - n_true * (n_true + 1)) / (2 * n_true * n_false)


@dataclass(frozen=True)
class Evaluation:
    """What a probe's scores are worth on labelled statements.

    Attributes
    ----------
    n : int
        The number of statements.
    correct : int
        How many it labels correctly.
    auroc : float
        The probability that a random true statement scores higher than a random false one, ties
        counted half. It does not depend on the threshold.
    share_true : float
        The share of statements that it calls true.
    correct_recentred : int
        How many it would label correctly with its threshold at the mean of these scores.
    n_true : int
        How many of the statements are true.
    """

    n: int
    correct: int
    auroc: float
    share_true: float
    correct_recentred: int
    n_true: int

    @property
    def accuracy(self) -> float:
        """The share of statements labelled correctly."""
        return self.correct / self.n

    @property
    def accuracy_recentred(self) -> float:
        """The share of statements labelled correctly with the threshold at the mean score."""
        return self.correct_recentred / self.n


def evaluate(scores: ArrayLike, y: ArrayLike) -> Evaluation:
    """Judge scores by labels.

    Parameters
    ----------
    scores : array_like of float, shape (n,)
        A statement is called true where its score is positive.
    y : array_like of int, shape (n,)
        1 for true, 0 for false; both must occur.

    Returns
    -------
    Evaluation
        Counts, AUROC and shares.

    Raises
    ------
    TypeError, ValueError
        If the shapes differ, a score is not a finite number, or a label is missing.

    Examples
    --------
    >>> from activations.truth.evaluation import evaluate
    >>> result = evaluate([-3.0, -2.0, -1.0, -0.5], [1, 1, 0, 0])
    >>> result.accuracy, result.auroc, result.share_true, result.accuracy_recentred
    (0.5, 0.0, 0.0, 0.0)
    """
    values, labels = _scores_and_labels(scores, y)
    n_true = int(labels.sum())
    return Evaluation(
        n=len(values),
        correct=int(((values > 0) == labels).sum()),
        auroc=_auroc(float(_doubled_ranks(values)[labels].sum()), n_true, len(values) - n_true),
        share_true=float((values > 0).mean()),
        correct_recentred=int((_above_mean(values) == labels).sum()),
        n_true=n_true,
    )


def _above_mean(values: Floats) -> NDArray[np.bool_]:
    """Tell which values exceed their mean; none does where all are equal."""
    # A power of two takes the largest value below 1, so that no sum can overflow.
    scaled = np.ldexp(values, -int(np.frexp(np.abs(values).max())[1]))
    # Seen from the smallest, equal values are zeros, whose mean is exact.
    heights = scaled - scaled.min()
    return np.asarray(heights > heights.mean())


def wilson_interval(correct: int, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Give Wilson's interval for a proportion.

    Parameters
    ----------
    correct : int
        Successes, 0 to n.
    n : int
        Trials, at least 1.
    confidence : float
        The nominal coverage, between 0 and 1.

    Returns
    -------
    low, high : float
        The proportions that a two-sided score test does not reject.

    Raises
    ------
    TypeError, ValueError
        If the counts are no integers, or they or the confidence are out of range.

    Notes
    -----
    Unlike the textbook interval p +- z sqrt(p (1-p) / n), it does not shrink to a point at 0 or n
    successes. It treats the trials as independent.

    References
    ----------
    .. [1] E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
       Journal of the American Statistical Association 22, 1927, pp. 209-212.

    Examples
    --------
    >>> from activations.truth.evaluation import wilson_interval
    >>> [round(end, 3) for end in wilson_interval(2, 71)]
    [0.008, 0.097]
    """
    correct, n = integer("correct", correct), integer("n", n, 1)
    if not 0 <= correct <= n:
        raise ValueError(f"correct must be in 0, ..., n, got {correct} of {n}")
    _check_confidence(confidence)
    interval = scipy.stats.binomtest(correct, n).proportion_ci(
        confidence_level=confidence, method="wilson"
    )
    return float(interval.low), float(interval.high)


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1, got {confidence}")


def auroc_interval(
    auroc: float, n_true: int, n_false: int, *, confidence: float = 0.95
) -> tuple[float, float]:
    r"""Give Newcombe's interval for an AUROC, his method 5.

    Parameters
    ----------
    auroc : float
        The AUROC that was observed, 0 to 1.
    n_true, n_false : int
        The numbers of true and of false statements, at least 1 each.
    confidence : float
        The nominal coverage, between 0 and 1.

    Returns
    -------
    low, high : float
        All values from `low` to `high` are compatible with what was observed.

    Raises
    ------
    TypeError, ValueError
        If the counts are no integers, or something is out of range.

    Notes
    -----
    As Wilson's interval does for a proportion, this one takes all values :math:`\theta` with
    :math:`\abs{A - \theta} \le z \sqrt{V(\theta)}`, where the variance is that at
    :math:`\theta` and not at the observed :math:`A`; so it does not shrink to a point at 0 or 1.
    With :math:`m` true and :math:`n` false statements, :math:`N = (m + n)/2` and
    :math:`u = \theta (1 - \theta)`,

    .. math::

        V(\theta) = \frac{u}{mn} \left( 1 + (N - 1) \left( \frac{1 - \theta}{2 - \theta}
        + \frac{\theta}{1 + \theta} \right) \right)
        = \frac{u}{mn} \left( 1 + (N - 1)\, \frac{1 + 2u}{2 + u} \right) .

    For :math:`m = n` this is the variance of the AUROC of independent scores from two exponential
    distributions. These values are an interval, because :math:`\sqrt{V}` is concave. Indeed
    :math:`mnV = \varphi(u)` with :math:`\varphi(u) = (1 + 2M) u - 3M + 6M/(2 + u)` and
    :math:`M = N - 1 \ge 0`. As :math:`\varphi'' \ge 0`, the derivative :math:`\varphi'` is at
    least :math:`\varphi'(0) = 1 + M/2 > 0`. The derivative of
    :math:`\varphi'^2 - 2 \varphi \varphi''` is
    :math:`-2 \varphi \varphi''' \ge 0`, so this difference, too, is at least its value
    at 0, which is positive. Hence :math:`\sqrt{\varphi}` is increasing and concave in :math:`u`,
    and :math:`u` is concave in :math:`\theta`.

    It treats the statements as independent. Statements on one subject are not: where a city brings
    a true and a false one with it, the interval covers more often than it says if their scores
    rise and fall together from city to city, and less often if one rises where the other falls. In
    the worst case the variance of a large sample is doubled, since that of a sum of two is at most
    twice the sum of theirs, and 95 per cent become 83.

    References
    ----------
    .. [1] R. G. Newcombe, "Confidence intervals for an effect size measure based on the
       Mann-Whitney statistic. Part 2: asymptotic methods and evaluation", Statistics in Medicine
       25, 2006, pp. 559-573.
    .. [2] J. A. Hanley and B. J. McNeil, "The meaning and use of the area under a receiver
       operating characteristic (ROC) curve", Radiology 143, 1982, pp. 29-36.

    Examples
    --------
    >>> from activations.truth.evaluation import auroc_interval
    >>> [round(end, 3) for end in auroc_interval(1.0, 35, 36)]
    [0.944, 1.0]
    """
    if isinstance(auroc, bool) or not isinstance(auroc, Real):
        raise TypeError(f"auroc must be a number, got {auroc!r}")
    if not 0 <= auroc <= 1:
        raise ValueError(f"auroc must be in [0, 1], got {auroc}")
    m, n = integer("n_true", n_true, 1), integer("n_false", n_false, 1)
    _check_confidence(confidence)
    z = float(scipy.stats.norm.isf((1.0 - confidence) / 2))
    share = float(auroc)
    # V is the same at theta and 1 - theta, so the upper end is the mirror image of a lower one.
    return _auroc_low(share, m, n, z), 1.0 - _auroc_low(1.0 - share, m, n, z)


def _auroc_low(auroc: float, m: int, n: int, z: float) -> float:
    """Find the smallest theta with auroc - theta <= z sqrt(V(theta))."""
    if auroc == 0.0:
        return 0.0
    beyond = (m + n) / 2 - 1

    def excess(theta: float) -> float:
        u = theta * (1.0 - theta)
        # V without its factor 1 - theta.
        rest = theta / (m * n) * (1.0 + beyond * (1.0 + 2.0 * u) / (2.0 + u))
        if auroc == 1.0:
            # Both sides vanish at theta = 1, which is not the end: divided by 1 - theta.
            return (1.0 - theta) - z**2 * rest
        return (auroc - theta) ** 2 - z**2 * rest * (1.0 - theta)

    root = scipy.optimize.brentq(excess, 0.0, auroc, xtol=1e-15, rtol=4 * np.finfo(float).eps)
    return float(root)


@dataclass(frozen=True)
class PermutationTest:
    """How an AUROC compares with those of labels that were exchanged at random.

    Attributes
    ----------
    auroc : float
        The AUROC of the labels as they are.
    p_better : float
        The one-sided p-value against "no better than chance".
    p_worse : float
        The one-sided p-value against "no worse than chance".
    n_permutations : int
        How many random exchanges of labels are behind them.
    null_low, null_high : float
        The central 95 per cent of the AUROCs after an exchange.
    """

    auroc: float
    p_better: float
    p_worse: float
    n_permutations: int
    null_low: float
    null_high: float


def permutation_test(
    scores: ArrayLike,
    y: ArrayLike,
    groups: ArrayLike,
    rng: np.random.Generator,
    *,
    n_permutations: int = 9999,
) -> PermutationTest:
    r"""Test whether scores rank statements better, or worse, than chance.

    Parameters
    ----------
    scores : array_like of float, shape (n,)
        The scores.
    y : array_like of int, shape (n,)
        1 for true, 0 for false; both must occur.
    groups : array_like of int or str, shape (n,)
        Equal for statements on the same subject, or that belong together otherwise; what is said
        of subjects below is meant of groups.
    rng : numpy.random.Generator
        The source of the permutations.
    n_permutations : int
        How many.

    Returns
    -------
    PermutationTest
        The AUROC and both p-values.

    Raises
    ------
    TypeError, ValueError
        If the shapes differ, a score is not a finite number, or a label is missing.

    Notes
    -----
    Within a subject that has true and false statements the labels are permuted among these: a
    city with one true and one false statement has them exchanged with probability 1/2. Subjects
    whose statements are all true, or all false, exchange their labels with one another, among
    subjects with equally many statements. These exchanges form a group :math:`G`, and none of
    them changes which subjects have both labels, hence none changes :math:`G` itself.

    The null hypothesis is that given the scores, labels :math:`y` and :math:`gy` are equally
    probable for every :math:`g \in G`: which statement of a city is the true one, and which words
    are explained rightly, has nothing to do with the scores. If it holds, a p-value is at most
    :math:`\alpha` with a probability of at most :math:`\alpha`. For a proof let
    :math:`g_1, \dots, g_B` be independent and uniform on :math:`G`, as they are drawn here, and
    take one more such :math:`h`. Since :math:`y` and :math:`hy` have the same distribution, so
    have the lists of AUROCs of :math:`y, g_1 y, \dots, g_B y` and of
    :math:`hy, g_1 h y, \dots, g_B h y`. Given :math:`y`, the elements
    :math:`h, g_1 h, \dots, g_B h` are independent and uniform on :math:`G`, so the second list is
    exchangeable, and with it the first. The p-value for "better" is :math:`1/(B + 1)` times the
    number of entries of the first list, itself included, that are at least its first entry; in
    an exchangeable list of :math:`B + 1` numbers the probability that at most :math:`k` are at
    least the first is at most :math:`k/(B + 1)`, because at most :math:`k` positions of a list
    can have this property. For "worse" turn the inequalities around.

    The sums of ranks behind the AUROCs are integers, so that ties are seen as such.

    References
    ----------
    .. [1] B. Phipson and G. K. Smyth, "Permutation p-values should never be zero: calculating
       exact p-values when permutations are randomly drawn", Statistical Applications in Genetics
       and Molecular Biology 9, 2010, article 39.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.truth.evaluation import permutation_test
    >>> y, cities = np.tile([1, 0], 20), np.repeat(np.arange(20), 2)
    >>> told = permutation_test(-y, y, cities, np.random.default_rng(0), n_permutations=999)
    >>> told.auroc, told.p_better, told.p_worse
    (0.0, 1.0, 0.001)
    """
    values, labels = _scores_and_labels(scores, y)
    names = unmasked_array("groups", groups)
    if names.shape != values.shape:
        raise ValueError(f"groups must have shape {values.shape}, got {names.shape}")
    if names.dtype.kind not in "biuUST":
        raise TypeError(f"groups must hold integers or names, got dtype {names.dtype}")
    rng = generator("rng", rng)
    n_permutations = integer("n_permutations", n_permutations, 1)
    n_true = int(labels.sum())
    sizes = n_true, len(values) - n_true
    ranks = _doubled_ranks(values)
    observed = float(ranks[labels].sum())
    found = np.zeros(n_permutations)
    for heights, marks in _exchangeable(ranks, labels, names):
        together = max(1, _LABELS_AT_ONCE // marks.size)
        for start in range(0, n_permutations, together):
            part = found[start : start + together]
            drawn = np.repeat(marks[None], len(part), axis=0)
            rng.permuted(drawn, axis=2, out=drawn)
            # Integers below 2**53, so that the order of summation does not matter.
            part += drawn.reshape(len(part), -1).astype(np.float64) @ heights.ravel()
    low, high = np.quantile(found, [0.025, 0.975], method="inverted_cdf")
    return PermutationTest(
        auroc=_auroc(observed, *sizes),
        p_better=float((1 + (found >= observed).sum()) / (1 + n_permutations)),
        p_worse=float((1 + (found <= observed).sum()) / (1 + n_permutations)),
        n_permutations=n_permutations,
        null_low=_auroc(float(low), *sizes),
        null_high=_auroc(float(high), *sizes),
    )


def _exchangeable(
    ranks: Floats, labels: NDArray[np.bool_], names: NDArray[np.generic]
) -> list[tuple[Floats, NDArray[np.bool_]]]:
    """List what may exchange labels: in each row of a pair of matrices, sums of ranks and labels.

    The sums of ranks of what is labelled true add up to that of all true statements.
    """
    _, member = np.unique(names, return_inverse=True)
    size = np.bincount(member)
    n_true = np.bincount(member, weights=labels)
    height = np.bincount(member, weights=ranks).astype(np.float64)
    mixed = (n_true > 0) & (n_true < size)
    rows: dict[int, list[tuple[Floats, NDArray[np.bool_]]]] = {}
    order = np.argsort(member, kind="stable")
    for one in np.split(order, np.cumsum(size)[:-1]):
        if mixed[member[one[0]]]:
            rows.setdefault(len(one), []).append((ranks[one], labels[one]))
    for common in np.unique(size[~mixed]):
        alike = np.flatnonzero(~mixed & (size == common))
        rows.setdefault(len(alike), []).append((height[alike], n_true[alike] > 0))
    return [
        (np.array([r for r, _ in rows[m]]), np.array([marks for _, marks in rows[m]]))
        for m in sorted(rows)
    ]
