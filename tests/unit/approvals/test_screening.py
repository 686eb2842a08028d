"""The guardrails on what is asked and decided: high risk, marked at the phrase, refused, and asked once more."""

import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from agents.guardrails.models import GuardrailFinding
from agents.guardrails.policy import Preset
from agents.guardrails.scanning import ContentBlocked
from approvals.models import ApprovalRequest, Decision
from approvals.policy import MayNotDecide
from approvals.screening import NewFindings, screen
from approvals.services import Asking, approve, open_request, reject
from tests.factories.accounts import AccountFactory, UserFactory, person
from tests.factories.approvals import asked_request, asked_run, request_of
from tests.factories.checking import broken_checker
from tests.factories.guardrails import policy_of
from tests.unit.approvals.findings import finding
from tests.unit.approvals.test_differences import ask_again
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent

pytestmark = pytest.mark.django_db

ADDRESS = "ana@example.com"
CAPTION = f"Write to {ADDRESS} #lamp"


@pytest.fixture
def account() -> TikTokAccount:
    made: TikTokAccount = AccountFactory.create(handle="lumen.lamps")
    return made


@pytest.fixture
def ana(account: TikTokAccount) -> User:
    return person(account.workspace, Role.APPROVER)


def asked_about(account: TikTokAccount, caption: str) -> ApprovalRequest:
    """Return what a run asks about a caption."""
    return request_of(asked_run(account, given={"caption": caption}))


def page_of(asked: ApprovalRequest, by: User) -> str:
    """Return the packet's page, every run of white space as one space."""
    client = Client()
    client.force_login(by)
    page = client.get(reverse("admin:approvals_approvalrequest_change", args=[asked.id])).content.decode()
    return re.sub(r"\s+", " ", page)


def approved(asked: ApprovalRequest, by: User) -> Decision:
    """Return an approval of what is asked."""
    return approve(request_id=asked.id, by=by, channel="admin", seen_sha256=asked.payload_sha256)


def places() -> list[tuple[str, str, str]]:
    """Return (place, detector, verdict) of every finding, oldest first."""
    return list(GuardrailFinding.objects.order_by("id").values_list("place", "detector", "verdict"))


# Asking ---------------------------------------------------------------------------------------------


def test_ask_about_clean_words_is_of_the_risk_it_was(account: TikTokAccount) -> None:
    assert (asked_about(account, "A lamp #lamp").risk, places()) == ("medium", [])


def test_ask_about_what_is_held_is_of_high_risk_with_the_finding_on_it(account: TikTokAccount) -> None:
    asked = asked_about(account, CAPTION)
    [found] = GuardrailFinding.objects.all()
    assert (asked.risk, asked.status) == ("high", "open")
    assert (found.place, found.detector, found.verdict) == ("asked", "email", "hold")
    assert (found.request_id, found.run_id, found.step_id) == (asked.id, asked.run_id, asked.step_id)
    assert AuditEvent.objects.get(verb="guardrail.found").data["request_id"] == str(asked.id)


def test_ask_about_what_is_blocked_fails_the_step_with_one_sentence(account: TikTokAccount) -> None:
    policy_of(account.workspace, preset=Preset.REGULATED)
    run = asked_run(account, given={"caption": "card 4111 1111 1111 1111"})
    step = run.steps.get(key="gate")
    assert (step.status, ApprovalRequest.objects.count()) == ("failed", 0)
    assert step.error.startswith("The guardrails refuse this: payment cards in 'caption'.")
    [found] = GuardrailFinding.objects.all()
    assert (found.verdict, found.run_id, found.request_id) == ("block", run.id, None)


def test_open_a_request_for_what_is_blocked_is_refused(account: TikTokAccount) -> None:
    policy_of(account.workspace, preset=Preset.REGULATED)
    with pytest.raises(ContentBlocked):
        asked_request(account, caption="card 4111 1111 1111 1111")


def test_ask_while_the_check_cannot_run_is_of_high_risk_and_says_so(
    account: TikTokAccount, ana: User
) -> None:
    with broken_checker():
        asked = asked_about(account, "A lamp #lamp")
    [found] = GuardrailFinding.objects.all()
    assert (asked.risk, found.category, found.verdict) == ("high", "fault", "hold")
    assert "The guardrails could not check this: the process that checks failed" in page_of(asked, ana)


def test_open_a_request_with_a_screening_of_other_words_checks_them_itself(account: TikTokAccount) -> None:
    before = asked_request(account, caption="clean")
    asked = open_request(
        kind="post_video",
        account=account,
        payload=json.loads(bytes(before.payload)) | {"caption": CAPTION},
        facts={},
        asking=Asking(run_id=before.run_id, step_id=before.step_id, requested_by=None),
        screening=screen(json.loads(bytes(before.payload)), account),
    )
    assert (asked.risk, len(places())) == ("high", 1)


def test_leave_the_accounts_own_name_out_of_what_is_checked() -> None:
    account = AccountFactory.create(handle="lumen.shop")
    policy_of(account.workspace, verdicts={"link": "hold"})
    assert asked_request(account).risk == "medium"


# The page -------------------------------------------------------------------------------------------


def test_page_marks_what_was_found_at_the_phrase_and_says_that_it_is_held(
    account: TikTokAccount, ana: User
) -> None:
    page = page_of(asked_about(account, CAPTION), ana)
    assert f'<mark class="packet-mark packet-high">{ADDRESS}</mark>' in page
    assert "<strong>Held by the guardrails.</strong>" in page
    assert "E-mail addresses: An e-mail address, also one hidden as" in page
    assert "It is held for a person." in page
    assert "Remove the address, and point to the profile instead." in page


def test_page_of_what_is_only_noted_does_not_say_held(account: TikTokAccount, ana: User) -> None:
    page = page_of(asked_about(account, "See example.org #lamp"), ana)
    assert '<mark class="packet-mark packet-low">example.org</mark>' in page
    assert "It is noted." in page
    assert "Held by the guardrails" not in page


def test_page_shows_a_pattern_of_the_workspaces_own(account: TikTokAccount, ana: User) -> None:
    pattern = {"name": "promo", "pattern": "PROMO", "verdict": "hold"}
    policy_of(account.workspace, patterns=[pattern])
    page = page_of(asked_about(account, "promo time #lamp"), ana)
    assert "The workspace&#x27;s own pattern &#x27;promo&#x27;. It is held for a person." in page


def test_page_names_once_what_the_compliance_agent_found_at_the_same_place(
    account: TikTokAccount, ana: User
) -> None:
    caption = "This cures cancer #lamp"
    asked = asked_about(account, caption)
    same = finding(caption, "cures cancer", "high", rule="health_claim")
    assert "Promises:" in page_of(asked, ana)
    ApprovalRequest.objects.filter(id=asked.id).update(facts={"findings": [same]})
    assert "Promises:" not in page_of(asked, ana)


def test_page_quotes_no_words_that_are_not_those_it_was_found_in(account: TikTokAccount, ana: User) -> None:
    asked = asked_about(account, CAPTION)
    row = GuardrailFinding.objects.get()
    other = asked_request(account, caption="A lamp with more words than before #lamp")
    GuardrailFinding.objects.create(
        **{
            **{field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields},
            "id": other.id,
            "request_id": other.id,
        }
    )
    page = page_of(other, ana)
    assert "E-mail addresses:" in page
    assert "<mark" not in page
    assert asked.id != other.id


# Deciding -------------------------------------------------------------------------------------------


def test_approve_what_is_held_as_it_was_shown_is_the_persons_to_do(account: TikTokAccount, ana: User) -> None:
    asked = asked_about(account, CAPTION)
    approved(asked, ana)
    asked.refresh_from_db()
    assert (asked.status, places()) == ("approved", [("asked", "email", "hold")])


def test_approve_what_is_held_by_who_started_it_is_refused(account: TikTokAccount, ana: User) -> None:
    run = asked_run(account, by=ana, given={"caption": CAPTION})
    with pytest.raises(MayNotDecide, match="is of high risk: another approver"):
        approved(request_of(run), ana)


def test_approve_when_more_is_found_than_was_shown_is_refused_once(account: TikTokAccount, ana: User) -> None:
    asked = asked_about(account, "See example.org #lamp")
    policy_of(account.workspace, verdicts={"link": "hold"})
    with pytest.raises(NewFindings, match="more in this than you were shown: links in 'caption'"):
        approved(asked, ana)
    assert places() == [("asked", "link", "flag"), ("human_edit", "link", "hold")]
    assert "Held by the guardrails" in page_of(asked, ana)
    approved(asked, ana)
    assert len(places()) == 2


def test_approve_when_more_is_only_noted_goes_on_with_it_on_record(account: TikTokAccount, ana: User) -> None:
    policy_of(account.workspace, verdicts={"link": "allow"})
    asked = asked_about(account, "See example.org #lamp")
    policy_of(account.workspace)
    approved(asked, ana)
    assert places() == [("human_edit", "link", "flag")]


def test_approve_what_is_blocked_by_now_is_refused_and_it_may_be_rejected(
    account: TikTokAccount, ana: User
) -> None:
    asked = asked_about(account, "card 4111 1111 1111 1111")
    policy_of(account.workspace, preset=Preset.REGULATED)
    with pytest.raises(ContentBlocked, match="payment cards in 'caption'"):
        approved(asked, ana)
    reject(request_id=asked.id, by=ana, channel="admin", seen_sha256=asked.payload_sha256, comment="No.")
    assert places()[-1] == ("human_edit", "card", "block")


def test_approve_while_the_check_cannot_run_is_refused_once(account: TikTokAccount, ana: User) -> None:
    asked = asked_about(account, "A lamp #lamp")
    with broken_checker():
        with pytest.raises(NewFindings, match="could not be checked"):
            approved(asked, ana)
        approved(asked, ana)
    asked.refresh_from_db()
    assert asked.status == "approved"


def test_approve_by_somebody_who_does_not_see_it_keeps_no_finding(account: TikTokAccount) -> None:
    asked = asked_about(account, "See example.org #lamp")
    policy_of(account.workspace, verdicts={"link": "hold"})
    with pytest.raises(Exception, match="There is no approval"):
        approved(asked, UserFactory.create())
    assert len(places()) == 1


def test_ask_again_checks_the_new_version(account: TikTokAccount) -> None:
    second = ask_again(asked_request(account), caption=CAPTION)
    assert (second.version, second.risk) == (2, "high")
