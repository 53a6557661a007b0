"""The ledger of claims: every claim of the book names its checks, and the build runs them all.

A theorem, lemma, proposition, corollary or example names them in its option ``checks``. The
directive ``{claim}`` does so for everything else: for a labelled equation or a section about a
slip, if its argument is such a label, and for a statement in the text, which then is its content.

The build fails if a claim names no check, if a check is named that there is not, if one has failed,
or if no claim names it. Only a formal proof may be left unread, where Coq is not installed. The
checks run in a process of their own while the pages are executed, and run again only when
something has changed that they depend on (``conf/ledger.py``).
"""

import functools
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from doctree import ancestors
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode
from sphinx_exercise.nodes import exercise_enumerable_node, exercise_node, solution_node
from sphinx_proof.directive import ElementDirective
from sphinx_proof.nodes import NODE_TYPES, proof_node

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "build" / "claims.json"
#: With this ends what `conf/ledger.py` prints, if it has come to its end.
DONE = "The checks have been run.\n"
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
KINDS = ("formal", "symbolic", "exact", "property", "numeric")
#: Environments that claim something.
THEOREMS = ("theorem", "lemma", "proposition", "corollary", "example", "property", "criterion")
#: Those that need checks of two kinds.
PROVED = ("theorem", "lemma", "proposition", "corollary")
#: Where an equation is part of something else that claims or defines.
WITHIN = (*NODE_TYPES.values(), proof_node, solution_node, exercise_node, exercise_enumerable_node)
SLIP = "slip-"
#: What the anchors of a claim's entry in the ledger, and of a file of formal proofs, begin with.
ENTRY, FILE = "ledger-", "formal-"
SOURCES = {".py": "tests/claims", ".v": "book/proofs"}
LANGUAGES = {".py": "python", ".v": "coq"}


@dataclass(frozen=True)
class Claim:
    """A claim: the label it is known by, its form, and the names of its checks."""

    label: str
    form: str
    checks: tuple[str, ...]
    docname: str
    line: int


class claim_note(nodes.General, nodes.Element):  # noqa: N801  docutils names nodes so
    """Stands where the mark of an equation or a slip goes."""


class ledger_pages(nodes.General, nodes.Element):  # noqa: N801  docutils names nodes so
    """Stands for the entries of one chapter, or for the table of all."""


class details(nodes.General, nodes.Element):  # noqa: N801  docutils names nodes so
    """Something folded on a page: a summary and what is below it."""


class summary(nodes.General, nodes.TextElement):  # noqa: N801  docutils names nodes so
    """What a reader sees of it before it is unfolded."""


#: What is noted of every page in the environment, each under the page's name.
CLAIMS, EQUATIONS, PAGES = (
    "activations_claims",
    "activations_equations",
    "activations_ledger_pages",
)


def noted(env: BuildEnvironment, what: str) -> dict[str, Any]:
    """Return one kind of notes."""
    return env.__dict__.setdefault(what, {})


def claims(env: BuildEnvironment) -> dict[str, list[Claim]]:
    """Return the claims of each page that was read, in their order."""
    return noted(env, CLAIMS)


def equations(env: BuildEnvironment) -> dict[str, dict[str, bool]]:
    """Return the labels of each page's equations, and whether these stand for themselves."""
    return noted(env, EQUATIONS)


def ledger(env: BuildEnvironment) -> dict[str, str]:
    """Return the pages of the ledger, each with the page that its entries are about."""
    return noted(env, PAGES)


class CheckedElement(ElementDirective):
    """An environment of sphinx-proof that may name its checks."""

    option_spec: ClassVar = {**ElementDirective.option_spec, "checks": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        [element] = super().run()
        kind = element["realtype"]
        if kind in THEOREMS:
            element["claim"], element["form"] = element["label"], kind
            element["checks"] = self.options.get("checks", "").split()
            element["claimed_at"] = self.lineno
        elif "checks" in self.options:
            raise self.error(f"a {kind} claims nothing that could be checked")
        return [element]


class ClaimDirective(SphinxDirective):
    """``{claim} label``: an equation, a slip, or the statement that is its content."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {"checks": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        label, checks = self.arguments[0], self.options.get("checks", "").split()
        if not self.content:
            form = "slip" if label.startswith(SLIP) else "equation"
            return [claim_note(claim=label, form=form, checks=checks, claimed_at=self.lineno)]
        # What a theorem's box is to a theorem, without the box.
        statement = nodes.container(classes=["claim"], ids=[label], names=[label], claim=label)
        statement["form"], statement["checks"] = "statement", checks
        statement["claimed_at"] = self.lineno
        self.state.document.note_explicit_target(statement)
        self.state.nested_parse(self.content, self.content_offset, statement)
        return [statement]


class LedgerDirective(SphinxDirective):
    """``{ledger} page``: the entries of a page's claims; without argument the table of all."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        page = self.arguments[0] if self.arguments else ""
        ledger(self.env)[self.env.docname] = page
        return [ledger_pages(page=page)]


# --- What has been read ---------------------------------------------------------------------------


def purge(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Forget a page that is read again, or is gone."""
    app.claims_read = True
    for what in (CLAIMS, EQUATIONS, PAGES):
        noted(env, what).pop(docname, None)


def merge(app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment) -> None:
    """Take over what a worker process has read."""
    for what in (CLAIMS, EQUATIONS, PAGES):
        read = noted(other, what)
        noted(env, what).update({page: read[page] for page in docnames if page in read})


def note_page(app: Sphinx, doctree: nodes.document) -> None:
    """Enter the claims of a page, and which of its labelled equations stand for themselves."""
    page = app.env.docname
    if found := [
        Claim(node["claim"], node["form"], tuple(node["checks"]), page, node["claimed_at"])
        for node in doctree.findall(lambda node: bool(claim_of(node)))
        # A student's edition knows nothing of what stands in solutions.
        if app.config.activations_solutions
        or not any(isinstance(n, solution_node) for n in ancestors(node))
    ]:
        claims(app.env)[page] = found
    equations(app.env)[page] = {
        block["label"]: not any(isinstance(n, WITHIN) or claim_of(n) for n in ancestors(block))
        for block in doctree.findall(nodes.math_block)
        if block.get("label")
    }


# --- What has been checked ------------------------------------------------------------------------


def begin(app: Sphinx) -> None:
    """Start the checks; they run while the pages are read."""
    app.ledger_run = subprocess.Popen(
        [sys.executable, str(ROOT / "conf" / "ledger.py")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # More threads make small checks slower, and the pages want the other core.
        env={**os.environ, **dict.fromkeys(THREADS, "1")},
    )
    app.ledger, app.claims_read = {}, False


def finish(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Wait for the checks, compare claims and results, and name the pages to be written."""
    printed, _ = app.ledger_run.communicate()
    # A check that leaves Python would leave the results of an earlier run behind.
    if app.ledger_run.returncode or not printed.endswith(DONE):
        raise ExtensionError(f"the checks of the claims could not be run:\n{printed}")
    state = json.loads(RESULTS.read_text(encoding="utf-8"))
    app.ledger = {check["name"]: check for f in state["files"].values() for check in f["checks"]}
    whole = app.config.activations_solutions
    for message, place in complaints(env, app.ledger, app.config.activations_definitions, whole):
        log.warning(message, type="claims", location=place)
    # Where the outcome is another, or only a source, so are marks and entries, and any page read
    # anew may change entries.
    seen = hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()
    again = {*ledger(env), *(page for page, found in claims(env).items() if found)}
    if getattr(env, "activations_ledger_seen", None) == seen and not app.claims_read:
        return []
    env.activations_ledger_seen = seen
    return sorted(again)


def formal_files(found: list[Claim]) -> list[str]:
    """Return the names of the files in which formal proofs of some claims stand."""
    names = (name.partition(":")[0] for claim in found for name in claim.checks if ":" in name)
    return [name for name in dict.fromkeys(names) if (ROOT / SOURCES[".v"] / name).is_file()]


def complaints(
    env: BuildEnvironment,
    results: dict[str, dict[str, Any]],
    definitions: tuple[str, ...],
    whole: bool = True,
) -> Iterator[tuple[str, Any]]:
    """Give what is wrong with the ledger, each with its place.

    Only in a `whole` edition is each check wanted.
    """
    found = [claim for page in claims(env).values() for claim in page]
    known: dict[str, Claim] = {}
    for claim in found:
        place = (claim.docname, claim.line)
        name = f"the claim {claim.label}"
        if claim.label in known:
            yield f"{name} is entered twice", place
        known[claim.label] = claim
        if not claim.checks:
            yield f"{name} names no check", place
        for check in sorted({check for check in claim.checks if claim.checks.count(check) > 1}):
            yield f"{name} names the check {check} twice", place
        kinds = set()
        for check in claim.checks:
            result = results.get(check)
            if result is None:
                yield f"{name} names the check {check}, which there is not", place
                continue
            kinds.add(result["kind"])
            if result["state"] == "failed":
                yield f"{name}: the check {check} fails: {result['message']}", place
            elif result["state"] != "passed" and result["kind"] != "formal":
                yield f"{name}: the check {check} was not run", place
        if claim.form in PROVED and claim.checks and len(kinds) < 2:
            yield f"{name} needs checks of two kinds, it has {', '.join(kinds) or 'none'}", place
        if claim.docname not in ledger(env).values():
            yield f"{name} stands on a page that no page of the ledger is about", place
    named = {check for claim in found for check in claim.checks}
    for check in results.values():
        if whole and check["name"] not in named:
            yield f"no claim names the check {check['name']}", None
    labels = env.domains.standard_domain.labels
    for label in labels:
        if label.startswith(SLIP) and label not in known:
            yield f"the claim {label} names no check", labels[label][0]
    pages = equations(env)
    alone = {label: name for name, page in pages.items() for label in page if page[label]}
    for label, page in alone.items():
        if label not in known and label not in definitions:
            yield f"the claim {label} names no check", page
    for label in definitions:
        if label not in alone or label in known:
            yield f"{label} is no definition in the open text", None
    for claim in found:
        place = (claim.docname, claim.line)
        if claim.form == "equation" and claim.label not in pages.get(claim.docname, {}):
            yield f"the claim {claim.label} is no equation of its page", place
        if claim.form == "slip" and labels.get(claim.label, ("",))[0] != claim.docname:
            yield f"the claim {claim.label} is no slip of its page", place
    about = [page for page in ledger(env).values() if page]
    for docname, page in ledger(env).items():
        if page and page not in env.found_docs:
            yield f"there is no page {page} for the ledger to be about", docname
        elif about.count(page) > 1:
            yield f"two pages of the ledger are about {page}", docname


# --- What readers see -----------------------------------------------------------------------------


def reference(domain: str, label: str, docname: str) -> addnodes.pending_xref:
    """Return a reference to a theorem or an equation by its number, for the builder to resolve."""
    kind = {"prf": "ref", "math": "eq"}[domain]
    options = {"refdomain": domain, "reftype": kind, "reftarget": label, "refdoc": docname}
    return addnodes.pending_xref("", nodes.inline("", label), refwarn=True, **options)


def in_words(text: str) -> list[nodes.Node]:
    """Return what a comment says, with what it has in brackets as code, as coqdoc has it."""
    parts = re.split(r"\[([^\]]+)\]", text)
    return [
        nodes.literal("", part) if i % 2 else nodes.Text(part)
        for i, part in enumerate(parts)
        if part
    ]


def source(check: dict[str, Any], hide_proofs: bool) -> str:
    """Return the source of a check; where proofs are hidden, of a formal one the statement."""
    folder = ROOT / SOURCES[Path(check["path"]).suffix]
    lines = (folder / check["path"]).read_text(encoding="utf-8").splitlines()
    first, last = check["lines"]
    text = "\n".join(lines[first - 1 : last])
    if hide_proofs and check["kind"] == "formal":
        return text.split("Proof.")[0].rstrip()
    return text


def listing(check: dict[str, Any], hide_proofs: bool) -> nodes.literal_block:
    """Return the source of a check with its colours."""
    text = source(check, hide_proofs)
    return nodes.literal_block(text, text, language=LANGUAGES[Path(check["path"]).suffix])


def folded(words: list[nodes.Node], content: list[nodes.Node], *classes: str) -> details:
    """Return something that a reader can unfold."""
    return details("", summary("", "", *words), *content, classes=["ledger", *classes])


class Ledger(SphinxPostTransform):
    """Put marks at the claims, formal proofs below them, and entries into the ledger's pages."""

    # Before references are resolved, after the solutions of a student edition are taken out.
    default_priority = 4

    def run(self, **kwargs: Any) -> None:
        if self.app.builder.name == "notebooks":
            for node in list(self.document.findall(claim_note)):
                node.parent.remove(node)
            return
        self.html = self.app.builder.format == "html"
        # A page is read from its pickle at every call, chapter 4 in half a second.
        self.tree = functools.cache(self.env.get_doctree)
        self.hide_proofs = not self.config.activations_solutions
        self.entered = {
            claim.label: (claim, page)
            for page, chapter in ledger(self.env).items()
            for claim in claims(self.env).get(chapter, [])
        }
        for node in list(self.document.findall(lambda n: bool(claim_of(n)))):
            self.mark(node)
        for node in list(self.document.findall(ledger_pages)):
            node.replace_self(self.entries(node["page"]) if node["page"] else [self.table()])

    @property
    def results(self) -> dict[str, dict[str, Any]]:
        return self.app.ledger

    def checks(self, claim: Claim) -> list[dict[str, Any]]:
        """Return the results of a claim's checks, the most formal kind first."""
        found = [self.results[name] for name in claim.checks if name in self.results]
        return sorted(found, key=lambda check: KINDS.index(check["kind"]))

    def mark(self, node: nodes.Element) -> None:
        """Mark a claim, and fold its formal proofs below it."""
        label = claim_of(node)
        if label not in self.entered:
            if isinstance(node, claim_note):
                node.parent.remove(node)
            return
        claim, page = self.entered[label]
        found = self.checks(claim)
        if not self.html:
            # Paper has it in the margin, and leads on from the title: a link in the margin would
            # cut through one that begins in the line beside it.
            words = r"\\".join(dict.fromkeys(check["kind"] for check in found))
            raw = nodes.raw("", rf"\bookchecked{{{words}}}", format="latex")
            node["entry"] = f"{page}:{ENTRY}{label}"
            if isinstance(node, claim_note):
                node.replace_self(nodes.paragraph("", "", raw))
            else:
                place = next(iter(node.findall(nodes.paragraph)), None)
                (place if place is not None else node).insert(0, raw)
            return
        link = self.link(page, ENTRY + label, nodes.inline("", mark_words(found)))
        link["reftitle"] = "Checked by machine: to the claim's entry in the ledger"
        quiet = nodes.inline("", "", link, classes=["claim-mark", *mark_state(found)])
        if isinstance(node, nodes.container):
            # In the running text the formal proof would be in the way; the ledger has it.
            # Behind its last word, or below a display.
            if not (len(node) and isinstance(node[-1], nodes.paragraph)):
                node += nodes.paragraph(classes=["claim-note"])
            node[-1].append(quiet)
            return
        proofs = self.formal_proofs([check for check in found if check["kind"] == "formal"], page)
        if isinstance(node, claim_note):
            node.replace_self([nodes.paragraph("", "", quiet, classes=["claim-note"]), *proofs])
            return
        node[0].append(quiet)
        node.parent.insert(node.parent.index(node) + 1, proofs)

    def link(self, docname: str, anchor: str, *content: nodes.Node) -> nodes.reference:
        """Return a link to an anchor of any page."""
        holder = nodes.inline("", "", *content)
        return make_refnode(self.app.builder, self.env.docname, docname, anchor, holder)

    def formal_proofs(self, checks: list[dict[str, Any]], page: str) -> list[nodes.Node]:
        """Return the formal proofs of a claim, folded together, each below what it says."""
        if not checks:
            return []
        what = "Formal statement" if self.hide_proofs else "Formal proof"
        words: list[nodes.Node] = [nodes.Text(f"{what}{'s' if checks[1:] else ''} in Coq")]
        content = [
            part
            for check in checks
            for part in (
                nodes.paragraph("", "", *in_words(check["about"])),
                listing(check, self.hide_proofs),
            )
        ]
        if not self.hide_proofs:
            files = dict.fromkeys(check["path"] for check in checks)
            links = [self.link(page, FILE + Path(name).stem, nodes.Text(name)) for name in files]
            last = nodes.paragraph("", "", nodes.Text("The definitions and lemmas stand in "))
            for i, link in enumerate(links):
                last += [nodes.Text(", " if i else ""), link]
            last += nodes.Text(".")
            content.append(last)
        return [folded(words, content, "formal-proof")]

    # The ledger's own pages ----------------------------------------------------------------------

    def entries(self, page: str) -> list[nodes.Node]:
        """Return the entries of all claims of a page."""
        found = claims(self.env).get(page, [])
        entries = [node for claim in found for node in self.entry(claim)]
        if self.html and not self.hide_proofs:
            entries += [self.whole_file(name) for name in formal_files(found)]
        return entries

    def whole_file(self, name: str) -> nodes.Element:
        """Return a file of formal proofs, definitions and lemmas and all, folded."""
        text = (ROOT / SOURCES[".v"] / name).read_text(encoding="utf-8")
        words: list[nodes.Node] = [nodes.literal("", name), nodes.Text(" as a whole")]
        block = nodes.literal_block(text, text, language=LANGUAGES[".v"])
        file = folded(words, [block], "formal-file")
        file["ids"] = [FILE + Path(name).stem]
        return file

    def head(self, claim: Claim) -> nodes.paragraph:
        """Return the link to a claim, with its title."""
        head, here = nodes.paragraph(classes=["ledger-claim"]), self.env.docname
        if claim.form == "equation":
            head += [nodes.Text("Equation "), reference("math", claim.label, here)]
        elif claim.form == "slip":
            head += [nodes.Text("Slip: "), self.section_link(claim.label)]
        elif claim.form == "statement":
            head += self.link(claim.docname, claim.label, *self.place(claim))
        else:
            head += reference("prf", claim.label, here)
            if title := self.title(claim):
                head += [nodes.Text(" "), *title]
        return head

    def section_link(self, label: str) -> nodes.Node:
        """Return a link to a section, with the nodes of its title."""
        docname, anchor, words = self.env.domains.standard_domain.labels[label]
        title: list[nodes.Node] = [nodes.Text(words)]
        for section in self.tree(docname).findall(nodes.section):
            if anchor in section["ids"]:
                title = [child.deepcopy() for child in section.next_node(nodes.title).children]
        return self.link(docname, anchor, *title)

    def place(self, claim: Claim) -> list[nodes.Node]:
        """Say where a statement stands."""
        node = self.node_of(claim)
        around = ancestors(node) if node is not None else iter(())
        # The content of a box is a section, too, but has no title.
        titles = (n[0] for n in around if isinstance(n, nodes.section) and len(n))
        title = next((n.deepcopy().children for n in titles if isinstance(n, nodes.title)), [])
        return [nodes.Text("A statement in “"), *title, nodes.Text("”")]

    def node_of(self, claim: Claim) -> nodes.Element | None:
        """Return what a claim is on its page, as it was read."""
        for node in self.tree(claim.docname).findall(nodes.Element):
            if claim_of(node) == claim.label and not isinstance(node, claim_note):
                return node
            if isinstance(node, nodes.math_block) and node.get("label") == claim.label:
                return node
        return None

    def title(self, claim: Claim) -> list[nodes.Node]:
        """Return the nodes of a theorem's title."""
        node = self.node_of(claim)
        return [child.deepcopy() for child in node[0].children] if node is not None else []

    def statement(self, claim: Claim) -> list[nodes.Node]:
        """Return a copy of what is claimed, without the anchors and numbers of the original.

        Nor do its footnotes and the anchors of its page come along: links to them lose their ends.
        """
        node = self.node_of(claim)
        if node is None:
            return []
        if isinstance(node, nodes.math_block):
            parts = [node.deepcopy()]
        else:
            holder = node if isinstance(node, nodes.container) else node[1]
            parts = [child.deepcopy() for child in holder.children]
        box = nodes.container("", *parts, classes=["ledger-statement"])
        for copy in list(box.findall(nodes.Element)):
            if isinstance(
                copy, addnodes.index | nodes.target | nodes.footnote_reference | claim_note
            ):
                copy.parent.remove(copy)
                continue
            if isinstance(copy, nodes.reference) and "refid" in copy:
                copy.replace_self(copy.children)
                continue
            copy["ids"], copy["names"] = [], []
            if isinstance(copy, nodes.math_block):
                copy["label"] = copy["number"] = None
            if isinstance(copy, addnodes.pending_xref):
                copy["refdoc"] = self.env.docname
        return [box]

    def entry(self, claim: Claim) -> list[nodes.Node]:
        """Return a claim, its statement and its checks with their state and their source."""
        head = self.head(claim)
        head.insert(0, nodes.raw("", r"\bookentry{}", format="latex"))
        head.insert(0, nodes.target("", "", ids=[ENTRY + claim.label]))
        checks = [self.check(check) for check in self.checks(claim)]
        if self.html:
            return [head, *self.statement(claim), *checks]
        items = nodes.bullet_list("", *(nodes.list_item("", check) for check in checks))
        return [head, *self.statement(claim), items]

    def check(self, check: dict[str, Any]) -> nodes.Element:
        """Return what there is to say of a check."""
        formal = check["kind"] == "formal"
        state = "not run in this build" if check["state"] == "not run" else check["state"]
        about = in_words(check["about"]) if formal else [nodes.Text(check["about"])]
        what = "statements that its proof does not prove" if formal else "claims that it catches"
        wrong = f" Wrong {what}: {'; '.join(check['mutants'])}."
        if self.html and formal:
            wrong = f" It rests on {', '.join(check['assumes']) or 'the logic alone'}.{wrong}"
        name = check["name"].partition(":")[2] or check["name"].partition(".")[2]
        words: list[nodes.Node] = [
            nodes.inline("", check["kind"], classes=["check-kind"]),
            nodes.Text(" "),
            nodes.literal("", name),
            nodes.Text(f" {state}"),
        ]
        said = nodes.paragraph("", "", *about, nodes.Text(wrong))
        if not self.html:
            is_so = "" if state == "passed" else f", {state}"
            said.insert(0, [nodes.emphasis("", check["kind"]), nodes.Text(f"{is_so}: ")])
            return said
        folder = SOURCES[Path(check["path"]).suffix]
        place = nodes.paragraph(
            "", "", nodes.Text("Source: "), nodes.literal("", f"{folder}/{check['path']}")
        )
        served = self.claims_of(check["name"])
        if len(served) > 1:
            place += nodes.Text(". It serves ")
            for i, claim in enumerate(served):
                place += [nodes.Text(", " if i else ""), self.short(claim)]
            place += nodes.Text(".")
        body = [said, listing(check, self.hide_proofs), place]
        return folded(words, body, f"check-{check['state'].replace(' ', '-')}")

    def claims_of(self, name: str) -> list[Claim]:
        """Return the claims that a check serves, in an order that no worker decides."""
        return [c for _, page in sorted(claims(self.env).items()) for c in page if name in c.checks]

    def short(self, claim: Claim) -> nodes.Node:
        """Return the shortest link to a claim."""
        if claim.form == "equation":
            return reference("math", claim.label, self.env.docname)
        if claim.form == "slip":
            return self.section_link(claim.label)
        if claim.form == "statement":
            return self.link(claim.docname, claim.label, *self.place(claim))
        return reference("prf", claim.label, self.env.docname)

    def table(self) -> nodes.table:
        """Return the number of claims and of checks of each kind, chapter by chapter."""
        head = ["chapter", "claims", *KINDS, "passed", "not run"]
        rows: list[list[nodes.Node]] = []
        totals = [0] * (len(head) - 1)
        for docname, page in sorted(ledger(self.env).items()):
            if page not in self.env.titles:
                continue
            found = claims(self.env).get(page, [])
            names = dict.fromkeys(n for c in found for n in c.checks if n in self.results)
            checks = [self.results[name] for name in names]
            kinds = [check["kind"] for check in checks]
            states = [check["state"] for check in checks]
            numbers = [len(found), *(kinds.count(kind) for kind in KINDS)]
            numbers += [states.count("passed"), states.count("not run")]
            totals = [a + b for a, b in zip(totals, numbers, strict=True)]
            link = self.link(docname, "", nodes.Text(self.env.titles[page].astext()))
            rows.append([link, *(nodes.Text(str(n)) for n in numbers)])
        rows.append([nodes.Text("together"), *(nodes.Text(str(n)) for n in totals)])
        return table_of(head, rows)


def table_of(head: list[str], rows: list[list[nodes.Node]]) -> nodes.table:
    """Return a table of words and numbers."""

    def line(cells: list[nodes.Node]) -> nodes.row:
        entries = [
            nodes.entry("", nodes.paragraph("", "", cell), classes=["text-right"] if i else [])
            for i, cell in enumerate(cells)
        ]
        return nodes.row("", *entries)

    group = nodes.tgroup("", cols=len(head))
    group += [nodes.colspec(colwidth=1) for _ in head]
    group += nodes.thead("", line([nodes.Text(word) for word in head]))
    group += nodes.tbody("", *(line(row) for row in rows))
    return nodes.table("", group)


def claim_of(node: nodes.Node) -> str:
    """Return the label of the claim that a node is, or nothing."""
    return str(node.get("claim", "")) if isinstance(node, nodes.Element) else ""


def mark_words(checks: list[dict[str, Any]]) -> str:
    """Say how a claim is checked, in as few words as possible."""
    passed = [check for check in checks if check["state"] == "passed"]
    kinds = ", ".join(dict.fromkeys(check["kind"] for check in passed))
    return kinds or "not checked in this build"


def mark_state(checks: list[dict[str, Any]]) -> list[str]:
    """Return the class of a mark."""
    return [] if all(check["state"] == "passed" for check in checks) else ["claim-mark-open"]


def visit_details(translator: Any, node: nodes.Element) -> None:
    translator.body.append(translator.starttag(node, "details"))


def depart_details(translator: Any, node: nodes.Element) -> None:
    translator.body.append("</details>\n")


def visit_summary(translator: Any, node: nodes.Element) -> None:
    translator.body.append(translator.starttag(node, "summary", ""))


def depart_summary(translator: Any, node: nodes.Element) -> None:
    translator.body.append("</summary>\n")


def setup(app: Sphinx) -> dict[str, Any]:
    app.setup_extension("proofs")
    app.add_config_value("activations_definitions", (), "env")
    for kind in NODE_TYPES:
        app.add_directive_to_domain("prf", kind, CheckedElement, override=True)
    app.add_directive("claim", ClaimDirective)
    app.add_directive("ledger", LedgerDirective)
    app.add_node(claim_note)
    app.add_node(ledger_pages)
    app.add_node(details, html=(visit_details, depart_details))
    app.add_node(summary, html=(visit_summary, depart_summary))
    app.add_post_transform(Ledger)
    app.connect("builder-inited", begin)
    app.connect("env-purge-doc", purge)
    app.connect("doctree-read", note_page)
    app.connect("env-merge-info", merge)
    app.connect("env-get-updated", finish)
    return {
        "version": "1",
        # Pages read by an earlier kind of this extension are read again.
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
