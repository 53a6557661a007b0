"""Pictures: what the artists hold, read back."""

import io

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from sample_networks import default_network

from activations.regions import drawing
from activations.regions.domain import PLANE, Box
from activations.regions.reference import exact_regions

QUARTERS = [(np.eye(2), np.zeros(2)), (np.array([[2.0, 3.0]]), np.zeros(1))]
DEEP = default_network([2, 4, 3, 1], 0)


def axes():
    return Figure().add_subplot()


def rows(folds):
    return [segment.tolist() for segment in folds.get_segments()]


def test_the_folds_of_a_box_are_drawn_without_its_sides():
    ax = axes()
    folds, regions = exact_regions(QUARTERS, Box(-1, (2, 3))).plot(ax)
    assert regions is None
    ends = {frozenset(map(tuple, segment)) for segment in rows(folds)}
    expected = [((-1, 0), (0, 0)), ((0, 0), (2, 0)), ((0, -1), (0, 0)), ((0, 0), (0, 3))]
    assert ends == {frozenset(pair) for pair in expected}
    assert ax.get_xlim() == (-1, 2)
    assert ax.get_ylim() == (-1, 3)
    assert ax.get_aspect() == 1
    assert list(ax.collections) == [folds]
    assert not folds.get_rasterized()


def test_rays_are_cut_off_at_the_box():
    folds, _ = exact_regions(QUARTERS, PLANE).plot(axes(), Box((-3, -2), (5, 7)))
    ends = {tuple(segment[1]) for segment in rows(folds)}
    assert ends == {(5, 0), (0, 7), (-3, 0), (0, -2)}
    assert {tuple(segment[0]) for segment in rows(folds)} == {(0, 0)}


@pytest.mark.parametrize("low", [(0, -1), (-2, -1), (-1, 0), (-1, -2)])
def test_folds_along_a_side_are_left_out(low):
    folds, _ = exact_regions(QUARTERS, PLANE).plot(axes(), Box(low, np.array(low) + 2))
    seen = exact_regions(QUARTERS, Box(low, np.array(low) + 2)).plot(axes())[0]
    assert len(rows(folds)) == len(rows(seen)) == 1


def test_what_lies_outside_is_left_out():
    c = exact_regions(QUARTERS, PLANE)
    folds, regions = c.plot(axes(), Box(1, 2), values=[1, 2, 3, 4])
    assert rows(folds) == []
    ((path,), values) = regions.get_paths(), regions.get_array()
    assert values.tolist() == [1 + c.locate((1.5, 1.5))]
    assert sorted(map(tuple, path.vertices[:4])) == [(1, 1), (1, 2), (2, 1), (2, 2)]


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 99), st.floats(-3, 2), st.floats(-3, 2), st.floats(0.1, 4))
def test_clipped_folds_lie_on_folds_and_end_at_vertices_or_sides(seed, x, y, size):
    c = exact_regions(default_network([2, 4, 3, 1], seed), PLANE)
    box = Box((x, y), (x + size, y + size))
    view = [x, y, x + size, y + size]
    total = 0.0
    segments, layers = drawing._segments(c, box)
    for start, stop in segments:
        assert (np.array([start, stop]) >= np.array([x, y]) - 1e-9).all()
        assert (np.array([start, stop]) <= np.array([x, y]) + size + 1e-9).all()
        for point in (start, stop):
            at_side = np.abs(np.concatenate([point, point]) - view).min() < 1e-9
            assert at_side or np.hypot(*(c.vertices - point).T).min() < 1e-9
        total += np.hypot(*(stop - start))
    assert len(layers) == len(segments)
    # Every fold has a region on either side, so the boundaries of all regions count it twice.
    around = 0.0
    for k in range(len(c)):
        polygon = c.region(k, box)
        if len(polygon):
            around += np.hypot(*(np.roll(polygon, -1, axis=0) - polygon).T).sum()
    assert around == pytest.approx(2 * total + 4 * size, rel=1e-6)


def test_the_view_of_the_plane():
    c = exact_regions(DEEP, PLANE)
    ax = axes()
    c.plot(ax)
    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    assert ((c.vertices > (x0, y0)) & (c.vertices < (x1, y1))).all()
    assert x1 - x0 == pytest.approx(y1 - y0)
    drawn = axes()
    drawn.plot([0, 1], [2, 4])
    limits = drawn.get_xlim(), drawn.get_ylim()
    c.plot(drawn)
    assert (drawn.get_xlim(), drawn.get_ylim()) == limits
    chosen = axes()
    chosen.set(xlim=(3, 1), ylim=(0, 2))
    c.plot(chosen)
    assert chosen.get_xlim() == (1, 3)
    empty = axes()
    exact_regions([(np.eye(2), np.ones(2))], PLANE).plot(empty)
    assert empty.get_xlim() == (-1, 1)
    lone = axes()
    exact_regions([(np.ones((1, 2)), np.ones(1)), (np.ones((1, 1)), np.ones(1))], PLANE).plot(lone)
    assert lone.get_xlim() == (-1.5, 0.5)


def test_regions_have_the_colours_of_their_values():
    c = exact_regions(DEEP, Box(-2, 2))
    numbers = c.areas
    _, regions = c.plot(axes(), values=numbers, cmap="plasma", clim=(0, 9))
    assert regions.get_array().tolist() == numbers.tolist()
    assert regions.get_cmap().name == "plasma"
    assert regions.get_clim() == (0, 9)
    for polygon, path in zip(map(c.region, range(len(c))), regions.get_paths(), strict=True):
        assert np.unique(path.vertices, axis=0).tolist() == np.unique(polygon, axis=0).tolist()
        assert path.vertices[: len(polygon)].tolist() == polygon.tolist()


def test_regions_have_colours_of_their_own():
    merged = [DEEP[0], (DEEP[1][0] * [0, 1, 1, 1], DEEP[1][1]), DEEP[2]]
    c = exact_regions(merged, Box(-4, 4))
    assert c.n_linear_regions < len(c)
    _, regions = c.plot(axes(), values="pattern")
    assert len(set(regions.get_array().tolist())) == len(c)
    _, regions = c.plot(axes(), values="linear")
    colours = regions.get_array()
    assert len(set(colours.tolist())) == c.n_linear_regions
    for label in range(c.n_linear_regions):
        assert len(set(colours[c.linear_labels == label].tolist())) == 1


def test_colours_and_widths_of_folds():
    c = exact_regions(DEEP, Box(-4, 4))
    layer = c.edge_neuron[c.edge_neuron[:, 0] >= 0, 0]
    folds, _ = c.plot(axes(), colors=["red", "#0000ff"], linewidths=[2, 0.5])
    colours = np.array([to_rgba("red"), to_rgba("blue")])
    assert (folds.get_colors() == colours[layer]).all()
    assert np.array_equal(folds.get_linewidths(), np.array([2, 0.5])[layer])
    folds, _ = c.plot(axes(), colors="green", linewidths=3)
    assert folds.get_colors().tolist() == [list(to_rgba("green"))]
    with mpl.rc_context({"text.color": "#123456"}):
        folds, _ = c.plot(axes())
    assert folds.get_colors().tolist() == [list(to_rgba("#123456"))]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"values": [1, 2]}, ValueError, r"values has shape \(2,\), but must have shape \(\d+,\)"),
        ({"values": "random"}, ValueError, "values is 'random'"),
        ({"colors": ["red"]}, ValueError, "colors has 1 entries"),
        ({"linewidths": [1, 2, 3]}, ValueError, "linewidths has 3 entries"),
        ({"cmap": "plasma"}, TypeError, "cmap must come with values"),
        ({"box": (0, 1)}, TypeError, "but must be a Box"),
    ],
)
def test_arguments_that_are_none(arguments, error, message):
    with pytest.raises(error, match=message):
        exact_regions(DEEP, Box(-1, 1)).plot(axes(), **arguments)


def test_many_edges_are_drawn_as_an_image(monkeypatch):
    monkeypatch.setattr(drawing, "_RASTER", 10)
    c = exact_regions(DEEP, Box(-4, 4))
    figure = Figure()
    folds, regions = c.plot(figure.add_subplot(), values="linear")
    assert folds.get_rasterized()
    assert regions.get_rasterized()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg")
    assert b"<image" in buffer.getvalue()
