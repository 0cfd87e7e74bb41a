"""From a folder of pictures and tables of labels to a config, with a reason for each task."""

from polyhead.preparation.inference.config_text import meaningful_name, render_yaml, write_config
from polyhead.preparation.inference.infer import propose
from polyhead.preparation.inference.proposal import Decision, Proposal
from polyhead.preparation.inference.recipe import Recipe, read_recipe, recipe_names
from polyhead.preparation.inference.recipe_tasks import follow

__all__ = [
    "Decision",
    "Proposal",
    "Recipe",
    "follow",
    "meaningful_name",
    "propose",
    "read_recipe",
    "recipe_names",
    "render_yaml",
    "write_config",
]
