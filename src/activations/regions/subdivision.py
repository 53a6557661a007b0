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
If one of them is too small, `Uncertified` is raised (or, in a batch, the network is marked), and
the exact path of `activations.regions.reference` has to decide.

The plane is treated as a triangle, by a chart that is projective on each of three sectors; the
sides of the triangle are at infinity.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from activations.regions.frame import (
    BORDER,
    SPOKE,
    BoolArray,
    FloatArray,
    IntArray,
    Subdivision,
    finish,
    homogeneous,
    march,
    typical_distance,
)

__all__ = ["Uncertified", "count", "subdivide"]

_UNIT = 2.0**-53
# Covers the roundings in the bounds themselves, and terms of second order.
_SLACK = 1 + 2.0**-10
# From how many pairs of an edge and a neuron on a layer is examined piece by piece, and how many
# edges make a piece.
_LOCAL_FROM, _PIECE = 2**20, 1024

Layers = Sequence[tuple[FloatArray, FloatArray]]


class Uncertified(ArithmeticError):
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


class _Engine:
    """The layers of one network or a batch, and which of them float64 could not decide."""

    def __init__(self, layers: Layers, start: Subdivision, *, local: bool) -> None:
        self.local_from = 0 if local else _LOCAL_FROM
        self.hidden = list(layers[:-1])
        self.scale = 1.0
        self.batched = start.net is not None
        self.uncertain = np.zeros(len(layers[0][1]) if self.batched else 1, dtype=np.bool_)
        self.state = start
        if start.far is not None and self.hidden:
            W, b = self.hidden[0]
            self.scale = typical_distance(W, b)
            self.hidden[0] = homogeneous(W, b, self.scale)
        self.bounds = [_layer_bounds(W, b) for W, b in self.hidden]
        self.place = np.empty(0, dtype=np.int64)
        self.absolutes: dict[int, FloatArray] = {}
        self.first = np.cumsum([0, *(W.shape[-2] for W, _ in self.hidden)])
        if start.pair is None:
            start = replace(start, pair=[np.full(len(start.error), BORDER)] * 2)
        self.state = start
        self.size = max(float(np.abs(column).max()) for column in start.coordinates)

    def doubt(self, where: BoolArray, vertices: IntArray) -> None:
        """Stop, or mark the networks of those `vertices` for which `where` is true."""
        if not where.any():
            return
        if self.state.net is None:
            raise Uncertified
        self.uncertain[self.state.net[vertices[where]]] = True

    def examine(self, layer: int, edges: IntArray | None = None) -> "_Signs":
        """Find the sign changes along some edges, or all, from the values at all of their ends."""
        state = self.state
        if edges is None:
            edges, vertices = np.arange(len(state.tail)), np.arange(len(state.error))
            self.place = vertices
            tail, head = state.tail, state.head
        else:
            vertices, tail, head = self.ends(edges)
        z, bound, idle = self.preactivations(layer, vertices)
        if idle is not None and state.foot is not None:
            # Such a neuron is constant along the ray, so it has the sign that it has at its foot.
            foot = self.place[state.foot[vertices[idle]]]
            z[idle], bound[idle] = z[foot], bound[foot]
        unsure = ~(np.abs(z) > bound[:, None]).all(axis=1)
        self.doubt(unsure, vertices)
        on = z > 0
        row, neuron = np.nonzero(on[tail] != on[head])
        t, h = tail[row], head[row]
        return _Signs(
            edges[row],
            neuron,
            np.abs(z[t, neuron]),
            np.abs(z[h, neuron]),
            bound[t],
            bound[h],
            None if idle is None else idle[t],
            None if idle is None else idle[h],
        )

    def preactivations(
        self, layer: int, vertices: IntArray
    ) -> tuple[FloatArray, FloatArray, BoolArray | None]:
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
        idle = None
        for k, (W, b) in enumerate(self.hidden[: layer + 1]):
            if k:
                np.maximum(values, 0.0, out=values)
                if far is not None:
                    idle = far & ~values.any(axis=1)
            row, frobenius, spectral, bias, biases = self.bounds[k]
            largest = float(np.einsum("vi,vi->v", values, values).max()) ** 0.5
            # Sums of n products and a bias.
            terms = (W.shape[-1] + 4) * _SLACK * _UNIT
            homogeneous = unit is not None and k > 0
            if k == layer:
                rounding = row * rounding + terms * (row * largest + bias)
                reach = row * reach + bias * homogeneous
            else:
                rounding = spectral * rounding + terms * (frobenius * largest + biases)
                reach = spectral * reach + biases * homogeneous
            if net is None:
                values = values @ W.T
                values += b * unit if homogeneous else b
            else:
                values = np.einsum("vij,vj->vi", W[net], values)
                values += b[net] * unit if homogeneous else b[net]
            if state.origin is not None and k < layer:
                # A vertex at infinity on a neuron's fold: its slope there is exactly zero.
                origin = state.origin[vertices]
                own = np.flatnonzero((origin >= self.first[k]) & (origin < self.first[k + 1]))
                values[own, origin[own] - self.first[k]] = 0.0
        return values, rounding + _SLACK * reach * state.error[vertices], idle

    def examine_locally(self, layer: int, edges: IntArray) -> "_Signs":
        """Find the sign changes along edges that lie close together.

        Over the box that holds these edges, most neurons of a wide layer are always on or always
        off. The former are folded into affine maps, the latter left out, and only the others are
        evaluated; so the bounds of the errors are those of the neighbourhood, too.
        """
        state = self.state
        vertices, tail, head = self.ends(edges)
        columns = [column[vertices] for column in state.coordinates]
        if state.far is None:
            columns.append(np.ones(len(vertices)))
        basis = np.stack(columns, axis=1)
        error = state.error[vertices]
        shift = _SLACK * float(error.max())
        polish = None
        if state.far is None:
            polish = _Polish(self, vertices)
        W, b = self.hidden[0]
        # Pre-activations are affine in the basis: in the coordinates and in the activations of
        # those neurons of earlier layers that are neither always on nor always off.
        affine = np.concatenate([W, b[:, None]], axis=1) if state.far is None else W
        plain = 2 if state.far is None else 3
        low, high = basis.min(axis=0), basis.max(axis=0)
        # Of pre-activations: how steep they can be, what roundings may make of their values and of
        # their gradients. Of the activations in the basis: how steep they can be.
        steady, slopes = np.zeros((len(b), 2)), np.empty(0)
        for k in range(layer + 1):
            size = np.abs(affine)
            scope = size @ np.maximum(np.abs(low), np.abs(high)) + np.abs(b)
            slope = _SLACK * (np.sqrt((size[:, :plain] ** 2).sum(axis=1)) + size[:, 3:] @ slopes)
            terms = (len(low) + 2) * _SLACK * _UNIT
            rounding, tilt = steady[:, 0] + terms * scope, steady[:, 1] + terms * slope
            centre = affine @ (0.5 * (low + high))
            radius = _SLACK * (size @ (0.5 * (high - low)) + rounding + slope * shift)
            open_ = np.flatnonzero(~(np.abs(centre) > radius))
            values = basis @ affine[open_].T
            if k == layer:
                break
            always = centre > radius
            # Of the others, too, many have one sign at all vertices here.
            least, most = values.min(axis=0), values.max(axis=0)
            sure = _SLACK * (rounding[open_] + slope[open_] * shift)
            always[open_[least > sure]] = True
            mixed = np.flatnonzero((least <= sure) & (most >= -sure))
            open_, values, low_, high_ = open_[mixed], values[:, mixed], least[mixed], most[mixed]
            if polish is not None:
                polish.see(k, open_, affine, values, rounding, slope, tilt, last=k + 1 == layer)
            W, b = self.hidden[k + 1]
            terms = (np.count_nonzero(always) + 2) * _UNIT
            steady = np.stack([rounding + terms * scope, tilt + terms * slope], axis=1)
            steady *= always[:, None]
            steady[open_, 0], steady[open_, 1] = rounding[open_], tilt[open_]
            steady = _SLACK * (self.absolute(k + 1) @ steady)
            affine = np.concatenate([W @ (affine * always[:, None]), W[:, open_]], axis=1)
            affine[:, 2] += b
            basis = np.concatenate([basis, np.maximum(values, 0.0, out=values)], axis=1)
            low = np.concatenate([low, low_.clip(min=0)])
            high = np.concatenate([high, high_.clip(min=0)])
            slopes = np.concatenate([slopes, slope[open_]])
        if polish is not None:
            error = state.error[vertices] = polish.errors()
        rounding, slope = rounding[open_], _SLACK * slope[open_]
        on = values > 0
        np.abs(values, out=values)
        if not (values.min(axis=0, initial=np.inf) > rounding + slope * shift).all():
            unsure = ~(values > rounding + slope * error[:, None]).all(axis=1)
            self.doubt(unsure, vertices)
        flat = np.flatnonzero(on[tail] != on[head])
        row = flat // max(1, len(open_))
        which = flat - row * len(open_)
        t, h = tail[row], head[row]
        return _Signs(
            edges[row],
            open_[which],
            values[t, which],
            values[h, which],
            rounding[which] + slope[which] * error[t],
            rounding[which] + slope[which] * error[h],
        )

    def ends(self, edges: IntArray) -> tuple[IntArray, IntArray, IntArray]:
        """Return the vertices at the ends of edges, each once, and where among them the ends are."""
        both = np.concatenate([self.state.tail[edges], self.state.head[edges]])
        if len(self.place) < len(self.state.error):
            self.place = np.empty(len(self.state.error), dtype=np.int64)
        numbers = np.arange(len(both))
        self.place[both] = numbers
        vertices = both[self.place[both] == numbers]
        self.place[vertices] = numbers[: len(vertices)]
        inverse = self.place[both]
        return vertices, inverse[: len(edges)], inverse[len(edges) :]

    def absolute(self, layer: int) -> FloatArray:
        """Return the absolute values of a layer's weights."""
        if layer not in self.absolutes:
            self.absolutes[layer] = np.abs(self.hidden[layer][0])
        return self.absolutes[layer]

    def changes(self, layer: int) -> "_Signs":
        """Find all sign changes of a layer's pre-activations along edges."""
        state = self.state
        edges = len(state.tail)
        if layer == 0 or state.net is not None or edges * len(self.hidden[layer][1]) < self.local_from:
            return self.examine(layer)
        found, inner = [], np.arange(edges)
        if state.far is not None:
            outer = state.far[state.tail] | state.far[state.head]
            found.append(self.examine(layer, inner[outer]))
            inner = inner[~outer]
        found += [self.examine_locally(layer, part) for part in _neighbourhoods(state, inner)]
        columns = zip(*((f.edge, f.neuron, f.tail, f.head, f.tail_error, f.head_error) for f in found))
        merged = _Signs(*(np.concatenate(column) for column in columns))
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
        order = np.lexsort((rank, folds.edge))
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
        """Divide every face by the folds of a layer, or only count into how many faces.

        Returns the numbers of new faces, one for each network, if `count` is true.
        """
        self.drop()
        state = self.state
        folds = self.folds(layer)
        size = len(folds.edge)
        if size == 0:
            return self.tally() if count else None
        vertices, edges = len(state.error), len(state.tail)
        # The crossings of the edges become vertices, and cut each edge e into e and new edges.
        columns, error = self.between(folds.tail, folds.head, folds.parameter, folds.error)
        pieces = np.bincount(folds.edge, minlength=edges)
        first = np.cumsum(pieces) - pieces

        # Around each face that is cut, the half-edges between crossings.
        old = state.loops
        crossings = pieces[old >> 1]
        touched = np.add.reduceat(crossings, state.offsets[:-1]) > 0
        lengths = np.diff(state.offsets)
        in_touched = np.repeat(touched, lengths)
        around = old[in_touched]
        parts = crossings[in_touched] + 1
        begin = np.cumsum(parts) - parts
        source = np.repeat(np.arange(len(around)), parts)
        step = np.arange(len(source)) - begin[source]
        around = around[source]
        edge, backward = around >> 1, around & 1
        place = np.where(backward, pieces[edge] - step, step)
        half = 2 * np.where(place, edges + first[edge] + place - 1, edge) + backward
        at = np.flatnonzero(step)
        crossing = (first[edge] + place - 1 + backward)[at]
        face_begin = np.cumsum(lengths[touched]) - lengths[touched]
        start = begin[face_begin]
        face = np.searchsorted(start, at, side="right") - 1

        # Each neuron that folds a face appears twice around it: these are the ends of its chord.
        key = face * len(self.hidden[layer][1].T) + folds.neuron[crossing]
        order = np.argsort(key, kind="stable")
        opens, closes = order[0::2], order[1::2]
        pairs = key[order]
        # Around a loop, signs change an even number of times; around a convex face, not four times.
        self.doubt(pairs[1:-1:2] == pairs[2::2], folds.tail[crossing[order[1:-1:2]]])
        mate = np.full(len(at), -1)
        mate[opens] = closes
        begins = np.flatnonzero(mate >= 0)
        ends = mate[begins]
        chord_face = face[begins]
        source_crossing, target_crossing = crossing[begins], crossing[ends]
        chords = len(begins)

        # Two chords cross if and only if their ends alternate.
        candidates = np.cumsum(mate >= 0)[ends] - np.arange(1, chords + 1)
        total = int(candidates.sum())
        left = np.repeat(np.arange(chords), candidates)
        skip = np.cumsum(candidates) - candidates - np.arange(1, chords + 1)
        right = np.arange(total) - skip[left]
        alternate = ends[right] > ends[left]
        left, right = left[alternate], right[alternate]
        cross = len(left)

        # Where they cross, as a parameter along each of the two.
        p = [column[source_crossing] for column in columns]
        d = [column[target_crossing] - q for column, q in zip(columns, p, strict=True)]
        length = np.hypot(d[0], d[1])
        spread = np.maximum(error[source_crossing], error[target_crossing])
        dl, dr = [x[left] for x in d[:2]], [x[right] for x in d[:2]]
        r = [x[right] - x[left] for x in p[:2]]
        determinant = dl[0] * dr[1] - dl[1] * dr[0]
        s = (r[0] * dr[1] - r[1] * dr[0]) / determinant
        t = (r[0] * dl[1] - r[1] * dl[0]) / determinant
        # At the crossing both folds are known to within the errors of their ends, so the crossing is
        # known to within these, magnified by one over the sine of the angle.
        square = length[left] * length[right]
        owner = folds.tail[source_crossing]
        self.doubt(~(determinant > 16 * _UNIT * square), owner[left])
        far_apart = length[left] + length[right]
        wobble = spread[left] + spread[right] + 8 * _UNIT * far_apart
        wobble *= _SLACK * square / determinant

        # Their order along each chord.
        met = np.bincount(left, minlength=chords) + np.bincount(right, minlength=chords)
        base = np.cumsum(met) - met
        local = np.arange(chords) - np.searchsorted(chord_face, chord_face)
        at_left, at_right = _ranks(left, right, s, t, local, base)
        along, slop = np.empty(2 * cross), np.empty(2 * cross)
        along[at_left], along[at_right] = s, t
        slop[at_left] = 2 * wobble / length[left]
        slop[at_right] = 2 * wobble / length[right]
        close = ~(along[1:] - along[:-1] > slop[1:] + slop[:-1])
        close[base[(base > 0) & (base < 2 * cross)] - 1] = False
        if close.any():
            chord_of = np.repeat(np.arange(chords), met)
            self.doubt(close, owner[chord_of[1:]])
        if count:
            return self.tally(folds, np.concatenate([owner, owner[left]]))

        # New edges: first the rest of the old ones, then the pieces of each chord.
        final = edges + size
        tail = np.empty(final + 2 * cross + chords, dtype=np.int64)
        head = np.empty_like(tail)
        neuron = np.empty_like(tail)
        tail[:edges], head[:edges], neuron[:edges] = state.tail, state.head, state.neuron
        new = np.arange(vertices, vertices + size)
        tail[edges:final] = new
        head[edges:final] = folds.head
        neuron[edges:final] = state.neuron[folds.edge]
        same = folds.edge[1:] == folds.edge[:-1]
        head[edges : final - 1][same] = new[1:][same]
        cut = pieces > 0
        head[:edges][cut] = new[first[cut]]
        first_piece = final + base + np.arange(chords)
        last_piece = first_piece + met
        neuron[final:] = np.repeat(
            self.first[layer] + folds.neuron[source_crossing], met + 1
        )
        tail[first_piece] = vertices + source_crossing
        head[last_piece] = vertices + target_crossing
        point = vertices + size + np.arange(cross)
        left_in, right_in = final + at_left + left, final + at_right + right
        head[left_in] = head[right_in] = point
        left_out, right_out = left_in + 1, right_in + 1
        tail[left_out] = tail[right_out] = point

        # Which half-edge follows which around a face, with the face on the left.
        follow = np.empty(2 * len(tail), dtype=np.int64)
        follow[half[:-1]] = half[1:]
        follow[half[np.append(start[1:], len(half)) - 1]] = half[start]
        p_begin, p_end = at[begins], at[ends]
        follow[half[p_begin - 1]] = 2 * first_piece
        follow[2 * first_piece + 1] = half[p_begin]
        follow[half[p_end - 1]] = 2 * last_piece + 1
        follow[2 * last_piece] = half[p_end]
        follow[2 * left_in] = 2 * right_out
        follow[2 * right_in] = 2 * left_in + 1
        follow[2 * left_out + 1] = 2 * right_in + 1
        follow[2 * right_out + 1] = 2 * left_out
        # Swept by a ray that turns about the first vertex of the loop, a new face begins where a
        # chord begins, and where two chords cross.
        starts = np.concatenate([half[start], half[p_begin], 2 * left_out])
        loops, offsets = march(follow, starts)
        kept = old[~in_touched]
        offsets = np.concatenate([np.cumsum(np.append(0, lengths[~touched])), len(kept) + offsets[1:]])
        state_loops = np.concatenate([kept, loops])

        points = [x[left] + s * v[left] for x, v in zip(p, d, strict=True)]
        point_error = wobble + 4 * _UNIT * self.size
        self.state = Subdivision(
            [np.concatenate(three) for three in zip(state.coordinates, columns, points, strict=True)],
            np.concatenate([state.error, error, point_error]),
            tail,
            head,
            neuron,
            state_loops,
            offsets,
        )
        assert state.pair is not None
        own = self.first[layer] + folds.neuron
        on_chord = own[source_crossing]
        self.state.pair = [
            np.concatenate([state.pair[0], state.neuron[folds.edge], on_chord[left]]),
            np.concatenate([state.pair[1], own, on_chord[right]]),
        ]
        if state.net is not None:
            self.state.net = np.concatenate([state.net, state.net[folds.tail], state.net[owner[left]]])
        if state.far is not None:
            self.reach_infinity(state, folds, layer, cross)
        return None

    def reach_infinity(self, old: Subdivision, folds: _Folds, layer: int, cross: int) -> None:
        """Find the new vertices at infinity, and the feet of all rays."""
        assert old.far is not None and old.origin is not None
        state = self.state
        there = old.far[folds.tail] & old.far[folds.head]
        # A fold that is parallel to a ray ends where the ray does.
        own = self.first[layer] + folds.neuron
        if folds.parallel is not None:
            own = np.where(folds.parallel >= 0, old.origin[folds.parallel], own)
        inner = np.full(cross, -1)
        state.far = np.concatenate([old.far, there, inner >= 0])
        state.origin = np.concatenate([old.origin, np.where(there, own, -1), inner])
        tail_far, head_far = state.far[state.tail], state.far[state.head]
        state.foot = np.zeros(len(state.far), dtype=np.int64)
        out, back = head_far & ~tail_far, tail_far & ~head_far
        state.foot[state.head[out]] = state.tail[out]
        state.foot[state.tail[back]] = state.head[back]

    def between(
        self, tail: IntArray, head: IntArray, parameter: FloatArray, error: FloatArray
    ) -> tuple[list[FloatArray], FloatArray]:
        """Interpolate between vertices; return coordinates and bounds of their errors."""
        state = self.state
        columns, reach = [], np.zeros(len(tail))
        for column in state.coordinates:
            from_tail = column[tail]
            way = column[head] - from_tail
            reach += way * way
            columns.append(from_tail + parameter * way)
        ends = (1 - parameter) * state.error[tail] + parameter * state.error[head]
        return columns, _SLACK * (ends + error * np.sqrt(reach)) + 4 * _UNIT * self.size

    def drop(self) -> None:
        """Leave out the faces of networks that float64 cannot decide."""
        state = self.state
        if state.net is None or not self.uncertain.any():
            return
        keep = ~self.uncertain[state.net[state.tail[state.loops[state.offsets[:-1]] >> 1]]]
        lengths = np.diff(state.offsets)
        state.loops = state.loops[np.repeat(keep, lengths)]
        state.offsets = np.cumsum(np.append(0, lengths[keep]))

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
        assert engine.state.pair is not None
        self.first = engine.first
        self.own = [own[vertices] for own in engine.state.pair]
        self.before = engine.state.error[vertices]
        self.valid = np.minimum(*self.own) >= 0
        # Per own neuron: its value, its gradient, and bounds of their roundings.
        self.found = np.zeros((2, 5, len(vertices)))
        self.gradients = [np.empty((len(vertices), 0)) for _ in range(2)]

    def see(
        self,
        layer: int,
        open_: IntArray,
        affine: FloatArray,
        values: FloatArray,
        rounding: FloatArray,
        slope: FloatArray,
        tilt: FloatArray,
        *,
        last: bool,
    ) -> None:
        """Look at the pre-activations of a layer."""
        part = affine[open_]
        slopes = []
        if not last:
            slopes = [
                part[:, axis] + gradient @ part[:, 3:].T
                for axis, gradient in enumerate(self.gradients)
            ]
        clear = np.abs(values) > rounding[open_] + slope[open_] * (_SLACK * self.before)[:, None]
        for own, found in zip(self.own, self.found, strict=True):
            row = np.flatnonzero((own >= self.first[layer]) & (own < self.first[layer + 1]))
            neuron = own[row] - self.first[layer]
            column = np.searchsorted(open_, neuron)
            found[0, row] = values[row, column]
            for axis, gradient in enumerate(self.gradients):
                if last:
                    found[1 + axis, row] = part[column, axis] + np.einsum(
                        "vi,vi->v", gradient[row], part[column, 3:]
                    )
                else:
                    found[1 + axis, row] = slopes[axis][row, column]
            found[3, row], found[4, row] = rounding[neuron], tilt[neuron]
            clear[row, column] = True
        self.valid &= clear.all(axis=1)
        if not last:
            on = values > 0
            self.gradients = [
                np.concatenate([gradient, slope * on], axis=1)
                for gradient, slope in zip(self.gradients, slopes, strict=True)
            ]

    def errors(self) -> FloatArray:
        """Return the better of the old bounds and the new ones."""
        (value, x, y, rounding, tilt), (value_, x_, y_, rounding_, tilt_) = self.found
        length, length_ = np.hypot(x, y) + tilt, np.hypot(x_, y_) + tilt_
        determinant = np.abs(x * y_ - y * x_) - (
            length * tilt_ + length_ * tilt + 8 * _UNIT * length * length_
        )
        distance = length_ * (np.abs(value) + rounding) + length * (np.abs(value_) + rounding_)
        better = self.valid & (determinant > 0)
        distance[better] *= _SLACK / determinant[better]
        return np.where(better, np.minimum(self.before, distance), self.before)


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
    order = np.argsort(code)
    pieces: list[IntArray] = []
    for _ in range(3):
        # Edges that stick out of their piece go to coarser ones.
        parts = max(1, len(order) // _PIECE)
        cuts = np.arange(parts) * len(order) // parts
        sizes = np.diff(np.append(cuts, len(order)))
        spans = [
            np.maximum.reduceat(m[order], cuts) - np.minimum.reduceat(m[order], cuts)
            for m in middles
        ]
        inside = length[order] <= 0.5 * np.repeat(np.maximum(*spans), sizes)
        kept = np.add.reduceat(inside, cuts)
        pieces += np.split(edges[order[inside]], np.cumsum(kept)[:-1])
        order = order[~inside]
        if len(order) <= _PIECE:
            break
    return [piece for piece in (*pieces, edges[order]) if len(piece)]


def _layer_bounds(W: FloatArray, b: FloatArray) -> tuple[float, float, float, float, float]:
    """Bound the norms of a layer: of a row, Frobenius', the spectral one; of the biases."""
    squares = np.einsum("...ij,...ij->...i", W, W)
    gram = np.swapaxes(W, -1, -2) @ W
    gram = gram @ gram
    # The sum of the eighth powers of the singular values.
    eighth = float(np.einsum("...ij,...ij->...", gram, gram).max())
    slack = _SLACK
    return (
        slack * float(squares.max()) ** 0.5,
        slack * float(squares.sum(axis=-1).max()) ** 0.5,
        slack * eighth**0.125,
        float(np.abs(b).max()),
        slack * float(np.einsum("...i,...i->...", b, b).max()) ** 0.5,
    )


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
        rank = np.empty_like(order)
        np.put_along_axis(rank, order, base[:, None] + np.arange(width), axis=1)
        return rank.ravel()[at_left], rank.ravel()[at_right]
    order = np.lexsort((np.concatenate([s, t]), np.concatenate([left, right])))
    place = np.empty(2 * cross, dtype=np.int64)
    place[order] = np.arange(2 * cross)
    return place[:cross], place[cross:]


def subdivide(layers: Layers, start: Subdivision, *, local: bool = False) -> dict[str, Any]:
    """Divide a domain by the folds of all hidden layers of one network.

    Returns the arrays of the polyhedral complex, or raises `Uncertified`. With `local`, the bounds
    of errors are those of small neighbourhoods in all layers, which takes longer.
    """
    with np.errstate(all="ignore"):
        engine = _Engine(layers, start, local=local)
        for layer in range(len(engine.hidden)):
            engine.divide(layer)
        widths = [len(b) for _, b in engine.hidden]
        found = finish(engine.state, widths, engine.scale)
    if not np.isfinite(found["vertices"]).all():
        raise Uncertified
    return found


def count(
    layers: Layers, start: Subdivision, *, local: bool = False
) -> tuple[IntArray, BoolArray]:
    """Count the activation regions of one network or a batch, without the last layer's geometry.

    Returns the counts, and for which networks of a batch they are not certain; for one network,
    `Uncertified` is raised instead.
    """
    with np.errstate(all="ignore"):
        engine = _Engine(layers, start, local=local)
        counts = engine.tally()
        for layer in range(len(engine.hidden)):
            found = engine.divide(layer, count=layer == len(engine.hidden) - 1)
            counts = counts if found is None else found
    return counts, engine.uncertain
