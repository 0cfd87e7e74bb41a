"""What the panel says of each task: an answer in a few words, and a line for each label."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import numpy as np

from polyhead.errors import PolyheadError
from polyhead.predictions.drawing.palette import Paint, rgb
from polyhead.predictions.task_prediction import (
    BoxesPrediction,
    ClassPrediction,
    MaskPrediction,
    NumberPrediction,
    TagsPrediction,
    count_text,
)

MAX_BARS = 12
MAX_LEGEND = 32

# Two of Okabe and Ito's colours: told apart by any eyes; weight and order say it again.
TAGS_PAINT = Paint(rgb("#0072B2"))
CLASS_PAINT = Paint(rgb("#D55E00"))
UNCHOSEN = Paint(rgb("#A6A6A6"))


@dataclass(frozen=True)
class Bar:
    """One line of the panel.

    Attributes:
        label: At its left.
        share: Length of the bar, in [0, 1].
        figure: At its right.
        paint: Of the bar.
        bold: Whether the model gives the label.
        swatch: Whether a patch of the paint stands before the label: it is a key to the picture.
    """

    label: str
    share: float
    figure: str
    paint: Paint
    bold: bool = True
    swatch: bool = False


@dataclass(frozen=True)
class Section:
    """What the panel shows of one task.

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


@singledispatch
def section(prediction: Any, paints: Mapping[str, Paint]) -> Section:
    """What the panel shows of one task; each task type registers its own.

    Args:
        prediction: What the task says.
        paints: Of the classes that the picture shows.

    Raises:
        PolyheadError: The type has none.
    """
    del paints
    raise PolyheadError(
        f"Found no drawing of a {type(prediction).__name__}; save its JSON instead."
    )


@section.register
def _(prediction: TagsPrediction, paints: Mapping[str, Paint]) -> Section:
    del paints
    bars = _probabilities(prediction.probabilities, set(prediction.labels), TAGS_PAINT)
    # What the model says comes before what it nearly says, when not all have room.
    kept = sorted(bars, key=lambda bar: (not bar.bold, -bar.share))[:MAX_BARS]
    kept.sort(key=lambda bar: -bar.share)
    answer = f"{len(set(prediction.labels)) or 'none'} of {len(bars)}"
    return Section(answer, kept, len(bars) - len(kept))


@section.register
def _(prediction: ClassPrediction, paints: Mapping[str, Paint]) -> Section:
    del paints
    bars = _probabilities(prediction.probabilities, {prediction.label}, CLASS_PAINT)
    kept = sorted(bars, key=lambda bar: (not bar.bold, -bar.share))[:MAX_BARS]
    return Section(prediction.label, kept, len(bars) - len(kept))


@section.register
def _(prediction: NumberPrediction, paints: Mapping[str, Paint]) -> Section:
    del paints
    written = count_text if prediction.is_count else number
    if prediction.low is None or prediction.high is None:
        return Section(written(prediction.value))
    interval = f"80 % interval: {written(prediction.low)} to {written(prediction.high)}"
    return Section(written(prediction.value), remark=interval)


@section.register
def _(prediction: BoxesPrediction, paints: Mapping[str, Paint]) -> Section:
    counts: dict[str, int] = {}
    surest: dict[str, float] = {}
    for label, score in zip(prediction.labels, prediction.scores, strict=True):
        counts[label] = counts.get(label, 0) + 1
        surest[label] = max(surest.get(label, 0.0), score)
    bars = [
        Bar(f"{count} × {label}", surest[label], f"{surest[label]:.2f}", paints[label], swatch=True)
        for label, count in sorted(counts.items(), key=lambda item: -item[1])
    ]
    total = len(prediction.labels)
    answer = "none" if not total else "1 object" if total == 1 else f"{total} objects"
    return Section(answer, bars[:MAX_LEGEND], len(bars[MAX_LEGEND:]))


@section.register
def _(prediction: MaskPrediction, paints: Mapping[str, Paint]) -> Section:
    counts = np.bincount(prediction.mask.ravel(), minlength=256)[: len(prediction.classes)]
    shares = counts / max(counts.sum(), 1)
    bars = [
        Bar(name, share, percent(share), paints[name], swatch=True)
        for name, share in zip(prediction.classes, shares.tolist(), strict=True)
        if share
    ]
    bars.sort(key=lambda bar: -bar.share)
    answer = f"{len(bars)} of {len(prediction.classes)}"
    return Section(answer, bars[:MAX_LEGEND], len(bars[MAX_LEGEND:]))


def _probabilities(shares: Mapping[str, float], chosen: set[str], paint: Paint) -> list[Bar]:
    return [
        Bar(name, share, percent(share), paint if name in chosen else UNCHOSEN, name in chosen)
        for name, share in shares.items()
    ]


def percent(share: float) -> str:
    """Whole percent, which never says 0 or 100 of what is neither.

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
