"""The functions that move steps, and whether the database has these very ones."""

import hashlib
from pathlib import Path

from django.db import connection

from tiktok_ops.errors import Refused

FILES = tuple(
    Path(__file__).parent / f"{name}.sql"
    for name in ("sound", "events", "begin", "claim", "renew", "settle", "finish", "resume", "sweep")
)


def digest_of(text: str) -> str:
    """Return the SHA-256 of a function's source, in hex; space at its ends does not count."""
    return hashlib.sha256(text.strip().encode()).hexdigest()


def expected() -> dict[str, str]:
    """Return the digest of each function's body as the files have it."""
    found: dict[str, str] = {}
    for file in FILES:
        for part in file.read_text().split("CREATE OR REPLACE FUNCTION ")[1:]:
            found[part.partition("(")[0]] = digest_of(part.split("$$")[1])
    return found


def installed() -> dict[str, str]:
    """Return the digest of each function's body as the database has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT proname, prosrc FROM pg_proc WHERE proname = ANY(%s)", [list(expected())])
        return {name: digest_of(source) for name, source in cursor.fetchall()}


def outdated() -> list[str]:
    """Return the functions the database lacks or has in another form, sorted."""
    there = installed()
    return sorted(name for name, digest in expected().items() if there.get(name) != digest)


class FunctionsOutdated(Refused):
    """The database's functions are not those of the files: run `make setup`, or add a migration that installs them."""


def check_current() -> None:
    """Raise `FunctionsOutdated` naming the functions the database lacks or has in another form."""
    if wrong := outdated():
        raise FunctionsOutdated(
            f"The database has other functions than the files ({', '.join(wrong)}): run `make setup`."
        )
