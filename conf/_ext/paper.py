"""The book on paper: how its pages become LaTeX.

Sphinx's own LaTeX is made for manuals. Here theorems, proofs, exercises and solutions are set as
in a mathematics book, tables get the widths that their cells need, and every number, of a
theorem, an equation, a figure or a table, is the one that the web pages show, because it comes
from the same register and is not counted anew. The look itself is in ``conf/latex/paper.sty``.
"""

import re
from typing import Any

from doctree import ancestors
from docutils import nodes
from macros import MACROS
from proofs import number_of
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders.latex.nodes import thebibliography
from sphinx.highlighting import PygmentsBridge
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.writers.latex import LaTeXTranslator
from sphinx_exercise.nodes import (
    exercise_enumerable_node,
    exercise_latex_number_reference,
    exercise_node,
    solution_node,
)
from sphinx_proof.nodes import NODE_TYPES, proof_node

log = logging.getLogger(__name__)

#: What begins with its name and goes on in the same line.
BOXES = (exercise_node, exercise_enumerable_node, solution_node)

#: Environments in which TeX breaks lines by itself.
LINES = re.compile(r"\\begin\{(?:aligned|alignedat|gathered|split|cases|array|[pbv]?matrix)\}")

#: numpydoc's own names of a docstring's sources, which no reader is to see.
HIDDEN = re.compile(r"(\[?R[0-9a-f]{8,}-\w+\]?(, )?)+")


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


#: Widths of characters in ems of Latin Modern Roman, about; others are about half an em wide.
WIDTHS = {
    **dict.fromkeys(" .,:;'|!()[]/ijlt-\u00a0", 0.32),
    **dict.fromkeys("frsI", 0.39),
    **dict.fromkeys("mwM%W–+−=…", 0.83),
    **dict.fromkeys("ABCDEFGHKLNOPQRSTUVXYZ_", 0.72),
}
#: A column with cells longer than this, in ems, is text that may be broken anywhere.
TEXT = 13.0
#: Ems by which a column may be wider than estimated.
SLACK = 0.35
#: How a table may be set, the best first: size of type, ems on a line, ems between columns,
#: whether short cells may be broken, and the environment: a wide table reaches into both margins,
#: a side table lies on its side.
WAYS = [
    ("small", 42.0, 1.0, False, "booktable"),
    ("footnotesize", 46.6, 1.0, False, "booktable"),
    ("scriptsize", 52.4, 1.0, False, "booktable"),
    ("footnotesize", 46.6, 0.8, True, "booktable"),
    ("scriptsize", 52.4, 0.7, True, "booktable"),
    ("footnotesize", 56.5, 0.8, True, "bookwidetable"),
    ("scriptsize", 63.5, 0.7, True, "bookwidetable"),
    ("footnotesize", 73.0, 1.0, False, "booksidetable"),
    ("scriptsize", 82.0, 0.8, True, "booksidetable"),
]
#: What the book's macros print, where that is a word.
WORDS = {
    name: found[1]
    for name, body in MACROS.items()
    if (found := re.search(r"\\operatorname\*?\{(.*)\}$", body))
}


def formula_width(source: str) -> float:
    """Estimate the width of a formula in ems, from its source."""
    source = re.sub(r"\\[a-zA-Z]+", lambda m: WORDS.get(m[0], m[0]), source)
    source = re.sub(r"\\(?:math|bold|oper|text|left|right|big)[a-z]*", "", source)
    source = re.sub(r"\\[a-zA-Z]+", "M", source)
    return sum(WIDTHS.get(c, 0.55) for c in re.sub(r"[{}^_\s\\]", "", source))


def pieces(entry: nodes.Element) -> list[float]:
    """Return the widths, in ems, of a cell's words, formulas and intervals."""
    found, glued = [], 0.0
    for leaf in entry.findall(lambda n: isinstance(n, nodes.Text)):
        if isinstance(leaf.parent, nodes.math):
            glued += formula_width(leaf.astext())
            continue
        each = 0.525 if isinstance(leaf.parent, nodes.literal) else None
        # An interval stays on one line.
        text = re.sub(r"\[[^\]]*\]", lambda m: m[0].replace(" ", "\u00a0"), leaf.astext())
        for part in re.split(r"( |\n)", text):
            if part in (" ", "\n"):
                if glued:
                    found.append(glued)
                glued = 0.0
            else:
                glued += sum(each or WIDTHS.get(c, 0.52) for c in part)
    return [*found, glued] if glued else found


def whole(words: list[float]) -> float:
    """Return the width of words on one line."""
    return sum(words) + WIDTHS[" "] * max(0, len(words) - 1)


def fit(
    heads: list[list[float]], bodies: list[list[list[float]]], room: float, gap: float, breaks: bool
) -> list[float] | None:
    """Divide a line of `room` ems among columns, given the words of each head and each cell.

    Returns each column's width, its natural one where there is room for it, or None where the
    columns do not fit. Heads are broken first, then text, and short cells only if `breaks`.
    """
    room -= gap * (len(heads) - 1) + SLACK * len(heads)
    natural, least = [], []
    for head, cells in zip(heads, bodies, strict=True):
        body = max(map(whole, cells), default=0.0)
        natural.append(max(body, whole(head)))
        word = max((w for words in [head, *cells] for w in words), default=0.0)
        short = word if breaks else max(body, word)
        least.append(min(max(word, 6.0) if body > TEXT else short, natural[-1]))
    if sum(natural) <= room:
        return natural
    spare = room - sum(least)
    if spare < 0:
        return None
    wanted = [n - k for n, k in zip(natural, least, strict=True)]
    # Who wants little gets all of it; those who want much divide the rest by their wants.
    given = [0.0] * len(wanted)
    for place, i in enumerate(sorted(range(len(wanted)), key=wanted.__getitem__)):
        share = spare / (len(wanted) - place)
        given[i] = min(wanted[i], share)
        spare -= given[i]
    return [k + g for k, g in zip(least, given, strict=True)]


class PaperTranslator(LaTeXTranslator):
    """Sphinx's translator, with the book's own environments and numbers."""

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
        return number_of(self.builder.env, self.docname, kind, node)

    # Chapters ------------------------------------------------------------------------------------

    def visit_document(self, node: nodes.Element) -> None:
        super().visit_document(node)
        self.body.append(r"\bookunnumbered")

    def visit_start_of_file(self, node: nodes.Element) -> None:
        super().visit_start_of_file(node)
        numbered = bool(self.builder.env.toc_secnumbers.get(self.docname))
        self.body.append(r"\booknumbered" if numbered else r"\bookunnumbered")
        if self.docname.startswith(self.config.paper_small):
            self.body.append(r"\begin{bookreference}")

    def depart_start_of_file(self, node: nodes.Element) -> None:
        if self.docname.startswith(self.config.paper_small):
            self.body.append("\n\\end{bookreference}\n")
        super().depart_start_of_file(node)

    def visit_section(self, node: nodes.Element) -> None:
        super().visit_section(node)
        if isinstance(node.parent, BOXES):
            # The empty line would end the paragraph that the box has begun.
            self.body.pop()

    # Mathematics ---------------------------------------------------------------------------------

    def visit_math(self, node: nodes.Element) -> None:
        if self.in_title and isinstance(node.parent.parent, nodes.section):
            # The outline of a PDF shows letters only.
            plain = node.astext().replace(r"\lambda", "λ").replace(r"\sigma", "σ")
            plain = re.sub(r"\\[,;!]|[\\{}$^_]", "", plain)
            self.body.append(rf"\texorpdfstring{{\({node.astext()}\)}}{{{self.escape(plain)}}}")
            raise nodes.SkipNode
        super().visit_math(node)

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
        if place:
            runs_in = isinstance(node.parent[place - 1], nodes.math_block)
        else:
            runs_in = isinstance(node.parent.parent, BOXES)
        if runs_in:
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
        text = re.sub(r"\\sphinxAtStartPar\s*", "", self.written(entry))
        return re.sub(r"(\{\[\}[^{}]*?), ([^{}]*?\{\]\})", r"\1,~\2", text)

    def set_table(self, node: nodes.Element) -> str:
        rows = list(node.findall(nodes.row))
        head = sum(1 for row in rows if isinstance(row.parent, nodes.thead))
        columns = list(zip(*(row.children for row in rows), strict=True))
        width = len(columns)
        heads = [[w for cell in column[:head] for w in pieces(cell)] for column in columns]
        bodies = [[pieces(cell) for cell in column[head:]] for column in columns]
        ways = ((way, fit(heads, bodies, *way[1:4])) for way in WAYS)
        (size, room, gap, _, kind), widths = next((w for w in ways if w[1]), (WAYS[-1], None))
        if widths is None:
            log.warning("a table is too wide for paper", type="paper", location=node)
            widths = [room / width] * width
        specs = []
        for column, words, cells, share in zip(columns, heads, bodies, widths, strict=True):
            flush = "text-right" in column[-1].get("classes", [])
            if max(map(whole, [words, *cells])) <= share:
                specs.append("r" if flush else "l")
            else:
                # A little more than estimated, so that the longest word fits.
                specs.append(f"{'R' if flush else 'L'}{{{share + SLACK:.2f}em}}")
        lines = [" & ".join(self.cell(entry) for entry in row.children) + r" \\" for row in rows]
        title = next(iter(node.findall(nodes.title)), None)
        caption = ""
        if title is not None:
            self.in_caption += 1
            caption = self.written(title)
            self.in_caption -= 1
        number = self.number("table", node)
        labels = self.hypertarget_to(node)
        layout = f"{{{size}}}{{{gap / 2:.2f}em}}"
        top, body = "\n".join(lines[:head]), "\n".join(lines[head:])
        environment = "booklongtable" if len(rows) > 32 else "booktable"
        caption = (
            rf"\booknumber{{table}}{{{number}}}\caption{{{caption}}}{labels}" if number else ""
        )
        if environment == "booklongtable":
            start = f"{caption}\\\\\n" if caption else ""
            return (
                f"\n\n\\begin{{booklongtable}}{layout}{{{''.join(specs)}}}\n{start}"
                f"\\toprule\n{top}\n\\midrule\n\\endfirsthead\n"
                f"\\toprule\n{top}\n\\midrule\n\\endhead\n\\bottomrule\n\\endfoot\n"
                f"{body}\n\\end{{booklongtable}}\n\n"
            )
        kind = kind if number or kind != "booktable" else "bookplaintable"
        return (
            f"\n\n\\begin{{{kind}}}{layout}{{{caption}}}{{{''.join(specs)}}}\n"
            f"\\toprule\n{top}\n\\midrule\n{body}\n\\bottomrule\n\\end{{{kind}}}\n\n"
        )

    # Cells ---------------------------------------------------------------------------------------

    def visit_container(self, node: nodes.Element) -> None:
        if "claim" in node["classes"]:
            self.body.append(self.hypertarget_to(node))
        if "cell_output" in node["classes"]:
            self.body.append("\n\\begin{bookoutput}")

    def depart_container(self, node: nodes.Element) -> None:
        if "cell_output" in node["classes"]:
            self.body.append("\n\\end{bookoutput}")

    # The package's pages -------------------------------------------------------------------------

    def visit_field_list(self, node: nodes.Element) -> None:
        self.body.append("\\begin{bookfields}\n")

    def depart_field_list(self, node: nodes.Element) -> None:
        self.body.append("\\end{bookfields}\n")

    def visit_seealso(self, node: nodes.Element) -> None:
        self.body.append("\n\\begin{bookseealso}")

    def depart_seealso(self, node: nodes.Element) -> None:
        self.body.append("\\end{bookseealso}\n")

    def visit_abbreviation(self, node: nodes.Element) -> None:
        """Leave out what an abbreviation stands for: pages show it when pointed at."""

    def depart_abbreviation(self, node: nodes.Element) -> None:
        """Nothing was opened."""

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
    if "entry" in node:
        title = rf"\hyperref[\detokenize{{{node['entry']}}}]{{{title}}}"
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
    name = f"Solution to Exercise {number[1]}" if number else "Solution"
    label = translator.hypertarget(node["label"], anchor=False)
    translator.body.append(
        f"\n\n\\begin{{booksolution}}{{\\hyperref[exercise:{node['target_label']}]{{{name}}}}}{label}\n"
    )


def depart_solution(translator: PaperTranslator, node: nodes.Element) -> None:
    # Without an empty line between them the mark stands behind the last sentence, if there is one.
    last = node.children[-1] if node.children else node
    if last.children and isinstance(last.children[-1], nodes.paragraph):
        while translator.body and not translator.body[-1].strip():
            translator.body.pop()
    translator.body.append("\n\\end{booksolution}\n\n")


def visit_exercise_reference(translator: PaperTranslator, node: nodes.Element) -> None:
    text = translator.written(node)
    translator.body.append(rf"\hyperref[exercise:{node['refid']}]{{{text}}}")
    raise nodes.SkipNode


def as_list(cards: nodes.Element) -> nodes.definition_list:
    """Return the cards of a grid as a list of titles, which are links, with what each says."""
    entries = nodes.definition_list()
    for card in cards.findall(lambda n: design(n) == "card"):
        title = next(iter(card.findall(lambda n: design(n) == "card-title"))).astext().strip()
        link = next(iter(card.findall(nodes.reference)))
        link.children = []
        link += nodes.Text(re.sub(r"^(\d+) · ", r"\1. ", title))
        body = [p.deepcopy() for p in card.findall(nodes.paragraph)]
        entries += nodes.definition_list_item(
            "", nodes.term("", "", link.deepcopy()), nodes.definition("", *body)
        )
    return entries


def design(node: nodes.Node) -> str:
    return str(node.get("design_component", "")) if isinstance(node, nodes.Element) else ""


def as_chapters(tree: nodes.document, title: str) -> None:
    """Make a chapter of what the first page says, and chapters of the pages behind it.

    Sphinx would take the first page's sections for chapters, and hang the pages below that
    section of it that holds their list.
    """
    first = next(iter(tree.findall(nodes.section)))
    following = list(tree.findall(addnodes.start_of_file))
    for page in following:
        # Sphinx puts the pages together without telling their parts.
        for child in page.children:
            child.parent = page
    outer = [page for page in following if not any(p in following for p in ancestors(page))]
    for page in outer:
        page.parent.remove(page)
    own = [node for node in first.children if not isinstance(node, nodes.title)]
    heading = next(node for node in first.children if isinstance(node, nodes.title))
    preface = nodes.section("", nodes.title("", title), *own, ids=[nodes.make_id(title)])
    first.children = []
    first += [heading, preface, *outer]


def prepare(app: Sphinx, tree: nodes.document, docname: str) -> None:
    """Make of the pages what paper can show."""
    if app.builder.format != "latex":
        return
    for grid in list(tree.findall(lambda n: design(n) == "grid-container")):
        grid.replace_self(as_list(grid))
    as_chapters(tree, app.config.paper_preface)
    for section in list(tree.findall(nodes.section)):
        if set(section["ids"]) & set(app.config.paper_leaves_out):
            section.parent.remove(section)
    # Sphinx sets the bibliography at the very end; it belongs to the page that announces it.
    for books in list(tree.findall(thebibliography)):
        home = {entry["docname"] for entry in books.findall(nodes.citation)}
        for page in tree.findall(addnodes.start_of_file):
            if page["docname"] in home:
                books.parent.remove(books)
                page[-1].append(books)
                break


class KeepSources(SphinxPostTransform):
    """Leave the sources that a docstring names where they are, out of the bibliography."""

    # Before Sphinx gathers all citations in one list.
    default_priority = 740
    formats = ("latex",)

    def run(self, **kwargs: Any) -> None:
        def own(node: nodes.Element) -> bool:
            return str(node.get("docname", "")).startswith(self.config.paper_small)

        for entry in [n for n in self.document.findall(nodes.citation) if own(n)]:
            label = entry[0].astext()
            body = entry[1].deepcopy() if len(entry) > 1 else nodes.paragraph()
            body.insert(0, nodes.Text(f"[{label}] "))
            entry.parent.replace(entry, body)
        marks = [n for n in self.document.findall(nodes.citation_reference) if own(n)]
        # numpydoc names all sources once more, for a bibliography that there is not.
        lists = list(dict.fromkeys(n.parent for n in marks if HIDDEN.fullmatch(n.parent.astext())))
        for names in lists:
            names.parent.remove(names)
        for mark in [n for n in marks if n.parent not in lists]:
            number = mark.astext().strip("[]").rpartition("-")[2]
            mark.parent.replace(mark, nodes.Text(f"[{number}]"))


def set_up_builder(app: Sphinx) -> None:
    """Use colours that print well; the style sheet is written before any page."""
    if app.builder.format == "latex":
        # Only now: the theme adds nothing to its pages where any translator is set before it.
        app.set_translator("latex", PaperTranslator)
        app.config.pygments_style = app.config.paper_pygments_style
        # The list of pages names the index, which no page is and which paper has anyway.
        app.config.suppress_warnings = [*app.config.suppress_warnings, "toc.not_readable"]


def setup(app: Sphinx) -> dict[str, Any]:
    app.setup_extension("sphinx_proof")
    app.setup_extension("sphinx_exercise")
    app.add_config_value("paper_pygments_style", "bw", "")
    app.add_config_value("paper_small", (), "")
    app.add_config_value("paper_leaves_out", (), "")
    app.add_config_value("paper_preface", "Preface", "")
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
    app.add_post_transform(KeepSources)
    app.connect("builder-inited", set_up_builder)
    app.connect("doctree-resolved", prepare)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
