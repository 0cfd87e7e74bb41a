"""Heads of a run that are hardly better than a constant prediction on validation."""

from __future__ import annotations

from polyhead.files import read_jsonl
from polyhead.metrics import Comparison, compare_to_trivial
from polyhead.runtime.run_folder import RunFolder


def weak_heads(run: RunFolder) -> dict[str, Comparison]:
    """Task name to its leading figure of the best epoch, for heads near the constant prediction."""
    if not run.metrics.exists():
        return {}
    best = [record["val"] for record in read_jsonl(run.metrics) if record.get("best")]
    found = {name: compare_to_trivial(metrics) for name, metrics in (best[-1:] or [{}])[0].items()}
    return {name: compared for name, compared in found.items() if compared and compared.is_near}
