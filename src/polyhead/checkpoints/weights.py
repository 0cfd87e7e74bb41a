"""Weight files: safetensors that carry their own checksum.

The metadata field `sha256` is the SHA-256 of the whole file with the 64 digits of that very
field replaced by zeros, so that one file is enough to notice any changed bit. The same tensors
and metadata always give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from polyhead.errors import CheckpointError, first_few
from polyhead.files import write_bytes
from polyhead.version import __version__

FORMAT_VERSION = "1"
PICKLE_SUFFIXES = {".pt", ".pth", ".pkl", ".pickle", ".ckpt"}

_RESERVED = ("format_version", "polyhead_version", "sha256")
_ZEROS = "0" * 64
_CHECKSUM = re.compile(rb'"sha256":"([0-9a-f]{64})"')
_PICKLE_MAGIC = re.compile(rb"PK\x03\x04|\x80[\x02-\x05]")
_SHOWN = 10  # tensors that an error names


def write_weights(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> str:
    """Write tensors crash-safely as one safetensors file with its own checksum.

    Tied tensors are each written in full; strides (channels-last, views) are not kept.

    Args:
        path: The file; its folder must exist.
        tensors: Name to dense tensor, on any device.
        metadata: Text to keep beside them.

    Returns:
        SHA-256 of the file, in hexadecimal digits.

    Raises:
        CheckpointError: `E_NON_FINITE`, naming the tensors that hold NaN or infinity.
        PolyheadError: `E_WRITE`; the old file is intact.
        ValueError: The metadata uses a reserved name.
    """
    taken = sorted(set(metadata) & set(_RESERVED))
    if taken:
        raise ValueError(f"Parameter `metadata` should not hold {taken}: they are written anyway.")
    mend = "Lower the learning rate or go back to an earlier checkpoint."
    _refuse_non_finite(tensors, f"Refused to write {path}", mend)
    copies = {name: _contiguous_copy(tensor) for name, tensor in tensors.items()}
    own = {"format_version": FORMAT_VERSION, "polyhead_version": __version__, "sha256": _ZEROS}
    return write_bytes(path, _sealed(safetensors.torch.save(copies, {**metadata, **own})))


def read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read a file of `write_weights`, verified before any tensor is returned.

    Args:
        path: The file.

    Returns:
        The tensors, on the CPU, and the metadata that was passed to `write_weights`.

    Raises:
        CheckpointError: `E_PICKLE`, a pickle; `E_HASH`, a damaged or foreign file;
            `E_FORMAT_VERSION`, made by a newer polyhead; `E_NON_FINITE`, NaN or infinity in it;
            `E_CHECKPOINT`, it cannot be read.
    """
    if path.suffix.lower() in PICKLE_SUFFIXES:
        raise _pickle_error(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        text = f"Cannot read weights {path}: {error.strerror}. Name a safetensors file."
        raise CheckpointError(text) from error
    # A safetensors header may be 640 bytes long, which looks like a pickle but for its brace.
    if _PICKLE_MAGIC.match(data) and data[8:9] != b"{":
        raise _pickle_error(path)
    _verify_checksum(path, data)
    tensors, metadata = _parse(path, data)
    mend = "Use another checkpoint, or train again at a lower learning rate."
    _refuse_non_finite(tensors, f"Refused to use {path}", mend)
    return tensors, metadata


def check_state(module_state: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> None:
    """Make sure that tensors fit a module wholly before any of them is loaded.

    Args:
        module_state: The module's `state_dict()`.
        tensors: What was read.

    Raises:
        CheckpointError: `E_STATE`, listing missing, unexpected and wrongly shaped names.
    """
    shapes = [
        f"{name} {tuple(tensors[name].shape)} instead of {tuple(expected.shape)}"
        for name, expected in module_state.items()
        if name in tensors and tensors[name].shape != expected.shape
    ]
    findings = {
        "missing": [name for name in module_state if name not in tensors],
        "unexpected": [name for name in tensors if name not in module_state],
        "of another shape": shapes,
    }
    faults = [f"{kind}: {first_few(names, _SHOWN)}" for kind, names in findings.items() if names]
    if faults:
        text = f"The weights do not fit this model. {'; '.join(faults)}."
        mend = "Use the config that they were trained with; nothing was loaded."
        raise CheckpointError(f"{text} {mend}", code="E_STATE")


def _refuse_non_finite(tensors: Mapping[str, Tensor], found: str, mend: str) -> None:
    bad = [name for name, tensor in tensors.items() if not bool(torch.isfinite(tensor).all())]
    if bad:
        text = f"{found}: NaN or infinity in {first_few(bad, _SHOWN)}."
        raise CheckpointError(f"{text} {mend}", code="E_NON_FINITE")


def _contiguous_copy(tensor: Tensor) -> Tensor:
    """A copy of its own: safetensors refuses tensors that share memory or have strides."""
    return tensor.detach().cpu().clone(memory_format=torch.contiguous_format)


def _sealed(data: bytes) -> bytes:
    """Sort the metadata, which safetensors writes in random order, and fill in the checksum."""
    end = _header_end(data)
    header = json.loads(data[8:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 8)
    sealed = bytearray(len(text).to_bytes(8, "little") + text + data[end:])
    start = text.index(b'"sha256":"') + 8 + len(b'"sha256":"')
    sealed[start : start + 64] = hashlib.sha256(sealed).hexdigest().encode("ascii")
    return bytes(sealed)


def _header_end(data: bytes) -> int:
    return 8 + int.from_bytes(data[:8], "little")


def _verify_checksum(path: Path, data: bytes) -> None:
    end = _header_end(data)
    found = _CHECKSUM.findall(data[8:end]) if end <= len(data) else []
    if len(found) != 1:
        raise _hash_error(path, "no checksum was found in it")
    start = data.index(b'"sha256":"' + found[0]) + len(b'"sha256":"')
    view = memoryview(data)
    digest = hashlib.sha256(view[:start])
    digest.update(_ZEROS.encode("ascii"))
    digest.update(view[start + 64 :])
    if digest.hexdigest().encode("ascii") != found[0]:
        raise _hash_error(path, "its content does not match its checksum")


def _parse(path: Path, data: bytes) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        tensors = safetensors.torch.load(data)
        metadata = dict(json.loads(data[8 : _header_end(data)])["__metadata__"])
        version, maker = metadata["format_version"], metadata["polyhead_version"]
    except (SafetensorError, ValueError, KeyError) as error:
        raise _hash_error(path, f"it is not well-formed ({error})") from error
    if version != FORMAT_VERSION:
        raise format_version_error(path, version, maker)
    return tensors, {name: text for name, text in metadata.items() if name not in _RESERVED}


def format_version_error(path: Path, version: object, maker: object) -> CheckpointError:
    """The error of a file in a format that this polyhead does not know.

    Args:
        path: The file.
        version: Its format version.
        maker: Version of the polyhead that made it.
    """
    text = f"{path} was made by polyhead {maker} in format {version}"
    mend = f"polyhead {__version__} reads format {FORMAT_VERSION}; needs polyhead ≥ {maker}"
    return CheckpointError(f"{text}; {mend}.", code="E_FORMAT_VERSION")


def _hash_error(path: Path, reason: str) -> CheckpointError:
    text = f"{path} is damaged or was not written by polyhead: {reason}"
    return CheckpointError(f"{text}. Copy it again or use another checkpoint.", code="E_HASH")


def _pickle_error(path: Path) -> CheckpointError:
    text = f"{path} is a pickle, which can run any code when opened; expected safetensors"
    mend = "Convert it where you trust it: load it there and save its tensors with"
    tool = "polyhead.checkpoints.weights.write_weights (safetensors.torch.save_file and a checksum)"
    return CheckpointError(f"{text}. {mend} {tool}.", code="E_PICKLE")
