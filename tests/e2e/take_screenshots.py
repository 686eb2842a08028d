"""Takes the pictures in `docs/screenshots`: `make screenshots`.

A database of its own, a site of its own, the sample posts that ship with the project: the pictures show
what a newcomer sees, at 1280 pixels and at 375. Those in `KEPT` go to `docs/screenshots`; the others, which
are there to be looked at, to `var/screenshots`.
"""

import os
import sys
import tempfile
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tiktok_ops.settings")
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # the browser's driver keeps an event loop in this thread
os.environ["TIKTOK_OPS_VAR"] = tempfile.mkdtemp(prefix="tiktok-ops-screenshots-")
django.setup()

from django.core.management import call_command
from django.db import connection
from playwright.sync_api import Page, expect

from agents.providers.media import get_transcoder
from approvals.models import ApprovalRequest
from approvals.services import approve
from tests.database import clone_database, drop_database
from tests.e2e.pictures import OTHERS, TALL, WAIT_MS, shoot
from tests.e2e.site import SIZES, Site, chromium, sample_file, site, start_from_account_page
from tests.e2e.steering_pictures import take_steering
from tests.processes import wait_until
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.content.models import Asset
from workflows.demo.world import HANDLE, demo_password, make_world
from workflows.models import Effect
from workflows.services import start_run

DATABASE = "tiktok_ops_screenshots"
RIGHTS = "Filmed in our own workshop; all uses."


def main() -> None:
    """Take every picture."""
    if chromium() is None:
        sys.exit("There is no Chromium: install it (Debian: `apt-get install chromium`), or set CHROME_BIN.")
    connection.ensure_connection()
    drop_database(DATABASE)
    os.environ["DATABASE_URL"] = clone_database("template0", DATABASE)
    connection.close()
    connection.settings_dict["NAME"] = DATABASE
    call_command("migrate", verbosity=0)
    make_world()
    try:
        OTHERS.mkdir(parents=True, exist_ok=True)
        with site() as running:
            for size in SIZES:
                take(running, size)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = "postgres"
        drop_database(DATABASE)


def take(running: Site, size: str) -> None:
    """Take the pictures of one size: an import, the accounts, a run, media, posts, an approval, effects."""
    account = TikTokAccount.objects.get(handle=HANDLE)
    with running.page(size=size, username="oscar", password=demo_password()) as page:
        page.goto(f"{running.address}/admin/content/contentimport/upload/?account={account.id}")
        shoot(page, "import-form", size)
        page.set_input_files("input[type=file]", sample_file())
        page.get_by_role("button", name="Upload and preview").click()
        confirm = page.get_by_role("button", name="Import", exact=True)
        expect(confirm).to_be_visible(timeout=WAIT_MS)
        shoot(page, "import-preview", size)
        confirm.click()
        expect(page.get_by_role("heading", name="Imported", exact=True)).to_be_visible(timeout=WAIT_MS)
        shoot(page, "import", size)
        page.goto(f"{running.address}/admin/accounts/tiktokaccount/{account.id}/change/")
        shoot(page, "account", size)
        start_from_account_page(page, "Run profile audit")
        expect(page.locator("#run-live").get_by_text("7 of 7 steps")).to_be_visible(timeout=WAIT_MS)
        expect(page.locator(".run-report h1")).to_be_visible(timeout=WAIT_MS)
        shoot(page, "run", size)
        page.goto(f"{running.address}/admin/accounts/tiktokaccount/")
        shoot(page, "accounts", size)
        take_posts(page, running, account, size)
    take_draft(running, account, size)
    take_approval(running, account, size)
    take_post_by_hand(running, account, size)
    take_steering(running, account, size)


def take_posts(page: Page, running: Site, account: TikTokAccount, size: str) -> None:
    """Take the pictures of media and of the pages on which a post is begun."""
    page.goto(f"{running.address}/admin/content/asset/upload/?account={account.id}")
    page.set_input_files("input[type=file]", sample_video())
    page.fill("[name=rights_note]", RIGHTS)
    shoot(page, "media-upload", size)
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_role("heading", name="MP4 video", exact=True)).to_be_visible(timeout=WAIT_MS)
    shoot(page, "media", size)
    page.goto(f"{running.address}/admin/content/asset/")
    shoot(page, "media-list", size)
    page.goto(f"{running.address}/admin/accounts/tiktokaccount/{account.id}/new-post/")
    page.select_option("[name=asset]", index=1)
    page.fill("[name=caption]", "Three lamps that change a room #lamps #home")
    page.get_by_label("Everyone").check()
    shoot(page, "new-post", size, height=TALL)
    page.goto(f"{running.address}/admin/accounts/tiktokaccount/{account.id}/draft-a-post/")
    shoot(page, "draft-a-post", size, height=TALL)


def take_draft(running: Site, account: TikTokAccount, size: str) -> None:
    """Take the pictures of a draft: its run as it waits, what is asked, and the list of all that is."""
    given = {"privacy_level": "PUBLIC_TO_EVERYONE", "topics": ["small rooms"]}
    run = start_run("post_draft", account_id=account.id, by=User.objects.get(username="oscar"), given=given)
    asked = ApprovalRequest.objects.filter(run_id=run.id)
    wait_until(asked.exists, seconds=WAIT_MS / 1000, what="the draft is asked about")
    with running.page(size=size, username="ana", password=demo_password()) as page:
        page.goto(f"{running.address}/admin/workflows/workflowrun/{run.id}/change/")
        shoot(page, "run-waiting", size)
        page.goto(f"{running.address}/admin/approvals/approvalrequest/{asked.get().id}/change/")
        shoot(page, "approval-of-a-draft", size, height=TALL)
        page.goto(f"{running.address}/admin/approvals/approvalrequest/")
        shoot(page, "approvals", size)
        page.goto(f"{running.address}/admin/workflows/workflowrun/")
        shoot(page, "runs", size)


def take_approval(running: Site, account: TikTokAccount, size: str) -> None:
    """Take the pictures of an approval, of what became of it, and of all effects."""
    asked = asked_post(account, "ONE LAMP THAT CHANGES A WHOLE ROOM, for your first flat #lamp #firstflat")
    with running.page(size=size, username="ana", password=demo_password()) as page:
        address = f"{running.address}/admin/approvals/approvalrequest/{asked.id}/change/"
        take_dark(running, address, size)
        page.goto(address)
        shoot(page, "approval", size)
        shoot(page, "approval-all", size, height=2 * TALL)
        page.get_by_role("button", name="Approve and publish now").click()
        effect = effect_that_is(asked, "confirmed")
        page.reload()
        shoot(page, "approved", size, height=TALL)
        page.goto(f"{running.address}/admin/workflows/effect/{effect.id}/change/")
        shoot(page, "effect", size)
        shoot(page, "effect-all", size, height=2 * TALL)


def take_dark(running: Site, address: str, size: str) -> None:
    """Take the picture of an approval as who works in the dark sees it."""
    with running.page(size=size, username="ana", password=demo_password(), dark=True) as page:
        page.goto(address)
        shoot(page, "approval-dark", size)


def take_post_by_hand(running: Site, account: TikTokAccount, size: str) -> None:
    """Take the picture of the page on which a person is handed what to post."""
    accounts = TikTokAccount.objects.filter(id=account.id)
    accounts.update(delivery="by_hand")
    asked = asked_post(account, "Three ways to light a corner #lamp")
    ana = User.objects.get(username="ana")
    approve(request_id=asked.id, by=ana, channel="admin", seen_sha256=asked.payload_sha256)
    effect = effect_that_is(asked, "handed_over")
    accounts.update(delivery="direct")
    with running.page(size=size, username="oscar", password=demo_password()) as page:
        page.goto(f"{running.address}/admin/workflows/effect/{effect.id}/change/")
        shoot(page, "post-by-hand", size)
        shoot(page, "post-by-hand-all", size, height=2 * TALL)
        page.goto(f"{running.address}/admin/workflows/effect/")
        shoot(page, "effects", size)


def asked_post(account: TikTokAccount, caption: str) -> ApprovalRequest:
    """Return what is asked about a post of the uploaded video, once its words were checked."""
    asset = Asset.objects.get(workspace=account.workspace_id, rights_note=RIGHTS)
    given = {
        "asset": str(asset.id),
        "asset_sha256": asset.sha256,
        "caption": caption,
        "privacy_level": "PUBLIC_TO_EVERYONE",
    }
    oscar = User.objects.get(username="oscar")
    run = start_run("own_post", account_id=account.id, by=oscar, given=given)
    asked = ApprovalRequest.objects.filter(run_id=run.id)
    wait_until(asked.exists, seconds=WAIT_MS / 1000, what="the run asks")
    return asked.get()


def effect_that_is(asked: ApprovalRequest, status: str) -> Effect:
    """Return the effect of what was approved, once it has this status."""
    effects = Effect.objects.filter(request=asked, status=status)
    wait_until(effects.exists, seconds=WAIT_MS / 1000, what=f"the effect is {status}")
    return effects.get()


def sample_video() -> Path:
    """Return a video of six seconds, made once."""
    path = Path(os.environ["TIKTOK_OPS_VAR"]) / "sample.mp4"
    if not path.exists():
        get_transcoder().render_card_video(("Three lamps", "that change a room"), seconds=6, out=path)
    return path


if __name__ == "__main__":
    main()
