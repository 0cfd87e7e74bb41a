"""Keys of a tags task."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import ConfigDict, Field, field_validator, model_validator

from polyhead.errors import ConfigError, DataError, nearest
from polyhead.metrics import Sharing, ThresholdObjective, parse_thresholds
from polyhead.registry import Component, ComponentField
from polyhead.table import Table
from polyhead.tasks.class_names import ClassNames
from polyhead.tasks.labels import natural_order
from polyhead.tasks.tags.decision import Decoder
from polyhead.tasks.tags.encoder import TagsEncoder
from polyhead.tasks.tags.rules import RulesConfig
from polyhead.tasks.tags.tag_cells import label_column, read_labels
from polyhead.tasks.task_config import TaskConfig
from polyhead.tasks.task_encoder import TaskEncoder
from polyhead.tasks.yes_no_columns import ValuesConfig, match_columns

USUAL_THRESHOLDS = Component(name="macro_f1")


def _objective(thresholds: Component) -> tuple[ThresholdObjective, Sharing]:
    return parse_thresholds({"name": thresholds.name, **thresholds.options})


class TagsConfig(TaskConfig):
    """Keys of a tags task."""

    model_config = ConfigDict(serialize_by_alias=True)
    type: Literal["tags"]
    source: str | None = Field(
        default=None,
        alias="from",
        description="A boxes or mask task that the tags are derived from.",
    )
    column: str | None = Field(default=None, description="Delimited or list column.")
    columns: tuple[str, ...] = Field(default=(), description="Multi-hot columns; globs allowed.")
    values: ValuesConfig | None = Field(
        default=None, description="What the cells of `columns` say: {yes: [1], no: [-1]}."
    )
    delimiter: str | None = Field(default=None, description="Found in the cells unless given.")
    none: str | None = Field(default=None, description="Cell text for no labels, besides [].")
    classes: ClassNames = Field(default=(), description="Found in the table unless given.")
    head: ComponentField = Component(name="linear")
    loss: ComponentField = Component(name="bce")
    field: ComponentField | None = Field(
        default=None,
        description="pairwise: couplings between labels, learnt beside the head; "
        "{name: pairwise, rank: 2} where they depend on the image.",
    )
    rules: RulesConfig = Field(default=RulesConfig(), description="Hold in every answer.")
    decoder: Decoder = Field(default="marginals", description="Which answer is the best one.")
    thresholds: ComponentField = USUAL_THRESHOLDS
    conformal: float | None = Field(
        default=None, gt=0, lt=1, description="Share of true labels that `possible` may miss."
    )
    unknown: ComponentField = Component(name="ignore")

    @model_validator(mode="after")
    def _one_source(self) -> TagsConfig:
        keys = {"from": self.source, "column": self.column, "columns": self.columns}
        given = [f"`{key}`" for key, value in keys.items() if value]
        if len(given) > 1:
            found = f"both {given[0]} and {given[1]}" if len(given) == 2 else ", ".join(given)
            raise ValueError(f"found {found}; expected one of them")
        if self.values and not self.columns:
            raise ValueError("found `values` without `columns`; expected both, or `columns` alone")
        return self

    @model_validator(mode="after")
    def _thresholds_decide(self) -> TagsConfig:
        if self.decoder != "marginals" and self.thresholds != USUAL_THRESHOLDS:
            raise ValueError(
                f"found `thresholds` beside `decoder: {self.decoder}`, which uses none; "
                "expected one of them; drop `thresholds`, or set `decoder: marginals`"
            )
        return self

    @field_validator("thresholds")
    @classmethod
    def _thresholds_spelled_right(cls, value: Component) -> Component:
        try:
            _objective(value)
        except ConfigError as error:
            raise ValueError(error.message) from None
        return value

    @property
    def derived_from(self) -> str | None:
        """The key `from`."""
        return self.source

    def threshold_objective(self) -> tuple[ThresholdObjective, Sharing]:
        """What thresholds are chosen for, and how classes share them."""
        return _objective(self.thresholds)

    def resolve(self, name: str, table: Table) -> TagsEncoder:
        """The encoder, with the labels of the table unless they are declared.

        Raises:
            ConfigError: No such column; or the rules name no classes, or contradict each other.
            DataError: The column names no label.
        """
        if self.columns:
            labels = tuple(match_columns(self.columns, table.columns).values())
            return self._over(name, self.classes or labels)
        if self.classes:
            return self._over(name, self.classes)
        column = self.column or name
        found = read_labels(label_column(table, column), self.delimiter, self.none)
        if not found.labels:
            message = f'column "{column}" names no label in any of {len(table)} rows'
            raise DataError(f"{table.source}: {message}; expected some.", [])
        return self._over(name, natural_order(found.labels))

    def encoder(self, name: str, classes: tuple[str, ...]) -> TagsEncoder:
        """The encoder for classes that are known already, as if they had been declared."""
        return self.model_copy(update={"classes": classes})._over(name, classes)

    def derive(self, name: str, source: TaskEncoder) -> TagsEncoder:
        """The encoder of tags with `from`, their classes those of the source unless declared.

        Raises:
            ConfigError: A declared class is neither one of the source's nor implied by one; names
                the nearest.
        """
        encoder = self._over(name, self.classes or source.classes)
        tags = encoder.derivation(source)
        for index in np.flatnonzero(tags.places < 0).tolist():
            if tags.implies is None or not tags.implies[:, index].any():
                label = encoder.classes[index]
                raise ConfigError(
                    f'tasks.{name}: class "{label}" is none of the {len(source.classes)} classes '
                    f"of `from: {source.name}`, and none of these implies it. "
                    f"{nearest(label, source.classes)}"
                )
        return encoder

    def other_outputs(self, before: TaskConfig) -> str:
        """Why couplings between labels start from zero after transfer; empty when they do not."""
        if not isinstance(before, TagsConfig):
            return ""
        then, now = (keys.field.name if keys.field else "none" for keys in (before, self))
        if then != now:
            return f"its field was {then}, not {now}"
        if before.field != self.field:
            return "its field has other options"
        # Labels that a rule joins have no coupling, so that the others stand elsewhere.
        return "its field has other rules" if self.field and before.rules != self.rules else ""

    def _over(self, name: str, classes: tuple[str, ...]) -> TagsEncoder:
        """The encoder over these classes.

        Raises:
            ConfigError: The rules name no classes of it, or contradict each other.
        """
        self.rules.over(classes)
        return TagsEncoder(name, classes, self)
