# /// script
# dependencies = ["nox>=2025.5"]
# ///
"""Everything that can be run: ``nox`` alone does what CI does, ``nox -s html`` builds the book.

All sessions share one environment, ``.venv/`` in the checkout, which is made on first use and kept
in step with ``requirements.lock``. After ``--`` a session takes arguments of its own.
"""

import hashlib
import os
import platform
import shutil
import sys
import venv
from pathlib import Path

import nox

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "html", "tests"]

ROOT = Path(__file__).parent.resolve()
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
BUILD = ROOT / "build"
TORCH = "torch==2.13.0"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
STRICT = ["--quiet", "--nitpicky", "--fail-on-warning", "--keep-going"]
# One thread in every numerical library: the pages are built side by side, and no result may
# depend on how many cores a reader has.
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def prepare(session: nox.Session) -> None:
    """Bring the shared environment in step with the lock; do nothing where it is."""
    wanted = [ROOT / "requirements.lock", ROOT / "pyproject.toml"]
    state = hashlib.sha256(b"".join(path.read_bytes() for path in wanted))
    state.update(f"{ROOT}\0{platform.python_version()}\0{TORCH}".encode())
    stamp = VENV / "in-step"
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == state.hexdigest():
        return
    if not PYTHON.exists():
        venv.create(VENV, with_pip=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    torch = [*pip, "--constraint", "requirements.lock", TORCH]
    # Torch comes first, by itself: PyPI's Linux build brings gigabytes for graphics cards.
    # PyTorch's own index has a small one; with a build at hand, or no way there, pip decides.
    if sys.platform == "linux" and not os.environ.get("PIP_FIND_LINKS"):
        codes = range(256)
        session.run(*torch, "--extra-index-url", CPU_INDEX, external=True, success_codes=codes)
    session.run(*torch, external=True)
    session.run(*pip, "--requirement", "requirements.lock", external=True)
    session.run(*pip, "--no-deps", "--no-build-isolation", "--editable", ".", external=True)
    stamp.write_text(state.hexdigest())


def python(session: nox.Session, *arguments: str) -> None:
    """Run Python from the shared environment."""
    # The kernel of conf/jupyter is the usual one, only silent about connections on one machine.
    env = {**THREADS, "JUPYTER_PATH": str(ROOT / "conf" / "jupyter")}
    named = os.environ.get("ACTIVATIONS_DATA", "")
    if named not in ("", "embedded"):
        # Cells run in the folder of their page, from which a relative path would lead elsewhere.
        env["ACTIVATIONS_DATA"] = os.path.abspath(named)
    session.run(str(PYTHON), *arguments, external=True, env=env)


def inputs(session: nox.Session) -> str:
    """Return a digest of all that the pages depend on: names, sizes and times of change."""
    archive = os.environ.get("ACTIVATIONS_DATA", "")
    words = [*session.posargs, archive, platform.python_version(), str(shutil.which("coqc"))]
    state = hashlib.sha256("\0".join(words).encode())
    folders = [ROOT / name for name in ("book", "conf", "src", "data", "tests/claims")]
    files = [path for folder in [*folders, Path(archive or "data")] for path in folder.rglob("*")]
    # Neither what Python keeps nor an archive half fetched changes a page.
    idle = {"__pycache__", "lie_detection.part", "lie_detection.lock"}
    for path in sorted({*files, ROOT / "pyproject.toml", ROOT / "requirements.lock"}):
        if path.is_file() and idle.isdisjoint(path.parts):
            state.update(f"{path}\0{path.stat().st_size}\0{path.stat().st_mtime_ns}\0".encode())
    return state.hexdigest()


def choose_edition(session: nox.Session) -> tuple[str, list[str], list[str]]:
    """Return the ending of an edition's folders, Sphinx's options for it, and other arguments."""
    others = [argument for argument in session.posargs if argument != "--no-solutions"]
    if others == list(session.posargs):
        return "", [], others
    return "-student", ["-D", "activations_solutions=0"], others


@nox.session
def html(session: nox.Session) -> None:
    """Execute the book and build its pages; ``--no-solutions``, then arguments to sphinx-build."""
    prepare(session)
    if not os.environ.get("ACTIVATIONS_DATA"):
        python(session, "-m", "activations.truth.fetch", "--if-possible")
    edition, chosen, arguments = choose_edition(session)
    doctrees, pages = BUILD / f"doctrees{edition}", BUILD / f"html{edition}"
    build = ["-m", "sphinx", "-b", "html", "-c", "conf", "-d", str(doctrees), "-j", "2"]
    finished, state = BUILD / f"finished{edition}", inputs(session)
    kept = finished.exists() and (pages / "index.html").exists()
    if not kept or finished.read_text() != state:
        # Sphinx forgets its warnings: kept pages would let a second run after a failed one pass.
        if not kept:
            shutil.rmtree(doctrees, ignore_errors=True)
        finished.unlink(missing_ok=True)
        python(session, *build, *STRICT, *chosen, *arguments, "book", str(pages))
        finished.write_text(state)
    session.log(f"The book: {(pages / 'index.html').as_uri()}")


@nox.session
def pdf(session: nox.Session) -> None:
    """Typeset the book with TeX; ``--no-solutions``, then arguments to sphinx-build."""
    session.run(sys.executable, "conf/typeset.py", "--check", external=True, log=False)
    prepare(session)
    edition, chosen, arguments = choose_edition(session)
    sources, book = BUILD / f"latex{edition}", BUILD / f"pdf{edition}" / "activations.pdf"
    finished, state = BUILD / f"finished-pdf{edition}", inputs(session)
    if not book.exists() or not finished.exists() or finished.read_text() != state:
        finished.unlink(missing_ok=True)
        commit = ["git", "log", "-1", "--format=%ct"]
        when = session.run(*commit, external=True, silent=True, log=False, success_codes=range(256))
        # The date of the commit on the title page and in the file: the same bytes at any time.
        if str(when).strip().isdecimal():
            session.env.setdefault("SOURCE_DATE_EPOCH", str(when).strip())
        build = ["-m", "sphinx", "-b", "latex", "-c", "conf"]
        doctrees = ["-d", str(BUILD / f"doctrees-latex{edition}"), "--fresh-env"]
        shutil.rmtree(sources, ignore_errors=True)
        python(session, *build, *doctrees, *STRICT, *chosen, *arguments, "book", str(sources))
        python(session, "conf/typeset.py", str(sources / "activations.tex"), str(book))
        finished.write_text(state)
    session.log(f"The book: {book.as_uri()}")


@nox.session
def notebooks(session: nox.Session) -> None:
    """Write each chapter as a notebook, ``--no-solutions`` or with; ``--run`` tests them too."""
    prepare(session)
    edition, chosen, arguments = choose_edition(session)
    folder = BUILD / f"notebooks{edition}"
    shutil.rmtree(folder, ignore_errors=True)
    build = ["-m", "sphinx", "-b", "notebooks", "-c", "conf", "-j", "2"]
    doctrees = ["-d", str(BUILD / f"doctrees-notebooks{edition}"), "--fresh-env"]
    python(session, *build, *doctrees, *STRICT, *chosen, "book", str(folder))
    session.log(f"The notebooks: {folder.as_uri()}")
    if "--run" in arguments:
        test = ["-m", "pytest", "-n", "2", "-m", "notebooks", "tests/book/test_notebooks.py"]
        python(session, *test, "-k", "student" if edition else "full")


@nox.session
def data(session: nox.Session) -> None:
    """Fetch the course's archive for chapter 2, or verify the one that is there."""
    prepare(session)
    python(session, "-m", "activations.truth.fetch", *session.posargs)


@nox.session
def proofs(session: nox.Session) -> None:
    """Let Coq read the formal proofs and show what each theorem rests on."""
    session.run(sys.executable, "conf/formal.py", external=True, log=False)
    prepare(session)
    python(session, "conf/ledger.py", "--proofs")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the unit tests, all doctests and, where it is built, the tests of the pages."""
    prepare(session)
    python(session, "-m", "pytest", "-n", "2", *session.posargs)


@nox.session
def browser(session: nox.Session) -> None:
    """Open every page in Chromium, light and dark, wide and narrow; keep screenshots."""
    prepare(session)
    test = ["-m", "pytest", "-n", "2", "-m", "browser", "tests/book/test_browser.py"]
    python(session, *test, *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, types and docstrings."""
    prepare(session)
    python(session, "-m", "ruff", "check", ".")
    python(session, "-m", "ruff", "format", "--check", ".")
    python(session, "-m", "mypy")
    sources = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "src").rglob("*.py"))
    python(session, "-m", "numpydoc.hooks.validate_docstrings", *sources)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure how fast regions are found and activations loaded; ``--quick`` measures less."""
    prepare(session)
    for name in ("regions", "truth"):
        python(session, f"tests/benchmarks/{name}.py", *session.posargs)


@nox.session
def links(session: nox.Session) -> None:
    """Ask every address in the book whether it still answers; needs a network."""
    prepare(session)
    options = ["-b", "linkcheck", "-c", "conf", "-d", str(BUILD / "doctrees"), "--quiet"]
    python(session, "-m", "sphinx", *options, "book", str(BUILD / "links"))


@nox.session
def lock(session: nox.Session) -> None:
    """Write requirements.lock anew, for every system and Python that the package allows."""
    prepare(session)
    python(session, "-m", "pip", "install", "--quiet", "uv")
    compile_lock = ["-m", "uv", "pip", "compile", "--universal", "--python-version", "3.11"]
    options = ["--all-extras", "--no-emit-package", "torch", "--no-header", "--no-annotate"]
    files = ["pyproject.toml", "--output-file", "requirements.lock", "--upgrade"]
    python(session, *compile_lock, *options, *files)
