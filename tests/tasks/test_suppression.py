"""Greedy suppression: against torchvision, against its definition, and the order of ties."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.ops import batched_nms

from polyhead.errors import DivergedError
from polyhead.tasks.boxes.suppression import box_iou, find_boxes, rank, suppress_overlaps


def crowded(num, seed):
    """Boxes that heap up at few places, best first."""
    generator = np.random.default_rng(seed)
    centres = generator.uniform(100, 500, (max(num // 8, 1), 2))
    centres = centres[generator.integers(0, len(centres), num)] + generator.normal(0, 9, (num, 2))
    half = generator.uniform(15, 60, (num, 2))
    return np.concatenate([centres - half, centres + half], 1), generator.integers(0, 3, num)


@pytest.mark.parametrize("num", [0, 1, 2, 300])
@pytest.mark.parametrize("seed", range(4))
def test_what_is_kept_is_what_torchvision_keeps(num, seed):
    boxes, labels = crowded(num, seed)
    scores = np.linspace(1, 0.1, num)
    expected = batched_nms(*map(torch.from_numpy, (boxes, scores, labels)), 0.6)
    assert np.flatnonzero(suppress_overlaps(boxes, labels)).tolist() == expected.tolist()


sides = st.integers(0, 12)
corners = st.tuples(sides, sides, sides, sides)


@given(st.lists(st.tuples(corners, st.integers(0, 1)), max_size=12))
def test_a_box_is_kept_unless_a_kept_one_of_its_class_covers_it(items):
    boxes = np.array([[min(a, c), min(b, d), max(a, c), max(b, d)] for (a, b, c, d), _ in items])
    boxes, labels = boxes.reshape(-1, 4).astype(float), np.array([label for _, label in items])
    kept = suppress_overlaps(boxes, labels)
    for place in range(len(items)):
        rivals = [p for p in range(place) if kept[p] and labels[p] == labels[place]]
        assert kept[place] == all(iou(boxes[p], boxes[place]) <= 0.6 for p in rivals)


def iou(first, second):
    """By counting the unit squares that each box covers."""

    def cells(box):
        x0, y0, x1, y1 = map(int, box)
        return {(x, y) for x in range(x0, x1) for y in range(y0, y1)}

    union = cells(first) | cells(second)
    return len(cells(first) & cells(second)) / len(union) if union else 0.0


@given(corners, corners)
def test_iou_counts_squares(a, b):
    boxes = np.array(
        [[min(x), min(y), max(x), max(y)] for x, y in ((c[::2], c[1::2]) for c in (a, b))]
    )
    assert box_iou(boxes.astype(float))[0, 1] == pytest.approx(iou(*boxes))


@given(st.lists(st.integers(0, 5)), st.integers(1, 8))
def test_ranking_is_by_score_then_by_place(scores, limit):
    expected = sorted(range(len(scores)), key=lambda place: (-scores[place], place))[:limit]
    assert rank(np.array(scores, np.float32), limit).tolist() == expected


class TestFindBoxes:
    def test_boxes_come_in_pixels_inside_the_image(self):
        fractions = np.array([[-0.1, 0.5, 0.5, 1.2], [1.1, 0, 1.3, 0.5]], np.float32)
        scores = np.array([[0.9, 0.0], [0.8, 0.0]], np.float32)
        found = find_boxes(fractions, scores, (100, 200), np.full(2, 0.3))
        np.testing.assert_allclose(found.boxes_xyxy, [[0, 50, 100, 100]])
        assert found.labels.tolist() == [0]

    def test_classes_have_thresholds_of_their_own_which_count_as_reached(self):
        fractions = np.tile(np.array([[0, 0, 1, 1]], np.float32), (1, 1))
        scores = np.array([[0.5, 0.5]], np.float32)
        found = find_boxes(fractions, scores, (10, 10), np.array([0.5, 0.6]))
        assert found.labels.tolist() == [0]

    def test_one_point_may_show_two_classes(self):
        fractions = np.array([[0, 0, 1, 1]], np.float32)
        found = find_boxes(fractions, np.array([[0.5, 0.7]], np.float32), (9, 9), np.zeros(2))
        assert found.labels.tolist() == [1, 0]

    def test_no_more_than_a_hundred_are_kept_the_surest(self):
        x = np.arange(250, dtype=np.float32) / 250
        fractions = np.stack([x, x * 0, x + 1 / 250, x * 0 + 1], 1)
        scores = np.random.default_rng(0).random((250, 1)).astype(np.float32)
        found = find_boxes(fractions, scores, (10, 1000), np.zeros(1))
        assert found.scores.tolist() == sorted(scores[:, 0].tolist(), reverse=True)[:100]

    def test_without_suppression_equal_boxes_stay(self):
        fractions = np.tile(np.array([[0.2, 0.2, 0.8, 0.8]], np.float32), (3, 1))
        scores = np.full((3, 1), 0.5, np.float32)
        assert len(find_boxes(fractions, scores, (9, 9), np.zeros(1))) == 1
        assert len(find_boxes(fractions, scores, (9, 9), np.zeros(1), suppress=False)) == 3

    @pytest.mark.parametrize("spoilt", ["boxes", "scores"])
    def test_weights_that_diverged_are_reported(self, spoilt):
        arrays = {"boxes": np.array([[0, 0, 1, 1.0]]), "scores": np.array([[0.9]])}
        arrays[spoilt][0, 0] = np.nan
        with pytest.raises(DivergedError):
            find_boxes(arrays["boxes"], arrays["scores"], (9, 9), np.zeros(1))

    def test_nothing_found_is_no_crash(self):
        found = find_boxes(np.zeros((4, 4)), np.zeros((4, 2)), (9, 9), np.full(2, 0.1))
        assert found.boxes_xyxy.shape == (0, 4)
