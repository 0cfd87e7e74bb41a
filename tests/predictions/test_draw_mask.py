import numpy as np
import pytest
from PIL import Image

from polyhead.predictions import MaskPrediction
from polyhead.predictions.drawing.mask import OPACITY
from polyhead.predictions.drawing.palette import paints

CLASSES = tuple(f"class {k}" for k in range(50))
PAINTS = paints(CLASSES)


def drawn(mask, image):
    return np.asarray(MaskPrediction(CLASSES, mask).draw_on(image, image.size, PAINTS)).astype(int)


@pytest.mark.parametrize("k", [0, 5, 19])
def test_colour_is_that_of_the_legend_over_a_grey_image(k):
    image = Image.new("RGB", (40, 30), (200, 40, 10))
    grey = np.asarray(image.convert("L"))[0, 0]
    found = drawn(np.full((3, 4), k, np.uint8), image)
    expected = (1 - OPACITY) * grey + OPACITY * np.array(PAINTS[CLASSES[k]].colour)
    assert np.abs(found - expected).max() <= 1


def test_patterns_are_those_of_the_legend():
    found = drawn(np.full((3, 4), 25, np.uint8), Image.new("RGB", (48, 36), "black"))
    paint = PAINTS[CLASSES[25]]
    seen = {tuple(colour) for colour in found.reshape(-1, 3).tolist()}
    expected = [np.array(colour) * OPACITY for colour in (paint.colour, paint.stripe)]
    assert len(seen) == 2
    for colour in expected:
        assert min(np.abs(np.subtract(found_, colour)).max() for found_ in seen) <= 1


@pytest.mark.parametrize("value", [50, 255])
def test_pixels_without_a_class_stay_as_they_are(value):
    image = Image.new("RGB", (40, 30), (200, 40, 10))
    assert (drawn(np.full((30, 40), value, np.uint8), image) == (200, 40, 10)).all()


def test_regions_are_parted_by_a_dark_line():
    mask = np.zeros((30, 40), np.uint8)
    mask[:, 20:] = 4
    found = drawn(mask, Image.new("RGB", (40, 30), "white")).sum(axis=2)
    assert (found[:, 19] < found[:, :19].min() / 2).all()
    assert (np.diff(found[:, :19]) == 0).all()
    assert (np.diff(found[:, 20:]) == 0).all()


def test_mask_of_another_size_is_stretched():
    mask = np.array([[0, 1], [2, 3]], np.uint8)
    found = drawn(mask, Image.new("RGB", (200, 100), "white"))
    assert found.shape == (100, 200, 3)
    corners = [tuple(found[y, x]) for y in (10, 90) for x in (10, 190)]
    assert len(set(corners)) == 4
