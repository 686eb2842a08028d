"""Uploading a video by the browser: the form, what is kept, what is refused and where it says so."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.messages import get_messages
from pytest_django import Settings

from tests.factories.accounts import AccountFactory, BrandFactory, MembershipFactory, WorkspaceFactory
from tests.factories.media import digest_of, uploaded, video_bytes
from tests.factories.pages import World, make_world
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.content.models import Asset

pytestmark = pytest.mark.django_db

UPLOAD = "/admin/content/asset/upload/"
UPLOADERS = {"operator", "owner", "superuser", "client"}


@pytest.fixture(autouse=True)
def _files_elsewhere(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def world() -> World:
    """Return a workspace with everybody in it, and strangers."""
    return make_world()


def _page(asset: Asset) -> str:
    return f"/admin/content/asset/{asset.pk}/change/"


def _said(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def _send(world: World, name: str, **changes: Any) -> Any:
    given = {
        "workspace": str(world.workspace.pk),
        "brand": str(world.account.brand_id),
        "file": uploaded(),
        "rights_note": "Filmed by us",
        "rights_last_day": "2027-03-31",
    }
    return world.client(name).post(
        UPLOAD, {key: value for key, value in (given | changes).items() if value is not None}
    )


def _errors(answer: Any) -> dict[str, list[str]]:
    return dict(answer.context["form"].errors)


def test_open_upload_by_role_answers_or_refuses(world: World) -> None:
    codes = {name: world.client(name).get(UPLOAD).status_code for name in world.people}
    assert {name for name, code in codes.items() if code == 200} == UPLOADERS | {"stranger"}
    assert set(codes.values()) == {200, 403}


def test_open_upload_has_the_only_workspace_chosen(world: World) -> None:
    answer: Any = world.client("operator").get(UPLOAD)
    assert answer.context["form"]["workspace"].value() == world.workspace.pk


def test_open_upload_from_an_account_has_its_team_and_brand_chosen(world: World) -> None:
    answer: Any = world.client("operator").get(f"{UPLOAD}?account={world.account.pk}")
    form = answer.context["form"]
    assert (form["workspace"].value(), form["brand"].value()) == (world.workspace.pk, world.account.brand_id)
    assert f"Upload a video for {world.account}" in answer.content.decode()


@pytest.mark.parametrize("key", ["foreign", "nonsense"])
def test_open_upload_from_an_account_one_cannot_bring_into_is_not_found(world: World, key: str) -> None:
    account = AccountFactory.create().pk if key == "foreign" else key
    assert world.client("operator").get(f"{UPLOAD}?account={account}").status_code == 404


def test_send_video_keeps_it_and_leads_to_its_page(world: World) -> None:
    answer = _send(world, "operator")
    asset = Asset.objects.get()
    assert answer["Location"] == _page(asset)
    assert _said(answer) == ["The video is kept."]
    assert (asset.sha256, asset.workspace, asset.brand) == (
        digest_of(video_bytes()),
        world.workspace,
        world.account.brand,
    )
    assert (asset.rights_note, asset.rights_expire_at) == ("Filmed by us", datetime(2027, 4, 1, tzinfo=UTC))
    assert AuditEvent.objects.get().verb == "asset.stored"


def test_send_video_by_role_is_taken_or_refused(world: World) -> None:
    answers = {name: _send(world, name).status_code for name in sorted(world.people)}
    assert {name for name, code in answers.items() if code == 302} == UPLOADERS
    assert Asset.objects.count() == 1


def test_send_the_same_video_again_leads_to_the_one_there_is(world: World) -> None:
    _send(world, "operator")
    answer = _send(world, "owner", rights_note="Somebody else's")
    asset = Asset.objects.get()
    assert answer["Location"] == _page(asset)
    assert _said(answer) == ["The workspace has this very file already; nothing about it was changed."]
    assert asset.rights_note == "Filmed by us"


def test_send_what_is_no_video_says_why_and_keeps_what_was_typed(world: World) -> None:
    answer = _send(world, "operator", file=uploaded(b"hello", "notes.txt"))
    assert _errors(answer) == {
        "file": ["The file 'notes.txt' is no video TikTok takes; choose an MP4, MOV or WebM."]
    }
    text = answer.content.decode()
    assert "Filmed by us" in text
    assert 'value="2027-03-31"' in text
    assert not Asset.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"file": None}, "file", "This field is required."),
        ({"file": uploaded(b"")}, "file", "The file is empty; choose a video."),
        ({"workspace": ""}, "workspace", "This field is required."),
        ({"rights_last_day": "soon"}, "rights_last_day", "Enter a valid date."),
        ({"rights_last_day": "9999-12-31"}, "rights_last_day", "The year is 9999: leave the day empty"),
        ({"rights_note": "x" * 1001}, "rights_note", "at most 1000 characters"),
    ],
)
def test_send_video_with_something_amiss_says_it_at_the_field(
    world: World, changes: dict[str, Any], field: str, sentence: str
) -> None:
    errors = _errors(_send(world, "operator", **changes))
    assert list(errors) == [field]
    assert sentence in errors[field][0]


def test_send_video_for_a_foreign_team_or_brand_is_refused_as_no_choice(world: World) -> None:
    foreign = BrandFactory.create()
    errors = _errors(_send(world, "operator", workspace=str(foreign.workspace_id), brand=str(foreign.pk)))
    assert set(errors) == {"workspace", "brand"}
    assert not Asset.objects.exists()


def test_send_video_for_a_brand_of_another_of_ones_teams_is_refused(world: World) -> None:
    other = WorkspaceFactory.create()
    MembershipFactory.create(workspace=other, user=world.people["operator"], role=Role.OPERATOR)
    errors = _errors(_send(world, "operator", workspace=str(other.pk)))
    assert "belongs to another workspace" in errors["brand"][0]


def test_send_video_for_no_brand_by_who_works_for_one_asks_for_the_brand(world: World) -> None:
    errors = _errors(_send(world, "client", brand=""))
    assert errors == {"brand": ["Choose the brand: you work for named brands of this workspace only."]}
    assert _send(world, "operator", brand="").status_code == 302
    assert Asset.objects.get().brand is None


def test_send_video_without_a_token_is_refused(world: World) -> None:
    client = world.client("operator")
    client.handler.enforce_csrf_checks = True
    assert client.post(UPLOAD, {"file": uploaded()}).status_code == 403
    assert not Asset.objects.exists()
