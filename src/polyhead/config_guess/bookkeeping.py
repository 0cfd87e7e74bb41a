"""Columns of an annotation tool that say nothing about the image."""

from __future__ import annotations

from polyhead.config_guess.proposal import Decision
from polyhead.table import Table

# Label Studio's CSV and JSON-MIN have all of these; none says anything about the image.
_MARKS = ("annotation_id", "lead_time")
_LABEL_STUDIO = ("id", "annotator", *_MARKS, "created_at", "updated_at")


def bookkeeping(table: Table) -> dict[str, list[Decision]]:
    """The columns that Label Studio adds to every export, where the table has them.

    Returns:
        Column to the decision that it is no task.
    """
    if not all(name in table.columns for name in _MARKS):
        return {}
    reason = "Label Studio's record of who annotated when, which says nothing about the image"
    return {
        name: [Decision((name,), None, "identifier", reason)]
        for name in _LABEL_STUDIO
        if name in table.columns
    }
