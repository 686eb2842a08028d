"""Examining an installation: what is there, what is amiss, what to do about it."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from agents.providers.registry import check_providers
from workflows import sql
from workflows.model_health import look_at_models
from workflows.presence import present

OLDEST_POSTGRESQL = 16


@dataclass(frozen=True, slots=True)
class Finding:
    """What one examination came to."""

    name: str
    is_well: bool
    sentence: str


def examine() -> list[Finding]:
    """Examine everything; without a database only what does not need one."""
    database = _database()
    if not database.is_well:
        return [database, _keys()]
    looks: list[Callable[[], Finding]] = [_migrations, _sql, _worker, _keeper, _keys, _models]
    return [database, *(look() for look in looks)]


def _database() -> Finding:
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        return Finding("database", False, str(error).strip().partition("\n")[0])
    version = connection.cursor().connection.info.server_version
    embedded = " (embedded)" if settings.DATABASES["default"]["ENGINE"] == "tiktok_ops.postgres" else ""
    sentence = f"PostgreSQL {version // 10000}.{version % 10000}{embedded}"
    if version // 10000 < OLDEST_POSTGRESQL:
        return Finding("database", False, f"{sentence} is too old: use {OLDEST_POSTGRESQL} or newer.")
    return Finding("database", True, sentence)


def _migrations() -> Finding:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        return Finding("migrations", False, f"{len(missing)} to apply: run `make setup`.")
    return Finding("migrations", True, "all applied")


def _sql() -> Finding:
    outdated = sql.outdated()
    if outdated:
        return Finding(
            "SQL", False, f"{', '.join(outdated)} differ from the files: add a migration that installs them."
        )
    return Finding("SQL", True, f"{len(sql.expected())} functions as in the files")


def _worker() -> Finding:
    workers = present().workers
    if not workers:
        return Finding("worker", False, "none is up: start one with `make up` or `manage.py worker`.")
    return Finding("worker", True, f"{workers} up")


def _keeper() -> Finding:
    if not present().keepers:
        return Finding("keeper", False, "none is up: start one with `make up` or `manage.py keeper`.")
    return Finding("keeper", True, "one leads")


def _keys() -> Finding:
    problems = check_providers()
    if problems:
        return Finding("keys", False, problems[0])
    modes = ", ".join(f"{alias} {provider['MODE']}" for alias, provider in settings.PROVIDERS.items())
    (sealing, _), (encrypting, _) = settings.APPROVAL_KEYS[0], settings.VAULT_KEYS[0]
    return Finding(
        "keys", True, f"{modes}; decisions are sealed with {sealing!r}, secrets encrypted with {encrypting!r}"
    )


def _models() -> Finding:
    return Finding("models", *look_at_models())
