"""The tools of the ledger: what a check may be, how it is doubted, and when it runs again."""

import json
import os
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


#: The first of these checks, which passes.
PASSING = CHECKS[: CHECKS.index('@check("numeric"')]


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


FAULTY = """\
from catalogue import check

once = iter([None])


@check("exact", mutants={"another sum": {"total": 5}})
def stateful(total=4):
    'It works only once.'
    assert next(once, total) is None


@check("exact", mutants={"another sum": {"total": 5}})
def leaving(total=4):
    'It leaves.'
    raise SystemExit(0)


@check("exact", mutants={"another sum": {"total": 5}})
def elsewhere(total=4):
    'Its mutant crashes in a library.'
    if total == 5:
        exec(compile("raise AssertionError('deep')", "library.py", "exec"))
"""


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("stateful", "AssertionError"),
        ("leaving", "SystemExit: 0"),
        ("elsewhere", "the mutant 'another sum' ends in AssertionError: deep"),
    ],
)
def test_a_check_that_is_none_fails(room, name, words):
    (room / "room.py").write_text(FAULTY, encoding="utf-8")
    [check] = [c for c in catalogue.checks("room") if c.name == f"room.{name}"]
    result = catalogue.doubt(check)
    assert result["state"] == "failed"
    assert words in result["message"]


def test_two_checks_of_one_name_are_refused(room):
    (room / "room.py").write_text(CHECKS + PASSING[PASSING.index("@check") :], encoding="utf-8")
    with pytest.raises(ValueError, match="sums is the name of two checks"):
        list(catalogue.checks("room"))


def test_no_check_is_hidden_by_a_later_name_or_borrowed_from_another_room(room):
    (room / "room.py").write_text(PASSING + "sums = None\n", encoding="utf-8")
    assert [check.name for check in catalogue.checks("room")] == ["room.sums"]
    (room / "borrowed.py").write_text(PASSING, encoding="utf-8")
    (room / "room.py").write_text("from borrowed import sums\n", encoding="utf-8")
    assert list(catalogue.checks("room")) == []


def test_the_source_is_read_not_what_python_keeps_of_it(room):
    path = room / "room.py"
    for total in (4, 5):
        path.write_text(PASSING.replace("2 + 2", f"{total} + 0"), encoding="utf-8")
        os.utime(path, (1, 1))
        [check] = catalogue.checks("room")
        assert catalogue.doubt(check)["state"] == ("passed" if total == 4 else "failed")


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
    (alone / "room.py").write_text(PASSING, encoding="utf-8")
    results = alone / "kept" / "claims.json"
    runs = alone / "room.runs"
    first = ledger.in_step(results)
    once = len(runs.read_text())
    assert first["files"]["room.py"]["checks"][0]["name"] == "room.sums"
    assert ledger.in_step(results) == first == json.loads(results.read_text())
    assert len(runs.read_text()) == once
    (alone / "room.py").write_text(PASSING + "\n", encoding="utf-8")
    ledger.checks.cache_clear()
    second = ledger.in_step(results)
    assert len(runs.read_text()) == 2 * once
    assert second["files"]["room.py"]["digest"] != first["files"]["room.py"]["digest"]


def test_what_has_failed_runs_again(alone):
    results, runs = alone / "claims.json", alone / "room.runs"
    ledger.in_step(results)
    once = len(runs.read_text())
    ledger.in_step(results)
    assert len(runs.read_text()) == 2 * once


@pytest.mark.parametrize("broken", ["", "{", "[]", "null", '{"files": []}', '{"files": {"a": 1}}'])
def test_results_that_cannot_be_read_are_made_anew(alone, broken):
    (alone / "room.py").write_text(PASSING, encoding="utf-8")
    results = alone / "claims.json"
    results.write_text(broken)
    assert list(ledger.in_step(results)["files"]) == ["room.py"]


def test_checks_run_again_when_a_helper_or_a_package_changes(alone, monkeypatch):
    def state():
        ledger.surroundings.cache_clear()
        return ledger.digest(alone / "room.py")

    states = [state()]
    (alone / "helper.py").write_text("x = 1\n")
    states += [state(), state()]
    assert states[1] == states[2]
    (alone / "helper.py").write_text("x = 2\n")
    states.append(state())
    monkeypatch.setattr(ledger, "distributions", list)
    states.append(state())
    (alone / "test_room.py").write_text("")
    assert state() == states[-1]
    assert len(set(states)) == 4
    ledger.surroundings.cache_clear()


def test_who_is_interrupted_keeps_what_was_done(alone, monkeypatch):
    (alone / "room.py").write_text(PASSING, encoding="utf-8")
    (alone / "absent.py").write_text(PASSING, encoding="utf-8")
    submit = Pool.submit

    def interrupted(pool, function, *arguments):
        if arguments[0] == "absent":
            return type("Stopped", (), {"result": lambda self: exec("raise KeyboardInterrupt")})()
        return submit(pool, function, *arguments)

    monkeypatch.setattr(Pool, "submit", interrupted)
    results = alone / "claims.json"
    with pytest.raises(KeyboardInterrupt):
        ledger.in_step(results)
    assert list(json.loads(results.read_text())["files"]) == ["room.py"]


def test_a_room_that_cannot_be_imported_stops_all_before_anything_runs(alone, monkeypatch):
    (alone / "absent.py").write_text("import nothing_of_this_name\n", encoding="utf-8")
    monkeypatch.setattr(Pool, "submit", lambda *a: pytest.fail("something has run"))
    with pytest.raises(ModuleNotFoundError):
        ledger.in_step(alone / "claims.json")


def test_a_room_that_is_gone_is_forgotten(alone):
    results = alone / "claims.json"
    ledger.in_step(results)
    (alone / "room.py").unlink()
    assert ledger.in_step(results)["files"] == {}


def test_proofs_that_are_gone_are_forgotten_and_rooms_are_kept(alone):
    (alone / "room.py").write_text(PASSING, encoding="utf-8")
    results = alone / "claims.json"
    state = ledger.in_step(results)
    state["files"]["gone.v"] = {"digest": "", "checks": []}
    results.write_text(json.dumps(state))
    (alone / "room.py").write_text(PASSING + "\n", encoding="utf-8")
    assert list(ledger.in_step(results, proofs_only=True)["files"]) == ["room.py"]
    assert json.loads(results.read_text())["files"]["room.py"] == state["files"]["room.py"]


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
