"""Dry runs: agents work, nobody is asked, nothing is sent; and a run for real keeps what was given."""

from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from agents.models import AgentRun
from agents.sandbox.tiktok import ledger as tiktok
from approvals.models import ApprovalRequest
from tests.factories.accounts import person
from tests.factories.approvals import asked_request, request_of
from tests.factories.effects import make_effect, yes_to
from tests.factories.posting import (
    decide,
    direct_account,
    effect_of,
    post_brief,
    providers,
    taken_work,
    time_passes,
    video_asset,
    work,
)
from tests.factories.workflows import WorkflowStepFactory, statuses
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent
from workflows.dry_runs import WOULD, NoDryRun, run_for_real, would_act
from workflows.models import Effect, WorkflowRun
from workflows.overrides import Changes
from workflows.replay import replay_run
from workflows.services import start_run

BY = "a test"


def dry_post(account: TikTokAccount | None = None, **changes: Any) -> WorkflowRun:
    """Return a dry run of a post, done to its end; `changes` are of the brief."""
    account = account or direct_account()
    given = post_brief(video_asset(account), **changes)
    return work(start_run("own_post", account_id=account.id, by=BY, given=given, is_dry_run=True))


@pytest.mark.django_db
def test_dry_run_asks_the_agents_and_says_what_it_would_do() -> None:
    run = dry_post()
    assert (run.status, run.is_dry_run) == ("succeeded", True)
    assert AgentRun.objects.filter(run_id=run.id, status="succeeded").count() == 1
    assert (Effect.objects.count(), ApprovalRequest.objects.count()) == (0, 0)
    gate, post = (run.steps.get(key=key).output or {} for key in ("gate", "post"))
    assert (gate["request"], gate["decision"], gate["payload"]["handle"]) == (None, None, run.account.handle)
    assert gate["dry_run"].startswith(f"It would ask somebody: Post on @{run.account.handle}:")
    assert (post["status"], post["effect"], post["handle"]) == (WOULD, None, run.account.handle)
    assert post["dry_run"] == f"It would post a video on {run.account}, and sent nothing."
    assert post["payload_sha256"] == gate["payload_sha256"]
    assert (post["mode"], post["delivery"]) == ("sandbox", "direct")
    assert AuditEvent.objects.get(verb="run.started").data["dry_run"] is True


@pytest.mark.django_db
def test_dry_run_names_the_digest_that_a_person_would_be_asked_for() -> None:
    account = direct_account()
    dry = dry_post(account)
    real = work(run_for_real(run_id=dry.id, by=BY))
    gate = dry.steps.get(key="gate").output or {}
    assert request_of(real).payload_sha256 == gate["payload_sha256"]


@pytest.mark.django_db
def test_dry_run_of_what_nobody_could_approve_fails_with_the_sentence_of_the_gate() -> None:
    run = dry_post(asset_sha256="b" * 64)
    assert run.status == "failed"
    assert "is not one of this workspace" in run.steps.get(key="gate").error
    assert statuses(run)["post"] == "skipped"


@pytest.mark.usefixtures("committed_db")
def test_run_for_real_keeps_the_input_asks_a_person_and_sends_once(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT, settings.PROVIDERS = tmp_path, providers()
    dry = dry_post()
    assert not tiktok.received()
    real = work(run_for_real(run_id=dry.id, by=BY, reason="It looks good."))
    assert (real.status, real.is_dry_run, real.input) == ("waiting", False, dry.input)
    assert (real.definition_id, real.steps.filter(taken_from__isnull=False).count()) == (dry.definition_id, 0)
    told = AuditEvent.objects.filter(verb="run.started").latest("id").data
    assert (told["rehearsed_as"], told["reason"], "dry_run" in told) == (str(dry.id), "It looks good.", False)
    decide(real)
    time_passes(work(real))
    assert (effect_of(real).status, len(tiktok.posts())) == ("confirmed", 1)


@pytest.mark.django_db
def test_run_for_real_of_a_run_that_was_real_is_refused() -> None:
    dry = dry_post()
    real = run_for_real(run_id=dry.id, by=BY)
    with pytest.raises(NoDryRun, match="is no dry run: there is nothing to run for real"):
        run_for_real(run_id=real.id, by=BY)


@pytest.mark.django_db
def test_replay_of_a_dry_run_is_dry_and_its_changes_are_kept_when_run_for_real() -> None:
    dry = dry_post()
    changes = Changes(prompts={"compliance": "Be strict."})
    again = work(replay_run(run_id=dry.id, from_steps=["compliance"], by=BY, changes=changes))
    assert (again.is_dry_run, again.status, ApprovalRequest.objects.count()) == (True, "succeeded", 0)
    assert run_for_real(run_id=again.id, by=BY).overrides == {"compliance": {"prompt": "Be strict."}}


@pytest.mark.django_db
def test_write_an_effect_or_an_approval_of_a_dry_run_is_refused_by_the_database() -> None:
    run = dry_post()
    request = asked_request(run.account)
    step = WorkflowStepFactory.create(run=run, key="more", status="waiting")
    with pytest.raises(IntegrityError, match=f"run {run.id} is a dry run"), transaction.atomic():
        make_effect(yes_to(request), step)
    request.pk, request.run_id, request.step_id = None, run.id, step.id
    with pytest.raises(IntegrityError, match="it asks nobody and sends nothing"), transaction.atomic():
        request.save(force_insert=True)


@pytest.mark.django_db
def test_change_whether_a_run_is_dry_is_refused_by_the_database() -> None:
    run = dry_post()
    with pytest.raises(IntegrityError, match="is frozen"), transaction.atomic():
        WorkflowRun.objects.filter(id=run.id).update(is_dry_run=False)


@pytest.mark.django_db
def test_page_of_a_dry_run_says_so_and_leads_to_the_run_for_real() -> None:
    run = dry_post()
    client = Client()
    client.force_login(person(run.workspace, Role.OPERATOR))
    page = client.get(reverse("admin:workflows_workflowrun_change", args=[run.id])).content.decode()
    assert "<strong>Dry run.</strong>" in page
    assert "Run for real …" in page
    address = reverse("admin:workflows_workflowrun_control", args=[run.id])
    answer = client.post(address, {"verb": "run_for_real"}, follow=True)
    real = WorkflowRun.objects.get(is_dry_run=False)
    assert answer.redirect_chain[-1][0] == reverse("admin:workflows_workflowrun_change", args=[real.id])
    assert [str(message) for message in answer.context["messages"]] == ["This is the run for real."]
    assert "<strong>Dry run.</strong>" not in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(("page", "slug"), [("new-post", "own_post"), ("draft-a-post", "post_draft")])
@pytest.mark.parametrize("is_dry", [True, False])
def test_begin_a_post_is_a_dry_run_where_the_box_is_ticked(page: str, slug: str, is_dry: bool) -> None:
    account = direct_account()
    client = Client()
    client.force_login(person(account.workspace, Role.OPERATOR))
    given = {"privacy_level": "PUBLIC_TO_EVERYONE"} | ({"is_dry_run": "on"} if is_dry else {})
    given |= {"asset": str(video_asset(account).id)} if page == "new-post" else {}
    client.post(f"/admin/accounts/tiktokaccount/{account.pk}/{page}/", given)
    run = WorkflowRun.objects.get()
    assert (run.definition.slug, run.is_dry_run) == (slug, is_dry)


@pytest.mark.django_db
def test_say_what_would_be_done_of_a_node_that_does_nothing_outside_is_a_fault_of_ours() -> None:
    account = direct_account()
    given = post_brief(video_asset(account))
    run = start_run("own_post", account_id=account.id, by=BY, given=given, is_dry_run=True)
    with pytest.raises(TypeError):
        would_act(taken_work(run))
