"""The whole site as a person meets it: real web, worker and keeper processes, and a real browser."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connections
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from tests.factories.accounts import PASSWORD, person
from tests.processes import running
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.roles import Role
from tiktok_ops.env import BASE_DIR

SIZES = {"desktop": (1280, 900), "phone": (375, 812)}
START_SECONDS = 30
MOST_TABS = 120
# What a browser in a closed network needs: no sandbox as root, and no calls to its maker.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def chromium() -> str | None:
    """Return the path of the browser: CHROME_BIN, or Chromium as Debian names it; None when there is none."""
    named = os.environ.get("CHROME_BIN")
    return shutil.which(named) if named else shutil.which("chromium") or shutil.which("chromium-browser")


@dataclass(frozen=True, slots=True)
class Site:
    """A running site at `address` (without a slash at the end)."""

    address: str
    browser: Browser

    @contextmanager
    def page(
        self, *, size: str = "desktop", username: str, password: str, dark: bool = False
    ) -> Iterator[Page]:
        """Sign in and give a page; fails at the end if the page logged an error or asked another host."""
        width, height = SIZES[size]
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        page = context.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
        page.on("response", lambda answer: wrong.append(answer.url) if answer.status >= 400 else None)
        page.on(
            "request",
            lambda asked: (
                None if asked.url.startswith((self.address, "data:", "blob:")) else wrong.append(asked.url)
            ),
        )
        page.goto(f"{self.address}/admin/")
        page.fill("[name=username]", username)
        page.fill("[name=password]", password)
        page.press("[name=password]", "Enter")
        page.wait_for_url(f"{self.address}/admin/")
        yield page
        context.close()
        assert wrong == []


@contextmanager
def site(*, environment: dict[str, str] | None = None) -> Iterator[Site]:
    """Have web, worker and keeper running on the database of `DATABASE_URL` for the block, and a browser."""
    port = _free_port()
    with ExitStack() as stack:
        stack.enter_context(running("worker", environment=environment))
        stack.enter_context(running("keeper", environment=environment))
        web = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "tiktok_ops.asgi:application", "--port", str(port),
             "--log-level", "warning", "--timeout-graceful-shutdown", "2"],
            cwd=BASE_DIR,
            env={**os.environ, **(environment or {})},
        )  # fmt: skip
        stack.callback(_end, web)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        stack.callback(browser.close)
        # Beside the driver's event loop Django keeps connections of their own, which the next site must not find.
        stack.callback(connections.close_all)
        _wait_for(port, web)
        yield Site(f"http://127.0.0.1:{port}", browser)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)
    process.kill()


def _free_port() -> int:
    """Return a loopback port of the system's choice: two sites that start at once get two."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, web: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        assert web.poll() is None, "the web process ended before it answered"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < end, "the site did not start"
        time.sleep(0.1)


def choose_on_account_page(page: Page, label: str) -> None:
    """Use an action of the account page; on a phone the actions are in a menu."""
    menu = page.get_by_text("more_horiz")
    if menu.is_visible():
        menu.click()
    page.get_by_text(label).first.click()


def start_from_account_page(page: Page, label: str) -> None:
    """Use an action of the account page and confirm it."""
    choose_on_account_page(page, label)
    page.locator("#dialog button[type=submit]").click()


def member(account: TikTokAccount, role: Role, username: str) -> User:
    """Make somebody who can sign in to another process: tests of this one hash passwords their own way."""
    hashed = PBKDF2PasswordHasher().encode(PASSWORD, "salt")
    return person(account.workspace, role, username=username, password=hashed)


def scrolls_sideways(page: Page) -> bool:
    """Return whether the page is wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def tab_to(page: Page, wanted: Locator) -> None:
    """Move the focus on to `wanted` as the keyboard does; fails where the Tab key does not lead there."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{MOST_TABS} times Tab do not lead to {wanted}")


def sample_file() -> Path:
    """Return the sample posts that ship with the project."""
    return BASE_DIR / "workflows" / "demo" / "sample_posts.csv"
