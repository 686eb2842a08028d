"""Puts the agent and the approval of the benchmark where the engine finds them."""

from django.apps import AppConfig


class BenchmarksConfig(AppConfig):
    """Registers what the benchmark's workflows ask for, in every process that works on them."""

    name = "benchmarks"

    def ready(self) -> None:
        """Add the agent to the registries that are frozen by now, and register the approval."""
        from agents import registry, runner
        from approvals.kinds import register
        from benchmarks.workload import KIND, NOOP
        from workflows import validation

        agents = registry.by_name([*registry.AGENTS.values(), NOOP])
        for module in (registry, runner, validation):
            module.AGENTS = agents  # type: ignore[attr-defined]
        register(KIND)
