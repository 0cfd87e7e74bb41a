"""Class folders, with and without splits on top, and what a file system may hold."""

import os

import pytest

from polyhead.errors import ConfigError, DataError
from polyhead.formats import read_table


def fill(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def rows(table):
    return [tuple(row.values()) for row in table.data.to_pylist()]


def codes(table):
    return [fault.code for fault in table.faults]


def test_folders_are_classes_in_a_fixed_order(tmp_path):
    fill(tmp_path, "dog/b.PNG", "cat/deep/er/a.jpg", "cat/a.jpeg", "dog/a.webp")
    table = read_table(tmp_path)
    assert rows(table) == [
        ("cat/a.jpeg", "cat"),
        ("cat/deep/er/a.jpg", "cat"),
        ("dog/a.webp", "dog"),
        ("dog/b.PNG", "dog"),
    ]
    assert table.columns == ["class"]
    assert table.path(0) == tmp_path / "cat/a.jpeg"
    assert table.lines.tolist() == [0, 0, 0, 0]
    assert table.faults == ()


@pytest.mark.parametrize(
    "suffix", ["jpg", "jpeg", "png", "webp", "bmp", "gif", "tif", "tiff", "TIF"]
)
def test_every_supported_suffix_is_read(tmp_path, suffix):
    assert len(read_table(fill(tmp_path, f"cat/a.{suffix}"))) == 1


def test_look_alike_class_names_stay_text(tmp_path):
    table = read_table(fill(tmp_path, "no/a.jpg", "001/a.jpg", "null/a.jpg"))
    assert table.column("class").to_pylist() == ["001", "no", "null"]


def test_split_folders_on_top_give_a_split_column(tmp_path):
    fill(tmp_path, "train/cat/a.jpg", "valid/dog/b.jpg", "Test/c.jpg", "test/dog/deep/d.jpg")
    assert rows(read_table(tmp_path)) == [
        ("Test/c.jpg", None, "test"),
        ("test/dog/deep/d.jpg", "dog", "test"),
        ("train/cat/a.jpg", "cat", "train"),
        ("valid/dog/b.jpg", "dog", "val"),
    ]


def test_a_class_called_train_beside_others_is_a_class(tmp_path):
    table = read_table(fill(tmp_path, "train/a/x.jpg", "bus/x.jpg"))
    assert rows(table) == [("bus/x.jpg", "bus"), ("train/a/x.jpg", "train")]


def test_split_names_without_classes_below_are_never_classes(tmp_path):
    with pytest.raises(DataError, match=r"E_EMPTY_TABLE.*no class folder in them"):
        read_table(fill(tmp_path, "train/x.jpg", "test/x.jpg"))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (
            ["images/train/cat/a.jpg", "images/val/dog/b.jpg"],
            [("images/train/cat/a.jpg", "cat", "train"), ("images/val/dog/b.jpg", "dog", "val")],
        ),
        (
            ["cat/Train/a.jpg", "dog/test/b.jpg"],
            [("cat/Train/a.jpg", "cat", "train"), ("dog/test/b.jpg", "dog", "test")],
        ),
        (
            ["train/images/cat/a.jpg", "dev/images/dog/b.jpg"],
            [("dev/images/dog/b.jpg", "dog", "val"), ("train/images/cat/a.jpg", "cat", "train")],
        ),
        (
            ["seg_train/seg_train/sea/a.jpg", "seg_test/seg_test/sky/b.jpg"],
            [
                ("seg_test/seg_test/sky/b.jpg", "sky", "test"),
                ("seg_train/seg_train/sea/a.jpg", "sea", "train"),
            ],
        ),
        (
            ["set/train/cat/a.jpg", "set/test/dog/b.jpg"],
            [("set/test/dog/b.jpg", "dog", "test"), ("set/train/cat/a.jpg", "cat", "train")],
        ),
    ],
)
def test_split_folders_at_other_levels(tmp_path, names, expected):
    assert rows(read_table(fill(tmp_path, *names))) == expected


def test_folders_beside_those_of_a_split_are_left_out_and_reported(tmp_path):
    table = read_table(fill(tmp_path, "train/good/a.jpg", "test/bad/b.jpg", "masks/bad/b.jpg"))
    assert [row[1] for row in rows(table)] == ["bad", "good"]
    assert "W_SPLIT_FOLDER" in codes(table)


def test_lists_of_images_define_the_split(tmp_path):
    fill(tmp_path, "images/cat/1.jpg", "images/cat/2.jpg", "images/dog/1.jpg", "images/dog/3.jpg")
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta/train.txt").write_text("cat/1\ndog/3\n")
    (tmp_path / "meta/test.txt").write_text("cat/2 1\n./images/dog/1.jpg\n")
    (tmp_path / "meta/classes.txt").write_text("cat\ndog\n")
    table = read_table(tmp_path)
    assert table.column("class").to_pylist() == ["cat", "cat", "dog", "dog"]
    assert table.column("split").to_pylist() == ["train", "test", "test", "train"]


def test_hidden_other_and_loose_files_are_left_out_and_reported(tmp_path):
    fill(tmp_path, "cat/a.jpg", "cat/.b.jpg", ".git/c.jpg", "cat/n.heic", "cat/m.heic", "LICENSE")
    fill(tmp_path, "loose.jpg")
    (tmp_path / "empty").mkdir()
    table = read_table(tmp_path)
    assert rows(table) == [("cat/a.jpg", "cat")]
    assert codes(table) == ["N_FILES_IGNORED", "W_NO_CLASS_FOLDER", "W_EMPTY_CLASS"]
    assert "2 with .heic, 1 with no suffix" in table.faults[0].message
    assert table.faults[2].where.endswith("/empty")


def test_links_pipes_and_folders_called_jpg_do_no_harm(tmp_path):
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    fill(root, "cat/a.jpg")
    fill(elsewhere, "b.jpg")
    (root / "cat" / "loop").symlink_to(root, target_is_directory=True)
    (root / "cat" / "self").symlink_to(root / "cat", target_is_directory=True)
    (root / "dog").symlink_to(elsewhere, target_is_directory=True)
    (root / "cat" / "dangling.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (root / "cat" / "folder.jpg").mkdir()
    os.mkfifo(root / "cat" / "pipe.jpg")
    assert rows(read_table(root)) == [("cat/a.jpg", "cat"), ("dog/b.jpg", "dog")]


def test_odd_names_are_kept(tmp_path):
    names = ["ça va/é\n.jpg", "🚗/x y.jpg", f"{'l' * 250}/a.jpg"]
    table = read_table(fill(tmp_path, *names))
    assert {row[0] for row in rows(table)} == set(names)
    assert all(table.path(row).is_file() for row in range(3))


def test_a_name_that_is_not_unicode_is_a_fault(tmp_path):
    fill(tmp_path, "cat/a.jpg")
    (tmp_path / "cat" / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"x")
    table = read_table(tmp_path)
    assert (len(table), codes(table)) == (1, ["E_FILE_NAME"])
    assert "caf\\udce9.jpg" in str(table.faults[0])


@pytest.mark.parametrize("names", [[], ["a.jpg", "b.jpg"], ["cat/readme.txt"]])
def test_a_folder_without_class_folders_is_refused(tmp_path, names):
    with pytest.raises(DataError, match="E_EMPTY_TABLE"):
        read_table(fill(tmp_path, *names))


def test_the_same_folder_may_be_given_as_the_images(tmp_path):
    fill(tmp_path, "root/cat/a.jpg", "other/b.jpg")
    root = tmp_path / "root"
    assert len(read_table(root, images=root)) == 1
    with pytest.raises(ConfigError, match="hold their own images"):
        read_table(root, images=tmp_path / "other")
