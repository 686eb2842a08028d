"""What was missing of claude-haiku-5-5's price: long prompts, and the batch discount. Rows people changed stay."""

from datetime import date
from decimal import Decimal

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

MODEL = "claude-haiku-5-5"
SINCE = date(2026, 9, 1)


def complete_prices(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Add the row for long prompts unless there is one, and the discount unless one was set."""
    rows = apps.get_model("agents", "ModelPrice").objects.filter(model=MODEL, effective_from=SINCE)
    rows.filter(batch_factor=1).update(batch_factor=Decimal("0.5"))
    if rows.exists():
        rows.get_or_create(
            model=MODEL,
            effective_from=SINCE,
            up_to_input_tokens=None,
            defaults={
                "input_usd": Decimal("0.50"),
                "output_usd": Decimal("2.50"),
                "cache_read_usd": Decimal("0.05"),
                "cache_write_5m_usd": Decimal("0.625"),
                "cache_write_1h_usd": Decimal("1.00"),
                "batch_factor": Decimal("0.5"),
            },
        )


class Migration(migrations.Migration):
    """Loads data; going back leaves it."""

    dependencies = [("agents", "0015_batches_and_questions")]

    operations = [migrations.RunPython(complete_prices, migrations.RunPython.noop)]
