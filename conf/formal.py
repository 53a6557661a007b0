"""The formal proofs of ``book/proofs``: what they state, and what Coq says of them.

Coq compiles every file, tells what each theorem rests on, and replays each proof on the theorem's
mutants, wrong statements that stand in comments above it. A theorem counts only if it is proved
from the axioms of Coq's real numbers alone, by a proof that proves no mutant.
"""

import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PROOFS = ROOT / "book" / "proofs"
#: The name under which the files know one another.
LIBRARY = "Activations"
INSTALL = "apt-get install coq libcoq-coquelicot"
#: On what Coq's real numbers rest; nothing else may be assumed.
AXIOMS = {"classic", "functional_extensionality_dep", "sig_forall_dec", "sig_not_dec"}
#: What would assume something, or leave it open, without saying so in a theorem.
FORBIDDEN = re.compile(
    r"\b(Admitted|admit|give_up|Abort|Axioms?|Parameters?|Conjectures?|Hypothes[ie]s"
    r"|Unset\s+Guard\s+Checking|Unset\s+Positivity\s+Checking|Unset\s+Universe\s+Checking"
    r"|Declare\s+ML|bypass_check)\b"
)
#: A variable of a section may be a type, and nothing else.
VARIABLE = re.compile(r"\b(?:Variables?|Context)\b([^.]*)\.")
OF_TYPES = re.compile(r"\s*[({`]*[\w\s]+:\s*Type[)}]*\s*")
STATED = re.compile(
    r"^(?P<kind>Theorem|Corollary|Lemma|Proposition|Fact|Remark)\s+(?P<name>\w+)", re.MULTILINE
)
MUTANT = re.compile(r"\(\*\s*Mutant, (?P<about>.+?): `(?P<old>.+?)` becomes `(?P<new>.*?)`", re.S)
MINUTES = 20


@dataclass(frozen=True)
class Mutant:
    """A wrong statement: the theorem's with one piece of text replaced."""

    about: str
    old: str
    new: str


@dataclass(frozen=True)
class Theorem:
    """A theorem as it stands in a file: its statement up to the full stop, and its proof."""

    name: str
    kind: str
    about: str
    mutants: tuple[Mutant, ...]
    statement: str
    proof: str
    path: Path
    start: int
    lines: tuple[int, int]

    @property
    def listed(self) -> bool:
        """Tell whether the ledger lists it; lemmas only help."""
        return self.kind in ("Theorem", "Corollary")

    def mutated(self, mutant: Mutant, name: str) -> str:
        """Return the wrong statement under another name."""
        head = re.compile(rf"^{self.kind}\s+{self.name}\b")
        return head.sub(f"Theorem {name}", self.statement.replace(mutant.old, mutant.new))


def without_comments(text: str) -> str:
    """Return the text with blanks for its comments, which may be nested, and its strings."""
    kept, depth, position = list(text), 0, 0
    string = False
    while position < len(text):
        pair = text[position : position + 2]
        width = 1
        if not string and pair == "(*":
            depth, width = depth + 1, 2
        inside = string or depth > 0
        if not string and depth and pair == "*)":
            depth, width = depth - 1, 2
        elif width == 1 and text[position] == '"':
            string, inside = not string, True
        if inside:
            for i in range(position, position + width):
                kept[i] = text[i] if text[i] == "\n" else " "
        position += width
    return "".join(kept)


def sentences_above(text: str, bare: str, start: int) -> str:
    """Return the comments that stand between the sentence before and a theorem."""
    return text[len(bare[:start].rstrip()) : start]


def theorems(path: Path) -> Iterator[Theorem]:
    """Give what a file states, in its order."""
    text = path.read_text(encoding="utf-8")
    bare = without_comments(text)
    for found in STATED.finditer(bare):
        opened = re.compile(r"\bProof\.").search(bare, found.start())
        closed = re.compile(r"\b(?:Qed|Defined)\.").search(bare, found.start())
        if opened is None or closed is None or closed.start() < opened.start():
            raise ValueError(f"{path.name}: {found['name']} has no proof from Proof. to Qed.")
        above = sentences_above(text, bare, found.start())
        about = re.search(r"\(\*\*\s*(.*?)\s*\*\)", above, re.DOTALL)
        yield Theorem(
            name=found["name"],
            kind=found["kind"],
            about=re.sub(r"\s+", " ", about[1]) if about else "",
            mutants=tuple(Mutant(m["about"], m["old"], m["new"]) for m in MUTANT.finditer(above)),
            statement=text[found.start() : opened.start()].rstrip(),
            proof=text[opened.start() : closed.end()],
            path=path,
            start=found.start(),
            lines=(
                text.count("\n", 0, found.start()) + 1,
                text.count("\n", 0, closed.end()) + 1,
            ),
        )


def faults(path: Path) -> dict[str, list[str]]:
    """Name what a file must not contain, under "", and what its listed theorems lack."""
    bare = without_comments(path.read_text(encoding="utf-8"))

    def line(position: int) -> int:
        return bare.count("\n", 0, position) + 1

    found: dict[str, list[str]] = {
        "": [
            *(f"line {line(m.start())}: {m[0]} is not allowed" for m in FORBIDDEN.finditer(bare)),
            *(
                f"line {line(m.start())}: only types may be variables"
                for m in VARIABLE.finditer(bare)
                if not OF_TYPES.fullmatch(m[1])
            ),
        ]
    }
    for theorem in theorems(path):
        wrong = found.setdefault(theorem.name, [])
        if theorem.listed and not theorem.mutants:
            wrong.append("it names no mutant")
        if theorem.listed and not theorem.about:
            wrong.append("it is not said in words")
        for mutant in theorem.mutants:
            if (times := theorem.statement.count(mutant.old)) != 1:
                wrong.append(f"the mutant {mutant.about!r} replaces what occurs {times} times")
    return {name: wrong for name, wrong in found.items() if wrong}


def version() -> str | None:
    """Return the version of Coq, or None where there is none."""
    if shutil.which("coqc") is None:
        return None
    run = subprocess.run(["coqc", "--print-version"], capture_output=True, text=True, check=True)
    return run.stdout.split()[0]


def digest(path: Path) -> str:
    """Return a digest of all that a file's results depend on."""
    state = hashlib.sha256(Path(__file__).read_bytes() + f"{version()}".encode())
    # A file may require those before it.
    for other in sorted(path.parent.glob("*.v")):
        state.update(other.name.encode() + other.read_bytes())
    return state.hexdigest()


def coq(
    folder: Path, *arguments: str, script: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program of Coq in the folder of the compiled files."""
    program, *others = arguments
    command = [program, "-q", "-Q", ".", LIBRARY, *others]
    try:
        return subprocess.run(
            command,
            cwd=folder,
            input=script,
            capture_output=True,
            text=True,
            timeout=60 * MINUTES,
        )
    except subprocess.TimeoutExpired:
        message = f"{program} has not come to an end in {MINUTES} minutes"
        return subprocess.CompletedProcess(command, 1, "", message)


def assumptions(path: Path, folder: Path) -> dict[str, list[str]]:
    """Return the axioms that each listed theorem of a compiled file rests on."""
    stated = [theorem for theorem in theorems(path) if theorem.listed]
    script = [f"Require {LIBRARY}.{path.stem}."]
    script += [
        f'Redirect "{path.stem}-{t.name}" Print Assumptions {LIBRARY}.{path.stem}.{t.name}.'
        for t in stated
    ]
    asking = folder / f"assumptions_{path.stem}.v"
    asking.write_text("\n".join(script) + "\n", encoding="utf-8")
    run = coq(folder, "coqc", asking.name)
    if run.returncode:
        raise RuntimeError(f"Coq cannot say what it rests on: {run.stderr.strip()}")
    found = {}
    for theorem in stated:
        answer = (folder / f"{path.stem}-{theorem.name}.out").read_text(encoding="utf-8")
        if answer.startswith("Closed under the global context"):
            found[theorem.name] = []
        else:
            # Each axiom begins a line and is followed by its type, here or further down.
            names = re.findall(r"^([\w.']+)(?= *(?::|$))", answer, re.MULTILINE)
            found[theorem.name] = [n.rpartition(".")[2] for n in names if n != "Axioms"]
            if not found[theorem.name]:
                raise RuntimeError(f"what {theorem.name} rests on is not readable: {answer}")
    return found


def surviving(path: Path, folder: Path) -> dict[str, str]:
    """Return what is wrong with mutants: those that get proved, and those that say nothing.

    One run of Coq reads the file up to the end. Before each theorem it is given each mutant twice:
    without a proof, which it must accept, and with the theorem's proof, which it must not.
    """
    text = path.read_text(encoding="utf-8")
    script, tried, position = ["Set Default Timeout 60."], [], 0
    for theorem in theorems(path):
        for mutant in theorem.mutants:
            if theorem.statement.count(mutant.old) != 1:
                continue
            number = len(tried)
            script += [
                text[position : theorem.start],
                f"{theorem.mutated(mutant, f'stated_{number}')}\nProof. Admitted.",
                f"{theorem.mutated(mutant, f'proved_{number}')}\n{theorem.proof}\nAbort All.",
            ]
            position = theorem.start
            tried.append((theorem, mutant))
    script.append(text[position:])
    for word in ("stated", "proved"):
        script += [
            f'Redirect "{path.stem}-{word}-{i}" Check {word}_{i}.' for i in range(len(tried))
        ]
    last = [*theorems(path)][-1].name
    script.append(f'Redirect "{path.stem}-last" Check {last}.')
    for old in folder.glob(f"{path.stem}-*.out"):
        old.unlink()
    run = coq(folder, "coqtop", "-quiet", script="\n".join(script) + "\n")

    def holds(word: str) -> bool:
        answer = folder / f"{path.stem}-{word}.out"
        return answer.exists() and bool(answer.read_text(encoding="utf-8").strip())

    if not holds("last"):
        raise RuntimeError(f"the mutants cannot be tried: {run.stderr[-2000:].strip()}")
    found = {}
    for i, (theorem, mutant) in enumerate(tried):
        if not holds(f"stated-{i}"):
            found[theorem.name] = f"the mutant {mutant.about!r} is not a statement"
        elif holds(f"proved-{i}"):
            found[theorem.name] = f"the mutant {mutant.about!r} gets proved"
    return found


def examine(path: Path) -> list[dict[str, Any]]:
    """Let Coq check a file, and say of each listed theorem how it went, for the ledger."""
    wrong = faults(path)
    rests: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for other in path.parent.glob("*.v"):
            shutil.copy(other, folder)
        run = coq(folder, "coqc", path.name)
        if run.returncode:
            wrong.setdefault("", []).append(f"Coq does not accept the file: {run.stderr.strip()}")
        if "" not in wrong:
            try:
                rests = assumptions(path, folder)
                for name, message in surviving(path, folder).items():
                    wrong.setdefault(name, []).append(message)
            except RuntimeError as error:
                wrong[""] = [str(error)]
    results = []
    for theorem in theorems(path):
        if not theorem.listed:
            continue
        beyond = sorted(set(rests.get(theorem.name, [])) - AXIOMS)
        messages = [*wrong.get("", []), *wrong.get(theorem.name, [])]
        messages += [f"it assumes {', '.join(beyond)}"] if beyond else []
        results.append(entry(theorem, "failed" if messages else "passed", "; ".join(messages)))
        results[-1]["assumes"] = rests.get(theorem.name, [])
    return results


def entry(theorem: Theorem, state: str, message: str = "") -> dict[str, Any]:
    """Return what the ledger keeps of a theorem."""
    return {
        "name": f"{theorem.path.name}:{theorem.name}",
        "kind": "formal",
        "about": theorem.about,
        "mutants": [mutant.about for mutant in theorem.mutants],
        "path": theorem.path.name,
        "lines": list(theorem.lines),
        "state": state,
        "message": message,
        "assumes": [],
    }
