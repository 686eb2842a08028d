"""The status machines of runs and steps; migrations install them in the database too."""

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
        "failed": "",
        "cancelled": "",
    },
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
