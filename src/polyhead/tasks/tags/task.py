"""Task type `tags`: any number of labels per picture, each yes, no or unknown."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import ConfigDict, Field, field_validator, model_validator

from polyhead.errors import ConfigError, DataError, nearest
from polyhead.field import PairwiseField, find_violations
from polyhead.metrics import Sharing, ThresholdObjective, parse_thresholds
from polyhead.predictions import TagsPrediction
from polyhead.registry import Component, ComponentField
from polyhead.table import Table
from polyhead.tasks.class_names import ClassNames
from polyhead.tasks.class_thresholds import read_thresholds
from polyhead.tasks.labels import natural_order, one_sided_faults, support_faults
from polyhead.tasks.tags.cells import label_column, read_labels
from polyhead.tasks.tags.decision import Decoder, TagDecision
from polyhead.tasks.tags.encoding import encode_delimited
from polyhead.tasks.tags.meter import TagsTaskMeter
from polyhead.tasks.tags.rules import RulesConfig, rule_faults
from polyhead.tasks.task import UNKNOWN, Dense, Encoding, Task, TaskConfig
from polyhead.tasks.yes_no_columns import ValuesConfig, encode_columns, match_columns

USUAL_THRESHOLDS = Component(name="macro_f1")


def _cut_by(thresholds: Component) -> tuple[ThresholdObjective, Sharing]:
    return parse_thresholds({"name": thresholds.name, **thresholds.options})


class TagsConfig(TaskConfig):
    """Keys of a tags task."""

    model_config = ConfigDict(serialize_by_alias=True)
    type: Literal["tags"]
    source: str | None = Field(
        default=None, alias="from", description="A boxes or mask task that tells the tags."
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
        "{name: pairwise, rank: 2} where they depend on the picture.",
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
                f"found `thresholds` beside `decoder: {self.decoder}`, which goes by none; "
                "expected one of them; drop `thresholds`, or set `decoder: marginals`"
            )
        return self

    @field_validator("thresholds")
    @classmethod
    def _thresholds_spelled_right(cls, value: Component) -> Component:
        try:
            _cut_by(value)
        except ConfigError as error:
            raise ValueError(error.message) from None
        return value

    def cut_by(self) -> tuple[ThresholdObjective, Sharing]:
        """What thresholds are chosen for, and how classes share them."""
        return _cut_by(self.thresholds)

    def resolve(self, name: str, table: Table) -> TagsTask:
        """The task with its classes, which the table tells unless they are declared.

        Tags `from` another task are told by that task: `tags_from`.
        """
        assert self.source is None
        if self.columns:
            labels = tuple(match_columns(self.columns, table.columns).values())
            return self.settle(name, self.classes or labels)
        if self.classes:
            return self.settle(name, self.classes)
        column = self.column or name
        found = read_labels(label_column(table, column), self.delimiter, self.none)
        if not found.labels:
            message = f'column "{column}" names no label in any of {len(table)} rows'
            raise DataError(f"{table.source}: {message}; expected some.", [])
        return self.settle(name, natural_order(found.labels))

    def settle(self, name: str, classes: tuple[str, ...]) -> TagsTask:
        """The task over these classes, before anything is fitted.

        Raises:
            ConfigError: The rules name no classes of it, or contradict each other.
        """
        rules = self.rules.settle(classes)
        field = PairwiseField.independent(len(classes), rules) if rules else None
        return TagsTask(name, classes, self, TagDecision(decoder=self.decoder, field=field))


@dataclass(frozen=True)
class TagsTask(Task):
    """A tags task whose L classes are settled.

    Attributes:
        name: Key in the YAML.
        classes: The L labels.
        config: Where the labels stand in the table; None once trained.
        decision: How labels are chosen; thresholds are fitted after training.
    """

    type: ClassVar[str] = "tags"
    score_name: ClassVar[str] = "mAP"
    name: str
    classes: tuple[str, ...]
    config: TagsConfig | None = None
    decision: TagDecision = dataclasses.field(default_factory=TagDecision)

    @property
    def never_given(self) -> list[str]:
        """Labels that no answer holds, as no threshold met what was asked."""
        found = self.decision.intervals
        return self._decided(() if found is None else found.unreachable)

    @property
    def always_given(self) -> list[str]:
        """Labels that every answer holds, as too few positives tell which threshold finds them."""
        found = self.decision.intervals
        return self._decided(() if found is None else found.unlimited)

    def _decided(self, mask: Sequence[bool]) -> list[str]:
        """Labels by a mask, where thresholds are what decides."""
        return self._names(np.array(mask, bool)) if self.decision.decoder == "marginals" else []

    def encode(self, table: Table, sizes: np.ndarray | None = None) -> Encoding:  # noqa: ARG002
        """(N, L) int8: 1 yes, 0 no, -1 unknown."""
        config = self.config
        assert config is not None
        if config.columns:
            targets, faults = encode_columns(table, config.columns, self.classes, config.values)
        else:
            targets, faults = encode_delimited(
                table,
                config.column or self.name,
                self.classes,
                delimiter=config.delimiter,
                none=config.none,
                is_declared=bool(config.classes),
            )
        positives = (targets == 1).sum(0)
        faults += support_faults(self.classes, positives, table.source, faults)
        faults += one_sided_faults(self.classes, targets, table.source, faults)
        faults += rule_faults(table, targets, config.rules.settle(self.classes))
        return Encoding(targets, faults)

    def read_from(self, config: TagsConfig) -> TagsTask:
        """The same classes as if they had been declared."""
        return replace(self, config=config.model_copy(update={"classes": self.classes}))

    def known(self, targets: np.ndarray) -> np.ndarray:
        """Cells that are yes or no."""
        return targets != UNKNOWN

    def stratify(self, targets: np.ndarray) -> np.ndarray:
        """The targets themselves."""
        return targets

    def conditioned(self, told: Mapping[str, bool]) -> TagsTask:
        """The same task, asked with what is known of every picture already.

        Args:
            told: Label to whether it holds.

        Raises:
            ConfigError: No such label, or what is told breaks the rules.
        """
        given = np.full(len(self.classes), UNKNOWN, np.int8)
        for label, holds in told.items():
            if label not in self.classes:
                hint = nearest(label, self.classes)
                raise ConfigError(f'task "{self.name}" has no label "{label}". {hint}')
            given[self.classes.index(label)] = holds
        broken = find_violations(self.decision.rules, given[None])
        if broken:
            raise ConfigError(f"what is given breaks a rule: {broken[0][1]}.")
        return replace(self, decision=replace(self.decision, given=tuple(given.tolist())))

    def select(self, dense: Dense, sizes: np.ndarray) -> list[TagsPrediction]:  # noqa: ARG002
        """Labels as the decision chooses them: at their thresholds unless told otherwise."""
        chances = self.decision.probabilities(dense)
        chosen = self.decision.labels(dense, chances)
        likely = self.decision.possible(chances)
        predictions = []
        for row, labels, possible in zip(chances, chosen, likely, strict=True):
            probabilities = dict(zip(self.classes, map(float, row), strict=True))
            maybe = None if possible is None else self._names(possible)
            predictions.append(TagsPrediction(self._names(labels), probabilities, maybe))
        return predictions

    def _names(self, mask: np.ndarray) -> list[str]:
        return [self.classes[i] for i in np.flatnonzero(mask)]

    def meter(self) -> TagsTaskMeter:
        """Figures of this task's answers."""
        return TagsTaskMeter(self)

    @classmethod
    def from_dict(cls, name: str, entry: Mapping[str, Any]) -> TagsTask:
        """From type, classes and how labels are chosen.

        Raises:
            CheckpointError: The thresholds are not one a class.
        """
        read_thresholds(name, entry)  # refuses those of other classes
        return cls(name, tuple(entry["classes"]), decision=TagDecision.from_dict(entry))

    def to_dict(self) -> dict[str, Any]:
        """Type, classes in order, thresholds, and what else decides."""
        thresholds = list(self.decision.thresholds or (0.5,) * len(self.classes))
        own = {"type": self.type, "classes": list(self.classes), "thresholds": thresholds}
        return {**own, **self.decision.to_dict()}
