"""A config by hand splits cells as `polyhead init` would, and says where that is doubtful."""

import numpy as np
import pytest
from task_tables import resolve, table

SETS = (("car", "bus"), ("car",), ("dog", "car"), ("bus",), ("dog",), ("dog", "bus", "car"))


def encode(cells, **keys):
    rows = table(tags=cells)
    task = resolve(rows, "tags", type="tags", **keys)
    return task, task.encode(rows)


def codes(encoding):
    return [fault.code for fault in encoding.faults]


@pytest.mark.parametrize("sign", ["|", ";", ",", " ", ", ", "; ", " | "])
def test_the_sign_is_found(sign):
    cells = [sign.join(SETS[row % len(SETS)]) for row in range(36)]
    task, encoding = encode(cells)
    assert task.classes == ("bus", "car", "dog")
    assert encoding.targets[:6].tolist() == [
        [int(label in labels) for label in task.classes] for labels in SETS
    ]
    assert codes(encoding) == ["N_DELIMITER"] * (sign.strip() in ("", ","))


def test_labels_of_several_words_stay_whole():
    cells = ["traffic light", "stop sign", "car", "traffic light"] * 9
    assert encode(cells)[0].classes == ("car", "stop sign", "traffic light")
    cells = ["Paris, France|Rome, Italy", "Paris, France", "Rome, Italy"] * 9
    assert encode(cells)[0].classes == ("Paris, France", "Rome, Italy")


def test_the_mend_for_a_label_with_a_comma_works():
    cells = ["Paris, France", "Rome, Italy"] * 9
    _, encoding = encode(cells)
    assert codes(encoding) == ["N_DELIMITER"]
    assert 'delimiter: "|"' in encoding.faults[0].message
    task, encoding = encode(cells, delimiter="|")
    assert task.classes == ("Paris, France", "Rome, Italy")
    assert not [code for code in codes(encoding) if code.startswith("N_")]


def test_declared_labels_show_the_sign_in_however_few_rows():
    classes = ["clear", "primary", "water"]
    task, encoding = encode(["clear primary", "water"], classes=classes)
    assert encoding.targets.tolist() == [[1, 1, 0], [0, 0, 1]]
    assert task.classes == tuple(classes)
    _, encoding = encode(["stop sign", "car"], classes=["car", "stop sign"])
    assert encoding.targets.tolist() == [[0, 1], [1, 0]]


def test_cells_without_labels_are_reported():
    cells = ["Mass|Edema", "No Finding", "Mass", "Edema", "nan"] * 8
    task, encoding = encode(cells)
    assert task.classes == ("Edema", "Mass")
    assert encoding.targets[:5].tolist() == [[1, 1], [0, 0], [0, 1], [1, 0], [-1, -1]]
    assert codes(encoding) == ["N_UNKNOWN_CELLS", "N_NO_LABELS"]
    listed = ["Edema", "Mass", "No Finding"]
    _, encoding = encode(cells, classes=listed)
    assert encoding.targets[1].tolist() == [0, 0, 1]
    assert codes(encoding) == ["N_UNKNOWN_CELLS"]


def test_a_column_of_phrases_is_questioned():
    cells = [f"a {thing} in view {row}" for row, thing in enumerate(["car", "bus", "dog"] * 9)]
    _, encoding = encode(cells)
    assert "W_MANY_LABELS" in codes(encoding)


def test_a_million_phrases_take_seconds():
    rng = np.random.default_rng(0)
    words = rng.integers(0, 50, (200_000, 3))
    cells = [f"w{a} w{b}x{i} w{c}" for i, (a, b, c) in enumerate(words.tolist())]
    _, encoding = encode(cells, classes=["w1", "w2"], delimiter=None)
    assert encoding.targets.shape == (200_000, 2)
