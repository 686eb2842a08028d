"""Agents app."""

from django.apps import AppConfig


class AgentsConfig(AppConfig):
    """Agents, the providers they ask, and the trace of what they asked."""

    name = "agents"
    verbose_name = "Agents"
