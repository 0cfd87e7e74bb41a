"""Every shipped recipe trains, and so does what `init` guesses from any format."""

import pytest
from tiny_runs import QUIET

from polyhead.checkpoints import load_predictor
from polyhead.config import load_config
from polyhead.config_guess import (
    follow,
    propose,
    read_recipe,
    recipe_names,
    render_yaml,
    write_config,
)
from polyhead.scenes import SceneOptions, write_scenes
from polyhead.training import train

SMALL = ("model.image_size=32", "train.epochs=1", "train.batch_size=4", "data.cache=false")
TINY = (*SMALL, "model.backbone=test_resnet", "model.pretrained=false")


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    """What the recipes suppose: a folder `street` beside the config."""
    folder = tmp_path_factory.mktemp("recipes")
    write_scenes(folder / "street", 10, SceneOptions(size=64))
    return folder


LABELS, OBJECTS = "labels.csv", "objects.json"
MADE_FOR = {
    "detect-only": [OBJECTS],
    "street-five": [LABELS, OBJECTS],
    "tags-fast": [LABELS],
    "vgg16-multitask": [LABELS, OBJECTS],
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if "vgg16" in name else [])
        for name in recipe_names()
    ],
)
def test_a_recipe_as_shipped_trains_and_answers(street, tmp_path, name):
    path, folder = street / f"{name}.yaml", street / "street"
    write_config(path, read_recipe(name).text.replace("column: contents", "column: tags"))
    there = ", ".join(str(folder / file) for file in MADE_FOR[name])
    changes = (f"data.annotations=[{there}]", f"data.images={folder}", *SMALL)
    config = load_config(path, changes)
    run = train(config, runs=tmp_path, reporter=QUIET)
    answer = load_predictor(run.path).predict(folder / "images" / "000000.jpg")
    assert set(answer.to_dict()["tasks"]) == set(config.tasks)


@pytest.mark.parametrize("recipe", [None, "vgg16-multitask"])
def test_what_init_writes_trains(street, tmp_path, recipe):
    proposal = propose(street / "street", [street / "street" / file for file in (LABELS, OBJECTS)])
    if recipe:
        proposal = follow(proposal, read_recipe(recipe))
    write_config(tmp_path / "a.yaml", render_yaml(proposal, "street", tmp_path))
    config = load_config(tmp_path / "a.yaml", TINY)
    run = train(config, runs=tmp_path, reporter=QUIET)
    assert run.best_weights.is_file()
