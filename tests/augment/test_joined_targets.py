"""What is true of several pictures shown as one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from polyhead.augment.joined_targets import join_boxes, join_tags, join_targets
from polyhead.table import Boxes

CELLS = arrays(
    np.int8, st.tuples(st.integers(1, 4), st.integers(1, 5)), elements=st.integers(-1, 1)
)


def boxes_of(labels, known):
    count = len(labels)
    xyxy = np.tile(np.arange(4, dtype=np.float32), (count, 1))
    return Boxes(xyxy, np.array(labels, np.int64), np.zeros(count, bool), np.array(known))


@given(CELLS)
def test_tags_are_what_any_or_all_pictures_say(cells):
    for column, found in zip(cells.T.tolist(), join_tags(cells), strict=True):
        assert found == (1 if 1 in column else -1 if -1 in column else 0)


@given(CELLS)
def test_a_known_tag_stays_so_whatever_unknown_cells_hide(cells):
    joined = join_tags(cells)
    for truth in (0, 1):
        told = join_tags(np.where(cells == -1, truth, cells))
        assert (told[joined != -1] == joined[joined != -1]).all()


def test_a_class_of_boxes_is_known_where_every_picture_knows_it():
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
    def targets(cls, number):
        return {"class": np.int32(cls), "number": np.float32(number)}

    same = join_targets([targets(2, 3), targets(2, 3)], np.minimum.reduce)
    assert np.isnan(same["number"])
    assert join_targets([targets(2, 3), targets(1, 3)], np.minimum.reduce)["class"] == -1
    assert join_targets([targets(2, 3), targets(-1, 3)], np.minimum.reduce)["class"] == -1
    assert {name: type(value) for name, value in same.items()} == {
        "class": np.int32,
        "number": np.float32,
    }
    assert same["class"] == 2
