"""Vault app."""

from django.apps import AppConfig


class VaultConfig(AppConfig):
    """Secrets: sealed, versioned, read on record, never shown."""

    name = "tiktok_ops.vault"
    label = "vault"
    verbose_name = "Vault"

    def ready(self) -> None:
        """Let a change of keys reach the versions of secrets."""
        from tiktok_ops.vault.rotation import register_sealed
        from tiktok_ops.vault.services import SEALED_VERSIONS

        register_sealed(SEALED_VERSIONS)
