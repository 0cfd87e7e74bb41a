import io
import os
import struct
import time
import warnings

import numpy as np
import pytest
from image_files import (
    NOT_IMAGES,
    bomb,
    encoded,
    frames,
    grey16_png,
    oriented,
    png,
    scene,
)
from PIL import Image, ImageOps

from polyhead.data import decode
from polyhead.data.colour import BACKGROUND
from polyhead.errors import ImageError


def code_of(source, **options):
    with pytest.raises(ImageError) as caught:
        decode(source, **options)
    return caught.value.code


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "WEBP"])
def test_lossless_formats_come_back_bit_equal(kind):
    options = {"lossless": True} if kind == "WEBP" else {}
    decoded = decode(encoded(scene(), kind, **options))
    np.testing.assert_array_equal(decoded.image, scene())
    assert (decoded.width, decoded.height, decoded.notes) == (64, 48, ())


@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_comes_back_close(progressive):
    image = decode(encoded(scene(), "JPEG", quality=95, progressive=progressive)).image
    assert np.abs(image.astype(int) - scene()).mean() < 4


def test_path_string_bytes_and_stream_give_the_same(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(encoded(scene()))
    for source in (path, str(path), path.read_bytes(), io.BytesIO(path.read_bytes())):
        np.testing.assert_array_equal(decode(source).image, scene())


@pytest.mark.parametrize("name", NOT_IMAGES)
def test_what_is_no_image_is_named(name):
    data, words = NOT_IMAGES[name]
    with pytest.raises(ImageError, match="expected a JPEG") as caught:
        decode(data)
    assert caught.value.code == "E_NOT_IMAGE"
    assert words in caught.value.message


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF"])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_truncated_files_are_refused(kind, kept):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    data = encoded(noise, kind)
    assert code_of(data[: int(len(data) * kept)]) == "E_TRUNCATED"


def test_a_header_without_a_image_is_truncated():
    assert code_of(encoded(scene(), "JPEG")[:3]) == "E_TRUNCATED"


@pytest.mark.parametrize("kind", ["WEBP", "TIFF", "BMP", "GIF", "JPEG"])
def test_images_above_the_cap_are_refused(kind):
    assert code_of(encoded(scene(100, 101), kind), max_pixels=10_000) == "E_TOO_LARGE"


def test_a_bomb_is_refused_from_its_header():
    data = bomb()
    seconds = []
    for _ in range(3):  # the least of three: the machine may be busy
        started = time.perf_counter()
        assert code_of(data) == "E_TOO_LARGE"
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < 0.05


def test_the_cap_is_inclusive():
    data = encoded(scene(10, 10))
    assert decode(data, max_pixels=100).width == 10
    assert code_of(data, max_pixels=99) == "E_TOO_LARGE"


def test_pillow_limits_do_not_matter_and_stay_as_they_are(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        before = list(warnings.filters)
        decode(encoded(scene()))
        assert warnings.filters == before
    assert caught == []
    assert Image.MAX_IMAGE_PIXELS == 10


def test_missing_file(tmp_path):
    with pytest.raises(ImageError, match=r"nowhere\.jpg") as caught:
        decode(tmp_path / "nowhere.jpg")
    assert caught.value.code == "E_IMAGE_MISSING"
    (tmp_path / "file").write_bytes(b"x")
    assert code_of(tmp_path / "file" / "a.jpg") == "E_IMAGE_MISSING"


def test_what_cannot_be_read(tmp_path):
    (tmp_path / "folder.jpg").mkdir()
    assert code_of(tmp_path / "folder.jpg") == "E_IMAGE_UNREADABLE"
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    assert code_of(tmp_path / "loop.jpg") == "E_IMAGE_UNREADABLE"
    assert code_of(tmp_path / ("x" * 300)) == "E_IMAGE_UNREADABLE"
    assert code_of(str(tmp_path / "a\0b.jpg")) == "E_IMAGE_UNREADABLE"


@pytest.mark.timeout(5)
def test_a_fifo_is_never_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    assert code_of(tmp_path / "pipe.jpg") == "E_IMAGE_UNREADABLE"


def test_no_permission(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(encoded(scene()))

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("polyhead.data.source.FileIO", refuse)
    assert code_of(path) == "E_IMAGE_UNREADABLE"


def test_a_failing_disk_is_not_a_truncated_image():
    class FailingDisk(io.BytesIO):
        def read(self, size=-1, /):
            if self.tell() > 600:
                raise OSError(5, "Input/output error")
            return super().read(size)

    noise = np.random.default_rng(0).integers(0, 255, (256, 256, 3), dtype=np.uint8)
    assert code_of(FailingDisk(encoded(noise))) == "E_IMAGE_UNREADABLE"


@pytest.mark.parametrize("name", ["снимок.png", "😀.png", "e\u0301.png", "a\nb.png"])
def test_odd_names_work(tmp_path, name):
    (tmp_path / name).write_bytes(encoded(scene()))
    assert decode(tmp_path / name).width == 64


def test_names_that_are_not_utf8_work(tmp_path):
    path = os.path.join(os.fsencode(tmp_path), b"\xff\xfe.png")
    with open(path, "wb") as file:
        file.write(encoded(scene()))
    assert decode(os.fsdecode(path)).width == 64


def test_wrong_extension_is_accepted_with_a_note(tmp_path):
    (tmp_path / "a.jpg").write_bytes(encoded(scene()))
    assert decode(tmp_path / "a.jpg").notes == ("N_EXTENSION",)
    (tmp_path / "upload").write_bytes(encoded(scene()))
    assert decode(tmp_path / "upload").notes == ()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_orientation_gives_the_displayed_frame(kind, orientation):
    data = oriented(kind, orientation, scene())
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    decoded = decode(data)
    np.testing.assert_array_equal(decoded.image, np.asarray(expected))
    assert (decoded.width, decoded.height) == ((48, 64) if orientation > 4 else (64, 48))
    # EXIF: 1–4 keep rows; the stored first pixel goes to this corner of the display.
    corners = {1: (0, 0), 2: (0, -1), 3: (-1, -1), 4: (-1, 0)}
    corners |= {5: (0, 0), 6: (0, -1), 7: (-1, -1), 8: (-1, 0)}
    assert np.abs(decoded.image[corners[orientation]] - scene()[0, 0].astype(int)).max() < 12


def test_orientation_of_a_drafted_jpeg():
    data = oriented("JPEG", 6, scene(480, 640))
    decoded = decode(data, at_least=(100, 200))
    assert (decoded.width, decoded.height) == (480, 640)
    assert decoded.image.shape == (320, 240, 3)


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0garbage",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01" + struct.pack(">HHIHH", 0x0112, 3, 1, 77, 0) + bytes(4),
    ],
    ids=["garbage", "offset", "value"],
)
def test_corrupt_exif_turns_nothing_and_is_noted(exif):
    decoded = decode(encoded(scene(), "JPEG", exif=exif))
    assert decoded.notes == ("N_EXIF",)
    assert (decoded.width, decoded.height) == (64, 48)


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0",
        b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0",
        b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0",
        b"Exif\0\0MM\0*\0\0\0\x08\0\0",
        b"Exif\0\0II*\0\0\0\0\0",
        b"Exif\0\0MM\0*\0\0\0\x10" + bytes(14),
        b"Exif\0\0" + bytes(40),
        Image.Exif().tobytes(),
    ],
    ids=["header", "little", "big", "cut", "no directory", "later", "zeros", "pillow"],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_an_empty_exif_block_is_no_damage(kind, exif):
    assert decode(encoded(scene(), kind, exif=exif)).notes == ()


def test_an_orientation_of_zero_is_that_of_a_camera_that_does_not_know():
    assert decode(oriented("JPEG", 0, scene())).notes == ()


def composite(rgb, alpha):
    """Reference: alpha blending with the background, in floats."""
    alpha = alpha[..., None] / 255
    return rgb * alpha + np.array(BACKGROUND) * (1 - alpha)


def test_transparency_is_composited_on_the_background():
    alpha = np.linspace(0, 255, 64).astype(np.uint8)[None].repeat(48, 0)
    rgba = np.dstack([scene(), alpha])
    image = decode(encoded(rgba)).image
    assert np.abs(image - composite(scene(), alpha)).max() <= 1
    assert (image[:, 0] == BACKGROUND).all()


def test_grey_with_alpha():
    grey, alpha = scene()[..., 0], scene()[..., 1]
    image = decode(encoded(Image.merge("LA", [Image.fromarray(c) for c in (grey, alpha)]))).image
    assert np.abs(image - composite(np.dstack([grey] * 3), alpha)).max() <= 1


@pytest.mark.parametrize("transparency", [1, bytes([255, 0])])
def test_palette_with_transparency(transparency):
    indexed = Image.new("P", (20, 10), 0)
    indexed.putpalette([10, 20, 30, 200, 0, 0])
    indexed.paste(1, (0, 0, 5, 10))
    image = decode(encoded(indexed, transparency=transparency)).image
    assert image[0, 0].tolist() == list(BACKGROUND)
    assert image[0, 10].tolist() == [10, 20, 30]


def test_palette_without_transparency():
    indexed = Image.fromarray(scene()).quantize(16)
    expected = np.asarray(indexed.convert("RGB"))
    np.testing.assert_array_equal(decode(encoded(indexed)).image, expected)


def test_transparent_colour_of_grey_and_rgb():
    grey = Image.new("L", (4, 4), 7)
    assert (decode(encoded(grey, transparency=7)).image == 255).all()
    rgb = Image.new("RGB", (4, 4), (1, 2, 3))
    assert (decode(encoded(rgb, transparency=(1, 2, 3))).image == 255).all()
    assert (decode(encoded(rgb, transparency=(9, 2, 3))).image == (1, 2, 3)).all()


def test_transparent_colour_of_16_bit_files():
    values = np.array([[0, 1000], [40000, 65535]])
    image = decode(grey16_png(values, (b"tRNS", struct.pack(">H", 1000)))).image
    assert image[..., 0].tolist() == [[0, 255], [156, 255]]
    row = b"\0" + struct.pack(">6H", 0x0102, 0x0304, 0x0506, 0, 0, 0)
    key = (b"tRNS", struct.pack(">3H", 0x0102, 0x0304, 0x0506))
    assert decode(png((2, 1, 16, 2), row, key)).image.tolist() == [[[255] * 3, [0] * 3]]


def test_16_bit_png_is_scaled_by_its_depth():
    values = np.array([[0, 100, 255, 300, 32768, 65535]])
    decoded = decode(grey16_png(values))
    assert decoded.image[0, :, 0].tolist() == [0, 0, 1, 1, 128, 255]
    assert decoded.notes == ("N_DEPTH",)


def test_16_and_32_bit_tiff_are_scaled_by_their_depth():
    values = np.array([[0, 257, 32896, 65535]], np.uint16)
    assert decode(encoded(values, "TIFF")).image[0, :, 0].tolist() == [0, 1, 128, 255]
    signed = np.array([[-(2**31), 0, 2**31 - 1]], np.int32)
    assert decode(encoded(signed, "TIFF")).image[0, :, 0].tolist() == [0, 128, 255]


def test_float_grey_is_stretched_between_its_finite_extremes():
    values = np.array([[-1.0, 0.0, 1.0, np.nan, np.inf]], np.float32)
    decoded = decode(encoded(Image.fromarray(values), "TIFF"))
    assert decoded.image[0, :, 0].tolist() == [0, 128, 255, 0, 0]
    flat = np.full((2, 2), 3.5, np.float32)
    assert (decode(encoded(Image.fromarray(flat), "TIFF")).image == 0).all()


def test_one_bit():
    bits = Image.fromarray(scene()).convert("1")
    expected = np.asarray(bits.convert("RGB"))
    for kind in ("PNG", "TIFF", "BMP"):
        np.testing.assert_array_equal(decode(encoded(bits, kind)).image, expected)


def test_cmyk_is_within_two_of_its_formula():
    cmyk = np.dstack([scene(), np.full((48, 64), 60, np.uint8)])
    expected = (255.0 - cmyk[..., :3]) * (255.0 - cmyk[..., 3:]) / 255
    tiff = decode(encoded(Image.fromarray(cmyk, "CMYK"), "TIFF")).image
    assert np.abs(tiff - expected).max() <= 2
    jpeg = decode(encoded(Image.fromarray(cmyk, "CMYK"), "JPEG", quality=100)).image
    assert np.abs(jpeg - expected).mean() < 2


def test_ycbcr_tiff():
    data = encoded(Image.fromarray(scene()).convert("YCbCr"), "TIFF")
    assert np.abs(decode(data).image.astype(int) - scene()).max() <= 3


def test_a_colour_mode_without_conversion_is_refused():
    assert code_of(encoded(Image.new("LAB", (4, 4)), "TIFF")) == "E_NOT_IMAGE"


def test_icc_profile_is_ignored():
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    np.testing.assert_array_equal(decode(encoded(scene(), icc_profile=profile)).image, scene())


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_animations_give_their_first_frame_with_a_note(kind):
    decoded = decode(frames(kind))
    assert decoded.notes == ("N_ANIMATED",)
    assert (decoded.image == (255, 0, 0)).all()
    assert decode(encoded(Image.new("RGB", (4, 4)), kind)).notes == ()


@pytest.mark.parametrize("shape", [(1, 1), (1, 65000), (65000, 1)])
def test_extreme_shapes_decode(shape):
    assert decode(encoded(np.zeros((*shape, 3), np.uint8))).image.shape == (*shape, 3)


@pytest.mark.parametrize("at_least", [(224, 224), (240, 320), (241, 320), (1, 1), (1000, 1000)])
def test_drafting_never_goes_below_what_is_asked(at_least):
    decoded = decode(encoded(scene(480, 640), "JPEG"), at_least=at_least)
    assert (decoded.width, decoded.height) == (640, 480)
    height, width = decoded.image.shape[:2]
    assert height >= min(at_least[0], 480)
    assert width >= min(at_least[1], 640)
