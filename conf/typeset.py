"""Make a PDF of LaTeX sources, the same bytes from the same sources, and read TeX's log.

latexmk is content with what no reader should see: a line that runs into the margin, a letter that
a font does not have, a reference to nothing. Here each of them is a failure.

    python conf/typeset.py --check                   only tells whether TeX is there
    python conf/typeset.py FOLDER/NAME.tex OUT.pdf   typesets, checks and copies
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

PROGRAMS = ("latexmk", "xelatex", "makeindex", "kpsewhich")
#: One file from each of Debian's packages that the book needs.
FILES = {
    "texlive-latex-recommended": "booktabs.sty",
    "texlive-latex-extra": "tabulary.sty",
    "texlive-fonts-recommended": "wasysym.sty",
    "lmodern": "lmroman10-regular.otf",
}
PACKAGES = ("latexmk", "texlive-xetex", *FILES)
INSTALL = f"apt-get install --no-install-recommends {' '.join(PACKAGES)}"
#: Points by which a line may run into the margin, or a page be too high.
TOLERANCE = 5.0

OVERFULL = re.compile(r"Overfull \\([hv])box \(([\d.]+)pt too (?:wide|high)\)([^\n]*)")
COMPLAINTS = (
    re.compile(r"Missing character: [^\n]*"),
    re.compile(r"(?:LaTeX|Package \w+) Warning: [^\n]*\bundefined\b[^\n]*(?:on input line[^\n]*)?"),
    re.compile(r"LaTeX Warning: [^\n]*multiply[ -]defined[^\n]*"),
    re.compile(r"LaTeX Warning: Label\(s\) may have changed[^\n]*"),
    re.compile(r"Package hyperref Warning: (?:Token not allowed|Difference)[^\n]*"),
    re.compile(r"pdfTeX warning[^\n]*|xdvipdfmx:warning: [^\n]*"),
    re.compile(r"LaTeX Font Warning: [^\n]*"),
)


def missing(
    which: Callable[[str], str | None] = shutil.which, has_file: Callable[[str], bool] | None = None
) -> list[str]:
    """Return which programs and files of TeX are not there."""
    programs = [program for program in PROGRAMS if which(program) is None]
    if programs:
        return programs
    known = has_file or (lambda name: bool(output_of("kpsewhich", name).strip()))
    return [name for name in FILES.values() if not known(name)]


def output_of(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def unwrapped(log: str) -> str:
    """Join the lines of a log that TeX has broken after 79 characters."""
    return re.sub(r"(?m)^(.{79})\n", r"\1", log)


def complaints(log: str, source: str = "") -> list[str]:
    """Return what a log says that a reader of the book would see."""
    found = []
    lines = source.splitlines()
    for kind, points, where in OVERFULL.findall(log):
        if float(points) <= TOLERANCE:
            continue
        place = re.search(r"lines? (\d+)", where)
        text = lines[int(place[1]) - 1][:80] if place and int(place[1]) <= len(lines) else ""
        side = "wide" if kind == "h" else "high"
        found.append(f"{points} pt too {side}{where.rstrip()}: {text}")
    for pattern in COMPLAINTS:
        found += pattern.findall(unwrapped(log))
    return list(dict.fromkeys(found))


def typeset(source: Path, result: Path) -> list[str]:
    """Run latexmk over a source and put the PDF where it belongs; return all complaints."""
    environment = {
        **os.environ,
        # Lines of a log are not broken, and every date in the PDF is that of the commit.
        "max_print_line": "10000",
        "FORCE_SOURCE_DATE": "1",
        "LC_ALL": "C.UTF-8",
    }
    options = ["-xelatex", "-interaction=nonstopmode", "-halt-on-error", "-file-line-error"]
    # What an earlier run has left behind would decide how often TeX runs.
    for path in source.parent.glob(source.stem + ".*"):
        if path != source:
            path.unlink()
    run = subprocess.run(
        ["latexmk", *options, source.name],
        cwd=source.parent,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    log_file = source.with_suffix(".log")
    log = log_file.read_text(encoding="utf-8", errors="replace") if log_file.is_file() else ""
    if run.returncode:
        errors = re.findall(r"(?m)^[^\n:]+:\d+: [^\n]*(?:\n[^\n]*){2}", log)
        return errors or [run.stdout[-2000:]]
    found = complaints(log, source.read_text(encoding="utf-8"))
    found += [line for line in run.stdout.splitlines() if "xdvipdfmx:warning" in line]
    result.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source.with_suffix(".pdf"), result)
    return found


def main(arguments: list[str]) -> str | None:
    """Return a message where something is wrong, else nothing."""
    if absent := missing():
        return (
            f"The PDF needs TeX, and {', '.join(absent)} cannot be found. "
            f"On Debian and Ubuntu this installs it:\n\n    {INSTALL}\n"
        )
    if arguments == ["--check"]:
        return None
    found = typeset(Path(arguments[0]), Path(arguments[1]))
    return "\n".join(["TeX complains:", *found]) if found else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
