"""Rules between labels: as the YAML writes them, and the rows that break them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from polyhead.errors import Fault
from polyhead.field import Rules, find_violations
from polyhead.table import Table
from polyhead.tasks.row_faults import row_faults
from polyhead.tasks.section import Section


class RulesConfig(Section):
    """Rules between the labels of one image."""

    exclusive: tuple[tuple[str, ...], ...] = Field(
        default=(), description="Groups of labels of which at most one holds."
    )
    implies: dict[str, tuple[str, ...]] = Field(
        default={}, description="Label to the labels that hold wherever it holds."
    )
    exactly_one: tuple[tuple[str, ...], ...] = Field(
        default=(), description="Groups of labels of which one holds and no other."
    )

    def over(self, classes: Sequence[str]) -> Rules:
        """The rules over these classes.

        Raises:
            ConfigError: A name that is no class, or rules that no image could obey.
        """
        return Rules.of(
            classes,
            exclusive=self.exclusive,
            implies=self.implies,
            exactly_one=self.exactly_one,
        )


def rule_faults(table: Table, targets: np.ndarray, rules: Rules) -> list[Fault]:
    """`E_RULE` for each row whose known labels break a rule; the last counts the rest.

    Args:
        table: N rows.
        targets: (N, L) 1 yes, 0 no, -1 unknown.
        rules: Over the L labels.
    """
    broken = find_violations(rules, targets) if rules else []
    rows = np.array([row for row, _ in broken], int)
    messages = (
        f"{text}; expected labels that obey `rules`; mend the labels or the rule."
        for _, text in broken
    )
    return row_faults("E_RULE", table, rows, messages, "more rows break a rule.")
