import os

import numpy as np
import pytest
from image_files import NOT_IMAGES, bomb, encoded, frames, scene

from polyhead.data import check_images, find_orphans

BAD = {
    "missing.jpg": (None, "E_IMAGE_MISSING"),
    "page.jpg": (NOT_IMAGES["html"][0], "E_NOT_IMAGE"),
    "pointer.jpg": (NOT_IMAGES["lfs"][0], "E_NOT_IMAGE"),
    "half.jpg": (encoded(scene(), "JPEG")[:800], "E_TRUNCATED"),
    "bomb.png": (bomb(), "E_TOO_LARGE"),
    "pixel.png": (encoded(scene(1, 1)), "W_IMAGE_EXTREME"),
    "line.png": (encoded(scene(9, 65000)), "W_IMAGE_EXTREME"),
    "png.jpg": (encoded(scene(40, 40)), "N_EXTENSION"),
    "moving.gif": (frames("GIF"), "N_ANIMATED"),
    "exif.jpg": (encoded(scene(30, 30), "JPEG", exif=b"Exif\0\0garbage"), "N_EXIF"),
}


def where(row):
    return f"train.csv:{row + 2} image"


def write(folder, files):
    for name, data in files.items():
        if data is not None:
            (folder / name).write_bytes(data)
    return [folder / name for name in files]


def codes(check):
    return [(fault.row, fault.code) for fault in check.faults]


def test_every_planted_fault_is_found_and_nothing_else(tmp_path):
    files = {name: data for name, (data, _) in BAD.items()}
    files |= {f"good{i}.png": encoded(scene(20 + i, 30)) for i in range(5)}
    paths = write(tmp_path, files)
    os.mkfifo(tmp_path / "pipe.jpg")
    done = []
    check = check_images([*paths, tmp_path / "pipe.jpg"], where, workers=2, progress=done.append)
    expected = [(row, code) for row, (_, code) in enumerate(BAD.values())]
    assert codes(check) == [*expected, (15, "E_IMAGE_UNREADABLE")]
    assert done == list(range(1, 17))
    assert str(check.faults[1]).startswith("E_NOT_IMAGE train.csv:3 image: found an HTML page")
    assert "git lfs pull" in check.faults[2].message
    readable = [code[0] in "WN" for _, code in BAD.values()] + [True] * 5 + [False]
    np.testing.assert_array_equal(check.sizes[:, 0] > 0, readable)
    np.testing.assert_array_equal(check.digests != b"", readable)
    assert check.sizes[10].tolist() == [20, 30]


def test_more_images_than_one_block(tmp_path):
    paths = write(tmp_path, {"a.png": encoded(scene())}) * 1030
    check = check_images(paths, where)
    assert (check.sizes == (48, 64)).all()
    assert len(check.faults) == 1029
    assert check_images([], where).faults == ()


def test_equal_images_are_named_with_their_first(tmp_path):
    files = {
        "a.png": encoded(scene()),
        "b.png": encoded(scene()),
        "c.bmp": encoded(scene(), "BMP"),
        "d.png": encoded(scene(49)),
    }
    check = check_images(write(tmp_path, files), where)
    assert codes(check) == [(1, "W_IMAGE_DUPLICATE"), (2, "W_IMAGE_DUPLICATE")]
    assert "same bytes as train.csv:2" in check.faults[0].message
    assert "same pixels as train.csv:2" in check.faults[1].message
    assert len(set(check.digests.tolist())) == 2


@pytest.mark.parametrize(
    ("on_disk", "in_table"),
    [("A.JPG", "a.jpg"), ("a.jpeg", "a.jpg"), ("\u00e9.jpg", "e\u0301.jpg")],
)
def test_missing_images_get_a_hint(tmp_path, on_disk, in_table):
    write(tmp_path, {on_disk: encoded(scene(), "JPEG")})
    check = check_images([tmp_path / on_disk, tmp_path / in_table], where)
    assert codes(check) == [(1, "E_IMAGE_MISSING")]
    assert f'Found "{on_disk}" there, but the table says "{in_table}"' in check.faults[0].message


def test_a_missing_folder_is_named(tmp_path):
    write(tmp_path, {"a.png": encoded(scene())})
    check = check_images([tmp_path / "a.png", tmp_path / "sub" / "a.png"], where)
    assert "which is no folder" in check.faults[0].message


def test_a_missing_name_that_files_further_down_have_is_told(tmp_path):
    for name in ("top/one/a.png", "top/two/b.png", "top/one/b.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write(tmp_path, {name: encoded(scene())})
    check = check_images([tmp_path / "top" / name for name in ("a.png", "b.png", "c.png")], where)
    assert codes(check) == [
        (0, "E_IMAGE_MISSING"),
        (1, "E_IMAGE_AMBIGUOUS"),
        (2, "E_IMAGE_MISSING"),
    ]
    assert 'Found "one/a.png" there; write the folder before the name' in check.faults[0].message
    assert "one/b.png, two/b.png; write the folder before" in check.faults[1].message
    assert "Looked in" in check.faults[2].message


def test_a_summary_comes_first_when_all_are_missing(tmp_path):
    paths = [tmp_path / f"{row}.jpg" for row in range(50)]
    check = check_images(paths, where)
    summary, *others = check.faults
    assert (summary.code, summary.row, summary.where) == ("E_IMAGE_MISSING", None, str(tmp_path))
    assert "none of the 50 images" in summary.message
    assert "0.jpg" in summary.message
    assert len(others) == 50


def test_faults_of_odd_names_print(tmp_path):
    path = tmp_path / os.fsdecode(b"\xff\n.jpg")
    check = check_images([path], lambda _: str(path))
    assert len(check.faults) == 2
    for fault in check.faults:
        assert "\n" not in str(fault)
        str(fault).encode()


def test_orphans_are_listed(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path)
    for name in ("a.png", "b.PNG", "sub/c.jpg", "notes.txt", "._a.png"):
        (tmp_path / name).write_bytes(b"x")
    faults = find_orphans(tmp_path, [tmp_path / "sub" / ".." / "a.png"])
    assert [(f.code, f.where) for f in faults] == [
        ("W_IMAGE_ORPHAN", "b.PNG"),
        ("W_IMAGE_ORPHAN", "sub/c.jpg"),
    ]
