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
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from filelock import FileLock

CONF = Path(__file__).parent
ROOT = CONF.parent
CLAIMS = ROOT / "tests" / "claims"
sys.path[:0] = [str(CONF), str(CLAIMS)]

import catalogue  # noqa: E402  both lie in folders that are no packages
import formal  # noqa: E402

#: Where the build keeps the results.
RESULTS = ROOT / "build" / "claims.json"
PROCESSES = 2

Result = dict[str, Any]


@functools.cache
def surroundings() -> bytes:
    """Return a digest of what all checks in Python depend on, their own module aside."""
    state = hashlib.sha256(platform.python_version().encode())
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "data" / "statements").glob("*")]
    for path in [*sorted(files), ROOT / "requirements.lock", Path(catalogue.__file__)]:
        state.update(path.name.encode() + b"\0" + path.read_bytes())
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


def _in_step(results: Path, proofs_only: bool) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    if results.exists():
        kept = json.loads(results.read_text(encoding="utf-8"))["files"]
    wanted = {path: digest(path) for path in files() if path.suffix == ".v" or not proofs_only}
    stale = [
        path for path, state in wanted.items() if kept.get(path.name, {}).get("digest") != state
    ]
    found: dict[Path, list[Future[Any]]] = {}
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        for path in sorted(stale, key=lambda path: path.suffix, reverse=True):
            if path.suffix == ".v":
                found[path] = [pool.submit(prove, path)]
            else:
                found[path] = [pool.submit(doubt, path.stem, name) for name in checks(path.stem)]
    new = dict(kept) if proofs_only else {}
    for path, state in wanted.items():
        if path not in found:
            new[path.name] = kept[path.name]
            continue
        answers = [answer.result() for answer in found[path]]
        done = answers[0] if path.suffix == ".v" else answers
        new[path.name] = {"digest": state, "checks": done}
    state_of_all = {"files": new, "coq": formal.version()}
    # Who reads meanwhile must not find half a file.
    written = results.with_suffix(".part")
    written.write_text(json.dumps(state_of_all, indent=1), encoding="utf-8")
    written.replace(results)
    return state_of_all


def show_proofs() -> None:
    """Show what each formal theorem rests on, and fail if anything is wrong with one."""
    if formal.version() is None:
        sys.exit(f"Coq is not here; on Debian and Ubuntu: {formal.INSTALL}")
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
