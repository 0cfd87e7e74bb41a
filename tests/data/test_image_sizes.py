"""Sizes from headers: those of the displayed image, for every format and orientation."""

import io

import numpy as np
import pytest
from image_files import encoded, scene
from PIL import Image

from polyhead.data import decode, image_sizes

KINDS = ("png", "jpeg", "webp", "bmp", "gif", "tiff")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_sizes_are_those_of_the_decoded_image(tmp_path, kind, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    file = tmp_path / f"a.{kind}"
    options = {} if kind in ("bmp", "gif") else {"exif": exif}
    Image.fromarray(scene()[:20, :30]).save(file, kind, **options)
    assert image_sizes([file]).tolist() == [list(decode(file).image.shape[:2])]


def test_what_cannot_be_read_has_no_size(tmp_path):
    good, text = tmp_path / "good.png", tmp_path / "text.png"
    good.write_bytes(encoded(scene()))
    text.write_text("hello")
    found = image_sizes([good, text, tmp_path / "missing.png", tmp_path])
    assert found.tolist() == [[48, 64], [0, 0], [0, 0], [0, 0]]
    assert found.dtype == np.int32


def test_no_images_have_no_sizes():
    assert image_sizes([]).shape == (0, 2)


def test_a_header_is_enough(tmp_path):
    buffer = io.BytesIO()
    Image.new("RGB", (640, 480)).save(buffer, "png")
    cut = tmp_path / "cut.png"
    cut.write_bytes(buffer.getvalue()[:60])
    assert image_sizes([cut]).tolist() == [[480, 640]]
