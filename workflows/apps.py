"""Workflows app."""

import os
import sys

from django.apps import AppConfig
from django.core.checks import register

from agents.providers.registry import check_providers
from workflows.processes import DIE_WITH_PARENT, die_with_parent


class WorkflowsConfig(AppConfig):
    """Steps in order, surviving restarts: definitions, the engine, worker and keeper."""

    name = "workflows"
    verbose_name = "Workflows"

    def ready(self) -> None:
        """Register the checks and what accounts' pages offer; tie a worker's processes to their supervisor."""
        from agents.sandbox.tiktok.own_addresses import register_fetcher
        from tiktok_ops.queue import Cluster, this_cluster
        from tiktok_ops.starting import register_start_check
        from tiktok_ops.vault.rotation import register_sealed
        from workflows import account_actions
        from workflows.approval_kinds import register_kinds
        from workflows.checks import WORK, check_crash_points, check_definitions, check_provider_settings
        from workflows.effects.addresses import fetch_here
        from workflows.effects.ledger import SEALED_ADDRESSES
        from workflows.photo_kinds import register_photo_kind
        from workflows.sql import check_current
        from workflows.stop_switch_pages import banner

        account_actions.register()
        register_kinds()
        register_photo_kind()
        register_fetcher(fetch_here)
        register_sealed(SEALED_ADDRESSES)
        banner.register()
        register_start_check(check_current)
        for check in (check_definitions, check_provider_settings, check_crash_points):
            register(check, WORK)
        die_with_parent()
        if DIE_WITH_PARENT in os.environ and "qcluster" in sys.argv and this_cluster() == Cluster.SHORT:
            # Importing a vendor's library takes a second: once here rather than once in every fork. Agents
            # are asked in short steps; the long cluster, of one process, loads what its steps turn out to need.
            check_providers(deep=True)
