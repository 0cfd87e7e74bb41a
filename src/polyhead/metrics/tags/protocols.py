"""mAP under named protocols, and how each departs from the default."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from polyhead.errors import ConfigError, nearest
from polyhead.metrics.known_cells import check_cells
from polyhead.metrics.ratios import mean_defined
from polyhead.metrics.tags.average_precision import MeanAveragePrecision
from polyhead.metrics.tags.precision_steps import (
    Column,
    PrecisionSteps,
    columns_of,
    eleven_point_area,
    exact_area,
    interpolated_area,
    precision_steps,
    ranked_steps,
)


@dataclass(frozen=True)
class Protocol:
    """What average precision means, and what it is taken over.

    Attributes:
        departs: How it departs from the default, in words; empty for the default.
        steps: From the cells of a class to its curve.
        area: From the curve to the figure.
        empty: What a class without a known positive scores; NaN leaves it out of means.
        unknown: What an unknown cell counts as: -1 leaves it out, 0 is a no.
    """

    departs: str
    steps: Callable[[Column], PrecisionSteps] = precision_steps
    area: Callable[[PrecisionSteps], float] = exact_area
    empty: float = np.nan
    unknown: int = -1

    def judged(self, targets: np.ndarray) -> np.ndarray:
        """(N, L) the targets that count: unknown cells as the protocol takes them."""
        if self.unknown < 0:
            return targets
        return np.where(targets < 0, np.int8(self.unknown), targets)


DEFAULT = Protocol("")
PROTOCOLS: dict[str, Protocol] = {
    "default": DEFAULT,
    "known_only": replace(DEFAULT, departs="the default itself, which counts known cells alone"),
    "raw": Protocol(
        "equal scores stand in the order of the rows, and a class without a positive counts 0",
        steps=ranked_steps,
        empty=0.0,
    ),
    "zero_empty": Protocol("a class without a positive counts 0", empty=0.0),
    "unknown_negative": Protocol("an unknown cell counts as no", unknown=0),
    "voc07": Protocol(
        "precision is interpolated and read at the 11 recalls 0, 0.1, …, 1", area=eleven_point_area
    ),
    "voc10": Protocol(
        "precision is interpolated: at each recall the highest at this recall or beyond",
        area=interpolated_area,
    ),
}


def choose_protocol(name: str) -> Protocol:
    """The protocol of a name.

    Raises:
        ConfigError: There is none; names the nearest.
    """
    if name not in PROTOCOLS:
        raise ConfigError(f'there is no protocol "{name}". {nearest(name, PROTOCOLS)}')
    return PROTOCOLS[name]


def mean_average_precision_under(
    protocol: Protocol, scores: np.ndarray, targets: np.ndarray
) -> MeanAveragePrecision:
    """Mean over classes of average precision as a protocol defines it.

    Args:
        protocol: One of `PROTOCOLS`.
        scores: (N, L) logits or probabilities, float32 or float64; only their order counts.
        targets: (N, L) 1 yes, 0 no, -1 unknown.

    Returns:
        The mean, the classes, and how many of them count.

    Raises:
        ValueError: Shapes or values do not fit.
        DivergedError: The score of a cell that counts is NaN.
    """
    judged = protocol.judged(targets)
    check_cells(scores, judged)
    areas = np.array(
        [protocol.area(protocol.steps(column)) for column in columns_of(scores, judged)]
    )
    per_class = np.where(np.isnan(areas), protocol.empty, areas)
    evaluated = int((~np.isnan(per_class)).sum())
    return MeanAveragePrecision(
        float(mean_defined(per_class)), per_class, evaluated, len(per_class)
    )
