"""`polyhead init`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polyhead.cli.options import ReadingKeys, reading_keys
from polyhead.errors import ConfigError, one_line

if TYPE_CHECKING:
    from polyhead.config_guess import Decision, Proposal

NAME = "init"
HELP = "Guess the tasks from tables or folders of labels; write a config."
EXAMPLE = "polyhead init photos/ labels.csv objects.json"
_SHOWN_NOTES = ("N_LONG_TABLE", "N_CLASS_NAMES", "N_YOLO_LINES")  # what the guess rests on
RECIPES = "vgg16-multitask, street-five, tags-fast or detect-only"

Images = Annotated[
    Path | None,
    typer.Argument(
        help="Folder of the images, or one that holds labels too; or a table beside them.",
        show_default=False,
    ),
]
Labels = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[TABLE]...",
        help="csv, tsv, parquet, jsonl, COCO json, or a folder of VOC, YOLO or masks; several are "
        "joined.",
        show_default=False,
    ),
]
Out = Annotated[Path, typer.Option(help="The config to write.")]


def run(
    images: Images = None,
    tables: Labels = None,
    out: Out = Path("polyhead.yaml"),
    image_column: Annotated[str | None, typer.Option(help="Column that names images.")] = None,
    recipe: Annotated[
        str | None, typer.Option(help=f"{RECIPES}; alone, the recipe itself is written.")
    ] = None,
    sets: ReadingKeys = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the config.")] = False,
) -> int:
    """Prints each column's reason on standard output."""
    from polyhead.config_guess import (
        follow,
        meaningful_name,
        propose,
        read_recipe,
        render_yaml,
        write_config,
    )

    chosen = read_recipe(recipe) if recipe else None
    if images is None:
        if chosen is None:
            raise ConfigError("expected IMAGES TABLE, a folder with labels, or --recipe NAME.")
        write_config(out, chosen.text, overwrite=force)
        print(f"wrote {out}; it describes the data that it expects; next: polyhead check {out}")
        return 0
    folder, files = _in_order(images, tables or [])
    proposal = propose(folder, files, image_column, **reading_keys(sets))
    if folder is None and files[0].is_file() and proposal.missing is not None:
        message = f"{proposal.missing}; name their folder: {_command('IMAGES', *files)}"
        raise ConfigError(message, code="E_NO_FILE")
    if chosen:
        proposal = follow(proposal, chosen)
    _print(proposal)
    _print_split(proposal)
    _print_faults(proposal)
    name = meaningful_name(files[0].absolute().parent if images.is_file() else images)
    text = render_yaml(proposal, name, out.parent)
    write_config(out, text, overwrite=force)
    print(f"wrote {out}; next: polyhead check {out}")
    return 0


def _in_order(images: Path, tables: list[Path]) -> tuple[Path | None, list[Path]]:
    """The folder of images, None where the tables hold its paths, and the tables.

    Raises:
        ConfigError: The folder of images does not come first, or is none.
    """
    folders = [path for path in tables if path.is_dir()]
    if images.is_file() and folders:
        rest = [images, *(path for path in tables if path != folders[0])]
        message = (
            f"{images} is a file; expected the folder of images first, then the tables: "
            f"{_command(folders[0], *rest)}"
        )
        raise ConfigError(message)
    if images.is_file():
        return None, [images, *tables]
    if not tables and not images.is_dir():
        message = f"{images} is no folder; expected the folder of images first, then the tables."
        raise ConfigError(message)
    return (images, tables) if tables else (None, [images])


def _command(*words: Path | str) -> str:
    return " ".join(["polyhead init", *(shlex.quote(str(word)) for word in words)])


def _print(proposal: Proposal) -> None:
    for note in (*proposal.notes, *([proposal.missing] if proposal.missing else [])):
        print(one_line(note))
    for decision in proposal.decisions:
        print(one_line(f"{', '.join(decision.columns)}: {_kind(decision)}: {decision.reason}"))


def _print_split(proposal: Proposal) -> None:
    """The source of the split, and the rows that stay together."""
    from polyhead.table.split_spellings import PARTS

    own = proposal.own_split
    if proposal.split_problem is not None:
        print(one_line(f"split: not clear: {proposal.split_problem}"))
    elif own is not None:
        counts = ", ".join(
            f"{number} {part}" for part in PARTS if (number := int((own.parts == part).sum()))
        )
        lacks = "" if "val" in own.parts else "; val is drawn from train"
        lacks += "" if "test" in own.parts else "; no test part, so nothing is held out"
        print(one_line(f"split: your own, from {own.basis}: {counts}{lacks}"))
    else:
        print("split: shared out by polyhead, as the data hold none")
    if proposal.group_by is not None:
        print(one_line(f'group_by: images of one "{proposal.group_by}" stay in one part'))


def _print_faults(proposal: Proposal) -> None:
    """How tables were read, and what could not be read."""
    for fault in proposal.faults:
        if fault.code in _SHOWN_NOTES:
            print(fault)
    errors = [fault for fault in proposal.faults if fault.is_error]
    if errors:
        more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
        message = f"left out what cannot be read: {errors[0]}{more}; polyhead check lists all"
        print(one_line(message), file=sys.stderr)


def _kind(decision: Decision) -> str:
    if decision.task is None:
        return "no task"
    start = "possible " if decision.is_offer else ""
    return f"{start}task {decision.task} ({decision.type})"
