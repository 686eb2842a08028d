"""What migrations install besides tables: rules the database itself keeps."""

from pathlib import Path

from django.db.migrations import RunSQL


def append_only(db_table: str) -> RunSQL:
    """Refuse UPDATE, DELETE and TRUNCATE on `db_table`, whoever asks."""
    return RunSQL(
        f"""
        CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
                USING ERRCODE = 'integrity_constraint_violation';
        END $$;
        CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON {db_table}
            FOR EACH ROW EXECUTE FUNCTION refuse_change();
        CREATE TRIGGER append_only_table BEFORE TRUNCATE ON {db_table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
        """,
        f"""
        DROP TRIGGER append_only_rows ON {db_table};
        DROP TRIGGER append_only_table ON {db_table};
        """,
    )


def frozen(db_table: str, *columns: str) -> RunSQL:
    """Refuse any UPDATE that changes one of `columns`, whoever asks; one that names none of them costs nothing."""
    changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)
    return RunSQL(
        f"""
        CREATE OR REPLACE FUNCTION refuse_thaw() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'what % asks for is frozen: a change of it is refused', TG_TABLE_NAME
                USING ERRCODE = 'integrity_constraint_violation';
        END $$;
        CREATE OR REPLACE TRIGGER frozen_columns BEFORE UPDATE OF {", ".join(columns)} ON {db_table}
            FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION refuse_thaw();
        """,
        f"DROP TRIGGER frozen_columns ON {db_table};",
    )


def workspace_key(db_table: str) -> RunSQL:
    """Let `same_workspace` point at `db_table`: its id together with its workspace is a key."""
    return RunSQL(
        f"ALTER TABLE {db_table} ADD CONSTRAINT {db_table}_id_workspace UNIQUE (id, workspace_id);",
        f"ALTER TABLE {db_table} DROP CONSTRAINT {db_table}_id_workspace;",
    )


def same_workspace(db_table: str, column: str, target: str) -> RunSQL:
    """Demand that the row `column` points at in `target` is of the same workspace as the row itself."""
    return RunSQL(
        f"""
        ALTER TABLE {db_table} ADD CONSTRAINT {db_table}_{column}_same_workspace
            FOREIGN KEY ({column}_id, workspace_id) REFERENCES {target} (id, workspace_id)
            DEFERRABLE INITIALLY DEFERRED;
        """,
        f"""
        ALTER TABLE {db_table} DROP CONSTRAINT {db_table}_{column}_same_workspace;
        """,
    )


def install_sql(*files: Path) -> RunSQL:
    """Run the SQL files, in order; each must be safe to run again (`CREATE OR REPLACE`)."""
    return RunSQL("\n".join(file.read_text() for file in files), RunSQL.noop)
