"""The figures of chapter 1 show what they were given."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from activations.figures import logistic as draw
from activations.figures import style
from activations.logistic import (
    SHEET_LABELS,
    SHEET_POINTS,
    cone_rays,
    margin,
    sigmoid,
    sigmoid_derivative,
    softplus,
)

X = np.linspace(-4, 4, 81)


def curves(ax) -> list[np.ndarray]:
    """Return the y data of all lines drawn over X."""
    return [line.get_ydata() for line in ax.lines if np.array_equal(line.get_xdata(), X)]


def labelled(ax) -> dict[str, np.ndarray]:
    return {
        line.get_label(): line.get_xydata()
        for line in ax.lines
        if not line.get_label().startswith("_")
    }


def test_sigmoid_and_relatives() -> None:
    left, right = draw.sigmoid_and_relatives(X).axes
    value, slope = curves(left)
    assert_array_equal(value, sigmoid(X))
    assert_array_equal(slope, sigmoid_derivative(X))
    asymptote, soft = curves(right)
    assert_array_equal(asymptote, np.maximum(X, 0))
    assert_array_equal(soft, softplus(X))
    assert any(np.array_equal(line.get_xydata(), [[0.0, 0.25]]) for line in left.lines)


def test_tanh_and_sigmoid() -> None:
    (ax,) = draw.tanh_and_sigmoid(X).axes
    data = labelled(ax)
    assert_allclose(data[r"$2\,\sigma(2x) - 1$"][:, 1], np.tanh(X), atol=1e-15)
    assert_array_equal(data[r"$\sigma(2x)$"][:, 1], sigmoid(2 * X))
    marks = data[r"$\tanh(x)$"]
    assert 15 <= len(marks) <= 25
    assert_array_equal(marks[:, 1], np.tanh(marks[:, 0]))


def test_tanh_slips() -> None:
    (ax,) = draw.tanh_slips(X).axes
    right, half, misprint = (line[:, 1] for line in labelled(ax).values())
    assert_array_equal(right, np.tanh(X))
    assert_allclose(half, np.tanh(X / 2), atol=1e-15)
    assert_allclose(misprint, sigmoid(2 * X) / np.e, rtol=1e-13)


def test_separating_lines() -> None:
    rays = cone_rays(SHEET_POINTS, SHEET_LABELS)
    others = [(0.5, -1.0, 1.0), (1.0, -1.0, 0.25)]
    (ax,) = draw.separating_lines(
        SHEET_POINTS, SHEET_LABELS, best=(2, -2, 1), rays=rays, others=others
    ).axes
    drawn = [line.get_xydata() for line in ax.lines]
    expected = [*others, *rays, (2, -2, 1), (2, -2, 0), (2, -2, 2)]
    assert len(drawn) == len(expected) + 2
    for ends, (w1, w2, b) in zip(drawn, expected, strict=False):
        assert_allclose(ends @ (w1, w2) + b, 0.0, atol=1e-12)
        # Both ends lie outside the frame, so the line crosses it wholly.
        for end in ends:
            assert np.any(end < (0, 0)) or np.any(end > (3, 4))
    assert_array_equal(drawn[-2], [(1, 1), (2, 2)])
    assert_array_equal(drawn[-1], [(1, 2), (2, 3)])
    assert ax.get_xlim() == (0.0, 3.0)
    assert ax.get_ylim() == (0.0, 4.0)
    assert ax.get_aspect() == 1.0
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == [
        "other solutions",
        "extreme rays",
        "largest margin",
        "its margin",
        "class 1",
        "class 2",
    ]


def test_separating_lines_without_others() -> None:
    (ax,) = draw.separating_lines(SHEET_POINTS, SHEET_LABELS, best=(2, -2, 1), rays=[]).axes
    assert len(ax.lines) == 5


def test_solutions_in_the_plane() -> None:
    slope, intercept = np.meshgrid(np.linspace(-0.5, 2.5, 121), np.linspace(-1.5, 2.5, 121))
    w = np.stack([slope, -np.ones_like(slope)], axis=-1)
    margins = margin(w, intercept, SHEET_POINTS, SHEET_LABELS)
    corners = [(0, 2), (1, 1), (2, -1), (1, 0)]
    (ax,) = draw.solutions_in_the_plane(
        slope, intercept, margins, corners=corners, best=(1, 0.5)
    ).axes
    outline, star = ax.lines
    assert_array_equal(outline.get_xydata(), [*corners, corners[0]])
    assert_array_equal(star.get_xydata(), [(1, 0.5)])
    (contours,) = (c for c in ax.collections if hasattr(c, "levels"))
    assert_allclose(contours.levels, [0.1, 0.2, 0.3])
    for level, path in zip(contours.levels, contours.get_paths(), strict=True):
        found = margin(
            np.column_stack([path.vertices[:, 0], -np.ones(len(path.vertices))]),
            path.vertices[:, 1],
            SHEET_POINTS,
            SHEET_LABELS,
        )
        assert_allclose(found, level, atol=0.02)
    texts = {text.get_text() for text in ax.texts}
    assert {"$x_2 = 2$", "$x_2 = x_1 +1$", "$x_2 = 2 x_1 -1$", "$x_2 = x_1$"} <= texts


def test_loss_along_scaling() -> None:
    s = np.array([0.0, 1.0, 2.0])
    losses = {"a": np.exp(-s), "b": 2 * np.exp(-s)}
    (ax,) = draw.loss_along_scaling(s, losses, {"bound": 4 * np.exp(-s)}).axes
    assert ax.get_yscale() == "log"
    data = labelled(ax)
    assert list(data) == ["a", "b", "bound"]
    for name, values in {**losses, "bound": 4 * np.exp(-s)}.items():
        assert_array_equal(data[name], np.column_stack([s, values]))
    looks = {(line.get_color(), line.get_linestyle()) for line in ax.lines}
    assert len(looks) == 3


@pytest.mark.parametrize("count", [1, 2])
def test_ulp_errors(count: int) -> None:
    panels = [
        (X, {"stable": np.abs(X), "textbook": 1e9 * np.abs(X)}),
        (2 * X, {"stable": X**2, "a": X**2 + 1, "b": X**2 + 2}),
    ][:count]
    figure = draw.ulp_errors(*panels)
    assert len(figure.axes) == count
    looks = {}
    for ax, (x, errors) in zip(figure.axes, panels, strict=True):
        assert ax.get_yscale() == "symlog"
        data = labelled(ax)
        assert list(data) == list(errors)
        for name, values in errors.items():
            assert_array_equal(data[name], np.column_stack([x, values]))
        for line in ax.lines:
            if line.get_label() in errors:
                look = (line.get_color(), line.get_marker())
                # A formula looks the same in every panel, and like no other.
                assert looks.setdefault(line.get_label(), look) == look
    assert len(set(looks.values())) == len(looks)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == list(looks)
    shown = [(line.get_color(), line.get_marker()) for line in legend.get_lines()]
    assert shown == list(looks.values())


def test_every_figure_shows_itself() -> None:
    for figure in (
        draw.sigmoid_and_relatives(X),
        draw.tanh_and_sigmoid(X),
        draw.ulp_errors((X, {"stable": np.abs(X)})),
    ):
        assert isinstance(figure, style.BookFigure)
        assert figure.svg().startswith("<svg")
