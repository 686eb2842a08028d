"""What `manage.py check` examines: definitions that cannot run and providers that are set up wrongly."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from agents.providers.registry import check_providers
from tiktok_ops.crash_points import CrashPoint
from workflows.catalogue import WORKFLOWS
from workflows.validation import problems

WORK = "work"
"""The tag of what must be right for a worker to start."""


def check_definitions(**_: Any) -> list[CheckMessage]:
    """Refuse a workflow of code that cannot run."""
    return [
        Error(f"The workflow {workflow.slug!r} is refused: {problem}", id="workflows.E001")
        for workflow in WORKFLOWS.values()
        for problem in problems(workflow)
    ]


def check_crash_points(**_: Any) -> list[CheckMessage]:
    """Refuse a place to die at that is none."""
    return [
        Error(
            f"The environment variable CRASH_AT names {name!r}, which is no crash point: "
            f"there are {', '.join(CrashPoint)}.",
            id="workflows.E003",
        )
        for name in sorted(set(settings.CRASH_AT) - set(CrashPoint))
    ]


def check_provider_settings(**_: Any) -> list[CheckMessage]:
    """Refuse providers that are set up wrongly."""
    return [Error(problem, id="workflows.E002") for problem in check_providers()]
