"""`POST /hooks/<source>/`: who is let in, what is kept, and what is answered."""

import gzip
import json
import time

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from tests.factories.webhooks import (
    HEADERS,
    SECRET,
    STUDIO_SECRET,
    answer_doorbells,
    send,
    signature,
    studio_body,
    tiktok_body,
)
from tests.factories.workflows import doorbells
from tests.forms import examples
from tests.unit.workflows.webhooks.test_signatures import NO_HEADERS
from workflows.webhooks.inbox import DOORBELL, MOST_BODY_BYTES
from workflows.webhooks.models import WebhookMessage, WebhookRefusal

pytestmark = pytest.mark.django_db

BODY = tiktok_body()


def stored() -> list[tuple[str, bool]]:
    """Return each stored message's source, and whether it is late."""
    return list(WebhookMessage.objects.order_by("id").values_list("source", "is_late"))


@pytest.mark.parametrize(("source", "body"), [("tiktok", BODY), ("studio", studio_body())])
def test_send_what_is_signed_stores_it_whole_and_rings(source: str, body: bytes) -> None:
    assert send(body, source=source) == 200
    message = WebhookMessage.objects.get()
    assert (message.source, bytes(message.body), message.status) == (source, body, "received")
    assert abs((timezone.now() - message.signed_at).total_seconds()) < 60
    assert doorbells() == [(DOORBELL, (str(message.id),))]
    assert not WebhookRefusal.objects.exists()


def test_send_a_copy_changes_nothing_though_it_is_signed_anew() -> None:
    assert send(BODY) == 200
    before = WebhookMessage.objects.values().get()
    assert [send(BODY), send(BODY, signature(BODY, at=int(time.time()) - 250))] == [200, 200]
    assert WebhookMessage.objects.values().get() == before
    assert len(doorbells()) == 1


def test_send_the_same_body_to_two_sources_stores_it_for_each() -> None:
    assert [send(BODY), send(BODY, source="studio")] == [200, 200]
    assert stored() == [("tiktok", False), ("studio", False)]


@pytest.mark.parametrize("header", [value for value in NO_HEADERS.values() if value and value.isprintable()])
def test_send_with_a_header_that_is_none_is_refused_and_only_counted(header: str) -> None:
    assert send(BODY, header) == 401
    assert not WebhookMessage.objects.exists()
    assert doorbells() == []
    assert WebhookRefusal.objects.values_list("source", "count").get() == ("tiktok", 1)


def test_send_without_a_signature_says_why_and_no_more() -> None:
    answer = Client().post("/hooks/tiktok/", data=BODY, content_type="application/json")
    assert answer.status_code == 401
    assert answer.json() == {"detail": "The signature is missing, wrong or out of time: nothing was kept."}
    assert answer.headers["Cache-Control"].startswith("max-age=0, no-cache")


def test_send_signed_as_another_source_does_is_refused() -> None:
    assert send(BODY, signature(BODY, secret=STUDIO_SECRET)) == 401
    assert send(BODY, signature(BODY, secret=SECRET), source="studio") == 401
    header = {HEADERS["studio"]: signature(BODY)}
    answer = Client().post("/hooks/tiktok/", data=BODY, content_type="text/plain", headers=header)
    assert (answer.status_code, stored()) == (401, [])


@pytest.mark.parametrize(
    ("seconds_ago", "tiktok", "studio"),
    [
        (290, (200, False), (200, False)),
        (310, (200, True), (401, None)),
        (600, (200, True), (401, None)),
        (72 * 3600, (200, True), (401, None)),
        (72 * 3600 + 310, (401, None), (401, None)),
        (10**9, (401, None), (401, None)),
        (-290, (200, False), (200, False)),
        (-310, (401, None), (401, None)),
        (-(10**10), (401, None), (401, None)),
    ],
)
def test_send_signed_at_another_time_is_stored_as_late_only_where_its_source_repeats_itself(
    seconds_ago: int, tiktok: tuple[int, bool | None], studio: tuple[int, bool | None]
) -> None:
    at = int(time.time()) - seconds_ago
    for source, secret, (status, is_late) in (
        ("tiktok", SECRET, tiktok),
        ("studio", STUDIO_SECRET, studio),
    ):
        assert send(BODY, signature(BODY, at=at, secret=secret), source=source) == status
        found = [late for name, late in stored() if name == source]
        assert found == ([] if is_late is None else [is_late])


def test_send_many_that_are_refused_keeps_one_row_a_source_and_day() -> None:
    for number in range(20):
        send(tiktok_body(number=number), "t=1,s=2")
    assert send(BODY, "", source="studio") == 401
    rows = WebhookRefusal.objects.order_by("source").values_list("source", "count", "day")
    today = timezone.now().date()
    assert list(rows) == [("studio", 1, today), ("tiktok", 20, today)]


def test_send_in_a_rotation_takes_old_and_new_secret_and_later_only_the_new(settings: Settings) -> None:
    old, new = SECRET, "the-new-secret-of-theirs"
    bodies = iter([tiktok_body(number=number) for number in range(1001)])

    def lost(*signed_with: str, known: tuple[str, ...]) -> int:
        settings.WEBHOOK_SECRETS = {"tiktok": known}
        return sum(
            send(body, signature(body, secret=by)) != 200 for by in signed_with for body in [next(bodies)]
        )

    assert lost(*[old] * 5, known=(old,)) == 0
    assert lost(*[old] * 5, known=(new, old)) == 0  # ours is changed first, theirs after
    assert lost(*[old, new] * 10, known=(new, old)) == 0
    assert lost(*[new] * 5, known=(new,)) == 0
    assert lost(old, known=(new,)) == 1
    assert WebhookMessage.objects.count() == 35


@pytest.mark.parametrize("length", [0, 1, MOST_BODY_BYTES])
def test_send_a_body_of_a_length_there_may_be_is_stored(length: int) -> None:
    assert send(b"x" * length) == 200
    assert len(bytes(WebhookMessage.objects.get().body)) == length


@pytest.mark.parametrize("header", [None, "t=1,s=2"])
def test_send_a_body_that_is_too_long_is_refused_with_a_sentence(header: str | None) -> None:
    body = b"x" * (MOST_BODY_BYTES + 1)
    answer = Client().post(
        "/hooks/tiktok/",
        data=body,
        content_type="application/json",
        headers={HEADERS["tiktok"]: header or signature(body)},
    )
    assert answer.status_code == 413
    assert answer.json() == {"detail": "The body is longer than 65536 bytes: nothing was kept."}
    assert stored() == []
    assert not WebhookRefusal.objects.exists()


@pytest.mark.parametrize("source", ["nobody", "TikTok", "tiktok-"])
def test_send_to_a_source_there_is_none_of_is_not_found_and_not_counted(source: str) -> None:
    answer = Client().post(f"/hooks/{source}/", data=BODY, content_type="application/json")
    assert answer.status_code == 404
    assert answer.json() == {"detail": "Nobody we listen to is called that."}
    assert not WebhookRefusal.objects.exists()


@pytest.mark.parametrize("secrets", [{}, {"tiktok": ()}, {"tiktok": ("",)}])
def test_send_to_a_source_without_a_secret_is_not_found(
    settings: Settings, secrets: dict[str, tuple[str, ...]]
) -> None:
    settings.WEBHOOK_SECRETS = secrets
    assert send(BODY, signature(BODY, secret="")) == 404
    assert stored() == []


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete"])
def test_ask_otherwise_than_by_post_is_not_allowed(method: str) -> None:
    assert getattr(Client(), method)("/hooks/tiktok/").status_code == 405


def test_send_from_a_page_of_somebody_signed_in_needs_no_token() -> None:
    client = Client(enforce_csrf_checks=True)
    headers = {HEADERS["tiktok"]: signature(BODY)}
    assert client.post("/hooks/tiktok/", BODY, "application/json", headers=headers).status_code == 200


ODD_BODIES = {
    "nothing": b"",
    "half a JSON": BODY[:-1],
    "a byte-order mark": b"\xef\xbb\xbf" + BODY,
    "gzip": gzip.compress(BODY, mtime=0),
    "no UTF-8": b"\xff\xfe\x00",
    "a list": b"[]",
    "a number": b"1" * 5000,
    "nested without an end": b"[" * 60_000,
    "nested with one": b'{"content":' * 2000 + b"1" + b"}" * 2000,
    "NaN": b"NaN",
    "a NUL": tiktok_body(publish_id="a\0b"),
    "half a surrogate pair": BODY.replace(b"v_pub", b"\\\\ud800"),
    "a name that is no string": tiktok_body(user_openid=5),  # type: ignore[arg-type]
    "an event as long as it can be": tiktok_body(event="e" * 60_000),
    "content that is an object": tiktok_body(content={"publish_id": "x"}),
    "content that is no JSON": tiktok_body(content="publish_id=x"),
    "content of half a surrogate": tiktok_body(content='{"publish_id": "\ud800"}'),
    "content with a number": tiktok_body(content='{"publish_id": 17}'),
    "content without an id": tiktok_body(content="{}"),
    "an id that is too long": tiktok_body(publish_id="x" * 65),
}


@pytest.mark.parametrize("source", ["tiktok", "studio"])
@pytest.mark.parametrize("body", ODD_BODIES.values(), ids=ODD_BODIES)
def test_send_what_is_signed_and_makes_no_sense_is_stored_and_marked(body: bytes, source: str) -> None:
    assert send(body, source=source) == 200
    answer_doorbells()
    message = WebhookMessage.objects.get()
    assert message.status == "not_understood"
    assert message.note.endswith(".")
    assert message.tries == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(40))
@given(
    st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(list(json.loads(BODY))), inner),
            max_leaves=10,
        ).map(lambda value: json.dumps(value).encode()),
    ),
    st.sampled_from(["tiktok", "studio"]),
)
def test_send_anything_that_is_signed_is_stored_and_never_an_error(body: bytes, source: str) -> None:
    WebhookMessage.objects.all().delete()
    assert send(body, source=source) == 200
    answer_doorbells()
    assert WebhookMessage.objects.get().status in {"not_understood", "ignored", "received"}
