"""The shipped recipes load, and shape the config of a table."""

import re

import pytest
from label_tables import cycle, write
from spatial_tables import coco, images, masks, table

from polyhead.cli import init
from polyhead.config import load_config
from polyhead.config_guess import (
    follow,
    propose,
    read_recipe,
    recipe_names,
    render_yaml,
    write_config,
)
from polyhead.errors import ConfigError, DataError
from polyhead.heads import HEADS
from polyhead.scenes.vocabulary import MASK_CLASSES


def recipe_config(name, folder):
    write_config(folder / "recipe.yaml", read_recipe(name).text)
    return load_config(folder / "recipe.yaml")


def followed(name, folder, *annotations):
    proposal = follow(propose(None, annotations), read_recipe(name))
    path = folder / "polyhead.yaml"
    write_config(path, render_yaml(proposal, "x", folder), overwrite=True)
    return load_config(path)


def everything(folder):
    path = table(
        masks(images(folder), 0, 1),
        light=["day", "night"],
        tags=["car|bus", "car", "bus"],
        people=["0", "1", "1", "2"],
    )
    return path, coco(folder)


def test_the_names_are_those_that_the_help_lists():
    assert set(re.findall(r"[\w-]+", init.RECIPES)) - {"or"} == set(recipe_names())


@pytest.mark.parametrize("name", recipe_names())
def test_recipes_load_under_their_own_name(tmp_path, name):
    config = recipe_config(name, tmp_path)
    assert config.name == name
    assert all(keys.head.name in HEADS for keys in config.tasks.values())


def test_the_street_recipe_speaks_of_the_scenes(tmp_path):
    config = recipe_config("street-five", tmp_path)
    assert {keys.type for keys in config.tasks.values()} == {
        "tags",
        "class",
        "boxes",
        "mask",
        "number",
    }
    assert config.tasks["ground"].classes == MASK_CLASSES


def test_an_unknown_recipe_lists_the_choices():
    with pytest.raises(ConfigError, match="choose one of") as caught:
        read_recipe("vgg")
    assert caught.value.code == "E_RECIPE"
    assert all(name in caught.value.message for name in recipe_names())


@pytest.mark.parametrize("name", recipe_names())
def test_tables_take_model_training_and_heads_of_a_recipe(tmp_path, name):
    own, recipe = followed(name, tmp_path, *everything(tmp_path)), recipe_config(name, tmp_path)
    assert (own.model, own.train) == (recipe.model, recipe.train)
    learnt = {keys.type: (keys.head, keys.loss) for keys in recipe.tasks.values()}
    assert {keys.type for keys in own.tasks.values()} == set(learnt)
    assert all((keys.head, keys.loss) == learnt[keys.type] for keys in own.tasks.values())
    assert own.tasks.keys().isdisjoint({"contents", "daytime"})


def test_what_a_recipe_lacks_is_told(tmp_path):
    proposal = follow(propose(None, everything(tmp_path)), read_recipe("detect-only"))
    assert [task.task for task in proposal.tasks] == ["objects"]
    light = next(d for d in proposal.others if d.columns == ("light",))
    assert "left out, as the recipe detect-only has none" in light.reason
    text = render_yaml(proposal, "x", tmp_path)
    assert "# Without the recipe, image_size would be 64." in text


def test_a_table_without_anything_for_the_recipe(tmp_path):
    path = write(tmp_path, light=cycle("day", "night"))
    with pytest.raises(DataError, match="expected one of boxes for the recipe detect-only"):
        follow(propose(None, [path]), read_recipe("detect-only"))
