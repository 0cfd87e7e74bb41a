"""A lock on a folder that ends with the process that took it, however that ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from polyhead.errors import CheckpointError
from polyhead.files import explained

_held: set[int] = set()


def _let_go() -> None:
    """Loader processes, forked while the lock is held, must not keep it when their parent dies."""
    while _held:
        os.close(_held.pop())


os.register_at_fork(after_in_child=_let_go)


@contextmanager
def held_lock(path: Path) -> Iterator[None]:
    """Keep other processes out of the folder of a lock file while the body runs.

    Args:
        path: The lock file; it stays, and names the process that had it last.

    Raises:
        CheckpointError: `E_LOCKED`, another process holds it.
        PolyheadError: `E_WRITE`, the file cannot be written.
    """
    with explained("lock", path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    _held.add(descriptor)
    try:
        with explained("lock", path):
            _take(descriptor, path.parent)
        yield
    finally:
        _held.discard(descriptor)
        os.close(descriptor)


def _take(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
        text = f"{folder} is in use by process {holder or 'unknown'}."
        mend = "Wait until it ends, or stop it."
        raise CheckpointError(f"{text} {mend}", code="E_LOCKED") from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
