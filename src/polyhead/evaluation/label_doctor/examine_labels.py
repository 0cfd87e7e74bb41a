"""The label doctor: one pass over the images, cross-fitted probes, ranked findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import adaptive_avg_pool2d

from polyhead.checkpoints import LoadedRun, load_run
from polyhead.config import Config
from polyhead.data import image_sizes
from polyhead.errors import ConfigError, DataError
from polyhead.evaluation.batches import batches_in_order
from polyhead.evaluation.label_doctor.findings import (
    JudgedTask,
    LabelFinding,
    doubt_findings,
    rule_findings,
    twin_findings,
)
from polyhead.evaluation.label_doctor.near_duplicates import (
    SIDE,
    duplicate_groups,
    near_duplicate_pairs,
)
from polyhead.evaluation.label_doctor.probes import cross_fitted_probabilities
from polyhead.formats import read_tables
from polyhead.loading.batches import worker_deaths_explained
from polyhead.preparation import derived_tags, encode_tasks, resolve_classes
from polyhead.progress import Reporter
from polyhead.table import Table
from polyhead.tasks import TaskEncoder

KINDS = ("missing", "wrong", "rule", "twins")
MIN_IMAGES = 50


@dataclass(frozen=True)
class LabelReport:
    """Result of the label doctor.

    Attributes:
        num_images: Images examined.
        num_twins: Pairs of near-duplicate images.
        findings: Kind by kind, the likeliest fault first.
        unjudged: `<task>/<label>` of labels with too few known cells to be judged.
    """

    num_images: int
    num_twins: int
    findings: tuple[LabelFinding, ...]
    unjudged: tuple[str, ...]

    def of_kind(self, kind: str) -> list[LabelFinding]:
        """The findings of one kind, ranked."""
        return [finding for finding in self.findings if finding.kind == kind]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "num_pictures": self.num_images,
            "num_twins": self.num_twins,
            "counts": {kind: len(self.of_kind(kind)) for kind in KINDS},
            "unjudged": list(self.unjudged),
            "findings": [asdict(finding) for finding in self.findings],
        }


def examine_labels(
    config: Config, path: str | Path, *, device: str = "auto", reporter: Reporter | None = None
) -> LabelReport:
    """List labels of a config's tags tasks that are likely missing or wrong.

    The backbone of a run gives the features; the run itself learnt from these labels, so its own
    heads are not used: linear probes judge, each on images that it was not fitted on.

    Args:
        config: Names images and labels.
        path: The run folder.
        device: As in `load_run`.
        reporter: Where progress goes; standard error when None.

    Raises:
        CheckpointError: The run cannot be loaded.
        ConfigError: There is no tags task, or there are fewer than 50 images.
        DataError: The labels cannot be read.
        ImageError: An image cannot be read.
    """
    reporter = reporter or Reporter()
    table = read_tables(config.data.sources())
    targets = _targets(config, table, reporter)
    if len(table) < MIN_IMAGES:
        raise ConfigError(
            f"{table.source} names {len(table)} images; judging labels takes at least "
            f"{MIN_IMAGES}: a label is judged by the other images alone."
        )
    loaded = load_run(path, device=device)
    features, thumbnails = _features_and_thumbnails(loaded, table, reporter)
    pairs = near_duplicate_pairs(thumbnails)
    groups = duplicate_groups(len(table), pairs)
    judged = []
    with reporter.waiting("fitting probes"):
        for name, (task, cells) in targets.items():
            probabilities = cross_fitted_probabilities(features, cells, groups)
            rules = task.decider().rules
            judged.append(JudgedTask(name, task.classes, cells, probabilities, rules))
    return _report(judged, table, pairs)


def _report(tasks: list[JudgedTask], table: Table, pairs: np.ndarray) -> LabelReport:
    found = [finding for task in tasks for finding in doubt_findings(task, table)]
    found += [finding for task in tasks for finding in rule_findings(task, table)]
    found += [finding for task in tasks for finding in twin_findings(task, table, pairs)]
    found.sort(key=lambda f: (KINDS.index(f.kind), -_doubt(f)))
    unjudged = [
        f"{task.name}/{label}"
        for task in tasks
        for label, is_judged in zip(task.classes, task.judged.tolist(), strict=True)
        if not is_judged
    ]
    return LabelReport(len(table), len(pairs), tuple(found), tuple(unjudged))


def _doubt(finding: LabelFinding) -> float:
    if finding.probability is None:
        return 1.0
    return 1 - finding.probability if finding.given == "yes" else finding.probability


def _targets(
    config: Config, table: Table, reporter: Reporter
) -> Mapping[str, tuple[TaskEncoder, np.ndarray]]:
    """Each tags task with its (N, L) targets; broken rules are findings, not errors, here."""
    encoders = resolve_classes(config, table)
    tags = [name for name, task in encoders.items() if task.decider().takes_evidence]
    if not tags:
        raise ConfigError("the config has no tags task; --labels judges the labels of such.")
    sources = {source for source, _ in derived_tags(encoders).values()}
    tasks = {name: task for name, task in encoders.items() if name in {*tags, *sources}}
    sizes = np.zeros((len(table), 2), np.int32)
    if sources:
        sizes = image_sizes(table.paths())
    targets, faults = encode_tasks(tasks, table, sizes, reporter)
    found = [fault for fault in (*table.faults, *faults) if fault.code != "E_RULE"]
    errors = [fault for fault in found if fault.is_error]
    if errors:
        raise DataError("the labels cannot be read", errors)
    return {name: (tasks[name], targets[name]) for name in tags}


def _features_and_thumbnails(
    loaded: LoadedRun, table: Table, reporter: Reporter
) -> tuple[np.ndarray, np.ndarray]:
    """(N, D) float32 mean features and (N, 32, 32) uint8 grey thumbnails of all images."""
    features, thumbnails = [], []
    device = next(loaded.network.parameters()).device
    batches = batches_in_order(loaded, table, np.arange(len(table)))
    work = reporter.work("reading images", len(table), "images")
    with work as advance, worker_deaths_explained(), torch.inference_mode():
        for batch in batches:
            images = batch.images.to(device)
            features.append(loaded.network.backbone(images).final.mean((2, 3)).float().cpu())
            grey = adaptive_avg_pool2d(images.float().mean(1), SIDE)
            thumbnails.append(grey.round().to(torch.uint8).cpu())
            advance(len(batch.rows), "")
    return torch.cat(features).numpy(), torch.cat(thumbnails).numpy()
