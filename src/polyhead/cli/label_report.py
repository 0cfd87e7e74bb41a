"""What the label doctor found, as tables."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from polyhead.errors import one_line

MAX_SHOWN = 20
UNLIMITED = 10_000  # columns, of output that is not a terminal
TITLES = {
    "missing": "likely missing: labelled no or unknown, and likely there",
    "wrong": "likely wrong: labelled yes, and likely not there",
    "rule": "labels that break a rule",
    "twins": "near-duplicate images, one with the label and one without",
}


def print_label_report(report: Mapping[str, Any]) -> None:
    """The counts, then the first of each kind, on standard output.

    Args:
        report: Result of `LabelReport.to_dict`.
    """
    console = Console(highlight=False, width=None if sys.stdout.isatty() else UNLIMITED)
    for kind, title in TITLES.items():
        count = report["counts"][kind]
        shown = f", the first {MAX_SHOWN}" if count > MAX_SHOWN else ""
        console.print(f"{title}: {count}{shown}", soft_wrap=True)
        if count:
            found = [finding for finding in report["findings"] if finding["kind"] == kind]
            console.print(_table(found[:MAX_SHOWN]))
        console.print()
    counted = f"{report['num_pictures']} images, {report['num_twins']} near-duplicate pairs"
    console.print(f"{counted}; --json lists all", soft_wrap=True)
    if report["unjudged"]:
        names = ", ".join(report["unjudged"])
        console.print(f"too few examples to judge: {names}", markup=False, soft_wrap=True)


def _table(findings: list[Mapping[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    table.add_column("image", overflow="fold")
    table.add_column("label", overflow="fold")
    table.add_column("given", no_wrap=True)
    table.add_column("probability", justify="right", no_wrap=True)
    twins = any(finding["twin"] for finding in findings)
    if twins:
        table.add_column("other image", overflow="fold")
    for finding in findings:
        cells = [
            Text(one_line(finding["where"])),
            Text(one_line(f"{finding['task']}/{finding['label']}")),
            finding["given"],
            "" if finding["probability"] is None else f"{finding['probability']:.3f}",
        ]
        table.add_row(*cells, *([Text(one_line(finding["twin"]))] if twins else []))
    return table
