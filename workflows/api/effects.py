"""`/api/v1/effects/`: what left, or is about to, and what proves what became of it."""

from typing import Any

from django_filters.rest_framework import CharFilter, ChoiceFilter
from rest_framework import serializers

from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.audit.services import actor_name
from tiktok_ops.rest.filters import Filters, id_filter, since_filter
from tiktok_ops.rest.resources import ReadResource
from tiktok_ops.rest.serializers import ResourceSerializer
from workflows.effects.models import Effect
from workflows.transitions import EFFECT


class EffectFilters(Filters):
    """Filters of effects; `run` is the id of the run whose step acts."""

    workspace = id_filter("workspace")
    brand = id_filter("account__brand")
    account = id_filter("account")
    run = id_filter("step__run")
    kind = CharFilter()
    status = ChoiceFilter(choices=[(status, status) for status in EFFECT.statuses])
    delivery = ChoiceFilter(choices=Effect.Delivery.choices)
    created_since = since_filter("created_at")
    status_since = since_filter("status_since")
    finished_since = since_filter("finished_at")


class EffectAccountSerializer(ResourceSerializer[TikTokAccount]):
    """The account an effect is on, in short."""

    class Meta:
        model = TikTokAccount
        fields = ("id", "sandbox", "handle")


class EffectSerializer(ResourceSerializer[Effect]):
    """An outward act; `confirmed` is TikTok's word or that of the person who gave a link, as `confirmed_by` says.

    `approval_id` is what was asked and `decision_id` who approved it: what is sent are that decision's bytes,
    whose digest is `payload_sha256`.
    """

    account = EffectAccountSerializer()
    run_id = serializers.UUIDField(source="step.run_id")
    approval_id = serializers.UUIDField(source="request_id")
    settled_by = serializers.SerializerMethodField()
    attempt_allowed_by = serializers.SerializerMethodField()

    class Meta:
        model = Effect
        fields = (
            "id",
            "sandbox",
            "workspace_id",
            "account",
            "run_id",
            "step_id",
            "kind",
            "approval_id",
            "decision_id",
            "payload_sha256",
            "mode",
            "delivery",
            "status",
            "status_since",
            "claims",
            "provider_ref",
            "post_id",
            "url",
            "confirmed_by",
            "settled_by",
            "attempt_allowed_by",
            "attempt_allowed_at",
            "error",
            "evidence",
            "created_at",
            "finished_at",
        )

    def get_settled_by(self, effect: Effect) -> str | None:
        """Return who gave the link as the audit trail names actors; None where nobody had to."""
        return None if effect.settled_by is None else actor_name(effect.settled_by)

    def get_attempt_allowed_by(self, effect: Effect) -> str | None:
        """Return who said that it was not live, so that it was sent once more; None where nobody did."""
        return None if effect.attempt_allowed_by is None else actor_name(effect.attempt_allowed_by)


class EffectResource(ReadResource[Effect]):
    """Effects, the newest first; never where an upload goes, which is a secret."""

    queryset = Effect.objects.all()
    serializer_class = EffectSerializer
    filterset_class = EffectFilters
    mode_path = "mode"

    def rows(self) -> ScopedQuerySet[Effect]:
        """Return every effect with what its serializer shows, and nothing it does not."""
        rows: Any = super().rows().select_related("account", "step", "settled_by", "attempt_allowed_by")
        effects: ScopedQuerySet[Effect] = rows.defer("upload_secret", "creator", "step__output")
        return effects
