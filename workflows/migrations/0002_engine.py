"""The engine in the database: the status machines, the events that only grow, the functions that move rows."""

from django.db import migrations

from tiktok_ops.migration_operations import append_only, install_sql
from tiktok_ops.transitions import install
from workflows.sql import FILES
from workflows.transitions import RUN, STEP


class Migration(migrations.Migration):
    """Transition triggers, append-only events, and `workflows/sql`."""

    dependencies = [("workflows", "0001_initial")]

    operations = [install(RUN), install(STEP), append_only("workflows_runevent"), install_sql(*FILES)]
