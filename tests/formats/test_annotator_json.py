"""JSON of the VGG annotator and of labelme; the mends that messages on them name."""

import json

import pytest
from PIL import Image

from polyhead.errors import DataError
from polyhead.formats import read_table

SIDES = ("x_min", "y_min", "x_max", "y_max")


def read(folder, content, name="t.json"):
    for image in ("a.jpg", "b.jpg"):
        Image.new("RGB", (100, 80)).save(folder / image)
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_table(path)


def boxes(table):
    cells = zip(
        table.data.column("image").to_pylist(), table.column("objects").to_pylist(), strict=True
    )
    return {name: [(o["label"], *(o[s] for s in SIDES)) for o in cell] for name, cell in cells}


def region(label, key="label", **shape):
    return {"shape_attributes": shape, "region_attributes": {key: label}}


RECT = region("cat", name="rect", x=10, y=20, width=30, height=30)
POLYGON = region("dog", name="polygon", all_points_x=[30, 90, 40], all_points_y=[5, 30, 75])


@pytest.mark.parametrize("project", [True, False])
@pytest.mark.parametrize("keyed", [True, False])
def test_vgg_annotator(tmp_path, project, keyed):
    regions = {"0": RECT, "1": POLYGON} if keyed else [RECT, POLYGON]
    images = {
        "a.jpg123": {"filename": "a.jpg", "size": 123, "regions": regions, "file_attributes": {}},
        "b.jpg9": {"filename": "b.jpg", "size": 9, "regions": [], "file_attributes": {}},
    }
    content = {"_via_settings": {}, "_via_img_metadata": images} if project else images
    table = read(tmp_path, content)
    assert boxes(table) == {
        "a.jpg": [("cat", 10, 20, 40, 50), ("dog", 30, 5, 90, 75)],
        "b.jpg": [],
    }
    outline = table.column("objects").to_pylist()[0][1]["segmentation"]
    assert json.loads(outline) == [[30, 5, 90, 30, 40, 75]]


def test_the_attribute_that_is_the_label_is_asked_for_and_named_so_is_read(tmp_path):
    def images(key):
        both = {key: "cat", "state": "asleep"}
        shape = RECT["shape_attributes"]
        regions = [{"shape_attributes": shape, "region_attributes": both}]
        return {"a.jpg1": {"filename": "a.jpg", "regions": regions}}

    with pytest.raises(DataError, match='call that one "label" in the annotator'):
        read(tmp_path, images("sort"))
    assert boxes(read(tmp_path, images("label"))) == {"a.jpg": [("cat", 10, 20, 40, 50)]}


def labelme(name, *shapes):
    return {"version": "5.0", "flags": {}, "shapes": list(shapes), "imagePath": name}


def shape(label, kind, *points):
    return {"label": label, "points": list(points), "group_id": None, "shape_type": kind}


A = labelme(
    "a.jpg",
    shape("cat", "rectangle", [40, 50], [10, 20]),
    shape("dog", "polygon", [30, 5], [90, 30], [40, 75]),
    shape("eye", "circle", [50, 40], [53, 44]),
)


def test_labelme_files_alone_and_in_a_list(tmp_path):
    expected = [("cat", 10, 20, 40, 50), ("dog", 30, 5, 90, 75), ("eye", 45, 35, 55, 45)]
    assert boxes(read(tmp_path, A)) == {"a.jpg": expected}
    both = read(tmp_path, [A, labelme("b.jpg")])
    assert boxes(both) == {"a.jpg": expected, "b.jpg": []}
    outline = both.column("objects").to_pylist()[0][1]["segmentation"]
    assert json.loads(outline) == [[30, 5, 90, 30, 40, 75]]


def test_labelme_without_the_name_of_the_image_reports_what_to_add(tmp_path):
    bare = {key: value for key, value in A.items() if key != "imagePath"}
    with pytest.raises(DataError, match="labelme writes it beside imagePath"):
        read(tmp_path, bare)
    assert len(boxes(read(tmp_path, [{**bare, "imagePath": "a.jpg"}]))["a.jpg"]) == 3


def test_a_shape_without_points_is_reported(tmp_path):
    table = read(tmp_path, labelme("a.jpg", shape("cat", "circle"), A["shapes"][0]))
    assert any(fault.is_error for fault in table.faults)
