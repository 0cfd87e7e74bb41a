"""From dense arrays to the answers of an ordinal task, and their figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from polyhead.metrics.ordinal_meter import OrdinalMeter, middle_grade
from polyhead.predictions.ordinal import OrdinalPrediction
from polyhead.table.cell_words import plain_number
from polyhead.tasks.single_class.decider import ClassDecider, ClassTaskMeter
from polyhead.tasks.targets import Dense


@dataclass(frozen=True)
class OrdinalDecider(ClassDecider):
    """The decider of an ordinal task: the grade with the least expected distance from the truth.

    Attributes:
        name: Key in the YAML.
        classes: The K grades, the lowest first.
    """

    type: ClassVar[str] = "ordinal"
    score_name: ClassVar[str] = "QWK"
    reading: ClassVar[str] = (
        "the middle grade, that with the least expected distance from the true one, the mean, and "
        "the probability of each grade, whose temperature was fitted on the validation part only."
    )

    def select(self, dense: Dense, sizes: np.ndarray) -> list[OrdinalPrediction]:  # noqa: ARG002
        """The middle grade, and the mean."""
        probabilities = dense["probabilities"]
        rows = zip(
            middle_grade(probabilities).tolist(),
            (probabilities @ self.values).tolist(),
            probabilities.tolist(),
            strict=True,
        )
        return [
            OrdinalPrediction(
                self.classes[grade], mean, dict(zip(self.classes, shares, strict=True))
            )
            for grade, mean, shares in rows
        ]

    @property
    def values(self) -> np.ndarray:
        """(K,) float64 the grades as numbers; their places from 0 where one is no number."""
        numbers = [number for c in self.classes if (number := plain_number(c)) is not None]
        is_named = len(numbers) < len(self.classes)
        return np.arange(len(self.classes), dtype=float) if is_named else np.array(numbers)

    def columns(self) -> list[str]:
        """The grade, and the mean."""
        return [self.name, f"{self.name}/expected"]

    def meter(self) -> OrdinalTaskMeter:
        """Figures of the middle grade."""
        return OrdinalTaskMeter(self)


class OrdinalTaskMeter(ClassTaskMeter):
    """Gathers probabilities batch by batch.

    Args:
        decider: Whose answers are measured.
    """

    def __init__(self, decider: OrdinalDecider) -> None:
        super().__init__(decider)
        self._meter = OrdinalMeter(decider.classes)
