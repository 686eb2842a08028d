"""Find the videos whose copy is yet to be made without reading all of them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_keys_for_people"),
        ("content", "0007_policy_flags"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="asset",
            index=models.Index(
                condition=models.Q(
                    ("probe__has_key", "fitting"),
                    models.Q(("probe__fitting__has_key", "made"), _negated=True),
                ),
                fields=["id"],
                name="asset_without_its_copy",
            ),
        ),
    ]
