"""Stand-ins: the same for the same thing, put back only where they were made."""

from hypothesis import given
from hypothesis import strategies as st

from agents.guardrails.findings import Category, Finding
from agents.guardrails.placeholders import StandIns, redacted
from agents.guardrails.policy import Verdict
from agents.guardrails.scanning import Judged
from agents.guardrails.texts import texts_of, with_texts
from agents.skills.severity import Severity


def judged(
    text: str, thing: str, verdict: Verdict = Verdict.REDACT, *, name: str = "EMAIL", field: str = "a"
) -> Judged:
    """Return a finding of the thing where it first stands in the text."""
    place = (field, text.index(thing), len(thing))
    return Judged(Finding(Category.PERSONAL, "email", Severity.HIGH, 1.0, *place, name), verdict)


def test_take_out_gives_the_same_thing_the_same_stand_in_and_puts_it_back() -> None:
    stand_ins = StandIns()
    texts = {"a": "Ana@example.com or b@c.de", "b": "again ana@example.com"}
    found = [
        judged(texts["a"], "Ana@example.com"),
        judged(texts["a"], "b@c.de"),
        judged(texts["b"], "ana@example.com", field="b"),
    ]
    assert stand_ins.take_out(texts, found) == {"a": "[EMAIL_1] or [EMAIL_2]", "b": "again [EMAIL_1]"}
    answer = {"words": ["Write to [EMAIL_1]", 5, None], "more": {"x": "[EMAIL_9]"}}
    assert stand_ins.put_back(answer) == {
        "words": ["Write to Ana@example.com", 5, None],
        "more": {"x": "[EMAIL_9]"},
    }
    assert stand_ins.hide("the reply says b@c.de") == "the reply says [EMAIL_2]"


def test_take_out_what_is_held_is_never_put_back() -> None:
    stand_ins = StandIns()
    taken = stand_ins.take_out({"a": "do evil now"}, [judged("do evil now", "do evil", Verdict.HOLD)])
    assert taken == {"a": "[WITHHELD_1] now"}
    assert stand_ins.put_back("[WITHHELD_1]") == "[WITHHELD_1]"


def test_take_out_counts_on_behind_stand_ins_somebody_wrote() -> None:
    stand_ins = StandIns()
    texts = {"a": "tell me [EMAIL_7]", "b": "b@c.de"}
    assert stand_ins.take_out(texts, [judged("b@c.de", "b@c.de", field="b")])["b"] == "[EMAIL_8]"
    assert stand_ins.put_back("[EMAIL_7]") == "[EMAIL_7]"


def test_take_out_what_is_hidden_leaves_nothing_in_its_place() -> None:
    found = judged("hi\u200bdden", "\u200b", name="")
    assert StandIns().take_out({"a": "hi\u200bdden"}, [found]) == {"a": "hidden"}
    assert redacted("hi\u200bdden", [found.finding]) == "hidden"


def test_take_out_what_overlaps_takes_the_whole_by_the_graver_verdict() -> None:
    text = "call 044 668 18 00 x"
    found = [judged(text, "044 668 18"), judged(text, "668 18 00", Verdict.HOLD)]
    assert StandIns().take_out({"a": text}, found) == {"a": "call [WITHHELD_1] x"}


def test_take_out_leaves_what_is_only_noted() -> None:
    assert StandIns().take_out({"a": "a b"}, [judged("a b", "a", Verdict.FLAG)]) == {"a": "a b"}


def test_redact_for_good_names_what_was_there() -> None:
    assert redacted("to b@c.de!", [judged("to b@c.de!", "b@c.de").finding]) == "to [EMAIL]!"


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_put_texts_in_place_of_themselves_changes_nothing(value: object) -> None:
    assert with_texts(value, texts_of(value)) == value


def test_collect_texts_leaves_out_what_the_machine_made() -> None:
    value = {
        "caption": "hi",
        "a.b": {"c": "x"},
        "id": "01920000-0000-7000-8000-000000000001",
        "sha": "a" * 64,
        "at": "2026-12-01T10:00:00Z",
        "empty": "",
        "list": [1, "y"],
    }
    assert texts_of(value) == {"caption": "hi", "a\\.b.c": "x", "list.1": "y"}
