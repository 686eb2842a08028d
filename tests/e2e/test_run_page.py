"""The page of a run under way, in a real browser: it moves with the events, and without a stream as well."""

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Page, expect

from tests.e2e.site import Site, site
from tests.factories.accounts import PASSWORD, person
from tests.factories.workflows import WorkflowRunFactory, WorkflowStepFactory
from tests.streams import ask
from tiktok_ops.accounts.roles import Role
from workflows.models import WorkflowRun

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

WATCHED_MS = 3500
"""Longer than three looks of a page without a stream, shorter than one of a page that has one."""


def run_under_way() -> WorkflowRun:
    """Return a run with one step that waits for nothing, and a person who may steer it."""
    run: WorkflowRun = WorkflowRunFactory.create(status="running")
    WorkflowStepFactory.create(run=run, key="only", status="running")
    hashed = PBKDF2PasswordHasher().encode(PASSWORD, "salt")
    person(run.workspace, Role.OPERATOR, username="oscar", password=hashed)
    return run


def happen(run: WorkflowRun) -> None:
    """Let the run's step succeed, and the run with it."""
    ask(
        "WITH step AS (UPDATE workflows_workflowstep SET status = 'succeeded', output = '{}', lease_until = NULL,"
        " finished_at = now() WHERE run_id = %(run)s RETURNING run_id), over AS (UPDATE workflows_workflowrun"
        " SET status = 'succeeded', finished_at = now() FROM step WHERE id = step.run_id RETURNING id)"
        " SELECT workflow_event(id, 'run.succeeded', '{}') FROM over",
        run=run.id,
    )


def open_page(page: Page, running: Site, run: WorkflowRun) -> None:
    """Open the run's page, write why to cancel it, open what it says of its events, and put the focus on that."""
    page.goto(f"{running.address}/admin/workflows/workflowrun/{run.id}/change/")
    expect(page.locator("#run-live").get_by_text("0 of 1 steps")).to_be_visible()
    page.get_by_text("Cancel the run …").click()
    page.locator("#reason-cancel").press_sequentially("Not this one.", delay=150)
    page.locator("[data-key=events] summary").click()


@pytest.mark.parametrize("is_streamed", [True, False], ids=["streamed", "polled"])
def test_page_of_a_run_follows_it_to_its_end_and_keeps_what_is_open(
    committed_db: str, is_streamed: bool
) -> None:
    run = run_under_way()
    with site() as running, running.page(username="oscar", password=PASSWORD) as page:
        asked: list[str] = []
        streams: list[str] = []
        page.on(
            "request", lambda request: (streams if "/events/" in request.url else asked).append(request.url)
        )
        page.add_init_script("delete Element.prototype.moveBefore;")  # not every browser has it
        if not is_streamed:
            page.add_init_script("EventSource.prototype.addEventListener = function () { this.close(); };")
        open_page(page, running, run)
        asked.clear()
        page.wait_for_timeout(WATCHED_MS)
        looks = sum("/live/" in url for url in asked)
        # Beside a stream the page still looks every five seconds; without one, every second.
        assert looks <= 1 if is_streamed else looks >= 2
        expect(page.locator("#reason-cancel")).to_have_value("Not this one.")
        happen(run)
        expect(page.locator("#run-live .run-line .ops-badge-good")).to_be_visible(timeout=3000)
        expect(page.locator("#run-said")).to_have_text("succeeded, 1 of 1 steps")
        expect(page.locator(".ops-controls")).to_have_count(0)
        expect(page.locator("[data-key=events]")).to_have_attribute("open", "")
        assert page.evaluate("document.activeElement.closest('details').dataset.key") == "events"
        page.wait_for_timeout(1500)
        assert len(streams) == is_streamed
        assert page.locator("#run-live[hx-get]").count() == 0
