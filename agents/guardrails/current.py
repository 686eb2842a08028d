"""What holds for an account now: the newest version of its workspace's policy, and what detectors may know."""

from uuid import UUID

from agents.guardrails.findings import ScanContext
from agents.guardrails.models import GuardrailPolicy
from agents.guardrails.policy import DEFAULT_PRESET, Policy
from agents.guardrails.regions import regions_of
from tiktok_ops.accounts.models import TikTokAccount


def current_policy(workspace_id: UUID) -> Policy:
    """Return the policy of a workspace; the standard preset, as version 0, where it never adopted one."""
    newest = GuardrailPolicy.objects.filter(workspace_id=workspace_id).order_by("-version").first()
    return newest.as_policy() if newest else Policy.of_preset(DEFAULT_PRESET)


def context_of_account(account: TikTokAccount) -> ScanContext:
    """Return what detectors may know of an account."""
    banned = tuple(account.brand.banned_claims) if account.brand else ()
    return ScanContext(regions=regions_of(account.locale), banned_claims=banned)
