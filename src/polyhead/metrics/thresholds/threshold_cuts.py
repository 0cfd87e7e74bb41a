"""Where to cut a ranking: the best threshold of one label, of all pooled, of example-F1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

# Above every probability in float32: the label is never predicted.
NEVER = float(np.nextafter(np.float32(1), np.float32(2)))

Merit = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def best_cut(probabilities: np.ndarray, yes: np.ndarray, merit: Merit) -> float:
    """The threshold of the greatest merit, the highest such.

    It lies midway between two neighbouring distinct probabilities, or midway to 0.

    Args:
        probabilities: (n,) float32 in [0, 1].
        yes: (n,) in [0, 1], how far each counts as a positive; some above 0.
        merit: From hits, predicted and all positives to what is maximised, −∞ where out of bounds.

    Returns:
        A float32 value; `NEVER` where no cut is within bounds.
    """
    order = np.argsort(-probabilities, kind="stable")
    return best_ranked_cut(probabilities[order], yes[order], merit)


def best_ranked_cut(ranked: np.ndarray, yes: np.ndarray, merit: Merit) -> float:
    """As `best_cut`, of (n,) probabilities that fall already."""
    ends = tie_ends(ranked)
    hits = np.cumsum(yes)
    merits = merit(hits[ends], ends + 1.0, hits[-1])
    best = int(np.argmax(merits))
    return NEVER if merits[best] == -np.inf else cut_below(ranked, ends[best])


def best_binary_cut(found: np.ndarray, others: np.ndarray, merit: Merit) -> float:
    """As `best_cut`, several times faster where each cell is a yes or a no.

    The best cut ends at a positive, and bare probabilities are quicker to sort than places.

    Args:
        found: (n₊,) float32 probabilities of the positives; one at least.
        others: (n₋,) of the negatives.
        merit: As of `best_cut`.
    """
    found, others = np.sort(found), np.sort(others)
    tops = np.unique(found)[::-1]
    above = np.searchsorted(found, tops), np.searchsorted(others, tops)
    hits = (len(found) - above[0]).astype(np.float64)
    merits = merit(hits, hits + len(others) - above[1], np.array(float(len(found))))
    best = int(np.argmax(merits))
    if merits[best] == -np.inf:
        return NEVER
    next_ones = [cells[: end[best]][-1:] for cells, end in zip((found, others), above, strict=True)]
    lower = max((float(cell) for cells in next_ones for cell in cells), default=0.0)
    return _between(float(tops[best]), lower)


def best_example_f1_cut(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """The one threshold that maximises the mean over images of 2|y ∩ ŷ| / (|y| + |ŷ|).

    Only known cells count; an image where nothing is true and nothing predicted is right (1).
    Giving one more cell changes the F1 of one image alone: the gains are summed down the ranking.
    Where every sum is a loss, as on images that mostly have no label, the threshold lies midway
    from the highest probability to 1, and is `NEVER` where that probability is 1.

    Args:
        probabilities: (N, L) float32; something is known.
        targets: (N, L) 1 yes, 0 no, -1 unknown.
    """
    unknown_last = np.where(targets >= 0, -probabilities, 2)
    places = np.argsort(unknown_last, axis=1, kind="stable")
    ordered = np.take_along_axis(targets, places, axis=1)
    hits = np.cumsum(ordered == 1, axis=1)
    f1 = 2 * hits / (np.arange(1, targets.shape[1] + 1) + hits[:, -1:])
    gains = np.diff(f1, axis=1, prepend=(hits[:, -1:] == 0).astype(np.float64))[ordered >= 0]
    scores = np.take_along_axis(probabilities, places, axis=1)[ordered >= 0]
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    ends = tie_ends(ranked)
    totals = np.cumsum(gains[order])[ends]
    best = int(np.argmax(totals))
    if totals[best] < 0:
        return _between(1.0, float(ranked[0])) if ranked[0] < 1 else NEVER
    return cut_below(ranked, ends[best])


def tie_ends(ranked: np.ndarray) -> np.ndarray:
    """Places of (n,) falling probabilities after which a lower one follows, or none."""
    return np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))


def cut_below(ranked: np.ndarray, place: int | np.integer) -> float:
    """A threshold that selects the ranks up to a place, and none after it."""
    lower = float(ranked[place + 1]) if place + 1 < len(ranked) else 0.0
    return _between(float(ranked[place]), lower)


def _between(upper: float, lower: float) -> float:
    """Midway between two probabilities of float32, as float32."""
    middle = float(np.float32((upper + lower) / 2))
    # Between two neighbouring floats there is none: the upper one still separates.
    return middle if middle > lower else upper
