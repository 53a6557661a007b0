"""Leave out what needs data that this build does not have, and say so in its place.

In a page's source the stretch between the comment lines ``% needs-data`` and ``% end-needs-data``
is kept where the data is there and is replaced by a note where it is not. The page's first such
stretch gets the whole explanation, every further one a line.
"""

import re
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

STRETCH = re.compile(r"^% needs-data\n(.*?)^% end-needs-data$", re.MULTILINE | re.DOTALL)
MARK = re.compile(r"^% (?:end-)?needs-data$", re.MULTILINE)


def without_data(source: str, explanation: str) -> str:
    """Return the source with every stretch that needs data replaced."""
    notes = iter([f":::{{warning}}\n{explanation}\n:::"])
    brief = ":::{note}\nThis part needs the data that this build does not have.\n:::"
    return STRETCH.sub(lambda match: next(notes, brief), source)


def check_marks(source: str, docname: str) -> None:
    """Refuse marks that do not pair up, since a lost one would hide half a chapter."""
    if len(MARK.findall(source)) != 2 * len(STRETCH.findall(source)):
        raise ExtensionError(f"{docname}: '% needs-data' and '% end-needs-data' do not pair up")


def read(app: Sphinx, docname: str, source: list[str]) -> None:
    """Work on a page's source before it is parsed."""
    if "% needs-data" not in source[0] and "% end-needs-data" not in source[0]:
        return
    check_marks(source[0], docname)
    if not app.config.activations_has_data:
        source[0] = without_data(source[0], app.config.activations_missing_data)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("activations_has_data", True, "env")
    app.add_config_value("activations_missing_data", "The data is missing.", "env")
    app.connect("source-read", read)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
