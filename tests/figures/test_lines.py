"""Figures of chapter 5: what is drawn is what was counted."""

from collections.abc import Sequence

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.quiver import Quiver

from activations.figures import lines as figures
from activations.figures import style
from activations.lines import cells, count_regions, vertices

NORMALS = [[0, -1], [3, 4], [-3, 4], [-3, -1], [3, -1]]
OFFSETS = [1, 5, 5, 3, 3]
BOX = ((-4.8, -4.4), (4.8, 5.2))


def polygons(ax) -> list[np.ndarray]:
    (collection,) = [c for c in ax.collections if isinstance(c, PolyCollection)]
    return [path.vertices[:-1] for path in collection.get_paths()]


def area(polygon: np.ndarray) -> float:
    x, y = polygon.T
    return 0.5 * float(x @ np.roll(y, -1) - y @ np.roll(x, -1))


def texts(ax) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_text()]


def inside(polygon: np.ndarray, point: Sequence[float]) -> bool:
    edges = np.roll(polygon, -1, axis=0) - polygon
    away = np.asarray(point) - polygon
    return bool((edges[:, 0] * away[:, 1] - edges[:, 1] * away[:, 0] > 0).all())


def test_every_region_is_filled_and_numbered_once():
    sizes = (3, 4, 5)
    figure = figures.numbered_regions([(NORMALS[:n], OFFSETS[:n]) for n in sizes], BOX)
    for ax, n in zip(figure.axes, sizes, strict=True):
        found = polygons(ax)
        count = count_regions(NORMALS[:n], OFFSETS[:n])
        assert len(found) == count
        assert sum(map(area, found)) == pytest.approx(9.6 * 9.6)
        assert sorted(map(int, texts(ax))) == list(range(1, count + 1))
        for text in ax.texts:
            assert sum(inside(polygon, text.get_position()) for polygon in found) == 1
        assert ax.get_title() == f"{n} lines, {count} regions"
        assert len(ax.lines) == n
        for drawn, (a, b), c in zip(ax.lines, NORMALS, OFFSETS, strict=False):
            x, y = np.asarray(drawn.get_xydata()).T
            assert a * x + b * y + c == pytest.approx(0, abs=1e-9)


def test_regions_on_two_sides_of_a_line_differ_in_colour():
    figure = figures.numbered_regions([(NORMALS, OFFSETS)], BOX)
    (collection,) = figure.axes[0].collections
    found = cells(NORMALS, OFFSETS, BOX)
    colours = [tuple(row[:3]) for row in collection.get_facecolors()]
    for i, first in enumerate(found):
        for j, second in enumerate(found[:i]):
            if sum(s != t for s, t in zip(first.signs, second.signs, strict=True)) == 1:
                assert colours[i] != colours[j]


def test_captions_can_be_given():
    figure = figures.numbered_regions([([[1, 0]], [0])], BOX, captions=["one"])
    assert figure.axes[0].get_title() == "one"


def test_the_new_line_has_as_many_numbered_pieces_as_it_cuts_regions():
    figure = figures.induction_step(NORMALS, OFFSETS, BOX)
    (ax,) = figure.axes
    assert texts(ax) == ["1", "2", "3", "4", "5"]
    assert len(polygons(ax)) == 10
    dots = ax.lines[-1]
    found = vertices(NORMALS, OFFSETS)
    on_line = [p for p, k in zip(found.coordinates, found.lines, strict=True) if 4 in k]
    assert sorted(map(tuple, dots.get_xydata())) == sorted(map(tuple, on_line))
    new = ax.lines[-2]
    assert to_rgb(new.get_color()) == to_rgb(style.RED)
    # Every number stands in a region of its own, all of them on one side of the new line.
    figure.draw_without_rendering()
    others = np.column_stack([NORMALS, OFFSETS])[:-1]
    sides = set()
    for text in ax.texts:
        place = ax.transData.inverted().transform(text.get_window_extent().corners().mean(axis=0))
        middle = np.array(text.xy)
        assert (others @ [*place, 1.0] > 0).tolist() == (others @ [*middle, 1.0] > 0).tolist()
        sides.add(bool(np.array(NORMALS[-1]) @ place + OFFSETS[-1] > 0))
    assert len(sides) == 1


def test_a_first_line_is_one_piece():
    figure = figures.induction_step([[0, 1]], [0], BOX)
    assert texts(figure.axes[0]) == ["1"]


def test_each_region_of_the_tangents_is_named_by_its_interval():
    places = [-2, -1, 0, 1, 2]
    figure = figures.tangent_intervals(places, ((-3.4, -6.5), (3.4, 8)))
    (ax,) = figure.axes
    named = {}
    for text in ax.texts[5:]:
        x, y = text.get_position()
        below = [k for k, t in enumerate(places, 1) if y - 2 * t * x + t * t < 0]
        label = f"{below[0]}–{below[-1]}" if len(below) > 1 else "".join(map(str, below))
        assert text.get_text() == (label or r"$\varnothing$")
        named[text.get_text()] = len(below)
    assert len(named) == len(polygons(ax)) == 16
    (collection,) = [c for c in ax.collections if isinstance(c, PolyCollection)]
    assert len({tuple(c) for c in collection.get_facecolors().tolist()}) == 6
    curve = ax.lines[5]
    x, y = np.asarray(curve.get_xydata()).T
    assert y == pytest.approx(x**2)


def test_growth_shows_both_sequences():
    ax = figures.growth(6).axes[0]
    assert ax.lines[0].get_ydata().tolist() == [2**n for n in range(7)]
    assert ax.lines[1].get_ydata().tolist() == [1, 2, 4, 7, 11, 16, 22]
    assert ax.get_yscale() == "log"


def test_the_planar_graph_has_its_vertices():
    ax = figures.planar_graph(NORMALS[:4], OFFSETS[:4], 4.5).axes[0]
    crossings, ends = ax.lines[-2].get_xydata(), ax.lines[-1].get_xydata()
    assert len(crossings) == 6
    assert np.hypot(*ends.T) == pytest.approx(np.full(8, 4.5))
    with pytest.raises(ValueError, match="radius is 1"):
        figures.planar_graph(NORMALS[:4], OFFSETS[:4], 1.0)
    with pytest.raises(ValueError, match="every line must meet"):
        figures.planar_graph([[1, 0]], [-3], 2.0)


def test_lines_are_solid_inside_the_circle_and_dotted_outside():
    ax = figures.planar_graph(NORMALS[:4], OFFSETS[:4], 4.5).axes[0]
    for drawn in ax.lines[:-2]:
        middle = np.hypot(*np.asarray(drawn.get_xydata()).mean(axis=0))
        assert (middle < 4.5) == (drawn.get_linestyle() == "-")
        assert (middle > 4.5) == (drawn.get_linestyle() == ":")


def test_every_hanging_region_points_to_its_lowest_crossing():
    slanted = [[2, -3], [2, -1], [1, 2], [2, 1]], [-1, 2, 2, -1]
    ax = figures.lowest_points(*slanted, ((-4, -2.6), (4, 2.8))).axes[0]
    hanging = polygons(ax)
    assert len(hanging) == 6
    assert texts(ax) == ["1", "2", "3", "4", "5"]
    arrows = [text for text in ax.texts if not text.get_text()]
    aims = sorted(text.xy for text in arrows)
    lowest = sorted(tuple(p[np.argmin(p[:, 1])].tolist()) for p in hanging)
    assert aims == lowest
    assert aims == sorted(map(tuple, vertices(*slanted).coordinates.tolist()))


def test_gradients_are_drawn_where_they_belong():
    W, b, v = [[0, -2], [2, 1], [-2, 1]], [-1, -1, -1], [1, 1, 1]
    ax = figures.fold_gradients(W, b, v, ((-3.2, -2), (3.2, 2.2))).axes[0]
    (arrows,) = [c for c in ax.collections if isinstance(c, Quiver)]
    for (x, y), g in zip(arrows.get_offsets(), np.column_stack([arrows.U, arrows.V]), strict=True):
        on = [j for j in range(3) if W[j][0] * x + W[j][1] * y + b[j] > 0]
        assert g == pytest.approx(np.sum([np.multiply(v[j], W[j]) for j in on], axis=0))
    assert len(arrows.U) == 6
    ring = ax.lines[-1].get_xydata()
    assert (np.array(W) @ ring[0] + b < 0).all()


def test_a_flat_network_is_drawn_without_arrows():
    ax = figures.fold_gradients([[1, 0]], [0], [0], ((-1, -1), (1, 1))).axes[0]
    assert not [c for c in ax.collections if isinstance(c, Quiver)]


def test_corners_that_round_to_one_point_do_not_matter():
    normals, offsets = [[2, -3], [-3, -4], [2, 1], [-3, 5]], [1, -3, 5, 0]
    figure = figures.numbered_regions([(normals, offsets)], ((-4, -2.4), (4, 2.4)))
    assert len(figure.axes[0].texts) == len(cells(normals, offsets, ((-4, -2.4), (4, 2.4))))
