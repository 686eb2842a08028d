"""Addresses of the catalogue of agents in the API."""

from django.urls import path

from agents.api.views import AgentResource

urlpatterns = [
    path("agents/", AgentResource.as_view({"get": "list"}), name="api-agent-list"),
    path("agents/<slug:id>/", AgentResource.as_view({"get": "retrieve"}), name="api-agent-detail"),
]
