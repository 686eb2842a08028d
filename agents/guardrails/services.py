"""What people do to a workspace's guardrail policy: adopt a preset, save a version of their own. Nothing is changed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import transaction

from agents.guardrails.current import current_policy
from agents.guardrails.models import GuardrailPolicy
from agents.guardrails.patterns import MOST_PATTERNS, PatternRefused, check_pattern, try_pattern
from agents.guardrails.policy import CustomPattern, Policy, Preset, Verdict
from agents.guardrails.registry import DETECTORS
from tiktok_ops.accounts.access import workspaces_with
from tiktok_ops.accounts.models import User, Workspace
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.audit.services import record
from tiktok_ops.errors import NotAllowed, Overtaken, Refused

MOST_WORDS = 200
"""So many domains, and so many competitors, a policy takes."""

LONGEST_WORD = 100
LONGEST_NOTE = 200
_DOMAIN = re.compile(r"^(?=.{1,100}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,24}$")
_NAME = re.compile(r"^[a-z0-9][a-z0-9_-]{0,39}$")


class PolicyRefused(Refused):
    """This guardrail policy cannot be saved."""


class PolicyNotYours(NotAllowed):
    """A guardrail policy is for the owners of the workspace to change."""


class PolicyMovedOn(Overtaken):
    """Somebody saved another version meanwhile: look at it, and change that one."""


def adopt_preset(*, workspace_id: UUID, preset: str, by: User | str, note: str = "") -> GuardrailPolicy:
    """Make a preset the workspace's policy; its own patterns, domains and competitors stay.

    Raises `PolicyRefused` for what is no preset, `PolicyNotYours` for a person who is no owner there.
    """
    if preset not in {one.value for one in Preset if one is not Preset.CUSTOM}:
        raise PolicyRefused(f"There is no preset {preset!r}: choose starter, standard or regulated.")
    with transaction.atomic():
        now = _locked(workspace_id, by)
        chosen = Policy.of_preset(Preset(preset))
        adopted = replace(
            chosen, patterns=now.patterns, allowed_domains=now.allowed_domains, competitors=now.competitors
        )
        return _save(workspace_id, adopted, now.version + 1, by=by, note=note)


def save_policy(
    *,
    workspace_id: UUID,
    verdicts: Mapping[str, str],
    by: User | str,
    thresholds: Mapping[str, Any] | None = None,
    patterns: Sequence[CustomPattern] = (),
    allowed_domains: Sequence[str] = (),
    competitors: Sequence[str] = (),
    note: str = "",
    seen_version: int | None = None,
) -> GuardrailPolicy:
    """Save a new version with these verdicts; a detector that is not named keeps what it has.

    `seen_version` is the version the person changed. Raises `PolicyRefused` naming the value and the remedy,
    `PolicyNotYours`, or `PolicyMovedOn` where that version is not the newest any more.
    """
    given = Policy(
        preset=Preset.CUSTOM,
        verdicts=_checked_verdicts(verdicts),
        thresholds=_checked_thresholds(thresholds or {}),
        patterns=_checked_patterns(patterns),
        allowed_domains=_checked_domains(allowed_domains),
        competitors=_checked_words(competitors, "competitor"),
    )
    with transaction.atomic():
        now = _locked(workspace_id, by)
        if seen_version is not None and seen_version != now.version:
            raise PolicyMovedOn
        saved = replace(
            given,
            verdicts={**now.verdicts, **given.verdicts},
            thresholds={**now.thresholds, **given.thresholds},
        )
        return _save(workspace_id, saved, now.version + 1, by=by, note=note)


def _locked(workspace_id: UUID, by: User | str) -> Policy:
    """Return the policy as it is, its workspace locked; raises `PolicyNotYours`."""
    if isinstance(by, User):
        managed = workspaces_with(by, Capability.MANAGE).filter(id=workspace_id)
        if not (by.is_active and managed.exists()):
            raise PolicyNotYours
    Workspace.objects.select_for_update().get(id=workspace_id)
    return current_policy(workspace_id)


def _save(workspace_id: UUID, policy: Policy, version: int, *, by: User | str, note: str) -> GuardrailPolicy:
    row = GuardrailPolicy.objects.create(
        workspace_id=workspace_id,
        version=version,
        preset=policy.preset.value,
        rules=policy.rules(),
        patterns=[
            {"name": one.name, "pattern": one.pattern, "verdict": one.verdict.value}
            for one in policy.patterns
        ],
        allowed_domains=list(policy.allowed_domains),
        competitors=list(policy.competitors),
        note=note.strip()[:LONGEST_NOTE],
        created_by=by if isinstance(by, User) else None,
    )
    record(
        "guardrail_policy.adopted" if policy.preset is not Preset.CUSTOM else "guardrail_policy.saved",
        by=by,
        subject=f"guardrail policy {row.id}",
        workspace_id=workspace_id,
        data={
            "version": version,
            "preset": policy.preset.value,
            "verdicts": {name: rule["verdict"] for name, rule in row.rules.items()},
            "patterns": len(row.patterns),
            "allowed_domains": row.allowed_domains,
            "competitors": row.competitors,
        },
    )
    return row


def _checked_verdicts(given: Mapping[str, str]) -> dict[str, Verdict]:
    for name, verdict in given.items():
        if name not in DETECTORS:
            raise PolicyRefused(f"There is no detector {name!r}; there are {', '.join(DETECTORS)}.")
        if verdict not in set(Verdict):
            raise PolicyRefused(
                f"The verdict of {name!r} is {verdict!r}: choose one of {', '.join(Verdict)}."
            )
    return {name: Verdict(verdict) for name, verdict in given.items()}


def _checked_thresholds(given: Mapping[str, Any]) -> dict[str, float]:
    for name, threshold in given.items():
        if name not in DETECTORS:
            raise PolicyRefused(f"There is no detector {name!r}; there are {', '.join(DETECTORS)}.")
        if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
            raise PolicyRefused(f"The threshold of {name!r} is {threshold!r}: give a number from 0 to 1.")
    return {name: float(threshold) for name, threshold in given.items()}


def _checked_patterns(given: Sequence[CustomPattern]) -> tuple[CustomPattern, ...]:
    if len(given) > MOST_PATTERNS:
        raise PolicyRefused(
            f"There are {len(given)} patterns, and at most {MOST_PATTERNS} may be: give fewer."
        )
    names = [one.name for one in given]
    for one in given:
        if not _NAME.match(one.name) or names.count(one.name) > 1:
            raise PolicyRefused(
                f"The pattern's name {one.name!r} does not do: give each its own, of small letters, digits, - and _."
            )
        try:
            check_pattern(one.pattern)
            try_pattern(one.pattern)
        except PatternRefused as refused:
            raise PolicyRefused(f"The pattern {one.name!r} cannot be used: {refused}.") from None
    return tuple(given)


def _checked_domains(given: Sequence[str]) -> tuple[str, ...]:
    domains = tuple(dict.fromkeys(one.strip().lower().removeprefix("www.") for one in given if one.strip()))
    for domain in domains:
        if not _DOMAIN.match(domain):
            raise PolicyRefused(
                f"The domain {domain!r} does not do: write it as example.com, without https://."
            )
    return _checked_words(domains, "domain")


def _checked_words(given: Sequence[str], noun: str) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(" ".join(one.split()) for one in given if one.strip()))
    if len(words) > MOST_WORDS:
        raise PolicyRefused(f"There are {len(words)} {noun}s, and at most {MOST_WORDS} may be: give fewer.")
    for word in words:
        if len(word) > LONGEST_WORD:
            raise PolicyRefused(
                f"The {noun} {word[:20]!r}… is longer than {LONGEST_WORD} characters: shorten it."
            )
    return words
