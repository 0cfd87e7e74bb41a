"""How each tags task of a run chooses its labels, in words for the model card."""

from __future__ import annotations

from collections.abc import Mapping

from polyhead.tasks import TagsTask, Task

CHOSEN = {
    "marginals": "the labels whose probability reaches their threshold",
    "map": "the likeliest set of labels",
    "expected_f1": "the set of labels with the highest expected F1",
}


def tag_notes(tasks: Mapping[str, Task]) -> list[str]:
    """One line a tags task.

    Args:
        tasks: As fitted, for rules and couplings are what the answers really go by.
    """
    return [_note(name, task) for name, task in tasks.items() if isinstance(task, TagsTask)]


def _note(name: str, task: TagsTask) -> str:
    decision = task.decision
    parts = [f"- {name}: {CHOSEN[decision.decoder]}"]
    if decision.rules:
        parts.append("under the rules in `classes.json`, which every answer obeys")
    if decision.is_coupled:
        parts.append("by a field of couplings between labels")
    text = ", ".join(parts) + "."
    if decision.conformal is None:
        return text
    missed = f"{100 * decision.conformal.alpha:g} %"
    return (
        f"{text} `possible` is a set in which at most {missed} of a picture's true labels are "
        "missing, in the mean over pictures like those of validation."
    )
