"""The pages of API keys: shown once when made, revoked in a dialog, never changed."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.messages import get_messages

from tests.factories.accounts import BrandFactory, MembershipFactory, WorkspaceFactory
from tests.factories.pages import World, make_world
from tiktok_ops.accounts.keys import find_key, issue_key, revoke_key
from tiktok_ops.accounts.models import ApiKey
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent

pytestmark = pytest.mark.django_db

LIST = "/admin/accounts/apikey/"


@pytest.fixture
def world() -> World:
    """Return a workspace with everybody in it, and strangers."""
    return make_world()


@pytest.fixture
def key(world: World) -> ApiKey:
    """Return a key of the workspace."""
    return issue_key(workspace=world.workspace, name="Reader", scopes=["read"], by="test").key


def _new(world: World, **changes: Any) -> dict[str, Any]:
    given = {
        "workspace": str(world.workspace.pk),
        "name": "Reader",
        "scopes": ["read"],
        "is_sandbox_only": "on",
    }
    return given | changes


def test_make_key_shows_its_text_this_one_time(world: World) -> None:
    answer = world.client("owner").post(f"{LIST}add/", _new(world))
    secret: str = answer.context["issued"].secret_text
    assert secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    key = ApiKey.objects.get()
    assert find_key(secret) == key
    assert (key.workspace, key.created_by, key.is_sandbox_only) == (
        world.workspace,
        world.people["owner"],
        True,
    )
    later = world.client("owner")
    for address in (LIST, f"{LIST}{key.pk}/change/", f"{LIST}{key.pk}/history/"):
        page = later.get(address).content.decode()
        assert secret not in page
        assert key.secret_digest not in page


def test_make_key_leaves_its_text_nowhere(world: World) -> None:
    client = world.client("owner")
    answer = client.post(f"{LIST}add/", _new(world))
    secret = answer.context["issued"].secret_text
    assert [str(message) for message in get_messages(answer.wsgi_request)] == []
    assert secret not in str(dict(client.session.items()))
    assert secret not in str(list(AuditEvent.objects.values("data", "subject")))


def test_make_key_for_a_brand_with_an_end_keeps_both(world: World) -> None:
    given = _new(
        world,
        brand=str(world.account.brand_id),
        expires_at_0="2099-01-31",
        expires_at_1="12:00",
        is_sandbox_only="",
    )
    world.client("owner").post(f"{LIST}add/", given)
    key = ApiKey.objects.get()
    assert (key.brand, key.is_sandbox_only) == (world.account.brand, False)
    assert key.expires_at == datetime(2099, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "This field is required."),
        ({"scopes": []}, "This field is required."),
        ({"scopes": ["write"]}, "Select a valid choice."),
        ({"expires_at_0": "2001-01-01", "expires_at_1": "00:00"}, "is not in the future"),
        ({"workspace": "foreign"}, "Select a valid choice."),
        ({"brand": "foreign"}, "Select a valid choice."),
    ],
)
def test_make_key_with_a_wrong_value_makes_none(world: World, changes: dict[str, Any], sentence: str) -> None:
    foreign = {"workspace": WorkspaceFactory, "brand": BrandFactory}
    given = {
        name: str(foreign[name].create().pk) if value == "foreign" else value  # type: ignore[attr-defined]
        for name, value in changes.items()
    }
    answer = world.client("owner").post(f"{LIST}add/", _new(world, **given))
    assert sentence in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_make_key_with_a_brand_of_another_workspace_says_the_services_sentence(world: World) -> None:
    brand = BrandFactory.create(name="Elsewhere")
    answer = world.client("superuser").post(f"{LIST}add/", _new(world, brand=str(brand.pk)))
    assert "is not one of the workspace" in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_open_form_with_one_workspace_has_it_chosen(world: World) -> None:
    form: Any = world.client("owner").get(f"{LIST}add/").context["form"]
    assert form["workspace"].value() == world.workspace.pk


def _deciding(world: World, acts_for: str) -> dict[str, Any]:
    """Return the form of a key that decides for this person."""
    return _new(world, scopes=["read", "approvals:decide"], acts_for=str(world.people[acts_for].pk))


def _who_decides_too(world: World, name: str) -> None:
    MembershipFactory.create(user=world.people[name], workspace=world.workspace, role=Role.APPROVER)


def test_make_key_that_acts_for_oneself_decides_for_oneself(world: World) -> None:
    _who_decides_too(world, "owner")
    answer = world.client("owner").post(f"{LIST}add/", _deciding(world, "owner"))
    key = ApiKey.objects.get()
    assert find_key(answer.context["issued"].secret_text) == key
    assert key.acts_for == key.created_by == world.people["owner"]
    page = world.client("auditor").get(f"{LIST}{key.pk}/change/").content.decode()
    assert "Acts for" in page
    assert str(key.acts_for) in page


@pytest.mark.parametrize("by", ["owner", "superuser"])
def test_make_key_that_acts_for_another_makes_none_and_offers_nobody_else(world: World, by: str) -> None:
    _who_decides_too(world, by)
    client = world.client(by)
    form: Any = client.get(f"{LIST}add/").context["form"]
    assert list(form.fields["acts_for"].queryset) == [world.people[by]]
    answer = client.post(f"{LIST}add/", _deciding(world, "approver"))
    assert "Select a valid choice." in answer.content.decode()
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "may not decide in the workspace"),
        ({"acts_for": ""}, "needs a person"),
        ({"scopes": ["read"]}, "only to decide"),
    ],
)
def test_make_key_that_cannot_decide_says_the_services_sentence(
    world: World, changes: dict[str, Any], sentence: str
) -> None:
    answer = world.client("owner").post(f"{LIST}add/", _deciding(world, "owner") | changes)
    assert sentence in answer.content.decode()
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize(("status", "kind"), [("Active", "good"), ("Revoked", "bad"), ("Expired", "neutral")])
def test_open_list_shows_what_a_key_is(world: World, key: ApiKey, status: str, kind: str) -> None:
    if status == "Revoked":
        revoke_key(key_id=key.pk, by="test")
    if status == "Expired":
        ApiKey.objects.update(
            created_at=datetime(2020, 1, 1, tzinfo=UTC), expires_at=datetime(2020, 1, 2, tzinfo=UTC)
        )
    page = world.client("auditor").get(LIST).content.decode()
    assert f'<span class="ops-badge ops-badge-{kind}">{status}</span>' in page


def _revoke(world: World, name: str, key: ApiKey) -> Any:
    return world.client(name).post(f"{LIST}{key.pk}/revoke/", {"_form_submitted": "True"})


def test_revoke_key_as_owner_ends_it(world: World, key: ApiKey) -> None:
    answer = _revoke(world, "owner", key)
    assert answer["Location"] == f"{LIST}{key.pk}/change/"
    assert [str(message) for message in get_messages(answer.wsgi_request)] == [
        "The API key 'Reader' is revoked."
    ]
    key.refresh_from_db()
    assert key.revoked_at is not None


@pytest.mark.parametrize("name", ["viewer", "operator", "auditor", "client", "stranger", "nobody"])
def test_revoke_key_without_the_role_is_forbidden(world: World, key: ApiKey, name: str) -> None:
    assert _revoke(world, name, key).status_code == 403
    key.refresh_from_db()
    assert key.revoked_at is None


def test_revoke_key_that_is_revoked_is_not_offered(world: World, key: ApiKey) -> None:
    revoke_key(key_id=key.pk, by="test")
    assert _revoke(world, "owner", key).status_code == 403
    assert "revoke/" not in world.client("owner").get(f"{LIST}{key.pk}/change/").content.decode()


def test_revoke_key_that_another_revokes_meanwhile_says_so(
    world: World, key: ApiKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    revoke_key(key_id=key.pk, by="test")
    monkeypatch.setattr(
        "tiktok_ops.accounts.admin.keys.ApiKeyAdmin.has_revoke_permission", lambda *args: True
    )
    answer = _revoke(world, "owner", key)
    said = [str(message) for message in get_messages(answer.wsgi_request)]
    assert "was revoked before" in said[0]


def test_open_revoke_dialog_asks_and_revokes_nothing(world: World, key: ApiKey) -> None:
    page = world.client("owner").get(f"{LIST}{key.pk}/revoke/").content.decode()
    assert "This cannot be taken back." in page
    key.refresh_from_db()
    assert key.revoked_at is None
