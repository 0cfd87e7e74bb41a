"""Names of pictures as another machine, the web or another case writes them."""

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
        (tmp_path / "photos" / name).write_bytes(b"")
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


def test_a_bare_name_means_the_one_file_so_called_in_any_folder(folder):
    names, (note,) = read(folder, ["one.JPG", "Two.png", "cats/my dog.jpg"])
    assert names == ["cats/one.JPG", "dogs/two.png", "cats/my dog.jpg"]
    assert (note.code, "2 names" in note.message) == ("N_IMAGE_NAMES", True)
    (folder / "photos" / "dogs" / "one.jpg").write_bytes(b"")
    assert read(folder, ["one.jPg"])[0] == ["one.jPg"]


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


def test_names_that_two_files_could_mean_stay(folder):
    (folder / "photos" / "dogs" / "TWO.png").write_bytes(b"")
    assert read(folder, ["dogs/Two.png"]) == (["dogs/Two.png"], ())
