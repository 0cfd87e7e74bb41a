"""Progress: a bar on a terminal, lines elsewhere, nothing when quiet."""

import re
import time
from io import StringIO

import pytest
from rich.console import Console

from polyhead import progress
from polyhead.progress import Reporter, rounded

NOTE = "contents 0.123 daytime 0.456"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
MOVEMENT = re.compile(r"\x1b\[[0-9;?]*[A-Za-ln-z]|\r")


def on_terminal(width):
    """A reporter whose terminal is a text; what it showed, frame by frame."""
    screen = StringIO()
    reporter = Reporter()
    reporter.console = Console(file=screen, force_terminal=True, width=width, legacy_windows=False)

    def frames():
        return [t for t in MOVEMENT.sub("\n", COLOUR.sub("", screen.getvalue())).split("\n") if t]

    return reporter, frames


@pytest.mark.parametrize(("width", "rate"), [(80, "/s"), (120, " images/s")])
def test_a_bar_is_one_line_with_losses_rate_and_time_left(width, rate):
    reporter, frames = on_terminal(width)
    with reporter.work("epoch 12/20", 2000, "images") as advance:
        for _ in range(4):
            time.sleep(0.02)
            advance(4, NOTE)
        reporter.say("a line that stays")
    shown = frames()
    assert max(map(len, shown)) <= width
    last = next(line.strip() for line in shown if " 16/2000" in line)
    assert last.startswith("epoch 12/20 ")
    assert last.endswith(f"left {NOTE}")
    assert re.search(rf" \d+{rate} +(\d\d:\d\d|--:--) left", last)
    assert "a line that stays" in [line.strip() for line in shown]


def test_many_losses_are_cut_rather_than_wrapped():
    reporter, frames = on_terminal(80)
    with reporter.work("epoch 12/20", 2000, "images") as advance:
        advance(400, " ".join(f"task{i} 0.123" for i in range(9)))
    assert all(line.startswith("epoch") for line in frames())
    assert " 400/2000 " in frames()[-1]
    assert " left task0 0.123 " in frames()[-1]
    assert frames()[-1].rstrip().endswith("…")
    assert max(map(len, frames())) <= 80


def test_elsewhere_there_are_plain_lines_now_and_then(capsys, monkeypatch):
    now = iter([0.0, 5.0, 12.0, 13.0, 30.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    with Reporter().work("epoch 1/2", 40, "images") as advance:
        for _ in range(4):
            advance(10, NOTE)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        f"epoch 1/2: 20/40 images, 1.7/s  {NOTE}",
        f"epoch 1/2: 40/40 images, 1.3/s  {NOTE}",
    ]


def test_quiet_says_nothing_but_still_writes_the_log(capsys, tmp_path):
    reporter = Reporter(quiet=True)
    with reporter.logged(tmp_path / "log.txt"), reporter.waiting("loading"):
        reporter.say("one \udcff")
        with reporter.work("title", 3) as advance:
            advance(1, "")
    reporter.say("two")
    assert capsys.readouterr() == ("", "")
    assert (tmp_path / "log.txt").read_text() == "one \\udcff\n"


def test_no_color_is_honoured(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    screen = StringIO()
    reporter = Reporter()
    reporter.console = Console(file=screen, force_terminal=True, width=80)
    with reporter.work("title", 2) as advance:
        advance(2, "")
    assert not re.search(r"\x1b\[[0-9;]*(3|4|9|10)\d[0-9;]*m", screen.getvalue())


@pytest.mark.parametrize(
    ("speed", "shown"), [(0.456, "0.46"), (4.56, "4.6"), (45.6, "46"), (456.0, "456")]
)
def test_rates_have_two_digits(speed, shown):
    assert rounded(speed) == shown
