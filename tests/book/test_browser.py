"""The pages in a real browser: `nox -s browser`, which needs Chromium on the machine.

The browser is the one that CHROMIUM names, else the first of the usual names on the path. Every
page's screenshots are left in `build/screenshots`.
"""

import os
import shutil
from pathlib import Path

import pytest
from chapters import CHAPTERS, PAGES, ROOT

pytestmark = pytest.mark.browser

SHOTS = ROOT / "build" / "screenshots"
NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"]
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
APPENDICES = ["notation", "the-two-sheets", "claims", f"claims/{CHAPTERS[0].stem}"]
SHOWN = ["index", *(path.stem for path in CHAPTERS), *(f"appendix/{name}" for name in APPENDICES)]
WIDTHS = {"wide": 1280, "narrow": 390}


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    from playwright.sync_api import sync_playwright

    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.fail("no Chromium found: install it, or name its binary in CHROMIUM")
    if not (PAGES / "index.html").is_file():
        pytest.fail("no pages found: run `nox -s html` first")
    SHOTS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"), executable_path=found, headless=True, args=QUIET
        )
        yield context
        context.close()


@pytest.fixture(params=["light", "dark"])
def mode(request):
    return request.param


def opened(browser, name, mode="light", width=1280):
    """Open a page and keep what it asked for and complained of."""
    page = browser.new_page()
    page.asked, page.complaints = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=mode, reduced_motion="reduce")
    page.goto((PAGES / f"{name}.html").as_uri())
    page.wait_for_load_state("load")
    # A colour that is still fading in is neither the page's nor readable.
    page.evaluate("Promise.all(document.getAnimations().map(fading => fading.finished))")
    return page


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", SHOWN)
def test_a_page_fits_asks_nobody_and_fails_nowhere(browser, name, mode, width):
    page = opened(browser, name, mode, WIDTHS[width])
    try:
        assert page.evaluate("document.documentElement.dataset.theme") == mode
        too_wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(too_wide) <= 0
        assert [url for url in page.asked if not url.startswith(("file:", "data:"))] == []
        assert page.complaints == []
        shot = SHOTS / f"{name.replace('/', '-')}-{mode}-{width}.png"
        page.screenshot(path=shot, full_page=True)
    finally:
        page.close()


@pytest.mark.parametrize("name", SHOWN)
def test_axe_finds_nothing(browser, name, mode):
    from axe_playwright_python.sync_playwright import Axe

    page = opened(browser, name, mode)
    try:
        # KaTeX hides its picture of a formula from assistive software and shows it MathML,
        # which axe does not take for text: it calls a table's header with a formula empty.
        formulas = {"exclude": [[".katex"], ["th:has(.katex)"]]}
        found = Axe().run(page, context=formulas).response["violations"]
        assert [(v["id"], [n["target"] for n in v["nodes"]][:5]) for v in found] == []
    finally:
        page.close()


def test_a_solution_is_folded_until_it_is_asked_for(browser):
    page = opened(browser, CHAPTERS[0].stem)
    try:
        content = page.locator("#sol-1a-content")
        assert not content.is_visible()
        page.locator("#sol-1a button.toggle-button").click()
        page.wait_for_timeout(600)
        assert content.is_visible()
    finally:
        page.close()


def test_the_reader_can_choose_the_dark_page_and_the_drawings_follow(browser):
    page = opened(browser, CHAPTERS[0].stem)
    colour = "getComputedStyle(document.querySelector('.figure-drawing')).color"
    try:
        before = page.evaluate(colour)
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        assert page.evaluate(colour) != before
    finally:
        page.close()


def test_a_formula_wider_than_the_phone_scrolls_and_is_whole(browser):
    page = opened(browser, CHAPTERS[2].stem, width=390)
    cut = """() => [...document.querySelectorAll('div.math')].filter(box => {
        const formula = box.querySelector('.katex-html');
        if (!formula || !box.offsetParent) return false;
        const reach = Math.max(0, formula.getBoundingClientRect().right
                                  - box.getBoundingClientRect().left);
        return formula.getBoundingClientRect().left < box.getBoundingClientRect().left - 1
               || reach > box.scrollWidth + 1;
    }).map(box => box.id || box.textContent.slice(0, 40))"""
    try:
        assert page.evaluate(cut) == []
    finally:
        page.close()


def test_the_browser_is_really_asked(browser):
    page = browser.new_page()
    try:
        page.goto(Path(PAGES / "index.html").as_uri())
        assert "Activations" in page.title()
    finally:
        page.close()
