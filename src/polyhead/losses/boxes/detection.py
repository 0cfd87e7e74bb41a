"""The loss of the boxes head."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torchvision.ops import generalized_box_iou_loss

from polyhead.losses.boxes.annotation import Annotation
from polyhead.losses.boxes.assign_dynamic import assign_dynamic
from polyhead.losses.boxes.assign_one_to_one import assign_one_to_one
from polyhead.losses.boxes.assign_static import assign_static
from polyhead.losses.boxes.assignment import NOBODY, Assigner, Grid
from polyhead.losses.boxes.overlap import overlap
from polyhead.losses.boxes.quality_focal import quality_focal
from polyhead.losses.loss import StepLoss
from polyhead.tasks.statistics import LabelCounts

BOX_WEIGHT = 2.0
LEAST_QUALITY = 0.1
START_LOGIT = -math.log((1 - 0.01) / 0.01)  # nearly every point is background


class Detection(StepLoss):
    """Quality focal loss of the scores and generalised IoU loss of the boxes.

    L = (Σ QFL(z, y) + 2·Σ w·(1 − GIoU)) / max(1, M), y the IoU of a positive point's box with
    its object in the object's class and 0 elsewhere, w = max(y, 0.1), since slopes would vanish
    while no box fits yet. Sums run over the annotated images of a step, which show M objects that
    count. RTMDet divides by Σy and Σw, which are known only once all images of the step have been
    predicted.
    Points are positive by geometry at first, later by the predictions.
    Score cells of classes that an image was not annotated for count nothing, nor do cells
    of an ignored box's class inside it. An annotated image without boxes teaches background.
    Outputs with a one-to-one branch add the same loss of that branch, one point an object.
    Source: Lyu et al., *RTMDet*, 2022.

    Args:
        counts: Of the training part; only the number of classes K is read.
        static_share: Share of the training that assigns by geometry.

    Shapes:
        outputs as the boxes head gives them; targets (B, M, 6); known (B, K).
    """

    task_type = "boxes"

    def __init__(self, counts: LabelCounts, *, static_share: float = 0.2) -> None:
        super().__init__()
        if not 0 <= static_share <= 1:
            raise ValueError(
                "Parameter `static_share` should be in [0, 1]. "
                f"Found `static_share = {static_share}`."
            )
        self.static_share = static_share
        self._num_classes = len(counts.prior)
        self._assign: Assigner = assign_static

    def set_progress(self, share: float) -> None:
        """Assign by the predictions once `static_share` of the training is done."""
        self._assign = assign_static if share < self.static_share else assign_dynamic

    def step_totals(self, targets: Tensor, known: Tensor) -> Tensor:
        """Annotated images, and the objects in them that count."""
        counted = (targets[..., 4] >= 0) & (targets[..., 5] == 0)
        return torch.stack(
            [self.num_terms(targets, known), (counted & known.any(1)[:, None]).sum()]
        )

    def forward(
        self,
        outputs: Mapping[str, Tensor],
        targets: Tensor,
        known: Tensor,
        totals: Tensor | None = None,
    ) -> Tensor:
        """The batch's part of the step's loss, times the annotated images of the step."""
        rows = known.any(1)
        num_images, num_objects = self.step_totals(targets, known) if totals is None else totals
        grid = Grid.of(outputs["points"], outputs["strides"])
        annotation = Annotation(grid, targets[rows].float(), known[rows])
        cost = _branch(annotation, outputs["logits"][rows], outputs["boxes"][rows], self._assign)
        if "one_to_one_logits" in outputs:
            logits, boxes = outputs["one_to_one_logits"][rows], outputs["one_to_one_boxes"][rows]
            cost = cost + _branch(annotation, logits, boxes, assign_one_to_one)
        return cost * num_images / num_objects.clamp_min(1)

    def num_terms(self, targets: Tensor, known: Tensor) -> Tensor:  # noqa: ARG002
        """Annotated images."""
        return known.any(1).sum()

    def dense(self, outputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """`boxes` (B, N, 4) in fractions of the image and `scores` (B, N, K).

        Those of the one-to-one branch where there is one.
        """
        branch = "one_to_one_" if "one_to_one_logits" in outputs else ""
        return {
            "boxes": outputs[f"{branch}boxes"].float() / outputs["extent"],
            "scores": torch.sigmoid(outputs[f"{branch}logits"].float()),
        }

    def initial_logits(self) -> Tensor:
        """logit(0.01)."""
        return torch.full((self._num_classes,), START_LOGIT)


def _branch(annotation: Annotation, logits: Tensor, boxes: Tensor, assign: Assigner) -> Tensor:
    """Sum over P annotated images, from logits (P, N, K) and boxes (P, N, 4)."""
    logits, boxes = logits.float(), boxes.float()
    owners = annotation.owners(assign, logits, boxes)
    images, points = (owners != NOBODY).nonzero(as_tuple=True)
    objects = annotation.targets[images, owners[images, points]]
    wanted, stated = objects[:, :4], boxes[images, points]
    fit = overlap(stated, wanted).detach()
    weight = fit.clamp_min(LEAST_QUALITY)
    quality = torch.zeros_like(logits)
    quality[images, points, objects[:, 4].long()] = fit
    scores = _scores(annotation, logits, quality)
    sides = (weight * generalized_box_iou_loss(stated, wanted)).sum()
    return scores + BOX_WEIGHT * sides


def _scores(annotation: Annotation, logits: Tensor, quality: Tensor) -> Tensor:
    """Sum of the quality focal loss over judged cells; a found object is always judged."""
    judged = annotation.judged() | (annotation.known[:, None] & (quality > 0))
    cells = quality_focal(torch.where(judged, logits, 0.0), quality)
    return torch.where(judged, cells, 0.0).sum()
