import csv
import re

import numpy as np
import pytest

from activations.truth import (
    SETS,
    DataMissingError,
    DataUnusableError,
    read_statements,
    statements,
)
from activations.truth.sources import data_folder
from activations.truth.statement_sets import compose_statements


@pytest.mark.parametrize("name", SETS)
def test_statements_follow_the_file(archive, name):
    told = read_statements(archive / "datasets", name)
    lines = (archive / "datasets" / f"{name}.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert len(told) == len(lines)
    for statement, label, line in zip(told.statements, told.y, lines, strict=True):
        assert line.startswith(f"{statement},{label}")
    assert set(told.polarity) == {SETS[name].polarity}
    assert told.y.dtype == told.groups.dtype == told.polarity.dtype == np.int64


@pytest.mark.parametrize("topic", ["cities", "sp_en_trans"])
def test_a_negated_statement_has_the_group_of_its_affirmative_one(archive, topic):
    one = read_statements(archive / "datasets", topic)
    other = read_statements(archive / "datasets", SETS[topic].partner)
    np.testing.assert_array_equal(one.groups, other.groups)
    np.testing.assert_array_equal(one.y, 1 - other.y)
    # Same subject if and only if same group.
    by_subject = dict(zip(one.subjects, one.groups, strict=True))
    assert [by_subject[s] for s in one.subjects] == one.groups.tolist()
    assert len(set(by_subject.values())) == len(by_subject)


def test_groups_of_different_topics_never_coincide(archive):
    cities = read_statements(archive / "datasets", "cities")
    words = read_statements(archive / "datasets", "sp_en_trans")
    assert not set(cities.groups) & set(words.groups)


def test_a_repeated_word_is_one_group(archive):
    words = read_statements(archive / "datasets", "sp_en_trans")
    assert words.subjects[0] == words.subjects[25]
    assert words.groups[0] == words.groups[25]
    assert len(set(words.groups)) == 25


def test_arrays_are_read_only(archive):
    told = read_statements(archive / "datasets", "cities")
    with pytest.raises(ValueError, match="read-only"):
        told.y[0] = 0


def edit(archive, name, old, new, count=1):
    path = archive / "datasets" / f"{name}.csv"
    text = path.read_text(encoding="utf-8")
    assert re.search(old, text, flags=re.DOTALL)
    path.write_text(re.sub(old, new, text, count=count, flags=re.DOTALL), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("cities", "statement,label", "label,statement", "cities.csv must begin with the header"),
        ("cities", "^.*$", "", "an empty file"),
        ("cities", r"(country)\r?\n.*$", r"\1\n", "no statement"),
        ("cities", r"Town 0 is in Land 0.,1", "Town 0 is in Land 0.,0", "line 2.*labelled 0"),
        ("cities", r"Land 0.,1", "Land 0.,yes", "line 2: the label must be 0 or 1, found 'yes'"),
        ("cities", r"Land 0.,1", "Land 0.,1,more", "line 2: must have 5 cells, found 6"),
        ("cities", "Town 0 is in", "Town 0 lies in", "line 2: a statement of this set reads"),
        ("cities", "city of Town 0", "city of Town 9", "'Town 9'.*its columns about 'Town 0'"),
        ("cities", r"(.*)\r?\nThe city.*$", r"\1\n", "cities.csv has 79 statements"),
        ("sp_en_trans", "'word 3'.,0", "'word 3'.,1", "line 5.*opposite labels"),
        ("neg_sp_en_trans", "'word 3'", "'word x'", "line 5.*each other's negations"),
        ("sp_en_trans", "'word 3'.,0", '"word 3', "fetch it again|cells"),
        ("neg_cities", r"(.*)\r?\nThe city.*$", r"\1\n", "80 statements and neg_cities.csv has 79"),
        ("neg_cities", r"(\r?\nThe[^\n]*)$", r"\1\1", "80 statements and neg_cities.csv has more"),
        ("neg_cities", r"(country)\r?\n.*$", r"\1\n", "neg_cities.csv has a header but no state"),
        ("neg_cities", r"Land 1,Land 0", "Land 1,Land 7", "line 3.*agree in any further columns"),
        ("neg_cities", r"not in Land 1.,1", "not in Land 1.,0", "neg_cities.csv, line 3.*labelled"),
    ],
)
def test_a_wrong_file_is_refused_by_name(archive, name, old, new, message):
    edit(archive, name, old, new)
    with pytest.raises(DataUnusableError, match=f"(?s){message}"):
        read_statements(archive / "datasets", name)


@pytest.mark.parametrize("name", ["cities", "neg_cities"])
def test_a_file_that_changed_is_read_again(archive, name):
    read_statements(archive / "datasets", name)
    edit(archive, "neg_cities", "Town 3 is", "Town x is")
    with pytest.raises(DataUnusableError, match=r"neg_cities\.csv, line 8"):
        read_statements(archive / "datasets", name)


def test_a_label_that_its_partner_contradicts_is_seen_from_either_side(archive):
    edit(archive, "neg_sp_en_trans", "'word 4'.,0", "'word 4'.,1")
    for name in ("sp_en_trans", "neg_sp_en_trans"):
        with pytest.raises(DataUnusableError, match="opposite labels"):
            read_statements(archive / "datasets", name)


def test_rows_in_another_order_are_refused(archive):
    for name in ("cities", "neg_cities"):
        path = archive / "datasets" / f"{name}.csv"
        lines = path.read_text(encoding="utf-8").splitlines()
        lines[1], lines[2] = lines[2], lines[1]
        path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(DataUnusableError, match="lines 2 and 3: must be about one city"):
        read_statements(archive / "datasets", "cities")


def test_bytes_that_are_no_text_are_refused(archive):
    (archive / "datasets" / "cities.csv").write_bytes(b"\xff\xfe\x00statement")
    with pytest.raises(DataUnusableError, match="UTF-8"):
        read_statements(archive / "datasets", "cities")


@pytest.mark.parametrize("lost", ["cities", "neg_cities"])
def test_a_missing_file_is_named(archive, lost):
    (archive / "datasets" / f"{lost}.csv").unlink()
    with pytest.raises(DataMissingError, match=f"{lost}.csv is missing"):
        read_statements(archive / "datasets", "cities")


def test_an_unknown_set_is_refused(archive):
    for call in (lambda: read_statements(archive, "capitals"), lambda: statements("capitals")):
        with pytest.raises(ValueError, match="name must be one of cities"):
            call()


def test_the_table_of_statements(archive):
    table = statements("neg_cities", source=archive)
    assert list(table.columns) == ["statement", "label", "subject", "group", "polarity"]
    assert table.statement[0] == "The city of Town 0 is not in Land 0."
    assert table.label.tolist()[:2] == [0, 1]
    assert table.subject[0] == "Town 0"
    assert (table.polarity == -1).all()


def test_the_course_has_the_rows_that_are_known_of_it(real_sets):
    sizes = {name: (len(data), len(np.unique(data.groups))) for name, data in real_sets.items()}
    assert sizes == {
        "cities": (1496, 748),
        "neg_cities": (1496, 748),
        "sp_en_trans": (354, 344),
        "neg_sp_en_trans": (354, 344),
    }
    for data in real_sets.values():
        assert 2 * data.y.sum() == len(data)


# --- The project's own statements -------------------------------------------------------------

OWN = data_folder()


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_shipped_statements_follow_from_the_facts(tmp_path):
    compose_statements(OWN / "facts", tmp_path)
    for name in SETS:
        shipped = OWN / "statements" / f"{name}.csv"
        assert (tmp_path / f"{name}.csv").read_bytes() == shipped.read_bytes()


@pytest.mark.parametrize(
    ("file", "subject", "right", "wrong", "least"),
    [
        ("cities.csv", "city", "country", "false_country", 160),
        ("words.csv", "word", "meaning", "false_meaning", 80),
    ],
)
def test_every_two_facts_exchange_their_claims(file, subject, right, wrong, least):
    rows = table(OWN / "facts" / file)
    assert len({row[subject] for row in rows}) == len(rows) >= least
    for one, other in zip(rows[::2], rows[1::2], strict=True):
        assert one[right] == other[wrong] != one[wrong] == other[right]


def test_a_false_meaning_is_of_the_same_word_class():
    rows = table(OWN / "facts" / "words.csv")
    word_class = {row["meaning"]: row["word_class"] for row in rows}
    assert all(word_class[row["false_meaning"]] == row["word_class"] for row in rows)


def test_the_cities_are_large():
    rows = table(OWN / "facts" / "cities.csv")
    assert min(int(row["population"]) for row in rows) > 200_000
    assert len({row["geonameid"] for row in rows}) == len(rows)


@pytest.mark.parametrize("name", SETS)
def test_the_shipped_sets_are_sound_and_balanced(name):
    told = read_statements(OWN / "statements", name)
    assert told.y.mean() == 0.5
    assert np.bincount(told.groups - told.groups.min()).tolist() == [4] * (len(told) // 4)
    claims = [SETS[name].wording.fullmatch(statement).group(2) for statement in told.statements]
    for group in set(told.groups):
        of_true, of_false = (
            sorted(c for c, y, g in zip(claims, told.y, told.groups, strict=True) if (y, g) == key)
            for key in ((1, group), (0, group))
        )
        assert of_true == of_false


def test_one_pair_that_does_not_exchange_its_claims_is_enough(tmp_path):
    facts = "city,country,false_country\n" + "Oslo,Norway,Peru\nLima,Peru,Norway\n"
    words = "word,meaning,false_meaning\n" + "sol,sun,sea\nmar,sea,sun\n"
    for name, text in (("cities.csv", facts), ("words.csv", words)):
        (tmp_path / name).write_text(text)
    compose_statements(tmp_path, tmp_path / "sets")
    for name in SETS:
        assert len(set(read_statements(tmp_path / "sets", name).groups)) == 1
    (tmp_path / "cities.csv").write_text(facts + "Quito,Ecuador,Peru\nLyon,France,Ecuador\n")
    (tmp_path / "words.csv").write_text(words + "sal,salt,son\n")
    compose_statements(tmp_path, tmp_path / "sets")
    groups = {name: read_statements(tmp_path / "sets", name).groups for name in SETS}
    assert {name: len(set(found)) for name, found in groups.items()} == {
        "cities": 4, "neg_cities": 4, "sp_en_trans": 3, "neg_sp_en_trans": 3
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cities", "words", "error", "match"),
    [
        (None, "", DataMissingError, "cities.csv is missing"),
        ("city,country,false_country\nOslo,Norway,Norway\n", "", DataUnusableError, "line 2"),
        ("city,country,false_country\nOslo,Norway,\n", "", DataUnusableError, "line 2"),
        ("city,land\nOslo,Norway\n", "", DataUnusableError, "country, false_country"),
        ("city,country,false_country\n", None, DataMissingError, "words.csv is missing"),
    ],
)
def test_facts_that_are_none_are_refused(tmp_path, cities, words, error, match):
    for file, text in (("cities.csv", cities), ("words.csv", words)):
        if text is not None:
            (tmp_path / file).write_text(text)
    with pytest.raises(error, match=match):
        compose_statements(tmp_path, tmp_path / "made")
    assert not (tmp_path / "made").exists()
