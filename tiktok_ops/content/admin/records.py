"""The pages of comments, figures, the shop, creators and trends: read-only."""

from django.contrib import admin

from tiktok_ops.admin import MachineWrittenAdmin
from tiktok_ops.cells import EMPTY, moment, percent, shortened, visible, whole
from tiktok_ops.content.models import (
    AccountMetrics,
    AudienceShare,
    Comment,
    Creator,
    OrderLine,
    Product,
    Trend,
)
from tiktok_ops.filters import DayRangeFilter, ScopedRelatedFilter

_NOT_CONNECTED = "They arrive once an account is connected to TikTok; a file does not bring them."
_FROM_STUDIO = (
    "They arrive with a file of TikTok Studio's analytics, or once an account is connected to TikTok."
)
_FROM_SCRAPERS = "They arrive with a file of comments, or once an account is connected to TikTok."


@admin.register(AccountMetrics)
class AccountMetricsAdmin(MachineWrittenAdmin):
    """Figures of accounts, day by day."""

    list_display = (
        "day",
        "account",
        "followers",
        "video_views",
        "profile_views",
        "likes",
        "comments",
        "shares",
        "viewers",
    )
    list_select_related = ("account",)
    list_filter_submit = True
    list_filter = (("account", ScopedRelatedFilter),)
    empty_text = f"There are no daily figures yet. {_FROM_STUDIO}"


@admin.register(AudienceShare)
class AudienceShareAdmin(MachineWrittenAdmin):
    """Where and who the followers are, and in which hours they are active."""

    list_display = ("observed_on", "account", "dimension", "value", "share_cell", "followers_cell")
    list_select_related = ("account",)
    list_filter_submit = True
    list_filter = (("account", ScopedRelatedFilter), "dimension")
    fields = ("account", "observed_on", "dimension", "value", "share_cell", "followers_cell")
    empty_text = f"Nothing is known of the audience yet. {_FROM_STUDIO}"

    @admin.display(description="Share", ordering="share")
    def share_cell(self, row: AudienceShare) -> str:
        """Show which part of all followers they are."""
        return percent(row.share)

    @admin.display(description="Active followers", ordering="followers")
    def followers_cell(self, row: AudienceShare) -> str:
        """Show how many were active in the hour."""
        return EMPTY if row.followers is None else whole(row.followers)


@admin.register(Comment)
class CommentAdmin(MachineWrittenAdmin):
    """Comments under posts; text by strangers."""

    list_display = ("text_cell", "author_cell", "account", "likes", "written_cell")
    list_select_related = ("account",)
    list_filter_submit = True
    list_filter = (("account", ScopedRelatedFilter), ("created_at", DayRangeFilter))
    search_fields = ("text", "author")
    fields = (
        "account",
        "post",
        "author_cell",
        "whole_text",
        "likes",
        "written_cell",
        "comment_id",
        "parent_id",
    )
    empty_text = f"There are no comments yet. {_FROM_SCRAPERS}"

    @admin.display(description="Comment")
    def text_cell(self, comment: Comment) -> str:
        """Show how the comment begins."""
        return shortened(comment.text) or EMPTY

    @admin.display(description="Comment")
    def whole_text(self, comment: Comment) -> str:
        """Show the whole comment, with hidden characters written out."""
        return visible(comment.text)

    @admin.display(description="By", ordering="author")
    def author_cell(self, comment: Comment) -> str:
        """Show who wrote it."""
        return visible(comment.author) or EMPTY

    @admin.display(description="Written", ordering="created_at")
    def written_cell(self, comment: Comment) -> str:
        """Show when it was written."""
        return moment(comment.created_at)


@admin.register(Product)
class ProductAdmin(MachineWrittenAdmin):
    """Products of the accounts' shops."""

    list_display = ("title", "account", "price", "currency", "stock", "status")
    list_select_related = ("account",)
    list_filter_submit = True
    list_filter = (("account", ScopedRelatedFilter),)
    search_fields = ("title", "product_id")
    empty_text = f"There are no products yet. {_NOT_CONNECTED}"


@admin.register(OrderLine)
class OrderLineAdmin(MachineWrittenAdmin):
    """What was ordered in the shops."""

    list_display = ("order_id", "product", "account", "quantity", "is_cancelled", "ordered_at")
    list_select_related = ("account", "product")
    list_filter_submit = True
    list_filter = (("account", ScopedRelatedFilter), ("ordered_at", DayRangeFilter))
    search_fields = ("order_id",)
    empty_text = f"There are no orders yet. {_NOT_CONNECTED}"


@admin.register(Creator)
class CreatorAdmin(MachineWrittenAdmin):
    """Creators a workspace may write to."""

    list_display = ("handle", "workspace", "followers_cell", "engagement_cell")
    list_select_related = ("workspace",)
    list_filter_submit = True
    list_filter = (("workspace", ScopedRelatedFilter),)
    search_fields = ("handle",)
    fields = ("handle", "workspace", "followers_cell", "engagement_cell", "segments")
    empty_text = f"There are no creators yet. {_NOT_CONNECTED}"

    @admin.display(description="Followers", ordering="followers")
    def followers_cell(self, creator: Creator) -> str:
        """Show how many follow them."""
        return whole(creator.followers)

    @admin.display(description="Engagement", ordering="engagement_rate")
    def engagement_cell(self, creator: Creator) -> str:
        """Show their engagement rate."""
        return percent(creator.engagement_rate)


@admin.register(Trend)
class TrendAdmin(MachineWrittenAdmin):
    """Trends as providers reported them; common to all workspaces."""

    is_shared = True
    list_display = ("tag", "region", "category", "posts", "views", "observed_at")
    search_fields = ("tag",)
    empty_text = f"There are no trends yet. {_NOT_CONNECTED}"
