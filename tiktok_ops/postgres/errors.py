"""What goes wrong with the embedded PostgreSQL, as sentences for a person."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tiktok_ops.errors import Refused

OTHER_SERVER = "set DATABASE_URL=postgres://user:password@host/name to a server of your own"


class EmbeddedServerError(Refused):
    """The embedded PostgreSQL cannot be used."""


def check_platform() -> None:
    """Raise EmbeddedServerError on Windows, which lacks the locks and the accounts this package stands on."""
    if sys.platform == "win32":
        raise EmbeddedServerError(
            f"The embedded PostgreSQL does not run on Windows: {OTHER_SERVER}, or work inside WSL."
        )


@contextmanager
def explained(directory: Path) -> Iterator[None]:
    """Turn an OSError of the block into an EmbeddedServerError that names the directory and the remedies."""
    try:
        yield
    except OSError as error:
        raise EmbeddedServerError(
            f"The embedded PostgreSQL in {str(directory)!r} cannot be used ({error}): let this account own "
            f"that directory, set TIKTOK_OPS_POSTGRES_DIR to another one, or {OTHER_SERVER}."
        ) from error
