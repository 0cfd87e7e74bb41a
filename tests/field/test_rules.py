import brute_force as slow
import numpy as np
import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from polyhead.errors import ConfigError
from polyhead.field import Rules, find_violations
from polyhead.field.states import legal_states

CLASSES = ["car", "bus", "vehicle", "rain", "snow", "day", "dusk", "night"]
seeds = st.integers(0, 10**6)
few = settings(max_examples=30, deadline=None)


@pytest.mark.parametrize(
    ("spelled", "says"),
    [
        ({"exclusive": [["rain", "snwo"]]}, 'Did you mean "snow"'),
        ({"implies": {"buss": ["vehicle"]}}, 'Did you mean "bus"'),
        ({"exclusive": [["rain"]]}, "two or more different labels"),
        ({"exactly_one": [["day", "day", "night"]]}, "two or more different labels"),
        ({"exclusive": ["rain"]}, "expected a list of labels"),
        ({"implies": {"bus": "vehicle"}}, "expected a list of labels"),
        ({"implies": {"bus": ["bus"]}}, '"bus" → "bus"'),
        ({"implies": {"bus": ["vehicle"], "vehicle": ["car"], "car": ["bus"]}}, "implies itself"),
        (
            {
                "exactly_one": [["day", "dusk"], ["rain", "snow"]],
                "exclusive": [["day", "rain"], ["day", "snow"], ["dusk", "rain"], ["dusk", "snow"]],
            },
            'exactly one of "day", "dusk"',
        ),
    ],
)
def test_wrong_rules_are_refused(spelled, says):
    with pytest.raises(ConfigError) as raised:
        Rules.of(CLASSES, **spelled)
    assert says in raised.value.message
    assert raised.value.code == "E_RULES"


def test_rules_are_falsy_without_any():
    assert not Rules()
    assert not Rules.of(CLASSES)
    assert Rules.of(CLASSES, implies={"bus": ["vehicle"]})


def test_rules_that_overlap_report_a_broken_row_once():
    groups = [["a", "b"], ["b", "a", "c"]]
    rules = Rules.of("abcd", exclusive=groups, exactly_one=[["c", "b", "a"], ["a", "b", "c"]])
    targets = np.array([[1, 1, -1, -1], [1, 1, 1, 0], [0, 0, 0, 1], [1, 0, 0, 1]], np.int8)
    assert find_violations(rules, targets) == [
        (0, '"a" and "b" are yes; they exclude each other'),
        (1, '"a" and "b" and "c" are yes; they exclude each other'),
        (2, 'none of "a", "b", "c" is yes; exactly one must be'),
    ]
    apart = Rules.of("abcd", exclusive=[["a", "b"], ["b", "c"]])
    assert len(find_violations(apart, np.array([[1, 1, 1, 0]], np.int8))) == 2


def test_known_cells_that_break_rules_are_reported_by_name():
    rules = Rules.of(
        CLASSES,
        exclusive=[["rain", "snow"]],
        implies={"bus": ["vehicle"], "vehicle": ["car"]},
        exactly_one=[["day", "dusk", "night"]],
    )
    targets = np.full((6, 8), -1, np.int8)
    targets[1, [3, 4]] = 1
    targets[2, [1, 2]] = 1, 0
    targets[3, 5:] = 0
    targets[4, [0, 1]] = 0, 1  # bus brings vehicle brings car
    targets[5, [5, 6]] = 1
    found = find_violations(rules, targets)
    assert [row for row, _ in found] == [1, 2, 3, 4, 5]
    assert found[0][1] == '"rain" and "snow" are yes; they exclude each other'
    assert found[1][1] == '"bus" is yes and "vehicle" no; the first implies the second'
    assert found[2][1] == 'none of "day", "dusk", "night" is yes; exactly one must be'
    assert found[3][1] == 'the rules contradict "car" no, "bus" yes together'


@few
@over(seeds)
def test_violations_are_rows_that_no_legal_state_agrees_with(seed):
    generator = np.random.default_rng(seed)
    rules = slow.random_rules(generator, 6)
    targets = generator.integers(-1, 2, (15, 6)).astype(np.int8)
    states = legal_states(6, rules)
    assert states is not None
    possible = [any(slow.agrees(state, row) for state in states) for row in targets]
    broken = {row for row, _ in find_violations(rules, targets)}
    assert broken <= {row for row in range(15) if not possible[row]}
    assert [rules.completion(row) is not None for row in targets] == possible
    known = targets >= 0
    assert broken >= {row for row in range(15) if known[row].all() and not possible[row]}


@few
@over(seeds)
def test_legal_states_are_all_that_are_legal(seed):
    rules = slow.random_rules(np.random.default_rng(seed), 6)
    every = np.array(list(np.ndindex(*(2,) * 6)), bool)
    expected = every[[slow.is_legal(rules, state) for state in every]]
    assert (legal_states(6, rules) == expected).all()
    assert rules.legal(every).sum() == len(expected)


def test_large_groups_and_hierarchies_have_few_states():
    group = Rules(exclusive=(tuple(range(300)),))
    states = legal_states(300, group)
    assert states is not None
    assert len(states) == 301
    chain = legal_states(60, Rules(implies=tuple((i, i + 1) for i in reversed(range(59)))))
    assert chain is not None
    assert len(chain) == 61
    assert legal_states(15, Rules()) is None


def test_rules_are_restored_as_spelled():
    spelled = {
        "exclusive": [["rain", "snow"]],
        "implies": {"bus": ["vehicle", "car"]},
        "exactly_one": [["day", "dusk", "night"]],
    }
    rules = Rules.of(CLASSES, **spelled)
    assert rules.to_dict() == spelled
    assert Rules.from_dict(rules.to_dict(), CLASSES) == rules
