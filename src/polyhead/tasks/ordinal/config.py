"""Keys of an ordinal task."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import pairwise
from typing import Literal

from pydantic import Field, field_validator

from polyhead.registry import Component, ComponentField
from polyhead.table import Table
from polyhead.tasks.class_names import ClassNames
from polyhead.tasks.ordinal.encoder import OrdinalEncoder
from polyhead.tasks.ordinal.grade_cells import find_grades, whole_number
from polyhead.tasks.task_config import TaskConfig

MAX_OFFERED = 11  # different whole numbers: 0 to 10
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_GRADES = re.compile(
    "grad(?:e|es|ing)|stag(?:e|es|ing)|severity|ratings?|stars?|scores?|levels?|likert|tier|"
    "quality|degree|birads|rads"
)
_NAMES = re.compile(r"class(?:es)?|categor(?:y|ies)|labels?|tags?|species|breeds?|ids?|codes?")


class OrdinalConfig(TaskConfig):
    """Keys of an ordinal task."""

    type: Literal["ordinal"]
    column: str | None = Field(default=None, description="The task's own name unless given.")
    classes: ClassNames = Field(
        default=(), description="The grades, lowest first; whole numbers are found in the table."
    )
    head: ComponentField = Component(name="mlp")
    loss: ComponentField = Component(name="cumulative_link")

    @field_validator("classes")
    @classmethod
    def _in_order(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(value) == 1:
            raise ValueError(f'found one grade, "{value[0]}"; expected at least 2, lowest first')
        found = [whole_number(grade) for grade in value]
        numbers = [number for number in found if number is not None]
        rising = [low < high for low, high in pairwise(numbers)]
        if len(numbers) == len(value) and len(set(rising)) > 1:
            raise ValueError(
                f"found {', '.join(value)}; expected whole numbers in their order, lowest first"
            )
        return value

    def resolve(self, name: str, table: Table) -> OrdinalEncoder:
        """The encoder, with the grades of the table unless they are declared.

        Raises:
            ConfigError: No such column; names the nearest.
            DataError: The column does not hold whole numbers that are grades.
        """
        classes = self.classes or find_grades(table, self.column or name)
        return OrdinalEncoder(name, classes, self)

    def encoder(self, name: str, classes: tuple[str, ...]) -> OrdinalEncoder:
        """The encoder for grades that are known already, as if they had been declared."""
        return OrdinalEncoder(name, classes, self.model_copy(update={"classes": classes}))

    @classmethod
    def offered_for(cls, column: str, cells: Collection[str], decided: str) -> str:
        """Why `init` offers such a task beside the one that it proposes; empty where it does not.

        It does for 0, 1, 2, … or 1, 2, 3, … of a column that is called a grade, or that names
        classes by numbers alone.

        Args:
            column: Its name.
            cells: Its different cells, without those that say that nothing is known.
            decided: The type that is proposed.
        """
        values = {whole_number(cell) for cell in cells}
        grades = sorted(value for value in values if value is not None)
        if len(grades) < len(values) or not 3 <= len(grades) <= MAX_OFFERED:
            return ""
        if grades[0] not in (0, 1) or grades[-1] - grades[0] >= len(grades):
            return ""
        words = [word.lower() for word in _WORDS.findall(column)]
        if any(map(_GRADES.fullmatch, words)):
            return f"grades from {grades[0]} to {grades[-1]} in an order, by the name of the column"
        if decided == "class" and not any(map(_NAMES.fullmatch, words)):
            return f"whole numbers from {grades[0]} to {grades[-1]} may be grades in an order"
        return ""
