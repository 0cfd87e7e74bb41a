"""Tables of figures: readable at 80 columns, whole elsewhere."""

import sys
from io import StringIO

import pytest
from meter_results import evaluation

from polyhead.report.tables import MAX_CLASSES, print_evaluation

LONG = "a label of more than thirty letters [bold]"


def result(labels):
    entry = {"AP": 0.5, "F1": None, "precision": 0.25, "recall": 1.0, "num_positive": 1234}
    entry |= {"num_known": 56789, "threshold": 0.123}
    task = {
        "type": "tags",
        "num_images": 7,
        "num_known": 9,
        "num_classes": len(labels),
        "num_classes_evaluated": 1,
        "metrics": {
            "mAP": {"value": 0.5, "low": 0.4, "high": 0.6},
            "mAP_chance": {"value": 0.31},
            "Brier": {"value": None},
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
    """Lines printed for labels or a result, on a terminal of 80 columns or in a file."""

    def lines(labels_or_result, stream):
        monkeypatch.setenv("COLUMNS", "80")
        monkeypatch.setenv("TERM", "dumb")
        monkeypatch.setattr(sys, "stdout", stream)
        is_result = isinstance(labels_or_result, dict)
        print_evaluation(labels_or_result if is_result else result(labels_or_result))
        return [line.rstrip() for line in stream.getvalue().splitlines()]

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
    assert lines[start + 1].split() == ["class", *map(str, range(1, 9))]
    assert lines[start + 3].split() == ["1", "class", "number", "0", *["12345"] * 8]


def test_very_many_classes_are_left_to_the_file(shown):
    lines = shown([f"c{i:03}" for i in range(MAX_CLASSES + 5)], Terminal())
    assert "5 more classes are in evaluation.json" in lines
    assert not any("c044" in line for line in lines)
    assert "true class by row, answer by column" not in lines


def summary(lines, task):
    """The row of a task in the first table."""
    return next(line.split() for line in lines if line.split()[:1] == [task])


def test_each_task_has_a_row_of_headline_interval_trivial_answer_and_n(shown):
    lines = shown(evaluation(), Terminal())
    assert max(map(len, lines[: lines.index("")])) <= 80
    assert summary(lines, "my_tags")[1:3] == ["tags", "mAP"]
    assert summary(lines, "my_tags")[-3:] == ["1.000", "4", "cells"]
    assert summary(lines, "my_class")[-3:] == ["1.000", "2", "images"]
    assert summary(lines, "my_mask")[-3:] == ["1.000", "4,000", "pixels"]
    assert summary(lines, "my_number")[-3:] == ["0.000", "2", "images"]
    box_row = ["boxes", "AP", "1.000", "2", "boxes"]  # where all resamples agree: no interval
    assert summary(lines, "my_boxes")[1:] == box_row


def test_a_trivial_answer_stands_beside_its_figure_only(shown):
    lines = shown(["car", "bus"], StringIO())
    assert ["mAP", "0.500", "0.400", "–", "0.600", "0.310"] in map(str.split, lines)
    assert not any("mAP_chance" in line for line in lines)
    told = [line for line in lines if line.startswith("trivial: ")]
    assert told == ["trivial: without a look at the image (a random ranking)"]


def test_what_is_known_is_reported_in_the_unit_of_the_task(shown):
    text = "\n".join(shown(evaluation(), StringIO()))
    assert "my_tags (tags): 4 of 6 cells known (3 images); 2 classes, 1 evaluated" in text
    assert "my_class (class): 2 of 3 images known; 2 classes, 1 evaluated" in text
    assert "my_boxes (boxes): 2 of 3 images annotated, 2 boxes; 2 classes, 1 evaluated" in text
    assert "my_mask (mask): 2 of 3 images annotated, 4,000 pixels; 2 classes, 1 evaluated" in text
    assert "my_number (number): 2 of 3 images known\n" in text


@pytest.mark.filterwarnings("error")
def test_a_part_of_which_nothing_is_known_still_prints(shown):
    lines = shown(evaluation(known=(False, False, False)), StringIO())
    for kind in ("tags", "class", "boxes", "mask", "number"):
        assert summary(lines, f"my_{kind}")[3] == "–"


def test_a_confusion_of_pixels_is_in_percent_of_each_row(shown):
    found = evaluation()
    found["tasks"] = {"ground": found["tasks"]["my_mask"]}
    found["tasks"]["ground"]["confusion"]["matrix"] = [[3_000_000, 1_000_000], [0, 0]]
    lines = shown(found, Terminal())
    start = lines.index("true class by row, answer by column, in % of the true pixels")
    assert [line.split() for line in lines[start + 3 : start + 5]] == [
        ["1", "car", "75", "25"],
        ["2", "traffic", "light", "–", "–"],
    ]


def test_classes_left_out_are_in_the_file_of_that_part(shown):
    found = result([f"c{i:03}" for i in range(MAX_CLASSES + 1)])
    assert "1 more classes are in evaluation-val.json" in shown(
        {**found, "split": "val"}, StringIO()
    )


def test_couplings_and_conformal_sets_of_tags_are_reported(shown):
    found = result(["car", "bus"])
    coupling = {"first": "bus", "second": LONG, "log_odds": 1.834, "support": (40, 3, 12, 945)}
    task = found["tasks"]["contents"]
    task["field"] = {
        "log_likelihood": -3.74,
        "log_likelihood_independent": -4.15,
        "gain_standard_error": 0.02,
        "couplings": [coupling] * 10,
    }
    task["conformal"] = {"alpha": 0.1, "missed": None, "set_size": 2.5}
    lines = shown(found, Terminal())
    start = next(i for i, line in enumerate(lines) if "log-odds" in line)
    assert max(map(len, lines[start:])) <= 80
    text = "\n".join(shown(found, StringIO()))
    assert "field: log-likelihood -3.740 an image, -4.150 without couplings" in text
    assert "conformal: – of the true labels of an image missed, 0.100 allowed" in text
    row = ["bus", *LONG.split(), "+1.83", "40", "3", "12", "945"]
    assert [line.split() for line in text.splitlines()].count(row) == 8


def test_calibration_of_each_class_is_left_to_the_file(shown):
    found = result(["car", "bus"])
    for entry in found["tasks"]["contents"]["per_class"].values():
        entry |= {"ECE": 0.1, "Brier": 0.2, "threshold_low": 0.3, "threshold_high": None}
    assert not any("low" in line or "ECE" in line for line in shown(found, StringIO()))
