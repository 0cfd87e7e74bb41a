"""Transfer of one head from the head of the same name in another run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from polyhead.checkpoints import SavedRun
from polyhead.config import Config
from polyhead.errors import first_few
from polyhead.network import Network
from polyhead.network.network import PREFIX
from polyhead.tasks import TaskEncoder

Tensors = Mapping[str, Tensor]
MAX_NAMED = 5  # classes in one remark


@dataclass(frozen=True)
class HeadTransfer:
    """Tensors and remark of a head that is transferred.

    Attributes:
        tensors: Name in the network to tensor; none when the head starts from scratch.
        remark: Why it starts from scratch or is not kept whole; empty when it is.
    """

    tensors: Tensors = field(default_factory=dict)
    remark: str = ""


def transfer_head(
    origin: SavedRun, network: Network, config: Config, name: str, task: TaskEncoder
) -> HeadTransfer:
    """Weights of a head and its loss, by class name where the classes differ.

    A loss holds what its head's logits are read with: the mean of numbers, weights of classes. It
    comes along with a head that is taken over whole.

    Args:
        origin: The other run.
        network: As built, with fresh weights.
        config: Of the new run.
        name: Of the task.
        task: Its encoder in the new run.
    """
    before = origin.tasks.get(name)
    if before is None:
        return HeadTransfer(remark="new")
    state, own = network.state_dict(), f"heads.{PREFIX}{name}."
    layers = tuple(f"{own}{layer}." for layer in network.head(name).class_layers)
    now = {key: tensor for key, tensor in state.items() if key.startswith(own)}
    then = {key: tensor for key, tensor in origin.tensors.items() if key.startswith(own)}
    obstacle = _other_kind(origin, config, name) or _other_shape(then, now, layers)
    if obstacle:
        return HeadTransfer(remark=obstacle)
    is_whole = all(tensor.shape == then[key].shape for key, tensor in now.items())
    if before.classes == task.classes and is_whole:
        return _with_loss(then, origin, network, config, name)
    rows = [len(tensor) for key, tensor in now.items() if key.startswith(layers)]
    if not layers or min(rows) < len(task.classes):
        return HeadTransfer(remark="its layers have no rows of classes, and its outputs differ")
    if not set(before.classes) & set(task.classes):
        return HeadTransfer(remark="no class in common")
    by_name = _Rows(before.classes, task.classes)
    merged = {
        key: by_name.merge(tensor, now[key]) if key.startswith(layers) else tensor
        for key, tensor in then.items()
    }
    return HeadTransfer(merged, by_name.remark(_other_outputs(origin, config, name)))


@dataclass(frozen=True)
class _Rows:
    """Rows of a layer by the names of their classes, before and now."""

    before: Sequence[str]
    now: Sequence[str]

    def merge(self, old: Tensor, new: Tensor) -> Tensor:
        """The new layer with the old rows of the classes that it knows."""
        places = {label: row for row, label in enumerate(self.before)}
        merged = new.clone()
        for row, label in enumerate(self.now):
            if label in places:
                merged[row] = old[places[label]]
        return merged

    def remark(self, other: str) -> str:
        """A remark: how many classes were known, which are new, and the `other` differences."""
        fresh = [label for label in self.now if label not in self.before]
        gone = [label for label in self.before if label not in self.now]
        parts = [f"{len(self.now) - len(fresh)} of {len(self.now)} classes"]
        parts += [f"new: {first_few(fresh, MAX_NAMED)}"] if fresh else []
        parts += [f"dropped: {first_few(gone, MAX_NAMED)}"] if gone else []
        moved = self.before != self.now
        parts += [] if fresh or gone or not moved else ["in another order"]
        parts += [] if moved or other else ["its other outputs start from scratch"]
        return "; ".join([*parts, other] if other else parts)


def _other_kind(origin: SavedRun, config: Config, name: str) -> str:
    """Why the old outputs mean something else; empty when they do not."""
    then, now = origin.config.tasks[name], config.tasks[name]
    if then.type != now.type:
        return f"it was a {then.type} task"
    if then.loss.name != now.loss.name:
        return f"its loss was {then.loss.name}, not {now.loss.name}"
    if then.head.name != now.head.name:
        return f"its head was {then.head.name}, not {now.head.name}"
    return ""


def _other_shape(then: Tensors, now: Tensors, layers: tuple[str, ...]) -> str:
    """Why the old tensors do not fit; the number of classes is no reason."""
    if then.keys() != now.keys():
        return "its head has other layers"
    for key, tensor in now.items():
        first = 1 if key.startswith(layers) else 0
        if tensor.shape[first:] != then[key].shape[first:]:
            shapes = f"{tuple(then[key].shape)}, not {tuple(tensor.shape)}"
            return f"{key.removeprefix('heads.' + PREFIX)} was {shapes}"
    return ""


def _with_loss(
    head: Tensors, origin: SavedRun, network: Network, config: Config, name: str
) -> HeadTransfer:
    """The whole head and its loss, unless the options of the loss ask for another one."""
    state, own = network.state_dict(), f"losses.{PREFIX}{name}."
    names = [key for key in state if key.startswith(own)]
    # State of the data does not depend on options, and may be the unit of the outputs.
    if names and not network.loss(name).state_is_of_data:
        # A strategy for unknown cells, which a loss is wrapped in, gives its buffers other names.
        fits = all(key in origin.tensors for key in names)
        same = fits and origin.config.tasks[name].loss == config.tasks[name].loss
        remark = _other_outputs(origin, config, name) or (
            "" if same else "its loss has other options"
        )
        if remark:
            return HeadTransfer(head, remark)
    return HeadTransfer({**head, **{key: origin.tensors[key] for key in names}})


def _other_outputs(origin: SavedRun, config: Config, name: str) -> str:
    """Why outputs besides those of the classes start from zero; empty when they need not."""
    return config.tasks[name].other_outputs(origin.config.tasks[name])
