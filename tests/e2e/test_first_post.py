"""A first post, in a real browser: begun by an operator, decided by an approver, out exactly once.

`Site.page` fails when a page runs into an error or asks any other host for anything.
"""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from agents.providers.media import get_transcoder
from agents.sandbox.tiktok.ledger import posts, received
from approvals.models import ApprovalRequest, Decision
from tests.e2e.site import Site, choose_on_account_page, member, scrolls_sideways, site, tab_to
from tests.factories.accounts import PASSWORD
from tests.factories.content import store_posts
from tests.factories.figures import make_posts
from tests.factories.posting import digest_of_video, direct_account, post_brief, video_asset
from tests.processes import wait_until
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Role
from workflows.effects.models import Effect
from workflows.models import WorkflowRun
from workflows.services import start_run

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
WAIT_MS = 60_000
SHOUTED = "ONE LAMP THAT CHANGES A WHOLE ROOM"
CAPTION = (
    f"{SHOUTED} <script>document.title = 'taken'</script> ![a lamp](https://elsewhere.example/lamp.png)\n"
    "<img src=x onerror=\"document.title = 'taken'\"> \u202epmal\u202c #lamp"
)
"""What must stay text: a script, a picture from elsewhere, characters that turn the reading round."""

AS_SHOWN = CAPTION.replace("\u202e", "[U+202E]").replace("\u202c", "[U+202C]")
LINK = "https://www.tiktok.com/@lumen.lamps/video/7300000000000000000"


@pytest.fixture
def account(committed_db: str) -> TikTokAccount:
    """Return an account we post to ourselves, with an operator and an approver who can sign in."""
    made = direct_account(handle="lumen.lamps")
    member(made, Role.OPERATOR, "oscar")
    member(made, Role.APPROVER, "ana")
    return made


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Return a small real video, with sound."""
    path = tmp_path / "lamp.mp4"
    get_transcoder().render_card_video(("One lamp",), seconds=3, out=path)
    return path


def open_account(page: Page, running: Site, account: TikTokAccount) -> None:
    """Open the account from the list, as a person does."""
    page.goto(f"{running.address}/admin/accounts/tiktokaccount/")
    page.get_by_role("link", name=f"@{account.handle}").first.click()
    page.wait_for_url("**/change/")


def see_the_run_wait(page: Page) -> None:
    """Wait until the run's page says that somebody has to decide."""
    page.wait_for_url("**/workflowrun/**")
    expect(page.get_by_role("paragraph").filter(has_text="Waiting for an approver (")).to_be_visible(
        timeout=WAIT_MS
    )
    assert not scrolls_sideways(page)


def asked_run(account: TikTokAccount, caption: str) -> ApprovalRequest:
    """Return what is asked about a post that was begun elsewhere."""
    given = post_brief(video_asset(account), caption=caption)
    run = start_run("own_post", account_id=account.id, by="a test", given=given)
    asked = ApprovalRequest.objects.filter(run_id=run.id)
    wait_until(asked.exists, seconds=WAIT_MS / 1000, what="the run asks")
    return asked.get()


def open_request(page: Page, running: Site, title: str) -> None:
    """Open what is asked from the list of what needs review."""
    page.goto(f"{running.address}/admin/")
    page.get_by_role("link", name="Needs review").first.click()
    page.get_by_role("link", name=title).first.click()
    expect(page.get_by_role("heading", name="What would go out")).to_be_visible()


def wait_for_effect(status: str) -> Effect:
    """Wait until the newest effect has this status, and return it."""
    effects = Effect.objects.filter(status=status).order_by("-id")
    wait_until(effects.exists, seconds=WAIT_MS / 1000, what=f"an effect is {status}")
    return effects[0]


def plays(video: Locator) -> bool:
    """Return whether the video is played: time passes on it, and it has a picture."""
    played = """async element => {
        element.muted = true;
        await element.play();
        await new Promise(passed => element.addEventListener("timeupdate", () => element.currentTime > 0 && passed()));
        element.pause();
        return element.videoWidth > 0 && element.videoHeight > element.videoWidth;
    }"""
    return bool(video.evaluate(played))


def caption_on(page: Page) -> str:
    """Return the first caption of a packet as it can be read there, without the numbers of findings."""
    without_numbers = """element => {
        const copy = element.cloneNode(true);
        copy.querySelectorAll("sup").forEach(number => number.remove());
        return copy.textContent;
    }"""
    return str(page.locator(".run-card > .packet-caption").first.evaluate(without_numbers))


def begin_post(page: Page, running: Site, account: TikTokAccount, video: Path) -> None:
    """Fill in the form of a new post and send it off."""
    open_account(page, running, account)
    choose_on_account_page(page, "New post")
    page.set_input_files("[name=upload]", video)
    assert plays(page.locator("#post-preview"))
    page.fill("[name=caption]", CAPTION)
    expect(page.get_by_text("1 hashtag")).to_be_visible()
    ask = page.get_by_role("button", name="Check it and ask for approval")
    ask.click()
    expect(page.get_by_text("Choose who can see it: nothing is chosen for you.")).to_be_visible()
    expect(page.locator("[name=caption]")).to_have_value(CAPTION)
    page.set_input_files("[name=upload]", video)
    page.get_by_label("Everyone").check()
    ask.click()


def check_packet(page: Page) -> None:
    """Check that an approver is shown all of it, and that what was typed stayed text."""
    assert caption_on(page) == AS_SHOWN
    assert page.locator(".packet script, .packet img").count() == 0
    assert not page.title().startswith("taken")
    assert plays(page.locator(".phone video"))
    finding = page.locator(".packet-findings li").filter(has=page.get_by_text(SHOUTED))
    expect(finding).to_contain_text("What to do:")
    expect(page.locator("mark", has_text=SHOUTED)).to_be_visible()


def test_post_begun_by_an_operator_and_approved_by_keyboard_is_out_exactly_once(
    account: TikTokAccount, video: Path
) -> None:
    with site() as running:
        with running.page(username="oscar", password=PASSWORD) as page:
            begin_post(page, running, account, video)
            see_the_run_wait(page)
        with running.page(username="ana", password=PASSWORD) as page:
            open_request(page, running, f"Post on @lumen.lamps: {SHOUTED}")
            check_packet(page)
            tab_to(page, page.get_by_label("Comment"))
            page.keyboard.type("Good light.")
            tab_to(page, page.get_by_role("button", name="Approve and publish now"))
            page.keyboard.press("Enter")
            expect(page.get_by_text("Approved. The run goes on.")).to_be_visible(timeout=WAIT_MS)
            wait_for_effect("confirmed")
            page.reload()
            page.get_by_role("link", name="All about it").click()
            expect(page.get_by_text("posted (TikTok confirmed)").first).to_be_visible()
            assert caption_on(page) == AS_SHOWN
            assert page.locator(".packet script, .packet img").count() == 0
    [post] = posts()
    assert (post.username, post.caption, post.privacy_level) == (
        account.handle,
        CAPTION,
        "PUBLIC_TO_EVERYONE",
    )
    assert post.chunk_digests == (digest_of_video(video.read_bytes()),)
    assert len(received(operation="init")) == 1
    decision = Decision.objects.get()
    assert (str(decision.decided_by), decision.comment) == ("ana", "Good light.")
    assert WorkflowRun.objects.get().requested_by == account.workspace.memberships.get(role="operator").user


def test_reject_wants_a_reason_and_a_post_by_hand_is_closed_with_its_link(account: TikTokAccount) -> None:
    TikTokAccount.objects.filter(id=account.id).update(delivery="by_hand")
    with site() as running:
        asked_run(account, "Not this one #lamp")
        with running.page(username="ana", password=PASSWORD) as page:
            open_request(page, running, "Post on @lumen.lamps: Not this one")
            reject = page.get_by_role("button", name="Reject")
            tab_to(page, reject)
            page.keyboard.press("Space")
            expect(page.get_by_text("A rejection needs a reason: say in a sentence")).to_be_visible()
            assert not Decision.objects.exists()
            page.get_by_label("Comment").fill("The lamp is off.")
            reject.click()
            expect(page.get_by_text("Rejected. The reason is kept.")).to_be_visible()
            expect(page.get_by_text("The lamp is off.")).to_be_visible()
            expect(page.get_by_role("button", name="Reject")).to_have_count(0)

            asked_run(account, CAPTION)
            open_request(page, running, f"Post on @lumen.lamps: {SHOUTED}")
            page.get_by_role("button", name="Approve and hand over now").click()
            expect(page.get_by_text("Approved. The run goes on.")).to_be_visible(timeout=WAIT_MS)
        effect = wait_for_effect("handed_over")
        with running.page(size="phone", username="oscar", password=PASSWORD) as page:
            page.goto(f"{running.address}/admin/workflows/effect/{effect.id}/change/")
            close_by_hand(page)
    effect.refresh_from_db()
    assert (effect.status, effect.url, str(effect.settled_by)) == ("confirmed", LINK, "oscar")
    wait_until(
        lambda: effect.step.__class__.objects.get(id=effect.step_id).status == "succeeded",
        seconds=WAIT_MS / 1000,
        what="the run goes on",
    )
    assert (posts(), Effect.objects.count()) == ((), 1)


def close_by_hand(page: Page) -> None:
    """Take what is handed over, and close the effect with the link; a wrong one is told so first."""
    expect(page.get_by_role("heading", name="Post this by hand")).to_be_visible()
    assert not scrolls_sideways(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the video").click()
    assert download.value.path().stat().st_size > 0
    expect(page.get_by_label("Caption", exact=True)).to_have_value(CAPTION)
    expect(page.get_by_text("characters that cannot be seen")).to_be_visible()
    page.get_by_label("Link to the post").fill(LINK.replace("lumen.lamps", "rival.glow"))
    page.get_by_role("button", name="It is posted").click()
    expect(page.get_by_text("give the one on @lumen.lamps")).to_be_visible()
    page.get_by_label("Link to the post").fill(LINK)
    page.get_by_role("button", name="It is posted").click()
    expect(page.get_by_text("posted (link given by oscar)").first).to_be_visible()
    assert not scrolls_sideways(page)


def test_draft_made_by_agents_on_a_phone_waits_with_its_video_for_an_approver(account: TikTokAccount) -> None:
    store_posts(account, make_posts(60, seed=5))
    with site() as running:
        with running.page(size="phone", username="oscar", password=PASSWORD) as page:
            open_account(page, running, account)
            choose_on_account_page(page, "Draft a post")
            page.get_by_label("Topics").fill("small rooms")
            page.get_by_label("Length in seconds").fill("3")
            page.get_by_label("Only the creator").check()
            assert not scrolls_sideways(page)
            page.get_by_role("button", name="Draft it and ask for approval").click()
            see_the_run_wait(page)
            asked = ApprovalRequest.objects.get()
            page.get_by_role("link", name=asked.title).click()
            expect(page.get_by_text("You may not decide this: your roles")).to_be_visible()
        with running.page(size="phone", username="ana", password=PASSWORD) as page:
            open_request(page, running, asked.title)
            assert plays(page.locator(".phone video"))
            assert not scrolls_sideways(page)
            expect(page.get_by_role("button", name="Approve and publish now")).to_be_visible()
    assert (posts(), Effect.objects.count()) == ((), 0)
