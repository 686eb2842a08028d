"""The profile audit's report: every figure from the agents' outputs, the words beside them."""

from datetime import datetime
from typing import Any

from agents.totals import totals_of_run
from workflows.models import WorkflowRun, WorkflowStep
from workflows.reports.markdown import number, paragraph, percent, table, text

SECTIONS = {
    "account_health": "Health",
    "shadowban_check": "Suppression",
    "audience_mapper": "Audience",
    "trend_watcher": "Trends",
    "compliance": "Compliance",
}
FINDINGS_SHOWN = 20
_SIGNALS = {
    "views": "Fall of the median views",
    "suppressed_posts": "Posts under a tenth of the usual views",
    "comments": "Fall of the comments per 1,000 views",
    "policy_flags": "Policy flags",
}
_SOURCES = {"own posts": "the account's own posts", "tiktok": "TikTok's trends"}


def render(run: WorkflowRun) -> str:
    """Return the report of a run whose other steps have all ended, as Markdown."""
    steps = {step.key: step for step in run.steps.all()}
    lines = [f"# Profile audit of @{text(run.account.handle)}", "", *_facts(run)]
    for key, title in SECTIONS.items():
        if step := steps.get(key):
            lines += [f"## {title}", "", *_section(step)]
    lines += ["## How this was made", "", *_making(run, steps)]
    return "\n".join(lines).rstrip() + "\n"


def _facts(run: WorkflowRun) -> list[str]:
    """Return what the report is about, and what to know before trusting it."""
    source = run.account.get_data_source_display()
    lines = [
        f"Data as of **{run.as_of:%Y-%m-%d %H:%M} UTC** · source: {text(source)} · "
        f"mode: {text(run.get_mode_display())}",
        "",
    ]
    for warning in run.warnings:
        lines += [f"> {paragraph(warning)}", ""]
    return lines


def _section(step: WorkflowStep) -> list[str]:
    """Return a section's lines, or why there are none."""
    if step.status != "succeeded" or step.output is None:
        return [f"*Not done ({step.status}): {text(step.error or 'a step before it did not succeed')}*", ""]
    return _WRITERS[step.key](step.output)


def _health(health: dict[str, Any]) -> list[str]:
    score, risk = health["overall_score"], health["shadowban_risk"]
    trend = health["engagement_trend"]
    lines = [
        paragraph(health["summary"]),
        "",
        f"- Score: **{number(score)}**{' of 100' if score is not None else ''} · "
        f"category: **{text(health['category'])}** · risk of suppression: **{text(risk or 'not known')}**",
        f"- Posts per week: **{number(health['posts_per_week'])}** · engagement: "
        f"**{text(trend['direction'] or 'not known')}** ({percent(trend['window'])} of views now, "
        f"{percent(trend['baseline'])} before)",
        "",
        *table(
            ["", "Posts", "Median views", "Median likes", "Comments per 1,000 views"],
            [_window("Window", health["window"]), _window("Baseline", health["baseline"])],
        ),
        "### Canaries",
        "",
        *table(["Canary", "State", "Now", "Before", "What it says"], map(_canary, health["canaries"])),
        "### Best hours (UTC)",
        "",
        *_best_hours(health["best_hours"]),
    ]
    return lines


def _window(name: str, figures: dict[str, Any]) -> list[str]:
    return [
        name,
        number(figures["posts"]),
        number(figures["median_views"]),
        number(figures["median_likes"]),
        number(figures["comments_per_1000_views"]),
    ]


def _canary(canary: dict[str, Any]) -> list[str]:
    state = {True: "tripped", False: "quiet", None: "not known"}[canary["tripped"]]
    return [
        canary["name"],
        state,
        number(canary["value"]),
        number(canary["reference"]),
        canary["explanation"],
    ]


def _best_hours(hours: list[dict[str, Any]]) -> list[str]:
    if not hours:
        return ["No hour of the day has three posts in the last 90 days.", ""]
    rows = [
        [f"{hour['hour']:02}:00", number(hour["posts"]), number(hour["median_views"])] for hour in hours[:5]
    ]
    return table(["Hour", "Posts", "Median views"], rows)


def _suppression(check: dict[str, Any]) -> list[str]:
    measured = (
        f"Measured until {datetime.fromisoformat(check['measured_until']):%Y-%m-%d %H:%M} UTC, as younger posts still "
        f"gather views: {number(check['recent_posts'])} recent posts against {number(check['baseline_posts'])}."
    )
    if check["probability"] is None:
        return [paragraph(check["note"]), "", measured, ""]
    rows = [
        [
            _SIGNALS[one["signal"]],
            number(one["value"]) if one["signal"] == "policy_flags" else percent(one["value"]),
            percent(one["strength"]),
        ]
        for one in check["evidence"]
    ]
    return [
        f"- Probability that posts are held back: **{percent(check['probability'])}** · "
        f"confidence: **{percent(check['confidence'])}**",
        "- A sign, not a finding: only TikTok knows, and says so under Account status in its app.",
        "",
        measured,
        "",
        *table(["Sign", "Now", "Strength"], rows),
    ]


def _audience(audience: dict[str, Any]) -> list[str]:
    if not audience["segments"]:
        return [paragraph(audience["note"] or "No segment scored high enough."), ""]
    rows = [
        [
            segment["name"],
            number(segment["score"]),
            percent(segment["share"]),
            number(segment["lift"]),
            percent(segment["growth"]),
            number(segment["posts"]),
            ", ".join(segment["terms"][:6]),
        ]
        for segment in audience["segments"]
    ]
    lines = table(["Segment", "Score", "Share of views", "Lift", "Growth", "Posts", "Terms"], rows)
    for segment in audience["segments"]:
        hooks = "; ".join(text(hook) for hook in segment["hooks"])
        lines.append(f"- **{text(segment['name'])}**: {hooks}")
    return [*lines, ""]


def _trends(trends: dict[str, Any]) -> list[str]:
    off_brand = ", ".join(f"#{text(tag)}" for tag in trends.get("off_brand", ()))
    after = [f"Rising, but off brand: {off_brand}.", ""] if off_brand else []
    if not trends["trends"]:
        return [paragraph(trends["note"] or "No tag of the account is a trend that fits."), "", *after]
    rows = [
        [
            f"#{trend['tag']}",
            number(trend["fit"]),
            number(trend["velocity"]),
            percent(trend["saturation"]),
            trend["why"],
        ]
        for trend in trends["trends"]
    ]
    return [
        f"From {_SOURCES[trends['source']]}, the last {number(trends['freshness_hours'])} hours.",
        "",
        *table(["Tag", "Fit", "Velocity", "Saturation", "Why"], rows),
        *after,
    ]


def _compliance(compliance: dict[str, Any]) -> list[str]:
    findings = compliance["findings"]
    verdict = "would be blocked" if compliance["blocked"] else "nothing would be blocked"
    lines = [
        f"- Checked: **{number(compliance['checked'])}** · score: **{number(compliance['score'])}** · "
        f"**{verdict}** · findings: **{len(findings)}**",
        "",
    ]
    if compliance["note"]:
        lines += [paragraph(compliance["note"]), ""]
    shown = [
        [finding["severity"], finding["rule"], finding["post"], finding["quote"][:80], finding["fix"]]
        for finding in findings[:FINDINGS_SHOWN]
    ]
    lines += table(["Severity", "Rule", "Post", "Words", "What to do"], shown)
    if len(findings) > FINDINGS_SHOWN:
        lines += [f"And {len(findings) - FINDINGS_SHOWN} more; the run's page lists them all.", ""]
    return lines


_WRITERS = {
    "account_health": _health,
    "shadowban_check": _suppression,
    "audience_mapper": _audience,
    "trend_watcher": _trends,
    "compliance": _compliance,
}


def _making(run: WorkflowRun, steps: dict[str, WorkflowStep]) -> list[str]:
    """Return what it took: the steps before the report, the calls, tokens and cost of their trace."""
    totals = totals_of_run(run.id)
    tokens = sum(totals.tokens.values())
    done = sum(step.status == "succeeded" for step in steps.values())
    cost = [f"**${totals.simulated_usd:.6f}** simulated (the sandbox spends nothing)"]
    if totals.cost_usd:
        cost = [f"**${totals.cost_usd:.6f}**"]
    return [
        f"- Steps done before this report: **{done}** of {len(steps) - 1}",
        f"- Calls to the model: **{totals.calls}** · tokens: **{number(tokens)}** · cost: {cost[0]}",
        f"- Run: `{run.id}` · {text(str(run.definition))}",
    ]
