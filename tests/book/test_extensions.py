"""The small Sphinx extensions of `conf/_ext`, each on the case it was written for."""

import base64
import importlib
import re
from types import SimpleNamespace

import accessibility
import execution
import icons
import macros
import mathematics
import numpy as np
import pytest
from bs4 import BeautifulSoup
from docutils import nodes

from activations.figures import style

# The name is that of an extension in conf/_ext, which pytest makes importable.
drawings = importlib.import_module("figures")


@style.styled
def example():
    """Return a figure with a line, a word and an image."""
    figure, (left, right) = style.new_figure(ncols=2)
    left.plot([0, 1], [0, 1], color=style.BLUE)
    left.set_xlabel("$x$")
    right.imshow(np.eye(3))
    return figure


@pytest.fixture
def drawn(tmp_path):
    svg = example().svg()
    return drawings.inline(svg, 'A "blue" line.', tmp_path, "_images", ["dark"]), tmp_path


def test_a_drawing_takes_the_pages_colours(drawn):
    html, _ = drawn
    assert "currentColor" in html
    assert f"var(--figure-blue, {style.BLUE})" in html
    assert style.INK not in html


def test_a_drawing_has_its_alternative_text_and_scales(drawn):
    html, _ = drawn
    assert re.search(r"<svg role=\"img\" aria-label='A \"blue\" line.' style=\"width:672px\"", html)
    assert 'viewBox="0 0 ' in html
    assert not re.search(r'<svg [^>]*height="', html)
    assert html.startswith('<div class="figure-drawing dark">')


def test_ids_of_a_drawing_are_referred_to_and_do_not_clash(drawn):
    html, _ = drawn
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert ids
    assert len(ids) == len(set(ids))
    assert all(f"#{i}" in html for i in ids)
    assert set(re.findall(r'(?:url\(#|href="#)([^)"]+)', html)) <= set(ids)
    other = drawings.inline(example().svg(), "Another line.", drawn[1], "_images", [])
    assert not set(ids) & set(re.findall(r'\bid="([^"]+)"', other))


def test_images_of_a_drawing_become_files(drawn):
    html, folder = drawn
    assert "base64" not in html
    (name,) = re.findall(r'<image [^>]*href="_images/([^"]+)"', html)
    assert (folder / name).read_bytes().startswith(b"\x89PNG")


def test_paths_are_written_briefly():
    line = 'clip-path="url(#p)" style="fill: none; stroke: red"'
    svg = (
        f'<path d="M 1.23456 2 \nL 3.001 -4.5 \n" {line}/>\n<path d="M 5 6 \nL 7 8 \n" {line}/>\n'
        '<path d="M 0 0 \nL 1.5 1 \nL 1.5 1 \nL 1.5 1 \nz\n" style="fill: blue"/>'
    )
    assert drawings.compact(svg) == (
        f'<path d="M 1.23 2 L 3 -4.5 M 5 6 L 7 8" {line}/>\n'
        '<path d="M 0 0 L 1.5 1 z" style="fill: blue"/>'
    )


@pytest.mark.parametrize("style", ["fill: blue", "fill: none; opacity: 0.5"])
def test_areas_and_translucent_lines_stay_apart(style):
    svg = f'<path d="M 1 2" style="{style}"/><path d="M 3 4" style="{style}"/>'
    assert drawings.compact(svg) == svg


def test_the_same_figure_gives_the_same_drawing():
    assert example().svg() == example().svg()


def test_what_the_data_made_of_a_drawing_is_read_out_after_the_text(tmp_path):
    figure, _ = style.new_figure(height=1)
    for said in ("", 'Above 1 & below "2".'):
        figure.description = said
        page = drawings.inline(figure.svg(), "A line.", tmp_path, "images", [])
        (drawing,) = BeautifulSoup(page, "lxml").select("svg")
        assert drawing["aria-label"] == f"A line. {said}".strip()
        assert "description" not in page


def test_an_embedded_image_survives_the_move(tmp_path):
    data = base64.b64encode(b"\x89PNG content").decode()
    moved = drawings.with_linked_images(f'href="data:image/png;base64,{data}"', tmp_path, "i")
    (file,) = tmp_path.iterdir()
    assert file.read_bytes() == b"\x89PNG content"
    assert moved == f'href="i/{file.name}"'


def test_the_digest_changes_with_content_and_name_and_word(tmp_path):
    file = tmp_path / "a.py"
    file.write_text("1")
    states = [execution.digest([tmp_path])]
    assert execution.digest([tmp_path]) == states[0]
    states.append(execution.digest([tmp_path], words=["x"]))
    file.write_text("2")
    states.append(execution.digest([tmp_path]))
    file.rename(tmp_path / "b.py")
    states.append(execution.digest([tmp_path]))
    states.append(execution.digest([], listed=[tmp_path]))
    assert len(set(states)) == len(states)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "b.pyc").write_text("")
    assert execution.digest([tmp_path]) == states[3]


SCRIPT = (
    'var a={"sun":[576,512,[9728],"f185","M1 2z"],bars:[448,512,["navicon"],"f0c9","M3 4z"],'
    '"chevron-down":[448,512,[],"f078","M5 6z"]};'
)


def test_icons_are_found_under_their_names_and_other_names():
    assert icons.outline(SCRIPT, "sun") == (576, 512, "M1 2z")
    assert icons.outline(SCRIPT, "bars") == (448, 512, "M3 4z")
    assert icons.outline(SCRIPT, "navicon") == (448, 512, "M3 4z")
    assert icons.outline(SCRIPT, "moon") is None


def test_icons_of_a_page_are_those_it_names():
    page = '<i class="theme-switch fa-solid fa-sun fa-lg"></i><p class="fa-none">'
    assert icons.icons_in(page) == {"sun"}
    assert "viewBox%3D%220%200%20576%20512%22" in icons.sheet(SCRIPT, {"sun"})


def test_the_script_of_all_icons_leaves_the_page():
    page = '<head>\n<script defer src="_static/scripts/fontawesome.js?digest=1"></script></head>'
    assert icons.SCRIPT_TAGS.sub("", page) == "<head></head>"


def test_punctuation_stays_at_its_formula():
    paragraph = nodes.paragraph()
    paragraph += [nodes.Text("."), nodes.math("", "x^2"), nodes.Text(", and"), nodes.math("", "y")]
    paragraph += [nodes.Text(" too"), nodes.math("", "z"), nodes.Text(".")]
    app = SimpleNamespace(builder=SimpleNamespace(format="html"))
    mathematics.keep_punctuation(app, paragraph, "page")
    parts = [part.astext() for part in paragraph]
    assert parts == [".", r"x^2\text{,}", " and", "y", " too", r"z\text{.}", ""]


def test_macros_count_their_arguments():
    assert macros.arguments(r"\mathbb{R}") == 0
    assert macros.arguments(r"\langle #1, #2 \rangle") == 2
    assert r"\renewcommand{\inner}[2]{" in macros.latex()


def test_repairs_are_made_once():
    page = '<div class="sidebar-primary-item">\n<a class="navbar-brand logo" href="#"></a></div>'
    page += '<summary><span class="toctree-toggle"></span></summary>'
    better = accessibility.repaired(page)
    assert 'role="navigation" aria-label="First page"' in better
    assert '<summary aria-label="Show or hide the pages below">' in better
    assert accessibility.repaired(better) == better
