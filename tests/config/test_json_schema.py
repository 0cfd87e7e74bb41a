"""The JSON Schema that editors check a config with."""

import pytest

from polyhead.config import json_schema
from polyhead.tasks import TASK_TYPES

SCHEMA = json_schema()


def resolved(schema):
    return SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema


@pytest.mark.parametrize("task", ["TagsConfig", "ClassConfig"])
@pytest.mark.parametrize("part", ["head", "loss"])
def test_a_component_is_a_name_or_a_mapping_with_one(task, part):
    kinds = [resolved(choice) for choice in SCHEMA["$defs"][task]["properties"][part]["anyOf"]]
    assert [kind["type"] for kind in kinds] == ["string", "object"]
    assert kinds[1]["required"] == ["name"]
    assert kinds[1]["additionalProperties"] is True


def test_an_image_size_is_a_number_or_two():
    kinds = SCHEMA["$defs"]["ModelConfig"]["properties"]["image_size"]["anyOf"]
    assert [kind["type"] for kind in kinds] == ["integer", "array"]


def test_sections_allow_no_other_keys():
    for name, section in {"Config": SCHEMA, **SCHEMA["$defs"]}.items():
        assert section["additionalProperties"] is (name == "Component")


def test_a_task_is_told_by_its_type():
    task = SCHEMA["properties"]["tasks"]["additionalProperties"]
    types = set(task["discriminator"]["mapping"])
    assert types == set(TASK_TYPES)
    assert types >= {"boxes", "class", "mask", "number", "tags"}
