"""One line of words for an answer: short, and never untrue."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from polyhead.predictions import (
    BoxesPrediction,
    ClassPrediction,
    MaskPrediction,
    NumberPrediction,
    TagsPrediction,
)


def test_a_number_has_few_digits_and_keeps_those_before_the_point():
    assert str(NumberPrediction(0.0324912)) == "0.032"
    assert str(NumberPrediction(1234567.8)) == "1234568"
    assert str(NumberPrediction(3.5761, 2.0, 12.34)) == "3.58 (2.00 to 12.3)"


@given(st.floats(-1e12, 1e12))
def test_a_number_is_reported_within_5_percent(value):
    assert abs(float(str(NumberPrediction(value))) - value) <= 0.05 * abs(value)


def test_boxes_are_counted_by_label():
    boxes = BoxesPrediction([[0, 0, 1, 1]] * 3, ["car", "bus", "car"], [0.9, 0.8, 0.7])
    assert str(boxes) == "2 × car, 1 × bus"
    assert str(BoxesPrediction([], [], [])) == "(none)"


def test_a_mask_tells_what_covers_much_and_that_there_is_more():
    mask = np.repeat(np.array([[0, 1, 2]], np.uint8), [60, 38, 2], axis=1)
    assert str(MaskPrediction(("road", "sky", "dog"), mask)) == "road 60%, sky 38%, …"
    assert str(MaskPrediction(("road", "sky", "dog"), mask[:, :98])) == "road 61%, sky 39%"


def test_unknown_pixels_of_a_mask_belong_to_no_class():
    mask = MaskPrediction(("road", "sky"), np.array([[0, 1, 1, 255]], np.uint8))
    assert mask.shares == {"sky": 0.5, "road": 0.25}
    assert [region["label"] for region in mask.to_dict()["rle"]] == ["road", "sky"]


def test_cells_of_a_sheet_are_read_back_as_annotations():
    assert TagsPrediction(["car", "bus"], {"car": 0.9, "bus": 0.8}).cells() == ["car|bus"]
    assert TagsPrediction([], {"car": 0.1}).cells() == ["[]"]
    assert TagsPrediction(["a|b"], {"a|b": 0.9, "c": 0.1}).cells() == ['["a|b"]']
    assert ClassPrediction("day", {"day": 0.7, "night": 0.3}).cells() == ["day"]
    assert NumberPrediction(1234567.0, 1.0, 2.0).cells() == ["1234567"]


def test_objects_alone_have_rows_of_their_own():
    boxes = BoxesPrediction([[0, 0, 1, 1], [2, 2, 3, 3]], ["car", "bus"], [0.9, 0.8])
    rows = [("car", 0.9, [0, 0, 1, 1]), ("bus", 0.8, [2, 2, 3, 3])]
    assert list(boxes.object_rows()) == rows
    assert list(NumberPrediction(1.0).object_rows()) == []
