"""The audit of a made account: every figure of its report once more, by PostgreSQL from the stored posts."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from agents.models import AgentRun
from tests.factories.accounts import AccountFactory
from tests.factories.content import store_posts
from tests.factories.figures import NOON, make_posts
from tests.factories.workflows import events, statuses
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.content.models import Artifact
from workflows.engine import advance_run
from workflows.models import WorkflowRun
from workflows.overview import RunOverview, overview_of
from workflows.services import start_run

pytestmark = [pytest.mark.django_db, pytest.mark.integration]

SYNC, REPORT = 1, 1
AGENTS = ("account_health", "shadowban_check", "audience_mapper", "trend_watcher", "compliance")
CLASSES = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")


def audited(
    *, seed: int, posts: int = 120, given: dict[str, Any] | None = None, **account: Any
) -> RunOverview:
    """Audit a made account to the end, in this process."""
    made: TikTokAccount = AccountFactory.create(**account)
    store_posts(made, make_posts(posts, seed=seed))
    run = start_run("profile_audit", account_id=made.id, by="test", given=given)
    assert advance_run(run.id, seconds_left=lambda: 10_000) == SYNC + len(AGENTS) + REPORT
    return overview_of(run)


def one_row(sql: str, *arguments: Any) -> list[Any]:
    """Return the one row the database answers."""
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments)
        return list(cursor.fetchone())


def figures(run: WorkflowRun, first_day: float, last_day: float) -> list[Any]:
    """Return posts, median views, median likes and comments per 1,000 views of posts of this age in days."""
    return one_row(
        "SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY views), "
        "percentile_cont(0.5) WITHIN GROUP (ORDER BY likes), 1000.0 * sum(comments) / nullif(sum(views), 0) "
        "FROM content_post WHERE account_id = %s AND created_at <= %s AND created_at > %s",
        run.account_id,
        run.as_of - timedelta(days=first_day),
        run.as_of - timedelta(days=last_day),
    )


def suppressed_share(run: WorkflowRun, usual_views: float) -> float:
    """Return the share of the last 14 days' posts with fewer views than a tenth of the usual."""
    [share] = one_row(
        "SELECT avg((views * 10 < %s)::int) FROM content_post "
        "WHERE account_id = %s AND created_at <= %s AND created_at > %s",
        usual_views,
        run.account_id,
        run.as_of,
        run.as_of - timedelta(days=14),
    )
    return float(share)


def best_hours(run: WorkflowRun) -> list[list[Any]]:
    """Return hour, posts and median views of the hours with three posts or more in 90 days, best first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(hour FROM created_at AT TIME ZONE 'UTC')::int AS hour, count(*), "
            "percentile_cont(0.5) WITHIN GROUP (ORDER BY views) AS middle FROM content_post "
            "WHERE account_id = %s AND created_at <= %s AND created_at > %s "
            "GROUP BY 1 HAVING count(*) >= 3 ORDER BY middle DESC, hour",
            [run.account_id, run.as_of, run.as_of - timedelta(days=90)],
        )
        return [list(row) for row in cursor.fetchall()]


def tables(report: str, heading: str) -> list[list[str]]:
    """Return the body rows of the first table after a heading, cell by cell."""
    after = report.split(f"{heading}\n", 1)[1]
    lines = after.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("| ---"))
    rows = []
    for line in lines[start + 1 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


def as_number(cell: str) -> float | None:
    """Return a figure of the report as a number; None for a dash."""
    return None if cell == "–" else float(cell.replace(",", ""))


def near(value: Any) -> Any:
    """Return what a figure shown with four decimals may be."""
    return None if value is None else pytest.approx(float(value), abs=0.000_051)


def check_windows(overview: RunOverview) -> None:
    window, baseline = figures(overview.run, 0, 14), figures(overview.run, 14, 44)
    rows = tables(overview.report, "## Health")
    assert [row[0] for row in rows] == ["Window", "Baseline"]
    assert [as_number(cell) for cell in rows[0][1:]] == [near(value) for value in window]
    assert [as_number(cell) for cell in rows[1][1:]] == [near(value) for value in baseline]
    assert f"Posts per week: **{window[0] / 2:g}**" in overview.report


def check_canaries(overview: RunOverview) -> None:
    run = overview.run
    week, week_before = figures(run, 0, 7)[1], figures(run, 7, 14)[1]
    window, baseline = figures(run, 0, 14), figures(run, 14, 44)
    share = suppressed_share(run, baseline[1])
    expected = [
        ["views", week / week_before - 1 < -0.2, near(week), near(week_before)],
        ["comments", float(window[3] / baseline[3]) - 1 < -0.5, near(window[3]), near(baseline[3])],
        ["suppressed_posts", share >= 0.25, near(share), near(baseline[1] / 10)],
        ["policy_flags", False, 0, None],
    ]
    rows = tables(overview.report, "### Canaries")
    found = [
        [row[0].replace("\\", ""), row[1] == "tripped", as_number(row[2]), as_number(row[3])] for row in rows
    ]
    assert {row[1] for row in rows} <= {"tripped", "quiet"}
    assert found == expected


def check_hours(overview: RunOverview) -> None:
    expected = [[f"{hour:02}:00", posts, near(middle)] for hour, posts, middle in best_hours(overview.run)]
    rows = tables(overview.report, "### Best hours (UTC)")
    assert [[row[0], as_number(row[1]), as_number(row[2])] for row in rows] == expected[:5]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_audit_made_account_reports_the_figures_the_database_computes(seed: int) -> None:
    overview = audited(seed=seed)
    assert overview.run.status == "succeeded"
    assert set(statuses(overview.run).values()) == {"succeeded"}
    assert overview.run.as_of == NOON
    check_windows(overview)
    check_canaries(overview)
    check_hours(overview)


def test_audit_counts_in_its_report_what_its_trace_adds_up_to() -> None:
    overview = audited(seed=4)
    summed = ", ".join(f"sum({name}_tokens)" for name in CLASSES)
    *tokens, cost_usd, calls = one_row(
        f"SELECT {summed}, sum(cost_usd), count(*) FILTER (WHERE kind = 'claude') FROM agents_agentstep "
        "WHERE agent_run_id IN (SELECT id FROM agents_agentrun WHERE run_id = %s)",
        overview.run.id,
    )
    assert [overview.totals.tokens[f"{name}_tokens"] for name in CLASSES] == tokens
    assert (overview.cost_usd, overview.is_simulated, overview.totals.calls) == (cost_usd, True, calls)
    assert cost_usd > 0
    runs = AgentRun.objects.filter(run_id=overview.run.id)
    assert sum((run.cost_usd for run in runs), Decimal(0)) == cost_usd
    assert sum(run.input_tokens + run.output_tokens for run in runs) == sum(tokens)
    assert (
        f"- Calls to the model: **{calls}** · tokens: **{sum(tokens):,}** · cost: **${cost_usd}** simulated"
    ) in overview.report
    assert "- Steps done before this report: **6** of 6" in overview.report


def test_audit_traces_each_agent_from_its_facts_to_its_words() -> None:
    overview = audited(seed=5)
    runs = AgentRun.objects.filter(run_id=overview.run.id).order_by("id")
    assert [run.agent for run in runs] == list(AGENTS)
    for run in runs:
        kinds = [step.kind for step in run.steps.all()]
        assert kinds == (["guardrail", "claude", "guardrail"] if run.output_tokens else [])
        assert run.facts
        assert (run.status, run.as_of, run.is_simulated) == ("succeeded", NOON, True)
    assert runs[0].output_tokens > 0
    for step in overview.steps[SYNC:-REPORT]:
        assert step.agent_run is not None
        assert step.output == step.agent_run.output


def test_audit_tells_its_story_in_events_without_a_gap() -> None:
    overview = audited(seed=6)
    told = events(overview.run)
    assert told[:2] == ["run.queued", "run.running"]
    assert told[-4:] == ["step.ready report", "step.running report", "step.succeeded report", "run.succeeded"]
    numbers = list(overview.run.events.order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, len(told) + 1))


def test_audit_with_other_windows_reports_those() -> None:
    overview = audited(seed=7, given={"window_days": 7, "baseline_days": 21})
    rows = tables(overview.report, "## Health")
    for row, (first, last) in zip(rows, [(0, 7), (7, 28)], strict=True):
        expected = [near(value) for value in figures(overview.run, first, last)]
        assert [as_number(cell) for cell in row[1:]] == expected


def test_audit_of_an_account_without_posts_or_brand_says_what_is_missing() -> None:
    overview = audited(seed=8, posts=0, brand=None, handle="empty_one")
    assert overview.run.status == "succeeded"
    report = overview.report
    assert report.startswith("# Profile audit of @empty\\_one\n")
    assert "> @empty\\_one is linked to no brand: " in report
    assert "> @empty\\_one had no posts when this run began: it is synced first." in report
    assert "No hour of the day has three posts in the last 90 days." in report
    assert "Not enough data" in report
    assert overview.totals.calls == 0
    assert "cost: **$0.000000** simulated" in report


def test_audit_keeps_its_report_with_its_digest() -> None:
    overview = audited(seed=9)
    [made] = Artifact.objects.filter(run_id=overview.run.id)
    assert made.text == overview.report
    assert re.fullmatch(r"[0-9a-f]{64}", made.sha256)
    assert made.account_id == overview.run.account_id
