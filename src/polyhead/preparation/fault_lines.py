"""Faults for the screen: all errors, and the rest summed up by code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from polyhead.errors import Fault

MAX_PER_CODE = 5  # of warnings and notes; errors are always listed in full


def fault_lines(faults: Sequence[Fault]) -> Iterator[str]:
    """One line each, then the counts; many warnings or notes of one code share a line."""
    totals = Counter(fault.code for fault in faults)
    seen = Counter[str]()
    for fault in faults:
        seen[fault.code] += 1
        if fault.is_error or seen[fault.code] <= MAX_PER_CODE:
            yield str(fault)
        elif seen[fault.code] == MAX_PER_CODE + 1:
            yield f"{fault.code} … and {totals[fault.code] - MAX_PER_CODE} more"
    if totals:
        yield "found: " + ", ".join(f"{count} {code}" for code, count in totals.items())
