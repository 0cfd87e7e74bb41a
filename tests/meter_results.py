"""What the meters of all five task types give, over three images."""

import numpy as np

from polyhead.metrics import BoxesMeter, ClassMeter, MaskMeter, NumberMeter, TagsMeter
from polyhead.table.box_targets import BoxTargets

CLASSES = ("car", "traffic light")
BOX = np.array([[1, 2, 11, 22]], np.float32)


def box_targets(known):
    """One car in each of three images; which of them were annotated is the caller's."""
    return BoxTargets(
        offsets=np.arange(4),
        boxes_xyxy=np.repeat(BOX, 3, axis=0),
        labels=np.zeros(3, np.int64),
        ignored=np.zeros(3, bool),
        areas=np.full(3, 200.0),
        known=np.repeat(np.asarray(known, bool)[:, None], 2, axis=1),
        sizes=np.full((3, 2), 32, np.int32),
        image_ids=np.arange(3) + 1,
        category_ids=np.arange(2) + 1,
    )


def evaluation(known=(True, True, False)):
    """As `evaluate` returns it: images that are not known are so for every task."""
    known = np.asarray(known, bool)
    tags, daytime, people = TagsMeter(CLASSES), ClassMeter(CLASSES), NumberMeter()
    boxes, ground = BoxesMeter(CLASSES), MaskMeter(CLASSES)
    half, index = np.full((3, 2), 0.5, np.float32), np.zeros(3, np.int64)
    tags.update(half, np.where(known[:, None], [[1, 0]] * 3, -1).astype(np.int8))
    daytime.update(half, np.where(known, index, -1).astype(np.int32))
    people.update(np.arange(3.0), np.where(known, 1.0, np.nan).astype(np.float32))
    scores = np.array([0.9], np.float32)
    boxes.update([BOX] * 3, [index[:1]] * 3, [scores] * 3, box_targets(known))
    for is_known in known:
        truth = np.full((40, 50), 0 if is_known else 255, np.uint8)
        ground.update(np.zeros((40, 50), np.uint8), truth)
    meters = {"tags": tags, "class": daytime, "boxes": boxes, "mask": ground, "number": people}
    tasks = {
        f"my_{kind}": {"type": kind, **meter.compute(intervals=True)}
        for kind, meter in meters.items()
    }
    return {"split": "test", "num_images": 3, "tasks": tasks}
