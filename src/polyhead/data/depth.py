"""The numbers in the deep images of a data set, and the one range that they are scaled by.

Deep means more than 8 bits a channel. One range serves the whole data set, in training and in
prediction: a range of its own for each image would make equal numbers look different.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from polyhead.errors import Fault
from polyhead.table.deep_pixels import PixelRange, PixelRanges

KEYS = {False: "pixel_range", True: "float_range"}
"""Keys of `data` in the YAML, by whether the numbers have fractions."""

FULL_BITS = 16
_TAIL = 0.005  # share of an image's pixels that may be glare, dust or a border
_DARK = 1 / 8  # of the range: images that fill less of it look flat
_FAINT = 1 / 3  # of the range: an image whose greatest number is less may have fewer bits
_MAX_SAMPLED = 65_536  # pixels of an image for its tails
_USUAL_FLOATS = (1.0, 255.0)  # what white is in float files, as most programs write them


@dataclass(frozen=True)
class PixelSpan:
    """Range of the numbers of one deep image.

    Attributes:
        is_float: Whether they have fractions.
        low: The smallest number.
        high: The largest number.
        usual_low: At most 0.5 % of the pixels lie below.
        usual_high: At most 0.5 % lie above.
    """

    is_float: bool
    low: float
    high: float
    usual_low: float
    usual_high: float


def pixel_span(values: np.ndarray) -> PixelSpan | None:
    """The span of an image's numbers, alpha apart; None when none is finite."""
    is_float = values.dtype.kind == "f"
    if values.ndim == 3:
        values = values[..., :3]
    flat = values.ravel()
    if is_float:
        flat = flat[np.isfinite(flat)]
    if not flat.size:
        return None
    some = flat[:: -(-flat.size // _MAX_SAMPLED)]
    usual = np.quantile(some, [_TAIL, 1 - _TAIL])
    return PixelSpan(is_float, float(flat.min()), float(flat.max()), *map(float, usual))


def choose_ranges(spans: Sequence[PixelSpan | None], configured: PixelRanges) -> PixelRanges:
    """One range for all whole numbers and one for all floats of a data set.

    Args:
        spans: Of each image; None where it has 8 bits a channel, or cannot be read.
        configured: Ranges of the config, which override the measured ones.

    Returns:
        For whole numbers 0 to 2^b − 1, where b is the number of bits of the largest, as long as the
        numbers fill half of that; for floats likewise 0 to 1 or 0 to 255; else the smallest to the
        largest number. None where there is no such image.
    """
    found = {
        is_float: [span for span in spans if span is not None and span.is_float == is_float]
        for is_float in KEYS
    }
    return PixelRanges(
        configured.integers or (_whole(found[False]) if found[False] else None),
        configured.floats or (_fractions(found[True]) if found[True] else None),
    )


def _extremes(spans: Sequence[PixelSpan]) -> PixelRange:
    return min(span.low for span in spans), max(span.high for span in spans)


def _whole(spans: Sequence[PixelSpan]) -> PixelRange:
    low, high = _extremes(spans)
    most = float(2 ** int(high).bit_length() - 1) if high > 0 else 1.0
    return (0.0, most) if low >= 0 and 2 * (high - low) >= most else _with_room(low, high)


def _fractions(spans: Sequence[PixelSpan]) -> PixelRange:
    low, high = _extremes(spans)
    for most in _USUAL_FLOATS:
        if low >= 0 and most / 2 <= high <= most:
            return 0.0, most
    return _with_room(low, high)


def _with_room(low: float, high: float) -> PixelRange:
    """Images of one number throughout have no range of their own: it becomes black."""
    return low, high if high > low else low + 1.0


def depth_faults(
    spans: Sequence[PixelSpan | None], where: Callable[[int], str], configured: PixelRanges
) -> list[Fault]:
    """How deep images are read: `N_DEPTH`, and `W_DEPTH` where that may be wrong.

    Args:
        spans: Of the image of each row.
        where: How messages name a row.
        configured: Ranges of the config.
    """
    ranges = choose_ranges(spans, configured)
    faults = []
    for is_float, key in KEYS.items():
        rows = [row for row, s in enumerate(spans) if s is not None and s.is_float == is_float]
        limits = ranges.floats if is_float else ranges.integers
        if not rows or limits is None:
            continue
        some = [span for row in rows if (span := spans[row]) is not None]
        is_configured = (configured.floats if is_float else configured.integers) is not None
        doubts = _beyond(some, limits, key) if is_configured else _doubts(some, limits, key)
        place = where(rows[0])
        faults += [Fault("W_DEPTH", place, f"{doubt}.") for doubt in doubts]
        faults.append(Fault("N_DEPTH", place, f"{_summary(some, limits, len(spans))}."))
    return faults


def range_doubt(span: PixelSpan | None, ranges: PixelRanges) -> str:
    """Why the numbers of an image may not be those that a model was trained on; "" where they fit.

    Args:
        span: Of the image; None where it has 8 bits a channel.
        ranges: By which training read images with more than 8 bits a channel.
    """
    if span is None:
        limits = ranges.integers or ranges.floats
        if limits is None:
            return ""
        return (
            f"holds 8 bits a channel, while training read deeper images by the range "
            f"{_shown(limits)}: here 0 is black and 255 white; give images as those of training"
        )
    held = f"holds {_kind(span)} from {_number(span.low)} to {_number(span.high)}"
    limits = ranges.floats if span.is_float else ranges.integers
    if limits is None:
        limit = "its own least and greatest" if span.is_float else "the bits that its file declares"
        return (
            f"{held}, while no image of training held {_kind(span)} of more than 8 bits a channel: "
            f"it is scaled by {limit}, and may look dark; scale it to 8 bits as the images of "
            "training were"
        )
    if span.usual_high > limits[1] or span.usual_low < limits[0]:
        return (
            f"{held}, beyond the range of training, {_shown(limits)}: what lies outside is plain "
            "black or white; scale it to that range"
        )
    if span.high - limits[0] < _FAINT * (limits[1] - limits[0]):
        return (
            f"{held}, while {_number(limits[1])} is white in training: it looks dark; where it has "
            "fewer bits than the images of training, scale it to their range"
        )
    return ""


def _kind(span: PixelSpan) -> str:
    return "numbers with fractions" if span.is_float else "whole numbers"


def _summary(spans: Sequence[PixelSpan], limits: PixelRange, num_images: int) -> str:
    low, high = _extremes(spans)
    kind = _kind(spans[0])
    return (
        f"{len(spans):,} of {num_images:,} images hold more than 8 bits a channel ({kind} from "
        f"{_number(low)} to {_number(high)}); scaled to 8 bits by one range: {_number(limits[0])} "
        f"is black and {_number(limits[1])} white, in training and in prediction"
    )


def _doubts(spans: Sequence[PixelSpan], limits: PixelRange, key: str) -> Iterator[str]:
    """Ways in which a measured range may be wrong."""
    low, high = _extremes(spans)
    bits = int(high).bit_length() if low >= 0 else FULL_BITS
    if not spans[0].is_float and bits < FULL_BITS:
        yield (
            f"the upper bits are empty: no image holds a number above {_number(high)}, which "
            f"{bits} bits hold; {_number(limits[0])} is taken for black and {_number(limits[1])} "
            f"for white; write data.{key}: {_shown(limits)} to confirm that, or the range of your "
            f"camera or program, such as {_shown((0, 2**FULL_BITS - 1))} if they are so dark"
        )
    usual = (
        float(np.median([span.usual_low for span in spans])),
        float(np.median([span.usual_high for span in spans])),
    )
    if 0 < usual[1] - usual[0] < _DARK * (limits[1] - limits[0]):
        yield (
            f"nearly all pixels of the usual image lie between {_number(usual[0])} and "
            f"{_number(usual[1])}, while black is {_number(limits[0])} and white "
            f"{_number(limits[1])}: images look flat; write data.{key}: {_shown(usual)} for more "
            f"contrast, or data.{key}: {_shown(limits)} to leave it"
        )


def _beyond(spans: Sequence[PixelSpan], limits: PixelRange, key: str) -> Iterator[str]:
    """A warning on images that reach beyond the configured range."""
    cut = [s for s in spans if s.usual_high > limits[1] or s.usual_low < limits[0]]
    if cut:
        yield (
            f"{len(cut):,} of {len(spans):,} images reach beyond data.{key}: {_shown(limits)} with "
            f"more than {_TAIL:.1%} of their pixels (numbers from {_number(_extremes(cut)[0])} to "
            f"{_number(_extremes(cut)[1])}), which become plain black or white; widen the range if "
            "they matter"
        )


def _number(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:.4g}"


def _shown(limits: PixelRange) -> str:
    return f"[{_number(limits[0])}, {_number(limits[1])}]"
