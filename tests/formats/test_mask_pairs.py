"""Pictures and masks of the same name, in folders of their own or side by side."""

import numpy as np
import pytest
from PIL import Image

from polyhead.formats import read_table


def written(folder, *names):
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8), number, np.uint8)).save(path)
    return read_table(folder)


def columns(table):
    return {name: table.data.column(name).to_pylist() for name in table.data.column_names}


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ("images/{}.jpg", "masks/{}.png"),
        ("imgs/{}.jpg", "mask/{}.gif"),
        ("JPEGImages/{}.jpg", "SegmentationClass/{}.png"),
        ("{}.jpg", "{}_mask.png"),
        ("images/{}.png", "masks/{}_seg.png"),
        ("{}.jpg", "masks/{}.png"),
    ],
)
def test_pairs_are_found_by_their_names(tmp_path, image, mask):
    names = ["a_1", "b"]
    table = written(tmp_path, *(each.format(n) for n in names for each in (image, mask)))
    assert columns(table) == {
        "image": [image.format(n) for n in names],
        "mask": [mask.format(n) for n in names],
    }
    assert [fault.code for fault in table.faults] == ["N_MASK_PAIRS"]


def test_folders_of_a_split_are_the_split(tmp_path):
    names = [f"{part}/{kind}/a.png" for part in ("train", "valid") for kind in ("images", "masks")]
    table = written(tmp_path, *names)
    assert columns(table)["split"] == ["train", "val"]
    assert columns(table)["mask"] == ["train/masks/a.png", "valid/masks/a.png"]


def test_what_has_no_partner_is_told(tmp_path):
    names = [f"{kind}/{n}.png" for n in "abc" for kind in ("images", "masks")]
    table = written(tmp_path, *names, "images/d.png", "masks/e.png")
    assert columns(table)["mask"][-1] is None
    assert {fault.code for fault in table.faults} == {"N_MASK_PAIRS", "W_NO_MASK", "W_NO_PICTURE"}


def test_class_folders_stay_class_folders(tmp_path):
    assert "class" in columns(written(tmp_path, "cat/a.png", "dog/b.png", "masks/c.png"))
