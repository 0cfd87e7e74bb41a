"""JSON files in the layouts that tools and people write: lists, wrappers, tables of pandas."""

import json

import pytest

from polyhead.errors import DataError
from polyhead.formats import read_table

SIDES = ("x_min", "y_min", "x_max", "y_max")
ROWS = [{"image": "a.jpg", "label": "cat", "n": 1}, {"image": "b.jpg", "label": "dog", "n": 2}]


def read(folder, content, name="t.json"):
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_table(path)


def cells(table, *names):
    return [table.column(name).to_pylist() for name in names]


def boxes(table, name):
    return [
        None if cell is None else [(o["label"], *(o[side] for side in SIDES)) for o in cell]
        for cell in table.column(name).to_pylist()
    ]


def codes(table):
    return [fault.code for fault in table.faults]


def refused(folder, content, name="t.json"):
    with pytest.raises(DataError) as caught:
        read(folder, content, name)
    return caught.value.faults[0]


LAYOUTS = {
    "a list": ROWS,
    "data": {"data": ROWS, "version": 1},
    "images": {"images": ROWS, "info": {"year": 2020}},
    "frames": {"frames": ROWS, "config": None},
    "by image": {row["image"]: {"label": row["label"], "n": row["n"]} for row in ROWS},
    "by number": {"0": ROWS[0], "1": ROWS[1]},
    "lines": "\n".join(map(json.dumps, ROWS)),
    "spread objects": "\n".join(json.dumps(row, indent=2) for row in ROWS),
    # As DataFrame.to_json writes it for each `orient`.
    "pandas columns": {
        "image": {"0": "a.jpg", "1": "b.jpg"},
        "label": {"0": "cat", "1": "dog"},
        "n": {"0": 1, "1": 2},
    },
    "pandas list": {"image": ["a.jpg", "b.jpg"], "label": ["cat", "dog"], "n": [1, 2]},
    "pandas split": {
        "columns": ["image", "label", "n"],
        "index": [0, 1],
        "data": [["a.jpg", "cat", 1], ["b.jpg", "dog", 2]],
    },
    "pandas table": {
        "schema": {"fields": [{"name": "image", "type": "string"}], "primaryKey": ["index"]},
        "data": [{"index": k, **row} for k, row in enumerate(ROWS)],
    },
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_rows_are_found_in_every_layout(tmp_path, layout):
    is_spread = layout == LAYOUTS["spread objects"]
    table = read(tmp_path, layout, "t.jsonl" if is_spread else "t.json")
    assert table.data.column("image").to_pylist() == ["a.jpg", "b.jpg"]
    assert cells(table, "label", "n") == [["cat", "dog"], ["1", "2"]]
    assert ("N_JSON_ROWS" in codes(table)) == isinstance(layout, dict)


def test_a_layout_inside_an_object_is_reported_with_what_is_not_read(tmp_path):
    (note,) = read(tmp_path, LAYOUTS["data"]).faults
    assert note.code == "N_JSON_ROWS"
    assert '2 rows were read: the list "data"' in note.message
    assert "version" in note.message


def test_values_by_the_names_of_images(tmp_path):
    assert cells(read(tmp_path, {"a.jpg": "cat", "b.jpg": "dog"}), "label") == [["cat", "dog"]]
    assert cells(read(tmp_path, {"a.jpg": ["x", "y"], "b.jpg": []}), "labels") == [[["x", "y"], []]]
    found = read(tmp_path, {"a.jpg": [{"label": "car", "xyxy": [1, 2, 3, 4]}], "b.jpg": []})
    assert boxes(found, "objects") == [[("car", 1, 2, 3, 4)], []]


def test_one_object_is_one_row(tmp_path):
    assert cells(read(tmp_path, {"image": "a.jpg", "label": "cat"}), "label") == [["cat"]]


def test_a_list_in_a_file_named_jsonl_is_read_too(tmp_path):
    assert cells(read(tmp_path, ROWS, "t.jsonl"), "label") == [["cat", "dog"]]


def test_lines_of_a_list_are_reported_and_items_counted_where_they_share_one(tmp_path):
    spread = json.dumps(ROWS, indent=1)
    assert read(tmp_path, spread).lines.tolist() == [2, 7]
    assert read(tmp_path, ROWS).lines.tolist() == [1, 2]


def test_numbers_keep_their_characters_in_lists(tmp_path):
    table = read(tmp_path, '[{"image": "a.jpg", "code": 1.50, "d": "012"}]')
    assert cells(table, "code", "d") == [["1.50"], ["012"]]


def test_objects_inside_objects_become_columns(tmp_path):
    rows = [
        {"image": "a.jpg", "attributes": {"weather": "clear", "light": {"sun": True}}},
        {"image": "b.jpg", "attributes": {"weather": None}},
        {"image": "c.jpg"},
    ]
    table = read(tmp_path, rows)
    assert table.columns == ["attributes.weather", "attributes.light.sun"]
    assert cells(table, *table.columns) == [["clear", None, None], ["true", None, None]]


def test_labels_of_bdd_become_boxes_and_what_has_no_box_is_reported(tmp_path):
    lane = {"category": "lane", "poly2d": [{"vertices": [[0, 1], [2, 3]]}]}
    car = {
        "category": "car",
        "attributes": {"occluded": False},
        "box2d": {"x1": 1.5, "y1": 2, "x2": 30, "y2": 40},
    }
    rows = [
        {"name": "a.jpg", "labels": [car, lane], "timestamp": 1},
        {"name": "b.jpg", "labels": [lane]},
        {"name": "c.jpg", "labels": []},
        {"name": "d.jpg", "labels": None},
    ]
    table = read(tmp_path, rows)
    assert boxes(table, "labels") == [[("car", 1.5, 2, 30, 40)], [], [], None]
    notes = {fault.code: fault.message for fault in table.faults}
    assert "lane (2)" in notes["N_NO_BOX"]
    assert "attributes" in notes["N_OBJECT_KEYS"]
    rows[1]["labels"] = [{"category": "car", "poly2d": []}]
    warning = next(f for f in read(tmp_path, rows).faults if f.code == "W_NO_BOX")
    assert "car (1)" in warning.message


@pytest.mark.parametrize(
    "item",
    [
        {"category": "car", "bbox": {"xmin": 1, "ymin": 2, "xmax": 4, "ymax": 8}},
        {"label": "car", "box": {"left": 1, "top": 2, "width": 3, "height": 6}},
        {"label": "car", "left": 1, "top": 2, "width": 3, "height": 6},
        {"label": "car", "x": 1, "y": 2, "width": 3, "height": 6},
        {"label": "car", "x": "1", "y": "2", "w": "3", "h": "6"},
        {"label": "car", "coordinates": {"x": 2.5, "y": 5, "width": 3, "height": 6}},
        {"label": "car", "cx": 2.5, "cy": 5, "w": 3, "h": 6},
        {"category": {"id": 7, "name": "car"}, "box": [1, 2, 4, 8]},
        {"class_name": "car", "bbox_xywh": [1, 2, 3, 6]},
    ],
)
def test_boxes_in_the_spellings_of_tools(tmp_path, item):
    rows = [{"image": "a.jpg", "things": [item]}, {"image": "b.jpg", "things": []}]
    assert boxes(read(tmp_path, rows), "things") == [[("car", 1, 2, 4, 8)], []]


def test_a_bare_bbox_is_asked_for_and_either_answer_is_read(tmp_path):
    def rows(key):
        return [{"image": "a.jpg", "o": [{"label": "car", key: [1, 2, 3, 6]}]}]

    fault = refused(tmp_path, rows("bbox"))
    assert fault.code == "E_OBJECTS"
    assert '"xyxy"' in fault.message
    assert '"xywh"' in fault.message
    assert boxes(read(tmp_path, rows("xyxy")), "o") == [[("car", 1, 2, 3, 6)]]
    assert boxes(read(tmp_path, rows("xywh")), "o") == [[("car", 1, 2, 4, 8)]]


def test_objects_that_say_only_their_label_are_labels(tmp_path):
    rows = [
        {"image": "a.jpg", "tags": [{"name": "car", "id": 3}, {"name": "bus", "id": 4}]},
        {"image": "b.jpg", "tags": []},
    ]
    assert cells(read(tmp_path, rows), "tags") == [[["car", "bus"], []]]


@pytest.mark.parametrize(
    ("content", "code", "where", "words"),
    [
        ("[1, 2]", "E_NOT_TABLE", "t.json:1", "list of objects"),
        ("[]", "E_EMPTY_TABLE", "t.json", "empty"),
        ('[{"image": "a.jpg"}, 3]', "E_NOT_TABLE", "t.json:2", "'3'"),
        ('[{"image": "a.jpg"}', "E_JSON", "t.json:1", "not closed"),
        ('[{"image": "a.jpg"}] x', "E_JSON", "t.json:1", "follows"),
        ('[{"image": "a.jpg"} {"image": "b.jpg"}]', "E_JSON", "t.json:1", "comma"),
        ('[{"image": "a.jpg",\n "image": "b.jpg"}]', "E_JSON", "t.json:1", "occurs twice"),
        ('[{"image": "a.jpg"},\n{"image": "b.jpg"', "E_JSON", "t.json:2", "mend"),
        ('[{"image": "a.jpg", "a": {"b": 1}, "a.b": 2}]', "E_CELL", "t.json:1", '"a.b"'),
        ('[{"image_id": 1, "score": 0.5, "category_id": 2}]', "E_COCO", "t.json", "detection"),
        ({"version": 1, "kind": "x"}, "E_COCO", "t.json", "its keys: version, kind"),
        ({"a": ROWS, "b": ROWS}, "E_COCO", "t.json", "its keys: a, b"),
        ({"images": [{"file_name": "a.jpg", "id": 1}]}, "E_COCO", "t.json", "categories"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(tmp_path, content, code, where, words):
    fault = refused(tmp_path, content)
    assert (fault.code, fault.where) == (code, where)
    assert words in fault.message


def test_objects_with_keys_of_their_own_each_are_refused_and_a_list_is_read(tmp_path):
    rows = [{"image": f"{k}.jpg", "tags": {f"key{k}": 1}} for k in range(2100)]
    fault = refused(tmp_path, rows)
    assert (fault.code, "as a list" in fault.message) == ("E_CELL", True)
    rows = [{"image": f"{k}.jpg", "tags": [f"key{k}"]} for k in range(2100)]
    assert cells(read(tmp_path, rows), "tags")[0][7] == ["key7"]


def test_coco_is_read_as_coco(tmp_path):
    document = {
        "images": [{"id": 1, "file_name": "a.jpg"}],
        "annotations": [{"image_id": 1, "category_id": 2, "bbox": [1, 2, 3, 6]}],
        "categories": [{"id": 2, "name": "car"}],
    }
    assert boxes(read(tmp_path, document), "objects") == [[("car", 1, 2, 4, 8)]]
