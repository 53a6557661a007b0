"""The formal proofs of ``book/proofs``: what they state, and what Coq says of them.

Coq compiles every file, tells what each theorem rests on, and replays each proof on the theorem's
mutants, wrong statements that stand in comments above it. A theorem counts only if it is proved
from the axioms of Coq's real numbers alone, by a proof that proves no mutant.
"""

import functools
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PROOFS = ROOT / "book" / "proofs"
#: The name under which Coq knows a file while it is asked about it.
LIBRARY = "Activations"
INSTALL = "apt-get install coq libcoq-coquelicot"
#: On what Coq's real numbers rest; nothing else may be assumed.
AXIOMS = {"classic", "functional_extensionality_dep", "sig_forall_dec", "sig_not_dec"}
#: A sentence of Coq ends at a full stop before a blank.
SENTENCE = re.compile(r"\S.*?(?:\.\.\.|(?<!\.)\.)(?=\s|\Z)", re.DOTALL)
STATED = re.compile(r"(?P<kind>Theorem|Corollary|Lemma)\s+(?P<name>[\w']+)")
#: What a file may say besides: nothing here can assume anything, or leave it open, in secret.
ALLOWED = re.compile(
    r"(Definition|Fixpoint|Inductive|Record)\s.*:=|From\s+(Coq|Coquelicot)\s+Require\s+Import\s"
    r"|(Import|Notation|Open\s+Scope)\s",
    re.DOTALL,
)
#: Commands begin with a capital letter or an attribute, tactics do not.
FOCUS = r"(?:[-+*{}\s]|(?:\d[-,\d\s]*|all\s*|par\s*):)*"
IN_PROOF = re.compile(
    FOCUS + r"(?P<command>[A-Z]\w*|#)|.*?\b(?P<tactic>admit|give_up)\b", re.DOTALL
)
MUTANT = re.compile(
    r"\(\*\s*Mutant, (?P<about>[^`]+?): `(?P<old>[^`]+)` becomes `(?P<new>[^`]*)`\s*\*\)"
)
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
        head = re.compile(rf"^{self.kind}\s+{self.name}(?![\w'])")
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


def one_line(text: str) -> str:
    """Return words without the line breaks between them."""
    return re.sub(r"\s+", " ", text)


def theorems(path: Path) -> Iterator[Theorem]:
    """Give what a file states, in its order."""
    text = path.read_text(encoding="utf-8")
    sentences = list(SENTENCE.finditer(without_comments(text)))
    for i, sentence in enumerate(sentences):
        found = STATED.match(sentence[0])
        if found is None:
            continue
        words = [later[0] for later in sentences[i + 1 :]]
        length = next((n for n, word in enumerate(words) if word in ("Qed.", "Defined.")), 0)
        if words[:1] != ["Proof."] or not length:
            raise ValueError(f"{path.name}: {found['name']} has no proof from Proof. to Qed.")
        # The comments between the sentence before and this one; the last is about the theorem.
        above = text[sentences[i - 1].end() if i else 0 : sentence.start()]
        about = re.findall(r"\(\*\*\s(.*?)\*\)", above, re.DOTALL)
        opened, closed = sentences[i + 1].start(), sentences[i + 1 + length].end()
        yield Theorem(
            name=found["name"],
            kind=found["kind"],
            about=one_line(about[-1]).strip() if about else "",
            mutants=tuple(
                Mutant(one_line(m["about"]), m["old"], m["new"]) for m in MUTANT.finditer(above)
            ),
            statement=text[sentence.start() : sentence.end()],
            proof=text[opened:closed],
            path=path,
            start=sentence.start(),
            lines=(text.count("\n", 0, sentence.start()) + 1, text.count("\n", 0, closed) + 1),
        )


def unknown(bare: str) -> Iterator[str]:
    """Name what a file says that it may not, in a proof or outside."""
    proving, end = False, 0
    for sentence in SENTENCE.finditer(bare):
        words, end = sentence[0], sentence.end()
        line = bare.count("\n", 0, sentence.start()) + 1
        if not proving:
            proving = words == "Proof."
            if not (proving or STATED.match(words) or ALLOWED.match(words)):
                yield f"line {line}: {words.split()[0]} is not allowed"
        elif words in ("Qed.", "Defined."):
            proving = False
        elif found := IN_PROOF.match(words):
            yield f"line {line}: {found['command'] or found['tactic']} is not allowed in a proof"
    if bare[end:].strip():
        yield "the last sentence has no end"


def faults(path: Path) -> dict[str, list[str]]:
    """Name what a file must not contain, under "", and what its listed theorems lack."""
    text = path.read_text(encoding="utf-8")
    found: dict[str, list[str]] = {"": list(unknown(without_comments(text)))}
    stated = list(theorems(path))
    written = len(re.findall(r"\(\*+\s*Mutant", text))
    if (read := sum(len(theorem.mutants) for theorem in stated)) != written:
        found[""].append(f"of {written} mutants only {read} stand as they should above a theorem")
    for theorem in stated:
        wrong = found.setdefault(theorem.name, [])
        if theorem.listed and not theorem.mutants:
            wrong.append("it names no mutant")
        if theorem.listed and (not theorem.about or theorem.about.startswith("*")):
            wrong.append("it is not said in words")
        for mutant in theorem.mutants:
            if (times := theorem.statement.count(mutant.old)) != 1:
                wrong.append(f"the mutant {mutant.about!r} replaces what occurs {times} times")
            elif len(SENTENCE.findall(without_comments(theorem.mutated(mutant, "other")))) != 1:
                wrong.append(f"the mutant {mutant.about!r} is not one sentence")
    return {name: wrong for name, wrong in found.items() if wrong}


@functools.cache
def told(coqc: str, option: str) -> str:
    """Return what Coq says of itself."""
    return subprocess.run([coqc, option], capture_output=True, text=True, check=True).stdout.strip()


def version() -> str | None:
    """Return the version of Coq, or None where there is none."""
    coqc = shutil.which("coqc")
    return told(coqc, "--print-version").split()[0] if coqc else None


@functools.cache
def library(coqc: str) -> bytes:
    """Return a digest of what the proofs import besides Coq itself."""
    state = hashlib.sha256()
    for path in sorted(Path(told(coqc, "-where"), "user-contrib").glob("Coquelicot/*.vo")):
        state.update(path.name.encode() + path.read_bytes())
    return state.digest()


def require() -> None:
    """End the program with the way to install Coq, where there is none."""
    if version() is None:
        sys.exit(f"Coq is not here; on Debian and Ubuntu: {INSTALL}")


def digest(path: Path) -> str:
    """Return a digest of all that a file's results depend on."""
    coqc = shutil.which("coqc")
    state = hashlib.sha256(Path(__file__).read_bytes() + f"{version()}".encode())
    state.update(library(coqc) if coqc else b"")
    return hashlib.sha256(state.digest() + path.read_bytes()).hexdigest()


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
            encoding="utf-8",
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
            # Each axiom begins a line and is followed by its type, here or further down; whatever
            # else begins one, as what the guard was not asked about, is shown as a whole.
            head, *others = re.findall(r"^\S.*", answer, re.MULTILINE)
            names = [re.sub(r"^([\w.']+)( *:.*)?$", r"\1", line) for line in others]
            found[theorem.name] = [name.rpartition(".")[2] or name for name in names]
            if head != "Axioms:" or not names:
                raise RuntimeError(f"what {theorem.name} rests on is not readable: {answer}")
    return found


def surviving(path: Path, folder: Path) -> list[tuple[str, str]]:
    """Return what is wrong with mutants: those that get proved, and those that say nothing.

    One run of Coq reads the file up to the end. Before each theorem it is given each mutant twice:
    without a proof, which it must accept, and with the theorem's proof, which it must not.
    """
    text, stated = path.read_text(encoding="utf-8"), list(theorems(path))
    script, tried, position = ["Set Default Timeout 60."], [], 0
    for theorem in stated:
        for mutant in theorem.mutants:
            if theorem.statement.count(mutant.old) != 1:
                continue
            number = len(tried)
            script += [
                text[position : theorem.start],
                # Where a proof before it is still open, `Admitted` would end that one.
                f"Abort All.\n{theorem.mutated(mutant, f'stated_{number}')}\nProof. Admitted.",
                f"{theorem.mutated(mutant, f'proved_{number}')}\n{theorem.proof}\nAbort All.",
            ]
            position = theorem.start
            tried.append((theorem, mutant))
    script.append(text[position:])
    names = [f"{word}_{i}" for word in ("stated", "proved") for i in range(len(tried))]
    names += [theorem.name for theorem in stated]
    script += [f'Redirect "{path.stem}-{name}" Check {name}.' for name in names]
    for old in folder.glob(f"{path.stem}-*.out"):
        old.unlink()
    run = coq(folder, "coqtop", "-quiet", script="\n".join(script) + "\n")

    def holds(name: str) -> bool:
        answer = folder / f"{path.stem}-{name}.out"
        return answer.exists() and bool(answer.read_text(encoding="utf-8").strip())

    # A mutant counts as caught only where all else was proved in the very same run.
    if lost := [theorem.name for theorem in stated if not holds(theorem.name)]:
        last = run.stderr[-2000:].strip()
        raise RuntimeError(f"the mutants cannot be tried, {lost[0]} did not go through: {last}")
    found = []
    for i, (theorem, mutant) in enumerate(tried):
        if not holds(f"stated_{i}"):
            found.append((theorem.name, f"the mutant {mutant.about!r} is not a statement"))
        elif holds(f"proved_{i}"):
            found.append((theorem.name, f"the mutant {mutant.about!r} gets proved"))
    return found


def examine(path: Path) -> list[dict[str, Any]]:
    """Let Coq check a file, and say of each listed theorem how it went, for the ledger."""
    wrong = faults(path)
    rests: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        shutil.copy(path, folder)
        run = coq(folder, "coqc", path.name)
        if run.returncode:
            wrong.setdefault("", []).append(f"Coq does not accept the file: {run.stderr.strip()}")
        if "" not in wrong:
            try:
                rests = assumptions(path, folder)
                for name, message in surviving(path, folder):
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


if __name__ == "__main__":
    require()
