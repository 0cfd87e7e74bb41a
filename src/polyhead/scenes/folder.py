"""The folder that a set of scenes is written into."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from polyhead.errors import ConfigError

RECORD = "scenes.json"
"""Written first: a folder that holds it may be overwritten."""

TABLE = "labels.csv"
"""Written last: a folder without it is unfinished."""

OBJECTS = "objects.json"

OURS = ("images/[0-9]*.jpg", "masks/[0-9]*.png", TABLE, OBJECTS)


def take_folder(out: Path, record: dict[str, Any]) -> None:
    """Make the folder, or clear an earlier set of scenes out of it.

    Raises:
        ConfigError: There is a file in its place, or it holds something else.
    """
    if out.exists() and not out.is_dir():
        raise ConfigError(f"{out} is a file, expected a folder: name another place to write to.")
    if out.exists() and any(out.iterdir()) and not (out / RECORD).exists():
        raise ConfigError(
            f"{out} holds files that are no set of scenes (there is no {RECORD}): "
            "name a new or empty folder."
        )
    for name in ("images", "masks"):
        (out / name).mkdir(parents=True, exist_ok=True)
    for path in (path for pattern in OURS for path in out.glob(pattern)):
        path.unlink()
    write_json(out / RECORD, record)


def write_json(path: Path, document: dict[str, Any]) -> None:
    """Write a JSON file whole or not at all."""
    write_whole(path, lambda file: json.dump(document, file, allow_nan=False))


def write_whole(path: Path, fill: Callable[[TextIO], object]) -> None:
    """Write a text file under another name, then rename it, so that no half file is ever seen."""
    unfinished = path.with_name(path.name + ".unfinished")
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        fill(file)
    os.replace(unfinished, path)
