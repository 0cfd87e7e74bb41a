"""The run's README.md: what the model answers, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping

from polyhead.config import Config
from polyhead.preparation import Prepared
from polyhead.report.tag_notes import tag_notes
from polyhead.runtime.run_folder import RunFolder
from polyhead.tasks import NumberTask, Task
from polyhead.version import __version__

KINDS = {"poisson": "an expected count", "normal": "a number and its 80 % interval"}
READING = {
    "tags": (
        "labels, and the probability of each. The calibration of the probabilities and the "
        "thresholds in `classes.json` were fitted on the validation part only."
    ),
    "class": (
        "the likeliest class, and the probability of each, whose temperature was fitted on the "
        "validation part only."
    ),
    "boxes": (
        "x_min, y_min, x_max, y_max in pixels of the displayed picture, with a label and a score. "
        "Boxes below the score of their class in `classes.json` are not shown; those scores were "
        "fitted for F1 at IoU 0.5 on the validation part only."
    ),
    "mask": (
        "the likeliest class of every pixel of the displayed picture, decided on a coarser grid of "
        "the stretched picture (a quarter of its sides with most backbones) and enlarged: what is "
        "thinner than a cell of that grid may be lost."
    ),
    "number": "in the unit of the labels.",
}


def model_card(
    run: RunFolder,
    config: Config,
    prepared: Prepared,
    fitted: Mapping[str, Task],
    origin: str | None = None,
) -> str:
    """Markdown text.

    Args:
        run: Where the model stands.
        config: It was trained by.
        prepared: What it was trained on.
        fitted: The tasks with their decision rules.
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
            f"- Pictures: {parts}; stretched to {width}×{height} pixels (width × height).",
            *_ranges(config),
            f"- Labels: {labels}; what nobody annotated was unknown, not negative.",
            *_figure_files(prepared.tasks),
            "",
            "How to read the answers:",
            "",
            *_readings(prepared.tasks),
            *tag_notes(fitted),
            "",
            "```",
            f"polyhead predict {run.path} photo.jpg",
            "```",
            "",
        ]
    )


def _row(name: str, task: Task) -> str:
    if isinstance(task, NumberTask):
        return f"| {name} | {task.type} | – | {_amounts(task)} |"
    return f"| {name} | {task.type} | {len(task.classes)} | {_shown(task.classes)} |"


def _ranges(config: Config) -> list[str]:
    """What becomes black and white where a picture holds more than 8 bits a channel."""
    ranges = {"pixel_range": config.data.pixel_range, "float_range": config.data.float_range}
    return [
        f"- Pictures with more than 8 bits a channel: {limits[0]:.10g} is black and "
        f"{limits[1]:.10g} white (`data.{key}`), here and in prediction."
        for key, limits in ranges.items()
        if limits is not None
    ]


def _figure_files(tasks: Mapping[str, Task]) -> list[str]:
    """Where the figures stand once the run was evaluated."""
    lines = ["- Figures on the test part: `evaluation.json`, written by `polyhead evaluate`."]
    files = [f"`predictions/{name}.coco.json`" for name in tasks if tasks[name].type == "boxes"]
    if files:
        lines.append(f"- Every box it judged, of any score, as COCO results: {', '.join(files)}.")
    return lines


def _readings(tasks: Mapping[str, Task]) -> list[str]:
    """One line a task type that the model has."""
    types = dict.fromkeys(task.type for task in tasks.values())
    return [f"- {kind}: {READING[kind]}" for kind in types]


def _amounts(task: NumberTask) -> str:
    distribution = task.config.loss.name if task.config else ""
    kind = KINDS.get(distribution, "a number")
    return kind if task.range is None else f"{kind} from {task.range[0]:g} to {task.range[1]:g}"


def _shown(classes: tuple[str, ...]) -> str:
    names = ", ".join(name.replace("|", "\\|").replace("\n", " ") for name in classes[:12])
    return names + (" …" if len(classes) > 12 else "")
