"""Networks are drawn as PyTorch draws them, read without rounding, and looked at honestly."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from activations import lines
from activations import mlp as room
from activations.mlp import (
    Grid,
    activation_pattern,
    count_parameters,
    count_patterns,
    evaluate,
    exact_gradient,
    grid,
    layers,
    mlp,
    numerical_gradient,
    parameter_count,
    pattern_labels,
    preactivations,
    sample_networks,
    tied_mlp,
)

WIDTHS = st.lists(st.integers(1, 9), min_size=2, max_size=6)
PLANE_WIDTHS = st.lists(st.integers(1, 6), min_size=0, max_size=4).map(lambda h: [2, *h, 1])
SEEDS = st.integers(0, 2**32 - 1)
COORDINATES = st.floats(-50, 50)
quick = settings(deadline=None, max_examples=40)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def network(widths, seed: int = 0) -> nn.Sequential:
    return mlp(widths, generator=generator(seed)).double()


def from_layers(*parts) -> nn.Sequential:
    modules = []
    for W, b in parts:
        W, b = torch.tensor(W, dtype=torch.float64), torch.tensor(b, dtype=torch.float64)
        layer = nn.Linear(W.shape[1], W.shape[0], dtype=torch.float64)
        layer.weight, layer.bias = nn.Parameter(W), nn.Parameter(b)
        modules += [layer, nn.ReLU()]
    return nn.Sequential(*modules[:-1])


def exact_forward(model, point):
    """Return the hidden pre-activations and the output, in fractions."""
    active = [Fraction(float(value)) for value in point]
    hidden = []
    network = layers(model)
    for index, (W, b) in enumerate(network):
        z = [
            sum(Fraction(w) * a for w, a in zip(row, active, strict=True)) + Fraction(bias)
            for row, bias in zip(W.tolist(), b.tolist(), strict=True)
        ]
        if index == len(network) - 1:
            return hidden, z
        hidden += z
        active = [max(value, Fraction(0)) for value in z]
    raise AssertionError("a network has at least one layer")


class TestMlp:
    @quick
    @given(WIDTHS, SEEDS)
    def test_draws_what_torch_draws(self, widths, seed):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            theirs = [nn.Linear(m, n) for m, n in pairwise(widths)]
        ours = mlp(widths, generator=generator(seed))[::2]
        for own, other in zip(ours, theirs, strict=True):
            assert torch.equal(own.weight, other.weight)
            assert torch.equal(own.bias, other.bias)

    def test_leaves_the_global_state_alone(self):
        before = torch.get_rng_state()
        mlp((2, 20, 1), generator=generator())
        tied_mlp(generator=generator())
        assert torch.equal(before, torch.get_rng_state())

    @pytest.mark.parametrize("fan_in", [1, 2, 5, 20])
    def test_uniform_on_the_stated_interval(self, fan_in):
        layer = mlp((fan_in, 20_000), generator=generator(1))[0]
        bound = 1 / math.sqrt(fan_in)
        for tensor in (layer.weight, layer.bias):
            values = tensor.detach().double()
            assert float(values.abs().max()) <= bound * (1 + 1e-6)
            assert float(values.abs().max()) > bound * 0.999
            assert abs(float(values.mean())) < 5 * bound / math.sqrt(3 * values.numel())
            assert float(values.var()) == pytest.approx(bound**2 / 3, rel=0.05)

    def test_structure_and_trainability(self):
        model = mlp((2, 5, 5, 1), generator=generator())
        kinds = [type(module).__name__ for module in model]
        assert kinds == ["Linear", "ReLU", "Linear", "ReLU", "Linear"]
        assert all(p.requires_grad and p.device.type == "cpu" for p in model.parameters())

    def test_dtype(self):
        model = mlp((2, 3, 1), generator=generator(), dtype=torch.float64)
        assert {p.dtype for p in model.parameters()} == {torch.float64}

    @pytest.mark.parametrize("widths", [(), (2,), (2, 0, 1), (2, -3, 1)])
    def test_rejects_bad_widths(self, widths):
        with pytest.raises(ValueError, match="widths"):
            mlp(widths, generator=generator())
        with pytest.raises(ValueError, match="widths"):
            parameter_count(widths)

    @pytest.mark.parametrize("widths", [(2, 2.0, 1), (2, True, 1), (2, "5", 1)])
    def test_rejects_what_is_no_width(self, widths):
        with pytest.raises(TypeError, match=r"widths\[1\]"):
            mlp(widths, generator=generator())

    @pytest.mark.parametrize("widths", [5, None])
    def test_rejects_what_is_no_sequence(self, widths):
        with pytest.raises(TypeError, match="widths is"):
            mlp(widths, generator=generator())
        with pytest.raises(TypeError, match="widths is"):
            parameter_count(widths)

    @pytest.mark.parametrize("dtype", [torch.int64, torch.complex64, "float64", float])
    def test_rejects_what_is_no_type(self, dtype):
        with pytest.raises(TypeError, match="dtype is"):
            mlp((2, 3, 1), generator=generator(), dtype=dtype)

    @pytest.mark.parametrize("bad", [None, 0, np.random.default_rng(0)])
    def test_rejects_what_is_no_generator(self, bad):
        with pytest.raises(TypeError, match="generator is"):
            mlp((2, 3, 1), generator=bad)
        with pytest.raises(TypeError, match="generator is"):
            tied_mlp(generator=bad)


class TestParameterCount:
    @quick
    @given(WIDTHS)
    def test_formula_agrees_with_model(self, widths):
        assert parameter_count(widths) == count_parameters(mlp(widths, generator=generator()))

    def test_the_sheet(self):
        assert parameter_count((2, 20, 1)) == 20 * 2 + 20 + 20 + 1 == 81
        assert parameter_count((2, 5, 5, 5, 5, 1)) == 15 + 3 * 30 + 6 == 111

    def test_tied_layers_count_once(self):
        model = tied_mlp(generator=generator())
        assert count_parameters(model) == 15 + 30 + 6 == 51
        read = layers(model)
        assert [W.shape for W, _ in read] == [(5, 2), (5, 5), (5, 5), (5, 5), (1, 5)]
        assert np.array_equal(read[1][0], read[2][0])
        assert np.array_equal(read[2][1], read[3][1])
        with torch.no_grad():
            model[2].weight[0, 0] = 7.0
        assert layers(model)[3][0][0, 0] == 7.0

    def test_untied_layers_are_independent(self):
        model = mlp((2, 5, 5, 5, 5, 1), generator=generator())
        with torch.no_grad():
            model[2].weight[0, 0] = 7.0
        assert layers(model)[3][0][0, 0] != 7.0

    @pytest.mark.parametrize("bad", [0, -1])
    def test_tied_rejects(self, bad):
        with pytest.raises(ValueError, match="width is"):
            tied_mlp(bad, generator=generator())
        with pytest.raises(ValueError, match="repeats is"):
            tied_mlp(5, bad, generator=generator())

    @pytest.mark.parametrize("bad", [3, None, lambda x: x])
    def test_counts_in_models_only(self, bad):
        with pytest.raises(TypeError, match="model is"):
            count_parameters(bad)


class TestLayers:
    @pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
    def test_exact(self, dtype):
        model = mlp((2, 4, 3), generator=generator()).to(dtype)
        for (W, b), layer in zip(layers(model), model[::2], strict=True):
            assert W.dtype == b.dtype == np.float64
            assert torch.equal(torch.from_numpy(W).to(dtype), layer.weight)
            assert torch.equal(torch.from_numpy(b).to(dtype), layer.bias)
            assert torch.equal(torch.from_numpy(W), layer.weight.double())

    def test_copies(self):
        model = network((2, 3, 1))
        layers(model)[0][0][:] = 0
        assert (layers(model)[0][0] != 0).all()

    def test_nested_and_without_bias(self):
        inner = nn.Sequential(nn.Linear(2, 3, bias=False), nn.ReLU())
        model = nn.Sequential(inner, nn.Sequential(nn.Linear(3, 1)))
        (W, b), (_, c) = layers(model)
        assert W.shape == (3, 2)
        assert b.tolist() == [0, 0, 0]
        assert c.shape == (1,)

    def test_single_linear(self):
        assert layers(nn.Linear(2, 1))[0][0].shape == (1, 2)

    @pytest.mark.parametrize(
        ("model", "message"),
        [
            (nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)), r"model\[1\] is a Tanh"),
            (nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)), r"model\[1\].*take turns"),
            (nn.Sequential(nn.ReLU(), nn.Linear(2, 1)), r"model\[0\].*take turns"),
            (
                nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.ReLU(), nn.Linear(3, 1)),
                r"model\[2\].*take turns",
            ),
            (nn.Sequential(nn.Linear(2, 3), nn.ReLU()), r"model\[1\] must be a Linear"),
            (nn.Sequential(), "model must be a Linear"),
            (nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(4, 1)), r"model\[2\] has 4"),
            (nn.Sequential(nn.Sequential(nn.Linear(2, 3), nn.GELU())), r"model\[0\]\[1\]"),
            (nn.Conv1d(1, 1, 1), "model is a Conv1d"),
        ],
    )
    def test_names_the_layer(self, model, message):
        with pytest.raises(ValueError, match=message):
            layers(model)

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    @pytest.mark.parametrize("part", ["weight", "bias"])
    def test_rejects_what_is_not_finite(self, part, value):
        model = network((2, 3, 1))
        with torch.no_grad():
            getattr(model[2], part).view(-1)[0] = value
        with pytest.raises(ValueError, match=rf"model\[2\]\.{part} must be finite"):
            layers(model)

    def test_rejects_what_computes_something_else(self):
        class Doubled(nn.Linear):
            def forward(self, x):
                return 2 * super().forward(x)

        class Minus(nn.ReLU):
            def forward(self, x):
                return -x

        class Skip(nn.Sequential):
            def forward(self, x):
                return super().forward(x) + x.sum()

        hooked = nn.Linear(2, 1)
        hooked.register_forward_hook(lambda module, inputs, output: 2 * output)
        for model, message in (
            (nn.Sequential(Doubled(2, 1)), r"model\[0\] is a Doubled"),
            (nn.Sequential(nn.Linear(2, 2), Minus(), nn.Linear(2, 1)), r"model\[1\] is a Minus"),
            (Skip(nn.Linear(2, 1)), "model is a Skip"),
            (nn.Sequential(hooked), r"model\[0\] has forward hooks"),
        ):
            with pytest.raises(ValueError, match=message):
                layers(model)

    def test_reads_a_parametrized_layer(self):
        layer = nn.utils.parametrizations.weight_norm(nn.Linear(2, 3))
        assert layers(layer)[0][0] == pytest.approx(layer.weight.detach().numpy())

    @pytest.mark.parametrize("part", ["weight", "bias"])
    def test_rejects_weights_that_do_not_fit_the_layer(self, part):
        model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
        wrong = torch.ones(4, 2) if part == "weight" else torch.ones(4)
        setattr(model[0], part, nn.Parameter(wrong))
        with pytest.raises(ValueError, match=r"model\[0\] has weights of shape"):
            layers(model)

    def test_rejects_an_empty_place(self):
        with pytest.raises(ValueError, match=r"model\[1\] is None"):
            layers(nn.Sequential(nn.Linear(2, 1), None))

    def test_rejects_what_is_no_model(self):
        with pytest.raises(TypeError, match="model is"):
            layers([1, 2])

    def test_rejects_complex(self):
        with pytest.raises(ValueError, match="real floats"):
            layers(nn.Linear(2, 1, dtype=torch.complex64))


class TestGrid:
    @quick
    @given(st.integers(2, 30), COORDINATES, st.floats(0.5, 100))
    def test_indexing(self, n, low, size):
        made = grid(low, low + size, n)
        assert made.shape == (n, n)
        assert made.points.shape == (n, n, 2)
        assert (made.points[..., 0] == made.x).all()
        assert (made.points[..., 1] == made.y[:, None]).all()
        assert made.x[0] == low
        assert made.x[-1] == low + size
        assert made.spacing == pytest.approx((size / (n - 1),) * 2, rel=1e-9)

    def test_rectangular(self):
        made = Grid(np.array([0.0, 1.0, 2.0]), np.array([5.0, 7.0]))
        assert made.shape == (2, 3)
        assert made.points[1, 2].tolist() == [2.0, 7.0]
        assert made.spacing == (1.0, 2.0)
        assert made.extent == (-0.5, 2.5, 4.0, 8.0)

    def test_the_600_grid_has_its_spacing(self):
        assert grid(-10, 10, 600).spacing == pytest.approx((20 / 599, 20 / 599))

    @pytest.mark.parametrize("low", [Fraction(0), np.float32(0), np.int8(0)])
    def test_is_float64_whatever_it_is_made_from(self, low):
        made = grid(low, Fraction(1, 2), np.int64(3))
        assert made.x.dtype == made.y.dtype == np.float64
        assert made.x.tolist() == [0, 0.25, 0.5]
        listed = Grid([0, 1, 2], np.array([3, 4], dtype=">i2"))
        assert listed.points.dtype == np.float64
        assert listed.points[1, 2].tolist() == [2, 4]

    @pytest.mark.parametrize("low", ["0", None, True, 1j, np.array([0.0])])
    def test_rejects_what_is_no_number(self, low):
        with pytest.raises(TypeError, match="low is"):
            grid(low, 2, 3)

    def test_rejects_what_no_float_can_hold(self):
        with pytest.raises(ValueError, match="high is"):
            grid(0, 10**400, 3)

    @pytest.mark.parametrize(
        ("axis", "message"),
        [
            ([0.0], "at least 2"),
            ([0.0, math.nan], "finite"),
            ([0.0, math.inf], "finite"),
            ([1.0, 0.0], "increase"),
            ([0.0, 1.0, 3.0], "equally spaced"),
            (np.ones((2, 2)), "one axis"),
        ],
    )
    def test_rejects_bad_axes(self, axis, message):
        with pytest.raises(ValueError, match=rf"x .*{message}"):
            Grid(axis, np.array([0.0, 1.0]))
        with pytest.raises(ValueError, match=rf"y .*{message}"):
            Grid(np.array([0.0, 1.0]), axis)

    @quick
    @given(st.floats(-1e300, 1e300), st.floats(1e-300, 1e300), st.integers(2, 2000))
    def test_what_is_made_is_equally_spaced(self, low, size, n):
        assume((np.diff(np.linspace(low, low + size, n)) > 0).all())
        assert len(grid(low, low + size, n).x) == n

    def test_compares_by_identity(self):
        square = grid(0, 1, 3)
        assert square == square
        assert square != grid(0, 1, 3)

    @pytest.mark.parametrize("n", [1, 0, -5])
    def test_rejects_too_few(self, n):
        with pytest.raises(ValueError, match="n is"):
            grid(0, 1, n)

    @pytest.mark.parametrize("n", [2.5, True, "3"])
    def test_rejects_what_is_no_number_of_points(self, n):
        with pytest.raises(TypeError, match="n is"):
            grid(0, 1, n)

    @pytest.mark.parametrize(
        ("low", "high"),
        [(1, 1), (2, 1), (math.nan, 1), (0, math.inf), (-1e308, 1.1e308), (1, 1 + 2**-52)],
    )
    def test_rejects_bad_ranges(self, low, high):
        with pytest.raises(ValueError, match=r"low|high|points for float64"):
            grid(low, high, 10)


class TestEvaluate:
    @quick
    @given(PLANE_WIDTHS, SEEDS, st.lists(st.tuples(COORDINATES, COORDINATES), max_size=4))
    def test_agrees_with_fractions(self, widths, seed, points):
        model = network(widths, seed)
        points = np.array(points).reshape(-1, 2)
        expected = [float(exact_forward(model, point)[1][0]) for point in points]
        got = evaluate(model, points)
        assert got.dtype == np.float64
        assert got == pytest.approx(np.array(expected), rel=1e-12, abs=1e-12)

    def test_grid_orientation(self):
        model = from_layers(([[1.0, 100.0]], [0.0]))
        made = grid(0, 2, 3)
        assert evaluate(model, made).tolist() == [[0, 1, 2], [100, 101, 102], [200, 201, 202]]

    def test_keeps_the_type(self):
        model = mlp((2, 4, 1), generator=generator())
        assert evaluate(model, [[0, 1]]).dtype == np.float32
        assert exact_gradient(model, [[0, 1]]).dtype == np.float32

    @pytest.mark.parametrize("shape", [(2,), (0, 2), (3, 2), (2, 0, 4, 2)])
    def test_shapes(self, shape):
        model = network((2, 4, 3, 1))
        points = np.ones(shape)
        assert evaluate(model, points).shape == shape[:-1]
        assert exact_gradient(model, points).shape == shape
        assert activation_pattern(model, points).shape == (*shape[:-1], 7)
        values, bounds = preactivations(model, points)
        assert values.shape == bounds.shape == (*shape[:-1], 7)

    def test_any_memory_layout(self):
        model = network((2, 4, 1))
        points = np.arange(12.0).reshape(6, 2)
        expected = evaluate(model, points)
        frozen = points.copy()
        frozen.flags.writeable = False
        for other in (frozen, points.astype(">f8"), points.astype(int), np.asfortranarray(points)):
            assert np.array_equal(evaluate(model, other), expected)
        assert np.array_equal(evaluate(model, points[::-2]), expected[::-2])
        assert np.array_equal(evaluate(model, points.tolist()), expected)

    def test_chunks_change_nothing(self, monkeypatch):
        model, made = network((2, 5, 5, 1)), grid(-3, 3, 9)
        whole = (
            evaluate(model, made),
            exact_gradient(model, made),
            activation_pattern(model, made),
            count_patterns(model, made),
        )
        monkeypatch.setattr(room, "_CHUNK", 7)
        assert evaluate(model, made) == pytest.approx(whole[0], rel=1e-13)
        assert exact_gradient(model, made) == pytest.approx(whole[1], rel=1e-13)
        assert np.array_equal(activation_pattern(model, made), whole[2])
        assert count_patterns(model, made) == whole[3]

    @pytest.mark.parametrize("call", [evaluate, exact_gradient, activation_pattern, count_patterns])
    @pytest.mark.parametrize(
        ("points", "error"),
        [
            ([[math.nan, 0]], ValueError),
            ([[math.inf, 0]], ValueError),
            ([[1, 2, 3]], ValueError),
            (1.0, ValueError),
            ([[1j, 0]], TypeError),
            ([["a", "b"]], TypeError),
            ([[True, False]], TypeError),
        ],
    )
    def test_rejects_bad_points(self, call, points, error):
        with pytest.raises(error, match="points"):
            call(network((2, 3, 1)), points)

    @pytest.mark.parametrize("call", [evaluate, exact_gradient])
    def test_rejects_several_outputs(self, call):
        with pytest.raises(ValueError, match="must give one number a point"):
            call(network((2, 3, 2)), [[0.0, 0.0]])

    @pytest.mark.parametrize("call", [evaluate, exact_gradient])
    @pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
    def test_rejects_points_beyond_the_models_type(self, call, dtype):
        model = mlp((2, 3, 1), generator=generator(), dtype=dtype)
        with pytest.raises(ValueError, match="points reach 1e"):
            call(model, [[0.0, 1e300]])

    @pytest.mark.skipif(np.finfo(np.longdouble).max == np.finfo(float).max, reason="no wide type")
    def test_rejects_points_beyond_float64(self):
        wide = np.array([["1e400", "0"]], dtype=np.longdouble)
        with pytest.raises(ValueError, match="points must be finite in float64"):
            evaluate(network((2, 3, 1)), wide)

    def test_bfloat16_comes_back_in_float32(self):
        model = mlp((2, 3, 1), generator=generator(), dtype=torch.bfloat16)
        x = torch.tensor([[1.0, 2.0]], dtype=torch.bfloat16)
        assert evaluate(model, [[1, 2]]).tolist() == model(x).float().flatten().tolist()
        assert exact_gradient(model, [[1, 2]]).dtype == np.float32

    @pytest.mark.parametrize("call", [evaluate, exact_gradient])
    def test_rejects_other_models(self, call):
        with pytest.raises(ValueError, match=r"model fails on inputs of shape \(1, 2\)"):
            call(network((3, 4, 1)), [[0.0, 0.0]])
        with pytest.raises(ValueError, match="real floats"):
            call(nn.Linear(2, 1, dtype=torch.complex64), [[0.0, 0.0]])
        with pytest.raises(TypeError, match="model is"):
            call(None, [[0.0, 0.0]])

    def test_rejects_a_model_without_parameters(self):
        with pytest.raises(ValueError, match="no parameters"):
            evaluate(nn.ReLU(), [[0.0, 0.0]])

    @pytest.mark.parametrize("call", [activation_pattern, count_patterns, preactivations])
    def test_patterns_need_two_inputs(self, call):
        with pytest.raises(ValueError, match="model has 3 inputs"):
            call(network((3, 4, 1)), [[0.0, 0.0]])


class TestGradients:
    @quick
    @given(PLANE_WIDTHS, SEEDS, st.tuples(COORDINATES, COORDINATES))
    def test_chain_rule(self, widths, seed, point):
        """The gradient is the product of the weights, with the rows of silent neurons at 0."""
        model = network(widths, seed)
        on = activation_pattern(model, point)
        product = np.eye(2)
        for W, _ in layers(model)[:-1]:
            product = np.where(on[: len(W), None], W @ product, 0)
            on = on[len(W) :]
        expected = (layers(model)[-1][0] @ product)[0]
        assert exact_gradient(model, point) == pytest.approx(expected, rel=1e-12, abs=1e-15)

    def test_works_without_grad_mode_and_leaves_no_gradients(self):
        model = network((2, 4, 1))
        with torch.no_grad():
            assert exact_gradient(model, [[1.0, 2.0]]).shape == (1, 2)
        assert all(parameter.grad is None for parameter in model.parameters())

    def test_silent_at_the_fold(self):
        model = from_layers(([[1.0, 0.0]], [0.0]), ([[2.0]], [0.0]))
        points = [[-1.0, 0.0], [0.0, 0.0], [1.0, 0.0]]
        assert exact_gradient(model, points).tolist() == [[0, 0], [0, 0], [2, 0]]

    def test_order_and_spacing(self):
        made = Grid(np.linspace(0, 1, 5), np.linspace(0, 6, 4))
        values = 3 * made.points[..., 0] - 2 * made.points[..., 1]
        got = numerical_gradient(values, made.x, made.y)
        assert got[..., 0] == pytest.approx(3)
        assert got[..., 1] == pytest.approx(-2)

    def test_is_numpys(self):
        rng = np.random.default_rng(0)
        values, x, y = rng.normal(size=(4, 6)), np.arange(6.0) / 7, np.arange(4.0) * 3
        along_y, along_x = np.gradient(values, 3.0, 1 / 7)
        got = numerical_gradient(values, x, y)
        assert got[..., 0] == pytest.approx(along_x, rel=1e-12)
        assert got[..., 1] == pytest.approx(along_y, rel=1e-12)

    @quick
    @given(PLANE_WIDTHS, SEEDS, st.floats(0.5, 20))
    def test_differences_are_exact_where_both_neighbours_share_the_pattern(
        self, widths, seed, half
    ):
        model, made = network(widths, seed), grid(-half, half, 13)
        labels = pattern_labels(activation_pattern(model, made))
        values = evaluate(model, made)
        error = np.abs(numerical_gradient(values, made.x, made.y) - exact_gradient(model, made))
        tolerance = 1e-11 * (1 + np.abs(values).max())
        assert (error[:, 1:-1, 0][labels[:, 2:] == labels[:, :-2]] < tolerance).all()
        assert (error[1:-1, :, 1][labels[2:] == labels[:-2]] < tolerance).all()

    @quick
    @given(st.floats(-0.9, 0.9), st.floats(-3, 3))
    def test_one_fold_costs_at_most_half_the_jump(self, fold, jump):
        model = from_layers(([[1.0, 0.0]], [-fold]), ([[jump]], [0.0]))
        made = grid(-1, 1, 11)
        along_x = numerical_gradient(evaluate(model, made), made.x, made.y)[0, 1:-1, 0]
        error = np.abs(along_x - exact_gradient(model, made)[0, 1:-1, 0])
        on_a_point = np.abs(made.x[1:-1] - fold) < 1e-9
        assert (error[~on_a_point] <= abs(jump) / 2 + 1e-9).all()
        assert (error > 1e-9).sum() <= 2

    @pytest.mark.parametrize(
        ("values", "x", "y", "message"),
        [
            (np.ones((2, 3)), [0, 1], [0, 1, 2], "values has shape"),
            (np.ones(3), [0, 1, 2], [0, 1], "values has shape"),
            (np.ones((2, 2)), [[0, 1]], [0, 1], "x has shape"),
            (np.ones((1, 2)), [0, 1], [0], "y has 1"),
            (np.ones((2, 1)), [0], [0, 1], "x has 1"),
            (np.ones((2, 2)), [0, 0], [0, 1], "x must increase"),
            (np.ones((2, 2)), [0, 1], [1, 0], "y must increase"),
            (np.ones((2, 2)), [0, math.nan], [0, 1], "x must be finite"),
            (np.ones((2, 2)), [0, 1], [0, math.inf], "y must be finite"),
            (np.ones((2, 2)), np.array([1, 0], dtype=np.uint8), [0, 1], "x must increase"),
        ],
    )
    def test_rejects(self, values, x, y, message):
        with pytest.raises(ValueError, match=message):
            numerical_gradient(values, x, y)

    @pytest.mark.parametrize("values", [np.eye(2, dtype=bool), [["a", "b"]] * 2, np.eye(2) * 1j])
    def test_rejects_what_is_no_image(self, values):
        with pytest.raises(TypeError, match="values has dtype"):
            numerical_gradient(values, [0, 1], [0, 1])

    def test_a_model_that_ignores_its_input_has_gradient_zero(self):
        class Constant(nn.Module):
            def __init__(self):
                super().__init__()
                self.level = nn.Parameter(torch.ones(1))

            def forward(self, x):
                return self.level.expand(len(x), 1)

        assert exact_gradient(Constant(), [[1.0, 2.0]]).tolist() == [[0, 0]]


class TestPatterns:
    @quick
    @given(PLANE_WIDTHS, SEEDS, st.tuples(COORDINATES, COORDINATES))
    def test_bounds_hold(self, widths, seed, point):
        model = network(widths, seed)
        values, bounds = preactivations(model, point)
        exact, _ = exact_forward(model, point)
        for value, bound, true in zip(values.tolist(), bounds.tolist(), exact, strict=True):
            assert abs(Fraction(value) - true) <= Fraction(bound)

    @quick
    @given(
        st.lists(st.floats(-1, 1), min_size=12, max_size=12),
        st.integers(-60, 60),
        st.tuples(COORDINATES, COORDINATES),
    )
    def test_bounds_hold_under_cancellation(self, numbers, exponent, point):
        scale = 2.0**exponent
        W = np.array(numbers[:4]).reshape(2, 2) * scale
        b = -(W @ np.array(point))
        V = np.array(numbers[4:8]).reshape(2, 2)
        model = from_layers((W, b), (V, numbers[8:10]), ([numbers[10:]], [0.0]))
        values, bounds = preactivations(model, point)
        exact, _ = exact_forward(model, point)
        for value, bound, true in zip(values.tolist(), bounds.tolist(), exact, strict=True):
            assert abs(Fraction(value) - true) <= Fraction(bound)

    def test_nothing_is_claimed_after_overflow(self):
        model = from_layers(
            ([[1e300, 1e300], [1e300, -1e300]], [0.0, 0.0]),
            ([[1.0, -1.0]], [0.0]),
            ([[1.0]], [0.0]),
        )
        assert count_patterns(model, [[1e300, 1e299]]) == 0

    def test_a_point_on_a_fold_does_not_count(self):
        model = from_layers(([[1.0, 0.0], [-1.0, 0.0]], [0.0, 0.0]), ([[1.0, 1.0]], [0.0]))
        assert not activation_pattern(model, [0.0, 0.0]).any()
        assert count_patterns(model, [[0.0, 0.0]]) == 0
        assert count_patterns(model, grid(-1, 1, 3)) == 2

    @quick
    @given(st.integers(1, 8), SEEDS, st.floats(0.5, 30))
    def test_never_more_than_the_regions(self, width, seed, half):
        model = network((2, width, 1), seed)
        W, b = layers(model)[0]
        # A grid includes the sides of its box, and the regions are counted in the open box.
        box = ((-2 * half, -2 * half), (2 * half, 2 * half))
        assert count_patterns(model, grid(-half, half, 25)) <= lines.count_activation_regions(
            W, b, box
        )

    def test_sees_all_regions_when_they_are_large(self):
        model = from_layers(
            ([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [0.1, 0.2, -0.9]), ([[1.0] * 3], [0.0])
        )
        W, b = layers(model)[0]
        assert count_patterns(model, grid(-3, 3, 60)) == lines.count_activation_regions(W, b) == 7

    def test_nested_grids_never_lose_a_pattern(self):
        model = network((2, 5, 5, 5, 5, 1))
        seen = [count_patterns(model, grid(-10, 10, n)) for n in (6, 11, 21, 41, 81)]
        assert seen == sorted(seen)
        assert seen[0] < seen[-1]

    def test_agrees_with_the_patterns(self):
        model, made = network((2, 9, 9, 1)), grid(-5, 5, 40)
        rows = {row.tobytes() for row in activation_pattern(model, made).reshape(-1, 18)}
        assert count_patterns(model, made) == len(rows)
        assert pattern_labels(activation_pattern(model, made)).max() == len(rows) - 1

    def test_without_hidden_neurons_there_is_one_pattern(self):
        model = network((2, 1))
        assert activation_pattern(model, grid(0, 1, 3)).shape == (3, 3, 0)
        assert count_patterns(model, grid(0, 1, 3)) == 1
        assert not pattern_labels(activation_pattern(model, grid(0, 1, 3))).any()

    @quick
    @given(st.lists(st.lists(st.booleans(), min_size=10, max_size=10), max_size=20))
    def test_labels(self, rows):
        table = np.array(rows, dtype=bool).reshape(-1, 10)
        labels = pattern_labels(table)
        assert labels.shape == (len(rows),)
        for i, first in enumerate(rows):
            for j, second in enumerate(rows):
                assert (labels[i] == labels[j]) == (first == second)
        assert list(dict.fromkeys(labels.tolist())) == list(range(len(set(labels.tolist()))))

    def test_labels_reject(self):
        with pytest.raises(TypeError, match="patterns"):
            pattern_labels([[0, 1]])
        with pytest.raises(ValueError, match="patterns"):
            pattern_labels(np.True_)

    def test_results_do_not_depend_on_the_number_of_threads(self):
        model, made = network((2, 20, 1)), grid(-10, 10, 64)
        threads = torch.get_num_threads()
        try:
            results = []
            for number in (1, 2):
                torch.set_num_threads(number)
                results.append((evaluate(model, made), exact_gradient(model, made)))
        finally:
            torch.set_num_threads(threads)
        assert np.array_equal(results[0][0], results[1][0])
        assert np.array_equal(results[0][1], results[1][1])


class TestSampleNetworks:
    @pytest.mark.parametrize("widths", [(2, 1), (2, 6, 1), (2, 3, 4, 2)])
    def test_layers_of_each_draw(self, widths):
        seeds = [3, 4, 2**32]
        stacked = sample_networks(widths, iter(seeds))
        assert len(stacked) == len(widths) - 1
        for k, seed in enumerate(seeds):
            model = mlp(widths, generator=generator(seed))
            for (W, b), (expected_W, expected_b) in zip(stacked, layers(model), strict=True):
                assert W.dtype == b.dtype == np.float64
                assert np.array_equal(W[k], expected_W)
                assert np.array_equal(b[k], expected_b)

    def test_leaves_the_global_random_state_alone(self):
        before = torch.get_rng_state()
        sample_networks((2, 3, 1), np.array([1, 2]))
        assert torch.equal(torch.get_rng_state(), before)

    @pytest.mark.parametrize("seed", [1.5, True, "1"])
    def test_rejects_what_is_no_seed(self, seed):
        with pytest.raises(TypeError, match=r"seeds\[1\]"):
            sample_networks((2, 3, 1), [0, seed])

    def test_rejects_none(self):
        with pytest.raises(ValueError, match="seeds is empty"):
            sample_networks((2, 3, 1), [])

    def test_rejects_widths(self):
        with pytest.raises(ValueError, match=r"widths\[1\]"):
            sample_networks((2, 0, 1), [0])
