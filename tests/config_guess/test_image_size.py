"""The size that images get in the network."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from polyhead.config_guess import image_size
from polyhead.config_guess.image_size import SIDE, SMALLEST, guess_image_size


def guess(patch, *sizes):
    patch.setattr(image_size, "image_sizes", lambda _paths: np.array(sizes, np.int32))
    return guess_image_size(list(range(len(sizes))))


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(480, 640)], (SIDE, SIDE)),
        ([(480, 640), (640, 480)], (SIDE, SIDE)),
        ([(1080, 1920)], (256, 416)),
        ([(375, 1242)] * 9 + [(500, 500)], (160, 576)),
        ([(1920, 1080)], (416, 256)),
        ([(9000, 9)], (800, 96)),
        ([(160, 160)], (160, 160)),
        ([(28, 28)], (SMALLEST, SMALLEST)),
        ([(72, 128)], (64, 128)),
        ([(0, 0), (96, 96)], (96, 96)),
    ],
)
def test_sizes(monkeypatch, sizes, expected):
    assert guess(monkeypatch, *sizes).size == expected


def test_nothing_readable_gets_the_usual_size(tmp_path):
    found = guess_image_size([tmp_path / "none.png"])
    assert (found.size, "no image could be read" in found.reason) == ((SIDE, SIDE), True)


def test_headers_are_read_as_displayed(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    Image.new("RGB", (200, 100)).save(tmp_path / "a.jpg", exif=exif)
    found = guess_image_size([tmp_path / "a.jpg"])
    assert found.size == (192, 96)
    assert "100 × 200 pixels (1 measured)" in found.reason


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(1, 9000), st.integers(1, 9000)), min_size=1, max_size=9))
def test_any_images_get_a_size_that_networks_take(sizes):
    with pytest.MonkeyPatch.context() as patch:
        height, width = guess(patch, *sizes).size
    assert height % 32 == width % 32 == 0
    assert min(height, width) >= SMALLEST
    assert max(height, width) <= 1024
