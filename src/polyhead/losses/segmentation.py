"""The loss of the mask head."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from polyhead.losses.loss import LabelCounts, Loss


class Segmentation(Loss):
    """Cross-entropy and soft dice over known pixels, at the resolution of the targets.

    L = Σ w_y·CE / Σ w_y + 1 − mean_c (2·Σ p_c·y_c + 1) / (Σ p_c + Σ y_c + 1), p = softmax of the
    logits enlarged bilinearly, sums over the known pixels of the batch, the mean over the classes
    present in them, so that a rare class weighs as much as a common one. A pixel of class c weighs
    w_c = 1/√n_c, n_c the known pixels of c in the batch: after as many steps as a demo takes, thin
    and small things are found that equal weights leave out. `forward` gives L times the number of
    known pixels, which `count` counts.
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

    def forward(self, logits: Tensor, targets: Tensor, known: Tensor) -> Tensor:
        """The loss of the batch times its known pixels."""
        rows = known.flatten(1).any(1)
        logits, targets, known = (t if rows.all() else t[rows] for t in (logits, targets, known))
        z = functional.interpolate(
            logits.float(), targets.shape[-2:], mode="bilinear", align_corners=False
        )
        log_p = torch.log_softmax(z, 1)
        num_classes = log_p.shape[1]
        places = torch.where(known, targets.long(), num_classes)  # one class more: unknown
        sizes = torch.bincount(places.flatten(), minlength=num_classes + 1)[:num_classes]
        own = log_p.gather(1, places.clamp_max(num_classes - 1)[:, None])[:, 0]
        weights = functional.pad(sizes.clamp_min(1).rsqrt(), (0, 1))
        entropy = -(own * weights[places]).sum() / sizes.sqrt().sum().clamp_min(1)  # Σ w_y
        hits = own.new_zeros(num_classes + 1).index_add(0, places.flatten(), own.exp().flatten())
        shares = log_p.exp() if known.all() else log_p.exp() * known[:, None]
        dice = _dice(hits[:num_classes], shares.sum((0, 2, 3)), sizes)
        return sizes.sum() * (entropy + dice)

    def count(self, targets: Tensor, known: Tensor) -> Tensor:  # noqa: ARG002
        """Known pixels."""
        return known.sum()

    def dense(self, logits: Tensor) -> dict[str, Tensor]:
        """`logits` (B, K, h, w) in fp32."""
        return {"logits": logits.float()}

    def start(self) -> Tensor:
        """Log of the class shares."""
        return self._log_share


def _dice(hits: Tensor, shares: Tensor, sizes: Tensor) -> Tensor:
    """1 − mean soft dice over the classes present: Σ p_c·y_c, Σ p_c and Σ y_c, (K,) each."""
    dice = (2 * hits + 1) / (shares + sizes + 1)
    return torch.where(sizes > 0, 1 - dice, 0.0).sum() / (sizes > 0).sum().clamp_min(1)
