import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
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
    names = {t.get_text(): t for t in ax.texts if t.get_text()}
    # The name at 3 stands right above its mark, those at 1 above it.
    assert {name: t.xyann[1] for name, t in names.items()} == {"b": 8, "a\nc": 21}
    assert {name: t.xy for name, t in names.items()} == {"b": (3, 0.0), "a\nc": (1, 0.0)}
    # A pole leads from each mark to the top of its names.
    poles = {t.xy[0]: t.xyann for t in ax.texts if not t.get_text()}
    assert set(poles) == {1, 3}
    assert {x for x, _ in poles.values()} == {0}
    assert poles[3][1] > 8
    assert poles[1][1] > 21 + 9
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


@pytest.mark.parametrize("stretch", [(1, 5), (1, 1), (5, 1)])
def test_topics_are_seen_on_one_scale_whatever_their_shape(stretch):
    near, far = POINTS[:, :2] * stretch, 3 * POINTS[:, :2] * stretch
    figure = truth.truth_plane(
        {"cities": [(near, LABELS, 1)], "sp_en_trans": [(far, LABELS, 1)]},
        [2, 0], [0, 1], [0.6, 0.8],
    )  # fmt: skip
    # The layout is settled by the first drawing, which is the one that a page shows.
    first, second = figure.axes
    figure.draw_without_rendering()
    settled = [ax.get_position().bounds for ax in figure.axes]
    figure.draw_without_rendering()
    np.testing.assert_allclose([ax.get_position().bounds for ax in figure.axes], settled, atol=0.02)
    assert first.get_ylim() == pytest.approx(second.get_ylim())
    assert first.get_xlim() == pytest.approx(second.get_xlim())
    for ax in figure.axes:
        box = ax.get_window_extent()
        x, y = np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())
        assert box.width / x == pytest.approx(box.height / y)
        assert ax.get_tightbbox().y1 <= figure.bbox.y1
        (low_x, low_y), (high_x, high_y) = far.min(axis=0), far.max(axis=0)
        assert ax.get_xlim()[0] < low_x < high_x < ax.get_xlim()[1]
        assert ax.get_ylim()[0] < low_y < high_y < ax.get_ylim()[1]


@pytest.mark.parametrize("angle", [10, 40, 50, 100, -30])
def test_the_probe_s_name_keeps_away_from_the_nearer_arrow(angle):
    w = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    t_G, t_P = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    figure = truth.truth_plane({"cities": [(POINTS[:, :2], LABELS, 1)]}, t_G, t_P, w)
    (place,) = [t.get_position() for t in figure.axes[0].texts if "{w}" in t.get_text()]
    nearer = t_P if angle > 45 else t_G
    assert np.sign(np.linalg.det([w, place])) == -np.sign(np.linalg.det([w, nearer]))


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


def test_a_drawing_is_the_same_at_every_call_and_in_any_order():
    first, second = (truth.labelled_plane({"cities": (POINTS, LABELS)}) for _ in range(2))
    paper = first.pdf()
    assert second.svg() == second.svg() == first.svg()
    assert second.pdf() == paper


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


# --- Descriptions -------------------------------------------------------------------------------

HALF = ([0.0, 1.0, 2.0, 3.0], [0, 1, 0, 1])  # three of four pairs in order


def test_planes_are_described_by_the_order_along_the_first_component():
    ordered = [[0.0, 9.0], [1.0, 0.0], [2.0, 9.0], [3.0, 0.0]]
    panels = {"a": (ordered, [0, 1, 0, 1]), "b": (ordered, [1, 1, 0, 0])}
    described = truth.labelled_plane(panels, {"a": [0.5, 0.2, 0.1], "b": [0.997, 0.003]})
    assert described.description == (
        "Along the first component alone the AUROC, turned round where it is below one half, is "
        "0.75 on a and 1 on b; 1 means that the classes do not overlap. The two components hold "
        "50 and 20 per cent of the variance on a; over 99 and under 1 on b."
    )
    without = truth.labelled_plane({"a": (ordered, [0, 0, 0, 0])}).description
    assert without == "There are no true sentences on a."


def test_onsets_are_described_with_the_place_of_the_curves():
    figure = truth.onset_curves(
        {"a": 1, "b": 3, "c": 1}, {"a": [11, 9], "b": [20], "c": []}, {"a": 21, "b": 40, "c": 21}
    )
    assert figure.description == (
        "The smallest numbers of components that separate true from false are 1 for a and c; "
        "3 for b. Permuted labels need 9 to 11 on a and 20 on b. The curves reach one half at "
        "10 of 21 and 19 of 40."
    )
    for n, half in ((21, 10), (40, 19)):
        assert cover_probability(n, half) >= 0.5 > cover_probability(n, half - 1)


@pytest.mark.parametrize(
    ("shift", "medians"),
    [
        (0.0, "the median of true ones is above the threshold, that of false ones on it"),
        (-1.5, "the median of true ones is above the threshold, that of false ones below it"),
        (5.0, "both medians are above the threshold"),
        (-5.0, "both medians are below the threshold"),
    ],
)
def test_scores_are_described_by_pairs_and_medians(shift, medians):
    scores = np.array([-1.0, 0.0, 1.0, 0.5, 2.0, 3.0]) + shift
    figure = truth.score_distributions({"a": (scores, [0, 0, 0, 1, 1, 1])})
    start = "On a true sentences score higher than false ones in 89 per cent of pairs; "
    assert figure.description == f"{start}{medians}."


def test_scores_of_several_sets_are_described_briefly():
    values = np.array([-1.0, -2.0, 1.0, 2.0])
    wrong = (values, [1, 1, 0, 0])
    figure = truth.score_distributions(
        {"one": (values, [1, 1, 1, 1]), "a": (values, [0, 0, 1, 1]), "b": wrong, "h": HALF}
    )
    assert figure.description == (
        "On one there are no false sentences. On a true sentences score higher than false ones in "
        "all pairs; the median of true ones is above the threshold, that of false ones below it. "
        "On b they do in no pair; the median of true ones is below the threshold, that of false "
        "ones above it. On h they do in 75 per cent of pairs; both medians are above the threshold."
    )


def test_spreads_are_described_by_medians_and_published_values():
    frame = pd.DataFrame(
        {
            "test": ["u"] * 3 + ["v"] * 3 + ["u"] * 3,
            "C": [np.inf] * 3 + [1.0] * 6,
            "accuracy": [0.1, 0.3, 0.9, 1.0, 1.0, 0.0, 0.999, 0.5, 1.0],
            "auroc": [0.0, 0.0, 0.5, 0.2, 0.1, 0.6, 0.003, 0.003, 1.0],
        }
    )
    known = pd.DataFrame({"test": ["v", "u"], "C": [1.0, 1.0], "published": [0.028, np.nan]})
    assert truth.transfer_spread(frame, known).description == (
        "The numbers are median accuracy and median AUROC. "
        "On u 0.30 and 0 without penalty; over 0.99 and under 0.01 with C = 1. "
        "On v 1 and 0.20 with C = 1 (published accuracy 0.028)."
    )


def test_the_plane_of_truth_is_described_by_angles():
    along, across = [[0.0, 0.0], [6.0, 8.0]], [[0.0, 0.0], [8.0, -6.0]]
    panels = {
        "cities": [(along, [0, 1], 1), (along, [1, 0], -1)],
        "words": [(across, [0, 1], 1), (across, [1, 1], -1)],
    }
    figure = truth.truth_plane(panels, [2.0, 0.0], [0.0, 3.0], [0.6, 0.8])
    assert figure.description == (
        "The general and the polarity-sensitive direction are 90 degrees apart; the probe's arrow "
        "is 53 degrees from the first and 37 degrees from the second. The step from the mean of "
        "the false sentences to that of the true ones turns away from the probe's arrow by "
        "0 degrees on affirmative cities, 180 degrees on negated cities, 90 degrees on affirmative "
        "words and no false sentences on negated words. Beyond 90 degrees it leads backwards."
    )


@pytest.mark.parametrize(
    ("a", "b", "told"),
    [
        ([1, 0], [1, 0.0174], "1 degree"),
        ([3, 0], [5, 0], "0 degrees"),
        ([1, 1], [-2, -2], "180 degrees"),
        ([0, 0], [1, 0], "an unknown angle"),
    ],
)
def test_angles_are_told_in_degrees(a, b, told):
    assert truth._degrees(a, b) == told


def line(test, values, train="cities", value="auroc"):
    ends = {f"{value}_min": values, f"{value}_max": values}
    return pd.DataFrame(
        {"layer": range(len(values)), "train": train, "test": test, value: values} | ends
    )


@pytest.mark.parametrize(("value", "name"), [("auroc", "AUROC"), ("accuracy", "accuracy")])
def test_sweeps_are_described_by_where_they_are_high_and_low(value, name):
    frame = pd.concat(
        [
            line("cities", [0.2, 0.95, 0.9, 0.3, 1.0], value=value),
            line("neg_cities", [0.7, 0.1, 0.0, 0.5, 0.7], value=value),
            line("sp_en_trans", [0.5, 0.5, 0.5, 0.5, 0.5], value=value),
            line("neg_sp_en_trans", [np.nan, 0.5, np.nan, 0.6, np.nan], value=value),
            line("cities", [np.nan] * 5, "all", value=value),
        ]
    )
    assert truth.layer_sweeps(frame, value=value).description == (
        f"The numbers are medians of the {name}. For training on cities, "
        "cities is lowest on layer 0 (0.20) and at least 0.9 on layers 1 to 2 and 4; "
        "neg_cities is at most 0.1 on layers 1 to 2 and highest on layers 0 and 4 (0.70); "
        "sp_en_trans is 0.50 on layers 0 to 4; "
        "neg_sp_en_trans is lowest on layer 1 (0.50) and highest on layer 3 (0.60). "
        "For training on all, cities is unknown."
    )


def test_models_are_described_in_one_order():
    rows = [("A", "t", "u", 0.5), ("B", "t", "u", 1.0), ("B", "t", "v", 0.0), ("A", "s", "u", 0.1)]
    frame = pd.DataFrame(rows, columns=["model", "train", "test", "auroc"])
    frame = frame.assign(
        auroc_min=frame.auroc, auroc_max=frame.auroc, auroc_low=frame.auroc, auroc_high=frame.auroc
    )
    assert truth.auroc_by_model(frame).description == (
        "The numbers are median AUROCs of A and B, in this order. "
        "For training on t they are 0.50 and 1 on u; unknown and 0 on v. "
        "For training on s they are 0.10 and unknown on u."
    )
    alone = truth.auroc_by_model(frame[frame.model == "A"]).description
    assert alone.startswith("The numbers are median AUROCs of A. For training on t they are 0.50")


@pytest.mark.parametrize("value", [0.0, 0.0049, 0.005, 0.5, 0.9949, 0.995, 0.9999, 1.0, np.nan])
def test_only_nothing_and_all_are_told_as_such(value):
    told = {truth._number(value), truth._per_cent(value)}
    assert (told == {"0"}) == (value == 0)
    assert ("1" in told) == ("100" in told) == (value == 1)
    assert (told == {"unknown"}) == np.isnan(value)
    assert not told & {"0.00", "1.00"}


LABEL_LISTS = st.lists(st.integers(0, 1), min_size=1, max_size=6)
SHARES = st.floats(0, 1) | st.just(float("nan"))


@st.composite
def drawn(draw):
    """One of the figures, of data with gaps in it."""
    labels = np.array(draw(LABEL_LISTS))
    number = st.integers(-3, 3)
    points = np.array(draw(st.lists(st.tuples(number, number), min_size=6, max_size=6)), float)
    points = points[: len(labels)]
    kind = draw(
        st.sampled_from(["labelled", "onset", "scores", "spread", "plane", "sweep", "models"])
    )
    if kind == "labelled":
        shares = draw(st.none() | st.just({"cities": [draw(SHARES), draw(SHARES)]}))
        return truth.labelled_plane({"cities": (points, labels)}, shares)
    if kind == "onset":
        found = draw(st.lists(st.integers(1, 9), max_size=3))
        return truth.onset_curves({"a": draw(st.integers(1, 9))}, {"a": found}, {"a": 9})
    if kind == "scores":
        return truth.score_distributions({"cities": (points[:, 0], labels)})
    if kind == "plane":
        arrows = [draw(st.tuples(number, number)) for _ in range(3)]
        return truth.truth_plane(
            {"cities": [(points, labels, draw(st.sampled_from([1, -1])))]}, *arrows
        )
    if kind == "spread":
        C = draw(st.sampled_from([np.inf, 1.0, 1e-3]))
        rows = {"test": ["u"], "C": [C], "accuracy": [draw(SHARES)], "auroc": [draw(SHARES)]}
        known = pd.DataFrame({"test": ["u"], "C": [C], "published": [draw(SHARES)]})
        return truth.transfer_spread(pd.DataFrame(rows), known)
    values = draw(st.lists(SHARES, min_size=1, max_size=4))
    if kind == "sweep":
        return truth.layer_sweeps(line("cities", values), [0])
    frame = line("cities", values).assign(auroc_low=0.0, auroc_high=1.0)
    return truth.auroc_by_model(frame.assign(model=[f"M{layer}" for layer in frame.layer]))


@settings(deadline=None, max_examples=60)
@given(drawn())
def test_descriptions_are_plain_sentences(figure):
    said = figure.description
    assert said.endswith(".")
    assert said[0].isupper()
    assert not re.search(r"[$\\<>*`{}\n]|  |\bnan\b|\binf\b|\bNone\b|np\.|\[", said)
    assert len(re.findall(r"[.](?: |$)", said)) <= 5
