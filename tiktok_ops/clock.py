"""The time that decides: the database's, which all hosts share. A host's own may be minutes off."""

from datetime import datetime

from tiktok_ops.prepared import fetch


def database_now() -> datetime:
    """Return the time by the database's clock, aware; one round trip, and a transaction does not hold it still."""
    now: datetime = fetch("SELECT clock_timestamp()", [])[0][0]
    return now
