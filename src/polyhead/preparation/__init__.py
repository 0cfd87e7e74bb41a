"""From a config to checked, split data; and from a folder and a table to a config."""

from polyhead.preparation.encode_tasks import encode_tasks
from polyhead.preparation.examine import Examination, examine
from polyhead.preparation.fault_lines import fault_lines
from polyhead.preparation.inference import (
    Decision,
    Proposal,
    Recipe,
    follow,
    meaningful_name,
    propose,
    read_recipe,
    recipe_names,
    render_yaml,
    write_config,
)
from polyhead.preparation.prepare import Prepared, divide, prepare
from polyhead.preparation.score_predictions import score_predictions
from polyhead.preparation.score_table import ScoreTable, read_score_table, write_score_table
from polyhead.preparation.settle import Derived, derived_tags, settle

__all__ = [
    "Decision",
    "Derived",
    "Examination",
    "Prepared",
    "Proposal",
    "Recipe",
    "ScoreTable",
    "derived_tags",
    "divide",
    "encode_tasks",
    "examine",
    "fault_lines",
    "follow",
    "meaningful_name",
    "prepare",
    "propose",
    "read_recipe",
    "read_score_table",
    "recipe_names",
    "render_yaml",
    "score_predictions",
    "settle",
    "write_config",
    "write_score_table",
]
