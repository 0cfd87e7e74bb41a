import numpy as np
import pytest
from image_files import encoded, frames, oriented, scene
from PIL import Image

from polyhead.data import decode
from polyhead.errors import ImageError


def seeds():
    """Small files of many kinds to damage."""
    image = Image.fromarray(scene(24, 32))
    rgba = Image.fromarray(np.dstack([scene(24, 32), scene(24, 32)[..., 0]]))
    return [
        oriented("JPEG", 6, scene(24, 32)),
        encoded(image, "JPEG", progressive=True),
        encoded(image.convert("CMYK"), "JPEG"),
        oriented("PNG", 5, scene(24, 32)),
        encoded(image.quantize(8), "PNG", transparency=bytes([0, 128, 255])),
        encoded(rgba, "PNG"),
        frames("PNG"),
        encoded(image, "WEBP"),
        encoded(rgba, "WEBP", lossless=True),
        frames("WEBP"),
        frames("GIF"),
        encoded(image, "BMP"),
        encoded(image, "TIFF", compression="tiff_lzw"),
        encoded(image.convert("F"), "TIFF"),
    ]


def mutant(data, generator):
    """A damaged copy: some bytes changed, a stretch cut out, doubled or cut off."""
    data = bytearray(data)
    for _ in range(generator.integers(1, 6)):
        start, end = np.sort(generator.integers(0, len(data) + 1, 2))
        match generator.integers(0, 8):
            case 0:
                del data[start : min(end, start + 64)]
            case 1:
                data[start:start] = data[start : min(end, start + 64)]
            case 2:
                del data[max(end, 16) :]
            case _:
                # Headers hold the fields that matter most: hit them more often.
                place = min(start, int(generator.integers(0, 200))) if end % 2 else start
                data[place : place + 1] = bytes([generator.integers(0, 256)])
        if not data:
            break
    return bytes(data)


def survive(num, seed):
    """Decode mutants; return how many gave an image."""
    generator = np.random.default_rng(seed)
    originals = seeds()
    num_decoded, codes = 0, set()
    for index in range(num):
        data = mutant(originals[index % len(originals)], generator)
        at_least = (8, 8) if index % 2 else None
        try:
            image = decode(data, at_least=at_least)
        except ImageError as error:
            codes.add(error.code)
        else:
            assert image.image.dtype == np.uint8
            assert image.image.ndim == 3
            num_decoded += 1
    assert codes <= {"E_NOT_IMAGE", "E_TRUNCATED", "E_TOO_LARGE"}
    return num_decoded


def test_damaged_files_give_a_image_or_an_image_error():
    assert 100 < survive(1_500, 0) < 1_400


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_damaged_files_give_a_image_or_an_image_error_for_long():
    survive(50_000, 1)
