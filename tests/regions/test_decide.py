"""What is offered: regions and their numbers, exact whatever the network, and errors."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch
from engine_oracles import combinatorics, nearly_degenerate, vertices_by_regions
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sample_networks import (
    DEGENERATE,
    UNIT_BOX,
    boxes,
    default_network,
    folding_count,
    folding_network,
    integer_network,
    networks,
)

from activations.regions import PLANE, Box, count_regions, decide, linear_regions, subdivision
from activations.regions.reference import count_exact, exact_regions

BOX = Box(-10, 10)
seeds = st.integers(0, 2**32 - 1)


def stack(many):
    """Put networks of one shape behind each other."""
    return [
        (np.stack([W for W, _ in layer]), np.stack([b for _, b in layer]))
        for layer in zip(*many, strict=True)
    ]


def spoiled(kind, widths, seed):
    """Draw a network that is degenerate in one way, or in none."""
    layers = default_network(widths, seed)
    W, b = layers[0]
    if kind == "coincident":
        W[1], b[1] = W[0], b[0]
    elif kind == "parallel":
        W[1] = W[0]
    elif kind == "concurrent":
        b[:] = 0
    elif kind == "dead":
        W[:], b[:] = 0, -1
    elif kind == "integer":
        layers = integer_network(widths, seed)
    elif kind == "huge":
        W *= 2.0**700
    elif kind == "all alike":
        for V, c in layers[:-1]:
            V[:], c[:] = V[0], c[0]
    return layers


KINDS = ["generic", "coincident", "parallel", "concurrent", "dead", "integer", "huge", "all alike"]


# Always exact


@settings(deadline=None, max_examples=60)
@given(networks(), st.one_of(boxes(), st.just(PLANE)))
def test_every_network_is_decided_exactly(layers, domain):
    found, exact = linear_regions(layers, domain), exact_regions(layers, domain)
    assert combinatorics(found) == combinatorics(exact)
    assert found.certified in ("float64", "exact")
    assert count_regions(layers, domain) == len(exact)
    assert count_regions(layers, domain, kind="linear") == exact.n_linear_regions
    assert max(found.check(grid=12).values()) <= 1


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_cases_by_name(name):
    layers, box, plane = DEGENERATE[name]
    for domain, numbers in ((UNIT_BOX, box), (PLANE, plane)):
        found = linear_regions(layers, domain)
        assert (len(found), found.n_linear_regions) == numbers
        kinds = ("activation", "linear")
        assert tuple(count_regions(layers, domain, kind=kind) for kind in kinds) == numbers
        found.check(grid=20)


def test_how_it_was_decided_is_said():
    generic, degenerate = default_network((2, 5, 4, 1), 0), spoiled("coincident", (2, 5, 4, 1), 0)
    for domain in (BOX, PLANE):
        assert linear_regions(generic, domain).certified == "float64"
        assert linear_regions(degenerate, domain).certified == "exact"


def test_vertices_far_out_are_accurate():
    # Where two folds are nearly parallel, float64 knows what crosses what, but hardly where.
    for power in (30, 36, 40, 44):
        layers = nearly_degenerate("parallel", (2, 4, 1), 3, power)
        found, exact = (
            vertices_by_regions(f(layers, PLANE)) for f in (linear_regions, exact_regions)
        )
        assert found.keys() == exact.keys()
        for name, vertex in exact.items():
            assert np.abs(found[name] - vertex).max() <= 2**-7 * np.abs(vertex).max()


def test_the_better_bounds_are_tried_before_integers(monkeypatch):
    tried = []

    def doubt(layers, start, *, local, **others):
        tried.append(local)
        raise subdivision.UncertifiedError

    monkeypatch.setattr(decide, "subdivide", doubt)
    monkeypatch.setattr(decide, "count", doubt)
    layers = default_network((2, 3, 3, 1), 0)
    found = linear_regions(layers, PLANE)
    assert found.certified == "exact"
    assert count_regions(layers, PLANE) == len(found)
    assert tried == [False, True] * 2


@settings(deadline=None, max_examples=30)
@given(seeds)
# Two folds cross at the origin, which rounding misses, and the widest region has no other vertex.
@example(0)
def test_patterns_are_right_where_folds_cross_at_the_origin(seed):
    rng = np.random.default_rng(seed)
    layers = default_network((2, 2, 2, 1), seed)
    layers[0] = rng.integers(-9, 10, (2, 2)) + 2.0**-9 * rng.integers(0, 9, (2, 2)), np.zeros(2)
    found, exact = linear_regions(layers, PLANE), exact_regions(layers, PLANE)
    assert combinatorics(found) == combinatorics(exact)


def test_patterns_are_right_where_rounding_moves_the_only_vertex_of_a_region():
    hidden = [[1, -3], [0, 2], [3, -1], [-3, -2]]
    layers = [(hidden, [2, 0, 2, 0]), ([[2, 0, -1, 0]], [0])]
    found, exact = linear_regions(layers, PLANE), exact_regions(layers, PLANE)
    assert combinatorics(found) == combinatorics(exact)
    found.check()


def test_the_numbers_of_the_sheet():
    for widths, number in (((2, 20, 1), 197), ((2, 5, 5, 5, 5, 1), 81)):
        torch.manual_seed(0)
        parts = []
        for m, n in pairwise(widths[:-1]):
            parts += [torch.nn.Linear(m, n), torch.nn.ReLU()]
        module = torch.nn.Sequential(*parts, torch.nn.Linear(widths[-2], 1))
        assert count_regions(module) == len(linear_regions(module)) == number


# Counts that are known


@pytest.mark.parametrize(
    "widths", [(2, 2, 1, 1), (2, 2, 4, 1), (2, 4, 3, 2), (2, 2, 2, 3, 1), (2, 6, 2, 1)]
)
def test_montufars_networks_fold_the_square(widths):
    layers = folding_network(widths)
    assert count_regions(layers, Box(0, 1)) == folding_count(widths)
    found = linear_regions(layers, Box(0, 1))
    assert len(found) == folding_count(widths)
    assert combinatorics(found) == combinatorics(exact_regions(layers, Box(0, 1)))


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(*[st.integers(-2, 2)] * 3), min_size=1, max_size=7))
def test_lines_in_any_position(rows):
    lines = {}
    for a, b, c in rows:
        if (a, b) != (0, 0):
            lead = Fraction(a or b)
            lines[a / lead, b / lead, c / lead] = None
    met = {}
    for i, (a, b, c) in enumerate(lines):
        for d, e, f in list(lines)[:i]:
            if a * e != b * d:
                point = (b * f - c * e) / (a * e - b * d), (c * d - a * f) / (a * e - b * d)
                met.setdefault(point, set()).update({(a, b, c), (d, e, f)})
    expected = 1 + len(lines) + sum(len(group) - 1 for group in met.values())
    table = np.array(rows, dtype=float)
    layers = [(table[:, :2], table[:, 2]), (np.ones((1, len(rows))), np.zeros(1))]
    assert count_regions(layers, PLANE) == expected
    assert len(linear_regions(layers, PLANE)) == expected


@settings(deadline=None, max_examples=15)
@given(seeds, st.sampled_from([(2, 6, 1), (2, 4, 3, 1)]))
def test_the_plane_is_a_large_box(seed, widths):
    layers = default_network(widths, seed)
    whole = linear_regions(layers, PLANE)
    reach = 2.0 * np.abs(whole.vertices).max(initial=1.0)
    box = Box(-4 * reach, 4 * reach)
    assert count_regions(layers, box) == len(whole)
    names = [{row.tobytes() for row in c.patterns} for c in (whole, linear_regions(layers, box))]
    assert names[0] == names[1]


@settings(deadline=None, max_examples=10)
@given(seeds)
def test_a_dense_grid_sees_nothing_that_is_missing(seed):
    layers = default_network((2, 6, 5, 1), seed)
    found = linear_regions(layers, Box(-2, 2))
    x = np.linspace(-2, 2, 301)[1:-1] + 1e-4
    values = np.stack(np.meshgrid(x, x), axis=-1).reshape(-1, 2)
    on = []
    for W, b in layers[:-1]:
        z = values @ W.T + b
        on.append(z > 0)
        values = np.maximum(z, 0)
    seen = {row.tobytes() for row in np.unique(np.concatenate(on, axis=1), axis=0)}
    assert seen <= {row.tobytes() for row in found.patterns}


# Torch modules


def module_of(widths, seed, dtype):
    torch.manual_seed(seed)
    *hidden, last = [torch.nn.Linear(m, n, dtype=dtype) for m, n in pairwise(widths)]
    blocks = [torch.nn.Sequential(layer, torch.nn.Sequential(torch.nn.ReLU())) for layer in hidden]
    return torch.nn.Sequential(*blocks, last)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("domain", [BOX, PLANE])
def test_modules_are_read_exactly_and_agree_with_autograd(dtype, domain):
    module = module_of((2, 5, 4, 1), 3, dtype)
    linear = [m for m in module.modules() if isinstance(m, torch.nn.Linear)]
    layers = [
        (m.weight.detach().double().numpy(), m.bias.detach().double().numpy()) for m in linear
    ]
    found = linear_regions(module, domain)
    assert combinatorics(found) == combinatorics(exact_regions(layers, domain))
    points = torch.tensor(found.interior_points, requires_grad=True)
    values = module.double()(points)
    (gradients,) = torch.autograd.grad(values.sum(), points)
    np.testing.assert_allclose(found.gradients, gradients.numpy(), atol=1e-13)
    given = (found.gradients * found.interior_points).sum(axis=1) + found.intercepts
    size = 1 + np.abs(found.interior_points).max(axis=1)
    assert (np.abs(given - values.detach().numpy()[:, 0]) < 1e-12 * size).all()


# Batches


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.sampled_from(KINDS), seeds), min_size=1, max_size=6),
    st.sampled_from([(2, 4, 1), (2, 3, 2, 1), (2, 2, 2, 2, 1), (2, 2, 2, 2, 2, 1)]),
    st.sampled_from([BOX, PLANE]),
)
@example([("generic", 0), ("coincident", 1), ("generic", 2)], (2, 4, 4, 1), BOX)
@example([("all alike", 1)], (2, 2, 2, 2, 1), PLANE)
@example([("coincident", 1), ("coincident", 2)], (2, 3, 2, 1), BOX)
def test_batches_are_exact_whatever_they_hold(kinds, widths, domain):
    many = [spoiled(kind, widths, seed) for kind, seed in kinds]
    found = count_regions(stack(many), domain)
    assert found.dtype == np.int64
    assert found.tolist() == [count_exact(layers, domain) for layers in many]


@pytest.mark.parametrize("domain", [BOX, PLANE])
def test_a_layer_that_folds_nothing_beside_a_network_that_is_left_out(domain):
    quiet = default_network((2, 3, 2, 2, 1), 1)
    quiet[1] = np.abs(quiet[1][0]), np.abs(quiet[1][1]) + 1
    for kind in KINDS:
        many = [quiet, spoiled(kind, (2, 3, 2, 2, 1), 7), quiet]
        assert count_regions(stack(many), domain).tolist() == [
            count_exact(layers, domain) for layers in many
        ]


@pytest.mark.parametrize("domain", [BOX, PLANE])
def test_batches_are_cut_into_parts_and_wide_ones_taken_one_by_one(domain, monkeypatch):
    many = [spoiled(KINDS[k % 4], (2, 3, 3, 1), k) for k in range(11)]
    expected = [count_exact(layers, domain) for layers in many]
    for together in (1, 4, 11, 250):
        monkeypatch.setattr(decide, "_TOGETHER", together)
        assert count_regions(stack(many), domain).tolist() == expected
    monkeypatch.setattr(decide, "_SMALL", 8)
    assert count_regions(stack(many), domain).tolist() == expected
    linear = [exact_regions(layers, domain).n_linear_regions for layers in many]
    assert count_regions(stack(many), domain, kind="linear").tolist() == linear


def test_a_batch_of_one_and_batches_without_hidden_layers():
    layers = default_network((2, 4, 1), 0)
    assert count_regions(stack([layers]), PLANE).tolist() == [11]
    assert count_regions(stack([default_network((2, 1), 0)] * 3), PLANE).tolist() == [1, 1, 1]
    assert isinstance(count_regions(layers, PLANE), int)


# Errors


W, B = [[1, 0], [0, 1]], [0, 0]
LAST = ([[1, 1]], [0])


@pytest.mark.parametrize("function", [linear_regions, count_regions])
@pytest.mark.parametrize(
    ("network", "error", "message"),
    [
        ([], ValueError, "no layers"),
        (None, TypeError, "NoneType"),
        ("network", TypeError, "str"),
        ([(W, B), ([[1, 1, 1]], [0])], ValueError, r"network\[1\].*2 columns"),
        ([([[1, 2, 3]], [0]), ([[1]], [0])], ValueError, r"network\[0\].*2 inputs"),
        ([(W, [0]), LAST], ValueError, r"network\[0\] has biases"),
        ([(W, [0, np.nan]), LAST], ValueError, r"biases of network\[0\] must be finite"),
        ([(W, B), ([[1, np.inf]], [0])], ValueError, r"weights of network\[1\] must be finite"),
        ([(W, [0, 1j]), LAST], TypeError, r"biases of network\[0\]"),
        ([(W, [True, False]), LAST], TypeError, r"biases of network\[0\]"),
        ([(W, [0, 2**53 + 1]), LAST], ValueError, r"biases of network\[0\]"),
        ([(W, B, B), LAST], TypeError, r"network\[0\]"),
        ([(np.zeros((0, 2)), []), (np.zeros((1, 0)), [0])], ValueError, r"network\[0\].*empty"),
        ([(np.ones((3, 4, 2)), B), LAST], ValueError, r"network\[0\]"),
        (
            torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh()),
            ValueError,
            r"\[1\] is a Tanh",
        ),
        (torch.nn.Sequential(torch.nn.Linear(3, 1)), ValueError, r"linear layer 0.*2 inputs"),
    ],
)
def test_networks_that_are_none(function, network, error, message):
    with pytest.raises(error, match=message):
        function(network)


@pytest.mark.parametrize("function", [linear_regions, count_regions])
@pytest.mark.parametrize("domain", [None, 3, (-10, 10), "PLANE", Box])
def test_domains_that_are_none(function, domain):
    with pytest.raises(TypeError, match=r"domain is .*must be a Box or PLANE"):
        function([(W, B), LAST], domain)


@pytest.mark.parametrize("kind", ["regions", "Activation", None, 1])
def test_kinds_that_are_none(kind):
    with pytest.raises(ValueError, match=r"kind is .*'activation' or 'linear'"):
        count_regions([(W, B), LAST], kind=kind)


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ((np.ones((3, 1, 4)), np.zeros((3, 1))), r"network\[1\] is for 3 networks.*5"),
        ((np.ones((5, 1, 3)), np.zeros((5, 1))), r"network\[1\].*4 columns"),
        ((np.ones((1, 4)), np.zeros(1)), r"network\[1\].*\(B, out, in\)"),
        ((np.full((5, 1, 4), np.nan), np.zeros((5, 1))), r"network\[1\] must be finite"),
    ],
)
def test_batches_that_are_none(second, message):
    with pytest.raises(ValueError, match=message):
        count_regions([(np.ones((5, 4, 2)), np.zeros((5, 4))), second])


def test_batches_have_numbers_but_no_complex():
    with pytest.raises(ValueError, match=r"network\[0\]"):
        linear_regions(stack([default_network((2, 3, 1), 0)] * 2))


def test_what_float64_cannot_hold_is_counted_but_not_drawn():
    far = [([[1, 0], [1, 1e-300]], [0, 1e10]), LAST]
    assert count_regions(far, PLANE) == 4
    with pytest.raises(OverflowError, match="beyond the largest float64"):
        linear_regions(far, PLANE)
