"""The linear regions of a network as one object, and what can be asked of it.

A `PolyhedralComplex` holds vertices, edges and the half-edges around every region; all else is
worked out from these when it is asked for.
"""

import math
import operator
from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from activations.regions.domain import Box, Domain
from activations.regions.frame import components, typical_distance
from activations.regions.network import FloatArray, Layers, exact_floats
from activations.regions.ragged import (
    Ragged,
    chunks,
    clip,
    gather,
    lengths_to_offsets,
    reduce,
    successors,
)
from activations.regions.signs import (
    BoolArray,
    ByteArray,
    pack,
    rounding,
    signs,
    unpack,
    vanishing_jumps,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import LineCollection, PolyCollection

__all__ = ["PolyhedralComplex"]

Int32Array = npt.NDArray[np.int32]
IntArray = npt.NDArray[np.int64]

# Numbers that are handled at once: large enough to be quick, small enough to stay in memory.
_CHUNK = 2**20


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a view that cannot be written to."""
    view = array.view()
    view.flags.writeable = False
    return view


def _read_points(points: npt.ArrayLike) -> tuple[FloatArray, tuple[int, ...]]:
    """Return points as rows of float64, and the shape of what is computed from them."""
    array = exact_floats("points", points)
    if array.ndim == 0 or array.shape[-1] != 2:
        raise ValueError(f"points has shape {array.shape}, but must have shape (..., 2)")
    return array.reshape(-1, 2), array.shape[:-1]


def _turned(directions: FloatArray, angles: FloatArray) -> FloatArray:
    """Turn directions counter-clockwise, each by its own angle."""
    (x, y), cos, sin = directions.T, np.cos(angles), np.sin(angles)
    return np.stack([x * cos - y * sin, x * sin + y * cos], axis=1)


class PolyhedralComplex:
    """The regions of a network with two inputs and ReLU: polygons on which its pattern is constant.

    Parameters
    ----------
    layers : list of (W, b)
        The network, as `activations.regions.network.read_network` returns it.
    domain : Box or PLANE
        Where regions were looked for.
    vertices : ndarray of float64, shape (V, 2)
        The points where edges end.
    directions : ndarray of float64, shape (R, 2)
        The directions of the rays as unit vectors, one row for each; none in a box.
    edges : ndarray of int32, shape (E, 2)
        The ends of each edge; an end k >= V is the direction k - V, and then the edge is a ray.
        The corners and the sides of a box are included.
    edge_neuron : ndarray of int32, shape (E, 2)
        Layer and index of the first neuron that folds along the edge, both from 0; (-1, -1) on the
        sides of a box.
    halfedges : ndarray of int32, shape (H,)
        The boundaries of the regions, one after the other, each counter-clockwise.
        Half-edge 2 e runs along edge e from its first end to its second, 2 e + 1 runs back.
        The boundary of an unbounded region begins with a half-edge that comes in from infinity and
        ends with one that goes out; a strip has two such chains.
    offsets : ndarray of int32, shape (F + 1,)
        Where the boundary of each region begins in `halfedges`.
    certified : str
        How the result was decided: "float64" if every sign and order exceeded the bound of its
        rounding error, or "exact" if integers decided.
    patterns : ndarray of bool, shape (F, N), optional
        Which neurons are on.
        May be left out where exactly one neuron folds along each edge and none through a corner.
    linear_labels : ndarray of int32, shape (F,), optional
        The linear region of each region.
        May be left out in the same case.
    anchor : pair of int and (x, y), optional
        A region and a point inside it on no fold, from whose pattern those of all regions follow;
        in a box a corner will do.

    Notes
    -----
    An *activation region* is one of the polygons, a cell of the plane or the box on which every
    hidden neuron is on throughout or off throughout, where on means that its pre-activation is
    positive.
    A *linear region* is a maximal union of activation regions, connected through edges, on which
    the network is one and the same affine map.

    V - E + F = 1, in a box as well as in the plane, where rays count as edges and nothing at
    infinity counts.

    The arrays are not copied but handed over, and they are not checked: `check` does that.
    All arrays that the object returns are read-only.

    Examples
    --------
    The absolute value of x on a square, built by hand; `activations.regions.linear_regions` makes
    such an object from a network:

    >>> import numpy as np
    >>> from activations.regions.complex import PolyhedralComplex
    >>> from activations.regions.domain import Box
    >>> W, b = np.array([[1.0, 0.0], [-1.0, 0.0]]), np.zeros(2)
    >>> c = PolyhedralComplex(
    ...     [(W, b), (np.ones((1, 2)), np.zeros(1))],
    ...     Box(-1, 1),
    ...     vertices=np.array([[-1.0, -1], [0, -1], [1, -1], [1, 1], [0, 1], [-1, 1]]),
    ...     directions=np.zeros((0, 2)),
    ...     edges=np.array([[0, 1], [1, 2], [2, 3], [3, 4], [4, 5], [5, 0], [1, 4]]),
    ...     edge_neuron=np.array([[-1, -1]] * 6 + [[0, 0]]),
    ...     halfedges=np.array([0, 12, 8, 10, 2, 4, 6, 13]),
    ...     offsets=np.array([0, 4, 8]),
    ...     certified="exact",
    ...     patterns=np.array([[False, True], [True, False]]),
    ...     linear_labels=np.array([0, 1]),
    ... )
    >>> c
    PolyhedralComplex(2 regions, 6 vertices, 7 edges; certified: exact;
        domain: Box(low=(-1.0, -1.0), high=(1.0, 1.0)))
    >>> c.gradients
    array([[-1.,  0.],
           [ 1.,  0.]])
    >>> c.areas
    array([2., 2.])
    >>> c.region(1)
    array([[ 0., -1.],
           [ 1., -1.],
           [ 1.,  1.],
           [ 0.,  1.]])
    >>> c.locate([[0.5, 0.0], [-0.5, 0.0], [7.0, 0.0]])
    array([ 1,  0, -1])
    >>> c([[0.5, 0.0], [-0.25, 0.0]])
    array([0.5 , 0.25])
    """

    vertices: FloatArray
    directions: FloatArray
    edges: Int32Array
    edge_neuron: Int32Array
    halfedges: Int32Array
    offsets: Int32Array

    def __init__(
        self,
        layers: Layers,
        domain: Domain,
        *,
        vertices: FloatArray,
        directions: FloatArray,
        edges: Int32Array,
        edge_neuron: Int32Array,
        halfedges: Int32Array,
        offsets: Int32Array,
        certified: Literal["float64", "exact"],
        patterns: BoolArray | None = None,
        linear_labels: Int32Array | None = None,
        anchor: tuple[int, tuple[float, float]] | None = None,
    ) -> None:
        self.layers = [(_frozen(W), _frozen(b)) for W, b in layers]
        self.domain = domain
        self.vertices = _frozen(vertices)
        self.directions = _frozen(directions)
        self.edges = _frozen(edges)
        self.edge_neuron = _frozen(edge_neuron)
        self.halfedges = _frozen(halfedges)
        self.offsets = _frozen(offsets)
        self.certified = certified
        self._patterns = patterns
        self._linear_labels = linear_labels
        self._anchor = anchor

    def __len__(self) -> int:
        """Return the number of activation regions."""
        return len(self.offsets) - 1

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and send what the complex was made from, not what can be worked out again."""
        arrays: dict[str, Any] = {
            "vertices": self.vertices,
            "directions": self.directions,
            "edges": self.edges,
            "edge_neuron": self.edge_neuron,
            "halfedges": self.halfedges,
            "offsets": self.offsets,
            "certified": self.certified,
            "patterns": self._patterns,
            "anchor": self._anchor,
            "linear_labels": self._linear_labels,
        }
        return partial(type(self), **arrays), (self.layers, self.domain)

    def __repr__(self) -> str:
        return (
            f"PolyhedralComplex({len(self)} regions, {len(self.vertices)} vertices, "
            f"{len(self.edges)} edges; certified: {self.certified}; domain: {self.domain!r})"
        )

    def __call__(self, points: npt.ArrayLike) -> FloatArray:
        """Evaluate the network, also outside the domain.

        Parameters
        ----------
        points : array_like of shape (..., 2)
            The inputs.

        Returns
        -------
        ndarray of float64, shape (...,) or (..., m)
            Its output, in float64 arithmetic; the last axis is there if there are m > 1 outputs.

        Raises
        ------
        ValueError
            If `points` does not have the right shape or is not finite.
        TypeError
            If it does not hold real numbers.
        """
        rows, shape = _read_points(points)
        outputs = np.empty((len(rows), len(self.layers[-1][1])))
        for part in chunks(len(rows), _CHUNK // self._widest):
            values = rows[part]
            for W, b in self.layers[:-1]:
                values = np.maximum(values @ W.T + b, 0.0)
            W, b = self.layers[-1]
            outputs[part] = values @ W.T + b
        return outputs.reshape(shape if outputs.shape[1] == 1 else (*shape, outputs.shape[1]))

    # Topology

    @cached_property
    def _ends(self) -> Int32Array:
        """Return where each half-edge begins; where it ends is entry h ^ 1."""
        return self.edges.reshape(-1)

    @cached_property
    def _sides(self) -> Int32Array:
        """Return the region to the left of each half-edge, -1 where there is none."""
        sides = np.full(2 * len(self.edges), -1, dtype=np.int32)
        sides[self.halfedges] = np.repeat(
            np.arange(len(self), dtype=np.int32), np.diff(self.offsets)
        )
        return sides

    @cached_property
    def adjacency(self) -> Int32Array:
        """The regions to the left and to the right of each edge, shape (E, 2); -1 outside."""
        return _frozen(self._sides.reshape(-1, 2))

    @cached_property
    def bounded(self) -> BoolArray:
        """Which regions are bounded, shape (F,)."""
        bounded = np.full(len(self), isinstance(self.domain, Box) or len(self.edges) > 0)
        if len(self.directions):
            rays = self.adjacency[(self.edges >= len(self.vertices)).any(axis=1)]
            bounded[rays] = False
        return _frozen(bounded)

    def _loops(self, regions: IntArray) -> tuple[npt.NDArray[Any], IntArray]:
        """Return the corners of some regions, and directions after the way out and before in."""
        positions, offsets = gather(self.offsets, regions)
        half = self.halfedges[positions]
        starts = self._ends[half]
        if not len(self.directions):
            return starts, offsets
        stops = self._ends[half ^ 1]
        outgoing = stops >= len(self.vertices)
        place = lengths_to_offsets(1 + outgoing)
        corners = np.empty(place[-1], dtype=starts.dtype)
        corners[place[:-1]] = starts
        corners[place[1:][outgoing] - 1] = stops[outgoing]
        return corners, place[offsets]

    @cached_property
    def regions(self) -> Sequence[Int32Array]:
        """The corners of each region, counter-clockwise, as indices of vertices.

        In an unbounded region, V + r stands for the direction r of a ray: such an entry comes
        before the vertex at which the boundary arrives from infinity, and after the one from which
        it leaves.
        """
        corners, offsets = self._loops(np.arange(len(self)))
        return Ragged(_frozen(corners), _frozen(offsets))

    # Geometry

    def region(self, index: int, box: Box | None = None) -> FloatArray:
        """Return a region as a polygon.

        Parameters
        ----------
        index : int
            The number of the region, from the end if negative.
        box : Box, optional
            What to clip the region to; unbounded regions need one.

        Returns
        -------
        ndarray of float64, shape (k, 2)
            The corners, counter-clockwise; none if the region has no inner point in the box.

        Raises
        ------
        IndexError
            If there is no such region.
        ValueError
            If the region is unbounded and no box is given.
        TypeError
            If `index` is no integer, or `box` no box.
        """
        if box is not None and not isinstance(box, Box):
            raise TypeError(f"box is {box!r}, but must be a Box")
        if not -len(self) <= operator.index(index) < len(self):
            raise IndexError(f"index is {index}, but there are {len(self)} regions")
        index = range(len(self))[index]
        if box is None and not self.bounded[index]:
            raise ValueError(f"region {index} is unbounded: give a box to clip it to")
        points, _ = self._polygons(np.array([index]), box)
        return points

    def _polygons(self, regions: IntArray, box: Box | None) -> tuple[FloatArray, IntArray]:
        """Return the corners of some regions and where each begins, clipped if there is a box."""
        if box is not None and not len(self.edges):
            return box.corners, np.array([0, 4])
        corners, offsets = self._loops(regions)
        if box is None:
            return self.vertices[corners], offsets
        if len(self.directions):
            points, offsets = self._closed(corners, offsets, box)
        else:
            points = self.vertices[corners]
        return clip(points, offsets, box.low, box.high)

    def _closed(
        self, corners: npt.NDArray[Any], offsets: IntArray, box: Box
    ) -> tuple[FloatArray, IntArray]:
        """Cut rays off far outside a box, so that only bounded polygons are left.

        With all vertices of a region and the box within r of the box's centre, a ray is cut off at
        t = 16 r.
        A chord between the ends of two such rays that enclose at most a right angle passes the
        centre at more than t cos(45 degrees) - r > r, outside the box; for a wider angle a point is
        put in between.
        """
        infinite = corners >= len(self.vertices)
        following = successors(offsets)
        preceding = np.empty_like(following)
        preceding[following] = np.arange(len(following))
        # The way out to infinity comes before the way in, and after the vertex that it leaves.
        outgoing = infinite & infinite[following]
        foot = np.where(outgoing, preceding, np.where(infinite, following, np.arange(len(corners))))
        base = self.vertices[corners[foot]]
        centre = np.add(box.low, box.high) / 2
        reach = np.hypot(*(base - centre).T)
        reach = reduce(np.maximum, reach, offsets, 0.0) + math.hypot(*(box.high - centre))
        length = np.repeat(16 * reach, np.diff(offsets))[:, None]
        ways = self.directions[np.where(infinite, corners - len(self.vertices), 0)]
        points = np.where(infinite[:, None], base + length * ways, base)
        sweep = self._sweep(ways, ways[following])
        wide = np.flatnonzero(outgoing & (sweep > math.pi / 2))
        middle = (base[wide] + base[following[wide]]) / 2
        middle += length[wide] * _turned(ways[wide], sweep[wide] / 2)
        counts = np.ones(len(corners), dtype=np.int64)
        counts[wide] += 1
        place = lengths_to_offsets(counts)
        closed = np.empty((place[-1], 2))
        closed[place[:-1]] = points
        closed[place[wide] + 1] = middle
        return closed, place[offsets]

    @staticmethod
    def _sweep(start: FloatArray, stop: FloatArray) -> FloatArray:
        """Return the angles from one direction counter-clockwise to another, at most pi."""
        angle = np.arctan2(
            start[:, 0] * stop[:, 1] - start[:, 1] * stop[:, 0], (start * stop).sum(axis=1)
        )
        # Opposite directions may come out as -pi, and equal ones a little below zero.
        return np.where(angle < -math.pi / 2, math.pi, np.maximum(angle, 0.0))

    @cached_property
    def _moments(self) -> tuple[FloatArray, FloatArray]:
        """Return areas and centroids."""
        areas, centroids = np.full(len(self), math.inf), np.full((len(self), 2), math.nan)
        sides = max(1, len(self.halfedges) // len(self))
        for part in chunks(len(self), _CHUNK // (8 * sides)):
            regions = np.arange(part.start, part.stop)
            if not self.bounded[part].all():
                regions = regions[self.bounded[part]]
            if not len(regions):
                continue
            points, offsets = self._polygons(regions, None)
            # Relative to a corner, a small region far from the origin loses no digits.
            corner = points[offsets[:-1]]
            x, y = (points - np.repeat(corner, np.diff(offsets), axis=0)).T
            following = successors(offsets)
            u, v = x[following], y[following]
            cross = x * v - y * u
            twice = reduce(np.add, cross, offsets, 0.0)
            first = np.stack(
                [
                    reduce(np.add, (x + u) * cross, offsets, 0.0),
                    reduce(np.add, (y + v) * cross, offsets, 0.0),
                ],
                axis=1,
            )
            # Regions below the resolution of float64 may have no area in it.
            with np.errstate(divide="ignore", invalid="ignore"):
                shift = first / (3 * twice[:, None])
            mean = reduce(np.add, np.stack([x, y], axis=1), offsets, 0.0)
            mean /= np.diff(offsets)[:, None]
            flat = ~(twice > 0) | ~np.isfinite(shift).all(axis=1)
            shift[flat] = mean[flat]
            areas[regions] = np.maximum(twice / 2, 0.0)
            centroids[regions] = corner + shift
        return _frozen(areas), _frozen(centroids)

    @property
    def areas(self) -> FloatArray:
        """The areas of the regions, shape (F,); inf for unbounded ones."""
        return self._moments[0]

    @property
    def centroids(self) -> FloatArray:
        """The centroids of the regions, shape (F, 2); NaN for unbounded ones, which have none."""
        return self._moments[1]

    @cached_property
    def interior_points(self) -> FloatArray:
        """A point inside each region, shape (F, 2): the centroid if there is one.

        In an unbounded region it lies on the bisector of the directions to infinity, as far from
        the mean of the vertices as the farthest of them is from the origin, or a typical fold of
        the first layer.
        """
        points = self.centroids.copy()
        if not len(self.edges):
            points[:] = 0.0
        elif not self.bounded.all():
            regions = np.flatnonzero(~self.bounded)
            corners, offsets = self._loops(regions)
            finite = corners < len(self.vertices)
            base = self.vertices[np.where(finite, corners, 0)] * finite[:, None]
            mean = reduce(np.add, base, offsets, 0.0)
            mean /= reduce(np.add, finite.astype(np.float64), offsets, 0.0)[:, None]
            distance = reduce(np.maximum, np.hypot(*base.T), offsets, 0.0)
            distance = np.maximum(distance, typical_distance(*self.layers[0]))
            start, sweep = self._recession
            middle = _turned(start[regions], sweep[regions] / 2)
            points[regions] = mean + distance[:, None] * middle
        return _frozen(points)

    @cached_property
    def _recession(self) -> tuple[FloatArray, FloatArray]:
        """Return for each unbounded region a direction and how far others reach from it."""
        start, sweep = np.zeros((len(self), 2)), np.zeros(len(self))
        regions = np.flatnonzero(~self.bounded)
        if len(self.directions):
            arriving = self._ends[self.halfedges[self.offsets[:-1][regions]]]
            leaving = self._ends[self.halfedges[self.offsets[1:][regions] - 1] ^ 1]
            start[regions] = self.directions[leaving - len(self.vertices)]
            sweep[regions] = self._sweep(
                start[regions], self.directions[arriving - len(self.vertices)]
            )
        return start, sweep

    # Patterns

    @cached_property
    def _neurons(self) -> int:
        return sum(len(b) for _, b in self.layers[:-1])

    @cached_property
    def _widest(self) -> int:
        return max(2, *(len(b) for _, b in self.layers))

    @cached_property
    def _flat(self) -> IntArray:
        """Return the number of each edge's neuron through all layers, -1 on the sides of a box."""
        first = np.cumsum([0, *(len(b) for _, b in self.layers)])
        layer, index = self.edge_neuron.T.astype(np.int64)
        return np.where(layer < 0, -1, first[layer] + index)

    @cached_property
    def patterns(self) -> BoolArray:
        """Which hidden neurons are on in each region, shape (F, N); on: pre-activation > 0."""
        if self._patterns is not None:
            return _frozen(self._patterns)
        return _frozen(unpack(self._packed, self._neurons))

    @cached_property
    def _packed(self) -> ByteArray:
        """Return the patterns in bits, shape (F, bytes)."""
        if self._patterns is not None:
            return pack(self._patterns)
        root, pattern = self._root()
        packed = np.empty((len(self), 8 * -(-self._neurons // 64)), dtype=np.uint8)
        packed[root] = pack(pattern[None])[0]
        byte, bit = self._flat >> 3, (1 << (self._flat & 7)).astype(np.uint8)
        reached = 1
        # Two neighbours differ in the one neuron that folds between them.
        for regions, half in self._levels(root):
            packed[regions] = packed[self._sides[half]]
            packed[regions, byte[half >> 1]] ^= bit[half >> 1]
            reached += len(regions)
        if reached < len(self):
            raise ValueError(f"{len(self) - reached} regions cannot be reached through edges")
        return packed

    def _levels(self, root: int) -> Iterator[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
        """Walk through the regions by distance from `root`, with the half-edges that lead there."""
        unseen = np.ones(len(self), dtype=np.bool_)
        unseen[root] = False
        entered = np.empty(len(self), dtype=np.int32)
        frontier: npt.NDArray[Any] = np.array([root])
        while len(frontier):
            positions, _ = gather(self.offsets, frontier)
            half: npt.NDArray[Any] = self.halfedges[positions]
            beyond: npt.NDArray[Any] = self._sides[half ^ 1]
            fresh = (beyond >= 0) & unseen[beyond]
            half, beyond = half[fresh], beyond[fresh]
            # Of several half-edges that lead to one region, the last one written is taken.
            entered[beyond] = half
            taken = entered[beyond] == half
            frontier, half = beyond[taken], half[taken]
            unseen[frontier] = False
            yield frontier, half

    def _root(self) -> tuple[int, BoolArray]:
        """Return a region and its pattern, decided with certainty.

        Where it is not known which region a point lies in, it is so for a corner of a box that
        belongs to one region alone, or for a point well inside a region that is large.
        """
        from activations.regions.reference import pattern_at

        hidden = self.layers[:-1]
        if self._anchor is not None:
            region, place = self._anchor
            point = np.array(place)
        elif isinstance(self.domain, Box):
            corners = self.domain.corners
            patterns, certain = signs(hidden, corners)
            for corner in np.flatnonzero(certain):
                vertex = np.flatnonzero((self.vertices == corners[corner]).all(axis=1))
                positions = np.flatnonzero(np.isin(self._ends[self.halfedges], vertex))
                if len(positions) == 1:
                    region = np.searchsorted(self.offsets, positions[0], side="right") - 1
                    return int(region), patterns[corner]
            region = int(np.argmax(self.areas))
            point = self.interior_points[region]
        else:
            region = int(np.argmax(self._recession[1]))
            point = self.interior_points[region]
        patterns, certain = signs(hidden, point[None])
        return region, patterns[0] if certain[0] else pattern_at(self.layers, point)

    # Affine maps

    @cached_property
    def _maps(self) -> tuple[FloatArray, FloatArray]:
        """Return gradients, shape (F, m, 2), and intercepts, shape (F, m)."""
        W, b = self.layers[-1]
        first = np.cumsum([0, *(len(b) for _, b in self.layers)])
        gradients, intercepts = np.empty((len(self), len(b), 2)), np.empty((len(self), len(b)))
        for part in chunks(len(self), _CHUNK // (len(b) * self._widest)):
            on = unpack(self._packed[part], self._neurons)
            # From the outputs back to the inputs, which are few rows to carry along.
            gradient, intercept = W[None], b[None]
            for level in range(len(self.layers) - 2, -1, -1):
                U, d = self.layers[level]
                gradient = gradient * on[:, None, first[level] : first[level + 1]]
                intercept = intercept + gradient @ d
                gradient = (gradient.reshape(-1, len(d)) @ U).reshape(*gradient.shape[:2], -1)
            gradients[part], intercepts[part] = gradient, intercept
        return _frozen(gradients), _frozen(intercepts)

    @property
    def gradients(self) -> FloatArray:
        """The gradient on each region, shape (F, 2); with m > 1 outputs shape (F, m, 2)."""
        gradients = self._maps[0]
        return gradients[:, 0] if gradients.shape[1] == 1 else gradients

    @property
    def intercepts(self) -> FloatArray:
        """The constant on each region, shape (F,); with m > 1 outputs shape (F, m).

        On region f, the network is gradients[f] . x + intercepts[f].
        """
        intercepts = self._maps[1]
        return intercepts[:, 0] if intercepts.shape[1] == 1 else intercepts

    @cached_property
    def linear_labels(self) -> Int32Array:
        """The linear region of each activation region, shape (F,), numbered by their first one."""
        if self._linear_labels is not None:
            return _frozen(self._linear_labels)
        inner = np.flatnonzero((self.adjacency >= 0).all(axis=1))
        vanishing = np.empty(len(inner), dtype=np.bool_)
        for part in chunks(len(inner), _CHUNK // self._widest):
            sides = self.adjacency[inner[part], 0]
            vanishing[part] = vanishing_jumps(
                self.layers,
                self.edge_neuron[inner[part]],
                unpack(self._packed[sides], self._neurons),
            )
        if not vanishing.any():
            return _frozen(np.arange(len(self), dtype=np.int32))
        parts = components(len(self), self.adjacency[inner[vanishing]])
        _, seen, labels = np.unique(parts, return_index=True, return_inverse=True)
        rank = np.empty(len(seen), dtype=np.int32)
        rank[np.argsort(seen)] = np.arange(len(seen))
        return _frozen(rank[labels])

    @property
    def n_linear_regions(self) -> int:
        """The number of linear regions."""
        return int(self.linear_labels.max()) + 1

    # Finding points

    @cached_property
    def _keys(self) -> npt.NDArray[np.uint64]:
        """Return for every byte of a pattern and every value of it a random word."""
        rng = np.random.default_rng(0)
        bits = rng.integers(2**64, size=(8, 8 * -(-self._neurons // 64)), dtype=np.uint64)
        table = np.zeros((bits.shape[1], 1), dtype=np.uint64)
        for bit in bits:
            table = np.concatenate([table, table ^ bit[:, None]], axis=1)
        return table

    def _hashes(self, packed: ByteArray) -> npt.NDArray[np.uint64]:
        """Return a word for each pattern, the same for the same one."""
        hashes = np.empty(len(packed), dtype=np.uint64)
        columns = np.arange(packed.shape[1])
        for part in chunks(len(packed), _CHUNK // max(1, len(columns))):
            words = self._keys[columns, packed[part]]
            hashes[part] = np.bitwise_xor.reduce(words, axis=1)
        return hashes

    @cached_property
    def _directory(self) -> tuple[npt.NDArray[np.uint64], IntArray]:
        """Return the words of all patterns in order, and whose they are."""
        hashes = self._hashes(self._packed)
        order = np.argsort(hashes, kind="stable")
        return hashes[order], order

    def _with_pattern(self, packed: ByteArray) -> IntArray:
        """Return the region with each pattern, -1 where there is none."""
        words, order = self._directory
        place = np.minimum(np.searchsorted(words, self._hashes(packed)), len(words) - 1)
        regions = order[place]
        # Two patterns may share a word, though with a chance of one in 2^64.
        same = (self._packed[regions] == packed).all(axis=1)
        return np.where(same, regions, -1)

    def locate(self, points: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Find the regions in which points lie.

        Parameters
        ----------
        points : array_like of shape (..., 2)
            The points.

        Returns
        -------
        ndarray of int64, shape (...,)
            The numbers of the regions, -1 outside the domain.
            A point on a fold belongs to each of the closed regions that meet there; one of them is
            returned.

        Raises
        ------
        ValueError
            If `points` does not have the right shape or is not finite.
        TypeError
            If it does not hold real numbers.

        Notes
        -----
        The pattern of the network at a point tells its region.
        Where rounding errors might turn one of the signs, that is, next to folds, the polygon
        decides: the point must not lie outside of it by more than the rounding errors of its
        vertices, or else the region is taken outside of which it lies least.
        """
        rows, shape = _read_points(points)
        found = np.full(len(rows), -1, dtype=np.int64)
        inside = np.arange(len(rows))
        if isinstance(self.domain, Box):
            low, high = self.domain.low, self.domain.high
            inside = np.flatnonzero(((rows >= low) & (rows <= high)).all(axis=1))
        for part in chunks(len(inside), _CHUNK // self._widest):
            here = inside[part]
            on, certain = signs(self.layers[:-1], rows[here])
            regions = self._with_pattern(pack(on))
            doubtful = np.flatnonzero((regions >= 0) & ~certain)
            if len(doubtful):
                excess, slack = self._excess(rows[here[doubtful]], regions[doubtful])
                regions[doubtful[excess > slack]] = -1
            found[here] = regions
        lost = inside[found[inside] < 0]
        for part in chunks(len(lost), _CHUNK // len(self)):
            found[lost[part]] = self._nearest(rows[lost[part]])
        return found.reshape(shape)

    @cached_property
    def _unit(self) -> float:
        """Return the relative error to expect of what was computed through all layers."""
        return sum(rounding(W.shape[1]) for W, _ in self.layers)

    @cached_property
    def _extent(self) -> tuple[FloatArray, FloatArray]:
        """Return the lower left and the upper right corners of the boxes around the regions."""
        corners, offsets = self._loops(np.arange(len(self)))
        # Everything in the direction of a ray, or of the bisector of two, is ahead.
        start, sweep = self._recession
        ways = np.concatenate([self.directions, _turned(start, sweep / 2)])
        left = np.concatenate([self.vertices, np.where(ways < 0, -math.inf, math.inf)])
        right = np.concatenate([self.vertices, np.where(ways > 0, math.inf, -math.inf)])
        low = reduce(np.minimum, left[corners], offsets, -math.inf)
        high = reduce(np.maximum, right[corners], offsets, math.inf)
        middle = len(self.vertices) + len(self.directions) + np.arange(len(self))
        low, high = np.minimum(low, left[middle]), np.maximum(high, right[middle])
        return low, high

    @cached_property
    def _size(self) -> FloatArray:
        """Return of what magnitude the numbers are from which each region was computed.

        In float64 a vertex is found between others, which may be as far away as the box's corners,
        or in a chart of the plane that is made to the measure of the first folds' distances d: an
        error of eps there is one of eps x^2 / d at a vertex x that is farther away.
        """
        corners, offsets = self._loops(np.arange(len(self)))
        sizes = np.append(np.abs(self.vertices).max(axis=1, initial=0.0), 0.0)
        largest: FloatArray = reduce(
            np.maximum, sizes[np.minimum(corners, len(sizes) - 1)], offsets, 0.0
        )
        if isinstance(self.domain, Box):
            largest = np.maximum(largest, np.abs([self.domain.low, self.domain.high]).max())
        elif self._neurons:
            distance = typical_distance(*self.layers[0])
            largest = np.maximum(largest, distance) * np.maximum(largest / distance, 1.0)
        return largest

    def _lines(self, half: npt.NDArray[Any]) -> tuple[FloatArray, FloatArray]:
        """Return a point on each half-edge and the way along it, a unit vector on rays."""
        starts, stops = self._ends[half], self._ends[half ^ 1]
        count = len(self.vertices)
        feet = np.where(starts < count, starts, stops)
        base = self.vertices[feet]
        way = self.vertices[np.where(stops < count, stops, starts)] - base
        if len(self.directions):
            arriving, leaving = starts >= count, stops >= count
            way[arriving] = -self.directions[starts[arriving] - count]
            way[leaving] = self.directions[stops[leaving] - count]
        return base, way

    def _excess(self, points: FloatArray, regions: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return how far points lie outside of regions, and how much of that may be rounding.

        What counts is the distance from the lines through the sides, and from the box around the
        region, without which a point beyond an acute corner would seem near.
        """
        low, high = self._extent
        outside = np.maximum(low[regions] - points, points - high[regions]).max(axis=1)
        positions, offsets = gather(self.offsets, regions)
        base, way = self._lines(self.halfedges[positions])
        x, y = (np.repeat(points, np.diff(offsets), axis=0) - base).T
        length = np.hypot(*way.T)
        # Ends that have been rounded to the same point say nothing about the line.
        known = length > 0
        beyond = (way[:, 1] * x - way[:, 0] * y) / np.where(known, length, 1.0)
        beyond[~known] = -math.inf
        outside = np.maximum(outside, reduce(np.maximum, beyond, offsets, -math.inf))
        return outside, self._unit * (self._size[regions] + np.abs(points).max(axis=1))

    def _nearest(self, points: FloatArray) -> IntArray:
        """Return for each point the region that it is least outside of, by looking at them all."""
        low, high = self._extent
        slack = (self._unit * (self._size + np.abs(points).max(axis=1)[:, None]))[:, :, None]
        near = (points[:, None] >= low - slack) & (points[:, None] <= high + slack)
        candidates = near.all(axis=2)
        candidates[~candidates.any(axis=1)] = True
        which, regions = np.nonzero(candidates)
        excess, _ = self._excess(points[which], regions)
        offsets = lengths_to_offsets(candidates.sum(axis=1))
        least = reduce(np.minimum, excess, offsets, math.inf)
        chosen = np.full(len(points), -1, dtype=np.int64)
        # Backwards, so that the first of several equally good regions is written last.
        good = np.flatnonzero(excess == least[which])[::-1]
        chosen[which[good]] = regions[good]
        return chosen

    # Pictures and checks

    def plot(
        self,
        ax: "Axes",
        box: Box | None = None,
        *,
        values: npt.ArrayLike | Literal["pattern", "linear"] | None = None,
        colors: Any = None,
        linewidths: Any = None,
        **faces: Any,
    ) -> "tuple[LineCollection, PolyCollection | None]":
        """Draw the folds and, if wanted, coloured regions.

        Parameters
        ----------
        ax : matplotlib.axes.Axes
            Where to draw; its limits become those of what is drawn, its aspect equal.
        box : Box, optional
            The part of the plane to draw.
            By default it is the domain; in the plane, the limits of `ax` if they have been set or
            something has been drawn, else a square around all vertices.
        values : array_like of shape (F,) or "pattern" or "linear", optional
            A number for each region, which a colormap turns into its colour; or "pattern" for a
            colour of its own for each region, "linear" for each linear region.
            By default the regions stay empty.
        colors : optional
            The colour of the folds, or a list of one colour for each hidden layer; by default the
            colour of text.
        linewidths : float or sequence of float, optional
            The width of the folds in points, or one width for each hidden layer.
        **faces
            Passed on to `matplotlib.collections.PolyCollection`: ``cmap`` and ``norm``, say.

        Returns
        -------
        folds : matplotlib.collections.LineCollection
            The folds; the sides of a box are none.
        regions : matplotlib.collections.PolyCollection or None
            The coloured regions.

        Raises
        ------
        ValueError
            If `values` does not have one number for each region, or if there is not one colour or
            width for each hidden layer.
        TypeError
            If `box` is no box, or if there are `faces` but no `values`.

        Notes
        -----
        Beyond 5000 edges both are drawn as an image, also in a file of vector graphics.
        """
        from activations.regions.drawing import draw

        return draw(self, ax, box, values=values, colors=colors, linewidths=linewidths, **faces)

    def check(self, grid: int = 100) -> dict[str, float]:
        """Check the complex against everything that must hold, independently of how it was made.

        Parameters
        ----------
        grid : int, optional
            How many points a side the grid has that looks for patterns that are missing; 100 by
            default.

        Returns
        -------
        dict of str to float
            For every check that involves rounding, the largest deviation as a share of what
            rounding explains; none exceeds one.

        Raises
        ------
        ValueError
            If something does not hold; the message names the first failure. Or if `grid` is less
            than 2.
        TypeError
            If `grid` is no integer.

        See Also
        --------
        activations.regions.oracles.check : The checks, one by one.
        """
        from activations.regions.oracles import check

        return check(self, grid)
