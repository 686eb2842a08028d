"""`/api/v1/guardrail-policies/` and `/api/v1/findings/`: what guardrails go by, and what they found."""

from typing import Any, cast

from django.db.models import Exists, OuterRef
from django_filters.rest_framework import BooleanFilter, CharFilter, ChoiceFilter
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agents.guardrails.models import PLACES, GuardrailFinding, GuardrailPolicy
from agents.guardrails.policy import Verdict
from agents.skills.severity import Severity
from tiktok_ops.accounts.api.views import live_accounts
from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.audit.services import actor_name
from tiktok_ops.rest.filters import Filters, before_filter, id_filter, since_filter
from tiktok_ops.rest.resources import ReadResource
from tiktok_ops.rest.scoping import caller_of
from tiktok_ops.rest.serializers import ResourceSerializer


class PolicyFilters(Filters):
    """Filters of guardrail policies."""

    workspace = id_filter("workspace")
    is_current = BooleanFilter()
    created_since = since_filter("created_at")


class FindingFilters(Filters):
    """Filters of guardrail findings."""

    workspace = id_filter("workspace")
    brand = id_filter("account__brand")
    account = id_filter("account")
    run = id_filter("run_id")
    approval = id_filter("request_id")
    agent_run = id_filter("agent_run")
    place = ChoiceFilter(choices=PLACES)
    detector = CharFilter()
    severity = ChoiceFilter(choices=[(one.value, one.value) for one in Severity])
    verdict = ChoiceFilter(choices=[(one.value, one.value) for one in Verdict])
    found_since = since_filter("found_at")
    found_before = before_filter("found_at")


@extend_schema_field({"type": "object", "additionalProperties": {"type": "object"}})
class RulesField(serializers.JSONField):
    """Verdict and threshold by detector."""


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class WordsField(serializers.JSONField):
    """Words."""


@extend_schema_field(
    {"type": "array", "items": {"type": "object", "additionalProperties": {"type": "string"}}}
)
class PatternsField(serializers.JSONField):
    """Patterns, each with its name and its verdict."""


class PolicySerializer(ResourceSerializer[GuardrailPolicy]):
    """A version of a workspace's policy; the current one holds. A workspace without any goes by the standard preset."""

    is_current = serializers.BooleanField()
    rules = RulesField()
    patterns = PatternsField()
    allowed_domains = WordsField()
    competitors = WordsField()
    created_by = serializers.SerializerMethodField()

    class Meta:
        model = GuardrailPolicy
        fields = (
            "id",
            "sandbox",
            "workspace_id",
            "version",
            "is_current",
            "preset",
            "rules",
            "patterns",
            "allowed_domains",
            "competitors",
            "note",
            "created_by",
            "created_at",
        )

    def get_sandbox(self, row: Any) -> bool:
        """Return whether no account in reach is live."""
        return not row.has_live

    def get_created_by(self, policy: GuardrailPolicy) -> str | None:
        """Return who saved it as the audit trail names actors; None for a process."""
        return None if policy.created_by is None else actor_name(policy.created_by)


class FindingSerializer(ResourceSerializer[GuardrailFinding]):
    """A finding: what kind of thing was found where, and what became of the content; never the thing itself."""

    approval_id = serializers.UUIDField(source="request_id", allow_null=True)

    class Meta:
        model = GuardrailFinding
        fields = (
            "id",
            "sandbox",
            "workspace_id",
            "account_id",
            "run_id",
            "step_id",
            "agent_run_id",
            "approval_id",
            "place",
            "detector",
            "category",
            "kind",
            "severity",
            "score",
            "verdict",
            "policy_version",
            "field",
            "offset",
            "length",
            "text_digest",
            "found_at",
        )

    def get_sandbox(self, row: Any) -> bool:
        """Return whether it was found on an account of the sandbox."""
        return super().get_sandbox(row.account)


class PolicyResource(ReadResource[GuardrailPolicy]):
    """Guardrail policies in all their versions, the newest first."""

    queryset = GuardrailPolicy.objects.all()
    serializer_class = PolicySerializer
    filterset_class = PolicyFilters
    mode_path = ""

    def rows(self) -> ScopedQuerySet[GuardrailPolicy]:
        """Return every version, with whether it holds and whether a live account is in reach there."""
        newer = GuardrailPolicy.objects.filter(
            workspace=OuterRef("workspace"), version__gt=OuterRef("version")
        )
        live = live_accounts(caller_of(self.request)).filter(workspace=OuterRef("workspace"))
        rows = super().rows().select_related("created_by")
        annotated = rows.annotate(is_current=~Exists(newer), has_live=Exists(live))
        return cast(ScopedQuerySet[GuardrailPolicy], annotated)


class FindingResource(ReadResource[GuardrailFinding]):
    """What the guardrails found, the newest first."""

    queryset = GuardrailFinding.objects.all()
    serializer_class = FindingSerializer
    filterset_class = FindingFilters
    mode_path = "account__mode"

    def rows(self) -> ScopedQuerySet[GuardrailFinding]:
        """Return every finding with its account."""
        return super().rows().select_related("account")
