"""Weights in: a network with two inputs and ReLU, read without rounding and checked.

A network is a list of ``(W, b)`` with W of shape (out, in): ReLU stands between the layers, and the
last one is the linear output layer; or it is a torch module made of Linear and ReLU.
"""

import sys
from collections.abc import Callable
from numbers import Rational
from typing import Any

import numpy as np
import numpy.typing as npt

from activations._arguments import unmasked_array

__all__ = ["FloatArray", "Layers", "exact_floats", "read_network", "read_networks"]

FloatArray = npt.NDArray[np.float64]
Layers = list[tuple[FloatArray, FloatArray]]

# Every integer up to this magnitude is a float64.
_EXACT = 2**53


def _exact_float(name: str, value: Any) -> float:
    """Return a number as a Python float, or say why no float is that number."""
    if type(value) is float:
        return value
    if isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} holds {value!r}, but must hold real numbers")
    if not isinstance(value, Rational) and not hasattr(value, "as_integer_ratio"):
        raise TypeError(f"{name} holds {value!r}, but must hold real numbers")
    try:
        number = float(value)
    except OverflowError:
        number = None
    if number is None or (number != value and value == value):
        raise ValueError(f"{name} holds {value!r}, which no float64 is: round it first")
    return number


def exact_floats(name: str, values: npt.ArrayLike) -> FloatArray:
    """Return real numbers as a float64 array of its own, if that rounds none of them.

    Parameters
    ----------
    name : str
        What error messages call the numbers.
    values : array_like
        Integers, floats of any width, or fractions.

    Returns
    -------
    ndarray of float64
        A contiguous copy.

    Raises
    ------
    TypeError
        If the values are not real numbers, or are masked.
    ValueError
        If one is not finite, or is no float64 (2**53 + 1, say, or the fraction 1/3).

    Examples
    --------
    >>> from fractions import Fraction
    >>> from activations.regions.network import exact_floats
    >>> exact_floats("b", [1, 0.5, Fraction(1, 4)])
    array([1.  , 0.5 , 0.25])
    """
    try:
        # A list may mix integers beyond 2**53 with floats, which NumPy would round to float64.
        raw = values if hasattr(values, "__array__") else np.asarray(values, dtype=object)
        array = unmasked_array(name, raw)
    except (RuntimeError, ValueError) as error:
        raise ValueError(f"{name} cannot be read as an array: {error}") from None
    if array.dtype.kind == "O":
        numbers = [_exact_float(name, value) for value in array.ravel().tolist()]
        exact = np.array(numbers, dtype=np.float64).reshape(array.shape)
    elif array.dtype.kind in "iuf":
        with np.errstate(over="ignore"):
            exact = np.array(array, dtype=np.float64, order="C")
        if array.dtype.kind == "f":
            doubtful = (exact != array) & (array == array) if array.itemsize > 8 else None
        else:
            doubtful = (array > _EXACT) | (array < -_EXACT) if array.itemsize > 4 else None
        if doubtful is not None and doubtful.any():
            for value in array[doubtful].tolist():
                _exact_float(name, value)
    else:
        raise TypeError(f"{name} has dtype {array.dtype}, but must hold real numbers")
    if not np.isfinite(exact).all():
        raise ValueError(f"{name} must be finite, but holds a NaN or an infinity")
    return exact


def _checked(layers: Layers, name: Callable[[int], str], batch: int) -> Layers:
    """Return layers whose shapes fit together; `batch` leading axes are common to all."""
    axes = "(B, out, in)" if batch else "(out, in)"
    inputs, before = 2, "a network here has 2 inputs"
    for index, (W, b) in enumerate(layers):
        here = name(index)
        if W.ndim != 2 + batch:
            raise ValueError(f"{here} has weights of shape {W.shape}, but must have {axes}")
        if W.shape[-1] != inputs:
            raise ValueError(
                f"{here} has weights of shape {W.shape}, but must have {inputs} columns: {before}"
            )
        if b.shape != W.shape[:-1]:
            raise ValueError(
                f"{here} has biases of shape {b.shape}, but must have {W.shape[:-1]}, one per row"
            )
        if 0 in b.shape:
            raise ValueError(f"{here} has weights of shape {W.shape}, but must not be empty")
        if b.shape[:batch] != layers[0][1].shape[:batch]:
            raise ValueError(
                f"{here} is for {len(b)} networks, "
                f"but must be for {len(layers[0][1])} as {name(0)} is"
            )
        inputs, before = W.shape[-2], f"{here} has {W.shape[-2]} rows"
    return layers


def _pairs(network: Any) -> Layers:
    """Read a list of (W, b)."""
    if not isinstance(network, list | tuple):
        raise TypeError(
            f"network is a {type(network).__name__}, but must be a list of (W, b) "
            "or a torch module of Linear and ReLU"
        )
    if not network:
        raise ValueError("network has no layers, but must have at least one")
    layers = []
    for index, pair in enumerate(network):
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise TypeError(
                f"network[{index}] is a {type(pair).__name__}, but must be a pair (W, b)"
            )
        W = exact_floats(f"the weights of network[{index}]", pair[0])
        b = exact_floats(f"the biases of network[{index}]", pair[1])
        layers.append((W, b))
    return layers


def _is_module(network: Any) -> bool:
    """Say whether this is a torch module; without torch in memory, nothing is."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(network, torch.nn.Module)


def read_network(network: Any) -> Layers:
    """Read a network with two inputs, without rounding.

    Parameters
    ----------
    network : list of (W, b), or torch.nn.Module
        For every layer its weights of shape (out, in) and its biases of shape (out,), with ReLU
        between the layers; or a module of `torch.nn.Linear` and `torch.nn.ReLU`, as
        `activations.mlp.layers` reads it.

    Returns
    -------
    list of (ndarray, ndarray)
        Weights and biases as float64 copies.

    Raises
    ------
    TypeError
        If this is no network, or its weights are not real numbers.
    ValueError
        If shapes do not match, the network has other than two inputs, a layer is empty, or a
        weight is not finite or no float64; the message names the layer.

    Examples
    --------
    >>> from activations.regions.network import read_network
    >>> read_network([([[1, 0], [0, 1]], [0, 0]), ([[1, -1]], [0.5])])[1]
    (array([[ 1., -1.]]), array([0.5]))
    """
    if not _is_module(network):
        return _checked(_pairs(network), lambda index: f"network[{index}]", 0)
    from activations.mlp import layers

    return _checked(layers(network), lambda index: f"linear layer {index} of network", 0)


def read_networks(network: Any) -> Layers:
    """Read many networks of one shape, stacked along a leading axis.

    Parameters
    ----------
    network : list of (W, b)
        For every layer the weights of shape (B, out, in) and the biases of shape (B, out).

    Returns
    -------
    list of (ndarray, ndarray)
        Weights and biases as float64 copies.

    Raises
    ------
    TypeError
        If this is no list of pairs, or the weights are not real numbers.
    ValueError
        As `read_network`, or if the layers are not for equally many networks, at least one.

    See Also
    --------
    read_network : The same for one network.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.regions.network import read_networks
    >>> layers = read_networks([(np.ones((7, 3, 2)), np.zeros((7, 3)))])
    >>> layers[0][0].shape
    (7, 3, 2)
    """
    if _is_module(network):
        raise TypeError(
            f"network is a {type(network).__name__}, but must be a list of (W, b) "
            "with a leading axis for the networks"
        )
    return _checked(_pairs(network), lambda index: f"network[{index}]", 1)
