"""What agents' answers raise alerts for, and when those are over."""

from typing import Any

import pytest

from agents.registry import AGENTS
from agents.warnings import RULES, Warnings, raise_warnings, warnings_of
from tests.factories.accounts import AccountFactory
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.alerts.models import Alert

CANARY = {"tripped": True, "explanation": "Median views fell."}
HEALTH: dict[str, Any] = {
    "enough_data": True,
    "category": "at risk",
    "overall_score": 41,
    "canaries": [CANARY],
}
BAN: dict[str, Any] = {"enough_data": True, "probability": 0.5}
CRISIS = {"video_id": "71", "negative": 30, "comments": 34, "expected": 2.04}
TRIAGE: dict[str, Any] = {"crises_judged": True, "crises": [CRISIS, CRISIS | {"video_id": "72"}]}
LAMP = {"product_id": "1", "title": "Lamp", "days_of_cover": 2.25, "stock": 9, "units_per_day": 4.0}
STOCK: dict[str, Any] = {
    "enough_data": True,
    "low_stock": [LAMP],
    "oversold": [{"product_id": "2", "title": "Shade", "units_short": 3}],
}
TRENDS: dict[str, Any] = {
    "enough_data": True,
    "trends": [{"tag": "tea", "velocity": 0.5, "fit": 0.123}, {"tag": "dog", "velocity": 0.49, "fit": 0.2}],
}
SAYING = {"account_health": HEALTH, "shadowban_check": BAN, "comment_triage": TRIAGE, "inventory_sync": STOCK}
SAYING["trend_watcher"] = TRENDS


def warned(agent: str, output: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one.kind, one.part, one.severity) for one in warnings_of(agent, output).warned]


def test_rules_are_for_agents_there_are() -> None:
    assert RULES.keys() <= AGENTS.keys()
    assert SAYING.keys() == RULES.keys()


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ("account_health", [("health_drop", "", "warning")]),
        ("shadowban_check", [("suppression", "", "critical")]),
        ("comment_triage", [("comment_crisis", "71", "critical"), ("comment_crisis", "72", "critical")]),
        ("inventory_sync", [("low_stock", "1", "warning"), ("oversold", "2", "critical")]),
        ("trend_watcher", [("rising_trend", "tea", "info")]),
    ],
)
def test_warnings_of_an_answer_name_what_is_wrong(agent: str, expected: list[tuple[str, str, str]]) -> None:
    assert warned(agent, SAYING[agent]) == expected


@pytest.mark.parametrize(
    ("agent", "changes"),
    [
        ("account_health", {"category": "watch"}),
        ("shadowban_check", {"probability": 0.4999}),
        ("comment_triage", {"crises": []}),
        ("inventory_sync", {"low_stock": [], "oversold": []}),
        ("trend_watcher", {"trends": []}),
    ],
)
def test_warnings_of_a_good_answer_are_none_but_it_judges(agent: str, changes: dict[str, Any]) -> None:
    warnings = warnings_of(agent, SAYING[agent] | changes)
    assert warnings.warned == ()
    assert warnings.judged == RULES[agent].judges


@pytest.mark.parametrize("agent", RULES)
def test_warnings_of_an_answer_without_enough_data_judge_nothing(agent: str) -> None:
    unsure = {"enough_data": False, "crises_judged": False, "probability": None}
    assert warnings_of(agent, SAYING[agent] | unsure) == Warnings()
    assert not warnings_of("compliance", {"findings": []})


def live(account: TikTokAccount) -> set[str]:
    return set(Alert.objects.filter(account=account, status="open").values_list("sentence", flat=True))


@pytest.mark.django_db
def test_raise_warnings_opens_each_once_and_resolves_what_is_over() -> None:
    account: TikTokAccount = AccountFactory.create(handle="lumen")
    other: TikTokAccount = AccountFactory.create()
    for each in (account, account, other):
        raise_warnings(warnings_of("comment_triage", TRIAGE), account=each)
    assert live(account) == {
        f"@lumen: comments turn against the post {video}: 30 of 34 in 24 hours are negative, where 2.0 would be usual."
        for video in ("71", "72")
    }
    assert set(Alert.objects.filter(account=account).values_list("times", flat=True)) == {2}
    raise_warnings(warnings_of("comment_triage", TRIAGE | {"crises": [CRISIS]}), account=account)
    assert len(live(account)) == 1
    gone = Alert.objects.get(account=account, status="resolved")
    assert gone.resolved_by == "agents"
    assert len(live(other)) == 2


@pytest.mark.django_db
def test_raise_warnings_leaves_what_another_agent_judges() -> None:
    account: TikTokAccount = AccountFactory.create()
    raise_warnings(warnings_of("inventory_sync", STOCK), account=account)
    raise_warnings(warnings_of("comment_triage", TRIAGE | {"crises": []}), account=account)
    assert len(live(account)) == 2
