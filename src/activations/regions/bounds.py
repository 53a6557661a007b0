r"""What theory says about the number of regions of a ReLU network.

Every bound takes the widths (n_0, n_1, ..., n_L, outputs) that `activations.mlp.mlp` takes: the
number of inputs n_0, the widths of the L hidden layers, and the number of outputs, on which no
bound depends.
The bounds on the largest number are exact integers.
For one hidden layer the largest number itself is known, `activations.lines.max_regions`.

The upper bounds hold for *activation* regions, full-dimensional sets of constant on/off pattern,
and hence for linear regions, which are unions of them.
The lower bounds say that some network has at least that many activation regions and, if its last
hidden layer is wider than its input, at least that many linear regions.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from numbers import Rational, Real

from activations._arguments import integer, network_widths
from activations.lines import max_regions

__all__ = [
    "default_rates",
    "expected_upper",
    "hanin_rolnick_upper",
    "montufar_lower",
    "montufar_upper",
    "raghu_upper",
    "serra_lower",
    "serra_upper",
]


def _read_widths(widths: Sequence[int]) -> tuple[int, list[int]]:
    """Return the number of inputs and the widths of the hidden layers."""
    n_0, *hidden, _ = network_widths(widths)
    return n_0, hidden


def _exact(name: str, value: float) -> Fraction:
    """Return a finite real number that is not negative, exactly."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} is {value!r}, but must be a real number")
    if not (isinstance(value, Rational) or math.isfinite(value)) or value < 0:
        raise ValueError(f"{name} is {value!r}, but must be finite and not negative")
    if isinstance(value, Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    return Fraction(*value.as_integer_ratio())


# The largest number


def raghu_upper(widths: Sequence[int]) -> int:
    r"""Bound the largest number of regions by the product of the layers' own largest numbers.

    Parameters
    ----------
    widths : sequence of int
        The inputs n_0, the hidden widths n_1, ..., n_L and the outputs.

    Returns
    -------
    int
        :math:`\prod_{l=1}^{L} \sum_{j=0}^{n_0} \binom{n_l}{j}`.

    Raises
    ------
    TypeError
        If a width is not an integer.
    ValueError
        If a width is not positive or there are fewer than two of them.

    See Also
    --------
    montufar_upper : Smaller where a layer is narrower than the input.
    serra_upper : The smallest of the three.

    Notes
    -----
    Within a region of the layers before it, layer l has affine pre-activations and cuts the region
    by at most n_l hyperplanes of an n_0-dimensional space.
    The theorem of Raghu et al. states the order of this number, :math:`O(n^{L n_0})` activation
    patterns for L layers of width n; the product is the number that their argument gives, and
    for n_0 = 2 it is the one that the chapter on linear regions proves.

    References
    ----------
    M. Raghu, B. Poole, J. Kleinberg, S. Ganguli, J. Sohl-Dickstein, On the expressive power of
    deep neural networks, ICML 2017.

    Examples
    --------
    >>> from activations.regions.bounds import raghu_upper
    >>> raghu_upper((2, 20, 1)), raghu_upper((2, 5, 5, 5, 5, 1))
    (211, 65536)
    """
    n_0, hidden = _read_widths(widths)
    return math.prod(max_regions(n, n_0) for n in hidden)


def montufar_upper(widths: Sequence[int]) -> int:
    r"""Bound the largest number of regions, with regard to narrow layers.

    Parameters
    ----------
    widths : sequence of int
        The inputs n_0, the hidden widths n_1, ..., n_L and the outputs.

    Returns
    -------
    int
        :math:`\prod_{l=1}^{L} \sum_{j=0}^{m_l} \binom{n_l}{j}` with
        :math:`m_l = \min(n_0, \dots, n_{l-1})`.

    Raises
    ------
    TypeError
        If a width is not an integer.
    ValueError
        If a width is not positive or there are fewer than two of them.

    See Also
    --------
    serra_upper : At most as large.

    Notes
    -----
    As `raghu_upper`, but within a region of the layers before it the input of layer l is an affine
    image of dimension at most m_l, so its hyperplanes are those of an m_l-dimensional space.

    References
    ----------
    G. Montúfar, Notes on the number of linear regions of deep neural networks, SampTA 2017.

    Examples
    --------
    Where no layer is narrower than the input, it is the product of `raghu_upper`:

    >>> from activations.regions.bounds import montufar_upper, raghu_upper
    >>> montufar_upper((2, 5, 5, 5, 5, 1)), raghu_upper((2, 5, 5, 5, 5, 1))
    (65536, 65536)
    >>> montufar_upper((2, 1, 10, 1)), raghu_upper((2, 1, 10, 1))
    (22, 112)
    """
    dimension, hidden = _read_widths(widths)
    product = 1
    for n in hidden:
        product *= max_regions(n, dimension)
        dimension = min(dimension, n)
    return product


def serra_upper(widths: Sequence[int]) -> int:
    r"""Bound the largest number of regions, with regard to the neurons that are on.

    Parameters
    ----------
    widths : sequence of int
        The inputs n_0, the hidden widths n_1, ..., n_L and the outputs.

    Returns
    -------
    int
        :math:`\sum_{(j_1, \dots, j_L) \in J} \prod_{l=1}^{L} \binom{n_l}{j_l}`, where J holds the
        integers with
        :math:`0 \le j_l \le \min(n_0, n_1 - j_1, \dots, n_{l-1} - j_{l-1}, n_l)`.

    Raises
    ------
    TypeError
        If a width is not an integer.
    ValueError
        If a width is not positive or there are fewer than two of them.

    See Also
    --------
    montufar_upper, raghu_upper : At least as large.

    Notes
    -----
    Within a region in which k neurons of layer l are on, the input of layer l + 1 is an affine
    image of dimension at most k, and of at most the dimension d that the region had before.
    Let R_l(d) bound the number of regions that the layers from l on make of a region whose image
    has dimension d; it does not decrease with d.
    Layer l makes at most :math:`\sum_{j \le d} \binom{n_l}{j}` regions, of which at most
    :math:`\binom{n_l}{j}` have all but j neurons on, and R is largest if those with most neurons
    on are there.
    Hence :math:`R_l(d) = \sum_{j \le d} \binom{n_l}{j} R_{l+1}(\min(d, n_l - j))`, which is how
    the number is computed.
    For one layer the bound is attained; for one input it is if every layer has at least three
    neurons.

    References
    ----------
    T. Serra, C. Tjandraatmadja, S. Ramalingam, Bounding and counting linear regions of deep
    neural networks, ICML 2018, Theorem 1.

    Examples
    --------
    >>> from activations.regions.bounds import montufar_upper, serra_upper
    >>> serra_upper((2, 20, 1)), serra_upper((2, 5, 5, 5, 5, 1))
    (211, 65536)
    >>> serra_upper((2, 3, 3, 3, 3, 1)), montufar_upper((2, 3, 3, 3, 3, 1))
    (1024, 2401)
    """
    n_0, hidden = _read_widths(widths)
    # The bounds for the layers to come, by the dimension of the image.
    bounds = [1] * (n_0 + 1)
    for n in reversed(hidden):
        bounds = [
            sum(math.comb(n, j) * bounds[min(d, n - j)] for j in range(min(d, n) + 1))
            for d in range(n_0 + 1)
        ]
    return bounds[n_0]


def montufar_lower(widths: Sequence[int]) -> int:
    r"""Return a number of regions that some network of these widths has, by folding.

    Parameters
    ----------
    widths : sequence of int
        The inputs n_0, at least one hidden width, all of them at least n_0, and the outputs.

    Returns
    -------
    int
        :math:`\prod_{l=1}^{L-1} \lfloor n_l / n_0 \rfloor^{n_0} \cdot
        \sum_{j=0}^{n_0} \binom{n_L}{j}`.

    Raises
    ------
    TypeError
        If a width is not an integer.
    ValueError
        If a width is not positive, there is no hidden layer, or one is narrower than the input.

    See Also
    --------
    serra_lower : Larger, where every layer has at least three neurons per input.

    Notes
    -----
    With p neurons a layer folds the interval [0, 1] p times onto itself; with
    :math:`\lfloor n_l / n_0 \rfloor` of them for each coordinate it folds the unit cube
    :math:`\lfloor n_l / n_0 \rfloor^{n_0}` times onto itself.
    The last hidden layer cuts the cube by hyperplanes in general position, all of whose regions
    meet it, and every copy of the cube shows all of them.
    If :math:`n_L > n_0`, not all :math:`2^{n_L}` patterns of that layer occur, so the neurons can
    be turned such that in every region at least one of them is on.
    If no sum over some of these neurons of output weight times normal has a zero coordinate, the
    gradient then changes wherever one crosses from region to region, so these activation regions
    are linear regions.
    (Montúfar et al. state the theorem for linear regions and all :math:`n_L \ge n_0`.)

    References
    ----------
    G. Montúfar, R. Pascanu, K. Cho, Y. Bengio, On the number of linear regions of deep neural
    networks, NIPS 2014.

    Examples
    --------
    >>> from activations.regions.bounds import montufar_lower
    >>> montufar_lower((2, 20, 1)), montufar_lower((2, 5, 5, 5, 5, 1))
    (211, 1024)
    """
    return _folded(widths, least=1, more=0)


def serra_lower(widths: Sequence[int]) -> int:
    r"""Return a number of regions that some network of these widths has, by tighter folding.

    Parameters
    ----------
    widths : sequence of int
        The inputs n_0, at least one hidden width, all of them at least 3 n_0, and the outputs.

    Returns
    -------
    int
        :math:`\prod_{l=1}^{L-1} \left(\lfloor n_l / n_0 \rfloor + 1\right)^{n_0} \cdot
        \sum_{j=0}^{n_0} \binom{n_L}{j}`.

    Raises
    ------
    TypeError
        If a width is not an integer.
    ValueError
        If a width is not positive, there is no hidden layer, or one has fewer than three neurons
        per input.

    See Also
    --------
    montufar_lower : Smaller, but for narrower layers too.

    Notes
    -----
    One of the p >= 3 neurons for a coordinate faces the other way, so that p switches fold the
    interval [0, 1] even p + 1 times onto itself; the rest is as for `montufar_lower`.

    References
    ----------
    T. Serra, C. Tjandraatmadja, S. Ramalingam, Bounding and counting linear regions of deep
    neural networks, ICML 2018.

    Examples
    --------
    >>> from activations.regions.bounds import montufar_lower, serra_lower
    >>> serra_lower((2, 6, 6, 1)), montufar_lower((2, 6, 6, 1))
    (352, 198)
    """
    return _folded(widths, least=3, more=1)


def _folded(widths: Sequence[int], *, least: int, more: int) -> int:
    """Return the regions of a folding network with `least` neurons per input or more."""
    n_0, hidden = _read_widths(widths)
    if not hidden:
        raise ValueError(f"widths is {tuple(widths)}, but must have a hidden layer")
    for index, n in enumerate(hidden, start=1):
        if n < least * n_0:
            raise ValueError(f"widths[{index}] is {n}, but must be at least {least * n_0}")
    *folding, last = hidden
    copies: int = math.prod((n // n_0 + more) ** n_0 for n in folding)
    return copies * max_regions(last, n_0)


# The expected number


def hanin_rolnick_upper(neurons: int, volume: float, rate: float, d: int = 2) -> float:
    r"""Bound the expected number of activation regions that meet a large cube.

    Parameters
    ----------
    neurons : int
        The number N of all hidden neurons, at least d.
    volume : float
        The volume of the cube.
    rate : float
        The constant T, which depends on the distribution of weights and biases.
    d : int, optional
        The number of inputs, at least 1; 2 by default.

    Returns
    -------
    float
        The volume times :math:`(T N)^d / d!`.

    Raises
    ------
    TypeError
        If `neurons` or `d` is not an integer, or `volume` or `rate` not a real number.
    ValueError
        If `neurons` is less than `d`, or `volume` or `rate` negative or not finite.
    OverflowError
        If the bound is beyond the range of float64.

    See Also
    --------
    expected_upper : For two inputs, with all constants and for domains of any size.

    Notes
    -----
    The theorem assumes that no two weights are tied, that the weights have a density, that each
    set of biases has one given everything else, of k biases at most :math:`C_{bias}^k`, and that
    the m-th moment of the gradient of every pre-activation is at most :math:`C_{grad}^m`, at every
    point and for every m.
    Then there are T and :math:`\delta_0`, which depend on :math:`C_{grad}` and :math:`C_{bias}`
    only, such that the bound holds for every cube whose side is longer than :math:`\delta_0`.
    The arrangement of the neurons in layers enters through :math:`C_{grad}` and
    :math:`C_{bias}` only.
    Biases that are zero have no density, so networks without biases are not covered.

    References
    ----------
    B. Hanin, D. Rolnick, Deep ReLU networks have surprisingly few activation patterns,
    NeurIPS 2019.

    Examples
    --------
    >>> from activations.regions.bounds import hanin_rolnick_upper
    >>> hanin_rolnick_upper(20, volume=1.0, rate=1.0)
    200.0
    """
    d = integer("d", d, 1)
    n = integer("neurons", neurons, d)
    size, t = _exact("volume", volume), _exact("rate", rate)
    return float(size * (t * n) ** d / math.factorial(d))


def expected_upper(rates: Sequence[float], area: float, perimeter: float) -> float:
    r"""Bound the expected number of activation regions that meet a convex polygon.

    Parameters
    ----------
    rates : sequence of float
        For each hidden neuron i of a random network with two inputs a number
        :math:`r_i = c_i g_i`: its bias has a density of at most :math:`c_i`, and its
        pre-activation a gradient whose mean square is at most :math:`g_i^2` at every point,
        also if one of the neurons of the layers before is taken out.
    area, perimeter : float
        The area and the perimeter of the polygon.

    Returns
    -------
    float
        :math:`1 + \tfrac{1}{2}\,\text{perimeter} \sum_i r_i + \text{area} \sum_{i<j} r_i r_j`,
        correctly rounded.

    Raises
    ------
    TypeError
        If an argument is not a real number.
    ValueError
        If an argument is negative or not finite.
    OverflowError
        If the bound is beyond the range of float64.

    See Also
    --------
    default_rates : The rates of PyTorch's default initialisation.
    hanin_rolnick_upper : The theorem that this is the planar form of, for any number of inputs.

    Notes
    -----
    The biases must be independent of one another and of the weights; nothing is assumed of how
    the weights depend on one another, and any depth is allowed.

    *Proof.*
    Number the neurons through the layers, first layer first.
    The pre-activation of neuron i without its bias, :math:`\hat z_i`, depends on no bias of the
    same or of a later layer, and it is piecewise affine along every segment and on the plane.
    Given all parameters but :math:`b_i`, almost no value of it makes :math:`z_i = \hat z_i + b_i`
    vanish at one of finitely many given points that do not depend on :math:`b_i`, or on a whole
    piece on which :math:`\hat z_i` is constant.
    Let i < j.
    Where :math:`z_i = 0` neuron i sends 0 to the next layer, so the common zeros of z_i and z_j
    are those points at which :math:`G = (\hat z_i, \hat z_j')` takes the value
    :math:`(-b_i, -b_j)`, where the prime says that neuron i is taken out; G does not depend on
    :math:`b_i` and :math:`b_j`.
    It is piecewise affine, so for almost all biases these points are finitely many, lie inside its
    pieces and have :math:`\det DG \ne 0`.
    They do not depend on the bias of a neuron k > j, which therefore does not vanish at any of
    them.
    So no three neurons vanish at the same point, as the last of them would do so at a common zero
    of the other two.
    Hence, almost surely, folds of different neurons meet at finitely many points, and only two at a
    time.
    Both go through there: as no other neuron vanishes nearby, z_i is affine there, and beyond the
    fold of i the gradient of z_j changes by a multiple of that of z_i, to which it is not parallel
    on one side and hence on neither.
    At all its other points a fold is straight, as its neuron is affine nearby and not constant.
    The fold of i meets the boundary of the polygon in finitely many points, none of them a corner,
    and crosses it there; no neuron after i vanishes at these points, so folds meet the boundary
    each by itself.
    The folds cut the polygon into convex cells, which are the activation regions that meet it.
    With V crossings, B meetings with the boundary and k corners there are V + B + k vertices, of
    the degrees 4, 3 and 2, hence 2 V + 3 B / 2 + k edges, and as
    vertices - edges + cells = 1, there are 1 + V + B / 2 cells.

    By the area formula, the expected number of common zeros of i and j is the expectation of the
    integral over the polygon of :math:`|\det DG|` times the density of the two biases at -G, at
    most :math:`c_i c_j\, \text{area}\; E |\nabla \hat z_i| |\nabla \hat z_j'|`, and by the
    inequality of Cauchy and Schwarz at most :math:`\text{area}\; r_i r_j`.
    In the same way neuron i meets the boundary at most
    :math:`c_i\, \text{perimeter}\; E |\nabla \hat z_i| \le \text{perimeter}\; r_i` times on
    average.

    If all rates are at most r, the bound is at most
    :math:`1 + r N\, \text{perimeter} / 2 + \text{area}\, (r N)^2 / 2`: the number of neurons
    matters, and not their arrangement in layers.

    References
    ----------
    B. Hanin, D. Rolnick, Deep ReLU networks have surprisingly few activation patterns,
    NeurIPS 2019.

    Examples
    --------
    In a square of side 1 the deep network of the exercise has fewer regions than the bound for the
    shallow one, on average:

    >>> from activations.regions.bounds import default_rates, expected_upper
    >>> for widths in [(2, 20, 1), (2, 5, 5, 5, 5, 1)]:
    ...     print(round(expected_upper(default_rates(widths), area=1, perimeter=4), 1))
    49.0
    17.1
    """
    r = [_exact(f"rates[{index}]", rate) for index, rate in enumerate(rates)]
    size, length = _exact("area", area), _exact("perimeter", perimeter)
    total = sum(r, Fraction(0))
    pairs = (total**2 - sum(rate**2 for rate in r)) / 2
    return float(1 + length * total / 2 + size * pairs)


def default_rates(widths: Sequence[int]) -> list[float]:
    r"""Return the rates of PyTorch's default initialisation, for `expected_upper`.

    Parameters
    ----------
    widths : sequence of int
        The inputs, the hidden widths n_1, ..., n_L and the outputs.

    Returns
    -------
    list of float
        One number for each hidden neuron, first layer first; in layer l it is
        :math:`\tfrac{1}{2} \sqrt{n_{l-1}} \cdot 3^{-1/2}\, 6^{-(l-1)/2}`.

    Raises
    ------
    TypeError
        If a width is not an integer.
    ValueError
        If a width is not positive or there are fewer than two of them.

    Notes
    -----
    Weights and biases of layer l are independent and uniform between plus and minus
    :math:`1/\sqrt{n_{l-1}}`.
    So the density of a bias is :math:`c = \sqrt{n_{l-1}}/2`, and a weight has the mean 0 and the
    variance :math:`1/(3 n_{l-1})`.
    Let :math:`g_l^2` be the mean square of the gradient of a pre-activation z of layer l at a
    point.
    In the first layer it is :math:`n_0 / (3 n_0) = 1/3`.
    Turning the signs of the weights and the bias of one neuron keeps their distribution and the
    length of the gradient of z, but changes the sign of z; so the gradient of ReLU(z) has half the
    mean square of that of z.
    Layer l + 1 adds up :math:`n_l` of these with independent weights of variance
    :math:`1/(3 n_l)`, so :math:`g_{l+1}^2 = g_l^2 / 6`.
    Taking out a neuron leaves out a term and makes none of this larger.

    Examples
    --------
    >>> from activations.regions.bounds import default_rates
    >>> [round(rate, 3) for rate in default_rates((2, 1, 1, 1, 1))]
    [0.408, 0.118, 0.048]
    """
    n_0, hidden = _read_widths(widths)
    rates: list[float] = []
    fan_in = n_0
    for depth, n in enumerate(hidden):
        rates += [0.5 * math.sqrt(fan_in / 3) * 6.0 ** (-depth / 2)] * n
        fan_in = n
    return rates
