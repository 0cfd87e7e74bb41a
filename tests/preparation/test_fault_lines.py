"""Faults on the screen: a few of each code, the rest counted, and where the rest is."""

import pytest

from polyhead.errors import Fault
from polyhead.preparation import fault_lines


def faults(code, number):
    return [Fault(code, f"labels.csv:{line}", "found nothing.") for line in range(number)]


@pytest.mark.parametrize("code", ["E_NUMBER", "W_BOX_TINY", "N_EXIF"])
def test_many_of_one_code_share_a_line_whatever_they_are(code):
    lines = list(fault_lines(faults(code, 1205), "--json lists all of them"))
    assert lines[:5] == [f"{code} labels.csv:{line}: found nothing." for line in range(5)]
    assert lines[5:] == [
        f"{code} … and 1,200 more",
        f"found: 1,205 {code}; --json lists all of them",
    ]


def test_a_rare_error_is_seen_among_many_of_another_code():
    many = faults("E_IMAGE_MISSING", 400)
    lines = list(fault_lines([*many, *faults("E_NUMBER", 5)], "elsewhere"))
    assert [line for line in lines if line.startswith("E_NUMBER")] == list(
        map(str, faults("E_NUMBER", 5))
    )
    assert lines[-1] == "found: 400 E_IMAGE_MISSING, 5 E_NUMBER; elsewhere"


def test_five_are_no_reason_to_look_elsewhere():
    assert list(fault_lines(faults("E_NUMBER", 5), "elsewhere"))[-1] == "found: 5 E_NUMBER"
    assert list(fault_lines([], "elsewhere")) == []
