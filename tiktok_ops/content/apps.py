"""Content app."""

from django.apps import AppConfig


class ContentConfig(AppConfig):
    """Posts, comments, products, media and what imports bring in."""

    name = "tiktok_ops.content"
    label = "content"
    verbose_name = "Content"

    def ready(self) -> None:
        """Tell the pages of accounts what is known of their posts."""
        from tiktok_ops.content import account_facts

        account_facts.register()
