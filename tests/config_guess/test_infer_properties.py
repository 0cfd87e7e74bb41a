"""Generated tables of known kinds are recognised."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from label_tables import decide

LABEL = st.text("abcdefghij", min_size=3, max_size=6).filter(
    lambda text: text not in ("nan", "inf", "dev", "nil")
)
PROPERTY = settings(deadline=None, max_examples=40)


@PROPERTY
@given(
    st.lists(LABEL, min_size=2, max_size=8, unique=True), st.integers(0, 2**32).map(random.Random)
)
def test_repeated_words_are_a_class(tmp_path_factory, labels, chance):
    cells = labels * 20
    chance.shuffle(cells)
    decision = decide(tmp_path_factory.mktemp("t"), "thing", cells)
    assert (decision.type, set(decision.labels)) == ("class", set(labels))


@PROPERTY
@given(
    st.lists(LABEL, min_size=3, max_size=8, unique=True),
    st.sampled_from(["|", ";", ", ", " "]),
    st.integers(0, 2**32).map(random.Random),
)
def test_random_label_sets_are_tags(tmp_path_factory, labels, delimiter, chance):
    sets = [[label for label in labels if chance.random() < 0.4] for _ in range(200)]
    cells = [delimiter.join(chosen) or "[]" for chosen in sets] + labels
    decision = decide(tmp_path_factory.mktemp("t"), "thing", cells)
    assert decision.type == "tags"
    assert set(decision.labels) == set(labels)
    assert decision.keys["delimiter"] == (delimiter.strip() or " ")


@PROPERTY
@given(st.lists(st.floats(-1e6, 1e6).map(lambda x: f"{x:.3f}"), min_size=20, unique=True))
def test_measurements_are_numbers(tmp_path_factory, cells):
    decision = decide(tmp_path_factory.mktemp("t"), "thing", cells)
    assert decision.type in ("number", "identifier")
    assert (decision.task is None) == (decision.type == "identifier")


@PROPERTY
@given(st.lists(LABEL, min_size=20, max_size=60, unique=True), st.integers(0, 2**32))
def test_sentences_are_no_task(tmp_path_factory, words, seed):
    chance = random.Random(seed)
    sentences = {" ".join(chance.choices(words, k=chance.randint(6, 12))) for _ in range(150)}
    assert decide(tmp_path_factory.mktemp("t"), "thing", sorted(sentences)).task is None
