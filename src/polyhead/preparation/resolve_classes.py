"""From the task sections of a config to encoders, those that follow from others included."""

from __future__ import annotations

from collections.abc import Mapping

from polyhead.config import Config
from polyhead.errors import ConfigError, nearest
from polyhead.table import Table
from polyhead.tasks import Derivation, TaskEncoder

Derived = dict[str, tuple[str, Derivation]]
"""Name of a derived task to its source task and the derivation."""


def resolve_classes(config: Config, table: Table) -> dict[str, TaskEncoder]:
    """The encoder of every task, its classes found, in the order of the config.

    Raises:
        ConfigError: A column or the task of a `from` is not there; names the nearest.
        DataError: A column has no classes.
    """
    encoders: dict[str, TaskEncoder] = {
        name: keys.resolve(name, table)
        for name, keys in config.tasks.items()
        if not keys.derived_from
    }
    for name, keys in config.tasks.items():
        if keys.derived_from:
            encoders[name] = keys.derive(name, _source(name, keys.derived_from, encoders))
    return {name: encoders[name] for name in config.tasks}


def derived_tags(encoders: Mapping[str, TaskEncoder]) -> Derived:
    """The tasks whose targets follow from those of other tasks."""
    return {
        name: (source, encoder.derivation(_source(name, source, encoders)))
        for name, encoder in encoders.items()
        if (source := encoder.config.derived_from)
    }


def _source(name: str, source: str, encoders: Mapping[str, TaskEncoder]) -> TaskEncoder:
    spatial = {key: encoder for key, encoder in encoders.items() if encoder.is_spatial}
    if source in spatial:
        return spatial[source]
    raise ConfigError(
        f'tasks.{name}.from = "{source}" is no boxes or mask task. {nearest(source, spatial)}'
    )
