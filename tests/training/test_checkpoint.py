"""Checkpoints: complete or absent, exact, and never lost past the last completed save."""

import contextlib
import copy
import errno
import json
import logging
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
import torch
from torch import nn

from polyhead.errors import CheckpointError, PolyheadError
from polyhead.training.checkpoint import (
    flatten_optimizer,
    load_checkpoint,
    restore_optimizer,
    save_checkpoint,
)
from polyhead.training.manifest import write_manifest

CALLS = ("open", "write", "fsync", "replace", "rename", "mkdir", "unlink", "rmdir", "close")


class Died(BaseException):
    """The process is gone."""


class Death:
    """From the k-th system call on, none is carried out any more, cleaning up included."""

    def __init__(self, patch, die_at):
        self.count, self.die_at = 0, die_at
        for name in CALLS:
            patch.setattr(os, name, self.wrap(name, getattr(os, name)))

    def wrap(self, name, original):
        def call(*args, **kwargs):
            self.count += 1
            if name == "close":  # the system closes what a dead process had open
                original(*args, **kwargs)
            if self.die_at and self.count >= self.die_at:
                raise Died
            return None if name == "close" else original(*args, **kwargs)

        return call


class Failure(Death):
    """Only the k-th system call fails; cleaning up works."""

    def wrap(self, name, original):
        def call(*args, **kwargs):
            self.count += 1
            if self.count == self.die_at and name != "close":
                raise OSError(28, "No space left on device")
            return original(*args, **kwargs)

        return call


def groups(step):
    return {
        "model": {"weight": torch.full((3, 4), step / 7), "half": torch.ones(3).bfloat16() * step},
        "optimizer": {"step": torch.tensor(step + 2**60), "scalar": torch.tensor(0.1 * step)},
    }


def save(run, step, keep=2):
    return save_checkpoint(run, step, groups(step), {"epoch": step, "loss": 0.1 + step}, keep)


def is_exact(checkpoint, step):
    expected = groups(step)
    return (
        checkpoint.step == step
        and checkpoint.state == {"epoch": step, "loss": 0.1 + step}
        and checkpoint.groups.keys() == expected.keys()
        and all(
            found.keys() == expected[name].keys()
            and all(torch.equal(found[key], expected[name][key]) for key in found)
            and all(found[key].dtype == expected[name][key].dtype for key in found)
            for name, found in checkpoint.groups.items()
        )
    )


def names(run):
    return sorted(path.name for path in (run / "checkpoints").iterdir())


def load_error(run, step=None):
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(run, step)
    return caught.value


def test_what_is_saved_is_loaded_exactly(tmp_path):
    folder = save(tmp_path, 123)
    assert folder == tmp_path / "checkpoints" / "step-000000123"
    files = ["manifest.json", "model.safetensors", "optimizer.safetensors", "state.json"]
    assert sorted(path.name for path in folder.iterdir()) == files
    assert is_exact(load_checkpoint(tmp_path), 123)
    assert is_exact(load_checkpoint(tmp_path, 123), 123)


def test_the_newest_two_are_kept_and_unfinished_ones_swept(tmp_path):
    for step in (1, 2, 3):
        save(tmp_path, step)
    (tmp_path / "checkpoints" / "step-000000009.tmp").mkdir()
    (tmp_path / "checkpoints" / "notes").mkdir()
    save(tmp_path, 10)
    assert names(tmp_path) == ["notes", "step-000000003", "step-000000010"]
    save(tmp_path, 11, keep=1)
    assert names(tmp_path) == ["notes", "step-000000011"]


def test_going_back_removes_the_abandoned_future(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    for step in (1, 5, 6):
        save(tmp_path, step)
    save(tmp_path, 2)
    assert is_exact(load_checkpoint(tmp_path), 2)
    assert "went back to an earlier step" in caplog.text


def test_the_same_step_can_be_saved_again(tmp_path):
    for _ in range(3):
        save(tmp_path, 4)
    assert names(tmp_path) == ["step-000000004"]
    assert is_exact(load_checkpoint(tmp_path), 4)


@pytest.mark.parametrize("kind", [Death, Failure])
@pytest.mark.parametrize("new", [2, 3], ids=["same step", "later step"])
def test_whichever_call_fails_a_whole_checkpoint_is_found(tmp_path, kind, new):
    """Every k: old or new, exactly; the next save works and sweeps the traces."""
    die_at, done = 0, False
    while not done:
        die_at += 1
        run = tmp_path / f"run-{die_at}"
        run.mkdir()
        save(run, 1)
        save(run, 2)
        with pytest.MonkeyPatch.context() as patch:
            faults = kind(patch, die_at)
            saved = False
            with contextlib.suppress(Died, PolyheadError):
                save(run, new)
                saved = True
            done = faults.count < die_at
        found = load_checkpoint(run)
        assert is_exact(found, found.step)
        assert found.step in ({new} if saved else {2, new})
        save(run, 4)
        assert len(names(run)) == 2
        assert is_exact(load_checkpoint(run), 4)
        shutil.rmtree(run)
    assert die_at > 40


def test_a_full_disk_is_named_and_leaves_no_trace(tmp_path):
    save(tmp_path, 1)
    with pytest.MonkeyPatch.context() as patch:
        Failure(patch, 8)
        with pytest.raises(PolyheadError, match="No space left on device") as caught:
            save(tmp_path, 2)
    assert caught.value.code == "E_WRITE"
    assert names(tmp_path) == ["step-000000001"]


def test_non_finite_tensors_and_nan_in_the_state_are_refused(tmp_path):
    save(tmp_path, 1)
    with pytest.raises(CheckpointError, match="infinity in w") as caught:
        save_checkpoint(tmp_path, 2, {"model": {"w": torch.tensor(float("nan"))}}, {})
    assert caught.value.code == "E_NON_FINITE"
    with pytest.raises(PolyheadError, match=r"state\.json"):
        save_checkpoint(tmp_path, 2, {}, {"loss": float("nan")})
    assert names(tmp_path) == ["step-000000001"]
    assert is_exact(load_checkpoint(tmp_path), 1)


@pytest.mark.parametrize("group", ["../model", "/model", "Model", "model.tmp", ""])
def test_group_names_cannot_leave_the_folder(tmp_path, group):
    with pytest.raises(ValueError, match="lower-case"):
        save_checkpoint(tmp_path, 1, {group: {}}, {})


@pytest.mark.parametrize(("step", "keep"), [(-1, 2), (1, 0)])
def test_numbers_out_of_range_are_refused(tmp_path, step, keep):
    with pytest.raises(ValueError, match="Parameter"):
        save_checkpoint(tmp_path, step, {}, {}, keep)


def damage_truncate(folder):
    os.truncate(folder / "model.safetensors", 10)


def damage_flip(folder):
    data = bytearray((folder / "state.json").read_bytes())
    data[3] ^= 1
    (folder / "state.json").write_bytes(data)


def damage_no_manifest(folder):
    (folder / "manifest.json").unlink()


def damage_manifest(folder):
    (folder / "manifest.json").write_text("[" * 100_000)


def damage_missing(folder):
    (folder / "optimizer.safetensors").unlink()


def damage_extra(folder):
    (folder / "extra.json").touch()


def damage_subfolder(folder):
    (folder / "more").mkdir()


def damage_symlink(folder):
    (folder / "model.safetensors").rename(folder.parent / "elsewhere")
    (folder / "model.safetensors").symlink_to(folder.parent / "elsewhere")


def damage_pipe(folder):
    (folder / "model.safetensors").unlink()
    os.mkfifo(folder / "model.safetensors")


def damage_linked_folder(folder):
    folder.rename(folder.parent / "elsewhere")
    folder.symlink_to(folder.parent / "elsewhere")


def damage_renamed(folder):
    shutil.rmtree(folder)
    shutil.copytree(folder.with_name("step-000000001"), folder)


def damage_absolute(folder):
    names = {"/etc/hostname": "0" * 64, "state.json": "0" * 64}
    write_manifest(folder, 2, names)


def damage_to_file(folder):
    shutil.rmtree(folder)
    folder.touch()


DAMAGES = {name[7:]: value for name, value in list(globals().items()) if name.startswith("damage_")}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_an_invalid_checkpoint_is_skipped_aloud_but_never_when_asked_for(tmp_path, damage, caplog):
    save(tmp_path, 1)
    damage(save(tmp_path, 2))
    assert is_exact(load_checkpoint(tmp_path), 1)
    assert "Skipped an invalid checkpoint" in caplog.text
    assert "step-000000002" in caplog.text
    error = load_error(tmp_path, 2)
    assert "step-000000002" in error.message
    assert error.code in {"E_CHECKPOINT", "E_HASH"}


def test_every_flipped_bit_in_any_file_is_found(tmp_path):
    folder = save(tmp_path, 1)
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        for bit in random.Random(0).sample(range(8 * len(data)), 150):
            damaged = bytearray(data)
            damaged[bit // 8] ^= 1 << bit % 8
            path.write_bytes(damaged)
            load_error(tmp_path)
        path.write_bytes(data)
    assert is_exact(load_checkpoint(tmp_path), 1)


def test_none_valid_says_what_was_found(tmp_path):
    assert "Found: none at all." in load_error(tmp_path).message
    damage_no_manifest(save(tmp_path, 1))
    damage_truncate(save(tmp_path, 2))
    message = load_error(tmp_path).message
    assert "step-000000001 has no manifest.json" in message
    assert "step-000000002/model.safetensors holds 10 bytes" in message


def test_an_absent_step_lists_what_is_there(tmp_path):
    save(tmp_path, 1)
    save(tmp_path, 2)
    assert "no checkpoint of step 7; it has: 2, 1." in load_error(tmp_path, 7).message


def test_a_newer_format_is_told_and_never_skipped(tmp_path, monkeypatch):
    save(tmp_path, 1)
    with monkeypatch.context() as patch:
        patch.setattr("polyhead.training.manifest.FORMAT_VERSION", "2")
        save(tmp_path, 2)
    for step in (None, 2):
        error = load_error(tmp_path, step)
        assert error.code == "E_FORMAT_VERSION"
        assert "needs polyhead ≥" in error.message


def broken_disk(path):
    raise OSError(errno.EIO, f"Input/output error at {path}")


def test_an_unreadable_disk_is_told_and_never_skipped(tmp_path, monkeypatch):
    save(tmp_path, 1)
    save(tmp_path, 2)
    with monkeypatch.context() as patch:
        patch.setattr("polyhead.training.manifest.sha256_of", broken_disk)
        with pytest.raises(PolyheadError) as caught:
            load_checkpoint(tmp_path)
    assert caught.value.code == "E_READ"
    assert not isinstance(caught.value, CheckpointError)


def model_and_optimizer(amsgrad=False):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 2))
    decay = [p for p in model.parameters() if p.ndim > 1]
    rest = [p for p in model.parameters() if p.ndim == 1]
    options = [{"params": decay, "lr": 0.1 / 3}, {"params": rest, "weight_decay": 0.0}]
    return model, torch.optim.AdamW(options, lr=1e-3, betas=(0.9, 0.95), amsgrad=amsgrad)


def train_step(model, optimizer, seed):
    images = torch.randn(8, 5, generator=torch.Generator().manual_seed(seed))
    optimizer.zero_grad()
    model(images).square().mean().backward()
    optimizer.step()


@pytest.mark.parametrize("amsgrad", [False, True])
def test_a_restored_optimizer_takes_the_very_same_next_step(tmp_path, amsgrad):
    model, optimizer = model_and_optimizer(amsgrad)
    for seed in (1, 2):
        train_step(model, optimizer, seed)
    tensors, tree = flatten_optimizer(optimizer.state_dict())
    saved = {"model": model.state_dict(), "optimizer": tensors}
    save_checkpoint(tmp_path, 2, saved, {"optimizer": tree})
    train_step(model, optimizer, 3)

    checkpoint = load_checkpoint(tmp_path)
    other, fresh = model_and_optimizer(amsgrad)
    other.load_state_dict(checkpoint.groups["model"])
    state = checkpoint.state["optimizer"]
    fresh.load_state_dict(restore_optimizer(checkpoint.groups["optimizer"], state))
    train_step(other, fresh, 3)

    expected = flatten_optimizer(optimizer.state_dict())
    found = flatten_optimizer(fresh.state_dict())
    assert found[1] == expected[1]
    assert all(torch.equal(found[0][key], expected[0][key]) for key in expected[0])
    assert all(map(torch.equal, other.parameters(), model.parameters()))


def without_tensors(value):
    """Types and values, tensors by their bits, so that `==` compares exactly."""
    if isinstance(value, torch.Tensor):
        return ("tensor", value.dtype, value.tolist())
    if isinstance(value, dict):
        return {key: without_tensors(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(without_tensors(inner) for inner in value)
    return (type(value), value)


def test_flatten_and_restore_keep_every_type():
    state = {
        "state": {0: {"step": torch.tensor(3.0), "tree": [torch.ones(2), {"a": None}]}, 7: {}},
        "param_groups": [{"betas": (0.1 + 0.2, 1e-300), "lr": torch.tensor(0.1), "params": [0, 7]}],
        "a.b": torch.tensor(1),
        "a": {"b": torch.tensor(2), "tuple": (), "dict": True, "tensor": "text"},
    }
    before = copy.deepcopy(state)
    tensors, tree = flatten_optimizer(state)
    restored = restore_optimizer(tensors, json.loads(json.dumps(tree)))
    assert without_tensors(restored) == without_tensors(before)


def test_flatten_names_what_it_cannot_save():
    with pytest.raises(CheckpointError, match=r"`state\.0\.x` is a set"):
        flatten_optimizer({"state": {0: {"x": {1}}}})


def test_restore_names_a_missing_tensor():
    tensors, tree = flatten_optimizer({"a": torch.ones(1)})
    assert list(tensors) == ["a"]
    with pytest.raises(CheckpointError, match="`a` is missing"):
        restore_optimizer({}, tree)


SAVER = """
import sys
from pathlib import Path
import torch
from polyhead.training.checkpoint import load_checkpoint, save_checkpoint
run = Path(sys.argv[1])
step = load_checkpoint(run).step if (run / "checkpoints").exists() else 0
while True:
    step += 1
    groups = {name: {"w": torch.full((1_250_000,), float(step))} for name in ("model", "ema")}
    save_checkpoint(run, step, groups, {"step": step})
    print(step, flush=True)
"""


@pytest.mark.slow
def test_thirty_kills_lose_nothing_past_the_last_completed_save(tmp_path):
    save_checkpoint(tmp_path, 0, {"model": {}, "ema": {}}, {"step": 0})
    generator = random.Random(0)
    completed = 0
    for _ in range(30):
        process = subprocess.Popen(
            [sys.executable, "-c", SAVER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        completed = int(process.stdout.readline())  # it imports for seconds, then saves
        time.sleep(generator.uniform(0, 0.5))
        process.send_signal(signal.SIGKILL)
        printed = process.communicate()[0].splitlines()
        completed = max([completed, *(int(line) for line in printed if line.isdigit())])
        checkpoint = load_checkpoint(tmp_path)
        # A save may be complete though the process died before it said so.
        assert completed <= checkpoint.step <= completed + 1
        assert checkpoint.state == {"step": checkpoint.step}
        for name in ("model", "ema"):
            expected = torch.full((1_250_000,), float(checkpoint.step))
            assert torch.equal(checkpoint.groups[name]["w"], expected)
