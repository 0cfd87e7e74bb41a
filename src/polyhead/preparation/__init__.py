"""From a config to checked, split data; and from a folder and a table to a config."""

from polyhead.preparation.config_text import render_yaml, write_config
from polyhead.preparation.examine import Examination, examine
from polyhead.preparation.fault_lines import fault_lines
from polyhead.preparation.infer import propose
from polyhead.preparation.prepare import Prepared, divide, prepare
from polyhead.preparation.proposal import Decision, Proposal

__all__ = [
    "Decision",
    "Examination",
    "Prepared",
    "Proposal",
    "divide",
    "examine",
    "fault_lines",
    "prepare",
    "propose",
    "render_yaml",
    "write_config",
]
