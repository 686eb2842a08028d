"""The pages of agents: what each is for and how it computes, what it did lately, which workflows ask it."""

from workflows.agents_pages.pages import AgentPages

__all__ = ["AgentPages"]
