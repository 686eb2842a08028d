"""Circuit breakers: their rows, and the status machine the database keeps."""

from django.db import migrations, models

import tiktok_ops.ids
from agents.transitions import BREAKER
from tiktok_ops.transitions import install


class Migration(migrations.Migration):
    """One table."""

    dependencies = [
        ("agents", "0004_sandbox_tiktok"),
    ]

    operations = [
        migrations.CreateModel(
            name="Breaker",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("alias", models.CharField(max_length=40)),
                ("operation", models.CharField(max_length=40)),
                ("status", models.CharField(default="closed", max_length=16)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("successes", models.PositiveIntegerField(default=0)),
                ("reopenings", models.PositiveIntegerField(default=0)),
                ("probes", models.PositiveIntegerField(default=0)),
                ("opened_at", models.DateTimeField(null=True)),
                ("retry_at", models.DateTimeField(null=True)),
                ("probe_until", models.DateTimeField(null=True)),
                ("failed_at", models.DateTimeField(null=True)),
                ("last_error", models.TextField(blank=True)),
            ],
            options={
                "ordering": ["alias", "operation"],
                "constraints": [
                    models.UniqueConstraint(fields=("alias", "operation"), name="breaker_once"),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["closed", "open", "half_open"])),
                        name="breaker_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("opened_at", None),
                                ("reopenings", 0),
                                ("retry_at", None),
                                ("status", "closed"),
                            ),
                            models.Q(
                                models.Q(("status", "closed"), _negated=True),
                                ("opened_at__isnull", False),
                                ("retry_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="breaker_retries_unless_closed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status", "half_open"),
                            models.Q(("probe_until", None), ("successes", 0)),
                            _connector="OR",
                        ),
                        name="breaker_probes_half_open",
                    ),
                ],
            },
        ),
        install(BREAKER),
    ]
