"""A shell for every test of the command line."""

from typing import NamedTuple

import pytest
from commands import Shell
from tiny_runs import write_config


class Answer(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def shell(monkeypatch, capsys):
    return Shell(monkeypatch, capsys)


@pytest.fixture
def polyhead(shell):
    """`polyhead("train", path)` -> exit code, standard output, standard error."""
    return lambda *words: Answer(shell(*words), shell.out, shell.err)


@pytest.fixture
def config(scenes, tmp_path):
    return write_config(tmp_path / "tiny.yaml", scenes)
