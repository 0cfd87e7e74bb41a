"""Spellings of one class, words that are none, and columns that hold no classes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from task_tables import resolve, table

from polyhead.errors import DataError
from polyhead.tasks.single_class.names import name_classes


def encode(cells, **keys):
    rows = table(grade=cells)
    task = resolve(rows, "grade", type="class", **keys)
    return task, task.encode(rows)


def codes(encoding):
    return [fault.code for fault in encoding.faults]


@pytest.mark.parametrize(
    ("cells", "classes", "expected"),
    [
        (["0", "1", "2", "0.0", "1.0"], ("0", "1", "2"), [0, 1, 2, 0, 1]),
        (["1", "1.0", "1.00", "2.0"], ("1", "2"), [0, 0, 0, 1]),
        (["1e3", "1000", "2"], ("2", "1000"), [1, 1, 0]),
        (["-1", "-1.0", "+1"], ("+1", "-1"), None),
        (["0.5", "0.50", ".5", "1"], ("1", "0.5"), [1, 1, 1, 0]),
        (["1", "1,0", "2"], ("1", "2"), [0, 0, 1]),
    ],
)
def test_equal_numbers_are_one_class_and_reported(cells, classes, expected):
    task, encoding = encode(cells)
    assert len(task.classes) == len(classes)
    assert "N_EQUAL_NUMBERS" in codes(encoding)
    if expected is not None:
        assert task.classes == classes
        assert encoding.targets.tolist() == expected


@pytest.mark.parametrize(
    "cells", [["1", "01", "1.0"], ["7", "007"], ["00", "0"], ["012", "12", "a"]]
)
def test_leading_zeros_keep_numbers_apart_and_it_is_reported(cells):
    task, encoding = encode(cells)
    assert set(task.classes) == set(cells)
    assert codes(encoding) == ["W_EQUAL_NUMBERS"]


def test_codes_and_one_spelling_are_as_written():
    for cells in (["001", "002", "010"], ["1.0", "2.0"], ["1e3", "1000", "a"], ["v1.0", "v1"]):
        task, encoding = encode(cells)
        assert set(task.classes) == set(cells)
        assert codes(encoding) == []


def test_a_declared_class_is_found_by_its_number():
    task, encoding = encode(["0.0", "1", "2.0", "x"], classes=["0", "1", "2"])
    assert encoding.targets.tolist() == [0, 1, 2, -1]
    assert codes(encoding) == ["E_LABEL_UNKNOWN", "N_EQUAL_NUMBERS"]
    assert task.classes == ("0", "1", "2")
    apart = encode(["1", "1.0"], classes=["1", "1.0"])[1]
    assert (apart.targets.tolist(), codes(apart)) == ([0, 1], [])


@pytest.mark.parametrize("word", ["N/A", "nan", "None", "null", "-", "NA", "#N/A", "NaN", "<NA>"])
def test_words_for_unknown_are_unknown_reported_and_may_be_declared(word):
    task, encoding = encode(["dog", "cat", word, word])
    assert task.classes == ("cat", "dog")
    assert encoding.targets.tolist() == [1, 0, -1, -1]
    assert codes(encoding) == ["N_UNKNOWN_CELLS"]
    assert f'"{word}" (2)' in encoding.faults[0].message
    _, listed = encode(["dog", "cat", word, word], classes=["cat", "dog", word])
    assert (listed.targets.tolist(), codes(listed)) == ([1, 0, 2, 2], [])


@pytest.mark.parametrize("word", ["none", "unknown", "?", "-1"])
def test_words_that_may_be_a_class_are_one_and_reported(word):
    task, encoding = encode(["1", "2", word])
    assert word in task.classes
    assert codes(encoding) == ["N_CLASS_UNKNOWN"]
    assert codes(encode(["1", "2", word], classes=["1", "2", word])[1]) == []


def test_one_class_beside_words_for_unknown_is_refused_and_says_so():
    with pytest.raises(DataError, match="1 distinct classes in 3 rows \\(N/A are read as unknown"):
        encode(["dog", "N/A", "dog"])


def test_a_column_in_which_each_cell_is_its_own_class_is_questioned():
    cells = ["car bus", "bus", "car tram", "tram bus car"] + [f"id {row}" for row in range(20)]
    _, encoding = encode(cells)
    assert codes(encoding) == ["W_MANY_LABELS"]
    assert "24 of 24 labels occur once" in encoding.faults[0].message
    assert '" ": type: tags with `delimiter`?' in encoding.faults[0].message
    assert codes(encode(cells, classes=sorted(cells))[1]) == []
    assert codes(encode(["a", "b"] * 12)[1]) == []


@given(st.lists(st.text(max_size=6), min_size=1, max_size=8))
def test_every_cell_has_one_class_or_is_unknown(cells):
    found = name_classes(cells)
    for text, name in found.of.items():
        assert name is None or name in found.classes
        assert (name is None) == (not text.strip() or text in found.unknown)
