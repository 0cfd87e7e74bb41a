"""Tables with a row a label."""

import numpy as np
import pytest

from polyhead.errors import ConfigError, DataError
from polyhead.formats import Source, read_table, read_tables
from polyhead.table import labels_column


def read(folder, text, name="t.csv", **keys):
    (folder / name).write_text(text)
    return read_table(folder / name, **keys)


def answers(table, column):
    """Image to its labels that hold and that do not; None where nobody looked."""
    yes = table.column(column).to_pylist()
    beside = labels_column(column)
    known = table.column(beside).to_pylist() if beside in table.columns else [None] * len(yes)
    return {
        table.image(row): cell
        if cell is None
        else (set(cell), None if k is None else set(k) - set(cell))
        for row, (cell, k) in enumerate(zip(yes, known, strict=True))
    }


def codes(table):
    return [fault.code for fault in table.faults]


def note(table):
    (found,) = [fault for fault in table.faults if fault.code == "N_LONG_TABLE"]
    return found.message


def test_a_row_a_label_names_all_labels_of_a_image(tmp_path):
    table = read(tmp_path, "image,label\na.jpg,cat\nb.jpg,dog\na.jpg,dog\nc.jpg,\n")
    assert answers(table, "label") == {
        "a.jpg": ({"cat", "dog"}, None),
        "b.jpg": ({"dog"}, None),
        "c.jpg": None,
    }
    assert table.columns == ["label"]  # nothing beside it: other labels are no
    assert "read as no" in note(table)
    assert table.lines.tolist() == [2, 3, 5]


def test_open_images_answers_yes_no_and_unknown(tmp_path):
    (tmp_path / "class-descriptions.csv").write_text("LabelName,DisplayName\n/m/1,Cat\n/m/2,Dog\n")
    text = (
        "ImageID,Source,LabelName,Confidence\n"
        "a,verification,/m/1,1\na,crowdsource-verification,/m/2,0\n"
        "b,verification,/m/2,1\nc,verification,/m/1,0\n"
    )
    table = read(tmp_path, text)
    assert answers(table, "LabelName") == {
        "a": ({"Cat"}, {"Dog"}),
        "b": ({"Dog"}, set()),
        "c": (set(), {"Cat"}),
    }
    assert table.columns == ["LabelName", "LabelName:labels"]
    assert "unknown" in note(table)
    assert "N_CLASS_NAMES" in codes(table)


def test_terms_without_descriptions_are_reported(tmp_path):
    table = read(tmp_path, "ImageID,LabelName,Confidence\na,/m/1,1\na,/m/2,0\n")
    (fault,) = [fault for fault in table.faults if fault.code == "N_CLASS_NAMES"]
    assert "class-descriptions.csv" in fault.message


def test_a_file_of_descriptions_is_no_table_of_images(tmp_path):
    with pytest.raises(DataError, match="leave it out"):
        read(tmp_path, "/m/01g317,Person\n/m/0k4j,Car\n", "class-descriptions.csv")


def test_descriptions_that_are_given_name_the_labels_of_the_others(tmp_path):
    terms, deep = "ImageID,LabelName,Confidence\na,/m/1,1\na,/m/2,0\n", tmp_path / "x/y/z"
    deep.mkdir(parents=True)
    (deep / "names.csv").write_text("/m/1,Cat\n/m/2,Dog\n")
    (tmp_path / "t.csv").write_text(terms)
    sources = [Source(tmp_path / "t.csv"), Source(deep / "names.csv")]
    for given in (sources, sources[::-1]):
        found = read_tables(given)
        assert answers(found, "LabelName") == {"a": ({"Cat"}, {"Dog"})}
        assert "names.csv" in next(f.message for f in found.faults if f.code == "N_CLASS_NAMES")
    with pytest.raises(DataError, match=r"polyhead init IMAGES TABLE names\.csv"):
        read_tables(sources[1:])
    (tmp_path / "t.csv").write_text("image,kind\na.jpg,cat\nb.jpg,dog\n")
    (fault,) = read_tables(sources).faults
    assert (fault.code, fault.where) == ("N_CLASS_NAMES", "names.csv")
    assert "not used" in fault.message


@pytest.mark.parametrize(
    "words", [("1", "0", ""), ("true", "false", "?"), ("yes", "no", "unknown")]
)
def test_values_say_which_labels_hold(tmp_path, words):
    yes, no, unknown = words
    text = f"image,attribute,value\na.jpg,x,{yes}\na.jpg,y,{no}\na.jpg,z,{unknown}\nb.jpg,z,{yes}\n"
    assert answers(read(tmp_path, text), "attribute") == {
        "a.jpg": ({"x"}, {"y"}),
        "b.jpg": ({"z"}, set()),
    }


def test_one_answer_a_image_is_no_class(tmp_path):
    table = read(tmp_path, "image,label,present\na.jpg,cat,1\nb.jpg,cat,0\nc.jpg,dog,0\n")
    assert answers(table, "label") == {
        "a.jpg": ({"cat"}, set()),
        "b.jpg": (set(), {"cat"}),
        "c.jpg": (set(), {"dog"}),
    }


class TestMinusOne:
    def test_beside_one_alone_is_no(self, tmp_path):
        table = read(tmp_path, "image,label,value\na.jpg,x,1\na.jpg,y,-1\n")
        assert answers(table, "label") == {"a.jpg": ({"x"}, {"y"})}
        assert "-1 in value is read as no" in note(table)

    def test_beside_no_is_asked_for_and_the_mend_works(self, tmp_path):
        text = "image,label,value\na.jpg,x,1\na.jpg,y,-1\na.jpg,z,0\n"
        with pytest.raises(DataError, match="may be no or unknown"):
            read(tmp_path, text)
        table = read(tmp_path, text.replace("-1", ""))
        assert answers(table, "label") == {"a.jpg": ({"x"}, {"z"})}


def test_scores_are_refused_with_a_mend(tmp_path):
    with pytest.raises(DataError, match="threshold"):
        read(tmp_path, "image,label,confidence\na.jpg,x,0.9\na.jpg,y,0.2\n")


def test_contradictions_name_both_rows(tmp_path):
    table = read(tmp_path, "image,label,value\na.jpg,x,1\na.jpg,y,1\na.jpg,x,0\n")
    (fault,) = [fault for fault in table.faults if fault.is_error]
    assert (fault.code, fault.where, fault.row) == ("E_DUPLICATE_ROW", "t.csv:4 a.jpg", 0)
    assert "t.csv:2" in fault.message
    assert answers(table, "label") == {"a.jpg": ({"y"}, set())}


class TestVotes:
    TEXT = (
        "image,annotator,label\na.jpg,ann,cat\na.jpg,bob,cat\na.jpg,cid,dog\n"
        "b.jpg,ann,dog\nb.jpg,bob,cat\nc.jpg,ann,dog\n"
    )

    def test_are_asked_for(self, tmp_path):
        with pytest.raises(DataError) as caught:
            read(tmp_path, self.TEXT)
        assert caught.value.faults[0].code == "E_ROWS"

    def test_the_majority_is_the_class_and_a_draw_unknown(self, tmp_path):
        table = read(tmp_path, self.TEXT, rows="vote")
        assert table.column("label").to_pylist() == ["cat", None, "dog"]
        assert "1 are a draw" in note(table)

    def test_or_every_label_is_a_yes(self, tmp_path):
        table = read(tmp_path, self.TEXT, rows="label")
        assert answers(table, "label")["a.jpg"] == ({"cat", "dog"}, None)

    def test_on_answers(self, tmp_path):
        text = (
            "image,worker,label,value\na.jpg,1,x,1\na.jpg,2,x,1\na.jpg,3,x,0\n"
            "a.jpg,1,y,1\na.jpg,2,y,0\n"
        )
        assert answers(read(tmp_path, text, rows="vote"), "label") == {"a.jpg": ({"x"}, set())}


class TestWhatIsNoTableOfLabels:
    def test_two_answers_in_a_table_of_classes_stay_a_contradiction(self, tmp_path):
        rows = "".join(f"{k}.jpg,{('cat', 'dog')[k % 2]}\n" for k in range(40))
        text = f"image,label\n{rows}0.jpg,dog\n"
        table = read(tmp_path, text)
        (fault,) = [fault for fault in table.faults if fault.is_error]
        assert fault.code == "E_DUPLICATE_ROW"
        assert "data.rows" in fault.message
        assert "keep one" not in fault.message
        mended = read(tmp_path, text, rows="label")
        assert answers(mended, "label")["0.jpg"] == ({"cat", "dog"}, None)

    def test_delimited_labels(self, tmp_path):
        table = read(tmp_path, "image,tags\na.jpg,x|y\na.jpg,z\n")
        assert codes(table) == ["E_DUPLICATE_ROW"]

    def test_captions(self, tmp_path):
        rows = "".join(f"{k // 3}.jpg,text number {k}\n" for k in range(60))
        assert "N_LONG_TABLE" not in codes(read(tmp_path, f"image,caption\n{rows}"))


def test_a_column_without_a_telling_name_is_found_where_images_repeat(tmp_path):
    rows = "".join(f"{k}.jpg,{a}\n" for k in range(20) for a in ("oak", "elm", "fir")[k % 2 :])
    table = read(tmp_path, f"file,what is there\n{rows}")
    assert answers(table, "what is there")["1.jpg"] == ({"elm", "fir"}, None)


def test_columns_of_images_stay_and_those_of_rows_are_reported(tmp_path):
    text = "image,label,weather,timestamp\na.jpg,x,rain,1\na.jpg,y,rain,2\nb.jpg,x,sun,3\n"
    table = read(tmp_path, text)
    assert table.columns == ["weather", "label"]
    assert "timestamp" in note(table)


def test_rows_label_without_a_column_of_labels_is_refused(tmp_path):
    with pytest.raises(ConfigError, match='"label"'):
        read(tmp_path, "image,a,b\nx.jpg,1,2\nx.jpg,2,1\n", rows="label")


def test_answers_are_those_that_a_loop_finds(tmp_path):
    rng = np.random.default_rng(0)
    expected, lines = {}, ["image,label,value"]
    for _ in range(4000):
        name, label, says = f"{rng.integers(500)}.jpg", f"l{rng.integers(200)}", rng.integers(2)
        if label in expected.setdefault(name, {}):
            continue
        expected[name][label] = says
        lines.append(f"{name},{label},{says}")
    assert answers(read(tmp_path, "\n".join(lines)), "label") == {
        name: ({k for k, v in said.items() if v}, {k for k, v in said.items() if not v})
        for name, said in expected.items()
    }
