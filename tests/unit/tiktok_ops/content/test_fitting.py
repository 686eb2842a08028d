"""Copies that fit: made by a worker, once, of the very bytes, with the original's rights; or a reason, for a person."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from tests.factories.accounts import AccountFactory, person
from tests.factories.clips import Clip, Tone
from tests.factories.media import stored_video
from tests.factories.workflows import doorbells
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.content import fitting
from tiktok_ops.content.assets import open_verified, usable_videos
from tiktok_ops.content.fitting import (
    DOORBELL,
    MOST_TRIES,
    fit_again,
    fit_asset,
    fitting_of,
    register_fitter,
    ring_waiting_fittings,
)
from tiktok_ops.content.models import Asset
from tiktok_ops.content.tasks import fit_video
from tiktok_ops.errors import Overtaken, Refused
from workflows.keeper import sweep

pytestmark = pytest.mark.django_db

WHY = "The video has 12 frames per second; TikTok takes 23 to 60."
COPY = b"a copy that fits"


@pytest.fixture(autouse=True)
def files_elsewhere(settings: Settings, tmp_path: Path) -> None:
    """Keep what the tests store apart."""
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def account() -> TikTokAccount:
    made: TikTokAccount = AccountFactory.create()
    return made


def original(account: TikTokAccount, content: bytes = b"does not fit", **state: Any) -> Asset:
    """Return a kept video that does not fit, whose copy is as far as told."""
    rung_at = timezone.now() - timedelta(seconds=state.pop("rung_seconds_ago", 0))
    told = {"why": WHY, "rung_at": rung_at.isoformat(), "tries": 0} | state
    until = datetime(2999, 1, 1, tzinfo=UTC)
    return stored_video(
        account, content, probe={"fitting": told}, rights_note="Theirs", rights_expire_at=until
    )


def fit_by(monkeypatch: pytest.MonkeyPatch, problem: Exception | None = None) -> list[Path]:
    """Have copies made at once, or not at all, and return of what."""
    asked: list[Path] = []

    def fit(source: Path, out: Path) -> dict[str, Any]:
        asked.append(source)
        if problem:
            raise problem
        out.write_bytes(COPY)
        return {"width": 1080, "changed": ["It has 24 pictures a second; it had 12."]}

    monkeypatch.setattr(fitting, "_fitters", [fit])
    return asked


def again(asset: Asset) -> dict[str, Any]:
    """Return how far the copy is now."""
    asset.refresh_from_db()
    return fitting_of(asset)


def verbs() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("verb", flat=True))


def test_answer_doorbell_makes_a_real_copy_that_fits(account: TikTokAccount, tmp_path: Path) -> None:
    content = Clip(rate=12, tone=Tone()).write(tmp_path / "clip.mp4").read_bytes()
    asset = original(account, content)

    fit_video(str(asset.id))

    copy = Asset.objects.get(id=again(asset)["made"])
    assert copy.probe["transcoded_from"] == asset.sha256 == hashlib.sha256(content).hexdigest()
    assert (copy.probe["width"], copy.probe["height"], copy.probe["frames_per_second"]) == (1080, 1920, 24)
    assert copy.probe["changed"] == [
        "The picture is 1080 × 1920 pixels, upright and black where the video does not reach; "
        "it was stored as 160 × 90.",
        "It has 24 pictures a second; it had 12.",
        "Its sound is brought to -14 LUFS, as loud as TikTok plays it, as far as its peaks allow.",
        "Places, devices and other facts written into the file are left out.",
    ]
    open_verified(asset).close()  # its bytes are the very same
    open_verified(copy).close()


def test_fit_gives_the_copy_the_brand_and_the_rights(
    account: TikTokAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit_by(monkeypatch)
    asset = original(account)

    fit_asset(asset_id=asset.id)

    copy = Asset.objects.get(probe__transcoded_from=asset.sha256)
    assert (copy.workspace, copy.brand, copy.media_type) == (asset.workspace, asset.brand, "video/mp4")
    assert (copy.rights_note, copy.rights_expire_at) == ("Theirs", asset.rights_expire_at)
    assert verbs() == ["asset.stored", "asset.stored", "asset.fitted"]
    assert list(usable_videos(account, by=person(account.workspace, Role.OPERATOR))) == [copy]


def test_fit_twice_makes_one_copy(account: TikTokAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = fit_by(monkeypatch)
    asset = original(account)
    for _ in range(2):
        fit_asset(asset_id=asset.id)
    assert (len(asked), Asset.objects.count()) == (1, 2)


def test_fit_what_needs_no_copy_or_is_gone_does_nothing(
    account: TikTokAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = fit_by(monkeypatch)
    fit_asset(asset_id=stored_video(account).id)
    fit_asset(asset_id=account.id)
    assert asked == []


def test_fit_what_cannot_be_made_says_why_until_somebody_asks_again(
    account: TikTokAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset, by = original(account), person(account.workspace, Role.OPERATOR)
    fit_by(monkeypatch, Refused("The file is damaged at 2.0 seconds."))
    fit_asset(asset_id=asset.id)
    assert again(asset)["problem"] == "The file is damaged at 2.0 seconds."
    assert verbs()[-1] == "asset.fitting_failed"
    fit_asset(asset_id=asset.id)
    assert again(asset)["tries"] == 1

    fit_by(monkeypatch)
    fit_again(asset, by=by)
    assert (doorbells(), verbs()[-1]) == ([(DOORBELL, (str(asset.id),))], "asset.fitting_requested")
    fit_asset(asset_id=asset.id)
    assert again(asset)["made"]
    with pytest.raises(Overtaken, match="made, or being made, already"):
        fit_again(asset, by=by)


def test_fit_that_fails_by_our_fault_says_so(account: TikTokAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    asset = original(account)
    fit_by(monkeypatch, ZeroDivisionError())
    fit_video(str(asset.id))
    assert again(asset)["problem"].startswith("The copy could not be made because of a fault of ours.")


def test_fit_a_file_that_was_changed_meanwhile_is_refused(
    account: TikTokAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, asset = fit_by(monkeypatch), original(account)
    Path(asset.file.path).write_bytes(b"another")
    fit_asset(asset_id=asset.id)
    assert (asked, "was changed after it was kept" in again(asset)["problem"]) == ([], True)


def test_fit_that_never_ends_is_given_up(account: TikTokAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, asset = fit_by(monkeypatch), original(account, tries=MOST_TRIES)
    fit_asset(asset_id=asset.id)
    assert asked == []
    assert again(asset)["problem"] == "The copy was begun 3 times and never ended: upload a shorter video."


@pytest.mark.parametrize(
    ("state", "is_rung"),
    [
        ({"rung_seconds_ago": 299}, False),
        ({"rung_seconds_ago": 301}, True),
        ({"rung_seconds_ago": 301, "problem": ""}, True),
        ({"rung_seconds_ago": 9999, "problem": "It is damaged."}, False),
        ({"rung_seconds_ago": 9999, "made": "some"}, False),
        ({"rung_seconds_ago": 9999, "made": "some", "problem": ""}, False),
    ],
)
def test_ring_again_by_state_and_time_since_the_last_ring(
    account: TikTokAccount, state: dict[str, Any], is_rung: bool
) -> None:
    stored_video(account)
    asset = original(account, **state)
    assert [ring_waiting_fittings() for _ in range(2)] == [int(is_rung), 0]
    assert doorbells() == ([(DOORBELL, (str(asset.id),))] if is_rung else [])


def test_keeper_rings_for_a_copy_nobody_took_up(account: TikTokAccount) -> None:
    asset = original(account, rung_seconds_ago=301)
    sweep()
    assert (DOORBELL, (str(asset.id),)) in doorbells()


def test_register_a_second_fitter_is_refused() -> None:
    assert len(fitting._fitters) == 1
    with pytest.raises(ValueError, match="made by somebody already"):
        register_fitter(lambda source, out: {})
