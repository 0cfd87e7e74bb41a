"""Samples and batches: images and targets of one size, unknown cells, faults in their place."""

import pickle
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image

from polyhead.config import validate
from polyhead.errors import ImageError
from polyhead.loading.dataset import Collate, ImageDataset
from polyhead.loading.sample_transform import SampleTransform, transform_of
from polyhead.table import BoxTargets, MaskTargets, Table
from polyhead.table.mask_sources import MaskFiles
from polyhead.tasks import TASK_TYPES

STORED, SIZE = (40, 80), (20, 60)
CLASSES = ("car", "bus")


@pytest.fixture
def table(tmp_path) -> Table:
    """Three images; the mask of the first is black but for its left half."""
    generator = np.random.default_rng(0)
    for name in "abc":
        pixels = generator.integers(0, 256, (*STORED, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    mask = np.zeros(STORED, np.uint8)
    mask[:, :40] = 1
    Image.fromarray(mask).save(tmp_path / "mask.png")
    images = pa.table({"image": ["a.png", "b.png", "c.png"]})
    return Table(images, "labels.csv", tmp_path, np.arange(2, 5, dtype=np.int32))


def encoders(*types, **keys):
    return {
        name: TASK_TYPES[name]
        .config.model_validate({"type": name, **keys.get(name, {})})
        .encoder(name, CLASSES)
        for name in types
    }


def targets_of(folder: Path):
    sizes = np.tile(np.array([STORED], np.int32), (3, 1))
    boxes = BoxTargets(
        offsets=np.array([0, 1, 1, 1]),
        boxes_xyxy=np.array([[0, 0, 40, 20]], np.float32),
        labels=np.array([1]),
        ignored=np.array([False]),
        areas=np.array([800.0]),
        known=np.array([[True, True], [True, True], [False, False]]),
        sizes=sizes,
        image_ids=np.arange(1, 4),
        category_ids=np.arange(1, 3),
    )
    source = MaskFiles(folder, pa.array(["mask.png", None, "gone.png"]))
    present = np.full((3, 2), -1, np.int8)
    return {
        "boxes": boxes,
        "mask": MaskTargets(source, sizes, np.array([True, False, True]), present),
        "tags": np.array([[1, 0], [0, -1], [-1, -1]], np.int8),
        "class": np.array([1, -1, 0], np.int32),
        "number": np.array([2.5, np.nan, 1.0]),
    }


TYPES = ("boxes", "mask", "tags", "class", "number")


def test_targets_follow_the_image_to_its_new_size(table):
    dataset = ImageDataset(table, targets_of(table.root), encoders(*TYPES), SIZE)
    sample = dataset[0, 0]
    assert sample.image.shape == (3, *SIZE)
    assert sample.targets["boxes"].boxes_xyxy.tolist() == [[0, 0, 30, 10]]
    assert sample.targets["mask"].shape == SIZE
    assert (sample.targets["mask"][:, :30] == 1).all()
    assert (sample.targets["mask"][:, 30:] == 0).all()
    assert sample.targets["tags"].tolist() == [1, 0]
    assert (sample.targets["class"], sample.targets["number"], sample.row) == (1, 2.5, 0)


def test_a_batch_has_the_targets_and_what_is_known_of_them(table):
    tasks = encoders(*TYPES)
    dataset = ImageDataset(table, targets_of(table.root), tasks, SIZE)
    batch = Collate(tasks)([dataset[0, 0], dataset[0, 1]])
    assert batch.images.shape == (2, 3, *SIZE)
    assert batch.targets["boxes"][:, :, 4].tolist() == [[1], [-1]]
    assert batch.known["mask"].flatten(1).all(1).tolist() == [True, False]
    assert batch.known["tags"].tolist() == [[True, True], [True, False]]
    assert batch.known["class"].tolist() == batch.known["number"].tolist() == [True, False]
    assert batch.targets["number"].dtype == torch.float32
    assert batch.rows.tolist() == [0, 1]


def test_what_can_no_longer_be_read_takes_the_place_of_the_batch(table):
    tasks = encoders(*TYPES)
    dataset = ImageDataset(table, targets_of(table.root), tasks, SIZE)
    fault = dataset[0, 2]
    assert isinstance(fault, ImageError)
    assert fault.code == "E_MASK_MISSING"
    assert table.where(2) in fault.message
    assert Collate(tasks)([dataset[0, 0], fault]) is fault


def test_without_tasks_the_images_alone_are_read(table):
    dataset = ImageDataset(table, {}, {}, SIZE)
    batch = Collate({})([dataset[0, row] for row in range(3)])
    assert (batch.targets, batch.known, batch.rows.tolist()) == ({}, {}, [0, 1, 2])


def transform(tasks, **augment) -> SampleTransform:
    keys = {"data": {"annotations": "x.csv"}, "train": {"augment": augment}}
    keys["tasks"] = {
        name: encoder.config.model_dump(mode="json") for name, encoder in tasks.items()
    }
    prepared = SimpleNamespace(tasks=tasks, rows=lambda _part: np.arange(2))
    found = transform_of(validate(keys, "test"), prepared)
    assert found is not None
    return found


class TestTransform:
    def test_none_is_asked_for(self):
        keys = {"data": {"annotations": "x.csv"}, "train": {"augment": "none"}}
        keys["tasks"] = {"number": {"type": "number"}}
        assert transform_of(validate(keys, "test"), SimpleNamespace(tasks={})) is None

    @pytest.mark.parametrize(
        ("tasks", "is_cut"),
        [
            (encoders("boxes", "mask"), True),
            (encoders("boxes", "tags", tags={"from": "boxes"}), True),
            (encoders("boxes", "tags"), False),
            (encoders("mask", "number"), False),
            (encoders("class"), False),
        ],
    )
    def test_images_are_cut_where_every_label_says_where_it_holds(self, tasks, is_cut):
        """A cut shows less of a ramp from black to white than all of it."""
        ramp = np.repeat(np.arange(0, 240, 4, dtype=np.uint8)[None, :, None], 20, 0).repeat(3, 2)
        plain = transform(tasks, flip=False, colour=0, crop=0.3)
        range_of = [
            np.ptp(plain.augmentation(ramp, {}, seed)[0].numpy()) < np.ptp(ramp)
            for seed in range(20)
        ]
        assert any(range_of) is is_cut

    @pytest.mark.parametrize("join", ["mosaic", "mixup"])
    def test_tags_follow_from_the_boxes_that_are_left(self, table, join):
        tasks = encoders("boxes", "tags", tags={"from": "boxes"})
        targets = {key: values for key, values in targets_of(table.root).items() if key in tasks}
        changed = transform(tasks, crop=0.3, rotate=10, **{join: 0.5})
        dataset = ImageDataset(table, targets, tasks, SIZE, transform=changed)
        seen = set()
        for epoch in range(40):
            sample = dataset[epoch, 0]
            boxes, tags = sample.targets["boxes"], sample.targets["tags"]
            shown = set(boxes.labels[~boxes.ignored].tolist())
            assert {place for place, tag in enumerate(tags.tolist()) if tag == 1} == shown
            seen.add(tuple(tags.tolist()))
        assert len(seen) > 1

    def test_a_sample_depends_on_epoch_and_row_alone(self, table):
        tasks = encoders("boxes")
        targets = {"boxes": targets_of(table.root)["boxes"]}
        changed = transform(tasks, mosaic=0.5, mixup=0.5, rotate=5)
        dataset = ImageDataset(table, targets, tasks, SIZE, transform=changed)
        keys = [(epoch, row) for epoch in range(4) for row in range(2)]
        first = [dataset[key].image for key in keys]
        again = [dataset[key].image for key in reversed(keys)][::-1]
        assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
        assert len({image.numpy().tobytes() for image in first}) == len(keys)

    def test_a_dataset_that_was_sent_to_another_process_gives_the_same_samples(self, table):
        tasks = encoders(*TYPES)
        changed = transform(tasks, mosaic=0.5, mixup=0.5)
        targets = targets_of(table.root)
        dataset = ImageDataset(table, targets, tasks, SIZE, transform=changed)
        sent = pickle.loads(pickle.dumps((dataset, Collate(tasks))))
        here, there = (
            collate([samples[epoch, epoch % 2] for epoch in range(4)])
            for samples, collate in ((dataset, Collate(tasks)), sent)
        )
        assert torch.equal(here.images, there.images)
        for name in TYPES:
            assert torch.equal(here.known[name], there.known[name])
        assert torch.equal(here.targets["mask"], there.targets["mask"])
