"""Rules the database keeps of budgets: a reservation's status, and that real and simulated money never meet."""

from django.db import migrations
from django.db.migrations import RunSQL

from agents.budgets.transitions import RESERVATION
from tiktok_ops.transitions import install

LEDGERS = (
    ("agents_budgetperiod", "budget_id", "agents_budget"),
    ("agents_hold", "reservation_id", "agents_reservation"),
    ("agents_hold", "period_id", "agents_budgetperiod"),
)
"""Each table whose rows are of the same ledger as the row they point at by a column, and that row's table."""


def ledger_key(db_table: str) -> RunSQL:
    """Let `same_ledger` point at `db_table`: its id together with its ledger is a key."""
    return RunSQL(
        f"ALTER TABLE {db_table} ADD CONSTRAINT {db_table}_id_ledger UNIQUE (id, is_simulated);",
        f"ALTER TABLE {db_table} DROP CONSTRAINT {db_table}_id_ledger;",
    )


def same_ledger(db_table: str, column: str, target: str) -> RunSQL:
    """Demand that the row `column` points at in `target` is of the same money as the row itself."""
    return RunSQL(
        f"""ALTER TABLE {db_table} ADD CONSTRAINT {db_table}_{column}_same_ledger
            FOREIGN KEY ({column}, is_simulated) REFERENCES {target} (id, is_simulated)
            DEFERRABLE INITIALLY DEFERRED;""",
        f"ALTER TABLE {db_table} DROP CONSTRAINT {db_table}_{column}_same_ledger;",
    )


class Migration(migrations.Migration):
    """The reservation's status machine, and the two ledgers."""

    dependencies = [("agents", "0010_budgets")]

    operations = [
        install(RESERVATION),
        *(ledger_key(table) for table in ("agents_budget", "agents_budgetperiod", "agents_reservation")),
        *(same_ledger(*ledger) for ledger in LEDGERS),
    ]
