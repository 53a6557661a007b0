"""Regions and their numbers: by float64 with a certificate, and by integers where it fails."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from activations.regions import frame, reference
from activations.regions.complex import PolyhedralComplex
from activations.regions.domain import Box, Domain, read_domain
from activations.regions.network import Layers, read_network, read_networks
from activations.regions.subdivision import UncertifiedError, count, subdivide

__all__ = ["count_regions", "linear_regions"]

Kind = Literal["activation", "linear"]
_DEFAULT = Box(-10, 10)
# Networks of a batch are treated together as long as the weights, one copy for each vertex, are
# small; this many numbers of them at most in one layer, and this many networks at once.
_SMALL, _TOGETHER = 64, 250
# How accurate coordinates have to be at least, in networks of how many neurons at most.
_ACCURATE, _FEW = 2.0**-7, 100


def _start(domain: Domain) -> frame.Subdivision:
    if isinstance(domain, Box):
        return frame.box(domain.low, domain.high)
    return frame.plane()


def linear_regions(network: Any, domain: Domain = _DEFAULT) -> PolyhedralComplex:
    """Find all regions of a ReLU network with two inputs, exactly.

    Parameters
    ----------
    network : list of (W, b), or torch.nn.Module
        For each layer its weights (out, in) and biases (out,), with ReLU between the layers; or a
        torch module made of Linear and ReLU. Numbers are read exactly.
    domain : Box or PLANE
        Where to look; by default the square [-10, 10]^2.

    Returns
    -------
    PolyhedralComplex
        The activation regions, with vertices, edges, neighbours, patterns and affine maps, and
        the linear regions that they make up.

    Raises
    ------
    ValueError
        If the network does not have two inputs, or its layers do not fit or are not finite.
    TypeError
        If the network holds something else than real numbers, Linear and ReLU, or the domain is
        neither a `Box` nor `PLANE`.
    OverflowError
        If a vertex lies beyond the largest float64.

    See Also
    --------
    count_regions : Only their number, which is faster.

    Notes
    -----
    The combinatorial structure is exact, and ``certified`` says by which arithmetic it was decided:
    in float64, where each sign and each order exceeds a bound of its error, else in integers.
    Coordinates of vertices are rounded. Where folds are nearly parallel, those found in float64 are
    less accurate; in networks of up to 100 hidden neurons the integers are asked where they might
    be off by more than a hundredth of their size.

    Examples
    --------
    Two lines that cross, of which the second neuron does not reach the output:

    >>> from activations.regions import PLANE, linear_regions
    >>> network = [([[1, 0], [0, 1]], [1, -2]), ([[1, 0]], [0])]
    >>> c = linear_regions(network, PLANE)
    >>> len(c), c.n_linear_regions, c.vertices
    (4, 2, array([[-1.,  2.]]))
    """
    layers, domain = read_network(network), read_domain(domain)
    # Integers take longer the wider the layers are; for a few neurons, coordinates may be asked to
    # be accurate, too.
    neurons = sum(len(b) for _, b in layers[:-1])
    accuracy = _ACCURATE if neurons <= _FEW else np.inf
    for local in (False, True):
        try:
            found = subdivide(layers, _start(domain), local=local, accuracy=accuracy)
        except UncertifiedError:
            continue
        return PolyhedralComplex(layers, domain, certified="float64", **found)
    return reference.exact_regions(layers, domain)


def _is_batch(network: Any) -> bool:
    """Say whether the weights of the first layer have a leading axis."""
    try:
        return np.ndim(network[0][0]) == 3
    except (TypeError, LookupError, ValueError):
        return False


def count_regions(network: Any, domain: Domain = _DEFAULT, kind: Kind = "activation") -> Any:
    """Count the regions of a ReLU network with two inputs, exactly.

    Parameters
    ----------
    network : list of (W, b), or torch.nn.Module
        As in `linear_regions`; or many networks of the same shape at once, with W (B, out, in) and
        b (B, out) in each layer.
    domain : Box or PLANE
        Where to look; by default the square [-10, 10]^2.
    kind : {"activation", "linear"}
        Activation regions, on which the pattern of active neurons is constant, or linear regions,
        which are connected unions of those on which the affine map is the same.

    Returns
    -------
    int, or ndarray of int64, shape (B,)
        The number of regions, or one for each network.

    Raises
    ------
    ValueError
        If a network is unusable, as in `linear_regions`, or `kind` is unknown.
    TypeError
        Likewise.

    Examples
    --------
    >>> from activations.regions import PLANE, count_regions
    >>> fold = ([[1, 0], [-1, 0]], [0, 0])
    >>> count_regions([fold, ([[1, -1]], [0])], PLANE)
    2
    >>> count_regions([fold, ([[1, -1]], [0])], PLANE, kind="linear")
    1
    """
    domain = read_domain(domain)
    if kind not in ("activation", "linear"):
        raise ValueError(f"kind is {kind!r}, but must be 'activation' or 'linear'")
    if not _is_batch(network):
        return _count_one(read_network(network), domain, kind)
    layers = read_networks(network)
    size = len(layers[0][1])
    if kind == "linear" or max(W[0].size for W, _ in layers[1:-1] or layers[:1]) > _SMALL:
        counts = [_count_one([(W[i], b[i]) for W, b in layers], domain, kind) for i in range(size)]
        return np.array(counts, dtype=np.int64)
    cuts = [slice(low, low + _TOGETHER) for low in range(0, size, _TOGETHER)]
    parts = [_count_batch([(W[cut], b[cut]) for W, b in layers], domain) for cut in cuts]
    return np.concatenate(parts)


def _count_one(layers: Layers, domain: Domain, kind: Kind) -> int:
    if kind == "linear":
        try:
            return linear_regions(layers, domain).n_linear_regions
        except OverflowError:
            # A vertex is too far away to have coordinates.
            return reference.count_exact(layers, domain, kind)
    for local in (False, True):
        try:
            return int(count(layers, _start(domain), local=local)[0][0])
        except UncertifiedError:
            continue
    return reference.count_exact(layers, domain, kind)


def _count_batch(layers: Layers, domain: Domain) -> npt.NDArray[np.int64]:
    start = frame.batch(_start(domain), len(layers[0][1]))
    counts, uncertain = count(layers, start)
    for i in np.flatnonzero(uncertain):
        counts[i] = _count_one([(W[i], b[i]) for W, b in layers], domain, "activation")
    return counts
