"""From cross-fitted probabilities to a ranked list of labels to check again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from polyhead.field import Rules, find_violations
from polyhead.table import Table

Kind = Literal["missing", "wrong", "rule", "twins"]
GIVEN = {1: "yes", 0: "no", -1: "unknown"}
MIN_CELLS = 10  # known cells of either kind below which a label cannot be judged


@dataclass(frozen=True)
class LabelFinding:
    """One annotated label to check again.

    Attributes:
        kind: `missing`: annotated as no or unknown, likely yes. `wrong`: annotated as yes, likely
            no. `rule`: the known labels of the image break a rule. `twins`: near-duplicate images,
            one yes and one no.
        where: File, line and image, as `Table.where`.
        image: The image.
        task: The tags task.
        label: The label; what is broken, where it is a rule.
        given: `yes`, `no` or `unknown`; empty of a rule.
        probability: That the label is true, from probes that never saw the image; None of a rule.
        twin: The near-duplicate image with the other value; None for other kinds.
    """

    kind: Kind
    where: str
    image: str
    task: str
    label: str
    given: str
    probability: float | None
    twin: str | None = None


@dataclass(frozen=True)
class JudgedTask:
    """A tags task with the probes' probabilities.

    Attributes:
        name: The task.
        classes: The L labels.
        targets: (N, L) 1 yes, 0 no, -1 unknown.
        probabilities: (N, L), cross-fitted.
        rules: What the task's labels obey.
    """

    name: str
    classes: Sequence[str]
    targets: np.ndarray
    probabilities: np.ndarray
    rules: Rules = field(default_factory=Rules)

    @property
    def judged(self) -> np.ndarray:
        """(L,) bool, labels with enough known cells of either kind."""
        counts = [(self.targets == value).sum(axis=0) for value in (0, 1)]
        return np.minimum(*counts) >= MIN_CELLS


def doubtful_labels(targets: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Cells whose annotated value is doubtful, the most doubtful first.

    A cell is doubted when the probe is as sure of the contrary as it is, on average, of cells that
    are given so, and at least one half: p >= max(½, mean p of the yes cells) where no or unknown is
    given, p <= min(½, mean p of the no cells) where yes is.

    Source: the per-class thresholds of Northcutt et al., *Confident learning*, 2021.

    Args:
        targets: (N, L) 1 yes, 0 no, -1 unknown.
        probabilities: (N, L), cross-fitted.

    Returns:
        (M, 2) row and column, by decreasing probability that the annotated value is wrong.
    """
    doubted = np.zeros(targets.shape, bool)
    for place in range(targets.shape[1]):
        annotated, p = targets[:, place], probabilities[:, place]
        if not (annotated == 1).any() or not (annotated == 0).any():
            continue
        high = max(0.5, float(p[annotated == 1].mean()))
        low = min(0.5, float(p[annotated == 0].mean()))
        doubted[:, place] = np.where(annotated == 1, p <= low, p >= high)
    cells = np.argwhere(doubted)
    contrary = np.where(targets == 1, 1 - probabilities, probabilities)[doubted]
    return cells[np.argsort(-contrary, kind="stable")]


def doubt_findings(task: JudgedTask, table: Table) -> Iterator[LabelFinding]:
    """Likely missing and likely wrong labels of one task, the likeliest first."""
    targets = np.where(task.judged, task.targets, -1)
    for row, place in doubtful_labels(targets, task.probabilities).tolist():
        kind = "wrong" if task.targets[row, place] == 1 else "missing"
        yield _finding(kind, task, table, row, place)


def rule_findings(task: JudgedTask, table: Table) -> Iterator[LabelFinding]:
    """Images whose known labels break a rule, in the order of the rows."""
    for row, text in find_violations(task.rules, task.targets):
        yield LabelFinding("rule", table.where(row), table.image(row), task.name, text, "", None)


def twin_findings(task: JudgedTask, table: Table, pairs: np.ndarray) -> Iterator[LabelFinding]:
    """Labels that one of two near-duplicates has and the other has not, likeliest fault first.

    Reported for the image whose annotated value the probes doubt more.
    """
    first, second = task.targets[pairs[:, 0]], task.targets[pairs[:, 1]]
    differ = (first >= 0) & (second >= 0) & (first != second)
    doubt = np.where(task.targets == 1, 1 - task.probabilities, task.probabilities)
    found = []
    for pair, place in np.argwhere(differ).tolist():
        row, twin = sorted(pairs[pair].tolist(), key=lambda row: -doubt[row, place])
        found.append((-doubt[row, place], row, twin, place))
    for _, row, twin, place in sorted(found):
        yield _finding("twins", task, table, row, place, table.image(twin))


def _finding(
    kind: Kind, task: JudgedTask, table: Table, row: int, place: int, twin: str | None = None
) -> LabelFinding:
    return LabelFinding(
        kind,
        table.where(row),
        table.image(row),
        task.name,
        task.classes[place],
        GIVEN[int(task.targets[row, place])],
        round(float(task.probabilities[row, place]), 4),
        twin,
    )
