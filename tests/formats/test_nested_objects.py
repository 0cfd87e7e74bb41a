"""Nested columns of objects in parquet and JSON lines."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from polyhead.errors import DataError
from polyhead.formats import read_table
from polyhead.table import (
    OBJECTS_TYPE,
    category_ids_of,
    labels_of,
    objects_field,
    units_of,
)

SIDES = ("x_min", "y_min", "x_max", "y_max")


def from_lines(folder, *cells):
    path = folder / "t.jsonl"
    lines = [json.dumps({"image": f"{k}.jpg", "things": cell}) for k, cell in enumerate(cells)]
    path.write_text("\n".join(lines))
    return read_table(path)


def boxes(table, name="things"):
    return [
        None if cell is None else [(o["label"], *(o[side] for side in SIDES)) for o in cell]
        for cell in table.column(name).to_pylist()
    ]


@pytest.mark.parametrize("rows_a_chunk", [1, 100])
def test_json_lines_with_objects_none_and_unknown(tmp_path, monkeypatch, rows_a_chunk):
    monkeypatch.setattr("polyhead.formats.jsonl.reader._CHUNK_ROWS", rows_a_chunk)
    cells = (
        [],
        [{"label": "car", "box": [1, 2, 3, 4]}],
        None,
        [{"label": "bus", "box": [1.5, 2, 3, 4], "crowd": True}],
    )
    table = from_lines(tmp_path, *cells)
    assert boxes(table) == [[], [("car", 1, 2, 3, 4)], None, [("bus", 1.5, 2, 3, 4)]]
    field = table.data.schema.field("things")
    assert (field.type, labels_of(field), units_of(field)) == (
        OBJECTS_TYPE,
        ["bus", "car"],
        "pixels",
    )
    assert table.faults == ()


def test_parquet_keeps_canonical_columns_and_what_their_fields_say(tmp_path):
    field = objects_field("objects", ["b", "a", "c"], [5, 1, 9], "fraction")
    item = {"label": "a", **dict.fromkeys(SIDES, 0.5), "crowd": True, "difficult": False}
    cells = [[{**item, "area": None, "segmentation": "[]"}], [], None]
    data = pa.table(
        [pa.array(["0.jpg", "1.jpg", "2.jpg"]), pa.array(cells, OBJECTS_TYPE)],
        schema=pa.schema([("image", pa.string()), field]),
    )
    pq.write_table(data, tmp_path / "t.parquet")
    table = read_table(tmp_path / "t.parquet")
    found = table.data.schema.field("objects")
    assert table.column("objects").to_pylist() == cells
    assert (labels_of(found), category_ids_of(found), units_of(found)) == (
        ["b", "a", "c"],
        [5, 1, 9],
        "fraction",
    )


def test_parallel_lists_in_parquet(tmp_path):
    cells = [{"category": [3, 1], "xywh": [[1.0, 2, 3, 4], [0.0, 0, 1, 1]]}, None]
    pq.write_table(pa.table({"image": ["0.jpg", "1.jpg"], "o": cells}), tmp_path / "t.parquet")
    table = read_table(tmp_path / "t.parquet")
    assert boxes(table, "o") == [[("3", 1, 2, 4, 6), ("1", 0, 0, 1, 1)], None]


def test_an_ambiguous_box_is_refused_with_column_and_mend(tmp_path):
    with pytest.raises(DataError, match=r'column "things".*rename the key.*xywh') as caught:
        from_lines(tmp_path, [{"label": "a", "bbox": [1, 2, 3, 4]}])
    assert caught.value.faults[0].code == "E_OBJECTS"


def test_a_list_that_is_no_box_is_refused_with_its_line(tmp_path):
    with pytest.raises(DataError) as caught:
        from_lines(tmp_path, [], [{"label": "a", "box": [1, 2, 3]}])
    assert caught.value.faults[0].where == "t.jsonl:2 1.jpg"


def test_objects_without_a_label_are_faults_of_their_rows(tmp_path):
    box = [1, 2, 3, 4]
    table = from_lines(
        tmp_path,
        [{"label": "a", "box": box}, {"label": None, "box": box}],
        [{"label": "a", "box": box}],
        [{"label": " ", "box": box}],
    )
    assert [(fault.code, fault.row) for fault in table.faults] == [
        ("E_LABEL_MISSING", 0),
        ("E_LABEL_MISSING", 2),
    ]


def test_keys_that_are_not_read_are_reported(tmp_path):
    table = from_lines(tmp_path, [{"label": "a", "box": [1, 2, 3, 4], "colour": "red", "id": 1}])
    assert [fault.code for fault in table.faults] == ["N_OBJECT_KEYS"]
    assert "colour, id" in table.faults[0].message


@pytest.mark.parametrize(
    ("kind", "corners"),
    [("xyxy", (1, 2, 3, 4)), ("xywh", (1, 2, 4, 6)), ("cxcywh", (-0.5, 0, 2.5, 4))],
)
@pytest.mark.parametrize("key", ["bbox", "bounding_box"])
def test_box_format_resolves_a_key_that_leaves_it_open(tmp_path, kind, corners, key):
    (tmp_path / "t.jsonl").write_text(
        json.dumps({"image": "0.jpg", "o": [{"label": "a", key: [1, 2, 3, 4]}]})
    )
    with pytest.raises(DataError, match=r"data\.box_format to xyxy or xywh"):
        read_table(tmp_path / "t.jsonl")
    assert boxes(read_table(tmp_path / "t.jsonl", box_format=kind), "o") == [[("a", *corners)]]


def test_box_format_leaves_alone_a_key_with_its_own_format(tmp_path):
    (tmp_path / "t.jsonl").write_text(
        json.dumps({"image": "0.jpg", "o": [{"label": "a", "xywh": [1, 2, 3, 4]}]})
    )
    assert boxes(read_table(tmp_path / "t.jsonl", box_format="xyxy"), "o") == [[("a", 1, 2, 4, 6)]]
