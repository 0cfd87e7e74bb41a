"""VOC xml folders, written by hand and by xml.etree."""

from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyhead.errors import DataError
from polyhead.formats import read_table
from polyhead.table import labels_of, units_of

SIDES = ("x_min", "y_min", "x_max", "y_max")


def xml(name, *objects):
    """An annotation; each object is label, box, difficult."""
    root = ElementTree.Element("annotation")
    ElementTree.SubElement(root, "filename").text = name
    for label, box, difficult in objects:
        item = ElementTree.SubElement(root, "object")
        ElementTree.SubElement(item, "name").text = label
        ElementTree.SubElement(item, "difficult").text = str(int(difficult))
        bounds = ElementTree.SubElement(item, "bndbox")
        for side, value in zip(("xmax", "ymax", "xmin", "ymin"), (*box[2:], *box[:2]), strict=True):
            ElementTree.SubElement(bounds, side).text = str(value)
    return ElementTree.tostring(root, encoding="utf-8")


def put(folder, name, content: bytes | str = b"x"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def boxes(table) -> list:
    return [
        None
        if cell is None
        else [(o["label"], *(o[s] for s in SIDES), o["difficult"]) for o in cell]
        for cell in table.column("objects").to_pylist()
    ]


def codes(table):
    return [(fault.code, fault.row) for fault in table.faults]


@pytest.fixture
def voc(tmp_path):
    put(tmp_path, "JPEGImages/a.jpg")
    put(tmp_path, "JPEGImages/b.jpg")
    put(tmp_path, "Annotations/a.xml", xml("a.jpg", ("car", (1, 2, 30, 40), True)))
    put(tmp_path, "Annotations/b.xml", xml("b.jpg"))
    return tmp_path


def test_boxes_count_pixels_from_one_and_include_the_last(voc):
    table = read_table(voc)
    assert boxes(table) == [[("car", 0.0, 1.0, 30.0, 40.0, True)], []]
    assert table.data.column_names == ["image", "objects"]
    field = table.data.schema.field("objects")
    assert (labels_of(field), units_of(field)) == (["car"], "pixels")
    assert table.faults == ()
    assert all(table.path(row).is_file() for row in range(2))


def test_the_annotations_folder_alone_finds_the_images_beside_it(voc):
    table = read_table(voc / "Annotations")
    assert table.path(0) == (voc / "JPEGImages" / "a.jpg").resolve()
    elsewhere = put(voc / "far", "deep/a.png")
    put(elsewhere, "b.png")
    table = read_table(voc / "Annotations", images=elsewhere)
    assert [table.path(row) for row in range(2)] == [elsewhere / "deep/a.png", elsewhere / "b.png"]


BOX = st.tuples(*[st.integers(1, 5000)] * 4)
LABEL = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=8)


@settings(max_examples=30, deadline=None)
@given(images=st.lists(st.lists(st.tuples(LABEL, BOX, st.booleans()), max_size=4), min_size=1))
def test_files_come_back_as_written(tmp_path_factory, images):
    folder = tmp_path_factory.mktemp("voc")
    for number, objects in enumerate(images):
        put(folder, f"{number:03}.xml", xml(f"{number:03}.jpg", *objects))
    assert boxes(read_table(folder)) == [
        [
            (label, a - 1.0, b - 1.0, float(c), float(d), flag)
            for label, (a, b, c, d), flag in objects
        ]
        for objects in images
    ]


def test_image_sets_define_the_split(voc):
    put(voc, "ImageSets/Main/train.txt", "a\n\n")
    put(voc, "ImageSets/Main/val.txt", "b 1\n")
    put(voc, "ImageSets/Main/trainval.txt", "a\nb\n")
    put(voc, "ImageSets/Main/car_train.txt", "b -1\n")
    for path in (voc, voc / "Annotations"):
        assert read_table(path).column("split").to_pylist() == ["train", "val"]
    put(voc, "ImageSets/Main/test.txt", "b\n")
    assert codes(read_table(voc)) == [("W_SPLIT_TWICE", None)]


def test_train_and_val_listed_together_train(voc):
    put(voc, "ImageSets/Main/trainval.txt", "a\n")
    put(voc, "ImageSets/Main/test.txt", "b\n")
    assert read_table(voc).column("split").to_pylist() == ["train", "test"]


def test_lists_elsewhere_define_the_split(voc):
    put(voc, "ImageSets/train.txt", "a\n")
    put(voc, "ImageSets/valid.txt", "b\n")
    assert read_table(voc).column("split").to_pylist() == ["train", "val"]


def test_several_years_below_one_folder_keep_their_own_images_and_splits(tmp_path):
    for year, label in (("VOC2007", "car"), ("VOC2012", "bus")):
        put(tmp_path, f"{year}/JPEGImages/a.jpg")
        put(tmp_path, f"{year}/Annotations/a.xml", xml("a.jpg", (label, (1, 1, 2, 2), False)))
    put(tmp_path, "VOC2012/ImageSets/Main/test.txt", "a\n")
    table = read_table(tmp_path)
    assert [table.image(row) for row in range(2)] == [
        "VOC2007/JPEGImages/a.jpg",
        "VOC2012/JPEGImages/a.jpg",
    ]
    assert [cell[0][0] for cell in boxes(table)] == ["car", "bus"]
    assert table.column("split").to_pylist() == [None, "test"]


def test_xml_beside_images_in_split_folders(tmp_path):
    for folder in ("train", "valid"):
        put(tmp_path, f"{folder}/a.png")
        put(tmp_path, f"{folder}/a.xml", xml(r"C:\old\a.jpg", ("car", (1, 1, 2, 2), False)))
    table = read_table(tmp_path)
    assert [table.image(row) for row in range(2)] == ["train/a.png", "valid/a.png"]
    assert table.column("split").to_pylist() == ["train", "val"]


def test_images_without_xml_and_other_xml_are_left_out_and_reported(voc):
    put(voc, "JPEGImages/c.jpg")
    put(voc, "Annotations/zzz.xml", "<settings/>")
    table = read_table(voc)
    assert len(table) == 2
    assert codes(table) == [("N_FILES_IGNORED", None), ("N_NO_ANNOTATION", None)]


def test_a_namespace_changes_nothing(voc):
    plain = read_table(voc).data
    for path in sorted((voc / "Annotations").iterdir()):
        text = path.read_text().replace("<annotation>", '<annotation xmlns="http://a.b/c">')
        path.write_text(text)
    assert "xmlns" in text
    assert read_table(voc).data == plain


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        ("<annotation><object>", "E_XML", "no proper XML"),
        ("", "E_XML", "no proper XML"),
        ('<?xml version="1.0" encoding="klingon"?><annotation/>', "E_XML", "klingon"),
        ('<!DOCTYPE a [<!ENTITY x "y">]><annotation>&x;</annotation>', "E_XML", "document type"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><annotation/>', "E_XML", "document type"),
        ("<annotation><object><name/></object></annotation>", "E_ANNOTATION", "has no name"),
        ("<annotation><object><name>c</name></object></annotation>", "E_ANNOTATION", "no bndbox"),
        (
            "<annotation><object><name>c</name><bndbox><xmin>1</xmin></bndbox></object></annotation>",
            "E_ANNOTATION",
            "xmin",
        ),
    ],
)
def test_a_faulty_file_is_named_with_its_row(voc, content, code, words):
    put(voc, "Annotations/b.xml", content)
    table = read_table(voc)
    assert codes(table) == [(code, 1)]
    assert words in table.faults[0].message
    assert "Annotations/b.xml" in table.faults[0].where
    assert boxes(table)[1] == (None if code == "E_XML" else [])


def test_entities_are_never_expanded(voc):
    lines = ['<!ENTITY a0 "lol">']
    lines += [f'<!ENTITY a{k} "{f"&a{k - 1};" * 10}">' for k in range(1, 10)]
    bomb = f"<!DOCTYPE a [{''.join(lines)}]><annotation>&a9;</annotation>"
    put(voc, "Annotations/b.xml", bomb)
    assert codes(read_table(voc)) == [("E_XML", 1)]


def test_two_formats_at_once_are_refused(voc):
    put(voc, "labels/a.txt", "0 .5 .5 1 1\n")
    with pytest.raises(DataError, match="VOC xml files and YOLO labels"):
        read_table(voc)


def test_other_xml_files_leave_class_folders_what_they_are(tmp_path):
    put(tmp_path, "cat/a.jpg")
    put(tmp_path, "cat/notes.xml", "<notes/>")
    assert read_table(tmp_path).columns == ["class"]
