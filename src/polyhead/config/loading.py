"""From a YAML file, `--set` overrides or a mapping to a checked `Config`."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError

from polyhead.config.schema import Config
from polyhead.config.yaml_text import YamlTree, parse_yaml
from polyhead.errors import ConfigError, nearest
from polyhead.tasks import AnyTaskConfig

PATH_KEYS = (("data", "images"), ("data", "annotations"))


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
    value = _rebase(tree.value, path.resolve().parent)
    for override in overrides:
        apply_override(value, override)
    return validate(value, str(path), tree)


def read_config_text(path: Path) -> str:
    """The text of a config file.

    Raises:
        ConfigError: No such file, a folder, or not UTF-8 text.
    """
    if path.is_dir():
        raise ConfigError(f"{path} is a folder; expected a config such as polyhead.yaml in it.")
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        around = [p.name for p in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        hint = nearest(path.name, around) if around else "Write one with `polyhead init`."
        raise ConfigError(f"config {path} does not exist. {hint}") from None
    except (UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"config {path} cannot be read as UTF-8 text: {error}.") from None


def _rebase(value: dict[str, Any], folder: Path) -> dict[str, Any]:
    value = copy.deepcopy(value)
    for section, key in PATH_KEYS:
        part = value.get(section)
        if isinstance(part, dict) and isinstance(part.get(key), str) and part[key]:
            part[key] = str(folder / Path(part[key]).expanduser())
    return value


def apply_override(value: dict[str, Any], override: str) -> None:
    """Set one dotted key in a tree, in place: `train.epochs=20`, `tasks.contents.loss=bce`.

    Raises:
        ConfigError: No `=`, or the path runs through something that is no mapping.
    """
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f'--set "{override}": expected key=value, such as train.epochs=20.')
    node, names = value, key.strip().split(".")
    for name in names[:-1]:
        node = node.setdefault(name, {})
        if not isinstance(node, dict):
            raise ConfigError(f'--set "{override}": "{name}" holds no keys of its own.')
    new = parse_yaml(text, f"--set {key}").value if text.strip() else ""
    if tuple(names) in PATH_KEYS:
        new = str(Path(new).expanduser().absolute())
    node[names[-1]] = new


def validate(value: Mapping[str, Any], source: str, tree: YamlTree | None = None) -> Config:
    """Check a tree of keys and values.

    Raises:
        ConfigError: All that is wrong, one line each.
    """
    try:
        return Config.model_validate(value)
    except ValidationError as error:
        lines = [_explain(item, source, tree) for item in error.errors()]
        raise ConfigError("\n".join(dict.fromkeys(lines))) from None


def _explain(error: Any, source: str, tree: YamlTree | None) -> str:
    """One line for one pydantic error: file, line, key, what was found, how to mend it."""
    path = _plain_path(error["loc"])
    key = ".".join(map(str, path)) or "the config"
    known = tree.lines if tree else {}
    line = next((known[path[:n]] for n in range(len(path), 0, -1) if path[:n] in known), None)
    where = f"{source}:{line}" if line else source
    found = error.get("input")
    match error["type"]:
        case "extra_forbidden":
            hint = nearest(str(path[-1]), _keys_at(path[:-1], tree))
            return f"{where}: unknown key `{key}`. {hint}"
        case "missing":
            return f"{where}: key `{key}` is missing; add it."
        case "union_tag_not_found":
            return f"{where}: `{key}` has no `type`; expected one of {', '.join(_task_types())}."
        case "union_tag_invalid":
            wrong = str(found.get("type")) if isinstance(found, dict) else str(found)
            return f'{where}: `{key}.type` is "{wrong}". {nearest(wrong, _task_types())}'
        case "literal_error":
            choices = str(error["ctx"]["expected"]).replace("'", "").replace(" or ", ", ")
            return f'{where}: `{key}` is "{found}". {nearest(str(found), choices.split(", "))}'
    shown = f' (found "{found}")' if isinstance(found, str | int | float | bool) else ""
    return f"{where}: `{key}`: {error['msg'].removeprefix('Value error, ')}{shown}."


def _plain_path(location: Sequence[str | int]) -> tuple[str | int, ...]:
    """The path in the YAML: pydantic's own also names the member of the union of tasks."""
    path = list(location)
    if len(path) > 2 and path[0] == "tasks" and path[2] in _task_types():
        del path[2]
    return tuple(path)


def _task_models() -> dict[str, type[BaseModel]]:
    members = get_args(get_args(AnyTaskConfig)[0])
    return {get_args(model.model_fields["type"].annotation)[0]: model for model in members}


def _task_types() -> list[str]:
    return sorted(_task_models())


def _keys_at(path: Sequence[str | int], tree: YamlTree | None) -> list[str]:
    """The keys that may stand at a path."""
    model: Any = Config
    node: Any = tree.value if tree else None
    for step in path:
        node = node.get(step) if isinstance(node, dict) else None
        if path[0] == "tasks" and len(path) == 2 and step == path[1]:
            task_type = node.get("type") if isinstance(node, dict) else None
            model = _task_models().get(str(task_type), model)
        elif isinstance(model, type) and step in model.model_fields:
            model = model.model_fields[str(step)].annotation
    return sorted(model.model_fields) if isinstance(model, type) else []


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a config, for editors."""
    return TypeAdapter(Config).json_schema()
