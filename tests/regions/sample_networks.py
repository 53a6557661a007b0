"""Networks to test with, generic and degenerate, and oracles for them in fractions.

A network is a list of (W, b).
The oracles compute with `fractions.Fraction` alone, layer by layer as the definition says, and
share no code with the package.
"""

from fractions import Fraction
from itertools import pairwise, product

import numpy as np
from hypothesis import strategies as st

from activations.regions.domain import Box

UNIT_BOX = Box(-1, 1)


# Networks


def default_network(widths, seed):
    """Draw a network as PyTorch does by default: uniform within 1 / sqrt(fan-in)."""
    rng = np.random.default_rng(seed)
    bounds = [(m, n, m**-0.5) for m, n in pairwise(widths)]
    return [(rng.uniform(-r, r, (n, m)), rng.uniform(-r, r, n)) for m, n, r in bounds]


def integer_network(widths, seed, largest=2):
    """Draw a network of small integers, which is degenerate in most ways at once."""
    rng = np.random.default_rng(seed)
    low, high = -largest, largest + 1
    return [
        (rng.integers(low, high, (n, m)).astype(float), rng.integers(low, high, n).astype(float))
        for m, n in pairwise(widths)
    ]


def folding_network(widths):
    """Make a network that folds the unit square onto itself and cuts each copy by lines.

    Every hidden layer but the last folds both coordinates floor(n / 2) times; each neuron of the
    last one, of width n, bounds a tangent of a parabola, and all tangents cross inside of the
    square. Hence [0, 1]^2 has prod floor(n_l / 2)^2 (1 + n + n (n - 1) / 2) regions.
    """
    *folding, last, outputs = widths[1:]
    layers = []
    decode = np.eye(2)
    for width in folding:
        pieces = width // 2
        W, b, combine = np.zeros((width, 2)), np.full(width, -1.0), np.zeros((2, width))
        for axis, k in product(range(2), range(pieces)):
            row = axis * pieces + k
            W[row, axis] = 2 * pieces if k else pieces
            b[row] = -2 * k
            combine[axis, row] = (-1) ** k
        layers.append((W @ decode, b))
        decode = combine
    place, n = np.arange(1, last + 1), last + 1
    tangents = np.column_stack([-2 * n * place, np.full(last, n * n)])
    layers.append((tangents @ decode, (place**2).astype(float)))
    slopes = np.arange(1.0, outputs * last + 1).reshape(outputs, last)
    return [*layers, (slopes, np.zeros(outputs))]


def folding_count(widths):
    """Return the number of regions of `folding_network` in the unit square."""
    *folding, last, _ = widths[1:]
    copies = 1
    for width in folding:
        copies *= (width // 2) ** 2
    return copies * (1 + last + last * (last - 1) // 2)


def _layer(rows, offsets):
    return np.array(rows, dtype=float), np.array(offsets, dtype=float)


_SUM2, _SUM3 = _layer([[1, 1]], [0]), _layer([[1, 1, 1]], [0])

#: Degenerate networks by name: each with its activation and its linear regions within
#: [-1, 1]^2, and those in the plane, all counted by hand.
DEGENERATE = {
    "no hidden layer": ([_layer([[1, 2]], [3])], (1, 1), (1, 1)),
    "one line": ([_layer([[1, 2]], [0]), _layer([[1]], [0])], (2, 2), (2, 2)),
    "a line outside of the box": ([_layer([[1, 0]], [3]), _layer([[1]], [0])], (1, 1), (2, 2)),
    "parallel": ([_layer([[1, 1], [2, 2], [-1, -1]], [0, 1, 1]), _SUM3], (4, 4), (4, 4)),
    "concurrent": ([_layer([[1, 0], [0, 1], [1, 1]], [0, 0, 0]), _SUM3], (6, 6), (6, 6)),
    "coincident": ([_layer([[1, 1], [2, 2], [1, -1]], [0.5, 1, 0]), _SUM3], (4, 4), (4, 4)),
    "opposite": ([_layer([[1, 2], [-1, -2]], [0.5, -0.5]), _SUM2], (2, 2), (2, 2)),
    "identity": ([_layer([[1, 2], [-1, -2]], [0, 0]), _layer([[1, -1]], [0])], (2, 1), (2, 1)),
    "dead": ([_layer([[0, 0], [1, 1]], [-1, 0]), _SUM2], (2, 2), (2, 2)),
    "constant": ([_layer([[0, 0], [1, 1]], [1, 0]), _SUM2], (2, 2), (2, 2)),
    "always zero": ([_layer([[0, 0], [1, 1]], [0, 0]), _SUM2], (2, 2), (2, 2)),
    "zero output weights": (
        [_layer([[1, 0], [0, 1]], [0, 0]), _layer([[0, 0]], [1])],
        (4, 1),
        (4, 1),
    ),
    "one zero output weight": (
        [_layer([[1, 0], [0, 1]], [0, 0]), _layer([[0, 1]], [1])],
        (4, 2),
        (4, 2),
    ),
    "two outputs": (
        [_layer([[1, 0], [0, 1]], [0, 0]), _layer([[0, 1], [1, 0]], [0, 0])],
        (4, 4),
        (4, 4),
    ),
    "along a side of the box": ([_layer([[1, 0], [0, 1]], [1, 0]), _SUM2], (2, 2), (4, 4)),
    "through a corner, outside": ([_layer([[1, 1]], [2]), _layer([[1]], [0])], (1, 1), (2, 2)),
    "through two corners": ([_layer([[1, -1]], [0]), _layer([[1]], [0])], (2, 2), (2, 2)),
    "both diagonals": ([_layer([[1, 1], [1, -1]], [0, 0]), _SUM2], (4, 4), (4, 4)),
    # Behind the first layer the plane is the half-line {(t, t) : t >= 0}.
    "collapse to a line": (
        [_layer([[1, 0], [1, 0]], [0, 0]), _layer([[1, 1], [1, -1]], [-1, 0]), _SUM2],
        (3, 2),
        (3, 2),
    ),
    # Where both neurons are off, what follows sees the point (0, 0) alone.
    "collapse to a point": (
        [
            _layer([[1, 0], [0, 1]], [0, 0]),
            _layer([[1, 1], [1, -1]], [0, 0]),
            _layer([[1, 1]], [0]),
        ],
        (5, 4),
        (5, 4),
    ),
    "collapse of everything": (
        [_layer([[0, 0]], [-1]), _layer([[1], [1]], [1, -1]), _layer([[1, 1]], [0])],
        (1, 1),
        (1, 1),
    ),
    "zero biases": (
        [
            _layer([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4),
            _layer([[1, 1, -1, -1]], [0]),
            _layer([[1]], [0]),
        ],
        (8, 6),
        (8, 6),
    ),
    # ReLU(x) - ReLU(-x), twice.
    "a fold that a later layer takes back": (
        [
            _layer([[1, 0], [-1, 0]], [0, 0]),
            _layer([[1, -1], [-1, 1]], [0, 0]),
            _layer([[1, -1]], [0]),
        ],
        (2, 1),
        (2, 1),
    ),
    # The second layer folds where the first one does.
    "the same fold in two layers": (
        [_layer([[1, 0], [-1, 0]], [0, 0]), _layer([[1, -1], [1, 1]], [0, 0]), _SUM2],
        (2, 2),
        (2, 2),
    ),
    "strips": ([_layer([[0, 1], [0, 2], [0, 4]], [0, 1, -1]), _SUM3], (4, 4), (4, 4)),
}

_weight = st.integers(-2, 2).map(float)


@st.composite
def networks(draw, max_hidden=3, max_width=4, outputs=2):
    """Draw a network of small integers with at most `max_hidden` hidden layers."""
    hidden = draw(st.lists(st.integers(1, max_width), max_size=max_hidden))
    widths = [2, *hidden, draw(st.integers(1, outputs))]
    layers = []
    for m, n in pairwise(widths):
        rows = draw(
            st.lists(st.lists(_weight, min_size=m + 1, max_size=m + 1), min_size=n, max_size=n)
        )
        table = np.array(rows)
        layers.append((table[:, :-1].copy(), table[:, -1].copy()))
    return layers


@st.composite
def boxes(draw):
    """Draw a box of small integers, so that folds run along its sides and through its corners."""
    x, y = draw(st.integers(-3, 2)), draw(st.integers(-3, 2))
    return Box((x, y), (x + draw(st.integers(1, 4)), y + draw(st.integers(1, 4))))


# Oracles


def in_fractions(layers):
    """Return the layers as lists of fractions."""
    return [
        ([[Fraction(w) for w in row] for row in W.tolist()], [Fraction(c) for c in b.tolist()])
        for W, b in layers
    ]


def forward(layers, x, y):
    """Return all hidden pre-activations, and the outputs, at a point."""
    values, hidden = [Fraction(x), Fraction(y)], []
    exact = in_fractions(layers)
    for k, (W, b) in enumerate(exact):
        values = [
            sum((w * v for w, v in zip(row, values, strict=True)), c)
            for row, c in zip(W, b, strict=True)
        ]
        if k < len(exact) - 1:
            hidden += values
            values = [max(value, Fraction(0)) for value in values]
    return hidden, values


def affine_maps(layers, pattern):
    """Return (a, b, c) of every hidden pre-activation, and of every output, under a pattern."""
    maps = [(Fraction(1), Fraction(0), Fraction(0)), (Fraction(0), Fraction(1), Fraction(0))]
    hidden, bits = [], list(pattern)
    exact = in_fractions(layers)
    for k, (W, b) in enumerate(exact):
        maps = [
            tuple(
                sum(
                    (w * v[i] for w, v in zip(row, maps, strict=True)), c if i == 2 else Fraction(0)
                )
                for i in range(3)
            )
            for row, c in zip(W, b, strict=True)
        ]
        if k < len(exact) - 1:
            hidden += maps
            on, bits = bits[: len(maps)], bits[len(maps) :]
            maps = [m if flag else (Fraction(0),) * 3 for m, flag in zip(maps, on, strict=True)]
    return hidden, maps


def clip(polygon, line):
    """Keep the part of a convex polygon of fractions where a x + b y + c >= 0."""
    a, b, c = line
    kept = []
    for (x, y), (u, v) in pairwise([*polygon, *polygon[:1]]):
        s, t = a * x + b * y + c, a * u + b * v + c
        if s >= 0:
            kept.append((x, y))
        if s * t < 0:
            kept.append((x + (u - x) * s / (s - t), y + (v - y) * s / (s - t)))
    return kept


def area(polygon):
    """Return the area of a polygon, positive if it runs counter-clockwise."""
    sides = pairwise([*polygon, *polygon[:1]])
    return sum((x * v - u * y for (x, y), (u, v) in sides), Fraction(0)) / 2


def patterns_by_clipping(layers, box):
    """Return every pattern of a full-dimensional cell in a box, by trying all of them."""
    corners = [tuple(map(Fraction, corner)) for corner in box.corners.tolist()]
    neurons = sum(len(b) for _, b in layers[:-1])
    found = set()
    for pattern in product((False, True), repeat=neurons):
        polygon = corners
        for row, on in zip(affine_maps(layers, pattern)[0], pattern, strict=True):
            if on and not any(row):
                polygon = []
            polygon = clip(polygon, row if on else tuple(-value for value in row))
            if not area(polygon):
                break
        else:
            found.add(pattern)
    return found
