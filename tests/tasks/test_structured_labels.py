"""Labels in cells written as JSON, as Python or numpy print them, or damaged."""

import pytest
from task_tables import resolve, table

ROWS = ["b", "a|b", "", "[]"]


def encode(rows, name="contents", **keys):
    task = resolve(rows, name, **keys)
    return task, task.encode(rows)


@pytest.mark.parametrize(
    "cell",
    [
        '["a", "b, c"]',
        "['a', 'b, c']",
        "('a', 'b, c')",
        "{'a', 'b, c'}",
        "['a' 'b, c']",
        "['a'\n 'b, c']",
        "array(['a', 'b, c'], dtype='<U4')",
        "array(['a', 'b, c'],\n      dtype=object)",
        "[np.str_('a'), np.str_('b, c')]",
        "frozenset({'a', 'b, c'})",
        "Index(['a', 'b, c'], dtype='object')",
        '{"choices": ["a", "b, c"]}',
        "{'labels': ['a', 'b, c']}",
        "[u'a', u'b, c']",
        '"[\\"a\\", \\"b, c\\"]"',
    ],
)
def test_lists_of_labels_in_every_print(cell):
    task, found = encode(table(contents=[cell, "a", "[]", None]), type="tags")
    assert task.classes == ("a", "b, c")
    assert found.targets.tolist() == [[1, 1], [1, 0], [0, 0], [-1, -1]]
    assert not any(fault.is_error for fault in found.faults)


@pytest.mark.parametrize(("cell", "labels"), [
    ("[a, b]", ("a", "b")),
    ("{a,b}", ("a", "b")),
    ("['men\\'s', \"6\\\"\"]", ("6\"", "men's")),
    ("[1, 2.50]", ("1", "2.50")),
    ("[True, False]", ("false", "true")),
    ("['size (large)', ':-)']", (":-)", "size (large)")),
])  # fmt: skip
def test_labels_keep_what_they_are_written_with(cell, labels):
    task, found = encode(table(contents=[cell, cell, "[]"]), type="tags")
    assert set(task.classes) == set(labels)
    assert not any(fault.is_error for fault in found.faults)


@pytest.mark.parametrize(
    ("cell", "code", "words"),
    [
        ('["a", "b"', "E_CELL_STRUCTURE", 'begins with "["'),
        ("['a', 'b", "E_CELL_STRUCTURE", 'begins with "["'),
        ('{"choices": ["a"', "E_CELL_STRUCTURE", 'begins with "{"'),
        ("('a', 'b'", "E_CELL_STRUCTURE", 'begins with "("'),
        ("['a' 'b', 'c']", "E_CELL_STRUCTURE", "out of place"),
        ("['a' ... 'b']", "E_CELL_STRUCTURE", "out of place"),
        ('["a", null]', "E_CELL_STRUCTURE", "null"),
        ('[["a", 1]]', "E_CELL_STRUCTURE", "inside a list"),
        ('{"a": 1, "b": 0}', "E_CELL_STRUCTURE", "keys a, b"),
        ("size (large", "E_LABEL_BRACKET", '"size (large"'),
        ('b|dent"]}', "E_LABEL_BRACKET", 'dent"]}'),
        ("a|(b", "E_LABEL_BRACKET", "(b"),
        ("'b|a", "E_LABEL_BRACKET", "'b"),
    ],
)
def test_a_damaged_cell_is_an_error_of_its_row_and_each_mend_works(cell, code, words):
    task, found = encode(table(contents=[*ROWS, cell]), type="tags", delimiter="|")
    faults = [fault for fault in found.faults if fault.is_error]
    assert [(fault.code, fault.row) for fault in faults] == [(code, 4)]
    assert words in faults[0].message
    assert "labels.csv:6 4.jpg" in str(faults[0])
    declared, again = encode(
        table(contents=[*ROWS, cell]), type="tags", delimiter="|", classes=list(task.classes)
    )
    assert not any(fault.is_error for fault in again.faults)
    assert declared.classes == task.classes
    assert not any(f.is_error for f in encode(table(contents=[*ROWS, ""]), type="tags")[1].faults)


def test_a_delimiter_that_cuts_brackets_is_reported_and_another_one_mends_it():
    rows = table(contents=["bus (red, big),car", "car", "bus (red, big)"] * 3)
    _, found = encode(rows, type="tags", delimiter=",")
    errors = [fault for fault in found.faults if fault.is_error]
    assert {fault.code for fault in errors} == {"E_LABEL_BRACKET"}
    assert 'delimiter: "|"' in errors[0].message
    rows = table(contents=["bus (red, big)|car", "car", "bus (red, big)"] * 3)
    task, found = encode(rows, type="tags", delimiter="|")
    assert task.classes == ("bus (red, big)", "car")
    assert not any(fault.is_error for fault in found.faults)


@pytest.mark.parametrize(
    "cells",
    [["(0, 10]", "(10, 20)"], ["men's", "dogs'"], ['24" wheel', "1) car"], [":-)", "(large)"]],
)
def test_intervals_apostrophes_inches_and_smileys_are_labels(cells):
    task, found = encode(table(kind=cells * 3), "kind", type="class")
    assert set(task.classes) == set(cells)
    assert not any(fault.is_error for fault in found.faults)


@pytest.mark.parametrize("cell", ['["b"]', "['b']", "('b',)", '{"choices": ["b"]}'])
def test_a_list_of_one_label_is_a_class(cell):
    task, found = encode(table(kind=["a", cell, "b", None]), "kind", type="class")
    assert task.classes == ("a", "b")
    assert found.targets.tolist() == [0, 1, 1, -1]


def test_a_class_of_several_labels_is_refused_and_tags_read_it():
    cells = ["a", "b", "['a', 'b']"]
    _, found = encode(table(kind=cells), "kind", type="class")
    (fault,) = [fault for fault in found.faults if fault.is_error]
    assert (fault.code, fault.row, "type: tags" in fault.message) == ("E_CELL_STRUCTURE", 2, True)
    assert encode(table(kind=cells), "kind", type="tags")[1].targets.tolist() == [
        [1, 0],
        [0, 1],
        [1, 1],
    ]
