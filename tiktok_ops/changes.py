"""What people change in forms, told to the audit trail as plain JSON values."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, Manager, Model

from tiktok_ops.accounts.models import User
from tiktok_ops.audit.services import record

_UNTOLD = {"password", "secret_digest"}


def record_change(
    verb: str, row: Model, *, by: User, fields: Iterable[str], workspace_id: UUID | None
) -> None:
    """Append an audit row saying that `by` gave `fields` of `row` the values they now have.

    Passwords and digests are left out, names of form fields that are no columns too. Call it in the
    transaction of the change, after it.
    """
    values = {name: _plain(getattr(row, name)) for name in fields if _is_told(row, name)}
    record(verb, by=by, subject=f"{row._meta.verbose_name} {row}", workspace_id=workspace_id, data=values)


def workspace_id_of(row: Model) -> UUID | None:
    """Return the id of the workspace a row belongs to, by its `workspace_path`; None for shared rows."""
    path: str | None = getattr(row, "workspace_path", None)
    if path is None:
        return None
    value: Any = row
    for name in filter(None, path.split("__")):
        value = getattr(value, name)
    found: UUID | None = value.pk if isinstance(value, Model) else value
    return found


def _is_told(row: Model, name: str) -> bool:
    if name in _UNTOLD:
        return False
    try:
        return isinstance(row._meta.get_field(name), Field)
    except FieldDoesNotExist:
        return False


def _plain(value: Any) -> Any:
    if isinstance(value, Manager):
        return [str(each) for each in value.all()]
    if value is None or isinstance(value, bool | int | str):
        return value
    return [_plain(each) for each in value] if isinstance(value, list) else str(value)
