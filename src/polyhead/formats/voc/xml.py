"""Read one xml file of the VOC format."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree

_SIDES = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True)
class VocFile:
    """The annotations of one image, from one file.

    Attributes:
        file_name: The image's name, without folders; empty when there is none.
        labels: M labels.
        boxes_xyxy: M boxes of four numbers, in pixel edges (counted from 0).
        difficult: M flags.
        problems: What is wrong with objects that are left out.
        size: Height and width of the image; 0 where unknown.
    """

    file_name: str
    labels: list[str]
    boxes_xyxy: list[list[float]]
    difficult: list[bool]
    problems: list[str]
    size: tuple[int, int]


class _Builder(ElementTree.TreeBuilder):
    """Builds the tree without namespaces; refuses what entities could be defined in."""

    def start(self, tag: str, attrs: dict[str, str], /) -> ElementTree.Element:
        return super().start(tag.rpartition("}")[2], attrs)

    def end(self, tag: str, /) -> ElementTree.Element:
        return super().end(tag.rpartition("}")[2])

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        raise ValueError("it declares a document type, which annotations do not need; remove it")


def parse_voc(content: bytes) -> VocFile | None:
    """Read one file, or None when its root is no `annotation`.

    Boxes in the file count pixels from 1 and include the last: x_min − 1, y_min − 1, x_max, y_max
    are the edges.

    Raises:
        ValueError: It is not well-formed, or declares a document type.
    """
    parser = ElementTree.XMLParser(target=_Builder())
    try:
        parser.feed(content)
        root = parser.close()
    except (ElementTree.ParseError, LookupError) as error:
        raise ValueError(f"it is no proper XML ({error}); write it again") from error
    if root.tag != "annotation":
        return None
    found = VocFile(_file_name(root), [], [], [], [], _size(root))
    for number, item in enumerate(root.findall("object"), start=1):
        _add(found, number, item)
    return found


def _file_name(root: ElementTree.Element) -> str:
    # Tools on Windows write whole paths.
    return _text(root, "filename").replace("\\", "/").rpartition("/")[2]


def _size(root: ElementTree.Element) -> tuple[int, int]:
    texts = [_text(root, f"size/{side}") for side in ("height", "width")]
    if not all(text.isascii() and text.isdigit() and len(text) < 10 for text in texts):
        return 0, 0
    return int(texts[0]), int(texts[1])


def _add(found: VocFile, number: int, item: ElementTree.Element) -> None:
    label, difficult = _text(item, "name"), _text(item, "difficult").lower()
    box = item.find("bndbox")
    texts = [] if box is None else [_text(box, side) for side in _SIDES]
    try:
        numbers = [float(text) for text in texts]
    except ValueError:
        numbers = []
    if not label:
        found.problems.append(f"object {number} has no name; name what it is")
    elif not numbers:
        shown = "no bndbox" if box is None else f"the bndbox {', '.join(texts)}"
        found.problems.append(
            f"object {number} ({label}) has {shown}; expected a bndbox with the numbers xmin, "
            "ymin, xmax, ymax"
        )
    else:
        x_min, y_min, x_max, y_max = numbers
        found.labels.append(label)
        found.boxes_xyxy.append([x_min - 1, y_min - 1, x_max, y_max])
        found.difficult.append(difficult not in ("", "0", "false"))


def _text(parent: ElementTree.Element, tag: str) -> str:
    return (parent.findtext(tag) or "").strip()
