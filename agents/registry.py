"""Every agent there is, by its permanent name. To add one: its module in `definitions`, a line here."""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

from agents.contract import Agent
from agents.definitions import (
    account_health,
    ad_campaign_director,
    audience_mapper,
    catalog_sync,
    comment_triage,
    compliance,
    content_ideator,
    content_producer,
    creator_outreach,
    inventory_sync,
    listing_optimizer,
    live_stream_ops,
    performance_feedback,
    shadowban_check,
    trend_watcher,
)
from tiktok_ops.registries import registry

AnyAgent = Agent[Any, Any, Any, Any]


def by_name(agents: Iterable[AnyAgent]) -> MappingProxyType[str, AnyAgent]:
    """Return the agents by name; raises `ValueError` when two share one."""
    return registry(agents, name=lambda agent: agent.name, called="agents")


AGENTS = by_name(
    [
        account_health.agent,
        audience_mapper.agent,
        trend_watcher.agent,
        compliance.agent,
        content_ideator.agent,
        content_producer.agent,
        performance_feedback.agent,
        inventory_sync.agent,
        shadowban_check.agent,
        comment_triage.agent,
        listing_optimizer.agent,
        ad_campaign_director.agent,
        creator_outreach.agent,
        catalog_sync.agent,
        live_stream_ops.agent,
    ]
)
