"""Names of images as another machine, the web or another case writes them."""

import pytest

from polyhead.formats import read_table

FILES = ("cats/one.JPG", "cats/my dog.jpg", "dogs/two.png", "dogs/three.png")
FOREIGN = {
    "another machine": "/home/ann/data/{}",
    "windows": "C:\\data\\photos\\{}",
    "web": "https://example.org/v1/{}?size=large",
    "below": "./old/photos/{}",
}


@pytest.fixture
def folder(tmp_path):
    for name in FILES:
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / name).write_bytes(name.encode())
    return tmp_path


def read(folder, names):
    lines = "".join(f'"{name}",x\n' for name in names)
    (folder / "labels.csv").write_text(f"image,kind\n{lines}")
    table = read_table(folder / "labels.csv", folder / "photos")
    return table.data.column("image").to_pylist(), table.faults


@pytest.mark.parametrize("form", FOREIGN.values(), ids=FOREIGN)
def test_folders_that_all_names_start_with_are_left_out(folder, form):
    names, (note,) = read(folder, [form.format(name) for name in FILES])
    assert names == list(FILES)
    assert note.code == "N_IMAGE_NAMES"
    assert "4 names" in note.message
    assert '"cats/one.JPG"' in note.message


def test_case_and_escapes_are_mended_row_by_row(folder):
    names, (note,) = read(folder, ["cats/ONE.jpg", "dogs/two.png", "cats/my%20dog.jpg"])
    assert names == ["cats/one.JPG", "dogs/two.png", "cats/my dog.jpg"]
    assert "2 names" in note.message


def test_a_folder_in_which_names_differ_is_never_left_out(folder):
    written = ["birds/one.JPG", "fish/two.png"]
    assert read(folder, written) == (written, ())


def test_a_bare_name_means_the_one_file_of_that_name_in_any_folder(folder):
    names, (note,) = read(folder, ["one.JPG", "Two.png", "cats/my dog.jpg"])
    assert names == ["cats/one.JPG", "dogs/two.png", "cats/my dog.jpg"]
    assert (note.code, "2 names" in note.message) == ("N_IMAGE_NAMES", True)
    (folder / "photos" / "dogs" / "one.jpg").write_bytes(b"another")
    assert read(folder, ["one.jPg"])[0] == ["one.jPg"]
    assert read(folder, ["one.jpg", "one.JPG"])[0] == ["dogs/one.jpg", "cats/one.JPG"]


def test_a_bare_name_that_several_files_have_is_asked_about(folder):
    (folder / "photos" / "dogs" / "one.JPG").write_bytes(b"another")
    names, (fault, note) = read(folder, ["one.JPG", "two.png"])
    assert names == ["one.JPG", "dogs/two.png"]
    assert (fault.code, fault.row, note.code) == ("E_IMAGE_AMBIGUOUS", 0, "N_IMAGE_NAMES")
    assert fault.where == "labels.csv:2 one.JPG"
    assert "cats/one.JPG, dogs/one.JPG" in fault.message
    # each of the mends works
    assert read(folder, ["dogs/one.JPG"]) == (["dogs/one.JPG"], ())
    assert str(folder / "photos" / "dogs") in fault.message
    table = read_table(folder / "labels.csv", folder / "photos" / "dogs")
    assert not [fault for fault in table.faults if fault.is_error]


def test_of_copies_with_the_same_bytes_the_first_is_read_and_reported(tmp_path):
    for place in ("a/one.jpg", "b/one.jpg", "train/two.jpg", "test/two.jpg"):
        (tmp_path / "photos" / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / place).write_bytes(b"equal")
    names, faults = read(tmp_path, ["one.jpg", "two.jpg"])
    # the folders of two.jpg may be the split
    assert names == ["a/one.jpg", "two.jpg"]
    assert [fault.code for fault in faults] == ["E_IMAGE_AMBIGUOUS", "N_IMAGE_NAMES"]
    assert "1 of them are of several files with the same bytes" in faults[1].message
    (tmp_path / "photos/b/one.jpg").write_bytes(b"other")
    assert [fault.row for fault in read(tmp_path, ["one.jpg", "two.jpg"])[1]] == [0, 1]
    assert [fault.row for fault in read(tmp_path, ["one", "two"])[1]] == [0, 1]
    (tmp_path / "photos/b/one.jpg").write_bytes(b"equal")
    names, (_, note) = read(tmp_path, ["one", "two"])
    assert (names, "same bytes" in note.message) == (["a/one.jpg", "two"], True)


def test_few_names_are_found_below_where_the_others_are_found_as_written(folder):
    for number in range(1000):
        (folder / "photos" / f"{number}.jpg").write_bytes(b"")
    (folder / "photos" / "dogs" / "one.JPG").write_bytes(b"another")
    plain = [f"{number}.jpg" for number in range(1000)]
    names, (fault, note) = read(folder, [*plain[:500], "one.JPG", "two.png", *plain[500:]])
    assert (names[501], note.code) == ("dogs/two.png", "N_IMAGE_NAMES")
    assert (fault.code, fault.row) == ("E_IMAGE_AMBIGUOUS", 500)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (["cats/one.JPG"], ["old/cats/one.JPG"]),
        (["/data/x/cats/one.JPG", "/data/x/cats/three.jpg"], ["old/cats/one.JPG", None]),
        (["/data/cats/one.JPG", "/data/dogs/one.JPG"], ["old/cats/one.JPG", "old/dogs/one.JPG"]),
        (["birds/one.JPG"], [None]),
    ],
)
def test_a_path_that_ends_in_the_name_is_meant(tmp_path, written, meant):
    for kind in ("cats", "dogs"):
        (tmp_path / "photos" / "old" / kind).mkdir(parents=True)
        (tmp_path / "photos" / "old" / kind / "one.JPG").write_bytes(kind.encode())
    names, _ = read(tmp_path, written)
    assert names == [new or old for old, new in zip(written, meant, strict=True)]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("/data/upload/4/7687a66e-two.png", "dogs/two.png"),
        ("/data/upload/4/7687a66e-my%20dog.jpg", "cats/my dog.jpg"),
        ("7687a66e-three.png", "dogs/three.png"),
        ("/data/local-files/?d=scans/two.png", "dogs/two.png"),
        ("http://localhost:8080/data/upload/12/0a1b2c3d-ONE.jpg", "cats/one.JPG"),
        ("/data/upload/4/0badcafe-kept.png", "0badcafe-kept.png"),
        ("C:\\ls\\media\\upload\\4\\0badcafe-kept.png", "0badcafe-kept.png"),
    ],
)
def test_uploads_of_label_studio_are_found_with_and_without_their_prefix(folder, written, meant):
    (folder / "photos" / "0badcafe-kept.png").write_bytes(b"")
    names, (note,) = read(folder, [written, "dogs/two.png" if "two" not in meant else "a.png"])
    assert names[0] == meant
    assert meant in note.message


def test_two_uploads_that_could_be_one_file_stay(folder):
    written = ["/data/upload/4/7687a66e-two.png", "/data/upload/5/0a1b2c3d-two.png"]
    assert read(folder, written) == (written, ())


def test_folders_stay_where_some_names_are_found(folder):
    written = ["dogs/two.png", "/home/ann/dogs/three.png"]
    assert read(folder, written) == (written, ())


def test_names_that_two_files_could_mean_stay_and_are_asked_about(folder):
    (folder / "photos" / "dogs" / "TWO.png").write_bytes(b"another")
    names, (fault,) = read(folder, ["dogs/Two.png"])
    assert (names, fault.code) == (["dogs/Two.png"], "E_IMAGE_AMBIGUOUS")
    assert "dogs/TWO.png, dogs/two.png" in fault.message
