"""The peer of `quality.py`: a training loop as one writes it by hand with timm, BCE and CE."""

from __future__ import annotations

import csv
import itertools
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torchvision.transforms import v2

from polyhead.backbones.packaged_weights import packaged_state
from polyhead.metrics import TagsMeter

BACKBONE, BATCH, WARMUP = "tf_efficientnet_lite0", 16, 0.1


@dataclass(frozen=True)
class Part:
    """Images of one part of the split, in memory, with their tags and classes.

    Attributes:
        images: (N, 3, S, S) uint8.
        targets: (N, L) float of 0 and 1.
        classes: (N,) int64; None where the table has no column `daytime`.
    """

    images: Tensor
    targets: Tensor
    classes: Tensor | None


@dataclass(frozen=True)
class Recipe:
    """A point of the grid.

    Attributes:
        rate: Learning rate of AdamW at its peak.
        augment: Whether images are flipped, cropped and recoloured.
        is_summed: Whether the loss of tags is the sum over labels, not their mean; it matters only
            beside another task.
    """

    rate: float
    augment: bool
    is_summed: bool = False


_POINTS = tuple(itertools.product((3e-3, 6e-3, 1e-2), (False, True)))
GRID = tuple(itertools.starmap(Recipe, _POINTS))
GRID_OF_TWO = GRID + tuple(Recipe(*point, is_summed=True) for point in _POINTS)


def read_parts(annotations: Path, side: int) -> tuple[dict[str, Part], list[str]]:
    """Each part of the split, and the labels in order."""
    with annotations.open(newline="") as file:
        rows = list(csv.DictReader(file))
    tags = [set(row["tags"].replace("[]", "").split("|")) - {""} for row in rows]
    labels = sorted(set().union(*tags))
    targets = torch.tensor([[float(label in found) for label in labels] for found in tags])
    names = sorted({row["daytime"] for row in rows if "daytime" in row})
    classes = torch.tensor([names.index(row["daytime"]) for row in rows]) if names else None
    images = torch.stack([_image(annotations.parent / row["image"], side) for row in rows])
    parts = {}
    for name in ("train", "val", "test"):
        chosen = torch.tensor([row["split"] == name for row in rows])
        parts[name] = Part(
            images[chosen], targets[chosen], None if classes is None else classes[chosen]
        )
    return parts, labels


def _image(path: Path, side: int) -> Tensor:
    image = Image.open(path).convert("RGB").resize((side, side), Image.Resampling.BICUBIC)
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()


def build_model(num_outputs: int) -> nn.Module:
    """EfficientNet-Lite0 with ImageNet weights and a fresh linear layer."""
    model: Any = timm.create_model(BACKBONE, num_classes=num_outputs)
    state = packaged_state(BACKBONE, [len(stage) for stage in model.blocks])
    model.load_state_dict({k: t for k, t in state.items() if "classifier" not in k}, strict=False)
    return model.to(memory_format=torch.channels_last)


def train(part: Part, recipe: Recipe, seconds: float, seed: int) -> nn.Module:
    """AdamW with warm-up and cosine over the processor seconds given."""
    torch.manual_seed(seed)
    started = time.process_time()
    num_labels = part.targets.shape[1]
    num_classes = 0 if part.classes is None else int(part.classes.max()) + 1
    model = build_model(num_labels + num_classes).train()
    optimizer = torch.optim.AdamW(model.parameters(), recipe.rate, weight_decay=0.01)
    side = part.images.shape[-1]
    moves = [v2.RandomHorizontalFlip(), v2.RandomResizedCrop(side, scale=(0.6, 1.0))]
    augment = v2.Compose([*moves, v2.ColorJitter(0.2, 0.2, 0.2)])
    order = torch.randperm(0)
    while (progress := (time.process_time() - started) / seconds) < 1:
        if len(order) < min(BATCH, len(part.images)):
            order = torch.randperm(len(part.images))
        rows, order = order[:BATCH], order[BATCH:]
        images = part.images[rows]
        if recipe.augment:
            images = torch.stack([augment(image) for image in images])
        rising = min(1.0, progress / WARMUP)
        falling = 0.5 * (1 + math.cos(math.pi * max(0.0, progress - WARMUP) / (1 - WARMUP)))
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate * rising * falling
        logits = model(_normalised(images))
        tags, kinds = logits[:, :num_labels], logits[:, num_labels:]
        loss = functional.binary_cross_entropy_with_logits(tags, part.targets[rows])
        if part.classes is not None:
            factor = num_labels if recipe.is_summed else 1
            loss = factor * loss + functional.cross_entropy(kinds, part.classes[rows])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return model


def figures(model: nn.Module, part: Part, labels: list[str]) -> tuple[float, ...]:
    """The mAP that polyhead's evaluation reports, of this model; and the accuracy of classes."""
    model.eval()
    with torch.inference_mode():
        logits = torch.cat([model(_normalised(images)) for images in part.images.split(BATCH)])
    meter, num_labels = TagsMeter(labels), len(labels)
    meter.update(
        torch.sigmoid(logits[:, :num_labels]).numpy(), part.targets.numpy().astype(np.int8)
    )
    precision = meter.compute()["metrics"]["mAP"]["value"]
    if part.classes is None:
        return (precision,)
    right = logits[:, num_labels:].argmax(1) == part.classes
    return precision, right.float().mean().item()


def _normalised(images: Tensor) -> Tensor:
    return ((images.float() - 127) / 128).contiguous(memory_format=torch.channels_last)
