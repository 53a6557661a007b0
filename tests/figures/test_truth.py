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


def sweep(layers=(0, 1, 2, 3)):
    rng = np.random.default_rng(1)
    rows = []
    for layer in layers:
        for train in ("cities", "cities + neg_cities"):
            for test in ("cities", "neg_cities", "sp_en_trans", "neg_sp_en_trans"):
                row = {"layer": layer, "train": train, "test": test}
                for name in ("auroc", "accuracy"):
                    low, middle, high = np.sort(rng.random(3))
                    row |= {name: middle, f"{name}_min": low, f"{name}_max": high}
                rows.append(row)
    return pd.DataFrame(rows)


@pytest.mark.parametrize("value", ["auroc", "accuracy"])
def test_sweeps_have_a_panel_a_training_and_a_line_a_test(value):
    frame = sweep()
    # Rows in any order are drawn from the first layer to the last.
    figure = truth.layer_sweeps(frame.sample(frac=1, random_state=0), [1, 3], value=value)
    assert {ax.get_title() for ax in figure.axes} == {
        "trained on cities",
        "trained on cities + neg_cities",
    }
    for ax in figure.axes:
        own = frame[frame.train == ax.get_title().removeprefix("trained on ")].set_index("test")
        lines = {line.get_label(): line for line in ax.lines}
        looks = set()
        for test in own.index.unique():
            x, y = lines[test].get_data()
            np.testing.assert_array_equal(x, own.layer[test])
            np.testing.assert_array_equal(y, own[value][test])
            looks.add((lines[test].get_linestyle(), lines[test].get_marker()))
        assert len(looks) == 4
        bands = [band.get_paths()[0].vertices for band in ax.collections]
        found = {tuple(np.round([b[:, 1].min(), b[:, 1].max()], 12)) for b in bands}
        ends = own.groupby(level=0)
        expected = zip(ends[f"{value}_min"].min(), ends[f"{value}_max"].max(), strict=True)
        assert found == {tuple(np.round(pair, 12)) for pair in expected}
        marked = [line.get_xdata()[0] for line in ax.lines if list(line.get_ydata()) == [0, 1]]
        assert marked == [1, 3]
        names = {text.get_text(): text for text in ax.texts}
        assert set(names) == set(own.index)
        for test, text in names.items():
            assert text.xy == (3.0, own[value][test].iloc[-1])
        heights = sorted(text.xyann[1] for text in names.values())
        assert min(np.diff(heights)) > 0.0999
        assert heights[0] >= 0.0
        assert heights[-1] <= 1.0
    assert figure.axes[-1].get_xlabel() == "layer, counted from 0"
    assert {ax.get_ylabel() for ax in figure.axes} == {
        {"auroc": "AUROC", "accuracy": "accuracy"}[value]
    }


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([0.1, 0.5, 0.9], [0.1, 0.5, 0.9]),
        ([0.5, 0.5], [0.55, 0.45]),
        ([1.0, 1.0, 1.0, 0.2], [1.0, 0.9, 0.8, 0.2]),
        ([0.0, 0.02], [0.0, 0.1]),
    ],
)
def test_names_at_the_ends_of_lines_keep_apart(places, expected):
    found = truth._spread_out(places, 0.1, 0.0, 1.0)
    assert sorted(found) == pytest.approx(sorted(expected))
    assert all((a < b) == (c < d) for a, b, c, d in zip(
        places, places[1:], found, found[1:], strict=False) if a != b)  # fmt: skip


def test_models_stand_side_by_side_with_their_intervals():
    rng = np.random.default_rng(2)
    rows = []
    for model in ("small", "middle", "large"):
        for train in ("cities", "cities + neg_cities"):
            for test in ("cities", "neg_cities"):
                low, least, middle, most, high = np.sort(rng.random(5))
                rows.append(
                    {"model": model, "train": train, "test": test, "auroc": middle,
                     "auroc_min": least, "auroc_max": most, "auroc_low": low, "auroc_high": high}
                )  # fmt: skip
    frame = pd.DataFrame(rows)
    figure = truth.auroc_by_model(frame)
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["cities", "neg_cities"]
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["small", "middle", "large"]
    markers = set()
    for ax, train in zip(figure.axes, frame.train.unique(), strict=True):
        assert ax.get_title() == f"trained on\n{train}"
        places = []
        for container, model in zip(ax.containers, frame.model.unique(), strict=True):
            own = frame[(frame.train == train) & (frame.model == model)]
            dots, _, (bars,) = container.lines
            np.testing.assert_array_equal(dots.get_xdata(), own.auroc)
            markers.add(dots.get_marker())
            for segment, row in zip(bars.get_segments(), own.itertuples(), strict=True):
                np.testing.assert_allclose(segment[:, 0], [row.auroc_low, row.auroc_high])
            places.append(np.asarray(dots.get_ydata()))
        # In each row from above in the models' order, nearer to its test set than to the next.
        offsets = np.array(places) - [[0, 1]]
        assert (np.diff(offsets, axis=0) > 0).all()
        assert np.abs(offsets).max() < 0.5
        broad = [c for c in ax.collections if c.get_linewidth()[0] == 7]
        spans = np.concatenate([[s[:, 0] for s in c.get_segments()] for c in broad])
        chosen = frame[frame.train == train]
        np.testing.assert_allclose(spans, chosen[["auroc_min", "auroc_max"]].to_numpy())
    assert len(markers) == 3
