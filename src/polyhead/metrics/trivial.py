"""Trivial answers, which ignore the image, and how far a figure is above theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

TRIVIAL = {
    "chance": "a random ranking",
    "majority": "always the commonest class",
    "mean": "always the mean",
    "median": "always the middle grade",
}
NEAR = 0.1  # of the way from the trivial answer to a perfect one
NO_TWIN = "AP"  # of boxes: their trivial answer is no box, and scores 0
NOTHING_FOUND = 0.01  # AP


@dataclass(frozen=True)
class Comparison:
    """A task's leading figure beside that of its trivial answer.

    Attributes:
        figure: Its name, such as `mAP`.
        value: Of the model.
        trivial: Of the answer that needs no image.
        answer: What that answer is, in words.
    """

    figure: str
    value: float
    trivial: float
    answer: str

    @property
    def is_near(self) -> bool:
        """Whether the model is hardly better than the trivial answer."""
        if self.figure == NO_TWIN:
            return self.value < NOTHING_FOUND
        return self.gained < NEAR

    @property
    def gained(self) -> float:
        """(v − t) / (1 − t), of errors (t − v) / t: 0 at the trivial answer, 1 when perfect."""
        if self.figure == "MAE":
            return 1 - self.value / self.trivial
        return (self.value - self.trivial) / (1 - self.trivial) if self.trivial < 1 else 1.0

    def __str__(self) -> str:
        if self.figure == NO_TWIN:
            return f"finds next to nothing ({self.figure} {self.value:.3f})"
        how = "worse than" if self.gained < 0 else "hardly better than"
        return f"{how} {self.answer} ({self.figure} {self.value:.3f} against {self.trivial:.3f})"


def trivial_twins(figures: Iterable[str]) -> dict[str, str]:
    """Figure to the name of the same figure of an answer that needs no look at the image.

    >>> trivial_twins(["mAP", "mAP_chance", "CF1"])
    {'mAP': 'mAP_chance'}
    """
    figures = list(figures)
    names = {f"{figure}_{kind}": figure for figure in figures for kind in TRIVIAL}
    return {names[name]: name for name in figures if name in names}


def compare_to_trivial(metrics: Mapping[str, float | None]) -> Comparison | None:
    """The leading figure beside its trivial twin.

    Args:
        metrics: Figures of one task by name, the leading one first.

    Returns:
        None where either is undefined.
    """
    figure = next(iter(metrics), "")
    twin = trivial_twins(metrics).get(figure)
    value = metrics.get(figure)
    trivial = 0.0 if figure == NO_TWIN else metrics.get(twin or "")
    if value is None or trivial is None or (figure == "MAE" and trivial == 0):
        return None
    return Comparison(figure, value, trivial, TRIVIAL[twin.split("_")[-1]] if twin else "no box")
