"""From a run folder to a network that answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from polyhead.checkpoints.weights import PICKLE_SUFFIXES, check_state, read_weights
from polyhead.config import Config, load_config
from polyhead.errors import CheckpointError, ConfigError
from polyhead.network.build import build_network
from polyhead.network.dense_network import DenseNetwork
from polyhead.network.layout import lay_out
from polyhead.network.network import Network
from polyhead.runtime.classes_file import read_classes
from polyhead.runtime.predictor import Predictor
from polyhead.runtime.run_folder import RunFolder
from polyhead.tasks import TaskDecider

Weights = Literal["best", "last"]
LATER_STATE = ("shown", "log_error")  # of losses; at first they change no answer


@dataclass(frozen=True)
class LoadedRun:
    """A finished run, in memory.

    Attributes:
        run: Its folder.
        config: The resolved config.
        tasks: Task name to decider.
        network: In evaluation mode, on its device.
    """

    run: RunFolder
    config: Config
    tasks: Mapping[str, TaskDecider]
    network: Network


@dataclass(frozen=True)
class SavedRun:
    """The contents of a run's files, before a network is built.

    Attributes:
        run: Its folder.
        config: The resolved config.
        tasks: Task name to decider.
        tensors: The weights, by their names in the network.
    """

    run: RunFolder
    config: Config
    tasks: Mapping[str, TaskDecider]
    tensors: Mapping[str, torch.Tensor]


class TorchEngine:
    """Images -> dense arrays, by the network in PyTorch.

    Args:
        network: In evaluation mode.
    """

    def __init__(self, network: Network) -> None:
        self._network = DenseNetwork(network)
        self._device = next(network.parameters()).device

    def __call__(self, images: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
        """(B, H, W, 3) uint8 -> task name to dense arrays (B, …)."""
        with torch.inference_mode():
            dense = self._network(torch.from_numpy(images).to(self._device))
        return {
            name: {key: tensor.cpu().numpy() for key, tensor in parts.items()}
            for name, parts in dense.items()
        }


def read_run(path: str | Path, *, weights: Weights = "best") -> SavedRun:
    """Read the files of a run that answers come from.

    Args:
        path: The run folder.
        weights: The best epoch on validation, or the last.

    Raises:
        CheckpointError: No run folder, or a file of it is missing, damaged or does not fit.
    """
    _refuse_pickle(Path(path))
    run = RunFolder.open(path)
    config = load_config(run.resolved_config)
    tasks = read_classes(run)
    if tasks.keys() != config.tasks.keys():
        raise CheckpointError(
            f"{run.classes} has the tasks {', '.join(tasks)}; expected those of "
            f"{run.resolved_config.name}: {', '.join(config.tasks)}; copy the run again."
        )
    file = run.best_weights if weights == "best" else run.last_weights
    if not file.exists():
        raise CheckpointError(_lacks_weights(run, file))
    tensors, _ = read_weights(file)
    return SavedRun(run, config, tasks, tensors)


def load_run(path: str | Path, *, weights: Weights = "best", device: str = "auto") -> LoadedRun:
    """Read a run folder and build its network.

    Args:
        path: The run folder.
        weights: The best epoch on validation, or the last.
        device: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.

    Raises:
        CheckpointError: As `read_run`, or the weights do not fit the config.
        ConfigError: The device is not there.
    """
    saved = read_run(path, weights=weights)
    network = build_network(saved.config, saved.tasks, pretrained=False)
    tensors = _with_later_state(network.state_dict(), saved.tensors)
    check_state(network.state_dict(), tensors)
    network.load_state_dict(tensors)
    lay_out(network.to(_device(device)))
    return LoadedRun(saved.run, saved.config, saved.tasks, network.eval())


def load_predictor(
    path: str | Path, *, weights: Weights = "best", device: str = "auto"
) -> Predictor:
    """A predictor from a run folder; arguments and errors as `load_run`."""
    loaded = load_run(path, weights=weights, device=device)
    engine = TorchEngine(loaded.network)
    config = loaded.config
    return Predictor(engine, loaded.tasks, config.model.image_size, config.data.ranges())


def _with_later_state(
    module_state: Mapping[str, Tensor], tensors: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """The saved tensors, with initial values for buffers that losses have since gained."""
    later = {
        name: tensor
        for name, tensor in module_state.items()
        if name.startswith("losses.") and name.rpartition(".")[2] in LATER_STATE
    }
    return later | dict(tensors)


def _lacks_weights(run: RunFolder, file: Path) -> str:
    command = f"polyhead train --resume {run.path}"
    if run.readme.exists():  # written at the end of the training
        return (
            f"{file} is gone, although the training finished; copy the file back, or have "
            f"{command} write it again from the checkpoint."
        )
    return (
        f"{run.path} has no {file.name} yet: its training has not finished an epoch; go on with "
        f"{command}."
    )


def _refuse_pickle(path: Path) -> None:
    if path.suffix.lower() in PICKLE_SUFFIXES:
        raise CheckpointError(
            f"{path} is named like a pickle, which can run any code when opened; expected a run "
            "folder such as runs/street-001.",
            code="E_PICKLE",
        )


def _device(name: str) -> torch.device:
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    there = ["cpu", *(f"cuda:{number}" for number in range(torch.cuda.device_count()))]
    there += ["mps"] if torch.backends.mps.is_available() else []
    if (f"{name}:0" if name == "cuda" else name) not in there:
        raise ConfigError(f'device "{name}" is not available; expected auto, {", ".join(there)}.')
    return torch.device(name)
