import io
import string
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageColor

from polyhead.errors import ImageError, PolyheadError
from polyhead.structures import ClassPrediction, NumberPrediction, Prediction, TagsPrediction
from polyhead.structures.drawing import CLASS_COLOUR, MAX_BARS, TAGS_COLOUR, draw, section

GREY = np.full((60, 80, 3), 128, np.uint8)
ANSWERS = {
    "contents": TagsPrediction(["car", "bus"], {"car": 0.9, "bus": 0.4, "dog": 0.6}),
    "daytime": ClassPrediction("night", {"day": 0.1, "night": 0.9}),
}


def prediction(tasks: Any = ANSWERS, source: Any = GREY, image="folder/photo.jpg"):
    return Prediction(image, 80, 60, tasks, source=source)


def encoded(picture, file_format="PNG", **options):
    file = io.BytesIO()
    picture.save(file, file_format, **options)
    return file.getvalue()


def has_colour(picture, colour):
    return bool((np.asarray(picture) == ImageColor.getrgb(colour)).all(axis=2).any())


def left_half(picture):
    """The pixels of the drawn picture: 320 wide, after a margin of one em (15)."""
    return np.asarray(picture)[15 : 15 + 240, 15 : 15 + 320]


@pytest.mark.parametrize(
    ("size", "drawn"),
    [
        ((32, 32), (320, 320)),
        ((4000, 500), (1280, 160)),
        ((600, 1600), (480, 1280)),
        ((640, 480), (640, 480)),
        ((1, 3000), (1, 1280)),
    ],
)
def test_picture_is_drawn_at_a_sensible_size(size, drawn):
    em = 20 if max(drawn) >= 1280 else 15
    picture = draw(prediction(source=Image.new("RGB", size, "red")))
    red = (np.asarray(picture)[:, : drawn[0] + 2 * em] == (255, 0, 0)).all(axis=2)
    rows, columns = np.nonzero(red)
    assert (np.ptp(columns) + 1, np.ptp(rows) + 1) == drawn
    assert picture.height <= 1280 + 2 * em


def test_chosen_labels_are_coloured_by_task_type():
    both = draw(prediction())
    assert has_colour(both, TAGS_COLOUR)
    assert has_colour(both, CLASS_COLOUR)
    none_chosen = {"contents": TagsPrediction([], {"car": 0.4})}
    assert not has_colour(draw(prediction(none_chosen)), TAGS_COLOUR)


def test_bars_are_as_long_as_probabilities():
    def length(probability):
        tags = TagsPrediction(["car"], {"car": probability})
        blue = (np.asarray(draw(prediction({"t": tags}))) == ImageColor.getrgb(TAGS_COLOUR)).all(2)
        return np.ptp(np.nonzero(blue)[1])

    assert length(0.5) == pytest.approx(length(1.0) / 2, abs=1)


def test_drawing_is_the_same_every_time():
    assert draw(prediction()).tobytes() == draw(prediction()).tobytes()


def test_bars_are_sorted_and_the_chosen_ones_stay_when_some_are_hidden():
    labels = string.ascii_lowercase
    shares = {label: 1 - i / 26 for i, label in enumerate(labels)}
    shown = section(TagsPrediction(["z", "b"], shares))
    assert len(shown.bars) == MAX_BARS
    assert shown.num_hidden == 26 - MAX_BARS
    assert [bar.label for bar in shown.bars] == [*labels[: MAX_BARS - 1], "z"]
    assert [bar.label for bar in shown.bars if bar.chosen] == ["b", "z"]


def test_class_shows_its_label_first():
    shown = section(ClassPrediction("b", {"a": 0.2, "b": 0.7, "c": 0.1}))
    assert shown.answer == "b"
    assert [bar.label for bar in shown.bars] == ["b", "a", "c"]


def test_a_number_is_written_beside_its_name():
    shown = section(NumberPrediction(3.25, 1.0, 5.0))
    assert (shown.answer, list(shown.bars), shown.num_hidden) == ("3.25 (1 to 5)", [], 0)
    with_number = draw(prediction({**ANSWERS, "people": NumberPrediction(3.25)}))
    assert with_number.size[0] == draw(prediction()).size[0]
    assert with_number.tobytes() != draw(prediction()).tobytes()
    alone = draw(prediction({"people": NumberPrediction(-1e30)}))
    assert not has_colour(alone, TAGS_COLOUR)


@pytest.mark.parametrize(
    "label",
    [
        "",
        " ",
        "a\nb\tc",
        "\x00",
        "\ud800",
        "e\u0301" * 9,
        "قطار",
        "日本語",
        "भारत",
        "🚗",
        "w" * 9999,
    ],
)
def test_odd_labels_are_drawn(label):
    tags = TagsPrediction([label], {label: 0.7, "other": 0.1})
    tasks = {label or "task": tags, "kind": ClassPrediction(label, {label: 1.0})}
    assert draw(prediction(tasks, image=f"folder/{label}")).width < 1300


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(st.text(max_size=20), st.floats(0, 1), min_size=1, max_size=15))
def test_any_text_is_drawn(shares):
    tags = TagsPrediction(list(shares)[:1], shares)
    assert draw(prediction({"tags": tags})).height > 240


def test_every_kind_of_source_draws_the_same(tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(GREY).save(path)
    expected = draw(prediction()).tobytes()
    for source in (path, str(path), path.read_bytes(), Image.open(path)):
        assert draw(prediction(source=source)).tobytes() == expected


@pytest.mark.parametrize("as_bytes", [True, False])
def test_exif_orientation_is_respected(as_bytes):
    stored = Image.new("RGB", (60, 80), "blue")
    stored.paste("red", (0, 0, 60, 40))  # Its top is the displayed picture's right.
    exif = Image.Exif()
    exif[0x0112] = 6
    source = encoded(stored, "JPEG", exif=exif, quality=100, subsampling=0)
    drawn = left_half(
        draw(prediction(source=source if as_bytes else Image.open(io.BytesIO(source))))
    )
    assert drawn[120, 80, 2] > 200 > drawn[120, 80, 0]
    assert drawn[120, 240, 0] > 200 > drawn[120, 240, 2]


def test_broken_exif_is_no_reason_not_to_draw():
    source = encoded(Image.fromarray(GREY), "JPEG", exif=b"Exif\x00\x00garbage")
    assert left_half(draw(prediction(source=source)))[9, 9, 0] == pytest.approx(128, abs=2)


def test_transparent_and_16_bit_pictures_look_as_they_should():
    clear = Image.new("RGBA", (80, 60), (200, 0, 0, 0))
    assert (left_half(draw(prediction(source=clear))) == 255).all()
    deep = Image.fromarray(np.full((60, 80), 128 * 257, np.uint16))
    assert (left_half(draw(prediction(source=encoded(deep)))) == 128).all()


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(PolyheadError, match="no picture to draw on"):
        draw(prediction(source=None))
    with pytest.raises(ImageError, match="cannot be decoded"):
        draw(prediction(source=b"not a picture"))
    with pytest.raises(PolyheadError, match="no drawing of a dict"):
        draw(prediction({"later": {}}))


def test_plot_and_save_draw(tmp_path):
    prediction().save(tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as saved:
        assert saved.tobytes() == prediction().plot().tobytes()
