"""`/api/v1/agents/`."""

from agents.api.serializers import AgentEntry, AgentSerializer
from agents.registry import AGENTS
from tiktok_ops.rest.resources import CatalogueResource


class AgentResource(CatalogueResource[AgentEntry]):
    """Every agent there is, by name: what it is for, what it takes and what it puts out."""

    serializer_class = AgentSerializer

    def entries(self) -> list[AgentEntry]:
        """Return the agents."""
        return [AgentEntry.of(AGENTS[name]) for name in sorted(AGENTS)]
