"""The examples that readers see in the book, run as doctests.

Every page is one namespace: an example may use what an earlier one of its page has made.
"""

import doctest

import pytest
from chapters import CHAPTERS, SOURCES, name
from sybil import Sybil
from sybil.parsers.myst import DocTestDirectiveParser

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def examples(path):
    """Return the examples of a page in their order."""
    sybil = Sybil([DocTestDirectiveParser(FLAGS)])
    return list(sybil.parse(path))


@pytest.mark.parametrize("path", [p for p in SOURCES if "{doctest}" in p.read_text()], ids=name)
def test_examples(path):
    for example in examples(path):
        example.evaluate()


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_a_chapter_has_examples(path):
    assert len(examples(path)) >= 2


def test_a_wrong_example_fails(tmp_path):
    page = tmp_path / "wrong.md"
    page.write_text("```{doctest}\n>>> 1 + 1\n3\n```\n")
    (example,) = examples(page)
    with pytest.raises(Exception, match="Expected"):
        example.evaluate()
