"""The status machines of agent runs, circuit breakers, connections to TikTok and questions in batches."""

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

BATCHED = table(
    "batched question",
    "agents_batchedquestion",
    {
        "prepared": "submitting failed cancelled",
        "submitting": "prepared submitted failed cancelled",
        "submitted": "answered failed cancelling",
        "cancelling": "cancelled",
        "answered": "",
        "failed": "",
        "cancelled": "",
    },
)
