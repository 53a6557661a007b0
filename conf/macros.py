"""The book's mathematical macros, one table for the pages (KaTeX) and for paper (LaTeX)."""

MACROS: dict[str, str] = {
    r"\R": r"\mathbb{R}",
    r"\N": r"\mathbb{N}",
    r"\Z": r"\mathbb{Z}",
    r"\Q": r"\mathbb{Q}",
    r"\E": r"\mathbb{E}",
    r"\Prob": r"\mathbb{P}",
    r"\T": r"\mathsf{T}",
    r"\dd": r"\mathrm{d}",
    r"\e": r"\mathrm{e}",
    r"\lse": r"\operatorname{lse}",
    r"\softargmax": r"\operatorname{soft(arg)max}",
    r"\argmax": r"\operatorname*{arg\,max}",
    r"\onehot": r"\operatorname{onehot}",
    r"\softplus": r"\operatorname{softplus}",
    r"\relu": r"\operatorname{ReLU}",
    r"\diag": r"\operatorname{diag}",
    r"\rank": r"\operatorname{rank}",
    r"\sign": r"\operatorname{sign}",
    r"\conv": r"\operatorname{conv}",
    r"\AUROC": r"\operatorname{AUROC}",
    r"\norm": r"\left\lVert #1 \right\rVert",
    r"\abs": r"\left\lvert #1 \right\rvert",
    r"\inner": r"\left\langle #1, #2 \right\rangle",
    r"\set": r"\left\{ #1 \right\}",
    r"\floor": r"\left\lfloor #1 \right\rfloor",
    r"\ceil": r"\left\lceil #1 \right\rceil",
}


def arguments(body: str) -> int:
    """Return how many arguments a macro takes: the highest that its body names."""
    return max((n for n in range(1, 10) if f"#{n}" in body), default=0)


def latex(macros: dict[str, str] = MACROS) -> str:
    """Return the macros as LaTeX definitions."""
    return "\n".join(
        rf"\providecommand{{{name}}}{{}}\renewcommand{{{name}}}"
        + (f"[{arguments(body)}]" if arguments(body) else "")
        + f"{{{body}}}"
        for name, body in macros.items()
    )
