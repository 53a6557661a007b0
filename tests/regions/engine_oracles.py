"""What the float64 engine must agree with: the exact reference, and true vertices in fractions."""

from collections import Counter
from fractions import Fraction
from itertools import pairwise

import numpy as np
from sample_networks import affine_maps, forward, in_fractions

from activations.regions import frame, subdivision
from activations.regions.complex import PolyhedralComplex
from activations.regions.domain import PLANE, Box
from activations.regions.network import read_network
from activations.regions.reference import count_exact, exact_regions


def start_of(domain):
    """Return the undivided domain."""
    return frame.plane() if domain is PLANE else frame.box(domain.low, domain.high)


def engine_regions(layers, domain, *, local=False):
    """Return the complex that float64 finds, or None where it does not dare to."""
    layers = read_network(layers)
    try:
        found = subdivision.subdivide(layers, start_of(domain), local=local)
    except subdivision.UncertifiedError:
        return None
    return PolyhedralComplex(layers, domain, certified="float64", **found)


def engine_count(layers, domain, *, local=False):
    """Return the number of regions that float64 finds, or None where it does not dare to."""
    try:
        counts, uncertain = subdivision.count(read_network(layers), start_of(domain), local=local)
    except subdivision.UncertifiedError:
        return None
    assert counts.shape == uncertain.shape == (1,)
    assert not uncertain.any()
    return int(counts[0])


def combinatorics(c):
    """Return all of a complex that does not depend on how its parts are numbered."""
    names = [row.tobytes() for row in c.patterns]
    sides = [sorted(names[f] if f >= 0 else b"outside" for f in pair) for pair in c.adjacency]
    edges = Counter(
        (*pair, *neuron) for pair, neuron in zip(sides, c.edge_neuron.tolist(), strict=True)
    )
    labels = {}
    for name, label in zip(names, c.linear_labels.tolist(), strict=True):
        labels.setdefault(label, set()).add(name)
    linear = {frozenset(group) for group in labels.values()}
    return len(c), len(c.vertices), len(c.directions), Counter(names), edges, linear


def vertices_by_regions(c):
    """Return the coordinates of each vertex under the patterns around it, if that names it."""
    around = [set() for _ in c.vertices]
    for ends, sides in zip(c.edges.tolist(), c.adjacency.tolist(), strict=True):
        for vertex in ends:
            if vertex < len(around):
                around[vertex] |= {c.patterns[f].tobytes() if f >= 0 else b"" for f in sides}
    names = [frozenset(patterns) for patterns in around]
    often = Counter(names)
    return {n: v for n, v in zip(names, c.vertices, strict=True) if often[n] == 1}


def assert_exact(layers, domain, *, local=False, tolerance=None):
    """Compare the engine with the reference; say whether float64 was certain."""
    found = engine_regions(layers, domain, local=local)
    number = engine_count(layers, domain, local=local)
    assert number in (None, count_exact(layers, domain))
    if found is None:
        return False
    exact = exact_regions(layers, domain)
    assert combinatorics(found) == combinatorics(exact)
    assert number == len(exact)
    if tolerance is not None:
        mine, true = vertices_by_regions(found), vertices_by_regions(exact)
        assert mine.keys() == true.keys()
        for name, vertex in mine.items():
            np.testing.assert_allclose(vertex, true[name], rtol=tolerance, atol=tolerance)
    return True


# True vertices


class Trace:
    """A run of the engine, with all the values that it decided by."""

    def __init__(self, layers, domain, *, local=False):
        self.layers = read_network(layers)
        self.engine = subdivision._Engine(self.layers, start_of(domain), local=local)
        # Layer, vertices, values and bounds; at the ends of edges, or of all neurons.
        self.ends, self.values = [], []
        changes, preactivations = self.engine.changes, self.engine.preactivations

        def traced_changes(layer):
            signs, state = changes(layer), self.engine.state
            for vertices, z, error, idle in (
                (state.tail, signs.tail, signs.tail_error, signs.tail_idle),
                (state.head, signs.head, signs.head_error, signs.head_idle),
            ):
                seen = np.ones(len(z), dtype=bool) if idle is None else ~idle
                columns = (vertices[signs.edge], signs.neuron, z, error)
                self.ends.append((layer, *(column[seen] for column in columns)))
            return signs

        def traced_preactivations(layer, vertices):
            z, error, idle = preactivations(layer, vertices)
            seen = ~np.asarray(idle) if idle is not None else np.ones(len(z), dtype=bool)
            bounds = np.broadcast_to(np.reshape(error, (len(z), -1)), z.shape)
            self.values.append((layer, vertices[seen], z[seen].copy(), bounds[seen].copy()))
            return z, error, idle

        self.engine.changes = traced_changes
        self.engine.preactivations = traced_preactivations
        with np.errstate(all="ignore"):
            for layer in range(len(self.engine.hidden)):
                self.engine.divide(layer)
        self.state = self.engine.state

    def true_vertices(self):
        """Return where the vertices are, as fractions in the coordinates of the engine."""
        state, first = self.state, self.engine.first
        faces = np.repeat(np.arange(len(state.offsets) - 1), np.diff(state.offsets))
        face_of = np.full(2 * len(state.tail), -1)
        face_of[state.loops] = faces
        patterns = self._patterns(face_of)
        maps = {}
        scale, centre = Fraction(self.engine.scale), [Fraction(c) for c in frame._CENTRE.tolist()]
        found = {}
        for vertex in np.unique([state.tail, state.head]).tolist():
            given = [Fraction(float(column[vertex])) for column in state.coordinates]
            if vertex < 4:
                found[vertex] = given
                continue
            edge = np.flatnonzero((state.tail == vertex) | (state.head == vertex))
            face = max(face_of[2 * edge[0]], face_of[2 * edge[0] + 1])
            if face not in maps:
                maps[face] = affine_maps(self.layers, patterns[face])[0]
            rows = [maps[face][own[vertex]] for own in state.pair if own[vertex] >= 0]
            if state.far is None:
                if len(rows) == 1:
                    side = edge[state.neuron[edge] == frame.BORDER][0]
                    ends = [[c[v] for c in state.coordinates] for v in self._ends(side)]
                    upright = ends[0][0] == ends[1][0]
                    place = Fraction(float(ends[0][0 if upright else 1]))
                    rows.append((int(upright), int(not upright), -place))
                found[vertex] = _meet(*rows)
            elif state.far[vertex]:
                layer_of = state.origin[vertex]
                assert 0 <= layer_of < first[-1]
                a, b, _ = maps[face][layer_of]
                way = (-b, a)
                if way[0] * given[0] + way[1] * given[1] < 0:
                    way = (b, -a)
                found[vertex] = _chart(way, far=True)
            else:
                if len(rows) == 1:
                    x, y = max(_corners(), key=lambda u: given[0] * u[0] + given[1] * u[1])
                    offset = scale * (centre[1] * x - centre[0] * y)
                    rows.append((y, -x, offset))
                point = _meet(*rows)
                way = [p / scale - c for p, c in zip(point, centre, strict=True)]
                found[vertex] = _chart(way, far=False)
        return found

    def true_values(self, vertex):
        """Return the pre-activations at a true vertex, layer by layer."""
        if self.state.far is None:
            hidden = forward(self.layers, *vertex)[0]
            sizes = [len(b) for _, b in self.layers[:-1]]
            ends = np.cumsum(sizes).tolist()
            return [hidden[e - n : e] for n, e in zip(sizes, ends, strict=True)]
        x, y, w = vertex
        scale, centre = Fraction(self.engine.scale), [Fraction(c) for c in frame._CENTRE.tolist()]
        values, found = [scale * (x + centre[0] * w), scale * (y + centre[1] * w)], []
        for W, b in in_fractions(self.layers)[:-1]:
            values = [
                sum((p * v for p, v in zip(row, values, strict=True)), c * w)
                for row, c in zip(W, b, strict=True)
            ]
            found.append(values)
            values = [max(v, Fraction(0)) for v in values]
        return found

    def shares(self):
        """Return the largest errors of vertices and values, as shares of their bounds."""
        true = self.true_vertices()
        worst = [0.0, 0.0]
        for vertex, place in true.items():
            columns = [Fraction(float(c[vertex])) for c in self.state.coordinates]
            square = sum((p - q) ** 2 for p, q in zip(columns, place, strict=True))
            worst[0] = max(worst[0], _share(float(square) ** 0.5, self.state.error[vertex]))
        values = {vertex: self.true_values(place) for vertex, place in true.items()}
        for layer, vertices, neurons, z, bounds in self.ends:
            for v, n, size, bound in zip(vertices.tolist(), neurons, z, bounds, strict=True):
                if v in values:
                    error = abs(abs(values[v][layer][n]) - Fraction(float(size)))
                    worst[1] = max(worst[1], _share(float(error), bound))
        for layer, vertices, z, bounds in self.values:
            for v, row, bound in zip(vertices.tolist(), z, bounds, strict=True):
                for n, value in enumerate(row if v in values else ()):
                    error = abs(values[v][layer][n] - Fraction(float(value)))
                    worst[1] = max(worst[1], _share(float(error), bound[n]))
        return worst

    def _ends(self, edge):
        return self.state.tail[edge], self.state.head[edge]

    def _patterns(self, face_of):
        """Return the patterns of all faces, from that of the largest one."""
        state = self.state
        half = state.loops
        here = np.where(half & 1, state.head[half >> 1], state.tail[half >> 1])
        corners = np.stack(state.coordinates, axis=1)[here]
        centres = [part.mean(axis=0) for part in np.split(corners, state.offsets[1:-1])]
        sizes = [_area(part) for part in np.split(corners, state.offsets[1:-1])]
        root = int(np.argmax(sizes))
        x, y, *w = (Fraction(float(c)) for c in centres[root])
        if w:
            scale = Fraction(self.engine.scale)
            x, y = (
                scale * (p / w[0] + Fraction(c))
                for p, c in zip((x, y), frame._CENTRE.tolist(), strict=True)
            )
        patterns = {root: [value > 0 for value in forward(self.layers, x, y)[0]]}
        todo = [root]
        while todo:
            face = todo.pop()
            for h in half[state.offsets[face] : state.offsets[face + 1]].tolist():
                other, neuron = int(face_of[h ^ 1]), state.neuron[h >> 1]
                if other >= 0 and other not in patterns:
                    patterns[other] = patterns[face].copy()
                    if neuron >= 0:
                        patterns[other][neuron] ^= True
                    todo.append(other)
        return patterns


def _share(error, bound):
    if error == 0:
        return 0.0
    return error / bound if bound > 0 else np.inf


def _area(points):
    x, y = points[:, 0], points[:, 1]
    return 0.5 * float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))


def _meet(first, second):
    """Return the point where two lines (a, b, c) meet."""
    (a, b, c), (d, e, f) = first, second
    determinant = a * e - b * d
    return (b * f - c * e) / determinant, (c * d - a * f) / determinant


def _corners():
    x, y, _ = frame.plane().coordinates
    return [(Fraction(p), Fraction(q)) for p, q in zip(x[1:].tolist(), y[1:].tolist(), strict=True)]


def _chart(way, *, far):
    """Return the coordinates in the chart of a point, or of a direction."""
    corners = _corners()
    for u, v in zip(corners, [*corners[1:], corners[0]], strict=True):
        area = u[0] * v[1] - u[1] * v[0]
        p = (way[0] * v[1] - way[1] * v[0]) / area
        q = (u[0] * way[1] - u[1] * way[0]) / area
        if p >= 0 and q >= 0:
            w = Fraction(0) if far else 1 / (1 + p + q)
            factor = 1 / (p + q) if far else w
            return way[0] * factor, way[1] * factor, w
    raise AssertionError("the sectors do not cover the plane")


# Networks that are almost degenerate


def nearly_degenerate(kind, widths, seed, power):
    """Draw a network that would be degenerate without perturbations of size 2^-power."""
    rng = np.random.default_rng(seed)
    layers = [
        (rng.uniform(-1, 1, (n, m)) / m**0.5, rng.uniform(-1, 1, n) / m**0.5)
        for m, n in pairwise(widths)
    ]
    (W, b), small = layers[0], 2.0**-power
    if kind == "parallel":
        W[1] = W[0] * rng.choice([-1, 1]) + small * rng.uniform(-1, 1, 2)
    elif kind == "coincident":
        W[1], b[1] = W[0] + small * rng.uniform(-1, 1, 2), b[0] + small * rng.uniform(-1, 1)
    elif kind == "concurrent":
        b[:] = -(W @ rng.uniform(-3, 3, 2)) + small * rng.uniform(-1, 1, len(b))
    elif kind == "corner":
        b[0] = -(W[0] @ [10.0, 10.0]) + small * rng.uniform(-1, 1)
        b[1] = -(W[1] @ frame._CENTRE) + small * rng.uniform(-1, 1)
    elif kind == "integer":
        layers = [
            tuple(
                rng.integers(-3, 4, part.shape) * (1 + small * rng.uniform(-1, 1, part.shape))
                for part in layer
            )
            for layer in layers
        ]
    else:
        raise AssertionError(kind)
    return layers


ALMOST = ("parallel", "coincident", "concurrent", "corner", "integer")
BOX = Box(-10, 10)
