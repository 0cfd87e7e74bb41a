"""A prediction as a picture: the image on the left, every answer with its bars on the right."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from polyhead.errors import ImageError, PolyheadError
from polyhead.structures.lettering import fit, font_for, printable
from polyhead.structures.task_prediction import ClassPrediction, NumberPrediction, TagsPrediction

if TYPE_CHECKING:
    from polyhead.structures.prediction import Prediction

# Longest side of the drawn picture, in pixels.
SMALLEST, LARGEST = 320, 1280
MAX_BARS = 12

# Okabe and Ito's palette: told apart with any colour vision; weight and order say it again.
TAGS_COLOUR = "#0072B2"
CLASS_COLOUR = "#D55E00"
BACKGROUND = "#FAFAFA"
INK = "#1F1F1F"
MUTED = "#666666"
TRACK = "#E4E4E4"
UNCHOSEN = "#A6A6A6"


@dataclass(frozen=True)
class Bar:
    """One label's probability; `chosen` when the model gives the label."""

    label: str
    probability: float
    chosen: bool


@dataclass(frozen=True)
class Section:
    """What the panel shows of one task.

    Attributes:
        answer: The answer in a few words.
        bars: Most probable first.
        num_hidden: Labels without a bar of their own.
        colour: Of the chosen bars.
    """

    answer: str
    bars: Sequence[Bar]
    num_hidden: int
    colour: str


def draw(prediction: Prediction) -> Image.Image:
    """Draw every answer beside the picture.

    Args:
        prediction: With a `source`: path, bytes, PIL image or (H, W, 3) uint8 array.

    Returns:
        An RGB picture: the source upright, 320 to 1280 pixels on its longer side, and a panel.

    Raises:
        PolyheadError: There is no picture to draw on, or a task type that has no drawing.
        ImageError: The picture cannot be decoded.
    """
    sections = {name: section(answer) for name, answer in prediction.tasks.items()}
    picture = _resized(_opened(prediction))
    em = min(max(max(picture.size) // 60, 15), 20)
    panel = _panel(prediction, sections, em)
    height = max(picture.height, panel.height)
    canvas = Image.new("RGB", (picture.width + panel.width + 3 * em, height + 2 * em), BACKGROUND)
    canvas.paste(picture, (em, em))
    canvas.paste(panel, (picture.width + 2 * em, em))
    return canvas


@singledispatch
def section(prediction: Any) -> Section:
    """What the panel shows of one task; each task type registers its own.

    Raises:
        PolyheadError: The type has none.
    """
    raise PolyheadError(
        f"Found no drawing of a {type(prediction).__name__}; save its JSON instead."
    )


@section.register
def _(prediction: TagsPrediction) -> Section:
    chosen = set(prediction.labels)
    bars = [Bar(name, p, name in chosen) for name, p in prediction.probabilities.items()]
    # What the model says comes before what it nearly says, when not all have room.
    kept = sorted(bars, key=lambda bar: (not bar.chosen, -bar.probability))[:MAX_BARS]
    kept.sort(key=lambda bar: -bar.probability)
    answer = f"{len(chosen) or 'none'} of {len(bars)}"
    return Section(answer, kept, len(bars) - len(kept), TAGS_COLOUR)


@section.register
def _(prediction: ClassPrediction) -> Section:
    shares = prediction.probabilities
    bars = [Bar(name, p, name == prediction.label) for name, p in shares.items()]
    kept = sorted(bars, key=lambda bar: (not bar.chosen, -bar.probability))[:MAX_BARS]
    return Section(prediction.label, kept, len(bars) - len(kept), CLASS_COLOUR)


@section.register
def _(prediction: NumberPrediction) -> Section:
    return Section(str(prediction), (), 0, INK)


def _opened(prediction: Prediction) -> Image.Image:
    """The source, upright, in RGB."""
    source = prediction.source
    if not isinstance(source, str | Path | bytes | Image.Image | np.ndarray):
        raise PolyheadError(
            f"{prediction.image}: found no picture to draw on; expected a path, bytes, PIL image "
            "or array as the prediction's source. Predict again with the picture at hand."
        )
    try:
        if isinstance(source, np.ndarray):
            return Image.fromarray(source).convert("RGB")
        if isinstance(source, Image.Image):
            return _upright(source)
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
            # JPEG decodes at a fraction of its size when that is all that is shown.
            image.draft(None, (LARGEST, LARGEST))
            return _upright(image)
    except Exception as error:  # Broken files also leak SyntaxError and struct.error.
        raise ImageError(f"{prediction.image}: cannot be decoded for drawing: {error}") from error


def _upright(image: Image.Image) -> Image.Image:
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I"):
        # 16 bits a pixel: a plain conversion would clip all but the darkest to white.
        upright = upright.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if upright.has_transparency_data:
        backdrop = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(backdrop, upright.convert("RGBA"))
    return upright.convert("RGB")


def _resized(picture: Image.Image) -> Image.Image:
    longest = max(picture.size)
    scale = min(max(longest, SMALLEST), LARGEST) / longest
    size = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
    if scale > 1:  # Show the very pixels that the model saw.
        return picture.resize(size, Image.Resampling.NEAREST)
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _panel(prediction: Prediction, sections: dict[str, Section], em: int) -> Image.Image:
    line = round(em * 1.5)
    labels = [bar.label for part in sections.values() for bar in part.bars]
    column = _column(labels, em)
    num_lines = 2 + sum(len(part.bars) + bool(part.num_hidden) + 2 for part in sections.values())
    panel = Image.new("RGB", (column + 16 * em, num_lines * line), BACKGROUND)
    pen = _Pen(panel, em, line, column)
    pen.write(Path(prediction.image).name, colour=MUTED, right=_size(prediction))
    for name, part in sections.items():
        pen.skip()
        pen.write(name, right=part.answer, bold=True)
        pen.rule()
        for bar in part.bars:
            pen.bar(bar, part.colour)
        if part.num_hidden:
            pen.write(f"+ {part.num_hidden} more", colour=MUTED)
    return panel.crop((0, 0, panel.width, pen.y))


def _column(labels: Sequence[str], em: int) -> int:
    """Width that the labels want, within reason."""
    shown = [printable(label) for label in labels]
    wanted = [font_for(label, em, bold=True).getlength(label) for label in shown]
    return round(min(max([*wanted, 8 * em]), 16 * em))


def _size(prediction: Prediction) -> str:
    return f"{prediction.width} × {prediction.height}" if prediction.width else ""


class _Pen:
    """Writes one line below the other."""

    def __init__(self, panel: Image.Image, em: int, line: int, column: int) -> None:
        self.canvas = ImageDraw.Draw(panel)
        self.width, self.em, self.line, self.column = panel.width, em, line, column
        self.y = 0

    def skip(self) -> None:
        """Leave half a line."""
        self.y += self.line // 2

    def rule(self) -> None:
        """A hairline under the line just written."""
        self.canvas.line((0, self.y - 1, self.width, self.y - 1), fill=TRACK)
        self.y += self.line // 6

    def write(self, text: str, *, right: str = "", bold: bool = False, colour: str = INK) -> None:
        """A line of text, with another at its right end that takes at most half of it."""
        used = self._text(right, self.width, self.width / 2, bold=bold, colour=colour, anchor="rm")
        room = self.width - used - self.em
        self._text(text, 0, room, bold=bold, colour=colour)
        self.y += self.line

    def bar(self, bar: Bar, colour: str) -> None:
        """A line with a label, its bar and its percentage; a chosen one bold and coloured."""
        ink = INK if bar.chosen else MUTED
        start, end = self.column + self.em, self.width - 4 * self.em
        self._text(bar.label, 0, self.column, bold=bar.chosen, colour=ink)
        top, bottom = self.y + self.line // 4, self.y + self.line - self.line // 4
        self.canvas.rectangle((start, top, end, bottom), fill=TRACK)
        filled = round((end - start) * min(max(bar.probability, 0), 1))
        if filled:
            fill = colour if bar.chosen else UNCHOSEN
            self.canvas.rectangle((start, top, start + filled, bottom), fill=fill)
        percent = _percent(bar.probability)
        self._text(percent, self.width, self.width, bold=bar.chosen, colour=ink, anchor="rm")
        self.y += self.line

    def _text(
        self, text: str, x: int, room: float, *, bold: bool, colour: str, anchor: str = "lm"
    ) -> float:
        text = printable(text)
        font = font_for(text, self.em, bold=bold)
        text = fit(text, font, room)
        self.canvas.text((x, self.y + self.line // 2), text, colour, font, anchor)
        return font.getlength(text)


def _percent(probability: float) -> str:
    """Whole percent, which never says 0 or 100 of what is neither."""
    if 0 < probability < 0.005:
        return "< 1 %"
    if 0.995 <= probability < 1:
        return "> 99 %"
    return f"{probability:.0%}".replace("%", " %")
