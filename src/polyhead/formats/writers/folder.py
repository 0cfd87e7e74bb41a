"""A folder that appears whole or not at all, with links to images that lie elsewhere."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from polyhead.files import explained, rename_folder


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """A folder to fill, which takes the name `out` when the body ends.

    Raises:
        PolyheadError: `E_WRITE`; nothing is left behind.
    """
    with explained("write", out, "Nothing was written."):
        unfinished = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
        try:
            unfinished.chmod(0o755)
            yield unfinished
            rename_folder(unfinished, out)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)


def link_image(image: Path, link: Path) -> None:
    """Make a link that still holds when both are moved together, as within one project.

    Args:
        image: The file.
        link: In a folder that exists; will be renamed beside itself.
    """
    folder = os.path.realpath(link.parent)
    link.symlink_to(os.path.relpath(os.path.realpath(image), folder))
