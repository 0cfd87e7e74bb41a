"""Asking with what is known already: "there is a person and no bus: what else?"."""

from __future__ import annotations

from collections.abc import Mapping

from polyhead.errors import ConfigError, nearest
from polyhead.tasks import TaskDecider

TOLD = {"yes": True, "no": False}


def read_given(text: str) -> dict[str, bool]:
    """Labels that hold or do not, as the command line writes them.

    >>> read_given("person=yes, bus=no")
    {'person': True, 'bus': False}

    Raises:
        ConfigError: A part is not `label=yes` or `label=no`, or a label is told twice.
    """
    told: dict[str, bool] = {}
    for part in text.split(","):
        label, sign, answer = part.strip().rpartition("=")
        if not (sign and label.strip() and answer.strip().lower() in TOLD):
            raise ConfigError(
                f'found "{part.strip()}" in what is given; expected label=yes or label=no, such '
                "as person=yes,bus=no."
            )
        if label.strip() in told:
            raise ConfigError(f'"{label.strip()}" is given twice; give it once.')
        told[label.strip()] = TOLD[answer.strip().lower()]
    return told


def conditioned(
    tasks: Mapping[str, TaskDecider], given: Mapping[str, bool]
) -> dict[str, TaskDecider]:
    """The tasks, asked with what is known of every image.

    Args:
        tasks: Task name to task.
        given: Label of a tags task, or `task/label`, to whether it holds.

    Raises:
        ConfigError: No tags task, or several, has the label; it is given twice, or neither as true
            nor as false; or what is given breaks a rule.
    """
    told: dict[str, dict[str, bool]] = {}
    for label, holds in given.items():
        if holds not in (True, False):
            raise ConfigError(f'"{label}" is given as {holds!r}; expected True or False.')
        task, plain = _place(tasks, label)
        if plain in told.get(task, {}):
            raise ConfigError(f'"{plain}" of {task} is given twice; give it once.')
        told.setdefault(task, {})[plain] = holds
    return {
        name: task.conditioned(told[name]) if name in told else task for name, task in tasks.items()
    }


def _place(tasks: Mapping[str, TaskDecider], label: str) -> tuple[str, str]:
    asked = {name: task for name, task in tasks.items() if task.takes_evidence}
    name, slash, plain = label.partition("/")
    if slash and name in asked:
        return name, plain
    having = [name for name, task in asked.items() if label in task.classes]
    if len(having) == 1:
        return having[0], label
    if having:
        choices = " or ".join(f"{name}/{label}" for name in having)
        raise ConfigError(f'label "{label}" is of several tasks; expected {choices}.')
    every = [name for task in asked.values() for name in task.classes]
    hint = nearest(label, every) if every else "This model has no tags task."
    raise ConfigError(f'no tags task has the given label "{label}". {hint}')
