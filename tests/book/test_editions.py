"""The student edition: no trace of a solution, every number that of the full edition."""

import pickle
import re
import zlib
from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from chapters import BOOK, CELL, CHAPTERS, PAGES, SOURCES, STUDENT_PAGES, cell_code, need_pages
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish
from sphinx.util.docutils import docutils_namespace, patch_docutils
from sphinx_exercise.nodes import solution_node

# Of Sphinx's next versions other extensions have to hear.
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::PendingDeprecationWarning"
)

STUDENT_DOCTREES = STUDENT_PAGES.with_name("doctrees-student")

SOLUTION = re.compile(r"^```\{solution-start\}.*?^```\{solution-end\}\n```$", re.M | re.S)
ALT = re.compile(r"^ +alt: (.*)$", re.MULTILINE)
LABEL = re.compile(r"^(?::label:|    name:) (\S+)$|label=\"([\w-]+)\"", re.MULTILINE)
CITATION = re.compile(r"\{cite:\w+\}`([\w, ]+)`")
WORD = re.compile(r"[a-z]{6,}")
#: A line of prose without any markup stands on the page letter by letter.
PLAIN = re.compile(r"[A-Za-z][A-Za-z ,;.-]{25,}")

BIBLIOGRAPHY = """
@book{opened, author = {Ann Open}, title = {Seen by all}, publisher = {P}, year = {2001}}
@book{hidden, author = {Bob Hidden}, title = {Seen by few}, publisher = {P}, year = {2002}}
"""

PAGE = """
# A page

{only_blocks}

:::{prf:theorem} First
:label: thm-first
Open.
:::

```{figure} first.png
:name: fig-first
The first picture.
```

:::{exercise} One
:label: ex-one
Show {prf:ref}`thm-first`; see {cite:t}`opened` and {download}`both.txt`.
:::

```{solution-start} ex-one
:label: sol-one
```
The marmalade is {index}`quince <marmelo>`.
See {cite:t}`hidden`, {numref}`fig-kept` and {eq}`eq-kept`.

:::{prf:lemma} Kept
:label: lem-kept
A lemma.
:::

```{math}
:label: eq-kept
a = b
```

```{figure} kept.png
:name: fig-kept
A kept picture.
```

{download}`both.txt` and {download}`kept.txt`

```{code-block} python
marmalade = 42
```
```{solution-end}
```

:::{exercise} Two
:label: ex-two
More.
:::

:::{prf:lemma} Last
:label: lem-last
Closing.
:::

```{math}
:label: eq-last
c = d
```

```{figure} last.png
:name: fig-last
The last picture.
```

See {prf:ref}`lem-last`, {eq}`eq-last`, {numref}`fig-last` and {ref}`ex-two`.
{reference}

```{bibliography}
```
"""

CONF = """
extensions = ["myst_parser", "sphinx_exercise", "proofs", "sphinxcontrib.bibtex", "editions"]
myst_enable_extensions = ["colon_fence"]
bibtex_bibfiles = ["refs.bib"]
bibtex_reference_style = "author_year"
numfig = True
html_theme = "basic"
html_theme_options = {}
"""

ONLY = """
:::{only} solutions
For teachers.
:::
:::{only} not solutions
For students.
:::
"""


@pytest.fixture
def build(tmp_path):
    """Return a function that builds a small book and says where it lies and what it warned of."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "conf.py").write_text(CONF)
    (source / "refs.bib").write_text(BIBLIOGRAPHY)
    for name in ("first.png", "kept.png", "last.png", "both.txt", "kept.txt"):
        (source / name).write_text(name)

    def run(*, solutions, reference=""):
        page = PAGE.replace("{only_blocks}", ONLY).replace("{reference}", reference)
        (source / "index.md").write_text(page)
        out = tmp_path / ("full" if solutions else "student")
        heard = tmp_path / "warnings"
        with heard.open("w") as warning, patch_docutils(source), docutils_namespace():
            app = Sphinx(
                source,
                source,
                out,
                tmp_path / f"{out.name}-doctrees",
                "html",
                confoverrides={"activations_solutions": solutions},
                status=None,
                warning=warning,
            )
            app.build()
        return out, heard.read_text()

    return run


def told(folder):
    """Return all that the files of an edition say, by name."""
    texts = {}
    for path in folder.rglob("*"):
        if path.suffix in {".html", ".js", ".txt", ".inv", ".json"} and "_static" not in path.parts:
            content = path.read_bytes()
            if path.suffix == ".inv":
                content = zlib.decompress(content.split(b"zlib.\n", 1)[1])
            texts[path] = content.decode("utf-8")
    return texts


TRACES = ["marmalad", "quince", "marmelo", "Hidden", "kept", "sol-one", "Solution"]


def test_a_full_edition_has_its_solutions_and_a_students_has_no_trace_of_them(build):
    full, _ = build(solutions=True)
    everything = " ".join(told(full).values())
    assert [trace for trace in TRACES if trace not in everything] == []
    page = (full / "index.html").read_text()
    assert "For teachers" in page
    assert "For students" not in page
    student, warnings = build(solutions=False)
    assert warnings == ""
    for path, text in told(student).items():
        assert [trace for trace in TRACES if trace in text] == [], path
    names = [path.name for path in student.rglob("*")]
    assert "both.txt" in names
    assert "last.png" in names
    assert not [name for name in names if "kept" in name]
    page = (student / "index.html").read_text()
    assert "For students" in page
    assert "For teachers" not in page
    assert "student edition</title>" in page


def test_what_is_open_has_the_same_number_in_both_editions(build):
    last = []
    for solutions in (True, False):
        folder, _ = build(solutions=solutions)
        page = BeautifulSoup((folder / "index.html").read_text(), "lxml")
        sentence = page.find(string=re.compile("^See ")).parent.get_text().split("\n")[0]
        numbers = [page.find(id=i).get_text().split("\n")[0] for i in ("lem-last", "fig-last")]
        last.append([sentence, *numbers, page.find(class_="eqno").get_text()[:3]])
    assert last[0][0] == "See Lemma 2, (2), Fig. 3 and Exercise 2."
    assert last[0][:-1] == last[1][:-1]
    assert [row[-1] for row in last] == ["(1)", "(2)"]


@pytest.mark.parametrize(
    "reference",
    ["{ref}`sol-one`", "{prf:ref}`lem-kept`", "{eq}`eq-kept`", "{numref}`fig-kept`"],
)
def test_the_open_text_cannot_point_into_a_solution(build, reference):
    assert build(solutions=True, reference=reference)[1] == ""
    label = reference.split("`")[1]
    assert label in build(solutions=False, reference=reference)[1]


# The book ---------------------------------------------------------------------------------------
def parts(path):
    """Return the solutions of a page's source, and the rest of it."""
    text = path.read_text(encoding="utf-8")
    return SOLUTION.findall(text), SOLUTION.sub("", text)


OPEN = "\n".join(parts(path)[1] for path in SOURCES)
CLOSED = "\n".join(solution for path in SOURCES for solution in parts(path)[0])


def marks(solution):
    """Return what a page says if it shows a solution: sentences, code, descriptions of figures."""
    found = PLAIN.findall(CELL.sub("", solution))
    for cell in CELL.findall(solution):
        found += ALT.findall(cell)
        if "remove-cell" not in cell:
            found += [
                line.strip()
                for line in cell_code(cell).splitlines()
                if len(line) > 20 and "import" not in line
            ]
    return [mark for mark in found if mark not in OPEN]


@cache
def said(path):
    """Return all that a page says, to any reader."""
    page = BeautifulSoup(path.read_text(encoding="utf-8"), "lxml")
    for tag in page.select("script, style"):
        tag.decompose()
    words = [page.get_text()]
    for attribute in ("aria-label", "alt", "title"):
        words += [tag[attribute] for tag in page.select(f"[{attribute}]")]
    return "\n".join(words)


def texts(folder):
    return [p for p in folder.rglob("*") if p.suffix in {".html", ".js", ".txt", ".json"}]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_students_pages_say_nothing_that_a_solution_says(path):
    need_pages(STUDENT_PAGES)
    # The package's own documentation is not about the sheet, but may call what a solution calls.
    pages = [p for p in STUDENT_PAGES.rglob("*.html") if p.parent.name != "api"]
    everything = "\n".join(map(said, pages))
    solutions = parts(path)[0]
    assert solutions
    for solution in solutions:
        wanted = marks(solution)
        assert wanted, solution.splitlines()[0]
        assert [mark for mark in wanted if mark in everything] == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_full_pages_say_it(path):
    need_pages()
    page = said(PAGES / f"{path.stem}.html")
    for solution in parts(path)[0]:
        wanted = marks(solution)
        assert [mark for mark in wanted if mark not in page] == []


def test_no_label_of_a_solution_is_in_the_students_edition():
    need_pages(STUDENT_PAGES)
    labels = {first or second for first, second in LABEL.findall(CLOSED)}
    assert len(labels) > 40
    inventory = (STUDENT_PAGES / "objects.inv").read_bytes().split(b"zlib.\n", 1)[1]
    everything = zlib.decompress(inventory).decode() + "".join(
        path.read_text(encoding="utf-8") for path in texts(STUDENT_PAGES)
    )
    known = set(re.findall(r"[\w-]+", everything))
    assert not labels & known


def test_the_students_search_knows_no_word_that_only_solutions_use():
    need_pages(STUDENT_PAGES)
    stem = SearchEnglish({}).stem
    opened = {stem(word) for word in WORD.findall(OPEN.lower())}
    # Words of the package's own documentation are in the open, too.
    for path in (STUDENT_PAGES / "appendix").rglob("*.html"):
        opened |= {stem(word) for word in WORD.findall(said(path).lower())}
    closed = {stem(word) for word in WORD.findall(CELL.sub("", CLOSED).lower())} - opened
    assert len(closed) > 20
    index = (STUDENT_PAGES / "searchindex.js").read_text(encoding="utf-8")
    assert not closed & set(WORD.findall(index))
    if (PAGES / "searchindex.js").is_file():
        full = set(WORD.findall((PAGES / "searchindex.js").read_text(encoding="utf-8")))
        assert len(closed & full) > 15


def test_the_students_bibliography_lists_what_the_open_text_cites():
    need_pages(STUDENT_PAGES)
    opened = {k.strip() for keys in CITATION.findall(OPEN) for k in keys.split(",")}
    closed = {k.strip() for keys in CITATION.findall(CLOSED) for k in keys.split(",")} - opened
    entries = (BOOK / "references.bib").read_text(encoding="utf-8")
    listed = said(STUDENT_PAGES / "appendix" / "bibliography.html")
    for key in closed:
        title = re.search(rf"{key},.*?title *= *[{{\"]+(.{{15}})", entries, flags=re.DOTALL)
        assert title[1] not in listed, key


def test_no_figure_of_a_solution_is_among_the_students_files():
    need_pages(STUDENT_PAGES)
    opened, closed = set(), set()
    for path in CHAPTERS:
        page = pickle.loads((STUDENT_DOCTREES / f"{path.stem}.doctree").read_bytes())
        hidden = {id(i) for s in page.findall(solution_node) for i in s.findall(nodes.image)}
        for image in page.findall(nodes.image):
            (closed if id(image) in hidden else opened).add(Path(image["uri"]).name)
    there = {path.name for path in (STUDENT_PAGES / "_images").iterdir()}
    assert len(opened & there) > 10
    assert len(closed - opened) > 10
    assert not (closed - opened) & there


def test_no_source_is_among_the_students_files():
    need_pages(STUDENT_PAGES)
    assert not [p for p in STUDENT_PAGES.rglob("*") if p.suffix in {".md", ".ipynb"}]
    assert not [p for p in STUDENT_PAGES.rglob("_sources/*") if p.is_file()]


def test_the_students_pages_say_what_they_are_and_the_full_ones_do_not():
    need_pages(STUDENT_PAGES)
    for path in CHAPTERS:
        assert "student edition" in said(STUDENT_PAGES / f"{path.stem}.html")
    assert "This is the student edition" in said(STUDENT_PAGES / "index.html")
    need_pages()
    assert "student edition" not in said(PAGES / "index.html")


NUMBERED = ".proof .admonition-title, .exercise .admonition-title, figcaption, caption"


def heads(tag):
    """Return what a tag says; of a caption, which may depend on the data, its number."""
    text = tag.get_text()
    return text.split(". ")[0].split(" ")[:2] if tag.name.endswith("caption") else text


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_students_numbers_are_those_of_the_full_edition(path):
    need_pages(STUDENT_PAGES)
    need_pages()
    full, student = (
        BeautifulSoup((folder / f"{path.stem}.html").read_text(encoding="utf-8"), "lxml")
        for folder in (PAGES, STUDENT_PAGES)
    )
    # A formal proof leads on to its file; the student edition shows its statement only.
    for hidden in full.select(".solution, .formal-proof"):
        hidden.decompose()
    for css in (NUMBERED, ".eqno", "h1, h2, h3", ".reference.internal"):
        numbers = [heads(tag) for tag in student.select(f"article {css}")]
        assert len(numbers) > 5
        assert numbers == [heads(tag) for tag in full.select(f"article {css}")]
