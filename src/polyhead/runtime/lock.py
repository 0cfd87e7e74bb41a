"""A lock on a folder that is released when its process ends, even after a crash."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from polyhead.errors import CheckpointError
from polyhead.files import explained


@contextmanager
def held_lock(path: Path) -> Iterator[None]:
    """Keep other processes out of the folder of a lock file while the body runs.

    Loader processes, forked while the lock is held, do not keep it when their parent ends.

    Args:
        path: The lock file; while it is held it names the process.

    Raises:
        CheckpointError: `E_LOCKED`, another process holds it.
        PolyheadError: `E_WRITE`, the file cannot be written.
    """
    from filelock import FileLock, Timeout

    with explained("lock", path):
        path.parent.stat()  # filelock would make a missing folder
        lock = FileLock(path, timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise _in_use(path) from error
    try:
        _write_holder(path)
        yield
    finally:
        lock.release()


def _write_holder(path: Path) -> None:
    """Name this process, for the message that another one shows."""
    # Windows lets nobody write what is locked; where there are no locks, filelock has written it.
    with suppress(OSError):
        if _holder(path) != str(os.getpid()):
            path.write_text(f"{os.getpid()}\n", encoding="ascii")


def _holder(path: Path) -> str | None:
    """The process that the lock file names; None where it cannot be read."""
    try:
        words = path.read_text(encoding="ascii", errors="replace").split()
    except OSError:
        return None
    return words[0] if words else None


def _in_use(path: Path) -> CheckpointError:
    holder = _holder(path)
    by = f"process {holder}" if holder else "another process"
    text = f"{path.parent} is in use by {by}. Wait until it ends, or stop it."
    return CheckpointError(text, code="E_LOCKED")
