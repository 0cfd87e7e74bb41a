"""What `init` makes of exports whose cells and files are JSON."""

import csv
import json

from polyhead.config_guess import propose

REGION = {
    "x": 12.5,
    "y": 25.0,
    "width": 50.0,
    "height": 31.25,
    "rotation": 0,
    "rectanglelabels": ["dent"],
    "original_width": 80,
    "original_height": 64,
}


def tasks(path):
    return {d.task: (d.type, d.labels) for d in propose(None, [path]).decisions if d.task}


def export(number):
    return {
        "id": number,
        "image": f"/data/upload/4/{number:08x}-photo.png",
        "damage": {"choices": ["dent", "crack"]} if number % 2 else "crack",
        "weather": "sun" if number % 3 else "rain",
        "label": [REGION],
        "annotator": 1 + number % 2,
        "annotation_id": number,
        "created_at": "2024-03-01T10:00:00.000000Z",
        "lead_time": 1.5 * (number % 7),
    }


EXPECTED = {
    "damage": ("tags", ("crack", "dent")),
    "weather": ("class", ("rain", "sun")),
    "labels": ("boxes", ("dent",)),
}


def test_label_studio_is_tags_a_class_and_boxes_and_no_head_of_its_books(tmp_path):
    rows = [export(number) for number in range(24)]
    (tmp_path / "min.json").write_text(json.dumps(rows))
    assert tasks(tmp_path / "min.json") == EXPECTED
    with (tmp_path / "t.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        for row in rows:
            nested = {k: json.dumps(v) for k, v in row.items() if isinstance(v, list | dict)}
            writer.writerow({**row, **nested})
    assert tasks(tmp_path / "t.csv") == EXPECTED


def test_a_json_list_of_bdd_is_classes_and_boxes(tmp_path):
    car = {"category": "car", "box2d": {"x1": 1, "y1": 2, "x2": 30, "y2": 40}}
    lane = {"category": "lane", "poly2d": [{"vertices": [[0, 1]]}]}
    rows = [
        {
            "name": f"{number}.jpg",
            "attributes": {"weather": ("clear", "rainy", "foggy")[number % 3]},
            "timestamp": 10000,
            "labels": [car, lane],
        }
        for number in range(24)
    ]
    (tmp_path / "labels.json").write_text(json.dumps(rows))
    assert tasks(tmp_path / "labels.json") == {
        "attributes_weather": ("class", ("clear", "foggy", "rainy")),
        "labels": ("boxes", ("car",)),
    }


def test_printed_lists_are_tags_without_a_delimiter(tmp_path):
    cells = ["['a', 'b, c']", "{'a'}", "('b, c', 'd')", "['a' 'd']"]
    lines = "".join(f'{k}.jpg,"{cells[k % 4]}"\n' for k in range(24))
    (tmp_path / "t.csv").write_text(f"image,tags\n{lines}")
    (decision,) = [d for d in propose(None, [tmp_path / "t.csv"]).decisions if d.task]
    assert (decision.type, decision.labels) == ("tags", ("a", "b, c", "d"))
    assert "delimiter" not in decision.keys
