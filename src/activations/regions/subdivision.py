r"""The regions of ReLU networks with two inputs, layer by layer, in float64 with a certificate.

Before a layer, the domain is divided into convex polygons on which everything so far is affine.
The folds of the layer's neurons divide them further, and all that is needed to know how are signs
and orders:

1. the signs of the pre-activations at the vertices say which neuron folds across which edge;
2. their values say in which order the folds meet an edge;
3. on the boundary of a convex polygon a fold appears twice, which gives its chord, and two chords
   cross if and only if their ends alternate;
4. the order of the crossings along each chord gives the new edges and faces.

No coordinate is ever compared with another one.
Every sign and every difference that decides an order is compared with a bound of its rounding
error, which is carried along with each vertex.
If one of them is too small, `UncertifiedError` is raised (or, in a batch, the network is marked),
and the exact path of `activations.regions.reference` has to decide.

The plane is treated as a triangle, by a chart that is projective on each of three sectors; the
sides of the triangle are at infinity.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from activations.regions.frame import (
    SPOKE,
    BoolArray,
    FloatArray,
    IntArray,
    Subdivision,
    finish,
    homogeneous,
    march,
    slopes_of_w,
    typical_distance,
)
from activations.regions.ragged import chunks, lengths_to_offsets

__all__ = ["UncertifiedError", "count", "subdivide"]

_UNIT = 2.0**-53
# Covers the roundings in the bounds themselves, and terms of second order.
_SLACK = 1 + 2.0**-10
# From how many pairs of an edge and a neuron on a layer is examined piece by piece, and how many
# edges make a piece.
_LOCAL_FROM, _PIECE = 2**22, 2048
# How many numbers are worked on at once.
_BLOCK = 2**17
# Up to how many numbers two sorts take no longer than one and a look at what it did.
_FEW = 2**11
# Below that, the sine of an angle is not known well enough for the bounds.
_SMALLEST_SINE = 2.0**-40
# No sector's w falls faster than that.
_STEEPEST = 3.0

Layers = Sequence[tuple[FloatArray, FloatArray]]


class UncertifiedError(ArithmeticError):
    """A sign or an order lies within the rounding error of float64."""


@dataclass(slots=True)
class _Signs:
    """Edges along which the pre-activation of a neuron changes its sign."""

    edge: IntArray
    neuron: IntArray
    # Its absolute values at both ends, and bounds of their errors.
    tail: FloatArray
    head: FloatArray
    tail_error: FloatArray
    head_error: FloatArray
    # In the plane: whether that end is at infinity and the neuron constant on the way there.
    tail_idle: BoolArray | None = None
    head_idle: BoolArray | None = None


@dataclass(slots=True)
class _Folds:
    """Where the folds of one layer cross the edges, ordered along each edge."""

    edge: IntArray
    neuron: IntArray
    tail: IntArray
    head: IntArray
    # The parameter of the crossing from tail to head, and a bound of its error.
    parameter: FloatArray
    error: FloatArray
    # In the plane: a vertex at infinity that a ray leads to which is parallel to the fold, or -1.
    parallel: IntArray | None = None


@dataclass(slots=True)
class _Points:
    """New vertices: coordinates, and bounds of how far away the true ones are."""

    columns: list[FloatArray]
    error: FloatArray


@dataclass(slots=True)
class _Sides:
    """The half-edges around the faces that are folded, and where folds come in between them."""

    # Half-edges in the order of the loops; `at` are those that begin at a `crossing` of an edge and
    # a fold, on the loop of a `face`, which begins at `start`.
    half: IntArray
    at: IntArray
    crossing: IntArray
    face: IntArray
    start: IntArray
    # The loops of the other faces.
    kept: IntArray
    kept_lengths: IntArray
    # For each edge the number of its crossings, and the first of them.
    pieces: IntArray
    first: IntArray


@dataclass(slots=True)
class _Chords:
    """The folds within faces, in the order in which they begin around their face."""

    # Places in `_Sides.half` of the half-edges after both ends; the crossings there.
    begin: IntArray
    end: IntArray
    source: IntArray
    target: IntArray
    # An old vertex of the face, and the number of the chord within its face.
    owner: IntArray
    local: IntArray
    # The pairs of chords that cross; the right one begins to the right of the left one.
    left: IntArray
    right: IntArray


@dataclass(slots=True)
class _Meetings:
    """The crossings of chords, in order."""

    # The places of each crossing on both chords, when all chords are put one behind the other, each
    # with `met` crossings from `base` on.
    at_left: IntArray
    at_right: IntArray
    met: IntArray
    base: IntArray
    points: _Points


class _Engine:
    """The layers of one network or a batch, and which of them float64 could not decide."""

    def __init__(self, layers: Layers, start: Subdivision, *, local: bool) -> None:
        self.local_from = 0 if local else _LOCAL_FROM
        self.hidden = list(layers[:-1])
        self.scale = 1.0
        self.given: FloatArray | None = None
        networks = 1 if start.net is None else len(layers[0][1])
        self.uncertain = np.zeros(networks, dtype=np.bool_)
        self.state = start
        self.size = max(float(np.abs(column).max()) for column in start.coordinates)
        self.check_magnitudes()
        if start.far is not None and self.hidden:
            W, b = self.hidden[0]
            self.scale = typical_distance(W, b)
            self.hidden[0] = homogeneous(W, b, self.scale)
            # What has been added up has been rounded.
            self.given = 8 * _UNIT * (self.scale * np.abs(W).max(axis=-1) * 2**-4 + np.abs(b))
        self.rows_bounds = [_row_bounds(W, b) for W, b in self.hidden]
        self.norms = [_norms(W, b) for W, b in self.hidden[:-1]]
        self.place = np.empty(0, dtype=np.int64)
        self.rows: dict[int, tuple[FloatArray, FloatArray]] = {}
        # Room that pieces use one after the other.
        self.rooms: dict[str, FloatArray] = {}
        # The first of the vertices that the last layer brought.
        self.fresh = 0
        self.first = np.cumsum([0, *(W.shape[-2] for W, _ in self.hidden)])

    def check_magnitudes(self) -> None:
        """Doubt networks with numbers so small or large that products might leave float64."""
        if not self.hidden:
            return
        networks = len(self.uncertain)
        parts = [part.reshape(networks, -1) for layer in self.hidden for part in layer]
        size = np.abs(np.concatenate(parts, axis=1))
        size[size == 0] = 1.0
        # Eighth powers occur in the norms of layers.
        most = 2.0 ** min(60.0, 900 / (len(self.hidden) + 2))
        wild = ~((size.min(axis=1) > 1 / most) & (size.max(axis=1) < most))
        wild |= not 1 / most < self.size < most
        if self.state.net is None and wild.any():
            raise UncertifiedError
        self.uncertain |= wild

    def inaccuracy(self) -> float:
        """Return the largest error that a coordinate may have, as a share of its size."""
        state = self.state
        if state.far is None:
            return float(state.error.max()) / self.size
        # Far out in the plane, coordinates are quotients by a small one.
        finite = ~state.far
        return float((state.error[finite] / state.coordinates[2][finite]).max())

    def doubt(self, where: BoolArray, vertices: IntArray) -> None:
        """Stop, or mark the networks of those `vertices` for which `where` is true."""
        if not where.any():
            return
        if self.state.net is None:
            raise UncertifiedError
        self.uncertain[self.state.net[vertices[where]]] = True

    def examine(self, layer: int, edges: IntArray | None = None) -> _Signs:
        """Find the sign changes along some edges, or all, from the values at all of their ends."""
        state = self.state
        if edges is None:
            edges, vertices = np.arange(len(state.tail)), np.arange(len(state.error))
            self.place = vertices
            tail, head = state.tail, state.head
        else:
            vertices, tail, head = self.ends(edges)
        width = self.hidden[layer][1].shape[-1]
        z, bound = np.empty((len(vertices), width)), np.empty(len(vertices))
        idle = None if state.far is None else np.empty(len(vertices), dtype=np.bool_)
        for block in _blocks(len(vertices), width):
            z[block], bound[block], without = self.preactivations(layer, vertices[block])
            if idle is not None:
                idle[block] = without
        if idle is not None and state.foot is not None:
            # Such a neuron is constant along the ray, so it has the sign that it has at its foot.
            foot = self.place[state.foot[vertices[idle]]]
            z[idle], bound[idle] = z[foot], bound[foot]
        on = z > 0
        np.abs(z, out=z)
        self.doubt(~(z.min(axis=1) > _SLACK * bound), vertices)
        flat = np.concatenate(
            [
                np.flatnonzero(on[tail[block]] != on[head[block]]) + width * block.start
                for block in _blocks(len(edges), width)
            ]
        )
        row = flat // width
        neuron = flat - row * width
        t, h = tail[row], head[row]
        return _Signs(
            edges[row],
            neuron,
            z[t, neuron],
            z[h, neuron],
            bound[t],
            bound[h],
            None if idle is None else idle[t],
            None if idle is None else idle[h],
        )

    def preactivations(
        self, layer: int, vertices: IntArray
    ) -> tuple[FloatArray, FloatArray, BoolArray]:
        """Return the pre-activations of a layer at vertices, and bounds of their errors.

        Also returned is at which vertices at infinity no activation is left: along the rays that
        lead there, all neurons of the layer are constant.
        """
        state = self.state
        values = np.stack([column[vertices] for column in state.coordinates], axis=1)
        unit = values[:, 2:].copy() if state.far is not None else None
        far = state.far[vertices] if state.far is not None else None
        net = state.net[vertices] if state.net is not None else None
        # Bounds, in the 2-norm of a layer: of the rounding so far, and of what a vertex that is
        # away by one makes of it.
        rounding, reach = 0.0, 1.0
        largest = self.size * len(state.coordinates) ** 0.5
        given = 0.0
        if self.given is not None:
            size = self.given if layer == 0 else np.linalg.norm(self.given, axis=-1)
            given = float(size.max())
        idle = np.zeros(len(vertices), dtype=np.bool_)
        for k, (W, b) in enumerate(self.hidden[: layer + 1]):
            if k:
                np.maximum(values, 0.0, out=values)
                if far is not None:
                    idle = far & ~values.any(axis=1)
            if k:
                largest = float(np.einsum("vi,vi->v", values, values).max()) ** 0.5
            # Sums of n products and a bias.
            terms = (W.shape[-1] + 4) * _SLACK * _UNIT
            # In the plane, biases multiply a coordinate.
            weighted = unit is not None and k > 0
            if k == layer:
                row, bias = self.rows_bounds[k]
                rounding = row * rounding + terms * (row * largest + bias) + given
                reach = row * reach + bias * weighted
            else:
                frobenius, spectral, biases = self.norms[k]
                rounding = spectral * rounding + terms * (frobenius * largest + biases) + given
                reach = spectral * reach + biases * weighted
            given = 0.0
            if net is None:
                values = values @ W.T
                values += b if unit is None or not k else b * unit
            else:
                values = np.einsum("vij,vj->vi", W[net], values)
                values += b[net] if unit is None or not k else b[net] * unit
            if state.origin is not None and k < layer:
                # A vertex at infinity on a neuron's fold: its slope there is exactly zero.
                origin = state.origin[vertices]
                own = np.flatnonzero((origin >= self.first[k]) & (origin < self.first[k + 1]))
                values[own, origin[own] - self.first[k]] = 0.0
        return values, rounding + _SLACK * reach * state.error[vertices], idle

    def examine_locally(self, layer: int, edges: IntArray) -> _Signs:
        """Find the sign changes along edges that lie close together.

        Over the box that holds these edges, most neurons of a wide layer are always on or always
        off. The former are folded into affine maps, the latter left out, and only the others are
        evaluated; so the bounds of the errors are those of the neighbourhood, too.
        """
        state = self.state
        vertices, tail, head = self.ends(edges)
        columns = [column[vertices] for column in state.coordinates]
        plain = len(columns)
        if state.far is None:
            columns.append(np.ones(len(vertices)))
        # A row for each function, a column for each vertex.
        whole = self.room("basis", len(columns) + int(self.first[layer]), len(vertices))
        basis = np.stack(columns, out=whole[: len(columns)])
        error = state.error[vertices]
        shift = _SLACK * float(error.max())
        # The vertices of the layer before may have large bounds; those from earlier ones were
        # polished then. They are the last ones.
        old = int(np.searchsorted(vertices, self.fresh))
        polish = _Polish(self, vertices[old:]) if layer > 1 and old < len(vertices) else None
        W, b = self.hidden[0]
        # Column by column, pre-activations as affine functions of the basis: of the coordinates and
        # of the activations of earlier neurons that are neither always on nor always off.
        affine = np.concatenate([W, b[:, None]], axis=1).T if state.far is None else W.T
        low, high = basis.min(axis=1), basis.max(axis=1)
        # Of the basis: the middle and half the range of its values, the largest of them, and how
        # steep the activations in it can be.
        middle = 0.5 * (low + high)
        reach = np.stack([0.5 * (high - low), np.maximum(-low, high), np.zeros(3)])
        # Of pre-activations: how steep they can be, what roundings may make of their values and of
        # their gradients.
        value_rounding, slope_rounding = np.zeros(len(b)), np.zeros(len(b))
        if self.given is not None:
            value_rounding = slope_rounding = self.given
        for k in range(layer + 1):
            radius, scope, bend = reach @ np.abs(affine)
            scope += np.abs(b)
            slope = _SLACK * (np.sqrt(np.square(affine[:plain]).sum(axis=0)) + bend)
            terms = (len(basis) + 2) * _SLACK * _UNIT
            rounding, tilt = value_rounding + terms * scope, slope_rounding + terms * slope
            centre = middle @ affine
            radius = _SLACK * (radius + rounding + slope * shift)
            open_ = (~(np.abs(centre) > radius)).nonzero()[0]
            part = affine[:, open_].T
            values = part @ basis
            # Of the others, too, many have one sign at all vertices here.
            least, most = values.min(axis=1), values.max(axis=1)
            sure = _SLACK * (rounding[open_] + slope[open_] * shift)
            always = centre > radius
            always[open_[least > sure]] = True
            mixed = (~((least > sure) | (most < -sure))).nonzero()[0]
            open_ = open_[mixed]
            if k == layer:
                values = values[mixed]
                break
            rows = whole[len(basis) : len(basis) + len(mixed)]
            # Without a mode, NumPy would take them to an array of its own first.
            values = np.take(values, mixed, axis=0, out=rows, mode="clip")
            part = part[mixed]
            if polish is not None:
                polish.see(k, open_, part, values[:, old:], rounding, slope, tilt)
            _, b = self.hidden[k + 1]
            weights, sizes = self.transposed(k + 1)
            folded = always.nonzero()[0]
            more = always * ((len(folded) + 2) * _UNIT)
            carried = np.stack([rounding + more * scope, tilt + more * slope])
            always[open_] = True
            value_rounding, slope_rounding = _SLACK * ((carried * always) @ sizes)
            known = affine[:, folded]
            affine = np.empty((len(basis) + len(open_), len(b)))
            np.matmul(known, weights[folded], out=affine[: len(basis)])
            affine[len(basis) :] = weights[open_]
            affine[2] += b
            np.maximum(values, 0.0, out=values)
            basis = whole[: len(affine)]
            low, high = np.maximum([least[mixed], most[mixed]], 0.0)
            middle = np.concatenate([middle, 0.5 * (low + high)])
            reach = np.concatenate([reach, [0.5 * (high - low), high, slope[open_]]], axis=1)
        if polish is not None:
            error[old:] = state.error[vertices[old:]] = polish.errors()
        rounding, slope = rounding[open_], _SLACK * slope[open_]
        on = np.ascontiguousarray((values > 0).T)
        np.abs(values, out=values)
        if not (values.min(axis=1, initial=np.inf) > _SLACK * (rounding + slope * shift)).all():
            bound = _SLACK * (rounding[:, None] + slope[:, None] * error)
            self.doubt(~(values > bound).all(axis=0), vertices)
        flat = np.flatnonzero(on[tail] != on[head])
        row = flat // max(1, len(open_))
        which = flat - row * len(open_)
        t, h = tail[row], head[row]
        return _Signs(
            edges[row],
            open_[which],
            values[which, t],
            values[which, h],
            rounding[which] + slope[which] * error[t],
            rounding[which] + slope[which] * error[h],
        )

    def ends(self, edges: IntArray) -> tuple[IntArray, IntArray, IntArray]:
        """Return the sorted vertices at the ends of edges, and which of them the ends are."""
        both = np.concatenate([self.state.tail[edges], self.state.head[edges]])
        if len(self.place) < len(self.state.error):
            self.place = np.empty(len(self.state.error), dtype=np.int64)
        numbers = np.arange(len(both))
        self.place[both] = numbers
        vertices = np.sort(both[self.place[both] == numbers])
        self.place[vertices] = numbers[: len(vertices)]
        inverse = self.place[both]
        return vertices, inverse[: len(edges)], inverse[len(edges) :]

    def room(self, use: str, *shape: int) -> FloatArray:
        """Return an array to write to, which is the same as the last one of this use."""
        size = math.prod(shape)
        if use not in self.rooms or self.rooms[use].size < size:
            self.rooms[use] = np.empty(size)
        return self.rooms[use][:size].reshape(shape)

    def transposed(self, layer: int) -> tuple[FloatArray, FloatArray]:
        """Return a layer's weights, one row for each input, and their absolute values."""
        if layer not in self.rows:
            rows = np.ascontiguousarray(self.hidden[layer][0].T)
            self.rows[layer] = rows, np.abs(rows)
        return self.rows[layer]

    def changes(self, layer: int) -> _Signs:
        """Find all sign changes of a layer's pre-activations along edges."""
        state = self.state
        edges = len(state.tail)
        size = edges * self.hidden[layer][1].shape[-1]
        if layer == 0 or state.net is not None or size < self.local_from:
            return self.examine(layer)
        found, inner = [], np.arange(edges)
        if state.far is not None:
            outer = state.far[state.tail] | state.far[state.head]
            found.append(self.examine(layer, inner[outer]))
            inner = inner[~outer]
        found += [self.examine_locally(layer, part) for part in _neighbourhoods(state, inner)]
        merged = _Signs(
            *(
                np.concatenate([getattr(piece, name) for piece in found])
                for name in ("edge", "neuron", "tail", "head", "tail_error", "head_error")
            )
        )
        if state.far is not None:
            inner = np.zeros(len(merged.edge) - len(found[0].edge), dtype=np.bool_)
            merged.tail_idle = np.concatenate([found[0].tail_idle, inner])
            merged.head_idle = np.concatenate([found[0].head_idle, inner])
        return merged

    def folds(self, layer: int) -> _Folds:
        """Find where the folds of a layer cross the edges, in order."""
        state = self.state
        signs = self.changes(layer)
        edge, neuron = signs.edge, signs.neuron
        tail, head = state.tail[edge], state.head[edge]
        zt, zh, et, eh = signs.tail, signs.head, signs.tail_error, signs.head_error
        # Both values have the right sign, so the denominators are positive.
        total = zt + zh
        parameter = zt / total
        error = _SLACK * (zh * et + zt * eh) / (total - et - eh) / total + 4 * _UNIT
        if signs.tail_idle is None or signs.head_idle is None:
            return self.ordered(_Folds(edge, neuron, tail, head, parameter, error))
        # Parallel folds meet the border at the same point at infinity. What orders them is how
        # far they are from the ray that leads there.
        rank, spread = parameter.copy(), error.copy()
        one = np.flatnonzero(signs.tail_idle != signs.head_idle)
        first = signs.tail_idle[one]
        near, other = np.where(first, zt[one], zh[one]), np.where(first, zh[one], zt[one])
        near_error = np.where(first, et[one], eh[one]) / near
        other_error = np.where(first, eh[one], et[one]) / other
        distance = near / other
        rank[one] = np.where(first, distance, -distance)
        spread[one] = distance * ((near_error + other_error) / (1 - other_error) + 4 * _UNIT)
        parameter[one], error[one] = np.where(first, 0.0, 1.0), 0.0
        parallel = np.where(signs.tail_idle, tail, np.where(signs.head_idle, head, -1))
        return self.ordered(
            _Folds(edge, neuron, tail, head, parameter, error, parallel), rank, spread
        )

    def ordered(
        self, folds: _Folds, rank: FloatArray | None = None, spread: FloatArray | None = None
    ) -> _Folds:
        """Sort crossings along each edge, and make sure of their order."""
        rank = folds.parameter if rank is None else rank
        spread = folds.error if spread is None else spread
        order = _by_group(folds.edge, rank)
        rank, spread = rank[order], spread[order]
        folds = _Folds(
            folds.edge[order],
            folds.neuron[order],
            folds.tail[order],
            folds.head[order],
            folds.parameter[order],
            folds.error[order],
            None if folds.parallel is None else folds.parallel[order],
        )
        close = ~(rank[1:] - rank[:-1] > spread[1:] + spread[:-1])
        self.doubt(close & (folds.edge[1:] == folds.edge[:-1]), folds.tail[1:])
        return folds

    def divide(self, layer: int, *, count: bool = False) -> IntArray | None:
        """Divide every face by the folds of a layer, or only count into how many.

        Returns the numbers of regions, one for each network, if `count` is true.
        """
        folds = self.folds(layer)
        points = self.between(folds)
        while True:
            # In a batch, what is uncertain is left out; what remains may then be built.
            uncertain = self.drop()
            if not len(self.state.loops) or not len(folds.edge):
                return self.tally() if count else None
            sides = self.sides(folds)
            if not len(sides.half):
                return self.tally() if count else None
            chords = self.chords(layer, folds, sides)
            meetings = self.meetings(chords, points)
            if np.count_nonzero(self.uncertain) == uncertain:
                break
        if count:
            return self.tally(folds, np.concatenate([chords.owner, chords.owner[chords.left]]))
        self.rebuild(layer, folds, points, sides, chords, meetings)
        return None

    def between(self, folds: _Folds) -> _Points:
        """Place the crossings of folds and edges."""
        state, t = self.state, folds.parameter
        columns, reach = [], np.zeros(len(t))
        for column in state.coordinates:
            start = column[folds.tail]
            way = column[folds.head] - start
            reach += way * way
            columns.append(start + t * way)
        start, stop = state.error[folds.tail], state.error[folds.head]
        error = (1 - t) * start + t * stop + folds.error * (np.sqrt(reach) + np.abs(stop - start))
        return _Points(columns, _SLACK * error + 4 * _UNIT * self.size)

    def sides(self, folds: _Folds) -> _Sides:
        """Walk around each face that is folded, and stop where a fold comes in."""
        state = self.state
        edges = len(state.tail)
        pieces = np.bincount(folds.edge, minlength=edges)
        first = np.cumsum(pieces) - pieces
        crossings = pieces[state.loops >> 1]
        lengths = np.diff(state.offsets)
        folded = np.add.reduceat(crossings, state.offsets[:-1]) > 0
        here = np.repeat(folded, lengths)
        parts = crossings[here] + 1
        begin = np.cumsum(parts) - parts
        source = np.repeat(np.arange(len(parts)), parts)
        step = np.arange(len(source)) - begin[source]
        around = state.loops[here][source]
        edge, backward = around >> 1, around & 1
        # The number of the piece on its edge: the first one keeps the edge's number.
        piece = np.where(backward, pieces[edge] - step, step)
        later = first[edge] + piece - 1
        at = np.flatnonzero(step)
        inner = lengths[folded]
        start = begin[np.cumsum(inner) - inner]
        return _Sides(
            half=2 * np.where(piece, edges + later, edge) + backward,
            at=at,
            crossing=(later + backward)[at],
            face=np.searchsorted(start, at, side="right") - 1,
            start=start,
            kept=state.loops[~here],
            kept_lengths=lengths[~folded],
            pieces=pieces,
            first=first,
        )

    def chords(self, layer: int, folds: _Folds, sides: _Sides) -> _Chords:
        """Pair the ends of each fold: in a convex face there are two, or none."""
        key = sides.face * self.hidden[layer][1].shape[-1] + folds.neuron[sides.crossing]
        order = np.argsort(key, kind="stable")
        pairs = key[order]
        # Around a loop, signs change an even number of times; around a convex face, not four times.
        four = pairs[1:-1:2] == pairs[2::2]
        self.doubt(four, folds.tail[sides.crossing[order[1:-1:2]]])
        mate = np.full(len(order), -1)
        mate[order[0::2]] = order[1::2]
        begin = np.flatnonzero(mate >= 0)
        end = mate[begin]
        number = np.arange(len(begin))
        # Chords are numbered by where they begin. The ends of two alternate if one begins between
        # the ends of the other, and ends later.
        between = np.cumsum(mate >= 0)[end] - number - 1
        left = np.repeat(number, between)
        right = np.arange(len(left)) - (np.cumsum(between) - between - number - 1)[left]
        alternate = end[right] > end[left]
        face = sides.face[begin]
        source = sides.crossing[begin]
        return _Chords(
            begin=sides.at[begin],
            end=sides.at[end],
            source=source,
            target=sides.crossing[end],
            owner=folds.tail[source],
            local=number - np.searchsorted(face, face),
            left=left[alternate],
            right=right[alternate],
        )

    def meetings(self, chords: _Chords, points: _Points) -> _Meetings:
        """Find where chords cross, and in which order along each of them."""
        left, right = chords.left, chords.right
        p = [column[chords.source] for column in points.columns]
        d = [column[chords.target] - q for column, q in zip(points.columns, p, strict=True)]
        length = np.hypot(d[0], d[1])
        error = np.maximum(points.error[chords.source], points.error[chords.target])
        (x, y), (u, v) = [q[left] for q in d[:2]], [q[right] for q in d[:2]]
        dx, dy = p[0][right] - p[0][left], p[1][right] - p[1][left]
        determinant = x * v - y * u
        s, t = (dx * v - dy * u) / determinant, (dx * y - dy * x) / determinant
        # Near their crossing, both folds are known to within the errors of their ends, so it is
        # known to within the sum of these, magnified by one over the sine of the angle.
        square, both = length[left] * length[right], length[left] + length[right]
        parallel = ~(determinant > _SMALLEST_SINE * square)
        self.doubt(parallel, chords.owner[left])
        s[parallel] = t[parallel] = 0.5
        wobble = error[left] + error[right] + 8 * _UNIT * both
        wobble *= _SLACK * square / determinant

        count = len(chords.source)
        met = np.bincount(left, minlength=count) + np.bincount(right, minlength=count)
        base = np.cumsum(met) - met
        at_left, at_right = _ranks(left, right, s, t, chords.local, base)
        along, spread = np.empty(2 * len(left)), np.empty(2 * len(left))
        along[at_left], along[at_right] = s, t
        # Where a point of a fold is expected, the fold is off by the error of its ends.
        spread[at_left] = (wobble + error[left]) * _SLACK / length[left]
        spread[at_right] = (wobble + error[right]) * _SLACK / length[right]
        close = ~(along[1:] - along[:-1] > spread[1:] + spread[:-1])
        close[base[(base > 0) & (base < len(along))] - 1] = False
        if close.any():
            self.doubt(close, chords.owner[np.repeat(np.arange(count), met)[1:]])
        columns = [q[left] + s * r[left] for q, r in zip(p, d, strict=True)]
        if len(columns) > 2:
            # The third coordinate falls with the other two.
            wobble *= 1 + _STEEPEST
        points = _Points(columns, wobble + 4 * _UNIT * self.size)
        return _Meetings(at_left, at_right, met, base, points)

    def rebuild(
        self,
        layer: int,
        folds: _Folds,
        points: _Points,
        sides: _Sides,
        chords: _Chords,
        meetings: _Meetings,
    ) -> None:
        """Put the new vertices, edges and faces together."""
        old, size, crossings = self.state, len(folds.edge), len(chords.left)
        vertices, edges = len(old.error), len(old.tail)
        own = self.first[layer] + folds.neuron
        on_chord = own[chords.source]

        # Edges: the old ones up to their first crossing, the rest of these, the pieces of chords.
        begin = edges + size
        count = begin + 2 * crossings + len(chords.source)
        tail, head, neuron = (np.empty(count, dtype=np.int64) for _ in range(3))
        tail[:edges], head[:edges], neuron[:edges] = old.tail, old.head, old.neuron
        new = np.arange(vertices, vertices + size)
        tail[edges:begin], head[edges:begin] = new, folds.head
        more = np.flatnonzero(folds.edge[1:] == folds.edge[:-1])
        head[edges + more] = new[more + 1]
        cut = np.flatnonzero(sides.pieces)
        head[cut] = new[sides.first[cut]]
        neuron[edges:begin] = old.neuron[folds.edge]
        neuron[begin:] = np.repeat(on_chord, meetings.met + 1)
        first = begin + meetings.base + np.arange(len(chords.source))
        last = first + meetings.met
        tail[first], head[last] = vertices + chords.source, vertices + chords.target
        left = begin + meetings.at_left + chords.left
        right = begin + meetings.at_right + chords.right
        point = vertices + size + np.arange(crossings)
        head[left] = head[right] = tail[left + 1] = tail[right + 1] = point

        loops, offsets = _faces(sides, chords, 2 * first, 2 * last, 2 * left, 2 * right, 2 * count)
        columns = zip(old.coordinates, points.columns, meetings.points.columns, strict=True)
        self.fresh = vertices
        self.state = Subdivision(
            coordinates=[np.concatenate(column) for column in columns],
            error=np.concatenate([old.error, points.error, meetings.points.error]),
            pair=[
                np.concatenate([old.pair[0], old.neuron[folds.edge], on_chord[chords.left]]),
                np.concatenate([old.pair[1], own, on_chord[chords.right]]),
            ],
            tail=tail,
            head=head,
            neuron=neuron,
            loops=np.concatenate([sides.kept, loops]),
            offsets=np.concatenate(
                [lengths_to_offsets(sides.kept_lengths), len(sides.kept) + offsets[1:]]
            ),
        )
        if old.net is not None:
            there = np.concatenate([folds.tail, chords.owner[chords.left]])
            self.state.net = np.concatenate([old.net, old.net[there]])
        if old.far is not None:
            self.reach_infinity(old, folds, layer, crossings)

    def reach_infinity(self, old: Subdivision, folds: _Folds, layer: int, cross: int) -> None:
        """Find the new vertices at infinity, and the feet of all rays."""
        assert old.far is not None
        assert old.origin is not None
        state = self.state
        there = old.far[folds.tail] & old.far[folds.head]
        # A fold that is parallel to a ray ends where the ray does.
        own = self.first[layer] + folds.neuron
        if folds.parallel is not None:
            own = np.where(folds.parallel >= 0, old.origin[folds.parallel], own)
        state.far = np.concatenate([old.far, there, np.zeros(cross, dtype=np.bool_)])
        inner = np.full(cross, -1)
        state.origin = np.concatenate([old.origin, np.where(there, own, -1), inner])
        tail_far, head_far = state.far[state.tail], state.far[state.head]
        state.foot = np.zeros(len(state.far), dtype=np.int64)
        out, back = head_far & ~tail_far, tail_far & ~head_far
        state.foot[state.head[out]] = state.tail[out]
        state.foot[state.tail[back]] = state.head[back]

    def drop(self) -> int:
        """Leave out the faces of networks that float64 cannot decide; return how many there are."""
        state, uncertain = self.state, int(np.count_nonzero(self.uncertain))
        if state.net is None or uncertain == 0:
            return uncertain
        keep = ~self.uncertain[state.net[state.tail[state.loops[state.offsets[:-1]] >> 1]]]
        lengths = np.diff(state.offsets)
        state.loops = state.loops[np.repeat(keep, lengths)]
        state.offsets = lengths_to_offsets(lengths[keep])
        return uncertain

    def tally(self, folds: _Folds | None = None, born: IntArray | None = None) -> IntArray:
        """Count the regions of each network, with those that are about to be born at vertices."""
        state = self.state
        faces = state.tail[state.loops[state.offsets[:-1]] >> 1]
        counts = self.per_network(faces if born is None else np.concatenate([faces, born]))
        if state.far is not None:
            # Each piece of a spoke parts what is one region; those at the centre part it twice.
            spokes = state.tail[state.neuron == SPOKE]
            if folds is not None:
                cut = folds.tail[state.neuron[folds.edge] == SPOKE]
                spokes = np.concatenate([spokes, cut])
            counts += 1 - self.per_network(spokes)
        return counts

    def per_network(self, vertices: IntArray) -> IntArray:
        """Count vertices network by network."""
        if self.state.net is None:
            return np.array([len(vertices)])
        return np.bincount(self.state.net[vertices], minlength=len(self.uncertain))


class _Polish:
    """Better bounds of the errors of vertices, from the values of their own neurons.

    A vertex is where two neurons fold, so their pre-activations are zero there. Where the vertex
    was computed to be, they are not quite: these values and the two gradients say how far away
    the vertex is, no matter through how many layers errors have come down to it. The gradients
    are those of a face at the vertex if all other neurons have the same sign here as there.
    """

    def __init__(self, engine: _Engine, vertices: IntArray) -> None:
        self.first = engine.first
        one, other = (own[vertices] for own in engine.state.pair)
        self.own = np.concatenate([one, other])
        self.before = engine.state.error[vertices]
        self.furthest = _SLACK * float(self.before.max())
        self.valid = np.minimum(one, other) >= 0
        # Per own neuron its value and bounds of the roundings of its value and its gradient.
        self.value, self.rounding, self.tilt = np.zeros((3, len(self.own)))
        # The gradients of the own neurons, and at each vertex those of the basis so far.
        plain = len(engine.state.coordinates)
        self.gradient = np.zeros((plain, len(self.own)))
        self.tangent = engine.room("tangent", 3 + int(engine.first[-1]), plain, len(vertices))
        self.tangent[:3] = np.eye(3, plain)[:, :, None]
        self.known = 3
        self.fall: FloatArray | None = None
        if engine.state.far is not None:
            # In a sector, w falls from one at the centre to zero; what falls faster is elsewhere.
            x, y, w = (column[vertices] for column in engine.state.coordinates)
            self.fall, margin = slopes_of_w(x, y)
            self.off = w - (1 - (self.fall[0] * x + self.fall[1] * y))
            self.valid &= margin > 16 * self.before + 64 * _UNIT

    def see(
        self,
        layer: int,
        open_: IntArray,
        part: FloatArray,
        values: FloatArray,
        rounding: FloatArray,
        slope: FloatArray,
        tilt: FloatArray,
    ) -> None:
        """Look at the pre-activations of a layer, one row for each neuron that is open."""
        size = len(self.before)
        own = ((self.own >= self.first[layer]) & (self.own < self.first[layer + 1])).nonzero()[0]
        neuron = self.own[own] - self.first[layer]
        place = np.zeros(len(rounding), dtype=np.int64)
        place[open_] = np.arange(len(open_))
        row, column = place[neuron], own % size
        self.value[own] = values[row, column]
        self.rounding[own], self.tilt[own] = rounding[neuron], tilt[neuron]
        clear = np.abs(values) > (slope[open_] * self.furthest + rounding[open_])[:, None]
        clear[row, column] = True
        self.valid &= clear.all(axis=0)
        # The chain rule.
        plain, known, more = len(self.gradient), self.known, self.known + len(open_)
        gradients = (part @ self.tangent[:known].reshape(known, -1)).reshape(-1, plain, size)
        self.gradient[:, own] = gradients[row, :, column].T
        np.multiply(gradients, (values > 0)[:, None], out=self.tangent[known:more])
        self.known = more

    def errors(self) -> FloatArray:
        """Return the better of the old bounds and the new ones."""
        half = len(self.before)
        x, y, value, tilt = *self.gradient[:2], self.value, self.tilt
        stretch, shift = 1.0, np.zeros(half)
        if self.fall is not None:
            # The vertex lies in the sector, and w changes with the other two coordinates.
            fall, off = np.tile(self.fall, 2), np.tile(self.off, 2)
            along = self.gradient[2]
            x, y, value = x - fall[0] * along, y - fall[1] * along, value - off * along
            stretch, tilt = 1 + _STEEPEST, (1 + _STEEPEST) * tilt
            shift = np.abs(self.off) + 16 * _UNIT
        length = np.hypot(x, y) + tilt
        value = np.abs(value) + self.rounding
        if self.fall is not None:
            value += 16 * _UNIT * np.abs(self.gradient[2])
        determinant = np.abs(x[:half] * y[half:] - y[:half] * x[half:])
        determinant -= length[:half] * tilt[half:] + length[half:] * tilt[:half]
        determinant -= 8 * _UNIT * length[:half] * length[half:]
        distance = length[half:] * value[:half] + length[:half] * value[half:]
        better = self.valid & (determinant > 0)
        distance[better] *= _SLACK * stretch / determinant[better]
        return np.where(better, np.minimum(self.before, distance + shift), self.before)


def _cells(code: npt.NDArray[np.uint64]) -> IntArray:
    """Return where the largest squares of a quadtree begin that hold few enough sorted codes."""
    step = code[1:] ^ code[:-1]
    begins, inside = [], np.zeros(len(code), dtype=np.bool_)
    for level in range(17):
        begin = np.append(0, 1 + np.flatnonzero(step >> np.uint64(32 - 2 * level)))
        sizes = np.diff(np.append(begin, len(code)))
        small = (sizes <= _PIECE) | (level == 16)
        begins.append(begin[small & ~inside[begin]])
        inside |= np.repeat(small, sizes)
        if inside.all():
            break
    return np.sort(np.concatenate(begins))


def _neighbourhoods(state: Subdivision, edges: IntArray) -> list[IntArray]:
    """Sort edges into pieces that lie close together."""
    x, y = state.coordinates[:2]
    tail, head = state.tail[edges], state.head[edges]
    middles, code = [], np.zeros(len(edges), dtype=np.uint64)
    length = np.zeros(len(edges))
    for column, shift in ((x, 0), (y, 1)):
        start, step = column[tail], column[head] - column[tail]
        np.maximum(length, np.abs(step), out=length)
        middle = start + 0.5 * step
        low, high = float(column.min()), float(column.max())
        # Interleave the bits of both coordinates (Morton's order).
        bits = ((middle - low) * (65535.0 / (high - low))).astype(np.uint64)
        for by, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
            bits = (bits | (bits << np.uint64(by))) & np.uint64(mask)
        code |= bits << np.uint64(shift)
        middles.append(middle)
    # The number behind the code: to sort is faster than to find an order.
    coded = np.sort((code << np.uint64(32)) | np.arange(len(code), dtype=np.uint64))
    code, order = coded >> np.uint64(32), (coded & np.uint64(2**32 - 1)).astype(np.int64)
    pieces: list[IntArray] = []
    for _ in range(3):
        # Edges that stick out of their piece go to coarser ones.
        cuts = _cells(code)
        sizes = np.diff(np.append(cuts, len(order)))
        spans = [
            np.maximum.reduceat(m[order], cuts) - np.minimum.reduceat(m[order], cuts)
            for m in middles
        ]
        inside = length[order] <= np.repeat(np.maximum(*spans), sizes)
        kept = np.add.reduceat(inside, cuts)
        pieces += np.split(edges[order[inside]], np.cumsum(kept)[:-1])
        code, order = code[~inside], order[~inside]
        if len(order) <= _PIECE:
            break
    return [piece for piece in (*pieces, edges[order]) if len(piece)]


def _by_group(group: IntArray, rank: FloatArray) -> IntArray:
    """Sort by group, and by rank within each group."""
    if len(group) > _FEW:
        # One sort will do where all ranks are between zero and one, unless two are very close.
        order = np.argsort(group + rank)
        step = np.diff(group[order])
        if step.min(initial=0) >= 0 and (np.diff(rank[order])[step == 0] >= 0).all():
            return order
    return np.lexsort((rank, group))


def _blocks(count: int, width: int) -> list[slice]:
    """Cut rows of a table into blocks that fit into a cache."""
    return [*chunks(count, _BLOCK // width)] or [slice(0, 0)]


def _row_bounds(W: FloatArray, b: FloatArray) -> tuple[float, float]:
    """Bound the norms of a layer's rows, and its biases."""
    squares = np.einsum("...ij,...ij->...i", W, W)
    return _SLACK * float(squares.max()) ** 0.5, float(np.abs(b).max())


def _norms(W: FloatArray, b: FloatArray) -> tuple[float, float, float]:
    """Bound two norms of a layer's weights, Frobenius' and the spectral one, and that of b."""
    gram = np.swapaxes(W, -1, -2) @ W
    square = float(np.einsum("...ii->...", gram).max())
    gram = gram @ gram
    # The sum of the eighth powers of the singular values.
    eighth = float(np.einsum("...ij,...ij->...", gram, gram).max())
    biases = float(np.einsum("...i,...i->...", b, b).max())
    return _SLACK * square**0.5, _SLACK * eighth**0.125, _SLACK * biases**0.5


def _faces(
    sides: _Sides,
    chords: _Chords,
    first: IntArray,
    last: IntArray,
    left: IntArray,
    right: IntArray,
    size: int,
) -> tuple[IntArray, IntArray]:
    """Walk around the new faces.

    Given are, as half-edges in the direction of their chord, the first and the last piece of each
    chord, and the pieces of both chords before each crossing.
    """
    half, start = sides.half, sides.start
    follow = np.empty(size, dtype=np.int64)
    follow[half[:-1]] = half[1:]
    follow[half[np.append(start[1:], len(half)) - 1]] = half[start]
    # At the ends of chords, turn left; where two of them cross, the right one comes from the right
    # of the left one.
    follow[half[chords.begin - 1]], follow[first + 1] = first, half[chords.begin]
    follow[half[chords.end - 1]], follow[last] = last + 1, half[chords.end]
    follow[left], follow[right] = right + 2, left + 1
    follow[left + 3], follow[right + 3] = right + 1, left + 2
    # Let a ray turn about the first vertex of the old face: a new face begins where the ray begins,
    # where a chord begins, and where two chords cross.
    return march(follow, np.concatenate([half[start], half[chords.begin], left + 2]))


def _ranks(
    left: IntArray, right: IntArray, s: FloatArray, t: FloatArray, local: IntArray, base: IntArray
) -> tuple[IntArray, IntArray]:
    """Sort the crossings along all chords, chord by chord; return the place of each on both."""
    chords, cross = len(local), len(left)
    width = int(local.max()) + 1 if chords else 0
    if chords * width <= 6 * cross + 64:
        # A table with a row for each chord and a column for each other chord of the face.
        at_left, at_right = left * width + local[right], right * width + local[left]
        table = np.full(chords * width, np.inf)
        table[at_left], table[at_right] = s, t
        order = np.argsort(table.reshape(chords, width), axis=1)
        order += np.arange(0, chords * width, width)[:, None]
        rank = np.empty(chords * width, dtype=np.int64)
        rank[order] = base[:, None] + np.arange(width)
        return rank[at_left], rank[at_right]
    order = _by_group(np.concatenate([left, right]), np.concatenate([s, t]))
    place = np.empty(2 * cross, dtype=np.int64)
    place[order] = np.arange(2 * cross)
    return place[:cross], place[cross:]


def subdivide(
    layers: Layers, start: Subdivision, *, local: bool = False, accuracy: float = np.inf
) -> dict[str, Any]:
    """Divide a domain by the folds of all hidden layers of one network.

    Parameters
    ----------
    layers : list of (W, b)
        Weights (out, in) and biases (out,) in float64, the output layer last.
    start : Subdivision
        A box or the plane.
    local : bool
        Whether all layers but the first are examined piece by piece, which takes longer and gives
        better bounds of the errors; by default only large ones are.
    accuracy : float
        How much of their size the errors of coordinates may be: in a box, of the box's size, in the
        plane, of their distance from the origin. Without it, only signs and orders are certain.

    Returns
    -------
    dict
        What a `PolyhedralComplex` is made of: vertices, directions, edges, edge_neuron, halfedges,
        offsets and anchor.

    Raises
    ------
    UncertifiedError
        If a sign or an order is within the rounding error, or a coordinate may be less accurate.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.regions.frame import box
    >>> from activations.regions.subdivision import subdivide
    >>> hidden, output = (np.array([[1.0, 2.0]]), np.zeros(1)), (np.ones((1, 1)), np.zeros(1))
    >>> subdivide([hidden, output], box((-1, -1), (1, 1)))["vertices"]
    array([[-1. , -1. ],
           [ 1. , -1. ],
           [ 1. ,  1. ],
           [-1. ,  1. ],
           [ 1. , -0.5],
           [-1. ,  0.5]])
    """
    with np.errstate(all="ignore"):
        engine = _Engine(layers, start, local=local)
        for layer in range(len(engine.hidden)):
            engine.divide(layer)
        widths = [len(b) for _, b in engine.hidden]
        found = finish(engine.state, widths, engine.scale)
    if not np.isfinite(found["vertices"]).all() or engine.inaccuracy() > accuracy:
        raise UncertifiedError
    return found


def count(layers: Layers, start: Subdivision, *, local: bool = False) -> tuple[IntArray, BoolArray]:
    """Count the activation regions of one network or a batch, without the last layer's geometry.

    Parameters
    ----------
    layers : list of (W, b)
        As in `subdivide`, or with a leading axis for the networks of a batch.
    start : Subdivision
        A box or the plane, or a `batch` of as many copies as there are networks.
    local : bool
        As in `subdivide`.

    Returns
    -------
    counts : ndarray of int64, shape (B,)
        The numbers of regions; B is 1 for one network.
    uncertain : ndarray of bool, shape (B,)
        For which networks of a batch the number is not certain.

    Raises
    ------
    UncertifiedError
        If the number is not certain and there is but one network.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.regions.frame import plane
    >>> from activations.regions.subdivision import count
    >>> hidden = np.array([[1.0, 2.0], [1.0, 0.0]]), np.zeros(2) + 0.5
    >>> count([hidden, (np.ones((1, 2)), np.zeros(1))], plane())
    (array([4]), array([False]))
    """
    with np.errstate(all="ignore"):
        engine = _Engine(layers, start, local=local)
        counts = engine.tally()
        for layer in range(len(engine.hidden)):
            found = engine.divide(layer, count=layer == len(engine.hidden) - 1)
            counts = counts if found is None else found
    return counts, engine.uncertain
