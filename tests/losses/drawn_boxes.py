"""Images of drawn rectangles, their targets, and a tiny detector that reads them."""

import torch
from torch import nn
from torchvision.ops import batched_nms

from polyhead.heads import Boxes, Fpn
from polyhead.losses import Detection

COLOURS = torch.tensor([[1.0, 0.1, 0.1], [0.1, 1.0, 0.1], [0.1, 0.1, 1.0]])


def draw(num_images: int, size: int, num_boxes: int = 3, seed: int = 0):
    """Images (B, 3, size, size), targets (B, M, 6), known (B, 3); class is colour."""
    generator = torch.Generator().manual_seed(seed)
    images = 0.1 * torch.rand(num_images, 3, size, size, generator=generator)
    targets = torch.zeros(num_images, num_boxes, 6)
    for row in range(num_images):
        for box in range(num_boxes):
            extent = torch.randint(size // 8, size // 2, (2,), generator=generator)
            x, y = [int(torch.randint(size - int(e), (), generator=generator)) for e in extent]
            w, h = extent.tolist()
            label = int(torch.randint(3, (), generator=generator))
            images[row, :, y : y + h, x : x + w] = COLOURS[label][:, None, None]
            targets[row, box] = torch.tensor([x, y, x + w, y + h, label, 0]).float()
    return images, targets, torch.ones(num_images, 3, dtype=torch.bool)


class Detector(nn.Module):
    """Plain convolutions at strides 8, 16 and 32, the neck and the boxes head."""

    def __init__(self, loss: Detection, *, one_to_one: bool = False):
        super().__init__()
        widths = {2: 16, 4: 32, 8: 48, 16: 64, 32: 64}
        before = [3, *list(widths.values())[:-1]]
        self.stages = nn.ModuleList(
            nn.Sequential(nn.Conv2d(a, b, 3, 2, 1), nn.GroupNorm(8, b), nn.SiLU())
            for a, b in zip(before, widths.values(), strict=True)
        )
        self.neck = Fpn({s: widths[s] for s in (8, 16, 32)}, channels=32)
        self.head = Boxes(32, 3, (8, 16, 32), one_to_one=one_to_one)
        self.head.start_at(loss.initial_logits())

    def forward(self, images):
        features, x = {}, images
        for level, stage in enumerate(self.stages, start=1):
            x = stage(x)
            features[2**level] = x
        return self.head(self.neck(features), images.shape[-2:])


def detections(dense, size: int, *, suppress: bool):
    """Per image boxes in pixels, scores, labels; with greedy suppression or none."""
    found = []
    for boxes, scores in zip(dense["boxes"] * size, dense["scores"], strict=True):
        best, labels = scores.max(-1)
        keep = (best > 0.05).nonzero()[:, 0]
        if suppress:
            keep = keep[batched_nms(boxes[keep], best[keep], labels[keep], 0.6)]
        found.append({"boxes": boxes[keep], "scores": best[keep], "labels": labels[keep]})
    return found
