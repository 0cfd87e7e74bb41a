"""The keys that every task has."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection
from typing import Any

from pydantic import Field

from polyhead.registry import ComponentField
from polyhead.table import Table
from polyhead.tasks.section import Section
from polyhead.tasks.task_encoder import TaskEncoder


class TaskConfig(Section):
    """Keys that every task has."""

    type: Any
    head: ComponentField
    loss: ComponentField
    weight: float = Field(default=1.0, gt=0, description="Factor of this task's loss in the sum.")
    freeze: bool = Field(
        default=False, description="The head keeps the weights that --init-from gives it."
    )

    @property
    def derived_from(self) -> str | None:
        """The task that this one's targets are derived from; None for those of the table."""
        return None

    @abstractmethod
    def resolve(self, name: str, table: Table) -> TaskEncoder:
        """The encoder, with the classes found in the table unless they are declared.

        Raises:
            ConfigError: A column is not there; names the nearest.
            DataError: The table has no classes.
        """
        raise NotImplementedError

    @abstractmethod
    def encoder(self, name: str, classes: tuple[str, ...]) -> TaskEncoder:
        """The encoder for classes that are known already, as if they had been declared."""
        raise NotImplementedError

    def derive(self, name: str, source: TaskEncoder) -> TaskEncoder:
        """The encoder of a task whose targets follow from those of another.

        Raises:
            ConfigError: The type follows from no other task.
        """
        raise NotImplementedError(f"{self.type} tasks follow from no other ({name}, {source.name})")

    @classmethod
    def offered_for(cls, column: str, cells: Collection[str], decided: str) -> str:
        """Why `init` offers such a task beside the one that it proposes; empty where it does not.

        Args:
            column: Its name.
            cells: Its different cells, without those that say that nothing is known.
            decided: The type that is proposed.
        """
        del column, cells, decided
        return ""

    def answers(self) -> str:
        """What the model card says the task answers; empty where the classes say it."""
        return ""

    def other_outputs(self, before: TaskConfig) -> str:
        """Why outputs besides those of the classes mean something else than in an earlier run.

        Args:
            before: The task of the same name and type in that run.
        """
        del before
        return ""
