"""Telling people that a worker or a keeper is missing: each notices that the other is."""

import time

from tiktok_ops.alerts.models import Alert
from tiktok_ops.alerts.services import raise_alert, resolve_about
from workflows.presence import Place, present

LOOK_SECONDS = 10.0
ABSENT_SECONDS = 60.0
"""How long one may be missing: a restart takes less."""

_WORDS = {
    Place.WORKER: ("No worker has been up for a minute: steps wait.", "manage.py worker"),
    Place.KEEPER: (
        "No keeper has been up for a minute: timers and schedules wait.",
        "manage.py keeper",
    ),
}


class Absence:
    """Looks now and then whether somebody holds a place; raises an alert when nobody does, resolves it when one does.

    Times are this process's monotonic clock, in seconds.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._looked_at = float("-inf")
        self._there_at = time.monotonic()
        self._is_told: bool | None = None  # an alert may be left from the process before this one

    def look(self) -> None:
        """Look, unless it did a moment ago; one statement, and one more when there is something to tell."""
        now = time.monotonic()
        if now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = now
        if self._is_there():
            self._there_at = now
            self._tell(False)
        elif now - self._there_at >= ABSENT_SECONDS:
            self._tell(True)

    def _is_there(self) -> bool:
        up = present()
        return bool(up.workers if self._place is Place.WORKER else up.keepers)

    def _tell(self, is_absent: bool) -> None:
        if is_absent is self._is_told:
            return
        kind = f"no_{self._place.name.lower()}"
        if is_absent:
            sentence, command = _WORDS[self._place]
            raise_alert(
                kind=kind,
                about="here",
                of=None,
                severity=Alert.Severity.CRITICAL,
                sentence=sentence,
                what_to_do=f"Start one with `make up` or `{command}`; `manage.py doctor` says what else is amiss. "
                "Nothing is lost meanwhile.",
            )
        else:
            resolve_about(kind=kind, about="here", by="presence")
        self._is_told = is_absent
