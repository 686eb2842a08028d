"""The approval page: what it shows, and that only a POST with the digest decides."""

import pytest
from django.test import Client
from django.urls import reverse

from approvals.models import ApprovalRequest, Decision
from tests.factories.accounts import AccountFactory, WorkspaceFactory, person
from tests.factories.approvals import asked_run, request_of
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.roles import Role

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script> **bold** ![x](https://evil.example/p.png) \u202egpj.exe"


@pytest.fixture
def asked() -> ApprovalRequest:
    """A request whose run waits for it."""
    return request_of(asked_run())


def signed_in(user: User) -> Client:
    """Return a browser of this person that demands CSRF tokens, as a real one is asked for."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    return client


def page_of(client: Client, asked: ApprovalRequest) -> str:
    """Return the packet's page."""
    return client.get(reverse("admin:approvals_approvalrequest_change", args=[asked.id])).content.decode()


def press(client: Client, asked: ApprovalRequest, verb: str, **changes: str) -> str:
    """Press a button of the form and return the page that follows."""
    page_of(client, asked)
    given = {
        "verb": verb,
        "seen_sha256": asked.payload_sha256,
        "comment": "Too dark.",
        "csrfmiddlewaretoken": client.cookies["csrftoken"].value,
        **changes,
    }
    answer = client.post(
        reverse("admin:approvals_approvalrequest_decide", args=[asked.id]), given, follow=True
    )
    assert answer.status_code == 200
    return answer.content.decode()


def test_page_says_what_would_go_out_and_what_the_button_does(asked: ApprovalRequest) -> None:
    page = page_of(signed_in(person(asked.workspace, Role.APPROVER)), asked)

    assert "A lamp, switched on #lamp" in page
    assert "<dt>Who can see it</dt><dd>everyone</dd>" in page
    assert "Approve and hand over now" in page
    assert asked.payload_sha256 in page
    assert "Needs review</span>" in page


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.FINANCE, Role.AUDITOR])
def test_page_offers_no_buttons_to_whoever_may_not_decide_and_says_why(
    asked: ApprovalRequest, role: Role
) -> None:
    page = page_of(signed_in(person(asked.workspace, role)), asked)

    assert "You may not decide this: your roles in this workspace do not include it." in page
    assert 'name="verb"' not in page


def test_page_of_high_risk_lets_whoever_started_it_reject_only() -> None:
    account: TikTokAccount = AccountFactory.create()
    ana = person(account.workspace, Role.APPROVER)
    asked = request_of(asked_run(account, by=ana, given={"is_branded_content": True}))

    page = page_of(signed_in(ana), asked)

    assert "You started this yourself and it is of high risk" in page
    assert 'value="approve"' not in page
    assert 'value="reject"' in page


def test_page_shows_a_hostile_caption_as_text_with_hidden_characters_visible() -> None:
    asked = request_of(asked_run(given={"caption": HOSTILE}))

    page = page_of(signed_in(person(asked.workspace, Role.APPROVER)), asked)

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; **bold**" in page
    assert "<img" not in page
    assert "\u202e" not in page
    assert "U+202E" in page


@pytest.mark.parametrize(("verb", "status"), [("approve", "approved"), ("reject", "rejected")])
def test_button_decides_once_and_the_page_says_who(asked: ApprovalRequest, verb: str, status: str) -> None:
    client = signed_in(person(asked.workspace, Role.APPROVER, first_name="Ana"))

    page = press(client, asked, verb)
    again = press(client, asked, verb)

    asked.refresh_from_db()
    assert asked.status == status
    assert f"<strong>Ana</strong> {status} it (Admin)" in page
    assert 'name="verb"' not in page
    assert f"This was already {status} by Ana" in again
    assert Decision.objects.count() == 1


@pytest.mark.parametrize(
    ("verb", "changes", "sentence"),
    [
        ("reject", {"comment": ""}, "A rejection needs a reason"),
        ("approve", {"seen_sha256": "0" * 64}, "What you saw is not what is asked for now"),
        ("dance", {}, "Choose whether to approve or to reject."),
    ],
)
def test_button_that_is_refused_says_why_and_decides_nothing(
    asked: ApprovalRequest, verb: str, changes: dict[str, str], sentence: str
) -> None:
    page = press(signed_in(person(asked.workspace, Role.APPROVER)), asked, verb, **changes)

    assert sentence in page
    assert not Decision.objects.exists()


def test_operator_sees_the_page_and_is_told_that_they_may_not_decide(asked: ApprovalRequest) -> None:
    page = press(signed_in(person(asked.workspace, Role.OPERATOR)), asked, "approve")

    assert "You may not decide this" in page
    assert not Decision.objects.exists()


def test_decision_without_a_token_or_by_get_is_refused(asked: ApprovalRequest) -> None:
    client = signed_in(person(asked.workspace, Role.APPROVER))
    address = reverse("admin:approvals_approvalrequest_decide", args=[asked.id])

    assert client.post(address, {"verb": "approve", "seen_sha256": asked.payload_sha256}).status_code == 403
    assert client.get(address).status_code == 302
    packet = reverse("admin:approvals_approvalrequest_change", args=[asked.id])
    client.get(packet)
    token = {"csrfmiddlewaretoken": client.cookies["csrftoken"].value}
    assert client.post(packet, token).status_code == 403
    assert not Decision.objects.exists()


def test_stranger_finds_neither_the_page_nor_the_button(asked: ApprovalRequest) -> None:
    client = Client()
    client.force_login(person(WorkspaceFactory.create(), Role.APPROVER))
    address = reverse("admin:approvals_approvalrequest_decide", args=[asked.id])

    assert client.post(address, {"verb": "approve"}).status_code == 404
    assert client.get(reverse("admin:approvals_approvalrequest_change", args=[asked.id])).status_code == 302
    assert not Decision.objects.exists()


def test_list_shows_what_needs_review_in_those_words(asked: ApprovalRequest) -> None:
    client = signed_in(person(asked.workspace, Role.APPROVER))

    page = client.get(reverse("admin:approvals_approvalrequest_changelist")).content.decode()

    assert asked.title in page
    assert "needs review" in page.lower()
    assert "Post a video" in page
    assert "post_video" not in page.partition("<tbody")[2].partition("</tbody>")[0]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (["approved"], "approved"),
        (["approved", "released"], "approved"),
        (["rejected"], "rejected"),
        (["superseded"], "superseded"),
    ],
)
def test_page_and_list_call_a_status_the_same(asked: ApprovalRequest, path: list[str], words: str) -> None:
    for status in path:
        ApprovalRequest.objects.filter(id=asked.id).update(status=status)
    client = signed_in(person(asked.workspace, Role.VIEWER))

    page = page_of(client, asked)
    rows = client.get(reverse("admin:approvals_approvalrequest_changelist")).content.decode()

    assert f">{words.capitalize()}</span>" in page
    assert "What was asked" in page
    assert words in rows.partition("<tbody")[2].lower()


def test_title_of_a_long_caption_ends_where_it_is_cut() -> None:
    asked = request_of(asked_run(given={"caption": "One lamp\n" + "and another " * 20}))

    assert asked.title.partition(": ")[2].startswith("One lamp and another")
    assert asked.title.endswith("…")
