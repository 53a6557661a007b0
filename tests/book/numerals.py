"""Finds the numbers that stand in the book's prose, for the test that a cell made each result."""

import ast
import re
from collections.abc import Iterator

from chapters import CELL, cell_code

#: Environments that are mathematics throughout; their numbers are proved, not computed.
MATHEMATICS = "definition|theorem|lemma|proposition|corollary|example|proof"

_UNITS = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
_TEENS = [
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SMALL = rf"(?:(?<![\w.-])\d+|\bone|\b{'|'.join(_UNITS)})"
_SEVERAL = rf"(?:(?<![\w.-])(?:[3-9]|\d\d+)|\b(?:{'|'.join(_UNITS[1:])}))"
_WORD = rf"(?:{'|'.join(_TEENS + _TENS)}|hundreds?|thousands?|millions?|billions?|dozens?)"
_PARTS = "half|third|quarter|fifth|sixth|seventh|eighth|ninth|tenth|hundredth|thousandth|millionth"
_MEASURES = (
    "times|fold|percent|per cent|percentage points?|points? of accuracy|digits?|bits?|"
    "(?:micro|milli)?seconds?|minutes?|hours?|days?|[kMG]B|(?:kilo|mega|giga)?bytes?|ulps?"
)
_COUNTED = (
    "regions|polygons|faces|vertices|crossings|edges|folds|patterns|rows|statements|sentences|"
    "mistakes|errors|networks|draws|splits|runs|seeds|components|probes|cities|models|multipliers|"
    "coordinates"
)
_RESULT = (
    "AUROC|accuracy|count|share|median|gain|error|p-value|number|smallest|largest|fewest|poorest|"
    "best|worst"
)
_IS = "is|are|was|were|equals|counts"

#: What may be a result: a decimal or a percentage; a number from ten on, in digits or in words; a
#: share; and a smaller number of something that is measured or counted.
CANDIDATE = re.compile(
    "|".join(
        [
            r"(?<![\w.^])\d*\.\d+(?: ?%)?",
            r"(?<![\w.])(?:\d{1,3}(?:,\d{3})+|\d{2,})(?: ?%)?(?!\w)",
            r"(?<![\w.])\d(?:\.\d+)?e[-+]?\d+",
            r"(?<![\w.])\d ?%",
            rf"\b(?:{_WORD}(?:[- ](?:and )?|\b))+(?:(?:one|{'|'.join(_UNITS)})\b)?",
            rf"\b(?:an?|one) (?:{_PARTS})\b(?= of\b)",
            rf"\b(?:{'|'.join(_UNITS)}) (?:{_PARTS})s\b",
            r"\bhalf (?:of|as|a)\b",
            r"\btwice (?:as|the)\b",
            rf"\bhalf the (?:\w+ )?(?:{_COUNTED})\b",
            rf"\b(?:an?|one) (?:{_PARTS})\b(?= (?:are|were|have)\b)",
            r"(?<![\w./])(?!1/[234]\b)\d+/\d+(?![\w/]|\.\d)|[½⅓⅔¼¾⅕⅛]",
            r"\bevery (?:third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)\b",
            rf"\b(?:\d+|one|{'|'.join(_UNITS)}) (?:\w+ )?in (?:\d+|{'|'.join(_UNITS)})\b",
            rf"\ball but (?:\d+|one|{'|'.join(_UNITS)})\b",
            r"(?<![\w.])(?<!class )\d of (?:them|the|these|those|its|all)\b",
            rf"\b(?:{_RESULT})\b[^.,;:\[\]]{{0,30}}?(?: \[\w+\])? (?:{_IS}) "
            r"(?:only |about |nearly |almost )?"
            rf"(?:\d\b(?![.,]\d| minus)|(?:{'|'.join(_UNITS)}|zero)\b)",
            rf"{_SMALL} (?:out )?of (?:the |its |all |these |those )?{_SMALL}\b",
            rf"{_SMALL}[- ]?(?:{_MEASURES})\b",
            r"(?<![\w.])\d+ (?:[mnµ]?s|min)\b",
            rf"{_SEVERAL} (?:\w+ )?(?:{_COUNTED})\b",
            rf"\bby a factor of {_SMALL}\b",
        ]
    ),
    re.IGNORECASE,
)


NUMBER = re.compile(r"[-+ ]*\d*\.?\d+[ %]*")


def words_of_cell(cell: str) -> str:
    """Return what a reader reads of a cell beside its code: caption, alt text and comments."""
    options = cell.split("---", 2)[1] if cell.startswith("---") else ""
    words = re.findall(r"^ *alt: (.*)$", options, flags=re.MULTILINE)
    for caption in re.findall(r"^( *)caption: \|\n((?:\1 +.*\n)+)", options, flags=re.MULTILINE):
        words += [line.strip() for line in caption[1].splitlines()]
    code = cell_code(cell)
    words += re.findall(r"(?:^|\s)# (.*)$", code, flags=re.MULTILINE)
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            words.append(node.value)
    return "\n".join(words) + "\n"


def numerals_of_maths(maths: str) -> str:
    """Return inline mathematics without its commands, exponents and indices.

    What is more than a number is put in brackets, to keep it apart from the words around it.
    """
    text = re.sub(r"\\(?:text|mathrm|operatorname)\{[^}]*\}", " ", maths)
    text = re.sub(r"(?:\^|_)(?:\{[^{}]*\}|\\[a-zA-Z]+|.)", " ", text)
    text = re.sub(r"\\[tdc]?frac *(\d)(\d)", r" \1 / \2 ", text)
    text = re.sub(r"(\d)\{,\}(\d)|(\d)\\,(\d)", r"\1\3\2\4", text).replace("{.}", ".")
    text = re.sub(r"\\[a-zA-Z]+|\\.|[{}]", " ", text)
    return text if NUMBER.fullmatch(text) else f"[{text}]"


def reading(source: str) -> str:
    """Return the words and inline formulas of a page, with captions, alt texts and comments.

    What a cell glues into the text is gone, and so are theorems, proofs and displays.
    """
    text = re.sub(r"\A---\n.*?\n---\n", "", source, flags=re.DOTALL)
    text = CELL.sub(lambda found: words_of_cell(found[1]), text)
    text = re.sub(r"^ *(`{3,})\{(?:glossary)\}\n(.*?)^ *\1$", r"\2", text, flags=re.M | re.S)
    text = re.sub(r"^ *(`{3,})\{?[^\n]*\n.*?^ *\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    environment = rf"^(:{{3,}})\{{prf:(?:{MATHEMATICS})\}}.*?^\1$"
    text = re.sub(environment, "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL)
    text = re.sub(r"\{[a-z:]+\}`[^`]*`", "", text)
    text = re.sub(r"`([^`]*)`", lambda code: code[1] if NUMBER.fullmatch(code[1]) else "", text)
    text = re.sub(r"^ *:[a-z-]+:.*$|^%.*$|^\([\w-]+\)=$", "", text, flags=re.MULTILINE)
    text = re.sub(r"\]\([^)]*\)|https?://\S+", "", text)
    text = re.sub(r"^:{3,}\{(?!exercise|admonition|table)[^\n]*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"\$([^$]*)\$", lambda found: numerals_of_maths(found[1]), text)
    text = re.sub(r"\b\d+(?:-\d+){2,}\b", "", text)
    return re.sub(r"[^\S\n]+", " ", text)


def candidates(source: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Give each number of a page that may be a result: its line, and where it stands there."""
    for line in reading(source).splitlines():
        for found in CANDIDATE.finditer(line):
            yield line, found.span()
