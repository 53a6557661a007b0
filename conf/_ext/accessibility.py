"""Repairs to the theme's pages for readers who use a screen reader.

The theme leaves its logo outside every landmark and gives the arrows that unfold a part of the
contents no name. Both are mended in the written pages.
"""

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

REPAIRS = [
    (
        re.compile(r'<div class="sidebar-primary-item">(?=\s*<a class="navbar-brand logo")'),
        '<div class="sidebar-primary-item" role="navigation" aria-label="First page">',
    ),
    (
        re.compile(r'<summary>(?=<span class="toctree-toggle")'),
        '<summary aria-label="Show or hide the pages below">',
    ),
]


def repaired(page: str) -> str:
    """Return a page with all repairs made; a second time changes nothing."""
    for pattern, replacement in REPAIRS:
        page = pattern.sub(replacement, page)
    return page


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Repair the pages of a build that went through."""
    if exception is not None or app.builder.format != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        better = repaired(page)
        if better != page:
            path.write_text(better, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("build-finished", finish, priority=901)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
