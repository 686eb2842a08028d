"""Where a file goes: the account by its handle, in the workspace named or the only one."""

import pytest

from tests.factories.accounts import AccountFactory, WorkspaceFactory
from tiktok_ops.accounts.models import TikTokAccount, Workspace
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.content.imports.destination import DestinationRefused, find_or_make_destination

pytestmark = pytest.mark.django_db


def _find(handle: str, workspace: str | None = None) -> tuple[TikTokAccount, tuple[str, ...]]:
    found = find_or_make_destination(handle=handle, workspace_slug=workspace, by="test")
    return found.account, found.news


def _refusal(handle: str, workspace: str | None = None) -> str:
    with pytest.raises(DestinationRefused) as caught:
        _find(handle, workspace)
    return str(caught.value)


@pytest.mark.parametrize("handle", ["blick", "@blick", "BLICK", " @Blick "])
def test_find_destination_in_any_spelling_finds_the_account(handle: str) -> None:
    account = AccountFactory.create(handle="Blick")
    assert _find(handle) == (account, ())
    assert TikTokAccount.objects.count() == 1
    assert not AuditEvent.objects.exists()


def test_find_destination_in_an_empty_database_makes_workspace_and_account() -> None:
    account, news = _find("@Blick")
    assert (account.handle, account.ownership, account.mode) == ("blick", "third_party", "sandbox")
    assert (account.workspace.name, account.workspace.slug) == ("Default", "default")
    assert news == (
        "Made the workspace 'default', for there was none.",
        "Added @blick to the workspace 'default' as a third party's account.",
    )
    assert [(event.verb, event.subject) for event in AuditEvent.objects.order_by("id")] == [
        ("workspace.created", "Default"),
        ("account.created", "@blick"),
    ]
    assert set(AuditEvent.objects.values_list("workspace_id", flat=True)) == {account.workspace_id}


def test_find_destination_in_the_only_workspace_makes_the_account_there() -> None:
    workspace = WorkspaceFactory.create(slug="team")
    account, news = _find("blick")
    assert account.workspace == workspace
    assert news == ("Added @blick to the workspace 'team' as a third party's account.",)


def test_find_destination_in_a_named_workspace_goes_there() -> None:
    AccountFactory.create(handle="blick", workspace__slug="one")
    two = AccountFactory.create(handle="blick", workspace__slug="two")
    assert _find("blick", "two") == (two, ())


def test_find_destination_without_a_name_among_several_workspaces_refuses_naming_them() -> None:
    WorkspaceFactory.create(slug="two")
    WorkspaceFactory.create(slug="one")
    sentence = "There is more than one workspace ('one', 'two'): name one with --workspace."
    assert _refusal("blick") == sentence
    assert not TikTokAccount.objects.exists()


def test_find_destination_in_an_unknown_workspace_refuses_naming_those_there_are() -> None:
    WorkspaceFactory.create(slug="one")
    assert _refusal("blick", "zero") == "There is no workspace 'zero'; there are 'one'."


def test_find_destination_in_a_named_workspace_of_an_empty_database_refuses() -> None:
    assert (
        _refusal("blick", "zero") == "There is no workspace 'zero'; there is none yet: leave --workspace out."
    )
    assert not Workspace.objects.exists()


@pytest.mark.parametrize("handle", ["", "@", "a", "two words", "x" * 25, "böse", "a/b", "blick\n\n@x"])
def test_find_destination_for_no_handle_refuses(handle: str) -> None:
    sentence = _refusal(handle)
    assert sentence.startswith(f"The handle {handle!r} cannot be one: A handle has 2 to 24 letters")
    assert not Workspace.objects.exists()
