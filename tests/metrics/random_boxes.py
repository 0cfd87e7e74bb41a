"""Random images with true and found boxes, and COCO's own evaluation of them."""

import contextlib
import io

import numpy as np
from faster_coco_eval.core.coco import COCO
from faster_coco_eval.core.cocoeval import Params
from faster_coco_eval.core.faster_eval_api import COCOeval_faster

from polyhead.metrics import BoxesMeter
from polyhead.table import BoxTargets

CLASSES = ("car", "bus", "dog", "tree")
CATEGORY_IDS = np.array([7, 3, 90, 11])
IMAGE_SIZE = 256


def random_boxes(seed, num_images=12, num_classes=4, whole=True):
    """Targets, and boxes, labels and scores an image: jittered true ones, doubled ones, noise."""
    generator = np.random.default_rng(seed)
    counts = generator.integers(0, 7, num_images)
    total = int(counts.sum())
    # Whole pixels, so that some overlaps are equal or lie exactly on a threshold.
    corners = generator.integers(0, 130, (total, 2))
    sides = generator.choice([4, 20, 32, 60, 96, 120], (total, 2)) + generator.integers(0, 2)
    true = np.concatenate([corners, corners + sides], 1).astype(np.float32)
    labels = generator.integers(0, num_classes, total)
    known = np.ones((num_images, num_classes), bool)
    if not whole:
        known = generator.random(known.shape) < 0.6
        known[generator.random(num_images) < 0.3] = False
    targets = BoxTargets(
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        boxes_xyxy=true,
        labels=labels,
        ignored=generator.random(total) < 0.15,
        areas=sides.prod(1) * generator.choice([0.6, 1.0], total),
        known=known,
        sizes=np.full((num_images, 2), IMAGE_SIZE, np.int32),
        image_ids=generator.permutation(np.arange(num_images) * 3 + 5),
        category_ids=CATEGORY_IDS[:num_classes],
    )
    return targets, _found(generator, targets, num_classes)


def _found(generator, targets, num_classes):
    found = []
    for image in range(len(targets)):
        own = targets[image]
        copies = generator.integers(0, 4, len(own))
        boxes = np.repeat(own.boxes_xyxy, copies, axis=0)
        boxes = boxes + generator.integers(-6, 7, boxes.shape)
        noise = generator.integers(0, 120, (generator.integers(0, 9), 2))
        noise = np.concatenate([noise, noise + generator.integers(3, 120, noise.shape)], 1)
        names = np.repeat(own.labels, copies)
        names = np.where(generator.random(len(names)) < 0.8, names, (names + 1) % num_classes)
        boxes = np.concatenate([boxes, noise]).astype(np.float32)
        boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 1)
        names = np.concatenate([names, generator.integers(0, num_classes, len(noise))])
        scores = generator.random(len(boxes)).round(1).astype(np.float32)  # many ties
        found.append((boxes, names, scores))
    return found


def fed(targets, found, batch=5):
    """A meter that saw everything, batch by batch."""
    meter = BoxesMeter(CLASSES[: targets.known.shape[1]])
    for start in range(0, len(targets), batch):
        rows = np.arange(start, min(start + batch, len(targets)))
        meter.update(*zip(*found[start : start + batch], strict=True), targets[rows])
    return meter


def coco_file(targets):
    """The COCO annotation file of the annotated images."""
    boxes = targets.boxes_xyxy.astype(np.float64)
    rows = targets.rows
    annotations = [
        {
            "id": number + 1,
            "image_id": int(targets.image_ids[rows[number]]),
            "category_id": int(targets.category_ids[targets.labels[number]]),
            "bbox": [*boxes[number, :2], *(boxes[number, 2:] - boxes[number, :2])],
            "area": float(targets.areas[number]),
            "iscrowd": int(targets.ignored[number]),
        }
        for number in range(len(boxes))
        if targets.known[rows[number], targets.labels[number]]
    ]
    return {
        "images": [
            {"id": int(targets.image_ids[row]), "height": IMAGE_SIZE, "width": IMAGE_SIZE}
            for row in np.flatnonzero(targets.known.any(axis=1))
        ],
        "annotations": annotations,
        "categories": [{"id": int(number), "name": str(number)} for number in targets.category_ids],
    }


def coco_evaluation(truth, results):
    """COCO's precision (T, R, K, A, M) and recall (T, K, A, M), categories by rising id."""
    with contextlib.redirect_stdout(io.StringIO()):
        whole = COCO(truth)
        evaluation = COCOeval_faster(whole, whole.loadRes(results), "bbox")
        assert isinstance(evaluation.params, Params)
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation.eval["precision"], evaluation.eval["recall"]


def mean_above(values):
    """COCO's mean of what is defined (−1 is not); None where nothing is."""
    return None if not (values > -1).any() else float(values[values > -1].mean())
