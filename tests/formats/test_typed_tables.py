"""Parquet and JSON lines: typed cells become text, lists become lists of text."""

import datetime
import decimal
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyhead.errors import DataError
from polyhead.formats import read_table

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
SCALAR = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT)


def cells(table, name):
    return table.column(name).to_pylist()


def from_parquet(folder, columns):
    path = folder / "t.parquet"
    num_rows = len(next(iter(columns.values())))
    pq.write_table(pa.table({"image": [f"{i}.jpg" for i in range(num_rows)], **columns}), path)
    return read_table(path)


def from_lines(folder, text, name="t.jsonl"):
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_table(path)


def refused(read, *arguments):
    with pytest.raises(DataError) as caught:
        read(*arguments)
    return caught.value.faults[0]


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([True, None, False], pa.bool_(), ["true", None, "false"]),
        ([1, -2, None], pa.int64(), ["1", "-2", None]),
        ([2**64 - 1], pa.uint64(), ["18446744073709551615"]),
        ([1.0, 0.1, -2.5, None], pa.float64(), ["1", "0.1", "-2.5", None]),
        ([0.1, 3.0], pa.float32(), ["0.1", "3"]),
        ([0.5, float("nan")], pa.float16(), ["0.5", "NaN"]),
        ([float("nan"), float("inf"), None], pa.float64(), ["NaN", "inf", None]),
        (["no", "", "  ", " a "], pa.string(), ["no", None, None, " a "]),
        (["a", "b"], pa.large_string(), ["a", "b"]),
        (["a", "b"], pa.string_view(), ["a", "b"]),
        (["a", None, "a"], pa.dictionary(pa.int32(), pa.string()), ["a", None, "a"]),
        ([1, 2, 1], pa.dictionary(pa.int8(), pa.int64()), ["1", "2", "1"]),
        ([datetime.date(2020, 1, 2)], pa.date32(), ["2020-01-02"]),
        ([decimal.Decimal("1.50")], pa.decimal128(5, 2), ["1.50"]),
        ([None, None], pa.null(), [None, None]),
        ([["a", "b"], [], None], pa.list_(pa.string()), [["a", "b"], [], None]),
        ([["a"], None], pa.large_list(pa.string()), [["a"], None]),
        ([["a", "b"], None], pa.list_(pa.string(), 2), [["a", "b"], None]),
        ([[1, 2], []], pa.list_(pa.int64()), [["1", "2"], []]),
        ([[True]], pa.list_(pa.bool_()), [["true"]]),
        ([["a"]], pa.list_(pa.dictionary(pa.int32(), pa.string())), [["a"]]),
        ([[], None], pa.list_(pa.null()), [[], None]),
    ],
)
def test_parquet_cells_become_text(tmp_path, values, kind, expected):
    table = from_parquet(tmp_path, {"a": pa.array(values, kind)})
    assert cells(table, "a") == expected
    found = table.column("a").type
    text = pa.types.is_list(found) and found.value_type == pa.string()
    assert text or found in (pa.string(), pa.dictionary(pa.int8(), pa.string()))


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([[[1.0, 2.0]], None], pa.list_(pa.list_(pa.float32()))),
        ([[{"x": 1}], []], pa.list_(pa.struct({"x": pa.int64()}))),
        ([{"x": 1}], pa.struct({"x": pa.int64()})),
        ([b"\xff"], pa.binary()),
    ],
)
def test_nested_and_binary_parquet_columns_stay_as_they_are(tmp_path, values, kind):
    table = from_parquet(tmp_path, {"a": pa.array(values, kind)})
    assert cells(table, "a") == values
    assert table.column("a").type == kind


def test_parquet_rows_have_no_lines(tmp_path):
    table = from_parquet(tmp_path, {"a": ["x", "y"]})
    assert table.lines.tolist() == [0, 0]
    assert table.where(1) == "t.parquet 1.jpg"


def test_parquet_batches_make_one_column(tmp_path, monkeypatch):
    monkeypatch.setattr("polyhead.formats.parquet._BATCH_ROWS", 7)
    few, many = [i % 2 for i in range(500)], [i % 300 for i in range(500)]
    table = from_parquet(tmp_path, {"few": few, "many": many, "list": [[str(i)] for i in few]})
    assert cells(table, "few") == [str(i) for i in few]
    assert cells(table, "many") == [str(i) for i in many]
    assert cells(table, "list") == [[str(i)] for i in few]


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", "E_EMPTY_TABLE", "empty"),
        (b"image,a\n", "E_NOT_TABLE", "text"),
        (b"PK\x03\x04", "E_NOT_TABLE", "zip"),
        (b"PAR1 and no more", "E_PARQUET", "damaged"),
    ],
)
def test_what_is_no_parquet_file_is_refused(tmp_path, content, code, words):
    path = tmp_path / "t.parquet"
    path.write_bytes(content)
    fault = refused(read_table, path)
    assert fault.code == code
    assert words in fault.message


def test_a_cut_or_empty_or_ambiguous_parquet_file_is_refused(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"image": ["a.jpg"] * 1000}), path)
    path.write_bytes(path.read_bytes()[:-20])
    assert refused(read_table, path).code == "E_PARQUET"
    pq.write_table(pa.table({"image": pa.array([], pa.string())}), path)
    assert refused(read_table, path).code == "E_EMPTY_TABLE"
    pq.write_table(pa.table([["a"], ["b"], ["c"]], names=["image", "a", "a"]), path)
    assert refused(read_table, path).code == "E_HEADER"


@settings(max_examples=80, deadline=None)
@given(rows=st.lists(st.dictionaries(st.sampled_from("abc"), SCALAR), min_size=1, max_size=8))
def test_json_cells_come_back_as_python_writes_them(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("jsonl")
    text = "\n".join(json.dumps({"image": f"{i}.jpg", **row}) for i, row in enumerate(rows))
    table = from_lines(folder, text)

    def expected(value):
        if value is None or isinstance(value, str):
            return value if value and value.strip() else None
        return json.dumps(value)

    for name in {name for row in rows for name in row}:
        assert cells(table, name) == [expected(row.get(name)) for row in rows]
    assert table.lines.tolist() == list(range(1, len(rows) + 1))


def test_json_numbers_keep_the_characters_they_are_written_with(tmp_path):
    table = from_lines(
        tmp_path, '{"image": "x", "a": 1.50, "b": 1E3, "c": NaN, "d": "012", "e": -0}'
    )
    found = [cells(table, name)[0] for name in "abcde"]
    assert found == ["1.50", "1E3", "NaN", "012", "-0"]


def test_json_integers_of_any_length_are_read(tmp_path):
    assert cells(from_lines(tmp_path, '{"image": "x", "a": %s}' % ("9" * 6000)), "a") == [
        "9" * 6000
    ]


def test_keys_are_united_over_lines_and_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr("polyhead.formats.jsonl.reader._CHUNK_ROWS", 2)
    lines = [
        '{"image": "0"}',
        '{"image": "1", "a": 1}',
        '{"image": "2"}',
        "",
        '{"image":"3","b":[]}',
    ]
    table = from_lines(tmp_path, "\ufeff" + "\r\n".join([*lines, '{"image": "4", "b": ["x"]}']))
    assert table.columns == ["a", "b"]
    assert cells(table, "a") == [None, "1", None, None, None]
    assert cells(table, "b") == [None, None, None, [], ["x"]]
    assert table.lines.tolist() == [1, 2, 3, 5, 6]


def test_only_empty_lists_are_lists_of_text(tmp_path):
    table = from_lines(tmp_path, '{"image": "0", "a": []}\n{"image": "1", "a": null}\n')
    assert table.column("a").type == pa.list_(pa.string())
    assert cells(table, "a") == [[], None]


def test_json_lists_hold_text(tmp_path):
    table = from_lines(tmp_path, '{"image": "0", "a": ["no", 1, 2.50, true]}')
    assert cells(table, "a") == [["no", "1", "2.50", "true"]]


@pytest.mark.parametrize("rows_a_chunk", [1, 100])
def test_nested_json_keeps_real_numbers(tmp_path, monkeypatch, rows_a_chunk):
    monkeypatch.setattr("polyhead.formats.jsonl.reader._CHUNK_ROWS", rows_a_chunk)
    boxes = [[], [[1, 2, 3, 4]], [[1.5, 2, 3, 4]], None]
    objects = [[{"count": 1, "id": 1}], [], None, [{"count": 2.5, "id": 2}]]
    rows = zip(boxes, objects, strict=True)
    lines = [json.dumps({"image": "x", "boxes": b, "objects": o}) for b, o in rows]
    table = from_lines(tmp_path, "\n".join(lines))
    assert cells(table, "boxes") == boxes
    assert cells(table, "objects") == objects


@pytest.mark.parametrize("name", ["t.jsonl", "t.ndjson", "t.JSONL"])
def test_both_suffixes_are_read_in_either_case(tmp_path, name):
    assert cells(from_lines(tmp_path, '{"image": "x"}', name), "image") == ["x"]


GOOD = '{"image": "x", "a": "1"}\n'


@pytest.mark.parametrize(
    ("content", "code", "where", "words"),
    [
        ("", "E_EMPTY_TABLE", "t.jsonl", "empty"),
        ("\n\n", "E_EMPTY_TABLE", "t.jsonl", "empty"),
        ("{}\n", "E_IMAGE_COLUMN", "t.jsonl", "no column"),
        (GOOD + '{"image": "y"\n', "E_JSON", "t.jsonl:2", "one JSON object"),
        (GOOD + "\n{'image': 1}\n", "E_JSON", "t.jsonl:3", "one JSON object"),
        (GOOD + "3\n", "E_JSON", "t.jsonl:2", "'3'"),
        (GOOD + '["x"]\n', "E_JSON", "t.jsonl:2", "one JSON object"),
        (GOOD + GOOD.strip() + GOOD, "E_JSON", "t.jsonl:2", "Extra data"),
        (GOOD + '{"image": "y", "a": 1, "a": 2}', "E_JSON", "t.jsonl:2", '"a" occurs twice'),
        (GOOD + '{"image": "y", "": 1}', "E_HEADER", "t.jsonl", "no name"),
        (GOOD + '{"image": "y", "a": ["1"]}', "E_CELL", "t.jsonl:2", '"a" holds a list here'),
        (GOOD + '{"image": "y", "a": {}}', "E_CELL", "t.jsonl:2", "nested"),
        (GOOD + '{"image": "y", "a": "\\ud800"}', "E_CELL", "t.jsonl:2", "surrogate"),
        (GOOD + '{"image": "y", "b": %s}' % ("[" * 50 + "]" * 50), "E_CELL", "t.jsonl:1-2", "deep"),
        (GOOD + "[" * 100_000, "E_JSON", "t.jsonl:2", "deep"),
        (GOOD + '{"image": "y", "b": [[1], {}]}', "E_CELL", "t.jsonl:1-2", "mixes"),
        (GOOD.encode() + b'{"image": "caf\xe9"}', "E_ENCODING", "t.jsonl:2", "0xE9"),
        (GOOD.encode("utf-16"), "E_NOT_TABLE", "t.jsonl", "UTF-8"),
        (b"PK\x03\x04", "E_NOT_TABLE", "t.jsonl", "zip"),
    ],
)
def test_what_is_no_json_lines_file_is_refused_with_its_line(tmp_path, content, code, where, words):
    fault = refused(from_lines, tmp_path, content)
    assert (fault.code, fault.where) == (code, where)
    assert words in fault.message


def test_a_column_that_changes_its_kind_far_below_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("polyhead.formats.jsonl.reader._CHUNK_ROWS", 1)
    fault = refused(from_lines, tmp_path, GOOD + '{"image": "y", "a": ["1"]}')
    assert fault.code == "E_CELL"
    assert "a" in fault.message


def test_null_inside_a_list_is_a_fault_of_its_row(tmp_path):
    lines = ['{"image": "0", "a": ["x"]}', '{"image": "1", "a": ["x", null, null]}']
    table = from_lines(tmp_path, "\n".join(lines))
    assert [(f.code, f.row, f.where) for f in table.faults] == [("E_CELL", 1, "t.jsonl:2 1")]
    parquet = from_parquet(tmp_path, {"a": [["x"], None, [None], []]})
    assert [(f.code, f.row) for f in parquet.faults] == [("E_CELL", 2)]
