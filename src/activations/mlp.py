r"""Multilayer perceptrons with ReLU: built, drawn at random, and looked at on grids.

A network here is a torch module of `torch.nn.Linear` and `torch.nn.ReLU`, alternating, the last
layer linear:

.. math::

    \mathbf{a}_0 = \mathbf{x}, \qquad
    \mathbf{a}_{l+1} = \mathrm{ReLU}(\mathbf{W}_l \mathbf{a}_l + \mathbf{b}_l), \qquad
    \mathbf{y} = \mathbf{W}_H \mathbf{a}_H + \mathbf{b}_H.

Points carry their coordinates in the last axis, and images of a grid carry y in their rows and x
in their columns.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from activations._arguments import integer, network_widths

__all__ = [
    "Grid",
    "activation_pattern",
    "count_parameters",
    "count_patterns",
    "evaluate",
    "exact_gradient",
    "grid",
    "layers",
    "mlp",
    "numerical_gradient",
    "parameter_count",
    "pattern_labels",
    "preactivations",
    "sample_networks",
    "tied_mlp",
]

FloatArray = npt.NDArray[np.float64]

# Points that are handled at once: large enough to be quick, small enough to stay in memory.
_CHUNK = 2**18
_UNIT = 2.0**-53


# Building networks


def _real(name: str, value: float) -> float:
    """Return a finite real number as a float, or say what is none."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} is {value!r}, but must be a real number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{name} is {value!r}, but must be finite")
    return number


def _linear(
    fan_in: int, fan_out: int, generator: torch.Generator, dtype: torch.dtype | None
) -> nn.Linear:
    """Make a linear layer with PyTorch's default initialisation, drawn from `generator`."""
    if not isinstance(generator, torch.Generator):
        raise TypeError(f"generator is {generator!r}, but must be a torch.Generator")
    if dtype is not None and not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
        raise TypeError(f"dtype is {dtype!r}, but must be a real floating-point type of torch")
    # On the meta device the constructor draws nothing from the global random state.
    empty = nn.Linear(fan_in, fan_out, dtype=dtype, device="meta")
    layer = empty.to_empty(device=generator.device)
    nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=generator)
    bound = 1 / math.sqrt(fan_in)
    nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return layer


def mlp(
    widths: Sequence[int], *, generator: torch.Generator, dtype: torch.dtype | None = None
) -> nn.Sequential:
    r"""Make a multilayer perceptron with PyTorch's default initialisation.

    Parameters
    ----------
    widths : sequence of int
        The number of inputs, the widths of the hidden layers, the number of outputs:
        (2, 20, 1) is the shallow network of the exercise, (2, 5, 5, 5, 5, 1) the deep one.
    generator : torch.Generator
        Where the weights come from; the global random state of torch is not touched.
    dtype : torch.dtype, optional
        The type of the weights, torch's default type if left out.

    Returns
    -------
    torch.nn.Sequential
        Linear layers with ReLU between them; the last layer is linear.

    Raises
    ------
    TypeError
        If a width is not an integer, `generator` is no torch generator, or `dtype` is no
        real floating-point type.
    ValueError
        If a width is not positive or there are fewer than two of them.

    Notes
    -----
    `torch.nn.Linear` draws its weights by ``kaiming_uniform_`` with a = sqrt(5).
    Its bound is :math:`\sqrt{2/(1+a^2)}\,\sqrt{3/n_{in}} = 1/\sqrt{n_{in}}`, so weights and biases
    alike are uniform on :math:`[-1/\sqrt{n_{in}}, 1/\sqrt{n_{in}}]`.
    With a generator in the state that ``torch.manual_seed(s)`` gives the global one, the weights
    are bit for bit those of `torch.nn.Linear`.

    References
    ----------
    K. He, X. Zhang, S. Ren, J. Sun, Delving deep into rectifiers, ICCV 2015.

    Examples
    --------
    >>> import torch
    >>> from activations.mlp import count_parameters, mlp
    >>> shallow = mlp((2, 20, 1), generator=torch.Generator().manual_seed(0))
    >>> shallow
    Sequential(
      (0): Linear(in_features=2, out_features=20, bias=True)
      (1): ReLU()
      (2): Linear(in_features=20, out_features=1, bias=True)
    )
    >>> count_parameters(shallow)
    81
    """
    sizes = network_widths(widths)
    modules: list[nn.Module] = []
    for fan_in, fan_out in pairwise(sizes):
        modules += [_linear(fan_in, fan_out, generator, dtype), nn.ReLU()]
    return nn.Sequential(*modules[:-1])


def tied_mlp(width: int = 5, repeats: int = 3, *, generator: torch.Generator) -> nn.Sequential:
    """Make a network that uses one hidden layer several times, as a warning.

    Parameters
    ----------
    width : int
        The width of all hidden layers.
    repeats : int
        How often the one linear layer between hidden layers is used.
    generator : torch.Generator
        Where the weights come from.

    Returns
    -------
    torch.nn.Sequential
        A network with two inputs, ``repeats + 1`` hidden layers and one output.

    Notes
    -----
    It has the shape of ``mlp((2, 5, 5, 5, 5, 1))`` but is another model: a layer that appears
    three times is one layer, and its weights count once.

    Examples
    --------
    >>> import torch
    >>> from activations.mlp import count_parameters, tied_mlp
    >>> count_parameters(tied_mlp(generator=torch.Generator().manual_seed(0)))
    51
    """
    width, repeats = integer("width", width, 1), integer("repeats", repeats, 1)
    first = _linear(2, width, generator, None)
    hidden = _linear(width, width, generator, None)
    last = _linear(width, 1, generator, None)
    modules: list[nn.Module] = [first, nn.ReLU()]
    for _ in range(repeats):
        modules += [hidden, nn.ReLU()]
    return nn.Sequential(*modules, last)


def parameter_count(widths: Sequence[int]) -> int:
    r"""Count the weights and biases of a multilayer perceptron by the formula.

    Parameters
    ----------
    widths : sequence of int
        The number of inputs, the widths of the hidden layers, the number of outputs.

    Returns
    -------
    int
        :math:`\sum_{l \ge 1} n_l (n_{l-1} + 1)`.

    See Also
    --------
    count_parameters : The same number, counted in a model.

    Examples
    --------
    >>> from activations.mlp import parameter_count
    >>> parameter_count((2, 20, 1)), parameter_count((2, 5, 5, 5, 5, 1))
    (81, 111)
    """
    sizes = network_widths(widths)
    return sum(n * (m + 1) for m, n in pairwise(sizes))


def count_parameters(model: nn.Module) -> int:
    """Count the weights and biases that a model has.

    Parameters
    ----------
    model : torch.nn.Module
        Any torch model.

    Returns
    -------
    int
        The number of its parameters; what is shared between layers counts once.

    See Also
    --------
    parameter_count : The formula for a multilayer perceptron.

    Examples
    --------
    >>> import torch
    >>> from activations.mlp import count_parameters
    >>> count_parameters(torch.nn.Linear(20, 1))
    21
    """
    return sum(parameter.numel() for parameter in _module(model).parameters())


# Reading networks


def _module(model: nn.Module) -> nn.Module:
    if not isinstance(model, nn.Module):
        raise TypeError(f"model is {model!r}, but must be a torch.nn.Module")
    return model


def _check_computes_as_named(name: str, module: nn.Module, kind: type[nn.Module]) -> None:
    """Refuse a subclass or a hook that may compute something other than `kind` does."""
    if type(module).forward is not kind.forward:
        raise ValueError(
            f"{name} is a {type(module).__name__} with a forward of its own, "
            f"but must compute what a {kind.__name__} does"
        )
    if module._forward_hooks or module._forward_pre_hooks:
        raise ValueError(f"{name} has forward hooks, which may change what it computes")


def _leaves(module: nn.Module, name: str) -> Iterator[tuple[str, nn.Module]]:
    """Walk through nested Sequential modules in the order in which they are applied."""
    if isinstance(module, nn.Sequential):
        _check_computes_as_named(name, module, nn.Sequential)
        for key, child in module._modules.items():
            if child is None:
                raise ValueError(f"{name}[{key}] is None, but must be Linear or ReLU")
            yield from _leaves(child, f"{name}[{key}]")
    else:
        yield name, module


def _read_linear(name: str, layer: nn.Linear) -> tuple[FloatArray, FloatArray]:
    """Return the weights and biases of one layer in float64, without rounding."""
    parts = []
    bias = layer.weight.new_zeros(layer.out_features) if layer.bias is None else layer.bias
    for part, tensor in (("weight", layer.weight), ("bias", bias)):
        if not tensor.is_floating_point():
            raise ValueError(f"{name}.{part} has dtype {tensor.dtype}, but must be real floats")
        values = tensor.detach().to(device="cpu", dtype=torch.float64, copy=True).numpy()
        if not np.isfinite(values).all():
            raise ValueError(f"{name}.{part} must be finite, but holds a NaN or an infinity")
        parts.append(values)
    W, b = parts
    expected = (layer.out_features, layer.in_features)
    if W.shape != expected or b.shape != expected[:1]:
        raise ValueError(
            f"{name} has weights of shape {W.shape} and biases of shape {b.shape}, "
            f"but must have {expected} and {expected[:1]}"
        )
    return W, b


def layers(model: nn.Module) -> list[tuple[FloatArray, FloatArray]]:
    """Read the weights of a network of Linear and ReLU, exactly.

    Parameters
    ----------
    model : torch.nn.Module
        A `torch.nn.Sequential`, possibly nested, of `torch.nn.Linear` and `torch.nn.ReLU` in
        turn that begins and ends with a Linear; or a single Linear.

    Returns
    -------
    list of (W, b)
        For every linear layer its weights (out, in) and biases (out,) as float64 copies.
        Weights in float32, float16 or bfloat16 are represented exactly.

    Raises
    ------
    ValueError
        If a layer is neither Linear nor ReLU or out of turn, if widths do not match, if a
        weight is not finite, or if a subclass or a hook may compute something else; the message
        names the layer.
    TypeError
        If the model is no torch module.

    Examples
    --------
    >>> import torch
    >>> from activations.mlp import layers, mlp
    >>> model = mlp((2, 20, 1), generator=torch.Generator().manual_seed(0))
    >>> [(W.shape, b.shape) for W, b in layers(model)]
    [((20, 2), (20,)), ((1, 20), (1,))]
    """
    found: list[tuple[FloatArray, FloatArray]] = []
    names: list[str] = []
    linear_next = True
    name = "model"
    for name, module in _leaves(_module(model), "model"):
        expected = nn.Linear if linear_next else nn.ReLU
        if not isinstance(module, nn.Linear | nn.ReLU):
            raise ValueError(f"{name} is a {type(module).__name__}, but must be Linear or ReLU")
        if not isinstance(module, expected):
            raise ValueError(
                f"{name} is a {type(module).__name__}, but must be a {expected.__name__}: "
                "the two take turns"
            )
        _check_computes_as_named(name, module, expected)
        if isinstance(module, nn.Linear):
            if found and module.in_features != len(found[-1][1]):
                raise ValueError(
                    f"{name} has {module.in_features} inputs, but must have the "
                    f"{len(found[-1][1])} outputs of {names[-1]}"
                )
            found.append(_read_linear(name, module))
            names.append(name)
        linear_next = not linear_next
    if linear_next:
        raise ValueError(f"{name} must be a Linear: a network begins and ends with one")
    return found


def sample_networks(
    widths: Sequence[int], seeds: Iterable[int]
) -> list[tuple[FloatArray, FloatArray]]:
    """Draw many networks of one shape, stacked layer by layer.

    Parameters
    ----------
    widths : sequence of int
        The shape, as for `mlp`.
    seeds : iterable of int
        One network for each seed of a torch generator, at least one.

    Returns
    -------
    list of (W, b)
        For every layer the weights (networks, out, in) and biases (networks, out) of all networks
        in float64; the numbers are those of `mlp`, which draws them in torch's default type.

    Raises
    ------
    TypeError
        If a width or a seed is not an integer.
    ValueError
        If a width is not positive, there are fewer than two of them, or there is no seed.

    See Also
    --------
    activations.regions.count_regions : Counts the regions of all these networks at once.
    activations.experiments.count_ensemble : Measures more of each.

    Examples
    --------
    >>> from activations.mlp import sample_networks
    >>> networks = sample_networks((2, 20, 1), range(100))
    >>> [(W.shape, b.shape) for W, b in networks]
    [((100, 20, 2), (100, 20)), ((100, 1, 20), (100, 1))]
    """
    numbers = [integer(f"seeds[{index}]", seed) for index, seed in enumerate(seeds)]
    if not numbers:
        raise ValueError("seeds is empty, but must hold a seed for each network")
    drawn = [layers(mlp(widths, generator=torch.Generator().manual_seed(seed))) for seed in numbers]
    return [
        (np.stack([W for W, _ in level]), np.stack([b for _, b in level]))
        for level in zip(*drawn, strict=True)
    ]


# Grids


def _axis(name: str, coordinates: npt.ArrayLike) -> FloatArray:
    """Return the coordinates along an axis of an image as float64, or say what is wrong."""
    axis = np.asarray(coordinates)
    if axis.dtype.kind not in "fiu":
        raise TypeError(f"{name} has dtype {axis.dtype}, but must hold real numbers")
    axis = axis.astype(np.float64)
    if axis.ndim != 1:
        raise ValueError(f"{name} has shape {axis.shape}, but must have one axis")
    if len(axis) < 2:
        raise ValueError(f"{name} has {len(axis)} point(s), but must have at least 2")
    if not np.isfinite(axis).all() or not math.isfinite(float(axis[-1]) - float(axis[0])):
        raise ValueError(f"{name} must be finite, and so must its length")
    if not (axis[1:] > axis[:-1]).all():
        raise ValueError(f"{name} must increase")
    return axis


@dataclass(frozen=True, eq=False)
class Grid:
    """A rectangular grid of points in the plane.

    Parameters
    ----------
    x : ndarray of float64, shape (nx,)
        The x coordinates, equally spaced and increasing.
    y : ndarray of float64, shape (ny,)
        The y coordinates, likewise.

    Raises
    ------
    ValueError
        If an axis has fewer than two points, is not finite, does not increase, or does so in
        unequal steps.
    TypeError
        If an axis does not hold real numbers.

    See Also
    --------
    grid : Makes a square one.
    """

    x: FloatArray
    y: FloatArray

    def __post_init__(self) -> None:
        """Check the coordinates and make them float64."""
        for name in ("x", "y"):
            axis = _axis(name, getattr(self, name))
            steps = np.diff(axis)
            # Each coordinate is rounded, and so is each difference.
            slack = 8 * np.finfo(float).eps * np.abs(axis).max()
            if np.ptp(steps) > slack + 8 * np.finfo(float).smallest_subnormal:
                raise ValueError(f"{name} must be equally spaced")
            object.__setattr__(self, name, axis)

    @property
    def shape(self) -> tuple[int, int]:
        """Return (ny, nx), the shape of an image of the grid."""
        return len(self.y), len(self.x)

    @property
    def points(self) -> FloatArray:
        """Return the points, shape (ny, nx, 2): ``points[i, j]`` is (x[j], y[i])."""
        return np.stack(np.meshgrid(self.x, self.y, indexing="xy"), axis=-1)

    @property
    def spacing(self) -> tuple[float, float]:
        """Return the distances of neighbouring points along x and along y."""
        nx, ny = len(self.x), len(self.y)
        return (
            float(self.x[-1] - self.x[0]) / (nx - 1),
            float(self.y[-1] - self.y[0]) / (ny - 1),
        )

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Return (left, right, bottom, top) such that pixels are centred on their points."""
        dx, dy = self.spacing
        return (
            float(self.x[0]) - dx / 2,
            float(self.x[-1]) + dx / 2,
            float(self.y[0]) - dy / 2,
            float(self.y[-1]) + dy / 2,
        )


def grid(low: float, high: float, n: int) -> Grid:
    """Make the square grid of n times n points on [low, high]^2, both ends included.

    Parameters
    ----------
    low, high : float
        The smallest and the largest coordinate.
    n : int
        The number of points along each axis, at least 2.

    Returns
    -------
    Grid
        With ``points[i, j] == (x[j], y[i])``: rows are y and columns are x, which is how
        `matplotlib.axes.Axes.imshow` with ``origin="lower"`` shows an array.

    Raises
    ------
    ValueError
        If `low` is not below `high`, one of them is not finite, or n is less than 2.
    TypeError
        If n is not an integer, or `low` or `high` no real number.

    Examples
    --------
    >>> from activations.mlp import grid
    >>> square = grid(-1, 1, 3)
    >>> square.points[0].tolist()
    [[-1.0, -1.0], [0.0, -1.0], [1.0, -1.0]]
    >>> square.spacing
    (1.0, 1.0)
    """
    n, low, high = integer("n", n, 2), _real("low", low), _real("high", high)
    if not math.isfinite(high - low):
        raise ValueError(f"low and high are {low} and {high}, but must be less far apart")
    if not low < high:
        raise ValueError(f"low is {low}, but must be less than high, which is {high}")
    axis = np.linspace(low, high, n)
    if not (np.diff(axis) > 0).all():
        raise ValueError(f"n is {n}, too many points for float64 between {low} and {high}")
    return Grid(axis, axis)


def _as_points(points: Grid | npt.ArrayLike) -> FloatArray:
    """Return points as float64 with their coordinates in the last axis."""
    if isinstance(points, Grid):
        return points.points
    array = np.asarray(points)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"points has dtype {array.dtype}, but must hold real numbers")
    if array.ndim == 0 or array.shape[-1] != 2:
        raise ValueError(f"points has shape {array.shape}, but must have shape (..., 2)")
    with np.errstate(over="ignore"):
        numbers = array.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError("points must be finite in float64, but holds a NaN or an infinity")
    return numbers


# Outputs and gradients


def _prepared(model: nn.Module, points: Grid | npt.ArrayLike) -> tuple[FloatArray, Any, Any]:
    """Return the points and the type and device in which the model computes."""
    where = _as_points(points)
    parameter = next(_module(model).parameters(), None)
    if parameter is None:
        raise ValueError("model has no parameters, but must be a network")
    if not parameter.is_floating_point():
        raise ValueError(f"model computes in {parameter.dtype}, but must compute in real floats")
    largest = float(np.abs(where).max(initial=0.0))
    if largest > torch.finfo(parameter.dtype).max:
        raise ValueError(
            f"points reach {largest}, but must not exceed {parameter.dtype}, "
            "in which the model computes"
        )
    return where, parameter.dtype, parameter.device


def _to_numpy(tensor: torch.Tensor) -> npt.NDArray[Any]:
    """Return a NumPy array; bfloat16, which NumPy lacks, is part of float32."""
    tensor = tensor.cpu()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()


def _outputs(model: nn.Module, chunk: torch.Tensor) -> torch.Tensor:
    """Return the outputs of a model at points (n, 2), one each."""
    n = len(chunk)
    try:
        output: torch.Tensor = model(chunk)
    except RuntimeError as error:
        raise ValueError(f"model fails on inputs of shape ({n}, 2): {error}") from error
    if output.shape != (n, 1):
        raise ValueError(
            f"model gives outputs of shape {tuple(output.shape)} for {n} points, "
            f"but must give one number a point, shape ({n}, 1)"
        )
    return output[:, 0]


def evaluate(model: nn.Module, points: Grid | npt.ArrayLike) -> npt.NDArray[Any]:
    """Compute the output of a network at many points.

    Parameters
    ----------
    model : torch.nn.Module
        A network with two inputs and one output.
    points : Grid or array_like of shape (..., 2)
        Where.

    Returns
    -------
    ndarray, shape (...)
        The outputs in the model's own type (bfloat16, which NumPy lacks, as float32); for a
        `Grid` the image (ny, nx), in which ``values[i, j]`` belongs to (x[j], y[i]).

    Raises
    ------
    ValueError
        If the points are not in the plane, not finite, or beyond the model's type, if the model
        does not take two inputs, or if its output is not one number.
    TypeError
        If the model is no torch module or the points are no real numbers.

    Examples
    --------
    >>> import torch
    >>> from activations.mlp import evaluate, grid, mlp
    >>> model = mlp((2, 20, 1), generator=torch.Generator().manual_seed(0))
    >>> evaluate(model, grid(-10, 10, 500)).shape
    (500, 500)
    """
    where, dtype, device = _prepared(model, points)
    flat = where.reshape(-1, 2)
    parts = []
    with torch.no_grad():
        for start in range(0, max(len(flat), 1), _CHUNK):
            chunk = torch.tensor(flat[start : start + _CHUNK], dtype=dtype, device=device)
            parts.append(_to_numpy(_outputs(model, chunk)))
    return np.concatenate(parts).reshape(where.shape[:-1])


def numerical_gradient(
    values: npt.ArrayLike, x: npt.ArrayLike, y: npt.ArrayLike
) -> npt.NDArray[Any]:
    """Approximate the gradient of an image by differences of its pixels.

    Parameters
    ----------
    values : array_like of shape (ny, nx)
        The image, with ``values[i, j]`` at (x[j], y[i]).
    x : array_like of shape (nx,)
        The coordinates of the columns.
    y : array_like of shape (ny,)
        The coordinates of the rows.

    Returns
    -------
    ndarray, shape (ny, nx, 2)
        The derivative along x in ``[..., 0]`` and along y in ``[..., 1]``.

    Raises
    ------
    ValueError
        If the shapes do not match, or an axis has fewer than two points, is not finite or does
        not increase.
    TypeError
        If something does not hold real numbers.

    See Also
    --------
    exact_gradient : The derivative itself, by the chain rule.

    Notes
    -----
    This is `numpy.gradient`: differences across both neighbours inside, across one at the rim.
    It returns the derivative along the *first* axis first, which is y here, and without
    coordinates it takes the spacing for 1; both are put right.

    Examples
    --------
    >>> from activations.mlp import grid, numerical_gradient
    >>> square = grid(0, 1, 5)
    >>> plane = 3 * square.points[..., 0] - 2 * square.points[..., 1]
    >>> numerical_gradient(plane, square.x, square.y)[2, 2]
    array([ 3., -2.])
    """
    image, columns, rows = np.asarray(values), _axis("x", x), _axis("y", y)
    if image.dtype.kind not in "fiu":
        raise TypeError(f"values has dtype {image.dtype}, but must hold real numbers")
    if image.shape != (len(rows), len(columns)):
        raise ValueError(
            f"values has shape {image.shape}, but must have shape (ny, nx) for x of shape "
            f"{columns.shape} and y of shape {rows.shape}"
        )
    along_y, along_x = np.gradient(image, rows, columns)
    return np.stack([along_x, along_y], axis=-1)


def exact_gradient(model: nn.Module, points: Grid | npt.ArrayLike) -> npt.NDArray[Any]:
    """Compute the gradient of a network's output with respect to its input by autograd.

    Parameters
    ----------
    model : torch.nn.Module
        A network with two inputs and one output that treats its rows one by one.
    points : Grid or array_like of shape (..., 2)
        Where.

    Returns
    -------
    ndarray, shape (..., 2)
        The derivatives along x and y, in the type that `evaluate` gives.
        On a fold, where there is no derivative, torch counts a neuron at 0 as switched off.

    Raises
    ------
    ValueError, TypeError
        As for `evaluate`.

    See Also
    --------
    numerical_gradient : Differences of an image.

    Notes
    -----
    Output k depends on point k only, so the gradient of the *sum* of all outputs holds all the
    gradients, and a single backward pass gives them.

    Examples
    --------
    >>> import torch
    >>> from activations.mlp import exact_gradient
    >>> model = torch.nn.Linear(2, 1)
    >>> with torch.no_grad():
    ...     _ = model.weight.copy_(torch.tensor([[3.0, -2.0]]))
    >>> exact_gradient(model, [[0.0, 0.0], [1.0, 5.0]])
    array([[ 3., -2.],
           [ 3., -2.]], dtype=float32)
    """
    where, dtype, device = _prepared(model, points)
    flat = where.reshape(-1, 2)
    parts = []
    with torch.enable_grad():
        for start in range(0, max(len(flat), 1), _CHUNK):
            chunk = torch.tensor(
                flat[start : start + _CHUNK], dtype=dtype, device=device, requires_grad=True
            )
            total = _outputs(model, chunk).sum()
            (slope,) = torch.autograd.grad(total, chunk, materialize_grads=True)
            parts.append(_to_numpy(slope))
    return np.concatenate(parts).reshape(where.shape)


# Activation patterns


def _preactivations(
    network: Sequence[tuple[FloatArray, FloatArray]], flat: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the hidden pre-activations at points (P, 2) and bounds on their rounding errors."""
    active, error = flat, np.zeros_like(flat)
    values, bounds = [np.empty((len(flat), 0))], [np.empty((len(flat), 0))]
    # Points far out may overflow; the bound is then infinite or NaN and nothing is claimed.
    with np.errstate(over="ignore", invalid="ignore"):
        for W, b in network[:-1]:
            # A sum of k products and a bias is off by at most (k + 1) units of its absolute
            # terms, to first order; the factors 2 cover the higher orders and the rounding of the
            # bound itself, the last term what underflow may lose.
            unit = 2 * (W.shape[1] + 2) * _UNIT
            size = np.abs(active) @ np.abs(W).T + np.abs(b)
            bound = unit * size + (1 + 2 * unit) * (error @ np.abs(W).T) + np.finfo(float).tiny
            z = active @ W.T + b
            values.append(z)
            bounds.append(bound)
            active, error = np.maximum(z, 0.0), bound
    return np.concatenate(values, axis=1), np.concatenate(bounds, axis=1)


def _plane_layers(model: nn.Module) -> list[tuple[FloatArray, FloatArray]]:
    network = layers(model)
    if network[0][0].shape[1] != 2:
        raise ValueError(f"model has {network[0][0].shape[1]} inputs, but must have 2")
    return network


def preactivations(model: nn.Module, points: Grid | npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    r"""Compute what enters each ReLU, with a bound on the rounding error.

    Parameters
    ----------
    model : torch.nn.Module
        A network that `layers` can read, with two inputs.
    points : Grid or array_like of shape (..., 2)
        Where.

    Returns
    -------
    values : ndarray of float64, shape (..., N)
        The pre-activations of the N hidden neurons, first layer first, computed in float64 from
        the exact weights.
    bounds : ndarray of float64, shape (..., N)
        How far each of them may be from the true value.

    Notes
    -----
    A sum of k rounded products is off by at most :math:`\gamma_k = k u / (1 - k u)` times the sum
    of their absolute values, :math:`u = 2^{-53}`, in whatever order it is formed.
    ReLU does not enlarge an error, and a layer enlarges it by at most :math:`|\mathbf{W}|`.

    References
    ----------
    N. J. Higham, Accuracy and Stability of Numerical Algorithms, SIAM 2002, section 3.1.

    Examples
    --------
    >>> import torch
    >>> from activations.mlp import mlp, preactivations
    >>> model = mlp((2, 5, 5, 1), generator=torch.Generator().manual_seed(0))
    >>> values, bounds = preactivations(model, [1.0, 2.0])
    >>> values.shape, bool((bounds < 1e-14).all())
    ((10,), True)
    """
    network = _plane_layers(model)
    where = _as_points(points)
    values, bounds = _preactivations(network, where.reshape(-1, 2))
    shape = (*where.shape[:-1], values.shape[1])
    return values.reshape(shape), bounds.reshape(shape)


def activation_pattern(model: nn.Module, points: Grid | npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Say which hidden neurons are switched on.

    Parameters
    ----------
    model : torch.nn.Module
        A network that `layers` can read, with two inputs.
    points : Grid or array_like of shape (..., 2)
        Where.

    Returns
    -------
    ndarray of bool, shape (..., N)
        For each of the N hidden neurons, first layer first, whether its pre-activation is
        positive, as computed in float64.

    See Also
    --------
    preactivations : With error bounds, where it matters that a point lies very near a fold.

    Examples
    --------
    >>> import torch
    >>> from activations.mlp import activation_pattern
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1))
    >>> with torch.no_grad():
    ...     _ = model[0].weight.copy_(torch.eye(2))
    ...     _ = model[0].bias.zero_()
    >>> activation_pattern(model, [[1.0, -1.0], [2.0, 3.0]])
    array([[ True, False],
           [ True,  True]])
    """
    network = _plane_layers(model)
    where = _as_points(points)
    flat = where.reshape(-1, 2)
    parts = [
        _preactivations(network, flat[start : start + _CHUNK])[0] > 0
        for start in range(0, max(len(flat), 1), _CHUNK)
    ]
    patterns = np.concatenate(parts)
    return patterns.reshape(*where.shape[:-1], patterns.shape[1])


def count_patterns(model: nn.Module, points: Grid | npt.ArrayLike) -> int:
    """Count the activation patterns that a set of points sees.

    Parameters
    ----------
    model : torch.nn.Module
        A network that `layers` can read, with two inputs.
    points : Grid or array_like of shape (..., 2)
        Where.

    Returns
    -------
    int
        The number of different patterns at those points whose pattern is certain: no
        pre-activation is within its rounding error of zero.
        Every one of these patterns belongs to an activation region of its own, so the number of
        activation regions of the network is at least this large.

    Notes
    -----
    A point *on* a fold may show a pattern that no region has, as (off, off) for ReLU(x) and
    ReLU(-x) at x = 0; such points are left out.

    Examples
    --------
    >>> import torch
    >>> from activations.mlp import count_patterns, grid, mlp
    >>> model = mlp((2, 20, 1), generator=torch.Generator().manual_seed(0))
    >>> [count_patterns(model, grid(-10, 10, n)) for n in (26, 51, 101)]
    [82, 117, 151]
    """
    network = _plane_layers(model)
    flat = _as_points(points).reshape(-1, 2)
    seen: set[bytes] = set()
    for start in range(0, len(flat), _CHUNK):
        values, bounds = _preactivations(network, flat[start : start + _CHUNK])
        certain = (np.abs(values) > bounds).all(axis=1)
        rows = np.packbits(values[certain] > 0, axis=1)
        # Neighbours on a grid mostly agree; what repeats its predecessor need not be sorted.
        changes = np.ones(len(rows), dtype=bool)
        changes[1:] = (rows[1:] != rows[:-1]).any(axis=1)
        seen.update(row.tobytes() for row in np.unique(rows[changes], axis=0))
    return len(seen)


def pattern_labels(patterns: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Number patterns, for an image in which every pattern has a colour.

    Parameters
    ----------
    patterns : array_like of bool, shape (..., N)
        Activation patterns.

    Returns
    -------
    ndarray of int64, shape (...)
        Equal numbers for equal patterns, 0, 1, 2, ... in the order of first appearance.

    Examples
    --------
    >>> from activations.mlp import pattern_labels
    >>> pattern_labels([[True, False], [True, True], [True, False]])
    array([0, 1, 0])
    """
    array = np.asarray(patterns)
    if array.dtype != np.bool_:
        raise TypeError(f"patterns has dtype {array.dtype}, but must be bool")
    if array.ndim == 0:
        raise ValueError("patterns has no axis, but must have shape (..., N)")
    flat = array.reshape(math.prod(array.shape[:-1]), array.shape[-1])
    packed = np.packbits(flat, axis=1)
    _, first, inverse = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))
    return order[inverse.reshape(-1)].reshape(array.shape[:-1]).astype(np.int64)
