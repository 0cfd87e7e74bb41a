"""The column that names the images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from polyhead.errors import ConfigError, Fault, nearest
from polyhead.formats.column_builder import is_text
from polyhead.formats.faults import refusal
from polyhead.formats.images.image_names import have_image_suffix
from polyhead.formats.images.meant_files import MeantFiles
from polyhead.table import IMAGE, cell_kind

_USUAL_NAMES = (
    "image",
    "file",
    "filename",
    "file_name",
    "path",
    "filepath",
    "image_path",
    "img",
    "picture",
    "photo",
    "image_name",
    "image_file",
    "img_path",
    "img_name",
)
# Many tables number their rows in these, so cells that end in .jpg go before them.
_LAST_RESORTS = ("image_id", "imageid", "id")
_SAMPLE_ROWS = 1000


def name_image_column(
    data: pa.Table, source: str, wanted: str | None, roots: Sequence[Path] = ()
) -> tuple[pa.Table, list[Fault]]:
    """Rename the column that names the images to `image`, and make it plain text without nulls.

    An unknown name becomes empty text. Another column named `image` is kept as
    `image (other)`, with a note.

    Args:
        data: As read.
        source: File name, for messages.
        wanted: The column that the user names, or None to find it.
        roots: Folders that the images may lie in: where no column has a usual name or content,
            the one whose cells name images there is taken, with a note.

    Raises:
        ConfigError: `E_COLUMN`: the table has no column `wanted`.
        DataError: `E_IMAGE_COLUMN`: none is found, or it holds no text.
    """
    faults = list[Fault]()
    chosen = find_image_column(data, source, wanted)
    if chosen is None:
        chosen = _naming_files(data, source, roots)
        message = f'column "{chosen}" names the images, as files of these names show.'
        faults.append(Fault("N_IMAGE_COLUMN", source, message))
    if not is_text(data.schema.field(chosen).type):
        kind = cell_kind(data.schema.field(chosen).type)
        message = f'column "{chosen}" should name the images; expected text, found {kind}.'
        raise refusal("E_IMAGE_COLUMN", source, message)
    names = data.column_names
    if chosen != IMAGE and IMAGE in names:
        message = f'"{chosen}" names the images; the column "{IMAGE}" is read as "image (other)".'
        faults.append(Fault("N_IMAGE_COLUMN", source, message))
    renamed = {chosen: IMAGE, IMAGE: "image (other)"} if chosen != IMAGE else {}
    cells = data.column(chosen).cast(pa.string()).fill_null("")
    data = data.set_column(names.index(chosen), chosen, cells)
    return data.rename_columns([renamed.get(name, name) for name in names]), faults


def find_image_column(data: pa.Table, source: str, wanted: str | None) -> str | None:
    """The column asked for; else one with a usual name; else one whose cells end like images."""
    names = data.column_names
    if wanted is not None:
        if wanted not in names:
            hint = nearest(wanted, names)
            raise ConfigError(f'{source} has no column "{wanted}". {hint}', code="E_COLUMN")
        return wanted
    usual = {name: _match(name, names) for name in (*_USUAL_NAMES, *_LAST_RESORTS)}
    ends_well = next((name for name in names if _holds_images(data.column(name))), None)
    by_name = next((usual[name] for name in _USUAL_NAMES if usual[name]), None)
    by_number = next((usual[name] for name in _LAST_RESORTS if usual[name]), None)
    return by_name or ends_well or by_number


def _naming_files(data: pa.Table, source: str, roots: Sequence[Path]) -> str:
    """The one column most of whose cells name images below one of the folders."""
    files = [MeantFiles(root) for root in dict.fromkeys(roots) if root.is_dir()]
    found = [name for name in data.column_names if _names_files(data.column(name), files)]
    if len(found) == 1:
        return found[0]
    whose = "several columns may name" if found else "no column names"
    message = (
        f"{whose} the images; found the columns "
        f"{', '.join((found or data.column_names)[:20])}; call it image, or give its name as "
        "image_column."
    )
    raise refusal("E_IMAGE_COLUMN", source, message)


def _names_files(column: pa.ChunkedArray, files: Sequence[MeantFiles]) -> bool:
    """Whether most of 1,000 cells, nearly all of them different, are names of images."""
    if not is_text(column.type):
        return False
    cells = column.slice(0, _SAMPLE_ROWS).cast(pa.string()).drop_null().to_pylist()
    if 10 * len(set(cells)) < 9 * len(cells):
        return False
    return any(
        2 * sum(bool(each.of(cell, by_number=False)) for cell in cells) > len(cells)
        for each in files
    )


def _match(name: str, names: list[str]) -> str | None:
    if name in names:
        return name
    return next((found for found in names if found.casefold() == name), None)


def _holds_images(column: pa.ChunkedArray) -> bool:
    if not is_text(column.type):
        return False
    sample = column.slice(0, _SAMPLE_ROWS).cast(pa.string()).drop_null()
    endings = int(np.count_nonzero(have_image_suffix(sample)))
    return 2 * endings > len(sample)
