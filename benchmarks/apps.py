"""Puts the agent and the approval of the benchmark where the engine finds them."""

import sys

from django.apps import AppConfig


class BenchmarksConfig(AppConfig):
    """Registers what the benchmark's workflows ask for, in every process that works on them."""

    name = "benchmarks"

    def ready(self) -> None:
        """Add the agent to the registries that are frozen by now, and register the approval."""
        from agents import registry
        from approvals.kinds import register
        from benchmarks.workload import KIND, NOOP

        frozen = registry.AGENTS
        agents = registry.by_name([*frozen.values(), NOOP])
        for module in list(sys.modules.values()):
            if vars(module).get("AGENTS") is frozen:
                module.AGENTS = agents  # type: ignore[attr-defined]
        register(KIND)
