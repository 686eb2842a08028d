"""The roof: settings, pages and commands that belong to no app of their own."""

from django.apps import AppConfig, apps
from django.contrib import admin
from django.core.checks import register


class RoofConfig(AppConfig):
    """Holds the project's own commands, templates and static files."""

    name = "tiktok_ops"
    label = "tiktok_ops"
    verbose_name = "TikTok Ops"

    def ready(self) -> None:
        """Check the queue; take django-q's own pages off the admin: a row added there would run any Python path."""
        from tiktok_ops.queue.safety import check_queue

        register(check_queue)
        for model in apps.get_app_config("django_q").get_models():
            if admin.site.is_registered(model):
                admin.site.unregister(model)
