"""Guardrail policies and findings as they would stand in the database."""

from typing import Any

from agents.guardrails.models import GuardrailFinding, GuardrailPolicy
from agents.guardrails.policy import Policy, Preset
from tiktok_ops.accounts.models import TikTokAccount, Workspace


def policy_of(workspace: Workspace, *, preset: Preset = Preset.STANDARD, **values: Any) -> GuardrailPolicy:
    """Return the next version of a workspace's policy: a preset with these fields."""
    before = GuardrailPolicy.objects.filter(workspace=workspace).count()
    policy = Policy.of_preset(preset)
    verdicts = values.pop("verdicts", {})
    rules = {
        name: {**rule, "verdict": verdicts.get(name, rule["verdict"])}
        for name, rule in policy.rules().items()
    }
    return GuardrailPolicy.objects.create(
        **{"workspace": workspace, "version": before + 1, "preset": preset.value, "rules": rules, **values}
    )


def finding_on(account: TikTokAccount, **values: Any) -> GuardrailFinding:
    """Return a finding on the account: an e-mail address in a caption that was asked about."""
    given: dict[str, Any] = {
        "workspace_id": account.workspace_id,
        "account": account,
        "place": "asked",
        "detector": "email",
        "category": "personal",
        "kind": "email",
        "severity": "high",
        "score": 0.98,
        "verdict": "hold",
        "policy_version": 1,
        "field": "caption",
        "offset": 9,
        "length": 15,
        "text_digest": "0" * 64,
    }
    return GuardrailFinding.objects.create(**given | values)
