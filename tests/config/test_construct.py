"""From a component's name and options to a constructor call."""

from typing import Literal

import pytest

from polyhead.errors import ConfigError
from polyhead.registry import Component, by_name, check_component, construct


def component(name: str, **options: object) -> Component:
    return Component.model_validate({"name": name, **options})


class Shape:
    pass


class RoundHole(Shape):
    def __init__(self, width: int, *, depth: float = 1.0, kind: int | Literal["auto"] = 3) -> None:
        if depth <= 0:
            raise ValueError(f"Parameter `depth` should be positive. Found `depth = {depth}`.")
        self.width, self.depth, self.kind = width, depth, kind


class Square(Shape):
    def __init__(self, width: int, *, filled: bool = False) -> None:
        self.width, self.filled = width, filled


SHAPES = by_name(Shape, [Shape, RoundHole, Square, str, "no class"])


def test_the_registry_holds_concrete_classes_in_snake_case():
    assert {"round_hole": RoundHole, "square": Square} == SHAPES


def test_options_arrive_typed():
    hole = construct("shape", SHAPES, component("round_hole", depth="2e-1", kind="auto"), 7)
    assert isinstance(hole, RoundHole)
    assert (hole.width, hole.depth, hole.kind) == (7, 0.2, "auto")
    square = construct("shape", SHAPES, component("square", filled="yes"), 1)
    assert isinstance(square, Square)
    assert square.filled is True


@pytest.mark.parametrize(
    ("component", "expected"),
    [
        (component("squar"), 'shape "squar" does not exist. Did you mean "square"?'),
        (component("zzz"), "Choices: round_hole, square."),
        (component("square", fill="1"), 'has no option "fill". Did you mean "filled"?'),
        (component("square", width="1"), 'has no option "width"'),
        (component("round_hole", depth="deep"), 'option depth = "deep"'),
        (component("round_hole", depth="inf"), "finite"),
        (component("round_hole", depth=True), "expected no boolean"),
        (component("round_hole", kind="car"), "'auto'"),
        (component("round_hole", depth="-1"), "`depth` should be positive"),
    ],
)
def test_what_cannot_be_built_is_refused(component, expected):
    with pytest.raises(ConfigError) as found:
        construct("shape", SHAPES, component, 1)
    assert expected in found.value.message
    assert found.value.exit_code == 2


def test_checking_builds_nothing():
    assert check_component("shape", SHAPES, component("round_hole", depth="-1")) == (
        RoundHole,
        {"depth": -1.0},
    )
