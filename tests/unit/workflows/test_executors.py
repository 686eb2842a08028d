from typing import Any, get_args
from uuid import uuid4

import pytest

from agents.contract import BrandVoice
from tests.factories.accounts import AccountFactory, BrandFactory
from tests.factories.figures import NOON
from tests.factories.workflows import WorkflowRunFactory, agent_node, report_node, workflow_of
from workflows.executors import (
    EXECUTORS,
    act,
    ask_agent,
    ask_person,
    begin_loop,
    context_of,
    let_time_pass,
    voice_of,
    write_report,
)
from workflows.models import WorkflowRun, WorkflowStep
from workflows.nodes import AnyNode
from workflows.outcomes import Claim
from workflows.rendering import render
from workflows.studio import fetch_clip, submit_job
from workflows.work import Work


def work(node: AnyNode, *, tries: int = 0) -> Work:
    """Return work on a step that is in no database."""
    return Work(
        claim=Claim(uuid4(), 1),
        step=WorkflowStep(key=node.key, tries=tries, run=WorkflowRun(as_of=NOON)),
        workflow=workflow_of(node),
        node=node,
        hold=lambda seconds: None,
    )


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
    ("execute", "node"),
    [
        (ask_agent, report_node("r")),
        (write_report, agent_node("a")),
        (ask_person, agent_node("a")),
        (act, agent_node("a")),
        (render, agent_node("a")),
        (let_time_pass, agent_node("a")),
        (submit_job, agent_node("a")),
        (fetch_clip, agent_node("a")),
        (begin_loop, agent_node("a")),
    ],
)
def test_execute_node_of_another_kind_is_a_bug(execute: Any, node: AnyNode) -> None:
    with pytest.raises(TypeError):
        execute(work(node))


def test_list_executors_has_one_for_each_kind_of_node() -> None:
    kinds = [part.model_fields["kind"].default for part in get_args(get_args(AnyNode)[0])]
    assert sorted(EXECUTORS) == sorted([*kinds, "expand"])
