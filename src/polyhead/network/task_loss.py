"""The loss of a task, and the rules for heads that are fitted without gradients."""

from __future__ import annotations

from polyhead.errors import ConfigError
from polyhead.heads import HEADS, ClosedFormHead
from polyhead.losses import LOSSES
from polyhead.tasks import TaskConfig


def check_fitted(name: str, keys: TaskConfig) -> None:
    """Refuse losses whose logits are not the posterior that a fitted head returns.

    Args:
        name: Of the task.
        keys: Of the task; its head and its loss exist.

    Raises:
        ConfigError: A head without gradients has another loss, or keys that act by gradients.
    """
    if not issubclass(HEADS[keys.head.name], ClosedFormHead):
        return
    why = f"the head {keys.head.name} is fitted without gradients, to known cells, and descends no"
    loss = LOSSES[keys.loss.name]
    if not loss.reads_log_posterior or keys.loss.options:
        options = " with options" if keys.loss.options else ""
        fitting = " or ".join(
            key
            for key, value in LOSSES.items()
            if value.task_type == keys.type and value.reads_log_posterior
        )
        raise ConfigError(
            f'tasks.{name}.loss = "{keys.loss.name}"{options}: {why} loss; expected {fitting} '
            "without options, which reads its answers as probabilities; remove `loss`, or choose "
            "another head."
        )
    loss.check_without_gradients(name, keys, why)
