"""The weights that a run takes over from another, kept in its own folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from polyhead.checkpoints.weights import read_weights, write_weights
from polyhead.runtime.run_folder import RunFolder
from polyhead.tasks import TaskDecider, decider_from_dict


@dataclass(frozen=True)
class StartWeights:
    """Weights and deciders that a run takes over from another run.

    Attributes:
        origin: Name of the run that it was taken from.
        tensors: Name in the network to tensor, of all that was taken over.
        tasks: The deciders of tasks whose head was taken over whole.
        report: What was kept, initialised from scratch and dropped, in a few lines.
    """

    origin: str
    tensors: Mapping[str, Tensor]
    tasks: Mapping[str, TaskDecider]
    report: Sequence[str]

    def load_into(self, network: nn.Module) -> None:
        """Give a network these weights; it keeps its own where there are none."""
        network.load_state_dict({**network.state_dict(), **self.tensors})

    def write(self, run: RunFolder) -> None:
        """Keep them in a run, so that it can start again without the run they came from.

        Raises:
            PolyheadError: `E_WRITE`.
        """
        entries = {name: task.to_dict() for name, task in self.tasks.items()}
        metadata = {
            "origin": self.origin,
            "tasks": json.dumps(entries),
            "report": "\n".join(self.report),
        }
        write_weights(run.start_weights, self.tensors, metadata)


def read_start_weights(run: RunFolder) -> StartWeights | None:
    """Read what `StartWeights.write` kept in a run; None when it took nothing over.

    Raises:
        CheckpointError: The file is damaged.
    """
    if not run.start_weights.exists():
        return None
    tensors, metadata = read_weights(run.start_weights)
    entries = json.loads(metadata["tasks"])
    tasks = {name: decider_from_dict(name, entry) for name, entry in entries.items()}
    return StartWeights(metadata["origin"], tensors, tasks, metadata["report"].split("\n"))
