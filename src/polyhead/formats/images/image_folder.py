"""The images that belong to annotation files of which there is one an image."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from polyhead.formats.images.image_files import list_files
from polyhead.formats.images.image_names import has_image_suffix, is_unicode

_BESIDE = ("JPEGImages", "images")


class ImageFolder:
    """Images below one folder, found by the name that an annotation file has.

    Attributes:
        root: The folder.
        names: (N,) paths below it, sorted.
    """

    def __init__(self, root: Path, files: Sequence[str]) -> None:
        self.root = root
        self.names = [name for name in files if has_image_suffix(name) and is_unicode(name)]
        self._by_stem: defaultdict[str, list[str]] = defaultdict(list)
        for name in self.names:
            self._by_stem[PurePosixPath(name).stem].append(name)

    @classmethod
    def find(cls, path: Path, files: Sequence[str], images: Path | None) -> ImageFolder:
        """Where the images are: in the folder named, below the annotations, or beside them.

        Args:
            path: The folder of annotations.
            files: What lies below it.
            images: The folder of images, where the user names one.
        """
        if images is not None:
            return cls(images, list(list_files(images)))
        inside = cls(path, files)
        siblings = [path.resolve().parent / name for name in _BESIDE]
        beside = next((folder for folder in siblings if folder.is_dir()), None)
        if inside.names or beside is None:
            return inside
        return cls(beside, list(list_files(beside)))

    def of(self, annotation: str, file_name: str) -> str | None:
        """The image of one annotation file, or None when there is none.

        Args:
            annotation: Path below the folder of annotations; the image has the same stem, and
                of several the one is meant that shares the most folders with it.
            file_name: What the annotation calls it: decides when the stem finds none.
        """
        path = PurePosixPath(annotation)
        found = self._by_stem.get(path.stem) or self._by_stem.get(PurePosixPath(file_name).stem)
        if not found:
            return None
        folders = set(path.parts[:-1])
        return max(
            found,
            key=lambda name: (
                len(folders & set(name.split("/")[:-1])),
                PurePosixPath(name).name == file_name,
            ),
        )
