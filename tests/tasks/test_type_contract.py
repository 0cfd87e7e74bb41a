"""What every task type keeps: one sweep over the registry, so that a new type is held to it too.

Image-level types read a column of small whole numbers, which may be labels, classes, grades and
numbers; spatial ones read objects and masks.
"""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_runs import QUIET

import polyhead
from polyhead.augment import Augmentation, Mixup, Mosaic
from polyhead.config import validate
from polyhead.heads import HEADS
from polyhead.loading.dataset import Collate, ImageDataset
from polyhead.losses import LOSSES
from polyhead.preparation import prepare
from polyhead.registry import construct
from polyhead.runtime.classes_file import read_classes
from polyhead.tasks import SPATIAL_TYPES, TASK_TYPES, decider_from_dict

SIDE = 32
NUM_ROWS = 24
UNKNOWN_ROWS = (5, 11)

every_type = pytest.mark.parametrize("kind", TASK_TYPES)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Images, masks and a table; nothing is known of two rows."""
    folder = tmp_path_factory.mktemp("every_type")
    chance = np.random.default_rng(0)
    lines = []
    for row in range(NUM_ROWS):
        pixels = chance.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{row}.png")
        mask = np.repeat([row % 2, 1 - row % 2], SIDE // 2).astype(np.uint8)
        Image.fromarray(np.tile(mask, (SIDE, 1))).save(folder / f"{row}-mask.png")
        line = {"image": f"{row}.png"}
        if row not in UNKNOWN_ROWS:
            line |= {kind: str(row % 3) for kind in TASK_TYPES if kind not in SPATIAL_TYPES}
            label, left = ("car", "dog")[row % 2], 2 + row % 4
            line["objects"] = [{"label": label, "box": [left, 3, left + 20, 25]}]
            line["mask"] = f"{row}-mask.png"
        lines.append(json.dumps(line))
    (folder / "labels.jsonl").write_text("\n".join(lines))
    return folder


@pytest.fixture(scope="module")
def config(folder):
    return validate(
        {
            "data": {
                "annotations": str(folder / "labels.jsonl"),
                "images": str(folder),
                "split": {"val": "0.25", "test": "0.25"},
                "cache": "false",
            },
            "tasks": {
                kind: {"type": kind, **({"classes": ["sky", "road"]} if kind == "mask" else {})}
                for kind in TASK_TYPES
            },
            "model": {"backbone": "test_resnet", "pretrained": "false", "image_size": str(SIDE)},
            "train": {"epochs": "1", "batch_size": "4"},
        },
        "test",
    )


@pytest.fixture(scope="module")
def prepared(config):
    return prepare(config, QUIET)


@pytest.fixture(scope="module")
def run(config, tmp_path_factory):
    """One epoch of all types together."""
    return polyhead.train(config, runs=tmp_path_factory.mktemp("runs"), reporter=QUIET)


@pytest.fixture(scope="module")
def answers(run, folder):
    """The answers of the run about two images."""
    return polyhead.load(run.path).predict([folder / "0.png", folder / "1.png"])


def samples(prepared, kind, rows):
    encoder = prepared.tasks[kind]
    targets = {kind: prepared.targets[kind]}
    dataset = ImageDataset(prepared.table, targets, {kind: encoder}, (SIDE, SIDE))
    return [dataset[0, row] for row in rows]


def same(first, second):
    """Whether two targets are equal, NaN included."""
    if hasattr(first, "__dict__"):
        return all(same(value, vars(second)[key]) for key, value in vars(first).items())
    return np.array_equal(
        np.asarray(first), np.asarray(second), equal_nan=np.asarray(first).dtype.kind == "f"
    )


@every_type
def test_the_parts_of_a_type_bear_its_name(kind):
    parts = TASK_TYPES[kind]
    assert parts.encoder.type == parts.decider.type == kind
    assert parts.encoder.is_spatial == parts.decider.is_spatial
    assert parts.config.model_validate({"type": kind}).type == kind


@every_type
def test_what_nobody_knows_is_unknown_and_no_error(prepared, kind):
    encoder, targets = prepared.tasks[kind], prepared.targets[kind]
    known = encoder.known(targets)
    per_row = known.reshape(len(known), -1).any(1)
    names = [prepared.table.image(row) for row in range(NUM_ROWS)]
    expected = [int(name.removesuffix(".png")) not in UNKNOWN_ROWS for name in names]
    assert per_row.tolist() == expected
    labels = encoder.label_matrix(targets)
    assert labels.dtype == np.int8
    assert (labels[~per_row] == -1).all()
    assert (labels[per_row] >= 0).any()


@every_type
def test_targets_are_resized_with_their_image(prepared, kind):
    encoder, targets = prepared.tasks[kind], prepared.targets[kind]
    whole = encoder.sample(targets, 0, (SIDE, SIDE))
    assert same(whole, encoder.sample(targets, 0, (SIDE, SIDE)))
    half = encoder.sample(targets, 0, (SIDE // 2, SIDE // 2))
    assert same(whole, half) is not encoder.is_spatial


@every_type
def test_a_batch_knows_what_its_rows_know(prepared, kind):
    encoder, targets = prepared.tasks[kind], prepared.targets[kind]
    batch = Collate({kind: encoder})(samples(prepared, kind, range(NUM_ROWS)))
    known = batch.known[kind].reshape(NUM_ROWS, -1).any(1).numpy()
    rows = encoder.known(targets)
    assert known.tolist() == rows.reshape(NUM_ROWS, -1).any(1).tolist()
    assert batch.targets[kind].dtype in (torch.float32, torch.int32, torch.int8, torch.uint8)


@every_type
def test_augmentation_keeps_targets_true(prepared, kind):
    encoder = {kind: prepared.tasks[kind]}
    augmentation = Augmentation(encoder, cuts=False, scale=0.5)
    for sample in samples(prepared, kind, range(4)):
        image = np.ascontiguousarray(sample.image.permute(1, 2, 0).numpy())
        _, moved = augmentation(image, sample.targets, 3)
        assert type(moved[kind]) is type(sample.targets[kind])
        _, again = augmentation(image, sample.targets, 3)
        assert same(moved[kind], again[kind])
        if not encoder[kind].is_spatial:
            assert same(moved[kind], sample.targets[kind])


@every_type
@pytest.mark.parametrize("join", [Mixup, Mosaic])
def test_joined_images_of_unknown_stay_unknown(prepared, kind, join):
    encoder = prepared.tasks[kind]
    known = encoder.known(prepared.targets[kind])
    row = int(np.flatnonzero(~known.reshape(NUM_ROWS, -1).any(1))[0])
    (sample,) = samples(prepared, kind, [row])
    image = np.ascontiguousarray(sample.image.permute(1, 2, 0).numpy())
    joined = join({kind: encoder})
    _, targets = joined([(image, sample.targets)] * joined.num_images, 0)
    stacked, flags = encoder.stack([targets[kind]])
    assert len(stacked) == 1
    assert not flags.any()


@every_type
def test_the_default_loss_is_finite_and_reads_no_unknown_cell(prepared, kind):
    encoder = prepared.tasks[kind]
    loss = LOSSES[encoder.config.loss.name].build(
        encoder.config, encoder.classes, encoder.statistics(prepared.targets[kind])
    )
    start = loss.initial_logits()
    inputs = [8, len(start)]
    factory = HEADS[encoder.config.head.name]
    if factory.reads == "pyramid":
        head = construct("head", HEADS, encoder.config.head, *inputs, [8])
        outputs = head({8: torch.zeros(NUM_ROWS, 8, 4, 4)}, (SIDE, SIDE))
    else:
        head = construct("head", HEADS, encoder.config.head, *inputs)
        outputs = head(torch.zeros(NUM_ROWS, 8, 4, 4))
    batch = Collate({kind: encoder})(samples(prepared, kind, range(NUM_ROWS)))
    targets, known = batch.targets[kind], batch.known[kind]
    value = loss(outputs, targets, known)
    assert value.isfinite()
    assert value > 0
    assert loss(outputs, targets, known & False) == 0
    dense = loss.dense(outputs)
    assert all(array.dtype == torch.float32 and len(array) == NUM_ROWS for array in dense.values())


@every_type
def test_deciders_survive_json(run, kind):
    decider = read_classes(run)[kind]
    entry = json.loads(json.dumps(decider.to_dict()))
    assert entry["type"] == kind
    assert decider_from_dict(kind, entry).to_dict() == decider.to_dict()


@every_type
def test_answers_are_written_in_every_form(run, answers, kind):
    decider = read_classes(run)[kind]
    for prediction in answers:
        answer = prediction[kind]
        assert answer.type == kind
        entry = json.loads(json.dumps(answer.to_dict()))
        assert entry["type"] == kind
        assert str(answer)
        assert len(answer.cells()) == len(decider.columns())
        assert bool(list(answer.object_rows())) <= decider.has_objects
    assert answers[0].plot().mode == "RGB"


@every_type
def test_figures_say_what_they_are_counted_over(run, kind):
    figures = polyhead.evaluate(run.path, reporter=QUIET)["tasks"][kind]
    decider = read_classes(run)[kind]
    assert figures["type"] == kind
    assert decider.score_name in figures["metrics"]
    assert decider.sample_size(figures)
    assert str(figures["num_images"]) in decider.known_text(figures)
    readme = run.readme.read_text()
    assert f"\n- {kind}: {decider.reading}" in readme


def test_probabilities_are_those_of_the_answers(run, folder):
    loaded = read_classes(run)
    predictor = polyhead.load(run.path)
    image = np.array(Image.open(folder / "0.png"))[None]
    dense = predictor._engine(image)
    for name, decider in loaded.items():
        if decider.has_probabilities:
            found = decider.label_probabilities(dense[name])
            assert found.shape == (1, len(decider.classes))
            (answer,) = decider.select(dense[name], np.array([[SIDE, SIDE]]))
            given = answer.to_dict()["probabilities"]
            np.testing.assert_allclose(found[0], list(given.values()), rtol=1e-6)
