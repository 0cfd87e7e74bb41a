"""Tables to infer tasks from."""

import json

from polyhead.config_guess import propose

NUM_ROWS = 120


def write(folder, **columns):
    """A table of JSON lines; None is an empty cell."""
    num_rows = len(next(iter(columns.values())))
    path = folder / "labels.jsonl"
    rows = [
        json.dumps({"image": f"{row}.jpg"} | {name: c[row] for name, c in columns.items()})
        for row in range(num_rows)
    ]
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def decide(folder, name, cells):
    """The decision on one column; the column `sure` keeps the table from having no task."""
    sure = ["day", "night"] * (len(cells) // 2) + ["day"] * (len(cells) % 2)
    proposal = propose(None, [write(folder, **{name: list(cells), "sure": sure})])
    return next(decision for decision in proposal.decisions if name in decision.columns)


def cycle(*cells, num_rows=NUM_ROWS):
    return [cells[row % len(cells)] for row in range(num_rows)]
