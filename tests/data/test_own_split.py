"""The user's own split, wherever the data tell it."""

import json

import numpy as np
import pytest

from polyhead.data import augmented_sources, find_own_split, named_split, subject_columns
from polyhead.errors import DataError
from polyhead.formats import Source, read_table, read_tables
from polyhead.table.split_spellings import part_of, part_of_file, parts_by_folder


def table(folder, images, **columns):
    path = folder / "labels.jsonl"
    rows = [
        json.dumps({"image": image} | {name: cells[row] for name, cells in columns.items()})
        for row, image in enumerate(images)
    ]
    path.write_text("\n".join(rows))
    return read_table(path)


def plain(num):
    return [f"{row}.jpg" for row in range(num)]


def own(folder, *, images=None, **columns):
    num = len(next(iter(columns.values()))) if columns else len(images)
    return find_own_split(table(folder, images or plain(num), **columns))


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("train", "train"),
        ("Train", "train"),
        ("TRAINING", "train"),
        ("train2017", "train"),
        ("train_images", "train"),
        ("images-train", "train"),
        ("TrainImages", "train"),
        ("seg_train", "train"),
        ("trainset", "train"),
        ("valid", "val"),
        ("validation_set", "val"),
        ("dev", "val"),
        ("eval", "val"),
        ("PublicTest", "val"),
        ("PrivateTest", "test"),
        ("Testing", "test"),
        ("test_data", "test"),
        ("hold-out", "test"),
        ("train_station", None),
        ("test tube", None),
        ("trains", None),
        ("bus", None),
        ("", None),
        ("train_val", None),
    ],
)
def test_names_of_parts(name, part):
    assert part_of(name) == part


@pytest.mark.parametrize(
    ("stem", "part"),
    [
        ("instances_train2017", "train"),
        ("person_keypoints_val2014", "val"),
        ("oidv6-train-annotations-bbox", "train"),
        ("labels_test", "test"),
        ("list_eval_partition", None),
        ("eval", "val"),
        ("annotations", None),
        ("train_val", None),
    ],
)
def test_names_of_annotation_files(stem, part):
    assert part_of_file(stem) == part


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        (["train/a.jpg", "Valid/b.jpg", "test/c.jpg"], ["train", "val", "test"]),
        (["images/train/a.jpg", "images/val/b.jpg"], ["train", "val"]),
        (["train/images/a.jpg", "dev/images/b.jpg"], ["train", "val"]),
        (["cat/train/a.jpg", "dog/train/b.jpg", "dog/test/c.jpg"], ["train", "train", "test"]),
        (["train2017/a.jpg", "val2017/b.jpg"], ["train", "val"]),
        (["train/a.jpg", "test/b.jpg", "extra/c.jpg"], ["train", "test", None]),
        (["train/a.jpg", "bus/b.jpg"], None),
        (["train/a.jpg", "train/b.jpg"], None),
        (["train/a.jpg", "test/b.jpg", *(f"x/{k}.jpg" for k in range(9))], None),
        (["a.jpg", "b.jpg"], None),
        ([], None),
    ],
)
def test_parts_by_folder(names, parts):
    assert parts_by_folder(names) == parts


@pytest.mark.parametrize(
    ("columns", "parts"),
    [
        ({"split": ["Train", "valid", "TEST"]}, ["train", "val", "test"]),
        ({"anything": ["train", "train", "dev"]}, ["train", "train", "val"]),
        ({"Usage": ["Training", "PublicTest", "PrivateTest"]}, ["train", "val", "test"]),
        ({"partition": ["0", "0", "1", "2"]}, ["train", "train", "val", "test"]),
        ({"is_valid": ["False", "True", "False"]}, ["train", "val", "train"]),
        ({"is_test": ["0", "0", "1"]}, ["train", "train", "test"]),
        ({"isTrain": ["1", "1", "0"]}, ["train", "train", "test"]),
        ({"is_training_image": ["1", "1", "0"]}, ["train", "train", "test"]),
        (
            {"is_valid": ["no", "yes", "no"], "is_test": ["no", "no", "yes"]},
            ["train", "val", "test"],
        ),
        (
            {"is_train": ["1", "0", "0"], "is_valid": ["0", "1", "0"]},
            ["train", "val", "test"],
        ),
    ],
)
def test_columns_that_tell_the_split(tmp_path, columns, parts):
    found = own(tmp_path, **columns)
    assert found.parts.tolist() == parts
    assert all(f'"{name}"' in found.basis for name in columns)
    assert found.column == (next(iter(columns)) if len(columns) == 1 else None)


@pytest.mark.parametrize(
    "columns",
    [
        {"fold": ["0", "1", "2"]},
        {"colour": ["red", "blue", "red"]},
        {"valid": ["1", "0", "0"]},
        {"split": ["train", "train", "train"]},
        {"grade": ["0", "1", "2"]},
        {"partition": ["0", "1", "1"]},
        {"vehicle": ["train", "bus", "train"]},
        {"is_valid": ["0", "0", "0"]},
    ],
)
def test_columns_that_tell_none(tmp_path, columns):
    assert own(tmp_path, **columns) is None


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"split": ["train", "val", None]}, "have no part"),
        ({"split": ["train", "val", "extra"]}, '"extra" is none of train, val and test'),
        ({"is_valid": ["1", "1", "0"]}, "says yes in most rows"),
        ({"split": ["val", "test", "val"]}, "no row trains"),
    ],
)
def test_what_can_mean_two_things_is_asked_for(tmp_path, columns, problem):
    with pytest.raises(DataError, match=problem) as caught:
        own(tmp_path, **columns)
    assert caught.value.faults[0].code == "E_SPLIT_VALUE"
    assert "{method: stratified}" in str(caught.value)


def test_two_places_that_agree_or_refine_each_other_are_one_split(tmp_path):
    images = ["train/a.jpg", "train/b.jpg", "test/c.jpg"]
    found = own(tmp_path, images=images, is_valid=["0", "1", "0"])
    assert found.parts.tolist() == ["train", "val", "test"]
    found = own(tmp_path, images=images, split=["train", "train", "test"])
    assert found.parts.tolist() == ["train", "train", "test"]


def test_two_places_that_contradict_each_other_are_an_error(tmp_path):
    images = ["train/a.jpg", "train/b.jpg", "test/c.jpg"]
    with pytest.raises(DataError) as caught:
        own(tmp_path, images=images, split=["train", "test", "train"])
    assert caught.value.faults[0].code == "E_SPLIT_CONFLICT"
    assert "2 rows, such as" in str(caught.value)
    assert "split: {column: split}" in str(caught.value)


def test_a_learnt_column_shares_out_no_rows(tmp_path):
    found = find_own_split(table(tmp_path, plain(2), phase=["train", "test"]), {"phase"})
    assert found is None


def test_annotation_files_named_after_parts(tmp_path):
    for part, rows in {"train": "abc", "val": "d", "test": "e"}.items():
        lines = "".join(f"{row}.jpg,cat\n" for row in rows)
        (tmp_path / f"{part}_labels.csv").write_text(f"image,kind\n{lines}")
    (tmp_path / "extra.csv").write_text("image,colour\na.jpg,red\nf.jpg,blue\n")
    names = ["train_labels.csv", "val_labels.csv", "test_labels.csv", "extra.csv"]
    found = find_own_split(read_tables([Source(tmp_path / name) for name in names]))
    assert found.parts.tolist() == ["train"] * 3 + ["val", "test", "train"]
    assert "train_labels.csv" in found.basis
    assert [fault.code for fault in found.faults] == ["W_SPLIT_REST"]


def test_a_image_in_the_files_of_two_parts_is_an_error(tmp_path):
    for part, rows in {"train": "ab", "val": "bc"}.items():
        lines = "".join(f"{row}.jpg,cat\n" for row in rows)
        (tmp_path / f"{part}.csv").write_text(f"image,kind\n{lines}")
    joined = read_tables([Source(tmp_path / "train.csv"), Source(tmp_path / "val.csv")])
    with pytest.raises(DataError) as caught:
        find_own_split(joined)
    assert caught.value.faults[0].code == "E_SPLIT_CONFLICT"
    assert "b.jpg" in str(caught.value)


def test_one_annotation_file_called_train_is_no_split(tmp_path):
    (tmp_path / "train.csv").write_text("image,kind\na.jpg,cat\nb.jpg,dog\n")
    assert find_own_split(read_tables([Source(tmp_path / "train.csv")])) is None


def test_annotation_files_in_folders_of_parts(tmp_path):
    for part in ("train", "valid"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "_classes.csv").write_text(f"filename,cat\n{part}.jpg,1\n")
    paths = [tmp_path / part / "_classes.csv" for part in ("train", "valid")]
    found = find_own_split(read_tables([Source(path) for path in paths]))
    assert found.parts.tolist() == ["train", "val"]


def test_the_users_word_on_a_column(tmp_path):
    found = table(tmp_path, plain(4), fold=["0", "1", "2", "3"], part=["0", "1", "2", "0"])
    parts = {"val": ("1",), "test": ("2",)}
    assert named_split(found, "fold", parts) == ["train", "val", "test", "train"]
    assert named_split(found, "part", {}) == ["train", "val", "test", "train"]
    only = {"train": ("0",), "val": ("1",)}
    assert named_split(found, "fold", only) == ["train", "val", "2", "3"]


def test_augmented_copies_share_their_source():
    found = augmented_sources(
        [
            "train/a_jpg.rf.0e8f4045f2e66649bd946b64ce121a66.jpg",
            "valid/a_jpg.rf.1e8f4045f2e66649bd946b64ce121a66.jpg",
            "train/b_jpg.rf.2e8f4045f2e66649bd946b64ce121a66.jpg",
            "cat/c.jpg",
            "cat/c_hflip.png",
            "cat/c_rot90_aug2.png",
            "dog/c.jpg",
            "dog/back_flip.jpg",
            "dog/d.jpg",
        ]
    )
    assert found[0] == found[1] is not None
    assert found[2] is None
    assert found[3] == found[4] == found[5] is not None
    assert found[6:] == [None, None, None]
    assert augmented_sources(["a.jpg", "b_flip.jpg"]) is None


def test_columns_of_subjects(tmp_path):
    num = 60
    cells = {
        "Patient ID": [str(row // 3) for row in range(num)],
        "cameraId": [f"{row % 10}" for row in range(num)],
        "site": [f"S{row % 6}" for row in range(num)],
        "StudyInstanceUID": [f"1.2.{row // 2}" for row in range(num)],
        "video_name": [f"v{row // 6}.mp4" for row in range(num)],
        "Patient Age": [str(row % 9) for row in range(num)],
        "body": ["arm", "leg"] * 30,
        "location": ["arm", "leg", "head"] * 20,
        "person": [str(row % 3) for row in range(num)],
        "case": ["yes", "no"] * 30,
        "patient": plain(num),
    }
    found = subject_columns(table(tmp_path, plain(num), **cells))
    names = ["Patient ID", "cameraId", "site", "StudyInstanceUID", "video_name"]
    assert [each.column for each in found] == names
    split = np.array((["train"] * 4 + ["val"] * 2) * 10)
    assert found[0].num_torn(split) == 10
    assert found[4].num_torn(split) == 10
    assert found[0].can_be_shared_out
