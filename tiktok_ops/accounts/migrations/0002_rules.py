"""Rules the database keeps: an account and a key belong to a brand of their own workspace."""

from django.db import migrations

from tiktok_ops.migration_operations import same_workspace, workspace_key


class Migration(migrations.Migration):
    """Composite foreign keys."""

    dependencies = [("accounts", "0001_initial")]

    operations = [
        workspace_key("accounts_brand"),
        same_workspace("accounts_tiktokaccount", "brand", "accounts_brand"),
        same_workspace("accounts_apikey", "brand", "accounts_brand"),
    ]
