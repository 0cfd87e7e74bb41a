"""How the C library allocates memory while training on a CPU."""

from __future__ import annotations

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h of the GNU C library
LARGEST = 2**31 - 1  # mallopt takes an int


def keep_freed_memory() -> bool:
    """Keep freed activations in the process instead of giving them back to the system.

    By default every block over a few megabytes is mapped again and zeroed by the system on each
    use, which costs a CPU training step a quarter of its time and more. Only the GNU C library
    has this setting; elsewhere nothing changes.

    Returns:
        Whether the setting was taken.
    """
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return False
    return bool(
        library.mallopt(M_MMAP_THRESHOLD, LARGEST) and library.mallopt(M_TRIM_THRESHOLD, LARGEST)
    )
