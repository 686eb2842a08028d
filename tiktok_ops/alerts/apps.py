"""Alerts app."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    """What a person should look at, until somebody has."""

    name = "tiktok_ops.alerts"
    label = "alerts"
    verbose_name = "Alerts"
