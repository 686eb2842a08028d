from decimal import Decimal
from typing import Any

import pytest
from markdown_it import MarkdownIt

from agents.definitions.shadowban_check import Signal
from agents.models import AgentRun, AgentStep
from tests.factories.figures import NOON
from tests.factories.workflows import WorkflowRunFactory, WorkflowStepFactory
from workflows.models import WorkflowRun
from workflows.reports.profile_audit import _SIGNALS, FINDINGS_SHOWN, _trends, render
from workflows.reports.registry import REPORTS

pytestmark = pytest.mark.django_db

WINDOW = {"posts": 12, "median_views": 8123.5, "median_likes": 400, "comments_per_1000_views": 3.1416}
NOTHING = {"posts": 0, "median_views": None, "median_likes": None, "comments_per_1000_views": None}
CANARY = {"name": "views", "value": 7000, "reference": 9000.25, "explanation": "A fall of 22 %."}
HEALTH: dict[str, Any] = {
    "overall_score": 74,
    "shadowban_risk": "low",
    "category": "watch",
    "posts_per_week": 6,
    "engagement_trend": {"direction": "falling", "window": 0.0612, "baseline": 0.08},
    "window": WINDOW,
    "baseline": NOTHING,
    "canaries": [CANARY | {"tripped": True}, CANARY | {"tripped": False}, CANARY | {"tripped": None}],
    "best_hours": [{"hour": hour, "posts": 3, "median_views": 100.5 - hour} for hour in (9, 17, 0, 1, 2, 3)],
    "summary": "# All is well.",
}
UNKNOWN = HEALTH | {
    "overall_score": None,
    "shadowban_risk": None,
    "engagement_trend": {"direction": None, "window": None, "baseline": None},
    "best_hours": [],
}
SEGMENT: dict[str, Any] = {
    "name": "Cheese | wine",
    "score": 0.61,
    "share": 0.25,
    "lift": None,
    "growth": -0.05,
    "posts": 9,
    "terms": ["a", "b", "c", "d", "e", "f", "g"],
    "hooks": ["Try <this>", "And that"],
}
TREND = {"tag": "snow_day", "fit": 0.12, "velocity": 0.5, "saturation": 0.1, "why": "It *rises*."}
TRENDS = {"trends": [TREND], "note": "", "source": "own posts", "freshness_hours": 168}
FINDING = {
    "severity": "high",
    "rule": "claims",
    "post": "75",
    "quote": "cures | all" * 20,
    "fix": "Leave it out.",
}
COMPLIANCE: dict[str, Any] = {
    "findings": [FINDING],
    "blocked": False,
    "checked": 50,
    "score": 91.5,
    "note": "",
}


def report_of(output: dict[str, Any] | None, *, key: str, **changes: Any) -> str:
    """Return the report of a run with one step that came to `output`, and the report's own."""
    run = WorkflowRunFactory.create(definition__slug="made", account__handle="blick_one")
    step = {"status": "succeeded", "output": output, **changes}
    WorkflowStepFactory.create(run=run, key=key, position=0, **step)
    WorkflowStepFactory.create(run=run, key="report", position=1, status="running")
    return render(run)


def section(report: str, title: str) -> str:
    """Return one section of the report, without its title."""
    return report.split(f"## {title}\n\n", 1)[1].split("\n## ", 1)[0]


def test_register_report_under_its_name() -> None:
    assert REPORTS["profile_audit"] is render


def test_report_begins_with_whom_it_is_about_and_what_to_know() -> None:
    run: WorkflowRun = WorkflowRunFactory.create(account__handle="blick_one", warnings=["1. No posts yet."])
    assert render(run).startswith(
        "# Profile audit of @blick\\_one\n\n"
        "Data as of **2025-06-30 12:00 UTC** · source: Nothing yet · mode: Sandbox\n\n"
        "> 1\\. No posts yet.\n\n"
        "## How this was made\n\n"
    )


def test_report_health_shows_every_figure() -> None:
    health = section(report_of(HEALTH, key="account_health"), "Health")
    assert health.startswith("\\# All is well.\n\n- Score: **74** of 100 · category: **watch** · ")
    assert " · risk of suppression: **low**" in health
    assert "- Posts per week: **6** · engagement: **falling** (6.1 % of views now, 8.0 % before)" in health
    assert "| Window | 12 | 8,123.5 | 400 | 3.1416 |\n| Baseline | 0 | – | – | – |" in health
    for state in ("tripped", "quiet", "not known"):
        assert f"| views | {state} | 7,000 | 9,000.25 | A fall of 22 %. |" in health
    assert "| 09:00 | 3 | 91.5 |\n| 17:00 | 3 | 83.5 |\n| 00:00 |" in health
    assert health.count(":00 | 3 |") == 5


def test_report_health_says_what_is_not_known() -> None:
    health = section(report_of(UNKNOWN, key="account_health"), "Health")
    assert "- Score: **–** · category: **watch** · risk of suppression: **not known**" in health
    assert "engagement: **not known** (– of views now, – before)" in health
    assert "No hour of the day has three posts in the last 90 days." in health


SIGN = {"value": 0.96, "strength": 1.0, "log_odds": 2.0}
BAN: dict[str, Any] = {
    "measured_until": "2025-06-27T12:00:00Z",
    "recent_posts": 12,
    "baseline_posts": 1030,
    "probability": 0.8712,
    "confidence": 0.6,
    "evidence": [
        {"signal": "views", **SIGN},
        {"signal": "suppressed_posts", "value": None, "strength": None, "log_odds": None},
        {"signal": "comments", **SIGN},
        {"signal": "policy_flags", **SIGN, "value": 2.0},
    ],
    "note": "",
}


def test_report_suppression_shows_how_likely_it_is_and_by_which_signs() -> None:
    found = section(report_of(BAN, key="shadowban_check"), "Suppression")
    assert found.startswith("- Probability that posts are held back: **87.1 %** · confidence: **60.0 %**\n")
    assert "A sign, not a finding" in found
    assert (
        "Measured until 2025-06-27 12:00 UTC, as younger posts still gather views: 12 recent posts against 1,030."
        in found
    )
    assert "| Fall of the median views | 96.0 % | 100.0 % |" in found
    assert "| Posts under a tenth of the usual views | – | – |" in found
    assert "| Policy flags | 2 | 100.0 % |" in found


def test_report_suppression_without_enough_posts_says_so() -> None:
    told = BAN | {"probability": None, "confidence": None, "note": "Not enough data: 2 posts."}
    found = section(report_of(told, key="shadowban_check"), "Suppression")
    assert found.startswith("Not enough data: 2 posts.\n\nMeasured until 2025-06-27 12:00 UTC")
    assert "Probability" not in found
    assert "| Sign |" not in found


def test_report_suppression_names_every_sign() -> None:
    assert _SIGNALS.keys() == {signal.value for signal in Signal}


def test_report_audience_shows_segments_with_their_hooks() -> None:
    audience = section(report_of({"segments": [SEGMENT], "note": ""}, key="audience_mapper"), "Audience")
    assert "| Cheese \\| wine | 0.61 | 25.0 % | – | -5.0 % | 9 | a, b, c, d, e, f |" in audience
    assert "- **Cheese \\| wine**: Try \\<this\\>; And that" in audience


@pytest.mark.parametrize(
    ("note", "said"), [("Too few posts.", "Too few posts."), ("", "No segment scored high enough.")]
)
def test_report_audience_without_segments_says_why(note: str, said: str) -> None:
    report = report_of({"segments": [], "note": note}, key="audience_mapper")
    assert section(report, "Audience").strip() == said


def test_report_trends_shows_where_they_come_from() -> None:
    trends = section(report_of(TRENDS, key="trend_watcher"), "Trends")
    assert trends.startswith("From the account's own posts, the last 168 hours.\n\n")
    assert "| #snow\\_day | 0.12 | 0.5 | 10.0 % | It \\*rises\\*. |" in trends


@pytest.mark.parametrize(
    ("note", "said"), [("Nothing new.", "Nothing new."), ("", "No tag of the account is a trend that fits.")]
)
def test_report_trends_without_one_says_why(note: str, said: str) -> None:
    report = report_of(TRENDS | {"trends": [], "note": note}, key="trend_watcher")
    assert section(report, "Trends").strip() == said


@pytest.mark.parametrize(
    ("blocked", "verdict"), [(True, "would be blocked"), (False, "nothing would be blocked")]
)
def test_report_compliance_shows_findings_and_the_verdict(blocked: bool, verdict: str) -> None:
    found = section(
        report_of(COMPLIANCE | {"blocked": blocked, "note": "No brand."}, key="compliance"), "Compliance"
    )
    assert found.startswith(
        f"- Checked: **50** · score: **91.5** · **{verdict}** · findings: **1**\n\nNo brand.\n\n"
    )
    quote = ("cures | all" * 20)[:80].replace("|", "\\|")
    assert f"| high | claims | 75 | {quote} | Leave it out. |" in found


@pytest.mark.parametrize(("findings", "more"), [(FINDINGS_SHOWN, ""), (FINDINGS_SHOWN + 3, "And 3 more; ")])
def test_report_compliance_shows_a_page_of_findings_and_how_many_more(findings: int, more: str) -> None:
    found = section(
        report_of(COMPLIANCE | {"findings": [FINDING] * findings}, key="compliance"), "Compliance"
    )
    assert found.count("| high |") == FINDINGS_SHOWN
    assert ("the run's page lists them all." in found) == bool(more)
    assert more in found


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (
            "failed",
            "It is *away*.",
            "*Not done (failed): It is \\*away\\*.*",
        ),
        ("skipped", "", "*Not done (skipped): a step before it did not succeed*"),
    ],
)
def test_report_of_a_step_that_was_not_done_says_why(status: str, error: str, said: str) -> None:
    report = report_of(None, key="account_health", status=status, error=error)
    assert section(report, "Health").strip() == said
    assert "- Steps done before this report: **0** of 1" in report


@pytest.mark.parametrize(
    ("simulated", "said"),
    [(True, "**$0.001234** simulated (the sandbox spends nothing)"), (False, "**$0.001234**\n")],
)
def test_report_tells_whose_money_it_took(simulated: bool, said: str) -> None:
    run = WorkflowRunFactory.create(definition__slug="made")
    agent_run = AgentRun.objects.create(account=run.account, agent="made", as_of=NOON, run_id=run.id)
    AgentStep.objects.create(
        agent_run=agent_run,
        kind="claude",
        name="made",
        cost_usd=Decimal("0.001234"),
        is_simulated=simulated,
        input_tokens=12_000,
        cache_read_tokens=345,
    )
    report = render(run)
    assert f"- Calls to the model: **1** · tokens: **12,345** · cost: {said}" in report
    assert f"- Run: `{run.id}` · made v1\n" in report


def test_report_with_everything_is_whole_markdown() -> None:
    run = WorkflowRunFactory.create()
    outputs = {
        "account_health": HEALTH,
        "audience_mapper": {"segments": [SEGMENT], "note": ""},
        "trend_watcher": TRENDS,
        "compliance": COMPLIANCE,
    }
    for position, (key, output) in enumerate(outputs.items()):
        WorkflowStepFactory.create(run=run, key=key, position=position, status="succeeded", output=output)
    made = MarkdownIt("commonmark", {"html": False}).enable("table").render(render(run))
    assert made.count("<table>") == 6
    assert [made.count(f"<h{level}>") for level in (1, 2, 3)] == [1, 5, 2]
    assert "|" not in made.replace("Cheese | wine", "").replace("cures | all", "").replace("cures |", "")


def test_trends_of_tiktok_name_what_rises_off_brand() -> None:
    shown = TRENDS | {"source": "tiktok", "off_brand": ["robot_wars"]}
    assert _trends(shown)[0] == "From TikTok's trends, the last 168 hours."
    assert _trends(shown)[-2:] == ["Rising, but off brand: #robot\\_wars.", ""]
    nothing = shown | {"trends": [], "note": "None fits."}
    assert _trends(nothing) == ["None fits.", "", "Rising, but off brand: #robot\\_wars.", ""]
