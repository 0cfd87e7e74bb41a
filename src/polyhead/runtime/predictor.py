"""Predictions for images, by any engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import numpy as np

from polyhead.data import Decoded
from polyhead.data.depth import range_doubt
from polyhead.errors import ImageError
from polyhead.predictions import Prediction
from polyhead.runtime.evidence import conditioned
from polyhead.runtime.sources import NamedImage, PredictionSource, expand
from polyhead.table.deep_pixels import NO_RANGES, PixelRanges
from polyhead.tasks import TaskDecider

Engine = Callable[[np.ndarray], Mapping[str, Mapping[str, np.ndarray]]]

DECODERS = 2


class Predictor:
    """Answers every task for any number of images.

    Args:
        engine: (B, H, W, 3) uint8 -> task name to dense arrays.
        tasks: Task name to decider, which selects predictions from dense arrays.
        image_size: Height and width that the engine takes.
        ranges: Black and white of images with more than 8 bits a channel, as in training.
    """

    def __init__(
        self,
        engine: Engine,
        tasks: Mapping[str, TaskDecider],
        image_size: tuple[int, int],
        ranges: PixelRanges | None = None,
    ) -> None:
        self._engine, self.tasks, self.image_size = engine, dict(tasks), image_size
        self.ranges = ranges or NO_RANGES

    def predict(
        self,
        sources: PredictionSource | Iterable[PredictionSource],
        *,
        batch_size: int = 32,
        given: Mapping[str, bool] | None = None,
    ) -> Prediction | list[Prediction]:
        """Predict one image or many.

        An image that cannot be read gets an answer with `error`; it never loses the others.

        Args:
            sources: A file, folder, glob, Pillow image, (H, W, 3) or (H, W) uint8 array, the
                bytes of a file, an open binary file, or any iterable of them.
            batch_size: Images per pass.
            given: Evidence on every image: label, or `task/label`, to whether it holds.

        Returns:
            One prediction for one image, a list in order for anything else.

        Raises:
            ConfigError: No folder or glob holds an image and nothing else was named; or the
                evidence is no label, or breaks a rule.
        """
        images, single = expand(sources)
        answers = list(self.stream(images, batch_size=batch_size, given=given))
        return answers[0] if single else answers

    def stream(
        self,
        images: Sequence[NamedImage],
        *,
        batch_size: int = 32,
        given: Mapping[str, bool] | None = None,
    ) -> Iterator[Prediction]:
        """Yield predictions in order; the next batch is decoded in the background.

        Args:
            images: List of `polyhead.runtime.sources.expand`.
            batch_size: Images per pass.
            given: Evidence, as in `predict`.
        """
        tasks = conditioned(self.tasks, given or {})
        with ThreadPoolExecutor(DECODERS) as pool:
            waiting = iter(images)
            ahead = [(p, pool.submit(self._load, p)) for p in islice(waiting, batch_size)]
            while ahead:
                current = ahead
                ahead = [(p, pool.submit(self._load, p)) for p in islice(waiting, batch_size)]
                loaded = [(p, future.result()) for p, future in current]
                yield from self._answer(tasks, loaded)

    def _load(self, image: NamedImage) -> Decoded | ImageError:
        try:
            return image.load(self.image_size, self.ranges)
        except ImageError as error:
            return error

    def _answer(
        self,
        tasks: Mapping[str, TaskDecider],
        loaded: Sequence[tuple[NamedImage, Decoded | ImageError]],
    ) -> Iterator[Prediction]:
        good = [d for _, d in loaded if isinstance(d, Decoded)]
        answers: dict[str, Sequence[Any]] = {}
        if good:
            dense = self._engine(np.stack([d.image for d in good]))
            sizes = np.array([[d.height, d.width] for d in good])
            answers = {name: task.select(dense[name], sizes) for name, task in tasks.items()}
        place = 0
        for image, outcome in loaded:
            if isinstance(outcome, ImageError):
                message = outcome.message.removeprefix(f"{image.source}: ")
                error = {"code": outcome.code, "message": message}
                yield Prediction(image.name, 0, 0, {}, error)
                continue
            found = {name: answers[name][place] for name in tasks}
            place += 1
            yield Prediction(
                image.name,
                outcome.width,
                outcome.height,
                found,
                source=image.source,
                ranges=self.ranges,
                warnings=_warnings(outcome, self.ranges),
            )


def _warnings(decoded: Decoded, ranges: PixelRanges) -> tuple[dict[str, str], ...]:
    """Warnings on how the image was read."""
    doubt = range_doubt(decoded.span, ranges)
    return ({"code": "W_PIXEL_RANGE", "message": doubt},) if doubt else ()
