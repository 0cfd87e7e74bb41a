"""Images with more than 8 bits a channel: one range for a data set, told, doubted and kept."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from image_files import encoded, grey16_png, png
from PIL import Image

from polyhead.data import check_images, decode, load_image
from polyhead.data.depth import choose_ranges, pixel_span
from polyhead.table.deep_pixels import NO_RANGES, PixelRanges, in_eight_bits


def where(row):
    return f"t.csv:{row + 2}"


def ranges_of(*arrays_, configured=NO_RANGES):
    return choose_ranges([pixel_span(np.asarray(a)) for a in arrays_], configured)


def checked(folder, files, configured=NO_RANGES):
    paths = []
    for name, data in files.items():
        (folder / name).write_bytes(data)
        paths.append(folder / name)
    return check_images(paths, where, configured=configured)


def told(check):
    return [(fault.code, fault.where) for fault in check.faults]


def noise(most, *shape, seed=0):
    return np.random.default_rng(seed).integers(0, most + 1, shape).astype(np.uint16)


def rgb16_png(values, alpha=False):
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    return png((values.shape[1], values.shape[0], 16, 6 if alpha else 2), rows)


def rgb16_tiff(values, order="<", compression=1):
    """Uncompressed 16-bit colours, written by hand: Pillow writes none."""
    height, width, _ = values.shape
    pixels = values.astype(f"{order}u2").tobytes()
    tags = [
        (256, 4, width), (257, 4, height), (258, 3, None), (259, 3, compression), (262, 3, 2),
        (273, 4, None), (277, 3, 3), (278, 4, height), (279, 4, len(pixels)),
    ]  # fmt: skip
    depths = 8 + 2 + 12 * len(tags) + 4
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, len(tags))
    for tag, kind, value in tags:
        count = 3 if tag == 258 else 1
        value = {258: depths, 273: depths + 6}.get(tag, value)
        value = value << 16 if order == ">" and kind == 3 and tag != 258 else value
        head += struct.pack(f"{order}HHII", tag, kind, count, value)
    return head + struct.pack(f"{order}I3H", 0, 16, 16, 16) + pixels


class TestRange:
    @pytest.mark.parametrize("bits", [1, 8, 10, 12, 14, 16])
    def test_whole_numbers_end_at_what_their_bits_say(self, bits):
        most = 2**bits - 1
        assert ranges_of([[0, most]]).integers == (0, most)
        assert ranges_of([[most // 9, most - most // 5]], [[0, most // 2]]).integers == (0, most)

    def test_numbers_that_fill_less_than_half_have_the_range_that_they_fill(self):
        assert ranges_of([[28_000, 31_000]], [[27_500, 30_000]]).integers == (27_500, 31_000)
        assert ranges_of([[-1024, 3071]]).integers == (-1024, 3071)

    def test_one_number_throughout_is_black(self):
        limits = ranges_of([[700, 700]]).integers
        assert limits is not None
        assert in_eight_bits(np.array([700]), limits).tolist() == [0]

    def test_floats_are_0_to_1_or_255_where_they_look_so(self):
        assert ranges_of([[0.1, 0.9]]).floats == (0, 1)
        assert ranges_of([[0.5, 180.0]]).floats == (0, 255)
        assert ranges_of([[-2.0, 0.5, np.nan, np.inf]]).floats == (-2, 0.5)
        assert ranges_of([[0.0, 3000.5]]).floats == (0, 3000.5)
        assert ranges_of([[np.nan]]).floats is None

    def test_floats_and_whole_numbers_have_a_range_each_and_what_is_given_goes_first(self):
        both = ([[0, 900]], [[0.0, 0.8]])
        assert ranges_of(*both) == PixelRanges((0, 1023), (0, 1))
        assert ranges_of(*both, configured=PixelRanges((0, 500))) == PixelRanges((0, 500), (0, 1))
        assert ranges_of(configured=PixelRanges((0, 500))) == PixelRanges((0, 500))

    @given(
        arrays(np.uint16, (2, 3)),
        st.tuples(st.integers(0, 999), st.integers(1000, 70_000)),
    )
    def test_scaling_is_its_formula(self, values, limits):
        low, high = limits
        expected = np.rint((values.astype(float) - low) / (high - low) * 255).clip(0, 255)
        for kind in (np.uint16, ">u2", np.int32, np.float64):
            found = in_eight_bits(values.astype(kind), (float(low), float(high)))
            assert found.dtype == np.uint8
            assert found.tolist() == expected.tolist()


FILES = {
    "grey png": (lambda v: grey16_png(v[..., 0]), True),
    "grey tiff": (lambda v: encoded(v[..., 0], "TIFF"), True),
    "big-endian tiff": (lambda v: encoded(v[..., 0].astype(">u2"), "TIFF"), True),
    "packed tiff": (lambda v: encoded(v[..., 0], "TIFF", compression="tiff_lzw"), True),
    "32-bit tiff": (lambda v: encoded(v[..., 0].astype(np.int32), "TIFF"), True),
    "float tiff": (lambda v: encoded(v[..., 0].astype(np.float32), "TIFF"), True),
    "rgb png": (rgb16_png, False),
    "rgb tiff": (rgb16_tiff, False),
    "big-endian rgb tiff": (lambda v: rgb16_tiff(v, ">"), False),
}


class TestFiles:
    @pytest.mark.parametrize("name", FILES)
    def test_12_bits_become_8_by_the_range_of_the_data_set(self, name):
        write, is_grey = FILES[name]
        values = noise(4095, 7, 9, 3)
        limits = (0.0, 4095.0)
        image = decode(write(values), ranges=PixelRanges(limits, limits))
        shown = values[..., :1].repeat(3, 2) if is_grey else values
        assert image.image.tolist() == np.rint(shown * (255 / 4095)).astype(int).tolist()
        assert image.notes == ("N_DEPTH",)

    def test_alpha_is_no_number_to_scale(self):
        values = noise(1023, 5, 6, 4)
        values[..., 3] = 65535
        values[0, 0, 3] = 0
        image = decode(rgb16_png(values, alpha=True), ranges=PixelRanges((0, 1023)))
        expected = np.rint(values[..., :3] * (255 / 1023)).astype(int)
        expected[0, 0] = 255
        assert image.image.tolist() == expected.tolist()

    def test_grey_with_alpha(self):
        values = noise(1023, 4, 5, 2)
        values[..., 1] = 65535
        rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
        image = decode(png((5, 4, 16, 4), rows), ranges=PixelRanges((0, 1023)))
        expected = np.rint(values[..., :1] * (255 / 1023)).astype(int).repeat(3, 2)
        assert image.image.tolist() == expected.tolist()

    def test_white_may_be_zero(self):
        data = bytearray(encoded(np.array([[0, 4095]], np.uint16), "TIFF"))
        with Image.open(io.BytesIO(bytes(data))) as opened:
            assert opened.tag_v2[262] == 1
        place = data.index(struct.pack("<HHI", 262, 3, 1))
        data[place + 8] = 0
        image = decode(bytes(data), ranges=PixelRanges((0, 4095)))
        assert image.image[0, :, 0].tolist() == [255, 0]

    def test_images_of_8_bits_stay_as_they_are(self):
        values = noise(255, 6, 7, 3).astype(np.uint8)
        assert decode(encoded(values), ranges=PixelRanges((0, 9), (0, 9))).image.tolist() == (
            values.tolist()
        )

    def test_loading_reads_by_the_range_too(self):
        data, ranges = grey16_png(noise(4095, 40, 60)), PixelRanges((0, 4095))
        assert load_image(data, (40, 60), ranges).image.max() > 200
        assert load_image(data, (40, 60)).image.max() < 20


class TestCheck:
    def test_empty_upper_bits_are_warned_of_once_and_the_range_is_told(self, tmp_path):
        files = {f"{i}.png": grey16_png(noise(4000, 12, 12, seed=i)) for i in range(5)}
        check = checked(tmp_path, {"a.png": encoded(noise(255, 12, 12, 3).astype("u1")), **files})
        assert told(check) == [("W_DEPTH", "t.csv:3"), ("N_DEPTH", "t.csv:3")]
        assert "which 12 bits hold" in check.faults[0].message
        assert "data.pixel_range: [0, 4095]" in check.faults[0].message
        assert "5 of 6 images" in check.faults[1].message
        assert check.ranges == PixelRanges((0, 4095))

    def test_a_range_that_is_given_is_told_alone(self, tmp_path):
        files = {"a.png": grey16_png(noise(4000, 12, 12))}
        check = checked(tmp_path, files, PixelRanges((0, 4095)))
        assert told(check) == [("N_DEPTH", "t.csv:2")]
        assert "0 is black and 4095 white" in check.faults[0].message

    def test_a_range_that_cuts_is_warned_of(self, tmp_path):
        files = {f"{i}.png": grey16_png(noise((900, 4000)[i], 12, 12)) for i in range(2)}
        check = checked(tmp_path, files, PixelRanges((0, 1000)))
        assert "1 of 2 images reach beyond" in check.faults[0].message

    def test_full_16_bits_are_a_note(self, tmp_path):
        check = checked(tmp_path, {"a.png": grey16_png(noise(65_000, 12, 12))})
        assert told(check) == [("N_DEPTH", "t.csv:2")]
        assert check.ranges == PixelRanges((0, 65_535))

    def test_a_few_bright_pixels_that_darken_all_others_are_warned_of(self, tmp_path):
        values = noise(3000, 40, 40)
        values[0, 0] = 65_535
        check = checked(tmp_path, {"a.png": grey16_png(values)})
        assert told(check) == [("W_DEPTH", "t.csv:2"), ("N_DEPTH", "t.csv:2")]
        assert "images look flat; write data.pixel_range: [" in check.faults[0].message

    def test_floats_and_whole_numbers_are_told_apart(self, tmp_path):
        floats = noise(1000, 9, 9).astype(np.float32) / 1000
        files = {"a.png": grey16_png(noise(65_000, 9, 9)), "b.tif": encoded(floats, "TIFF")}
        check = checked(tmp_path, files)
        assert told(check) == [("N_DEPTH", "t.csv:2"), ("N_DEPTH", "t.csv:3")]
        assert check.ranges == PixelRanges((0, 65_535), (0, 1))

    def test_dark_images_are_not_taken_for_each_other(self, tmp_path):
        """All of them are black in 8 bits of the declared depth."""
        files = {f"{i}.png": grey16_png(noise(60, 9, 9, seed=i)) for i in range(3)}
        files["again.tif"] = encoded(noise(60, 9, 9, seed=1), "TIFF")
        check = checked(tmp_path, files)
        assert [f.code for f in check.faults if f.where == "t.csv:5"] == ["W_IMAGE_DUPLICATE"]
        assert len(set(check.digests.tolist())) == 3

    def test_unreadable_and_8_bit_images_say_nothing(self, tmp_path):
        check = checked(tmp_path, {"a.png": encoded(noise(255, 9, 9).astype("u1"))})
        assert check.ranges == NO_RANGES
        assert check.faults == ()
