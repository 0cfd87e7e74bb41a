"""The log-odds of a field converted to those of labels without couplings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from polyhead.metrics import Calibration


@dataclass(frozen=True)
class Uncoupled:
    """Log-odds without couplings = scale · the field's log-odds + shift, fitted on validation.

    Head and couplings were learnt together: a fair comparison without couplings calibrates the
    labels by themselves first. No prediction depends on it.

    Attributes:
        scale: One a label, above 0.
        shift: One a label.
    """

    scale: tuple[float, ...]
    shift: tuple[float, ...]

    @classmethod
    def of(cls, own: Calibration, field: Calibration) -> Uncoupled:
        """From log-odds that the field's calibration gives to those that the labels' own gives."""
        scale = own.scale / field.scale
        return cls(tuple(scale.tolist()), tuple((own.shift - scale * field.shift).tolist()))

    @classmethod
    def from_dict(cls, entry: Mapping[str, Sequence[float]]) -> Uncoupled:
        """As `to_dict` described it."""
        return cls(tuple(entry["scale"]), tuple(entry["shift"]))

    def to_dict(self) -> dict[str, Any]:
        """For `classes.json`."""
        return {name: list(values) for name, values in asdict(self).items()}

    def log_odds(self, log_odds: np.ndarray) -> np.ndarray:
        """(N, L) of log-odds (N, L) of the field."""
        return np.array(self.scale) * log_odds + np.array(self.shift)
