"""Answers as tables: what each cell says, and that what was written stays."""

import csv
import json

import numpy as np
import pytest

from polyhead.errors import ConfigError, PolyheadError
from polyhead.formats import read_table
from polyhead.predictions import (
    BoxesPrediction,
    ClassPrediction,
    MaskPrediction,
    NumberPrediction,
    Prediction,
    TagsPrediction,
)
from polyhead.runtime import answer_tables
from polyhead.runtime.answer_tables import (
    AnswerTables,
    answer_columns,
    answer_row,
    box_rows,
    check_table_path,
)
from polyhead.table.label_cells import split_labels
from polyhead.table.number_text import decimal_text
from polyhead.table.tag_splits import find_delimiter
from polyhead.tasks import BoxesDecider, ClassDecider, MaskDecider, NumberDecider, TagsDecider

LABELS = ("car", "traffic light", "日本")
TASKS = {
    "contents": TagsDecider("contents", LABELS),
    "day": ClassDecider("day", ("day", "night")),
    "objects": BoxesDecider("objects", ("car", "dog")),
    "ground": MaskDecider("ground", ("sky", "road")),
    "people": NumberDecider("people"),
}
MASK = np.array([[0, 0, 1, 255]], np.uint8)


def answer(image="a.jpg", labels=("car", "日本"), classes=LABELS):
    tasks = {
        "contents": TagsPrediction(list(labels), dict.fromkeys(classes, 0.5)),
        "day": ClassPrediction("night", {"day": 0.25, "night": 0.75}),
        "objects": BoxesPrediction(
            [[0.5, 1, 20, 30], [1, 1, 2, 2], [3, 3, 4, 4]], ["car", "dog", "car"], [0.9, 0.8, 0.7]
        ),
        "ground": MaskPrediction(("sky", "road"), MASK),
        "people": NumberPrediction(3.25, 1.0, 5.0),
    }
    return Prediction(image, 40, 40, tasks)


UNREAD = Prediction("b.jpg", 0, 0, {}, {"code": "E_NOT_IMAGE", "message": "found text"})


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_a_column_a_task_and_of_masks_the_shares():
    header = answer_columns(TASKS)
    shares = ["ground/sky", "ground/road"]
    expected = ["image", "contents", "day", "objects", "ground", *shares, "people", "image/error"]
    assert header == expected
    row = dict(zip(header, answer_row(answer(), TASKS), strict=True))
    assert row["contents"] == "car|日本"
    assert row["day"] == "night"
    assert row["objects"] == "2 × car, 1 × dog"
    assert (row["ground/sky"], row["ground/road"]) == ("0.5", "0.25")  # a quarter is unknown
    assert row["people"] == "3.25"
    assert row["image/error"] == ""


def test_a_image_that_cannot_be_read_is_unknown_not_empty():
    row = dict(zip(answer_columns(TASKS), answer_row(UNREAD, TASKS), strict=True))
    assert {row[name] for name in row if not name.startswith("image")} == {""}
    assert row["image/error"] == "E_NOT_IMAGE: found text"
    assert list(box_rows(UNREAD)) == []


def test_boxes_have_a_row_each():
    rows = list(box_rows(answer()))
    assert rows[0] == ["a.jpg", "objects", "car", "0.9", "0.5", "1", "20", "30"]
    assert [row[2] for row in rows] == ["car", "dog", "car"]


@pytest.mark.parametrize(
    "classes", [("a|b", "c"), ("a;b", "c"), ("a, b", "c"), ("[a]", "c"), ("traffic light", "c")]
)
@pytest.mark.parametrize("num", [0, 1, 2])
def test_labels_are_read_back_whatever_they_hold(tmp_path, classes, num):
    labels = classes[:num]
    with AnswerTables({"contents": TASKS["contents"]}, tmp_path / "a.csv", None) as tables:
        tables.add(answer(labels=labels, classes=classes))
        tables.add(UNREAD)
    cells = read_table(tmp_path / "a.csv").column("contents").to_pylist()
    assert cells[1] is None
    assert split_labels(cells[0], find_delimiter({cells[0]: 1})) == list(labels)


def test_a_spreadsheet_opens_the_file_as_it_is(tmp_path):
    path = tmp_path / "a.csv"
    with AnswerTables(TASKS, path, None) as tables:
        tables.add(answer("=1+1.jpg"))
        tables.add(answer('with "quotes", a comma\nand a line.jpg'))
    assert path.read_bytes().startswith(b'\xef\xbb\xbf"image","contents"')
    assert [row[0] for row in rows_of(path)[1:]] == [
        "./=1+1.jpg",
        'with "quotes", a comma\nand a line.jpg',
    ]
    assert {len(row) for row in rows_of(path)} == {9}


def test_a_file_name_that_is_no_text_is_escaped(tmp_path):
    with AnswerTables(TASKS, tmp_path / "a.csv", None) as tables:
        tables.add(answer("caf\udce9.jpg"))
    assert rows_of(tmp_path / "a.csv")[1][0] == "caf\\udce9.jpg"


def interrupt_after(tables, *images):
    with tables:
        add_all(tables, *images)
        raise KeyboardInterrupt


def add_all(tables, *images):
    for image in images:
        tables.add(answer(image))


def test_what_was_written_stays_when_the_work_breaks_off(tmp_path):
    answers, boxes = tmp_path / "a.csv", tmp_path / "b.csv"
    tables = AnswerTables(TASKS, answers, boxes)
    with pytest.raises(KeyboardInterrupt):
        interrupt_after(tables, "1.jpg", "2.jpg")
    assert [row[0] for row in rows_of(answers)] == ["image", "1.jpg", "2.jpg"]
    assert len(rows_of(boxes)) == 7
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "b.csv"]
    assert list(tables.contents(9)) == [
        (answers, "2 of 9 images"),
        (boxes, "6 boxes (2 of 9 images)"),
    ]


def test_until_it_is_closed_the_rows_stand_beside_it(tmp_path):
    with AnswerTables(TASKS, tmp_path / "a.csv", None) as tables:
        tables.add(answer("1.jpg"))
        assert not (tmp_path / "a.csv").exists()
        assert len(rows_of(tmp_path / "a.csv.part")) == 2


def test_a_full_disk_leaves_whole_rows(tmp_path, monkeypatch):
    write_all = answer_tables.write_all

    def half(descriptor, data):
        if b"2.jpg" in data:
            write_all(descriptor, data[: len(data) // 2])
            raise OSError(28, "No space left on device")
        write_all(descriptor, data)

    monkeypatch.setattr(answer_tables, "write_all", half)
    tables = AnswerTables(TASKS, tmp_path / "a.csv", None)
    full = pytest.raises(PolyheadError, match="Free some space")
    with tables, full as failed:
        add_all(tables, "1.jpg", "2.jpg")
    assert failed.value.code == "E_WRITE"
    assert [row[0] for row in rows_of(tmp_path / "a.csv")] == ["image", "1.jpg"]


def test_a_file_that_is_there_stays(tmp_path):
    (tmp_path / "a.csv").write_text("mine")
    with pytest.raises(ConfigError, match="give another name") as failed:
        check_table_path(tmp_path / "a.csv", "--csv")
    assert failed.value.code == "E_EXISTS"
    with pytest.raises(ConfigError, match=r"ends in \.csv"):
        check_table_path(tmp_path / "a.xlsx", "--csv")


def test_boxes_need_a_task(tmp_path):
    with pytest.raises(ConfigError, match="no boxes task"):
        AnswerTables({"day": TASKS["day"]}, None, tmp_path / "b.csv")


@pytest.mark.parametrize("value", [0.0, -3.0, 1e-9, 0.1 + 0.2, 123456789.0, 2e15, 99999.95])
def test_numbers_are_plain(value):
    text = decimal_text(value)
    assert "e" not in text
    assert json.loads(text) == pytest.approx(value, rel=1e-5)
