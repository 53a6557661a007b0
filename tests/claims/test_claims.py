"""Each check of a claim passes on the claim and fails on each of its mutants.

The ledger's results are used as far as they are in step: where the book has just been built, or
another process has run the checks, nothing runs twice.
"""

import ast

import formal
import ledger
import pytest
from catalogue import HERE, ROOMS, run


def names():
    """Give the names of all checks, without importing what they need."""
    for room in ROOMS:
        for node in ast.parse((HERE / f"{room}.py").read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and any(
                isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "check"
                for mark in node.decorator_list
            ):
                yield f"{room}.{node.name}"
    for path in sorted(formal.PROOFS.glob("*.v")):
        yield from (f"{path.name}:{t.name}" for t in formal.theorems(path) if t.listed)


NAMES = list(names())


@pytest.fixture(scope="session")
def results():
    files = ledger.in_step()["files"].values()
    return {check["name"]: check for file in files for check in file["checks"]}


def test_the_ledger_knows_these_checks_and_no_others(results):
    assert set(results) == set(NAMES)
    assert len(NAMES) == len(set(NAMES))


@pytest.mark.parametrize("name", NAMES)
def test_the_claim_passes_and_every_mutant_is_caught(name, results):
    result = results[name]
    if result["state"] == "not run":
        pytest.skip("Coq is not here")
    if result["state"] == "failed" and ":" not in name:
        # Again, for the traceback.
        run(ledger.checks(name.partition(".")[0])[name])
    assert (result["state"], result["message"]) == ("passed", "")
    assert result["mutants"]
