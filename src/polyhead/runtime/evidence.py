"""Evidence for predictions: labels that are known already, such as a person and no bus."""

from __future__ import annotations

from collections.abc import Mapping

from polyhead.errors import ConfigError, nearest
from polyhead.tasks import TaskDecider

_ANSWERS = {"yes": True, "no": False}


def parse_evidence(text: str) -> dict[str, bool]:
    """Known labels from the text of the command line's `--given`.

    >>> parse_evidence("person=yes, bus=no")
    {'person': True, 'bus': False}

    Raises:
        ConfigError: A part is not `label=yes` or `label=no`, or a label is there twice.
    """
    evidence: dict[str, bool] = {}
    for part in text.split(","):
        label, sign, answer = part.strip().rpartition("=")
        if not (sign and label.strip() and answer.strip().lower() in _ANSWERS):
            raise ConfigError(
                f'found "{part.strip()}" in --given; expected label=yes or label=no, such '
                "as person=yes,bus=no."
            )
        if label.strip() in evidence:
            raise ConfigError(f'"{label.strip()}" is given twice; give it once.')
        evidence[label.strip()] = _ANSWERS[answer.strip().lower()]
    return evidence


def conditioned(
    tasks: Mapping[str, TaskDecider], given: Mapping[str, bool]
) -> dict[str, TaskDecider]:
    """The deciders of the tasks, conditioned on evidence that holds for every image.

    Args:
        tasks: Task name to decider.
        given: Label of a tags task, or `task/label`, to whether it holds.

    Raises:
        ConfigError: No tags task, or several, has the label; it is given twice, or neither as true
            nor as false; or the evidence breaks a rule.
    """
    evidence: dict[str, dict[str, bool]] = {}
    for label, holds in given.items():
        if holds not in (True, False):
            raise ConfigError(f'"{label}" is given as {holds!r}; expected True or False.')
        task, plain = _place(tasks, label)
        if plain in evidence.get(task, {}):
            raise ConfigError(f'"{plain}" of {task} is given twice; give it once.')
        evidence.setdefault(task, {})[plain] = holds
    return {
        name: task.conditioned(evidence[name]) if name in evidence else task
        for name, task in tasks.items()
    }


def _place(tasks: Mapping[str, TaskDecider], label: str) -> tuple[str, str]:
    usable = {name: task for name, task in tasks.items() if task.takes_evidence}
    name, slash, plain = label.partition("/")
    if slash and name in usable:
        return name, plain
    having = [name for name, task in usable.items() if label in task.classes]
    if len(having) == 1:
        return having[0], label
    if having:
        choices = " or ".join(f"{name}/{label}" for name in having)
        raise ConfigError(f'label "{label}" is of several tasks; expected {choices}.')
    every = [name for task in usable.values() for name in task.classes]
    hint = nearest(label, every) if every else "This model has no tags task."
    raise ConfigError(f'no tags task has the given label "{label}". {hint}')
