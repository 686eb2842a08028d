"""Approvals and decisions as objects of the API, and what it takes to decide."""

import json
from typing import Any

from rest_framework import serializers

from approvals.kinds import kind_of
from approvals.models import ApprovalRequest, Decision
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.audit.services import actor_name
from tiktok_ops.rest.serializers import BodySerializer, Money, ResourceSerializer, money_usd

COMMENT_LENGTH = 2000


class ApprovalAccountSerializer(ResourceSerializer[TikTokAccount]):
    """The account an approval is about, in short."""

    class Meta:
        model = TikTokAccount
        fields = ("id", "sandbox", "handle")


class DecisionSerializer(ResourceSerializer[Decision]):
    """What a person said of exactly these bytes."""

    approval_id = serializers.UUIDField(source="request_id")
    decided_by = serializers.SerializerMethodField()

    class Meta:
        model = Decision
        fields = (
            "id",
            "sandbox",
            "approval_id",
            "verb",
            "comment",
            "decided_by",
            "decided_at",
            "channel",
            "payload_sha256",
        )

    def get_sandbox(self, row: Decision) -> bool:
        """Return whether the account is of the sandbox."""
        return super().get_sandbox(row.request.account)

    def get_decided_by(self, decision: Decision) -> str:
        """Return the person as the audit trail names actors; also where a key decided for them."""
        return actor_name(decision.decided_by)


class ApprovalSerializer(ResourceSerializer[ApprovalRequest]):
    """A question to a person: may exactly these bytes leave?"""

    account = ApprovalAccountSerializer()
    amount = serializers.SerializerMethodField()
    requested_by = serializers.SerializerMethodField()

    class Meta:
        model = ApprovalRequest
        fields: tuple[str, ...] = (
            "id",
            "sandbox",
            "workspace_id",
            "account",
            "run_id",
            "step_id",
            "kind",
            "title",
            "status",
            "risk",
            "amount",
            "version",
            "supersedes_id",
            "payload_sha256",
            "requested_by",
            "created_at",
            "decided_at",
        )

    def get_sandbox(self, row: ApprovalRequest) -> bool:
        """Return whether the account is of the sandbox."""
        return super().get_sandbox(row.account)

    def get_amount(self, asked: ApprovalRequest) -> Money | None:
        """Return the money in it; None where there is none."""
        return None if asked.amount_usd is None else money_usd(asked.amount_usd)

    def get_requested_by(self, asked: ApprovalRequest) -> str | None:
        """Return who started the run as the audit trail names actors; None for a key or a process."""
        return None if asked.requested_by is None else actor_name(asked.requested_by)


class ApprovalDetailSerializer(ApprovalSerializer):
    """An approval with all that a person should see before they decide."""

    approve_label = serializers.SerializerMethodField()
    payload = serializers.SerializerMethodField()
    decisions = DecisionSerializer(many=True)

    class Meta(ApprovalSerializer.Meta):
        fields = (*ApprovalSerializer.Meta.fields, "approve_label", "payload", "facts", "decisions")

    def get_approve_label(self, asked: ApprovalRequest) -> str | None:
        """Return what approving does, in the words of the button; None when it is not open."""
        if asked.status != "open":
            return None
        kind = kind_of(asked.kind)
        return kind.approve_label(kind.Payload.model_validate_json(bytes(asked.payload)))

    def get_payload(self, asked: ApprovalRequest) -> dict[str, Any]:
        """Return what would be done; written as canonical JSON its digest is `payload_sha256`."""
        payload: dict[str, Any] = json.loads(bytes(asked.payload))
        return payload


class DecideSerializer(BodySerializer):
    """A decision: what is said, of which bytes, and why."""

    noun = "a decision"

    verb = serializers.ChoiceField(choices=Decision.Verb.choices)
    seen_sha256 = serializers.RegexField(
        "^[0-9a-f]{64}$", help_text="The `payload_sha256` of what was looked at: nothing else is decided on."
    )
    payload = serializers.DictField(
        required=False, help_text="To approve this in place of what was asked for: all fields of the kind."
    )
    comment = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=COMMENT_LENGTH,
        help_text="For people; a rejection needs one.",
    )
