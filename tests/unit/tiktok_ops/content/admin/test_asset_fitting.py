"""What people see of a video TikTok does not take: why, the copy that fits, and what was changed in it."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone
from pytest_django import Settings

from tests.factories.accounts import BrandFactory
from tests.factories.media import make_video, stored_video, uploaded
from tests.factories.pages import World, make_world
from tests.factories.workflows import doorbells
from tiktok_ops.content.models import Asset

pytestmark = pytest.mark.django_db

LIST = "/admin/content/asset/"
WHY = "The video has 12 frames per second; TikTok takes 23 to 60."
TRY_AGAIN = ">Try again</button>"


@pytest.fixture(autouse=True)
def _files_elsewhere(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def world() -> World:
    """Return a workspace with everybody in it, and strangers."""
    return make_world()


def _original(world: World, **state: str) -> Asset:
    told = {"why": WHY, "rung_at": timezone.now().isoformat(), "tries": 1} | state
    return stored_video(world.account, b"does not fit", probe={"fitting": told})


def _text(world: World, asset: Asset, name: str = "operator") -> str:
    return world.client(name).get(f"{LIST}{asset.pk}/change/").content.decode()


def _said(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def test_send_video_that_does_not_fit_keeps_it_and_says_what_happens(world: World, tmp_path: Path) -> None:
    content = make_video(tmp_path / "slow.mp4", rate=12).read_bytes()
    given = {
        "workspace": str(world.workspace.pk),
        "brand": str(world.account.brand_id),
        "file": uploaded(content),
    }
    answer: Any = world.client("operator").post(f"{LIST}upload/", given)
    asset = Asset.objects.get()
    assert answer["Location"] == f"{LIST}{asset.pk}/change/"
    [said] = _said(answer)
    assert said.startswith(
        f"The video is kept as it is, but TikTok would not take it. {WHY} A copy that fits is being"
    )
    text = _text(world, asset)
    assert WHY in text
    assert "A copy is being made" in text
    assert TRY_AGAIN not in text


def test_open_original_and_copy_lead_to_each_other_and_say_what_was_changed(world: World) -> None:
    original = _original(world)
    probe = {"transcoded_from": original.sha256, "changed": ["It has 24 pictures a second; it had 12."]}
    copy = stored_video(world.account, b"fits", probe=probe)
    original.probe["fitting"]["made"] = str(copy.id)
    original.save()
    assert f'href="{LIST}{copy.pk}/change/">Open the copy that fits' in _text(world, original)
    text = _text(world, copy)
    assert f'href="{LIST}{original.pk}/change/"><code>{original.sha256[:12]}…' in text
    assert "<li>It has 24 pictures a second; it had 12.</li>" in text


def test_open_copy_of_what_one_does_not_see_names_it_without_a_way(world: World) -> None:
    other = BrandFactory.create(workspace=world.workspace)
    original = stored_video(world.account, b"does not fit", brand_id=other.id)
    copy = stored_video(world.account, b"fits", probe={"transcoded_from": original.sha256})
    text = _text(world, copy, "client")
    assert f"<code>{original.sha256[:12]}…</code>" in text
    assert str(original.pk) not in text


def test_try_again_after_a_problem_rings_once_and_only_for_who_may_change_it(world: World) -> None:
    original = _original(world, problem="It is damaged.")
    address = f"{LIST}{original.pk}/fit/"
    assert "No copy could be made. It is damaged." in _text(world, original, "viewer")
    assert TRY_AGAIN not in _text(world, original, "viewer")
    assert TRY_AGAIN in _text(world, original)
    assert world.client("viewer").post(address).status_code == 403
    assert world.client("operator").get(address).status_code == 405
    assert doorbells() == []
    client = world.client("operator")
    assert _said(client.post(address)) == ["The copy is being made again; this page will lead to it."]
    assert len(doorbells()) == 1
    assert "made, or being made, already" in _said(client.post(address))[-1]
    assert len(doorbells()) == 1


def test_open_video_that_fits_says_nothing_of_copies(world: World) -> None:
    text = _text(world, stored_video(world.account))
    assert "The copy that fits" not in text
    assert "Made from another video" not in text
