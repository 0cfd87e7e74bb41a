"""Keys of a number task."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from polyhead.registry import Component, ComponentField
from polyhead.table import Table
from polyhead.tasks.number.encoder import NumberEncoder
from polyhead.tasks.task_config import TaskConfig

KINDS = {"poisson": "an expected count", "normal": "a number and its 80 % interval"}


class NumberConfig(TaskConfig):
    """Keys of a number task."""

    type: Literal["number"]
    column: str | None = Field(default=None, description="The task's own name unless given.")
    range: tuple[float, float] | None = Field(
        default=None, description="[lowest, highest] that is possible; answers stay inside."
    )
    distribution: Literal["normal", "poisson"] | None = Field(
        default=None, description="normal adds an 80 % interval; poisson is for counts."
    )
    head: ComponentField = Component(name="mlp")
    loss: ComponentField = Component(name="huber")

    @field_validator("range")
    @classmethod
    def _ascending(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and not value[0] < value[1]:
            raise ValueError(f"found {list(value)}; expected the lowest first")
        return value

    @model_validator(mode="before")
    @classmethod
    def _loss_of_distribution(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("distribution") in ("normal", "poisson"):
            return {"loss": value["distribution"], **value}
        return value

    @model_validator(mode="after")
    def _one_distribution(self) -> NumberConfig:
        if self.distribution not in (None, self.loss.name):
            raise ValueError(
                f"found distribution {self.distribution} and loss {self.loss.name}; expected the "
                "same in both; leave one of them out"
            )
        return self

    @property
    def is_count(self) -> bool:
        """Whether the number counts things."""
        return self.loss.name == "poisson"

    def resolve(self, name: str, table: Table) -> NumberEncoder:  # noqa: ARG002
        """The encoder; a number has no classes to find in the table."""
        return NumberEncoder(name, self)

    def encoder(self, name: str, classes: tuple[str, ...]) -> NumberEncoder:  # noqa: ARG002
        """The encoder; a number has no classes."""
        return NumberEncoder(name, self)

    def answers(self) -> str:
        """What kind of number, and its range."""
        kind = KINDS.get(self.loss.name, "a number")
        return kind if self.range is None else f"{kind} from {self.range[0]:g} to {self.range[1]:g}"
