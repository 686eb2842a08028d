"""Rules the database keeps: an agent run's status, and a trace that only grows."""

from django.db import migrations

from agents.transitions import AGENT_RUN
from tiktok_ops.migration_operations import append_only
from tiktok_ops.transitions import install


class Migration(migrations.Migration):
    """The agent run's status machine and append-only trace rows."""

    dependencies = [("agents", "0001_initial")]

    operations = [install(AGENT_RUN), append_only("agents_agentstep")]
