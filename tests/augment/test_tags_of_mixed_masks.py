"""Tags `from` a mask, after mixing and cropping: what is no was no in what can be seen."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from polyhead.augment import Augmentation, Mixup, Mosaic
from polyhead.tasks import MaskConfig, TagsConfig
from polyhead.tasks.tags.from_objects import TagsFromObjects

NUM_CLASSES, SIZE = 4, (24, 24)
CLASSES = ("road", "sky", "tree", "house")
GROUND = MaskConfig(type="mask").encoder("ground", CLASSES)
TAGS = TagsConfig(type="tags").encoder("tags", CLASSES)
RULE = TagsFromObjects(GROUND, np.arange(NUM_CLASSES))
IMAGE = np.zeros((*SIZE, 3), np.uint8)


@st.composite
def masks(draw):
    """A few rectangles of classes and of unknown pixels."""
    mask = np.full(SIZE, draw(st.integers(0, NUM_CLASSES - 1)), np.uint8)
    for _ in range(draw(st.integers(0, 4))):
        top, left = draw(st.integers(0, 20)), draw(st.integers(0, 20))
        size = draw(st.integers(1, 12))
        value = draw(st.sampled_from([0, 1, 2, 3, 255]))
        mask[top : top + size, left : left + size] = value
    return mask


def tags_of(mask):
    """Yes where a pixel shows it; no where every pixel is known to be something else."""
    there = np.isin(np.arange(NUM_CLASSES), mask)
    return np.where(there, 1, -1 if (mask == 255).any() else 0).astype(np.int8)


def joined(mask_a, mask_b, seed):
    images = [(IMAGE, {"ground": mask}) for mask in (mask_a, mask_b)]
    return Mixup({"ground": GROUND})(images, seed)[1]["ground"]


@given(first=masks(), second=masks(), seed=st.integers(0, 99))
def test_mixup_never_turns_a_yes_into_a_no(first, second, seed):
    before = TAGS.join([tags_of(first), tags_of(second)], overlaid=True)
    after = RULE.recompute(joined(first, second, seed), before)
    assert not ((before == 1) & (after == 0)).any() or np.array_equal(first, second)
    for label in np.flatnonzero(after != -1):
        assert after[label] == ((first == label).any() or (second == label).any())


def test_two_images_that_differ_everywhere_keep_no_tag_they_do_not_show():
    first, second = np.full(SIZE, 1, np.uint8), np.full(SIZE, 2, np.uint8)
    before = TAGS.join([tags_of(first), tags_of(second)], overlaid=True)
    assert before.tolist() == [0, 1, 1, 0]
    assert RULE.recompute(joined(first, second, 0), before).tolist() == [0, -1, -1, 0]


@settings(deadline=None)
@given(mask=masks(), seed=st.integers(0, 2**32))
def test_a_crop_says_no_only_where_all_that_is_left_is_known(mask, seed):
    augmentation = Augmentation({"ground": GROUND}, cuts=True, flip=False, crop=0.2, colour=0)
    left = augmentation(IMAGE, {"ground": mask}, seed)[1]["ground"]
    before = tags_of(mask)
    after = RULE.recompute(left, before)
    there = np.isin(np.arange(NUM_CLASSES), left)
    assert (after[there] == 1).all()
    gone = ~there & (before == 1)
    assert (after[gone] == (-1 if (left == 255).any() else 0)).all()
    assert (after[~there & (before == 0)] == 0).all()
    assert (after[~there & (before == -1)] == -1).all()


@settings(deadline=None)
@given(several=arrays(np.uint8, (4, 1), elements=st.integers(0, 3)), seed=st.integers(0, 99))
def test_a_mosaic_of_plain_images_has_the_tags_of_all(several, seed):
    images = [(IMAGE, {"ground": np.full(SIZE, value[0], np.uint8)}) for value in several]
    before = TAGS.join([tags_of(targets["ground"]) for _, targets in images], overlaid=True)
    mosaic = Mosaic({"ground": GROUND})(images, seed)[1]["ground"]
    assert RULE.recompute(mosaic, before).tolist() == before.tolist()
