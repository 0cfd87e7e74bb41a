"""What `propose` offers where a COCO file has supercategories."""

import json

import pytest
from spatial_tables import coco, images

from polyhead.config import load_config
from polyhead.config_guess import follow, propose, read_recipe, render_yaml, write_config
from polyhead.preparation import examine
from polyhead.progress import Reporter

QUIET = Reporter(quiet=True)


def with_groups(folder, groups, name="objects.json", **more):
    """A COCO file of these labels, each in its group; boxes are of the first two."""
    path = coco(images(folder), categories=tuple(groups), **more)
    document = json.loads(path.read_text())
    for category in document["categories"]:
        category["supercategory"] = groups[category["name"]]
    path = folder / name
    path.write_text(json.dumps(document))
    return path


def offered(proposal):
    return next((offer for offer in proposal.offers if offer.type == "tags"), None)


def uncommented(proposal, folder, start):
    """The config with the lines from `start` to the next blank one taken in."""
    path = folder / "polyhead.yaml"
    text = render_yaml(proposal, "x", folder)
    before, _, rest = text.partition(f"# {start}")
    block, _, after = rest.partition("\n\n")
    write_config(path, f"{before}{start}{block.replace('# ', '', block.count(chr(10)))}\n\n{after}")
    return load_config(path)


def examined(config):
    found = examine(config, QUIET)
    assert [str(fault) for fault in found.faults if fault.is_error] == []
    return found


def test_a_label_that_is_the_supercategory_of_others_is_implied_by_them(tmp_path):
    groups = {"dog": "animal", "car": "vehicle", "animal": "none", "vehicle": "", "cat": "animal"}
    proposal = propose(None, [with_groups(tmp_path, groups)])
    offer = offered(proposal)
    assert offer.task == "objects_tags"
    rules = {"implies": {"dog": ["animal"], "car": ["vehicle"], "cat": ["animal"]}}
    assert offer.keys == {"from": "objects", "rules": rules}
    assert "dog, cat in animal" in offer.reason
    assert [task.task for task in proposal.tasks] == ["objects"]
    found = examined(uncommented(proposal, tmp_path, "objects_tags:"))
    classes = found.tasks["objects_tags"].classes
    assert classes == tuple(groups)
    dog, car, animal, vehicle = (found.targets["objects_tags"][:, k] for k in range(4))
    assert dog.sum() == 8
    assert (animal == dog).all()
    assert (vehicle == car).all()


def test_groups_that_are_no_labels_are_named_and_become_labels(tmp_path):
    groups = {"dog": "animal", "car": "vehicle", "person": "person", "traffic light": "street: no"}
    proposal = propose(None, [with_groups(tmp_path, groups)])
    offer = offered(proposal)
    assert offer.keys["classes"] == [*groups, "animal", "vehicle", "street: no"]
    assert "animal, vehicle, street: no are no label of any box" in offer.reason
    found = examined(uncommented(proposal, tmp_path, "objects_tags:"))
    targets = found.targets["objects_tags"]
    assert found.tasks["objects_tags"].classes == tuple(offer.keys["classes"])
    assert (targets[:, 4] == targets[:, 0]).all()
    assert (targets[:, 6] == 0).all()
    assert found.tasks["objects"].classes == tuple(groups)


@pytest.mark.parametrize("group", ["damage", "object", "Street"])
def test_one_group_of_all_labels_makes_no_rules_and_is_told(tmp_path, group):
    proposal = propose(None, [with_groups(tmp_path, dict.fromkeys(("crack", "dent"), group))])
    assert not proposal.offers
    (task,) = proposal.tasks
    assert f'all are in the supercategory "{group}", which separates none of them' in task.reason


def test_the_group_of_roboflow_makes_no_rules(tmp_path):
    path = with_groups(tmp_path, {"crack": "damage", "dent": "damage"})
    document = json.loads(path.read_text())
    placeholder = {"id": 0, "name": "damage", "supercategory": "none"}
    document["categories"].insert(0, placeholder)
    path.write_text(json.dumps(document))
    proposal = propose(None, [path])
    assert not proposal.offers
    assert proposal.tasks[0].labels == ("crack", "dent")


@pytest.mark.parametrize("groups", [{"dog": "dog", "car": "Car"}, {"dog": "none", "car": ""}])
def test_supercategories_that_say_nothing_make_no_offer(tmp_path, groups):
    proposal = propose(None, [with_groups(tmp_path, groups)])
    assert not proposal.offers
    assert "supercategor" not in proposal.tasks[0].reason


def test_chains_capitals_and_labels_in_one_another(tmp_path):
    groups = {
        "dog": "Animal",
        "car": "bus",
        "animal": "thing",
        "bus": "car",
        "tram": "car",
        "cat": "thing",
    }
    offer = offered(propose(None, [with_groups(tmp_path, groups)]))
    assert offer.keys["rules"] == {
        "implies": {"dog": ["animal"], "animal": ["thing"], "tram": ["car"], "cat": ["thing"]}
    }
    assert "car, bus are in one another" in offer.reason


def test_many_labels_of_any_spelling_can_be_taken_in(tmp_path):
    labels = ['say "x, y"', "no", "012", "a: b", "#1", "ü"] + [f"label {k}" for k in range(90)]
    groups = {label: f"group, {k % 7}" for k, label in enumerate(labels)}
    proposal = propose(None, [with_groups(tmp_path, groups)])
    config = uncommented(proposal, tmp_path, "objects_tags:")
    tags = config.tasks["objects_tags"]
    assert tags.classes == (*labels, *(f"group, {k}" for k in range(7)))
    assert tags.rules.implies == {label: (group,) for label, group in groups.items()}
    examined(config)


def test_outlines_and_supercategories_are_two_offers(tmp_path):
    proposal = propose(None, [with_groups(tmp_path, {"dog": "a", "car": "b"}, outlined=5)])
    assert [offer.task for offer in proposal.offers] == ["objects_mask", "objects_tags"]


def test_the_offer_follows_the_name_of_the_boxes_task(tmp_path):
    path = with_groups(tmp_path, {"dog": "animal", "car": "vehicle"})
    rows = "".join(f"images/{k}.png,{'day' if k % 2 else 'night'}\n" for k in range(12))
    (tmp_path / "t.csv").write_text(f"image,Objects\n{rows}")
    proposal = propose(tmp_path, [tmp_path / "t.csv", path])
    assert [task.task for task in proposal.tasks] == ["Objects", "objects_2"]
    assert offered(proposal).keys["from"] == "objects_2"
    examined(uncommented(proposal, tmp_path, "objects_tags:"))


@pytest.mark.parametrize(("recipe", "has_offer"), [("tags-fast", False), ("street-five", True)])
def test_a_recipe_without_boxes_has_no_tags_from_them(tmp_path, recipe, has_offer):
    path = with_groups(tmp_path, {"dog": "animal", "car": "vehicle"})
    rows = "".join(f"images/{k}.png,{'a|b' if k % 2 else 'b|c'}\n" for k in range(12))
    (tmp_path / "t.csv").write_text(f"image,tags\n{rows}")
    proposal = follow(propose(tmp_path, [tmp_path / "t.csv", path]), read_recipe(recipe))
    assert (offered(proposal) is not None) == has_offer


GROUPS = {"dog": "animal", "car": "vehicle", "animal": "", "bus": "vehicle"}


class TestTagsOfATable:
    def propose(self, folder, *cells):
        path = with_groups(folder, GROUPS)
        rows = "".join(f"images/{k}.png,{cells[k % len(cells)]}\n" for k in range(12))
        (folder / "t.csv").write_text(f"image,tags\n{rows}")
        return propose(folder, [folder / "t.csv", path])

    def test_rules_between_their_labels_are_offered(self, tmp_path):
        proposal = self.propose(tmp_path, "dog|animal", "animal|car", "car")
        (tags,) = (task for task in proposal.tasks if task.type == "tags")
        assert tags.may_add == {"rules": {"implies": {"dog": ["animal"]}}}
        assert "rows break them" not in tags.may_add_why
        assert "rules" not in render_yaml(proposal, "x", tmp_path).split("tags:")[0]
        config = uncommented(proposal, tmp_path, "rules:")
        assert config.tasks["tags"].rules.implies == {"dog": ("animal",)}
        examined(config)

    def test_rows_that_break_them_are_counted(self, tmp_path):
        proposal = self.propose(tmp_path, "dog|animal", "dog|car", "car|animal")
        (tags,) = (task for task in proposal.tasks if task.type == "tags")
        assert "4 rows break them" in tags.may_add_why
        found = examine(uncommented(proposal, tmp_path, "rules:"), QUIET)
        assert [fault.code for fault in found.faults if fault.is_error] == ["E_RULE"] * 4

    def test_tables_without_such_labels_get_none(self, tmp_path):
        proposal = self.propose(tmp_path, "dog|car", "car|bus", "bus|dog")
        (tags,) = (task for task in proposal.tasks if task.type == "tags")
        assert not tags.may_add
