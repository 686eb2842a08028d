"""The page of an effect that is no post: what was approved, what proves it, and how a person closes it."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from tests.factories.accounts import person
from tests.factories.acting import TRIALS, approved_act
from tests.factories.effects import since
from tests.factories.posting import effect_of, providers, triggers_off, work
from tests.unit.workflows.effects_admin.sites import allow, page_of, settle
from tiktok_ops.accounts.roles import Role
from workflows.effects.models import Effect
from workflows.effects.next_look import UNKNOWN_LONG
from workflows.effects.parts import parts_in

ATTEMPT = "Allow one more attempt</button>"


@pytest.fixture(autouse=True)
def tiktok_at_once(committed_db: str, settings: Any) -> None:
    """Have a sandbox TikTok that loses one message before it arrives."""
    settings.PROVIDERS = providers(message_send={"reset_before": 1})


def test_open_act_shows_what_was_approved_and_closes_where_a_person_saw_it() -> None:
    stock = effect_of(work(approved_act("set_stock")))
    page = page_of(stock)
    assert "set (TikTok confirmed)" in page
    assert "In stock then" in page
    assert "What was approved cannot be read any more" not in page

    lost = effect_of(work(approved_act("send_message")))
    since(lost, timezone.now() - UNKNOWN_LONG - timedelta(seconds=1))
    page = page_of(lost)
    assert "Hello Mia" in page
    assert "Address of the page on which you saw it" in page
    answer = settle(lost, "https://seller-us.tiktok.com/inbox")
    told = [str(message) for message in get_messages(answer.wsgi_request)]
    assert told == ["Closed: sent, on your word. The run goes on."]
    lost.refresh_from_db()
    assert (lost.status, lost.confirmed_by) == ("confirmed", "person")


def test_open_act_that_cannot_be_read_any_more_says_so() -> None:
    effect = effect_of(work(approved_act("set_stock")))
    with triggers_off("workflows_effect"):
        Effect.objects.filter(id=effect.id).update(kind="create_campaign")  # whose payload is another
    assert "What was approved cannot be read any more" in page_of(effect)


def test_open_campaign_shows_what_there_is_of_it_and_not_our_books() -> None:
    effect = effect_of(work(approved_act("create_campaign")))
    page = page_of(effect)
    campaign, *_ = parts_in(effect.creator)
    assert "What there is of it" in page
    assert f"({campaign.id}), its ad group" in page
    assert "TikTok&#x27;s currency" in page
    for ours in ("parts", "as made", "not counted"):
        assert f"TikTok&#x27;s {ours}" not in page


def test_another_attempt_at_a_campaign_is_a_finance_approvers_word(settings: Any) -> None:
    settings.PROVIDERS = providers(**{TRIALS["create_campaign"].operation: {"reset_before": [1]}})
    effect = effect_of(work(approved_act("create_campaign")))
    assert effect.status == "unknown"
    since(effect, timezone.now() - UNKNOWN_LONG - timedelta(seconds=1))
    ana, finn = (person(effect.workspace, role) for role in (Role.APPROVER, Role.FINANCE))

    assert ATTEMPT not in page_of(effect, ana)
    assert allow(effect, ana).status_code == 403
    assert ATTEMPT in page_of(effect, finn)
    assert allow(effect, finn).status_code == 302
    effect.refresh_from_db()
    assert effect.status == "prepared"
