"""From a folder of images and tables of labels to a config, with a reason for each task."""

from polyhead.config_guess.config_text import meaningful_name, render_yaml, write_config
from polyhead.config_guess.infer import propose
from polyhead.config_guess.proposal import Decision, Proposal
from polyhead.config_guess.recipe import Recipe, read_recipe, recipe_names
from polyhead.config_guess.recipe_tasks import follow

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
