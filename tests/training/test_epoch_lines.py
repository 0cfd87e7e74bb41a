"""What an epoch says on the screen: every figure once, and never wider than a terminal."""

from hypothesis import given
from hypothesis import strategies as st

from polyhead.training.metrics_log import WIDTH, epoch_line

FIGURES = {"contents": "mAP", "daytime": "accuracy", "objects": "AP", "ground": "mIoU"}


def record(figures, best=True):
    return {
        "epoch": 2,
        "score": 0.664,
        "best": best,
        "seconds": 20.0,
        "pictures_per_second": 11.2,
        "train_loss": dict.fromkeys(figures, 0.25),
        "val": {name: {figure: 0.5, "other": 0.1} for name, figure in figures.items()},
    }


def test_one_head_is_one_line():
    line = epoch_line(record({"contents": "mAP"}), 5)
    assert line == (
        "epoch 2/5  contents: loss 0.250, validation mAP 0.500, best so far  11 images/s, 60 s left"
    )


def test_several_heads_are_in_columns():
    lines = epoch_line(record(FIGURES, best=False), 2).splitlines()
    assert lines == [
        "epoch 2/2  score 0.664  11 images/s",
        "              contents   daytime         objects   ground",
        "  loss        0.250      0.250           0.250     0.250",
        "  validation  mAP 0.500  accuracy 0.500  AP 0.500  mIoU 0.500",
    ]


def test_what_an_epoch_says_nothing_about_is_a_dash():
    without = record(FIGURES)
    del without["train_loss"]["objects"]
    without["val"]["ground"] = {"mIoU": None}
    lines = epoch_line(without, 5).splitlines()
    assert lines[2].split() == ["loss", "0.250", "0.250", "–", "0.250"]
    assert lines[3].endswith("mIoU –")


@given(st.lists(st.from_regex(r"[a-z_]{1,40}", fullmatch=True), min_size=2, unique=True))
def test_any_number_of_heads_fits_the_width_and_none_is_lost(names):
    lines = epoch_line(record(dict.fromkeys(names, "accuracy")), 5).splitlines()
    assert max(map(len, lines)) <= WIDTH
    shown = [name for line in lines[1::3] for name in line.split()]
    assert shown == names
