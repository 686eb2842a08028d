"""The catalogue of agents as objects of the API."""

from dataclasses import dataclass
from typing import Any, Self

from rest_framework import serializers

from agents.providers.registry import Mode, mode_of
from agents.registry import AnyAgent


@dataclass(frozen=True, slots=True)
class AgentEntry:
    """An agent of the catalogue; `sandbox` is whether the model it asks is simulated."""

    id: str
    sandbox: bool
    name: str
    purpose: str
    model_tier: str
    input_schema: dict[str, Any]
    output_schema: dict[str, Any]

    @classmethod
    def of(cls, agent: AnyAgent) -> Self:
        """Describe an agent."""
        return cls(
            id=agent.name,
            sandbox=asks_sandbox(),
            name=agent.name,
            purpose=agent.purpose,
            model_tier=agent.model_tier.value,
            input_schema=agent.Input.model_json_schema(),
            output_schema=agent.Output.model_json_schema(mode="serialization"),
        )


def asks_sandbox() -> bool:
    """Return whether the model that agents ask is the sandbox's."""
    return mode_of("claude") is Mode.SANDBOX


class AgentSerializer(serializers.Serializer[AgentEntry]):
    """An agent; its id is its name, which is permanent. The schemas are JSON Schema (2020-12)."""

    id = serializers.CharField()
    sandbox = serializers.BooleanField()
    name = serializers.CharField()
    purpose = serializers.CharField()
    model_tier = serializers.CharField()
    input_schema = serializers.DictField()
    output_schema = serializers.DictField()
