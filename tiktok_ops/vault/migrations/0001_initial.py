"""The vault: secrets and their versions; a version is written once, and what is destroyed stays so."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import tiktok_ops.ids
from tiktok_ops.migration_operations import frozen

FINAL = migrations.RunSQL(
    """
    CREATE FUNCTION refuse_undoing_of_secrets() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'a version of a secret stays, and a destroyed one stays destroyed: % refused', TG_OP
            USING ERRCODE = 'integrity_constraint_violation';
    END $$;
    CREATE TRIGGER destroyed_for_good BEFORE UPDATE ON vault_secretversion
        FOR EACH ROW WHEN (OLD.destroyed_at IS NOT NULL) EXECUTE FUNCTION refuse_undoing_of_secrets();
    CREATE TRIGGER kept_for_the_record BEFORE DELETE ON vault_secretversion
        FOR EACH ROW EXECUTE FUNCTION refuse_undoing_of_secrets();
    """,
    """
    DROP TRIGGER destroyed_for_good ON vault_secretversion;
    DROP TRIGGER kept_for_the_record ON vault_secretversion;
    DROP FUNCTION refuse_undoing_of_secrets();
    """,
)


class Migration(migrations.Migration):
    """Two tables; what a version is bound to never changes."""

    initial = True

    dependencies = [
        ("accounts", "0004_keys_for_people"),
    ]

    operations = [
        migrations.CreateModel(
            name="Secret",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("last_read_at", models.DateTimeField(null=True)),
                ("last_read_by", models.CharField(blank=True, max_length=160)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="secrets",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "ordering": ["name", "id"],
            },
        ),
        migrations.CreateModel(
            name="SecretVersion",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("ciphertext", models.BinaryField(null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("created_by", models.CharField(max_length=160)),
                ("destroyed_at", models.DateTimeField(null=True)),
                ("destroyed_by", models.CharField(blank=True, max_length=160)),
                (
                    "secret",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="vault.secret",
                    ),
                ),
            ],
            options={
                "verbose_name": "version of a secret",
                "verbose_name_plural": "versions of secrets",
                "ordering": ["-number"],
            },
        ),
        migrations.AddConstraint(
            model_name="secret",
            constraint=models.UniqueConstraint(fields=("workspace", "name"), name="secret_name_once"),
        ),
        migrations.AddConstraint(
            model_name="secret",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="secret_has_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="secret",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("last_read_at", None), ("last_read_by", "")),
                    models.Q(("last_read_at__isnull", False), models.Q(("last_read_by", ""), _negated=True)),
                    _connector="OR",
                ),
                name="secret_read_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="secretversion",
            constraint=models.UniqueConstraint(fields=("secret", "number"), name="secret_version_once"),
        ),
        migrations.AddConstraint(
            model_name="secretversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__gte", 1)), name="secret_version_from_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="secretversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ciphertext__isnull", False), ("destroyed_at", None), ("destroyed_by", "")),
                    models.Q(
                        ("ciphertext", None),
                        ("destroyed_at__isnull", False),
                        models.Q(("destroyed_by", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="secret_version_is_there_or_destroyed",
            ),
        ),
        frozen("vault_secret", "workspace_id", "name"),
        frozen("vault_secretversion", "secret_id", "number", "created_at", "created_by"),
        FINAL,
    ]
