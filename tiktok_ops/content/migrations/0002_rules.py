"""Rules the database keeps: an import's status, an asset's brand."""

from django.db import migrations

from tiktok_ops.content.transitions import IMPORT
from tiktok_ops.migration_operations import same_workspace
from tiktok_ops.transitions import install


class Migration(migrations.Migration):
    """The import's status machine and the asset's composite foreign key."""

    dependencies = [("content", "0001_initial"), ("accounts", "0002_rules")]

    operations = [install(IMPORT), same_workspace("content_asset", "brand", "accounts_brand")]
