"""The ledger of claims: what its extension complains of, and what readers find on the pages."""

import json
import re
from types import SimpleNamespace

import claims
import pytest
from bs4 import BeautifulSoup
from chapters import CHAPTERS, PAGES, ROOT, need_pages
from claims import Claim

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
        activations_ledger_pages={f"ledger-{page}": page for page in pages},
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
            "the claim eq-c is no equation",
        ),
        (
            environment([theorem(*ALL), Claim("slip-c", "slip", ALL, "page", 9)]),
            RESULTS,
            "the claim slip-c is no slip",
        ),
        (
            environment([theorem(*ALL)], pages=["other"]),
            RESULTS,
            "the claim thm-a stands on a page that no page of the ledger is about",
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


def test_an_example_needs_one_kind_only():
    env = environment([theorem("room.first", form="example")])
    assert complaints(env, {"room.first": RESULTS["room.first"]}) == []


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
    shown = entries.select("details.ledger")
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
