"""A secret is nowhere but in the vault: searched for in pages, the API, the queue, logs, errors and the database."""

import base64
import json
import pickle
from io import StringIO
from typing import Any
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.db import connection as database
from django.test import Client
from django.urls import reverse
from django.views.debug import ExceptionReporter
from django_q.models import OrmQ

from agents.connections.models import TikTokConnection
from agents.connections.renewing import access_of
from agents.connections.services import pair_of
from agents.providers.errors import ProviderError
from agents.providers.tiktok.access import access_token
from agents.providers.tiktok.provider import get_tiktok
from tests.factories.accounts import UserFactory, person
from tests.factories.connections import access_ages, connected, kept_pair
from tests.factories.posting import approved_post, direct_account, providers, work
from tiktok_ops.accounts.keys import issue_key
from tiktok_ops.accounts.roles import Role
from tiktok_ops.rest.scopes import Scope

LISTS = ("vault_secret", "accounts_tiktokaccount", "audit_auditevent", "workflows_effect", "alerts_alert")


def spellings(secret: str) -> list[str]:
    """Return how a secret could be written somewhere."""
    raw = secret.encode()
    return [
        secret,
        secret[::-1],
        quote(secret, safe=""),
        raw.hex(),
        base64.b64encode(raw).decode().rstrip("="),
    ]


def canaries(made: TikTokConnection) -> list[str]:
    """Return every spelling of both tokens in use."""
    pair = kept_pair(made)
    return [one for secret in (pair.access_token, pair.refresh_token) for one in spellings(secret)]


def found_in(text: str, secrets: list[str]) -> list[str]:
    return [secret for secret in secrets if secret in text]


@pytest.fixture
def made() -> TikTokConnection:
    """A connected account whose tokens were used by a post, and renewed."""
    made = connected(direct_account())
    work(approved_post(made.account))
    access_ages(made, 3700)
    access_token(account=made.account, mode=made.mode)
    return made


def test_tokens_are_in_no_row_of_any_table_and_in_no_job_of_the_queue(made: TikTokConnection) -> None:
    secrets = canaries(made)
    with database.cursor() as cursor:
        for table in database.introspection.table_names():
            cursor.execute(f'SELECT coalesce(string_agg("{table}"::text, chr(10)), \'\') FROM "{table}"')
            assert found_in(cursor.fetchone()[0], secrets) == [], table
    said = StringIO()
    call_command("rotate_vault", json=True, stdout=said)
    assert json.loads(said.getvalue())["is_complete"] is True
    assert found_in(said.getvalue(), secrets) == []
    assert all(
        secret in found_in(f"before {secret} after", secrets) for secret in secrets
    )  # the search finds
    for job in OrmQ.objects.all():
        assert found_in(repr(job.task), secrets) == []


def test_tokens_are_on_no_page_and_in_no_answer_of_the_api(made: TikTokConnection) -> None:
    secrets = canaries(made)
    admin, account = Client(), made.account
    admin.force_login(UserFactory.create(is_superuser=True))
    pages = [reverse(f"admin:{name}_changelist") for name in LISTS]
    secret = account.workspace.secrets.get()
    pages += [reverse("admin:vault_secret_change", args=[secret.pk])]
    pages += [reverse("admin:accounts_tiktokaccount_change", args=[account.pk])]
    pages += [reverse("admin:accounts_tiktokaccount_connect_to_tiktok", args=[account.pk])]
    for page in pages:
        assert found_in(admin.get(page).content.decode(), secrets) == [], page
    key = issue_key(
        workspace=account.workspace,
        name="reader",
        scopes=[Scope.READ],
        by=person(account.workspace, Role.OWNER),
    )
    headers = {"Authorization": f"Bearer {key.secret_text}"}
    for name in ("accounts", "effects", "audit", "alerts", "runs"):
        answer = Client().get(f"/api/v1/{name}/", headers=headers)
        assert found_in(answer.content.decode(), secrets) == [], name


def report_of(error: ProviderError) -> str:
    """Return the report engineers would get of an error, without the frames of these tests."""
    frames = error.__traceback__
    while frames is not None and "/tests/" in frames.tb_frame.f_code.co_filename:
        frames = frames.tb_next
    return ExceptionReporter(None, type(error), error.with_traceback(frames), frames).get_traceback_html()


def trouble_of(made: TikTokConnection) -> ProviderError:
    """Return what asking for a token raises."""
    with pytest.raises(ProviderError) as caught:
        access_token(account=made.account, mode=made.mode)
    return caught.value


def test_tokens_are_in_no_repr_no_pickle_of_a_row_no_log_and_no_error_report(
    made: TikTokConnection, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    secrets = canaries(made)
    made.refresh_from_db()
    opened = [pair_of(made, by="a test", why="to look"), access_of(made, by="a test", why="to look")]
    assert found_in(repr(opened), secrets) == []
    settings.PROVIDERS = providers(token={"timeout_after": (3,)})
    access_ages(made, 3700)
    caplog.set_level("DEBUG")
    lost, refused = trouble_of(made), trouble_of(made)
    assert found_in(caplog.text, secrets) == []
    caplog.set_level("ERROR")
    for error in (lost, refused):
        report = report_of(error)
        assert "renewing.py" in report
        assert found_in(report, secrets) == []
    made.refresh_from_db()
    shown = [repr(made), repr(pickle.dumps(made)), repr(get_tiktok()), repr(vars(get_tiktok()))]
    assert found_in("\n".join(shown), secrets) == []
