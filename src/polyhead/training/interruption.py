"""Ctrl-C, SIGTERM and SIGHUP: finish the step, save, then stop; a second one stops at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

from polyhead.errors import Interrupted
from polyhead.runtime.run_folder import RunFolder


class InterruptionGuard:
    """While open, remembers the first such signal instead of raising in mid-step.

    Args:
        run: The run that is resumed later.

    Attributes:
        received: Number of the signal, 0 when none came.
    """

    SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")  # the last is sent when the terminal is closed

    def __init__(self, run: RunFolder) -> None:
        self.received = 0
        self._run = run
        self._previous = {}
        self._terminals = [stream for stream in (1, 2) if os.isatty(stream)]

    def __enter__(self) -> InterruptionGuard:
        if threading.current_thread() is threading.main_thread():
            for number in self._heeded():
                self._previous[number] = signal.signal(number, self._remember)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _heeded(self) -> list[signal.Signals]:
        """Those that this system has, but for a hang-up that `nohup` asked to ignore."""
        found = [getattr(signal, name) for name in self.SIGNALS if hasattr(signal, name)]
        return [n for n in found if n.name != "SIGHUP" or signal.getsignal(n) != signal.SIG_IGN]

    def _remember(self, number: int, _frame: FrameType | None) -> None:
        if number == getattr(signal, "SIGHUP", None):
            self._let_go()
            if self.received:  # system and shell send one each
                return
        if self.received:
            message = "stopped at once; the last complete checkpoint is kept"
            raise Interrupted(f"{message}{_resume_command(self._run)}", signal_number=number)
        self.received = number

    def _let_go(self) -> None:
        """Write no more to a terminal that is closing: it fails, and the save would with it."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in self._terminals:
            os.dup2(nowhere, stream)
        os.close(nowhere)


@contextmanager
def resume_hint(run: RunFolder) -> Iterator[None]:
    """Name the resume command when the body is stopped where nothing need be saved.

    Raises:
        Interrupted: On Ctrl-C.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(f"stopped{_resume_command(run)}") from None


def _resume_command(run: RunFolder) -> str:
    """The resume command; empty where the folder is no run yet and cannot be resumed."""
    is_run = run.resolved_config.exists()
    return f"; go on with polyhead train --resume {run.path}" if is_run else ""
