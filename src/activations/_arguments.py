"""Checks of arguments that several rooms share; each error names the argument."""

from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["generator", "integer", "labels_of", "network_widths", "unmasked_array"]


def generator(name: str, value: np.random.Generator) -> np.random.Generator:
    """Return a generator of random numbers, or say what is none.

    Examples
    --------
    >>> import numpy as np
    >>> from activations._arguments import generator
    >>> generator("rng", 3)
    Traceback (most recent call last):
    ...
    TypeError: rng must be a numpy.random.Generator, got int
    """
    if not isinstance(value, np.random.Generator):
        raise TypeError(f"{name} must be a numpy.random.Generator, got {type(value).__name__}")
    return value


def integer(name: str, value: int, least: int | None = None) -> int:
    """Return an integer, or say what is none or too small.

    Examples
    --------
    >>> from activations._arguments import integer
    >>> integer("n", 3, least=1)
    3
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} is {value!r}, but must be an integer")
    if least is not None and value < least:
        raise ValueError(f"{name} is {value}, but must be at least {least}")
    return int(value)


def labels_of(
    name: str, value: ArrayLike, n: int, allowed: tuple[int, int] = (0, 1)
) -> NDArray[np.float64]:
    """Return a vector of n labels of two kinds, or say what is none.

    Examples
    --------
    >>> from activations._arguments import labels_of
    >>> labels_of("y", [True, False], 2)
    array([1., 0.])
    """
    labels = unmasked_array(name, value)
    if labels.shape != (n,):
        raise ValueError(f"{name} must have shape ({n},), got {labels.shape}")
    if labels.dtype.kind not in "biuf" or not np.isin(labels, allowed).all():
        raise ValueError(f"{name} must hold {allowed[0]} and {allowed[1]}, got {labels[:5]}...")
    return labels.astype(np.float64)


def network_widths(widths: Sequence[int]) -> list[int]:
    """Return the widths of a network, inputs first and outputs last, or say which one is none.

    Examples
    --------
    >>> from activations._arguments import network_widths
    >>> network_widths((2, 20, 1))
    [2, 20, 1]
    """
    if not isinstance(widths, Iterable):
        raise TypeError(f"widths is {widths!r}, but must be a sequence of integers")
    sizes = [integer(f"widths[{index}]", width, 1) for index, width in enumerate(widths)]
    if len(sizes) < 2:
        raise ValueError(
            f"widths has length {len(sizes)}, but must name at least the inputs and the outputs"
        )
    return sizes


def unmasked_array(name: str, value: ArrayLike) -> NDArray[Any]:
    """Return `value` as an array, unless that would uncover entries that are masked.

    Examples
    --------
    >>> from activations._arguments import unmasked_array
    >>> unmasked_array("z", [1, 2])
    array([1, 2])
    """
    if np.ma.is_masked(value):
        raise TypeError(f"{name} must not have masked entries: fill them or drop them first")
    return np.asarray(value)
