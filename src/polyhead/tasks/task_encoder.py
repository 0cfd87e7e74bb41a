"""From a config and a table to targets: one half of every task type."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from polyhead.errors import Fault
from polyhead.table import Table
from polyhead.tasks.statistics import LabelCounts, Statistics
from polyhead.tasks.steps import Step
from polyhead.tasks.targets import Size, Targets
from polyhead.tasks.task_decider import TaskDecider

if TYPE_CHECKING:
    from polyhead.progress import Reporter


@dataclass(frozen=True)
class Encoding:
    """The targets of one task over a table.

    Attributes:
        targets: N rows, an (N, …) array or columns of its own kind.
        faults: What cannot be encoded; such cells are unknown in `targets`.
    """

    targets: Targets
    faults: Sequence[Fault]


class Derivation(Protocol):
    """How the targets of a task follow from those of another."""

    def encode(self, targets: Targets) -> Targets:
        """The targets of all rows, from those of the other task."""
        ...

    def recompute(self, target: Any, before: Any) -> Any:
        """The target of an augmented image, from that of the other task.

        Args:
            target: Of the other task, after augmentation.
            before: This task's, before augmentation.
        """
        ...


class TaskEncoder(ABC):
    """From a config and a table to targets, and how targets follow what happens to an image.

    Attributes:
        type: The name in the YAML.
        name: The key in the YAML, the name of the head everywhere.
        classes: Names in the order of the outputs.
        config: The task's keys.
        is_spatial: Whether targets say where in an image something is.
    """

    type: ClassVar[str]
    is_spatial: ClassVar[bool] = False
    name: str
    classes: tuple[str, ...]
    config: Any

    @abstractmethod
    def encode(self, table: Table, sizes: np.ndarray | None = None) -> Encoding:
        """Targets of all rows, and what is wrong with them.

        Args:
            table: N rows.
            sizes: (N, 2) height and width of the displayed images, 0 where unreadable; only
                spatial tasks read it.
        """

    def examine(
        self, targets: Targets, table: Table, reporter: Reporter
    ) -> tuple[Targets, Sequence[Fault]]:
        """The targets after a look into files that `encode` left closed, and what is wrong there.

        Args:
            targets: As encoded.
            table: They come from.
            reporter: Shows how far it is.
        """
        del table, reporter
        return targets, ()

    @abstractmethod
    def known(self, targets: Targets) -> np.ndarray:
        """Which cells count: bool; (N, …), the shape of `targets` when that is an array."""

    def stack(self, samples: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
        """The targets of a batch and which of their cells are known.

        Args:
            samples: B times one row of the targets, as augmentation left it.
        """
        targets = np.stack(samples)
        return targets, self.known(targets)

    @abstractmethod
    def label_matrix(self, targets: Targets) -> np.ndarray:
        """(N, C) int8 of 1 yes, 0 no, -1 unknown: what the split balances and losses count."""

    def statistics(self, targets: Targets) -> Statistics:
        """What the task's loss needs to know of the training part.

        Args:
            targets: Of the training rows.
        """
        labels = self.label_matrix(targets)
        known = labels >= 0
        return LabelCounts((labels == 1).sum(0), known.sum(0), int(known.any(1).sum()))

    def sample(self, targets: Targets, row: int, size: Size) -> Any:
        """The target of one row for an image that was resized.

        Args:
            targets: Of the table.
            row: Of the table.
            size: Height and width of the resized image.
        """
        del size
        return targets[row]

    def move(self, target: Any, steps: Sequence[Step], size: Size) -> Any:
        """The target of one image after geometric steps.

        Args:
            target: As `sample` gives it.
            steps: What the image went through.
            size: Height and width of the image, before and after.
        """
        del steps, size
        return target

    @abstractmethod
    def join(self, targets: Sequence[Any], *, overlaid: bool) -> Any:
        """What is true of an image that shows several whole images.

        Args:
            targets: Of each, moved to where its image is shown.
            overlaid: Whether images shine through each other; else they lie side by side.
        """

    def labels_in(self, target: Any, before: np.ndarray) -> np.ndarray:
        """(C,) int8 of 1 yes, 0 no, -1 unknown: which classes an augmented image shows.

        Spatial tasks alone can say it; tags that follow from them are computed again so.

        Args:
            target: Of the image, after augmentation.
            before: (C,) the same before augmentation.
        """
        raise NotImplementedError(f"{self.type} targets do not say where something is")

    def searched(self, target: Any) -> np.ndarray:
        """(…, C) bool: the classes that images were annotated for; of spatial tasks alone.

        Args:
            target: Of one image, or the targets of N.
        """
        raise NotImplementedError(f"{self.type} targets do not say where something is")

    def derivation(self, source: TaskEncoder) -> Derivation:
        """How the targets follow from those of the task that `config.derived_from` names."""
        raise NotImplementedError(f"{self.type} tasks follow from no other ({source.name})")

    @abstractmethod
    def decider(self) -> TaskDecider:
        """The decider, before anything was fitted."""
