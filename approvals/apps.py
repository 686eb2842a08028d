"""Approvals app."""

from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    """A person must say yes to exactly this: requests, decisions and the review desk."""

    name = "approvals"
    verbose_name = "Approvals"
