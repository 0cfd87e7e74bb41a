"""Ctrl-C while a real process predicts: what was answered stays whole, and the exit code is 130."""

import json
import os
import signal
import subprocess

from tiny_runs import POLYHEAD


def heed_interrupts():
    """Tests that run in the background inherit an ignored SIGINT; a person's terminal does not."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_ends_predict_after_whole_lines(trained, scenes):
    words = ["predict", str(trained.path), *[str(scenes / "images")] * 300, "--json"]
    process = subprocess.Popen(
        [*POLYHEAD, *words, "--batch-size", "4", "--quiet"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        preexec_fn=heed_interrupts,
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert err == "polyhead: stopped\n"
    answers = [json.loads(line) for line in (first + out).splitlines()]
    assert 1 <= len(answers) < 300 * 36
