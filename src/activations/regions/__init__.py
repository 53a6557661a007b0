"""Exact linear regions of ReLU networks with two inputs, in a box or in the whole plane."""

from activations.regions.complex import PolyhedralComplex
from activations.regions.decide import count_regions, linear_regions
from activations.regions.domain import PLANE, Box

__all__ = ["PLANE", "Box", "PolyhedralComplex", "count_regions", "linear_regions"]
