"""Videos people upload: real ones are kept with their figures, anything else is refused and not kept."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import TemporaryUploadedFile

from agents.providers import media
from agents.providers.media import MediaRefused, get_transcoder
from tests.factories.accounts import AccountFactory, BrandFactory, MembershipFactory, person
from tests.factories.media import make_sound, make_video, uploaded, video_bytes
from tests.factories.workflows import doorbells
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.content import uploads
from tiktok_ops.content.assets import AssetRefused, Kept
from tiktok_ops.content.fitting import DOORBELL, fitting_of
from tiktok_ops.content.models import Asset
from tiktok_ops.content.uploads import Upload, register_prober, upload_video
from tiktok_ops.errors import Refused

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media_root(tmp_path: Path, settings: Any) -> Path:
    """Keep what the tests store apart."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def account() -> TikTokAccount:
    """An account of a brand."""
    made: TikTokAccount = AccountFactory.create()
    return made


@pytest.fixture
def operator(account: TikTokAccount) -> User:
    """Somebody who may upload to its workspace."""
    return person(account.workspace, Role.OPERATOR)


def upload(account: TikTokAccount, by: User, file: Upload | None = None, **changes: Any) -> Kept:
    given: dict[str, Any] = {
        "workspace_id": account.workspace_id,
        "brand_id": account.brand_id,
        "upload": file or uploaded(),
        "rights_note": "Ours",
        "rights_expire_at": None,
        "by": by,
    }
    return upload_video(**(given | changes))


def on_disk(content: bytes) -> "TemporaryUploadedFile":
    """Return an upload that was too large to stay in memory."""
    file = TemporaryUploadedFile("clip.mp4", "video/mp4", len(content), None)
    file.write(content)
    file.flush()
    return file


def test_upload_a_video_keeps_it_with_what_was_measured(account: TikTokAccount, operator: User) -> None:
    asset, is_new = upload(account, operator)
    assert is_new
    assert (asset.workspace, asset.brand, asset.media_type) == (
        account.workspace,
        account.brand,
        "video/mp4",
    )
    assert asset.sha256 == hashlib.sha256(video_bytes()).hexdigest()
    assert asset.probe | {"duration_seconds": 3.0, "width": 360, "height": 640} == asset.probe
    assert (asset.probe["video_codec"], asset.probe["audio_codec"]) == ("h264", "")
    assert asset.probe["bytes"] == asset.bytes == len(video_bytes())
    assert AuditEvent.objects.get().actor == f"user:{operator.username}"


def test_upload_a_large_video_takes_the_file_the_server_wrote(account: TikTokAccount, operator: User) -> None:
    with on_disk(video_bytes()) as file:
        assert upload(account, operator, file).asset.sha256 == hashlib.sha256(video_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"\0\0\0\x18ftypisom", "video/mp4"),
        (b"\0\0\0\x14ftypqt  ", "video/quicktime"),
        (b"\0\0\0\x08wide\0\0\0\0mdat", "video/quicktime"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm", "video/webm"),
    ],
)
def test_upload_says_what_the_file_is_by_its_bytes(
    account: TikTokAccount,
    operator: User,
    monkeypatch: pytest.MonkeyPatch,
    head: bytes,
    media_type: str,
) -> None:
    monkeypatch.setattr(uploads, "_probers", [lambda path: {"bytes": path.stat().st_size}])
    kept = upload(account, operator, uploaded(head + b"\0" * 100, name="holiday.txt"))
    assert (kept.asset.media_type, kept.asset.probe) == (media_type, {"bytes": len(head) + 100})


def test_upload_the_same_bytes_again_gives_the_asset_there_is(account: TikTokAccount, operator: User) -> None:
    first, again = upload(account, operator), upload(account, operator, rights_note="Theirs")
    assert (again.asset, again.is_new) == (first.asset, False)
    assert again.asset.rights_note == "Ours"
    assert AuditEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "a.mp4", "The file is empty; choose a video."),
        (b"hello", "notes.mp4", "The file 'notes.mp4' is no video TikTok takes; choose an MP4, MOV or WebM."),
        (b"<html><script>alert(1)</script>", "x.html", "The file 'x.html' is no video TikTok takes"),
        (
            b"\x1aE\xdf\xa3" + b"\x42\x82\x88matroska" * 3,
            "a.mkv",
            "The file 'a.mkv' is no video TikTok takes",
        ),
        (b"\0\0\0\x18ftypisom" + b"\0" * 300, "a.mp4", "cannot be read as a video"),
        (b"#EXTM3U\n#EXT-X-VERSION:3\n/etc/passwd", "a.mp4", "The file 'a.mp4' is no video TikTok takes"),
    ],
)
def test_upload_what_is_no_video_is_refused_and_kept_nowhere(
    account: TikTokAccount, operator: User, media_root: Path, content: bytes, name: str, sentence: str
) -> None:
    with pytest.raises(Refused) as refused:
        upload(account, operator, uploaded(content, name))
    assert sentence in str(refused.value)
    assert not Asset.objects.exists()
    assert list(media_root.rglob("*")) == []


def test_upload_a_video_that_is_too_short_says_how_long_it_is(
    account: TikTokAccount, operator: User, tmp_path: Path
) -> None:
    content = make_video(tmp_path / "made.mp4", seconds=1).read_bytes()
    with pytest.raises(MediaRefused, match="is 1 seconds long, which is too short"):
        upload(account, operator, uploaded(content))
    assert not Asset.objects.exists()


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        ({"rate": 12}, "The video has 12 frames per second; TikTok takes 23 to 60."),
        ({"size": (240, 640)}, "The width is 240 pixels; TikTok takes 360 to 4096 on each side."),
        ({"codec": "mpeg4"}, "The video is encoded as 'mpeg4'; TikTok takes h264, hevc, vp8, vp9."),
    ],
)
def test_upload_a_video_that_can_be_made_fit_keeps_it_as_it_is_and_rings_for_a_copy(
    account: TikTokAccount, operator: User, tmp_path: Path, made: dict[str, Any], sentence: str
) -> None:
    content = make_video(tmp_path / "made.mp4", **made).read_bytes()
    first, again = (upload(account, operator, uploaded(content)) for _ in range(2))
    assert (first.asset.sha256, again.is_new) == (hashlib.sha256(content).hexdigest(), False)
    assert fitting_of(first.asset)["why"] == sentence
    assert doorbells() == [(DOORBELL, (str(first.asset.id),))]


def test_upload_a_video_that_is_too_long_says_how_long_it_is(
    account: TikTokAccount, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def probe(path: Path) -> dict[str, Any]:
        return get_transcoder().probe(path, longest_seconds=2).as_json()

    monkeypatch.setattr(uploads, "_probers", [probe])
    with pytest.raises(MediaRefused, match="is 3 seconds long, which is too long; at most 2 seconds"):
        upload(account, operator)
    assert not Asset.objects.exists()


def test_upload_sound_alone_is_refused(account: TikTokAccount, operator: User, tmp_path: Path) -> None:
    with pytest.raises(MediaRefused, match="The file has no video stream; choose a video"):
        upload(account, operator, uploaded(make_sound(tmp_path / "sound.mp4").read_bytes()))


def test_upload_a_video_that_is_cut_off_is_refused(account: TikTokAccount, operator: User) -> None:
    content = video_bytes()
    with pytest.raises(MediaRefused, match=r"cut off|cannot be read"):
        upload(account, operator, uploaded(content[: len(content) // 2]))


def test_upload_a_file_that_is_too_large_says_how_much_is_taken(
    account: TikTokAccount, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "MOST_BYTES", 1000)
    with pytest.raises(MediaRefused, match="TikTok takes at most 1,000"):
        upload(account, operator)


def test_upload_leaves_no_copy_behind(
    account: TikTokAccount, operator: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    upload(account, operator)
    with pytest.raises(AssetRefused):
        upload(account, operator, uploaded(b"no video"))
    assert list(folder.iterdir()) == []


def test_upload_what_is_kept_for_a_brand_one_does_not_see_tells_nothing_of_it(account: TikTokAccount) -> None:
    other = BrandFactory.create(workspace=account.workspace)
    upload(account, person(account.workspace, Role.OPERATOR), brand_id=other.id)
    membership = MembershipFactory.create(workspace=account.workspace, role=Role.OWNER, reach="brands")
    assert account.brand
    membership.brands.add(account.brand)
    with pytest.raises(AssetRefused) as refused:
        upload(account, membership.user)
    assert str(refused.value) == (
        "The workspace keeps this file already where you do not see it: ask an owner to have it used here."
    )


def test_register_a_second_prober_is_refused() -> None:
    assert len(uploads._probers) == 1
    with pytest.raises(ValueError, match="looked at by somebody already"):
        register_prober(lambda path: {})
