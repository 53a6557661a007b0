"""The book on paper: the same numbers as the pages, and what a reader of a PDF may expect."""

import re
import shutil
import subprocess
import tomllib
from functools import cache

import paper
import pytest
import typeset
from bs4 import BeautifulSoup
from chapters import BOOK, CHAPTERS, PAGES, ROOT, SOURCES, lacking, name
from docutils import nodes

BUILD = ROOT / "build"
PDF = BUILD / "pdf" / "activations.pdf"
LATEX = BUILD / "latex" / "activations.tex"
KINDS = "Theorem|Lemma|Proposition|Corollary|Definition|Example|Remark|Algorithm|Exercise"


def need_pdf():
    """Do without the test where there is no PDF of the very sources the pages are from."""
    states = [BUILD / "finished-pdf", BUILD / "finished"]
    built = [path.read_text(encoding="utf-8") for path in states if path.is_file()]
    tools = shutil.which("pdftotext") and shutil.which("pdfinfo")
    if PDF.is_file() and len(built) == 2 and built[0] == built[1] and tools:
        return
    lacking("no PDF of the pages' sources, or no pdftotext: run `nox -s html pdf` first", "PDF")


@pytest.fixture
def _built():
    need_pdf()


printed = pytest.mark.usefixtures("_built")


@cache
def soup(path):
    page = PAGES / path.relative_to(BOOK).with_suffix(".html")
    return BeautifulSoup(page.read_text(encoding="utf-8"), "lxml").select_one("article.bd-article")


@cache
def said(*command):
    return subprocess.run(command, capture_output=True, check=True).stdout.decode()


def text():
    """Return the text of the PDF in reading order."""
    return said("pdftotext", "-enc", "UTF-8", str(PDF), "-")


def squeezed(words):
    """Leave out what a line break or a ligature may change."""
    return re.sub(r"[\s­‐-]+", "", words.replace("ﬁ", "fi").replace("ﬂ", "fl"))


@cache
def labels():
    """Return what TeX prints for each label: number by page and name."""
    source = LATEX.with_suffix(".aux").read_text(encoding="utf-8")
    found = re.findall(r"\\newlabel\{(?:\\detokenize \{)?([^{}]*)\}?\}\{\{\{?([^{}]*)\}", source)
    assert found
    return dict(found)


def number(tag):
    """Return the number in a caption of the pages, without its word."""
    (found,) = re.findall(r"\d[\d.]*", tag.get_text())
    return found.rstrip(".")


def page_name(path):
    return str(path.relative_to(BOOK).with_suffix(""))


@printed
@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_theorems_figures_and_tables_have_the_numbers_of_the_pages(path):
    numbers = {}
    for caption in soup(path).select(".caption-number"):
        box = caption.find_parent(["figure", "table", "div"])
        while not box.get("id"):
            box = box.parent
        numbers[box["id"]] = number(caption)
    printed = {key: labels().get(f"{page_name(path)}:{key}") for key in numbers}
    boxes = {key for key in numbers if key.startswith("ex-")}
    assert {k: v for k, v in printed.items() if k not in boxes} == {
        k: v for k, v in numbers.items() if k not in boxes
    }
    # An exercise's number is written out, not counted, and so stands in the text only.
    for key in boxes:
        assert re.search(rf"^Exercise {re.escape(numbers[key])}\b", text(), re.MULTILINE), key


@printed
@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_equations_have_the_numbers_of_the_pages(path):
    numbers = {}
    for tag in soup(path).select(".eqno"):
        link = tag.select_one("a[href^='#equation-']")
        numbers[link["href"].removeprefix("#equation-")] = number(tag)
    assert {key: labels().get(f"equation:{page_name(path)}:{key}") for key in numbers} == numbers


@printed
@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_sections_have_the_numbers_of_the_pages(path):
    for section in soup(path).select("section[id]"):
        heading = section.find(re.compile("^h[1-6]$"), recursive=False)
        shown = heading and heading.select_one(".section-number")
        if shown and int(heading.name[1]) <= 3:
            assert labels()[f"{page_name(path)}:{section['id']}"] == number(shown)


@printed
def test_captions_and_headings_are_printed_with_their_numbers():
    words = text()
    for path in CHAPTERS:
        expected = [
            " ".join(tag.get_text().split()).rstrip(".")
            for tag in soup(path).select(".caption-number")
        ]
        assert expected
        for caption in expected:
            assert re.search(rf"^{re.escape(caption)}(?:\.| \()", words, re.MULTILINE), caption


@printed
def test_no_theorem_is_printed_that_the_pages_do_not_have():
    shown = {
        " ".join(tag.get_text().split())
        for path in SOURCES
        for tag in soup(path).select("div .caption-number")
    }
    printed = set(re.findall(rf"(?m)^((?:{KINDS}) \d+\.\d+) \(", text()))
    assert printed <= shown
    assert len(printed) > 100


@printed
@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_citations_are_those_of_the_pages(path):
    # Between two words there may be the end of a page, with its head and its figures.
    words, whole = text().split(), squeezed(text())
    cited = soup(path).select("a[href*='bibliography.html#']")
    assert cited
    for link in cited:
        shown = link.get_text().split()
        assert squeezed(link.get_text()) in whole or all(
            any(part in word for word in words) for part in shown
        ), shown


@printed
def test_the_bibliography_is_that_of_the_pages_and_there_is_one():
    words = text()
    page = soup(BOOK / "appendix" / "bibliography.md")
    marks = [squeezed(tag.get_text()).strip("[]") for tag in page.select(".citation .label")]
    source = LATEX.read_text(encoding="utf-8")
    assert re.findall(r"\\bibitem\[([^\]]+)\]", source) == marks
    for heading in ("Bibliography", "Index"):
        assert len(re.findall(rf"(?m)^\f?{heading}$", words)) >= 1
        assert source.count(rf"\chapter{{{heading}}}") <= 1
    assert source.count(r"\begin{sphinxthebibliography}") == 1
    assert source.count(r"\printindex") == 1


@printed
def test_nothing_unresolved_is_printed():
    words = text()
    for mark in ("??", "{ref}", "{eq}", "{numref}", "{glue", "{cite", "[?]", "\ufffd"):
        assert mark not in words, mark
    assert re.findall(r"\[R[0-9a-f]{8,}", text()) == []


@printed
def test_tex_had_nothing_to_complain_of():
    log = LATEX.with_suffix(".log").read_text(encoding="utf-8", errors="replace")
    assert "Output written on activations" in log
    assert typeset.complaints(log, LATEX.read_text(encoding="utf-8")) == []


@printed
def test_no_page_is_blank():
    pages = text().split("\f")[:-1]
    assert len(pages) > 100
    images = said("pdfimages", "-list", str(PDF)) if shutil.which("pdfimages") else ""
    for place, page in enumerate(pages, start=1):
        shown = len(page.split()) > 12 or re.search(rf"(?m)^\s*{place}\s", images)
        assert shown, f"page {place}: {page!r}"


@printed
def test_the_file_says_what_it_is():
    about = said("pdfinfo", str(PDF))
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    title = re.search(r"(?m)^title: (.+)$", citation)[1]
    author = re.search(r"(?m)^  - name: (.+)$", citation)[1]
    assert re.search(rf"(?m)^Title: +{title}$", about)
    assert re.search(rf"(?m)^Author: +{author}$", about)
    assert re.search(r"(?m)^Page size: .*A4", about)
    assert b"/Lang" in PDF.read_bytes() or "pdflang" in LATEX.with_name("paper.sty").read_text()


@printed
def test_all_fonts_are_in_the_file():
    rows = said("pdffonts", str(PDF)).splitlines()[2:]
    assert rows
    for row in rows:
        assert row.split()[-5] == "yes", row


@printed
def test_no_path_of_the_machine_and_no_live_address_is_printed():
    address = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    words = text()
    assert str(ROOT) not in words
    assert not re.search(r"(?:/tmp/|/home/|/root/)\w", words)
    assert address["tool"]["activations"]["site-url"] or "live page" not in words


# The parts ----------------------------------------------------------------------------------------


def test_a_formula_takes_the_number_it_is_given():
    assert paper.display("x", "1.2", "equation:a:b") == (
        "\\begin{equation*}\\tag{1.2}\\label{equation:a:b}\nx\n\\end{equation*}"
    )
    assert r"\qedhere" in paper.display("x", mark=True)
    assert r"\qedhere" not in paper.display("x", "1", "l", mark=True)
    assert r"\begin{gathered}a \\ b\end{gathered}" in paper.display(r"a \\ b")
    inner = r"\begin{aligned}a \\ b\end{aligned}"
    assert "gathered" not in paper.display(inner)


def test_the_end_mark_of_a_proof_goes_into_a_last_formula_or_list():
    formula = nodes.math_block("", "x")
    assert paper.last_place(nodes.container("", nodes.paragraph(), formula)) is formula
    paragraph = nodes.paragraph("", "x")
    item = nodes.list_item("", paragraph)
    assert paper.last_place(nodes.container("", nodes.bullet_list("", item))) is paragraph
    assert paper.last_place(nodes.container("", nodes.paragraph("", "x"))) is None
    assert paper.last_place(nodes.container()) is None


@pytest.mark.parametrize("breaks", [False, True])
def test_columns_with_room_keep_their_width(breaks):
    columns = [[[1.0, 2.0]], [[3.0]]]
    widths = paper.fit([[1.0], [4.0]], columns, 30.0, 1.0, breaks)
    assert widths == [paper.whole([1.0, 2.0]), 4.0]


def test_heads_are_broken_before_cells_and_long_text_is():
    long = [2.0] * 30
    widths = paper.fit([[3.0, 3.0], [2.0]], [[[4.0]], [long]], 30.0, 1.0, False)
    assert 4.0 <= widths[0] <= paper.whole([3.0, 3.0])
    assert 6.0 <= widths[1] < paper.whole(long)
    assert sum(widths) <= 30.0


def test_short_cells_are_broken_only_where_that_is_allowed():
    heads, bodies = [[1.0]] * 3, [[[2.0, 2.0, 2.0]]] * 3
    assert paper.fit(heads, bodies, 14.0, 1.0, False) is None
    widths = paper.fit(heads, bodies, 14.0, 1.0, True)
    assert all(2.0 <= width < 6.0 for width in widths)
    assert paper.fit(heads, bodies, 5.0, 1.0, True) is None


def test_an_interval_stays_on_one_line():
    entry = nodes.entry("", nodes.paragraph("", ".906 [.688, .969]"))
    assert len(paper.pieces(entry)) == 2


LOG = """\
Overfull \\hbox (4.9pt too wide) in paragraph at lines 1--2
Overfull \\hbox (5.1pt too wide) in paragraph at lines 2--2
Overfull \\vbox (20.0pt too high) has occurred while \\output is active
Missing character: There is no X in font Y!
LaTeX Warning: Reference `a' on page 1 undefined on input line 7.
LaTeX Warning: There were undefined references.
"""


def test_the_log_is_read_for_what_a_reader_would_see():
    found = typeset.complaints(LOG, "first\nsecond\n")
    assert found[0] == "5.1 pt too wide in paragraph at lines 2--2: second"
    assert found[1].startswith("20.0 pt too high")
    assert found[2:] == [
        "Missing character: There is no X in font Y!",
        "LaTeX Warning: Reference `a' on page 1 undefined on input line 7.",
        "LaTeX Warning: There were undefined references.",
    ]
    assert typeset.complaints("Output written on a.pdf (3 pages).") == []


def test_where_tex_is_missing_one_message_says_what_to_install(monkeypatch):
    assert typeset.missing(lambda program: None) == list(typeset.PROGRAMS)
    assert typeset.missing(str, lambda file: False) == list(typeset.FILES.values())
    assert typeset.missing(str, lambda file: True) == []
    monkeypatch.setattr(typeset, "missing", lambda: ["xelatex"])
    message = typeset.main(["--check"])
    assert message.count(typeset.INSTALL) == 1
    assert "xelatex" in message
