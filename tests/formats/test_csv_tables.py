"""CSV and TSV against Python's csv module, and every way in which such a file goes wrong."""

import codecs
import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyhead.errors import DataError
from polyhead.formats import read_table

# Arrow refuses what is not Unicode; the csv module reads bare carriage returns as line ends.
TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)


def read_bytes(folder, content, name="t.csv", **options):
    path = folder / name
    path.write_bytes(content)
    return read_table(path, **options)


def cells(table, name):
    return table.column(name).to_pylist()


def refused(folder, content, name="t.csv", **options):
    with pytest.raises(DataError) as caught:
        read_bytes(folder, content, name, **options)
    return caught.value.faults[0]


def written(rows, separator=",", end="\r\n"):
    text = io.StringIO(newline="")
    # With "\n" as line end the csv module forgets to quote "\r", which ends a line when read.
    quoting = (
        csv.QUOTE_ALL if any("\r" in cell for row in rows for cell in row) else csv.QUOTE_MINIMAL
    )
    csv.writer(text, delimiter=separator, lineterminator=end, quoting=quoting).writerows(rows)
    return text.getvalue()


def unknown_when_blank(cell):
    return cell if cell.strip() else None


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=8),
    separator=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n"]),
    mark=st.booleans(),
)
def test_any_cells_come_back_as_written(tmp_path_factory, rows, separator, end, mark):
    folder = tmp_path_factory.mktemp("csv")
    named = [(f"{index}.jpg", *row) for index, row in enumerate(rows)]
    text = written([("image", "first", "second"), *named], separator, end)
    table = read_bytes(folder, text.encode("utf-8-sig" if mark else "utf-8"))
    assert cells(table, "image") == [row[0] for row in named]
    assert cells(table, "first") == [unknown_when_blank(row[1]) for row in named]
    assert cells(table, "second") == [unknown_when_blank(row[2]) for row in named]
    assert table.faults == ()
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    starts = [int(line) for line in table.lines]
    assert all(f"{index}.jpg" in lines[line - 1] for index, line in enumerate(starts))


@settings(max_examples=100, deadline=None)
@given(body=st.text('",\n\rab ', max_size=40))
def test_any_quoting_gives_the_rows_of_the_csv_module_or_a_typed_error(tmp_path_factory, body):
    folder = tmp_path_factory.mktemp("csv")
    try:
        table = read_bytes(folder, f"image,b\n{body}".encode())
    except DataError:
        return
    rows = [row for row in csv.reader(io.StringIO(body, newline="")) if row]
    fitting = [row for row in rows if len(row) == 2]
    expected = [row for row in fitting if any(cell.strip() for cell in row)]
    ragged = {fault.row for fault in table.faults if fault.code == "E_ROW_LENGTH"}
    assert len(ragged) == len(rows) - len(fitting)
    assert cells(table, "b")[: len(expected)] == [unknown_when_blank(row[1]) for row in expected]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_utf16_with_its_mark_is_read_as_utf8_is(tmp_path, encoding, end):
    rows = [("image", "täg", "b"), ("0.jpg", "日本 🐈", 'say "a\nb"'), ("1.jpg", "", "Ѐ;\u0a0d")]
    text = written(rows, "\t", end) + f"2.jpg\ttoo few{end}"
    utf16 = read_bytes(tmp_path, f"\ufeff{text}".encode(encoding))
    utf8 = read_bytes(tmp_path, text.encode(), "t2.csv")
    assert utf16.data.equals(utf8.data)
    assert utf16.lines.tolist() == utf8.lines.tolist() == [2, 4, 5]
    assert [f.code for f in utf16.faults] == [f.code for f in utf8.faults] == ["E_ROW_LENGTH"]
    assert utf16.root == tmp_path


@pytest.mark.parametrize("cell", ["no", "001", "1e3", "null", "NA", "12:30", "nan", "#N/A", "True"])
def test_look_alikes_stay_text(tmp_path, cell):
    table = read_bytes(tmp_path, f"image,a\nx.jpg,{cell}\n".encode())
    assert cells(table, "a") == [cell]


@pytest.mark.parametrize("cell", ["", '""', " ", '"  "', "\u00a0"])
def test_a_blank_cell_is_unknown(tmp_path, cell):
    table = read_bytes(tmp_path, f"image,a,b\nx.jpg,{cell},1\n".encode())
    assert cells(table, "a") == [None]


def test_cells_keep_their_spaces_and_header_names_do_not(tmp_path):
    table = read_bytes(tmp_path, b"image , a\nx.jpg, cat \n")
    assert table.columns == ["a"]
    assert cells(table, "a") == [" cat "]


@pytest.mark.parametrize(
    ("header", "separator"),
    [
        ("image,tags", ","),
        ("image;tags", ";"),
        ("image\ttags", "\t"),
        ('image;"a,b,c,d"', ";"),
        ("image;tags;with, comma", ";"),
    ],
)
def test_the_separator_is_inferred_from_the_header(tmp_path, header, separator):
    filled = separator.join(["x.jpg", *["1"] * header.count(separator)])
    table = read_bytes(tmp_path, f"{header}\n{filled}\n".encode())
    assert cells(table, "image") == ["x.jpg"]
    assert len(table.columns) == header.count(separator)


def test_a_table_of_one_column_needs_no_separator(tmp_path):
    assert cells(read_bytes(tmp_path, b"image\na.jpg\nb.jpg"), "image") == ["a.jpg", "b.jpg"]


def test_tsv_is_read(tmp_path):
    assert cells(read_bytes(tmp_path, b"image\ta\nx.jpg\t1,5\n", "t.TSV"), "a") == ["1,5"]


def test_lines_count_blank_lines_quoted_newlines_and_the_mark(tmp_path):
    text = '\ufeff\nimage,a\n\nx.jpg,"1\n2"\r\n\r\n\ny.jpg,3'
    table = read_bytes(tmp_path, text.encode())
    assert table.lines.tolist() == [4, 8]
    assert table.lines.dtype == np.int32
    assert table.where(1) == "t.csv:8 y.jpg"


def test_lines_without_quotes_skip_blank_lines_of_both_kinds(tmp_path):
    table = read_bytes(tmp_path, b"image\r\n\r\na\r\n\nb\r\n\r\n\r\nc")
    assert table.lines.tolist() == [3, 5, 8]


def test_lines_of_a_file_larger_than_a_block(tmp_path, monkeypatch):
    monkeypatch.setattr("polyhead.formats.csv.lines._BLOCK_BYTES", 7)
    body = "".join(
        f"{'x' * (index % 9)}{index}.jpg\r\n" + "\r\n" * (index % 3) for index in range(60)
    )
    table = read_bytes(tmp_path, f"image\r\n{body}".encode())
    lines = f"image\r\n{body}".split("\r\n")
    assert table.lines.tolist() == [n for n, line in enumerate(lines, 1) if line and n > 1]


def test_a_header_may_hold_quoted_newlines(tmp_path):
    table = read_bytes(tmp_path, b'image,"two\nlines"\nx.jpg,1\n')
    assert table.columns == ["two\nlines"]
    assert table.lines.tolist() == [3]


def test_rows_of_a_wrong_length_are_faults_and_stand_last(tmp_path):
    content = b"image,a,b\nw.jpg,1,2\nx.jpg,1\ny.jpg,1,2,3\nz.jpg,5,6\nv.jpg,7,8\n"
    table = read_bytes(tmp_path, content)
    assert cells(table, "image") == ["w.jpg", "z.jpg", "v.jpg", "x.jpg", "y.jpg"]
    assert table.lines.tolist() == [2, 5, 6, 3, 4]
    assert cells(table, "b") == ["2", "6", "8", None, "2"]
    assert [(f.code, f.row, f.where) for f in table.faults] == [
        ("E_ROW_LENGTH", 3, "t.csv:3"),
        ("E_ROW_LENGTH", 4, "t.csv:4"),
    ]
    assert "2 cells; expected 3" in table.faults[0].message


def test_what_spreadsheets_leave_around_a_table_is_passed_over(tmp_path):
    content = b"image;a;;\nx.jpg;1;;\n;;;\ny.jpg;2\nz.jpg; ;;\n ;;;\n"
    table = read_bytes(tmp_path, content)
    assert table.columns == ["a"]
    assert cells(table, "image") == ["x.jpg", "z.jpg", "y.jpg"]
    assert cells(table, "a") == ["1", None, "2"]
    assert table.lines.tolist() == [2, 5, 4]
    (fault,) = table.faults
    assert (fault.code, fault.row) == ("E_ROW_LENGTH", 2)


def test_a_header_that_fits_no_row_is_refused(tmp_path):
    fault = refused(tmp_path, b"image,a\nx.jpg,1,\ny.jpg,2,\n")
    assert (fault.code, fault.where) == ("E_ROW_LENGTH", "t.csv:2")
    assert "2 of 2 rows" in fault.message


@pytest.mark.parametrize(
    ("content", "code", "where", "words"),
    [
        (b"", "E_EMPTY_TABLE", "t.csv", "empty"),
        (b"\xef\xbb\xbf\r\n \n", "E_EMPTY_TABLE", "t.csv", "empty"),
        (b"image,a\n", "E_EMPTY_TABLE", "t.csv", "no rows"),
        (b"image,a", "E_EMPTY_TABLE", "t.csv", "no rows"),
        (b"image,a\n\n\r\n", "E_EMPTY_TABLE", "t.csv", "no rows"),
        (b"image,a,a\nx,1,2\n", "E_HEADER", "t.csv:1", '"a"'),
        (b"image,a, a\nx,1,2\n", "E_HEADER", "t.csv:1", '"a"'),
        (b",image\n0,x\n", "E_HEADER", "t.csv:1", "column 1 of 2 has no name"),
        (b"image,,a\nx,,1\n", "E_HEADER", "t.csv:1", "column 2 of 3 has no name"),
        (b"image,a,,\nx,1,,\ny,1,,new\n", "E_HEADER", "t.csv:3", "column 4 has no name in the"),
        (b",,\nx,1,2\n", "E_HEADER", "t.csv:1", "column 1 of 3 has no name"),
        (b"x.jpg,cat\ny.jpg,dog\n", "E_HEADER", "t.csv:1", "add a header line"),
        (b'image,"a\nx,1\n', "E_HEADER", "t.csv:2", "never closed"),
        (b"image,a\rx,1\ry,2\r", "E_HEADER", "t.csv:1", "carriage return"),
        (b"image,\xe9t\xe9\nx,1\n", "E_ENCODING", "t.csv:1", "0xE9"),
        (b"image,a\nx,1\ny,caf\xe9\n", "E_ENCODING", "t.csv:3", "iconv"),
        (b'image,a\nx,1\ny,"2\nz,3\n', "E_CSV", "t.csv:3", "not closed"),
        ("image,a\nx,1\n".encode("utf-16") + b"\0", "E_ENCODING", "t.csv", "save it as UTF-8"),
        (codecs.BOM_UTF16_LE + b"\0\xd8a\0", "E_ENCODING", "t.csv", "save it as UTF-8"),
        ("image,a\nx,1\n".encode("utf-16-le"), "E_NOT_TABLE", "t.csv", "UTF-8"),
        (b"PK\x03\x04rest", "E_NOT_TABLE", "t.csv", "xlsx"),
        (b"\xd0\xcf\x11\xe0rest", "E_NOT_TABLE", "t.csv", "Excel"),
        (b"PAR1rest", "E_NOT_TABLE", "t.csv", ".parquet"),
        (b"\x1f\x8brest", "E_NOT_TABLE", "t.csv", "gzip"),
        (b"\x89PNG\r\n", "E_NOT_TABLE", "t.csv", "image"),
        (b"%PDF-1.7", "E_NOT_TABLE", "t.csv", "PDF"),
        (b"SQLite format 3\0", "E_NOT_TABLE", "t.csv", "SQLite"),
        (b"version https://git-lfs.github.com/spec/v1\n", "E_NOT_TABLE", "t.csv", "lfs pull"),
        (b"\n <!DOCTYPE html><html>", "E_NOT_TABLE", "t.csv", "web page"),
        (b'{"image": "x.jpg"}\n', "E_NOT_TABLE", "t.csv", ".jsonl"),
        (b"image,a\nx,\0\0\n", "E_NOT_TABLE", "t.csv", "NUL"),
    ],
)
def test_what_cannot_be_a_table_is_refused_with_its_place(tmp_path, content, code, where, words):
    fault = refused(tmp_path, content)
    assert (fault.code, fault.where) == (code, where)
    assert words in fault.message


def test_a_row_longer_than_a_block_is_refused_with_its_limit(tmp_path, monkeypatch):
    monkeypatch.setattr("polyhead.formats.csv.reader._BLOCK_BYTES", 1 << 10)
    fault = refused(tmp_path, b"image,a\nx," + b"1" * 5000 + b"\n")
    assert fault.code == "E_CSV"


def test_an_open_quote_in_a_long_file_is_named_with_its_line(tmp_path):
    body = 'y.jpg,"open\n' + "z.jpg,1\n" * 700_000
    fault = refused(tmp_path, f"image,a\nx.jpg,1\n{body}".encode())
    assert (fault.code, fault.where) == ("E_CSV", "t.csv:3")


def test_long_odd_and_right_to_left_cells_survive(tmp_path):
    odd = ["x" * 100_000, "שלום", "<script>alert(1)</script>", "🚗\u200d", '5" disk', "a\tb"]
    rows = [(f"{index}.jpg", cell) for index, cell in enumerate(odd)]
    table = read_bytes(tmp_path, written([("image", "a"), *rows]).encode())
    assert cells(table, "a") == odd


@pytest.mark.parametrize("num_distinct", [1, 126, 127, 128, 129, 400])
def test_few_distinct_cells_are_stored_in_one_byte(tmp_path, num_distinct):
    values = [f"v{index % num_distinct}" for index in range(1000)]
    rows = "".join(f"{index}.jpg,{value}\n" for index, value in enumerate(values))
    table = read_bytes(tmp_path, f"image,a\n{rows}".encode())
    expected = "dictionary<values=string, indices=int8, ordered=0>"
    assert str(table.column("a").type) == (expected if num_distinct <= 127 else "string")
    assert cells(table, "a") == values


def test_blocks_with_other_cells_make_one_column(tmp_path, monkeypatch):
    monkeypatch.setattr("polyhead.formats.csv.reader._BLOCK_BYTES", 512)
    for num_distinct in (100, 500):
        values = [f"v{index * num_distinct // 2000}" for index in range(2000)]
        rows = "".join(f"{index}.jpg,{value}\n" for index, value in enumerate(values))
        table = read_bytes(tmp_path, f"image,a\n{rows}".encode())
        assert table.column("a").num_chunks > 10
        assert cells(table, "a") == values
        assert table.lines.tolist() == list(range(2, 2002))
        some = table.take([1999, 0, 700])
        assert some.column("a").to_pylist() == [values[1999], values[0], values[700]]


CELEBA = "3\nBald Eyeglasses  Male \na.jpg -1  1 -1\nb.jpg  1 -1  1\n\nc.jpg -1 -1  1\n"


def test_a_table_with_a_count_line_and_spaces_is_read(tmp_path):
    table = read_bytes(tmp_path, CELEBA.encode(), "list_attr.txt")
    assert cells(table, "image") == ["a.jpg", "b.jpg", "c.jpg"]
    assert table.columns == ["Bald", "Eyeglasses", "Male"]
    assert cells(table, "Eyeglasses") == ["1", "-1", "-1"]
    assert table.lines.tolist() == [3, 4, 6]
    assert table.source == "list_attr.txt"


@pytest.mark.parametrize(
    ("text", "columns", "first"),
    [
        ("image tags\na.jpg car\nb.jpg bus\n", ["tags"], "car"),
        ("image   grade kind\r\na.jpg   1   x\r\nb.jpg 2 y\r\n", ["grade", "kind"], "1"),
        ("image|tags\na.jpg|car,bus\nb.jpg|\n", ["tags"], "car,bus"),
        ("2\nimage,tags\na.jpg,car bus\nb.jpg,\n", ["tags"], "car bus"),
        ("image,part\na.jpg 0\nb.jpg 1\n", ["part"], "0"),
        ("image\ttags\na.jpg\tcar bus\nb.jpg\ttram\n", ["tags"], "car bus"),
        ("image,tags\na.jpg,car bus\nb.jpg,tram bus\n", ["tags"], "car bus"),
    ],
)
@pytest.mark.parametrize("suffix", [".csv", ".txt"])
def test_spaces_bars_and_counts(tmp_path, text, columns, first, suffix):
    table = read_bytes(tmp_path, text.encode(), f"t{suffix}")
    assert table.columns == columns
    assert cells(table, columns[0])[0] == first
    assert cells(table, "image") == ["a.jpg", "b.jpg"]


def test_a_table_of_spaces_without_header_is_refused_and_the_mend_works(tmp_path):
    fault = refused(tmp_path, b"a.jpg 0\nb.jpg 1\n", "list.txt")
    assert fault.code == "E_HEADER"
    assert "image,tags" in fault.message
    table = read_bytes(tmp_path, b"image,tags\na.jpg 0\nb.jpg 1\n", "list.txt")
    assert cells(table, "tags") == ["0", "1"]


def test_names_with_spaces_in_a_table_of_one_column_stay_whole(tmp_path):
    table = read_bytes(tmp_path, b"image\nmy dog.jpg\nmy cat.jpg\n")
    assert cells(table, "image") == ["my dog.jpg", "my cat.jpg"]


@pytest.mark.parametrize("separator", [" ", ",", "\t", "  "])
@pytest.mark.parametrize(
    ("name", "cells", "column"),
    [
        ("list_eval_partition.txt", "0012", "partition"),
        ("partition.csv", "0000", "partition"),
        ("train_val_test_split.txt", "0012", "partition"),
        ("anything.csv", ("train", "val", "test", "train"), "split"),
        ("data-split.tsv", ("train",) * 4, "split"),
    ],
)
def test_a_list_of_images_and_their_parts_needs_no_header(tmp_path, separator, name, cells, column):
    rows = [f"{k}.jpg{separator}{cell}" for k, cell in enumerate(cells)]
    table = read_bytes(tmp_path, "\n".join(rows).encode() + b"\n", name)
    assert table.data.column("image").to_pylist() == [f"{k}.jpg" for k in range(4)]
    assert table.column(column).to_pylist() == list(cells)
    assert table.lines.tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("train.txt", "a.jpg 0\nb.jpg 1\nc.jpg 2\n"),  # as Caffe lists classes
        ("list.csv", "a.jpg,train\nb.jpg,train\n"),  # may be a class of vehicles
        ("list.csv", "a.jpg,train\nb.jpg,bus\n"),
        ("split.csv", "a.jpg,0\nb.jpg,3\n"),
    ],
)
def test_what_may_be_labels_is_refused_and_the_mends_work(tmp_path, name, text):
    fault = refused(tmp_path, text.encode(), name)
    assert (fault.code, fault.where) == ("E_HEADER", f"{name}:1")
    for column in ("tags", "partition"):
        assert f"image,{column}" in fault.message
        table = read_bytes(tmp_path, f"image,{column}\n{text}".encode(), name)
        assert table.columns == [column]
