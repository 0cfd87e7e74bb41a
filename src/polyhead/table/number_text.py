"""Numbers as the text of one cell."""

from __future__ import annotations

import math


def decimal_text(value: float) -> str:
    """Six digits at least, never a power of ten.

    >>> [decimal_text(value) for value in (3.0, 0.12345678, 1234567.8, 2e-7)]
    ['3', '0.123457', '1234568', '0.0000002']
    """
    if not math.isfinite(value) or value == 0:
        return f"{value:g}"
    decimals = max(5 - math.floor(math.log10(abs(value))), 0)
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text
