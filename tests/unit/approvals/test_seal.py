"""The seal: what it covers, and that nothing else passes."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from pytest_django import Settings

from approvals.seal import Seal, SealBroken, Sealed, check_seal, digest_of, seal

ONE, OTHER = UUID(int=1), UUID(int=2)
WHAT = Sealed(
    request_id=ONE,
    account_id=ONE,
    kind="post_video",
    verb="approve",
    payload_sha256="a" * 64,
    decided_by=ONE,
    decided_at=datetime(2026, 11, 20, 12, 0, 0, 1, tzinfo=UTC),
)


@pytest.fixture(autouse=True)
def keys(settings: Settings) -> None:
    """Two keys, the newest first."""
    settings.APPROVAL_KEYS = (("k2", "s" * 32), ("k1", "o" * 32))


def test_seal_is_made_with_the_newest_key_and_checks() -> None:
    made = seal(WHAT)

    assert (made.key_id, len(made.value)) == ("k2", 64)
    check_seal(WHAT, made)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("request_id", OTHER),
        ("account_id", OTHER),
        ("kind", "message"),
        ("verb", "reject"),
        ("payload_sha256", "a" * 63 + "b"),
        ("decided_by", OTHER),
        ("decided_at", datetime(2026, 11, 20, 12, 0, 0, 2, tzinfo=UTC)),
    ],
)
def test_seal_on_anything_else_is_broken(field: str, value: Any) -> None:
    changed = replace(WHAT, **{field: value})

    with pytest.raises(SealBroken, match="what was approved is not what is here now"):
        check_seal(changed, seal(WHAT))


def test_seal_of_an_older_key_checks_while_that_key_is_configured(settings: Settings) -> None:
    made = seal(WHAT)
    settings.APPROVAL_KEYS = (("k3", "n" * 32), *settings.APPROVAL_KEYS)
    check_seal(WHAT, made)
    settings.APPROVAL_KEYS = (("k3", "n" * 32),)

    with pytest.raises(SealBroken, match="The key 'k2' this decision was sealed with is not configured"):
        check_seal(WHAT, made)


def test_seal_with_one_letter_changed_is_broken() -> None:
    made = seal(WHAT)
    last = "0" if made.value[-1] != "0" else "1"

    with pytest.raises(SealBroken):
        check_seal(WHAT, Seal(made.value[:-1] + last, made.key_id))


def test_digest_is_sha256_in_hex() -> None:
    assert digest_of(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
