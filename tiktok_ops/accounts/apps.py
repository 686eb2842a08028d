"""Accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Workspaces, people, brands, TikTok accounts and API keys."""

    name = "tiktok_ops.accounts"
    label = "accounts"
    verbose_name = "Accounts"
