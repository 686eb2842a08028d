"""Agents app."""

from django.apps import AppConfig


class AgentsConfig(AppConfig):
    """Agents, the providers they ask, and the trace of what they asked."""

    name = "agents"
    verbose_name = "Agents"

    def ready(self) -> None:
        """Look into the videos people upload, and make fit what TikTok does not take as it is."""
        from agents.providers.media import fit_video, probe_video
        from tiktok_ops.content.fitting import register_fitter
        from tiktok_ops.content.uploads import register_prober

        register_prober(probe_video)
        register_fitter(fit_video)
