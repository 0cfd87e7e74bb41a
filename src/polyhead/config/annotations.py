"""Where labels are read from: one file, or several that each hold a part."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, Tag

from polyhead.formats import BoxFormat, Rows, Source
from polyhead.tasks import Section
from polyhead.tasks.class_names import ClassNames

ROWS = "What a row of a table is; found unless given."
BOX_FORMAT = "What the four numbers of a box are, where the file leaves it open."
TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".jsonl", ".ndjson")


class SourceConfig(Section):
    """One of several annotation files, and what is taken from it."""

    path: Path = Field(description="csv, tsv, parquet, jsonl, COCO json, or a folder.")
    images: Path | None = Field(default=None, description="Folder of its images.")
    image_column: str | None = Field(default=None, description="Found by name unless given.")
    labels_only: ClassNames = Field(
        default=(), description="It was made for these labels; any other is unknown in it."
    )
    columns: tuple[str, ...] = Field(default=(), description="All unless given; globs allowed.")
    rows: Rows | None = Field(default=None, description=ROWS)
    box_format: BoxFormat | None = Field(default=None, description=BOX_FORMAT)

    def source(self, default: Source) -> Source:
        """The source as the reader takes it.

        Args:
            default: Values for keys that the file does not set; folders hold their own images.
        """
        is_table = self.path.suffix.lower() in TABLE_SUFFIXES
        return Source(
            self.path,
            self.images or (None if self.path.is_dir() else default.images),
            self.image_column or (default.image_column if is_table else None),
            self.labels_only,
            self.columns,
            self.rows or (default.rows if is_table else None),
            self.box_format or default.box_format,
        )


def _with_path(value: Any) -> Any:
    return {"path": value} if isinstance(value, str | Path) else value


def _kind(value: Any) -> str:
    return "list" if isinstance(value, list | tuple) else "path"


SourceField = Annotated[
    SourceConfig, BeforeValidator(_with_path, json_schema_input_type=Path | SourceConfig)
]
Annotations = Annotated[
    Annotated[Path, Tag("path")]
    | Annotated[tuple[SourceField, ...], Field(min_length=1), Tag("list")],
    Discriminator(_kind),
]
"""A path, or a list whose items are paths or mappings with a `path`."""
