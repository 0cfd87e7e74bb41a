"""YAML as a tree of strings with the line of every key."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyhead.config import parse_yaml
from polyhead.errors import ConfigError

TEXT = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=8)
TREES = st.recursive(
    TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner),
    max_leaves=12,
)


@given(TREES)
def test_json_with_string_scalars_parses_to_itself(tree):
    assert parse_yaml(json.dumps(tree), "f").value == tree


@given(st.text(max_size=60))
def test_any_text_gives_a_tree_or_a_typed_error(text):
    try:
        parse_yaml(text, "f")
    except ConfigError as error:
        message = error.message
    else:
        return
    assert message.startswith("f")


def test_keys_and_items_know_their_lines():
    tree = parse_yaml("a:\n  b: 1\n  c:\n  - x\n  - {d: y}\n", "f")
    assert tree.value == {"a": {"b": "1", "c": ["x", {"d": "y"}]}}
    assert tree.lines[("a", "b")] == 2
    assert tree.lines[("a", "c", 0)] == 4
    assert tree.lines[("a", "c", 1, "d")] == 5


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, 'key "a" appears twice (first on line 1)'),
        ("a:\n  b: 1\n  b: 1\n", 3, 'key "b" appears twice (first on line 2)'),
        ("{a: 1, 'a': 2}", 1, "appears twice"),
        ("a: &x 1\n", 1, "anchors and aliases"),
        ("a: 1\nb: *x\n", 2, "anchors and aliases"),
        ("a: !!python/object:os.system x\n", 1, "tags such as"),
        ("a: !!int 3\n", 1, "tags such as"),
        ("a: !mine {b: c}\n", 1, "tags such as"),
        ("a:\n  b: " + "[" * 30 + "]" * 30, 2, "deeper than 20"),
        ("[" * 5000, 1, "deeper than 20"),
        ("{a: " * 5000, 1, "deeper than 20"),
        ("- " * 5000, 1, "deeper than 20"),
        ("? [a]\n: b\n", 1, "a key must be a plain word"),
        ("a: [1\nb: 2\n", 2, "not valid YAML"),
        ("a:\n\tb: 1\n", 2, "not valid YAML"),
        ("a: 'open\n", None, "not valid YAML"),
        ("a: \x00", None, "not valid YAML"),
        ("a: 1\n---\nb: 2\n", None, "more than one document"),
        ("a: " + "x" * 1_000_001, None, "at most 1000000"),
    ],
)
def test_what_a_config_needs_not_is_refused_with_its_line(text, line, expected):
    with pytest.raises(ConfigError) as found:
        parse_yaml(text, "polyhead.yaml")
    assert expected in found.value.message
    assert found.value.exit_code == 2
    if line:
        assert found.value.message.startswith(f"polyhead.yaml:{line}: ")


def test_twenty_levels_are_enough():
    assert parse_yaml("[" * 20 + "]" * 20, "f").value is not None


def test_merge_keys_are_plain_keys():
    assert parse_yaml("<<: {a: b}\n", "f").value == {"<<": {"a": "b"}}
