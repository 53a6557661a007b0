r"""The exact reference: every region of a ReLU network in the plane, by integer arithmetic alone.

A float64 is an integer over a power of two, so a network of floats is a network of integers: with
W = P / 2^k and b = Q / 2^k, a layer's pre-activations times 2^k are P a + Q, and a positive factor
moves neither a sign nor a fold.
Where the pattern is constant, a pre-activation is affine in the input, and a row (a, b, c) of
integers stands for a x + b y + c.
A vertex (X, Y, Z) of integers, Z > 0, stands for the point (X / Z, Y / Z), and the sign of a row
there is that of a X + b Y + c Z.
Nothing is rounded, hence every sign is right, and zero is a sign like the others.

A *cell* is a convex polygon on which every neuron decided so far is on or off throughout.
A neuron whose row takes both signs at the vertices of a cell cuts the cell in two; any other is
on or off in the whole cell, and thereby decided.
Once all neurons of a layer are decided on a cell, the rows of the next layer are known there.
"""

import math
from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from activations._arguments import integer, unmasked_array
from activations.regions.complex import PolyhedralComplex
from activations.regions.domain import Box, Domain, read_domain
from activations.regions.network import Layers, exact_floats, read_network

__all__ = ["count_exact", "exact_regions", "jump_is_zero", "pattern_at"]

Row = tuple[int, int, int]
Vertex = tuple[int, int, int]
Fold = tuple[int, int]
Polygon = list[tuple[Vertex, Fold]]
Side = tuple[Vertex, Vertex, Fold]

# The sides of the domain are no neuron's fold.
_FRAME: Fold = (-1, -1)


class _Layer(NamedTuple):
    """A layer in integers: columns[j][i] leads from j to i, and constants are rows (0, 0, c)."""

    columns: list[tuple[int, ...]]
    constants: list[Row]


class _Cell(NamedTuple):
    """A region: vertices, each with the fold along the side to the next; pattern; output rows."""

    polygon: Polygon
    pattern: int
    outputs: list[Row]


# From floats to integers


def _integer_layers(layers: Layers) -> list[_Layer]:
    """Multiply each layer by the least power of two that makes it integer."""
    found, scale = [], 1
    for W, b in layers:
        table = [[v.as_integer_ratio() for v in row] for row in np.column_stack([W, b]).tolist()]
        unit = max(q for row in table for _, q in row)
        *columns, offsets = zip(*([p * (unit // q) for p, q in row] for row in table), strict=True)
        # The activations that come in are `scale` times the network's, so the bias is, too.
        found.append(_Layer(columns, [(0, 0, offset * scale) for offset in offsets]))
        scale *= unit
    return found


def _primitive(x: int, y: int, z: int) -> Vertex:
    """Divide by the greatest common divisor, so that equal points are equal tuples."""
    divisor = math.gcd(x, y, z)
    return x // divisor, y // divisor, z // divisor


def _vertex(x: float, y: float) -> Vertex:
    """Return a point in homogeneous coordinates."""
    (p, q), (r, s) = x.as_integer_ratio(), y.as_integer_ratio()
    return _primitive(p * s, r * q, q * s)


def _reach(network: list[_Layer]) -> int:
    """Return a power of two beyond the coordinates of all points where folds cross."""
    size = largest = 1
    for columns, constants in network[:-1]:
        rows = zip(zip(*columns, strict=True), constants, strict=True)
        size = max(sum(map(abs, weights)) * size + abs(c) for weights, (_, _, c) in rows)
        largest = max(largest, size)
    return 1 << 2 * (largest.bit_length() + 1)


# The cells


def _add(rows: list[Row], layer: _Layer, inputs: list[Row], on: Iterable[int]) -> list[Row]:
    """Add to the rows of a layer what the neurons `on` of the layer before send there."""
    for j in on:
        a, b, c = inputs[j]
        rows = [
            (p + w * a, q + w * b, r + w * c)
            for w, (p, q, r) in zip(layer.columns[j], rows, strict=True)
        ]
    return rows


def _cut(polygon: Polygon, values: list[int], fold: Fold) -> tuple[Polygon, Polygon]:
    """Cut a polygon into the parts where `values`, given at its vertices, are <= 0 and >= 0."""
    below: Polygon = []
    above: Polygon = []
    sides, ends = pairwise([*polygon, polygon[0]]), pairwise([*values, values[0]])
    for ((p, side), (q, _)), (u, v) in zip(sides, ends, strict=True):
        if u <= 0:
            below.append((p, fold if u == 0 < v else side))
        if u >= 0:
            above.append((p, fold if u == 0 > v else side))
        if u < 0 < v or v < 0 < u:
            s, t = abs(v), abs(u)
            x = _primitive(s * p[0] + t * q[0], s * p[1] + t * q[1], s * p[2] + t * q[2])
            below.append((x, side if v < 0 else fold))
            above.append((x, side if v > 0 else fold))
    return below, above


def _cells(network: list[_Layer], frame: Polygon) -> Iterator[_Cell]:
    """Yield every cell within the frame on which all hidden neurons are decided."""
    constants = [*(layer.constants for layer in network), []]
    first = list(accumulate((len(rows) for rows in constants[:-2]), initial=0))
    rows = _add(constants[0], network[0], [(1, 0, 0), (0, 1, 0)], (0, 1))
    stack = [(frame, 0, 0, rows, list(range(len(rows))), constants[1])]
    while stack:
        polygon, pattern, level, rows, undecided, sums = stack.pop()
        if level == len(network) - 1:
            yield _Cell(polygon, pattern, rows)
            continue
        on, cutting = [], []
        for j in undecided:
            a, b, c = rows[j]
            values = [a * x + b * y + c * z for (x, y, z), _ in polygon]
            if min(values) < 0 < max(values):
                cutting.append((j, values))
            elif max(values) > 0:
                on.append(j)
        following = network[level + 1]
        sums = _add(sums, following, rows, on)
        pattern |= sum(1 << (first[level] + j) for j in on)
        if cutting:
            (j, values), *others = cutting
            below, above = _cut(polygon, values, (level, j))
            rest = [k for k, _ in others]
            bit, more = 1 << (first[level] + j), _add(sums, following, rows, [j])
            stack.append((above, pattern | bit, level, rows, rest, more))
            stack.append((below, pattern, level, rows, rest, sums))
        else:
            everyone = list(range(len(sums)))
            stack.append((polygon, pattern, level + 1, sums, everyone, constants[level + 2]))


def _read(layers: Layers, domain: Domain) -> tuple[list[_Layer], Polygon, int | None]:
    """Return the network in integers, the polygon to cut, and its reach if it is for the plane."""
    network, domain = _integer_layers(layers), read_domain(domain)
    if isinstance(domain, Box):
        reach, (x0, y0), (x1, y1) = None, domain.low, domain.high
    else:
        reach = _reach(network)
        x0, y0, x1, y1 = -reach, -reach, reach, reach
    corners = (x0, y0), (x1, y0), (x1, y1), (x0, y1)
    return network, [(_vertex(x, y), _FRAME) for x, y in corners], reach


# The complex


def _is_far(vertex: Vertex, reach: int) -> bool:
    """Say whether a vertex lies on the frame that stands for infinity."""
    x, y, z = vertex
    return max(abs(x), abs(y)) == reach * z


def _nearest(p: Vertex, q: Vertex) -> Vertex:
    """Return the point of the line through two vertices that is nearest to the origin."""
    a, b, c = p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]
    return _primitive(-a * c, -b * c, a * a + b * b)


def _sides(polygon: Polygon, reach: int | None) -> Iterator[Side]:
    """Yield the sides of a region; in the plane, those at infinity vanish and open the list."""
    sides = [(p, q, fold) for (p, fold), (q, _) in pairwise([*polygon, polygon[0]])]
    if reach is None:
        yield from sides
        return
    openings = (k for k, side in enumerate(sides) if sides[k - 1][2] == _FRAME != side[2])
    start = next(openings, 0)
    for p, q, fold in sides[start:] + sides[:start]:
        if fold == _FRAME:
            continue
        if _is_far(p, reach) and _is_far(q, reach):
            middle = _nearest(p, q)
            yield p, middle, fold
            yield middle, q, fold
        else:
            yield p, q, fold


def _rounded(vertex: Vertex) -> tuple[float, float]:
    """Return the float64 coordinates nearest to those of a vertex."""
    x, y, z = vertex
    try:
        return x / z, y / z
    except OverflowError:
        raise OverflowError(
            "a vertex lies beyond the largest float64, so that no complex can hold it "
            "(count_regions needs none to count activation regions)"
        ) from None


def _direction(start: Vertex, end: Vertex) -> tuple[float, float]:
    """Return the unit vector from one vertex to another."""
    (x, y, z), (u, v, w) = start, end
    across, up = u * z - x * w, v * z - y * w
    longest = max(abs(across), abs(up))
    length = math.hypot(across / longest, up / longest)
    return across / longest / length, up / longest / length


class _Mesh(NamedTuple):
    """What cells share: edges p -> q, their folds and regions; the regions' half-edges, ragged."""

    edges: dict[tuple[Vertex, Vertex], int]
    folds: list[Fold]
    borders: list[list[int]]
    halfedges: list[int]
    offsets: list[int]


def _mesh(cells: list[_Cell], reach: int | None) -> _Mesh:
    """Match the sides of cells: half-edge 2 e runs along edge e, and 2 e + 1 runs back."""
    mesh = _Mesh({}, [], [], [], [0])
    for region, cell in enumerate(cells):
        for p, q, fold in _sides(cell.polygon, reach):
            edge = mesh.edges.get((q, p))
            if edge is None:
                mesh.halfedges.append(2 * len(mesh.edges))
                mesh.edges[p, q] = len(mesh.edges)
                mesh.folds.append(fold)
                mesh.borders.append([region])
            else:
                mesh.halfedges.append(2 * edge + 1)
                mesh.borders[edge].append(region)
        mesh.offsets.append(len(mesh.halfedges))
    sides = zip(mesh.folds, mesh.borders, strict=True)
    assert all(len(border) == 1 + (fold != _FRAME) for fold, border in sides)
    return mesh


def _linear_labels(cells: list[_Cell], borders: list[list[int]]) -> list[int]:
    """Number the linear regions in the order of their first cells."""
    neighbours: list[list[int]] = [[] for _ in cells]
    for f, g in (border for border in borders if len(border) == 2):
        if cells[f].outputs == cells[g].outputs:
            neighbours[f].append(g)
            neighbours[g].append(f)
    labels, count = [-1] * len(cells), 0
    for first in range(len(cells)):
        if labels[first] < 0:
            reached = [first]
            while reached:
                cell = reached.pop()
                if labels[cell] < 0:
                    labels[cell] = count
                    reached += neighbours[cell]
            count += 1
    return labels


def _arrays(cells: list[_Cell], neurons: int, reach: int | None) -> dict[str, Any]:
    """Return the arrays of the complex."""
    mesh = _mesh(cells, reach)
    ends = [*mesh.edges, *((q, p) for p, q in mesh.edges)]
    near = dict.fromkeys(q for _, q in ends if reach is None or not _is_far(q, reach))
    # A far vertex ends one ray only: folds that meet do so before.
    rays = [(p, q) for p, q in ends if q not in near]
    number = {vertex: k for k, vertex in enumerate([*near, *(q for _, q in rays)])}
    edges = [(number[p], number[q]) for p, q in mesh.edges]
    bits = b"".join(cell.pattern.to_bytes((neurons + 7) // 8, "little") for cell in cells)
    packed = np.frombuffer(bits, dtype=np.uint8).reshape(len(cells), -1)
    return {
        "vertices": np.array([_rounded(v) for v in near], dtype=np.float64).reshape(-1, 2),
        "directions": np.array([_direction(*ray) for ray in rays], dtype=np.float64).reshape(-1, 2),
        "edges": np.array(edges, dtype=np.int32).reshape(-1, 2),
        "edge_neuron": np.array(mesh.folds, dtype=np.int32).reshape(-1, 2),
        "halfedges": np.array(mesh.halfedges, dtype=np.int32),
        "offsets": np.array(mesh.offsets, dtype=np.int32),
        "certified": "exact",
        "patterns": np.unpackbits(packed, axis=1, count=neurons, bitorder="little").astype(bool),
        "linear_labels": np.array(_linear_labels(cells, mesh.borders), dtype=np.int32),
    }


# What is offered


def exact_regions(layers: Any, domain: Domain) -> PolyhedralComplex:
    r"""Find all regions of a ReLU network with two inputs, exactly.

    Parameters
    ----------
    layers : list of (W, b), or torch.nn.Module
        The network, as `activations.regions.network.read_network` reads it.
    domain : Box or PLANE
        Where regions are looked for.

    Returns
    -------
    PolyhedralComplex
        Vertices, edges and regions with their patterns and linear labels.
        Everything is decided exactly; coordinates are rounded once, at the end.

    Raises
    ------
    OverflowError
        If a vertex lies beyond the largest float64.
    TypeError
        If this is no network or no domain.
    ValueError
        If the network is unusable.

    See Also
    --------
    count_exact : Only the number of regions.

    Notes
    -----
    *Why the cells are the activation regions.*
    A row that is nowhere negative on a cell and somewhere positive is positive inside the cell, so
    the neuron is on; a row that is nowhere positive leaves it off.
    A cut by neuron (l, j) separates points where it is on from points where it is off, so any two
    cells differ in the bit of the neuron whose cut parted them, and no pattern occurs twice.

    *Why the first neuron that folds along an edge is the one whose cut made it.*
    Neurons of a cell are cut in ascending order, so when (l, j) cuts, all earlier neurons are on
    or off throughout the cell and do not change their bit across the cut.

    *Why neighbours share whole edges.*
    A vertex is put inside an edge where a pre-activation that is affine nearby changes its sign
    along the edge.
    Pre-activations are continuous, so the cells on both sides of the edge see the same values on
    it, and are cut there both or neither.

    *The plane* is cut within a square of half width R = 4^(k + 1), where all entries of all rows
    are smaller than 2^k in absolute value: with m = 1 for the input, a layer's entries are at most
    the largest of :math:`\sum_j |P_{ij}| m + |Q_i|` over its neurons i, whatever the pattern.
    Folds (a, b, c) and (d, e, f) that cross do so at
    :math:`|x| = |b f - c e| / |a e - b d| < 2 \cdot 4^k < R`, since the denominator is an integer
    other than zero; likewise for y.
    The point of a fold nearest to the origin has the distance
    :math:`|c| / \sqrt{a^2 + b^2} < 2^k < R`.
    The closure of a region has a vertex, or else its boundary consists of parallel lines, so every
    region meets the square, no folds cross on its sides or beyond, and each edge that reaches a
    side is a ray.

    The vertices of two regions may be rounded to the same floats where they are closer than
    float64 can tell; they remain two vertices.

    Examples
    --------
    >>> from activations.regions.domain import PLANE
    >>> from activations.regions.reference import exact_regions
    >>> crossing = [([[1, 0], [0, 1]], [0, 0]), ([[1, 1]], [0])]
    >>> c = exact_regions(crossing, PLANE)
    >>> len(c), c.vertices.tolist(), len(c.directions)
    (4, [[0.0, 0.0]], 4)
    """
    layers = read_network(layers)
    network, frame, reach = _read(layers, domain)
    neurons = sum(len(layer.constants) for layer in network[:-1])
    arrays = _arrays(list(_cells(network, frame)), neurons, reach)
    return PolyhedralComplex(layers, domain, **arrays)


def count_exact(
    layers: Any, domain: Domain, kind: Literal["activation", "linear"] = "activation"
) -> int:
    """Count the regions of a ReLU network with two inputs, exactly.

    Parameters
    ----------
    layers : list of (W, b), or torch.nn.Module
        The network, as `activations.regions.network.read_network` reads it.
    domain : Box or PLANE
        Where regions are counted: inside the open box, or in the plane.
    kind : {"activation", "linear"}
        Whether to count activation regions, or linear regions, which are maximal unions of
        activation regions that are connected through edges and have the same affine map.

    Returns
    -------
    int
        Their number.

    Raises
    ------
    TypeError
        If this is no network or no domain.
    ValueError
        If the network is unusable, or `kind` is neither.

    See Also
    --------
    exact_regions : The regions themselves.

    Examples
    --------
    ReLU(x) - ReLU(-x) is linear, although its neurons have two activation regions:

    >>> from activations.regions.domain import PLANE
    >>> from activations.regions.reference import count_exact
    >>> identity = [([[1, 0], [-1, 0]], [0, 0]), ([[1, -1]], [0])]
    >>> count_exact(identity, PLANE), count_exact(identity, PLANE, kind="linear")
    (2, 1)
    """
    if kind not in ("activation", "linear"):
        raise ValueError(f"kind is {kind!r}, but must be 'activation' or 'linear'")
    network, frame, reach = _read(read_network(layers), domain)
    if kind == "activation":
        return sum(1 for _ in _cells(network, frame))
    cells = list(_cells(network, frame))
    return max(_linear_labels(cells, _mesh(cells, reach).borders)) + 1


def pattern_at(layers: Any, point: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Decide exactly which hidden neurons are on at a point.

    Parameters
    ----------
    layers : list of (W, b), or torch.nn.Module
        The network, as `activations.regions.network.read_network` reads it.
    point : array_like of shape (2,)
        The point, whose coordinates are taken exactly.

    Returns
    -------
    ndarray of bool, shape (N,)
        For each hidden neuron, through all layers, whether its pre-activation is positive.

    Raises
    ------
    TypeError
        If this is no network, or the point does not hold real numbers.
    ValueError
        If the network is unusable, or the point has another shape, is not finite, or is no
        float64.

    Examples
    --------
    In floats 0.1 is larger than 1/10, and three times that exceeds 0.3, which is smaller than 3/10:

    >>> from activations.regions.reference import pattern_at
    >>> pattern_at([([[3, -1], [-3, 1]], [0, 0]), ([[1, 1]], [0])], (0.1, 0.3))
    array([ True, False])
    """
    network = _integer_layers(read_network(layers))
    array = exact_floats("point", point)
    if array.shape != (2,):
        raise ValueError(f"point has shape {array.shape}, but must have shape (2,)")
    x, y = array.tolist()
    return np.array(_signs(network, _vertex(x, y)), dtype=bool)


def _signs(network: list[_Layer], vertex: Vertex) -> list[bool]:
    """Say which hidden neurons are on at a vertex."""
    *values, z = vertex
    found = []
    for columns, constants in network[:-1]:
        rows = zip(zip(*columns, strict=True), constants, strict=True)
        sums = [
            c * z + sum(w * a for w, a in zip(weights, values, strict=True))
            for weights, (_, _, c) in rows
        ]
        found += [value > 0 for value in sums]
        values = [max(value, 0) for value in sums]
    return found


def jump_is_zero(layers: Any, layer: int, index: int, pattern: npt.ArrayLike) -> bool:
    """Decide exactly whether the outputs ignore a hidden neuron, given the pattern behind it.

    Parameters
    ----------
    layers : list of (W, b), or torch.nn.Module
        The network, as `activations.regions.network.read_network` reads it.
    layer, index : int
        The neuron: its hidden layer and its place therein, both counted from 0.
    pattern : array_like of bool, shape (N,)
        Which hidden neurons are on; only those of later layers matter.

    Returns
    -------
    bool
        Whether the linear map from the neuron's activation to the outputs is zero, so that
        crossing its fold does not change the affine map.

    Raises
    ------
    TypeError
        If this is no network, `layer` or `index` is no integer, or `pattern` is not of bools.
    ValueError
        If the network is unusable, the neuron does not exist, or `pattern` has another shape.

    Examples
    --------
    >>> from activations.regions.reference import jump_is_zero
    >>> chain = [([[1, 0]], [0]), ([[1], [1]], [0, 0]), ([[1, -1]], [0])]
    >>> jump_is_zero(chain, 0, 0, [True, True, True])
    True
    >>> jump_is_zero(chain, 0, 0, [True, True, False])
    False
    """
    network = _integer_layers(read_network(layers))
    widths = [len(hidden.constants) for hidden in network[:-1]]
    layer, index = integer("layer", layer, 0), integer("index", index, 0)
    if layer >= len(widths):
        raise ValueError(f"layer is {layer}, but the network has {len(widths)} hidden layers")
    if index >= widths[layer]:
        raise ValueError(f"index is {index}, but hidden layer {layer} has width {widths[layer]}")
    bits = unmasked_array("pattern", pattern)
    if bits.dtype != np.bool_:
        raise TypeError(f"pattern has dtype {bits.dtype}, but must hold bools")
    if bits.shape != (sum(widths),):
        raise ValueError(f"pattern has shape {bits.shape}, but must have shape {(sum(widths),)}")
    jump = network[layer + 1].columns[index]
    behind = bits[sum(widths[: layer + 1]) :].tolist()
    for deeper in network[layer + 2 :]:
        width = len(jump)
        on = [j for j in range(width) if behind[j]]
        jump = tuple(
            sum(deeper.columns[j][i] * jump[j] for j in on) for i in range(len(deeper.constants))
        )
        behind = behind[width:]
    return not any(jump)
