"""Files of a run folder that are written before the first step."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from polyhead.checkpoints.start_weights import StartWeights
from polyhead.config import Config, parse_yaml, validate
from polyhead.data import write_split
from polyhead.errors import PolyheadError
from polyhead.files import write_json, write_text
from polyhead.preparation import Prepared
from polyhead.runtime.classes_file import write_classes
from polyhead.runtime.run_folder import RunFolder, environment


def write_start(
    run: RunFolder,
    config: Config,
    source: Path | None,
    prepared: Prepared,
    start: StartWeights | None = None,
) -> None:
    """Everything about the run that is known before its first step.

    Args:
        run: The new folder.
        config: The checked config.
        source: The file that it came from, if any.
        prepared: Data, split and what was found in them.
        start: What is taken over from another run, if any.
    """
    resolved = config_yaml(config)
    write_text(run.config, source.read_text(encoding="utf-8-sig") if source else resolved)
    write_json(run.environment, environment())
    write_split(run.split, prepared.images, prepared.split, prepared.digests)
    write_classes(run, prepared.deciders(), config)
    lines = [str(fault) for fault in (*prepared.skipped, *prepared.faults)]
    write_text(run.log, "\n".join([*lines, ""]))
    if start:
        start.write(run)
    write_text(run.resolved_config, resolved)  # last: its presence makes the folder a run


def config_yaml(config: Config) -> str:
    """The resolved config, as YAML that loads to the same config.

    Raises:
        PolyheadError: It does not, which would make the run impossible to resume.
    """
    stream = StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 4096
    yaml.dump(_without_none(config.model_dump(mode="json")), stream)
    text = stream.getvalue()
    tree = parse_yaml(text, "config.resolved.yaml")
    if validate(tree.value, "config.resolved.yaml", tree) != config:
        raise PolyheadError("the resolved config does not load to itself; please report this.")
    return text


def _without_none(value: Any) -> Any:
    """Keys at None are left out: absent and unset are one."""
    if isinstance(value, Mapping):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return [_without_none(item) for item in value] if isinstance(value, list) else value
