"""The pages of posts, reports, media, imports, and of what else imports and sync bring in."""

from tiktok_ops.content.admin.assets import AssetAdmin
from tiktok_ops.content.admin.imports import ContentImportAdmin
from tiktok_ops.content.admin.posts import PostAdmin
from tiktok_ops.content.admin.records import (
    AccountMetricsAdmin,
    AudienceShareAdmin,
    CommentAdmin,
    CreatorAdmin,
    OrderLineAdmin,
    ProductAdmin,
    TrendAdmin,
)
from tiktok_ops.content.admin.reports import ArtifactAdmin

__all__ = [
    "AccountMetricsAdmin",
    "ArtifactAdmin",
    "AssetAdmin",
    "AudienceShareAdmin",
    "CommentAdmin",
    "ContentImportAdmin",
    "CreatorAdmin",
    "OrderLineAdmin",
    "PostAdmin",
    "ProductAdmin",
    "TrendAdmin",
]
