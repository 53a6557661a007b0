"""What a reader gets: tests of the built pages."""

import re
from functools import cache

import pytest
from bs4 import BeautifulSoup
from chapters import BOOK, CHAPTERS, EXERCISE_OF_PART, PAGES, SOURCES, name, need_pages

LARGEST_PAGE = 3_000_000


@pytest.fixture(autouse=True)
def _built():
    need_pages()


def built(path):
    return PAGES / path.relative_to(BOOK).with_suffix(".html")


@cache
def soup(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "lxml")


def article(path):
    return soup(built(path)).select_one("article.bd-article")


def outside_code(page):
    """Return what a page says outside its listings."""
    copy = BeautifulSoup(str(page), "lxml")
    for listing in copy.select("pre"):
        listing.decompose()
    return copy.get_text()


def html_pages():
    return [p for p in PAGES.rglob("*.html") if "_static" not in p.parts]


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_every_source_has_a_page(path):
    assert article(path).get_text(strip=True)


@pytest.mark.parametrize("label", EXERCISE_OF_PART)
def test_every_part_of_the_sheet_is_there_with_its_points_and_a_folded_solution(label):
    path = CHAPTERS[EXERCISE_OF_PART[label] - 1]
    exercise = article(path).find(id=label)
    assert re.search(r"\d (?:bonus )?points?", exercise.get_text())
    solution = article(path).find(id=label.replace("ex-", "sol-"))
    assert "dropdown" in solution["class"]
    assert len(solution.get_text().split()) > 20


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_reference_is_unresolved(path):
    page = article(path)
    assert not page.select(".problematic, .system-message")
    text = outside_code(page)
    for mark in ("??", "{ref}", "{eq}", "{prf:ref}", "{glue", "{numref}", "{cite"):
        assert mark not in text, mark
    for code in page.select("code.xref"):
        assert code.find_parent("a") or "docutils" in code["class"], code


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_every_link_within_the_book_arrives(path):
    for link in article(path).select("a[href]"):
        target, _, anchor = link["href"].partition("#")
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        page = (built(path).parent / target).resolve() if target else built(path)
        assert page.is_file(), link["href"]
        if anchor and page.suffix == ".html":
            assert soup(page).find(id=anchor), link["href"]


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_every_figure_says_in_a_sentence_what_it_shows(path):
    page = article(path)
    drawings = page.select("figure svg[role=img], .cell_output svg[role=img]")
    for text in [d["aria-label"] for d in drawings] + [
        i.get("alt", "") for i in page.select("img")
    ]:
        assert len(text.split()) >= 5, text
        assert text[0].isupper(), text
        assert text.endswith("."), text


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_every_table_scrolls_by_itself_where_it_is_wider_than_the_page(path):
    tables = article(path).select("table")
    assert tables
    assert all(table.find_parent(class_="pst-scrollable-table-container") for table in tables)


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_every_chapter_has_figures_with_captions(path):
    page = article(path)
    figures = page.select("figure")
    assert len(figures) >= 2
    for figure in figures:
        assert figure.select_one("svg, img")
        assert len(figure.figcaption.get_text().split()) >= 5


@pytest.mark.parametrize("page", ["index", *(p.stem for p in CHAPTERS)])
def test_ids_on_a_page_are_unique(page):
    ids = [tag["id"] for tag in soup(PAGES / f"{page}.html").select("[id]")]
    assert sorted(ids) == sorted(set(ids))


def test_no_page_asks_anybody_else_for_anything():
    wanted = []
    for page in html_pages():
        for tag, attribute in (
            ("script[src]", "src"),
            ("img[src]", "src"),
            ("link[rel=stylesheet]", "href"),
            ("link[rel=preload]", "href"),
            ("iframe[src]", "src"),
            ("image[href]", "href"),
        ):
            wanted += [
                (page.name, found[attribute])
                for found in soup(page).select(tag)
                if found[attribute].startswith(("http:", "https:", "//"))
            ]
    for sheet in PAGES.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        wanted += [
            (sheet.name, url) for url in re.findall(r"url\([\"']?((?:https?:)?//[^)]+)", text)
        ]
        wanted += [(sheet.name, url) for url in re.findall(r"@import [^;]*//[^;]*", text)]
    assert wanted == []


def test_everything_a_page_asks_for_is_there():
    for page in html_pages():
        for tag, attribute in (
            ("script[src]", "src"),
            ("img[src]", "src"),
            ("image[href]", "href"),
        ):
            for found in soup(page).select(tag):
                url = found[attribute].split("?")[0]
                if not url.startswith("data:"):
                    assert (page.parent / url).resolve().is_file(), (page.name, url)


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_a_cell_has_not_failed_and_wrote_nothing_to_stderr(path):
    page = article(path)
    assert not page.select(".output.traceback, .output.stderr")
    assert page.select(".cell_output")


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_mathematics_is_rendered(path):
    page = article(path)
    assert page.select(".katex")
    assert not page.select(".katex-error")
    text = BeautifulSoup(str(page), "lxml")
    for rendered in text.select(".katex, pre, code"):
        rendered.decompose()
    assert not re.search(r"\\(?:frac|mathbf|sigma|sum|lambda)\b", text.get_text())


@pytest.mark.parametrize("page", [p.stem for p in CHAPTERS])
def test_a_page_is_not_too_heavy_for_a_phone(page):
    assert (PAGES / f"{page}.html").stat().st_size < LARGEST_PAGE


def test_no_page_loads_all_icons_there_are():
    assert not any("fontawesome.js" in p.read_text(encoding="utf-8") for p in html_pages())


def test_the_slips_of_all_chapters_are_in_the_index_of_slips():
    listed = article(BOOK / "appendix" / "what-can-go-wrong.md").get_text()
    for path in CHAPTERS:
        source = path.read_text(encoding="utf-8")
        for title in re.findall(r"^\(slip-[\w-]+\)=\n#+ (.+)$", source, flags=re.MULTILINE):
            words = re.findall(r"[A-Za-z]{2,}", re.sub(r"\$[^$]*\$", "", title))
            assert all(word in listed for word in words), title


def test_no_path_of_the_machine_is_on_a_page():
    for page in html_pages():
        text = page.read_text(encoding="utf-8")
        assert str(PAGES.parents[1]) not in text, page.name
        assert not re.search(r"(?:/tmp/|/home/|/root/)\w", text), page.name
