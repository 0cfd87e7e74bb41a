"""The panel's entry for each task: an answer in a few words, and a line for each label."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from polyhead.predictions.drawing.palette import Paint, rgb

MAX_BARS = 12
MAX_LEGEND = 32

UNCHOSEN = Paint(rgb("#A6A6A6"))


@dataclass(frozen=True)
class Bar:
    """One line of the panel.

    Attributes:
        label: At its left.
        share: Length of the bar, in [0, 1].
        figure: At its right.
        paint: Of the bar.
        bold: Whether the label is predicted.
        swatch: Whether a patch of the paint precedes the label: it is a key to the image.
    """

    label: str
    share: float
    figure: str
    paint: Paint
    bold: bool = True
    swatch: bool = False


@dataclass(frozen=True)
class Section:
    """One task's entry in the panel.

    Attributes:
        answer: The answer in a few words.
        bars: In the order of the lines.
        num_hidden: Labels without a bar of their own.
        remark: A line below the answer; may be empty.
    """

    answer: str
    bars: Sequence[Bar] = ()
    num_hidden: int = 0
    remark: str = ""


def probability_bars(shares: Mapping[str, float], chosen: set[str], paint: Paint) -> list[Bar]:
    """A bar for each label, grey where the label is not predicted."""
    return [
        Bar(name, share, percent(share), paint if name in chosen else UNCHOSEN, name in chosen)
        for name, share in shares.items()
    ]


def strongest_bars(bars: Sequence[Bar]) -> list[Bar]:
    """As many bars as a panel has room for: predicted ones first, then by length."""
    return sorted(bars, key=lambda bar: (not bar.bold, -bar.share))[:MAX_BARS]


def percent(share: float) -> str:
    """Whole percent, never 0 or 100 for what is neither.

    >>> percent(0.999)
    '> 99 %'
    """
    if 0 < share < 0.005:
        return "< 1 %"
    if 0.995 <= share < 1:
        return "> 99 %"
    return f"{share:.0%}".replace("%", " %")


def number(value: float) -> str:
    """At most four significant digits; powers of ten only for what is huge or tiny.

    >>> number(1234567.0), number(3.14159), number(2e-9)
    ('1,235,000', '3.142', '2e-09')
    """
    if not math.isfinite(value) or not 1e4 <= abs(value) < 1e9:
        return f"{value:.4g}"
    return f"{float(f'{value:.4g}'):,.0f}"
