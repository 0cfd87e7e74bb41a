"""Log loss and ECE of tags before and after each form of calibration, by number of images.

    OMP_NUM_THREADS=1 python benchmarks/calibration.py [--draws 5]

80 labels, prevalence .4 to .004. Worlds: `calibrated`; `over-confident`, log-odds 2.5 times too
large, a little different label by label; `no link`, scores of a loss that only ranks. Excess: log
loss on 4,000 fresh images less that of the truth, in 1e-4 nats a cell, mean over draws. `chosen`
is what `choose_calibration` takes.
"""

from __future__ import annotations

import argparse
from collections import defaultdict

import numpy as np
from scipy.special import expit, logit

from polyhead.metrics import choose_calibration, expected_calibration_error, fit_calibration

NUM_LABELS, NUM_FRESH = 80, 4000
SIZES = (100, 500, 2000, 5000)
# Centre of scale and shift, and their spread over labels.
WORLDS = {
    "calibrated": (1.0, 0.0, 0.0, 0.0),
    "over-confident": (2.5, 0.0, 0.15, 0.3),
    "no link": (0.4, 1.5, 0.3, 0.8),
}


def images(world: str, generator: np.random.Generator, num: int) -> tuple[np.ndarray, ...]:
    """Scores, truth and true log-odds; the labels of a world are the same in every draw."""
    scale, shift, scale_spread, shift_spread = WORLDS[world]
    fixed = np.random.default_rng(0)
    level = 1.3 * logit(np.geomspace(0.4, 0.004, NUM_LABELS))
    spread = fixed.uniform(1, 3, NUM_LABELS)
    log_odds = level + spread * generator.normal(size=(num, NUM_LABELS))
    truth = (generator.random(log_odds.shape) < expit(log_odds)).astype(np.int8)
    scales = scale * np.exp(scale_spread * fixed.normal(size=NUM_LABELS))
    shifts = shift + shift_spread * fixed.normal(size=NUM_LABELS)
    return scales * log_odds + shifts, truth, log_odds


def log_loss(log_odds: np.ndarray, truth: np.ndarray) -> float:
    """Mean over cells, in nats."""
    return float(np.logaddexp(0, np.where(truth == 1, -log_odds, log_odds)).mean())


def main() -> None:
    """Print a row for each world and number of images."""
    parser = argparse.ArgumentParser(description="What calibration gains.")
    parser.add_argument("--draws", type=int, default=5)
    draws = parser.parse_args().draws
    for world in WORLDS:
        scores, truth, exact = images(world, np.random.default_rng(1), NUM_FRESH)
        for num in SIZES:
            figures = defaultdict(list)
            for draw in range(draws):
                seen, labels, _ = images(world, np.random.default_rng([2, draw]), num)
                fitted = {
                    form: fit_calibration(seen, labels, form=form)
                    for form in ("none", "temperature", "pooled", "affine")
                }
                fitted["chosen"] = choose_calibration(seen, labels, world != "no link")
                for name, calibration in fitted.items():
                    found = calibration.log_odds(scores)
                    excess = log_loss(found, truth) - log_loss(exact, truth)
                    error = expected_calibration_error(expit(found), truth)
                    figures[name].append((1e4 * excess, error))
            text = "  ".join(
                "{} {:.1f} (ECE {:.4f})".format(name, *np.mean(rows, axis=0))
                for name, rows in figures.items()
            )
            print(f"{world:14s} n {num:4d}: {text}", flush=True)


if __name__ == "__main__":
    main()
