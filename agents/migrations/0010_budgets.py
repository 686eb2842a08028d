"""Budgets: caps, the ledger under each, what is held for calls under way."""

from decimal import Decimal

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.db import migrations, models

import tiktok_ops.ids


class Migration(migrations.Migration):
    """Four tables."""

    dependencies = [
        ("accounts", "0004_keys_for_people"),
        ("agents", "0009_sandbox_photos"),
    ]

    operations = [
        migrations.CreateModel(
            name="Budget",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("run_id", models.UUIDField(blank=True, null=True)),
                (
                    "scope",
                    models.CharField(
                        choices=[("workspace", "Workspace"), ("brand", "Brand"), ("run", "One run")],
                        max_length=16,
                    ),
                ),
                (
                    "per",
                    models.CharField(
                        choices=[("month", "A month"), ("run", "A run")], default="month", max_length=8
                    ),
                ),
                ("is_simulated", models.BooleanField(default=False)),
                ("cap_usd", models.DecimalField(decimal_places=6, max_digits=14)),
                ("is_in_force", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "brand",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="budgets",
                        to="accounts.brand",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="budgets",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="BudgetPeriod",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("month", models.DateField(null=True)),
                ("run_id", models.UUIDField(null=True)),
                ("is_simulated", models.BooleanField()),
                ("cap_usd", models.DecimalField(decimal_places=6, max_digits=14)),
                ("reserved_usd", models.DecimalField(decimal_places=6, default=Decimal("0"), max_digits=14)),
                ("spent_usd", models.DecimalField(decimal_places=6, default=Decimal("0"), max_digits=14)),
                ("overrun_usd", models.DecimalField(decimal_places=6, default=Decimal("0"), max_digits=14)),
                (
                    "budget",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="periods",
                        to="agents.budget",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("is_simulated", models.BooleanField()),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="holds",
                        to="agents.budgetperiod",
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
            },
        ),
        migrations.CreateModel(
            name="Reservation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("run_id", models.UUIDField(null=True)),
                ("step_id", models.UUIDField(null=True)),
                ("agent_run_id", models.UUIDField()),
                ("model", models.CharField(max_length=80)),
                ("is_simulated", models.BooleanField()),
                ("status", models.CharField(default="held", max_length=16)),
                ("amount_usd", models.DecimalField(decimal_places=6, max_digits=14)),
                ("cost_usd", models.DecimalField(decimal_places=6, max_digits=14, null=True)),
                ("reserved_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("deadline_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reservations",
                        to="accounts.tiktokaccount",
                    ),
                ),
                (
                    "periods",
                    models.ManyToManyField(
                        related_name="reservations", through="agents.Hold", to="agents.budgetperiod"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.AddField(
            model_name="hold",
            name="reservation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="holds", to="agents.reservation"
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("brand__isnull", True), ("run_id__isnull", True), ("scope", "workspace")),
                    models.Q(("brand__isnull", False), ("run_id__isnull", True), ("scope", "brand")),
                    models.Q(("per", "run"), ("run_id__isnull", False), ("scope", "run")),
                    _connector="OR",
                ),
                name="budget_is_of_its_scope",
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(("per__in", ["month", "run"])), name="budget_per_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(("cap_usd__gte", 0)), name="budget_cap_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.UniqueConstraint(
                condition=models.Q(("scope", "workspace")),
                fields=("workspace", "per", "is_simulated"),
                name="budget_of_workspace_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.UniqueConstraint(
                condition=models.Q(("scope", "brand")),
                fields=("brand", "per", "is_simulated"),
                name="budget_of_brand_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.UniqueConstraint(
                condition=models.Q(("scope", "run")),
                fields=("run_id", "is_simulated"),
                name="budget_of_run_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="budgetperiod",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("month__isnull", False), ("run_id__isnull", True)),
                    models.Q(("month__isnull", True), ("run_id__isnull", False)),
                    _connector="OR",
                ),
                name="budget_period_is_a_month_or_a_run",
            ),
        ),
        migrations.AddConstraint(
            model_name="budgetperiod",
            constraint=models.UniqueConstraint(
                fields=("budget", "month", "run_id"), name="budget_period_once", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="budgetperiod",
            constraint=models.CheckConstraint(
                condition=models.Q(("overrun_usd__gte", 0), ("reserved_usd__gte", 0), ("spent_usd__gte", 0)),
                name="budget_period_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="budgetperiod",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "cap_usd__gte",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                models.F("reserved_usd"), "+", models.F("spent_usd")
                            ),
                            "-",
                            models.F("overrun_usd"),
                        ),
                    )
                ),
                name="budget_period_within_its_cap",
            ),
        ),
        migrations.AddIndex(
            model_name="reservation",
            index=models.Index(
                condition=models.Q(("status", "held")), fields=["deadline_at"], name="reservation_held"
            ),
        ),
        migrations.AddConstraint(
            model_name="reservation",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["held", "assumed", "settled"])),
                name="reservation_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="reservation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cost_usd__isnull", True), ("settled_at__isnull", True), ("status", "held")),
                    models.Q(
                        models.Q(("status", "held"), _negated=True),
                        ("cost_usd__gte", 0),
                        ("settled_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="reservation_costs_once_settled",
            ),
        ),
        migrations.AddConstraint(
            model_name="reservation",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_usd__gt", 0)), name="reservation_holds_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.UniqueConstraint(fields=("reservation", "period"), name="hold_once"),
        ),
    ]
