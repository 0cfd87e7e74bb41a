"""A proposal as a commented YAML file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from polyhead.config import ModelConfig, SplitConfig, TrainConfig
from polyhead.config_guess.comments import comment, sentence
from polyhead.config_guess.image_size import ImageSize
from polyhead.config_guess.proposal import Proposal
from polyhead.config_guess.task_text import offer_lines, task_lines
from polyhead.config_guess.yaml_scalars import inline, scalar
from polyhead.errors import ConfigError
from polyhead.formats import Source
from polyhead.table.split_spellings import part_of

_FORBIDDEN = re.compile(r"[^\w.-]+")
_GENERIC_NAMES = frozenset(
    ("images", "image", "imgs", "img", "jpegimages", "labels", "annotations")
)
_MAX_STEPS = 3


def render_yaml(proposal: Proposal, name: str, folder: Path | None = None) -> str:
    """The config of a proposal, with its reasons as comments.

    Args:
        proposal: Result of `propose`.
        name: Names the run folders; characters that a file name should not have become `-`.
        folder: Where the file will lie, since its paths start there; the working directory when
            None.

    Returns:
        Text that `load_config` reads once it lies in `folder`.
    """
    folder = Path.cwd() if folder is None else folder
    lines = [
        *_head(proposal),
        f"name: {scalar(_FORBIDDEN.sub('-', name).strip('-') or 'run')}",
        "",
        *_data(proposal, folder),
        "",
        "tasks:",
        "  # class: exactly one label an image; tags: any number of labels, each yes or no;",
        "  # number: one amount an image, with distribution: poisson for counts;",
        "  # boxes: labelled boxes around objects; mask: the class of every pixel.",
        "",
    ]
    for decision in proposal.tasks:
        lines += [*task_lines(decision), ""]
    for decision in proposal.offers:
        lines += [*offer_lines(decision), ""]
    lines += [*_others(proposal), *_settings(proposal)]
    return "\n".join(lines) + "\n"


def write_config(path: Path, text: str, *, overwrite: bool = False) -> None:
    """Write a config file.

    Raises:
        ConfigError: `E_EXISTS`: the file exists and `overwrite` is false; or its folder does not
            exist or cannot be written.
    """
    try:
        with path.open("w" if overwrite else "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        message = (
            f"{path} exists and is left as it is; give another name (--out), or --force to "
            "overwrite it."
        )
        raise ConfigError(message, code="E_EXISTS") from None
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}; check folder and permission."
        raise ConfigError(message) from error


def _head(proposal: Proposal) -> Iterator[str]:
    files = ", ".join(source.path.name for source in proposal.sources)
    rows = f"{proposal.num_rows:,} rows"
    if proposal.num_sampled < proposal.num_rows:
        rows += (
            f"; columns with many different cells were judged by {proposal.num_sampled:,} rows "
            "spread evenly over them"
        )
    recipe = f", for the recipe {proposal.recipe.name}" if proposal.recipe else ""
    yield from comment(f"Guessed by `polyhead init` from {files} ({rows}){recipe}.")
    yield "# Read the reason above each task, fix what is wrong, then run `polyhead check` on it."
    yield ""


def _data(proposal: Proposal, folder: Path) -> Iterator[str]:
    yield "data:"
    if proposal.images is not None:
        yield f"  images: {scalar(_relative(proposal.images, folder))}"
    if len(proposal.sources) == 1:
        yield f"  annotations: {scalar(_relative(proposal.sources[0].path, folder))}"
    else:
        yield "  annotations:"
        yield from (
            f"    - {_source(source, proposal.images, folder)}" for source in proposal.sources
        )
    if proposal.image_column is not None:
        yield f"  image_column: {scalar(proposal.image_column)}"
    yield from (f"  {key}: {scalar(text)}" for key, text in proposal.table_keys.items())
    yield from _split(proposal)


def _split(proposal: Proposal) -> Iterator[str]:
    """The source of the split, and the rows that stay together."""
    own, split = proposal.split_column, SplitConfig()
    keys = [] if own is None else [f"column: {scalar(own)}"]
    if proposal.split_problem is not None:
        yield from comment(f"Your own split is not clear: {proposal.split_problem}", "  ")
    elif own is not None:
        yield "  # Your own train, val and test rows; without this line the rows are split again."
    elif proposal.own_split is not None:
        basis = proposal.own_split.basis
        yield from comment(f"Your own train, val and test rows, from {basis}.", "  ")
        yield "  # split: {method: stratified} would split the rows again."
    else:
        yield "  # Rows are shared out: train learns, val chooses the epoch, test is held out."
        if proposal.group_by is None:
            yield f"  # split: {{val: {split.val:g}, test: {split.test:g}}}"
    if proposal.group_by is not None:
        keys.append(f"group_by: {scalar(proposal.group_by)}")
        yield from comment(f'Images of one "{proposal.group_by}" stay in one part.', "  ")
    if keys:
        yield f"  split: {{{', '.join(keys)}}}"
    if proposal.group_by is None and proposal.split_problem is None:
        for column in proposal.group_columns:
            offer = [*keys, f"group_by: {scalar(column)}"]
            yield f"  # split: {{{', '.join(offer)}}}  # keeps its rows in one part"


def _source(source: Source, images: Path | None, folder: Path) -> str:
    """One of several sources, with its folder of images where that differs from the common one."""
    path = _relative(source.path, folder)
    if source.images is None or (source.images == images and not source.path.is_dir()):
        return scalar(path)
    return inline({"path": path, "images": _relative(source.images, folder)})


def _others(proposal: Proposal) -> Iterator[str]:
    if not proposal.others:
        return
    yield "# Columns that are no task:"
    for decision in proposal.others:
        text = f"- {', '.join(decision.columns)} ({decision.type}): {decision.reason}."
        yield from comment(text, hanging="  ")
    yield ""


def _settings(proposal: Proposal) -> Iterator[str]:
    """The sections on model and training."""
    size, recipe = proposal.image_size, proposal.recipe
    if recipe is not None:
        if size is not None:
            yield from comment(f"Without the recipe, image_size would be {_shown(size)}.")
        yield from recipe.settings.splitlines()
        return
    if size is not None:
        yield from comment(sentence(size.reason))
        yield f"model: {{backbone: {ModelConfig().backbone}, image_size: {_shown(size)}}}"
        yield ""
    yield from _defaults(has_model=size is not None)


def _defaults(*, has_model: bool) -> Iterator[str]:
    """The keys that are changed most, as comments with the defaults in force."""
    model, train = ModelConfig(), TrainConfig()
    yield "# What is most often changed, with its default (remove the # to change it):"
    if not has_model:
        yield f"# model: {{backbone: {model.backbone}, image_size: {model.image_size[0]}}}"
    yield (
        f"# train: {{epochs: {train.epochs}, batch_size: {train.batch_size}, "
        f"learning_rate: {train.learning_rate:g}, seed: {train.seed}}}"
    )


def _shown(found: ImageSize) -> str:
    height, width = found.size
    return str(height) if height == width else f"[{height}, {width}]"


def meaningful_name(path: Path) -> str:
    """The name of the nearest folder that says what the images are: `photos` of `photos/images`.

    The path is taken as typed: links are not followed, and `.` is resolved.
    """
    steps = [step for step in Path(os.path.abspath(path)).parts[1:][-_MAX_STEPS:] if step]
    named = (step for step in reversed(steps) if step.casefold() not in _GENERIC_NAMES)
    return next((step for step in named if part_of(step) is None), steps[-1] if steps else "run")


def _relative(path: Path, folder: Path) -> str:
    """The path from the folder, or as a whole where there is no way, as between two drives.

    Links on the way stay as typed where the path from the folder still leads there. The config's
    own paths start at its resolved folder, so that `..` may lead elsewhere; then the way there is
    resolved, but for the last name.
    """
    absolute, start = Path(os.path.abspath(path)), folder.resolve()
    typed = os.path.relpath(absolute, os.path.abspath(folder))
    if os.path.exists(path) and not os.path.exists(start / typed):
        typed = ""
    if not typed or (os.path.exists(path) and not os.path.samefile(path, start / typed)):
        absolute = absolute.parent.resolve() / absolute.name
        try:
            typed = os.path.relpath(absolute, start)
        except ValueError:
            return absolute.as_posix()
    relative = Path(typed).as_posix()
    return f"{relative}/" if path.is_dir() else relative
