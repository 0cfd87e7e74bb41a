"""Ctrl-C while a command still loads: one line, exit code 130."""

import subprocess
import sys

import pytest

AT_IMPORT = """
import builtins, os, signal
original = builtins.__import__
def importing(name, *rest, **more):
    if name.startswith({module!r}):
        builtins.__import__ = original
        exec("os.kill(os.getpid(), signal.SIGINT)")
    return original(name, *rest, **more)
builtins.__import__ = importing
signal.signal(signal.SIGINT, signal.default_int_handler)  # what a person's terminal gives
from polyhead.cli import main
main()
"""


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("typer", ["--help"]),
        ("pyarrow", ["init", "photos", "labels.csv"]),
        ("ruamel", ["check", "polyhead.yaml"]),
        ("numpy", ["predict", "runs/a-001", "photo.jpg"]),
    ],
)
def test_it_is_told_in_one_line_while_modules_load(module, words, tmp_path):
    code = AT_IMPORT.format(module=module)
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 130, done.stderr
    assert done.stderr == "polyhead: stopped\n"
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []
