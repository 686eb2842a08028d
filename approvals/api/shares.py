"""`/api/v1/approval-shares/`: for each brand, the share of what was approved that nobody edited."""

from typing import Any, ClassVar

from rest_framework import serializers

from approvals.models import ApprovalRequest
from approvals.services import MODE_PATH
from approvals.shares import share_of, with_shares
from tiktok_ops.accounts.api.views import with_live
from tiktok_ops.accounts.models import Brand
from tiktok_ops.rest.filters import Filters, id_filter
from tiktok_ops.rest.resources import ReadResource
from tiktok_ops.rest.scoping import caller_of
from tiktok_ops.rest.serializers import ResourceSerializer


class ShareFilters(Filters):
    """Filters of shares."""

    workspace = id_filter("workspace")


class ShareSerializer(ResourceSerializer[Brand]):
    """Of a brand, whose id this is: how many drafts were approved, and how many of them without an edit.

    `share` is from 0 to 1, null while nothing was approved.
    """

    approved = serializers.IntegerField()
    without_edits = serializers.IntegerField()
    share = serializers.SerializerMethodField()

    class Meta:
        model = Brand
        fields = ("id", "sandbox", "workspace_id", "name", "approved", "without_edits", "share")

    def get_sandbox(self, row: Any) -> bool:
        """Return whether no account in reach is live."""
        return not row.has_live

    def get_share(self, brand: Any) -> float | None:
        """Return the share, rounded to a thousandth."""
        share = share_of(brand)
        return None if share is None else round(share, 3)


class ShareResource(ReadResource[Brand]):
    """The share approved without edits, brand by brand, the newest first."""

    queryset = Brand.objects.all()
    serializer_class = ShareSerializer
    filterset_class = ShareFilters
    mode_path: ClassVar[str] = ""

    def rows(self) -> Any:
        """Return every brand, with what was approved for it as far as the caller sees that."""
        caller = caller_of(self.request)
        asked = caller.sees(ApprovalRequest.objects.all(), mode_path=MODE_PATH)
        return with_shares(with_live(super().rows(), caller, "brand"), asked)
