"""The index of slips: every section whose label begins with ``slip-``, chapter by chapter."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

PREFIX = "slip-"
log = logging.getLogger(__name__)


class slip_index(nodes.General, nodes.Element):  # noqa: N801  docutils names nodes so
    """Stands for the list until all pages are read."""


class SlipIndex(SphinxDirective):
    """``{slip-index}``: put the list here."""

    def run(self) -> list[nodes.Node]:
        pages = getattr(self.env, "slip_index_pages", set())
        self.env.slip_index_pages = pages | {self.env.docname}
        return [slip_index()]


def slips(app: Sphinx) -> dict[str, list[tuple[str, nodes.title]]]:
    """Return anchor and title of every slip by page, pages and slips in reading order."""
    labels = app.env.domains.standard_domain.labels
    anchors: dict[str, set[str]] = {}
    for label, (docname, anchor, _title) in labels.items():
        if label.startswith(PREFIX):
            anchors.setdefault(docname, set()).add(anchor)
    return {
        docname: [
            (anchor, section.next_node(nodes.title))
            for section in app.env.get_doctree(docname).findall(nodes.section)
            for anchor in section["ids"]
            if anchor in anchors[docname]
        ]
        for docname in sorted(anchors)
    }


def merge(app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment) -> None:
    """Take over from a worker process which pages show the list."""
    pages = getattr(env, "slip_index_pages", set()) | getattr(other, "slip_index_pages", set())
    env.slip_index_pages = pages


def note_reading(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Remember whether this build reads any page."""
    app.reads_pages = bool(docnames)


def write_again(app: Sphinx, env: BuildEnvironment) -> set[str]:
    """Have the list written anew when any page was read, since its slips may be others."""
    return getattr(env, "slip_index_pages", set()) if app.reads_pages else set()


def fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Replace the placeholder by links."""
    for node in list(doctree.findall(slip_index)):
        content: list[nodes.Node] = []
        for page, entries in slips(app).items():
            uri = app.builder.get_relative_uri(docname, page)
            head = nodes.reference("", app.env.titles[page].astext(), internal=True, refuri=uri)
            content.append(nodes.paragraph("", "", nodes.strong("", "", head)))
            items = nodes.bullet_list(classes=["slips"])
            for anchor, title in entries:
                link = nodes.reference("", "", internal=True, refuri=f"{uri}#{anchor}")
                # The title's own nodes, so that mathematics in it stays mathematics.
                link += [child.deepcopy() for child in title.children]
                items += nodes.list_item("", nodes.paragraph("", "", link))
            content.append(items)
        if not content:
            log.warning("no label begins with %r", PREFIX, location=node)
        node.replace_self(content)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(slip_index)
    app.add_directive("slip-index", SlipIndex)
    app.connect("env-before-read-docs", note_reading)
    app.connect("env-merge-info", merge)
    app.connect("env-get-updated", write_again)
    app.connect("doctree-resolved", fill)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
