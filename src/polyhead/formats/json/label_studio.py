"""Label Studio's JSON export: tasks with annotations, whose results each name their control."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from polyhead.errors import Fault, first_few
from polyhead.formats.jsonl.lines import JsonLine
from polyhead.formats.structured.records import Choices
from polyhead.formats.structured.regions import SIZE, shape_of

_LABELS = ("choices", "taxonomy")
_SINGLE = ("number", "rating", "text", "datetime")
_SHAPE_TYPES = ("rectangle", "polygon", "brush", "ellipse", "keypoint", "vector", "bitmask")


def is_label_studio(records: Sequence[JsonLine]) -> bool:
    """Whether records are tasks of Label Studio."""
    return bool(records) and all(_is_task(record.cells) for record in records)


def _is_task(cells: Mapping[str, Any]) -> bool:
    return isinstance(cells.get("data"), dict) and isinstance(_annotations(cells), list)


def _annotations(task: Mapping[str, Any]) -> Any:
    return task.get("annotations", task.get("completions"))


def read_tasks(records: Sequence[JsonLine], source: str) -> tuple[list[JsonLine], list[Fault]]:
    """One record a task: the fields of its data, and a column a control.

    A control with regions that an annotated image lacks is an empty list, as everybody saw the
    image; any other control that it lacks is unknown, as is a task without annotation.

    Returns:
        The records, and `N_REGIONS` for results that are not read, `W_ANNOTATORS` where several
        annotations of a task differ, of which the last counts.
    """
    reader = _Tasks()
    rows = [(record, reader.read(record.cells)) for record in records]
    lines = [
        JsonLine(record.number, {**cells, **(reader.drawn_nothing(cells) if is_seen else {})})
        for record, (cells, is_seen) in rows
    ]
    return lines, reader.notes(source)


class _Tasks:
    def __init__(self) -> None:
        self._drawn: dict[str, None] = {}
        self._unread: Counter[str] = Counter()
        self._num_differ = 0

    def read(self, task: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        """The cells of a task, and whether somebody annotated it."""
        made = [a for a in _annotations(task) if isinstance(a, dict) and not _is_skipped(a)]
        chosen = [a for a in made if a.get("ground_truth") is True] or made
        cells = dict(task["data"])
        if not chosen:
            return cells, False
        answers = [self._results(a.get("result") or []) for a in chosen]
        self._num_differ += any(answer != answers[-1] for answer in answers)
        own = {name for name in answers[-1] if name in cells}
        renamed = {f"{k} (label)" if k in own else k: v for k, v in answers[-1].items()}
        return {**cells, **renamed}, True

    def _results(self, results: Sequence[Any]) -> dict[str, Any]:
        cells: dict[str, Any] = {}
        regions = {r.get("id") for r in results if _is_drawn(r)}
        for result in results:
            if isinstance(result, dict) and isinstance(result.get("value"), dict):
                self._result(cells, result, is_of_region=result.get("id") in regions)
        return cells

    def _result(
        self, cells: dict[str, Any], result: Mapping[str, Any], *, is_of_region: bool
    ) -> None:
        kind, value = str(result.get("type")), result["value"]
        name = str(result.get("from_name") or kind)
        if _is_drawn(result):
            self._drawn[name] = None
            size = {key: result[key] for key in SIZE if key in result}
            cells.setdefault(name, []).append({**value, **size, "region_type": kind})
        elif is_of_region and result.get("id") is not None:
            self._unread[f"{kind} of single regions"] += 1
        elif kind in _LABELS and isinstance(value.get(kind), list):
            items = (" / ".join(map(str, i)) if isinstance(i, list) else i for i in value[kind])
            cells[name] = Choices([*cells.get(name, []), *map(str, items)])
        elif kind in _SINGLE or (kind == "textarea" and "text" in value):
            found = value.get("text" if kind == "textarea" else kind)
            cells[name] = " ".join(map(str, found)) if isinstance(found, list) else found
        else:
            self._unread[kind] += 1

    def drawn_nothing(self, cells: Mapping[str, Any]) -> dict[str, Any]:
        """An empty list for each control with regions that this image has none of."""
        return {name: [] for name in self._drawn if name not in cells}

    def notes(self, source: str) -> list[Fault]:
        """Notes on what was left out."""
        found = []
        if self._unread:
            shown = first_few([f"{kind} ({n:,})" for kind, n in self._unread.items()], 8)
            message = f"results of these kinds are not read and left out: {shown}."
            found.append(Fault("N_REGIONS", source, message))
        if self._num_differ:
            message = (
                f"{self._num_differ:,} images have several annotations that differ; the last of "
                "each is read; mark the one that counts as ground truth in Label Studio."
            )
            found.append(Fault("W_ANNOTATORS", source, message))
        return found


def _is_skipped(annotation: Mapping[str, Any]) -> bool:
    return annotation.get("was_cancelled") is True or annotation.get("skipped") is True


def _is_drawn(result: Any) -> bool:
    """Whether a result is a region rather than an answer on the whole image or on a region."""
    if not isinstance(result, dict) or not isinstance(result.get("value"), dict):
        return False
    kind = str(result.get("type"))
    is_shape = kind.removesuffix("labels") in _SHAPE_TYPES or kind == "labels"
    return is_shape and (
        kind != "labels" or shape_of(result["value"]) is not None or "x" in result["value"]
    )
