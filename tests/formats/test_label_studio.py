"""Label Studio's exports: JSON, JSON-MIN and CSV of one project say the same."""

import csv
import io
import json
import math

import pytest

from polyhead.formats import read_table

SIDES = ("x_min", "y_min", "x_max", "y_max")
SIZE = {"original_width": 80, "original_height": 64}
RECTANGLE = {"x": 12.5, "y": 25.0, "width": 50.0, "height": 31.25, "rotation": 0}
CAR = {**RECTANGLE, "rectanglelabels": ["car"]}
PIXELS = ("car", 10, 16, 50, 36)


def boxes(table, name="label"):
    return [
        None if c is None else [(o["label"], *(round(o[s], 6) for s in SIDES)) for o in c]
        for c in table.column(name).to_pylist()
    ]


def cells(table, name):
    return table.column(name).to_pylist()


def result(kind, name, value, **more):
    size = SIZE if "x" in value or "points" in value else {}
    return {"type": kind, "from_name": name, "to_name": "image", "value": value, **size, **more}


def task(number, *results, **more):
    annotation = {"id": number, "completed_by": 1, "result": list(results), **more}
    return {"id": number, "annotations": [annotation], "data": {"image": f"{number}.png"}}


def read(folder, tasks, name="project.json"):
    (folder / name).write_text(tasks if isinstance(tasks, str) else json.dumps(tasks))
    return read_table(folder / name)


def as_csv(*rows):
    """Rows of a CSV export, whose values that are no text are written as JSON."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(dict.fromkeys(k for row in rows for k in row)))
    writer.writeheader()
    for row in rows:
        plain = {k: v if isinstance(v, str | int) else json.dumps(v) for k, v in row.items()}
        writer.writerow(plain)
    return text.getvalue()


ROWS = (
    {"image": "1.png", "damage": {"choices": ["dent", "hole, big"]}, "weather": "sun"},
    {"image": "2.png", "damage": "hole, big", "weather": "rain", "label": [{**CAR, **SIZE}]},
    {"image": "3.png", "damage": {"choices": []}, "weather": "rain", "label": []},
    {"image": "4.png", "weather": "sun"},
)


@pytest.mark.parametrize("kind", ["csv", "min"])
def test_csv_and_json_min_hold_tags_a_class_and_boxes(tmp_path, kind):
    table = read(tmp_path, as_csv(*ROWS), "p.csv") if kind == "csv" else read(tmp_path, list(ROWS))
    assert cells(table, "damage") == [["dent", "hole, big"], ["hole, big"], [], None]
    assert cells(table, "weather") == ["sun", "rain", "rain", "sun"]
    assert boxes(table) == [None, [PIXELS], [], None]
    assert table.annotated_sizes.tolist() == [[0, 0], [64, 80], [0, 0], [0, 0]]
    (note,) = table.faults
    assert (note.code, "1 regions in per cent" in note.message) == ("N_REGIONS", True)


def test_json_holds_a_column_a_control(tmp_path):
    tasks = [
        task(
            1,
            result("rectanglelabels", "label", CAR),
            result("choices", "damage", {"choices": ["dent", "hole"]}),
            result("choices", "weather", {"choices": ["sun"]}),
            result("number", "people", {"number": 3}),
            result("rating", "stars", {"rating": 4}),
            result("textarea", "note", {"text": ["two", "lines"]}),
            result("taxonomy", "kind", {"taxonomy": [["a"], ["a", "b"]]}),
        ),
        task(2, result("choices", "damage", {"choices": ["hole"]})),
        task(3, was_cancelled=True),
        {"id": 4, "annotations": [], "data": {"image": "4.png", "patient": "p7"}},
    ]
    table = read(tmp_path, tasks)
    assert cells(table, "image") == ["1.png", "2.png", "3.png", "4.png"]
    assert boxes(table) == [[PIXELS], [], None, None]
    assert cells(table, "damage") == [["dent", "hole"], ["hole"], None, None]
    assert cells(table, "weather") == ["sun", None, None, None]
    assert cells(table, "people") == ["3", None, None, None]
    assert cells(table, "stars") == ["4", None, None, None]
    assert cells(table, "note") == ["two lines", None, None, None]
    assert cells(table, "kind") == [["a", "a / b"], None, None, None]
    assert cells(table, "patient") == [None, None, None, "p7"]


def test_a_rotated_rectangle_takes_the_box_around_its_turned_corners(tmp_path):
    turned = {**CAR, "rotation": 30}
    table = read(tmp_path, [task(1, result("rectanglelabels", "label", turned))])
    # The corners (0, 0), (40, 0), (0, 20), (40, 20) about (10, 16), y downwards, clockwise.
    corners = [(a, b) for a in (0, 40) for b in (0, 20)]
    cos, sin = math.cos(math.pi / 6), math.sin(math.pi / 6)
    xs = [10 + a * cos - b * sin for a, b in corners]
    ys = [16 + a * sin + b * cos for a, b in corners]
    expected = ("car", *(round(side, 6) for side in (min(xs), min(ys), max(xs), max(ys))))
    assert boxes(table) == [[expected]]
    assert "1 of them are rotated" in table.faults[0].message


def test_polygons_keep_their_outline_and_brushes_are_named_as_not_read(tmp_path):
    points = [[10, 25], [50, 25], [50, 75]]
    polygon = result("polygonlabels", "shape", {"points": points, "polygonlabels": ["pond"]})
    brush = {"format": "rle", "rle": [0, 1], "brushlabels": ["road"]}
    table = read(tmp_path, [task(1, polygon, result("brushlabels", "paint", brush))])
    assert boxes(table, "shape") == [[("pond", 8, 16, 40, 48)]]
    (found,) = table.column("shape").to_pylist()[0]
    assert json.loads(found["segmentation"]) == [[8, 16, 40, 16, 40, 48]]
    assert cells(table, "paint") == [[]]
    assert any("not read and left out: brushlabels (1)" in f.message for f in table.faults)


def test_answers_on_single_regions_are_no_tags_of_the_image(tmp_path):
    region = result("rectanglelabels", "label", CAR, id="r1")
    answer = result("choices", "occluded", {**RECTANGLE, "choices": ["yes"]}, id="r1")
    table = read(tmp_path, [task(1, region, answer)])
    assert "occluded" not in table.columns
    assert any("choices of single regions (1)" in f.message for f in table.faults)


def test_several_annotators_who_differ_are_reported_and_ground_truth_counts(tmp_path):
    def tasks(**more):
        found = task(1, result("choices", "kind", {"choices": ["a"]}), **more)
        other = task(2, result("choices", "kind", {"choices": ["b"]}))
        found["annotations"] += other["annotations"]
        return [found, other]

    table = read(tmp_path, tasks())
    assert cells(table, "kind") == ["b", "b"]
    assert [f.code for f in table.faults] == ["W_ANNOTATORS"]
    table = read(tmp_path, tasks(ground_truth=True))
    assert (cells(table, "kind"), table.faults) == (["a", "b"], ())


def test_a_region_without_the_size_of_its_image_is_refused_until_it_has_one(tmp_path):
    rows = [{"image": "1.png", "label": [CAR]}, {"image": "2.png", "label": []}]
    path = tmp_path / "p.csv"
    path.write_text(as_csv(*rows))
    (fault, *_) = [f for f in read_table(path).faults if f.is_error]
    assert (fault.code, fault.row) == ("E_CELL_STRUCTURE", 0)
    assert "original_width and original_height" in fault.message
    path.write_text(as_csv({**rows[0], "label": [{**CAR, **SIZE}]}, rows[1]))
    assert boxes(read_table(path)) == [[PIXELS], []]
