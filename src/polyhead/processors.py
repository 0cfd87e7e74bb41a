"""How many processors this process may use: of the machine, its affinity and its container."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath


def num_processors(root: Path = Path("/")) -> int:
    """Processors that threads can really run on at once, at least 1.

    The least of the cores, those that the process is bound to, and the CPU quota of its control
    groups, rounded down as Rust's standard library does: threads that share the work wait for the
    last, so one more than the quota pays for stops them all.

    Args:
        root: Where `proc` and `sys` are.
    """
    bound = getattr(os, "sched_getaffinity", None)
    cores = len(bound(0)) if bound else os.cpu_count() or 1
    return max(1, min([cores, *(int(quota) for quota in _quotas(root))]))


def _quotas(root: Path) -> Iterator[float]:
    """Processors' worth of time that each control group of this process, and those above, may use.

    Version 2 has `cpu.max` with `quota period` or `max period`, version 1 two files, −1 without a
    limit. A container often sees its own group as the root of the file system of groups.
    """
    for line in _words(root / "proc/self/cgroup", "\n"):
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers and "cpu" not in controllers.split(","):
            continue
        mounts = ("", "unified") if not controllers else (controllers, "cpu", "cpu,cpuacct")
        inner = PurePosixPath(path.strip("/"))
        for mount in mounts:
            for group in (inner, *inner.parents):
                yield from _quota(root / "sys/fs/cgroup" / mount / group)


def _quota(group: Path) -> Iterator[float]:
    limits = _words(group / "cpu.max") or [
        *_words(group / "cpu.cfs_quota_us"),
        *_words(group / "cpu.cfs_period_us"),
    ]
    try:
        quota, period = map(int, limits)
    except ValueError:  # `max`, or no such files
        return
    if quota > 0 and period > 0:
        yield quota / period


def _words(file: Path, separator: str | None = None) -> list[str]:
    """What a small file holds; nothing where there is none."""
    try:
        return file.read_text(encoding="utf-8", errors="replace").split(separator)
    except OSError:
        return []
