"""A database server of a test's own, which it may crash."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from django.db import connection, connections
from pytest_django import DjangoDbBlocker

from tests.integration.embedded_server import new_place, server_in
from tests.processes import call_command_line
from tiktok_ops.postgres.server import EmbeddedServer


@dataclass(frozen=True, slots=True)
class OwnServer:
    """A PostgreSQL server nobody else uses."""

    server: EmbeddedServer

    def crash(self, *, down_seconds: float) -> None:
        """Stop it as `pg_ctl stop -m immediate` does, and start it again after so long."""
        self.server.stop("immediate")
        time.sleep(down_seconds)
        self.server.ensure_running()


@pytest.fixture
def own_server(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[OwnServer]:
    """Give the test, and the processes it starts, a migrated database on a server of their own."""
    shared = {name: connection.settings_dict[name] for name in ("NAME", "HOST")}
    with django_db_blocker.unblock(), new_place() as place, server_in(place / "pg") as server:
        server.ensure_running()
        host = str(server.socket_directory)
        connections.close_all()
        connection.settings_dict.update(NAME="tiktok_ops", HOST=host)
        before = os.environ.get("DATABASE_URL")
        os.environ["DATABASE_URL"] = f"postgresql://postgres@{quote(host, safe='')}/tiktok_ops"
        try:
            migrated = call_command_line("migrate", "--verbosity", "0")
            assert migrated.returncode == 0, migrated.stderr
            yield OwnServer(server)
        finally:
            os.environ.pop("DATABASE_URL")
            if before is not None:
                os.environ["DATABASE_URL"] = before
            connections.close_all()
            connection.settings_dict.update(shared)
