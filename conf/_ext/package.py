"""What the package's own pages leave out: methods that scikit-learn adds to every estimator.

They come with a description of scikit-learn's, which refers to pages of its own.
"""

from typing import Any

from sphinx.application import Sphinx

#: How the names of the methods for metadata routing begin and end.
ADDED = ("set_", "_request")


def skip(app: Sphinx, kind: str, name: str, thing: Any, skipped: bool, options: Any) -> bool | None:
    """Leave a method out if scikit-learn has made it; say nothing about any other."""
    if name.startswith(ADDED[0]) and name.endswith(ADDED[1]):
        return True
    return None


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("autodoc-skip-member", skip)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
