"""A model that says what a test wants over the real client, and agents whose facts were computed before."""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import httpx2
from pydantic import BaseModel

from agents.contract import Agent, AgentContext, Prompt
from agents.providers.claude import ClaudeProvider
from agents.registry import AnyAgent
from tests.factories.hostile import SECRET


class KnownAgent(Agent[BaseModel, BaseModel, BaseModel, BaseModel]):
    """An agent whose facts were computed before; everything else is the agent's own."""

    def __init__(self, agent: AnyAgent, facts: BaseModel) -> None:
        self.name, self.purpose, self.model_tier = agent.name, agent.purpose, agent.model_tier  # type: ignore[misc]
        self.Input, self.Facts, self.Words, self.Output = agent.Input, agent.Facts, agent.Words, agent.Output
        self.agent, self.facts = agent, facts

    def compute(self, given: BaseModel, context: AgentContext) -> BaseModel:
        """Return what was computed before."""
        return self.facts

    def prompt(self, facts: BaseModel, context: AgentContext) -> Prompt | None:
        """Ask what the agent asks."""
        return self.agent.prompt(facts, context)

    def compose(self, facts: BaseModel, words: BaseModel | None) -> BaseModel:
        """Compose as the agent does."""
        composed: BaseModel = self.agent.compose(facts, words)
        return composed


class Tongue:
    """What the hostile model says next; the copies a registry makes of options are this one."""

    def __init__(self) -> None:
        self.replies: deque[Callable[[], httpx2.Response]] = deque()
        self.asked: list[httpx2.Request] = []

    def __deepcopy__(self, memo: object) -> "Tongue":
        return self

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """Say the next thing."""
        self.asked.append(request)
        return self.replies.popleft()()


class HostileClaude(ClaudeProvider):
    """The real provider in live mode, over a wire that ends at a tongue."""

    def __init__(self, mode: str, options: Mapping[str, Any]) -> None:
        given = dict(options)
        super().__init__(mode, given, transport=httpx2.MockTransport(given.pop("tongue_key")))


def hostile(tongue: Tongue) -> dict[str, Any]:
    """Return the entry of the setting PROVIDERS for a model with this tongue."""
    return {
        "BACKEND": "tests.factories.hostile_model.HostileClaude",
        "MODE": "live",
        "OPTIONS": {"api_key": SECRET, "tongue_key": tongue},
    }
