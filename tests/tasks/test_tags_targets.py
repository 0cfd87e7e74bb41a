"""Tags: from cells to yes, no or unknown."""

import json
import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from task_tables import from_csv, resolve, table

from polyhead.errors import ConfigError, DataError

CAR_BUS = {"type": "tags", "classes": ["bus", "car"]}


def encode(rows, **keys):
    task = resolve(rows, type="tags", **keys)
    return task, task.encode(rows)


class TestDelimited:
    @pytest.mark.parametrize(
        ("cell", "expected"),
        [
            ("car", [0, 1]),
            ("car|bus", [1, 1]),
            (" bus | car ", [1, 1]),
            ("car|car", [0, 1]),
            ("car||", [0, 1]),
            ("[]", [0, 0]),
            ("[ ]", [0, 0]),
            ('["car"]', [0, 1]),
            ('["car", "bus"]', [1, 1]),
            ("[car, 'bus']", [1, 1]),
            ('[""]', [0, 0]),
            ("none", [0, 0]),
            (None, [-1, -1]),
            ("", [-1, -1]),
            ("  ", [-1, -1]),
            ("|", [-1, -1]),
            (" | ", [-1, -1]),
        ],
    )
    def test_a_cell_says_yes_no_or_nothing(self, cell, expected):
        rows = table(contents=[cell, "car|bus"])
        _, encoding = encode(rows, classes=["bus", "car"], none="none")
        assert encoding.targets.dtype == np.int8
        assert encoding.targets.tolist() == [expected, [1, 1]]
        assert not [fault for fault in encoding.faults if fault.is_error]

    def test_a_list_cell_says_the_same(self):
        rows = table(contents=[["car"], [], None, [" bus", "car", "car"], [""]])
        _, encoding = encode(rows)
        assert encoding.targets.tolist() == [[0, 1], [0, 0], [-1, -1], [1, 1], [0, 0]]

    @pytest.mark.parametrize("delimiter", ["|", ";", ","])
    def test_the_delimiter_is_found(self, delimiter):
        task, _ = encode(table(contents=["a", delimiter.join("bc"), '["x,y;z"]']))
        assert task.classes == ("a", "b", "c", "x,y;z")

    def test_a_declared_delimiter_is_the_only_one(self):
        task, _ = encode(table(contents=["a, b/c", "d|e"]), delimiter="/")
        assert task.classes == ("a, b", "c", "d|e")

    def test_numbers_in_lists_stay_as_written(self):
        task, _ = encode(table(contents=["[1e3, 7.50, 12]", "[012, null, NaN]", "[1.0]"]))
        assert task.classes == ("012", "12", "1.0", "1e3", "7.50", "NaN", "null")

    def test_brackets_without_end_are_no_crash(self):
        rows = table(contents=["[" * 50_000 + "]", "a"])
        _, encoding = encode(rows, classes=["a"])
        assert encoding.targets[1].tolist() == [1]

    def test_classes_are_in_a_stable_order_numbers_by_value(self):
        task, _ = encode(table(contents=["b|10|9|a|2"]))
        assert task.classes == ("2", "9", "10", "a", "b")

    def test_no_label_at_all_is_refused(self):
        with pytest.raises(DataError, match="names no label in any of 2 rows"):
            encode(table(contents=[None, "[]"]))

    def test_a_missing_column_is_refused_with_the_nearest(self):
        with pytest.raises(ConfigError, match=r'no column "contens"\. Did you mean "contents"'):
            encode(table(contents=["a"]), column="contens")

    def test_nested_lists_are_refused(self):
        nested = pa.array([[["a"]]], pa.list_(pa.list_(pa.string())))
        with pytest.raises(
            ConfigError, match="holds lists of lists of text; expected text or numbers"
        ):
            encode(table(contents=nested))

    def test_an_empty_table_encodes_to_no_rows(self):
        rows = table(contents=["a"]).take([])
        assert resolve(rows, **CAR_BUS).encode(rows).targets.shape == (0, 2)


class TestStorage:
    CELLS = ("car|bus", None, "car", "[]", "car|bus")

    @pytest.mark.parametrize("index", [pa.int8(), pa.uint8(), pa.int32()])
    def test_dictionaries_encode_as_text_does(self, index):
        plain = table(contents=list(self.CELLS))
        narrow = pa.array(self.CELLS, pa.dictionary(index, pa.string()))
        stored = table(contents=narrow)
        assert np.array_equal(encode(plain)[1].targets, encode(stored)[1].targets)

    def test_chunks_with_other_dictionaries_are_unified(self):
        chunks = [["a", "b"], ["b", None], ["c", "a"]]
        kind = pa.dictionary(pa.int8(), pa.string())
        rows = table(contents=pa.chunked_array([pa.array(c, kind) for c in chunks]))
        task, encoding = encode(rows)
        found = encoding.targets.argmax(1)
        assert [task.classes[i] for i in found[[0, 1, 2, 4, 5]]] == ["a", "b", "b", "c", "a"]
        assert (encoding.targets[3] == -1).all()

    def test_dictionaries_are_not_expanded(self):
        """A million cells of 10 kB each would be 10 GB as text."""
        kind = pa.dictionary(pa.int8(), pa.string())
        words = pa.array(["a" * 10_000, "b" * 10_000], pa.string())
        codes = pa.array(np.arange(1_000_000) % 2, pa.int8())
        column = pa.DictionaryArray.from_arrays(codes, words).cast(kind)
        before = pa.total_allocated_bytes()
        _, encoding = encode(table(contents=column))
        assert pa.total_allocated_bytes() - before < 100e6
        assert encoding.targets.shape == (1_000_000, 2)


class TestMultiHot:
    ROWS = (
        ("tag:car", ["1", "0", None, "U", "yes", "No", " true ", "?"]),
        ("tag:bus", ["x", "0.0", "1.0", "unknown", "T", "f", "y", "  "]),
    )

    def test_cells_say_yes_no_or_nothing(self):
        task, encoding = encode(table(**dict(self.ROWS)), columns=["tag:*"])
        assert task.classes == ("car", "bus")
        assert encoding.targets[:, 0].tolist() == [1, 0, -1, -1, 1, 0, 1, -1]
        assert encoding.targets[:, 1].tolist() == [1, 0, 1, -1, 1, 0, 1, -1]

    def test_columns_may_be_named_one_by_one(self):
        task, encoding = encode(table(**dict(self.ROWS)), columns=["tag:bus"])
        assert task.classes == ("tag:bus",)
        assert encoding.targets.shape == (8, 1)

    def test_declared_classes_give_the_order(self):
        rows = table(**dict(self.ROWS))
        _, usual = encode(rows, columns=["tag:*"])
        _, turned = encode(rows, columns=["tag:*"], classes=["bus", "car"])
        assert np.array_equal(turned.targets, usual.targets[:, ::-1])

    def test_a_column_outside_the_declared_classes_is_an_error(self):
        _, encoding = encode(table(**dict(self.ROWS)), columns=["tag:*"], classes=["car", "bu"])
        (fault,) = [fault for fault in encoding.faults if fault.is_error]
        assert fault.code == "E_LABEL_UNKNOWN"
        assert 'Did you mean "bu"?' in fault.message

    def test_two_columns_of_one_label_are_refused(self):
        rows = table(**{"a:car": ["1"], "b:car": ["0"]})
        with pytest.raises(ConfigError, match='"a:car" and "b:car" are both of the label "car"'):
            encode(rows, columns=["a:*", "b:*"])

    def test_overlapping_patterns_are_no_clash(self):
        rows = table(**{"a:car": ["1"], "a:bus": ["0"]})
        assert encode(rows, columns=["a:*", "a:c*", "a:b*"])[1].targets.shape == (1, 2)

    def test_a_pattern_without_a_column_is_refused_with_the_nearest(self):
        with pytest.raises(ConfigError, match=r'matches "tag:caar"\. Did you mean "tag:car"'):
            encode(table(**dict(self.ROWS)), columns=["tag:caar"])

    def test_a_list_column_is_refused(self):
        with pytest.raises(ConfigError, match="only the `column` of a tags task may hold lists"):
            encode(table(car=[["a"]]), columns=["car"])

    def test_other_words_are_errors_with_file_line_and_mend(self):
        _, encoding = encode(table(car=["1", "2", "0", "maybe"]), columns=["car"])
        assert [str(fault) for fault in encoding.faults] == [
            f'E_CELL labels.csv:{row + 2} {row}.jpg: column "car" holds "{text}"; expected 1, 0 or '
            "an empty cell (unknown); mend the cell, or say what it means under `values`, such as "
            f'values: {{unknown: ["{text}"]}}.'
            for row, text in ((1, "2"), (3, "maybe"))
        ]
        assert encoding.targets[:, 0].tolist() == [1, -1, 0, -1]

    def test_many_other_words_are_counted_not_lost(self):
        _, encoding = encode(table(car=["1"] + ["2"] * 1500), columns=["car"])
        assert len(encoding.faults) == 1001
        assert encoding.faults[-1].message.startswith("500 more cells")
        assert encoding.faults[-1].row is None

    def test_many_columns_work(self):
        names = [f"tag:{i}" for i in range(1000)]
        rows = table(**{name: ["1", "0"] for name in names})
        assert encode(rows, columns=names)[1].targets.shape == (2, 1000)


class TestFaults:
    def test_an_undeclared_label_names_the_nearest(self):
        rows = table(contents=["car|buss", "bus|truck"])
        task = resolve(rows, **CAR_BUS)
        encoding = task.encode(rows)
        assert [fault.code for fault in encoding.faults] == ["E_LABEL_UNKNOWN"] * 2
        assert str(encoding.faults[0]).startswith("E_LABEL_UNKNOWN labels.csv:2 0.jpg: ")
        assert 'Did you mean "bus"?' in encoding.faults[0].message
        assert "Choices: bus, car." in encoding.faults[1].message
        assert encoding.faults[1].row == 1

    def test_many_undeclared_labels_are_counted(self):
        rows = table(contents=["car|bus"] + [f"odd {i}" for i in range(5000)])
        encoding = resolve(rows, **CAR_BUS).encode(rows)
        assert len(encoding.faults) == 1001
        assert encoding.faults[-1].message.startswith("4000 more cells")

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("car", "Car"),
            ("traffic light", "traffic  light"),
            ("traffic light", "traffic_light"),
            ("café", unicodedata.normalize("NFD", "café")),
            ("Straße", "STRASSE"),
        ],
    )
    def test_labels_that_differ_in_spelling_are_an_error_with_the_commoner(self, one, other):
        rows = table(contents=[one, one, other])
        _, encoding = encode(rows)
        (fault,) = encoding.faults
        assert fault.code == "E_LABEL_SPELLING"
        assert fault.where == 'labels.csv column "contents"'
        assert f'write all of them as "{one}"' in fault.message

    def test_declared_spellings_are_the_users_choice(self):
        rows = table(contents=["car", "Car"])
        assert encode(rows, classes=["car", "Car"])[1].faults == []

    def test_a_class_without_a_positive_is_a_warning(self):
        rows = table(contents=["car", "[]"])
        (fault,) = resolve(rows, **CAR_BUS).encode(rows).faults
        assert fault.code == "W_NO_POSITIVES"
        assert not fault.is_error
        assert '"bus"' in fault.message

    def test_a_label_that_no_row_is_known_to_lack_is_a_warning(self):
        rows = table(car=["1", "", "1"], bus=["1", "0", ""])
        (fault,) = encode(rows, columns=["car", "bus"])[1].faults
        assert fault.code == "W_NO_NEGATIVES"
        assert not fault.is_error
        assert '1 of 2 labels are yes or unknown in every row ("car")' in fault.message

    def test_messages_of_huge_labels_stay_short(self):
        huge = "x" * 10_000
        rows = table(contents=[huge, huge.upper(), "a"])
        for keys in ({}, {"classes": ["a"]}, {"classes": ["a", huge + "y"]}):
            for fault in encode(rows, **keys)[1].faults:
                assert len(str(fault)) < 1000


class TestOddLabels:
    LABELS = (
        "<script>alert(1)</script>",
        "سيارة",
        "\u202eevil",
        "🚗",
        "x" * 10_000,
        "a\nb",
        "012",
        "no",
        "null",
        "NA",
        "1e3",
    )

    def test_they_are_labels_like_any_other(self):
        rows = table(contents=[[label] for label in self.LABELS])
        task, encoding = encode(rows)
        assert set(task.classes) == set(self.LABELS)
        assert (encoding.targets.sum(1) == 1).all()
        assert not encoding.faults

    def test_they_survive_a_csv_file(self, tmp_path):
        cells = "\n".join(f'{i}.jpg,"{label}"' for i, label in enumerate(self.LABELS))
        rows = from_csv(tmp_path, f"image,contents\n{cells}\n")
        assert set(encode(rows)[0].classes) == set(self.LABELS) - {"null", "NA"}
        declared, encoding = encode(rows, classes=self.LABELS)
        assert declared.classes == self.LABELS
        assert (encoding.targets.sum(1) == 1).all()

    @pytest.mark.slow
    def test_a_hundred_thousand_labels_work(self):
        labels = [f"label {i}" for i in range(100_000)]
        rows = table(contents=[labels[i : i + 1000] for i in range(0, 100_000, 1000)])
        task, encoding = encode(rows)
        assert encoding.targets.shape == (100, 100_000)
        assert (encoding.targets.sum(0) == 1).all()
        assert (encoding.targets.sum(1) == 1000).all()
        odd = table(contents=[f"lable {i}" for i in range(1500)])
        task = resolve(odd, type="tags", classes=labels)
        assert len(task.encode(odd).faults) > 1000


LABEL = st.text(min_size=1, max_size=8).map(str.strip).filter(bool)


@given(st.lists(st.none() | st.lists(LABEL, unique=True, max_size=4), min_size=1, max_size=8))
def test_decoding_the_targets_gives_the_labels_back(cells):
    named = {label for cell in cells for label in cell or ()}
    if not named:
        cells, named = [*cells, ["some"]], {"some"}
    as_json = [None if cell is None else json.dumps(cell) for cell in cells]
    for rows in (table(contents=cells), table(contents=as_json)):
        task, encoding = encode(rows)
        assert set(task.classes) == named
        known = task.known(encoding.targets)
        for cell, row, known_row in zip(cells, encoding.targets, known, strict=True):
            assert known_row.all() if cell is not None else not known_row.any()
            assert {task.classes[i] for i in np.flatnonzero(row == 1)} == set(cell or ())


@given(st.text(max_size=30))
def test_any_cell_text_encodes(cell):
    rows = table(contents=[cell, "a"])
    _, encoding = encode(rows)
    assert set(np.unique(encoding.targets)) <= {-1, 0, 1}
