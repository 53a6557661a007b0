"""Execute a page again when what it runs on has changed, and never otherwise.

jupyter-cache keys a page's results on the text of its cells alone, so a change in the package or
in the data would leave old numbers on the page. Here the cache lies in a folder named after a
digest of everything that the cells can see; a new digest also makes Sphinx read the executable
pages again.
"""

import hashlib
import platform
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from doctree import ancestors
from docutils import nodes
from jupyter_cache import get_cache
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment

#: Caches of other digests that are kept, so that going back to a state is cheap.
KEPT = 3


def files_below(roots: Iterable[Path]) -> Iterator[Path]:
    """Yield the files of some folders in a fixed order, without what Python leaves behind."""
    for root in roots:
        if root.is_file():
            yield root
        for path in sorted(root.rglob("*")) if root.is_dir() else ():
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def digest(read: Iterable[Path], listed: Iterable[Path] = (), words: Iterable[str] = ()) -> str:
    """Return a digest of files and words.

    `read` are files and folders whose bytes count; of the files below `listed`, which may be
    large, only name, size and time of change do.
    """
    state = hashlib.sha256()
    for word in [platform.python_version(), *words]:
        state.update(word.encode() + b"\0")
    for path in files_below(read):
        state.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    for path in files_below(listed):
        entry = path.stat()
        state.update(f"{path.name}\0{entry.st_size}\0{entry.st_mtime_ns}\0".encode())
    return state.hexdigest()[:16]


def prepare_cache(app: Sphinx, config: Config) -> None:
    """Create the cache before the build forks, and drop the oldest ones."""
    root = Path(config.activations_cache_root)
    path = root / config.activations_digest
    path.mkdir(parents=True, exist_ok=True)
    path.touch()
    config.nb_execution_cache_path = str(path)
    # Worker processes would race to create the tables of a new cache.
    get_cache(path).list_cache_records()
    others = sorted(
        (p for p in root.iterdir() if p.is_dir() and p != path), key=lambda p: p.stat().st_mtime
    )
    for old in others[: max(0, len(others) - KEPT)]:
        shutil.rmtree(old, ignore_errors=True)


def outdated(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Name the executable pages when the digest is not the one they were read under."""
    if getattr(env, "activations_digest", None) == app.config.activations_digest:
        return []
    env.activations_digest = app.config.activations_digest
    return [name for name in env.found_docs if is_executable(Path(env.doc2path(name)))]


def is_executable(path: Path) -> bool:
    """Tell whether a page has cells."""
    return path.is_file() and "```{code-cell}" in path.read_text(encoding="utf-8")


def in_words(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Say in words what myst-nb's table of executions says in pictures, which no font need have."""
    words = {"✅": "yes", "❌": "no"}
    for text in list(doctree.findall(nodes.Text)):
        if text.strip() in words and any(isinstance(p, nodes.entry) for p in ancestors(text)):
            text.parent.replace(text, nodes.Text(words[text.strip()]))


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("activations_digest", "", "")
    app.add_config_value("activations_cache_root", "", "")
    app.connect("config-inited", prepare_cache, priority=100)
    app.connect("env-get-outdated", outdated)
    # myst-nb fills its table in a transform after this event's handlers of usual priority.
    app.connect("doctree-resolved", in_words, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
