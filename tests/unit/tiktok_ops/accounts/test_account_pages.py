"""The pages of accounts: what they show, what may be written, what may be started."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.exceptions import ValidationError
from django.urls import resolve

from tests.factories.accounts import AccountFactory, BrandFactory, MembershipFactory, WorkspaceFactory
from tests.factories.content import PostFactory
from tests.factories.pages import World, make_world
from tests.factories.workflows import WorkflowRunFactory
from tiktok_ops.accounts import account_actions as registry
from tiktok_ops.accounts.account_actions import AccountAction, Started
from tiktok_ops.accounts.admin.accounts import MAX_ACCOUNTS
from tiktok_ops.accounts.forms import check_brand
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.roles import Capability, Role
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.errors import Refused

pytestmark = pytest.mark.django_db

LIST = "/admin/accounts/tiktokaccount/"
FORM = {
    "handle": "new.one",
    "ownership": "own",
    "time_zone": "Europe/Berlin",
    "locale": "de",
    "delivery": "by_hand",
}


@pytest.fixture
def world() -> World:
    """Return a workspace with everybody in it, and strangers."""
    return make_world()


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Let the audit be an action that notes whom it was started on and by; it refuses "@refused"."""
    resolve(LIST)  # the pages and their dialogs are made of the actions there are when the first is asked for
    noted: list[tuple[str, str]] = []

    def start(*, account: TikTokAccount, by: User, **given: Any) -> Started:
        if account.handle == "refused":
            raise Refused("This account is refused.")
        noted.append((account.handle, by.username))
        return Started(f"It runs on {account}.", f"/there/{account.handle}/", warning="No worker is running.")

    action = AccountAction("run_profile_audit", "Do it", "Shall we?", "play", Capability.RUN, start)
    monkeypatch.setitem(registry._ACTIONS, "run_profile_audit", action)
    return noted


def _change(account: TikTokAccount) -> str:
    return f"{LIST}{account.pk}/change/"


def _said(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def _errors(answer: Any) -> dict[str, list[str]]:
    return dict(answer.context["adminform"].form.errors)


# What is shown ---------------------------------------------------------------------------------------


def test_open_list_shows_each_accounts_state(world: World) -> None:
    account = world.account
    account.data_source, account.data_as_of = "file", datetime(2026, 11, 18, 14, 2, tzinfo=UTC)
    account.save()
    PostFactory.create_batch(3, account=account)
    run = WorkflowRunFactory.create(account=account, status="succeeded")
    page = world.client("viewer").get(LIST).content.decode()
    for shown in (
        f"@{account.handle}",
        str(account.brand),
        "Our own",
        'ops-badge-info">Sandbox',
        "18 Nov 2026, 14:02 UTC</time><small>An imported file</small>",
        f'/admin/content/post/?account__id__exact={account.pk}">3</a>',
        f"/admin/workflows/workflowrun/{run.pk}/change/",
        "Succeeded",
    ):
        assert shown in page, shown


def test_open_list_shows_the_newest_run_only(world: World) -> None:
    old, new = (WorkflowRunFactory.create(account=world.account) for _ in range(2))
    page = world.client("viewer").get(LIST).content.decode()
    assert str(new.pk) in page
    assert str(old.pk) not in page


def test_open_list_of_an_account_without_anything_says_so(world: World) -> None:
    page = world.client("viewer").get(LIST).content.decode()
    assert page.count("None yet") == 2


def test_open_list_with_a_live_account_marks_it(world: World) -> None:
    AccountFactory.create(workspace=world.workspace, mode="live")
    assert 'ops-badge-bad">Live' in world.client("viewer").get(LIST).content.decode()


def test_search_finds_the_handle(world: World) -> None:
    wanted = AccountFactory.create(workspace=world.workspace, handle="needle")
    changelist: Any = world.client("viewer").get(f"{LIST}?q=need").context["cl"]
    assert [row.pk for row in changelist.result_list] == [wanted.pk]


@pytest.mark.parametrize(
    ("name", "is_offered"), [("viewer", False), ("auditor", False), ("operator", True), ("owner", True)]
)
def test_open_pages_offers_import_to_who_may(world: World, name: str, is_offered: bool) -> None:
    client = world.client(name)
    upload = "/admin/content/contentimport/upload/"
    assert (f'href="{upload}"' in client.get(LIST).content.decode()) is is_offered
    one = client.get(_change(world.account)).content.decode()
    assert (f'href="{upload}?account={world.account.pk}"' in one) is is_offered


# What may be written ---------------------------------------------------------------------------------


def test_add_account_with_an_at_sign_keeps_the_handle_bare(world: World) -> None:
    given = FORM | {"workspace": world.workspace.pk, "handle": "@new.one", "brand": world.account.brand_id}
    assert world.client("owner").post(f"{LIST}add/", given).status_code == 302
    account = TikTokAccount.objects.get(handle="new.one")
    assert (account.workspace, account.brand, account.mode) == (
        world.workspace,
        world.account.brand,
        "sandbox",
    )
    assert AuditEvent.objects.get().verb == "account.created"


def test_change_account_writes_its_settings(world: World) -> None:
    given = FORM | {"handle": world.account.handle, "brand": "", "delivery": "inbox"}
    assert world.client("owner").post(_change(world.account), given).status_code == 302
    world.account.refresh_from_db()
    assert (world.account.brand, world.account.delivery, world.account.locale) == (None, "inbox", "de")
    event = AuditEvent.objects.get()
    assert event.verb == "account.changed"
    assert event.data == {"brand": None, "time_zone": "Europe/Berlin", "locale": "de", "delivery": "inbox"}


@pytest.mark.parametrize("name", ["owner", "superuser"])
def test_change_account_never_writes_mode_workspace_or_data(world: World, name: str) -> None:
    given = FORM | {
        "handle": world.account.handle,
        "mode": "live",
        "workspace": WorkspaceFactory.create().pk,
        "data_source": "sync",
    }
    assert world.client(name).post(_change(world.account), given).status_code == 302
    kept = TikTokAccount.objects.get(pk=world.account.pk)
    assert (kept.mode, kept.workspace_id, kept.data_source) == ("sandbox", world.workspace.pk, "none")


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("handle", "no spaces here", "letters, digits, points or underscores"),
        ("handle", "", "This field is required."),
        ("time_zone", "Mars/Olympus", "'Mars/Olympus' is not a time zone"),
        ("delivery", "pigeon", "Select a valid choice"),
    ],
)
def test_add_account_with_a_wrong_value_says_what_to_write(
    world: World, field: str, value: str, sentence: str
) -> None:
    given = FORM | {"workspace": world.workspace.pk, field: value}
    errors = _errors(world.client("owner").post(f"{LIST}add/", given))
    assert sentence in errors[field][0]


def test_add_account_with_a_handle_that_is_there_names_it(world: World) -> None:
    given = FORM | {"workspace": world.workspace.pk, "handle": world.account.handle.upper()}
    errors = _errors(world.client("owner").post(f"{LIST}add/", given))
    assert errors == {
        "handle": [
            f"The workspace '{world.workspace.name}' has the account @{world.account.handle.upper()} already: "
            "open that one instead."
        ]
    }


def test_add_account_with_a_handle_of_another_workspace_is_fine(world: World) -> None:
    AccountFactory.create(handle="new.one")
    given = FORM | {"workspace": world.workspace.pk}
    assert world.client("owner").post(f"{LIST}add/", given).status_code == 302


def test_add_account_with_a_brand_of_another_of_ones_workspaces_is_refused(world: World) -> None:
    other = WorkspaceFactory.create()
    MembershipFactory.create(workspace=other, user=world.people["owner"], role=Role.OWNER)
    brand = BrandFactory.create(workspace=other, name="Elsewhere")
    given = FORM | {"workspace": world.workspace.pk, "brand": brand.pk}
    errors = _errors(world.client("owner").post(f"{LIST}add/", given))
    assert errors == {
        "brand": [
            "The brand 'Elsewhere' belongs to another workspace: choose one of this workspace, or none."
        ]
    }


def test_add_account_to_a_foreign_workspace_is_refused_as_no_choice(world: World) -> None:
    foreign = WorkspaceFactory.create()
    answer = world.client("owner").post(f"{LIST}add/", FORM | {"workspace": foreign.pk})
    assert list(_errors(answer)) == ["workspace"]
    assert not TikTokAccount.objects.filter(workspace=foreign).exists()


def test_change_account_offers_brands_of_its_workspace_only(world: World) -> None:
    other = WorkspaceFactory.create()
    MembershipFactory.create(workspace=other, user=world.people["owner"], role=Role.OWNER)
    BrandFactory.create(workspace=other, name="Elsewhere")
    page = world.client("owner").get(_change(world.account)).content.decode()
    assert str(world.account.brand) in page
    assert "Elsewhere" not in page


def test_change_live_account_to_a_third_partys_is_refused(world: World) -> None:
    account = AccountFactory.create(workspace=world.workspace, mode="live")
    given = FORM | {"handle": account.handle, "ownership": "third_party"}
    errors = _errors(world.client("owner").post(_change(account), given))
    assert errors == {"ownership": ["A live account is our own: switch it back to the sandbox first."]}


def test_check_brand_that_is_none_or_has_no_workspace_yet_passes(world: World) -> None:
    check_brand(None, world.workspace.pk)
    check_brand(world.account.brand, None)
    with pytest.raises(ValidationError):
        check_brand(world.account.brand, WorkspaceFactory.create().pk)


def test_delete_account_that_holds_data_is_not_offered(world: World) -> None:
    account = AccountFactory.create(
        workspace=world.workspace, data_source="file", data_as_of=datetime(2026, 1, 1, tzinfo=UTC)
    )
    answer = world.client("superuser").post(f"{LIST}{account.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 403
    assert TikTokAccount.objects.filter(pk=account.pk).exists()


def test_delete_empty_account_is_on_record(world: World) -> None:
    account = AccountFactory.create(workspace=world.workspace)
    assert world.client("owner").post(f"{LIST}{account.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not TikTokAccount.objects.filter(pk=account.pk).exists()
    assert AuditEvent.objects.get().verb == "account.deleted"


# What may be started ---------------------------------------------------------------------------------


def _start_from_list(world: World, name: str, *accounts: TikTokAccount) -> Any:
    given = {"action": "run_profile_audit", "_selected_action": [str(account.pk) for account in accounts]}
    return world.client(name).post(LIST, given)


def _start_from_page(world: World, name: str, account: TikTokAccount, **headers: str) -> Any:
    return world.client(name).post(
        f"{LIST}{account.pk}/run-profile-audit/", {"_form_submitted": "True"}, headers=headers
    )


RUNNERS = {"operator", "owner", "superuser", "client"}


def test_start_from_list_by_role_starts_or_is_not_offered(world: World, started: Any) -> None:
    for name in sorted(world.people):
        _start_from_list(world, name, world.account)
    assert {by for _, by in started} == {world.people[name].username for name in RUNNERS}
    assert len(started) == len(RUNNERS)


def test_start_from_page_by_role_starts_or_is_forbidden(world: World, started: Any) -> None:
    codes = {name: _start_from_page(world, name, world.account).status_code for name in sorted(world.people)}
    assert {name for name, code in codes.items() if code == 302} == RUNNERS
    assert set(codes.values()) == {302, 403}
    assert len(started) == len(RUNNERS)


def test_start_from_list_on_one_account_leads_to_it(world: World, started: Any) -> None:
    answer = _start_from_list(world, "operator", world.account)
    assert answer.status_code == 302
    assert answer["Location"] == f"/there/{world.account.handle}/"
    assert _said(answer) == []


def test_start_from_list_on_several_accounts_links_to_each(world: World, started: Any) -> None:
    other = AccountFactory.create(workspace=world.workspace)
    answer = _start_from_list(world, "operator", world.account, other)
    assert answer["Location"].startswith(LIST)
    said = _said(answer)
    for account in (world.account, other):
        link = f'<a class="ops-link" href="/there/{account.handle}/">It runs on @{account.handle}.</a>'
        assert link in said
    assert said[-1] == "No worker is running."
    assert len(said) == 3


def test_start_from_list_that_is_refused_says_why_and_starts_the_others(world: World, started: Any) -> None:
    refused = AccountFactory.create(workspace=world.workspace, handle="refused")
    said = _said(_start_from_list(world, "operator", refused, world.account))
    assert "This account is refused." in said
    assert [handle for handle, _ in started] == [world.account.handle]


def test_start_from_list_on_one_refused_account_stays_and_says_why(world: World, started: Any) -> None:
    refused = AccountFactory.create(workspace=world.workspace, handle="refused")
    answer = _start_from_list(world, "operator", refused)
    assert answer["Location"].startswith(LIST)
    assert _said(answer) == ["This account is refused."]


def test_start_from_list_where_one_only_reads_is_refused_for_that_account(world: World, started: Any) -> None:
    read_only = AccountFactory.create()
    MembershipFactory.create(workspace=read_only.workspace, user=world.people["operator"], role=Role.VIEWER)
    said = _said(_start_from_list(world, "operator", read_only, world.account))
    assert said[0] == (
        f"You may not start 'Do it' on {read_only}: ask an owner of its workspace for a role that may run."
    )
    assert [handle for handle, _ in started] == [world.account.handle]


def test_start_from_list_on_a_foreign_account_starts_nothing(world: World, started: Any) -> None:
    _start_from_list(world, "operator", AccountFactory.create())
    assert started == []


def test_start_from_list_on_too_many_accounts_is_refused(world: World, started: Any) -> None:
    accounts = AccountFactory.create_batch(MAX_ACCOUNTS + 1, workspace=world.workspace, brand=None)
    answer = _start_from_list(world, "operator", *accounts)
    assert _said(answer) == [f"Choose at most {MAX_ACCOUNTS} accounts at a time."]
    assert started == []


def test_start_in_a_popup_is_not_offered(world: World, started: Any) -> None:
    page = world.client("owner").get(f"{LIST}?_popup=1").content.decode()
    assert "run_profile_audit" not in page


def test_open_dialog_asks_and_starts_nothing(world: World, started: Any) -> None:
    page = world.client("operator").get(f"{LIST}{world.account.pk}/run-profile-audit/").content.decode()
    assert "Nothing is published." in page
    assert "csrfmiddlewaretoken" in page
    assert started == []


def test_post_dialog_without_its_form_starts_nothing(world: World, started: Any) -> None:
    world.client("operator").post(f"{LIST}{world.account.pk}/run-profile-audit/")
    assert started == []


def test_post_dialog_without_a_token_is_refused(world: World, started: Any) -> None:
    client = world.client("operator")
    client.handler.enforce_csrf_checks = True
    answer = client.post(f"{LIST}{world.account.pk}/run-profile-audit/", {"_form_submitted": "True"})
    assert answer.status_code == 403
    assert started == []


def test_start_from_dialog_tells_htmx_where_to_go(world: World, started: Any) -> None:
    answer = _start_from_page(world, "operator", world.account, **{"HX-Request": "true"})
    assert answer["HX-Redirect"] == f"/there/{world.account.handle}/"


def test_start_from_dialog_that_is_refused_comes_back_with_the_reason(world: World, started: Any) -> None:
    refused = AccountFactory.create(workspace=world.workspace, handle="refused")
    answer = _start_from_page(world, "operator", refused)
    assert answer["Location"] == _change(refused)
    assert _said(answer) == ["This account is refused."]


@pytest.mark.parametrize("key", ["00000000-0000-0000-0000-000000000000", "nonsense"])
def test_start_from_dialog_on_no_account_is_forbidden(world: World, started: Any, key: str) -> None:
    answer = world.client("superuser").post(f"{LIST}{key}/run-profile-audit/", {"_form_submitted": "True"})
    assert answer.status_code == 403
    assert started == []


@pytest.mark.parametrize(("name", "is_offered"), [("viewer", False), ("operator", True)])
def test_open_account_offers_the_action_to_who_may(
    world: World, started: Any, name: str, is_offered: bool
) -> None:
    page = world.client(name).get(_change(world.account)).content.decode()
    assert (f"{LIST}{world.account.pk}/run-profile-audit/" in page) is is_offered
