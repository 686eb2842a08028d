"""A workspace's guardrail policies, and what the guardrails found. Both only grow."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from agents.guardrails.findings import Category, Place
from agents.guardrails.policy import CustomPattern, Policy, Preset, Verdict
from agents.skills.severity import Severity
from tiktok_ops.accounts.models import TikTokAccount, User, Workspace
from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.ids import new_id

PLACES = [
    (Place.MODEL_INPUT.value, _("What the model was to read")),
    (Place.MODEL_OUTPUT.value, _("What the model wrote")),
    (Place.ASKED.value, _("What a person was asked")),
    (Place.HUMAN_EDIT.value, _("What a person decided on")),
    (Place.FINAL_BYTES.value, _("What was about to leave")),
]
PRESETS = [
    (Preset.STARTER.value, _("Starter")),
    (Preset.STANDARD.value, _("Standard")),
    (Preset.REGULATED.value, _("Regulated")),
    (Preset.CUSTOM.value, _("Of its own")),
]


class GuardrailPolicy(models.Model):
    """One version of a workspace's policy; the highest version holds. Append-only.

    `rules` maps a detector to `{"verdict", "threshold"}`, `patterns` are the workspace's own as
    `{"name", "pattern", "verdict"}`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="guardrail_policies")
    version = models.PositiveIntegerField()
    preset = models.CharField(max_length=16, choices=PRESETS)
    rules = models.JSONField()
    patterns = models.JSONField(default=list)
    allowed_domains = models.JSONField(default=list)
    competitors = models.JSONField(default=list)
    note = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[ScopedQuerySet["GuardrailPolicy"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "workspace"

    class Meta:
        verbose_name = _("guardrail policy")
        verbose_name_plural = _("guardrail policies")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "version"], name="guardrail_policy_version_once"),
            models.CheckConstraint(condition=Q(version__gte=1), name="guardrail_policy_version_from_one"),
            models.CheckConstraint(
                condition=Q(preset__in=[preset.value for preset in Preset]),
                name="guardrail_policy_preset_known",
            ),
        ]

    def __str__(self) -> str:
        return f"Version {self.version}"

    def as_policy(self) -> Policy:
        """Return what it says, as the guardrails read it."""
        return Policy(
            version=self.version,
            preset=Preset(self.preset),
            verdicts={name: Verdict(rule["verdict"]) for name, rule in self.rules.items()},
            thresholds={name: float(rule["threshold"]) for name, rule in self.rules.items()},
            patterns=tuple(
                CustomPattern(one["name"], one["pattern"], Verdict(one["verdict"])) for one in self.patterns
            ),
            allowed_domains=tuple(self.allowed_domains),
            competitors=tuple(self.competitors),
        )


class GuardrailFinding(models.Model):
    """What a guardrail found: where, what kind of thing, and what became of the content; never the thing itself.

    `text_digest` is an HMAC of the text it was found in, `offset` and `length` are Python characters of that.
    The workflow run, its step and the approval are above this app: ids, not foreign keys. Append-only.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="guardrail_findings")
    account = models.ForeignKey(TikTokAccount, on_delete=models.PROTECT, related_name="guardrail_findings")
    agent_run = models.ForeignKey(
        "agents.AgentRun", on_delete=models.PROTECT, null=True, related_name="guardrail_findings"
    )
    run_id = models.UUIDField(null=True, db_index=True)
    step_id = models.UUIDField(null=True)
    request_id = models.UUIDField(null=True, db_index=True)
    place = models.CharField(max_length=16, choices=PLACES)
    detector = models.CharField(max_length=80)
    category = models.CharField(max_length=16, choices=[(one.value, one.value) for one in Category])
    kind = models.CharField(max_length=80, blank=True)
    severity = models.CharField(max_length=16, choices=[(one.value, one.value) for one in Severity])
    score = models.FloatField()
    verdict = models.CharField(max_length=16, choices=[(one.value, one.value) for one in Verdict])
    policy_version = models.PositiveIntegerField()
    field = models.CharField(max_length=200, blank=True)
    offset = models.PositiveIntegerField()
    length = models.PositiveIntegerField()
    text_digest = models.CharField(max_length=64, blank=True)
    found_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[ScopedQuerySet["GuardrailFinding"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "workspace"
    brand_path: ClassVar[str] = "account__brand"

    class Meta:
        verbose_name = _("guardrail finding")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(place__in=[place.value for place in Place]), name="guardrail_finding_place_known"
            ),
            models.CheckConstraint(
                condition=Q(verdict__in=["flag", "redact", "hold", "block"]),
                name="guardrail_finding_verdict_known",
            ),
            models.CheckConstraint(
                condition=Q(severity__in=[one.value for one in Severity]),
                name="guardrail_finding_severity_known",
            ),
            models.CheckConstraint(
                condition=Q(score__gte=0, score__lte=1), name="guardrail_finding_score_is_share"
            ),
            # What could not be checked is held, and is at no place.
            models.CheckConstraint(
                condition=~Q(category="fault") | Q(verdict="hold", length=0), name="guardrail_fault_holds"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.detector} {self.verdict}"
