"""What does inference in the label field cost, and how near does each way come?

    OMP_NUM_THREADS=1 python benchmarks/field_inference.py [--plot costs.png]

Processor time; the plot needs matplotlib.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from polyhead.field import PairwiseField, Rules
from polyhead.field.belief_propagation import belief_propagation
from polyhead.field.common_causes import CommonCauses
from polyhead.field.components import MAX_PAIRS
from polyhead.field.iterated_modes import iterated_modes
from polyhead.field.min_cut import min_cut
from polyhead.field.mixed_integer import mixed_integer

NO_PAIRS = np.zeros((0, 2), int)
SIZES = (6, 10, 14, 30, 60, 100, 300, 1000)
Curves = dict[str, list[tuple[int, float]]]  # number of labels and cost, of each method
NEIGHBOURS = 6  # of each label, on average, in the plot


def random_field(
    num_labels: int, *, density: float = 1.0, scale: float = 1.0, is_attractive: bool = False
) -> PairwiseField:
    """Normal couplings at a share of the pairs."""
    generator = np.random.default_rng(num_labels)
    weights = generator.normal(0, scale, (num_labels,) * 2)
    weights = np.triu(np.abs(weights) if is_attractive else weights, 1)
    weights *= generator.random(weights.shape) < density
    return PairwiseField(weights + weights.T, np.full(num_labels, 0.3))


def log_odds(field: PairwiseField, num: int, spread: float = 1.5) -> np.ndarray:
    """(num, L) log-odds u of as many images."""
    return np.random.default_rng(1).normal(0, spread, (num, len(field.means)))


def milliseconds(run: Callable[..., object], *given: object, repeats: int = 5) -> float:
    """Processor time, the least of some runs after one to warm up."""
    run(*given)
    times = []
    for _ in range(repeats):
        start = time.process_time()
        run(*given)
        times.append(time.process_time() - start)
    return 1000 * min(times)


def row(what: str, cost: float, quality: str = "exact") -> None:
    """One line of the table."""
    print(f"{what:<70} {cost:>10.2f} ms   {quality}", flush=True)


def exact_costs() -> None:
    """Enumeration."""
    for num_labels in (8, 12, 14):
        field = random_field(num_labels)
        unaries = log_odds(field, 64)
        listed = field._parts[0].enumeration
        assert listed is not None
        row(f"log Z + marginals, L={num_labels}, B=64", milliseconds(listed.sums, unaries))
        row(f"mode, L={num_labels}, B=64", milliseconds(field.mode, unaries))
        row(f"expected F1, L={num_labels}, B=64", milliseconds(field.expected_f, unaries))
    group = PairwiseField.independent(300, Rules(exclusive=(tuple(range(300)),)))
    unaries = log_odds(group, 64)
    cost = milliseconds(group.marginals, unaries)
    row("marginals of one exclusive group of 300, B=64", cost)


def marginal_quality() -> None:
    """Belief propagation against enumeration."""
    field = random_field(12, density=0.4)
    unaries = log_odds(field, 64)
    shifted = unaries - field.couplings @ field.means
    error = np.abs(
        belief_propagation(shifted, field.couplings, field.rules) - field.marginals(unaries)
    )
    cost = milliseconds(belief_propagation, shifted, field.couplings, field.rules)
    quality = f"error mean {error.mean():.4f}, max {error.max():.3f}"
    row("loopy BP, L=12, 40 % of pairs, B=64", cost, quality)


def hidden_causes(num_labels: int, num_causes: int) -> PairwiseField:
    """What is learnt of labels that hidden causes move: F Fᵀ and noise."""
    generator = np.random.default_rng(num_labels)
    factors = generator.normal(0.5, 0.1, (num_labels, 1))
    if num_causes > 1:
        factors = generator.normal(0, 0.6, (num_labels, num_causes))
    noise = np.triu(generator.normal(0, 0.1, (num_labels,) * 2), 1)
    couplings = factors @ factors.T + noise + noise.T
    np.fill_diagonal(couplings, 0)
    return PairwiseField(couplings, np.full(num_labels, 0.4))


def cause_quality() -> None:
    """Marginals of more than 14 labels that hang together: messages, half sets, common causes."""
    for num_labels, num_causes in ((20, 1), (22, 2), (40, 1), (40, 2), (100, 1)):
        field = hidden_causes(num_labels, num_causes)
        unaries = log_odds(field, 64)
        shifted = unaries - field.couplings @ field.means
        found = field.marginals(unaries)
        causes = CommonCauses.of(field.couplings, field.rules)
        assert causes is not None
        ways = {
            "loopy BP": partial(belief_propagation, shifted, field.couplings, field.rules),
            "common causes": partial(causes.marginals, shifted, field.couplings),
        }
        if field.is_exact:
            ways["half sets"] = partial(field.marginals, unaries)
        for way, answer in ways.items():
            error = np.abs(answer() - found)
            to = "exact" if field.is_exact else "causes"
            quality = f"from {to}: mean {error.mean():.4f}, max {error.max():.3f}"
            cost = milliseconds(answer, repeats=1) / 64
            row(f"{way}, L={num_labels}, {num_causes} causes, an image", cost, quality)


def mode_quality() -> None:
    """Each way to a mode against enumeration, L=14 dense, and its cost on large fields."""
    field = random_field(14)
    unaries = log_odds(field, 30)
    shifted, best = unaries - field.couplings @ field.means, field.mode(unaries)
    start = np.zeros(14, bool)
    found = iterated_modes(shifted, field.couplings, field.rules, start)
    cost = milliseconds(iterated_modes, shifted, field.couplings, field.rules, start)
    right = (found == best).all(1).sum()
    row("iterated modes, L=14 dense, B=30", cost, f"the mode of {right}/30")
    field = random_field(14, is_attractive=True, scale=0.6)
    shifted, best = unaries - field.couplings @ field.means, field.mode(unaries)
    found = min_cut(shifted, field.couplings, NO_PAIRS)
    cost = milliseconds(min_cut, shifted, field.couplings, NO_PAIRS) / 30
    right = (found == best).all(1).sum()
    row("min-cut, L=14 dense attractive, an image", cost, f"the mode of {right}/30")
    large_modes()


def large_modes() -> None:
    """Fields that cannot be enumerated."""
    field = random_field(80, is_attractive=True, scale=0.1)
    shifted = log_odds(field, 20) - field.couplings @ field.means
    cost = milliseconds(min_cut, shifted, field.couplings, NO_PAIRS) / 20
    row("min-cut, L=80 dense attractive, an image", cost)
    field = random_field(80, density=0.1)
    shifted = log_odds(field, 10) - field.couplings @ field.means
    exact = [mixed_integer(image, field.couplings, field.rules) for image in shifted]
    row(
        "mixed-integer, L=80, 10 % of pairs, an image",
        milliseconds(mixed_integer, shifted[0], field.couplings, field.rules, repeats=2),
    )
    start = np.zeros(80, bool)
    given = (shifted, field.couplings, field.rules, start)
    gaps = values(shifted, field, np.array(exact)) - values(shifted, field, iterated_modes(*given))
    quality = f"the mode of {(gaps < 1e-6).sum()}/10, gap at most {gaps.max():.2f}"
    cost = milliseconds(iterated_modes, *given) / 10
    row("iterated modes, L=80, 10 % of pairs, an image", cost, quality)


def values(shifted: np.ndarray, field: PairwiseField, states: np.ndarray) -> np.ndarray:
    """(B,) u'·y + ½ yᵀWy."""
    return (states * (shifted + 0.5 * states @ field.couplings)).sum(1)


def growth() -> Curves:
    """Each method over fields of six neighbours a label, an image of 8, where it can be used."""
    curves: Curves = {}
    for num_labels in SIZES:
        density = min(1.0, NEIGHBOURS / num_labels)
        field = random_field(num_labels, density=density, scale=0.7)
        attractive = random_field(num_labels, density=density, scale=0.7, is_attractive=True)
        for method, cost in method_costs(field, attractive).items():
            row(f"{method}, L={num_labels}, six neighbours, an image", cost, "")
            curves.setdefault(method, []).append((num_labels, cost))
    return curves


def method_costs(field: PairwiseField, attractive: PairwiseField) -> dict[str, float]:
    """Milliseconds an image of each method that such a field is solved by."""
    unaries, num_labels = log_odds(field, 8), len(field.means)
    given = unaries - field.couplings @ field.means, field.couplings, field.rules
    cut = unaries - attractive.couplings @ attractive.means, attractive.couplings, NO_PAIRS
    start = np.zeros(num_labels, bool)
    costs = {
        "belief propagation": milliseconds(belief_propagation, *given, repeats=1) / 8,
        "minimum cut (attractive)": milliseconds(min_cut, *cut, repeats=1) / 8,
        "iterated modes": milliseconds(iterated_modes, *given, start, repeats=1) / 8,
    }
    if all(part.enumeration is not None for part in field._parts):
        costs["log Z and marginals, enumerated"] = milliseconds(field.marginals, unaries) / 8
    if np.count_nonzero(field.couplings) <= 2 * MAX_PAIRS:
        costs["mixed-integer (at most 400 pairs)"] = milliseconds(programmes, *given, repeats=1) / 8
    return costs


def programmes(shifted: np.ndarray, couplings: np.ndarray, rules: Rules) -> None:
    """A mixed-integer programme for each image."""
    for image in shifted:
        mixed_integer(image, couplings, rules)


def plot(curves: Curves, path: Path) -> None:
    """Costs over L, both logarithmic."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.2))
    for (method, points), marker in zip(sorted(curves.items()), "osD^v", strict=True):
        axes.loglog(*zip(*points, strict=True), marker=marker, label=method)
    axes.set_xticks(SIZES, [str(size) for size in SIZES], minor=False)
    axes.set_xticks([], minor=True)
    axes.set(
        xlabel="labels, six neighbours each", ylabel="processor time, ms an image", xlim=(5, 1300)
    )
    axes.grid(color="0.9")
    axes.legend(fontsize="small", loc="lower right")
    figure.savefig(path, dpi=90, bbox_inches="tight")
    print(f"wrote {path}")


def main() -> None:
    """Print the table; draw the growth."""
    parser = argparse.ArgumentParser(description="Cost and quality of inference.")
    parser.add_argument("--plot", type=Path, help="PNG file of the costs from 10 to 1,000 labels")
    arguments = parser.parse_args()
    exact_costs()
    marginal_quality()
    cause_quality()
    mode_quality()
    curves = growth()
    if arguments.plot:
        plot(curves, arguments.plot)


if __name__ == "__main__":
    main()
