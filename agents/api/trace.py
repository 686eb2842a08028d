"""The trace of agents as objects of the API."""

from typing import cast

from rest_framework import serializers

from agents.models import AgentStep
from tiktok_ops.rest.serializers import Money, ResourceSerializer, Tokens, money_usd


class CallSerializer(ResourceSerializer[AgentStep]):
    """One call an agent made; the view says the run's `mode`.

    `is_simulated` is of the call itself: what answered it was a sandbox.
    """

    agent = serializers.CharField(source="agent_run.agent")
    tokens = serializers.SerializerMethodField()
    cost = serializers.SerializerMethodField()
    simulated_cost = serializers.SerializerMethodField()

    class Meta:
        model = AgentStep
        fields = (
            "id",
            "sandbox",
            "agent_run_id",
            "agent",
            "kind",
            "name",
            "model",
            "is_simulated",
            "request",
            "response",
            "tokens",
            "cost",
            "simulated_cost",
            "latency_ms",
            "provider_request_id",
            "prompt_digest",
            "error",
            "at",
        )

    def get_tokens(self, call: AgentStep) -> Tokens:
        """Return the tokens of the call, by the classes they are priced in."""
        return cast(Tokens, {name: getattr(call, name) for name in Tokens.__annotations__})

    def get_cost(self, call: AgentStep) -> Money:
        """Return what the call cost for real."""
        return money_usd(call.cost_usd * (not call.is_simulated))

    def get_simulated_cost(self, call: AgentStep) -> Money:
        """Return what the call would have cost; never added to real money."""
        return money_usd(call.cost_usd * call.is_simulated)
