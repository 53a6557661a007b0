"""Write each chapter as a notebook that runs: ``sphinx -b notebooks``.

What a reader of the pages sees becomes Markdown that reads well in Jupyter without any extension:
the references are resolved by Sphinx, so that every number is that of the pages; the macros in
formulas are written out; theorems, exercises and definitions are quotations with a bold head. The
cells are those of the page. Of the cells that the page does not show, notebooks keep only what a
shown cell needs, so that nothing in them asks for the tools that build the book.

The notebooks have no outputs: they are there to be run, and what comes out stands in the book.
"""

import ast
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from macros import MACROS, arguments
from myst_nb.core.read import read_myst_markdown_notebook
from proofs import number_of
from pybtex.plugin import find_plugin
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx_exercise.nodes import exercise_enumerable_node, exercise_node, solution_node
from sphinx_proof.nodes import NODE_TYPES, proof_node

log = logging.getLogger(__name__)

ENVIRONMENTS = (*NODE_TYPES.values(), exercise_node, exercise_enumerable_node)
#: What a notebook does not show.
SILENT = (
    nodes.comment,
    nodes.raw,
    nodes.substitution_definition,
    nodes.system_message,
    nodes.target,
    addnodes.index,
    addnodes.toctree,
)
COMMAND = re.compile(r"\\([A-Za-z]+|.)", re.DOTALL)
NUMBER = re.compile(r"\d(?:[\d.,]*\d)?(?:e[+-]?\d+)?")
SPECIAL = re.compile(r"[\\`*_$]|<(?=[A-Za-z/!])")
LEAD = re.compile(r"^(\d*)([-+#>]|(?<=\d)[.)])(?=\s)", re.MULTILINE)
#: Marks that pybtex keeps from being read as Markdown where nobody would.
OVERDONE = re.compile(r"\\([.()\-])")
SOLUTION_FENCE = re.compile(r"^`{3,}\{solution-(start|end)\}")

INTRODUCTION = """\
*This notebook is chapter {chapter} of **{title}**, version {release}, by {author}.
It is written from the book, so what should last is better changed there.
The text is under [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/), the code under the \
MIT licence.{address}*

To run it you need Python 3.11 or newer and the book's package, which a checkout of the book \
installs into the environment of your Jupyter by

```sh
python -m pip install ".[networks,truth,figures]"
```

where Linux without a graphics card saves gigabytes by first installing PyTorch from \
`--index-url {index}`.
If you build the book, its folder `.venv` is such an environment.
Then run the cells from top to bottom: later ones use what earlier ones have defined.

The numbers in the text are the book's{data}.
{solutions}"""


def argument(latex: str, start: int) -> tuple[str, int]:
    """Return the argument of a macro that begins at or after a position, and where it ends."""
    while start < len(latex) and latex[start].isspace():
        start += 1
    if latex[start : start + 1] == "{":
        depth, end = 0, start
        while end < len(latex):
            if latex[end] == "\\":
                end += 2
                continue
            depth += {"{": 1, "}": -1}.get(latex[end], 0)
            end += 1
            if depth == 0:
                return latex[start + 1 : end - 1], end
        raise ValueError(f"a brace is not closed in {latex!r}")
    command = COMMAND.match(latex, start)
    end = command.end() if command else start + 1
    return latex[start:end], end


def expand(latex: str, macros: dict[str, str] = MACROS) -> str:
    """Write out the book's macros: a notebook's reader knows none of them."""
    written, position = [], 0
    while command := COMMAND.search(latex, position):
        written.append(latex[position : command.start()])
        position = command.end()
        body = macros.get(command[0])
        if body is None:
            written.append(command[0])
            continue
        for n in range(1, arguments(body) + 1):
            given, position = argument(latex, position)
            body = body.replace(f"#{n}", given)
        body = expand(body, macros)
        script = "".join(written).rstrip().endswith(("^", "_"))
        written.append(f"{{{body}}}" if script else body)
    written.append(latex[position:])
    return "".join(written)


def escape(text: str) -> str:
    """Return text that Markdown shows as it is."""
    return SPECIAL.sub(r"\\\g<0>", text)


def quote(text: str) -> str:
    """Set a text off as a quotation."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def indent(text: str, mark: str) -> str:
    """Begin a text with the mark of a list's item, and keep its other lines below."""
    return mark + text.replace("\n", "\n" + " " * len(mark)).replace(" " * len(mark) + "\n", "\n")


def names(node: ast.AST, context: type[ast.expr_context]) -> set[str]:
    """Return the names that a piece of code reads or binds."""
    # What a comprehension binds is gone when it ends.
    passing = {
        id(n)
        for loop in ast.walk(node)
        if isinstance(loop, ast.comprehension)
        for n in ast.walk(loop.target)
    }
    found = {
        n.id
        for n in ast.walk(node)
        if isinstance(n, ast.Name) and isinstance(n.ctx, context) and id(n) not in passing
    }
    if context is ast.Store:
        for n in ast.walk(node):
            if isinstance(n, ast.Import | ast.ImportFrom):
                found |= {(alias.asname or alias.name).split(".")[0] for alias in n.names}
            elif isinstance(n, ast.FunctionDef | ast.ClassDef):
                found.add(n.name)
    return found


def needed(cells: Iterable[tuple[str, bool]]) -> list[str]:
    """Return the cells, those that the page does not show cut down to what shown ones need.

    A cell comes as its code and whether the page shows it. What only passes a result on to the
    text needs myst-nb, and goes.
    """
    live: set[str] = set()
    result = []
    for source, shown in reversed(list(cells)):
        kept = []
        for statement in reversed(ast.parse(source).body):
            bound, read = names(statement, ast.Store), names(statement, ast.Load)
            if not shown and (not bound & live or "glue" in read | bound):
                continue
            if isinstance(statement, ast.Assign | ast.Import | ast.ImportFrom):
                live -= bound
            live |= read
            kept.append(ast.get_source_segment(source, statement) or "")
        result.append(source if shown else "\n".join(reversed(kept)))
    return result[::-1]


class KeepCaptions(SphinxPostTransform):
    """Keep of a cell's outputs only what has a caption: a notebook makes the rest itself."""

    # Before myst-nb chooses the form of an output, of which it finds none for this builder.
    default_priority = 3

    def run(self, **kwargs: Any) -> None:
        if self.app.builder.name != NotebookBuilder.name:
            return
        for bundle in list(self.document.findall(nodes.container)):
            if bundle.get("nb_element") == "mime_bundle":
                forms = [c for c in bundle.children if c.get("mime_type") == "text/markdown"]
                bundle.replace_self(forms[0].children if forms else [])


class Markdown:
    """Writes the nodes of one page as Markdown."""

    def __init__(self, builder: "NotebookBuilder", docname: str) -> None:
        self.builder = builder
        self.docname = docname
        self.sections = builder.env.toc_secnumbers.get(docname, {})
        self.level = 0

    def number(self, node: nodes.Element, kind: str) -> str:
        """Return the number that the pages show, or nothing."""
        return number_of(self.builder.env, self.docname, kind, node)

    # Within a line ------------------------------------------------------------------------------
    def inline(self, node: nodes.Element) -> str:
        """Write what a node contains as one run of text."""
        pieces: list[str] = []
        for child in node.children:
            piece = self.piece(child)
            digits = NUMBER.match(piece)
            # Markdown takes a dollar before a digit for money, not for the end of a formula.
            if digits and pieces and pieces[-1].endswith("$"):
                pieces[-1] = f"{pieces[-1][:-1]}\\text{{{digits[0]}}}$"
                piece = piece[digits.end() :]
            if piece:
                pieces.append(piece)
        return "".join(pieces)

    def piece(self, node: nodes.Node) -> str:
        """Write one node within a line."""
        match node:
            case nodes.Text():
                return escape(node.astext())
            case nodes.emphasis() | addnodes.literal_emphasis() | nodes.title_reference():
                return f"*{self.inline(node)}*"
            case nodes.strong() | addnodes.literal_strong():
                return f"**{self.inline(node)}**"
            case nodes.literal():
                text = node.astext()
                marks = "``" if "`" in text else "`"
                return f"{marks}{text}{marks}"
            case nodes.math():
                return f"${self.formula(node.astext())}$"
            case nodes.reference():
                return self.link(node)
            case nodes.image():
                log.warning("a notebook cannot show the image %s", node["uri"], location=node)
                return ""
            case _ if isinstance(node, SILENT):
                return ""
            case nodes.inline() | addnodes.pending_xref() | nodes.superscript():
                return self.inline(node)
        log.warning("no Markdown for %s within a line", type(node).__name__, location=node)
        return ""

    def link(self, node: nodes.reference) -> str:
        """Write a reference: to the web and to other chapters as a link, else its text."""
        text, uri = self.inline(node), node.get("refuri", "")
        notebook = uri.partition("#")[0]
        if uri.startswith(("http:", "https:", "mailto:")):
            return f"[{text}]({uri})"
        if notebook.endswith(self.builder.out_suffix):
            return f"[{text}]({notebook})"
        return text

    def formula(self, latex: str) -> str:
        """Write a formula, set off from the text or not, in what every reader of Markdown takes.

        Jupyter would read the marks of a quotation as part of a formula of several lines.
        """
        lines = [line.strip() for line in expand(latex).strip().splitlines()]
        return re.sub(r"\s*<\s*", r" \\lt ", " ".join(line for line in lines if line))

    # Blocks -------------------------------------------------------------------------------------
    def blocks(self, parents: Iterable[nodes.Node]) -> str:
        """Write several blocks below one another."""
        return "\n\n".join(block for node in parents if (block := self.block(node)))

    def block(self, node: nodes.Node) -> str:
        """Write one block."""
        match node:
            case nodes.paragraph() | nodes.rubric():
                # No line may begin like the item of a list or a heading.
                return LEAD.sub(r"\1\\\2", self.inline(node))
            case nodes.math_block():
                tag = self.number(node, "displaymath") if node.get("number") else ""
                tag = rf" \tag{{{tag}}}" if tag else ""
                return f"$${self.formula(node.astext())}{tag}$$"
            case nodes.bullet_list():
                items = [indent(self.blocks(item.children), "- ") for item in node.children]
                return "\n".join(items)
            case nodes.enumerated_list():
                first = node.get("start", 1)
                return "\n".join(
                    indent(self.blocks(item.children), f"{first + i}. ")
                    for i, item in enumerate(node.children)
                )
            case nodes.definition_list():
                return self.blocks(node.children)
            case nodes.definition_list_item():
                terms = [self.inline(t) for t in node.children if isinstance(t, nodes.term)]
                rest = [t for t in node.children if isinstance(t, nodes.definition)]
                return f"**{', '.join(terms)}**\n\n{self.blocks(rest)}"
            case nodes.literal_block() | nodes.doctest_block():
                return f"```python\n{node.astext()}\n```"
            case nodes.block_quote():
                return quote(self.blocks(node.children))
            case nodes.table():
                return self.table(node)
            case nodes.caption():
                return f"*{self.inline(node)}*"
            case proof_node():
                return self.proof(node)
            case _ if isinstance(node, ENVIRONMENTS):
                return self.environment(node)
            case nodes.Admonition():
                title = [c for c in node.children if isinstance(c, nodes.title)]
                rest = [c for c in node.children if not isinstance(c, nodes.title)]
                head = self.inline(title[0]) if title else type(node).__name__.capitalize()
                return quote(f"**{head}**\n\n{self.blocks(rest)}")
            case _ if isinstance(node, SILENT):
                return ""
            case nodes.container() | nodes.compound() | nodes.definition() | nodes.section():
                return self.blocks(node.children)
        log.warning("no Markdown for %s", type(node).__name__, location=node)
        return ""

    def heading(self, section: nodes.section, level: int) -> str:
        """Write the heading of a section with its number."""
        anchor = "" if level == 1 else f"#{section['ids'][0]}"
        found = [
            self.sections[a]
            for a in (anchor, *(f"#{i}" for i in section["ids"]))
            if a in self.sections
        ]
        number = ".".join(map(str, found[0])) + " " if found else ""
        return f"{'#' * level} {number}{self.inline(section.next_node(nodes.title))}"

    def environment(self, node: nodes.Element) -> str:
        """Write a theorem, a definition, an exercise ..., set off with a bold head."""
        kind = node.get("countertype", "exercise")
        name = node.get("realtype", "exercise").capitalize()
        number = self.number(node, kind)
        head = f"**{name} {number}**" if number else f"**{name}**"
        title = self.inline(node.children[0])
        title = re.sub(r"^.*?(?=\(|$)", "", title, count=1).strip()
        head = f"{head} {title}." if title else f"{head}."
        return quote(f"{head}\n\n{self.blocks(node.children[1:])}")

    def proof(self, node: nodes.Element) -> str:
        """Write a proof with an end mark."""
        text = self.blocks(node.children)
        return f"{text}\n\n∎" if text.endswith(("$$", "```")) else f"{text} ∎"

    def table(self, node: nodes.table) -> str:
        """Write a table between bars, its caption above it."""
        rows = []
        for row in node.findall(nodes.row):
            cells = [self.blocks(entry.children).replace("\n", " ") for entry in row.children]
            rows.append("| " + " | ".join(re.sub(r"(?<!\\)\|", r"\\|", c) for c in cells) + " |")
        rule = "|" + " --- |" * (rows[0].count(" | ") + 1)
        written = "\n".join([rows[0], rule, *rows[1:]])
        caption = self.caption(node)
        return f"{caption}\n\n{written}" if caption else written

    def caption(self, node: nodes.Element) -> str:
        """Write the caption of a figure or a table with its number; nothing where there is none."""
        is_table = isinstance(node, nodes.table)
        kind, part = ("table", nodes.title) if is_table else ("figure", nodes.caption)
        text = next((self.inline(child) for child in node.children if isinstance(child, part)), "")
        number = self.number(node, kind)
        return f"**{kind.capitalize()} {number}.** {text}" if text else ""


class Chapter:
    """Gathers the cells of one chapter's notebook."""

    def __init__(self, builder: "NotebookBuilder", docname: str, doctree: nodes.document) -> None:
        self.builder, self.docname = builder, docname
        self.write = Markdown(builder, docname)
        self.cells: list[nbformat.NotebookNode] = []
        self.paragraphs: list[str] = []
        self.within_solution = False
        self.code = builder.code(docname)
        self.waiting = sorted(self.code)
        for node in doctree.children:
            self.take(node, level=1)
        self.flush()

    def metadata(self, **more: Any) -> dict[str, Any]:
        """Return a cell's metadata: what is in a solution can be told by its tag."""
        return {**({"tags": ["solution"]} if self.within_solution else {}), **more}

    def add(self, cell: nbformat.NotebookNode) -> None:
        """Add a cell under an id that is the same in every build."""
        cell.id = f"{self.docname}-{len(self.cells) + 1:03d}"
        self.cells.append(cell)

    def flush(self) -> None:
        """Make a cell of the text that has come together."""
        text = "\n\n".join(paragraph for paragraph in self.paragraphs if paragraph)
        if text:
            self.add(nbformat.v4.new_markdown_cell(text, metadata=self.metadata()))
        self.paragraphs = []

    def take(self, node: nodes.Node, level: int) -> None:
        """Take over a block of the page and all below it."""
        match node:
            case nodes.section():
                self.flush()
                self.paragraphs.append(self.write.heading(node, level))
                if level == 1:
                    self.paragraphs.append(self.builder.introduction(self.docname))
                    self.flush()
                for child in node.children[1:]:
                    self.take(child, level + 1)
            case solution_node():
                self.flush()
                self.within_solution = True
                self.paragraphs.append(f"**{self.write.inline(node.children[0])}.**")
                for child in [c for part in node.children[1:] for c in part.children]:
                    self.take(child, level)
                self.paragraphs.append("*Here the solution ends.*")
                self.flush()
                self.within_solution = False
            case nodes.container() if node.get("nb_element") == "cell_code":
                self.flush()
                self.run(node["cell_index"])
                for part in node.findall(lambda n: isinstance(n, nodes.figure | nodes.table)):
                    self.paragraphs.append(self.write.caption(part))
            case nodes.container() if not isinstance(node.parent, nodes.Admonition):
                for child in node.children:
                    self.take(child, level)
            case _ if isinstance(node, (*ENVIRONMENTS, proof_node, nodes.Admonition)):
                self.flush()
                self.paragraphs.append(self.write.block(node))
                self.flush()
            case _:
                self.paragraphs.append(self.write.block(node))

    def run(self, index: int) -> None:
        """Add a cell of code, before it what the page does not show but the cell needs."""
        while self.waiting and self.waiting[0] <= index:
            number = self.waiting.pop(0)
            if source := self.code[number]:
                metadata = self.metadata(activations={"cell": number})
                self.add(nbformat.v4.new_code_cell(source, metadata=metadata))


class NotebookBuilder(Builder):
    """Writes one notebook a chapter."""

    name = "notebooks"
    format = "ipynb"
    out_suffix = ".ipynb"
    epilog = "The notebooks are in %(outdir)s."
    allow_parallel = False
    versioning_method = "none"

    def is_chapter(self, docname: str) -> bool:
        """Tell whether a page is a numbered chapter with cells."""
        numbered = "" in self.env.toc_secnumbers.get(docname, {})
        return numbered and "kernelspec" in self.env.metadata.get(docname, {})

    def get_outdated_docs(self) -> Iterator[str]:
        return (docname for docname in sorted(self.env.found_docs) if docname in self.env.all_docs)

    def get_target_uri(self, docname: str, typ: str | None = None) -> str:
        return docname + self.out_suffix if self.is_chapter(docname) else docname

    def code(self, docname: str) -> dict[int, str]:
        """Return the code that a chapter's notebook runs, by the number of its cell on the page."""
        path = Path(self.env.doc2path(docname))
        text = path.read_text(encoding="utf-8")
        notebook = read_myst_markdown_notebook(text, self.env.myst_config, add_source_map=True)
        within, inside = False, []
        for line in text.splitlines():
            if fence := SOLUTION_FENCE.match(line):
                within = fence[1] == "start"
            inside.append(within)
        chosen = {
            i: (cell.source, "remove-cell" not in cell.metadata.get("tags", ()))
            for i, (cell, line) in enumerate(
                zip(notebook.cells, notebook.metadata.source_map, strict=True)
            )
            if cell.cell_type == "code"
            and (self.config.activations_solutions or not inside[line - 1])
        }
        return dict(zip(chosen, needed(chosen.values()), strict=True))

    def introduction(self, docname: str) -> str:
        """Return what a notebook says of itself."""
        # Imported only where notebooks are written.
        from activations.build_info import data_source

        address = self.config.activations_address
        number = ".".join(map(str, self.env.toc_secnumbers[docname][""]))
        of_data = any("activations.truth" in source for source in self.code(docname).values())
        return INTRODUCTION.format(
            chapter=number,
            title=self.config.project,
            release=self.config.release,
            author=self.config.author,
            address=f" The book lies at <{address}>." if address else "",
            index="https://download.pytorch.org/whl/cpu",
            data=f", computed from {data_source()}" if of_data else "",
            solutions=""
            if self.config.activations_solutions
            else "This is the student edition: the solutions of the exercises are left out, "
            "and all numbers are those of the full edition.",
        ).strip()

    def works(self, docname: str) -> str:
        """Return the list of the works that a chapter cites."""
        domain = self.env.get_domain("cite")
        cited = {
            target.key
            for ref in domain.citation_refs
            if ref.docname == docname
            for target in ref.targets
        }
        backend = find_plugin("pybtex.backends", "markdown")()
        entries = {
            citation.key: OVERDONE.sub(r"\1", citation.formatted_entry.text.render(backend))
            for citation in domain.citations
            if citation.key in cited
        }
        return "\n".join("- " + " ".join(text.split()) for text in entries.values())

    def write_doc(self, docname: str, doctree: nodes.document) -> None:
        if not self.is_chapter(docname):
            return
        chapter = Chapter(self, docname, doctree)
        if works := self.works(docname):
            chapter.add(nbformat.v4.new_markdown_cell(f"## Works cited\n\n{works}"))
        notebook = nbformat.v4.new_notebook(
            cells=chapter.cells,
            metadata={
                "kernelspec": {
                    "name": "python3",
                    "display_name": "Python 3",
                    "language": "python",
                },
                "language_info": {"name": "python"},
                "title": self.env.titles[docname].astext(),
                "authors": [{"name": self.config.author}],
            },
        )
        nbformat.validate(notebook)
        path = Path(self.outdir, docname + self.out_suffix)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


def remove_assets(app: Sphinx, exception: Exception | None) -> None:
    """Remove the style sheets that some extensions copy for any builder."""
    if app.builder.name == NotebookBuilder.name:
        shutil.rmtree(Path(app.outdir, "_static"), ignore_errors=True)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("activations_address", "", "")
    app.add_builder(NotebookBuilder)
    app.add_post_transform(KeepCaptions)
    app.connect("build-finished", remove_assets, priority=999)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
