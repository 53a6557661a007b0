"""The book on paper: how its pages become LaTeX.

Sphinx's own LaTeX is made for manuals. Here theorems, proofs, exercises and solutions are set as
in a mathematics book, tables get the widths that their cells need, and every number, of a
theorem, an equation, a figure or a table, is the one that the web pages show, because it comes
from the same register and is not counted anew. The look itself is in ``conf/latex/book.sty``.
"""

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.highlighting import PygmentsBridge
from sphinx.writers.latex import LaTeXTranslator
from sphinx_exercise.nodes import (
    exercise_enumerable_node,
    exercise_latex_number_reference,
    exercise_node,
    solution_node,
)
from sphinx_proof.nodes import NODE_TYPES, proof_node

#: Environments in which TeX breaks lines by itself.
LINES = re.compile(r"\\begin\{(?:aligned|alignedat|gathered|split|cases|array|[pbv]?matrix)\}")


def display(body: str, number: str = "", label: str = "", mark: bool = False) -> str:
    """Return a displayed formula with its number, or with the end mark of a proof."""
    body = body.strip()
    if r"\\" in body and not LINES.search(body):
        body = rf"\begin{{gathered}}{body}\end{{gathered}}"
    tag = rf"\tag{{{number}}}\label{{{label}}}" if number else ""
    end = r"\qedhere" if mark and not number else ""
    return f"\\begin{{equation*}}{tag}\n{body}{end}\n\\end{{equation*}}"


def last_place(block: nodes.Element) -> nodes.Element | None:
    """Return the formula or the paragraph in a list that a proof ends with, if it does."""
    last = block.children[-1] if block.children else None
    if isinstance(last, nodes.math_block):
        return last
    if isinstance(last, nodes.enumerated_list | nodes.bullet_list | nodes.list_item):
        inner = last
        while isinstance(inner, nodes.enumerated_list | nodes.bullet_list | nodes.list_item):
            if not inner.children:
                return None
            inner = inner.children[-1]
        return inner if isinstance(inner, nodes.paragraph | nodes.math_block) else None
    return None


def weight(entry: nodes.Element) -> float:
    """Estimate how wide a table's cell is on one line, in characters."""
    width = 0.0
    for text in entry.findall(nodes.Text):
        if isinstance(text.parent, nodes.math):
            source = re.sub(r"\\(?:mathbf|mathrm|operatorname|text|left|right|boldsymbol)\b", "", text)
            source = re.sub(r"\\[a-zA-Z]+", "m", source)
            width += 1.1 * len(re.sub(r"[{}^_\s\\]", "", source))
        elif isinstance(text.parent, nodes.literal):
            width += 1.15 * len(text)
        else:
            width += len(text)
    return width


def breakable(entry: nodes.Element) -> bool:
    """Tell whether a cell can take more than one line without harm."""
    return " " in entry.astext().strip()


def shares(columns: list[list[nodes.Element]], room: float) -> list[float]:
    """Divide a line of `room` characters among columns of cells.

    The result has a width for each column that must be broken into lines, and 0 for each that
    keeps the width it has.
    """
    natural = [max((weight(cell) for cell in cells), default=0.0) for cells in columns]
    if sum(natural) <= room:
        return [0.0] * len(columns)
    least = [
        max((max(map(len, cell.astext().split()), default=0) for cell in cells), default=0)
        for cells in columns
    ]
    fixed = [not any(map(breakable, cells)) for cells in columns]
    # Columns that need less than an equal share keep their width; the others divide the rest.
    while True:
        rest = room - sum(n for n, f in zip(natural, fixed, strict=True) if f)
        open_ = [i for i, f in enumerate(fixed) if not f]
        if not open_:
            return [0.0] * len(columns)
        fits = [i for i in open_ if natural[i] <= rest / len(open_)]
        if not fits:
            break
        for i in fits:
            fixed[i] = True
    wanted = {i: max(natural[i] ** 0.5, float(least[i]) ** 0.5) for i in open_}
    total = sum(wanted.values())
    return [rest * wanted[i] / total if i in wanted else 0.0 for i in range(len(columns))]


class PaperTranslator(LaTeXTranslator):
    """Sphinx's translator, with the book's own environments and numbers."""

    #: Characters of ten points that a line of a table holds, in three sizes of type.
    SIZES: ClassVar = [("small", 86.0), ("footnotesize", 96.0), ("scriptsize", 108.0)]

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.elements["contentsname"] = ""
        self.highlighter = PygmentsBridge(
            "latex", self.config.paper_pygments_style, latex_engine=self.config.latex_engine
        )

    @property
    def docname(self) -> str:
        return str(self.curfilestack[-1])

    def number(self, kind: str, node: nodes.Element) -> str:
        """Return the number that the pages show, or nothing."""
        known = self.builder.env.toc_fignumbers.get(self.docname, {}).get(kind, {})
        found = next((known[i] for i in node["ids"] if i in known), ())
        return ".".join(map(str, found))

    # Chapters ------------------------------------------------------------------------------------

    def visit_start_of_file(self, node: nodes.Element) -> None:
        super().visit_start_of_file(node)
        numbered = bool(self.builder.env.toc_secnumbers.get(self.docname))
        self.body.append(r"\booknumbered" if numbered else r"\bookunnumbered")

    # Mathematics ---------------------------------------------------------------------------------

    def visit_math_block(self, node: nodes.Element) -> None:
        if node.get("no-wrap", node.get("nowrap", False)):
            super().visit_math_block(node)
            return
        number = label = ""
        if node.get("label"):
            label = f"equation:{node['docname']}:{node['label']}"
            known = self.builder.env.toc_fignumbers.get(node["docname"], {}).get("displaymath", {})
            number = ".".join(map(str, known[f"equation-{node['label']}"]))
        # No empty line before: the formula belongs to the paragraph that leads to it.
        self.body.append("%\n" + display(node.astext(), number, label, "last" in node) + "\n")
        raise nodes.SkipNode

    def visit_paragraph(self, node: nodes.Element) -> None:
        place = node.parent.index(node)
        if place and isinstance(node.parent[place - 1], nodes.math_block):
            self.body.append("%\n")
        else:
            super().visit_paragraph(node)

    # Captions ------------------------------------------------------------------------------------

    def visit_caption(self, node: nodes.Element) -> None:
        if isinstance(node.parent, nodes.figure):
            self.body.append(rf"\booknumber{{figure}}{{{self.number('figure', node.parent)}}}")
        super().visit_caption(node)

    # Tables --------------------------------------------------------------------------------------

    def visit_table(self, node: nodes.Element) -> None:
        self.body.append(self.set_table(node))
        raise nodes.SkipNode

    def written(self, node: nodes.Element) -> str:
        """Return what the children of a node are in LaTeX."""
        self.pushbody([])
        for child in node.children:
            child.walkabout(self)
        return "".join(self.popbody()).strip()

    def cell(self, entry: nodes.Element) -> str:
        text = self.written(entry)
        return re.sub(r"\\sphinxAtStartPar\s*", "", text)

    def set_table(self, node: nodes.Element) -> str:
        rows = list(node.findall(nodes.row))
        head = sum(1 for row in rows if isinstance(row.parent, nodes.thead))
        width = max(len(row.children) for row in rows)
        columns = [[row[i] for row in rows if i < len(row.children)] for i in range(width)]
        for _size, room in self.SIZES:
            room -= 2.2 * (width - 1)
            size, widths = _size, shares(columns, room)
            if not any(widths):
                break
        else:
            size, room = self.SIZES[0][0], self.SIZES[0][1] - 2.2 * (width - 1)
            widths = shares(columns, room)
        right = ["text-right" in cells[-1].get("classes", []) for cells in columns]
        specs = [
            rf"B{{{w / room:.4f}}}" if w else "r" if flush else "l"
            for w, flush in zip(widths, right, strict=True)
        ]
        lines = [" & ".join(self.cell(entry) for entry in row.children) + r" \\" for row in rows]
        title = next(iter(node.findall(nodes.title)), None)
        caption = ""
        if title is not None:
            self.in_caption += 1
            caption = self.written(title)
            self.in_caption -= 1
        number = self.number("table", node)
        labels = self.hypertarget_to(node)
        top, body = "\n".join(lines[:head]), "\n".join(lines[head:])
        environment = "booklongtable" if len(rows) > 32 else "booktable"
        caption = rf"\booknumber{{table}}{{{number}}}\caption{{{caption}}}{labels}" if number else ""
        if environment == "booklongtable":
            start = f"{caption}\\\\\n" if caption else ""
            return (
                f"\n\n\\begin{{booklongtable}}{{{size}}}{{{width - 1}}}{{{''.join(specs)}}}\n{start}"
                f"\\toprule\n{top}\n\\midrule\n\\endfirsthead\n"
                f"\\toprule\n{top}\n\\midrule\n\\endhead\n\\bottomrule\n\\endfoot\n"
                f"{body}\n\\end{{booklongtable}}\n\n"
            )
        kind = "booktable" if number else "bookplaintable"
        return (
            f"\n\n\\begin{{{kind}}}{{{size}}}{{{width - 1}}}{{{caption}}}{{{''.join(specs)}}}\n"
            f"\\toprule\n{top}\n\\midrule\n{body}\n\\bottomrule\n\\end{{{kind}}}\n\n"
        )

    # Boxes ---------------------------------------------------------------------------------------

    def visit_admonition(self, node: nodes.Element) -> None:
        self.body.append("\n\\begin{bookaside}")

    def depart_admonition(self, node: nodes.Element) -> None:
        self.body.append("\\end{bookaside}\n")


def inline_title(translator: PaperTranslator, node: nodes.Element) -> str:
    """Return what stands in parentheses behind the number of a theorem, and drop it."""
    title = node[0]
    node.remove(title)
    translator.in_title = 1
    text = translator.written(title)
    translator.in_title = 0
    return text.strip()


def visit_theorem(translator: PaperTranslator, node: nodes.Element) -> None:
    """Open a theorem with the number that the pages show."""
    kind = node["realtype"]
    title = inline_title(translator, node).removeprefix("(").removesuffix(")")
    number = translator.number(node["countertype"], node)
    label = translator.hypertarget(node["label"], anchor=False)
    note = f"[{{{title}}}]" if title else ""
    translator.body.append(
        f"\n\n\\booknumber{{book{kind}}}{{{number}}}\\begin{{book{kind}}}{note}{label}\n"
    )


def depart_theorem(translator: PaperTranslator, node: nodes.Element) -> None:
    translator.body.append(f"\n\\end{{book{node['realtype']}}}\n\n")


def visit_proof(translator: PaperTranslator, node: nodes.Element) -> None:
    """Open a proof and choose the place of its end mark."""
    place = last_place(node[0])
    if isinstance(place, nodes.math_block):
        place["last"] = True
    elif place is not None:
        place += nodes.raw("", r"\qedhere", format="latex")
    translator.body.append("\n\n\\begin{bookproof}")


def depart_proof(translator: PaperTranslator, node: nodes.Element) -> None:
    translator.body.append("\\end{bookproof}\n\n")


def visit_exercise(translator: PaperTranslator, node: nodes.Element) -> None:
    """Open an exercise: its number and title, the points of the sheet among them."""
    title = inline_title(translator, node)
    label = rf"\label{{exercise:{node['label']}}}"
    words = re.match(r"(Exercise [\d.]*)\s*(.*)", title, re.DOTALL)
    name, rest = (words[1].strip(), words[2].strip()) if words else ("Exercise", title)
    translator.body.append(
        f"\n\n\\begin{{bookexercise}}{{{name}}}{{{rest}}}{label}"
        f"{translator.hypertarget(node['label'], anchor=False)}\n"
    )


def depart_exercise(translator: PaperTranslator, node: nodes.Element) -> None:
    translator.body.append("\n\\end{bookexercise}\n\n")


def visit_solution(translator: PaperTranslator, node: nodes.Element) -> None:
    """Open a solution, named after its exercise."""
    title = node[0]
    number = re.search(r"Exercise ([\d.]+)", title.astext())
    node.remove(title)
    name = f"Solution of Exercise {number[1]}" if number else "Solution"
    label = translator.hypertarget(node["label"], anchor=False)
    translator.body.append(
        f"\n\n\\begin{{booksolution}}{{\\hyperref[exercise:{node['target_label']}]{{{name}}}}}{label}\n"
    )


def depart_solution(translator: PaperTranslator, node: nodes.Element) -> None:
    translator.body.append("\n\\end{booksolution}\n\n")


def visit_exercise_reference(translator: PaperTranslator, node: nodes.Element) -> None:
    text = translator.written(node)
    translator.body.append(rf"\hyperref[exercise:{node['refid']}]{{{text}}}")
    raise nodes.SkipNode


def pages_of(tree: nodes.document) -> Iterator[nodes.Element]:
    """Yield the first page and the pages that were put into it."""
    yield tree
    yield from tree.findall(addnodes.start_of_file)


def prepare(app: Sphinx, tree: nodes.document, docname: str) -> None:
    """Make of the pages what paper can show."""
    if app.builder.format != "latex":
        return
    for page in pages_of(tree):
        name = page["docname"]
        for node in page.findall(lambda n: isinstance(n, nodes.table)):
            node.setdefault("docname", name)


def set_up_builder(app: Sphinx) -> None:
    """Use colours that print well; the style sheet is written before any page."""
    if app.builder.format == "latex":
        app.config.pygments_style = app.config.paper_pygments_style


def setup(app: Sphinx) -> dict[str, Any]:
    app.setup_extension("sphinx_proof")
    app.setup_extension("sphinx_exercise")
    app.add_config_value("paper_pygments_style", "bw", "env")
    app.set_translator("latex", PaperTranslator)
    for kind in NODE_TYPES.values():
        app.registry.add_translation_handlers(kind, latex=(visit_theorem, depart_theorem))
    for node, latex in (
        (proof_node, (visit_proof, depart_proof)),
        (exercise_node, (visit_exercise, depart_exercise)),
        (exercise_enumerable_node, (visit_exercise, depart_exercise)),
        (solution_node, (visit_solution, depart_solution)),
        (exercise_latex_number_reference, (visit_exercise_reference, None)),
    ):
        app.registry.add_translation_handlers(node, latex=latex)
    app.connect("builder-inited", set_up_builder)
    app.connect("doctree-resolved", prepare)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
