"""The page of posts with how their counts came about."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tiktok_ops.admin import MachineWrittenAdmin, MachineWrittenInline
from tiktok_ops.cells import EMPTY, json_block, moment, percent, shortened, visible, whole
from tiktok_ops.content.models import Post, PostMetrics
from tiktok_ops.filters import DayRangeFilter, ScopedRelatedFilter


class CountCells:
    """Cells for the four counts, with their thousands set apart."""

    @admin.display(description="Views", ordering="views")
    def views_cell(self, row: Any) -> str:
        """Show the views."""
        return whole(row.views)

    @admin.display(description="Likes", ordering="likes")
    def likes_cell(self, row: Any) -> str:
        """Show the likes."""
        return whole(row.likes)

    @admin.display(description="Comments", ordering="comments")
    def comments_cell(self, row: Any) -> str:
        """Show the comments."""
        return whole(row.comments)

    @admin.display(description="Shares", ordering="shares")
    def shares_cell(self, row: Any) -> str:
        """Show the shares."""
        return whole(row.shares)


class PostMetricsInline(CountCells, MachineWrittenInline):
    """The counts as they were seen, newest first."""

    model = PostMetrics
    fields = ("seen_cell", "views_cell", "likes_cell", "comments_cell", "shares_cell")
    readonly_fields = fields
    verbose_name_plural = "counts as they were seen"
    per_page = 20

    @admin.display(description="Seen")
    def seen_cell(self, metrics: PostMetrics) -> str:
        """Show when the counts were seen."""
        return moment(metrics.observed_at)


@admin.register(Post)
class PostAdmin(CountCells, MachineWrittenAdmin):
    """Posts with their newest counts; imports and sync write them."""

    list_display = (
        *("caption_cell", "account", "posted_cell"),
        *("views_cell", "likes_cell", "comments_cell", "shares_cell", "engagement_cell"),
    )
    list_select_related = ("account",)
    list_filter_submit = True
    list_filter = (("account", ScopedRelatedFilter), ("created_at", DayRangeFilter))
    search_fields = ("caption", "video_id")
    search_help_text = "Search captions and video ids"
    inlines = (PostMetricsInline,)
    empty_text = "There are no posts yet. Open an account and choose Import a file."
    fieldsets = (
        (
            None,
            {"fields": ("account", "caption_text", "hashtags_cell", "posted_cell", "url_cell", "video_id")},
        ),
        (
            "Newest counts",
            {"fields": (("views_cell", "likes_cell", "comments_cell", "shares_cell", "engagement_cell"),)},
        ),
        ("Other columns of the file", {"fields": ("extra_cell",)}),
    )

    @admin.display(description="Caption", ordering="caption")
    def caption_cell(self, post: Post) -> str:
        """Show how the caption begins."""
        return shortened(post.caption) or post.video_id

    @admin.display(description="Caption")
    def caption_text(self, post: Post) -> str:
        """Show the whole caption, with hidden characters written out."""
        return visible(post.caption) or EMPTY

    @admin.display(description="Hashtags")
    def hashtags_cell(self, post: Post) -> str:
        """Show the hashtags."""
        return visible(" ".join(f"#{tag}" for tag in post.hashtags)) or EMPTY

    @admin.display(description="Posted", ordering="created_at")
    def posted_cell(self, post: Post) -> str:
        """Show when the post was published."""
        return moment(post.created_at)

    @admin.display(description="Engagement")
    def engagement_cell(self, post: Post) -> str:
        """Show likes, comments and shares by views."""
        return percent((post.likes + post.comments + post.shares) / post.views if post.views else None)

    @admin.display(description="Address")
    def url_cell(self, post: Post) -> SafeString | str:
        """Show the address, as a link when it is one with https."""
        if not post.url.startswith("https://"):
            return visible(post.url) or EMPTY
        return format_html(
            '<a class="ops-link" href="{}" rel="noopener noreferrer nofollow">{}</a>',
            post.url,
            visible(post.url),
        )

    @admin.display(description="As they were")
    def extra_cell(self, post: Post) -> str:
        """Show what else the file said of the post."""
        return json_block(post.extra or None)
