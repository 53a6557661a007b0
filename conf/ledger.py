"""Runs every check of the book's claims, and keeps the results as long as nothing changes.

``python conf/ledger.py`` brings the results in step: the checks of ``tests/claims``, room by room,
and the formal proofs of ``book/proofs``, file by file, run again only when what they depend on has
changed. The book's build does so beside the execution of its pages. With ``--proofs`` it sees to
the formal proofs only, and shows what each theorem rests on.
"""

import functools
import hashlib
import json
import platform
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from importlib.metadata import distributions
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import formal
from filelock import FileLock

ROOT = Path(__file__).parents[1]
CLAIMS = ROOT / "tests" / "claims"
sys.path.insert(0, str(CLAIMS))

import catalogue  # noqa: E402  it lies in a folder that is no package

#: Where the build keeps the results.
RESULTS = ROOT / "build" / "claims.json"
PROCESSES = 2
#: The last word of a run that has come to its end.
DONE = "The checks have been run."

Result = dict[str, Any]


@functools.cache
def surroundings() -> bytes:
    """Return a digest of what all checks in Python depend on, their own module aside."""
    state = hashlib.sha256(platform.python_version().encode())
    # What is installed, not what should be.
    state.update(repr(sorted(f"{d.name} {d.version}" for d in distributions())).encode())
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "data" / "statements").glob("*")]
    # Whatever the rooms may import from their folder, one another aside.
    rooms = {f"{room}.py" for room in catalogue.ROOMS}
    files += [p for p in CLAIMS.glob("*.py") if p.name not in rooms and p.stem[:5] != "test_"]
    for path in sorted({*files, Path(catalogue.__file__)}):
        state.update("/".join(path.parts[-2:]).encode() + b"\0" + path.read_bytes())
    return state.digest()


def digest(path: Path) -> str:
    """Return a digest of all that a file's results depend on."""
    if path.suffix == ".v":
        return formal.digest(path)
    return hashlib.sha256(surroundings() + path.read_bytes()).hexdigest()


def files() -> Iterator[Path]:
    """Give the files that hold checks."""
    for room in catalogue.ROOMS:
        if (CLAIMS / f"{room}.py").exists():
            yield CLAIMS / f"{room}.py"
    yield from sorted(formal.PROOFS.glob("*.v"))


@functools.cache
def checks(room: str) -> dict[str, catalogue.Check]:
    """Import a room's checks, once a process."""
    return {check.name: check for check in catalogue.checks(room)}


def doubt(room: str, name: str) -> Result:
    """Run one check; this is what the processes are given."""
    return catalogue.doubt(checks(room)[name])


def prove(path: Path) -> list[Result]:
    """Let Coq check a file, or say that it was not asked."""
    if formal.version() is None:
        return [formal.entry(t, "not run") for t in formal.theorems(path) if t.listed]
    return formal.examine(path)


def in_step(results: Path = RESULTS, proofs_only: bool = False) -> dict[str, Any]:
    """Run what has changed, write the results and return them.

    They are a dictionary of `"files"`, from each file's name to its digest and the results of its
    checks, in their order, and of `"coq"`, the version of Coq or None.
    """
    results.parent.mkdir(parents=True, exist_ok=True)
    # Who comes while another runs the checks waits, and finds them done.
    with FileLock(results.with_suffix(".lock")):
        return _in_step(results, proofs_only)


def kept_from(results: Path) -> dict[str, Any]:
    """Return what an earlier run has found out and holds; nothing, where that is not readable."""
    try:
        files = json.loads(results.read_text(encoding="utf-8"))["files"]
        # What has failed runs again: it may have been out of memory, or of time.
        return {
            name: {"digest": file["digest"], "checks": file["checks"]}
            for name, file in files.items()
            if all(check["state"] != "failed" for check in file["checks"])
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _in_step(results: Path, proofs_only: bool) -> dict[str, Any]:
    wanted = {path: digest(path) for path in files()}
    kept = kept_from(results)
    # Whoever wants the proofs only leaves the other results as they are, and their digests too.
    left = {path for path in wanted if proofs_only and path.suffix == ".py"}
    new = {
        path.name: kept[path.name]
        for path, state in wanted.items()
        if path.name in kept and (path in left or kept[path.name]["digest"] == state)
    }
    stale = [path for path in wanted if path.name not in new and path not in left]
    # Before anything runs: a room that cannot be imported should not cost what runs meanwhile.
    named = {path: [*checks(path.stem)] for path in stale if path.suffix == ".py"}
    found: dict[Path, list[Future[Any]]] = {}
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        # Formal proofs take longest.
        for path in sorted(stale, key=lambda path: path.suffix, reverse=True):
            if path.suffix == ".v":
                found[path] = [pool.submit(prove, path)]
            else:
                found[path] = [pool.submit(doubt, path.stem, name) for name in named[path]]
        for path, futures in found.items():
            answers = [answer.result() for answer in futures]
            done = answers[0] if path.suffix == ".v" else answers
            new[path.name] = {"digest": wanted[path], "checks": done}
            # At once: who is interrupted keeps what has been done.
            write(results, new)
    return write(results, {path.name: new[path.name] for path in wanted if path.name in new})


def write(results: Path, found: dict[str, Any]) -> dict[str, Any]:
    """Write results, so that who reads meanwhile does not find half a file, and return them."""
    state = {"files": found, "coq": formal.version()}
    written = results.with_suffix(".part")
    written.write_text(json.dumps(state, indent=1), encoding="utf-8")
    written.replace(results)
    return state


def show_proofs() -> None:
    """Show what each formal theorem rests on, and fail if anything is wrong with one."""
    formal.require()
    state = in_step(proofs_only=True)
    failed = False
    for name, file in state["files"].items():
        for result in file["checks"] if name.endswith(".v") else []:
            print(f"{result['name']} rests on {', '.join(result['assumes']) or 'the logic alone'}")
            for mutant in result["mutants"]:
                print(f"  caught: {mutant}")
            if result["state"] != "passed":
                failed = True
                print(f"  FAILED: {result['message']}")
    if failed:
        sys.exit("A formal proof does not hold.")


if __name__ == "__main__":
    if "--proofs" in sys.argv[1:]:
        show_proofs()
    else:
        in_step()
        print(DONE)
