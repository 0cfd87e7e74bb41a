"""What is true of several images shown as one: each type decides, whatever targets look like."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from type_encoders import ENCODERS

from polyhead.augment import Augmentation, Mixup, Mosaic
from polyhead.augment.geometry import Region, zoom_out
from polyhead.table import ImageBoxes
from polyhead.tasks.boxes.moved_boxes import join_boxes

SIZE = (12, 16)
IMAGE = np.zeros((*SIZE, 3), np.uint8)
TAGS, CLASS, NUMBER, MASK = (ENCODERS[name] for name in ("tags", "class", "number", "mask"))
CELLS = arrays(
    np.int8, st.tuples(st.integers(1, 4), st.integers(1, 5)), elements=st.integers(-1, 1)
)


def join_tags(cells):
    """(P, L) int8 of P images -> (L,) of all together."""
    return TAGS.join(list(cells), overlaid=True)


def boxes_of(labels, known):
    count = len(labels)
    xyxy = np.tile(np.arange(4, dtype=np.float32), (count, 1))
    return ImageBoxes(xyxy, np.array(labels, np.int64), np.zeros(count, bool), np.array(known))


@given(CELLS)
def test_tags_are_what_any_or_all_images_say(cells):
    for column, found in zip(cells.T.tolist(), join_tags(cells), strict=True):
        assert found == (1 if 1 in column else -1 if -1 in column else 0)


@given(CELLS)
def test_a_known_tag_stays_so_whatever_unknown_cells_hide(cells):
    joined = join_tags(cells)
    for truth in (0, 1):
        told = join_tags(np.where(cells == -1, truth, cells))
        assert (told[joined != -1] == joined[joined != -1]).all()


def test_a_class_of_boxes_is_known_where_every_image_knows_it():
    joined = join_boxes([boxes_of([0, 1], [True, True]), boxes_of([0], [True, False])])
    assert joined.known.tolist() == [True, False]
    assert joined.labels.tolist() == [0, 0]
    assert joined.boxes_xyxy.shape == (2, 4)
    assert len(join_boxes([boxes_of([], [True])] * 2)) == 0


def test_boxes_of_unknown_classes_change_nothing():
    known = [True, False]
    plain, noted = boxes_of([0], known), boxes_of([0, 1, 1], known)
    other = boxes_of([1, 0], [True, True])
    found, expected = join_boxes([noted, other]), join_boxes([plain, other])
    assert found.labels.tolist() == expected.labels.tolist() == [0, 0]
    assert np.array_equal(found.boxes_xyxy, expected.boxes_xyxy)


def test_classes_are_known_where_all_agree_and_numbers_never():
    same = CLASS.join([np.int32(2), np.int32(2)], overlaid=True)
    number = NUMBER.join([np.float32(3), np.float32(3)], overlaid=True)
    assert np.isnan(number)
    assert CLASS.join([np.int32(2), np.int32(1)], overlaid=True) == -1
    assert CLASS.join([np.int32(2), np.int32(-1)], overlaid=False) == -1
    assert (type(same), type(number)) == (np.int32, np.float32)
    assert same == 2


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64])
@pytest.mark.parametrize("join", [Mixup(ENCODERS), Mosaic(ENCODERS)])
def test_a_type_and_no_shape_or_dtype_decides_how_targets_are_joined(dtype, join):
    """A class is an integer, tags are integers in a row, and a number may be any float."""
    targets = [
        {"class": dtype(value), "tags": np.array([value, 0, 0], dtype), "number": np.float64(value)}
        for value in (0, 1, 1, 1)
    ]
    images = [(IMAGE, target) for target in targets[: join.num_images]]
    _, joined = join(images, 5)
    assert joined["class"] == -1
    assert joined["tags"].tolist() == [1, 0, 0]
    assert joined["tags"].dtype == dtype
    assert np.isnan(joined["number"])


class TableOfCells:
    """The encoder of a type to come, whose targets are small uint8 tables: no masks."""

    def move(self, target, steps, size):
        del steps, size
        return target

    def join(self, targets, *, overlaid):
        return {"all of": [target.tolist() for target in targets], "overlaid": overlaid}


@pytest.mark.parametrize("shape", [(3,), (2, 3), SIZE])
def test_bytes_in_any_shape_are_what_their_encoder_takes_them_for(shape):
    cells = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    encoders = {"grades": TableOfCells()}
    moved = Augmentation(encoders, cuts=True, crop=0.3, rotate=20)(IMAGE, {"grades": cells}, 3)[1]
    assert moved["grades"] is cells
    for join, is_overlaid in ((Mixup(encoders), True), (Mosaic(encoders), False)):
        _, joined = join([(IMAGE, {"grades": cells})] * join.num_images, 0)
        assert joined["grades"] == {
            "all of": [cells.tolist()] * join.num_images,
            "overlaid": is_overlaid,
        }


def test_tags_of_bytes_are_neither_stretched_nor_overlaid():
    yes_no = np.array([0, 1, 1], np.uint8)
    assert TAGS.move(yes_no, [zoom_out(Region(0, 0, 6, 8), SIZE, (0, 0, 0))], SIZE) is yes_no
    assert TAGS.join([yes_no, 1 - yes_no], overlaid=True).tolist() == [1, 1, 1]


def test_masks_side_by_side_fill_the_image_and_overlaid_ones_agree():
    left, right = np.full(SIZE, 255, np.uint8), np.full(SIZE, 255, np.uint8)
    left[:, :8], right[:, 8:] = 1, 2
    beside = MASK.join([left, right], overlaid=False)
    assert (beside[:, :8] == 1).all()
    assert (beside[:, 8:] == 2).all()
    whole = np.ones(SIZE, np.uint8)
    over = MASK.join([whole, left], overlaid=True)
    assert (over[:, :8] == 1).all()
    assert (over[:, 8:] == 255).all()
    assert over.dtype == beside.dtype == np.uint8


def test_a_target_without_an_encoder_is_refused():
    with pytest.raises(KeyError, match="grades"):
        Augmentation(ENCODERS)(IMAGE, {"grades": np.int32(1)}, 0)
