"""YOLO folders in the layouts that people have."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyhead.errors import DataError
from polyhead.formats import read_table
from polyhead.table import labels_of, units_of

SIDES = ("x_min", "y_min", "x_max", "y_max")
LINE = "0 0.5 0.5 0.2 0.4\n"
BOX = ("car", 0.4, 0.3, 0.6, 0.7)


def fill(folder, **texts):
    """Files by name: `a__b_txt` is `a/b.txt`."""
    for keyword, text in texts.items():
        put(folder, keyword.replace("__", "/").replace("_", "."), text)
    return folder


def put(folder, name, text: bytes | str = "x"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def boxes(table) -> dict:
    cells = table.column("objects").to_pylist()
    return {
        table.image(row): None
        if cell is None
        else [(o["label"], *(round(o[side], 9) for side in SIDES)) for o in cell]
        for row, cell in enumerate(cells)
    }


def codes(table):
    return [(fault.code, fault.row) for fault in table.faults]


def test_parallel_folders_with_data_yaml(tmp_path):
    fill(tmp_path, images__train__a_jpg="x", images__val__b_png="x", images__test__c_jpg="x")
    fill(tmp_path, labels__train__a_txt=LINE, labels__val__b_txt="\n")
    put(
        tmp_path,
        "data.yaml",
        "path: /somewhere/else\ntrain: images/train\nval: ../images/val\nnames: [car, no, 012]\n",
    )
    table = read_table(tmp_path)
    assert boxes(table) == {
        "images/test/c.jpg": None,
        "images/train/a.jpg": [BOX],
        "images/val/b.png": [],
    }
    assert table.column("split").to_pylist() == [None, "train", "val"]
    field = table.data.schema.field("objects")
    assert (labels_of(field), units_of(field)) == (["car", "no", "012"], "fraction")
    assert codes(table) == [("N_NO_ANNOTATION", None)]
    assert table.path(0).is_file()


@pytest.mark.parametrize("names", ["{0: car, 1: bus}", "\n  1: bus\n  0: car", "['car', bus]"])
def test_names_as_list_or_mapping(tmp_path, names):
    fill(tmp_path, train__images__a_jpg="x", train__labels__a_txt=LINE, valid__images__b_jpg="x")
    put(tmp_path, "valid/labels/b.txt", "1 .5 .5 1 1")
    put(tmp_path, "data.yaml", f"train: ../train/images\nval: ../valid/images\nnames: {names}\n")
    table = read_table(tmp_path)
    assert boxes(table)["valid/images/b.jpg"] == [("bus", 0.0, 0.0, 1.0, 1.0)]
    assert table.column("split").to_pylist() == ["train", "val"]
    assert table.faults == ()


@pytest.mark.parametrize("file", ["classes.txt", "obj.names", "labels/classes.txt"])
def test_lists_of_classes(tmp_path, file):
    fill(tmp_path, images__a_jpg="x", labels__a_txt=LINE)
    put(tmp_path, file, "car\nbus\n\n")
    table = read_table(tmp_path)
    assert boxes(table) == {"images/a.jpg": [BOX]}
    assert labels_of(table.data.schema.field("objects")) == ["car", "bus"]
    assert table.columns == ["objects"]
    assert table.faults == ()


def test_labels_beside_images(tmp_path):
    fill(tmp_path, a_jpg="x", a_txt=LINE, b_jpg="x", obj_names="car\n")
    table = read_table(tmp_path)
    assert boxes(table) == {"a.jpg": [BOX], "b.jpg": []}
    assert codes(table) == [("W_NO_LABEL_FILE", None)]
    assert "b.jpg" in table.faults[0].message


def test_the_labels_folder_alone_and_images_elsewhere(tmp_path):
    fill(tmp_path, images__t__a_jpg="x", labels__t__a_txt=LINE, data_yaml="names: [car]\n")
    beside = read_table(tmp_path / "labels")
    assert boxes(beside) == {"t/a.jpg": [BOX]}
    assert beside.path(0).is_file()
    elsewhere = tmp_path / "far"
    put(elsewhere, "t/a.webp")
    table = read_table(tmp_path / "labels", images=elsewhere)
    assert boxes(table) == {"t/a.webp": [BOX]}
    assert table.root == elsewhere


def test_a_missing_file_means_no_objects_only_where_its_folder_has_labels(tmp_path):
    fill(tmp_path, images__a_jpg="x", images__b_jpg="x", images__new__c_jpg="x")
    fill(tmp_path, labels__a_txt=LINE, labels__z_txt=LINE, classes_txt="car\n")
    table = read_table(tmp_path)
    assert boxes(table) == {"images/a.jpg": [BOX], "images/b.jpg": [], "images/new/c.jpg": None}
    assert codes(table) == [
        ("W_NO_LABEL_FILE", None),
        ("N_NO_ANNOTATION", None),
        ("W_NO_PICTURE", None),
    ]
    assert table.faults[0].message.startswith("1 images")


def test_without_names_classes_are_called_by_their_numbers(tmp_path):
    fill(tmp_path, images__a_jpg="x", labels__a_txt="7 .5 .5 1 1\n2 .5 .5 1 1\n")
    table = read_table(tmp_path)
    assert [found[0] for found in boxes(table)["images/a.jpg"]] == ["7", "2"]
    assert labels_of(table.data.schema.field("objects")) == ["2", "7"]
    assert codes(table) == [("N_CLASS_NAMES", None)]


def test_an_outline_gives_its_box_and_stays(tmp_path):
    fill(tmp_path, images__a_jpg="x", labels__a_txt="0 .1 .2 .5 .2 .5 .75\n", classes_txt="car\n")
    table = read_table(tmp_path)
    assert boxes(table) == {"images/a.jpg": [("car", 0.1, 0.2, 0.5, 0.75)]}
    outline = table.column("objects")[0].as_py()[0]["segmentation"]
    assert json.loads(outline) == [[0.1, 0.2, 0.5, 0.2, 0.5, 0.75]]


FRACTION = st.floats(0, 1, allow_nan=False)


@settings(max_examples=30, deadline=None)
@given(images=st.lists(st.lists(st.tuples(st.integers(0, 2), *[FRACTION] * 4)), min_size=1))
def test_boxes_come_back_as_written(tmp_path_factory, images):
    folder = tmp_path_factory.mktemp("yolo")
    put(folder, "classes.txt", "a\nb\nc\n")
    for number, objects in enumerate(images):
        put(folder, f"images/{number:03}.jpg")
        text = "".join(" ".join(map(str, line)) + "\n" for line in objects)
        put(folder, f"labels/{number:03}.txt", text)
    found = read_table(folder).column("objects").to_pylist()
    for cell, objects in zip(found, images, strict=True):
        assert [o["label"] for o in cell] == ["abc"[line[0]] for line in objects]
        corners = np.array([[o[side] for side in SIDES] for o in cell]).reshape(-1, 4)
        centres = np.array([line[1:3] for line in objects]).reshape(-1, 2)
        sizes = np.array([line[3:] for line in objects]).reshape(-1, 2)
        assert np.allclose((corners[:, :2] + corners[:, 2:]) / 2, centres, atol=1e-12)
        assert np.allclose(corners[:, 2:] - corners[:, :2], sizes, atol=1e-12)


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("0 .1 .2 .3", "E_YOLO_LINE", "found 4 numbers"),
        ("0 .1 .2 .3 .4 .9", "E_YOLO_LINE", "predictions"),
        ("car .1 .2 .3 .4", "E_YOLO_LINE", "expected numbers"),
        ("0,.1,.2,.3,.4", "E_YOLO_LINE", "found 1 numbers"),
        ("0.5 .1 .2 .3 .4", "E_YOLO_LINE", "the class is 0.5"),
        ("-1 .1 .2 .3 .4", "E_YOLO_LINE", "the class is -1"),
        ("nan .1 .2 .3 .4", "E_YOLO_LINE", "the class is nan"),
        ("1 .1 .2 .3 .4", "E_CLASS_NUMBER", "no class 1; expected 0 to 0"),
        (b"\xff\xfe\x00", "E_YOLO_LINE", "not UTF-8"),
    ],
)
def test_a_faulty_line_is_named_and_left_out(tmp_path, line, code, words):
    fill(tmp_path, images__a_jpg="x", classes_txt="car\n")
    put(tmp_path, "labels/a.txt", line if isinstance(line, bytes) else f"{LINE}\n{line}\n")
    table = read_table(tmp_path)
    assert codes(table) == [(code, 0)]
    assert words in table.faults[0].message
    if isinstance(line, str):
        assert table.faults[0].where.endswith("labels/a.txt:3")
        assert boxes(table) == {"images/a.jpg": [BOX]}


@pytest.mark.parametrize(
    ("yaml", "words"),
    [
        ("names: [a\n", "no proper YAML"),
        ("names: 3\n", "expected a list"),
        ("names: {car: 0}\n", '"car"'),
        ("names: [a, '']\n", "class 1 has no name"),
        ("names: [a, b, a]\n", 'named "a"'),
    ],
)
def test_names_that_are_no_names_are_refused(tmp_path, yaml, words):
    fill(tmp_path, images__a_jpg="x", labels__a_txt=LINE, data_yaml=yaml)
    with pytest.raises(DataError, match="E_YOLO_NAMES") as caught:
        read_table(tmp_path)
    assert words in str(caught.value)


def test_labels_without_images_are_refused(tmp_path):
    with pytest.raises(DataError, match="no images"):
        read_table(fill(tmp_path, labels__a_txt=LINE))


def test_splits_listed_in_files_shared_or_missing(tmp_path):
    fill(tmp_path, images__a_jpg="x", images__b_jpg="x", labels__a_txt=LINE, labels__b_txt=LINE)
    put(tmp_path, "train.txt", "./images/a.jpg\n")
    put(tmp_path, "val.txt", "/old/place/images/b.jpg\n")
    put(tmp_path, "data.yaml", "train: train.txt\nval: val.txt\nnames: [car]\n")
    assert read_table(tmp_path).column("split").to_pylist() == ["train", "val"]
    put(tmp_path, "data.yaml", "train: images\nval: images\ntest: gone\nnames: [car]\n")
    table = read_table(tmp_path)
    assert table.columns == ["objects"]
    assert codes(table) == [("W_SPLIT_FOLDER", None), ("N_SPLIT_SHARED", None)]


def test_lists_of_cvat_and_darknet_define_the_split(tmp_path):
    put(tmp_path, "obj.names", "car\n")
    put(tmp_path, "obj.data", "classes = 1\ntrain = data/train.txt\nnames = data/obj.names\n")
    for name in ("a", "b"):
        put(tmp_path, f"obj_train_data/{name}.jpg")
        put(tmp_path, f"obj_train_data/{name}.txt", LINE)
    put(tmp_path, "obj_valid_data/c.jpg")
    put(tmp_path, "obj_valid_data/c.txt", LINE)
    put(tmp_path, "train.txt", "data/obj_train_data/a.jpg\ndata/obj_train_data/b.jpg\n")
    put(tmp_path, "valid.txt", "data/obj_valid_data/c.jpg\n")
    table = read_table(tmp_path)
    assert table.column("split").to_pylist() == ["train", "train", "val"]
    assert boxes(table)["obj_valid_data/c.jpg"] == [BOX]


def test_valid_is_val_in_data_yaml(tmp_path):
    fill(tmp_path, train__images__a_jpg="x", valid__images__b_jpg="x")
    fill(tmp_path, train__labels__a_txt=LINE, valid__labels__b_txt=LINE)
    put(tmp_path, "data.yaml", "train: train/images\nvalid: valid/images\nnames: [car]\n")
    assert read_table(tmp_path).column("split").to_pylist() == ["train", "val"]


def test_an_entry_for_a_split_that_is_not_there_takes_no_other_folder(tmp_path):
    fill(tmp_path, images__a_jpg="x", labels__a_txt=LINE)
    put(tmp_path, "data.yaml", "train: images\ntest: ../test/images\nnames: [car]\n")
    table = read_table(tmp_path)
    assert table.column("split").to_pylist() == ["train"]
    assert codes(table) == [("W_SPLIT_FOLDER", None)]


def test_class_folders_with_other_text_files_stay_class_folders(tmp_path):
    fill(tmp_path, cat__a_jpg="x", cat__a_txt="a tabby cat", classes_csv="cat")
    assert read_table(tmp_path).columns == ["class"]


class TestKeyPoints:
    LINE = "0 .5 .5 .2 .4 .41 .31 .59 .31 .59 .69 .41 .69"

    def build(self, tmp_path, line, shape):
        put(tmp_path, "images/a.jpg")
        put(tmp_path, "labels/a.txt", f"{line}\n0 .5 .5 .2 .4\n")
        put(tmp_path, "data.yaml", f"names: [car]\n{shape}")
        return read_table(tmp_path)

    @pytest.mark.parametrize(
        ("shape", "line"),
        [
            ("[4, 2]", LINE),
            ("[1, 3]", "0 .5 .5 .2 .4 .9 .9 2"),
            ("[2, 2]", "0 .5 .5 .2 .4 0 0 1 1"),
        ],
    )
    def test_the_first_four_numbers_are_the_box(self, tmp_path, shape, line):
        table = self.build(tmp_path, line, f"kpt_shape: {shape}")
        assert boxes(table) == {"images/a.jpg": [BOX, BOX]}
        assert [o["segmentation"] for o in table.column("objects").to_pylist()[0]] == [None, None]
        assert codes(table) == [("N_OBJECT_KEYS", None)]

    def test_another_length_is_an_error(self, tmp_path):
        table = self.build(tmp_path, "0 .5 .5 .2 .4 .1 .1", "kpt_shape: [4, 2]")
        assert codes(table) == [("E_YOLO_LINE", 0)]
        assert "13" in table.faults[0].message

    def test_a_shape_that_is_none_is_refused(self, tmp_path):
        with pytest.raises(DataError, match="kpt_shape"):
            self.build(tmp_path, self.LINE, "kpt_shape: many")

    def test_without_a_shape_outlines_are_reported(self, tmp_path):
        table = self.build(tmp_path, "0 .1 .1 .4 .2 .3 .5 .05 .4", "")
        assert codes(table) == [("N_YOLO_LINES", None)]
        assert "four corners" in table.faults[0].message
