"""The grade of an image in JSON, in words, in cells and in the panel."""

import json

import pytest

from polyhead.predictions.drawing.section import MAX_BARS
from polyhead.predictions.ordinal import PAINT, OrdinalPrediction

STARS = OrdinalPrediction("4", 3.7, {"1": 0.05, "2": 0.1, "3": 0.2, "4": 0.4, "5": 0.25})
PAIN = OrdinalPrediction("mild", 1.0, {"none": 0.2, "mild": 0.6, "severe": 0.2})


def test_its_json_has_the_grade_the_mean_and_every_probability_in_order():
    written = json.loads(json.dumps(STARS.to_dict()))
    assert written == {
        "type": "ordinal",
        "label": "4",
        "expected": 3.7,
        "probabilities": {"1": 0.05, "2": 0.1, "3": 0.2, "4": 0.4, "5": 0.25},
    }
    assert list(written["probabilities"]) == ["1", "2", "3", "4", "5"]


def test_a_terminal_shows_the_mean_of_numbers_alone():
    assert str(STARS) == "4 0.40 (mean 3.7)"
    assert str(PAIN) == "mild 0.60"


def test_a_spreadsheet_has_the_grade_and_the_mean():
    assert STARS.cells() == ["4", "3.7"]
    assert PAIN.cells() == ["mild", "1"]


def test_bars_stand_in_the_order_of_the_grades():
    shown = STARS.section({})
    assert (shown.answer, shown.remark) == ("4", "mean 3.7")
    assert [bar.label for bar in shown.bars] == ["1", "2", "3", "4", "5"]
    assert [bar.share for bar in shown.bars] == [0.05, 0.1, 0.2, 0.4, 0.25]
    assert [bar.label for bar in shown.bars if bar.bold] == ["4"]
    assert [bar.label for bar in shown.bars if bar.paint == PAINT] == ["4"]
    assert shown.num_hidden == 0
    assert PAIN.section({}).remark == ""


@pytest.mark.parametrize("chosen", ["0", "9", "19"])
def test_of_many_grades_the_likeliest_are_shown_still_in_order(chosen):
    shares = {str(grade): (1 + grade % 7) / 100 for grade in range(20)}
    shown = OrdinalPrediction(chosen, 9.0, shares).section({})
    labels = [bar.label for bar in shown.bars]
    assert labels == sorted(labels, key=int)
    assert len(labels) == MAX_BARS
    assert chosen in labels
    assert shown.num_hidden == 20 - MAX_BARS
    hidden = max(share for grade, share in shares.items() if grade not in labels)
    assert all(shares[label] >= hidden for label in labels if label != chosen)
