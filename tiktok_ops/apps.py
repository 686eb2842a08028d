"""The roof: settings, pages and commands that belong to no app of their own."""

from django.apps import AppConfig, apps
from django.contrib import admin


class RoofConfig(AppConfig):
    """Holds the project's own commands, templates and static files."""

    name = "tiktok_ops"
    label = "tiktok_ops"
    verbose_name = "TikTok Ops"

    def ready(self) -> None:
        """Take django-q's own pages off the admin: a row added there would run any Python path."""
        for model in apps.get_app_config("django_q").get_models():
            if admin.site.is_registered(model):
                admin.site.unregister(model)
