"""What goes to which stream, on terminals and in pipes; nothing but one line for an error."""

import json
import os
import shutil
import subprocess

import pytest
from tiny_runs import POLYHEAD, write_config

from polyhead.cli import app
from polyhead.errors import PolyheadError

VERBS = ("demo", "init", "check", "train", "evaluate", "predict", "scenes")


class Broken(Exception):
    """A defect."""


def test_help_lists_the_verbs_and_each_has_an_example(shell):
    assert shell("--help") == 0
    for verb in VERBS:
        assert f"\n  {verb} " in shell.out
    for verb in VERBS:
        assert shell(verb, "--help") == 0
        assert f"Example: polyhead {verb}" in " ".join(shell.out.split())
    assert shell() == 2
    assert "Usage: polyhead" in shell.out + shell.err


def test_bad_data_stops_training_unless_it_may_be_skipped(shell, scenes, tmp_path):
    folder = shutil.copytree(scenes, tmp_path / "scenes")
    rows = (folder / "labels.csv").read_text().splitlines()
    for number in range(100):  # enough rows for one to be less than 1 %
        name = f"images/copy{number}.jpg"
        shutil.copy(folder / rows[1 + number % 36].split(",")[0], folder / name)
        rows.append(",".join([name, *rows[1 + number % 36].split(",")[1:]]))
    (folder / "labels.csv").write_text("\n".join(rows))
    (folder / "images" / "copy99.jpg").write_bytes(b"<html>")
    config = write_config(tmp_path / "tiny.yaml", folder)
    words = ["train", config, "--runs", tmp_path / "runs", "--set", "train.epochs=1"]
    assert shell(*words) == 3
    assert "E_NOT_IMAGE" in shell.codes
    assert not (tmp_path / "runs").exists()
    assert shell(*words, "--bad-data", "skip") == 0, shell.err
    run = tmp_path / "runs" / "tiny-001"
    assert "skipped 1 faulty" in shell.err
    assert "E_NOT_IMAGE" in (run / "log.txt").read_text()
    assert shell("evaluate", run) == 0, shell.err


def test_scenes_and_init_lead_to_a_config_that_passes(shell, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert shell("scenes", "out", "--num", 24, "--size", 64, "--unknown", "per_task:0.3") == 0
    assert "24 scenes" in shell.out
    assert shell("init", "out", "out/labels.csv") == 0
    assert shell.err == ""
    assert shell("check", "polyhead.yaml") == 0, shell.err
    assert shell("init", "out", "out/labels.csv") == 2
    assert "--force" in shell.err
    assert shell("init", "out", "out/labels.csv", "--force") == 0


def test_names_that_are_no_text_are_shown_as_escapes(shell, trained, scenes, tmp_path):
    source = scenes / "images" / "000000.jpg"
    for name in (b"a\xff.jpg", b"line\nbreak.jpg", "фото 🚗.jpg".encode()):
        shutil.copy(source, os.path.join(os.fsencode(tmp_path), name))
    assert shell("predict", trained.path, tmp_path) == 0
    assert len(shell.out.splitlines()) == 3
    assert "\\udcff.jpg" in shell.out
    assert "line\\nbreak.jpg" in shell.out
    assert "фото 🚗.jpg" in shell.out
    assert shell("predict", trained.path, tmp_path, "--json") == 0
    assert len([json.loads(line) for line in shell.out.splitlines()]) == 3


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (PolyheadError("no space", code="E_WRITE"), 1, "polyhead: error E_WRITE: no space\n"),
        (PermissionError(13, "Permission denied", "x"), 1, "polyhead: error E_SYSTEM: "),
        (Broken("oh"), 1, "polyhead: error E_INTERNAL: Broken: oh; this is a defect of polyhead"),
        (
            ModuleNotFoundError("No module named 'torch'", name="torch"),
            1,
            "polyhead: error E_NOT_INSTALLED: torch is not installed; this needs it: "
            "pip install 'polyhead[train]'.",
        ),
        (
            ModuleNotFoundError("No module named 'colour'", name="colour"),
            1,
            "polyhead: error E_INTERNAL: ModuleNotFoundError",
        ),
        (KeyboardInterrupt(), 130, "polyhead: stopped\n"),
        (BrokenPipeError(), 0, ""),
    ],
)
def test_only_debug_shows_where_an_error_arose(shell, monkeypatch, error, code, said):
    def fail(_words):
        raise error

    monkeypatch.setattr(app, "_run", fail)
    monkeypatch.setattr(app.os, "dup2", lambda *_: None)
    monkeypatch.setattr(app.sys.stdout, "fileno", lambda: 1, raising=False)
    assert shell("check", "x") == code
    assert shell.err.startswith(said)
    assert "Traceback" not in shell.err
    assert shell("check", "x", "--debug") == code
    if code == 1:
        assert "Traceback" in shell.err
        assert shell.err.splitlines()[-1].startswith("polyhead: error")


def test_a_closed_pipe_is_no_error(trained, scenes):
    script = 'set -o pipefail; "$@" | head -c 20'
    words = [*POLYHEAD, "predict", str(trained.path), *[str(scenes / "images")] * 40]
    done = subprocess.run(
        ["bash", "-c", script, "bash", *words], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout) == 20
    assert "Error" not in done.stderr


def test_results_of_a_piped_command_never_mix_with_progress(trained, scenes):
    """Standard error on a terminal, standard output in a file: each line whole and in the file."""
    command = [*POLYHEAD, "predict", str(trained.path), str(scenes / "images"), "--json"]
    leader, follower = os.openpty()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=follower, timeout=120)
    os.close(follower)
    shown = b""
    try:
        while block := os.read(leader, 65536):
            shown += block
    except OSError:  # the end of a pseudo-terminal
        assert shown
    os.close(leader)
    assert done.returncode == 0
    assert len([json.loads(line) for line in done.stdout.splitlines()]) == 36
    assert b'"tasks"' not in shown
    assert b"predicting" in shown
    assert b"36/36" in shown


def test_a_file_named_like_an_option_is_told_apart(polyhead, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-lead.jpg").touch()
    answer = polyhead("predict", "run", "-lead.jpg")
    assert (answer.code, "./-lead.jpg" in answer.err) == (2, True)
    answer = polyhead("predict", "run", "-lost.jpg")
    assert (answer.code, "./" in answer.err) == (2, False)
