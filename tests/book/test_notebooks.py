"""The chapters as notebooks: what they say, and that they run on their own."""

import ast
import re

import nbformat
import notebooks
import pytest
from chapters import BOOK, CHAPTERS, ROOT, lacking
from docutils import nodes
from jupyter_cache import get_cache
from myst_nb.core.read import read_myst_markdown_notebook

BUILT = {"full": ROOT / "build" / "notebooks", "student": ROOT / "build" / "notebooks-student"}
CACHE = ROOT / "build" / "cache"

written = [
    pytest.param(folder / f"{path.stem}.ipynb", id=f"{edition}-{path.stem}")
    for edition, folder in BUILT.items()
    for path in CHAPTERS
]


def read(path):
    """Return a notebook, or do without the test where it has not been written."""
    if not path.is_file():
        lacking(f"{path.parent.name} is missing: run `nox -s notebooks` first")
    return nbformat.read(path, as_version=4)


# The parts --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("latex", "expanded"),
    [
        (r"\R^n", r"\mathbb{R}^n"),
        (r"x^\T x_\T", r"x^{\mathsf{T}} x_{\mathsf{T}}"),
        (r"x^ \T", r"x^ {\mathsf{T}}"),
        (r"\abs{x}", r"\left\lvert x \right\rvert"),
        (r"\abs x", r"\left\lvert x \right\rvert"),
        (r"\abs\sigma", r"\left\lvert \sigma \right\rvert"),
        (r"\inner{a}{\norm{b}}", r"\left\langle a, \left\lVert b \right\rVert \right\rangle"),
        (r"\set{\{x\}}", r"\left\{ \{x\} \right\}"),
        (r"\abs{\{x}", r"\left\lvert \{x \right\rvert"),
        (r"\Rightarrow \\R", r"\Rightarrow \\R"),
        (r"\frac{1}{2}", r"\frac{1}{2}"),
    ],
)
def test_macros_are_written_out(latex, expanded):
    assert notebooks.expand(latex) == expanded


def test_a_macro_without_its_argument_is_refused():
    with pytest.raises(ValueError, match="not closed"):
        notebooks.expand(r"\abs{x")


CELLS = [
    ("from myst_nb import glue\nimport math", False),
    ("assert [radius for radius in range(3)]", False),
    ("radius = 2.0", True),
    ('area = math.pi * radius**2\nunused = 3\nglue("area", area)', False),
    ("area", True),
    ('for radius in "ab":\n    glue(radius, area)', False),
    ("again = 1", False),
    ("again = 2\nagain, radius", True),
]


def test_of_hidden_cells_stays_what_a_shown_one_needs():
    assert notebooks.needed(CELLS) == [
        "import math",
        "",
        "radius = 2.0",
        "area = math.pi * radius**2",
        "area",
        "",
        "",
        "again = 2\nagain, radius",
    ]


class Page(notebooks.Markdown):
    """A page none of whose nodes has a number."""

    def __init__(self):
        self.sections = {}


def paragraph(*children):
    return nodes.paragraph("", "", *children)


@pytest.mark.parametrize(
    ("node", "markdown"),
    [
        (paragraph(nodes.Text("a*b_c $5 <b> x < y")), r"a\*b\_c \$5 \<b> x < y"),
        (paragraph(nodes.Text("1. no list\n- nor this\n# nor that")),
         "1\\. no list\n\\- nor this\n\\# nor that"),
        (paragraph(nodes.Text("0.5 and -1")), "0.5 and -1"),
        (paragraph(nodes.math("", "x<1"), nodes.Text(" holds")), r"$x \lt 1$ holds"),
        (
            paragraph(nodes.math("", "x = {}"), nodes.inline("", "0.25"), nodes.Text(".")),
            r"$x = {}\text{0.25}$.",
        ),
        (paragraph(nodes.literal("", "a`b")), "``a`b``"),
        (nodes.math_block("", "a\n= b", number=None), "$$a = b$$"),
        (
            nodes.bullet_list(
                "",
                nodes.list_item("", paragraph(nodes.Text("one")), paragraph(nodes.Text("two"))),
                nodes.list_item("", paragraph(nodes.Text("three"))),
            ),
            "- one\n\n  two\n- three",
        ),
        (nodes.block_quote("", paragraph(nodes.Text("said"))), "> said"),
        (
            nodes.admonition("", nodes.title("", "Mind"), paragraph(nodes.Text("this"))),
            "> **Mind**\n>\n> this",
        ),
        (nodes.literal_block("", "1 + 1"), "```python\n1 + 1\n```"),
    ],
)  # fmt: skip
def test_nodes_become_markdown(node, markdown):
    assert Page().block(node) == markdown


# The notebooks ----------------------------------------------------------------------------------
@pytest.mark.parametrize("path", written)
def test_a_notebook_is_valid_and_empty_of_outputs(path):
    notebook = read(path)
    nbformat.validate(notebook)
    ids = [cell.id for cell in notebook.cells]
    assert len(ids) == len(set(ids))
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
            ast.parse(cell.source)
            assert "glue" not in cell.source
            assert "myst_nb" not in cell.source


@pytest.mark.parametrize("path", written)
def test_a_notebook_says_what_it_is_and_how_to_run_it(path):
    first = read(path).cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith(f"# {path.name[0]} ")
    assert "pip install" in first.source
    assert ("student edition" in first.source) == ("student" in path.parent.name)


@pytest.mark.parametrize("path", written)
def test_nothing_of_the_books_markup_is_left(path):
    for cell in read(path).cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"```.*?```", "", cell.source, flags=re.DOTALL)
            for mark in ("??", "{ref}", "{eq}", "{numref}", "{cite", "{glue", "{index}", ":::"):
                assert mark not in text, cell.id
            words = re.sub(r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`", "", text, flags=re.DOTALL)
            assert not re.search(r"\\[a-zA-Z]|(?<!\\)\$", words), cell.id
            for name in notebooks.MACROS:
                assert not re.search(re.escape(name) + r"(?![a-zA-Z])", text), (cell.id, name)


@pytest.mark.parametrize("path", written)
def test_every_formula_in_a_notebook_can_be_typeset(path):
    for cell in read(path).cells:
        if cell.cell_type == "markdown":
            for formula in re.findall(r"\$\$(.*?)\$\$", cell.source, flags=re.DOTALL):
                assert "\n" not in formula, "a quotation's marks would become part of it"
                assert formula.count(r"\begin{") == formula.count(r"\end{")
            assert cell.source.count("$$") % 2 == 0


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_solutions_are_there_or_not(path):
    full = read(BUILT["full"] / f"{path.stem}.ipynb")
    tagged = [cell for cell in full.cells if "solution" in cell.metadata.get("tags", ())]
    count = len(re.findall(r"^```\{solution-start\}", path.read_text("utf-8"), re.MULTILINE))
    assert sum(cell.source.startswith("**Solution to Exercise") for cell in tagged) == count
    student = read(BUILT["student"] / f"{path.stem}.ipynb")
    assert not any("solution" in cell.metadata.get("tags", ()) for cell in student.cells)
    told = {line for cell in student.cells for line in cell.source.splitlines()}
    opened = [cell.source for cell in full.cells if cell not in tagged]
    # A line that the open text has as well gives nothing away, nor does one that no page shows.
    open_lines = {line for source in opened for line in source.splitlines()}
    written_cells = read_myst_markdown_notebook(path.read_text("utf-8")).cells
    for cell in tagged:
        number = cell.metadata.get("activations", {}).get("cell")
        if number is None or "remove-cell" not in written_cells[number].metadata.get("tags", ()):
            assert not told & (set(cell.source.splitlines()) - open_lines), cell.id
    theorems = [source for source in opened if source.startswith("> **")]
    assert theorems
    student_sources = [cell.source for cell in student.cells]
    assert all(theorem in student_sources for theorem in theorems), "numbers are the same"


def executed(chapter):
    """Return a chapter's cells with what they gave when the book was built last."""
    text = (BOOK / f"{chapter}.md").read_text(encoding="utf-8")
    cells = read_myst_markdown_notebook(text)
    cache = get_cache(max(CACHE.iterdir(), key=lambda path: path.stat().st_mtime))
    return cache.get_cache_bundle(cache.match_cache_notebook(cells).pk).nb.cells, cells.cells


def shown(outputs):
    """Return what can be compared of a cell's outputs."""
    for output in outputs:
        if output.output_type == "stream":
            yield output.name, output.text
        elif "data" in output:
            for form, data in sorted(output.data.items()):
                # A PDF carries its date, and Python's own words for an object its address.
                if form != "application/pdf" and " at 0x" not in data:
                    yield form, data


@pytest.mark.notebooks
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", written)
def test_a_notebook_runs_in_a_clean_kernel_and_shows_what_the_book_shows(path, tmp_path):
    from nbclient import NotebookClient

    notebook = read(path)
    # Neither the book's folder nor its own is where a reader runs it.
    NotebookClient(notebook, timeout=900, resources={"metadata": {"path": str(tmp_path)}}).execute()
    results, sources = executed(path.stem)
    outputs = iter(cell.outputs for cell in results if cell.cell_type == "code")
    book = {i: next(outputs) for i, cell in enumerate(sources) if cell.cell_type == "code"}
    compared = 0
    for cell in notebook.cells:
        number = cell.metadata.get("activations", {}).get("cell")
        if number is not None and cell.source == sources[number].source:
            expected = list(shown(book[number]))
            assert list(shown(cell.outputs)) == expected, cell.id
            compared += len(expected)
    assert compared > 5
