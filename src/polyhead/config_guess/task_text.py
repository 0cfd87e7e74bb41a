"""A decision as a task of the YAML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from polyhead.config_guess.comments import comment, listed, sentence
from polyhead.config_guess.proposal import Decision
from polyhead.config_guess.yaml_scalars import inline, mapping_key, mapping_value, scalar

CLASSES = "classes"
_MAX_INLINE = 4  # pairs on one line


def task_lines(decision: Decision) -> Iterator[str]:
    """The task with its reason and labels as comments."""
    yield from comment(sentence(decision.reason), "  ")
    if decision.labels and CLASSES not in decision.keys:
        yield from comment(f"Labels: {listed(decision.labels)}.", "  ")
    yield from _block(decision)
    if decision.may_add:
        yield from comment(sentence(f'{decision.may_add_why}: remove each "# " below'), "    ")
        for key, value in decision.may_add.items():
            yield from (f"    # {line}" for line in _key("", key, value))


def offer_lines(decision: Decision) -> Iterator[str]:
    """A task that the user may add: all of it a comment."""
    yield from comment(sentence(f'{decision.reason}: remove each "# " below for that'), "  ")
    yield from (f"  #{line.removeprefix('  ')}" for line in _block(decision, indent="   "))


def _block(decision: Decision, indent: str = "  ") -> Iterator[str]:
    yield f"{indent}{scalar(decision.task or '')}:"
    yield f"{indent}  type: {decision.type}"
    for key, value in decision.keys.items():
        yield from _key(f"{indent}  ", key, value)


def _key(indent: str, key: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and any(isinstance(item, Mapping) for item in value.values()):
        yield f"{indent}{key}:"
        for part, item in value.items():
            yield from _key(f"{indent}  ", part, item)
    elif isinstance(value, Mapping) and len(value) > _MAX_INLINE:
        yield f"{indent}{key}:"
        yield from (
            f"{indent}  {mapping_key(k)}: {mapping_value(item)}" for k, item in value.items()
        )
    elif isinstance(value, str | Mapping):
        yield f"{indent}{key}: {inline(value)}"
    else:
        yield f"{indent}{key}:"
        yield from (f"{indent}  - {scalar(item)}" for item in value)
