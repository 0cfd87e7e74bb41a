"""Masks as people have them: values and colours that stand for classes, greys in colour files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from object_rows import object_table, same_size, thing
from PIL import Image
from task_tables import resolve, table

from polyhead.config import validate
from polyhead.errors import ConfigError
from polyhead.table import Table
from polyhead.table.mask_map import MaskMap, colour_code, colour_text
from polyhead.tasks.mask.check import check_masks

SIZE = (40, 48)
TRUTH = (np.indices(SIZE).sum(0) // 12 % 3).astype(np.uint8)  # 0, 1 and 2 in stripes
TWO = TRUTH % 2
BINARY = {0: "background", 255: "lesion"}
COLOURS = {"0,0,0": "sky", "128,0,0": "road", "#0000FF": "car"}
RGB = np.array([[0, 0, 0], [128, 0, 0], [0, 0, 255]], np.uint8)


def rows_of(folder, image, name="m.png", **options):
    """Two rows of one mask."""
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    image.save(folder / name, **options)
    rows = table(mask=[name, name])
    return Table(rows.data, rows.source, folder, rows.lines)


def checked(rows, **keys):
    encoder = resolve(rows, "mask", type="mask", **keys)
    targets = encoder.encode(rows, same_size(len(rows), *SIZE)).targets
    return encoder, targets, check_masks(targets, encoder.classes, rows.where, workers=1)


def read(rows, **keys):
    """The mask, which nothing is wrong with."""
    encoder, targets, found = checked(rows, **keys)
    assert [str(fault) for fault in found.faults if fault.code[0] in "EW"] == []
    return encoder.classes, targets[0]


def refused(rows, code, **keys):
    faults = [fault for fault in checked(rows, **keys)[2].faults if fault.is_error]
    assert {fault.code for fault in faults} == {code}
    return faults[0].message


class TestValues:
    def test_black_and_white(self, tmp_path):
        classes, mask = read(rows_of(tmp_path, TWO * np.uint8(255)), values=BINARY)
        assert classes == ("background", "lesion")
        assert (mask == TWO).all()

    def test_the_order_is_that_of_the_key_and_classes_may_change_it(self, tmp_path):
        rows = rows_of(tmp_path, TWO * np.uint8(255))
        turned = {255: "lesion", 0: "background"}
        assert read(rows, values=turned)[0] == ("lesion", "background")
        classes, mask = read(rows, values=turned, classes=["background", "lesion"])
        assert classes == ("background", "lesion")
        assert (mask == TWO).all()

    def test_several_values_are_one_class_and_others_unknown(self, tmp_path):
        ids = np.array([7, 8, 26], np.uint8)[TRUTH]
        rows = rows_of(tmp_path, ids)
        _, mask = read(rows, values={7: "flat", 8: "flat", 26: "car"})
        assert (mask == np.array([0, 0, 1])[TRUTH]).all()
        _, mask = read(rows, values={7: "flat", 26: "car"}, ignore=["8"])
        assert (mask == np.array([0, 255, 1])[TRUTH]).all()
        _, mask = read(rows, values={7: "flat", 26: "car"}, ignore="others")
        assert (mask == np.array([0, 255, 1])[TRUTH]).all()

    def test_trimaps(self, tmp_path):
        rows = rows_of(tmp_path, TRUTH + np.uint8(1))
        _, mask = read(rows, values={1: "pet", 2: "background"}, ignore=["3"])
        assert (mask == np.array([0, 1, 255])[TRUTH]).all()

    def test_classes_in_order_may_ignore_a_value_too(self, tmp_path):
        _, mask = read(rows_of(tmp_path, TRUTH), classes=["a", "b"], ignore=["2"])
        assert (mask == np.array([0, 1, 255])[TRUTH]).all()

    def test_255_is_unknown_unless_it_is_a_class(self, tmp_path):
        values = np.array([0, 1, 255], np.uint8)[TRUTH]
        _, mask = read(rows_of(tmp_path, values), values={0: "a", 1: "b"})
        assert (mask == values).all()

    def test_what_is_not_declared_is_named_with_the_mend(self, tmp_path):
        rows = rows_of(tmp_path, np.array([0, 4, 255], np.uint8)[TRUTH])
        message = refused(rows, "E_MASK_VALUE", values=BINARY)
        assert "holds the value 4; expected those that `values` names (0, 255)" in message
        assert "to `ignore` as unknown" in message
        assert read(rows, values=BINARY, ignore=["4"])
        assert read(rows, values={**BINARY, 4: "vein"})[0] == ("background", "lesion", "vein")

    def test_smoothed_edges_are_named_with_the_mend(self, tmp_path):
        smooth = Image.fromarray(TWO * np.uint8(255)).resize((20, 16), Image.Resampling.BILINEAR)
        smooth = smooth.resize(SIZE[::-1], Image.Resampling.BILINEAR)
        rows = rows_of(tmp_path, smooth)
        message = refused(rows, "E_MASK_VALUE", values=BINARY)
        assert "smoothed or resized edges" in message
        assert "ignore: others" in message
        mask = read(rows, values=BINARY, ignore="others")[1]
        assert set(np.unique(mask)) <= {0, 1, 255}
        assert (mask[np.asarray(smooth) == 255] == 1).all()

    def test_ids_of_instances_are_refused_by_name(self, tmp_path):
        ids = np.array([7, 26000, 26001], np.uint16)[TRUTH]
        message = refused(rows_of(tmp_path, ids), "E_MASK_VALUE", classes=["a", "b"])
        assert "ids of instances" in message
        assert "labelIds" in message
        _, mask = read(rows_of(tmp_path, ids), values={7: "road", 26000: "car", 26001: "car"})
        assert (mask == np.array([0, 1, 1])[TRUTH]).all()


GREYS = {
    "rgb": lambda v: Image.fromarray(np.dstack([v] * 3)),
    "rgba": lambda v: Image.fromarray(np.dstack([v] * 3 + [np.full_like(v, 255)])),
    "la": lambda v: Image.fromarray(v).convert("LA"),
    "16 bits": lambda v: Image.fromarray(v.astype(np.uint16)),
    "32 bits": lambda v: Image.fromarray(v.astype(np.int32)),
    "floats": lambda v: Image.fromarray(v.astype(np.float32)),
    "palette": lambda v: Image.fromarray(v, "L").convert("P"),
}


@pytest.mark.parametrize("kind", GREYS)
@pytest.mark.parametrize("values", [{0: "a", 1: "b", 2: "c"}, {0: "a", 9: "b", 200: "c"}])
def test_grey_is_grey_in_any_kind_of_file(tmp_path, kind, values):
    grey = np.array(list(values), np.uint8)[TRUTH]
    name = "m.tif" if kind in ("32 bits", "floats") else "m.png"
    _, mask = read(rows_of(tmp_path, GREYS[kind](grey), name), values=values)
    assert (mask == TRUTH).all()


@pytest.mark.parametrize("name", ["m.png", "m.tif", "m.bmp"])
def test_one_bit_is_black_and_white_or_0_and_1(tmp_path, name):
    rows = rows_of(tmp_path, Image.fromarray(TWO * np.uint8(255)).convert("1"), name)
    assert (read(rows, values=BINARY)[1] == TWO).all()
    assert (read(rows, values={0: "a", 1: "b"})[1] == TWO).all()
    assert (read(rows, classes=["a", "b"])[1] == TWO).all()


def test_gif(tmp_path):
    rows = rows_of(tmp_path, TRUTH, "m.gif")
    assert (read(rows, classes=["a", "b", "c"])[1] == TRUTH).all()


class TestColours:
    @pytest.mark.parametrize("kind", ["RGB", "RGBA", "P"])
    def test_each_colour_is_a_class(self, tmp_path, kind):
        image = Image.fromarray(RGB[TRUTH])
        if kind == "P":
            image = Image.fromarray(TRUTH, "L").convert("P")
            image.putpalette(RGB.ravel().tolist())
        classes, mask = read(rows_of(tmp_path, image.convert(kind)), colours=COLOURS)
        assert classes == ("sky", "road", "car")
        assert (mask == TRUTH).all()

    def test_unknown_colours_are_named_with_the_mend(self, tmp_path):
        colours = {"0,0,0": "sky", "0,0,255": "car"}
        rows = rows_of(tmp_path, RGB[TRUTH])
        message = refused(rows, "E_MASK_VALUE", colours=colours)
        assert 'holds the colour "128,0,0"; expected those that `colours` names' in message
        for ignore in (["128,0,0"], ["#800000"], "others"):
            _, mask = read(rows, colours=colours, ignore=ignore)
            assert (mask == np.array([0, 255, 1])[TRUTH]).all()

    def test_without_colours_the_error_shows_how(self, tmp_path):
        message = refused(rows_of(tmp_path, RGB[TRUTH]), "E_MASK_FORMAT", classes=["a", "b"])
        assert '"0,0,0", "0,0,255", "128,0,0"' in message
        assert "`colours: {" in message

    def test_transparent_pixels_are_named_as_such(self, tmp_path):
        alpha = np.array([0, 255, 255], np.uint8)[TRUTH]
        rows = rows_of(tmp_path, np.dstack([RGB[np.maximum(TRUTH, 1)], alpha]))
        colours = {"transparent": "sky", "128,0,0": "road", "0,0,255": "car"}
        assert (read(rows, colours=colours)[1] == TRUTH).all()
        message = refused(rows, "E_MASK_FORMAT", classes=["a", "b"])
        assert "colours: {transparent: background" in message

    @pytest.mark.parametrize("text", ["0,0,300", "red", "#12345", "1,2", ""])
    def test_what_is_no_colour_is_refused(self, text):
        with pytest.raises(ConfigError, match="expected red, green and blue"):
            config(colours={text: "a", "0,0,0": "b"})

    @given(st.integers(0, 2**24 - 1))
    def test_a_colour_is_read_as_it_is_written(self, code):
        assert colour_code(colour_text(code)) == code == colour_code(f"#{code:06X}")
        assert colour_code(f"({code >> 16}, {code >> 8 & 255} {code & 255})") == code


class TestJpeg:
    @pytest.mark.parametrize("mode", ["L", "RGB"])
    def test_black_and_white_is_read_where_values_say_so(self, tmp_path, mode):
        image = Image.fromarray(TWO * np.uint8(255)).convert(mode)
        rows = rows_of(tmp_path, image, "m.jpg", quality=70)
        encoder, targets, found = checked(rows, values=BINARY)
        (note,) = found.faults
        assert note.code == "N_MASK_LOSSY"
        assert encoder.classes == ("background", "lesion")
        known = targets[0] != 255
        assert known.mean() > 0.9
        assert (targets[0] == TWO)[known].all()

    def test_otherwise_it_is_refused_with_the_reason(self, tmp_path):
        rows = rows_of(tmp_path, TWO * np.uint8(255), "m.jpg")
        message = refused(rows, "E_MASK_FORMAT", classes=["a", "b"])
        assert "JPEG image, whose packing changes values" in message
        assert "values: {0: background, 255: lesion}" in message
        rows = rows_of(tmp_path, RGB[TRUTH], "c.jpg")
        assert "packing changes colours" in refused(rows, "E_MASK_FORMAT", colours=COLOURS)

    @given(st.lists(st.integers(0, 255), min_size=2, max_size=6, unique=True))
    def test_a_value_is_the_nearest_or_unknown(self, values):
        meaning = MaskMap.of({value: place for place, value in enumerate(values)})
        found = meaning.nearest(np.arange(256, dtype=np.uint8))
        assert [found[value] for value in values] == list(range(len(values)))
        for grey, place in enumerate(found.tolist()):
            distances = np.abs(np.array(values) - grey)
            assert place == 255 or distances[place] == distances.min()


def config(**keys):
    task = {"type": "mask", **keys}
    return validate({"data": {"annotations": "x.csv"}, "tasks": {"mask": task}}, "test")


class TestKeys:
    @pytest.mark.parametrize(
        ("keys", "words"),
        [
            ({"values": BINARY, "colours": COLOURS}, "both `values` and `colours`"),
            ({"values": {255: "lesion"}}, "expected 2 to 255"),
            ({"values": BINARY, "classes": ["background", "leson"]}, 'Did you mean "leson"'),
            ({"values": BINARY, "ignore": ["255"]}, "both have"),
            ({"values": BINARY, "ignore": ["grey"]}, "expected pixel values"),
            ({"colours": {"0,0,0": "a", "#000000": "a", "1,1,1": "b"}}, "in two ways"),
            ({"values": {"x": "a", "0": "b"}}, "values"),
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, keys, words):
        with pytest.raises(ConfigError, match=words):
            config(**keys)

    def test_the_keys_are_written_as_they_are_read(self):
        for keys in ({"values": BINARY, "ignore": ["3"]}, {"colours": COLOURS, "ignore": "others"}):
            task = config(**keys).tasks["mask"]
            assert type(task).model_validate(task.model_dump(mode="json")) == task

    def test_objects_have_no_pixel_values(self):
        rows = object_table([[thing("car", 1, 1, 3, 3, segmentation="[[1, 1, 3, 1, 3, 3]]")]])
        with pytest.raises(ConfigError, match="`values` is for mask images"):
            resolve(rows, "objects", type="mask", values=BINARY)
