"""What the agents that judge an account's health are given, and what TikTok is known to hold against the account."""

from datetime import timedelta
from typing import Annotated, TypeVar

from pydantic import Field, StringConstraints

from agents.contract import AgentContext, Typed
from tiktok_ops.content.queries import policy_flags_of

Given = TypeVar("Given", bound="HealthInput")


class HealthInput(Typed):
    """How far back to look, in days, and provider limits or policy flags that are known besides those stored."""

    window_days: int = Field(default=14, ge=1, le=365)
    baseline_days: int = Field(default=30, ge=1, le=365)
    policy_flags: tuple[Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)], ...] = Field(
        default=(), max_length=50
    )


def with_stored_flags(given: Given, context: AgentContext) -> Given:
    """Return the input with what is stored of TikTok's limits now and of posts it refused within the window."""
    since = context.as_of - timedelta(days=given.window_days)
    stored = policy_flags_of(context.account_id, as_of=context.as_of, since=since)
    return given.model_copy(update={"policy_flags": (*given.policy_flags, *stored)})
