import pytest

from agents.contract import Agent
from agents.registry import AGENTS, by_name
from tests.factories.agents import made_agent


def test_list_agents_by_name_refuses_two_of_one_name() -> None:
    with pytest.raises(ValueError, match="Two agents are called 'made'"):
        by_name([made_agent("made"), made_agent("other"), made_agent("made")])


def test_list_agents_by_name_finds_each_and_cannot_be_changed() -> None:
    one, other = made_agent("one"), made_agent("other")
    found = by_name([one, other])
    assert (found["one"], found["other"]) == (one, other)
    with pytest.raises(TypeError):
        found["third"] = one  # type: ignore[index]


def test_list_agents_of_the_audit_under_their_permanent_names() -> None:
    assert {"account_health", "audience_mapper", "trend_watcher", "compliance"} <= set(AGENTS)
    assert {"performance_feedback", "shadowban_check"} <= set(AGENTS)
    for name, agent in AGENTS.items():
        assert isinstance(agent, Agent)
        assert agent.name == name
