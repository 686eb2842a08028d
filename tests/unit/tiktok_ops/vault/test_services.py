"""Secrets in the database: versions, readers on record, and rows that cannot be passed off as others."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from tests.factories.accounts import UserFactory, WorkspaceFactory
from tiktok_ops.accounts.models import User, Workspace
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.vault.envelope import SecretNotOpened
from tiktok_ops.vault.models import Secret, SecretVersion
from tiktok_ops.vault.services import (
    LONGEST_NAME,
    Revealed,
    SecretDestroyed,
    SecretNameRefused,
    SecretUnknown,
    destroy_secret,
    read_secret,
    rewrap_secret,
    store_secret,
)

pytestmark = pytest.mark.django_db

NAME = "tiktok tokens"


@pytest.fixture
def workspace() -> Workspace:
    """A workspace of its own."""
    made: Workspace = WorkspaceFactory.create()
    return made


def store(workspace: Workspace, text: str = "geheim", name: str = NAME, by: User | str = "a test") -> int:
    return store_secret(workspace_id=workspace.id, name=name, text=text, by=by)


def read(workspace: Workspace, name: str = NAME, **asked: Any) -> Revealed:
    given = {"by": "a test", "why": "to see"} | asked
    return read_secret(workspace_id=workspace.id, name=name, **given)


def the_secret() -> Secret:
    return Secret.objects.get()


def run_sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_store_twice_keeps_both_versions_and_reads_the_newest(workspace: Workspace) -> None:
    assert [store(workspace, "one"), store(workspace, "two")] == [1, 2]
    assert read(workspace) == Revealed(2, "two")
    assert read(workspace, version=1) == Revealed(1, "one")


def test_store_any_text_gives_it_back_as_it_was(workspace: Workspace) -> None:
    for text in ("", "\0", "übung \ud800", "x" * 100_000):
        store(workspace, text)
        assert read(workspace).text == text


def test_store_one_name_in_two_workspaces_keeps_them_apart(workspace: Workspace) -> None:
    other: Workspace = WorkspaceFactory.create()
    store(workspace, "ours")
    store(other, "theirs")
    assert (read(workspace).text, read(other).text) == ("ours", "theirs")


@pytest.mark.parametrize("name", ["", " a", "a\n", "a\x00b", "x" * (LONGEST_NAME + 1)])
def test_store_under_a_name_nobody_could_write_is_refused(workspace: Workspace, name: str) -> None:
    with pytest.raises(SecretNameRefused, match="does not do for a secret"):
        store(workspace, name=name)
    assert not Secret.objects.exists()


@pytest.mark.parametrize("asked", [{"name": "another"}, {"version": 2}])
def test_read_what_was_never_stored_says_so(workspace: Workspace, asked: dict[str, Any]) -> None:
    store(workspace)
    with pytest.raises(SecretUnknown, match="store it first"):
        read(workspace, **asked)


def test_read_goes_on_record_with_who_asked_and_why_and_without_the_value(workspace: Workspace) -> None:
    ana: User = UserFactory.create(username="ana")
    store(workspace, by=ana)
    read(workspace, by="worker", why="to post")
    stored, asked = AuditEvent.objects.order_by("id")
    assert (stored.verb, stored.actor, stored.data) == ("secret.stored", "user:ana", {"version": 1})
    assert (asked.verb, asked.actor, asked.data) == (
        "secret.read",
        "worker",
        {"version": 1, "why": "to post"},
    )
    assert {event.workspace_id for event in (stored, asked)} == {workspace.id}
    assert the_secret().last_read_by == "worker"
    assert the_secret().last_read_at is not None


def test_read_by_many_within_a_minute_writes_the_secret_once_for_each(workspace: Workspace) -> None:
    store(workspace)
    read(workspace)
    first = the_secret().last_read_at
    read(workspace)
    assert the_secret().last_read_at == first
    read(workspace, by="keeper")
    assert the_secret().last_read_by == "keeper"


def test_show_what_was_read_hides_its_text(workspace: Workspace) -> None:
    store(workspace)
    assert (
        "geheim"
        not in f"{read(workspace)!r} {read(workspace)} {the_secret()!r} {SecretVersion.objects.get()!r}"
    )


# Rows ------------------------------------------------------------------------------------------------


def swap(column: str, one: UUID, other: UUID) -> None:
    """Swap a column of two versions, as somebody with all rights over the database could."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            f"UPDATE vault_secretversion AS mine SET {column} = theirs.{column} FROM vault_secretversion AS theirs "
            "WHERE mine.id IN (%s, %s) AND theirs.id IN (%s, %s) AND mine.id <> theirs.id",
            [one, other, one, other],
        )
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.mark.parametrize("where", ["versions", "names", "workspaces"])
def test_swap_two_rows_by_sql_lets_neither_be_opened(workspace: Workspace, where: str) -> None:
    other: Workspace = WorkspaceFactory.create() if where == "workspaces" else workspace
    name = "another" if where == "names" else NAME
    store(workspace, "mine")
    store(other, "theirs", name=name)
    one, two = SecretVersion.objects.order_by("id").values_list("id", flat=True)
    swap("ciphertext", one, two)
    for owner, called, number in ((workspace, NAME, 1), (other, name, 2 if where == "versions" else 1)):
        with pytest.raises(SecretNotOpened):
            read(owner, called, version=number)


def test_rename_a_secret_behind_our_back_lets_it_not_be_opened(workspace: Workspace) -> None:
    store(workspace)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE vault_secret SET name = 'renamed'")
        cursor.execute("SET LOCAL session_replication_role = origin")
    with pytest.raises(SecretNotOpened):
        read(workspace, "renamed")


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("UPDATE vault_secret SET name = 'renamed'", "frozen"),
        ("UPDATE vault_secret SET last_read_at = now(), last_read_by = ''", "secret_read_by_somebody"),
        ("UPDATE vault_secretversion SET number = 7", "frozen"),
        ("UPDATE vault_secretversion SET ciphertext = NULL", "secret_version_is_there_or_destroyed"),
        ("UPDATE vault_secretversion SET destroyed_at = now()", "secret_version_is_there_or_destroyed"),
        ("DELETE FROM vault_secretversion", "a version of a secret stays"),
    ],
)
def test_write_what_cannot_be_by_sql_is_refused(workspace: Workspace, statement: str, rule: str) -> None:
    store(workspace)
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        run_sql(statement)


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda secret: Secret.objects.create(workspace=secret.workspace, name=NAME), "secret_name_once"),
        (lambda secret: Secret.objects.create(workspace=secret.workspace, name=""), "secret_has_name"),
        (lambda secret: _version(secret, number=1), "secret_version_once"),
        (lambda secret: _version(secret, number=0), "secret_version_from_one"),
    ],
)
def test_make_a_row_that_cannot_be_is_refused(
    workspace: Workspace, make: Callable[[Secret], object], rule: str
) -> None:
    store(workspace)
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        make(the_secret())


def _version(secret: Secret, *, number: int) -> SecretVersion:
    return SecretVersion.objects.create(secret=secret, number=number, ciphertext=b"x", created_by="a test")


# The end ---------------------------------------------------------------------------------------------


def test_destroy_is_final_and_on_record_and_gives_no_older_version_in_its_place(workspace: Workspace) -> None:
    store(workspace, "one")
    store(workspace, "two")
    assert destroy_secret(secret_id=the_secret().id, by="a test") == 2
    for version in (None, 1, 2):
        with pytest.raises(SecretDestroyed, match="store it anew"):
            read(workspace, version=version)
    event = AuditEvent.objects.get(verb="secret.destroyed")
    assert event.data == {"versions": [1, 2]}
    with pytest.raises(IntegrityError, match="a destroyed one stays destroyed"), transaction.atomic():
        run_sql("UPDATE vault_secretversion SET ciphertext = 'x', destroyed_at = NULL, destroyed_by = ''")


def test_destroy_again_changes_nothing_and_leaves_no_record(workspace: Workspace) -> None:
    store(workspace)
    assert [destroy_secret(secret_id=the_secret().id, by="a test") for _ in range(2)] == [1, 0]
    assert AuditEvent.objects.filter(verb="secret.destroyed").count() == 1


def test_destroy_before_a_number_leaves_what_came_after(workspace: Workspace) -> None:
    for text in ("one", "two", "three"):
        store(workspace, text)
    assert destroy_secret(secret_id=the_secret().id, by="a test", before=3) == 2
    assert read(workspace).text == "three"


def test_store_after_the_end_begins_anew_under_a_new_number(workspace: Workspace) -> None:
    store(workspace, "one")
    destroy_secret(secret_id=the_secret().id, by="a test")
    assert store(workspace, "two") == 2
    assert read(workspace) == Revealed(2, "two")


def test_rewrap_puts_every_version_under_the_newest_key_and_keeps_what_it_holds(
    workspace: Workspace, settings: Any
) -> None:
    settings.VAULT_KEYS = (("old", "o" * 40),)
    store(workspace, "one")
    store(workspace, "two")
    destroy_secret(secret_id=the_secret().id, by="a test", before=2)
    settings.VAULT_KEYS = (("new", "n" * 40), ("old", "o" * 40))
    assert [rewrap_secret(secret_id=the_secret().id, by="a test") for _ in range(2)] == [1, 0]
    settings.VAULT_KEYS = (("new", "n" * 40),)
    assert read(workspace).text == "two"
