"""Takes the pictures in `docs/screenshots`: `make screenshots`.

A database of its own, a site of its own, the sample posts that ship with the project: the pictures show
what a newcomer sees, at 1280 pixels and at 375.
"""

import os
import sys
import tempfile

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tiktok_ops.settings")
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # the browser's driver keeps an event loop in this thread
os.environ["TIKTOK_OPS_VAR"] = tempfile.mkdtemp(prefix="tiktok-ops-screenshots-")
django.setup()

from django.core.management import call_command
from django.db import connection
from playwright.sync_api import Page, expect

from tests.database import clone_database, drop_database
from tests.e2e.site import SIZES, Site, chromium, sample_file, site, start_from_account_page
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.env import BASE_DIR
from workflows.demo.world import HANDLE, demo_password, make_world

FOLDER = BASE_DIR / "docs" / "screenshots"
DATABASE = "tiktok_ops_screenshots"
WAIT_MS = 60_000


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
        with site() as running:
            for size in SIZES:
                take(running, size)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = "postgres"
        drop_database(DATABASE)


def take(running: Site, size: str) -> None:
    """Take the pictures of one size: an import, the accounts, a run."""
    account = TikTokAccount.objects.get(handle=HANDLE)
    with running.page(size=size, username="oscar", password=demo_password()) as page:
        page.goto(f"{running.address}/admin/content/contentimport/upload/?account={account.id}")
        shoot(page, "import-form", size)
        page.set_input_files("input[type=file]", sample_file())
        page.get_by_role("button", name="Import", exact=True).click()
        expect(page.get_by_role("heading", name="Imported", exact=True)).to_be_visible(timeout=WAIT_MS)
        shoot(page, "import", size)
        page.goto(f"{running.address}/admin/accounts/tiktokaccount/{account.id}/change/")
        start_from_account_page(page, "Run profile audit")
        expect(page.get_by_text("5 of 5 steps")).to_be_visible(timeout=WAIT_MS)
        expect(page.locator(".run-report h1")).to_be_visible(timeout=WAIT_MS)
        shoot(page, "run", size)
        page.goto(f"{running.address}/admin/accounts/tiktokaccount/")
        shoot(page, "accounts", size)


def shoot(page: Page, name: str, size: str) -> None:
    """Save what the window shows."""
    page.wait_for_load_state("networkidle")
    suffix = "" if size == "desktop" else f"-{size}"
    page.screenshot(path=FOLDER / f"{name}{suffix}.png")
    print(f"docs/screenshots/{name}{suffix}.png")  # noqa: T201 - it is run by hand


if __name__ == "__main__":
    main()
