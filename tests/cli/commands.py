"""Running the command in this process, as a shell would see it."""

import re
import sys

import pytest

from polyhead.cli.app import main

CODE = re.compile(r"\b([EWN]_[A-Z_]+)\b")


class Shell:
    """Runs `polyhead` with these words; keeps what the last one printed.

    Attributes:
        out: Standard output.
        err: Standard error.
    """

    def __init__(self, patch, capture):
        self._patch, self._capture = patch, capture
        self.out = self.err = ""

    def __call__(self, *words):
        """Returns the exit code."""
        self._patch.setattr(sys, "argv", ["polyhead", *map(str, words)])
        self._capture.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main()
        self.out, self.err = self._capture.readouterr()
        return stopped.value.code

    @property
    def codes(self):
        """Codes on standard error."""
        return set(CODE.findall(self.err))
