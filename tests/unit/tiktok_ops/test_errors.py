from tiktok_ops.errors import Refused


class TooLate(Refused):
    """It is too late for this."""


class Undocumented(Refused):
    __doc__ = None


def test_refuse_without_a_sentence_says_what_the_class_says() -> None:
    assert str(TooLate()) == "It is too late for this."
    assert str(Refused()) == "This cannot be done."


def test_refuse_with_a_sentence_says_that() -> None:
    assert str(TooLate("The run ended at 12:00.")) == "The run ended at 12:00."


def test_refuse_by_an_undocumented_class_says_nothing() -> None:
    assert str(Undocumented()) == ""
