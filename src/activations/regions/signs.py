r"""Signs of pre-activations in float64, with bounds that say which of them are certain.

A sum of n products in float64 is off by at most :math:`n u / (1 - n u)` times the sum of their
magnitudes, where u = 2^-53.
Each layer adds this to what it inherits from the layer before; ReLU adds nothing.
Patterns of on and off are packed into bytes, bit k of byte j for neuron 8 j + k.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from activations.regions.network import FloatArray, Layers
from activations.regions.ragged import chunks

__all__ = [
    "forward",
    "pack",
    "rounding",
    "signs",
    "unpack",
    "vanishing_jumps",
]

BoolArray = npt.NDArray[np.bool_]
ByteArray = npt.NDArray[np.uint8]

_EPS = 2.0**-52
# Products below this magnitude may underflow, where relative bounds do not hold.
_TINY = 2.0**-1022
_CHUNK = 2**20


def rounding(terms: int) -> float:
    """Return a bound of the relative error of a sum of products in float64.

    Parameters
    ----------
    terms : int
        The number of products.

    Returns
    -------
    float
        Twice what theory asks for, to cover the rounding of the bound itself.

    References
    ----------
    N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition (2002), section 3.1.

    Examples
    --------
    >>> from activations.regions.signs import rounding
    >>> rounding(4) == 8 * 2.0**-52
    True
    """
    return (terms + 4) * _EPS


def forward(layers: Layers, points: FloatArray) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Walk through the layers with pre-activations and bounds of their rounding errors.

    Parameters
    ----------
    layers : sequence of (W, b)
        The layers, ReLU between them.
    points : ndarray of float64, shape (P, 2)
        The inputs, taken exactly.

    Yields
    ------
    values : ndarray of float64, shape (P, n)
        The pre-activations of the layer.
    bounds : ndarray of float64, shape (P, n)
        How far they may be from the true ones; zero where they are exact and constant around the
        point.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.regions.signs import forward
    >>> layers = [(np.array([[1.0, -1.0]]), np.array([0.5]))]
    >>> [(values, bounds)] = forward(layers, np.array([[0.25, 0.5]]))
    >>> values, bounds < 1e-14
    (array([[0.25]]), array([[ True]]))
    """
    values, bounds = points, np.zeros_like(points)
    alive = np.ones(len(points), dtype=np.bool_)
    for W, b in layers:
        unit = rounding(W.shape[1])
        sizes = np.abs(W)
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            spread = (unit * np.abs(values) + (1 + unit) * bounds) @ sizes.T + unit * np.abs(b)
            spread += _TINY * (W.shape[1] + sizes.sum(axis=1))
            # Where all neurons before are off, or all weights are zero, biases come out unrounded.
            bounds = np.where(alive[:, None] & (W != 0).any(axis=1), spread, 0.0)
            outputs = values @ W.T + b
        yield outputs, bounds
        values = np.maximum(outputs, 0.0)
        off = (outputs < -bounds) | ((bounds == 0) & (outputs <= 0))
        bounds = np.where(off, 0.0, bounds)
        alive = ~off.all(axis=1)


def signs(hidden: Layers, points: FloatArray) -> tuple[BoolArray, BoolArray]:
    """Return which hidden neurons are on at points, and where that is certain.

    Parameters
    ----------
    hidden : sequence of (W, b)
        The hidden layers.
    points : ndarray of float64, shape (P, 2)
        The points, taken exactly.

    Returns
    -------
    on : ndarray of bool, shape (P, N)
        Whether the pre-activation comes out positive.
    certain : ndarray of bool, shape (P,)
        Whether no sign in the row can be wrong, at the point as well as close to it.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.regions.signs import signs
    >>> signs([(np.array([[1.0, 0.0]]), np.array([-0.1]))], np.array([[0.1, 0.0], [0.2, 0.0]]))
    (array([[False],
           [ True]]), array([False,  True]))
    """
    on = np.empty((len(points), sum(len(b) for _, b in hidden)), dtype=np.bool_)
    certain = np.ones(len(points), dtype=np.bool_)
    first = 0
    for values, bounds in forward(hidden, points):
        on[:, first : first + values.shape[1]] = values > 0
        certain &= ((np.abs(values) > bounds) | (bounds == 0)).all(axis=1)
        first += values.shape[1]
    return on, certain


def pack(on: BoolArray) -> ByteArray:
    """Pack patterns into whole words of eight bytes.

    Parameters
    ----------
    on : ndarray of bool, shape (P, N)
        The patterns.

    Returns
    -------
    ndarray of uint8, shape (P, 8 * ceil(N / 64))
        The same in bits; bits beyond N are zero.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.regions.signs import pack
    >>> pack(np.array([[True, False, True]]))
    array([[5, 0, 0, 0, 0, 0, 0, 0]], dtype=uint8)
    """
    packed = np.zeros((len(on), 8 * -(-on.shape[1] // 64)), dtype=np.uint8)
    packed[:, : -(-on.shape[1] // 8)] = np.packbits(on, axis=1, bitorder="little")
    return packed


def unpack(packed: ByteArray, count: int) -> BoolArray:
    """Return packed patterns as booleans.

    Parameters
    ----------
    packed : ndarray of uint8, shape (P, bytes)
        What `pack` returned.
    count : int
        The number of neurons.

    Returns
    -------
    ndarray of bool, shape (P, count)
        The patterns.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.regions.signs import pack, unpack
    >>> unpack(pack(np.array([[True, False, True]])), 3)
    array([[ True, False,  True]])
    """
    if count == 0:
        return np.zeros((len(packed), 0), dtype=np.bool_)
    return np.unpackbits(packed, axis=1, count=count, bitorder="little").view(np.bool_)


def vanishing_jumps(layers: Layers, neurons: npt.NDArray[Any], patterns: BoolArray) -> BoolArray:
    r"""Decide across which folds the network's affine map stays the same, exactly.

    Parameters
    ----------
    layers : sequence of (W, b)
        The layers of the network, the output layer last.
    neurons : ndarray of int, shape (E, 2)
        For every fold the hidden layer and the index of the one neuron that switches there.
    patterns : ndarray of bool, shape (E, N)
        The pattern on either side of each fold; only the layers after the neuron's matter, on
        which the two sides agree.

    Returns
    -------
    ndarray of bool, shape (E,)
        True where the jump is exactly zero.

    Raises
    ------
    ValueError
        If a layer or an index is negative, as on the sides of a box.

    See Also
    --------
    activations.regions.reference.jump_is_zero : The same for one fold, in integers.

    Notes
    -----
    Across the fold of neuron j in layer l, the map jumps by

    .. math::

        \mathbf{W}_H \mathbf{D}_{H-1} \mathbf{W}_{H-1} \cdots \mathbf{D}_{l+1}
        \mathbf{W}_{l+1} \mathbf{e}_j \; (\mathbf{w}, b),

    where the diagonal matrices :math:`\mathbf{D}` say which neurons are on, and :math:`\mathbf{w}`
    is not zero since there is a fold.
    The vector is pushed through the layers in float64 with a bound of its largest error.
    It is zero for certain where all that is left of it is switched off, and not zero for certain
    where it exceeds the bound; integers decide the rest.

    Examples
    --------
    ReLU(x) - ReLU(-x) = x, but the two folds by themselves do not vanish; a neuron that is not
    used does:

    >>> import numpy as np
    >>> from activations.regions.signs import vanishing_jumps
    >>> W = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]])
    >>> layers = [(W, np.zeros(3)), (np.array([[1.0, -1.0, 0.0]]), np.zeros(1))]
    >>> neurons = np.array([[0, 0], [0, 1], [0, 2]])
    >>> vanishing_jumps(layers, neurons, np.zeros((3, 3), dtype=bool))
    array([False, False,  True])
    """
    neurons, patterns = np.asarray(neurons), np.asarray(patterns)
    if neurons.size and neurons.min() < 0:
        raise ValueError("neurons must not be negative: the sides of a box are no folds")
    zero = np.zeros(len(neurons), dtype=np.bool_)
    for part in chunks(len(neurons), _CHUNK // max(W.shape[1] for W, _ in layers)):
        zero[part] = _vanishing(layers, neurons[part], patterns[part])
    return zero


def _vanishing(layers: Layers, neurons: npt.NDArray[Any], patterns: BoolArray) -> BoolArray:
    """Do what `vanishing_jumps` does, for folds few enough to be handled at once."""
    zero = np.zeros(len(neurons), dtype=np.bool_)
    undecided = np.zeros(len(neurons), dtype=np.bool_)
    first = np.cumsum([0, *(len(b) for _, b in layers)])
    # Folds whose column has been taken up, with what has become of it.
    active = np.zeros(0, dtype=np.intp)
    vector = np.zeros((0, 0))
    error = np.zeros(0)
    for level, (W, _) in enumerate(layers):
        if level:
            begins = np.flatnonzero(neurons[:, 0] == level - 1)
            if len(active):
                vector, error = _push(W, vector, error)
            active = np.concatenate([active, begins])
            columns = W[:, neurons[begins, 1]].T
            vector = np.concatenate([vector.reshape(-1, len(W)), columns])
            error = np.concatenate([error, np.zeros(len(begins))])
        if level == len(layers) - 1:
            nonzero = (np.abs(vector) > error[:, None]).any(axis=1)
            undecided[active] = ~nonzero
            settled = ~nonzero & (error == 0)
            zero[active[settled]] = True
            undecided[active[settled]] = False
        elif len(active):
            masks = patterns[active, first[level] : first[level + 1]]
            vector = vector * masks
            gone = ~masks.any(axis=1) | ((error == 0) & ~vector.any(axis=1))
            zero[active[gone]] = True
            active, vector, error = active[~gone], vector[~gone], error[~gone]
    if undecided.any():
        from activations.regions.reference import jump_is_zero

        folds = np.flatnonzero(undecided)
        # The jump depends on the layers behind the neuron alone, so many folds share it.
        behind = np.arange(patterns.shape[1]) >= first[neurons[folds, 0] + 1][:, None]
        keys = np.column_stack([neurons[folds], patterns[folds] & behind])
        cases, case = np.unique(keys, axis=0, return_inverse=True)
        exact = [
            jump_is_zero(layers, level, index, np.array(on, dtype=bool))
            for level, index, *on in cases.tolist()
        ]
        zero[folds] = np.array(exact)[case]
    return zero


def _push(
    matrix: FloatArray, vector: FloatArray, error: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Multiply each row of `vector` by a matrix, with its error's bound."""
    unit = rounding(matrix.shape[1])
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        size = (1 + unit) * np.abs(matrix).sum(axis=1).max()
        product = vector @ matrix.T
        bound = size * ((1 + unit) * error + unit * np.abs(vector).max(axis=1))
        bound += _TINY * (matrix.shape[1] + size)
    return product, bound
