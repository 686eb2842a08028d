"""Workers killed at every moment of posting: TikTok's own ledger shows each post exactly once."""

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from agents.sandbox.tiktok import ledger as tiktok
from tests.chaos.kills import (
    STEP_POINTS,
    came_back_unsure,
    dying_at,
    forget_marks,
    kills_at,
    states_hit,
    until_over,
)
from tests.factories.accounts import WorkspaceFactory
from tests.factories.posting import approved_post, direct_account, effect_of, moves, video_asset
from tests.factories.tiktok import video_of
from tests.forms import times
from tiktok_ops.accounts.models import TikTokAccount, Workspace
from tiktok_ops.content.models import Asset
from tiktok_ops.crash_points import FOLDER, CrashPoint

pytestmark = [pytest.mark.chaos, pytest.mark.integration, pytest.mark.slow]

KILLS = times(long=20, short=1)
EFFECT_POINTS = [
    point for point in CrashPoint if point.startswith("effect.") and point is not CrashPoint.AFTER_OFFER
]
"""Those a video passes: an address is offered for photos only (`test_post_photo`)."""

# Each alone; in the short form two or three at once, as many deaths in a row as a step may see.
DYING: list[tuple[CrashPoint, ...]] = times(
    long=[(point,) for point in (*EFFECT_POINTS, *STEP_POINTS)],
    short=[
        (CrashPoint.BEFORE_CLAIM, CrashPoint.AFTER_CLAIM, CrashPoint.IN_SENDING),
        (CrashPoint.BEFORE_SENDING, CrashPoint.AFTER_INIT, CrashPoint.BEFORE_CONFIRMED),
        (CrashPoint.BEFORE_FIRST_BYTE, CrashPoint.IN_FINISH, CrashPoint.AFTER_FINISH),
        (CrashPoint.MID_UPLOAD, CrashPoint.BEFORE_FINISH),
        (CrashPoint.BEFORE_SENT,),
    ],
)
CHUNK_BYTES = 5_242_880
WHILE_SENDING = {
    CrashPoint.IN_SENDING,
    CrashPoint.AFTER_INIT,
    CrashPoint.BEFORE_FIRST_BYTE,
    CrashPoint.MID_UPLOAD,
    CrashPoint.BEFORE_SENT,
}


@pytest.fixture
def workspace(committed_db: str) -> Iterator[Workspace]:
    """Give a workspace whose files are removed afterwards."""
    made: Workspace = WorkspaceFactory.create()
    yield made
    shutil.rmtree(default_storage.path(f"assets/{made.id}"), ignore_errors=True)
    forget_marks()


def accounts_and_video(workspace: Workspace) -> tuple[list[TikTokAccount], Asset]:
    """Return as many accounts as there are kills, for TikTok limits each, and a video of two chunks."""
    accounts = [direct_account(workspace=workspace) for _ in range(KILLS)]
    return accounts, video_asset(accounts[0], video_of(2 * CHUNK_BYTES + 1))


@pytest.mark.parametrize("points", DYING, ids="+".join)
def test_sigkill_while_posting_leaves_exactly_one_post(
    points: tuple[CrashPoint, ...], workspace: Workspace
) -> None:
    accounts, asset = accounts_and_video(workspace)
    runs = [approved_post(account, asset=asset) for account in accounts]
    with dying_at(points, TIKTOK_CHUNK_BYTES=str(CHUNK_BYTES)):
        until_over(runs)
    on_tiktok = Counter(post.username for post in tiktok.posts())
    assert on_tiktok == Counter(account.handle for account in accounts)
    for run in runs:
        run.refresh_from_db()
        effect = effect_of(run)
        assert (run.status, effect.status) == ("succeeded", "confirmed"), moves(run)
    assert {post.publish_id for post in tiktok.posts()} == {effect_of(run).provider_ref for run in runs}
    assert {point: kills_at(point) for point in points} == dict.fromkeys(points, KILLS)
    while_sending = WHILE_SENDING & set(points)
    assert came_back_unsure() == KILLS * len(while_sending)
    hit = states_hit(runs)
    print(f"{', '.join(points)}: {KILLS} kills at each, in states {dict(hit)}")  # noqa: T201
    assert hit["sending"] == KILLS * len(while_sending), (
        "no kill hit one that was sending where it should have"
    )


def test_crash_marks_lie_where_tests_and_workers_both_look() -> None:
    assert Path(default_storage.path("")).parent == FOLDER.parent
