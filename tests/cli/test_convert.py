"""`polyhead convert`, as a user calls it."""

import json

import pytest

from polyhead.formats import read_table
from polyhead.scenes import SceneOptions, write_scenes


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    folder = tmp_path_factory.mktemp("street")
    write_scenes(folder, 6, SceneOptions(size=64))
    return folder


def test_losses_are_listed_on_standard_output(polyhead, street, tmp_path):
    code, out, err = polyhead("convert", street / "objects.json", tmp_path / "y", "--to", "yolo")
    assert code == 0, err
    (wrote, lost) = out.splitlines()
    assert wrote == f"wrote {tmp_path / 'y'} from 6 rows"
    table = read_table(street / "objects.json")
    num = sum(len(cell) for cell in table.column("objects").to_pylist())
    assert lost == (
        f"yolo: loses {num} areas, 6 category ids, 6 supercategories, the column image_id (6 cells)"
    )
    assert len(read_table(tmp_path / "y")) == 6


def test_nothing_is_said_where_nothing_is_lost(polyhead, street, tmp_path):
    for name, kind in (("o.parquet", "parquet"), ("o.json", "coco")):
        words = ("convert", street / "objects.json", tmp_path / name, "--to", kind)
        assert polyhead(*words).out.splitlines() == [f"wrote {tmp_path / name} from 6 rows"]
    first, second = (read_table(tmp_path / name) for name in ("o.parquet", "o.json"))
    assert first.data.to_pylist() == second.data.to_pylist()
    fields = [table.data.schema.field("objects") for table in (first, second)]
    assert fields[0].equals(fields[1], check_metadata=True)
    assert first.path(0).resolve() == street / "images" / "000000.jpg"


def test_a_program_reads_the_losses_as_json(polyhead, street, tmp_path):
    words = ("convert", street / "objects.json", tmp_path / "o.csv", "--to", "csv", "--json")
    answer = json.loads(polyhead(*words).out)
    assert answer == {
        "out": str(tmp_path / "o.csv"),
        "to": "csv",
        "num_rows": 6,
        "losses": [{"what": "supercategory", "num": 6}, {"what": "column objects", "num": 6}],
        "faults": [],
    }


def test_the_folder_of_images_can_be_named(polyhead, street, tmp_path):
    boxes = tmp_path / "far" / "boxes.json"
    boxes.parent.mkdir()
    boxes.write_bytes((street / "objects.json").read_bytes())
    words = ("convert", boxes, tmp_path / "v", "--to", "voc", "--images", street / "images")
    assert polyhead(*words).code == 0
    assert len(list((tmp_path / "v" / "JPEGImages").iterdir())) == 6


def test_images_that_are_not_there_are_told_with_the_mend(polyhead, street, tmp_path):
    boxes = tmp_path / "boxes.json"
    boxes.write_bytes((street / "objects.json").read_bytes())
    code, _, err = polyhead("convert", boxes, tmp_path / "o.json", "--to", "coco")
    assert code == 0
    assert "6 of 6 images are not where boxes.json names them" in err
    assert str(tmp_path / "images" / "000000.jpg") in err
    code, _, err = polyhead("convert", boxes, tmp_path / "v", "--to", "voc")
    assert (code, "name their folder with --images." in err.splitlines()[-1]) == (3, True)


def test_what_exists_stays(polyhead, street, tmp_path):
    (tmp_path / "o.csv").write_text("mine")
    code, _, err = polyhead("convert", street / "labels.csv", tmp_path / "o.csv", "--to", "csv")
    assert (code, "E_EXISTS" in err, (tmp_path / "o.csv").read_text()) == (2, True, "mine")


def test_what_a_reader_must_leave_out_stops_everything(polyhead, street, tmp_path):
    document = json.loads((street / "objects.json").read_text())
    document["annotations"].append({"id": 9999, "image_id": 777, "category_id": 1, "bbox": [1] * 4})
    (tmp_path / "bad.json").write_text(json.dumps(document))
    code, _, err = polyhead(
        "convert", tmp_path / "bad.json", tmp_path / "o.parquet", "--to", "parquet"
    )
    assert (code, "E_UNKNOWN_IMAGE" in err) == (3, True)
    assert not (tmp_path / "o.parquet").exists()


def test_a_wrong_format_lists_the_choices(polyhead, street, tmp_path):
    code, _, err = polyhead("convert", street / "labels.csv", tmp_path / "o", "--to", "xml")
    assert (code, "parquet" in err) == (2, True)
