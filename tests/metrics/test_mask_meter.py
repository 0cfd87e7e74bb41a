import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score
from torchmetrics.functional.classification import multiclass_jaccard_index

from polyhead.metrics import MaskMeter

CLASSES = ["road", "sky", "car", "tree", "water"]
over_seeds = settings(max_examples=15, deadline=None)
seeds = given(st.integers(0, 2**32 - 1))


def random_masks(seed, num_images=9, absent=4):
    """Images of several sizes, one class absent from the truth, some pixels and one unknown."""
    generator = np.random.default_rng(seed)
    pairs = []
    for image in range(num_images):
        size = tuple(generator.integers(3, 20, 2))
        truth = generator.integers(0, absent, size).astype(np.uint8)
        predicted = np.where(generator.random(size) < 0.6, truth, generator.integers(0, 5, size))
        truth[generator.random(size) < 0.2] = 255
        pairs.append(
            (predicted.astype(np.uint8), np.full_like(truth, 255) if image == 3 else truth)
        )
    return pairs


def figures_of(pairs, **options):
    meter = MaskMeter(CLASSES)
    for predicted, truth in pairs:
        meter.update(predicted, truth)
    return meter.compute(**options)


def values(figures):
    return {name: metric["value"] for name, metric in figures["metrics"].items()}


def pooled(pairs):
    predicted, truth = (
        np.concatenate([mask.ravel() for mask in part]) for part in zip(*pairs, strict=True)
    )
    known = truth != 255
    return predicted[known].astype(np.int64), truth[known].astype(np.int64)


@over_seeds
@seeds
def test_figures_equal_those_of_references(seed):
    pairs = random_masks(seed)
    predicted, truth = pooled(pairs)
    figures = figures_of(pairs)
    every = multiclass_jaccard_index(
        torch.tensor(predicted), torch.tensor(truth), num_classes=5, average=None
    )
    present = np.unique(truth)
    expected = {
        "mIoU": every[present].mean().item(),
        "pixel_accuracy": (predicted == truth).mean(),
        "mean_accuracy": np.mean([(predicted[truth == c] == c).mean() for c in present]),
        "Dice": f1_score(truth, predicted, labels=present, average="macro"),
        "mIoU_majority": np.bincount(truth).max() / len(truth) / len(present),
    }
    assert values(figures) == pytest.approx(expected, abs=1e-6)
    for c in present:
        entry = figures["per_class"][CLASSES[c]]
        assert entry["IoU"] == pytest.approx(every[c].item(), abs=1e-6)
        assert entry["num_pixels"] == (truth == c).sum()


@over_seeds
@seeds
def test_unknown_pixels_never_matter(seed):
    pairs = random_masks(seed)
    changed = [(np.where(truth == 255, 250, given), truth) for given, truth in pairs]
    assert figures_of(changed) == figures_of(pairs)


@over_seeds
@seeds
def test_order_of_images_never_matters(seed):
    pairs = random_masks(seed)
    assert figures_of(pairs[::-1]) == figures_of(pairs)


def test_figures_have_the_shape_of_the_evaluation_file():
    pairs = random_masks(1, num_images=30)
    figures = figures_of(pairs, intervals=True)
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    assert (figures["num_images"], figures["num_images_known"]) == (30, 29)
    assert figures["num_pixels"] == len(pooled(pairs)[1])
    assert (figures["num_classes"], figures["num_classes_evaluated"]) == (5, 4)
    for name, metric in figures["metrics"].items():
        if name != "mIoU_majority":
            assert metric["low"] < metric["value"] < metric["high"]
    assert figures["per_class"].keys() == set(CLASSES)
    water = figures["per_class"]["water"]
    assert water.keys() == {"IoU", "F1", "precision", "recall", "num_pixels", "num_images"}
    assert set(water.values()) == {None, 0}
    assert np.sum(figures["confusion"]["matrix"]) == figures["num_pixels"]


@pytest.mark.parametrize("num_images", [0, 2])
def test_nothing_known_is_no_figure(num_images):
    blank = [(np.zeros((4, 5), np.uint8), np.full((4, 5), 255, np.uint8))] * num_images
    figures = figures_of(blank, intervals=True)
    assert (figures["num_images"], figures["num_images_known"]) == (num_images, 0)
    assert figures["num_pixels"] == figures["num_classes_evaluated"] == 0
    assert figures["metrics"]["mIoU"] == {"value": None, "low": None, "high": None}
    assert figures["metrics"]["mIoU_majority"] == {"value": None}


def test_a_perfect_mask_scores_one():
    truth = np.arange(20, dtype=np.uint8).reshape(4, 5) % 3
    assert values(figures_of([(truth, truth)]))["mIoU"] == 1.0


def test_wrong_shapes_and_values_are_refused():
    meter = MaskMeter(CLASSES)
    zeros = np.zeros((2, 2), np.uint8)
    with pytest.raises(ValueError, match=r"both be \(H, W\)"):
        meter.update(zeros, np.zeros((2, 3), np.uint8))
    with pytest.raises(ValueError, match=r"`truth` should lie between 0 and 4. Found 0 to 7"):
        meter.update(zeros, np.array([[0, 7], [0, 0]], np.uint8))
    with pytest.raises(ValueError, match="`predicted` should lie"):
        meter.update(zeros + 5, zeros)
