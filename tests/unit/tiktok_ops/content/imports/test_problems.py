"""Messages about a file: shortened values, at most fifty problems, one sentence for one problem."""

import pytest

from tiktok_ops.content.imports.problems import ImportRefused, Problems, RowProblem, listed, shown
from tiktok_ops.errors import Refused


def test_show_value_with_line_break_escapes_it() -> None:
    assert shown("a\nb") == r"'a\nb'"


def test_show_value_of_60_characters_keeps_it_whole() -> None:
    assert shown("x" * 60) == repr("x" * 60)


def test_show_value_of_61_characters_cuts_it_to_60() -> None:
    assert shown("x" * 61) == repr("x" * 59 + "…")


def test_list_few_names_shows_them_all() -> None:
    assert listed(["a", "b"]) == "'a', 'b'"


def test_list_more_names_than_asked_counts_the_rest() -> None:
    assert listed(["a", "b", "c", "d"], at_most=2) == "'a', 'b' and 2 more"


def test_list_exactly_as_many_names_as_asked_shows_them_all() -> None:
    assert listed(["a", "b"], at_most=2) == "'a', 'b'"


def test_refuse_without_problems_does_nothing() -> None:
    problems = Problems()
    problems.refuse()
    assert len(problems) == 0


def test_refuse_with_one_problem_is_one_sentence() -> None:
    problems = Problems()
    problems.add(row=7, column="views", value="-5", what="is negative; write 0 or more")
    with pytest.raises(ImportRefused) as caught:
        problems.refuse()
    assert str(caught.value) == "Row 7: views '-5' is negative; write 0 or more."
    assert caught.value.problems == (RowProblem(7, "views", "-5", str(caught.value)),)


def test_add_problem_of_an_empty_cell_names_the_column_only() -> None:
    problems = Problems()
    problems.add(row=7, column="views", what="is empty")
    with pytest.raises(ImportRefused, match=r"^Row 7: views is empty\.$"):
        problems.refuse()


def test_add_problem_of_a_whole_row_names_the_row_only() -> None:
    problems = Problems()
    problems.add(row=7, what="has 3 cells")
    with pytest.raises(ImportRefused, match=r"^Row 7 has 3 cells\.$"):
        problems.refuse()


def test_add_problem_with_a_long_value_keeps_60_characters() -> None:
    problems = Problems()
    problems.add(row=7, column="views", value="9" * 500, what="is too large")
    with pytest.raises(ImportRefused) as caught:
        problems.refuse()
    assert len(caught.value.problems[0].value) == 60
    assert len(str(caught.value)) < 120


def test_refuse_with_fifty_problems_names_them_all() -> None:
    problems = _many(50)
    with pytest.raises(ImportRefused) as caught:
        problems.refuse()
    assert len(str(caught.value).splitlines()) == 50
    assert "more" not in str(caught.value)
    assert caught.value.more == 0


def test_refuse_with_more_than_fifty_problems_counts_the_rest() -> None:
    problems = _many(53)
    with pytest.raises(ImportRefused) as caught:
        problems.refuse()
    lines = str(caught.value).splitlines()
    assert len(problems) == 53
    assert len(caught.value.problems) == 50
    assert lines[49] == "Row 50 is wrong."
    assert lines[50:] == ["… and 3 more."]
    assert caught.value.more == 3


def test_refuse_whole_file_has_no_row() -> None:
    refused = ImportRefused.whole("The file 'a.csv' is empty.")
    assert isinstance(refused, Refused)
    assert str(refused) == "The file 'a.csv' is empty."
    assert refused.problems[0].row is None


def test_write_refusal_as_json_gives_plain_objects() -> None:
    refused = ImportRefused([RowProblem(7, "views", "-5", "Row 7: views '-5' is negative.")])
    assert refused.as_json() == [
        {
            "row": 7,
            "column": "views",
            "value": "-5",
            "sentence": "Row 7: views '-5' is negative.",
            "part": "",
        }
    ]


def _many(count: int) -> Problems:
    problems = Problems()
    for number in range(1, count + 1):
        problems.add(row=number, what="is wrong")
    return problems
