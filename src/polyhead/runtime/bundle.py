"""A bundle on the disk: a flat folder whose manifest names the SHA-256 of every file."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from polyhead.errors import ConfigError, PolyheadError, first_few
from polyhead.files import explained, rename_folder, sync_folder, write_bytes
from polyhead.tasks import TaskDecider, decider_from_dict

FORMAT_VERSION = 1
MANIFEST, MODEL = "manifest.json", "model.onnx"
REQUIRED = (MODEL, "certificate.json", "README.md", "example.png", "example.json")
LARGEST_MANIFEST = 64 << 20  # bytes; 100,000 class names with their thresholds take a tenth


class BundleError(PolyheadError):
    """A bundle that cannot be trusted: damaged, incomplete, of another version, or no bundle."""

    code = "E_BUNDLE"


@dataclass(frozen=True)
class Manifest:
    """What a bundle answers, and how.

    Attributes:
        name: Of the model.
        polyhead: The version that wrote it.
        image_size: Height and width that the network takes.
        preprocessing: As in `classes.json`.
        tasks: Task name to decider.
        outputs: Task name to the keys of its dense arrays; the graph's outputs are `task/key`.
        provenance: Run, data and packages that it comes from.
        licences: What its weights start from, and their licences.
    """

    name: str
    polyhead: str
    image_size: tuple[int, int]
    preprocessing: Mapping[str, Any]
    tasks: Mapping[str, TaskDecider]
    outputs: Mapping[str, tuple[str, ...]]
    provenance: Mapping[str, Any]
    licences: tuple[Mapping[str, str], ...]

    def to_dict(self) -> dict[str, Any]:
        """The content of `manifest.json`, but for the files and its own digest."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        tasks = {name: task.to_dict() for name, task in self.tasks.items()}
        outputs = {name: list(keys) for name, keys in self.outputs.items()}
        return {"format_version": FORMAT_VERSION, **plain, "tasks": tasks, "outputs": outputs}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Manifest:
        """The manifest that `to_dict` described."""
        read = {field.name: content[field.name] for field in fields(cls)}
        height, width = content["image_size"]
        read["image_size"] = int(height), int(width)
        entries = content["tasks"].items()
        read["tasks"] = {name: decider_from_dict(name, entry) for name, entry in entries}
        read["outputs"] = {name: tuple(keys) for name, keys in content["outputs"].items()}
        read["licences"] = tuple(content["licences"])
        return cls(**read)


@dataclass(frozen=True)
class Bundle:
    """A verified bundle, in memory.

    Attributes:
        path: Where it was read.
        manifest: What it answers.
        files: File name to verified bytes.
        sha256: Digest of the manifest, and so of the whole bundle.
    """

    path: Path
    manifest: Manifest
    files: Mapping[str, bytes]
    sha256: str


def is_bundle(path: str | Path) -> bool:
    """Whether a folder has a manifest, or the name of a bundle."""
    return (Path(path) / MANIFEST).exists() or Path(path).suffix == ".bundle"


def check_target(folder: Path, *, replace: bool = False) -> None:
    """Refuse a place where a bundle cannot be written, before any work is done.

    Args:
        folder: Where the bundle goes.
        replace: Whether a bundle that is there may be replaced.

    Raises:
        ConfigError: Something is there: a bundle without `replace`, or anything else.
    """
    if os.path.lexists(folder):
        if folder.is_symlink() or not (folder / MANIFEST).is_file():
            raise ConfigError(f"{folder} is there and is no bundle; choose another name.")
        if not replace:
            raise ConfigError(f"{folder} is there; choose another name, or add --replace.")


def write_bundle(
    folder: Path, manifest: Manifest, files: Mapping[str, bytes], *, replace: bool = False
) -> str:
    """Write a bundle beside its place, then give it its name: it is there whole or not at all.

    Args:
        folder: Where the bundle goes.
        manifest: What it answers; written last.
        files: File name to bytes; every required name.
        replace: Whether a bundle that is there is replaced.

    Returns:
        Its digest.

    Raises:
        ConfigError: As `check_target`.
        PolyheadError: `E_WRITE`.
    """
    check_target(folder, replace=replace)
    content = manifest.to_dict()
    content["files"] = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        for name, data in files.items()
    }
    content["sha256"] = _digest(content)
    made = folder.with_name(f"{folder.name}.{os.getpid()}.tmp")
    try:
        with explained("create the bundle", made):
            made.mkdir(parents=True)
        for name, data in files.items():
            write_bytes(made / name, data)
        write_bytes(made / MANIFEST, _canonical(content))
        _take_place(made, folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return content["sha256"]


def read_bundle(path: str | Path) -> Bundle:
    """Read a bundle and verify every byte of it.

    Raises:
        BundleError: No bundle (`E_BUNDLE`); a file is missing (`E_BUNDLE_MISSING`), changed
            (`E_HASH`), a link or not of the bundle (`E_BUNDLE_EXTRA`); another format version
            (`E_FORMAT_VERSION`).
    """
    folder = Path(path)
    if not folder.is_dir():
        kind = "is no folder" if folder.exists() else "does not exist"
        raise BundleError(f"{folder} {kind}; expected a bundle, as polyhead export writes it.")
    content = _read_manifest(folder)
    _refuse_others(folder, set(content["files"]))
    files = {name: _read_file(folder / name, said) for name, said in content["files"].items()}
    try:
        manifest = Manifest.from_dict(content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BundleError(
            f"{folder / MANIFEST} does not describe a model ({error!r}); export the run again."
        ) from None
    return Bundle(folder, manifest, files, content["sha256"])


def _read_manifest(folder: Path) -> dict[str, Any]:
    file = folder / MANIFEST
    data = _bytes_of(file, LARGEST_MANIFEST)
    try:
        content = json.loads(data)
        _check_version(file, content)  # first: another version may spell its digest otherwise
        written = content["sha256"]
        whole = written == _digest({k: v for k, v in content.items() if k != "sha256"})
        # A byte that JSON does not show, such as a space, is a change as well.
        whole = whole and _canonical(content) == data
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _changed(file, "it is not as it was written") from None
    if not whole:
        raise _changed(file, "its digest is another")
    _check_entries(file, content.get("files"))
    if lacking := [name for name in REQUIRED if name not in content["files"]]:
        raise BundleError(
            f"{file} does not name {first_few(lacking, 3)}; export the run again.",
            code="E_BUNDLE_MISSING",
        )
    return content


def _check_version(file: Path, content: Mapping[str, Any]) -> None:
    if content["format_version"] != FORMAT_VERSION:
        raise BundleError(
            f"{file} has format version {content['format_version']} and was made by polyhead "
            f"{content.get('polyhead', '?')}; this polyhead reads {FORMAT_VERSION}; use the "
            "polyhead that wrote it, or a newer one.",
            code="E_FORMAT_VERSION",
        )


def _check_entries(file: Path, entries: Any) -> None:
    """Refuse entries that are no files of a bundle: anybody can write a digest that fits."""
    if not isinstance(entries, dict) or not all(
        isinstance(entry, dict)
        and type(entry.get("bytes")) is int
        and isinstance(entry.get("sha256"), str)
        for entry in entries.values()
    ):
        raise BundleError(f"{file} does not list its files; export the run again.")
    if others := [name for name in entries if name not in REQUIRED]:
        raise BundleError(
            f"{file} names {first_few(others, 3)}, which no bundle holds; export the run again.",
            code="E_BUNDLE_EXTRA",
        )


def _refuse_others(folder: Path, names: set[str]) -> None:
    """Refuse files that the manifest does not name, and links, which may lead anywhere."""
    wanted = {MANIFEST, *names}
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.is_symlink():
                text = f"{folder / entry.name} is a link; expected the file itself; copy it there."
                raise BundleError(text, code="E_BUNDLE_EXTRA")
            if entry.name not in wanted:
                raise BundleError(
                    f"{folder / entry.name} is not of the bundle; remove it.",
                    code="E_BUNDLE_EXTRA",
                )


def _read_file(file: Path, said: Mapping[str, Any]) -> bytes:
    data = _bytes_of(file, int(said["bytes"]))
    if len(data) != said["bytes"]:
        raise _changed(file, f"it has {len(data):,} bytes, expected {said['bytes']:,}")
    if hashlib.sha256(data).hexdigest() != said["sha256"]:
        raise _changed(file, "its SHA-256 is another")
    return data


def _bytes_of(file: Path, most: int) -> bytes:
    """The bytes of a file, and one more where it is longer than it should be."""
    if not file.is_file() or file.is_symlink():
        raise BundleError(
            f"{file.parent} is no whole bundle: it has no file {file.name}; copy it again, or "
            "export the run again.",
            code="E_BUNDLE_MISSING",
        )
    try:
        with file.open("rb") as opened:
            return opened.read(most + 1)
    except OSError as error:
        raise BundleError(f"{file} cannot be read ({error.strerror}); copy it again.") from None


def _take_place(made: Path, folder: Path) -> None:
    """Rename, after moving an older bundle out of the way; that one is removed at the end."""
    if not folder.exists():
        rename_folder(made, folder)
        return
    older = folder.with_name(f"{folder.name}.{os.getpid()}.older")
    rename_folder(folder, older)
    try:
        rename_folder(made, folder)
    except BaseException:
        rename_folder(older, folder)
        raise
    shutil.rmtree(older)
    sync_folder(folder.parent)


def _canonical(content: Mapping[str, Any]) -> bytes:
    """The one spelling of a manifest; the order of tasks is that of the answers, and is kept."""
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False).encode()


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical(content)).hexdigest()


def _changed(file: Path, why: str) -> BundleError:
    return BundleError(
        f"{file} was changed or damaged: {why}; copy the bundle again, or export the run again.",
        code="E_HASH",
    )
