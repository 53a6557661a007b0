"""The four sets of statements: what they say, what is true, and which belong together.

A set is a CSV file. Nothing in it is taken on trust: the wording of each statement is parsed, its
label is recomputed where the file allows it, and a negated set must be, row by row, the negation
of its affirmative one. Only then may row numbers be used to pair statements with activations.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "SETS",
    "DataMissingError",
    "DataUnusableError",
    "SetKind",
    "StatementSet",
    "compose_statements",
    "kind_of",
    "read_statements",
]


class DataMissingError(FileNotFoundError):
    """The activations, or some of their files, are not there.

    Examples
    --------
    >>> from activations.truth import DataMissingError
    >>> issubclass(DataMissingError, OSError)
    True
    """


class DataUnusableError(ValueError):
    """A file of the data is there, but its content is not what it must be.

    Examples
    --------
    >>> from activations.truth import DataUnusableError
    >>> issubclass(DataUnusableError, ValueError)
    True
    """


@dataclass(frozen=True)
class SetKind:
    """What is known of a statement set by its name.

    Attributes
    ----------
    topic : str
        The set's subject, which is the name of its affirmative version.
    polarity : int
        +1 if the statements are affirmative, -1 if they are negated.
    partner : str
        The set of opposite polarity on the same topic, in the same order.
    columns : tuple of str
        The header of its CSV file.
    wording : re.Pattern
        A statement's form; group 1 is the subject (a city, a Spanish word), group 2 the claim.
    template : str
        The same form, to be filled in with the subject and the claim.
    first_group : int
        Where the topic's group numbers begin, so that groups of different topics never coincide.
    """

    topic: str
    polarity: int
    partner: str
    columns: tuple[str, ...]
    wording: re.Pattern[str]
    template: str
    first_group: int


_CITY_COLUMNS: Final = ("statement", "label", "city", "country", "correct_country")
_WORD_COLUMNS: Final = ("statement", "label")

#: The statement sets by name, affirmative before negated.
SETS: Final[Mapping[str, SetKind]] = MappingProxyType(
    {
        "cities": SetKind(
            "cities",
            +1,
            "neg_cities",
            _CITY_COLUMNS,
            re.compile(r"The city of (.+) is in (.+)\."),
            "The city of {} is in {}.",
            0,
        ),
        "neg_cities": SetKind(
            "cities",
            -1,
            "cities",
            _CITY_COLUMNS,
            re.compile(r"The city of (.+) is not in (.+)\."),
            "The city of {} is not in {}.",
            0,
        ),
        "sp_en_trans": SetKind(
            "sp_en_trans",
            +1,
            "neg_sp_en_trans",
            _WORD_COLUMNS,
            re.compile(r"The Spanish word '(.+)' means '(.+)'\."),
            "The Spanish word '{}' means '{}'.",
            1_000_000,
        ),
        "neg_sp_en_trans": SetKind(
            "sp_en_trans",
            -1,
            "sp_en_trans",
            _WORD_COLUMNS,
            re.compile(r"The Spanish word '(.+)' does not mean '(.+)'\."),
            "The Spanish word '{}' does not mean '{}'.",
            1_000_000,
        ),
    }
)


def kind_of(name: str) -> SetKind:
    """Look up what is known of a statement set.

    Parameters
    ----------
    name : str
        The set's name.

    Returns
    -------
    SetKind
        The entry of `SETS`.

    Raises
    ------
    ValueError
        If there is no such set.

    Examples
    --------
    >>> from activations.truth.statement_sets import kind_of
    >>> kind_of("neg_cities").partner
    'cities'
    """
    if not isinstance(name, str) or name not in SETS:
        raise ValueError(f"name must be one of {', '.join(SETS)}, got {name!r}")
    return SETS[name]


@dataclass(frozen=True, eq=False)
class StatementSet:
    """A set of labelled statements, in the order of its file.

    Attributes
    ----------
    name : str
        The set's name, a key of `SETS`.
    statements : tuple of str
        The n sentences.
    subjects : tuple of str
        What each sentence is about: the city, or the Spanish word.
    y : numpy.ndarray of int64, shape (n,)
        1 for a true statement, 0 for a false one.
    groups : numpy.ndarray of int64, shape (n,)
        Equal for statements that a split must keep together: those on the same subject, also
        between a set and its negation, and on the other subject of a pair that exchanges its
        claims; never equal between topics.
    polarity : numpy.ndarray of int64, shape (n,)
        +1 for an affirmative statement, -1 for a negated one.

    Examples
    --------
    >>> import numpy as np
    >>> from activations.truth import StatementSet
    >>> one = np.ones(1, dtype=np.int64)
    >>> berlin = "The city of Berlin is in Germany."
    >>> len(StatementSet("cities", (berlin,), ("Berlin",), one, 0 * one, one))
    1
    """

    name: str
    statements: tuple[str, ...]
    subjects: tuple[str, ...]
    y: NDArray[np.int64]
    groups: NDArray[np.int64]
    polarity: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.statements)


class _Row(NamedTuple):
    subject: str
    claim: str
    statement: str
    label: int
    correct: str


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DataMissingError(
            f"{path.parent.name}/{path.name} is missing from {path.parent.parent}; "
            "fetch the archive again"
        ) from error


def _lines(content: bytes, shown: str, kind: SetKind) -> Iterator[list[str]]:
    """Check the header of a CSV file, and yield its other lines."""
    # Lines are not kept: thousands of lists would set off a collection of all that Python has in
    # memory, which after an import of torch takes longer than to load everything.
    try:
        lines = csv.reader(io.StringIO(content.decode("utf-8"), newline=""), strict=True)
        header = next(lines, None)
        if header is None or tuple(header) != kind.columns:
            found = "an empty file" if header is None else ",".join(header)[:80]
            raise DataUnusableError(
                f"{shown} must begin with the header {','.join(kind.columns)}, found {found!r}; "
                "fetch it again"
            )
        yield from lines
        if lines.line_num == 1:
            raise DataUnusableError(f"{shown} has a header but no statement; fetch it again")
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataUnusableError(
            f"{shown} is not a CSV file in UTF-8 ({error}); fetch it again"
        ) from error


def _row(shown: str, number: int, cells: list[str], kind: SetKind) -> _Row:
    """Check one line of a CSV file on its own."""
    where = f"{shown}, line {number}"
    if len(cells) != len(kind.columns):
        raise DataUnusableError(
            f"{where}: must have {len(kind.columns)} cells, found {len(cells)}; fetch it again"
        )
    statement, label, *facts = cells
    if label not in ("0", "1"):
        raise DataUnusableError(f"{where}: the label must be 0 or 1, found {label!r}")
    parsed = kind.wording.fullmatch(statement)
    if parsed is None:
        raise DataUnusableError(
            f"{where}: a statement of this set reads {kind.wording.pattern!r}, found {statement!r}"
        )
    subject, claim = parsed.groups()
    correct = ""
    if facts:
        city, country, correct = facts
        if subject != city or claim != country:
            raise DataUnusableError(
                f"{where}: the statement is about {subject!r} and {claim!r}, "
                f"its columns about {city!r} and {country!r}"
            )
        if (label == "1") != ((country == correct) == (kind.polarity > 0)):
            raise DataUnusableError(
                f"{where}: {statement!r} is labelled {label}, but the correct country is "
                f"{correct!r}"
            )
    return _Row(subject, claim, statement, int(label), correct)


# Both sets of a topic need this. Two topics are all there are, so that a folder is parsed once.
@lru_cache(maxsize=2)
def _topic(
    folder: str, name: str, content: bytes, negated_content: bytes
) -> tuple[tuple[_Row, ...], tuple[int, ...]]:
    """Parse the two files of a topic; return its affirmative rows, and the groups from 0 on.

    The negated rows are determined by the affirmative ones, and are only compared.
    """
    kind, negated = SETS[name], SETS[SETS[name].partner]
    path, negated_path = f"{name}.csv", f"{kind.partner}.csv"
    lines = enumerate(_lines(content, f"{folder}/{path}", kind), start=2)
    rows = [_row(f"{folder}/{path}", number, cells, kind) for number, cells in lines]
    others = _lines(negated_content, f"{folder}/{negated_path}", negated)
    for number, (row, cells) in enumerate(zip_longest(rows, others), start=2):
        if row is None or cells is None:
            raise DataUnusableError(
                f"{path} has {len(rows)} statements and {negated_path} has "
                f"{'more' if row is None else number - 2}; "
                "they must be each other's negations, row by row"
            )
        subject, claim, _, label, correct = row
        statement = negated.template.format(subject, claim)
        wanted = [statement, "01"[1 - label], subject, claim, correct][: len(negated.columns)]
        if cells != wanted:
            other = _row(f"{folder}/{negated_path}", number, cells, negated)
            raise DataUnusableError(
                f"{path} and {negated_path}, line {number}: {row.statement!r} ({row.label}) and "
                f"{other.statement!r} ({other.label}) must be each other's negations with "
                "opposite labels, and agree in any further columns"
            )
    if kind.columns == _CITY_COLUMNS:
        _check_pairs(name, rows)
    number_of: dict[str, int] = {}
    groups = [number_of.setdefault(row.subject, len(number_of)) for row in rows]
    if _exchange_claims(rows):
        groups = [group // 2 for group in groups]
    return tuple(rows), tuple(groups)


def read_statements(folder: str | Path, name: str) -> StatementSet:
    """Read a statement set from a folder of CSV files, and check it against its partner.

    Parameters
    ----------
    folder : str or Path
        The folder that holds ``<name>.csv`` and its partner's file.
    name : str
        A key of `SETS`.

    Returns
    -------
    StatementSet
        The statements in the order of the file.

    Raises
    ------
    ValueError
        If `name` is not a set's name.
    DataMissingError
        If one of the two files is not there.
    DataUnusableError
        If a file is not what it must be: header, wording, labels, the order of true and false
        statements of a city, or a row that its partner's file does not negate.

    Notes
    -----
    Groups are numbered by first appearance. Since the two sets of a topic list the same subjects
    in the same order, a negated statement has the group of its affirmative one. If throughout the
    file the subjects come in twos that exchange their claims, as they do in the book's own
    statements, the two have one group; then every claim is true as often as false within a group.

    Examples
    --------
    >>> from activations.truth import read_statements
    >>> read_statements("no/such/folder", "cities")
    Traceback (most recent call last):
    ...
    activations.truth.statement_sets.DataMissingError: ...cities.csv is missing from ...
    """
    kind, folder = kind_of(name), Path(folder)
    files = (folder / f"{one}.csv" for one in (kind.topic, SETS[kind.topic].partner))
    rows, groups = _topic(folder.name, kind.topic, *map(_content, files))
    statements, labels = [row.statement for row in rows], [row.label for row in rows]
    if kind.polarity < 0:
        statements = [kind.template.format(row.subject, row.claim) for row in rows]
        labels = [1 - label for label in labels]
    return StatementSet(
        name=name,
        statements=tuple(statements),
        subjects=tuple([row.subject for row in rows]),
        y=_frozen(labels),
        groups=_frozen([kind.first_group + group for group in groups]),
        polarity=_frozen([kind.polarity] * len(rows)),
    )


def _exchange_claims(rows: list[_Row]) -> bool:
    """Tell whether subjects come in twos, what is true of the one being said of the other.

    The rows are those of an affirmative set.
    """
    said: dict[str, list[str]] = {}
    for row in rows:
        claims = said.setdefault(row.subject, [])
        # The correct claim goes before the other one, wherever it stands in the file.
        claims.insert(0 if row.label else len(claims), row.claim)
    pairs = list(said.values())
    return len(pairs) % 2 == 0 and all(
        len(one) == len(other) == 2 and one == other[::-1] and one[0] != one[1]
        for one, other in zip(pairs[::2], pairs[1::2], strict=True)
    )


def compose_statements(facts: str | Path, folder: str | Path) -> None:
    r"""Write the four statement sets that follow from two tables of facts.

    Parameters
    ----------
    facts : str or Path
        A folder with ``cities.csv``, whose first columns are ``city``, ``country`` and
        ``false_country``, and ``words.csv``: ``word``, ``meaning`` and ``false_meaning``.
    folder : str or Path
        Where the sets' CSV files are written; made if need be.

    Raises
    ------
    DataMissingError
        If a table is not there; an OSError.
    DataUnusableError
        If a table lacks a column, or a fact and its falsification are the same; a ValueError.

    Notes
    -----
    Every fact makes two statements of each polarity, in the order of the archive's cities: first
    the one with the correct claim, then the one with the false claim.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from activations.truth.statement_sets import compose_statements, read_statements
    >>> with tempfile.TemporaryDirectory() as place:
    ...     for name, facts in (("cities", "city,country,false_country\nOslo,Norway,Mali"),
    ...                         ("words", "word,meaning,false_meaning\nsol,sun,moon")):
    ...         _ = Path(place, f"{name}.csv").write_text(facts)
    ...     compose_statements(place, Path(place, "statements"))
    ...     read_statements(Path(place, "statements"), "neg_sp_en_trans").statements
    ("The Spanish word 'sol' does not mean 'sun'.", "The Spanish word 'sol' does not mean 'moon'.")
    """
    tables = {
        "cities": ("cities.csv", "city", "country", "false_country"),
        "sp_en_trans": ("words.csv", "word", "meaning", "false_meaning"),
    }
    made: dict[str, list[tuple[str | int, ...]]] = {name: [] for name in SETS}
    for topic, (file, *columns) in tables.items():
        path = Path(facts) / file
        try:
            with path.open(encoding="utf-8", newline="") as table:
                rows = [[row.get(c) or "" for c in columns] for row in csv.DictReader(table)]
        except FileNotFoundError as error:
            raise DataMissingError(f"{path} is missing: facts need a table {file}") from error
        for number, (subject, correct, false) in enumerate(rows, start=2):
            if not (subject and correct and false) or correct == false:
                raise DataUnusableError(
                    f"{file}, line {number}: must have different cells in {', '.join(columns)}, "
                    f"found {subject!r}, {correct!r}, {false!r}"
                )
            for name in (topic, SETS[topic].partner):
                kind = SETS[name]
                for claim in (correct, false):
                    label = int((claim == correct) == (kind.polarity > 0))
                    row = (kind.template.format(subject, claim), label, subject, claim, correct)
                    made[name].append(row[: len(kind.columns)])
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, lines in made.items():
        with (Path(folder) / f"{name}.csv").open("w", encoding="utf-8", newline="") as file_:
            writer = csv.writer(file_, lineterminator="\n")
            writer.writerows([SETS[name].columns, *lines])


def _check_pairs(name: str, rows: list[_Row]) -> None:
    """Cities come in pairs of rows: first with the correct country, then with another one.

    The rows are those of an affirmative set.
    """
    for k in range(0, len(rows), 2):
        pair = rows[k : k + 2]
        if len({row.subject for row in pair}) != 1 or [r.label for r in pair] != [1, 0]:
            raise DataUnusableError(
                f"{name}.csv, lines {k + 2} and {k + 3}: must be about one city, with its correct "
                f"country first, found {[(row.statement, row.label) for row in pair]}"
            )


def _frozen(values: list[int]) -> NDArray[np.int64]:
    array = np.array(values, dtype=np.int64)
    array.setflags(write=False)
    return array
