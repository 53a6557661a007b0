"""What `conf/formal.py` reads in a file of Coq, what it refuses, and what it lets Coq say."""

import shutil

import formal
import pytest

needs_coq = pytest.mark.skipif(shutil.which("coqc") is None, reason="Coq is not here")

FILE = """\
(* The file's head: Theorem not_me : a "string *)" in it. (* nested *) *)
From Coq Require Import Reals Lra.
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
    assert bare[FILE.index("From") :].startswith("From Coq Require Import Reals")


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
    ("sentences", "word"),
    [
        ("Axiom cheap : False.", "Axiom"),
        ("Local Axiom cheap : False.", "Local"),
        ("#[local] Parameter p : R.", "#[local]"),
        ("Conjecture c : 0 = 0.", "Conjecture"),
        ("Declare Instance cheap : Inhabited False.", "Declare"),
        ("Declare Module M : T.", "Declare"),
        ("Module Type T. End T.", "Module"),
        ("Section S. Context (h : 0 = 1). End S.", "Section"),
        ("Variable h : 0 = 1.", "Variable"),
        ("Let h : 0 = 0 := eq_refl.", "Let"),
        ("Primitive p := #int63_add.", "Primitive"),
        ("Program Definition p : False := _.", "Program"),
        ("Admit Obligations.", "Admit"),
        ("Definition p : False.", "Definition"),
        ("Unset Guard Checking.", "Unset"),
        ("Local Unset Universe Checking.", "Local"),
        ("#[bypass_check(guard)] Fixpoint f (n : nat) : False := f n.", "#[bypass_check(guard)]"),
        ("From Elsewhere Require Import Cheap.", "From"),
        ("Fail Check I. (* *) Axiom cheap : False.", "Axiom"),
        ("Lemma l : 0 = 1. Proof. Admitted.\nLemma m : 0 = 0. Proof. Qed.", "Admitted"),
        ("Lemma l : 0 = 1. Proof. admit. Qed.", "admit"),
        ("Lemma l : 0 = 1. Proof. lra || admit. Qed.", "admit"),
        ("Lemma l : 0 = 1. Proof. all: { - Axiom cheap : False. } Qed.", "Axiom"),
        ("Lemma l : 0 = 1. Proof. auto... Unset Guard Checking. Qed.", "Unset"),
        ("Lemma l : 0 = 1. Proof. Abort. Lemma m : True. Proof. trivial. Qed.", "Abort"),
    ],
)
def test_what_assumes_in_secret_is_refused(write, sentences, word):
    assert formal.faults(write()) == {}
    found = formal.faults(write("Open Scope R_scope.", f"Open Scope R_scope.\n{sentences}"))[""]
    assert any(fault.startswith(f"line 4: {word} is not allowed") for fault in found)


def test_what_is_forbidden_may_stand_in_comments_and_definitions_may_be_made(write):
    for harmless in ("(* Axiom, admit *)", "Notation \"a 'Axiom.' b\" := (a + b)."):
        assert formal.faults(write("Open Scope R_scope.", harmless)) == {}
    assert formal.faults(write("Open Scope R_scope.", "Definition two := 2.")) == {}


def test_an_unfinished_end_is_refused(write):
    assert formal.faults(write(text=FILE + "Print square")) == {
        "": ["the last sentence has no end"]
    }


def test_each_theorem_is_read_wherever_it_stands(write):
    path = write("Lemma squares", "Lemma a : True. Proof. trivial. Qed. Lemma squares'")
    assert [theorem.name for theorem in formal.theorems(path)] == ["a", "squares'", "square"]
    primed = next(t for t in formal.theorems(write("square (x", "square' (x")) if t.listed)
    assert primed.name == "square'"
    assert primed.mutated(primed.mutants[0], "other") == "Theorem other (x : R) : x ^ 2 <= 0."


def test_a_heading_is_not_what_a_theorem_says(write):
    _, theorem = formal.theorems(write("(** The square", "(** ** Squares *)\n\n(** The square"))
    assert theorem.about == "The square of a real number is not negative."
    heading = FILE.replace("The square of a real number\n    is not negative.", "** Squares")
    assert formal.faults(write(text=heading)) == {"square": ["it is not said in words"]}


@pytest.mark.parametrize(
    "broken",
    ["(* Mutants, zero is left out", "(* Mutant: zero is left out", "(** Mutant, zero is left out"],
)
def test_a_mutant_that_is_not_read_is_named(write, broken):
    [fault] = formal.faults(write("(* Mutant, zero is left out", broken))[""]
    assert fault == "of 2 mutants only 1 stand as they should above a theorem"


def test_a_mutant_is_one_sentence(write):
    path = write("becomes `x ^ 2 <= 0`", "becomes `True. Theorem other (x : R) : 0 <= 0`")
    assert formal.faults(path) == {"square": ["the mutant 'the sign is wrong' is not one sentence"]}


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


@needs_coq
def test_what_the_guard_was_not_asked_about_is_an_assumption(write, tmp_path):
    loop = "Unset Guard Checking.\nFixpoint f (n : nat) : False := f n.\n\n(** The square"
    path = write("  assert (H := squares x 0).\n  nra.", "  destruct (f 0).")
    path.write_text(path.read_text().replace("(** The square", loop))
    assert formal.coq(tmp_path, "coqc", path.name).returncode == 0
    assumed = formal.assumptions(path, tmp_path)["square"]
    assert "file.f is assumed to be guarded." in assumed


@needs_coq
def test_mutants_are_not_caught_where_something_else_did_not_go_through(write, tmp_path):
    path = write("Proof. nra. Qed.", "Proof. ring. Qed.")
    with pytest.raises(RuntimeError, match="squares did not go through"):
        formal.surviving(path, tmp_path)


@needs_coq
def test_every_mutant_that_is_proved_is_named(write):
    path = write("`x ^ 2 <= 0`", "`0 <= x * x`")
    path.write_text(path.read_text().replace("becomes `0 <`", "becomes `- 1 <=`"))
    [result] = formal.examine(path)
    assert result["message"].count("gets proved") == 2


def test_a_files_results_depend_on_no_other_file(write, monkeypatch):
    path = write()
    before = formal.digest(path)
    path.with_name("other.v").write_text(FILE)
    assert formal.digest(path) == before
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert formal.digest(path) != before


@pytest.mark.parametrize("path", sorted(formal.PROOFS.glob("*.v")), ids=lambda path: path.name)
def test_the_books_files_assume_nothing_and_say_everything(path):
    assert formal.faults(path) == {}
    assert any(theorem.listed for theorem in formal.theorems(path))
