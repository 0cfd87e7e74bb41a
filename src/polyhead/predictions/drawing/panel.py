"""The panel of answers: a block for each task, flowed into columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from polyhead.predictions.drawing.lettering import fit, lettered
from polyhead.predictions.drawing.palette import BACKGROUND, rgb
from polyhead.predictions.drawing.section import Bar, Section

INK = rgb("#1F1F1F")
MUTED = rgb("#666666")
TRACK = rgb("#E4E4E4")


@dataclass(frozen=True)
class Style:
    """The measures of a panel, in pixels.

    Attributes:
        em: Size of the letters.
        column: Width of the labels.
    """

    em: int
    column: int

    @property
    def line(self) -> int:
        """Height of a line."""
        return round(self.em * 1.5)

    @property
    def width(self) -> int:
        """Width of a block: label, bar, figure."""
        return self.column + 16 * self.em

    @classmethod
    def of(cls, sections: Iterable[Section], em: int) -> Style:
        """The measures that give every label the room it wants, within reason."""
        bars = [bar for section in sections for bar in section.bars]
        wanted = [_length(bar.label, em) + 2 * em * bar.swatch for bar in bars]
        return cls(em, round(min(max([*wanted, 8 * em]), 16 * em)))


def panel_blocks(
    title: str, size: str, sections: Mapping[str, Section], em: int
) -> list[Image.Image]:
    """One block for the file and one for each task, all of one width.

    Args:
        title: The file's name.
        size: The image's size.
        sections: Task name to its entry.
        em: Size of the letters, in pixels.

    Returns:
        Images, in the order of the tasks.
    """
    style = Style.of(sections.values(), em)
    pen = _Pen(style, 1)
    pen.write(title, right=size, colour=MUTED)
    return [pen.paper, *(_block(name, section, style) for name, section in sections.items())]


def heading(name: str, width: int, em: int) -> Image.Image:
    """The name of a task as a line of its own, cut to a width in pixels."""
    pen = _Pen(Style(em, width - 16 * em), 1)
    pen.write(name, bold=True)
    return pen.paper


def flow(blocks: Sequence[Image.Image], height: int, gap: int) -> Image.Image:
    """Stack blocks in columns, each at most so high unless one block alone is higher.

    Args:
        blocks: In reading order, of one width.
        height: Of a column, in pixels.
        gap: Pixels between blocks and between columns.

    Returns:
        An image no higher than the highest column.
    """
    columns: list[list[Image.Image]] = []
    room = -1
    for block in blocks:
        if block.height > room:
            columns.append([])
            room = height
        columns[-1].append(block)
        room -= block.height + gap
    return side_by_side([stacked(column, gap) for column in columns], 2 * gap)


def stacked(images: Sequence[Image.Image], gap: int) -> Image.Image:
    """Images one below the other, on the background."""
    height = sum(image.height + gap for image in images) - gap
    sheet = Image.new("RGB", (max(p.width for p in images), height), BACKGROUND)
    top = 0
    for image in images:
        sheet.paste(image, (0, top))
        top += image.height + gap
    return sheet


def side_by_side(images: Sequence[Image.Image], gap: int) -> Image.Image:
    """Images one beside the other, on the background."""
    width = sum(image.width + gap for image in images) - gap
    sheet = Image.new("RGB", (width, max(p.height for p in images)), BACKGROUND)
    left = 0
    for image in images:
        sheet.paste(image, (left, 0))
        left += image.width + gap
    return sheet


def _block(name: str, section: Section, style: Style) -> Image.Image:
    pen = _Pen(style, 2 + bool(section.remark) + len(section.bars) + bool(section.num_hidden))
    pen.write(name, right=section.answer, bold=True)
    pen.rule()
    if section.remark:
        pen.write(section.remark, colour=MUTED)
    for bar in section.bars:
        pen.bar(bar)
    if section.num_hidden:
        pen.write(f"+ {section.num_hidden} more", colour=MUTED)
    return pen.paper


def _length(text: str, em: int) -> float:
    shown, font = lettered(text, em, bold=True)
    return font.getlength(shown)


class _Pen:
    """Writes one line below the other on paper of its own."""

    def __init__(self, style: Style, num_lines: int) -> None:
        self.style = style
        self._sheet = Image.new("RGB", (style.width, num_lines * style.line), BACKGROUND)
        self._canvas = ImageDraw.Draw(self._sheet)
        self._y = 0

    @property
    def paper(self) -> Image.Image:
        """The written lines as an image."""
        return self._sheet.crop((0, 0, self._sheet.width, self._y))

    def rule(self) -> None:
        """A hairline under the line just written."""
        self._canvas.line((0, self._y - 1, self.style.width, self._y - 1), fill=TRACK)
        self._y += self.style.line // 6

    def write(
        self, text: str, *, right: str = "", bold: bool = False, colour: tuple[int, ...] = INK
    ) -> None:
        """A line of text, with another at its right end that takes at most half of it."""
        width = self.style.width
        used = self._text(right, width, width / 2, bold=bold, colour=colour, anchor="rm")
        self._text(text, 0, width - used - self.style.em, bold=bold, colour=colour)
        self._y += self.style.line

    def bar(self, bar: Bar) -> None:
        """A line with a label, its bar and its figure."""
        em, line = self.style.em, self.style.line
        ink = INK if bar.bold else MUTED
        start, end = self.style.column + em, self.style.width - 9 * em // 2
        left = 0
        if bar.swatch:
            self._sheet.paste(bar.paint.swatch(em, em, em // 2), (0, self._y + (line - em) // 2))
            left = em + em // 2
        self._text(bar.label, left, self.style.column - left, bold=bar.bold, colour=ink)
        top, bottom = self._y + line // 4, self._y + line - line // 4
        self._canvas.rectangle((start, top, end, bottom), fill=TRACK)
        filled = round((end - start) * min(max(bar.share, 0), 1))
        if filled:
            swatch = bar.paint.swatch(filled + 1, bottom - top + 1, em // 2)
            self._sheet.paste(swatch, (start, top))
        if bar.swatch:  # Pale paint needs an edge.
            self._canvas.rectangle((start, top, start + filled, bottom), outline=MUTED)
        self._text(bar.figure, self.style.width, 4 * em, bold=bar.bold, colour=ink, anchor="rm")
        self._y += line

    def _text(
        self,
        text: str,
        x: int,
        room: float,
        *,
        bold: bool,
        colour: tuple[int, ...],
        anchor: str = "lm",
    ) -> float:
        text, font = lettered(text, self.style.em, bold=bold)
        text = fit(text, font, room)
        self._canvas.text((x, self._y + self.style.line // 2), text, colour, font, anchor)
        return font.getlength(text)
