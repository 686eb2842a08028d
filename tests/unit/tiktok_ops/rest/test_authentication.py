"""How a request shows a key, and what else it shows."""

import logging
import traceback

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories.accounts import AccountFactory, person
from tests.unit.tiktok_ops.rest.callers import make_key, revoked_key, showing, signed_in, using
from tiktok_ops.accounts.keys import revoke_key
from tiktok_ops.accounts.models import ApiKey, TikTokAccount
from tiktok_ops.accounts.roles import Role

pytestmark = pytest.mark.django_db

ME = "/api/v1/me/"


@pytest.fixture
def account() -> TikTokAccount:
    """Return an account in a workspace of its own."""
    return AccountFactory.create()


@pytest.mark.parametrize("write", ["Bearer {}", "bearer {}", "BEARER {}", "Bearer   {} "])
def test_authenticate_given_a_key_in_any_spelling_of_the_scheme_lets_in(
    account: TikTokAccount, write: str
) -> None:
    issued = make_key(account.workspace)
    answer = showing(write.format(issued.secret_text)).get(ME)
    assert answer.status_code == 200
    assert answer.json()["id"] == str(issued.key.id)


def test_authenticate_given_a_wrong_key_and_a_session_refuses(account: TikTokAccount) -> None:
    client = signed_in(person(account.workspace, Role.OWNER))
    answer = client.get(ME, headers={"authorization": "Bearer tto_wrong"})
    assert answer.status_code == 401


def test_authenticate_given_a_key_and_a_session_is_the_key(account: TikTokAccount) -> None:
    client = signed_in(person(account.workspace, Role.OWNER))
    issued = make_key(account.workspace)
    answer = client.get(ME, headers={"authorization": f"Bearer {issued.secret_text}"})
    assert answer.json()["kind"] == "api_key"


def test_authenticate_given_another_scheme_and_a_session_is_the_person(account: TikTokAccount) -> None:
    client = signed_in(person(account.workspace, Role.OWNER))
    answer = client.get(ME, headers={"authorization": "Basic YTpi"})
    assert answer.json()["kind"] == "person"


def test_authenticate_as_a_person_who_was_deactivated_refuses(account: TikTokAccount) -> None:
    user = person(account.workspace, Role.OWNER)
    client = signed_in(user)
    assert client.get(ME).status_code == 200
    user.is_active = False
    user.save()
    assert client.get(ME).status_code == 401


def test_authenticate_after_the_key_was_revoked_refuses_the_next_request(account: TikTokAccount) -> None:
    issued = make_key(account.workspace)
    client = using(issued)
    assert client.get(ME).status_code == 200
    revoke_key(key_id=issued.key.id, by="test")
    assert client.get(ME).status_code == 401


def test_authenticate_notes_when_the_key_was_used(account: TikTokAccount) -> None:
    issued = make_key(account.workspace)
    before = timezone.now()
    using(issued).get(ME)
    used = ApiKey.objects.get(id=issued.key.id).last_used_at
    assert used is not None
    assert before <= used <= timezone.now()


def test_refusals_are_the_same_for_wrong_and_revoked_keys(account: TikTokAccount) -> None:
    wrong = showing(f"Bearer tto_{'A' * 10}_{'A' * 43}").get(ME).json()
    revoked = using(revoked_key(account.workspace)).get(ME).json()
    assert wrong == revoked
    assert "wrong, expired or revoked" in wrong["detail"]


# The first breaks while the key is looked for, the second when it was found.
@pytest.mark.parametrize(
    "broken", ["tiktok_ops.accounts.keys.key_status", "tiktok_ops.accounts.api.views.MeSerializer"]
)
def test_a_failure_is_logged_without_the_key_even_with_local_variables(
    account: TikTokAccount,
    broken: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    text = make_key(account.workspace).secret_text
    secret = text.split("_", 2)[2]
    monkeypatch.setattr(broken, None)
    client = Client(headers={"authorization": f"Bearer {text}"}, raise_request_exception=False)
    answer = client.get(ME)
    assert answer.status_code == 500
    assert secret not in answer.content.decode()
    assert secret not in caplog.text
    [record] = [record for record in caplog.records if record.exc_info and "api.failed" in record.message]
    assert record.exc_info
    assert record.exc_info[1] is not None
    shown = "".join(
        traceback.TracebackException.from_exception(record.exc_info[1], capture_locals=True).format()
    )
    assert "self = " in shown, "the traceback has local variables"
    assert secret not in shown


def test_a_good_and_a_bad_request_log_nothing_of_the_key(
    account: TikTokAccount, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    text = make_key(account.workspace).secret_text
    assert showing(f"Bearer {text}").get(ME).status_code == 200
    assert showing(f"Bearer {text}x").get(ME).status_code == 401
    assert "Unauthorized" in caplog.text
    assert text.split("_", 2)[2] not in caplog.text
