"""YAML text -> plain tree in which every scalar is a string, with the line of every key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from polyhead.errors import ConfigError

MAX_BYTES = 1_000_000
MAX_DEPTH = 20

Location = tuple[str | int, ...]


@dataclass
class _Open:
    """A mapping or list whose end has not been read."""

    value: dict[str, Any] | list[Any]
    path: Location
    key: str | None = None


@dataclass
class YamlTree:
    """A parsed YAML document.

    Attributes:
        value: Mappings, lists and strings; `no`, `012` and `12:30` stay themselves.
        lines: Line (1-based) of each key and item, by its path.
    """

    value: Any = None
    lines: dict[Location, int] = field(default_factory=dict)


def parse_yaml(text: str, source: str) -> YamlTree:
    """Read one YAML document.

    Args:
        text: The document.
        source: Its file name, for messages.

    Raises:
        ConfigError: Not YAML, a key twice, an alias or a tag, too deep, too large.
    """
    if len(text) > MAX_BYTES:
        raise ConfigError(f"{source}: {len(text)} characters; a config has at most {MAX_BYTES}.")
    tree, stack = YamlTree(), list[_Open]()
    documents = 0
    try:
        for event in YAML(typ="base", pure=True).parse(text):
            documents += isinstance(event, DocumentStartEvent)
            if documents > 1:
                raise ConfigError(f"{source}: more than one document; expected one (remove `---`).")
            _take(event, tree, stack, source)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ConfigError(f"{source}{line}: not valid YAML: {problem}.") from None
    return tree


def _take(event: Any, tree: YamlTree, stack: list[_Open], source: str) -> None:
    """Apply one parser event to the tree."""
    if isinstance(event, MappingEndEvent | SequenceEndEvent):
        stack.pop()
        return
    if not isinstance(event, AliasEvent | ScalarEvent | MappingStartEvent | SequenceStartEvent):
        return
    where = f"{source}:{event.start_mark.line + 1}"
    if isinstance(event, AliasEvent) or event.anchor is not None:
        raise ConfigError(f"{where}: YAML anchors and aliases are not allowed; write it out.")
    if getattr(event, "tag", None) is not None:
        raise ConfigError(f"{where}: YAML tags such as {event.tag} are not allowed; remove it.")
    if isinstance(event, ScalarEvent):
        _place(event.value, tree, stack, event, where)
        return
    if len(stack) >= MAX_DEPTH:
        raise ConfigError(f"{where}: nested deeper than {MAX_DEPTH} levels.")
    value = {} if isinstance(event, MappingStartEvent) else []
    stack.append(_Open(value, _place(value, tree, stack, event, where)))


def _place(value: Any, tree: YamlTree, stack: list[_Open], event: Any, where: str) -> Location:
    """Put a value where it belongs; in a mapping keys and values alternate."""
    if not stack:
        tree.value = value
        return ()
    parent = stack[-1]
    line = event.start_mark.line + 1
    if isinstance(parent.value, list):
        path = (*parent.path, len(parent.value))
        parent.value.append(value)
    elif parent.key is None:
        if not isinstance(value, str):
            raise ConfigError(f"{where}: a key must be a plain word, not a list or mapping.")
        if value in parent.value:
            first = tree.lines[(*parent.path, value)]
            raise ConfigError(f'{where}: key "{value}" appears twice (first on line {first}).')
        parent.key = value
        path = (*parent.path, value)
        tree.lines[path] = line
        return path
    else:
        path = (*parent.path, parent.key)
        parent.value[parent.key], parent.key = value, None
        return path
    tree.lines[path] = line
    return path
