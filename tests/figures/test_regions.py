"""Figures of complexes: what the artists hold, against the regions themselves."""

import numpy as np
import pytest
import torch
from matplotlib.collections import LineCollection, PolyCollection

from activations.figures import regions as draw
from activations.mlp import layers, mlp
from activations.regions import PLANE, Box, linear_regions


@pytest.fixture(scope="module")
def two_layers():
    model = mlp((2, 6, 6, 1), generator=torch.Generator().manual_seed(43))
    network = layers(model.double())
    before, after = (linear_regions(network[:k], Box(-3, 3)) for k in (2, 3))
    return before, after, np.bincount(before.locate(after.interior_points))


def panels(figure):
    above, below = figure.axes
    return above, below, [text.get_text() for text in above.texts]


def test_one_layer_letters_every_chord_twice_and_numbers_all_new_faces(two_layers):
    before, after, parts = two_layers
    for face in np.flatnonzero(parts > 1):
        _, below, letters = panels(draw.one_layer(before, after, int(face)))
        assert letters == sorted(letters)
        assert all(letters.count(letter) == 2 for letter in letters)
        chords = len(letters) // 2
        (marks,) = [line for line in below.lines if line.get_gid() == "crossings"]
        assert 1 + chords + len(marks.get_xdata()) == parts[face]
        numbers = [int(text.get_text()) for text in below.texts if text.get_text()]
        assert numbers == list(range(1, parts[face] + 1))


def test_one_layer_draws_the_chords_and_the_faces_where_they_are(two_layers):
    before, after, parts = two_layers
    face = int(parts.argmax())
    above, below, _ = panels(draw.one_layer(before, after, face))
    outline = before.region(face)
    for ax in (above, below):
        np.testing.assert_array_equal(ax.lines[0].get_xydata()[:-1], outline)
        np.testing.assert_array_equal(ax.lines[1].get_xydata(), outline[:1])
    pieces = np.concatenate(
        [c.get_segments() for c in below.collections if isinstance(c, LineCollection)]
    )
    # Along the pieces a neuron of the second layer folds, and nothing of the first does.
    W, b = before.layers[0]
    V, c = before.layers[1]
    hidden = np.maximum(pieces.mean(axis=1) @ W.T + b, 0)
    assert (np.abs(hidden @ V.T + c).min(axis=1) < 1e-12).all()
    (faces,) = [c for c in below.collections if isinstance(c, PolyCollection)]
    found = [path.vertices[:-1].mean(axis=0) for path in faces.get_paths()]
    assert (before.locate(found) == face).all()
    assert len(set(after.locate(found).tolist())) == parts[face]


def test_one_layer_knows_the_face_of_the_book(two_layers):
    before, after, parts = two_layers
    above, _, _ = panels(draw.one_layer(before, after, int(parts.argmax())))
    ends = [line.get_xydata()[0] for line in above.lines[2:]]
    letters = [text.get_text() for text in above.texts]
    outline = before.region(int(parts.argmax()))
    way = np.array(ends) - outline.mean(axis=0)
    first = outline[0] - outline.mean(axis=0)
    angles = np.arctan2(way[:, 1], way[:, 0]) - np.arctan2(first[1], first[0])
    order = np.argsort(angles % (2 * np.pi))
    assert "".join(letters[k] for k in order) == "abcdacbd"


def test_one_layer_gives_each_face_the_point_that_a_turning_ray_meets_first(two_layers):
    before, after, parts = two_layers
    face = int(parts.argmax())
    layer = draw._divided(before, after, face)
    pivot, way = layer.face[0], layer.face[1] - layer.face[0]
    assert (layer.births[0] == pivot).all()
    born = np.concatenate([pivot[None], layer.ends[:, 0], layer.crossings])
    assert {tuple(p) for p in layer.births} == {tuple(p) for p in born}
    assert len(born) == len(layer.faces)
    for polygon, birth in zip(layer.faces[1:], layer.births[1:], strict=True):
        # Nothing of a face is to the right of the ray that meets it first.
        ray = birth - pivot
        sides = ray[0] * (polygon - pivot)[:, 1] - ray[1] * (polygon - pivot)[:, 0]
        assert sides.min() > -1e-9
        assert way[0] * ray[1] - way[1] * ray[0] > -1e-9


# Six neurons: the first does not reach the output, the last cancels the second.
SILENT = [
    (
        [[0, -1], [3, 4], [-3, 4], [-3, -1], [3, -1], [-1.5, -2]],
        [1, 5, 5, 3, 3, -2.5],
    ),
    ([[0, 1, 1, 1, 1, -2]], [0]),
]


def test_two_kinds_colours_regions_that_share_a_crease_differently():
    complex = linear_regions(SILENT, Box((-4.8, -4.4), (4.8, 5.2)))
    figure = draw.two_kinds(complex)
    kinds = np.arange(len(complex)), complex.linear_labels
    for ax, labels in zip(figure.axes, kinds, strict=True):
        faces, creases, others = ax.collections
        colours = faces.get_facecolors()
        inner = complex.adjacency[(complex.adjacency >= 0).all(axis=1)]
        apart = labels[inner[:, 0]] != labels[inner[:, 1]]
        same = (colours[inner[:, 0]] == colours[inner[:, 1]]).all(axis=1)
        np.testing.assert_array_equal(same, ~apart)
        assert len(creases.get_segments()) == apart.sum()
        assert len(others.get_segments()) == (~apart).sum()
    assert [ax.get_title() for ax in figure.axes] == ["16 activation regions", "7 linear regions"]


def test_two_kinds_puts_each_polygon_where_its_region_is():
    complex = linear_regions(SILENT, Box((-4.8, -4.4), (4.8, 5.2)))
    faces = draw.two_kinds(complex).axes[0].collections[0]
    for region, path in enumerate(faces.get_paths()):
        np.testing.assert_array_equal(path.vertices[:-1], complex.region(region))


def test_two_kinds_asks_for_a_box():
    with pytest.raises(ValueError, match="complex has the domain PLANE, but must have a Box"):
        draw.two_kinds(linear_regions(SILENT, PLANE))
