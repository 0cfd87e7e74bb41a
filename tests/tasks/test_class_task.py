"""Class: one of K, from cells to targets and from probabilities to answers."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from task_tables import from_csv, resolve, table

from polyhead.errors import ConfigError, DataError
from polyhead.table.cell_words import unknown_words
from polyhead.tasks import ClassConfig, ClassDecider, decider_from_dict

SIZES = np.array([[48, 64]])  # these tasks do not read them

DAYTIME = ClassDecider("daytime", ("day", "dusk", "night"))


def encode(rows, **keys):
    task = resolve(rows, "daytime", type="class", **keys)
    return task, task.encode(rows)


def test_cells_become_indices_and_blanks_unknown():
    rows = table(daytime=["night", " day ", None, "dusk", "", "  "])
    task, encoding = encode(rows)
    assert task.classes == ("day", "dusk", "night")
    assert encoding.targets.dtype == np.int32
    assert encoding.targets.tolist() == [2, 0, -1, 1, -1, -1]
    assert task.known(encoding.targets).tolist() == [True, True, False, True, False, False]
    assert not encoding.faults


def test_look_alikes_stay_classes(tmp_path):
    cells = "\n".join(f"{i}.jpg,{c}" for i, c in enumerate(["no", "012", "12", "null", "NA"]))
    rows = from_csv(tmp_path, f"image,daytime\n{cells}\n")
    task, encoding = encode(rows)
    assert set(task.classes) == {"no", "012", "12"}
    assert sorted(encoding.targets) == [-1, -1, 0, 1, 2]
    declared = ["no", "012", "12", "null", "NA"]
    assert encode(rows, classes=declared)[1].targets.tolist() == [0, 1, 2, 3, 4]


def test_declared_classes_give_the_order():
    task, encoding = encode(table(daytime=["a", "b"]), classes=["b", "a"])
    assert task.classes == ("b", "a")
    assert encoding.targets.tolist() == [1, 0]


def test_another_column_may_be_named():
    assert encode(table(time=["a", "b"]), column="time")[0].classes == ("a", "b")


def test_an_undeclared_class_is_an_error_with_the_nearest():
    rows = table(daytime=["day", "nihgt", "night"])
    _, encoding = encode(rows, classes=["day", "night"])
    (fault,) = encoding.faults
    assert str(fault).startswith('E_LABEL_UNKNOWN labels.csv:3 1.jpg: label "nihgt"')
    assert 'Did you mean "night"?' in fault.message
    assert encoding.targets.tolist() == [0, -1, 1]


def test_two_spellings_of_a_class_are_an_error():
    _, encoding = encode(table(daytime=["day", "Day", "day", "night"]))
    assert [fault.code for fault in encoding.faults] == ["E_LABEL_SPELLING"]
    assert 'write all of them as "day"' in encoding.faults[0].message


def test_a_class_without_a_row_is_a_warning():
    _, encoding = encode(table(daytime=["day"]), classes=["day", "night"])
    assert [fault.code for fault in encoding.faults] == ["W_NO_POSITIVES"]


@pytest.mark.parametrize("cells", [["day", "day"], [None, ""], ["day", None]])
def test_fewer_than_two_classes_are_refused(cells):
    with pytest.raises(DataError, match="expected at least 2"):
        encode(table(daytime=cells))


def test_a_column_of_lists_is_refused():
    with pytest.raises(ConfigError, match="only the `column` of a tags task may hold lists"):
        encode(table(daytime=[["a"], ["b"]]))


def test_the_likeliest_class_is_the_answer():
    probabilities = np.array([[0.2, 0.3, 0.5], [0.6, 0.4, 0.0]], np.float32)
    first, second = DAYTIME.select({"probabilities": probabilities}, SIZES)
    assert (first.label, second.label) == ("night", "day")
    assert json.loads(json.dumps(first.to_dict()))["probabilities"]["dusk"] == pytest.approx(0.3)


def test_the_meter_counts_known_rows():
    meter = DAYTIME.meter()
    meter.update({"probabilities": np.eye(3, dtype=np.float32)}, np.array([0, -1, 1], np.int32))
    found = meter.compute()
    assert found["num_known"] == 2
    assert found["metrics"]["accuracy"]["value"] == 0.5


def test_the_label_matrix_has_a_column_a_class():
    encoder = ClassConfig(type="class").encoder("daytime", DAYTIME.classes)
    found = encoder.label_matrix(np.array([2, -1, 0], np.int32))
    assert found.tolist() == [[0, 0, 1], [-1, -1, -1], [1, 0, 0]]


def test_a_task_survives_json():
    entry = json.loads(json.dumps(DAYTIME.to_dict()))
    assert decider_from_dict("daytime", entry) == DAYTIME


LABEL = st.text(min_size=1, max_size=6).map(str.strip).filter(bool)


@given(st.lists(st.none() | LABEL, min_size=2, max_size=9))
def test_decoding_the_targets_gives_the_classes_back(cells):
    cells = [*cells, "one", "another"]
    rows = table(daytime=cells)
    task, encoding = encode(rows)
    decoded = [None if i < 0 else task.classes[i] for i in encoding.targets]
    words = unknown_words([cell for cell in cells if cell])  # such as None, beside other cells
    assert decoded == [None if cell in words else cell for cell in cells]
