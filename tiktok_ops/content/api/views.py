"""`/api/v1/posts/` with their metrics, and `/api/v1/assets/`."""

from typing import Any, cast

from django.db.models import Case, Exists, OuterRef, QuerySet, When

from tiktok_ops.accounts.api.views import live_accounts
from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.content.api.filters import AssetFilters, PostFilters, PostMetricsFilters
from tiktok_ops.content.api.serializers import AssetSerializer, PostMetricsSerializer, PostSerializer
from tiktok_ops.content.models import Asset, Post, PostMetrics
from tiktok_ops.rest.pagination import LatestFirst, LatestObserved
from tiktok_ops.rest.resources import PartResource, ReadResource
from tiktok_ops.rest.scoping import caller_of


class PostResource(ReadResource[Post]):
    """Posts, those created last on TikTok first."""

    queryset = Post.objects.select_related("account").defer("extra")
    serializer_class = PostSerializer
    filterset_class = PostFilters
    pagination_class = LatestFirst
    mode_path = "account__mode"


class PostMetricsResource(PartResource[PostMetrics]):
    """What a post's counts were, at every moment they were looked at; the latest first."""

    queryset = PostMetrics.objects.all()
    serializer_class = PostMetricsSerializer
    filterset_class = PostMetricsFilters
    pagination_class = LatestObserved
    wholes = Post.objects.all()
    mode_path = "account__mode"

    def of(self, whole: Any) -> QuerySet[PostMetrics]:
        """Return the figures of a post."""
        return PostMetrics.objects.filter(post=whole).select_related("post__account")


class AssetResource(ReadResource[Asset]):
    """Media files, the newest first: what they are, never their bytes."""

    queryset = Asset.objects.all()
    serializer_class = AssetSerializer
    filterset_class = AssetFilters
    mode_path = ""

    def rows(self) -> ScopedQuerySet[Asset]:
        """Return every asset, with whether a live account in reach could post it."""
        live = live_accounts(caller_of(self.request))
        has_live = Case(
            When(brand=None, then=Exists(live.filter(workspace=OuterRef("workspace")))),
            default=Exists(live.filter(brand=OuterRef("brand"))),
        )
        return cast(ScopedQuerySet[Asset], super().rows().annotate(has_live=has_live))
