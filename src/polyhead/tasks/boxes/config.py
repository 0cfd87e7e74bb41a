"""Keys of a boxes task."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from polyhead.errors import DataError
from polyhead.registry import Component, ComponentField
from polyhead.table import OBJECTS, Table
from polyhead.tasks.boxes.box_cells import choose_column, object_classes
from polyhead.tasks.boxes.encoder import BoxesEncoder
from polyhead.tasks.class_names import ClassNames
from polyhead.tasks.task_config import TaskConfig


class BoxesConfig(TaskConfig):
    """Keys of a boxes task."""

    type: Literal["boxes"]
    column: str | None = Field(
        default=None, description="The task's own name, else `objects`, unless given."
    )
    classes: ClassNames = Field(default=(), description="Found in the table unless given.")
    difficult: Literal["ignore", "keep"] = Field(
        default="ignore", description="Objects declared difficult: neither right nor wrong, or any."
    )
    nms: Literal["greedy", "none"] = Field(
        default="greedy", description="none trains a branch that gives one box an object."
    )
    head: ComponentField = Component(name="boxes")
    loss: ComponentField = Component(name="detection")

    @model_validator(mode="before")
    @classmethod
    def _one_to_one(cls, value: Any) -> Any:
        """Give the head the branch that needs no suppression; its loss sees the outputs."""
        if not isinstance(value, dict) or value.get("nms") != "none":
            return value
        return {**value, "head": _with_branch(value.get("head") or "boxes")}

    def resolve(self, name: str, table: Table) -> BoxesEncoder:
        """The encoder, with the classes of the table's objects unless they are declared."""
        column = choose_column(table, self.column, name, OBJECTS)
        classes = self.classes or object_classes(table, column)
        if not classes:
            message = f'column "{column}" names no object in any of {len(table)} rows'
            raise DataError(f"{table.source}: {message}; expected some, or declare `classes`.")
        return BoxesEncoder(name, classes, self)

    def encoder(self, name: str, classes: tuple[str, ...]) -> BoxesEncoder:
        """The encoder for known classes."""
        return BoxesEncoder(name, classes, self.model_copy(update={"classes": classes}))


def _with_branch(head: Any) -> Any:
    """A head as the YAML has it, with the branch switched on."""
    if isinstance(head, Component):
        head = head.model_dump()
    keys = {"name": head} if isinstance(head, str) else head
    return {"one_to_one": "true", **keys} if isinstance(keys, dict) else head
