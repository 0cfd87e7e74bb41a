"""Read the lines of one YOLO label file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

_BOX_WORDS = 5
_POLYGON_WORDS = 7


Problem = tuple[int, str, str]
"""Line number, code and message of a fault."""


@dataclass
class YoloObjects:
    """Objects of many label files, one after the other.

    Attributes:
        names: Class number to name; empty where no file lists the classes.
        num_key_values: Numbers of the key points behind each box; 0 where data.yaml has none.
        num_posed: Objects whose key points were left out.
        counts: Objects of each file.
        classes: M class numbers.
        boxes_xyxy: M boxes, in fractions of the image's sides.
        segmentations: M JSON texts of polygons in fractions, or None.
    """

    names: Mapping[int, str]
    num_key_values: int = 0
    num_posed: int = 0
    counts: list[int] = field(default_factory=list)
    classes: list[int] = field(default_factory=list)
    boxes_xyxy: list[list[float]] = field(default_factory=list)
    segmentations: list[str | None] = field(default_factory=list)

    def add_file(self, text: str) -> list[Problem]:
        """Read one file; a line that cannot be read is left out.

        A line is `class x_centre y_centre width height`, in a data set with key points with theirs
        behind it; or without key points a class and the x and y of at least three points of an
        outline: its box is the box around them.

        Returns:
            What is wrong with each line left out.
        """
        before, problems = len(self.classes), list[Problem]()
        for number, line in enumerate(text.splitlines(), start=1):
            words = line.split()
            if words:
                problem = self._add(words)
                if problem:
                    problems.append((number, *problem))
        self.counts.append(len(self.classes) - before)
        return problems

    def _is_right_length(self, num_words: int) -> bool:
        if num_words == _BOX_WORDS or self.num_key_values:
            return num_words in (_BOX_WORDS, _BOX_WORDS + self.num_key_values)
        return num_words >= _POLYGON_WORDS and num_words % 2 == 1

    def _add(self, words: list[str]) -> tuple[str, str] | None:
        if not self._is_right_length(len(words)):
            return "E_YOLO_LINE", _about_length(words, self.num_key_values)
        try:
            kind, *values = map(float, words)
        except ValueError:
            return "E_YOLO_LINE", f"found {' '.join(words)[:60]!r}; expected numbers only"
        if not kind.is_integer() or kind < 0:
            return "E_YOLO_LINE", f"the class is {words[0]}; expected its number: 0, 1, 2, …"
        if self.names and int(kind) not in self.names:
            shown = (
                f"0 to {len(self.names) - 1}"
                if 0 in self.names
                else ", ".join(map(str, self.names))
            )
            return "E_CLASS_NUMBER", f"there is no class {int(kind)}; expected {shown}"
        self.classes.append(int(kind))
        if len(words) == _BOX_WORDS or self.num_key_values:
            self.num_posed += len(words) > _BOX_WORDS
            x, y, width, height = values[:4]
            box = [x - width / 2, y - height / 2, x + width / 2, y + height / 2]
            self.segmentations.append(None)
        else:
            across, down = values[::2], values[1::2]
            box = [min(across), min(down), max(across), max(down)]
            self.segmentations.append(json.dumps([values]))
        self.boxes_xyxy.append(box)
        return None


def _about_length(words: list[str], num_key_values: int) -> str:
    if num_key_values:
        return (
            f"found {len(words)} numbers; expected 5 (class, x, y, width, height), or "
            f"{_BOX_WORDS + num_key_values} with the key points of kpt_shape"
        )
    hint = "; is the sixth a score? give annotations, not predictions" if len(words) == 6 else ""
    return (
        f"found {len(words)} numbers; expected 5 (class, x, y, width, height) or a class and at "
        f"least three points{hint}"
    )
