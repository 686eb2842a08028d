"""Test databases: made once, kept while migrations and SQL stay the same, cloned for tests that commit."""

import hashlib
from pathlib import Path
from urllib.parse import quote

import psycopg
from django.db import connection, connections
from django.test.utils import setup_databases
from psycopg import sql

from tiktok_ops.env import BASE_DIR


def database_digest() -> str:
    """Return a digest of every migration and of all SQL they install."""
    files: list[Path] = []
    for package in ("tiktok_ops", "agents", "approvals", "workflows"):
        files += (BASE_DIR / package).rglob("migrations/*.py")
        files += (BASE_DIR / package).rglob("*.sql")
        files += (BASE_DIR / package).rglob("transitions.py")
    files += [BASE_DIR / "tiktok_ops/migration_operations.py", BASE_DIR / "requirements/base.txt"]
    whole = hashlib.sha256()
    for file in sorted(set(files)):
        whole.update(f"{file.relative_to(BASE_DIR)}\0".encode() + file.read_bytes())
    return whole.hexdigest()


def _administer() -> psycopg.Connection[tuple[object, ...]]:
    """Connect to the server's `postgres` database, to make and drop others."""
    given = connection.get_connection_params()
    return psycopg.connect(
        dbname="postgres",
        user=given.get("user"),
        password=given.get("password"),
        host=given.get("host"),
        port=given.get("port"),
        autocommit=True,
    )


def _digest_of(name: str) -> str | None:
    """Return the digest a database was made with, None when there is no such database."""
    with _administer() as administration:
        row = administration.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
    return str(row[0]) if row else None


def prepare_database(*, keep: bool, digest: str) -> None:
    """Point the connection at a migrated test database and make its template for clones."""
    connection.ensure_connection()  # starts the embedded server
    test_name = connection.creation._get_test_db_name()  # type: ignore[attr-defined]
    connection.close()
    kept = keep and _digest_of(test_name) == digest and _digest_of(f"{test_name}_template") == digest
    setup_databases(verbosity=0, interactive=False, keepdb=kept, serialized_aliases=[])
    if kept:
        return
    connections.close_all()
    drop_database(f"{test_name}_template")
    clone_database(test_name, f"{test_name}_template")
    with _administer() as administration:
        for name in (test_name, f"{test_name}_template"):
            administration.execute(
                sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(digest))
            )


def clone_database(template: str, name: str) -> str:
    """Make `name` a copy of `template` and return its URL."""
    with _administer() as administration:
        administration.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    given = connection.get_connection_params()
    parts = {key: quote(str(given.get(key) or ""), safe="") for key in ("user", "password", "host", "port")}
    secret = f":{parts['password']}" if parts["password"] else ""
    return f"postgresql://{parts['user']}{secret}@{parts['host']}:{parts['port'] or 5432}/{name}"


def drop_database(name: str) -> None:
    """Drop a database with whoever is still connected to it."""
    with _administer() as administration:
        administration.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )
