"""Posts, their figures and assets as objects of the API."""

from typing import Any

from rest_framework import serializers

from tiktok_ops.content.models import Artifact, Asset, Post, PostMetrics
from tiktok_ops.rest.serializers import ResourceSerializer


class PostSerializer(ResourceSerializer[Post]):
    """A post with its newest counts; `external_id` is the id TikTok knows it by."""

    external_id = serializers.CharField(source="video_id")

    class Meta:
        model = Post
        fields = (
            "id",
            "sandbox",
            "account_id",
            "external_id",
            "url",
            "caption",
            "hashtags",
            "views",
            "likes",
            "comments",
            "shares",
            "created_at",
        )

    def get_sandbox(self, row: Any) -> bool:
        """Return whether the post's account is of the sandbox."""
        return super().get_sandbox(row.account)


class PostMetricsSerializer(ResourceSerializer[PostMetrics]):
    """A post's counts as seen at one moment; its id is the post's with the moment, in microseconds."""

    id = serializers.SerializerMethodField()

    class Meta:
        model = PostMetrics
        fields = ("id", "sandbox", "post_id", "views", "likes", "comments", "shares", "observed_at")

    def get_id(self, row: PostMetrics) -> str:
        """Return an id that says nothing of how many rows others have."""
        return f"{row.post_id}.{round(row.observed_at.timestamp() * 1_000_000)}"

    def get_sandbox(self, row: Any) -> bool:
        """Return whether the post's account is of the sandbox."""
        return super().get_sandbox(row.post.account)


class AssetSerializer(ResourceSerializer[Asset]):
    """A media file and the right to use it; of the sandbox while no live account in reach could post it."""

    class Meta:
        model = Asset
        fields = (
            "id",
            "sandbox",
            "workspace_id",
            "brand_id",
            "sha256",
            "media_type",
            "bytes",
            "probe",
            "rights_note",
            "rights_expire_at",
            "created_at",
        )

    def get_sandbox(self, row: Any) -> bool:
        """Return whether no account in reach that could post it is live."""
        return not row.has_live


class ArtifactSerializer(ResourceSerializer[Artifact]):
    """What a step of a run made; the view says the run's `mode`. Text by the run's agents is text, not markup."""

    class Meta:
        model = Artifact
        fields = (
            "id",
            "sandbox",
            "account_id",
            "run_id",
            "step_id",
            "kind",
            "round",
            "media_type",
            "text",
            "asset_id",
            "sha256",
            "created_at",
        )
