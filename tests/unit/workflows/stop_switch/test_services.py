"""Stop switches: what they stop, who may, what is on record, and what the database refuses."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.factories.accounts import (
    AccountFactory,
    BrandFactory,
    MembershipFactory,
    UserFactory,
    WorkspaceFactory,
    person,
)
from tests.factories.pages import World, make_world
from tests.factories.stops import WHY, stop, stop_of
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Capability, Role
from tiktok_ops.audit.models import AuditEvent
from workflows import stop_switch
from workflows.models import StopSwitch
from workflows.stop_switch import (
    StopNotAllowed,
    StopOvertaken,
    Stopped,
    StopRefused,
    Target,
    check_not_stopped,
    engage,
    may_stop,
    release,
    why_stopped,
)

pytestmark = pytest.mark.django_db

POSTING = "own_post"


def targets(account: TikTokAccount) -> dict[str, Target]:
    """Return everything that can be stopped and would stop posts of the account."""
    return {
        "everything": Target(),
        "workspace": Target(workspace=account.workspace),
        "brand": Target(brand=account.brand),
        "account": Target(account=account),
        "workflow here": Target(workspace=account.workspace, workflow=POSTING),
        "workflow everywhere": Target(workflow=POSTING),
    }


def others(account: TikTokAccount) -> dict[str, Target]:
    """Return as much that leaves the account alone, though much of it is near."""
    sibling = AccountFactory.create(workspace=account.workspace)
    return {
        "another workspace": Target(workspace=WorkspaceFactory.create()),
        "another brand": Target(brand=BrandFactory.create(workspace=account.workspace)),
        "another account": Target(account=sibling),
        "another workflow": Target(workspace=account.workspace, workflow="post_draft"),
        "the workflow elsewhere": Target(workspace=WorkspaceFactory.create(), workflow=POSTING),
    }


def told() -> list[tuple[str, str, str]]:
    """Return what the audit trail has of switches."""
    rows = AuditEvent.objects.filter(verb__startswith="stop_switch.").order_by("id")
    return list(rows.values_list("verb", "actor", "subject"))


# What is stopped ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["everything", "workspace", "brand", "account", "workflow here", "workflow everywhere"]
)
def test_engage_stops_what_it_names_until_it_is_released(name: str) -> None:
    account = AccountFactory.create()
    engaged = stop(targets(account)[name])
    why = why_stopped(account, POSTING)
    assert why is not None
    since = engaged.engaged_at
    assert why.startswith(f"{engaged.what} is stopped since {since.day} {since:%b %Y, %H:%M} UTC by a test: ")
    assert why.endswith(f"“{WHY}” It goes on when the stop switch is released.")
    with pytest.raises(Stopped, match="is stopped since"):
        check_not_stopped(account, POSTING)

    release(stop_id=engaged.id, by="a test")

    assert why_stopped(account, POSTING) is None
    check_not_stopped(account, POSTING)


def test_engage_something_else_stops_nothing_here() -> None:
    account = AccountFactory.create()
    for target in others(account).values():
        stop(target)
    assert why_stopped(account, POSTING) is None
    brandless = AccountFactory.create(workspace=account.workspace, brand=None)
    assert why_stopped(brandless, POSTING) is None


def test_ask_why_takes_one_query_whatever_stops() -> None:
    account = AccountFactory.create()
    for target in targets(account).values():
        stop(target)
    with CaptureQueriesContext(connection) as queries:
        assert (why_stopped(account, POSTING) or "").startswith("Everything is stopped")
    assert len(queries) == 1


def test_switch_says_what_it_stops() -> None:
    account = AccountFactory.create(handle="lumen", workspace__name="North", brand__name="Lumen")
    assert [str(target.as_switch()) for target in targets(account).values()] == [
        "Everything",
        "The workspace North",
        f"The brand {account.brand}",
        f"The account {account}",
        "The workflow own_post in North",
        "The workflow own_post",
    ]


# Who may --------------------------------------------------------------------------------------------


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("everything", {"superuser"}),
        ("workflow everywhere", {"superuser"}),
        ("workspace", {"superuser", "owner"}),
        ("workflow here", {"superuser", "owner"}),
        ("brand", {"superuser", "owner", "client"}),
        ("account", {"superuser", "owner", "client"}),
    ],
)
def test_engage_and_release_are_for_owners_of_it_and_superusers(
    world: World, name: str, may: set[str]
) -> None:
    target = targets(world.account)[name]
    assert {who for who, user in world.people.items() if may_stop(user, target.as_switch())} == may
    for who in sorted(set(world.people) - may):
        with pytest.raises(StopNotAllowed, match="may not stop or release this"):
            stop(target, by=world.people[who])
    assert told() == []
    engaged = stop(target, by=world.people["superuser"])
    for who in sorted(set(world.people) - may):
        with pytest.raises(StopNotAllowed):
            release(stop_id=engaged.id, by=world.people[who])
    release(stop_id=engaged.id, by=world.people[min(may)])
    assert [verb for verb, _, _ in told()] == ["stop_switch.engaged", "stop_switch.released"]


def test_engage_by_somebody_who_left_is_refused() -> None:
    gone = UserFactory.create(is_superuser=True, is_active=False)
    with pytest.raises(StopNotAllowed, match="ask a superuser"):
        stop(by=gone)


# The record, and what is refused --------------------------------------------------------------------


def test_engage_and_release_are_on_record_with_who_and_why() -> None:
    account = AccountFactory.create()
    ana = person(account.workspace, Role.OWNER, username="ana")
    engaged = stop(Target(account=account), by=ana)
    assert (engaged.engaged_by, engaged.workspace_id, engaged.is_engaged) == (
        "user:ana",
        account.workspace_id,
        True,
    )
    released = release(stop_id=engaged.id, by="a test")
    assert (released.released_by, released.is_engaged) == ("a test", False)
    assert released.released_at is not None
    subject = f"The account {account}"
    assert told() == [
        ("stop_switch.engaged", "user:ana", subject),
        ("stop_switch.released", "a test", subject),
    ]
    event = AuditEvent.objects.get(verb="stop_switch.engaged")
    assert (event.workspace_id, event.data["reason"], event.data["scope"]) == (
        account.workspace_id,
        WHY,
        "account",
    )


@pytest.mark.parametrize("reason", ["", "  ", "x" * 301])
def test_engage_without_a_usable_reason_is_refused(reason: str) -> None:
    with pytest.raises(StopRefused, match="say why in 1 to 300 characters"):
        stop(reason=reason)
    assert not StopSwitch.objects.exists()


def test_engage_a_workflow_there_is_not_is_refused_naming_those_there_are() -> None:
    with pytest.raises(
        StopRefused, match=r"There is no workflow 'nope'; there are campaign_launch, content_batch, "
    ):
        stop(Target(workflow="nope"))


@pytest.mark.parametrize("name", ["everything", "workspace", "brand", "account", "workflow here"])
def test_engage_what_is_stopped_already_is_refused_and_again_after_its_release_is_not(name: str) -> None:
    target = targets(AccountFactory.create())[name]
    engaged = stop(target)
    with pytest.raises(StopOvertaken, match="is stopped already: release that switch first"):
        stop(target)
    release(stop_id=engaged.id, by="a test")
    with pytest.raises(StopOvertaken, match="was released already, by a test"):
        release(stop_id=engaged.id, by="another test")
    stop(target)
    assert len(told()) == 3


@pytest.mark.parametrize("part", ["account", "brand"])
def test_keep_a_switch_of_another_workspace_than_what_it_stops_is_refused(part: str) -> None:
    account = AccountFactory.create()
    stopped = {"account": Target(account=account), "brand": Target(brand=account.brand)}[part].as_switch()
    stopped.workspace = WorkspaceFactory.create()
    stopped.reason, stopped.engaged_by = WHY, "ana"
    stopped.save()
    with pytest.raises(IntegrityError, match=f"{part}_same_workspace"):
        connection.check_constraints()


def test_database_error_of_another_kind_is_not_called_overtaken(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **named: Any) -> None:
        raise IntegrityError("something else")

    monkeypatch.setattr(stop_switch, "_record", refuse)
    with pytest.raises(IntegrityError, match="something else"):
        stop()
    assert not StopSwitch.objects.exists()


IMPOSSIBLE: dict[str, dict[str, Any]] = {
    "stop_switch_names_what_it_stops": {"scope": "workspace"},
    "stop_switch_released_by_somebody": {"released_by": "ana"},
    "stop_switch_has_reason": {"reason": ""},
}


@pytest.mark.parametrize("constraint", IMPOSSIBLE)
def test_keep_a_switch_that_cannot_be_is_refused(constraint: str) -> None:
    values = {"scope": "everything", "reason": WHY, "engaged_by": "ana", **IMPOSSIBLE[constraint]}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        StopSwitch.objects.create(**values)


@pytest.mark.parametrize(
    "changes",
    [
        {"scope": "everything"},
        {"scope": "account", "account": None},
        {"scope": "brand"},
        {"scope": "workflow"},
        {"workspace": None},
        {"workflow": POSTING},
        {"scope": "lost"},
    ],
)
def test_keep_a_switch_whose_scope_is_not_what_it_names_is_refused(changes: dict[str, Any]) -> None:
    account = AccountFactory.create()
    values = {"scope": "account", "workspace": account.workspace, "account": account, **changes}
    with pytest.raises(IntegrityError, match="stop_switch_names_what_it_stops"), transaction.atomic():
        StopSwitch.objects.create(**values, reason=WHY, engaged_by="ana")


@pytest.mark.parametrize("changes", [{"reason": "Another."}, {"engaged_by": "ben"}, {"scope": "everything"}])
def test_change_what_a_switch_was_engaged_for_is_refused(changes: dict[str, Any]) -> None:
    engaged = stop_of(AccountFactory.create())
    with pytest.raises(IntegrityError, match="is frozen"), transaction.atomic():
        StopSwitch.objects.filter(id=engaged.id).update(**changes)


# Who sees them --------------------------------------------------------------------------------------


def test_switch_is_seen_by_everybody_it_concerns(world: World) -> None:
    concerned = {name: stop(target) for name, target in targets(world.account).items()}
    stop(Target(brand=BrandFactory.create(workspace=world.workspace)))
    stop(Target(workspace=WorkspaceFactory.create()))

    def seen(who: str) -> set[str]:
        visible = set(StopSwitch.objects.visible_to(world.people[who]))
        return {name for name, switch in concerned.items() if switch in visible}

    assert seen("viewer") == seen("client") == seen("superuser") == set(concerned)
    assert seen("stranger") == {"everything", "workflow everywhere"}
    counts = {who: StopSwitch.objects.visible_to(world.people[who]).count() for who in ("client", "viewer")}
    assert counts == {"client": len(concerned), "viewer": len(concerned) + 1}


def test_owner_has_no_hand_on_what_stops_more_than_is_theirs(world: World) -> None:
    for target in targets(world.account).values():
        stop(target)
    managed = StopSwitch.objects.visible_to(world.people["owner"], Capability.MANAGE)
    assert {(one.scope, one.workspace) for one in managed} == {
        (scope, world.workspace) for scope in ("workspace", "brand", "account", "workflow")
    }


def test_member_for_no_brand_sees_what_stops_the_workspace_alone() -> None:
    account = AccountFactory.create()
    member = MembershipFactory.create(workspace=account.workspace, reach="brands").user
    stop_of(account)
    whole = stop(Target(workspace=account.workspace))
    assert list(StopSwitch.objects.visible_to(member)) == [whole]


def test_engage_takes_the_brand_of_none_but_its_workspace() -> None:
    brand = BrandFactory.create()
    engaged = engage(target=Target(brand=brand), reason=WHY, by="a test")
    assert (engaged.workspace, engaged.account, engaged.scope) == (brand.workspace, None, "brand")
