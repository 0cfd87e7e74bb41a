"""Keys of a mask task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from polyhead.errors import ConfigError, nearest
from polyhead.registry import Component, ComponentField
from polyhead.table import Table, is_objects
from polyhead.table.mask_map import MaskMap, colour_code
from polyhead.table.mask_sources import UNKNOWN_PIXEL
from polyhead.tasks.class_names import ClassNames
from polyhead.tasks.mask.encoder import MaskEncoder
from polyhead.tasks.mask.mask_cells import mask_classes, mask_column
from polyhead.tasks.task_config import TaskConfig


def _several(names: tuple[str, ...]) -> tuple[str, ...]:
    if names and not 2 <= len(names) <= UNKNOWN_PIXEL:
        raise ValueError(f"found {len(names)} of them; expected 2 to {UNKNOWN_PIXEL}")
    return names


class MaskConfig(TaskConfig):
    """Keys of a mask task."""

    type: Literal["mask"]
    column: str | None = Field(
        default=None, description="The task's own name, else `mask`, unless given."
    )
    classes: Annotated[ClassNames, AfterValidator(_several)] = Field(
        default=(), description="In the order of the pixel values; 255 is unknown."
    )
    values: dict[int, str] | None = Field(
        default=None, description="From pixel value to class, such as {0: background, 255: lesion}."
    )
    colours: dict[str, str] | None = Field(
        default=None, description='From colour to class, such as {"128,0,0": road}.'
    )
    ignore: tuple[str, ...] | Literal["others"] = Field(
        default=(), description="Values or colours that are unknown; others: all not declared."
    )
    head: ComponentField = Component(name="mask")
    loss: ComponentField = Component(name="segmentation")

    @model_validator(mode="after")
    def _consistent(self) -> MaskConfig:
        if self.values is not None and self.colours is not None:
            raise ValueError("found both `values` and `colours`; expected one of them")
        _several(self.names())
        unnamed = [name for name in self.names() if self.classes and name not in self.classes]
        if unnamed:
            raise ValueError(
                f'`{self.key}` names the class "{unnamed[0]}", which `classes` lacks; '
                f"{nearest(unnamed[0], self.classes)}"
            )
        self.mask_map(self.classes or self.names())
        return self

    @property
    def key(self) -> str:
        """The key that maps values or colours to classes."""
        return "values" if self.values is not None else "colours"

    def names(self) -> tuple[str, ...]:
        """The classes of `values` or `colours`, in the order of first appearance."""
        return tuple(dict.fromkeys((self.values or self.colours or {}).values()))

    def mask_map(self, classes: Sequence[str]) -> MaskMap:
        """The values or colours of some classes.

        Raises:
            ValueError: Something is no value or no colour, or is both a class and ignored.
        """
        is_colour = self.colours is not None
        ignored = () if self.ignore == "others" else self.ignore
        unknown = [colour_code(text) if is_colour else _whole(text) for text in ignored]
        more = {"is_colour": is_colour, "others_unknown": self.ignore == "others"}
        if not is_colour and self.values is None:
            places = {place: place for place in range(len(classes)) if place not in unknown}
            return MaskMap.of(places, unknown, **more)
        stated = self.colours or self.values or {}
        named = {
            colour_code(key) if isinstance(key, str) else key: name for key, name in stated.items()
        }
        if len(named) < len(stated):
            raise ValueError(f"`{self.key}` writes one colour in two ways; expected each once")
        for text, code in zip(ignored, unknown, strict=True):
            if code in named:
                raise ValueError(f'`ignore` and `{self.key}` both have "{text}"; expected one')
        places = {code: classes.index(name) for code, name in named.items()}
        return MaskMap.of(places, unknown, is_declared=True, **more)

    def resolve(self, name: str, table: Table) -> MaskEncoder:
        """The encoder, with the classes of segmented objects unless they are declared."""
        column = mask_column(table, self.column, name)
        if (self.values or self.colours) and is_objects(table.column(column).type):
            raise ConfigError(
                f'tasks.{name}: column "{column}" holds objects with outlines, whose labels are '
                f"the classes; `{self.key}` is for mask images; remove it, or name their column."
            )
        classes = self.classes or self.names() or mask_classes(table, column)
        return MaskEncoder(name, classes, self)

    def encoder(self, name: str, classes: tuple[str, ...]) -> MaskEncoder:
        """The encoder for known classes."""
        return MaskEncoder(name, classes, self.model_copy(update={"classes": classes}))


def _whole(text: str) -> int:
    if not text.strip().isdecimal():
        raise ValueError(f'found "{text}" in `ignore`; expected pixel values such as 255')
    return int(text)
