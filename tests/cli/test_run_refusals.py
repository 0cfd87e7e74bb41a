"""Runs that fit no longer, or hold what a model must not: refused with a way out."""

import hashlib
import json
import re
import shutil
import struct

import pytest
import torch
from safetensors.torch import save_file

from polyhead.checkpoints.weights import read_weights, write_weights
from polyhead.runtime.run_folder import RunFolder

ZEROS = "0" * 64
MEND = re.compile(r"(?i)\b(use|copy|name|train|start|convert|expected|needs|did you mean|undo)\b")


def sealed(data):
    """Weights with the checksum that belongs to them, whatever they hold."""
    end = 8 + struct.unpack("<Q", data[:8])[0]
    place = data.index(b'"sha256":"', 8, end) + len(b'"sha256":"')
    blank = data[:place] + ZEROS.encode() + data[place + 64 :]
    return data[:place] + hashlib.sha256(blank).hexdigest().encode() + data[place + 64 :]


def reseal(path, change):
    path.write_bytes(sealed(change(path.read_bytes())))


def with_tensors(run, change):
    tensors, metadata = read_weights(run.best_weights)
    write_weights(run.best_weights, change(tensors), metadata)


def first(tensors):
    return next(name for name, tensor in tensors.items() if tensor.ndim == 4)


def without_one(tensors):
    return {name: tensor for name, tensor in tensors.items() if name != first(tensors)}


def narrower(tensors):
    return {**tensors, first(tensors): tensors[first(tensors)][:1]}


def fill_with(bits):
    """Overwrite the last number of the weights by these bits of a float32."""
    return lambda run: reseal(run.best_weights, lambda data: data[:-4] + struct.pack("<I", bits))


def newer_weights(run):
    old, new = b'"format_version":"1"', b'"format_version":"9"'
    reseal(run.best_weights, lambda data: data.replace(old, new))


def in_manifests(change):
    """Change the manifests of all checkpoints, checksum and all."""

    def spoil(run):
        for path in run.checkpoints.glob("step-*/manifest.json"):
            body = json.loads(path.read_text())
            del body["sha256"]
            change(body)
            text = json.dumps(body, sort_keys=True).encode("ascii")
            path.write_text(json.dumps({**body, "sha256": hashlib.sha256(text).hexdigest()}))

    return spoil


def escape(name):
    return in_manifests(lambda body: body["files"].update({name: body["files"]["state.json"]}))


def plain_safetensors(run):
    save_file(read_weights(run.best_weights)[0], run.best_weights)


def pickled(run):
    torch.save({"a": torch.zeros(2)}, run.best_weights)


def tasks_renamed(run):
    run.classes.write_text(run.classes.read_text().replace('"daytime"', '"time"'))


def in_a_folder(run):
    run.best_weights.unlink()
    run.best_weights.mkdir()


CASES = {
    "NaN": (fill_with(0x7FC00000), "predict", "E_NON_FINITE", "NaN"),
    "infinity": (fill_with(0x7F800000), "predict", "E_NON_FINITE", "infinity"),
    "NaN for evaluate": (fill_with(0x7FC00000), "evaluate", "E_NON_FINITE", "NaN"),
    "a tensor is gone": (lambda r: with_tensors(r, without_one), "predict", "E_STATE", "missing:"),
    "a tensor too many": (
        lambda r: with_tensors(r, lambda tensors: {**tensors, "x": torch.zeros(1)}),
        "predict",
        "E_STATE",
        "unexpected: x",
    ),
    "another shape": (lambda r: with_tensors(r, narrower), "predict", "E_STATE", "another shape:"),
    "newer weights": (newer_weights, "predict", "E_FORMAT_VERSION", "reads format 1; needs"),
    "no checksum": (plain_safetensors, "predict", "E_HASH", "no checksum"),
    "a pickle": (pickled, "predict", "E_PICKLE", "safetensors"),
    "a folder of that name": (in_a_folder, "predict", "E_CHECKPOINT", "directory"),
    "classes are no JSON": (
        lambda r: r.classes.write_text("{"),
        "predict",
        "E_CHECKPOINT",
        "classes.json",
    ),
    "classes are a list": (
        lambda r: r.classes.write_text("[]"),
        "predict",
        "E_CHECKPOINT",
        "classes.json",
    ),
    "classes without tasks": (
        lambda r: r.classes.write_text('{"format_version": 1}'),
        "evaluate",
        "E_CHECKPOINT",
        "tasks",
    ),
    "other task names": (tasks_renamed, "predict", "E_CHECKPOINT", "time"),
    "a newer checkpoint": (
        in_manifests(lambda body: body.update(format_version="9")),
        "train",
        "E_FORMAT_VERSION",
        "reads format 1; needs",
    ),
    "an absolute path": (escape("/etc/passwd"), "train", "E_CHECKPOINT", "passwd"),
    "a path upwards": (escape("../config.yaml"), "train", "E_CHECKPOINT", "config.yaml"),
    "a key too many": (
        in_manifests(lambda body: body.update(x=1)),
        "train",
        "E_CHECKPOINT",
        "manifest",
    ),
    "a file is gone": (
        lambda r: [path.unlink() for path in r.checkpoints.glob("*/ema.safetensors")],
        "train",
        "E_CHECKPOINT",
        "ema.safetensors",
    ),
    "a torn manifest": (
        lambda r: [path.write_text("{") for path in r.checkpoints.glob("*/manifest.json")],
        "train",
        "E_CHECKPOINT",
        "damaged",
    ),
    "no manifest": (
        lambda r: [path.unlink() for path in r.checkpoints.glob("*/manifest.json")],
        "train",
        "E_CHECKPOINT",
        "save never finished",
    ),
    "a tensor of a checkpoint is cut": (
        lambda r: [path.write_bytes(b"") for path in r.checkpoints.glob("*/model.safetensors")],
        "train",
        "E_CHECKPOINT",
        "0 bytes instead of",
    ),
}


def refused(shell, *words):
    assert shell(*words) == 1, shell.out
    assert shell.out == ""
    assert "Traceback" not in shell.err
    assert "E_INTERNAL" not in shell.err
    assert MEND.search(shell.err), shell.err


@pytest.mark.parametrize("name", CASES)
def test_what_was_tampered_with_is_refused(shell, scenes, trained, tmp_path, name):
    spoil, verb, code, words = CASES[name]
    run = RunFolder(shutil.copytree(trained.path, tmp_path / "run"))
    spoil(run)
    more = [scenes / "images" / "000000.jpg"] if verb == "predict" else []
    refused(shell, verb, *(["--resume"] if verb == "train" else []), run.path, *more)
    assert f"error {code}: " in shell.err
    assert words in shell.err


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("model.pt", "E_PICKLE"),
        ("model.PTH", "E_PICKLE"),
        ("model.pkl", "E_PICKLE"),
        ("model.ckpt", "E_PICKLE"),
        ("model.safetensors", "E_RUN"),
        ("model.zip", "E_RUN"),
    ],
)
@pytest.mark.parametrize("verb", ["predict", "evaluate"])
def test_a_file_is_no_run(shell, tmp_path, name, code, verb):
    (tmp_path / name).write_bytes(b"\x80\x04]q\x00.")
    more = [tmp_path / "a.jpg"] if verb == "predict" else []
    refused(shell, verb, tmp_path / name, *more)
    assert f"error {code}: " in shell.err


def test_a_name_nearby_is_proposed(shell, trained):
    wrong = str(trained.path).replace("tiny", "tnyi")
    refused(shell, "predict", wrong, "a.jpg")
    assert f'Did you mean "{trained.path}"?' in shell.err


def test_reseal_alone_changes_nothing(trained):
    data = trained.best_weights.read_bytes()
    assert sealed(data) == data
