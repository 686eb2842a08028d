"""The only writers of alerts: raised by the machine, acknowledged and resolved by people, or by the machine again."""

from collections.abc import Collection, Sequence
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Model
from django.db.models.functions import Now

from tiktok_ops.accounts.keys import key_actor
from tiktok_ops.accounts.models import ApiKey, TikTokAccount, User, Workspace
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.alerts.models import Alert
from tiktok_ops.alerts.transitions import ALERT, LIVE
from tiktok_ops.audit.services import actor_name, record
from tiktok_ops.errors import NotAllowed, NotThere, Overtaken, Refused
from tiktok_ops.ids import new_id
from tiktok_ops.rest.scoping import Caller

MODE_PATH = "account__mode"
"""What keeps an alert from a key that is for the sandbox only, as `Caller.sees` takes it."""

LONGEST_NOTE = 300

Actor = User | ApiKey | str
"""Who does something: a person, a key, or a process by its name."""

_RAISE = """
INSERT INTO alerts_alert AS alert (id, key, kind, severity, status, sentence, what_to_do, subject_type, subject_id,
    workspace_id, account_id, times, first_seen_at, last_seen_at, acknowledged_by, resolved_by, note)
SELECT %(id)s, %(key)s, %(kind)s, %(severity)s, 'open', %(sentence)s, %(what_to_do)s, %(subject_type)s,
    %(subject_id)s, %(workspace_id)s, %(account_id)s, 1, now, now, '', '', '' FROM clock_timestamp() AS now
ON CONFLICT (key) WHERE status IN ('open', 'acknowledged') DO UPDATE SET
    times = alert.times + 1, last_seen_at = clock_timestamp(), severity = EXCLUDED.severity,
    sentence = EXCLUDED.sentence, what_to_do = EXCLUDED.what_to_do
RETURNING id
"""


class AlertUnknown(NotThere):
    """There is no such alert."""


class AlertNotYours(NotAllowed):
    """You may read this alert; operators and owners answer it: ask one of them."""


class AlertOver(Overtaken):
    """Somebody dealt with this alert before you."""


class NoteTooLong(Refused):
    """The note is too long."""


def raise_alert(
    *,
    kind: str,
    about: Model | str,
    of: TikTokAccount | Workspace | None,
    severity: Alert.Severity,
    sentence: str,
    what_to_do: str,
    part: str = "",
) -> UUID:
    """Open an alert, or count it again where it is live already; return its id; one statement.

    It shares the caller's transaction, where there is one. `about` is the row it is about (its page is the
    link), or a word where there is none; with `part`, one part of that. Kind, subject and part are what makes
    two alerts one. `of` says who sees it: None is the installation. Seen again it takes the newest sentence.
    Lock order: after everything else.
    """
    subject = about if isinstance(about, Model) else None
    values: dict[str, str | UUID | None] = {
        "id": new_id(),
        "key": key_of(kind, about, part),
        "kind": kind,
        "severity": severity,
        "sentence": sentence,
        "what_to_do": what_to_do,
        "subject_type": subject._meta.label_lower if subject else "",
        "subject_id": subject.pk if subject else None,
        "workspace_id": _workspace_id(of),
        "account_id": of.id if isinstance(of, TikTokAccount) else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(_RAISE, values)
        alert_id: UUID = cursor.fetchone()[0]
    return alert_id


def _workspace_id(of: TikTokAccount | Workspace | None) -> UUID | None:
    if of is None:
        return None
    return of.workspace_id if isinstance(of, TikTokAccount) else of.id


def key_of(kind: str, about: Model | str, part: str = "") -> str:
    """Return what names an alert of the kind about this, at most 200 characters."""
    name = str(about.pk) if isinstance(about, Model) else about
    return ":".join([kind, name, *([part] if part else [])])[:200]


def resolve_about(*, kind: str, about: Model | str, by: User | str, part: str = "") -> int:
    """Resolve the live alert of the kind about this, for its cause is gone; return how many there were (0 or 1)."""
    live = Alert.objects.filter(key=key_of(kind, about, part), status__in=LIVE)
    return live.update(status="resolved", resolved_at=Now(), resolved_by=actor_name(by))


def resolve_others(
    *, kinds: Sequence[str], of: TikTokAccount, but: Collection[tuple[str, str]], by: User | str
) -> int:
    """Resolve the account's live alerts of these kinds but those named by kind and part; return how many there were."""
    kept = [key_of(kind, of, part) for kind, part in but]
    gone = Alert.objects.filter(account=of, kind__in=kinds, status__in=LIVE).exclude(key__in=kept)
    return gone.update(status="resolved", resolved_at=Now(), resolved_by=actor_name(by))


def acknowledge(*, alert_id: UUID, by: Actor, note: str = "") -> Alert:
    """Say that somebody looks into it; `note` is what they mean to do.

    Raises `AlertUnknown`, `AlertNotYours`, `NoteTooLong`, or `AlertOver` naming who was first.
    """
    return _move(alert_id, "acknowledged", by=by, note=note)


def resolve(*, alert_id: UUID, by: Actor, note: str = "") -> Alert:
    """Say that it is dealt with; should it happen again, that is another alert. Raises as `acknowledge`."""
    return _move(alert_id, "resolved", by=by, note=note)


def _move(alert_id: UUID, status: str, *, by: Actor, note: str) -> Alert:
    """Lock, guard, write: the status, who and when, and the audit row in one transaction."""
    actor = key_actor(by) if isinstance(by, ApiKey) else actor_name(by)
    with transaction.atomic():
        alert = _locked(alert_id, by)
        _check_follows(alert, status)
        said = _checked_note(note) or alert.note
        changes = {f"{status}_at": Now(), f"{status}_by": actor}
        Alert.objects.filter(id=alert.id).update(status=status, note=said, **changes)
        record(
            f"alert.{status}",
            by=actor,
            subject=f"alert {alert.id}",
            workspace_id=alert.workspace_id,
            data={"key": alert.key, "sentence": alert.sentence, "note": note.strip()},
        )
    alert.refresh_from_db()
    return alert


def may_answer(by: User, alert: Alert) -> bool:
    """Return whether the person may acknowledge and resolve it."""
    return Alert.objects.visible_to(by, Capability.RUN).filter(id=alert.id).exists()


def _locked(alert_id: UUID, by: Actor) -> Alert:
    """Return the alert, locked, if it exists for them and is theirs to answer."""
    alert = Alert.objects.select_for_update(of=("self",)).filter(id=alert_id).first()
    if alert is None or not (isinstance(by, str) or _sees(by, alert_id)):
        raise AlertUnknown(f"There is no alert {str(alert_id)!r}.")
    if isinstance(by, User) and not may_answer(by, alert):
        raise AlertNotYours
    return alert


def _sees(by: User | ApiKey, alert_id: UUID) -> bool:
    return Caller(by).sees(Alert.objects.all(), mode_path=MODE_PATH).filter(id=alert_id).exists()


def _check_follows(alert: Alert, status: str) -> None:
    """Raise `AlertOver` unless the status can follow the alert's."""
    if ALERT.allows(alert.status, status):
        return
    by, at = alert.acknowledged_by, alert.acknowledged_at
    if alert.status == "resolved":
        by, at = alert.resolved_by, alert.resolved_at
    who = by.removeprefix("user:")
    raise AlertOver(f"This alert was {alert.status} already, by {who} at {at:%Y-%m-%d %H:%M} UTC.")


def _checked_note(note: str) -> str:
    said = note.strip()
    if len(said) > LONGEST_NOTE:
        raise NoteTooLong(
            f"The note is {said[:40]!r}… with {len(said)} characters: say it in {LONGEST_NOTE}."
        )
    return said
