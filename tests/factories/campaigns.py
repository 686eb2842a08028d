"""Campaigns that are created: runs of `create_campaign` with two posts, and what TikTok has of them."""

from typing import Any

from agents.sandbox.tiktok.ledger import received
from agents.sandbox.tiktok.records import plant
from tests.factories.acting import (
    account_with_world,
    approved_act,
    made_of_campaigns,
)
from tests.factories.content import PostFactory
from tests.factories.posting import (
    time_passes,
)
from tests.factories.tiktok_world import VIDEO_ID, a_video
from tiktok_ops.accounts.models import TikTokAccount
from workflows.models import WorkflowRun

SECOND = "7574100012345678902"
POSTS = [VIDEO_ID, SECOND]
CREATES = ("campaign_create", "adgroup_create", "ad_create")


def account_with_two_posts() -> TikTokAccount:
    """Return an account with a world and `POSTS`."""
    account = account_with_world()
    plant([a_video(account.handle, item_id=SECOND)])
    PostFactory.create(account=account, video_id=SECOND)
    return account


def approved(account: TikTokAccount | None = None, **given: Any) -> WorkflowRun:
    """Return a run whose campaign, of both posts unless told otherwise, was approved and has not left."""
    return approved_act("create_campaign", account or account_with_two_posts(), **{"posts": POSTS, **given})


def there(run: WorkflowRun) -> tuple[int, int, list[str]]:
    """Return how many campaigns and ad groups there are on TikTok, and the posts there is an ad of."""
    made = made_of_campaigns(run.account.handle)
    return len(made["campaign"]), len(made["adgroup"]), [one["tiktok_item_id"] for one in made["ad"]]


def asked_for(operation: str) -> int:
    """Return how often TikTok was asked for this, heard or not."""
    return len(received(operation=operation, with_unheard=True))


def until_over(run: WorkflowRun) -> WorkflowRun:
    """Let time pass until the run is over, eight times at the most."""
    for _ in range(8):
        if not run.finished_at:
            run = time_passes(run)
    return run
