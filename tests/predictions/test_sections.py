import string

import numpy as np
import pytest

from polyhead.predictions import (
    BoxesPrediction,
    ClassPrediction,
    MaskPrediction,
    NumberPrediction,
    TagsPrediction,
)
from polyhead.predictions.drawing.palette import paints
from polyhead.predictions.drawing.section import MAX_BARS, MAX_LEGEND, number, percent


def test_bars_are_sorted_and_the_chosen_ones_stay_when_some_are_hidden():
    labels = string.ascii_lowercase
    shares = {label: 1 - i / 26 for i, label in enumerate(labels)}
    shown = TagsPrediction(["z", "b"], shares).section({})
    assert len(shown.bars) == MAX_BARS
    assert shown.num_hidden == 26 - MAX_BARS
    assert [bar.label for bar in shown.bars] == [*labels[: MAX_BARS - 1], "z"]
    assert [bar.label for bar in shown.bars if bar.bold] == ["b", "z"]


def test_class_shows_its_label_first():
    shown = ClassPrediction("b", {"a": 0.2, "b": 0.7, "c": 0.1}).section({})
    assert shown.answer == "b"
    assert [bar.label for bar in shown.bars] == ["b", "a", "c"]


def test_number_is_written_with_its_interval():
    assert NumberPrediction(3.25).section({}).answer == "3.25"
    shown = NumberPrediction(3.25, 1.0, 5.0).section({})
    assert (shown.answer, shown.remark) == ("3.25", "80 % interval: 1 to 5")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0, "0"),
        (-3.14159, "-3.142"),
        (99999.9, "100,000"),
        (-1234567.0, "-1,235,000"),
        (1e30, "1e+30"),
        (1e-9, "1e-09"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_numbers_have_four_digits_at_most(value, written):
    assert number(value) == written


def test_percentages_never_round_to_certainty():
    shares = (0, 1e-9, 0.004, 0.006, 0.5, 0.994, 0.996, 1)
    written = ["0 %", "< 1 %", "< 1 %", "1 %", "50 %", "99 %", "> 99 %", "100 %"]
    assert [percent(share) for share in shares] == written


def test_boxes_are_counted_by_class_with_the_surest_score():
    classes = ("dog", "car", "bus")
    boxes = BoxesPrediction([[0, 0, 1, 1]] * 3, ["car", "bus", "car"], [0.5, 0.8, 0.9], classes)
    shown = boxes.section(paints(classes))
    assert shown.answer == "3 objects"
    assert [(bar.label, bar.figure) for bar in shown.bars] == [
        ("2 × car", "0.90"),
        ("1 × bus", "0.80"),
    ]
    assert BoxesPrediction([], [], [], classes).section({}).answer == "none"


def test_legend_of_a_mask_has_the_classes_present_with_their_shares():
    mask = np.array([[0, 2, 2, 2], [0, 2, 255, 255]], np.uint8)
    shown = MaskPrediction(("sky", "road", "car"), mask).section(paints(("sky", "road", "car")))
    assert shown.answer == "2 of 3"
    assert [(bar.label, bar.share, bar.swatch) for bar in shown.bars] == [
        ("car", 4 / 6, True),
        ("sky", 2 / 6, True),
    ]


def test_mask_without_a_known_pixel_has_an_empty_legend():
    unknown = MaskPrediction(("sky",), np.full((2, 2), 255, np.uint8))
    assert unknown.section(paints(("sky",))).bars == []


def test_long_legends_are_cut():
    classes = tuple(map(str, range(200)))
    mask = np.arange(200, dtype=np.uint8).reshape(10, 20)
    shown = MaskPrediction(classes, mask).section(paints(classes))
    assert (len(shown.bars), shown.num_hidden) == (MAX_LEGEND, 200 - MAX_LEGEND)
