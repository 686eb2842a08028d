"""A change of keys: all that is sealed comes under the newest, whatever interrupts it, and readers notice nothing."""

import json
import signal
import threading
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from tests.dying import end_of
from tests.factories.accounts import WorkspaceFactory
from tests.factories.effects import effect_on
from tests.forms import times
from tiktok_ops.accounts.models import Workspace
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.crash_points import CrashPoint, passes
from tiktok_ops.vault.envelope import VaultKeyUnknown, open_text, seal_text
from tiktok_ops.vault.models import SecretVersion
from tiktok_ops.vault.rotation import (
    Sealed,
    register_sealed,
    rotate,
    sealed_columns,
    waiting_for_newest_key,
)
from tiktok_ops.vault.services import destroy_secret, read_secret, store_secret
from workflows.effects.ledger import upload_url_of

OLD, NEW = ("old", "o" * 40), ("new", "n" * 40)
MANY = times(long=1000, short=12)
PAGE = times(long=50, short=5)


def stored(count: int) -> Workspace:
    """Return a workspace with so many secrets, each of which holds its own name."""
    workspace: Workspace = WorkspaceFactory.create()
    for number in range(count):
        store_secret(workspace_id=workspace.id, name=f"secret {number}", text=f"secret {number}", by="a test")
    return workspace


def read(workspace: Workspace, number: int) -> str:
    return read_secret(workspace_id=workspace.id, name=f"secret {number}", by="a test", why="to see").text


def told_by(*arguments: str) -> tuple[int, str]:
    """Run the command here, and return its exit code and what it said."""
    said, code = StringIO(), 0
    try:
        call_command("rotate_vault", *arguments, stdout=said)
    except SystemExit as ended:
        code = int(ended.code or 0)
    return code, said.getvalue()


@pytest.mark.django_db
def test_rotate_puts_everything_under_the_newest_key_and_the_old_one_can_go(settings: Any) -> None:
    settings.VAULT_KEYS = (OLD,)
    workspace = stored(5)
    effect = effect_on(status="sent")
    effect.upload_secret = seal_text("https://upload", binding=f"effect:{effect.id}:upload_url")
    effect.save(update_fields=["upload_secret"])
    settings.VAULT_KEYS = (NEW, OLD)
    assert waiting_for_newest_key() == 6

    done = rotate(page=2)

    assert (done.key_id, done.rewrapped, done.failed) == ("new", {"secrets": 5, "upload addresses": 1}, [])
    assert waiting_for_newest_key() == 0
    settings.VAULT_KEYS = (NEW,)
    assert [read(workspace, number) for number in range(5)] == [f"secret {number}" for number in range(5)]
    effect.refresh_from_db()
    assert upload_url_of(effect) == "https://upload"
    told = AuditEvent.objects.filter(verb="vault.rewrapped").order_by("id").values_list("data", flat=True)
    assert [(data["what"], data["rows"]) for data in told] == [
        *(("secrets", rows) for rows in (2, 2, 1)),
        ("upload addresses", 1),
    ]


@pytest.mark.django_db
def test_rotate_again_finds_nothing_to_do_and_leaves_the_destroyed_alone(settings: Any) -> None:
    settings.VAULT_KEYS = (OLD,)
    stored(2)
    destroy_secret(secret_id=SecretVersion.objects.order_by("id")[0].secret_id, by="a test")
    settings.VAULT_KEYS = (NEW, OLD)
    assert [rotate().rewrapped["secrets"] for _ in range(2)] == [1, 0]


@pytest.mark.django_db
def test_rotate_names_what_it_cannot_open_and_goes_on_with_the_rest(
    settings: Any,
) -> None:
    settings.VAULT_KEYS = (("lost", "l" * 40),)
    stored(1)
    settings.VAULT_KEYS = (OLD,)
    stored(2)
    settings.VAULT_KEYS = (NEW, OLD)
    code, said = told_by("--json", "--page", "1")
    told = json.loads(said)
    assert (code, told["is_complete"]) == (1, False)
    assert told["rewrapped"]["secrets"] == 2
    assert [one["what"] for one in told["failed"]] == ["secrets"]
    assert "The key 'lost' this secret is sealed with is not configured" in told["failed"][0]["sentence"]
    code, said = told_by()
    assert code == 1
    assert "0 wrapped anew" in said
    assert "Not wrapped: secrets" in said
    assert "may be taken out" not in said


@pytest.mark.django_db
def test_rotate_says_that_the_old_keys_may_go(settings: Any) -> None:
    settings.VAULT_KEYS = (OLD,)
    stored(1)
    settings.VAULT_KEYS = (NEW, OLD)
    code, said = told_by()
    assert code == 0
    assert said.splitlines() == [
        "1 wrapped anew; everything else was under the key 'new' already.",
        "The older keys may be taken out of VAULT_KEYS now.",
    ]


def test_rotate_killed_after_each_page_goes_on_where_it_was(committed_db: str, settings: Any) -> None:
    settings.VAULT_KEYS = (OLD,)
    workspace = stored(MANY)
    settings.VAULT_KEYS = (NEW, OLD)
    settings.CRASH_AT = {CrashPoint.AFTER_REWRAPPED.value: 1}
    left = []
    while waiting_for_newest_key():
        assert end_of(lambda: rotate(page=PAGE)) == -signal.SIGKILL
        left.append(waiting_for_newest_key())
    settings.CRASH_AT = {}
    for row in SecretVersion.objects.all():
        for file in passes(CrashPoint.AFTER_REWRAPPED, row.id):
            file.unlink()
    assert left == [*range(MANY - PAGE, 0, -PAGE), 0]
    settings.VAULT_KEYS = (NEW,)
    assert [read(workspace, number) for number in (0, MANY - 1)] == ["secret 0", f"secret {MANY - 1}"]


def test_read_all_the_while_keys_are_rotated_never_fails(committed_db: str, settings: Any) -> None:
    settings.VAULT_KEYS = (OLD,)
    workspace = stored(MANY)
    settings.VAULT_KEYS = (NEW, OLD)
    is_over = threading.Event()
    troubles: list[Exception] = []
    reads: list[bool] = []

    def keep_reading(offset: int) -> None:
        number = offset
        try:
            while not is_over.is_set() or len(reads) < MANY:
                reads.append(read(workspace, number % MANY) == f"secret {number % MANY}")
                number += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, a reader met it
            troubles.append(error)
        finally:
            connection.close()

    readers = [threading.Thread(target=keep_reading, args=(offset,)) for offset in (0, MANY // 2)]
    for reader in readers:
        reader.start()
    rotate(page=2)
    is_over.set()
    for reader in readers:
        reader.join()
    assert troubles == []
    assert len(reads) >= MANY
    assert all(reads)
    assert waiting_for_newest_key() == 0


def test_retire_the_old_key_too_early_is_noticed_and_loses_nothing(settings: Any) -> None:
    settings.VAULT_KEYS = (OLD,)
    sealed = seal_text("geheim", binding="here")
    settings.VAULT_KEYS = (NEW,)
    with pytest.raises(VaultKeyUnknown):
        open_text(sealed, binding="here")
    settings.VAULT_KEYS = (NEW, OLD)
    assert open_text(sealed, binding="here") == "geheim"


def test_register_a_sealed_column_twice_is_refused() -> None:
    known = sealed_columns()
    assert [sealed.name for sealed in known] == ["secrets", "upload addresses"]
    with pytest.raises(ValueError, match="registered twice"):
        register_sealed(Sealed("secrets", known[0].rows, "ciphertext", known[0].binding_of))
