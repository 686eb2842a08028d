"""The catalogue of agents as objects of the API."""

from dataclasses import dataclass
from typing import Any, Self

from rest_framework import serializers

from agents.catalogue.sheet import sheet_of
from agents.providers.registry import Mode, mode_of
from agents.registry import AnyAgent


@dataclass(frozen=True, slots=True)
class AgentEntry:
    """An agent of the catalogue; `sandbox` is whether the model it asks is simulated.

    `prompt` has ‹names› where something is known only when the agent runs; it is empty where none is asked.
    """

    id: str
    sandbox: bool
    name: str
    label: str
    purpose: str
    model_tier: str
    providers: list[str]
    input_schema: dict[str, Any]
    output_schema: dict[str, Any]
    example: dict[str, Any]
    prompt: str

    @classmethod
    def of(cls, agent: AnyAgent) -> Self:
        """Describe an agent."""
        sheet = sheet_of(agent)
        return cls(
            id=sheet.name,
            sandbox=asks_sandbox(),
            name=sheet.name,
            label=sheet.label,
            purpose=sheet.purpose,
            model_tier=sheet.model_tier,
            providers=list(sheet.providers),
            input_schema=dict(sheet.input_schema),
            output_schema=dict(sheet.output_schema),
            example=dict(sheet.example),
            prompt=sheet.prompt,
        )


def asks_sandbox() -> bool:
    """Return whether the model that agents ask is the sandbox's."""
    return mode_of("claude") is Mode.SANDBOX


class AgentSerializer(serializers.Serializer[AgentEntry]):
    """An agent; its id is its name, which is permanent. The schemas are JSON Schema (2020-12)."""

    id = serializers.CharField()
    sandbox = serializers.BooleanField()
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    purpose = serializers.CharField()
    model_tier = serializers.CharField()
    providers = serializers.ListField(child=serializers.CharField())
    input_schema = serializers.DictField()
    output_schema = serializers.DictField()
    example = serializers.DictField()
    prompt = serializers.CharField(allow_blank=True)
