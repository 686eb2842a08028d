"""An operator's first audit, in a real browser: import a file, start the audit, read the run."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.site import (
    SIZES,
    Site,
    member,
    sample_file,
    scrolls_sideways,
    site,
    start_from_account_page,
)
from tests.factories.accounts import PASSWORD, AccountFactory
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Role
from workflows.models import WorkflowRun

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
WAIT_MS = 60_000


def upload(page: Page, running: Site, account: TikTokAccount, file: Path) -> None:
    """Upload a file of posts for the account."""
    page.goto(f"{running.address}/admin/content/contentimport/upload/?account={account.id}")
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="Upload and preview").click()
    page.wait_for_url("**/change/")


@pytest.mark.parametrize("size", SIZES)
def test_operator_imports_a_file_audits_the_account_and_reads_the_report(
    committed_db: str, size: str
) -> None:
    account: TikTokAccount = AccountFactory.create(handle="lumen.lamps")
    member(account, Role.OPERATOR, "oscar")
    with site() as running, running.page(size=size, username="oscar", password=PASSWORD) as page:
        upload(page, running, account, sample_file())
        expect(
            page.get_by_role("heading", name="What importing it into @lumen.lamps would do")
        ).to_be_visible(timeout=WAIT_MS)
        assert not scrolls_sideways(page)
        page.get_by_role("button", name="Import", exact=True).click()
        expect(page.get_by_role("heading", name="Imported", exact=True)).to_be_visible(timeout=WAIT_MS)
        assert not scrolls_sideways(page)

        page.goto(f"{running.address}/admin/accounts/tiktokaccount/{account.id}/change/")
        expect(page.get_by_role("link", name="@lumen.lamps").first).to_be_visible()
        assert not scrolls_sideways(page)
        start_from_account_page(page, "Run profile audit")
        page.wait_for_url("**/workflowrun/**")
        expect(page.get_by_role("heading", name="Profile audit of @lumen.lamps")).to_be_visible(
            timeout=WAIT_MS
        )
        expect(page.locator("#run-live").get_by_text("7 of 7 steps")).to_be_visible()
        expect(page.get_by_role("cell", name="comments", exact=True)).to_be_visible()
        # Agents run side by side, so their traces stand in the order they began.
        trace = page.locator("details.run-trace").filter(has_text="Account health").first
        trace.locator("summary").first.click()
        expect(trace.get_by_text("Came back").first).to_be_visible()
        assert not scrolls_sideways(page)
    run = WorkflowRun.objects.get()
    assert (run.status, run.requested_by and run.requested_by.username) == ("succeeded", "oscar")


def test_operator_uploads_a_wrong_file_and_is_told_row_and_column(committed_db: str, tmp_path: Path) -> None:
    account: TikTokAccount = AccountFactory.create(handle="lumen.lamps")
    member(account, Role.OPERATOR, "oscar")
    lines = sample_file().read_text().splitlines()[:4]
    lines[2] = (
        lines[2].replace(",5884,", ",-1,")
        if ",5884," in lines[2]
        else lines[2].rsplit(",", 4)[0] + ",-1,1,1,1"
    )
    file = tmp_path / "posts.csv"
    file.write_text("\n".join(lines))
    with site() as running, running.page(username="oscar", password=PASSWORD) as page:
        upload(page, running, account, file)
        expect(page.get_by_role("heading", name="Nothing was imported")).to_be_visible(timeout=WAIT_MS)
        expect(page.get_by_role("cell", name="views", exact=True)).to_be_visible()
    assert not account.posts.exists()
