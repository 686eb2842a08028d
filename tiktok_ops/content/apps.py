"""Content app."""

from django.apps import AppConfig


class ContentConfig(AppConfig):
    """Posts, comments, products, media and what imports bring in."""

    name = "tiktok_ops.content"
    label = "content"
    verbose_name = "Content"
