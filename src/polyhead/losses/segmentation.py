"""The loss of the mask head."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from polyhead.losses.loss import StepLoss
from polyhead.tasks.statistics import LabelCounts

IMAGE_FACTOR = 2.0  # cross-entropy and dice: an image costs about 4 at first


class Segmentation(StepLoss):
    """Cross-entropy and soft dice over known pixels, at the resolution of the targets.

    L = Σ w_y·CE / Σ w_y + mean_c mean_i (1 − D_ic), D_ic = (2·Σ p_c·y_c + 1) / (Σ p_c + Σ y_c + 1)
    over the known pixels of image i, p = softmax of the logits enlarged bilinearly. The means run
    over the classes present in the step, and over the images that show the class, so that a rare
    class weighs as much as a common one. A pixel of class c weighs w_c = 1/√n_c, n_c the known
    pixels of c in the step: after as many steps as a demo takes, thin and small things are found
    that equal weights leave out. Weights follow from the targets alone, so that the losses of the
    batches of a step add up; a dice over all images of the step would not.
    Source: dice of Milletari et al., *V-Net*, 2016.

    Args:
        counts: Of the training part, where training starts from.

    Shapes:
        logits (B, K, h, w); targets, known (B, H, W).
    """

    task_type = "mask"

    def __init__(self, counts: LabelCounts) -> None:
        super().__init__()
        prior = torch.from_numpy(counts.prior).float()
        self._log_share = (prior / prior.sum()).log()

    @property
    def image_factor(self) -> float:
        """Brings the gradient in the backbone to the size of the other tasks'."""
        return IMAGE_FACTOR

    def step_totals(self, targets: Tensor, known: Tensor) -> Tensor:
        """(1 + 2K,): annotated images, known pixels of each class, images that show it."""
        num_classes = len(self._log_share)
        sizes = _sizes(_places(targets, known, num_classes), num_classes)
        return torch.cat([self.num_terms(targets, known)[None], sizes.sum(0), (sizes > 0).sum(0)])

    def forward(
        self, logits: Tensor, targets: Tensor, known: Tensor, totals: Tensor | None = None
    ) -> Tensor:
        """The batch's part of the step's loss, times the annotated images of the step."""
        totals = self.step_totals(targets, known) if totals is None else totals
        rows = known.flatten(1).any(1)
        logits, targets, known = (t if rows.all() else t[rows] for t in (logits, targets, known))
        z = functional.interpolate(
            logits.float(), targets.shape[-2:], mode="bilinear", align_corners=False
        )
        log_p = torch.log_softmax(z, 1)
        num_classes = log_p.shape[1]
        num_pixels, num_images = totals[1:].float().split(num_classes)
        places = _places(targets, known, num_classes)
        own = log_p.gather(1, places.clamp_max(num_classes - 1)[:, None])[:, 0]
        weights = functional.pad(num_pixels.clamp_min(1).rsqrt(), (0, 1))
        entropy = -(own * weights[places]).sum() / num_pixels.sqrt().sum().clamp_min(1)  # Σ w_y
        hits = own.new_zeros(len(places), num_classes + 1)
        hits = hits.scatter_add(1, places.flatten(1), own.exp().flatten(1))[:, :num_classes]
        shares = (log_p.exp() if known.all() else log_p.exp() * known[:, None]).sum((2, 3))
        sizes = _sizes(places, num_classes)
        missed = torch.where(sizes > 0, 1 - (2 * hits + 1) / (shares + sizes + 1), 0.0)
        num_shown = (num_pixels > 0).sum().clamp_min(1)
        dice = (missed / (num_images.clamp_min(1) * num_shown)).sum()
        return totals[0] * (entropy + dice)

    def num_terms(self, targets: Tensor, known: Tensor) -> Tensor:  # noqa: ARG002
        """Annotated images."""
        return known.any(tuple(range(1, known.ndim))).sum() if known.ndim > 1 else known.sum()

    def dense(self, logits: Tensor) -> dict[str, Tensor]:
        """`logits` (B, K, h, w) in fp32."""
        return {"logits": logits.float()}

    def initial_logits(self) -> Tensor:
        """Log of the class shares."""
        return self._log_share


def _places(targets: Tensor, known: Tensor, num_classes: int) -> Tensor:
    """(B, H, W) int64 class of each pixel; K where it is unknown."""
    return torch.where(known, targets.long(), num_classes)


def _sizes(places: Tensor, num_classes: int) -> Tensor:
    """(B, K) known pixels of each class in each image."""
    cells = places.flatten(1)
    counts = cells.new_zeros(len(cells), num_classes + 1)
    return counts.scatter_add(1, cells, torch.ones_like(cells))[:, :num_classes]
