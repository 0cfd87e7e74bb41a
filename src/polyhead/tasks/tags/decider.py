"""From dense arrays to the answers of a tags task."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from polyhead.errors import ConfigError, first_few, nearest
from polyhead.field import PairwiseField, Rules, find_violations
from polyhead.metrics import LEVEL, ScoredTags, choose_protocol, protocol_entry, tags_entry
from polyhead.predictions import TagsPrediction
from polyhead.tasks.class_thresholds import read_thresholds
from polyhead.tasks.tags.decision import TagDecision
from polyhead.tasks.tags.meter import TagsTaskMeter
from polyhead.tasks.targets import UNKNOWN, Dense
from polyhead.tasks.task_decider import TaskDecider

if TYPE_CHECKING:
    from polyhead.tasks.tags.config import TagsConfig

CHOSEN = {
    "marginals": "the labels whose probability reaches their threshold",
    "map": "the likeliest set of labels",
    "expected_f1": "the set of labels with the highest expected F1",
}
MAX_NAMED = 5  # labels in one line
CUT = 0.5  # probability at and above which a label is predicted: nobody fitted thresholds
MAX_RESAMPLED = 100_000_000  # cells; those take 75 s


@dataclass(frozen=True)
class TagsDecider(TaskDecider):
    """The decider of a tags task.

    Attributes:
        name: Key in the YAML.
        classes: The L labels.
        decision: How labels are chosen; thresholds are fitted after training.
    """

    type: ClassVar[str] = "tags"
    score_name: ClassVar[str] = "mAP"
    reading: ClassVar[str] = (
        "labels, and the probability of each. The calibration of the probabilities and the "
        "thresholds in `classes.json` were fitted on the validation part only."
    )
    takes_evidence: ClassVar[bool] = True
    has_probabilities: ClassVar[bool] = True
    name: str
    classes: tuple[str, ...]
    decision: TagDecision = dataclasses.field(default_factory=TagDecision)

    @property
    def rules(self) -> Rules:
        """The rules that every prediction obeys."""
        return self.decision.rules

    @property
    def never_predicted(self) -> list[str]:
        """Labels that no answer holds, as no threshold met what was asked."""
        found = self.decision.intervals
        return self._decided(() if found is None else found.unreachable)

    @property
    def always_predicted(self) -> list[str]:
        """Labels that every answer holds, as too few positives show which threshold finds them."""
        found = self.decision.intervals
        return self._decided(() if found is None else found.unlimited)

    def _decided(self, mask: Sequence[bool]) -> list[str]:
        """Labels by a mask, where thresholds are what decides."""
        return self._names(np.array(mask, bool)) if self.decision.decoder == "marginals" else []

    def conditioned(self, evidence: Mapping[str, bool]) -> TagsDecider:
        """The same decider, asked with what is known of every image already.

        Args:
            evidence: Label to whether it holds.

        Raises:
            ConfigError: No such label, or the evidence breaks the rules.
        """
        cells = np.full(len(self.classes), UNKNOWN, np.int8)
        for label, holds in evidence.items():
            if label not in self.classes:
                hint = nearest(label, self.classes)
                raise ConfigError(f'task "{self.name}" has no label "{label}". {hint}')
            cells[self.classes.index(label)] = holds
        broken = find_violations(self.rules, cells[None])
        if broken:
            raise ConfigError(f"what is given breaks a rule: {broken[0][1]}.")
        return replace(self, decision=replace(self.decision, evidence=tuple(cells.tolist())))

    def evidence_note(self) -> str:
        """A note where the evidence changes other labels less than a reader may expect."""
        if not self.decision.evidence or self.decision.is_coupled:
            return ""
        if self.rules:
            return "no field of couplings; what is given acts on other labels by rules only"
        return "no field and no rules; what is given changes no other label"

    def with_field(self, field: PairwiseField) -> TagsDecider:
        """The same decider with couplings between its labels."""
        return replace(self, decision=replace(self.decision, field=field))

    def for_scoring(self) -> TagsDecider:
        """The labels at ½ and more: no score of an epoch depends on a decoder."""
        return replace(self, decision=replace(self.decision, decoder="marginals"))

    def select(self, dense: Dense, sizes: np.ndarray) -> list[TagsPrediction]:  # noqa: ARG002
        """Labels as the decision chooses them: at their thresholds unless a decoder is named."""
        marginals = self.decision.probabilities(dense)
        chosen = self.decision.labels(dense, marginals)
        likely = self.decision.possible(marginals)
        predictions = []
        for row, labels, possible in zip(marginals, chosen, likely, strict=True):
            probabilities = dict(zip(self.classes, map(float, row), strict=True))
            maybe = None if possible is None else self._names(possible)
            predictions.append(TagsPrediction(self._names(labels), probabilities, maybe))
        return predictions

    def _names(self, mask: np.ndarray) -> list[str]:
        return [self.classes[i] for i in np.flatnonzero(mask)]

    def label_probabilities(self, dense: Dense) -> np.ndarray:
        """(B, L) probabilities by the couplings and the evidence."""
        return self.decision.probabilities(dense)

    def scored(
        self, scores: np.ndarray, targets: np.ndarray, *, are_probabilities: bool, protocol: str
    ) -> dict[str, Any]:
        """Figures of (N, L) scores; those of answers at ½ where they are probabilities."""
        cuts = np.full(len(self.classes), CUT) if are_probabilities else None
        tags = ScoredTags(self.classes, scores, targets, cuts)
        entry = {
            **tags_entry(tags, intervals=targets.size <= MAX_RESAMPLED),
            "are_probabilities": are_probabilities,
        }
        if protocol != "default":
            entry["protocol"] = protocol_entry(protocol, tags)
        return entry

    def judged(self, targets: np.ndarray, protocol: str) -> np.ndarray:
        """(N, L) bool: known cells, and unknown ones where the protocol counts them."""
        return choose_protocol(protocol).judged(targets) >= 0

    def meter(self) -> TagsTaskMeter:
        """Figures of this decider's answers."""
        return TagsTaskMeter(self)

    def notes(self) -> list[str]:
        """How labels are chosen: rules and couplings as fitted decide, not as configured."""
        decision = self.decision
        parts = [f"- {self.name}: {CHOSEN[decision.decoder]}"]
        if decision.rules:
            parts.append("under the rules in `classes.json`, which every answer obeys")
        if decision.is_coupled:
            parts.append("by a field of couplings between labels")
        text = ", ".join(parts) + "."
        if decision.conformal is None:
            return [text]
        missed = f"{100 * decision.conformal.alpha:g} %"
        return [
            f"{text} `possible` is a set in which at most {missed} of an image's true labels are "
            "missing, in the mean over images like those of validation."
        ]

    def fitted_notes(self, config: TagsConfig) -> list[str]:
        """What the thresholds guarantee, and the labels of which too little is known for it."""
        asked, _ = config.threshold_objective()
        lines = []
        if asked.is_guarantee and self.decision.decoder == "marginals":
            lines.append(
                f"{self.name}: {asked} holds with {LEVEL:.0%} confidence for each label that has a "
                "threshold"
            )
        remedy = "ask for less, or label more images"
        if asked.is_guarantee:
            remedy += (
                f", or ask for mean_{asked}, which about half of the labels miss on new images"
            )
        for labels, outcome in ((self.never_predicted, "never"), (self.always_predicted, "always")):
            if labels:
                named = first_few(labels, MAX_NAMED)
                found = f"no threshold reaches {asked} on validation for {named}"
                lines.append(f"{self.name}: {found}: {outcome} predicted; {remedy}")
        return lines

    @classmethod
    def sample_size(cls, entry: Mapping[str, Any]) -> str:
        """Known cells."""
        return f"{entry['num_known']:,} cells"

    @classmethod
    def known_text(cls, entry: Mapping[str, Any]) -> str:
        """Known cells of all cells."""
        images = entry["num_images"]
        cells = images * entry["num_classes"]
        return f"{entry['num_known']:,} of {cells:,} cells known ({images:,} images)"

    @classmethod
    def from_dict(cls, name: str, entry: Mapping[str, Any]) -> TagsDecider:
        """From type, classes and how labels are chosen.

        Raises:
            CheckpointError: The thresholds are not one a class.
        """
        read_thresholds(name, entry)  # refuses those of other classes
        return cls(name, tuple(entry["classes"]), TagDecision.from_dict(entry))

    def to_dict(self) -> dict[str, Any]:
        """Type, classes in order, thresholds, and what else decides."""
        thresholds = list(self.decision.thresholds or (0.5,) * len(self.classes))
        own = {"type": self.type, "classes": list(self.classes), "thresholds": thresholds}
        return {**own, **self.decision.to_dict()}
