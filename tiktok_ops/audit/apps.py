"""Audit app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The append-only record of who did what."""

    name = "tiktok_ops.audit"
    label = "audit"
    verbose_name = "Audit"
