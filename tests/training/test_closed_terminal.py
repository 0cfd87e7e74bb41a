"""A training whose terminal is closed."""

import os
import pty
import time

import pytest
from tiny_runs import CONFIG, POLYHEAD, records, write_config

from polyhead.checkpoints.checkpoint import load_checkpoint
from polyhead.runtime.run_folder import RunFolder


@pytest.mark.slow
def test_it_finishes_its_step_saves_and_stops(scenes, tmp_path):
    config = write_config(tmp_path / "tiny.yaml", scenes, CONFIG)
    words = [*POLYHEAD, "train", str(config), "--set", "train.epochs=500", "--runs", str(tmp_path)]
    child, terminal = pty.fork()
    if child == 0:
        os.execv(words[0], words)
    run = RunFolder(tmp_path / "tiny-001")
    os.set_blocking(terminal, False)
    deadline = time.monotonic() + 120
    while not (run.metrics.exists() and run.metrics.stat().st_size):
        assert time.monotonic() < deadline
        time.sleep(0.02)
        drain(terminal)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 129
    assert load_checkpoint(run.path).step >= records(run)[-1]["step"]


def drain(terminal):
    """Read what was written, so that the writer is never held up."""
    try:
        os.read(terminal, 1 << 16)
    except BlockingIOError:
        return
