import dataclasses
import io
from typing import Any

import numpy as np
import pytest
from drawn_answers import ANSWERS, GREY, has_colour, prediction
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from polyhead.errors import ImageError, PolyheadError
from polyhead.predictions import (
    BoxesPrediction,
    ClassPrediction,
    MaskPrediction,
    NumberPrediction,
    Prediction,
    TagsPrediction,
    TaskPrediction,
)
from polyhead.predictions.single_class import PAINT as CLASS_PAINT
from polyhead.predictions.tags import PAINT as TAGS_PAINT
from polyhead.table.deep_pixels import PixelRanges

SIZES = [(1, 1), (28, 28), (1, 3000), (3000, 20), (160, 160), (640, 480), (300, 900), (4000, 300)]
LABELS = ("car", "traffic light", "日本語 label", "قطار", "w" * 400, "")


def five(width, height):
    """Every kind of answer about one noisy image."""
    random = np.random.default_rng(0)
    corners = random.uniform(-0.2, 1.2, (7, 4)) * (width, height, width, height)
    boxes = np.hstack([np.minimum(corners[:, :2], corners[:, 2:]), corners.max(axis=1)[:, None]])
    boxes = np.hstack([boxes, corners[:, 3:]]).tolist()
    labels = [LABELS[k % len(LABELS)] for k in range(7)]
    return Prediction(
        "folder/photo.jpg",
        width,
        height,
        {
            **ANSWERS,
            "objects": BoxesPrediction(boxes, labels, random.random(7).tolist(), LABELS),
            "ground": MaskPrediction(
                ("sky", "road", "car"), random.integers(0, 3, (height, width), np.uint8)
            ),
            "people": NumberPrediction(3.2, 1.0, 5.5),
        },
        source=random.integers(0, 256, (height, width, 3), np.uint8),
    )


def encoded(drawing, file_format="PNG", **options):
    file = io.BytesIO()
    drawing.save(file, file_format, **options)
    return file.getvalue()


def shown(drawing):
    """The pixels of the drawn image: 480 wide, after a margin of one em (15)."""
    return np.asarray(drawing)[15 : 15 + 360, 15 : 15 + 480]


@pytest.fixture
def texts(monkeypatch) -> list[tuple[tuple[float, ...], tuple[int, int]]]:
    """Every text that is written: its box, and the size of what it is written on."""
    written: list[tuple[tuple[float, ...], tuple[int, int]]] = []
    write = ImageDraw.ImageDraw.text

    def noted(canvas, xy, text, fill, font, anchor=None):
        if anchor:  # else it is a glyph drawn to see whether the font has it
            written.append((canvas.textbbox(xy, text, font, anchor), canvas.im.size))
        write(canvas, xy, text, fill, font, anchor)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", noted)
    return written


@pytest.mark.parametrize(
    ("size", "drawn"),
    [
        ((32, 32), (480, 480)),
        ((4000, 500), (1280, 160)),
        ((600, 1600), (480, 1280)),
        ((640, 480), (640, 480)),
        ((1, 3000), (1, 1280)),
    ],
)
def test_image_is_drawn_at_a_sensible_size(size, drawn):
    drawing = prediction({}, source=Image.new("RGB", size, "red")).plot()
    red = (np.asarray(drawing) == (255, 0, 0)).all(axis=2)
    rows, columns = np.nonzero(red)
    assert (np.ptp(columns) + 1, np.ptp(rows) + 1) == drawn


@pytest.mark.parametrize("size", SIZES)
def test_all_five_tasks_are_drawn_at_any_size_with_every_text_inside(size, texts):
    drawing = five(*size).plot()
    assert drawing.mode == "RGB"
    assert max(drawing.size) <= 3000
    assert min(drawing.size) >= 400
    for (left, top, right, bottom), (width, height) in texts:
        assert left >= 0
        assert top >= 0
        assert right <= width + 1  # ink may overhang the advance by a pixel
        assert bottom <= height


def test_drawing_is_the_same_every_time():
    assert five(64, 48).plot().tobytes() == five(64, 48).plot().tobytes()


def test_several_spatial_tasks_are_drawn_on_an_image_each():
    answers = five(300, 300)
    tasks = {name: answers[name] for name in ("objects", "ground")}
    one = Prediction("a", 300, 300, {"ground": tasks["ground"]}, source=answers.source).plot()
    both = Prediction("a", 300, 300, tasks, source=answers.source).plot()
    assert both.width >= one.width + 480


def test_chosen_labels_are_coloured_by_task_type():
    both = prediction().plot()
    assert has_colour(both, TAGS_PAINT.colour)
    assert has_colour(both, CLASS_PAINT.colour)
    none_chosen = {"contents": TagsPrediction([], {"car": 0.4})}
    assert not has_colour(prediction(none_chosen).plot(), TAGS_PAINT.colour)


def test_bars_are_as_long_as_probabilities():
    def length(probability):
        tags = TagsPrediction(["car"], {"car": probability})
        drawn = np.asarray(prediction({"t": tags}).plot())
        return np.ptp(np.nonzero((drawn == TAGS_PAINT.colour).all(axis=2))[1])

    assert length(0.5) == pytest.approx(length(1.0) / 2, abs=1)


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
def test_odd_labels_are_drawn(label, texts):
    tags = TagsPrediction([label], {label: 0.7, "other": 0.1})
    boxes = BoxesPrediction([[1, 1, 9, 9]], [label], [0.5])
    tasks = {label or "task": tags, "kind": ClassPrediction(label, {label: 1.0}), "boxes": boxes}
    assert prediction(tasks, image=f"folder/{label}").plot().width < 1700
    assert all(box[2] <= width + 1 for box, (width, _) in texts)


@settings(max_examples=20, deadline=None)
@given(st.dictionaries(st.text(max_size=20), st.floats(0, 1), min_size=1, max_size=15))
def test_any_text_is_drawn(shares):
    tags = TagsPrediction(list(shares)[:1], shares)
    assert prediction({"tags": tags}).plot().height > 240


def test_every_kind_of_source_draws_the_same(tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(GREY).save(path)
    expected = prediction().plot().tobytes()
    for source in (path, str(path), path.read_bytes(), Image.open(path)):
        assert prediction(source=source).plot().tobytes() == expected


@pytest.mark.parametrize("as_bytes", [True, False])
def test_exif_orientation_is_respected(as_bytes):
    stored = Image.new("RGB", (60, 80), "blue")
    stored.paste("red", (0, 0, 60, 40))  # Its top is the displayed image's right.
    exif = Image.Exif()
    exif[0x0112] = 6
    source: Any = encoded(stored, "JPEG", exif=exif, quality=100, subsampling=0)
    drawn = shown(prediction(source=source if as_bytes else Image.open(io.BytesIO(source))).plot())
    assert drawn[180, 120, 2] > 200 > drawn[180, 120, 0]
    assert drawn[180, 360, 0] > 200 > drawn[180, 360, 2]


def test_broken_exif_is_no_reason_not_to_draw():
    source = encoded(Image.fromarray(GREY), "JPEG", exif=b"Exif\x00\x00garbage")
    assert shown(prediction(source=source).plot())[9, 9, 0] == pytest.approx(128, abs=2)


def test_transparent_and_16_bit_images_look_as_they_should():
    clear = Image.new("RGBA", (80, 60), (200, 0, 0, 0))
    assert (shown(prediction(source=clear).plot()) == 255).all()
    deep = Image.fromarray(np.full((60, 80), 128 * 257, np.uint16))
    assert (shown(prediction(source=encoded(deep)).plot()) == 128).all()


@pytest.mark.parametrize("kind", ["bytes", "opened", "drawing"])
@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_deep_images_are_drawn_by_the_range_that_they_are_read_by(kind, dtype):
    drawing = Image.fromarray(np.full((60, 80), 2048, dtype))
    file = encoded(drawing, "TIFF")
    source = {"bytes": file, "opened": Image.open(io.BytesIO(file)), "drawing": drawing}[kind]
    ranges = PixelRanges((0, 4095), (0, 4095))
    drawn = dataclasses.replace(prediction(source=source), ranges=ranges).plot()
    assert (shown(drawn) == 128).all()


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(PolyheadError, match="no image to draw on"):
        prediction(source=None).plot()
    with pytest.raises(ImageError, match="cannot be decoded"):
        prediction(source=b"not an image").plot()


def test_an_answer_that_says_not_how_it_is_drawn_cannot_be_made():
    class Later(TaskPrediction):
        type = "later"

        def to_dict(self):
            return {"type": self.type}

        def __str__(self):
            return "later"

    with pytest.raises(TypeError, match="section"):
        Later()


def test_plot_and_save_draw(tmp_path):
    prediction().save(tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as saved:
        assert saved.tobytes() == prediction().plot().tobytes()
