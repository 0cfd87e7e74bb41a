"""How often 95 % intervals of CF1 and macro-F1 hold what many images show, where labels are rare.

    OMP_NUM_THREADS=1 python benchmarks/rare_intervals.py [--draws 40]

Labels of 1 %, scores normal and `separation` higher where true, cut at a fixed score; the
population's figures are known. Resampling images alone against the intervals that `evaluate` gives.
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy.stats import norm

from polyhead.metrics import bootstrap_weights, count_labels
from polyhead.metrics.tags.label_mean_intervals import label_mean_intervals

SHARE = 0.01
SETTINGS = ((400, 60, 2.5, 2.0), (100, 60, 2.5, 2.0), (200, 80, 1.5, 3.0), (300, 60, 2.5, 3.5))


def main() -> None:
    """Print a row for each setting."""
    parser = argparse.ArgumentParser(description="Coverage of intervals of rare labels.")
    parser.add_argument("--draws", type=int, default=40)
    draws = parser.parse_args().draws
    for num_images, num_labels, separation, cut in SETTINGS:
        generator, held = np.random.default_rng(0), []
        recall, alarm = norm.sf(cut - separation), norm.sf(cut) * (1 - SHARE) / SHARE
        truth = 2 * recall / (1 + recall + alarm)
        for seed in range(draws):
            targets = (generator.random((num_images, num_labels)) < SHARE).astype(np.int8)
            predicted = generator.normal(size=targets.shape) + separation * targets >= cut

            def figures(weights, predicted=predicted, targets=targets):
                counts = count_labels(predicted, targets, weights)
                return {"CF1": counts.cf1, "macro_F1": counts.macro_f1}

            plain = bootstrap_weights(figures, num_images, num_samples=100, seed=seed)
            values = figures(np.ones(num_images))
            entries = {
                name: {"value": float(values[name]), "low": found.low, "high": found.high}
                for name, found in plain.items()
            }
            counts = count_labels(predicted, targets)
            known = np.full(num_labels, num_images)
            mended = label_mean_intervals(counts, known, entries)
            ends = [*entries.values(), *(mended[name] for name in entries)]
            held.append([each["low"] <= truth <= each["high"] for each in ends])
        before_cf1, before_f1, cf1, f1 = np.mean(held, axis=0)
        print(
            f"{num_images} images, {num_labels} labels, separation {separation}, cut {cut}: CF1 "
            f"{before_cf1:.2f} → {cf1:.2f}, macro-F1 {before_f1:.2f} → {f1:.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
