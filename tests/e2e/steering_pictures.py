"""Takes the pictures of what steers runs: alerts, definitions, batches, replays, schedules and the stop switch."""

from collections.abc import Callable

from django.db import transaction
from playwright.sync_api import Page

from tests.e2e.pictures import TALL, WAIT_MS, shoot
from tests.e2e.site import Site
from tests.processes import wait_until
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.alerts.models import Alert
from tiktok_ops.alerts.services import raise_alert, resolve
from workflows.batches import Item, start_batch
from workflows.catalogue import store_definition
from workflows.conditions import Compares
from workflows.control import pause_run
from workflows.demo.world import demo_password
from workflows.models import Effect, WorkflowRun
from workflows.nodes import ActionNode, AgentNode, GateNode, ReportNode, WaitNode, Workflow
from workflows.schedules.services import create_schedule, remove_schedule
from workflows.services import start_run
from workflows.stop_switch import Target, engage, release

Take = Callable[[Page, str], None]

IDEAS = Workflow(
    slug="idea_batch",
    label="Posts from ideas",
    purpose="For each idea a draft that a person approves, or sends back; what is approved goes out.",
    nodes=(
        AgentNode(key="health", label="Account health", agent="account_health"),
        AgentNode(
            key="draft",
            label="Draft",
            agent="content_producer",
            for_each="brief.ideas",
            inputs={"idea": "item"},
        ),
        AgentNode(
            key="check",
            label="Compliance",
            agent="compliance",
            depends_on=("draft",),
            for_each="brief.ideas",
            inputs={"draft": "draft.output.caption"},
            when=Compares(path="brief.check", op="equal", value=True),
        ),
        WaitNode(key="pause", label="Cool down", depends_on=("check",), for_each="brief.ideas", seconds=60),
        GateNode(
            key="gate",
            label="Publish?",
            approval="post_video",
            depends_on=("draft", "pause"),
            for_each="brief.ideas",
            on_reject="redraft:draft",
        ),
        ActionNode(
            key="post",
            label="Post",
            effect="post_video",
            gate="gate",
            depends_on=("gate",),
            for_each="brief.ideas",
        ),
        ReportNode(key="report", label="Report", report="profile_audit", depends_on=("health", "post")),
    ),
)
"""A workflow with one of everything, for its picture."""


def take_steering(running: Site, account: TikTokAccount, size: str) -> None:
    """Take all pictures of this module, of one size."""
    take_alerts(running, account, size)
    take_definitions(running, size)
    take_controls(running, account, size)
    take_batch(running, account, size)
    take_replay(running, account, size)
    take_schedules(running, account, size)
    take_stop(running, account, size)


def in_both_lights(running: Site, size: str, take: Take) -> None:
    """Take pictures as who works in the light sees the pages, and as who works in the dark does."""
    for dark in (False, True):
        with running.page(size=size, username="oscar", password=demo_password(), dark=dark) as page:
            take(page, "-dark" * dark)


def take_alerts(running: Site, account: TikTokAccount, size: str) -> None:
    """Take the pictures of alerts: the list with nothing in it and with one, and that one."""
    with running.page(size=size, username="oscar", password=demo_password()) as page:
        page.goto(f"{running.address}/admin/alerts/alert/?status=acknowledged")
        shoot(page, "alerts-none", size)
    effect = Effect.objects.filter(account=account).first()
    with transaction.atomic():
        alert_id = raise_alert(
            kind="effect_unknown",
            about=effect or account,
            of=account,
            severity=Alert.Severity.CRITICAL,
            sentence="Nobody can tell whether this is live: Post on @lumen.lamps: Three lamps that change a room.",
            what_to_do="Look at the account in the TikTok app. If it is there, give its link on the effect's page.",
        )

    def take(page: Page, light: str) -> None:
        page.goto(f"{running.address}/admin/alerts/alert/")
        shoot(page, f"alerts{light}", size)
        page.goto(f"{running.address}/admin/alerts/alert/{alert_id}/change/")
        shoot(page, f"alert{light}", size)

    in_both_lights(running, size, take)
    resolve(alert_id=alert_id, by=User.objects.get(username="oscar"), note="It is there.")


def take_definitions(running: Site, size: str) -> None:
    """Take the pictures of workflows as graphs: the list, and one with a loop, a condition and a redraft."""
    loaded = store_definition(IDEAS, by="a test")

    def take(page: Page, light: str) -> None:
        page.goto(f"{running.address}/admin/workflows/workflowdefinition/")
        shoot(page, f"workflows{light}", size)
        page.goto(f"{running.address}/admin/workflows/workflowdefinition/{loaded.id}/change/")
        shoot(page, f"workflow{light}", size, height=TALL)

    in_both_lights(running, size, take)


def take_controls(running: Site, account: TikTokAccount, size: str) -> None:
    """Take the pictures of a run with its buttons, one of them open."""
    oscar = User.objects.get(username="oscar")
    given = {"privacy_level": "PUBLIC_TO_EVERYONE", "topics": ["small rooms"]}
    run = start_run("post_draft", account_id=account.id, by=oscar, given=given)
    pause_run(run_id=run.id, by=oscar, reason="For its picture.")

    def take(page: Page, light: str) -> None:
        page.goto(f"{running.address}/admin/workflows/workflowrun/{run.id}/change/")
        page.get_by_text("Cancel the run …").click()
        shoot(page, f"run-controls{light}", size)

    in_both_lights(running, size, take)


def take_batch(running: Site, account: TikTokAccount, size: str) -> None:
    """Take the pictures of a batch: the form that starts one, its page, and the list."""
    oscar = User.objects.get(username="oscar")
    items = [Item(account.id, {"window_days": days}) for days in (7, 14, 28)]
    batch = start_batch("profile_audit", items=items, name="Three windows", by=oscar, is_dry_run=True)
    wait_until(lambda: batch.progress.is_over, seconds=WAIT_MS / 1000, what="the batch is over")
    asking = [
        Item(account.id, {"privacy_level": "SELF_ONLY", "topics": [topic]}) for topic in ("rugs", "tea")
    ]
    other = start_batch("post_draft", items=asking, name="Two drafts", by=oscar)
    wait_until(lambda: other.progress.waiting == 2, seconds=WAIT_MS / 1000, what="the drafts are asked about")

    def take(page: Page, light: str) -> None:
        page.goto(f"{running.address}/admin/workflows/batch/start/?account={account.id}")
        shoot(page, f"batch-start{light}", size, height=TALL)
        page.goto(f"{running.address}/admin/workflows/batch/{batch.id}/change/")
        shoot(page, f"batch-over{light}", size)
        page.goto(f"{running.address}/admin/workflows/batch/{other.id}/change/")
        shoot(page, f"batch{light}", size)
        page.goto(f"{running.address}/admin/workflows/batch/")
        shoot(page, f"batches{light}", size)

    in_both_lights(running, size, take)


def take_replay(running: Site, account: TikTokAccount, size: str) -> None:
    """Take the pictures of a replay: the form, its run, and the two runs side by side."""
    audits = WorkflowRun.objects.filter(account=account, definition__slug="profile_audit")
    run = audits.filter(batch=None, replay_of=None).latest("id")

    def take(page: Page, light: str) -> None:
        page.goto(f"{running.address}/admin/workflows/workflowrun/{run.id}/change/")
        page.get_by_role("link", name="Replay from here").first.click()
        page.get_by_text("Change what it works with").click()
        page.fill("[name=given]", '{"window_days": 7}')
        shoot(page, f"replay{light}", size, height=TALL)
        page.get_by_role("button", name="Replay from here").click()
        page.wait_for_url("**/change/")
        replay = WorkflowRun.objects.get(id=page.url.rstrip("/").split("/")[-2])
        over = WorkflowRun.objects.filter(id=replay.id, status="succeeded")
        wait_until(over.exists, seconds=WAIT_MS / 1000, what="the replay is over")
        page.reload()
        shoot(page, f"run-replayed{light}", size)
        page.get_by_role("link", name="compare the two").click()
        shoot(page, f"compare{light}", size, height=TALL)

    in_both_lights(running, size, take)


def take_schedules(running: Site, account: TikTokAccount, size: str) -> None:
    """Take the pictures of schedules: the form of a new one, a schedule, and the list."""
    schedule = create_schedule(
        name="Weekday audit",
        account_id=account.id,
        workflow="profile_audit",
        kind="cron",
        expression="0 9 * * 1-5",
        by=User.objects.get(username="oscar"),
    )

    def take(page: Page, light: str) -> None:
        page.goto(f"{running.address}/admin/workflows/schedule/add/?workflow=profile_audit")
        page.fill("[name=expression]", "0 9 * * 1-5")
        page.get_by_text("Mon ").first.wait_for()
        shoot(page, f"schedule-form{light}", size, height=TALL)
        page.goto(f"{running.address}/admin/workflows/schedule/{schedule.id}/change/")
        shoot(page, f"schedule{light}", size)
        page.goto(f"{running.address}/admin/workflows/schedule/")
        shoot(page, f"schedules{light}", size)

    in_both_lights(running, size, take)
    remove_schedule(schedule_id=schedule.id, by="a test")


def take_stop(running: Site, account: TikTokAccount, size: str) -> None:
    """Take the pictures of the stop switch: the form, the list with its banner, and the way to release one."""
    stop = engage(target=Target(account=account), reason="The new logo is on no video yet.", by="a test")
    for dark in (False, True):
        light = "-dark" * dark
        with running.page(size=size, username="olivia", password=demo_password(), dark=dark) as page:
            page.goto(f"{running.address}/admin/workflows/stopswitch/engage/")
            shoot(page, f"stop-form{light}", size)
            page.goto(f"{running.address}/admin/workflows/stopswitch/")
            shoot(page, f"stops{light}", size)
            page.goto(f"{running.address}/admin/workflows/stopswitch/{stop.id}/release/")
            shoot(page, f"stop-release{light}", size)
    release(stop_id=stop.id, by="a test")
