"""Test databases: made once, kept while migrations and SQL stay the same, cloned for tests that commit.

A clone takes half a second of a core, for it has a thousand files. So a process wipes its own and lends it again.
"""

import hashlib
import os
import re
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import psycopg
from django.conf import settings
from django.db import connection, connections
from django.test.utils import setup_databases
from psycopg import sql

from tiktok_ops.env import BASE_DIR

KEPT_TEMPLATES = 3
_in_use: list[str] = []


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
    """Point the connection at a migrated test database and make sure of the template for clones.

    The processes of a run share the template: the first makes it by migrating, the others wait and copy it.
    """
    connection.ensure_connection()  # starts the embedded server
    test_name: str = connection.creation._get_test_db_name()  # type: ignore[attr-defined]
    if not keep:
        digest += os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid4().hex)
    template = template_of(test_name, digest)
    _in_use.append(template)
    connection.close()
    with _administer() as administration:
        administration.execute("SELECT pg_advisory_lock(hashtext(%s))", [template])
        if _digest_of(template) != digest:
            drop_database(test_name)
            setup_databases(verbosity=0, interactive=False, keepdb=False, serialized_aliases=[])
            connections.close_all()
            _drop_templates_like(template, administration)
            clone_database(test_name, template)
            _remember(administration, digest, test_name, template)
        elif _digest_of(test_name) != digest:
            drop_database(test_name)
            clone_database(template, test_name)
            _remember(administration, digest, test_name)
    settings.DATABASES[connection.alias]["NAME"] = connection.settings_dict["NAME"] = test_name


def template_of(test_name: str, digest: str) -> str:
    """Return the name of a test database's template: the same for every process of a run, and for nobody's else.

    It is the digest's own, so that a run of another state of the project, at the same time, takes it from nobody.
    """
    short = hashlib.sha256(digest.encode()).hexdigest()[:12]
    return re.sub(r"_gw\d+$", "", test_name) + f"_template_{short}"


def template() -> str:
    """Return the template of this process's run."""
    return _in_use[-1]


def _drop_templates_like(name: str, administration: psycopg.Connection[tuple[object, ...]]) -> None:
    """Drop this template, if it is there, and those of other states but the few that were made last."""
    rows = administration.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY oid DESC",
        [name.rpartition("_")[0]],
    ).fetchall()
    for old in {name, *(str(found) for (found,) in rows[KEPT_TEMPLATES:])}:
        drop_database(old)


def _remember(administration: psycopg.Connection[tuple[object, ...]], digest: str, *names: str) -> None:
    """Note on databases what they were made of."""
    for name in names:
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


KEEP = """
    CREATE SCHEMA kept;
    DO $$ DECLARE name text; has_rows boolean; BEGIN
        FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
            EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO has_rows;
            IF has_rows THEN
                EXECUTE format('CREATE TABLE kept.%I AS TABLE public.%I', name, name);
            END IF;
        END LOOP;
    END $$;
    CREATE VIEW kept.counters AS SELECT format('%I.%I', schemaname, sequencename) AS name, start_value, last_value
        FROM pg_sequences WHERE schemaname = 'public';
    CREATE TABLE kept.counted AS TABLE kept.counters;
    CREATE VIEW kept.shape AS SELECT concat_ws('; ',
        (SELECT string_agg(relname, ' ' ORDER BY oid) FROM pg_class WHERE relnamespace = 'public'::regnamespace),
        (SELECT string_agg(concat(oid, xmin), ' ' ORDER BY oid) FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace),
        (SELECT string_agg(concat(oid, tgenabled), ' ' ORDER BY oid) FROM pg_trigger)) AS whole;
    CREATE TABLE kept.shaped AS TABLE kept.shape;
"""
IS_OF_USE = """
    SELECT FROM kept.shaped NATURAL JOIN kept.shape WHERE NOT EXISTS (
        SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid())
"""
WIPE = """
    SET session_replication_role = replica;
    DO $$ DECLARE name text; has_rows boolean; columns text; BEGIN
        FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
            EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO has_rows;
            IF has_rows THEN
                EXECUTE format('DELETE FROM public.%I', name);
            END IF;
            IF to_regclass(format('kept.%I', name)) IS NOT NULL THEN
                SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM pg_attribute
                    WHERE attrelid = format('public.%I', name)::regclass AND attnum > 0
                        AND NOT attisdropped AND attgenerated = '';
                EXECUTE format('INSERT INTO public.%I (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM kept.%I',
                    name, columns, columns, name);
            END IF;
        END LOOP;
    END $$;
    SELECT setval(counter.name::regclass, coalesce(counted.last_value, counter.start_value),
            counted.last_value IS NOT NULL)
        FROM kept.counters AS counter JOIN kept.counted ON counted.name = counter.name
        WHERE counter.last_value IS DISTINCT FROM counted.last_value;
"""


def keep_rows(url: str) -> None:
    """Remember which rows and counters the migrations left in a fresh clone, for `wipe`."""
    with psycopg.connect(url) as database:
        database.execute(KEEP)


def wipe(url: str) -> bool:
    """Have a database hold what it held when `keep_rows` looked; return whether it does.

    False, undone, where others are connected to it, a test changed more than rows, or the user is no superuser:
    append-only triggers refuse TRUNCATE and DELETE, so none may fire meanwhile.
    """
    with suppress(psycopg.errors.InsufficientPrivilege), psycopg.connect(url) as database:
        if database.execute(IS_OF_USE).fetchone() is not None:
            database.execute(WIPE)
            return True
    return False
