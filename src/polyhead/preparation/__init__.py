"""From a config to checked, split, encoded data."""

from polyhead.preparation.encode_tasks import encode_tasks
from polyhead.preparation.examine import Examination, examine
from polyhead.preparation.fault_lines import fault_lines
from polyhead.preparation.prepare import Prepared, divide, prepare
from polyhead.preparation.resolve_classes import Derived, derived_tags, resolve_classes

__all__ = [
    "Derived",
    "Examination",
    "Prepared",
    "derived_tags",
    "divide",
    "encode_tasks",
    "examine",
    "fault_lines",
    "prepare",
    "resolve_classes",
]
