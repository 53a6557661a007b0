"""The student edition: no trace of a solution, every number that of the full edition."""

import re
import zlib

import pytest
from bs4 import BeautifulSoup
from chapters import CHAPTERS, PAGES, ROOT, need_pages
from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish
from sphinx.util.docutils import docutils_namespace, patch_docutils

# Of Sphinx's next versions other extensions have to hear.
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::PendingDeprecationWarning"
)

STUDENT = ROOT / "build" / "html-student"

SOLUTION = re.compile(r"^```\{solution-start\}.*?^```\{solution-end\}\n```$", re.M | re.S)
ALT = re.compile(r"^ +alt: (.*)$", re.MULTILINE)
WORD = re.compile(r"[a-z]{5,}")

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
The marmalade is {index}`quince <marmelo>`; see {cite:t}`hidden`, {numref}`fig-kept` and {eq}`eq-kept`.

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
