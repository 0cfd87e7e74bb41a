"""The manifest of a checkpoint folder: written last, so that without it there is no checkpoint."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from polyhead.checkpoints.weights import FORMAT_VERSION, format_version_error
from polyhead.errors import CheckpointError
from polyhead.files import sha256_of, write_json
from polyhead.version import __version__

MANIFEST = "manifest.json"

FileName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*\.(safetensors|json)$")]


class FileRecord(BaseModel):
    """Size and checksum of one file.

    Attributes:
        size: Bytes.
        sha256: Of its content, in hexadecimal digits.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    size: int
    sha256: str


class Manifest(BaseModel):
    """The complete list of files of a checkpoint folder.

    Attributes:
        format_version: Version of the layout.
        polyhead_version: What wrote it.
        step: Optimizer steps taken.
        files: Flat file name to its record.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    format_version: str
    polyhead_version: str
    step: int
    files: dict[FileName, FileRecord]


def write_manifest(folder: Path, step: int, digests: Mapping[str, str]) -> None:
    """Write the manifest of a folder whose other files are complete.

    Args:
        folder: The checkpoint folder.
        step: Optimizer steps taken.
        digests: File name to the SHA-256 of what was written.

    Raises:
        PolyheadError: `E_WRITE`.
    """
    files = {
        name: {"size": (folder / name).stat().st_size, "sha256": digest}
        for name, digest in digests.items()
    }
    body = {
        "format_version": FORMAT_VERSION,
        "polyhead_version": __version__,
        "step": step,
        "files": files,
    }
    write_json(folder / MANIFEST, {**body, "sha256": _digest(body)})


def verified_manifest(folder: Path) -> Manifest:
    """Read a manifest after making sure that the folder holds exactly what it lists.

    Args:
        folder: The checkpoint folder.

    Raises:
        CheckpointError: `E_CHECKPOINT`, no manifest, a link, a missing or an extra file;
            `E_HASH`, other content; `E_FORMAT_VERSION`, made by a newer polyhead.
        OSError: The folder cannot be read.
    """
    names = _plain_files(folder)
    if MANIFEST not in names:
        raise CheckpointError(f"{folder} has no {MANIFEST}: its save never finished.")
    manifest = _parse(folder / MANIFEST)
    expected = {*manifest.files, MANIFEST}
    if names != expected:
        missing, extra = sorted(expected - names), sorted(names - expected)
        raise CheckpointError(f"{folder} should not lack {missing} nor hold {extra}.")
    for name, record in manifest.files.items():
        _verify_file(folder / name, record)
    return manifest


def _plain_files(folder: Path) -> set[str]:
    """Names in a folder, refusing whatever is not a plain file, before anything is opened."""
    if not stat.S_ISDIR(folder.lstat().st_mode):
        raise CheckpointError(f"{folder} is not a folder of its own (a link or a file).")
    with os.scandir(folder) as entries:
        plain = {entry.name: entry.is_file(follow_symlinks=False) for entry in entries}
    odd = sorted(name for name, is_plain in plain.items() if not is_plain)
    if odd:
        raise CheckpointError(f"{folder} should hold plain files only, no links or folders: {odd}.")
    return set(plain)


def _parse(path: Path) -> Manifest:
    try:
        body = json.loads(path.read_bytes())
        digest = body.pop("sha256")
        intact = digest == _digest(body)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{path} is damaged: {error!r}.", code="E_HASH") from error
    if not intact:
        raise CheckpointError(f"{path} is damaged: its checksum differs.", code="E_HASH")
    if body.get("format_version") != FORMAT_VERSION:
        maker = body.get("polyhead_version", "?")
        raise format_version_error(path, body.get("format_version"), maker)
    try:
        return Manifest.model_validate(body)
    except ValidationError as error:
        reason = error.errors()[0]
        text = f"{path} is not a manifest: {reason['loc']}: {reason['msg']}."
        raise CheckpointError(text) from error


def _verify_file(path: Path, record: FileRecord) -> None:
    size = path.stat().st_size
    if size != record.size:
        text = f"{path} holds {size} bytes instead of {record.size}."
        raise CheckpointError(text, code="E_HASH")
    if sha256_of(path) != record.sha256:
        raise CheckpointError(f"{path} does not match its checksum.", code="E_HASH")


def _digest(body: Mapping[str, Any]) -> str:
    """SHA-256 of the manifest itself, so that a changed bit in it is found as well."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode("ascii")).hexdigest()
