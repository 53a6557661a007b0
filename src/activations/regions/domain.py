"""Where regions are looked for: a rectangle, or the whole plane."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from activations.regions.network import FloatArray, exact_floats

__all__ = ["PLANE", "Box", "Domain", "Plane", "read_domain"]


def _corner(name: str, value: npt.ArrayLike) -> tuple[float, float]:
    """Return a corner; a scalar stands for both coordinates."""
    array = exact_floats(name, value)
    if array.shape not in ((), (2,)):
        raise ValueError(f"{name} has shape {array.shape}, but must be a number or a pair (x, y)")
    x, y = np.broadcast_to(array, 2).tolist()
    return x, y


@dataclass(frozen=True, init=False)
class Box:
    """A rectangle with sides parallel to the axes.

    Parameters
    ----------
    low : pair of float, or float
        The lower left corner (x, y); a scalar stands for both coordinates.
    high : pair of float, or float
        The upper right corner, likewise.

    Raises
    ------
    TypeError
        If a corner does not hold real numbers.
    ValueError
        If a corner is neither a number nor a pair, is not finite, or is no float64; or if `low`
        is not below `high` in both coordinates.

    Examples
    --------
    >>> from activations.regions.domain import Box
    >>> Box(-10, 10)
    Box(low=(-10.0, -10.0), high=(10.0, 10.0))
    >>> Box((0, 0), (1, 2)).corners
    array([[0., 0.],
           [1., 0.],
           [1., 2.],
           [0., 2.]])
    """

    low: tuple[float, float]
    high: tuple[float, float]

    def __init__(self, low: npt.ArrayLike, high: npt.ArrayLike) -> None:
        object.__setattr__(self, "low", _corner("low", low))
        object.__setattr__(self, "high", _corner("high", high))
        if not (self.low[0] < self.high[0] and self.low[1] < self.high[1]):
            raise ValueError(
                f"low is {self.low} and high is {self.high}, "
                "but low must be below high in both coordinates"
            )

    @property
    def corners(self) -> FloatArray:
        """Return the corners, shape (4, 2), counter-clockwise from the lower left one."""
        (x0, y0), (x1, y1) = self.low, self.high
        return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])


class Plane:
    """The whole plane, of which there is one: `PLANE`.

    Examples
    --------
    >>> from activations.regions.domain import PLANE, Plane
    >>> Plane() is PLANE
    True
    """

    __slots__ = ()
    _only: "Plane | None" = None

    def __new__(cls) -> "Plane":
        """Return the one plane."""
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __repr__(self) -> str:
        return "PLANE"

    def __reduce__(self) -> str:
        return "PLANE"


#: The whole plane as a domain.
PLANE: Final = Plane()

Domain = Box | Plane


def read_domain(domain: Any) -> Domain:
    """Return a domain, or say that it is none.

    Parameters
    ----------
    domain : Box or PLANE
        A rectangle, or the whole plane.

    Returns
    -------
    Box or PLANE
        The same.

    Raises
    ------
    TypeError
        If it is neither.

    Examples
    --------
    >>> from activations.regions.domain import PLANE, read_domain
    >>> read_domain(PLANE)
    PLANE
    """
    if not isinstance(domain, Box | Plane):
        raise TypeError(f"domain is {domain!r}, but must be a Box or PLANE")
    return domain
