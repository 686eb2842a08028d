"""Addresses of agents, budgets, memory and guardrails in the API."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from agents.api.budgets import BudgetResource
from agents.api.guardrails import FindingResource, PolicyResource
from agents.api.memory import MemoryItemResource
from agents.api.views import AgentResource

router = SimpleRouter()
router.register("budgets", BudgetResource, basename="api-budget")
router.register("memory-items", MemoryItemResource, basename="api-memory-item")
router.register("guardrail-policies", PolicyResource, basename="api-guardrail-policy")
router.register("findings", FindingResource, basename="api-finding")

urlpatterns = [
    path("agents/", AgentResource.as_view({"get": "list"}), name="api-agent-list"),
    path("agents/<slug:id>/", AgentResource.as_view({"get": "retrieve"}), name="api-agent-detail"),
    *router.urls,
]
