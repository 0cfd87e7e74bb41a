"""Text in any script that the system has a font for, cut to a width."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

# (regular, bold) by preference; the first that has every character of a text draws it.
FACES = (
    ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf"),
    ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc"),
    ("NotoSansArabic-Regular.ttf", "NotoSansArabic-Bold.ttf"),
    ("NotoSansHebrew-Regular.ttf", "NotoSansHebrew-Bold.ttf"),
    ("NotoSansDevanagari-Regular.ttf", "NotoSansDevanagari-Bold.ttf"),
    ("NotoSansBengali-Regular.ttf", "NotoSansBengali-Bold.ttf"),
    ("NotoSansTamil-Regular.ttf", "NotoSansTamil-Bold.ttf"),
    ("NotoSansThai-Regular.ttf", "NotoSansThai-Bold.ttf"),
    ("NotoSansTelugu-Regular.ttf", "NotoSansTelugu-Bold.ttf"),
    ("NotoSansKannada-Regular.ttf", "NotoSansKannada-Bold.ttf"),
    ("NotoSansMalayalam-Regular.ttf", "NotoSansMalayalam-Bold.ttf"),
    ("NotoSansGujarati-Regular.ttf", "NotoSansGujarati-Bold.ttf"),
    ("NotoSansGurmukhi-Regular.ttf", "NotoSansGurmukhi-Bold.ttf"),
    ("NotoSansSinhala-Regular.ttf", "NotoSansSinhala-Bold.ttf"),
    ("NotoSansKhmer-Regular.ttf", "NotoSansKhmer-Bold.ttf"),
    ("NotoSansLao-Regular.ttf", "NotoSansLao-Bold.ttf"),
    ("NotoSansMyanmar-Regular.ttf", "NotoSansMyanmar-Bold.ttf"),
    ("NotoSansEthiopic-Regular.ttf", "NotoSansEthiopic-Bold.ttf"),
    ("NotoSansGeorgian-Regular.ttf", "NotoSansGeorgian-Bold.ttf"),
    ("wqy-microhei.ttc", "wqy-microhei.ttc"),
    ("DroidSansFallbackFull.ttf", "DroidSansFallbackFull.ttf"),
    ("NotoEmoji-Regular.ttf", "NotoEmoji-Bold.ttf"),
    ("Symbola.ttf", "Symbola.ttf"),
    ("Arial Unicode.ttf", "Arial Unicode.ttf"),
    ("PingFang.ttc", "PingFang.ttc"),
    ("arial.ttf", "arialbd.ttf"),
    ("msyh.ttc", "msyhbd.ttc"),
    ("malgun.ttf", "malgunbd.ttf"),
    ("Nirmala.ttf", "NirmalaB.ttf"),
    ("LeelawUI.ttf", "LeelaUIb.ttf"),
    ("seguiemj.ttf", "seguiemj.ttf"),
)
# A code point that no font may draw: shows the box that replaces a missing character.
NO_CHARACTER = "\U0010ffff"
LONGEST_TEXT = 500
_ANY_SIZE = 16  # whether a font has a character does not depend on it
_CJK = (
    "CJK",
    "HIRAGANA",
    "KATAKANA",
    "HANGUL",
    "BOPOMOFO",
    "IDEOGRAPHIC",
    "FULLWIDTH",
    "HALFWIDTH",
)
_CJK_PACKAGE, _PACKAGE = "fonts-noto-cjk", "fonts-noto-core"
# Characters that are drawn as part of those around them: marks, joiners, spaces.
_UNSEEN = {"Mn", "Me", "Cf", "Zs"}

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def lettered(text: str, size: int, *, bold: bool = False) -> tuple[str, Font]:
    r"""A text on one line and the font to draw it in.

    What cannot be printed, or is in no font of the system, is escaped (`\u65e5`), so that two
    labels never look the same; at most 500 characters.

    Args:
        text: What is to be drawn.
        size: Pixels of an em.
        bold: Whether the bold cut is wanted.

    Returns:
        The text as it is drawn, and the font that has most of its characters.
    """
    text = printable(text)
    font = font_for(text, size, bold=bold)
    return "".join(_drawable(text, font))[:LONGEST_TEXT], font


def undrawable(texts: Iterable[str]) -> list[str]:
    """Those that no font of the system has every character of, so that codes are drawn instead.

    Args:
        texts: Such as labels.
    """
    return [text for text in texts if lettered(text, _ANY_SIZE)[0] != printable(text)]


def missing_fonts(texts: Iterable[str]) -> list[str]:
    """The Debian packages whose fonts have the characters that no font of the system has."""
    missing = {c for text in texts for c in text if not _has(font_for(c, _ANY_SIZE), c)}
    names = [unicodedata.name(character, "") for character in missing]
    return sorted({_CJK_PACKAGE if name.startswith(_CJK) else _PACKAGE for name in names})


def font_for(text: str, size: int, *, bold: bool = False) -> Font:
    """The font that has most characters of a text: the preferred one, if several have as many.

    Args:
        text: What is to be drawn.
        size: Pixels of an em.
        bold: Whether the bold cut is wanted.

    Returns:
        A system font, or Pillow's own where the system has none.
    """
    characters = set(text)
    best, most = None, -1
    for font in _fonts(size, bold=bold):
        covered = sum(_has(font, character) for character in characters)
        if covered > most:
            best, most = font, covered
        if most == len(characters):
            break
    return best or _built_in(size)


def printable(text: str) -> str:
    r"""The same text on one line, with what cannot be printed escaped, at most 500 characters.

    >>> printable("a\nb")
    'a\\nb'
    """
    shown = (c if c.isprintable() else _escaped(c) for c in text[:LONGEST_TEXT])
    return "".join(shown)[:LONGEST_TEXT]


def fit(text: str, font: Font, width: float) -> str:
    """Cut a text with an ellipsis so that it is at most so wide.

    Args:
        text: One line.
        font: What it is drawn in.
        width: Pixels.

    Returns:
        The text itself where it fits; nothing where not even the ellipsis does.
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
    cut = text[:shortest].rstrip() + "…"
    return cut if font.getlength(cut) <= width else ""


def _drawable(text: str, font: Font) -> Iterator[str]:
    escaping = False
    for character in text:
        # A mark goes with the character that it belongs to.
        is_mark = unicodedata.category(character).startswith("M")
        escaping = escaping if is_mark else not _has(font, character)
        yield _escaped(character) if escaping else character


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()


def _fonts(size: int, *, bold: bool) -> Iterator[Font]:
    for face in FACES:
        font = _load(face[bold], size)
        if font is not None:
            yield font
    yield _built_in(size)


@lru_cache(maxsize=1024)
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
    if unicodedata.category(character) in _UNSEEN:
        return True
    return _glyph(font, character) != _glyph(font, NO_CHARACTER)


def _glyph(font: Font, character: str) -> bytes:
    side = 2 * math.ceil(font.getlength("M"))
    cell = Image.new("L", (side, side))
    ImageDraw.Draw(cell).text((0, 0), character, 255, font)
    return cell.tobytes()
