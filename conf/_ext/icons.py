"""Serve only the icons that a page shows.

The theme loads all of Font Awesome as one script of 1.5 MB to draw about ten icons. When the build
ends this extension takes those icons' outlines from that script, writes them into a small style
sheet and removes the script from the pages.
"""

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sphinx.application import Sphinx
from sphinx.util import logging

log = logging.getLogger(__name__)

SCRIPT_TAGS = re.compile(
    r'\s*<script[^>]*src="[^"]*scripts/fontawesome\.js[^"]*"[^>]*></script>'
    r'|\s*<link[^>]*href="[^"]*scripts/fontawesome\.js[^"]*"[^>]*/?>'
)
CLASSES = re.compile(r'class="([^"]*\bfa-(?:solid|regular|brands)\b[^"]*)"')
#: Classes of Font Awesome that name no icon.
MODIFIERS = {"solid", "regular", "brands", "lg", "sm", "xs", "xl", "2x", "fw"}
#: Classes whose icon the theme sets in its style sheet, not in the page.
ALWAYS = {"chevron-down"}

BASE = """\
.fa-solid, .fa-regular, .fa-brands {
  display: inline-block;
  width: 1.1em;
  height: 1em;
  vertical-align: -0.125em;
  background-color: currentColor;
  -webkit-mask: var(--icon) center / contain no-repeat;
  mask: var(--icon) center / contain no-repeat;
}
.fa-lg { font-size: 1.25em; }
html[data-mode="light"] .theme-switch-button .theme-switch[data-mode="light"],
html[data-mode="dark"] .theme-switch-button .theme-switch[data-mode="dark"],
html[data-mode="auto"] .theme-switch-button .theme-switch[data-mode="auto"] {
  display: inline-block;
}
"""


def icons_in(page: str) -> set[str]:
    """Return the names of the icons that a page shows."""
    words = {word for names in CLASSES.findall(page) for word in names.split()}
    return {word[3:] for word in words if word.startswith("fa-")} - MODIFIERS


def outline(script: str, name: str) -> tuple[int, int, str] | None:
    """Return width, height and path of an icon as Font Awesome's script has them."""
    key = f'(?:"{re.escape(name)}"|\\b{re.escape(name)})'
    match = re.search(rf'{key}:\[(\d+),(\d+),\[[^\]]*\],"[0-9a-f]+","(M[^"]+)"\]', script)
    if match is None:
        alias = re.search(
            rf'\[(\d+),(\d+),\[(?:[^\]]*,)?"{re.escape(name)}"[^\]]*\],"[0-9a-f]+","(M[^"]+)"\]',
            script,
        )
        match = alias
    return None if match is None else (int(match[1]), int(match[2]), match[3])


def sheet(script: str, names: set[str]) -> str:
    """Return the style sheet for some icons."""
    rules = [BASE]
    for name in sorted(names):
        icon = outline(script, name)
        if icon is None:
            log.warning("Font Awesome has no icon %r", name, type="icons")
            continue
        width, height, path = icon
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
            f'<path d="{path}"/></svg>'
        )
        rules.append(f'.fa-{name} {{ --icon: url("data:image/svg+xml,{quote(svg)}"); }}\n')
    return "".join(rules)


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Swap the script for the style sheet in all pages of this build."""
    if exception is not None or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    script = static / "scripts" / "fontawesome.js"
    if not script.is_file():
        return
    names = set(ALWAYS)
    for page in Path(app.outdir).rglob("*.html"):
        if "_static" in page.relative_to(app.outdir).parts:
            continue
        text = page.read_text(encoding="utf-8")
        names |= icons_in(text)
        lighter = SCRIPT_TAGS.sub("", text)
        if lighter != text:
            page.write_text(lighter, encoding="utf-8")
    (static / "icons.css").write_text(
        sheet(script.read_text(encoding="utf-8"), names), encoding="utf-8"
    )


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_css_file("icons.css")
    app.connect("build-finished", finish, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
