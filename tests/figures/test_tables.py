"""Tables of the book."""

import numpy as np
import pandas as pd
import pytest

from activations.figures.tables import show_table

FRAME = pd.DataFrame({"set": ["cities", "a|b"], "$k$": [1, 20], "accuracy": [0.98765, np.nan]})


def rows(table):
    return [line for line in table.markdown().splitlines() if line.startswith("|")]


def test_numbers_are_formatted_and_stand_right():
    table = show_table(FRAME, formats={"accuracy": ".3f"})
    assert rows(table) == [
        "| set | $k$ | accuracy |",
        "| :--- | ---: | ---: |",
        "| cities | 1 | 0.988 |",
        r"| a\|b | 20 | – |",
    ]


def test_a_caption_makes_a_numbered_table():
    lines = show_table(FRAME, caption="Where $k$ counts.", label="tab-k").markdown().splitlines()
    assert lines[0] == ":::{table} Where $k$ counts."
    assert lines[1] == ":name: tab-k"
    assert lines[-1] == ":::"


def test_an_index_becomes_the_first_columns():
    table = show_table(FRAME.set_index("set"), index=True)
    assert rows(table)[0] == "| set | $k$ | accuracy |"
    assert rows(show_table(FRAME.set_index("set")))[0] == "| $k$ | accuracy |"


def test_every_kind_of_reader_gets_the_same_cells():
    bundle = show_table(FRAME)._repr_mimebundle_()
    assert set(bundle) == {"text/markdown", "text/html", "text/plain"}
    for text in bundle.values():
        assert "cities" in text


def test_a_format_for_no_column_is_refused():
    with pytest.raises(ValueError, match="acuracy"):
        show_table(FRAME, formats={"acuracy": ".3f"})


def test_a_label_without_a_caption_is_refused():
    with pytest.raises(ValueError, match="caption"):
        show_table(FRAME, label="tab-x")


def test_columns_of_one_name_are_refused():
    with pytest.raises(ValueError, match="twice"):
        show_table(pd.concat([FRAME, FRAME], axis=1))


def test_the_frame_is_left_as_it_was():
    before = FRAME.copy()
    show_table(FRAME, formats={"accuracy": ".1f"}, index=True)
    pd.testing.assert_frame_equal(FRAME, before)
