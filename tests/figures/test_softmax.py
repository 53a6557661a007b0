"""The figures of chapter 3 show the numbers they were given."""

import numpy as np
import pytest
from matplotlib.collections import TriMesh
from numpy.testing import assert_allclose, assert_array_equal

from activations import lse, softargmax
from activations.figures import softmax as figures
from activations.softmax import simplex_grid

X = np.linspace(-1, 1, 41)


def line(ax, label):
    (found,) = [one for one in ax.lines if one.get_label() == label]
    return found


def test_contours_lie_on_their_levels():
    lams, levels = [1, 10, 100], [-0.5, 0.0, 0.25]
    figure = figures.lse_contours(X, lams, levels)
    assert len(figure.axes) == 4
    for ax, lam in zip(figure.axes, lams, strict=False):
        behind, front = ax.collections
        assert_array_equal(front.levels, levels)
        assert f"{lam}" in ax.get_title()
        for level, path in zip(levels, front.get_paths(), strict=True):
            if len(path.vertices):
                assert_allclose(lse(path.vertices, lam), level, atol=0.05)
        for level, path in zip(levels, behind.get_paths(), strict=True):
            assert_allclose(path.vertices.max(axis=1), level, atol=0.05)
    (only,) = figure.axes[3].collections
    assert figure.axes[3].get_title() == "max"
    for level, path in zip(levels, only.get_paths(), strict=True):
        assert_allclose(path.vertices.max(axis=1), level, atol=0.05)


def test_images_show_both_components_the_right_way_up():
    lams = [1, 10, 100]
    figure = figures.component_images(X, lams)
    panels = [ax for ax in figure.axes if ax.images]
    assert len(panels) == 8
    for row, lam in enumerate(lams):
        for k in (0, 1):
            (image,) = panels[2 * row + k].images
            assert image.origin == "lower"
            assert image.get_interpolation() == "none"
            assert image.get_clim() == (0, 1)
            values = image.get_array()
            # Row = z2, column = z1.
            assert values[3, 30] == softargmax([X[30], X[3]], lam)[k]
            assert_allclose(image.get_extent(), [-1.025, 1.025, -1.025, 1.025])
    first, second = (panels[6 + k].images[0].get_array() for k in (0, 1))
    assert first[3, 30] == 1
    assert first[30, 3] == 0
    # Ties: the last maximiser.
    assert_array_equal(np.diag(first), np.zeros(41))
    assert_array_equal(first + second, np.ones((41, 41)))


def test_line_and_bounds():
    figure = figures.lse_along_line(X, [1, 2.5])
    (ax,) = figure.axes
    assert_array_equal(line(ax, r"$\max(x, 0)$").get_ydata(), np.maximum(X, 0))
    curve = line(ax, r"$\lambda = 2.5$")
    assert_array_equal(curve.get_ydata(), [lse([x, 0], 2.5) for x in X])
    bars = [one for one in ax.lines if len(one.get_xdata()) == 2]
    assert_allclose([bar.get_ydata()[1] for bar in bars], np.log(2) / np.array([1, 2.5]))


def test_over_lam():
    z, lam = [0.0, 1.0, 5.0], np.logspace(-1, 2, 30)
    (ax,) = figures.lse_over_lam(z, lam).axes
    values = line(ax, r"$\mathrm{lse}$").get_ydata()
    assert_array_equal(values, lse(z, lam))
    assert (line(ax, r"$\max$").get_ydata() == 5).all()
    assert_allclose(line(ax, r"$\max + \log(K)/\lambda$").get_ydata(), 5 + np.log(3) / lam)
    mean = line(ax, r"$\mathrm{mean} + \log(K)/\lambda$").get_ydata()
    assert_allclose(mean, 2 + np.log(3) / lam)
    assert (mean < values).all()
    assert ax.get_xscale() == "log"


def test_gap_is_not_lost_to_rounding():
    lam = np.logspace(0, 2, 20)
    (ax,) = figures.gap_to_maximum({"one": [0, 1e9 - 1, 1e9], "tie": [3, 3, 3]}, lam).axes
    assert_allclose(line(ax, "one").get_ydata(), np.log1p(np.exp(-lam)) / lam, rtol=1e-12)
    assert_allclose(line(ax, "tie").get_ydata(), np.log(3) / lam)
    assert_allclose(line(ax, r"$\log(3)/\lambda$").get_ydata(), np.log(3) / lam)


def test_triangle():
    p = simplex_grid(8)
    values = p @ [0.1, 0.2, 0.3]
    ax, bar = figures.jacobian_norms(p, values).axes
    (mesh,) = [one for one in ax.collections if isinstance(one, TriMesh)]
    assert_array_equal(mesh.get_array(), values)
    assert mesh.get_rasterized()
    (dots,) = ax.lines
    assert_allclose(sorted(dots.get_xdata()), [-0.5, 0, 0.5])
    assert bar.get_ylim() == (0, 0.5)


@pytest.mark.parametrize(
    "draw",
    [
        lambda x, errors: figures.lse_errors(x, errors, 0.25),
        figures.softargmax_errors,
    ],
)
def test_errors(draw):
    errors = {"a": [0.5, 2.0, 0.0], "b": [1e3, 1.0, 7.0]}
    (ax,) = draw([0.1, 0.2, 0.3], errors).axes
    assert ax.get_yscale() == "log"
    assert_array_equal(line(ax, "a").get_xdata(), [0.1, 0.2])
    assert_array_equal(line(ax, "a").get_ydata(), [0.5, 2.0])
    assert_array_equal(line(ax, "b").get_ydata(), [1e3, 1.0, 7.0])
    assert line(ax, "a").get_marker() != line(ax, "b").get_marker()
