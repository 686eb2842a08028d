"""The Django database backend `tiktok_ops.postgres`: Django's own, on a server it starts when needed."""

import threading
from contextlib import ExitStack
from typing import Any

from django.db.backends.postgresql import base
from django.db.utils import OperationalError

from tiktok_ops.postgres.errors import EmbeddedServerError
from tiktok_ops.postgres.server import EmbeddedServer

_held: dict[EmbeddedServer, ExitStack] = {}
_ensuring = threading.Lock()


def ensure_once(server: EmbeddedServer) -> None:
    """Make sure the server runs, the first time this process asks, and count as its user from then on.

    Only once, because `make down` means down: a process that lost its server does not bring it back.
    Raises OperationalError when the server cannot be had.
    """
    with _ensuring:
        if server in _held:
            return
        with ExitStack() as hold:
            try:
                # Held first: between the start and the hold another could stop it as unused.
                hold.enter_context(server.hold())
                server.ensure_running()
            except EmbeddedServerError as error:
                raise OperationalError(str(error)) from error
            _held[server] = hold.pop_all()


def let_go(server: EmbeddedServer) -> None:
    """Stop counting as a user of the server; for a process that is about to stop it if nobody else is."""
    with _ensuring:
        if server in _held:
            _held.pop(server).close()


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to the embedded PostgreSQL of this project."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect, starting the server first if this process has not asked for it yet."""
        ensure_once(EmbeddedServer.default())
        return super().get_new_connection(conn_params)
