"""Where pictures of the pages go, and how one is taken."""

from playwright.sync_api import Page

from tests.e2e.site import SIZES
from tiktok_ops.env import BASE_DIR

FOLDER = BASE_DIR / "docs" / "screenshots"
OTHERS = BASE_DIR / "var" / "screenshots"
KEPT = {
    *(
        "accounts",
        "import-preview",
        "import",
        "run",
        "media",
        "new-post",
        "draft-a-post",
        "approval",
        "approval-dark",
    ),
    *("approval-phone", "effect", "effects", "post-by-hand-phone", "workflow", "run-controls", "batch"),
}
WAIT_MS = 60_000
TALL = 1400
SHOW_VIDEOS = """() => Promise.all([...document.querySelectorAll("video[src]")].map(async video => {
    video.muted = true;
    await video.play();
    await new Promise(passed => { video.ontimeupdate = () => video.currentTime > 1 && passed(); });
    video.pause();
}))"""


def shoot(page: Page, name: str, size: str, *, height: int | None = None) -> None:
    """Save what the window shows, or would show if it were so high; videos a second into themselves."""
    width, usual = SIZES[size]
    page.set_viewport_size({"width": width, "height": height or usual})
    page.wait_for_load_state("networkidle")
    page.evaluate("scrollTo(0, 0)")
    page.evaluate(SHOW_VIDEOS)
    full = name if size == "desktop" else f"{name}-{size}"
    path = (FOLDER if full in KEPT else OTHERS) / f"{full}.png"
    page.screenshot(path=path)
    page.set_viewport_size({"width": width, "height": usual})
    print(path.relative_to(BASE_DIR))  # noqa: T201 - it is run by hand
