"""The class names of a YOLO data set, and the splits in its `data.yaml`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from polyhead.errors import DataError
from polyhead.formats.faults import refusal

NAME_FILES = ("classes.txt", "obj.names")
_MAX_YAML_BYTES = 1_000_000
_SPLIT_KEYS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}


@dataclass(frozen=True)
class YoloNames:
    """The class names and splits of a data set.

    Attributes:
        source: The file that lists them, or None when there is none.
        names: Class number to name.
        splits: `train`, `val`, `test` to the folders or lists of images that belong to it.
        num_key_values: Numbers of the key points behind each box, by `kpt_shape`; 0 without.
    """

    source: Path | None
    names: dict[int, str]
    splits: dict[str, list[str]] = field(default_factory=dict)
    num_key_values: int = 0


def find_names(path: Path) -> YoloNames:
    """Read `data.yaml` (or another YAML file with `names`), `classes.txt` or `obj.names`.

    They may be in the folder, in its `labels`, or one folder up when it is `labels`.

    Raises:
        DataError: `E_YOLO_NAMES`, with the file: it is no YAML, or its names are no names.
    """
    folders = [path, path / "labels"]
    folders += [path.resolve().parent] if path.name == "labels" else []
    for folder in folders:
        for file in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
            tree = _tree(file)
            if "names" in tree:
                return _from_tree(file, tree)
    for file in (folder / name for folder in folders for name in NAME_FILES):
        if file.is_file():
            lines = file.read_text(encoding="utf-8-sig").splitlines()
            names = [line.strip() for line in lines]
            while names and not names[-1]:
                names.pop()
            return YoloNames(file, _numbered(file, dict(enumerate(names))))
    return YoloNames(None, {})


def _tree(file: Path) -> dict[str, Any]:
    if file.stat().st_size > _MAX_YAML_BYTES:
        return {}
    try:
        tree = YAML(typ="base", pure=True).load(file.read_text(encoding="utf-8-sig"))
    except (YAMLError, RecursionError, UnicodeDecodeError) as error:
        raise _refuse(
            file, f"it is no proper YAML ({str(error).splitlines()[0]}); mend it"
        ) from error
    return tree if isinstance(tree, dict) else {}


def _from_tree(file: Path, tree: dict[str, Any]) -> YoloNames:
    names = tree["names"]
    if isinstance(names, list):
        names = dict(enumerate(names))
    elif isinstance(names, dict):
        names = {_index(file, key): name for key, name in names.items()}
    else:
        message = f"names is {str(names)[:40]!r}; expected a list, or a mapping from number to name"
        raise _refuse(file, message)
    splits: dict[str, list[str]] = {}
    for key, part in _SPLIT_KEYS.items():
        if tree.get(key):
            splits.setdefault(part, []).extend(_folders(tree, key))
    return YoloNames(file, _numbered(file, names), splits, _num_key_values(file, tree))


def _num_key_values(file: Path, tree: dict[str, Any]) -> int:
    """Key points times the numbers of each: x, y and perhaps whether it is seen."""
    shape = tree.get("kpt_shape")
    if shape in (None, ""):
        return 0
    if not (isinstance(shape, list) and len(shape) == 2 and all(str(n).isdecimal() for n in shape)):
        raise _refuse(file, f"kpt_shape is {str(shape)[:40]!r}; expected two numbers, as [17, 3]")
    return int(shape[0]) * int(shape[1])


def _index(file: Path, key: str) -> int:
    if not key.isdecimal():
        raise _refuse(file, f'names has the key "{key}"; expected the number of a class')
    return int(key)


def _numbered(file: Path, names: dict[int, Any]) -> dict[int, str]:
    wrong = [key for key, name in names.items() if not isinstance(name, str) or not name.strip()]
    if wrong:
        raise _refuse(file, f"class {wrong[0]} has no name; name every class")
    cleaned = {key: name.strip() for key, name in sorted(names.items())}
    repeated = sorted(name for name in cleaned.values() if list(cleaned.values()).count(name) > 1)
    if repeated:
        raise _refuse(file, f'two classes are named "{repeated[0]}"; rename one of them')
    return cleaned


def _folders(tree: dict[str, Any], key: str) -> list[str]:
    """The entries of one split, without the steps up (`../train/images`) that seldom hold."""
    entries = tree[key] if isinstance(tree[key], list) else [tree[key]]
    return [_plain(entry) for entry in entries if isinstance(entry, str)]


def _plain(entry: str) -> str:
    parts = [part for part in entry.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return "/".join(parts)


def is_names_file(name: str) -> bool:
    """Whether a path below the folder is a list of classes."""
    return name.removeprefix("labels/") in NAME_FILES


def _refuse(file: Path, message: str) -> DataError:
    return refusal("E_YOLO_NAMES", file.name, f"{message}.")
