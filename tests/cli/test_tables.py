"""Tables of figures: readable at 80 columns, whole elsewhere."""

import sys
from io import StringIO

import pytest

from polyhead.cli.tables import MAX_CLASSES, print_evaluation

LONG = "a label of more than thirty letters [bold]"


def result(labels):
    entry = {"AP": 0.5, "F1": None, "precision": 0.25, "recall": 1.0, "num_positive": 1234}
    entry |= {"num_known": 56789, "threshold": 0.123}
    task = {
        "type": "tags",
        "num_known": 9,
        "num_classes": len(labels),
        "num_classes_evaluated": 1,
        "metrics": {
            "mAP": {"value": 0.5, "low": 0.4, "high": 0.6},
            "accuracy_majority": {"value": None},
        },
        "per_class": dict.fromkeys(labels, entry),
        "confusion": {"classes": labels, "matrix": [[12345] * len(labels)] * len(labels)},
    }
    return {"split": "test", "num_images": 7, "tasks": {"contents": task}}


class Terminal(StringIO):
    def isatty(self):
        return True


@pytest.fixture
def shown(monkeypatch):
    """Lines printed for some labels, on a terminal of 80 columns or in a file."""

    def lines(labels, stream):
        monkeypatch.setenv("COLUMNS", "80")
        monkeypatch.setenv("TERM", "dumb")
        monkeypatch.setattr(sys, "stdout", stream)
        print_evaluation(result(labels))
        return stream.getvalue().splitlines()

    return lines


def test_labels_are_whole_at_80_columns(shown):
    lines = shown(["car", "traffic light", "pedestrian crossing"], Terminal())
    assert max(map(len, lines)) <= 80
    row = next(line for line in lines if "pedestrian crossing " in line)
    assert row.split()[2:] == ["0.500", "–", "0.250", "1.000", "1234", "56789", "0.123"]
    heading = next(line for line in lines if line.split()[:2] == ["class", "AP"])
    assert heading.split() == ["class", "AP", "F1", "prec.", "recall", "pos.", "known", "thr."]
    assert "0.400 – 0.600" in "\n".join(lines)


def test_a_longer_label_is_folded_and_none_of_it_is_lost(shown):
    lines = shown([LONG, "b"], Terminal())
    start = next(i for i, line in enumerate(lines) if line.split()[:2] == ["class", "AP"])
    first, second = lines[start + 2 : start + 4]
    assert max(map(len, lines)) <= 80
    assert " ".join([*first.split()[:-7], *second.split()]) == LONG


def test_a_file_has_no_edge(shown):
    lines = shown([LONG * 5, "b"], StringIO())
    assert any(LONG * 5 in line and "56789" in line for line in lines)
    assert "\x1b" not in "".join(lines)


def test_a_confusion_of_many_classes_fits_by_numbers(shown):
    lines = shown([f"class number {i}" for i in range(8)], Terminal())
    start = lines.index("true class by row, answer by column")
    assert max(map(len, lines[start:])) <= 80
    assert lines[start + 2].split() == ["class", *map(str, range(1, 9))]
    assert lines[start + 4].split() == ["1", "class", "number", "0", *["12345"] * 8]


def test_very_many_classes_are_left_to_the_file(shown):
    lines = shown([f"c{i:03}" for i in range(MAX_CLASSES + 5)], Terminal())
    assert "5 more classes are in evaluation.json" in lines
    assert not any("c044" in line for line in lines)
    assert "true class by row, answer by column" not in lines
