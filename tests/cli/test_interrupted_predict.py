"""Ctrl-C while a real process predicts: what was answered stays whole, and the exit code is 130."""

import csv
import json
import os
import signal
import subprocess

import pytest
from PIL import Image
from tiny_runs import POLYHEAD

from polyhead.cli.app import main


def heed_interrupts():
    """Tests that run in the background inherit an ignored SIGINT; a person's terminal does not."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupted(*words):
    """A process that is told to stop after its first line: code, all its lines, its errors."""
    process = subprocess.Popen(
        [*POLYHEAD, *map(str, words), "--batch-size", "4", "--quiet"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,  # else the rest of what the first line came with is lost to `communicate`
        start_new_session=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        preexec_fn=heed_interrupts,
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return process.returncode, (first + out).decode().splitlines(), err.decode()


def test_ctrl_c_ends_predict_after_whole_lines(trained, scenes):
    words = ["predict", trained.path, *[scenes / "images"] * 300, "--json"]
    code, lines, err = interrupted(*words)
    assert code == 130, err
    assert err == "polyhead: stopped\n"
    answers = [json.loads(line) for line in lines]
    assert 1 <= len(answers) < 300 * 36


@pytest.mark.slow
def test_ctrl_c_loses_no_row_of_a_table(trained, scenes, tmp_path):
    table = tmp_path / "answers.csv"
    words = ["predict", trained.path, *[scenes / "images"] * 300, "--csv", table]
    code, lines, err = interrupted(*words)
    assert code == 130, err
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert 1 <= len(lines) <= len(rows) <= len(lines) + 1
    assert [row["image"] for row in rows][: len(lines)] == [line.split("  ")[0] for line in lines]
    assert err == f"wrote {table}: {len(rows):,} of 10,800 images\npolyhead: stopped\n"
    assert [path.name for path in tmp_path.iterdir()] == ["answers.csv"]


def test_ctrl_c_leaves_no_drawing_that_is_cut(trained, scenes, tmp_path, monkeypatch):
    """Stopped while Pillow writes the second one."""
    kept, calls = Image.Image.save, []

    def save(image, target, *rest, **more):
        calls.append(target)
        if len(calls) == 2:
            kept(image.resize((1, 1)), target, *rest, **more)
            raise KeyboardInterrupt
        kept(image, target, *rest, **more)

    monkeypatch.setattr(Image.Image, "save", save)
    drawn = tmp_path / "drawn"
    words = ["predict", trained.path, scenes / "images", "--save-images", drawn, "--quiet"]
    monkeypatch.setattr("sys.argv", ["polyhead", *map(str, words)])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 130
    (path,) = drawn.iterdir()
    with Image.open(path) as image:
        assert image.convert("RGB").size[0] > 1
