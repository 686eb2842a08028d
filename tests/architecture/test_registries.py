"""Registries are dull: a frozen dict, one visible list, everything there is in it, under permanent names."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

import pytest
from django.core.checks import run_checks

from agents.contract import Agent
from agents.registry import AGENTS
from tests.architecture.source import modules
from workflows.callbacks import CALLBACKS
from workflows.catalogue import WORKFLOWS
from workflows.executors import EXECUTORS
from workflows.nodes import AgentNode, ReportNode, Workflow
from workflows.reports.registry import REPORTS
from workflows.webhooks.sources import SOURCES

REGISTRIES: dict[str, Mapping[str, Any]] = {
    "agents": AGENTS,
    "workflows": WORKFLOWS,
    "reports": REPORTS,
    "callbacks": CALLBACKS,
    "sources": SOURCES,
}


def defined(folder: str, kind: type) -> dict[str, list[Any]]:
    """Return the objects of this kind each module of a folder makes itself."""
    found = {module.name: vars(import_module(module.name)) for module in modules(folder)}
    return {
        name: [value for value in values.values() if isinstance(value, kind)]
        for name, values in found.items()
    }


@pytest.mark.parametrize("registry", REGISTRIES.values(), ids=REGISTRIES)
def test_change_a_registry_is_refused(registry: Mapping[str, Any]) -> None:
    assert isinstance(registry, MappingProxyType)
    assert registry


def test_register_every_agent_there_is_under_its_own_name() -> None:
    made = [agent for agents in defined("agents/definitions", Agent).values() for agent in agents]
    assert sorted(agent.name for agent in made) == sorted(AGENTS)
    assert all(AGENTS[agent.name] is agent for agent in made)


def test_define_one_agent_in_a_module_at_most() -> None:
    assert {len(agents) for agents in defined("agents/definitions", Agent).values()} <= {0, 1}


def test_register_every_workflow_there_is_under_its_own_slug() -> None:
    made = [
        workflow
        for workflows in defined("workflows/definitions", Workflow).values()
        for workflow in workflows
    ]
    assert {workflow.slug: workflow for workflow in made} == WORKFLOWS


def test_ask_in_workflows_only_for_what_is_registered() -> None:
    nodes = [node for workflow in WORKFLOWS.values() for node in workflow.nodes]
    assert {node.kind for node in nodes} <= set(EXECUTORS)
    assert {node.agent for node in nodes if isinstance(node, AgentNode)} <= set(AGENTS)
    assert {node.report for node in nodes if isinstance(node, ReportNode)} <= set(REPORTS)


def test_keep_registered_names_for_good() -> None:
    """Names are data: runs, traces and definitions of other people refer to them."""
    assert {"account_health", "audience_mapper", "trend_watcher", "compliance"} <= set(AGENTS)
    assert {"performance_feedback", "shadowban_check", "comment_triage", "inventory_sync"} <= set(AGENTS)
    assert {"content_ideator", "content_producer", "listing_optimizer"} <= set(AGENTS)
    assert {"ad_campaign_director", "creator_outreach", "catalog_sync", "live_stream_ops"} <= set(AGENTS)
    assert "profile_audit" in WORKFLOWS
    assert "profile_audit" in REPORTS
    assert {"studio", "tiktok"} <= set(SOURCES)  # part of addresses that providers were given
    assert "studio" in CALLBACKS


def test_listen_to_everybody_who_is_waited_for() -> None:
    assert set(CALLBACKS) <= set(SOURCES)


def test_examine_registries_when_the_system_is_checked() -> None:
    assert [message for message in run_checks() if str(message.id).startswith("workflows.")] == []
