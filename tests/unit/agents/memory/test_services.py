"""What is remembered is proposed, accepted by a person, revoked by a person; the database keeps it so."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from agents.memory.models import LONGEST_TEXT, MemoryItem
from agents.memory.services import (
    About,
    MemoryDecided,
    MemoryNotYours,
    MemoryRefused,
    MemoryUnknown,
    accept,
    propose,
    revoke,
    write_down,
)
from tests.factories.accounts import AccountFactory, person
from tests.factories.memory import accepted, lesson_of
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> TikTokAccount:
    made: TikTokAccount = AccountFactory.create(locale="de-CH")
    return made


def test_proposal_is_told_once_a_person_accepts_it_and_no_more_once_revoked(account: TikTokAccount) -> None:
    item = lesson_of(account)
    assert (item.status, item.scope, item.brand, item.language) == (
        "proposed",
        "brand",
        account.brand,
        "german",
    )
    approver = person(account.workspace, Role.APPROVER)
    assert accept(item_id=item.id, by=approver).status == "active"
    again = revoke(item_id=item.id, by=person(account.workspace, Role.OWNER))
    assert again.status == "revoked"
    verbs = (
        AuditEvent.objects.filter(subject=f"memory {item.id}").order_by("id").values_list("verb", flat=True)
    )
    assert list(verbs) == ["memory.proposed", "memory.accepted", "memory.revoked"]
    with pytest.raises(MemoryDecided, match="revoked already"):
        accept(item_id=item.id, by=approver)


def test_same_words_are_proposed_once_until_they_are_revoked(account: TikTokAccount) -> None:
    item = lesson_of(account, text="Say  it\nshort.")
    assert item.text == "Say it short."
    about = About.brand_or_account(account)
    assert propose(about=about, kind="lesson", text="Say it short.", by="test") is None
    assert propose(about=about, kind="voice", text="Say it short.", by="test") is not None
    revoke(item_id=item.id, by=person(account.workspace, Role.OWNER))
    assert propose(about=about, kind="lesson", text="Say it short.", by="test") is not None


def test_only_approvers_and_owners_decide_and_strangers_find_nothing(account: TikTokAccount) -> None:
    item = lesson_of(account)
    for role in (Role.OPERATOR, Role.VIEWER, Role.FINANCE, Role.AUDITOR):
        with pytest.raises(MemoryNotYours):
            accept(item_id=item.id, by=person(account.workspace, role))
    stranger = person(AccountFactory.create().workspace, Role.OWNER)
    with pytest.raises(MemoryUnknown):
        revoke(item_id=item.id, by=stranger)
    with pytest.raises(MemoryUnknown):
        accept(item_id=uuid4(), by=stranger)
    with pytest.raises(MemoryNotYours):
        write_down(
            about=About(account.workspace_id, brand=account.brand),
            kind="fact",
            text="x",
            by=person(account.workspace, Role.OPERATOR),
        )
    assert set(MemoryItem.objects.values_list("status", flat=True)) == {"proposed"}


def test_what_a_person_writes_down_is_told_at_once(account: TikTokAccount) -> None:
    owner = person(account.workspace, Role.OWNER)
    about = About(account.workspace_id, brand=account.brand)
    item = write_down(about=about, kind="voice", text="We say du.", by=owner)
    assert (item.status, item.decided_by, item.language) == ("active", owner, "simple")
    with pytest.raises(MemoryRefused, match="word for word"):
        write_down(about=about, kind="voice", text="We say du.", by=owner)


@pytest.mark.parametrize("text", ["", " \n "])
def test_nothing_said_is_refused(account: TikTokAccount, text: str) -> None:
    with pytest.raises(MemoryRefused, match="empty"):
        propose(about=About.brand_or_account(account), kind="fact", text=text, by="test")


def test_long_and_hidden_text_is_cut_and_written_out(account: TikTokAccount) -> None:
    item = lesson_of(account, text="\u202e" + "ä" * 2_000)
    assert len(item.text) == LONGEST_TEXT
    assert item.text.startswith("[U+202E]ä")
    assert item.text.endswith("…")


def test_something_is_remembered_of_exactly_one(account: TikTokAccount) -> None:
    workspace = account.workspace_id
    assert About(workspace, agent="made").scope == "agent"
    account.brand = None
    assert About.brand_or_account(account).scope == "account"
    for about in (About(workspace), About(workspace, account=account, agent="made")):
        with pytest.raises(MemoryRefused, match="name one"):
            propose(about=about, kind="fact", text="x", by="test")


@pytest.mark.parametrize(
    "change",
    [
        "scope = 'agent'",
        "scope = 'account'",
        "kind = 'rumour'",
        "text = ''",
        "text = 'another'",
        "language = 'klingon'",
        "search = ''",
        "decided_by_id = NULL",
        "status = 'proposed'",
        "status = 'lost'",
        "agent = 'made'",
    ],
)
def test_database_refuses_what_may_not_be(account: TikTokAccount, change: str) -> None:
    accepted(account, "It holds.")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE agents_memoryitem SET {change}")


def test_database_refuses_the_same_words_twice(account: TikTokAccount) -> None:
    item = lesson_of(account)
    item.pk = uuid4()
    item._state.adding = True
    with pytest.raises(IntegrityError, match="memory_said_once"), transaction.atomic():
        item.save(force_insert=True)
