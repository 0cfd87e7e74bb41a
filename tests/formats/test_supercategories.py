"""Supercategories of COCO: read, kept, written, merged, and listed where a format lacks them."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from faster_coco_eval import COCO
from PIL import Image

from polyhead.config.annotations import SourceConfig
from polyhead.formats import Source, read_table, read_tables
from polyhead.formats.writers import describe, write_table
from polyhead.progress import Reporter
from polyhead.table import (
    category_ids_of,
    groups_of,
    labels_of,
    supercategories_of,
)

QUIET = Reporter(quiet=True)
REAL = [("person", "person"), ("car", "vehicle"), ("dog", "animal"), ("cat", "animal")]


def category(number, name, *group):
    return {"id": number, "name": name, **({"supercategory": group[0]} if group else {})}


def coco(folder, categories, name="objects.json", used=None):
    """A file with an image for each category that is used (all), and one box in it."""
    used = [each["id"] for each in categories] if used is None else used
    for number in range(1, len(used) + 1):
        (folder / "images").mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (64, 48)).save(folder / f"images/{number}.png")
    document = {
        "images": [
            {"id": k, "file_name": f"images/{k}.png", "width": 64, "height": 48}
            for k in range(1, len(used) + 1)
        ],
        "annotations": [
            {"id": k, "image_id": k, "category_id": found, "bbox": [2, 2, 9, 9], "area": 81}
            for k, found in enumerate(used, 1)
        ],
        "categories": categories,
    }
    path = folder / name
    path.write_text(json.dumps(document))
    return path


def real(folder, name="objects.json"):
    return coco(folder, [category(k, *pair) for k, pair in enumerate(REAL, 1)], name)


def convert(source, out, kind):
    def sizes(paths):
        return np.tile(np.array([[48, 64]], np.int32), (len(paths), 1))

    table = source if hasattr(source, "data") else read_table(source)
    return write_table(table, out, kind, sizes, QUIET)


def field_of(table):
    return table.data.schema.field("objects")


def faults(table):
    return {fault.code: fault.message for fault in table.faults}


def test_they_survive_parquet_and_another_loader_finds_the_same_groups(tmp_path):
    first, second = real(tmp_path), tmp_path / "back.json"
    assert convert(first, tmp_path / "o.parquet", "parquet") == []
    assert convert(tmp_path / "o.parquet", second, "coco") == []
    assert (
        json.loads(second.read_text())["categories"] == json.loads(first.read_text())["categories"]
    )
    before, after = COCO(str(first)), COCO(str(second))
    for group in ("person", "vehicle", "animal", "none"):
        expected = before.getCatIds(supNms=[group])
        assert after.getCatIds(supNms=[group]) == expected
    assert after.getCatIds(supNms=["animal"]) == [3, 4]


@pytest.mark.parametrize("said", [(), ("",), ("none",), ("None",), ("dog",), (" Dog ",), ("N/A",)])
def test_what_names_no_group_is_none_and_comes_back_as_written(tmp_path, said):
    path = coco(tmp_path, [category(1, "dog", *said), category(2, "cat", "animal")])
    table = read_table(path)
    assert groups_of(field_of(table)) == {"cat": "animal"}
    assert table.faults == ()
    convert(path, tmp_path / "o.parquet", "parquet")
    convert(tmp_path / "o.parquet", tmp_path / "b.json", "coco")
    back = json.loads((tmp_path / "b.json").read_text())["categories"]
    assert back == [category(1, "dog", *said), category(2, "cat", "animal")]
    losses = convert(path, tmp_path / "yolo", "yolo")
    assert [loss.num for loss in losses if loss.noun == "supercategory"] == [1]


@pytest.mark.parametrize("kind", ["yolo", "voc", "csv"])
def test_formats_without_a_place_for_them_list_them_among_what_is_lost(tmp_path, kind):
    losses = convert(real(tmp_path), tmp_path / ("o.csv" if kind == "csv" else "o"), kind)
    assert "3 supercategories" in describe(losses)  # person is its own, which says nothing
    assert {loss.what: loss.num for loss in losses}["supercategory"] == 3


@pytest.mark.parametrize("kind", ["yolo", "voc", "csv"])
def test_where_there_are_none_none_are_lost(tmp_path, kind):
    path = coco(tmp_path, [category(1, "dog", "none"), category(2, "person", "person")])
    losses = convert(path, tmp_path / ("o.csv" if kind == "csv" else "o"), kind)
    assert "supercategor" not in describe(losses)


def test_nothing_is_written_for_files_without_any(tmp_path):
    path = coco(tmp_path, [category(1, "dog"), category(2, "cat", None)])
    convert(path, tmp_path / "b.json", "coco")
    back = json.loads((tmp_path / "b.json").read_text())["categories"]
    assert back == [category(1, "dog"), category(2, "cat")]
    assert not any("supercat" in key.decode() for key in field_of(read_table(path)).metadata)


@pytest.mark.parametrize("value", [3, ["animal"], {"name": "animal"}, True, "\ud800"])
def test_what_is_no_text_is_not_read_and_noted(tmp_path, value):
    path = coco(tmp_path, [category(1, "dog", value), category(2, "cat", "animal")])
    table = read_table(path)
    assert supercategories_of(field_of(table)) == {"cat": "animal"}
    message = faults(table)["N_SUPERCATEGORY"]
    assert '"dog"' in message
    assert "expected the name of a group" in message


def test_a_number_that_is_none_is_nothing(tmp_path):
    path = coco(tmp_path, [category(1, "dog", float("nan")), category(2, "cat", "animal")])
    table = read_table(path)
    assert (groups_of(field_of(table)), table.faults) == ({"cat": "animal"}, ())


def test_the_group_of_roboflow_stays_the_supercategory_of_the_others(tmp_path):
    first = category(0, "damage", "none")
    others = [category(1, "crack", "damage"), category(2, "dent", "damage")]
    path = coco(tmp_path, [first, *others], used=[1, 2])
    assert groups_of(field_of(read_table(path))) == {"crack": "damage", "dent": "damage"}
    convert(path, tmp_path / "o.parquet", "parquet")
    convert(tmp_path / "o.parquet", tmp_path / "b.json", "coco")
    assert json.loads((tmp_path / "b.json").read_text())["categories"] == others


class TestDifferent:
    def test_ids_of_one_name_in_two_groups(self, tmp_path):
        both = [category(1, "bat", "animal"), category(2, "bat", "sports"), category(3, "dog", "x")]
        table = read_table(coco(tmp_path, both))
        assert groups_of(field_of(table)) == {"dog": "x"}
        assert '"bat" is in "animal" and in "sports"' in faults(table)["W_SUPERCATEGORY"]

    def test_an_id_that_nothing_uses_does_not_count(self, tmp_path):
        both = [category(1, "bat", "animal"), category(2, "bat", "sports")]
        table = read_table(coco(tmp_path, both, used=[2, 2]))
        assert (groups_of(field_of(table)), faults(table)) == ({"bat": "sports"}, {})

    def test_files_that_disagree_are_reported_and_neither_is_picked(self, tmp_path):
        one = real(tmp_path)
        pairs = [("person", ""), ("car", "vehicle"), ("dog", "pet"), ("cat", "animal")]
        two = coco(tmp_path, [category(k, *pair) for k, pair in enumerate(pairs, 1)], "two.json")
        for paths in ((one, two), (two, one)):
            table = read_tables([Source(path) for path in paths])
            assert groups_of(field_of(table)) == {"car": "vehicle", "cat": "animal"}
            assert labels_of(field_of(table)) == ["person", "car", "dog", "cat"]
            message = faults(table)["W_SUPERCATEGORY"]
            for part in ('"dog"', '"animal" (objects.json)', '"pet" (two.json)'):
                assert part in message
            assert "car" not in message

    def test_the_mend_works(self, tmp_path):
        one, two = real(tmp_path), real(tmp_path, "two.json")
        table = read_tables([Source(one), Source(two)])
        assert table.faults == ()
        assert supercategories_of(field_of(table)) == dict(REAL)

    def test_a_file_that_names_no_group_does_not_contradict(self, tmp_path):
        one, names = real(tmp_path), [name for name, _ in REAL]
        for said in ((), ("none",), ("",)):
            bare = [category(k, name, *said) for k, name in enumerate(names, 1)]
            two = coco(tmp_path, bare, "two.json")
            for paths in ((one, two), (two, one)):
                table = read_tables([Source(path) for path in paths])
                groups = {"car": "vehicle", "dog": "animal", "cat": "animal"}
                assert (groups_of(field_of(table)), table.faults) == (groups, ())


def test_labels_only_keeps_those_of_its_labels(tmp_path):
    item = SourceConfig(path=real(tmp_path), labels_only=("dog", "car"))
    table = read_tables([item.source(Source(item.path))])
    assert supercategories_of(field_of(table)) == {"car": "vehicle", "dog": "animal"}
    assert category_ids_of(field_of(table)) == [2, 3]


def test_other_columns_of_parquet_do_not_disturb_them(tmp_path):
    table = read_table(real(tmp_path))
    names = [f"{n}" for n in range(len(table))]
    pq.write_table(table.data.append_column("n", [names]), tmp_path / "o.parquet")
    assert supercategories_of(field_of(read_table(tmp_path / "o.parquet"))) == dict(REAL)
