from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("workflows", "0020_sound_rows")]

    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE workflows_keeper_term", reverse_sql="DROP SEQUENCE workflows_keeper_term"
        )
    ]
