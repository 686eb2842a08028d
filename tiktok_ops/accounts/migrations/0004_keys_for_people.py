"""Keys that act for a person, so that what they decide is somebody's own."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from tiktok_ops.migration_operations import frozen


class Migration(migrations.Migration):
    """A column that never changes, and that a key that decides must have."""

    dependencies = [
        ("accounts", "0003_api_writes"),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="acts_for",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("scopes__contains", ["approvals:decide"]), _negated=True),
                    ("acts_for__isnull", False),
                    _connector="OR",
                ),
                name="api_key_decides_for_somebody",
            ),
        ),
        frozen("accounts_apikey", "acts_for_id"),
    ]
