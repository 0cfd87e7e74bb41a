"""The recipes that polyhead ships: whole configs by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from polyhead.config import parse_yaml
from polyhead.errors import ConfigError

SUFFIX = ".yaml"
LEARNING_KEYS = ("head", "loss", "nms")  # of a task; the others say what its labels are
_FOLDER = files("polyhead") / "recipes"


@dataclass(frozen=True)
class Recipe:
    """A shipped config.

    Attributes:
        name: Of its file.
        text: The whole YAML.
        settings: The part of it from `model:` on, comments included.
        keys: Task type to the keys that say how such a task is learnt.
    """

    name: str
    text: str
    settings: str
    keys: Mapping[str, Mapping[str, Any]]


def recipe_names() -> list[str]:
    """The names of all recipes, sorted."""
    names = (file.name for file in _FOLDER.iterdir())
    return sorted(name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX))


def read_recipe(name: str) -> Recipe:
    """One of the recipes.

    Raises:
        ConfigError: `E_RECIPE`: there is none of that name; lists all.
    """
    names = recipe_names()
    if name not in names:
        message = f'there is no recipe "{name}"; choose one of {", ".join(names)}.'
        raise ConfigError(message, code="E_RECIPE")
    text = (_FOLDER / f"{name}{SUFFIX}").read_text(encoding="utf-8")
    tree = parse_yaml(text, f"{name}{SUFFIX}")
    start = tree.lines[("model",)] - 1
    settings = "".join(text.splitlines(keepends=True)[start:])
    keys = {
        task["type"]: {key: task[key] for key in LEARNING_KEYS if key in task}
        for task in tree.value["tasks"].values()
    }
    return Recipe(name, text, settings, keys)
