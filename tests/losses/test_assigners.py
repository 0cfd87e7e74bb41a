"""Assigners of points to boxes against brute force, and the promise of a point for every box."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from polyhead.losses.boxes.assign_dynamic import assign_dynamic
from polyhead.losses.boxes.assign_one_to_one import assign_one_to_one
from polyhead.losses.boxes.assign_static import assign_static
from polyhead.losses.boxes.assignment import AssignmentInputs, Grid

SIZE = 64
NUM_CLASSES = 3
ASSIGNERS = [assign_static, assign_dynamic, assign_one_to_one]
sweep = pytest.mark.parametrize("assign", ASSIGNERS)


def grid(size: int = SIZE, strides=(8, 16, 32)) -> Grid:
    places = [
        ((i + 0.5) * s, (j + 0.5) * s, s)
        for s in strides
        for j in range(size // s)
        for i in range(size // s)
    ]
    table = torch.tensor(places)
    return Grid.of(table[:, :2], table[:, 2])


def inputs(boxes, size: int = SIZE, seed: int = 0, strides=(8, 16, 32)) -> AssignmentInputs:
    """Random scores, and boxes around each point of its cell's size."""
    generator = torch.Generator().manual_seed(seed)
    points = grid(size, strides)
    number = len(points.points)
    logits = torch.randn(number, NUM_CLASSES, generator=generator)
    sides = points.strides[:, None] * (0.2 + 3 * torch.rand(number, 4, generator=generator))
    predicted = torch.cat([points.points - sides[:, :2], points.points + sides[:, 2:]], -1)
    labels = torch.randint(NUM_CLASSES, (len(boxes),), generator=generator)
    known = torch.tensor([True, True, seed % 2 == 0])
    return AssignmentInputs(points, torch.tensor(boxes).float(), labels, logits, predicted, known)


@st.composite
def boxes_in(draw, size: int = SIZE, most: int = 12):
    """Boxes of any size, empty ones and twins among them."""
    coordinate = st.floats(0, size, width=32)
    found = []
    for _ in range(draw(st.integers(1, most))):
        x, y = (
            sorted([draw(coordinate), draw(coordinate)]),
            sorted([draw(coordinate), draw(coordinate)]),
        )
        found.append([x[0], y[0], x[1], y[1]])
    if draw(st.booleans()):
        found.append(found[0])
    return found


def iou(a, b) -> float:
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - width * height
    return width * height / union if union > 0 else 0.0


def sides(point, box):
    return point[0] - box[0], point[1] - box[1], box[2] - point[0], box[3] - point[1]


def geometric_owners(seen: AssignmentInputs) -> list[int]:
    """The rules of static assignment, point by point, before boxes without a point take one."""
    ranges = {8.0: (-1, 64), 16.0: (64, 128), 32.0: (128, math.inf)}
    owners = []
    for point, stride in zip(seen.grid.points.tolist(), seen.grid.strides.tolist(), strict=True):
        fitting = []
        for index, box in enumerate(seen.boxes.tolist()):
            centre = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            near = max(abs(point[0] - centre[0]), abs(point[1] - centre[1])) < 1.5 * stride
            low, high = ranges[stride]
            reach = sides(point, box)
            if min(reach) > 0 and near and low < max(reach) <= high:
                fitting.append(((box[2] - box[0]) * (box[3] - box[1]), index))
        owners.append(min(fitting)[1] if fitting else -1)
    return owners


def binary_cross_entropy(z: float, y: float) -> float:
    return math.log1p(math.exp(-abs(z))) + max(z, 0) - y * z


def dynamic_owners(seen: AssignmentInputs) -> list[int]:
    """The rules of dynamic assignment, pair by pair."""
    costs, overlaps = {}, {}
    for p, point in enumerate(seen.grid.points.tolist()):
        for b, box in enumerate(seen.boxes.tolist()):
            if min(sides(point, box)) <= 0:
                continue
            shared = overlaps[p, b] = iou(seen.predicted[p].tolist(), box)
            centre = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            cost = 10 ** (math.dist(point, centre) / float(seen.grid.strides[p]) - 3)
            cost -= 3 * math.log(shared + 1e-7)
            for c in range(NUM_CLASSES):
                if seen.known[c]:
                    z = float(seen.logits[p, c])
                    y = shared if c == int(seen.labels[b]) else 0.0
                    sigma = 1 / (1 + math.exp(-z))
                    cost += binary_cross_entropy(z, y) * (y - sigma) ** 2
            costs[p, b] = cost
    taken = {}
    for b in range(len(seen.boxes)):
        best = sorted((shared for (_, box), shared in overlaps.items() if box == b), reverse=True)
        k = max(1, math.floor(sum(best[:13])))
        for cost, p in sorted((cost, p) for (p, box), cost in costs.items() if box == b)[:k]:
            taken.setdefault(p, []).append((cost, b))
    return [min(taken[p])[1] if p in taken else -1 for p in range(len(seen.grid.points))]


def aligned_owners(seen: AssignmentInputs) -> list[int]:
    """The rules of one-to-one assignment."""
    taken = {}
    for b, box in enumerate(seen.boxes.tolist()):
        matches = []
        for p, point in enumerate(seen.grid.points.tolist()):
            if min(sides(point, box)) > 0:
                score = 1 / (1 + math.exp(-float(seen.logits[p, int(seen.labels[b])])))
                matches.append((score**0.5 * (iou(seen.predicted[p].tolist(), box) + 1e-7) ** 6, p))
        if matches:
            match, p = max(matches, key=lambda pair: pair[0])
            taken.setdefault(p, []).append((match, -b))
    return [-max(taken[p])[1] if p in taken else -1 for p in range(len(seen.grid.points))]


REFERENCES = {
    assign_static: geometric_owners,
    assign_dynamic: dynamic_owners,
    assign_one_to_one: aligned_owners,
}


def assert_same_but_for_given(found: list[int], expected: list[int]):
    """Equal, but that boxes which `expected` leaves out hold one free point each."""
    left_out = set(range(max([*found, *expected]) + 1)) - set(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours == theirs or (theirs == -1 and ours in left_out)
    assert all(found.count(box) <= 1 for box in left_out)


@sweep
@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), number=st.integers(1, 6))
def test_they_follow_their_rules(assign, seed, number):
    generator = torch.Generator().manual_seed(seed)
    corners = (120 * torch.rand(number, 2, 2, generator=generator)).sort(1).values
    seen = inputs(corners.flatten(1).tolist(), size=128, seed=seed)
    assert_same_but_for_given(assign(seen).tolist(), REFERENCES[assign](seen))


@sweep
@settings(max_examples=60)
@given(boxes=boxes_in(), seed=st.integers(0, 100))
def test_every_box_gets_a_point(assign, boxes, seed):
    owners = assign(inputs(boxes, seed=seed))
    assert set(range(len(boxes))) <= set(owners.tolist())
    assert owners.min() >= -1
    assert owners.max() < len(boxes)


@sweep
@settings(max_examples=30)
@given(boxes=boxes_in(size=32, most=30))
def test_in_a_crowd_every_point_or_every_box_is_served(assign, boxes):
    owners = assign(inputs(boxes, size=32))  # 21 points
    served = set(owners.tolist()) - {-1}
    assert len(served) == min(len(boxes), len(owners))


@sweep
def test_tiny_boxes_at_one_place_get_a_point_each_nearby(assign):
    tiny = [[19.0, 19.0, 21.0, 21.0], [19.5, 19.0, 21.5, 21.0], [18.0, 18.5, 19.5, 20.5]]
    seen = inputs(tiny, strides=(8, 16))
    owners = assign(seen)
    assert sorted(owners[owners >= 0].tolist()) == [0, 1, 2]
    held = seen.grid.points[owners >= 0]
    assert (seen.grid.strides[owners >= 0] == 8).all()
    assert (held - 20).abs().max() <= 8


def test_a_tiny_box_takes_the_nearest_point_of_its_level():
    owners = assign_static(inputs([[29.0, 13.0, 31.0, 14.0]]))
    (index,) = (owners == 0).nonzero()[:, 0].tolist()
    assert grid().points[index].tolist() == [28.0, 12.0]


def test_the_smaller_of_two_nested_boxes_wins():
    owners = assign_static(inputs([[0.0, 0.0, 60.0, 60.0], [20.0, 20.0, 40.0, 40.0]]))
    points = grid().points
    middle = (points == torch.tensor([28.0, 28.0])).all(1)
    assert owners[middle].tolist() == [1]


def test_one_to_one_gives_each_box_one_point():
    owners = assign_one_to_one(inputs([[0.0, 0.0, 60.0, 60.0], [20.0, 20.0, 40.0, 40.0]]))
    assert sorted(owners[owners >= 0].tolist()) == [0, 1]


@settings(max_examples=30)
@given(size=st.floats(0.5, 500))
def test_levels_share_all_sizes_without_gap(size):
    for strides in [(8, 16, 32), (4, 8, 16, 32), (8, 32), (16,)]:
        points = grid(128, strides)
        fits = (points.least < size) & (size <= points.most)
        assert len(points.strides[fits].unique()) == 1
