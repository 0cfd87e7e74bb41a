"""Ctrl-C and SIGTERM: finish the step, save, then stop; a second one stops at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType

from polyhead.errors import Interrupted


class InterruptionGuard:
    """While open, remembers the first SIGINT or SIGTERM instead of raising in mid-step.

    Attributes:
        received: Number of the signal, 0 when none came.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self) -> None:
        self.received = 0
        self._previous = {}

    def __enter__(self) -> InterruptionGuard:
        if threading.current_thread() is threading.main_thread():
            self._previous = {n: signal.signal(n, self._remember) for n in self.SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _remember(self, number: int, _frame: FrameType | None) -> None:
        if self.received:
            raise Interrupted(
                "stopped at once; the last complete checkpoint stands", signal_number=number
            )
        self.received = number
