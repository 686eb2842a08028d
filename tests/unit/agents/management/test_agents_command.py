"""`manage.py agents`, for people and for programs; it needs no database."""

import json
from typing import Any

import pytest
from django.core.management import call_command

from agents.registry import AGENTS


def said(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    call_command("agents", *args)
    return capsys.readouterr().out


def test_agents_as_json_tell_name_purpose_tier_schemas_and_providers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows: list[dict[str, Any]] = json.loads(said(capsys, "--json"))
    assert [row["name"] for row in rows] == sorted(AGENTS)
    for row in rows:
        agent = AGENTS[row["name"]]
        assert (row["purpose"], row["model_tier"]) == (agent.purpose, agent.model_tier.value)
        assert row["input_schema"] == agent.Input.model_json_schema()
        assert row["output_schema"] == agent.Output.model_json_schema(mode="serialization")
        assert agent.Input.model_validate(row["example"])
    asks = {row["name"]: row["providers"] for row in rows}
    assert (asks["account_health"], asks["inventory_sync"]) == (["claude"], [])
    assert {row["label"] for row in rows} >= {"Account health", "Live stream ops"}


def test_agents_as_text_are_a_few_lines_each(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = said(capsys).strip().split("\n\n")
    assert len(blocks) == len(AGENTS)
    assert blocks[sorted(AGENTS).index("inventory_sync")] == (
        "inventory_sync (fast, asks no provider)\n"
        "  Find the products of a shop that run out soon or are sold beyond their stock.\n"
        "  takes: low_stock_days, restocked\n"
        "  puts out: as_of, enough_data, note, low_stock_days, sales_velocity, levels, low_stock, oversold, "
        "stock_proposals, left_for_next"
    )


def test_agents_with_a_name_tell_of_the_one_with_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "inventory_sync")
    assert "    low_stock_days: whole number, at least 1, at most 365 (7 if not given)\n" in text
    assert "    levels: list of StockLevel\n" in text
    assert json.loads(said(capsys, "inventory_sync", "--json"))["name"] == "inventory_sync"


def test_agents_with_an_unknown_name_is_refused_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        call_command("agents", "nobody")
    assert refused.value.code == 2
    assert capsys.readouterr().err.startswith("There is no agent 'nobody'; there are account_health,")
