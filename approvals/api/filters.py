"""What approvals can be narrowed to."""

from django_filters.rest_framework import CharFilter, ChoiceFilter

from approvals.models import ApprovalRequest
from approvals.transitions import REQUEST
from tiktok_ops.rest.filters import Filters, id_filter, since_filter


class ApprovalFilters(Filters):
    """Filters of approvals; `run` is the id of the run that asks."""

    workspace = id_filter("workspace")
    brand = id_filter("account__brand")
    account = id_filter("account")
    run = id_filter("run_id")
    kind = CharFilter()
    status = ChoiceFilter(choices=[(status, status) for status in REQUEST.statuses])
    risk = ChoiceFilter(choices=ApprovalRequest.Risk.choices)
    created_since = since_filter("created_at")
    decided_since = since_filter("decided_at")
