"""The look of the figures."""

import base64
import re

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
    bundle = figure._repr_mimebundle_()
    assert list(bundle) == ["image/svg+xml", "application/pdf"]
    text = figure.svg()
    assert bundle["image/svg+xml"] == text
    assert text.startswith("<svg")
    assert "<dc:date>" not in text
    assert text == figure.svg()


def test_a_figure_shows_itself_on_paper_as_pdf_without_date(caplog):
    def draw():
        figure, ax = style.new_figure(width=5, height=2)
        ax.plot([0, 1], [1, 0])
        # Glyphs that the figures' own font does not have come from one that fontTools warns of.
        ax.set_xlabel(r"$\mathcal{L}$ and $\mathbf{x} \in \mathbb{R}^2$")
        return figure

    paper = draw().pdf()
    assert base64.b64decode(draw()._repr_mimebundle_()["application/pdf"]) == paper
    assert paper.startswith(b"%PDF")
    assert b"/MediaBox [ 0 0 360 144 ]" in paper
    assert b"Date" not in paper
    assert caplog.records == []


def test_an_image_in_a_figure_is_crisp_on_paper():
    figure, ax = style.new_figure(width=5, height=2)
    figure.set_layout_engine("none")
    ax.set_position((0, 0, 1, 1))
    ax.plot([0, 1], [1, 0], rasterized=True)
    widths = re.findall(rb"/Width (\d+)", figure.pdf())
    assert widths
    assert all(int(width) >= 0.9 * 5 * style.PAPER_DPI for width in widths)


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
