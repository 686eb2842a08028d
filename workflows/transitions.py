"""The status machines of runs, steps, effects and webhooks; migrations install them in the database too."""

from tiktok_ops.transitions import table

RUN = table(
    "run",
    "workflows_workflowrun",
    {
        "queued": "running paused cancelled failed",
        "running": "waiting paused succeeded failed cancelled",
        "waiting": "running paused succeeded failed cancelled",
        "paused": "queued running waiting cancelled",
        "succeeded": "",
        "failed": "running",
        "cancelled": "",
    },
    over="succeeded failed cancelled",
)

STEP = table(
    "step",
    "workflows_workflowstep",
    {
        "pending": "ready skipped cancelled",
        "ready": "running skipped cancelled",
        "running": "ready waiting succeeded failed skipped cancelled",
        "waiting": "ready running succeeded failed skipped cancelled",
        "succeeded": "",
        "failed": "",
        "skipped": "",
        "cancelled": "",
    },
)

EFFECT = table(
    "effect",
    "workflows_effect",
    {
        "prepared": "sending handed_over held failed",
        "sending": "sent unknown prepared failed",
        "sent": "confirmed unknown prepared failed",
        "unknown": "sending sent confirmed prepared failed",
        "held": "prepared failed",
        "handed_over": "confirmed failed",
        "confirmed": "",
        "failed": "",
    },
)

WEBHOOK = table(
    "webhook",
    "workflows_webhookmessage",
    {
        "received": "processed ignored not_understood failed",
        "processed": "",
        "ignored": "",
        "not_understood": "",
        "failed": "",
    },
)

PULL_ADDRESS = table(
    "pull address",
    "workflows_pulladdress",
    {"active": "fetched revoked", "fetched": "spent", "revoked": "", "spent": ""},
)

EVENT_KINDS = (
    *(f"{machine.name}.{status}" for machine in (RUN, STEP, EFFECT) for status in machine.statuses),
    *(f"run.{what}" for what in ("expanded", "cancel_requested", "resumed", "retried")),
)
"""What a run's events are called: which status a run, a step or an effect has now, or what was done to the run."""
