"""The figures of chapter 4 show the data that they are given, where it belongs."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import StepPatch

from activations.experiments import (
    RegionCounts,
    expected_regions,
    independent_pairs_tail,
    survival,
    zoom_tail_bound,
)
from activations.figures import mlp as draw
from activations.figures import style
from activations.mlp import Grid, grid
from activations.regions import PLANE, Box, linear_regions

SQUARE = grid(-10, 10, 21)
RECTANGLE = Grid(np.array([0.0, 1.0, 2.0]), np.array([5.0, 7.0]))
W = np.array([[1.0, 0.5], [0.0, 2.0], [-3.0, 0.0]])
B = np.array([0.2, -1.0, 6.0])
SHALLOW = [(W, B), (np.ones((1, 3)), np.zeros(1))]
DEEP = [
    (W, B),
    (np.array([[1.0, -2.0, 0.5], [1.0, 1.0, -1.0]]), np.array([-1.0, 0.3])),
    (np.ones((1, 2)), np.zeros(1)),
]


def hidden(network, point):
    (W1, b1), (W2, b2), _ = network
    first = W1 @ point + b1
    return first, W2 @ np.maximum(first, 0) + b2


def image_of(ax):
    (image,) = ax.images
    return image


def lies_on(line, w, b, ax) -> bool:
    """Say whether an infinite line of the axes is w . x + b = 0."""
    p, q = np.array(line.get_xy1()), np.array(line.get_xy2())
    scale = max(1.0, float(np.abs([p, q]).max()))
    return p.tolist() != q.tolist() and max(abs(w @ p + b), abs(w @ q + b)) < 1e-9 * scale


class TestOutputs:
    def test_images_and_extents(self):
        first, second = SQUARE, grid(-2, 2, 5)
        values = [square.points[..., 0] + 3 * square.points[..., 1] for square in (first, second)]
        figure = draw.outputs(values, [first, second])
        for ax, square, expected in zip(figure.axes, (first, second), values, strict=False):
            image = image_of(ax)
            assert np.array_equal(image.get_array(), expected)
            assert tuple(image.get_extent()) == square.extent
            assert image.origin == "lower"
            assert image.get_interpolation() == "none"
            assert ax.get_aspect() == 1.0
            assert [*ax.get_xticks()[[0, -1]]] == [square.x[0], square.x[-1]]

    def test_three_images_leave_no_empty_panel(self):
        figure = draw.outputs([SQUARE.points[..., 0]] * 3, [SQUARE] * 3)
        # Each panel has a colour bar of its own.
        assert len(figure.axes) == 6
        assert sum(bool(ax.images) for ax in figure.axes) >= 3

    def test_rectangular_grid(self):
        figure = draw.outputs([np.arange(6.0).reshape(2, 3)], [RECTANGLE])
        assert tuple(image_of(figure.axes[0]).get_extent()) == (-0.5, 2.5, 4.0, 8.0)

    def test_ticks_have_a_true_minus(self):
        ax = draw.outputs([grid(-1000, 1000, 3).points[..., 0]], [grid(-1000, 1000, 3)]).axes[0]
        labels = [ax.xaxis.get_major_formatter()(t) for t in ax.get_xticks()]
        assert labels == [
            "\N{MINUS SIGN}1\N{NARROW NO-BREAK SPACE}000",
            "0",
            "1\N{NARROW NO-BREAK SPACE}000",
        ]


class TestLines:
    def test_lines_over_output(self):
        values = SQUARE.points[..., 1]
        left, right = draw.lines_over_output(values, SQUARE, W, B).axes
        for ax in (left, right):
            assert np.array_equal(image_of(ax).get_array(), values)
        assert not left.lines
        assert len(right.lines) == 3
        for line, w, b in zip(right.lines, W, B, strict=True):
            assert lies_on(line, w, b, right)
        assert right.get_xlim() == SQUARE.extent[:2]
        assert right.get_ylim() == SQUARE.extent[2:]


class TestGradients:
    def test_images_and_common_scales(self):
        rng = np.random.default_rng(0)
        numerical, exact = rng.normal(size=(2, 21, 21, 2))
        figure = draw.gradients(numerical, exact, SQUARE)
        expected = [numerical[..., 0], exact[..., 0], numerical[..., 1], exact[..., 1]]
        for ax, values, k in zip(figure.axes, expected, (0, 0, 1, 1), strict=False):
            image = image_of(ax)
            assert np.array_equal(image.get_array(), values)
            assert image.get_cmap().name == "prism"
            assert image.get_clim() == (exact[..., k].min(), exact[..., k].max())
        titles = [ax.get_title() for ax in figure.axes[:4]]
        assert all(r"\partial x_1" in title for title in titles[:2])
        assert all(r"\partial x_2" in title for title in titles[2:])
        assert [title.endswith("exact") for title in titles] == [False, True, False, True]

    def test_errors(self):
        rng = np.random.default_rng(1)
        numerical, exact = rng.normal(size=(2, 21, 21, 2))
        figure = draw.gradient_errors(numerical, exact, SQUARE, 4, slice(3, 9))
        left, right = figure.axes[:2]
        assert np.array_equal(image_of(left).get_array(), np.abs(numerical[..., 0] - exact[..., 0]))
        assert left.lines[0].get_ydata()[0] == SQUARE.y[4]
        step, dots = right.lines
        assert np.array_equal(step.get_xdata(), SQUARE.x[3:9])
        assert np.array_equal(step.get_ydata(), exact[4, 3:9, 0])
        assert np.array_equal(dots.get_ydata(), numerical[4, 3:9, 0])
        assert [text.get_text() for text in right.get_legend().get_texts()] == [
            "exact",
            "numpy.gradient",
        ]


class TestFolds:
    def test_zoom_series(self):
        c = linear_regions(DEEP, PLANE)
        figure = draw.zoom_series(c, [1.0, 50.0], [3, 7])
        for ax, r, title in zip(figure.axes, (1, 50), ("3 regions", "7 regions"), strict=True):
            (dots,), (folds,) = ax.lines, ax.collections
            inside = (np.abs(c.vertices) <= r).all(axis=1)
            assert np.array_equal(dots.get_xydata(), c.vertices[inside])
            assert ax.get_xlim() == ax.get_ylim() == (-r, r)
            assert ax.get_title() == title
            colours = [to_hex(colour) for colour in folds.get_colors()]
            assert set(colours) <= set(style.CYCLE[:2])
            for colour, segment in zip(colours, folds.get_segments(), strict=True):
                # On the folds of a layer, a pre-activation of that layer vanishes.
                below, deeper = hidden(DEEP, segment.mean(axis=0))
                z = below if colour == style.CYCLE[0] else deeper
                assert np.abs(z).min() < 1e-9

    def test_zoom_series_without_folds(self):
        c = linear_regions([(np.ones((1, 2)), np.ones(1))], PLANE)
        assert len(draw.zoom_series(c, [1.0], [1]).axes[0].lines[0].get_xdata()) == 0

    def test_folds_and_regions(self):
        boxed = [linear_regions(network, Box(-4, 4)) for network in (SHALLOW, DEEP)]
        figure = draw.folds_and_regions(dict(zip("ab", boxed, strict=True)))
        assert [ax.get_title() for ax in figure.axes[:2]] == ["a", "b"]
        for k, c in enumerate(boxed):
            (folds,) = figure.axes[k].collections
            inner = (c.adjacency >= 0).all(axis=1).sum()
            assert len(folds.get_segments()) == inner
            assert len({to_hex(colour) for colour in folds.get_colors()}) == k + 1
            faces, over = figure.axes[k + 2].collections
            assert len(faces.get_paths()) == len(c)
            shades = np.asarray(faces.get_array())
            pairs = set(zip(c.linear_labels.tolist(), shades.tolist(), strict=True))
            assert len(pairs) == len(np.unique(shades)) == c.n_linear_regions
            assert len(over.get_segments()) == inner
        names = [text.get_text() for text in figure.legends[0].get_texts()]
        assert names == ["layer 1", "layer 2"]


class TestSeen:
    def test_seen(self):
        series = {"there": [3, 5, 8], "seen": [3, 4, 2]}
        ax = draw.patterns_seen([1, 10, 100], series, radius=30).axes[0]
        assert ax.get_xscale() == "log"
        assert ax.get_ylim()[0] == 0
        for line, counts in zip(ax.lines, series.values(), strict=False):
            assert line.get_xdata().tolist() == [1, 10, 100]
            assert line.get_ydata().tolist() == counts
        assert ax.lines[2].get_xdata() == [30, 30]
        assert len({line.get_linestyle() for line in ax.lines[:2]}) == 2
        assert len({line.get_marker() for line in ax.lines[:2]}) == 2

    def test_seen_without_radius(self):
        assert len(draw.patterns_seen([1, 10], {"a": [1, 2]}).axes[0].lines) == 1


class TestRandomNetworks:
    def test_tail(self):
        radius = np.array([4.0, 900.0, 20.0, 75.0, 75.0])
        ax = draw.radius_tail(radius, 4).axes[0]
        empirical, bound, independent, sheet = ax.lines
        values, fraction = survival(radius)
        assert np.array_equal(empirical.get_xdata(), values)
        assert np.array_equal(empirical.get_ydata(), fraction)
        r = bound.get_xdata()
        assert bound.get_ydata() == pytest.approx(zoom_tail_bound(4, r))
        assert (bound.get_ydata() < 1).all()
        assert independent.get_ydata() == pytest.approx(
            independent_pairs_tail(4, independent.get_xdata())
        )
        assert sheet.get_xdata() == [10, 10]
        assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")

    def test_histogram(self):
        counts = np.array([3, 5, 5, 7, 7, 7])
        ax = draw.box_counts(counts, 4, 2.0).axes[0]
        heights = {round(bar.get_x() + bar.get_width() / 2): bar.get_height() for bar in ax.patches}
        assert heights == {3: 1, 4: 0, 5: 2, 6: 0, 7: 3}
        mean, most = ax.lines
        assert mean.get_xdata() == pytest.approx([float(expected_regions(4, 2.0))] * 2)
        assert most.get_xdata() == [11, 11]
        assert any(text.get_text() == "plane 11" for text in ax.texts)


class TestEnsembles:
    COUNTS = RegionCounts(
        np.array([5, 6, 7]), np.array([5, 6, 7]), np.full(3, 7), np.full(3, 7), *np.ones((2, 3))
    )
    DEEP = RegionCounts(
        np.array([3, 8, 14]), np.array([1, 8, 13]), np.array([4, 9, 29]), np.array([4, 9, 13]),
        *np.ones((2, 3)),
    )  # fmt: skip

    def test_region_counts(self):
        figure = draw.region_counts(("one", self.COUNTS), ("two", self.DEEP), half_width=10)
        upper, lower = figure.axes

        def heights(bars):
            return {int(bar.get_x()): int(bar.get_height()) for bar in bars if bar.get_height()}

        deep, flat = upper.containers
        assert heights(deep) == {0: 1, 6: 1, 12: 1}
        assert heights(flat) == {0: 1, 6: 2}
        assert heights(lower.containers[0]) == {0: 1, 6: 1, 24: 1}
        for ax, linear in ((upper, self.DEEP.linear_box), (lower, self.DEEP.linear_plane)):
            steps = next(patch for patch in ax.patches if isinstance(patch, StepPatch))
            values, edges, _ = steps.get_data()
            assert values.sum() == 3
            for number in linear:
                assert values[np.searchsorted(edges, number, side="right") - 1] > 0
        assert lower.lines[0].get_xdata() == [7, 7]
        assert lower.texts[0].get_text() == "one: always 7"

    def test_region_counts_needs_one_number_in_the_plane(self):
        with pytest.raises(ValueError, match="same number"):
            draw.region_counts(("one", self.DEEP), ("two", self.DEEP), half_width=10)

    def test_tails(self):
        radii = {"a": [4.0, 900.0, 20.0], "b": [75.0, 8.0]}
        ax = draw.radius_tails(radii).axes[0]
        for line, (name, radius) in zip(ax.lines, radii.items(), strict=False):
            values, fraction = survival(radius)
            assert np.array_equal(line.get_xdata(), values)
            assert np.array_equal(line.get_ydata(), fraction)
            assert line.get_label() == name
        x, y = ax.lines[2].get_data()
        assert x * y == pytest.approx(x[0] * y[0])
        assert len({line.get_linestyle() for line in ax.lines[:2]}) == 2
        assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


@pytest.mark.parametrize(
    "make",
    [
        lambda: draw.patterns_seen([1, 10], {"a": [1, 2]}),
        lambda: draw.radius_tail([4.0, 20.0], 4),
        lambda: draw.box_counts([3, 5], 4, 2.0),
        lambda: draw.zoom_series(linear_regions(DEEP, PLANE), [2.0], [4]),
        lambda: draw.radius_tails({"a": [1.0, 2.0], "b": [3.0, 5.0]}),
    ],
)
def test_lines_use_the_books_colours(make):
    """Anything else would not follow the page into dark mode."""
    colours = {to_hex(line.get_color()) for ax in make().axes for line in ax.lines}
    assert colours <= set(style.PALETTE.values())
