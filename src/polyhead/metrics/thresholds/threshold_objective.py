"""Objectives of decision thresholds by name, and how classes share a threshold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from polyhead.errors import ConfigError, nearest

ObjectiveName = Literal[
    "macro_f1",
    "micro_f1",
    "example_f1",
    "precision",
    "recall",
    "mean_precision",
    "mean_recall",
    "cost",
]
Sharing = Literal["shrunk", "class", "global"]

SHARINGS: dict[str, Sharing] = {"shrunk": "shrunk", "class": "class", "global": "global"}
CHOICES = (
    "macro_f1",
    "micro_f1",
    "example_f1",
    "cost",
    "mean_precision>=0.9",
    "mean_recall>=0.9",
    "precision>=0.9",
    "recall>=0.9",
)
# Those that one threshold for all labels serves: classes have nothing of their own to share.
POOLED = ("micro_f1", "example_f1", "cost")
CONSTRAINT = re.compile(r"((?:mean_)?(?:precision|recall))\s*>=\s*(\S+)")
KINDS: dict[str, ObjectiveName] = {
    "precision": "precision",
    "recall": "recall",
    "mean_precision": "mean_precision",
    "mean_recall": "mean_recall",
}


@dataclass(frozen=True)
class ThresholdObjective:
    """What thresholds maximise, or keep to.

    Attributes:
        name: `precision` and `recall` are constraints that hold for each label with 95 %
            confidence, `mean_precision` and `mean_recall` such that are met on the images of the
            fit, so that about half of the labels miss them on others; `cost` is a price of each
            kind of error.
        bound: The least precision or recall, in (0, 1]; below 1 where it is to hold.
        false_positive: Cost of a label wrongly predicted.
        false_negative: Cost of a label missed.
    """

    name: ObjectiveName = "macro_f1"
    bound: float = 0.0
    false_positive: float = 1.0
    false_negative: float = 1.0

    @property
    def is_pooled(self) -> bool:
        """Whether one threshold serves all labels, whatever the sharing."""
        return self.name in POOLED

    @property
    def is_guarantee(self) -> bool:
        """Whether it is to hold for each label, beyond the images of the fit."""
        return self.name in ("precision", "recall")

    @property
    def is_precision(self) -> bool:
        """Whether it asks for a precision."""
        return self.name in ("precision", "mean_precision")

    @property
    def is_recall(self) -> bool:
        """Whether it asks for a recall."""
        return self.name in ("recall", "mean_recall")

    @property
    def cost_threshold(self) -> float:
        """The probability where predicting and omitting a label cost the same: fp / (fp + fn)."""
        return self.false_positive / (self.false_positive + self.false_negative)

    def merit(self, hits: np.ndarray, predicted: np.ndarray, positives: np.ndarray) -> np.ndarray:
        """How good a cut is; the first of the best is taken, from high cuts to low.

        F1 = 2 hits / (predicted + positives). A constraint: hits where the precision suffices, so
        that most is found; −predicted where the recall does, so that least is predicted.

        Args:
            hits: Positives that are predicted; all three broadcast, and may be weighted.
            predicted: Cells that are predicted, at least `hits`.
            positives: All positives, above 0.

        Returns:
            float64; −∞ where the constraint is broken.
        """
        slack = 1e-9 * positives  # 0.9 of ten is nine, whatever 0.9 is in binary
        if self.is_precision:
            return np.where(hits + slack >= self.bound * predicted, hits, -np.inf)
        if self.is_recall:
            return np.where(hits + slack >= self.bound * positives, -predicted, -np.inf)
        return 2 * hits / (predicted + positives)

    def __str__(self) -> str:
        if self.is_precision or self.is_recall:
            return f"{self.name}>={self.bound:g}"
        if self.name == "cost":
            return f"cost {self.false_positive:g} : {self.false_negative:g}"
        return self.name


def parse_thresholds(spelled: str | Mapping[str, Any]) -> tuple[ThresholdObjective, Sharing]:
    """Read the `thresholds` key of a tags task.

    Args:
        spelled: `macro_f1`, `precision>=0.9`, or a mapping with `name` and, beside it, `sharing`,
            or `false_positive` and `false_negative` of `cost`.

    Returns:
        The objective, and how classes share (`shrunk` by default).

    Raises:
        ConfigError: There is no such objective, sharing or option, or a number is out of range.

    >>> objective, sharing = parse_thresholds("precision>=0.9")
    >>> print(objective, sharing)
    precision>=0.9 shrunk
    """
    options = {"name": spelled} if isinstance(spelled, str) else dict(spelled)
    name = str(options.pop("name", "macro_f1"))
    sharing = options.pop("sharing", None)
    if sharing is not None and sharing not in SHARINGS:
        hint = nearest(str(sharing), SHARINGS)
        raise ConfigError(f'No sharing of thresholds "{sharing}". {hint}')
    objective = _objective(name, options)
    if objective.is_pooled and sharing not in (None, "global"):
        raise ConfigError(
            f'One threshold serves all labels under "{name}", so that there is no sharing '
            f'"{sharing}": leave it out, or name macro_f1.'
        )
    return objective, SHARINGS[sharing or "shrunk"]


def _objective(name: str, options: dict[str, Any]) -> ThresholdObjective:
    allowed = ("false_positive", "false_negative") if name == "cost" else ()
    for option in options:
        if option not in allowed:
            hint = nearest(option, (*allowed, "name", "sharing"))
            raise ConfigError(f'Threshold objective "{name}" has no option "{option}". {hint}')
    if name == "cost":
        costs = {option: _number(option, value) for option, value in options.items()}
        if any(cost <= 0 for cost in costs.values()):
            raise ConfigError(f"Costs of thresholds should be above 0. Found {costs}.")
        return ThresholdObjective("cost", **costs)
    for plain in ("macro_f1", "micro_f1", "example_f1"):
        if name == plain:
            return ThresholdObjective(plain)
    constraint = CONSTRAINT.fullmatch(name)
    if constraint is None:
        raise ConfigError(f'No threshold objective "{name}". {_choices(name)}')
    bound = _number(name, constraint[2])
    if not 0 < bound <= 1:
        raise ConfigError(f'The bound of "{name}" should lie above 0 and at most at 1.')
    objective = ThresholdObjective(KINDS[constraint[1]], bound)
    if objective.is_guarantee and bound == 1:
        raise ConfigError(
            f'The bound of "{name}" should lie below 1: no number of images shows that a '
            f"label is never wrong. Ask for {constraint[1]}>=0.99, or for mean_{constraint[1]}>=1, "
            "which is met on the validation images."
        )
    return objective


def _choices(name: str) -> str:
    hint = nearest(name, CHOICES)
    return hint if hint.startswith("Choices") else f"{hint} Choices: {', '.join(CHOICES)}."


def _number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise ConfigError(f'"{name}" of thresholds needs a number. Found "{value}".') from error
    if not np.isfinite(number):
        raise ConfigError(f'"{name}" of thresholds needs a finite number. Found "{value}".')
    return number
