"""Files beside masks that name their colours or values, as annotation tools write them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from polyhead.table.mask_map import colour_code

_FILE = re.compile(
    r"(?i)_?(?:label|class|colou?r)(?:e?s)?(?:[-_]?(?:labels?|colou?rs?|map|dict|names|list))*"
    r"\.(?:txt|csv|tsv)"
)
_NUMBER = r"(\d{1,3})"
_GAP = r"[\s,;:]+"
_COLOUR = _GAP.join([_NUMBER] * 3)
_NAME = r"[\"']?([^\d\s,;:\"'][^,;:\t\"']*?)[\"']?"
_NAME_FIRST = re.compile(rf"{_NAME}{_GAP}{_COLOUR}(?:{_GAP}.*|:*)")
_COLOUR_FIRST = re.compile(rf"(?:\d+{_GAP})?{_COLOUR}{_GAP}{_NAME}")
_VALUE_FIRST = re.compile(rf"{_NUMBER}{_GAP}{_NAME}")
_LONGEST = 65_536  # bytes


def named_codes(
    folders: Sequence[Path], codes: Sequence[int], *, is_colour: bool
) -> tuple[Path, Mapping[int, str]] | None:
    """The file that names most of some codes, and the name of each code that it has.

    Known are lines of a name and three numbers (CVAT's `labelmap.txt`, CamVid's
    `label_colors.txt`, `class_dict.csv`), of three numbers and a name, and for values of a number
    and a name (Roboflow's `_classes.csv`).

    Args:
        folders: Where to look.
        codes: Values or packed colours in the masks.
        is_colour: Whether codes are colours.
    """
    for path in _files(folders):
        names = dict(_lines(path, is_colour=is_colour))
        if sum(code in names for code in codes) > len(codes) / 2:
            return path, names
    return None


def _files(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        for path in sorted(folder.iterdir()):
            if _FILE.fullmatch(path.name) and path.is_file() and path.stat().st_size <= _LONGEST:
                yield path


def _lines(path: Path, *, is_colour: bool) -> Iterator[tuple[int, str]]:
    """Code and name of each line that holds them; the first name of a code comes last."""
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    for line in reversed(text.splitlines()):
        found = _code_and_name(line.strip(), is_colour=is_colour)
        if found:
            yield found


def _code_and_name(line: str, *, is_colour: bool) -> tuple[int, str] | None:
    if not is_colour:
        found = _VALUE_FIRST.fullmatch(line)
        return (int(found[1]), found[2]) if found else None
    try:
        if found := _NAME_FIRST.fullmatch(line):
            return colour_code(",".join(found.groups()[1:])), found[1]
        if found := _COLOUR_FIRST.fullmatch(line):
            return colour_code(",".join(found.groups()[:3])), found[4]
    except ValueError:  # numbers above 255
        return None
    return None
