"""Choices that an error names."""

from polyhead.errors import nearest


def test_few_choices_are_all_listed():
    assert nearest("x", ["b", "a"]) == "Choices: a, b."
    assert nearest("x", []) == ""


def test_many_or_long_choices_are_cut_and_counted():
    many = nearest("?", [f"class {number:04}" for number in range(3000)])
    assert many.startswith("Choices: class 0000, class 0001, ")
    assert many.endswith(", … (3,000 in all).")
    assert len(many) < 400
    long = nearest("?", [letter * 10_000 for letter in "abcdefghij"])
    assert long.startswith(f"Choices: {'a' * 60}…, ")
    assert long.endswith(" (10 in all).")
    assert len(long) < 400


def test_the_nearest_of_many_is_found_whatever_its_case():
    assert nearest("CAR", [f"class {number}" for number in range(3000)] + ["Car"]) == (
        'Did you mean "Car"?'
    )
