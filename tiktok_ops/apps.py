"""The roof: settings, pages and commands that belong to no app of their own."""

from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core.checks import CheckMessage, Tags, register


class RoofConfig(AppConfig):
    """Holds the project's own commands, templates and static files."""

    name = "tiktok_ops"
    label = "tiktok_ops"
    verbose_name = "TikTok Ops"

    def ready(self) -> None:
        """Check the queue, and let no process begin with one that is not safe."""
        from tiktok_ops.queue.safety import check_queue, check_safe
        from tiktok_ops.starting import register_start_check

        register(check_queue)
        register_start_check(check_safe)


class PagesConfig(SimpleAdminConfig):
    """The admin, whose pages come with the addresses (`tiktok_ops.pages`): they are half of what a start loads."""

    def ready(self) -> None:
        """Check the pages, which nothing else may have loaded yet."""
        register(check_dependencies, Tags.admin)
        register(check_pages, Tags.admin)


def check_pages(**given: Any) -> list[CheckMessage]:
    """Load the pages of every app and return what is wrong with them."""
    import_module(settings.ROOT_URLCONF)
    found: list[CheckMessage] = check_admin_app(**given)
    return found
