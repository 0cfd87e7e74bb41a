"""Geometric steps have a way back, and boxes and masks take it as the image does."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from polyhead.augment.geometry import Region, flip, rotate, zoom_in, zoom_out
from polyhead.table import ImageBoxes
from polyhead.tasks import BoxesConfig, MaskConfig

HEIGHT, WIDTH = SIZE = (48, 64)
GREY = (128, 128, 128)
UNKNOWN = 255
BOXES = BoxesConfig(type="boxes").encoder("objects", ("car",))
MASK = MaskConfig(type="mask").encoder("ground", ("road", "sky"))
CENTRE = np.array([WIDTH, HEIGHT] * 2) / 2


@st.composite
def half_regions(draw):
    """A part of half the height and width, so that a mask is stretched by whole pixels."""
    top, left = draw(st.integers(0, HEIGHT // 2)), draw(st.integers(0, WIDTH // 2))
    return Region(top, left, HEIGHT // 2, WIDTH // 2)


@st.composite
def boxes(draw, height=HEIGHT, width=WIDTH):
    """Up to four boxes of at least 3 pixels a side."""
    corners = [
        [draw(st.floats(0, width - 3)), draw(st.floats(0, height - 3))]
        for _ in range(draw(st.integers(0, 4)))
    ]
    drawn = [
        [x, y, draw(st.floats(x + 3, width)), draw(st.floats(y + 3, height))] for x, y in corners
    ]
    num = len(drawn)
    array = np.array(drawn, np.float32).reshape(-1, 4)
    return ImageBoxes(array, np.arange(num), np.zeros(num, bool), np.ones(max(num, 1), bool))


def mask_of(seed, block):
    """Blocks of four classes and of unknown."""
    shape = (HEIGHT // block, WIDTH // block)
    values = np.array([0, 1, 2, 3, UNKNOWN], np.uint8)
    coarse = np.random.default_rng(seed).choice(values, shape)
    return coarse.repeat(block, 0).repeat(block, 1)


def assert_same(found, expected):
    assert found.labels.tolist() == expected.labels.tolist()
    assert not found.ignored.any()
    assert np.allclose(found.boxes_xyxy, expected.boxes_xyxy, rtol=0, atol=1e-3)


@given(region=half_regions(), its_boxes=boxes(), seed=st.integers(0, 99))
@settings(max_examples=40)
def test_what_was_zoomed_out_comes_back_by_zooming_in(region, its_boxes, seed):
    steps = [zoom_out(region, SIZE, GREY), zoom_in(region, SIZE)]
    assert_same(BOXES.move(its_boxes, steps, SIZE), its_boxes)
    mask = mask_of(seed, block=2)
    assert np.array_equal(MASK.move(mask, steps, SIZE), mask)


@given(region=half_regions(), its_boxes=boxes(HEIGHT // 2, WIDTH // 2), seed=st.integers(0, 99))
@settings(max_examples=40)
def test_what_was_cut_out_goes_back_to_its_place(region, its_boxes, seed):
    offset = np.array([region.left, region.top] * 2, np.float32)
    placed = ImageBoxes(
        its_boxes.boxes_xyxy + offset, its_boxes.labels, its_boxes.ignored, its_boxes.known
    )
    steps = [zoom_in(region, SIZE), zoom_out(region, SIZE, GREY)]
    assert_same(BOXES.move(placed, steps, SIZE), placed)
    mask, inside = mask_of(seed, block=1), np.zeros(SIZE, bool)
    inside[region.top :, region.left :][: region.height, : region.width] = True
    assert np.array_equal(MASK.move(mask, steps, SIZE), np.where(inside, mask, UNKNOWN))


@given(its_boxes=boxes(), seed=st.integers(0, 99))
@settings(max_examples=40)
def test_a_mirror_of_a_mirror_is_the_image(its_boxes, seed):
    mirrored = BOXES.move(its_boxes, [flip()], SIZE)
    expected = its_boxes.boxes_xyxy[:, [2, 1, 0, 3]] * [-1, 1, -1, 1] + [WIDTH, 0, WIDTH, 0]
    assert np.allclose(mirrored.boxes_xyxy, expected, rtol=0, atol=1e-4)
    assert_same(BOXES.move(mirrored, [flip()], SIZE), its_boxes)
    mask = mask_of(seed, block=1)
    assert np.array_equal(MASK.move(mask, [flip()], SIZE), mask[:, ::-1])


@given(its_boxes=boxes(), degrees=st.floats(-30, 30))
@settings(max_examples=40)
def test_turned_there_and_back_a_box_still_holds_its_object(its_boxes, degrees):
    steps = [rotate(angle, SIZE, GREY) for angle in (degrees, -degrees)]
    found = BOXES.move(its_boxes, steps, SIZE)
    assert found.labels.tolist() == its_boxes.labels.tolist()
    scale = 1 / (math.cos(a := math.radians(abs(degrees))) + math.sin(a) * WIDTH / HEIGHT)
    shrunk = CENTRE + (its_boxes.boxes_xyxy - CENTRE) * scale**2
    reach = (found.boxes_xyxy - shrunk) * [-1, -1, 1, 1]
    assert (reach > -1e-2).all()
    for box, shown in zip(its_boxes.boxes_xyxy, found.boxes_xyxy, strict=True):
        left, top, right, bottom = box.round().astype(int)
        mask = np.zeros(SIZE, np.uint8)
        mask[top:bottom, left:right] = 1
        rows, columns = np.nonzero(MASK.move(mask, steps, SIZE) == 1)
        ends = [columns.min(initial=WIDTH), rows.min(initial=HEIGHT)]
        ends += [columns.max(initial=0) + 1, rows.max(initial=0) + 1]
        assert ((np.array(ends) - shown) * [1, 1, -1, -1] > -2).all()
