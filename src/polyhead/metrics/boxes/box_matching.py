"""COCO's greedy matching of found boxes to true ones, for a batch of images at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
# Square pixels: all, small, medium, large; both ends belong to a range.
AREA_RANGES = np.array([[0, 1e10], [0, 32**2], [32**2, 96**2], [96**2, 1e10]])
MAX_FOUND = 100
WRONG, RIGHT, IGNORED = 0, 1, 2


@dataclass(frozen=True)
class FoundBoxes:
    """Predicted boxes of several images.

    Attributes:
        images: (D,) int64 row of the image.
        labels: (D,) int64 index of the class.
        scores: (D,) float64.
        boxes_xyxy: (D, 4) float64 pixels.
    """

    images: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    boxes_xyxy: np.ndarray

    def take(self, rows: np.ndarray) -> FoundBoxes:
        """The same columns with only these rows, in this order."""
        columns = (self.images, self.labels, self.scores, self.boxes_xyxy)
        return FoundBoxes(*(column[rows] for column in columns))

    def strongest(self) -> FoundBoxes:
        """The 100 highest scores of each image and class, by image, class and falling score."""
        order = np.lexsort((-self.scores, self.labels, self.images))
        ranked = self.take(order)
        return ranked.take(np.flatnonzero(ranked.places() < MAX_FOUND))

    def places(self) -> np.ndarray:
        """(D,) place of each box among those of its image and class, which lie together."""
        numbers = np.arange(len(self.labels))
        first = np.ones(len(numbers), bool)
        first[1:] = (np.diff(self.images) != 0) | (np.diff(self.labels) != 0)
        return numbers - np.maximum.accumulate(np.where(first, numbers, 0))


@dataclass(frozen=True)
class TrueBoxes:
    """Annotated boxes of several images.

    Attributes:
        images: (M,) int64 row of the image.
        labels: (M,) int64 index of the class.
        boxes_xyxy: (M, 4) float64 pixels.
        crowd: (M,) bool: any number of boxes may lie on it and neither it nor they count.
        areas: (M,) float64 square pixels of the object, for its size range.
    """

    images: np.ndarray
    labels: np.ndarray
    boxes_xyxy: np.ndarray
    crowd: np.ndarray
    areas: np.ndarray

    def counted(self) -> np.ndarray:
        """(M, A) bool: which boxes are to be found, in each size range."""
        return ~self.crowd[:, None] & in_ranges(self.areas)


def in_ranges(areas: np.ndarray) -> np.ndarray:
    """Which size ranges each area lies in.

    Args:
        areas: (M,) square pixels.

    Returns:
        (M, A) bool.
    """
    return (areas[:, None] >= AREA_RANGES[:, 0]) & (areas[:, None] <= AREA_RANGES[:, 1])


def match_boxes(found: FoundBoxes, truth: TrueBoxes) -> np.ndarray:
    """Match found boxes to true ones of their image and class, as COCO does.

    In order of falling score each takes the true box of highest IoU at or above the threshold that
    no earlier one took, one outside the size range or a crowd only where no other is left. A box
    on such a one is ignored, as is one that matches none and is itself outside the size range.

    Source: Lin et al., *Microsoft COCO*, 2014; `COCOeval.evaluateImg` of its Python interface.

    Args:
        found: As `FoundBoxes.strongest` orders them.
        truth: In any order; the later wins where two have the same IoU.

    Returns:
        (D, A, T) uint8 of `WRONG`, `RIGHT`, `IGNORED` a size range and IoU threshold.
    """
    inside = in_ranges(_areas(found.boxes_xyxy))
    outcomes = np.where(inside[:, :, None], WRONG, IGNORED).astype(np.uint8)
    outcomes = np.repeat(outcomes, len(IOU_THRESHOLDS), axis=2)
    rows, targets, overlaps = _overlapping(found, truth)
    places = found.places()[rows]
    counted = truth.counted()
    taken = np.zeros((len(truth.labels), len(AREA_RANGES), len(IOU_THRESHOLDS)), bool)
    # Boxes of one place are of different images or classes: none can take what another wants.
    for place in np.unique(places):
        pairs = np.flatnonzero(places == place)
        free = ~taken[targets[pairs]] | truth.crowd[targets[pairs], None, None]
        chosen, judged = _choose(
            rows[pairs], overlaps[pairs], free, counted[targets[pairs]][:, :, None]
        )
        matched = chosen >= 0
        _, area, threshold = np.nonzero(matched)
        target = targets[pairs][chosen[matched]]
        taken[target, area, threshold] = True
        states = outcomes[judged]
        states[matched] = np.where(counted[target, area], RIGHT, IGNORED)
        outcomes[judged] = states
    return outcomes


def _choose(
    rows: np.ndarray, overlaps: np.ndarray, free: np.ndarray, counted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Choose among pairs (E,) sorted by found box: (F, A, T) pair or -1, and the F boxes."""
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    lengths = np.diff(starts, append=len(rows))

    def spread(values: np.ndarray) -> np.ndarray:
        return np.repeat(values, lengths, axis=0)

    # COCO's bound is just below 1, so that a perfect box can match at any threshold.
    overlaps = overlaps[:, None, None]
    open_pairs = free & (overlaps >= np.minimum(IOU_THRESHOLDS, 1 - 1e-10))
    # True boxes that count come first: an ignored one is taken only where no other is left.
    proper = open_pairs & counted
    open_pairs = np.where(spread(np.logical_or.reduceat(proper, starts)), proper, open_pairs)
    values = np.where(open_pairs, overlaps, -1.0)
    best = open_pairs & (values == spread(np.maximum.reduceat(values, starts)))
    # Of equal overlaps the later true box wins, as in COCOeval, whose loop keeps the last.
    numbers = np.where(best, np.arange(len(rows))[:, None, None], -1)
    return np.maximum.reduceat(numbers, starts), rows[starts]


def _overlapping(found: FoundBoxes, truth: TrueBoxes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of one image and class with IoU >= 0.5: found rows (rising), true rows, IoU."""
    num_classes = 1 + max(found.labels.max(initial=0), truth.labels.max(initial=0))
    cells = truth.images * num_classes + truth.labels
    order = np.argsort(cells, kind="stable")
    wanted = found.images * num_classes + found.labels
    starts = np.searchsorted(cells[order], wanted, side="left")
    lengths = np.searchsorted(cells[order], wanted, side="right") - starts
    rows = np.repeat(np.arange(len(wanted)), lengths)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    targets = order[np.repeat(starts, lengths) + within]
    overlaps = _overlap(found.boxes_xyxy[rows], truth.boxes_xyxy[targets], truth.crowd[targets])
    near = overlaps >= IOU_THRESHOLDS[0]
    return rows[near], targets[near], overlaps[near]


def _overlap(first: np.ndarray, second: np.ndarray, crowd: np.ndarray) -> np.ndarray:
    """(E,) IoU of boxes (E, 4) pair by pair; against a crowd, the share that lies on it."""
    corners = np.minimum(first[:, 2:], second[:, 2:]) - np.maximum(first[:, :2], second[:, :2])
    common = np.maximum(corners, 0).prod(axis=1)
    union = _areas(first) + np.where(crowd, 0, _areas(second)) - np.where(crowd, 0, common)
    return np.divide(common, union, out=np.zeros(len(common)), where=common > 0)


def _areas(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
