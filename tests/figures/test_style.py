"""The look of the figures."""

import matplotlib as mpl
import pytest

from activations.figures import style


def luminance(colour):
    """Return the relative luminance of a colour as WCAG 2 defines it."""
    channels = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in mpl.colors.to_rgb(colour)
    ]
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]


@pytest.mark.parametrize("colour", style.PALETTE.values(), ids=style.PALETTE)
def test_every_colour_can_be_read_on_white(colour):
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5


def test_the_colours_differ_so_that_the_page_can_replace_each():
    assert len(set(style.PALETTE.values())) == len(style.PALETTE)
    assert set(style.CYCLE) <= set(style.PALETTE.values())
    assert style.INK not in style.CYCLE


def test_styled_leaves_the_readers_settings_alone():
    @style.styled
    def draw():
        assert mpl.rcParams["text.color"] == style.INK
        return style.new_figure()[0]

    before = mpl.rcParams["text.color"]
    assert before != style.INK
    draw()
    assert mpl.rcParams["text.color"] == before


def test_a_figure_shows_itself_as_svg_without_date_and_doctype():
    figure, ax = style.new_figure()
    ax.plot([0, 1], [1, 0])
    (mime,) = figure._repr_mimebundle_()
    assert mime == "image/svg+xml"
    text = figure.svg()
    assert text.startswith("<svg")
    assert "<dc:date>" not in text
    assert text == figure.svg()


@pytest.mark.parametrize(("rows", "columns", "shape"), [(1, 1, ()), (1, 3, (3,)), (2, 2, (2, 2))])
def test_new_figure_gives_the_axes_asked_for(rows, columns, shape):
    figure, axes = style.new_figure(rows, columns, height=2)
    assert getattr(axes, "shape", ()) == shape
    assert tuple(figure.get_size_inches()) == (7, 2)


def test_lines_take_the_books_colours_in_order():
    @style.styled
    def draw():
        figure, ax = style.new_figure()
        for height in range(3):
            ax.plot([0, 1], [height, height])
        return figure

    assert [line.get_color() for line in draw().axes[0].lines] == style.CYCLE[:3]
