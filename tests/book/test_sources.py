"""What every page's source must keep to."""

import ast
import re

import pytest
from chapters import BOOK, CELL, CHAPTERS, EXERCISE_OF_PART, SOURCES, cell_code, name

LONGEST_CELL = 12


def prose(source: str) -> str:
    """Return what is left of a page when code, maths, roles and options are taken away."""
    text = re.sub(r"\A---\n.*?\n---\n", "", source, flags=re.DOTALL)
    text = re.sub(r"^(`{3,})\{?[^\n]*\n.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL)
    text = re.sub(r"\$[^$]*\$", "", text)
    text = re.sub(r"\{[a-z:]+\}`[^`]*`", "", text)
    text = re.sub(r"`[^`]*`", "", text)
    text = re.sub(r"^\s*:[a-z]+:.*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^%.*$", "", text, flags=re.MULTILINE)
    return re.sub(r"\]\([^)]*\)", "]", text)


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_cells_are_short_and_only_call_the_package(path):
    cells = CELL.findall(path.read_text(encoding="utf-8"))
    assert cells
    for cell in cells:
        code = cell_code(cell)
        lines = [line for line in code.splitlines() if line.strip()]
        # Cells that no reader sees hand values to the text, one a line.
        assert len(lines) <= LONGEST_CELL or "remove-cell" in cell, code
        for node in ast.walk(ast.parse(code)):
            forbidden = ast.FunctionDef | ast.ClassDef | ast.For | ast.While | ast.AsyncFunctionDef
            assert not isinstance(node, forbidden), code
        assert "matplotlib" not in code, code


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_a_chapter_has_every_part_of_its_exercise_with_a_solution(path):
    source = path.read_text(encoding="utf-8")
    number = int(path.name[0])
    for label in (label for label, chapter in EXERCISE_OF_PART.items() if chapter == number):
        assert f":label: {label}\n" in source, label
        assert f"{{solution-start}} {label}\n" in source, label
    exercises = re.findall(r"^:label: (ex-[\w-]+)$", source, flags=re.MULTILINE)
    solved = re.findall(r"^```\{solution-start\} (ex-[\w-]+)$", source, flags=re.MULTILINE)
    assert sorted(exercises) == sorted(solved)


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_a_chapter_says_what_can_go_wrong_and_refutes_it_by_running_code(path):
    source = path.read_text(encoding="utf-8")
    parts = re.split(r"^\(wrong-[\w-]+\)=$", source, flags=re.MULTILINE)
    assert len(parts) == 2
    # A section ends where the next one of its own or a higher level begins.
    last = re.split(r"^## ", parts[1], flags=re.MULTILINE)[1]
    slips = re.split(r"^\(slip-[\w-]+\)=$", last, flags=re.MULTILINE)[1:]
    assert len(slips) >= 2
    for slip in slips:
        assert CELL.search(slip), slip[:80]


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_every_glued_value_exists_and_is_used(path):
    source = path.read_text(encoding="utf-8")
    made = set(re.findall(r"glue\(\s*\"([^\"]+)\"", source))
    used = set(re.findall(r"\{glue:[a-z]+\}`([^`:]+)", source))
    assert made == used


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_one_sentence_stands_on_one_line(path):
    text = prose(path.read_text(encoding="utf-8"))
    broken = [
        line
        for line in text.splitlines()
        if re.search(r"[a-z)]\. [A-Z][a-z]+ ", line) and not line.lstrip().startswith("|")
    ]
    abbreviations = re.compile(r"\b(?:e\.g|i\.e|cf|resp|vs|Fig|No|St|Dr|et al|pp?|vol|Ch)\. [A-Z]")
    assert [line for line in broken if not abbreviations.search(line)] == []


def test_the_house_has_a_source_for_each_chapter():
    assert [path.name[0] for path in CHAPTERS] == list("12345")
    assert (BOOK / "index.md").is_file()
