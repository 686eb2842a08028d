"""`manage.py decide`: the same rules from the command line."""

import json

import pytest
from django.core.management import call_command

from approvals.models import ApprovalRequest, Decision
from tests.factories.accounts import person
from tests.factories.approvals import asked_run, request_of
from tiktok_ops.accounts.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked() -> ApprovalRequest:
    """A request with an approver, `ana`, and an operator, `oscar`."""
    request = request_of(asked_run())
    person(request.workspace, Role.APPROVER, username="ana")
    person(request.workspace, Role.OPERATOR, username="oscar")
    return request


def test_decide_approves_as_the_person_named(
    asked: ApprovalRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("decide", str(asked.id), "approve", "--as", "ana")

    assert capsys.readouterr().out == f"Approved as ana: {asked.title}\n"
    decision = Decision.objects.get()
    assert (decision.decided_by.username, decision.channel, decision.verb) == ("ana", "command", "approve")


def test_decide_prints_the_decision_as_json(
    asked: ApprovalRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("decide", str(asked.id), "reject", "--as", "ana", "--comment", "Too dark.", "--json")

    printed = json.loads(capsys.readouterr().out)
    assert (printed["approval"], printed["verb"], printed["decided_by"]) == (str(asked.id), "reject", "ana")
    assert printed["payload_sha256"] == asked.payload_sha256


def test_decide_says_rejected_after_a_rejection(
    asked: ApprovalRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("decide", str(asked.id), "reject", "--as", "ana", "--comment", "Too dark.")

    assert capsys.readouterr().out.startswith("Rejected as ana: ")


@pytest.mark.parametrize(
    ("approval", "verb", "username", "sentence"),
    [
        ("nonsense", "approve", "ana", "There is no approval 'nonsense'"),
        ("01920000-0000-7000-8000-00000000dead", "approve", "ana", "There is no approval"),
        ("", "approve", "nobody", "There is no person 'nobody'"),
        ("", "approve", "oscar", "You may not decide this"),
        ("", "reject", "ana", "A rejection needs a reason"),
    ],
    ids=["not an id", "unknown", "nobody", "operator", "no reason"],
)
def test_decide_that_is_refused_exits_2_with_one_sentence(
    asked: ApprovalRequest,
    capsys: pytest.CaptureFixture[str],
    approval: str,
    verb: str,
    username: str,
    sentence: str,
) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command("decide", approval or str(asked.id), verb, "--as", username)

    told = capsys.readouterr()
    assert (ended.value.code, told.out) == (2, "")
    assert sentence in told.err
    assert len(told.err.strip().splitlines()) == 1
    assert not Decision.objects.exists()
