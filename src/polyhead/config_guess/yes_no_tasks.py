"""Decisions on groups of yes/no columns."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

from polyhead.config_guess.label_rules import class_task
from polyhead.config_guess.proposal import Decision
from polyhead.config_guess.yes_no_columns import ColumnGroup, answers, says_both
from polyhead.errors import first_few
from polyhead.table import Table
from polyhead.table.yes_no_cells import NO, UNKNOWN, YES, Answers, read_answers
from polyhead.tasks.yes_no_columns import ValuesConfig, encode_columns


def decide_group(group: ColumnGroup, table: Table) -> list[Decision]:
    """The task of a group: tags, or a class when it is one column that says only yes and no.

    Where every row says yes exactly once, a class is offered too.

    Args:
        group: One or more columns.
        table: With all columns; a glob must not take in any other.
    """
    column, *others = group.members
    if not others and len(column.texts) == 2 and says_both(column):
        yes, no = answers(column)[YES], answers(column)[NO]
        return [class_task(column, f"only yes ({yes:,} rows) and no ({no:,} rows)")]
    tags = _tags(group, table.columns)
    return [tags, *_one_hot(tags, table)]


def _tags(group: ColumnGroup, names: Sequence[str]) -> Decision:
    """A multi-hot task; a single column is one too when its cells also say unknown."""
    columns = tuple(member.name for member in group.members)
    reading = read_answers(dict.fromkeys(text for member in group.members for text in member.texts))
    is_glob = _is_glob(group.prefix, columns, names)
    labels = tuple(name.removeprefix(group.prefix) for name in columns) if is_glob else columns
    patterns = (f"{group.prefix}*",) if is_glob else columns
    task = group.prefix or (columns[0] if len(columns) == 1 else "tags")
    keys: dict[str, Any] = {"columns": patterns}
    if reading.negatives:
        yes = [text for text in reading.of if reading.of[text] == YES]
        keys["values"] = {"yes": yes, "no": list(reading.negatives)}
    return Decision(columns, task, "tags", _reason(group, reading), labels, keys)


def _reason(group: ColumnGroup, reading: Answers) -> str:
    counts = [answers(member, reading) for member in group.members]
    num_cells = sum(member.num_rows for member in group.members)
    num_yes, num_unknown = (sum(count[answer] for count in counts) for answer in (YES, UNKNOWN))
    shared = f' named "{group.prefix}…"' if group.prefix else ""
    several = len(group.members) > 1
    subject = f"{len(group.members):,} columns{shared} hold" if several else "the column holds"
    examples = " and ".join(reading.negatives) if reading.negatives else "0"
    share = f"{num_yes / num_cells:.0%} of {num_cells:,} cells say yes"
    reason = f"{subject} only yes and no (such as 1 and {examples}), {share}"
    words = first_few(sorted({f'"{w}"' for m in group.members for w in m.unknown_words}), 8)
    if num_unknown:
        reason += f"; {num_unknown:,} cells are empty or say unknown{f' ({words})' * bool(words)}"
    if reading.asked:
        reason += (
            f"; {', '.join(reading.asked)} beside no may mean unknown as well as no: say which, as "
            "values: {unknown: [-1]} or values: {no: [0, -1]} in the task"
        )
    return reason


def _one_hot(tags: Decision, table: Table) -> list[Decision]:
    """The offer of a class, where it fits every row."""
    values = ValuesConfig.model_validate(tags.keys["values"]) if "values" in tags.keys else None
    cells, _ = encode_columns(table, tags.keys["columns"], tags.labels, values)
    if len(tags.labels) < 2 or (cells == UNKNOWN).any() or ((cells == YES).sum(1) != 1).any():
        return []
    reason = (
        f"each of {len(table):,} rows says yes in exactly one of the {len(tags.labels)} columns: "
        "they may as well be the classes of one task"
    )
    task = f"{tags.task}_class"
    return [Decision(tags.columns, task, "class", reason, tags.labels, tags.keys, is_offer=True)]


def _is_glob(prefix: str, columns: tuple[str, ...], names: Sequence[str]) -> bool:
    """Whether `prefix*` stands for these columns and no others."""
    if not prefix or set(prefix) & set("*?["):
        return False
    return tuple(name for name in names if fnmatchcase(name, f"{prefix}*")) == columns
