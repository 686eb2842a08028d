"""The status machine of an agent run."""

from tiktok_ops.transitions import table

AGENT_RUN = table(
    "agent run", "agents_agentrun", {"running": "succeeded failed", "succeeded": "", "failed": ""}
)
