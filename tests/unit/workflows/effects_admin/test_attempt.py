"""Saying that an effect is not live: who is offered that, what is asked first, and what comes of it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories.accounts import AccountFactory, UserFactory, WorkspaceFactory, person
from tests.factories.effects import effect_on, since
from tests.unit.workflows.effects_admin.sites import LIST, address, allow, operator, page_of, signed_in
from tiktok_ops.accounts.models import User
from tiktok_ops.accounts.roles import Role
from workflows.effects.models import Effect
from workflows.models import WorkflowStep

pytestmark = pytest.mark.django_db

BUTTON = "Allow one more attempt</button>"


def lost(minutes: int = 16) -> Effect:
    """Return an effect nobody has been sure of for so long."""
    effect = effect_on(AccountFactory.create(handle="lumen"), status="unknown", claims=1, provider_ref="v_1")
    since(effect, timezone.now() - timedelta(minutes=minutes))
    return effect


def ben(effect: Effect) -> User:
    """Return another approver of the effect's workspace than Ana, who approved it."""
    return person(effect.workspace, Role.APPROVER, first_name="Ben", username="ben")


def status_of(effect: Effect) -> str:
    """Return the effect's status as it is now."""
    effect.refresh_from_db()
    return effect.status


def test_say_that_it_is_not_live_lets_it_begin_once_more(client: Client) -> None:
    effect = lost()
    by = ben(effect)
    assert BUTTON in page_of(effect, by)

    answer = allow(effect, by)

    assert (answer.status_code, answer.url) == (302, address(effect))
    assert status_of(effect) == "prepared"
    assert WorkflowStep.objects.get(id=effect.step_id).status == "ready"
    page = page_of(effect, by)
    assert "to be sent once more, as Ben allowed" in page
    assert "One more attempt is allowed, on your word." not in page  # said once, to whoever said so
    assert '<th scope="row">One more attempt allowed by</th><td>Ben, ' in page
    assert "TikTok&#x27;s reference of the attempt before" in page
    assert BUTTON not in page


def test_list_says_on_whose_word_it_is_sent_once_more() -> None:
    effect = lost()
    by = ben(effect)
    allow(effect, by)

    assert "to be sent once more, as Ben allowed" in signed_in(by).get(LIST).content.decode()


@pytest.mark.parametrize(
    ("left_out", "sentence"),
    [
        ("is_not_live", "Look at the account first, then say that the post is not there."),
        ("reason", "Say in a sentence where you looked, and what you saw."),
    ],
)
def test_say_so_without_confirming_it_or_without_a_reason_is_told_in_place(
    left_out: str, sentence: str
) -> None:
    effect = lost()

    answer = allow(effect, ben(effect), left_out=left_out)

    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert status_of(effect) == "unknown"


def test_whoever_approved_it_is_told_that_it_takes_a_second_person() -> None:
    effect = lost()
    ana = effect.decision.decided_by
    page = page_of(effect, ana)
    assert "You approved this yourself, and that it may be sent once more takes a second" in page
    assert BUTTON not in page

    assert allow(effect, ana).status_code == 302
    assert status_of(effect) == "unknown"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.OWNER])
def test_who_may_not_decide_is_offered_nothing_and_refused(role: Role) -> None:
    effect = lost()
    by = person(effect.workspace, role)

    assert BUTTON not in page_of(effect, by)
    assert allow(effect, by).status_code == 403
    assert status_of(effect) == "unknown"


def test_superuser_without_a_role_is_offered_nothing_and_told_why() -> None:
    effect = lost()
    root = UserFactory.create(is_superuser=True)

    assert "your roles in this workspace do not include it" in page_of(effect, root)
    assert allow(effect, root).status_code == 302
    assert status_of(effect) == "unknown"


def test_what_became_unknown_just_now_offers_nothing_and_says_so() -> None:
    effect = lost(minutes=14)
    by = ben(effect)
    assert "allow one more attempt" not in page_of(effect, by)

    answer = allow(effect, by, follow=True)

    assert "say so once this is unknown for 15 minutes" in answer.content.decode()
    assert status_of(effect) == "unknown"


def test_page_of_an_attempt_that_is_lost_too_offers_no_third_one() -> None:
    effect = lost()
    by = ben(effect)
    allow(effect, by)
    Effect.objects.filter(id=effect.id).update(status="sending", cleared_by="", claims=2)
    Effect.objects.filter(id=effect.id).update(
        status="unknown", status_since=timezone.now() - timedelta(hours=1)
    )

    page = page_of(effect, by)

    assert "Ben allowed one more attempt already" in page
    assert BUTTON not in page


def test_say_so_as_a_stranger_by_get_or_without_a_token_changes_nothing() -> None:
    effect = lost()
    stranger = Client()
    stranger.force_login(person(WorkspaceFactory.create(), Role.APPROVER))
    client = signed_in(ben(effect))

    assert stranger.post(address(effect, "attempt"), {"is_not_live": "on"}).status_code == 404
    assert client.get(address(effect, "attempt")).status_code == 302
    assert client.post(address(effect, "attempt"), {"is_not_live": "on", "reason": "x"}).status_code == 403
    assert status_of(effect) == "unknown"


def test_operator_still_closes_it_with_a_link() -> None:
    effect = lost()

    page = page_of(effect, operator(effect))

    assert 'name="url"' in page
    assert "It is not live: allow one more attempt" in page
