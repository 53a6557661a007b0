"""What a check of a claim is, and how the ledger finds, runs and doubts it.

A check is a function in a module of this folder that is named after a room of the package. Called
as it stands it raises nothing, since the claim holds. Its keyword arguments are the parts of the
claim that it tests: a formula, a constant, a hypothesis. Each of its mutants is a wrong claim,
given by other values of some of them, and with these the check must fail by an `AssertionError`.
"""

import inspect
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings

HERE = Path(__file__).parent
ROOMS = ("logistic", "truth", "softmax", "mlp", "regions", "lines")
#: Kinds of checks that are written in Python; formal ones are theorems of `book/proofs`.
KINDS = ("symbolic", "exact", "property", "numeric")

Mutants = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Check:
    """A check as the ledger lists it: `name` is the room and the function."""

    name: str
    kind: str
    about: str
    mutants: Mutants
    function: Callable[..., None]
    path: Path
    lines: tuple[int, int]


def check(kind: str, *, mutants: Mutants) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function a check of the given kind that catches the given mutants.

    Its docstring begins with a sentence that says how it checks, for readers of the ledger.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")

    def mark(function: Callable[..., None]) -> Callable[..., None]:
        name, known = function.__name__, inspect.signature(function).parameters
        if not mutants:
            raise ValueError(f"{name} names no mutant: a check that cannot fail checks nothing")
        for mutant, values in mutants.items():
            if not values or not values.keys() <= known.keys():
                raise ValueError(f"{name}: the mutant {mutant!r} changes none of {list(known)}")
        if any(parameter.default is parameter.empty for parameter in known.values()):
            raise ValueError(f"{name}: each argument needs what the claim says as its default")
        if not inspect.getdoc(function):
            raise ValueError(f"{name} does not say how it checks")
        # Its module keeps a list: a name used twice would hide a check, an import add one.
        listed = function.__globals__.setdefault("__checks__", {})
        if name in listed:
            raise ValueError(f"{name} is the name of two checks")
        listed[name] = (kind, mutants, function)
        return function

    return mark


def forall(**strategies: Any) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """Have hypothesis draw the arguments of a function, the same ones at each run."""
    drawn_alike = settings(
        max_examples=100,
        derandomize=True,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    return lambda function: drawn_alike(given(**strategies)(function))


def module(room: str) -> ModuleType:
    """Import the checks of a room from this folder."""
    path, loaded = HERE / f"{room}.py", ModuleType(f"claims.{room}")
    loaded.__file__ = str(path)
    if str(HERE) not in sys.path:
        sys.path.insert(0, str(HERE))
    # The source itself: what Python keeps of it may be a second old and of the same length.
    exec(compile(path.read_bytes(), path, "exec"), vars(loaded))
    return loaded


def checks(room: str) -> Iterator[Check]:
    """Give the checks of a room in the order of its source."""
    for name, (kind, mutants, function) in vars(module(room)).get("__checks__", {}).items():
        source, first = inspect.getsourcelines(function)
        about = (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ")
        lines = (first, first + len(source) - 1)
        yield Check(f"{room}.{name}", kind, about, mutants, function, HERE / f"{room}.py", lines)


def run(tested: Check, mutant: str | None = None) -> None:
    """Run a check on the claim or on one of its mutants; any warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tested.function(**(tested.mutants[mutant] if mutant else {}))


def survives(tested: Check, mutant: str) -> str:
    """Say what is wrong with a mutant, or nothing where the check itself finds it wrong."""
    try:
        run(tested, mutant)
    except (Exception, SystemExit) as error:
        place = Path(traceback.extract_tb(error.__traceback__)[-1].filename)
        # Of the check or of `numpy.testing`; an assertion deep inside a library is a crash.
        if isinstance(error, AssertionError) and (place == tested.path or "testing" in place.parts):
            return ""
        return f"the mutant {mutant!r} ends in {type(error).__name__}: {error}"
    return f"the mutant {mutant!r} passes"


def doubt(tested: Check) -> dict[str, Any]:
    """Run a check on each mutant, then on the claim, and say how it went, for the ledger.

    The claim comes last: a check that works only once would seem to catch every mutant.
    """
    began = time.perf_counter()
    message = next(filter(None, (survives(tested, mutant) for mutant in tested.mutants)), "")
    try:
        run(tested)
    except (Exception, SystemExit) as error:
        message = f"{type(error).__name__}: {error}"
    return {
        "name": tested.name,
        "kind": tested.kind,
        "about": tested.about,
        "mutants": list(tested.mutants),
        "path": tested.path.name,
        "lines": list(tested.lines),
        "state": "failed" if message else "passed",
        "message": message,
        "seconds": round(time.perf_counter() - began, 3),
    }
