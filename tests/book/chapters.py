"""The book's sources and built pages, as the tests of this folder read them."""

import os
import re
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
PAGES = ROOT / "build" / "html"
STUDENT_PAGES = ROOT / "build" / "html-student"
CHAPTERS = sorted(BOOK.glob("[1-9]-*.md"))
SOURCES = sorted(BOOK.rglob("*.md"))

PARTS = ["1a", "1b", "1c", "2a", "2b", "2c", "3a", "3b", "3c", "3d", "3e"]
PARTS += ["4a", "4b", "4c", "4d", "5"]
EXERCISE_OF_PART = {f"ex-{part}": int(part[0]) for part in PARTS}

CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def name(path: Path) -> str:
    """Name a page in the list of tests."""
    return str(path.relative_to(BOOK).with_suffix(""))


def cell_code(cell: str) -> str:
    """Return a cell's code without its options."""
    if cell.startswith("---"):
        cell = cell.split("---", 2)[2]
    lines = cell.strip("\n").splitlines()
    while lines and lines[0].startswith(":"):
        lines.pop(0)
    return "\n".join(lines).strip("\n")


def pages_are_current(pages: Path = PAGES) -> bool:
    """Tell whether a build has finished since anything it is made from has changed."""
    finished = pages.with_name(pages.name.replace("html", "finished"))
    if not finished.is_file():
        return False
    code = [
        path for name in ("conf", "src", "tests/claims") for path in (ROOT / name).rglob("*.py")
    ]
    inputs = [*SOURCES, *(BOOK / "proofs").glob("*.v"), *code]
    return finished.stat().st_mtime >= max(path.stat().st_mtime for path in inputs)


def lacking(message: str, what: str = "PAGES") -> NoReturn:
    """Skip a test of what is not built, or fail where CI wants it."""
    if os.environ.get(f"ACTIVATIONS_{what}") == "required":
        pytest.fail(message)
    pytest.skip(message)


def need_pages(pages: Path = PAGES) -> None:
    """Do without the test where its pages are not built."""
    if not pages_are_current(pages):
        command = "nox -s html" if pages == PAGES else "nox -s html -- --no-solutions"
        lacking(f"the pages are missing or older than the book: run `{command}` first")
