"""The command line: one file a verb."""

from __future__ import annotations

import signal
import sys
from types import FrameType

__all__ = ["main", "stopped"]

INTERRUPTED = 130


class CtrlC(KeyboardInterrupt):
    """Ctrl-C, under a name of its own.

    Python ends a process by the signal when a plain `KeyboardInterrupt` has passed through `exec`,
    as in the import of most libraries, even where it was caught.
    """


def main() -> None:
    """Run the command; Ctrl-C stops it with one line on standard error, during loading too."""
    try:
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, _raise)
        from polyhead.cli.app import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(stopped())


def stopped() -> int:
    """Print that the command stopped; returns the exit code.

    A second Ctrl-C ends the process at once.
    """
    if signal.getsignal(signal.SIGINT) is _raise:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    print("polyhead: stopped", file=sys.stderr)
    return INTERRUPTED


def _raise(_number: int, _frame: FrameType | None) -> None:
    raise CtrlC
