"""What all formats share: the choice of reader, the image column, the root, duplicate rows."""

import os
import unicodedata

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyhead.errors import ConfigError, DataError
from polyhead.formats import FORMATS, read_table, readers_by_kind


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")
    return path


def touch(folder, *names):
    for name in names:
        write(folder / name, "x")
    return folder


def images(table):
    return [table.image(row) for row in range(len(table))]


def faults(table):
    return [(fault.code, fault.row) for fault in table.faults]


@pytest.mark.parametrize("name", ["t.xlsx", "t.doc", "t"])
def test_another_kind_lists_what_is_supported(tmp_path, name):
    path = write(tmp_path / name, "image\na.jpg\n")
    with pytest.raises(ConfigError) as caught:
        read_table(path)
    assert caught.value.code == "E_FORMAT"
    assert all(kind in str(caught.value) for kind in FORMATS)


def test_paths_that_do_not_exist_or_are_no_files_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="does not exist"):
        read_table(tmp_path / "t.csv")
    path = write(tmp_path / "u.csv", "image\na\n")
    with pytest.raises(ConfigError, match="does not exist"):
        read_table(path, images=tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(ConfigError, match="supported"):
        read_table(tmp_path / "pipe.csv")


@pytest.mark.parametrize("content", ["image,a\nx,1\n", '{"image": "x", "a": "1"}\n'])
def test_every_reader_names_the_source_and_its_line(tmp_path, content):
    path = write(tmp_path / ("t.csv" if content.startswith("image") else "t.jsonl"), content)
    table = read_table(path)
    assert (table.source, table.root, len(table)) == (path.name, tmp_path, 1)
    assert table.column("a").to_pylist() == ["1"]


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("a,image", "image"),
        ("path,image", "image"),
        ("id,filename", "filename"),
        ("a,File_Name", "File_Name"),
        ("PHOTO,id", "PHOTO"),
        ("Image,image", "image"),
        ("id,Image_Name", "Image_Name"),
        ("image_id,where", "where"),
        ("id,where", "where"),
        ("where,a", "where"),
    ],
)
def test_the_image_column_is_found_by_name_then_by_content(tmp_path, header, chosen):
    names = header.split(",")
    row = ",".join("x.jpg" if name in (chosen, "where") else "7" for name in names)
    table = read_table(write(tmp_path / "t.csv", f"{header}\n{row}\n"))
    assert images(table) == ["x.jpg"]
    other = next(name for name in names if name != chosen)
    assert table.columns == ["image (other)" if other == "image" else other]


@pytest.mark.parametrize("header", ["a,ID", "id,image_id", "id,ImageID"])
def test_ids_are_the_last_resort(tmp_path, header):
    table = read_table(write(tmp_path / "t.csv", f"{header}\nred,abc\n"))
    assert images(table) == ["abc"]


def test_no_image_column_lists_the_columns(tmp_path):
    with pytest.raises(DataError, match="found the columns a, b"):
        read_table(write(tmp_path / "t.csv", "a,b\nx.jpg,1\ny,1\n"))


def test_the_column_asked_for_wins_and_a_wrong_one_names_the_nearest(tmp_path):
    path = write(tmp_path / "t.csv", "image,back\na.jpg,b.jpg\n")
    table = read_table(path, image_column="back")
    assert images(table) == ["b.jpg"]
    assert table.column("image (other)").to_pylist() == ["a.jpg"]
    assert faults(table) == [("N_IMAGE_COLUMN", None)]
    with pytest.raises(ConfigError, match='Did you mean "image"') as caught:
        read_table(path, image_column="imgae")
    assert caught.value.code == "E_COLUMN"


def test_an_image_column_of_bytes_is_refused(tmp_path):
    pq.write_table(pa.table({"image": [b"\xff\xd8"], "a": ["1"]}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match="E_IMAGE_COLUMN"):
        read_table(tmp_path / "t.parquet")


def test_blank_image_cells_are_faults(tmp_path):
    table = read_table(write(tmp_path / "t.csv", "image,a\nx.jpg,1\n,2\n  ,2\n"))
    assert images(table) == ["x.jpg", "", ""]
    assert faults(table) == [("E_IMAGE_MISSING_NAME", 1), ("E_IMAGE_MISSING_NAME", 2)]


@pytest.mark.parametrize(
    ("cell", "given_images", "root"),
    [
        ("a.jpg", "images", "images"),
        ("images/a.jpg", "images", "."),
        ("images/a.jpg", None, "."),
        ("deep/b.jpg", "images", "images"),
        ("nowhere.jpg", "images", "images"),
        ("nowhere.jpg", None, "."),
        ("other/c.jpg", "elsewhere/other", "elsewhere"),
    ],
)
def test_the_root_is_where_the_images_are(tmp_path, cell, given_images, root):
    touch(tmp_path, "images/a.jpg", "images/deep/b.jpg", "elsewhere/other/c.jpg")
    path = write(tmp_path / "t.csv", f"image\n{cell}\n")
    table = read_table(path, images=given_images and tmp_path / given_images)
    assert table.root.resolve() == (tmp_path / root).resolve()
    assert images(table) == [cell]


def test_the_root_with_more_of_the_names_wins(tmp_path):
    touch(tmp_path, "images/a.jpg", "b.jpg", "c.jpg")
    path = write(tmp_path / "t.csv", "image\na.jpg\nb.jpg\nc.jpg\n")
    assert read_table(path, images=tmp_path / "images").root == tmp_path


def test_absolute_names_stay(tmp_path):
    touch(tmp_path, "far/a.jpg")
    path = write(tmp_path / "t.csv", f"image\n{tmp_path}/far/a.jpg\n")
    assert read_table(path).path(0) == tmp_path / "far/a.jpg"


def test_names_no_file_can_have_do_not_stop_the_reader(tmp_path):
    path = write(tmp_path / "t.csv", f"image\n{'x' * 300}.jpg\n../up.jpg\n")
    assert len(read_table(path, images=tmp_path)) == 2


def test_names_without_suffix_mean_the_image_with_that_stem(tmp_path):
    touch(tmp_path, "p/abc.JPG", "p/sub/d.e.png", "p/two.jpg", "p/two.png", "p/note.txt", "p/exact")
    path = write(tmp_path / "t.csv", "id\nabc\nsub/d.e\ntwo\nnote\nmissing\nfull.jpg\n")
    table = read_table(path, images=tmp_path / "p")
    assert images(table) == ["abc.JPG", "sub/d.e.png", "two", "note", "missing", "full.jpg"]
    assert faults(table) == [("E_IMAGE_AMBIGUOUS", 2), ("N_IMAGE_NAMES", None)]
    assert "two.jpg, two.png" in table.faults[0].message
    assert "2 names without suffix or folder are read as" in table.faults[1].message


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *(("train_0", "jpg/train_0.jpg"), ("TRAIN_0", "jpg/train_0.jpg")),
        *(("1377", "hand/1377.png"), ("1377.0", "hand/1377.png"), ("7", "hand/0007.png")),
        *(("0007", "hand/0007.png"), ("hand/1377", "hand/1377.png"), ("77", "77")),
        *(("both", "both"), ("7.5", "7.5")),
    ],
)
def test_ids_mean_the_one_image_of_that_name_in_any_folder(tmp_path, written, meant):
    touch(tmp_path, "p/jpg/train_0.jpg", "p/hand/1377.png", "p/hand/0007.png", "p/a/both.png")
    touch(tmp_path, "p/b/both.jpg")
    table = read_table(write(tmp_path / "t.csv", f"id,grade\n{written},1\n"), images=tmp_path / "p")
    assert images(table) == [meant]
    told = [("N_IMAGE_NAMES", None)] if meant != written else []
    assert faults(table) == ([("E_IMAGE_AMBIGUOUS", 0)] if written == "both" else told)


def test_the_column_whose_cells_are_names_of_files_is_found(tmp_path):
    touch(tmp_path, *(f"p/{row:04x}.png" for row in range(12)))
    rows = "".join(f"{row % 5},{row:04x}\n" for row in range(12))
    table = read_table(write(tmp_path / "t.csv", f"diagnosis,id_code\n{rows}"), tmp_path / "p")
    assert images(table) == [f"{row:04x}.png" for row in range(12)]
    assert table.columns == ["diagnosis"]
    assert [fault.code for fault in table.faults] == ["N_IMAGE_COLUMN", "N_IMAGE_NAMES"]
    with pytest.raises(DataError, match="no column names the images"):
        read_table(write(tmp_path / "t.csv", "diagnosis,code\n1,zz\n2,yy\n"), tmp_path / "p")


@pytest.mark.parametrize(("in_table", "on_disk"), [("NFC", "NFD"), ("NFD", "NFC"), ("NFC", "NFC")])
def test_names_match_files_in_another_unicode_form(tmp_path, in_table, on_disk):
    name = "Zoë/café.jpg"
    touch(tmp_path, unicodedata.normalize(on_disk, name))
    path = write(tmp_path / "t.csv", f"image\n{unicodedata.normalize(in_table, name)}\n")
    table = read_table(path)
    assert images(table) == [unicodedata.normalize(on_disk, name)]
    assert table.path(0).is_file()


def test_duplicate_rows_say_both_places_and_what_differs(tmp_path):
    text = "image,a,b\nx,1,2\ny,1,2\nx,1,3\ny,1,2\nx,1,\nz,1,2\n"
    table = read_table(write(tmp_path / "t.csv", text))
    assert len(table) == 6
    assert faults(table) == [
        ("E_DUPLICATE_ROW", 2),
        ("E_DUPLICATE_ROW", 4),
        ("W_DUPLICATE_ROW", 3),
    ]
    assert table.faults[0].where == "t.csv:4 x"
    assert "line 2, but b is '3' here and '2' there" in table.faults[0].message
    assert "unknown here" in table.faults[1].message
    assert "line 3" in table.faults[2].message


def test_duplicate_rows_compare_lists_and_rows_without_lines(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"image": ["x"] * 3, "a": [["1", "2"], ["1", "2"], ["2", "1"]]}), path)
    table = read_table(path)
    assert faults(table) == [("E_DUPLICATE_ROW", 2), ("W_DUPLICATE_ROW", 1)]
    assert "row 1" in table.faults[0].message


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(*(st.sampled_from(["p", "q", ""]) for _ in range(3))).filter(any),
        min_size=1,
        max_size=12,
    )
)
def test_duplicate_rows_are_those_that_a_loop_finds(tmp_path_factory, rows):
    text = "image,a,b\n" + "".join(",".join(row) + "\n" for row in rows)
    table = read_table(write(tmp_path_factory.mktemp("rows") / "t.csv", text))
    seen, expected = {}, set()
    for index, row in enumerate(rows):
        if row[0] and row[0] in seen:
            expected.add(("W" if seen[row[0]] == row else "E", index))
        seen.setdefault(row[0], row)
    found = {(f.code[0], f.row) for f in table.faults if f.code.endswith("DUPLICATE_ROW")}
    assert found == expected


def test_very_many_faults_are_counted_not_listed(tmp_path, monkeypatch):
    monkeypatch.setattr("polyhead.formats.faults.MAX_ROW_FAULTS", 3)
    table = read_table(write(tmp_path / "t.csv", "image,a\n" + "x,1\n" * 11))
    assert faults(table)[3:] == [("W_DUPLICATE_ROW", None)]
    assert table.faults[3].message.startswith("7 more rows")


def test_a_file_that_cannot_be_opened_is_refused(tmp_path, monkeypatch):
    path = write(tmp_path / "t.csv", "image\nx\n")

    def deny(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setitem(FORMATS, ".csv", deny)
    with pytest.raises(DataError, match=r"E_UNREADABLE .*Permission denied"):
        read_table(path)


def test_no_reader_replaces_another_of_the_same_kind():
    def first(_path):
        raise AssertionError

    def second(_path):
        raise AssertionError

    assert readers_by_kind([(first, [".a", ".b"]), (second, [".c"])])[".b"] is first
    with pytest.raises(ValueError, match=r"Found \['\.b'\] twice"):
        readers_by_kind([(first, [".a", ".b"]), (second, [".b"])])
