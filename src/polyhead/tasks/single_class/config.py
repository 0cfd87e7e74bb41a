"""Keys of a class task."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from polyhead.errors import DataError
from polyhead.registry import Component, ComponentField
from polyhead.table import Table
from polyhead.tasks.class_names import ClassNames
from polyhead.tasks.single_class.class_cells import class_cells
from polyhead.tasks.single_class.encoder import ClassEncoder
from polyhead.tasks.single_class.names import name_classes
from polyhead.tasks.task_config import TaskConfig
from polyhead.tasks.yes_no_columns import ValuesConfig, match_columns


class ClassConfig(TaskConfig):
    """Keys of a class task."""

    type: Literal["class"]
    column: str | None = Field(default=None, description="The task's own name unless given.")
    columns: tuple[str, ...] = Field(
        default=(), description="Yes/no columns of which each row says yes in one; globs allowed."
    )
    values: ValuesConfig | None = Field(
        default=None, description="What the cells of `columns` say: {yes: [1], no: [-1]}."
    )
    classes: ClassNames = Field(default=(), description="Found in the table unless given.")
    head: ComponentField = Component(name="linear")
    loss: ComponentField = Component(name="cross_entropy")

    @model_validator(mode="after")
    def _one_source(self) -> ClassConfig:
        if self.column and self.columns:
            raise ValueError("found both `column` and `columns`; expected one of them")
        if self.values and not self.columns:
            raise ValueError("found `values` without `columns`; expected both, or `columns` alone")
        return self

    def resolve(self, name: str, table: Table) -> ClassEncoder:
        """The encoder, with the classes of the table unless they are declared.

        Raises:
            ConfigError: No such column; names the nearest.
            DataError: The column holds fewer than two classes.
        """
        if self.columns:
            labels = tuple(match_columns(self.columns, table.columns).values())
            return ClassEncoder(name, self.classes or labels, self)
        if self.classes:
            return ClassEncoder(name, self.classes, self)
        column = self.column or name
        _, texts = class_cells(table, column)
        found = name_classes(texts)
        if len(found.classes) < 2:
            aside = f" ({', '.join(found.unknown[:5])} are read as unknown)" * bool(found.unknown)
            raise DataError(
                f'{table.source} column "{column}" holds {len(found.classes)} distinct classes in '
                f"{len(table)} rows{aside}; expected at least 2; declare `classes` or mend the "
                "column."
            )
        return ClassEncoder(name, found.classes, self)

    def encoder(self, name: str, classes: tuple[str, ...]) -> ClassEncoder:
        """The encoder for classes that are known already, as if they had been declared."""
        return ClassEncoder(name, classes, self.model_copy(update={"classes": classes}))
