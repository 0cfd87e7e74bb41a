"""The base classes of the predictions of all task types."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from PIL import Image

from polyhead.predictions.drawing.palette import Paint
from polyhead.predictions.drawing.section import Section


class TaskPrediction(ABC):
    """The answer of one task about one image.

    Attributes:
        type: The task type, as the YAML names it.
    """

    type: ClassVar[str]

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The JSON object of this answer; its `type` is the task type."""

    @abstractmethod
    def __str__(self) -> str:
        """The answer in a few words, as a terminal shows it."""

    @abstractmethod
    def section(self, paints: Mapping[str, Paint]) -> Section:
        """The entry of the panel beside the image.

        Args:
            paints: Class name to paint, of the classes that are drawn on the image.
        """

    def cells(self) -> Sequence[str]:
        """The answer as cells of a spreadsheet, under the columns that the task states."""
        return [str(self)]

    def object_rows(self) -> Iterator[tuple[str, float, Sequence[float]]]:
        """Label, score and box (x_min, y_min, x_max, y_max in pixels) of each object found."""
        yield from ()


class SpatialPrediction(TaskPrediction):
    """An answer with places in the image, which is drawn on the image."""

    @abstractmethod
    def drawn_classes(self) -> Sequence[str]:
        """The classes that need a paint, in the same order for every image."""

    @abstractmethod
    def draw_on(
        self, image: Image.Image, size: tuple[int, int], paints: Mapping[str, Paint]
    ) -> Image.Image:
        """The image with the answer on it.

        Args:
            image: RGB, at the size it is shown.
            size: Width and height of the displayed image, which the answer refers to.
            paints: Class name to paint.
        """
