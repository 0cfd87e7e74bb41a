"""COCO json, against faster-coco-eval's own loader and by hand."""

import json

import numpy as np
import pytest
from faster_coco_eval import COCO
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from polyhead.config import load_config
from polyhead.errors import DataError
from polyhead.formats import read_table, read_tables
from polyhead.scenes import SceneOptions, write_scenes
from polyhead.table import category_ids_of, labels_of, units_of

SIDES = ("x_min", "y_min", "x_max", "y_max")
IMAGES = [{"id": 7, "file_name": "a.jpg"}, {"id": 3, "file_name": "b.jpg"}]
CATEGORIES = [{"id": 90, "name": "car"}, {"id": 4, "name": "no"}]
GOOD = {"id": 1, "image_id": 3, "category_id": 90, "bbox": [1, 2, 3, 4]}


def document(*annotations, images=IMAGES, categories=CATEGORIES):
    return {"images": images, "annotations": list(annotations), "categories": categories}


def read(folder, content, name="coco.json"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_table(path)


def boxes(table):
    return [
        [(o["label"], *(o[side] for side in SIDES)) for o in cell]
        for cell in table.column("objects").to_pylist()
    ]


def codes(table):
    return [(fault.code, fault.row) for fault in table.faults]


def test_every_image_is_a_row_and_one_without_annotations_has_no_objects(tmp_path):
    table = read(tmp_path, document({**GOOD, "area": 5, "iscrowd": 1}))
    assert table.data.column_names == ["image", "image_id", "objects"]
    assert table.column("image_id").to_pylist() == ["7", "3"]
    assert boxes(table) == [[], [("car", 1.0, 2.0, 4.0, 6.0)]]
    found = table.column("objects")[1].as_py()[0]
    assert (found["crowd"], found["area"], found["difficult"]) == (True, 5.0, False)
    field = table.data.schema.field("objects")
    assert (labels_of(field), category_ids_of(field), units_of(field)) == (
        ["car", "no"],
        [90, 4],
        "pixels",
    )
    assert table.faults == ()


def test_keys_of_annotations_that_are_not_read_are_noted(tmp_path):
    posed = {**GOOD, "keypoints": [1, 2, 2], "num_keypoints": 1, "attributes": {}}
    (note,) = read(tmp_path, document(posed)).faults
    assert (note.code, note.where) == ("N_OBJECT_KEYS", "coco.json")
    assert note.message == "keys of annotations that are not read: keypoints, num_keypoints."


COORDINATE = st.floats(0, 500, allow_nan=False)
ANNOTATION = st.fixed_dictionaries(
    {
        "image_id": st.integers(1, 4),
        "category_id": st.sampled_from([90, 4]),
        "bbox": st.lists(COORDINATE, min_size=4, max_size=4),
        "iscrowd": st.integers(0, 1),
        "area": COORDINATE,
        "segmentation": st.lists(st.lists(COORDINATE, min_size=6, max_size=6), max_size=2),
    }
)


@settings(max_examples=40, deadline=None)
@given(items=st.lists(ANNOTATION, max_size=12))
def test_objects_are_those_that_another_loader_finds(tmp_path_factory, items):
    images = [{"id": k, "file_name": f"{k}.jpg", "width": 9, "height": 9} for k in (4, 2, 1, 3)]
    items = [{**item, "id": k} for k, item in enumerate(items, start=1)]
    content = document(*items, images=images)
    table = read(tmp_path_factory.mktemp("coco"), content)
    other = COCO(content)
    for row, image_id in enumerate(table.column("image_id").to_pylist()):
        expected = other.loadAnns(other.getAnnIds(imgIds=[int(image_id)]))
        found = table.column("objects")[row].as_py()
        assert [o["label"] for o in found] == [
            other.loadCats([a["category_id"]])[0]["name"] for a in expected
        ]
        corners = np.array([[o[side] for side in SIDES] for o in found]).reshape(-1, 4)
        sized = np.array([a["bbox"] for a in expected]).reshape(-1, 4)
        assert np.allclose(corners[:, 2:] - corners[:, :2], sized[:, 2:], atol=1e-9)
        assert np.array_equal(corners[:, :2], sized[:, :2])
        assert [(o["crowd"], o["area"]) for o in found] == [
            (bool(a["iscrowd"]), a["area"]) for a in expected
        ]
        assert [json.loads(o["segmentation"] or "[]") for o in found] == [
            a["segmentation"] for a in expected
        ]


def test_scenes_are_read_with_their_images(tmp_path):
    write_scenes(tmp_path / "s", 4, SceneOptions(size=64))
    table = read_table(tmp_path / "s" / "objects.json")
    truth = json.loads((tmp_path / "s" / "objects.json").read_text())
    assert sum(map(len, boxes(table))) == len(truth["annotations"])
    assert all(table.path(row).is_file() for row in range(4))
    assert table.faults == ()


@pytest.mark.parametrize("place", ["val2017", "images/val2017", "images", "annotations"])
def test_images_are_found_where_coco_keeps_them(tmp_path, place):
    (tmp_path / place).mkdir(parents=True)
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / place / name).write_bytes(b"x")
    table = read(tmp_path, document(), "annotations/instances_val2017.json")
    assert table.path(0) == tmp_path / place / "a.jpg"


def test_rle_and_polygons_are_kept_and_a_missing_box_is_drawn_around_polygons(tmp_path):
    rle = {"size": [2, 3], "counts": [1, 5]}
    polygons = [[1, 2, 5, 2, 5, 8], [0, 3, 1, 3, 1, 4.5]]
    bare = {"image_id": 3, "category_id": 4, "segmentation": polygons}
    table = read(tmp_path, document({**GOOD, "segmentation": rle}, bare))
    first, second = table.column("objects")[1].as_py()
    assert json.loads(first["segmentation"]) == rle
    assert [second[side] for side in SIDES] == [0, 2, 5, 8]
    assert json.loads(second["segmentation"]) == polygons


def test_numbers_that_make_no_box_are_kept_for_the_check(tmp_path):
    text = json.dumps(document(GOOD)).replace("[1, 2, 3, 4]", "[NaN, 2, -3, 0]")
    assert np.array_equal(
        boxes(read(tmp_path, text))[1][0][1:], (np.nan, 2, np.nan, 2), equal_nan=True
    )


@pytest.mark.parametrize(
    ("item", "code", "row", "words"),
    [
        ({**GOOD, "image_id": 5}, "E_UNKNOWN_IMAGE", None, "image_id 5"),
        ({**GOOD, "image_id": "3"}, "E_UNKNOWN_IMAGE", None, "image_id '3'"),
        ({"category_id": 4, "bbox": [0, 0, 1, 1]}, "E_UNKNOWN_IMAGE", None, "no image_id"),
        ({**GOOD, "category_id": 1}, "E_UNKNOWN_CATEGORY", 1, "category_id 1"),
        ({"image_id": 3, "caption": "hm"}, "E_UNKNOWN_CATEGORY", 1, "no category_id"),
        ({"image_id": 3, "segments_info": []}, "E_UNKNOWN_CATEGORY", 1, "panoptic"),
        ({**GOOD, "bbox": [1, 2, 3]}, "E_ANNOTATION", 1, "bbox is [1, 2, 3]"),
        ({**GOOD, "bbox": ["a", 2, 3, 4]}, "E_ANNOTATION", 1, "four numbers"),
        ({"image_id": 3, "category_id": 4}, "E_ANNOTATION", 1, "no bbox"),
        ({**GOOD, "bbox": [], "segmentation": {"counts": "x"}}, "E_ANNOTATION", 1, "no bbox"),
    ],
)
def test_a_faulty_annotation_is_named_and_left_out(tmp_path, item, code, row, words):
    table = read(tmp_path, document(GOOD, item))
    found = [fault for fault in table.faults if fault.code == code]
    assert [(fault.row, "annotations[1]" in fault.where) for fault in found] == [(row, True)]
    assert words in found[0].message
    assert boxes(table) == [[], [("car", 1.0, 2.0, 4.0, 6.0)]]


def test_ids_as_text_and_as_numbers_are_kept_apart_with_a_mend_that_works(tmp_path):
    wrong = [{**GOOD, "image_id": "3"}, {**GOOD, "id": 2, "category_id": "90"}]
    first, second = read(tmp_path, document(*wrong)).faults
    assert "'3' is text, while that id is a number (3) where the file lists it" in first.message
    assert "'90' is text, while that id is a number (90)" in second.message
    numbers = [{**GOOD, "image_id": 3}, {**GOOD, "id": 2, "category_id": 90}]
    table = read(tmp_path, document(*numbers))
    assert table.faults == ()
    assert [len(cell) for cell in boxes(table)] == [0, 2]
    texts = [{**each, "id": str(each["id"])} for each in IMAGES]
    (fault,) = read(tmp_path, document(GOOD, images=texts)).faults
    assert "3 is a number, while that id is text ('3')" in fault.message
    assert read(tmp_path, document({**GOOD, "image_id": "3"}, images=texts)).faults == ()


@pytest.mark.parametrize("more", [{"attributes": {"rotation": 90.0}}, {"angle": 30}])
def test_boxes_with_an_angle_are_warned_of(tmp_path, more):
    upright = {**GOOD, "id": 2, "attributes": {"rotation": 0.0, "occluded": True}}
    table = read(tmp_path, document({**GOOD, **more}, upright))
    warning = next(fault for fault in table.faults if fault.code == "W_BOX_TURNED")
    assert "1 of 2 annotations" in warning.message
    polygon = {"segmentation": [[1, 2, 5, 2, 5, 8]], "bbox": []}
    mended = read(tmp_path, document({**GOOD, **more, **polygon}, upright))
    assert "W_BOX_TURNED" not in [fault.code for fault in mended.faults]
    assert boxes(mended)[1][0] == ("car", 1.0, 2.0, 5.0, 8.0)


def test_repeated_ids_are_faults(tmp_path):
    images = [*IMAGES, {"id": 3, "file_name": "c.jpg"}]
    table = read(tmp_path, document(GOOD, GOOD, images=images))
    assert codes(table) == [("E_DUPLICATE_ID", 2), ("W_DUPLICATE_ID", None)]
    assert "b.jpg" in table.faults[0].message
    assert [len(cell) for cell in boxes(table)] == [0, 2, 0]


def test_the_same_image_under_two_ids_is_a_fault(tmp_path):
    images = [*IMAGES, {"id": 9, "file_name": "b.jpg"}]
    assert codes(read(tmp_path, document(images=images))) == [("E_DUPLICATE_ROW", 2)]


def grouped(group="damage", above="none", names=("crack", "dent"), supers=("damage", "damage")):
    first = {"id": 0, "name": group, "supercategory": above}
    pairs = enumerate(zip(names, supers, strict=True), 1)
    return [first, *({"id": k, "name": name, "supercategory": top} for k, (name, top) in pairs)]


def test_a_category_that_only_names_the_group_of_the_others_is_no_class(tmp_path):
    used = {**GOOD, "category_id": 2}
    table = read(tmp_path, document(used, categories=grouped()))
    field = table.data.schema.field("objects")
    assert (labels_of(field), category_ids_of(field)) == (["crack", "dent"], [1, 2])
    assert boxes(table)[1] == [("dent", 1.0, 2.0, 4.0, 6.0)]
    assert codes(table) == [("N_CATEGORY_GROUP", None)]
    assert '"damage"' in table.faults[0].message


@pytest.mark.parametrize(
    ("used", "categories"),
    [
        (0, grouped()),  # annotated, so a class
        (0.0, grouped()),
        (1, grouped(supers=("damage", "wear"))),  # not the group of all
        (1, grouped(above="damage")),  # a class in a group of its own name
        (1, [*grouped()[:1], {"id": 1, "name": "crack"}]),
        (1, [{**each, "id": each["id"] + 1} for each in grouped()]),  # Roboflow's is 0
    ],
)
def test_a_category_that_may_be_a_class_stays_one(tmp_path, used, categories):
    table = read(tmp_path, document({**GOOD, "category_id": used}, categories=categories))
    found = labels_of(table.data.schema.field("objects"))
    assert found == [category["name"] for category in categories]
    assert table.faults == ()


def test_a_class_with_the_name_of_its_group_stays_one(tmp_path):
    categories = grouped("car", names=("car",), supers=("car",))
    table = read(tmp_path, document({**GOOD, "category_id": 1}, categories=categories))
    field = table.data.schema.field("objects")
    assert (labels_of(field), category_ids_of(field), table.faults) == (["car"], [1], ())


def test_a_category_name_twice_is_one_label_with_the_id_that_is_used(tmp_path):
    categories = [{"id": 0, "name": "car"}, {"id": 90, "name": "car"}]
    table = read(tmp_path, document(GOOD, categories=categories))
    assert category_ids_of(table.data.schema.field("objects")) == [90]
    assert table.faults == ()
    both = read(
        tmp_path, document(GOOD, {**GOOD, "id": 2, "category_id": 0}, categories=categories)
    )
    assert codes(both) == [("W_DUPLICATE_CATEGORY", None)]


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        ("", "E_EMPTY_TABLE", "empty"),
        ("{", "E_JSON", "COCO"),
        ("[" * 100_000, "E_JSON", "deep"),
        ("3", "E_COCO", "'3'"),
        ([{**GOOD, "score": 0.5}], "E_COCO", "detection results"),
        ({"shapes": []}, "E_COCO", "labelme"),
        ({"images": [], "categories": []}, "E_COCO", "nobody annotated"),
        ({"a": 1}, "E_COCO", "its keys: a"),
        (document(images=[]), "E_EMPTY_TABLE", "no rows"),
        (document(images=[{"id": 1}]), "E_COCO", "no file_name"),
        (document(images=[{"file_name": "a"}]), "E_COCO", "no id"),
        (document(images=[3]), "E_COCO", "expected an object"),
        (document(categories=[{"id": "1", "name": "a"}]), "E_COCO", 'id is "1"; expected a whole'),
        (document(categories=[{"id": 2**70, "name": "a"}]), "E_COCO", "below 2⁶³"),
        (document(categories=[{"id": 1, "name": "\ud800"}]), "E_COCO", "name is"),
        (document({**GOOD, "iscrowd": "no"}), "E_COCO", "0 or 1"),
        (document({**GOOD, "area": 10**400}), "E_COCO", "number of pixels"),
        (document(categories=[{"id": 1}]), "E_COCO", "no name"),
        (document(categories=[{"id": 1, "name": "a"}] * 2), "E_DUPLICATE_ID", "id 1"),
        (document({**GOOD, "image_id": []}), "E_COCO", "image_id is"),
        (document({**GOOD, "area": "big"}), "E_COCO", 'area is "big"'),
    ],
)
def test_what_is_no_coco_document_is_refused(tmp_path, content, code, words):
    with pytest.raises(DataError) as caught:
        read(tmp_path, content)
    assert caught.value.faults[0].code == code
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("keys", "box", "area"),
    [
        ({"bbox": ["1", "2", "3.5", "4e0"], "area": "12"}, (1, 2, 4.5, 6), 12),
        ({"bbox": [], "segmentation": [["1", "2", "5", "2", "5", "9"]]}, (1, 2, 5, 9), None),
        ({"bbox": [1e308, 2, 1e308, 4]}, (1e308, 2, float("inf"), 6), None),
    ],
)
def test_numbers_in_quotes_and_beyond_all_bounds(tmp_path, keys, box, area):
    table = read(tmp_path, document(GOOD, {**GOOD, "id": 2, **keys}))
    assert boxes(table)[1][1] == ("car", *box)
    assert table.column("objects")[1].as_py()[1]["area"] == area


def test_crowds_by_number_and_by_text(tmp_path):
    flags = [0, 1, "0", "1", False, True, None]
    table = read(tmp_path, document(*({**GOOD, "iscrowd": flag} for flag in flags)))
    found = [item["crowd"] for item in table.column("objects")[1].as_py()]
    assert found == [False, True, False, True, False, True, False]


def corners_in_bbox(folder, *, size=True, quads=None, name="coco.json"):
    """A COCO file whose `bbox` holds two corners, or what is given, beside images of 64 × 48."""
    quads = quads or [[20 + k, 5 + k, 50 + k, 40 + k] for k in range(8)]
    images = [{"id": k, "file_name": f"{k}.jpg"} for k in range(len(quads))]
    for image in images:
        Image.new("RGB", (64, 48)).save(folder / image["file_name"])
    if size:
        images = [{**image, "width": 64, "height": 48} for image in images]
    found = [
        {"id": k, "image_id": k, "category_id": 90, "bbox": quad} for k, quad in enumerate(quads)
    ]
    path = folder / name
    path.write_text(json.dumps(document(*found, images=images)))
    return path, quads


@pytest.mark.parametrize("size", [True, False])
def test_corners_in_bbox_are_asked_about_and_read_when_declared(tmp_path, size):
    path, quads = corners_in_bbox(tmp_path, size=size)
    with pytest.raises(DataError) as caught:
        read_table(path)
    (fault,) = caught.value.faults
    assert (fault.code, fault.where) == ("E_BOX_FORMAT", "coco.json")
    assert "8 of 8 boxes reach out of their images" in fault.message
    assert "expected x_min, y_min, width, height" in fault.message
    assert "data.box_format: xyxy" in fault.message
    table = read_table(path, box_format="xyxy")
    assert boxes(table) == [[("car", *map(float, quad))] for quad in quads]
    (note,) = table.faults
    assert note.code == "N_BOX_FORMAT"
    assert "x_min, y_min, x_max, y_max" in note.message
    sized = boxes(read_table(path, box_format="xywh"))
    assert sized[0] == [("car", 20.0, 5.0, 70.0, 45.0)]


def test_a_third_of_the_boxes_points_to_corners_where_all_fit_so(tmp_path):
    small = [[2, 3, 10, 12]] * 5  # in the upper left corner, within the image either way
    path, _ = corners_in_bbox(tmp_path, quads=[*small, *[[40, 20, 60, 44]] * 5])
    with pytest.raises(DataError, match="5 of 10 boxes reach out"):
        read_table(path)


@pytest.mark.parametrize(
    "quads",
    [
        [[10, 10, 20, 30]] * 8,  # inside
        [[2, 2, 64, 48]] * 8,  # a little beyond, as sloppy clipping leaves it
        [[40, 20, 30, 40]] * 8,  # beyond, and no corners
        [[1, 1, 62, 46]] * 7 + [[20, 20, 50, 40]],  # one of many
        [[30, 30, 20, 15]] * 6 + [[20, 20, 50, 40]] * 2,
    ],
)
def test_corners_and_sizes_are_not_asked_about(tmp_path, quads):
    path, _ = corners_in_bbox(tmp_path, quads=quads)
    table = read_table(path)
    assert table.faults == ()
    x, y, width, height = quads[-1]
    assert boxes(table)[-1] == [("car", x, y, x + width, y + height)]


def test_a_false_size_in_the_file_does_not_make_corners(tmp_path):
    path, _ = corners_in_bbox(tmp_path, quads=[[10, 10, 30, 30]] * 8)
    content = json.loads(path.read_text())
    content["images"] = [{**image, "width": 32, "height": 32} for image in content["images"]]
    path.write_text(json.dumps(content))
    assert boxes(read_table(path))[0] == [("car", 10.0, 10.0, 40.0, 40.0)]


def test_the_box_around_polygons_stays_when_corners_are_declared(tmp_path):
    outline = {**GOOD, "bbox": [], "segmentation": [[1, 2, 9, 2, 9, 12]]}
    path = tmp_path / "coco.json"
    path.write_text(json.dumps(document(outline, {**GOOD, "id": 2, "bbox": [1, 2, 3, 4]})))
    found = boxes(read_table(path, box_format="xyxy"))[1]
    assert found == [("car", 1.0, 2.0, 9.0, 12.0), ("car", 1.0, 2.0, 3.0, 4.0)]


def test_box_format_reaches_a_coco_file_from_the_config_and_from_one_source(tmp_path):
    corners_in_bbox(tmp_path)
    for data in (
        "  annotations: coco.json\n  box_format: xyxy\n",
        "  annotations: [{path: coco.json, box_format: xyxy}]\n",
    ):
        config = tmp_path / "c.yaml"
        config.write_text(f"data:\n{data}tasks: {{objects: {{type: boxes}}}}\n")
        table = read_tables(load_config(config).data.sources())
        assert boxes(table)[0] == [("car", 20.0, 5.0, 50.0, 40.0)]
