"""Assets: kept once, named by their digest, given out unchanged."""

import hashlib
import os
import re
import threading
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files import File
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.utils import timezone

from tests.factories.accounts import (
    AccountFactory,
    BrandFactory,
    MembershipFactory,
    UserFactory,
    WorkspaceFactory,
    person,
)
from tiktok_ops.accounts.models import Workspace
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.content.assets import (
    CHUNK_BYTES,
    AssetChanged,
    AssetRefused,
    keep_asset,
    open_verified,
    store_asset,
    usable_videos,
)
from tiktok_ops.content.models import Asset
from tiktok_ops.errors import Refused

CONTENT = b"a video, as far as a test goes" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
EXPIRY = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def media_root(tmp_path: Path, settings: Any) -> Path:
    """Keep what the tests store apart."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def workspace(db: None) -> Workspace:
    """A team."""
    made: Workspace = WorkspaceFactory.create()
    return made


def stored(workspace: Workspace, file: Path | File[bytes] | None = None, **changes: Any) -> Asset:
    given: dict[str, Any] = {
        "workspace_id": workspace.id,
        "brand_id": None,
        "file": file or File(BytesIO(CONTENT)),
        "media_type": "video/mp4",
        "probe": {"width": 1080},
        "rights_note": "Ours",
        "rights_expire_at": EXPIRY,
        "by": "worker",
    }
    return store_asset(**(given | changes))


def files_in(folder: Path) -> list[Path]:
    """Return every file under a folder, hidden ones too."""
    return sorted(Path(at) / name for at, _, names in os.walk(folder) for name in names)


def test_store_keeps_the_bytes_by_their_digest(workspace: Workspace, media_root: Path) -> None:
    brand = BrandFactory.create(workspace=workspace)
    asset = stored(workspace, brand_id=brand.id)
    asset.refresh_from_db()
    path = media_root / "assets" / str(workspace.id) / SHA256[:2] / SHA256
    assert files_in(media_root) == [path]
    assert path.read_bytes() == CONTENT
    assert Path(asset.file.path) == path
    assert (asset.sha256, asset.bytes, asset.media_type) == (SHA256, len(CONTENT), "video/mp4")
    assert (asset.brand_id, asset.probe, asset.rights_note) == (brand.id, {"width": 1080}, "Ours")
    assert asset.rights_expire_at == EXPIRY


def test_store_is_on_record_once(workspace: Workspace) -> None:
    user = UserFactory.create(username="ana")
    asset = stored(workspace, by=user)
    event = AuditEvent.objects.get(verb="asset.stored")
    assert (event.actor, event.subject, event.workspace_id) == ("user:ana", str(asset), workspace.id)
    assert event.data == {
        "asset": str(asset.id),
        "brand": None,
        "sha256": SHA256,
        "media_type": "video/mp4",
        "bytes": len(CONTENT),
        "rights_note": "Ours",
        "rights_expire_at": EXPIRY.isoformat(),
    }


def test_store_with_a_brand_and_no_expiry_tells_both(workspace: Workspace) -> None:
    brand = BrandFactory.create(workspace=workspace)
    stored(workspace, brand_id=brand.id, rights_expire_at=None)
    data = AuditEvent.objects.get(verb="asset.stored").data
    assert (data["brand"], data["rights_expire_at"]) == (str(brand.id), None)


def test_store_the_same_bytes_again_returns_the_first_asset(workspace: Workspace, media_root: Path) -> None:
    first = stored(workspace)
    again = stored(workspace, rights_note="Theirs", media_type="video/quicktime")
    assert again == first
    assert (again.rights_note, again.media_type) == ("Ours", "video/mp4")
    assert Asset.objects.count() == AuditEvent.objects.filter(verb="asset.stored").count() == 1
    assert len(files_in(media_root)) == 1


def test_store_the_same_bytes_for_another_team_keeps_them_apart(
    workspace: Workspace, media_root: Path
) -> None:
    first, second = stored(workspace), stored(WorkspaceFactory.create())
    assert first != second
    assert len(files_in(media_root)) == 2


@pytest.mark.parametrize("damage", [b"changed", None])
def test_store_again_puts_a_lost_or_changed_file_right(workspace: Workspace, damage: bytes | None) -> None:
    path = Path(stored(workspace).file.path)
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)
    with open_verified(stored(workspace)) as file:
        assert file.read() == CONTENT


def test_store_a_path_leaves_the_original(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "original.mp4"
    path.write_bytes(CONTENT)
    assert stored(workspace, path).sha256 == SHA256
    assert path.read_bytes() == CONTENT


def test_store_an_upload_read_before_begins_at_its_beginning(workspace: Workspace) -> None:
    upload = SimpleUploadedFile("../../evil.mp4", CONTENT)
    upload.read()
    assert stored(workspace, upload).sha256 == SHA256


def test_store_a_large_file_reads_it_in_pieces(workspace: Workspace) -> None:
    largest = 0

    class Watched(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            nonlocal largest
            piece = super().read(size)
            largest = max(largest, len(piece))
            return piece

    content = os.urandom(1024) * (3 * CHUNK_BYTES // 1024) + b"rest"
    asset = stored(workspace, File(Watched(content), name="large"))
    assert (asset.bytes, asset.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert largest == CHUNK_BYTES


def test_store_an_empty_file_is_refused_and_leaves_nothing(workspace: Workspace, media_root: Path) -> None:
    with pytest.raises(AssetRefused, match="The file is empty; choose another"):
        stored(workspace, File(BytesIO(b""), name="empty"))
    assert files_in(media_root) == []
    assert not Asset.objects.exists()


def test_store_a_file_that_breaks_off_leaves_nothing(workspace: Workspace, media_root: Path) -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError("The line went dead.")

    with pytest.raises(OSError, match="went dead"):
        stored(workspace, File(Broken(CONTENT), name="broken"))
    assert files_in(media_root) == []


def test_store_in_an_unknown_workspace_is_refused(workspace: Workspace) -> None:
    unknown = uuid4()
    with pytest.raises(AssetRefused, match=f"There is no workspace with the id '{unknown}'"):
        stored(workspace, workspace_id=unknown)


def test_store_for_a_brand_of_another_team_is_refused(workspace: Workspace, media_root: Path) -> None:
    brand = BrandFactory.create()
    with pytest.raises(AssetRefused, match=f"The workspace has no brand with the id '{brand.id}'"):
        stored(workspace, brand_id=brand.id)
    assert files_in(media_root) == []


@pytest.mark.parametrize("media_type", ["", "text/html", "video/MP4", "image/png", "image/svg+xml"])
def test_store_a_media_type_of_no_use_names_those_there_are(workspace: Workspace, media_type: str) -> None:
    with pytest.raises(AssetRefused, match=re.escape(f"The media type is {media_type!r}; use one")):
        stored(workspace, media_type=media_type)


@pytest.mark.parametrize(
    "media_type", ["video/mp4", "video/quicktime", "video/webm", "image/jpeg", "image/webp"]
)
def test_store_every_media_type_tiktok_takes(workspace: Workspace, media_type: str) -> None:
    assert stored(workspace, media_type=media_type).media_type == media_type


def test_store_with_an_expiry_without_a_time_zone_is_refused(workspace: Workspace) -> None:
    with pytest.raises(
        AssetRefused, match="The rights expire at '2027-01-01 00:00:00', which has no time zone"
    ):
        stored(workspace, rights_expire_at=EXPIRY.replace(tzinfo=None))


def test_open_verified_gives_the_file_from_its_beginning(workspace: Workspace) -> None:
    with open_verified(stored(workspace)) as file:
        assert file.tell() == 0
        assert file.read() == CONTENT


@pytest.mark.parametrize("content", [b"", CONTENT[:-1], CONTENT + b"x", b"b" + CONTENT[1:]])
def test_open_verified_of_changed_bytes_is_refused(workspace: Workspace, content: bytes) -> None:
    asset = stored(workspace)
    Path(asset.file.path).write_bytes(content)
    found = hashlib.sha256(content).hexdigest()[:12]
    with pytest.raises(AssetChanged, match=f"'{SHA256[:12]}' was changed after it was kept .*'{found}'"):
        open_verified(asset)


def test_open_verified_of_a_lost_file_is_refused(workspace: Workspace) -> None:
    asset = stored(workspace)
    Path(asset.file.path).unlink()
    with pytest.raises(AssetChanged, match=f"'{SHA256[:12]}' is not there any more; upload it again"):
        open_verified(asset)
    assert issubclass(AssetChanged, Refused)


def test_open_verified_holds_on_to_the_bytes_it_checked(workspace: Workspace, tmp_path: Path) -> None:
    asset = stored(workspace)
    other = tmp_path / "other"
    other.write_bytes(b"put in its place")
    with open_verified(asset) as file:
        other.replace(asset.file.path)
        assert file.read() == CONTENT


def test_store_the_same_bytes_at_once_makes_one_asset(committed_db: str, media_root: Path) -> None:
    workspace = WorkspaceFactory.create()
    start = threading.Barrier(4)
    found: list[Asset] = []

    def store() -> None:
        start.wait()
        try:
            found.append(stored(workspace))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=store) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({asset.id for asset in found}) == 1
    assert len(found) == 4
    assert AuditEvent.objects.filter(verb="asset.stored").count() == 1
    assert len(files_in(media_root)) == 1


# Which videos an account may post -------------------------------------------------------------------


def test_keep_tells_whether_the_bytes_were_new(workspace: Workspace) -> None:
    given: dict[str, Any] = {
        "workspace_id": workspace.id,
        "brand_id": None,
        "file": File(BytesIO(CONTENT)),
        "media_type": "video/mp4",
        "probe": {},
        "rights_note": "",
        "rights_expire_at": None,
        "by": "worker",
    }
    first, again = keep_asset(**given), keep_asset(**given)
    assert (first.is_new, again.is_new) == (True, False)
    assert first.asset == again.asset


def test_find_usable_videos_gives_those_of_the_brand_and_of_none(workspace: Workspace) -> None:
    account = AccountFactory.create(workspace=workspace)
    other = BrandFactory.create(workspace=workspace)
    viewer = person(workspace, Role.VIEWER)
    wanted = [
        stored(workspace, File(BytesIO(name), name="file"), brand_id=brand_id)
        for name, brand_id in ((b"brand", account.brand_id), (b"all", None))
    ]
    stored(workspace, File(BytesIO(b"other brand"), name="file"), brand_id=other.id)
    stored(workspace, File(BytesIO(b"image"), name="file"), media_type="image/jpeg")
    stored(WorkspaceFactory.create(), File(BytesIO(b"other team"), name="file"))
    assert list(usable_videos(account, by=viewer)) == wanted[::-1]


@pytest.mark.parametrize(
    ("left", "is_usable"), [(timedelta(minutes=1), True), (timedelta(seconds=-1), False), (None, True)]
)
def test_find_usable_videos_leaves_out_those_whose_rights_have_ended(
    workspace: Workspace, left: timedelta | None, is_usable: bool
) -> None:
    account = AccountFactory.create(workspace=workspace)
    stored(workspace, rights_expire_at=left and timezone.now() + left)
    assert usable_videos(account, by=person(workspace, Role.VIEWER)).exists() is is_usable


def test_find_usable_videos_gives_nobody_what_they_do_not_see(workspace: Workspace) -> None:
    account = AccountFactory.create(workspace=workspace)
    stored(workspace, brand_id=account.brand_id)
    stored(workspace, File(BytesIO(b"all"), name="file"))
    client = MembershipFactory.create(workspace=workspace, role=Role.OWNER, reach="brands")
    assert account.brand
    client.brands.add(account.brand)
    assert usable_videos(account, by=client.user).count() == 1
    assert not usable_videos(account, by=UserFactory.create()).exists()


def test_find_usable_videos_of_an_account_without_a_brand_gives_those_of_none(workspace: Workspace) -> None:
    account = AccountFactory.create(workspace=workspace, brand=None)
    stored(workspace, brand_id=BrandFactory.create(workspace=workspace).id)
    shared = stored(workspace, File(BytesIO(b"all"), name="file"))
    assert list(usable_videos(account, by=person(workspace, Role.VIEWER))) == [shared]
