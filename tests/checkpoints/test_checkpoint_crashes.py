"""Checkpoints under failing system calls and killed processes."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
import torch
from checkpoint_cases import is_exact, names, save

from polyhead.checkpoints.checkpoint import load_checkpoint, save_checkpoint
from polyhead.errors import PolyheadError

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


@pytest.mark.parametrize("kind", [Death, Failure])
@pytest.mark.parametrize("new", [2, 3], ids=["same step", "later step"])
@pytest.mark.slow
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


NURSERY = """
import os, sys
from pathlib import Path
import torch
from polyhead.checkpoints.checkpoint import load_checkpoint, save_checkpoint

def save_back_to_back(run):
    torch.set_num_threads(1)
    step = load_checkpoint(run).step
    while True:
        step += 1
        groups = {name: {"w": torch.full((1_250_000,), float(step))} for name in ("model", "ema")}
        save_checkpoint(run, step, groups, {"step": step})
        os.write(1, b"%d\\n" % step)

for line in sys.stdin:  # torch is imported once, each saver is forked from here
    child = os.fork()
    if child == 0:
        os.write(1, b"%d\\n" % os.getpid())
        save_back_to_back(Path(sys.argv[1]))
    os.waitpid(child, 0)
    os.write(1, b"dead\\n")
"""


def kill_a_saver(nursery, delay):
    """Let a saver run until some time after its first save; the steps it said were saved."""
    nursery.stdin.write("go\n")
    nursery.stdin.flush()
    child = int(nursery.stdout.readline())
    steps = [int(nursery.stdout.readline())]
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    steps.extend(int(line) for line in iter(nursery.stdout.readline, "dead\n"))
    return steps


@pytest.mark.slow
def test_thirty_kills_lose_nothing_past_the_last_completed_save(tmp_path):
    save_checkpoint(tmp_path, 0, {}, {})
    generator = random.Random(0)
    command = [sys.executable, "-c", NURSERY, str(tmp_path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as nursery:
        for _ in range(30):
            steps = kill_a_saver(nursery, generator.uniform(0, 0.5))
            checkpoint = load_checkpoint(tmp_path)
            # A save may be complete though the process died before it said so.
            assert checkpoint.step in {steps[-1], steps[-1] + 1}
            assert checkpoint.state == {"step": checkpoint.step}
            expected = torch.full((1_250_000,), float(checkpoint.step))
            assert checkpoint.groups.keys() == {"model", "ema"}
            assert all(torch.equal(group["w"], expected) for group in checkpoint.groups.values())
        nursery.stdin.close()
