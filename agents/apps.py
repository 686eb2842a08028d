"""Agents app."""

from django.apps import AppConfig


class AgentsConfig(AppConfig):
    """Agents, the providers they ask, and the trace of what they asked."""

    name = "agents"
    verbose_name = "Agents"

    def ready(self) -> None:
        """Look into the videos people upload."""
        from agents.providers.media import probe_video
        from tiktok_ops.content.uploads import register_prober

        register_prober(probe_video)
