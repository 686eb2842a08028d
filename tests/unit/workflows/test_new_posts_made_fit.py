"""Beginning a post with a video TikTok does not take: kept, made fit, and the copy is what is posted."""

from pathlib import Path
from uuid import UUID

import pytest
from pytest_django import Settings

from tests.factories.accounts import AccountFactory, person
from tests.factories.media import make_video, uploaded
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.roles import Role
from tiktok_ops.content.fitting import fit_asset, fitting_of
from tiktok_ops.content.models import Asset
from workflows.creators import Creator
from workflows.models import WorkflowRun
from workflows.new_posts import NewVideo, PostRefused, PostSettings, start_own_post

pytestmark = pytest.mark.django_db


def _post(account: TikTokAccount, by: User, video: NewVideo | UUID) -> WorkflowRun:
    return start_own_post(
        account=account,
        by=by,
        video=video,
        caption="Hello #lamp",
        settings=PostSettings(privacy_level="PUBLIC_TO_EVERYONE"),
        creator=Creator("Lumen"),
    )


def test_start_with_a_video_that_has_to_be_made_fit_keeps_it_and_posts_the_copy(
    settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    account: TikTokAccount = AccountFactory.create()
    operator = person(account.workspace, Role.OPERATOR)
    content = make_video(tmp_path / "slow.mp4", rate=12, size=(360, 360)).read_bytes()

    with pytest.raises(PostRefused) as refused:
        _post(account, operator, NewVideo(file=uploaded(content)))

    assert (refused.value.field, str(refused.value)) == (
        "upload",
        "The video has 12 frames per second; TikTok takes 23 to 60. It is kept, and a copy that fits is made of it, "
        "which takes about as long as the video runs: look at the copy under Media, then choose it below.",
    )
    original = Asset.objects.get()
    with pytest.raises(PostRefused, match="may use now: choose another"):
        _post(account, operator, original.id)
    assert not WorkflowRun.objects.exists()

    fit_asset(asset_id=original.id)

    original.refresh_from_db()
    copy = Asset.objects.get(id=fitting_of(original)["made"])
    assert _post(account, operator, copy.id).input["asset_sha256"] == copy.sha256
