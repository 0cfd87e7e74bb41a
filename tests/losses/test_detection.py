"""The loss of the boxes head: values, what is known, empty images, learning."""

import numpy as np
import pytest
import torch
from drawn_boxes import Detector, detections, draw
from hypothesis import given
from hypothesis import strategies as st
from torchmetrics.detection import MeanAveragePrecision
from torchvision.ops import box_iou, generalized_box_iou

from polyhead.losses import Detection
from polyhead.losses.boxes.annotation import Annotation
from polyhead.losses.boxes.assign_static import assign_static
from polyhead.losses.boxes.assignment import Grid
from polyhead.losses.boxes.overlap import overlap
from polyhead.losses.boxes.quality_focal import quality_focal
from polyhead.tasks.statistics import LabelCounts

NOTHING = LabelCounts(np.zeros(3), np.zeros(3))
PADDING = [0.0, 0.0, 0.0, 0.0, -1.0, 0.0]
STRIDES = (8, 16, 32)
SIZE = 64


def build(**options) -> Detection:
    return Detection(NOTHING, **options)


def outputs(num_images: int, seed: int = 0, *, one_to_one: bool = False):
    generator = torch.Generator().manual_seed(seed)
    places = [
        ((i + 0.5) * s, (j + 0.5) * s, s)
        for s in STRIDES
        for j in range(SIZE // s)
        for i in range(SIZE // s)
    ]
    points, strides = torch.tensor(places)[:, :2], torch.tensor(places)[:, 2]
    shape = (num_images, len(points))
    found = {"points": points, "strides": strides, "extent": torch.full((4,), float(SIZE))}
    for branch in ("", "one_to_one_") if one_to_one else ("",):
        logits = torch.randn(*shape, 3, generator=generator) - 2
        sides = strides[:, None] * torch.rand(*shape, 4, generator=generator).mul(2).exp()
        boxes = torch.cat([points - sides[..., :2], points + sides[..., 2:]], -1)
        found[f"{branch}logits"] = logits.requires_grad_()
        found[f"{branch}boxes"] = boxes.requires_grad_()
    return found


def target(*rows) -> torch.Tensor:
    return torch.tensor([rows]).float()


EVERYTHING = torch.ones(1, 3, dtype=torch.bool)
BOX = [10.0, 12.0, 40.0, 44.0, 1.0, 0.0]


def slopes(loss, found, targets, known):
    logits, boxes = torch.autograd.grad(
        loss(found, targets, known), [found["logits"], found["boxes"]]
    )
    return logits, boxes


class TestParts:
    @given(z=st.floats(-20, 20), y=st.floats(0, 1))
    def test_quality_focal_is_its_formula(self, z, y):
        sigma = 1 / (1 + np.exp(-z))
        expected = -(abs(y - sigma) ** 2) * (
            y * np.log(sigma) + (1 - y) * np.log1p(-sigma if sigma < 1 else -1 + 1e-12)
        )
        found = quality_focal(torch.tensor(z, dtype=torch.float64), torch.tensor(y))
        assert found.item() == pytest.approx(expected, rel=1e-4, abs=1e-7)

    @given(seed=st.integers(0, 1000))
    def test_overlap_is_that_of_torchvision(self, seed):
        generator = torch.Generator().manual_seed(seed)
        a, b = torch.rand(2, 7, 2, 2, generator=generator).sort(2).values.flatten(2)
        torch.testing.assert_close(overlap(a[:, None], b), box_iou(a, b))
        torch.testing.assert_close(overlap(a, b), box_iou(a, b).diagonal())

    def test_empty_boxes_overlap_by_nothing(self):
        empty = torch.tensor([3.0, 3.0, 3.0, 3.0], requires_grad=True)
        assert overlap(empty, empty) == 0


def test_the_value_is_its_formula():
    loss, found = build(), outputs(2)
    targets = torch.cat([target(BOX, [2.0, 2.0, 20.0, 20.0, 0.0, 0.0]), target(BOX, PADDING)])
    known = EVERYTHING.expand(2, 3)
    annotation = Annotation(Grid.of(found["points"], found["strides"]), targets, known)
    owners = annotation.owners(assign_static, found["logits"], found["boxes"])
    quality = torch.zeros_like(found["logits"])
    sides = 0.0
    for row, point in (owners >= 0).nonzero().tolist():
        wanted = targets[row, owners[row, point]]
        stated = found["boxes"][row, point][None]
        fit = box_iou(stated, wanted[None, :4]).item()
        quality[row, point, int(wanted[4])] = fit
        sides += max(fit, 0.1) * (1 - generalized_box_iou(stated, wanted[None, :4]).item())
    z = found["logits"].detach()
    sigma = z.sigmoid()
    cells = torch.nn.functional.binary_cross_entropy(sigma, quality, reduction="none")
    scores = (cells * (quality - sigma) ** 2).sum()
    expected = (scores + 2 * sides) / 3  # three objects in the two images
    assert loss(found, targets, known).item() == pytest.approx(2 * expected.item(), rel=1e-4)
    assert loss.step_totals(targets, known).tolist() == [2, 3]
    assert loss.num_terms(targets, known) == 2


def test_an_annotated_image_without_boxes_teaches_background():
    loss, found = build(), outputs(1)
    logits, boxes = slopes(loss, found, target(PADDING), EVERYTHING)
    assert (logits > 0).all()
    assert (boxes == 0).all()


def test_an_image_that_nobody_annotated_teaches_nothing():
    loss, found = build(), outputs(2)
    targets = torch.cat([target(BOX), target([1e9, np.nan, -5.0, 0.0, 2.0, 0.0])])
    known = torch.tensor([[True] * 3, [False] * 3])
    logits, boxes = slopes(loss, found, targets, known)
    assert (logits[1] == 0).all()
    assert (boxes[1] == 0).all()
    alone = {key: t if t.ndim < 3 else t[:1] for key, t in found.items()}
    expected = loss(alone, targets[:1], known[:1])
    torch.testing.assert_close(loss(found, targets, known), expected)
    assert loss.num_terms(targets, known) == 1


def test_classes_that_nobody_looked_for_count_nothing():
    loss, found = build(), outputs(1)
    known = torch.tensor([[True, True, False]])
    logits, _ = slopes(loss, found, target(BOX), known)
    assert (logits[..., 2] == 0).all()
    assert (logits[..., :2] != 0).all()


def test_an_ignored_box_silences_its_class_inside_it_alone():
    loss, found = build(), outputs(1)
    crowd = [0.0, 0.0, 32.0, 64.0, 2.0, 1.0]
    logits, boxes = slopes(loss, found, target(crowd), EVERYTHING)
    inside = found["points"][:, 0] <= 32
    assert (logits[0, inside, 2] == 0).all()
    assert (logits[0, ~inside, 2] > 0).all()
    assert (logits[0, :, :2] > 0).all()
    assert (boxes == 0).all()


def test_a_counted_object_inside_an_ignored_one_is_still_learnt():
    loss, found = build(), outputs(1)
    crowd = [0.0, 0.0, 64.0, 64.0, 1.0, 1.0]
    logits, boxes = slopes(loss, found, target(BOX, crowd), EVERYTHING)
    assert (logits[..., 1] != 0).sum() > 0
    assert (boxes.abs().sum(-1) > 0).sum() > 0
    assert ((logits[..., 1] != 0) <= (boxes.abs().sum(-1) > 0)).all()


def test_padding_and_the_order_of_boxes_do_not_matter():
    loss, found = build(), outputs(1)
    other = [2.0, 2.0, 20.0, 20.0, 0.0, 0.0]
    expected = loss(found, target(BOX, other), EVERYTHING)
    shuffled = loss(found, target(PADDING, other, PADDING, BOX), EVERYTHING)
    torch.testing.assert_close(shuffled, expected)


def test_assignment_turns_dynamic_after_its_share():
    loss, found = build(static_share=0.3), outputs(1, seed=3)
    untold = loss(found, target(BOX), EVERYTHING)
    loss.set_progress(0.29)
    assert loss(found, target(BOX), EVERYTHING) == untold
    loss.set_progress(0.3)
    later = loss(found, target(BOX), EVERYTHING)
    assert later != untold
    loss.set_progress(0.0)
    assert loss(found, target(BOX), EVERYTHING) == untold


def test_the_one_to_one_branch_is_trained_besides_and_answers():
    loss, found = build(), outputs(2, one_to_one=True)
    targets, known = torch.cat([target(BOX), target(BOX)]), EVERYTHING.expand(2, 3)
    loss(found, targets, known).backward()
    for key in ("logits", "boxes", "one_to_one_logits", "one_to_one_boxes"):
        assert found[key].grad.abs().sum() > 0, key
    moved = found["one_to_one_boxes"].grad.abs().sum(-1) > 0
    assert moved.sum(1).tolist() == [1, 1]
    dense = loss.dense(found)
    torch.testing.assert_close(dense["scores"], found["one_to_one_logits"].sigmoid())
    torch.testing.assert_close(dense["boxes"], found["one_to_one_boxes"] / SIZE)


def test_dense_are_fractions_and_probabilities():
    found = outputs(2)
    dense = build().dense(found)
    torch.testing.assert_close(dense["boxes"] * SIZE, found["boxes"])
    torch.testing.assert_close(dense["scores"], found["logits"].sigmoid())


def test_training_starts_from_background():
    torch.testing.assert_close(build().initial_logits().sigmoid(), torch.full((3,), 0.01))


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_impossible_shares_are_refused(share):
    with pytest.raises(ValueError, match="static_share"):
        build(static_share=share)


@pytest.mark.parametrize("one_to_one", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_eight_images_are_learnt_by_heart(one_to_one):
    loss = build()
    images, targets, known = draw(8, SIZE, num_boxes=2)
    network = Detector(loss, one_to_one=one_to_one)
    optimizer = torch.optim.AdamW(network.parameters(), 5e-3)
    num_steps = 80
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=num_steps)
    for step in range(num_steps):
        loss.set_progress(step / num_steps)
        value = loss(network(images), targets, known) / loss.num_terms(targets, known)
        optimizer.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 10)
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        dense = loss.dense(network.eval()(images))
    meter = MeanAveragePrecision(iou_thresholds=[0.5], backend="faster_coco_eval")
    meter.update(
        detections(dense, SIZE, suppress=not one_to_one),
        [{"boxes": rows[:, :4], "labels": rows[:, 4].long()} for rows in targets],
    )
    assert meter.compute()["map_50"] > 0.9
