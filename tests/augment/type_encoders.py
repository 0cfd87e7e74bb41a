"""An encoder of every task type, under the name of its type."""

from polyhead.tasks import TASK_TYPES

CLASSES = ("red", "green", "blue")
ENCODERS = {
    name: kind.config.model_validate({"type": name}).encoder(name, CLASSES)
    for name, kind in TASK_TYPES.items()
}
