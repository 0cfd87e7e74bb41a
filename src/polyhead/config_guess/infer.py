"""From the columns of a table to a guess at its tasks, with a reason for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from polyhead.config.annotations import SourceConfig
from polyhead.config_guess.bookkeeping import bookkeeping
from polyhead.config_guess.column_profile import (
    ColumnProfile,
    profile_columns,
    spread_rows,
)
from polyhead.config_guess.column_rules import decide
from polyhead.config_guess.folder_sources import (
    as_sources,
    find_sources,
    missing_images,
)
from polyhead.config_guess.image_size import guess_image_size
from polyhead.config_guess.label_rules import folder_classes
from polyhead.config_guess.mask_rules import mask_task
from polyhead.config_guess.object_rules import (
    belongs_to_objects,
    object_columns,
    objects_tasks,
)
from polyhead.config_guess.proposal import Decision, Proposal
from polyhead.config_guess.split_rules import (
    holds_split,
    own_split,
    subject_decisions,
)
from polyhead.config_guess.supercategory_rules import with_rules
from polyhead.config_guess.task_names import task_name
from polyhead.config_guess.yes_no_columns import group_columns, is_yes_no
from polyhead.config_guess.yes_no_tasks import decide_group
from polyhead.data import OwnSplit
from polyhead.errors import DataError, Fault
from polyhead.formats import BoxFormat, Rows, Source, mask_pairs, read_tables
from polyhead.formats.images.image_files import list_files
from polyhead.formats.images.image_folder import ImageFolder
from polyhead.table import Table
from polyhead.tasks import SPATIAL_TYPES, TASK_TYPES


def propose(
    images: Path | None,
    annotations: Sequence[Path],
    image_column: str | None = None,
    *,
    rows: Rows | None = None,
    box_format: BoxFormat | None = None,
) -> Proposal:
    """Guess the tasks from the columns.

    Args:
        images: Folder of the images; None when the annotations know where they are.
        annotations: One or several files or folders, as `data.annotations` takes them.
        image_column: The column that names the images; found when None.
        rows: What a row of a table is; found when None.
        box_format: What four numbers of a box are, where the files leave it open.

    Raises:
        ConfigError: There is no such file, folder or column.
        DataError: A file cannot be read, or no column can be learnt (`E_NO_TASK`, one fault a
            column).
    """
    default = Source(Path(), images, image_column, rows=rows, box_format=box_format)
    notes: tuple[str, ...] = ()
    if images is None and len(annotations) == 1 and annotations[0].is_dir():
        found = find_sources(annotations[0], default)
        images, notes = found.images, found.notes
        sources = as_sources(found, default)
    else:
        sources = _sources(annotations, default)
    table = _read(sources, notes)
    is_folder = any(source.path.is_dir() for source in sources)
    own, problem = own_split(table, ())
    decided, group_by = _decide(table, is_folder, own)
    decisions = _name_tasks(decided)
    if not any(decision.task for decision in decisions):
        raise _nothing_to_learn(table, decisions)
    keys = {"rows": rows, "box_format": box_format}
    is_spatial = any(decision.task and decision.type in SPATIAL_TYPES for decision in decisions)
    paths = table.paths() if is_spatial else []
    return Proposal(
        sources[0].images if len(sources) == 1 else images,
        sources,
        image_column,
        len(table),
        len(spread_rows(len(table))),
        tuple(decisions),
        guess_image_size(paths) if is_spatial else None,
        faults=table.faults,
        table_keys={key: text for key, text in keys.items() if text},
        own_split=own,
        split_problem=problem,
        group_by=group_by,
        notes=notes,
        missing=missing_images(table),
    )


def _read(sources: Sequence[Source], notes: Sequence[str]) -> Table:
    """The table; an error also says why other files of the folder were not read."""
    try:
        return read_tables(sources)
    except DataError as error:
        if not notes:
            raise
        message = "; ".join([error.message.rstrip("."), *notes])
        first, *others = error.faults
        raise DataError(f"{message}.", [replace(first, message=f"{message}."), *others]) from error


def _sources(annotations: Sequence[Path], default: Source) -> tuple[Source, ...]:
    """The files as the config that is to be written will name them."""
    images = default.images
    if len(annotations) > 1:
        folders = [None if _holds_own_images(path, images) else images for path in annotations]
        return tuple(
            SourceConfig(path=path, images=folder if path.is_dir() else None).source(default)
            for path, folder in zip(annotations, folders, strict=True)
        )
    (path,) = annotations
    is_same = images is not None and path.is_dir() and images.is_dir() and path.samefile(images)
    return (replace(default, path=path, images=None if is_same else images),)


def _holds_own_images(path: Path, images: Path | None) -> bool:
    """Whether a folder of annotations has its images in it or beside it: masks have not."""
    if not path.is_dir() or not ImageFolder.find(path, list(list_files(path)), None).names:
        return False
    if images is None or not images.is_dir() or path.samefile(images):
        return True
    return mask_pairs.read_beside(images, path) is None


def _decide(
    table: Table, is_folder: bool, own: OwnSplit | None
) -> tuple[list[Decision], str | None]:
    """Decisions in the order of the table, and the column whose rows are to stay together.

    A group of columns has the place of its first column.
    """
    decided: dict[str, list[Decision]] = {
        name: [decision] if decision else [] for name, decision in belongs_to_objects(table).items()
    }
    decided |= {name: objects_tasks(table, name) for name in object_columns(table)}
    decided |= bookkeeping(table)
    subjects, group_by = subject_decisions(table, own, decided)
    decided |= subjects
    columns = profile_columns(table, without=decided)
    yes_no = [c for c in columns if is_yes_no(c) and not holds_split(c)]
    for group in group_columns(yes_no):
        if group.members:
            found = decide_group(group, table)
            decided |= dict.fromkeys(found[0].columns, found)
    for column in columns:
        if is_folder and column.name == "class" and len(column.texts) > 1:
            decided[column.name] = [folder_classes(column)]
        elif column.name not in decided:
            decided[column.name] = _decide_one(table, column)
    in_order = {id(each): each for name in table.columns for each in decided[name]}
    objects = object_columns(table)
    return [with_rules(decision, table, objects) for decision in in_order.values()], group_by


def _decide_one(table: Table, column: ColumnProfile) -> list[Decision]:
    """The decision on one column, and the tasks that it might be instead."""
    decision = decide(column)
    if decision.type == "image":
        return [mask_task(table, column)]
    return [decision, *(_offers(column, decision) if decision.task else ())]


def _offers(column: ColumnProfile, decision: Decision) -> Iterator[Decision]:
    """Offers of task types that may fit the column as well (`offered_for`)."""
    for name, kind in TASK_TYPES.items():
        if reason := kind.config.offered_for(column.name, column.texts, decision.type):
            task, keys = f"{column.name}_{name}", {"column": column.name}
            yield Decision((column.name,), task, name, reason, keys=keys, is_offer=True)


def _name_tasks(decisions: Sequence[Decision]) -> list[Decision]:
    """Each with a task name that no other has, also in the `from` of offers."""
    taken: list[str] = []
    named, sources = [], dict[str, str | None]()
    for decision in decisions:
        if decision.task is not None:
            decision = replace(decision, task=task_name(decision.task, taken))
            taken.append(decision.task or "")
        if decision.type == "boxes":
            sources[decision.columns[0]] = decision.task
        if "from" in decision.keys:
            source = sources[decision.columns[0]]
            decision = replace(decision, keys={**decision.keys, "from": source})
        named.append(decision)
    return named


def _nothing_to_learn(table: Table, decisions: Sequence[Decision]) -> DataError:
    expected = (
        "expected a column of classes, labels, numbers, boxes or masks, or several of 0 and 1; "
        "add one"
    )
    if not decisions:
        reason = f"the table has no column besides the names of the images; {expected}."
        return DataError(f"{table.source}: {reason}", [Fault("E_NO_TASK", table.source, reason)])
    unread = [fault for fault in table.faults if fault.is_error]
    faults = [
        Fault("E_NO_TASK", f'{table.source} column "{name}"', f"{decision.reason}.")
        for decision in decisions
        for name in decision.columns
    ]
    found = "; ".join(f'"{d.columns[0]}": {d.type}' for d in decisions[:20])
    message = f"{table.source}: no column can be learnt ({found}); {expected}."
    return DataError(message, [*unread, *faults])
