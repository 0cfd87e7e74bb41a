"""Images and masks of the same name, in folders of their own or side by side."""

import numpy as np
import pytest
from PIL import Image

from polyhead.errors import ConfigError
from polyhead.formats import read_table


def written(folder, *names):
    write(folder, *names)
    return read_table(folder)


def write(folder, *names):
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8), number, np.uint8)).save(path)


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
        ("images/{}.png", "labels/{}.png"),
        ("img_dir/{}.jpg", "ann_dir/{}.png"),
        ("images/training/{}.jpg", "annotations/training/{}.png"),
        ("train_images/{}.png", "train_masks/{}.png"),
        ("train/{}.jpg", "train_masks/{}_mask.gif"),
        ("{}_sat.jpg", "{}_mask.png"),
        ("Images/{}.jpg", "Ground_truth/{}.png"),
        ("Images/{}.jpg", "GT/{}.png"),
        ("images_001/{}.jpg", "masks_001/{}.png"),
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


def test_what_has_no_partner_is_reported(tmp_path):
    names = [f"{kind}/{n}.png" for n in "abc" for kind in ("images", "masks")]
    table = written(tmp_path, *names, "images/d.png", "masks/e.png")
    assert columns(table)["mask"][-1] is None
    assert {fault.code for fault in table.faults} == {"N_MASK_PAIRS", "W_NO_MASK", "W_NO_PICTURE"}


def test_class_folders_stay_class_folders(tmp_path):
    assert "class" in columns(written(tmp_path, "cat/a.png", "dog/b.png", "masks/c.png"))


@pytest.mark.parametrize(
    "form", ["data/{}/{}", "data/{1}/{0}", "{1}/{0}", "data/{1}_{0}"], ids=lambda form: form
)
@pytest.mark.parametrize("parts", [("train", "val"), ("Train", "Valid", "TEST")])
def test_parts_above_or_below_the_kinds_are_the_split(tmp_path, form, parts):
    names = [form.format(part, kind) + "/a.png" for part in parts for kind in ("images", "masks")]
    table = written(tmp_path, *names)
    assert columns(table)["split"] == [
        {"train": "train", "val": "val", "valid": "val", "test": "test"}[part.lower()]
        for image in columns(table)["image"]
        for part in parts
        if part in image
    ]
    assert None not in columns(table)["mask"]


def test_lists_of_images_are_the_split(tmp_path):
    write(tmp_path, *(f"{kind}/{n}.png" for n in "abc" for kind in ("images", "masks")))
    (tmp_path / "train.txt").write_text("a\nb\n")
    (tmp_path / "val.txt").write_text("images/c.png\n")
    table = read_table(tmp_path)
    assert columns(table)["split"] == ["train", "train", "val"]


def test_a_part_without_masks_is_left_out(tmp_path):
    table = written(tmp_path, "train/a.jpg", "train/b.jpg", "train_masks/a.png", "test/c.jpg")
    assert columns(table) == {
        "image": ["train/a.jpg", "train/b.jpg"],
        "mask": ["train_masks/a.png", None],
    }
    told = [fault.message for fault in table.faults if fault.code == "W_NO_MASK"]
    assert ("test/c.jpg" in told[0], "train/b.jpg" in told[1]) == (True, True)


@pytest.mark.parametrize(
    ("images", "masks"),
    [("photos", "truth"), ("a/x", "b/y"), (".", "masks"), ("train/images", "train/masks")],
)
def test_a_folder_of_masks_beside_one_of_images(tmp_path, images, masks):
    write(tmp_path, f"{images}/k/one.jpg", f"{masks}/k/one.png", f"{images}/two.jpg")
    write(tmp_path, f"{masks}/two_mask.png")
    table = read_table(tmp_path / masks, tmp_path / images)
    kept = [path.relative_to(tmp_path).as_posix() for path in table.paths()]
    assert kept == [
        f"{images}/k/one.jpg".removeprefix("./"),
        f"{images}/two.jpg".removeprefix("./"),
    ]
    found = [(table.root / name).exists() for name in columns(table)["mask"]]
    assert found == [True, True]
    assert [fault.code for fault in table.faults] == ["N_MASK_PAIRS"]


def test_two_folders_that_do_not_fit_are_refused_and_the_mends_work(tmp_path):
    write(tmp_path, "photos/a.png", "kinds/cat/a.png", "kinds/dog/b.png", "images/c.png")
    write(tmp_path, "masks/c.png")
    with pytest.raises(ConfigError, match="kinds alone"):
        read_table(tmp_path / "kinds", tmp_path / "photos")
    assert "class" in columns(read_table(tmp_path / "kinds"))
    with pytest.raises(ConfigError, match=r"polyhead init \S+/images \S+/masks"):
        read_table(tmp_path / "images", tmp_path / "masks")
    assert "mask" in columns(read_table(tmp_path / "masks", tmp_path / "images"))
