"""Keys: what is kept of them, who finds them, and how they end."""

import base64
import hashlib
import logging
import re
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.apps import apps
from django.db import connection
from django.db.utils import DataError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories.accounts import BrandFactory, UserFactory, WorkspaceFactory
from tests.unit.tiktok_ops.rest.callers import expired_key, make_key, revoked_key
from tiktok_ops.accounts.keys import (
    KeyRefused,
    find_key,
    issue_key,
    key_actor,
    key_now,
    key_status,
    revoke_key,
)
from tiktok_ops.accounts.models import ApiKey, Workspace
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.ids import new_id
from tiktok_ops.rest.scopes import Scope, ScopeRefused

NOW = datetime(2025, 6, 30, 12, 0, tzinfo=UTC)
WRITTEN = re.compile(r"tto_([A-Za-z0-9_-]{8,12})_([A-Za-z0-9_-]{43})")
KNOWN_SECRET = "k" * 43


@pytest.fixture
def workspace(db: None) -> Workspace:
    """Return a workspace."""
    return WorkspaceFactory.create()


def secret_of(text: str) -> str:
    """Return the secret half of a written key."""
    return text.split("_", 2)[2]


def every_stored_value() -> Iterator[str]:
    """Yield every row of every table as text."""
    for model in apps.get_models():
        yield from (repr(row) for row in model._base_manager.values())


def test_issue_key_writes_it_with_a_prefix_and_32_random_bytes(workspace: Workspace) -> None:
    issued = make_key(workspace)
    written = WRITTEN.fullmatch(issued.secret_text)
    assert written is not None
    prefix, secret = written.groups()
    assert prefix == issued.key.prefix
    assert len(base64.urlsafe_b64decode(secret + "=")) == 32


def test_issue_key_twice_gives_two_keys(workspace: Workspace) -> None:
    one, other = make_key(workspace), make_key(workspace)
    assert one.key.prefix != other.key.prefix
    assert secret_of(one.secret_text) != secret_of(other.secret_text)


def test_issue_key_stores_the_digest_and_nowhere_the_secret(workspace: Workspace) -> None:
    issued = make_key(workspace)
    secret = secret_of(issued.secret_text)
    stored = list(every_stored_value())
    digest = hashlib.sha256(secret.encode()).hexdigest()
    assert ApiKey.objects.get().secret_digest == digest
    assert any(issued.key.prefix in row for row in stored), "the rows were read"
    assert not any(secret in row for row in stored)


def test_issue_key_keeps_what_it_was_given(workspace: Workspace) -> None:
    brand, user = BrandFactory.create(workspace=workspace), UserFactory.create()
    expires_at = timezone.now() + timedelta(days=30)
    issued = issue_key(
        workspace=workspace,
        name="  Reporting ",
        scopes=[Scope.READ, "read"],
        by=user,
        brand=brand,
        expires_at=expires_at,
        is_sandbox_only=False,
    )
    key = ApiKey.objects.get(id=issued.key.id)
    assert (key.workspace, key.brand, key.name) == (workspace, brand, "Reporting")
    assert (key.scopes, key.created_by, key.expires_at) == (["read"], user, expires_at)
    assert (key.is_sandbox_only, key.revoked_at, key.last_used_at) == (False, None, None)


def test_issue_key_given_no_more_than_it_needs_is_for_the_sandbox_and_has_no_end(
    workspace: Workspace,
) -> None:
    key = issue_key(workspace=workspace, name="Reporting", scopes=["read"], by="manage.py").key
    assert (key.is_sandbox_only, key.expires_at, key.brand, key.created_by) == (True, None, None, None)


def test_issue_key_is_audited_without_the_secret_or_its_digest(workspace: Workspace) -> None:
    user, brand = UserFactory.create(username="ana"), BrandFactory.create(workspace=workspace)
    expires_at = timezone.now() + timedelta(days=1)
    issued = make_key(workspace, by=user, brand=brand, expires_at=expires_at)
    event = AuditEvent.objects.get(verb="api_key.issued")
    assert (event.actor, event.workspace_id) == ("user:ana", workspace.id)
    assert event.subject == f"API key {issued.key.prefix}"
    assert event.data == {
        "name": "Reporting",
        "scopes": ["read"],
        "acts_for": None,
        "brand": str(brand.id),
        "sandbox_only": True,
        "expires_at": expires_at.isoformat(),
    }


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "two\nlines", "nul\0", "\x1b[31mred"])
def test_issue_key_given_a_name_nobody_can_read_refuses(workspace: Workspace, name: str) -> None:
    with pytest.raises(KeyRefused, match=re.escape(f"The name {name!r} does not do for an API key: ")):
        make_key(workspace, name=name)
    assert_nothing_was_written()


def test_issue_key_given_a_name_of_the_longest_length_issues(workspace: Workspace) -> None:
    assert make_key(workspace, name="x" * 120).key.name == "x" * 120


@pytest.mark.parametrize("scopes", [[], ["write"], "read"])
def test_issue_key_given_scopes_that_are_none_refuses(workspace: Workspace, scopes: object) -> None:
    with pytest.raises(ScopeRefused, match="'read'"):
        make_key(workspace, scopes=scopes)
    assert_nothing_was_written()


def test_issue_key_given_a_brand_of_another_workspace_refuses_naming_both(workspace: Workspace) -> None:
    brand = BrandFactory.create()
    sentence = f"The brand {brand.name!r} is not one of the workspace {workspace.slug!r}"
    with pytest.raises(KeyRefused, match=re.escape(sentence)):
        make_key(workspace, brand=brand)
    assert_nothing_was_written()


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    ("expires_at", "sentence"),
    [
        (NOW, "The expiry '2025-06-30T12:00:00+00:00' is not in the future"),
        (NOW - timedelta(seconds=1), "The expiry '2025-06-30T11:59:59+00:00' is not in the future"),
        (NOW.replace(tzinfo=None), "The expiry '2025-06-30T12:00:00' has no time zone"),
    ],
)
def test_issue_key_given_an_end_that_is_none_refuses(
    workspace: Workspace, expires_at: datetime, sentence: str
) -> None:
    with pytest.raises(KeyRefused, match=re.escape(sentence)):
        make_key(workspace, expires_at=expires_at)
    assert_nothing_was_written()


def assert_nothing_was_written() -> None:
    """Check that there is neither a key nor a word of one."""
    assert not ApiKey.objects.exists()
    assert not AuditEvent.objects.exists()


def test_issue_key_that_cannot_be_audited_issues_nothing_and_shows_no_secret(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tiktok_ops.accounts.keys.secrets.token_urlsafe", lambda size: KNOWN_SECRET)
    with pytest.raises(DataError, match="NUL") as caught:
        make_key(workspace, by="nul\0")
    assert not ApiKey.objects.exists()
    shown = locals_of(caught.value)
    assert "made = _KeyText(prefix=" in shown
    assert KNOWN_SECRET not in shown


def locals_of(error: BaseException) -> str:
    """Return the traceback with the local variables of each frame."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(told.format())


@pytest.mark.parametrize("show", [repr, str, "{}".format])
def test_show_a_key_leaves_the_secret_and_its_digest_out(
    workspace: Workspace, show: Callable[[object], str]
) -> None:
    issued = make_key(workspace)
    for shown in (show(issued), show(issued.key)):
        assert issued.key.prefix in shown
        assert secret_of(issued.secret_text) not in shown
        assert issued.key.secret_digest not in shown


def test_find_key_given_its_text_returns_it_with_its_workspace_and_brand(workspace: Workspace) -> None:
    brand = BrandFactory.create(workspace=workspace)
    issued = make_key(workspace, brand=brand)
    found = find_key(issued.secret_text)
    assert found == issued.key
    with CaptureQueriesContext(connection) as queries:
        assert (found.workspace, found.brand) == (workspace, brand)
    assert not queries.captured_queries


def test_find_key_given_another_secret_finds_nothing(workspace: Workspace) -> None:
    one, other = make_key(workspace), make_key(workspace)
    assert find_key(f"tto_{one.key.prefix}_{secret_of(other.secret_text)}") is None
    assert find_key(f"tto_{one.key.prefix}_{one.key.secret_digest[:43]}") is None


def test_find_key_given_an_unknown_prefix_finds_nothing_and_asks_as_often(workspace: Workspace) -> None:
    issued = make_key(workspace)
    known, unknown = f"tto_{issued.key.prefix}_{KNOWN_SECRET}", f"tto_{'A' * 10}_{KNOWN_SECRET}"
    for text in (known, unknown):
        with CaptureQueriesContext(connection) as queries:
            assert find_key(text) is None
        assert len(queries) == 1


MANGLE: dict[str, Callable[[str], str]] = {
    "nothing": lambda text: "",
    "secret alone": secret_of,
    "another mark": lambda text: text.replace("tto_", "tta_"),
    "upper-case mark": lambda text: text.replace("tto_", "TTO_"),
    "cut": lambda text: text[:-1],
    "longer": lambda text: text + "A",
    "new line after": lambda text: text + "\n",
    "space before": lambda text: " " + text,
    "digits of another script": lambda text: text[:-1] + "٣",
    "NUL": lambda text: text[:-1] + "\0",
    "quote": lambda text: text[:6] + "'" + text[7:],
    "very long": lambda text: text * 10_000,
}


@pytest.mark.parametrize("circumstance", MANGLE)
def test_find_key_given_what_is_not_written_like_a_key_asks_nobody(
    workspace: Workspace, circumstance: str
) -> None:
    text = MANGLE[circumstance](make_key(workspace).secret_text)
    with CaptureQueriesContext(connection) as queries:
        assert find_key(text) is None
    assert not queries.captured_queries


def test_find_key_is_by_the_very_case_of_its_letters(workspace: Workspace) -> None:
    text = make_key(workspace).secret_text
    assert find_key(f"tto_{text[4:].swapcase()}") is None


def test_find_key_that_was_revoked_finds_nothing(workspace: Workspace) -> None:
    assert find_key(revoked_key(workspace).secret_text) is None


def test_find_key_that_expired_finds_nothing(workspace: Workspace) -> None:
    assert find_key(expired_key(workspace).secret_text) is None


def test_find_key_ends_at_the_very_moment_it_expires(workspace: Workspace) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        text = make_key(workspace, expires_at=NOW + timedelta(hours=1)).secret_text
        clock.shift(timedelta(minutes=59, seconds=59))
        assert find_key(text) is not None
        clock.shift(timedelta(seconds=1))
        assert find_key(text) is None


def test_find_key_notes_its_use_at_most_once_a_minute(workspace: Workspace) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        issued = make_key(workspace)

        def use() -> tuple[int, datetime | None]:
            with CaptureQueriesContext(connection) as queries:
                found = find_key(issued.secret_text)
            assert found is not None
            stored = ApiKey.objects.get(id=issued.key.id).last_used_at
            assert found.last_used_at == stored
            return len(queries), stored

        assert use() == (2, NOW)
        clock.shift(timedelta(seconds=59))
        assert use() == (1, NOW)
        clock.shift(timedelta(seconds=1))
        assert use() == (2, NOW + timedelta(minutes=1))


def test_find_key_that_fails_notes_no_use(workspace: Workspace) -> None:
    issued = make_key(workspace)
    find_key(f"tto_{issued.key.prefix}_{KNOWN_SECRET}")
    assert ApiKey.objects.get(id=issued.key.id).last_used_at is None


def test_find_key_and_issue_key_log_nothing_of_it(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    issued = make_key(workspace)
    find_key(issued.secret_text)
    find_key(issued.secret_text[:-1])
    revoke_key(key_id=issued.key.id, by="test")
    assert secret_of(issued.secret_text) not in caplog.text


def test_revoke_key_ends_it_and_is_audited(workspace: Workspace) -> None:
    issued, user = make_key(workspace), UserFactory.create(username="ana")
    with time_machine.travel(NOW, tick=False):
        revoked = revoke_key(key_id=issued.key.id, by=user)
    assert revoked.revoked_at == ApiKey.objects.get(id=issued.key.id).revoked_at == NOW
    event = AuditEvent.objects.get(verb="api_key.revoked")
    assert (event.actor, event.subject) == ("user:ana", f"API key {issued.key.prefix}")
    assert event.workspace_id == workspace.id


def test_revoke_key_leaves_other_keys_alone(workspace: Workspace) -> None:
    one, other = make_key(workspace), make_key(workspace)
    revoke_key(key_id=one.key.id, by="test")
    assert find_key(other.secret_text) == other.key


def test_revoke_key_twice_refuses_saying_when_it_was(workspace: Workspace) -> None:
    issued = make_key(workspace)
    with time_machine.travel(NOW, tick=False):
        revoke_key(key_id=issued.key.id, by="test")
    sentence = f"The API key {issued.key.prefix!r} was revoked before, on 2025-06-30 12:00 UTC."
    with pytest.raises(KeyRefused, match=re.escape(sentence)):
        revoke_key(key_id=issued.key.id, by="test")
    assert AuditEvent.objects.filter(verb="api_key.revoked").count() == 1


def test_revoke_key_given_an_id_there_is_not_refuses_naming_it(workspace: Workspace) -> None:
    unknown = new_id()
    with pytest.raises(KeyRefused, match=re.escape(f"There is no API key with the id {str(unknown)!r}.")):
        revoke_key(key_id=unknown, by="test")


def test_revoke_key_that_cannot_be_audited_leaves_it_as_it_was(workspace: Workspace) -> None:
    issued = make_key(workspace)
    with pytest.raises(DataError, match="NUL"):
        revoke_key(key_id=issued.key.id, by="nul\0")
    assert find_key(issued.secret_text) == issued.key


def test_status_says_revoked_before_expired_and_both_before_active() -> None:
    later, before = NOW + timedelta(days=1), NOW - timedelta(days=1)
    assert key_status(ApiKey(), at=NOW) == "active"
    assert key_status(ApiKey(expires_at=later), at=NOW) == "active"
    assert key_status(ApiKey(expires_at=NOW), at=NOW) == "expired"
    assert key_status(ApiKey(expires_at=before), at=NOW) == "expired"
    assert key_status(ApiKey(expires_at=before, revoked_at=before), at=NOW) == "revoked"


def test_find_a_key_as_it_is_now_sees_what_changed_since(workspace: Workspace) -> None:
    issued = make_key(workspace)
    ApiKey.objects.update(scopes=[])
    now = key_now(issued.key)
    assert (now, now and now.scopes, issued.key.scopes) == (issued.key, [], ["read"])
    ApiKey.objects.update(secret_digest="0" * 64)
    assert key_now(issued.key) is None


def test_actor_names_the_key_by_its_prefix() -> None:
    assert key_actor(ApiKey(prefix="Ab3dEf6hIj")) == "api_key:Ab3dEf6hIj"
