from typing import Any
from uuid import uuid4

import pytest

from agents.contract import BrandVoice
from agents.providers.errors import (
    OutputTruncated,
    ProviderError,
    ProviderMisconfigured,
    ProviderRateLimited,
    ProviderRefused,
    ProviderRejected,
    ProviderUnavailable,
)
from tests.factories.accounts import AccountFactory, BrandFactory
from tests.factories.approvals import gate_node
from tests.factories.figures import NOON
from tests.factories.workflows import WorkflowRunFactory, agent_node, report_node, workflow_of
from workflows.executors import EXECUTORS, Work, after_trouble, ask_agent, context_of, voice_of, write_report
from workflows.models import WorkflowRun, WorkflowStep
from workflows.nodes import AnyNode
from workflows.outcomes import Claim, Failed, TryAgain


def work(node: AnyNode, *, tries: int = 0) -> Work:
    """Return work on a step that is in no database."""
    return Work(
        claim=Claim(uuid4(), 1),
        step=WorkflowStep(key=node.key, tries=tries, run=WorkflowRun(as_of=NOON)),
        workflow=workflow_of(node),
        node=node,
        given={},
        facts={},
        hold=lambda seconds: None,
    )


PATIENT = agent_node("a", retry={"max_tries": 3, "base_seconds": 10, "max_seconds": 60})


@pytest.mark.parametrize(
    ("trouble", "tries", "least", "most"),
    [
        (ProviderUnavailable("Away."), 0, 5, 10),
        (ProviderUnavailable("Away."), 1, 10, 20),
        (OutputTruncated("Cut."), 0, 5, 10),
        (ProviderUnavailable("Away.", retry_after_seconds=30), 0, 30, 30),
        (ProviderUnavailable("Away.", retry_after_seconds=3600), 0, 60, 60),
        (ProviderUnavailable("Away.", retry_after_seconds=1), 1, 10, 20),
    ],
)
def test_meet_trouble_worth_a_retry_tries_again_and_counts_it(
    trouble: ProviderError, tries: int, least: float, most: float
) -> None:
    outcome = after_trouble(work(PATIENT, tries=tries), trouble)
    assert isinstance(outcome, TryAgain)
    assert (outcome.error, outcome.counts_as_try) == (str(trouble), True)
    assert least <= outcome.delay_seconds <= most


def test_meet_trouble_at_the_last_try_gives_up() -> None:
    outcome = after_trouble(work(PATIENT, tries=2), ProviderUnavailable("Away."))
    assert outcome == Failed(error="Gave up after 3 tries: Away.")


@pytest.mark.parametrize(
    ("retry_after_seconds", "delay_seconds"), [(None, 10), (0, 10), (7, 7), (60, 60), (3600, 60)]
)
@pytest.mark.parametrize("tries", [0, 2, 50])
def test_meet_a_limit_waits_as_long_as_asked_without_counting_it(
    tries: int, retry_after_seconds: float | None, delay_seconds: float
) -> None:
    trouble = ProviderRateLimited("Slow down.", retry_after_seconds=retry_after_seconds)
    assert after_trouble(work(PATIENT, tries=tries), trouble) == TryAgain(
        error="Slow down.", delay_seconds=delay_seconds, counts_as_try=False
    )


@pytest.mark.parametrize(
    "trouble",
    [ProviderRejected("Wrong request."), ProviderMisconfigured("No key."), ProviderRefused("It will not.")],
)
def test_meet_trouble_no_retry_mends_fails_with_its_sentence(trouble: ProviderError) -> None:
    assert after_trouble(work(PATIENT), trouble) == Failed(error=str(trouble))


def test_tell_the_voice_of_no_brand_says_nothing() -> None:
    assert voice_of(None) is None


@pytest.mark.django_db
def test_tell_an_agent_whom_it_works_for() -> None:
    brand = BrandFactory.create(name="Blick", voice="Short.", guidelines="No puns.", banned_claims=["a", "b"])
    account = AccountFactory.create(workspace=brand.workspace, brand=brand, handle="blick", locale="de-CH")
    context = context_of(WorkflowRunFactory.create(account=account))
    assert (context.account_id, context.handle, context.locale) == (account.id, "blick", "de-CH")
    assert context.as_of == NOON
    assert context.brand == BrandVoice(
        name="Blick", voice="Short.", guidelines="No puns.", banned_claims=("a", "b")
    )


@pytest.mark.parametrize(
    ("execute", "node"), [(ask_agent, report_node("r")), (write_report, agent_node("a"))]
)
def test_execute_node_of_another_kind_is_a_bug(execute: Any, node: AnyNode) -> None:
    with pytest.raises(TypeError):
        execute(work(node))


def test_list_executors_has_one_for_each_kind_of_node() -> None:
    assert set(EXECUTORS) == {agent_node("a").kind, report_node("r").kind, gate_node().kind}
