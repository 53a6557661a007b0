"""What `conf/formal.py` reads in a file of Coq, what it refuses, and what it lets Coq say."""

import shutil

import formal
import pytest

needs_coq = pytest.mark.skipif(shutil.which("coqc") is None, reason="Coq is not here")

FILE = """\
(* The file's head: Theorem not_me : a "string *)" in it. (* nested *) *)
Require Import Reals Lra.
Open Scope R_scope.

(** Squares add up to something that is not negative. *)
Lemma squares (x y : R) : 0 <= x * x + y * y.
Proof. nra. Qed.

(** The square of a real number
    is not negative. *)
(* Mutant, the sign is wrong: `0 <= x ^ 2` becomes `x ^ 2 <= 0` *)
(* Mutant, zero is left out: `0 <=` becomes `0 <` *)
Theorem square (x : R) : 0 <= x ^ 2.
Proof.
  assert (H := squares x 0).
  nra.
Qed.
"""


@pytest.fixture
def write(tmp_path):
    """Write a file of Coq, the one above with one piece of text replaced."""

    def written(old="", new="", text=FILE):
        assert text.count(old) == 1 or not old
        path = tmp_path / "file.v"
        path.write_text(text.replace(old, new) if old else text, encoding="utf-8")
        return path

    return written


def test_comments_are_blank_and_all_else_stays_where_it_was():
    bare = formal.without_comments(FILE)
    assert len(bare) == len(FILE)
    assert bare.count("\n") == FILE.count("\n")
    assert "not_me" not in bare
    assert "nested" not in bare
    assert bare.startswith(" ")
    assert bare[FILE.index("Require") :].startswith("Require Import Reals")


def test_a_theorem_is_read_with_its_words_its_mutants_and_its_proof(write):
    lemma, theorem = formal.theorems(write())
    assert (lemma.name, lemma.listed, lemma.mutants) == ("squares", False, ())
    assert (theorem.name, theorem.listed) == ("square", True)
    assert theorem.about == "The square of a real number is not negative."
    assert [mutant.about for mutant in theorem.mutants] == [
        "the sign is wrong",
        "zero is left out",
    ]
    assert theorem.statement == "Theorem square (x : R) : 0 <= x ^ 2."
    assert theorem.proof.startswith("Proof.")
    assert theorem.proof.endswith("Qed.")
    lines = FILE.splitlines()
    first, last = theorem.lines
    assert lines[first - 1].startswith("Theorem square")
    assert lines[last - 1] == "Qed."
    mutated = theorem.mutated(theorem.mutants[0], "other")
    assert mutated == "Theorem other (x : R) : x ^ 2 <= 0."


@pytest.mark.parametrize(
    ("sentence", "word"),
    [
        ("Axiom cheap : False.", "Axiom"),
        ("Parameter p : R.", "Parameter"),
        ("Conjecture c : 0 = 0.", "Conjecture"),
        ("Hypothesis h : 0 = 1.", "Hypothesis"),
        ("Hypotheses h : 0 = 1.", "Hypotheses"),
        ("Lemma l : 0 = 1. Proof. Admitted. Qed.", "Admitted"),
        ("Lemma l : 0 = 1. Proof. admit. Qed.", "admit"),
        ("Variable h : 0 = 1.", "only types"),
        ("Context (h : 0 = 1).", "only types"),
        ("Unset Guard Checking.", "Unset Guard"),
    ],
)
def test_what_assumes_in_secret_is_refused(write, sentence, word):
    assert formal.faults(write()) == {}
    found = formal.faults(write("Open Scope R_scope.", f"Open Scope R_scope.\n{sentence}"))[""]
    assert any(word in fault and fault.startswith("line 4") for fault in found)


def test_types_may_be_variables_and_words_may_stand_in_comments(write):
    for harmless in ("Variable T : Type.", "Context {T : Type}.", "(* Axiom, admit *)"):
        assert formal.faults(write("Open Scope R_scope.", harmless)) == {}


def test_a_theorem_needs_words_and_a_mutant_that_changes_it(write):
    [fault] = formal.faults(write("`0 <=` becomes `0 <`", "`1 <=` becomes `0 <`"))["square"]
    assert fault == "the mutant 'zero is left out' replaces what occurs 0 times"
    without = FILE[: FILE.index("(* Mutant")] + FILE[FILE.index("Theorem square") :]
    assert formal.faults(write(text=without)) == {"square": ["it names no mutant"]}
    wordless = FILE[: FILE.index("(** The square")] + FILE[FILE.index("(* Mutant, the") :]
    assert formal.faults(write(text=wordless)) == {"square": ["it is not said in words"]}


def test_a_theorem_without_a_proof_is_not_read(write):
    with pytest.raises(ValueError, match="square has no proof"):
        list(formal.theorems(write("Proof.\n  assert (H := squares x 0).\n  nra.\nQed.\n", "")))


@needs_coq
def test_coq_accepts_the_theorem_and_neither_mutant(write):
    [result] = formal.examine(write())
    assert (result["name"], result["state"], result["message"]) == ("file.v:square", "passed", "")
    assert set(result["assumes"]) <= formal.AXIOMS


@needs_coq
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  nra.\nQed", "  ring.\nQed", "Coq does not accept the file"),
        ("`x ^ 2 <= 0`", "`0 <= x * x`", "the mutant 'the sign is wrong' gets proved"),
        ("`x ^ 2 <= 0`", "`0 <= y`", "the mutant 'the sign is wrong' is not a statement"),
        ("Open Scope R_scope.", "Open Scope R_scope.\nAxiom a : False.", "Axiom is not allowed"),
    ],
)
def test_coq_refuses(write, old, new, message):
    [result] = formal.examine(write(old, new))
    assert result["state"] == "failed"
    assert message in result["message"]


@needs_coq
def test_an_axiom_that_is_not_one_of_the_reals_is_named(write):
    path = write(
        "Proof.\n  assert (H := squares x 0).\n  nra.",
        "Proof.\n  assert (H := ProofIrrelevance.proof_irrelevance).\n  nra.",
        FILE.replace("Reals Lra.", "Reals Lra ProofIrrelevance."),
    )
    [result] = formal.examine(path)
    assert result["message"] == "it assumes proof_irrelevance"


@pytest.mark.parametrize("path", sorted(formal.PROOFS.glob("*.v")), ids=lambda path: path.name)
def test_the_books_files_assume_nothing_and_say_everything(path):
    assert formal.faults(path) == {}
    assert any(theorem.listed for theorem in formal.theorems(path))
