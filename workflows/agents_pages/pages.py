"""The list of agents and a page for each, beside the list of workflows; read by whoever reads those."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from agents.registry import AGENTS
from tiktok_ops.admin import SheetAdmin
from workflows.agents_pages.rows import LATELY_DAYS, last_runs, rows_for

AGENT_LIST = "admin:workflows_workflowdefinition_agents"


class AgentPages(SheetAdmin):
    """Adds the pages of agents to those of workflows: agents are code and have no rows of their own."""

    def get_urls(self) -> list[URLPattern]:
        """Add the two addresses."""
        view = self.admin_site.admin_view
        return [
            path("agents/", view(self.agents_view), name="workflows_workflowdefinition_agents"),
            path("agents/<slug:name>/", view(self.agent_view), name="workflows_workflowdefinition_agent"),
            *super().get_urls(),
        ]

    def agents_view(self, request: HttpRequest) -> HttpResponse:
        """Show every agent with what it did lately."""
        self._check_may_read(request)
        user: Any = request.user
        return self.page(
            request,
            "admin/workflows/agents/list.html",
            title="Agents",
            rows=rows_for(user),
            days=LATELY_DAYS,
        )

    def agent_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Show one agent; an unknown name leads back to the list."""
        self._check_may_read(request)
        user: Any = request.user
        if name not in AGENTS:
            messages.error(request, f"There is no agent {name!r}.")
            return HttpResponseRedirect(reverse(AGENT_LIST))
        row = next(row for row in rows_for(user) if row.sheet.name == name)
        return self.page(
            request,
            "admin/workflows/agents/agent.html",
            title=row.sheet.label,
            row=row,
            sheet=row.sheet,
            example=dict(row.sheet.example),
            runs=last_runs(name, user),
            days=LATELY_DAYS,
        )

    def _check_may_read(self, request: HttpRequest) -> None:
        """Raise `PermissionDenied` for whoever may not read workflows."""
        if not self.has_view_permission(request):
            raise PermissionDenied
