"""Faults on the screen: all errors, and the rest summed up by code."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence

from polyhead.errors import Fault

MAX_PER_CODE = 5  # of warnings and notes; errors are always listed in full


def print_faults(faults: Sequence[Fault]) -> None:
    """One line each on standard error, then the counts."""
    seen = Counter[str]()
    for fault in faults:
        seen[fault.code] += 1
        if fault.is_error or seen[fault.code] <= MAX_PER_CODE:
            print(fault, file=sys.stderr)
        elif seen[fault.code] == MAX_PER_CODE + 1:
            total = sum(other.code == fault.code for other in faults)
            print(f"{fault.code} … and {total - MAX_PER_CODE} more", file=sys.stderr)
    if seen:
        counts = ", ".join(f"{count} {code}" for code, count in seen.items())
        print(f"found: {counts}", file=sys.stderr)
