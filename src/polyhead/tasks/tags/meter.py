"""The meter of a tags task: figures of its predictions, and the fit of its decision rule."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from polyhead.field import PairwiseField, Rules, list_directions
from polyhead.metrics import (
    Calibration,
    ScoredTags,
    TagsMeter,
    choose_calibration,
    class_entries,
    fit_conformal,
    fit_thresholds,
    protocol_entry,
)
from polyhead.tasks.tags.decision import TagDecision
from polyhead.tasks.tags.field_choice import choose_field
from polyhead.tasks.tags.field_gain import FieldGain, field_gain
from polyhead.tasks.tags.threshold_intervals import ThresholdIntervals
from polyhead.tasks.targets import Dense
from polyhead.tasks.task_decider import Meter

if TYPE_CHECKING:
    from polyhead.tasks.tags.config import TagsConfig
    from polyhead.tasks.tags.decider import TagsDecider


class TagsTaskMeter(Meter):
    """Gathers answers batch by batch; log-odds too while thresholds still have to be fitted.

    To fit, call `couple` where there is a field, then `calibrate`, then `fit`.

    Args:
        decider: Whose answers are measured.
    """

    def __init__(self, decider: TagsDecider) -> None:
        self._decider = decider
        self._decision: TagDecision = decider.decision
        self._meter = TagsMeter(decider.classes)
        self._probabilities: list[np.ndarray] = []
        self._labels: list[np.ndarray] = []
        self._log_odds: list[np.ndarray] = []
        self._gates: list[np.ndarray] = []
        self._calibration: Calibration | None = None

    def update(self, dense: Dense, targets: np.ndarray) -> None:
        """Take one batch."""
        probabilities = self._decision.probabilities(dense)
        self._meter.update(probabilities, targets)
        if self._decision.thresholds:
            self._probabilities.append(probabilities)
        if not self._decision.is_plain:
            self._labels.append(self._decision.labels(dense, probabilities))
        if "logits" in dense and (self._decision.is_coupled or not self._decision.thresholds):
            self._log_odds.append(dense["logits"].astype(np.float32))
            if "gates" in dense:
                self._gates.append(dense["gates"].astype(np.float32))

    def compute(self, *, intervals: bool = False) -> dict[str, Any]:
        """The task's part of `evaluation.json`."""
        decision = self._decision
        cuts = decision.thresholds or None
        figures = self._meter.compute(cuts, labels=self._all_labels(), intervals=intervals)
        if decision.decoder != "marginals":
            for entry in figures["per_class"].values():
                del entry["threshold"]  # it decides nothing
        if decision.intervals is not None:
            ends = class_entries(self._decider.classes, decision.intervals.columns())
            for label, entry in figures["per_class"].items():
                entry |= ends[label]
        if decision.conformal is not None:
            kept = decision.conformal.figures(self._meter.probabilities, self._meter.targets)
            figures["conformal"] = {
                "alpha": decision.conformal.alpha,
                **{name: None if np.isnan(v) else float(v) for name, v in kept.items()},
            }
        if decision.field is not None and decision.is_coupled and decision.thresholds:
            figures["field"] = self._field_figures(decision.field)
        return figures

    def protocol(self, name: str) -> dict[str, Any]:
        """Every figure under a protocol, once thresholds are fitted.

        Unlike the default figures they may count unknown cells, whose probabilities are kept here
        for that.
        """
        classes = self._decider.classes
        nothing = np.zeros((0, len(classes)), np.float32)
        probabilities = np.concatenate([nothing, *self._probabilities])
        cuts, labels = self._decision.cuts(len(classes)), self._all_labels()
        scored = ScoredTags(classes, probabilities, self._meter.targets, cuts, labels)
        return protocol_entry(name, scored)

    def _all_labels(self) -> np.ndarray | None:
        return np.concatenate(self._labels) if self._labels else None

    def _field_figures(self, field: PairwiseField) -> dict[str, Any]:
        """The gain of the field, its strongest couplings, and the labels that its gates bind."""
        classes, gates, uncoupled = (
            self._decider.classes,
            self._all_gates(),
            self._decision.uncoupled,
        )
        log_odds, targets = self._evidence()
        bound = field if gates is None else field.of_images(gates[self._seen])
        plain = log_odds if uncoupled is None else uncoupled.log_odds(log_odds)
        gain = field_gain(bound, log_odds, plain, targets)
        couplings = field.strongest(classes, self._meter.targets)
        figures = {**gain.to_dict(), "couplings": [asdict(c) for c in couplings]}
        if field.directions is not None and gates is not None:
            bound = list_directions(field.directions, classes, gates)
            figures["directions"] = [asdict(d) for d in bound]
        return figures

    @property
    def rules(self) -> Rules:
        """The rules that every prediction obeys."""
        return self._decision.rules

    def couple(self, field: PairwiseField) -> FieldGain:
        """Take a trained field into the decision where the held-out likelihood improves by it.

        Else its couplings are dropped; under rules the rest of it stays.
        """
        gates = self._all_gates()
        choice = choose_field(
            field, *self._evidence(), None if gates is None else gates[self._seen]
        )
        self._calibration = choice.calibration
        if choice.field is not None:
            kept = replace(self._decision, field=choice.field, uncoupled=choice.uncoupled)
            self._decision = kept
        return choice.gain

    def calibrate(self, *, has_link: bool) -> Calibration:
        """The map from log-odds to calibrated log-odds, for what `couple` decided on."""
        found = self._calibration or choose_calibration(*self._evidence(), has_link)
        self._log_odds = [found.log_odds(self._all_log_odds()).astype(np.float32)]
        return found

    def fit(self, config: TagsConfig) -> TagsDecider:
        """The decider with thresholds, and what else the keys ask for, fitted on all seen.

        Args:
            config: The task's keys.
        """
        from scipy.special import expit

        log_odds, targets = self._evidence()
        seen, gates = self._seen, self._all_gates()
        dense = {"logits": log_odds, "probabilities": expit(log_odds)}
        if gates is not None:
            dense["gates"] = gates[seen]
        probabilities = self._decision.probabilities(dense)
        fitted = replace(
            self._decision,
            conformal=config.conformal and fit_conformal(probabilities, targets, config.conformal),
        )
        if fitted.decoder == "marginals":
            thresholds = fit_thresholds(probabilities, targets, *config.threshold_objective())
            fitted = replace(
                fitted,
                thresholds=tuple(float(value) for value in thresholds.values),
                intervals=ThresholdIntervals.of(thresholds),
            )
        return replace(self._decider, decision=fitted)

    def _evidence(self) -> tuple[np.ndarray, np.ndarray]:
        """Log-odds and targets of the images with a known label: the others change no fit."""
        return self._all_log_odds()[self._seen], self._meter.targets[self._seen]

    @property
    def _seen(self) -> np.ndarray:
        return np.flatnonzero((self._meter.targets >= 0).any(1))

    def _all_log_odds(self) -> np.ndarray:
        if not self._log_odds:
            return np.zeros((0, len(self._decider.classes)), np.float32)
        return np.concatenate(self._log_odds)

    def _all_gates(self) -> np.ndarray | None:
        return np.concatenate(self._gates) if self._gates else None
