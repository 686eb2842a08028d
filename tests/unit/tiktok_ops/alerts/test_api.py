"""`/api/v1/alerts/`: what concerns the caller, and what of it."""

import pytest

from tests.factories.accounts import AccountFactory, UserFactory, person
from tests.factories.alerts import alert_on, raised
from tests.unit.tiktok_ops.rest.callers import make_key, signed_in, using
from tiktok_ops.accounts.roles import Role
from tiktok_ops.alerts.models import Alert
from tiktok_ops.alerts.services import resolve

pytestmark = pytest.mark.django_db

ALERTS = "/api/v1/alerts/"


def seen(client: object, **query: str) -> set[str]:
    """Return the ids of the alerts a caller sees."""
    return {row["id"] for row in client.get(ALERTS, query).json()["results"]}  # type: ignore[attr-defined]


def ids(*alerts: Alert) -> set[str]:
    return {str(one.id) for one in alerts}


def test_list_has_what_is_of_the_caller_and_for_superusers_all() -> None:
    account = AccountFactory.create()
    here, whole = alert_on(account), raised(of=account.workspace, about="budget")
    other, installation = alert_on(AccountFactory.create()), raised()
    assert seen(signed_in(person(account.workspace, Role.VIEWER))) == ids(here, whole)
    assert seen(signed_in(UserFactory.create(is_superuser=True))) == ids(here, whole, other, installation)
    assert seen(using(make_key(account.workspace, is_sandbox_only=False))) == ids(here, whole)
    assert seen(using(make_key(account.workspace))) == ids(here)


def test_list_by_filter_shows_those_that_fit() -> None:
    account = AccountFactory.create()
    one = alert_on(account, kind="step_parked", severity=Alert.Severity.CRITICAL)
    two = resolve(alert_id=alert_on(account).id, by="a test")
    client = using(make_key(account.workspace))
    assert seen(client, status="open") == seen(client, kind="step_parked") == ids(one)
    assert seen(client, severity="warning") == seen(client, status="resolved") == ids(two)
    for name, value in {
        "workspace": account.workspace_id,
        "brand": account.brand_id,
        "account": account.id,
    }.items():
        assert seen(client, **{name: str(value)}) == ids(one, two)
    assert seen(client, created_since=two.first_seen_at.isoformat()) == ids(two)
    assert seen(client, seen_since=two.last_seen_at.isoformat()) == ids(two)


@pytest.mark.parametrize(("mode", "sandbox"), [("sandbox", True), ("live", False)])
def test_alert_is_of_the_sandbox_with_its_account(mode: str, sandbox: bool) -> None:
    account = AccountFactory.create(mode=mode)
    alert_on(account)
    client = using(make_key(account.workspace, is_sandbox_only=False))
    assert [row["sandbox"] for row in client.get(ALERTS).json()["results"]] == [sandbox]


def test_acknowledge_what_was_acknowledged_is_409_naming_who() -> None:
    account = AccountFactory.create()
    alert, key = alert_on(account), make_key(account.workspace, scopes=["alerts:acknowledge"])
    address = f"{ALERTS}{alert.id}/acknowledge/"
    answers = [
        using(key).post(
            address, {}, content_type="application/json", headers={"idempotency-key": f"name-of-{n}"}
        )
        for n in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 409]
    assert answers[1].json()["detail"].startswith("This alert was acknowledged already, by api_key:")
