"""The proposal of `polyhead init`: one decision for each column, with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from polyhead.config_guess.image_size import ImageSize
from polyhead.config_guess.recipe import Recipe
from polyhead.data import OwnSplit
from polyhead.errors import Fault
from polyhead.formats import Source


@dataclass(frozen=True)
class Decision:
    """A decision on some columns, with its reason.

    Attributes:
        columns: Their names, as in the table.
        task: Name of the task that learns them, or None when they are no task.
        type: The task type, or what else they hold: image, split, group, identifier, date, text,
            constant, empty.
        reason: One plain sentence with the numbers seen.
        labels: The labels of the task.
        keys: Keys of the task in the YAML, besides `type`: text, lists of text, or mappings.
        is_offer: Whether the task is one that the user may add, and not part of the guess.
        may_add: More keys, which the user may add to the task.
        may_add_why: Reason for them.
    """

    columns: tuple[str, ...]
    task: str | None
    type: str
    reason: str
    labels: tuple[str, ...] = ()
    keys: Mapping[str, Any] = field(default_factory=dict)
    is_offer: bool = False
    may_add: Mapping[str, Any] = field(default_factory=dict)
    may_add_why: str = ""


@dataclass(frozen=True)
class Proposal:
    """A guess at a config.

    Attributes:
        images: Folder of the images; None when the annotations know where they are.
        sources: The tables and folders as they were read.
        image_column: The column that names the images, where the user named it.
        num_rows: Rows of the table.
        num_sampled: Rows that columns with many different cells were judged by.
        decisions: Tasks and other columns, in the order of the table.
        image_size: Guess at the image size for boxes and masks; None without such a task.
        recipe: How the tasks are learnt; None for the defaults.
        faults: Faults of the readers; rows and cells that these left out are not in the guess.
        table_keys: Further keys of `data` that the user set for reading the tables.
        own_split: The user's own train, val and test rows; None where the data hold none.
        split_problem: Why the user's own split cannot be used.
        group_by: The column whose rows are to stay in one part.
        notes: Which files of a folder are read and which are not, in words.
        missing: A sentence where most of the images are missing in their folder.
    """

    images: Path | None
    sources: tuple[Source, ...]
    image_column: str | None
    num_rows: int
    num_sampled: int
    decisions: tuple[Decision, ...]
    image_size: ImageSize | None = None
    recipe: Recipe | None = None
    faults: tuple[Fault, ...] = ()
    table_keys: Mapping[str, str] = field(default_factory=dict)
    own_split: OwnSplit | None = None
    split_problem: str | None = None
    group_by: str | None = None
    notes: tuple[str, ...] = ()
    missing: str | None = None

    @property
    def tasks(self) -> tuple[Decision, ...]:
        """The decisions that became tasks."""
        return tuple(d for d in self.decisions if d.task is not None and not d.is_offer)

    @property
    def offers(self) -> tuple[Decision, ...]:
        """The tasks that the user may add."""
        return tuple(decision for decision in self.decisions if decision.is_offer)

    @property
    def others(self) -> tuple[Decision, ...]:
        """The columns that are no task."""
        return tuple(decision for decision in self.decisions if decision.task is None)

    @property
    def split_column(self) -> str | None:
        """The one column that holds the user's own split, where there is one."""
        return None if self.own_split is None else self.own_split.column

    @property
    def group_columns(self) -> tuple[str, ...]:
        """Columns whose rows may belong together."""
        return tuple(d.columns[0] for d in self.others if d.type == "group")
