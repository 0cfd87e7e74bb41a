"""The run's README.md: what the model answers, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping

from polyhead.config import Config
from polyhead.preparation import Prepared
from polyhead.runtime.run_folder import RunFolder
from polyhead.tasks import TaskDecider, TaskEncoder
from polyhead.version import __version__


def model_card(
    run: RunFolder,
    config: Config,
    prepared: Prepared,
    fitted: Mapping[str, TaskDecider],
    origin: str | None = None,
) -> str:
    """Markdown text.

    Args:
        run: The folder of the model.
        config: It was trained by.
        prepared: What it was trained on.
        fitted: The deciders.
        origin: Name of the run whose weights it started from, if any.
    """
    height, width = config.model.image_size
    rows = [_row(name, task) for name, task in prepared.tasks.items()]
    parts = ", ".join(f"{len(prepared.rows(part))} {part}" for part in ("train", "val", "test"))
    labels = ", ".join(f"`{source.path.name}`" for source in config.data.sources())
    start = "ImageNet-1k weights" if config.model.pretrained else "random weights"
    start = f"the weights of the run {origin}" if origin else start
    return "\n".join(
        [
            f"# {run.path.name}",
            "",
            f"A polyhead {__version__} model: one backbone, {len(rows)} heads, one pass.",
            "",
            "| task | type | classes | answers |",
            "|---|---|---|---|",
            *rows,
            "",
            f"- Backbone: `{config.model.backbone}`, started from {start}.",
            f"- Images: {parts}; stretched to {width}×{height} pixels (width × height).",
            *_ranges(config),
            f"- Labels: {labels}; what nobody annotated was unknown, not negative.",
            *_figure_files(fitted),
            "",
            "How to read the answers:",
            "",
            *_readings(fitted),
            *(line for task in fitted.values() for line in task.notes()),
            "",
            "```",
            f"polyhead predict {run.path} photo.jpg",
            "```",
            "",
        ]
    )


def _row(name: str, task: TaskEncoder) -> str:
    answers = task.config.answers()
    classes = str(len(task.classes)) if task.classes else "–"
    return f"| {name} | {task.type} | {classes} | {answers or _shown(task.classes)} |"


def _ranges(config: Config) -> list[str]:
    """The range from black to white of images with more than 8 bits a channel."""
    ranges = {"pixel_range": config.data.pixel_range, "float_range": config.data.float_range}
    return [
        f"- Images with more than 8 bits a channel: {limits[0]:.10g} is black and "
        f"{limits[1]:.10g} white (`data.{key}`), here and in prediction."
        for key, limits in ranges.items()
        if limits is not None
    ]


def _figure_files(tasks: Mapping[str, TaskDecider]) -> list[str]:
    """A pointer to the figures of the evaluated run."""
    lines = ["- Figures on the test part: `evaluation.json`, written by `polyhead evaluate`."]
    files = [f"`predictions/{name}.coco.json`" for name, task in tasks.items() if task.has_objects]
    if files:
        lines.append(f"- Every box it judged, of any score, as COCO results: {', '.join(files)}.")
    return lines


def _readings(tasks: Mapping[str, TaskDecider]) -> list[str]:
    """One line a task type that the model has."""
    readings = {task.type: task.reading for task in tasks.values()}
    return [f"- {kind}: {reading}" for kind, reading in readings.items()]


def _shown(classes: tuple[str, ...]) -> str:
    names = ", ".join(name.replace("|", "\\|").replace("\n", " ") for name in classes[:12])
    return names + (" …" if len(classes) > 12 else "")
