"""The status machines of agent runs, of circuit breakers and of connections to TikTok."""

from tiktok_ops.transitions import table

AGENT_RUN = table(
    "agent run", "agents_agentrun", {"running": "succeeded failed", "succeeded": "", "failed": ""}
)

BREAKER = table(
    "breaker", "agents_breaker", {"closed": "open", "open": "half_open closed", "half_open": "open closed"}
)

CONNECTION = table(
    "connection",
    "agents_tiktokconnection",
    {
        "connected": "reconnect disconnected",
        "reconnect": "connected disconnected",
        "disconnected": "connected",
    },
)
