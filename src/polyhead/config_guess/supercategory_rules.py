"""Rules between labels from the supercategories of a file: which label implies which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from polyhead.config_guess.proposal import Decision
from polyhead.errors import first_few
from polyhead.field import find_violations
from polyhead.table import Table, groups_of
from polyhead.tasks.boxes.box_cells import object_classes
from polyhead.tasks.tags.config import TagsConfig
from polyhead.tasks.tags.rules import RulesConfig

_NAMED = 5  # labels or groups in a reason


@dataclass(frozen=True)
class Hierarchy:
    """The groups that labels are in.

    Attributes:
        implies: Label to the group that it is in: another label, or the name of a group alone.
        groups: Groups that are no labels, in the order of first appearance.
        loops: Labels that are in one another, directly or by way of others; they are in no group.
        everything: The one group that all labels are in, which gives no rule; None otherwise.
    """

    implies: dict[str, str]
    groups: tuple[str, ...]
    loops: tuple[str, ...] = ()
    everything: str | None = None


def find_hierarchy(labels: Sequence[str], supercategories: Mapping[str, str]) -> Hierarchy:
    """The hierarchy of K labels.

    A supercategory is the label of its name, in other capitals only where no label has its own. One
    that all labels are in and that is no label, as some tools write the name of the project, says
    nothing.

    Args:
        labels: K labels.
        supercategories: Label to the group that it is in.

    >>> find_hierarchy(["dog", "animal", "car"], {"dog": "animal", "car": "Vehicle"})
    Hierarchy(implies={'dog': 'animal', 'car': 'Vehicle'}, groups=('Vehicle',), loops=(), \
everything=None)
    """
    spelled = {label.casefold(): label for label in reversed(labels)}
    above = dict[str, str]()
    for label in labels:
        if label in supercategories:
            text = supercategories[label]
            above[label] = text if text in labels else spelled.setdefault(text.casefold(), text)
    groups = tuple(dict.fromkeys(text for text in above.values() if text not in labels))
    if len(groups) == 1 and all(above.get(label) == groups[0] for label in labels):
        return Hierarchy({}, (), everything=groups[0])
    loops = tuple(label for label in above if _leads_back(label, above))
    implies = {label: text for label, text in above.items() if label not in loops}
    return Hierarchy(implies, groups, loops)


def supercategory_tags(table: Table, name: str, labels: tuple[str, ...]) -> Decision | None:
    """The offer of tags that follow from boxes, with the rules of their supercategories.

    Args:
        table: The rows.
        name: Of the column of objects, and of the task that learns its boxes.
        labels: The labels of the boxes.
    """
    found = hierarchy_of(table, name, labels)
    if not found.implies:
        return None
    keys: dict[str, Any] = {"from": name}
    if found.groups:
        keys["classes"] = [*labels, *found.groups]
    keys["rules"] = implications(found.implies)
    reason = f"{described(found)}, so that tags of whole images can be learnt from the boxes too"
    if found.groups:
        reason += (
            f"; {first_few(found.groups, _NAMED)} {'is' if len(found.groups) == 1 else 'are'} no "
            "label of any box: yes where a label of the group is there, no where none is"
        )
    classes = (*labels, *found.groups)
    return Decision((name,), f"{name}_tags", "tags", reason, classes, keys, is_offer=True)


def with_rules(decision: Decision, table: Table, columns: Sequence[str]) -> Decision:
    """A tags task with the rules from the supercategories of boxes, as an offer.

    Args:
        decision: Any decision; one that is no tags task with a column of its own stays as it is.
        table: The rows.
        columns: Of objects.
    """
    if decision.type != "tags" or decision.task is None or decision.is_offer:
        return decision
    pairs = dict[str, str]()
    for name in columns:
        labels = object_classes(table, name)
        for label, group in hierarchy_of(table, name, labels).implies.items():
            if label in decision.labels and group in decision.labels:
                pairs[label] = group
    if not pairs:
        return decision
    config = TagsConfig.model_validate({"type": "tags", **decision.keys})
    task = config.resolve(decision.task, table)
    rules = RulesConfig.model_validate(implications(pairs)).over(task.classes)
    num = len({row for row, _ in find_violations(rules, task.encode(table).targets)})
    why = f"{described(Hierarchy(pairs, ()))}, and every answer can be made to obey these rules"
    if num:
        why += f"; {num:,} rows break them, and are faults of the table then"
    return replace(decision, may_add={"rules": implications(pairs)}, may_add_why=why)


def hierarchy_of(table: Table, name: str, labels: Sequence[str]) -> Hierarchy:
    """The hierarchy of these labels in a column of objects."""
    groups = groups_of(table.data.schema.field(name))
    return find_hierarchy(labels, {label.strip(): group for label, group in groups.items()})


def implications(implies: Mapping[str, str]) -> dict[str, dict[str, list[str]]]:
    """The rules of a tags task, as the YAML writes them."""
    return {"implies": {label: [group] for label, group in implies.items()}}


def described(found: Hierarchy) -> str:
    """A sentence that describes the supercategories."""
    members: dict[str, list[str]] = {}
    for label, group in found.implies.items():
        members.setdefault(group, []).append(label)
    shown = [f"{first_few(names, _NAMED)} in {group}" for group, names in members.items()]
    text = f"supercategories put {'; '.join(shown[:_NAMED])}"
    if len(shown) > _NAMED:
        text += f"; and others in {len(shown) - _NAMED} more groups"
    if found.loops:
        text += f" ({first_few(found.loops, _NAMED)} are in one another, which gives no rule)"
    return text


def _leads_back(label: str, above: Mapping[str, str]) -> bool:
    """Whether the groups above a label come back to it."""
    current, steps = above.get(label), 0
    while current is not None and current != label and steps <= len(above):
        current, steps = above.get(current), steps + 1
    return current == label
