r"""Random networks: how many regions they have, how far these reach, and what a picture misses.

For networks of any depth all of this is counted.
For one hidden layer it is also computed from the distribution, as follows.

The hidden layer 2 -> n of PyTorch's default initialisation has weights and biases uniform on
:math:`[-a, a]` with :math:`a = 1/\sqrt{2}`.
A line w . x + b = 0 does not change when (w, b) is scaled, so the probabilities below are those of
lines whose three coefficients are uniform on [-1, 1].
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from numbers import Real

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed

from activations import regions
from activations._arguments import integer
from activations.lines import Box, count_regions, count_regions_many, zoom_radii
from activations.regions import PLANE, PolyhedralComplex, linear_regions
from activations.regions.bounds import expected_upper
from activations.regions.network import read_networks

__all__ = [
    "TAIL_CONSTANT",
    "RegionCounts",
    "ShallowCounts",
    "bounds_and_means",
    "count_ensemble",
    "count_shallow_regions",
    "crossing_density",
    "crossing_probability",
    "expected_regions",
    "far_crossing_probability",
    "hill_estimate",
    "independent_pairs_tail",
    "line_probability",
    "meeting_radius",
    "outermost_vertex",
    "regions_in_squares",
    "sample_hidden_layers",
    "survival",
    "unseen_by_grids",
    "unseen_regions",
    "zoom_tail_bound",
]

FloatArray = npt.NDArray[np.float64]

#: r P(two random lines cross outside [-r, r]^2) tends to this number and never exceeds it.
TAIL_CONSTANT = Fraction(20, 27)

# From here on the series in 1/r has terms below 2^-53 after fifty of them.
_SERIES_FROM = 2.0
_SERIES_TERMS = 60


def _numbers(name: str, values: npt.ArrayLike) -> FloatArray:
    """Return real numbers, exact fractions among them, rounded to float64."""
    array = np.asarray(values)
    real = array.dtype.kind in "fiu" or (
        array.dtype.kind == "O"
        and all(isinstance(v, Real) and not isinstance(v, bool) for v in array.flat)
    )
    if not real:
        raise TypeError(f"{name} is {values!r}, but must hold real numbers")
    try:
        return array.astype(np.float64)
    except OverflowError:
        raise ValueError(f"{name} holds a number that is too large for float64") from None


def _half_width(r: npt.ArrayLike) -> FloatArray:
    array = _numbers("r", r)
    if not (array >= 1).all():
        raise ValueError(f"r is {r!r}, but must be at least 1: the formulas hold from there on")
    return array


# Sampling and counting


def sample_hidden_layers(
    count: int, width: int, *, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    r"""Draw hidden layers 2 -> width with PyTorch's default initialisation.

    Parameters
    ----------
    count : int
        The number of layers.
    width : int
        The number of neurons in each.
    rng : numpy.random.Generator
        Where the numbers come from.

    Returns
    -------
    W : ndarray of float64, shape (count, width, 2)
        The weights, uniform on :math:`[-1/\sqrt{2}, 1/\sqrt{2}]`.
    b : ndarray of float64, shape (count, width)
        The biases, likewise.

    Raises
    ------
    ValueError
        If a number is less than 1.
    TypeError
        If it is not an integer, or `rng` is no generator of NumPy.

    See Also
    --------
    activations.mlp.mlp : Draws the same distribution, in float32, with torch.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.experiments import sample_hidden_layers
    >>> W, b = sample_hidden_layers(1000, 20, rng=np.random.default_rng(0))
    >>> W.shape, b.shape
    ((1000, 20, 2), (1000, 20))
    """
    count, width = integer("count", count, 1), integer("width", width, 1)
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng is {rng!r}, but must be a numpy.random.Generator")
    bound = 1 / math.sqrt(2)
    drawn = rng.uniform(-bound, bound, size=(count, width, 3))
    return drawn[..., :2].copy(), drawn[..., 2].copy()


@dataclass(frozen=True)
class ShallowCounts:
    """What was counted in many shallow networks.

    Parameters
    ----------
    radius : ndarray of float64, shape (m,)
        The zoom radius R of each network.
    plane : ndarray of int64, shape (m,)
        The number of its activation regions in the plane.
    box : ndarray of int64, shape (m,)
        The number of those that meet the open box.
    """

    radius: FloatArray
    plane: npt.NDArray[np.int64]
    box: npt.NDArray[np.int64]

    @property
    def box_mean(self) -> float:
        """Return the mean number of regions in the box; there must be a network."""
        if len(self.box) == 0:
            raise ValueError("box is empty, but must hold a count to have a mean")
        return float(self.box.mean())

    @property
    def box_standard_error(self) -> float:
        """Return the standard error of that mean; there must be two networks."""
        if len(self.box) < 2:
            raise ValueError(
                f"box holds {len(self.box)} count(s), but must hold 2 to have a standard error"
            )
        return float(self.box.std(ddof=1) / math.sqrt(len(self.box)))


def count_shallow_regions(
    W: npt.ArrayLike, b: npt.ArrayLike, *, half_width: float = 10
) -> ShallowCounts:
    """Find the zoom radius and the numbers of regions of many shallow networks, exactly.

    Parameters
    ----------
    W : array_like of shape (m, n, 2)
        The hidden weights of m networks with n neurons; no neuron may have w = 0.
    b : array_like of shape (m, n)
        The hidden biases.
    half_width : float
        The box is the open square (-half_width, half_width)^2.

    Returns
    -------
    ShallowCounts
        The radius, rounded once to float64, and the two counts of each network.

    Raises
    ------
    ValueError
        If the shapes do not match, a number is not finite, or the box is empty.
    TypeError
        If something does not hold real numbers.

    See Also
    --------
    activations.lines.count_regions_many : Decides in integers where float64 leaves a doubt.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.experiments import count_shallow_regions, sample_hidden_layers
    >>> counts = count_shallow_regions(*sample_hidden_layers(3, 20, rng=np.random.default_rng(0)))
    >>> counts.plane
    array([211, 211, 211])
    >>> counts.radius > 10
    array([ True,  True,  True])
    """
    return ShallowCounts(
        zoom_radii(W, b),
        count_regions_many(W, b),
        count_regions_many(W, b, _square("half_width", half_width)),
    )


def _square(name: str, half_width: float | Fraction) -> Box:
    if isinstance(half_width, bool) or not isinstance(half_width, Real):
        raise TypeError(f"{name} is {half_width!r}, but must be a real number")
    # The comparison is false for NaN as well; infinity is left to those who count.
    if not half_width > 0:
        raise ValueError(f"{name} is {half_width}, but must be positive")
    return ((-half_width, -half_width), (half_width, half_width))


def regions_in_squares(
    normals: npt.ArrayLike, offsets: npt.ArrayLike, half_widths: npt.ArrayLike
) -> npt.NDArray[np.int64]:
    """Count the regions of one arrangement that squares of growing size meet, exactly.

    Parameters
    ----------
    normals : array_like of shape (n, 2)
        The normals of the lines, or the hidden weights of a shallow network.
    offsets : array_like of shape (n,)
        Their offsets.
    half_widths : array_like of shape (k,)
        The squares are (-r, r)^2 for each of these r; fractions are taken as they are.

    Returns
    -------
    ndarray of int64, shape (k,)
        The numbers of regions.

    Raises
    ------
    ValueError
        If a shape is wrong, a number is not finite, a normal is zero, or an r is not positive.
    TypeError
        If something does not hold real numbers.

    Examples
    --------
    Two lines that cross in (3, 1):

    >>> from activations.experiments import regions_in_squares
    >>> regions_in_squares([[1, 0], [0, 1]], [-3, -1], [0.5, 1, 2, 3, 4])
    array([1, 1, 2, 2, 4])
    """
    # As objects, fractions are not rounded.
    sizes = np.asarray(half_widths, dtype=object)
    if sizes.ndim != 1:
        raise ValueError(f"half_widths has shape {sizes.shape}, but must have shape (k,)")
    squares = [_square(f"half_widths[{index}]", r) for index, r in enumerate(sizes)]
    counts = [count_regions(normals, offsets, square) for square in squares]
    return np.array(counts, dtype=np.int64)


# Networks of any depth


def _in_plane(complex: PolyhedralComplex) -> PolyhedralComplex:
    if not isinstance(complex, PolyhedralComplex):
        raise TypeError(f"complex is {complex!r}, but must be a PolyhedralComplex")
    if complex.domain is not PLANE:
        raise ValueError(f"complex has the domain {complex.domain}, but must be that of the plane")
    return complex


def outermost_vertex(complex: PolyhedralComplex) -> float:
    r"""Return the zoom radius: the largest coordinate, in absolute value, of any vertex.

    Parameters
    ----------
    complex : PolyhedralComplex
        The regions of a network in the plane.

    Returns
    -------
    float
        The radius R; every square (-r, r)^2 with r > R meets all regions.
        If all folds are parallel, it is the largest number
        :math:`|b| / (|w_1| + |w_2|)` of any of them, :math:`\mathbf{w} \cdot \mathbf{x} + b = 0`,
        and 0 if there is no fold.

    Raises
    ------
    ValueError
        If the complex is not one of the plane.
    TypeError
        If it is no complex.

    See Also
    --------
    meeting_radius : The smallest number with this property.
    activations.lines.zoom_radius : The same for one hidden layer, as a fraction.

    Examples
    --------
    >>> from activations.experiments import outermost_vertex
    >>> from activations.regions import PLANE, linear_regions
    >>> lines = ([[1, 0], [0, 1]], [3, -1])
    >>> round(outermost_vertex(linear_regions([lines, ([[1, 1]], [0])], PLANE)), 12)
    3.0
    """
    # At a vertex where folds cross at least four edges end, so there are more than two for each
    # vertex; a line that nothing crosses is two rays from a point somewhere on it.
    if len(_in_plane(complex).edges) > 2 * len(complex.vertices):
        return float(np.abs(complex.vertices).max())
    return meeting_radius(complex)


def meeting_radius(complex: PolyhedralComplex) -> float:
    """Return the smallest number such that every larger square about the origin meets all regions.

    Parameters
    ----------
    complex : PolyhedralComplex
        The regions of a network in the plane.

    Returns
    -------
    float
        The number; the open square (-r, r)^2 meets all activation regions if and only if r is
        larger.

    Raises
    ------
    ValueError
        If the complex is not one of the plane.
    TypeError
        If it is no complex.

    See Also
    --------
    outermost_vertex : At least as large.

    Notes
    -----
    It is the largest distance of a region from the origin, in the maximum norm.
    Unless the origin lies in the region, the distance is attained on one of its sides, along which
    the norm is convex, and linear between its ends and the points with :math:`|x| = |y|`.

    Examples
    --------
    The fold of a second layer has its tip in (1, 0), but every region comes nearer to the origin:

    >>> from activations.experiments import meeting_radius, outermost_vertex
    >>> from activations.regions import PLANE, linear_regions
    >>> axes = ([[1, 0], [-1, 0], [0, 1], [0, -1]], [0, 0, 0, 0])
    >>> tip = ([[1, -1, 2, 2]], [-1])
    >>> c = linear_regions([axes, tip, ([[1]], [0])], PLANE)
    >>> round(meeting_radius(c), 12), round(outermost_vertex(c), 12)
    (0.5, 1.0)
    """
    count = len(_in_plane(complex).vertices)
    if len(complex) == 1:
        return 0.0
    first, second = complex.edges.astype(np.int64).T
    turned = first >= count
    start, stop = np.where(turned, second, first), np.where(turned, first, second)
    ray = stop >= count
    base = complex.vertices[start]
    ways = np.concatenate([complex.vertices, complex.directions])[stop]
    way = np.where(ray[:, None], ways, ways - base)
    length = np.where(ray, math.inf, 1.0)
    nearest = np.abs(base).max(axis=1)
    nearest = np.where(ray, nearest, np.minimum(nearest, np.abs(ways).max(axis=1)))
    for sign in (1, -1):
        drift = way[:, 0] + sign * way[:, 1]
        with np.errstate(divide="ignore", invalid="ignore"):
            time = -(base[:, 0] + sign * base[:, 1]) / drift
        # Along a way that keeps x + y, or x - y, the other sign finds the least norm.
        time = np.clip(np.where(np.isfinite(time), time, 0.0), 0.0, length)
        nearest = np.minimum(nearest, np.abs(base + time[:, None] * way).max(axis=1))
    distances = np.minimum.reduceat(nearest[complex.halfedges >> 1], complex.offsets[:-1])
    distances[complex.locate([0.0, 0.0])] = 0.0
    return float(distances.max())


def unseen_regions(complex: PolyhedralComplex, points: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Find the activation regions that contain none of some points.

    Parameters
    ----------
    complex : PolyhedralComplex
        The regions.
    points : array_like of shape (..., 2)
        The points, those of a grid for instance.

    Returns
    -------
    ndarray of int64
        The numbers of the regions, in ascending order.

    Raises
    ------
    ValueError
        If `points` does not have the right shape or is not finite.
    TypeError
        If it does not hold real numbers, or `complex` is no complex.

    Examples
    --------
    >>> from activations.experiments import unseen_regions
    >>> from activations.regions import Box, linear_regions
    >>> c = linear_regions([([[1, 0]], [-2]), ([[1]], [0])], Box(-3, 3))
    >>> unseen = unseen_regions(c, [[0, 0], [1, 1]])
    >>> c.areas[unseen]
    array([6.])
    """
    if not isinstance(complex, PolyhedralComplex):
        raise TypeError(f"complex is {complex!r}, but must be a PolyhedralComplex")
    found = complex.locate(points)
    return np.setdiff1d(np.arange(len(complex)), found)


def unseen_by_grids(
    complex: PolyhedralComplex, sides: Sequence[int]
) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Count the activation regions in a box that contain no point of a grid, and their area.

    Parameters
    ----------
    complex : PolyhedralComplex
        The regions of a network in a box.
    sides : sequence of int
        How many points each grid has along either side of the box, at least 2.

    Returns
    -------
    counts : ndarray of int64, shape (k,)
        For each grid the number of regions that contain none of its points.
    shares : ndarray of float64, shape (k,)
        The share of these regions in the area of the box.

    Raises
    ------
    ValueError
        If the complex is one of the plane, or a number is less than 2.
    TypeError
        If `complex` is no complex, or a number is no integer.

    See Also
    --------
    unseen_regions : Which regions these are, and for any points.

    Examples
    --------
    The first grid has no point between the folds at 0.1 and 0.3:

    >>> from activations.experiments import unseen_by_grids
    >>> from activations.regions import Box, linear_regions
    >>> c = linear_regions([([[1, 0], [1, 0]], [-0.1, -0.3]), ([[1, 1]], [0])], Box(-1, 1))
    >>> counts, shares = unseen_by_grids(c, [3, 11])
    >>> counts, shares.round(9)
    (array([1, 0]), array([0.1, 0. ]))
    """
    if not isinstance(complex, PolyhedralComplex):
        raise TypeError(f"complex is {complex!r}, but must be a PolyhedralComplex")
    if not isinstance(complex.domain, regions.Box):
        raise ValueError(f"complex has the domain {complex.domain}, but must be that of a box")
    low, high = complex.domain.low, complex.domain.high
    counts, shares = [], []
    for index, side in enumerate(sides):
        n = integer(f"sides[{index}]", side, 2)
        axes = (np.linspace(a, b, n) for a, b in zip(low, high, strict=True))
        unseen = unseen_regions(complex, np.stack(np.meshgrid(*axes), axis=-1))
        counts.append(len(unseen))
        shares.append(float(complex.areas[unseen].sum() / complex.areas.sum()))
    return np.array(counts, dtype=np.int64), np.array(shares, dtype=np.float64)


def bounds_and_means(
    rates: Sequence[float],
    networks: Sequence[tuple[npt.ArrayLike, npt.ArrayLike]],
    half_widths: Sequence[float],
) -> FloatArray:
    """Set the bound for the expected number of regions in squares beside means over a sample.

    Parameters
    ----------
    rates : sequence of float
        The rates of the hidden neurons, as for `activations.regions.bounds.expected_upper`.
    networks : list of (W, b)
        A sample, as `activations.mlp.sample_networks` draws it.
    half_widths : sequence of float
        The squares are [-r, r]^2 for each of these r.

    Returns
    -------
    ndarray of float64, shape (k, 2)
        For each square the bound and the mean.

    Raises
    ------
    ValueError
        If an r is not positive, or rates or networks are unusable.
    TypeError
        If something does not hold real numbers.

    Examples
    --------
    >>> from activations.experiments import bounds_and_means
    >>> from activations.mlp import sample_networks
    >>> from activations.regions.bounds import default_rates
    >>> networks = sample_networks((2, 20, 1), range(100))
    >>> bounds_and_means(default_rates((2, 20, 1)), networks, [0.5]).round(1)
    array([[49. , 29.6]])
    """
    rows = []
    for index, r in enumerate(half_widths):
        _square(f"half_widths[{index}]", r)
        bound = expected_upper(rates, area=4 * r * r, perimeter=8 * r)
        mean = regions.count_regions(list(networks), regions.Box(-r, r)).mean()
        rows.append((bound, mean))
    return np.array(rows, dtype=np.float64).reshape(-1, 2)


@dataclass(frozen=True, eq=False)
class RegionCounts:
    """What was measured in many networks of one shape.

    Parameters
    ----------
    activation_box, linear_box : ndarray of int64, shape (m,)
        The numbers of activation regions and of linear regions in a box.
    activation_plane, linear_plane : ndarray of int64, shape (m,)
        Those in the plane.
    radius : ndarray of float64, shape (m,)
        The zoom radius of each network, `outermost_vertex`.
    reach : ndarray of float64, shape (m,)
        The number beyond which squares meet all its regions, `meeting_radius`.
    """

    activation_box: npt.NDArray[np.int64]
    linear_box: npt.NDArray[np.int64]
    activation_plane: npt.NDArray[np.int64]
    linear_plane: npt.NDArray[np.int64]
    radius: FloatArray
    reach: FloatArray


def _measure(
    network: list[tuple[FloatArray, FloatArray]], box: regions.Box
) -> tuple[int, int, int, int, float, float]:
    near, everywhere = linear_regions(network, box), linear_regions(network, PLANE)
    return (
        len(near),
        near.n_linear_regions,
        len(everywhere),
        everywhere.n_linear_regions,
        outermost_vertex(everywhere),
        meeting_radius(everywhere),
    )


def count_ensemble(
    networks: Sequence[tuple[npt.ArrayLike, npt.ArrayLike]], *, half_width: float = 10
) -> RegionCounts:
    """Count the regions of many networks of one shape, and measure how far they reach.

    Parameters
    ----------
    networks : list of (W, b)
        For every layer the weights (m, out, in) and biases (m, out) of m networks, as
        `activations.mlp.sample_networks` draws them.
    half_width : float
        The box is [-half_width, half_width]^2.

    Returns
    -------
    RegionCounts
        The numbers of activation and of linear regions of each network, in the box and in the
        plane, and its radii.

    Raises
    ------
    ValueError
        If the networks are unusable, as for `activations.regions.count_regions`, or `half_width`
        is not positive.
    TypeError
        If something does not hold real numbers.

    See Also
    --------
    activations.regions.count_regions : Only the activation regions, but in a fraction of the time.

    Notes
    -----
    Every network is a task for joblib, one after the other unless `joblib.parallel_config` says
    otherwise; the results do not depend on it.
    Under ``joblib.parallel_config(backend="dask")`` and with a `distributed.Client` they are shared
    among the machines of a cluster, for which the package has the extra ``cluster``.

    Examples
    --------
    >>> from activations.experiments import count_ensemble
    >>> from activations.mlp import sample_networks
    >>> counts = count_ensemble(sample_networks((2, 20, 1), range(3)))
    >>> counts.activation_box, counts.linear_plane
    (array([197, 191, 196]), array([211, 211, 211]))
    """
    layers = read_networks(networks)
    _square("half_width", half_width)
    box = regions.Box(-half_width, half_width)
    tasks = (
        delayed(_measure)([(W[k], b[k]) for W, b in layers], box) for k in range(len(layers[0][1]))
    )
    table = np.array(Parallel()(tasks), dtype=np.float64).reshape(-1, 6)
    counts = table[:, :4].astype(np.int64).T
    return RegionCounts(*counts, *table[:, 4:].T)


# What probability theory says


def line_probability(r: npt.ArrayLike) -> FloatArray:
    r"""Return the probability that a random line meets the square (-r, r)^2.

    Parameters
    ----------
    r : array_like
        Half the side of the square, at least 1.

    Returns
    -------
    ndarray of float64
        :math:`1 - 1/(6 r^2)`.

    Notes
    -----
    The line meets the square if and only if :math:`|b| < r (|w_1| + |w_2|)`.

    Examples
    --------
    >>> from activations.experiments import line_probability
    >>> line_probability([1, 10])
    array([0.83333333, 0.99833333])
    """
    size = _half_width(r)
    with np.errstate(over="ignore"):
        return np.asarray(1 - 1 / (6 * size**2), dtype=np.float64)


def crossing_density(x: npt.ArrayLike, y: npt.ArrayLike) -> FloatArray:
    r"""Return the density of the point in which two random lines cross.

    Parameters
    ----------
    x, y : array_like
        Coordinates; they broadcast.

    Returns
    -------
    ndarray of float64
        The density, per unit of area.

    Notes
    -----
    With :math:`K = \{\mathbf{w} \in [-1,1]^2 : |\mathbf{w} \cdot \mathbf{x}| \le 1\}` it is
    :math:`\frac{1}{64} \int_K \int_K |\det(\mathbf{w}, \mathbf{w}')|`.
    K is the square where :math:`|x| + |y| \le 1`, a parallelogram where
    :math:`\bigl| |x| - |y| \bigr| \ge 1`, and a hexagon between.
    The density is :math:`5/54 \cdot \max(1, |x|, |y|)^{-3}` in the first two cases; in the third,
    for x, y > 0, it is :math:`(2 p_3 + 3 e_1 e_2)/864` with the power sum :math:`p_3` and the
    elementary symmetric polynomials :math:`e_1, e_2` of

    .. math::

        \frac{x + y - 1}{x y}, \qquad \frac{1 + x - y}{x}, \qquad \frac{1 + y - x}{y},

    which are twice the areas of the triangles into which half of K falls.

    Examples
    --------
    >>> from activations.experiments import crossing_density
    >>> crossing_density([0, 1, 10], 0) * 54
    array([5.   , 5.   , 0.005])
    """
    first, second = np.broadcast_arrays(np.abs(_numbers("x", x)), np.abs(_numbers("y", y)))
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError("x and y must be finite")
    large, small = np.maximum(first, second), np.minimum(first, second)
    far = np.maximum(large, 1.0)
    # 1/far three times rather than far**3, which overflows earlier.
    density: FloatArray = np.array(5 / 54 / far / far / far)
    # Not large + small, which may overflow.
    hexagon = (small > 1 - large) & (large - small < 1)
    density[hexagon] = _hexagon_density(large[hexagon], small[hexagon])
    return density


def _hexagon_density(x: FloatArray, y: FloatArray) -> FloatArray:
    """Return the density where K is a hexagon, from twice the areas of the triangles of half K."""
    # x is the larger one, so x - y is exact enough, and x + y is not formed, which may overflow.
    a, b, c = ((x - 1) / x + y / x) / y, (x - y + 1) / x, (y - x + 1) / y
    cubes = a**3 + b**3 + c**3
    return np.asarray((2 * cubes + 3 * (a + b + c) * (a * b + b * c + c * a)) / 864)


def far_crossing_probability(r: npt.ArrayLike) -> FloatArray:
    r"""Return the probability that two random lines cross outside [-r, r]^2.

    Parameters
    ----------
    r : array_like
        Half the side of the square, at least 1.

    Returns
    -------
    ndarray of float64
        The probability, to a few units in the last place.

    See Also
    --------
    crossing_probability : The complement.

    Notes
    -----
    The integral of `crossing_density` outside the square is

    .. math::

        \frac18 - \frac{r}{12} + \frac{43}{54 r} - \frac{19}{144 r^2} - \frac{1}{24 r^3}
        + \frac{1}{432 r^4} - \frac{(r - 1)^3 (r + 1)}{12 r^2} \log\Bigl(1 - \frac1r\Bigr),

    and expanded in 1/r,

    .. math::

        \frac{20}{27 r} - \frac{1}{15 r^3} - \frac{7}{2160 r^4}
        - \sum_{m \ge 5} \frac{r^{-m}}{(m^2 - 1)(m^2 - 4)}.

    The series is used from r = 2 on, where the closed form would cancel.

    Examples
    --------
    >>> from activations.experiments import far_crossing_probability
    >>> far_crossing_probability([1, 10]).round(6)
    array([0.666667, 0.074007])
    """
    size = _half_width(r)
    return np.where(size < _SERIES_FROM, _far_closed(size), _far_series(size))


def _far_closed(r: FloatArray) -> FloatArray:
    near = np.minimum(r, _SERIES_FROM)
    gap = near - 1
    # At r = 1 the logarithm has a pole and its factor a triple zero.
    logarithm = np.log(np.where(gap > 0, gap, 1.0) / near)
    polynomial = (
        1 / 8
        - near / 12
        + 43 / (54 * near)
        - 19 / (144 * near**2)
        - 1 / (24 * near**3)
        + 1 / (432 * near**4)
    )
    return np.asarray(polynomial - gap**3 * (near + 1) / (12 * near**2) * logarithm)


def _far_series(r: FloatArray) -> FloatArray:
    e = 1 / np.maximum(r, _SERIES_FROM)
    tail = np.zeros_like(e)
    for m in range(_SERIES_TERMS, 4, -1):
        tail = tail * e + 1 / ((m * m - 1) * (m * m - 4))
    return np.asarray(e * (20 / 27 - e * e * (1 / 15 + e * (7 / 2160 + e * tail))))


def crossing_probability(r: npt.ArrayLike) -> FloatArray:
    """Return the probability that two random lines cross inside [-r, r]^2.

    Parameters
    ----------
    r : array_like
        Half the side of the square, at least 1.

    Returns
    -------
    ndarray of float64
        One minus `far_crossing_probability`.

    Examples
    --------
    >>> from activations.experiments import crossing_probability
    >>> crossing_probability([1, 10]).round(6)
    array([0.333333, 0.925993])
    """
    return np.asarray(1 - far_crossing_probability(r))


def expected_regions(n: int, r: npt.ArrayLike) -> FloatArray:
    r"""Return the expected number of regions that a random shallow network shows in a square.

    Parameters
    ----------
    n : int
        The number of hidden neurons.
    r : array_like
        Half the side of the open square (-r, r)^2, at least 1.

    Returns
    -------
    ndarray of float64
        :math:`1 + n\,P(\text{a line meets it}) + \binom{n}{2} P(\text{two lines cross in it})`.

    Examples
    --------
    >>> from activations.experiments import expected_regions
    >>> expected_regions(20, 10).round(6)
    np.float64(196.905325)
    """
    lines = integer("n", n, 1)
    return np.asarray(
        1 + lines * line_probability(r) + math.comb(lines, 2) * crossing_probability(r)
    )


def zoom_tail_bound(n: int, r: npt.ArrayLike) -> FloatArray:
    r"""Bound the probability that the zoom radius of a random shallow network exceeds r.

    Parameters
    ----------
    n : int
        The number of hidden neurons, at least 2.
    r : array_like
        The radius, at least 1.

    Returns
    -------
    ndarray of float64
        :math:`\min\bigl(1, \binom{n}{2} \frac{20}{27 r}\bigr)`, an upper bound for every r and
        the right size for large r.

    Examples
    --------
    >>> from activations.experiments import zoom_tail_bound
    >>> zoom_tail_bound(20, [1, 1000]).round(6)
    array([1.      , 0.140741])
    """
    pairs = math.comb(integer("n", n, 2), 2)
    return np.asarray(np.minimum(1.0, pairs * float(TAIL_CONSTANT) / _half_width(r)))


def independent_pairs_tail(n: int, r: npt.ArrayLike) -> FloatArray:
    r"""Return what P(R > r) would be if the pairs of lines were independent.

    Parameters
    ----------
    n : int
        The number of hidden neurons, at least 2.
    r : array_like
        The radius, at least 1.

    Returns
    -------
    ndarray of float64
        :math:`1 - q(r)^{\binom{n}{2}}` with the probability q(r) that two lines cross inside.

    Notes
    -----
    Pairs that share a line are not independent, so this is a comparison and not a theorem.
    As r grows it agrees with `zoom_tail_bound` to first order.

    Examples
    --------
    >>> from activations.experiments import independent_pairs_tail
    >>> independent_pairs_tail(2, 10).round(12)
    np.float64(0.07400706255)
    """
    pairs = math.comb(integer("n", n, 2), 2)
    return np.asarray(-np.expm1(pairs * np.log1p(-far_crossing_probability(r))))


# Heavy tails in a sample


def _sample(sample: npt.ArrayLike) -> FloatArray:
    values = _numbers("sample", sample)
    if values.ndim != 1 or len(values) == 0:
        raise ValueError(f"sample has shape {values.shape}, but must have shape (m,) with m > 0")
    if not np.isfinite(values).all():
        raise ValueError("sample must be finite, but holds a NaN or an infinity")
    return values


def survival(sample: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return the empirical probability of exceeding each value of a sample.

    Parameters
    ----------
    sample : array_like of shape (m,)
        The values.

    Returns
    -------
    values : ndarray of float64, shape (m,)
        The sample, sorted.
    fraction : ndarray of float64, shape (m,)
        The share of the sample that is at least as large as each of them; from m / m down to
        1 / m where no values are equal.

    Examples
    --------
    >>> from activations.experiments import survival
    >>> values, fraction = survival([5.0, 1.0, 3.0, 3.0])
    >>> values, fraction
    (array([1., 3., 3., 5.]), array([1.  , 0.75, 0.75, 0.25]))
    """
    values = np.sort(_sample(sample))
    below = np.searchsorted(values, values, side="left")
    return values, 1 - below / len(values)


def hill_estimate(sample: npt.ArrayLike, k: int) -> tuple[float, float]:
    r"""Estimate the exponent of a power-law tail from the k largest values.

    Parameters
    ----------
    sample : array_like of shape (m,)
        Positive values.
    k : int
        How many of the largest ones to use, less than m.

    Returns
    -------
    exponent : float
        Hill's estimate of alpha in :math:`P(X > x) \sim c\,x^{-\alpha}`.
    standard_error : float
        :math:`\alpha / \sqrt{k}`, its asymptotic standard error.

    Raises
    ------
    ValueError
        If there are too few values, they are not positive, or the largest ones are all equal.

    Notes
    -----
    One over the mean of :math:`\log (x_{(i)} / x_{(k+1)})` over the k largest values.

    References
    ----------
    B. M. Hill, A simple general approach to inference about the tail of a distribution,
    Ann. Statist. 3 (1975) 1163-1174.

    Examples
    --------
    >>> from activations.experiments import hill_estimate
    >>> sample = [1000 / i for i in range(1, 1001)]
    >>> exponent, error = hill_estimate(sample, 100)
    >>> round(exponent, 2), round(error, 2)
    (1.02, 0.1)
    """
    values = np.sort(_sample(sample))
    largest = integer("k", k, 1)
    if largest >= len(values):
        raise ValueError(f"k is {k}, but must be less than the {len(values)} values")
    if values[-largest - 1] <= 0:
        raise ValueError("sample must be positive where its tail is estimated")
    # A difference of logarithms, as the quotient may overflow.
    mean = float((np.log(values[-largest:]) - np.log(values[-largest - 1])).mean())
    if mean == 0:
        raise ValueError(f"the {k} largest values are all equal, so they have no tail")
    return 1 / mean, 1 / mean / math.sqrt(largest)
