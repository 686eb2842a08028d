"""What forms change is told to the audit trail as plain values."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from agents.models import ModelPrice
from tests.factories.accounts import AccountFactory, BrandFactory, MembershipFactory, UserFactory
from tests.factories.content import PostFactory
from tiktok_ops.accounts.models import Membership, Workspace
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.changes import record_change, workspace_id_of

pytestmark = pytest.mark.django_db


def test_record_change_tells_who_what_and_the_new_values() -> None:
    account = AccountFactory.create(
        handle="demo", data_source="file", data_as_of=datetime(2026, 1, 2, tzinfo=UTC)
    )
    ana = UserFactory.create(username="ana")
    record_change(
        "account.changed",
        account,
        by=ana,
        fields=["handle", "brand", "data_as_of"],
        workspace_id=account.workspace_id,
    )
    event = AuditEvent.objects.get()
    assert (event.actor, event.verb, event.subject) == ("user:ana", "account.changed", "TikTok account @demo")
    assert event.workspace_id == account.workspace_id
    assert event.data == {
        "handle": "demo",
        "brand": str(account.brand),
        "data_as_of": "2026-01-02 00:00:00+00:00",
    }


def test_record_change_of_lists_and_many_rows_tells_each() -> None:
    brand = BrandFactory.create(name="Lumen", banned_claims=["a", "b"])
    membership = MembershipFactory.create(workspace=brand.workspace, reach=Membership.Reach.BRANDS)
    membership.brands.add(brand)
    by = UserFactory.create()
    record_change("brand.changed", brand, by=by, fields=["banned_claims"], workspace_id=None)
    record_change("membership.changed", membership, by=by, fields=["brands", "reach"], workspace_id=None)
    newest, oldest = AuditEvent.objects.all()
    assert oldest.data == {"banned_claims": ["a", "b"]}
    assert newest.data == {"brands": ["Lumen"], "reach": "brands"}


def test_record_change_of_truth_and_nothing_keeps_them() -> None:
    price = ModelPrice(up_to_input_tokens=None)
    person = UserFactory.create(is_active=False)
    record_change("person.changed", person, by=person, fields=["is_active"], workspace_id=None)
    assert AuditEvent.objects.get().data == {"is_active": False}
    record_change("price.changed", price, by=person, fields=["up_to_input_tokens"], workspace_id=None)
    assert AuditEvent.objects.first().data == {"up_to_input_tokens": None}  # type: ignore[union-attr]


def test_record_change_of_secrets_and_form_only_fields_leaves_them_out() -> None:
    person = UserFactory.create()
    fields = ["password", "password1", "role", "memberships", "username"]
    record_change("person.created", person, by=person, fields=fields, workspace_id=None)
    assert AuditEvent.objects.get().data == {"username": person.username}


@pytest.mark.parametrize("kind", ["workspace", "brand", "post", "user"])
def test_find_workspace_of_a_row_follows_its_path(kind: str) -> None:
    post = PostFactory.create()
    workspace: Workspace = post.account.workspace
    rows: dict[str, tuple[object, UUID | None]] = {
        "workspace": (workspace, workspace.pk),
        "brand": (post.account.brand, workspace.pk),
        "post": (post, workspace.pk),
        "user": (UserFactory.create(), None),
    }
    row, expected = rows[kind]
    assert workspace_id_of(row) == expected  # type: ignore[arg-type]


def test_find_workspace_of_an_audit_row_reads_its_column() -> None:
    workspace = AccountFactory.create().workspace
    assert workspace_id_of(AuditEvent(workspace_id=workspace.pk)) == workspace.pk
