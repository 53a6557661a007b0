import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection

from activations.figures import style, truth
from activations.truth.separability import cover_probability

RNG = np.random.default_rng(0)
POINTS, LABELS = RNG.standard_normal((40, 3)), np.tile([0, 1, 1, 0], 10)


def scatters(ax):
    return {c.get_label(): c for c in ax.collections if isinstance(c, PathCollection)}


def test_planes_show_the_first_two_scores_by_label():
    figure = truth.labelled_plane(
        {"cities": (POINTS, LABELS), "neg_cities": (2 * POINTS, 1 - LABELS)},
        {"cities": [0.5, 0.2], "neg_cities": [0.4, 0.1]},
    )
    first, second = figure.axes
    for ax, points, labels in ((first, POINTS, LABELS), (second, 2 * POINTS, 1 - LABELS)):
        for label, name in ((0, "false"), (1, "true")):
            shown = np.asarray(scatters(ax)[name].get_offsets())
            np.testing.assert_array_equal(shown, points[labels == label][:, :2])
    assert first.get_title() == "cities"
    assert first.get_xlabel() == "component 1 (50%)"
    assert second.get_ylabel() == "component 2 (10%)"
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["false", "true"]


def test_an_odd_number_of_planes_leaves_no_empty_axes():
    panels = dict.fromkeys("abc", (POINTS, LABELS))
    assert len(truth.labelled_plane(panels).axes) == 3


def test_onset_curves_lie_on_cover_s_probability():
    figure = truth.onset_curves(
        {"a": 1, "b": 3, "c": 1}, {"a": [9, 11], "b": [20], "c": []}, {"a": 21, "b": 41, "c": 21}
    )
    (ax,) = figure.axes
    lines = {line.get_label(): line for line in ax.lines}
    for n in (21, 41):
        k, p = lines[f"random labels, $n = {n}$"].get_data()
        np.testing.assert_allclose(p, [cover_probability(n, int(v)) for v in k])
    x, y = lines["permuted labels, $n = 21$"].get_data()
    np.testing.assert_array_equal(x, [9, 11])
    np.testing.assert_allclose(y, [cover_probability(21, 9), cover_probability(21, 11)])
    assert sorted(line.get_xdata()[0] for line in ax.lines if line.get_marker() == "D") == [1, 3]
    assert {t.get_text() for t in ax.texts} == {"a\nc", "b"}
    # The name at 3 stands right above its mark, those at 1 above it.
    assert {t.get_text(): t.xyann[1] for t in ax.texts} == {"b": 8, "a\nc": 21}
    assert ax.get_xscale() == "log"


def test_score_distributions_are_shares_of_each_class():
    scores = POINTS[:, 0]
    figure = truth.score_distributions({"x": (scores, LABELS), "y": (scores - 1.0, LABELS)})
    for ax, shift in zip(figure.axes, (0.0, 1.0), strict=True):
        for patch, label in zip(ax.patches, (0, 1), strict=True):
            xy = patch.get_xy()
            edges, heights = xy[1::2, 0], xy[1:-1:2, 1]
            counts, _ = np.histogram(scores[label == LABELS] - shift, bins=edges)
            np.testing.assert_allclose(heights, counts / (label == LABELS).sum())
            assert heights.sum() == pytest.approx(1.0)
        assert ax.lines[0].get_xdata()[0] == 0.0


def test_spread_shows_every_split_and_what_was_published():
    frame = pd.DataFrame(
        {
            "test": ["u", "v", "u", "v"] * 2,
            "C": [np.inf, np.inf, 1.0, 1.0] * 2,
            "accuracy": np.linspace(0.1, 0.8, 8),
            "auroc": np.linspace(0.9, 0.2, 8),
        }
    )
    known = pd.DataFrame({"test": ["v"], "C": [1.0], "published": [0.42]})
    figure = truth.transfer_spread(frame, known)
    names = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert names == ["u\nno penalty", "u\n$C = 1$", "v\nno penalty", "v\n$C = 1$"]
    cells = [("u", np.inf), ("u", 1.0), ("v", np.inf), ("v", 1.0)]
    for ax, column in zip(figure.axes, ("accuracy", "auroc"), strict=True):
        for row, (collection, (test, C)) in enumerate(zip(ax.collections, cells, strict=True)):
            offsets = np.asarray(collection.get_offsets())
            expected = frame[(frame.test == test) & (frame.C == C)][column]
            np.testing.assert_allclose(offsets[:, 0], expected)
            assert set(offsets[:, 1]) == {row}
    diamonds = [line for line in figure.axes[0].lines if line.get_marker() == "D"]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in diamonds] == [(0.42, 3)]
    assert not [line for line in figure.axes[1].lines if line.get_marker() == "D"]


def test_plane_of_truth_shows_four_kinds_and_three_arrows():
    xy = POINTS[:, :2]
    figure = truth.truth_plane(
        {"cities": [(xy, LABELS, 1), (-xy, LABELS, -1)]}, [2.0, 0.0], [-0.3, 1.0], [0.6, 0.8]
    )
    (ax,) = figure.axes
    shown = scatters(ax)
    np.testing.assert_array_equal(shown["affirmative, true"].get_offsets(), xy[LABELS == 1])
    np.testing.assert_array_equal(shown["negated, false"].get_offsets(), -xy[LABELS == 0])
    assert len(shown) == 4
    tips = [tuple(a.xy) for a in ax.texts if hasattr(a, "arrow_patch")]
    assert tips == [(2.0, 0.0), (-0.3, 1.0), (1.2, 1.6)]
    assert ax.get_aspect() == 1.0


@pytest.mark.parametrize("count", [10, 2000])
def test_many_points_are_rasterised(count):
    points, labels = np.zeros((count, 2)), np.arange(count) % 2
    figure = truth.labelled_plane({"cities": (points, labels)})
    assert {bool(c.get_rasterized()) for c in figure.axes[0].collections} == {count > 1000}
    assert figure.svg().startswith("<svg")


def test_colours_are_the_book_s():
    figure = truth.labelled_plane({"cities": (POINTS, LABELS)})
    import matplotlib.colors as colors

    shown = scatters(figure.axes[0])
    assert colors.same_color(shown["true"].get_edgecolor()[0], style.BLUE)
    assert colors.same_color(shown["false"].get_edgecolor()[0], style.ORANGE)
