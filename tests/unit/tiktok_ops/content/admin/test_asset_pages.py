"""The pages of media: what they show, who may upload, who gets the file, who changes the right to use it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone
from pytest_django import Settings

from tests.factories.accounts import AccountFactory
from tests.factories.media import stored_video, uploaded
from tests.factories.pages import World, make_world
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.content.models import Asset

pytestmark = pytest.mark.django_db

LIST = "/admin/content/asset/"
UPLOAD = f"{LIST}upload/"
UPLOADERS = {"operator", "owner", "superuser", "client"}
READERS = UPLOADERS | {"viewer", "approver", "finance", "auditor"}
CONTENT = b"as good as a video"


@pytest.fixture(autouse=True)
def _files_elsewhere(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def world() -> World:
    """Return a workspace with everybody in it, and strangers."""
    return make_world()


def _asset(world: World, **changes: Any) -> Asset:
    return stored_video(world.account, CONTENT, **changes)


def _page(asset: Asset) -> str:
    return f"{LIST}{asset.pk}/change/"


def _text(world: World, address: str, name: str = "viewer") -> str:
    return world.client(name).get(address).content.decode()


def _said(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


# The list and the page ------------------------------------------------------------------------------


def test_open_list_shows_each_file_in_plain_words(world: World) -> None:
    _asset(world)
    text = _text(world, LIST)
    for shown in ("MP4 video", "12.4 s, 1080 × 1920", "0.0 kB", str(world.account.brand), "No end"):
        assert shown in text, shown


@pytest.mark.parametrize(
    ("left", "badge"),
    [
        (timedelta(days=8), ""),
        (timedelta(days=6), "Ends soon"),
        (timedelta(seconds=-1), "Ended"),
    ],
)
def test_open_list_warns_of_rights_that_end(world: World, left: timedelta, badge: str) -> None:
    _asset(world, rights_expire_at=timezone.now() + left)
    text = _text(world, LIST)
    shown = [each for each in ("Ends soon", "Ended") if f">{each}</span>" in text]
    assert shown == ([badge] if badge else [])


def test_open_empty_list_says_what_to_do(world: World) -> None:
    assert "Choose Upload a video above, or open an account and choose New post" in _text(world, LIST)


@pytest.mark.parametrize(("name", "is_offered"), [("viewer", False), ("approver", False), ("operator", True)])
def test_open_list_offers_the_upload_to_who_may(world: World, name: str, is_offered: bool) -> None:
    assert (f'href="{UPLOAD}"' in _text(world, LIST, name)) is is_offered


def test_open_page_of_a_video_previews_it_and_tells_what_it_is(world: World) -> None:
    asset = _asset(world)
    text = _text(world, _page(asset))
    assert f'<video controls preload="metadata" playsinline src="{LIST}{asset.pk}/file/"' in text
    for shown in (
        "12.4 seconds",
        "1080 × 1920 pixels, upright as stored",
        "H.264",
        asset.sha256,
        "Nowhere yet.",
    ):
        assert shown in text, shown


def test_open_page_of_an_image_previews_it(world: World) -> None:
    asset = _asset(world, media_type="image/webp", probe={}, brand_id=None)
    text = _text(world, _page(asset))
    assert f'<img src="{LIST}{asset.pk}/file/"' in text
    assert "<video" not in text
    assert "Every brand of the workspace" in text


def test_open_page_of_an_asset_without_a_file_says_so(world: World) -> None:
    assert "There is no file." in _text(world, _page(world.row(Asset)))


def test_open_page_with_a_hostile_note_is_harmless(world: World) -> None:
    asset = _asset(world, rights_note="</textarea><script>alert(1)</script>")
    for name in ("viewer", "operator"):
        assert "<script>alert" not in _text(world, _page(asset), name)


# The file -------------------------------------------------------------------------------------------


def _code(world: World, name: str, asset: Asset) -> int:
    """Return how this person is answered who asks for the file."""
    answer: Any = world.client(name).get(f"{LIST}{asset.pk}/file/")
    answer.getvalue()  # reads it to its end, which closes the file
    return int(answer.status_code)


def test_get_file_by_role_gives_it_or_is_not_found(world: World) -> None:
    asset = _asset(world)
    codes = {name: _code(world, name, asset) for name in [*world.people, "anonymous"]}
    assert {name for name, code in codes.items() if code == 200} == READERS
    assert codes["stranger"] == codes["nobody"] == 404
    assert codes["anonymous"] == 302


def test_get_file_of_another_brand_is_not_found_for_who_works_for_one(world: World) -> None:
    other = AccountFactory.create(workspace=world.workspace)
    for asset in (stored_video(other, b"theirs"), stored_video(other, b"all", brand_id=None)):
        assert (_code(world, "client", asset), _code(world, "viewer", asset)) == (404, 200)


@pytest.mark.parametrize("key", ["00000000-0000-7000-8000-000000000000", "nonsense"])
def test_get_file_of_no_asset_is_not_found(world: World, key: str) -> None:
    assert world.client("superuser").get(f"{LIST}{key}/file/").status_code == 404


def test_get_file_gives_the_bytes_inline_and_guarded(world: World) -> None:
    asset = _asset(world)
    answer: Any = world.client("viewer").get(f"{LIST}{asset.pk}/file/")
    assert b"".join(answer.streaming_content) == CONTENT
    assert answer["Content-Type"] == "video/mp4"
    assert answer["Content-Disposition"] == f'inline; filename="{asset.sha256[:12]}.mp4"'
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(
    ("header", "code", "told", "content"),
    [
        ("bytes=3-6", 206, f"bytes 3-6/{len(CONTENT)}", CONTENT[3:7]),
        (f"bytes={len(CONTENT)}-", 416, f"bytes */{len(CONTENT)}", b""),
    ],
)
def test_get_file_by_a_range_gives_that_part(
    world: World, header: str, code: int, told: str, content: bytes
) -> None:
    address = f"{LIST}{_asset(world).pk}/file/"
    answer: Any = world.client("viewer").get(address, headers={"Range": header})
    assert (answer.status_code, answer["Content-Range"], answer.getvalue()) == (code, told, content)


def test_get_file_that_pretends_to_be_a_page_cannot_run(world: World) -> None:
    asset = _asset(world)
    Asset.objects.filter(pk=asset.pk).update(media_type="text/html")
    answer: Any = world.client("viewer").get(f"{LIST}{asset.pk}/file/")
    assert answer["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer["Content-Disposition"].endswith('.bin"')
    answer.getvalue()  # reads it to its end, which closes the file


def test_ask_for_the_head_of_a_file_tells_its_length(world: World) -> None:
    answer = world.client("viewer").head(f"{LIST}{_asset(world).pk}/file/")
    assert (answer.status_code, answer["Content-Length"]) == (200, str(len(CONTENT)))


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_write_to_the_file_is_not_allowed(world: World, method: str) -> None:
    asset = _asset(world)
    answer = getattr(world.client("superuser"), method)(f"{LIST}{asset.pk}/file/")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert Path(asset.file.path).read_bytes() == CONTENT


def test_get_file_that_is_gone_or_never_was_is_not_found(world: World) -> None:
    asset = _asset(world)
    Path(asset.file.path).unlink()
    for each in (asset, world.row(Asset)):
        assert world.client("viewer").get(f"{LIST}{each.pk}/file/").status_code == 404


# The check ------------------------------------------------------------------------------------------


def test_check_file_that_is_as_it_was_says_so(world: World) -> None:
    asset = _asset(world)
    answer = world.client("viewer").post(f"{LIST}{asset.pk}/check/")
    assert answer["Location"] == _page(asset)
    assert _said(answer) == [f"The file is the one that was kept: its digest is still {asset.sha256[:12]}…"]


@pytest.mark.parametrize(
    ("content", "sentence"), [(b"other", "was changed after it was kept"), (None, "is not there any more")]
)
def test_check_file_that_was_changed_or_lost_says_so(
    world: World, content: bytes | None, sentence: str
) -> None:
    asset = _asset(world)
    path = Path(asset.file.path)
    path.unlink() if content is None else path.write_bytes(content)
    [said] = _said(world.client("viewer").post(f"{LIST}{asset.pk}/check/"))
    assert sentence in said


def test_check_file_by_get_or_of_another_team_is_refused(world: World) -> None:
    asset = _asset(world)
    assert world.client("viewer").get(f"{LIST}{asset.pk}/check/").status_code == 405
    assert world.client("stranger").post(f"{LIST}{asset.pk}/check/").status_code == 404


def test_check_file_without_a_token_is_refused(world: World) -> None:
    client = world.client("viewer")
    client.handler.enforce_csrf_checks = True
    assert client.post(f"{LIST}{_asset(world).pk}/check/").status_code == 403


# The right to use it --------------------------------------------------------------------------------


def test_change_rights_writes_them_and_leaves_a_record(world: World) -> None:
    asset = _asset(world)
    given = {"rights_note": "Extended", "rights_expire_at": "2027-03-31"}
    assert world.client("operator").post(_page(asset), given).status_code == 302
    asset.refresh_from_db()
    assert (asset.rights_note, asset.rights_expire_at) == ("Extended", datetime(2027, 4, 1, tzinfo=UTC))
    event = AuditEvent.objects.get(verb="asset.changed")
    assert event.actor == f"user:{world.people['operator'].username}"
    assert event.data == {"rights_note": "Extended", "rights_expire_at": "2027-04-01 00:00:00+00:00"}


def test_change_rights_by_role_is_taken_or_refused(world: World) -> None:
    asset = _asset(world)
    for name in sorted(world.people):
        world.client(name).post(_page(asset), {"rights_note": name})
    assert {event.actor for event in AuditEvent.objects.filter(verb="asset.changed")} == {
        f"user:{world.people[name].username}" for name in UPLOADERS
    }


def test_change_rights_never_touches_the_file_or_whose_it_is(world: World) -> None:
    asset = _asset(world)
    other = AccountFactory.create()
    given = {
        "rights_note": "x",
        "workspace": str(other.workspace_id),
        "brand": str(other.brand_id),
        "sha256": "0" * 64,
        "media_type": "text/html",
        "bytes": "1",
        "file": uploaded(b"other"),
    }
    assert world.client("superuser").post(_page(asset), given).status_code == 302
    kept = Asset.objects.get()
    for name in ("workspace_id", "brand_id", "sha256", "media_type", "bytes", "file", "probe"):
        assert getattr(kept, name) == getattr(asset, name), name
    assert Path(kept.file.path).read_bytes() == CONTENT


def test_change_note_alone_keeps_the_exact_end_of_the_right(world: World) -> None:
    end = datetime(2027, 1, 1, 12, 30, tzinfo=UTC)
    asset = _asset(world, rights_expire_at=end)
    given = {"rights_note": "New", "rights_expire_at": "2027-01-01"}
    world.client("operator").post(_page(asset), given)
    asset.refresh_from_db()
    assert (asset.rights_note, asset.rights_expire_at) == ("New", end)


def test_open_rights_shows_the_last_day_not_the_midnight_behind_it(world: World) -> None:
    asset = _asset(world, rights_expire_at=datetime(2027, 1, 1, tzinfo=UTC))
    assert 'value="2026-12-31"' in _text(world, _page(asset), "operator")


def test_clear_the_end_of_the_right_means_it_does_not_end(world: World) -> None:
    asset = _asset(world, rights_expire_at=datetime(2027, 1, 1, tzinfo=UTC))
    world.client("operator").post(_page(asset), {"rights_note": "Ours", "rights_expire_at": ""})
    asset.refresh_from_db()
    assert asset.rights_expire_at is None


@pytest.mark.parametrize("day", ["never", "9999-12-31"])
def test_change_rights_until_no_day_says_so_and_changes_nothing(world: World, day: str) -> None:
    asset = _asset(world)
    answer: Any = world.client("operator").post(
        _page(asset), {"rights_note": "Extended", "rights_expire_at": day}
    )
    assert list(answer.context["adminform"].form.errors) == ["rights_expire_at"]
    asset.refresh_from_db()
    assert (asset.rights_note, asset.rights_expire_at) == ("Ours", None)
