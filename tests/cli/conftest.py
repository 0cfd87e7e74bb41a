"""A shell for every test of the command line."""

import pytest
from commands import Shell


@pytest.fixture
def shell(monkeypatch, capsys):
    return Shell(monkeypatch, capsys)
