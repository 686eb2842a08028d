"""Raising, counting, acknowledging and resolving alerts."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections, transaction

from tests.factories.accounts import (
    AccountFactory,
    BrandFactory,
    MembershipFactory,
    UserFactory,
    WorkspaceFactory,
    person,
)
from tests.factories.alerts import SENTENCE, alert_in, alert_on, raised
from tests.unit.tiktok_ops.rest.callers import make_key
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Role
from tiktok_ops.alerts.models import Alert
from tiktok_ops.alerts.services import (
    AlertNotYours,
    AlertOver,
    AlertUnknown,
    NoteTooLong,
    acknowledge,
    key_of,
    resolve,
    resolve_about,
)
from tiktok_ops.audit.models import AuditEvent

Answer = Callable[..., Alert]
BOTH = pytest.mark.parametrize("answer", [acknowledge, resolve])


@pytest.fixture
def account(db: None) -> TikTokAccount:
    return AccountFactory.create()


@pytest.mark.django_db
def test_raise_an_alert_opens_it_once() -> None:
    alert = raised()
    assert (alert.status, alert.times, alert.key) == ("open", 1, "step_gave_up:here")
    assert (alert.workspace, alert.account, alert.subject_id, alert.subject_type) == (None, None, None, "")
    assert alert.first_seen_at == alert.last_seen_at


def test_raise_an_alert_about_a_row_points_at_it(account: TikTokAccount) -> None:
    alert = raised(of=account, about=account, part="ask")
    assert (alert.workspace, alert.account) == (account.workspace, account)
    assert (alert.subject_type, alert.subject_id) == ("accounts.tiktokaccount", account.id)
    assert alert.key == f"step_gave_up:{account.id}:ask"
    assert raised(of=account.workspace, about="it").workspace == account.workspace


@pytest.mark.django_db
def test_raise_an_alert_again_counts_it_and_takes_the_newest_words() -> None:
    first = raised()
    again = raised(sentence="It failed anew.", severity=Alert.Severity.CRITICAL, what_to_do="Look.")
    assert (again.id, again.times, again.sentence) == (first.id, 2, "It failed anew.")
    assert (again.severity, again.what_to_do) == ("critical", "Look.")
    assert again.last_seen_at > first.last_seen_at
    assert again.first_seen_at == first.first_seen_at


@pytest.mark.django_db
def test_raise_an_alert_somebody_looks_into_leaves_it_acknowledged() -> None:
    first = acknowledge(alert_id=raised().id, by="a test")
    again = raised()
    assert (again.id, again.status, again.acknowledged_by) == (first.id, "acknowledged", "a test")


@pytest.mark.django_db
def test_raise_an_alert_that_was_resolved_opens_another() -> None:
    first = resolve(alert_id=raised().id, by="a test")
    again = raised()
    assert again.id != first.id
    assert (again.status, again.times) == ("open", 1)


@pytest.mark.django_db
@pytest.mark.parametrize("changes", [{"kind": "step_parked"}, {"about": "there"}, {"part": "ask"}])
def test_raise_an_alert_about_something_else_opens_another(changes: dict[str, Any]) -> None:
    assert raised().id != raised(**changes).id


@pytest.mark.django_db
def test_raise_an_alert_in_a_transaction_that_fails_raises_none() -> None:
    with transaction.atomic():
        raised()
        transaction.set_rollback(True)
    assert not Alert.objects.exists()


def test_raise_an_alert_from_many_places_at_once_opens_one_and_counts_all(committed_db: str) -> None:
    def one(_: int) -> None:
        try:
            raised()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(24)))
    assert Alert.objects.get().times == 24


def test_key_is_cut_to_what_the_column_holds() -> None:
    assert key_of("kind", "x" * 300, "part") == "kind:" + "x" * 195


@pytest.mark.django_db
def test_resolve_what_an_alert_is_about_ends_it_alone() -> None:
    alert, other = raised(), raised(about="elsewhere")
    assert resolve_about(kind="step_gave_up", about="here", by="keeper") == 1
    assert resolve_about(kind="step_gave_up", about="here", by="keeper") == 0
    alert.refresh_from_db()
    other.refresh_from_db()
    assert (alert.status, alert.resolved_by, other.status) == ("resolved", "keeper", "open")


# What people do -------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.OWNER])
def test_acknowledge_says_who_and_when_and_is_on_record(account: TikTokAccount, role: Role) -> None:
    ana = person(account.workspace, role, username="ana")
    alert = acknowledge(alert_id=alert_on(account).id, by=ana, note=" I look. ")
    assert (alert.status, alert.acknowledged_by, alert.note) == ("acknowledged", "user:ana", "I look.")
    assert alert.acknowledged_at is not None
    event = AuditEvent.objects.get(verb="alert.acknowledged")
    assert (event.actor, event.workspace_id) == ("user:ana", account.workspace_id)
    assert event.data == {"key": alert.key, "sentence": SENTENCE, "note": "I look."}


def test_resolve_after_acknowledging_keeps_both_and_the_note(account: TikTokAccount) -> None:
    ana, ben = (person(account.workspace, Role.OPERATOR, username=name) for name in ("ana", "ben"))
    alert = acknowledge(alert_id=alert_on(account).id, by=ana, note="I look.")
    alert = resolve(alert_id=alert.id, by=ben)
    assert (alert.status, alert.acknowledged_by, alert.resolved_by) == ("resolved", "user:ana", "user:ben")
    assert alert.note == "I look."
    assert AuditEvent.objects.filter(verb="alert.resolved", actor="user:ben").count() == 1


def test_resolve_at_once_needs_no_acknowledgement(account: TikTokAccount) -> None:
    alert = resolve(alert_id=alert_on(account).id, by="a test")
    assert (alert.status, alert.acknowledged_at) == ("resolved", None)


@BOTH
@pytest.mark.parametrize("role", [Role.VIEWER, Role.APPROVER, Role.FINANCE, Role.AUDITOR])
def test_answer_without_the_role_is_refused(account: TikTokAccount, answer: Answer, role: Role) -> None:
    alert = alert_on(account)
    with pytest.raises(AlertNotYours, match=r"^You may read this alert"):
        answer(alert_id=alert.id, by=person(account.workspace, role))
    alert.refresh_from_db()
    assert (alert.status, AuditEvent.objects.filter(verb__startswith="alert.").count()) == ("open", 0)


@BOTH
def test_answer_what_is_not_theirs_to_see_is_as_if_it_were_not_there(
    account: TikTokAccount, answer: Answer
) -> None:
    alert = alert_on(account)
    elsewhere = WorkspaceFactory.create()
    strangers = (person(elsewhere, Role.OWNER), UserFactory.create(), make_key(elsewhere).key)
    for stranger in strangers:
        with pytest.raises(AlertUnknown, match=f"^There is no alert '{alert.id}'.$"):
            answer(alert_id=alert.id, by=stranger)
    with pytest.raises(AlertUnknown):
        answer(alert_id=uuid4(), by="a test")


def test_answer_as_an_operator_of_another_brand_is_as_if_it_were_not_there(account: TikTokAccount) -> None:
    own = account.brand
    assert own is not None
    member = MembershipFactory.create(workspace=account.workspace, role=Role.OPERATOR, reach="brands")
    member.brands.set([BrandFactory.create(workspace=account.workspace)])
    alert = alert_on(account)
    with pytest.raises(AlertUnknown):
        acknowledge(alert_id=alert.id, by=member.user)
    member.brands.set([own])
    assert acknowledge(alert_id=alert.id, by=member.user).status == "acknowledged"


def test_answer_with_a_key_names_it(account: TikTokAccount) -> None:
    key = make_key(account.workspace, scopes=["alerts:acknowledge"]).key
    alert = acknowledge(alert_id=alert_on(account).id, by=key)
    assert alert.acknowledged_by == f"api_key:{key.prefix}"


@pytest.mark.django_db
def test_answer_an_alert_of_a_live_account_with_a_key_for_the_sandbox_is_refused() -> None:
    account = AccountFactory.create(mode="live")
    key = make_key(account.workspace, scopes=["alerts:acknowledge"]).key
    with pytest.raises(AlertUnknown):
        acknowledge(alert_id=alert_on(account).id, by=key)


@BOTH
def test_answer_an_alert_of_the_installation_is_for_superusers(
    account: TikTokAccount, answer: Answer
) -> None:
    alert = raised()
    with pytest.raises(AlertUnknown):
        answer(alert_id=alert.id, by=person(account.workspace, Role.OWNER))
    assert answer(alert_id=alert.id, by=UserFactory.create(is_superuser=True)).status != "open"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "answer"), [("acknowledged", acknowledge), ("resolved", acknowledge), ("resolved", resolve)]
)
def test_answer_too_late_says_who_was_first(status: str, answer: Answer) -> None:
    with pytest.raises(AlertOver, match=rf"^This alert was {status} already, by ana at \d{{4}}-.* UTC\.$"):
        answer(alert_id=alert_in(status).id, by="a test")


@BOTH
def test_answer_with_a_note_too_long_is_refused(account: TikTokAccount, answer: Answer) -> None:
    with pytest.raises(NoteTooLong, match=r"with 301 characters: say it in 300\.$"):
        answer(alert_id=alert_on(account).id, by="a test", note="x" * 301)
    assert answer(alert_id=alert_on(account).id, by="a test", note="x" * 300).note == "x" * 300
