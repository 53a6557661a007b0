"""Repairs to sphinx-proof and sphinx-exercise: parallel reading, unique ids, and proofs.

sphinx-proof's domain cannot be merged from worker processes, and it writes the word "Proof" into
the first line of a proof's source, which breaks a proof that begins with a display. Both
extensions give the content of all their boxes the same id. Numbers of boxes are looked up here.
"""

from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from sphinx_proof.domain import ProofDomain
from sphinx_proof.nodes import proof_node

#: Ids that the two extensions give to every box.
REPEATED = {"proof-content", "exercise-content", "solution-content"}


class Proof(SphinxDirective):
    """A proof: its name in italics, its text, and an end mark that the style sheet adds."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar = {"class": directives.class_option}

    def run(self) -> list[nodes.Node]:
        self.assert_has_content()
        block = nodes.container(classes=["proof", "proof-block", *self.options.get("class", [])])
        self.set_source_info(block)
        self.state.nested_parse(self.content, self.content_offset, block)
        words, messages = [nodes.Text("Proof")], []
        if self.arguments:
            of, messages = self.state.inline_text(self.arguments[0], self.lineno)
            words += [nodes.Text(" "), *of]
        name = nodes.emphasis("", "", *words, nodes.Text("."), classes=["proof-name"])
        first = block[0]
        if isinstance(first, nodes.paragraph):
            first.insert(0, [name, nodes.Text(" ")])
        else:
            block.insert(0, nodes.paragraph("", "", name))
        return [proof_node("", block), *messages]


class MergeableProofDomain(ProofDomain):
    """The domain keeps nothing of its own: its labels live on the environment."""

    def merge_domaindata(self, docnames: Any, otherdata: Any) -> None:
        """Do nothing: `sphinx_proof.merge_proofs` merges the labels."""


def number_of(env: BuildEnvironment, docname: str, kind: str, node: nodes.Element) -> str:
    """Return the number that Sphinx gave to a theorem, a figure, an equation ..., or nothing."""
    known = env.toc_fignumbers.get(docname, {}).get(kind, {})
    found = next((known[i] for i in node["ids"] if i in known), ())
    return ".".join(map(str, found))


def make_ids_unique(app: Sphinx, doctree: nodes.document) -> None:
    """Name the content of a box after the box, not "proof-content" like all others."""
    for section in doctree.findall(nodes.section):
        if REPEATED & set(section["ids"]):
            section["ids"] = [f"{section.parent['label']}-content"]


def setup(app: Sphinx) -> dict[str, Any]:
    app.setup_extension("sphinx_proof")
    app.add_domain(MergeableProofDomain, override=True)
    app.add_directive_to_domain("prf", "proof", Proof, override=True)
    app.connect("doctree-read", make_ids_unique)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
