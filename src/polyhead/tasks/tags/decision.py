"""From the log-odds of a tags task to probabilities and labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from polyhead.field import PairwiseField, Rules
from polyhead.metrics import Conformal
from polyhead.tasks.tags.threshold_intervals import ThresholdIntervals
from polyhead.tasks.tags.uncoupled import Uncoupled

Decoder = Literal["marginals", "map", "expected_f1"]


@dataclass(frozen=True)
class TagDecision:
    """The decision rule of a tags task: what validation fitted, and the rules.

    Attributes:
        thresholds: (L,) probabilities at and above which a label is answered; ½ each when empty.
        decoder: `marginals`: labels at their thresholds; `map`: the likeliest set of labels;
            `expected_f1`: the set with the highest expected F1.
        field: Couplings between the labels and the rules that they obey; None without either.
        conformal: The level at which few true labels are missed, where asked for.
        evidence: (L,) what is known of every image: 1 yes, 0 no, -1 unknown; empty for nothing.
        intervals: How sure the thresholds are, once they are fitted.
        uncoupled: What the field is compared with, where there is one.
    """

    thresholds: tuple[float, ...] = ()
    decoder: Decoder = "marginals"
    field: PairwiseField | None = None
    conformal: Conformal | None = None
    evidence: tuple[int, ...] = ()
    intervals: ThresholdIntervals | None = None
    uncoupled: Uncoupled | None = None

    @property
    def rules(self) -> Rules:
        """The rules that every prediction obeys."""
        return self.field.rules if self.field is not None else Rules()

    @property
    def is_coupled(self) -> bool:
        """Whether the probability of one label depends on another."""
        return self.field is not None and self.field.is_coupled

    @property
    def is_learnt(self) -> bool:
        """Whether the log-odds were learnt as those of a field, whose marginals they stand for.

        Couplings may have been switched off; a field of rules alone has no means.
        """
        return self.is_coupled or (self.field is not None and bool(np.any(self.field.means)))

    @property
    def is_plain(self) -> bool:
        """Whether thresholds alone decide."""
        return self.field is None and self.decoder == "marginals" and not self.evidence

    def probabilities(self, dense: Mapping[str, np.ndarray]) -> np.ndarray:
        """(N, L) probability of each label, by the field and the evidence.

        Args:
            dense: `probabilities`; `logits` (calibrated log-odds) where there is a field, and
                `gates` where it differs from image to image.
        """
        if not self.is_learnt and not self.evidence:
            return dense["probabilities"]
        log_odds = dense["logits"]
        marginals = self._field(dense).marginals(log_odds, self._evidence_of(log_odds))
        return marginals.astype(np.float32)

    def labels(self, dense: Mapping[str, np.ndarray], probabilities: np.ndarray) -> np.ndarray:
        """(N, L) bool: the labels answered.

        Args:
            dense: As `probabilities` takes it.
            probabilities: As `probabilities` gives them.
        """
        if self.is_plain:
            return probabilities >= self.cuts(probabilities.shape[1])
        field, evidence = self._field(dense), self._evidence_of(probabilities)
        if self.decoder == "map":
            return field.mode(dense["logits"], evidence)
        if self.decoder == "expected_f1":
            return field.expected_f(dense["logits"], evidence=evidence)
        cuts = self.cuts(probabilities.shape[1])
        return field.decode_marginals(probabilities, cuts, evidence)

    def possible(self, probabilities: np.ndarray) -> Sequence[np.ndarray | None]:
        """N times (L,) bool: labels that may hold, at the conformal level; None where not asked."""
        if self.conformal is None:
            return [None] * len(probabilities)
        return list(probabilities >= np.float32(self.conformal.level))

    def cuts(self, num_classes: int) -> np.ndarray:
        """(L,) float32 thresholds."""
        return np.asarray(self.thresholds or (0.5,) * num_classes, np.float32)

    def to_dict(self) -> dict[str, Any]:
        """The entries that are not at their defaults, without the evidence."""
        entry: dict[str, Any] = {}
        if self.decoder != "marginals":
            entry["decoder"] = self.decoder
        if self.field is not None:
            entry["rules"] = self.field.rules.to_dict()
        if self.is_learnt and self.field is not None:
            entry["field"] = self.field.to_dict()
        if self.conformal is not None:
            entry["conformal"] = asdict(self.conformal)
        if self.intervals is not None:
            entry["threshold_intervals"] = self.intervals.to_dict()
        if self.uncoupled is not None:
            entry["uncoupled"] = self.uncoupled.to_dict()
        return entry

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> TagDecision:
        """The decision of a task's entry, as `to_dict` described it."""
        conformal, intervals = entry.get("conformal"), entry.get("threshold_intervals")
        uncoupled = entry.get("uncoupled")
        return cls(
            tuple(entry["thresholds"]),
            entry.get("decoder", "marginals"),
            _field_of(entry),
            Conformal(**conformal) if conformal else None,
            intervals=ThresholdIntervals.from_dict(intervals) if intervals else None,
            uncoupled=Uncoupled.from_dict(uncoupled) if uncoupled else None,
        )

    def _field(self, dense: Mapping[str, np.ndarray]) -> PairwiseField:
        if self.field is None:
            return PairwiseField.independent(dense["probabilities"].shape[1])
        return self.field if self.field.directions is None else self.field.of_images(dense["gates"])

    def _evidence_of(self, cells: np.ndarray) -> np.ndarray | None:
        if not self.evidence:
            return None
        return np.broadcast_to(np.array(self.evidence, np.int8), cells.shape)


def _field_of(entry: Mapping[str, Any]) -> PairwiseField | None:
    if "rules" not in entry:
        return None
    rules = Rules.from_dict(entry["rules"], entry["classes"])
    if "field" in entry:
        return PairwiseField.from_dict(entry["field"], rules)
    return PairwiseField.independent(len(entry["classes"]), rules)
