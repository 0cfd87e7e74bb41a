"""Checkpoints: complete or absent, exact, and never lost past the last completed save."""

import errno
import logging
import os
import random
import shutil

import pytest
import torch
from checkpoint_cases import is_exact, names, save

from polyhead.checkpoints.checkpoint import load_checkpoint, save_checkpoint
from polyhead.checkpoints.manifest import write_manifest
from polyhead.errors import CheckpointError, PolyheadError


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


def test_the_manifest_comes_last_and_the_name_after_it(tmp_path, monkeypatch):
    given = []
    for name in ("replace", "rename"):
        original = getattr(os, name)

        def record(source, target, original=original):
            given.append(target.name)
            original(source, target)

        monkeypatch.setattr(os, name, record)
    save(tmp_path, 1)
    files = ["model.safetensors", "optimizer.safetensors", "state.json", "manifest.json"]
    assert given == [*files, "step-000000001"]


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


def test_a_newer_format_is_reported_and_never_skipped(tmp_path, monkeypatch):
    save(tmp_path, 1)
    with monkeypatch.context() as patch:
        patch.setattr("polyhead.checkpoints.manifest.FORMAT_VERSION", "2")
        save(tmp_path, 2)
    for step in (None, 2):
        error = load_error(tmp_path, step)
        assert error.code == "E_FORMAT_VERSION"
        assert "needs polyhead ≥" in error.message


def broken_disk(path):
    raise OSError(errno.EIO, f"Input/output error at {path}")


def test_an_unreadable_disk_is_reported_and_never_skipped(tmp_path, monkeypatch):
    save(tmp_path, 1)
    save(tmp_path, 2)
    with monkeypatch.context() as patch:
        patch.setattr("polyhead.checkpoints.manifest.sha256_of", broken_disk)
        with pytest.raises(PolyheadError) as caught:
            load_checkpoint(tmp_path)
    assert caught.value.code == "E_READ"
    assert not isinstance(caught.value, CheckpointError)
