"""What fitted thresholds lose on fresh images against the best ones that could be.

    OMP_NUM_THREADS=1 python benchmarks/thresholds.py [--draws 20] [--seconds 50] [--worlds …]
    OMP_NUM_THREADS=1 python benchmarks/thresholds.py --bounds precision>=0.8 mean_precision>=0.8 …

80 labels, prevalence .4 to .004, log-odds normal with a spread of 1.5 to 4. Regret: macro-F1 of the
thresholds fitted on 5,000 images, less that of thresholds fitted on n others, both on the
5,000; in points, mean over draws with its standard error. Then the share of the labels with a yes
whose 95 % interval holds the threshold that is best for the population. Worlds: `calibrated`
probabilities; `distorted`, log-odds scaled and shifted label by label; `bent`, distorted and then
z|z|^.3, which no scale and shift mends. `shrunk` is polyhead's default; `mixed` is
w t_c + (1 − w) t_global with w = n₊ / (n₊ + 10). Draws end when the seconds of processor time are
up. With `--bounds`: of the labels that a threshold with a bound neither never nor always gives, the
share that misses the bound in the population, and the mean recall or, for a recall, the mean
precision of all labels there.
"""

from __future__ import annotations

import argparse
import itertools
import time

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm

from polyhead.metrics import count_labels, parse_thresholds
from polyhead.metrics.thresholds.thresholds import best_f1_threshold, fit_thresholds

NUM_LABELS, NUM_FRESH = 80, 5000
SIZES = (100, 200, 500, 1000, 2000, 5000)
FIXED = np.random.default_rng(0)
LEVELS = 1.6 * logit(np.geomspace(0.4, 0.004, NUM_LABELS))
SPREADS = FIXED.uniform(1.5, 4, NUM_LABELS)
SCALES, SHIFTS = np.exp(FIXED.normal(0, 0.3, NUM_LABELS)), FIXED.normal(-0.8, 0.7, NUM_LABELS)
Drawn = tuple[np.ndarray, np.ndarray]


def told(world: str, log_odds: np.ndarray) -> np.ndarray:
    """(…, L) log-odds as a world distorts them."""
    if world != "calibrated":
        log_odds = SCALES * log_odds + SHIFTS
    return log_odds * np.abs(log_odds) ** 0.3 if world == "bent" else log_odds


def images(world: str, generator: np.random.Generator, num: int) -> Drawn:
    """Probabilities and truth of images; the labels of a world are the same in every draw."""
    log_odds = LEVELS + SPREADS * generator.normal(size=(num, NUM_LABELS))
    truth = (generator.random(log_odds.shape) < expit(log_odds)).astype(np.int8)
    return expit(told(world, log_odds)).astype(np.float32), truth


def population_best(world: str) -> np.ndarray:
    """(L,) thresholds of the highest F1 where the distribution itself is known."""
    grid = np.linspace(5, -5, 40_001)
    weights = norm.pdf(grid) / norm.pdf(grid).sum()
    log_odds = LEVELS + SPREADS * grid[:, None]
    hits = np.cumsum(weights[:, None] * expit(log_odds), axis=0)
    f1 = 2 * hits / (np.cumsum(weights)[:, None] + hits[-1])
    return expit(told(world, log_odds[f1.argmax(axis=0), np.arange(NUM_LABELS)]))


class Population:
    """Precision and recall of any thresholds where the distribution itself is known."""

    def __init__(self, world: str) -> None:
        grid = np.linspace(8, -8, 80_001)
        weights = norm.pdf(grid)[:, None] / norm.pdf(grid).sum()
        log_odds = LEVELS + SPREADS * grid[:, None]
        hits = np.cumsum(weights * expit(log_odds), axis=0)
        self._probabilities = expit(told(world, log_odds))
        self._curves = {"precision": hits / np.cumsum(weights)[:, None], "recall": hits / hits[-1]}

    def shares(self, kind: str, thresholds: np.ndarray) -> np.ndarray:
        """(L,) of one kind; 0 of a label that is never given."""
        columns = zip(self._probabilities.T, self._curves[kind].T, thresholds, strict=True)
        found = [(np.searchsorted(-told_, -cut, "right"), curve) for told_, curve, cut in columns]
        return np.array([curve[place - 1] if place else 0.0 for place, curve in found])


def print_bounds(world: str, num: int, bounds: list[str], draws: int) -> None:
    """How many labels miss each bound in the population."""
    population = Population(world)
    for name in bounds:
        objective, missed, others = parse_thresholds(name)[0], [], []
        kind, other = ("recall", "precision") if objective.is_recall else ("precision", "recall")
        for draw in range(draws):
            fitted = fit_thresholds(*images(world, np.random.default_rng([2, draw]), num), name)
            limited = ~fitted.unreachable & ~fitted.unlimited
            found = population.shares(kind, fitted.values)
            missed.append(np.where(limited, found < objective.bound, np.nan))
            others.append(population.shares(other, fitted.values))
        print(
            f"{world:10s} n {num:5d}, {draws} draws: {name}: {np.nanmean(missed):.3f} of the "
            f"labels miss it, {np.isfinite(missed).mean():.2f} have such a threshold; mean {other} "
            f"{np.mean(others):.3f}",
            flush=True,
        )


def own(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The best cut of each label by itself."""
    columns = zip(probabilities.T, truth.T == 1, strict=True)
    return np.array([best_f1_threshold(*column) for column in columns])


def macro_f1(drawn: Drawn, thresholds: np.ndarray) -> float:
    """Macro-F1 of a set of thresholds."""
    probabilities, truth = drawn
    return float(count_labels(probabilities >= thresholds.astype(np.float32), truth).macro_f1)


def fits(probabilities: np.ndarray, truth: np.ndarray, shrunk: np.ndarray) -> dict[str, np.ndarray]:
    """Thresholds by every way of sharing; those of polyhead are given."""
    shared = best_f1_threshold(probabilities.ravel(), truth.ravel() == 1)
    alone = own(probabilities, truth)
    positives = truth.sum(axis=0)
    weight = positives / (positives + 10)
    return {
        "0.5": np.full(NUM_LABELS, 0.5),
        "global": np.full(NUM_LABELS, shared),
        "class": alone,
        "mixed": weight * alone + (1 - weight) * shared,
        "shrunk": shrunk,
    }


def main() -> None:
    """Print a row for each world and number of images."""
    parser = argparse.ArgumentParser(description="Regret of fitted thresholds.")
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=50)
    parser.add_argument("--worlds", nargs="+", default=["calibrated"])
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES)
    parser.add_argument("--bounds", nargs="+", default=[])
    options = parser.parse_args()
    if options.bounds:
        for world, num in itertools.product(options.worlds, options.sizes):
            print_bounds(world, num, options.bounds, options.draws)
        return
    for world in options.worlds:
        fresh = images(world, np.random.default_rng(1), NUM_FRESH)
        best, exact = macro_f1(fresh, own(*fresh)), population_best(world)
        for num in options.sizes:
            started, seen = time.process_time(), []
            share = options.seconds / (len(options.worlds) * len(options.sizes))
            covered = []
            for draw in range(options.draws):
                drawn = images(world, np.random.default_rng([2, draw]), num)
                fitted = fit_thresholds(*drawn)
                ways = fits(*drawn, fitted.values)
                seen.append({k: 100 * (best - macro_f1(fresh, t)) for k, t in ways.items()})
                is_inside = (fitted.low <= exact) & (exact <= fitted.high)
                covered.append(is_inside[fitted.num_positive > 0].mean())
                if time.process_time() - started > share:
                    break
            columns = {name: np.array([row[name] for row in seen]) for name in seen[0]}
            text = "  ".join(
                f"{name} {column.mean():5.2f} ± {column.std() / np.sqrt(len(column)):.2f}"
                for name, column in columns.items()
            )
            text += f"  intervals hold {np.mean(covered):.3f}"
            print(f"{world:10s} n {num:5d}, {len(seen):2d} draws: {text}", flush=True)


if __name__ == "__main__":
    main()
