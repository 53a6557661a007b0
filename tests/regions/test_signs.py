"""Signs of pre-activations and vanishing jumps against exact arithmetic."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activations.regions import signs as room
from activations.regions.reference import jump_is_zero, pattern_at
from activations.regions.signs import forward, pack, rounding, signs, unpack, vanishing_jumps

seeds = st.integers(0, 2**32 - 1)
shapes = st.lists(st.integers(1, 5), min_size=0, max_size=3).map(lambda h: [2, *h, 1])


def draw(rng, widths, kind):
    """Draw a network: generic, of small integers, or with numbers of all magnitudes."""
    layers = []
    for n, m in pairwise(widths):
        if kind == "generic":
            W, b = rng.normal(size=(m, n)), rng.normal(size=m)
        elif kind == "integer":
            W, b = rng.integers(-1, 2, size=(m, n)), rng.integers(-1, 2, size=m)
        else:
            W, b = (rng.choice([-1, 0, 1], s) * 2.0 ** rng.integers(-500, 300, s) for s in
                    ((m, n), (m,)))  # fmt: skip
        layers.append((W.astype(float), b.astype(float)))
    return layers


def exact_forward(layers, point):
    """Yield the pre-activations of every layer as fractions."""
    values = [Fraction(x) for x in point]
    for W, b in layers:
        sums = [
            sum((Fraction(w) * v for w, v in zip(row, values, strict=True)), Fraction(c))
            for row, c in zip(W.tolist(), b.tolist(), strict=True)
        ]
        yield sums
        values = [max(value, Fraction(0)) for value in sums]


@settings(deadline=None, max_examples=150)
@given(seeds, shapes, st.sampled_from(["generic", "integer", "extreme"]))
def test_bounds_enclose_the_exact_values(seed, widths, kind):
    rng = np.random.default_rng(seed)
    layers = draw(rng, widths, kind)
    point = rng.choice([0.0, 0.1, -1.0, 5e-324, 1e150, rng.normal()], 2)
    walk = zip(exact_forward(layers, point), forward(layers, point[None]), strict=True)
    for exact, ((values,), (bounds,)) in walk:
        for truth, value, bound in zip(exact, values.tolist(), bounds.tolist(), strict=True):
            if np.isfinite(value) and np.isfinite(bound):
                assert abs(Fraction(value) - truth) <= Fraction(bound)
    on, certain = signs(layers[:-1], point[None])
    if certain[0]:
        assert on[0].tolist() == pattern_at(layers, point).tolist()


def test_a_generic_sign_is_certain_and_one_on_a_fold_is_not():
    layers = [(np.array([[3.0, -1.0], [1.0, 0.0]]), np.zeros(2))]
    points = np.array([[0.1, 0.3], [0.1, 0.2], [0.0, 1.0]])
    assert signs(layers, points)[1].tolist() == [False, True, False]


def test_constant_neurons_are_exact():
    nothing = (np.array([[1.0, 1.0]]), np.array([-9.0]))
    zeros = (np.array([[5.0], [0.0]]), np.array([0.0, 1.0]))
    on, certain = signs([nothing, zeros], np.array([[0.1, 0.2]]))
    assert on.tolist() == [[False, False, True]]
    assert certain.tolist() == [True]


def test_a_fold_through_the_origin_is_not_certain_there():
    fold = (np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([0.0, 0.0]))
    after = (np.array([[0.0, 1.0], [1.0, 1.0]]), np.zeros(2))
    points = np.array([[0.0, 0.0], [-1.0, 0.0], [1.0, 0.0]])
    on, certain = signs([fold, after], points)
    assert on[:, 3].tolist() == [False, False, True]
    assert certain.tolist() == [False, True, False]


def test_a_neuron_that_only_seems_to_be_off_passes_its_error_on():
    """1 + 1e-20 - 1 comes out as 0, but what follows sees 1e-20 times 1e30."""
    layers = [(np.ones((1, 2)), -np.ones(1)), (np.array([[1e30]]), np.zeros(1))]
    *_, (value, bound) = forward(layers, np.array([[1.0, 1e-20]]))
    assert value.item() == 0
    assert bound.item() >= 1e10


def test_overflow_is_not_certain():
    layers = [(np.array([[1e308, 1e308], [1e308, -1e308]]), np.zeros(2))]
    _, certain = signs(layers, np.array([[10.0, 10.0]]))
    assert certain.tolist() == [False]


def test_rounding_covers_the_bound_of_the_textbook():
    unit = Fraction(1, 2**53)
    for n in (1, 2, 20, 1000):
        assert Fraction(rounding(n)) > (n + 1) * unit / (1 - (n + 1) * unit)


@given(st.integers(0, 5), st.integers(0, 130), seeds)
def test_patterns_survive_packing(rows, neurons, seed):
    on = np.random.default_rng(seed).random((rows, neurons)) < 0.5
    packed = pack(on)
    assert packed.shape == (rows, 8 * -(-neurons // 64))
    assert (unpack(packed, neurons) == on).all()
    bits = np.unpackbits(packed, axis=1, bitorder="little")
    assert bits.sum() == on.sum()
    assert (bits[:, :neurons] == on).all()


# Jumps that vanish


def folds_of(rng, layers, count):
    """Draw neurons and patterns."""
    widths = [len(b) for _, b in layers[:-1]]
    level = rng.integers(len(widths), size=count)
    index = rng.integers(np.array(widths)[level])
    patterns = rng.random((count, sum(widths))) < rng.choice([0.3, 0.8])
    return np.stack([level, index], axis=1), patterns


@settings(deadline=None, max_examples=60)
@given(seeds, st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(1, 2))
def test_jumps_vanish_as_integers_say(seed, hidden, outputs):
    rng = np.random.default_rng(seed)
    kind = rng.choice(["generic", "integer", "extreme"])
    layers = draw(rng, [2, *hidden, outputs], kind)
    neurons, patterns = folds_of(rng, layers, 12)
    expected = [
        jump_is_zero(layers, *fold, on) for fold, on in zip(neurons.tolist(), patterns, strict=True)
    ]
    assert vanishing_jumps(layers, neurons, patterns).tolist() == expected


def test_small_chunks_change_nothing(monkeypatch):
    rng = np.random.default_rng(3)
    layers = draw(rng, [2, 4, 4, 4, 2], "integer")
    neurons, patterns = folds_of(rng, layers, 40)
    whole = vanishing_jumps(layers, neurons, patterns)
    assert 0 < whole.sum() < 40
    monkeypatch.setattr(room, "_CHUNK", 1)
    assert (vanishing_jumps(layers, neurons, patterns) == whole).all()


def test_exact_cancellation_is_left_to_integers(monkeypatch):
    """ReLU(t) goes into two neurons that are both on and cancel; 0.1 + 0.2 - 0.3 does not."""
    calls = []
    monkeypatch.setattr(
        "activations.regions.reference.jump_is_zero",
        lambda *arguments: calls.append(arguments) or jump_is_zero(*arguments),
    )
    one = (np.array([[1.0, 0.0]]), np.zeros(1))
    two = (np.array([[0.1], [0.2], [0.3]]), np.zeros(3))
    folds, on = np.array([[0, 0]] * 5), np.ones((5, 4), dtype=bool)
    # Whether the neuron itself is on makes no difference, and no second question.
    on[::2, 0] = False
    cancel = [one, two, (np.array([[2.0, -1.0, 0.0]]), np.zeros(1))]
    assert vanishing_jumps(cancel, folds, on).all()
    assert len(calls) == 1
    almost = [one, two, (np.array([[1.0, 1.0, -1.0]]), np.zeros(1))]
    assert not vanishing_jumps(almost, folds, on).any()


def test_no_folds_and_sides():
    layers = [(np.ones((1, 2)), np.ones(1)), (np.ones((1, 1)), np.ones(1))]
    none = vanishing_jumps(layers, np.zeros((0, 2), dtype=int), np.zeros((0, 1), dtype=bool))
    assert none.shape == (0,)
    with pytest.raises(ValueError, match="neurons must not be negative"):
        vanishing_jumps(layers, np.array([[-1, -1]]), np.zeros((1, 1), dtype=bool))
