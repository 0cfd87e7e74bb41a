"""Which yes/no columns become one task."""

from label_tables import NUM_ROWS, cycle, write

from polyhead.config_guess import propose


def groups(folder, *names, **more):
    columns = {name: cycle("1", "0", *["0"] * place) for place, name in enumerate(names)}
    proposal = propose(None, [write(folder, **columns, **more)])
    return {task.task: task.keys.get("columns", task.type) for task in proposal.tasks}


def test_columns_with_a_marked_prefix_are_a_group(tmp_path):
    found = groups(tmp_path, "tag:car", "tag:bus", "is_dark", "is_wet", "weather/rain", "snow")
    assert found == {"tags": ("tag:*",), "tags_2": ("is_*",), "tags_3": ("weather/rain", "snow")}


def test_other_first_words_count_when_all_share_one(tmp_path):
    found = groups(tmp_path, "color_red", "color_blue", "shape_round", "shape_flat")
    assert found == {"color": ("color_*",), "shape": ("shape_*",)}


def test_columns_without_a_shared_prefix_are_one_group(tmp_path):
    found = groups(tmp_path, "traffic_light", "traffic_sign", "car")
    assert found == {"tags": ("traffic_light", "traffic_sign", "car")}


def test_a_glob_takes_in_no_other_column(tmp_path):
    found = groups(
        tmp_path, "tag:car", "tag:bus", **{"tag:count": [f"{row}.5" for row in range(NUM_ROWS)]}
    )
    assert found == {"tags": ("tag:car", "tag:bus"), "tag_count": "number"}


def test_columns_of_one_answer_join_marked_groups_only(tmp_path):
    always, never = cycle("1"), cycle("0")
    found = groups(tmp_path, "tag:car", "tag:bus", "dog", "cat", **{"tag:cow": never, "v": always})
    assert found == {"tags": ("tag:*",), "tags_2": ("dog", "cat")}


def decisions(folder, **columns):
    return propose(None, [write(folder, **columns)]).decisions


def test_minus_one_and_one_alone_are_written_as_no_and_yes(tmp_path):
    (tags,) = decisions(tmp_path, bald=cycle("-1", "1", "1"), male=cycle("1", "-1"))
    assert tags.keys == {"columns": ("bald", "male"), "values": {"yes": ["1"], "no": ["-1"]}}
    assert "such as 1 and -1" in tags.reason


def test_minus_one_beside_zero_is_asked_for(tmp_path):
    (tags,) = decisions(tmp_path, edema=cycle("1", "0", "-1", None), mass=cycle("1", "0"))
    assert tags.keys == {"columns": ("edema", "mass")}
    assert "say which, as values: {unknown: [-1]}" in tags.reason
    half = decisions(tmp_path, edema=cycle("1", "-1", None), mass=cycle("1", "0"))
    assert len(half) == 1
    assert "say which" in half[0].reason


def test_full_columns_of_minus_one_are_a_task_of_their_own(tmp_path):
    signed = {"bald": cycle("-1", "1", "1"), "male": cycle("1", "-1")}
    first, second = decisions(tmp_path, dark=cycle("1", "0", "0"), wet=cycle("0", "1"), **signed)
    assert (first.columns, second.columns) == (("dark", "wet"), ("bald", "male"))
    assert "values" in second.keys
    assert "values" not in first.keys


def test_one_yes_in_each_row_offers_a_class(tmp_path):
    columns = {"rust": cycle("1", "0", "0"), "scab": cycle("0", "1", "0"), "fine": cycle(*"001")}
    tags, offer = decisions(tmp_path, **columns)
    assert (tags.type, tags.is_offer) == ("tags", False)
    assert (offer.task, offer.type, offer.is_offer) == ("tags_class", "class", True)
    assert offer.keys == {"columns": ("rust", "scab", "fine")}
    assert len(decisions(tmp_path, **columns | {"fine": cycle("0", "1", "1")})) == 1


def test_words_for_unknown_keep_a_column_yes_no(tmp_path):
    (tags,) = decisions(tmp_path, bald=cycle("1", "0", "N/A"), male=cycle("yes", "no", "-"))
    assert tags.columns == ("bald", "male")
    assert '80 cells are empty or say unknown ("-", "N/A")' in tags.reason
