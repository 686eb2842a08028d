"""What differs between two versions: every field that changed is to be seen."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from approvals.differences import EMPTY, Change, FieldChange, difference_of, payload_changes, word_changes
from approvals.kinds import kind_of
from approvals.models import ApprovalRequest
from approvals.services import Asking, open_request
from tests.factories.accounts import AccountFactory
from tests.factories.approvals import GIVEN, asked_request
from tests.factories.effects import yes_to
from tiktok_ops.canonical import canonical_json
from workflows.approval_kinds import VideoPost

POST: dict[str, Any] = {
    **GIVEN,
    "account": "01920000-0000-7000-8000-000000000002",
    "handle": "lumen",
    "mode": "sandbox",
    "delivery": "direct",
}
OTHER: dict[str, Any] = {
    "account": "01920000-0000-7000-8000-000000000003",
    "handle": "lux",
    "mode": "live",
    "delivery": "by_hand",
    "asset": "01920000-0000-7000-8000-000000000004",
    "asset_sha256": "b" * 64,
    "caption": "Another lamp",
    "privacy_level": "SELF_ONLY",
    "publish_at": "2026-11-18T14:00:00Z",
}


class Bare(BaseModel):
    """A payload that is neither listed nor shown."""

    note: str


def sealed(**changes: Any) -> bytes:
    """Return the bytes of a post."""
    return canonical_json(VideoPost.model_validate(POST | changes).model_dump(mode="json"))


def ask_again(before: ApprovalRequest, **changes: Any) -> ApprovalRequest:
    """Ask for another payload in the place of a request."""
    payload = json.loads(bytes(before.payload)) | changes
    asking = Asking(run_id=before.run_id, step_id=before.step_id, requested_by=None)
    return open_request(kind=before.kind, account=before.account, payload=payload, facts={}, asking=asking)


# Words ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "now", "changes"),
    [
        ("", "", []),
        ("a lamp", "a lamp", [("same", "a lamp")]),
        ("", "a lamp", [("new", "a lamp")]),
        ("a lamp", "", [("gone", "a lamp")]),
        ("a red lamp", "a blue lamp", [("same", "a "), ("gone", "red"), ("new", "blue"), ("same", " lamp")]),
        ("a\u202elamp", "a lamp", [("gone", "a\u202elamp"), ("new", "a lamp")]),
        ("a lamp", "a  lamp", [("same", "a"), ("gone", " "), ("new", "  "), ("same", "lamp")]),
    ],
)
def test_compare_texts_tells_what_went_before_what_came(
    before: str, now: str, changes: list[tuple[str, str]]
) -> None:
    assert word_changes(before, now) == [Change(*change) for change in changes]


@given(st.text(max_size=60), st.text(max_size=60))
def test_words_that_stayed_or_went_are_the_old_text_and_those_that_stayed_or_came_the_new(
    before: str, now: str
) -> None:
    changes = word_changes(before, now)
    assert "".join(change.text for change in changes if change.what != "new") == before
    assert "".join(change.text for change in changes if change.what != "gone") == now


# Fields ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(VideoPost.model_fields))
def test_compare_posts_that_differ_in_one_field_shows_that(name: str) -> None:
    words, fields = payload_changes(kind_of("post_video"), sealed(), sealed(**{name: OTHER.get(name, True)}))
    assert (len(words) > 0, len(fields)) == ((True, 0) if name == "caption" else (False, 1))


def test_compare_posts_says_fields_in_the_packets_words_and_the_rest_as_written() -> None:
    changes = {name: OTHER[name] for name in ("privacy_level", "asset_sha256", "mode")}
    _, fields = payload_changes(kind_of("post_video"), sealed(), sealed(**changes))
    assert fields == [
        FieldChange("Who can see it", "everyone", "only the creator"),
        FieldChange("Video file", "a" * 12, "b" * 12),
        FieldChange("mode", '"sandbox"', '"live"'),
    ]


def test_compare_posts_that_are_the_same_shows_nothing() -> None:
    assert payload_changes(kind_of("post_video"), sealed(), sealed()) == ([], [])


def test_compare_with_a_payload_of_another_shape_shows_every_field_as_it_is_written() -> None:
    old = json.dumps({"caption": "A lamp, switched on #lamp", "music": "loud"}).encode()
    words, fields = payload_changes(kind_of("post_video"), old, sealed())
    assert words == []
    assert FieldChange("music", '"loud"', EMPTY) == fields[-1]
    assert FieldChange("handle", EMPTY, '"lumen"') in fields
    assert "caption" not in {change.name for change in fields}


def test_compare_payloads_of_a_kind_that_shows_nothing_shows_them_as_written() -> None:
    bare = replace(
        kind_of("post_video"), Payload=Bare, preview=lambda payload: None, shown=lambda payload: {}
    )
    changes = payload_changes(bare, b'{"note":"a"}', b'{"note":"b"}')
    assert changes == ([], [FieldChange("note", '"a"', '"b"')])


# Versions -------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_first_version_differs_from_nothing() -> None:
    assert difference_of(asked_request(AccountFactory.create())) is None


@pytest.mark.django_db
def test_version_after_one_nobody_approved_is_compared_with_what_was_asked() -> None:
    again = ask_again(asked_request(AccountFactory.create()), caption="A lamp, switched off #lamp")

    found = difference_of(again)

    assert found is not None
    assert (found.version, found.was_approved, found.fields) == (1, False, [])
    assert [change.text for change in found.words if change.what != "same"] == ["on", "off"]


@pytest.mark.django_db
def test_version_after_an_approved_one_is_compared_with_the_bytes_that_were_sealed() -> None:
    before = asked_request(AccountFactory.create(handle="lumen"))
    sealed_then = json.loads(bytes(before.payload)) | {"privacy_level": "SELF_ONLY"}
    yes_to(before, payload=canonical_json(sealed_then))

    found = difference_of(ask_again(before, delivery="direct"))

    assert found is not None
    assert (found.version, found.was_approved, found.words) == (1, True, [])
    assert found.fields == [
        FieldChange("Delivery", "posted by a person", "posted by us"),
        FieldChange("Who can see it", "only the creator", "everyone"),
    ]
