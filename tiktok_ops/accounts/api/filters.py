"""What accounts, brands and workspaces can be narrowed to."""

from django_filters.rest_framework import CharFilter, ChoiceFilter

from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.rest.filters import Filters, id_filter, since_filter


class WorkspaceFilters(Filters):
    """Filters of workspaces."""

    slug = CharFilter()
    created_since = since_filter("created_at")


class BrandFilters(Filters):
    """Filters of brands."""

    workspace = id_filter("workspace")
    created_since = since_filter("created_at")


class AccountFilters(Filters):
    """Filters of accounts; the handle is written without the @, in any case."""

    workspace = id_filter("workspace")
    brand = id_filter("brand")
    handle = CharFilter(lookup_expr="iexact")
    ownership = ChoiceFilter(choices=TikTokAccount.Ownership.choices)
    created_since = since_filter("created_at")
