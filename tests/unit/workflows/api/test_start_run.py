"""`POST /api/v1/runs/`: who may start what, and what a refusal leaves behind: nothing."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from tests.factories.accounts import AccountFactory, BrandFactory, MembershipFactory, UserFactory, person
from tests.factories.workflows import doorbells
from tests.unit.tiktok_ops.rest.callers import expired_key, make_key, revoked_key, signed_in, using
from tests.unit.workflows.api.starting import NAME, RUNS, body_for, post, starter, starter_key
from tiktok_ops.accounts.models import IdempotencyKey, TikTokAccount
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent
from workflows.models import WorkflowRun
from workflows.services import start_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> TikTokAccount:
    """Return an account in the sandbox."""
    return AccountFactory.create(handle="blick")


def started() -> int:
    """Return how many runs there are, having checked that each has its audit row."""
    runs = WorkflowRun.objects.count()
    assert AuditEvent.objects.filter(verb="run.started").count() == runs
    return runs


def test_start_a_run_with_a_key_answers_with_the_run_and_where_it_is(account: TikTokAccount) -> None:
    issued = starter_key(account.workspace)
    answer = post(using(issued), body_for(account, input={"window_days": 14}))
    run = WorkflowRun.objects.get()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{RUNS}{run.id}/"
    body = using(issued).get(answer.headers["Location"]).json()
    assert answer.json() == {name: body[name] for name in answer.json()}
    assert (body["status"], body["input"], body["workflow"]) == (
        "queued",
        {"window_days": 14},
        "profile_audit",
    )
    assert body["requested_by"] == f"api_key:{issued.key.prefix}"
    assert len(doorbells()) == 1


def test_start_a_run_with_a_key_names_the_key_and_no_person(account: TikTokAccount) -> None:
    issued = starter_key(account.workspace)
    post(using(issued), body_for(account))
    run = WorkflowRun.objects.get()
    assert (run.api_key, run.requested_by) == (issued.key, None)
    assert AuditEvent.objects.get(verb="run.started").actor == f"api_key:{issued.key.prefix}"


def test_start_a_run_as_a_person_names_the_person_and_no_key(account: TikTokAccount) -> None:
    ana = person(account.workspace, Role.OPERATOR, username="ana")
    answer = post(signed_in(ana), body_for(account))
    run = WorkflowRun.objects.get()
    assert (answer.status_code, answer.json()["requested_by"]) == (201, "user:ana")
    assert (run.api_key, run.requested_by) == (None, ana)


@pytest.mark.parametrize("written", ["blick", "@blick", "@BLICK", " blick "])
def test_start_a_run_names_the_account_by_its_handle(account: TikTokAccount, written: str) -> None:
    answer = post(starter(account.workspace), body_for(account, account=written))
    assert (answer.status_code, answer.json()["account"]["id"]) == (201, str(account.id))


# --- who may


def test_start_a_run_without_a_key_that_opens_is_401(account: TikTokAccount) -> None:
    wrong = Client(headers={"authorization": f"Bearer tto_{'A' * 10}_{'A' * 43}"})
    closed = (using(expired_key(account.workspace)), using(revoked_key(account.workspace)))
    for client in (Client(), wrong, *closed):
        assert post(client, body_for(account)).status_code == 401
    assert started() == 0


def test_start_a_run_with_a_key_that_only_reads_is_403_naming_the_scope(account: TikTokAccount) -> None:
    answer = post(using(make_key(account.workspace)), body_for(account))
    assert answer.status_code == 403
    assert answer.json()["detail"].startswith("This API key lacks the scope 'runs:start'")
    assert started() == 0


def test_read_with_a_key_that_only_starts_is_403(account: TikTokAccount) -> None:
    client = using(make_key(account.workspace, scopes=["runs:start"]))
    assert client.get(RUNS).status_code == 403
    assert post(client, body_for(account)).status_code == 201


@pytest.mark.parametrize("role", [Role.VIEWER, Role.APPROVER, Role.FINANCE, Role.AUDITOR])
def test_start_a_run_in_a_role_that_does_not_is_403_with_a_sentence(
    account: TikTokAccount, role: Role
) -> None:
    answer = post(signed_in(person(account.workspace, role)), body_for(account, account="blick"))
    assert answer.status_code == 403
    assert answer.json()["detail"] == (
        "Your role does not start runs on the account 'blick': ask an operator or the owner."
    )
    assert started() == 0


def test_start_a_run_in_a_session_takes_the_token_against_forgery(account: TikTokAccount) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person(account.workspace, Role.OPERATOR))
    assert post(client, body_for(account)).status_code == 403
    client.get("/admin/login/")
    client.cookies["csrftoken"] = "a" * 32
    assert post(client, body_for(account), **{"x-csrftoken": "a" * 32}).status_code == 201


def unreachable(account: TikTokAccount) -> dict[str, tuple[Client, str]]:
    """Return, by circumstance, who asks for which account that does not exist for them."""
    workspace = account.workspace
    theirs = AccountFactory.create()
    live = AccountFactory.create(workspace=workspace, mode="live")
    of_another_brand = starter(workspace, brand=BrandFactory.create(workspace=workspace))
    return {
        "another workspace": (starter(workspace), str(theirs.id)),
        "another workspace's handle": (starter(workspace), theirs.handle),
        "another brand": (of_another_brand, str(account.id)),
        "a live account for the sandbox": (starter(workspace), str(live.id)),
        "nothing": (starter(workspace), str(uuid4())),
        "no such handle": (starter(workspace), "nobody"),
        "a stranger": (signed_in(person(theirs.workspace, Role.OWNER)), str(account.id)),
        "a person without a role": (signed_in(UserFactory.create()), "blick"),
    }


def test_start_a_run_on_an_account_out_of_reach_is_404(account: TikTokAccount) -> None:
    for circumstance, (client, written) in unreachable(account).items():
        answer = post(client, body_for(account, account=written))
        assert answer.status_code == 404, circumstance
        assert answer.json()["detail"].startswith("There is nothing at this address"), circumstance
    assert started() == 0


def test_start_a_run_on_a_live_account_takes_a_key_for_it(account: TikTokAccount) -> None:
    live = AccountFactory.create(workspace=account.workspace, mode="live")
    answer = post(starter(account.workspace, is_sandbox_only=False), body_for(live))
    assert (answer.status_code, answer.json()["sandbox"]) == (201, False)


def test_start_a_run_by_a_handle_of_two_workspaces_is_422_asking_for_the_id(account: TikTokAccount) -> None:
    other = AccountFactory.create(handle="Blick")
    ana = person(account.workspace, Role.OPERATOR)
    MembershipFactory.create(user=ana, workspace=other.workspace, role=Role.OPERATOR)
    answer = post(signed_in(ana), body_for(account, account="blick"))
    assert answer.status_code == 422
    assert answer.json()["detail"] == (
        "The account 'blick' is in more than one workspace: give its id instead."
    )
    assert post(signed_in(ana), body_for(other)).status_code == 201


# --- what is refused

WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "no workflow": ({"workflow": None}, "workflow", "This field may not be null."),
    "unknown workflow": ({"workflow": "nothing"}, "", "There is no workflow 'nothing'; there are "),
    "no account": ({"account": ""}, "account", "This field may not be blank."),
    "long account": ({"account": "a" * 41}, "account", "Ensure this field has no more than 40 characters."),
    "input that is none": ({"input": [1]}, "input", 'Expected a dictionary of items but got type "list".'),
    "unknown input": ({"input": {"colour": "red"}}, "", "The input has 'colour' ('red'), which "),
    "wrong input": ({"input": {"window_days": "many"}}, "", "The input 'window_days' is 'many', which "),
    "unknown field": ({"colour": "red"}, "colour", "There is no field 'colour'; a run takes workflow, "),
}


@pytest.mark.parametrize("case", WRONG)
def test_start_a_run_with_values_that_do_not_do_is_422_with_a_sentence(
    account: TikTokAccount, case: str
) -> None:
    changes, field, sentence = WRONG[case]
    answer = post(starter(account.workspace), body_for(account, **changes))
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(sentence)
    assert [error["field"] for error in answer.json()["errors"]] == ([field] if field else [])
    assert (started(), doorbells(), IdempotencyKey.objects.count()) == (0, [], 0)


@pytest.mark.parametrize(
    ("body", "status"),
    [("", 422), ("[]", 422), ('"x"', 422), ("null", 422), ("{", 400), ('{"a": 1e999}', 400)],
)
def test_start_a_run_with_a_body_that_is_none_is_refused(
    account: TikTokAccount, body: str, status: int
) -> None:
    assert post(starter(account.workspace), body).status_code == status


def test_start_a_run_refused_once_may_be_asked_for_under_the_same_key(account: TikTokAccount) -> None:
    client = starter(account.workspace)
    assert post(client, body_for(account, workflow="nothing")).status_code == 422
    assert post(client, body_for(account)).status_code == 201


# --- asked for again


def test_start_a_run_again_under_the_same_key_is_the_same_answer_and_one_run(account: TikTokAccount) -> None:
    client, body = starter(account.workspace), body_for(account, input={"window_days": 14})
    first = post(client, body)
    WorkflowRun.objects.update(status="running")
    second = post(client, dict(reversed(body.items())))
    assert (second.status_code, second.content) == (201, first.content)
    assert second.headers["Location"] == first.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert (started(), len(doorbells())) == (1, 1)


def test_start_another_run_under_the_same_key_is_422_with_a_sentence(account: TikTokAccount) -> None:
    client = starter(account.workspace)
    post(client, body_for(account))
    answer = post(client, body_for(account, input={"window_days": 14}))
    assert answer.status_code == 422
    assert answer.json()["detail"] == (
        f"The Idempotency-Key {NAME!r} was used before, for another request: take a new one for this one."
    )
    assert started() == 1


def test_start_a_run_under_another_key_is_another_run(account: TikTokAccount) -> None:
    client = starter(account.workspace)
    answers = [post(client, body_for(account), key=f"attempt-{number}") for number in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert started() == 2


def test_start_a_run_under_a_key_somebody_else_uses_is_another_run(account: TikTokAccount) -> None:
    ana, ben = (signed_in(person(account.workspace, Role.OPERATOR)) for _ in range(2))
    clients = (starter(account.workspace), starter(account.workspace), ana, ben)
    assert [post(client, body_for(account)).status_code for client in clients] == [201] * 4
    assert started() == 4
    assert sorted(str(row) for row in IdempotencyKey.objects.all()) == [NAME] * 4


def test_start_a_run_without_a_key_of_idempotency_is_400_naming_the_header(account: TikTokAccount) -> None:
    answer = post(starter(account.workspace), body_for(account), key=None)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"] == (
        "The header Idempotency-Key is missing: send a name of your own for this write."
    )
    assert started() == 0


@pytest.mark.parametrize("key", ["", "short12", "x" * 201, "with a space", "tab\there", "ümlaut-key"])
def test_start_a_run_with_a_key_that_is_no_name_is_400(account: TikTokAccount, key: str) -> None:
    answer = post(starter(account.workspace), body_for(account), key=key)
    assert answer.status_code == 400
    assert "send 8 to 200 letters, digits and signs without spaces" in answer.json()["detail"]
    assert started() == 0


@pytest.mark.parametrize("key", ["12345678", "x" * 200])
def test_start_a_run_with_a_key_of_any_length_allowed_starts_it(account: TikTokAccount, key: str) -> None:
    assert post(starter(account.workspace), body_for(account), key=key).status_code == 201


# --- the service


def test_start_run_by_a_key_keeps_the_key(account: TikTokAccount) -> None:
    key = starter_key(account.workspace).key
    run = start_run("profile_audit", account_id=account.id, by=key)
    assert (run.api_key, run.requested_by) == (key, None)
