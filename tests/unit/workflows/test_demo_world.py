"""The demo workspace: made once, and never at the cost of somebody else."""

from pathlib import Path
from typing import Any

import pytest

from tests.factories.accounts import UserFactory, WorkspaceFactory, person
from tiktok_ops.accounts.models import Brand, Membership, TikTokAccount, User
from tiktok_ops.accounts.roles import Role
from tiktok_ops.env import Stage
from workflows.demo import world
from workflows.demo.world import PEOPLE, NotForHere, demo_password, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def password_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Keep the password in a directory of the test."""
    file = tmp_path / "var" / "demo_password"
    monkeypatch.setattr(world, "PASSWORD_FILE", file)
    return file


def test_make_world_has_a_person_for_each_role_two_brands_and_accounts() -> None:
    workspace = make_world()

    roles = dict(Membership.objects.filter(workspace=workspace).values_list("user__username", "role"))
    assert roles == {name: role.value for name, role in PEOPLE.items()}
    assert set(roles.values()) == {role.value for role in Role}
    assert Brand.objects.filter(workspace=workspace).count() == 2
    assert TikTokAccount.objects.filter(workspace=workspace).count() == 3
    assert all(User.objects.get(username=name).check_password(demo_password()) for name in PEOPLE)


def test_make_world_twice_changes_nothing() -> None:
    def counts() -> list[int]:
        return [model._default_manager.count() for model in (User, Membership, Brand, TikTokAccount)]

    make_world()
    before = counts()
    make_world()
    assert counts() == before


def test_make_world_after_the_password_file_was_lost_gives_its_people_the_new_one(
    password_file: Path,
) -> None:
    make_world()
    password_file.unlink()
    make_world()
    assert User.objects.get(username="ana").check_password(password_file.read_text())


@pytest.mark.parametrize("changes", [{"is_superuser": True}, {}])
def test_make_world_leaves_a_person_of_somebody_else_alone(changes: dict[str, Any]) -> None:
    if changes:
        somebody = UserFactory.create(username="ana", **changes)
    else:
        somebody = person(WorkspaceFactory.create(), Role.OWNER, username="ana")
    with pytest.raises(NotForHere, match="There is a person 'ana' who is not of the demo"):
        make_world()
    password = somebody.password
    somebody.refresh_from_db()
    assert somebody.password == password
    assert not Membership.objects.filter(workspace__slug="demo").exists()


def test_make_world_in_production_is_refused(settings: Any) -> None:
    settings.ENV = settings.ENV.model_copy(update={"TIKTOK_OPS_STAGE": Stage.PRODUCTION})
    with pytest.raises(NotForHere, match="is not for production"):
        make_world()
