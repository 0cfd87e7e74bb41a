"""The meter of a boxes task: chunks of found boxes in, its part of `evaluation.json` out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from polyhead.errors import DivergedError
from polyhead.metrics.boxes.box_matching import FoundBoxes, TrueBoxes
from polyhead.metrics.boxes.box_ranking import BoxRanking, MatchedBoxes, no_matches
from polyhead.metrics.entries import class_entries, metric_entries, value_entries
from polyhead.metrics.ratios import mean_defined
from polyhead.metrics.thresholds.score_thresholds import fit_score_thresholds
from polyhead.metrics.thresholds.thresholds import Thresholds
from polyhead.table.box_targets import BoxTargets

AT_50, AT_75 = 0, 5
SIZES = ("small", "medium", "large")


class BoxesMeter:
    """Matches found boxes to true ones, image by image; exact, about 100 bytes a found box.

    Images that nobody annotated are counted and left out. In the others only the classes that
    they were annotated for are judged: found boxes of any other class are left out.

    Args:
        classes: The K classes, in index order.
    """

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = list(classes)
        self._matched = [no_matches()]
        self._known = [np.zeros((0, len(self.classes)), bool)]
        self._image_ids = [np.zeros(0, np.int64)]
        self._category_ids = np.arange(len(self.classes)) + 1
        self._num_images = 0

    def update(
        self,
        boxes_xyxy: Sequence[np.ndarray],
        labels: Sequence[np.ndarray],
        scores: Sequence[np.ndarray],
        targets: BoxTargets,
    ) -> None:
        """Add the images of a chunk; of each image and class the 100 best found boxes count.

        Args:
            boxes_xyxy: B arrays (D, 4), pixels of the displayed image.
            labels: B arrays (D,), index of the class.
            scores: B arrays (D,), higher is surer.
            targets: The true boxes of the B images; ignored ones count as COCO's crowds.

        Raises:
            ValueError: Shapes or labels do not fit.
            DivergedError: A box or score of an annotated image is not finite.
        """
        self._check(boxes_xyxy, labels, scores, targets)
        if not len(targets):
            return
        judged = targets.known.any(axis=1)
        self._num_images += len(targets)
        found = _gather(boxes_xyxy, labels, scores)
        found = found.take(np.flatnonzero(targets.known[found.images, found.labels]))
        if not (np.isfinite(found.scores).all() and np.isfinite(found.boxes_xyxy).all()):
            raise DivergedError("a found box or score is not finite; the weights have diverged.")
        rows = sum(map(len, self._image_ids)) + np.cumsum(judged) - 1
        self._matched.append(MatchedBoxes.of(found.strongest(), _known_truth(targets), rows))
        self._known.append(targets.known[judged])
        self._image_ids.append(targets.image_ids[judged])
        self._category_ids = targets.category_ids

    @property
    def matched(self) -> MatchedBoxes:
        """The judged boxes of all chunks."""
        return MatchedBoxes.joined(self._matched)

    def compute(self, *, intervals: bool = False) -> dict[str, Any]:
        """The figures of the task, ready for JSON: what is undefined is None.

        `AP` is COCO's: mean over the classes that have a box and over the IoU thresholds 0.5,
        0.55, …, 0.95, with 100 found boxes an image and class; `AP50` and `AP75` are at one
        threshold, `AP_small` … `AP_large` of objects below 32², up to 96² and above square pixels;
        `AR100` is the mean share of boxes found.

        Args:
            intervals: Whether to add 95 % intervals over images (`low`, `high`), which
                all but the three sizes have.

        Returns:
            `num_images`, `num_images_known`, `num_known` (images × classes), `num_boxes`,
            `num_classes`, `num_classes_evaluated`, `metrics` and `per_class`.
        """
        matched, known = self.matched, np.concatenate(self._known)
        ranking = BoxRanking(matched, np.concatenate(self._image_ids), len(self.classes))
        num_boxes = matched.num_boxes(len(self.classes))
        per_image = 1 + len(matched.scores) // max(len(known), 1)
        average_precision, _ = ranking.evaluate(np.ones(len(known)))
        return {
            "num_images": self._num_images,
            "num_images_known": len(known),
            "num_known": int(known.sum()),
            "num_boxes": int(num_boxes.sum()),
            "num_classes": len(self.classes),
            "num_classes_evaluated": int((num_boxes > 0).sum()),
            "metrics": {
                **metric_entries(
                    partial(_box_figures, ranking), (len(known), 10 * per_image), intervals
                ),
                **value_entries(_size_figures(ranking)),
            },
            "per_class": class_entries(
                self.classes,
                {
                    "AP": average_precision.mean(axis=1),
                    "AP50": average_precision[:, AT_50],
                    "num_boxes": num_boxes,
                    "num_known": known.sum(axis=0),
                },
            ),
        }

    def thresholds(self) -> Thresholds:
        """The score of each class at which F1 at IoU 0.5 is best, of all that the meter saw."""
        return fit_score_thresholds(self.matched, np.concatenate(self._known).sum(axis=0))

    def coco_results(self) -> list[dict[str, Any]]:
        """All judged boxes in COCO's results format, under the annotation file's own numbers.

        Returns:
            One `{"image_id", "category_id", "bbox": [x, y, width, height], "score"}` a box, never
            rounded: COCO's evaluation of the annotated images finds the same figures.
        """
        matched = self.matched
        corners = matched.boxes_xyxy
        columns = (
            np.concatenate(self._image_ids)[matched.images],
            self._category_ids[matched.labels],
            np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1),
            matched.scores,
        )
        names = ("image_id", "category_id", "bbox", "score")
        rows = zip(*(column.tolist() for column in columns), strict=True)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _check(
        self,
        boxes_xyxy: Sequence[np.ndarray],
        labels: Sequence[np.ndarray],
        scores: Sequence[np.ndarray],
        targets: BoxTargets,
    ) -> None:
        lengths = (len(boxes_xyxy), len(labels), len(scores), len(targets))
        if len(set(lengths)) > 1 or targets.known.shape[1] != len(self.classes):
            raise ValueError(
                "Parameters `boxes_xyxy`, `labels`, `scores` and `targets` should be of as many "
                f"images, `targets` of {len(self.classes)} classes. Found {lengths} images and "
                f"{targets.known.shape[1]} classes."
            )
        for boxes, names, sure in zip(boxes_xyxy, labels, scores, strict=True):
            if boxes.shape != (len(names), 4) or sure.shape != names.shape or names.ndim != 1:
                raise ValueError(
                    "An image should have boxes (D, 4), labels (D,) and scores (D,). "
                    f"Found {boxes.shape}, {names.shape} and {sure.shape}."
                )
            if ((names < 0) | (names >= len(self.classes))).any():
                raise ValueError(
                    f"Labels should lie between 0 and {len(self.classes) - 1}. "
                    f"Found {int(names.min())} to {int(names.max())}."
                )


def _gather(
    boxes_xyxy: Sequence[np.ndarray], labels: Sequence[np.ndarray], scores: Sequence[np.ndarray]
) -> FoundBoxes:
    lengths = np.array([len(part) for part in labels], np.int64)
    return FoundBoxes(
        np.repeat(np.arange(len(labels)), lengths),
        np.concatenate(labels).astype(np.int64),
        np.concatenate(scores).astype(np.float64),
        np.concatenate(boxes_xyxy).astype(np.float64),
    )


def _known_truth(targets: BoxTargets) -> TrueBoxes:
    """The true boxes of classes that their image was annotated for."""
    kept = targets.known[targets.rows, targets.labels]
    return TrueBoxes(
        targets.rows[kept],
        targets.labels[kept],
        targets.boxes_xyxy[kept].astype(np.float64),
        targets.ignored[kept],
        targets.areas[kept],
    )


def _box_figures(ranking: BoxRanking, weights: np.ndarray) -> dict[str, np.ndarray]:
    average_precision, recall = ranking.evaluate(weights)
    return {
        "AP": mean_defined(average_precision.mean(axis=1)),
        "AP50": mean_defined(average_precision[:, AT_50]),
        "AP75": mean_defined(average_precision[:, AT_75]),
        "AR100": mean_defined(recall.mean(axis=1)),
    }


def _size_figures(ranking: BoxRanking) -> dict[str, np.ndarray]:
    once = np.ones(ranking.num_images)
    found = [ranking.evaluate(once, number)[0] for number in range(1, 1 + len(SIZES))]
    return {
        f"AP_{size}": mean_defined(average_precision.mean(axis=1))
        for size, average_precision in zip(SIZES, found, strict=True)
    }
