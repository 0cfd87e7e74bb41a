"""Faults for the screen: the first few of each code, and how many there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from polyhead.errors import Fault

MAX_PER_CODE = 5


def fault_lines(faults: Sequence[Fault], full_list: str = "") -> Iterator[str]:
    """One line each, then the counts; many of one code share a line.

    Args:
        faults: All faults.
        full_list: How to see all faults, for the last line when some were left out.
    """
    totals = Counter(fault.code for fault in faults)
    seen = Counter[str]()
    for fault in faults:
        seen[fault.code] += 1
        if seen[fault.code] <= MAX_PER_CODE:
            yield str(fault)
        elif seen[fault.code] == MAX_PER_CODE + 1:
            yield f"{fault.code} … and {totals[fault.code] - MAX_PER_CODE:,} more"
    if totals:
        is_cut = max(totals.values()) > MAX_PER_CODE
        place = f"; {full_list}" if full_list and is_cut else ""
        counts = ", ".join(f"{count:,} {code}" for code, count in totals.items())
        yield f"found: {counts}{place}"
