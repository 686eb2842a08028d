"""The pages of agent runs and prices: every call with its tokens, cost and latency, simulated money marked."""

from decimal import Decimal
from typing import Any

import pytest

from agents.admin import STEPS_SHOWN, tokens_text
from agents.models import AgentRun, AgentStep, ModelPrice
from tests.factories.figures import NOON
from tests.factories.pages import ROWS, World, agent_run, make_world
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.cells import EMPTY
from tiktok_ops.pages import site

pytestmark = pytest.mark.django_db

RUNS = "/admin/agents/agentrun/"
PRICES = "/admin/agents/modelprice/"
HOSTILE = "<script>alert(1)</script>\u202e"


@pytest.fixture
def world() -> World:
    """Return a workspace with everybody in it, and strangers."""
    return make_world()


def _text(world: World, address: str, name: str = "viewer") -> str:
    return world.client(name).get(address).content.decode()


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ({}, EMPTY),
        ({"input_tokens": 1_204, "output_tokens": 310}, "1,204 in, 310 out"),
        (
            {"cache_read_tokens": 5, "cache_write_5m_tokens": 6, "cache_write_1h_tokens": 7},
            "5 read from cache, 6 cached for 5 minutes, 7 cached for 1 hour",
        ),
    ],
)
def test_tell_tokens_names_the_classes_there_are(counts: dict[str, int], text: str) -> None:
    assert tokens_text(AgentStep(**counts)) == text


def test_open_list_shows_what_each_run_came_to(world: World) -> None:
    run = agent_run(world.account, input_tokens=1_204, output_tokens=310, cost_usd=Decimal("0.000276"))
    text = _text(world, RUNS)
    for shown in (
        "made",
        f"@{world.account.handle}",
        "Running",
        "1,204 in, 310 out",
        "$0.000276",
        "simulated",
        "12 ms",
        f"/admin/workflows/workflowrun/{run.run_id}/change/",
    ):
        assert shown in text, shown


def test_open_list_of_real_money_does_not_call_it_simulated(world: World) -> None:
    agent_run(world.account, cost_usd=Decimal("1.25"), is_simulated=False)
    text = _text(world, RUNS)
    assert "$1.250000" in text
    assert "simulated" not in text


def test_open_run_asked_for_alone_leads_to_no_run(world: World) -> None:
    AgentRun.objects.create(account=world.account, agent="made", as_of=NOON)
    assert "Open the run" not in _text(world, RUNS)


def test_open_run_shows_every_call_folded(world: World) -> None:
    run = agent_run(world.account)
    AgentStep.objects.create(
        agent_run=run, kind="compute", name="figures", latency_ms=1_500, response={"n": 5}
    )
    text = _text(world, f"{RUNS}{run.pk}/change/")
    for shown in (
        "Claude: summary",
        "Computed: figures",
        "claude-haiku-5-5",
        "Tokens: 1,204 in, 310 out",
        "$0.000276",
        "9 ms",
        "1.5 s",
        "<code>req_1</code>",
        "What was sent",
        "&quot;question&quot;: &quot;How?&quot;",
        "&quot;answer&quot;: &quot;So.&quot;",
    ):
        assert shown in text, shown
    assert text.index("Claude: summary") < text.index("Computed: figures")
    assert "<details open" not in text


def test_open_run_that_called_nothing_says_so(world: World) -> None:
    run = AgentRun.objects.create(account=world.account, agent="made", as_of=NOON)
    assert "This agent has made no call." in _text(world, f"{RUNS}{run.pk}/change/")


def test_open_run_with_very_many_calls_shows_the_first(world: World) -> None:
    run = AgentRun.objects.create(account=world.account, agent="made", as_of=NOON)
    AgentStep.objects.bulk_create(
        AgentStep(agent_run=run, kind="compute", name=f"call_{number}") for number in range(STEPS_SHOWN + 1)
    )
    text = _text(world, f"{RUNS}{run.pk}/change/")
    assert f"Only the first {STEPS_SHOWN} calls are shown." in text
    assert f"call_{STEPS_SHOWN}<" not in text


def test_open_failed_run_shows_why(world: World) -> None:
    run = AgentRun.objects.create(
        account=world.account, agent="made", as_of=NOON, error="The model is overloaded.", facts={"posts": 5}
    )
    AgentStep.objects.create(agent_run=run, kind="claude", name="summary", error="Overloaded: wait a minute.")
    text = _text(world, f"{RUNS}{run.pk}/change/")
    for shown in ("The model is overloaded.", "Overloaded: wait a minute.", "&quot;posts&quot;: 5"):
        assert shown in text, shown


def test_open_hostile_run_is_harmless(world: World) -> None:
    run = AgentRun.objects.create(
        account=world.account,
        agent="made",
        as_of=NOON,
        status="succeeded",
        output={"a": HOSTILE},
        input={HOSTILE: 1},
        error=HOSTILE,
    )
    AgentStep.objects.create(
        agent_run=run, kind="claude", name=HOSTILE, request=HOSTILE, response={"x": HOSTILE}, error=HOSTILE
    )
    text = _text(world, f"{RUNS}{run.pk}/change/")
    assert "<script>alert" not in text
    assert "[U+202E]" in text


@pytest.mark.parametrize(("status", "number"), [("running", 1), ("failed", 0)])
def test_filter_by_status_shows_those(world: World, status: str, number: int) -> None:
    agent_run(world.account)
    changelist: Any = world.client("viewer").get(f"{RUNS}?status={status}").context["cl"]
    assert len(changelist.result_list) == number


# Prices ----------------------------------------------------------------------------------------------


def test_open_prices_says_for_which_prompts_each_is(world: World) -> None:
    ModelPrice.objects.all().delete()
    for top in (None, 100_000):
        price: Any = ROWS[ModelPrice](world.account)
        ModelPrice.objects.filter(pk=price.pk).update(up_to_input_tokens=top)
    text = _text(world, PRICES)
    assert "of any length" in text
    assert "up to 100,000 tokens" in text


def test_change_price_as_superuser_is_on_record(world: World) -> None:
    price: Any = ROWS[ModelPrice](world.account)
    fields = site.get_model_admin(ModelPrice).get_form(None).base_fields  # type: ignore[arg-type]
    given = {name: getattr(price, name) for name in fields} | {"input_usd": "2.5", "up_to_input_tokens": ""}
    answer = world.client("superuser").post(f"{PRICES}{price.pk}/change/", given)
    assert answer.status_code == 302
    price.refresh_from_db()
    assert price.input_usd == Decimal("2.5")
    event = AuditEvent.objects.get()
    assert (event.verb, event.workspace_id, event.data) == (
        "model_price.changed",
        None,
        {"input_usd": "2.5"},
    )


def test_change_price_to_nothing_is_refused(world: World) -> None:
    price: Any = ROWS[ModelPrice](world.account)
    fields = site.get_model_admin(ModelPrice).get_form(None).base_fields  # type: ignore[arg-type]
    given = {name: getattr(price, name) for name in fields} | {"input_usd": "0", "up_to_input_tokens": ""}
    assert world.client("superuser").post(f"{PRICES}{price.pk}/change/", given).status_code == 200
    price.refresh_from_db()
    assert price.input_usd == 1
