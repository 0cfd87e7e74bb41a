"""From a YAML file, `--set` overrides or a mapping to a checked `Config`."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from polyhead.config.explain import explain, with_alternatives
from polyhead.config.schema import Config
from polyhead.config.yaml_text import MAX_BYTES, Location, YamlTree, parse_yaml
from polyhead.errors import ConfigError, nearest

PATH_KEYS = (("data", "images"), ("data", "annotations"))
SOURCE_PATH_KEYS = ("path", "images")  # of an item of a list of annotations


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """Read a config file; relative paths in it start at its own folder.

    Args:
        path: The YAML file.
        overrides: `dotted.key=value` texts, as `--set` takes them; relative paths in them start
            at the working directory.

    Raises:
        ConfigError: The file, a key or a value is wrong; names line, key and mend.
    """
    path = Path(path)
    tree = parse_yaml(read_config_text(path), str(path))
    if not isinstance(tree.value, dict):
        raise ConfigError(f"{path}: expected keys such as `data:` and `tasks:`, found none.")
    value = copy.deepcopy(tree.value)
    places = _places(str(path), tree)
    for keys in PATH_KEYS:
        _rebase(value, keys, path.resolve().parent)
    for override in overrides:
        keys = apply_override(value, override)
        places = {at: place for at, place in places.items() if at[: len(keys)] != keys}
        for length in range(1, len(keys) + 1):
            places.setdefault(keys[:length], f"--set {override}")
    return _check(value, places)


def read_config_text(path: Path) -> str:
    """The text of a config file.

    Raises:
        ConfigError: No such file, a folder, too large, or not UTF-8 text.
    """
    if path.is_dir():
        raise ConfigError(f"{path} is a folder; expected a config such as polyhead.yaml in it.")
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ConfigError(f"{path}: {size} bytes; a config has at most {MAX_BYTES}.")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        around = [p.name for p in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        hint = nearest(path.name, around) if around else "Write one with `polyhead init`."
        raise ConfigError(f"config {path} does not exist. {hint}") from None
    except (UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"config {path} cannot be read as UTF-8 text: {error}.") from None


def _rebase(value: dict[str, Any], keys: Sequence[str], folder: Path) -> None:
    """Make the path at these keys start at the folder, in place; anything else stays."""
    section, key = keys
    part = value.get(section)
    if isinstance(part, dict) and key in part:
        part[key] = _from(part[key], folder, f"{section}.{key}")


def _from(found: Any, folder: Path, key: str) -> Any:
    """A copy in which every path starts at the folder: a path, or a list of several sources."""
    if isinstance(found, str) and found:
        try:
            return str(folder / Path(found).expanduser())
        except RuntimeError as error:  # `~name` of nobody
            raise ConfigError(f'`{key}` is "{found}": {error}') from None
    if isinstance(found, list):
        return [_from(item, folder, f"{key}.{index}") for index, item in enumerate(found)]
    if isinstance(found, dict):
        paths = {name: found[name] for name in SOURCE_PATH_KEYS if name in found}
        return found | {name: _from(path, folder, f"{key}.{name}") for name, path in paths.items()}
    return found


def apply_override(value: dict[str, Any], override: str) -> Location:
    """Set one dotted key in a tree, in place: `train.epochs=20`, `tasks.contents.loss=bce`.

    Returns:
        The path of the key.

    Raises:
        ConfigError: No `=`, or the path leads through a value that is no mapping.
    """
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f'--set "{override}": expected key=value, such as train.epochs=20.')
    node, names = value, key.strip().split(".")
    for name in names[:-1]:
        node = node.setdefault(name, {})
        if not isinstance(node, dict):
            raise ConfigError(f'--set "{override}": "{name}" holds no keys of its own.')
    node[names[-1]] = parse_yaml(text, f"--set {key}").value if text.strip() else ""
    if tuple(names) in PATH_KEYS:
        _rebase(value, names, Path.cwd())
    return tuple(names)


def validate(value: Mapping[str, Any], source: str, tree: YamlTree | None = None) -> Config:
    """Check a tree of keys and values.

    Raises:
        ConfigError: All that is wrong, one line each.
    """
    return _check(value, _places(source, tree or YamlTree()))


def _places(source: str, tree: YamlTree) -> dict[Location, str]:
    """How messages name where each key stands; the empty path is the whole source."""
    return {(): source, **{path: f"{source}:{line}" for path, line in tree.lines.items()}}


def _check(value: Mapping[str, Any], places: Mapping[Location, str]) -> Config:
    try:
        return Config.model_validate(value)
    except ValidationError as error:
        lines = [explain(item, value, places) for item in with_alternatives(error.errors())]
        raise ConfigError("\n".join(dict.fromkeys(lines))) from None


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a config, for editors."""
    return Config.model_json_schema()
