"""Networks are read without rounding, or refused by a message that names the layer."""

import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch import nn

from activations.mlp import layers, mlp
from activations.regions.network import exact_floats, read_network, read_networks

GOOD = [(np.ones((3, 2)), np.zeros(3)), (np.ones((1, 3)), np.zeros(1))]


def with_layer(index, W, b):
    """Put another layer into a sound network."""
    return [(W, b) if n == index else layer for n, layer in enumerate(GOOD)]


numbers = hnp.arrays(
    st.sampled_from(["<f8", ">f8", "<f4", ">f4", "<f2", "<i8", ">i4", "<u8", "|u1", "|i1"]),
    hnp.array_shapes(max_dims=3, max_side=3, min_side=0),
)


@settings(deadline=None)
@given(numbers)
def test_numbers_are_taken_exactly_or_refused(values):
    entries = values.ravel().tolist()
    if all(np.isfinite(entry) and Fraction(float(entry)) == entry for entry in entries):
        exact = exact_floats("x", values)
        assert exact.dtype == np.dtype(np.float64)
        assert exact.shape == values.shape
        assert exact.ravel().tolist() == entries
        assert exact.flags.c_contiguous
        assert exact.flags.owndata or exact.base.flags.owndata
        assert not np.shares_memory(exact, values)
        assert exact_floats("x", values[..., ::-1]).tolist() == values[..., ::-1].tolist()
        assert exact_floats("x", values.astype(object)).tolist() == exact.tolist()
        if values.size:
            assert exact_floats("x", values.tolist()).tolist() == exact.tolist()
    else:
        with pytest.raises(ValueError, match=r"^x "):
            exact_floats("x", values)


@pytest.mark.parametrize(
    ("values", "exact"),
    [
        ([2**60, 0.5], [2.0**60, 0.5]),
        ([2**1000], [2.0**1000]),
        ([-0.0], [-0.0]),
        (Fraction(-7, 8), -0.875),
        (Decimal("0.125"), 0.125),
        ([np.float32(0.1), np.int8(3)], [0.10000000149011612, 3.0]),
        ([5e-324], [5e-324]),
        (np.array([2**63], dtype=np.uint64), [2.0**63]),
        (np.array([-(2**63)]), [-(2.0**63)]),
        (torch.tensor([0.1]), [0.10000000149011612]),
    ],
)
def test_numbers_of_every_kind(values, exact):
    found = exact_floats("x", values)
    assert found.tolist() == exact
    assert np.signbit(found).tolist() == np.signbit(exact).tolist()


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ([2**60 + 1, 0.5], ValueError),
        ([2**1024], ValueError),
        (np.array([2**53 + 1]), ValueError),
        (np.array([2**64 - 1], dtype=np.uint64), ValueError),
        (np.array([-(2**63) + 1]), ValueError),
        ([Fraction(1, 3)], ValueError),
        ([Decimal("0.1")], ValueError),
        ([Decimal("nan")], ValueError),
        ([Decimal("inf")], ValueError),
        ([float("nan")], ValueError),
        ([np.array([1, 2]), np.array([1, 2, 3])], TypeError),
        ([[1, 2], [3]], TypeError),
        ([True], TypeError),
        ([[1.0, np.True_]], TypeError),
        (np.array([1j]), TypeError),
        ([1 + 0j], TypeError),
        (["1"], TypeError),
        (np.array(["1"]), TypeError),
        (None, TypeError),
        (np.array(["2020"], dtype="datetime64[Y]"), TypeError),
        (np.ma.array([1.0, 2.0], mask=[True, False]), TypeError),
        (torch.tensor([1.0], requires_grad=True), ValueError),
    ],
)
def test_other_numbers_are_refused(values, error):
    with pytest.raises(error, match=r"^x "):
        exact_floats("x", values)


@pytest.mark.skipif(np.finfo(np.longdouble).nmant <= 52, reason="no wider float here")
def test_wide_floats_are_refused_where_they_would_be_rounded():
    assert exact_floats("x", np.array([0.5], dtype=np.longdouble)).tolist() == [0.5]
    third, huge = np.longdouble(1) / 3, np.longdouble(2) ** 2000
    for value in (third, huge):
        for values in ([value], np.array([value])):
            with pytest.raises(ValueError, match=r"^x holds .*, which no float64 is"):
                exact_floats("x", values)
    with pytest.raises(ValueError, match=r"^x must be finite"):
        exact_floats("x", np.array([np.inf, np.nan], dtype=np.longdouble))


def test_a_list_of_layers_is_copied():
    found = read_network(GOOD)
    assert [(W.shape, b.shape) for W, b in found] == [((3, 2), (3,)), ((1, 3), (1,))]
    for (W, b), (V, c) in zip(found, GOOD, strict=True):
        assert W.tolist() == V.tolist()
        assert b.tolist() == c.tolist()
        assert not np.shares_memory(W, V)
        assert not np.shares_memory(b, c)
        assert W.flags.writeable
    assert len(read_network(tuple(GOOD))) == 2
    assert len(read_network([[np.ones((1, 2)), [0]]])) == 1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
def test_a_torch_module_is_read_exactly(dtype):
    model = mlp((2, 4, 3, 2), generator=torch.Generator().manual_seed(0)).to(dtype)
    nested = nn.Sequential(nn.Sequential(model[0], model[1]), model[2], model[3], model[4])
    for network in (model, nested):
        for (W, b), (V, c) in zip(read_network(network), layers(model), strict=True):
            assert W.tolist() == V.tolist()
            assert b.tolist() == c.tolist()
    assert read_network(nn.Linear(2, 3, bias=False))[0][1].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("network", "error", "message"),
    [
        (None, TypeError, "network is a NoneType"),
        ("abc", TypeError, "network is a str"),
        (iter(GOOD), TypeError, "network is a .*iterator"),
        ({"W": 1}, TypeError, "network is a dict"),
        (np.ones((2, 2, 2)), TypeError, "network is a ndarray"),
        ([], ValueError, "network has no layers"),
        (GOOD[0], TypeError, r"network\[0\] is a ndarray, but must be a pair"),
        (([[1, 2], [3, 4]], [0, 0]), ValueError, r"network\[0\] has weights of shape \(2,\)"),
        ([GOOD[0], (GOOD[1][0],)], TypeError, r"network\[1\] is a tuple, but must be a pair"),
        (with_layer(0, np.ones((3, 3)), np.zeros(3)), ValueError, r"network\[0\] .* 2 columns"),
        (with_layer(1, np.ones((1, 2)), [0]), ValueError, r"network\[1\] .* 3 columns: network\[0"),
        (with_layer(1, np.ones((1, 3)), [0, 0]), ValueError, r"network\[1\] has biases of shape"),
        (with_layer(1, np.ones((1, 3)), 0), ValueError, r"network\[1\] has biases of shape \(\)"),
        (with_layer(1, np.ones(3), [0]), ValueError, r"network\[1\] has weights of shape \(3,\)"),
        (with_layer(1, np.ones((0, 3)), []), ValueError, r"network\[1\] .* must not be empty"),
        ([(np.ones((0, 2)), np.zeros(0))], ValueError, r"network\[0\] .* must not be empty"),
        (with_layer(1, [[1, np.nan, 1]], [0]), ValueError, r"weights of network\[1\] must be fin"),
        (with_layer(1, [[1, 1, 1]], [np.inf]), ValueError, r"biases of network\[1\] must be fini"),
        (with_layer(1, [[1, 1, True]], [0]), TypeError, r"weights of network\[1\] holds True"),
        (with_layer(0, np.ones((3, 2)) * 1j, [0] * 3), TypeError, r"network\[0\] has dtype compl"),
        (with_layer(1, [[1, 1, 2**53 + 1]], [0]), ValueError, r"network\[1\] holds 90071992547"),
        (nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)), ValueError, "Tanh"),
        (nn.Sequential(nn.Linear(3, 1)), ValueError, "linear layer 0 of network .* 2 columns"),
        (nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(4, 1)), ValueError, r"model\[2\]"),
    ],
)
def test_what_is_no_network_is_refused(network, error, message):
    with pytest.raises(error, match=message):
        read_network(network)


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
def test_an_empty_torch_layer_is_refused():
    model = nn.Sequential(nn.Linear(2, 0), nn.ReLU(), nn.Linear(0, 1))
    with pytest.raises(ValueError, match=r"linear layer 0 of network .* must not be empty"):
        read_network(model)


def test_many_networks_are_read_at_once():
    stacked = [(np.ones((5, 3, 2)), np.zeros((5, 3))), (np.ones((5, 1, 3)), np.zeros((5, 1)))]
    assert [W.shape for W, _ in read_networks(stacked)] == [(5, 3, 2), (5, 1, 3)]
    for network, error, message in [
        (GOOD, ValueError, r"network\[0\] .* must have \(B, out, in\)"),
        ([stacked[0], (np.ones((4, 1, 3)), np.zeros((4, 1)))], ValueError, "for 4 networks"),
        ([stacked[0], (np.ones((5, 1, 3)), np.zeros((4, 1)))], ValueError, "biases of shape"),
        ([(np.ones((0, 3, 2)), np.zeros((0, 3)))], ValueError, "must not be empty"),
        ([(np.ones((5, 3, 3)), np.zeros((5, 3)))], ValueError, "2 columns"),
        (nn.Linear(2, 1), TypeError, "network is a Linear"),
        ([], ValueError, "no layers"),
    ]:
        with pytest.raises(error, match=message):
            read_networks(network)


def test_reading_a_list_does_not_load_torch():
    code = (
        "import sys; from activations.regions.network import read_network;"
        "read_network([([[1, 2]], [3])]); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
