"""Text in any script that the system has a font for, cut to a width."""

from __future__ import annotations

import math
import unicodedata
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

# (regular, bold) by preference; the first that has every character of a text draws it.
FACES = (
    ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf"),
    ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc"),
    ("NotoSansArabic-Regular.ttf", "NotoSansArabic-Bold.ttf"),
    ("NotoSansDevanagari-Regular.ttf", "NotoSansDevanagari-Bold.ttf"),
    ("NotoSansBengali-Regular.ttf", "NotoSansBengali-Bold.ttf"),
    ("NotoSansTamil-Regular.ttf", "NotoSansTamil-Bold.ttf"),
    ("NotoSansThai-Regular.ttf", "NotoSansThai-Bold.ttf"),
    ("wqy-microhei.ttc", "wqy-microhei.ttc"),
    ("Arial Unicode.ttf", "Arial Unicode.ttf"),
    ("arial.ttf", "arialbd.ttf"),
    ("msyh.ttc", "msyhbd.ttc"),
    ("Nirmala.ttf", "NirmalaB.ttf"),
)
# A code point that no font may draw: shows the box that stands for a missing character.
NO_CHARACTER = "\U0010ffff"
LONGEST_TEXT = 500

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def font_for(text: str, size: int, *, bold: bool = False) -> Font:
    """The font that has most characters of a text: the preferred one, if several have as many.

    Args:
        text: What is to be drawn.
        size: Pixels of an em.
        bold: Whether the bold cut is wanted.

    Returns:
        A system font, or Pillow's own where the system has none.
    """
    found = (_load(face[bold], size) for face in FACES)
    fonts: list[Font] = [font for font in found if font is not None]
    fonts.append(_built_in(size))
    return max(fonts, key=lambda font: sum(_has(font, character) for character in set(text)))


def printable(text: str) -> str:
    r"""The same text on one line, with what cannot be printed escaped, at most 500 characters.

    >>> printable("a\nb")
    'a\\nb'
    """
    shown = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return "".join(shown)[:LONGEST_TEXT]


def fit(text: str, font: Font, width: float) -> str:
    """Cut a text with an ellipsis so that it is at most so wide.

    Args:
        text: One line.
        font: What it is drawn in.
        width: Pixels.

    Returns:
        The text itself where it fits.
    """
    if font.getlength(text) <= width:
        return text
    shortest, longest = 0, len(text) - 1
    while shortest < longest:
        middle = (shortest + longest + 1) // 2
        if font.getlength(text[:middle].rstrip() + "…") <= width:
            shortest = middle
        else:
            longest = middle - 1
    return text[:shortest].rstrip() + "…"


@lru_cache(maxsize=256)
def _load(name: str, size: int) -> ImageFont.FreeTypeFont | None:
    try:
        return ImageFont.truetype(name, size)
    except OSError:  # Not installed here; the next face may be.
        return None


@lru_cache(maxsize=16)
def _built_in(size: int) -> Font:
    return ImageFont.load_default(size)


@lru_cache(maxsize=65536)
def _has(font: Font, character: str) -> bool:
    # Marks and joiners mean nothing alone: the characters around them choose the font.
    if unicodedata.category(character) in {"Mn", "Me", "Cf", "Zs"}:
        return True
    return _glyph(font, character) != _glyph(font, NO_CHARACTER)


def _glyph(font: Font, character: str) -> bytes:
    side = 2 * math.ceil(font.getlength("M"))
    cell = Image.new("L", (side, side))
    ImageDraw.Draw(cell).text((0, 0), character, 255, font)
    return cell.tobytes()
