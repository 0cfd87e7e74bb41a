from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from polyhead.evaluation.label_doctor import (
    cross_fitted_probabilities,
    doubtful_labels,
    image_hashes,
    near_duplicate_pairs,
)
from polyhead.evaluation.label_doctor.findings import JudgedTask, rule_findings, twin_findings
from polyhead.field import Rules
from polyhead.table import Table

NUM, NUM_FEATURES, NUM_LABELS = 600, 12, 4


@pytest.fixture(scope="module")
def planted():
    """Features, true targets and given ones with 5 % of the cells flipped."""
    generator = np.random.default_rng(0)
    features = generator.normal(size=(NUM, NUM_FEATURES)).astype(np.float32)
    logits = 2 * features @ generator.normal(size=(NUM_FEATURES, NUM_LABELS)) - 2
    true = (generator.random(logits.shape) < 1 / (1 + np.exp(-logits))).astype(np.int8)
    given = np.where(generator.random(true.shape) < 0.05, 1 - true, true).astype(np.int8)
    return features, true, given


def test_planted_noise_is_found_far_more_often_than_by_chance(planted):
    features, true, given = planted
    probabilities = cross_fitted_probabilities(features, given, np.arange(NUM))
    rows, places = doubtful_labels(given, probabilities)[:50].T
    assert (given != true)[rows, places].mean() > 10 * (given != true).mean()


def test_hidden_positives_are_found(planted):
    features, true, _ = planted
    hidden = np.random.default_rng(1).random(true.shape) < 0.3
    given = np.where(hidden, -1, true).astype(np.int8)
    probabilities = cross_fitted_probabilities(features, given, np.arange(NUM))
    cells = [cell for cell in doubtful_labels(given, probabilities).tolist() if hidden[*cell]]
    rows, places = np.array(cells[:50]).T
    assert true[rows, places].mean() > 0.9


def test_a_label_never_speaks_for_itself(planted):
    """Other labels of some images change nothing of what is said of these images."""
    features, _, given = planted
    groups = np.arange(NUM) // 2
    before = cross_fitted_probabilities(features, given, groups)
    changed = given.copy()
    changed[:2] = 1 - changed[:2]
    np.testing.assert_array_equal(
        cross_fitted_probabilities(features, changed, groups)[:2], before[:2]
    )


def test_labels_without_examples_are_no_crash():
    features = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
    targets = np.full((60, 3), -1, np.int8)
    targets[:, 1], targets[:, 2] = 0, 1
    probabilities = cross_fitted_probabilities(features, targets, np.zeros(60, int))
    assert np.isfinite(probabilities).all()
    assert not len(doubtful_labels(targets, probabilities))


def test_broken_rules_and_differing_twins_are_reported_of_the_right_image():
    images = pa.table({"image": ["a.jpg", "b.jpg"]})
    table = Table(images, "labels.csv", Path("."), np.array([2, 3], np.int32))
    rules = Rules.of(["rain", "snow"], exclusive=[["rain", "snow"]])
    targets = np.array([[1, 1], [1, 0]], np.int8)
    task = JudgedTask("sky", ["rain", "snow"], targets, np.array([[0.9, 0.2], [0.9, 0.1]]), rules)
    (broken,) = rule_findings(task, table)
    assert (broken.where, broken.kind) == ("labels.csv:2 a.jpg", "rule")
    assert '"rain" and "snow" are yes' in broken.label
    (twin,) = twin_findings(task, table, np.array([[0, 1]]))
    assert (twin.image, twin.label, twin.given, twin.twin) == ("a.jpg", "snow", "yes", "b.jpg")


def smooth_image(seed):
    """Blobs, as a photograph's low frequencies have them."""
    coarse = np.random.default_rng(seed).random((6, 6)) * 200
    return np.kron(coarse, np.ones((6, 6)))[:32, :32]


def test_altered_copies_are_near_duplicates_and_other_images_are_not():
    generator = np.random.default_rng(0)
    smooth = [smooth_image(seed) for seed in range(300)]
    smooth[200] = smooth[3] + generator.normal(0, 3, (32, 32))  # compressed
    smooth[299] = smooth[7] * 0.95 + 12  # brightened
    thumbnails = np.clip(smooth, 0, 255).round().astype(np.uint8)
    assert near_duplicate_pairs(thumbnails).tolist() == [[3, 200], [7, 299]]


def test_every_pair_is_found_that_comparing_all_with_all_finds():
    generator = np.random.default_rng(2)
    base = np.array([smooth_image(seed) for seed in range(40)])
    altered = base + generator.normal(0, 3, base.shape) + 20 * generator.random((40, 1, 1))
    thumbnails = np.clip(np.concatenate([base, altered]), 0, 255).round().astype(np.uint8)
    bits = np.bitwise_count(np.bitwise_xor.outer(*[image_hashes(thumbnails)] * 2))
    expected = [
        [first, second]
        for first, second in np.argwhere(bits <= 6).tolist()
        if first < second and np.std(thumbnails[first].astype(float) - thumbnails[second]) <= 5
    ]
    assert 5 < len(expected) <= 40
    assert near_duplicate_pairs(thumbnails).tolist() == expected


def test_flat_images_of_any_brightness_are_alike():
    flat = np.stack([np.full((32, 32), grey, np.uint8) for grey in (0, 90)])
    assert near_duplicate_pairs(flat).tolist() == [[0, 1]]


def test_many_equal_images_are_paired_with_the_first():
    thumbnails = np.zeros((500, 32, 32), np.uint8)
    assert near_duplicate_pairs(thumbnails).tolist() == [[0, row] for row in range(1, 500)]


def test_hashes_do_not_depend_on_the_neighbours():
    thumbnails = np.stack([smooth_image(seed) for seed in range(5)]).astype(np.uint8)
    singly = np.concatenate([image_hashes(thumbnails[i : i + 1]) for i in range(5)])
    np.testing.assert_array_equal(image_hashes(thumbnails), singly)
