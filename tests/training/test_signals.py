"""Ctrl-C and SIGTERM on a real training process; kills at any moment."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tiny_runs import CONFIG, POLYHEAD, QUIET, digests, records, tiny_config, write_config

from polyhead.checkpoints.manifest import verified_manifest
from polyhead.checkpoints.weights import read_weights
from polyhead.errors import Interrupted
from polyhead.files import read_jsonl
from polyhead.runtime.run_folder import RunFolder
from polyhead.training import resume, train
from polyhead.training.interruption import InterruptionGuard

CHANGES = ("train.epochs=6", "train.checkpoint_steps=3")


@pytest.fixture(scope="module")
def uninterrupted(scenes, tmp_path_factory):
    runs = tmp_path_factory.mktemp("uninterrupted")
    return train(tiny_config(scenes, *CHANGES), runs=runs, reporter=QUIET)


def started(scenes, folder, *changes):
    """A training process of its own group, seen to have finished an epoch."""
    config = write_config(folder / "tiny.yaml", scenes, CONFIG)
    options = [word for change in (*CHANGES, *changes) for word in ("--set", change)]
    process = subprocess.Popen(
        [*POLYHEAD, "train", str(config), *options, "--runs", str(folder / "runs")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    run = RunFolder(folder / "runs" / "tiny-001")
    deadline = time.monotonic() + 120
    while not (run.metrics.exists() and run.metrics.stat().st_size):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return process, run


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code", "workers"),
    [(signal.SIGINT, 130, 0), (signal.SIGTERM, 143, 2)],
    ids=["SIGINT", "SIGTERM"],
)
def test_a_signal_to_the_whole_group_saves_and_the_run_goes_on_exactly(
    scenes, uninterrupted, tmp_path, number, code, workers
):
    process, run = started(scenes, tmp_path, f"train.workers={workers}")
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert out == ""
    assert f"go on with polyhead train --resume {run.path}" in err
    assert "Traceback" not in err
    assert len(records(run)) < 6
    resume(run.path, reporter=QUIET)
    assert digests(run) == digests(uninterrupted)
    assert records(run) == records(uninterrupted)


def test_a_second_signal_stops_at_once(monkeypatch):
    before = signal.getsignal(signal.SIGTERM)
    with InterruptionGuard(RunFolder(Path("runs/a-001"))) as guard:
        os.kill(os.getpid(), signal.SIGINT)
        assert guard.received == signal.SIGINT
        with pytest.raises(Interrupted, match="at once") as caught:
            os.kill(os.getpid(), signal.SIGTERM)
    assert caught.value.exit_code == 143
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_hang_up_is_heeded_unless_nohup_asked_to_ignore_it():
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whatever the tests run under
    with InterruptionGuard(RunFolder(Path("runs/a-001"))) as guard:
        for _ in range(2):  # system and shell send one each
            os.kill(os.getpid(), signal.SIGHUP)
            assert guard.received == signal.SIGHUP
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        with InterruptionGuard(RunFolder(Path("runs/a-001"))) as guard:
            os.kill(os.getpid(), signal.SIGHUP)
            assert guard.received == 0
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


NUM_KILLS = 30


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_thirty_kills_lose_nothing(scenes, tmp_path):
    """Children of this process train the same run and are killed at random, again and again."""
    changes = ("train.epochs=30", "train.checkpoint_steps=2")
    whole = train(tiny_config(scenes, *changes), runs=tmp_path / "whole", reporter=QUIET)
    expected, expected_records = digests(whole), records(whole)
    chance = random.Random(0)
    kills, finished = 0, 0
    run = None
    while kills < NUM_KILLS or run is not None:
        if run is None:
            run = begun(tiny_config(scenes, *changes), tmp_path / f"run-{finished}")
        # After the last kill, the run may end.
        limit = chance.uniform(0.3, 1.5) if kills < NUM_KILLS else 300
        killed = resumed_and_killed(run, limit)
        kills += killed
        require_readable(run)
        if not killed:
            assert digests(run) == expected
            assert records(run) == expected_records
            run, finished = None, finished + 1
    assert finished


def begun(config, runs):
    """A run of which nothing but its first files exists."""
    from polyhead.preparation import prepare
    from polyhead.training.start_files import write_start

    run = RunFolder.create(runs, "tiny")
    write_start(run, config, None, prepare(config, QUIET))
    return run


def resumed_and_killed(run, limit):
    """Resume in a child for at most so many seconds; returns whether it had to be killed."""
    child = os.fork()
    if child == 0:
        try:
            resume(run.path, reporter=QUIET)
            os._exit(0)
        finally:
            os._exit(1)
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            assert os.waitstatus_to_exitcode(status) == 0
            return False
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def require_readable(run):
    """Everything under its final name is whole."""
    for folder in run.checkpoints.glob("step-*"):
        if folder.suffix != ".tmp":
            verified_manifest(folder)
    for path in (run.best_weights, run.last_weights):
        if path.exists():
            read_weights(path)
    if run.metrics.exists():
        read_jsonl(run.metrics)
