"""What posts, their figures and assets can be narrowed to."""

from django_filters.rest_framework import CharFilter

from tiktok_ops.rest.filters import Filters, before_filter, id_filter, since_filter


class PostFilters(Filters):
    """Filters of posts; `external_id` is the id TikTok knows the post by."""

    workspace = id_filter("account__workspace")
    brand = id_filter("account__brand")
    account = id_filter("account")
    external_id = CharFilter(field_name="video_id")
    created_since = since_filter("created_at")
    created_before = before_filter("created_at")


class PostMetricsFilters(Filters):
    """Filters of a post's figures."""

    observed_since = since_filter("observed_at")


class AssetFilters(Filters):
    """Filters of assets."""

    workspace = id_filter("workspace")
    brand = id_filter("brand")
    sha256 = CharFilter()
    created_since = since_filter("created_at")
