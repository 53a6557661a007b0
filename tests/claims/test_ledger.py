"""The tools of the ledger: what a check may be, how it is doubted, and when it runs again."""

import json
import shutil

import catalogue
import formal
import ledger
import pytest
from hypothesis import strategies as st

CHECKS = '''\
"""Checks of a room that there is not."""

import warnings
from pathlib import Path

from catalogue import check

RUNS = Path(__file__).with_suffix(".runs")


@check("exact", mutants={"a wrong sum": {"total": 5}})
def sums(total=4):
    """Two and two
    are added.

    Nobody reads this.
    """
    RUNS.write_text(RUNS.read_text() + "x" if RUNS.exists() else "x")
    assert 2 + 2 == total


@check("numeric", mutants={"a mutant that passes": {"least": 0}})
def tolerant(least=1):
    """It is tolerant."""
    assert 2 >= least


@check("numeric", mutants={"a mutant that is no number": {"least": "one"}})
def crashing(least=1):
    """It crashes."""
    assert 2 >= least


@check("numeric", mutants={"nothing": {"least": 9}})
def failing(least=3):
    """It fails."""
    assert 2 >= least


@check("numeric", mutants={"nothing": {"least": 9}})
def warning(least=1):
    """It warns."""
    warnings.warn("so", stacklevel=1)
    assert 2 >= least
'''


@pytest.fixture
def room(tmp_path, monkeypatch):
    """Lay out a room with checks, and no others."""
    (tmp_path / "room.py").write_text(CHECKS, encoding="utf-8")
    for module in (catalogue, ledger):
        monkeypatch.setattr(module, "HERE" if module is catalogue else "CLAIMS", tmp_path)
    monkeypatch.setattr(catalogue, "ROOMS", ("room", "absent"))
    return tmp_path


def test_checks_come_in_the_order_of_their_source(room):
    found = list(catalogue.checks("room"))
    assert [check.name for check in found] == [
        "room.sums",
        "room.tolerant",
        "room.crashing",
        "room.failing",
        "room.warning",
    ]
    assert found[0].about == "Two and two are added."
    first, last = found[0].lines
    source = CHECKS.splitlines()[first - 1 : last]
    assert source[0].startswith("@check")
    assert source[-1] == "    assert 2 + 2 == total"


@pytest.mark.parametrize(
    ("name", "state", "words"),
    [
        ("sums", "passed", ""),
        ("tolerant", "failed", "the mutant 'a mutant that passes' passes"),
        ("crashing", "failed", "the mutant 'a mutant that is no number' ends in TypeError"),
        ("failing", "failed", "AssertionError"),
        ("warning", "failed", "UserWarning: so"),
    ],
)
def test_a_check_passes_only_if_it_can_fail(room, name, state, words):
    [check] = [c for c in catalogue.checks("room") if c.name == f"room.{name}"]
    result = catalogue.doubt(check)
    assert result["state"] == state
    assert words in result["message"]


def claim(total=4):
    """Two and two are added."""


def silent(total=4): ...


def bare(total):
    """Two and two are added."""


@pytest.mark.parametrize(
    ("kind", "mutants", "function", "words"),
    [
        ("formal", {"a": {"total": 5}}, claim, "kind must be one of"),
        ("exact", {}, claim, "names no mutant"),
        ("exact", {"a": {}}, claim, "changes none"),
        ("exact", {"a": {"sum": 5}}, claim, "changes none"),
        ("exact", {"a": {"total": 5}}, bare, "needs what the claim says"),
        ("exact", {"a": {"total": 5}}, silent, "does not say how"),
    ],
)
def test_what_is_no_check_is_refused(kind, mutants, function, words):
    with pytest.raises(ValueError, match=words):
        catalogue.check(kind, mutants=mutants)(function)


def test_examples_are_drawn_alike_at_each_run():
    drawn = []

    @catalogue.forall(n=st.integers())
    def note(n):
        drawn.append(n)

    note()
    note()
    half = len(drawn) // 2
    assert half >= 100
    assert drawn[:half] == drawn[half:]


class Pool:
    """Runs at once what a pool of processes would run."""

    def __init__(self, *arguments, **options): ...

    def __enter__(self):
        return self

    def __exit__(self, *error): ...

    def submit(self, function, *arguments):
        value = function(*arguments)
        return type("Done", (), {"result": lambda self: value})()


@pytest.fixture
def alone(room, monkeypatch):
    """Keep the ledger to one process and one room, without proofs."""
    monkeypatch.setattr(ledger, "ProcessPoolExecutor", Pool)
    monkeypatch.setattr(formal, "PROOFS", room)
    ledger.checks.cache_clear()
    yield room
    ledger.checks.cache_clear()


def test_checks_run_again_only_when_they_have_changed(alone):
    results = alone / "kept" / "claims.json"
    runs = alone / "room.runs"
    first = ledger.in_step(results)
    once = len(runs.read_text())
    assert first["files"]["room.py"]["checks"][0]["name"] == "room.sums"
    assert ledger.in_step(results) == first == json.loads(results.read_text())
    assert len(runs.read_text()) == once
    (alone / "room.py").write_text(CHECKS + "\n", encoding="utf-8")
    ledger.checks.cache_clear()
    second = ledger.in_step(results)
    assert len(runs.read_text()) == 2 * once
    assert second["files"]["room.py"]["digest"] != first["files"]["room.py"]["digest"]


def test_a_room_that_is_gone_is_forgotten(alone):
    results = alone / "claims.json"
    ledger.in_step(results)
    (alone / "room.py").unlink()
    assert ledger.in_step(results)["files"] == {}


def test_without_coq_a_proof_is_not_run_and_with_it_again(alone, monkeypatch):
    (alone / "room.py").unlink()
    (alone / "file.v").write_text(
        "(** Zero is zero. *)\n(* Mutant, one: `0 = 0` becomes `0 = 1` *)\n"
        "Theorem zero : 0 = 0.\nProof. reflexivity. Qed.\n",
        encoding="utf-8",
    )
    results = alone / "claims.json"
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None)
    state = ledger.in_step(results)
    [check] = state["files"]["file.v"]["checks"]
    assert (check["name"], check["state"], state["coq"]) == ("file.v:zero", "not run", None)
    monkeypatch.setattr(shutil, "which", which)
    if which("coqc") is not None:
        [check] = ledger.in_step(results)["files"]["file.v"]["checks"]
        assert check["state"] == "passed"
