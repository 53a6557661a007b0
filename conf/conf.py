"""Sphinx configuration of the book; `nox -s html` calls it."""

import os
import sys
import tomllib
from importlib.metadata import version as distribution_version
from pathlib import Path

CONF = Path(__file__).parent
ROOT = CONF.parent
sys.path[:0] = [str(CONF), str(CONF / "_ext")]

from execution import digest  # noqa: E402
from macros import latex  # noqa: E402

settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
addresses = settings["tool"]["activations"]

# What the book is -------------------------------------------------------------------------------
project = "Activations"
subtitle = (
    "An executable book on the logistic sigmoid, soft(arg)max, truth probes "
    "and the linear regions of ReLU networks"
)
author = settings["project"]["authors"][0]["name"]
copyright = author
release = distribution_version("activations-book")
version = release
language = "en"

# How it is read ---------------------------------------------------------------------------------
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.doctest",
    "numpydoc",
    "sphinx_exercise",
    "sphinxcontrib.bibtex",
    "sphinx_design",
    "sphinx_copybutton",
    "sphinx_togglebutton",
    "execution",
    "mathematics",
    "proofs",
    "claims",
    "figures",
    "slips",
    "accessibility",
    "icons",
    "package",
    "paper",
    "editions",
    "notebooks",
]
# reStructuredText comes first, so that pages which autosummary writes are in it.
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb"}
root_doc = "index"
exclude_patterns = ["proofs"]
nitpicky = True
# Types of other projects: their pages are elsewhere, and reading this book needs no network.
nitpick_ignore_regex = [
    (r"py:.*", r"(numpy|np|npt|scipy|pandas|pd|torch|sklearn|matplotlib|typing|collections)\b.*"),
    (r"py:.*", r"(fractions|pathlib|os)\..*"),
    (r"py:.*", r"(array_like|Fraction|Path|Figure|Axes|Generator|ArrayLike|NDArray)"),
    (r"py:.*", r"activations\.(.*\.)?(P|Array|Real|T)$"),
]
myst_enable_extensions = ["amsmath", "attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_dmath_double_inline = True
myst_heading_anchors = 0
numfig = True
numfig_secnum_depth = 1
numfig_format = {"figure": "Figure %s", "table": "Table %s", "code-block": "Listing %s"}
math_numfig = True
math_eqref_format = "({number})"
suppress_warnings = ["mystnb.unknown_mime_type"]

# Execution --------------------------------------------------------------------------------------
nb_execution_mode = "cache"
nb_execution_timeout = 900
# Every failing cell is reported with its traceback, and as a warning each fails the build.
nb_execution_raise_on_error = False
nb_execution_show_tb = True
# Output on stderr would put random paths into the pages.
nb_output_stderr = "warn"
nb_merge_streams = True
nb_render_markdown_format = "myst"
nb_mime_priority_overrides = [("*", "text/markdown", 0)]

archive = os.environ.get("ACTIVATIONS_DATA", "")
activations_cache_root = str(ROOT / "build" / "cache")
activations_digest = digest(
    read=[ROOT / "src", ROOT / "requirements.lock", ROOT / "data" / "statements"],
    listed=[
        ROOT / "data" / "activations",
        ROOT / "data" / "lie_detection",
        *([Path(archive)] if archive else []),
    ],
    words=[archive],
)

# Claims and their checks (see _ext/claims.py) -----------------------------------------------------
# Labelled equations of the open text that define something and claim nothing.
activations_definitions = (
    "eq-line",
    "eq-shallow-network",
    "eq-fold",
)

# Proofs, exercises, bibliography ----------------------------------------------------------------
proof_title_format = " (%t)"
bibtex_bibfiles = ["../book/references.bib"]
bibtex_default_style = "alpha"
bibtex_reference_style = "author_year"

# The package's own pages ------------------------------------------------------------------------
autosummary_generate = False
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
add_module_names = False

# Mathematics: rendered while the book is built (see _ext/mathematics.py) -------------------------
katex_prerender = True
katex_css_path = "katex/katex.min.css"

# The pages --------------------------------------------------------------------------------------
html_theme = "sphinx_book_theme"
html_title = "Activations"
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_copy_source = False
html_show_sourcelink = False
html_baseurl = addresses["site-url"]
html_theme_options = {
    "logo": {"text": "Activations"},
    "navbar_start": [],
    "navbar_center": [],
    "navbar_end": [],
    "navbar_persistent": [],
    "use_download_button": False,
    "use_fullscreen_button": False,
    "home_page_in_toc": False,
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "repository_url": addresses["repository-url"],
    "use_repository_button": bool(addresses["repository-url"]),
    "extra_footer": "",
}
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .gp, .go"
togglebutton_hint = "Show the solution"
togglebutton_hint_hide = "Hide the solution"
if addresses["site-url"]:
    extensions += ["sphinxext.opengraph", "sphinx_sitemap"]
    ogp_site_url = addresses["site-url"]
    sitemap_url_scheme = "{link}"

# Editions and notebooks (see _ext/editions.py and _ext/notebooks.py) ------------------------------
activations_solutions = True
activations_address = addresses["site-url"] or addresses["repository-url"]

# Paper ------------------------------------------------------------------------------------------
latex_engine = "xelatex"
today_fmt = "%d %B %Y"
latex_use_xindy = False
latex_domain_indices = False
latex_show_urls = "no"
latex_documents = [(root_doc, "activations.tex", project, author, "manual", False)]
latex_additional_files = ["latex/paper.sty"]
latex_table_style = ["booktabs"]
# How long a page took is another number at each execution; all else is the same in each PDF.
paper_leaves_out = ("how-long-the-pages-took",)
paper_small = ("appendix/api/", "appendix/claims/")
paper_preface = "About this book"
paper_pygments_style = "a11y-high-contrast-light"
latex_elements = {
    "papersize": "a4paper",
    "pointsize": "11pt",
    "extraclassoptions": "openany,oneside",
    "fontpkg": r"""
\setmainfont{Latin Modern Roman}
\setsansfont{Latin Modern Sans}
\setmonofont{Latin Modern Mono Light}
""",
    "fncychap": "",
    "geometry": r"\usepackage[textwidth=150mm,textheight=237mm,headheight=14pt]{geometry}",
    "sphinxsetup": ",".join(
        [
            "TitleColor={gray}{0}",
            "InnerLinkColor={rgb}{0,0.2,0.45}",
            "OuterLinkColor={rgb}{0,0.2,0.45}",
            "VerbatimColor={gray}{0.965}",
            "verbatimwithframe=false",
            "verbatimsep=4pt",
            "verbatimhintsturnover=false",
        ]
    ),
    "fvset": r"\fvset{fontsize=\footnotesize}",
    "figure_align": "H",
    "preamble": latex() + "\n\\usepackage{paper}",
    "maketitle": rf"\booktitlepage{{{project}}}{{{subtitle}}}{{{author}}}"
    rf"{{Version {version}\bookedition}}",
}
