"""What a build of the book ran on: packages, platform, data source, commit.

The appendix *About this build* shows what these functions return. They tell nothing about the
machine beyond its kind: no host name, no user, no folder.
"""

import os
import platform
import subprocess
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import numpy as np

__all__ = [
    "PACKAGES",
    "build_facts",
    "commit",
    "data_source",
    "package_versions",
    "platform_summary",
]

#: The distributions whose versions bear on what the book computes and how it looks.
PACKAGES = (
    "activations-book",
    "numpy",
    "scipy",
    "scikit-learn",
    "pandas",
    "torch",
    "matplotlib",
    "Sphinx",
    "myst-nb",
    "sphinx-book-theme",
)

_SOURCES = {
    "archive": "the course's archive",
    "embedded": "the embedded default, activations of open models",
}


def package_versions(names: Sequence[str] = PACKAGES) -> dict[str, str | None]:
    """Look up the installed versions of distributions.

    Parameters
    ----------
    names : sequence of str
        Names of distributions, as on PyPI.

    Returns
    -------
    dict of str to str or None
        The version of each, in the order asked for; None where it is not installed.

    Raises
    ------
    TypeError
        If `names` is one string instead of a sequence of them.

    Notes
    -----
    The versions come from the installed metadata, so nothing is imported to learn them.

    Examples
    --------
    >>> from activations.build_info import package_versions
    >>> versions = package_versions(["numpy", "no-such-distribution"])
    >>> versions["no-such-distribution"] is None
    True
    """
    if isinstance(names, str):
        raise TypeError(f"names must be a sequence of strings, not the string {names!r}")
    versions: dict[str, str | None] = {}
    for name in names:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = None
    return versions


def platform_summary() -> dict[str, str]:
    """Describe the kind of machine that runs this.

    Returns
    -------
    dict of str to str
        The Python implementation and version, the operating system's name, the processor's
        architecture, and the library behind numpy's linear algebra.

    Notes
    -----
    The linear algebra library is named because the last bits of a matrix product depend on it.

    Examples
    --------
    >>> from activations.build_info import platform_summary
    >>> list(platform_summary())
    ['Python', 'operating system', 'architecture', 'linear algebra']
    """
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "operating system": platform.system() or "unknown",
        "architecture": platform.machine() or "unknown",
        "linear algebra": f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip(),
    }


def commit(folder: str | Path | None = None) -> str | None:
    """Name the commit of a checkout.

    Parameters
    ----------
    folder : str or Path, optional
        The top folder of a git checkout; by default the one that holds this package's source.

    Returns
    -------
    str or None
        The first twelve digits of the commit's hash, followed by ``" with changes"`` where
        tracked files differ from it. None where there is no checkout, no commit, or no git.

    Notes
    -----
    Only `folder` itself counts, not a repository further up: a package installed into an
    environment inside somebody's repository is not at that repository's commit.

    Examples
    --------
    >>> from activations.build_info import commit
    >>> commit("no/such/folder") is None
    True
    """
    root = Path(__file__).resolve().parents[2] if folder is None else Path(folder)
    if not (root / ".git").exists():
        return None

    # Inside a git hook, GIT_DIR and its like would send git to another repository.
    surroundings = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", *words],
            cwd=root,
            env=surroundings,
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        )
        return done.stdout.strip()

    try:
        name = git("rev-parse", "--verify", "--short=12", "HEAD")
        changed = git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{name} with changes" if changed else name


def data_source() -> str:
    """Say on which activations chapter 2 works here.

    Returns
    -------
    str
        A phrase for the reader, which names the kind of source and never a folder.

    Examples
    --------
    >>> from activations.build_info import data_source
    >>> isinstance(data_source(), str)
    True
    """
    from activations.truth import available_source

    try:
        source = available_source()
    except OSError:
        return "missing"
    return _SOURCES.get(source, "a folder of the reader's own")


def build_facts() -> dict[str, str]:
    """Gather what a reader may want to know about a build, beside the versions of packages.

    Returns
    -------
    dict of str to str
        `platform_summary`, then the commit of the source and the data of chapter 2.

    Examples
    --------
    >>> from activations.build_info import build_facts
    >>> list(build_facts())[-2:]
    ['source', 'data of chapter 2']
    """
    return {
        **platform_summary(),
        "source": commit() or "not a checkout",
        "data of chapter 2": data_source(),
    }
