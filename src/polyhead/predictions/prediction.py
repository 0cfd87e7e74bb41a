"""All predictions for one image: the object of `predict`, of `--json` and of HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from polyhead.errors import ConfigError, PolyheadError, nearest
from polyhead.files import explained
from polyhead.predictions.drawing import draw
from polyhead.predictions.task_prediction import TaskPrediction
from polyhead.table.deep_pixels import NO_RANGES, PixelRanges
from polyhead.table.table import IMAGE_SUFFIXES


@dataclass(frozen=True)
class Prediction(Mapping[str, TaskPrediction]):
    """Every answer about one image: a mapping from task name to its prediction.

    Attributes:
        image: The file name as the caller wrote it, or a substitute such as `array-0`.
        width: Pixels of the displayed image (after EXIF); 0 when it cannot be read.
        height: Likewise.
        tasks: Task name to prediction; empty when it cannot be read.
        error: Code and message when the image cannot be read, else None.
        source: What to draw on: a path, or the image itself.
        ranges: What is black and white in it where it holds more than 8 bits a channel.
        warnings: Code and message of what makes the answer doubtful, such as `W_PIXEL_RANGE`.
    """

    image: str
    width: int
    height: int
    tasks: Mapping[str, TaskPrediction]
    error: Mapping[str, str] | None = None
    source: Any = field(default=None, repr=False, compare=False)
    ranges: PixelRanges = field(default=NO_RANGES, repr=False, compare=False)
    warnings: tuple[Mapping[str, str], ...] = ()

    def __getitem__(self, task: str) -> TaskPrediction:
        if self.error is not None:
            raise PolyheadError(f"{self.image}: {self.error['message']}", code=self.error["code"])
        if task not in self.tasks:
            raise KeyError(f'there is no task "{task}". {nearest(task, self.tasks)}')
        return self.tasks[task]

    def __iter__(self) -> Iterator[str]:
        return iter(self.tasks)

    def __len__(self) -> int:
        return len(self.tasks)

    def __str__(self) -> str:
        if self.error is not None:
            return f"{self.image}: {self.error['code']}: {self.error['message']}"
        return f"{self.image}  {'; '.join(f'{name}: {task}' for name, task in self.items())}"

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of this image."""
        if self.error is not None:
            return {"image": self.image, "error": dict(self.error)}
        tasks = {name: prediction.to_dict() for name, prediction in self.tasks.items()}
        found = {"image": self.image, "width": self.width, "height": self.height, "tasks": tasks}
        return found | (
            {"warnings": [dict(each) for each in self.warnings]} if self.warnings else {}
        )

    def plot(self) -> Image.Image:
        """Draw every answer beside the image.

        Raises:
            PolyheadError: The image could not be read, or none is attached.
        """
        if self.error is not None:
            raise PolyheadError(f"{self.image}: {self.error['message']}", code=self.error["code"])
        return draw(self.source, self.image, (self.width, self.height), self.tasks, self.ranges)

    def save(self, path: str | Path) -> None:
        """Save the drawing of `plot` as an image file.

        Raises:
            ConfigError: The suffix is of no image format.
            PolyheadError: The image could not be read (its code), or `E_WRITE`.
        """
        path = Path(path)
        if Image.registered_extensions().get(path.suffix.lower()) not in Image.SAVE:
            expected = ", ".join(IMAGE_SUFFIXES)
            raise ConfigError(f'{path} ends in "{path.suffix}"; expected such as {expected}.')
        drawing = self.plot()
        with explained("write", path):
            drawing.save(path)
