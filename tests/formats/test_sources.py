"""Several annotation files as one table: what is known, what stays unknown, what contradicts."""

import json
import os

import numpy as np
import pyarrow.parquet as pq
import pytest
from formats.object_tables import LABELS, by_image, found_object, object_table
from hypothesis import given, settings
from hypothesis import strategies as st

from polyhead.errors import ConfigError
from polyhead.formats import Source, read_table, read_tables
from polyhead.table import category_ids_of, labels_of


@pytest.fixture
def write(tmp_path):
    """Writes a file, and an empty image for every name given."""

    def run(name, content, *images):
        for path in (tmp_path / image for image in images):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return run


def coco(labels, boxes_of, ids=None):
    """A document: image name to (label, x) of boxes that are 2 pixels wide and high."""
    ids = dict(zip(labels, ids or range(1, len(labels) + 1), strict=True))
    images = [{"id": n, "file_name": name} for n, name in enumerate(boxes_of, 1)]
    annotations = [
        {"image_id": n, "category_id": ids[label], "bbox": [x, 1, 2, 2], "area": 4, "iscrowd": 0}
        for n, boxes in enumerate(boxes_of.values(), 1)
        for label, x in boxes
    ]
    annotations = [{"id": n, **found} for n, found in enumerate(annotations, 1)]
    categories = [{"id": number, "name": label} for label, number in ids.items()]
    return {"images": images, "annotations": annotations, "categories": categories}


def rows(table, *names):
    return {
        table.image(row): tuple(table.column(name)[row].as_py() for name in names)
        for row in range(len(table))
    }


def objects(table, name="objects"):
    return {
        table.image(row): None if cell is None else [(o["label"], o["x_min"]) for o in cell]
        for row, cell in enumerate(table.column(name).to_pylist())
    }


def codes(table):
    return [(fault.code, fault.row) for fault in table.faults]


class TestRows:
    def test_one_plain_source_is_the_table_itself(self, write):
        path = write("t.csv", "image,a\nx.jpg,1\n./y.jpg,\nx.jpg,2\n", "x.jpg", "y.jpg")
        alone, merged = read_table(path), read_tables([Source(path)])
        assert alone.data.equals(merged.data, check_metadata=True)
        assert alone.faults == merged.faults
        assert (alone.root, alone.source) == (merged.root, merged.source)

    def test_rows_meet_by_file_whatever_they_call_it(self, write, tmp_path):
        write("x", "", "p/a.jpg", "p/b.jpg", "q/c.jpg")
        os.symlink(tmp_path / "p" / "a.jpg", tmp_path / "q" / "link.jpg")
        one = write("one.csv", "image,u\np/a.jpg,1\np/b.jpg,2\n")
        two = write("q/two.csv", "image,v\nlink.jpg,3\nc.jpg,4\n../p/b.jpg,5\n")
        three = write("three.csv", "image,w\nb,6\n")
        table = read_tables([Source(one), Source(two), Source(three, images=tmp_path / "p")])
        assert rows(table, "u", "v", "w") == {
            "p/a.jpg": ("1", "3", None),
            "p/b.jpg": ("2", "5", "6"),
            "q/c.jpg": (None, "4", None),
        }
        assert all(table.path(row).is_file() for row in range(3))
        assert [fault.code for fault in table.faults] == ["N_IMAGE_NAMES"]  # "b" has no suffix

    def test_a_row_is_named_by_every_file_that_knows_it(self, write):
        one = write("one.csv", "image,u\na.jpg,1\nb.jpg,1\n", "a.jpg", "b.jpg")
        two = write("two.jsonl", '{"image": "b.jpg", "v": "1"}\n')
        table = read_tables([Source(one), Source(two)])
        assert table.where(0) == "one.csv:2 a.jpg"
        assert table.where(1) == "one.csv:3 + two.jsonl:1 b.jpg"
        assert table.take([1]).where(0) == table.where(1)

    def test_faults_keep_their_file_and_line_and_find_their_row(self, write):
        one = write("one.csv", "image,u\na.jpg,1\n", "a.jpg", "b.jpg")
        two = write("two.csv", "image,v\nb.jpg,1\nb.jpg,2\n,3\n")
        table = read_tables([Source(one), Source(two)])
        (double,) = [fault for fault in table.faults if fault.code == "E_DUPLICATE_ROW"]
        assert (double.where, table.where(double.row)) == ("two.csv:3 b.jpg", "two.csv:3 b.jpg")
        (nameless,) = [fault for fault in table.faults if fault.code == "E_IMAGE_MISSING_NAME"]
        assert (table.image(nameless.row), len(table)) == ("", 4)

    def test_files_of_one_name_are_kept_apart(self, write):
        one = write("a/t.csv", "image,u\nx.jpg,1\nx.jpg,1\n", "a/x.jpg", "b/y.jpg")
        two = write("b/t.csv", "image,u\ny.jpg,2\n")
        table = read_tables([Source(one), Source(two)])
        assert table.source == "a/t.csv + b/t.csv"
        assert [fault.where for fault in table.faults] == ["a/t.csv:3 x.jpg"]

    @given(
        st.lists(
            st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["1", "2", ""]), min_size=1),
            min_size=2,
            max_size=4,
        )
    )
    @settings(max_examples=40)
    def test_text_is_merged_as_dictionaries_are(self, tmp_path_factory, files):
        folder = tmp_path_factory.mktemp("merge")
        sources = []
        for number, cells in enumerate(files):
            lines = [f"{name}.jpg,{cell},{number}" for name, cell in cells.items()]
            path = folder / f"{number}.csv"
            path.write_text("\n".join([f"image,a,b{number}", *lines, ""]))
            sources.append(Source(path))
        table = read_tables(sources)
        names = list(dict.fromkeys(name for cells in files for name in cells))
        answers = {n: [cells[n] for cells in files if cells.get(n)] for n in names}
        assert rows(table, "a") == {f"{n}.jpg": (a[0] if a else None,) for n, a in answers.items()}
        contradicted = [k for k, name in enumerate(names) if len(set(answers[name])) > 1]
        assert codes(table) == [("E_SOURCES_DISAGREE", row) for row in contradicted]
        for number, cells in enumerate(files):
            told = table.column(f"b{number}").is_valid().to_pylist()
            assert told == [name in cells for name in names]


class TestCells:
    def test_contradictions_name_both_places(self, write):
        one = write("one.csv", "image,day\na.jpg,night\n", "a.jpg")
        two = write("two.csv", "image,day\na.jpg,dusk\n")
        (fault,) = read_tables([Source(one), Source(two)]).faults
        assert str(fault).startswith(
            "E_SOURCES_DISAGREE one.csv:2 + two.csv:2 a.jpg: column \"day\" is 'night' in "
            "one.csv:2 and 'dusk' in two.csv:2;"
        )

    def test_labels_in_another_order_are_the_same(self, write):
        one = write("one.csv", "image,tags\na.jpg,car|bus\n", "a.jpg")
        two = write("two.csv", "image,tags\na.jpg,bus|car\n")
        table = read_tables([Source(one), Source(two)])
        assert (rows(table, "tags"), table.faults) == ({"a.jpg": ("car|bus",)}, ())

    def test_lists_and_text_of_one_column_become_text_that_means_the_same(self, write):
        one = write("one.csv", "image,tags\na.jpg,car|bus\nb.jpg,car\n", "a.jpg", "b.jpg", "c.jpg")
        two = write(
            "two.jsonl",
            '{"image": "c.jpg", "tags": ["a|b"]}\n{"image": "b.jpg", "tags": ["car"]}\n',
        )
        table = read_tables([Source(one), Source(two)])
        assert rows(table, "tags") == {
            "a.jpg": ("car|bus",),
            "b.jpg": ("car",),
            "c.jpg": ('["a|b"]',),
        }
        assert table.faults == ()

    def test_other_kinds_of_cells_are_refused(self, write):
        one = write("one.json", coco(["car"], {"a.jpg": []}), "a.jpg")
        two = write("two.csv", "image,objects\na.jpg,3\n")
        with pytest.raises(ConfigError, match=r"objects in one\.json and text in two\.csv"):
            read_tables([Source(one), Source(two)])
        table = read_tables([Source(one, columns=("image_id",)), Source(two)])
        assert table.columns == ["image_id", "objects"]

    def test_columns_that_do_not_exist_name_the_nearest(self, write):
        one = write("one.csv", "image,daytime,tags\na.jpg,3,x\n", "a.jpg")
        with pytest.raises(ConfigError, match="daytime"):
            read_tables([Source(one, columns=("daytim",))])
        assert read_tables([Source(one, columns=("t*",))]).columns == ["tags"]


class TestObjects:
    def test_files_of_different_labels_say_nothing_on_those_of_others(self, write):
        one = write("one.json", coco(["car"], {"a.jpg": [("car", 1)], "b.jpg": []}), "a.jpg")
        two = write("two.json", coco(["bus", "dog"], {"a.jpg": [("bus", 5)], "c.jpg": []}))
        table = read_tables([Source(one), Source(two)])
        assert objects(table) == {"a.jpg": [("car", 1), ("bus", 5)], "b.jpg": [], "c.jpg": []}
        assert rows(table, "objects:labels") == {
            "a.jpg": (["car", "bus", "dog"],),
            "b.jpg": (["car"],),
            "c.jpg": (["bus", "dog"],),
        }
        field = table.data.schema.field("objects")
        assert (labels_of(field), category_ids_of(field)) == (["car", "bus", "dog"], [1, 2, 3])
        found = [code for code, _ in codes(table)]
        assert found.count("N_LABELS_APART") == 2
        assert {"N_CATEGORY_IDS", "N_IMAGE_IDS"} <= set(found)
        assert "image_id" not in table.columns

    def test_ids_that_fit_together_stay(self, write):
        one = write("one.json", coco(["car", "bus"], {"a.jpg": []}, [3, 8]), "a.jpg")
        two = write("two.json", coco(["bus", "dog"], {"a.jpg": []}, [8, 90]))
        table = read_tables([Source(one), Source(two)])
        assert category_ids_of(table.data.schema.field("objects")) == [3, 8, 90]
        assert rows(table, "image_id") == {"a.jpg": ("1",)}

    def test_unknown_and_none_differ(self, write):
        one = write("one.csv", "image,n\na.jpg,1\nb.jpg,2\n", "a.jpg", "b.jpg")
        two = write("two.json", coco(["car"], {"b.jpg": []}))
        table = read_tables([Source(one), Source(two)])
        assert objects(table) == {"a.jpg": None, "b.jpg": []}
        assert "objects:labels" not in table.data.column_names

    def test_the_same_object_counts_once_and_others_are_warned_of(self, write):
        one = write("one.json", coco(["car"], {"a.jpg": [("car", 1), ("car", 9)]}), "a.jpg")
        two = write("two.json", coco(["car"], {"a.jpg": [("car", 1)]}))
        table = read_tables([Source(one), Source(two)])
        assert objects(table) == {"a.jpg": [("car", 1), ("car", 9)]}
        assert [code for code, _ in codes(table)] == ["W_OBJECTS_DIFFER"]

    def test_pixels_and_fractions_do_not_mix(self, write):
        write("y/labels/a.txt", "0 .5 .5 .1 .1\n", "y/images/a.jpg")
        one = write("one.json", coco(["car"], {"y/images/a.jpg": []}))
        with pytest.raises(ConfigError, match="polyhead convert") as caught:
            read_tables([Source(one), Source(one.parent / "y")])
        assert caught.value.code == "E_UNITS"

    @given(data=st.data())
    @settings(max_examples=30)
    def test_parts_of_one_truth_make_it_whole(self, tmp_path_factory, data):
        """Each file tells all objects of some labels in some images: nothing else is known."""
        folder = tmp_path_factory.mktemp("parts")
        truth = data.draw(
            st.lists(st.lists(found_object(False), max_size=3), min_size=3, max_size=3)
        )
        told, sources = np.zeros((3, len(LABELS)), bool), []
        for number in range(3):
            labels = data.draw(st.lists(st.sampled_from(LABELS), min_size=1, unique=True))
            known = data.draw(st.lists(st.booleans(), min_size=3, max_size=3).filter(any))
            cells = [cell if k else None for cell, k in zip(truth, known, strict=True)]
            pq.write_table(object_table(folder, cells).data, folder / f"{number}.parquet")
            sources.append(Source(folder / f"{number}.parquet", labels_only=tuple(labels)))
            told |= np.outer(known, [label in labels for label in LABELS])
        table = read_tables(sources)
        found = by_image(table)
        sibling = table.column("objects:labels").to_pylist()
        for number, cell in enumerate(table.column("objects").to_pylist()):
            row = found[(folder / f"p/{number}.jpg").resolve()]
            assert row == number
            names = {label for label, known in zip(LABELS, told[number], strict=True) if known}
            assert (cell is None) == (not names)
            assert set(sibling[number] or ()) == names
            expected = {str(o) for o in truth[number] if o["label"] in names}
            assert {str(o) for o in cell or ()} == expected


class TestLabelsOnly:
    def test_multi_hot_columns_of_other_labels_become_unknown(self, write):
        path = write("t.csv", "image,tag:car,tag:bus,n,day\na.jpg,1,0,3,x\nb.jpg,,1,1,y\n", "a.jpg")
        table = read_tables([Source(path, labels_only=("car",))])
        assert rows(table, "tag:car", "tag:bus", "n", "day") == {
            "a.jpg": ("1", None, "3", "x"),
            "b.jpg": (None, None, "1", "y"),
        }
        assert "tag:car:labels" not in table.data.column_names

    def test_delimited_and_list_columns_say_what_was_looked_for(self, write):
        one = write("one.csv", "image,tags,day\na.jpg,car|bus,x\nb.jpg,[],\nc.jpg,,\n", "a.jpg")
        table = read_tables([Source(one, labels_only=("car",))])
        assert rows(table, "tags", "tags:labels") == {
            "a.jpg": ("car|bus", ["car"]),
            "b.jpg": ("[]", ["car"]),
            "c.jpg": (None, None),
        }
        assert "day:labels" not in table.data.column_names

    def test_labels_of_two_files_are_united(self, write):
        one = write("one.csv", "image,tags\na.jpg,car|bus\nb.jpg,[]\n", "a.jpg", "b.jpg")
        two = write("two.csv", "image,tags\na.jpg,dog\nb.jpg,dog\n")
        table = read_tables([Source(one, labels_only=("car",)), Source(two, labels_only=("dog",))])
        assert rows(table, "tags", "tags:labels") == {
            "a.jpg": ('["car", "dog"]', ["car", "dog"]),
            "b.jpg": ('["dog"]', ["car", "dog"]),
        }
        assert table.faults == ()

    def test_files_must_agree_on_labels_that_both_were_made_for(self, write):
        one = write("one.csv", "image,tags\na.jpg,car|bus\n", "a.jpg")
        two = write("two.csv", "image,tags\na.jpg,dog\n")
        sources = [Source(one), Source(two, labels_only=("dog",))]
        assert codes(read_tables(sources)) == [("E_SOURCES_DISAGREE", 0)]

    def test_objects_of_other_labels_are_left_out(self, write):
        boxes = {"a.jpg": [("car", 1), ("bus", 2)], "b.jpg": [("bus", 3)]}
        path = write("one.json", coco(["bus", "car"], boxes, [5, 6]), "a.jpg")
        table = read_tables([Source(path, labels_only=("car",))])
        assert objects(table) == {"a.jpg": [("car", 1)], "b.jpg": []}
        field = table.data.schema.field("objects")
        assert (labels_of(field), category_ids_of(field)) == (["car"], [6])
        assert rows(table, "objects:labels") == {"a.jpg": (["car"],), "b.jpg": (["car"],)}

    def test_a_label_that_no_file_has_names_the_nearest(self, write):
        one = write("one.json", coco(["car"], {"a.jpg": []}), "a.jpg")
        two = write("two.csv", "image,tags\na.jpg,person\n")
        sources = [Source(one, labels_only=("car", "persn", "person")), Source(two)]
        (fault,) = [f for f in read_tables(sources).faults if f.code == "E_LABEL_UNKNOWN"]
        assert (fault.where, '"person"' in fault.message) == ("one.json", True)


def test_lists_that_are_all_empty_say_none_of_what_another_file_lists(tmp_path, write):
    nothing = "".join(f'{{"image": "{name}.jpg", "objects": {cell}}}\n' for name, cell in EMPTY)
    found = coco(["car", "dog"], {"a.jpg": [("car", 1)], "b.jpg": [("dog", 2)]})
    paths = [write("none.jsonl", nothing, *(f"{n}.jpg" for n in "abcd")), write("o.json", found)]
    for order in (paths, paths[::-1]):
        table = read_tables([Source(path) for path in order])
        assert objects(table) == {"a.jpg": [("car", 1)], "b.jpg": [("dog", 2)], **NONE}
        assert labels_of(table.data.schema.field("objects")) == ["car", "dog"]
        assert "objects:labels" not in table.data.column_names


EMPTY = (("c", "[]"), ("d", "null"))
NONE = {"c.jpg": [], "d.jpg": None}
