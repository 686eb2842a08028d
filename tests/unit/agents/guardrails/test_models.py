"""What the database keeps of policies and findings, whoever writes."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tests.factories.accounts import AccountFactory, WorkspaceFactory
from tests.factories.guardrails import finding_on, policy_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"version": 0}, "guardrail_policy_version_from_one"),
        ({"version": 1}, "guardrail_policy_version_once"),
        ({"version": 2, "preset": "strict"}, "guardrail_policy_preset_known"),
    ],
)
def test_write_a_policy_that_cannot_be_is_refused(values: dict[str, Any], constraint: str) -> None:
    workspace = WorkspaceFactory.create()
    policy_of(workspace)
    given = {"preset": "standard", **values}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        type(policy_of(WorkspaceFactory.create())).objects.create(workspace=workspace, rules={}, **given)


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"place": "nowhere"}, "guardrail_finding_place_known"),
        ({"verdict": "allow"}, "guardrail_finding_verdict_known"),
        ({"severity": "dire"}, "guardrail_finding_severity_known"),
        ({"score": 1.5}, "guardrail_finding_score_is_share"),
        ({"category": "fault"}, "guardrail_fault_holds"),
        ({"category": "fault", "length": 0, "verdict": "flag"}, "guardrail_fault_holds"),
    ],
)
def test_write_a_finding_that_cannot_be_is_refused(values: dict[str, Any], constraint: str) -> None:
    account = AccountFactory.create()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        finding_on(account, **values)


def test_say_a_row_in_words() -> None:
    account = AccountFactory.create()
    assert str(finding_on(account)) == "email hold"
    assert str(policy_of(account.workspace)) == "Version 1"
