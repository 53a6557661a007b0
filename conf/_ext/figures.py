"""Put the book's SVG figures into the page itself, in the page's own colours.

An SVG behind ``<img>`` cannot know whether the page is light or dark. Here the drawing becomes
part of the page: the named colours of `activations.figures.style` turn into CSS variables, so the
reader's mode reaches them; images inside the drawing move to files of their own and paths are
written briefly, so the page stays small; and the alternative text, with the description that the
drawing carries, becomes its accessible name.
"""

import base64
import hashlib
import html
import re
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

log = logging.getLogger(__name__)

RASTER = re.compile(r'(xlink:href|href)="data:image/png;base64,([^"]+)"')
DESCRIPTION = re.compile(r"<dc:description>(.*?)</dc:description>", re.DOTALL)
POINTS = re.compile(r'<svg [^>]*?width="([\d.]+)pt" height="([\d.]+)pt"')
ID = re.compile(r'\bid="([^"]+)"')
USED = re.compile(r'(?:url\(#|href="#)([^)"]+)')
PATH = re.compile(r'<path d="([^"]*)"')
DECIMAL = re.compile(r"-?\d+\.\d+")
REPEATED = re.compile(r"( L [-\d.]+ [-\d.]+)\1+(?= |$)")
RUN = re.compile(r'<path d="[^"]*"([^>]*fill: none[^>]*)/>(?:\s*<path d="[^"]*"\1/>)+')


def with_css_colours(svg: str) -> str:
    """Replace the named colours by the variables of the style sheet."""
    # Imported only where a figure is written: matplotlib takes half a second to load.
    from activations.figures.style import PALETTE

    for name, colour in PALETTE.items():
        value = "currentColor" if name == "ink" else f"var(--figure-{name}, {colour})"
        svg = re.sub(re.escape(colour), value, svg, flags=re.IGNORECASE)
    return svg


def with_own_ids(svg: str, prefix: str) -> str:
    """Keep only ids that the drawing itself refers to, and make them unique on the page."""
    used = set(USED.findall(svg))
    svg = ID.sub(lambda m: f'id="{prefix}-{m[1]}"' if m[1] in used else "", svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", svg)
    return re.sub(r'href="#([^"]+)"', rf'href="#{prefix}-\1"', svg)


def with_linked_images(svg: str, folder: Path, url: str) -> str:
    """Move embedded images into files beside the page's other images."""

    def link(match: re.Match[str]) -> str:
        data = base64.b64decode(re.sub(r"\s+", "", match[2]))
        name = hashlib.sha256(data).hexdigest()[:20] + ".png"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
        return f'href="{url}/{name}"'

    return RASTER.sub(link, svg)


def compact(svg: str) -> str:
    """Write paths briefly: hundredths of a point, no point twice, lines of one style as one."""

    def brief(match: re.Match[str]) -> str:
        data = DECIMAL.sub(lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), match[1])
        data = REPEATED.sub(r"\1", " ".join(data.split()))
        return f'<path d="{data}"'

    def joined(match: re.Match[str]) -> str:
        # Where lines are translucent, one may be seen through the other.
        if "opacity" in match[1]:
            return match[0]
        return f'<path d="{" ".join(PATH.findall(match[0]))}"{match[1]}/>'

    return RUN.sub(joined, PATH.sub(brief, svg))


def inline(svg: str, alt: str, folder: Path, url: str, classes: list[str]) -> str:
    """Return a drawing as it stands in the page."""
    size = POINTS.search(svg)
    if size is None:
        raise ValueError("the drawing does not state its size in points")
    width = round(float(size[1]) * 96 / 72)
    if said := DESCRIPTION.search(svg):
        alt = f"{alt} {html.unescape(said[1]).strip()}"
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    # The name depends on the alternative text too: one drawing may stand twice on a page.
    prefix = "f" + hashlib.sha256((svg + alt).encode()).hexdigest()[:10]
    svg = with_linked_images(svg, folder, url)
    svg = with_own_ids(svg, prefix)
    svg = with_css_colours(svg)
    svg = compact(svg)
    svg = re.sub(r'(<svg [^>]*?)width="[^"]*" height="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r' xmlns(:xlink)?="[^"]*"', "", svg)
    svg = re.sub(r"\n\s*", "\n", svg)
    start = f'<svg role="img" aria-label={quoteattr(alt)} style="width:{width}px" '
    svg = svg.replace("<svg ", start, 1)
    return f'<div class="{" ".join(["figure-drawing", *classes])}">{svg.strip()}</div>'


def visit_image(translator: HTML5Translator, node: nodes.image) -> None:
    """Write a drawing into the page, and any other image as Sphinx does."""
    uri = node["uri"]
    builder = translator.builder
    if not (uri.endswith(".svg") and uri in builder.images and builder.format == "html"):
        HTML5Translator.visit_image(translator, node)
        return
    source = Path(builder.srcdir, uri)
    if not source.is_file():
        source = Path(uri)
    text = source.read_text(encoding="utf-8")
    alt = node.get("alt", "").strip()
    if "</svg>" not in text or POINTS.search(text) is None:
        HTML5Translator.visit_image(translator, node)
        return
    folder = Path(builder.outdir, builder.imagedir)
    translator.body.append(inline(text, alt, folder, builder.imgpath, node.get("classes", [])))


def depart_image(translator: HTML5Translator, node: nodes.image) -> None:
    """Do what Sphinx does, which closes nothing for a drawing."""
    HTML5Translator.depart_image(translator, node)


def require_alternative_text(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Warn about an image without a sentence that says what it shows."""
    for image in doctree.findall(nodes.image):
        alt = image.get("alt", "").strip()
        if len(alt.split()) < 4 or not alt.endswith("."):
            log.warning(
                "%s: the image %s has no alternative text that is a sentence: %r",
                docname,
                Path(image["uri"]).name,
                alt,
                type="figures",
                subtype="alt",
                location=image,
            )


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(nodes.image, override=True, html=(visit_image, depart_image))
    app.connect("doctree-resolved", require_alternative_text)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
