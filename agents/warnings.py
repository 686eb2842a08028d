"""What of an agent's answer becomes an alert: rules on computed figures, none on words a model wrote.

Decisions only; `raise_warnings` writes. To add a rule: a function here, a line in `RULES`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from agents.definitions.trend_watcher import RISING_FROM
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.alerts.models import Alert
from tiktok_ops.alerts.services import raise_alert, resolve_others

SURE_FROM = 0.5
"""A probability of a shadowban from which somebody should look: as likely as not."""

BY = "agents"
Output = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Warned:
    """One alert to raise about the account; with `part` about one thing on it: a post, a product, a tag."""

    kind: str
    severity: Alert.Severity
    sentence: str
    what_to_do: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class Warnings:
    """What an answer warns of, and the kinds it is the judge of: of these, what is not warned of is over."""

    warned: tuple[Warned, ...] = ()
    judged: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.warned or self.judged)


def warnings_of(agent: str, output: Output) -> Warnings:
    """Return what the answer of the agent warns of; nothing of one without enough data, and nothing is over then."""
    rule = RULES.get(agent)
    if rule is None or not rule.is_judged(output):
        return Warnings()
    return Warnings(tuple(rule.warn(output)), rule.judges)


def raise_warnings(warnings: Warnings, *, account: TikTokAccount) -> None:
    """Raise what is warned of, in the caller's transaction, and resolve what the answer shows to be over."""
    for one in warnings.warned:
        raise_alert(
            kind=one.kind,
            about=account,
            part=one.part,
            of=account,
            severity=one.severity,
            sentence=f"@{account.handle}: {one.sentence}",
            what_to_do=one.what_to_do,
        )
    resolve_others(
        kinds=warnings.judged, of=account, but=[(one.kind, one.part) for one in warnings.warned], by=BY
    )


@dataclass(frozen=True, slots=True)
class Rule:
    """How an agent's answer is read. `is_judged` says whether the agent could judge at all."""

    warn: Callable[[Output], Iterator[Warned]]
    is_judged: Callable[[Output], bool]
    judges: tuple[str, ...]


def _health(output: Output) -> Iterator[Warned]:
    if output["category"] != "at risk":
        return
    tripped = [canary["explanation"] for canary in output["canaries"] if canary["tripped"]]
    yield Warned(
        kind="health_drop",
        severity=Alert.Severity.WARNING,
        sentence=f"its health is at risk: {output['overall_score']} of 100. {' '.join(tripped)}".strip(),
        what_to_do="Read the audit's report; post less of what the last weeks' posts share until it recovers.",
    )


def _shadowban(output: Output) -> Iterator[Warned]:
    if output["probability"] < SURE_FROM:
        return
    yield Warned(
        kind="suppression",
        severity=Alert.Severity.CRITICAL,
        sentence=f"its posts are probably held back ({output['probability']:.0%} by their figures).",
        what_to_do="A sign, not a finding: look under Account status in the TikTok app, and hold posts until you know.",
    )


def _triage(output: Output) -> Iterator[Warned]:
    for crisis in output["crises"]:
        yield Warned(
            kind="comment_crisis",
            severity=Alert.Severity.CRITICAL,
            part=crisis["video_id"],
            sentence=f"comments turn against the post {crisis['video_id']}: {crisis['negative']} of "
            f"{crisis['comments']} in 24 hours are negative, where {crisis['expected']:.1f} would be usual.",
            what_to_do="Read the comments now, answer the complaints by hand, and hold what is to be posted next.",
        )


def _inventory(output: Output) -> Iterator[Warned]:
    for level in output["low_stock"]:
        yield Warned(
            kind="low_stock",
            severity=Alert.Severity.WARNING,
            part=level["product_id"],
            sentence=f"{level['title']!r} lasts {level['days_of_cover']:.1f} more days: {level['stock']} left, "
            f"{level['units_per_day']:.1f} sold a day.",
            what_to_do="Order more, or stop promoting it until it is there.",
        )
    for short in output["oversold"]:
        yield Warned(
            kind="oversold",
            severity=Alert.Severity.CRITICAL,
            part=short["product_id"],
            sentence=f"{short['title']!r} is promised to {short['units_short']} more buyers than there are units.",
            what_to_do="Take it off sale, and tell the buyers whose orders will be late.",
        )


def _trends(output: Output) -> Iterator[Warned]:
    for trend in output["trends"]:
        if trend["velocity"] >= RISING_FROM:
            yield Warned(
                kind="rising_trend",
                severity=Alert.Severity.INFO,
                part=trend["tag"],
                sentence=f"#{trend['tag']} rises fast and fits the brand (fit {trend['fit']:.2f}).",
                what_to_do="Draft a post on it while it rises.",
            )


def _has_data(output: Output) -> bool:
    return bool(output["enough_data"])


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "account_health": Rule(_health, _has_data, ("health_drop",)),
        "shadowban_check": Rule(_shadowban, _has_data, ("suppression",)),
        "comment_triage": Rule(_triage, lambda output: bool(output["crises_judged"]), ("comment_crisis",)),
        "inventory_sync": Rule(_inventory, _has_data, ("low_stock", "oversold")),
        "trend_watcher": Rule(_trends, _has_data, ("rising_trend",)),
    }
)
