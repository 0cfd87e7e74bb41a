"""Keeps Pillow's warnings about odd files from leaking while images are decoded."""

from __future__ import annotations

import threading
import warnings
from types import TracebackType


class PillowWarnings:
    """Silences the warnings of Pillow's modules while any thread is inside.

    `warnings.catch_warnings` swaps process-wide state, so threads that enter and leave it in
    turns would restore each other's filters; here the first one in sets them and the last one out
    restores them. Notes and typed errors report what Pillow warns of.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._num_inside = 0
        self._caught = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            if self._num_inside == 0:
                self._caught = warnings.catch_warnings()
                self._caught.__enter__()
                warnings.filterwarnings("ignore", module=r"PIL\.")
            self._num_inside += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._lock:
            self._num_inside -= 1
            if self._num_inside == 0:
                self._caught.__exit__(kind, error, traceback)


pillow_warnings_silenced = PillowWarnings()
