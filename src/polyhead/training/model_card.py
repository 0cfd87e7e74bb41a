"""The run's README.md: what the model answers, and where it comes from."""

from __future__ import annotations

from polyhead.config import Config
from polyhead.preparation import Prepared
from polyhead.runtime.run_folder import RunFolder
from polyhead.version import __version__


def model_card(run: RunFolder, config: Config, prepared: Prepared) -> str:
    """Markdown text."""
    height, width = config.model.image_size
    rows = [
        f"| {name} | {task.type} | {len(task.classes)} | {_shown(task.classes)} |"
        for name, task in prepared.tasks.items()
    ]
    parts = ", ".join(f"{len(prepared.rows(part))} {part}" for part in ("train", "val", "test"))
    origin = "ImageNet-1k weights" if config.model.pretrained else "random weights"
    return "\n".join(
        [
            f"# {run.path.name}",
            "",
            f"A polyhead {__version__} model: one backbone, {len(rows)} heads, one pass.",
            "",
            "| task | type | classes | names |",
            "|---|---|---|---|",
            *rows,
            "",
            f"- Backbone: `{config.model.backbone}`, started from {origin}.",
            f"- Pictures: {parts}; stretched to {width}×{height} pixels (width × height).",
            f"- Labels: `{config.data.annotations.name}`; empty cells were unknown, not negative.",
            "- Thresholds were fitted on the validation part only; see `classes.json`.",
            "- Figures on the test part: `evaluation.json`, written by `polyhead evaluate`.",
            "",
            "```",
            f"polyhead predict {run.path} photo.jpg",
            "```",
            "",
        ]
    )


def _shown(classes: tuple[str, ...]) -> str:
    names = ", ".join(name.replace("|", "\\|").replace("\n", " ") for name in classes[:12])
    return names + (" …" if len(classes) > 12 else "")
