"""When each post of many goes out."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from agents.sandbox.tiktok import rules
from tests.factories.workflows import workflow_of
from workflows.definitions.own_post import PUBLISH
from workflows.slots import APART, POSTS_A_DAY, own_slot, slot_of
from workflows.validation import problems

BEGUN = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
FIRST = datetime(2026, 12, 24, 18, 0, tzinfo=UTC)


def test_spread_posts_from_the_first_slot_so_that_no_day_has_too_many() -> None:
    slots = [slot_of(number, first=FIRST, begun=BEGUN) for number in range(1, 51)]
    assert slots[:2] == [FIRST, FIRST + timedelta(minutes=96)]
    for slot in slots:
        assert slot is not None
        day = [one for one in slots if one and slot <= one < slot + timedelta(days=1)]
        assert len(day) <= POSTS_A_DAY == rules.POSTS_A_DAY
    assert slots[-1] == FIRST + 49 * APART


def test_spread_posts_without_a_first_slot_holds_back_what_is_beyond_a_day() -> None:
    slots = [slot_of(number, first=None, begun=BEGUN) for number in range(1, 51)]
    assert slots[:15] == [None] * 15
    assert slots[15:17] == [BEGUN + timedelta(days=1), BEGUN + timedelta(days=1, minutes=96)]


def test_slot_of_a_payload_is_written_as_it_is_read() -> None:
    given = {"publish_at": "2026-12-24T19:00:00+01:00", "caption": "Tea"}
    assert own_slot(given, item=2, begun=BEGUN) == {"publish_at": "2026-12-24T20:36:00+01:00"}
    assert own_slot({}, item=1, begun=BEGUN) == {"publish_at": None}
    assert own_slot({"publish_at": None}, item=16, begun=BEGUN) == {"publish_at": "2026-12-02T09:00:00+00:00"}
    with pytest.raises(ValidationError):
        own_slot({"publish_at": "tomorrow"}, item=1, begun=BEGUN)


def test_spread_what_there_is_one_of_is_refused() -> None:
    alone = PUBLISH.model_copy(update={"spreads_posts": True, "depends_on": (), "facts": {}})
    assert "the node 'gate' spreads posts, so it has to ask for one for each item of a loop." in list(
        problems(workflow_of(alone, slug="alone"))
    )
