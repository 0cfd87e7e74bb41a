"""What `init` makes of tables with a row a box or a label."""

import json

import pytest
from PIL import Image

from polyhead.config import load_config
from polyhead.config_guess import propose, render_yaml
from polyhead.errors import DataError
from polyhead.formats import read_tables

NAMES = [f"{k}.jpg" for k in range(30)]


def write(folder, lines, name="t.csv"):
    (folder / name).write_text("\n".join(lines) + "\n")
    for image in NAMES:
        Image.new("RGB", (100, 80)).save(folder / image)
    return folder / name


def kinds(proposal):
    return {d.task: (d.type, d.columns) for d in proposal.tasks}


def test_boxes_are_no_numbers(tmp_path):
    rows = [f"{n},100,80,{('cat', 'dog')[k % 2]},1,2,{30 + k},40" for k, n in enumerate(NAMES)]
    path = write(tmp_path, ["filename,width,height,class,xmin,ymin,xmax,ymax", *rows])
    proposal = propose(None, [path])
    assert kinds(proposal) == {"objects": ("boxes", ("objects",))}


def test_labels_in_rows_are_tags(tmp_path):
    rows = [f"{n},verification,l{k % 3},{k % 2}" for k, n in enumerate(NAMES * 2)]
    path = write(tmp_path, ["ImageID,Source,LabelName,Confidence", *dict.fromkeys(rows)])
    proposal = propose(None, [path])
    assert kinds(proposal) == {"LabelName": ("tags", ("LabelName",))}


@pytest.mark.parametrize("name", ["xmin", "bbox_width", "Y2", "box_area", "x_center"])
def test_what_is_left_of_a_box_is_no_number(tmp_path, name):
    rows = [f"{n},{'ab'[k % 2]},{k * 7 % 90}" for k, n in enumerate(NAMES)]
    proposal = propose(None, [write(tmp_path, [f"image,kind,{name}", *rows])])
    assert kinds(proposal) == {"kind": ("class", ("kind",))}
    (other,) = proposal.others
    assert other.type == "boxes"


def test_the_key_that_an_error_names_is_written_into_the_config(tmp_path):
    rows = [f'{n},cat,"[10, 10, 30, 40]"' for n in NAMES]
    path = write(tmp_path, ["image,label,bbox", *rows])
    with pytest.raises(DataError, match="box_format=xywh"):
        propose(None, [path])
    proposal = propose(None, [path], box_format="xywh")
    (tmp_path / "p.yaml").write_text(render_yaml(proposal, "run", tmp_path))
    config = load_config(tmp_path / "p.yaml")
    assert config.data.box_format == "xywh"
    (cell,) = read_tables(config.data.sources()).column("objects").slice(0, 1).to_pylist()
    assert (cell[0]["x_max"], cell[0]["y_max"]) == (40, 50)


def test_keys_of_one_of_several_files(tmp_path):
    write(tmp_path, ["image,label,bbox", *(f'{n},cat,"[10, 10, 30, 40]"' for n in NAMES)])
    write(tmp_path, ["image,kind", *(f"{n},{'ab'[k % 2]}" for k, n in enumerate(NAMES))], "k.csv")
    (tmp_path / "p.yaml").write_text(
        "data:\n  annotations: [k.csv, {path: t.csv, box_format: xyxy}]\n"
        "tasks: {objects: {type: boxes}}\n"
    )
    table = read_tables(load_config(tmp_path / "p.yaml").data.sources())
    (cell,) = table.column("objects").slice(0, 1).to_pylist()
    assert (cell[0]["x_max"], cell[0]["y_max"]) == (30, 40)


def test_corners_in_a_coco_file_are_settled_by_the_key_that_the_error_names(tmp_path):
    (tmp_path / "train").mkdir()
    document = {
        "images": [{"id": k, "file_name": n} for k, n in enumerate(NAMES)],
        "annotations": [
            {"id": k, "image_id": k, "category_id": 1, "bbox": [40, 30, 90, 70]} for k in range(30)
        ],
        "categories": [{"id": 1, "name": "cup"}],
    }
    path = write(tmp_path / "train", [json.dumps(document)], "_annotations.coco.json")
    for where in (tmp_path, path):
        with pytest.raises(DataError, match="box_format=xyxy"):
            propose(None, [where])
        proposal = propose(None, [where], box_format="xyxy")
        (tmp_path / "p.yaml").write_text(render_yaml(proposal, "run", tmp_path))
        config = load_config(tmp_path / "p.yaml")
        (cell,) = read_tables(config.data.sources()).column("objects").slice(0, 1).to_pylist()
        assert (cell[0]["x_max"], cell[0]["y_max"]) == (90, 70)
