"""Browsing the API in a real browser, which asks no other host for anything (`Site.page` fails if it does)."""

import pytest
from playwright.sync_api import expect

from tests.e2e.site import member, site
from tests.factories.accounts import PASSWORD, AccountFactory
from tiktok_ops.accounts.roles import Role

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
WAIT_MS = 30_000


def test_browse_the_api_offline_reads_it_and_tries_it_out(committed_db: str) -> None:
    member(AccountFactory.create(handle="lumen.lamps"), Role.OPERATOR, "oscar")
    with site() as running, running.page(username="oscar", password=PASSWORD) as page:
        page.goto(f"{running.address}/api/docs/")
        expect(page.get_by_role("heading", name="TikTok Ops API")).to_be_visible(timeout=WAIT_MS)
        accounts = page.locator("#operations-accounts-accounts_list")
        accounts.get_by_role("button").first.click()
        accounts.get_by_role("button", name="Try it out").click()
        accounts.get_by_role("button", name="Execute").click()
        answer = accounts.locator(".live-responses-table .response-col_status")
        expect(answer.last).to_contain_text("200", timeout=WAIT_MS)
        expect(accounts.locator(".live-responses-table")).to_contain_text("lumen.lamps")
