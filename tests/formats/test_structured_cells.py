"""Cells of a CSV that hold JSON or what Python prints."""

import csv
import io

import pytest

from polyhead.formats import read_table

SIDES = ("x_min", "y_min", "x_max", "y_max")


def read(folder, **columns):
    count = len(next(iter(columns.values())))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["image", *columns])
    writer.writerows([f"{k}.jpg", *(c[k] for c in columns.values())] for k in range(count))
    (folder / "t.csv").write_text(text.getvalue())
    return read_table(folder / "t.csv")


def boxes(table, name):
    return [
        None if cell is None else [(o["label"], *(o[side] for side in SIDES)) for o in cell]
        for cell in table.column(name).to_pylist()
    ]


@pytest.mark.parametrize(
    "cell",
    [
        '[{"label": "car", "xyxy": [1, 2, 4, 8]}]',
        "[{'label': 'car', 'xyxy': [1, 2, 4, 8]}]",
        "[{'category': 'car', 'bbox': {'xmin': 1, 'ymin': 2, 'xmax': 4, 'ymax': 8}}]",
        "{'label': 'car', 'left': 1, 'top': 2, 'width': 3, 'height': 6}",
        "array([{'label': 'car', 'xywh': [1, 2, 3, 6]}], dtype=object)",
        "({'label': 'car', 'xyxy': (1, 2, 4, 8)},)",
        '"[{\\"label\\": \\"car\\", \\"xyxy\\": [1, 2, 4, 8]}]"',
    ],
)
def test_lists_of_objects_are_boxes(tmp_path, cell):
    table = read(tmp_path, o=[cell, "[]", "", cell])
    assert boxes(table, "o") == [[("car", 1, 2, 4, 8)], [], None, [("car", 1, 2, 4, 8)]]
    assert not any(fault.is_error for fault in table.faults)


def test_a_damaged_cell_among_boxes_is_an_error_of_its_row_until_it_is_mended(tmp_path):
    good = '[{"label": "car", "xyxy": [1, 2, 4, 8]}]'
    table = read(tmp_path, o=[good, good[:-2], "car", good])
    faults = [f for f in table.faults if f.is_error]
    assert [(f.code, f.where) for f in faults] == [
        ("E_CELL_STRUCTURE", "t.csv:3 1.jpg"),
        ("E_CELL_STRUCTURE", "t.csv:4 2.jpg"),
    ]
    assert boxes(table, "o") == [[("car", 1, 2, 4, 8)], None, None, [("car", 1, 2, 4, 8)]]
    assert all("empty it where it is unknown" in f.message for f in faults)
    assert read(tmp_path, o=[good, "", "[]", good]).faults == ()


def test_objects_are_columns(tmp_path):
    cells = ['{"weather": "clear", "n": 1.50}', "{'weather': 'rain', 'n': None}", "", "{}"]
    table = read(tmp_path, a=cells)
    assert table.columns == ["a.weather", "a.n"]
    assert table.column("a.weather").to_pylist() == ["clear", "rain", None, None]
    assert table.column("a.n").to_pylist() == ["1.50", None, None, None]


def test_a_damaged_object_is_an_error_of_its_row(tmp_path):
    table = read(tmp_path, a=['{"w": "clear"}', '{"w": "rain', '{"w": "fog"}'])
    (fault,) = table.faults
    assert (fault.code, fault.row) == ("E_CELL_STRUCTURE", 1)
    assert table.column("a.w").to_pylist() == ["clear", None, "fog"]


def test_choices_beside_single_texts_are_lists_and_single_choices_are_text(tmp_path):
    both = ['{"choices": ["a", "b, c"]}', "b, c", "", '{"choices": []}']
    table = read(tmp_path, both=both, one=['{"choices": ["x"]}', "y", "", "x"])
    assert table.column("both").to_pylist() == [["a", "b, c"], ["b, c"], None, []]
    assert table.column("one").to_pylist() == ["x", "y", None, "x"]


@pytest.mark.parametrize(
    "cells",
    [
        ["[a]", "[b]", "plain {x}"],
        ["{name} said no", "see {figure}", "x"],
        ["[0, 10)", "[10, 20)", "[0, 10)"],
        ["(large)", "(small)", "size (large"],
    ],
)
def test_prose_and_intervals_stay_text(tmp_path, cells):
    table = read(tmp_path, a=cells)
    assert table.column("a").to_pylist() == cells
    assert table.faults == ()
