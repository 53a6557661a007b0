"""Where the regions are cut out of: a box, or the plane as a triangle whose sides are at infinity.

In the plane, a point is s (xi / w + c) with two coordinates xi in a chart and a homogeneous one, w.
Around the centre c there are three sectors; in each of them w is an affine function of xi, one at
the centre and zero at infinity. Multiplied by w, a network whose biases are multiplied by w, too,
becomes an affine function of xi wherever it was one of the point. So the triangle is divided just
as a box is, and at the end the sectors' sides, which are nobody's folds, are taken out again.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from activations.regions.ragged import lengths_to_offsets

__all__ = [
    "BORDER",
    "SPOKE",
    "Subdivision",
    "batch",
    "box",
    "components",
    "finish",
    "homogeneous",
    "march",
    "plane",
    "slopes_of_w",
    "typical_distance",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

# What an edge lies on that is no neuron's fold.
BORDER, SPOKE = -1, -2
# The corners of the triangle and the centre: a network of round numbers has no folds near these.
_ANGLES = (0.3875, 2.4592, 4.5309)
_CENTRE = np.array([0.0137, -0.0251])
_CORNERS = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)
# In each sector h . xi is one on the side at infinity.
_SIDES = np.stack([_CORNERS, np.roll(_CORNERS, -1, axis=0)], axis=1)
_FALLS = np.linalg.solve(_SIDES, np.ones((3, 2, 1)))[:, :, 0]


@dataclass(slots=True)
class Subdivision:
    """A domain divided into convex polygons, for one network or several.

    Half-edge 2 e runs along edge e from its tail to its head, 2 e + 1 back.

    Parameters
    ----------
    coordinates : list of ndarray of float64, shape (V,)
        x and y, or two coordinates in the chart of the plane and the homogeneous one.
    error : ndarray of float64, shape (V,)
        Bounds of how far away, in these coordinates, the true vertices are at most.
    pair : list of two ndarrays of int64, shape (V,)
        For each vertex what meets there: two neurons, or -1 for the border, -2 for a sector's side.
    tail, head : ndarray of int64, shape (E,)
        The vertices at the ends of each edge.
    neuron : ndarray of int64, shape (E,)
        The neuron that folds along the edge, numbered through all layers; -1 on the border of the
        domain, -2 on a side of the chart's sectors.
    loops : ndarray of int64
        The half-edges around each face, counter-clockwise, face by face.
    offsets : ndarray of int64, shape (F + 1,)
        Where each face begins in `loops`.
    far : ndarray of bool, shape (V,) or None
        Which vertices lie at infinity; None in a box.
    origin : ndarray of int64, shape (V,) or None
        For vertices at infinity the neuron on whose fold they lie.
    foot : ndarray of int64, shape (V,) or None
        For vertices at infinity the other end of the ray that leads there.
    net : ndarray of int64, shape (V,) or None
        For each vertex the number of its network in a batch.
    """

    coordinates: list[FloatArray]
    error: FloatArray
    pair: list[IntArray]
    tail: IntArray
    head: IntArray
    neuron: IntArray
    loops: IntArray
    offsets: IntArray
    far: BoolArray | None = None
    origin: IntArray | None = None
    foot: IntArray | None = None
    net: IntArray | None = None


def box(low: tuple[float, float], high: tuple[float, float]) -> Subdivision:
    """Return a box as one face.

    Parameters
    ----------
    low, high : pair of float
        The lower left and the upper right corner.

    Returns
    -------
    Subdivision
        Four vertices, four edges and a face.

    Examples
    --------
    >>> from activations.regions.frame import box
    >>> box((0, 0), (1, 2)).loops
    array([0, 2, 4, 6])
    """
    (x0, y0), (x1, y1) = low, high
    corner = np.arange(4)
    return Subdivision(
        coordinates=[np.array([x0, x1, x1, x0]), np.array([y0, y0, y1, y1])],
        error=np.zeros(4),
        pair=[np.full(4, BORDER)] * 2,
        tail=corner,
        head=np.array([1, 2, 3, 0]),
        neuron=np.full(4, BORDER),
        loops=2 * corner,
        offsets=np.array([0, 4]),
    )


def plane() -> Subdivision:
    """Return the plane as three sectors around a vertex, with three vertices at infinity.

    Returns
    -------
    Subdivision
        Four vertices, six edges and three faces.

    Examples
    --------
    >>> from activations.regions.frame import plane
    >>> plane().far
    array([False,  True,  True,  True])
    """
    return Subdivision(
        coordinates=[
            np.append(0.0, _CORNERS[:, 0]),
            np.append(0.0, _CORNERS[:, 1]),
            np.array([1.0, 0.0, 0.0, 0.0]),
        ],
        error=np.zeros(4),
        pair=[np.full(4, BORDER)] * 2,
        tail=np.array([0, 0, 0, 1, 2, 3]),
        head=np.array([1, 2, 3, 2, 3, 1]),
        neuron=np.repeat([SPOKE, BORDER], 3),
        loops=np.array([0, 6, 3, 2, 8, 5, 4, 10, 1]),
        offsets=np.array([0, 3, 6, 9]),
        far=np.array([False, True, True, True]),
        origin=np.full(4, -1),
        foot=np.zeros(4, dtype=np.int64),
    )


def batch(one: Subdivision, size: int) -> Subdivision:
    """Return copies of a subdivision, one for each network of a batch.

    Parameters
    ----------
    one : Subdivision
        A box or the plane.
    size : int
        How many networks there are.

    Returns
    -------
    Subdivision
        All copies, one behind the other; `net` says which is which.

    Examples
    --------
    >>> from activations.regions.frame import batch, box
    >>> batch(box((0, 0), (1, 2)), 3).net
    array([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2])
    """
    vertices, edges = len(one.error), len(one.tail)
    copies = np.arange(size)

    def shifted(indices: IntArray, step: int) -> IntArray:
        return (indices + step * copies[:, None]).ravel()

    return Subdivision(
        coordinates=[np.tile(column, size) for column in one.coordinates],
        error=np.tile(one.error, size),
        pair=[np.tile(own, size) for own in one.pair],
        tail=shifted(one.tail, vertices),
        head=shifted(one.head, vertices),
        neuron=np.tile(one.neuron, size),
        loops=shifted(one.loops, 2 * edges),
        offsets=np.append(shifted(one.offsets[:-1], len(one.loops)), size * len(one.loops)),
        far=None if one.far is None else np.tile(one.far, size),
        origin=None if one.origin is None else np.tile(one.origin, size),
        foot=None if one.foot is None else shifted(one.foot, vertices),
        net=np.repeat(copies, vertices),
    )


def typical_distance(W: FloatArray, b: FloatArray) -> float:
    """Return a power of two of the size of the distance of a typical fold from the origin.

    Parameters
    ----------
    W : ndarray of float64, shape (..., n, 2)
        The weights of a first layer, or of several.
    b : ndarray of float64, shape (..., n)
        Its biases.

    Returns
    -------
    float
        The power of two; 1 if no fold has a distance.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.regions.frame import typical_distance
    >>> typical_distance(np.eye(2), np.array([7.0, 9.0]))
    8.0
    """
    reach = np.abs(W).max(axis=-1)
    distances = np.abs(b)[reach > 0] / reach[reach > 0]
    distances = distances[distances > 0]
    if len(distances) == 0:
        return 1.0
    return float(2.0 ** np.clip(np.round(np.log2(np.median(distances))), -60, 60))


def slopes_of_w(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return how w falls in the sector of each point of the chart, as 1 - w = h . xi.

    Parameters
    ----------
    x, y : ndarray of float64, shape (V,)
        The coordinates xi of the points.

    Returns
    -------
    h : ndarray of float64, shape (2, V)
        The slopes.
    margin : ndarray of float64, shape (V,)
        By how much h . xi exceeds what it would be with the slopes of the other sectors.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.regions.frame import plane, slopes_of_w
    >>> x, y, w = plane().coordinates
    >>> middle = (x[1:] + np.roll(x[1:], 1)) / 2, (y[1:] + np.roll(y[1:], 1)) / 2
    >>> h, margin = slopes_of_w(*middle)
    >>> np.sum(h * middle, axis=0).round(12)
    array([1., 1., 1.])
    """
    heights = _FALLS @ np.stack([x, y])
    order = np.argsort(heights, axis=0)
    heights = np.take_along_axis(heights, order, axis=0)
    return _FALLS[order[2]].T, heights[2] - heights[1]


def homogeneous(W: FloatArray, b: FloatArray, scale: float) -> tuple[FloatArray, FloatArray]:
    """Return the weights of a first layer for the chart: of xi and, in place of the bias, of w.

    Parameters
    ----------
    W : ndarray of float64, shape (..., n, 2)
        The weights.
    b : ndarray of float64, shape (..., n)
        The biases.
    scale : float
        The scale s of the chart.

    Returns
    -------
    W : ndarray of float64, shape (..., n, 3)
        The weights of xi and w.
    b : ndarray of float64, shape (..., n)
        Zeros.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.regions.frame import homogeneous
    >>> homogeneous(np.eye(2), np.array([1.0, 2.0]), 1.0)[0].round(3)
    array([[1.   , 0.   , 1.014],
           [0.   , 1.   , 1.975]])
    """
    last = scale * (W @ _CENTRE) + b
    return np.concatenate([scale * W, last[..., None]], axis=-1), np.zeros_like(b)


def march(follow: IntArray, starts: IntArray) -> tuple[IntArray, IntArray]:
    """Walk around all faces at once, each from its start.

    Parameters
    ----------
    follow : ndarray of int64
        For each half-edge the next one around the face on its left.
    starts : ndarray of int64, shape (F,)
        One half-edge for each face; no face has fewer than three.

    Returns
    -------
    loops : ndarray of int64
        The half-edges face by face.
    offsets : ndarray of int64, shape (F + 1,)
        Where each face begins in `loops`.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.regions.frame import march
    >>> march(np.array([1, 2, 3, 0]), np.array([2]))
    (array([2, 3, 0, 1]), array([0, 4]))
    """
    steps = [starts, follow[starts]]
    steps.append(follow[steps[1]])
    # No face has fewer than three sides.
    who = np.arange(len(starts))
    walkers = [who, who, who]
    length = np.full(len(starts), 3)
    here = follow[steps[2]]
    while True:
        away = np.flatnonzero(here != starts[who])
        if len(away) == 0:
            break
        who, here = who[away], here[away]
        length[who] += 1
        steps.append(here)
        walkers.append(who)
        here = follow[here]
    offsets = lengths_to_offsets(length)
    loops = np.empty(offsets[-1], dtype=np.int64)
    for number, (walker, step) in enumerate(zip(walkers, steps, strict=True)):
        loops[offsets[walker] + number] = step
    return loops, offsets


def finish(state: Subdivision, widths: list[int], scale: float) -> dict[str, Any]:
    """Return the arrays of the polyhedral complex, in the coordinates of the network.

    Parameters
    ----------
    state : Subdivision
        A box or the plane, divided.
    widths : list of int
        The widths of the hidden layers.
    scale : float
        The scale of the chart, if it is the plane.

    Returns
    -------
    dict
        vertices, directions, edges, edge_neuron, halfedges, offsets and, in the plane, the region
        of the centre as anchor, all as in `PolyhedralComplex`.

    Examples
    --------
    >>> from activations.regions.frame import box, finish
    >>> finish(box((0, 0), (1, 2)), [], 1.0)["edges"].tolist()
    [[0, 1], [1, 2], [2, 3], [3, 0]]
    """
    directions = np.empty((0, 2))
    anchor = None
    if state.far is None:
        vertices = np.stack(state.coordinates, axis=1)
        ends = np.stack([state.tail, state.head], axis=1)
        neuron, loops, offsets = state.neuron, state.loops, state.offsets
    else:
        vertices, directions, ends, neuron, loops, offsets, region = _without_sectors(state, scale)
        x, y = (scale * _CENTRE).tolist()
        anchor = region, (x, y)
    first = np.cumsum([0, *widths])
    layer = np.searchsorted(first, neuron, side="right") - 1
    index = neuron - np.where(layer >= 0, first[layer], 0)
    return {
        "vertices": vertices,
        "directions": directions,
        "edges": ends.astype(np.int32),
        "edge_neuron": np.stack([layer, index], axis=1).astype(np.int32),
        "halfedges": loops.astype(np.int32),
        "offsets": offsets.astype(np.int32),
        "anchor": anchor,
    }


def components(size: int, pairs: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.int32]:
    """Label the connected components of a graph.

    Parameters
    ----------
    size : int
        The number of its nodes.
    pairs : ndarray of int, shape (E, 2)
        The nodes that each of its edges joins.

    Returns
    -------
    ndarray of int32, shape (size,)
        The same number for nodes that are connected.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.regions.frame import components
    >>> components(4, np.array([[0, 3], [1, 2]]))
    array([0, 1, 1, 0], dtype=int32)
    """
    # Not every network needs them, and they take longer to import than all the rest.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(pairs))
    graph = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int32)


def _lines_without_vertex(state: Subdivision, artificial: BoolArray, fold: BoolArray) -> IntArray:
    """Return one vertex on a spoke for each line that no other fold crosses."""
    assert state.far is not None
    far = state.far
    on_spoke = np.flatnonzero(fold & (artificial[state.tail] | artificial[state.head]))
    vertices = np.concatenate([state.tail[on_spoke], state.head[on_spoke]])
    pieces = np.tile(np.arange(len(on_spoke)), 2)
    crossing = np.flatnonzero(artificial[vertices])
    crossing = crossing[np.argsort(vertices[crossing], kind="stable")]
    # Each of these vertices joins two pieces.
    line = components(len(on_spoke), pieces[crossing].reshape(-1, 2))[pieces]
    real = np.bincount(line[~(artificial | far)[vertices]], minlength=line.max(initial=0) + 1) > 0
    lonely = crossing[~real[line[crossing]]]
    _, first = np.unique(line[lonely], return_index=True)
    return vertices[lonely[first]]


def _origin(state: Subdivision, half: IntArray) -> IntArray:
    """Return the vertices at which half-edges begin."""
    vertices: IntArray = np.where(half & 1, state.head[half >> 1], state.tail[half >> 1])
    return vertices


def _without_sectors(
    state: Subdivision, scale: float
) -> tuple[FloatArray, FloatArray, IntArray, IntArray, IntArray, IntArray, int]:
    """Take the sides of the sectors out of the plane, and what lies at infinity.

    Returns vertices, directions, edges, their neurons, loops and offsets of the faces, and the
    face of the centre.
    """
    assert state.far is not None
    edges, faces = len(state.tail), len(state.offsets) - 1
    spoke, fold = state.neuron == SPOKE, state.neuron >= 0
    if not fold.any():
        none = np.empty(0, dtype=np.int64)
        empty = np.empty((0, 2))
        return empty, empty, none.reshape(0, 2), none, none, np.zeros(2, np.int64), 0
    # A vertex on a spoke joins two pieces of one fold; at the centre there is none.
    artificial = np.zeros(len(state.error), dtype=np.bool_)
    artificial[state.tail[spoke]] = artificial[state.head[spoke]] = True
    artificial &= ~state.far
    artificial[0] = False
    lonely = _lines_without_vertex(state, artificial, fold)
    artificial[lonely] = False

    # Faces that touch a spoke are merged with those beyond; those that touch infinity are walked
    # around anew, too, so that they begin where they come in from there.
    lengths = np.diff(state.offsets)
    face = np.repeat(np.arange(faces, dtype=np.int32), lengths)
    face_of = np.empty(2 * edges, dtype=np.int32)
    face_of[state.loops] = face
    on_spoke = np.flatnonzero(spoke)
    label = components(faces, np.stack([face_of[2 * on_spoke], face_of[2 * on_spoke + 1]], axis=1))
    special = np.zeros(faces, dtype=np.bool_)
    special[face[~fold[state.loops >> 1]]] = True
    follow = np.arange(2 * edges)
    follow[state.loops[:-1]] = state.loops[1:]
    follow[state.loops[state.offsets[1:] - 1]] = state.loops[state.offsets[:-1]]
    walls = ~np.repeat(spoke, 2)
    while len(wrong := np.flatnonzero(walls & spoke[follow >> 1])):
        # Turn about the vertex to the next half-edge that is on no spoke.
        follow[wrong] = follow[follow[wrong] ^ 1]
    loops = state.loops[special[face]]
    loops = loops[fold[loops >> 1] & ~artificial[_origin(state, loops)]]
    parts = label[face_of[loops]]
    order = np.lexsort((~state.far[_origin(state, loops)], parts))
    names, begin = np.unique(parts[order], return_index=True)
    # The first half-edge leads away from the centre.
    centre = np.count_nonzero(~special) + np.searchsorted(names, label[face_of[0]])
    walk, offsets = march(follow, loops[order[begin]])
    plain = state.loops[~special[face]]
    del follow, face, face_of
    keep = fold[walk >> 1] & ~artificial[_origin(state, walk)]
    # A piece that begins on a spoke continues the one before. Such an edge is known by the lower
    # number of its first and last piece.
    stops = np.flatnonzero(keep | ~fold[walk >> 1])
    last = walk[np.append(stops[1:], len(walk)) - 1][keep[stops]]
    first = walk[keep]
    walk_lengths = np.diff(lengths_to_offsets(keep)[offsets])
    edge, other = first >> 1, last >> 1
    back = np.where(edge == other, first & 1, edge > other)
    edge = np.minimum(edge, other)
    whole = fold.copy()
    whole[walk >> 1] = False
    whole[edge] = True
    number = np.cumsum(whole) - 1
    ends = np.stack([state.tail, state.head], axis=1)
    forward = np.flatnonzero(back == 0)
    ends[edge[forward], 0] = _origin(state, first[forward])
    ends[edge[forward], 1] = _origin(state, last[forward] ^ 1)
    ends, neuron = ends[whole], state.neuron[whole]
    loops = np.concatenate([2 * number[plain >> 1] + (plain & 1), 2 * number[edge] + back])
    offsets = lengths_to_offsets(np.concatenate([lengths[~special], walk_lengths]))

    finite = np.flatnonzero(~state.far & ~artificial)[1:]
    far = np.unique(ends[state.far[ends]])
    place = np.empty(len(state.error), dtype=np.int64)
    place[finite] = np.arange(len(finite))
    place[far] = len(finite) + np.arange(len(far))
    chart = np.stack(state.coordinates[:2], axis=1)
    w = state.coordinates[2][finite, None]
    # A vertex that rounding has moved beyond infinity has no coordinates.
    vertices = scale * (chart[finite] / np.where(w > 0, w, np.nan) + _CENTRE)
    directions = chart[far] / np.hypot(*chart[far].T)[:, None]
    ends = place[ends]
    # On a line without a crossing, take the point that is nearest to the origin.
    for end in (0, 1):
        ray = np.flatnonzero(np.isin(ends[:, end], place[lonely]))
        foot, way = ends[ray, end], directions[ends[ray, 1 - end] - len(finite)]
        vertices[foot] -= np.sum(vertices[foot] * way, axis=1)[:, None] * way
    return vertices, directions, ends, neuron, loops, offsets, int(centre)
