"""The ledger of claims: what its extension complains of, and what readers find on the pages."""

import hashlib
import json
import re
import shutil
import sys
from types import SimpleNamespace

import claims
import pytest
from bs4 import BeautifulSoup
from chapters import CHAPTERS, PAGES, ROOT, need_pages
from claims import Claim
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import docutils_namespace, patch_docutils

RESULTS = {
    "room.first": {"name": "room.first", "kind": "exact", "state": "passed", "message": ""},
    "room.second": {"name": "room.second", "kind": "numeric", "state": "passed", "message": ""},
    "room.v:third": {"name": "room.v:third", "kind": "formal", "state": "not run", "message": ""},
}
ALL = ("room.first", "room.second", "room.v:third")


def environment(found, *, slips=(), equations=(), pages=("page",)):
    """Return as much of Sphinx's environment as the ledger looks at."""
    labels = {slip: ("page", slip, "A slip") for slip in slips}
    return SimpleNamespace(
        activations_claims={"page": list(found)},
        activations_equations={"page": dict.fromkeys(equations, True)},
        activations_ledger_pages={f"ledger-{i}": page for i, page in enumerate(pages)},
        found_docs={"page"},
        domains=SimpleNamespace(standard_domain=SimpleNamespace(labels=labels)),
    )


def theorem(*checks, label="thm-a", form="theorem"):
    return Claim(label, form, checks, "page", 7)


def complaints(env, results=RESULTS, definitions=(), **options):
    return [message for message, _ in claims.complaints(env, results, definitions, **options)]


def test_nothing_is_wrong_where_every_check_passes_or_waits_for_coq():
    env = environment(
        [theorem(*ALL), Claim("slip-a", "slip", ("room.first",), "page", 9)],
        slips=["slip-a"],
        equations=["eq-a"],
    )
    assert complaints(env, definitions=("eq-a",)) == []


def failed(name):
    return {**RESULTS, name: {**RESULTS[name], "state": "failed", "message": "1 is not 2"}}


@pytest.mark.parametrize(
    ("env", "results", "message"),
    [
        (environment([theorem()]), {}, "the claim thm-a names no check"),
        (
            environment([theorem(*ALL, "room.fourth")]),
            RESULTS,
            "the claim thm-a names the check room.fourth, which there is not",
        ),
        (
            environment([theorem(*ALL)]),
            failed("room.first"),
            "the claim thm-a: the check room.first fails: 1 is not 2",
        ),
        (
            environment([theorem(*ALL)]),
            failed("room.v:third"),
            "the claim thm-a: the check room.v:third fails: 1 is not 2",
        ),
        (
            environment([theorem(*ALL)]),
            {**RESULTS, "room.first": {**RESULTS["room.first"], "state": "not run"}},
            "the claim thm-a: the check room.first was not run",
        ),
        (
            environment([theorem("room.first")]),
            {"room.first": RESULTS["room.first"]},
            "the claim thm-a needs checks of two kinds, it has exact",
        ),
        (
            environment([theorem("room.first", "room.second")]),
            RESULTS,
            "no claim names the check room.v:third",
        ),
        (environment([theorem(*ALL)] * 2), RESULTS, "the claim thm-a is entered twice"),
        (
            environment([theorem(*ALL)], slips=["slip-b"]),
            RESULTS,
            "the claim slip-b names no check",
        ),
        (
            environment([theorem(*ALL)], equations=["eq-b"]),
            RESULTS,
            "the claim eq-b names no check",
        ),
        (
            environment([theorem(*ALL), Claim("eq-c", "equation", ALL, "page", 9)]),
            RESULTS,
            "the claim eq-c is no equation of its page",
        ),
        (
            environment([theorem(*ALL), Claim("slip-c", "slip", ALL, "page", 9)]),
            RESULTS,
            "the claim slip-c is no slip of its page",
        ),
        (
            environment([theorem(*ALL)], pages=[]),
            RESULTS,
            "the claim thm-a stands on a page that no page of the ledger is about",
        ),
        (
            environment([theorem(*ALL)], pages=["page", "other"]),
            RESULTS,
            "there is no page other for the ledger to be about",
        ),
        (
            environment([theorem(*ALL, "room.first", "room.first")]),
            RESULTS,
            "the claim thm-a names the check room.first twice",
        ),
    ],
)
def test_each_fault_is_named_by_itself(env, results, message):
    assert complaints(env, results) == [message]


def test_a_definition_that_is_none_is_named():
    assert complaints(environment([theorem(*ALL)]), definitions=("eq-d",)) == [
        "eq-d is no definition in the open text"
    ]


def test_a_students_edition_need_not_name_every_check():
    env = environment([theorem("room.first", "room.second")])
    assert complaints(env, whole=False) == []


def test_an_equation_or_slip_of_another_page_is_none_of_this():
    found = [Claim(f"{form}-a", form, ALL, "page", 9) for form in ("equation", "slip")]
    env = environment(found)
    env.activations_equations = {"page": {}, "other": {"equation-a": True}}
    env.domains.standard_domain.labels["slip-a"] = ("other", "slip-a", "A slip")
    assert complaints(env) == [
        "the claim equation-a is no equation of its page",
        "the claim slip-a is no slip of its page",
    ]


def test_two_pages_of_the_ledger_about_one_are_named():
    env = environment([theorem(*ALL)], pages=["page", "page"])
    assert complaints(env) == ["two pages of the ledger are about page"] * 2


def test_an_example_needs_one_kind_only():
    env = environment([theorem("room.first", form="example")])
    assert complaints(env, {"room.first": RESULTS["room.first"]}) == []


# --- Small books ---------------------------------------------------------------------------------

SETTINGS = """
extensions = ["myst_parser", "sphinx_exercise", "claims", "editions"]
myst_enable_extensions = ["colon_fence", "dollarmath"]
numfig = True
html_theme = "basic"
html_theme_options = {}
"""

THEOREM = """
:::{prf:theorem} First
:label: thm-first
:checks: room.first room.second room.v:third
Open.
:::
"""

STATEMENT = """
:::{claim} claim-a
:checks: room.first room.second room.v:third
CONTENT
:::
"""

INDEX = """# A page
BODY
```{toctree}
claims
table
OTHERS
```
"""


def outcome(state, mutants):
    """Return what a run of the checks leaves behind."""
    common = {"about": "It checks.", "mutants": mutants, "lines": [1, 2], "assumes": []}
    for check in RESULTS.values():
        path = "room.v" if check["kind"] == "formal" else "room.py"
        yield {**check, **common, "path": path, "state": state}


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Return a function that builds a small book, whose checks have been run by nobody."""
    source, out = tmp_path / "source", tmp_path / "out"
    for folder in (source, tmp_path / "tests" / "claims", tmp_path / "book" / "proofs"):
        folder.mkdir(parents=True)
    (source / "conf.py").write_text(SETTINGS)
    python, coq = tmp_path / "tests/claims/room.py", tmp_path / "book/proofs/room.v"
    python.write_text("def first():\n    assert True\n")
    coq.write_text("Theorem third : 0 = 0.\nProof. reflexivity. Qed.\n")
    monkeypatch.setattr(claims, "ROOT", tmp_path)
    monkeypatch.setattr(claims, "RESULTS", tmp_path / "claims.json")

    def run(pages, *, state="passed", mutants=("a wrong sign",), said=claims.DONE, parallel=1):
        for path in source.glob("*.md"):
            if path.stem not in pages:
                path.unlink()
        for name, text in pages.items():
            path = source / f"{name}.md"
            if not path.exists() or path.read_text() != text:
                path.write_text(text)
        digest = hashlib.sha256(python.read_bytes() + coq.read_bytes()).hexdigest()
        file = {"digest": digest, "checks": list(outcome(state, list(mutants)))}
        claims.RESULTS.write_text(json.dumps({"coq": "8", "files": {"room": file}}))
        done = SimpleNamespace(communicate=lambda: (said, None), returncode=0)
        monkeypatch.setattr(claims.subprocess, "Popen", lambda *a, **k: done)
        heard = tmp_path / "warnings"
        with heard.open("w") as warning, patch_docutils(source), docutils_namespace():
            options = {"status": None, "warning": warning, "parallel": parallel}
            Sphinx(source, source, out, tmp_path / "doctrees", "html", **options).build()
        return heard.read_text().split("WARNING: ")[1:]

    run.out, run.python, run.coq = out, python, coq
    return run


def book(body=THEOREM, page="index", **others):
    ledger = f"# Claims\n\n:::{{ledger}} {page}\n:::\n"
    table = "# Table\n\n```{ledger}\n```\n"
    index = INDEX.replace("BODY", body).replace("OTHERS", "\n".join(others))
    return {"index": index, "claims": ledger, "table": table, **others}


def statement(content):
    return STATEMENT.replace("CONTENT", content)


small = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::PendingDeprecationWarning"
)


@small
@pytest.mark.parametrize(
    "body",
    [
        THEOREM,
        THEOREM.replace(":label: thm-first\n", ""),
        statement("All is well."),
        statement("$$a = b$$"),
        statement("It is\n\n$$\na = b\n$$ (eq-a)"),
        statement("- a\n- b"),
        THEOREM.replace(
            "Open.", "$$\na = b\n$$ (eq-a)\n\n```{claim} eq-a\n:checks: room.first\n```"
        ),
    ],
)
def test_a_small_book_is_built_without_a_word(build, body):
    assert build(book(body)) == []
    page = BeautifulSoup((build.out / "index.html").read_text(), "lxml")
    entries = BeautifulSoup((build.out / "claims.html").read_text(), "lxml")
    for mark in page.select(".claim-mark a"):
        assert entries.find(id=mark["href"].partition("#")[2]) is not None
    assert entries.select(".ledger-statement")


@small
def test_a_copied_statement_has_no_link_that_leads_nowhere(build):
    body = "Open[^a], see [below](#below), {ref}`below`, {eq}`eq-a` and {prf:ref}`thm-first`."
    after = "\n[^a]: A note.\n\n(below)=\n## Below\n\n:::{prf:remark}\n$$\na = b\n$$ (eq-a)\n:::\n"
    assert build(book(THEOREM.replace("Open.", body) + after)) == []
    pages = {
        path.name: BeautifulSoup(path.read_text(), "lxml") for path in build.out.glob("*.html")
    }
    [copied] = pages["claims.html"].select(".ledger-statement")
    assert copied.get_text(strip=True) == "Open, see below,Below,(1)andTheorem 1."
    assert not copied.select("[id]")
    for link in copied.select("a"):
        target, _, anchor = link["href"].partition("#")
        assert pages[target].find(id=anchor) is not None


@small
def test_the_fault_is_named_and_the_pages_are_written(build):
    exercise = ":::{exercise}\n:label: ex\nOne.\n:::\n\n```{solution-start} ex\n:label: sol\n```\n"
    solved = THEOREM + exercise + statement("Well.") + "```{solution-end}\n```\n"
    assert build(book(solved)) == []
    [fault] = build(book(THEOREM.replace("room.first", "room.first other.v:x")))
    assert "names the check other.v:x, which there is not" in fault
    assert len(build(book(page="nowhere"))) == 2
    assert len(build(book(), state="failed", mutants=())) == 3


@small
def test_pages_are_written_anew_where_only_a_source_or_the_outcome_has_changed(build):
    def written():
        return {path.name: path.stat().st_mtime_ns for path in build.out.glob("[cit]*.html")}

    build(book())
    before = written()
    build(book())
    assert written() == before
    build.coq.write_text(build.coq.read_text().replace("reflexivity", "exact eq_refl"))
    build(book())
    assert "eq_refl" in (build.out / "claims.html").read_text()
    before = written()
    assert len(build(book(), state="failed")) == len(build(book(), state="failed")) == 3
    assert all(written()[name] > before[name] for name in before)


@small
def test_a_page_that_is_gone_is_gone_from_the_ledger(build):
    other = {"other": "# Other\n" + THEOREM.replace("thm-first", "thm-other")}
    entries = {"about-other": book(page="other")["claims"]}
    assert build(book(**other, **entries)) == []
    assert "thm-other" in (build.out / "claims.html").read_text()
    assert build(book()) == []
    for name in ("claims", "table"):
        assert "other" not in re.findall(r"[a-z]+", (build.out / f"{name}.html").read_text())


@small
def test_workers_that_read_the_pages_lose_nothing(build):
    others = {f"page{i}": f"# {i}\n" + THEOREM.replace("first", f"{i}", 1) for i in range(12)}
    others |= {f"about{i}": book(page=f"page{i}")["claims"] for i in range(12)}
    texts = []
    for parallel in (1, 2):
        assert build(book(**others), parallel=parallel) == []
        texts.append([(build.out / f"{name}.html").read_text() for name in ("table", "about7")])
        shutil.rmtree(build.out)
        shutil.rmtree(build.out.with_name("doctrees"))
    assert texts[0] == texts[1]


@small
def test_a_run_of_the_checks_that_has_not_come_to_its_end_stops_the_build(build):
    with pytest.raises(ExtensionError, match="could not be run"):
        build(book(), said="")


def test_the_ledger_says_when_it_is_done():
    sys.path[:0] = [str(ROOT / "tests" / "claims")]
    import ledger

    assert f"{ledger.DONE}\n" == claims.DONE


# --- The built pages ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def results():
    """Return the results that the pages were built with."""
    need_pages()
    state = json.loads((ROOT / "build" / "claims.json").read_text(encoding="utf-8"))
    return {check["name"]: check for file in state["files"].values() for check in file["checks"]}


def soup(*parts):
    return BeautifulSoup(PAGES.joinpath(*parts).read_text(encoding="utf-8"), "lxml")


@pytest.fixture(scope="module", params=CHAPTERS, ids=lambda path: path.stem)
def chapter(request, results):
    """Return a chapter's page and the page of its claims."""
    name = f"{request.param.stem}.html"
    return request.param, soup(name), soup("appendix", "claims", name)


def test_every_theorem_has_a_mark_that_leads_to_its_entry(chapter):
    path, page, entries = chapter
    kinds = ", ".join(f"div.proof.{kind}" for kind in claims.THEOREMS)
    boxes = page.select(kinds)
    assert boxes
    for box in boxes:
        [mark] = box.select(":scope > .admonition-title .claim-mark a")
        target, _, anchor = mark["href"].partition("#")
        assert target == f"appendix/claims/{path.stem}.html"
        assert anchor == claims.ENTRY + box["id"]
        assert entries.find(id=anchor) is not None
        assert set(mark.get_text().split(", ")) <= {*claims.KINDS, "not checked in this build"}


def test_every_entry_leads_back_and_shows_its_checks(chapter, results):
    path, page, entries = chapter
    text = path.read_text(encoding="utf-8")
    named = re.findall(r"^:checks: (.+)$", text, re.MULTILINE)
    heads = entries.select("p.ledger-claim")
    assert len(heads) == len(named)
    for head in heads:
        target, _, anchor = head.find("a", class_="reference")["href"].partition("#")
        assert target == f"../../{path.stem}.html"
        assert page.find(id=anchor) is not None
    shown = entries.select("details.ledger:not(.formal-file)")
    wanted = [name for names in named for name in names.split()]
    assert len(shown) == len(wanted)
    sources = [entry.select_one("pre").get_text() for entry in shown]
    for name in wanted:
        word = name.partition(":")[2] or name.partition(".")[2]
        assert any(re.search(rf"\b{word}\b", source) for source in sources), name


def test_formal_proofs_stand_below_their_theorems_in_colour(chapter):
    path, page, _ = chapter
    # Those of statements in the running text stand in the ledger only.
    text = re.sub(r"\{claim\} claim-.*\n:checks: .*", "", path.read_text(encoding="utf-8"))
    wanted = sorted(re.findall(r"\b\w+\.v:(\w+)", text))
    listings = page.select("details.formal-proof div.highlight-coq pre")
    assert len(listings) == len(wanted)
    found = [re.match(r"(?:Theorem|Corollary)\s+(\w+)", entry.get_text()) for entry in listings]
    assert sorted(match[1] for match in found if match) == wanted
    for entry in listings:
        assert entry.get_text().rstrip().endswith("Qed.")
        assert entry.select("span.kn")


def test_the_table_counts_what_the_entries_show(results):
    rows = soup("appendix", "claims.html").select("table tbody tr")
    cells = [[cell.get_text(strip=True) for cell in row.select("td")] for row in rows]
    assert len(cells) == len(CHAPTERS) + 1
    for path, row in zip(CHAPTERS, cells, strict=False):
        entries = soup("appendix", "claims", f"{path.stem}.html")
        assert int(row[1]) == len(entries.select("p.ledger-claim"))
    numbers = [[int(cell) for cell in row[1:]] for row in cells]
    assert numbers[-1] == [sum(column) for column in zip(*numbers[:-1], strict=True)]
    kinds = [check["kind"] for check in results.values()]
    assert numbers[-1][1:-2] == [kinds.count(kind) for kind in claims.KINDS]
