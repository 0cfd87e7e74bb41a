import json
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from partial_labels import over_seeds, random_tags
from scipy.stats import norm
from sklearn.metrics import f1_score, label_ranking_loss

from polyhead.metrics import (
    PROTOCOLS,
    ScoredTags,
    average_precision,
    protocol_entry,
    tags_entry,
)

LABELS = list("abcde")
CUTS = np.full(5, 0.5)


def values(entry):
    return {name: metric["value"] for name, metric in entry["metrics"].items()}


def test_scores_that_only_rank_have_no_figures_of_predicted_labels():
    scores, targets = random_tags(0)
    ranking = values(tags_entry(ScoredTags(LABELS, scores * 9 - 4, targets, None)))
    whole = values(tags_entry(ScoredTags(LABELS, scores, targets, CUTS)))
    assert ranking.keys() == {"mAP", "mAP_chance", "LRAP", "coverage", "ranking_loss"}
    assert {name: whole[name] for name in ranking} == pytest.approx(ranking)
    entry = tags_entry(ScoredTags(LABELS, scores, targets, None))
    assert entry["per_class"]["a"].keys() == {"AP", "num_positive", "num_known"}


def test_double_precision_is_kept():
    scores, targets = random_tags(0)
    fine = scores.astype(np.float64) + np.random.default_rng(0).random(scores.shape) * 1e-12
    entry = tags_entry(ScoredTags(LABELS, fine, targets, None))
    assert entry["per_class"]["a"]["AP"] == average_precision(fine, targets)[0]


@over_seeds
def test_top_three_and_ranking_loss_equal_scikit_learn(seed):
    scores, targets = random_tags(seed, unknown=0)
    scores += np.random.default_rng(seed).random(scores.shape, dtype=np.float32) * 1e-3
    predicted = np.argsort(np.argsort(-scores, 1), 1) < 3
    found = values(protocol_entry("default", ScoredTags(LABELS, scores, targets, CUTS)))
    assert found["OF1_top3"] == pytest.approx(
        f1_score(targets, predicted, average="micro"), abs=1e-9
    )
    expected = f1_score(targets, predicted, average="macro")
    assert found["macro_F1_top3"] == pytest.approx(expected, abs=1e-9)
    assert found["ranking_loss"] == pytest.approx(label_ranking_loss(targets, scores), abs=1e-9)


def test_default_protocol_has_the_figures_of_the_evaluation():
    scored = ScoredTags(LABELS, *random_tags(0), CUTS)
    entry, default = values(tags_entry(scored)), values(protocol_entry("default", scored))
    shared = entry.keys() & default.keys()
    assert len(shared) == 10
    assert {name: entry[name] for name in shared} == pytest.approx(
        {name: default[name] for name in shared}
    )


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_every_protocol_is_ready_for_json(name):
    scores, targets = random_tags(0)
    targets[:, 2] = np.minimum(targets[:, 2], 0)
    entry = protocol_entry(name, ScoredTags(LABELS, scores, targets, CUTS))
    assert json.loads(json.dumps(entry, allow_nan=False)) == entry
    judged = 5 if name in ("raw", "zero_empty") else 4
    assert entry["num_classes_evaluated"] == judged


def test_labels_without_a_positive_count_zero_in_means_where_the_protocol_says_so():
    scores, targets = random_tags(0)
    targets[:, 2] = np.minimum(targets[:, 2], 0)
    scored = ScoredTags(LABELS, scores, targets, CUTS)
    left_out, zero = (values(protocol_entry(name, scored)) for name in ("default", "zero_empty"))
    assert zero["macro_F1"] == pytest.approx(left_out["macro_F1"] * 4 / 5)
    assert zero["OF1"] == left_out["OF1"]
    assert zero["CF1"] == pytest.approx(left_out["CF1"] * 4 / 5)


def test_labels_predicted_by_others_than_thresholds_are_judged():
    scores, targets = random_tags(0)
    predicted = np.zeros(scores.shape, bool)
    found = values(tags_entry(ScoredTags(LABELS, scores, targets, CUTS, predicted)))
    assert found["hamming"] == pytest.approx((targets == 1).sum() / (targets >= 0).sum())


def test_a_table_of_several_blocks_has_the_figures_of_the_whole(monkeypatch):
    scored = ScoredTags(LABELS, *random_tags(4), CUTS)
    whole, zero = tags_entry(scored, intervals=True), protocol_entry("raw", scored)
    monkeypatch.setattr("polyhead.metrics.known_cells.CELLS_AT_ONCE", 35)
    again = replace(scored)
    for found, expected in (
        (tags_entry(again, intervals=True), whole),
        (protocol_entry("raw", again), zero),
    ):
        for part in ("metrics", "per_class"):
            for name, figures in expected[part].items():
                assert found[part][name] == pytest.approx(figures, abs=1e-12)
    assert [b["n"] for b in tags_entry(again)["reliability"]] == [
        b["n"] for b in whole["reliability"]
    ]


def test_a_large_table_is_never_copied(monkeypatch):
    generator = np.random.default_rng(0)
    scores = generator.random((20_000, 100), dtype=np.float32)
    targets = generator.integers(-1, 2, scores.shape).astype(np.int8)
    labels = [str(place) for place in range(100)]
    monkeypatch.setattr("polyhead.metrics.known_cells.CELLS_AT_ONCE", 50_000)
    tracemalloc.start()
    tags_entry(ScoredTags(labels, scores, targets, np.full(100, 0.5)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.5 * scores.nbytes


def rare_labels(generator, num_images, separation, cut):
    """Scores of 60 labels of 1 %, cut at a fixed score; the population's CF1 and macro-F1 too."""
    targets = (generator.random((num_images, 60)) < 0.01).astype(np.int8)
    scores = norm.cdf(generator.normal(size=targets.shape) + separation * targets)
    recall, alarm = norm.sf(cut - separation), norm.sf(cut) * 99
    precision = recall / (recall + alarm)
    truth = 2 * precision * recall / (precision + recall)
    names, cuts = [str(n) for n in range(60)], np.full(60, norm.cdf(cut))
    return ScoredTags(names, scores, targets, cuts), truth


@pytest.mark.parametrize(("num_images", "separation", "cut"), [(300, 2.5, 3.5), (200, 2.5, 2.0)])
def test_intervals_of_means_over_rare_labels_hold_what_many_images_show(
    monkeypatch, num_images, separation, cut
):
    """26 of 30 at least; at the high cut, resampling images alone held about half of them."""
    monkeypatch.setattr("polyhead.metrics.entries.affordable_samples", lambda _: 60)
    generator = np.random.default_rng(0)
    held = {"CF1": 0, "macro_F1": 0}
    for _ in range(30):
        scored, truth = rare_labels(generator, num_images, separation, cut)
        metrics = tags_entry(scored, intervals=True)["metrics"]
        for name in held:
            held[name] += metrics[name]["low"] <= truth <= metrics[name]["high"]
    assert min(held.values()) >= 26, held
