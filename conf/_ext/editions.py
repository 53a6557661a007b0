"""Two editions of one source: the lecturer's with all solutions, the student's with none.

`-D activations_solutions=0` makes the student edition with any builder. The cells in solutions run
all the same, since others may rest on them. Every page is read as a whole, so that what is left
has the numbers of the full edition: who reads the one and who teaches from the other speak of the
same Theorem 2.3. Then, page by page, the environment forgets what stands in solutions: labels,
index entries, citations, files to download. A reference from the open text into a solution has no
target any more, and fails a strict build. The solutions themselves go before anything of a page is
resolved, searched or written.
"""

from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx_exercise.nodes import solution_node

#: What stands beside the title of the student edition.
STUDENT = "student edition"


class LeaveOutSolutions(SphinxPostTransform):
    """Take the solutions out of a page that is about to be written."""

    # Before any transform that chooses, numbers or links something in them.
    default_priority = 1

    def run(self, **kwargs: Any) -> None:
        if not self.config.activations_solutions:
            for solution in list(self.document.findall(solution_node)):
                solution.parent.remove(solution)


def forget(app: Sphinx, doctree: nodes.document) -> None:
    """Strike from the environment what stands in the solutions of the page just read."""
    if app.config.activations_solutions:
        return
    env, docname = app.env, app.env.docname
    solutions = list(doctree.findall(solution_node))
    hidden = [node for solution in solutions for node in solution.findall(nodes.Element)]
    ids = {i for node in hidden for i in node.get("ids", ())}
    labels = {node["label"] for node in hidden if node.get("label")}

    standard = env.domains.standard_domain
    for table in (standard.labels, standard.anonlabels, standard.objects):
        for key, (page, anchor, *_) in list(table.items()):
            if page == docname and anchor in ids:
                del table[key]
    equations = env.domains.math_domain.equations
    proofs = getattr(env, "proof_list", {})
    for label in labels:
        equations.pop(label, None)
        proofs.pop(label, None)

    struck = {
        entry for node in hidden if isinstance(node, addnodes.index) for entry in node["entries"]
    }
    entries = env.domains.index_domain.entries
    entries[docname] = [entry for entry in entries.get(docname, ()) if entry not in struck]
    if "cite" in env.domains:
        cited = env.get_domain("cite").data
        cited["citation_refs"] = [
            ref
            for ref in cited["citation_refs"]
            if ref.docname != docname or ref.citation_ref_id not in ids
        ]
    # Files are known by name, and the open text may offer one that a solution offers too.
    env.dlfiles.purge_doc(docname)
    within = set(map(id, hidden))
    for node in doctree.findall(addnodes.download_reference):
        if "filename" in node and id(node) not in within:
            env.dlfiles.add_file(docname, env.relfn2path(node["reftarget"], docname)[0])


def name_edition(app: Sphinx, config: Config) -> None:
    """Let the text ask for its edition by ``{only}``, and every page of the student's say so."""
    if config.activations_solutions:
        app.tags.add("solutions")
        return
    title = f"{config.html_title or config.project}: {STUDENT}"
    config.html_title = title
    # A page's source has the solutions.
    config.html_copy_source = config.html_show_sourcelink = False
    if "logo" in config.html_theme_options:
        config.html_theme_options["logo"] = {"text": title}
    preamble = config.latex_elements.get("preamble", "")
    said = rf"\renewcommand{{\bookedition}}{{, {STUDENT}}}"
    config.latex_elements["preamble"] = f"{preamble}\n{said}"


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("activations_solutions", True, "env", types=frozenset({bool}))
    app.add_post_transform(LeaveOutSolutions)
    app.connect("config-inited", name_edition)
    # After all that is collected from a page that has been read.
    app.connect("doctree-read", forget, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
