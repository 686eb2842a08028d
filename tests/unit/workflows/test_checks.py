import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.core.checks import CheckMessage
from pytest_django import Settings

from tests.factories.workflows import agent_node, workflow_of
from tiktok_ops.queue import Cluster
from workflows import account_actions, checks
from workflows.checks import WORK, check_crash_points, check_definitions, check_provider_settings
from workflows.processes import DIE_WITH_PARENT


def told(messages: list[CheckMessage]) -> list[tuple[str | None, str]]:
    """Return each message's id and sentence."""
    return [(message.id, message.msg) for message in messages]


def test_check_definitions_of_code_finds_nothing_wrong() -> None:
    assert check_definitions() == []


def test_check_definition_that_cannot_run_tells_every_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = workflow_of(agent_node("a", "b"), agent_node("c", agent="nobody"), slug="broken")
    monkeypatch.setattr(checks, "WORKFLOWS", {"broken": broken})
    (first, one), (second, other) = told(check_definitions())
    assert first == second == "workflows.E001"
    assert one == "The workflow 'broken' is refused: the node 'a' depends on 'b', which is not a node."
    assert other.startswith(
        "The workflow 'broken' is refused: the node 'c' asks for the agent 'nobody'; there are "
    )


def test_check_providers_tells_what_is_set_up_wrongly(settings: Settings) -> None:
    assert check_provider_settings() == []
    settings.PROVIDERS = {"claude": {"BACKEND": "agents.providers.claude.ClaudeProvider", "MODE": "lively"}}
    assert told(check_provider_settings()) == [
        ("workflows.E002", "PROVIDERS['claude']['MODE'] is 'lively'; use 'sandbox' or 'live'.")
    ]


@pytest.mark.parametrize(
    ("arguments", "cluster", "is_supervised", "imports"),
    [
        (["manage.py", "qcluster", "--skip-checks"], Cluster.SHORT, True, True),
        (["manage.py", "qcluster", "--skip-checks"], Cluster.LONG, True, False),
        (["manage.py", "qcluster"], Cluster.SHORT, False, False),
        (["manage.py", "worker"], Cluster.SHORT, True, False),
    ],
)
def test_get_ready_imports_vendors_once_for_all_forks_of_the_short_cluster(
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    cluster: Cluster,
    is_supervised: bool,
    imports: bool,
) -> None:
    registered: list[tuple[Callable[..., Any], str]] = []
    deep: list[bool] = []
    monkeypatch.setattr(sys, "argv", arguments)
    monkeypatch.setattr("workflows.apps.register", lambda *given: registered.append(given))
    monkeypatch.setattr("tiktok_ops.queue.this_cluster", lambda: str(cluster))
    monkeypatch.setattr("workflows.apps.die_with_parent", lambda: None)
    monkeypatch.setattr("workflows.apps.check_providers", lambda *, deep: found(deep))
    monkeypatch.setattr(account_actions, "register", lambda: None)
    monkeypatch.setattr("workflows.approval_kinds.register_kinds", lambda: None)
    monkeypatch.setattr("workflows.photo_kinds.register_photo_kind", lambda: None)
    monkeypatch.setattr("agents.sandbox.tiktok.own_addresses.register_fetcher", lambda fetch: None)
    monkeypatch.setattr("tiktok_ops.vault.rotation.register_sealed", lambda sealed: None)
    monkeypatch.setattr("workflows.stop_switch_pages.banner.register", lambda: None)

    def found(is_deep: bool) -> list[str]:
        deep.append(is_deep)
        return []

    if is_supervised:
        monkeypatch.setenv(DIE_WITH_PARENT, "1")
    else:
        monkeypatch.delenv(DIE_WITH_PARENT, raising=False)
    apps.get_app_config("workflows").ready()
    needed = (check_definitions, check_provider_settings, check_crash_points)
    assert registered == [(check, WORK) for check in needed]
    assert deep == ([True] if imports else [])
