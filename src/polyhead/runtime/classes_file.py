"""`classes.json` of a run: classes, deciders and preprocessing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from polyhead.config import Config
from polyhead.errors import CheckpointError
from polyhead.files import write_json
from polyhead.runtime.run_folder import RunFolder
from polyhead.table.deep_pixels import PixelRanges
from polyhead.tasks import TaskDecider, decider_from_dict

FORMAT_VERSION = 2
READ_VERSIONS = (1, 2)  # 1 has the tasks alone; the rest is in the resolved config as well


def write_classes(run: RunFolder, tasks: Mapping[str, TaskDecider], config: Config) -> None:
    """Write the file, whole or not at all.

    Args:
        run: The run folder.
        tasks: Task name to decider.
        config: Holds the image size and the pixel ranges.

    Raises:
        PolyheadError: `E_WRITE`.
    """
    content = {
        "format_version": FORMAT_VERSION,
        "image_size": list(config.model.image_size),
        "preprocessing": preprocessing(config.data.ranges()),
        "tasks": {name: task.to_dict() for name, task in tasks.items()},
    }
    write_json(run.classes, content)


def preprocessing(ranges: PixelRanges) -> dict[str, Any]:
    """What happens to an image before the network sees it, as files of a model keep it."""
    return {"resize": "stretch", **ranges.to_dict()}


def read_classes(run: RunFolder) -> dict[str, TaskDecider]:
    """The deciders that the file holds, of format 1 as well.

    Raises:
        CheckpointError: It is missing, no JSON, or of another format version.
    """
    try:
        content: Any = json.loads(run.classes.read_text(encoding="utf-8"))
        version, entries = content["format_version"], content["tasks"]
        if version not in READ_VERSIONS:
            raise CheckpointError(
                f"{run.classes} has format version {version}; this polyhead reads "
                f"{' and '.join(map(str, READ_VERSIONS))}; use the polyhead that wrote it, or a "
                "newer one.",
                code="E_FORMAT_VERSION",
            )
        return {name: decider_from_dict(name, entry) for name, entry in entries.items()}
    except FileNotFoundError:
        raise CheckpointError(
            f"{run.path} has no {run.classes.name}, which names the classes; copy the run again."
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{run.classes} cannot be read ({error!r}); expected what training wrote; copy the "
            "run again."
        ) from None
