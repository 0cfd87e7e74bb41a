"""From the weights of another run to what a new run starts from: `--init-from`."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from polyhead.checkpoints import SavedRun
from polyhead.checkpoints.head_transfer import HeadTransfer, transfer_head
from polyhead.checkpoints.start_weights import StartWeights
from polyhead.checkpoints.uncalibrated import uncalibrated
from polyhead.config import Config
from polyhead.errors import ConfigError
from polyhead.network import Network
from polyhead.tasks import TaskDecider, TaskEncoder


def check_start(config: Config, origin: SavedRun | None) -> None:
    """Refuse, before any work is done, what cannot be started so.

    Args:
        config: Of the new run.
        origin: The run that it starts from, if any.

    Raises:
        ConfigError: Another backbone, or something frozen that nothing was ever learnt for.
    """
    if origin is None:
        _check_without_origin(config)
    elif origin.config.model.backbone != config.model.backbone:
        raise ConfigError(
            f'model.backbone is "{config.model.backbone}", but {origin.run.path} has '
            f'"{origin.config.model.backbone}"; expected the same; set model.backbone='
            f"{origin.config.model.backbone}, or omit --init-from."
        )


def transfer(
    origin: SavedRun, network: Network, config: Config, tasks: Mapping[str, TaskEncoder]
) -> StartWeights:
    """Backbone, neck and every head that fits; the rest starts from scratch.

    Args:
        origin: The run that they come from.
        network: As built, with fresh weights.
        config: Of the new run.
        tasks: Task name to encoder.

    Raises:
        ConfigError: The backbone has other shapes, or a frozen head is not kept whole.
    """
    backbone = _backbone(origin, network, config)
    neck = {
        key: origin.tensors[key]
        for key, tensor in network.state_dict().items()
        if key.startswith("neck.") and _fits(origin.tensors.get(key), tensor)
    }
    heads = {
        name: transfer_head(origin, network, config, name, task) for name, task in tasks.items()
    }
    _check_frozen(config, origin, heads)
    tensors = {**backbone, **neck}
    for head in heads.values():
        tensors |= head.tensors
    learning = [name for name in tasks if not config.tasks[name].freeze]
    tensors = uncalibrated(network, learning, tensors)
    whole = {name: _rule(name, origin, tasks) for name, head in heads.items() if not head.remark}
    report = _report(origin, network, neck, heads)
    return StartWeights(origin.run.path.resolve().name, tensors, whole, report)


def _rule(name: str, origin: SavedRun, tasks: Mapping[str, TaskEncoder]) -> TaskDecider:
    """The decider as it was, but for what the config states and no run fits."""
    return tasks[name].decider().with_fit_of(origin.tasks[name])


def _check_without_origin(config: Config) -> None:
    frozen = [name for name, task in config.tasks.items() if task.freeze]
    if frozen:
        raise ConfigError(
            f"tasks.{frozen[0]}.freeze is true, but its head has learnt nothing yet; expected a "
            "run to take it from; use --init-from RUN, or remove the key."
        )
    if config.model.freeze and not config.model.pretrained:
        raise ConfigError(
            "model.freeze is true, but the backbone has learnt nothing yet; expected weights to "
            "keep; use --init-from RUN or model.pretrained=true, or remove the key."
        )


def _fits(old: Tensor | None, new: Tensor) -> bool:
    return old is not None and old.shape == new.shape


def _backbone(origin: SavedRun, network: Network, config: Config) -> dict[str, Tensor]:
    """All of it, statistics included."""
    state = network.state_dict()
    names = [key for key in state if key.startswith("backbone.")]
    unfit = [key for key in names if not _fits(origin.tensors.get(key), state[key])]
    if unfit:
        then, now = (list(c.model.image_size) for c in (origin.config, config))
        raise ConfigError(
            f"the backbone of {origin.run.path} has other shapes ({unfit[0]}, {len(unfit)} in "
            f"all); its model.image_size is {then}, yours {now}; set the same, or omit "
            "--init-from."
        )
    return {key: origin.tensors[key] for key in names}


def _check_frozen(config: Config, origin: SavedRun, heads: Mapping[str, HeadTransfer]) -> None:
    for name, head in heads.items():
        if config.tasks[name].freeze and head.remark:
            classes = ", ".join(origin.tasks[name].classes) if name in origin.tasks else ""
            declare = f" (classes: [{classes}])" if classes else ""
            raise ConfigError(
                f"tasks.{name}.freeze is true, but the head is not that of {origin.run.path} "
                f"({head.remark}); expected the same type, classes, head and loss{declare}; "
                "declare them, or remove the key."
            )


def _report(
    origin: SavedRun,
    network: Network,
    neck: Mapping[str, Tensor],
    heads: Mapping[str, HeadTransfer],
) -> list[str]:
    """Which parts were kept, started from scratch or dropped."""
    kept = ["backbone"]
    fresh = []
    if network.neck is not None:
        whole = len(neck) == len(network.neck.state_dict())
        kept += (["neck"] if whole else ["levels of the neck"]) if neck else []
        fresh += [] if whole else ["levels of the neck"] if neck else ["neck"]
    for name, head in heads.items():
        shown = f"{name} ({head.remark})" if head.remark else name
        (kept if head.tensors else fresh).append(shown)
    dropped = [name for name in origin.tasks if name not in heads]
    lines = [f"from {origin.run.path}: kept {', '.join(kept)}"]
    rest = [f"started from scratch: {', '.join(fresh)}"] if fresh else []
    rest += [f"dropped: {', '.join(dropped)}"] if dropped else []
    return [*lines, "; ".join(rest)] if rest else lines
