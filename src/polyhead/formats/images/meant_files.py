"""The images that names without suffix, or in another form, can mean."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from pathlib import Path

from polyhead.formats.images.image_files import list_files
from polyhead.formats.images.image_names import has_image_suffix
from polyhead.table.named_files import is_file, with_slashes

_WHOLE = re.compile(r"(\d+)(?:\.0*)?")  # 1377.0 is how pandas writes 1377 beside an empty cell


class MeantFiles:
    """The images below a folder, by every way in which a name may mean them.

    Attributes:
        root: The folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._exact: defaultdict[str, list[str]] = defaultdict(list)
        self._loose: defaultdict[str, list[str]] = defaultdict(list)
        self._numbers: defaultdict[int, list[str]] = defaultdict(list)
        for name in filter(has_image_suffix, list_files(root)):
            stem = name.rpartition(".")[0]
            bare = stem.rpartition("/")[2]
            self._exact[_form(name)].append(name)
            self._exact[_form(stem)].append(name)
            for text in {stem, bare}:
                self._loose[_form(text).casefold()].append(name)
            if bare.isdecimal():
                self._numbers[int(bare)].append(name)

    def of(self, name: str, *, by_number: bool = True) -> list[str]:
        """The images that a name may mean, those of the first way that finds any.

        As written, whole or without suffix, in any Unicode form, with any slashes; then in any
        folder and in any case; then by its number, for `1377.0` and for `7` of `0007.png`.

        Args:
            name: As written.
            by_number: Whether the number counts, too.
        """
        plain = with_slashes(name)
        found = self._exact.get(_form(name)) or self._exact.get(_form(plain))
        if found:
            return found
        if is_file(self.root / plain):
            return [plain]
        number = _WHOLE.fullmatch(plain) if by_number else None
        stems = [plain] if number is None else [plain, number[1]]
        loose = (self._loose.get(_form(stem).casefold()) for stem in stems)
        found = next((names for names in loose if names), None)
        return found or (self._numbers.get(int(number[1]), []) if number else [])


def is_same_name(name: str, file: str) -> bool:
    """Whether a name is that of a file up to its Unicode form and slashes."""
    return _form(with_slashes(name)) == _form(file)


def _form(name: str) -> str:
    return unicodedata.normalize("NFC", name)
