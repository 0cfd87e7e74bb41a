"""Tables with a row a box."""

import json

import numpy as np
import pytest
from PIL import Image

from polyhead.errors import ConfigError, DataError
from polyhead.formats import read_table
from polyhead.table import labels_column, labels_of, units_of

HEADER = "image,class,xmin,ymin,xmax,ymax\n"
SIDES = ("x_min", "y_min", "x_max", "y_max")
# Two boxes that are only themselves, in images of 100 × 80.
TWO = [("a.jpg", "cat", (10, 20, 40, 50)), ("a.jpg", "dog", (30, 5, 90, 75))]


def save_images(folder, *names, size=(100, 80)):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size).save(folder / name)


def read(folder, text, name="t.csv", **keys):
    (folder / name).write_text(text)
    return read_table(folder / name, **keys)


def boxes(table, column="objects"):
    return {
        table.image(row): None
        if cell is None
        else [(o["label"], *(round(o[side], 6) for side in SIDES)) for o in cell]
        for row, cell in enumerate(table.column(column).to_pylist())
    }


def codes(table):
    return [fault.code for fault in table.faults]


def note(table):
    (found,) = [fault for fault in table.faults if fault.code == "N_LONG_TABLE"]
    return found.message


def rows_of(kind, box):
    """A box as its four numbers in a format."""
    x0, y0, x1, y1 = box
    return {
        "xyxy": (x0, y0, x1, y1),
        "xxyy": (x0, x1, y0, y1),
        "xywh": (x0, y0, x1 - x0, y1 - y0),
        "cxcywh": ((x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0),
    }[kind]


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("filename,class,xmin,ymin,xmax,ymax", "xyxy"),
        ("image,label,x_min,y_min,x_max,y_max", "xyxy"),
        ("ImageID,LabelName,XMin,XMax,YMin,YMax", "xxyy"),
        ("path,category,x1,y1,x2,y2", "xyxy"),
        ("image,label,x0,y0,x1,y1", "xyxy"),
        ("image,label,left,top,right,bottom", "xyxy"),
        ("Filename,ClassId,Roi.X1,Roi.Y1,Roi.X2,Roi.Y2", "xyxy"),
        ("image,name,bbox_xmin,bbox_ymin,bbox_xmax,bbox_ymax", "xyxy"),
        ("image,label,startX,startY,endX,endY", "xyxy"),
        ("image,label,x,y,w,h", "xywh"),
        ("image,label,x,y,width,height", "xywh"),
        ("image_name,label_name,bbox_x,bbox_y,bbox_width,bbox_height", "xywh"),
        ("image,label,left,top,width,height", "xywh"),
        ("image,label,xmin,ymin,width,height", "xywh"),
        ("Image Index,Finding Label,Bbox [x,y,w,h]", "xywh"),
        ("image,label,cx,cy,w,h", "cxcywh"),
        ("image,label,x_center,y_center,width,height", "cxcywh"),
    ],
)
def test_columns_of_a_box_are_recognised_by_their_names(tmp_path, header, kind):
    save_images(tmp_path, "a.jpg")
    lines = [",".join(map(str, (p, label, *rows_of(kind, box)))) for p, label, box in TWO]
    table = read(tmp_path, "\n".join([header, *lines, ""]))
    assert boxes(table) == {"a.jpg": [(label, *map(float, box)) for _, label, box in TWO]}
    assert table.columns == ["objects"]
    field = table.data.schema.field("objects")
    assert (labels_of(field), units_of(field)) == (["cat", "dog"], "pixels")
    assert codes(table) == ["N_LONG_TABLE"]


def test_tensorflow_rows_have_sizes_and_keep_columns_of_images(tmp_path):
    save_images(tmp_path, "a.jpg", "b.jpg")
    text = (
        "filename,width,height,class,xmin,ymin,xmax,ymax,weather,pose\n"
        "a.jpg,100,80,cat,1,2,30,40,rain,Left\n"
        "b.jpg,90,80,dog,5,6,70,60,sun,Left\n"
        "a.jpg,100,80,dog,1,2,30,40,rain,Right\n"
    )
    table = read(tmp_path, text)
    assert boxes(table) == {
        "a.jpg": [("cat", 1, 2, 30, 40), ("dog", 1, 2, 30, 40)],
        "b.jpg": [("dog", 5, 6, 70, 60)],
    }
    assert table.annotated_sizes is not None
    assert table.annotated_sizes.tolist() == [[80, 100], [80, 90]]
    assert table.columns == ["objects", "weather"]
    assert table.column("weather").to_pylist() == ["rain", "sun"]
    assert table.lines.tolist() == [2, 3]
    assert "pose" in note(table)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_one_box_a_image_is_a_box_too(tmp_path, suffix):
    save_images(tmp_path, "a.jpg", "b.jpg")
    rows = [
        {"image": "a.jpg", "label": "cat", "xmin": 1, "ymin": 2, "xmax": 30.5, "ymax": 40},
        {"image": "b.jpg", "label": "dog", "xmin": 2, "ymin": 2, "xmax": 31.5, "ymax": 41},
    ]
    path = tmp_path / f"t{suffix}"
    if suffix == ".csv":
        text = "\n".join([",".join(rows[0]), *(",".join(map(str, r.values())) for r in rows)])
        path.write_text(text)
    elif suffix == ".jsonl":
        path.write_text("\n".join(map(json.dumps, rows)))
    else:
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist(rows), path)
    assert boxes(read_table(path)) == {
        "a.jpg": [("cat", 1, 2, 30.5, 40)],
        "b.jpg": [("dog", 2, 2, 31.5, 41)],
    }


class TestFourNumbersInACell:
    def cells(self, quads, kind="xywh"):
        return "image,label,bbox\n" + "".join(
            f'{p},{label},"[{", ".join(map(str, rows_of(kind, box)))}]"\n'
            for p, label, box in quads
        )

    def test_the_one_format_that_fits_in_all_images(self, tmp_path):
        save_images(tmp_path, "a.jpg", size=(64, 64))
        # As two corners the second would be left of the first.
        table = read(tmp_path, self.cells([("a.jpg", "cat", (30, 4, 50, 44))]))
        assert boxes(table) == {"a.jpg": [("cat", 30, 4, 50, 44)]}
        # As corner and size it would reach out of the image.
        table = read(tmp_path, self.cells([("a.jpg", "cat", (30, 4, 50, 44))], "xyxy"))
        assert boxes(table) == {"a.jpg": [("cat", 30, 4, 50, 44)]}
        assert "alone fits" in note(table)

    def test_what_fits_twice_is_asked_for_and_the_key_answers(self, tmp_path):
        save_images(tmp_path, "a.jpg")
        text = self.cells([("a.jpg", "cat", (10, 10, 40, 50))])  # 10, 10, 30, 40
        with pytest.raises(DataError) as caught:
            read(tmp_path, text)
        (fault,) = caught.value.faults
        assert fault.code == "E_BOX_FORMAT"
        assert "box_format" in fault.message
        assert boxes(read(tmp_path, text, box_format="xywh"))["a.jpg"] == [("cat", 10, 10, 40, 50)]
        assert boxes(read(tmp_path, text, box_format="xyxy"))["a.jpg"] == [("cat", 10, 10, 30, 40)]

    def test_annotated_sizes_stand_in_for_images_that_are_not_there(self, tmp_path):
        text = 'image,width,height,bbox\nx.jpg,64,64,"[30, 4, 50, 44]"\n'
        assert boxes(read(tmp_path, text)) == {"x.jpg": [("object", 30, 4, 50, 44)]}

    @pytest.mark.parametrize(
        "cell",
        ["[30, 4, 20, 40]", "(30,4,20,40)", "30 4 20 40", "30;4;20;40", "[30.  4. 20. 40.]"],
    )
    def test_spellings(self, tmp_path, cell):
        save_images(tmp_path, "a.jpg")
        table = read(tmp_path, f'image,bbox\na.jpg,"{cell}"\n')
        assert boxes(table) == {"a.jpg": [("object", 30, 4, 50, 44)]}

    @pytest.mark.parametrize(
        ("cell", "box"),
        [
            ('{"x": 30, "y": 4, "width": 20, "height": 40}', (30, 4, 50, 44)),
            ("{'xmin': 30, 'ymin': 4, 'xmax': 40, 'ymax': 44}", (30, 4, 40, 44)),
            ('{"left": 30, "top": 4, "right": 40, "bottom": 44}', (30, 4, 40, 44)),
        ],
    )
    def test_objects_with_keys(self, tmp_path, cell, box):
        save_images(tmp_path, "a.jpg")
        quoted = cell.replace('"', '""')
        table = read(tmp_path, f'image,bbox\na.jpg,"{quoted}"\n')
        assert boxes(table) == {"a.jpg": [("object", *box)]}

    def test_lists_in_json_lines(self, tmp_path):
        save_images(tmp_path, "a.jpg")
        lines = '{"image": "a.jpg", "label": "cat", "bbox": [30, 4, 20, 40]}\n' * 1
        assert boxes(read(tmp_path, lines, "t.jsonl")) == {"a.jpg": [("cat", 30, 4, 50, 44)]}

    def test_a_header_that_names_the_order_needs_no_guess(self, tmp_path):
        save_images(tmp_path, "a.jpg")
        table = read(tmp_path, 'image,"bbox (x,y,w,h)"\na.jpg,"[10, 10, 30, 40]"\n')
        assert boxes(table) == {"a.jpg": [("object", 10, 10, 40, 50)]}

    def test_eight_numbers_are_four_corners(self, tmp_path):
        save_images(tmp_path, "a.jpg")
        text = "image,label,x1,y1,x2,y2,x3,y3,x4,y4\na.jpg,cat,10,5,30,15,20,40,4,30\n"
        table = read(tmp_path, text)
        assert boxes(table) == {"a.jpg": [("cat", 4, 5, 30, 40)]}
        (cell,) = table.column("objects").to_pylist()
        assert json.loads(cell[0]["segmentation"]) == [[10, 5, 30, 15, 20, 40, 4, 30]]


class TestImagesWithoutABox:
    def test_empty_cells_mean_none_and_are_reported(self, tmp_path):
        save_images(tmp_path, "a.jpg", "b.jpg", "c.jpg")
        rows = "a.jpg,cat,1,2,30,40\nb.jpg,,,,,\nc.jpg,No finding,,,,\n"
        text = HEADER + rows
        table = read(tmp_path, text)
        assert boxes(table) == {"a.jpg": [("cat", 1, 2, 30, 40)], "b.jpg": [], "c.jpg": []}
        assert labels_of(table.data.schema.field("objects")) == ["cat"]
        assert "2 images are listed without a box" in note(table)

    def test_a_label_that_lost_its_box_is_an_error(self, tmp_path):
        text = HEADER + "a.jpg,cat,1,2,30,40\nb.jpg,cat,,,,\nc.jpg,cat,1,,3,4\n"
        table = read(tmp_path, text)
        assert [(f.code, f.where, f.row) for f in table.faults if f.is_error] == [
            ("E_CELL", "t.csv:4 c.jpg", 2),
            ("E_CELL", "t.csv:3 b.jpg", 1),
        ]


class TestWithoutAHeader:
    def test_retinanet(self, tmp_path):
        save_images(tmp_path, "im/a.jpg", "im/b.jpg", "im/c.jpg")
        text = "im/a.jpg,10,20,40,50,cat\nim/a.jpg,30,5,90,75,dog\n"
        text += "im/b.jpg,,,,,\nim/c.jpg,1,2,9,9,cat\n"
        table = read(tmp_path, text)
        assert boxes(table) == {
            "im/a.jpg": [("cat", 10, 20, 40, 50), ("dog", 30, 5, 90, 75)],
            "im/b.jpg": [],
            "im/c.jpg": [("cat", 1, 2, 9, 9)],
        }
        assert table.lines.tolist() == [1, 3, 4]

    def test_makesense(self, tmp_path):
        save_images(tmp_path, "a.jpg")
        table = read(tmp_path, "cat,10,20,30,30,a.jpg,100,80\ndog,30,5,60,70,a.jpg,100,80\n")
        assert boxes(table) == {"a.jpg": [(label, *box) for _, label, box in TWO]}

    def test_automl(self, tmp_path):
        text = (
            "TRAIN,gs://b/a.jpg,cat,.1,.2,,,.5,.6,,\n"
            "TEST,gs://b/c.jpg,dog,.1,.2,.5,.2,.5,.6,.1,.6\n"
        )
        table = read(tmp_path, text)
        assert list(boxes(table).values()) == [
            [("cat", 0.1, 0.2, 0.5, 0.6)],
            [("dog", 0.1, 0.2, 0.5, 0.6)],
        ]
        assert units_of(table.data.schema.field("objects")) == "fraction"
        assert table.column("split").to_pylist() == ["TRAIN", "TEST"]


def test_open_images_boxes(tmp_path):
    save_images(tmp_path, "0a.jpg", "0b.jpg")
    (tmp_path / "class-descriptions-boxable.csv").write_text("/m/01g317,Person\n/m/0k4j,Car\n")
    text = (
        "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsGroupOf\n"
        "0a,xclick,/m/0k4j,1,0.1,0.6,0.2,0.7,0,0\n"
        "0a,activemil,/m/01g317,1,0.2,0.3,0.2,0.4,0,1\n"
        "0b,xclick,/m/0k4j,1,0.1,0.6,0.2,0.7,-1,0\n"
    )
    table = read(tmp_path, text)
    assert boxes(table) == {
        "0a.jpg": [("Car", 0.1, 0.2, 0.6, 0.7), ("Person", 0.2, 0.2, 0.3, 0.4)],
        "0b.jpg": [("Car", 0.1, 0.2, 0.6, 0.7)],
    }
    assert [o["crowd"] for o in table.column("objects").to_pylist()[0]] == [False, True]
    # Its images were annotated for the labels that people had verified, not for all.
    assert table.column(labels_column("objects")).to_pylist() == [["Car", "Person"], ["Car"]]
    assert units_of(table.data.schema.field("objects")) == "fraction"
    assert table.columns == ["objects", "objects:labels"]


def test_vgg_annotator(tmp_path):
    save_images(tmp_path, "a.jpg", "b.jpg")
    shapes = [
        ("a.jpg", {"name": "rect", "x": 10, "y": 20, "width": 30, "height": 30}, {"kind": "cat"}),
        (
            "a.jpg",
            {"name": "polygon", "all_points_x": [30, 90, 40], "all_points_y": [5, 30, 75]},
            {"kind": {"dog": True, "cat": False}},
        ),
        ("a.jpg", {"name": "circle", "cx": 50, "cy": 40, "r": 10}, {"kind": "cat"}),
        ("b.jpg", {}, {}),
    ]
    header = "filename,file_size,file_attributes,region_count,region_id"
    lines = [f"{header},region_shape_attributes,region_attributes"]
    for number, (name, shape, attributes) in enumerate(shapes):
        cells = [json.dumps(item).replace('"', '""') for item in (shape, attributes)]
        lines.append(f'{name},123,"{{}}",3,{number},"{cells[0]}","{cells[1]}"')
    table = read(tmp_path, "\n".join(lines))
    assert boxes(table) == {
        "a.jpg": [("cat", 10, 20, 40, 50), ("dog", 30, 5, 90, 75), ("cat", 40, 30, 60, 50)],
        "b.jpg": [],
    }
    outlines = [o["segmentation"] for o in table.column("objects").to_pylist()[0]]
    assert json.loads(outlines[1]) == [[30, 5, 90, 30, 40, 75]]
    assert outlines[0] is None


class TestWhatIsNoBox:
    def test_answers_called_left_and_right(self, tmp_path):
        table = read(tmp_path, "image,left,top,right,bottom\na.jpg,0,1,1,0\nb.jpg,1,0,0,0\n")
        assert table.columns == ["left", "top", "right", "bottom"]

    def test_key_points_are_no_corners(self, tmp_path):
        header = ",".join(f"x{k},y{k}" for k in range(1, 6))
        table = read(tmp_path, f"image,{header}\na.jpg,{','.join('12345' * 2)}\n")
        assert "objects" not in table.columns

    def test_rows_image_leaves_the_table_alone(self, tmp_path):
        text = "image,xmin,ymin,xmax,ymax\na.jpg,1,2,3,4\n"
        assert read(tmp_path, text, rows="image").columns == ["xmin", "ymin", "xmax", "ymax"]

    def test_rows_box_without_a_box_is_refused(self, tmp_path):
        with pytest.raises(ConfigError, match="x_min, y_min, x_max and y_max"):
            read(tmp_path, "image,label\na.jpg,cat\n", rows="box")


def test_a_box_written_twice_counts_once_and_is_reported(tmp_path):
    text = "image,label,xmin,ymin,xmax,ymax\n" + "a.jpg,cat,1,2,30,40\n" * 3
    table = read(tmp_path, text)
    assert boxes(table) == {"a.jpg": [("cat", 1, 2, 30, 40)]}
    (fault,) = [fault for fault in table.faults if fault.code == "W_DUPLICATE_ROW"]
    assert "2 rows" in fault.message
    assert "t.csv:3" in fault.message


def test_rows_of_a_wrong_length_are_faults_of_their_image(tmp_path):
    text = HEADER + "a.jpg,cat,1,2,30,40\nb.jpg,cat,1,2,30\na.jpg,dog,1,2,30,40\n"
    table = read(tmp_path, text)
    (fault,) = [fault for fault in table.faults if fault.is_error]
    assert (fault.code, table.image(fault.row)) == ("E_ROW_LENGTH", "b.jpg")
    assert boxes(table)["a.jpg"] == [("cat", 1, 2, 30, 40), ("dog", 1, 2, 30, 40)]


def test_boxes_are_those_that_a_loop_finds(tmp_path):
    rng = np.random.default_rng(0)
    expected, lines = {}, ["image,label,xmin,ymin,xmax,ymax"]
    for _ in range(3000):
        name, label = f"{rng.integers(400)}.jpg", f"l{rng.integers(300)}"
        low, size = rng.integers(0, 50, 2), rng.integers(1, 40, 2)
        box = (label, *map(int, low), *map(int, low + size))
        if box not in expected.setdefault(name, []):
            expected[name].append(box)
        lines.append(",".join(map(str, (name, *box))))
    assert boxes(read(tmp_path, "\n".join(lines))) == expected
