"""The pages of batches: starting one, its figure, its buttons, and deciding on several of its requests."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from approvals.kinds import Weight, kind_of
from approvals.models import ApprovalRequest, Decision
from tests.factories.accounts import AccountFactory, person
from tests.factories.approvals import asked_run, request_of
from tests.factories.batches import audits, batch_of
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Role
from workflows.account_actions import start_batch_url
from workflows.control import RunOver
from workflows.models import Batch, WorkflowRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> TikTokAccount:
    """Return an account."""
    return AccountFactory.create()


def signed_in(account: TikTokAccount, role: Role = Role.OPERATOR) -> Client:
    """Return a browser of somebody with this role in the account's workspace."""
    client = Client()
    client.force_login(person(account.workspace, role))
    return client


def address(name: str, batch: Batch | None = None) -> str:
    """Return the address of a page of batches."""
    return reverse(f"admin:workflows_batch_{name}", args=[batch.id] if batch else [])


def said(answer: Any) -> list[str]:
    """Return what the page says happened."""
    return [str(message) for message in answer.context["messages"]]


def filled(client: Client, *accounts: TikTokAccount, **changes: Any) -> dict[str, Any]:
    """Return what the form of a batch is sent with."""
    form = client.get(address("start")).context["form"]
    given = {
        "batch": form["batch"].value(),
        "name": "Spring",
        "workflow": "profile_audit",
        "accounts": [str(one.id) for one in accounts],
        "inputs": "{}",
    }
    return given | changes


def test_start_form_begins_a_batch_once_and_leads_to_it(account: TikTokAccount) -> None:
    client = signed_in(account)
    other = AccountFactory.create(workspace=account.workspace)
    given = filled(client, account, other, inputs='[{"window_days": 7}, {"window_days": 14}]')
    for _ in range(2):
        answer = client.post(address("start"), given)
        batch = Batch.objects.get()
        assert answer.headers["Location"] == address("change", batch)
    assert batch.runs.count() == 4
    assert {run.input["window_days"] for run in batch.runs.all()} == {7, 14}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"inputs": "[1]"}, "which is no object"),
        ({"inputs": "{"}, "This is not JSON"),
        ({"inputs": '{"colour": 1}'}, "Item 1 ("),
        ({"workflow": ""}, "Choose a workflow: none is chosen for you."),
        ({"accounts": []}, "Choose at least one account."),
        ({"inputs": json.dumps([{}] * 201)}, "The batch has 201 items"),
    ],
)
def test_start_form_with_what_does_not_do_says_so_and_starts_nothing(
    account: TikTokAccount, changes: dict[str, Any], sentence: str
) -> None:
    client = signed_in(account)
    page = client.post(address("start"), filled(client, account, **changes)).content.decode()
    assert sentence in page
    assert not WorkflowRun.objects.exists()


def test_start_form_without_input_starts_a_run_of_each_account(account: TikTokAccount) -> None:
    client = signed_in(account)
    client.post(address("start"), filled(client, account, inputs=""))
    assert WorkflowRun.objects.get().input == {}


def test_start_form_begins_with_the_workflow_that_leads_to_it(account: TikTokAccount) -> None:
    answer = signed_in(account).get(f"{address('start')}?workflow=studio_clip")
    assert answer.context["form"]["workflow"].value() == "studio_clip"
    assert '<option value="studio_clip" selected>' in answer.content.decode()


def test_start_form_opens_what_is_folded_where_something_is_wrong_in_it(account: TikTokAccount) -> None:
    client = signed_in(account)
    assert 'ops-more">' in client.get(address("start")).content.decode()
    page = client.post(address("start"), filled(client, account, inputs="{")).content.decode()
    assert 'ops-more" open>' in page


def test_page_offers_only_the_buttons_that_suit_its_runs(account: TikTokAccount) -> None:
    def offered(*statuses: str) -> list[str]:
        batch = batch_of(account, list(statuses))
        page = signed_in(account).get(address("change", batch))
        return [control.verb for control in page.context["controls"]]

    assert offered("running", "waiting") == ["pause", "cancel"]
    assert offered("paused", "running") == ["pause", "resume", "cancel"]
    assert offered("paused", "succeeded") == ["resume", "cancel"]
    assert offered("succeeded", "failed") == []


def test_page_tells_what_each_run_works_with_and_shows_its_parts(account: TikTokAccount) -> None:
    batch = batch_of(account, ["succeeded", "failed", "queued"])
    first = batch.runs.first()
    assert first is not None
    given = {"window_days": 7, "topics": ["rugs", "tea"], "privacy_level": "SELF_ONLY", "is_new": True}
    batch.runs.filter(id=first.id).update(input=given)
    page = signed_in(account).get(address("change", batch)).content.decode()
    for words in ("window days: 7", "topics: rugs, tea", "privacy level: only the creator", "is new: yes"):
        assert words in page
    for part in ("succeeded", "failed", "under-way"):
        assert f'<span class="run-part-{part}" style="flex-grow: 1">' in page
    assert "1 of 3" not in page
    assert "2 of 3 runs over" in page


def test_start_form_takes_no_account_of_others_and_nobody_without_the_role(account: TikTokAccount) -> None:
    client = signed_in(account)
    page = client.post(address("start"), filled(client, AccountFactory.create())).content.decode()
    assert "Select a valid choice" in page
    assert signed_in(account, Role.VIEWER).get(address("start")).status_code == 403


def test_accounts_list_leads_to_the_form_with_the_selected_accounts(account: TikTokAccount) -> None:
    other = AccountFactory.create(workspace=account.workspace)
    client = signed_in(account)
    chosen = {"action": "run_a_batch", "_selected_action": [str(account.id), str(other.id)]}
    answer = client.post(reverse("admin:accounts_tiktokaccount_changelist"), chosen)
    page = client.get(answer.headers["Location"])
    assert set(page.context["form"]["accounts"].value()) == {str(account.id), str(other.id)}
    assert answer.headers["Location"] == start_batch_url([account, other])


def test_accounts_list_with_more_accounts_than_fit_says_how_many(account: TikTokAccount) -> None:
    many = [AccountFactory.create(workspace=account.workspace) for _ in range(51)]
    chosen = {"action": "run_a_batch", "_selected_action": [str(one.id) for one in many]}
    listing = reverse("admin:accounts_tiktokaccount_changelist")
    answer = signed_in(account).post(listing, chosen, follow=True)
    assert said(answer) == ["Choose at most 50 accounts at a time."]


def test_list_and_page_show_how_far_a_batch_is(account: TikTokAccount) -> None:
    batch = batch_of(account, ["succeeded", "failed", "running", "waiting"])
    client = signed_in(account)
    listing = client.get(address("changelist")).content.decode()
    assert "2 of 4 over, 1 failed" in listing
    assert "Start a batch" in listing
    page = client.get(address("change", batch)).content.decode()
    assert 'aria-valuenow="50"' in page
    assert "1 waiting" in page
    live = client.get(address("live", batch)).content.decode()
    assert f'hx-get="{address("live", batch)}"' in live
    assert "<html" not in live
    over = batch_of(account, ["succeeded"])
    assert "hx-get" not in client.get(address("live", over)).content.decode()
    assert "Pause all" not in client.get(address("change", over)).content.decode()


def test_buttons_steer_every_run_and_say_how_many(account: TikTokAccount) -> None:
    batch, client = audits(account, account), signed_in(account)
    control = address("control", batch)
    assert said(client.post(control, {"verb": "pause", "reason": "Wait."}, follow=True)) == ["2 runs paused."]
    assert said(client.post(control, {"verb": "resume"}, follow=True)) == ["2 runs resumed."]
    assert said(client.post(control, {"verb": "cancel"}, follow=True)) == ["2 runs cancelled."]
    assert said(client.post(control, {"verb": "x"}, follow=True)) == ["Choose what to do with the batch."]
    assert client.get(control).status_code == 403
    assert signed_in(account, Role.VIEWER).post(control, {"verb": "pause"}).status_code == 403
    assert "Pause all" not in signed_in(account, Role.VIEWER).get(address("change", batch)).content.decode()
    stranger = signed_in(AccountFactory.create())
    assert {stranger.get(address(name, batch)).status_code for name in ("live", "control", "decide")} == {404}


def test_buttons_say_what_became_of_a_run_that_had_moved_on(
    account: TikTokAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*, run_id: Any, by: Any, reason: str) -> WorkflowRun:
        raise RunOver("This run is over: it succeeded.")

    monkeypatch.setattr("workflows.batches.pause_run", refuse)
    batch = audits(account, account)
    answer = signed_in(account).post(address("control", batch), {"verb": "pause"}, follow=True)
    assert said(answer) == ["0 runs paused.", "This run is over: it succeeded."]


def asking_batch(account: TikTokAccount) -> tuple[Batch, list[ApprovalRequest]]:
    """Return a batch of two runs that wait at their gates, and what they ask."""
    batch = batch_of(account, [])
    runs = [asked_run(account), asked_run(account)]
    WorkflowRun.objects.filter(id__in=[run.id for run in runs]).update(batch=batch)
    return batch, [request_of(run) for run in runs]


@pytest.fixture
def low(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let posts be of low risk."""
    kind = kind_of("post_video")
    monkeypatch.setattr("approvals.kinds._kinds", {"post_video": _of_low_risk(kind)})


def _of_low_risk(kind: Any) -> Any:
    return type(kind)(
        **{name: getattr(kind, name) for name in kind.__slots__} | {"weigh": lambda post: Weight("low")}
    )


def seen(*requests: ApprovalRequest) -> list[str]:
    """Return what ticking these requests sends."""
    return [f"{request.id}:{request.payload_sha256}" for request in requests]


@pytest.mark.usefixtures("low")
def test_decide_in_bulk_decides_on_each_for_itself(account: TikTokAccount) -> None:
    batch, (first, second) = asking_batch(account)
    client = signed_in(account, Role.APPROVER)
    page = client.get(address("change", batch)).content.decode()
    assert page.count('type="checkbox" name="seen"') == 2
    ticked = [seen(first)[0], f"{second.id}:{'0' * 64}"]
    answer = client.post(address("decide", batch), {"verb": "approve", "seen": ticked}, follow=True)
    assert said(answer) == [
        f"{first.title}: approved.",
        f"{second.title}: What you saw is not what is asked for now: look at it again.",
    ]
    decision = Decision.objects.get()
    assert (decision.request, decision.channel) == (first, "bulk")
    given = {"verb": "reject", "seen": seen(second)}
    assert said(client.post(address("decide", batch), given, follow=True)) == [
        f"{second.title}: A rejection needs a reason: say in a sentence what is wrong."
    ]
    answer = client.post(
        address("decide", batch), {**given, "seen": seen(first, second), "comment": "No."}, follow=True
    )
    assert said(answer)[0].startswith(f"{first.title}: This was already approved by")
    assert said(answer)[1] == f"{second.title}: rejected."


def test_decide_in_bulk_on_what_is_of_more_than_low_risk_is_refused_with_the_reason(
    account: TikTokAccount,
) -> None:
    batch, (first, _) = asking_batch(account)
    client = signed_in(account, Role.APPROVER)
    assert "None of these is of low risk" in client.get(address("change", batch)).content.decode()
    answer = client.post(address("decide", batch), {"verb": "approve", "seen": seen(first)}, follow=True)
    assert said(answer) == [
        f"{first.title}: This is of medium risk, so it is not decided together with others: open it, and "
        "decide there."
    ]
    assert not Decision.objects.exists()


@pytest.mark.usefixtures("low")
@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"verb": "approve", "seen": []}, "There are 0 ticked: tick 1 to 200."),
        ({"verb": "approve", "seen": ["that one"]}, "What was ticked cannot be read: open the page again."),
        ({"verb": "explode"}, "Choose whether to approve or to reject."),
    ],
)
def test_decide_in_bulk_with_a_form_that_says_nothing_decides_nothing(
    account: TikTokAccount, given: dict[str, Any], sentence: str
) -> None:
    batch, requests = asking_batch(account)
    answer = signed_in(account, Role.APPROVER).post(
        address("decide", batch), {"seen": seen(*requests), **given}, follow=True
    )
    assert said(answer) == [sentence]
    assert not Decision.objects.exists()


@pytest.mark.usefixtures("low")
def test_decide_in_bulk_without_the_role_or_outside_of_the_batch_decides_nothing(
    account: TikTokAccount,
) -> None:
    batch, requests = asking_batch(account)
    outside = request_of(asked_run(account))
    decide = address("decide", batch)
    answer = signed_in(account).post(decide, {"verb": "approve", "seen": seen(*requests)}, follow=True)
    assert all("You may not decide this" in sentence for sentence in said(answer))
    approver = signed_in(account, Role.APPROVER)
    assert said(approver.post(decide, {"verb": "approve", "seen": seen(outside)}, follow=True)) == []
    assert approver.get(decide).status_code == 302
    assert not Decision.objects.exists()
