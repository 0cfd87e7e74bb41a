"""Boxes and masks stay with what the image shows, whatever was drawn."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from type_encoders import ENCODERS

from polyhead.augment import Augmentation, Mixup, Mosaic
from polyhead.augment.geometry import Region, flip, rotate, zoom_in, zoom_out
from polyhead.table import ImageBoxes
from polyhead.tasks.boxes.moved_boxes import move_boxes

GREY = 128
COLOURS = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255]])
MANNERS = {
    "flip": {"crop": 1, "scale": 1},
    "zoom in": {"flip": False, "cuts": True, "crop": 0.3, "scale": 1},
    "zoom out": {"flip": False, "scale": 0.3},
    "rotate": {"flip": False, "scale": 1, "rotate": 12},
    "all": {"cuts": True, "crop": 0.4, "scale": 0.5, "rotate": 8},
}


def boxes_of(boxes_xyxy, labels=None, ignored=None, known=(True, True, True)):
    boxes = np.asarray(boxes_xyxy, np.float32).reshape(-1, 4)
    return ImageBoxes(
        boxes,
        np.arange(len(boxes)) if labels is None else np.asarray(labels, np.int64),
        np.zeros(len(boxes), bool) if ignored is None else np.asarray(ignored),
        np.asarray(known),
    )


@st.composite
def scenes(draw, size=None):
    """A grey image of up to three boxes, each in its label's colour; the mask repeats it."""
    height, width = size or (draw(st.integers(24, 70)), draw(st.integers(40, 90)))
    image = np.full((height, width, 3), GREY, np.uint8)
    mask = np.zeros((height, width), np.uint8)
    boxes, labels, strip = [], draw(st.permutations(range(3))), width // 3
    labels = labels[: draw(st.integers(0, 3))]
    for place, label in enumerate(labels):
        left = place * strip + draw(st.integers(2, strip // 3))
        right = (place + 1) * strip - draw(st.integers(2, strip // 3))
        top = draw(st.integers(0, height // 2))
        bottom = draw(st.integers(top + 5, height))
        image[top:bottom, left:right] = COLOURS[label]
        mask[top:bottom, left:right] = label + 1
        boxes.append([left, top, right, bottom])
    return image, {"boxes": boxes_of(boxes, labels), "mask": mask}


def painted(image, label):
    """(H, W) bool: nearer to the label's colour than to anything around it."""
    values = image.astype(int)
    others = values[..., [c for c in range(3) if c != label]].max(-1)
    return values[..., label] - others > 127


def assert_in_step(image, targets):
    boxes, mask = targets["boxes"], targets["mask"]
    for label in range(3):
        region = painted(image, label)
        found = boxes.boxes_xyxy[boxes.labels == label]
        assert len(found) == 1 or region.sum() <= 12
        for box in found:
            if (box[2:] - box[:2]).min() < 4:
                continue
            rows, columns = np.flatnonzero(region.any(1)), np.flatnonzero(region.any(0))
            extent = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
            assert np.abs(box - extent).max() <= 1.5
        pure = np.abs(image - COLOURS[label]).max(-1) < 8
        assert (mask[pure] == label + 1).all()
        said = mask == label + 1
        assert said.sum() <= 60 or region[said].mean() > 0.6


def pixels(tensor):
    return tensor.permute(1, 2, 0).numpy()


@pytest.mark.parametrize("manner", MANNERS)
@settings(deadline=None, max_examples=60)
@given(scene=scenes(), seed=st.integers(0, 2**63 - 1))
def test_boxes_and_mask_stay_on_what_is_painted(manner, scene, seed):
    image, targets = scene
    augmentation = Augmentation(ENCODERS, colour=0, **MANNERS[manner])
    shown, moved = augmentation(image, targets, seed)
    assert_in_step(pixels(shown), moved)


@settings(deadline=None, max_examples=40)
@given(scene=scenes(), seed=st.integers(0, 2**63 - 1))
def test_nothing_is_lost_without_cuts(scene, seed):
    image, targets = scene
    augmentation = Augmentation(ENCODERS, scale=0.5, rotate=10)
    moved = augmentation(image, targets, seed)[1]
    assert moved["boxes"].labels.tolist() == targets["boxes"].labels.tolist()
    assert not moved["boxes"].ignored.any()
    assert set(np.unique(moved["mask"])) - {255} == set(np.unique(targets["mask"]))


@pytest.mark.parametrize("cuts", [True, False])
def test_the_corners_are_cut_off_only_where_that_is_allowed(cuts):
    corners = boxes_of([[0, 0, 2, 2], [58, 0, 60, 2], [0, 38, 2, 40], [58, 38, 60, 40]])
    augmentation = Augmentation(ENCODERS, cuts=cuts, crop=0.5, scale=0.5)
    image = np.zeros((40, 60, 3), np.uint8)
    left = [len(augmentation(image, {"boxes": corners}, seed)[1]["boxes"]) for seed in range(30)]
    assert (min(left) == 4) is not cuts
    assert max(left) == 4


@settings(deadline=None, max_examples=40)
@given(scene=scenes(), seed=st.integers(0, 2**63 - 1))
def test_boxes_stay_within_the_image_and_have_an_area(scene, seed):
    image, targets = scene
    height, width = image.shape[:2]
    moved = Augmentation(ENCODERS, cuts=True, crop=0.1, rotate=10)(image, targets, seed)[1]
    boxes = moved["boxes"].boxes_xyxy
    assert boxes.dtype == np.float32
    assert ((boxes[:, 2:] - boxes[:, :2]) > 0).all()
    assert ((boxes >= 0) & (boxes <= [width, height, width, height])).all()


@given(scene=scenes())
@settings(deadline=None, max_examples=20)
def test_flipping_twice_changes_nothing(scene):
    image, targets = scene
    size = image.shape[:2]
    for name, target in targets.items():
        again = ENCODERS[name].move(target, [flip(), flip()], size)
        same = dataclasses.asdict(target) if isinstance(target, ImageBoxes) else {"mask": target}
        found = dataclasses.asdict(again) if isinstance(again, ImageBoxes) else {"mask": again}
        assert all(np.array_equal(same[key], found[key]) for key in same)


@pytest.mark.parametrize("manner", MANNERS)
def test_a_seed_is_a_draw_of_targets_too(manner):
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    targets = {"boxes": boxes_of([[3, 4, 30, 20]]), "mask": image[..., 0] % 4}
    augmentation = Augmentation(ENCODERS, **MANNERS[manner])
    draws = [augmentation(image, targets, seed) for seed in (1, 2, 1)]
    assert torch.equal(draws[0][0], draws[2][0])
    assert np.array_equal(draws[0][1]["mask"], draws[2][1]["mask"])
    assert np.array_equal(draws[0][1]["boxes"].boxes_xyxy, draws[2][1]["boxes"].boxes_xyxy)


@pytest.mark.parametrize("manner", MANNERS)
def test_what_is_unknown_stays_unknown(manner):
    image = np.zeros((40, 60, 3), np.uint8)
    unknown = np.full((40, 60), 255, np.uint8)
    targets = {"boxes": boxes_of([], known=[False, True, False]), "mask": unknown}
    for seed in range(8):
        moved = Augmentation(ENCODERS, **MANNERS[manner])(image, targets, seed)[1]
        assert (moved["mask"] == 255).all()
        assert moved["boxes"].known.tolist() == [False, True, False]
        assert moved["boxes"].boxes_xyxy.shape == (0, 4)


def test_other_targets_and_the_ones_given_are_left_as_they_are():
    image = np.zeros((40, 60, 3), np.uint8)
    tags, mask = np.array([1, 0, -1], np.int8), np.zeros((40, 60), np.uint8)
    mask.flags.writeable = image.flags.writeable = False
    boxes = boxes_of([[3, 4, 30, 20]])
    boxes.boxes_xyxy.flags.writeable = False
    targets = {"tags": tags, "class": np.int32(3), "mask": mask, "number": np.float32("nan")}
    moved = Augmentation(ENCODERS, cuts=True)(image, {**targets, "boxes": boxes}, 0)[1]
    assert moved["tags"] is tags
    assert moved["class"] is targets["class"]
    assert moved["number"] is targets["number"]
    assert moved["mask"].flags.writeable
    assert list(moved) == [*targets, "boxes"]


def test_slivers_are_ignored_and_what_is_gone_is_dropped():
    size = (100, 100)
    step = zoom_in(Region(0, 50, 100, 50), size)
    boxes = boxes_of(
        [[0, 0, 40, 40], [0, 0, 55, 40], [20, 0, 80, 40], [60, 0, 90, 40], [49, 0, 50.5, 1]],
        labels=[4, 3, 2, 1, 0],
    )
    moved = move_boxes(boxes, [step], size)
    assert moved.labels.tolist() == [3, 2, 1, 0]
    assert moved.ignored.tolist() == [True, False, False, True]
    expected = [[0, 0, 10, 40], [0, 0, 60, 40], [20, 0, 80, 40], [0, 0, 1, 1]]
    assert moved.boxes_xyxy.tolist() == expected


def test_small_boxes_that_nothing_cut_are_still_objects():
    size = (100, 100)
    boxes = boxes_of([[10, 10, 11, 11], [99, 99, 100, 100]], ignored=[False, True])
    moved = move_boxes(boxes, [zoom_out(Region(7, 3, 61, 53), size, (0, 0, 0))], size)
    assert moved.ignored.tolist() == [False, True]
    assert len(moved) == 2


def test_boxes_without_area_are_dropped_and_others_clipped():
    boxes = boxes_of([[10, 10, 10, 20], [-5, -5, 10, 10], [200, 0, 300, 10]])
    moved = move_boxes(boxes, [], (100, 100))
    assert moved.labels.tolist() == [1]
    assert moved.boxes_xyxy.tolist() == [[0, 0, 10, 10]]
    assert not moved.ignored.any()


def test_a_box_that_is_turned_after_a_cut_holds_only_what_is_left():
    size, degrees = (40, 60), 10
    cut, turn = zoom_in(Region(0, 30, 40, 30), size), rotate(degrees, size, (0, 0, 0))
    whole, left = boxes_of([[0, 10, 50, 14]]), boxes_of([[0, 10, 40, 14]])
    found = move_boxes(whole, [cut, turn], size)
    assert np.allclose(found.boxes_xyxy, move_boxes(left, [turn], size).boxes_xyxy, atol=1e-4)
    flat = boxes_of([[5, 5, 5, 20], [0, 5, 30, 20]])
    assert len(move_boxes(flat, [cut, turn], size)) == 0


def test_around_a_smaller_image_the_mask_is_unknown():
    mask = np.zeros((40, 60), np.uint8)
    moved = ENCODERS["mask"].move(
        mask, [zoom_out(Region(4, 6, 20, 30), (40, 60), (0, 0, 0))], (40, 60)
    )
    assert (moved[4:24, 6:36] == 0).all()
    assert (moved == 255).sum() == mask.size - 20 * 30


@pytest.mark.parametrize("degrees", [-30, -5, 5, 30])
@pytest.mark.parametrize("size", [(40, 60), (60, 40), (50, 50)])
def test_a_turned_image_keeps_its_corners(degrees, size):
    height, width = size
    whole = boxes_of([[0, 0, width, height]])
    moved = move_boxes(whole, [rotate(degrees, size, (0, 0, 0))], size)
    sides = moved.boxes_xyxy[0, 2:] - moved.boxes_xyxy[0, :2]
    assert (sides <= np.array([width, height]) + 1e-3).all()
    assert (sides >= np.array([width, height]) - 1e-3).any()
    assert not moved.ignored.any()


@settings(deadline=None, max_examples=40)
@given(four=st.lists(scenes(size=(60, 80)), min_size=4, max_size=4), seed=st.integers(0, 2**32))
def test_a_mosaic_shows_four_whole_images(four, seed):
    image, targets = Mosaic(ENCODERS)(four, seed)
    assert image.shape == (60, 80, 3)
    every = [label for _, t in four for label in t["boxes"].labels.tolist()]
    assert targets["boxes"].labels.tolist() == every
    assert 255 not in targets["mask"]
    for label, box in zip(targets["boxes"].labels, targets["boxes"].boxes_xyxy, strict=True):
        left, top, right, bottom = box.round().astype(int)
        inside = painted(image, label)[top:bottom, left:right]
        assert inside.size < 40 or inside.mean() > 0.7
        inside = targets["mask"][top:bottom, left:right]
        assert inside.size < 40 or (inside == label + 1).mean() > 0.7


def test_a_mixture_has_the_boxes_of_both_and_the_mask_they_agree_on():
    first = np.full((4, 6, 3), 100, np.uint8)
    second = np.full((4, 6, 3), 200, np.uint8)
    masks = np.zeros((4, 6), np.uint8), np.eye(4, 6, dtype=np.uint8)
    boxes = boxes_of([[0, 0, 2, 2]], [0]), boxes_of([[1, 1, 3, 3]], [2])
    samples = [
        (image, {"mask": mask, "boxes": box})
        for image, mask, box in zip((first, second), masks, boxes, strict=True)
    ]
    image, targets = Mixup(ENCODERS)(samples, 1)
    assert 140 <= image.min() == image.max() <= 160
    assert np.array_equal(targets["mask"] == 255, np.eye(4, 6, dtype=bool))
    assert targets["boxes"].labels.tolist() == [0, 2]
