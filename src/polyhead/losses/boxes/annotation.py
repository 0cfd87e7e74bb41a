"""The annotated images of a batch, as the detection loss reads them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from polyhead.losses.boxes.assignment import NOBODY, Assigner, AssignmentInputs, Grid


@dataclass(frozen=True)
class Annotation:
    """The annotated objects of P images.

    Attributes:
        grid: The N points that the head answers at.
        targets: (P, M, 6) x0, y0, x1, y1, class index, 0/1 of ignored; class -1 is padding.
        known: (P, K) classes that each image was annotated for.
    """

    grid: Grid
    targets: Tensor
    known: Tensor

    @torch.no_grad()
    def owners(self, assign: Assigner, logits: Tensor, predicted: Tensor) -> Tensor:
        """(P, N) index in `targets` of the object that each point is assigned to, -1 for none.

        Args:
            assign: The rule.
            logits: (P, N, K).
            predicted: (P, N, 4) boxes.
        """
        counts = (self.targets[..., 4] >= 0) & (self.targets[..., 5] == 0)
        owners = torch.full(logits.shape[:2], NOBODY, device=logits.device)
        for row, counted in enumerate(counts):
            objects = counted.nonzero()[:, 0]
            if len(objects):
                boxes, labels = self.targets[row, objects, :4], self.targets[row, objects, 4].long()
                seen = AssignmentInputs(
                    self.grid, boxes, labels, logits[row], predicted[row], self.known[row]
                )
                found = assign(seen)
                owners[row] = torch.where(found == NOBODY, NOBODY, objects[found])
        return owners

    def judged(self) -> Tensor:
        """(P, N, K) bool: score cells whose target is known.

        False for classes that the image was not annotated for, and for an ignored box's class at
        the points inside it, where the truth is unknown.
        """
        (num_points, _), (num_images, num_classes) = self.grid.points.shape, self.known.shape
        ignored = (self.targets[..., 4] >= 0) & (self.targets[..., 5] != 0)
        images, rows = ignored.nonzero(as_tuple=True)
        boxes, labels = self.targets[images, rows, :4], self.targets[images, rows, 4].long()
        points = self.grid.points
        after = (points >= boxes[:, None, :2]).all(-1)
        inside = after & (points <= boxes[:, None, 2:]).all(-1)
        covered = torch.zeros(num_images, num_classes, num_points, device=points.device)
        covered.index_put_((images, labels), inside.float(), accumulate=True)
        return self.known[:, None] & (covered == 0).transpose(1, 2)
