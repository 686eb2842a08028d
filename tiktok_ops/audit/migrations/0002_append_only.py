"""The audit trail only grows."""

from django.db import migrations

from tiktok_ops.migration_operations import append_only


class Migration(migrations.Migration):
    """Triggers that refuse UPDATE, DELETE and TRUNCATE."""

    dependencies = [("audit", "0001_initial")]

    operations = [append_only("audit_auditevent")]
