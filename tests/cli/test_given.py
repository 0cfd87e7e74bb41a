"""`predict --given`: what it says where little follows from what is told."""

import json
import shutil

import numpy as np
import pytest

from polyhead.cli.predict import evidence_notes
from polyhead.errors import ConfigError
from polyhead.field import PairwiseField, Rules
from polyhead.runtime.evidence import conditioned
from polyhead.runtime.run_folder import RunFolder
from polyhead.tasks import NumberDecider, TagsDecider
from polyhead.tasks.tags.decision import TagDecision

CLASSES = ("bus", "car", "vehicle")
RULES = Rules.of(CLASSES, exclusive=[["bus", "car"]], implies={"bus": ["vehicle"]})
COUPLINGS = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])


def task_of(name, field=None):
    return TagsDecider(name, CLASSES, decision=TagDecision(field=field))


@pytest.mark.parametrize("holds", ["yes", 0.7, 2, None, float("nan")])
def test_what_is_given_holds_or_does_not(holds):
    with pytest.raises(ConfigError, match="expected True or False"):
        conditioned({"own": task_of("own")}, {"car": holds})


def test_a_label_is_given_once_under_whatever_name():
    with pytest.raises(ConfigError, match="given twice"):
        conditioned({"own": task_of("own")}, {"car": True, "own/car": False})


def test_only_tasks_that_were_told_without_a_field_are_noted():
    tasks = {
        "plain": task_of("plain"),
        "ruled": task_of("ruled", PairwiseField.independent(3, RULES)),
        "coupled": task_of("coupled", PairwiseField(COUPLINGS, np.full(3, 0.5))),
        "untold": task_of("untold"),
        "people": NumberDecider("people"),
    }
    told = {"plain/bus": True, "ruled/bus": False, "coupled/car": True}
    assert list(evidence_notes(tasks, told)) == [
        "plain: no field and no rules; what is given changes no other label",
        "ruled: no field of couplings; what is given acts on other labels by rules only",
    ]
    assert not list(evidence_notes(tasks, {}))


@pytest.fixture
def images(scenes):
    return sorted((scenes / "images").iterdir())[:2]


@pytest.fixture
def ruled(trained, tmp_path):
    """A copy of the run whose tags have rules."""
    run = RunFolder(shutil.copytree(trained.path, tmp_path / trained.path.name))
    content = json.loads(run.classes.read_text())
    first, second, *_ = content["tasks"]["contents"]["classes"]
    rules = Rules.of((first, second), exclusive=[[first, second]])
    content["tasks"]["contents"]["rules"] = rules.to_dict()
    run.classes.write_text(json.dumps(content))
    return run, first, second


def test_a_model_without_field_says_so_once_and_changes_no_other_label(polyhead, trained, images):
    label = json.loads(trained.classes.read_text())["tasks"]["contents"]["classes"][0]
    words = ("predict", trained.path, *images[:2], "--json", "--quiet")
    plain, told = polyhead(*words), polyhead(*words, "--given", f"{label}=yes")
    note = "contents: no field and no rules; what is given changes no other label\n"
    assert (told.code, plain.err, told.err) == (0, "", note)
    for one, other in zip(plain.out.splitlines(), told.out.splitlines(), strict=True):
        before, after = (
            json.loads(line)["tasks"]["contents"]["probabilities"] for line in (one, other)
        )
        assert after.pop(label) == 1
        assert after == pytest.approx({k: v for k, v in before.items() if k != label}, abs=1e-6)


def test_rules_act_on_what_is_told_and_refuse_what_breaks_them(polyhead, ruled, images):
    run, first, second = ruled
    words = ("predict", run.path, images[0], "--json", "--quiet", "--given")
    told = polyhead(*words, f"{first}=yes")
    assert told.code == 0
    assert "by rules only" in told.err
    assert json.loads(told.out)["tasks"]["contents"]["probabilities"][second] == 0
    broken = polyhead(*words, f"{first}=yes,{second}=yes")
    assert (broken.code, broken.out) == (2, "")
    assert len(broken.err.splitlines()) == 1
    assert f'"{first}" and "{second}" are yes; they exclude each other' in broken.err
