"""What the cells of yes/no columns say: usual words, -1, and what the user names."""

import numpy as np
import pytest
from task_tables import resolve, table

from polyhead.config import validate
from polyhead.errors import ConfigError
from polyhead.table.yes_no_cells import read_answers


def encode(rows, **keys):
    return resolve(rows, type="tags", columns=rows.columns, **keys).encode(rows)


def codes(encoding):
    return [fault.code for fault in encoding.faults if fault.code not in SUPPORT]


SUPPORT = ("E_NO_POSITIVES", "W_NO_POSITIVES", "W_NO_NEGATIVES")


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        *(("1", "0"), ("1.0", "0.0"), ("01", "00"), ("1,0", "0,0"), ("1e0", "0e0")),
        *(("yes", "no"), ("Y", "N"), ("TRUE", "FALSE"), ("t", "f"), ("On", "Off")),
        *(("x", "0"), ("✓", "✗"), ("positive", "negative"), ("Present", "Absent")),
        *(("ja", "nein"), ("oui", "non"), ("sí", "no"), ("WAHR", "FALSCH"), ("+", "-")),
        *(("1", "-1"), ("1.0", "-1.0"), ("+1", "-1")),
    ],
)
def test_usual_words(yes, no):
    encoding = encode(table(car=[yes, no, None, " ", f" {yes} "], bus=[no, yes, "?", "U", yes]))
    assert encoding.targets.tolist() == [[1, 0], [0, 1], [-1, -1], [-1, -1], [1, 1]]
    assert not [fault for fault in encoding.faults if fault.is_error]


def test_minus_one_beside_one_alone_is_no_and_reported():
    encoding = encode(table(bald=["-1", "1", "1"], male=["1", "-1", ""]))
    assert encoding.targets.tolist() == [[0, 1], [1, 0], [1, -1]]
    assert codes(encoding) == ["N_VALUES"]
    assert '2 cells -1 in column "bald", "male" are read as no' in encoding.faults[0].message


@pytest.mark.parametrize(
    "columns",
    [
        {"edema": ["1", "0", "-1", None]},
        {"edema": ["1", "0", "1", ""], "mass": ["1", "-1", "1", "1"]},
        {"edema": ["yes", "no", "-1", "yes"]},
        {"edema": ["-1", "-1", "", "-1"]},
    ],
)
def test_minus_one_beside_zero_is_asked_for_by_name_and_each_mend_works(columns):
    rows = table(**columns)
    encoding = encode(rows)
    (fault,) = [fault for fault in encoding.faults if fault.code == "E_VALUES"]
    at_minus = np.array([[cell == "-1" for cell in cells] for cells in columns.values()]).T
    assert (encoding.targets[at_minus] == -1).all()
    assert "values: {unknown: [-1]}" in fault.message
    unknown = encode(rows, values={"unknown": ["-1"]})
    assert codes(unknown) == []
    assert (unknown.targets[at_minus] == -1).all()
    no = fault.message.partition("values: {no: [")[2].partition("]")[0]
    names = [name.strip(' "') for name in no.split(",")]
    denied = encode(rows, values={"no": names})
    assert codes(denied) == []
    assert (denied.targets[at_minus] == 0).all()


def test_the_user_names_what_cells_say():
    rows = table(edema=["1", "0", "-1", "", "1.0", "-1.00", None])
    values = {"yes": ["1"], "no": ["-1"], "unknown": ["0", ""]}
    assert encode(rows, values=values).targets[:, 0].tolist() == [1, -1, 0, -1, 1, 0, -1]
    values = {"unknown": ["-1"], "no": ["0", ""]}
    assert encode(rows, values=values).targets[:, 0].tolist() == [1, 0, -1, 0, 1, -1, 0]
    values = {"yes": ["1", "-1"]}
    assert encode(rows, values=values).targets[:, 0].tolist() == [1, 0, 1, -1, 1, 1, -1]


def test_what_is_named_nowhere_is_an_error():
    rows = table(edema=["1", "0", "-1", "N/A"])
    encoding = encode(rows, values={"yes": ["1"], "no": ["-1"]})
    assert codes(encoding) == ["N_UNKNOWN_CELLS", "E_CELL"]
    assert encoding.targets[:, 0].tolist() == [1, -1, 0, -1]


def test_other_words_can_be_named():
    rows = table(mark=["crossed", "left", "Left", "dunno"])
    values = {"yes": "crossed", "no": ["left"], "unknown": ["dunno"]}
    encoding = encode(rows, values=values)
    assert encoding.targets[:, 0].tolist() == [1, 0, 0, -1]
    assert not encoding.faults


@pytest.mark.parametrize("cell", ["0.7", "0,7", "2", "maybe", "1e-1"])
def test_other_cells_are_errors_and_the_mend_works(cell):
    rows = table(car=["1", "0", cell])
    encoding = encode(rows)
    assert codes(encoding) == ["E_CELL"]
    mend = f'values: {{unknown: ["{cell}"]}}'
    assert mend in encoding.faults[0].message
    assert ("probabilities" in encoding.faults[0].message) == cell.startswith(("0", "1e"))
    mended = encode(rows, values={"unknown": [cell]})
    assert mended.targets[:, 0].tolist() == [1, 0, -1]
    assert codes(mended) == []


@pytest.mark.parametrize("word", ["N/A", "nan", "None", "null", "-", "<NA>"])
def test_words_for_unknown_are_reported(word):
    encoding = encode(table(car=["1", "0", word, word]))
    assert encoding.targets[:, 0].tolist() == [1, 0, -1, -1]
    assert codes(encoding) == ["N_UNKNOWN_CELLS"]
    assert f'2 cells "{word}" in column "car"' in encoding.faults[0].message


def test_a_stroke_is_no_beside_a_plus_alone():
    assert read_answers(["+", "-"]).of == {"+": 1, "-": 0}
    assert read_answers(["x", "-"]).of == {"x": 1, "-": -1}
    assert read_answers(["+", "-", "0"]).of == {"+": 1, "-": -1, "0": 0}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"column": "a", "values": {"no": ["-1"]}}, "`values` without `columns`"),
        ({"columns": ["a"], "values": {"no": ["0"], "yes": ["0.0"]}}, "in two of yes, no"),
        ({"columns": ["a"], "values": {"noo": ["0"]}}, "noo"),
        ({"columns": ["a"], "values": {"no": [["0"]]}}, "expected cells"),
    ],
)
def test_values_that_make_no_sense_are_refused(keys, message):
    value = {"data": {"annotations": "a.csv"}, "tasks": {"a": {"type": "tags", **keys}}}
    with pytest.raises(ConfigError, match=message):
        validate(value, "test")


def test_values_may_be_numbers_in_python():
    rows = table(car=["1", "0", "-1"])
    encoding = encode(rows, values={"yes": [1], "no": [-1], "unknown": [0]})
    assert encoding.targets[:, 0].tolist() == [1, -1, 0]


class TestOneHot:
    def rows(self, *columns):
        return table(**dict(zip(("healthy", "rust", "scab"), map(list, columns), strict=True)))

    def encode(self, rows, **keys):
        task = resolve(rows, type="class", columns=rows.columns, **keys)
        return task, task.encode(rows)

    def test_the_one_yes_of_a_row_is_its_class(self):
        task, encoding = self.encode(self.rows("1000", "0100", "0011"))
        assert task.classes == ("healthy", "rust", "scab")
        assert encoding.targets.dtype == np.int32
        assert encoding.targets.tolist() == [0, 1, 2, 2]
        assert not encoding.faults

    def test_a_row_without_yes_is_unknown_where_a_cell_is(self):
        rows = self.rows(["1", "0", "0", ""], ["0", "", "1", ""], ["", "0", "0", "1"])
        assert self.encode(rows)[1].targets.tolist() == [0, -1, 1, 2]

    def test_several_and_none_are_errors(self):
        _, encoding = self.encode(self.rows("1100", "0110", "0001"))
        errors = [fault for fault in encoding.faults if fault.is_error]
        assert [fault.code for fault in errors] == ["E_ONE_HOT"]
        assert 'yes to "healthy", "rust"' in errors[0].message
        _, encoding = self.encode(self.rows("1000", "0100", "0010"))
        assert "no to all 3 classes" in encoding.faults[0].message
        assert encoding.targets.tolist() == [0, 1, 2, -1]

    def test_globs_and_values_work_as_in_tags(self):
        rows = table(**{"d:rust": ["1", "-1"], "d:scab": ["-1", "1"]})
        task = resolve(rows, type="class", columns=["d:*"], values={"no": ["-1"]})
        assert task.classes == ("rust", "scab")
        assert task.encode(rows).targets.tolist() == [0, 1]

    def test_one_source_alone(self):
        keys = {"type": "class", "column": "a", "columns": ["b", "c"]}
        value = {"data": {"annotations": "a.csv"}, "tasks": {"a": keys}}
        with pytest.raises(ConfigError, match="both `column` and `columns`"):
            validate(value, "test")
