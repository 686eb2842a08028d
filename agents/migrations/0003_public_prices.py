"""The public prices of the models, as read when this was written; newer ones are added in admin."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from agents.prices.public import PUBLIC_PRICES


def load_prices(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Add a row for each public price."""
    rows = apps.get_model("agents", "ModelPrice")
    rows.objects.bulk_create(
        rows(
            model=price.model,
            effective_from=price.effective_from,
            up_to_input_tokens=price.up_to_input_tokens,
            input_usd=price.input,
            output_usd=price.output,
            cache_read_usd=price.cache_read,
            cache_write_5m_usd=price.cache_write_5m,
            cache_write_1h_usd=price.cache_write_1h,
            batch_factor=price.batch_factor,
        )
        for price in PUBLIC_PRICES
    )


class Migration(migrations.Migration):
    """Loads data; going back leaves it."""

    dependencies = [("agents", "0002_rules")]

    operations = [migrations.RunPython(load_prices, migrations.RunPython.noop)]
