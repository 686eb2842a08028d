"""The page of secrets: owners see that there are any, rotate and destroy them; nobody sees what one holds."""

from typing import Any

import pytest
from django.urls import reverse

from tests.factories.accounts import WorkspaceFactory, person
from tests.factories.pages import World, make_world
from tiktok_ops.accounts.roles import Role
from tiktok_ops.vault.models import Secret, SecretVersion
from tiktok_ops.vault.services import read_secret, store_secret

pytestmark = pytest.mark.django_db

TEXT = "geheim-0123456789"
SUBMITTED = {"_form_submitted": "True"}


@pytest.fixture
def world() -> World:
    """A workspace with everybody, and a secret that was written twice and read once."""
    made = make_world()
    for text in ("older", TEXT):
        store_secret(workspace_id=made.workspace.id, name="tokens", text=text, by="a test")
    read_secret(workspace_id=made.workspace.id, name="tokens", by="worker", why="to post")
    return made


def the_secret() -> Secret:
    return Secret.objects.get(name="tokens")


def act(world: World, name: str, who: str = "owner") -> Any:
    address = reverse(f"admin:vault_secret_{name}", args=[the_secret().id])
    return world.client(who).post(address, SUBMITTED, follow=True)


def test_open_pages_of_secrets_shows_names_versions_and_readers_and_no_value(world: World) -> None:
    client = world.client("owner")
    change = reverse("admin:vault_secret_change", args=[the_secret().id])
    for address in (reverse("admin:vault_secret_changelist"), change, change.replace("change", "history")):
        page = client.get(address).content.decode()
        assert TEXT not in page
        assert bytes(SecretVersion.objects.get(number=2).ciphertext or b"").hex() not in page
    page = client.get(change).content.decode()
    assert "worker" in page
    assert "Sealed" in page


def test_destroy_on_the_page_takes_every_version_away(world: World) -> None:
    page = act(world, "destroy").content.decode()
    assert "is destroyed: 2 versions are gone for good" in page
    assert not SecretVersion.objects.filter(ciphertext__isnull=False).exists()
    assert "Destroyed" in page


def test_rotate_on_the_page_wraps_under_the_newest_key(world: World, settings: Any) -> None:
    settings.VAULT_KEYS = (("new", "n" * 40), *settings.VAULT_KEYS)
    assert "2 versions were wrapped anew" in act(world, "rewrap").content.decode()


@pytest.mark.parametrize("who", ["viewer", "operator", "auditor", "client", "stranger"])
@pytest.mark.parametrize("name", ["destroy", "rewrap"])
def test_act_on_a_secret_without_being_its_owner_changes_nothing(world: World, who: str, name: str) -> None:
    act(world, name, who)
    assert SecretVersion.objects.filter(ciphertext__isnull=False).count() == 2


def test_act_on_what_is_destroyed_is_not_offered(world: World) -> None:
    act(world, "destroy")
    page = world.client("owner").get(reverse("admin:vault_secret_change", args=[the_secret().id]))
    assert "Destroy this secret?" not in page.content.decode()
    answer = world.client("owner").post(
        reverse("admin:vault_secret_destroy", args=[the_secret().id]), SUBMITTED
    )
    assert answer.status_code == 403


def test_owner_of_two_workspaces_sees_the_secrets_of_both(world: World) -> None:
    other = WorkspaceFactory.create()
    store_secret(workspace_id=other.id, name="foreign", text="x", by="a test")
    owner = world.people["owner"]
    listing = reverse("admin:vault_secret_changelist")
    assert "foreign" not in world.client("owner").get(listing).content.decode()
    person(other, Role.OWNER, username="both")
    owner.memberships.create(workspace=other, role=Role.OWNER)
    assert "foreign" in world.client("owner").get(listing).content.decode()
