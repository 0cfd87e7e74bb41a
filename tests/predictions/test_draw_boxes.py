import numpy as np
import pytest
from drawn_answers import has_colour
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from polyhead.predictions import BoxesPrediction, Prediction
from polyhead.predictions.drawing.palette import paints
from polyhead.predictions.drawing.tabs import MOST_COVERED, MOST_TAKEN, place_tabs

CLASSES = ("car", "bus", "dog")
PAINTS = paints(CLASSES)
WHITE = Image.new("RGB", (400, 300), "white")


def drawn(boxes, labels=None, scores=None, image=WHITE, size=(400, 300)):
    labels = labels or ["car"] * len(boxes)
    answer = BoxesPrediction(boxes, labels, scores or [0.5] * len(boxes), CLASSES)
    return np.asarray(answer.draw_on(image, size, PAINTS))


def painted(image, name):
    """(H, W) bool: the pixels in the colour of a class."""
    return (image == PAINTS[name].colour).all(axis=2)


def test_frame_lies_on_the_edges_of_the_box():
    found = painted(drawn([[100, 80, 200, 160]]), "car")
    assert found[80:160, 100].all()
    assert found[80:160, 199].all()
    assert found[159, 100:200].all()
    assert not found[100:140, 110:190].any()
    assert not found[161:].any()


def test_boxes_are_scaled_to_the_shown_image():
    found = painted(drawn([[1000, 800, 2000, 1600]], size=(4000, 3000)), "car")
    assert (found == painted(drawn([[100, 80, 200, 160]]), "car")).all()


def test_stronger_boxes_are_drawn_over_weaker_ones():
    boxes, labels = [[100, 80, 200, 160]] * 2, ["car", "bus"]
    found = drawn(boxes, labels, [0.9, 0.2])
    assert painted(found, "car")[100:150, 100].all()
    found = drawn(boxes, labels, [0.2, 0.9])
    assert painted(found, "bus")[100:150, 100].all()


def test_classes_keep_their_colours_from_image_to_image():
    for labels in (["dog"], ["bus", "dog"]):
        boxes = BoxesPrediction([[10, 10, 60, 60]] * len(labels), labels, [0.5] * len(labels))
        named = BoxesPrediction(boxes.boxes_xyxy, labels, boxes.scores, CLASSES)
        image = Prediction("a", 400, 300, {"objects": named}, source=WHITE).plot()
        assert has_colour(image, PAINTS["dog"].colour)


@pytest.mark.parametrize(
    "box",
    [
        [-500, -500, 900, 900],
        [390, 290, 900, 900],
        [500, 500, 600, 600],
        [50, 50, 50, 50],
        [200, 160, 100, 80],
        [0, 0, 400, 0.2],
    ],
)
def test_odd_boxes_are_drawn_inside_the_image(box):
    assert drawn([box]).shape == (300, 400, 3)
    assert painted(drawn([box]), "car").any()


def test_boxes_that_are_not_finite_are_left_out():
    nothing = drawn([[float("nan"), 0, 10, 10], [0, 0, float("inf"), 10]])
    assert (nothing == 255).all()
    assert (drawn([]) == 255).all()


@pytest.mark.parametrize("size", [(1, 1280), (1280, 9), (1, 1)])
def test_small_images_get_room_for_labels(size):
    found = drawn([[0, 0, *size]], image=Image.new("RGB", size, "white"), size=size)
    assert found.shape[0] >= 60
    assert found.shape[1] >= 144


def test_four_hundred_boxes_leave_most_of_the_image_to_be_seen():
    random = np.random.default_rng(0)
    low = random.uniform(0, 350, (400, 2)) * (1, 0.8)
    boxes = np.hstack([low, low + random.uniform(5, 50, (400, 2))]).tolist()
    found = drawn(boxes, scores=random.random(400).tolist())
    assert (found == 255).all(axis=2).mean() > 0.2


@settings(max_examples=60, deadline=None)
@given(
    boxes=st.lists(st.tuples(*[st.integers(0, 300)] * 4), min_size=1, max_size=30),
    width=st.integers(10, 120),
)
def test_labels_stay_inside_and_overlap_little(boxes, width):
    corners = np.array(boxes, dtype=float)
    ordered = np.hstack([np.minimum(corners[:, :2], corners[:, 2:])] * 2)
    ordered[:, 2:] = np.maximum(corners[:, :2], corners[:, 2:])
    places = place_tabs(ordered, np.tile([width, 20.0], (len(boxes), 1)), (300, 300))
    taken = np.zeros((300, 300), bool)
    kept = [place for place in places if place is not None]
    assert kept
    assert len(kept) * width * 20 <= MOST_TAKEN * 300 * 300
    for left, top in kept:
        area = taken[top : top + 20, left : left + width]
        assert area.shape == (20, width)
        assert area.mean() <= MOST_COVERED
        area[:] = True
